"""The compiled engine: every number of every run as the SimPy engine has it, and cases reckoned by hand."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from laws import assert_conserved
from processes import processes, projects

from simulation import Office, Process, Stage, exponential, fixed, lognormal, simulate
from simulation.draws import Draws, draw
from simulation.fast import advance, go_on, ready, run
from simulation.faststate import begin, told
from simulation.measures import Deferral, Dispatch, Hotline, Teams
from simulation.model import Model
from simulation.network import Network
from simulation.process import Problem
from simulation.records import Records
from simulation.run import prepare

QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
UNTIL = st.one_of(st.none(), st.floats(1, 60), st.integers(0, 60).map(float))


def assert_equal(ours: Records, theirs: Records) -> None:
    """Every number is the same."""
    for one in fields(Records):
        left, right = np.asarray(getattr(ours, one.name)), np.asarray(getattr(theirs, one.name))
        if one.name != "drawn":
            assert left.dtype == right.dtype, one.name
            np.testing.assert_array_equal(left, right, one.name)


def both(made: Network, drawn: Draws, until: float | None = None) -> Records:
    """What both engines say, when it is the same."""
    ours = run(made, drawn, until)
    assert_equal(ours, Model(made, drawn, until).run())
    return ours


def table(number: int, **columns: Any) -> pd.DataFrame:
    """Projects that enter on day 0, unless it is said otherwise."""
    return pd.DataFrame({"id": [f"P{place:02d}" for place in range(number)], "ready": 0.0, **columns})


@settings(QUICK, max_examples=300)
@given(projects(), processes(), st.integers(0, 5), UNTIL)
def test_the_engines_agree_on_every_number_of_random_processes(
    rows: pd.DataFrame, process: Process, seed: int, until: float | None
) -> None:
    made = prepare(rows, process)
    both(made, draw(made, seed, 0), until)


@st.composite
def crowded(draw: st.DrawFn) -> Process:
    """Few desks for many projects, interrupted often, with every measure on."""
    of = st.sampled_from
    staff = tuple((float(day), draw(st.integers(0, 3))) for day in range(5, 60, draw(of([3, 5, 11]))))
    desk = Office("desk", reviewers=draw(st.integers(1, 4)), preemptive=True, staff=(*staff, (60.0, 2)),
                  level=draw(of(["province", "city"])), room=draw(of([None, None, 12])))  # fmt: skip
    board = Office("board", every=draw(of([2.0, 7.0])), seats=draw(of([None, 1, 3])))
    work, short = draw(of([exponential(1.0), fixed(1.0), lognormal(2.0, 1.0)])), draw(of([fixed(0.0), fixed(1.0)]))
    common: dict[str, Any] = {
        "office": "desk", "work": work, "returns": 0.3, "correction": short, "filing": short, "deferrable": True,
        "withdraws": 0.05, "limit": draw(of([4.0, 20.0, 60.0])),
    }  # fmt: skip
    stages = [
        Stage("a", **common),
        Stage("b", after="a", **common),
        Stage("c", customary_after="a", prepare=short, **common),
        Stage("d", office="board", after="b", returns=0.2, refuses=0.05),
        Stage("e", after=("b", "c"), elapsed=short),
        Stage("f", after_grant=True, office="desk", work=work),
    ]
    problems = [
        Problem(f"p{place}", 0.7, exponential(20.0), blocks=name, applies=rule)
        for place, (name, rule) in enumerate([("b", ""), ("c", "tier = a"), ("f", ""), ("", "")])
    ]
    rate = of([0.3, 1.0])
    return Process(
        stages, [desk, board], problems, calendar=draw(of([None, "weekly"])), green=("a", "b"),
        enforced=draw(st.booleans()), parallel=draw(st.booleans()), patience=draw(of([None, exponential(150.0)])),
        deferral=Deferral(draw(of([1.0, 10.0])), 0.4), hotline=Hotline(draw(of([1, 3])), work, draw(rate)),
        dispatch=Dispatch(draw(of([3.0, 7.0])), draw(rate), draw(of([None, 1, 5])), notice=draw(of([0.0, 4.0]))),
        teams=Teams(draw(of([1, 3])), short, work, draw(rate)),
    )  # fmt: skip


def many(number: int, seed: int) -> pd.DataFrame:
    """Projects of three tiers and two regions, on whole days and in between."""
    chance = np.random.default_rng(seed)
    days = np.where(chance.random(number) < 0.5, chance.integers(0, 20, number), chance.uniform(0, 20, number))
    return table(number, ready=days, tier=chance.choice(list("abc"), number), region=chance.choice(["N", "S"], number))


@settings(QUICK, max_examples=150)
@given(crowded(), st.integers(1, 40), st.integers(0, 1000), UNTIL)
def test_the_engines_agree_where_all_happens_at_once(
    process: Process, number: int, seed: int, until: float | None
) -> None:
    made = prepare(many(number, seed), process)
    both(made, draw(made, seed, 0), until)


@settings(QUICK, max_examples=60)
@given(crowded(), st.integers(1, 40), st.integers(0, 1000), UNTIL)
def test_compiled_runs_obey_the_laws(process: Process, number: int, seed: int, until: float | None) -> None:
    told_ = simulate(many(number, seed), process, seed=seed, until=until)
    assert_conserved(told_)
    assert not (told_.offices["utilisation"] > 1 + 1e-9).any()


@settings(QUICK, max_examples=60)
@given(crowded(), st.integers(1, 40), st.lists(st.floats(-1, 100), max_size=8), UNTIL)
def test_a_run_may_stop_on_any_day_and_go_on(
    process: Process, number: int, days: list[float], until: float | None
) -> None:
    made = prepare(many(number, 3), process)
    drawn, last = draw(made, 1, 0), math.inf if until is None else until
    state = begin(made, drawn)
    for day in [*sorted(min(day, last) for day in days), last]:
        go_on(state, day)
    assert_equal(told(state, made, drawn, until), run(made, drawn, until))


@pytest.mark.parametrize("deferral", [None, Deferral(5.0, 0.3)])
def test_a_thousand_stages_in_a_row_that_take_no_time_are_no_depth(deferral: Deferral | None) -> None:
    names = [f"s{place}" for place in range(1000)]
    stages = [
        Stage(
            name,
            after=before,
            deferrable=True,
            office="desk" if place % 100 == 50 else "",
            elapsed=1.0 if place == 0 else 0.0,
        )
        for place, (name, before) in enumerate(zip(names, ["", *names], strict=False))
    ]
    made = prepare(table(3), Process(stages, [Office("desk")], deferral=deferral))
    kept = both(made, draw(made, 0, 0))
    if deferral is None:
        assert kept.started.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("number", [0, 1])
def test_no_project_and_one_project_go_through(number: int) -> None:
    process = Process([Stage("review", office="desk", work=2.0)], [Office("desk")], calendar="CN", green=("a",),
                      teams=Teams(2, 1.0, 1.0, 0.5), dispatch=Dispatch(7, 0.5), hotline=Hotline(1, 1.0, 0.5),
                      problems=[Problem("money", 1.0, 5.0)])  # fmt: skip
    made = prepare(table(number, tier="a"), process)
    kept = both(made, draw(made, 0, 0))
    assert len(kept.started) == number == int(np.isfinite(kept.started).sum())
    assert len(simulate(table(number, tier="a"), process).projects) == number


def test_a_review_rests_while_there_is_nobody() -> None:
    desk = Office("desk", reviewers=1, staff=((1.0, 0), (5.0, 1)))
    done = simulate(table(2), Process([Stage("review", office="desk", work=3.0)], [desk]))
    assert done.visits["decided"].tolist() == [7.0, 10.0]
    assert done.visits["worked"].tolist() == [3.0, 3.0] and done.visits["waited"].tolist() == [4.0, 7.0]
    assert done.offices["utilisation"].tolist() == [1.0]


def test_nobody_to_the_end_leaves_all_under_way() -> None:
    desk = Office("desk", reviewers=1, staff=((1.0, 0),))
    made = prepare(table(2), Process([Stage("review", office="desk", work=3.0)], [desk]))
    kept = both(made, draw(made, 0, 0))
    assert kept.end == 1.0 and kept.worked.tolist() == [1.0, 0.0] and kept.waited.tolist() == [0.0, 1.0]
    assert np.isnan(kept.started).all()


def test_a_review_that_ends_when_staff_goes_home_has_ended() -> None:
    desk = Office("desk", reviewers=1, staff=((3.0, 0), (9.0, 1)))
    done = simulate(table(2), Process([Stage("review", office="desk", work=3.0)], [desk]))
    assert done.visits["decided"].tolist() == [3.0, 12.0]


def test_a_decision_on_the_last_day_of_its_limit_is_one() -> None:
    stages = [Stage("review", office="desk", work=3.0, limit=3.0)]
    done = simulate(table(2), Process(stages, [Office("desk")], enforced=True))
    assert done.visits["result"].tolist() == ["passed", "default"]
    assert done.visits["decided"].tolist() == [3.0, 3.0] and done.visits["on_time"].all()


def test_a_meeting_of_saturday_is_held_on_monday_also_for_what_comes_on_sunday() -> None:
    process = Process([Stage("board", office="board")], [Office("board", every=3.0)], calendar="weekly")
    made = prepare(table(2).assign(ready=[4.0, 5.0]), process)  # day 0 is a Wednesday
    assert both(made, draw(made, 0, 0)).decided.tolist() == [5.0, 6.0]


def test_a_cut_in_the_middle_counts_what_was_done_until_then() -> None:
    process = Process([Stage("review", office="desk", work=3.0)], [Office("desk")])
    made = prepare(table(2), process)
    kept = both(made, draw(made, 0, 0), until=4.0)
    assert kept.decided[0] == 3.0 and np.isnan(kept.decided[1])
    assert kept.worked.tolist() == [3.0, 1.0] and kept.waited.tolist() == [0.0, 3.0]
    assert np.isnan(both(made, draw(made, 0, 0), until=0.0).queued).all()


def test_work_for_more_years_than_any_calendar_is_done_in_the_end() -> None:
    process = Process([Stage("review", office="desk", work=30_000.0)], [Office("desk")], calendar="weekly")
    made = prepare(table(3), process)
    kept = both(made, draw(made, 0, 0))
    assert (np.diff(kept.started) >= 30_000).all() and kept.worked.tolist() == [30_000.0] * 3


def test_a_heap_full_of_interrupted_reviews_is_swept() -> None:
    staff = tuple((float(day), day % 2) for day in range(1, 401))
    desk = Office("desk", reviewers=1, staff=(*staff, (401.0, 1)))
    made = prepare(table(1), Process([Stage("review", office="desk", work=1000.0)], [desk]))
    drawn = draw(made, 0, 0)
    assert len(begin(made, drawn).heap) < 200
    assert both(made, drawn).started.tolist() == [1200.0]


@settings(QUICK, max_examples=40)
@given(crowded(), st.permutations(range(25)))
def test_rows_in_any_order_give_the_same_days(process: Process, order: list[int]) -> None:
    rows = many(25, 5)
    one, other = simulate(rows, process), simulate(rows.iloc[order].reset_index(drop=True), process)
    pd.testing.assert_frame_equal(one.projects.set_index("id"), other.projects.set_index("id").loc[rows["id"]])
    pd.testing.assert_frame_equal(one.visits, other.visits)


@settings(QUICK, max_examples=40)
@given(crowded())
def test_a_stage_for_nobody_changes_nothing(process: Process) -> None:
    longer = process.with_changes(stages=[*process.stages, Stage("none", applies="tier = z", after="a", elapsed=9.0)])
    one, other = (simulate(many(25, 5), each) for each in (process, longer))
    pd.testing.assert_frame_equal(one.projects, other.projects)
    pd.testing.assert_frame_equal(one.visits, other.visits)


def test_a_stage_beside_the_others_leaves_their_draws_alone() -> None:
    stages = [
        Stage("a", office="desk", work=exponential(1.0), prepare=exponential(3.0), returns=0.4, correction=2.0),
        Stage("b", after="a", elapsed=exponential(2.0)),
    ]
    desks = [Office("desk"), Office("other")]
    more = [*stages, Stage("c", office="other", work=exponential(4.0), returns=0.5, correction=1.0)]
    one, other = (simulate(many(30, 1), Process(each, desks)) for each in (stages, more))
    theirs = other.visits[other.visits["stage"] != "c"].reset_index(drop=True)
    pd.testing.assert_frame_equal(one.visits, theirs)
    assert (other.projects["started"] >= one.projects["started"]).all()
    assert (other.projects["started"] > one.projects["started"]).any()


def test_the_place_of_a_stage_in_the_list_does_not_matter() -> None:
    stages = [Stage(name, office=name, work=exponential(2.0), returns=0.3, correction=1.0) for name in "abc"]
    desks = [Office(name) for name in "abc"]
    one, other = (simulate(many(30, 2), Process(each, desks)) for each in (stages, stages[::-1]))
    pd.testing.assert_series_equal(one.projects["started"], other.projects["started"])


@pytest.mark.parametrize("on", [True, False])
def test_priority_interrupts_at_whole_days_the_same_in_both_engines(on: bool) -> None:
    stages = [Stage(name, office="desk", work=2.0, deferrable=on, returns=0.3, correction=1.0) for name in "abc"]
    desk = Office("desk", reviewers=2, preemptive=True, staff=((4.0, 1), (6.0, 0), (8.0, 3)))
    made = prepare(many(40, 7), Process(stages, [desk], green=("a", "b"), deferral=Deferral(3.0, 0.5)))
    for replication in range(20):
        both(made, draw(made, 0, replication))


def test_it_is_compiled_once_whatever_the_process() -> None:
    ready()
    kinds = len(advance.signatures)  # type: ignore[attr-defined]
    run(made := prepare(many(5, 1), Process([Stage("a", elapsed=1.0)], calendar="CN", green=("a",))), draw(made, 0, 0))
    assert len(advance.signatures) == kinds == 1  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_hundred_thousand_projects_pass_twelve_stages() -> None:
    number, chance = 100_000, np.random.default_rng(0)
    rows = pd.DataFrame({
        "id": [f"P{place:06d}" for place in range(number)], "ready": np.sort(chance.uniform(0, 365, number)),
        "region": chance.choice(list("NESW"), number), "tier": chance.choice(["key", "other"], number, p=[0.1, 0.9]),
    })  # fmt: skip
    stages = [
        Stage(f"s{place}", office=f"o{place % 6}", work=lognormal(1.0, 0.6), limit=20.0, filing=1.0, returns=0.4,
              prepare=exponential(10.0), correction=exponential(5.0), after=f"s{place - 4}" if place >= 4 else "")
        for place in range(12)
    ]  # fmt: skip
    desks = [Office(f"o{place}", reviewers=340, level="city", preemptive=place == 0) for place in range(6)]
    process = Process(
        stages, desks, [Problem("money", 0.2, exponential(50.0))], calendar="CN", green=("key",),
        patience=exponential(3000.0), dispatch=Dispatch(30.0, 0.5, 500),
    )  # fmt: skip
    done = simulate(rows, process, seed=1)
    outcomes = done.projects["outcome"].value_counts()
    assert outcomes["started"] + outcomes["abandoned"] == number and len(done.visits) > 1_900_000
    assert (done.offices["utilisation"] <= 1).all() and (done.offices["utilisation"] > 0.2).all()
    assert done.offices["visits"].sum() == done.visits["begun"].notna().sum()
    passed = done.visits["result"].eq("passed").groupby(done.visits["project"]).sum()
    assert (passed[done.projects.loc[done.projects["outcome"] == "started", "id"]] == 12).all()
    sent_back = done.visits.loc[done.visits["decided"].notna(), "returned"].mean()
    assert sent_back == pytest.approx(0.4, abs=0.002)
    tier = done.visits["project"].map(rows.set_index("id")["tier"])
    waited = done.visits.groupby([done.visits["office"], tier])["waited"].mean().unstack()
    assert (waited["key"] < waited["other"] / 2).all() and waited.loc["o0", "key"] < waited["key"].drop("o0").min()
