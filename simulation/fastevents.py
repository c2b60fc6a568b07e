"""Days in the compiled model: the heap of events, and clocks for single days; as `simulation.timeline` has them."""

from __future__ import annotations

import math

import numpy as np

from simulation.fastrows import Rows, at, compiled
from simulation.faststate import NOTHING, State

USUAL, LAST = 1 << 60, 1 << 61
"""Added to the order in which events are put down, so that turns come before it."""


@compiled
def put_down(s: State, day: float, slot: int) -> None:
    """Something is to happen on a day, or now where it is over; in place of what its slot held."""
    run, live = s.run, at(s.live, slot)
    live.order = 0
    if day < run.now:
        day = run.now
    if not day < math.inf:
        return
    if run.size == run.room:
        run.size = swept(s.heap, run.size, s.live)
    run.order += 1
    live.order = run.order + (0 if slot < run.submit else USUAL if slot < run.limit else LAST)
    rise(s.heap, run.size, day, live.order, slot)
    run.size += 1


@compiled
def rise(heap: Rows, place: int, day: float, order: int, slot: int) -> None:
    """Put an event at a free place of the heap, or as far above it as its day asks."""
    while place > 0:
        above = at(heap, (place - 1) >> 1)
        if above.day < day or (above.day == day and above.order < order):
            break
        write(at(heap, place), above.day, above.order, above.slot)
        place = (place - 1) >> 1
    write(at(heap, place), day, order, slot)


@compiled
def write(event: Rows, day: float, order: int, slot: int) -> None:
    """Make an event another one."""
    event.day, event.order, event.slot = day, order, slot


@compiled
def remove_top(heap: Rows, size: int) -> None:
    """Take the first event off the heap; so many are left."""
    place, below, last = 0, 1, at(heap, size)
    while below < size:
        one, other = at(heap, below), at(heap, below + 1)
        if below + 1 < size and (other.day < one.day or (other.day == one.day and other.order < one.order)):
            one, below = other, below + 1
        write(at(heap, place), one.day, one.order, one.slot)
        place, below = below, 2 * below + 1
    rise(heap, place, last.day, last.order, last.slot)


@compiled
def swept(heap: Rows, size: int, live: Rows) -> int:
    """Leave only those events in the heap that are live, less than half of all; how many."""
    left = 0
    for place in range(size):
        one = at(heap, place)
        if at(live, one.slot).order == one.order:
            rise(heap, left, one.day, one.order, one.slot)
            left += 1
    return left


@compiled
def next_event(s: State, until: float) -> tuple[int, int]:
    """What comes next before a day: a slot, or a place among what was planned, the other being nothing."""
    run = s.run
    while True:
        planned = at(s.planned, run.planned).day
        top = at(s.heap, 0)
        if run.size > 0 and (top.day < planned or (top.day == planned and top.order < USUAL)):
            day, order, slot = top.day, top.order, top.slot
            if day >= until:
                return NOTHING, NOTHING
            run.size -= 1
            remove_top(s.heap, run.size)
            if at(s.live, slot).order == order:
                at(s.live, slot).order = 0
                run.now = day
                return slot, NOTHING
        elif planned >= until:
            return NOTHING, NOTHING
        else:
            run.now = planned
            run.planned += 1
            return NOTHING, run.planned - 1


@compiled
def work(clock: Rows, day: float) -> float:
    """Working days from the start of a clock until a day."""
    if not clock.days:
        return day
    since = day - clock.day
    if since < 0:
        return 0.0
    whole = int(min(since, clock.days))
    return at(clock, whole).done + (since - whole) * at(clock, whole).share


@compiled
def time(clock: Rows, done: float) -> float:
    """The first day on which so many working days are done."""
    if not clock.days:
        return done
    low, high = 0, clock.days + 1
    while low < high:
        middle = (low + high) >> 1
        if at(clock, middle).done < done:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return clock.day
    whole = at(clock, low - 1)
    return whole.day + (done - whole.done) / whole.share


@compiled
def on_work(clock: Rows, day: float) -> float:
    """The day itself where it is a working day, else the start of the next one."""
    if not clock.days:
        return day
    whole = int(min(max(day - clock.day, 0.0), clock.days))
    while at(clock, whole).share == 0:
        whole += 1
    return max(day, at(clock, whole).day)


@compiled
def next_meeting(official: Rows, now: float, every: float, first: float) -> float:
    """The next of the days ``first + k every``, moved to working days, that is still to come; NaN: always held."""
    begin, lowest = (0.0, -np.inf) if math.isnan(first) else (first, 0.0)
    if now + every <= now or begin + every <= begin:
        return np.inf
    number = max(np.floor((now - begin) / every), lowest)
    while on_work(official, begin + number * every) <= now:
        number += 1
    return on_work(official, begin + number * every)
