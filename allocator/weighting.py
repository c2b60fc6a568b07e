"""Weights of indicators: given, by entropy or by CRITIC (2.2)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.errors import Fault

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WHOLE = 1e-6
"""By how much given weights may miss a sum of 1."""


def weights(kind: str, table: pd.DataFrame, x: Floats, faults: list[Fault]) -> Floats:
    """Weights that sum to 1: given (percent when they sum to 100, equal when none is given), entropy or CRITIC."""
    equal = np.full(len(table), 1 / len(table))
    if kind == "given":
        given = table["weight"].to_numpy()
        if np.isnan(given).all():
            return equal
        percent = abs(given.sum() - 100) <= 100 * WHOLE
        if not (given >= 0).all() or not (abs(given.sum() - 1) <= WHOLE or percent):
            faults.append(
                Fault("score_weights", "indicators", None, "weight", values={"found": f"{np.nansum(given):g}"})
            )
        return np.asarray(given / given.sum())
    x = np.where(np.isinf(x), np.nan, x)
    made = entropy(x) if kind == "entropy" else critic(x, (table["direction"] == "min").to_numpy())
    return np.asarray(made / made.sum()) if made.sum() > 0 else equal


def entropy(x: Floats) -> Floats:
    """One less the entropy of each column's shares: 0 for a constant column; negative values count 0 (2.2).

    >>> entropy(np.array([[1.0, 5.0], [3.0, 5.0]])).round(3).tolist()
    [0.189, 0.0]
    """
    values = np.maximum(np.nan_to_num(x), 0.0)
    total, known = values.sum(axis=0), (~np.isnan(x)).sum(axis=0)
    share = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    terms = share * np.log(np.where(share > 0, share, 1.0))
    told = np.divide(-terms.sum(axis=0), np.log(np.maximum(known, 2)))
    made = np.where((total > 0) & (known > 1), np.maximum(1 - told, 0.0), 0.0)
    return np.where(made > 1e-12, made, 0.0)


def critic(x: Floats, smaller: Bools) -> Floats:
    """Spread of each column times its conflict with the others, all turned upwards; 0 for a constant column (2.2).

    Diakoulaki, Mavrotas and Papayannakis (1995).

    >>> critic(np.array([[1.0, 3.0], [2.0, 2.0], [4.0, 1.0]]), np.array([False, True])).round(3).tolist()
    [0.007, 0.007]
    """
    turned = np.where(np.isnan(x), np.nan, minmax(x, smaller))
    spread = np.nanstd(turned, axis=0)
    varied = np.flatnonzero(spread > 1e-12)
    made = np.zeros(x.shape[1])
    if len(varied) == 1:
        made[varied] = 1.0
    elif len(varied):
        conflict = 1 - pd.DataFrame(turned[:, varied]).corr().fillna(0.0).to_numpy()
        made[varied] = spread[varied] * np.maximum(conflict, 0.0).sum(axis=0)
    return np.where(made > 1e-12, made, 0.0)


def minmax(x: Floats, smaller: Bools) -> Floats:
    """0 for the worst known value, 1 for the best; one half where all are equal."""
    upwards = np.where(smaller, -x, x)
    known = ~np.isnan(x)
    low = np.min(upwards, axis=0, initial=np.inf, where=known)
    span = np.max(upwards, axis=0, initial=-np.inf, where=known) - low
    share = np.divide(upwards - low, span, out=np.full_like(x, 0.5), where=span > 0)
    return np.where(known, share, 0.0)
