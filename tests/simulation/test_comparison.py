from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from synthetic import Floats, runs_of

from allocator.errors import YaosuError
from simulation import Process, Stage
from simulation.runs import Arm, Runs

INTERVAL = ("difference", "low", "high")


def _table(size: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame({
        "id": [f"P{n:04d}" for n in range(size)], "ready": 0.0, "region": random.choice(["Jinan", "Yantai"], size),
        "investment": random.lognormal(3, 1, size), "due": random.integers(5, 60, size).astype(float),
    })  # fmt: skip


def _pair(replications: int = 12, size: int = 25, seed: int = 1) -> dict[str, Floats]:
    random = np.random.default_rng(seed)
    slow = random.exponential(30.0, (replications, size))
    slow[random.uniform(size=slow.shape) < 0.1] = np.nan
    return {"fast": slow * random.uniform(0.5, 0.9, (replications, 1)), "slow": slow}


def test_a_scenario_against_itself_or_its_twin_is_exactly_zero_everywhere_without_any_width() -> None:
    starts = _pair()["slow"]
    runs = runs_of({"base": starts, "twin": starts.copy()}, _table(25))
    for other in ("base", "twin"):
        diff = runs.compare(other, "base", by="region", dates=[10, 20])
        for bound in ("difference", "low", "high", "sim_low", "sim_high"):
            assert (diff.curve[bound] == 0.0).all()
        for table in (diff.summary, diff.groups):
            known = table[table["replications"] > 0]
            assert (known[list(INTERVAL)] == 0.0).all().all() and len(known) > 8


def test_turned_round_a_comparison_changes_its_sign() -> None:
    runs = runs_of(_pair(), _table(25))
    there, back = runs.compare("fast", "slow", dates=[20]), runs.compare("slow", "fast", dates=[20])
    for one, other in ((there.curve, back.curve), (there.summary, back.summary)):
        np.testing.assert_allclose(one["difference"], -other["difference"], atol=1e-9)
        np.testing.assert_allclose(one["low"], -other["high"], atol=1e-9)


def test_the_difference_of_curves_is_that_of_the_means_with_a_paired_interval() -> None:
    starts = _pair()
    runs = runs_of(starts, _table(25))
    diff = runs.compare("fast", "slow", times=[20.0]).curve.iloc[0]
    pairs = (starts["fast"] <= 20).mean(axis=1) - (starts["slow"] <= 20).mean(axis=1)
    assert diff["difference"] == pytest.approx(pairs.mean())
    assert (diff["low"], diff["high"]) == pytest.approx(stats.t.interval(0.95, 11, pairs.mean(), stats.sem(pairs)))
    means = runs.curve(times=[20.0]).set_index("scenario")["mean"]
    assert diff["difference"] == pytest.approx(means["fast"] - means["slow"])


def test_figures_are_what_counting_one_by_one_gives() -> None:
    starts, table = _pair(), _table(25)
    runs = runs_of(starts, table, until=80.0)
    found = runs.compare("fast", "slow", dates=[12.5]).summary.set_index("measure")
    weights, due = table["investment"].to_numpy(), table["due"].to_numpy()
    fine = np.linspace(0.0, 80.0, 80_001)
    day: dict[str, list[float]] = {"50": [], "80": [], "95": []}
    money, by, punctual, took = [], [], [], []
    for fast, slow in zip(starts["fast"], starts["slow"], strict=True):
        sides = []
        for started in (fast, slow):
            known = np.sort(started[np.isfinite(started)])
            reached = {
                key: next((d for n, d in enumerate(known, 1) if n / 25 >= int(key) / 100), np.nan) for key in day
            }
            curve = (weights * (started[None, :] <= fine[:, None])).sum(axis=1)
            area = float(np.trapezoid(curve, fine))
            sides.append((reached, area, np.mean(started <= 12.5), np.mean((started <= due)[due <= 80])))
        for key, values in day.items():
            values.append(sides[1][0][key] - sides[0][0][key])
        money.append(sides[0][1] - sides[1][1])
        by.append(sides[0][2] - sides[1][2])
        punctual.append(sides[0][3] - sides[1][3])
        both = np.isfinite(fast) & np.isfinite(slow)
        took.append(fast[both].mean() - slow[both].mean())
    for key, values in day.items():
        row = found.loc[f"days_saved_{key}"]
        assert row["replications"] == np.isfinite(values).sum()
        assert row["difference"] == pytest.approx(np.nanmean(values), nan_ok=True) if row["replications"] else True
    assert found.loc["days_saved_95", "replications"] < 12 == found.loc["days_saved_50", "replications"]
    assert found.loc["investment_days", "difference"] == pytest.approx(np.mean(money), rel=1e-3)
    assert found.loc["started_by_12.5", "difference"] == pytest.approx(np.mean(by))
    assert found.loc["started_when_due", "difference"] == pytest.approx(np.mean(punctual))
    assert found.loc["ready_to_start", "difference"] == pytest.approx(np.mean(took))
    assert found.loc["investment_days", "unit"] == "million yuan × days"


def test_what_is_brought_forward_is_the_area_between_the_curves() -> None:
    runs = runs_of(_pair(), _table(25))
    diff = runs.compare("fast", "slow", weight="investment", times=np.arange(0, runs.span[1] + 0.05, 0.05))
    area = np.trapezoid(diff.curve["difference"], diff.curve["time"]) * _table(25)["investment"].sum()
    assert diff.summary.set_index("measure").loc["investment_days", "difference"] == pytest.approx(area, rel=5e-3)


def test_groups_add_up_to_the_whole() -> None:
    diff = runs_of(_pair(), _table(25)).compare("fast", "slow", by="region")
    groups = diff.groups[diff.groups["measure"] == "project_days"]
    whole = diff.summary.set_index("measure").loc["project_days"]
    assert groups["projects"].sum() == 25
    assert groups["difference"].sum() == pytest.approx(whole["difference"])
    assert set(diff.curve["group"]) == {"Jinan", "Yantai"}


def test_intervals_cover_the_true_change_as_often_as_they_say() -> None:
    """Every start comes sooner by a day that differs from year to year; what is brought forward is known."""
    tries, size, random = 300, 30, np.random.default_rng(4)
    table, inside, saved = _table(size).drop(columns=["due", "region", "investment"]), 0, 0
    for _ in range(tries):
        slow = random.exponential(20.0, (15, size)) + 10.0
        sooner = random.uniform(2.0, 6.0, (15, 1))  # 4 days on average
        found = (
            runs_of({"fast": slow - sooner, "slow": slow}, table).compare("fast", "slow").summary.set_index("measure")
        )
        inside += found.loc["project_days", "low"] <= 4.0 * size <= found.loc["project_days", "high"]
        saved += found.loc["days_saved_80", "low"] <= 4.0 <= found.loc["days_saved_80", "high"]
    for count in (inside, saved):  # within four standard errors of a share of so many tries
        assert count / tries == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / tries))


