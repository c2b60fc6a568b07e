"""What stands in a ledger, in words of one language: columns, values, offices, changes; and what is open by office."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from allocator import schema, units
from allocator.errors import YaosuError
from allocator.labels import Lang, label
from allocator.sheetout import Words
from simulation.speaking import in_language
from workbench.ledgerstate import ENDS, LEVELS, Event, Problem, State

AGES = (10, 30, 60)
"""Days at which the classes of age end; the last one has no end."""
AGED = tuple(f"age{place}" for place in range(len(AGES) + 1))
COUNTS = ("received", "resolved", "open", *AGED, "oldest")


@dataclass(frozen=True, eq=False)
class Said:
    """Says what stands in the state of a ledger; money in million yuan, in Chinese in 亿元."""

    lang: Lang
    state: State

    def __call__(self, key: str, **values: object) -> str:
        """The words ``ledger.<key>``."""
        return label(f"ledger.{key}", self.lang, **values)

    @cached_property
    def words(self) -> Words:
        """Headers and cells of the projects."""
        pools = self.state.table("pools")
        stated = dict(zip(pools["resource"], pools["unit"], strict=True)) if "unit" in pools else {}
        kept = {name: units.RESOURCES.get(name, ("", ()))[0] for name in pools.get("resource", pd.Series(dtype="str"))}
        return Words(self.lang, kept | {name: str(unit) for name, unit in stated.items() if pd.notna(unit)},
                     {"money": "yi_yuan"} if self.lang == "zh" else {})  # fmt: skip

    def column(self, name: str) -> str:
        """A column of the projects with its unit."""
        return self.words.header("projects", name)

    def value(self, name: str, value: Any) -> str:
        """A cell of the projects."""
        return self.shown(None if value is None else self.words.cell("projects", name, value))

    def shown(self, cell: Any) -> str:
        """A cell of a workbook."""
        if cell is None:
            return self("blank")
        if isinstance(cell, bool):
            cell = self.words.cell("projects", "bond", cell)
        return f"{cell:,.10g}" if isinstance(cell, float) else str(cell)

    def table(self, name: str) -> str:
        """A table by its name."""
        return label(f"schema.table.{name}", self.lang) if name in (*schema.TABLES, "policy") else name

    def level(self, level: str) -> str:
        """A level of government."""
        return schema.choice_word("level", level, self.lang)

    @cached_property
    def _titles(self) -> Mapping[str, str]:
        offices = self.state.table("offices")
        if "title" not in offices:
            return {}
        return dict(zip(offices["office"], offices["title"].fillna("").astype(str), strict=True))

    def office(self, name: str) -> str:
        """An office, by its title where that is in the language."""
        return in_language(name, self._titles.get(name, ""), self.lang)

    @cached_property
    def _known(self) -> Mapping[str, Mapping[str, Any]]:
        return self.state.known

    def project(self, project: str, column: str = "name") -> str:
        """What stands in a column of a project, or stood there when it left; empty where nothing does."""
        return str(self._known.get(project, {}).get(column) or "")

    def problem(self, problem: Problem, day: dt.date) -> str:
        """An open problem on a line."""
        return self("problem", number=problem.number, project=problem.project, text=problem.text,
                    office=self.office(problem.office), level=self.level(problem.level), raised=problem.raised,
                    days=problem.age(day))  # fmt: skip

    def facts(self, problem: Mapping[str, Any]) -> str:
        """What a problem is and who is to solve it."""
        return self("problem.facts", text=problem["text"], office=self.office(problem["office"]),
                    level=self.level(problem["level"]))  # fmt: skip

    def age(self, place: int) -> str:
        """A class of age."""
        if place == len(AGES):
            return self("age.over", last=AGES[-1])
        return self("age", first=AGES[place - 1] + 1 if place else 0, last=AGES[place])


@dataclass(frozen=True)
class Change:
    """One event in words: what it is about, what was there before, what is there now."""

    event: Event
    project: str
    what: str
    before: str
    after: str

    @staticmethod
    def of(event: Event, before: Any, said: Said, project: str) -> Change:
        """An event in words, of tables only that of the projects; the project that it concerns, empty for the table."""
        if event.kind == "cell":
            was, now = (said.value(event.field, value) for value in (before, event.value))
            return Change(event, project, said.column(event.field), was, now)
        what, was, now = said(f"what.{event.kind}", name=event.subject), "", ""
        if event.kind == "came":
            now = said("cells", count=len(event.value))
        elif event.kind == "table":
            now = said("table.new" if before is None else "table.changed")
        elif event.kind == "problem":
            was = said.facts(vars(before)) if before is not None else ""
            now = said.facts(event.value)
        elif event.kind in ENDS:
            now = event.note
        return Change(event, project, what, was, now)

    def line(self, said: Said) -> str:
        """On a line: the day, what changed, who says so, and why."""
        event = self.event
        after = f"{self.before} → {self.after}" if self.before not in ("", self.after) else self.after
        what = said("change", what=self.what, after=after) if after else self.what
        note = said("note", note=event.note) if event.note and event.kind not in ENDS else ""
        return said("line", day=event.day, what=what, who=event.who, recorded=event.recorded[:10], note=note)


def concerns(event: Event, problems: Mapping[int, Problem]) -> str:
    """The project that an event concerns, empty for a table."""
    if event.kind in ("problem", *ENDS):
        known = problems.get(int(event.subject))
        return known.project if known else ""
    return "" if event.kind == "table" else event.subject


def of_level(level: str) -> int:
    """Where a level stands, the province first."""
    return LEVELS.index(level)


def counts(problems: Iterable[Problem], group: Callable[[Problem], Any], since: dt.date, day: dt.date) -> pd.DataFrame:
    """Problems by group: received and resolved since a day, open at the end of another, by age; the oldest in days.

    Examples
    --------
    >>> first, last = dt.date(2020, 3, 1), dt.date(2020, 3, 31)
    >>> one = Problem(1, "P1", "no power line", "grid", "city", dt.date(2020, 2, 20), "Li")
    >>> counts([one], lambda problem: problem.office, first, last).to_dict("records")
    [{'group': 'grid', 'received': 0, 'resolved': 0, 'open': 1, 'age0': 0, 'age1': 0, 'age2': 1, 'age3': 0, \
'oldest': 40.0}]
    """
    found: dict[Any, list[Problem]] = {}
    for problem in problems:
        found.setdefault(group(problem), []).append(problem)
    rows = [{"group": name, **counted(found[name], since, day)} for name in sorted(found)]
    return pd.DataFrame(rows, columns=["group", *COUNTS])


def counted(problems: Sequence[Problem], since: dt.date, day: dt.date) -> dict[str, float]:
    """The same of all of them together."""
    open_ = [problem.age(day) for problem in problems if problem.open]
    classes = [sum(days > limit for limit in AGES) for days in open_]
    return {
        "received": sum(since <= problem.raised for problem in problems),
        "resolved": sum(problem.resolved is not None and since <= problem.resolved for problem in problems),
        "open": len(open_), **{name: classes.count(place) for place, name in enumerate(AGED)},
        "oldest": float(max(open_, default=float("nan"))),
    }  # fmt: skip


def begun(state: State, first: dt.date | None, day: dt.date) -> State:
    """The state, where there is one.

    Raises
    ------
    YaosuError
        The ledger begins later.
    """
    if not state.tables:
        raise YaosuError("ledger_nothing", {"day": day.isoformat(), "first": "–" if first is None else f"{first}"})
    return state
