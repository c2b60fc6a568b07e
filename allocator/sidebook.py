"""Scenarios side by side as a workbook and a folder of results."""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xlsxwriter

from allocator import schema, units, workbook
from allocator.bookstyle import Field, Kind, Page, Style, add_page
from allocator.errors import YaosuError
from allocator.folder import harmless
from allocator.labels import Lang, label
from allocator.planbook import FONTS
from allocator.plotstyle import BLUE, save
from allocator.sheetout import SAFE, Words
from allocator.sidebyside import GROUPS, POOL
from allocator.speech import Speech
from allocator.summary import value_unit, versions

if TYPE_CHECKING:
    from allocator.sidebyside import SideBySide

FILES = {
    "summary": "scenarios.csv", "projects": "scenario_projects.csv", "groups": "scenario_groups.csv",
    "prices": "scenario_prices.csv",
}  # fmt: skip
COUNTS = ("funded", "moved_in", "moved_out")
MONEY = ("investment", "plan", "cost")
SHARES: dict[str, Kind] = {"gap": "rate", "change": "change", "change_low": "change", "change_high": "change"}


def write_book(side: SideBySide, path: Path, lang: Lang) -> Path:
    """Write the tables and a chart into a workbook; it is seen under its name when it is whole.

    Raises
    ------
    YaosuError
        The file cannot be written, for example because it is open in Excel.

    Examples
    --------
    >>> import tempfile
    >>> from allocator import Case, Scenario, compare_scenarios
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> side = compare_scenarios(case, [Scenario("more", {"pools": [{"scale": {"amount": 1.4}}]})], jobs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = write_book(side, Path(folder, "scenarios.xlsx"), "zh")
    ...     list(pd.read_excel(book, sheet_name=None, engine="calamine"))
    ['情景对比', '项目', '指标与影子价格']
    """
    if path.suffix.lower() != ".xlsx":
        raise YaosuError("cannot_write", {"found": path.name, "reason": ".xlsx"})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        workbook.replace_file(path, lambda temporary: _fill(temporary, side, lang))
    except OSError as error:
        raise YaosuError("cannot_write", {"found": str(path), "reason": error.strerror or str(error)}) from error
    return path


def write_folder(side: SideBySide, folder: Path, lang: Lang) -> Path:
    """Write ``scenarios.xlsx``, a CSV file per table, ``scenarios.png`` and ``summary.json``.

    The CSV files keep the names of columns and money in million yuan; their units are in ``summary.json``.

    Raises
    ------
    YaosuError
        A file cannot be written.
    """
    write_book(side, folder / "scenarios.xlsx", lang)
    save(side.plot(lang), folder / "scenarios.png")
    try:
        for name, file in FILES.items():
            workbook.replace_file(folder / file, partial(_csv, getattr(side, name)))
        workbook.replace_file(folder / "summary.json", partial(_json, told(side)))
    except OSError as error:
        raise YaosuError("cannot_write", {"found": str(folder), "reason": error.strerror or str(error)}) from error
    return folder


def told(side: SideBySide) -> dict[str, Any]:
    """What was compared and what came out, ready for JSON; what is not known is None.

    Money in million yuan, resources in their units.
    """
    rows = [
        {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()}
        | {"point": dict(scenario.point)}
        for row, scenario in zip(side.summary.to_dict("records"), side.scenarios, strict=True)
    ]
    unit = value_unit(side.case)
    known = {"objective": unit, "bound": unit, "worth": unit} | dict.fromkeys(MONEY, "mcny") | side.case.units
    return {
        "case": side.case.name, "input_hash": side.case.hash, "versions": versions(), "scenarios": rows,
        "units": {name: found for name, found in known.items() if name in side.summary},
    }  # fmt: skip


def pages(side: SideBySide, lang: Lang) -> list[Page]:
    """The sheets: a row per scenario; the projects, the groups and the prices with a column per scenario."""
    made = [_summary(side, lang), _projects(side, lang), _groups(side, lang), _prices(side, lang)]
    return [page for page in made if len(page)]


def _say(lang: Lang, key: str, unit: str = "") -> str:
    said = label(f"scenario.{key}", lang)
    return f"{said} ({units.shown(unit, lang == 'zh')})" if unit else said


