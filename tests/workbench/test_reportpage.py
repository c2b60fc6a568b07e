"""The page of a report in a real browser: opened from disk without a network, sorted, copied, read on a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cases import LANGS
from reports import html, report

from allocator.labels import Lang

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip("there is no chromium on this machine (Debian: apt-get install chromium)")
    assert CHROMIUM, "there is no chromium, which the tests of a report's page need"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        made = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


@pytest.fixture(params=LANGS)
def opened(request: pytest.FixtureRequest, browser: Any, tmp_path: Path) -> Iterator[tuple[Lang, Any, list[str]]]:
    """The page in a browser that is offline; every address that it asks for is noted."""
    lang: Lang = request.param
    file = tmp_path / "报告 report.html"
    file.write_text(html(lang), "utf-8")
    context = browser.new_context(offline=True, permissions=["clipboard-read", "clipboard-write"])
    tab, asked, wrong = context.new_page(), [], []
    tab.on("request", lambda one: asked.append(one.url))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.goto(file.as_uri())
    yield lang, tab, asked
    assert wrong == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in asked if url.startswith("file:")]) == 1
    context.close()


def texts(tab: Any, key: str, column: int) -> list[str]:
    found: list[str] = tab.locator(f"#table-{key} tbody tr td:nth-child({column + 1})").all_inner_texts()
    return found


def test_the_first_screen_shows_the_question_the_answer_and_a_picture(opened: tuple[Lang, Any, list[str]]) -> None:
    lang, tab, _ = opened
    made = report(lang)
    tab.set_viewport_size({"width": 1280, "height": 900})
    for text in (made.question, *(one.text for one in made.answer), *(one.text for one in made.warning)):
        place = tab.get_by_text(text, exact=True).first.bounding_box()
        assert place is not None and place["y"] + place["height"] <= 900
    picture = tab.locator("#answer svg").bounding_box()
    assert picture["y"] + picture["height"] <= 900 and picture["width"] > 300
    assert tab.get_by_role("img", name=made.picture.alt).count() == 1


def test_a_header_sorts_by_numbers_both_ways_with_mouse_and_keyboard(opened: tuple[Lang, Any, list[str]]) -> None:
    lang, tab, _ = opened
    table = report(lang).tables["by_region"]
    place = [column.key for column in table.columns].index("change")
    known = sorted((value or 0.0, text) for value, text in zip(table.columns[place].values or (),
                                                               table.columns[place].texts, strict=True))  # fmt: skip
    head = tab.locator("#table-by_region thead th").nth(place)
    head.click()
    assert texts(tab, "by_region", place) == [text for _, text in known]
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").press("Enter")
    assert texts(tab, "by_region", place) == [text for _, text in reversed(known)]
    assert head.get_attribute("aria-sort") == "descending"


def test_blank_cells_stay_last(opened: tuple[Lang, Any, list[str]]) -> None:
    _, tab, _ = opened
    head = tab.locator("#table-realised thead th").nth(5)
    for _ in range(2):
        head.click()
        cells = texts(tab, "realised", 5)
        assert cells[-2:] == ["–", "–"] and "–" not in cells[:-2]


def test_a_table_is_copied_as_tabs_with_plain_numbers(opened: tuple[Lang, Any, list[str]]) -> None:
    lang, tab, _ = opened
    table = report(lang).tables["realised"]
    button = tab.locator("#table-realised button.copy")
    button.click()
    tab.wait_for_function("button => button.textContent === button.dataset.done", arg=button.element_handle())
    lines = [line.split("\t") for line in tab.evaluate("navigator.clipboard.readText()").splitlines()]
    assert lines[0] == [column.header for column in table.columns]
    assert len(lines) == 1 + len(table) and {len(line) for line in lines} == {len(table.columns)}
    gain = lines[2][5]
    assert float(gain) == pytest.approx(
        float(table.cell(1, "gain").text.replace("\N{MINUS SIGN}", "-").replace(",", ""))
    )


def test_a_table_is_copied_too_where_the_clipboard_is_closed(opened: tuple[Lang, Any, list[str]]) -> None:
    _, tab, _ = opened
    tab.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('closed')); }")
    button = tab.locator("#table-balance button.copy")
    button.click()
    tab.wait_for_function("button => button.textContent !== button.dataset.name", arg=button.element_handle())
    assert tab.evaluate("getSelection().toString()").count("\n") >= 4


def test_a_phone_scrolls_tables_and_not_the_page(opened: tuple[Lang, Any, list[str]]) -> None:
    _, tab, _ = opened
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_print_leaves_out_what_is_pressed(opened: tuple[Lang, Any, list[str]]) -> None:
    _, tab, _ = opened
    tab.emulate_media(media="print")
    assert not tab.locator("button.copy").first.is_visible() and not tab.locator("nav").is_visible()
    assert tab.locator("#table-assumed td").last.is_visible()
