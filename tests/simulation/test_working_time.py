"""Calendars and staff by date, path by path: in working time a queue is an ordinary queue, and days off stretch it."""

from __future__ import annotations

import datetime as dt

import chinese_calendar
import numpy as np
import pandas as pd
import pytest
import queues
from laws import assert_conserved
from numpy.typing import NDArray
from replications import poisson

from simulation import Calendar, Office, Process, Run, Stage, exponential, simulate
from simulation.streams import Streams, keys

Floats = NDArray[np.float64]
ENGINES = ("fast", "simpy")
WORK = exponential(1.3)


def works(table: pd.DataFrame, seed: int, stage: str = "review") -> Floats:
    """The work that chance gives to each project, by the name of its draw alone (MODEL 4.5)."""
    return WORK.ppf(Streams(seed, 0).uniform(keys(table["id"]), f"work:{stage}"))


def reviewed(table: pd.DataFrame, office: Office, engine: str, **settings: object) -> Run:
    process = Process([Stage("review", office="desk", work=WORK)], [office], **settings)
    run = simulate(table, process, seed=7, engine=engine)
    assert_conserved(run)
    return run


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("servers", [1, 3])
def test_reviews_without_a_calendar_follow_lindley_and_kiefer_wolfowitz(engine: str, servers: int) -> None:
    table = poisson(0.7 * servers, 2000, 1)
    run = reviewed(table, Office("desk", reviewers=servers), engine)
    begun = queues.in_turn(table["ready"], works(table, 7), servers)
    assert np.allclose(run.visits["begun"], begun, atol=1e-9)
    assert np.allclose(run.projects["started"], begun + works(table, 7), atol=1e-9)


def working_days(calendar: Calendar, origin: dt.date, days: int) -> Floats:
    """Work done at the beginning of each day, counted day by day."""
    return np.concatenate([[0.0], np.cumsum(calendar.share([origin + dt.timedelta(day) for day in range(days)]))])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("servers", [1, 3])
def test_with_a_calendar_the_same_recursion_holds_in_working_time(engine: str, servers: int) -> None:
    rows = pd.DataFrame({"date": ["2020-02-03"], "to": ["2020-03-01"], "staff": [0.4]})
    calendar, origin = Calendar.china().with_days(rows), dt.date(2020, 1, 1)
    table = poisson(0.45 * servers, 300 * servers, 2)
    run = reviewed(table, Office("desk", reviewers=servers), engine, calendar=calendar, origin=origin)
    done = working_days(calendar, origin, 2500)
    arrived = np.interp(table["ready"], np.arange(len(done)), done)
    begun = queues.in_turn(arrived, works(table, 7), servers)
    ended = begun + works(table, 7)
    decided = run.projects["started"].to_numpy()
    assert np.allclose(np.interp(decided, np.arange(len(done)), done), ended, atol=1e-7)
    assert np.allclose(np.interp(run.visits["begun"], np.arange(len(done)), done), begun, atol=1e-7)
    day_before = np.ceil(decided - 1e-9).astype(int) - 1
    assert all(chinese_calendar.is_workday(origin + dt.timedelta(int(day))) for day in day_before)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_office_that_is_closed_and_opens_again_is_a_queue_in_its_open_days(engine: str) -> None:
    rng = np.random.default_rng(3)
    days = np.cumsum(rng.uniform(2, 15, 80)).round(1)
    table = poisson(0.4, 250, 4)
    office = Office("desk", staff=tuple((day, number % 2) for number, day in enumerate(days)))
    run = reviewed(table, office, engine)
    marks = np.concatenate([[0.0], days, [5000.0]])
    open_ = np.diff(marks) * (np.arange(len(days) + 1) % 2 == 0)
    done = np.concatenate([[0.0], np.cumsum(open_)])
    begun = queues.in_turn(np.interp(table["ready"], marks, done), works(table, 7))
    assert np.allclose(np.interp(run.projects["started"], marks, done), begun + works(table, 7), atol=1e-7)
