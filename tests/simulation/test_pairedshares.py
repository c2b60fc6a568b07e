"""How a share changes between pairs: published examples, exact coverage, and what must be so by symmetry."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simulation.pairedshares import change_of

Bools = NDArray[np.bool_]


def pairs(both: int, come: int, gone: int, neither: int) -> tuple[Bools, Bools]:
    """Before and after, from a table of counts."""
    counts = [both, come, gone, neither]
    return np.repeat([True, False, True, False], counts), np.repeat([True, True, False, False], counts)


@pytest.mark.parametrize(
    ("counts", "change", "low", "high"),
    [
        (
            (59, 6, 16, 80),
            -0.0621,
            -0.1186,
            -0.0046,
        ),  # Fagerland et al. 2017, Statistical Analysis of Contingency Tables
        ((1, 1, 7, 12), -0.286, -0.507, -0.026),  # Fagerland et al. 2014, Statistics in Medicine 33, 2850-2875
    ],
)
def test_published_examples_come_out(counts: tuple[int, ...], change: float, low: float, high: float) -> None:
    places = 4 if counts[0] == 59 else 3
    assert [round(float(one), places) for one in change_of(*pairs(*counts))] == [change, low, high]


def test_intervals_of_twenty_pairs_hold_the_truth_as_often_as_they_say() -> None:
    """Exactly, over every table of counts that there can be."""
    n = 20
    tables = np.array([
        (a, b, c, n - a - b - c) for a in range(n + 1) for b in range(n + 1 - a) for c in range(n + 1 - a - b)
    ])  # fmt: skip
    kind = (np.arange(n)[:, None, None] >= tables.cumsum(axis=1)).sum(axis=2)
    change, low, high = change_of((kind == 0) | (kind == 2), kind <= 1)
    held = []
    for chances in np.random.default_rng(1).dirichlet(np.ones(4), 300):
        weights = stats.multinomial.pmf(tables, n, chances)
        assert weights.sum() == pytest.approx(1.0)
        held.append(weights[(low <= chances[1] - chances[2]) & (chances[1] - chances[2] <= high)].sum())
    assert np.mean(held) == pytest.approx(0.95, abs=0.01)
    assert min(held) > 0.9
    far = np.abs(change) >= 0.5
    assert (low * high > 0)[far].all() and (high - low)[far].min() > 0.22, "as docs/report.md says"


def test_an_interval_holds_the_change_and_stays_between_none_and_all() -> None:
    random = np.random.default_rng(3)
    before, after = (random.random((12, 400)) < random.random(400) for _ in range(2))
    change, low, high = change_of(before, after)
    assert ((low < change) | (change == -1)).all() and ((change < high) | (change == 1)).all()
    assert (low >= -1 - 1e-12).all() and (high <= 1 + 1e-12).all()
    np.testing.assert_allclose(change_of(after, before), [-change, -high, -low])
    np.testing.assert_allclose(change_of(~before, ~after), [-change, -high, -low], atol=1e-12)


def test_where_all_pairs_agree_the_interval_is_narrower_with_more_of_them_and_never_closes() -> None:
    widths = [np.subtract(*change_of(*pairs(n, 0, 0, 0))[:0:-1]) for n in (5, 20, 80, 10_000)]
    assert widths == sorted(widths, reverse=True) and widths[-1] > 0
    assert change_of(*pairs(0, 20, 0, 0))[1] < 1.0


def test_one_pair_has_a_change_without_an_interval_and_none_has_neither() -> None:
    assert change_of(*pairs(0, 1, 0, 0))[0] == 1.0
    assert np.isnan(change_of(*pairs(0, 1, 0, 0))[1:]).all() and np.isnan(change_of(*pairs(0, 0, 0, 0))).all()
