"""Every fault of a process made in Python; rings against brute force."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.errors import InputError
from simulation.measures import Deferral, Dispatch, Hotline, Teams
from simulation.process import Office, Problem, Process, Stage

DESK = [Office("desk")]


def faults(
    *given_stages: Stage, offices: list[Office] | None = None, **more: Any
) -> list[tuple[str, str, int | None, str]]:
    """Code, table, row and column of every fault."""
    try:
        Process(given_stages, DESK if offices is None else offices, **more)
    except InputError as error:
        return [(fault.code, fault.table, fault.row, str(fault.column)) for fault in error.faults]
    return []


NAMES = "abcde"


@given(st.lists(st.lists(st.sampled_from(NAMES), unique=True, max_size=2), min_size=5, max_size=5), st.booleans())
def test_a_ring_is_told_exactly_where_no_order_of_the_stages_is_possible(before: list[list[str]], custom: bool) -> None:
    column = "customary_after" if custom else "after"
    stages = [Stage(name, **{column: tuple(names)}) for name, names in zip(NAMES, before, strict=True)]
    possible = any(
        all(order.index(one) < order.index(name) for name, names in zip(NAMES, before, strict=True) for one in names)
        for order in permutations(NAMES)
    )
    try:
        Process(stages)
        assert possible
    except InputError as error:
        assert not possible
        waits = dict(zip(NAMES, before, strict=True))
        for fault in error.faults:
            ring = fault.values["found"].split(" → ")
            assert fault.code == "stage_ring" and fault.column == column and ring[0] == ring[-1]
            assert len(set(ring[1:])) == len(ring) - 1
            assert all(one in waits[other] for one, other in zip(ring, ring[1:], strict=False))
            assert fault.row == NAMES.index(ring[0]) + 2 == min(map(NAMES.index, ring)) + 2


def test_rings_apart_are_all_told_and_one_of_law_and_custom_is_told_at_the_custom() -> None:
    two = [Stage("a", after="b"), Stage("b", after="a"), Stage("c", after="d"), Stage("d", customary_after="c")]
    assert faults(*two) == [
        ("stage_ring", "stages", 2, "after"), ("stage_ring", "stages", 4, "customary_after"),
    ]  # fmt: skip


@pytest.mark.parametrize(("stage", "code", "column"), [
    (Stage("a", office="dsek"), "unknown_office", "office"),
    (Stage("a", after="b"), "unknown_stage", "after"),
    (Stage("a", customary_after="b"), "unknown_stage", "customary_after"),
    (Stage("a", office="desk", returns=1.01), "out_of_range", "returns"),
    (Stage("a", office="desk", returns=float("nan")), "out_of_range", "returns"),
    (Stage("a", office="desk", refuses=-0.1), "out_of_range", "refuses"),
    (Stage("a", office="desk", withdraws=2), "out_of_range", "withdraws"),
    (Stage("a", office="desk", returns=1), "stage_returns_all", "returns"),
    (Stage("a", office="desk", refuses=1), "stage_refuses_all", "refuses"),
    (Stage("a", office="desk", limit=-1), "out_of_range", "limit"),
    (Stage("a", office="desk", limit=float("inf")), "out_of_range", "limit"),
    (Stage("a", office="desk", limit=1, extension=-1), "out_of_range", "extension"),
    (Stage("a", office="desk", extension=1), "extension_alone", "extension"),
    (Stage("a", work=1), "work_without_office", "work"),
    (Stage("a", limit=1), "needs_office", "office"),
    (Stage("a", returns=0.1), "needs_office", "office"),
    (Stage("a", applies="large ones"), "rule_syntax", "applies"),
    (Stage("a", deferrable="perhaps"), "rule_syntax", "deferrable"),
    (Stage(""), "cell_missing", "stage"),
])  # fmt: skip
def test_what_a_stage_may_not_be(stage: Stage, code: str, column: str) -> None:
    assert faults(stage) == [(code, "stages", 2, column)]


@pytest.mark.parametrize(("office", "code", "column"), [
    (Office("desk", 0), "office_empty", "reviewers"),
    (Office("desk", 0, staff=[("2020-02-03", 0)]), "office_empty", "reviewers"),
    (Office("desk", -1), "out_of_range", "reviewers"),
    (Office("desk", 1.5), "not_whole", "reviewers"),  # type: ignore[arg-type]
    (Office("desk", 1, staff=[(3, 2.5)]), "not_whole", "reviewers"),  # type: ignore[list-item]
    (Office("desk", 1, staff=[("soon", 2)]), "not_a_date", "from"),
    (Office("desk", 1, staff=[(float("nan"), 2)]), "not_a_date", "from"),
    (Office("desk", level="town"), "not_a_choice", "level"),  # type: ignore[arg-type]
    (Office("desk", region="N"), "office_row_place", "region"),
    (Office("desk", level="city", region="N", county="C"), "office_row_place", "county"),
    (Office("desk", level="county", county="C"), "cell_missing", "region"),
    (Office("desk", every=0), "out_of_range", "every"),
    (Office("desk", every=-3), "out_of_range", "every"),
    (Office("desk", every=30, seats=0), "out_of_range", "seats"),
    (Office("desk", every=30, seats=1.5), "not_whole", "seats"),  # type: ignore[arg-type]
    (Office("desk", seats=5), "seats_without_every", "seats"),
    (Office("desk", room=0), "out_of_range", "room"),
    (Office(""), "cell_missing", "office"),
])  # fmt: skip
def test_what_an_office_may_not_be(office: Office, code: str, column: str) -> None:
    assert faults(Stage("a"), offices=[office]) == [(code, "offices", 2, column)]


@pytest.mark.parametrize(("more", "code", "column"), [
    ({"deferral": Deferral(-1)}, "out_of_range", "deferral.promise"),
    ({"deferral": Deferral(20, 1.5)}, "out_of_range", "deferral.default"),
    ({"hotline": Hotline(-1, 1, 0.5)}, "out_of_range", "hotline.staff"),
    ({"hotline": Hotline(1.5, 1, 0.5)}, "not_whole", "hotline.staff"),
    ({"hotline": Hotline(1, 1, 1.5)}, "out_of_range", "hotline.rate"),
    ({"hotline": Hotline(1, 1, 0.5, "soon")}, "not_a_date", "hotline.since"),
    ({"dispatch": Dispatch(0, 0.5)}, "out_of_range", "dispatch.every"),
    ({"dispatch": Dispatch(30, -0.5)}, "out_of_range", "dispatch.rate"),
    ({"dispatch": Dispatch(30, 0.5, 2.5)}, "not_whole", "dispatch.seats"),
    ({"dispatch": Dispatch(30, 0.5, notice=-1)}, "out_of_range", "dispatch.notice"),
    ({"teams": Teams(-2, 1, 1, 0.5)}, "out_of_range", "teams.number"),
    ({"teams": Teams(2, 1, 1, 0.5, "near ones")}, "rule_syntax", "teams.applies"),
    ({"teams": Teams(2, 1, 1, 2)}, "out_of_range", "teams.rate"),
    ({"year": 0}, "out_of_range", "year"),
    ({"entry": ""}, "cell_missing", "entry"),
    ({"green": ("A", "B", "A")}, "twice", "green"),
])  # fmt: skip
def test_what_a_measure_or_a_setting_may_not_be(more: dict[str, Any], code: str, column: str) -> None:
    assert faults(Stage("a"), **more) == [(code, "process", None, column)]


def test_problems_work_at_meetings_parts_and_names_are_looked_at() -> None:
    assert faults(Stage("a"), problems=[Problem("p", -1, 3, blocks="b")]) == [
        ("unknown_stage", "problems", 2, "blocks"), ("out_of_range", "problems", 2, "mean"),
    ]  # fmt: skip
    assert faults(Stage("a", office="m", work=1), offices=[Office("m", every=30)]) == [
        ("work_at_meeting", "stages", 2, "work")
    ]
    assert faults(Stage("a", after="m"), Stage("m", after_grant=True)) == [("later_part", "stages", 2, "after")]
    assert faults(Stage("a"), Stage("m", after="a", after_grant=True), Stage("z", after="m", after_start=True)) == []
    assert faults(Stage("m", after="z", after_grant=True), Stage("z", after_start=True)) == [
        ("later_part", "stages", 2, "after")
    ]
    assert faults(Stage("a"), Stage("a")) == [("key_twice", "stages", 3, "stage")]
    cities = [Office("o", level="city"), Office("o", level="city", region="N"), Office("o", level="city", region="N")]
    assert faults(Stage("a"), offices=cities) == [("key_twice", "offices", 4, "office")]
    assert faults(Stage("a"), offices=[Office("o"), Office("o", level="county", region="N")]) == [
        ("office_levels", "offices", 3, "level")
    ]


def test_all_faults_come_at_once_and_a_change_is_checked_too() -> None:
    found = faults(
        Stage("a", office="dsek", returns=2), Stage("b", after="c"), offices=[Office("desk", 0)], year=-0.0,
        problems=[Problem("p", 1, 1, applies="x")], dispatch=Dispatch(-1, 3),
    )  # fmt: skip
    assert {code for code, *_ in found} == {
        "unknown_office", "out_of_range", "unknown_stage", "office_empty", "rule_syntax",
    }  # fmt: skip
    assert len(found) == 8
    sound = Process([Stage("a", office="desk", work=1)], DESK)
    with pytest.raises(InputError):
        sound.with_changes(offices=[Office("dsek")])
