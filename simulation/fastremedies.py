"""Problems of the compiled model, and who solves them; as `simulation.remedies` has them."""

from __future__ import annotations

import math

import numpy as np

from simulation.draws import NEVER
from simulation.fastevents import next_meeting, put_down, time, work
from simulation.fastrows import Rows, at, compiled
from simulation.faststate import NOTHING, State
from simulation.records import DISPATCH, HOTLINE, OWN, STARTED, TEAMS, UNDER_WAY


@compiled
def raise_problems(s: State, begin: int, end: int) -> None:
    """The problems of a stage or of a start come up."""
    run, now = s.run, s.run.now
    for place in range(begin, end):
        number = at(s.problems, place).arising
        one = at(s.problems, number)
        one.raised = now
        note(s, number)
        put_down(s, now + one.own, run.own + number)
        if one.call < math.inf and run.hotline:
            if run.hotline_since > now:
                put_down(s, run.hotline_since, run.ring + number)
            else:
                ring(s, number)
        if one.meetings < NEVER:
            list_open(s, number)
            call_meeting(s)


@compiled
def note(s: State, number: int) -> None:
    """Write a problem behind those of its project that came up before."""
    project = at(s.projects, at(s.problems, number).holder)
    if project.raised_last == NOTHING:
        project.raised_first = number
    else:
        at(s.problems, project.raised_last).next = number
    project.raised_last = number


@compiled
def over(s: State, number: int) -> bool:
    """Whether nobody need care for a problem any more."""
    one = at(s.problems, number)
    return one.by != NOTHING or at(s.projects, one.holder).outcome != UNDER_WAY


@compiled
def solved(s: State, number: int) -> None:
    """A problem is solved."""
    one = at(s.problems, number)
    one.resolved = s.run.now
    if one.blocked == NOTHING:
        task_done(s, one.holder)
        return
    pair = at(s.pairs, one.blocked)
    pair.blocks -= 1
    if pair.blocks == 0:
        hand_in(s, one.blocked, pair.prepare)


@compiled
def own_efforts(s: State, number: int) -> None:
    """A project has come to the end of its own efforts."""
    if not over(s, number):
        at(s.problems, number).by = OWN
        solved(s, number)


@compiled
def hand_in(s: State, pair: int, papers: float) -> None:
    """The application goes to the office once the papers are ready, and not before its day."""
    one = at(s.pairs, pair)
    day = s.run.now + (papers + at(s.visits, one.attempt).filing)
    put_down(s, max(day, one.earliest), s.run.submit + pair)


@compiled
def task_done(s: State, project: int) -> None:
    """One thing less between the grant and the start."""
    one = at(s.projects, project)
    one.tasks_left -= 1
    if one.tasks_left == 0:
        one.started, one.outcome = s.run.now, STARTED


@compiled
def ring(s: State, number: int) -> None:
    """The hotline is called."""
    if over(s, number):
        return
    at(s.problems, s.run.rung).ringing = number
    s.run.rung += 1
    answer(s)


@compiled
def answer(s: State) -> None:
    """Whoever is free at the hotline takes the next call."""
    run = s.run
    while run.free_lines > 0 and run.ringing < run.rung:
        number = at(s.problems, run.ringing).ringing
        run.ringing += 1
        if not over(s, number):
            run.free_lines -= 1
            one = at(s.problems, number)
            one.called = run.now
            put_down(s, run.now + one.call, run.hang_up + number)


@compiled
def hang_up(s: State, number: int) -> None:
    """A call is over."""
    s.run.free_lines += 1
    if at(s.problems, number).helped and not over(s, number):
        at(s.problems, number).by = HOTLINE
        solved(s, number)
    answer(s)


@compiled
def comes_before(problems: Rows, projects: Rows, one: int, other: int) -> bool:
    """Whether a problem is brought before a meeting earlier than another: by priority, then the oldest first."""
    a, b = at(problems, one), at(problems, other)
    rank, other_rank = at(projects, a.holder).rank, at(projects, b.holder).rank
    if rank != other_rank:
        return rank < other_rank
    return a.raised < b.raised or (a.raised == b.raised and one < other)


@compiled
def list_open(s: State, number: int) -> None:
    """Put a problem into the heap of those that are brought before meetings."""
    place, heap = s.run.open, s.problems
    s.run.open += 1
    while place > 0 and comes_before(heap, s.projects, number, at(heap, (place - 1) >> 1).open):
        at(heap, place).open = at(heap, (place - 1) >> 1).open
        place = (place - 1) >> 1
    at(heap, place).open = number


@compiled
def first_open(s: State) -> int:
    """Take the first problem off that heap."""
    run, heap = s.run, s.problems
    run.open -= 1
    first, last, place = at(heap, 0).open, at(heap, run.open).open, 0
    while 2 * place + 1 < run.open:
        below = 2 * place + 1
        if below + 1 < run.open and comes_before(heap, s.projects, at(heap, below + 1).open, at(heap, below).open):
            below += 1
        if comes_before(heap, s.projects, last, at(heap, below).open):
            break
        at(heap, place).open = at(heap, below).open
        place = below
    at(heap, place).open = last
    return first


@compiled
def call_meeting(s: State) -> None:
    """Call the next dispatch meeting, if anything is open and none is called."""
    run = s.run
    while run.open > 0 and over(s, at(s.problems, 0).open):
        first_open(s)
    if run.every > 0 and not run.convened and run.open > 0:
        run.convened = True
        put_down(s, next_meeting(s.official, run.now, run.every, run.since), run.meet)


@compiled
def meet(s: State) -> None:
    """A dispatch meeting over the problems known by then."""
    run = s.run
    run.convened = False
    here, number, later = np.empty(run.open, np.int64), 0, run.open
    while run.open > 0 and number < run.seats:
        one = first_open(s)
        if over(s, one):
            continue
        if at(s.problems, one).raised + run.notice > run.now:
            later -= 1
            here[later] = one
        else:
            here[number] = one
            number += 1
    for place in range(number):
        bring(s, here[place])
        if not over(s, here[place]):
            list_open(s, here[place])
    for place in range(later, len(here)):
        list_open(s, here[place])
    call_meeting(s)


@compiled
def bring(s: State, number: int) -> None:
    """A problem is brought before a meeting."""
    if over(s, number):
        return
    one = at(s.problems, number)
    if math.isnan(one.met):
        one.met = s.run.now
    one.meetings -= 1
    if one.meetings == 0:
        one.by = DISPATCH
        solved(s, number)


@compiled
def travel(s: State) -> None:
    """A team sets out to the next project."""
    run = s.run
    if run.next_visit < run.stops:
        done = work(s.official, run.now) + at(s.stops, run.next_visit).travel
        run.next_visit += 1
        put_down(s, time(s.official, done), run.arrive + run.next_visit - 1)


@compiled
def arrive(s: State, stop: int) -> None:
    """A visit is over: open problems are solved or not, and the team goes on."""
    project = at(s.projects, at(s.stops, stop).project)
    project.visited = s.run.now
    number = project.raised_first
    while number != NOTHING:
        if at(s.problems, number).seen and not over(s, number):
            at(s.problems, number).by = TEAMS
            solved(s, number)
        number = at(s.problems, number).next
    travel(s)
