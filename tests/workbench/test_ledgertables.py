"""What changed in tables other than the projects: in the answer to an import, in the history, in the bulletin."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from cases import LANGS, run
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledgers import OFFICES, POOLS, PROJECTS, STAGES, made

from allocator import Case
from allocator.labels import Lang
from workbench.bulletin import Bulletin
from workbench.bulletinfolder import page
from workbench.ledger import Ledger
from workbench.ledgertables import Row, differences

NOTES = pd.DataFrame({"a": [1.5, None], "b": ["x", "y"]})
FUNDS = pd.DataFrame({"fund": ["贷款"], "capacity": [500.0], "rate": [0.04]})
POLICY = {"value": "value", "discount": 0.99, "floors": [{"name": "用地底线", "measure": "land", "limit": 10.0}]}
ROWS = st.lists(st.dictionaries(st.sampled_from("abc"), st.sampled_from([2.0, 3.0, "x", True]), min_size=1),
                max_size=6)  # fmt: skip


def applied(before: list[Row], after: list[Row], keys: list[str]) -> list[Any]:
    """The first table with the differences put into it, rows by key or in their order."""
    found = list(differences(before, after, keys))
    gone = {(one.key, one.number) for one in found if not one.header and one.after is None}
    new = {(one.key, one.number): dict(one.after) for one in found if not one.header and one.before is None}
    if keys:
        rows = {place: row for place, row in placed(before, keys).items() if place not in gone} | new
    else:
        left = iter([dict(row) for place, row in enumerate(before) if ((), place + 2) not in gone])
        rows = {((), place + 2): new.get(((), place + 2)) or next(left) for place in range(len(after))}
        assert not list(left)
    for one in found:
        if one.header:
            assert rows[one.key, one.number].pop(one.header, None) == one.before != one.after
            rows[one.key, one.number] |= {} if one.after is None else {one.header: one.after}
    return sorted(rows.items(), key=repr) if keys else list(rows.values())


def placed(rows: list[Row], keys: list[str]) -> dict[tuple[tuple[Any, ...], int], dict[str, Any]]:
    """Rows by their key and which of its rows they are."""
    all_keys = [tuple(row.get(name) for name in keys) for row in rows]
    return {(key, all_keys[: place + 1].count(key)): dict(rows[place]) for place, key in enumerate(all_keys)}


@given(ROWS, ROWS)
@settings(max_examples=80, deadline=None)
def test_the_differences_turn_one_table_into_the_other(before: list[Row], after: list[Row]) -> None:
    assert applied(before, after, []) == after
    one, other = ([{"k": "q", **row} for row in rows] for rows in (before, after))
    assert applied(one, other, ["k", "a"]) == sorted(placed(other, ["k", "a"]).items(), key=repr)
    assert [*differences(after, after, []), *differences(other, other, ["k", "a"])] == []


@given(ROWS, st.integers(0, 6))
@example([{"a": 2.0}] * 3, 1)
def test_a_row_put_between_others_is_one_difference(rows: list[Row], place: int) -> None:
    longer = [*rows[:place], {"a": "new"}, *rows[place:]]
    [one] = differences(rows, longer, [])
    assert (one.before, one.after, one.number) == (None, {"a": "new"}, min(place, len(rows)) + 2)


def of(**changes: object) -> Case:
    """A case with tables of every kind, some of them other than in the ledger."""
    tables: dict[str, Any] = {"pools": POOLS, "funds": FUNDS, "offices": OFFICES, "stages": STAGES, "policy": POLICY}
    return Case.from_tables(projects=PROJECTS, **({**tables, "notes_of_ours": NOTES} | changes))


def told(*args: str | Path) -> str:
    """What a command of the ledger answers."""
    result = run("ledger", *args)
    assert result.exit_code == 0, result.output
    return result.stdout


POOLS_NOW = pd.DataFrame({"pool": ["省级", "市级"], "resource": ["land"] * 2, "amount": [60.0, 7.0]})
NOW = {
    "pools": POOLS_NOW, "funds": FUNDS.assign(capacity=900.0), "offices": OFFICES[::-1].reset_index(drop=True),
    "policy": POLICY | {"discount": 0.98, "floors": [{"name": "用地底线", "measure": "land", "limit": 12.0}]},
    "notes_of_ours": pd.DataFrame({"a": [None, 1.5, None], "b": ["w", "x", "z"]}), "stages": pd.DataFrame(),
}  # fmt: skip
SAID = {
    "en": [
        "  pools: 1 cells changed, 1 rows new, 0 rows gone", "    省级, amount: 50 → 60",
        "    市级, new row: resource: land; amount: 7", "    贷款, capacity (mcny): 500 → 900",
        "  offices, the same cells in another order", "  stages, gone: 1 rows", "    discount, value: 0.99 → 0.98",
        "    用地底线, limit: 10 → 12", "    row 2, new row: b: w", "    row 4, b: y → z",
    ],
    "zh": [
        "  指标池：修改1项，新增1行，删除0行", "    省级，数量：50 → 60", "    市级，新增行：要素：用地；数量：7",
        "    贷款，额度 (亿元)：5 → 9", "  部门，内容相同，次序有变", "  环节，取消：1行",
        "    折现，取值：0.99 → 0.98", "    用地底线，限额：10 → 12", "    第2行，新增行：b：w", "    第4行，b：y → z",
    ],
}  # fmt: skip


def updated(folder: Path, lang: Lang = "en") -> tuple[Path, list[str]]:
    """A ledger in which most tables have changed in March, and what the import said."""
    path, book = made(folder, of()), of(**NOW).write(folder / "book.xlsx", lang)
    return path, told("import", path, book, "--by", "赵", "--on", "2020-03-05", "--lang", lang).splitlines()


@pytest.mark.parametrize("lang", LANGS)
def test_an_import_tells_what_changed_in_tables_that_were_there(tmp_path: Path, lang: Lang) -> None:
    _, lines = updated(tmp_path, lang)
    assert set(SAID[lang]) <= set(lines), lines
    changed = [line for line in lines if line.startswith("    ")]
    assert len(changed) == 7 and len(lines) == 2 + 5 + 7 + 2  # five tables with seven changes; offices and stages


def test_only_the_first_changes_are_shown_and_where_the_others_are(tmp_path: Path) -> None:
    pools = pd.DataFrame({"pool": [f"p{place}" for place in range(9)], "resource": "land", "amount": 5.0})
    path = made(tmp_path, of(pools=pools))
    book = of(pools=pools.assign(amount=6.0)).write(tmp_path / "book.xlsx")
    lines = told("import", path, book, "--by", "赵", "--on", "2020-03-05").splitlines()
    assert lines[-1] == f"    and 6 more: yaosu ledger history {path} --table pools" and len(lines) == 7
    assert len(told("history", path, "--table", "pools").splitlines()) == 2 + 9


@pytest.mark.parametrize("lang", LANGS)
def test_the_history_of_a_table_tells_who_changed_what_on_which_day(tmp_path: Path, lang: Lang) -> None:
    path, _ = updated(tmp_path)
    for table, place in {"指标池": 1, "funds": 3, "政策": 6, "规则": 7}.items():
        first, second, *_ = told("history", path, "--table", table, "--lang", lang).splitlines()[1:]
        assert first.startswith("2020-01-01  ") and "李明" in first
        assert second.startswith(f"2020-03-05  {SAID[lang][place].strip()}  ") and "赵" in second
    rows = json.loads(told("history", path, "--table", "notes_of_ours", "--lang", lang, "--json"))
    assert [(row["kind"], row["before"], row["after"], row["who"]) for row in rows[2:]] == [("cell", "y", "z", "赵")]


def test_an_entry_made_late_is_told_against_what_was_so_before_it(tmp_path: Path) -> None:
    path = made(tmp_path, of())
    for amount, day in ((70.0, "2020-03-05"), (60.0, "2020-02-01")):
        book = of(pools=POOLS.assign(amount=amount)).write(tmp_path / f"{day}.xlsx")
        assert f"amount: 50 → {amount:g}" in told("import", path, book, "--by", "赵", "--on", day)
    lines = told("history", path, "--table", "pools").splitlines()[2:]
    assert [line.split("  ")[:2] for line in lines] == [
        ["2020-02-01", "省级, amount: 50 → 60"], ["2020-03-05", "省级, amount: 60 → 70"]]  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
def test_the_bulletin_lists_the_changes_in_the_workbook_as_on_the_page(tmp_path: Path, lang: Lang) -> None:
    path, _ = updated(tmp_path)
    said = told("bulletin", path, "--month", "2020-03", "--out", tmp_path / "out", "--lang", lang)
    assert {"en": "pools 2, funds 1", "zh": "指标池2处、融资产品1处"}[lang] in said
    book = openpyxl.load_workbook(tmp_path / "out" / "bulletin.xlsx")
    rows = [["" if cell is None else str(cell) for cell in row] for row in book.worksheets[-1].values]
    with Ledger(path) as ledger:
        text = page(Bulletin.of(ledger, dt.date(2020, 3, 1), lang)).partition('<section id="tables">')[2]
    shown = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", text)[1:]]
    assert shown == rows[1:] and len(rows) == 1 + 9
    names = {"en": ["pools", "省级", "amount"], "zh": ["指标池", "省级", "数量"]}[lang]
    assert rows[1][:-1] == ["2020-03-05", "赵", *names, "50", "60"]
    assert json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))["table_changes"] == 9
