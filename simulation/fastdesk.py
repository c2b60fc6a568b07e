"""Desks of the compiled model: one queue, reviewers that come and go, priority; as `simulation.desk` has them.

A pair stands in a line of its desk and its class, waiting or busy, in the order of arrival. Who arrived last began
last, and an interrupted review goes back to the head of its line; so only the ends of a line are ever looked for.
"""

from __future__ import annotations

import math

import numpy as np

from simulation.fastevents import next_meeting, put_down, time, work
from simulation.fastrows import Rows, at, compiled
from simulation.faststate import NOTHING, State


@compiled
def stand_last(lines: Rows, pairs: Rows, line: int, pair: int) -> None:
    """Put a pair at the end of a line."""
    one = at(pairs, pair)
    one.line, one.ahead, one.behind = line, at(lines, line).last, NOTHING
    if one.ahead == NOTHING:
        at(lines, line).first = pair
    else:
        at(pairs, one.ahead).behind = pair
    at(lines, line).last = pair


@compiled
def stand_first(lines: Rows, pairs: Rows, line: int, pair: int) -> None:
    """Put a pair at the head of a line."""
    one = at(pairs, pair)
    one.line, one.ahead, one.behind = line, NOTHING, at(lines, line).first
    if one.behind == NOTHING:
        at(lines, line).last = pair
    else:
        at(pairs, one.behind).ahead = pair
    at(lines, line).first = pair


@compiled
def step_out(lines: Rows, pairs: Rows, pair: int) -> None:
    """Take a pair out of the line where it stands."""
    one = at(pairs, pair)
    if one.ahead == NOTHING:
        at(lines, one.line).first = one.behind
    else:
        at(pairs, one.ahead).behind = one.behind
    if one.behind == NOTHING:
        at(lines, one.line).last = one.ahead
    else:
        at(pairs, one.behind).ahead = one.ahead
    one.line = NOTHING


@compiled
def take_up(s: State, pair: int) -> None:
    """A review begins, or goes on."""
    one, now = at(s.pairs, pair), s.run.now
    visit = at(s.visits, one.attempt)
    one.taken_up = now
    visit.waited += now - one.idle_since
    if math.isnan(visit.begun):
        visit.begun = now


@compiled
def leave_off(s: State, pair: int, worked: float) -> None:
    """A review ends, or is interrupted."""
    one, run = at(s.pairs, pair), s.run
    at(s.live, run.finish + pair).order = 0
    run.put_down_last = run.now
    one.left_to_do -= worked
    at(s.visits, one.attempt).worked += worked


@compiled
def end_review(s: State, pair: int, worked: float) -> None:
    """A reviewer lays an application out of hand."""
    step_out(s.lines, s.pairs, pair)
    at(s.desks, at(s.pairs, pair).desk).busy -= 1
    leave_off(s, pair, worked)


@compiled
def done_so_far(s: State, pair: int) -> float:
    """Working days since the review was taken up."""
    return work(s.presence, s.run.now) - work(s.presence, at(s.pairs, pair).taken_up)


@compiled
def join(s: State, pair: int) -> bool:
    """An application arrives; whether there is room for it."""
    one = at(s.pairs, pair)
    desk = at(s.desks, one.desk)
    if desk.waiting + desk.busy >= desk.room:
        return False
    one.idle_since = s.run.now
    if desk.every > 0:
        wait_last(s, pair)
        convene(s, one.desk)
    elif desk.busy < desk.capacity:
        begin_review(s, pair)
    elif desk.preemptive and worst_class(s, one.desk) > one.queue:
        interrupt(s, at(s.lines, 2 * worst_class(s, one.desk) + 1).last)
        begin_review(s, pair)
    else:
        wait_last(s, pair)
    return True


@compiled
def wait_last(s: State, pair: int) -> None:
    """Put an application at the end of its queue."""
    stand_last(s.lines, s.pairs, 2 * at(s.pairs, pair).queue, pair)
    at(s.desks, at(s.pairs, pair).desk).waiting += 1


@compiled
def worst_class(s: State, desk: int) -> int:
    """The queue of the last priority class that is under review at a desk."""
    ranks = s.run.ranks
    for queue in range((desk + 1) * ranks - 1, desk * ranks - 1, -1):
        if at(s.lines, 2 * queue + 1).last != NOTHING:
            return queue
    return NOTHING


@compiled
def begin_review(s: State, pair: int) -> None:
    """A reviewer takes up an application."""
    one, run = at(s.pairs, pair), s.run
    stand_last(s.lines, s.pairs, 2 * one.queue + 1, pair)
    at(s.desks, one.desk).busy += 1
    take_up(s, pair)
    put_down(s, time(s.presence, work(s.presence, run.now) + one.left_to_do), run.finish + pair)


@compiled
def proceed(s: State, desk: int) -> None:
    """Take up the next applications while reviewers are free."""
    here = at(s.desks, desk)
    while here.busy < here.capacity and here.waiting > 0:
        begin_review(s, call_next(s, desk))


@compiled
def call_next(s: State, desk: int) -> int:
    """Take the first application out of the queue; there must be one."""
    queue = desk * s.run.ranks
    while at(s.lines, 2 * queue).first == NOTHING:
        queue += 1
    pair = at(s.lines, 2 * queue).first
    step_out(s.lines, s.pairs, pair)
    at(s.desks, desk).waiting -= 1
    return pair


@compiled
def interrupt(s: State, pair: int) -> None:
    """Put a review back into the queue, to be resumed later."""
    one = at(s.pairs, pair)
    end_review(s, pair, done_so_far(s, pair))
    one.idle_since = s.run.now
    stand_first(s.lines, s.pairs, 2 * one.queue, pair)
    at(s.desks, one.desk).waiting += 1


@compiled
def employ(s: State, desk: int, number: int) -> None:
    """From now on there are so many reviewers; the last in order are interrupted where there are fewer."""
    here = at(s.desks, desk)
    here.capacity = number
    while here.busy > here.capacity:
        interrupt(s, at(s.lines, 2 * worst_class(s, desk) + 1).last)
    proceed(s, desk)


@compiled
def withdraw(s: State, pair: int) -> None:
    """An application is taken out of the queue, if it is there."""
    one = at(s.pairs, pair)
    if one.line == 2 * one.queue:
        step_out(s.lines, s.pairs, pair)
        at(s.desks, one.desk).waiting -= 1
        at(s.visits, one.attempt).waited += s.run.now - one.idle_since


@compiled
def stop(s: State, pair: int) -> None:
    """An application is taken away from its reviewer, if it is there."""
    one = at(s.pairs, pair)
    if one.line == 2 * one.queue + 1:
        end_review(s, pair, done_so_far(s, pair))
        proceed(s, one.desk)


@compiled
def convene(s: State, desk: int) -> None:
    """Call the next meeting, if anything waits and none is called."""
    here, run = at(s.desks, desk), s.run
    if here.waiting > 0 and not here.sitting:
        here.sitting = True
        put_down(s, next_meeting(s.official, run.now, here.every, np.nan), run.sit + desk)


@compiled
def hold_meeting(s: State, desk: int) -> np.ndarray:
    """The first of the queue come before a meeting."""
    here = at(s.desks, desk)
    here.sitting = False
    taken = np.empty(min(here.seats, here.waiting), np.int64)
    for place in range(len(taken)):
        taken[place] = call_next(s, desk)
        take_up(s, taken[place])
        leave_off(s, taken[place], 0.0)
    return taken
