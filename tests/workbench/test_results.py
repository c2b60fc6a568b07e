"""What a plan leaves behind: files, summary, exit codes, and what an interruption keeps."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from cases import LANGS, hard, impossible, run, small

from allocator import Case
from allocator.labels import Lang

YAOSU = [sys.executable, "-m", "workbench"]
ROOT = Path(__file__).parents[2]
PICTURES = {"pools.png", "benefit.png", "curve.png"}


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("lang", LANGS)
def test_a_plan_is_told_and_written_in_the_language_asked_for(tmp_path: Path, lang: Lang) -> None:
    mine = tmp_path / "out" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    (mine.parent / "rule_costs.csv").write_text("of an earlier plan")
    result = run("allocate", small(tmp_path), "--out", "out", "--lang", lang)
    assert (result.exit_code, result.stderr) == (0, "")
    names = {file.name for file in mine.parent.iterdir()}
    assert names >= {"plan.xlsx", "projects.csv", "grants.csv", "pools.csv", "summary.json", "mine.txt"} | PICTURES
    assert "rule_costs.csv" not in names and mine.read_text() == "mine"
    assert not [name for name in names if name.startswith(".")]
    assert all(word in result.stdout for word in ("out/plan.xlsx", "5", *({"zh": ["方案"], "en": ["plan"]}[lang])))
    assert bool(re.search("[一-鿿]", result.stdout.splitlines()[1])) == (lang == "zh")
    projects = pd.read_csv(mine.parent / "projects.csv", dtype={"id": str})
    assert (
        projects.loc[projects["funded"], "value"].sum()
        == json.loads((mine.parent / "summary.json").read_text("utf-8"))["objective"]
    )
    first = openpyxl.load_workbook(mine.parent / "plan.xlsx")
    cells = [cell for sheet in first for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"], "a name became a formula"


def test_json_is_the_summary_and_nothing_else(tmp_path: Path) -> None:
    result = run("allocate", small(tmp_path), "--json", "--robustness", 20, "--seed", 3, "--jobs", 1)
    assert result.exit_code == 0
    out = tmp_path / "out" / "重点 项目"
    assert json.loads(result.stdout) == json.loads((out / "summary.json").read_text("utf-8"))
    drawn = pd.read_csv(out / "robustness.csv", dtype={"id": str})
    assert drawn["draws"].eq(20).all() and drawn["id"].tolist() == ["001", "002", "003", "004"]


def test_costs_are_worked_out_on_request_and_told(tmp_path: Path) -> None:
    case = Case.read(small(tmp_path))
    rule = {"name": "济南", "measure": "count", "limit": 2, "by": "region", "of": ["济南"]}
    case.with_changes(policy={"floors": [rule]}).write("ruled")
    result = run("allocate", "ruled", "--costs", "--jobs", 1)
    assert result.exit_code == 0
    costs = pd.read_csv(tmp_path / "out" / "ruled" / "rule_costs.csv")
    worth = pd.read_csv(tmp_path / "out" / "ruled" / "block_values.csv")
    # Without the rule 001 and 004 (or 002 and 003) are worth 6 or 7; with it 003 and 004 are done, and 30 mu are left.
    assert costs[["rule", "kind"]].values.tolist() == [["济南", "floor"]]
    free, ruled = (json.loads(run("allocate", name, "--json").stdout)["objective"] for name in ("重点 项目", "ruled"))
    assert costs["cost"].iloc[0] == free - ruled
    assert worth["name"].tolist() == ["省级"]
    assert "floor: 济南" in result.stdout and "省级" in result.stdout


@pytest.mark.parametrize("lang, words", [("en", "no longer force 001"), ("zh", "不再必保001")])
def test_an_impossible_case_exits_1_with_the_conflict_in_words(tmp_path: Path, lang: Lang, words: str) -> None:
    case = impossible(tmp_path)
    result = run("allocate", case, "--lang", lang)
    assert result.exit_code == 1
    assert words in result.stdout and "省级" in result.stdout
    plain = run("allocate", case, "--json", "--lang", lang)
    assert (plain.exit_code, json.loads(plain.stdout)["status"]) == (1, "infeasible")
    assert words in plain.stderr
    asked = run("explain", case, "001", "--lang", lang)
    assert asked.exit_code == 1 and words in asked.stdout


@pytest.mark.parametrize("lang", LANGS)
def test_a_project_is_explained_in_words_and_as_data(tmp_path: Path, lang: Lang) -> None:
    case = small(tmp_path)
    result = run("explain", case, "001", "--lang", lang)
    told = json.loads(run("explain", case, "001", "--lang", lang, "--json").stdout)
    assert result.exit_code == 0
    assert result.stdout == told["text"] + "\n"
    assert told["standing"]["id"] == "001" and told["check"]["verified"]
    assert bool(re.search("[一-鿿]", result.stdout.split("A0")[1])) == (lang == "zh" or "省级" in result.stdout)


def test_scenarios_are_laid_side_by_side(tmp_path: Path) -> None:
    case = small(tmp_path)
    (case / "scenarios").mkdir()
    for name, factor in (("more", 2.0), ("less", 0.5)):
        text = f'title = "{name} land"\n[[pools]]\nscale = {{ amount = {factor} }}\n'
        (case / "scenarios" / f"{name}.toml").write_text(text)
    result = run("allocate", case, "--scenario", "more", "--scenario", case / "scenarios" / "less.toml", "--jobs", 1)
    assert result.exit_code == 0
    out = tmp_path / "out" / "重点 项目" / "scenarios"
    assert {file.name for file in out.iterdir()} >= {"scenarios.xlsx", "scenarios.png", "scenarios.csv", "summary.json"}
    worth = {name: line.split(f"{name} land")[1].split()[0] for name in ("more", "less")
             for line in result.stdout.splitlines() if f"{name} land" in line}  # fmt: skip
    assert worth == {"more": "13", "less": "3"}  # 100 mu hold all four; 25 mu hold 003 alone
    told = json.loads((out / "summary.json").read_text("utf-8"))
    same = run("allocate", case, "--scenario", "more", "--scenario", "less", "--jobs", 1, "--json")
    assert [row["objective"] for row in told["scenarios"]] == [
        row["objective"] for row in json.loads(same.stdout)["scenarios"]]  # fmt: skip


def test_a_scenario_with_a_typing_error_is_refused(tmp_path: Path) -> None:
    case = small(tmp_path)
    (tmp_path / "odd.toml").write_text("[[pools]]\nscale = { amont = 2 }\n")
    result = run("allocate", case, "--scenario", "odd.toml")
    assert result.exit_code == 2
    assert "amont" in result.stderr and "amount" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_pipe_sees_no_progress_and_a_closed_pipe_no_traceback(tmp_path: Path) -> None:
    case = small(tmp_path)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([*YAOSU, "check", case], capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "No faults.\n", "")
    closed = subprocess.Popen([*YAOSU, "check", case], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    assert closed.stdout is not None and closed.stderr is not None
    closed.stdout.close()
    assert closed.stderr.read() == b""
    closed.wait()
    closed.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_the_best_plan_so_far(tmp_path: Path, number: int) -> None:
    seen = _interrupted([*YAOSU, "allocate", str(hard(tmp_path)), "--gap", "0", "--time-limit", "300"], number)
    assert seen.returncode == 130
    assert "Interrupted: this is the best plan found so far." in seen.stderr
    told = json.loads((tmp_path / "out" / "hard" / "summary.json").read_text("utf-8"))
    projects = pd.read_csv(tmp_path / "out" / "hard" / "projects.csv")
    assert told["status"] == "feasible" and 0 < told["gap"] < 0.1
    assert projects.loc[projects["funded"], "value"].sum() == pytest.approx(told["objective"])
    assert not [file for file in tmp_path.rglob(".*")]


def _interrupted(args: list[str], number: int) -> subprocess.CompletedProcess[str]:
    """A command on a terminal, ended by a signal once its progress tells of a plan."""
    ours, theirs = pty.openpty()
    env = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120", "YAOSU_LANG": "en"}
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=theirs, env=env) as running:
        os.close(theirs)
        seen, sent, end = "", False, time.monotonic() + 120
        with contextlib.suppress(OSError):
            while time.monotonic() < end and (read := os.read(ours, 4096)):
                seen += read.decode("utf-8", "replace")
                if not sent and re.search(r"best so far [\d,]+, at most [\d,]+, gap", seen):
                    running.send_signal(number)
                    sent = True
        os.close(ours)
        assert running.stdout is not None
        shown = running.stdout.read().decode()
    return subprocess.CompletedProcess(args, running.returncode, shown, seen)


@pytest.mark.slow
def test_the_demo_makes_both_plans_and_a_report_and_says_where_to_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.showing.REPLICATIONS", 2)
    result = run("demo", "--out", "demo", "--lang", "zh")
    assert result.exit_code == 0
    for sample in ("gb-grid-2021", "shandong-2020"):
        told = json.loads((tmp_path / "demo" / sample / "summary.json").read_text("utf-8"))
        assert told["gap"] < 0.002
        assert f"demo/{sample}/plan.xlsx" in result.stdout
    assert "配置决定" in result.stdout
    told = json.loads((tmp_path / "demo" / "report" / "summary.json").read_text("utf-8"))
    assert told["regimes"] == ["regional", "ranked", "follow"] and len(told["scenarios"]) == 2
    assert "demo/report/report.html" in result.stdout
    assert (tmp_path / "demo" / "report" / "report.html").stat().st_size > 100_000
