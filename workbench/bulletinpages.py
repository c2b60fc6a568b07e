"""The tables of a bulletin: projects by city and batch, what has started, problems by office and age, what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from allocator import schema, units
from allocator.bookstyle import Field, Kind, Page, blank
from workbench.bulletin import BATCHES, FACTS, Bulletin
from workbench.ledgerstate import LEVELS, Problem
from workbench.ledgerwords import AGED, COUNTS, counted, counts, of_level

SILENT = ("name", "county", "field", "note", "how", "before", "investment", "plan")
"""Columns left out where they say nothing."""


class BulletinPages:
    """Makes the sheets of a bulletin in its language."""

    def __init__(self, made: Bulletin) -> None:
        self.made, self.said = made, made.said

    def all(self) -> list[Page]:
        """Every sheet, also those without rows."""
        levels = self._counted(
            "levels",
            "level",
            [(of_level(level), level) for level in LEVELS],
            lambda one: (of_level(one.level), one.level),
            lambda group: [self.said.level(group[1])],
        )
        return [self.by_city(), self.starts(), levels, self.by_office(), self.problem_cities(), self.unsolved(),
                self.solved(), self.mistakes(), self.changed(),
                self.tables()]  # fmt: skip

    def _field(self, key: str, values: Any, kind: Kind = "text", header: str = "") -> Field:
        return Field(header or self.said(f"column.{key}"), pd.Series(list(values), dtype=object), kind, key=key)

    def _page(self, key: str, fields: Sequence[Field], total: bool = False) -> Page:
        said = [one for one in fields if one.key not in SILENT or not blank(one)]
        return Page(key, self.said(f"sheet.{key}"), said, total)

    def by_city(self) -> Page:
        """Projects by city and batch, those started in the month, and the money planned."""
        table, say = self.made.projects, self.said
        city = table["region"].astype(object).where(table["region"].notna(), say("blank"))
        batch = table["batch"].astype(object)
        started = table["id"].isin(self.made.started["id"])
        names = [*sorted(city.unique()), None]
        chosen = [np.ones(len(table), dtype=bool) if name is None else (city == name).to_numpy() for name in names]
        fields = [self._field("city", [say("column.total") if name is None else name for name in names])]
        for one in BATCHES if batch.notna().any() else ():
            header = schema.choice_word("batch", one, self.made.lang)
            fields.append(self._field(one, [int((batch[rows] == one).sum()) for rows in chosen], "whole", header))
        if batch.isna().any() and batch.notna().any():
            fields.append(self._field("no_batch", [int(batch[rows].isna().sum()) for rows in chosen], "whole"))
        fields.append(self._field("projects", [int(rows.sum()) for rows in chosen], "whole"))
        fields.append(self._field("started_month", [int(started[rows].sum()) for rows in chosen], "whole"))
        if table["plan"].notna().any():
            money = [self._money(table["plan"][rows].sum()) for rows in chosen]
            fields.append(self._field("plan", money, "number", say.column("plan")))
        return self._page("projects", fields, total=True)

    def _money(self, mcny: float) -> float:
        return units.convert(mcny, "mcny", "yi_yuan") if self.made.lang == "zh" else mcny

    def starts(self) -> Page:
        """The projects that have started in the month."""
        table, fields = self.made.started, []
        for name in FACTS:
            if name in ("investment", "plan"):
                fields.append(self._field(name, map(self._money, table[name]), "number", self.said.column(name)))
            else:
                cells = [self.said.words.cell("projects", name, value) for value in table[name]]
                fields.append(self._field(name, cells, "mark" if name == "started" else "text", self.said.column(name)))
        return self._page("started", fields)

    def by_office(self) -> Page:
        """Problems by level and office."""
        return self._counted("offices", "office", [], lambda one: (of_level(one.level), one.level, one.office),
                             lambda group: [self.said.level(group[1]), self.said.office(group[2])])  # fmt: skip

    def problem_cities(self) -> Page:
        """Problems by the city of the project."""
        return self._counted("cities", "city", [], lambda one: self.said.project(one.project, "region"),
                             lambda group: [group or self.said("blank")])  # fmt: skip

    def _counted(
        self,
        key: str,
        name: str,
        groups: Sequence[Any],
        group: Callable[[Problem], Any],
        words: Callable[[Any], list[str]],
    ) -> Page:
        """Problems by group, and together in the last row; groups without any are shown where they are named."""
        table: list[dict[Any, Any]] = counts(self.made.problems, group, self.made.first, self.made.day).to_dict(
            "records"
        )
        known = {row["group"] for row in table}
        none = counted([], self.made.first, self.made.day)
        table += [{"group": one, **none} for one in groups if one not in known]
        rows = sorted(table, key=lambda row: row["group"])
        said = [words(row["group"]) for row in rows]
        heads = ["level", "office"] if len(said and said[0]) == 2 else [name]
        fields = [self._field(head, [*(one[place] for one in said), self.said("column.total") if not place else ""])
                  for place, head in enumerate(heads)]  # fmt: skip
        for count in COUNTS:
            header = self.said.age(AGED.index(count)) if count in AGED else ""
            fields.append(self._field(count, [*(row[count] for row in rows), self.made.totals[count]], "whole", header))
        return self._page(key, fields if rows else [], total=True)

    def _problems(self, key: str, found: Sequence[Problem], more: Sequence[Field]) -> Page:
        """Problems, one a row."""
        say = self.said
        return self._page(key, [
            self._field("number", [str(one.number) for one in found], "mark"),
            self._field("project", [one.project for one in found]),
            self._field("name", [say.project(one.project) for one in found]),
            self._field("city", [say.project(one.project, "region") for one in found]),
            self._field("problem", [one.text for one in found], "long"),
            self._field("office", [say.office(one.office) for one in found]),
            self._field("level", [say.level(one.level) for one in found], "mark"),
            self._field("raised", [f"{one.raised}" for one in found], "mark"),
            *more,
        ])  # fmt: skip

    def unsolved(self) -> Page:
        """What is open at the end of the month, the oldest first."""
        found = self.made.open
        return self._problems("open", found, [
            self._field("days", [one.age(self.made.day) for one in found], "whole"),
            self._field("who", [one.by for one in found]), self._field("note", [one.note for one in found], "long"),
        ])  # fmt: skip

    def solved(self) -> Page:
        """What was resolved in the month."""
        found = self.made.resolved
        return self._problems("resolved", found, [
            self._field("resolved_on", [f"{one.resolved}" for one in found], "mark"),
            self._field("days_taken", [one.age(self.made.day) for one in found], "whole"),
            self._field("who", [one.closer for one in found]), self._field("how", [one.how for one in found], "long"),
        ])  # fmt: skip

    def mistakes(self) -> Page:
        """What was withdrawn in the month."""
        found = self.made.withdrawn
        return self._problems("withdrawn", found, [
            self._field("withdrawn_on", [f"{one.withdrawn}" for one in found], "mark"),
            self._field("who", [one.closer for one in found]), self._field("why", [one.how for one in found], "long"),
        ])  # fmt: skip

    def changed(self) -> Page:
        """What changed and who says so; projects that came in or left are counted where there are many."""
        rows = self.made.gathered()
        names = [self.said.project(row.project) for row in rows]
        return self._page("changes", [
            self._field("on", [f"{row.event.day}" for row in rows], "mark"),
            self._field("who", [row.event.who for row in rows]),
            self._field("project", [row.project for row in rows]), self._field("name", names),
            self._field("what", [row.what for row in rows]),
            self._field("before", [row.before for row in rows], "long"),
            self._field("after", [row.after for row in rows], "long"),
            self._field("note", [row.event.note for row in rows], "long"),
            self._field("recorded", [row.event.recorded[:10] for row in rows], "mark"),
        ])  # fmt: skip

    def tables(self) -> Page:
        """What changed in the tables other than the projects and who says so."""
        rows = self.made.tables
        return self._page("tables", [
            self._field("on", [f"{row.event.day}" for row in rows], "mark"),
            self._field("who", [row.event.who for row in rows]),
            self._field("table", [self.said.table(row.table) for row in rows]),
            self._field("row", [row.row for row in rows]), self._field("column", [row.column for row in rows]),
            self._field("before", [row.before for row in rows], "long"),
            self._field("after", [row.after for row in rows], "long"),
            self._field("recorded", [row.event.recorded[:10] for row in rows], "mark"),
        ])  # fmt: skip
