"""One linear or mixed-integer programme as plain arrays, what may be spent on it, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

if TYPE_CHECKING:
    from allocator.model import Model

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Status = Literal["optimal", "feasible", "infeasible", "unbounded", "unknown", "error"]
Stage = tuple[str, float, float | None, float | None]
Watch = Callable[[float | None, float | None], None]

EXACT = 1e-9


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a long solve stands: best value so far, what no plan can exceed, and the relative gap between them."""

    stage: str
    seconds: float
    incumbent: float | None
    bound: float | None
    gap: float | None


def relative_gap(value: float, bound: float) -> float:
    """(bound - value) / \\|value\\|, zero within what later stages may give up.

    >>> relative_gap(200.0, 201.0), relative_gap(0.0, 0.0)
    (0.005, 0.0)
    """
    over = bound - value
    if over <= 2 * EXACT * max(abs(value), abs(bound)):
        return 0.0
    return over / (abs(value) or abs(bound))


def unit_scale(coef: Floats) -> float:
    """The power of two that brings the largest coefficient near 1,000: absolute tolerances then mean the same."""
    largest = float(np.abs(coef).max(initial=0.0))
    return 1.0 if largest == 0.0 else float(2.0 ** (10 - np.ceil(np.log2(largest))))


@dataclass(frozen=True, eq=False)
class Program:
    """Maximise ``coef @ x`` over ``row_lower <= matrix @ x <= row_upper``, ``lower <= x <= upper``, some x whole.

    Examples
    --------
    >>> program = Program(np.array([3.0, 2.0]), sparse.csr_array([[2.0, 1.0]]), np.array([-np.inf]), np.array([2.0]),
    ...                   np.zeros(2), np.ones(2), np.ones(2, dtype=bool))
    >>> program.hold(np.array([3.0, 2.0]), 2.0).matrix.shape
    (2, 2)
    """

    coef: Floats
    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integer: Bools

    @classmethod
    def of(cls, model: Model) -> Program:
        """The rows and columns of a model, with its reported value as objective."""
        lower = np.where(model.integer, np.ceil(model.lower - EXACT), model.lower)
        upper = np.where(model.integer, np.floor(model.upper + EXACT), model.upper)
        return cls(model.value, model.matrix, model.row_lower, model.row_upper, lower, upper, model.integer)

    def aim(self, coef: Floats) -> Program:
        """The same rows with another objective."""
        return replace(self, coef=coef)

    def hold(self, coef: Floats, least: float) -> Program:
        """With the row ``coef @ x >= least``, scaled."""
        return self.add(coef, least, np.inf, unit_scale(coef))

    def add(self, coef: Floats, least: float, most: float, scale: float = 1.0) -> Program:
        """With one row more."""
        matrix = sparse.csr_array(sparse.vstack([self.matrix, sparse.csr_array((coef * scale)[None, :])], format="csr"))
        row_lower, row_upper = np.append(self.row_lower, least * scale), np.append(self.row_upper, most * scale)
        return replace(self, matrix=matrix, row_lower=row_lower, row_upper=row_upper)

    def fix(self, which: Bools, x: Floats) -> Program:
        """With some columns held where `x` has them."""
        return replace(self, lower=np.where(which, x, self.lower), upper=np.where(which, x, self.upper))

    def repair(self, x: Floats) -> Floats:
        """Whole columns rounded, all within their bounds, no negative zeros."""
        x = np.where(self.integer, np.round(x), x)
        return np.clip(x, self.lower, self.upper) + 0.0

    def violation(self, x: Floats) -> Floats:
        """Violation of each row, scaled by the size of what is added up in it."""
        reached = self.matrix @ x
        size = np.maximum(1.0, abs(self.matrix) @ np.abs(x))
        return np.asarray(np.maximum(np.maximum(self.row_lower - reached, reached - self.row_upper), 0.0) / size)

    def ceiling(self) -> float:
        """The objective with every column at its better end."""
        moved = self.coef != 0
        best = np.where(self.coef > 0, self.upper, self.lower)
        return float((best[moved] * self.coef[moved]).sum())

    def prices(self, x: Floats, duals: Floats) -> Floats:
        """Prices from duals of either sign, at an optimal point: of the two, those that satisfy strong duality."""

        def error(prices: Floats) -> float:
            reduced, reached = self.coef - self.matrix.T @ prices, self.matrix @ x
            slack = np.where(prices > 0, self.row_upper - reached, reached - self.row_lower)
            room = np.where(reduced > 0, self.upper - x, x - self.lower)
            priced = np.abs(prices) > EXACT
            moved = np.abs(reduced) > EXACT * np.abs(self.coef).max(initial=0.0)
            return float(np.abs(prices[priced] * slack[priced]).sum() + np.abs(reduced[moved] * room[moved]).sum())

        return min((-duals + 0.0, duals + 0.0), key=error)


