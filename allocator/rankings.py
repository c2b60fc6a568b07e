"""How firm a rank is when the weights are not (2.4)."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.case import Case
from allocator.grades import appraised, given, order, totals
from allocator.indicators import Floats

CHUNK = 10_000_000
"""Scores held in memory at a time."""


def draw_weights(weight: Floats, draws: int, concentration: float, random: np.random.Generator) -> Floats:
    """Weights from a Dirichlet distribution round `weight`, draws x indicators; an indicator of weight 0 keeps it.

    >>> made = draw_weights(np.array([0.7, 0.3, 0.0]), 1000, 100.0, np.random.default_rng(0))
    >>> made.mean(axis=0).round(2).tolist()
    [0.7, 0.3, 0.0]
    """
    made = np.zeros((draws, len(weight)))
    made[:, weight > 0] = random.dirichlet(concentration * weight[weight > 0], draws)
    return made


def drawn_scores(case: Case, weights: Floats) -> Floats:
    """Scores of all projects under drawn weights, projects x draws; stated scores stay."""
    scores = np.repeat(given(case)[:, None], len(weights), axis=1)
    made = appraised(case)
    if made is not None:
        at = pd.Index(case.projects["id"]).get_indexer(pd.Index(made.ids))
        scores[at] = made.totals(weights) + totals(case, made)[1][:, None]
    return scores


def firmness(
    case: Case, funded: Collection[str] | int | None = None, draws: int = 1000, concentration: float = 100.0,
    seed: int = 0, level: float = 0.9,
) -> pd.DataFrame:  # fmt: skip
    """Rank intervals and the chance of being funded under uncertain weights (2.4).

    Weights are drawn from a Dirichlet distribution with parameters ``concentration * weight``: its mean is the
    weights in force, and the larger `concentration`, the closer the draws.

    Parameters
    ----------
    case : Case
    funded : collection of ids or int, optional
        The funded set of a plan, or its size: a project counts as funded in a draw when its rank lies within that
        number. By default the number that rank and cut funds.
    draws : int
    concentration : float
        A weight w has the standard deviation ``sqrt(w (1 - w) / (concentration + 1))``.
    seed : int
    level : float
        Share of the draws inside the rank interval.

    Returns
    -------
    DataFrame
        One row per project in the order of the case: ``id, score, rank, rank_low, rank_high, probability``; 1 is the
        best rank.

    Raises
    ------
    InputError
        Where scores cannot be made, see `allocator.score`.

    Examples
    --------
    >>> from allocator import load_sample
    >>> firm = firmness(load_sample("shandong-2020"), funded=300, draws=100)
    >>> bool((firm["rank_low"] <= firm["rank_high"]).all()), round(firm["probability"].sum())
    (True, 300)
    """
    made = appraised(case)
    number = _number(case, funded)
    n = len(case.projects)
    weights = (
        np.ones((draws, 0))
        if made is None
        else draw_weights(made.weight, draws, concentration, np.random.default_rng(seed))
    )
    ties = order(case.projects, np.zeros(n))
    ranks = np.empty((n, draws), dtype=np.int32)
    for first in range(0, draws, step := max(1, CHUNK // max(n, 1))):
        ranks[:, first : first + step] = _ranks(drawn_scores(case, weights[first : first + step]), ties)
    point = given(case)[:, None]
    if made is not None:
        point[pd.Index(case.projects["id"]).get_indexer(pd.Index(made.ids)), 0] = totals(case, made)[0]
    low, high = np.quantile(ranks, [(1 - level) / 2, (1 + level) / 2], axis=1, method="inverted_cdf")
    return pd.DataFrame({
        "id": case.projects["id"].to_numpy(), "score": point[:, 0], "rank": _ranks(point, ties)[:, 0],
        "rank_low": low.astype(int), "rank_high": high.astype(int), "probability": (ranks <= number).mean(axis=1),
    })  # fmt: skip


def _ranks(scores: Floats, ties: NDArray[np.intp]) -> NDArray[np.int32]:
    """Ranks from 1 within each column; of equal scores the one earlier in `ties` comes first."""
    first = np.argsort(-scores[ties], axis=0, kind="stable")
    ranks = np.empty(scores.shape, dtype=np.int32)
    np.put_along_axis(ranks, ties[first], np.arange(1, len(scores) + 1, dtype=np.int32)[:, None], axis=0)
    return ranks


def _number(case: Case, funded: Collection[str] | int | None) -> int:
    if isinstance(funded, int | np.integer):
        return int(funded)
    if funded is not None:
        return len(set(funded))
    from allocator.baselines import rank_and_cut
    from allocator.model import build

    return int(rank_and_cut(case, build(case)).projects["funded"].sum())
