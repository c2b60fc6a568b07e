"""Exact ties: of the plans that are equal in every objective, the one that funds the projects earlier in order.

The order is that of the model's options: score, then earlier registration, then id; within a project the order of its
options. So two planners get one plan, whatever solver they use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from allocator.model import Model
from allocator.program import EXACT, Effort, Engine, Floats, Program

BLOCK = 20
NODES = 5_000
TIE = 1e-7
Indices = NDArray[np.intp]


def settle(model: Model, program: Program, x: Floats, engine: Engine, seconds_left: Callable[[], float]) -> Floats:
    """The first in order of all plans that keep the rows of `program`, where the objectives are held as rows.

    First it is asked whether any plan just as good funds a project that this one does not; mostly there is none. If
    there is, the projects are settled in blocks, each weighing more than all after it, then the options likewise.
    Projects that reduced costs show to be the same in every such plan are left out.
    """
    options = len(model.options)
    if not options:
        return x
    owner = np.asarray(model.options["project"].factorize()[0])
    tie = _Tie(_narrow(model, program, x, engine, seconds_left), x, engine, seconds_left)
    projects = int(owner.max()) + 1
    funded = sparse.csr_array((np.ones(options), (owner, np.arange(options))), shape=(projects, len(x)))
    tie.settle(funded)
    tie.keep(np.asarray(np.ones(projects) @ funded))
    choices = sparse.csr_array((np.ones(options), (np.arange(options), np.arange(options))), shape=(options, len(x)))
    tie.settle(choices)
    return tie.x


@dataclass(eq=False)
class _Tie:
    """Plans equally good so far, and the one in hand."""

    program: Program
    x: Floats
    engine: Engine
    seconds_left: Callable[[], float]

    def settle(self, shares: sparse.csr_array) -> None:
        """Make each of `shares` (rows over columns) as large as the ones before it allow."""
        loose = self._loose(shares)
        while len(loose) and self._more(shares[loose]):
            whole = bool(self.program.integer[shares[loose[:BLOCK]].indices].all())
            block = loose[: BLOCK if whole else 1]
            weight = 2.0 ** np.arange(len(block) - 1, -1, -1)
            if not self._improve(np.asarray(weight @ shares[block])):
                return
            for row in block:
                self.keep(np.asarray(shares[[row]].toarray()[0]))
            loose = loose[len(block) :]

    def keep(self, coef: Floats) -> None:
        """From now on no plan with less of `coef`."""
        self.program = self.program.add(coef, float(coef @ self.x) - EXACT, np.inf)

    def _loose(self, shares: sparse.csr_array) -> Indices:
        """The shares that are not the same in every plan left."""
        free = (self.program.upper > self.program.lower).astype(float)
        return np.flatnonzero((shares @ free) > 0)

    def _more(self, shares: sparse.csr_array) -> bool:
        """Whether some plan raises a share that is not yet at one."""
        lacking = np.flatnonzero(shares @ self.x < 1 - TIE)
        if not len(lacking) or self.seconds_left() <= 0:
            return False
        wish = np.asarray(np.ones(len(lacking)) @ shares[lacking])
        if not self.program.integer[wish > 0].all():
            return True
        answer = self.engine.run(self.program.add(wish, 1.0, np.inf).aim(np.zeros(len(self.x))), self._effort(None))
        return answer.x is not None

    def _improve(self, coef: Floats) -> bool:
        """Move to the plan with the most of `coef`; false when that could not be proven."""
        answer = self.engine.run(self.program.aim(coef), self._effort(self.x))
        if answer.status != "optimal" or answer.x is None:
            return False
        point = self.program.repair(answer.x)
        if self.program.violation(point).max(initial=0.0) > 1e-6:
            return False
        if coef @ point > coef @ self.x + TIE:
            self.x = point
        return True

    def _effort(self, start: Floats | None) -> Effort:
        return Effort(gap=EXACT, seconds=max(self.seconds_left(), 0.1), nodes=NODES, start=start)


def _narrow(model: Model, program: Program, x: Floats, engine: Engine, seconds_left: Callable[[], float]) -> Program:
    """The programme with the whole columns fixed that reduced costs show to be the same in every plan as good."""
    coef = model.objectives[0].coef
    answer = engine.run(program.aim(coef), Effort(seconds=max(seconds_left(), 0.1), relaxed=True))
    if answer.status != "optimal" or answer.prices is None or answer.bound is None:
        return program
    reduced = coef - program.matrix.T @ answer.prices
    slack = answer.bound - float(coef @ x) + 2 * EXACT * abs(answer.bound)
    least = slack * (1 + 1e-6) + EXACT * np.abs(coef).max(initial=0.0)
    clear = (program.integer | ~program.integer.any()) & (np.abs(reduced) > least)
    at = np.where(reduced > 0, program.upper, program.lower)
    clear &= np.isfinite(at) & (np.abs(at - x) < TIE)
    return program.fix(clear, at)


def swap(model: Model, x: Floats) -> Floats:
    """Let projects earlier in order take the place of later ones whose options are the same in every row and objective.

    Options count as the same when their columns agree but for the project's own row "at most one option".
    """
    owner = np.asarray(model.options["project"].factorize()[0])
    x, served = x.copy(), np.bincount(owner, x[: len(owner)] > 0)
    for alike in _alike(model, owner):
        funded = [option for option in alike if x[option] > 0]
        for option in alike:
            if not funded or funded[-1] <= option:
                break
            if not served[owner[option]]:
                later = funded.pop()
                x[option], x[later] = x[later], 0.0
                served[owner[option]] += 1
                served[owner[later]] -= 1
    return x


def _alike(model: Model, owner: Indices) -> list[list[int]]:
    """Options of different projects that could stand for each other; projects that must be funded stand apart."""
    one = (model.rows["block"] == "one").to_numpy()
    forced = set(model.rows.loc[one & (model.row_lower > 0), "project"])
    free = ~model.options["project"].isin(forced).to_numpy()
    columns = sparse.csc_array(sparse.csr_array(model.matrix[np.flatnonzero(~one)])[:, : len(owner)])
    columns.sort_indices()
    coefs = [objective.coef for objective in model.objectives]
    facts = np.column_stack([each[: len(owner)] for each in (*coefs, model.value, model.lower, model.upper)])
    kinds: dict[tuple[bytes, ...], list[int]] = {}
    for option in np.flatnonzero(free).tolist():
        span = slice(columns.indptr[option], columns.indptr[option + 1])
        key = (columns.indices[span].tobytes(), columns.data[span].tobytes(), facts[option].tobytes())
        kinds.setdefault(key, []).append(option)
    return [alike for alike in kinds.values() if len(alike) > 1]
