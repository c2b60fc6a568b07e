"""The timeline: days in order, turns within a moment, ordinary SimPy beside it; clocks of single days."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from simulation.calendar import Clock
from simulation.timeline import FIRST, LAST, PLANNED, FastClock, Timeline

DAYS = st.floats(-5, 40)
SHARES = st.lists(st.sampled_from([0.0, 0.3, 1.0]), min_size=1, max_size=20)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([FIRST, PLANNED, 1, LAST]))))
def test_actions_happen_by_day_then_by_turn_then_as_they_were_put_down(planned: list[tuple[int, int]]) -> None:
    timeline, told = Timeline(0.0), []
    for number, (day, turn) in enumerate(planned):
        timeline.at(float(day), told.append, number, turn=turn)  # type: ignore[arg-type]
    timeline.run()
    assert told == sorted(range(len(planned)), key=lambda number: (*planned[number], number))


TREE = st.recursive(
    st.just([]),
    lambda below: st.lists(st.tuples(st.integers(0, 2), st.sampled_from([FIRST, PLANNED, 1, LAST]), below), max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("steps", [True, False])
@given(tree=TREE)
def test_what_actions_put_down_has_its_place_also_at_the_same_moment(tree: list[Any], steps: bool) -> None:
    timeline, number = Timeline(0.0), iter(range(1000))
    told: list[Any] = []
    open_: list[Any] = []

    def put_down(day: float, children: list[Any]) -> None:
        for later, turn, below in children:
            one = (day + later, turn, next(number))
            open_.append(one)
            timeline.at(day + later, act, (one, below), turn)

    def act(what: Any) -> None:
        one, below = what
        told.append((one, min(open_)))
        open_.remove(one)
        put_down(one[0], below)

    put_down(0.0, tree)
    if steps:
        while timeline.peek() < float("inf"):
            timeline.step()
    else:
        timeline.run()
    assert all(one == first for one, first in told) and not open_


@pytest.mark.parametrize("day", [0.0, 2.0])
def test_what_is_cancelled_does_not_happen(day: float) -> None:
    timeline, told = Timeline(0.0), []
    gone, stays = timeline.at(day, told.append, "gone"), timeline.at(day, told.append, "stays")
    timeline.cancel(gone)
    timeline.run()
    assert told == ["stays"] and stays != gone


def test_an_event_of_simpy_without_delay_has_its_place_among_actions() -> None:
    timeline, told = Timeline(0.0), []

    def begin() -> None:
        timeline.at(1.0, told.append, "before")
        timeline.timeout(0.0).callbacks.append(lambda _: told.append("simpy"))
        timeline.at(1.0, told.append, "after")

    timeline.at(1.0, begin)
    timeline.run()
    assert told == ["before", "simpy", "after"]


def test_what_is_put_down_for_a_day_that_is_over_happens_now() -> None:
    timeline, told = Timeline(0.0), []
    timeline.at(3.0, lambda: timeline.at(1.0, lambda: told.append(timeline.now)))
    timeline.run()
    assert told == [3.0]


def test_what_is_put_down_for_never_does_not_happen() -> None:
    timeline = Timeline(0.0)
    timeline.at(float("inf"), pytest.fail)
    timeline.run()
    assert timeline.now == 0.0


def test_a_run_is_cut_before_a_day_and_can_go_on() -> None:
    timeline, told = Timeline(0.0), []
    for day in (1.0, 2.0, 3.0):
        timeline.at(day, told.append, day)
    timeline.run(2.0)
    assert told == [1.0]
    timeline.run()
    assert told == [1.0, 2.0, 3.0]


def test_processes_of_simpy_run_on_the_same_timeline_in_step_with_actions() -> None:
    timeline, told = Timeline(0.0), []

    def walk() -> Generator[simpy.Event, Any, None]:
        for _ in range(3):
            yield timeline.timeout(2.0)
            told.append(("walk", timeline.now))

    timeline.process(walk())
    for day in (1.0, 3.0, 5.0):
        timeline.at(day, lambda: told.append(("act", timeline.now)))
    timeline.run()
    assert told == [("act", 1.0), ("walk", 2.0), ("act", 3.0), ("walk", 4.0), ("act", 5.0), ("walk", 6.0)]


def test_simpys_own_way_of_stepping_gives_the_same_order() -> None:
    one, other = Timeline(0.0), Timeline(0.0)
    told: dict[Timeline, list[int]] = {one: [], other: []}
    for timeline, seen in told.items():
        for number, day in enumerate((2.0, 1.0, 2.0, 0.5)):
            timeline.at(day, seen.append, number)
    one.run()
    while other.peek() < float("inf"):
        other.step()
    assert told[one] == told[other] == [3, 1, 0, 2]
    assert one.now == other.now == 2.0


@given(SHARES, DAYS, DAYS, st.floats(0, 30))
def test_a_clock_of_single_days_agrees_with_that_of_arrays(
    shares: list[float], day: float, end: float, work: float
) -> None:
    done = np.concatenate([[0.0], np.cumsum(shares)])
    clock = Clock(0, done, np.array(shares))
    single = FastClock(clock)
    assert single.work(day) == clock.work(np.array([day]))[0]
    assert single.time(work) == clock.time(np.array([work]))[0]
    assert single.between(day, end) == single.work(end) - single.work(day)
    assert single.later(day, work) == single.time(single.work(day) + work)


@given(DAYS, DAYS, st.floats(0, 30))
def test_where_every_hour_counts_working_time_is_time(day: float, end: float, work: float) -> None:
    single = FastClock(Clock.always())
    assert (single.work(day), single.time(work), single.open(day)) == (day, work, day)
    assert (single.later(day, work), single.between(day, end)) == (day + work, end - day)
