"""The commands of the simulation: simulate, compare, seek, regimes; their options, those in common in one place."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from allocator.labels import Lang
from workbench.bilingual import Command, argument, option

by_option = option("--by", multiple=True, metavar="date")
until_option = option("--until", metavar="date")


def run_options(command: Callable[..., int], replications: int = 100) -> Callable[..., int]:
    """What is simulated how often and with which draws, and where results go: handed on as `Asked`."""

    @click.pass_obj
    @wraps(command)
    def asked(lang: Lang, /, case: str, **given: Any) -> int:
        from workbench.study import Asked, column

        names = ("out", "as_json", "replications", "seed", "jobs", "store")
        common = {name: given.pop(name) for name in names}
        counts: dict[str, Any] = {"where": "", "over": "planned", "weight": None}
        counts |= {name: given.pop(name) for name in counts if name in given}
        counts["weight"] = column(counts["weight"])
        return command(Asked(case, lang=lang, engine=given.pop("sim_engine"), **common, **counts), **given)

    wrapped: Callable[..., int] = asked
    for wrap in (
        option("--json", "as_json", is_flag=True),
        option("--store", metavar="file"),
        option("--out", metavar="folder"),
        option("--jobs", type=click.IntRange(min=1), metavar="count"),
        option("--seed", type=click.IntRange(min=0), default=1, metavar="count"),
        option("--engine", "sim_engine", type=click.Choice(["fast", "simpy"]), default="fast"),
        option("--replications", type=click.IntRange(min=1), default=replications, metavar="count"),
    ):
        wrapped = wrap(wrapped)
    return wrapped


def study_options(command: Callable[..., int]) -> Callable[..., int]:
    """The same, and who counts."""
    wrapped = run_options(command)
    for wrap in (
        option("--weight", metavar="column"),
        option("--over", type=click.Choice(["planned", "due"]), default="planned"),
        option("--where", default="", metavar="rule"),
    ):
        wrapped = wrap(wrapped)
    return wrapped


def cross_options(command: Callable[..., int]) -> Callable[..., int]:
    """Regimes crossed with scenarios, few times since each sitting solves the model again."""
    wrapped = run_options(command, replications=20)
    for wrap in (
        option("--gap", type=click.FloatRange(min=0, min_open=True), default=0.02, metavar="share"),
        option("--every", "pace", default="month", metavar="days"),
        option("--first", metavar="date"),
        option("--until", "end", metavar="date"),
        option("--regime", "regimes", multiple=True, metavar="regime"),
    ):
        wrapped = wrap(wrapped)
    return wrapped


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


@click.command(cls=Command)
@argument("case")
@argument("scenarios", nargs=-1)
@cross_options
def regimes(asked: Any, **given: Any) -> int:
    """Quota given out by region, by rank, or following the projects."""
    from workbench import regiming

    return regiming.regimes(asked, **given)


COMMANDS = (simulate, compare, seek, regimes)
