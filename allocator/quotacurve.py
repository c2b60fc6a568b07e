"""Benefit against quota: what a plan would be worth if the pools of a resource held less or more (3.4)."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import highspy
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import units
from allocator.baselines import rank_and_cut
from allocator.errors import Infeasible, YaosuError
from allocator.highs import Quiet
from allocator.model import Model
from allocator.program import Effort, Floats, Program, relative_gap, unit_scale
from allocator.resolve import again
from allocator.stages import value_names

if TYPE_CHECKING:
    from allocator.baselines import Baseline
    from allocator.plan import Plan

FACTORS = (*(step / 10 for step in range(16)), 1.75, 2.0)
SOLVED = (0.5, 1.0, 1.5, 2.0)
GAP, SECONDS = 5e-3, 3.0
LEAST = 1e-9
"""Nothing at all would leave pools without the columns that they have today."""


def quota_curve(
    plan: Plan, resource: str | None = None, factors: Sequence[float] = FACTORS, *,
    solved: Sequence[float] = SOLVED, gap: float = GAP, time_limit: float = SECONDS,
) -> pd.DataFrame:  # fmt: skip
    """What the projects that fit today's pools would be worth with less or more quota of a resource.

    All pools of the resource are scaled together, with the advances and the carry-over that go by what they hold;
    the quota bank stays. Options that today's pools are too small for (3.11) are left out throughout, so that
    `relaxed` is concave in the factor and its slope at 1 is the price of the pools.

    Parameters
    ----------
    plan : Plan
    resource : str, optional
        By default the one whose pools are worth most at the prices of the plan.
    factors : sequence of float
        Of today's quota.
    solved : sequence of float
        The factors at which whole projects are chosen anew; the plan itself stands at 1.
    gap, time_limit : float
        Of each of those solves, relative and in seconds.

    Returns
    -------
    DataFrame
        ``factor, quota, relaxed`` (optimum of the LP relaxation: no choice of these projects is worth more), ``value``
        (of a plan that fits, NaN where not solved), ``gap`` (between the two), ``rank_and_cut``, ``kept`` (whether
        rank and cut keeps all decisions and hard rules); quota in the unit of the resource, the others in objective
        units. NaN where decisions and hard rules leave no plan.

    Raises
    ------
    YaosuError
        No such resource.
    Infeasible
        There is no plan to begin from.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> plan = allocate(Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 4.0], "value": [6.0, 4.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})))
    >>> quota_curve(plan, "land", (0.5, 1.0, 2.0))[["quota", "relaxed", "value"]].round(6).values.tolist()
    [[2.0, 3.0, 0.0], [4.0, 6.0, 6.0], [8.0, 10.0, 10.0]]
    """
    if plan.solution.x is None:
        raise Infeasible(plan.status)
    name = which(plan, resource)
    models = [scaled(plan.model, name, factor) for factor in factors]
    aim = worth(plan.model)
    table = pd.DataFrame({"factor": np.asarray(factors, dtype=float)})
    table["quota"] = table["factor"] * quota(plan, name)
    table["relaxed"] = _optima(aim, models)
    ranked = [rank_and_cut(plan.case, model) for model in models]
    table["rank_and_cut"] = [float(aim @ one.x) for one in ranked]
    table["kept"] = [one.status == "feasible" for one in ranked]
    table["value"] = _values(plan, ranked, table, solved, (gap, time_limit))
    ends = zip(table["value"], table["relaxed"], strict=True)
    table["gap"] = [relative_gap(value, max(value, bound)) for value, bound in ends]
    return table[["factor", "quota", "relaxed", "value", "gap", "rank_and_cut", "kept"]]


def which(plan: Plan, resource: str | None) -> str:
    """The resource meant, in the case's own name; by default the one whose pools are worth most at today's prices."""
    known = plan.case.resources
    if resource is None:
        return max(known, key=lambda name: slope(plan, name))
    meant = units.resource(resource) or resource
    found = next((name for name in known if resource == name or meant == (units.resource(name) or name)), None)
    if found is None:
        nearest = difflib.get_close_matches(resource, known, n=1, cutoff=0.0)
        raise YaosuError(
            "plot_resource", {"found": resource, "nearest": "".join(nearest), "expected": ", ".join(known)}
        )
    return found


def quota(plan: Plan, resource: str) -> float:
    """What the pools of a resource hold today over the whole round."""
    table = plan.model.pools.table
    return float(table.loc[table["resource"] == resource, "amount"].sum())


def slope(plan: Plan, resource: str) -> float:
    """What the relaxation gains per factor at today's quota, from its prices: rows and upper ends scaled."""
    rows, columns = _scaled_parts(plan.model, resource)
    reduced = np.maximum(plan.relaxation.reduced[columns], 0.0)
    limits = plan.model.upper[columns]
    by_rows = plan.relaxation.prices[rows] @ plan.model.row_upper[rows]
    return float(by_rows + reduced[reduced > 0] @ limits[reduced > 0])


