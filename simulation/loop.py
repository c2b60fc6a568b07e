"""The loop: quota is given out inside the simulation, as projects become ready (MODEL 5)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from allocator import regimes
from allocator.case import Case
from allocator.cells import nearest
from allocator.errors import YaosuError
from allocator.options import period_bounds
from allocator.round import Round
from allocator.sitting import Choice, Sitting
from simulation.depends import depends
from simulation.draws import draw
from simulation.giving import Given, Giving
from simulation.measures import Day
from simulation.network import Network, day_number
from simulation.process import Process
from simulation.records import Records
from simulation.run import Engine, horizon
from simulation.timeline import FastClock

Decide = Callable[[Sitting], Choice]


@dataclass(frozen=True)
class Regime:
    """How quota is given out at a sitting.

    Attributes
    ----------
    name : str
    decide : callable
        From what is known at a sitting to what is decided: see `allocator.sitting.Sitting`.
    returns : bool
        A grant that is not followed by a start within the policy's ``return_days`` returns, and its project competes
        again. Projects that leave give back what they hold in any regime.

    Examples
    --------
    >>> def largest_first(one: Sitting) -> Choice:
    ...     return one.take(one.projects.sort_values("land", ascending=False)["id"])
    >>> Regime("largest first", largest_first).returns
    True
    """

    name: str
    decide: Decide
    returns: bool = True


REGIMES: Mapping[str, Regime] = {
    name: Regime(name, decide, returns=name in ("follow", "priced")) for name, decide in regimes.REGIMES.items()
}
USUAL = ("regional", "ranked", "follow")
"""The regimes that are compared where none is named."""


@dataclass(frozen=True, eq=False)
class Loop:
    """What is given out inside a simulation, by which regime and when.

    Parameters
    ----------
    round : Round
        The planning round of a case: ``Round.of(case)``.
    regime : Regime
    every : "month", float or None
        A sitting on the first working day of each month, or every so many days; None: there is only the first.
    first : day, optional
        Of the sittings; the origin of the process without, and not before the first period.
    gap : float
        Relative gap of each sitting that optimises.
    time_limit : float
        Seconds of each.

    Examples
    --------
    >>> projects = pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [9.0, 8.0], "ready": [5.0, 0.0]})
    >>> pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [6.0]})
    >>> loop = Loop.of(Case.from_tables(projects=projects, pools=pools), "follow", every=1)
    >>> from simulation import Stage
    >>> from simulation.run import prepare
    >>> kept, given = run(loop, prepare(projects, Process([Stage("review", elapsed=1)])))
    >>> given.holdings[["project", "day"]].values.tolist(), kept.started.tolist()
    ([[1.0, 1.0]], [nan, 1.0])
    """

    round: Round = field(repr=False)
    regime: Regime
    every: Literal["month"] | float | None = "month"
    first: Day | None = None
    gap: float = 2e-2
    time_limit: float = 60.0

    @staticmethod
    def of(case: Case | Round, regime: str | Regime | Decide = "follow", **when: object) -> Loop:
        """The loop of a case under a regime by name, or one's own.

        Raises
        ------
        YaosuError
            There is no such regime, or the periods of the pools are neither dates nor day numbers.
        """
        made = case if isinstance(case, Round) else Round.of(case)
        if any(isinstance(day, float) and math.isnan(day) for day in made.begins):
            raise YaosuError("loop_periods", {"found": ", ".join(made.model.pools.periods)})
        return Loop(made, regime_of(regime), **when)  # type: ignore[arg-type]

    def check(self, process: Process, until: Day | None = None) -> None:
        """Refuse a first sitting on which there is no quota yet, or nothing is given out any more.

        Raises
        ------
        YaosuError

        Examples
        --------
        >>> projects = pd.DataFrame({"id": ["a"], "land": [4.0], "value": [9.0]})
        >>> pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "period": ["2020Q2"], "amount": [6.0]})
        >>> case = Case.from_tables(projects=projects, pools=pools)
        >>> Loop.of(case, first="2020-05-06").check(Process([]), until="2020-05-06")
        >>> Loop.of(case, first="2020-03-02").check(Process([]))  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        YaosuError: there is no quota before 2020-04-01
        """
        if self.first is None:
            return
        day = day_number(self.first, process.origin)
        begin = next((day_number(one, process.origin) for one in self.round.begins), 0.0)
        end = _end(self, process, None if until is None else horizon(until, process))
        if not begin <= day < end:
            code, bound = ("early", begin) if day < begin else ("late", math.ceil(end) - 1.0)
            raise YaosuError(f"loop_first_{code}", {one: self._alike(at, process)
                                                    for one, at in (("found", day), ("bound", bound))})  # fmt: skip

    def _alike(self, day: float, process: Process) -> str:
        """A day as the first sitting is stated: a date or a number."""
        dated = isinstance(self.first, str | dt.date)
        return str(process.origin + dt.timedelta(days=math.floor(day))) if dated else f"{day:g}"

    @property
    def told(self) -> list[object]:
        """All that a result depends on beside projects, process and seed, for its fingerprint."""
        first = self.first.isoformat() if isinstance(self.first, dt.date) else self.first
        return [self.round.case.hash, [repr(one) for one in self.round.earlier], depends(self.regime.decide),
                self.regime.returns, self.every, first, self.gap]  # fmt: skip


def regime_of(stated: str | Regime | Decide) -> Regime:
    """A regime by its name, or a function as a regime.

    Raises
    ------
    YaosuError
        There is none of that name.

    Examples
    --------
    >>> regime_of("follow").returns, regime_of("ranked").returns
    (True, False)
    """
    if isinstance(stated, Regime):
        return stated
    if callable(stated):
        return Regime(getattr(stated, "__name__", "own"), stated)
    if stated not in REGIMES:
        near = nearest(stated, list(REGIMES))
        raise YaosuError("loop_regime", {"found": stated, "nearest": near, "expected": ", ".join(REGIMES)})
    return REGIMES[stated]


def run(
    loop: Loop, made: Network, seed: int = 0, replication: int = 0, engine: Engine = "fast", until: Day | None = None
) -> tuple[Records, Given]:
    """One replication with sittings in it.

    Parameters
    ----------
    loop : Loop
    made : Network
        Of the same projects.
    seed, replication, engine, until
        As of `simulation.run.replicate`.

    Returns
    -------
    records : Records
    given : Given
        What was given to whom, when and from which pools.

    Raises
    ------
    YaosuError
        A regime gives out more than there is, or to projects that do not wait.
    """
    cut = None if until is None else horizon(until, made.process)
    giving = Giving(loop.round, loop.regime, loop.gap, loop.time_limit, made, draw(made, seed, replication), engine)
    waits_on = loop.regime.decide not in regimes.REGIMES.values() and math.isfinite(_end(loop, made.process, cut))
    for day, period, sits in days(loop, made, cut):
        giving.step(day, period, sits)
        if giving.done(day) and not waits_on:
            break
    return giving.course.records(cut), giving.given()


def days(loop: Loop, made: Network, cut: float | None) -> Iterator[tuple[float, int, bool]]:
    """Days on which something is given out: ``day, period, whether there is a sitting``; period begins are among them.

    They end with the last period where its end is known, or with the cut; else they go on for ever.
    """
    begins = [day_number(one, made.process.origin) for one in loop.round.begins] or [-math.inf]
    end = _end(loop, made.process, cut)
    first = max(0.0 if loop.first is None else day_number(loop.first, made.process.origin), begins[0])
    planned = _merged(_sittings(loop, made, first), [day for day in begins if first < day < end])
    for day, sits in planned:
        if day >= end:
            return
        yield day, max(sum(begin <= day for begin in begins) - 1, 0), sits


def _end(loop: Loop, process: Process, cut: float | None) -> float:
    """The day on which nothing is given out any more."""
    bounds = period_bounds(loop.round.model.pools.periods[-1]) if loop.round.begins else None
    last = math.inf if bounds is None else day_number(bounds[1], process.origin) + 1.0
    return last if cut is None else min(last, cut)


def _sittings(loop: Loop, made: Network, first: float) -> Iterator[float]:
    """The days of the sittings, moved to working days where there is a calendar."""
    clock, origin = FastClock(made.official), made.process.origin
    yield clock.open(first)
    if loop.every is None:
        return
    number = 0
    while True:
        number += 1
        if loop.every == "month":
            day = day_number(_month(origin, first, number), origin)
        else:
            day = first + number * loop.every
        yield clock.open(day)


def _month(origin: dt.date, first: float, number: int) -> dt.date:
    """The first day of the so-manieth month after a day."""
    start = pd.Timestamp(origin) + pd.Timedelta(days=math.floor(first))
    month = start.year * 12 + start.month - 1 + number
    return dt.date(month // 12, month % 12 + 1, 1)


def _merged(sittings: Iterator[float], begins: list[float]) -> Iterator[tuple[float, bool]]:
    """Sittings and period begins in order of time; a sitting on the day of a begin is one step."""
    left = sorted(begins, reverse=True)
    for day in sittings:
        while left and left[-1] < day:
            yield left.pop(), False
        if left and left[-1] == day:
            left.pop()
        yield day, True
    for day in reversed(left):
        yield day, False
