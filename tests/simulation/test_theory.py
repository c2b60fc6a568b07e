"""Single desks against closed forms: theory lies in the 99 % interval over replications, and the interval is narrow."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest
import queues
from replications import Window, assert_theory, poisson, replicated, two_classes
from scipy import stats

from simulation.distributions import Distribution, exponential, fixed, gamma, lognormal
from simulation.levers import Scenario
from simulation.measures import Dispatch, Hotline
from simulation.process import Office, Problem, Process, Stage

GREEN = Scenario(green=("a",))


def desk(work: Distribution, reviewers: int = 1, **office: Any) -> Process:
    """One stage at one office."""
    return Process([Stage("review", office="desk", work=work)], [Office("desk", reviewers=reviewers, **office)])


def seen(window: Window) -> dict[str, float]:
    """Waits, queue and work at the desk."""
    every, here = window.run.visits, window.visits()
    served = every["begun"].fillna(every["decided"])
    return {
        "wait": here["waited"].mean(), "queue": window.number(every["queued"], served),
        "waiting": (here["waited"] > 0).mean(), "long": (here["waited"] > 2).mean(),
        "busy": window.number(served, every["decided"]), "lost": (here["result"] == "full").mean(),
    }  # fmt: skip


@pytest.mark.parametrize(("servers", "rate"), [(1, 0.55), (3, 1.9)])
def test_many_reviewers_with_exponential_work_are_an_m_m_c_queue(servers: int, rate: float) -> None:
    found = replicated(desk(exponential(1), servers), partial(poisson, rate, 25_000), seen)
    wait, waiting = queues.many_servers(rate, 1, servers), queues.erlang_c(servers, rate)
    assert_theory(found, 0.05, wait=wait, queue=rate * wait)
    assert_theory(found, 0.08, long=waiting * math.exp(-2 * (servers - rate)))
    assert_theory(found, 0.03, waiting=waiting, busy=rate)


@pytest.mark.parametrize("work", [lognormal(2, 1.2), gamma(1, 0.5), fixed(1)], ids=lambda one: one.text)
def test_one_reviewer_with_any_work_is_an_m_g_1_queue(work: Distribution) -> None:
    rate = 0.55 / work.mean
    found = replicated(desk(work), partial(poisson, rate, 20_000), seen)
    wait = queues.one_server(rate, work.mean, math.sqrt(work.variance) / work.mean)
    assert_theory(found, 0.05, wait=wait, queue=rate * wait)
    assert_theory(found, 0.02, waiting=0.55, busy=0.55)


@pytest.mark.parametrize("office", ["desk", ""], ids=["reviewers for everybody", "no office"])
def test_the_number_under_review_is_poisson_whatever_the_work_where_nobody_waits(office: str) -> None:
    time = lognormal(2, 0.8)
    stage = Stage("review", office="desk", work=time) if office else Stage("notice", elapsed=time)
    process = Process([stage], [Office("desk", reviewers=60)])

    def numbers(window: Window) -> dict[str, float]:
        projects = window.run.projects
        shares = window.shares(projects["ready"], projects["started"], 5)
        return {f"p{number}": share for number, share in enumerate(shares)} | {
            "number": window.number(projects["ready"], projects["started"]), "wait": window.visits()["waited"].sum(),
        }  # fmt: skip

    found = replicated(process, partial(poisson, 1.0, 20_000), numbers)
    assert (found["wait"] == 0).all()
    assert_theory(found, 0.05, number=2.0, **{f"p{number}": stats.poisson.pmf(number, 2.0) for number in range(6)})


@pytest.mark.parametrize(("servers", "room", "rate"), [(3, 3, 2.4), (2, 6, 2.0)])
def test_who_finds_no_room_is_refused_as_in_an_m_m_c_k_queue(servers: int, room: int, rate: float) -> None:
    found = replicated(desk(exponential(1), servers, room=room), partial(poisson, rate, 15_000), seen)
    chances = queues.birth_death([rate] * room, [min(number, servers) for number in range(1, room + 1)])
    queue = sum(max(number - servers, 0) * chance for number, chance in enumerate(chances))
    assert_theory(found, 0.05, lost=chances[room], **({"queue": queue} if room > servers else {}))
    assert_theory(found, 0.02, busy=rate * (1 - chances[room]))


def test_the_share_turned_away_without_a_queue_depends_on_the_mean_of_work_alone() -> None:
    found = replicated(desk(lognormal(1, 1.5), 3, room=3), partial(poisson, 2.4, 8000), seen)
    assert_theory(found, 0.05, lost=queues.erlang_b(3, 2.4))


def by_class(window: Window) -> dict[str, float]:
    """Waits and times at the desk, by tier."""
    made = {}
    for tier in "ab":
        here = window.visits(tier=tier)
        made |= {f"wait_{tier}": here["waited"].mean(), f"time_{tier}": (here["decided"] - here["queued"]).mean()}
    return made


def two_works(preemptive: bool) -> Process:
    """Short reviews for tier a, long ones for tier b, by the same reviewer."""
    stages = [
        Stage("short", office="desk", work=lognormal(0.6, 0.8), applies="tier = a"),
        Stage("long", office="desk", work=gamma(1.5, 0.7), applies="tier = b"),
    ]
    return Process(stages, [Office("desk", preemptive=preemptive)])


SHORT_AND_LONG = ([0.4, 0.2], [0.6, 1.5], [0.8, 0.7])
"""Rates, works and their coefficients of variation in `two_works`, with two in three projects of tier a."""


def test_priority_without_interruption_follows_cobham() -> None:
    found = replicated(two_works(False), partial(two_classes, 0.6, 2 / 3, 15_000), by_class, scenario=GREEN)
    first, second = queues.turns(*SHORT_AND_LONG)
    assert_theory(found, 0.05, wait_a=first, wait_b=second)


def test_priority_with_interruption_is_preemptive_resume() -> None:
    found = replicated(two_works(True), partial(two_classes, 0.6, 2 / 3, 15_000), by_class, scenario=GREEN)
    first, second = queues.interruptions(*SHORT_AND_LONG)
    assert_theory(found, 0.05, time_a=first, time_b=second, wait_a=first - 0.6, wait_b=second - 1.5)


@pytest.mark.parametrize("preemptive", [False, True])
def test_priority_among_several_reviewers_follows_theory(preemptive: bool) -> None:
    process = desk(exponential(1), 2, preemptive=preemptive)
    found = replicated(process, partial(two_classes, 1.2, 0.5, 35_000), by_class, scenario=GREEN)
    if preemptive:
        first, second = queues.interruptions_of_many([0.6, 0.6], 1, 2)
        assert_theory(found, 0.05, time_a=first, time_b=second)
    else:
        first, second = queues.turns_of_many([0.6, 0.6], 1, 2)
        assert_theory(found, 0.05, wait_a=first, wait_b=second)


def test_patience_ends_waits_and_reviews_as_in_a_birth_and_death_process() -> None:
    process = desk(exponential(1), 2).with_changes(patience=exponential(4))

    def numbers(window: Window) -> dict[str, float]:
        projects = window.run.projects
        left = projects["started"].fillna(projects["ended"])
        here = projects["ready"].between(window.begin, window.end)
        return {
            "number": window.number(projects["ready"], left),
            "lost": (projects["outcome"] == "abandoned")[here].mean(),
        }

    found = replicated(process, partial(poisson, 2.0, 8000), numbers)
    number = queues.mean(queues.patient(2.0, 1, 2, 4))
    assert_theory(found, 0.03, number=number, lost=number / 4 / 2.0)


@pytest.mark.parametrize("seats", [None, 3])
def test_who_waits_for_meetings_waits_as_in_a_queue_served_in_bulk(seats: int | None) -> None:
    process = desk(fixed(0), every=2.0, seats=seats)
    found = replicated(process, partial(poisson, 1.1, 15_000), seen)
    assert_theory(found, 0.03, wait=queues.meetings(1.1, 2.0, seats or 100))


def test_a_hotline_of_one_is_a_queue_of_groups_of_problems() -> None:
    problems = [Problem("permit", mean=1.0, own=1e6)]
    process = Process([Stage("papers")], problems=problems, hotline=Hotline(1, exponential(1), rate=1.0))

    def waits(window: Window) -> dict[str, float]:
        here = window.run.problems
        here = here[here["raised"].between(window.begin, window.end)]
        return {"wait": (here["called"] - here["raised"]).mean(), "solved": (here["by"] == "hotline").mean()}

    found = replicated(process, partial(poisson, 0.5, 15_000), waits)
    assert (found["solved"] == 1).all()
    assert_theory(found, 0.05, wait=queues.groups(0.5, 1, 1.0, 2.0))


@pytest.mark.parametrize("notice", [0.0, 4.0])
def test_a_problem_waits_half_an_interval_for_its_first_dispatch_meeting_and_whole_ones_for_the_next(
    notice: float,
) -> None:
    problems = [Problem("permit", mean=1.0, own=1e6)]
    process = Process([Stage("papers")], problems=problems, dispatch=Dispatch(every=3.0, rate=0.4, notice=notice))

    def waits(window: Window) -> dict[str, float]:
        here = window.run.problems
        here = here[here["raised"].between(window.begin, window.end)]
        first, whole = here["met"] - here["raised"], here["resolved"] - here["raised"]
        assert first.min() >= notice
        return {"first": first.mean(), "all": whole.mean()}

    found = replicated(process, partial(poisson, 0.7, 5000), waits)
    assert_theory(found, 0.03, first=notice + 1.5, all=notice + 1.5 + 3.0 * (1 / 0.4 - 1))
