"""What simulate, compare and seek answer and leave behind: numbers by hand, both languages, faults, interruptions."""

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
from typing import Any

import openpyxl
import pandas as pd
import pytest
from cases import LANGS, desk, run, small

from allocator import YaosuError
from allocator.labels import Lang
from simulation.store import Failure, Store
from workbench.interruption import Interruption

YAOSU = [sys.executable, "-m", "workbench"]
ROOT = Path(__file__).parents[2]
QUICK = ("--replications", 3, "--jobs", 1, "--engine", "simpy")
TABLES = {
    "scenarios.csv",
    "curve.csv",
    "outcomes.csv",
    "bottlenecks.csv",
    "offices.csv",
    "measures.csv",
    "projects.csv",
}


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test in a folder of its own, without a language of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("YAOSU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def told(*args: object) -> Any:
    """What a command says as JSON."""
    result = run(*map(str, args), "--json")
    assert result.exit_code in (0, 1), result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("lang", LANGS)
def test_a_simulation_is_told_and_written_in_the_language_asked_for(tmp_path: Path, lang: Lang) -> None:
    result = run(
        "simulate", desk(tmp_path), "--scenario", "faster", "--by", "5", *QUICK, "--out", "out", "--lang", lang
    )
    assert (result.exit_code, result.stderr) == (0, "")
    names = {file.name for file in (tmp_path / "out").iterdir()}
    pictures = {f"{name}.png" for name in ("curves", "effects", "waiting", "load", "way")}
    assert names == TABLES | pictures | {"effects.csv", "simulation.xlsx", "summary.json", "runs.sqlite"}
    title, stage = {"en": ("Twice as fast", "Review"), "zh": ("提速一倍", "审查")}[lang]
    assert title in result.stdout and stage in result.stdout and "out/simulation.xlsx" in result.stdout
    assert not re.search(r"\b(simulate|plotsim)\.\w+", result.stdout), "a raw key"
    said = re.sub(r"窗口 一个|项目\d", "", result.stdout)
    assert bool(re.search("[一-鿿]", said)) == (lang == "zh")
    book = openpyxl.load_workbook(tmp_path / "out" / "simulation.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"], "a name became a formula"
    texts = "\n".join(str(cell.value) for cell in cells if cell.value is not None)
    assert title in texts and stage in texts and not re.search(r"\b(simulate|plotsim|schema)\.\w+", texts)
    assert book.sheetnames[0] == {"en": "summary", "zh": "概览"}[lang]


def test_numbers_are_those_that_are_reckoned_by_hand(tmp_path: Path) -> None:
    """As it is they start on days 3, 5, 7 and 9; twice as fast on days 2, 3, 4 and 5."""
    found = told("simulate", desk(tmp_path), "--scenario", "faster", "--by", 5, *QUICK, "--out", "out")
    base, faster = (one["figures"] for one in found["scenarios"])
    assert [one["name"] for one in found["scenarios"]] == ["case", "faster"]
    assert (base["started_by_5.0"]["mean"], faster["started_by_5.0"]["mean"]) == (0.5, 1.0)
    assert (base["day_80"]["mean"], faster["day_80"]["mean"]) == (9.0, 5.0)
    assert base["days_waiting"]["mean"] == 0 + 2 + 4 + 6 and base["ready_to_start"]["mean"] == 6.0
    assert base["decided_in_time"]["mean"] == 0.5  # decided on days 2 and 4 of 4 working days, then on 6 and 8
    effects = found["scenarios"][1]["effects"]
    assert effects["days_saved_80"] == {"unit": "days", "a": 5.0, "b": 9.0, "difference": 4.0, "low": 4.0, "high": 4.0}
    assert effects["investment_days"]["difference"] == 100.0 * (1 + 2 + 3 + 4)
    assert found["finding"] == "By day 5 100 % have started with “Twice as fast”, against 50 % (As it is); " \
                               "80 % are reached 4 days sooner"  # fmt: skip
    assert (found["status"], found["replications"], found["seed"], found["failures"]) == ("complete", 3, 1, 0)
    curve = pd.read_csv(tmp_path / "out" / "curve.csv")
    shares = curve[curve["scenario"] == "case"].set_index("time")["mean"]
    assert [shares[day] for day in (2, 3, 4, 5, 9)] == [0.0, 0.25, 0.25, 0.5, 1.0]
    projects = pd.read_csv(tmp_path / "out" / "projects.csv").query("scenario == 'faster'")
    assert projects[["mean_start", "share_started", "share_by_5.0"]].values.tolist() == [
        [2.0, 1.0, 1.0], [3.0, 1.0, 1.0], [4.0, 1.0, 1.0], [5.0, 1.0, 1.0]]  # fmt: skip
    stages = pd.read_csv(tmp_path / "out" / "bottlenecks.csv").query("scenario == 'case'").iloc[0]
    assert (stages["days_waiting"], stages["mean_wait"], stages["working_days"]) == (12.0, 3.0, 8.0)
    assert json.loads((tmp_path / "out" / "summary.json").read_text("utf-8")) == found


def test_without_scenarios_there_is_nothing_to_compare_and_files_of_an_earlier_run_go(tmp_path: Path) -> None:
    case = desk(tmp_path)
    run("simulate", case, "--scenario", "faster", *QUICK, "--out", "out")
    (tmp_path / "out" / "mine.txt").write_text("mine")
    result = run("simulate", case, *QUICK, "--out", "out")
    assert result.exit_code == 0
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert "effects.csv" not in names and "effects.png" not in names and {"mine.txt", "curves.png"} <= names
    assert "80 % have started by day 9" in result.stdout


def test_what_is_kept_is_not_run_again_and_the_commands_share_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = desk(tmp_path)
    run("simulate", case, "--scenario", "faster", *QUICK)
    assert (tmp_path / "out" / case.name / "runs.sqlite").exists()

    monkeypatch.setattr("simulation.workers._answer", lambda work, number: Failure("AssertionError", "run again"))
    again = told("simulate", case, "--scenario", "faster", *QUICK)
    beside = told("compare", case, "faster", *QUICK)
    assert (again["status"], beside["status"]) == ("complete", "complete")
    more = told("simulate", case, "--replications", 4, "--jobs", 1, "--engine", "simpy")
    assert (more["status"], more["failures"], more["replications"]) == ("failures", 1, 3)
    failures = pd.read_csv(tmp_path / "out" / case.name / "simulation" / "failures.csv")
    assert failures[["scenario", "replication", "message"]].values.tolist() == [["case", 3, "run again"]]


def test_a_sweep_is_laid_out_with_all_its_points(tmp_path: Path) -> None:
    found = told("simulate", desk(tmp_path), "--scenario", "pace", "--scenario", "faster", *QUICK)
    assert [one["name"] for one in found["scenarios"]] == ["case", "pace (pace = 1)", "pace (pace = 4)", "faster"]
    same = found["scenarios"][1]["effects"]["days_saved_80"]
    assert (same["difference"], same["low"], same["high"]) == (0.0, 0.0, 0.0)
    assert "“Twice as fast”" in found["finding"], "a scenario that is meant, not the furthest point of a sweep"


def test_a_precision_decides_how_often_is_simulated(tmp_path: Path) -> None:
    found = told("simulate", desk(tmp_path), "--precision", 0.01, "--by", 5, "--jobs", 1, "--engine", "simpy")
    assert found["replications"] == 20 and found["precision"][0]["reached"]
    result = run("simulate", desk(tmp_path / "b"), "--precision", 0.01)
    assert (result.exit_code, result.stderr) == (
        2, "--precision needs --by: the date at which the share is to be that precise.\n")  # fmt: skip


@pytest.mark.parametrize("given", [["faster"], ["faster", "case"], ["faster", "现状"], ["faster", ""]])
def test_scenarios_are_held_against_the_last_one_or_the_case(tmp_path: Path, given: list[str]) -> None:
    found = told("compare", desk(tmp_path), *given, *QUICK, "--by", 5, "--out", "out")
    assert found["against"] == {"scenario": "case", "title": "As it is"}
    [one] = found["comparisons"]
    assert one["effects"]["days_saved_95"]["difference"] == 4.0
    assert one["effects"]["started_by_5.0"]["difference"] == 0.5
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"summary.csv", "diff.csv", "curves.png", "difference.png", "summary.json", "runs.sqlite"}
    diff = pd.read_csv(tmp_path / "out" / "diff.csv")
    assert diff[diff["time"] == 5]["difference"].tolist() == [0.5]
    assert diff[["scenario", "against"]].drop_duplicates().values.tolist() == [["faster", "case"]]


