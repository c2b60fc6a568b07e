"""``yaosu runs``: what the commands kept, listed, shown, compared, written out and deleted, in both languages."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from cases import LANGS, POOLS, PROJECTS, desk, impossible, run, small

from allocator import Case
from allocator.folder import harmless
from allocator.labels import Lang
from simulation import Store
from simulation.keeping import FIGURES, Record
from simulation.store import Entry

QUICK = ("--replications", 2, "--jobs", 1, "--engine", "simpy")


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test in a folder of its own, without a language of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("YAOSU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def done(*args: object, code: int = 0) -> str:
    result = run(*map(str, args))
    assert result.exit_code == code, result.stderr
    return result.stdout


def told(*args: object) -> Any:
    return json.loads(done(*args, "--json"))


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after a plan, plans side by side, a simulation, a comparison and a search."""
    folder = tmp_path_factory.mktemp("kept")
    case, here = desk(folder).relative_to(folder), Path.cwd()
    os.chdir(folder)
    done("allocate", case)
    done("allocate", case, "--scenario", "faster", "--jobs", 1)
    done("simulate", case, "--scenario", "faster", "--scenario", "pace", "--by", 5, *QUICK)
    done("compare", case, "faster", "--by", 5, *QUICK)
    done("seek", case, "--by", 5, "--target", 0.9, *QUICK)
    os.chdir(here)
    return folder


@pytest.fixture
def filled(once: Path, tmp_path: Path) -> tuple[Path, str]:
    """A copy of it: the case and the folder of its store."""
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return tmp_path / "窗口 一个", "out/窗口 一个"


def test_every_command_keeps_what_it_made_in_one_store(tmp_path: Path, filled: tuple[Path, str]) -> None:
    case, store = filled
    table = told("runs", store, "list")
    assert [row["number"] for row in table] == [1, 2, 3, 4, 5]
    assert [row["command"] for row in table] == ["allocate", "allocate", "simulate", "compare", "seek"]
    assert [row["kind"] for row in table] == ["plan", "plan", "experiment", "experiment", "experiment"]
    assert {row["input"] for row in table} == {Case.read(case).hash} and {row["case"] for row in table} == {case.name}
    assert [[one["name"] for one in row["scenarios"]] for row in table] == [
        [], ["faster"], ["faster", "pace (pace = 1)", "pace (pace = 4)"], ["faster"], []]  # fmt: skip
    shown = told("runs", store, "show", 3)
    summary = json.loads((tmp_path / store / "simulation" / "summary.json").read_text("utf-8"))
    assert shown["summary"] == summary and shown["versions"] == summary["versions"]
    assert (shown["seed"], shown["replications"], shown["options"]["by"]) == (1, 2, [5.0])
    assert shown["scenarios"][0]["content"]["levers"] == {"speed": 2.0}
    by_five = [row["value"] for row in shown["figures"] if row["measure"] == "started_by_5.0"]
    assert by_five == [0.5, 1.0, 0.5, 1.0]
    files = {file.stem for file in (tmp_path / store / "simulation").glob("*.csv")}
    assert set(shown["tables"]) == files


@pytest.mark.parametrize("lang", LANGS)
def test_lists_and_comparisons_speak_one_language(filled: tuple[Path, str], lang: Lang) -> None:
    _, store = filled
    assert "Twice as fast" in done("runs", store, "list", "--lang", "en")
    texts = [done("runs", store, "list", "--lang", lang)]
    texts += [done("runs", store, "show", number, "--lang", lang) for number in range(1, 6)]
    texts += [done("runs", store, "compare", *pair, "--lang", lang) for pair in ((3, 4), (1, 2), (1, 5), (4, 3))]
    for text in texts:
        assert not re.search(r"\b(runs|plan|plotsim|cli)\.[a-z_]+(?!\S)", text.replace("runs.sqlite", "")), "a raw key"
        left = re.sub(r"窗口 一个|烟台|济南|提速一倍|窗口|\{.*|项目\d", "", text)
        assert bool(re.search("[一-鿿]", left)) == (lang == "zh"), left


