"""The workbook of a simulation: a first sheet with what was found, and a sheet per table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from allocator.bookstyle import ROWS, Page, Style, add_page, lines
from allocator.frontsheet import FrontSheet, Row
from allocator.planbook import FONTS
from allocator.sheetout import SAFE
from simulation.plotcurves import shown_of
from simulation.plottime import BASE, COLOURS
from simulation.recording import versions
from workbench.simpages import SimPages, _series
from workbench.simresult import Simulated, measures_by

WIDTHS = (46, 17, 17, 17, 17, 17)
CHART = (905, 330)
CHART_ROWS, MOST_STAGES, DONE = 17, 8, 0.98


def fill(path: Path, made: Simulated) -> None:
    """Write the workbook of a simulation into a file."""
    lang, pages = made.study.asked.lang, SimPages(made)
    sheets = pages.all()
    with xlsxwriter.Workbook(str(path), SAFE | {"default_format_properties": FONTS[lang]}) as book:
        book.set_properties({"title": pages.say("title", name=made.study.case.name)})
        style = Style(book)
        _Front(book, style, pages).write(sheets)
        for page in sheets:
            add_page(book, style, page, lang)


class _Front(FrontSheet):
    """The first sheet, from top to bottom."""

    def __init__(self, book: Any, style: Style, pages: SimPages) -> None:
        self.pages, self.made, self.say, self.names = pages, pages.made, pages.say, pages.names
        title = self.say("title", name=self.made.study.case.name)
        super().__init__(book, style, self.say("sheet.summary"), title, pages.lang, WIDTHS)

    def write(self, sheets: Sequence[Page]) -> None:
        """The whole sheet."""
        self._head()
        below = self.row
        self.row += CHART_ROWS
        self._figures()
        self._waits()
        self._chart(below, next(page for page in sheets if page.key == "curve"))
        self._about()
        self._guide(sheets)

    def _head(self) -> None:
        made = self.made
        self.line(self.say("title", name=made.study.case.name), height=28, bold=True, font_size=16)
        sentence = made.finding.sentence()
        tall = float(lines(_series([sentence]), sum(WIDTHS) * 0.95)[0])
        self.line(sentence, height=18 * tall + 2, font_size=12)
        self.line(overview(made), height=20, font_size=11)

    def _figures(self) -> None:
        """Each scenario: the share started, the day of 80 %, days saved, decisions in time."""
        made, names = self.made, self.names
        day = measures_by(made.dates)[-1]
        level, saved = f"day_{made.finding.level}", f"days_saved_{made.finding.level}"
        headers = [self.say("column.scenario"), names.measure(day), names.measure(level), names.measure(saved),
                   self.say("column.interval"), names.measure("decided_in_time")]  # fmt: skip
        rows: list[Row] = []
        for name in made.runs.scenarios:
            effect = made.effect(name, saved)
            known = effect is not None and effect[0] == effect[0]
            wide = effect is not None and effect[1] < effect[2]
            rows.append([
                (names.scenario(name), "text"), (_known(made.figure(name, day)[0]), "percent"),
                (names.day(made.figure(name, level)[0]), "mark"),
                (effect[0] if effect and known else None, "1"),
                (interval(effect[1], effect[2]) if effect and wide else None, "mark"),
                (_known(made.figure(name, "decided_in_time")[0]), "percent"),
            ])  # fmt: skip
        self.table(self.say("part.figures"), headers, rows)

    def _waits(self) -> None:
        """Where most is waited, as it is and in the scenario that does most."""
        made, names = self.made, self.names
        tables = {name: made.waits(name, 10_000).set_index("stage") for name in made.pair}
        first = next(iter(tables.values())).head(MOST_STAGES)
        if not len(first):
            return
        headers = [self.say("column.stage"), self.say("column.mean_wait")]
        headers += [self.say("column.days_waiting_of", title=names.scenario(name)) for name in tables]
        rows: list[Row] = []
        for stage, row in first.iterrows():
            others = [float(table["days_waiting"].get(stage, 0.0)) for table in tables.values()]
            rows.append([(names.stage(str(stage)), "text"), (float(row["mean_wait"]), "1"),
                         *((days, "0") for days in others)])  # fmt: skip
        self.table(self.say("part.waits"), headers, rows)

    def _chart(self, row: int, page: Page) -> None:
        """The curves of the scenarios that matter most."""
        made = self.made
        shown = shown_of(made.tables["curve"], *made.pair)
        chart, last = self.book.add_chart({"type": "line"}), self._last(page, shown)
        for place, name in enumerate(shown):
            [column] = page.places(name)
            colour = BASE if place == 0 else COLOURS[(place - 1) % len(COLOURS)]
            chart.add_series({
                "name": [page.name, 0, column], "categories": [page.name, 1, 0, last, 0],
                "values": [page.name, 1, column, last, column],
                "line": {"color": colour, "width": 2.25 if place < 2 else 1.25},
            })  # fmt: skip
        chart.set_title({"name": self.say("part.curve"), "name_font": {"size": 12}})
        chart.set_legend({"position": "bottom"})
        chart.set_x_axis({"interval_unit": max(last // 10, 1), "interval_tick": max(last // 10, 1),
                          "label_position": "low", "major_tick_mark": "none"})  # fmt: skip
        chart.set_y_axis({"min": 0, "max": 1, "num_format": "0%",
                          "major_gridlines": {"visible": True, "line": {"color": "#E4E8EC"}}})  # fmt: skip
        chart.set_size({"width": CHART[0], "height": CHART[1]})
        self.sheet.insert_chart(row, 0, chart, {"x_offset": 2, "y_offset": 6, "object_position": 3})

    def _last(self, page: Page, shown: Sequence[str]) -> int:
        """The row in which all curves are nearly as high as they ever get."""
        columns = [page.fields[page.places(name)[0]].values.to_numpy(dtype=float) for name in shown]
        return max(int(np.argmax(column >= DONE * column[-1])) for column in columns) + 2

    def _about(self) -> None:
        """From what and with what it was made."""
        made, asked = self.made, self.made.study.asked
        between = "，" if self.pages.lang == "zh" else ", "
        until = made.runs.until
        rows = {
            "case": made.study.case.name, "hash": made.study.case.hash, "date": f"{datetime.now():%Y-%m-%d %H:%M}",
            "seed": str(asked.seed), "replications": f"{made.replications:,}", "seconds": f"{made.seconds:.1f}",
            "where": self.names.rule(asked.where), "weight": self.names.column(asked.weight) if asked.weight else "",
            "until": "" if until is None else self.names.stated(str(until)),
            "versions": between.join(f"{name} {version}" for name, version in versions().items()),
        }  # fmt: skip
        known = {self.say(f"made.{key}"): text for key, text in rows.items() if text}
        self.listing(self.say("part.made"), known)

    def _guide(self, sheets: Sequence[Page]) -> None:
        """What stands on which sheet."""
        told = {}
        for page in sheets:
            cut = self.say("guide.cut", shown=f"{ROWS:,}", count=f"{len(page):,}") if len(page) > ROWS else ""
            told[page.name] = f"{self.say(f'guide.{page.key}')} {cut}".strip()
        self.listing(self.say("part.guide"), told)


def _known(value: float) -> float | None:
    return value if value == value else None


def interval(low: float, high: float) -> str:
    """An interval of days in words.

    >>> interval(44.98, 59.42), interval(-0.24, 0.61)
    ('45 … 59', '−0.2 … 0.6')
    """
    figures = 0 if max(abs(low), abs(high)) >= 10 else 1
    ends = [round(end, figures) + 0.0 for end in (low, high)]
    return " … ".join(f"{end:.{figures}f}".replace("-", "\N{MINUS SIGN}") for end in ends)


def overview(made: Simulated) -> str:
    """How much was simulated, in a sentence."""
    names, finding = made.study.names(), made.finding
    key = "overview_one" if len(made.runs.scenarios) == 1 else "overview"
    said = names.say(f"simulate.{key}", counted=finding.counted(), scenarios=len(made.runs.scenarios),
                     replications=f"{made.replications:,}", seed=made.runs.seed)  # fmt: skip
    if made.status == "failures":
        said += names.say("simulate.failed", count=f"{len(made.runs.failures):,}")
    if made.status == "imprecise":
        said += names.say("simulate.imprecise")
    return said
