"""What a ledger says of a month: what has started, which problems came, went and are open, who changed what."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from allocator import schema
from allocator.labels import Lang
from workbench.ledger import Ledger
from workbench.ledgerstate import ENDS, Kind, Problem, State, day_of, walk
from workbench.ledgertables import TableChange, table_changes
from workbench.ledgerwords import AGED, Change, Said, begun, concerns, counted

BATCHES = ("plan", "reserve", "start", "finish")
PROJECT: tuple[Kind, ...] = ("cell", "came", "left")
"""Kinds of events that change a project."""
FACTS = ("id", "name", "region", "county", "field", "batch", "started", "investment", "plan")


def month_of(text: str) -> dt.date:
    """The first day of a month.

    Raises
    ------
    YaosuError
        It is no month, or lies ahead.

    Examples
    --------
    >>> month_of("2020年3月")
    datetime.date(2020, 3, 1)
    """
    return day_of(text.strip().removesuffix("月"), "--month", "2020-03").replace(day=1)


@dataclass(frozen=True, eq=False)
class Bulletin:
    """What a ledger says of a month.

    Attributes
    ----------
    ledger : str
        Name of the ledger.
    first, day : date
        The first day of the month, and its last one, or today where that comes first.
    state : State
        At the end of that day.
    changes : tuple of Change
        What became so in the month, but for problems that came or were closed; what was recorded in it of earlier days.
    tables : tuple of TableChange
        The same of the tables other than the projects.
    lang : {"en", "zh"}
    """

    ledger: str
    first: dt.date
    day: dt.date
    state: State
    changes: tuple[Change, ...]
    tables: tuple[TableChange, ...]
    lang: Lang

    @staticmethod
    def of(ledger: Ledger, first: dt.date, lang: Lang) -> Bulletin:
        """The bulletin of the month that begins on a day.

        Raises
        ------
        YaosuError
            The ledger begins later.
        """
        last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        day = min(last, dt.date.today())
        state = begun(ledger.state(day), ledger.first(), day)
        said, found, tables = Said(lang, state), list[Change](), list[TableChange]()
        for event, before, now in walk(ledger.events(day)):
            new = event.kind in ENDS or (event.kind == "problem" and before is None)
            if new if event.day >= first else event.recorded[:7] != f"{first:%Y-%m}":
                continue
            if event.of_table:
                tables += table_changes(event, before, said)
            else:
                found.append(Change.of(event, before, said, concerns(event, now.problems)))
        return Bulletin(ledger.path.stem, first, day, state, tuple(found), tuple(tables), lang)

    @cached_property
    def said(self) -> Said:
        """Words."""
        return Said(self.lang, self.state)

    @cached_property
    def month(self) -> str:
        """The month in words."""
        return self.said("month", year=self.first.year, month=self.first.month)

    @property
    def title(self) -> str:
        """What it is called."""
        return self.said("bulletin.title", month=self.month, name=self.ledger)

    @cached_property
    def projects(self) -> pd.DataFrame:
        """The projects at the end of the month, with every column of `FACTS`."""
        table = self.state.projects
        return table.assign(**{name: schema.column(table, "projects", name) for name in FACTS if name not in table})

    @cached_property
    def started(self) -> pd.DataFrame:
        """Those whose date of start lies in the month, in the order of these dates."""
        days = self.projects["started"]
        inside = (days >= pd.Timestamp(self.first)) & (days <= pd.Timestamp(self.day))
        return self.projects[inside].sort_values(["started", "id"]).reset_index(drop=True)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, the oldest first."""
        return tuple(sorted(self.state.problems.values(), key=lambda one: (one.raised, one.number)))

    @cached_property
    def resolved(self) -> list[Problem]:
        """Those solved in the month."""
        return [one for one in self.problems if one.resolved is not None and one.resolved >= self.first]

    @cached_property
    def open(self) -> list[Problem]:
        """Those not solved by the end of the month."""
        return [one for one in self.problems if one.open]

    @cached_property
    def withdrawn(self) -> list[Problem]:
        """Those that in the month turned out to be mistakes."""
        return [one for one in self.problems if one.withdrawn is not None and one.withdrawn >= self.first]

    @cached_property
    def totals(self) -> dict[str, float]:
        """Problems received, resolved and open, together."""
        return counted(self.problems, self.first, self.day)

    @cached_property
    def sentences(self) -> list[str]:
        """The month in a few sentences."""
        say, found = self.said, self.totals
        batches = [say("bulletin.batch", batch=schema.choice_word("batch", one, self.lang), count=f"{count:,}")
                   for one in BATCHES if (count := int((self.projects["batch"] == one).sum()))]  # fmt: skip
        split = say("bulletin.batches", batches=self._listed(batches)) if batches else ""
        told = [say("bulletin.projects", count=f"{len(self.projects):,}", day=self.day, batches=split),
                say("bulletin.started", count=f"{len(self.started):,}", month=self.month),
                say("bulletin.problems", old=f"{sum(found[name] for name in AGED[2:]):,}",
                    **{key: f"{found[key]:,}" for key in ("received", "resolved", "open")})]  # fmt: skip
        if self.withdrawn:
            by = self._listed(dict.fromkeys(one.closer for one in self.withdrawn))
            told.append(say("bulletin.withdrawn", count=f"{len(self.withdrawn):,}", who=by))
        if amended := [one for one in self.changes if one.event.kind == "problem" and one.before]:
            told.append(say("bulletin.amended", count=f"{len(amended):,}", who=self._who(amended)))
        if own := [one for one in self.changes if one.event.kind in PROJECT]:
            kinds = Counter(one.event.kind for one in own)
            told.append(say("bulletin.changes", who=self._who(own), **{kind: f"{kinds[kind]:,}" for kind in PROJECT}))
        if self.tables:
            names = Counter(say.table(change.table) for change in self.tables)
            listed = self._listed(say("bulletin.table", name=name, count=f"{count:,}") for name, count in names.items())
            told.append(say("bulletin.tables", tables=listed, who=self._who(self.tables)))
        return told

    def _who(self, changes: Iterable[Change | TableChange]) -> str:
        return self._listed(dict.fromkeys(change.event.who for change in changes))

    def _listed(self, items: Iterable[str]) -> str:
        return ("、" if self.lang == "zh" else ", ").join(items)

    def gathered(self) -> list[Change]:
        """The changes; whole projects that came in or left in one import are one row."""
        made: dict[object, list[Change]] = {}
        for change in self.changes:
            event = change.event
            whole = event.kind in ("came", "left")
            key = (event.kind, event.day, event.who, event.recorded) if whole else event.number
            made.setdefault(key, []).append(change)
        return [rows[0] if len(rows) == 1 else self._together(rows) for rows in made.values()]

    def _together(self, rows: list[Change]) -> Change:
        event = rows[0].event
        what = self.said(f"what.{event.kind}", name="")
        return Change(event, "", what, "", self.said("bulletin.many", count=f"{len(rows):,}"))
