"""The sentences of a report: three that answer, one or two for each section; every number is that of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from workbench.report import Cell, Sentence, Table, said
from workbench.reportcolumns import verdict
from workbench.reportknown import MADE, synthetic
from workbench.reportquota import NEARLY, QuotaTables
from workbench.reporttables import Tables


@dataclass(frozen=True, eq=False)
class Sentences:
    """Says what stands in the tables of a report.

    Attributes
    ----------
    tables : Tables
        Whence the regimes and scenarios are known.
    by : mapping
        The tables of the report by key; those without rows are left out.
    """

    tables: Tables
    by: Mapping[str, Table]

    def say(self, key: str, /, **parts: Cell | Sentence) -> Sentence:
        """A sentence of the report's words."""
        return said(f"report.say.{key}", self.tables.names.lang, **parts)

    def part(self, key: str, /, **cells: Cell) -> Sentence:
        """A part of a sentence, empty where one of its numbers is not known."""
        return self.say(key, **cells) if _known(*cells.values()) else Sentence("")

    def fact(self, key: str) -> Cell:
        """A cell of the table of how the report was made."""
        return self.by["made"].cell(MADE.index(key), "is")

    def two(self, table: str, scenario: str, regime: str, /, **keys: str) -> dict[str, Cell]:
        """Cells of a row of a two-way table by the names under which they are put in."""
        row = self.tables.row(scenario, regime)
        return {name: self.by[table].cell(row, key) for name, key in keys.items()}

    # the answer

    def answer(self) -> tuple[Sentence, Sentence, Sentence]:
        """What is gained, how that depends on the reviews, and why; with one scenario who waits and who wins."""
        if "depends" in self.by:
            return self.gain(), self.dependence(), self.why()
        return self.gain(), self.waits(), self.balance()

    def others(self) -> list[Sentence]:
        """What the regimes gain of which the answer does not speak."""
        regimes = self.tables.made.crossing.regimes[1:]
        return [self.gain(regime) for regime in regimes if regime != self.tables.main]

    def gain(self, regime: str | None = None) -> Sentence:
        """What a regime, without a name the one spoken of, gains against the first."""
        tables, regime = self.tables, regime or self.tables.main
        here = self.two("realised", tables.first, regime, scenario="scenario", main="regime", b="realised",
                        gain="gain", low="gain_low", high="gain_high", relative="relative")  # fmt: skip
        there = self.two("realised", tables.first, tables.base, base="regime", a="realised")
        sure = tables.sure("gains", tables.first, regime)
        relative = here.pop("relative")
        parts = {name: self.part(name, relative=relative) for name in ("share", "aside")}
        common = {"until": self.fact("until"), "confidence": self.fact("confidence")}
        return self.say(f"gain.{sure}", **here, **there, **common, **parts)

    @property
    def other(self) -> str:
        """The scenario in which the gain differs most from that of the first."""
        rows = self.by["depends"]
        far = {}
        for scenario in self.tables.made.crossing.scenarios[1:]:
            more = rows.cell(self._depends(scenario, self.tables.main), "more").value
            far[scenario] = abs(more) if more is not None else -1.0
        return max(far, key=lambda name: far[name])

    def _depends(self, scenario: str, regime: str) -> int:
        rows = [row for row in self.tables.cells() if row[0] != self.tables.first]
        return rows.index((scenario, regime))

    def dependence(self) -> Sentence:
        """Whether the gain depends on the reviews."""
        table, tables = self.by["depends"], self.tables
        row = self._depends(self.other, tables.main)
        cells = {name: table.cell(row, key) for name, key in
                 (("scenario", "scenario"), ("more", "more"), ("low", "more_low"), ("high", "more_high"))}  # fmt: skip
        gain = self.two("realised", self.other, tables.main, gain="gain", relative="relative")
        first = self.two("realised", tables.first, tables.main, first="scenario", before="gain")
        low, high = cells["low"].value, cells["high"].value
        nan = float("nan")
        sure = verdict(nan if low is None else low, nan if high is None else high)
        aside = self.part("aside", relative=gain.pop("relative"))
        on = self.say(f"on.{'reviews' if tables.made.reviews(self.other) else 'scenario'}")
        return self.say(f"depends.{sure}", **cells, **gain, **first, aside=aside, on=on)

    def why(self) -> Sentence:
        """What the reviews change: waiting for them, waiting for elements, benefit."""
        tables, other = self.tables, self.other
        waiting = self.by["waiting"]
        before, after = (QuotaTables(tables).waiting_row(one, tables.main) for one in (tables.first, other))
        cells = {"r1": waiting.cell(before, "review"), "r2": waiting.cell(after, "review"),
                 "e1": waiting.cell(before, "elements"), "e2": waiting.cell(after, "elements")}  # fmt: skip
        table, row = self.by["depends"], self._depends(other, tables.main)
        cells |= {name: table.cell(row, key) for name, key in
                  (("scenario", "scenario"), ("main", "regime"), ("effect", "effect"), ("low", "effect_low"),
                   ("high", "effect_high"), ("verdict", "verdict"))}  # fmt: skip
        sure = tables.sure("effects", other, tables.main)
        scarce = sure in ("none", "same") and _less(cells["r2"], cells["r1"]) and _less(cells["e1"], cells["e2"])
        elements = self.part("why.elements", e1=cells["e1"], e2=cells["e2"])
        key = "unknown" if sure == "unknown" else "scarce" if scarce else "plain"
        return self.say(f"why.{key}", **cells, elements=elements)

    def warning(self) -> tuple[Sentence, ...]:
        """What must not be overlooked: made-up rows, replications that failed, parameters that are assumed."""
        made_up = [self.say("synthetic")] if synthetic(self.tables) else []
        failed = self.fact("failures")
        return (*made_up, *([self.say("failures", failures=failed)] if failed.text != "0" else []), self.known())

    # the sections

    def starts(self) -> Sentence:
        """Who has started."""
        tables = self.tables
        here = self.two("started", tables.first, tables.main, scenario="scenario", main="regime", b="started",
                        gain="gain", low="gain_low", high="gain_high", verdict="verdict")  # fmt: skip
        key = "starts.unknown" if here["low"].value is None else "starts.plain"
        return self.say(key, **here, **self.two("started", tables.first, tables.base, base="regime", a="started"),
                        until=self.fact("until"))  # fmt: skip

    def progress(self) -> Sentence:
        """What is realised halfway."""
        table, tables = self.by["by_date"], self.tables
        days = tables.dates()
        cells: dict[str, Cell] = {}
        for name, regime, title in (("a", tables.base, "base"), ("b", tables.main, "main")):
            row = tables.row(tables.first, regime) * len(days) + (len(days) - 1) // 2
            cells |= {name: table.cell(row, "realised"), f"{name}_secured": table.cell(row, "secured"),
                      title: table.cell(row, "regime"), "date": table.cell(row, "date")}  # fmt: skip
        return self.say("progress", **cells)

    def balance(self) -> Sentence:
        """Who wins and who loses."""
        table = self.by["balance"]
        counts = {kind: table.cell(row, "projects") for row, kind in enumerate(("wins", "loses", "both", "neither"))}
        return self.say("balance", **counts, **self._named())

    def _named(self) -> dict[str, Cell]:
        tables = self.tables
        return {"main": self.two("realised", tables.first, tables.main, x="regime")["x"],
                "base": self.two("realised", tables.first, tables.base, x="regime")["x"]}  # fmt: skip

    def cities(self, by: str) -> Sentence | None:
        """The group that gains most and the one that loses most, where there are both."""
        table = self.by.get(f"by_{by}")
        if table is None:
            return None
        change = [value or 0.0 for value in table.column("change").values or ()]
        most, least = (change.index(one) for one in (max(change), min(change)))
        if not change[least] < 0 < change[most]:
            return None
        return self.say("cities", most=table.cell(most, by), more=table.cell(most, "change"),
                        least=table.cell(least, by), less=table.cell(least, "change"), **self._named())  # fmt: skip

    def fairness(self) -> Sentence:
        """How far what cities hold is from the formula."""
        table, cells = self.by["gini"], dict[str, Cell]()
        for name, row in self._both("gini"):
            cells |= {name: table.cell(row, "gini"), "resource": table.cell(row, "resource")}
        key = "fairness" if _known(cells["a"], cells["b"]) else "fairness.none"
        return self.say(key, **cells, **self._named())

    def _both(self, key: str) -> list[tuple[str, int]]:
        """Rows of the resource spoken of, of the first regime (a) and of the one spoken of (b)."""
        tables, table = self.tables, self.by[key]
        resource, scenario = tables.words.resource(tables.resource), tables.names.scenario(tables.first)
        wanted = {name: [scenario, tables.made.regime(regime), resource]
                  for name, regime in (("a", tables.base), ("b", tables.main))}  # fmt: skip
        found = [[table.cell(row, one).text for one in ("scenario", "regime", "resource")] for row in range(len(table))]
        return [(name, found.index(texts)) for name, texts in wanted.items()]

    def waits(self) -> Sentence:
        """How long projects wait for reviews and for elements."""
        table, tables = self.by["waiting"], self.tables
        a, b = (QuotaTables(tables).waiting_row(tables.first, regime) for regime in (tables.base, tables.main))
        cells = {"review": table.cell(b, "review"), "e1": table.cell(a, "elements"), "e2": table.cell(b, "elements")}
        key = "waits" if _known(*cells.values()) else "waits.review" if _known(cells["review"]) else "waits.none"
        return self.say(key, **cells, **self._named())

    def quota(self) -> Sentence:
        """The scarcest resource."""
        table = self.by["quota"]
        asked = table.column("demand").values or ()
        known = zip(table.column("times").values or (), asked, strict=True)
        times = [inf if value is None and demand else value or 0.0 for value, demand in known]
        row = times.index(max(times))
        cells = {key: table.cell(row, key) for key in ("resource", "times", "demand", "quota", "unit")}
        return self.say("quota" if _known(cells["times"]) else "quota.none", **cells)

    def idle(self) -> Sentence:
        """Quota that lies idle."""
        table, cells = self.by["idle"], dict[str, Cell]()
        for name, row in self._both("idle"):
            cells |= {f"free_{name}": table.cell(row, "free"), f"held_{name}": table.cell(row, "held"),
                      "resource": table.cell(row, "resource"), "unit": table.cell(row, "unit")}  # fmt: skip
        return self.say("idle", **cells, **self._named())

    def prices(self) -> Sentence:
        """Of the elements that the plan uses up the one with most at stake."""
        table = self.by.get("prices")
        if table is None:
            return self.say("prices.none")
        rows = [row for row in range(len(table)) if table.cell(row, "resource").text]
        row = next((row for row in rows if _short(table.cell(row, "used"), table.cell(row, "available"))), None)
        if row is None:
            return self.say("prices.slack")
        return self.say("prices.some", **{key: table.cell(row, key) for key in ("source", "unit", "price")})

    def bottlenecks(self) -> Sentence:
        """Where projects wait longest."""
        table = self.by["bottlenecks"]
        if not len(table):
            return self.say("bottlenecks.none")
        keys = ("stage", "office", "days_waiting", "share", "scenario", "mean_wait")
        return self.say("bottlenecks.some", **{key: table.cell(0, key) for key in keys})

    def stability(self) -> Sentence:
        """What is changed after it was said."""
        tables = self.tables
        here = self.two("stability", tables.first, tables.main, given="given", changed="changed", returned="returned")
        return self.say("stability", **here, **self._named())

    def known(self) -> Sentence:
        """How many parameters are published, fitted, assumed."""
        table, names = self.by["standings"], self.tables.names
        cells = [(table.cell(row, "standing"), table.cell(row, "parameters")) for row in range(len(table))]
        listed = names.listed([names.say("report.say.known_part", standing=a, count=b) for a, b in cells])
        return Sentence(names.say("report.say.known", listed=listed), tuple(cell for pair in cells for cell in pair))

    def made(self) -> Sentence:
        """From what and how often."""
        return self.say("made", **{key: self.fact(key) for key in ("case", "replications", "seed", "every", "until")})


def _known(*cells: Cell) -> bool:
    return all(cell.value is not None for cell in cells)


def _short(used: Cell, available: Cell) -> bool:
    return used.value is not None and available.value is not None and used.value >= NEARLY * available.value


def _less(a: Cell, b: Cell) -> bool:
    return a.value is not None and b.value is not None and a.value < b.value
