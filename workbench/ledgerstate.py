"""What a ledger holds: events, and the state of projects, problems and tables that they add up to at a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from allocator import cells, schema
from allocator.case import Case
from allocator.columns import Column
from allocator.errors import YaosuError

Kind = Literal["table", "came", "cell", "left", "problem", "resolved", "withdrawn"]
ENDS = ("resolved", "withdrawn")
LEVELS = ("province", "city", "county")


@dataclass(frozen=True)
class Event:
    """One thing that became so on a day.

    Attributes
    ----------
    kind : {"table", "came", "cell", "left", "problem", "resolved", "withdrawn"}
        A table of the case as a whole; a project with all its cells; one cell of it; a project that is no longer among
        them; a problem; its solution; that it was none.
    subject : str
        Name of the table, id of the project, number of the problem.
    day : date
        Since when it is so.
    who : str
    field : str
        The column of a cell.
    value : object
        As JSON knows it; None for a blank cell or a table that is no longer there.
    note : str
    number : int
        In the order of recording; 0 before that.
    recorded : str
        When it was written down: UTC, to the second.
    """

    kind: Kind
    subject: str
    day: dt.date
    who: str
    field: str = ""
    value: Any = None
    note: str = ""
    number: int = 0
    recorded: str = ""

    @property
    def of_table(self) -> bool:
        """Of a table other than the projects."""
        return self.kind == "table" and self.subject != "projects"


@dataclass(frozen=True)
class Problem:
    """What holds a project up, which office is to solve it, and whether it has, or the problem was a mistake.

    >>> Problem(1, "P1", "no power line", "grid", "city", dt.date(2020, 3, 1), "Li").age(dt.date(2020, 3, 11))
    10
    """

    number: int
    project: str
    text: str
    office: str
    level: str
    raised: dt.date
    by: str
    note: str = ""
    resolved: dt.date | None = None
    withdrawn: dt.date | None = None
    closer: str = ""
    how: str = ""

    @property
    def open(self) -> bool:
        """Neither resolved nor withdrawn."""
        return self.resolved is None and self.withdrawn is None

    def closed(self, event: Event) -> Problem:
        """Resolved or withdrawn: by whom, and how or why."""
        ends: dict[str, Any] = {event.kind: event.day}
        return replace(self, closer=event.who, how=event.note, **ends)

    def age(self, day: dt.date) -> int:
        """Days it has been open by a day, or was until it was resolved."""
        return ((self.resolved or day) - self.raised).days


@dataclass(frozen=True, eq=False)
class State:
    """Projects, problems and tables as they are at the end of a day.

    Attributes
    ----------
    tables : mapping
        ``columns`` and ``rows`` of each table by its name; of the projects the columns alone; the rules of the policy.
    rows : mapping
        Cells that are not blank, by the project's id and the column.
    problems : mapping
        By number.
    gone : mapping
        Rows of projects that have left, as they were last.
    """

    tables: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: Mapping[int, Problem] = field(default_factory=dict)
    gone: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def known(self) -> Mapping[str, Mapping[str, Any]]:
        """Rows of all projects, those that have left among them."""
        return {**self.gone, **self.rows}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the projects, those of the workbook in its order first."""
        stated = self.tables.get("projects", {"columns": []})["columns"]
        return tuple(dict.fromkeys([*stated, *(name for row in self.rows.values() for name in row)]))

    @cached_property
    def projects(self) -> pd.DataFrame:
        """The projects as a table of values."""
        rows = [[row.get(name) for name in self.columns] for row in self.rows.values()]
        return typed("projects", {"columns": self.columns, "rows": rows})

    def table(self, name: str) -> pd.DataFrame:
        """Another table, empty where it is missing."""
        return typed(name, self.tables.get(name) or {"columns": [], "rows": []})

    def case(self, name: str) -> Case:
        """The case at this date.

        Raises
        ------
        InputError
            The tables do not fit together, with every fault.
        """
        others = {key: self.table(key) for key in self.tables if key not in ("projects", "policy")}
        return Case.from_tables(projects=self.projects, policy=self.tables["policy"], name=name, **others)


def fold(events: Iterable[Event]) -> State:
    """The state that events add up to; they come in order of their days, on one day as they were recorded.

    >>> day = dt.date(2020, 3, 1)
    >>> came = Event("came", "P1", day, "Li", value={"id": "P1", "batch": "reserve"})
    >>> fold([came, Event("cell", "P1", day, "Li", "batch", "start")]).rows
    {'P1': {'id': 'P1', 'batch': 'start'}}
    """
    *_, (_, _, state) = [(None, None, State()), *walk(events)]
    return state


