"""The first sheet of a plan's workbook: what was decided, how good it is proven to be, from what, and two charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from allocator import units
from allocator.bookstyle import LINE, ROWS, Page, Style, lines
from allocator.frontsheet import WIDTHS, FrontSheet, Row
from allocator.labels import label
from allocator.pages import Pages
from allocator.summary import MONEY, summary, value_name

CHARTS = (385, 525)
CHART_HEIGHT, CHART_ROWS = 280, 15
BLUE, GREY = "#2F75B5", ("#A6A6A6", "#D0CECE")


class Front(FrontSheet):
    """Writes the first sheet from top to bottom."""

    def __init__(self, book: Any, style: Style, pages: Pages) -> None:
        self.pages, self.say, self.plan, self.told = pages, pages.say, pages.plan, summary(pages.plan)
        title = self.say("title", name=self.plan.case.name)
        super().__init__(book, style, self.say("sheet.summary"), title, pages.lang)

    def write(self, sheets: Sequence[Page]) -> None:
        """The whole sheet."""
        self._head()
        if self.plan.status == "infeasible":
            self._conflict()
        below = self.row
        if self.plan.solution.x is not None:
            self.row += CHART_ROWS
        self._figures()
        self._resources()
        first = self._baselines()
        self._missed()
        if self.plan.solution.x is not None:
            self._charts(below, first, sheets)
        self._made()
        self._guide(sheets)

    def _head(self) -> None:
        """What it is, and whether it can be trusted, in words."""
        self.line(self.say("title", name=self.plan.case.name), height=28, bold=True, font_size=16)
        self.line(status(self.pages), height=20, font_size=11)
        if self.plan.solution.x is None:
            return
        said = [self.say("head.funded", funded=f"{self.told['funded']:,}", projects=f"{self.told['projects']:,}")]
        for name, other in self.told["baselines"].items():
            if other["ahead"] is not None:
                baseline = label(f"baseline.{name}", self.pages.lang)
                said.append(self.say("head.ahead", name=baseline, ahead=f"{other['ahead']:+.1%}"))
        self.line(("" if self.pages.chinese else " ").join(said), height=20, font_size=11)

    def _conflict(self) -> None:
        """What conflicts and the least that repairs it."""
        self.part(self.say("part.conflict"))
        for sentence in self.plan.diagnose().text(self.pages.lang).splitlines():
            self.line(sentence, "long", LINE * lines(pd.Series([sentence]), sum(WIDTHS))[0] + 2)

    def _figures(self) -> None:
        told, unit = self.told, self.pages.value_unit
        value, money = told["value"], told["money"]
        asked = [("figure.projects", told["projects"]), ("figure.funded", told["funded"])]
        rows: list[Row] = [_figure(self.say(key), found, self.say("unit.count")) for key, found in asked]
        made = value_name(self.plan.case, self.pages.lang)
        rows.append(_figure(self.say("figure.value", made=made), value["funded"], unit))
        if value["weighted"] is not None and abs(value["weighted"] - value["funded"]) > 1e-6 * abs(value["funded"]):
            rows.append(_figure(self.say("figure.weighted"), value["weighted"], unit))
        rows += [_figure(self.say(f"figure.{key}"), value[key], unit) for key in ("penalties", "changes") if value[key]]
        rows += [_figure(self.say(f"figure.{key}"), told[key], unit) for key in ("objective", "bound")]
        rows.append([(self.say("figure.gap"), "text"), (told["gap"], "rate"), (None, "text")])
        for name in [name for name in reversed(MONEY) if name in money]:
            header = self.say(f"money.{name}")
            rows += [self._money(self.say("figure.asked", name=header), money[name]["asked"]),
                     self._money(self.say("figure.money", name=header), money[name]["funded"])]  # fmt: skip
        rows += [self._money(self.say(f"figure.{key}"), money[key]) for key in ("own", "loans", "cost") if key in money]
        headers = [self.say("figure.figure"), self.say("figure.amount"), self.say("column.unit")]
        self.table(self.say("part.figures"), headers, [row for row in rows if row[1][0] is not None])

    def _money(self, name: str, mcny: float | None) -> Row:
        shown = None if mcny is None else units.convert(mcny, "mcny", self.pages.money_unit)
        return _figure(name, shown, self.pages.unit("mcny"))

    def _resources(self) -> None:
        """What is asked for, there, and granted of each resource."""
        keys = ("asked", "available", "granted") if self.plan.solution.x is not None else ("asked", "available")
        rows: list[Row] = []
        for name, found in self.told["resources"].items():
            row = [(self.pages.words.resource(name), "text"), (self.pages.unit(found["unit"]), "text"),
                   *((found[key], "number") for key in keys)]  # fmt: skip
            if "granted" in keys and found["available"]:
                row.append((found["granted"] / found["available"], "percent"))
            rows.append(row)
        headers = [self.say("figure.resource"), self.say("column.unit"), *(self.say(f"quota.{key}") for key in keys)]
        headers += [self.say("column.used_share")] if "granted" in keys else []
        self.table(self.say("part.resources"), headers, rows)

    def _baselines(self) -> int:
        """The plan beside the baselines; the row of the plan."""
        told, unit = self.told, self.pages.value_unit
        headers = [self.say("figure.way"), f"{self.say('figure.objective')} ({unit})", self.say("figure.ahead"),
                   self.say("figure.funded"), self.say("figure.broken")]  # fmt: skip
        plan: Row = [(self.say("figure.this"), "text"), (told["objective"], "number"), (None, "change"),
                     (told["funded"], "0"), (0 if told["objective"] is not None else None, "0")]  # fmt: skip
        rows = [plan, *(
            [(label(f"baseline.{name}", self.pages.lang), "text"), (other["objective"], "number"),
             (other["ahead"], "change"), (other["funded"], "0"), (other["broken"], "0")]
            for name, other in told["baselines"].items()
        )]  # fmt: skip
        return self.table(self.say("part.baselines"), headers, rows if told["objective"] is not None else rows[1:])

    def _missed(self) -> None:
        """Soft rules that the plan does not meet."""
        if not self.told["rules"]["missed"]:
            return
        page = self.pages.rules()
        missed = (~self.plan.rules["met"].astype(bool)).to_numpy().nonzero()[0]
        columns = [page.fields[at] for at in page.places("rule", "group", "limit", "reached", "unit", "penalty")]
        rows: list[Row] = [
            [(item.values.iloc[at], "number" if item.kind in ("each", "number") else "text") for item in columns]
            for at in missed[:20]
        ]
        self.table(self.say("part.missed"), [item.header for item in columns], rows)

    def _charts(self, row: int, first: int, sheets: Sequence[Page]) -> None:
        """The plan beside the baselines, in all and by city (or field)."""
        name, last = self.sheet.get_name(), first + len(self.told["baselines"])
        chart = self.book.add_chart({"type": "bar"})
        fills = [{"fill": {"color": colour}} for colour in (BLUE, *GREY)]
        chart.add_series({
            "categories": [name, first, 0, last, 0], "values": [name, first, 1, last, 1], "points": fills, "gap": 60,
            "data_labels": {"value": True, "num_format": "#,##0"},
        })  # fmt: skip
        chart.set_title({"name": f"{self.say('figure.chart')} ({self.pages.value_unit})", "name_font": {"size": 12}})
        chart.set_legend({"none": True})
        chart.set_y_axis({"reverse": True})
        worth = [self.told["objective"], *(other["objective"] for other in self.told["baselines"].values())]
        axis = {"min": 0, "max": 1.3 * max(worth)} if min(worth) >= 0 < max(worth) else {}
        chart.set_x_axis(axis | {"major_gridlines": {"visible": False}, "visible": False})
        charts = [chart, *([made] if (made := self._by_group(sheets)) else [])]
        for item, wide, left in zip(charts, CHARTS, (0, CHARTS[0]), strict=False):
            item.set_size({"width": wide, "height": CHART_HEIGHT})
            self.sheet.insert_chart(row, 0, item, {"x_offset": left + 2, "y_offset": 6, "object_position": 3})

    def _by_group(self, sheets: Sequence[Page]) -> Any:
        """Value by city, or by field, of the plan and the baselines."""
        page = next((item for item in sheets if item.key in ("by_region", "by_field")), None)
        if page is None:
            return None
        chart = self.book.add_chart({"type": "column"})
        names = [self.say("figure.this"), *(label(f"baseline.{name}", self.pages.lang) for name in self.plan.baselines)]
        last = len(page) - 1
        for place, name, colour in zip(page.places("value", "other_value"), names, (BLUE, *GREY), strict=True):
            chart.add_series({
                "name": name, "categories": [page.name, 1, 0, last, 0], "values": [page.name, 1, place, last, place],
                "fill": {"color": colour}, "gap": 60,
            })  # fmt: skip
        title = f"{self.say(f'figure.chart_{page.key[3:]}')} ({self.pages.value_unit})"
        chart.set_title({"name": title, "name_font": {"size": 12}})
        chart.set_legend({"position": "bottom"})
        chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True}})
        return chart

    def _made(self) -> None:
        """From what and with what the plan was made."""
        told = self.told
        versions = "，" if self.pages.chinese else ", "
        rows = {
            "case": told["case"], "hash": told["input_hash"], "date": f"{datetime.now():%Y-%m-%d %H:%M}",
            "solver": f"{told['solver']} {told['solver_version']}", "seconds": f"{told['seconds']:.1f}",
            "violation": None if told["violation"] is None else f"{told['violation']:.1e}",
            "versions": versions.join(f"{name} {version}" for name, version in told["versions"].items()),
        }  # fmt: skip
        known = {self.say(f"made.{key}"): text for key, text in rows.items() if text is not None}
        self.listing(self.say("part.made"), known)

    def _guide(self, sheets: Sequence[Page]) -> None:
        """What stands on which sheet."""
        told = {}
        for page in sheets:
            cut = self.say("guide.cut", shown=f"{ROWS:,}", count=f"{len(page):,}") if len(page) > ROWS else ""
            told[page.name] = f"{self.say(f'guide.{page.key}')} {cut}".strip()
        if told:
            self.listing(self.say("part.guide"), told)


def add_front(book: Any, style: Style, pages: Pages, sheets: Sequence[Page]) -> None:
    """Write the first sheet of a plan's workbook."""
    Front(book, style, pages).write(sheets)


def status(pages: Pages) -> str:
    """The status of a plan in a sentence that a planner understands."""
    plan, gap = pages.plan, pages.plan.gap
    if plan.status == "optimal":
        return pages.say("status.best" if gap is not None and gap < 5e-7 else "status.optimal", gap=percent(gap or 0.0))
    if plan.status == "feasible":
        return pages.say("status.open") if gap is None else pages.say("status.feasible", gap=percent(gap))
    return pages.say(f"status.{plan.status}")


def percent(gap: float) -> str:
    """A gap in percent.

    >>> percent(0.00099853), percent(0.00002)
    ('0.10%', '0.002%')
    """
    return f"{gap:.2%}" if gap >= 0.00005 else f"{gap:.3%}"


def _figure(name: str, value: float | None, unit: str) -> Row:
    return [(name, "text"), (value, "number"), (unit, "text")]
