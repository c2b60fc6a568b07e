"""The ledger of projects and problems: one SQLite file of events, to which is only ever added; several may write."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from allocator.errors import YaosuError
from simulation.sqlitefile import SqliteFile
from workbench.ledgerstate import Event, State, fold

SCHEMA = 1
OURS = 0x59534C47
"""Marks the file as a ledger among the databases of SQLite."""
TABLES = (
    """
    CREATE TABLE events (
        number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL,
        field TEXT NOT NULL, value TEXT NOT NULL, day TEXT NOT NULL, recorded TEXT NOT NULL,
        who TEXT NOT NULL CHECK (who <> ''), note TEXT NOT NULL
    )
    """,
    "CREATE INDEX by_day ON events (day, number)",
    "CREATE TRIGGER no_change BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END",
    "CREATE TRIGGER no_loss BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END",
)
_FIELDS = "kind, subject, field, value, day, recorded, who, note"


class Ledger(SqliteFile):
    """A file of events. What is recorded is never changed or lost; the state at a date is what the events add up to.

    Parameters
    ----------
    path : path
    create : bool
        Make the file where it is missing.

    Raises
    ------
    YaosuError
        The file is missing or cannot be opened, is no ledger or damaged, or was written by a newer version.

    Examples
    --------
    >>> import tempfile
    >>> first, second = dt.date(2020, 3, 1), dt.date(2020, 3, 9)
    >>> with tempfile.TemporaryDirectory() as folder, Ledger(folder + "/ledger.sqlite", create=True) as ledger:
    ...     came = Event("came", "P1", first, "Li", value={"id": "P1", "batch": "reserve"})
    ...     ledger.add([came, Event("cell", "P1", second, "Wang", "batch", "start")])
    ...     [ledger.state(day).rows["P1"]["batch"] for day in (first, second)]
    ['reserve', 'start']
    """

    kind = "ledger"

    def __init__(self, path: str | Path, *, create: bool = False) -> None:
        self._create = create
        if not create and not Path(path).exists():
            raise YaosuError("ledger_missing", {"found": str(path)})
        super().__init__(path)

    def add(self, events: Iterable[Event]) -> None:
        """Record events, in this order; one call outside of `writing` is a transaction of its own."""
        if not self._base.in_transaction:
            with self.writing():
                return self.add(events)
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        with self._told():
            self._base.executemany(
                f"INSERT INTO events ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (one.kind, one.subject, one.field, json.dumps(one.value, ensure_ascii=False, allow_nan=False),
                     one.day.isoformat(), now, one.who, one.note) for one in events
                ),
            )  # fmt: skip

    def events(self, day: dt.date | None = None) -> Iterator[Event]:
        """Events up to the end of a day, in order of their days, on one day as they were recorded."""
        query = f"SELECT number, {_FIELDS} FROM events WHERE day <= ? ORDER BY day, number"
        with self._told():
            for number, kind, subject, field, value, since, recorded, who, note in self._base.execute(
                query, ((day or dt.date.max).isoformat(),)
            ):
                since = dt.date.fromisoformat(since)
                yield Event(kind, subject, since, who, field, json.loads(value), note, number, recorded)

    def state(self, day: dt.date | None = None) -> State:
        """Projects, problems and tables at the end of a day; by default all that is recorded."""
        return fold(self.events(day))

    def first(self) -> dt.date | None:
        """The day on which the ledger begins."""
        with self._told():
            [day] = self._base.execute("SELECT min(day) FROM events WHERE kind = 'table'").fetchone()
        return day and dt.date.fromisoformat(day)

    def came(self, project: str) -> dt.date | None:
        """The day on which a project came into the ledger."""
        query = "SELECT min(day) FROM events WHERE kind = 'came' AND subject = ?"
        with self._told():
            [day] = self._base.execute(query, (project,)).fetchone()
        return day and dt.date.fromisoformat(day)

    def next_problem(self) -> int:
        """The number of the next problem; to be asked for within `writing`."""
        with self._told():
            query = "SELECT coalesce(max(CAST(subject AS INTEGER)), 0) + 1 FROM events WHERE kind = 'problem'"
            return int(self._base.execute(query).fetchone()[0])

    def _open(self) -> None:
        """Make the tables of a new file; refuse a file that is not ours, and leave it as it is."""
        if self._mark() == (0, 0, 0) and self._create:
            self._journal()
            with self.writing():
                if self._mark() == (0, 0, 0):  # nobody else has made it meanwhile
                    for statement in (*TABLES, f"PRAGMA application_id = {OURS}", f"PRAGMA user_version = {SCHEMA}"):
                        self._base.execute(statement)
        mark, version, _ = self._mark()
        if mark != OURS:
            raise YaosuError("ledger_foreign", {"found": str(self.path)})
        if version != SCHEMA:
            values = {"found": str(self.path), "version": str(version), "expected": str(SCHEMA)}
            raise YaosuError("ledger_version", values)
        self._base.execute("PRAGMA synchronous = FULL")

    def _mark(self) -> tuple[int, int, int]:
        """Whose the file is, its version and the number of its tables, at one moment."""
        query = (
            "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)"
            " FROM pragma_application_id, pragma_user_version"
        )
        mark, version, tables = self._base.execute(query).fetchone()
        return int(mark), int(version), int(tables)
