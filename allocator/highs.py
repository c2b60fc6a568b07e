"""HiGHS run silently in a thread of its own, so that progress and Ctrl-C are served while it works."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from allocator.program import Answer, Bools, Effort, Floats, Status, relative_gap

GRACE = 5.0
POLL = 0.05
WHOLE = 1e-6
DIVE_PART = 0.2
DIVE_MISSES = 20
DIVE_IDLE = 40
FAILED = tuple(
    getattr(highspy.HighsModelStatus, name)
    for name in ("kLoadError", "kModelError", "kPresolveError", "kSolveError", "kPostsolveError")
)
INTERRUPTS = ("kCallbackMipInterrupt", "kCallbackSimplexInterrupt", "kCallbackIpmInterrupt")


class Silent(highspy.Highs):
    """HiGHS that prints nothing, not even the banner when callbacks are first set."""

    def enableCallbacks(self) -> None:
        """Silence first."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class Quiet(Silent):
    """HiGHS with the limits of an `Effort`; its model minimises ``-scale`` times the objective asked for."""

    def __init__(self, effort: Effort, threads: int, scale: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._effort, self._scale = effort, scale
        self._stop, self._seen = threading.Event(), dict[str, float]()
        options: dict[str, Any] = {"mip_rel_gap": effort.gap, "mip_abs_gap": 0.0, "random_seed": 0}
        options |= {"threads": threads, "time_limit": max(effort.seconds, 0.0)}
        if effort.nodes is not None:
            options["mip_max_nodes"] = effort.nodes
        for name, value in options.items():
            self.setOptionValue(name, value)

    def answer(self, offset: float, whole: bool) -> Answer:
        """Run on the model stated; `offset` is what its fixed columns add to the objective."""
        effort = self._effort
        self.changeObjectiveOffset(-self._scale * offset)
        if effort.start is not None and whole:
            given = highspy.HighsSolution()
            given.col_value = effort.start.tolist()
            self.setSolution(given)
        self.setCallback(self._called, None)
        for name in INTERRUPTS:
            self.startCallback(getattr(highspy.cb.HighsCallbackType, name))
        try:
            interrupted = self._attend()
        finally:
            self.setCallback(None, None)  # else HiGHS and this object hold one another for ever
        return self._read(offset, whole, interrupted)

    def dive(self, integer: Bools, lower: Floats, seconds: float) -> Floats:
        """From the relaxation just solved, round up ever more columns while that helps; the last point reached.

        A fifth of the fractional columns at a time, the largest first; half as many where that does not fit; a single
        column that does not fit is closed.
        """
        columns, part, misses, idle, fewest = np.flatnonzero(integer), DIVE_PART, 0, 0, len(integer)
        least, end = lower.copy(), time.monotonic() + seconds
        self.setOptionValue("time_limit", math.inf)
        x = np.array(self.getSolution().col_value)
        while misses < DIVE_MISSES and idle < DIVE_IDLE and time.monotonic() < end:
            split = columns[np.abs(x[columns] - np.round(x[columns])) > WHOLE]
            if not len(split):
                break
            idle, fewest = (0, len(split)) if len(split) < fewest else (idle + 1, fewest)
            taken = split[np.argsort(-x[split], kind="stable")][: max(1, int(part * len(split)))]
            self._move(taken, np.ceil(x[taken]), np.ceil(x[taken]))
            if self._solved():
                least[taken] = np.ceil(x[taken])
            else:
                misses, part = misses + 1, part / 2
                single = len(taken) == 1
                self._move(taken, least[taken], np.floor(x[taken]) if single else np.ceil(x[taken]))
                if not self._solved():
                    break
            x = np.array(self.getSolution().col_value)
        return x

    def _move(self, columns: NDArray[np.intp], lower: Floats, upper: Floats) -> None:
        self.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def _solved(self) -> bool:
        self.run()
        return bool(self.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    def _called(self, kind: Any, message: str, out: Any, back: Any, user: Any) -> None:
        if kind == highspy.cb.HighsCallbackType.kCallbackMipInterrupt:
            reached, bound = -out.mip_primal_bound / self._scale, -out.mip_dual_bound / self._scale
            self._seen.update(reached=reached, bound=bound)
            patient = out.mip_node_count < self._effort.patience or self._effort.accept <= self._effort.gap
            accepted = not patient and relative_gap(reached, bound) <= self._effort.accept
            if accepted or reached >= self._effort.enough:
                self._stop.set()
        if self._stop.is_set() and back is not None:
            back.user_interrupt = True

    def _attend(self) -> bool:
        """Wait for the run; tell of progress, pass Ctrl-C on (a second one goes through), stop it where it overruns."""
        interrupted = False
        done = threading.Event()

        def work() -> None:
            try:
                self.run()
            finally:
                done.set()

        overdue = time.monotonic() + self._effort.seconds + GRACE
        threading.Thread(target=work, daemon=True).start()
        while not done.is_set():
            try:
                done.wait(POLL)
                if not interrupted:
                    self._tell()
                if time.monotonic() > overdue:
                    self._stop.set()
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self._stop.set()
        return interrupted

    def _tell(self) -> None:
        if self._effort.watch is not None and self._seen:
            reached, bound = self._seen["reached"], self._seen["bound"]
            self._effort.watch(reached if math.isfinite(reached) else None, bound if math.isfinite(bound) else None)

    def _read(self, offset: float, whole: bool, interrupted: bool) -> Answer:
        known = highspy.HighsModelStatus
        status, info, point = self.getModelStatus(), self.getInfo(), self.getSolution()
        if status in (known.kInfeasible, known.kUnbounded, known.kUnboundedOrInfeasible):
            return Answer("unbounded" if status == known.kUnbounded else "infeasible", interrupted=interrupted)
        feasible = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
        x = np.array(point.col_value) if feasible else None
        solved = info.objective_function_value if status == known.kOptimal else -math.inf
        dual = info.mip_dual_bound if whole else solved
        bound = -dual / self._scale - offset if math.isfinite(dual) else None
        if status == known.kOptimal and x is not None:
            return Answer("optimal", x, bound, None if whole else np.array(point.row_dual), interrupted)
        outcome: Status = "error" if status in FAILED else "unknown" if x is None else "feasible"
        return Answer(outcome, x, bound, None, interrupted)
