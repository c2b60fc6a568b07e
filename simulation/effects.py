"""What one scenario changes against another in single figures, by replication (MODEL 4.7)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.cohort import Cohort
from simulation.intervals import mean_of
from simulation.outcome import Outcome

Floats = NDArray[np.float64]
Pair = tuple[Cohort, Cohort]
LEVELS = (0.5, 0.8, 0.95)
UNITS = {"investment": "million yuan × days", "plan": "million yuan × days", "project": "project-days"}


@dataclass(frozen=True, eq=False)
class Effect:
    """A figure in both scenarios by replication; NaN where it is unknown.

    Attributes
    ----------
    measure, unit : str
    a, b, change : array, shape (replications,)
    """

    measure: str
    unit: str
    a: Floats
    b: Floats
    change: Floats

    def row(self, confidence: float) -> dict[str, object]:
        """Means over the pairs in which it is known, and the interval of the change."""
        known = np.isfinite(self.change)
        a, b, mean, half = (math.nan,) * 4
        if known.any():
            mean, half = map(float, mean_of(self.change[known], confidence))
            a, b = (float(mean_of(side[known])[0]) for side in (self.a, self.b))
        return {
            "measure": self.measure, "unit": self.unit, "a": a, "b": b, "difference": mean, "low": mean - half,
            "high": mean + half, "confidence": confidence, "replications": int(known.sum()),
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sides:
    """The outcomes of both scenarios, replication by replication, up to a common last day."""

    a: Sequence[Outcome]
    b: Sequence[Outcome]
    last: float

    def days_saved(self, pair: Pair) -> Iterator[Effect]:
        """Days by which a share of the planned has started sooner."""
        first, second = pair[0].quantiles(self.a, LEVELS), pair[1].quantiles(self.b, LEVELS)
        for number, level in enumerate(LEVELS):
            a, b = first[:, number], second[:, number]
            yield Effect(f"days_saved_{level:.0%}".rstrip("%"), "days", a, b, b - a)

    def brought_forward(self, pair: Pair, name: str) -> Effect:
        """Area under the curve up to the last day, in weight × days."""
        a, b = (
            np.array([_area(one.started[cohort.rows], cohort.weight, self.last) for one in outcomes])
            for outcomes, cohort in zip((self.a, self.b), pair, strict=True)
        )
        return Effect(f"{name}_days", UNITS.get(name, f"{name} × days"), a, b, a - b)

    def started(self, pair: Pair, day: float, name: str) -> Effect:
        """Share started by a day."""
        a, b = (
            cohort.shares(outcomes, np.array([day]))[:, 0]
            for outcomes, cohort in zip((self.a, self.b), pair, strict=True)
        )
        return Effect(name, "share", a, b, a - b)

    def when_due(self, pair: Pair) -> Effect:
        """Share of those due by the last day that started when they were due."""
        a, b = (
            np.array([_punctual(one.started[cohort.rows], cohort, self.last) for one in outcomes])
            for outcomes, cohort in zip((self.a, self.b), pair, strict=True)
        )
        return Effect("started_when_due", "share", a, b, a - b)

    def ready_to_start(self, pair: Pair) -> Effect:
        """Mean days from entry to start of the projects that start in both scenarios."""
        _, left, right = np.intersect1d(pair[0].ids.astype(str), pair[1].ids.astype(str), return_indices=True)
        rows = pair[0].rows[left], pair[1].rows[right]
        a, b = np.empty(len(self.a)), np.empty(len(self.a))
        for number, (one, other) in enumerate(zip(self.a, self.b, strict=True)):
            took, other_took = (side.started[at] - side.ready[at] for side, at in zip((one, other), rows, strict=True))
            both = np.isfinite(took) & np.isfinite(other_took)
            a[number], b[number] = (days[both].mean() if both.any() else np.nan for days in (took, other_took))
        return Effect("ready_to_start", "days", a, b, a - b)

    def in_time(self) -> Effect:
        """Share of the visits with a limit that were decided within it."""
        a, b = (np.array([_in_time(one.stages) for one in outcomes]) for outcomes in (self.a, self.b))
        return Effect("decided_in_time", "share", a, b, a - b)


def table(effects: Iterator[Effect], confidence: float) -> pd.DataFrame:
    """One row per effect."""
    return pd.DataFrame([effect.row(confidence) for effect in effects])


def _area(started: Floats, weight: Floats, last: float) -> float:
    return float((weight * np.maximum(last - np.where(np.isfinite(started), started, np.inf), 0.0)).sum())


def _punctual(started: Floats, cohort: Cohort, last: float) -> float:
    assert cohort.due is not None
    due = cohort.due <= last
    weight = cohort.weight[due]
    return float(weight[started[due] <= cohort.due[due]].sum() / weight.sum()) if weight.sum() else np.nan


def _in_time(stages: pd.DataFrame) -> float:
    judged = float(stages["judged"].sum())
    return float(stages["on_time"].sum()) / judged if judged else np.nan