def _summary(side: SideBySide, lang: Lang) -> Page:
    table, money = side.summary.copy(), "yi_yuan" if lang == "zh" else "mcny"
    names = Words(lang, side.case.units)
    value, factor = value_unit(side.case, lang), units.convert(1.0, "mcny", money)

    def column(name: str) -> Field:
        note = label(f"scenario.note.{name}", lang) if name in ("worth", "change_low", "change_high") else ""
        if name in side.case.units:
            header = label("scenario.column.granted", lang, header=names.header("projects", name))
            return Field(header, table[name], "number")
        if name in MONEY:
            return Field(_say(lang, f"column.{name}", money), table[name] * factor, "number")
        if name in ("objective", "bound", "worth"):
            return Field(f"{label(f'scenario.column.{name}', lang)} ({value})", table[name], "number", note)
        if name in SHARES or name in COUNTS:
            return Field(_say(lang, f"column.{name}"), table[name], SHARES.get(name, "whole"), note)
        return Field(_say(lang, "column.seconds", "s") if name == "seconds" else _say(lang, f"column.{name}"),
                     table[name], "number" if name == "seconds" else "text")  # fmt: skip

    table["source"] = [scenario.source(lang) for scenario in side.scenarios]
    states = [Speech(lang).say(f"scenario.status.{status}") for status in table["status"]]
    listed = (
        "change", "worth", "change_low", "change_high", *COUNTS, "investment", "plan", *side.case.resources, "cost",
        "objective", "bound", "gap", "seconds", "error", "source",
    )  # fmt: skip
    fields = [
        Field(_say(lang, "column.title"), pd.Series(side.titles(lang))),
        Field(_say(lang, "column.status"), pd.Series(states), bad=_say(lang, "status.infeasible")),
        *(column(name) for name in listed if name in table),
    ]
    return Page("scenarios", _say(lang, "sheet.scenarios"), [item for item in fields if _says_something(item)])


def _projects(side: SideBySide, lang: Lang) -> Page:
    table = side.projects
    yes, facts = _say(lang, "yes"), [name for name in ("id", "name", *GROUPS) if name in table]
    fields = [Field(schema.header("projects", name, lang), table[name]) for name in facts]
    fields.append(Field(_say(lang, "column.times"), table["times"], "whole"))
    for key, title in zip(side.keys, side.titles(lang), strict=True):
        share = table[key]
        if share.dropna().isin([0.0, 1.0]).all():
            fields.append(Field(title, pd.Series(np.select([share.isna(), share > 0], ["–", yes], "")), good=yes))
        else:
            fields.append(Field(title, share, "percent"))
    return Page("projects", _say(lang, "sheet.projects"), fields)


def _groups(side: SideBySide, lang: Lang) -> Page:
    table, unit = side.groups, value_unit(side.case, lang)
    by = table["by"].map(lambda name: schema.header("projects", name, lang))
    fields = [Field(_say(lang, "column.by"), by), Field(_say(lang, "column.group"), table["group"])]
    fields += [Field(f"{title} ({unit})", table[key], "number")
               for key, title in zip(side.keys, side.titles(lang), strict=True)]  # fmt: skip
    return Page("groups", _say(lang, "sheet.groups"), fields)


def _prices(side: SideBySide, lang: Lang) -> Page:
    table, unit = side.prices, value_unit(side.case, lang)
    shown = table["unit"].map(lambda one: f"{unit}/{units.shown(str(one), lang == 'zh')}" if one else unit)
    named = table.assign(resource=table["resource"].map(Speech(lang).resource))
    fields = [Field(schema.header("pools", name, lang), named[name]) for name in POOL]
    fields.append(Field(_say(lang, "column.price_unit"), shown))
    fields += [Field(title, table[key], "number", label("scenario.note.price", lang))
               for key, title in zip(side.keys, side.titles(lang), strict=True)]  # fmt: skip
    return Page("prices", _say(lang, "sheet.prices"), [item for item in fields if _says_something(item)])


def _says_something(item: Field) -> bool:
    return bool((item.values.notna() & (item.values.astype(object) != "")).any())


def _json(found: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(found, ensure_ascii=False, indent=2, default=str) + "\n", "utf-8")


def _csv(table: pd.DataFrame, path: Path) -> None:
    harmless(table).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _fill(path: Path, side: SideBySide, lang: Lang) -> None:
    made = pages(side, lang)
    with xlsxwriter.Workbook(str(path), SAFE | {"default_format_properties": FONTS[lang]}) as book:
        book.set_properties({"title": label("scenario.book", lang, name=side.case.name)})
        style = Style(book)
        for page in made:
            add_page(book, style, page, lang)
        _chart(book, made[0], lang)


def _chart(book: Any, page: Page, lang: Lang) -> None:
    """Bars of change on a sheet of their own."""
    headers, rows = [item.header for item in page.fields], len(page)
    name = _say(lang, "column.change")
    if name not in headers or rows < 2:
        return
    place = headers.index(name)
    chart = book.add_chart({"type": "bar"})
    chart.add_series({
        "categories": [page.name, 2, 0, rows, 0], "values": [page.name, 2, place, rows, place], "gap": 60,
        "fill": {"color": BLUE}, "data_labels": {"value": True, "num_format": "+0.0%;-0.0%;0.0%"},
    })  # fmt: skip
    chart.set_title({"name": label("scenario.plot.title", lang), "name_font": {"size": 12}, "overlay": False})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "label_position": "low", "line": {"none": True}})
    chart.set_x_axis({"num_format": "0%", "major_gridlines": {"visible": True, "line": {"color": "#E4E8EC"}}})
    book.add_chartsheet(_say(lang, "sheet.chart")).set_chart(chart)
