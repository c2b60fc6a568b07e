"""Distributions: quantiles against scipy, moments against integration, text there and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from simulation.distributions import (
    FAMILIES,
    Distribution,
    as_distribution,
    empirical,
    exponential,
    fixed,
    gamma,
    lognormal,
    parse,
    triangular,
)

CHANCES = np.concatenate([[1e-12, 1e-6], np.linspace(0.001, 0.999, 999), [1 - 1e-6, 1 - 1e-12]])


def of_scipy(one: Distribution) -> stats.rv_continuous:
    """The same distribution in scipy's parameters."""
    if one.family == "exponential":
        return stats.expon(scale=one.values[0])
    if one.family == "lognormal":
        mean, cv = one.values
        spread = math.sqrt(math.log(1 + cv**2))
        return stats.lognorm(spread, scale=mean / math.exp(spread**2 / 2))
    if one.family == "gamma":
        mean, cv = one.values
        return stats.gamma(cv**-2, scale=mean * cv**2)
    low, mode, high = one.values
    return stats.triang((mode - low) / (high - low), low, high - low)


CONTINUOUS = [
    exponential(2),
    exponential(0.01),
    lognormal(5, 0.6),
    lognormal(20, 2),
    gamma(5, 0.6),
    gamma(0.5, 1.7),
    gamma(3, 1),
    gamma(3, 0.02),
    triangular(1, 2, 6),
    triangular(0, 0, 1),
    triangular(1, 4, 4),
]
positive = st.floats(1e-6, 1e6)
share = st.floats(0, 5)
DISTRIBUTIONS = st.one_of(
    st.builds(fixed, st.floats(0, 1e9)),
    st.builds(exponential, st.floats(0, 1e9)),
    st.builds(lognormal, st.floats(0, 1e9), share),
    st.builds(gamma, st.floats(0, 1e9), share),
    st.tuples(positive, positive, positive).map(sorted).map(lambda three: triangular(*three)),
    st.lists(st.floats(0, 1e9), min_size=1, max_size=9).map(empirical),
)


