"""The sheets of a simulation: which columns they show, by which names and in which units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from allocator import schema
from allocator.bookstyle import Field, Kind, Page, blank
from allocator.sheetout import Words
from simulation.records import OUTCOMES
from simulation.results import offices
from workbench.simresult import Simulated, measures_by

DAYS = ("50", "80", "95")
FACTS = ("id", "name", "region", "county", "field", "tier", "kind")
KINDS: dict[str, Kind] = {
    "visits": "whole", "mean_wait": "number", "days_waiting": "whole", "low": "whole", "high": "whole",
    "share": "percent", "returned": "percent", "on_time": "percent", "mean_applicant": "number",
    "working_days": "whole", "utilisation": "percent", "desks": "whole", "reviewers": "number", "work": "whole",
    "busiest": "text", "busiest_utilisation": "percent", "busiest_work": "whole",
}  # fmt: skip


class SimPages:
    """Makes the sheets of a simulation in one language."""

    def __init__(self, made: Simulated) -> None:
        self.made, self.lang = made, made.study.asked.lang
        self.names = made.study.names()
        self.money = 0.01 if self.lang == "zh" else 1.0

    def say(self, key: str, **values: object) -> str:
        """The words of a key of this book."""
        return self.names.say(f"simulate.{key}", **values)

    def all(self) -> list[Page]:
        """Every sheet that has rows, in order."""
        makers = (self.scenarios, self.effects, self.curve, self.outcomes, self.bottlenecks, self.offices,
                  self.measures, self.projects, self.published)  # fmt: skip
        return [page for page in (make() for make in makers) if len(page)]

    def page(self, key: str, fields: Sequence[Field]) -> Page:
        """A sheet without the columns that say nothing."""
        return Page(key, self.say(f"sheet.{key}"), [item for item in fields if not blank(item)])

    def field(self, name: str, values: Any, kind: Kind = "text") -> Field:
        """A column with a name of this book."""
        return Field(self.say(f"column.{name}"), _series(values), kind, key=name)

    def _scenarios(self, table: pd.DataFrame) -> Field:
        return self.field("scenario", table["scenario"].map(self.names.scenario))

    def scenarios(self) -> Page:
        """A row per scenario: shares started, days on which levels are reached, with intervals."""
        wide = self.made.figures.pivot(index="scenario", columns="measure", values=["mean", "low", "high"])
        wide = wide.reindex(list(self.made.runs.scenarios))
        fields = [self.field("scenario", [self.names.scenario(str(name)) for name in wide.index])]
        for measure in measures_by(self.made.dates):
            fields += self._spread(wide, measure, "percent")
        if self.made.dates:
            fields.append(Field(self.names.measure("started"), _series(wide["mean", "started"]), "percent"))
        for level in DAYS:
            fields += list(self._days(wide, f"day_{level}"))
        for measure, kind in (("ready_to_start", "number"), ("decided_in_time", "percent"), ("days_waiting", "whole")):
            fields.append(Field(self.names.measure(measure), _series(wide["mean", measure]), kind))  # type: ignore[arg-type]
        numbers = [len(self.made.runs.numbers(str(name))) for name in wide.index]
        fields.append(self.field("replications", numbers, "whole"))
        fields.append(self.field("source", [self.made.study.sources.get(str(name), "") for name in wide.index], "long"))
        return self.page("scenarios", fields)

    def _spread(self, wide: pd.DataFrame, measure: str, kind: Kind) -> list[Field]:
        """A measure with the ends of its interval."""
        said = self.names.measure(measure)
        heads = [said, *(self.say(f"column.{end}_of", name=said) for end in ("low", "high"))]
        return [Field(head, _series(wide[part, measure]), kind)
                for head, part in zip(heads, ("mean", "low", "high"), strict=True)]  # fmt: skip

    def _days(self, wide: pd.DataFrame, measure: str) -> Iterator[Field]:
        """A day as a date, where there are dates."""
        said, values = self.names.measure(measure), _series(wide["mean", measure])
        yield Field(said, self.dates(values)) if self.names.dated else Field(said, values, "number")

    def dates(self, values: pd.Series) -> pd.Series:
        """Days from the origin as ISO dates; blank where unknown."""
        return values.map(lambda day: "" if np.isnan(day) else self.names.date(day).date().isoformat())

    def effects(self) -> Page:
        """A row per scenario and measure."""
        table = self.made.effects
        if not len(table):
            return Page("effects", "")
        money = table["unit"].eq("million yuan × days").to_numpy() * (self.money - 1) + 1
        points = np.where(table["unit"] == "share", 100.0, money)
        units = [self.say("unit.points") if unit == "share" else self.names.unit(unit) for unit in table["unit"]]
        saved = table["measure"].str.startswith("days_saved_")

        def side(column: str) -> list[str]:
            """What both scenarios come to: a date, a share or a number."""
            return [self._told(value, unit, is_day) for value, unit, is_day in
                    zip(table[column] * money, table["unit"], saved, strict=True)]  # fmt: skip

        return self.page("effects", [
            self._scenarios(table), self.field("measure", table["measure"].map(self.names.measure)),
            self.field("unit", units), self.field("difference", table["difference"] * points, "tenths"),
            self.field("low", table["low"] * points, "tenths"), self.field("high", table["high"] * points, "tenths"),
            self.field("with", side("a")), self.field("without", side("b")),
            self.field("pairs", table["replications"], "whole"),
        ])  # fmt: skip

    def _told(self, value: float, unit: str, is_day: bool) -> str:
        if np.isnan(value):
            return self.names.say("plotsim.not_reached") if is_day else ""
        if is_day:
            return self.names.date(value).date().isoformat() if self.names.dated else f"{value:,.1f}"
        return self.names.percent(value, 1) if unit == "share" else f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"

    def curve(self) -> Page:
        """A row per day, a column per scenario."""
        table = self.made.tables["curve"]
        wide = table.pivot(index="time", columns="scenario", values="mean")
        days = _series(wide.index.to_numpy(dtype=float))
        first = self.field("date", self.dates(days)) if self.names.dated else self.field("day", days, "number")
        scenarios = [Field(self.names.scenario(name), _series(wide[name]), "percent", key=name)
                     for name in self.made.runs.scenarios]  # fmt: skip
        return Page("curve", self.say("sheet.curve"), [first, *scenarios])

    def outcomes(self) -> Page:
        """A row per scenario: what has become of the projects."""
        wide = self.made.tables["outcomes"].pivot(index="scenario", columns="outcome", values="share")
        wide = wide.reindex(index=list(self.made.runs.scenarios), columns=list(OUTCOMES))
        fields = [self.field("scenario", [self.names.scenario(str(name)) for name in wide.index])]
        fields += [Field(self.names.say(f"plotsim.outcome.{name.replace(' ', '_')}"), _series(wide[name]), "percent")
                   for name in OUTCOMES]  # fmt: skip
        return self.page("outcomes", fields)

    def bottlenecks(self) -> Page:
        """A row per scenario and stage."""
        table = self.made.tables.get("bottlenecks", pd.DataFrame())
        if not len(table):
            return Page("bottlenecks", "")
        table = table[table["visits"] > 0]
        fields = [self._scenarios(table), self.field("stage", table["stage"].map(self.names.stage)),
                  self.field("office", table["office"].map(self.names.office))]  # fmt: skip
        listed = ("days_waiting", "low", "high", "share", "mean_wait", "visits", "returned", "on_time",
                  "mean_applicant", "working_days")  # fmt: skip
        return self.page("bottlenecks", [*fields, *(self.field(one, table[one], KINDS[one]) for one in listed)])

    def offices(self) -> Page:
        """A row per scenario and office."""
        table = offices(self.made.runs)
        if not len(table):
            return Page("offices", "")
        fields = [self._scenarios(table), self.field("office", table["office"].map(self.names.office))]
        listed = ("desks", "reviewers", "visits", "mean_wait", "days_waiting", "work", "utilisation", "busiest",
                  "busiest_work", "busiest_utilisation")  # fmt: skip
        return self.page("offices", [*fields, *(self.field(one, table[one], KINDS[one]) for one in listed)])

    def measures(self) -> Page:
        """A row per scenario and measure that solved or received something."""
        table = self.made.tables.get("measures", pd.DataFrame())
        if not len(table) or not (table["received"] > 0).any():
            return Page("measures", "")
        table = table[table["received"] > 0]
        kinds = table["measure"].map(lambda name: self.say(f"measure.{name}"))
        fields = [self._scenarios(table), self.field("help", kinds)]
        for name in ("received", "projects", "solved"):
            for end in ("", "_low", "_high"):
                head = self.say(f"column.count_{name}")
                head = self.say(f"column{end.replace('_', '.')}_of", name=head) if end else head
                fields.append(Field(head, _series(table[f"{name}{end}"]), "number" if end else "number"))
        return self.page("measures", fields)

    def projects(self) -> Page:
        """A row per project: facts, and the mean day of its start in each scenario."""
        table, runs = self.made.tables["projects"], self.made.runs
        base = table[table["scenario"] == self.made.finding.base]
        words = Words(self.lang, {})
        fields = [
            Field(schema.header("projects", name, self.lang),
                  _series([words.cell("projects", name, cell) for cell in base[name]]), key=name)
            for name in FACTS if name in base
        ]  # fmt: skip
        if "due" in base and pd.api.types.is_datetime64_any_dtype(base["due"]):
            due = base["due"].dt.strftime("%Y-%m-%d")
            fields.append(Field(schema.header("projects", "due", self.lang), _series(due)))
        if "share_when_due" in base:
            fields.append(self.field("share_when_due", base["share_when_due"], "percent"))
        ids = base["id"].tolist()
        for name in runs.scenarios:
            part = table[table["scenario"] == name].set_index("id").reindex(ids)
            head = self.say("column.mean_start", title=self.names.scenario(name))
            days = _series(part["mean_start"])
            fields.append(Field(head, self.dates(days)) if self.names.dated else Field(head, days, "number"))
            if not np.allclose(part["share_started"].fillna(1.0), 1.0):
                head = self.say("column.share_started", title=self.names.scenario(name))
                fields.append(Field(head, _series(part["share_started"]), "percent"))
        return self.page("projects", fields)

    def published(self) -> Page:
        """A row per published point."""
        table = self.made.published
        if not len(table):
            return Page("published", "")
        yes, no = (self.say(f"value.{word}") for word in ("yes", "no"))
        holds = np.where(table["holds"], yes, no)
        fields = [self.field("checkpoint", table["checkpoint"]), self._scenarios(table),
                  self.field("until", [self.names.stated(str(day)) for day in table["date"]]),
                  self.field("counted", [self.names.rule(rule) for rule in table["where"]])]  # fmt: skip
        fields += [self.field(name, table[name], "percent") for name in ("published", "simulated")]
        fields += [Field(self.say(f"column.middle_{end}"), _series(table[end]), "percent") for end in ("low", "high")]
        fields.append(Field(self.say("column.holds"), _series(holds), "mark", good=yes, bad=no))
        return self.page("published", fields)


def _series(values: Any) -> pd.Series:
    """Values with a plain index."""
    return pd.Series(values).reset_index(drop=True) if isinstance(values, pd.Series) else pd.Series(list(values))
