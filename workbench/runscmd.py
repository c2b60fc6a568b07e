"""``yaosu runs``: what is kept in a store, shown, compared, written out and deleted."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from allocator.labels import label
from workbench.bilingual import DONE, Command, Program, argument, option

json_option = option("--json", "as_json", is_flag=True)


@click.group(cls=Program, name="runs")
@argument("store")
def runs(store: str) -> None:
    """Everything is in words/runs.toml."""


def kept_command(name: str) -> Callable[[Callable[..., int]], click.Command]:
    """A command of the group: it gets the language and the open store."""

    def decorate(function: Callable[..., int]) -> click.Command:
        @click.pass_context
        @wraps(function)
        def run(ctx: click.Context, /, **given: Any) -> int:
            from workbench import keptview

            assert ctx.parent is not None
            with keptview.opened(ctx.parent.params["store"]) as store:
                return function(ctx.obj, store, **given)

        command = click.command(cls=Command, name="runs." + name)(run)
        runs.add_command(command, name)
        return command

    return decorate


@kept_command("list")
@json_option
def listed(lang: Any, store: Any, as_json: bool) -> int:
    """A line for each plan and experiment."""
    from workbench import keptview, running

    if as_json:
        running.echo_json(keptview.listed_data(store.kept()))
    else:
        click.echo(keptview.listed(store, lang))
    return DONE


@kept_command("show")
@argument("kept")
@json_option
def show(lang: Any, store: Any, kept: str, as_json: bool) -> int:
    """Everything that is kept of one."""
    from workbench import keptview, running

    record = keptview.loaded(store, kept)
    if as_json:
        running.echo_json(keptview.data(record))
    else:
        click.echo(keptview.shown(record, lang))
    return DONE


@kept_command("compare")
@argument("kept")
@argument("against")
@json_option
def compare(lang: Any, store: Any, kept: str, against: str, as_json: bool) -> int:
    """One against another."""
    from workbench import keptcompare, keptview, running

    one, two = keptview.loaded(store, kept), keptview.loaded(store, against)
    if as_json:
        running.echo_json(keptcompare.data(one, two))
    else:
        click.echo(keptcompare.text(one, two, lang))
    return DONE


@kept_command("export")
@argument("kept")
@option("--out", "into", metavar="folder")
@json_option
def export(lang: Any, store: Any, kept: str, into: str | None, as_json: bool) -> int:
    """One as a folder of files."""
    from workbench import keptview, present, running

    record = keptview.loaded(store, kept)
    folder = running.folder(into or store.path.parent / f"kept-{record.number}")
    case = keptview.export(record, folder)
    if as_json:
        running.echo_json({**record.told(), "folder": str(folder), "case_folder": str(case)})
    else:
        click.echo(present.files(folder, "summary.json", lang))
        click.echo(label("runs.exported", lang, case=case))
    return DONE


@kept_command("delete")
@argument("kept")
@json_option
def delete(lang: Any, store: Any, kept: str, as_json: bool) -> int:
    """Take one away."""
    from workbench import keptview, running

    rest = kept == "unfinished"
    said = label("runs.rest", lang) if rest else keptview.named(store, kept, lang)
    gone = store.delete_unfinished() if rest else store.delete(int(kept))
    if as_json:
        running.echo_json({"number": None if rest else int(kept), **vars(gone)})
    else:
        click.echo(keptview.deleted(said, gone, lang))
    return DONE
