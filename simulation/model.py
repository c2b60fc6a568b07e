"""The review process in SimPy: what happens to a project from its entry to its start (MODEL 4.1-4.4).

Days are set on the timeline, and each sets the next; there is no SimPy process per project or stage. At one moment
reviews end first, and limits and patience come last. A pair is a project at one of its stages. The terms are those of
`simulation.process`; `simulation.fast` is the same, compiled.
"""

from __future__ import annotations

import math

import numpy as np

from simulation import records
from simulation.desk import Desk
from simulation.draws import PASSED, REFUSED, RETURNED, Draws
from simulation.network import Network
from simulation.records import UNDER_WAY, Records
from simulation.remedies import Remedies
from simulation.timeline import LAST, FastClock, Timeline

NAN = math.nan


class Model:
    """One replication.

    Parameters
    ----------
    network : Network
    draws : Draws
    until : float, optional
        The day on which the run is cut.

    Notes
    -----
    What a lever does belongs into `simulation.levers`; what a new kind of event does into a method here. Override
    `grant` to decide when an approved project gets its elements (MODEL 5).
    """

    __slots__ = (
        "arrivals", "deferral", "desks", "draws", "enforced", "network", "official", "presence", "put_down_last",
        "remedies", "timeline", "until",
        *("approved", "base", "ended", "granted", "open_reviews", "open_tasks", "outcome", "pattern", "rank",
          "started"),
        *("again", "attempt", "blocks", "deferrable", "desk_of", "earliest", "finished", "idle_since", "informal",
          "lapsed", "left_to_do", "positions_after", "prepare", "project", "promised", "stage", "submitted", "taken_up",
          "token", "unmet", "used"),
        *("begun", "clock", "correction", "decided", "elapsed", "filing", "queued", "result", "verdict", "waited",
          "work", "worked"),
    )  # fmt: skip
    """Of the run; one for each project, pair and visit. Python finds the methods of so many sooner with slots."""

    def __init__(self, network: Network, draws: Draws, until: float | None = None) -> None:
        self.network, self.draws, self.until = network, draws, until
        self.timeline = Timeline(min(network.entry.min(initial=0.0), 0.0))
        self.official, self.presence = FastClock(network.official), FastClock(network.presence)
        self.deferral, self.enforced = network.process.deferral, network.process.enforced
        self.arrivals, self.put_down_last = 0, NAN
        self._projects()
        self._pairs()
        self._visits()
        self.desks = [Desk(self, place) for place in network.desks]
        self.remedies = Remedies(self)
        for project, day in enumerate(network.entry.tolist()):
            self.timeline.at(day, self.enter, project)

    def _projects(self) -> None:
        size = len(self.network.ids)
        self.rank: list[int] = self.network.rank.tolist()
        self.base: list[int] = self.network.base.tolist()
        self.pattern = [self.network.patterns[number] for number in self.network.pattern.tolist()]
        self.outcome = [records.UNDER_WAY] * size
        self.approved, self.granted, self.started, self.ended = ([NAN] * size for _ in range(4))
        self.open_reviews = [0] * size
        self.open_tasks = [0] * size

    def _pairs(self) -> None:
        size = len(self.network.project)
        stages = self.network.process.stages
        self.project: list[int] = self.network.project.tolist()
        self.stage = [stages[number] for number in self.network.stage.tolist()]
        self.desk_of: list[int] = self.network.desk.tolist()
        self.deferrable: list[bool] = self.network.deferrable.tolist()
        self.earliest: list[float] = self.network.earliest.tolist()
        self.attempt: list[int] = self.draws.first.tolist()
        self.again: list[int] = self.draws.again.tolist()
        self.prepare: list[float] = self.draws.prepare.tolist()
        before = [[len(one) for one in pattern.before] for pattern in self.network.patterns]
        self.unmet = [count for number in self.network.pattern.tolist() for count in before[number]]
        self.informal = list(self.unmet)
        after = [pattern.after for pattern in self.network.patterns]
        self.positions_after = [later for number in self.network.pattern.tolist() for later in after[number]]
        self.token, self.blocks = [0] * size, [0] * size
        self.submitted, self.finished, self.lapsed = ([False] * size for _ in range(3))
        self.promised = [NAN] * size
        self.used, self.left_to_do, self.taken_up, self.idle_since = ([0.0] * size for _ in range(4))

    def _visits(self) -> None:
        size = len(self.draws.work)
        self.work: list[float] = self.draws.work.tolist()
        self.filing: list[float] = self.draws.filing.tolist()
        self.correction: list[float] = self.draws.correction.tolist()
        self.elapsed: list[float] = self.draws.elapsed.tolist()
        self.verdict: list[int] = self.draws.result.tolist()
        self.queued, self.begun, self.decided, self.clock = ([NAN] * size for _ in range(4))
        self.waited, self.worked = [0.0] * size, [0.0] * size
        self.result = [records.CUT] * size

    def run(self) -> Records:
        """Let everything happen, and give what was written down."""
        self.timeline.run(self.until)
        return self._records()

    def enter(self, project: int) -> None:
        """A project registers."""
        pattern = self.pattern[project]
        self.open_reviews[project] = pattern.reviews
        patience = self.draws.patience[project]
        if patience < math.inf:
            self.timeline.at(self.timeline.now + float(patience), self.end, project, records.ABANDONED, turn=LAST)
        for position in pattern.roots:
            self.open(self.base[project] + position)
        if not pattern.reviews:
            self.approve(project)

    def open(self, pair: int) -> None:
        """Everything before a stage is there: its problems come up, then the applicant prepares."""
        if self.outcome[self.project[pair]] != UNDER_WAY:
            return
        if pair in self.remedies.of_stage:
            self.blocks[pair] = self.remedies.raise_stage(pair)
        else:
            self.hand_in(pair, self.prepare[pair])

    def hand_in(self, pair: int, papers: float) -> None:
        """The application goes to the office once the papers are ready, and not before its day."""
        day, earliest = self.timeline.now + (papers + self.filing[self.attempt[pair]]), self.earliest[pair]
        self.timeline.at(day if day > earliest else earliest, self.submit, pair)

    def submit(self, pair: int) -> None:
        """The application is accepted and queues, or takes its time where no office is concerned."""
        if self.outcome[self.project[pair]] != UNDER_WAY:
            return
        now, visit = self.timeline.now, self.attempt[pair]
        self.queued[visit] = now
        self.left_to_do[pair] = self.work[visit]
        if self.deferral is not None and not self.submitted[pair]:
            self._promise(pair, self.deferral.promise)
        desk = self.desk_of[pair]
        if desk < 0:
            self.idle_since[pair] = now
            self.take_up(pair)
            self.reviewed(pair)
            return
        if self.enforced and (limit := self.stage[pair].limit) is not None:
            day = self.official.work(now) + max(limit + self.stage[pair].extension - self.used[pair], 0.0)
            self.timeline.at(self.official.time(day), self.by_default, pair, visit, turn=LAST)
        self.desks[desk].join(pair)

    def _promise(self, pair: int, days: float) -> None:
        """Where deferral is on, what is missing is promised, and what follows a deferrable stage may be handed in."""
        self.submitted[pair] = True
        if self.informal[pair]:
            self.promised[pair] = self.official.later(self.timeline.now, days)
        if self.deferrable[pair]:
            for later in self.after(pair):
                self.release(later)

    def after(self, pair: int) -> list[int]:
        """What comes after a stage of a project."""
        base = self.base[self.project[pair]]
        return [base + position for position in self.positions_after[pair]]

    def release(self, pair: int) -> None:
        """One thing less to wait for."""
        self.unmet[pair] -= 1
        if not self.unmet[pair]:
            self.open(pair)

    def take_up(self, pair: int) -> None:
        """A review begins, or goes on."""
        now, visit = self.timeline.now, self.attempt[pair]
        self.taken_up[pair] = now
        self.waited[visit] += now - self.idle_since[pair]
        if self.begun[visit] != self.begun[visit]:
            self.begun[visit] = now

    def put_down(self, pair: int) -> None:
        """A review is interrupted."""
        self.put_down_last = self.timeline.now
        worked = self.presence.between(self.taken_up[pair], self.timeline.now)
        self.token[pair] += 1
        self.left_to_do[pair] -= worked
        self.worked[self.attempt[pair]] += worked

    def reviewed(self, pair: int) -> None:
        """The office has decided."""
        visit = self.attempt[pair]
        verdict = self.verdict[visit]
        self._decide(pair, verdict)
        if verdict == PASSED:
            self._pass(pair)
        elif verdict == RETURNED:
            self.attempt[pair] = visit + 1
            self.timeline.at(self.timeline.now + self.correction[visit] + self.filing[visit + 1], self.submit, pair)
        else:
            self.end(self.project[pair], records.REFUSED if verdict == REFUSED else records.WITHDRAWN)

    def _decide(self, pair: int, result: int) -> None:
        """Write a decision down."""
        now, visit = self.timeline.now, self.attempt[pair]
        self.used[pair] += self.official.between(self.queued[visit], now)
        self.decided[visit], self.clock[visit], self.result[visit] = now, self.used[pair], result

    def _pass(self, pair: int) -> None:
        elapsed = self.elapsed[self.attempt[pair]]
        if elapsed > 0:
            self.timeline.at(self.timeline.now + elapsed, self.done, pair)
        else:
            self.done(pair)

    def by_default(self, pair: int, visit: int) -> None:
        """The limit is over: what is not decided counts as passed."""
        if self.gone(pair) or self.attempt[pair] != visit or self.decided[visit] == self.decided[visit]:
            return
        self._decide(pair, records.DEFAULT)
        self.desks[self.desk_of[pair]].withdraw(pair)
        self.desks[self.desk_of[pair]].stop(pair)
        self._pass(pair)

    def turned_away(self, pair: int) -> None:
        """The desk has no room."""
        self._decide(pair, records.FULL)
        self.end(self.project[pair], records.REFUSED)

    def done(self, pair: int) -> None:
        """A stage is through; its approval is formal when all before it is, unless a promise is broken."""
        if self.outcome[self.project[pair]] != UNDER_WAY:
            return
        if self.again[pair] >= 0 and self.promised[pair] == self.promised[pair]:
            self.timeline.at(max(self.timeline.now, self.promised[pair]), self.lapse, pair)
            return
        self.finished[pair] = True
        if not self.informal[pair]:
            self.formal(pair)

    def lapse(self, pair: int) -> None:
        """A promise is broken: the stage is handed in anew once all before it is formal."""
        self.attempt[pair], self.again[pair] = self.again[pair], -1
        self.lapsed[pair], self.used[pair] = True, 0.0
        if not self.informal[pair]:
            self.hand_in(pair, 0.0)

    def formal(self, pair: int) -> None:
        """An approval is formal."""
        project, deferrable = self.project[pair], self.deferrable[pair]
        for later in self.after(pair):
            self.informal[later] -= 1
            if not deferrable:
                self.release(later)
            if not self.informal[later]:
                if self.lapsed[later]:
                    self.hand_in(later, 0.0)
                elif self.finished[later]:
                    self.timeline.at(self.timeline.now, self.done, later)
        if self.stage[pair].after_grant:
            self.task_done(project)
        else:
            self.open_reviews[project] -= 1
            if not self.open_reviews[project]:
                self.approve(project)

    def approve(self, project: int) -> None:
        """Everything is approved; the elements are asked for."""
        self.approved[project] = self.timeline.now
        self.grant(project)

    def grant(self, project: int) -> None:
        """The elements are granted at once; the loop overrides this (MODEL 5)."""
        self.mobilise(project)

    def mobilise(self, project: int) -> None:
        """The elements are there: what blocks the start comes up, and the last stages begin."""
        self.granted[project] = self.timeline.now
        pattern, base = self.pattern[project], self.base[project]
        self.open_tasks[project] = 1 + len(pattern.stages) - pattern.reviews + self.remedies.raise_start(project)
        for position in pattern.later_roots:
            self.open(base + position)
        self.task_done(project)

    def task_done(self, project: int) -> None:
        """One thing less between the grant and the start."""
        self.open_tasks[project] -= 1
        if not self.open_tasks[project]:
            self.started[project] = self.timeline.now
            self.outcome[project] = records.STARTED

    def unblocked(self, project: int, pair: int) -> None:
        """A problem is solved."""
        if pair < 0:
            self.task_done(project)
            return
        self.blocks[pair] -= 1
        if not self.blocks[pair]:
            self.hand_in(pair, self.prepare[pair])

    def gone(self, pair: int) -> bool:
        """Whether the project has left."""
        return self.outcome[self.project[pair]] != records.UNDER_WAY

    def end(self, project: int, outcome: int) -> None:
        """A project leaves before it has started, whatever it was waiting for."""
        if self.outcome[project] != records.UNDER_WAY:
            return
        self.outcome[project], self.ended[project] = outcome, self.timeline.now
        pairs = range(self.base[project], self.base[project + 1])
        here = [(self.desks[self.desk_of[pair]], pair) for pair in pairs if self.desk_of[pair] >= 0]
        for desk, pair in here:
            desk.withdraw(pair)
        for desk, pair in here:
            desk.stop(pair)

    def next_meeting(self, every: float, first: float | None = None) -> float:
        """The next of the days ``first + k every``, each moved to a working day, that is still to come.

        Without a first day meetings have always been held, on the origin among others.
        """
        now, on_work = self.timeline.now, self.official.open
        begin, lowest = (0.0, -math.inf) if first is None else (first, 0)
        if now + every <= now or begin + every <= begin:
            return math.inf
        number = max(math.floor((now - begin) / every), lowest)
        while on_work(begin + number * every) <= now:
            number += 1
        return on_work(begin + number * every)

    def _records(self) -> Records:
        made = {
            name: np.array(getattr(self, name), dtype=float)
            for name in ("approved", "granted", "started", "ended", "queued", "begun", "decided", "waited", "worked")
        }
        end = self.until if self.until is not None else records.last_day(
            *(made[name] for name in ("approved", "granted", "started", "ended", "queued", "decided")),
            np.array([self.put_down_last]),
        )  # fmt: skip
        for desk in self.desks:
            for pair in desk.waiting:
                made["waited"][self.attempt[pair]] += end - self.idle_since[pair]
            for pair in desk.busy:
                made["worked"][self.attempt[pair]] += self.presence.between(self.taken_up[pair], end)
        return Records(
            **made, **self.remedies.records(), clock=np.array(self.clock), result=np.array(self.result, np.int64),
            outcome=np.array(self.outcome, np.int64), end=end, drawn=self.draws,
        )  # fmt: skip
