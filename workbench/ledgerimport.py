"""A case, and a list of problems, into a ledger: what is new, and what has changed, as events."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from allocator import cells, plainpolicy, schema, units, workbook
from allocator.case import TABLES, Case, assemble
from allocator.cells import nearest
from allocator.columns import column
from allocator.errors import Fault, InputError
from allocator.reading import sorted_faults
from workbench.ledger import Ledger
from workbench.ledgerentries import levels, raised
from workbench.ledgerstate import LEVELS, Event, Problem, State, plain, untyped

LIST = "problem_list"
LISTS = ("problemlist", "问题清单", "问题台账", "堵点清单")
"""Names of the sheet or file that lists problems."""
COLUMNS = (
    column("project", "id", "项目 项目编号 编号", required=True),
    column("problem", "text", "问题 问题内容 堵点 事项 诉求", required=True),
    column("office", "text", "部门 责任部门 承办部门 牵头部门", required=True),
    column("level", "choice", "层级 级别 部门层级", choices=LEVELS),
    column("raised", "date", "提出日期 受理日期 登记日期 日期", required=True),
    column("resolved", "date", "解决日期 办结日期 销号日期"),
    column("note", "text", "说明 备注 办理情况"),
)  # fmt: skip


@dataclass(frozen=True)
class Book:
    """What a workbook, a folder or a file brings: a case, a list of problems, or both.

    Attributes
    ----------
    case : Case, optional
    problems : DataFrame, optional
        As it stands in the file.
    faults : tuple of Fault
        What is odd, but no error.
    """

    case: Case | None
    problems: pd.DataFrame | None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Taken:
    """How much an import brought.

    Attributes
    ----------
    came, left, changed, cells, tables, raised, amended, resolved : int
        Projects that came, left, and changed; cells of these; other tables; problems.
    faults : tuple of Fault
        What was odd.
    replaced : tuple of (Event, object)
        Of the other tables those that were there already, each with what stood in it.
    """

    came: int
    left: int
    changed: int
    cells: int
    tables: int
    raised: int
    amended: int
    resolved: int
    faults: tuple[Fault, ...] = ()
    replaced: tuple[tuple[Event, Any], ...] = ()


def read(path: Path) -> Book:
    """Read what a workbook, a folder, or a CSV file of problems brings.

    Raises
    ------
    InputError
        With every fault at once.
    """
    if path.suffix.lower() == ".csv" and path.is_file():
        with tempfile.TemporaryDirectory() as folder:
            named = f"{LISTS[0]}.csv"
            shutil.copy(path, Path(folder) / named)
            try:
                return read(Path(folder))
            except InputError as error:
                raise InputError([_of_file(fault, named, path.name) for fault in error.faults]) from None
    found = workbook.read(path)
    listed = next((name for name in found.extra if re.sub("[-_]", "", units.squash(name)) in LISTS), None)
    faults = [fault for fault in found.faults if fault.values.get("found", "").partition(".")[0] != listed]
    problems = None if listed is None else found.extra.pop(listed)
    if problems is not None and not found.sheets:
        faults, case = [fault for fault in faults if fault.code != "no_tables"], None
    else:
        case, faults = _case(path, found, faults)
    if any(fault.severity == "error" for fault in faults):
        raise InputError(sorted_faults(faults))
    return Book(case, problems, tuple(faults))


def _of_file(fault: Fault, named: str, file: str) -> Fault:
    """A fault that names a file by its own name."""
    return replace(fault, values={key: file if value == named else value for key, value in fault.values.items()})


def _case(path: Path, found: workbook.Found, faults: list[Fault]) -> tuple[Case | None, list[Fault]]:
    if not found.sheets:
        return None, faults
    name = path.stem if path.is_file() else path.resolve().name
    case, told = assemble(name, found.sheets, found.policy, found.extra, faults)
    return case, list(told)


def take(ledger: Ledger, book: Book, who: str, day: dt.date) -> Taken:
    """Record what a book brings as of a day: all of it or, where the problems have faults, nothing.

    Raises
    ------
    InputError
        The list of problems has faults.
    """
    with ledger.writing():
        state = ledger.state(day)
        events = [] if book.case is None else list(changes(state, book.case, who, day))
        ledger.add(events)
        odd, first = list[Fault](), ledger.next_problem()
        problems = [] if book.problems is None else _listed(ledger, book.problems, who, day, odd)
        ledger.add(problems)
    counted = {kind: sum(event.kind == kind for event in events) for kind in ("came", "left", "cell")}
    tables = [event for event in events if event.of_table]
    replaced = tuple((event, state.tables[event.subject]) for event in tables if event.subject in state.tables)
    changed = len({event.subject for event in events if event.kind == "cell"})
    told = {int(event.subject) for event in problems if event.kind == "problem"}
    new = sum(number >= first for number in told)
    solved = sum(event.kind == "resolved" for event in problems)
    return Taken(counted["came"], counted["left"], changed, counted["cell"], len(tables), new,
                 len(told) - new, solved, (*book.faults, *odd), replaced)  # fmt: skip


def changes(state: State, case: Case, who: str, day: dt.date) -> Iterator[Event]:
    """What must become so for a state to be that of a case.

    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> [(event.kind, event.subject) for event in changes(State(), case, "Li", dt.date(2020, 3, 1))]
    [('table', 'projects'), ('table', 'pools'), ('table', 'policy'), ('came', 'a')]
    """
    own = {key: untyped(getattr(case, key)) for key in TABLES if len(getattr(case, key).columns)}
    rows = own["projects"].pop("rows")
    tables: dict[str, Any] = {**own, **{key: untyped(table) for key, table in case.extra.items()}}
    tables["policy"] = plainpolicy.dump(case.policy)
    for name in (*tables, *(name for name in state.tables if name not in tables)):
        if state.tables.get(name) != tables.get(name):
            yield Event("table", name, day, who, value=tables.get(name))
    names = own["projects"]["columns"]
    made = [{name: cell for name, cell in zip(names, row, strict=True) if cell is not None} for row in rows]
    by_id = {str(row["id"]): row for row in made}
    for project, row in by_id.items():
        if project not in state.rows:
            yield Event("came", project, day, who, value=row)
            continue
        before = state.rows[project]
        for name in (*row, *(name for name in before if name not in row)):
            if row.get(name) != before.get(name):
                yield Event("cell", project, day, who, name, row.get(name))
    for project in state.rows:
        if project not in by_id:
            yield Event("left", project, day, who)


def _listed(ledger: Ledger, listed: pd.DataFrame, who: str, day: dt.date, odd: list[Fault]) -> list[Event]:
    """A list of problems as events: those that are new, have other facts, or are now resolved."""
    table, faults = _parsed(listed)
    state = ledger.state()
    standing = sorted(state.problems.values(), key=lambda one: one.withdrawn is None)  # last, and so before its like
    known = {(one.project, one.text, one.raised): one for one in standing}
    offices, number, events = levels(state), ledger.next_problem(), list[Event]()
    came = {project: ledger.came(project) for project in {*table["project"].dropna()}}
    for row, facts in zip(table.index + 2, table.to_dict("records"), strict=True):
        made = _problem(facts, who, offices)
        found = [replace(fault, row=int(row)) for fault in _wrong(made, came, state, offices, facts)]
        told = {(fault.row, fault.column) for fault in faults}
        faults += [fault for fault in found if (fault.row, fault.column) not in told]
        if made is None or found:
            continue
        before = known.get((made.project, made.text, made.raised))
        made = replace(made, number=number if before is None else before.number)
        number += before is None
        if before is not None and (fault := _otherwise(made, before)) is not None:
            odd.append(replace(fault, row=int(row)))
        if before is None or before.withdrawn is None:
            events += _entries(made, before, who, day)
            known[made.project, made.text, made.raised] = made
    if faults:
        raise InputError(sorted_faults(faults))
    return events


def _entries(made: Problem, before: Problem | None, who: str, day: dt.date) -> Iterator[Event]:
    """What a row says that the ledger does not have yet."""
    if before is None:
        yield raised(made)
    elif _facts(made) != _facts(before):
        yield replace(raised(made), day=max(day, made.raised))
    if made.resolved is not None and (before is None or before.resolved is None):
        yield Event("resolved", str(made.number), made.resolved, who, note=made.note)


def _otherwise(made: Problem, before: Problem) -> Fault | None:
    """That the ledger has a problem closed of which the row says something else."""
    values = {"found": str(before.number), "day": f"{before.resolved or before.withdrawn}"}
    if before.withdrawn is not None and (made.resolved is not None or _facts(made) != _facts(before)):
        return Fault("ledger_mistake", LIST, None, "problem", "warning", values)
    if before.resolved not in (None, made.resolved):
        return Fault("ledger_solved", LIST, None, "resolved", "warning", values)
    return None


def _facts(problem: Problem) -> tuple[str, ...]:
    return problem.office, problem.level, problem.note


def _problem(facts: dict[Any, Any], who: str, offices: dict[str, str]) -> Problem | None:
    """A row of the list as a problem, not numbered yet; None where something is missing."""
    said: dict[Any, Any] = {key: None if pd.isna(value) else value for key, value in facts.items()}
    level = said["level"] or offices.get(said["office"] or "")
    if level is None or not all(said[one.name] for one in COLUMNS if one.required):
        return None
    days: dict[str, Any] = {key: said[key].date() if said[key] is not None else None for key in ("raised", "resolved")}
    return Problem(0, said["project"], said["problem"], said["office"], level, by=who, note=said["note"] or "", **days)


def _wrong(
    made: Problem | None, came: dict[str, dt.date | None], state: State, offices: dict[str, str], facts: dict[Any, Any]
) -> list[Fault]:  # fmt: skip
    """What does not fit: a project that is unknown or came in later, a level that is missing, dates out of order."""
    faults = list[Fault]()
    project, since = facts["project"], came.get(facts["project"])
    if pd.notna(project) and since is None:
        values = {"found": str(project), "nearest": nearest(str(project), state.rows)}
        faults.append(Fault("unknown_project", LIST, column="project", values=values))
    if made is None:
        if pd.isna(facts["level"]) and pd.notna(facts["office"]) and facts["office"] not in offices:
            faults.append(Fault("ledger_level", LIST, column="level", values={"found": str(facts["office"])}))
        return faults
    today = dt.date.today()
    if since is not None and made.raised < since:
        values = {"found": made.raised.isoformat(), "came": since.isoformat()}
        faults.append(Fault("ledger_before", LIST, column="raised", values=values))
    for name, day in (("raised", made.raised), ("resolved", made.resolved)):
        if day is not None and day > today:
            faults.append(Fault("ledger_ahead", LIST, column=name, values={"found": day.isoformat()}))
    if made.resolved is not None and made.resolved < made.raised:
        faults.append(Fault("ledger_order", LIST, column="resolved", values={"found": made.resolved.isoformat()}))
    return faults


def _parsed(listed: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """The columns of a list of problems as values, and every fault of its headers and cells."""
    words = {units.squash(word): one.name for one in COLUMNS for word in (one.name, *one.words)}
    headers = {words.get(units.squash(str(header))): header for header in reversed(listed.columns)}
    faults, made = list[Fault](), {}
    for one in COLUMNS:
        if one.name not in headers:
            made[one.name] = schema.blanks(one.kind, listed.index)
            if one.required:
                others = [str(name) for name in listed.columns if units.squash(str(name)) not in words]
                values = {"nearest": nearest(one.name, others)}
                faults.append(Fault("column_missing", LIST, None, one.name, values=values))
            continue
        made[one.name], wrong = cells.parse(listed[headers[one.name]].astype(object).map(plain), one)
        bad = {fault.place for fault in wrong}
        faults += [Fault(fault.code, LIST, fault.place + 2, one.name, values=fault.values) for fault in wrong]
        blank = made[one.name].isna() & ~made[one.name].index.isin(bad)
        faults += [Fault("cell_missing", LIST, place + 2, one.name)
                   for place in listed.index[blank] if one.required]  # fmt: skip
    return pd.DataFrame(made), faults
