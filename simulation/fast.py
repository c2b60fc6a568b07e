"""The model of `simulation.model` compiled: the same events in the same order, the same draws, the same dates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from simulation import draws, faststate, records
from simulation.draws import Draws, draw
from simulation.fastdesk import convene, employ, end_review, hold_meeting, join, proceed, stop, take_up, withdraw
from simulation.fastevents import next_event, put_down, time, work
from simulation.fastremedies import arrive, hand_in, hang_up, meet, own_efforts, raise_problems, ring, task_done, travel
from simulation.fastrows import at, compiled, compiled_once
from simulation.faststate import EMPLOY, ENTER, GIVE, NOTHING, TAKE_BACK, State
from simulation.network import Network, network
from simulation.process import Process, Stage
from simulation.records import Records

_typed: Any = np.int64
"""A plain number that is passed on is compiled into a function of its own; one of a stated type is not."""
REFUSED, WITHDRAWN = _typed(records.REFUSED), _typed(records.WITHDRAWN)
ABANDONED, FULL, DEFAULT = _typed(records.ABANDONED), _typed(records.FULL), _typed(records.DEFAULT)


def run(made: Network, drawn: Draws, until: float | None = None) -> Records:
    """One replication.

    Parameters
    ----------
    made : Network
    drawn : Draws
    until : float, optional
        The day on which the run is cut.

    Returns
    -------
    Records
        Every number as `simulation.model.Model` gives it.

    Notes
    -----
    It is compiled when first called (some 20 seconds), and kept on disk for later.
    """
    state = faststate.begin(made, drawn)
    go_on(state, math.inf if until is None else until)
    return faststate.told(state, made, drawn, until)


def ready() -> None:
    """Compile now: processes that are started together would each do so."""
    nothing = network(pd.DataFrame({"id": [], "ready": []}), Process([Stage("none")]))
    run(nothing, draw(nothing, 0, 0))


def go_on(state: State, until: float) -> None:
    """Let everything happen that comes before a day; it can be called again with a later one."""
    advance(State(*(rows[0] for rows in state)), until)


@compiled_once
def advance(s: State, until: float) -> None:
    """The loop of `go_on`, over records given by the first of them."""
    run = s.run
    if run.calls > 0:
        answer(s)
    slot, place = next_event(s, until)
    while slot != NOTHING or place != NOTHING:
        if slot == NOTHING:
            as_planned(s, place)
        elif slot < run.submit:
            finish(s, slot - run.finish)
        elif slot < run.done:
            submit(s, slot - run.submit)
        elif slot < run.lapse:
            done(s, slot - run.done)
        elif slot < run.limit:
            seldom(s, slot)
        elif slot < run.patience:
            by_default(s, slot - run.limit)
        else:
            end(s, slot - run.patience, ABANDONED)
        slot, place = next_event(s, until)


@compiled
def as_planned(s: State, place: int) -> None:
    """What was known to come from the beginning."""
    one = at(s.planned, place)
    if one.kind == ENTER:
        enter(s, one.what)
    elif one.kind == EMPLOY:
        employ(s, one.what, one.number)
    else:
        travel(s)


@compiled
def seldom(s: State, slot: int) -> None:
    """Broken promises, meetings, and what becomes of problems."""
    run = s.run
    if slot < run.sit:
        lapse(s, slot - run.lapse)
    elif slot < run.own:
        sit(s, slot - run.sit)
    elif slot < run.ring:
        own_efforts(s, slot - run.own)
    elif slot < run.hang_up:
        ring(s, slot - run.ring)
    elif slot < run.meet:
        hang_up(s, slot - run.hang_up)
    elif slot < run.arrive:
        meet(s)
    else:
        arrive(s, slot - run.arrive)


@compiled
def enter(s: State, project: int) -> None:
    """A project registers."""
    one, run = at(s.projects, project), s.run
    put_down(s, run.now + one.patience, run.patience + project)
    for place in range(one.first, one.first_end):
        open_stage(s, one.base + at(s.places, place).position)
    if one.first == one.first_end:
        approve(s, project)


@compiled
def open_stage(s: State, pair: int) -> None:
    """Everything before a stage is there: its problems come up, then the applicant prepares."""
    if gone(s, pair):
        return
    one = at(s.pairs, pair)
    one.blocks = one.problem_end - one.problem
    raise_problems(s, one.problem, one.problem_end)
    if one.blocks == 0:
        hand_in(s, pair, one.prepare)


@compiled
def submit(s: State, pair: int) -> None:
    """The application is accepted and queues, or takes its time where no office is concerned."""
    if gone(s, pair):
        return
    one, run = at(s.pairs, pair), s.run
    visit = at(s.visits, one.attempt)
    visit.queued = run.now
    one.left_to_do = visit.work
    if not one.submitted:
        one.submitted = True
        if run.deferral:
            promise(s, pair)
    if one.desk == NOTHING:
        one.idle_since = run.now
        take_up(s, pair)
        reviewed(s, pair)
        return
    if run.enforced and one.limit < math.inf:
        day = work(s.official, run.now) + max(one.limit - one.used, 0.0)
        put_down(s, time(s.official, day), run.limit + pair)
    if not join(s, pair):
        decide(s, pair, FULL)
        end(s, one.project, REFUSED)


@compiled
def promise(s: State, pair: int) -> None:
    """What is missing is promised, and what follows a deferrable stage may be handed in."""
    one = at(s.pairs, pair)
    if one.informal > 0:
        one.promised = time(s.official, work(s.official, s.run.now) + s.run.promise)
    if one.deferrable:
        for place in range(one.after, one.after_end):
            release(s, at(s.projects, one.project).base + at(s.places, place).position)


@compiled
def release(s: State, pair: int) -> None:
    """One thing less to wait for."""
    at(s.pairs, pair).unmet -= 1
    if at(s.pairs, pair).unmet == 0:
        open_stage(s, pair)


@compiled
def finish(s: State, pair: int) -> None:
    """A review is over."""
    one = at(s.pairs, pair)
    end_review(s, pair, one.left_to_do)
    reviewed(s, pair)
    proceed(s, one.desk)


@compiled
def sit(s: State, desk: int) -> None:
    """A meeting: the first of the queue are decided."""
    for pair in hold_meeting(s, desk):
        if not gone(s, pair):
            reviewed(s, pair)
    convene(s, desk)


@compiled
def reviewed(s: State, pair: int) -> None:
    """The office has decided."""
    one = at(s.pairs, pair)
    visit = at(s.visits, one.attempt)
    decide(s, pair, visit.verdict)
    if visit.verdict == draws.PASSED:
        pass_on(s, pair)
    elif visit.verdict == draws.RETURNED:
        one.attempt += 1
        day = s.run.now + visit.correction + at(s.visits, one.attempt).filing
        put_down(s, day, s.run.submit + pair)
    else:
        end(s, one.project, REFUSED if visit.verdict == draws.REFUSED else WITHDRAWN)


@compiled
def decide(s: State, pair: int, result: int) -> None:
    """Write a decision down."""
    one, run = at(s.pairs, pair), s.run
    visit = at(s.visits, one.attempt)
    one.used += work(s.official, run.now) - work(s.official, visit.queued)
    visit.decided, visit.clock, visit.result = run.now, one.used, result
    at(s.live, run.limit + pair).order = 0


@compiled
def pass_on(s: State, pair: int) -> None:
    """A stage has passed; it is through when it has taken its time."""
    elapsed = at(s.visits, at(s.pairs, pair).attempt).elapsed
    if elapsed > 0:
        put_down(s, s.run.now + elapsed, s.run.done + pair)
    else:
        done(s, pair)


@compiled
def by_default(s: State, pair: int) -> None:
    """The limit is over: what is not decided counts as passed."""
    if gone(s, pair):
        return
    decide(s, pair, DEFAULT)
    withdraw(s, pair)
    stop(s, pair)
    pass_on(s, pair)


@compiled
def done(s: State, pair: int) -> None:
    """A stage is through; its approval is formal when all before it is, unless a promise is broken."""
    if gone(s, pair):
        return
    one = at(s.pairs, pair)
    if one.again != NOTHING and not math.isnan(one.promised):
        put_down(s, one.promised, s.run.lapse + pair)
        return
    one.finished = True
    if one.informal == 0:
        formal(s, pair)


@compiled
def lapse(s: State, pair: int) -> None:
    """A promise is broken: the stage is handed in anew once all before it is formal."""
    one = at(s.pairs, pair)
    one.attempt, one.again = one.again, NOTHING
    one.lapsed, one.used = True, 0.0
    if one.informal == 0:
        hand_in(s, pair, 0.0)


@compiled
def formal(s: State, pair: int) -> None:
    """An approval is formal."""
    one = at(s.pairs, pair)
    for place in range(one.after, one.after_end):
        later = at(s.projects, one.project).base + at(s.places, place).position
        other = at(s.pairs, later)
        other.informal -= 1
        if not one.deferrable:
            release(s, later)
        if other.informal == 0:
            if other.lapsed:
                hand_in(s, later, 0.0)
            elif other.finished:
                put_down(s, s.run.now, s.run.done + later)
    if one.after_grant:
        task_done(s, one.project)
        return
    at(s.projects, one.project).reviews_left -= 1
    if at(s.projects, one.project).reviews_left == 0:
        approve(s, one.project)


@compiled
def approve(s: State, project: int) -> None:
    """Everything is approved; the elements are there, or are waited for."""
    at(s.projects, project).approved = s.run.now
    if at(s.projects, project).waits == 0:
        mobilise(s, project)


@compiled
def answer(s: State) -> None:
    """Elements are given or taken back as was called for, in the order of the projects (MODEL 5)."""
    for project in range(s.run.projects):
        one = at(s.projects, project)
        if one.call == GIVE:
            give(s, project)
        elif one.call == TAKE_BACK:
            take_back(s, project)
        one.call = 0
    s.run.calls = 0


@compiled
def give(s: State, project: int) -> None:
    """The elements are given; for the second time they are all that is missing."""
    one = at(s.projects, project)
    one.waits = 0
    if math.isnan(one.approved) or one.outcome != records.UNDER_WAY:
        return
    if math.isnan(one.granted):
        mobilise(s, project)
    else:
        one.granted = s.run.now
        task_done(s, project)


@compiled
def take_back(s: State, project: int) -> None:
    """The elements are gone; what has begun goes on, but there is no start without them."""
    one = at(s.projects, project)
    if math.isnan(one.granted):
        one.waits = 1
    else:
        one.tasks_left += 1


@compiled
def mobilise(s: State, project: int) -> None:
    """The elements are there: what blocks the start comes up, and the last stages begin."""
    one = at(s.projects, project)
    one.granted = s.run.now
    one.tasks_left = 1 + one.tasks + one.problem_end - one.problem
    raise_problems(s, one.problem, one.problem_end)
    for place in range(one.late, one.late_end):
        open_stage(s, one.base + at(s.places, place).position)
    task_done(s, project)


@compiled
def gone(s: State, pair: int) -> bool:
    """Whether the project of a pair has left."""
    return at(s.projects, at(s.pairs, pair).project).outcome != records.UNDER_WAY


@compiled
def end(s: State, project: int, outcome: int) -> None:
    """A project leaves before it has started, whatever it was waiting for."""
    one = at(s.projects, project)
    if one.outcome != records.UNDER_WAY:
        return
    one.outcome, one.ended = outcome, s.run.now
    for pair in range(one.base, one.base_end):
        withdraw(s, pair)
    for pair in range(one.base, one.base_end):
        stop(s, pair)
