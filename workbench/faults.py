"""Faults as people see them: a table on a terminal, a line each in a pipe, data for JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from allocator.errors import Fault
from allocator.labels import Lang, label

if TYPE_CHECKING:
    from rich.table import Table

MOST_ROWS = 200
"""Faults shown on a terminal; a pipe takes all of them."""


def show(faults: Sequence[Fault], lang: Lang, *, err: bool = False) -> None:
    """Print every fault, and how many there are, to standard output or standard error."""
    stream = sys.stderr if err else sys.stdout
    if faults and stream.isatty():
        from rich.console import Console

        Console(file=stream).print(as_table(faults, lang))
        if len(faults) > MOST_ROWS:
            click.echo(label("cli.fault.more", lang, count=f"{len(faults) - MOST_ROWS:,}"), stream)
    elif faults:
        click.echo(as_text(faults, lang), stream)
    click.echo(counted(faults, lang), stream)


def as_text(faults: Sequence[Fault], lang: Lang) -> str:
    """A line per fault, for a pipe.

    >>> print(as_text([Fault("not_a_number", "projects", 5, "plan", values={"found": "abc"})], "en"))
    error: projects, row 5, plan: expected a number, found “abc”
    """
    return "\n".join(label("cli.fault.line", lang, kind=_kind(fault, lang), text=fault.text(lang)) for fault in faults)


def as_table(faults: Sequence[Fault], lang: Lang) -> Table:
    """A table for a terminal: kind, table, row, column, and what is wrong."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(header_style="bold")
    for name in ("kind", "table", "row", "column"):
        shown.add_column(label(f"cli.fault.{name}", lang), justify="right" if name == "row" else "left")
    shown.add_column(label("cli.fault.said", lang), ratio=1, overflow="fold")
    for fault in faults[:MOST_ROWS]:
        place, column = fault.place(lang)
        kind = Text(_kind(fault, lang), "bold red" if fault.severity == "error" else "yellow")
        row = "" if fault.row is None else str(fault.row)
        shown.add_row(kind, Text(place), row, Text(column), Text(fault.said(lang)))
    return shown


def as_data(faults: Sequence[Fault], lang: Lang) -> list[dict[str, Any]]:
    """Everything known of each fault, for JSON."""
    return [
        {"severity": fault.severity, "code": fault.code, "table": fault.table, "row": fault.row, "column": fault.column,
         "found": fault.values.get("found"), "expected": fault.values.get("expected"),
         "nearest": fault.values.get("nearest"), "text": fault.text(lang)}
        for fault in faults
    ]  # fmt: skip


def _kind(fault: Fault, lang: Lang) -> str:
    return label(f"cli.fault.{fault.severity}", lang)


def counts(faults: Sequence[Fault]) -> dict[str, int]:
    """How many errors and warnings.

    >>> counts([Fault("empty_file", "")])
    {'errors': 1, 'warnings': 0}
    """
    errors = sum(fault.severity == "error" for fault in faults)
    return {"errors": errors, "warnings": len(faults) - errors}


def counted(faults: Sequence[Fault], lang: Lang) -> str:
    """How many errors and warnings, in words.

    >>> counted([], "en"), counted([Fault("empty_file", "")] * 2, "zh")
    ('No faults.', '2处错误')
    """
    said = [
        label(f"cli.fault.{(kind if count > 1 else kind.removesuffix('s'))}_counted", lang, count=f"{count:,}")
        for kind, count in counts(faults).items()
        if count
    ]
    return label("cli.fault.joined", lang).join(said) or label("cli.fault.none", lang)
