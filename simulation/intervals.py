"""Means over replications and their differences with intervals by Student's t, and bands over a whole curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
DRAWS = 2000
FLOOR = 0.3
"""A simultaneous band is nowhere narrower than this share of its widest place."""


def mean_of(values: Floats, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Mean over replications and half the width of its interval, ``t s / sqrt(n)``.

    Parameters
    ----------
    values : array, shape (replications, ...)
        A NaN is a replication that does not count there.
    confidence : float

    Returns
    -------
    mean, half : arrays, shape (...)
        NaN without values; half is NaN with one value, and exactly zero where all are equal.

    Examples
    --------
    >>> mean, half = mean_of(np.array([[1.0, 2.0], [3.0, 2.0], [np.nan, 2.0]]))
    >>> mean.tolist(), half.round(2).tolist()
    ([2.0, 2.0], [12.71, 0.0])
    """
    values = np.asarray(values, dtype=np.float64)
    n = np.isfinite(values).sum(axis=0)
    mean, error = _moments(values)
    return mean, error * stats.t.ppf((1 + confidence) / 2, np.maximum(n - 1, 1))


def half_apart(one: Floats, two: Floats, confidence: float = 0.95) -> float:
    """Half the width of the interval of the difference of two means whose replications are independent (Welch).

    Parameters
    ----------
    one, two : arrays, shape (replications,)
        A NaN is a replication that does not count.
    confidence : float

    Returns
    -------
    float
        NaN where one has fewer than two values, and exactly zero where all of each are equal.

    Examples
    --------
    >>> half_apart(np.array([1.0, 2.0, 3.0]), np.array([5.0, 5.0])) == mean_of(np.array([1.0, 2.0, 3.0]))[1]
    np.True_
    """
    n = np.array([np.isfinite(one).sum(), np.isfinite(two).sum()])
    squares = np.array([_moments(one)[1], _moments(two)[1]]) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = squares.sum() ** 2 / (squares**2 / (n - 1)).sum()
    return float(np.sqrt(squares.sum()) * stats.t.ppf((1 + confidence) / 2, np.nan_to_num(freedom, nan=1.0)))


def simultaneous(values: Floats, confidence: float = 0.95, seed: int | Sequence[int] = 0) -> Floats:
    """Half the width of a band that holds the whole curve of means with the stated confidence (4.6).

    The sup-t method: with ``w(t)`` the standard error, but at least `FLOOR` of the largest, the band is
    ``mean ± c w(t)``, and ``c`` the quantile of ``sup |Z(t)| / w(t)``. ``Z`` is drawn from the replications by the
    multiplier bootstrap, in which each replication's deviation from the mean gets a normal weight; a common factor
    allows for the estimated variance as Student's t does.

    Parameters
    ----------
    values : array, shape (replications, times)
        NaN in all replications of a time where there is nothing to be seen.
    confidence : float
    seed : int or sequence of int
        Of the bootstrap.

    Returns
    -------
    array, shape (times,)
        NaN with fewer than two replications, zero where nothing differs anywhere.
    """
    n, size = values.shape
    half = np.full(size, np.nan)
    seen = np.isfinite(values).all(axis=0)
    if n < 2 or not seen.any():
        return half
    known = values[:, seen]
    mean, error = _moments(known)
    width = np.maximum(error, FLOOR * error.max())
    half[seen] = 0.0
    if width.max() > 0:
        random = np.random.default_rng(seed)
        away = (known - mean) / np.sqrt(n * (n - 1)) / width
        common = np.sqrt(random.chisquare(n - 1, DRAWS) / (n - 1))
        sup = np.abs(random.standard_normal((DRAWS, n)) @ away).max(axis=1) / common
        half[seen] = np.quantile(sup, confidence) * width
    return half


def _moments(values: Floats) -> tuple[Floats, Floats]:
    """Mean and its standard error, reckoned from the first value so that equal values have no error at all."""
    known = np.isfinite(values)
    n = known.sum(axis=0)
    first = np.take_along_axis(values, known.argmax(axis=0)[None], axis=0)[0]
    away = np.where(known, values - first, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = away.sum(axis=0) / n
        squares = np.where(known, (away - shift) ** 2, 0.0).sum(axis=0)
        return first + shift, np.sqrt(squares / (n - 1) / n)
