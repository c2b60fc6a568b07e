"""How a table of results looks in Excel: kinds of columns, number formats, widths, colours, printing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from allocator.labels import Lang
from allocator.sheetout import printable

Kind = Literal["text", "long", "number", "each", "whole", "percent", "rate", "change", "bar"]
ROWS = 1_048_575
LONG, WIDEST, WIDE_PAGE = 70, 32, 170
_EXCEL_TEXT, _SAMPLE, _A3 = 32_767, 2000, 8
FORMATS = {
    "0": "#,##0", "1": "#,##0.0", "2": "#,##0.00", "4": "#,##0.0000", "percent": "0.0%", "rate": "0.00%",
    "change": "+0.0%;-0.0%;0.0%", "text": "@", "long": "@",
}  # fmt: skip
HEAD = {"bold": True, "bg_color": "#DDEBF7", "border": 1, "border_color": "#9DB7D5", "text_wrap": True,
        "valign": "vcenter"}  # fmt: skip
FUNDED = {"bg_color": "#E2EFDA", "font_color": "#375623"}
MISSED = {"bg_color": "#FCE4D6", "font_color": "#9C3A00"}


@dataclass(frozen=True, eq=False)
class Field:
    """A column of a sheet.

    Attributes
    ----------
    header : str
        With the unit.
    values : Series
    kind : {"text", "long", "number", "each", "whole", "percent", "rate", "change", "bar"}
        ``number``: as many decimals as the column needs; ``each``: as many as the cell needs, where units are mixed;
        ``long``: wrapped; ``rate``: percent with two decimals; ``change``: percent with a sign; ``bar``: percent with a
        bar behind it.
    note : str
        Shown when the mouse rests on the header.
    good, bad : str
        Words whose cells are coloured.
    key : str
    """

    header: str
    values: pd.Series
    kind: Kind = "text"
    note: str = ""
    good: str = ""
    bad: str = ""
    key: str = ""


@dataclass(frozen=True, eq=False)
class Page:
    """A sheet: its name, its columns, and whether the last row holds the totals."""

    key: str
    name: str
    fields: Sequence[Field] = field(default_factory=tuple)
    total: bool = False

    def __len__(self) -> int:
        return len(self.fields[0].values) if self.fields else 0

    def places(self, *keys: str) -> list[int]:
        """Where the columns of these keys stand."""
        return [place for place, item in enumerate(self.fields) if item.key in keys]


def decimals(values: Sequence[float]) -> str:
    """How many decimals numbers need to show four figures, none where all are whole.

    >>> decimals([12.5, 3000.25]), decimals([12.0, 7.0]), decimals([0.25, 1.5]), decimals([0.0003])
    ('0', '0', '2', '4')
    """
    known = np.abs(np.asarray(values, dtype=float))
    known = known[np.isfinite(known)]
    largest = known.max(initial=0.0)
    if largest >= 1000 or (np.abs(known - np.round(known)) < 1e-9).all():
        return "0"
    return "1" if largest >= 100 else "2" if largest >= 1 else "4"


class Style:
    """The formats of one workbook."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[str, Any] = {}
        self.head = book.add_format(HEAD)
        self.funded, self.missed = book.add_format(FUNDED), book.add_format(MISSED)

    def of(self, name: str, total: bool = False, **more: Any) -> Any:
        """The format of a kind of cell."""
        key = f"{name}{total}{sorted(more.items())}"
        if key not in self._made:
            facts = {"num_format": FORMATS[name], "valign": "top", "text_wrap": name == "long"} | more
            self._made[key] = self._book.add_format(facts | ({"bold": True, "top": 1} if total else {}))
        return self._made[key]

    def cells(self, item: Field, total: bool) -> list[Any]:
        """The format of each cell of a column."""
        last = self._one(item, item.values.iloc[-1:].tolist(), True) if total else None
        if item.kind == "each":
            made = [self._one(item, [value], False) for value in item.values]
        else:
            made = [self._one(item, item.values.tolist(), False)] * len(item.values)
        return [*made[:-1], last] if total else made

    def _one(self, item: Field, values: list[Any], total: bool) -> Any:
        if item.kind in ("number", "each"):
            return self.of(decimals(values), total)
        return self.of({"whole": "0", "bar": "percent"}.get(item.kind, item.kind), total)


def blank(item: Field) -> bool:
    """Whether a column says nothing."""
    known = item.values.notna()
    return not known.any() or (item.kind in ("text", "long") and bool((item.values[known] == "").all()))


