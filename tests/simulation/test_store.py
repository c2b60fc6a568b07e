from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic import outcome

from allocator.errors import YaosuError
from simulation import (
    Deferral,
    Dispatch,
    Hotline,
    Office,
    Problem,
    Process,
    Scenario,
    Stage,
    Teams,
    exponential,
    inputs,
    simulate,
)
from simulation.inputs import input_hash
from simulation.outcome import DAYS, TABLES, Outcome
from simulation.store import Entry, Failure, Store
from simulation.storefile import SCHEMA

PROJECTS = pd.DataFrame({
    "id": ["b", "a", "c"], "ready": [0.0, 3.5, 1.0], "region": ["Jinan", "济宁", None],
    "route": ["file", "approve", "file"],
})  # fmt: skip
PROCESS = Process(
    [
        Stage("site", office="land", work=exponential(2.0), returns=0.3, correction=2.0, limit=5.0, filing=1.0),
        Stage("审批", office="drc", work=3.0, after=("site",), prepare=1.5, elapsed=7.0, limit=20),
    ],
    [Office("land", level="city"), Office("drc", reviewers=2)],
    [Problem("money", mean=0.5, own=exponential(9.0))],
)


def _same(one: Outcome, other: Outcome) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in (*DAYS, "outcome")
    ) and all(
        getattr(one, name).fillna("").astype(object).equals(getattr(other, name).fillna("").astype(object))
        for name in TABLES
    )


def _entry(number: int, result: bytes | Failure, digest: str = "f00d") -> Entry:
    return Entry(digest, number, "baseline", 1, result)


def _outcome(replication: int = 0) -> Outcome:
    run = simulate(PROJECTS, PROCESS, seed=5, replication=replication, engine="simpy")
    return Outcome.of(run.network, run.records)


def test_an_outcome_comes_back_from_bytes_as_it_was() -> None:
    kept = _outcome()
    again = Outcome.from_bytes(kept.to_bytes())
    assert _same(kept, again) and kept.to_bytes() == again.to_bytes()
    assert again.stages["stage"].tolist() == ["site", "审批"]


def test_sums_of_an_outcome_are_those_of_the_run() -> None:
    run = simulate(PROJECTS, PROCESS, seed=5, replication=2, engine="simpy")
    kept, visits = Outcome.of(run.network, run.records), run.visits
    stages = kept.stages.set_index("stage")
    for name in ("site", "审批"):
        own = visits[visits["stage"] == name]
        assert stages.loc[name, "visits"] == len(own) and stages.loc[name, "returned"] == own["returned"].sum()
        assert stages.loc[name, "judged"] == (own["result"] == "passed").sum()
        assert stages.loc[name, "waiting"] == pytest.approx(own["waited"].sum())
        assert stages.loc[name, "worked"] == pytest.approx(own["worked"].sum())
        weeks = kept.waiting.loc[kept.waiting["stage"] == name, "days"]
        assert weeks.sum() == pytest.approx(own["waited"].sum()) and (weeks <= 7 * len(own)).all()
    filings = (visits["stage"] == "site").sum()
    corrections = 2.0 * ((visits["stage"] == "site") & visits["returned"]).sum()
    assert stages.loc["site", "applicant"] == pytest.approx(filings + corrections)
    assert stages.loc["审批", "applicant"] == pytest.approx(1.5 * len(PROJECTS))
    by_id = run.projects.sort_values("id")
    assert kept.started.tolist() == by_id["started"].tolist() and kept.ready.tolist() == by_id["ready"].tolist()


def test_what_is_kept_is_found_again_and_a_failure_never_replaces_it(tmp_path: Path) -> None:
    kept = _outcome()
    with Store(tmp_path / "runs.sqlite") as store:
        store.add([_entry(0, kept.to_bytes()), _entry(1, Failure("ValueError", "no such day")), _entry(0, b"", "cafe")])
        store.add([_entry(0, Failure("OSError", "too late"))])
    with Store(tmp_path / "runs.sqlite") as store:
        assert store.done("f00d") == {0} and store.failures("f00d") == {1: Failure("ValueError", "no such day")}
        [(number, again)] = store.outcomes("f00d", range(5))
        assert number == 0 and _same(kept, again)
        store.add([_entry(1, kept.to_bytes())])
        assert store.done("f00d") == {0, 1} and store.failures("f00d") == {} and store.done("beef") == set()


