"""The ledger as a store: what is recorded stays, the state is what the events say, several write, a case comes back."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import JANUARY, MARCH, POOLS, PROJECTS, case, count, made

from allocator import Case, YaosuError, load_sample, samples
from simulation.store import Store
from workbench import ledgerentries, ledgerimport
from workbench.ledger import OURS, SCHEMA, Ledger
from workbench.ledgerstate import Event, Problem, fold
from workbench.ledgerwords import AGES, counted, counts


def take(path: Path, given: Case, day: dt.date, who: str = "王") -> ledgerimport.Taken:
    """Import a case."""
    with Ledger(path, create=True) as ledger:
        return ledgerimport.take(ledger, ledgerimport.Book(given, None), who, day)


def drawn(path: Path, day: dt.date) -> Case:
    """The case at a date."""
    with Ledger(path) as ledger:
        return ledger.state(day).case("drawn")


@pytest.mark.parametrize("name", samples())
def test_a_sample_comes_back_whole(tmp_path: Path, name: str) -> None:
    sample = load_sample(name)
    again = drawn(made(tmp_path, sample), MARCH)
    assert again.hash == sample.hash
    assert list(again.projects) == list(sample.projects) and set(again.extra) == set(sample.extra)
    assert again.policy == sample.policy


CELLS = st.one_of(st.none(), st.text(min_size=1, max_size=6).filter(lambda word: "\0" not in word),
                  st.sampled_from(["01", "1", "True", "no", "2020-01-01", "nan", "=1", "1e5", "1.50"]))  # fmt: skip


@given(st.lists(st.tuples(CELLS, CELLS, st.booleans(), st.floats(allow_nan=True, allow_infinity=False)), min_size=1))
@settings(max_examples=25, deadline=None)
def test_columns_that_nobody_knows_come_back_as_they_were_read(rows: list[tuple[Any, ...]]) -> None:
    table = pd.DataFrame(rows, columns=["备注甲", "备注乙", "旗", "数"], dtype=object)
    table = table.assign(id=[f"p{i}" for i in range(len(rows))], land=1.0, value=1.0)
    given_ = Case.from_tables(projects=table, pools=POOLS)
    state = fold(ledgerimport.changes(fold([]), given_, "Li", JANUARY))
    assert state.case("again").hash == given_.hash


def test_a_case_drawn_at_each_date_is_the_one_that_was_so_then(tmp_path: Path) -> None:
    first, second = case(), case(batch=["start", "start", "plan"], started=["2020-02-28", "2020-02-20", None])
    third = Case.from_tables(projects=second.projects[:2], pools=POOLS.assign(amount=60.0))
    path = made(tmp_path, first)
    told = take(path, second, dt.date(2020, 3, 1))
    assert (told.came, told.left, told.changed, told.cells, told.tables) == (0, 0, 2, 3, 0)
    told = take(path, third, dt.date(2020, 4, 1))
    assert (told.left, told.tables) == (1, 4)  # the pools have changed; offices, stages and notes are gone
    for day, expected in (("01-01", first), ("02-29", first), ("03-01", second), ("03-31", second), ("04-01", third)):
        assert drawn(path, dt.date.fromisoformat(f"2020-{day}")).hash == expected.hash


def test_the_same_case_again_changes_nothing(tmp_path: Path) -> None:
    path = made(tmp_path)
    before = count(path)
    told = take(path, Case.read(case().write(tmp_path / "book.xlsx", "zh")), MARCH)
    assert replace(told, faults=()) == ledgerimport.Taken(0, 0, 0, 0, 0, 0, 0, 0) and count(path) == before


def test_an_import_entered_late_counts_from_its_day_and_later_entries_stand(tmp_path: Path) -> None:
    path = made(tmp_path, case(), JANUARY)
    take(path, case(batch=["start", "start", None]), MARCH)
    late = case(batch=["plan", "start", None], value=[6.0, 4.0, 3.0])
    take(path, late, dt.date(2020, 2, 1))
    assert drawn(path, dt.date(2020, 2, 15)).hash == late.hash
    assert drawn(path, MARCH).hash == case(batch=["start", "start", None], value=[6.0, 4.0, 3.0]).hash
    assert drawn(path, dt.date(2020, 1, 31)).hash == case().hash


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab"), st.sampled_from("xyz"),
                          st.one_of(st.none(), st.integers(0, 5))), max_size=30))  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_a_cell_is_what_was_said_last_of_the_last_day(entries: list[tuple[int, str, str, int | None]]) -> None:
    start = dt.date(2020, 1, 1)
    events = [Event("came", project, start, "Li", value={"id": project}) for project in "ab"]
    events += [Event("cell", project, start + dt.timedelta(days=day), "Li", column, value)
               for day, project, column, value in entries]  # fmt: skip
    with Ledger(":memory:", create=True) as ledger:
        ledger.add(events)
        for until in range(10):
            state = ledger.state(start + dt.timedelta(days=until))
            for project in "ab":
                for column in "xyz":
                    said = [(day, place, value) for place, (day, one, name, value) in enumerate(entries)
                            if (one, name) == (project, column) and day <= until]  # fmt: skip
                    assert state.rows[project].get(column) == (max(said)[2] if said else None)


def test_what_is_recorded_can_be_neither_changed_nor_deleted(tmp_path: Path) -> None:
    base = sqlite3.connect(made(tmp_path))
    for statement in ("UPDATE events SET who = 'me'", "DELETE FROM events WHERE number = 1"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            base.execute(statement)
    base.close()


def refused(path: Path, code: str) -> None:
    """A file that is not opened and stays as it is."""
    before = path.read_bytes()
    for create in (False, True):
        with pytest.raises(YaosuError) as caught:
            Ledger(path, create=create)
        assert (
            caught.value.code == code and str(path) in caught.value.text("en") and str(path) in caught.value.text("zh")
        )
    assert path.read_bytes() == before


def test_a_store_of_runs_a_text_and_a_newer_ledger_are_refused_and_left_alone(tmp_path: Path) -> None:
    Store(tmp_path / "runs.sqlite").close()
    refused(tmp_path / "runs.sqlite", "ledger_foreign")
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look at " * 50)
    refused(tmp_path / "notes.txt", "ledger_damaged")
    path = made(tmp_path)
    base = sqlite3.connect(path)
    base.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    base.close()
    refused(path, "ledger_version")
    assert f"{OURS.to_bytes(4, 'big').decode()}" == "YSLG"


def test_damage_inside_is_told_when_it_is_met(tmp_path: Path) -> None:
    path = made(tmp_path)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(YaosuError) as caught, Ledger(path) as ledger:
        ledger.state()
    assert caught.value.code in ("ledger_damaged", "ledger_open")


def test_a_missing_ledger_and_a_place_where_none_can_be_are_told(tmp_path: Path) -> None:
    with pytest.raises(YaosuError, match="import"):
        Ledger(tmp_path / "none.sqlite")
    for path in (tmp_path, tmp_path / "missing" / "ledger.sqlite"):
        with pytest.raises(YaosuError) as caught:
            Ledger(path, create=True)
        assert caught.value.code == "ledger_open"
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_may_only_be_read_is_read_and_told_when_written(tmp_path: Path) -> None:
    path = made(tmp_path)
    with Ledger(path) as ledger:
        ledger._base.execute("PRAGMA query_only = ON")
        assert set(ledger.state().rows) == {"001", "002", "003"}
        with pytest.raises(YaosuError) as caught:
            ledgerentries.set_cell(ledger, "001", "batch", "start", "Li", MARCH, "")
        assert caught.value.code == "ledger_open" and "readonly" in caught.value.text("zh")


WRITER = """
import datetime as dt, sys
from workbench import ledgerentries
from workbench.ledger import Ledger
who, path = sys.argv[1:]
sys.stdin.readline()
with Ledger(path) as ledger:
    for number in range(10):
        ledgerentries.raise_problem(ledger, "001", f"{who} {number}", "窗口", None, who, dt.date(2020, 3, 2))
        ledgerentries.set_cell(ledger, "002", "value", f"{number}", who, dt.date(2020, 3, 2), "")