def same(one: Program, other: Program) -> bool:
    """Whether two programmes have the same relaxation."""
    if one.matrix is not other.matrix and (one.matrix.shape != other.matrix.shape or (one.matrix != other.matrix).nnz):
        return False
    names = ("coef", "row_lower", "row_upper", "lower", "upper")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


@dataclass(frozen=True, eq=False)
class Effort:
    """What may be spent on one programme.

    ``gap`` is aimed at; after ``patience`` nodes ``accept`` will do, and at any time a plan worth ``enough``.
    ``relaxed`` drops integrality. ``nodes`` and ``seconds`` are limits. ``start`` is a plan to begin from, ``watch``
    is told of incumbent and bound.
    """

    gap: float = EXACT
    accept: float = EXACT
    patience: int = 10_000
    enough: float = np.inf
    seconds: float = 60.0
    nodes: int | None = None
    relaxed: bool = False
    start: Floats | None = None
    watch: Watch | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """What a solver says of one programme: point, bound (no point can exceed it), row prices of a relaxation."""

    status: Status
    x: Floats | None = None
    bound: float | None = None
    prices: Floats | None = None
    interrupted: bool = False


class Engine(Protocol):
    """Something that solves programmes; `by_prices` where it never takes a large one as a whole."""

    name: str
    version: str
    by_prices: bool

    def run(self, program: Program, effort: Effort) -> Answer:
        """Solve one programme."""
        ...

    def dive(self, program: Program, effort: Effort) -> tuple[Answer, Floats | None]:
        """The relaxation, and the point where rounding up one column after another ends; None where it cannot."""
        ...


@dataclass(frozen=True, eq=False)
class Reduced:
    """A programme without its fixed and free-standing columns and without its empty rows."""

    program: Program
    columns: NDArray[np.intp]
    rows: NDArray[np.intp]
    at: Floats
    contradicts: bool

    def expand(self, x: Floats) -> Floats:
        """The point of the whole programme."""
        whole = self.at.copy()
        whole[self.columns] = x
        return whole


def reduce(program: Program) -> Reduced:
    """Take out the columns that are fixed or stand in no row, and the rows left empty.

    A column in no row goes to its better end; where that end is infinite the column stays and the solver finds the
    programme unbounded.
    """
    idle = np.clip(0.0, program.lower, program.upper)
    best = np.where(program.coef > 0, program.upper, np.where(program.coef < 0, program.lower, idle))
    fixed = program.lower >= program.upper
    alone = np.bincount(program.matrix.indices, minlength=len(program.coef)) == 0
    out = fixed | (alone & np.isfinite(best))
    at = np.where(fixed, program.lower, np.where(out, best, 0.0))
    columns = np.flatnonzero(~out)
    inner = sparse.csr_array(program.matrix[:, columns])
    inner.eliminate_zeros()
    taken = program.matrix @ at
    lower, upper = program.row_lower - taken, program.row_upper - taken
    empty = np.diff(inner.indptr) == 0
    slack = EXACT * np.maximum(1.0, abs(program.matrix) @ np.abs(at)) + 1e-7
    broken = empty & ((lower > slack) | (upper < -slack))
    contradicts = bool(broken.any() or (program.lower > program.upper + EXACT).any())
    rows = np.flatnonzero(~empty)
    small = Program(
        program.coef[columns], sparse.csr_array(inner[rows]), lower[rows], upper[rows],
        program.lower[columns], program.upper[columns], program.integer[columns],
    )  # fmt: skip
    return Reduced(small, columns, rows, at, contradicts)