def test_the_other_way_round_the_signs_are_the_other_way_round(tmp_path: Path) -> None:
    found = told("compare", desk(tmp_path), "case", "pace", "faster", *QUICK)
    assert found["against"]["scenario"] == "faster"
    saved = {one["scenario"]: one["effects"]["days_saved_80"]["difference"] for one in found["comparisons"]}
    assert saved == {"case": -4.0, "pace (pace = 1)": -4.0, "pace (pace = 4)": 2.0}
    assert (tmp_path / "out" / "窗口 一个" / "comparison" / "difference-pace-pace-4.png").exists()


@pytest.mark.parametrize("lang", LANGS)
def test_groups_are_compared_too(tmp_path: Path, lang: Lang) -> None:
    result = run(
        "compare",
        desk(tmp_path),
        "faster",
        "--group",
        {"en": "region", "zh": "城市"}[lang],
        *QUICK,
        "--out",
        "out",
        "--lang",
        lang,
    )
    assert result.exit_code == 0 and "烟台" in result.stdout
    groups = pd.read_csv(tmp_path / "out" / "groups.csv").query("measure == 'days_saved_50'")
    # 烟台 has the first and the third (days 3 and 7, then 2 and 4), 济南 the second and the fourth (5 and 9, 3 and 5).
    assert groups.set_index("group")["difference"].to_dict() == {"烟台": 1.0, "济南": 2.0}
    assert groups["projects"].tolist() == [2, 2]


