"""A date ends just before midnight: what happens in the first moment of a month is none of the month before."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from allocator.case import Case
from simulation import Scenario, Stage, experiment
from simulation.crossing import Crossing, cross
from simulation.process import Process
from simulation.run import horizon
from simulation.speaking import Names

APRIL = 90.0
"""Midnight between 31 March and 1 April, in days from 1 January 2026."""


@pytest.fixture(scope="module", params=["2026-06-30", "2026-04-01", "2026-03-31"])
def crossed(request: pytest.FixtureRequest) -> Crossing:
    """Two projects ready in January, quota from 1 April on: granted and started in that day's first moment."""
    case = Case.from_tables(
        projects=pd.DataFrame({"id": ["a", "b"], "region": ["N", "S"], "land": 10.0, "value": 100.0,
                               "ready": pd.Timestamp("2026-01-02")}),
        pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [100.0], "period": ["2026Q2"]}),
        stages=pd.DataFrame({"stage": ["review"], "office": ["desk"], "work": [2]}),
        offices=pd.DataFrame({"office": ["desk"], "reviewers": [1]}),
        process=pd.DataFrame({"key": ["calendar", "origin", "entry"], "value": ["weekly", "2026-01-01", "ready"]}),
        policy={"value": "value"},
    )  # fmt: skip
    return cross(case, {"base": Scenario()}, ["ranked", "follow"], until=request.param, replications=2, jobs=1,
                 engine="simpy")  # fmt: skip


def test_a_grant_on_the_first_of_a_month_does_not_count_by_the_last_day_of_the_month_before(crossed: Crossing) -> None:
    begun = crossed.runs.until != "2026-03-31"
    for measure, whole in (("started", 1.0), ("secured", 200.0), ("realised", 200.0)):
        assert (crossed.table(measure, "2026-03-31")["mean"] == 0).all()  # type: ignore[arg-type]
        assert (crossed.table(measure)["mean"] == (whole if begun else 0.0)).all()  # type: ignore[arg-type]
    if begun:
        assert (crossed.projects()["day"] == APRIL).all() and (crossed.projects()["started"] == 1).all()


def test_tables_by_day_hold_the_last_of_march_without_the_first_of_april_and_end_with_the_horizon(
    crossed: Crossing,
) -> None:
    names, end = Names.of(crossed.runs, "en"), pd.Timestamp(crossed.runs.until)  # type: ignore[arg-type]
    assert names.date(crossed.end) == end
    for table in (crossed.benefit(), crossed.curve()):
        assert (table["time"] % 1 == 0).all() and names.date(table["time"].max()) == end
        dates = table["time"].map(names.date)
        assert ((table["mean"] > 0) == (dates >= pd.Timestamp("2026-04-01"))).all()
    assert (crossed.curve()["date"] == crossed.curve()["time"].map(names.date)).all()


def test_quota_lies_idle_from_the_first_of_the_month_until_nothing_is_left_to_grant(crossed: Crossing) -> None:
    days = crossed.end - APRIL
    free = crossed.idle().query("kind == 'free'")["mean"].to_numpy()
    assert free == pytest.approx(80.0 * max(days, 0.0), abs=1e-6)


def test_simulated_starts_at_midnight_belong_to_the_day_that_begins() -> None:
    projects = pd.DataFrame({"id": ["a", "b"], "ready": ["2026-04-01", "2026-03-01"], "due": "2026-03-31"})
    process = Process([Stage("review")], calendar="weekly", origin="2026-01-01", entry="ready")
    runs = experiment(projects, process, {"base": Scenario()}, replications=1, jobs=1, engine="simpy")
    assert runs.started("2026-03-31", "2026-04-01", APRIL)["mean"].tolist() == [0.5, 1.0, 1.0]
    assert runs.started("2026-03-31", over="due")["mean"].tolist() == [0.5]
    table = runs.curve().set_index("date")["mean"]
    assert table["2026-03-31"] == 0.5 and table["2026-04-01"] == table.iloc[-1] == 1.0


def test_a_number_of_days_stays_as_it_is_and_a_date_is_named_by_itself() -> None:
    process = Process([Stage("review")], calendar="weekly", origin="2026-01-01")
    names = Names("en", [process])
    assert horizon(90.0, process) == 90.0 > horizon("2026-03-31", process) > 90.0 - 1e-9
    for date in pd.date_range("2025-11-01", "2036-12-31", freq="17D"):
        assert names.date(horizon(date.date(), process)) == date
    assert np.isclose(horizon("2026-03-31", process), APRIL, rtol=0, atol=1e-9)