def test_entries_are_added_all_or_none(tmp_path: Path) -> None:
    with Store(tmp_path / "runs.sqlite") as store:
        with pytest.raises(YaosuError):
            store.add([_entry(0, b"1"), replace(_entry(1, b"2"), scenario=None)])  # type: ignore[arg-type]
        assert store.done("f00d") == set()


def _refused(path: Path, code: str, english: str, chinese: str) -> None:
    before = path.read_bytes()
    with pytest.raises(YaosuError) as caught:
        Store(path)
    assert caught.value.code == code
    assert english in caught.value.text("en") and chinese in caught.value.text("zh") and str(path) in str(caught.value)
    assert path.read_bytes() == before


def test_a_store_of_another_version_is_refused_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    Store(path).close()
    base = sqlite3.connect(path)
    base.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    base.close()
    _refused(path, "store_version", f"has version {SCHEMA + 1}", f"版本为{SCHEMA + 1}")


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "other.sqlite")
    base.execute("CREATE TABLE letters (text)")
    base.close()
    _refused(tmp_path / "other.sqlite", "store_foreign", "something else", "其他用途")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look at " * 50)
    _refused(tmp_path / "notes.txt", "store_damaged", "damaged or no store", "已损坏")


def test_damage_inside_is_told_when_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    with Store(path) as store:
        store.add([_entry(0, b"these bytes are no outcome")])
        with pytest.raises(YaosuError) as caught:
            list(store.outcomes("f00d", [0]))
        assert caught.value.code == "store_damaged"
        store.add([_entry(number, outcome(np.arange(500.0)).to_bytes()) for number in range(1, 60)])
    data = bytearray(path.read_bytes())
    data[4096:-4096] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(YaosuError) as caught, Store(path) as store:
        list(store.outcomes("f00d", range(1, 60)))
    assert caught.value.code == "store_damaged"


def test_a_place_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(YaosuError) as caught:
        Store(tmp_path / "missing" / "runs.sqlite")
    assert caught.value.code == "store_open"


WRITER = """
import sys
from simulation.store import Entry, Failure, Store
first, path = int(sys.argv[1]), sys.argv[2]
sys.stdin.readline()
with Store(path) as store:
    for number in range(first, first + 150):
        store.add([Entry("f00d", number, "baseline", 1, b"x" * 20000)])
        store.done("f00d")
"""


def test_several_processes_make_and_write_one_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(first), str(path)], stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for first in (0, 100, 200)  # they overlap
    ]
    for writer in writers:  # all begin together
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    assert [writer.communicate()[1] for writer in writers] == [b"", b"", b""]
    with Store(path) as store:
        assert store.done("f00d") == set(range(350))


def test_the_digest_of_an_input_does_not_depend_on_how_it_is_written() -> None:
    known = input_hash(PROJECTS, PROCESS, seed=1)
    assert input_hash(PROJECTS.iloc[[2, 0, 1]], PROCESS, seed=1) == known
    assert input_hash(PROJECTS[["route", "ready", "region", "id"]], PROCESS, seed=1) == known
    assert input_hash(PROJECTS.assign(notes=None), PROCESS, seed=1) == known
    assert (
        input_hash(PROJECTS.assign(ready=pd.Series([0, 3.5, 1], dtype=object)).infer_objects(), PROCESS, seed=1)
        == known
    )
    assert input_hash(PROJECTS, PROCESS, Scenario(), seed=1) == known
    titled = [replace(stage, title="A title", phase="works") for stage in PROCESS.stages]
    assert input_hash(PROJECTS, PROCESS.with_changes(stages=titled), seed=1) == known
    assert input_hash(PROJECTS, PROCESS, until=10, seed=1) == input_hash(PROJECTS, PROCESS, until=10.0, seed=1)
    ends = [input_hash(PROJECTS, PROCESS, until=day, seed=1) for day in ("2020-02-01", dt.date(2020, 2, 1), 32)]
    assert ends[0] == ends[1] != ends[2], "a date ends just before midnight"


def test_scenarios_with_the_same_effect_have_one_digest() -> None:
    known = input_hash(PROJECTS, PROCESS, Scenario(speed=2.0, reviewers={"drc": 4}))
    assert known != input_hash(PROJECTS, PROCESS)
    assert known == input_hash(PROJECTS, PROCESS, Scenario(speed={"site": 2.0, "drc": 2}, reviewers={"drc": 4.0}))  # type: ignore[dict-item]
    assert known == input_hash(PROJECTS, Scenario(speed=2).apply(PROCESS), Scenario(reviewers={"drc": 4}))
    assert known == input_hash(
        PROJECTS, PROCESS, Scenario(speed=2.0, change=lambda one: Scenario(reviewers={"drc": 4}).apply(one))
    )


