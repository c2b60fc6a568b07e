"""By how much a share changes between two ways of the same replications, with an interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def change_of(before: Bools, after: Bools, confidence: float = 0.95) -> tuple[Floats, Floats, Floats]:
    """The share after less the share before, with an interval that has a width also where all pairs agree.

    Wilson's intervals of both shares, squared and added, with the correlation of the pairs corrected for continuity:
    method 10 of R. G. Newcombe, Improved confidence intervals for the difference between binomial proportions based
    on paired data, Statistics in Medicine 17 (1998), 2635-2650.

    Parameters
    ----------
    before, after : array of bool, shape (replications, ...)
        The same replications in the same order.
    confidence : float

    Returns
    -------
    change, low, high : arrays, shape (...)
        NaN without replications; no interval with a single one.

    Examples
    --------
    >>> before, after = np.zeros((20, 2), dtype=bool), np.zeros((20, 2), dtype=bool)
    >>> after[:, 1] = True
    >>> for one in change_of(before, after): print(one.round(3).tolist())
    [0.0, 1.0]
    [-0.161, 0.772]
    [0.161, 1.0]
    """
    n, none = len(before), np.full(before.shape[1:], np.nan)
    if not n:
        return none, none, none
    p, q = after.mean(axis=0), before.mean(axis=0)
    if n == 1:
        return p - q, none, none
    tied = n * n * ((before & after).mean(axis=0) - p * q)
    tied = np.where(tied > 0, np.maximum(tied - n / 2, 0.0), tied)
    spread = n * n * np.sqrt(p * (1 - p) * q * (1 - q))
    phi = np.divide(tied, spread, out=np.zeros_like(spread), where=spread > 0)
    (p_below, p_above), (q_below, q_above) = (_wilson(share, n, confidence) for share in (p, q))
    low = p - q - np.sqrt(p_below**2 - 2 * phi * p_below * q_above + q_above**2)
    high = p - q + np.sqrt(p_above**2 - 2 * phi * p_above * q_below + q_below**2)
    return p - q, low, high


def _wilson(share: Floats, n: int, confidence: float) -> tuple[Floats, Floats]:
    """How far the limits of Wilson's interval are below and above a share."""
    z = stats.norm.ppf((1 + confidence) / 2)
    shift = (0.5 - share) * z**2 / (n + z**2)
    half = z * np.sqrt(n * share * (1 - share) + z**2 / 4) / (n + z**2)
    return half - shift, half + shift
