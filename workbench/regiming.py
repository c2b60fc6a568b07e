"""``yaosu regimes``: quota given out by region, by rank or following the projects, under each review scenario."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import ceil
from typing import Any

import click
import pandas as pd

from allocator import units
from allocator.summary import value_unit
from simulation.crossing import MEASURES, named
from simulation.keeping import FIGURES, REPLICATED, Record
from simulation.store import Store
from workbench import present, regimebook, remember, simfolder
from workbench.bilingual import INTERRUPTED
from workbench.crossed import TABLES, Crossed, Rules, one_of
from workbench.interruption import Interruption
from workbench.progress import Watch
from workbench.study import Asked, Stopped, Study, interruptible, tell

BOOK = "regimes.xlsx"
SHOWN = ("realised", "started", "review", "elements")
NONE = "–"
UNITS = ("share", "days")
POINTS = "points"
"""Of output benefit in the tables, whatever the case makes it of."""


def regimes(
    asked: Asked, scenarios: Sequence[str], regimes: Sequence[str], pace: str, gap: float, end: str | None,
    first: str | None,
) -> int:  # fmt: skip
    """Cross, write, and say what came out; the exit code."""
    rules, folder = Rules.read(regimes, pace, gap, end, first), asked.folder("regimes")
    try:
        with Watch(asked.lang) as watch, Interruption():
            study = Study.read(asked, scenarios, watch)
            path = asked.kept(folder)
            with Store(path) as store:
                with interruptible(watch, path):
                    made = Crossed.run(study, rules, watch, store)
                watch.doing("tabulating")
                summary = told(made)
                simfolder.writing(folder, made.tables, {}, summary, partial(regimebook.fill, made=made), BOOK)
                for name in TABLES:
                    if name not in made.tables:
                        (folder / f"{name}.csv").unlink(missing_ok=True)
                store.keep(record(made, "regimes", summary))
    except Stopped as stopped:
        click.echo(stopped.text(asked.lang), err=True)
        return INTERRUPTED
    title = made.names.say("loop.title", name=study.case.name)
    return tell(study, summary, lambda: [
        f"{title}\n{overview(made)}", table(made), "\n".join(sentences(made)), present.files(folder, BOOK, asked.lang)
    ])  # fmt: skip


def record(made: Crossed, command: str, summary: dict[str, Any]) -> Record:
    """What is kept of a crossing; its figures are the cells of the two-way table, realised benefit first."""
    runs, rules = made.crossing.runs, made.rules
    kept = remember.of_runs(made.study, command, runs, made.tables, summary, (), regimes=list(rules.regimes),
                            every=rules.every, gap=rules.gap, first=rules.first)  # fmt: skip
    cells = made.tables["cells"].rename(columns={"mean": "value"})
    cells = cells.assign(
        scenario=[named(*pair) for pair in zip(cells["scenario"], cells["regime"], strict=True)],
        measure=cells["measure"].where(cells["resource"] == "", cells["measure"] + ":" + cells["resource"]),
    )
    first = cells["measure"] != "realised"
    figures = cells.assign(first=first).sort_values("first", kind="stable")[list(FIGURES)]
    values = {
        f"{measure}:{resource}".removesuffix(":"): pd.concat(made.crossing.values(measure, resource=resource or None))
        for measure in MEASURES for resource in one_of(measure, made.study.case.resources)
    }  # fmt: skip
    return replace(kept, figures=figures, replicated=pd.DataFrame(values).rename_axis(REPLICATED).reset_index())


def overview(made: Crossed) -> str:
    """How often, with which draws, until when."""
    names, runs = made.names, made.crossing.runs
    least = min(len(runs.numbers(name)) for name in runs.scenarios)
    return names.say("loop.overview", replications=least, seed=runs.seed, until=names.day(made.crossing.end))


def table(made: Crossed) -> str:
    """The two-way table: a line per scenario and regime."""
    names, cells = made.names, made.tables["cells"]
    headers = [names.say("loop.column.scenario"), names.say("loop.column.regime")]
    headers += [heading(made, measure) for measure in SHOWN]
    rows = []
    for scenario, regime, _ in made.crossing.cells():
        mine = cells[(cells["scenario"] == scenario) & (cells["regime"] == regime)].set_index("measure")
        said = [interval(made, measure, mine.loc[measure].to_dict()) for measure in SHOWN]
        rows.append([names.scenario(scenario), made.regime(regime), *said])
    return present.table(headers, rows)


def heading(made: Crossed, measure: str, resource: str = "") -> str:
    """What a measure is called, without its unit."""
    return made.names.say(f"loop.measure.{measure}", resource=resource)


def amount(made: Crossed, measure: str, value: float) -> str:
    """A figure with its unit."""
    names = made.names
    if math.isnan(value):
        return NONE
    if measure == "started":
        return names.percent(value, 1)
    said = unit(made, "days" if measure in ("elements", "review") else POINTS)
    return f"{figure(value)}{' ' if names.lang == 'en' else ''}{said}"


def figure(value: float) -> str:
    """A number without its unit: a decimal, and none in thousands.

    >>> figure(8.75), figure(-7.0), figure(19_248_000.4), figure(float("nan"))
    ('8.8', '−7.0', '19,248,000', '–')
    """
    if math.isnan(value):
        return NONE
    shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.1f}"
    return "0.0" if shown == "-0.0" else shown.replace("-", "\N{MINUS SIGN}")


def unit(made: Crossed, name: str) -> str:
    """A unit of the tables as it is spoken; shares are told in percent."""
    names, (of, _, days) = made.names, name.partition(" × ")
    if name == POINTS:
        return value_unit(made.study.case, names.lang)
    if name in UNITS:
        return names.say(f"loop.unit.{name}")
    spoken = units.shown(of, names.lang == "zh")
    return names.say("loop.unit.unit_days", unit=spoken or names.say("loop.unit.units")) if days else spoken


def interval(made: Crossed, measure: str, row: dict[Any, Any]) -> str:
    """A mean with half the width of its interval."""
    half = float(row["high"]) - float(row["mean"])
    said = amount(made, measure, float(row["mean"]))
    return f"{said} ± {figure(100 * half if measure == 'started' else half)}" if half > 0 else said


def sentences(made: Crossed) -> list[str]:
    """What each regime gains in realised benefit against the first, and whether that depends on the reviews."""
    if "gains" not in made.tables:
        return []
    names, found = made.names, made.tables["gains"]
    rows = found[found["measure"] == "realised"].to_dict("records")
    base, first = f"“{made.regime(made.crossing.regimes[0])}”", names.quoted(made.crossing.scenarios[0])
    said = []
    for row in rows:
        sign = 1 if row["low"] > 0 else -1 if row["high"] < 0 else 0
        low, high = sorted((row["low"] * (sign or 1), row["high"] * (sign or 1)))
        values = {
            "scenario": names.quoted(row["scenario"]), "regime": f"“{made.regime(row['regime'])}”", "base": base,
            "gain": amount(made, "realised", abs(row["gain"])), "low": figure(low), "high": figure(high),
        }  # fmt: skip
        way = ("none", "more", "less")[sign]
        known = sign and not math.isnan(row["relative"])
        values["relative"] = (
            names.say(f"loop.relative.{way}", share=names.percent(abs(row["relative"]), 1)) if known else ""
        )
        said.append(names.say(f"loop.gain.{way}", **values))
    for row in rows:
        if row["scenario"] != made.crossing.scenarios[0]:
            sure = row["more_low"] > 0 or row["more_high"] < 0
            values = {
                "scenario": names.quoted(row["scenario"]), "regime": f"“{made.regime(row['regime'])}”", "first": first,
                "more": amount(made, "realised", row["more"]), "low": figure(row["more_low"]),
                "high": figure(row["more_high"]),
            }  # fmt: skip
            way = "some" if sure else "none"
            key = f"loop.depends.{way}" if made.reviews(row["scenario"]) else f"regimes.depends.{way}"
            said.append(names.say(key, **values))
    eased = made.tables["stability"].query("kind == 'eased'")["mean"].max()
    return said + ([names.say("loop.eased", count=f"{ceil(eased)}")] if eased else [])


def told(made: Crossed) -> dict[str, Any]:
    """What was crossed and what came out, ready for JSON."""
    runs = made.crossing.runs
    status = "failures" if len(runs.failures) else "complete"
    found: dict[str, Any] = simfolder.plain(simfolder.head(made.study, runs.until, made.seconds) | {
        "status": status, "replications": made.study.asked.replications, "failures": len(runs.failures),
        "regimes": list(made.crossing.regimes), "every": made.rules.every, "gap": made.rules.gap,
        "first": made.rules.first,
        "scenarios": [{"name": one, "title": made.study.titles[one]} for one in made.crossing.scenarios],
        "cells": made.tables["cells"].to_dict("records"),
        "gains": made.tables["gains"].to_dict("records") if "gains" in made.tables else [],
        "finding": sentences(made),
    })  # fmt: skip
    return found
