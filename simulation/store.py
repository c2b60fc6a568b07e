"""Replications as they are done, plans and experiments when they are whole; several processes may write at once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.errors import YaosuError
from simulation import keeping
from simulation.keeping import Record
from simulation.outcome import Outcome
from simulation.storefile import StoreFile

LISTED = ("id", "kind", "command", "name", "input", "scenarios", "seed", "replications", "engine", "status", "seconds",
          "created", "repeated")  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """Why a replication gave no result: the type of the error and what it said; beside it what is told in words, which
    is not kept."""

    kind: str
    message: str
    told: YaosuError | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Entry:
    """A replication to be kept: where it belongs, and its packed outcome or why it failed."""

    input: str
    replication: int
    scenario: str
    seed: int
    result: bytes | Failure


@dataclass(frozen=True)
class Gone:
    """What a deletion took away: replications and copies of cases that nothing else kept refers to, and bytes."""

    replications: int
    cases: int
    freed: int


class Store(StoreFile):
    """A file of replications, plans and experiments.

    What is done is never lost to a killed process, and nothing is ever half there; a failure never replaces a result.
    A file of an older version is brought up to date when it is opened.

    Parameters
    ----------
    path : path
    create : bool
        Make a store where the file is missing or empty.

    Raises
    ------
    YaosuError
        The file cannot be opened, is no store or damaged, or was written by a newer version.

    Examples
    --------
    >>> import tempfile
    >>> from allocator import Case, allocate
    >>> from simulation.recording import record_plan
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> with tempfile.TemporaryDirectory() as folder, Store(folder + "/runs.sqlite") as store:
    ...     number = store.keep(record_plan(allocate(case)))
    ...     store.kept()[["number", "kind", "case", "status"]].values.tolist()
    ...     again = store.load(number)
    ...     again.case.hash == case.hash, again.tables["projects"]["funded"].tolist()
    [[1, 'plan', 'case', 'optimal']]
    (True, [True, False])
    """

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        self.touched: set[str] = set()
        super().__init__(path, create=create)

    def add(self, entries: Iterable[Entry]) -> None:
        """Keep replications, all of them or none."""
        now = _now()
        rows = [_row(entry, now) for entry in entries]
        self.touched |= {str(row[0]) for row in rows}
        with self._told(), self.writing():
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
        self.touched.add(input)
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

    def keep(self, record: Record) -> int:
        """Keep a plan or an experiment, all of it or nothing, with the replications that it was made from.

        Those are the ones that went through this store since it was opened. The same made again is not kept twice: it
        has a new time only.

        Returns
        -------
        int
            Its number.
        """
        figures, tables = keeping.pack(record.figures), {one: keeping.pack(made) for one, made in record.tables.items()}
        key, now = keeping.digest(record, [figures, *tables.values()]), _now()
        hashed, case = record.case.hash, keeping.copy(record.case)
        row = {
            "digest": key, "kind": record.kind, "command": record.command, "name": record.case.name, "created": now,
            "repeated": now, "input": hashed, "scenarios": keeping.text(record.scenarios), "seed": record.seed,
            "replications": record.replications, "engine": record.engine, "options": keeping.text(record.options),
            "versions": keeping.text(record.versions), "status": record.status, "seconds": record.seconds,
            "summary": keeping.text(record.summary), "figures": figures, "replicated": keeping.pack(record.replicated),
        }  # fmt: skip
        with self._told(), self.writing():
            found = self._base.execute("SELECT id FROM kept WHERE digest = ?", (key,)).fetchone()
            if found is not None:
                number = found[0]
                query = "UPDATE kept SET repeated = :repeated, replicated = :replicated WHERE digest = :digest"
                self._base.execute(query, row)
            else:
                self._base.execute("INSERT OR IGNORE INTO inputs VALUES (?, ?)", (hashed, case))
                slots = ", ".join(f":{name}" for name in row)
                number = self._base.execute(f"INSERT INTO kept ({', '.join(row)}) VALUES ({slots})", row).lastrowid
                rows = [(number, place, name, data) for place, (name, data) in enumerate(tables.items())]
                self._base.executemany("INSERT INTO results VALUES (?, ?, ?, ?)", rows)
            used = [(number, one) for one in sorted(self.touched)]
            self._base.executemany("INSERT OR IGNORE INTO uses VALUES (?, ?)", used)
        return int(number)

    def kept(self) -> pd.DataFrame:
        """All plans and experiments, in the order of their numbers.

        Returns
        -------
        DataFrame
            ``number, kind, command, case, input`` (hash), ``seed, replications, engine, status, seconds, created,
            repeated`` (UTC), ``scenarios`` and ``figures`` (each as in `Record`).
        """
        with self._told():
            query = f"SELECT {', '.join(LISTED)}, figures FROM kept ORDER BY id"
            rows = self._base.execute(query).fetchall()
            table = pd.DataFrame(rows, columns=[*LISTED, "figures"]).rename(columns={"id": "number", "name": "case"})
            stated = [json.loads(one) for one in table["scenarios"]]
            figures = [keeping.unpack(data) for data in table["figures"]]
        table = table.astype({"seed": "Int64", "replications": "Int64"})
        made = {"scenarios": stated, "figures": figures}
        return table.assign(**{name: pd.Series(found, dtype=object) for name, found in made.items()})

    def load(self, number: int) -> Record:
        """A plan or an experiment as it was kept.

        Raises
        ------
        YaosuError
            There is none of that number.
        """
        names = (*LISTED, "options", "versions", "summary", "figures", "replicated", "copy")
        with self._told():
            query = f"SELECT {', '.join(names)} FROM kept JOIN inputs ON input = hash WHERE id = ?"
            found = self._base.execute(query, (number,)).fetchone()
            if found is None:
                raise YaosuError("kept_unknown", {"found": str(number), "store": str(self.path)})
            query = "SELECT name, data FROM results WHERE kept = ? ORDER BY place"
            tables = {name: keeping.unpack(data) for name, data in self._base.execute(query, (number,))}
            row = dict(zip(names, found, strict=True))
            stated: dict[str, Any] = {
                name: json.loads(row[name]) for name in ("scenarios", "options", "versions", "summary")
            }
            figures, case = keeping.unpack(row["figures"]), keeping.read(row["copy"], row["name"])
            if row["replicated"] is not None:  # as of version 2
                stated["replicated"] = keeping.unpack(row["replicated"])
        told = {name: row[name] for name in ("kind", "command", "status", "engine", "seed", "replications", "seconds",
                                             "created", "repeated")}  # fmt: skip
        return Record(case=case, figures=figures, tables=tables, number=number, **stated, **told)

    def delete(self, number: int) -> Gone:
        """Take away a plan or an experiment, and the replications and the case that nothing else kept refers to.

        Raises
        ------
        YaosuError
            There is none of that number.
        """
        before = self._size()
        with self._told(), self.writing():
            query = (
                "DELETE FROM outcomes WHERE input IN (SELECT input FROM uses WHERE kept = ?)"
                " AND input NOT IN (SELECT input FROM uses WHERE kept <> ?)"
            )
            replications = self._base.execute(query, (number, number)).rowcount
            if not self._base.execute("DELETE FROM kept WHERE id = ?", (number,)).rowcount:
                raise YaosuError("kept_unknown", {"found": str(number), "store": str(self.path)})
            cases = self._base.execute("DELETE FROM inputs WHERE hash NOT IN (SELECT input FROM kept)").rowcount
        self._shrink()
        return Gone(replications, cases, max(before - self._size(), 0))

    def unfinished(self) -> int:
        """How many replications belong to nothing kept: of experiments that were stopped, or are still running."""
        with self._told():
            query = "SELECT count(*) FROM outcomes WHERE input NOT IN (SELECT input FROM uses)"
            return int(self._base.execute(query).fetchone()[0])

    def delete_unfinished(self) -> Gone:
        """Take away the replications that belong to nothing kept; an experiment that is running loses nothing."""
        before = self._size()
        with self._told(), self.writing():
            query = "DELETE FROM outcomes WHERE input NOT IN (SELECT input FROM uses)"
            replications = self._base.execute(query).rowcount
        self._shrink()
        return Gone(replications, 0, max(before - self._size(), 0))

    def _size(self) -> int:
        """Bytes of the file and of what is not yet written into it."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _row(entry: Entry, now: str) -> tuple[str | int | bytes | None, ...]:
    where = (entry.input, entry.replication, entry.scenario, entry.seed, now, metadata.version("yaosu"))
    if isinstance(entry.result, Failure):
        return (*where, "failed", entry.result.kind, entry.result.message, None)
    return (*where, "done", "", "", entry.result)