def test_pairing_makes_the_interval_of_a_difference_narrower_than_those_of_its_sides() -> None:
    runs = runs_of(_pair(40, 50), _table(50))
    diff = runs.compare("fast", "slow", times=[20.0]).curve.iloc[0]
    sides = runs.curve(times=[20.0])
    assert diff["high"] - diff["low"] < np.hypot(*(sides["high"] - sides["low"]))


def test_only_replications_done_in_both_are_pairs() -> None:
    starts = _pair()
    runs = runs_of(starts, _table(25))
    kept = {key: one for key, one in runs.kept.items() if key not in {("fast", 0), ("slow", 3)}}
    diff = Runs(1, runs.arms, kept, runs.failures).compare("fast", "slow", times=[20.0])
    rest = [n for n in range(12) if n not in (0, 3)]
    pairs = (starts["fast"][rest] <= 20).mean(axis=1) - (starts["slow"][rest] <= 20).mean(axis=1)
    assert diff.curve["difference"].iloc[0] == pytest.approx(pairs.mean()) and diff.curve["replications"].iloc[0] == 10
    apart = {key: one for key, one in runs.kept.items() if key in {("fast", 0), ("slow", 3)}}
    with pytest.raises(YaosuError, match="in both “fast” and “slow”"):
        Runs(1, runs.arms, apart, runs.failures).compare("fast", "slow")
    with pytest.raises(YaosuError, match="no scenario “faster” among the runs; known: fast, slow"):
        runs.compare("faster", "slow")


def test_scenarios_with_other_projects_compare_what_both_have() -> None:
    slow = np.array([[10.0, 20.0, 30.0], [12.0, 18.0, 33.0]])
    runs = runs_of({"all": slow})
    process = Process([Stage("review")])
    few = pd.DataFrame({"id": ["P0002", "P0000"], "ready": 0.0})  # rows in any order
    part = runs_of({"few": slow[:, [0, 2]] - 5.0}, few, process)
    both = Runs(1, {"few": Arm(few, process), **runs.arms}, {**runs.kept, **part.kept}, runs.failures)
    found = both.compare("few", "all").summary.set_index("measure")
    assert found.loc["ready_to_start", "difference"] == pytest.approx(-5.0)
    assert found.loc["project_days", "unit"] == "project-days"
