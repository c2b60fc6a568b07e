"""What is kept of one replication: days of projects as arrays, and small tables of stages, offices and measures."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation import runtables, sums
from simulation.network import Network
from simulation.records import Records

if TYPE_CHECKING:
    from simulation.giving import Given

Floats = NDArray[np.float64]
DAYS = ("ready", "approved", "granted", "started", "ended")
TABLES = ("stages", "waiting", "offices", "measures", "sittings", "holdings", "draws")


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
    sittings, holdings, draws : DataFrame
        What was given to whom and when, as in `simulation.giving.Given`; without columns where nothing is given out.
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
    sittings: pd.DataFrame = field(default_factory=pd.DataFrame)
    holdings: pd.DataFrame = field(default_factory=pd.DataFrame)
    draws: pd.DataFrame = field(default_factory=pd.DataFrame)

    @staticmethod
    def of(made: Network, kept: Records, given: Given | None = None) -> Outcome:
        """The brief form of a run, and of what was given in it."""
        first = float(made.entry.min()) if len(made.entry) else 0.0
        return Outcome(
            made.entry, kept.approved, kept.granted, kept.started, kept.ended, kept.outcome.astype(np.int8),
            sums.stages(made, kept), sums.waiting(made, kept), runtables.offices(made, kept, first),
            runtables.measures(made, kept), *((given.sittings, given.holdings, given.draws) if given else ()),
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
    return np.array(["" if pd.isna(cell) else cell for cell in column], dtype=str)