@pytest.mark.parametrize("lang, said", [
    ("zh", ["统计截至 5", "语言 ", "开工率分母 全部计划项目", "对比基准 现状", "规则代价 否"]),
    ("en", ["by 5", "language English", "share of all planned", "against as it is", "costs of rules no"]),
])  # fmt: skip
def test_settings_are_told_in_words(filled: tuple[Path, str], lang: Lang, said: list[str]) -> None:
    _, store = filled
    texts = [done("runs", store, "show", number, "--lang", lang) for number in (1, 4)]
    texts.append(done("runs", store, "compare", 1, 4, "--lang", lang))
    assert all(word in "".join(texts) for word in said), texts
    for raw in ("over planned", "against case", "costs false", "lang en", "allocate"):
        assert not any(raw in text for text in texts), raw


def test_the_same_run_again_has_a_new_time_and_no_new_number(tmp_path: Path) -> None:
    case = desk(tmp_path)
    for _ in range(2):
        done("seek", case, "--by", 5, *QUICK)
        done("allocate", case)
    assert [row["number"] for row in told("runs", f"out/{case.name}", "list")] == [1, 2]
    done("seek", case, "--by", 5, "--seed", 2, *QUICK)
    assert [row["seed"] for row in told("runs", f"out/{case.name}", "list")] == [1, None, 2]


def test_a_store_lies_where_it_is_asked_for(tmp_path: Path) -> None:
    case = small(tmp_path)
    done("allocate", case, "--out", "plans")
    done("allocate", case, "--out", "plans", "--store", "kept/all.sqlite", "--gap", 0.01)
    assert [len(told("runs", place, "list")) for place in ("plans", "kept/all.sqlite")] == [1, 1]
    assert told("runs", "kept/all.sqlite", "show", 1)["options"]["gap"] == 0.01


def test_what_was_asked_for_beside_a_plan_is_kept_too(tmp_path: Path) -> None:
    done("allocate", small(tmp_path), "--out", "plans", "--robustness", 3, "--seed", 5, "--costs", "--jobs", 1)
    shown = told("runs", "plans", "show", 1)
    assert (shown["seed"], shown["options"]["draws"], shown["options"]["costs"]) == (5, 3, True)
    assert {"robustness", "rule_costs", "block_values"} <= set(shown["tables"])


def test_a_plan_that_cannot_be_is_kept_with_its_status(tmp_path: Path) -> None:
    done("allocate", impossible(tmp_path), "--out", "plans", code=1)
    assert "no plan keeps all hard rules" in done("runs", "plans", "list")
    assert told("runs", "plans", "show", 1)["status"] == "infeasible"
    done("runs", "plans", "compare", 1, 1)


def test_an_export_holds_the_tables_and_a_case_that_gives_them_again(tmp_path: Path, filled: tuple[Path, str]) -> None:
    case, store = filled
    told_of = told("runs", store, "export", 3, "--out", "drawn")
    drawn = tmp_path / told_of["case_folder"]
    assert Case.read(drawn).hash == Case.read(case).hash and Case.read(drawn).name == "窗口-一个"
    with Store(tmp_path / store / "runs.sqlite") as kept:
        record = kept.load(3)
    for name, table in record.tables.items():
        written = tmp_path / "drawn" / f"{name}.csv"
        assert written.read_bytes() == (tmp_path / store / "simulation" / f"{name}.csv").read_bytes()
        pd.testing.assert_frame_equal(pd.read_csv(written, dtype=str), _texts(harmless(table)))
    summary = json.loads((tmp_path / "drawn" / "summary.json").read_text("utf-8"))
    assert summary == record.summary
    again = told("simulate", drawn, "--scenario", "faster", "--scenario", "pace-pace-4", "--by", 5, *QUICK)
    figures = {one["name"]: one["figures"] for one in summary["scenarios"]}
    expected = [figures[name] for name in ("case", "faster", "pace (pace = 4)")]
    assert [one["figures"] for one in again["scenarios"]] == expected
    assert again["scenarios"][2]["title"] == "pace (pace = 4)"


def _texts(table: pd.DataFrame) -> pd.DataFrame:
    """A table as its CSV says it."""
    from io import StringIO

    return pd.read_csv(StringIO(table.to_csv(index=False)), dtype=str)


