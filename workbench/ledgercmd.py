"""The commands of ``yaosu ledger`` and their options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from allocator.labels import Lang
from workbench.bilingual import Program, argument, option

who_option = option("--by", "who", required=True, metavar="who")
on_option = option("--on", metavar="date")
at_option = option("--at", metavar="date")
json_option = option("--json", "as_json", is_flag=True)
level_option = option("--level", type=click.Choice(["province", "city", "county"]))


@click.group(cls=Program, invoke_without_command=True)
@click.pass_context
def ledger(ctx: click.Context, /) -> None:
    """Projects and problems, and everything that became of them."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def entry(command: Callable[..., int]) -> Callable[..., Any]:
    """A command that records: who says so and since when."""
    return who_option(on_option(click.pass_obj(command)))


@ledger.command("import")
@argument("ledger")
@argument("book")
@entry
def take(lang: Lang, /, ledger: str, book: str, who: str, on: str | None) -> int:
    """A case, or a list of problems, into the ledger."""
    from workbench import ledgertell

    return ledgertell.take(lang, ledger, book, who, on)


@ledger.command("set", context_settings={"ignore_unknown_options": True})  # a value may begin with a minus
@argument("ledger")
@argument("project")
@argument("column")
@argument("value")
@option("--note", default="", metavar="text")
@entry
def change(
    lang: Lang, /, ledger: str, project: str, column: str, value: str, note: str, who: str, on: str | None
) -> int:  # fmt: skip
    """A cell of a project."""
    from workbench import ledgertell

    return ledgertell.change(lang, ledger, project, column, value, who, on, note)


@ledger.command()
@argument("ledger")
@argument("project")
@argument("text")
@option("--office", required=True, metavar="office")
@level_option
@entry
def problem(
    lang: Lang, /, ledger: str, project: str, text: str, office: str, level: str | None, who: str, on: str | None
) -> int:  # fmt: skip
    """A problem of a project."""
    from workbench import ledgertell

    return ledgertell.problem(lang, ledger, project, text, office, level, who, on)


@ledger.command()
@argument("ledger")
@argument("number", type=click.IntRange(min=1))
@option("--how", required=True, metavar="text")
@entry
def resolve(lang: Lang, /, ledger: str, number: int, how: str, who: str, on: str | None) -> int:
    """A problem that is solved."""
    from workbench import ledgertell

    return ledgertell.solve(lang, ledger, number, who, on, how)


@ledger.command()
@argument("ledger")
@argument("number", type=click.IntRange(min=1))
@option("--why", required=True, metavar="text")
@entry
def withdraw(lang: Lang, /, ledger: str, number: int, why: str, who: str, on: str | None) -> int:
    """A problem that was recorded by mistake."""
    from workbench import ledgertell

    return ledgertell.withdraw(lang, ledger, number, who, on, why)


@ledger.command()
@argument("ledger")
@argument("project", required=False)
@option("--table", metavar="table")
@json_option
@click.pass_obj
def history(lang: Lang, /, ledger: str, project: str | None, table: str | None, as_json: bool) -> int:
    """All that became of a project, or of another table."""
    from workbench import ledgertell

    return ledgertell.history(lang, ledger, project, table, as_json)


@ledger.command("open")
@argument("ledger")
@at_option
@level_option
@option("--region", metavar="region")
@json_option
@click.pass_obj
def unsolved(lang: Lang, /, ledger: str, at: str | None, level: str | None, region: str | None, as_json: bool) -> int:
    """Open problems by office and age."""
    from workbench import ledgertell

    return ledgertell.unsolved(lang, ledger, at, level, region, as_json)


@ledger.command()
@argument("ledger")
@option("--month", required=True, metavar="month")
@option("--out", metavar="folder")
@json_option
@click.pass_obj
def bulletin(lang: Lang, /, ledger: str, month: str, out: str | None, as_json: bool) -> int:
    """What happened in a month, as workbook and page."""
    from workbench import ledgertell

    return ledgertell.bulletin(lang, ledger, month, out, as_json)


@ledger.command()
@argument("ledger")
@at_option
@option("--out", "drawn", required=True, metavar="case")
@click.pass_obj
def case(lang: Lang, /, ledger: str, at: str | None, drawn: str) -> int:
    """The case at a date."""
    from workbench import ledgertell

    return ledgertell.draw(lang, ledger, at, drawn)
