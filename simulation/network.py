"""A process and its projects as plain arrays, made once; both engines run from them (MODEL 4.1-4.4)."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import schema
from allocator.cells import nearest
from allocator.errors import Fault, InputError
from simulation import streams
from simulation.applies import mask
from simulation.calendar import Clock
from simulation.measures import Day
from simulation.process import Office, Process

if TYPE_CHECKING:
    from simulation.lists import Lists

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
PASSED = "passed"
"""Column of the projects: stages that they have behind them when they enter."""
SPAN = 36_525
"""Days of the calendar laid out after the last entry."""


@dataclass(frozen=True)
class Desk:
    """One queue: an office at one place, with its reviewers from each day on."""

    office: Office
    number: int
    place: str
    staff: tuple[tuple[float, int], ...]


@dataclass(frozen=True, eq=False)
class Pattern:
    """The stages that some projects pass, by position, and what comes before and after each."""

    stages: Ints
    before: tuple[tuple[int, ...], ...]
    after: tuple[tuple[int, ...], ...]
    reviews: int
    roots: tuple[int, ...]
    later_roots: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Network:
    """What does not depend on the replication.

    Attributes
    ----------
    process : Process
        After the levers.
    ids, order : arrays, shape (n,)
        Ids in order, and the row of each in the given table.
    keys : array of uint64, shape (n,)
    entry : array, shape (n,)
        Day on which each project enters.
    rank : array of int, shape (n,)
        Priority class, 0 first.
    patterns, pattern : list and array, shape (n,)
        Which stages each project passes.
    base : array of int, shape (n + 1,)
        A project and one of its stages are a pair; the pairs of project i are ``base[i]`` to ``base[i + 1]``.
    project, stage, desk : arrays of int, one per pair
        The desk is -1 for a stage without office.
    deferrable : array of bool, one per pair
        What comes after need not wait for it.
    earliest : array, one per pair
        Day before which it is not handed in; long ago where there is none.
    desks : list of Desk
    official, presence : Clock
        Working days, and those in which reviewers are present.
    problems : list of arrays
        For each problem of the process, the projects that can have it.
    visited : array of int
        Projects in the order in which service teams go to them.
    """

    process: Process
    ids: NDArray[np.str_]
    order: Ints
    keys: NDArray[np.uint64]
    entry: Floats
    rank: Ints
    patterns: list[Pattern]
    pattern: Ints
    base: Ints
    project: Ints
    stage: Ints
    desk: Ints
    deferrable: Bools
    earliest: Floats
    desks: list[Desk]
    official: Clock
    presence: Clock
    problems: list[Ints]
    visited: Ints
    projects: pd.DataFrame = field(repr=False)

    @cached_property
    def lists(self) -> Lists:
        """The same for the SimPy engine; nobody else has to load what it needs."""
        from simulation.lists import Lists

        return Lists(self)

    @property
    def named(self) -> NDArray[np.generic]:
        """Ids as they were given, numbers as numbers."""
        return self.projects["id"].to_numpy()

    def day(self, when: Day | None) -> float:
        """A day number for a day number or a date; long ago for None."""
        return day_number(when, self.process.origin)


def day_number(when: Day | None, origin: dt.date) -> float:
    """Days from the origin to a day.

    >>> day_number("2020-02-01", dt.date(2020, 1, 1)), day_number(3, dt.date(2020, 1, 1))
    (31.0, 3.0)
    """
    if when is None:
        return -math.inf
    if isinstance(when, int | float | np.integer | np.floating):
        return float(when)
    return (pd.Timestamp(when) - pd.Timestamp(origin)) / pd.Timedelta(days=1)


def entries(projects: pd.DataFrame, process: Process) -> Floats:
    """The day on which each project enters.

    Raises
    ------
    InputError
        The column is missing, blank in a row, or holds neither days nor dates; ids are missing or not unique.
    """
    faults: list[Fault] = []
    for name in ("id", process.entry):
        if name not in projects:
            faults.append(Fault("column_missing", "projects", None, name, values={"nearest": ""}))
    if faults:
        raise InputError(faults)
    ids = projects["id"]
    for place in np.flatnonzero(ids.isna() | ids.duplicated()):
        found = {"found": str(ids.iloc[place])}
        faults.append(Fault("twice" if ids.notna().iloc[place] else "cell_missing", "projects", int(place) + 2, "id",
                            values=found))  # fmt: skip
    days = _days(projects[process.entry], process.origin)
    for place in np.flatnonzero(~np.isfinite(days)):
        faults.append(Fault("cell_missing", "projects", int(place) + 2, process.entry))
    if faults:
        raise InputError(faults)
    return days


def network(projects: pd.DataFrame, process: Process) -> Network:
    """Compile a process for its projects.

    Parameters
    ----------
    projects : DataFrame
        ``id``, the entry column, and the columns that rules, tiers and places speak of.
    process : Process

    Raises
    ------
    InputError
        With every fault at once.

    Examples
    --------
    >>> from simulation import Office, Stage
    >>> process = Process([Stage("review", office="desk", work=1.0)], [Office("desk", reviewers=3)])
    >>> made = network(pd.DataFrame({"id": ["b", "a"], "ready": [0.0, 1.0]}), process)
    >>> made.ids.tolist(), made.entry.tolist(), made.desk.tolist()
    (['a', 'b'], [1.0, 0.0], [0, 0])
    """
    days = entries(projects, process)
    ids = projects["id"].astype(str).to_numpy(dtype=object)
    order = np.argsort(ids, kind="stable").astype(np.int64)
    table = projects.iloc[order].reset_index(drop=True)
    entry = days[order]
    applies = _applies(process, table)
    patterns, pattern = _patterns(process, applies)
    sizes = np.array([len(one.stages) for one in patterns], dtype=np.int64)
    base = np.concatenate([[0], np.cumsum(sizes[pattern])]).astype(np.int64) if len(table) else np.zeros(1, np.int64)
    project, stage = (part.astype(np.int64) for part in np.nonzero(applies))
    desks, desk = _desks(process, table, project, stage)
    return Network(
        process, ids[order], order, streams.keys(ids[order].tolist()), entry, _ranks(process, table), patterns, pattern,
        base, project, stage, desk, _deferrable(process, table, project, stage),
        _earliest(process, table, project, stage), desks,
        _clock(process, entry, staff=False), _clock(process, entry, staff=True),
        [np.flatnonzero(mask(one.applies, table)).astype(np.int64) for one in process.problems],
        _visited(process, table), table,
    )  # fmt: skip


def _clock(process: Process, entry: Floats, staff: bool) -> Clock:
    if process.calendar is None:
        return Clock.always()
    first, last = math.floor(entry.min(initial=0.0)), math.ceil(entry.max(initial=0.0))
    return process.calendar.clock(process.origin, first - 2, last + SPAN, staff)


def _applies(process: Process, table: pd.DataFrame) -> Bools:
    """Which projects (rows) pass which stages (columns) before their start."""
    made = np.zeros((len(table), len(process.stages)), dtype=bool)
    for number, stage in enumerate(process.stages):
        if not stage.after_start:
            made[:, number] = mask(stage.applies, table)
    return made & ~_passed(process, table)


def _passed(process: Process, table: pd.DataFrame) -> Bools:
    """Which projects have which stages behind them when they enter, by their column ``passed``.

    A stage that is passed has all before it behind it, by law and by custom. Stages that a lever has removed may be
    named there.
    """
    made = np.zeros((len(table), len(process.stages)), dtype=bool)
    if PASSED not in table:
        return made
    stages = {stage.name: stage for stage in process.stages}
    number = {name: place for place, name in enumerate(stages)}
    codes, distinct = pd.factorize(table[PASSED].astype(object))
    for code, cell in enumerate(distinct):
        behind = [name for name in schema.split(cell) if name in stages]
        for name in behind:
            behind += [one for one in (*stages[name].after, *stages[name].customary_after) if one not in behind]
        made[np.ix_(codes == code, [number[name] for name in behind])] = True
    return made


def _patterns(process: Process, applies: Bools) -> tuple[list[Pattern], Ints]:
    """The distinct sets of stages, and which of them each project passes."""
    if not len(applies):
        return [], np.zeros(0, np.int64)
    distinct, inverse = np.unique(applies, axis=0, return_inverse=True)
    return [_pattern(process, row) for row in distinct], inverse.reshape(-1).astype(np.int64)


def _pattern(process: Process, passes: Bools) -> Pattern:
    """Order among the stages that are passed: what came before one that is not passed comes before what followed."""
    names = [stage.name for stage in process.stages]
    place = {name: number for number, name in enumerate(names)}
    stages = np.flatnonzero(passes).astype(np.int64)
    position = {int(number): pos for pos, number in enumerate(stages)}
    found: dict[int, tuple[int, ...]] = {}

    def before(number: int) -> tuple[int, ...]:
        if number not in found:
            stage = process.stages[number]
            stated = (*stage.after, *(() if process.parallel else stage.customary_after))
            made: dict[int, None] = {}
            for one in (place[name] for name in stated):
                made |= dict.fromkeys((one,) if passes[one] else before(one))
            found[number] = tuple(made)
        return found[number]

    later = [process.stages[number].after_grant for number in stages]
    befores = tuple(
        tuple(position[one] for one in before(int(number)) if process.stages[one].after_grant == late)
        for number, late in zip(stages, later, strict=True)
    )
    afters = tuple(tuple(pos for pos, prior in enumerate(befores) if number in prior) for number in range(len(stages)))
    roots = [pos for pos, prior in enumerate(befores) if not prior]
    return Pattern(
        stages, befores, afters, len(later) - sum(later),
        tuple(pos for pos in roots if not later[pos]), tuple(pos for pos in roots if later[pos]),
    )  # fmt: skip


def _ranks(process: Process, table: pd.DataFrame) -> Ints:
    """Priority classes: the green tiers in their order, then the rest."""
    if not process.green or "tier" not in table:
        return np.zeros(len(table), np.int64)
    known = {tier: number for number, tier in enumerate(process.green)}
    return np.asarray(table["tier"].map(known).fillna(len(known)), dtype=np.int64)


def _deferrable(process: Process, table: pd.DataFrame, project: Ints, stage: Ints) -> Bools:
    made = np.zeros(len(project), dtype=bool)
    if process.deferral is None:
        return made
    for number, one in enumerate(process.stages):
        rows = stage == number
        if isinstance(one.deferrable, bool):
            made[rows] = one.deferrable
        elif one.deferrable:
            made[rows] = mask(one.deferrable, table)[project[rows]]
    return made


def _earliest(process: Process, table: pd.DataFrame, project: Ints, stage: Ints) -> Floats:
    """Days before which stages are not handed in.

    Raises
    ------
    InputError
        The projects have no such column.
    """
    made = np.full(len(project), -np.inf)
    for number, one in enumerate(process.stages):
        if not one.not_before or one.after_start:
            continue
        name, days = offset(one.not_before)
        if name not in table:
            found = {"found": name, "nearest": nearest(name, table.columns)}
            raise InputError([Fault("no_column", "stages", number + 2, "not_before", values=found)])
        rows = stage == number
        made[rows] = np.nan_to_num(_days(table[name], process.origin)[project[rows]] + days, nan=-np.inf)
    return made


def offset(text: str) -> tuple[str, float]:
    """A column and days from ``column``, ``column + days`` or ``column - days``.

    >>> offset("due - 30"), offset("due")
    (('due', -30.0), ('due', 0.0))
    """
    name, sign, days = re.fullmatch(r"\s*(.*?)\s*(?:([+\-])\s*(\d+(?:\.\d+)?))?\s*", text).groups()  # type: ignore[union-attr]
    return name, float(f"{sign}{days}") if sign else 0.0


def _days(column: pd.Series, origin: dt.date) -> Floats:
    """Day numbers from a column of day numbers or dates; NaN where it is blank or says neither."""
    if not pd.api.types.is_numeric_dtype(column):
        column = (pd.to_datetime(column, errors="coerce") - pd.Timestamp(origin)) / pd.Timedelta(days=1)
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))


def _desks(process: Process, table: pd.DataFrame, project: Ints, stage: Ints) -> tuple[list[Desk], Ints]:
    """Every desk at which a project comes by, and the desk of each pair."""
    desks: list[Desk] = []
    desk = np.full(len(project), -1, dtype=np.int64)
    offices = list(dict.fromkeys(office.name for office in process.offices))
    for name in offices:
        rows = [office for office in process.offices if office.name == name]
        served = [number for number, one in enumerate(process.stages) if one.office == name]
        pairs = np.flatnonzero(np.isin(stage, served))
        if not len(pairs):
            continue
        places = _places(rows[0], table)
        codes, kinds = pd.factorize(places[project[pairs]], sort=True)
        desk[pairs] = codes + len(desks)
        desks += [_desk(rows, len(desks) + number, str(place), process) for number, place in enumerate(kinds)]
    return desks, desk


def _places(office: Office, table: pd.DataFrame) -> NDArray[np.object_]:
    """The place of an office to which each project goes, ``region`` or ``region/county``."""
    wanted = {"province": (), "city": ("region",), "county": ("region", "county")}[office.level]
    missing = [name for name in wanted if name not in table]
    if missing:
        found = {"found": office.name, "name": missing[0], "level": office.level}
        raise InputError([Fault("office_place", "projects", None, missing[0], values=found)])
    made = np.full(len(table), "", dtype=object)
    for number, name in enumerate(wanted):
        text = table[name].astype(object).where(table[name].notna(), "").astype(str).to_numpy(dtype=object)
        made = made + ("/" if number else "") + text
    return made


def _desk(rows: Sequence[Office], number: int, place: str, process: Process) -> Desk:
    """The desk at a place, from the row of the place, of its region, or of every place."""
    region = place.split("/")[0]
    fitting = [one for one in rows if (one.region, one.county) in ((region, place.partition("/")[2]), (region, ""))]
    own = max(fitting, key=lambda one: len(one.county), default=None)
    office = own or next((one for one in rows if not one.region), rows[0])
    steps = sorted(((day_number(day, process.origin), count) for day, count in office.staff), key=itemgetter(0))
    return Desk(office, number, place, ((-math.inf, office.reviewers), *steps))


def _visited(process: Process, table: pd.DataFrame) -> Ints:
    """Projects that the service teams go to, region by region."""
    if process.teams is None:
        return np.zeros(0, np.int64)
    rows = np.flatnonzero(mask(process.teams.applies, table))
    region = table["region"].astype(str).to_numpy() if "region" in table else np.full(len(table), "")
    return rows[np.argsort(region[rows], kind="stable")].astype(np.int64)
