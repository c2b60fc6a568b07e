"""The start-rate curves of those projects of which something was published, with the published points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from allocator.labels import Lang
from simulation import plottime as shared
from simulation.calibrate import Checkpoint, table
from simulation.cohort import View
from simulation.runs import Runs
from simulation.speaking import Names, decimals

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS, BEYOND, LEAST = 2, 0.38, 21.0
"""Panels beside each other; how far a panel goes beyond its last point, as a part of its length and in days."""


def held(runs: Runs, points: Sequence[Checkpoint], baseline: str | None = None) -> pd.DataFrame:
    """The published shares of started projects beside the simulated ones.

    Parameters
    ----------
    runs : Runs
    points : sequence of Checkpoint
        Those of other measures, and of scenarios that were not run, are left out.
    baseline : str, optional
        What a point without a scenario is held against; the first scenario without.

    Returns
    -------
    DataFrame
        As of `simulation.calibrate.table`, with ``where``, ``time`` (days from the origin) and ``count`` (projects).
    """
    base = runs.scenarios[0] if baseline is None else baseline
    named = [replace(one, scenario=one.scenario or base) for one in points]
    kept = [one for one in named if one.measure == "started" and one.scenario in runs.arms]
    if not kept:
        return pd.DataFrame()
    numbers = sorted(set.intersection(*(set(runs.numbers(one.scenario)) for one in kept)))
    cohorts = [runs.cohorts(one.scenario, View(where=one.where))[0] for one in kept]
    times = [runs.day(one.date) for one in kept]
    values = np.stack([
        cohort.shares(runs.outcomes_of(one.scenario, numbers), np.array([time]))[:, 0]
        for one, cohort, time in zip(kept, cohorts, times, strict=True)
    ], axis=1)  # fmt: skip
    made = table(kept, values)
    return made.assign(where=[one.where for one in kept], time=times, count=[len(one.ids) for one in cohorts])


def points(
    runs: Runs, published: Sequence[Checkpoint], *, lang: Lang = "en", titles: Mapping[str, str] | None = None,
    baseline: str | None = None,
) -> Figure:  # fmt: skip
    """A panel for each group of projects of which something was published: its curves, and the published points.

    Parameters
    ----------
    runs : Runs
    published : sequence of Checkpoint
        As `simulation.calibrate.checkpoints` gives them.
    lang : {"en", "zh"}
    titles : mapping, optional
        What the scenarios are called, by their names.
    baseline : str, optional
        The first scenario without.
    """
    names = Names.of(runs, lang, titles)
    base = runs.scenarios[0] if baseline is None else baseline
    known = held(runs, published, base)
    if not len(known):
        return style.nothing(names.say("plotsim.points.none"))
    panels = [part for _, part in known.groupby(["where", "scenario"], sort=False)]
    across = min(COLUMNS, len(panels))
    down = -(-len(panels) // across)
    with style.canvas(5.3 * across if across > 1 else 7.6, 1.5 + 3.0 * down) as figure:
        places = figure.subplots(down, across, squeeze=False).ravel()
        for axes in places[len(panels) :]:
            axes.set_visible(False)
        for axes, part in zip(places, panels, strict=False):
            _panel(axes, runs, part, base, names)
        met, count = int(known["holds"].sum()), len(known)
        key = ("_one" if met else "_missed") if count == 1 else "_all" if met == count else ""
        shared.headline(figure, names.say(f"plotsim.points.title{key}", met=met, count=count))
        note = names.say("plotsim.points.note", count=f"{len(runs.numbers(str(known['scenario'].iloc[0]))):,}")
        shared.footnote(figure, names, note)
    return figure


def _panel(axes: Axes, runs: Runs, part: pd.DataFrame, base: str, names: Names) -> None:
    where, scenario = str(part["where"].iloc[0]), str(part["scenario"].iloc[0])
    low = runs.span[0]
    last = float(part["time"].max())
    high = last + max(BEYOND * (last - low), LEAST)
    curves = runs.curve(where=where, times=np.arange(math.floor(low), high + 1.0), which="replications")
    for name, (colour, width) in {base: (shared.BASE, 1.4), scenario: (style.BLUE, 2.2)}.items():
        curve = curves[curves["scenario"] == name]
        if name == scenario:
            time, least, most = (curve[column].to_numpy(dtype=float) for column in ("time", "low", "high"))
            shared.band(axes, time, least, most, colour)
        axes.plot(curve["time"], curve["mean"], color=colour, linewidth=width, label=names.scenario(name))
    for _, row in part.iterrows():
        later = (part["time"] == row["time"]) & (part["published"] < row["published"]) | (part["time"] > row["time"])
        _mark(axes, row, bool(later.any()), names)
    style.tidy(axes, "both", names.lang)
    shared.along(axes, names, low, high, 6)
    shared.shares(axes.yaxis, names.lang)
    axes.set_ylim(0.0, 1.04)
    title = names.say("plotsim.points.panel", rule=names.rule(where), count=f"{int(part['count'].iloc[0]):,}",
                      title=names.scenario(scenario))  # fmt: skip
    axes.set_title(shared.wrapped(title, 4.6), **style.SUBTITLE)
    axes.legend(loc="lower right", frameon=False, fontsize=style.SMALL, labelcolor=style.INK)


def _mark(axes: Axes, row: pd.Series, left: bool, names: Names) -> None:
    """A published point: filled where the simulation meets it; its text to the left where others come later."""
    published, mean = float(row["published"]), float(row["simulated"])
    axes.plot([row["time"]], [published], "D", color=style.AMBER if row["holds"] else "white", markersize=8,
              markeredgecolor=style.INK, markeredgewidth=1.0, zorder=5)  # fmt: skip
    places = decimals([published, mean])
    text = names.say("plotsim.points.mark", value=names.percent(published, places), mean=names.percent(mean, places))
    axes.annotate(text, (float(row["time"]), published), (-9, 0) if left else (8, -12), textcoords="offset points",
                  va="center" if left else "top", ha="right" if left else "left", fontsize=style.SMALL,
                  color=style.INK, bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.6})  # fmt: skip
