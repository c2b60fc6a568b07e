"""The tables of a report on regimes: output benefit, starts, and how the gain depends on reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from allocator.sheetout import Words
from allocator.summary import value_name, value_unit
from simulation.speaking import Names
from workbench.crossed import Crossed
from workbench.report import Column, Table
from workbench.reportcolumns import Columns, Kind, Scale, verdict

MOST_DATES = 6


@dataclass(frozen=True, eq=False)
class Tables:
    """Makes the tables of a report in its language.

    Attributes
    ----------
    made : Crossed
        At least two regimes.
    """

    made: Crossed

    @cached_property
    def names(self) -> Names:
        """How everything is called."""
        return self.made.names

    @cached_property
    def columns(self) -> Columns:
        """Makes columns."""
        return Columns(self.names.lang)

    @cached_property
    def words(self) -> Words:
        """Resources and choices in words."""
        return Words(self.names.lang, self.made.study.case.units)

    @property
    def base(self) -> str:
        """The regime against which gains are reckoned."""
        return self.made.crossing.regimes[0]

    @property
    def main(self) -> str:
        """The regime of which the report speaks."""
        regimes = self.made.crossing.regimes
        return "follow" if "follow" in regimes[1:] else regimes[-1]

    @property
    def first(self) -> str:
        """The scenario of which the report speaks first."""
        return self.made.crossing.scenarios[0]

    @property
    def resource(self) -> str:
        """The resource of which the report speaks."""
        known = self.made.study.case.resources
        return "land" if "land" in known else known[0]

    def table(self, key: str, *columns: Column, note: str = "", **values: object) -> Table:
        """A table with its name from the words."""
        return Table(key, self.names.say(f"report.table.{key}", **values), columns, note)

    def cells(self) -> list[tuple[str, str]]:
        """Scenario and regime of each row of the two-way tables."""
        return [(scenario, regime) for scenario, regime, _ in self.made.crossing.cells()]

    def row(self, scenario: str, regime: str) -> int:
        """The row of a two-way table."""
        return self.cells().index((scenario, regime))

    def where(self, rows: Sequence[tuple[str, str]]) -> list[Column]:
        """The first two columns: scenario and regime in words."""
        scenarios = [self.names.scenario(scenario) for scenario, _ in rows]
        return [self.columns.text("scenario", scenarios),
                self.columns.text("regime", [self.made.regime(regime) for _, regime in rows])]  # fmt: skip

    def found(self, table: str, rows: Sequence[tuple[str, str]], **which: str) -> pd.DataFrame:
        """Rows of a table of the crossing by scenario and regime, blank where there is none."""
        known = self.made.tables.get(table, pd.DataFrame(columns=["scenario", "regime", *which]))
        for name, value in which.items():
            known = known[known[name] == value]
        return known.set_index(["scenario", "regime"]).reindex(pd.MultiIndex.from_tuples(rows)).reset_index(drop=True)

    @property
    def unit(self) -> str:
        """Of output benefit."""
        return value_unit(self.made.study.case, self.names.lang)

    @cached_property
    def scale(self) -> Scale:
        """Of output benefit, the same in all tables."""
        cells = self.made.tables["cells"]
        return Scale.of("amount", cells.loc[cells["measure"].isin(["realised", "secured"]), "mean"], self.names.lang,
                        value_unit(self.made.study.case, self.names.lang))  # fmt: skip

    def two_way(self, key: str, kind: Kind | Scale, change: Kind | Scale) -> Table:
        """A measure under each scenario and regime, and what is gained against the first regime."""
        rows, one = self.cells(), self.columns
        means, gains = (self.found(table, rows, measure=key) for table in ("cells", "gains"))
        return self.table(
            key, *self.where(rows), *one.interval(key, kind, means),
            *one.interval("gain", change, gains, ("gain", "low", "high")),
            one.number("relative", gains["relative"], Scale.of("change", [], one.lang, signed=True)),
            self._verdict("verdict", rows, gains["low"], gains["high"]),
            note=self.names.say(f"report.note.{key}", base=self.made.regime(self.base),
                                value=value_name(self.made.study.case, one.lang)),
        )  # fmt: skip

    def _verdict(self, key: str, rows: Sequence[tuple[str, str]], low: pd.Series, high: pd.Series) -> Column:
        """What the intervals say; nothing of the first regime, against which is reckoned."""
        said = self.columns.verdict(key, low, high)
        texts = tuple(text if regime != self.base else "" for text, (_, regime) in zip(said.texts, rows, strict=True))
        return replace(said, texts=texts)

    def realised(self) -> Table:
        """Output benefit realised at the end."""
        return self.two_way("realised", self.scale, replace(self.scale, signed=True))

    def started(self) -> Table:
        """The share of all projects that has started at the end."""
        return self.two_way("started", "share", Scale.of("points", [], self.names.lang, signed=True))

    def depends(self) -> Table | None:
        """What the reviews change under each regime, and whether the gain depends on them; None with one scenario."""
        rows = [(scenario, regime) for scenario, regime in self.cells() if scenario != self.first]
        if not rows:
            return None
        effects, gains = (self.found(table, rows, measure="realised") for table in ("effects", "gains"))
        signed, one = replace(self.scale, signed=True), self.columns
        return self.table(
            "depends", *self.where(rows), *one.interval("effect", signed, effects, ("effect", "low", "high")),
            one.verdict("verdict", effects["low"], effects["high"]),
            *one.interval("more", signed, gains, ("more", "more_low", "more_high")),
            self._verdict("depends", rows, gains["more_low"], gains["more_high"]),
            note=self.names.say("report.note.depends", first=self.names.scenario(self.first),
                                base=self.made.regime(self.base)),
        )  # fmt: skip

    def by_date(self) -> Table:
        """Output benefit secured and realised on a few dates."""
        table = self.made.tables["benefit"]
        table = table[table["time"].isin(self.dates())]
        wide = {kind: part.reset_index(drop=True) for kind, part in table.groupby("kind")}
        rows = list(zip(wide["realised"]["scenario"], wide["realised"]["regime"], strict=True))
        times = wide["realised"]["time"]
        day = self.columns.header("date")
        return self.table(
            "by_date", *self.where(rows),
            Column("date", day, tuple(self.names.day(time) for time in times), tuple(times)),
            *self.columns.interval("secured", self.scale, wide["secured"]),
            *self.columns.interval("realised", self.scale, wide["realised"]),
            note=self.names.say("report.note.secured"),
        )  # fmt: skip

    def dates(self) -> list[float]:
        """A few days until the end: ends of months where days are dates."""
        known = np.unique(self.made.tables["benefit"]["time"].to_numpy(dtype=float))
        if self.names.dated:
            ends = [one for one in known if (self.names.date(one) + pd.Timedelta(days=1)).day == 1 and one > known[0]]
            known = np.array(sorted({*ends, known[-1]}))
        kept = known[::-1][:: max(1, -(-len(known) // MOST_DATES))]
        return [float(one) for one in kept[::-1]]

    def sure(self, table: str, scenario: str, regime: str, names: tuple[str, str] = ("low", "high")) -> str:
        """What the interval of a difference in realised benefit says."""
        row: dict[Any, Any] = self.found(table, [(scenario, regime)], measure="realised").iloc[0].to_dict()
        return verdict(float(row[names[0]]), float(row[names[1]]))
