"""What the visits of one replication come to: sums by stage, and queues by week."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.network import Floats, Ints, Network
from simulation.records import CUT, RESULTS, RETURN, Records
from simulation.runtables import on_time

WEEK = 7.0
DECISIONS = tuple(RESULTS.index(name) for name in ("passed", "refused", "default"))


def stages(made: Network, kept: Records) -> pd.DataFrame:
    """Sums over all visits, one row per stage of the process; the columns are told in `simulation.outcome.Outcome`."""
    defined = made.process.stages
    pair = np.repeat(np.arange(len(made.project)), kept.drawn.counts)
    rows = np.flatnonzero(np.isfinite(kept.queued))
    stage, result = made.stage[pair[rows]], kept.result[rows]

    def total(values: NDArray[np.generic], of: Ints = stage) -> Floats:
        return np.bincount(of, values.astype(np.float64), minlength=len(defined)).astype(np.float64)

    limited = np.array([one.limit is not None for one in defined], dtype=bool)[stage]
    punctual = on_time(made, kept, pair, rows)
    judged = limited & (np.isin(result, DECISIONS) | ((result == CUT) & ~punctual))
    away = kept.drawn.filing[rows] + np.where(result == RETURN, kept.drawn.correction[rows], 0.0)
    came = np.isfinite(kept.queued[kept.drawn.first]) if len(made.stage) else np.zeros(0, dtype=bool)
    return pd.DataFrame({
        "stage": pd.Series([one.name for one in defined], dtype="str"),
        "office": pd.Series([one.office for one in defined], dtype="str"),
        "visits": total(np.ones(len(rows))), "returned": total(result == RETURN), "judged": total(judged),
        "on_time": total(judged & punctual), "waiting": total(np.nan_to_num(kept.waited[rows])),
        "applicant": total(away) + total(np.where(came, kept.drawn.prepare, 0.0), made.stage),
        "worked": total(np.nan_to_num(kept.worked[rows])),
    })  # fmt: skip


def waiting(made: Network, kept: Records) -> pd.DataFrame:
    """Project-days in the queue of each stage in each week: ``stage, week, days``, weeks from the origin.

    An interrupted review counts as if it had waited all at once.
    """
    stage = np.repeat(made.stage, kept.drawn.counts)
    known = np.isfinite(kept.queued) & (kept.waited > 0)
    place, week, days = by_week(stage[known], kept.queued[known], kept.queued[known] + kept.waited[known])
    names = pd.Series([one.name for one in made.process.stages], dtype="str")
    return pd.DataFrame({"stage": names.iloc[place].reset_index(drop=True), "week": week, "days": days})


def by_week(stage: Ints, begin: Floats, end: Floats) -> tuple[Ints, Ints, Floats]:
    """The days of intervals by stage and week, where there are any.

    Examples
    --------
    >>> [part.tolist() for part in by_week(np.array([1, 1]), np.array([5.0, 8.0]), np.array([15.0, 9.0]))]
    [[1, 1, 1], [0, 1, 2], [2.0, 8.0, 1.0]]
    """
    first = np.floor(begin / WEEK).astype(np.int64)
    pieces = np.maximum(np.ceil(end / WEEK).astype(np.int64) - first, 1)
    row = np.repeat(np.arange(len(begin)), pieces)
    week = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    days = np.maximum(np.minimum(end[row], (week + 1) * WEEK) - np.maximum(begin[row], week * WEEK), 0.0)
    early, late = (int(week.min()), int(week.max())) if len(week) else (0, 0)
    width = late + 1 - early
    sums = np.bincount(stage[row] * width + week - early, days).astype(np.float64)
    place = np.flatnonzero(sums).astype(np.int64)
    return place // width, place % width + early, sums[place]
