"""Single entries of a ledger: a cell set, a problem raised or closed; what does not fit is told and not kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from allocator import cells, schema, units
from allocator.errors import Fault, InputError, YaosuError
from allocator.reading import Sheet, read_sheets
from workbench.ledger import Ledger
from workbench.ledgerstate import Event, Problem, State, plain

_UNSAID = ("column_missing", "cell_missing", "column_unknown")


def set_cell(ledger: Ledger, project: str, header: str, text: str, who: str, day: dt.date, note: str) -> list[Event]:
    """Set one cell of a project since a day, read as in a workbook: the header in either language and with a unit.

    Returns
    -------
    list of Event
        What was so before and what is so now; only one where nothing changes, and then nothing is recorded.

    Raises
    ------
    YaosuError
        There is no such project on that day.
    InputError
        There is no such column, the value is none of it, or the case would no longer fit together.
    """
    with ledger.writing():
        state = ledger.state(day)
        row = known_project(ledger, state, project, day)
        column, value = _read(state, header, text)
        was = Event("cell", project, day, who, column, row.get(column))
        if value == was.value:
            return [was]
        now = replace(was, value=value, note=note)
        cells_now = {name: cell for name, cell in {**row, column: value}.items() if cell is not None}
        _fits(replace(state, rows={**state.rows, project: cells_now}))
        ledger.add([now])
        return [was, now]


def _fits(state: State) -> None:
    """Refuse a state whose tables do not fit together; rows have no numbers in a ledger."""
    try:
        state.case("")
    except InputError as error:
        faults = [replace(fault, row=None) if fault.table == "projects" else fault for fault in error.faults]
        raise InputError(faults) from None


def known_project(ledger: Ledger, state: State, project: str, day: dt.date) -> Any:
    """The cells of a project.

    Raises
    ------
    YaosuError
        It is unknown (with the nearest id), came in later, or has left.
    """
    if project in state.rows:
        return state.rows[project]
    came = ledger.came(project)
    if came is None:
        near = cells.nearest(project, ledger.state().rows)
        raise YaosuError("ledger_project" if near else "ledger_no_project", {"found": project, "nearest": near})
    code = "ledger_before" if day < came else "ledger_left"
    raise YaosuError(code, {"found": project, "day": day.isoformat(), "came": came.isoformat()})


def _read(state: State, header: str, text: str) -> tuple[str, Any]:
    """The column that a header means, and the value of a cell under it."""
    pools = state.table("pools")
    resources = sorted(pools["resource"].dropna().unique())
    literal = any((units.resource(name) or cells.plain(name)) != name for name in resources)
    one = pd.DataFrame({header: [text or None]}, dtype=object)
    first = np.array([2])
    sheets = {"pools": Sheet(pools, np.arange(len(pools)), literal), "projects": Sheet(one, first, literal)}
    read = read_sheets(sheets)
    faults = [replace(fault, row=None) for fault in read.faults if fault.table == "projects"
              and fault.severity == "error" and fault.code not in _UNSAID]  # fmt: skip
    made = read.tables["projects"]
    name = str(made.columns[0])
    known = {*state.columns, *schema.columns("projects"), *resources}
    if name not in known:
        said = known | {schema.header("projects", one, "zh") for one in schema.columns("projects")}
        near = cells.nearest(units.split_header(header)[0], sorted(said))
        raise InputError([Fault("no_column", "projects", values={"found": header, "nearest": near})])
    if name == "id":
        raise InputError([Fault("ledger_id", "projects", column="id")])
    value = plain(made[name].iloc[0])
    kind = schema.columns("projects")[name].kind if name in schema.columns("projects") else "when"
    if kind == "when" and name not in resources and name in state.projects and value is not None:
        value, wrong = _like(state.projects[name], value, text)
        faults += [Fault(code, "projects", column=name, values={"found": text}) for code in wrong]
    if faults:
        raise InputError(faults)
    return name, value


def _like(column: pd.Series, value: Any, text: str) -> tuple[Any, list[str]]:
    """A value of a column that may hold more than one kind of them, as the others of the column are."""
    made = cells.infer(pd.Series([value], dtype=object))
    if column.isna().all() or pd.api.types.is_dtype_equal(column.dtype, made.dtype):
        return value, []
    if pd.api.types.is_datetime64_any_dtype(column):
        return None, ["not_a_date"]
    if pd.api.types.is_bool_dtype(column):
        flag = schema.flags().get(cells.plain(text).casefold())
        return flag, [] if flag is not None else ["not_a_flag"]
    return (None, ["not_a_number"]) if pd.api.types.is_numeric_dtype(column) else (cells.text(text), [])


def raise_problem(
    ledger: Ledger, project: str, text: str, office: str, level: str | None, who: str, day: dt.date
) -> Problem:
    """Record a problem; where the level is not said it is that of the office in the case.

    Raises
    ------
    YaosuError
        The text or the office is blank; there is no such project on that day; the level is neither said nor known.
    """
    text, office = text.strip(), office.strip()
    if not text or not office:
        raise YaosuError("ledger_unsaid")
    with ledger.writing():
        state = ledger.state(day)
        known_project(ledger, state, project, day)
        level = level or levels(state).get(office)
        if level is None:
            raise YaosuError("ledger_level", {"found": office})
        problem = Problem(ledger.next_problem(), project, text, office, level, day, who)
        ledger.add([raised(problem)])
        return problem


def levels(state: State) -> dict[str, str]:
    """The level of each office of the case, where it is stated."""
    offices = state.table("offices")
    if not {"office", "level"} <= set(offices):
        return {}
    return dict(offices.dropna(subset=["level"])[["office", "level"]].itertuples(index=False, name=None))


def raised(problem: Problem) -> Event:
    """A problem as an event."""
    facts = {name: getattr(problem, name) for name in ("project", "text", "office", "level")}
    return Event("problem", str(problem.number), problem.raised, problem.by, value=facts, note=problem.note)


def close(ledger: Ledger, event: Event) -> Problem:
    """Record that a problem is resolved or withdrawn.

    Raises
    ------
    YaosuError
        There is no such problem, it was raised later, or is resolved or withdrawn already.
    """
    with ledger.writing():
        problem = ledger.state().problems.get(int(event.subject))
        if problem is None:
            last = ledger.next_problem() - 1
            raise YaosuError("ledger_problem", {"found": event.subject, "count": str(last)})
        if not problem.open:
            values = {"found": event.subject, "day": f"{problem.resolved or problem.withdrawn}", "who": problem.closer}
            raise YaosuError("ledger_resolved" if problem.resolved else "ledger_withdrawn", values)
        if event.day < problem.raised:
            values = {"found": event.subject, "day": event.day.isoformat(), "raised": problem.raised.isoformat()}
            raise YaosuError("ledger_unraised", values)
        ledger.add([event])
        return problem.closed(event)
