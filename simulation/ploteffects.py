"""What each scenario changes against a baseline, ranked, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from allocator.labels import Lang
from simulation import plottime as shared
from simulation.cohort import Over, View
from simulation.finding import level_of
from simulation.measures import Day
from simulation.results import effects as effects_of
from simulation.runs import Runs
from simulation.speaking import Names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BARS = 24
FALLBACK = "project_days"


@dataclass(frozen=True, eq=False)
class Measured:
    """One measure of all scenarios in a unit that says something: days, projects, points, project-months."""

    table: pd.DataFrame
    measure: str
    names: Names
    count: int

    @property
    def kind(self) -> str:
        """How it is spoken of: ``saved``, ``projects``, ``points``, ``days`` or ``amount``."""
        if self.measure.startswith("days_saved_"):
            return "saved"
        if self.measure.startswith("started_by_") or self.measure == "started":
            return "projects" if self.count else "points"
        if self.unit == "share":
            return "points"
        return "days" if self.unit == "days" else "amount"

    @property
    def unit(self) -> str:
        """As in the table."""
        return str(self.table["unit"].iloc[0])

    @property
    def factor(self) -> float:
        """From the table to what is shown."""
        if self.kind == "projects":
            return float(self.count)
        money = self.unit == "million yuan × days" and self.names.lang == "zh"
        return 100.0 if self.kind == "points" else 0.01 if money else 1.0

    def text(self, value: float) -> str:
        """A change with its sign, without its unit."""
        if not math.isfinite(value):
            return self.names.say("plotsim.not_reached")
        if self.kind == "amount":
            return style.signed(value, self.names.lang)
        if self.kind == "points":
            return self.names.points(value / 100, 1)
        return self.names.signed(value)

    def say(self, part: str, **values: object) -> str:
        """The words of the kind."""
        day = self.names.day(float(self.table["time"].iloc[0])) if "time" in self.table else ""
        level = self.names.percent(int(self.measure.rpartition("_")[2]) / 100) if self.kind == "saved" else ""
        what = self.names.measure(self.measure) if self.kind in ("days", "points", "amount") else ""
        unit = self.names.unit(self.unit)
        return self.names.say(
            f"plotsim.effects.{part}_{self.kind}", day=day, level=level, what=what, unit=unit, **values
        )


def effects(
    runs: Runs, *, lang: Lang = "en", titles: Mapping[str, str] | None = None, measure: str | None = None,
    over: Over = "planned", weight: str | None = None, where: str = "", dates: Sequence[Day] = (),
    baseline: str | None = None,
) -> Figure:  # fmt: skip
    """Every scenario's effect against the baseline, the largest first, with 95 % intervals of the paired differences.

    Parameters
    ----------
    runs : Runs
    lang : {"en", "zh"}
    titles : mapping, optional
        What the scenarios are called, by their names.
    measure : str, optional
        A measure of `simulation.compare.Comparison.summary`. Without, the starts gained by the last of the dates, or,
        where there is none, the days saved until the percentage of the finding has started.
    over, weight, where, dates
        As in `simulation.runs.Runs.compare`.
    baseline : str, optional
        The first scenario without.

    Examples
    --------
    >>> from simulation import Office, Process, Scenario, Stage
    >>> from simulation.experiment import experiment
    >>> desk = Process([Stage("review", office="desk", work=2)], [Office("desk")])
    >>> table = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0]})
    >>> runs = experiment(table, desk, {"now": Scenario(), "fast": Scenario(speed=2)}, replications=2, jobs=1,
    ...                   engine="simpy")
    >>> effects(runs).get_suptitle()
    '“fast” saves 2 days until 80 % have started'
    """
    names = Names.of(runs, lang, titles)
    base = runs.scenarios[0] if baseline is None else baseline
    whole = effects_of(runs, base, over=over, weight=weight, where=where, dates=dates)
    if not len(whole):
        return style.nothing(names.say("plotsim.effects.none"))
    measured = _measured(runs, whole, measure, names, View(over, weight, None, where), dates, base)
    table = measured.table.head(MOST_BARS)
    with style.canvas(9.6, 1.9 + 0.36 * max(len(table), 3)) as figure:
        axes = figure.subplots()
        _bars(axes, table, measured)
        left_out = len(measured.table) - len(table)
        shared.headline(figure, _headline(measured, base))
        shared.footnote(
            figure, names, names.say("plotsim.effects.note", base=names.quoted(base)),
            names.say("plotsim.effects.left_out", count=left_out) if left_out else "",
            names.counted(len(runs.cohorts(base, View("planned", weight, None, where))[0].ids), where),
            names.say("plotsim.pairs", count=f"{int(table['replications'].max()):,}", seed=runs.seed),
        )  # fmt: skip
    return figure


def _measured(
    runs: Runs, whole: pd.DataFrame, measure: str | None, names: Names, view: View, dates: Sequence[Day], base: str
) -> Measured:
    """The measure asked for, or the most telling one that is known for every scenario."""
    telling = [*(f"started_by_{day}" for day in dates[-1:]), f"days_saved_{level_of(whole)}", FALLBACK]
    tried = [measure] if measure else telling
    parts = [whole[whole["measure"] == one] for one in tried]
    known = [part for part in parts if len(part) and part["difference"].notna().all()]
    part = (known or [part for part in parts if len(part)] or [whole[whole["measure"] == FALLBACK]])[0]
    name = str(part["measure"].iloc[0])
    count = len(runs.cohorts(base, view)[0].ids) if view.weight is None and view.over == "planned" else 0
    measured = Measured(part, name, names, count)
    shown = {column: part[column] * measured.factor for column in ("difference", "low", "high")}
    part = part.assign(**shown).sort_values("difference", ascending=False, kind="stable", ignore_index=True)
    if name.startswith("started_by_"):
        part["time"] = runs.day(dates[[f"started_by_{day}" for day in dates].index(name)])
    return Measured(part, name, names, count)


def _bars(axes: Axes, table: pd.DataFrame, measured: Measured) -> None:
    names = measured.names
    value, low, high = (table[name].to_numpy(dtype=float) for name in ("difference", "low", "high"))
    sure = (low > 0) | (high < 0)
    colours = np.where(~sure, style.SILVER, np.where(np.nan_to_num(value) < 0, style.AMBER, style.BLUE))
    at = np.arange(len(table), dtype=np.float64)
    axes.barh(at, np.nan_to_num(value), height=0.6, color=colours)
    shared.whiskers(axes, at, np.nan_to_num(value), low, high)
    for place in range(len(table)):
        side = -1 if value[place] < 0 and sure[place] else 1
        end = np.nan_to_num(low[place] if side < 0 else max(high[place], 0.0))
        axes.annotate(measured.text(value[place]), (end, place), (6 * side, 0), textcoords="offset points",
                      va="center", ha="right" if side < 0 else "left", fontsize=style.TEXT,
                      color=style.INK if sure[place] else style.MUTED)  # fmt: skip
    axes.axvline(0, color=style.MUTED, linewidth=0.9)
    style.tidy(axes, "x", names.lang)
    shared.rows(axes, [shared.wrapped(names.scenario(str(name)), 3.0) for name in table["scenario"]])
    least, most = min(np.nan_to_num(low).min(), 0.0), max(np.nan_to_num(high).max(), 0.0)
    room = 0.14 * ((most - least) or 1.0)
    axes.set_xlim(least - room * (least < 0), most + room)
    axes.set_xlabel(measured.say("axis"))


def _headline(measured: Measured, base: str) -> str:
    """The scenario that does most, where its interval leaves no doubt."""
    names, best = measured.names, measured.table.iloc[0]
    if not (best["low"] > 0):
        return names.say("plotsim.effects.title_none", base=names.quoted(base))
    change = measured.text(best["difference"]).lstrip("+")
    days = names.days(best["difference"]) if measured.kind in ("saved", "days") else ""
    key = "title" if len(measured.table) > 1 else "title_one"
    return measured.say(key, best=names.quoted(str(best["scenario"])), change=change, days=days)
