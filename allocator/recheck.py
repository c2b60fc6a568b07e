"""A plan checked against every row, bound and whole number of its model, outside any solver."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.model import Model
from allocator.program import Floats, Program

TOLERANCE = 1e-6


def recheck(model: Model, x: Floats, tol: float = TOLERANCE) -> pd.DataFrame:
    """Every row, bound and whole number that a point breaks.

    Parameters
    ----------
    model : Model
    x : array over columns
    tol : float
        Violations are measured relative to the size of what is added up, at least 1.

    Returns
    -------
    DataFrame
        ``kind`` (row, bound, whole), ``index`` of the row or column, ``block``, ``value, lower, upper, violation``;
        empty when the point stands.

    Examples
    --------
    >>> from allocator import Case
    >>> from allocator.model import build
    >>> model = build(Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}),
    ...                                pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]})))
    >>> recheck(model, np.array([1.0, 3.0]))[["kind", "block", "violation"]].values.tolist()
    [['row', 'grant', 0.14285714285714285]]
    """
    x = np.asarray(x, dtype=float)
    reached, row_violation, bound_violation, whole_violation = _measures(model, x)
    parts = []
    for kind, violation, value, lower, upper, block in (
        ("row", row_violation, reached, model.row_lower, model.row_upper, model.rows),
        ("bound", bound_violation, x, model.lower, model.upper, model.columns),
        ("whole", whole_violation, x, model.lower, model.upper, model.columns),
    ):
        at = np.flatnonzero(~(violation <= tol))
        part = {"kind": kind, "index": at, "block": block["block"].to_numpy()[at], "value": value[at]}
        parts.append(pd.DataFrame(part | {"lower": lower[at], "upper": upper[at], "violation": violation[at]}))
    return pd.concat(parts, ignore_index=True)


def worst(model: Model, x: Floats) -> float:
    """The largest violation of a point, as `recheck` measures it."""
    _, *violations = _measures(model, x)
    return float(max(violation.max(initial=0.0) for violation in violations))


def _measures(model: Model, x: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    rows = Program.of(model).violation(x)
    bounds = np.maximum(np.maximum(model.lower - x, x - model.upper), 0.0) / np.maximum(1.0, np.abs(x))
    whole = np.where(model.integer, np.abs(x - np.round(x)), 0.0)
    return np.asarray(model.matrix @ x), rows, bounds, whole