STAGE: dict[str, list[object]] = {
    "name": ["place"], "office": ["drc"], "work": [exponential(2.1), 2.0], "after": [("审批",)],
    "customary_after": [("审批",)], "applies": ["route = file"], "prepare": [1.0], "filing": [2.0], "elapsed": [1.0],
    "returns": [0.31], "correction": [3.0], "refuses": [0.1], "withdraws": [0.1], "limit": [None, 6.0],
    "extension": [1.0], "deferrable": [True, "route = file"], "after_grant": [True], "not_before": ["2020-02-01"],
    "after_start": [True], "phase": [], "title": [],
}  # fmt: skip
OFFICE: dict[str, list[object]] = {
    "name": ["lands"], "reviewers": [3], "level": ["province"], "region": ["Jinan"], "county": [], "preemptive": [True],
    "staff": [((10.0, 2),), ((10.0, 3),), (("2020-02-01", 2),)], "every": [30.0], "seats": [4, 5], "room": [5],
    "title": [],
}  # fmt: skip
PROBLEM: dict[str, list[object]] = {
    "name": ["land"], "mean": [0.6], "own": [9.0], "applies": ["route = file"], "blocks": ["site"], "hotline": [False],
    "dispatch": [False], "teams": [False], "title": [],
}  # fmt: skip
PROCESSES: dict[str, list[object]] = {
    "stages": [], "offices": [], "problems": [], "calendar": ["CN", "weekly"], "origin": ["2020-01-02"],
    "entry": ["entered"], "patience": [90.0, exponential(90.0)], "year": [exponential(1.0)],
    "deferral": [Deferral(), Deferral(default=0.1)], "hotline": [Hotline(2, 1.0, 0.5), Hotline(2, 1.0, 0.5, since=3)],
    "dispatch": [Dispatch(30, 0.5), Dispatch(30, 0.5, seats=4), Dispatch(30, 0.5, notice=7)],
    "teams": [Teams(2, 1.0, 1.0, 0.5)], "parallel": [True], "enforced": [True], "green": [("top",)],
}  # fmt: skip


def _varied(table: pd.DataFrame) -> Iterator[str]:
    """Digests of processes that differ from one another in one field."""
    site, second = PROCESS.stages[0], replace(PROCESS.stages[1], after=())
    yield input_hash(table, PROCESS.with_changes(stages=[site, second]))
    for kind, changes in ((Stage, STAGE), (Office, OFFICE), (Problem, PROBLEM), (Process, PROCESSES)):
        assert set(changes) == {one.name for one in fields(kind)}, kind  # add what is new
    for name, values in STAGE.items():
        for value in values:
            made = replace(site, **{name: value})
            problems = [] if made.after_start else PROCESS.problems
            yield input_hash(table, PROCESS.with_changes(stages=[made, second], problems=problems))
    for name, values in OFFICE.items():
        for value in values:
            land = replace(PROCESS.offices[0], **{name: value}, **({"every": 30.0} if name == "seats" else {}))
            stages = [replace(site, office=land.name, work=0.0 if land.every else site.work), second]
            offices = [PROCESS.offices[0], land] if land.region else [land]
            yield input_hash(table, PROCESS.with_changes(stages=stages, offices=[*offices, PROCESS.offices[1]]))
    for name, values in PROBLEM.items():
        for value in values:
            yield input_hash(table, PROCESS.with_changes(problems=[replace(PROCESS.problems[0], **{name: value})]))
    for name, values in PROCESSES.items():
        for value in values:
            yield input_hash(table, PROCESS.with_changes(**{name: value}))


def test_whatever_can_change_a_result_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    table = PROJECTS.assign(entered=0.0)
    digests = [input_hash(table, PROCESS), input_hash(table, PROCESS, seed=1), input_hash(table, PROCESS, until=10)]
    digests += [input_hash(table, PROCESS, until=10.5), input_hash(PROJECTS, PROCESS)]
    digests += [input_hash(table.assign(ready=[0.0, 3.5, 1.1]), PROCESS), input_hash(table.iloc[:2], PROCESS)]
    digests += list(_varied(table))
    monkeypatch.setattr(inputs, "MODEL_VERSION", inputs.MODEL_VERSION + 1)
    digests.append(input_hash(table, PROCESS))
    assert len(set(digests)) == len(digests) > 60
