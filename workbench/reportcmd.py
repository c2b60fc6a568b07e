"""The command ``yaosu report``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import click
from click.core import ParameterSource

from allocator.errors import YaosuError
from workbench.bilingual import Command, argument, option
from workbench.foresee import cross_options

SETTLED = ("scenarios", "regimes", "end", "first", "pace", "gap", "sim_engine", "replications", "seed", "store")
"""What was asked for when an experiment was kept, and where it is kept."""


def stated(names: Collection[str]) -> list[str]:
    """Those of some parameters that were typed: options by their names, arguments as they stand."""
    context, found = click.get_current_context(), list[str]()
    for one in context.command.params:
        if one.name in names and context.get_parameter_source(one.name) is ParameterSource.COMMANDLINE:
            found += one.opts[:1] if isinstance(one, click.Option) else context.params[one.name]
    return found


@click.command(cls=Command)
@argument("case")
@argument("scenarios", nargs=-1)
@option("--run", "kept_run", type=click.IntRange(min=1), metavar="kept")
@option("--time-limit", type=click.FloatRange(min=0, min_open=True), default=60.0, metavar="seconds")
@cross_options
def report(asked: Any, **given: Any) -> int:
    """One page and one document that answer what is gained when quota follows projects."""
    from workbench import reporting

    if given["kept_run"] is not None and (settled := stated(SETTLED)):
        raise YaosuError("report_run", {"found": ", ".join(settled)})
    return reporting.report(asked, **given)
