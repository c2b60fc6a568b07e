"""Tables written with headers, units and choices in one language, so that reading gives the same case."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from allocator import cells, plainpolicy, processschema, schema, spreads, units
from allocator.columns import Column
from allocator.labels import Lang, label
from allocator.policy import Policy

SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": True}
_EXCEL_TEXT = 32_767
_NAMING = {("rules", "measure"), ("rules", "by"), ("indicators", "numerator"), ("indicators", "denominator")}
"""Cells that name a column of the projects or a resource."""


class Exact(float):
    """A number that Excel's writer puts down with every digit it has."""

    def __format__(self, spec: str) -> str:
        return repr(float(self))


class Words:
    """Names, choices and units in one language."""

    def __init__(self, lang: Lang, resources: Mapping[str, str], shown: Mapping[str, str] | None = None) -> None:
        self.lang, self.resources, self.shown = lang, resources, shown or {}
        self.chinese = lang == "zh"

    def resource(self, name: str) -> str:
        """A resource as its header says it."""
        return units.RESOURCES[name][1][0] if self.chinese and name in units.RESOURCES else name

    def column(self, name: str) -> str:
        """A column of the projects, a resource or a measure as planners call it."""
        if not self.chinese:
            return name
        if name in self.resources:
            return self.resource(name)
        measures = {ours: theirs for theirs, ours in plainpolicy.MEASURES.items()}
        return measures.get(name) or (
            schema.header("projects", name, "zh") if name in schema.columns("projects") else name
        )

    def header(self, table: str, name: str) -> str:
        """The header with its unit."""
        if table in ("projects", "variants") and name in self.resources:
            return self._with_unit(self.resource(name), self.resources[name])
        known = schema.columns(table).get(name)
        if known is None:
            return name
        said = schema.header(table, name, self.lang)
        return self._with_unit(said, self.shown.get(known.dimension, known.unit))

    def _with_unit(self, name: str, unit: str) -> str:
        return f"{name} ({units.shown(unit, self.chinese)})" if unit else name

    def cell(self, table: str, name: str, value: Any) -> Any:
        """A cell: words for choices, plain dates, None where blank."""
        known = schema.columns(table).get(name)
        if not isinstance(value, str | bool) and pd.isna(value):
            return None
        if isinstance(value, pd.Timestamp):
            return value.date()
        if known is None:
            return bool(value) if isinstance(value, bool) else value
        if known.kind == "flag":
            return ("是" if value else "否") if self.chinese else "yes" if value else "no"
        if known.kind == "choice":
            return schema.choice_word(name, str(value), self.lang)
        if name == "resource":
            return self.resource(str(value))
        if known.choices_of:
            return "|".join(schema.choice_word(known.choices_of, item, self.lang) for item in schema.split(str(value)))
        if known.kind == "spread":
            return self._spread(value)
        if (table, name) in _NAMING:
            return self.column(str(value))
        if table == "pools" and name == "unit":
            return units.shown(str(value), self.chinese)
        if known.dimension in self.shown and isinstance(value, float):
            return units.convert(value, known.unit, self.shown[known.dimension])
        return value

    def table(self, table: str, data: pd.DataFrame) -> Iterator[list[Any]]:
        """Headers, then the rows."""
        known = table in schema.TABLES
        data = self._settings(data) if table == "process" else data
        yield [self.header(table, str(name)) if known else str(name) for name in data.columns]
        columns = [
            [self.cell(table, str(name), value) if known else _plain(value) for value in data[name]]
            for name in data.columns
        ]
        yield from (list(row) for row in zip(*columns, strict=True))

    def _settings(self, data: pd.DataFrame) -> pd.DataFrame:
        """Settings by their names in one language; values as people write them."""
        rows = [self._setting(key, value) for key, value in zip(data["key"], data["value"], strict=True)]
        names = {
            name: pd.Series([row[i] for row in rows], data.index, object) for i, name in enumerate(("key", "value"))
        }
        return data.assign(**names)

    def _setting(self, key: Any, value: Any) -> tuple[Any, Any]:
        known = processschema.SETTINGS.get(key)
        name = key if known is None else schema.header("process", key, self.lang)
        if known is None or pd.isna(value):
            return name, value
        if known.kind == "flag":
            return name, self.cell("projects", "bond", value == "yes")
        return name, self.column(value) if key == "entry" else self._spread(value)

    def _spread(self, text: str) -> Any:
        """A number where a text is one; a distribution by its name."""
        with suppress(ValueError):
            return float(text) if cells.text(float(text)) == text else text
        return spreads.called(text) if self.chinese else text


