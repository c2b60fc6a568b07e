"""What projects wait for on a day, against what the same run shows when it goes on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import processes, projects

from simulation import Deferral, Office, Problem, Process, Run, Stage, simulate
from simulation.draws import draw
from simulation.model import Model
from simulation.network import network
from simulation.waits import waits

QUICK = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
UNTIL = st.one_of(st.floats(1, 60), st.integers(1, 60).map(float))


@QUICK
@given(projects(), processes(), st.integers(0, 5), UNTIL)
def test_every_project_waits_for_something_that_comes_later_in_the_same_run(
    table: pd.DataFrame, process: Process, seed: int, until: float
) -> None:
    run = simulate(table, process, seed=seed, until=until, engine="simpy")
    later = simulate(table, process, seed=seed, engine="simpy")
    found = waits(run.network, run.records)
    parts = found.groupby("project")["part"].sum()
    ids = run.network.ids[parts.index.to_numpy()]
    assert set(ids) == set(run.projects.loc[run.projects["outcome"] != "started", "id"])
    np.testing.assert_allclose(parts, 1.0)
    for row in found.itertuples():
        _check(str(run.network.ids[row.project]), row.waits_for, row.name, later, until)


def _check(project: str, waits_for: str, name: str, later: Run, until: float) -> None:
    """Hold what a project is said to wait for against the whole run."""
    told = later.projects.set_index("id").loc[project]
    visits = later.visits[(later.visits["project"] == project) & (later.visits["stage"] == name)]
    before = visits[visits["queued"] < until]
    undecided = before[~(before["decided"] < until)]
    if waits_for == "not entered":
        assert told["ready"] >= until
    elif waits_for in ("queue", "meeting"):
        assert len(undecided) == 1 and not (undecided["begun"] < until).any()
    elif waits_for == "review":
        assert len(undecided) == 1 and (undecided["begun"] < until).all()
    elif waits_for in ("applicant", "date"):
        assert undecided.empty and (before["result"] == "returned").all()
    elif waits_for == "elapsed":
        assert undecided.empty and before["result"].iloc[-1] in ("passed", "default")
    elif waits_for == "problem":
        kept = later.problems[(later.problems["project"] == project) & (later.problems["problem"] == name)]
        assert ((kept["raised"] < until) & ~(kept["resolved"] < until)).any()
    elif waits_for == "promise":
        assert later.network.process.deferral is not None and before["result"].iloc[-1] in ("passed", "default")
    else:
        assert waits_for in ("refused", "withdrawn", "abandoned")
        assert told["outcome"] == waits_for and told["ended"] < until


def _told(process: Process, until: float, **columns: object) -> list[tuple[str, str]]:
    table = pd.DataFrame({"id": ["a"], "ready": [0.0], **columns})
    made = network(table, process)
    found = waits(made, Model(made, draw(made, 0, 0), until).run())
    return list(zip(found["waits_for"], found["name"], strict=True))


def test_one_project_is_followed_from_its_papers_to_its_start() -> None:
    review = Stage("review", office="desk", prepare=2, filing=1, work=4, elapsed=5, not_before="due - 10")
    process = Process([review, Stage("move", prepare=3, elapsed=2, after_grant=True)], [Office("desk")])
    expected = [(0.5, ("applicant", "review")), (3.5, ("review", "review")), (8.0, ("elapsed", "review")),
                (13.0, ("applicant", "move")), (16.0, ("elapsed", "move"))]  # fmt: skip
    for day, thing in expected:
        assert _told(process, day, due=[10.0]) == [thing], day
    assert _told(process, 17.5, due=[10.0]) == [] and _told(process, 1.0, due=[30.0]) == [("date", "review")]


def test_a_project_at_two_offices_is_split_between_them() -> None:
    steps = [Stage("fire", office="north", work=5), Stage("water", elapsed=5), Stage("last", elapsed=1, after="fire")]
    assert sorted(_told(Process(steps, [Office("north")]), 3.0)) == [("elapsed", "water"), ("review", "fire")]


def test_a_problem_is_waited_for_until_it_is_solved_and_the_papers_then() -> None:
    process = Process(
        [Stage("review", prepare=3, elapsed=1)], problems=[Problem("dispute", 9.0, 10.0, blocks="review")]
    )
    assert set(_told(process, 5.0)) == {("problem", "dispute")} and _told(process, 11.0) == [("applicant", "review")]


def test_papers_that_were_promised_and_do_not_come_are_waited_for() -> None:
    steps = [Stage("site", elapsed=4, deferrable=True), Stage("land", elapsed=1, after="site")]
    process = Process(steps, deferral=Deferral(promise=20.0, default=1.0))
    assert _told(process, 3.0) == [("elapsed", "site")]  # land is done, not formal, and will lapse
    assert _told(process, 10.0) == [("promise", "land")]