@pytest.mark.parametrize("lang, words", [("en", "reviews 1.5 times as fast"), ("zh", "审查速度为现状的1.5倍")])
def test_the_least_speed_is_found(tmp_path: Path, lang: Lang, words: str) -> None:
    """Three of four by day 5: three reviews in four days, one and a half times as fast."""
    args = ("seek", desk(tmp_path), "--by", 5, "--target", 0.75, *QUICK, "--lang", lang, "--out", "out")
    result = run(*map(str, args))
    assert result.exit_code == 0 and words in result.stdout
    found = told(*args)
    assert (found["status"], found["value"], found["scenario"]) == ("reached", 1.5, "case")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"tried.csv", "summary.json", "runs.sqlite"}


@pytest.mark.parametrize("lang, words", [("en", "No review speed is enough"), ("zh", "审查再快也达不到目标")])
def test_a_target_out_of_reach_exits_1_and_says_what_binds(tmp_path: Path, lang: Lang, words: str) -> None:
    args = ("seek", desk(tmp_path), "--by", 1, "--target", 0.75, *QUICK, "--lang", lang, "--out", "out")
    result = run(*map(str, args))
    assert result.exit_code == 1 and words in result.stdout
    found = told(*args)
    assert (found["status"], found["value"], found["binding"]) == ("out of reach", None, "elapsed")
    assert {"binds.csv", "waits.csv"} <= {file.name for file in (tmp_path / "out").iterdir()}


def test_the_scenario_is_moved_before_it_is_sought(tmp_path: Path) -> None:
    case = desk(tmp_path)
    under = told("seek", case, "--by", 5, "--target", 0.75, "--scenario", "faster", *QUICK)
    assert (under["value"], under["scenario"]) == (0.75, "faster")
    many = told("seek", case, "--by", 5, "--target", 0.75, "--lever", "reviewers:窗口", *QUICK)
    assert many["value"] == 2  # two desks review four projects in four days


def test_one_more_reviewer_is_worth_what_a_second_desk_gains(tmp_path: Path) -> None:
    """By day 5 two have started; with a second reviewer all four."""
    result = run("seek", desk(tmp_path), "--marginal", "--by", "5", *map(str, QUICK), "--lang", "zh", "--out", "out")
    assert result.exit_code == 0 and "窗口最有效" in result.stdout
    table = pd.read_csv(tmp_path / "out" / "marginal.csv")
    assert table[["office", "starts_gained"]].values.tolist() == [["窗口", 2.0]]


FAULTS = [
    (["simulate", "--scenario", "fastr"], "There is no scenario “fastr”", "没有名为“fastr”的情景"),
    (["simulate", "--by", "soon"], "--by takes a date such as 2020-03-02, or a number of days; found “soon”.",
     "--by应为日期（如2020-03-02）或天数，实为“soon”。"),
    (["simulate", "--until", "2020-02-31"], "--until takes a date", "--until应为日期"),
    (["simulate", "--by", "-1"], "--by: no project has entered by day -1; the first one enters on day 0.",
     "--by：到第-1天尚无项目进入"),
    (["compare", "faster", "--until", "5", "--by", "6"], "--by: day 6 is after the end of the simulation",
     "晚于模拟截止日期"),
    (["simulate", "--where", "regon = 烟台"], "there is no column “regon”; did you mean “region”?|no column “regon”",
     "没有.*“regon”"),
    (["simulate", "--where", "region ="], "region =", "region ="),
    (["simulate", "--where", "land > 9"], "No project meets “land > 9”.", "没有项目符合“land > 9”。"),
    (["simulate", "--weight", "invest"], "Did you mean “investment”?", "是否指“investment”？"),
    (["simulate", "--over", "due"], "no column “due”", "没有“due”列"),
    (["simulate", "--project", "p9"], "p9", "p9"),
    (["compare", "case"], "There is only one scenario to compare", "只有一个情景，无法比较"),
    (["compare", "faster", "pace"], "“pace” is a sweep of 2 points", "“pace”有2个取值"),
    (["compare", "faster", "--group", "regin"], "Did you mean “region”?", "是否指“region”？"),
    (["seek"], "--by is missing", "缺少--by"),
    (["seek", "--by", "5", "--target", "2"], "target", "target"),
    (["seek", "--by", "5", "--lever", "pace"], "speed, speed:…, reviewers", "speed, speed:…, reviewers"),
    (["seek", "--by", "5", "--lever", "reviewers:窗"], "窗口", "窗口"),
    (["seek", "--by", "5", "--scenario", "pace"], "“pace” is a sweep of 2 points", "“pace”有2个取值"),
]  # fmt: skip


