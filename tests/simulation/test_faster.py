"""When faster review lowers the curve and when it cannot: theory under common draws, and the examples of the page."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import assert_conserved

from simulation import Office, Process, Scenario, Stage, exponential, fixed, lognormal, simulate

ENGINES = ("fast", "simpy")
PAGE = Path(__file__).parents[2] / "docs" / "review-speed.md"
SEVERAL = settings(deadline=None, max_examples=50)
DAYS = st.one_of(st.integers(0, 20).map(float), st.floats(0, 20))
TABLES = st.lists(DAYS, min_size=1, max_size=12).map(
    lambda days: pd.DataFrame({"id": [f"P{number:02d}" for number in range(len(days))], "ready": days})
)
RANDOM = st.sampled_from([exponential(1.5), lognormal(2.0, 1.0), lognormal(0.7, 0.4), fixed(1.0)])


@st.composite
def rows(draw: st.DrawFn) -> Process:
    """Desks one after the other in which nobody overtakes: one reviewer at each but the last, or one work for all."""
    count, alike = draw(st.integers(1, 4)), draw(st.booleans())
    names = [f"s{number}" for number in range(count)]
    many = st.integers(1, 3)
    stages = [
        Stage(name, office=name, work=fixed(draw(st.floats(0.2, 4))) if alike else draw(RANDOM),
              customary_after=names[max(number - 1, 0):number], prepare=draw(st.sampled_from([0.0, 1.5])),
              elapsed=draw(st.sampled_from([0.0, 0.0, 2.0])))
        for number, name in enumerate(names)
    ]  # fmt: skip
    offices = [Office(name, reviewers=draw(many) if alike or name == names[-1] else 1) for name in names]
    return Process(stages, offices, calendar=draw(st.sampled_from([None, "weekly"])))


@st.composite
def levers(draw: st.DrawFn, process: Process) -> Scenario:
    """More speed, more reviewers where several may sit, fewer stages."""
    names = [stage.name for stage in process.stages]
    last = process.offices[-1]
    return Scenario(
        speed=draw(st.one_of(st.floats(1, 4), st.dictionaries(st.sampled_from(names), st.floats(1, 4)))),
        reviewers={last.name: last.reviewers + draw(st.integers(0, 2))},
        removed=tuple(draw(st.lists(st.sampled_from(names[:-1]), unique=True))) if len(names) > 1 else (),
    )


def starts(table: pd.DataFrame, process: Process, scenario: Scenario | None = None, engine: str = "fast") -> pd.Series:
    """The start of each project."""
    run = simulate(table, process, scenario, seed=11, engine=engine)
    assert_conserved(run)
    return run.projects.set_index("id")["started"]


@SEVERAL
@given(TABLES, st.data())
def test_where_nobody_overtakes_no_project_starts_later_for_faster_review(table: pd.DataFrame, data: Any) -> None:
    process = data.draw(rows())
    scenario = data.draw(levers(process))
    assert (starts(table, process, scenario) <= starts(table, process) + 1e-6).all()


@SEVERAL
@given(TABLES, st.data())
def test_where_nobody_overtakes_no_project_starts_later_side_by_side(table: pd.DataFrame, data: Any) -> None:
    process = data.draw(rows())
    assert (starts(table, process, Scenario(parallel=True)) <= starts(table, process) + 1e-6).all()


@SEVERAL
@given(TABLES, st.lists(RANDOM, min_size=1, max_size=4), st.integers(1, 3), st.floats(1, 4))
def test_where_every_review_begins_at_once_no_project_starts_later(
    table: pd.DataFrame, works: list[Any], count: int, speed: float
) -> None:
    """With a reviewer for everybody any order of stages may branch and meet again."""
    stages = [
        Stage(f"s{number}", office="desk", work=work, after=tuple(f"s{one}" for one in range(number) if one % count))
        for number, work in enumerate(works)
    ]
    process = Process(stages, [Office("desk", reviewers=100)])
    assert (starts(table, process, Scenario(speed=speed)) <= starts(table, process) + 1e-6).all()


@SEVERAL
@given(TABLES, RANDOM, st.floats(1, 4), st.integers(1, 3), st.data())
def test_with_interruption_the_green_channel_never_loses_by_faster_review(
    table: pd.DataFrame, work: Any, speed: float, reviewers: int, data: Any
) -> None:
    """Who may interrupt sees only those like it, who are first come first served."""
    table = table.assign(tier=data.draw(st.lists(st.sampled_from("ab"), min_size=len(table), max_size=len(table))))
    office = Office("desk", reviewers=reviewers, preemptive=True)
    process = Process([Stage("review", office="desk", work=work)], [office], green=("a",))
    green = table.loc[table["tier"] == "a", "id"]
    fast, slow = starts(table, process, Scenario(speed=speed)), starts(table, process)
    assert (fast[green] <= slow[green] + 1e-6).all()
    if reviewers == 1:
        assert (fast <= slow + 1e-6).all()


def sizes(check: tuple[float, float], permit: tuple[float, float], reviewers: int = 2) -> Process:
    """A check and then a permit, of days that differ between large and small projects; one office permits both."""
    stages = [
        Stage(f"{stage} {size}", office=stage, work=days, applies=f"size = {size}",
              after=f"check {size}" if stage == "permit" else ())
        for stage, works in (("check", check), ("permit", permit))
        for size, days in zip(("large", "small"), works, strict=True)
    ]  # fmt: skip
    return Process(stages, [Office("check", reviewers=reviewers), Office("permit")])


def two(large: float, small: float) -> pd.DataFrame:
    return pd.DataFrame({"id": ["large", "small"], "ready": [large, small], "size": ["large", "small"]})


CHECKS = ("check large", "check small")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("table", "process", "scenario", "before", "after"),
    [
        (two(2, 4), sizes((6, 3), (8, 1)), Scenario(speed=2), (8, 16), (9, 9.5)),
        (two(1, 0), sizes((3, 6), (8, 1), reviewers=1), Scenario(reviewers={"check": 2}), (7, 17), (12, 13)),
        (two(0, 1), sizes((6, 3), (8, 1)), Scenario(removed=CHECKS), (5, 14), (8, 9)),
    ],
    ids=["twice as fast", "one more reviewer", "one stage less"],
)  # fmt: skip
def test_where_the_large_project_overtakes_the_small_one_the_curve_is_lower_for_some_days(
    table: pd.DataFrame, process: Process, scenario: Scenario, before: tuple[float, float], after: tuple[float, float],
    engine: str,
) -> None:  # fmt: skip
    """Faster review lets the large project arrive first at the office that both need; the small one waits behind it."""
    assert sorted(starts(table, process, engine=engine)) == pytest.approx(before)
    assert sorted(starts(table, process, scenario, engine)) == pytest.approx(after)
    assert after[0] > before[0] and after[1] < before[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_even_the_last_start_can_come_later_although_every_review_is_faster(engine: str) -> None:
    """As in Graham (1966): now both short permits come before the long one, which is left alone at the end."""
    works = {"a": (6, 3), "b": (1, 4), "c": (1, 7)}
    stages = [
        Stage(f"{stage} {name}", office=stage, work=days[place], applies=f"id = {name}",
              after=f"check {name}" if place else ())
        for name, days in works.items() for place, stage in enumerate(("check", "permit"))
    ]  # fmt: skip
    process = Process(stages, [Office("check", reviewers=2), Office("permit", reviewers=2)])
    table = pd.DataFrame({"id": ["a", "b", "c"], "ready": [0.9, 4.0, 5.0]})
    assert starts(table, process, engine=engine).tolist() == pytest.approx([12, 9, 13])
    assert starts(table, process, Scenario(speed=1.25), engine).tolist() == pytest.approx([8.1, 8, 13.6])


@pytest.mark.parametrize("engine", ENGINES)
def test_without_interruption_faster_review_can_keep_the_green_channel_waiting(engine: str) -> None:
    """The reviewer is free a moment before the green project comes, and has taken up a long review."""
    table = pd.DataFrame({"id": ["short", "long", "green"], "ready": [0.0, 0.1, 4.0], "tier": ["c", "b", "a"]})
    stages = [
        Stage(name, office="desk", work=days, applies=f"tier = {tier}")
        for name, tier, days in (("short", "c", 4.5), ("long", "b", 8.0), ("green", "a", 1.0))
    ]
    process = Process(stages, [Office("desk")], green=("a",))
    assert starts(table, process, engine=engine).tolist() == pytest.approx([4.5, 13.5, 5.5])
    assert starts(table, process, Scenario(speed=1.25), engine).tolist() == pytest.approx([3.6, 10, 10.8])


def test_the_examples_of_the_page_are_true() -> None:
    assert doctest.testfile(str(PAGE), module_relative=False).failed == 0