def test_deleting_says_what_went_and_asks_nothing(tmp_path: Path, filled: tuple[Path, str]) -> None:
    _, store = filled
    place = tmp_path / store / "runs.sqlite"
    before = place.stat().st_size
    assert told("runs", store, "delete", 3)["replications"] == 2  # pace 4; the others are used elsewhere
    assert "copies of cases 0" in done("runs", store, "delete", 1)
    assert [row["number"] for row in told("runs", store, "list")] == [2, 4, 5] and place.stat().st_size < before
    for number in (2, 4):
        done("runs", store, "delete", number)
    last = told("runs", store, "delete", 5)
    assert last["cases"] == 1 and last["freed"] > 0
    with Store(place) as kept:
        kept.add([Entry("f00d", 0, "stopped", 1, b"x")])
    listed = done("runs", store, "list")
    assert listed.startswith("Nothing is kept") and "unfinished experiments: 1" in listed
    assert told("runs", store, "delete", "unfinished")["replications"] == 1
    base = sqlite3.connect(place)
    assert base.execute("SELECT count(*) FROM outcomes").fetchone() == (0,)
    base.close()


def test_two_plans_that_differ_say_where_and_who_gains(tmp_path: Path) -> None:
    case = small(tmp_path)
    done("allocate", case, "--store", "all.sqlite", "--out", "one")
    more = Case.read(case).with_changes(pools=lambda table: table.assign(amount=70.0)).write(tmp_path / "更多")
    done("allocate", more, "--store", "all.sqlite", "--out", "two")
    found = told("runs", "all.sqlite", "compare", 2, 1)
    assert not found["same_input"]
    assert found["inputs"] == [{"table": "pools", "columns": "amount", "only_a": 1, "only_b": 1}]
    text = done("runs", "all.sqlite", "compare", 2, 1)
    assert "The cases differ" in text and "amount" in text
    tables = [pd.read_csv(f"{name}/projects.csv", dtype={"id": str}) for name in ("one", "two")]
    chosen = [set(table.query("funded")["id"]) for table in tables]
    moved = {row["id"]: row["outcome"] for row in found["projects"]}
    assert {one for one, way in moved.items() if way == "gains"} == chosen[1] - chosen[0]
    assert {one for one, way in moved.items() if way == "loses"} == chosen[0] - chosen[1]


def test_experiments_are_paired_where_their_seed_is_the_same_and_the_table_says_which(
    filled: tuple[Path, str],
) -> None:
    case, store = filled
    done("simulate", case, "--by", 5, "--seed", 2, *QUICK)
    same, other = (told("runs", store, "compare", *pair)["figures"] for pair in ((3, 3), (3, 6)))
    assert {(row["change"], row["low"], row["high"], row["pairing"], row["pairs"]) for row in same} == {
        (0, 0, 0, "paired", 2)}  # fmt: skip
    assert {row["pairing"] for row in other if row["change"] is not None} == {"unpaired"}
    texts = {way: done("runs", store, "compare", 3, number) for way, number in (("paired (2)", 4), ("unpaired", 6))}
    assert all(way in text for way, text in texts.items()) and "paired (" not in texts["unpaired"]
    assert "Twice as fast" in texts["paired (2)"] and "Welch" not in texts["paired (2)"]
    assert "不配对" in done("runs", store, "compare", 3, 6, "--lang", "zh")
    done("runs", store, "export", 3, "--out", "drawn")
    assert len(pd.read_csv("drawn/replicated.csv")) == 4 * 2, "a line per scenario and replication"


def test_crossings_of_two_cases_differ_as_the_scenario_that_leads_from_one_to_the_other(tmp_path: Path) -> None:
    case = desk(tmp_path)
    slow = Case.read(case).with_changes(
        stages=lambda table: table.assign(work="exponential(2)"), offices=lambda table: table.assign(reviewers=1.0)
    )
    fast = slow.with_changes(offices=lambda table: table.assign(reviewers=2.0))
    (tmp_path / "more.toml").write_text("[levers]\nreviewers = 2.0\n")
    asked = ("--regime", "ranked", "--every", 2, "--until", 6, "--replications", 4, *QUICK[2:], "--store", "all.sqlite")
    done("regimes", fast.write(tmp_path / "fast" / "case"), "--out", "one", *asked)
    done("regimes", slow.write(tmp_path / "slow" / "case"), tmp_path / "more.toml", "--out", "two", *asked)
    compared = told("runs", "all.sqlite", "compare", 1, 2)["figures"]
    found = {row["measure"]: row for row in compared if row["scenario"] == "case · ranked"}
    effects = pd.read_csv("two/effects.csv").fillna({"resource": ""})
    assert len(effects) == 7 and (effects["low"] < effects["high"]).all()
    for row in effects.to_dict("records"):
        one = found[f"{row['measure']}:{row['resource']}".removesuffix(":")]
        assert one["pairing"] == "paired"
        assert [one["change"], one["low"], one["high"]] == pytest.approx([row["effect"], row["low"], row["high"]])


