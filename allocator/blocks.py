"""A sparse model put together block by block."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

COLUMN_LABELS = ("project", "variant", "period", "resource", "pool", "fund", "rule", "group")
ROW_LABELS = ("name", "project", "resource", "pool", "region", "period", "fund", "rule", "unit")


class Blocks:
    """Collects named blocks of columns and rows and the coefficients between them.

    >>> blocks = Blocks()
    >>> x = blocks.columns("option", pd.DataFrame({"project": ["a", "b"]}), upper=1.0, value=np.array([3.0, 2.0]))
    >>> row = blocks.rows("pool", pd.DataFrame({"pool": ["land"]}), upper=4.0)
    >>> blocks.put(row, x, np.array([4.0, 1.0]))
    >>> blocks.done()[2].toarray().tolist()
    [[4.0, 1.0]]
    """

    def __init__(self) -> None:
        self._columns: list[pd.DataFrame] = []
        self._rows: list[pd.DataFrame] = []
        self._column_data: list[tuple[Floats, ...]] = []
        self._row_data: list[tuple[Floats, ...]] = []
        self._entries: list[tuple[Indices, Indices, Floats]] = []
        self._n_columns = self._n_rows = 0

    def columns(
        self, block: str, labels: pd.DataFrame, *, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf,
        integer: bool = False, value: ArrayLike = 0.0, cost: ArrayLike = 0.0,
    ) -> Indices:  # fmt: skip
        """Add a column per row of `labels`; returns their places."""
        n = len(labels)
        self._columns.append(labels.assign(block=block))
        self._column_data.append(tuple(_spread(data, n) for data in (lower, upper, float(integer), value, cost)))
        first, self._n_columns = self._n_columns, self._n_columns + n
        return np.arange(first, self._n_columns)

    def rows(
        self, block: str, labels: pd.DataFrame, *, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf
    ) -> Indices:
        """Add a row per row of `labels`; returns their places."""
        n = len(labels)
        self._rows.append(labels.assign(block=block))
        self._row_data.append((_spread(lower, n), _spread(upper, n)))
        first, self._n_rows = self._n_rows, self._n_rows + n
        return np.arange(first, self._n_rows)

    def put(self, rows: Indices, columns: Indices, coefficients: ArrayLike) -> None:
        """Add coefficients; single rows, columns or numbers are spread over the longest."""
        rows, columns, data = np.broadcast_arrays(rows, columns, np.asarray(coefficients, dtype=float))
        self._entries.append((rows.ravel(), columns.ravel(), data.ravel()))

    def done(self) -> tuple[pd.DataFrame, pd.DataFrame, sparse.csr_array]:
        """Labels of the columns, labels of the rows, and the matrix."""
        self.lower, self.upper, integer, self.value, self.cost = (_join(part) for part in _across(self._column_data, 5))
        self.integer = integer > 0
        self.row_lower, self.row_upper = (_join(part) for part in _across(self._row_data, 2))
        entries = [np.concatenate(part) if part else np.empty(0) for part in _across(self._entries, 3)]
        shape = (self._n_rows, self._n_columns)
        matrix = sparse.csr_array((entries[2], (entries[0].astype(int), entries[1].astype(int))), shape=shape)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return _labels(self._columns, COLUMN_LABELS), _labels(self._rows, ROW_LABELS), matrix


def _spread(data: ArrayLike, n: int) -> Floats:
    return np.broadcast_to(np.asarray(data, dtype=float), (n,))


def _across(parts: Iterable[tuple[NDArray[Any], ...]], width: int) -> list[list[NDArray[Any]]]:
    return [[part[i] for part in parts] for i in range(width)]


def _join(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(0)


def _labels(frames: list[pd.DataFrame], names: tuple[str, ...]) -> pd.DataFrame:
    frames = [frame for frame in frames if len(frame)]
    joined = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return joined.reindex(columns=["block", *names])
