"""Replications kept in SQLite as they are done, by input and number; several processes may write at once."""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Self

from allocator.errors import YaosuError
from simulation.outcome import Outcome

SCHEMA = 1
PATIENCE = 60.0
"""Seconds to wait for another process that writes."""
TABLE = """
CREATE TABLE outcomes (
    input TEXT NOT NULL, replication INTEGER NOT NULL, scenario TEXT NOT NULL, seed INTEGER NOT NULL,
    created TEXT NOT NULL, version TEXT NOT NULL, status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    kind TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', data BLOB,
    PRIMARY KEY (input, replication)
)
"""


@dataclass(frozen=True)
class Failure:
    """Why a replication gave no result: the type of the error and what it said."""

    kind: str
    message: str


@dataclass(frozen=True)
class Entry:
    """A replication to be kept: where it belongs, and its packed outcome or why it failed."""

    input: str
    replication: int
    scenario: str
    seed: int
    result: bytes | Failure


class Store:
    """A file of replications. What is done is never lost to a killed process; a failure never replaces a result.

    Parameters
    ----------
    path : path
        Made where it is missing.

    Raises
    ------
    YaosuError
        The file cannot be opened, is no store or damaged, or was written by a newer version.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Store(folder + "/runs.sqlite") as store:
    ...     store.add([Entry("f00d", 0, "baseline", 1, Failure("ValueError", "no such day"))])
    ...     store.done("f00d"), store.failures("f00d")
    (set(), {0: Failure(kind='ValueError', message='no such day')})
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with self._told():
            self._base = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._base.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._base.close()

    def add(self, entries: Iterable[Entry]) -> None:
        """Keep replications, all of them or none."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        rows = [_row(entry, now) for entry in entries]
        with self._told(), self._writing():
            self._base.executemany(
                "INSERT INTO outcomes"
                " (input, replication, scenario, seed, created, version, status, kind, message, data)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (input, replication) DO UPDATE SET"
                " created = excluded.created, version = excluded.version, status = excluded.status,"
                " kind = excluded.kind, message = excluded.message, data = excluded.data"
                " WHERE outcomes.status = 'failed'",
                rows,
            )

    def done(self, input: str) -> set[int]:
        """Numbers of the replications of an input that are kept."""
        with self._told():
            query = "SELECT replication FROM outcomes WHERE input = ? AND status = 'done'"
            return {number for (number,) in self._base.execute(query, (input,))}

    def outcomes(self, input: str, replications: Iterable[int]) -> Iterator[tuple[int, Outcome]]:
        """Those of the replications of an input that are kept, one after the other."""
        query = "SELECT data FROM outcomes WHERE input = ? AND replication = ? AND status = 'done'"
        for number in replications:
            with self._told():
                found = self._base.execute(query, (input, number)).fetchone()
                if found is not None:
                    yield number, Outcome.from_bytes(found[0])

    def failures(self, input: str) -> dict[int, Failure]:
        """Replications of an input that failed, and why."""
        with self._told():
            query = "SELECT replication, kind, message FROM outcomes WHERE input = ? AND status = 'failed'"
            return {number: Failure(kind, message) for number, kind, message in self._base.execute(query, (input,))}

    def _open(self) -> None:
        """Make the table of a new file; refuse a file that is not ours, and leave it as it is."""
        if self._state() == (0, 0):
            self._journal()
            with self._writing():
                if self._state() == (0, 0):  # nobody else has made it meanwhile
                    self._base.execute(TABLE)
                    self._base.execute(f"PRAGMA user_version = {SCHEMA}")
        version, _ = self._state()
        if version == 0:
            raise YaosuError("store_foreign", {"found": str(self.path)})
        if version != SCHEMA:
            values = {"found": str(self.path), "version": str(version), "expected": str(SCHEMA)}
            raise YaosuError("store_version", values)
        self._base.execute("PRAGMA synchronous = NORMAL")

    def _journal(self) -> None:
        """Write-ahead logging: readers and a writer do not stop each other. The switch does not wait by itself."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self._base.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                if not busy or time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _state(self) -> tuple[int, int]:
        """Version of the file and number of its tables, at one moment."""
        query = "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
        version, tables = self._base.execute(query).fetchone()
        return int(version), int(tables)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, begun as a writer."""
        try:
            self._base.execute("BEGIN IMMEDIATE")
            yield
            self._base.execute("COMMIT")
        except BaseException:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite says, as an error in words."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise YaosuError("store_open", {"found": str(self.path), "reason": str(error)}) from error
        except (sqlite3.DatabaseError, ValueError) as error:
            raise YaosuError("store_damaged", {"found": str(self.path), "reason": str(error)}) from error


def _row(entry: Entry, now: str) -> tuple[str | int | bytes | None, ...]:
    where = (entry.input, entry.replication, entry.scenario, entry.seed, now, metadata.version("yaosu"))
    if isinstance(entry.result, Failure):
        return (*where, "failed", entry.result.kind, entry.result.message, None)
    return (*where, "done", "", "", entry.result)
