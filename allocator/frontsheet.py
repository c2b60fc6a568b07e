"""The first sheet of a workbook: sentences, small tables and lists below one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from allocator.bookstyle import LINE, Style, decimals, finish, lines
from allocator.labels import Lang

WIDTHS = (46, 15, 15, 15, 15, 15)
PART = {"bold": True, "font_size": 12, "font_color": "#2F75B5", "valign": "vcenter"}
Row = Sequence[tuple[Any, str]]
"""Cells with the name of their format."""


class FrontSheet:
    """Writes from top to bottom.

    Parameters
    ----------
    book : xlsxwriter.Workbook
    style : Style
    name : str
        Of the sheet.
    title : str
        In the footer of the printed page.
    lang : {"en", "zh"}
    widths : sequence of float
    """

    def __init__(
        self, book: Any, style: Style, name: str, title: str, lang: Lang, widths: Sequence[float] = WIDTHS
    ) -> None:
        self.book, self.style, self.widths, self.row = book, style, widths, 0
        self.sheet = book.add_worksheet(name)
        finish(self.sheet, title, sum(widths), lang)
        self.sheet.set_portrait()
        self.sheet.fit_to_pages(1, 1)
        self.sheet.hide_gridlines(2)
        for place, width in enumerate(widths):
            self.sheet.set_column(place, place, width)

    def line(self, text: str, name: str = "text", height: float | None = None, **more: Any) -> None:
        """A sentence over the whole width."""
        if height:
            self.sheet.set_row(self.row, height)
        self.sheet.merge_range(self.row, 0, self.row, len(self.widths) - 1, "", self.style.of(name, **more))
        self.sheet.write_string(self.row, 0, text, self.style.of(name, **more))
        self.row += 1

    def part(self, title: str) -> None:
        """The title of a part."""
        self.row += 1
        self.line(title, "text", 20, **PART)

    def table(self, title: str, headers: Sequence[str], rows: Sequence[Row]) -> int:
        """A small table under its title; the row of its first cells."""
        self.part(title)
        tall = max(lines(pd.Series([header]), wide - 2)[0] for header, wide in zip(headers, self.widths, strict=False))
        self.sheet.set_row(self.row, LINE * tall + 4)
        for place, header in enumerate(headers):
            self.sheet.write_string(self.row, place, header, self.style.head)
        first = self.row + 1
        for self.row, row in enumerate(rows, start=first):
            for place, (value, name) in enumerate(row):
                self._cell(place, value, name)
        self.row = first + len(rows)
        return first

    def _cell(self, place: int, value: Any, name: str) -> None:
        if value is None:
            return
        if isinstance(value, str):
            self.sheet.write_string(self.row, place, value, self.style.of(name, text_wrap=True))
        else:
            shown = decimals([value]) if name == "number" else name
            self.sheet.write_number(self.row, place, value, self.style.of(shown))

    def listing(self, title: str, rows: Mapping[str, str]) -> None:
        """Names and sentences."""
        self.part(title)
        for name, text in rows.items():
            self.sheet.write_string(self.row, 0, name, self.style.of("text"))
            self.sheet.merge_range(self.row, 1, self.row, len(self.widths) - 1, "", self.style.of("text"))
            self.sheet.write_string(self.row, 1, text, self.style.of("text"))
            self.row += 1
