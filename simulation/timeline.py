"""The SimPy environment of the model: actions at stated days, not a process per project; clocks of single days."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from heapq import heappush
from typing import Any

import simpy
from simpy.events import NORMAL, URGENT, EventPriority

from simulation.calendar import Clock


class Call:
    """An event of SimPy that does one thing; leaner than an event with a list of callbacks."""

    __slots__ = ("_ok", "action", "args", "callbacks")

    def __init__(self, action: Callable[..., None], args: tuple[Any, ...]) -> None:
        self.callbacks: Any = _DO
        self._ok = True
        self.action, self.args = action, args


def _do(call: Call) -> None:
    call.action(*call.args)


_DO = (_do,)
LAST = EventPriority(NORMAL + 1)


class Timeline(simpy.Environment):
    """Days on which actions happen; those of one day in the order in which they were put down.

    >>> timeline, told = Timeline(0.0), []
    >>> timeline.at(2.0, told.append, "b")
    >>> timeline.at(1.0, told.append, "a")
    >>> timeline.run()
    >>> told, timeline.now
    (['a', 'b'], 2.0)
    """

    def at(self, day: float, action: Callable[..., None], *args: Any) -> None:
        """Do something on a day, which is kept to the last digit, as a delay would not; now where it is over."""
        self._put_down(day, NORMAL, action, args)

    def first(self, day: float, action: Callable[..., None], *args: Any) -> None:
        """Do something on a day before all else of the same moment."""
        self._put_down(day, URGENT, action, args)

    def last(self, day: float, action: Callable[..., None], *args: Any) -> None:
        """Do something on a day after all else of the same moment."""
        self._put_down(day, LAST, action, args)

    def _put_down(self, day: float, place: EventPriority, action: Callable[..., None], args: tuple[Any, ...]) -> None:
        if day < self._now:
            day = self._now
        if day < math.inf:
            event: Any = Call(action, args)
            heappush(self._queue, (day, place, next(self._eid), event))

    def run(self, until: Any = None) -> None:
        """Let everything happen that comes before a day, or everything."""
        while self._queue and (until is None or self._queue[0][0] < until):
            self.step()


class FastClock:
    """A clock for single days: `work` and `time` of `calendar.Clock` without arrays."""

    def __init__(self, clock: Clock) -> None:
        self._start = clock.start
        self._days = len(clock.share)
        self._done: list[float] = clock.done.tolist()
        self._share: list[float] = clock.share.tolist()

    def work(self, day: float) -> float:
        """Working days from the start of the clock until a day."""
        if not self._days:
            return day
        since = day - self._start
        if since < 0:
            return 0.0
        if since >= self._days:
            return self._done[-1] + (since - self._days)
        whole = int(since)
        return self._done[whole] + (since - whole) * self._share[whole]

    def time(self, work: float) -> float:
        """The first day on which so many working days are done."""
        if not self._days:
            return work
        whole = bisect_left(self._done, work) - 1
        if whole < 0:
            return float(self._start)
        if whole == self._days:
            return self._start + whole + (work - self._done[whole])
        return self._start + whole + (work - self._done[whole]) / self._share[whole]

    def open(self, day: float) -> float:
        """The day itself where it is a working day, else the start of the next one."""
        since = max(day - self._start, 0.0)
        if since >= self._days:
            return day
        whole = int(since)
        while whole < self._days and self._share[whole] == 0:
            whole += 1
        return max(day, float(self._start + whole))
