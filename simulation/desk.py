"""A desk in the SimPy model: one queue, reviewers that come and go, priority with or without interruption."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from simulation.timeline import FIRST, PLANNED

if TYPE_CHECKING:
    from simulation.model import Model
    from simulation.network import Desk as Place

Key = tuple[int, int, int]
"""Priority class, number of the arrival, pair: the smaller comes first."""


class Desk:
    """Reviewers at one place.

    Parameters
    ----------
    model : Model
    place : network.Desk
    """

    __slots__ = ("at_end", "busy", "capacity", "every", "model", "preemptive", "queue", "room", "seats", "sitting",
                 "waiting")  # fmt: skip

    def __init__(self, model: Model, place: Place) -> None:
        office = place.office
        self.model, self.capacity, self.sitting = model, place.staff[0][1], False
        self.room, self.every, self.seats, self.preemptive = office.room, office.every, office.seats, office.preemptive
        self.queue: list[Key] = []
        self.waiting: dict[int, Key] = {}
        self.busy: dict[int, Key] = {}
        self.at_end = self.finish
        for day, number in place.staff[1:] if self.every is None else ():
            model.timeline.at(day, self.employ, number, PLANNED)

    def join(self, pair: int) -> None:
        """An application arrives."""
        model, busy = self.model, self.busy
        if self.room is not None and len(self.waiting) + len(busy) >= self.room:
            model.turned_away(pair)
            return
        model.arrivals += 1
        key = (model.rank[pair], model.arrivals, pair)
        if self.every is not None:
            self.wait(key)
            self.convene()
        elif len(busy) < self.capacity:
            self.begin(key)
        elif self.preemptive and busy and (worst := max(busy.values()))[0] > key[0]:
            self.interrupt(worst)
            self.begin(key)
        else:
            self.wait(key)

    def wait(self, key: Key) -> None:
        """Put an application into the queue, at the place of its key."""
        self.waiting[key[2]] = key
        heappush(self.queue, key)

    def begin(self, key: Key) -> None:
        """A reviewer takes up an application."""
        model, pair = self.model, key[2]
        self.busy[pair] = key
        now, visit = model.timeline.now, model.attempt[pair]
        if visit in model.since:
            model.resume(pair)
        else:
            model.begun[visit] = now
        end = model.presence.later(now, model.left_to_do[visit])
        model.due[pair] = model.timeline.at(end, self.at_end, pair, FIRST)

    def finish(self, pair: int) -> None:
        """A review is over."""
        del self.busy[pair]
        self.model.reviewed(pair)
        if self.queue:
            self.proceed()

    def proceed(self) -> None:
        """Take up the next applications while reviewers are free."""
        while len(self.busy) < self.capacity and (key := self.next()) is not None:
            self.begin(key)

    def next(self) -> Key | None:
        """The first application of the queue, those that have left passed over."""
        while self.queue:
            key = heappop(self.queue)
            if self.waiting.get(key[2]) is key:
                del self.waiting[key[2]]
                return key
        return None

    def interrupt(self, key: Key) -> None:
        """Put the review with this key back into the queue, to be resumed later."""
        del self.busy[key[2]]
        self.model.put_down(key[2])
        self.wait(key)

    def employ(self, number: int) -> None:
        """From now on there are so many reviewers; the last in order are interrupted where there are fewer."""
        self.capacity = number
        while len(self.busy) > self.capacity:
            self.interrupt(max(self.busy.values()))
        self.proceed()

    def withdraw(self, pair: int) -> None:
        """An application is taken out of the queue, if it is there."""
        if self.waiting.pop(pair, None) is not None:
            self.model.wait_until(pair, self.model.timeline.now)

    def stop(self, pair: int) -> None:
        """An application is taken away from its reviewer, if it is there."""
        if self.busy.pop(pair, None) is not None:
            self.model.put_down(pair)
            self.proceed()

    def convene(self) -> None:
        """Call the next meeting, if anything waits and none is called."""
        if self.waiting and not self.sitting:
            self.sitting = True
            self.model.timeline.at(self.model.next_meeting(self.every or 1.0), self.sit)

    def sit(self) -> None:
        """A meeting: the first of the queue are decided."""
        self.sitting = False
        seats = self.seats or len(self.waiting)
        taken = [key[2] for _ in range(seats) if (key := self.next()) is not None]
        for pair in taken:
            self.model.begun[self.model.attempt[pair]] = self.model.timeline.now
        for pair in taken:
            if not self.model.gone(pair):
                self.model.reviewed(pair)
        self.convene()
