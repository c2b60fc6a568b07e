"""A review process as data: stages, offices, problems, calendar and standing measures (MODEL 4.1-4.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from allocator.errors import InputError
from simulation.calendar import Calendar
from simulation.distributions import as_distribution
from simulation.measures import Day, Deferral, Dispatch, Hotline, Teams, Times, as_day

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from allocator.case import Case

Level = Literal["province", "city", "county"]
ORIGIN = dt.date(2020, 1, 1)
REVIEW, GRANTED, STARTED = 0, 1, 2
"""Stages before the grant, between grant and start, and after the start."""
STAGE_TIMES = ("work", "prepare", "filing", "elapsed", "correction")


@dataclass(frozen=True)
class Stage:
    """One step from registration to start (4.1).

    Parameters
    ----------
    name : str
    office : str
        Whose reviewers decide; without one the stage only takes time.
    work : Times
        Working days of one reviewer.
    after : tuple of str
        Stages that must come before by law.
    customary_after : tuple of str
        Stages that come before where reviews are not parallel.
    applies : str
        Which projects pass it, a rule over their columns such as ``route = approve; energy >= 1000``; all without.
    prepare : Times
        Days in which the applicant makes the papers ready.
    filing : Times
        Days from papers to acceptance: the way there, and the formal check.
    elapsed : Times
        Fixed days after the decision: public notice, listing.
    returns : float
        Probability that an application is sent back for correction (补正).
    correction : Times
        Days of a correction; the clock of the limit is stopped.
    refuses, withdraws : float
        Probability that an application which is not sent back is refused, and that one sent back is withdrawn.
    limit, extension : float, optional
        Working days in which the office must decide, and by which it may extend them.
    deferrable : str or bool
        Projects for which what comes after need not wait for it where deferral is on, as a rule; ``True`` for all.
    after_grant : bool
        The stage begins once everything is approved and granted (mobilisation).
    not_before : str
        A column of dates of the projects before which the stage is not handed in, also some days off: ``due - 30``.
    after_start : bool
        The stage comes after the start (acceptance): part of the whole procedure, but it moves no start.
    phase, title : str
        For tables and pictures.

    Examples
    --------
    >>> Stage("review", office="desk", work=2).work.mean
    2.0
    """

    name: str
    office: str = ""
    work: Times = 0.0
    after: tuple[str, ...] = ()
    customary_after: tuple[str, ...] = ()
    applies: str = ""
    prepare: Times = 0.0
    filing: Times = 0.0
    elapsed: Times = 0.0
    returns: float = 0.0
    correction: Times = 0.0
    refuses: float = 0.0
    withdraws: float = 0.0
    limit: float | None = None
    extension: float = 0.0
    deferrable: str | bool = False
    after_grant: bool = False
    not_before: str = ""
    after_start: bool = False
    phase: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        for name in STAGE_TIMES:
            object.__setattr__(self, name, as_distribution(getattr(self, name)))
        for name in ("after", "customary_after"):
            object.__setattr__(self, name, _names(getattr(self, name)))

    @property
    def part(self) -> int:
        """REVIEW, GRANTED or STARTED: whether it comes before the grant, before the start, or after it."""
        return STARTED if self.after_start else GRANTED if self.after_grant else REVIEW


@dataclass(frozen=True)
class Office:
    """A desk of reviewers with one queue, or one such desk in every city or county (4.2).

    Parameters
    ----------
    name : str
    reviewers : int
        At each desk.
    level : {"province", "city", "county"}
        One desk in all, one for each region of the projects, or one for each county.
    region, county : str
        A row for one place only, where it differs from the others.
    preemptive : bool
        A project with priority interrupts one without; the review is resumed later.
    staff : tuple of (day, int)
        Number of reviewers from a day on.
    every, seats : float and int, optional
        The office decides at meetings every so many days only, over at most so many applications.
    room : int, optional
        Most applications at the desk; one that finds it full is turned away.
    title : str
        For tables and pictures.
    """

    name: str
    reviewers: int = 1
    level: Level = "province"
    region: str = ""
    county: str = ""
    preemptive: bool = False
    staff: tuple[tuple[Day, int], ...] = ()
    every: float | None = None
    seats: int | None = None
    room: int | None = None
    title: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "staff", tuple((as_day(day), number) for day, number in self.staff))


@dataclass(frozen=True)
class Problem:
    """What blocks projects until somebody solves it (4.4).

    Parameters
    ----------
    name : str
    mean : float
        Mean number per project, Poisson.
    own : Times
        Days until the project has solved it by itself.
    applies : str
        Which projects can have it, a rule over their columns.
    blocks : str
        The stage that it blocks; the start without.
    hotline, dispatch, teams : bool
        Who can help.
    title : str
        For tables and pictures.
    """

    name: str
    mean: float
    own: Times
    applies: str = ""
    blocks: str = ""
    hotline: bool = True
    dispatch: bool = True
    teams: bool = True
    title: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "own", as_distribution(self.own))


@dataclass(frozen=True)
class Process:
    """Everything between registration and start, as it stands before any lever is moved.

    Parameters
    ----------
    stages : iterable of Stage
    offices : iterable of Office
    problems : iterable of Problem
    calendar : Calendar, str or None
        Working days: a calendar, ``"CN"`` or another country's code, ``"weekly"``; every hour counts with None.
    origin : date
        Day 0.
    entry : str
        The column of the projects that says when they enter, a date or a day number.
    patience : Times, optional
        Days after which a project that has not started is abandoned.
    year : Times, optional
        A factor on review work and the applicants' time, drawn once per replication (mean 1): a good or a bad year.
    deferral, hotline, dispatch, teams : optional
        Measures in force, see `simulation.measures`.
    parallel : bool
        Stages follow the law only, not custom.
    enforced : bool
        What is not decided within its limit is decided by default.
    green : tuple of str
        Tiers that come first in every queue, in this order.

    Raises
    ------
    InputError
        With every fault of the process at once.

    Examples
    --------
    >>> process = Process([Stage("review", office="desk", work=1.0)], [Office("desk", reviewers=3)])
    >>> process.stages[0].name, process.calendar is None
    ('review', True)
    >>> Process([Stage("review", office="dsek", work=1.0)], [Office("desk")])
    Traceback (most recent call last):
    ...
    allocator.errors.InputError: 1 fault in the input:
    - stages, row 2, office: there is no office “dsek”; did you mean “desk”?
    """

    stages: tuple[Stage, ...]
    offices: tuple[Office, ...] = ()
    problems: tuple[Problem, ...] = ()
    calendar: Calendar | None = None
    origin: dt.date = ORIGIN
    entry: str = "ready"
    patience: Times | None = None
    year: Times | None = None
    deferral: Deferral | None = None
    hotline: Hotline | None = None
    dispatch: Dispatch | None = None
    teams: Teams | None = None
    parallel: bool = False
    enforced: bool = False
    green: tuple[str, ...] = ()

    def __init__(
        self,
        stages: Iterable[Stage],
        offices: Iterable[Office] = (),
        problems: Iterable[Problem] = (),
        *,
        calendar: Calendar | str | None = None,
        origin: dt.date | str = ORIGIN,
        **settings: Any,
    ) -> None:
        from simulation.calendar import calendar as named
        from simulation.soundness import unsound

        unknown = set(settings) - {one.name for one in fields(self)}
        if unknown:
            raise TypeError(f"Process() got an unexpected keyword argument {sorted(unknown)[0]!r}")
        day = dt.date.fromisoformat(origin) if isinstance(origin, str) else origin
        made = {"stages": tuple(stages), "offices": tuple(offices), "problems": tuple(problems),
                "calendar": named(calendar), "origin": day, **settings}  # fmt: skip
        for one in fields(self):
            object.__setattr__(self, one.name, made.get(one.name, one.default))
        for name in ("patience", "year"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else as_distribution(value))
        object.__setattr__(self, "green", _names(self.green))
        found = unsound(self)
        if found:
            raise InputError(found)

    @staticmethod
    def read(path: str | Path) -> Process:
        """Read the process of a case, from its folder or workbook.

        Raises
        ------
        InputError
            With every fault at once.
        """
        from allocator.case import Case

        return Process.of(Case.read(path))

    @staticmethod
    def of(case: Case) -> Process:
        """The process that a case holds.

        Raises
        ------
        InputError
            With every fault of its tables at once.
        """
        from simulation.processtables import from_tables

        return from_tables(case.extra, case.rows)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The process as the tables of a case: ``case.with_changes(**process.tables())`` holds it.

        >>> Process([Stage("review", office="desk", work=1.0)], [Office("desk", reviewers=3)]).tables()["offices"]
          office     level  reviewers
        0   desk  province        3.0
        """
        from simulation.processtables import to_tables

        return to_tables(self)

    def with_changes(self, **changes: Any) -> Process:
        """A new process with some fields changed; this one stays as it is.

        Raises
        ------
        InputError
            With every fault of the new process.

        Examples
        --------
        >>> process = Process([Stage("review", office="desk", work=1.0)], [Office("desk", reviewers=3)])
        >>> process.with_changes(enforced=True).enforced, process.enforced
        (True, False)
        """
        return replace(self, **changes)


def _names(given: str | Iterable[str]) -> tuple[str, ...]:
    """One name or several."""
    return (given,) if isinstance(given, str) and given else tuple(given)
