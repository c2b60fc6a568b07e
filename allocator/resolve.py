"""What if: the same model with a project forced in, left out, worth more or asking for less, solved again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.case import Case
from allocator.model import Model
from allocator.program import Floats
from allocator.solution import Solution
from allocator.solve import solve
from allocator.stages import COST
from allocator.tables import chosen

FINE = 1e-4
CORE = 600
"""Options left open when a large plan is changed nearby."""


def value_only(model: Model) -> Model:
    """Without the last stage of least cost, which funds nobody else."""
    return replace(model, objectives=tuple(aim for aim in model.objectives if aim.name != COST) or model.objectives)


def again(model: Model, *, solver: str, gap: float, seconds: float, start: Floats | None = None) -> Solution:
    """Solve for the value alone."""
    return solve(value_only(model), solver=solver, gap=gap, time_limit=max(seconds, 1.0), start=start)


def own(model: Model, project: str) -> NDArray[np.intp]:
    """The options of a project."""
    return np.flatnonzero((model.options["project"] == project).to_numpy())


def nearby(model: Model, x: Floats, reduced: Floats, project: str) -> Model:
    """With all options held but the project's own and those nearest to a reduced profit of zero."""
    n = len(model.options)
    held = np.zeros(len(model.columns), dtype=bool)
    held[:n] = model.integer[:n]
    held[np.argsort(np.abs(reduced[:n]), kind="stable")[:CORE]] = False
    held[own(model, project)] = False
    at = np.clip(np.round(x), model.lower, model.upper)
    return replace(
        model, lower=np.where(held, at, model.lower), upper=np.where(held, at, model.upper),
        integer=model.integer & ~held,
    )  # fmt: skip


def _row(model: Model, project: str) -> NDArray[np.bool_]:
    return ((model.rows["block"] == "one") & (model.rows["project"] == project)).to_numpy()


def forced(model: Model, project: str) -> Model:
    """With the project done."""
    return replace(model, row_lower=np.where(_row(model, project), 1.0, model.row_lower))


def dropped(model: Model, project: str) -> Model:
    """Without the project, whatever was decided before."""
    mine = np.zeros(len(model.columns), dtype=bool)
    mine[own(model, project)] = True
    return replace(
        model, lower=np.where(mine, 0.0, model.lower), upper=np.where(mine, 0.0, model.upper),
        row_lower=np.where(_row(model, project), 0.0, model.row_lower),
    )  # fmt: skip


def scaled(case: Case, model: Model, project: str, *, value: float = 1.0, demand: float = 1.0) -> Model:
    """With the value and the demands of one project multiplied, also where rules count them."""
    mine = np.zeros(len(model.columns), dtype=bool)
    mine[own(model, project)] = True
    measure = (
        model.rows["rule"]
        .map({rule.name: rule.measure for _, rule in case.policy.rules})
        .astype(object)
        .fillna("")
        .to_numpy()
    )
    factor = np.where(measure == "value", value, 1.0)
    asks = model.rows["block"].isin(["grant", "pool"]).to_numpy() | np.isin(measure.astype(str), case.resources)
    factor = np.where(asks, demand, factor)
    matrix = model.matrix.copy()
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    matrix.data = np.where(mine[matrix.indices], matrix.data * factor[row], matrix.data)
    aims = tuple(replace(aim, coef=np.where(mine, aim.coef * value, aim.coef)) for aim in model.objectives)
    return replace(model, matrix=matrix, objectives=aims, value=np.where(mine, model.value * value, model.value))


def funded(model: Model, x: Floats | None) -> set[str]:
    """The projects a point funds."""
    return set() if x is None else set(chosen(model, x)["project"])


def moves(before: tuple[Model, Floats | None], after: tuple[Model, Floats | None]) -> pd.DataFrame:
    """Who is funded after and not before (``in``), and the reverse (``out``), the largest first.

    Columns ``project, name, move, value``; `value` is in objective points.
    """
    one, two = (funded(*side) for side in (before, after))
    parts = []
    for move, ids, (model, x) in (("in", two - one, after), ("out", one - two, before)):
        taken = chosen(model, np.zeros(len(model.columns)) if x is None else x)
        worth = (taken["points"] * taken["share"]).groupby(taken["project"]).sum()
        names = model.projects.set_index("id")["name"] if "name" in model.projects else None
        listed = sorted(ids, key=lambda id_: (-worth[id_], id_))
        called = [str(id_) if names is None or pd.isna(names[id_]) else str(names[id_]) for id_ in listed]
        parts.append(
            pd.DataFrame(
                {"project": listed, "name": called, "move": move, "value": worth.reindex(listed).to_numpy(dtype=float)}
            )
        )
    return pd.concat(parts, ignore_index=True)
