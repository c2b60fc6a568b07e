"""What a store keeps of plans and experiments: whole or not at all, with what it was made from, and only as long."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic import outcome

from allocator import Case, YaosuError, allocate, load_sample
from simulation import Office, Process, Scenario, Stage, Store, experiment, keeping, record_plan, record_runs, storefile
from simulation.keeping import Record, pack, unpack
from simulation.keepingdiff import difference
from simulation.store import Entry, Failure
from simulation.storefile import SCHEMA

PROJECTS = pd.DataFrame({
    "id": ["001", "002", "003"], "name": ["=港口", None, "a,b\n\"c\""], "land": [4.0, 3.0, 2.0],
    "value": [5.0, 4.0, 1.0], "ready": [0.0, 1.0, 2.0],
})  # fmt: skip
CASE = Case.from_tables(
    projects=PROJECTS, pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}), name="项目 一"
)
DESK = Process([Stage("review", office="desk", work=2.0)], [Office("desk")])
OLD = """
CREATE TABLE outcomes (
    input TEXT NOT NULL, replication INTEGER NOT NULL, scenario TEXT NOT NULL, seed INTEGER NOT NULL,
    created TEXT NOT NULL, version TEXT NOT NULL, status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    kind TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', data BLOB,
    PRIMARY KEY (input, replication)
)
"""
"""As version 1 made it."""


@pytest.fixture(scope="module")
def record() -> Record:
    return record_plan(allocate(CASE), {"time_limit": 60.0})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def tables_equal(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> bool:
    return list(one) == list(other) and all(
        table.reset_index(drop=True).equals(other[name]) for name, table in one.items()
    )


def test_a_plan_comes_back_as_it_was_kept(place: Path, record: Record) -> None:
    with Store(place) as store:
        number = store.keep(record)
    with Store(place) as store:
        again = store.load(number)
    assert again.case.hash == CASE.hash and again.case.name == "项目 一"
    assert tables_equal(dict(record.tables), dict(again.tables)) and record.figures.equals(again.figures)
    assert again.summary == record.summary and again.told()["versions"] == record.versions
    fresh = {"number", "created", "repeated"}
    assert {key: one for key, one in again.told().items() if key not in fresh} == {
        key: one for key, one in record.told().items() if key not in fresh
    }
    plan = allocate(again.case)
    assert plan.projects.equals(record.tables["projects"]), "the copy gives the same plan"


@pytest.mark.parametrize("sample", ["shandong-2020", "gb-grid-2021"])
def test_the_copy_of_a_sample_has_the_hash_of_the_sample(sample: str) -> None:
    case = load_sample(sample)
    data = keeping.copy(case)
    assert keeping.read(data, sample).hash == case.hash and data == keeping.copy(case)


def test_any_table_comes_back_exactly() -> None:
    random = np.random.default_rng(1)
    table = pd.DataFrame({
        "text": ["001", None, "", "a\n\"=1"], "float": [0.1, np.nan, np.inf, -np.inf], "whole": [1, -2, 3, 2**62],
        "truth": [True, False, True, True],
        "day": [pd.Timestamp(2020, 3, 2), None, pd.Timestamp(1999, 12, 31, 12, 30), None],
        "mixed": pd.Series([1, "x", None, 2.5], dtype=object), "blank": pd.Series([None] * 4, dtype=object),
        "drawn": random.normal(size=4), "类": pd.Categorical(["甲", "乙", "甲", None]),
        "some": pd.array([1, None, 3, 4], dtype="Int64"),
    })  # fmt: skip
    pd.testing.assert_frame_equal(unpack(pack(table)), table)
    assert unpack(pack(table[:0])).columns.tolist() == table.columns.tolist() and len(unpack(pack(table[:0]))) == 0
    assert unpack(pack(pd.DataFrame())).shape == (0, 0)
    with pytest.raises(ValueError):
        unpack(b"no table")


def test_the_same_made_again_is_not_kept_twice(place: Path, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(f"2020-03-0{day}T00:00:00+00:00" for day in range(1, 9))
    monkeypatch.setattr("simulation.store._now", lambda: next(times))
    with Store(place) as store:
        first = store.keep(record)
        assert store.keep(replace(record, seconds=99.0)) == first
        other = store.keep(replace(record, options={"time_limit": 5.0}))
        table = store.kept()
    assert table["number"].tolist() == [first, other] == [1, 2]
    assert table["created"].str[:10].tolist() == ["2020-03-01", "2020-03-03"]
    assert table["repeated"].str[:10].tolist() == ["2020-03-02", "2020-03-03"]
    assert table["case"].tolist() == ["项目 一"] * 2 and table["input"].tolist() == [CASE.hash] * 2
    assert count(place, "inputs") == 1, "one copy for both"


def count(place: Path, table: str) -> int:
    base = sqlite3.connect(place)
    [number] = base.execute(f"SELECT count(*) FROM {table}").fetchone()
    base.close()
    return int(number)


def kept_experiment(store: Store, levers: dict[str, Scenario], seed: int = 1) -> int:
    store.touched.clear()  # as if opened for it
    runs = experiment(CASE.projects, DESK, levers, replications=2, seed=seed, jobs=1, engine="simpy", store=store)
    return store.keep(record_runs(CASE, runs, engine="simpy"))


def test_deleting_takes_what_nothing_else_refers_to_and_nothing_else(place: Path, record: Record) -> None:
    with Store(place) as store:
        store.add([Entry("f00d", 0, "unfinished", 1, b"x")])
        both = kept_experiment(store, {"base": Scenario(), "fast": Scenario(speed=2.0)})
        base = kept_experiment(store, {"base": Scenario()})
        other = kept_experiment(store, {"base": Scenario()}, seed=2)
        plan = store.keep(replace(record, case=CASE.with_changes(pools=lambda pools: pools.assign(amount=6.0))))
        before = store.load(base), store.load(plan)
        gone = store.delete(both)
        assert (gone.replications, gone.cases) == (2, 0), "those of the fast one alone"
        assert [again.told() for again in (store.load(base), store.load(plan))] == [one.told() for one in before]
        assert tables_equal(dict(before[0].tables), dict(store.load(base).tables))
        assert (store.delete(base).replications, store.delete(other).cases) == (2, 1)
        assert store.kept()["number"].tolist() == [plan] and store.done("f00d") == {0}
        assert store.delete(plan).cases == 1
        assert [count(place, table) for table in ("kept", "inputs", "results", "uses", "outcomes")] == [0, 0, 0, 0, 1]
        with pytest.raises(YaosuError) as caught:
            store.delete(plan)
        assert caught.value.code == "kept_unknown"
        assert store.keep(record) > plan, "a number is never given twice"
        kept_experiment(store, {"base": Scenario()})
        assert store.unfinished() == 1 == store.delete_unfinished().replications
        assert store.unfinished() == 0 and count(place, "outcomes") == 2


def test_deleting_gives_the_space_back(place: Path, record: Record) -> None:
    random = np.random.default_rng(1)
    with Store(place) as store:
        store.keep(record)
        small = place.stat().st_size
        big = replace(record, tables={"noise": pd.DataFrame(random.normal(size=(20_000, 3)))}, status="big")
        gone = store.delete(store.keep(big))
    assert gone.freed > 300_000 and place.stat().st_size <= small + 100_000


def test_an_experiment_goes_on_after_another_that_shares_its_replications_is_deleted(place: Path) -> None:
    with Store(place) as store:
        number = kept_experiment(store, {"base": Scenario()})
        store.delete(number)
        again = kept_experiment(store, {"base": Scenario()})
        assert store.load(again).replications == 2


def old_store(place: Path) -> bytes:
    """A file as version 1 left it: one replication done, one failed."""
    data = outcome(np.arange(5.0)).to_bytes()
    base = sqlite3.connect(place, isolation_level=None)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute(OLD)
    base.execute("PRAGMA user_version = 1")
    row = "INSERT INTO outcomes VALUES ('f00d', ?, 'base', 1, '2020', '0.1.0', ?, ?, ?, ?)"
    base.execute(row, (0, "done", "", "", data))
    base.execute(row, (1, "failed", "ValueError", "no such day", None))
    base.close()
    return data


def test_an_older_store_is_brought_up_to_date_and_loses_nothing(place: Path, record: Record) -> None:
    data = old_store(place)
    with Store(place) as store:
        assert store.done("f00d") == {0} and store.failures("f00d") == {1: Failure("ValueError", "no such day")}
        [(_, again)] = store.outcomes("f00d", [0])
        assert again.to_bytes() == data and len(store.kept()) == 0
        assert store.load(store.keep(record)).case.hash == CASE.hash
    base = sqlite3.connect(place)
    assert base.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
    base.close()


def test_an_upgrade_that_fails_leaves_the_older_store(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_store(place)
    monkeypatch.setitem(storefile.STEPS, 2, ("CREATE TABLE kept (id)", "nonsense"))
    with pytest.raises(YaosuError):
        Store(place)
    monkeypatch.undo()
    base = sqlite3.connect(place)
    assert base.execute("PRAGMA user_version").fetchone() == (1,)
    assert base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("outcomes",)]
    base.close()
    with Store(place) as store:
        assert store.done("f00d") == {0}


def test_a_database_of_something_else_is_refused_whatever_its_version(tmp_path: Path) -> None:
    for version in (0, 1, SCHEMA, 9):
        path = tmp_path / f"{version}.sqlite"
        base = sqlite3.connect(path)
        base.execute("CREATE TABLE letters (text)")
        base.execute(f"PRAGMA user_version = {version}")
        base.close()
        before = path.read_bytes()
        with pytest.raises(YaosuError) as caught:
            Store(path)
        assert caught.value.code == "store_foreign" and path.read_bytes() == before


def test_damage_in_what_is_kept_is_told(place: Path, record: Record) -> None:
    with Store(place) as store:
        number = store.keep(record)
        for column, table in (("data", "results"), ("copy", "inputs")):
            kept = store._base.execute(f"SELECT {column} FROM {table}").fetchone()[0]
            store._base.execute(f"UPDATE {table} SET {column} = ?", (b"neither zip nor zlib",))
            with pytest.raises(YaosuError) as caught:
                store.load(number)
            assert caught.value.code == "store_damaged"
            store._base.execute(f"UPDATE {table} SET {column} = ?", (kept,))


HANGING = """
import sys, time
import numpy as np, pandas as pd
from allocator import Case
from simulation import Store
from simulation.keeping import Record
case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [5.0]}),
                        pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [float(sys.argv[2])]}))
