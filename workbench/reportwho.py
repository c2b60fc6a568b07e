"""Who gets elements under another regime and who does not: projects, cities, tiers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from workbench.report import Column, Table
from workbench.reportcolumns import Scale
from workbench.reporttables import Tables

MOST = 20
CHANGED = 0.5
"""A project wins or loses where its chance to get elements changes by so much."""
KINDS = ("wins", "loses", "both", "neither")
CHANGE = ("change", "change_low", "change_high")


@dataclass(frozen=True, eq=False)
class Who:
    """Compares the regime spoken of with the first one, under the first scenario."""

    tables: Tables

    @cached_property
    def chances(self) -> pd.DataFrame:
        """A row per project: ``project, name, region, tier, size``, `CHANGE`, chance and day of a grant by regime."""
        tables, made = self.tables, self.tables.made
        mine = made.tables["projects"]
        mine = mine[mine["scenario"] == tables.first]
        wide = mine.pivot(index="project", columns="regime", values=["granted", "day", *CHANGE])
        found = mine.drop_duplicates("project").set_index("project")[["region", "tier"]]
        for regime in made.crossing.regimes:
            found[f"granted_{regime}"] = wide["granted", regime].astype(float)
            found[f"day_{regime}"] = wide["day", regime].astype(float)
        for name in CHANGE:
            found[name] = wide[name, tables.main].astype(float)
        projects = made.study.case.projects
        known = projects.get("name", pd.Series("", projects.index)).astype(object).fillna("")
        size = projects.get("investment", pd.Series(0.0, projects.index)).astype(float).to_numpy()
        found["size"] = pd.Series(size, projects["id"].astype(str)).reindex(found.index)
        found["name"] = pd.Series(known.to_numpy(), projects["id"].astype(str)).reindex(found.index)
        return found.reset_index()

    @cached_property
    def kind(self) -> pd.Series:
        """What the change means for each project."""
        change, before = self.chances["change"], self.chances[f"granted_{self.tables.base}"]
        found = np.select([change >= CHANGED, change <= -CHANGED, before >= CHANGED], KINDS[:3], KINDS[3])
        return pd.Series(found, self.chances.index)

    def balance(self) -> Table:
        """How many win, lose, get elements either way or never."""
        say, one = self.tables.names.say, self.tables.columns
        counts = self.kind.value_counts()
        said = [say(f"report.kind.{kind}") for kind in KINDS]
        return self.tables.table(
            "balance", one.text("kind", said), one.plain("projects", "count", [counts.get(kind, 0) for kind in KINDS]),
            note=say("report.note.balance", main=self._regime(self.tables.main), base=self._regime(self.tables.base),
                     first=self.tables.names.scenario(self.tables.first)),
        )  # fmt: skip

    def groups(self, by: str) -> Table | None:
        """Projects with elements by city or tier on the mean of the replications; None where it says nothing."""
        table = self.chances.assign(**{by: self.chances[by].astype(object).where(self.chances[by].notna(), "")})
        if table[by].nunique() < 2:
            return None
        grouped = table.groupby(by)
        counts = {regime: grouped[f"granted_{regime}"].sum() for regime in self.tables.made.crossing.regimes}
        one = self.tables.columns
        scale = Scale.of("count", [value for row in counts.values() for value in row], one.lang)
        named = [group or self.tables.names.say("report.unstated") for group in counts[self.tables.base].index]
        change = counts[self.tables.main] - counts[self.tables.base]
        return self.tables.table(
            f"by_{by}", one.text(by, named), one.plain("projects", "count", grouped.size()),
            *(one.number(f"granted_{regime}", row, scale, self._regime(regime)) for regime, row in counts.items()),
            one.number("change", change, Scale(1.0, scale.places, scale.unit, True)),
            note=self.tables.names.say("report.note.groups"),
        )  # fmt: skip

    def listed(self, kind: str) -> Table | None:
        """The projects that win or lose most; None where there is none."""
        sign = 1 if kind == "wins" else -1
        table = self.chances[(self.kind == kind).to_numpy()]
        order = {"change": -sign * table["change"], "size": -table["size"], "project": table["project"]}
        table = table.iloc[pd.DataFrame(order).reset_index(drop=True).sort_values(list(order)).index]
        if not len(table):
            return None
        shown, one, names = table.head(MOST), self.tables.columns, self.tables.names
        got = self.tables.main if kind == "wins" else self.tables.base
        days = shown[f"day_{got}"].to_numpy(dtype=float)
        chances = [(f"granted_{regime}", regime) for regime in dict.fromkeys((self.tables.base, self.tables.main))]
        known = tuple(None if np.isnan(day) else float(day) for day in days)
        return self.tables.table(
            kind, one.text("project", shown["project"]), one.text("name", shown["name"]),
            one.text("region", shown["region"]), one.text("tier", shown["tier"]),
            *(one.plain(key, "share", shown[key], one.headed(self._regime(regime), "share"))
              for key, regime in chances),
            *one.interval("change", Scale.of("points", [], one.lang, signed=True), shown, CHANGE),
            Column("day", one.header("day"), tuple(map(names.falls, days)), known),
            note=names.say("report.note.listed", shown=f"{len(shown):,}", count=f"{len(table):,}",
                           regime=self._regime(got)),
        )  # fmt: skip

    def _regime(self, name: str) -> str:
        return self.tables.made.regime(name)
