"""``regimes.xlsx``: a first sheet with what was found, and a sheet per table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from allocator.bookstyle import Field, Kind, Page, Style, add_page, blank, lines
from allocator.frontsheet import FrontSheet
from allocator.planbook import FONTS
from allocator.sheetout import SAFE
from allocator.speech import Speech
from simulation.crossing import BETWEEN
from simulation.recording import versions
from workbench import regiming
from workbench.crossed import Crossed

WIDTHS = (46, 18, 26, 18, 22, 22)
KINDS: dict[str, Kind] = {
    "formula": "rate", "granted": "percent", "started": "percent", "relative": "change", "demand": "each",
    "quota": "each", "replication": "whole",
}  # fmt: skip
BANDS = ("mean", "low", "high", "gain", "effect", "more", "more_low", "more_high", "change", "change_low",
         "change_high")  # fmt: skip
DAILY = ("curve", "benefit")
"""Tables with a row per day of each scenario and regime."""
UNITS = {"benefit": "points", "waiting": "days"}
"""Tables of which all figures have one unit, told in the header."""


def fill(path: Path, made: Crossed) -> None:
    """Write the workbook of a crossing into a file."""
    names = made.names
    title = names.say("loop.title", name=made.study.case.name)
    with xlsxwriter.Workbook(str(path), SAFE | {"default_format_properties": FONTS[names.lang]}) as book:
        book.set_properties({"title": title})
        style = Style(book)
        front = FrontSheet(book, style, names.say("loop.sheet.summary"), title, names.lang, WIDTHS)
        _front(front, made, title)
        for key, table in made.tables.items():
            add_page(book, style, page(made, key, table), names.lang)


def _front(front: FrontSheet, made: Crossed, title: str) -> None:
    names, cells = made.names, made.tables["cells"]
    front.line(title, height=28, bold=True, font_size=16)
    front.line(regiming.overview(made), height=20)
    for text in regiming.sentences(made):
        front.line(text, height=18 * float(lines(pd.Series([text]), sum(WIDTHS) * 0.95)[0]) + 2)
    headers = [names.say("loop.column.scenario"), names.say("loop.column.regime")]
    headers += [regiming.heading(made, measure) for measure in regiming.SHOWN]
    rows = []
    for scenario, regime, _ in made.crossing.cells():
        mine = cells[(cells["scenario"] == scenario) & (cells["regime"] == regime)].set_index("measure")
        said = [regiming.interval(made, one, mine.loc[one].to_dict()) for one in regiming.SHOWN]
        rows.append([(one, "text") for one in (names.scenario(scenario), made.regime(regime), *said)])
    front.table(names.say("loop.sheet.cells"), headers, rows)
    between = "，" if names.lang == "zh" else ", "
    about = {
        "case": made.study.case.name, "hash": made.study.case.hash, "date": f"{datetime.now():%Y-%m-%d %H:%M}",
        "seed": str(made.crossing.runs.seed), "replications": f"{made.study.asked.replications:,}",
        "seconds": f"{made.seconds:.1f}",
        "versions": between.join(f"{name} {version}" for name, version in versions().items()),
    }  # fmt: skip
    front.listing(
        names.say("simulate.part.made"), {names.say(f"simulate.made.{one}"): text for one, text in about.items()}
    )


def page(made: Crossed, key: str, table: pd.DataFrame) -> Page:
    """A table as a sheet, with the words of the user."""
    fields = _by_day(made, key, table) if key in DAILY else [_field(made, key, name, table) for name in table.columns]
    return Page(key, made.names.say(f"loop.sheet.{key}"), [one for one in fields if not blank(one)])


def _by_day(made: Crossed, key: str, table: pd.DataFrame) -> list[Field]:
    """A row per day, a column of means per scenario and regime, so that a year can be printed."""
    by = [one for one in ("scenario", "regime", "kind") if one in table]
    wide, columns = table.pivot(index="time", columns=by, values="mean"), table[by].drop_duplicates()
    said = pd.DataFrame({one: _worded(made, key, one, columns[one]) for one in by}).agg(BETWEEN.join, axis=1)
    kind: Kind = "each" if key in UNITS else "percent"
    means = [Field(header + _unit(made, key), wide[column].reset_index(drop=True), kind, key=BETWEEN.join(column))
             for header, column in zip(said, columns.itertuples(index=False, name=None), strict=True)]  # fmt: skip
    return [_day(made, "time", pd.Series(wide.index)), *means]


def _unit(made: Crossed, key: str) -> str:
    """The one unit of all figures of a table, as it follows a header."""
    return made.names.say("loop.column.in", unit=regiming.unit(made, UNITS[key])) if key in UNITS else ""


def _field(made: Crossed, key: str, name: str, table: pd.DataFrame) -> Field:
    names, values = made.names, table[name]
    header = names.say(f"loop.column.{name}")
    if name in BANDS:
        if key == "fairness":
            return Field(header, values, "percent", key=name)
        unit = _unit(made, key) if name == "mean" else ""
        return Field(header + unit, values * _scale(key, table), "each", key=name)
    if name == "day":
        return _day(made, name, values)
    return Field(header, _worded(made, key, name, values), KINDS.get(name, "text"), key=name)


def _day(made: Crossed, name: str, values: pd.Series) -> Field:
    """Days as dates where there is a calendar; a grant falls on the day that its moment begins."""
    names = made.names
    header = names.say(f"loop.column.{'date' if name == 'time' and names.dated else name}")
    if not names.dated:
        return Field(header, values, "tenths", key=name)
    moments = np.floor(values) + 1.0 if name == "day" else values
    dates = [None if np.isnan(one) else names.date(one).date().isoformat() for one in moments.astype(float)]
    return Field(header, pd.Series(dates, index=values.index, dtype=object), "mark", key=name)


def _scale(key: str, table: pd.DataFrame) -> Any:
    """Shares are shown in percent: by what the figures of each row are multiplied."""
    if "unit" in table:
        return np.where(table["unit"] == "share", 100.0, 1.0)
    if key == "stability":
        return np.where(table["kind"] == "gap", 100.0, 1.0)
    return 100.0 if key == "projects" else 1.0


def _worded(made: Crossed, key: str, name: str, values: pd.Series) -> pd.Series:
    """Names and units in the words of the user."""
    names = made.names
    if key == "failures":
        words: Callable[[Any], Any] = made.names.scenario if name == "scenario" else lambda one: one
    else:
        words = {
            "scenario": names.scenario, "regime": made.regime,
            "measure": lambda one: names.say(f"loop.measure.{one}", resource="").rstrip(" ,："),
            "kind": lambda one: names.say(f"loop.kind.{one}"),
            "resource": lambda one: Speech(names.lang).resource(one) if one else "",
            "unit": lambda one: regiming.unit(made, one),
            "by": lambda one: names.column(one) if one else "",
        }.get(name, lambda one: one)  # fmt: skip
    return values.map(words)