def worth(model: Model) -> Floats:
    """What the relaxation maximises: all value objectives together."""
    names = value_names(model)
    return np.asarray(np.sum([aim.coef for aim in model.objectives if aim.name in names], axis=0))


def _scaled_parts(model: Model, resource: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows whose right side, and the columns whose upper end goes by what the pools of a resource hold."""
    mine = (model.pools.table["resource"] == resource).to_numpy()
    rows = np.flatnonzero(model.rows["block"].to_numpy() == "pool")[mine]
    moved = model.columns["block"].isin(["carry", "advance"]) & (model.columns["resource"] == resource)
    return rows, np.flatnonzero(moved.to_numpy() & np.isfinite(model.upper))


def scaled(model: Model, resource: str, factor: float) -> Model:
    """The model with the pools of a resource scaled, and the options that it has today."""
    factor, (rows, columns) = max(factor, LEAST), _scaled_parts(model, resource)
    row_upper, upper, table = model.row_upper.copy(), model.upper.copy(), model.pools.table.copy()
    row_upper[rows] *= factor
    upper[columns] *= factor
    for name in ("amount", "carry", "advance"):
        table[name] = np.where(table["resource"] == resource, table[name] * factor, table[name])
    return replace(model, row_upper=row_upper, upper=upper, pools=replace(model.pools, table=table))


def _optima(aim: Floats, models: Sequence[Model]) -> Floats:
    """Optimum of the relaxation of models that differ in right sides and upper ends only, each from the one before."""
    first, scale = Program.of(models[0]), unit_scale(aim)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(aim), len(first.row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = -scale * aim, first.lower, first.upper
    lp.row_lower_, lp.row_upper_ = first.row_lower, first.row_upper
    lp.a_matrix_.format_, lp.a_matrix_.start_ = highspy.MatrixFormat.kRowwise, first.matrix.indptr
    lp.a_matrix_.index_, lp.a_matrix_.value_ = first.matrix.indices, first.matrix.data
    highs = Quiet(Effort(relaxed=True, seconds=np.inf), 1, scale)
    highs.setOptionValue("output_flag", False)
    highs.passModel(lp)
    found = np.full(len(models), np.nan)
    rows, columns = (np.arange(size, dtype=np.int32) for size in (lp.num_row_, lp.num_col_))
    for place, model in enumerate(models):
        stated = Program.of(model)
        highs.changeRowsBounds(len(rows), rows, stated.row_lower, stated.row_upper)  # type: ignore[attr-defined]
        highs.changeColsBounds(len(columns), columns, stated.lower, stated.upper)
        highs.run()
        if highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            found[place] = -highs.getInfo().objective_function_value / scale
    return found


def _values(
    plan: Plan, ranked: Sequence[Baseline], table: pd.DataFrame, solved: Sequence[float], effort: tuple[float, float]
) -> Floats:
    """Worth of the plan itself at today's quota, and of plans made anew where the best one known is not near enough.

    A plan for less quota also fits more, and rank and cut is a plan where it keeps all rules.
    """
    (gap, seconds), aim, factors = effort, worth(plan.model), table["factor"].to_numpy()
    found, best = np.full(len(factors), np.nan), None
    for place in np.argsort(factors, kind="stable"):
        if factors[place] == 1:
            best = _better(aim, best, plan.solution.x)
        elif np.isclose(factors[place], solved).any():
            best = _better(aim, best, ranked[place].x if table["kept"].iloc[place] else None)
            if best is None or relative_gap(float(aim @ best), table["relaxed"].iloc[place]) > gap:
                model = ranked[place].model
                answer = again(model, solver=plan.solution.solver, gap=gap, seconds=seconds, start=best)
                best = _better(aim, best, answer.x)
        else:
            continue
        found[place] = np.nan if best is None else float(aim @ best)
    return found


def _better(aim: Floats, one: Floats | None, other: Floats | None) -> Floats | None:
    if one is None or other is None:
        return other if one is None else one
    return other if aim @ other > aim @ one else one
