"""``yaosu compare``: scenarios held against one another, paired by replication."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from allocator.errors import YaosuError
from simulation import plot
from simulation.compare import Comparison
from simulation.finding import level_of
from simulation.measures import Day
from simulation.runs import Runs
from simulation.speaking import Names
from simulation.store import Store
from workbench import present, remember, simfolder
from workbench.bilingual import INTERRUPTED
from workbench.interruption import Interruption
from workbench.progress import Watch
from workbench.simbook import interval
from workbench.study import CASE, WORDS, Asked, Stopped, Study, column, day, days, interruptible, tell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILES = ("summary.csv", "diff.csv", "groups.csv", "curves.png", "effects.png")
MOST_GROUPS = 20


def compare(asked: Asked, scenarios: Sequence[str], by: Sequence[str], until: str | None, group: str | None) -> int:
    """Compare, write, and say what came out; the exit code."""
    dates, end = days(by, "--by"), None if until is None else day(until, "--until")
    folder, group = asked.folder("comparison"), column(group)
    try:
        with Watch(asked.lang) as watch, Interruption():
            study = Study.read(asked, scenarios, watch)
            others, base = sides(study, scenarios)
            study = study.only([base, *others])
            study.grouped(group)
            study.within(dates, end)
            path = asked.kept(folder)
            with Store(path) as store:
                with interruptible(watch, path):
                    runs, seconds = study.run(watch, store, end)
                watch.doing("tabulating")
                made = {name: runs.compare(name, base, **study.counting(), by=group, dates=dates) for name in others}
                summary, tables = _told(study, runs, made, base, seconds, dates, group), _tables(made)
                _write(study, runs, made, base, folder, dates, tables, summary)
                record = remember.of_runs(study, "compare", runs, tables, summary, dates, against=base, group=group)
                store.keep(record)
    except Stopped as stopped:
        click.echo(stopped.text(asked.lang), err=True)
        return INTERRUPTED
    return tell(study, summary, lambda: [
        *(_text(study.names(), one) for one in made.values()), present.files(folder, "summary.csv", asked.lang)
    ])  # fmt: skip


def sides(study: Study, given: Sequence[str]) -> tuple[list[str], str]:
    """The scenarios by the names that were given, and the one that they are held against: the last, or the case.

    Raises
    ------
    YaosuError
        There is only one, or the last is a sweep.
    """
    found: list[list[str]] = []
    for name in given:
        stem = CASE if name in WORDS else Path(name).name.removesuffix(".toml")
        found.append([key for key in study.arms if key == stem or key.startswith(f"{stem} (")])
    last = found.pop() if len(found) > 1 else [CASE]
    if len(last) > 1:
        values = {"found": given[-1], "count": str(len(last)), "expected": ", ".join(last)}
        raise YaosuError("compare_sweep", values)
    others = [key for key in dict.fromkeys(key for keys in found for key in keys) if key != last[0]]
    if not others:
        raise YaosuError("compare_same")
    return others, last[0]


def _write(
    study: Study, runs: Runs, made: Mapping[str, Comparison], base: str, folder: Path, dates: Sequence[Day],
    tables: Mapping[str, pd.DataFrame], summary: dict[str, Any],
) -> None:  # fmt: skip
    """Tables and pictures."""
    told: dict[str, Any] = {"lang": study.asked.lang, "titles": study.titles}
    spoken = told | study.counting() | {"dates": dates, "baseline": base}
    pictures: dict[str, Callable[[], Figure]] = {"curves": lambda: plot.curves(runs, **spoken)}
    if len(made) > 1:
        pictures["effects"] = lambda: plot.effects(runs, **spoken)
    for name, one in made.items():
        file = "difference" if len(made) == 1 else f"difference-{slug(name)}"
        pictures[file] = partial(plot.difference, one, **told)
    simfolder.writing(folder, tables, pictures, summary)
    present_names = {*(f"{name}.csv" for name in tables), *(f"{name}.png" for name in pictures)}
    for file in [*FILES, *(one.name for one in folder.glob("difference*.png"))]:
        if file not in present_names:
            (folder / file).unlink(missing_ok=True)


def _tables(made: Mapping[str, Comparison]) -> dict[str, pd.DataFrame]:
    """Every table by the name of its file."""
    parts = {"summary": "summary", "diff": "curve"}
    if next(iter(made.values())).view.by is not None:
        parts["groups"] = "groups"
    return {name: _stacked(made, part) for name, part in parts.items()}


def slug(name: str) -> str:
    """A name as part of the name of a file.

    >>> slug("speed (speed = 1.5)")
    'speed-speed-1.5'
    """
    return re.sub(r"[^\w.]+", "-", name).strip("-")


def _stacked(made: Mapping[str, Comparison], part: str) -> pd.DataFrame:
    """A table of all comparisons below one another."""
    parts: list[pd.DataFrame] = [getattr(one, part).copy() for one in made.values()]
    for (name, one), table in zip(made.items(), parts, strict=True):
        table.insert(0, "against", one.b)
        table.insert(0, "scenario", name)
    return pd.concat(parts, ignore_index=True)


def _told(
    study: Study, runs: Runs, made: Mapping[str, Comparison], base: str, seconds: float, dates: Sequence[Day],
    group: str | None,
) -> dict[str, Any]:  # fmt: skip
    """The comparisons ready for JSON."""
    compared = []
    for name, one in made.items():
        found: dict[str, Any] = {"scenario": name, "title": study.titles[name], "replications": len(one.replications),
                                 "effects": simfolder.effects_told(one.summary)}  # fmt: skip
        if group is not None:
            found["groups"] = {str(key): simfolder.effects_told(part) for key, part in one.groups.groupby("group")}
        compared.append(found)
    head = simfolder.head(study, runs.until, seconds)
    status = "failures" if len(runs.failures) else "complete"
    made_of = {"status": status, "failures": len(runs.failures), "dates": list(dates), "group": group,
               "against": {"scenario": base, "title": study.titles[base]}, "comparisons": compared}  # fmt: skip
    told: dict[str, Any] = simfolder.plain(head | made_of)
    return told


def _text(names: Names, one: Comparison) -> str:
    """A comparison as a table, and its groups."""
    title = names.say("simulate.against", a=names.quoted(one.a), b=names.quoted(one.b),
                      pairs=f"{len(one.replications):,}", seed=one.runs.seed)  # fmt: skip
    headers = [names.say(f"simulate.column.{key}") for key in ("measure", "with_it", "without_it", "change", "between")]
    rows = [_row(names, row) for row in one.summary.to_dict("records")]
    parts = [f"{title}\n{present.table(headers, rows)}"]
    if one.view.by is not None:
        parts.append(_groups(names, one))
    return "\n\n".join(parts)


def _row(names: Names, row: Mapping[Any, Any]) -> list[str]:
    """A measure: both sides, the change and its interval, each in its unit."""
    unit, measure = row["unit"], str(row["measure"])
    factor = 0.01 if unit == "million yuan × days" and names.lang == "zh" else 1.0
    label = names.measure(measure)
    if measure.startswith("days_saved_"):
        label = names.say("simulate.saved_row", level=names.measure(measure.replace("days_saved_", "day_")))
    if unit not in ("days", "share"):
        label = names.say("plot.axis", name=label, unit=names.unit(unit))

    def side(value: float) -> str:
        if measure.startswith("days_saved_"):
            return names.day(value) if value == value else names.say("plotsim.not_reached")
        return names.percent(value, 1) if unit == "share" else f"{value * factor:,.{0 if value >= 1000 else 1}f}"

    def change(value: float) -> str:
        if value != value:
            return "–"
        if unit == "share":
            return names.points(value, 1)
        return names.signed(value) if unit == "days" else f"{value * factor:+,.0f}".replace("-", "\N{MINUS SIGN}")

    ends = [float(row["low"]), float(row["high"])]
    said = interval(*ends) if unit == "days" and ends[0] == ends[0] else " … ".join(change(end) for end in ends)
    shown = change(row["difference"])
    if unit in ("share", "days") and shown != "–":
        shown = names.say("plotsim.points" if unit == "share" else "simulate.change_days", points=shown, days=shown)
    return [label, side(row["a"]), side(row["b"]), shown, said if ends[0] < ends[1] else ""]


def _groups(names: Names, one: Comparison) -> str:
    """Days saved by group, the largest first."""
    saved = f"days_saved_{level_of(one.summary)}"
    part = one.groups[one.groups["measure"] == saved].sort_values("difference", ascending=False)
    headers = [names.column(one.view.by or ""), names.say("simulate.column.projects"),
               names.measure(saved), names.say("simulate.column.between")]  # fmt: skip
    rows = []
    for row in part.head(MOST_GROUPS).to_dict("records"):
        known = row["difference"] == row["difference"]
        shown = names.signed(row["difference"]) if known else names.say("plotsim.not_reached")
        said = interval(row["low"], row["high"]) if row["low"] < row["high"] else ""
        rows.append([str(row["group"]) or names.say("plotsim.unstated"), f"{row['projects']:,}", shown, said])
    return present.table(headers, rows)
