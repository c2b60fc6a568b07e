"""``yaosu regimes``: quota given out by region, by rank or following the projects, under each review scenario."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import ceil
from typing import Any

import click

from allocator.speech import number
from simulation.store import Store
from workbench import present, regimebook, remember, simfolder
from workbench.bilingual import DONE, INTERRUPTED
from workbench.crossed import Crossed, Rules
from workbench.interruption import Interruption
from workbench.progress import Watch
from workbench.running import echo_json, warn
from workbench.study import Asked, Stopped, Study, interruptible

BOOK = "regimes.xlsx"
SHOWN = ("realised", "started", "review", "elements")


def regimes(
    asked: Asked, scenarios: Sequence[str], regimes: Sequence[str], pace: str, gap: float, end: str | None
) -> int:
    """Cross, write, and say what came out; the exit code."""
    rules, folder = Rules.read(regimes, pace, gap, end), asked.folder("regimes")
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
                store.keep(record(made, "regimes", summary))
    except Stopped as stopped:
        click.echo(stopped.text(asked.lang), err=True)
        return INTERRUPTED
    warn(study.faults, asked.case, asked.lang)
    if asked.as_json:
        echo_json(summary)
    else:
        names = made.names
        head = f"{names.say('loop.title', name=study.case.name)}\n{overview(made)}"
        parts = [head, table(made), "\n".join(sentences(made)), present.files(folder, BOOK, asked.lang)]
        click.echo("\n\n".join(part for part in parts if part))
    return DONE


def record(made: Crossed, command: str, summary: dict[str, Any]) -> Any:
    """What is kept of a crossing."""
    runs, rules = made.crossing.runs, made.rules
    return remember.of_runs(made.study, command, runs, made.tables, summary, (), regimes=list(rules.regimes),
                            every=rules.every, gap=rules.gap)  # fmt: skip


def overview(made: Crossed) -> str:
    """How often, with which draws, until when."""
    names, runs = made.names, made.crossing.runs
    least = min(len(runs.numbers(name)) for name in runs.scenarios)
    until = names.falls(made.crossing.end - 1) if names.dated else number(made.crossing.end)
    return names.say("loop.overview", replications=least, seed=runs.seed, until=until)


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
    if value != value:
        return "–"
    if measure == "started":
        return names.percent(value, 1)
    unit = names.say("loop.unit.days" if measure in ("elements", "review") else "loop.unit.points")
    shown = f"{value:,.1f}" if unit == names.say("loop.unit.days") else number(value)
    return f"{shown}{' ' if names.lang == 'en' else ''}{unit}"


def interval(made: Crossed, measure: str, row: dict[Any, Any]) -> str:
    """A mean with half the width of its interval."""
    half = float(row["high"]) - float(row["mean"])
    said = amount(made, measure, float(row["mean"]))
    if not half > 0:
        return said
    shown = f"{100 * half:.1f}" if measure == "started" else number(half) if half >= 100 else f"{half:.1f}"
    return f"{said} ± {shown}"


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
            "gain": amount(made, "realised", abs(row["gain"])), "low": number(low), "high": number(high),
            "relative": names.percent(abs(row["relative"]), 1),
        }  # fmt: skip
        said.append(names.say(f"loop.gain.{('none', 'more', 'less')[sign]}", **values))
    for row in rows:
        if row["scenario"] != made.crossing.scenarios[0]:
            sure = row["more_low"] > 0 or row["more_high"] < 0
            values = {
                "scenario": names.quoted(row["scenario"]), "regime": f"“{made.regime(row['regime'])}”", "first": first,
                "more": amount(made, "realised", row["more"]), "low": number(row["more_low"]),
                "high": number(row["more_high"]),
            }  # fmt: skip
            said.append(names.say(f"loop.depends.{'some' if sure else 'none'}", **values))
    eased = made.tables["stability"].query("kind == 'eased'")["mean"].max()
    return said + ([names.say("loop.eased", count=f"{ceil(eased)}")] if eased else [])


def told(made: Crossed) -> dict[str, Any]:
    """What was crossed and what came out, ready for JSON."""
    runs = made.crossing.runs
    status = "failures" if len(runs.failures) else "complete"
    found: dict[str, Any] = simfolder.plain(simfolder.head(made.study, runs.until, made.seconds) | {
        "status": status, "replications": made.study.asked.replications, "failures": len(runs.failures),
        "regimes": list(made.crossing.regimes), "every": made.rules.every, "gap": made.rules.gap,
        "scenarios": [{"name": one, "title": made.study.titles[one]} for one in made.crossing.scenarios],
        "cells": made.tables["cells"].to_dict("records"),
        "gains": made.tables["gains"].to_dict("records") if "gains" in made.tables else [],
        "finding": sentences(made),
    })  # fmt: skip
    return found
