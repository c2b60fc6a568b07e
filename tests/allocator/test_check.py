"""Faulty inputs, each with its exact message in both languages; and no input that ends in a traceback."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from faulty import BASE, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocator import load_sample
from allocator.case import Case
from allocator.check import check
from allocator.errors import Fault, InputError

INPUTS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("faulty.toml").read_text("utf-8"))["input"]


def test_the_small_case_itself_is_without_faults(tmp_path: Path) -> None:
    assert check(write(tmp_path / "case", [])) == ()


def test_there_are_enough_faulty_inputs_and_each_is_another() -> None:
    assert len({str(one["changes"]) for one in INPUTS}) == len(INPUTS) >= 40


@pytest.mark.parametrize("one", INPUTS, ids=[one["what"] for one in INPUTS])
def test_a_faulty_input_is_told_exactly_in_both_languages(one: dict[str, Any], tmp_path: Path) -> None:
    faults = check(write(tmp_path / "case", one["changes"]))
    assert [fault.text("en") for fault in faults] == one["en"]
    assert [fault.text("zh") for fault in faults] == one["zh"]
    assert [fault.severity for fault in faults] == ["error"] * one["errors"] + ["warning"] * (
        len(faults) - one["errors"]
    )


def test_all_faults_come_at_once_and_reading_refuses_with_all_of_them(tmp_path: Path) -> None:
    changes = [
        ["projects.csv", "must", "mustt"],
        ["projects.csv", ",0,31", ",x,31"],
        ["pools.csv", "land,60", "land,-60"],
        ["funds.csv", "3%", "300%"],
        ["policy.toml", "periods", "period"],
    ]
    folder = write(tmp_path / "case", changes)
    told = [(fault.table, fault.row, fault.column) for fault in check(folder)]
    assert told == [
        ("projects", 2, "decision"),
        ("projects", 3, "energy"),
        ("pools", 3, "amount"),
        ("funds", 2, "rate"),
        ("policy", None, "period"),
    ]
    with pytest.raises(InputError) as caught:
        Case.read(folder)
    assert len(caught.value.faults) == 5
    assert len(caught.value.text("zh").splitlines()) == 6


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.txt", b"id", "not_a_case"),
        ("a.xlsx", b"", "empty_file"),
        ("a.xlsx", b"no workbook", "not_a_workbook"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "not_a_workbook"),
        ("a.xlsx", b"PK\x03\x04" + b"\0" * 99, "not_a_workbook"),
        ("a.ods", b"PK", "not_a_workbook"),
    ],
)
def test_a_file_that_is_no_case_is_a_fault(name: str, content: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    faults = check(tmp_path / name)
    assert [fault.code for fault in faults] == [code]
    assert all(fault.text("en") and fault.text("zh") for fault in faults)


def test_a_folder_without_tables_and_a_path_that_is_not_there_are_faults(tmp_path: Path) -> None:
    assert [fault.code for fault in check(tmp_path)] == ["no_tables"]
    assert [fault.code for fault in check(tmp_path / "none")] == ["no_file"]


def test_a_workbook_alone_in_a_folder_is_the_case_and_two_are_not(tmp_path: Path) -> None:
    load_sample("gb-grid-2021").write(tmp_path / "case.xlsx")
    (tmp_path / "~$case.xlsx").write_bytes(b"the lock of an open workbook")
    assert Case.read(tmp_path).hash == Case.read(tmp_path / "case.xlsx").hash
    (tmp_path / "copy.xlsx").write_bytes((tmp_path / "case.xlsx").read_bytes())
    assert [fault.code for fault in check(tmp_path)] == ["no_tables"]


def test_rows_are_counted_as_excel_counts_them_also_below_titles_and_blank_rows(tmp_path: Path) -> None:
    folder = write(tmp_path / "case", [["projects.csv", "must", "mustt"]])
    lines = BASE["projects.csv"].replace("must", "mustt").splitlines()
    (folder / "projects.csv").write_text(
        "\n".join(["Key projects 2020", "", lines[0], "", *lines[1:], ",,,", ""]), encoding="utf-8"
    )
    assert [(fault.row, fault.column) for fault in check(folder)] == [(5, "decision")]


def test_a_fault_of_sense_has_the_row_of_the_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "case", [])
    lines = BASE["projects.csv"].replace("Port,South", "Port,West").splitlines()
    (folder / "projects.csv").write_text("\n".join(["Key projects 2020", "", *lines]), encoding="utf-8")
    assert [(fault.row, fault.code) for fault in check(folder)] == [(6, "free_no_pool")]


def test_a_table_made_in_python_gets_the_same_check() -> None:
    case = Case.from_tables(
        projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0], "region": ["x"]}),
        pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0], "region": ["y"]}),
    )
    assert [fault.code for fault in check(case)] == ["free_no_pool"]


CELLS = st.one_of(
    st.none(),
    st.floats(),
    st.integers(-10, 10),
    st.booleans(),
    st.dates(),
    st.text(max_size=6),
    st.sampled_from(
        [
            "P1",
            "North",
            "land",
            "亩",
            "10%",
            "１２",
            "2020-02-30",
            "=1+1",
            "必保",
            "不予",
            "bank",
            "P1|P2",
            "|",
            "-",
            "∞",
        ]
    ),
)
HEADERS = st.sampled_from(
    [
        "id",
        "编号",
        "land",
        "用地(公顷)",
        "land (moo)",
        "region",
        "value",
        "plan",
        "decision",
        "requires",
        "phases",
        "ready",
        "score",
        "x",
        "",
    ]
)
POOL_HEADERS = st.sampled_from(
    ["pool", "指标池", "resource", "amount", "数量(亩)", "level", "period", "unit", "advance", "into", "y"]
)


@st.composite
def tables(draw: st.DrawFn, headers: st.SearchStrategy[str]) -> pd.DataFrame:
    names = draw(st.lists(headers, min_size=1, max_size=6, unique=True))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), max_size=4))
    return pd.DataFrame(rows, columns=names, dtype=object)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tables(HEADERS),
    tables(POOL_HEADERS),
    st.dictionaries(st.sampled_from(["value", "match", "periods", "zzz"]), CELLS, max_size=2),
)
def test_no_table_however_odd_ends_in_anything_but_faults(
    projects: pd.DataFrame, pools: pd.DataFrame, policy: dict[str, Any]
) -> None:
    try:
        faults: tuple[Fault, ...] = check(Case.from_tables(projects=projects, pools=pools, policy=policy))
    except InputError as error:
        faults = error.faults
    assert all(fault.text("en") and fault.text("zh") for fault in faults)
