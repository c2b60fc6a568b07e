"""A problem recorded by mistake: no longer open, never resolved, still in the history, and not brought back."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from cases import LANGS, run
from ledgers import case, count, made

from allocator.labels import Lang
from workbench import ledgerentries
from workbench.bulletin import Bulletin
from workbench.ledger import Ledger
from workbench.ledgerstate import Event

ROWS = ["001,no power,窗口,2020-02-01,", "002,no road,窗口,2020-02-03,"]


def told(*args: str | Path, code: int = 0) -> str:
    """What a command of the ledger says."""
    result = run("ledger", *args)
    assert result.exit_code == code, result.output
    return result.stdout + result.stderr


def listed(folder: Path, rows: list[str]) -> Path:
    """A list of problems as CSV."""
    path = folder / "list.csv"
    path.write_text("\n".join(["project,problem,office,raised,resolved", *rows]) + "\n", "utf-8")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with two problems, the second withdrawn in March."""
    made(tmp_path)
    told("import", tmp_path / "ledger.sqlite", listed(tmp_path, ROWS), "--by", "热线")
    said = told("withdraw", tmp_path / "ledger.sqlite", "2", "--why", "重复登记", "--by", "王", "--on", "2020-03-10")
    assert said.strip() == "problem 2 of project 002 withdrawn on 2020-03-10"
    return tmp_path / "ledger.sqlite"


def open_on(path: Path, day: str) -> list[int]:
    """Numbers of the problems open on a day."""
    return [one["number"] for one in json.loads(told("open", path, "--at", day, "--json"))["problems"]]


def test_a_withdrawn_problem_is_open_until_its_day_and_stays_in_the_history(path: Path) -> None:
    assert open_on(path, "2020-03-09") == [1, 2] and open_on(path, "2020-03-10") == [1]
    assert told("history", path, "002").splitlines()[-1].startswith("2020-03-10  problem 2 withdrawn: 重复登记  (王,")
    assert (
        told("history", path, "002", "--lang", "zh")
        .splitlines()[-1]
        .startswith("2020-03-10  问题2撤销：重复登记  （王")
    )


def test_what_is_closed_already_is_refused_in_both_languages(path: Path) -> None:
    told("resolve", path, "1", "--how", "laid", "--by", "赵", "--on", "2020-03-05")
    before, late = count(path), ("--by", "钱", "--on", "2020-03-20")
    for args, english, chinese in (
        (
            ("withdraw", path, "1", "--why", "x", *late),
            "resolved on 2020-03-05, says 赵",
            "已于2020-03-05解决（赵记录）",
        ),
        (
            ("withdraw", path, "2", "--why", "x", *late),
            "withdrawn on 2020-03-10, says 王",
            "已于2020-03-10撤销（王记录）",
        ),
        (
            ("resolve", path, "2", "--how", "x", *late),
            "withdrawn on 2020-03-10, says 王",
            "已于2020-03-10撤销（王记录）",
        ),
        (("withdraw", path, "3", "--why", "x", *late), "no problem 3; 2 have", "没有编号为3的问题"),
        (("withdraw", path, "2", *late), "--why TEXT is missing", "缺少参数“--why 文字”"),
    ):
        assert english in told(*args, code=2) and chinese in told(*args, "--lang", "zh", code=2)
    assert count(path) == before


def test_a_problem_is_not_withdrawn_before_it_was_raised(tmp_path: Path) -> None:
    path = made(tmp_path)
    told("problem", path, "001", "no power", "--office", "窗口", "--by", "王", "--on", "2020-03-02")
    said = told("withdraw", path, "1", "--why", "x", "--by", "王", "--on", "2020-03-01", code=2)
    assert "before problem 1 was raised" in said


def test_a_cumulative_list_does_not_bring_it_back(path: Path, tmp_path: Path) -> None:
    before = count(path)
    assert "nothing has changed" in told("import", path, listed(tmp_path, ROWS), "--by", "热线")
    for row in ("002,no road,窗口,2020-02-03,2020-03-20", "002,no road,省厅,2020-02-03,"):
        said = told("import", path, listed(tmp_path, [ROWS[0], row]), "--by", "热线", "--lang", "zh")
        assert "台账中问题2已于2020-03-10撤销，不作改动" in said and "没有变动" in said
    assert count(path) == before and open_on(path, "2020-03-31") == [1]


