"""What a score is put together from, and the rank and grade that follow from it (2.1, 2.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.case import Case
from allocator.errors import Fault, InputError
from allocator.indicators import Appraisal, Floats, across, appraise, numbered
from allocator.policy import Adjustment, ScoreRule
from allocator.schema import column


def given(case: Case) -> Floats:
    """Scores stated in the projects, NaN where blank."""
    return np.array(column(case.projects, "projects", "score"), dtype=np.float64)


def appraised(case: Case) -> Appraisal | None:
    """The appraisal of the projects without a stated score; None where there is nothing to make scores from.

    Raises
    ------
    InputError
        Where some scores are stated, others blank, and no indicators could make them; and see `appraise`.
    """
    blank = np.isnan(given(case))
    if not blank.any():
        return None
    if len(case.indicators):
        return appraise(case, case.projects.loc[blank, "id"])
    if "score" not in case.projects:
        return None
    rows = numbered(case, "projects").loc[blank, "id"]
    faults = [("score_blank", int(row), {"project": str(id_)}) for row, id_ in zip(rows.index, rows, strict=True)]
    raise InputError(tuple(Fault(code, "projects", row, "score", values=values) for code, row, values in faults))


def adjusted(case: Case, adjustment: Adjustment, ids: NDArray[np.object_]) -> Floats:
    """Points that an adjustment adds to each of these projects."""
    by = column(case.projects, "projects", adjustment.by).set_axis(case.projects["id"]).reindex(ids)
    return np.where(by.notna() & by.astype(str).isin(adjustment.of), adjustment.points, 0.0)


def totals(case: Case, made: Appraisal) -> tuple[Floats, Floats]:
    """Scores with adjustments, and the adjustments alone, summed in the order in which `allocator.why` lists them."""
    total, adjustments = across(made.parts), np.zeros(len(made.ids))
    for adjustment in case.policy.score.adjustments:
        points = adjusted(case, adjustment, made.ids)
        total, adjustments = total + points, adjustments + points
    return total, adjustments


def order(projects: pd.DataFrame, scores: Floats) -> NDArray[np.intp]:
    """Places of the projects from first to last: score falling, earlier registration, id.

    >>> order(pd.DataFrame({"id": ["b", "a", "c"]}), np.array([1.0, 1.0, 2.0])).tolist()
    [2, 1, 0]
    """
    keys = pd.DataFrame({"id": projects["id"].to_numpy(), "score": -scores})
    keys["registered"] = pd.to_datetime(column(projects, "projects", "registered").to_numpy())
    return keys.sort_values(["score", "registered", "id"]).index.to_numpy(dtype=np.intp)


def rank(projects: pd.DataFrame, scores: Floats, rule: ScoreRule) -> pd.DataFrame:
    """Rank over all projects and grade by rank share within a group (2.3).

    In a group of n, A goes to the first ``floor(a_share n)``, D to the last ``ceil(d_share n)``, B to the first
    ``floor((a_share + b_share) n)`` of the others and C to the rest; where the shares overlap D comes before A.

    Returns
    -------
    DataFrame
        ``rank`` (from 1) and ``grade`` in the order of `projects`; blank where no score is known.

    Examples
    --------
    >>> rank(pd.DataFrame({"id": list("abcde")}), np.array([5.0, 4, 3, 2, 1]), ScoreRule())["grade"].tolist()
    ['A', 'B', 'B', 'C', 'D']
    """
    if np.isnan(scores).all():
        return pd.DataFrame(
            {
                "rank": np.full(len(projects), np.nan),
                "grade": pd.Series(np.nan, index=range(len(projects)), dtype="str"),
            }
        )
    ranks = np.empty(len(projects), dtype=np.int64)
    ranks[order(projects, scores)] = np.arange(1, len(projects) + 1)
    group = pd.Series("", index=projects.index) if rule.group is None else column(projects, "projects", rule.group)
    within = pd.DataFrame({"rank": ranks, "group": group.to_numpy()}).groupby("group", dropna=False)["rank"]
    place, size = within.rank().to_numpy(), within.transform("size").to_numpy()
    grade = np.where(place <= np.floor((rule.a_share + rule.b_share) * size + 1e-9), "B", "C")
    grade = np.where(place <= np.floor(rule.a_share * size + 1e-9), "A", grade)
    grade = np.where(place > size - np.ceil(rule.d_share * size - 1e-9), "D", grade)
    return pd.DataFrame({"rank": ranks, "grade": grade})
