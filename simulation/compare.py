"""Two scenarios side by side, paired by replication: curves, days saved, what is brought forward (MODEL 4.7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.errors import YaosuError
from simulation import curve
from simulation.cohort import View
from simulation.effects import Effect, Pair, Sides, table
from simulation.intervals import mean_of, simultaneous
from simulation.measures import Day

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulation.runs import Runs

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What scenario `a` changes against scenario `b`.

    Attributes
    ----------
    runs : Runs
    a, b : str
    view : View
        Who is counted and how.
    times : sequence of float, optional
        Of the curve.
    dates : tuple of day
        Days whose starts are compared.

    Notes
    -----
    Each replication has the same draws in both scenarios (4.5), so that the differences vary less than the scenarios.
    Two scenarios that do the same differ by exactly zero, with intervals of no width.
    """

    runs: Runs
    a: str
    b: str
    view: View
    times: Sequence[float] | Floats | None = None
    dates: tuple[Day, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.a, self.b):
            self.runs.outcomes_of(name)
        if not self.replications:
            raise YaosuError("runs_pairs", {"a": self.a, "b": self.b})

    @cached_property
    def replications(self) -> tuple[int, ...]:
        """Numbers of those with a result in both scenarios."""
        return tuple(sorted(set(self.runs.numbers(self.a)) & set(self.runs.numbers(self.b))))

    @cached_property
    def curve(self) -> pd.DataFrame:
        """The difference of the curves, ``S_a(t) - S_b(t)``.

        Returns
        -------
        DataFrame
            ``group`` (with `by`), ``time, date`` (with a calendar), ``difference, low, high``, ``sim_low, sim_high`` (a
            band that holds the whole curve with the stated confidence) and ``replications``.
        """
        grid = curve.grid_of(self.runs, self.times)
        sides, parts = self._sides, []
        for group, (one, other) in self._pairs(self.view).items():
            values = one.shares(sides.a, grid) - other.shares(sides.b, grid)
            mean, half = mean_of(values, self.view.confidence)
            wide = simultaneous(values, self.view.confidence, self.runs.bootstrap)
            names = {"group": group} if self.view.by is not None else {}
            parts.append(pd.DataFrame({
                **names, **curve.when(self.runs, grid), "difference": mean, "low": mean - half, "high": mean + half,
                "sim_low": mean - wide, "sim_high": mean + wide, "replications": len(values),
            }))  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """The comparison in figures, over all projects counted.

        Returns
        -------
        DataFrame
            ``measure, unit, a, b, difference, low, high, confidence, replications``. The difference is a - b, for the
            days saved b - a. ``replications`` counts the pairs in which the measure is known: days saved are unknown
            where one of both does not reach the level. Measures: ``days_saved_50``, ``_80``, ``_95`` (by the day when
            that share of all planned has started), ``project_days`` and ``investment_days`` (area under the curve up to
            the last start or the horizon: what is brought forward), ``started`` and ``started_by_<day>`` (shares),
            ``started_when_due``, ``ready_to_start`` (mean days, of the projects that start in both), and
            ``decided_in_time`` (of the visits with a limit, over all projects).
        """
        return table(self._effects(replace(self.view, by=None), ""), self.view.confidence)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """The summary of each group: ``group, projects`` (counted in a), then as in the summary."""
        parts = []
        for group, (one, _) in self._pairs(replace(self.view, over="planned")).items():
            part = table(self._effects(self.view, group), self.view.confidence)
            part.insert(0, "projects", len(one.ids))
            part.insert(0, "group", group)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def plot(self, **options: Any) -> Figure:
        """Picture of the difference; options as of `simulation.plot.difference`."""
        from simulation import plot

        figure: Figure = plot.difference(self, **options)
        return figure

    def __repr__(self) -> str:
        head = f"{self.a} against {self.b}, {len(self.replications)} pairs of replications"
        return f"{head}\n{self.summary.to_string(index=False, float_format='{:.4g}'.format)}"

    @cached_property
    def _sides(self) -> Sides:
        a, b = (self.runs.outcomes_of(name, self.replications) for name in (self.a, self.b))
        last = self.runs.span[1] if self.runs.horizon is None else self.runs.horizon
        return Sides(a, b, last)

    def _pairs(self, view: View) -> dict[str, Pair]:
        """The cohorts of both, by group; a group that one of them lacks cannot be compared."""
        first, second = ({one.group: one for one in self.runs.cohorts(name, view)} for name in (self.a, self.b))
        return {group: (one, second[group]) for group, one in first.items() if group in second}

    def _effects(self, view: View, group: str) -> Iterator[Effect]:
        sides, all_planned = self._sides, replace(view, over="planned")
        planned = self._pairs(all_planned)[group]
        yield from sides.days_saved(planned)
        yield sides.brought_forward(self._pairs(replace(all_planned, weight=None))[group], "project")
        weight = view.weight or "investment"
        if view.weight is not None or self._known(weight):
            yield sides.brought_forward(self._pairs(replace(all_planned, weight=weight))[group], weight)
        yield sides.started(planned, sides.last, "started")
        viewed = self._pairs(view).get(group)
        for day in self.dates:
            if viewed is not None:
                yield sides.started(viewed, self.runs.day(day), f"started_by_{day}")
        if self._has("due"):
            due = self._pairs(replace(view, over="due")).get(group)
            if due is not None:
                yield sides.when_due(due)
        yield sides.ready_to_start(planned)
        if not group and not view.where:
            yield sides.in_time()

    def _has(self, column: str) -> bool:
        return all(column in self.runs.arms[name].projects for name in (self.a, self.b))

    def _known(self, column: str) -> bool:
        """Whether the projects have a number there throughout."""
        tables = [self.runs.arms[name].projects for name in (self.a, self.b)]
        return all(
            column in one and pd.api.types.is_numeric_dtype(one[column]) and bool(one[column].notna().all())
            for one in tables
        )
