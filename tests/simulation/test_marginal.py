"""What one more reviewer gains, against running every desk anew; and exactly nothing where nobody waits."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import processes, projects
from scipy import stats

from allocator.errors import YaosuError
from simulation import Office, Process, Scenario, Stage, exponential, lognormal, marginal, simulate
from simulation.draws import draw
from simulation.marginal import crowded
from simulation.model import Model
from simulation.network import network
from simulation.records import Records

STEPS = [
    Stage("site", office="city", work=lognormal(2, 0.5), prepare=1, returns=0.3, correction=3),
    Stage("fire", office="county", work=exponential(2), after="site"),
    Stage("land", office="province", work=lognormal(1, 1), after="site", elapsed=4),
    Stage("panel", office="panel", after="fire"),
]
PROCESS = Process(STEPS, [
    Office("city", level="city"), Office("city", level="city", region="S", reviewers=2),
    Office("county", level="county"), Office("province"), Office("panel", every=6, seats=9),
])  # fmt: skip
TABLE = pd.DataFrame({
    "id": [f"P{n:02d}" for n in range(30)], "ready": [n / 2 for n in range(30)], "region": ["N", "S", "N"] * 10,
    "county": ["x", "x", "y"] * 10, "due": [20.0, 30.0, 60.0] * 10, "investment": [float(n % 5) for n in range(30)],
})  # fmt: skip
NOW = {"city/N": 1, "city/S": 2, "county/N/x": 1, "county/N/y": 1, "county/S/x": 1, "province": 1}
OPTIONS: dict[str, Any] = {"by": 30.0, "replications": 5, "jobs": 1, "engine": "simpy"}


def _starts(scenario: Scenario, weight: Any = 1.0) -> np.ndarray:
    """Starts by the day in each replication, from plain runs."""
    made = [simulate(TABLE, PROCESS, scenario, seed=1, replication=number, engine="simpy") for number in range(5)]
    return np.array([float((weight * (run.projects["started"] <= 30.0)).sum()) for run in made])


@pytest.mark.parametrize("add", [1, 2])
def test_the_gain_of_every_desk_is_the_one_of_running_it_anew(add: int) -> None:
    found = marginal(TABLE, PROCESS, add=add, **OPTIONS)
    found.index = (found["office"] + "/" + found["region"]).str.strip("/")
    assert set(found.index) == set(NOW), "a row for each desk with reviewers"
    base = _starts(Scenario())
    for desk, reviewers in NOW.items():
        gains = (_starts(Scenario(reviewers={desk: reviewers + add})) - base) / add
        low, high = stats.t.interval(0.95, 4, loc=gains.mean(), scale=stats.sem(gains)) if gains.any() else (0.0, 0.0)
        row = found.loc[desk]
        assert row["reviewers"] == pytest.approx(reviewers) and row["desks"] == 1
        assert (row["starts_gained"], row["low"], row["high"]) == pytest.approx((gains.mean(), low, high)), desk
        assert row["share_gained"] == pytest.approx(gains.mean() / 30)
    assert (found["starts_gained"].diff().dropna() <= 0).all(), "best first"
    assert found["starts_gained"].iloc[0] > 0


def test_the_gain_of_an_office_is_that_of_all_its_desks_by_added_reviewer() -> None:
    found = marginal(TABLE, PROCESS, by_desk=False, **OPTIONS).set_index("office")
    gains = _starts(Scenario(reviewers={"county/N/x": 2, "county/N/y": 2, "county/S/x": 2})) - _starts(Scenario())
    assert found.loc["county", "starts_gained"] == pytest.approx(gains.mean() / 3)
    assert found.loc["county", ["region", "desks", "reviewers"]].tolist() == ["", 3, pytest.approx(3.0)]
    assert set(found.index) == {"city", "county", "province"}


def test_who_counts_is_who_is_asked_for() -> None:
    found = marginal(TABLE, PROCESS, over="due", weight="investment", where="region = N", **OPTIONS)
    weight = TABLE["investment"] * (TABLE["due"] <= 30.0) * (TABLE["region"] == "N")
    row = found[(found["office"] == "city") & (found["region"] == "N")].iloc[0]
    gains = _starts(Scenario(reviewers={"city/N": 2}), weight) - _starts(Scenario(), weight)
    assert row["starts_gained"] == pytest.approx(gains.mean())
    assert row["share_gained"] == pytest.approx(gains.mean() / weight.sum())


def test_load_and_waiting_are_those_of_the_runs_up_to_the_day() -> None:
    found = marginal(TABLE, PROCESS, **OPTIONS).set_index(["office", "region"])
    desks = [simulate(TABLE, PROCESS, seed=1, replication=n, until=30.0, engine="simpy").offices for n in range(5)]
    table = pd.concat(desks).set_index(["office", "region"])
    for key, rows in table[table["reviewers"].notna()].groupby(level=[0, 1]):
        if key[0] == "panel":
            continue
        waits = (rows["mean_wait"] * rows["visits"]).sum() / rows["visits"].sum()
        assert found.loc[key, "utilisation"] == pytest.approx(rows["utilisation"].mean(), abs=1e-6)
        assert found.loc[key, "mean_wait"] == pytest.approx(waits)


def test_a_reviewer_added_comes_on_top_of_every_step_of_the_staff() -> None:
    # nobody is there before day 10, so that one added from the beginning does two reviews of five days until then
    process = Process([Stage("review", office="desk", work=5)], [Office("desk", reviewers=0, staff=((10, 1),))])
    table = pd.DataFrame({"id": list("abcdef"), "ready": 0.0})
    found = marginal(table, process, by=15.0, replications=2, jobs=1, engine="simpy")
    assert found[["starts_gained", "low", "high"]].to_numpy().tolist() == [[3.0, 3.0, 3.0]]


def test_where_nobody_waits_the_gain_is_exactly_zero_and_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [
        Stage("plan", office="north", work=exponential(1)),
        Stage("permit", office="south", work=exponential(0.001)),
    ]
    process = Process(steps, [Office("north", reviewers=1), Office("south", reviewers=9)])
    table = pd.DataFrame({"id": list("abcd"), "ready": [0.0, 0.1, 0.2, 0.3]})
    runs = []
    engine = Model.run

    def counting(model: Model) -> Records:
        runs.append([desk.staff[0][1] for desk in model.network.desks])
        return engine(model)

    monkeypatch.setattr(Model, "run", counting)
    found = marginal(table, process, by=2.0, replications=3, jobs=1, engine="simpy").set_index("office")
    assert found.loc["south", ["starts_gained", "low", "high", "share_gained"]].tolist() == [0.0] * 4
    assert [1, 10] not in runs and runs.count([1, 9]) == 3 and [2, 9] in runs


QUICK = settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))


@QUICK
@given(projects(), processes(), st.integers(0, 5), st.one_of(st.none(), st.integers(1, 60).map(float)))
def test_a_reviewer_added_to_a_desk_that_is_not_crowded_changes_no_event_at_all(
    table: pd.DataFrame, process: Process, seed: int, until: float | None
) -> None:
    made = network(table, process)
    drawn = draw(made, seed, 0)
    base = Model(made, drawn, until).run()
    free = {desk.number for desk in made.desks if desk.office.every is None} - set(np.flatnonzero(crowded(made, base)))
    desks = [
        replace(desk, staff=tuple((day, number + 1) for day, number in desk.staff)) if desk.number in free else desk
        for desk in made.desks
    ]
    other = Model(replace(made, desks=desks), drawn, until).run()
    for one in fields(Records):
        if one.name != "drawn":
            np.testing.assert_array_equal(getattr(other, one.name), getattr(base, one.name))


def test_a_desk_is_crowded_when_more_are_there_than_reviewers() -> None:
    process = Process([Stage("review", office="desk", work=2)], [Office("desk", reviewers=2)])
    for ready, expected in (([0.0, 1.0, 2.5], False), ([0.0, 1.0, 2.0], True), ([0.0, 1.0, 1.5], True)):
        made = network(pd.DataFrame({"id": list("abc"), "ready": ready}), process)
        assert crowded(made, Model(made, draw(made, 0, 0)).run()).tolist() == [expected], ready


def test_neither_workers_nor_the_engine_nor_the_order_changes_a_gain() -> None:
    one = marginal(TABLE, PROCESS, **OPTIONS)
    for other in (
        marginal(TABLE, PROCESS, **{**OPTIONS, "jobs": 2}),
        marginal(TABLE, PROCESS, **{**OPTIONS, "engine": "fast"}),
        marginal(TABLE.sample(frac=1.0, random_state=1), PROCESS, **OPTIONS),
    ):
        pd.testing.assert_frame_equal(other, one, rtol=1e-12)
    assert not marginal(TABLE, PROCESS, seed=2, **OPTIONS).equals(one)


def test_progress_is_told_by_replication() -> None:
    told: list[tuple[int, int]] = []
    marginal(TABLE, PROCESS, progress=lambda done, of: told.append((done, of)), **OPTIONS)
    assert told == [(number, 5) for number in range(1, 6)]


@pytest.mark.parametrize("options", [{"add": 0}, {"replications": 1}, {"where": "ready > 99"}])
def test_what_makes_no_sense_is_said(options: dict[str, Any]) -> None:
    with pytest.raises(YaosuError):
        marginal(TABLE, PROCESS, **{**OPTIONS, **options})
