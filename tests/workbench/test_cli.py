"""What commands answer: their exit codes, their faults in both languages, and that no bad input ends in a traceback."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from cases import LANGS, POOLS, PROJECTS, run, small

from allocator import Case
from allocator.labels import Lang
from workbench.cli import yaosu
from workbench.doctor import ANSWER, small_problem


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test in a folder of its own, without a language of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("YAOSU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def test_no_command_at_all_shows_the_help() -> None:
    for args in ([], ["--lang", "zh"]):
        result = run(*args)
        assert result.exit_code == 0
        assert all(name in result.stdout for name in yaosu.commands)


def test_the_language_is_the_one_asked_for_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "用法" in run("--help").stdout
    monkeypatch.setenv("YAOSU_LANG", "en")
    assert "Usage" in run("--help").stdout
    assert "用法" in run("--help", "--lang=zh").stdout


@pytest.mark.parametrize("args, english, chinese", [
    (["chek"], "There is no command “chek”. Did you mean “check”?", "没有命令“chek”，是否指“check”？"),
    (["check"], "CASE is missing; see “yaosu check --help”.", "缺少参数“数据”，可运行“yaosu check --help”查看用法。"),
    (["explain", "x"], "PROJECT is missing; see “yaosu explain --help”.",
     "缺少参数“项目编号”，可运行“yaosu explain --help”查看用法。"),
    (["check", "a", "b"], "One argument too many: b.", "多余的参数：b。"),
    (["allocate", "x", "--gpa", "1"], "There is no option “--gpa”. Did you mean “--gap”?",
     "没有选项“--gpa”，是否指“--gap”？"),
    (["allocate", "x", "--gap", "abc"], "--gap takes a number of at least 0, found “abc”.",
     "--gap应为不小于0的数字，实为“abc”。"),
    (["allocate", "x", "--gap", "nan"], "--gap takes a number of at least 0, found “nan”.",
     "--gap应为不小于0的数字，实为“nan”。"),
    (["allocate", "x", "--time-limit", "0"], "--time-limit takes a number above 0, found “0”.",
     "--time-limit应为大于0的数字，实为“0”。"),
    (["allocate", "x", "--jobs", "1.5"], "--jobs takes a whole number of at least 1, found “1.5”.",
     "--jobs应为不小于1的整数，实为“1.5”。"),
    (["allocate", "x", "--engine", "exakt"],
     "--engine: there is no “exakt”. Did you mean “exact”? Choose from auto, exact, prices.",
     "--engine没有“exakt”这一取值，是否指“exact”？可选：auto, exact, prices。"),
    (["allocate", "x", "--json=1"], "The option --json takes no value.", "选项--json不带取值。"),
    (["allocate", "x", "--gap"], "The option --gap needs a value.", "选项--gap需要取值。"),
    (["check", "shandong-2021"],
     "There is no file, folder or sample “shandong-2021”. Did you mean “shandong-2020”? "
     "Samples: gb-grid-2021, shandong-2020.",
     "没有名为“shandong-2021”的文件、文件夹或样例，是否指“shandong-2020”？样例有：gb-grid-2021, shandong-2020。"),
])  # fmt: skip
def test_a_wrong_command_line_is_told_in_both_languages(args: list[str], english: str, chinese: str) -> None:
    for lang, said in zip(LANGS, (english, chinese), strict=True):
        option = [f"--lang={lang}"]
        result = run(*option, *args)
        assert (result.exit_code, result.stdout, result.stderr) == (2, "", said + "\n")


def test_a_language_that_is_unknown_is_told() -> None:
    assert "--lang: there is no “fr”" in run("check", "x", "--lang", "fr").stderr


@pytest.mark.parametrize("lang", LANGS)
def test_every_fault_is_reported_at_once_in_the_language_asked_for(tmp_path: Path, lang: Lang) -> None:
    Case.from_tables(projects=PROJECTS, pools=POOLS).write(tmp_path / "case")
    file = tmp_path / "case" / "projects.csv"
    file.write_text(file.read_text("utf-8-sig").replace("30", "many").replace("20", "-3"), "utf-8")
    result = run("check", "case", "--lang", lang)
    assert result.exit_code == 2
    assert [("many" in line, "-3" in line) for line in result.stdout.splitlines()[:2]] == [(True, False), (False, True)]
    assert result.stdout.splitlines()[-1] == {"en": "2 errors", "zh": "2处错误"}[lang]
    found = json.loads(run("check", "case", "--json", "--lang", lang).stdout)
    assert (found["errors"], found["warnings"]) == (2, 0)
    assert [(fault["table"], fault["row"], fault["column"]) for fault in found["faults"]] == [
        ("projects", 3, "land"), ("projects", 4, "land")]  # fmt: skip
    same = run("allocate", "case", "--lang", lang)
    assert (same.exit_code, same.stdout, same.stderr) == (2, "", result.stdout)
    assert not (tmp_path / "out").exists()


def test_a_case_without_faults_is_said_to_have_none(tmp_path: Path) -> None:
    result = run("check", small(tmp_path))
    assert (result.exit_code, result.stdout) == (0, "No faults.\n")


@pytest.mark.parametrize("content", [None, b"", b"garbage", bytes(range(256)) * 20, b"PK\x03\x04" + b"\0" * 500])
def test_what_is_no_workbook_is_a_fault_and_no_traceback(tmp_path: Path, content: bytes | None) -> None:
    place = tmp_path / "坏 的.xlsx"
    place.mkdir() if content is None else place.write_bytes(content)
    for command in ("check", "allocate"):
        result = run(command, place, "--lang", "zh")
        assert result.exit_code == 2
        assert "坏 的.xlsx" in result.output and "Traceback" not in result.output


def test_a_starter_passes_its_own_check_and_is_never_overwritten(tmp_path: Path) -> None:
    for lang in LANGS:
        result = run("new", f"我的 数据 {lang}", "--lang", lang)
        book = tmp_path / f"我的 数据 {lang}" / "case.xlsx"
        assert result.exit_code == 0
        assert all(
            f'yaosu {command} "我的 数据 {lang}/case.xlsx"' in result.stdout for command in ("check", "allocate")
        )
        before = book.read_bytes()
        again = run("new", book.parent, "--lang", lang)
        assert again.exit_code == 2 and str(book) in again.stderr
        assert book.read_bytes() == before
        assert run("check", book).exit_code == 0


def test_results_go_into_folders_that_can_be_written_only(tmp_path: Path) -> None:
    case, file = small(tmp_path), tmp_path / "file"
    file.write_text("mine")
    for command in (["allocate", case, "--out", file], ["allocate", case, "--out", file / "in"], ["new", file]):
        result = run(*command)
        assert (result.exit_code, result.stderr) == (2, f"“{file}” is a file; results need a folder.\n")
    assert file.read_text() == "mine"


def test_a_folder_without_permission_is_told_before_anything_is_solved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, locked = small(tmp_path), tmp_path / "locked"
    locked.mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != locked)
    result = run("allocate", case, "--out", locked / "in")
    assert (result.exit_code, result.stderr) == (2, f"Nothing may be written into “{locked}”.\n")
    assert not list(locked.iterdir())


def test_a_locked_result_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "out" / "plan.xlsx" / "held").mkdir(parents=True)
    result = run("allocate", small(tmp_path), "--out", "out")
    assert result.exit_code == 2
    assert result.stderr.startswith("“out/plan.xlsx” cannot be written")


def test_unknown_solvers_projects_and_scenarios_are_told_with_what_there_is(tmp_path: Path) -> None:
    case = small(tmp_path)
    assert "Did you mean “highs”? Installed here: cbc" in run("allocate", case, "--solver", "higs").stderr
    assert "Did you mean “002”?" in run("explain", case, "02").stderr
    assert "There is no scenario “more”" in run("allocate", case, "--scenario", "more").stderr


def test_a_fault_of_the_program_itself_is_no_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(case: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("allocator.check.check", fail)
    result = run("check", small(tmp_path), "--lang", "zh")
    assert result.exit_code == 70
    assert "ZeroDivisionError: by nothing" in result.stderr and "Traceback" not in result.stderr


def test_doctor_finds_every_solver_and_package_in_order() -> None:
    result = run("doctor", "--lang", "zh")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "一切正常。")
    told = json.loads(run("doctor", "--json").stdout)
    assert told["good"]
    assert {one["name"] for one in told["findings"] if one["kind"] == "solve"} >= {"highs", "cbc"}


def test_doctor_says_what_is_amiss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.doctor.available", lambda: {"cbc": "2.10"})
    monkeypatch.setattr("workbench.doctor.ANSWER", 7.0)
    result = run("doctor")
    assert result.exit_code == 1
    assert "FAULT  the solver highs is missing" in result.stdout
    assert re.search(r"FAULT  cbc solves a small problem: optimal, 22", result.stdout)


def test_the_small_problem_has_the_answer_that_trying_everything_finds() -> None:
    case = small_problem()
    best = 0.0
    for chosen in itertools.product([0, 1], repeat=len(case.projects)):
        taken = case.projects[[bool(one) for one in chosen]]
        land = taken.groupby("region")["land"].sum()
        if land.get("n", 0) <= 9 and land.get("s", 0) <= 5 and taken["energy"].sum() <= 13:
            best = max(best, float(taken["value"].sum()))
    assert best == ANSWER


def test_the_version_is_the_one_installed() -> None:
    assert re.fullmatch(r"yaosu \d+\.\d+\.\d+\n", run("--version").stdout)
