"""Conservation and Little's law on random processes; what changes nothing changes nothing; hours or days, the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from laws import assert_conserved
from processes import processes, projects

from simulation import Office, Process, Run, Scenario, Stage, simulate
from simulation.process import STAGE_TIMES

QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
UNTIL = st.one_of(st.none(), st.floats(1, 60), st.integers(1, 60).map(float))
ENGINES = ("fast", "simpy")
TABLES = ("projects", "visits", "offices", "problems", "measures")


@pytest.mark.parametrize("engine", ENGINES)
@settings(QUICK, max_examples=60)
@given(table=projects(), process=processes(), seed=st.integers(0, 5), until=UNTIL)
def test_every_run_obeys_the_laws(
    table: pd.DataFrame, process: Process, seed: int, until: float | None, engine: str
) -> None:
    assert_conserved(simulate(table, process, seed=seed, engine=engine, until=until))


def unmoved(process: Process) -> list[Scenario]:
    """Scenarios whose levers are touched, but stay where they are."""
    reviewers = {one.name: one.reviewers for one in process.offices if not one.staff}
    return [
        Scenario(),
        Scenario(speed=1.0, reviewers=1.0, change=lambda given: given),
        Scenario(speed={stage.name: 1.0 for stage in process.stages}, reviewers=reviewers),
        Scenario(deferral=process.deferral or False, hotline=process.hotline, green=process.green),
    ]


def assert_equal(run: Run, other: Run) -> None:
    """To the last digit."""
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(run, name), getattr(other, name), check_exact=True)


@pytest.mark.parametrize("engine", ENGINES)
@settings(QUICK, max_examples=25)
@given(table=projects(), process=processes(), seed=st.integers(0, 5))
def test_a_scenario_that_changes_nothing_differs_by_exactly_zero(
    table: pd.DataFrame, process: Process, seed: int, engine: str
) -> None:
    plain = simulate(table, process, seed=seed, engine=engine)
    for scenario in unmoved(process):
        assert_equal(simulate(table, process, scenario, seed=seed, engine=engine), plain)


@settings(QUICK, max_examples=25)
@given(projects(), processes(), st.floats(0.3, 3))
def test_a_scenario_that_was_moved_leaves_nothing_behind(table: pd.DataFrame, process: Process, speed: float) -> None:
    plain, given_table = simulate(table, process), table.copy()
    simulate(table, process, Scenario(speed=speed, reviewers=2.0, parallel=True, online=True, enforced=True))
    assert_equal(simulate(table, process), plain)
    pd.testing.assert_frame_equal(table, given_table)


def stretched(process: Process, factor: float) -> Process:
    """The process with every time in it so many times as long."""

    def longer(one: Any, *names: str) -> Any:
        found = {name: getattr(one, name) for name in names} if one is not None else {}
        return one and replace(one, **{
            name: value.scaled(factor) if hasattr(value, "scaled") else value * factor
            for name, value in found.items() if value is not None
        })  # fmt: skip

    stages = [longer(replace(one, not_before=""), *STAGE_TIMES, "limit", "extension") for one in process.stages]
    offices = [
        replace(longer(one, "every"), staff=tuple((day * factor, number) for day, number in one.staff))
        for one in process.offices
    ]
    return process.with_changes(
        stages=stages, offices=offices, problems=[longer(one, "own") for one in process.problems],
        patience=process.patience and process.patience.scaled(factor), deferral=longer(process.deferral, "promise"),
        hotline=longer(process.hotline, "time", "since"), dispatch=longer(process.dispatch, "every", "since"),
        teams=longer(process.teams, "travel", "visit", "since"), calendar=None,
    )  # fmt: skip


@settings(QUICK, max_examples=60)
@given(projects(), processes(), st.integers(0, 5))
def test_days_or_sixteenths_of_them_give_the_same_run(table: pd.DataFrame, process: Process, seed: int) -> None:
    """A power of two leaves every sum as it was, so that what happens together still does."""
    one = simulate(table, stretched(process, 1.0), seed=seed)
    other = simulate(table.assign(ready=table["ready"] * 16), stretched(process, 16.0), seed=seed)
    assert (one.projects["outcome"] == other.projects["outcome"]).all()
    for name in ("approved", "started", "ended"):
        assert np.allclose(one.projects[name] * 16, other.projects[name], rtol=1e-9, equal_nan=True)
    assert (one.visits["result"] == other.visits["result"]).all()
    assert np.allclose(one.offices["mean_queue"], other.offices["mean_queue"], rtol=1e-9, equal_nan=True)


def test_ids_come_back_as_they_were_given() -> None:
    desk = Process([Stage("review", office="desk", work=1.0, returns=0.5, correction=1)], [Office("desk", reviewers=2)])
    days = [3.0, 1.0, 2.0]
    whole = simulate(pd.DataFrame({"id": [10, 9, 100], "ready": days}), desk, engine="simpy")
    text = simulate(pd.DataFrame({"id": ["10", "9", "100"], "ready": days}), desk, engine="simpy")
    assert whole.projects["id"].tolist() == [10, 9, 100] and set(whole.visits["project"]) == {9, 10, 100}
    assert whole.projects["started"].tolist() == text.projects["started"].tolist()
    assert text.projects["id"].tolist() == ["10", "9", "100"]
