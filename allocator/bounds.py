"""What no plan can exceed: the value, from any prices of the rows; each column, from the rows themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from allocator.program import Bools, Floats, Program

ROUNDS = 4


def dual_bound(program: Program, prices: Floats) -> float:
    """What no plan can exceed, from any prices of the rows (weak duality).

    Parameters
    ----------
    program : Program
    prices : array over rows
        Positive where a larger right side helps; a price on a side that a row does not have counts as zero.

    Examples
    --------
    >>> program = Program(np.array([5.0, 4.0]), sparse.csr_array([[4.0, 3.0]]), np.array([-np.inf]), np.array([5.0]),
    ...                   np.zeros(2), np.ones(2), np.ones(2, dtype=bool))
    >>> [dual_bound(program, np.array([price])) for price in (0.0, 1.0, 1.25)]
    [9.0, 7.0, 6.5]
    """
    side = np.where(prices > 0, program.row_upper, program.row_lower)
    price = np.where(np.isfinite(side), prices, 0.0)
    profit = program.coef - program.matrix.T @ price
    best = np.where(profit > 0, program.upper, program.lower)
    priced, moved = price != 0, profit != 0
    return float(price[priced] @ side[priced] + profit[moved] @ best[moved])


def ceilings(program: Program) -> Floats:
    """The most that each column can be in a plan, or need be in a best one, as the rows imply it.

    A column in one row only that earns nothing, such as the slack of a soft rule, need not exceed what the row lacks.

    Examples
    --------
    >>> program = Program(np.array([5.0, 0.0]), sparse.csr_array([[4.0, -1.0]]), np.zeros(1), np.zeros(1),
    ...                   np.zeros(2), np.array([1.0, np.inf]), np.array([True, False]))
    >>> ceilings(program).tolist()
    [1.0, 4.0]
    """
    matrix, upper = program.matrix, program.upper.copy()
    idle = (np.bincount(matrix.indices, minlength=len(upper)) == 1) & (program.coef <= 0)
    touched = np.flatnonzero(abs(matrix) @ (~np.isfinite(upper)).astype(float))
    inner = sparse.csr_array(matrix[touched])
    for _ in range(ROUNDS):
        if np.isfinite(upper).all():
            break
        _tighten(inner, program.row_upper[touched], program.lower, upper, idle)
        _tighten(sparse.csr_array(-inner), -program.row_lower[touched], program.lower, upper, idle)
    return upper


def _tighten(matrix: sparse.csr_array, side: Floats, lower: Floats, upper: Floats, idle: Bools) -> None:
    """What rows of at most `side` leave to each column that adds to them, and what an idle one has to take off."""
    row, column, a = np.repeat(np.arange(len(side)), np.diff(matrix.indptr)), matrix.indices, matrix.data
    least, most = np.where(a > 0, lower[column], upper[column]) * a, np.where(a > 0, upper[column], lower[column]) * a
    room, excess = side[row] - _others(row, least, len(side)), _others(row, most, len(side)) - side[row]
    limit = np.where(a > 0, room, np.where(idle[column], excess, np.inf)) / np.abs(a)
    np.minimum.at(upper, column, np.where(np.isnan(limit), np.inf, np.maximum(limit, lower[column])))


def _others(row: NDArray[np.integer], each: Floats, rows: int) -> Floats:
    """The sum of all other entries of the same row; no number where one of them is endless."""
    endless = ~np.isfinite(each)
    finite = np.where(endless, 0.0, each)
    total, count = np.bincount(row, finite, minlength=rows), np.bincount(row, endless, minlength=rows)
    return np.where(count[row] > endless, np.nan, total[row] - finite)
