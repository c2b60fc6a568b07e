"""A SQLite file of ours, opened: several processes may write at once, and what SQLite says is told in words."""

from __future__ import annotations

import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from allocator.errors import YaosuError

PATIENCE = 60.0
"""Seconds to wait for another process that writes."""


class SqliteFile(ABC):
    """An open file; what kind of file, its subclass knows.

    Parameters
    ----------
    path : path

    Raises
    ------
    YaosuError
        ``<kind>_open`` or ``<kind>_damaged``, and what `_open` finds.
    """

    kind: ClassVar[str]
    """Of the errors: ``store`` or ``ledger``."""

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

    @abstractmethod
    def _open(self) -> None:
        """Make the tables of a new file and bring an older one up to date; refuse what is not ours, as it is."""

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

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: what is read within it stays so until it ends, and all that is added is kept or nothing."""
        with self._told():
            self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._told():
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
            raise YaosuError(f"{self.kind}_open", {"found": str(self.path), "reason": str(error)}) from error
        except (sqlite3.DatabaseError, ValueError) as error:
            raise YaosuError(f"{self.kind}_damaged", {"found": str(self.path), "reason": str(error)}) from error
