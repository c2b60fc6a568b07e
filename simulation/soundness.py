"""Every fault of a process at once: names, rings, empty offices, shut stages, odds and times (MODEL 4.1-4.4).

Rows count as in a table whose first row stands below its headers; `simulation.processtables` puts in those of the file.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from allocator import cells, schema
from allocator.errors import Fault
from allocator.processschema import LEVELS
from simulation import applies

if TYPE_CHECKING:
    from simulation.process import Office, Process

SHARES = ("returns", "refuses", "withdraws")


def unsound(process: Process) -> list[Fault]:
    """Every fault of a process.

    Returns
    -------
    list of Fault
        ``row`` is the place in the tuple of stages, offices or problems plus 2, ``column`` the field; settings of the
        process itself stand in the table ``process`` under the names of that table's keys.

    Examples
    --------
    >>> from simulation.process import Office, Process, Stage
    >>> try:
    ...     Process([Stage("a", office="desk", after="b", returns=1.2), Stage("b", after="a")], [Office("desk")])
    ... except Exception as error:
    ...     print(error)
    2 faults in the input:
    - stages, row 2, after: stages wait for one another in a ring: a → b → a
    - stages, row 2, returns: expected 0 – 1, found 1.2
    """
    parts = (_names, _stages, _places, _rings, _offices, _problems, _settings, _measures)
    found = [fault for part in parts for fault in part(process)]
    order = ("stages", "offices", "problems", "process")
    return sorted(found, key=lambda fault: (order.index(fault.table), fault.row or 0, fault.column or ""))


def _fault(code: str, table: str, place: int | None, column: str, **values: str) -> Fault:
    return Fault(code, table, None if place is None else place + 2, column, values=values)


def _names(process: Process) -> Iterator[Fault]:
    """Names that are blank, stand twice, or name nothing."""
    keys: dict[str, list[tuple[str, ...]]] = {
        "stages": [(stage.name,) for stage in process.stages],
        "offices": [(office.name, office.region, office.county) for office in process.offices],
        "problems": [(problem.name,) for problem in process.problems],
    }
    for table, names in keys.items():
        for place, name in enumerate(names):
            if not name[0]:
                yield _fault("cell_missing", table, place, _id(table))
            elif name in names[:place]:
                values = {"found": ", ".join(part for part in name if part), "first": str(names.index(name) + 2)}
                yield _fault("key_twice", table, place, _id(table), **values)
    stages, offices = [stage.name for stage in process.stages], [office.name for office in process.offices]
    for place, stage in enumerate(process.stages):
        if stage.office and stage.office not in offices:
            yield _unknown("unknown_office", "stages", place, "office", stage.office, offices)
        for column in ("after", "customary_after"):
            for name in getattr(stage, column):
                if name not in stages:
                    yield _unknown("unknown_stage", "stages", place, column, name, stages)
    for place, problem in enumerate(process.problems):
        if problem.blocks and problem.blocks not in stages:
            yield _unknown("unknown_stage", "problems", place, "blocks", problem.blocks, stages)


def _id(table: str) -> str:
    return table.removesuffix("s")


def _unknown(code: str, table: str, place: int, column: str, found: str, known: Sequence[str]) -> Fault:
    return _fault(code, table, place, column, found=found, nearest=cells.nearest(found, known))


def _stages(process: Process) -> Iterator[Fault]:
    """Odds, limits, and what only an office can do."""
    meeting = {office.name for office in process.offices if office.every is not None}
    for place, stage in enumerate(process.stages):
        for column in SHARES:
            yield from _within("stages", place, column, getattr(stage, column), 0, 1)
        for column in ("limit", "extension"):
            yield from _within("stages", place, column, getattr(stage, column), 0)
        for column in ("returns", "refuses"):
            if getattr(stage, column) == 1:
                yield _fault(f"stage_{column}_all", "stages", place, column, found=stage.name)
        if stage.extension and stage.limit is None:
            yield _fault("extension_alone", "stages", place, "extension")
        if not stage.office:
            for column in (*SHARES, "limit"):
                if getattr(stage, column):
                    yield _fault("needs_office", "stages", place, "office", expected=stage.name)
                    break
            if stage.work.mean > 0:  # type: ignore[union-attr]
                yield _fault("work_without_office", "stages", place, "work", found=stage.name)
        elif stage.office in meeting and stage.work.mean > 0:  # type: ignore[union-attr]
            yield _fault("work_at_meeting", "stages", place, "work", found=stage.office)
        yield from applies.check(stage.applies, "stages", place + 2, "applies")
        if isinstance(stage.deferrable, str):
            yield from applies.check(stage.deferrable, "stages", place + 2, "deferrable")


def _within(
    table: str, place: int | None, column: str, value: float | None, low: float, high: float = math.inf
) -> Iterator[Fault]:
    if value is not None and not (low <= value <= high and math.isfinite(value)):
        allowed = f"{low:g} – {high:g}" if math.isfinite(high) else f"≥ {low:g}"
        yield _fault("out_of_range", table, place, column, found=f"{value:g}", expected=allowed)


def _above(table: str, place: int | None, column: str, value: float | None) -> Iterator[Fault]:
    if value is not None and not (value > 0 and math.isfinite(value)):
        yield _fault("out_of_range", table, place, column, found=f"{value:g}", expected="> 0")


def _whole(table: str, place: int | None, column: str, value: float | None, low: int) -> Iterator[Fault]:
    if value is None or not list(_within(table, place, column, value, low)):
        if value is not None and value != int(value):
            yield _fault("not_whole", table, place, column, found=f"{value:g}")
        return
    yield from _within(table, place, column, value, low)


def _places(process: Process) -> Iterator[Fault]:
    """Stages do not wait for those of a later part: the mobilisation, or what comes after the start."""
    part = {stage.name: stage.part for stage in process.stages}
    for place, stage in enumerate(process.stages):
        for column in ("after", "customary_after"):
            for name in getattr(stage, column):
                if part.get(name, 0) > stage.part:
                    yield _fault("later_part", "stages", place, column, found=name)


def _rings(process: Process) -> Iterator[Fault]:
    """Stages that wait for one another by law, or by law and custom together."""
    place = {stage.name: number for number, stage in reversed(list(enumerate(process.stages)))}
    before: dict[str, set[str]] = {name: set() for name in place}
    for column in ("after", "customary_after"):
        for stage in process.stages:
            if stage.name in before and process.stages[place[stage.name]] is stage:
                before[stage.name] |= set(getattr(stage, column)) & set(before)
        while ring := _ring(before, place):
            before = {name: names - set(ring) for name, names in before.items() if name not in ring}
            yield _fault("stage_ring", "stages", place[ring[0]], column, found=" → ".join([*ring, ring[0]]))


def _ring(before: dict[str, set[str]], place: dict[str, int]) -> list[str]:
    """A ring in the order in which its stages would come, from the one that stands first in the table."""
    try:
        TopologicalSorter({name: sorted(names, key=place.__getitem__) for name, names in before.items()}).prepare()
    except CycleError as error:
        ring: list[str] = list(error.args[1][1:])
        first = ring.index(min(ring, key=place.__getitem__))
        return ring[first:] + ring[:first]
    return []


def _offices(process: Process) -> Iterator[Fault]:
    """Levels, reviewers, meetings and room."""
    first: dict[str, Office] = {}
    for place, office in enumerate(process.offices):
        if office.level not in LEVELS:
            near = cells.nearest(str(office.level), LEVELS)
            yield _fault(
                "not_a_choice", "offices", place, "level", found=office.level, expected=_levels(LEVELS), nearest=near
            )
        yield from _standing(place, office)
        yield from _whole("offices", place, "reviewers", office.reviewers, 0)
        for column in ("seats", "room"):
            yield from _whole("offices", place, column, getattr(office, column), 1)
        yield from _above("offices", place, "every", office.every)
        if office.seats is not None and office.every is None:
            yield _fault("seats_without_every", "offices", place, "seats")
        for day, number in office.staff:
            yield from _whole("offices", place, "reviewers", number, 0)
            yield from _day("offices", place, "from", day)
        if office.every is None and office.reviewers == 0 and not any(number for _, number in office.staff):
            yield _fault("office_empty", "offices", place, "reviewers", found=office.name)
        leading = first.setdefault(office.name, office)
        if leading.level != office.level:
            yield _fault("office_levels", "offices", place, "level", found=office.name)


def _levels(levels: Iterable[str]) -> str:
    return ", ".join(f"{one} {schema.choice_word('level', one, 'zh')}" for one in levels)


def _standing(place: int, office: Office) -> Iterator[Fault]:
    """A row for one place stands at a level that has such places."""
    if office.region and office.level == "province":
        yield _fault("office_row_place", "offices", place, "region", found=office.region, expected=_levels(LEVELS[1:]))
    if office.county and office.level != "county":
        yield _fault("office_row_place", "offices", place, "county", found=office.county, expected=_levels(LEVELS[2:]))
    elif office.county and not office.region:
        yield _fault("cell_missing", "offices", place, "region")


def _day(table: str, place: int | None, column: str, day: Any) -> Iterator[Fault]:
    if isinstance(day, str):
        try:
            dt.date.fromisoformat(day)
        except ValueError:
            yield _fault("not_a_date", table, place, column, found=day)
    elif isinstance(day, float | int) and not math.isfinite(day):
        yield _fault("not_a_date", table, place, column, found=f"{day:g}")


def _problems(process: Process) -> Iterator[Fault]:
    for place, problem in enumerate(process.problems):
        yield from _within("problems", place, "mean", problem.mean, 0)
        yield from applies.check(problem.applies, "problems", place + 2, "applies")


def _settings(process: Process) -> Iterator[Fault]:
    """Settings beside the tables."""
    if not process.entry:
        yield _fault("cell_missing", "process", None, "entry")
    if process.year is not None:
        yield from _above("process", None, "year", process.year.mean)  # type: ignore[union-attr]
    for place, tier in enumerate(process.green):
        if tier in process.green[:place]:
            yield _fault("twice", "process", None, "green", found=tier)


def _measures(process: Process) -> Iterator[Fault]:
    """Measures that stand beside the stages."""
    deferral, hotline, dispatch, teams = process.deferral, process.hotline, process.dispatch, process.teams
    if deferral is not None:
        yield from _within("process", None, "deferral.promise", deferral.promise, 0)
        yield from _within("process", None, "deferral.default", deferral.default, 0, 1)
    if hotline is not None:
        yield from _whole("process", None, "hotline.staff", hotline.staff, 0)
    if dispatch is not None:
        yield from _above("process", None, "dispatch.every", dispatch.every)
        yield from _whole("process", None, "dispatch.seats", dispatch.seats, 0)
        yield from _within("process", None, "dispatch.notice", dispatch.notice, 0)
    if teams is not None:
        yield from _whole("process", None, "teams.number", teams.number, 0)
        yield from applies.check(teams.applies, "process", None, "teams.applies")
    for name, measure in (("hotline", hotline), ("dispatch", dispatch), ("teams", teams)):
        if measure is not None:
            yield from _within("process", None, f"{name}.rate", measure.rate, 0, 1)
            if measure.since is not None:
                yield from _day("process", None, f"{name}.since", measure.since)
