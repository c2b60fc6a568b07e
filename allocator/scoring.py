"""The output-benefit score: points, grade and rank of every project, and where each point comes from (MODEL 2)."""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd

from allocator.case import Case
from allocator.errors import YaosuError
from allocator.grades import adjusted, appraised, given, order, rank, totals
from allocator.indicators import Appraisal
from allocator.rankings import firmness

__all__ = ["PART", "firmness", "order", "rank", "score", "why"]

PART = "part_"


def score(case: Case) -> pd.DataFrame:
    """Score, grade and rank of every project (2.1) to (2.3).

    A score stated in the projects is used as it is; blank ones are made from the indicators. Without scores and
    indicators score, rank and grade are blank.

    Parameters
    ----------
    case : Case
        `case.indicators` and `case.policy.score` say how: ``100 * sum(weight * min(x / benchmark, cap))`` or another
        method, plus adjustments. A blank benchmark is the median of the known positive values in the project's
        group (`policy.score.group`), or of all projects where the group knows none. A denominator that is not
        positive makes the value a blank; blanks go by the indicator's ``missing`` rule: ``refuse``, ``zero`` (no
        points), ``benchmark``, ``median`` (of the known values in the group) or ``drop`` (its weight goes to the
        project's other indicators).

    Returns
    -------
    DataFrame
        One row per project in the order of `case.projects`: ``id, score, grade, rank, filled``, a column
        ``part_<indicator>`` with the points of each indicator, and ``adjustments``. `filled` names the indicators
        whose blanks were filled: ``"indicator=rule|..."``.

    Raises
    ------
    InputError
        A blank that is refused, a score that can be neither read nor made, weights that do not sum to 1.

    Examples
    --------
    >>> from allocator import Case
    >>> case = Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "tax": [30.0, 12.0], "land": [10.0, 10.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [10.0]}),
    ...     indicators=pd.DataFrame({"indicator": ["tax per mu"], "numerator": ["tax"], "denominator": ["land"],
    ...                              "weight": [1.0], "benchmark": [2.0], "cap": [1.2]}))
    >>> score(case)[["id", "score", "rank"]].values.tolist()
    [['a', 120.0, 1], ['b', 60.0, 2]]
    """
    scores, parts = given(case), pd.DataFrame(index=range(len(case.projects)))
    made = appraised(case)
    if made is not None:
        total, adjustments = totals(case, made)
        at = pd.Index(case.projects["id"]).get_indexer(pd.Index(made.ids))
        scores[at] = total
        names = [f"{PART}{name}" for name in made.table["indicator"]]
        parts = pd.DataFrame(made.parts, columns=names, index=at).assign(adjustments=adjustments).reindex(parts.index)
        parts.insert(0, "filled", pd.Series(_filled(made), index=at, dtype="str").reindex(parts.index).fillna(""))
    ranked = rank(case.projects, scores, case.policy.score)
    table = pd.DataFrame(
        {"id": case.projects["id"].to_numpy(), "score": scores, "grade": ranked["grade"], "rank": ranked["rank"]}
    )
    return pd.concat([table if len(parts.columns) else table.assign(filled=""), parts], axis=1).set_axis(
        case.projects.index
    )


def _filled(made: Appraisal) -> list[str]:
    names = made.table["indicator"].tolist()
    return ["|".join(f"{name}={rule}" for name, rule in zip(names, row, strict=True) if rule) for row in made.filled]


WHY = (
    "part", "name", "numerator", "numerator_value", "denominator", "denominator_value", "x", "filled", "benchmark",
    "ratio", "cap", "capped", "weight", "to_best", "to_worst", "points",
)  # fmt: skip


def why(case: Case, id: str) -> pd.DataFrame:
    """Every number behind the score of one project, one row per indicator and adjustment, then the total.

    Parameters
    ----------
    case : Case
    id : str
        A project.

    Returns
    -------
    DataFrame
        ``part`` (indicator, adjustment, given or total), ``name``, the columns and values of numerator and
        denominator, ``x`` (their ratio, or what filled the blank), ``filled`` (the rule that filled it),
        ``benchmark``, ``ratio`` (2.1; the normalised value in the other methods), ``cap``, ``capped``, ``weight``,
        ``to_best`` and ``to_worst`` (weighted distances in TOPSIS) and ``points``. Points sum to the total, which
        is the score.

    Raises
    ------
    YaosuError
        There is no such project; the nearest one is given.

    Examples
    --------
    >>> from allocator import Case
    >>> case = Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a"], "tax": [30.0], "land": [10.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [10.0]}),
    ...     indicators=pd.DataFrame({"indicator": ["tax per mu"], "numerator": ["tax"], "denominator": ["land"],
    ...                              "weight": [1.0], "benchmark": [2.0], "cap": [1.2]}))
    >>> why(case, "a")[["part", "x", "benchmark", "ratio", "capped", "points"]].values.tolist()[0]
    ['indicator', 3.0, 2.0, 1.5, 1.2, 120.0]
    """
    ids = case.projects["id"]
    if not (ids == id).any():
        nearest = difflib.get_close_matches(str(id), ids.tolist(), n=1, cutoff=0.0)
        raise YaosuError("unknown_project", {"found": str(id), "nearest": nearest[0] if nearest else ""})
    made = appraised(case)
    if made is None or id not in made.ids:
        total = float(given(case)[(ids == id).to_numpy()][0])
        rows = pd.DataFrame({"part": ["given"], "points": [total]})
    else:
        i = int(np.flatnonzero(made.ids == id)[0])
        rows, total = _reasons(case, made, i), float(totals(case, made)[0][i])
    last = pd.DataFrame({"part": ["total"], "points": [total]})
    return pd.concat([rows, last], ignore_index=True).reindex(columns=list(WHY))


def _reasons(case: Case, made: Appraisal, i: int) -> pd.DataFrame:
    """One row per indicator and per adjustment of project `i` of an appraisal."""
    table, topsis = made.table, made.method == "topsis"
    weights, marked = made.weights[i], made.method == "benchmark"
    rows = pd.DataFrame({
        "part": "indicator", "name": table["indicator"],
        "numerator": table["numerator"], "numerator_value": made.numerator[i],
        "denominator": table["denominator"], "denominator_value": made.denominator[i],
        "x": made.x[i], "filled": made.filled[i], "benchmark": made.benchmark[i] if marked else np.nan,
        "ratio": made.ratio[i], "cap": table["cap"] if marked else np.nan, "capped": made.capped[i], "weight": weights,
        "to_best": np.sqrt(made.to_best[i]) * weights if topsis else np.nan,
        "to_worst": np.sqrt(made.to_worst[i]) * weights if topsis else np.nan, "points": made.parts[i],
    })  # fmt: skip
    rows["denominator_value"] = rows["denominator_value"].where(rows["denominator"].notna())
    added = [
        (adjustment.name, float(adjusted(case, adjustment, made.ids[[i]])[0]))
        for adjustment in case.policy.score.adjustments
    ]
    extra = pd.DataFrame([{"part": "adjustment", "name": name, "points": points} for name, points in added if points])
    return pd.concat([rows, extra], ignore_index=True) if len(extra) else rows
