"""The SimPy environment of the model: actions at stated days, not a process per project; clocks of single days."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import simpy
from simpy.events import NORMAL, URGENT, EventPriority

from simulation.calendar import Clock

Action = Callable[..., None]
Entry = tuple[float, EventPriority, int, Action, Any]
"""Day, turn, number in the order of putting down, what is done, and to what; SimPy's own events are shorter."""
SIMPYS = 4
FIRST, PLANNED, LAST = EventPriority(URGENT - 1), URGENT, EventPriority(NORMAL + 1)


class Timeline(simpy.Environment):
    """Days on which actions happen; those of one day in the order in which they were put down.

    >>> timeline, told = Timeline(0.0), []
    >>> timeline.at(2.0, told.append, "b")
    0
    >>> timeline.at(1.0, told.append, "a")
    1
    >>> timeline.run()
    >>> told, timeline.now
    (['a', 'b'], 2.0)

    Notes
    -----
    An action is no event of SimPy, which has lists and states that nobody asks for, but a tuple in SimPy's own queue.
    What is put down for this very moment is kept beside that queue, in order already.
    """

    __slots__ = ("_cancelled", "_now", "_soon")
    _queue: Any

    def __init__(self, start: float) -> None:
        super().__init__(start)
        self._soon: deque[Entry] = deque()
        self._cancelled: set[int] = set()

    def at(self, day: float, action: Action, what: Any = None, turn: EventPriority = NORMAL) -> int:
        """Do something on a day, which is kept to the last digit, as a delay would not; now where it is over.

        Parameters
        ----------
        day : float
            Infinite: never.
        action : callable
        what : optional
            What the action is told, where it is told anything.
        turn : EventPriority
            At one moment what has the turn `FIRST` comes before `PLANNED`, that before all else, and `LAST` after it.

        Returns
        -------
        int
            By which it can be cancelled.
        """
        number = next(self._eid)
        if day > self._now:
            if day < math.inf:
                heappush(self._queue, (day, turn, number, action, what))
        elif turn == NORMAL:
            self._soon.append((self._now, turn, number, action, what))
        else:
            heappush(self._queue, (self._now, turn, number, action, what))
        return number

    def cancel(self, number: int) -> None:
        """What was put down, and has not happened yet, does not happen."""
        self._cancelled.add(number)

    def run(self, until: Any = None) -> None:
        """Let everything happen that comes before a day, or everything."""
        queue, soon, cancelled, end = self._queue, self._soon, self._cancelled, math.inf if until is None else until
        while True:  # Python makes such a loop faster while it runs; one with a condition only when it is run again
            if soon and (not queue or queue[0][0] > self._now or soon[0] < queue[0]):
                if self._now >= end:
                    return
                _, _, number, action, what = soon.popleft()
            elif not queue or queue[0][0] >= end:
                return
            elif len(queue[0]) == SIMPYS:
                super().step()
                continue
            else:
                self._now, _, number, action, what = heappop(queue)
            if cancelled and number in cancelled:
                cancelled.remove(number)
            elif what is None:
                action()
            else:
                action(what)

    def peek(self) -> float:
        """The day of what comes next; infinite where nothing does."""
        return self._now if self._soon else float(super().peek())

    def step(self) -> None:
        """Let the next thing happen."""
        queue = self._queue
        if self._soon:
            heappush(queue, self._soon.popleft())
        if not queue or len(queue[0]) == SIMPYS:
            super().step()
            return
        self._now, _, number, action, what = heappop(queue)
        if number in self._cancelled:
            self._cancelled.remove(number)
        else:
            action(*(() if what is None else (what,)))


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
