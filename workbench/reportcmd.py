"""The command ``yaosu report``."""

from __future__ import annotations

from typing import Any

import click

from workbench.bilingual import Command, argument, option
from workbench.foresee import cross_options


@click.command(cls=Command)
@argument("case")
@argument("scenarios", nargs=-1)
@option("--run", "kept_run", type=click.IntRange(min=1), metavar="kept")
@option("--time-limit", type=click.FloatRange(min=0, min_open=True), default=60.0, metavar="seconds")
@cross_options
def report(asked: Any, **given: Any) -> int:
    """One page and one document that answer what is gained when quota follows projects."""
    from workbench import reporting

    return reporting.report(asked, **given)