@pytest.mark.parametrize("args, english, chinese", FAULTS)
def test_a_wrong_question_is_told_in_both_languages(
    tmp_path: Path, args: list[str], english: str, chinese: str
) -> None:
    case = str(desk(tmp_path))
    for lang, said in zip(LANGS, (english, chinese), strict=True):
        result = run(args[0], case, *args[1:], *map(str, QUICK), "--lang", lang)
        assert (result.exit_code, result.stdout) == (2, ""), result.stderr
        assert re.search(re.escape(said) if "|" not in said and ".*" not in said else said, result.stderr), (
            result.stderr
        )
        assert "Traceback" not in result.stderr
    assert not list(tmp_path.rglob("summary.json"))


def test_a_case_without_stages_is_told_and_so_is_a_store_that_is_none(tmp_path: Path) -> None:
    for command in (["simulate"], ["compare", "x"], ["seek", "--by", "5"]):
        result = run(command[0], small(tmp_path), *command[1:])
        assert (result.exit_code, result.stderr) == (
            2, "This case has no stages; fill in the tables stages and offices first.\n")  # fmt: skip
    (tmp_path / "mine.txt").write_text("mine" * 1000)
    result = run("simulate", desk(tmp_path / "b"), *map(str, QUICK), "--store", tmp_path / "mine.txt")
    assert result.exit_code == 2 and "mine.txt" in result.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine" * 1000


def test_a_locked_result_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "out" / "simulation.xlsx" / "held").mkdir(parents=True)
    result = run("simulate", desk(tmp_path), *map(str, QUICK), "--out", "out")
    assert result.exit_code == 2 and result.stderr.startswith("“out/simulation.xlsx” cannot be written")


@pytest.mark.parametrize("number, jobs", [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGINT, 2)])
def test_an_interrupted_simulation_goes_on_where_it_stopped(tmp_path: Path, number: int, jobs: int) -> None:
    case = str(desk(tmp_path, 150))
    args = ["simulate", case, "--replications", "60", "--engine", "simpy", "--jobs", str(jobs), "--out", "out"]
    code, seen = _interrupted([*YAOSU, *args], number)
    assert code == 130, seen
    assert re.search(r"Interrupted: \d+ of 60 replications are kept in out/runs\.sqlite\.", seen), seen
    assert "Traceback" not in seen
    assert not (tmp_path / "out" / "summary.json").exists()
    with Store("out/runs.sqlite") as store:
        kept = store._base.execute("SELECT count(*) FROM outcomes").fetchone()[0]
    assert 0 < kept < 60
    whole, again = told(*args, "--out", "whole"), told(*args)
    assert again["replications"] == 60
    assert [one["figures"] for one in again["scenarios"]] == [one["figures"] for one in whole["scenarios"]]


def test_what_a_library_makes_of_an_interruption_is_an_interruption_still() -> None:
    with pytest.raises(KeyboardInterrupt), Interruption():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        finally:
            raise ValueError("a file that cannot be closed")
    with pytest.raises(YaosuError), Interruption():
        raise YaosuError("runs_nothing")
    with pytest.raises(ValueError, match="of its own"), Interruption():
        raise ValueError("of its own")


def _interrupted(args: list[str], number: int) -> tuple[int, str]:
    """A command on a terminal, ended by a signal to its group once its progress tells of replications."""
    ours, theirs = pty.openpty()
    env = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120", "YAOSU_LANG": "en"}
    with subprocess.Popen(args, stdout=theirs, stderr=theirs, env=env, start_new_session=True) as running:
        os.close(theirs)
        seen, sent, end = "", False, time.monotonic() + 120
        with contextlib.suppress(OSError):
            while time.monotonic() < end and (read := os.read(ours, 4096)):
                seen += read.decode("utf-8", "replace")
                if not sent and re.search(r"replications: [1-9]\d* of 60", seen):
                    os.killpg(running.pid, number)
                    sent = True
        os.close(ours)
    return running.returncode, seen


def test_a_pipe_sees_no_progress(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    args = [*YAOSU, "simulate", str(desk(tmp_path)), *map(str, QUICK), "--json"]
    done = subprocess.run(args, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["status"] == "complete"
