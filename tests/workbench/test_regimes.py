"""What `yaosu regimes` answers and leaves behind: both languages, figures that agree, faults, interruptions."""

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
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from cases import LANGS, run, small

from allocator import Case
from allocator.labels import Lang, label
from simulation.crossing import MEASURES
from simulation.loop import USUAL
from simulation.store import Failure, Store
from workbench.crossed import TABLES

ROOT = Path(__file__).parents[2]
QUICK = ("--replications", "3", "--jobs", "1", "--engine", "simpy")
FASTER = {"en": "Three times as fast", "zh": "提速两倍"}


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test in a folder of its own, without a language of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("YAOSU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def seasons(folder: Path, periods: tuple[str, str] = ("2020-01", "2020-02"), count: int = 8) -> Path:
    """Two cities, quota of two periods, one desk with chance in its reviews, and a scenario that makes it faster."""
    dated = not periods[0].isdigit()
    projects = pd.DataFrame({
        "id": [f"p{i}" for i in range(count)], "name": [f"=项目{i}" for i in range(count)],
        "region": ["烟台", "济南"] * (count // 2), "tier": ["省重大"] * count, "investment": 100.0,
        "land": [4.0, 3.0, 2.0, 5.0, 1.0, 6.0, 2.0, 3.0] * (count // 8),
        "value": [9.0, 20.0, 4.0, 8.0, 1.0, 30.0, 7.0, 2.0] * (count // 8), "ready": "2020-01-01" if dated else 0.0,
    })  # fmt: skip
    pools = pd.DataFrame({"pool": "省级", "resource": "land", "period": periods, "amount": [6.0, 8.0], "unit": "mu"})
    stages = pd.DataFrame({"stage": ["审查"], "title": ["Review"], "office": ["窗口"], "work": ["exponential(3)"]})
    offices = pd.DataFrame({"office": ["窗口"], "title": ["Desk"], "reviewers": [1.0]})
    settings = {"calendar": "CN" if dated else "none", "origin": "2020-01-01", "entry": "ready"}
    process = pd.DataFrame({"key": list(settings), "value": list(settings.values())})
    case = Case.from_tables(projects=projects, pools=pools, stages=stages, offices=offices, process=process,
                            policy={"value": "value", "formula": {"烟台": 0.6, "济南": 0.4}})  # fmt: skip
    place = case.write(folder / "两市 两期")
    (place / "scenarios").mkdir()
    title = 'title = { en = "Three times as fast", zh = "提速两倍" }\n'
    (place / "scenarios" / "faster.toml").write_text(title + "[levers]\nspeed = 3.0\n", "utf-8")
    return place


class Told:
    """What one call has said and written."""

    def __init__(self, folder: Path, lang: Lang) -> None:
        self.out, self.lang = folder / "out", lang
        self.result = run("regimes", seasons(folder), "faster", *QUICK, "--out", self.out, "--lang", lang)

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.out / f"{name}.csv")

    @cached_property
    def book(self) -> Any:
        return openpyxl.load_workbook(self.out / "regimes.xlsx")


@pytest.fixture(scope="module", params=LANGS)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(tmp_path_factory.mktemp("told"), request.param)


def test_a_crossing_is_told_and_written_in_the_language_asked_for(told: Told) -> None:
    assert (told.result.exit_code, told.result.stderr) == (0, "")
    names = {file.name for file in told.out.iterdir()}
    assert names == {f"{name}.csv" for name in TABLES[:-1]} | {"regimes.xlsx", "summary.json", "runs.sqlite"}
    words = [label(f"loop.regime.{name}", told.lang) for name in USUAL]
    assert all(word in told.result.stdout for word in [*words, FASTER[told.lang]])
    assert {"en": "until 29 Feb 2020", "zh": "截至2020年2月29日"}[told.lang] in told.result.stdout
    said = told.result.stdout.replace("两市 两期", "")
    assert bool(re.search("[一-鿿]", said)) == (told.lang == "zh")
    assert not re.search(r"\bloop\.\w+|\bnan\b", said)


def test_numbers_in_the_sentences_are_those_of_the_gains(told: Told) -> None:
    gains = told.table("gains").query("measure == 'realised'").to_dict("records")
    text = told.result.stdout.replace("\N{MINUS SIGN}", "-")
    word = {"en": "{} … {}", "zh": "{}至{}"}[told.lang]
    assert len(gains) == 4
    for row in gains:
        low, high = sorted(row[name] * (-1 if row["high"] < 0 else 1) for name in ("low", "high"))
        assert word.format(f"{low:.1f}", f"{high:.1f}") in text
        sure = row["low"] > 0 or row["high"] < 0
        assert (f"{abs(row['gain']):.1f}" in text) or not sure
        if row["scenario"] == "faster":
            assert word.format(f"{row['more_low']:.1f}", f"{row['more_high']:.1f}") in text
    summary = json.loads((told.out / "summary.json").read_text("utf-8"))
    assert all(sentence in told.result.stdout for sentence in summary["finding"])


def test_the_table_shows_the_means_of_the_cells(told: Told) -> None:
    cells = told.table("cells").set_index(["scenario", "regime", "measure"])["mean"]
    lines = [line for line in told.result.stdout.splitlines() if "%" in line and ("±" in line or "  " in line)]
    titles = {"case": {"en": "As it is", "zh": "现状"}[told.lang], "faster": FASTER[told.lang]}
    for scenario, title in titles.items():
        for regime in USUAL:
            [line] = [
                one for one in lines if re.match(rf"\s*{title}\s+{label(f'loop.regime.{regime}', told.lang)}", one)
            ]
            shown = [float(number) for number in re.findall(r"(?<![±\d.] )(?<![\d.])\d+\.\d", line)]
            mine = [cells[scenario, regime, one] for one in ("realised", "started", "review", "elements")]
            assert all(any(abs(value * by - number) < 0.051 for number in shown for by in (1, 100)) for value in mine)


def test_the_workbook_says_the_same_as_the_tables(told: Told) -> None:
    book = told.book
    assert book.sheetnames == [label(f"loop.sheet.{name}", told.lang) for name in ("summary", *TABLES[:-1])]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"], "a name became a formula"
    keys = (
        {*MEASURES, *USUAL, "share", "mu × days", "held", "case", "faster", "mu"} if told.lang == "zh" else {"faster"}
    )
    assert not keys & {str(cell.value) for cell in cells}, "a raw key"
    assert not [cell for cell in cells if re.search(r"\b(loop|simulate)\.\w", str(cell.value))]
    sheet = book[label("loop.sheet.cells", told.lang)]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    table = told.table("cells")
    assert len(rows) == len(table) == 2 * 3 * len(MEASURES)
    for row, known in zip(rows, table.to_dict("records"), strict=True):
        factor = 100 if known["unit"] == "share" else 1
        assert row[-3:] == pytest.approx([factor * known[name] for name in ("mean", "low", "high")])
        assert row[4] == label(f"loop.regime.{known['regime']}", told.lang)
    front = "\n".join(str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row if cell.value)
    assert all(line.strip() in front for line in told.result.stdout.splitlines() if line.startswith("“"))


def test_idle_quota_is_said_in_its_unit_times_days_wherever_it_stands(told: Told) -> None:
    said = label("loop.unit.unit_days", told.lang, unit={"en": "mu", "zh": "亩"}[told.lang])
    cells = told.table("cells").query("measure == 'idle'")
    assert {*told.table("idle")["unit"], *cells["unit"]} == {"mu × days"}
    total = told.table("idle").groupby(["scenario", "regime"])["mean"].sum()
    assert total.to_dict() == pytest.approx(cells.set_index(["scenario", "regime"])["mean"].to_dict())
    sheet = told.book[label("loop.sheet.idle", told.lang)]
    place = [cell.value for cell in sheet[1]].index(label("loop.column.unit", told.lang))
    assert {row[place] for row in sheet.iter_rows(min_row=2, values_only=True)} == {said}


def test_every_header_has_words_and_every_number_a_unit(told: Told) -> None:
    unit = label("loop.column.unit", told.lang)
    for key in TABLES[:-1]:
        headers = [cell.value for cell in told.book[label(f"loop.sheet.{key}", told.lang)][1]]
        assert all(headers) and len(set(headers)) == len(headers), key
        told_apart = unit in headers or any("(" in header or "（" in header for header in headers)
        assert told_apart or key in ("curve", "fairness", "projects", "stability"), "percent, or counts"
    days = [row[6] for row in told.book[label("loop.sheet.projects", told.lang)].iter_rows(min_row=2, values_only=True)]
    grants = told.table("projects")["day"]
    dates = [None if pd.isna(day) else f"{pd.Timestamp('2020-01-01') + pd.Timedelta(days=int(day)):%Y-%m-%d}"
             for day in grants]  # fmt: skip
    assert days == dates, "a grant falls on the day of its sitting"


def test_sheets_by_day_have_a_row_per_day_and_the_means_of_the_tables(told: Told) -> None:
    for key, kinds in (("curve", ("",)), ("benefit", ("secured", "realised"))):
        sheet, table = told.book[label(f"loop.sheet.{key}", told.lang)], told.table(key)
        rows = list(sheet.iter_rows(min_row=2, values_only=True))
        origin = pd.Timestamp("2019-12-31")
        assert [row[0] for row in rows] == [
            f"{origin + pd.Timedelta(days=day):%Y-%m-%d}" for day in sorted(set(table["time"]))
        ], "a moment at midnight ends the day before"
        place = 0
        for scenario, regime, kind in product(("case", "faster"), USUAL, kinds):
            place += 1
            header = sheet.cell(1, place + 1).value
            assert label(f"loop.regime.{regime}", told.lang) in header
            assert (FASTER[told.lang] in header) == (scenario == "faster")
            assert not kind or label(f"loop.kind.{kind}", told.lang) in header
            mine = table[(table["scenario"] == scenario) & (table["regime"] == regime)]
            mine = mine[mine["kind"] == kind] if kind else mine
            assert [row[place] for row in rows] == pytest.approx(mine.sort_values("time")["mean"].tolist())
        assert sheet.max_column == place + 1
        assert sheet.print_title_rows == "$1:$1" and sheet.page_setup.fitToHeight == 0


def test_json_is_the_summary_and_the_run_is_kept_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    args = ("regimes", seasons(tmp_path), "--regime", "按地区分配", "--regime", "follow", *QUICK, "--json")
    first = run(*args)
    found = json.loads(first.stdout)
    assert (first.exit_code, found["status"], found["replications"], found["failures"]) == (0, "complete", 3, 0)
    assert found["regimes"] == ["regional", "follow"] and [one["name"] for one in found["scenarios"]] == ["case"]
    out = tmp_path / "out" / "两市 两期" / "regimes"
    assert json.loads((out / "summary.json").read_text("utf-8")) == found
    cells = pd.read_csv(out / "cells.csv")
    assert [one["mean"] for one in found["cells"]] == pytest.approx(cells["mean"].tolist())
    for lang in LANGS:
        listed = run("runs", out.parent, "list", "--lang", lang).stdout
        assert label("runs.what.regimes", lang) in listed and "两市 两期" in listed
        assert label("loop.measure.realised", lang) in listed, "its main figure"
        shown = run("runs", out.parent, "show", 1, "--lang", lang).stdout
        assert all(label(f"loop.regime.{one}", lang) in shown for one in ("regional", "follow"))
    monkeypatch.setattr("simulation.workers._answer", lambda work, number: Failure("AssertionError", "run again"))
    again = json.loads(run(*args).stdout)
    assert again["cells"] == found["cells"], "what is kept is not run again"


def test_one_regime_alone_gains_nothing_and_what_an_earlier_run_left_goes(tmp_path: Path) -> None:
    case = seasons(tmp_path)
    run("regimes", case, *QUICK, "--regime", "ranked", "--regime", "follow", "--out", "out")
    assert (tmp_path / "out" / "gains.csv").exists()
    (tmp_path / "out" / "mine.csv").write_text("mine")
    result = run("regimes", case, "--regime", "follow", *QUICK, "--out", "out")
    assert result.exit_code == 0 and "by region" not in result.stdout and "“" not in result.stdout
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert "gains.csv" not in names and {"mine.csv", "cells.csv"} <= names
    assert label("loop.sheet.gains", "en") not in openpyxl.load_workbook(tmp_path / "out" / "regimes.xlsx").sheetnames


def test_day_numbers_are_told_where_there_is_no_calendar_and_one_replication_has_no_interval(tmp_path: Path) -> None:
    case = seasons(tmp_path, ("0", "30"))
    args = ("--every", "15", "--until", "60", "--replications", "1", "--jobs", "1", "--engine", "simpy")
    result = run("regimes", case, *args, "--out", "out")
    assert result.exit_code == 0 and "until day 60" in result.stdout
    assert "nan" not in result.stdout and " ± " not in result.stdout.split("\n\n", 1)[1]
    assert pd.read_csv(tmp_path / "out" / "benefit.csv")["time"].max() == 60


def test_nothing_realised_yet_is_no_division(tmp_path: Path) -> None:
    result = run("regimes", seasons(tmp_path), *QUICK, "--until", "2020-01-02", "--out", "out")
    assert result.exit_code == 0 and "0.0 … 0.0" in result.stdout
    assert pd.read_csv(tmp_path / "out" / "gains.csv").query("measure == 'realised'")["relative"].isna().all()


def test_nothing_is_given_out_before_the_first_sitting_and_the_day_is_kept(tmp_path: Path) -> None:
    result = run("regimes", seasons(tmp_path), *QUICK, "--first", "2020年2月1日", "--out", "out", "--json")
    assert result.exit_code == 0 and json.loads(result.stdout)["first"] == "2020-02-01"
    with Store("out/runs.sqlite") as store:
        assert store.load(1).options["first"] == "2020-02-01"
    benefit = pd.read_csv("out/benefit.csv").query("kind == 'secured' and mean > 0")
    assert benefit["time"].min() == 34.0, "by the end of 3 February: a Saturday is moved to Monday"


FAULTS = [
    (["--first", "soon"], "--first takes a date", "--first应为日期"),
    (["--first", "2020-03-01"], "nothing is given out after 2020-02-29", "2020-02-29之后不再发放"),
    (["--first", "2019-12-31"], "there is no quota before 2020-01-01", "2020-01-01之前没有指标"),
    (["--first", "31", "--until", "31"], "cannot be on 31: nothing is given out after 30", "不能为31：30之后不再发放"),
    (["--regime", "folow"], "There is no regime “folow”.*“follow”", "没有名为“folow”的配置方式.*“follow”"),
    (["--every", "weekly"], "--every takes “month” or a number of days", "--every应为“month”或天数"),
    (["--every", "0"], "--every takes “month”", "--every应为“month”"),
    (["--every", "nan"], "--every takes “month”", "--every应为“month”"),
    (["--until", "soon"], "--until takes a date", "--until应为日期"),
    (
        ["--until", "2019-12-01"],
        "--until: no project has entered by 1 Dec 2019",
        "--until：到2019年12月1日尚无项目进入",
    ),
    (["fastr"], "There is no scenario “fastr”", "没有名为“fastr”的情景"),
    (["--gap", "0"], "gap", "gap"),
]


@pytest.mark.parametrize("args, english, chinese", FAULTS)
def test_a_wrong_question_is_told_in_both_languages(
    tmp_path: Path, args: list[str], english: str, chinese: str
) -> None:
    case = seasons(tmp_path)
    for lang, said in zip(LANGS, (english, chinese), strict=True):
        result = run("regimes", case, *args, *QUICK, "--lang", lang)
        assert (result.exit_code, result.stdout) == (2, ""), result.stderr
        assert re.search(said, result.stderr) and "Traceback" not in result.stderr, result.stderr
    assert not list(tmp_path.rglob("summary.json"))


def test_a_case_without_stages_or_whose_periods_are_no_days_is_told(tmp_path: Path) -> None:
    result = run("regimes", small(tmp_path), *QUICK)
    assert (result.exit_code, result.stdout) == (2, "") and "no stages" in result.stderr
    case = seasons(tmp_path / "b")
    pools = (case / "pools.csv").read_text("utf-8-sig")
    (case / "pools.csv").write_text(pools.replace("2020-01", "first").replace("2020-02", "second"), "utf-8")
    for lang, said in zip(LANGS, ("dates such as 2020Q1", "2020Q1、2020-03之类的日期"), strict=True):
        result = run("regimes", case, *QUICK, "--lang", lang)
        assert (result.exit_code, result.stdout) == (2, "") and said in result.stderr and "first" in result.stderr


def test_an_interrupted_crossing_keeps_what_is_done_and_goes_on(tmp_path: Path) -> None:
    args = ["regimes", str(seasons(tmp_path)), "--regime", "ranked", "--replications", "60", "--engine", "simpy",
            "--jobs", "1", "--out", "out"]  # fmt: skip
    code, seen = _interrupted([sys.executable, "-m", "workbench", *args])
    assert code == 130, seen
    assert re.search(r"Interrupted: \d+ of 60 replications are kept in out/runs\.sqlite\.", seen), seen
    assert "Traceback" not in seen and not (tmp_path / "out" / "summary.json").exists()
    with Store("out/runs.sqlite") as store:
        kept = store._base.execute("SELECT count(*) FROM outcomes").fetchone()[0]
    assert 0 < kept < 60
    again = json.loads(run(*args, "--json").stdout)
    assert again["replications"] == 60 and again["status"] == "complete"


def _interrupted(args: list[str]) -> tuple[int, str]:
    """A command on a terminal, ended by Ctrl-C once its progress tells of replications."""
    ours, theirs = pty.openpty()
    env = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120", "YAOSU_LANG": "en"}
    with subprocess.Popen(args, stdout=theirs, stderr=theirs, env=env, start_new_session=True) as running:
        os.close(theirs)
        seen, sent, end = "", False, time.monotonic() + 120
        with contextlib.suppress(OSError):
            while time.monotonic() < end and (read := os.read(ours, 4096)):
                seen += read.decode("utf-8", "replace")
                if not sent and re.search(r"replications: [1-9]\d* of 60", seen):
                    os.killpg(running.pid, signal.SIGINT)
                    sent = True
        os.close(ours)
    return running.returncode, seen


def test_a_scenario_file_with_a_regime_is_compared_and_drawn_with_its_quota(tmp_path: Path) -> None:
    case = Path(seasons(tmp_path))
    (case / "scenarios").mkdir(exist_ok=True)
    (case / "scenarios" / "by-region.toml").write_text('[levers]\nregime = "regional"\n', "utf-8")
    told = run("simulate", case, "--scenario", "by-region", "--replications", 2, "--out", tmp_path / "out")
    assert told.exit_code == 0, told.stderr
    found = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))["scenarios"]
    assert found[0]["input"] != found[1]["input"]
    assert (tmp_path / "out" / "way.png").exists()
    assert run("seek", case, "--by", "50", "--scenario", "by-region", "--out", tmp_path / "seek").exit_code == 2