@pytest.mark.parametrize("one", CONTINUOUS, ids=lambda one: one.text)
def test_quantiles_are_those_of_scipy(one: Distribution) -> None:
    np.testing.assert_allclose(one.ppf(CHANCES), of_scipy(one).ppf(CHANCES), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("one", CONTINUOUS, ids=lambda one: one.text)
def test_mean_and_variance_are_the_integrals_of_the_density(one: Distribution) -> None:
    density, (low, high) = of_scipy(one).pdf, of_scipy(one).ppf([1e-15, 1 - 1e-15])
    edges = np.unique(np.concatenate([[low, high], of_scipy(one).ppf(np.linspace(0.01, 0.99, 25))]))
    if one.family in ("lognormal", "gamma"):
        edges = np.concatenate([edges, high * np.geomspace(2, 1e4, 14)])

    def integral(function: object) -> float:
        return sum(integrate.quad(function, a, b, limit=200)[0] for a, b in zip(edges[:-1], edges[1:], strict=True))

    mean = integral(lambda x: x * density(x))
    assert one.mean == pytest.approx(mean, rel=1e-6)
    assert one.variance == pytest.approx(integral(lambda x: (x - mean) ** 2 * density(x)), rel=1e-6)


@pytest.mark.parametrize("one", [*CONTINUOUS, empirical([1, 2, 2, 9]), fixed(3)], ids=lambda one: one.text)
def test_mean_is_the_integral_of_the_quantiles(one: Distribution) -> None:
    grid = (np.arange(2_000_000) + 0.5) / 2_000_000
    assert one.ppf(grid).mean() == pytest.approx(one.mean, rel=1e-3)


def test_an_empirical_quantile_is_the_value_of_rank_floor_of_u_times_n() -> None:
    seen = [7.0, 1.0, 4.0, 4.0, 2.0]
    one = empirical(seen)
    for u in np.random.default_rng(0).random(1000):
        assert one.ppf(u) == sorted(seen)[math.floor(u * 5)]
    assert one.ppf(np.nextafter(1, 0)) == 7
    assert one.mean == np.mean(seen) and one.variance == pytest.approx(np.var(seen))
    assert one == empirical(sorted(seen))


@pytest.mark.parametrize("one", [exponential(0), lognormal(0, 1), gamma(0, 1), lognormal(5, 0), gamma(5, 0), fixed(5)])
def test_no_mean_or_no_spread_is_a_fixed_duration(one: Distribution) -> None:
    assert one.ppf(CHANCES).tolist() == [one.mean] * len(CHANCES)
    assert one.variance == 0


@pytest.mark.parametrize("cv", [1e-13, 1e-9, 1e-5])
def test_a_tiny_spread_stays_near_the_mean(cv: float) -> None:
    for one in (gamma(5, cv), lognormal(5, cv)):
        np.testing.assert_allclose(one.ppf([0.01, 0.5, 0.99]), 5, rtol=5 * cv)


@given(DISTRIBUTIONS)
def test_text_reads_back_as_the_same_distribution(one: Distribution) -> None:
    assert parse(one.text) == one
    assert parse(one.text).text == one.text
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
    assert parse(one.text.translate(wide)) == one
    if one.family != "fixed":
        assert parse(one.text.replace(one.family, FAMILIES[one.family].chinese).replace(",", "，")) == one


@given(DISTRIBUTIONS, st.just(0.0) | st.floats(1e-3, 100), st.floats(1e-9, 1 - 1e-9))
def test_a_scaled_distribution_is_that_of_the_scaled_duration(one: Distribution, factor: float, u: float) -> None:
    many = one.scaled(factor)
    assert many.ppf(u) == pytest.approx(factor * one.ppf(u), rel=1e-9, abs=1e-9 * factor * one.mean + 1e-300)
    assert many.mean == pytest.approx(factor * one.mean, rel=1e-9, abs=1e-300)
    assert many.variance == pytest.approx(factor**2 * one.variance, rel=1e-6, abs=1e-9 * many.mean**2 + 1e-300)
    assert one.scaled(1) == one


@given(DISTRIBUTIONS)
def test_quantiles_never_fall_and_are_never_negative(one: Distribution) -> None:
    found = one.ppf(CHANCES)
    assert (found >= 0).all() and np.isfinite(found).all()
    assert (np.diff(found) >= -1e-12 * found[1:]).all()


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("3", fixed(3)),
        (" 2.50 ", fixed(2.5)),
        ("１．５", fixed(1.5)),
        ("固定（3）", fixed(3)),
        ("Exponential(2)", exponential(2)),
        ("指数分布（2）", exponential(2)),
        ("对数正态（5，0.6）", lognormal(5, 0.6)),
        ("伽马(5、0.6)", gamma(5, 0.6)),
        ("三角 ( 1 , 2 , 6 )", triangular(1, 2, 6)),
        ("经验（3；1；2）", empirical([1, 2, 3])),
    ],
)
def test_people_may_write_it_their_way(text: str, same: Distribution) -> None:
    assert parse(text) == same


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected a number or a distribution"),
        ("soon", "found 'soon'"),
        ("1,000", "found '1,000'"),
        ("1_000", "found '1_000'"),
        ("nan", "not a finite number"),
        ("-1", "below 0"),
        ("1e31", "above 1e\\+30"),
        ("lognorml(5, 0.6)", "did you mean lognormal"),
        ("对数正太(5, 1)", "did you mean 对数正态"),
        ("weibull(1, 2)", "known are fixed, exponential"),
        ("lognormal(5)", r"expected 2 of \(mean, cv\), found 1"),
        ("lognormal(5, x)", "found 'x'"),
        ("lognormal(5, -0.1)", "cv is below 0"),
        ("exponential(inf)", "mean is not a finite number"),
        ("triangular(1, 7, 6)", "low <= mode <= high"),
        ("empirical()", "at least one value"),
        ("empirical(1,,2)", "found ''"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(text)


@pytest.mark.parametrize("value", [None, True, [], math.nan, -2])
def test_only_a_number_a_text_or_a_distribution_stands_for_one(value: object) -> None:
    with pytest.raises(ValueError):
        as_distribution(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("factor", [-1, math.nan, math.inf])
def test_a_factor_is_a_finite_number_of_at_least_zero(factor: float) -> None:
    with pytest.raises(ValueError, match="factor"):
        exponential(1).scaled(factor)
