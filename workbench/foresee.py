"""The commands of the simulation: simulate, compare, seek; their options, those in common in one place."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from allocator.labels import Lang
from workbench.bilingual import Command, argument, option


def study_options(command: Callable[..., int]) -> Callable[..., int]:
    """What is simulated how often and with which draws, who counts, and where results go: handed on as `Asked`."""

    @click.pass_obj
    @wraps(command)
    def asked(lang: Lang, /, case: str, **given: Any) -> int:
        from workbench.study import Asked, column

        names = ("out", "as_json", "replications", "seed", "jobs", "store", "where", "over", "weight")
        common = {name: given.pop(name) for name in names}
        common["weight"] = column(common["weight"])
        return command(Asked(case, lang=lang, engine=given.pop("sim_engine"), **common), **given)

    wrapped: Callable[..., int] = asked
    for wrap in (
        option("--json", "as_json", is_flag=True),
        option("--store", metavar="file"),
        option("--out", metavar="folder"),
        option("--jobs", type=click.IntRange(min=1), metavar="count"),
        option("--seed", type=click.IntRange(min=0), default=1, metavar="count"),
        option("--engine", "sim_engine", type=click.Choice(["fast", "simpy"]), default="fast"),
        option("--replications", type=click.IntRange(min=1), default=100, metavar="count"),
        option("--weight", metavar="column"),
        option("--over", type=click.Choice(["planned", "due"]), default="planned"),
        option("--where", default="", metavar="rule"),
    ):
        wrapped = wrap(wrapped)
    return wrapped


by_option = option("--by", multiple=True, metavar="date")
until_option = option("--until", metavar="date")


@click.command(cls=Command)
@argument("case")
@option("--scenario", "variants", multiple=True, metavar="scenario")
@by_option
@until_option
@option("--precision", type=click.FloatRange(min=0, min_open=True), metavar="share")
@option("--project", "way", metavar="project")
@study_options
def simulate(asked: Any, **given: Any) -> int:
    """The case as it is, and scenarios beside it."""
    from workbench import simulating

    return simulating.simulate(asked, **given)


@click.command(cls=Command)
@argument("case")
@argument("scenarios", nargs=-1, required=True)
@by_option
@until_option
@option("--group", metavar="column")
@study_options
def compare(asked: Any, **given: Any) -> int:
    """Scenarios against one another."""
    from workbench import comparing

    return comparing.compare(asked, **given)


@click.command(cls=Command)
@argument("case")
@option("--by", "deadline", metavar="date")
@option("--target", type=click.FloatRange(min=0, min_open=True), default=0.95, metavar="share")
@option("--lever", default="speed", metavar="lever")
@option("--scenario", "under", metavar="scenario")
@option("--mean", is_flag=True)
@option("--marginal", is_flag=True)
@study_options
def seek(asked: Any, **given: Any) -> int:
    """The least speed or number of reviewers that reaches a target."""
    from workbench import seeking

    return seeking.seek(asked, **given)


COMMANDS = (simulate, compare, seek)
