"""The tables of a report on waiting, quota, prices, bottlenecks, changes of promises and shares of cities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.pages import Pages
from allocator.plan import Plan
from simulation.crossing import named
from simulation.network import day_number
from workbench.report import Table
from workbench.reportcolumns import Columns, Scale
from workbench.reporttables import Tables

MOST_STAGES, MOST_PRICES = 10, 20
NEARLY = 0.95
"""A pool of which a plan uses so much is used up."""


@dataclass(frozen=True, eq=False)
class QuotaTables:
    """Makes them, with what `Tables` knows."""

    tables: Tables

    @property
    def columns(self) -> Columns:
        """Makes columns."""
        return self.tables.columns

    def _waits(self, kind: str) -> pd.DataFrame:
        """Days waited, of all and by tier."""
        table = self.tables.made.tables["waiting"]
        tiers = (table["by"] == "tier") & (table["group"] != "")
        return table[(tiers | (table["by"] == "")) & (table["kind"] == kind)].reset_index(drop=True)

    def waiting(self) -> Table:
        """Days of waiting for review and for elements, of all and by tier."""
        review, elements, one, names = self._waits("review"), self._waits("elements"), self.columns, self.tables.names
        rows = list(zip(review["scenario"], review["regime"], strict=True))
        return self.tables.table(
            "waiting", *self.tables.where(rows),
            one.text("group", [group or names.say("report.all") for group in review["group"]]),
            *one.interval("review", "days", review), *one.interval("elements", "days", elements),
            note=names.say("report.note.waiting"),
        )  # fmt: skip

    def waiting_row(self, scenario: str, regime: str) -> int:
        """The row of all projects in the table of waiting."""
        table = self._waits("review")
        mine = (table["scenario"] == scenario) & (table["regime"] == regime) & (table["by"] == "")
        return int(np.flatnonzero(mine)[0])

    def quota(self) -> Table:
        """Demand and quota."""
        table = self.tables.made.tables["totals"]
        table = table[table["regime"] == self.tables.base]
        if not table.groupby("resource")[["demand", "quota"]].nunique().gt(1).to_numpy().any():
            table = table[table["scenario"] == self.tables.first]
        times = (table["demand"] / table["quota"].where(table["quota"] > 0)).to_numpy()
        one = self.columns
        return self.tables.table(
            "quota", one.text("scenario", map(self.tables.names.scenario, table["scenario"])),
            one.text("resource", map(self.tables.words.resource, table["resource"])),
            *one.mixed(table["unit"].tolist(), table["resource"].tolist(), demand=table["demand"],
                       quota=table["quota"]),
            one.number("times", times, Scale(1.0, 2, "")),
        )  # fmt: skip

    def idle(self) -> Table:
        """Quota that lies idle on the mean day: not granted, and granted but not used."""
        table, one = self.tables.made.tables["idle"], self.columns
        wide = {kind: part.reset_index(drop=True) for kind, part in table.groupby("kind")}
        free, held, days = wide["free"], wide["held"], self._days()
        rows = list(zip(free["scenario"], free["regime"], strict=True))
        return self.tables.table(
            "idle", *self.tables.where(rows), one.text("resource", map(self.tables.words.resource, free["resource"])),
            *one.mixed(
                free["resource"].map(self.tables.made.study.case.units).tolist(), free["resource"].tolist(),
                free=free["mean"] / days, free_low=free["low"] / days, free_high=free["high"] / days,
                held=held["mean"] / days, held_low=held["low"] / days, held_high=held["high"] / days,
            ),
            note=self.tables.names.say("report.note.idle"),
        )  # fmt: skip

    def _days(self) -> float:
        """From the first period until the end."""
        loop = self.tables.made.crossing.runs.arms[named(self.tables.first, self.tables.base)].loop
        assert loop is not None
        origin = self.tables.names.processes[0].origin
        begins = [day_number(one, origin) for one in loop.round.begins] or [0.0]
        return max(self.tables.made.crossing.end - max(min(begins), 0.0), 1.0)

    def prices(self, plan: Plan) -> Table | None:
        """What one unit more would be worth in the relaxation; what the plan uses up first, then by stake."""
        page = Pages(plan, self.tables.names.lang).prices()
        known = {item.key: item.values.reset_index(drop=True) for item in page.fields}
        price, amount = known["price"].astype(float), known["available"].astype(float)
        stake = (price * amount.fillna(0.0))[price > 0].sort_values(ascending=False, kind="stable")
        short = (known["used"].astype(float) >= NEARLY * amount)[stake.index]
        rows = short.sort_values(ascending=False, kind="stable").index[:MOST_PRICES]
        if not len(rows):
            return None
        one = self.columns
        texts = [one.text(key, known[key][rows], next(item.header for item in page.fields if item.key == key))
                 for key in ("source", "resource", "region", "period", "unit") if key in known]  # fmt: skip
        return self.tables.table(
            "prices", *texts, one.each("available", amount[rows]), one.each("used", known["used"][rows]),
            one.each("price", price[rows], self.tables.unit),
            note=self.tables.names.say("report.note.prices", shown=f"{len(rows):,}", count=f"{len(stake):,}"),
        )  # fmt: skip

    def bottlenecks(self) -> Table:
        """Stages where projects wait longest under the regime spoken of, in every scenario."""
        runs, one = self.tables.made.crossing.runs, self.columns
        parts = [runs.bottlenecks(named(scenario, self.tables.main)).assign(of=scenario)
                 for scenario in self.tables.made.crossing.scenarios]  # fmt: skip
        most = parts[0].loc[parts[0]["days_waiting"] > 0, "stage"].head(MOST_STAGES).tolist()
        table = pd.concat([part[part["stage"].isin(most)] for part in parts], ignore_index=True)
        return self.tables.table(
            "bottlenecks", one.text("scenario", map(self.tables.names.scenario, table["of"])),
            one.text("stage", map(self.tables.names.stage, table["stage"])),
            one.text("office", map(self.tables.names.office, table["office"])),
            one.plain("visits", "count", table["visits"]), one.plain("mean_wait", "days", table["mean_wait"]),
            *one.interval("days_waiting", "days", table, ("days_waiting", "low", "high")),
            one.plain("share", "share", table["share"]), one.plain("utilisation", "share", table["utilisation"]),
            note=self.tables.names.say("report.note.bottlenecks", regime=self.tables.made.regime(self.tables.main)),
        )  # fmt: skip

    def stability(self) -> Table:
        """Grants, promises that were changed, grants that came back, sittings that could not keep a hard rule."""
        rows, one = self.tables.cells(), self.columns
        found = {kind: self.tables.found("stability", rows, kind=kind) for kind in ("given", "changed", "returned",
                                                                                   "eased", "gap")}  # fmt: skip
        return self.tables.table(
            "stability", *self.tables.where(rows), one.plain("given", "count", found["given"]["mean"]),
            *one.interval("changed", "count", found["changed"]), *one.interval("returned", "count", found["returned"]),
            one.plain("eased", "count", found["eased"]["mean"]), one.plain("gap", "share", found["gap"]["mean"]),
        )  # fmt: skip

    def fairness(self) -> tuple[Table, Table]:
        """How far what cities hold is from the formula in one figure, and city by city."""
        one, table = self.columns, self.tables.made.tables["fairness"]
        cells = self.tables.made.tables["cells"]
        far = cells[cells["measure"] == "gini"].sort_values("resource", kind="stable").reset_index(drop=True)
        rows = list(zip(far["scenario"], far["regime"], strict=True))
        whole = self.tables.table(
            "gini", *self.tables.where(rows), one.text("resource", map(self.tables.words.resource, far["resource"])),
            *one.interval("gini", Scale(1.0, 3, ""), far),
            note=self.tables.names.say("report.note.gini"),
        )  # fmt: skip
        mine = table[table["scenario"] == self.tables.first]
        wide = mine.pivot(index=["resource", "region"], columns="regime", values="mean").reset_index()
        formula = mine.drop_duplicates(["resource", "region"]).set_index(["resource", "region"])["formula"]
        places = pd.MultiIndex.from_frame(wide[["resource", "region"]])
        cities = self.tables.table(
            "shares", one.text("resource", map(self.tables.words.resource, wide["resource"])),
            one.text("region", wide["region"]), one.plain("formula", "share", formula.loc[places]),
            *(one.plain(f"share_{regime}", "share", wide[regime], one.headed(self.tables.made.regime(regime), "share"))
              for regime in self.tables.made.crossing.regimes),
            note=self.tables.names.say("report.note.first", first=self.tables.names.scenario(self.tables.first)),
        )  # fmt: skip
        return whole, cities