def add_page(book: Any, style: Style, page: Page, lang: Lang) -> None:
    """Write a sheet: frozen header, filter, widths that fit, wrapped sentences, coloured decisions, one page wide."""
    sheet = book.add_worksheet(page.name)
    shown = page.fields
    widths = [width(item) for item in shown]
    finish(sheet, page.name, sum(widths), lang)
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, min(2, len(shown)))
    sheet.set_row(0, 15 * max(_lines(item.header, wide) for item, wide in zip(shown, widths, strict=True)) + 6)
    for place, (item, wide) in enumerate(zip(shown, widths, strict=True)):
        sheet.set_column(place, place, wide)
        sheet.write_string(0, place, item.header, style.head)
        if item.note:
            sheet.write_comment(0, place, item.note, {"x_scale": 2.2, "y_scale": 1.2})
    length = min(len(page), ROWS)
    _rows(sheet, shown, style, page.total, length)
    body = length - page.total
    sheet.autofilter(0, 0, max(body, 1), len(shown) - 1)
    for place, item in enumerate(shown):
        _colour(sheet, style, item, place, body)


def finish(sheet: Any, name: str, wide: float, lang: Lang) -> None:
    """Printed one page wide, on A3 where A4 would be too small to read, with name and page number below."""
    printable(sheet)
    if wide > WIDE_PAGE:
        sheet.set_paper(_A3)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer(f"&L&8{name.replace('&', '&&')}&R&8" + ("第 &P 页，共 &N 页" if lang == "zh" else "page &P of &N"))


def _rows(sheet: Any, shown: Sequence[Field], style: Style, total: bool, length: int) -> None:
    columns = [cells(item)[:length] for item in shown]
    formats = [style.cells(item, total) for item in shown]
    write = [sheet.write_string if item.kind in ("text", "long") else sheet.write_number for item in shown]
    places = range(len(shown))
    for row in range(length):
        for place in places:
            cell = columns[place][row]
            if cell is not None:
                write[place](row + 1, place, cell, formats[place][row])


def cells(item: Field) -> list[Any]:
    """Plain values, None where blank."""
    if item.kind in ("text", "long"):
        text = item.values.astype(object).where(item.values.notna(), None)
        return [None if cell is None or cell == "" else str(cell)[:_EXCEL_TEXT] for cell in text]
    number = item.values.astype(float).to_numpy()
    return [value if math.isfinite(value) else None for value in number.tolist()]


def _colour(sheet: Any, style: Style, item: Field, place: int, body: int) -> None:
    for word, colour in ((item.good, style.funded), (item.bad, style.missed)):
        if word:
            rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": colour}
            sheet.conditional_format(1, place, max(body, 1), place, rule)
    if item.kind == "bar":
        bar = {"type": "data_bar", "bar_solid": True, "bar_color": "#BDD7EE", "min_type": "num", "min_value": 0,
               "max_type": "num", "max_value": 1}  # fmt: skip
        sheet.conditional_format(1, place, max(body, 1), place, bar)


def text_width(text: pd.Series) -> pd.Series:
    """Width of texts in characters, a Chinese one counting two.

    >>> text_width(pd.Series(["land", "用地"])).tolist()
    [4, 4]
    """
    return text.str.len() + text.str.count(r"[⺀-鿿＀-｠]")


def width(item: Field) -> float:
    """Width of a column, from its header and its first rows."""
    if item.kind == "long":
        return LONG
    header = int(text_width(pd.Series(item.header.split("\n"))).max())
    if item.kind == "text":
        known = item.values.dropna().astype(str).iloc[:_SAMPLE]
        widest = float(text_width(known).quantile(0.98)) if len(known) else 0.0
        return min(max(widest + 2, min(header, 12) + 4, 7), WIDEST)
    numbers = item.values.astype(float)
    largest = numbers[np.isfinite(numbers)].abs().max() if len(numbers) else 0.0
    figures = (
        7
        if item.kind in ("percent", "rate", "change", "bar")
        else len(f"{0.0 if pd.isna(largest) else largest:,.0f}") + 3
    )
    return max(figures + 1, min(header, 12) + 4, 9)


def _lines(text: str, wide: float) -> int:
    room = max(wide - 4, 1)
    return sum(math.ceil(max(int(line), 1) / room) for line in text_width(pd.Series(text.split("\n"))))
