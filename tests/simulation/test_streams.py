"""Draws by name: uniform, independent along every part of the name, and the same in any order."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simulation.streams import Streams, keys

Floats = NDArray[np.float64]
IDS = [f"P{number:06d}" for number in range(100_000)]
KEYS = keys(IDS)
"""Ids that differ in a digit, the worst that people give."""
COUNTING = np.arange(100_000, dtype=np.uint64)
"""Keys that differ in the lowest bits: worse than any id."""


def draws(keys: NDArray[np.uint64] = COUNTING, seed: int = 1, replication: int = 0, stream: str = "work",
          visit: int = 0) -> Floats:  # fmt: skip
    return Streams(seed, replication).uniform(keys, stream, visit)


def independent(one: Floats, other: Floats) -> bool:
    """Whether pairs of draws fill the unit square evenly and are not correlated."""
    counts, _, _ = np.histogram2d(one, other, bins=20, range=[[0, 1], [0, 1]])
    even = stats.chisquare(counts.ravel()).pvalue
    together = abs(np.corrcoef(one, other)[0, 1]) * np.sqrt(len(one))
    return bool(even > 1e-4 and together < 4)


@pytest.mark.parametrize("known", [KEYS, COUNTING, COUNTING << np.uint64(44)], ids=["ids", "counting", "high bits"])
def test_draws_are_uniform(known: NDArray[np.uint64]) -> None:
    for visit in range(5):
        assert stats.kstest(draws(known, visit=visit), "uniform").pvalue > 1e-4
    assert stats.kstest(Streams(3, 4).uniform(known[:1], "work", np.arange(100_000)), "uniform").pvalue > 1e-4


def test_draws_are_uniform_along_seeds_and_replications() -> None:
    key = KEYS[:1]
    by_seed = np.array([draws(key, seed=seed)[0] for seed in range(10_000)])
    by_replication = np.array([draws(key, replication=number)[0] for number in range(10_000)])
    by_stream = np.array([draws(key, stream=f"stream {number}")[0] for number in range(10_000)])
    for found in (by_seed, by_replication, by_stream):
        assert stats.kstest(found, "uniform").pvalue > 1e-4
        assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 4 / np.sqrt(len(found))
    assert independent(by_seed, by_replication)


@pytest.mark.parametrize("known", [KEYS, COUNTING], ids=["ids", "counting"])
def test_draws_are_independent_along_every_part_of_their_name(known: NDArray[np.uint64]) -> None:
    base = draws(known)
    assert independent(base[:-1], base[1:])
    for other in (
        draws(known, visit=1), draws(known, visit=2), draws(known, seed=2), draws(known, seed=0), draws(known, seed=3),
        draws(known, replication=1), draws(known, replication=2), draws(known, stream="works"),
        draws(known, seed=0, replication=1), draws(known, seed=2**32 + 1), draws(known, replication=1, visit=1),
    ):  # fmt: skip
        assert independent(base, other)


def test_sums_over_visits_have_the_variance_of_independent_draws() -> None:
    table = Streams(7, 0).uniform(KEYS[:, None], "work", np.arange(24))
    sums = (table - 0.5).sum(axis=1) / np.sqrt(24 / 12)
    assert sums.var() == pytest.approx(1, abs=4 * np.sqrt(2 / len(sums)))
    assert np.corrcoef(table.T)[np.triu_indices(24, 1)] == pytest.approx(0, abs=5 / np.sqrt(len(table)))


def test_each_part_of_the_name_matters() -> None:
    parts = [draws(), draws(seed=2), draws(replication=1), draws(stream="wait"), draws(visit=1), draws(COUNTING + 1)]
    for one, other in combinations(parts, 2):
        assert not (one == other).any()
    assert not (draws(seed=1, replication=2) == draws(seed=2, replication=1)).any()
    assert not (draws(seed=0, replication=0, visit=5) == draws(seed=0, replication=5)).any()


def test_neither_order_nor_the_other_ids_change_a_draw() -> None:
    shuffled = np.random.default_rng(0).permutation(len(IDS))
    some = shuffled[:777]
    assert (keys([IDS[at] for at in some]) == KEYS[some]).all()
    assert (draws(KEYS[some]) == draws(KEYS)[some]).all()
    visits = np.arange(len(IDS)) % 7
    streams = Streams(1, 0)
    assert (streams.uniform(KEYS[some], "w", visits[some]) == streams.uniform(KEYS, "w", visits)[some]).all()


def test_each_bit_of_key_visit_seed_and_replication_flips_half_of_the_bits() -> None:
    at = np.arange(2000, dtype=np.uint64)

    def bits(found: Floats) -> NDArray[np.uint8]:
        whole = (found * 2.0**53).astype(np.uint64)
        return np.unpackbits(whole[:, None].view(np.uint8), axis=1)

    base = bits(draws(at))
    for bit in range(64):
        flips = [bits(draws(at ^ np.uint64(1 << bit))), bits(draws(at, seed=1 ^ 1 << bit)),
                 bits(draws(at, replication=1 << bit))]  # fmt: skip
        if bit < 63:
            flips.append(bits(draws(at, visit=1 << bit)))
        for flipped in flips:
            changed = (base != flipped).sum(axis=0)
            changed = changed[changed > 0]
            assert len(changed) == 53
            assert np.abs(changed / len(at) - 0.5).max() < 0.07
            assert changed.sum() / (53 * len(at)) == pytest.approx(0.5, abs=0.01)


def test_a_million_draws_are_all_different() -> None:
    found = Streams(1, 0).uniform(KEYS[:, None], "work", np.arange(10)).ravel()
    assert len(np.unique(found)) == 1_000_000
    assert found.min() > 0 and found.max() < 1


def test_the_ends_are_never_drawn() -> None:
    streams = Streams(0, 0)
    for state in (0, 2**64 - 1):
        inside = max(state >> 11, 0.5) * 2.0**-53
        assert 0 < inside < 1
    assert 0 < streams.one(0, "", 0) < 1


def test_one_draw_is_the_same_as_in_an_array() -> None:
    streams = Streams(2**70 + 5, -3)
    table = streams.uniform(KEYS[:50, None], "做事", np.arange(20))
    for row, key in enumerate(KEYS[:50]):
        for visit in range(20):
            assert streams.one(int(key), "做事", visit) == table[row, visit]
            assert streams.uniform(key, "做事", visit) == table[row, visit]


def test_a_reckoning_step_by_step_gives_the_same_draw() -> None:
    from hashlib import blake2b

    def splitmix64(x: int) -> int:
        x = (x + 0x9E3779B97F4A7C15) % 2**64
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64
        return x ^ (x >> 31)

    def fmix64(x: int) -> int:
        x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCD % 2**64
        x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53 % 2**64
        return x ^ (x >> 33)

    assert splitmix64(0) == 0xE220A8397B1DCDAF  # the published first output of splitmix64 from state 0
    digest = [int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") for text in ("work", "项目-1")]
    state = 0
    for part in (9, 4, *digest, 2):
        state = fmix64(splitmix64(state ^ part))
    assert Streams(9, 4).uniform(keys(["项目-1"]), "work", 2).tolist() == [(state >> 11) / 2**53]


def test_ids_of_a_hundred_thousand_projects_have_different_keys() -> None:
    assert len(np.unique(KEYS)) == len(IDS)
    assert keys([]).shape == (0,)
    assert draws(keys([])).shape == (0,)
