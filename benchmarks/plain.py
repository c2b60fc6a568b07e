"""The same model as people write it down: PuLP expressions term by term, and scipy's `milp`."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pulp
from scipy.optimize import Bounds, LinearConstraint, milp

from allocator.model import Model

Told = dict[str, Any]


def by_pulp(model: Model, gap: float, seconds: float) -> Told:
    """Variables in a dictionary, rows as `lpSum` of terms, HiGHS through PuLP: value, bound, seconds to build."""
    begun = time.perf_counter()
    problem = pulp.LpProblem("plan", pulp.LpMaximize)
    kinds = ["Integer" if whole else "Continuous" for whole in model.integer]
    tops = [None if np.isinf(top) else top for top in model.upper]
    sides = zip(model.lower, tops, kinds, strict=True)
    x = {j: pulp.LpVariable(f"x{j}", low, top, kind) for j, (low, top, kind) in enumerate(sides)}
    problem += pulp.lpSum(value * x[j] for j, value in enumerate(model.value) if value)
    start, column, data = model.matrix.indptr, model.matrix.indices, model.matrix.data
    for i, (low, top) in enumerate(zip(model.row_lower, model.row_upper, strict=True)):
        row = pulp.lpSum(data[k] * x[column[k]] for k in range(start[i], start[i + 1]))
        if low == top:
            problem += row == low
            continue
        if np.isfinite(low):
            problem += row >= low
        if np.isfinite(top):
            problem += row <= top
    built = time.perf_counter() - begun
    problem.solve(pulp.HiGHS(msg=False, gapRel=gap, timeLimit=seconds, threads=1))
    bound = -problem.solverModel.getInfo().mip_dual_bound if problem.solverModel is not None else None
    point = np.array([np.nan if x[j].value() is None else x[j].value() for j in x], dtype=float)
    return _told(model, point, bound, built)


def by_scipy(model: Model, gap: float, seconds: float) -> Told:
    """The arrays handed to `scipy.optimize.milp`, which runs HiGHS too."""
    begun = time.perf_counter()
    rows = LinearConstraint(model.matrix, model.row_lower, model.row_upper)
    built = time.perf_counter() - begun
    found = milp(
        -model.value, constraints=rows, bounds=Bounds(model.lower, model.upper), integrality=model.integer.astype(int),
        options={"mip_rel_gap": gap, "time_limit": seconds},
    )  # fmt: skip
    point = np.full(len(model.value), np.nan) if found.x is None else found.x
    return _told(model, point, None if found.mip_dual_bound is None else -found.mip_dual_bound, built)


def _told(model: Model, point: np.ndarray, bound: float | None, built: float) -> Told:
    """Value of a point that keeps every row, else none."""
    activity = model.matrix @ point
    slack = 1e-6 * np.maximum(1.0, abs(model.matrix) @ np.abs(point))
    kept = bool(((activity >= model.row_lower - slack) & (activity <= model.row_upper + slack)).all())
    return {"value": float(model.value @ point) if kept else None, "bound": bound, "built": built}