figures = pd.DataFrame([("", "objective", "", 5.0, 0.0, 0.0)],
                       columns=["scenario", "measure", "unit", "value", "low", "high"])
tables = {f"t{i}": pd.DataFrame(np.random.default_rng(i).normal(size=(300, 3))) for i in range(4)}
store = Store(sys.argv[1])
if sys.argv[3] == "hang":
    def watch(statement):
        if statement.startswith("INSERT INTO results") and " 2, " in statement:
            print("within", flush=True)
            time.sleep(600)
    store._base.set_trace_callback(watch)
sys.stdin.readline()
for number in range(int(sys.argv[4])):
    store.keep(Record("plan", "allocate", case, figures, tables, {}, seed=number))
"""


def writer(place: Path, amount: int, how: str, times: int) -> subprocess.Popen[str]:
    args = [sys.executable, "-c", HANGING, str(place), str(amount), how, str(times)]
    return subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_process_killed_while_it_keeps_leaves_nothing_half_written(place: Path, record: Record) -> None:
    with Store(place) as store:
        number = store.keep(record)
    killed = writer(place, 7, "hang", 1)
    assert killed.stdin is not None and killed.stdout is not None
    killed.stdin.write("go\n")
    killed.stdin.flush()
    assert killed.stdout.readline() == "within\n", killed.communicate()[1]
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with Store(place) as store:
        assert store.kept()["number"].tolist() == [number]
        assert store._base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.load(number).case.hash == CASE.hash
        assert store.keep(replace(record, seed=3)) > number
    assert count(place, "inputs") == 1 and count(place, "results") == 2 * len(record.tables)


def test_several_processes_keep_and_delete_at_once(place: Path, record: Record) -> None:
    old_store(place)  # they bring it up to date together too
    writers = [writer(place, amount, "run", 8) for amount in (5, 5, 6)]
    for one in writers:  # all begin together
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    with Store(place) as store:
        for seed in range(4):
            store.delete(store.keep(replace(record, seed=seed)))
    assert [one.communicate()[1] for one in writers] == ["", "", ""]
    with Store(place) as store:
        table = store.kept()
        assert table.groupby("input")["seed"].apply(list).tolist() == [list(range(8))] * 2, "the same case is kept once"
        assert count(place, "inputs") == 2 and store.done("f00d") == {0}
        loaded = [store.load(number) for number in table["number"]]
    assert all(list(one.tables) == ["t0", "t1", "t2", "t3"] for one in loaded)


def test_two_plans_are_compared_as_the_plans_themselves_are() -> None:
    random = np.random.default_rng(3)
    projects = pd.DataFrame({"id": [f"p{i}" for i in range(60)], "region": ["烟台", "济南"] * 30,
                             "land": random.uniform(1, 9, 60), "value": random.uniform(1, 9, 60)})  # fmt: skip
    pools = pd.DataFrame({"pool": ["p", "q"], "resource": "land", "region": ["烟台", "济南"], "amount": [60.0, 60.0]})
    small = Case.from_tables(projects=projects, pools=pools)
    more = small.with_changes(
        projects=lambda table: table[table["id"] != "p7"],
        pools=lambda table: table.assign(amount=[30.0, 100.0]), policy={"match": {"land": 0.9}},
    )  # fmt: skip
    one, two = allocate(more), allocate(small)
    found, known = difference(record_plan(one), record_plan(two)), one.compare(two).projects
    funded = known[known["in_plan"] != known["in_other"]]
    moved = found.projects[found.projects["funded_a"] != found.projects["funded_b"]]
    assert len(moved) and set(moved["id"]) == set(funded["id"])
    assert set(moved.loc[moved["funded_a"], "id"]) == set(funded.loc[funded["in_plan"], "id"])
    figures = found.figures.set_index("measure")
    assert one.objective is not None and two.objective is not None
    assert figures.loc["objective", "change"] == pytest.approx(one.objective - two.objective)
    rows = found.inputs.set_index("table")[["columns", "only_a", "only_b"]]
    assert rows.index.tolist() == ["projects", "pools", "policy"]
    assert rows.loc["projects", ["only_a", "only_b"]].tolist() == [0, 1]
    assert rows.loc["pools"].tolist() == ["amount", 2, 2] and rows.loc["policy", "columns"] == "match"


def test_equal_inputs_differ_nowhere_and_settings_tell_what_does(record: Record) -> None:
    other = replace(
        record, seed=7, scenarios=({"name": "fast", "file": "fast", "content": {"levers": {}}, "point": {}},)
    )
    found = difference(record, other)
    assert not len(found.inputs) and not len(found.projects)
    assert found.settings.values.tolist() == [["seed", "", "7"], ["scenario.fast", "", '{"levers": {}}']]
    assert (found.figures["change"] == 0).all()
    empty = replace(record, figures=record.figures.assign(scenario="x"))
    assert difference(record, empty).figures["change"].isna().all()
