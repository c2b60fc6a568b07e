"""The file of a store: made, brought up to date, or refused and left as it is."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from allocator.errors import YaosuError
from simulation.sqlitefile import SqliteFile

SCHEMA = 3
OUTCOMES = """
CREATE TABLE outcomes (
    input TEXT NOT NULL, replication INTEGER NOT NULL, scenario TEXT NOT NULL, seed INTEGER NOT NULL,
    created TEXT NOT NULL, version TEXT NOT NULL, status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    kind TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', data BLOB,
    PRIMARY KEY (input, replication)
)
"""
INPUTS = "CREATE TABLE inputs (hash TEXT PRIMARY KEY, copy BLOB NOT NULL)"
KEPT = """
CREATE TABLE kept (
    id INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('plan', 'experiment')), command TEXT NOT NULL, name TEXT NOT NULL,
    created TEXT NOT NULL, repeated TEXT NOT NULL, input TEXT NOT NULL REFERENCES inputs (hash),
    scenarios TEXT NOT NULL, seed INTEGER, replications INTEGER, engine TEXT NOT NULL, options TEXT NOT NULL,
    versions TEXT NOT NULL, status TEXT NOT NULL, seconds REAL, summary TEXT NOT NULL, figures BLOB NOT NULL
)
"""
RESULTS = """
CREATE TABLE results (
    kept INTEGER NOT NULL REFERENCES kept (id) ON DELETE CASCADE, place INTEGER NOT NULL, name TEXT NOT NULL,
    data BLOB NOT NULL, PRIMARY KEY (kept, name)
)
"""
USES = """
CREATE TABLE uses (
    kept INTEGER NOT NULL REFERENCES kept (id) ON DELETE CASCADE, input TEXT NOT NULL, PRIMARY KEY (kept, input)
)
"""
REPLICATED = "ALTER TABLE kept ADD COLUMN replicated BLOB"
STEPS = {1: (OUTCOMES,), 2: (INPUTS, KEPT, RESULTS, USES), 3: (REPLICATED,)}
"""What each version has more than the one before it."""


class StoreFile(SqliteFile):
    """An open file of the newest version.

    Parameters
    ----------
    path : path
    create : bool
        Make a store where the file is missing or empty.

    Raises
    ------
    YaosuError
        The file cannot be opened, is no store or damaged, or was written by a newer version.
    """

    kind = "store"

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        self._create = create
        super().__init__(path)

    def _open(self) -> None:
        """Make the tables of a new file and those that an older one lacks; refuse what is not ours."""
        version, tables = self._state()
        if not tables and not version:
            if not self._create:
                raise YaosuError("store_empty", {"found": str(self.path)})
            self._journal()
        elif "outcomes" not in tables or not version:
            raise YaosuError("store_foreign", {"found": str(self.path)})
        elif version > SCHEMA:
            values = {"found": str(self.path), "version": str(version), "expected": str(SCHEMA)}
            raise YaosuError("store_version", values)
        if version < SCHEMA:
            with self.writing():
                version, _ = self._state()  # somebody else may have done it meanwhile
                for step in range(version + 1, SCHEMA + 1):
                    for table in STEPS[step]:
                        self._base.execute(table)
                self._base.execute(f"PRAGMA user_version = {max(version, SCHEMA)}")
        self._base.execute("PRAGMA synchronous = NORMAL")
        self._base.execute("PRAGMA foreign_keys = ON")

    def _state(self) -> tuple[int, set[str]]:
        """Version of the file and its tables, at one moment."""
        query = "SELECT user_version, name FROM pragma_user_version LEFT JOIN sqlite_master ON type = 'table'"
        rows = self._base.execute(query).fetchall()
        return int(rows[0][0]), {name for _, name in rows if name is not None}

    def _shrink(self) -> None:
        """Give back what deleted rows took; where others are at work, it is left for what is written next."""
        with self._told(), suppress(sqlite3.OperationalError):
            self._base.execute("VACUUM")
            self._base.execute("PRAGMA wal_checkpoint (TRUNCATE)")