def walk(events: Iterable[Event]) -> Iterator[tuple[Event, Any, State]]:
    """Each event, what was in its place before, and the state after it (which goes on changing)."""
    tables: dict[str, Any] = {}
    rows: dict[str, dict[str, Any]] = {}
    problems: dict[int, Problem] = {}
    gone: dict[str, dict[str, Any]] = {}
    state = State(tables, rows, problems, gone)
    for event in events:
        yield event, _take(event, tables, rows, problems, gone), state


def _take(
    event: Event, tables: dict[str, Any], rows: dict[str, dict[str, Any]], problems: dict[int, Problem],
    gone: dict[str, dict[str, Any]],
) -> Any:  # fmt: skip
    """Make an event part of the state; what was there before."""
    before: Any = None
    if event.kind == "table":
        before = tables.pop(event.subject, None)
        if event.value is not None:
            tables[event.subject] = event.value
    elif event.kind == "came":
        before, rows[event.subject] = rows.get(event.subject), dict(event.value)
    elif event.kind == "left":
        before = rows.pop(event.subject, None)
        if before is not None:
            gone[event.subject] = before
    elif event.kind == "cell" and event.subject in rows:
        before = rows[event.subject].pop(event.field, None)
        if event.value is not None:
            rows[event.subject][event.field] = event.value
    elif event.kind == "problem":
        number = int(event.subject)
        before = problems.get(number)
        problems[number] = _problem(event, number, before)
    elif event.kind in ENDS and (before := problems.get(int(event.subject))) is not None:
        problems[before.number] = before.closed(event)
    return before


def _problem(event: Event, number: int, before: Problem | None) -> Problem:
    facts = {**event.value, "note": event.note}
    return replace(before, **facts) if before else Problem(number, raised=event.day, by=event.who, **facts)


def typed(name: str, table: Mapping[str, Any]) -> pd.DataFrame:
    """A table of values from its columns and rows as JSON knows them.

    >>> typed("projects", {"columns": ["id", "started"], "rows": [["P1", "2020-03-01"], ["P2", None]]})["started"].dtype
    dtype('<M8[ns]')
    """
    known = schema.columns(name) if name in schema.TABLES else {}
    columns = {}
    for place, column in enumerate(table["columns"]):
        made = pd.Series([row[place] for row in table["rows"]], dtype=object)
        if column not in known:
            columns[column] = cells.infer(made)
            continue
        values, wrong = cells.parse(made, known[column])
        columns[column] = made if wrong else values  # what does not fit stays as it is, to be told by the case
    return pd.DataFrame(columns, index=range(len(table["rows"])))


def untyped(table: pd.DataFrame) -> dict[str, Any]:
    """Columns and rows of a table as JSON knows them.

    >>> untyped(pd.DataFrame({"id": ["P1"], "land": [4], "started": [pd.Timestamp("2020-03-01")], "due": [None]}))
    {'columns': ['id', 'land', 'started', 'due'], 'rows': [['P1', 4.0, '2020-03-01', None]]}
    """
    columns = [[plain(value) for value in table[name]] for name in table.columns]
    return {"columns": list(map(str, table.columns)), "rows": [list(row) for row in zip(*columns, strict=True)]}


def plain(value: Any) -> str | float | bool | None:
    """A cell as JSON knows it: dates as text, None where blank."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.number):
        return float(value) if np.isfinite(value) else None if np.isnan(value) else str(value)
    return cells.text(value)


def day_of(text: str | None, option: str, example: str = "2020-03-02") -> dt.date:
    """A date as people write it; today where there is none.

    Raises
    ------
    YaosuError
        It is no date, or lies ahead.

    Examples
    --------
    >>> day_of("2020年3月2日", "--on")
    datetime.date(2020, 3, 2)
    """
    today = dt.date.today()
    if text is None:
        return today
    read, wrong = cells.parse(pd.Series([text], dtype=object), Column("", "date"))
    if wrong or read.isna().any():
        raise YaosuError("ledger_day", {"option": option, "found": text, "expected": example})
    day: dt.date = read.iloc[0].date()
    if day > today:
        raise YaosuError("ledger_ahead", {"option": option, "found": day.isoformat(), "today": today.isoformat()})
    return day
