"""One project's way through a run: what was going on at each of its stages, from day to day."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import cells
from allocator.errors import YaosuError
from simulation.cohort import days_due
from simulation.records import CUT, DEFAULT, RETURN
from simulation.run import Run

KINDS = ("problem", "papers", "filing", "waiting", "review", "correction", "notice")
"""A problem blocks; the applicant makes papers ready; they are on their way and formally checked; they wait in the
queue; they are reviewed; the applicant corrects; a notice or another fixed time runs."""
Span = tuple[str, str, int, float, float]


def way(run: Run, project: str) -> pd.DataFrame:
    """What was going on at each stage of a project.

    Parameters
    ----------
    run : Run
    project : str
        Its id.

    Returns
    -------
    DataFrame
        ``stage`` (blank: before the start), ``kind`` (one of `KINDS`), ``visit``, ``begin, end`` (days from the
        origin), in the order in which the stages begin. A review that was interrupted counts as one.

    Raises
    ------
    YaosuError
        There is no such project.

    Examples
    --------
    >>> from simulation import Office, Process, Stage, simulate
    >>> desk = Process([Stage("review", office="desk", work=2, prepare=3, elapsed=1)], [Office("desk")])
    >>> run = simulate(pd.DataFrame({"id": ["a"], "ready": [0.0]}), desk, engine="simpy")
    >>> way(run, "a")[["kind", "begin", "end"]].values.tolist()
    [['papers', 0.0, 3.0], ['review', 3.0, 5.0], ['notice', 5.0, 6.0]]
    """
    ids = [str(one) for one in run.network.ids]
    if str(project) not in ids:
        raise YaosuError("way_unknown", {"found": str(project), "nearest": cells.nearest(str(project), ids) or ids[0]})
    place = ids.index(str(project))
    spans = [*_visits(run, place), *_problems(run, place)]
    table = pd.DataFrame(spans, columns=["stage", "kind", "visit", "begin", "end"])
    table = table[table["end"] > table["begin"] + 1e-9]
    first = table.groupby("stage")["begin"].transform("min")
    later = (table["stage"] == "").astype(int)
    order = np.lexsort((table["begin"], table["stage"], first, later))
    return table.iloc[order].reset_index(drop=True)


def _visits(run: Run, place: int) -> Iterator[Span]:
    """What is known of the visits to each stage."""
    network, kept, drawn = run.network, run.records, run.records.drawn
    for pair in range(int(network.base[place]), int(network.base[place + 1])):
        stage = network.process.stages[int(network.stage[pair])].name
        for visit in range(int(drawn.first[pair]), int(drawn.first[pair] + drawn.counts[pair])):
            queued, number = float(kept.queued[visit]), int(drawn.visit[visit])
            if np.isnan(queued):
                continue
            filed = queued - float(drawn.filing[visit])
            yield stage, "filing", number, filed, queued
            if visit == drawn.first[pair]:
                yield stage, "papers", number, filed - float(drawn.prepare[pair]), filed
            begun, decided = (_known(values[visit], run.end) for values in (kept.begun, kept.decided))
            yield stage, "waiting", number, queued, min(begun, decided)
            yield stage, "review", number, min(begun, decided), decided
            result = int(kept.result[visit])
            if result == RETURN:
                yield stage, "correction", number, decided, min(decided + float(drawn.correction[visit]), run.end)
            elif result in (0, DEFAULT) and result != CUT:
                yield stage, "notice", number, decided, min(decided + float(drawn.elapsed[visit]), run.end)


def _known(day: float, end: float) -> float:
    return end if np.isnan(day) else float(day)


def _problems(run: Run, place: int) -> Iterator[Span]:
    """Problems by the stage that they block."""
    mine = run.problems[run.problems["project"].astype(str) == str(run.network.ids[place])]
    for number, row in enumerate(mine.to_dict("records")):
        yield row["stage"], "problem", number, row["raised"], _known(row["resolved"], run.end)


def typical(run: Run) -> str:
    """A project worth looking at: of those that pass most stages (and start late, where some do) the middle one.

    Examples
    --------
    >>> from simulation import Process, Stage, simulate
    >>> process = Process([Stage("site", elapsed=2), Stage("air", elapsed=3, applies="land > 1")])
    >>> projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0], "land": [1.0, 2.0]})
    >>> typical(simulate(projects, process, engine="simpy"))
    'b'
    """
    stages = np.diff(run.network.base)
    took = run.records.started - run.network.entry
    known = np.isfinite(took)
    if not known.any():
        return str(run.network.ids[int(stages.argmax())])
    long = known & (stages >= np.quantile(stages[known], 0.9))
    late = long & _late(run)
    long = late if late.any() else long
    rows = np.flatnonzero(long)
    middle = rows[np.argsort(took[rows], kind="stable")[(len(rows) - 1) // 2]]
    return str(run.network.ids[middle])


def _late(run: Run) -> NDArray[np.bool_]:
    """Projects that start after the day on which they were due; none where nothing is due."""
    projects = run.network.projects
    if "due" not in projects:
        return np.zeros(len(run.network.ids), dtype=bool)
    due = pd.Series(days_due(projects, run.network.process), index=projects["id"].astype(str))
    return np.asarray(run.records.started > due.reindex([str(one) for one in run.network.ids]).to_numpy(dtype=float))
