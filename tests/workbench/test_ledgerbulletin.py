"""The monthly bulletin: its figures by hand, the same in workbook and page, nothing from elsewhere."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
from cases import LANGS, run
from ledgers import case, made

from allocator import Case
from allocator.labels import Lang
from workbench.bulletin import Bulletin
from workbench.bulletinfolder import page
from workbench.bulletinpages import BulletinPages
from workbench.ledger import Ledger

ENTRIES = [
    ("set", "001", "batch", "start", "王", "2020-03-02"), ("set", "001", "started", "2020-03-02", "王", "2020-03-03"),
    ("problem", "001", "no <b>power</b> line", "窗口", "李", "2020-01-20"),
    ("problem", "003", "=1+1", "省厅", "李", "2020-03-05"), ("problem", "002", "no road", "窗口", "李", "2020-03-20"),
    ("resolve", "2", "done", "赵", "2020-03-15"), ("resolve", "1", "laid", "赵", "2020-04-01"),
]  # fmt: skip


def kept(folder: Path) -> Path:
    """A ledger with a month in it."""
    path = made(folder)
    for command, *rest, who, day in ENTRIES:
        by = ("--by", who, "--on", day)
        if command == "set":
            result = run("ledger", "set", path, *rest, *by)
        elif command == "problem":
            result = run("ledger", "problem", path, *rest[:2], "--office", rest[2], *by)
        else:
            result = run("ledger", "resolve", path, rest[0], "--how", rest[1], *by)
        assert result.exit_code == 0, result.output
    return path


def of(path: Path, month: int, lang: Lang = "en") -> Bulletin:
    """The bulletin of a month of 2020."""
    with Ledger(path) as ledger:
        return Bulletin.of(ledger, dt.date(2020, month, 1), lang)


class Cells(HTMLParser):
    """The cells of the tables of a page, row by row, by the section they stand in."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self._section, self._inside = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Where a cell begins."""
        if tag == "section":
            self._section = str(dict(attrs)["id"])
            self.tables[self._section] = []
        elif tag == "tr":
            self.tables[self._section].append([])
        self._inside = tag in ("td", "th")
        if self._inside:
            self.tables[self._section][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Where it ends."""
        self._inside = False

    def handle_data(self, data: str) -> None:
        """What stands in it."""
        if self._inside:
            self.tables[self._section][-1][-1] += data


def bare(cell: str) -> str:
    """A number without separators and trailing zeros; text as it is."""
    number = cell.replace(",", "")
    return f"{float(number):g}" if re.fullmatch(r"-?\d+(\.\d+)?", number) else cell


def tables(made_: Bulletin) -> dict[str, list[list[str]]]:
    """The tables of the page."""
    reader = Cells()
    reader.feed(page(made_))
    return reader.tables


def test_the_figures_are_those_reckoned_by_hand(tmp_path: Path) -> None:
    found = tables(of(kept(tmp_path), 3))
    assert found["projects"][1:] == [
        ["济南", "0", "0", "0", "0", "1", "1", "0", "30"],
        ["烟台", "0", "0", "2", "0", "0", "2", "1", "500"],
        ["all", "0", "0", "2", "0", "1", "3", "1", "530"],
    ]
    assert [row[0] for row in found["started"][1:]] == ["001"]
    assert found["levels"][1:] == [
        ["province", "1", "1", "0", "0", "0", "0", "0", ""], ["city", "1", "0", "2", "0", "1", "0", "1", "71"],
        ["county", "0", "0", "0", "0", "0", "0", "0", ""], ["all", "2", "1", "2", "0", "1", "0", "1", "71"],
    ]  # fmt: skip
    assert found["offices"][2] == ["city", "Desk", *found["levels"][2][1:]]
    assert [row[0] for row in found["cities"]] == ["city", "济南", "烟台", "all"]
    assert [(row[0], row[1]) for row in found["open"][1:]] == [("1", "001"), ("3", "002")]
    assert [row[0] for row in found["resolved"][1:]] == ["2"]
    assert [row[:3] for row in found["changes"][1:]] == [["2020-03-02", "王", "001"], ["2020-03-03", "王", "001"]]


def test_months_before_and_after_are_as_they_were(tmp_path: Path) -> None:
    path = kept(tmp_path)
    january, april = tables(of(path, 1)), tables(of(path, 4))
    assert january["levels"][-1][1:4] == ["1", "0", "1"] and april["levels"][-1][1:4] == ["0", "1", "1"]
    assert january["projects"][-1][1:6] == ["0", "1", "1", "0", "1"]
    assert january["changes"][-1][:1] == ["2020-01-01"] and "3 projects" in january["changes"][-1]
    assert january["started"] == [] and april["started"] == []


@pytest.mark.parametrize("lang", LANGS)
def test_workbook_and_page_hold_the_same_cells(tmp_path: Path, lang: Lang) -> None:
    path = kept(tmp_path)
    result = run("ledger", "bulletin", path, "--month", "2020年3月", "--out", tmp_path / "out", "--lang", lang)
    assert result.exit_code == 0 and "summary.json" in result.stdout
    book, found = openpyxl.load_workbook(tmp_path / "out" / "bulletin.xlsx"), tables(of(path, 3, lang))
    for sheet in BulletinPages(of(path, 3, lang)).all():
        if sheet.key == "levels" or not len(sheet):
            continue
        cells = [["" if cell is None else str(cell) for cell in row] for row in book[sheet.name].values]
        assert [list(map(bare, row)) for row in cells] == [list(map(bare, row)) for row in found[sheet.key]], sheet.key
    front = [str(cell) for row in book.worksheets[0].values for cell in row if cell is not None]
    for sentence in of(path, 3, lang).sentences:
        assert sentence in front and sentence in result.stdout
    assert not any(cell.data_type == "f" for sheet in book for row in sheet for cell in row)


def test_the_page_needs_nothing_from_elsewhere_and_takes_no_markup_from_cells(tmp_path: Path) -> None:
    text = page(of(kept(tmp_path), 3))
    assert not re.search(r"https?:|src=|<script|<link|@import|url\(", text)
    assert "<b>power" not in text and html.escape("no <b>power</b> line") in text


@pytest.mark.parametrize("lang", LANGS)
def test_each_language_stands_by_itself(tmp_path: Path, lang: Lang) -> None:
    text = re.sub(r"<style>.*?</style>|<[^>]*>|&\w+;", " ", page(of(kept(tmp_path), 3, lang)), flags=re.S)
    assert "ledger." not in text
    if lang == "en":
        said = re.sub("|".join(["港口", "学校", "济南", "烟台", "王", "李明", "李", "赵"]), "", text)
        assert re.findall(r"[一-鿿]+", said) == []
    else:
        own = {"no", "power", "line", "road", "done", "laid", "Desk", "yaosu", "ledger"}
        assert {word for word in re.findall(r"[A-Za-z]{2,}", text)} <= own


def test_the_summary_says_the_same_and_a_second_bulletin_replaces_the_first(tmp_path: Path) -> None:
    path = kept(tmp_path)
    for month in ("2020-02", "2020-03"):
        said = run("ledger", "bulletin", path, "--month", month, "--out", tmp_path / "out", "--json").stdout
    told, file = json.loads(said), json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert {**told, "made": ""} == {**file, "made": ""}
    assert (told["month"], told["started"], told["problems"]["open"]) == ("2020-03", ["001"], 2)
    assert {one.name for one in (tmp_path / "out").iterdir()} == {"bulletin.xlsx", "bulletin.html", "summary.json"}


def test_a_bulletin_that_cannot_be_written_is_told_and_the_old_one_stays(tmp_path: Path) -> None:
    (tmp_path / "out" / "bulletin.html" / "held").mkdir(parents=True)
    result = run("ledger", "bulletin", kept(tmp_path), "--month", "2020-03", "--out", tmp_path / "out")
    assert result.exit_code == 2 and "bulletin.html” cannot be written" in result.stderr


@pytest.mark.parametrize("lang", LANGS)
def test_a_project_that_has_left_keeps_its_last_name_and_city(tmp_path: Path, lang: Lang) -> None:
    path, rest = made(tmp_path), case().projects.iloc[:2]
    by = ("--by", "王", "--on", "2020-03-02", "--lang", lang)
    run("ledger", "set", path, "003", "name", "小学", *by)
    run("ledger", "problem", path, "003", "no power", "--office", "窗口", *by)
    folder = Case.from_tables(projects=rest, pools=case().pools).write(tmp_path / "rest")
    assert run("ledger", "import", path, folder, "--by", "李", "--on", "2020-03-09", "--lang", lang).exit_code == 0
    found = tables(of(path, 3, lang))
    assert found["open"][1][1:4] == ["003", "小学", "济南"] and found["cities"][1][0] == "济南"
    assert ["2020-03-09", "李", "003", "小学"] in [row[:4] for row in found["changes"]]
    assert "003 小学" in run("ledger", "history", path, "003", "--lang", lang).stdout
    said = run("ledger", "open", path, "--at", "2020-03-10", "--region", "济南", "--json")
    assert [one["region"] for one in json.loads(said.stdout)["problems"]] == ["济南"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_problem_given_to_another_office_is_counted_apart_and_with_who_did_it(tmp_path: Path, lang: Lang) -> None:
    path, listed = made(tmp_path), tmp_path / "list.csv"
    head = "project,problem,office,level,raised"
    lists = (["001,no road,窗口,,2020-03-01"], ["001,no road,省厅,,2020-03-01", "002,no power,窗口,,2020-03-02"])
    for who, day, rows in zip("李赵", ("02", "03"), lists, strict=True):
        listed.write_text("\n".join([head, *rows]), "utf-8")
        said = run("ledger", "import", path, listed, "--by", who, "--on", f"2020-03-{day}", "--lang", lang).stdout
    received, changed = {"en": ("1 problems received", "1 problems changed"), "zh": ("新增问题1个", "更新问题1个")}[
        lang
    ]
    assert received in said and changed in said
    run("ledger", "set", path, "001", "batch", "start", "--by", "王", "--on", "2020-03-04")
    cells, problems = of(path, 3, lang).sentences[:2:-1]
    assert "王" in cells and "赵" not in cells and "赵" in problems and "王" not in problems
    [moved] = [change for change in of(path, 3, lang).changes if change.event.kind == "problem"]
    assert {"en": "Desk", "zh": "窗口"}[lang] in moved.before
    assert {"en": "Ministry", "zh": "省厅"}[lang] in moved.after and moved.before in tables(of(path, 3, lang))[
        "changes"
    ][1]


def test_a_late_entry_stands_in_the_bulletin_of_the_month_it_was_recorded_in(tmp_path: Path) -> None:
    today = dt.date.today()
    path = made(tmp_path, case(), today - dt.timedelta(days=70))
    day = today.replace(day=1) - dt.timedelta(days=3)
    assert run("ledger", "set", path, "001", "batch", "start", "--by", "王", "--on", f"{day}").exit_code == 0
    with Ledger(path) as ledger:
        found = Bulletin.of(ledger, today.replace(day=1), "en")
    recorded = dt.datetime.now(dt.UTC).date()
    assert recorded.month != today.month or f"{day}" in [f"{change.event.day}" for change in found.changes]