@pytest.mark.parametrize("lang, date", [("en", "Mar 2020"), ("zh", "2020年3月")])
def test_the_list_tells_dates_and_a_figure_that_all_scenarios_have(tmp_path: Path, lang: Lang, date: str) -> None:
    dated = pd.DataFrame({"key": ["calendar", "origin"], "value": ["weekly", "2020-01-01"]})
    case = Case.read(desk(tmp_path)).with_changes(process=lambda _: dated)
    rows = [[name, "day_80", "day", day, day, day] for name, day in (("", 70.0), ("slow", 80.0))]
    share = [["", "started:60", "share", 0.5, 0.5, 0.5], ["slow", "started:60", "share", 0.25, 0.25, 0.25]]
    with Store("runs.sqlite") as store:
        for never in (False, True):
            figures = pd.DataFrame([*rows, *share], columns=FIGURES)
            figures.loc[1, "value"] = float("nan") if never else 80.0
            store.keep(Record("experiment", "compare", case, figures, {}, {}, seed=int(never)))
    dates, shares = done("runs", ".", "list", "--lang", lang).splitlines()[1:]
    assert date in dates and " … " in dates and "25.0" in shares and "50.0" in shares


def test_what_a_programme_of_the_users_own_kept_is_shown_as_it_is_called(tmp_path: Path) -> None:
    case = Case.from_tables(projects=PROJECTS, pools=POOLS)
    figures = pd.DataFrame([["", "jobs", "people", 12.0, 11.0, 13.0]], columns=FIGURES)
    with Store("runs.sqlite") as store:
        store.keep(Record("plan", "my own", case, figures, {}, {}, status="tried"))
        days = figures.assign(measure="day_80", unit="day")
        number = store.keep(Record("experiment", "by hand", case, days, {}, {}))
    assert "day 12" in done("runs", ".", "show", number), "the case has no stages that say what day 0 is"
    for text in (done("runs", ".", "list"), done("runs", ".", "show", 1), done("runs", ".", "compare", 1, 1)):
        assert "my own" in text and "12 people" in text


@pytest.mark.parametrize("args, english, chinese", [
    (["nowhere", "list"], "There is no store “nowhere”", "没有结果库“nowhere”"),
    (["plans", "show", "7"], "Nothing is kept under “7”", "没有编号“7”"),
    (["plans", "delete", "all"], "Nothing is kept under “all”", "没有编号“all”"),
    (["plans", "compare", "1"], "M is missing", "缺少参数“另一编号”"),
    (["plans", "lits"], "Did you mean “list”?", "是否指“list”？"),
    (["plans"], "A command is missing", "缺少命令"),
    (["plans/projects.csv", "list"], "is damaged or no store", "已损坏"),
    (["plans/empty", "list"], "is empty and no store", "为空，不是结果库"),
    (["plans", "export", "1", "--out", "plans/plan.xlsx"], "plan.xlsx", "plan.xlsx"),
])  # fmt: skip
def test_what_cannot_be_is_told_in_both_languages_and_changes_nothing(
    filled: tuple[Path, str], args: list[str], english: str, chinese: str
) -> None:
    os.rename("out/窗口 一个", "plans")
    Path("plans/empty").touch()
    before = {file: file.read_bytes() for file in Path("plans").iterdir() if file.is_file()}
    for lang, said in zip(LANGS, (english, chinese), strict=True):
        result = run("runs", *args, "--lang", lang)
        assert result.exit_code == 2 and said in result.stderr and "Traceback" not in result.stderr
    assert {file: file.read_bytes() for file in Path("plans").iterdir() if file.is_file()} == before


def test_a_file_that_is_no_store_is_refused_before_anything_is_solved(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look at " * 50)
    result = run("allocate", small(tmp_path), "--store", "notes.txt")
    assert result.exit_code == 2 and "damaged or no store" in result.stderr
    assert not (tmp_path / "out").exists() and (tmp_path / "notes.txt").read_text().startswith("not a database")