"""


def started(code: str, *args: str) -> subprocess.Popen[bytes]:
    """A process that waits for a line."""
    return subprocess.Popen([sys.executable, "-c", code, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)  # fmt: skip


def test_two_processes_write_at_once_and_no_number_is_given_twice(tmp_path: Path) -> None:
    path = made(tmp_path)
    writers = [started(WRITER, who, str(path)) for who in ("a", "b")]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    assert [writer.communicate()[1] for writer in writers] == [b"", b""]
    with Ledger(path) as ledger:
        problems = ledger.state().problems
    assert sorted(problems) == list(range(1, 21))
    assert {one.text for one in problems.values()} == {f"{who} {number}" for who in "ab" for number in range(10)}


KILLED = """
import datetime as dt, sys
from workbench.ledger import Ledger
from workbench.ledgerstate import Event
with Ledger(sys.argv[1]) as ledger, ledger.writing():
    ledger.add(Event("left", project, dt.date(2020, 3, 2), "Li") for project in ("001", "002"))
    print("half", flush=True)
    sys.stdin.readline()
"""


def test_a_killed_process_leaves_nothing_half_written(tmp_path: Path) -> None:
    path = made(tmp_path)
    before = count(path)
    writer = started(KILLED, str(path))
    assert writer.stdout is not None and writer.stdout.readline() == b"half\n"
    with Ledger(path) as ledger:  # a reader neither waits nor sees it
        assert set(ledger.state().rows) == {"001", "002", "003"}
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    assert count(path) == before
    take(path, case(value=[1.0, 1.0, 1.0]), MARCH)
    assert drawn(path, MARCH).hash == case(value=[1.0, 1.0, 1.0]).hash


def test_problems_are_counted_as_by_hand() -> None:
    random = np.random.default_rng(4)
    first, last = dt.date(2020, 3, 1), dt.date(2020, 3, 31)
    problems = []
    for number in range(200):
        raised = dt.date(2019, 12, 1) + dt.timedelta(days=int(random.integers(0, 121)))
        solved = raised + dt.timedelta(days=int(random.integers(0, 90)))
        resolved = solved if solved <= last else None
        office = str(random.choice(["a", "b", "c"]))
        problems.append(Problem(number, "p", "", office, "city", raised, "Li", resolved=resolved))
    table = counts(problems, lambda one: one.office, first, last).set_index("group")
    for office in "abc":
        own = [one for one in problems if one.office == office]
        ages = [(last - one.raised).days for one in own if one.resolved is None]
        row = table.loc[office]
        assert row["received"] == sum(one.raised.month == 3 and one.raised.year == 2020 for one in own)
        assert row["resolved"] == sum(one.resolved is not None and one.resolved >= first for one in own)
        assert (row["open"], row["oldest"]) == (len(ages), max(ages))
        bounds = [-1, *AGES, 10**6]
        assert [row[f"age{i}"] for i in range(4)] == [
            sum(low < age <= high for age in ages) for low, high in zip(bounds, bounds[1:], strict=False)
        ]
    assert table["open"].sum() == counted(problems, first, last)["open"]


def test_the_file_holds_who_and_both_times(tmp_path: Path) -> None:
    path = made(tmp_path)
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    with Ledger(path) as ledger:
        ledgerentries.set_cell(ledger, "001", "开工日期", "2020年3月2日", "王", MARCH, "现场核实")
        *_, event = ledger.events()
    assert (event.day, event.who, event.note, event.value) == (MARCH, "王", "现场核实", "2020-03-02")
    assert before <= dt.datetime.fromisoformat(event.recorded) <= dt.datetime.now(dt.UTC)
    assert PROJECTS["started"].isna()[0]
