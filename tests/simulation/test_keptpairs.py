"""Differences of kept experiments: paired as within one experiment, or of independent ones, and told which."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from allocator import Case
from simulation import Office, Process, Scenario, Stage, Store, experiment, record_runs
from simulation.distributions import exponential
from simulation.intervals import half_apart
from simulation.keeping import Record
from simulation.keepingdiff import difference
from simulation.runs import Runs

PROJECTS = pd.DataFrame({"id": [f"p{i}" for i in range(12)], "land": 1.0, "value": 1.0,
                         "ready": np.arange(12.0)})  # fmt: skip
CASE = Case.from_tables(
    projects=PROJECTS, pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}), name="desk"
)
DESK = Process([Stage("review", office="desk", work=exponential(2.0), limit=4.0)], [Office("desk")])
A, B = Scenario(speed=2.0), Scenario(speed=1.2)
DATES = (8.0, 14.0)
INTERVAL = ["change", "low", "high"]


def simulated(replications: int = 6, seed: int = 1, **levers: Scenario) -> Runs:
    return experiment(CASE.projects, DESK, levers, replications=replications, seed=seed, jobs=1, engine="simpy")


def kept(runs: Runs) -> Record:
    return record_runs(CASE, runs, dates=DATES)


def test_an_experiment_against_itself_differs_by_exactly_zero_with_no_width(tmp_path: Path) -> None:
    with Store(tmp_path / "runs.sqlite") as store:
        number = store.keep(kept(simulated(a=A, b=B)))
        found = difference(store.load(number), store.load(number)).figures
    assert (found[INTERVAL] == 0.0).all().all() and len(found) == 2 * 9
    assert set(found["pairing"]) == {"paired"} and (found["pairs"] == 6).all()
    assert (found["scenario"] == found["against"]).all()


def test_scenarios_of_two_experiments_of_one_seed_differ_as_they_do_within_one_experiment() -> None:
    expected = simulated(a=A, b=B).compare("a", "b", dates=DATES).summary.set_index("measure")
    found = difference(kept(simulated(a=A)), kept(simulated(b=B))).figures.set_index("measure")
    assert (found["scenario"] == "a").all() and (found["against"] == "b").all()
    for name in ("started", "ready_to_start", "decided_in_time", "started_by_8.0", "started_by_14.0"):
        told = expected.loc[name, ["a", "b", "difference", "low", "high", "replications"]].tolist()
        assert found.loc[name, ["a", "b", *INTERVAL, "pairs"]].tolist() == told, name
    for level in (50, 80, 95):
        sooner = expected.loc[f"days_saved_{level}"]
        told = [-sooner["difference"], -sooner["high"], -sooner["low"]]
        assert found.loc[f"day_{level}", INTERVAL].tolist() == told and sooner["low"] < sooner["high"]


def test_a_paired_difference_is_over_the_replications_that_both_have() -> None:
    more, first, second = (kept(simulated(count, a=one)) for count, one in ((9, A), (4, A), (4, B)))
    pd.testing.assert_frame_equal(difference(more, second).figures, difference(first, second).figures)
    found = difference(more, second).figures
    assert (found["pairs"] == 4).all() and found["change"].tolist() == pytest.approx((found["a"] - found["b"]).tolist())


def test_experiments_of_other_seeds_are_independent_and_told_so() -> None:
    one, two = simulated(seed=1, a=A), simulated(5, seed=2, a=A)
    found = difference(kept(one), kept(two)).figures.set_index("measure")
    assert set(found["pairing"]) == {"unpaired"} and found["pairs"].isna().all()
    starts = [[float((run.started <= 8.0).mean()) for run in runs.outcomes_of("a")] for runs in (one, two)]
    interval = stats.ttest_ind(*starts, equal_var=False).confidence_interval(0.95)
    assert found.loc["started_by_8.0", ["low", "high"]].tolist() == pytest.approx(list(interval))
    assert found.loc["started", INTERVAL].tolist() == [0.0] * 3, "all start, in every replication"


def test_the_interval_of_independent_means_is_that_of_scipy_and_none_of_one_value() -> None:
    random = np.random.default_rng(4)
    one, two = random.normal(size=7), random.normal(3.0, 5.0, size=4)
    interval = stats.ttest_ind(one, two, equal_var=False).confidence_interval(0.9)
    assert half_apart(np.append(one, np.nan), two, 0.9) == pytest.approx((interval.high - interval.low) / 2)
    assert half_apart(np.ones(3), np.full(2, 5.0)) == 0.0 and np.isnan(half_apart(one, two[:1]))


def test_scenarios_that_have_no_single_counterpart_are_not_held_against_one_another() -> None:
    base = Scenario()
    found = difference(kept(simulated(2, case=base, a=A)), kept(simulated(2, case=base, b=B, c=B))).figures
    known = found.dropna(subset="change")
    assert set(known["scenario"]) == {"case"} == set(known["against"])
    assert set(found.loc[found["change"].isna(), "pairing"]) == {""}
    both = difference(kept(simulated(2, case=base, a=A)), kept(simulated(2, case=base, b=B))).figures
    assert set(zip(both["scenario"], both["against"], strict=True)) == {("case", "case"), ("a", "b")}


def test_a_figure_that_a_side_never_reaches_has_no_difference() -> None:
    runs = experiment(CASE.projects, DESK, {"a": A, "b": Scenario(speed=0.2)}, replications=3, jobs=1, engine="simpy",
                      until=20.0)  # fmt: skip
    record = record_runs(CASE, runs)
    a, b = (replace(record, figures=record.figures.query("scenario == @name").assign(scenario="x"),
                    replicated=record.replicated.query("scenario == @name").assign(scenario="x"))
            for name in ("a", "b"))  # fmt: skip
    found = difference(a, b).figures.set_index("measure")
    assert found.loc["day_95", ["b", *INTERVAL]].isna().all() and found.loc["day_95", "pairing"] == ""
    assert found.loc["day_95", "a"] > 0 and found.loc["started", "pairing"] == "paired"


def test_what_an_older_version_kept_has_no_intervals_until_it_is_made_again(tmp_path: Path) -> None:
    place, record = tmp_path / "runs.sqlite", kept(simulated(2, a=A))
    with Store(place) as store:
        number = store.keep(record)
    base = sqlite3.connect(place, isolation_level=None)
    base.execute("ALTER TABLE kept DROP COLUMN replicated")
    base.execute("PRAGMA user_version = 2")
    base.close()
    with Store(place) as store:
        found = difference(store.load(number), record).figures
        assert (found["change"] == 0).all() and set(found["pairing"]) == {""} and found["low"].isna().all()
        assert store.keep(record) == number
        assert set(difference(store.load(number), record).figures["pairing"]) == {"paired"}
