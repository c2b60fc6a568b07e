"""Start-rate curves with bands over replications, and what becomes of the projects (MODEL 4.6)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.cohort import Cohort, View, choose
from simulation.intervals import mean_of, simultaneous
from simulation.records import OUTCOMES

if TYPE_CHECKING:
    from simulation.runs import Runs

Floats = NDArray[np.float64]
Which = Literal["mean", "replications"]
POINTS = 400
"""Most points of a curve whose times are not given."""
MIDDLE = 0.9
"""Share of the replications within their band."""


def curve(runs: Runs, view: View, times: Sequence[float] | Floats | None, which: Which) -> pd.DataFrame:
    """Mean start-rate curves of all scenarios, see `simulation.runs.Runs.curve`."""
    choose("which", which, get_args(Which))
    grid = grid_of(runs, times)
    parts = []
    for name in runs.scenarios:
        for cohort in runs.cohorts(name, view):
            part = pd.DataFrame({"scenario": name, **named(view, cohort), **when(runs, grid)})
            parts.append(part.assign(**bands(runs, cohort.shares(runs.outcomes_of(name), grid), view, which)))
    return pd.concat(parts, ignore_index=True)


def bands(runs: Runs, shares: Floats, view: View, which: Which = "mean") -> dict[str, Floats | int]:
    """Mean, pointwise and simultaneous band of curves, shape (replications, times); a share stays between 0 and 1."""
    mean, half = mean_of(shares, view.confidence)
    if which == "mean":
        low, high = np.clip(mean - half, 0.0, 1.0), np.clip(mean + half, 0.0, 1.0)
    else:
        low, high = np.quantile(shares, [(1 - MIDDLE) / 2, (1 + MIDDLE) / 2], axis=0)
    wide = simultaneous(shares, view.confidence, runs.bootstrap)
    band = {"sim_low": np.clip(mean - wide, 0.0, 1.0), "sim_high": np.clip(mean + wide, 0.0, 1.0)}
    return {"mean": mean, "low": low, "high": high, **band, "replications": len(shares)}


def grid_of(runs: Runs, times: Sequence[float] | Floats | None) -> Floats:
    """The times of a curve: those given, or ends of days from the first entry to the horizon, without one to the last
    start of all runs."""
    if times is not None:
        return np.asarray(times, dtype=np.float64)
    first, last = runs.span
    begin = math.floor(first)
    if runs.horizon is None:
        end = max(math.ceil(runs.end_of(last)), begin + 1)
    else:
        end = whole(runs.horizon)
        begin = min(begin, end - 1)
    step = -(-(end - begin) // POINTS)
    return ends_of(runs, np.arange(end, begin - step, -step)[::-1])


def whole(moment: float) -> int:
    """Whole days until a moment, the date that it ends included.

    >>> whole(9.5), whole(9.0), whole(math.nextafter(9.0, 0.0))
    (9, 9, 9)
    """
    return math.floor(math.nextafter(moment, math.inf))


def ends_of(runs: Runs, days: NDArray[Any]) -> Floats:
    """Whole days as moments: where they are dates, the midnight that ends one belongs to the next."""
    return np.nextafter(days, -np.inf) if runs.dated else days.astype(np.float64)


def named(view: View, cohort: Cohort) -> dict[str, str]:
    """The group as a column, where there are groups."""
    return {} if view.by is None else {"group": cohort.group}


def when(runs: Runs, times: Floats) -> dict[str, NDArray[np.float64] | pd.DatetimeIndex]:
    """Times as columns: days from the origin and, where a calendar is in force, the date at whose end this is."""
    process = next(iter(runs.arms.values())).process
    if process.calendar is None:
        return {"time": times}
    times = np.round(times, 9)
    dates = np.ceil(times).astype(np.int64) - 1
    return {"time": times, "date": pd.Timestamp(process.origin) + pd.to_timedelta(dates, unit="D")}


def at(runs: Runs, days: Sequence[float | str | dt.date], view: View) -> pd.DataFrame:
    """The curves on stated days, see `simulation.runs.Runs.started`."""
    grid = np.array([runs.day(day) for day in days])
    about = {"by": list(map(str, days)), "time": np.round(grid, 9)}
    parts = []
    for name in runs.scenarios:
        for cohort in runs.cohorts(name, view):
            part = pd.DataFrame({"scenario": name, **named(view, cohort), **about})
            made = bands(runs, cohort.shares(runs.outcomes_of(name), grid), view)
            parts.append(part.assign(**{key: made[key] for key in ("mean", "low", "high", "replications")}))
    return pd.concat(parts, ignore_index=True)


def ends(runs: Runs, view: View) -> pd.DataFrame:
    """What has become of the projects, see `simulation.runs.Runs.outcomes`."""
    rows = []
    for name in runs.scenarios:
        for cohort in runs.cohorts(name, view):
            for code, outcome in enumerate(OUTCOMES):
                shares = np.array([
                    float(cohort.weight[one.outcome[cohort.rows] == code].sum()) for one in runs.outcomes_of(name)
                ]) / cohort.total  # fmt: skip
                mean, half = mean_of(shares, view.confidence)
                low, high = np.clip([mean - half, mean + half], 0.0, 1.0)
                rows.append({"scenario": name, **named(view, cohort), "outcome": outcome,
                             "share": mean, "low": low, "high": high})  # fmt: skip
    return pd.DataFrame(rows)
