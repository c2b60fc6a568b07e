from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from synthetic import Floats, outcome, runs_of

from allocator.errors import InputError, YaosuError
from simulation import Process, Stage
from simulation.runs import Arm, Runs


def _table(size: int, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame({
        "id": [f"P{n:04d}" for n in range(size)], "ready": 0.0,
        "region": random.choice(["Jinan", "Yantai", "济宁"], size), "investment": random.lognormal(3, 1, size),
        "due": random.integers(10, 60, size).astype(float),
    })  # fmt: skip


def _starts(replications: int, size: int, seed: int = 1, never: float = 0.2) -> Floats:
    random = np.random.default_rng(seed)
    days = random.exponential(30.0, (replications, size))
    days[random.uniform(size=days.shape) < never] = np.nan
    return days


@pytest.mark.parametrize("over", ["planned", "due"])
@pytest.mark.parametrize("weight", [None, "investment"])
@pytest.mark.parametrize("where", ["", "investment >= 20"])
def test_a_curve_is_what_counting_one_by_one_gives(over: str, weight: str | None, where: str) -> None:
    table, starts = _table(40), _starts(6, 40)
    times = [0.0, 10.0, 25.5, 40.0, 59.0, 200.0]
    found = runs_of({"base": starts}, table).curve(over=over, weight=weight, by="region", where=where, times=times)  # type: ignore[arg-type]
    for row in found.itertuples():
        shares = []
        for started in starts:
            above = below = 0.0
            for project in table.itertuples():
                if project.region != row.group or (where and project.investment < 20):
                    continue
                counts = project.investment if weight else 1.0
                if over == "planned" or project.due <= row.time:
                    below += counts
                    above += counts * (started[project.Index] <= row.time)
            shares.append(above / below if below else np.nan)
        assert row.mean == pytest.approx(np.mean(shares), abs=1e-12, nan_ok=True)
    assert set(found["group"]) == {"Jinan", "Yantai", "济宁"}


def _aalen_johansen(started: Floats, ended: Floats, until: float, times: Floats) -> Floats:
    """Cumulative incidence of a start against leaving, censored at the horizon, event by event."""
    day = np.fmin(started, ended)
    day = np.where(np.isfinite(day) & (day <= until), day, until)
    kind = np.where(started <= until, 1, np.where(ended <= until, 2, 0))
    made, free, incidence = np.zeros(len(times)), 1.0, 0.0
    for event in np.unique(day[kind > 0]):
        at_risk = (day >= event).sum()
        incidence += free * ((day == event) & (kind == 1)).sum() / at_risk
        free *= 1 - ((day == event) & (kind > 0)).sum() / at_risk
        made[times >= event] = incidence
    return made


def test_with_a_horizon_the_curve_is_the_cumulative_incidence_of_aalen_and_johansen() -> None:
    random = np.random.default_rng(5)
    first, second = random.exponential(30, (2, 8, 50)).round(1)  # ties too
    started, ended = np.where(first <= second, first, np.nan), np.where(first <= second, np.nan, second)
    until = 45.0
    started, ended = np.where(started <= until, started, np.nan), np.where(ended <= until, ended, np.nan)
    runs = runs_of({"base": started}, until=until)
    kept = {("base", n): outcome(*pair) for n, pair in enumerate(zip(started, ended, strict=True))}
    runs = Runs(1, runs.arms, kept, runs.failures, until)
    found = runs.curve()
    times = found["time"].to_numpy()
    oracle = np.mean([_aalen_johansen(*pair, until, times) for pair in zip(started, ended, strict=True)], axis=0)
    assert times.max() <= until
    np.testing.assert_allclose(found["mean"], oracle, atol=1e-12)
    shares = runs.outcomes().set_index("outcome")["share"]
    assert shares["started"] == pytest.approx(oracle[-1]) and shares.sum() == pytest.approx(1.0)
    assert shares["refused"] == pytest.approx(np.isfinite(ended).mean())


def test_the_pointwise_interval_is_students() -> None:
    starts = _starts(9, 30)
    row = runs_of({"base": starts}).curve(times=[20.0]).iloc[0]
    shares = (starts <= 20.0).mean(axis=1)
    low, high = stats.t.interval(0.95, 8, loc=shares.mean(), scale=stats.sem(shares))
    assert (row["low"], row["high"]) == pytest.approx((low, high))


def test_the_band_of_replications_is_their_middle_nine_tenths() -> None:
    starts = _starts(50, 30)
    row = runs_of({"base": starts}).curve(times=[20.0], which="replications").iloc[0]
    assert (row["low"], row["high"]) == pytest.approx(np.quantile((starts <= 20.0).mean(axis=1), [0.05, 0.95]))


def test_replications_that_agree_leave_no_width_and_a_single_one_no_interval() -> None:
    starts = _starts(1, 30)
    same = runs_of({"base": np.repeat(starts, 7, axis=0)}, _table(30)).curve(weight="investment")
    for bound in ("low", "high", "sim_low", "sim_high"):
        assert (same[bound] == same["mean"]).all()
    alone = runs_of({"base": starts}).curve()
    assert alone["mean"].notna().all() and alone[["low", "high", "sim_low", "sim_high"]].isna().all().all()


def test_the_same_seed_gives_the_same_bands() -> None:
    starts = _starts(30, 40)
    first, again, other = (runs_of({"base": starts}, seed=seed).curve() for seed in (4, 4, 5))
    pd.testing.assert_frame_equal(first, again)
    assert (first["sim_high"] != other["sim_high"]).any() and (first["high"] == other["high"]).all()


def test_times_are_whole_days_from_the_first_entry_to_the_last_start_and_not_too_many() -> None:
    found = runs_of({"short": np.array([[3.0, 8.2]]), "long": np.array([[5.0, np.nan]])}).curve()
    assert found.loc[found["scenario"] == "long", "time"].tolist() == list(range(10))
    times = runs_of({"base": np.array([[3.0, 5000.5]])}).curve()["time"]
    assert len(times) <= 401 and (times % 1 == 0).all() and times.max() >= 5000.5 and times.diff().nunique() == 1


def test_a_date_counts_to_just_before_midnight_and_a_day_number_is_a_moment() -> None:
    process = Process([Stage("review")], calendar="weekly", origin="2020-01-01")
    table = pd.DataFrame({"id": ["a", "b"], "ready": 0.0, "due": ["2020-01-03", "2020-01-04"]})
    runs = runs_of({"base": np.array([[2.5, 3.0]])}, table, process)
    found = runs.started("2020-01-03", 2.4)
    assert found["time"].tolist() == [3.0, 2.4] and found["mean"].tolist() == [0.5, 0.0]
    due = runs.curve(over="due", times=[2.0, 3.0, 4.0])
    assert due["mean"].isna().tolist() == [True, False, False] and due["mean"].tolist()[1:] == [1.0, 1.0]
    assert due["date"].astype(str).tolist() == ["2020-01-02", "2020-01-03", "2020-01-04"]


def test_the_order_of_the_projects_does_not_matter() -> None:
    table, starts = _table(40), _starts(5, 40)
    plain, turned = runs_of({"base": starts}, table), runs_of({"base": starts}, table.sample(frac=1, random_state=1))
    for options in ({}, {"weight": "investment", "by": "region"}, {"over": "due", "where": "region = 济宁"}):
        pd.testing.assert_frame_equal(plain.curve(**options), turned.curve(**options))  # type: ignore[arg-type]


def test_scenarios_may_have_other_projects() -> None:
    starts = _starts(3, 4, never=0.0)
    runs = runs_of({"all": starts})
    few = Arm(pd.DataFrame({"id": ["x", "y"], "ready": 0.0}), runs.arms["all"].process)
    kept = {**runs.kept, **{("few", n): outcome(row[:2]) for n, row in enumerate(starts)}}
    found = Runs(1, {**runs.arms, "few": few}, kept, runs.failures).curve(times=[1e6])
    assert found["mean"].tolist() == [1.0, 1.0]


def test_what_cannot_be_counted_is_refused_with_the_reason() -> None:
    table = _table(5)
    runs = runs_of({"base": _starts(2, 5)}, table.assign(investment=[1.0, np.nan, 2.0, -1.0, 3.0]))
    for options, said in (
        ({"weight": "investmnt"}, "no column “investmnt”. Did you mean “investment”?"),
        ({"weight": "investment"}, "blank or below zero for 2 of the projects counted in “base”, such as P0001"),
        ({"over": "started"}, "“over” cannot be “started”; expected one of: planned, due"),
        ({"which": "median"}, "“which” cannot be “median”"),
        ({"confidence": 95}, "“confidence” must lie between 0 and 1; found 95"),
    ):
        with pytest.raises(YaosuError, match=said.replace("?", r"\?")):
            runs.curve(**options)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        runs.curve(where="regoin = Jinan")
    with pytest.raises(YaosuError) as caught:
        runs.outcomes_of("fast")
    assert "没有情景“fast”" in caught.value.text("zh")
    assert runs.curve(weight="investment", where="investment > 0")["mean"].notna().all()
