"""How a table of results looks in Excel: kinds of columns, number formats, widths, colours, printing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.labels import Lang, label
from allocator.sheetout import printable

Kind = Literal["text", "mark", "long", "number", "each", "tenths", "whole", "percent", "rate", "change", "bar"]
TEXTS = ("text", "mark", "long")
ROWS = 1_048_575
LONG, WIDEST, LINE = (28.0, 70.0), 40.0, 13.5
NARROW_PAGE, WIDE_PAGE, LONG_PAGE = 100.0, 180.0, 35
"""Widths in characters that fit A4 upright and across, and rows that fit it across."""
_EXCEL_TEXT, _SAMPLE, _A3, _FOOTER = 32_767, 2000, 8, 100

FORMATS: dict[str, dict[str, Any]] = {
    "0": {"num_format": "#,##0_ "}, "1": {"num_format": "#,##0.0_ "}, "2": {"num_format": "#,##0.00_ "},
    "4": {"num_format": "#,##0.0000_ "}, "percent": {"num_format": "0.0%_ "}, "rate": {"num_format": "0.00%_ "},
    "change": {"num_format": "+0.0%_ ;-0.0%_ ;0.0%_ "}, "text": {"num_format": "@", "text_wrap": True},
    "mark": {"num_format": "@", "align": "center"}, "long": {"num_format": "@", "text_wrap": True, "indent": 1},
}  # fmt: skip
HEAD = {"bold": True, "bg_color": "#DDEBF7", "border": 1, "border_color": "#9DB7D5", "text_wrap": True,
        "valign": "vcenter", "align": "center"}  # fmt: skip
GOOD = {"bg_color": "#E2EFDA", "font_color": "#375623"}
BAD = {"bg_color": "#FCE4D6", "font_color": "#9C3A00"}
LINES = {"bottom": 4, "bottom_color": "#BFBFBF"}
BAR = {"type": "data_bar", "bar_solid": True, "bar_color": "#BDD7EE", "min_type": "num", "min_value": 0,
       "max_type": "num", "max_value": 1}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Field:
    """A column of a sheet.

    Attributes
    ----------
    header : str
        With the unit.
    values : Series
    kind : {"text", "mark", "long", "number", "each", "tenths", "whole", "percent", "rate", "change", "bar"}
        ``mark``: short and centred; ``long``: wrapped; ``number``: as many decimals as the column needs; ``each``: as
        many as the cell needs, where units are mixed; ``tenths``: one decimal, none in thousands; ``rate``: percent
        with two decimals; ``change``: percent with a sign; ``bar``: percent with a bar behind it.
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


class Style:
    """The formats of one workbook."""

    def __init__(self, book: Any) -> None:
        self._book, self._made = book, {}  # type: Any, dict[str, Any]
        self.head, self.good, self.bad, self.rule = (book.add_format(facts) for facts in (HEAD, GOOD, BAD, LINES))

    def of(self, name: str, total: bool = False, **more: Any) -> Any:
        """The format of a kind of cell."""
        key = f"{name}{total}{sorted(more.items())}"
        if key not in self._made:
            facts = {"valign": "top"} | FORMATS[name] | more
            self._made[key] = self._book.add_format(facts | ({"bold": True, "top": 1} if total else {}))
        return self._made[key]

    def column(self, item: Field, total: bool) -> list[Any]:
        """The format of each cell of a column."""
        values = item.values.tolist()
        if item.kind in ("each", "tenths"):
            made = [self._one(item, [value], False) for value in values]
        else:
            made = [self._one(item, values, False)] * len(values)
        return [*made[:-1], self._one(item, values[-1:], True)] if total else made

    def _one(self, item: Field, values: list[Any], total: bool) -> Any:
        if item.kind in ("number", "each"):
            return self.of(decimals(values), total)
        if item.kind == "tenths":
            return self.of("0" if values and abs(values[0]) >= 1000 else "1", total)
        return self.of({"whole": "0", "bar": "percent"}.get(item.kind, item.kind), total)


def decimals(values: Sequence[float]) -> str:
    """How many decimals numbers need to show about four figures of most of them, none where all are whole.

    >>> decimals([12.5, 3000.25, 7.5]), decimals([12.0, 7.0]), decimals([0.25, 1500.5, 2500.0]), decimals([0.0003])
    ('2', '0', '0', '4')
    """
    known = np.abs(np.asarray(values, dtype=float))
    known = known[np.isfinite(known) & (known != 0)]
    if (np.abs(known - np.round(known)) < 1e-9).all():
        return "0"
    usual = float(np.median(known))
    return "0" if usual >= 1000 else "1" if usual >= 100 else "2" if usual >= 1 else "4"


def blank(item: Field) -> bool:
    """Whether a column says nothing."""
    known = item.values.notna()
    return not known.any() or (item.kind in TEXTS and bool((item.values[known] == "").all()))


