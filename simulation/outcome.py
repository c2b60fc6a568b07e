"""What is kept of one replication: days of projects as arrays, and small tables of stages, offices and measures."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.records import RETURN

if TYPE_CHECKING:
    from simulation.run import Run

Floats = NDArray[np.float64]
DAYS = ("ready", "approved", "granted", "started", "ended")
TABLES = ("stages", "waiting", "offices", "measures")
WEEK = 7.0
DECISIONS = ("passed", "refused", "default")


@dataclass(frozen=True, eq=False)
class Outcome:
    """One replication in brief. Projects stand in the order of their ids as text.

    Attributes
    ----------
    ready, approved, granted, started, ended : float64 array, one per project
        Days from the origin, NaN where not reached; ``ended``: refused, withdrawn or abandoned.
    outcome : int8 array, one per project
        Place in `simulation.records.OUTCOMES`.
    stages : DataFrame
        Per stage of the process: ``stage, office, visits, returned, judged`` (decisions for which there is a limit, and
        what is undecided beyond it), ``on_time`` (of these), ``waiting`` (days in the queue), ``applicant`` (days of
        papers, filing and corrections) and ``worked`` (working days of reviewers), each summed over all visits.
    waiting : DataFrame
        ``stage, week, days``: project-days in a queue by week; week 0 begins at the origin.
    offices, measures : DataFrame
        As in the run.
    """

    ready: Floats
    approved: Floats
    granted: Floats
    started: Floats
    ended: Floats
    outcome: NDArray[np.int8]
    stages: pd.DataFrame
    waiting: pd.DataFrame
    offices: pd.DataFrame
    measures: pd.DataFrame

    @staticmethod
    def of(run: Run) -> Outcome:
        """The brief form of a run."""
        kept = run.records
        return Outcome(
            run.network.entry, kept.approved, kept.granted, kept.started, kept.ended, kept.outcome.astype(np.int8),
            stages(run), waiting(run.visits), run.offices, run.measures,
        )  # fmt: skip

    def to_bytes(self) -> bytes:
        """All of it as a compressed archive of plain arrays; nothing in it is executed when it is read."""
        arrays: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in (*DAYS, "outcome")}
        for name in TABLES:
            table: pd.DataFrame = getattr(self, name)
            arrays |= {f"{name}.{column}": _plain(table[column]) for column in table.columns}
        made = io.BytesIO()
        np.savez_compressed(made, allow_pickle=False, **arrays)
        return made.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> Outcome:
        """Back from `to_bytes`.

        Raises
        ------
        ValueError
            The bytes are not such an archive.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as held:
                arrays = {name: held[name] for name in held.files}
            days: dict[str, Any] = {name: arrays.pop(name) for name in (*DAYS, "outcome")}
        except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError) as error:
            raise ValueError(f"no kept replication: {error}") from error
        tables: dict[str, dict[str, Any]] = {name: {} for name in TABLES}
        for name, array in arrays.items():
            table, _, column = name.partition(".")
            tables[table][column] = pd.Series(array, dtype="str") if array.dtype.kind == "U" else array
        return Outcome(**days, **{name: pd.DataFrame(table) for name, table in tables.items()})  # type: ignore[arg-type]


def _plain(column: pd.Series) -> NDArray[Any]:
    """Numbers as they are, anything else as text; a blank is an empty text."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy()
    return column.astype(object).where(column.notna(), "").to_numpy(dtype=str)


def stages(run: Run) -> pd.DataFrame:
    """Sums over the visits of each stage, see `Outcome`."""
    defined, visits = run.network.process.stages, run.visits
    stage = pd.Index([one.name for one in defined]).get_indexer(pd.Index(visits["stage"].astype(object)))

    def total(values: pd.Series | NDArray[Any]) -> Floats:
        return _totals(stage, np.asarray(values, dtype=np.float64), len(defined))

    limited = np.array([one.limit is not None for one in defined], dtype=bool)[stage]
    on_time = visits["on_time"].to_numpy(dtype=bool)
    judged = limited & (
        visits["result"].isin(DECISIONS).to_numpy() | (~on_time & (visits["result"] == "cut").to_numpy())
    )
    return pd.DataFrame({
        "stage": pd.Series([one.name for one in defined], dtype="str"),
        "office": pd.Series([one.office for one in defined], dtype="str"),
        "visits": total(np.ones(len(stage))), "returned": total(visits["returned"]), "judged": total(judged),
        "on_time": total(judged & on_time), "waiting": total(visits["waited"].fillna(0.0)),
        "applicant": _applicant(run), "worked": total(visits["worked"].fillna(0.0)),
    })  # fmt: skip


def _applicant(run: Run) -> Floats:
    """Days that applicants took at each stage: papers, the way to the desk, corrections; of those that came there."""
    drawn, stage = run.records.drawn, run.network.stage
    came = np.isfinite(run.records.queued)
    days = np.where(came, drawn.filing, 0.0) + np.where(came & (run.records.result == RETURN), drawn.correction, 0.0)
    count = len(run.network.process.stages)
    papers = np.where(came[drawn.first], drawn.prepare, 0.0) if len(stage) else np.zeros(0)
    return _totals(stage, papers, count) + _totals(np.repeat(stage, drawn.counts), days, count)


def _totals(place: NDArray[np.int64], values: Floats, count: int) -> Floats:
    return np.bincount(place, values, minlength=count).astype(np.float64)


def waiting(visits: pd.DataFrame) -> pd.DataFrame:
    """Project-days in the queue of each stage in each week, see `Outcome`; an interrupted review waits all at once.

    Examples
    --------
    >>> visits = pd.DataFrame({"stage": ["review"], "queued": [5.0], "waited": [10.0]})
    >>> waiting(visits)[["week", "days"]].to_dict("list")
    {'week': [0, 1, 2], 'days': [2.0, 7.0, 1.0]}
    """
    known = (visits["waited"] > 0).to_numpy()
    stage, names = pd.factorize(visits["stage"].to_numpy(dtype=object)[known], sort=True)
    begin = visits["queued"].to_numpy(dtype=float)[known]
    end = begin + visits["waited"].to_numpy(dtype=float)[known]
    first = np.floor(begin / WEEK).astype(np.int64)
    pieces = np.maximum(np.ceil(end / WEEK).astype(np.int64) - first, 1)
    row = np.repeat(np.arange(len(begin)), pieces)
    week = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    days = np.maximum(np.minimum(end[row], (week + 1) * WEEK) - np.maximum(begin[row], week * WEEK), 0.0)
    early, width = (int(week.min()), int(week.max()) + 1 - int(week.min())) if len(week) else (0, 1)
    sums = np.bincount(stage[row] * width + week - early, days, minlength=len(names) * width)
    place = np.flatnonzero(sums)
    return pd.DataFrame({
        "stage": pd.Series(names[place // width], dtype="str"), "week": place % width + early, "days": sums[place],
    })  # fmt: skip
