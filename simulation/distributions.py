"""How long something takes: distributions of durations as data, drawn by their quantiles (4.1, 4.5)."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv, ndtri

Floats = NDArray[np.float64]
Values = tuple[float, ...]

LARGEST = 1e30
"""No value is larger, so that no variance overflows."""


@dataclass(frozen=True)
class Family:
    """What a family of distributions is made of.

    Parameters
    ----------
    names : tuple of str
        Names of the values, in order; none when any number of values is taken.
    chinese : str
        Its name in Chinese.
    lengths : int
        How many of the values, from the first, are durations and grow with the whole.
    ppf : function of (values, u)
        The quantile at each of an array of probabilities.
    mean, variance : functions of values
    """

    names: tuple[str, ...]
    chinese: str
    lengths: int
    ppf: Callable[[Values, Floats], Floats]
    mean: Callable[[Values], float]
    variance: Callable[[Values], float]


def _fixed(values: Values, u: Floats) -> Floats:
    return np.full(u.shape, values[0])


def _exponential(values: Values, u: Floats) -> Floats:
    return values[0] * -np.log1p(-u) if values[0] else np.zeros(u.shape)


def _lognormal(values: Values, u: Floats) -> Floats:
    mean, cv = values
    if mean == 0 or cv == 0:
        return np.full(u.shape, mean)
    square = math.log1p(cv * cv)
    return np.asarray(np.exp(math.log(mean) - square / 2 + math.sqrt(square) * ndtri(u)))


def _gamma(values: Values, u: Floats) -> Floats:
    mean, cv = values
    if mean == 0 or cv < 1e-12:
        return np.full(u.shape, mean)
    return np.asarray(gammaincinv(1 / (cv * cv), u) * (cv * cv) * mean)


def _triangular(values: Values, u: Floats) -> Floats:
    low, mode, high = values
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    return np.where(u * (high - low) < mode - low, rising, falling)


def _empirical(values: Values, u: Floats) -> Floats:
    ranks = np.minimum(np.floor(u * len(values)), len(values) - 1).astype(np.intp)
    return np.asarray(values)[ranks]


def _spread_of_triangle(values: Values) -> float:
    low, mode, high = values
    return ((mode - low) ** 2 + (high - mode) ** 2 + (mode - low) * (high - mode)) / 18


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "fixed": Family(("value",), "固定", 1, _fixed, lambda v: v[0], lambda v: 0.0),
        "exponential": Family(("mean",), "指数", 1, _exponential, lambda v: v[0], lambda v: v[0] * v[0]),
        "lognormal": Family(("mean", "cv"), "对数正态", 1, _lognormal, lambda v: v[0], lambda v: (v[0] * v[1]) ** 2),
        "gamma": Family(("mean", "cv"), "伽马", 1, _gamma, lambda v: v[0], lambda v: (v[0] * v[1]) ** 2),
        "triangular": Family(
            ("low", "mode", "high"), "三角", 3, _triangular, lambda v: sum(v) / 3, _spread_of_triangle
        ),
        "empirical": Family((), "经验", 0, _empirical, lambda v: math.fsum(v) / len(v), lambda v: float(np.var(v))),
    }
)  # fmt: skip
"""Every family by its name."""


@dataclass(frozen=True)
class Distribution:
    """A distribution of a duration, never negative.

    Parameters
    ----------
    family : str
        A key of `FAMILIES`.
    values : tuple of float
        Its values in the unit of the duration, ``cv`` (standard deviation over mean) without unit. Those of an
        empirical distribution are kept sorted.

    Raises
    ------
    ValueError
        No such family, or values that make no sense.

    Examples
    --------
    >>> work = lognormal(5, 0.6)
    >>> work.text, work.mean, work.variance
    ('lognormal(5, 0.6)', 5.0, 9.0)
    >>> work.scaled(0.5).ppf([0.5]).round(3).tolist()
    [2.144]
    """

    family: str
    values: Values

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(_unknown(self.family))
        values = tuple(float(value) + 0.0 for value in self.values)
        object.__setattr__(self, "values", tuple(sorted(values)) if self.family == "empirical" else values)
        reason = _fault(FAMILIES[self.family].names, self.values)
        if reason:
            raise ValueError(f"{self.family}: {reason}")

    @property
    def _family(self) -> Family:
        return FAMILIES[self.family]

    @property
    def mean(self) -> float:
        """The mean, in the unit of the values."""
        return self._family.mean(self.values)

    @property
    def variance(self) -> float:
        """The variance, in the square of that unit."""
        return self._family.variance(self.values)

    def ppf(self, u: ArrayLike) -> Floats:
        """The quantiles at probabilities strictly between 0 and 1, in the shape of `u`.

        >>> exponential(2).ppf([[0.25, 0.75]]).round(3).tolist()
        [[0.575, 2.773]]
        """
        return self._family.ppf(self.values, np.asarray(u, dtype=float))

    def scaled(self, factor: float) -> Distribution:
        """The distribution of `factor` times the duration; its shape stays.

        >>> triangular(1, 2, 6).scaled(2).text
        'triangular(2, 4, 12)'
        """
        if not factor >= 0 or math.isinf(factor):
            raise ValueError(f"a factor is a number of at least 0, found {factor}")
        lengths = self._family.lengths or len(self.values)
        return Distribution(
            self.family, tuple(factor * value for value in self.values[:lengths]) + self.values[lengths:]
        )

    @property
    def text(self) -> str:
        """As `parse` reads it; a fixed duration is its number alone.

        >>> fixed(3).text, empirical([4, 1]).text
        ('3', 'empirical(1, 4)')
        """
        values = ", ".join(repr(value).removesuffix(".0") for value in self.values)
        return values if self.family == "fixed" else f"{self.family}({values})"


def _fault(names: tuple[str, ...], values: Values) -> str:
    """Why the values make no sense; nothing when they do."""
    if names and len(names) != len(values):
        return f"expected {len(names)} of ({', '.join(names)}), found {len(values)}"
    if not values:
        return "expected at least one value"
    for name, value in zip(names or ("a value",) * len(values), values, strict=True):
        if not math.isfinite(value):
            return f"{name} is not a finite number"
        if value < 0:
            return f"{name} is below 0"
        if value > LARGEST:
            return f"{name} is above {LARGEST:g}"
    if names == ("low", "mode", "high") and not values[0] <= values[1] <= values[2]:
        return "expected low <= mode <= high"
    return ""


def _unknown(name: str) -> str:
    names = {**{name: name for name in FAMILIES}, **{family.chinese: name for name, family in FAMILIES.items()}}
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(FAMILIES)}"
    return f"there is no distribution {name!r}; {hint}"


def parse(text: str) -> Distribution:
    """A distribution as people write it: ``3``, ``lognormal(5, 0.6)``, ``对数正态（5，0.6）``.

    Raises
    ------
    ValueError
        With a short reason, and the nearest name when the family is unknown.

    Examples
    --------
    >>> parse("三角（1，2，6）")
    Distribution(family='triangular', values=(1.0, 2.0, 6.0))
    >>> parse("lognorml(5, 0.6)")
    Traceback (most recent call last):
    ...
    ValueError: there is no distribution 'lognorml'; did you mean lognormal?
    """
    plain = unicodedata.normalize("NFKC", text).replace("、", ",").replace(";", ",").strip()
    found = re.fullmatch(r"([^\W\d][\w-]*)\s*\((.*)\)", plain, re.DOTALL)
    if not found:
        return Distribution("fixed", (_number(plain),))
    chinese = {family.chinese: name for name, family in FAMILIES.items()}
    name = chinese.get(found[1].removesuffix("分布"), found[1].lower())
    if name not in FAMILIES:
        raise ValueError(_unknown(found[1]))
    inside = found[2].strip()
    return Distribution(name, tuple(_number(part) for part in inside.split(",")) if inside else ())


def _number(text: str) -> float:
    try:
        return float(text.replace("_", "?"))
    except ValueError:
        raise ValueError(
            f"expected a number or a distribution such as lognormal(5, 0.6), found {text.strip()!r}"
        ) from None


def as_distribution(given: Distribution | float | str) -> Distribution:
    """A distribution as it is, a number as a fixed duration, text by `parse`.

    >>> as_distribution(3) == as_distribution("3") == fixed(3)
    True
    """
    if isinstance(given, Distribution):
        return given
    if isinstance(given, str):
        return parse(given)
    return fixed(_real(given))


def _real(given: Any) -> float:
    if isinstance(given, bool | np.bool_):
        raise ValueError(f"expected a number or a distribution, found {given}")
    try:
        return float(given)
    except (TypeError, ValueError):
        raise ValueError(f"expected a number or a distribution, found {given!r}") from None


def fixed(x: float) -> Distribution:
    """Always `x`.

    >>> fixed(2.5).variance
    0.0
    """
    return Distribution("fixed", (x,))


def exponential(mean: float) -> Distribution:
    """Exponential; a mean of 0 is always 0.

    >>> exponential(2).variance
    4.0
    """
    return Distribution("exponential", (mean,))


def lognormal(mean: float, cv: float) -> Distribution:
    """Lognormal by its own mean and coefficient of variation (not those of the logarithm).

    >>> lognormal(10, 0.5).variance
    25.0
    """
    return Distribution("lognormal", (mean, cv))


def gamma(mean: float, cv: float) -> Distribution:
    """Gamma of shape 1 / cv²; with cv 1 it is exponential.

    >>> bool(gamma(2, 1).ppf(0.3).round(12) == exponential(2).ppf(0.3).round(12))
    True
    """
    return Distribution("gamma", (mean, cv))


def triangular(low: float, mode: float, high: float) -> Distribution:
    """Triangular between `low` and `high` with its peak at `mode`.

    >>> triangular(1, 2, 6).mean
    3.0
    """
    return Distribution("triangular", (low, mode, high))


def empirical(values: Sequence[float]) -> Distribution:
    """Each of the values seen, equally likely: the value of rank floor(u n) of the sorted ones.

    >>> empirical([5, 1, 3]).ppf([0.1, 0.5, 0.9]).tolist()
    [1.0, 3.0, 5.0]
    """
    return Distribution("empirical", tuple(values))
