"""``yaosu simulate``: the case as it is and its scenarios, from the tables to a folder of results."""

from __future__ import annotations

from collections.abc import Sequence

import click

from allocator.errors import YaosuError
from simulation.precision import Precision
from simulation.speaking import Names
from simulation.store import Store
from workbench import present, remember, simfolder
from workbench.bilingual import INTERRUPTED, nearest
from workbench.interruption import Interruption
from workbench.progress import Watch
from workbench.simbook import interval, overview
from workbench.simresult import Simulated, measures_by
from workbench.study import Asked, Stopped, Study, day, days, interruptible, tell

MOST_STAGES = 3


def simulate(
    asked: Asked, variants: Sequence[str], by: Sequence[str], until: str | None, precision: float | None,
    way: str | None,
) -> int:  # fmt: skip
    """Simulate, write, and say what came out; the exit code."""
    dates, end = days(by, "--by"), None if until is None else day(until, "--until")
    if precision is not None and not dates:
        raise YaosuError("by_missing", {"option": "--precision"})
    wish = None if precision is None else Precision(dates[-1], precision)
    folder = asked.folder("simulation")
    try:
        with Watch(asked.lang) as watch, Interruption():
            study = Study.read(asked, variants, watch)
            study.within(dates, end)
            _known(study, way)
            path = asked.kept(folder)
            with Store(path) as store:
                with interruptible(watch, path):
                    runs, seconds = study.run(watch, store, end, wish)
                made = Simulated(study, runs, seconds, dates, way)
                watch.doing("tabulating")
                simfolder.write_folder(made, folder)
                summary = simfolder.told(made)
                store.keep(remember.of_runs(study, "simulate", runs, made.tables, summary, dates, precision=precision))
    except Stopped as stopped:
        click.echo(stopped.text(asked.lang), err=True)
        return INTERRUPTED
    return tell(study, summary, lambda: [*told(made), present.files(folder, simfolder.BOOK, asked.lang)])


def _known(study: Study, project: str | None) -> None:
    """Refuse a project that is not there."""
    ids = [str(one) for one in study.case.projects["id"]]
    if project is not None and project not in ids:
        raise YaosuError("unknown_project", {"found": project, "nearest": nearest(project, ids)})


def told(made: Simulated) -> list[str]:
    """What came out, in paragraphs."""
    study = made.study
    names = study.names()
    title = names.say("simulate.title", name=study.case.name)
    parts = [f"{title}\n{overview(made)}\n{made.finding.sentence()}", _table(made)]
    waits = made.waits(made.finding.base, MOST_STAGES)
    if len(waits):
        listed = [
            names.say("simulate.waits_part", stage=names.stage(row["stage"]), days=f"{row['days_waiting']:,.0f}",
                      share=names.percent(row["share"]))
            for row in waits.to_dict("records")
        ]  # fmt: skip
        parts.append(names.say("simulate.waits", stages=names.listed(listed)))
    if len(made.published):
        values = {"met": int(made.published["holds"].sum()), "count": len(made.published)}
        parts.append(names.say("simulate.published", **values))
    return parts


def _table(made: Simulated) -> str:
    """A line per scenario."""
    names, measures = made.study.names(), measures_by(made.dates)
    several = len(made.runs.scenarios) > 1
    headers = [names.say("simulate.column.scenario"), *(names.measure(one) for one in measures)]
    level = made.finding.level
    said = names.percent(level / 100)
    headers += [names.say(f"simulate.column.{one}", level=said) for one in ("level", "saved")[: 1 + several]]
    rows = []
    for name in made.runs.scenarios:
        shares = [made.figure(name, one)[0] for one in measures]
        row = [names.scenario(name), *(names.percent(share, 1) for share in shares)]
        row.append(names.day(made.figure(name, f"day_{level}")[0]))
        if several:
            effect = made.effect(name, f"days_saved_{level}")
            known = effect is not None and effect[0] == effect[0]
            row.append(_saved(names, *effect) if effect and known else "")
        rows.append(row)
    return present.table(headers, rows)


def _saved(names: Names, days: float, low: float, high: float) -> str:
    """Days saved with their interval, where it has a width."""
    said = interval(low, high)
    least, _, most = said.partition(" … ")
    return names.signed(days) if least == most else f"{names.signed(days)} ({said})"
