"""The same rows solved by prices: multipliers on the rows fix what is clear, the exact solver settles the rest (MODEL 3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from allocator.model import Model
from allocator.solve import Progress, Relaxation, Solution, solve

Floats = NDArray[np.float64]
CORE = 20_000


def dual_bound(model: Model, prices: Floats) -> float:
    """What no plan can exceed, from any prices of the rows: one pass over the data (weak duality).

    Parameters
    ----------
    model : Model
    prices : array over rows
        Multipliers, positive where a larger right side helps; the project rows (3.2) need none, since each project's
        best response is the best of its options or nothing.

    Examples
    --------
    >>> from allocator import load_sample
    >>> from allocator.model import build
    >>> model = build(load_sample("gb-grid-2021"))
    >>> dual_bound(model, np.zeros(len(model.rows))) >= model.options["value"].clip(lower=0).groupby(model.options["project"]).max().sum() - 1e-6
    True
    """
    one = model.rows["block"].to_numpy() == "one"
    price = np.where(one, 0.0, prices)
    at_side = np.where(price > 0, model.row_upper, model.row_lower)
    with np.errstate(invalid="ignore"):
        rest = np.where(price != 0, price * at_side, 0.0).sum()
    profit = model.value - model.matrix.T @ price
    n = len(model.options)
    others = profit[n:]
    with np.errstate(invalid="ignore"):
        ends = np.where(others > 0, model.upper[n:], model.lower[n:])
        rest += np.where(np.abs(others) > 1e-9, others * ends, 0.0).sum()
    return float(rest + _responses(model, profit[:n]))


def _responses(model: Model, profit: Floats) -> float:
    """Each project's best response: its best option, or nothing unless it must (3.2)."""
    owner, ids = model.options["project"].factorize()
    best = np.full(len(ids), -np.inf)
    np.maximum.at(best, owner, profit)
    must = np.zeros(len(ids), dtype=bool)
    forced = model.rows.loc[(model.rows["block"] == "one").to_numpy() & (model.row_lower > 0), "project"]
    must[ids.get_indexer(forced[forced.isin(ids)])] = True
    must[owner[model.lower[: len(profit)] > 0]] = True
    return float(np.where(must, best, np.maximum(best, 0.0)).sum())


def solve_by_prices(
    model: Model, relaxation: Relaxation, *, solver: str = "highs", gap: float = 1e-3, time_limit: float = 60.0,
    progress: Callable[[Progress], None] | None = None,
) -> Solution:  # fmt: skip
    """Fix the options whose reduced profit is far from zero, give the core to the exact solver, widen until the gap holds.

    Returns
    -------
    Solution
        With the bound of the relaxation of all rows, so that bound and gap mean what they mean for the exact engine.
    """
    begun, core = time.monotonic(), CORE
    if relaxation.x is None or relaxation.objective is None or len(model.objectives) > 2:
        return solve(model, solver=solver, gap=gap, time_limit=time_limit, progress=progress)
    bound = min(relaxation.objective, dual_bound(model, relaxation.prices))
    found: Solution | None = None
    while True:
        left = time_limit - (time.monotonic() - begun)
        narrowed = _fix(model, relaxation, core)
        answer = solve(narrowed, solver=solver, gap=gap / 2, time_limit=max(left, 1.0), progress=progress)
        if answer.objective is not None and (found is None or answer.objective > (found.objective or -np.inf)):
            found = answer
        done = (
            found is not None and found.objective is not None and bound - found.objective <= gap * abs(found.objective)
        )
        if done or core >= len(model.options) or time.monotonic() - begun > time_limit:
            break
        core *= 4
    seconds = time.monotonic() - begun + relaxation.seconds
    if found is None or found.objective is None:
        return replace(answer, seconds=seconds)
    reached = max(0.0, bound - found.objective) / max(abs(found.objective), 1e-9)
    status = "optimal" if reached <= gap else "feasible"
    return replace(found, status=status, bound=max(bound, found.objective), gap=reached, seconds=seconds)


def _fix(model: Model, relaxation: Relaxation, core: int) -> Model:
    """The model with all but the `core` options nearest to a reduced profit of zero held where the relaxation has them."""
    n = len(model.options)
    x = np.asarray(relaxation.x)[:n]
    distance = np.abs(np.asarray(relaxation.reduced)[:n])
    split = (x > 1e-6) & (x < 1 - 1e-6)
    near = np.argsort(np.where(split, -1.0, distance), kind="stable")[:core]
    held = np.ones(n, dtype=bool)
    held[near] = False
    lower, upper = model.lower.copy(), model.upper.copy()
    at = np.round(x)
    lower[:n][held], upper[:n][held] = np.maximum(lower[:n], at)[held], np.minimum(upper[:n], at)[held]
    return replace(model, lower=lower, upper=upper)
