"""``regimes.xlsx``: a first sheet with what was found, and a sheet per table."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import xlsxwriter

from allocator.bookstyle import Field, Kind, Page, Style, add_page, blank, lines
from allocator.frontsheet import FrontSheet
from allocator.planbook import FONTS
from allocator.sheetout import SAFE
from allocator.speech import Speech
from simulation.recording import versions
from workbench import regiming
from workbench.crossed import Crossed

WIDTHS = (34, 18, 26, 18, 22, 22)
KINDS: dict[str, Kind] = {
    "formula": "rate", "granted": "percent", "started": "percent", "relative": "change", "demand": "whole",
    "quota": "whole", "replications": "whole", "replication": "whole",
}  # fmt: skip
SHARES = ("fairness", "curve")
"""Tables whose means are shares."""
NUMBERS = (
    "mean",
    "low",
    "high",
    "sim_low",
    "sim_high",
    "gain",
    "effect",
    "more",
    "more_low",
    "more_high",
    "time",
    "day",
)


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
    fields = [_field(made, key, name, table) for name in table.columns]
    return Page(key, made.names.say(f"loop.sheet.{key}"), [one for one in fields if not blank(one)])


def _field(made: Crossed, key: str, name: str, table: pd.DataFrame) -> Field:
    names, values = made.names, table[name]
    header = names.say(f"loop.column.{name}")
    if name == "scenario":
        values = values.map(lambda one: names.titles.get(one, one))
    elif name == "regime":
        values = values.map(made.regime)
    elif name == "measure":
        values = values.map(lambda one: names.say(f"loop.measure.{one}", resource="").rstrip(" ,：，"))
    elif name == "kind" and key != "failures":
        values = values.map(lambda one: names.say(f"loop.kind.{one}"))
    elif name == "resource":
        values = values.map(lambda one: Speech(names.lang).resource(one) if one else "")
    elif name == "by":
        values = values.map(lambda one: names.column(one) if one else "")
    elif name in ("time", "day") and names.dated:
        header = names.say("loop.column.date")
        values = values.map(lambda one: "" if pd.isna(one) else names.date(float(one)).date().isoformat())
        return Field(header, values, "mark", key=name)
    kind: Kind = KINDS.get(name, "text")
    if name in NUMBERS:
        kind = "percent" if key in SHARES and name not in ("time", "day") else "each"
    return Field(header, values, kind, key=name)
