"""Faulty processes of a case, told exactly in both languages."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from faultycase import write

from allocator.case import Case
from allocator.labels import words
from simulation.casecheck import check_process
from workbench.cli import yaosu
from workbench.running import looked, place

INPUTS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("faulty.toml").read_text("utf-8"))["input"]


def test_the_small_case_itself_is_without_faults(tmp_path: Path) -> None:
    case, found = looked(write(tmp_path / "case"))
    assert found == () and case is not None and check_process(case) == []


def test_there_are_enough_faulty_inputs_and_each_is_another() -> None:
    assert len({str(one["changes"]) for one in INPUTS}) == len(INPUTS) >= 40


@pytest.mark.parametrize("one", INPUTS, ids=[one["what"] for one in INPUTS])
def test_a_faulty_process_is_told_exactly_in_both_languages(one: dict[str, Any], tmp_path: Path) -> None:
    _, found = looked(write(tmp_path / "case", one["changes"]))
    assert [fault.text("en") for fault in found] == one["en"]
    assert [fault.text("zh") for fault in found] == one["zh"]
    assert [fault.severity for fault in found] == ["error"] * one["errors"] + ["warning"] * (len(found) - one["errors"])


def test_a_case_without_stages_has_no_process_to_check(tmp_path: Path) -> None:
    files = ["stages.csv", "offices.csv", "problems.csv", "calendar.csv", "process.csv"]
    case, found = looked(write(tmp_path / "case", [[file] for file in files]))
    assert case is not None and found == () and check_process(case) == []


def test_rules_of_checkpoints_are_checked(tmp_path: Path) -> None:
    folder = write(tmp_path / "case")
    rows = "checkpoint,measure,date,where,value\na,started,2020-06-30,regoin = North,0.5\n"
    (folder / "checkpoints.csv").write_text(rows, "utf-8")
    assert [fault.text() for fault in check_process(Case.read(folder))] == [
        "checkpoints, row 2, where: the projects have no column “regoin”; did you mean “region”?"
    ]


def test_the_command_shows_the_faults_of_a_process_and_ends_with_2(tmp_path: Path) -> None:
    folder = write(tmp_path / "case", [["stages.csv", "energy,board", "energy,bord"], ["projects.csv", "50,", "x,"]])
    result = CliRunner().invoke(yaosu, ["check", str(folder), "--json"])
    told = json.loads(result.stdout)
    assert result.exit_code == 2 and told["errors"] == 2
    assert {one["table"] for one in told["faults"]} == {"projects", "stages"}


@pytest.mark.parametrize("name", ["gb-grid-2021", "shandong-2020"])
def test_the_process_of_a_sample_is_sound(name: str) -> None:
    case = Case.read(place(name))
    assert [fault.text() for fault in check_process(case)] == []


def test_every_message_of_the_process_is_spoken_by_some_test() -> None:
    here = [Path(__file__).with_name(name) for name in ("test_soundness.py", "test_processtables.py")]
    said = " ".join(path.read_text("utf-8") for path in here)
    levers = tomllib.loads(Path(__file__).with_name("faulty_levers.toml").read_text("utf-8"))["input"]
    texts = " ".join(line for one in [*INPUTS, *levers] for line in one["en"])
    file = Path(__file__).parents[2] / "allocator" / "words" / "process.toml"
    for key in tomllib.loads(file.read_text("utf-8")):
        if key.startswith("fault."):
            fixed = max(words()[key][0].replace("}", "{").split("{")[::2], key=len).strip()
            assert fixed in texts or key.removeprefix("fault.") in said, key


def test_a_stage_that_a_project_has_behind_it_must_be_one_of_the_process() -> None:
    case = Case.from_tables(
        projects=pd.DataFrame(
            {"id": ["a", "b"], "land": 4.0, "value": 2.0, "ready": 0.0, "passed": ["site", "sitf|air"]}
        ),
        pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}),
        stages=pd.DataFrame({"stage": ["site"], "elapsed": [3]}),
    )
    assert [fault.text() for fault in check_process(case)] == [
        "projects, row 3, passed: there is no stage “sitf”; did you mean “site”?",
        "projects, row 3, passed: there is no stage “air”",
    ]
