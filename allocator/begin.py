"""A good plan to begin a large search from: the relaxation, a dive, and small searches round what is undecided."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from allocator.model import Model
from allocator.program import Answer, Bools, Effort, Engine, Floats, Program, Watch, relative_gap

WHOLE = 1e-6
NODES = 500
LEAST_SECONDS = 2.0
FINE = 2.5e-4
WITHIN = 20
ROUNDS = (0, 200)
BRISK_ROUNDS, BRISK_NODES = (50, 1_000), 20
MORE_ROUNDS = (0, 200, 1_000, 5_000)


def begin(
    model: Model, engine: Engine, program: Program, gap: float, seconds: float, watch: Watch | None,
    start: Floats | None = None, brisk: bool = False,
) -> Answer:  # fmt: skip
    """Search where the relaxation is not whole, where a dive ends elsewhere, and where prices leave the choice open.

    Each round frees more options, those first whose project loses least by choosing another way; the other options
    stay, and so do the loans of their projects.

    Parameters
    ----------
    model : Model
    engine : Engine
    program : Program
        The model with the rows and the objective of the stage.
    gap : float
        A plan this near to the relaxation ends the search.
    seconds : float
        A search that has begun has two seconds in any case.
    watch : callable, optional
    start : array over columns, optional
        A plan whose whole columns are feasible, instead of the end of a dive.
    brisk : bool
        Small searches with few nodes, to half the gap.

    Returns
    -------
    Answer
        The plan found, with the bound of the relaxation; without a plan where the engine cannot dive or finds none.
    """
    end = time.monotonic() + seconds
    relaxed, dived = engine.dive(program, Effort(gap=gap, seconds=seconds, watch=watch))
    if relaxed.interrupted:
        return Answer("unknown", None, relaxed.bound, None, True)
    if relaxed.x is None or relaxed.bound is None or relaxed.prices is None or dived is None:
        return Answer("unknown", None, relaxed.bound)
    found = Answer("unknown", dived, relaxed.bound)
    loss, plan = _losses(model, program, relaxed.prices), None
    at = dived if start is None else start
    undecided = _unlike(program, relaxed.x, at)
    if brisk:
        undecided |= _within_rules(model, program, relaxed.x, loss)
    fine, nodes = (gap / 2, BRISK_NODES) if brisk else (min(gap / 2, FINE), NODES)
    for size in BRISK_ROUNDS if brisk else MORE_ROUNDS if engine.by_prices else ROUNDS:
        undecided |= _unlike(program, relaxed.x, at) | _least(loss, size)
        effort = Effort(
            gap=fine, nodes=nodes, seconds=max(LEAST_SECONDS, end - time.monotonic()), start=plan,
            enough=_enough(relaxed.bound, gap), watch=None if watch is None else _telling(watch, relaxed.bound),
        )  # fmt: skip
        answer = _search(model, engine, program, at, undecided, effort)
        plan = plan if answer.x is None else program.repair(answer.x)
        found = Answer("unknown" if plan is None else "feasible", plan, relaxed.bound, None, answer.interrupted)
        if plan is None or answer.interrupted or near(program, found, gap) or time.monotonic() > end:
            break
        at = plan
    return found


def near(program: Program, answer: Answer, gap: float) -> bool:
    """Whether a plan is proven within the gap already."""
    if answer.x is None or answer.bound is None:
        return False
    return relative_gap(float(program.coef @ answer.x), answer.bound) <= gap


def _search(model: Model, engine: Engine, program: Program, at: Floats, free: Bools, effort: Effort) -> Answer:
    """Search the free options with the loans of all other projects held or, where that fails, open."""
    project = model.columns["project"]
    loans = (model.columns["block"] == "loan").to_numpy() & ~project.isin(project[free].unique()).to_numpy()
    held = program.integer & ~free
    x = np.where(program.integer, np.round(at), at)
    answer = engine.run(program.fix(held | loans, x), effort)
    return answer if answer.x is not None or answer.interrupted else engine.run(program.fix(held, x), effort)


def _unlike(program: Program, x: Floats, other: Floats) -> Bools:
    alike = (np.abs(x - other) < WHOLE) & (np.abs(other - np.round(other)) < WHOLE)
    return program.integer & ~alike


def _losses(model: Model, program: Program, prices: Floats) -> Floats:
    """What each option's project loses by choosing it, for the best option: by choosing another; infinite elsewhere."""
    owner = np.asarray(model.options["project"].factorize()[0])
    own = prices.copy()
    own[np.flatnonzero(model.rows["block"] == "one")] = 0.0
    profit = (program.coef - program.matrix.T @ own)[: len(owner)]
    order = np.lexsort((-profit, owner))
    ranked, first = profit[order], np.flatnonzero(np.diff(owner[order], prepend=-1))
    best = np.maximum(ranked[first], 0.0)[owner]
    other = np.zeros(len(first))
    several = np.diff(first, append=len(owner)) > 1
    other[several] = np.maximum(ranked[first[several] + 1], 0.0)
    chosen = np.where(ranked[first] > 0, ranked[first] - other, 0.0)[owner]
    loss = np.full(len(program.coef), np.inf)
    loss[: len(owner)] = np.where(profit >= best, chosen, best - profit)
    return loss


def _least(loss: Floats, size: int) -> Bools:
    """The options of least loss."""
    free = np.zeros(len(loss), dtype=bool)
    order: NDArray[np.intp] = np.argsort(loss, kind="stable")[:size]
    free[order[np.isfinite(loss[order])]] = True
    return free


def _within_rules(model: Model, program: Program, x: Floats, loss: Floats) -> Bools:
    """The options of least loss inside each group whose rule leaves no room: without them it could not be met."""
    free = np.zeros(len(loss), dtype=bool)
    soft = abs(model.matrix) @ (model.columns["block"] == "slack").to_numpy(dtype=float)
    rows = np.flatnonzero(np.isin(model.rows["block"].to_numpy(), ("floor", "cap")) & (soft == 0))
    reached = program.matrix[rows] @ x
    size = np.maximum(1.0, abs(program.matrix[rows]) @ np.abs(x))
    tight = np.minimum(reached - program.row_lower[rows], program.row_upper[rows] - reached) <= WHOLE * size
    for row in rows[tight]:
        inside = np.zeros(len(loss), dtype=bool)
        span = slice(program.matrix.indptr[row], program.matrix.indptr[row + 1])
        inside[program.matrix.indices[span][program.matrix.data[span] > 0]] = True
        free |= _least(np.where(inside & program.integer, loss, np.inf), WITHIN)
    return free


def _enough(bound: float, gap: float) -> float:
    """The value from which on the gap to a bound is small enough."""
    return bound / (1 + gap) if bound > 0 else bound * (1 + gap)


def _telling(watch: Watch, bound: float) -> Watch:
    return lambda reached, _: watch(reached, bound)
