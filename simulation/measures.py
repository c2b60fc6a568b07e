"""Measures that stand beside the stages: deferral, hotline, dispatch meetings, service teams (MODEL 4.3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from simulation.distributions import Distribution, as_distribution

Day = float | str | dt.date
"""A day number from the origin, or a date."""
Times = Distribution | float | str
"""How long something takes; a number is fixed, a text such as ``lognormal(5, 0.6)`` is read."""


def as_day(given: Day | None) -> Day | None:
    """A date where a text is one or something holds one; what is no day stays as it is, for `simulation.soundness`.

    >>> as_day("2020-02-03"), as_day(33), as_day("soon")
    (datetime.date(2020, 2, 3), 33, 'soon')
    """
    if isinstance(given, dt.datetime):
        return given.date()
    try:
        return dt.date.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        return given


@dataclass(frozen=True)
class Deferral:
    """Papers of a deferrable stage may follow later (容缺).

    Parameters
    ----------
    promise : float
        Working days within which they must follow.
    default : float
        Probability that they do not; the acceptance lapses then, and the stage is handed in anew.
    """

    promise: float = 20.0
    default: float = 0.0


@dataclass(frozen=True)
class Hotline:
    """A line that takes problems round the clock, first come first served.

    Parameters
    ----------
    staff : int
    time : Times
        Days that one problem takes one of the staff.
    rate : float
        Probability that the problem is solved.
    since : Day, optional
        When it opens; it is always open without.
    """

    staff: int
    time: Times
    rate: float
    since: Day | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", as_distribution(self.time))
        object.__setattr__(self, "since", as_day(self.since))


@dataclass(frozen=True)
class Dispatch:
    """Meetings at which problems are brought before those who can solve them (一月一调度).

    Parameters
    ----------
    every : float
        Days between meetings; one that falls on a day off is held on the next working day.
    rate : float
        Probability that a problem brought before a meeting is solved there.
    seats : int, optional
        Most problems of one meeting, by priority and then the oldest first.
    since : Day, optional
        The first meeting; the origin without.
    notice : float
        Days until a meeting knows of a problem: zero with a common ledger (台账), more where it is reported upwards.
    """

    every: float
    rate: float
    seats: int | None = None
    since: Day | None = None
    notice: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "since", as_day(self.since))


@dataclass(frozen=True)
class Teams:
    """Service teams that go from project to project, region by region, once to each.

    Parameters
    ----------
    number : int
    travel, visit : Times
        Working days on the way to a project and there.
    rate : float
        Probability that an open problem of the project is solved at the end of the visit.
    applies : str
        Which projects are visited, a rule as in `simulation.applies`; all without.
    since : Day, optional
        When they set out; the origin without.
    """

    number: int
    travel: Times
    visit: Times
    rate: float
    applies: str = ""
    since: Day | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "travel", as_distribution(self.travel))
        object.__setattr__(self, "visit", as_distribution(self.visit))
        object.__setattr__(self, "since", as_day(self.since))
