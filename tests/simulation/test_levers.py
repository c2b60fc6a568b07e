"""Levers move what they name and nothing else; stages left out leave the order of the others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from processes import processes

from simulation.levers import Scenario
from simulation.process import Process, Stage


def waits(process: Process, *orders: str) -> set[tuple[str, str]]:
    """Every pair of stages of which the first waits for the second, also by way of others."""
    before = {stage.name: {one for order in orders for one in getattr(stage, order)} for stage in process.stages}

    def all_before(name: str) -> set[str]:
        return before[name] | {far for near in before[name] for far in all_before(near)}

    return {(name, one) for name in before for one in all_before(name)}


@given(processes(), st.sets(st.sampled_from(["s0", "s1", "s2", "s3"])))
def test_stages_left_out_leave_who_waits_for_whom_as_it_was(process: Process, some: set[str]) -> None:
    gone = some & {stage.name for stage in process.stages}
    after = Scenario(removed=tuple(gone)).apply(process)
    for orders in (("after",), ("after", "customary_after")):
        kept = {pair for pair in waits(process, *orders) if not gone & set(pair)}
        assert waits(after, *orders) == kept
    assert [stage.name for stage in after.stages] == [one.name for one in process.stages if one.name not in gone]
    assert all(problem.blocks not in gone for problem in after.problems)


@given(processes())
def test_a_lever_that_is_not_moved_changes_nothing(process: Process) -> None:
    assert Scenario().apply(process) is process
    assert Scenario(speed=1.0, reviewers=1.0).apply(process) == process
    offices = {stage.office for stage in process.stages} - {""}
    same = {office: 1.0 for office in offices}
    assert Scenario(speed=same).apply(process).stages == process.stages


def test_a_stage_after_one_left_out_comes_after_all_before_that() -> None:
    stages = [Stage("a"), Stage("b"), Stage("c", after=("a",), customary_after=("b",)), Stage("d", after=("c",))]
    left = Scenario(removed=("c",)).apply(Process(stages)).stages[-1]
    assert (left.after, left.customary_after) == (("a",), ("b",))
