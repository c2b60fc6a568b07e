"""What ``yaosu ledger`` answers: entries and lists in both languages, every fault told and nothing kept of it."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from cases import LANGS, run
from ledgers import MARCH, case, count, edited, made

import workbench
from allocator import Case, load_sample
from allocator.labels import Lang, words
from workbench.ledger import Ledger

BY = ("--by", "王", "--on", "2020-03-02")


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test in a folder of its own, without a language of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("YAOSU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def told(*args: str | Path, code: int = 0) -> str:
    """What a command of the ledger says."""
    result = run("ledger", *args)
    assert result.exit_code == code, result.output
    return result.stdout + result.stderr


def test_a_sample_goes_in_and_comes_out_as_a_workbook_that_changes_nothing() -> None:
    said = told("import", "new/台账.sqlite", "shandong-2020", "--by", "李明", "--on", "2020-01-01", "--lang", "zh")
    assert "新进项目1,020个" in said
    said = told("case", "new/台账.sqlite", "--at", "2020-02-01", "--out", "drawn.xlsx", "--lang", "zh")
    assert load_sample("shandong-2020").hash[:12] in said
    assert "nothing has changed" in told(
        "import", "new/台账.sqlite", "drawn.xlsx", "--by", "李明", "--on", "2020-02-01"
    )


@pytest.mark.parametrize(
    "column, text, key, expected",
    [
        ("批次", "竣工", "batch", "finish"), ("batch", "plan", "batch", "plan"),
        ("开工日期", "2020年3月1日", "started", "2020-03-01"),
        ("总投资(亿元)", "１５", "investment", 1500.0), ("investment", "3亿元", "investment", 300.0),
        ("用地(公顷)", "2", "land", 30.0), ("land", "1,200", "land", 1200.0), ("专项债", "否", "bond", False),
        ("started", "", "started", None), ("county", "莱山区", "county", "莱山区"), ("code", "3", "code", "3"),
        ("seats", "4", "seats", 4.0), ("surveyed", "2020-01-05", "surveyed", "2020-01-05"),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_in_a_workbook(tmp_path: Path, column: str, text: str, key: str, expected: object) -> None:
    path = made(tmp_path)
    told("set", path, "001", column, text, *BY)
    with Ledger(path) as ledger:
        assert ledger.state(MARCH).rows["001"].get(key) == expected
        assert ledger.state(MARCH - dt.timedelta(days=1)).case("before").hash == case().hash
        drawn = ledger.state(MARCH).case("after").projects.set_index("id")
    assert pd.notna(drawn.loc["001", key]) == (expected is not None)


def test_a_cell_that_is_so_already_is_not_recorded_and_a_later_entry_is_told(tmp_path: Path) -> None:
    path = made(tmp_path)
    before = count(path)
    assert "nothing was recorded" in told("set", path, "001", "batch", "储备", *BY)
    assert count(path) == before
    told("set", path, "001", "batch", "finish", "--by", "王", "--on", "2020-05-01")
    assert "makes it finish" in told("set", path, "001", "batch", "start", *BY)


FAULTS = [
    (["set", "LEDGER", "01", "batch", "start", *BY], "Did you mean “001”?", "是否指“001”？"),
    (["set", "LEDGER", "港口", "batch", "start", *BY], "has no project “港口”.", "没有编号为“港口”的项目。"),
    (["set", "LEDGER", "001", "betch", "start", *BY], "did you mean “batch”?", "是否指“batch”？"),
    (["set", "LEDGER", "001", "开工日", "今天", *BY], "did you mean “开工日期”?", "是否指“开工日期”？"),
    (["set", "LEDGER", "001", "batch", "strat", *BY], "found “strat”; did you mean “start”?", "是否指“start”？"),
    (["set", "LEDGER", "001", "started", "soon", *BY], "expected a date", "应为日期"),
    (["set", "LEDGER", "001", "land", "-3", *BY], "found -3", "实为-3"),
    (["set", "LEDGER", "001", "总投资(亩)", "3", *BY], "does not fit", "不适用"),
    (["set", "LEDGER", "001", "seats", "many", *BY], "expected a number, found “many”", "应为数字，实为“many”"),
    (["set", "LEDGER", "001", "surveyed", "many", *BY], "expected a date", "应为日期"),
    (["set", "LEDGER", "001", "requires", "009", *BY], "no project “009”", "没有编号为“009”的项目"),
    (["set", "LEDGER", "001", "id", "009", *BY], "cannot be changed", "不能修改"),
    (["set", "LEDGER", "001", "batch", "start", "--by", "王", "--on", "2019-12-31"], "before project 001", "早于项目"),
    (["set", "LEDGER", "001", "batch", "start", "--by", "王", "--on", "2199-01-01"], "lies ahead", "尚未到来"),
    (["set", "LEDGER", "001", "batch", "start", "--by", "王", "--on", "soon"], "takes a date", "应为日期"),
    (["set", "LEDGER", "001", "batch", "start", "--by", " "], "who records", "记录人"),
    (["set", "LEDGER", "001", "batch", "start"], "--by WHO is missing", "缺少参数“--by 姓名”"),
    (["problem", "LEDGER", "01", "no power", "--office", "窗口", *BY], "Did you mean “001”?", "是否指“001”？"),
    (["problem", "LEDGER", "001", "no power", "--office", "电网", *BY], "add --level", "请加上--level"),
    (["problem", "LEDGER", "001", "no power", "--office", "电网", "--level", "town", *BY], "“town”", "“town”"),
    (["problem", "LEDGER", "001", " ", "--office", "窗口", *BY], "neither may be blank", "均不能为空"),
    (["problem", "LEDGER", "001", "no power", "--office", "", *BY], "neither may be blank", "均不能为空"),
    (["resolve", "LEDGER", "abc", "--how", "x", *BY], "number of the problem must be a whole number", "问题编号应为"),
    (["withdraw", "LEDGER", "0", "--why", "x", *BY], "at least 1, found “0”", "不小于1的整数，实为“0”"),
    (["resolve", "LEDGER", "7", "--how", "x", *BY], "no problem 7; 1 have", "没有编号为7的问题；已登记1个"),
    (["resolve", "LEDGER", "1", "--how", "x", "--by", "王", "--on", "2020-02-01"], "before problem 1", "早于问题"),
    (["set", "LEDGER", "001", "batch", "start", "--no", "x", *BY], "too many: --no x", "多余的参数：--no x"),
    (["history", "LEDGER", "01"], "Did you mean “001”?", "是否指“001”？"),
    (["history", "LEDGER"], "a project, or a table", "请指定一个项目"),
    (["history", "LEDGER", "001", "--table", "pools"], "a project, or a table", "请指定一个项目"),
    (["history", "LEDGER", "--table", "pool of"], "Did you mean “pools”?", "是否指“pools”？"),
    (["history", "LEDGER", "--table", "projects"], "Besides the projects", "除项目外"),
    (["open", "LEDGER", "--region", "烟苔"], "Did you mean “烟台”?", "是否指“烟台”？"),
    (["open", "LEDGER", "--at", "2019-01-01"], "begins on 2020-01-01", "自2020-01-01开始"),
    (["bulletin", "LEDGER", "--month", "March"], "such as 2020-03,", "如2020-03，"),
    (["bulletin", "LEDGER", "--month", "2199-01"], "lies ahead", "尚未到来"),
    (["case", "LEDGER", "--at", "2019-01-01", "--out", "c"], "begins on", "开始"),
    (["case", "LEDGER", "--out", "c.xls"], "cannot be written", "无法写入"),
    (["import", "LEDGER", "none.xlsx", *BY], "no file, folder or sample", "没有名为“none.xlsx”的文件"),
    (["open", "none.sqlite"], "There is no ledger", "没有台账“none.sqlite”"),
    (["open", "."], "cannot be used", "无法使用台账"),
    (["opne", "LEDGER"], "Did you mean “open”?", "是否指“open”？"),
]  # fmt: skip


def test_every_fault_is_told_in_both_languages_and_nothing_is_kept(tmp_path: Path) -> None:
    path = made(tmp_path)
    told("problem", path, "001", "no power line", "--office", "窗口", *BY)
    before, files = count(path), set(tmp_path.iterdir())
    for args, english, chinese in FAULTS:
        for lang, said in zip(LANGS, (english, chinese), strict=True):
            result = run("ledger", *(str(path) if arg == "LEDGER" else arg for arg in args), "--lang", lang)
            assert (result.exit_code, result.stdout) == (2, ""), (args, result.output)
            assert said in result.stderr, (args, result.stderr)
    assert count(path) == before and set(tmp_path.iterdir()) == files


def test_a_project_that_has_left_takes_no_entries_and_can_come_back(tmp_path: Path) -> None:
    path = made(tmp_path)
    whole, part = case(), case().projects[1:]
    rest = Case.from_tables(projects=part, pools=whole.pools).write(tmp_path / "rest")
    assert "1 projects left" in told("import", path, rest, *BY)
    assert "has left" in told("set", path, "001", "batch", "start", *BY, code=2)
    told("import", path, whole.write(tmp_path / "whole"), "--by", "王", "--on", "2020-04-01")
    assert "came in" in told("history", path, "001").splitlines()[-1]
    told("set", path, "001", "batch", "start", "--by", "王", "--on", "2020-04-02")


def test_a_problem_is_resolved_once(tmp_path: Path) -> None:
    path = made(tmp_path)
    assert "problem 1" in told("problem", path, "001", "no power line", "--office", "窗口", *BY)
    assert "after 8 days" in told("resolve", path, "1", "--how", "laid", "--by", "赵", "--on", "2020-03-10")
    again = told("resolve", path, "1", "--how", "laid", "--by", "钱", "--on", "2020-03-11", code=2)
    assert "resolved on 2020-03-10, says 赵" in again
    found = [json.loads(told("open", path, "--at", f"2020-03-{day}", "--json"))["open"] for day in ("01", "09", "10")]
    assert found == [0, 1, 0]


def test_open_problems_are_told_by_office_level_region_and_age(tmp_path: Path) -> None:
    path = made(tmp_path)
    county = ["--level", "county"]
    entries = [("001", "窗口", [], "02-01"), ("002", "省厅", [], "03-01"), ("003", "电网", county, "03-09"),
               ("003", "窗口", [], "01-02")]  # fmt: skip
    for project, office, level, day in entries:
        told("problem", path, project, "no power", "--office", office, *level, "--by", "王", "--on", f"2020-{day}")
    text = told("open", path, "--at", "2020-03-10")
    lines = {
        line.split("  ")[0].strip() or line.strip().split("  ")[0]: line.split()[-6:]
        for line in text.splitlines()
        if line
    }
    assert lines["all"] == ["2", "0", "1", "1", "4", "68"]
    assert lines["city"] == lines["Desk"] == ["0", "0", "1", "1", "2", "68"]
    assert lines["province"] == ["1", "0", "0", "0", "1", "9"] and lines["county"] == ["1", "0", "0", "0", "1", "1"]
    assert text.index("4  003") < text.index("1  001") < text.index("2  002") < text.index("3  003")
    found = json.loads(told("open", path, "--at", "2020-03-10", "--region", "济南", "--level", "city", "--json"))
    assert [one["number"] for one in found["problems"]] == [4]
    assert "没有未解决的问题" in told("open", path, "--at", "2020-01-01", "--lang", "zh")


@pytest.mark.parametrize("lang", LANGS)
def test_a_history_tells_each_change_in_the_order_of_days(tmp_path: Path, lang: Lang) -> None:
    path = made(tmp_path)
    told("set", path, "001", "batch", "start", *BY, "--note", "现场核实")
    told("set", path, "001", "总投资(亿元)", "15", "--by", "孙", "--on", "2020-02-01")
    told("problem", path, "001", "无电源", "--office", "窗口", *BY)
    lines = told("history", path, "001", "--lang", lang).splitlines()
    assert [line[:10] for line in lines[1:]] == ["2020-01-01", "2020-02-01", "2020-03-02", "2020-03-02"]
    expected = {"en": ("investment (mcny): 1,200 → 1,500", "batch: reserve → start; 现场核实", "Desk (city)"),
                "zh": ("总投资 (亿元)：12 → 15", "批次：储备 → 开工；现场核实", "窗口（市级）")}[lang]  # fmt: skip
    for line, said in zip(lines[2:], expected, strict=True):
        assert said in line
    found = json.loads(told("history", path, "001", "--json"))
    assert [one["day"] for one in found] == [line[:10] for line in lines[1:]]
    assert all(one["recorded"] and one["who"] for one in found)


def listed(file: str, rows: list[list[str]], encoding: str = "utf-8", headers: str = "") -> str:
    """A list of problems as CSV."""
    head = headers or "项目编号,问题内容,责任部门,层级,受理日期,办结日期,办理情况"
    Path(file).write_text("\n".join([head, *map(",".join, rows)]) + "\n", encoding)
    return file


def test_a_list_grows_and_each_row_is_taken_once(tmp_path: Path) -> None:
    path = made(tmp_path)
    rows = [
        ["001", "无电源", "窗口", "", "2020-02-01", "", ""],
        ["003", "缺人", "供水公司", "县级", "2020/2/3", "2020-02-08", "已招"],
    ]
    assert "2 problems received, 1 resolved" in told("import", path, listed("热线.csv", rows, "gb18030"), *BY)
    before = count(path)
    assert "nothing has changed" in told("import", path, "热线.csv", *BY)
    assert count(path) == before
    rows[0][5:] = ["2020-03-01", "已通电"]
    rows += [["002", "no road", "省厅", "", "2020-03-01", "", ""]]
    told("import", path, listed("more.csv", rows), *BY)
    with Ledger(path) as ledger:
        problems = ledger.state().problems
    assert [(one.project, one.level, one.resolved is None) for one in problems.values()] == [
        ("001", "city", False), ("003", "county", False), ("002", "province", True)]  # fmt: skip
    assert problems[1].how == "已通电"
    rows[1][5] = "2020-02-09"
    assert "resolved on 2020-02-08; this stays so" in told("import", path, listed("odd.csv", rows), *BY)


def test_a_list_may_be_a_sheet_of_the_workbook_and_does_not_become_part_of_the_case(tmp_path: Path) -> None:
    folder = case().write(tmp_path / "folder")
    listed(str(folder / "problem list.csv"), [["001", "no power", "窗口", "", "2020-02-01", "", ""]],
           headers="project,problem,office,level,raised,resolved,note")  # fmt: skip
    said = told("import", "l.sqlite", folder, "--by", "Li", "--on", "2020-01-01")
    assert "3 projects came in" in said and "1 problems received" in said and "problem list" not in said
    with Ledger("l.sqlite") as ledger:
        assert ledger.state().case("x").hash == case().hash


def test_every_fault_of_a_list_is_told_at_once_and_nothing_is_taken(tmp_path: Path) -> None:
    path = made(tmp_path)
    before = count(path)
    rows = [
        ["01", "a", "窗口", "", "2020-02-01", "", ""], ["001", "b", "电网", "", "2020-02-01", "", ""],
        ["001", "c", "窗口", "", "2019-02-01", "", ""], ["001", "d", "窗口", "", "2020-02-09", "2020-02-01", ""],
        ["001", "", "窗口", "镇级", "soon", "", ""], ["001", "e", "窗口", "", "2199-01-01", "", ""],
        ["001", "good", "窗口", "", "2020-02-01", "", ""],
    ]  # fmt: skip
    said = told("import", path, listed("热线.csv", rows), *BY, "--lang", "zh", code=2)
    for line in ("第2行“项目”：没有编号为“01”的项目；是否指“001”", "第3行“层级”：必填", "第4行“提出日期”：2019-02-01",
                 "第5行“解决日期”：2020-02-01早于问题", "第6行“问题”：此单元格必填", "第6行“层级”：应为下列之一",
                 "第6行“提出日期”：应为日期", "第7行“提出日期”：2199-01-01尚未到来", "8处错误"):  # fmt: skip
        assert line in said, line
    missing = listed("short.csv", [["001", "a"]], headers="项目,问题内容")
    assert "office: this column is missing" in told("import", path, missing, *BY, code=2)
    assert count(path) == before


@pytest.mark.parametrize("lang", LANGS)
def test_a_row_with_a_fault_is_not_accused_of_a_level_that_the_case_knows(tmp_path: Path, lang: Lang) -> None:
    path = made(tmp_path)
    rows = [["001", "a", "窗口", "", "2020-02-01", "", ""], ["001", "b", "窗口", "", "abc", "", ""],
            ["001", "", "窗口", "", "2020-02-01", "", ""]]  # fmt: skip
    said = told("import", path, listed("热线.csv", rows), *BY, "--lang", lang, code=2)
    assert {"zh": "2处错误", "en": "2 errors"}[lang] in said and {"zh": "层级", "en": "level"}[lang] not in said


@pytest.mark.parametrize("lang", LANGS)
def test_an_empty_list_is_told_by_its_own_name(tmp_path: Path, lang: Lang) -> None:
    path = made(tmp_path)
    Path("热线.csv").touch()
    said = told("import", path, "热线.csv", *BY, "--lang", lang, code=2)
    assert "热线.csv" in said and "problemlist" not in said


def test_a_list_alone_makes_no_ledger(tmp_path: Path) -> None:
    listed("热线.csv", [["001", "无电源", "窗口", "", "2020-02-01", "", ""]])
    assert "There is no ledger" in told("import", "l.sqlite", "热线.csv", *BY, code=2)
    assert not Path("l.sqlite").exists()


def test_every_word_of_the_ledger_is_used_and_the_same_in_both_languages() -> None:
    source = "\n".join(file.read_text("utf-8") for file in Path(workbench.__file__).parent.glob("**/*")
                       if file.suffix in (".py", ".html"))  # fmt: skip
    used = set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)*)"', source))
    patterns = [re.escape(one) for one in re.findall(r'f"([a-z_]+\.)\{', source)]
    patterns += [re.escape(one) for one in re.findall(r'say\("([a-z_]+\.)" ~', source)]
    own = {key: pair for key, pair in words().items() if key.startswith("ledger.")}
    assert [key for key in own if key.removeprefix("ledger.") not in used
            and not any(re.match(one, key.removeprefix("ledger.")) for one in patterns)] == []  # fmt: skip
    for key, (english, chinese) in own.items():
        assert set(re.findall(r"\{(\w+)", english)) == set(re.findall(r"\{(\w+)", chinese)), key


def test_the_page_on_the_ledger_says_what_the_commands_say() -> None:
    text = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text("utf-8")
    rows = re.search(r"```csv\n(.*?)```", text, re.S)
    assert rows is not None
    Path("hotline.csv").write_text(rows[1], "utf-8")
    shown = "".join(re.findall(r"```console\n(.*?)```", text, re.S)).split("$ yaosu ")[1:]
    changing = re.compile(r"(?<=recorded )[\d-]+|(?<=fingerprint )\w+|(?<=as of )2026[\d-]+")
    for block in shown:
        line, _, expected = block.partition("\n")
        if line.endswith("april.xlsx --by Zhao --on 2020-04-02"):
            edited("march.xlsx", "april.xlsx", pools={"G2": 2500, "G4": 2146}, funds={"D2": 60000}, rules={"D3": 20})
        result = run(*shlex.split(line), "--lang", "en")
        said = (result.stdout + result.stderr).replace(f"{dt.date.today()}", "2026-11-25")
        assert changing.sub("…", said.strip()) == changing.sub("…", expected.strip())
    assert Case.read("february").hash == load_sample("shandong-2020").hash
