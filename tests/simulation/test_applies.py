"""Rules over columns, against pandas row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.errors import InputError
from simulation.applies import Clause, check, clauses, mask

TIERS, ROUTES = ["A", "B", "省重大", None], ["approve", "confirm", "file", None]
PROJECTS = pd.DataFrame({
    "id": [f"P{place}" for place in range(64)],
    "tier": [TIERS[place % 4] for place in range(64)],
    "route": [ROUTES[place // 4 % 4] for place in range(64)],
    "energy": [[0.0, 999.0, 1000.0, np.nan][place // 16] for place in range(64)],
    "investment": [float(place) if place % 7 else np.nan for place in range(64)],
    "bond": [place % 3 == 0 for place in range(64)],
    "due": pd.to_datetime([dt.date(2020, 1, 1) + dt.timedelta(place) if place % 5 else None for place in range(64)]),
    "phases": [["0.5|1", "1", None][place % 3] for place in range(64)],
    "jobs": [float(place) for place in range(64)],
})  # fmt: skip
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
}  # fmt: skip


def by_hand(column: str, sign: str, wanted: list[Any]) -> list[bool]:
    """Cell by cell: a blank holds nothing; one value is enough, for != none may hold."""
    made = []
    for cell in PROJECTS[column]:
        if pd.isna(cell):
            made.append(False)
        elif sign == "!=":
            made.append(all(cell != value for value in wanted))
        else:
            made.append(any(SIGNS[sign](cell, value) for value in wanted))
    return made


@given(st.data())
def test_a_rule_means_the_rows_that_fulfil_every_clause(data: st.DataObject) -> None:
    values: dict[str, list[Any]] = {
        "tier": ["A", "B", "省重大"], "route": ["approve", "confirm", "file"], "energy": [0.0, 999.0, 1000.0],
        "jobs": [3.0, 40.5], "due": [pd.Timestamp("2020-01-09"), pd.Timestamp("2020-02-01")],
    }  # fmt: skip
    expected, texts = np.ones(len(PROJECTS), dtype=bool), []
    for _ in range(data.draw(st.integers(1, 3))):
        column = data.draw(st.sampled_from(sorted(values)))
        sign = data.draw(st.sampled_from(["=", "!="] if column in ("tier", "route") else list(SIGNS)))
        most = 3 if sign in ("=", "!=") else 1
        wanted = data.draw(st.lists(st.sampled_from(values[column]), min_size=1, max_size=most, unique=True))
        expected &= by_hand(column, sign, wanted)
        said = "|".join(f"{one:%Y-%m-%d}" if isinstance(one, pd.Timestamp) else f"{one}" for one in wanted)
        gap = data.draw(st.sampled_from(["", " "]))
        texts.append(f"{column}{gap}{sign}{gap}{said}")
    rule = data.draw(st.sampled_from(["; ", "；", ";", " and ", " AND ", "且", "\n"])).join(texts)
    assert mask(rule, PROJECTS).tolist() == expected.tolist()


@pytest.mark.parametrize(("one", "other"), [
    ("审批方式 = 审批|核准", "route = approve|confirm"),
    ("审批方式＝审批｜核准", "route=approve|confirm"),
    ("能耗≥1,000", "energy >= 1000"),
    ("能耗 >= 0.1万吨标准煤", "energy >= 1000"),
    ("用能(万吨标准煤) >= 0.1", "energy >= 1000"),
    ("总投资 > 0.2亿元", "investment > 20"),
    ("investment > 2000万元", "investment > 20"),
    ("总投资(亿元) <= 0.2", "investment <= 20"),
    ("专项债 = 是", "bond = yes"),
    ("专项债 != 否", "bond = true"),
    ("计划开工日期 < 2020年1月9日", "due < 2020-01-09"),
    ("层次 ≠ 省重大", "tier != 省重大"),
    ("层次 <> 省重大", "tier != 省重大"),
    ("能耗 = 空", "energy = blank"),
    ("due != 空白", "due != blank"),
    ("tier == A", "tier = A"),
])  # fmt: skip
def test_both_languages_and_every_way_of_writing_mean_the_same(one: str, other: str) -> None:
    found = mask(one, PROJECTS)
    assert found.tolist() == mask(other, PROJECTS).tolist()
    assert 0 < found.sum() < len(found)


def test_chinese_headers_and_words_of_the_projects_are_understood() -> None:
    theirs = pd.DataFrame(
        {"编号": ["a", "b"], "审批方式": ["审批", "备案"], "层次": ["Ａ", "B"], "专项债": ["是", None]}
    )
    assert mask("route = approve; tier = A; bond = yes", theirs).tolist() == [True, False]


def test_an_empty_rule_means_all_and_blanks_only_what_asks_for_them() -> None:
    assert mask("", PROJECTS).all() and mask(" ; ", PROJECTS).all()
    blank = PROJECTS["energy"].isna().to_numpy()
    assert mask("energy = blank", PROJECTS).tolist() == blank.tolist()
    assert mask("energy = blank|0", PROJECTS).tolist() == (blank | (PROJECTS["energy"] == 0).to_numpy()).tolist()
    for sign in ("!=", "<", ">="):
        assert not mask(f"energy {sign} 5", PROJECTS)[blank].any()


def test_a_list_has_an_item_and_a_column_that_is_not_there_is_blank() -> None:
    assert mask("phases = 0.5", PROJECTS).tolist() == [place % 3 == 0 for place in range(64)]
    assert mask("phases != 0.5", PROJECTS).tolist() == [place % 3 == 1 for place in range(64)]
    bare = PROJECTS[["id"]]
    assert not mask("sector = steel", bare).any() and mask("sector = blank", bare).all()
    assert not mask("bond = yes", bare).any() and mask("bond = no", bare).all()


def test_columns_of_days_are_compared_with_days_and_those_of_dates_with_dates() -> None:
    days, dates = pd.DataFrame({"ready": [3.0, 30.0]}), pd.DataFrame({"ready": pd.to_datetime(["2020-01-04"] * 2)})
    assert mask("ready > 5", days).tolist() == [False, True]
    assert mask("ready >= 2020-01-04", dates).all()
    assert [fault.code for fault in check("ready > 2020-01-04", "stages", 2, "applies", days)] == ["not_a_number"]
    assert [fault.code for fault in check("ready > 5", "stages", 2, "applies", dates)] == ["not_a_date"]


@pytest.mark.parametrize(("rule", "code", "found"), [
    ("large users", "rule_syntax", "large users"),
    ("energy >=", "rule_syntax", "energy >="),
    ("energy > 1 > 2", "rule_syntax", "energy > 1 > 2"),
    ("energy > 1|2", "rule_syntax", "energy > 1|2"),
    ("tier = A||B", "rule_syntax", "tier = A||B"),
    ("colour = red", "unknown_column", "colour"),
    ("route = filed", "not_a_choice", "filed"),
    ("bond = perhaps", "not_a_flag", "perhaps"),
    ("due > soon", "not_a_date", "soon"),
    ("investment > 3吨", "unit_dimension", "吨"),
    ("tier >= A", "rule_no_numbers", "tier"),
    ("jobs > many", "not_a_number", "many"),
])  # fmt: skip
def test_what_is_wrong_with_a_rule_is_named_and_no_mask_is_given(rule: str, code: str, found: str) -> None:
    faults = check(rule, "stages", 4, "applies", PROJECTS)
    assert [(fault.code, fault.row, fault.column, fault.values["found"]) for fault in faults] == [
        (code, 4, "applies", found)
    ]
    with pytest.raises(InputError):
        mask(rule, PROJECTS)


def test_every_clause_is_checked_and_a_word_that_nobody_has_is_a_warning() -> None:
    faults = check("tier = C; energy > x; colour = red", "problems", 3, "applies", PROJECTS)
    assert [(fault.code, fault.severity) for fault in faults] == [
        ("no_project_has", "warning"), ("not_a_number", "error"), ("unknown_column", "error"),
    ]  # fmt: skip
    assert not mask("tier = C", PROJECTS).any()


def test_without_projects_only_what_the_schema_knows_is_checked() -> None:
    assert check("colour = red; tier = Z", "stages", 2, "applies") == []
    assert [fault.code for fault in check("energy > much; route = no", "stages", 2, "applies")] == [
        "not_a_number", "not_a_choice",
    ]  # fmt: skip


def test_a_rule_has_its_clauses_as_they_are_written() -> None:
    assert clauses("审批方式=审批|核准；能耗>=1,000") == [
        Clause("审批方式", "=", ("审批", "核准")), Clause("能耗", ">=", ("1,000",)),
    ]  # fmt: skip
