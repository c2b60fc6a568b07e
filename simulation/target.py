"""What is to be reached: a share of the projects that count by a day, and how replications are judged (MODEL 4.9)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from allocator.errors import YaosuError
from simulation.cohort import Cohort, View, choose, cohorts
from simulation.intervals import mean_of
from simulation.network import Network

Floats = NDArray[np.float64]
Of = Literal["replications", "mean"]
NEAR = 1e-9
"""By so much a share may miss the target through rounding."""


@dataclass(frozen=True)
class Point:
    """What came out at one value of a lever.

    Attributes
    ----------
    value : float
    share : float
        Mean share started over replications.
    low, high : float
        With the stated confidence the share is no less and no more (each by itself): of a year like this one, or of the
        mean, as in the goal.
    chance : float
        Share of the replications in which the target is reached.
    replications : int
    reaches : bool
        ``low`` is at least the target.
    """

    value: float
    share: float
    low: float
    high: float
    chance: float
    replications: int
    reaches: bool


@dataclass(frozen=True)
class Goal:
    """A share that is to be reached by a day.

    Parameters
    ----------
    target : float
    day : float
        Starts up to and including this moment count.
    of : {"replications", "mean"}
    confidence : float

    Raises
    ------
    YaosuError
        There is no such choice, or a share is none.

    Examples
    --------
    >>> shares = np.array([0.90, 0.92, 0.94, 0.96, 0.98])
    >>> point = Goal(0.92, 60.0, "replications", 0.8).point(1.5, shares)
    >>> point.low, point.high, point.chance, point.reaches
    (0.92, 0.96, 0.8, True)
    >>> round(Goal(0.92, 60.0, "mean", 0.95).point(1.5, shares).low, 4)
    0.9099
    """

    target: float
    day: float
    of: Of = "replications"
    confidence: float = 0.95

    def __post_init__(self) -> None:
        choose("of", self.of, get_args(Of))
        if not 0 < self.target <= 1:
            raise YaosuError("runs_share", {"name": "target", "found": str(self.target)})
        if not 0 < self.confidence < 1:
            raise YaosuError("runs_share", {"name": "confidence", "found": str(self.confidence)})

    @property
    def cut(self) -> float:
        """A run that is cut here has seen everything up to and including the day."""
        return math.nextafter(self.day, math.inf)

    def point(self, value: float, shares: Floats) -> Point:
        """A value of a lever judged by its shares, one per replication."""
        n, share = len(shares), float(mean_of(shares)[0])
        if self.of == "mean":
            half = float(mean_of(shares, 2 * self.confidence - 1)[1])  # one-sided
            low, high = max(share - half, 0.0), min(share + half, 1.0)
        else:
            inside, ordered = math.floor(n * (1 - self.confidence) + NEAR), np.sort(shares)
            low, high = float(ordered[inside]), float(ordered[max(n - 1 - inside, inside)])
        chance = float((shares >= self.target - NEAR).mean())
        return Point(value, share, low, high, chance, n, low >= self.target - NEAR)


def counted(network: Network, view: View, day: float) -> Cohort:
    """The projects that count by a day: all of a view, or those of it that are due by then.

    Raises
    ------
    YaosuError
        There is none, or together they weigh nothing.
    """
    found = cohorts(network.projects, network.process, replace(view, by=None))
    if found and found[0].due is not None:
        due = found[0].due <= day
        found = [Cohort("", found[0].ids[due], found[0].rows[due], found[0].weight[due])]
    if not found or not found[0].total > 0:
        raise YaosuError("seek_nobody")
    return found[0]
