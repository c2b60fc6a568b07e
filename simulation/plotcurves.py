"""Start-rate curves of the scenarios with their bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from allocator.labels import Lang
from simulation import plottime as shared
from simulation.cohort import Over
from simulation.curve import Which
from simulation.finding import Finding
from simulation.measures import Day
from simulation.runs import Runs
from simulation.speaking import Names, decimals

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CURVES, MOST_BANDS = 6, 2
DONE, BEYOND, POINTS = 0.98, 0.7, 400
"""The picture ends where every curve has come so far of its way, or so far beyond the days spoken of."""


def curves(
    runs: Runs, *, lang: Lang = "en", titles: Mapping[str, str] | None = None, over: Over = "planned",
    weight: str | None = None, where: str = "", dates: Sequence[Day] = (), baseline: str | None = None,
    best: str | None = None, which: Which = "replications",
) -> Figure:  # fmt: skip
    """Start-rate curves: of the baseline, of the scenarios that differ most from it, and pale ones of the others.

    Parameters
    ----------
    runs : Runs
    lang : {"en", "zh"}
    titles : mapping, optional
        What the scenarios are called, by their names.
    over, weight, where
        Who counts, as in `simulation.runs.Runs.curve`.
    dates : sequence of day
        Days of which the picture speaks; without, it speaks of the days on which most of the projects have started.
    baseline : str, optional
        The first scenario without.
    best : str, optional
        The scenario of which the headline speaks; without, the one in which most have started by then.
    which : {"replications", "mean"}
        What the bands hold: the middle nine tenths of the replications, or the mean with 95 % confidence.

    Examples
    --------
    >>> from simulation import Office, Process, Scenario, Stage
    >>> from simulation.experiment import experiment
    >>> desk = Process([Stage("review", office="desk", work=2)], [Office("desk")])
    >>> table = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0]})
    >>> runs = experiment(table, desk, {"now": Scenario(), "fast": Scenario(speed=2)}, replications=2, jobs=1,
    ...                   engine="simpy")
    >>> curves(runs).get_suptitle()
    '80 % have started by day 2 with “fast”, against day 4 (now): 2 days sooner'
    """
    names = Names.of(runs, lang, titles)
    finding = Finding(runs, names, over, weight, where, tuple(dates), baseline, best)
    whole = _until(runs.curve(over=over, weight=weight, where=where), [runs.day(day) for day in dates])
    shown = shown_of(whole, finding.base, finding.best)
    low, high = _reach(whole, shown)
    days = np.arange(low, high + 1.0, max(1.0, (high - low) // POINTS))
    table = runs.curve(over=over, weight=weight, where=where, which=which, times=days)
    with style.canvas(10.6, 5.2) as figure:
        axes = figure.subplots()
        _lines(axes, table, shown, finding)
        style.tidy(axes, "both", lang)
        shared.along(axes, names, low, high)
        shared.shares(axes.yaxis, lang)
        axes.set_ylim(0.0, 1.02)
        axes.set_ylabel(finding.axis())
        _marked(axes, [runs.day(day) for day in dates], names)
        _named(axes, shown, finding)
        shared.headline(figure, finding.sentence())
        shared.footnote(figure, names, *_notes(runs, names, finding, which, shown))
    return figure


def shown_of(table: pd.DataFrame, base: str, best: str | None = None) -> list[str]:
    """The scenarios with a colour of their own: the baseline, the one of the headline, those that differ most."""
    wide = table.pivot(index="time", columns="scenario", values="mean")
    away = wide.sub(wide[base], axis=0).abs().sum()
    others = [str(name) for name in away.sort_values(ascending=False, kind="stable").index if name not in (base, best)]
    return list(dict.fromkeys([base, best or base, *others]))[:MOST_CURVES]


def _until(table: pd.DataFrame, dates: Sequence[float]) -> pd.DataFrame:
    """Where there are days to speak of, the curves until a while beyond them."""
    if not dates:
        return table
    last, first = max(dates), float(table["time"].min())
    return table[table["time"] <= max(first, last) + max(7.0, BEYOND * (last - first))]


def _reach(table: pd.DataFrame, shown: Sequence[str]) -> tuple[float, float]:
    """From the first day to the day on which all curves shown are nearly as high as they ever get."""
    inside = table[table["scenario"].isin(shown)]
    ends = [
        part.loc[part["mean"] >= DONE * part["mean"].max(), "time"].iloc[0]
        for _, part in inside.groupby("scenario")
        if part["mean"].max() > 0
    ]
    return float(table["time"].min()), max(ends, default=float(table["time"].max())) + 1.0


def _lines(axes: Axes, table: pd.DataFrame, shown: Sequence[str], finding: Finding) -> None:
    by_name = {str(name): part for name, part in table.groupby("scenario")}
    for name, part in by_name.items():
        if name not in shown:
            axes.plot(part["time"], part["mean"], color=style.SILVER, linewidth=0.9, zorder=1.5)
    for place, name in enumerate(shown):
        part, colour = by_name[name], _colour(place)
        if place < MOST_BANDS:
            times, low, high = (part[column].to_numpy(dtype=float) for column in ("time", "low", "high"))
            shared.band(axes, times, low, high, colour)
        axes.plot(part["time"], part["mean"], color=colour, linewidth=2.4 if place < 2 else 1.5, zorder=4 - place / 10)


def _colour(place: int) -> str:
    """Grey for the baseline, then the colours."""
    return shared.BASE if place == 0 else shared.COLOURS[(place - 1) % len(shared.COLOURS)]


def _marked(axes: Axes, days: Sequence[float], names: Names) -> None:
    """Lines at the days of which the picture speaks."""
    for day in days:
        axes.axvline(day, color=style.MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(names.day(day), (day, 0.0), (3, 6), textcoords="offset points", fontsize=style.SMALL,
                      color=style.MUTED, rotation=90, va="bottom")  # fmt: skip


def _named(axes: Axes, shown: Sequence[str], finding: Finding) -> None:
    """The scenarios in the order of their curves, each with the share started by the day spoken of."""
    from matplotlib.lines import Line2D

    names, now = finding.names, finding.shares
    order = sorted(shown, key=lambda name: -now[name])
    handles = [Line2D([], [], color=_colour(list(shown).index(name)), linewidth=2.4) for name in order]
    places = decimals([now[name] for name in order])
    texts = [names.say("plotsim.curves.entry", title=names.scenario(name),
                       share=names.percent(now[name], places)) for name in order]  # fmt: skip
    others = len(finding.runs.scenarios) - len(shown)
    if others:
        handles.append(Line2D([], [], color=style.SILVER, linewidth=0.9))
        texts.append(names.say("plotsim.curves.others" if others > 1 else "plotsim.curves.others_one", count=others))
    title = names.say("plotsim.curves.by", day=names.day(finding.time))
    shared.beside(axes, handles, [shared.wrapped(text, 2.2) for text in texts], shared.wrapped(title, 2.4))


def _notes(runs: Runs, names: Names, finding: Finding, which: Which, shown: Sequence[str]) -> list[str]:
    count = min(len(runs.numbers(name)) for name in shown)
    banded = names.listed([names.quoted(name) for name in shown[:MOST_BANDS]])
    notes = [finding.counted()]
    if count > 1:
        notes.append(names.say(f"plotsim.curves.band_{which}", count=f"{count:,}", names=banded))
    return [*notes, names.say("plotsim.seed", seed=runs.seed)]
