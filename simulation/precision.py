"""How many replications: enough to know the share started by a stated day as precisely as is wanted (MODEL 4.8)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.errors import YaosuError
from simulation.cohort import View
from simulation.intervals import mean_of
from simulation.measures import Day

if TYPE_CHECKING:
    from simulation.runs import Runs


@dataclass(frozen=True)
class Precision:
    """A wish: the half width of the interval of ``S(by)`` (Student's t) is at most so much, in every scenario.

    Parameters
    ----------
    by : day
        A day number, or a date at its end.
    half_width : float
        As a share: 0.005 is half a percentage point.
    confidence : float
    least, most : int
        Replications; `least` are made in any case, since a spread must be known before it can be judged.

    Examples
    --------
    >>> Precision("2020-03-02", half_width=0.01).least
    20
    """

    by: Day
    half_width: float = 0.005
    confidence: float = 0.95
    least: int = 20
    most: int = 2000

    def __post_init__(self) -> None:
        for name in ("half_width", "confidence"):
            if not 0 < getattr(self, name) < 1:
                raise YaosuError("runs_share", {"name": name, "found": str(getattr(self, name))})
        for name, least in (("least", 2), ("most", self.least)):
            if getattr(self, name) < least:
                raise YaosuError(
                    "runs_least", {"name": name, "expected": str(least), "found": str(getattr(self, name))}
                )


def reached(runs: Runs, wish: Precision) -> pd.DataFrame:
    """How precise the runs are: ``scenario, time, replications, share, half_width, reached``.

    The half width is NaN with fewer than two results.
    """
    time, rows = runs.day(wish.by), []
    for name in runs.scenarios:
        known = runs.numbers(name)
        share, half = math.nan, math.nan
        if known:
            [cohort] = runs.cohorts(name, View())
            mean, width = mean_of(cohort.shares(runs.outcomes_of(name), np.array([time]))[:, 0], wish.confidence)
            share, half = float(mean), float(width)
        rows.append((name, round(time, 9), len(known), share, half, half <= wish.half_width))
    return pd.DataFrame(rows, columns=["scenario", "time", "replications", "share", "half_width", "reached"])


def following(table: pd.DataFrame, wish: Precision, done: int) -> int:
    """The number of replications to go on to; `done` where that is enough, or no more are allowed or of use.

    The half width falls with the root of the number. The spread seen so far is uncertain, so that the number grows
    fourfold at most, and by a tenth at least.

    Examples
    --------
    >>> table = pd.DataFrame({"half_width": [0.008, 0.004], "reached": [False, True]})
    >>> following(table, Precision(60, half_width=0.005), 100)
    257
    """
    missing = table.loc[~table["reached"] & table["half_width"].notna(), "half_width"]
    if missing.empty:
        return done
    needed = math.ceil(done * (float(missing.max()) / wish.half_width) ** 2)
    return min(max(needed, done + max(10, done // 10)), 4 * done, wish.most)
