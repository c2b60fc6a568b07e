"""``yaosu report``: sentences that say what the tables hold, a page and a document that say the same."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cases import LANGS, desk, run
from docx import Document
from reports import HARD, TITLES, crossed, html, report, written
from scipy import stats

from allocator.labels import Lang
from simulation import loop
from simulation.crossing import named
from simulation.standing import standings
from workbench import reporting
from workbench.report import Report
from workbench.reportknown import MADE
from workbench.reportmaking import make
from workbench.reportword import write

QUICK = ("--replications", 2, "--jobs", 1, "--engine", "simpy")
KINDS = [("faster",), ()]


@pytest.fixture(scope="module")
def pages() -> dict[Lang, str]:
    return {lang: html(lang) for lang in LANGS}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[Lang, Any]:
    """The documents as they are read again."""
    folder = tmp_path_factory.mktemp("documents")
    for lang in LANGS:
        write(report(lang), folder / f"{lang}.docx")
    return {lang: Document(str(folder / f"{lang}.docx")) for lang in LANGS}


@pytest.fixture(scope="module")
def documents(books: dict[Lang, Any]) -> dict[Lang, list[str]]:
    """Every text of a document, those of paragraphs before those of cells."""
    return {
        lang: [one.text for one in book.paragraphs]
        + [cell.text for table in book.tables for row in table.rows for cell in row.cells]
        for lang, book in books.items()
    }


def without(text: str, parts: list[str]) -> str:
    """What is left of a text when parts are taken out, the longest first."""
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, " ", 1)
    return text


@pytest.mark.parametrize("scenarios", KINDS)
@pytest.mark.parametrize("lang", LANGS)
def test_every_number_in_a_sentence_is_the_text_of_a_cell_of_the_report(lang: Lang, scenarios: tuple[str, ...]) -> None:
    made = report(lang, scenarios)
    for sentence in made.sentences:
        for cell in sentence.cells:
            assert made.tables[cell.table].column(cell.column).texts[cell.row] == cell.text
            assert cell.text in sentence.text
        assert not re.search(r"\d", without(sentence.text, [cell.text for cell in sentence.cells])), sentence.text
    assert len(made.answer) == 3


@pytest.mark.parametrize("lang", LANGS)
def test_the_table_of_benefit_holds_means_and_paired_intervals(lang: Lang) -> None:
    made, crossing = report(lang), crossed(lang).crossing
    table, values = made.tables["realised"], crossing.values("realised")
    pairs = [(scenario, regime) for scenario in crossing.scenarios for regime in crossing.regimes]
    for row, (scenario, regime) in enumerate(pairs):
        mine, base = (values[named(scenario, one)].to_numpy() for one in (regime, "regional"))
        for key, found in (("realised", mine), ("gain", mine - base))[: 1 + (regime != "regional")]:
            half = stats.t.ppf(0.975, len(found) - 1) * found.std(ddof=1) / np.sqrt(len(found))
            cells = [table.cell(row, name).value for name in (key, f"{key}_low", f"{key}_high")]
            assert cells == pytest.approx([found.mean(), found.mean() - half, found.mean() + half])


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_printed_is_the_number_behind_it(lang: Lang) -> None:
    factors = {"million": 1e-6, "万": 1e-4, "%": 100.0, "percentage points": 100.0, "百分点": 100.0}
    for table in report(lang).tables.values():
        units = next((column.texts for column in table.columns if column.key == "unit"), ("",) * len(table))
        for column in (column for column in table.columns if column.values and column.key not in ("date", "day")):
            for text, value, unit in zip(column.texts, column.values or (), units, strict=True):
                found = column.unit if column.unit.strip() else unit if column.key != "times" else ""
                factor = next((factor for word, factor in factors.items() if word in found), 1.0)
                if value is not None:
                    number = float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))
                    assert abs(number - value * factor) <= 0.5001 * 10 ** -len(text.partition(".")[2]), column.key


@pytest.mark.parametrize("lang", LANGS)
def test_an_interval_that_holds_zero_is_said_to_show_no_difference(lang: Lang) -> None:
    made = report(lang)
    said = {"en": "no difference can be shown", "zh": "看不出差别"}[lang]
    table = made.tables["started"]
    for row in range(len(table)):
        low, high = (table.cell(row, f"gain_{end}").value for end in ("low", "high"))
        if low is not None and high is not None:
            assert (table.cell(row, "verdict").text == said) == (low <= 0 <= high and (low, high) != (0, 0))


@pytest.mark.parametrize("lang", LANGS)
def test_one_replication_shows_no_intervals_and_says_so(lang: Lang) -> None:
    answer = [sentence.text for sentence in report(lang, ("faster",), 1).answer]
    assert not any("–" in text for text in answer)
    assert all({"en": "one replication", "zh": "单次模拟"}[lang] in text for text in answer)


def test_replications_that_failed_are_told() -> None:
    made = crossed("en")
    failed = pd.DataFrame(
        [(named("faster", "follow"), 7, "error", "broken")], columns=made.crossing.runs.failures.columns
    )
    crossing = replace(made.crossing, runs=replace(made.crossing.runs, failures=failed))
    assert "1 replications failed and do not count" in make(replace(made, crossing=crossing)).warning[1].text


@pytest.mark.parametrize("lang", LANGS)
def test_every_parameter_that_is_fitted_assumed_or_not_stated_is_listed_and_no_other(lang: Lang) -> None:
    known = standings(crossed(lang).study.case)
    open_ones = known[known["standing"].str.contains("fitted|assumed") | (known["standing"] == "")]
    made = report(lang).tables
    assert 0 < len(open_ones) < len(known)
    assert len(made["assumed"]) == len(open_ones)
    texts = {"en": {"assumed": "assumed", "": "not stated", "pub|fitted": "published / fitted"},
             "zh": {"assumed": "假定", "": "未注明", "pub|fitted": "公开 / 拟合"}}[lang]  # fmt: skip
    assert list(made["assumed"].column("standing").texts) == [texts[one] for one in open_ones["standing"]]
    numbers = dict(zip(made["sources"].column("number").texts, made["sources"].column("said").texts, strict=True))
    assert [numbers.get(one, "") for one in made["assumed"].column("source").texts] == list(open_ones["source"])
    assert [value for value in made["assumed"].column("value").texts if not value] == []


@pytest.mark.parametrize("lang", LANGS)
def test_page_and_document_hold_every_sentence_and_every_cell(
    lang: Lang, pages: dict[Lang, str], documents: dict[Lang, list[str]]
) -> None:
    made, texts = report(lang), documents[lang]
    shown = [unescape(one) for one in re.findall(r"<(?:p|li|td)[^>]*>([^<]*)</", pages[lang])]
    cells = [text for table in made.tables.values() for row in table.rows for _, text, _ in row]
    assert [text for text in shown if text in set(cells)] == cells
    sentences = [sentence.text for sentence in made.sentences]
    assert [text for text in shown if text in sentences] == sentences
    assert [text for text in texts if text in sentences] == sentences
    headers = [column.header for table in made.tables.values() for column in table.columns]
    assert [text for text in texts[-len(cells) - len(headers) :] if text in cells or text in headers] == texts[
        -len(cells) - len(headers) :
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_in_the_page_comes_from_elsewhere(lang: Lang, pages: dict[Lang, str]) -> None:
    before = [pages[lang][max(one.start() - 14, 0) : one.start()] for one in re.finditer("https?://", pages[lang])]
    assert before and all(text.endswith(('xmlns="', 'xmlns:xlink="')) for text in before)
    assert not re.search(r"<(?:link|img|iframe|object|script src)|@import|url\((?!\"data:|#)", pages[lang])
    assert f'<html lang="{ {"en": "en", "zh": "zh-CN"}[lang] }">' in pages[lang]
    names = re.findall(r'\bid="([^"]*)"', pages[lang])
    assert len(names) == len(set(names))


@pytest.mark.parametrize("lang", LANGS)
def test_names_with_markup_are_shown_as_they_are(
    lang: Lang, pages: dict[Lang, str], documents: dict[Lang, list[str]]
) -> None:
    assert "<b>" not in pages[lang] and "<fast>" not in pages[lang] and "<for>" not in pages[lang]
    assert unescape(pages[lang]).count(TITLES[lang]) >= 4
    assert any(TITLES[lang] in text for text in documents[lang])
    assert "chosen <for> the test" in documents[lang]


def test_a_name_with_markup_stands_among_those_who_win_or_lose() -> None:
    tables = report("zh").tables
    named = [name for key in ("wins", "loses") if key in tables for name in tables[key].column("name").texts]
    assert named and set(named) <= {HARD, *(f"项目{i}" for i in range(1, 12))}


@pytest.mark.parametrize("lang", LANGS)
def test_no_key_is_shown_in_place_of_words(
    lang: Lang, pages: dict[Lang, str], documents: dict[Lang, list[str]]
) -> None:
    keys = re.compile(r"\b(?:report|loop|plan|cli|schema)\.[a-z_]+\.")
    assert not keys.search(re.sub(r"<script>.*</script>", "", pages[lang], flags=re.DOTALL))
    assert not any(keys.search(text) for text in documents[lang])


def test_both_languages_name_the_same_values() -> None:
    own = tomllib.loads(files("allocator").joinpath("words", "report.toml").read_text("utf-8"))
    for key, (english, chinese) in own.items():
        assert set(re.findall(r"\{(\w+)", english)) == set(re.findall(r"\{(\w+)", chinese)), key
        assert not re.search("[一-鿿]", english), key
        if key.startswith("report.say"):
            assert not re.search(r"\d", re.sub(r"\{\w+(:n)?\}", "", english + chinese)), key


def test_parts_of_tables_stand_in_the_order_that_word_asks_for(books: dict[Lang, Any]) -> None:
    order = ["tblStyle", "tblW", "jc", "tblBorders", "tblLayout", "tblCellMar", "tblLook"]
    for table in books["zh"].tables:
        names = [one.tag.rpartition("}")[2] for one in table._tbl.tblPr]
        assert names == [name for name in order if name in names]
        assert [one.tag.rpartition("}")[2] for one in table.rows[0]._tr.trPr] == ["cantSplit", "tblHeader"]


def test_pictures_are_described_by_a_sentence() -> None:
    made: Report = report("en")
    assert len({one.key for one in made.pictures}) == len(made.pictures) == 5
    assert all(len(one.alt) > 60 for one in made.pictures)


def test_the_command_writes_three_files_and_what_is_kept_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = written(tmp_path)
    first = run("report", place, "faster", "--first", "2020-02-03", "--lang", "zh", "--out", tmp_path / "一", *QUICK)
    assert first.exit_code == 0, first.stderr
    assert sorted(one.name for one in (tmp_path / "一").iterdir()) == [
        "report.docx", "report.html", "runs.sqlite", "summary.json"]  # fmt: skip
    told = json.loads((tmp_path / "一" / "summary.json").read_text("utf-8"))
    assert all(text in first.stdout for text in told["answer"]) and len(told["answer"]) == 3

    def never(*_: object, **__: object) -> None:
        raise AssertionError("run again")

    made: list[tuple[Report, dict[str, Any]]] = []
    monkeypatch.setattr(loop, "run", never)
    monkeypatch.setattr(reporting, "write", lambda told, summary, _: made.append((told, summary)))
    again = run("report", tmp_path / "一", "--run", 1, "--lang", "zh", "--out", tmp_path / "一")
    assert again.exit_code == 0, again.stderr
    [(kept, same)] = made
    assert [sentence.text for sentence in kept.answer] == told["answer"]
    assert all(
        same[key] == told[key] for key in ("cells", "first", "gains", "warning", "seed", "input_hash", "replications")
    )
    assert same["first"] == "2020-02-03"
    assert kept.tables["made"].cell(MADE.index("first"), "is").text == "2020年2月3日"
    listed = json.loads(run("runs", tmp_path / "一", "list", "--json").stdout)
    assert [one["command"] for one in listed] == ["report"]


@pytest.mark.parametrize(("lang", "said"), [("en", "name at least two with --regime"), ("zh", "至少两种配置方式")])
def test_a_single_way_of_giving_quota_out_is_refused(lang: Lang, said: str, tmp_path: Path) -> None:
    result = run("report", written(tmp_path), "--regime", "follow", "--lang", lang)
    assert result.exit_code == 2 and said in result.stderr


@pytest.mark.parametrize(("lang", "said"), [("en", "leave out: "), ("zh", "请去掉：")])
def test_what_was_settled_when_a_run_was_kept_is_not_asked_for_again(lang: Lang, said: str, tmp_path: Path) -> None:
    typed = ("--regime", "follow", "--until", "2020-03-31", "--seed", 1, "--replications", 20, "--gap", 0.02)
    result = run("report", written(tmp_path), "faster", "--run", 1, *typed, "--jobs", 1, "--lang", lang)
    assert result.exit_code == 2 and said in result.stderr
    names = result.stderr.strip().partition(said)[2].split(", ")
    assert set(names) == {"faster", *(one for one in typed if str(one).startswith("--"))}


def test_what_cannot_be_reported_is_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = written(tmp_path)
    assert run("report", place, "fastr", "--lang", "en").exit_code == 2
    assert run("report", place, "--run", 1, "--lang", "en").exit_code == 2
    other = desk(tmp_path)
    assert run("simulate", other, "--out", tmp_path / "made", *QUICK).exit_code == 0
    result = run("report", tmp_path / "made", "--run", 1, "--lang", "en")
    assert result.exit_code == 2 and "was made by “simulate”" in result.stderr
    (tmp_path / "taken").write_text("x", "utf-8")
    assert run("report", place, "--out", tmp_path / "taken", "--lang", "en").exit_code == 2
    assert not list(tmp_path.rglob("report.*"))
