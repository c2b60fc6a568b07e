"""Every fault of the process of a case, with what the projects have to say (MODEL 4.1-4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from allocator import cells, schema, workbook
from allocator.case import Case
from allocator.errors import Fault, InputError, Severity, YaosuError
from allocator.reading import read_sheets, sorted_faults
from simulation import applies
from simulation.network import PASSED, offset
from simulation.process import Office, Process
from simulation.processtables import read_process

Place = Callable[[Fault], Fault]


def check_process(case: Case) -> list[Fault]:
    """Every fault of the process of a case, errors first; none where the case has no stages.

    A warning says that something is odd: a stage that no project passes, an office that no stage uses, a place or a
    tier that no project has.

    Examples
    --------
    >>> case = Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0], "ready": [0.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}),
    ...     stages=pd.DataFrame({"stage": ["site", "air"], "applies": ["land > 1", "land > 9"], "elapsed": [3, 4]}))
    >>> [fault.text() for fault in check_process(case)]
    ['stages, row 3, applies: no project passes the stage “air”']
    """
    if not len(case.extra.get("stages", ())):
        return []
    try:
        process, placed = read_process(case.extra, case.rows)
    except InputError as error:
        return list(error.faults)
    parts = (_rules, _entry, _offices, _settings)
    found = [placed(fault) for part in parts for fault in part(process, case.projects)]
    return list(sorted_faults([*found, *_behind(process, case), *_checkpoints(case)]))


def check_tables(path: Path, known: Sequence[Fault]) -> list[Fault]:
    """Faults of the process in files that make no case, beside those known of their cells.

    Parameters
    ----------
    path : Path
        Of a folder or workbook.
    known : sequence of Fault
        What is wrong with single cells; nothing more is said of these, and of what follows from them.
    """
    read = read_sheets(workbook.read(path).sheets)
    told = {(fault.table, fault.row, fault.column) for fault in known}
    told |= {("process", None, name) for fault in known if fault.table == "process"
             for name in (fault.column, fault.values.get("nearest"))}  # fmt: skip
    told |= {(table, row, "extension") for table, row, column in told if column == "limit"}
    try:
        read_process(read.tables, read.rows)
    except InputError as error:
        return [fault for fault in error.faults if (fault.table, fault.row, fault.column) not in told]
    except YaosuError:  # there are no stages
        pass
    return []


def _warning(code: str, table: str, place: int | None, column: str, **values: str) -> Fault:
    return Fault(code, table, None if place is None else place + 2, column, "warning", values)


def _rules(process: Process, projects: pd.DataFrame) -> Iterator[Fault]:
    """Rules speak of columns that the projects have, and mean some of them."""
    for place, stage in enumerate(process.stages):
        found = applies.check(stage.applies, "stages", place + 2, "applies", projects)
        yield from found
        if not found and not applies.mask(stage.applies, projects).any():
            yield _warning("stage_idle", "stages", place, "applies", found=stage.name)
        if isinstance(stage.deferrable, str):
            yield from applies.check(stage.deferrable, "stages", place + 2, "deferrable", projects)
        name, _ = offset(stage.not_before)
        if name and name not in projects:
            near = cells.nearest(name, [*map(str, projects.columns)])
            values = {"found": name, "nearest": near}
            yield Fault("unknown_column", "stages", place + 2, "not_before", values=values)
    for place, problem in enumerate(process.problems):
        yield from applies.check(problem.applies, "problems", place + 2, "applies", projects)
    if process.teams is not None:
        yield from applies.check(process.teams.applies, "process", None, "teams.applies", projects)


def _entry(process: Process, projects: pd.DataFrame) -> Iterator[Fault]:
    """Every project enters some day."""
    if process.entry not in projects:
        near = cells.nearest(process.entry, [*map(str, projects.columns)])
        yield Fault("entry_missing", "process", None, "entry", values={"found": process.entry, "nearest": near})
        return
    column, known = projects[process.entry], schema.columns("projects").get(process.entry)
    numbers = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if not numbers and not pd.api.types.is_datetime64_any_dtype(column):
        yield Fault("entry_no_days", "process", None, "entry", values={"found": process.entry})
        return
    blank = int(column.isna().sum())
    if blank:
        name = known.name if known is not None else process.entry
        severity: Severity = "error" if blank == len(column) else "warning"
        yield Fault("entry_blank", "projects", None, name, severity, {"found": str(blank)})


def _behind(process: Process, case: Case) -> Iterator[Fault]:
    """Stages that projects have behind them are stages of the process."""
    known = {stage.name for stage in process.stages}
    rows = case.rows.get("projects", np.arange(len(case.projects)) + 2)
    for row, cell in zip(rows, schema.column(case.projects, "projects", PASSED), strict=True):
        for name in schema.split(cell):
            if name not in known:
                values = {"found": name, "nearest": cells.nearest(name, sorted(known))}
                yield Fault("unknown_stage", "projects", int(row), PASSED, values=values)


def _offices(process: Process, projects: pd.DataFrame) -> Iterator[Fault]:
    """Offices are used; their places are those of projects, and every project has a desk of its own."""
    used = {stage.office for stage in process.stages}
    told: set[str] = set()
    for place, office in enumerate(process.offices):
        if office.name in told:
            yield from _row(place, office, projects)
            continue
        told.add(office.name)
        if office.name not in used:
            yield _warning("office_unused", "offices", place, "office", found=office.name)
        wanted = {"province": (), "city": ("region",), "county": ("region", "county")}[office.level]
        for column in wanted:
            if column not in projects:
                yield Fault("office_place", "projects", None, column, values={"found": office.name})
                break
        else:
            yield from _row(place, office, projects)
            rows = [one for one in process.offices if one.name == office.name]
            if wanted and all(one.region for one in rows):
                yield from _without_row(place, office, {one.region for one in rows}, projects)


def _row(place: int, office: Office, projects: pd.DataFrame) -> Iterator[Fault]:
    """A row for one place has projects there."""
    for column in ("region", "county"):
        wanted = getattr(office, column)
        held = schema.column(projects, "projects", column).dropna()
        if wanted and not (held == wanted).any():
            near = cells.nearest(wanted, held.unique())
            yield _warning("no_project_has", "offices", place, column, found=wanted, nearest=near)


def _without_row(place: int, office: Office, regions: set[str], projects: pd.DataFrame) -> Iterator[Fault]:
    """Places of projects for which an office with rows for single places only has none."""
    left = sorted(set(projects["region"].dropna()) - regions)
    if left:
        yield _warning("office_no_row", "offices", place, "region", found=office.name, expected=", ".join(left[:5]))


def _settings(process: Process, projects: pd.DataFrame) -> Iterator[Fault]:
    """Tiers that come first are those of projects; a year is 1 in the mean."""
    tiers = schema.column(projects, "projects", "tier").dropna()
    for tier in process.green:
        if not (tiers == tier).any():
            yield _warning("no_project_has", "process", None, "green", found=tier,
                           nearest=cells.nearest(tier, tiers.unique()))  # fmt: skip
    if process.year is not None:
        mean = process.year.mean  # type: ignore[union-attr]
        if abs(mean - 1) > 1e-9:
            yield _warning("year_mean", "process", None, "year", found=f"{mean:g}")


def _checkpoints(case: Case) -> Iterator[Fault]:
    """Rules of the points that a simulation is held against."""
    table = case.extra.get("checkpoints", pd.DataFrame())
    for place, rule in enumerate(schema.column(table, "checkpoints", "where")):
        if not pd.isna(rule):
            row = int(case.rows["checkpoints"][place]) if "checkpoints" in case.rows else place + 2
            yield from applies.check(rule, "checkpoints", row, "where", case.projects)
