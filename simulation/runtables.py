"""From the records of a run to its tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.network import Bools, Desk, Ints, Network
from simulation.records import DISPATCH, HELPERS, HOTLINE, OUTCOMES, RESULTS, RETURN, TEAMS, Records


def projects(made: Network, kept: Records) -> pd.DataFrame:
    """One row per project, in the order in which they were given."""
    table = pd.DataFrame({
        "id": made.named, "ready": made.entry, "approved": kept.approved, "granted": kept.granted,
        "started": kept.started, "outcome": _words(OUTCOMES, kept.outcome), "ended": kept.ended,
        "visited": kept.visited,
    })  # fmt: skip
    if made.process.calendar is not None:
        origin = pd.Timestamp(made.process.origin)
        for name in ("ready", "approved", "granted", "started"):
            table[f"{name}_date"] = (origin + pd.to_timedelta(table[name], unit="D")).dt.floor("D")
    back = np.empty(len(table), dtype=np.int64)
    back[made.order] = np.arange(len(table))
    return table.iloc[back].reset_index(drop=True)


def visits(made: Network, kept: Records) -> pd.DataFrame:
    """One row per visit, in the order in which they queued."""
    counts = kept.drawn.counts
    pair = np.repeat(np.arange(len(made.project)), counts)
    place = np.arange(len(kept.queued)) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = np.flatnonzero(np.isfinite(kept.queued))
    rows = rows[np.lexsort((rows, kept.queued[rows]))]
    stage, desk = made.stage[pair[rows]], made.desk[pair[rows]]
    stages, result = made.process.stages, kept.result[rows]
    return pd.DataFrame({
        "project": made.named[made.project[pair[rows]]], "stage": _words([one.name for one in stages], stage),
        "office": _words([one.office for one in stages], stage),
        "region": _words(["", *(one.place for one in made.desks)], desk + 1),
        "visit": place[rows], "queued": kept.queued[rows], "begun": kept.begun[rows], "decided": kept.decided[rows],
        "returned": result == RETURN, "on_time": on_time(made, kept, pair, rows), "result": _words(RESULTS, result),
        "waited": kept.waited[rows], "worked": kept.worked[rows],
    })  # fmt: skip


def on_time(made: Network, kept: Records, pair: Ints, rows: Ints) -> Bools:
    """Whether visits are within the limit of their stage; undecided, until the project left or the end.

    Parameters
    ----------
    made, kept : Network, Records
    pair : array of int
        Of all visits.
    rows : array of int
        The visits in question.
    """
    stages = made.process.stages
    limit = np.array([np.inf if one.limit is None else one.limit + one.extension for one in stages] or [0.0])
    clock = kept.clock[rows]
    cut = np.isnan(clock)
    now, before = rows[cut], np.maximum(rows[cut] - 1, 0)
    left = kept.ended[made.project[pair[now]]]
    had = made.official.work(np.where(np.isnan(left), kept.end, left)) - made.official.work(kept.queued[now])
    returned = (pair[before] == pair[now]) & (kept.result[before] == RETURN)
    clock[cut] = np.where(returned, kept.clock[before], 0.0) + had
    return np.asarray(clock <= limit[made.stage[pair[rows]]] + 1e-9)


def offices(made: Network, kept: Records, first: float) -> pd.DataFrame:
    """One row per desk, measured from the first entry to the end of the run."""
    desk = np.repeat(made.desk, kept.drawn.counts)
    begun = np.isfinite(kept.begun) & (desk >= 0)
    count = len(made.desks)
    number = np.bincount(desk[begun], minlength=count)
    at = np.where(desk >= 0, desk, 0)
    worked = np.bincount(at, np.where(desk >= 0, kept.worked, 0.0), minlength=count)[:count]
    waited = np.bincount(at, np.where(desk >= 0, kept.waited, 0.0), minlength=count)[:count]
    begun_waits = np.bincount(desk[begun], kept.waited[begun], minlength=count)
    staffed = np.array([_staffed(made, one, first, kept.end) for one in made.desks])
    open_days = float(made.presence.work(np.array([kept.end]))[0] - made.presence.work(np.array([first]))[0])
    length = kept.end - first
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame({
            "office": np.array([one.office.name for one in made.desks], dtype=object),
            "region": np.array([one.place for one in made.desks], dtype=object),
            "reviewers": staffed / open_days if open_days > 0 else np.nan * staffed,
            "utilisation": np.where(staffed > 0, worked / staffed, np.nan),
            "mean_queue": waited / length if length > 0 else np.nan * waited,
            "mean_wait": begun_waits / number, "visits": number,
        })  # fmt: skip


def _staffed(made: Network, desk: Desk, first: float, end: float) -> float:
    """Working days of all reviewers of a desk together; none where it decides at meetings."""
    if desk.office.every is not None:
        return 0.0
    days = np.clip(np.array([*(day for day, _ in desk.staff), np.inf]), first, end)
    return float((np.diff(made.presence.work(days)) * [number for _, number in desk.staff]).sum())


def problems(made: Network, kept: Records) -> pd.DataFrame:
    """One row per problem that came up."""
    rows = np.flatnonzero(np.isfinite(kept.raised))
    blocked = kept.drawn.blocked[rows]
    names = ["", *(one.name for one in made.process.stages)]
    stage = np.where(blocked >= 0, made.stage[np.maximum(blocked, 0)] + 1 if len(made.stage) else 0, 0)
    return pd.DataFrame({
        "project": made.named[kept.drawn.holder[rows]],
        "problem": _words([one.name for one in made.process.problems], kept.drawn.problem[rows]),
        "stage": _words(names, stage), "raised": kept.raised[rows], "called": kept.called[rows],
        "met": kept.met[rows], "resolved": kept.resolved[rows], "by": _words(["", *HELPERS], kept.by[rows] + 1),
    })  # fmt: skip


def measures(made: Network, kept: Records) -> pd.DataFrame:
    """What hotline, dispatch meetings and teams received and solved."""
    holder = kept.drawn.holder
    rows = []
    for measure, number, took in (
        ("hotline", HOTLINE, np.isfinite(kept.called)),
        ("dispatch", DISPATCH, np.isfinite(kept.met)),
        ("teams", TEAMS, np.zeros(len(holder), dtype=bool)),
    ):
        visited = np.isfinite(kept.visited)
        teams = measure == "teams"
        rows.append((
            measure, int(visited.sum() if teams else took.sum()),
            int(visited.sum() if teams else len(np.unique(holder[took]))), int((kept.by == number).sum()),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=["measure", "received", "projects", "solved"])


def _words(words: object, places: NDArray[np.int64]) -> NDArray[np.object_]:
    made: NDArray[np.object_] = np.array(words, dtype=object)
    return made[places] if len(places) else np.zeros(0, dtype=object)
