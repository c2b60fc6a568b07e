"""A linear programme that HiGHS keeps between solves, so that each begins where the one before ended."""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from allocator.exact import PulpEngine
from allocator.highs import Quiet, Silent
from allocator.program import Answer, Effort, Floats, Program, reduce, unit_scale

PRIMAL, DUAL = 4, 1
SETTLED = tuple(getattr(highspy.HighsModelStatus, name) for name in ("kOptimal", "kInfeasible", "kTimeLimit"))


class KeptLp:
    """Maximises the objective of a programme, whole numbers dropped; its objective may change and columns be added.

    Parameters
    ----------
    program : Program
        A new objective and new columns leave the last point feasible, so the primal simplex goes on from it.

    Examples
    --------
    >>> program = Program(np.array([3.0, 2.0]), sparse.csr_array([[2.0, 1.0]]), np.array([-np.inf]), np.array([1.5]),
    ...                   np.zeros(2), np.ones(2), np.zeros(2, dtype=bool))
    >>> lp = KeptLp(program)
    >>> [part.tolist() for part in lp.solve()]
    [[0.25, 1.0], [1.5]]
    >>> lp.aim(np.array([5.0, 2.0]))
    >>> [part.tolist() for part in lp.solve()]
    [[0.75, 0.0], [2.5]]
    """

    def __init__(self, program: Program, strategy: int = PRIMAL) -> None:
        self._scale = unit_scale(program.coef)
        self._highs = Silent()  # type: ignore[no-untyped-call]
        self._highs.setOptionValue("threads", 1)
        self._highs.setOptionValue("random_seed", 0)
        self._highs.setOptionValue("simplex_strategy", strategy)
        self._highs.passModel(_arrays(program, self._scale))

    def aim(self, coef: Floats, columns: NDArray[np.integer] | None = None) -> None:
        """Another objective, of all columns or of some."""
        which = np.arange(len(coef)) if columns is None else columns
        self._highs.changeColsCost(len(which), which.astype(np.int32), -self._scale * coef)

    def add(self, coef: Floats, matrix: sparse.csc_array, upper: Floats) -> None:
        """More columns, from zero up."""
        n = len(coef)
        starts, indices = matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32)
        self._highs.addCols(n, -self._scale * coef, np.zeros(n), upper, matrix.nnz, starts, indices, matrix.data)

    def solve(self, seconds: float = np.inf) -> tuple[Floats, Floats] | None:
        """Point and prices of the rows; None where there is no optimum within the seconds."""
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + max(seconds, 0.0))
        self._highs.run()
        if self._highs.getModelStatus() not in SETTLED:
            self._highs.clearSolver()
            self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        found = self._highs.getSolution()
        return np.array(found.col_value), -np.array(found.row_dual) / self._scale + 0.0

    @property
    def infeasible(self) -> bool:
        """Whether the last solve found that no point keeps the rows."""
        return bool(self._highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible)


def _arrays(program: Program, scale: float) -> highspy.HighsLp:
    """A programme as HiGHS takes it: ``-scale`` times the objective is minimised."""
    lp, matrix = highspy.HighsLp(), program.matrix
    lp.num_col_, lp.num_row_ = len(program.coef), len(program.row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = -scale * program.coef, program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.a_matrix_.format_, lp.a_matrix_.start_ = highspy.MatrixFormat.kRowwise, matrix.indptr
    lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indices, matrix.data
    return lp


class KeptEngine(PulpEngine):
    """Programmes handed to HiGHS as arrays, where many small ones are solved one after the other."""

    def run(self, program: Program, effort: Effort) -> Answer:
        """Solve a programme for its largest objective."""
        if not effort.relaxed:
            return super().run(program, effort)
        small = reduce(program)
        if small.contradicts:
            return Answer("infeasible")
        if not len(small.rows) or not len(small.columns):
            return super().run(program, effort)
        lp = KeptLp(small.program, DUAL)
        found = lp.solve(effort.seconds)
        if found is None:
            return Answer("infeasible" if lp.infeasible else "unknown")
        x, prices = small.expand(found[0]), np.zeros(len(program.row_lower))
        prices[small.rows] = found[1]
        return Answer("optimal", x, float(program.coef @ x), prices)

    def _solve(self, program: Program, effort: Effort, offset: float) -> Answer:
        """A programme with whole numbers."""
        if effort.relaxed or not program.integer.any():
            return super()._solve(program, effort, offset)
        scale = unit_scale(program.coef)
        lp, highs = _arrays(program, scale), Quiet(effort, self._threads, scale)
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[whole] for whole in program.integer.tolist()]
        highs.passModel(lp)
        return highs.answer(offset, whole=True)

    def dive(self, program: Program, effort: Effort) -> tuple[Answer, Floats | None]:
        """The relaxation, and its point rounded."""
        relaxed = self.run(program, Effort(relaxed=True, seconds=effort.seconds))
        if relaxed.x is None:
            return relaxed, None
        return relaxed, np.where(program.integer, np.round(relaxed.x), relaxed.x)
