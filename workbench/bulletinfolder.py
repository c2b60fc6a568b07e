"""A bulletin as workbook, as one page that opens without a network, and in figures."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import xlsxwriter
from jinja2 import Environment, PackageLoader, StrictUndefined

from allocator.bookstyle import TEXTS, Field, Page, Style, add_page, decimals
from allocator.frontsheet import FrontSheet, Row
from allocator.planbook import FONTS
from allocator.sheetout import SAFE
from workbench import running
from workbench.bulletin import Bulletin
from workbench.bulletinpages import BulletinPages
from workbench.ledgerwords import AGED

BOOK, PAGE, SUMMARY = "bulletin.xlsx", "bulletin.html", "summary.json"
SHOWN = 200
"""Rows of a table on the page; the workbook has all."""
WIDTHS = (30, *(13,) * 8)


def write_folder(made: Bulletin, folder: Path) -> Path:
    """Write all three; each file is whole before it is seen.

    Raises
    ------
    YaosuError
        A file cannot be written, for example because it is open in Excel.
    """
    files: dict[str, Callable[[Path], None]] = {
        BOOK: partial(_book, made), PAGE: partial(running.text_of, page(made)),
        SUMMARY: partial(running.json_of, summary(made)),
    }  # fmt: skip
    running.write_files(folder, files)
    return folder


def summary(made: Bulletin) -> dict[str, Any]:
    """The month in figures, ready for JSON."""
    totals = {key: None if math.isnan(value) else int(value) for key, value in made.totals.items()}
    return {
        "ledger": made.ledger, "month": f"{made.first:%Y-%m}", "at": made.day.isoformat(), "status": "done",
        "projects": len(made.projects), "started": made.started["id"].tolist(),
        "problems": totals | {"withdrawn": len(made.withdrawn)},
        "changes": len(made.changes), "table_changes": len(made.tables),
        "versions": {"yaosu": metadata.version("yaosu")},
        "made": f"{dt.datetime.now():%Y-%m-%d %H:%M}",
    }  # fmt: skip


def _book(made: Bulletin, path: Path) -> None:
    """Write the workbook: a first sheet with the month in short, and a sheet per table that has rows."""
    say, pages = made.said, [one for one in BulletinPages(made).all() if len(one)]
    with xlsxwriter.Workbook(str(path), SAFE | {"default_format_properties": FONTS[made.lang]}) as book:
        book.set_properties({"title": made.title})
        style = Style(book)
        front = FrontSheet(book, style, say("sheet.summary"), made.title, made.lang, WIDTHS)
        front.line(made.title, height=28, bold=True, font_size=16)
        for sentence in made.sentences:
            front.line(sentence, height=18, font_size=11)
        levels = next(one for one in pages if one.key == "levels")
        front.table(levels.name, [item.header for item in levels.fields], _rows(levels))
        about = {"ledger": made.ledger, "at": made.day.isoformat(), "made": f"{dt.datetime.now():%Y-%m-%d %H:%M}",
                 "version": metadata.version("yaosu")}  # fmt: skip
        front.listing(say("part.made"), {say(f"made.{key}"): text for key, text in about.items()})
        front.listing(say("part.guide"), {one.name: say(f"guide.{one.key}") for one in pages if one.key != "levels"})
        for one in pages:
            if one.key != "levels":
                add_page(book, style, one, made.lang)


def _rows(table: Page) -> list[Row]:
    """The rows of a small table on the first sheet."""
    columns = [[(None if _blank(value) else value, "0" if item.kind == "whole" else "text") for value in item.values]
               for item in table.fields]  # fmt: skip
    return list(zip(*columns, strict=True))


def _blank(value: Any) -> bool:
    return value is None or value == "" or value != value


def page(made: Bulletin) -> str:
    """The bulletin as HTML; nothing in it comes from elsewhere."""
    with_words = Environment(
        loader=PackageLoader("workbench"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    most = max(made.totals[name] for name in AGED) or 1
    ages = [(made.said.age(place), int(made.totals[name]), 100 * made.totals[name] / most)
            for place, name in enumerate(AGED)]  # fmt: skip
    tables = [_shown(one) for one in BulletinPages(made).all()]
    return with_words.get_template("bulletin.html").render(
        lang={"en": "en", "zh": "zh-CN"}[made.lang], made=made, say=made.said, ages=ages, tables=tables, shown=SHOWN,
        version=metadata.version("yaosu"), now=f"{dt.datetime.now():%Y-%m-%d %H:%M}",
    )  # fmt: skip


def _shown(table: Page) -> dict[str, Any]:
    """A table in text: what stands in each cell, and of what kind each column is."""
    columns = [shown(item)[: len(table) if table.total else SHOWN] for item in table.fields]
    return {
        "key": table.key, "name": table.name, "count": len(table), "total": table.total,
        "headers": [item.header for item in table.fields], "rows": list(zip(*columns, strict=True)),
        "kinds": [item.kind for item in table.fields],
    }  # fmt: skip


def shown(item: Field) -> list[str]:
    """The cells of a column as text; numbers with as many decimals as the column needs.

    >>> import pandas as pd
    >>> shown(Field("land", pd.Series([1200.0, None, 30.5]), "number"))
    ['1,200.0', '', '30.5']
    """
    if item.kind in TEXTS:
        return ["" if _blank(value) else str(value) for value in item.values]
    numbers = [math.nan if _blank(value) else float(value) for value in item.values]
    places = 0 if item.kind == "whole" else int(decimals(numbers))
    return ["" if math.isnan(value) else f"{value:,.{places}f}" for value in numbers]
