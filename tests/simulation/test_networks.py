"""Several desks against theory: tandem and Jackson networks, reviews side by side, a closed network."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import queues
from laws import assert_conserved
from replications import ENGINE, Window, assert_theory, poisson, replicated, two_classes

from simulation import Office, Process, Stage, exponential, simulate
from simulation.draws import draw
from simulation.run import prepare


def numbers(window: Window) -> dict[str, float]:
    """Average number at each stage."""
    visits = window.run.visits
    return {name: window.number(here["queued"], here["decided"]) for name, here in visits.groupby("stage")}


def mean_number(rate: float, work: float, servers: int) -> float:
    """Average number in an M/M/c queue."""
    return rate * (queues.many_servers(rate, work, servers) + work)


def test_desks_in_a_row_are_as_if_each_stood_alone_and_departures_are_a_poisson_process() -> None:
    process = Process(
        [
            Stage("first", office="a", work=exponential(1.4)),
            Stage("second", office="b", work=exponential(0.5), after="first"),
            Stage("third", office="c", work=exponential(2.0), after="second"),
        ],
        [Office("a", reviewers=2), Office("b"), Office("c", reviewers=3)],
    )

    def measured(window: Window) -> dict[str, float]:
        visits = window.run.visits
        gone = np.sort(visits.loc[visits["stage"] == "second", "decided"])
        spacing = np.diff(gone[(gone > window.begin) & (gone < window.end)])
        early = visits[visits["stage"] != "third"]
        return numbers(window) | {
            "spacing": spacing.mean(), "variation": spacing.std() / spacing.mean(), "long": (spacing > 1).mean(),
            "link": 1 + np.corrcoef(spacing[1:], spacing[:-1])[0, 1],
            "empty": window.shares(early["queued"], early["decided"], 0)[0],
        }  # fmt: skip

    found = replicated(process, partial(poisson, 1.0, 20_000), measured)
    assert_theory(found, 0.05, first=mean_number(1, 1.4, 2), second=mean_number(1, 0.5, 1), third=mean_number(1, 2, 3))
    alone = queues.birth_death([1.0] * 80, [min(number, 2) / 1.4 for number in range(1, 81)])[0]
    assert_theory(found, 0.03, spacing=1.0, variation=1.0, long=np.exp(-1), link=1.0)
    assert_theory(found, 0.05, empty=alone * 0.5)


def test_applications_that_come_back_make_a_jackson_network() -> None:
    stage = Stage("review", office="desk", work=exponential(0.4), returns=0.4, correction=exponential(3))
    process = Process([stage], [Office("desk")])

    def measured(window: Window) -> dict[str, float]:
        visits, here = window.run.visits, window.visits()
        return numbers(window) | {
            "under way": window.number(window.run.projects["ready"], window.run.projects["started"]),
            "returned": here["returned"].mean(), "wait": here["waited"].mean(),
            "visits": len(visits) / len(window.run.projects),
        }  # fmt: skip

    found = replicated(process, partial(poisson, 0.9, 12_000), measured)
    rate = 0.9 / (1 - 0.4)
    number = mean_number(rate, 0.4, 1)
    assert_theory(found, 0.05, review=number, wait=queues.many_servers(rate, 0.4, 1), returned=0.4, visits=1 / 0.6)
    assert_theory(found, 0.03, **{"under way": number + rate * 0.4 * 3})


def test_ways_that_part_and_meet_again_are_as_if_each_desk_stood_alone() -> None:
    process = Process(
        [
            Stage("intake", office="hall", work=exponential(0.6)),
            Stage("land", office="land", work=exponential(1.0), after="intake", applies="tier = a"),
            Stage("energy", office="energy", work=exponential(3.0), after="intake", applies="tier = b"),
            Stage("permit", office="hall 2", work=exponential(1.2), after=("land", "energy")),
        ],
        [Office("hall"), Office("land"), Office("energy", reviewers=2), Office("hall 2", reviewers=2)],
    )
    found = replicated(process, partial(two_classes, 1.0, 0.6, 20_000), numbers)
    assert_theory(
        found, 0.05, intake=mean_number(1, 0.6, 1), land=mean_number(0.6, 1, 1), energy=mean_number(0.4, 3, 2),
        permit=mean_number(1, 1.2, 2),
    )  # fmt: skip


def test_two_reviews_side_by_side_take_as_long_as_the_longer_in_theory() -> None:
    process = Process(
        [Stage("land", office="a", work=exponential(1)), Stage("energy", office="b", work=exponential(1))],
        [Office("a"), Office("b")],
    )

    def time(window: Window) -> dict[str, float]:
        projects = window.run.projects
        here = projects["ready"].between(window.begin, window.end)
        return {"time": (projects["approved"] - projects["ready"])[here].mean()}

    found = replicated(process, partial(poisson, 0.5, 20_000), time)
    assert_theory(found, 0.05, time=queues.side_by_side(0.5, 1))


def test_machines_that_always_fail_again_are_a_closed_network() -> None:
    """Each city is a replication; machines are taken that chance lets fail often enough."""
    cities, machines, horizon = 20, 5, 2000.0
    up = exponential(4)
    stage = Stage("repair", office="shop", work=exponential(1), prepare=up, correction=up, returns=0.999)
    process = Process([stage], [Office("shop", level="city", reviewers=2)])
    table = pd.DataFrame({"id": [f"M{number:03d}" for number in range(220)], "ready": 0.0, "region": ""})
    failures = draw(prepare(table, process), seed=1, replication=0).counts
    table = table[failures >= 700].head(cities * machines)
    table["region"] = [f"C{number % cities:02d}" for number in range(len(table))]
    run = simulate(table, process, seed=1, engine=ENGINE, until=horizon)
    assert_conserved(run)
    assert len(table) == cities * machines and (run.projects["outcome"] == "under way").all()
    window = Window(run, 0.1 * horizon, horizon)
    theory = queues.repair(machines, 2, 1 / 4, 1)
    rows = []
    for _, here in run.visits.groupby("region"):
        shares = window.shares(here["queued"], here["decided"].fillna(horizon), machines)
        rows.append({f"p{down}": share for down, share in enumerate(shares)} | {"down": queues.mean(shares)})
    found = pd.DataFrame(rows)
    assert_theory(found, 0.05, down=queues.mean(theory))
    assert_theory(found, 0.06, **{f"p{down}": theory[down] for down in range(4)})
