from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simulation.intervals import mean_of, simultaneous

Floats = NDArray[np.float64]
TIMES = np.arange(0.0, 201.0, 5.0)
TRUTH = np.mean([1 - np.exp(-TIMES / (50 * year)) for year in (0.8, 1.2)], axis=0)


def _good_and_bad_years(random: np.random.Generator, replications: int, size: int) -> Floats:
    """Shares started, of projects that are faster or slower together, so that a curve errs as a whole; mean `TRUTH`."""
    starts = random.exponential(50 * random.choice([0.8, 1.2], (replications, 1)), (replications, size))
    return np.asarray((starts[:, :, None] <= TIMES).mean(axis=1))


@pytest.mark.slow
@pytest.mark.parametrize("replications", [20, 60])
def test_intervals_cover_a_known_truth_as_often_as_they_say(replications: int) -> None:
    tries, random = 500, np.random.default_rng(8)
    inside, whole = np.zeros(len(TIMES)), 0
    for number in range(tries):
        shares = _good_and_bad_years(random, replications, 80)
        mean, half = mean_of(shares)
        inside += np.abs(mean - TRUTH) <= half
        whole += bool((np.abs(mean - TRUTH) <= simultaneous(shares, seed=number) + 1e-12).all())
    seen = (TRUTH > 0.05) & (TRUTH < 0.95)
    spread = 4 * np.sqrt(0.95 * 0.05 / tries)  # four standard errors of a share of so many tries
    assert np.all(np.abs(inside[seen] / tries - 0.95) < spread), inside[seen] / tries
    assert inside[seen].mean() / tries == pytest.approx(0.95, abs=0.02)
    assert stats.binom.ppf(0.001, tries, 0.93) <= whole <= stats.binom.ppf(0.999, tries, 0.97), whole / tries


def test_the_simultaneous_band_is_wider_but_not_as_wide_as_bonferronis() -> None:
    shares = _good_and_bad_years(np.random.default_rng(3), 60, 80)
    wide = simultaneous(shares)
    seen = (TRUTH > 0.2) & (TRUTH < 0.8)
    assert (wide >= mean_of(shares)[1] * 0.999).all()
    assert (wide[seen] < mean_of(shares, 1 - 0.05 / len(TIMES))[1][seen]).all()


def test_of_one_time_the_simultaneous_band_is_students_interval() -> None:
    values = np.random.default_rng(1).normal(size=(12, 1))
    assert simultaneous(values, 0.9)[0] == pytest.approx(mean_of(values, 0.9)[1][0], rel=0.06)  # of 2,000 draws


def test_values_that_agree_have_no_width_to_the_last_bit() -> None:
    values = np.full((200, 3), [0.1, 1 / 3, 1e9 + 0.1])
    mean, half = mean_of(values)
    assert mean.tolist() == values[0].tolist() and half.tolist() == [0.0, 0.0, 0.0]
    assert simultaneous(values).tolist() == [0.0, 0.0, 0.0]


def test_a_time_that_some_replication_does_not_know_has_no_simultaneous_band() -> None:
    values = np.array([[1.0, np.nan], [2.0, 5.0], [4.0, 7.0]])
    assert np.isnan(simultaneous(values)).tolist() == [False, True]
    assert mean_of(values)[0].tolist() == pytest.approx([7 / 3, 6.0])
    assert np.isnan(mean_of(values[:1])[1]).all() and np.isnan(simultaneous(values[:1])).all()