def add_page(book: Any, style: Style, page: Page, lang: Lang) -> None:
    """Write a sheet: frozen header, filter, widths that fit, wrapped sentences, coloured decisions, one page wide.

    A long and narrow one is printed upright, on fewer pages.
    """
    sheet = book.add_worksheet(page.name)
    widths = [width(item) for item in page.fields]
    finish(sheet, page.name, sum(widths), lang)
    if len(page) > LONG_PAGE and sum(widths) <= NARROW_PAGE:
        sheet.set_portrait()
    sheet.freeze_panes(1, min(2, len(widths)))
    heads = [lines(pd.Series([item.header]), wide - 3)[0] for item, wide in zip(page.fields, widths, strict=True)]
    sheet.set_row(0, LINE * max(heads) + 6)
    for place, (item, wide) in enumerate(zip(page.fields, widths, strict=True)):
        sheet.set_column(place, place, wide)
        sheet.write_string(0, place, item.header, style.head)
        if item.note:
            sheet.write_comment(0, place, item.note, {"x_scale": 2.2, "y_scale": 1.2})
    length = min(len(page), ROWS)
    _rows(sheet, page, style, length, _heights(page, widths, length))
    last = max(length - page.total, 1)
    sheet.autofilter(0, 0, last, len(widths) - 1)
    for place, item in enumerate(page.fields):
        for word, colour in ((item.good, style.good), (item.bad, style.bad)):
            if word:
                rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": colour}
                sheet.conditional_format(1, place, last, place, rule)
        if item.kind == "bar":
            sheet.conditional_format(1, place, last, place, BAR)
    sheet.conditional_format(1, 0, last, len(widths) - 1, {"type": "no_errors", "format": style.rule})


def finish(sheet: Any, name: str, wide: float, lang: Lang) -> None:
    """Printed one page wide, on A3 where A4 would be too small to read, with name and page number below."""
    printable(sheet)
    if wide > WIDE_PAGE:
        sheet.set_paper(_A3)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer(f"&L&8{footing(name)}&R&8{label('plan.footer', lang)}")


def footing(text: str) -> str:
    """A text as it stands in a footer after a font size: of a number that it begins with no digit goes to the size.

    >>> footing("2020 R&D"), footing("R&D 2020")
    (' 2020 R&&D', 'R&&D 2020')
    """
    return f"{' ' * text[:1].isdigit()}{text[:_FOOTER].replace('&', '&&')}"


def _rows(sheet: Any, page: Page, style: Style, length: int, heights: Sequence[float]) -> None:
    columns = [cells(item)[:length] for item in page.fields]
    formats = [style.column(item, page.total) for item in page.fields]
    write = [sheet.write_string if item.kind in TEXTS else sheet.write_number for item in page.fields]
    places = range(len(columns))
    for row in range(length):
        if heights[row] > LINE:
            sheet.set_row(row + 1, heights[row] + 2)
        for place in places:
            cell = columns[place][row]
            if cell is not None:
                write[place](row + 1, place, cell, formats[place][row])


def _heights(page: Page, widths: Sequence[float], length: int) -> list[float]:
    """Height of each row: wrapped sentences are shown whole."""
    most = np.ones(length)
    for item, wide in zip(page.fields, widths, strict=True):
        if item.kind in ("text", "long"):
            most = np.maximum(most, lines(item.values.iloc[:length], wide))
    return list((most * LINE).tolist())


def cells(item: Field) -> list[Any]:
    """Plain values, None where blank."""
    if item.kind in TEXTS:
        text = item.values.astype(object).where(item.values.notna(), None)
        return [None if cell is None or cell == "" else str(cell)[:_EXCEL_TEXT] for cell in text]
    number = item.values.astype(float).to_numpy()
    return [value if math.isfinite(value) else None for value in number.tolist()]


def text_width(text: pd.Series) -> pd.Series:
    """Width of texts in characters, a Chinese one counting two.

    >>> text_width(pd.Series(["land", "用地"])).tolist()
    [4, 4]
    """
    return text.str.len() + text.str.count(r"[⺀-鿿＀-｠]")


def lines(text: pd.Series, wide: float) -> NDArray[np.float64]:
    """Lines that texts take in a column so wide.

    >>> lines(pd.Series(["land", "land and energy", None]), 10).tolist()
    [1.0, 2.0, 1.0]
    """
    taken = text_width(text.astype(object).fillna("").astype(str)).to_numpy(dtype=float)
    return np.maximum(np.ceil(taken / max(wide, 4.0)), 1.0)


def width(item: Field) -> float:
    """Width of a column, from its header and its first rows."""
    words = text_width(pd.Series(item.header.split(" ")))
    header = min(int(text_width(pd.Series([item.header])).iloc[0]), max(9, int(words.max()))) + 2.5
    if item.kind in TEXTS:
        known = item.values.dropna().astype(str).iloc[:_SAMPLE]
        widest = float(text_width(known).quantile(0.98)) if len(known) else 0.0
        if item.kind == "long":
            return min(max(widest / 2.5, LONG[0]), LONG[1])
        return min(max(widest + 2, header if item.kind == "mark" else min(header, 10)), WIDEST)
    if item.kind in ("percent", "rate", "change", "bar"):
        return max(header, 9.0)
    numbers = item.values.astype(float).to_numpy()
    largest = float(np.abs(numbers[np.isfinite(numbers)]).max(initial=0.0))
    places = {"whole": 0, "number": int(decimals(numbers.tolist())), "each": 2, "tenths": 2}[item.kind]
    return max(len(f"{largest:,.0f}") + places + 2.5, header)
