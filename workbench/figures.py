"""The figures of kept plans and experiments as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from allocator import units
from allocator.labels import Lang, label
from allocator.scenario import Scenario
from allocator.schema import header
from allocator.speech import Speech, number
from allocator.summary import MONEY
from simulation.crossing import BETWEEN, MEASURES, UNIT_DAYS
from simulation.keeping import Kind, Record
from simulation.loop import REGIMES
from simulation.process import Process
from simulation.speaking import Names, percent
from workbench import present

PLAN = {"objective": "plan.figure.objective", "bound": "plan.figure.bound", "gap": "plan.figure.gap",
        "funded": "plan.figure.funded", "cost": "plan.figure.cost", "worth": "runs.measure.worth"}  # fmt: skip


def main_rows(figures: pd.DataFrame) -> pd.DataFrame:
    """The rows of the main figure: the first one that all scenarios have, else the first.

    >>> rows = pd.DataFrame({"measure": ["a", "a", "b", "b"], "value": [1.0, math.nan, 2.0, 3.0]})
    >>> main_rows(rows.assign(scenario=["x", "y", "x", "y"]))["value"].tolist()
    [2.0, 3.0]
    """
    known = figures.dropna(subset="value").groupby("measure", sort=False)["scenario"].nunique()
    whole = known.index[known == figures["scenario"].nunique()]
    return figures[figures["measure"].isin([*whole, *figures["measure"]][:1])]


def stated(found: Mapping[str, Any]) -> Scenario:
    """A scenario from what is kept of it."""
    return Scenario(found["file"], found["content"], found["point"])


@dataclass(frozen=True, eq=False)
class Spoken:
    """Says figures in one language.

    Parameters
    ----------
    lang : {"en", "zh"}
    kind : {"plan", "experiment"}
    titles : mapping
        What scenarios are called, by name.
    names : Names, optional
        Says days as dates; as numbers without.

    Examples
    --------
    >>> Spoken("zh", "plan").measure("land", "mu"), Spoken("en", "plan").value("land", "mu", 1200.0)
    ('用地（已配置）', '1,200 mu')
    """

    lang: Lang
    kind: Kind
    titles: Mapping[str, str] = field(default_factory=dict)
    names: Names | None = None

    @staticmethod
    def of(record: Record, lang: Lang) -> Spoken:
        """The figures of a record."""
        titles = {str(one["name"]): stated(one).title(lang) for one in record.scenarios}
        staged = record.kind == "experiment" and len(record.case.extra.get("stages", ())) > 0
        return Spoken(lang, record.kind, titles, Names(lang, [Process.of(record.case)], titles) if staged else None)

    @property
    def _names(self) -> Names:
        return self.names or Names(self.lang, [Process([], calendar=None)])

    def scenario(self, name: str) -> str:
        """A scenario by its title, a regime under it by both; the case as it is has no title of its own."""
        scenario, _, regime = name.partition(BETWEEN)
        title = self.titles.get(scenario) or label("runs.as_it_is", self.lang)
        called = label(f"loop.regime.{regime}", self.lang) if regime in REGIMES else regime
        return f"{title}{BETWEEN}{called}" if regime else title

    def measure(self, name: str, unit: str) -> str:
        """What a figure is."""
        if self.kind == "plan":
            if name in PLAN:
                return label(PLAN[name], self.lang)
            if name in MONEY:
                return label("plan.figure.money", self.lang, name=header("projects", name, self.lang))
            said = units.RESOURCES[name][1][0] if self.lang == "zh" and name in units.RESOURCES else name
            return label("runs.measure.granted", self.lang, name=said)
        if name == "least":
            return label("runs.measure.least", self.lang, lever=unit)
        if name in ("share", "chance"):
            return label(f"runs.measure.{name}", self.lang)
        of, _, resource = name.partition(":")
        if of in MEASURES and of != "started":
            return label(f"loop.measure.{of}", self.lang, resource=Speech(self.lang).resource(resource))
        if name.startswith("desk:"):
            office, _, place = name.removeprefix("desk:").partition("/")
            where = f"{self._names.office(office)} {place}".strip()
            return label("runs.measure.desk", self.lang, desk=where)
        return self._names.measure(name)

    def value(self, name: str, unit: str, value: float, change: bool = False) -> str:
        """A figure in its unit, or by how much it is more."""
        if math.isnan(value):
            return "–"
        sign = "+" if change and value > 0 else ""
        if name == "least":
            return f"{sign}{value:g}".replace("-", "\N{MINUS SIGN}")
        if unit == "share":
            if change:
                return label("plotsim.points", self.lang, points=f"{100 * value:+.2f}".replace("-", "\N{MINUS SIGN}"))
            return percent(value, self.lang, 1 if abs(value) >= 0.01 else 2)
        if unit == "day" and not change:
            return self._names.day(value)
        said = self._quantity(unit, value)
        return f"\N{MINUS SIGN}{said[1:]}" if said.startswith("-") else f"{sign}{said}"

    def _quantity(self, unit: str, value: float) -> str:
        if unit in ("day", "days", "project-days"):
            said = label(f"plotsim.unit.{'project_days' if unit == 'project-days' else 'days'}", self.lang)
        elif unit in ("count", "projects"):
            said = label("plan.unit.count", self.lang)
        elif unit == "mcny":
            return Speech(self.lang).money(value)
        elif unit.endswith(UNIT_DAYS):
            said = label("loop.unit.unit_days", self.lang, unit=self._unit(unit.removesuffix(UNIT_DAYS)))
        else:
            said = "·".join(self._unit(part) for part in unit.split("·"))
        shown = f"{round(value, 1) + 0.0:,.1f}" if unit in ("day", "days") else number(value)
        return f"{shown}{said}" if self.lang == "zh" else f"{shown} {said}"

    def _unit(self, part: str) -> str:
        if part == label("plan.unit.score"):
            return label("plan.unit.score", self.lang)
        return units.shown(part, self.lang == "zh")

    def main(self, figures: pd.DataFrame) -> str:
        """The main figure from the least to the most of all scenarios; empty where there is none."""
        chosen = main_rows(figures)
        values = chosen["value"].dropna()
        if not len(values):
            return ""
        name, unit = str(chosen["measure"].iloc[0]), str(chosen["unit"].iloc[0])
        ends = dict.fromkeys(self.value(name, unit, float(one)) for one in (values.min(), values.max()))
        return label("runs.main", self.lang, measure=self.measure(name, unit), value=" … ".join(ends))

    def table(self, figures: pd.DataFrame) -> str:
        """All figures with their intervals."""
        between = bool((figures["low"] < figures["high"]).any())
        first = int(figures["scenario"].nunique() <= 1)
        names = ("scenario", "measure", "value", "between")[first : 3 + between]
        rows = []
        for row in figures.to_dict("records"):
            name, unit = row["measure"], row["unit"]
            ends = [self.value(name, unit, row[end]) for end in ("low", "high")]
            said = [self.scenario(row["scenario"]), self.measure(name, unit), self.value(name, unit, row["value"])]
            said.append(" … ".join(ends) if row["low"] < row["high"] else "")
            rows.append(said[first : 3 + between])
        return present.table([label(f"runs.column.{name}", self.lang) for name in names], rows)
