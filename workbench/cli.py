"""The command ``yaosu``; what a command needs is imported when it runs, so that ``--help`` answers at once."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from allocator.labels import Lang, label
from workbench import foresee, ledgercmd, reportcmd, runscmd
from workbench.bilingual import BAD, DONE, NO, Program, argument, option

out_option = option("--out", metavar="folder")
json_option = option("--json", "as_json", is_flag=True)


def effort_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a solve may spend, the same for every command that solves."""
    for wrap in (
        option("--engine", type=click.Choice(["auto", "exact", "prices"]), default="auto"),
        option("--time-limit", type=click.FloatRange(min=0, min_open=True), default=60.0, metavar="seconds"),
        option("--gap", type=click.FloatRange(min=0), default=0.001, metavar="share"),
        option("--solver", default="highs", metavar="solver"),
    ):
        command = wrap(command)
    return command


def _version(ctx: click.Context, param: click.Parameter, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        click.echo(f"yaosu {version('yaosu')}")
        ctx.exit()


@click.group(cls=Program, invoke_without_command=True)
@option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version)
@click.pass_context
def yaosu(ctx: click.Context, /) -> None:
    """Everything is in words/cli.toml."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@yaosu.command()
@argument("folder")
@click.pass_obj
def new(lang: Lang, /, folder: str) -> int:
    """A starter workbook."""
    from subprocess import list2cmdline

    from allocator.workbook import write_starter
    from workbench import running

    path = write_starter(running.folder(folder), lang)
    case, out = (list2cmdline([str(name)]) for name in (path, Path(folder) / "plan"))
    click.echo(label("cli.new.done", lang, path=path, case=case, out=out))
    return DONE


@yaosu.command()
@argument("case")
@json_option
@click.pass_obj
def check(lang: Lang, /, case: str, as_json: bool) -> int:
    """Every fault of a case."""
    from workbench import faults, running
    from workbench.progress import Watch

    with Watch(lang) as watch:
        watch.doing("checking")
        _, found = running.looked(running.place(case))
    if as_json:
        running.echo_json({"case": case, **faults.counts(found), "faults": faults.as_data(found, lang)})
    else:
        faults.show(found, lang)
    return BAD if faults.counts(found)["errors"] else DONE


@yaosu.command()
@argument("case")
@out_option
@option("--scenario", "scenarios", multiple=True, metavar="scenario")
@option("--robustness", "draws", type=click.IntRange(min=1), metavar="count")
@option("--costs", is_flag=True)
@effort_options
@option("--seed", type=click.IntRange(min=0), default=0, metavar="count")
@option("--jobs", type=click.IntRange(min=1), metavar="count")
@option("--store", metavar="file")
@json_option
@click.pass_obj
def allocate(
    lang: Lang, /, case: str, out: str | None, scenarios: tuple[str, ...], draws: int | None, costs: bool, seed: int,
    jobs: int | None, store: str | None, as_json: bool, **effort: Any,
) -> int:  # fmt: skip
    """A plan, or scenarios side by side."""
    from workbench import running

    usual = Path("out", running.name(case))
    folder = running.folder(out or usual / ("scenarios" if scenarios else ""))
    job = running.Job(case, folder, lang, as_json, jobs or -1, running.kept_in(store, Path(out or usual)))
    if scenarios:
        return job.scenarios(scenarios, **effort)
    return job.plan(draws=draws, seed=seed, costs=costs, **effort)


@yaosu.command()
@argument("case")
@argument("project")
@effort_options
@json_option
@click.pass_obj
def explain(lang: Lang, /, case: str, project: str, as_json: bool, **effort: Any) -> int:
    """Why one project is or is not funded."""
    from workbench import running

    return running.explain(case, project, lang, as_json, **effort)


for command in (*foresee.COMMANDS, reportcmd.report, ledgercmd.ledger, runscmd.runs):
    yaosu.add_command(command)


@yaosu.command()
@json_option
@click.pass_obj
def doctor(lang: Lang, /, as_json: bool) -> int:
    """Whether this installation works."""
    from workbench import doctor as looking
    from workbench.running import echo_json

    seen = []
    for one in looking.findings():
        seen.append(one)
        if not as_json:
            click.echo(looking.line(one, lang))
    good = all(one.good for one in seen)
    if as_json:
        echo_json({"good": good, "findings": [vars(one) for one in seen]})
    else:
        click.echo(label("cli.doctor.good" if good else "cli.doctor.bad", lang))
    return DONE if good else NO


@yaosu.command()
@out_option
@click.pass_obj
def demo(lang: Lang, /, out: str | None) -> int:
    """Both sample cases from end to end."""
    from workbench import showing

    return showing.demo(lang, out)


def main() -> None:
    """The entry point; a character that a terminal lacks is no reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    yaosu.main()