def test_of_a_problem_entered_twice_a_list_resolves_the_one_that_stands(path: Path, tmp_path: Path) -> None:
    for _ in range(2):
        told("problem", path, "003", "no crane", "--office", "窗口", "--by", "王", "--on", "2020-03-01")
    told("withdraw", path, "4", "--why", "twice", "--by", "王", "--on", "2020-03-02")
    told("import", path, listed(tmp_path, ["003,no crane,窗口,2020-03-01,2020-03-05"]), "--by", "热线")
    with Ledger(path) as ledger:
        problems = ledger.state().problems
    assert problems[3].resolved == dt.date(2020, 3, 5) and problems[4].resolved is None


def month(path: Path, first: dt.date, lang: Lang = "en") -> Bulletin:
    """The bulletin of a month."""
    with Ledger(path) as ledger:
        return Bulletin.of(ledger, first, lang)


@pytest.mark.parametrize("lang", LANGS)
def test_the_bulletin_says_how_many_were_withdrawn_by_whom_and_why(path: Path, tmp_path: Path, lang: Lang) -> None:
    said = told("bulletin", path, "--month", "2020-03", "--out", tmp_path / "out", "--lang", lang)
    assert {"en": "withdrawn as mistakes: 1. Recorded by 王.", "zh": "撤销误登问题1个；记录人：王。"}[lang] in said
    page = (tmp_path / "out" / "bulletin.html").read_text("utf-8")
    section = page.partition('<section id="withdrawn">')[2].partition("</section>")[0]
    for cell in ("002", "no road", "2020-03-10", "王", "重复登记"):
        assert f">{cell}</td>" in section
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))["problems"]
    assert (summary["open"], summary["resolved"], summary["withdrawn"]) == (1, 0, 1)
    assert month(path, dt.date(2020, 4, 1), lang).withdrawn == [] and not month(path, dt.date(2020, 2, 1)).withdrawn


def test_from_month_to_month_what_is_open_grows_by_received_less_resolved_less_withdrawn(tmp_path: Path) -> None:
    path, random, start = made(tmp_path, case()), np.random.default_rng(3), dt.date(2020, 1, 1)
    with Ledger(path) as ledger:
        for number in range(1, 61):
            raised = start + dt.timedelta(days=int(random.integers(0, 150)))
            ledgerentries.raise_problem(ledger, "001", f"{number}", "窗口", None, "王", raised)
            kind = random.choice(["resolved", "withdrawn", ""])
            if kind:
                closed = raised + dt.timedelta(days=int(random.integers(0, 60)))
                ledgerentries.close(ledger, Event(kind, str(number), closed, "王"))
    left = 0
    for place in range(1, 9):
        found = month(path, dt.date(2020, place, 1))
        left += int(found.totals["received"] - found.totals["resolved"]) - len(found.withdrawn)
        assert found.totals["open"] == left == len(found.open)
    assert left > 0


def test_a_ledger_as_the_first_version_made_it_opens_and_takes_a_withdrawal(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    base = sqlite3.connect(path)
    base.executescript("""
        PRAGMA application_id = 0x59534C47; PRAGMA user_version = 1;
        CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL,
            field TEXT NOT NULL, value TEXT NOT NULL, day TEXT NOT NULL, recorded TEXT NOT NULL,
            who TEXT NOT NULL CHECK (who <> ''), note TEXT NOT NULL);
    """)
    pools = {"columns": ["pool", "resource", "amount"], "rows": [["p", "land", 5.0]]}
    rows = [("table", "projects", {"columns": ["id", "land", "value"]}), ("table", "pools", pools),
            ("table", "policy", {}), ("came", "a", {"id": "a", "land": 4.0, "value": 2.0}),
            ("problem", "1", {"project": "a", "text": "no power", "office": "grid", "level": "city"})]  # fmt: skip
    base.executemany("INSERT INTO events (kind, subject, field, value, day, recorded, who, note) VALUES (?, ?, '', ?,"
                     " '2020-03-01', '2020-03-01T08:00:00+00:00', 'Li', '')",
                     [(kind, subject, json.dumps(value)) for kind, subject, value in rows])  # fmt: skip
    base.commit()
    base.close()
    assert open_on(path, "2020-03-02") == [1]
    told("withdraw", path, "1", "--why", "none", "--by", "Li", "--on", "2020-03-03")
    assert open_on(path, "2020-03-02") == [1] and open_on(path, "2020-03-03") == []
    with Ledger(path) as ledger:
        assert ledger.state().case("x").projects["land"].tolist() == [4.0]
