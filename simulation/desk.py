"""A desk in the SimPy model: one queue, reviewers that come and go, priority with or without interruption."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from simulation.timeline import FIRST

if TYPE_CHECKING:
    from simulation.model import Model
    from simulation.network import Desk as Place

Key = tuple[int, float, int]
"""Priority class, day of queueing, number of the arrival: the smaller comes first."""


class Desk:
    """Reviewers at one place.

    Parameters
    ----------
    model : Model
    place : network.Desk
    """

    def __init__(self, model: Model, place: Place) -> None:
        self.model, self.place, office = model, place, place.office
        self.room, self.every, self.preemptive = office.room, office.every, office.preemptive
        self.capacity = place.staff[0][1]
        self.queue: list[tuple[Key, int]] = []
        self.waiting: dict[int, Key] = {}
        self.busy: dict[int, Key] = {}
        self.sitting = False
        for day, number in place.staff[1:] if self.every is None else ():
            model.timeline.at(day, self.employ, number)

    def join(self, pair: int) -> None:
        """An application arrives."""
        model = self.model
        if self.room is not None and len(self.waiting) + len(self.busy) >= self.room:
            model.turned_away(pair)
            return
        now = model.idle_since[pair] = model.timeline.now
        model.arrivals += 1
        key = (model.rank[model.project[pair]], now, model.arrivals)
        if self.every is not None:
            self.wait(pair, key)
            self.convene()
        elif len(self.busy) < self.capacity:
            self.begin(pair, key)
        elif self.preemptive and self.busy and (worst := max(self.busy.values()))[0] > key[0]:
            self.interrupt(worst)
            self.begin(pair, key)
        else:
            self.wait(pair, key)

    def wait(self, pair: int, key: Key) -> None:
        """Put an application into the queue, at the place of its key."""
        self.waiting[pair] = key
        heappush(self.queue, (key, pair))

    def begin(self, pair: int, key: Key) -> None:
        """A reviewer takes up an application."""
        model = self.model
        self.busy[pair] = key
        model.take_up(pair)
        end = model.presence.later(model.timeline.now, model.left_to_do[pair])
        model.timeline.at(end, self.finish, pair, model.token[pair], turn=FIRST)

    def finish(self, pair: int, token: int) -> None:
        """A review is over, unless it was interrupted in between."""
        model = self.model
        if model.token[pair] == token:
            del self.busy[pair]
            model.token[pair] += 1
            model.worked[model.attempt[pair]] += model.left_to_do[pair]
            model.reviewed(pair)
            if self.queue:
                self.proceed()

    def proceed(self) -> None:
        """Take up the next applications while reviewers are free."""
        while len(self.busy) < self.capacity and (pair := self.next()) is not None:
            self.begin(*pair)

    def next(self) -> tuple[int, Key] | None:
        """The first application of the queue, those that have left passed over."""
        while self.queue:
            key, pair = heappop(self.queue)
            if self.waiting.get(pair) == key:
                del self.waiting[pair]
                return pair, key
        return None

    def interrupt(self, key: Key) -> None:
        """Put the review with this key back into the queue, to be resumed later."""
        pair = next(pair for pair, one in self.busy.items() if one == key)
        del self.busy[pair]
        self.model.put_down(pair)
        self.model.idle_since[pair] = self.model.timeline.now
        self.wait(pair, key)

    def employ(self, number: int) -> None:
        """From now on there are so many reviewers; the last in order are interrupted where there are fewer."""
        self.capacity = number
        while len(self.busy) > self.capacity:
            self.interrupt(max(self.busy.values()))
        self.proceed()

    def withdraw(self, pair: int) -> None:
        """An application is taken out of the queue, if it is there."""
        if self.waiting.pop(pair, None) is not None:
            self.model.waited[self.model.attempt[pair]] += self.model.timeline.now - self.model.idle_since[pair]

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
        seats = self.place.office.seats or len(self.waiting)
        taken = [one for _ in range(seats) if (one := self.next()) is not None]
        for pair, _ in taken:
            self.model.take_up(pair)
        for pair, _ in taken:
            if not self.model.gone(pair):
                self.model.reviewed(pair)
        self.convene()
