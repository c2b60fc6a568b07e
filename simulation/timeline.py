"""The SimPy environment of the model: actions at stated days, not a process per project; clocks of single days."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from heapq import heappop, heappush
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
FIRST, LAST = URGENT, EventPriority(NORMAL + 1)


class Timeline(simpy.Environment):
    """Days on which actions happen; those of one day in the order in which they were put down.

    >>> timeline, told = Timeline(0.0), []
    >>> timeline.at(2.0, told.append, "b")
    >>> timeline.at(1.0, told.append, "a")
    >>> timeline.run()
    >>> told, timeline.now
    (['a', 'b'], 2.0)
    """

    __slots__ = ("_now",)

    def at(self, day: float, action: Callable[..., None], *args: Any, turn: EventPriority = NORMAL) -> None:
        """Do something on a day, which is kept to the last digit, as a delay would not; now where it is over.

        What has the turn `FIRST` comes before all else of the same moment, what has `LAST` after it.
        """
        if day < self._now:
            day = self._now
        if day < math.inf:
            event: Any = Call(action, args)
            heappush(self._queue, (day, turn, next(self._eid), event))

    def run(self, until: Any = None) -> None:
        """Let everything happen that comes before a day, or everything."""
        queue, end = self._queue, math.inf if until is None else until
        while queue and queue[0][0] < end:
            event: Any = queue[0][3]
            if event.__class__ is Call:
                self._now = heappop(queue)[0]
                event.action(*event.args)
            else:
                self.step()


# Read many times an event: the slot itself, and not a property over it.
Timeline.now = Timeline._now  # type: ignore[assignment, method-assign, misc]


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

    def later(self, day: float, work: float) -> float:
        """The first day on which so many more working days are done."""
        return self.time(self.work(day) + work) if self._days else day + work

    def between(self, day: float, end: float) -> float:
        """Working days from one day to another."""
        return self.work(end) - self.work(day) if self._days else end - day

    def open(self, day: float) -> float:
        """The day itself where it is a working day, else the start of the next one."""
        since = max(day - self._start, 0.0)
        if since >= self._days:
            return day
        whole = int(since)
        while whole < self._days and self._share[whole] == 0:
            whole += 1
        return max(day, float(self._start + whole))
