"""The SimPy environment of the model: actions at stated days instead of a process per project."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from heapq import heappush
from typing import Any

import simpy
from simpy.events import NORMAL

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
        """Do something on a day; the day is kept to the last digit, which a delay would not."""
        heappush(self._queue, (day, NORMAL, next(self._eid), Call(action, args)))  # type: ignore[arg-type]


class FastClock:
    """A clock for single days: `work` and `time` of `calendar.Clock` without arrays."""

    def __init__(self, clock: Clock) -> None:
        self._start = clock.start
        self._done: list[float] = clock.done.tolist()
        self._share: list[float] = clock.share.tolist()

    def work(self, day: float) -> float:
        """Working days from the start of the clock until a day."""
        if not self._share:
            return day
        since = day - self._start
        whole = min(max(int(since), 0), len(self._share) - 1)
        return self._done[whole] + (since - whole) * self._share[whole]

    def time(self, work: float) -> float:
        """The first day on which so many working days are done."""
        if not self._share:
            return work
        whole = bisect_left(self._done, work) - 1
        if whole < 0:
            return float(self._start)
        return self._start + whole + (work - self._done[whole]) / self._share[whole]

    def open(self, day: float) -> float:
        """The day itself where it is a working day, else the start of the next one."""
        if not self._share:
            return day
        whole = min(max(math.floor(day - self._start), 0), len(self._share) - 1)
        if self._share[whole] > 0:
            return day
        while whole < len(self._share) - 1 and self._share[whole] == 0:
            whole += 1
        return float(self._start + whole)
