"""The engine that states programmes in PuLP and reads the answers back; no other file imports pulp."""

from __future__ import annotations

import difflib
import math
import re
import subprocess
import tempfile
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pulp

from allocator.child import run_child
from allocator.errors import YaosuError
from allocator.highs import Quiet
from allocator.program import EXACT, Answer, Effort, Floats, Program, reduce, same, unit_scale

OURS = {"highs": "HiGHS", "cbc": "PULP_CBC_CMD"}
GRACE = 5.0


def available() -> dict[str, str]:
    """Solvers that are installed, by the name to ask for, with their versions.

    >>> sorted(available())[:2]
    ['cbc', 'highs']
    """
    return {_short(name): _version(name) for name in pulp.listSolvers(onlyAvailable=True)}


def _short(name: str) -> str:
    return {theirs: ours for ours, theirs in OURS.items()}.get(name, name)


def _version(name: str) -> str:
    if name == "HiGHS":
        return version("highspy")
    if name == "PULP_CBC_CMD":
        asked = [pulp.PULP_CBC_CMD.pulp_cbc_path, "-quit"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        return "".join(re.findall(r"Version:\s*(\S+)", said))
    return ""


def _known(solver: str) -> str:
    """PuLP's name of a solver; raises where PuLP does not know it or it is not installed."""
    names = {name.lower(): name for name in pulp.listSolvers()} | OURS
    here = pulp.listSolvers(onlyAvailable=True)
    installed = ", ".join(_short(name) for name in here)
    if solver.lower() not in names:
        near = difflib.get_close_matches(solver.lower(), names, n=1, cutoff=0.0)[0]
        raise YaosuError("solver_unknown", {"found": solver, "nearest": _short(names[near]), "expected": installed})
    if names[solver.lower()] not in here:
        raise YaosuError("solver_missing", {"found": solver, "expected": installed})
    return str(names[solver.lower()])


class PulpEngine:
    """Solves programmes through PuLP, stated as minimisation with ids of our own."""

    by_prices = False

    def __init__(self, solver: str, threads: int) -> None:
        self._known, self._threads = _known(solver), threads
        self.name, self.version = _short(self._known), _version(self._known)
        self._last: tuple[Program, Answer, Quiet] | None = None
        self._highs: Quiet | None = None

    def run(self, program: Program, effort: Effort) -> Answer:
        """Solve a programme for its largest objective; point and prices are those of the whole programme."""
        small = reduce(program)
        if small.contradicts:
            return Answer("infeasible")
        offset = float(program.coef @ small.at)
        if len(small.rows):
            start = None if effort.start is None else effort.start[small.columns]
            answer = self._solve(small.program, replace(effort, start=start), offset)
        elif len(small.columns):
            return Answer("unbounded")
        else:
            answer = Answer("optimal", np.empty(0), 0.0, np.empty(0))
        x = None if answer.x is None else small.expand(answer.x)
        bound = None if answer.bound is None else answer.bound + offset
        prices = None
        if answer.prices is not None:
            prices = np.zeros(len(program.row_lower))
            prices[small.rows] = answer.prices
        answer = replace(answer, x=x, bound=bound, prices=prices)
        if effort.relaxed and program.integer[small.columns].any():
            kept, self._highs = self._highs, None
            self._last = (program, answer, kept) if kept is not None and answer.status == "optimal" else None
        return answer

    def dive(self, program: Program, effort: Effort) -> tuple[Answer, Floats | None]:
        """The relaxation and the end of a dive from it (HiGHS only, which keeps its model between solves)."""
        if self._known != "HiGHS":
            return Answer("unknown"), None
        end = time.monotonic() + effort.seconds
        if self._last is None or not same(self._last[0], program):
            self.run(program, replace(effort, relaxed=True, watch=None))
        if self._last is None or not same(self._last[0], program):
            return Answer("unknown"), None
        _, relaxed, highs = self._last
        self._last, small = None, reduce(program)
        dived = highs.dive(small.program.integer, small.program.lower, end - time.monotonic())
        return relaxed, small.expand(dived)

    def _solve(self, program: Program, effort: Effort, offset: float) -> Answer:
        if effort.relaxed:
            program = replace(program, integer=np.zeros(len(program.coef), dtype=bool))
        stated = _State(program)
        if self._known == "HiGHS":
            self._highs = _built(stated, effort, self._threads)
            answer = self._highs.answer(offset, whole=bool(program.integer.any()))
            answer = answer if answer.prices is None else replace(answer, prices=stated.duals(answer.prices))
        else:
            with tempfile.TemporaryDirectory(prefix="yaosu-") as folder:
                answer = _by_files(stated, effort, self._known, Path(folder), self._threads)
        if answer.status == "infeasible" and program.coef.any() and not math.isfinite(program.ceiling()):
            feasible = self._solve(program.aim(np.zeros(len(program.coef))), effort, 0.0)
            return Answer("unbounded") if feasible.x is not None else answer
        if answer.prices is not None and answer.x is not None:
            return replace(answer, prices=program.prices(answer.x, answer.prices))
        if answer.status == "feasible" and answer.bound is None and not effort.relaxed:
            relaxed = self._solve(program, Effort(seconds=GRACE, relaxed=True), offset)
            return replace(answer, bound=relaxed.bound)
        return answer


class _State:
    """A programme in PuLP: columns x0000000, rows r0000000; names sort as they stand, as PuLP will have them."""

    def __init__(self, program: Program) -> None:
        self.program, self.scale = program, unit_scale(program.coef)
        self.problem = pulp.LpProblem("yaosu", pulp.LpMinimize)
        bounds = zip(_or_none(program.lower), _or_none(program.upper), program.integer.tolist(), strict=True)
        self.columns = [
            self.problem.add_variable(f"x{j:07d}", lower, upper, pulp.LpInteger if whole else pulp.LpContinuous)
            for j, (lower, upper, whole) in enumerate(bounds)
        ]
        cost = (-self.scale * program.coef).tolist()
        terms = [(x, c) for x, c in zip(self.columns, cost, strict=True) if c]
        self.problem.setObjective(pulp.LpAffineExpression(terms))
        self.rows: list[tuple[int, Any]] = []
        matrix = program.matrix
        columns, data, ends = matrix.indices.tolist(), matrix.data.tolist(), matrix.indptr.tolist()
        for r, (least, most) in enumerate(zip(program.row_lower.tolist(), program.row_upper.tolist(), strict=True)):
            terms = [(self.columns[columns[k]], data[k]) for k in range(ends[r], ends[r + 1])]
            for sense, side in _sides(least, most):
                row = pulp.LpConstraint(pulp.LpAffineExpression(terms), sense, f"r{len(self.rows):07d}", side)
                self.problem.addConstraint(row)
                self.rows.append((r, row))

    def duals(self, values: list[float] | Floats) -> Floats:
        """Duals of the programme's rows from those of PuLP's rows."""
        prices = np.zeros(len(self.program.row_lower))
        np.add.at(prices, [r for r, _ in self.rows], np.asarray(values) / self.scale)
        return prices


def _or_none(limits: Floats) -> list[float | None]:
    return [limit if math.isfinite(limit) else None for limit in limits.tolist()]


def _sides(least: float, most: float) -> list[tuple[int, float]]:
    """PuLP's rows have one side; a row between two limits becomes two."""
    if least == most:
        return [(pulp.LpConstraintEQ, most)]
    sides = [(pulp.LpConstraintLE, most), (pulp.LpConstraintGE, least)]
    return [(sense, side) for sense, side in sides if math.isfinite(side)]


def _built(stated: _State, effort: Effort, threads: int) -> Quiet:
    highs = Quiet(effort, threads, stated.scale)
    stated.problem.solverModel = highs
    pulp.HiGHS(msg=False).buildSolverModel(stated.problem)
    return highs


class _Cbc(pulp.PULP_CBC_CMD):  # type: ignore[misc]
    """CBC run inside a folder, so that it can be ended and leaves nothing behind."""

    def __init__(self, folder: Path, effort: Effort, threads: int) -> None:
        super().__init__(_skip_v4_deprecation=True, msg=False)
        self.folder, self.effort, self.threads = folder, effort, threads
        self.interrupted, self.log = False, ""

    def solve_CBC(self, lp: Any, use_mps: bool = True) -> int:
        """Replaces PuLP's, which can be neither interrupted nor given a folder with a space in its name."""
        columns, column_names, row_names, _ = lp.writeMPS(str(self.folder / "model.mps"), rename=1)
        args = [self.path, "model.mps", "-randomCbcSeed", "1", "-threads", str(self.threads)]
        args += ["-ratio", str(self.effort.gap), "-allow", "0"]
        if math.isfinite(self.effort.seconds):
            args += ["-timeMode", "elapsed", "-sec", str(self.effort.seconds)]
        if self.effort.nodes is not None:
            args += ["-maxNodes", str(self.effort.nodes)]
        if self.effort.start is not None:
            self.writesol(self.folder / "start.mst", lp, columns, column_names, row_names)
            args += ["-mips", "start.mst"]
        args += ["-initialSolve" if self.effort.relaxed else "-solve"]
        args += ["-printingOptions", "all", "-solution", "model.sol"]
        log = self.folder / "log"
        self.interrupted = run_child(args, self.folder, log, self.effort.seconds + GRACE)
        self.log = log.read_text(errors="replace")
        answer = self.folder / "model.sol"
        if not answer.exists():
            lp.assignStatus(pulp.LpStatusNotSolved, pulp.LpSolutionNoSolutionFound)
            return int(lp.status)
        status, values, _, duals, _, sol_status = self.readsol_MPS(str(answer), lp, columns, column_names, row_names)
        lp.assignVarsVals(values)
        lp.assignConsPi(duals)
        lp.assignStatus(status, sol_status)
        return int(status)

    def bound(self) -> float | None:
        """The lower bound its log tells, with the digits it drops given away."""
        found = re.findall(r"^Lower bound:\s*(\S+)", self.log, re.MULTILINE)
        if found:
            return float(found[-1]) - 1e-3
        root = re.findall(r"Continuous objective value is (\S+)", self.log)
        return float(root[-1]) - 1e-6 * max(1.0, abs(float(root[-1]))) if root else None


def _by_files(stated: _State, effort: Effort, known: str, folder: Path, threads: int) -> Answer:
    """CBC, or another solver by its PuLP name, over files in a folder."""
    if effort.start is not None:
        for column, value in zip(stated.columns, effort.start.tolist(), strict=True):
            column.varValue = value
    if known == "PULP_CBC_CMD":
        engine = _Cbc(folder, effort, threads)
    else:
        engine = _other(known, effort)
        engine.tmpDir = str(folder)
    problem = stated.problem
    try:
        problem.solve(engine)
    except (pulp.PulpSolverError, KeyboardInterrupt) as stopped:
        interrupted = isinstance(stopped, KeyboardInterrupt)
        return Answer("unknown" if interrupted else "error", interrupted=interrupted)
    interrupted = getattr(engine, "interrupted", False)
    status = {
        pulp.LpSolutionOptimal: "optimal", pulp.LpSolutionIntegerFeasible: "feasible",
        pulp.LpSolutionInfeasible: "infeasible", pulp.LpSolutionUnbounded: "unbounded",
    }.get(problem.sol_status, "infeasible" if problem.status == pulp.LpStatusInfeasible else "unknown")  # fmt: skip
    bound = engine.bound() if isinstance(engine, _Cbc) else None
    most = None if bound is None else -bound / stated.scale
    if status not in ("optimal", "feasible"):
        return Answer(status, None, most, None, interrupted)  # type: ignore[arg-type]
    x = np.array([column.varValue or 0.0 for column in stated.columns])
    told = effort.relaxed and all(row.pi is not None for _, row in stated.rows)
    duals = stated.duals([row.pi for _, row in stated.rows]) if told else None
    if status == "optimal":
        reached = float(stated.program.coef @ x)
        exact = not stated.program.integer.any() or effort.gap <= EXACT
        most = reached if exact else max(reached, reached + effort.gap * abs(reached) if most is None else most)
    return Answer(status, x, most, duals, interrupted)  # type: ignore[arg-type]


def _other(known: str, effort: Effort) -> Any:
    """Another solver of PuLP's with the limits that it takes."""
    limits = {"timeLimit": effort.seconds if math.isfinite(effort.seconds) else None, "gapRel": effort.gap}
    try:
        return pulp.getSolver(known, msg=False, **limits)
    except TypeError:
        return pulp.getSolver(known, msg=False, timeLimit=limits["timeLimit"])