def _plain(value: Any) -> Any:
    if not isinstance(value, str | bool) and pd.isna(value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


def write_folder(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    policy: Policy,
    resources: Mapping[str, str],
    extra: Mapping[str, pd.DataFrame],
    lang: Lang,
) -> None:
    """A CSV file per table (with the mark by which Excel knows UTF-8) and ``policy.toml``."""
    words = Words(lang, resources)
    for name, data in (*tables.items(), *extra.items()):
        with (folder / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([_text(cell) for cell in row] for row in words.table(name, data))
    (folder / "policy.toml").write_text(plainpolicy.toml(policy), encoding="utf-8")


def _text(cell: Any) -> Any:
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(float(cell))
    return cell


def write_book(
    path: Path,
    tables: Mapping[str, pd.DataFrame],
    policy: Policy,
    resources: Mapping[str, str],
    extra: Mapping[str, pd.DataFrame],
    lang: Lang,
) -> None:
    """A workbook with a sheet per table."""
    words = Words(lang, resources)
    with xlsxwriter.Workbook(str(path), SAFE) as book:
        for name, data in tables.items():
            add_table(book, words, name, data)
        add_policy(book, words, policy)
        for name, data in extra.items():
            add_table(book, words, name, data)


def sheet_name(table: str, lang: Lang) -> str:
    """The name of a table's sheet.

    >>> sheet_name("projects", "zh")
    '项目'
    """
    return label(f"schema.table.{table}", lang) if table in (*schema.TABLES, "policy", "notes") else table[:31]


def add_table(book: Any, words: Words, table: str, data: pd.DataFrame, hints: bool = False) -> Any:
    """A formatted sheet: frozen headers, a note per column, drop-downs for the choices."""
    sheet = book.add_worksheet(sheet_name(table, words.lang))
    head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "valign": "vcenter"})
    must = book.add_format({"bold": True, "bg_color": "#FCE4D6", "border": 1, "text_wrap": True, "valign": "vcenter"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    as_text = book.add_format({"num_format": "@"})
    rows = words.table(table, data)
    headers = next(rows)
    printable(sheet)
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 32)
    for number, (header, name) in enumerate(zip(headers, map(str, data.columns), strict=True)):
        known = schema.columns(table).get(name) if table in schema.TABLES else None
        sheet.write_string(0, number, header, must if known and known.required else head)
        sheet.set_column(number, number, _width(header),
                         as_text if known and known.kind == "id" else None)  # fmt: skip
        if known:
            sheet.write_comment(0, number, _note(words, table, known), {"x_scale": 1.6, "y_scale": 1.1})
            _drop_down(sheet, words, number, known, len(data), hints)
        elif name in words.resources:
            sheet.write_comment(
                0, number, label("schema.note.demand", words.lang, resource=words.resource(name)), {"x_scale": 1.6}
            )
    for place, row in enumerate(rows, start=1):
        for number, cell in enumerate(row):
            _put(sheet, place, number, cell, day, as_text)
    return sheet


def printable(sheet: Any) -> None:
    """One page wide, the header row on every page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _width(header: str) -> int:
    return max(11, min(24, 2 + sum(2 if ord(sign) > 255 else 1 for sign in header)))


def _put(sheet: Any, row: int, column: int, cell: Any, day: Any, as_text: Any) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, int | float):
        sheet.write_number(row, column, Exact(cell))
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, cell, day)
    else:
        sheet.write_string(row, column, str(cell)[:_EXCEL_TEXT], as_text)


def _note(words: Words, table: str, known: Column) -> str:
    said = schema.note(table, known.name, words.lang)
    if known.choices:
        listed = ("、" if words.chinese else ", ").join(
            schema.choice_word(known.name, choice, words.lang) for choice in known.choices
        )
        said += "\n" + label("schema.note.choices", words.lang, choices=listed)
    if known.required:
        said += "\n" + label("schema.note.required", words.lang)
    return said


def _drop_down(sheet: Any, words: Words, number: int, known: Column, rows: int, hints: bool) -> None:
    options: Sequence[str] = ()
    if known.kind == "choice":
        options = [schema.choice_word(known.name, choice, words.lang) for choice in known.choices]
    elif known.kind == "flag":
        options = ["是", "否"] if words.chinese else ["yes", "no"]
    if options:
        sheet.data_validation(
            1, number, max(rows, 2000 if hints else 1), number, {"validate": "list", "source": list(options)}
        )


def add_policy(book: Any, words: Words, policy: Policy, notes: Mapping[str, str] | None = None) -> None:
    """The rules: a sheet of entries, and a sheet of floors and caps where there are any."""
    sheet = book.add_worksheet(sheet_name("policy", words.lang))
    head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    titles = ("参数", "取值", "说明") if words.chinese else ("entry", "value", "meaning")
    for number, title in enumerate(titles[: 3 if notes else 2]):
        sheet.write_string(0, number, title, head)
    sheet.freeze_panes(1, 0)
    printable(sheet)
    sheet.set_column(0, 1, 26)
    sheet.set_column(2, 2, 70)
    keys = [key for key, _ in plainpolicy.rows(policy)]
    said = plainpolicy.rows(policy, words.column if words.chinese else None)
    for place, (key, (name, value)) in enumerate(zip(keys, said, strict=True), start=1):
        sheet.write_string(place, 0, name)
        _put(sheet, place, 1, value, None, None)
        if notes and key in notes:
            sheet.write_string(place, 2, notes[key])
    rules = plainpolicy.to_rules(policy)
    if len(rules):
        add_table(book, words, "rules", rules, hints=notes is not None)
