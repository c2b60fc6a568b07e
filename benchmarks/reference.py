"""The reference model of reviews as numbers: eight offices in series, priority classes, lognormal work, returns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

STAGES, DAYS = 8, 60.0
RETURNED = 0.15
WORK, CORRECTION, CV = 0.3, 5.0, 1.0
"""Means in days of the review and of the correction, lognormal with this coefficient of variation."""
SHARES = (0.2, 0.3, 0.5)
"""Of the projects in each priority class, the first class first."""
LOAD = 0.85

Visit = tuple[int, int, int, float, float, float, bool]
"""Project, stage, visit (0, 1, ...), queued, begun, decided, returned."""


@dataclass(frozen=True)
class Reference:
    """What all ways of simulating it are given.

    Attributes
    ----------
    entry : list of float
        The day on which each project comes to the first office, ascending.
    rank : list of int
        Priority class, 0 first.
    reviewers : int
        At each office, so that they are busy for about 0.85 of the time while projects come in.
    """

    entry: list[float]
    rank: list[int]
    reviewers: int

    @property
    def share(self) -> float:
        """Part of the time for which reviewers are busy while projects come in."""
        return offered(len(self.entry)) / self.reviewers


def reference(projects: int = 1000, seed: int = 0) -> Reference:
    """The model with so many projects, which come evenly over 60 days.

    >>> made = reference(1000)
    >>> len(made.entry), made.reviewers, round(made.share, 2)
    (1000, 7, 0.84)
    """
    rng = np.random.default_rng(seed)
    entry = np.sort(rng.uniform(0.0, DAYS, projects))
    rank = rng.choice(len(SHARES), projects, p=SHARES)
    return Reference(entry.tolist(), rank.tolist(), max(round(offered(projects) / LOAD), 1))


def offered(projects: int) -> float:
    """Reviewers busy at an office on average: projects a day, times visits, times work."""
    return projects / DAYS / (1 - RETURNED) * WORK


def underlying(mean: float) -> tuple[float, float]:
    """Mean and standard deviation of the normal distribution under a lognormal one with this mean.

    >>> [round(number, 4) for number in underlying(1.0)]
    [-0.3466, 0.8326]
    """
    square = math.log1p(CV * CV)
    return math.log(mean) - square / 2, math.sqrt(square)


def times(model: Reference, visits: Sequence[Visit]) -> list[float]:
    """Days of each project from its entry to its last decision."""
    last = dict.fromkeys(range(len(model.entry)), math.nan)
    for project, stage, _, _, _, decided, returned in visits:
        if stage == STAGES - 1 and not returned:
            last[project] = decided
    return [day - entry for day, entry in zip(last.values(), model.entry, strict=True)]
