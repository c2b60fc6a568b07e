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
from simulation.draws import PASSED, REFUSED, RETURNED, WITHDRAWN, Draws
from simulation.network import Network
from simulation.records import UNDER_WAY, Records
from simulation.remedies import Remedies
from simulation.timeline import LAST, PLANNED, Timeline

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
        "arrivals", "coming", "deferral", "desks", "draws", "enforced", "network", "official", "presence",
        "put_down_last", "remedies", "timeline", "until",
        *("approved", "base", "ended", "granted", "open_reviews", "open_tasks", "outcome", "pattern", "rank",
          "started"),
        *("after_grant", "again", "attempt", "blocks", "deferrable", "desk_of", "due", "earliest", "finished",
          "informal", "lapsed", "limit", "positions_after", "prepare", "project", "promised", "submitted", "unmet",
          "used"),
        *("begun", "correction", "decided", "elapsed", "filing", "left_to_do", "queued", "result", "since", "verdict",
          "waited", "worked"),
    )  # fmt: skip
    """Of the run; one for each project, pair and visit. Python finds the methods of so many sooner with slots."""

    def __init__(self, network: Network, draws: Draws, until: float | None = None) -> None:
        self.network, self.draws, self.until = network, draws, until
        self.timeline = Timeline(min(network.entry.min(initial=0.0), 0.0))
        self.deferral, self.enforced = network.process.deferral, network.process.enforced
        self.arrivals, self.put_down_last = 0, NAN
        self._lists()
        self._projects()
        self._pairs()
        self._visits()
        self.desks = [Desk(self, place) for place in network.desks]
        self.remedies = Remedies(self)
        self.expect()

    def _lists(self) -> None:
        lists = self.network.lists
        self.official, self.presence = lists.official, lists.presence
        self.base, self.pattern, self.coming = lists.base, lists.pattern, iter(lists.coming)
        self.project, self.rank, self.desk_of, self.limit = lists.project, lists.rank, lists.desk, lists.limit
        self.deferrable, self.earliest, self.after_grant = lists.deferrable, lists.earliest, lists.after_grant
        self.positions_after = lists.positions_after

    def _projects(self) -> None:
        size = len(self.network.ids)
        self.outcome = [records.UNDER_WAY] * size
        self.approved, self.granted, self.started, self.ended = ([NAN] * size for _ in range(4))
        self.open_reviews, self.open_tasks = [0] * size, [0] * size

    def _pairs(self) -> None:
        size = len(self.network.project)
        self.attempt: list[int] = self.draws.first.tolist()
        self.again: list[int] = self.draws.again.tolist()
        self.prepare: list[float] = self.draws.prepare.tolist()
        self.unmet = [number or 1 for number in self.network.lists.before]
        self.due, self.blocks = [0] * size, [0] * size
        if self.enforced:
            self.used = [0.0] * size
        if self.deferral is not None:
            self.informal = list(self.network.lists.before)
            self.submitted, self.finished, self.lapsed = ([False] * size for _ in range(3))
            self.promised = [NAN] * size

    def _visits(self) -> None:
        size = len(self.draws.work)
        self.left_to_do: list[float] = self.draws.work.tolist()
        self.filing: list[float] = self.draws.filing.tolist()
        self.correction: list[float] = self.draws.correction.tolist()
        self.elapsed: list[float] = self.draws.elapsed.tolist()
        self.verdict: list[int] = self.draws.result.tolist()
        self.queued, self.begun, self.decided = ([NAN] * size for _ in range(3))
        self.since: dict[int, float] = {}
        self.waited: dict[int, float] = {}
        self.worked: dict[int, float] = {}
        self.result: dict[int, int] = {}

    def run(self) -> Records:
        """Let everything happen, and give what was written down."""
        self.timeline.run(self.until)
        return self._records()

    def expect(self) -> None:
        """The next project is on its way."""
        for project in self.coming:
            self.timeline.at(float(self.network.entry[project]), self.enter, project, PLANNED)
            return

    def enter(self, project: int) -> None:
        """A project registers."""
        self.expect()
        pattern = self.pattern[project]
        self.open_reviews[project] = pattern.reviews
        patience = self.draws.patience[project]
        if patience < math.inf:
            self.timeline.at(self.timeline.now + float(patience), self.abandon, project, LAST)
        for position in pattern.roots:
            self.release(self.base[project] + position)
        if not pattern.reviews:
            self.approve(project)

    def release(self, pair: int) -> None:
        """One thing less to wait for; with the last the problems of a stage come up, then the applicant prepares."""
        unmet = self.unmet[pair] = self.unmet[pair] - 1
        if unmet > 0 or self.outcome[self.project[pair]] != UNDER_WAY:
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
        visit = self.attempt[pair]
        self.queued[visit] = self.timeline.now
        if self.deferral is not None and not self.submitted[pair]:
            self._promise(pair, self.deferral.promise)
        desk = self.desk_of[pair]
        if desk < 0:
            self.begun[visit] = self.timeline.now
            self.reviewed(pair)
            return
        if self.enforced and self.limit[pair] < math.inf:
            day = self.official.work(self.timeline.now) + max(self.limit[pair] - self.used[pair], 0.0)
            self.timeline.at(self.official.time(day), self.by_default, (pair, visit), LAST)
        self.desks[desk].join(pair)

    def _promise(self, pair: int, days: float) -> None:
        """Where deferral is on, what is missing is promised, and what follows a deferrable stage may be handed in."""
        self.submitted[pair] = True
        if self.informal[pair]:
            self.promised[pair] = self.official.later(self.timeline.now, days)
        if self.deferrable[pair]:
            base = self.base[self.project[pair]]
            for position in self.positions_after[pair]:
                self.release(base + position)

    def resume(self, pair: int) -> None:
        """A review that was interrupted goes on."""
        self.wait_until(pair, self.timeline.now)
        self.since[self.attempt[pair]] = self.timeline.now

    def put_down(self, pair: int) -> None:
        """A review is interrupted."""
        now, visit = self.timeline.now, self.attempt[pair]
        self.work_until(pair, now)
        if visit not in self.since:
            self.waited[visit] = self.begun[visit] - self.queued[visit]
        self.since[visit] = self.put_down_last = now
        self.timeline.cancel(self.due[pair])

    def work_until(self, pair: int, day: float) -> None:
        """A review has gone on until a day, since it began or was resumed."""
        visit = self.attempt[pair]
        worked = self.presence.between(self.since.get(visit, self.begun[visit]), day)
        self.worked[visit] = self.worked.get(visit, 0.0) + worked
        self.left_to_do[visit] -= worked

    def wait_until(self, pair: int, day: float) -> None:
        """An application has waited until a day, since it was queued or interrupted."""
        visit = self.attempt[pair]
        if visit in self.since:
            self.waited[visit] += day - self.since[visit]
        else:
            self.waited[visit] = day - self.queued[visit]

    def reviewed(self, pair: int) -> None:
        """The office has decided."""
        visit, now = self.attempt[pair], self.timeline.now
        self.decided[visit] = now
        if self.enforced:
            self.used[pair] += self.official.between(self.queued[visit], now)
        verdict = self.verdict[visit]
        if verdict == PASSED:
            if self.elapsed[visit] > 0:
                self.timeline.at(now + self.elapsed[visit], self.done, pair)
            else:
                self.done(pair)
        elif verdict == RETURNED:
            self.attempt[pair] = visit + 1
            self.timeline.at(now + self.correction[visit] + self.filing[visit + 1], self.submit, pair)
        else:
            self.end(self.project[pair], records.REFUSED if verdict == REFUSED else records.WITHDRAWN)

    def by_default(self, of: tuple[int, int]) -> None:
        """The limit is over: what is not decided counts as passed."""
        pair, visit = of
        if self.gone(pair) or self.attempt[pair] != visit or self.decided[visit] == self.decided[visit]:
            return
        self.decided[visit], self.result[visit] = self.timeline.now, records.DEFAULT
        self.desks[self.desk_of[pair]].withdraw(pair)
        self.desks[self.desk_of[pair]].stop(pair)
        if self.elapsed[visit] > 0:
            self.timeline.at(self.timeline.now + self.elapsed[visit], self.done, pair)
        else:
            self.done(pair)

    def turned_away(self, pair: int) -> None:
        """The desk has no room."""
        visit = self.attempt[pair]
        self.decided[visit], self.result[visit] = self.timeline.now, records.FULL
        self.end(self.project[pair], records.REFUSED)

    def done(self, pair: int) -> None:
        """A stage is through; its approval is formal when all before it is, unless a promise is broken."""
        project = self.project[pair]
        if self.outcome[project] != UNDER_WAY:
            return
        if self.deferral is not None and not self._formal(pair):
            return
        base, deferrable = self.base[project], self.deferrable[pair]
        for position in self.positions_after[pair]:
            if not deferrable:
                self.release(base + position)
            if self.deferral is not None:
                self._formal_before(base + position)
        if self.after_grant[pair]:
            self.task_done(project)
        else:
            self.open_reviews[project] -= 1
            if not self.open_reviews[project]:
                self.approve(project)

    def _formal(self, pair: int) -> bool:
        """Whether an approval is formal now, where deferral is on."""
        if self.again[pair] >= 0 and self.promised[pair] == self.promised[pair]:
            self.timeline.at(self.promised[pair], self.lapse, pair)
            return False
        self.finished[pair] = True
        return not self.informal[pair]

    def _formal_before(self, pair: int) -> None:
        """One approval more is formal before a stage: with the last, what was deferred becomes so."""
        self.informal[pair] -= 1
        if not self.informal[pair]:
            if self.lapsed[pair]:
                self.hand_in(pair, 0.0)
            elif self.finished[pair]:
                self.timeline.at(self.timeline.now, self.done, pair)

    def lapse(self, pair: int) -> None:
        """A promise is broken: the stage is handed in anew once all before it is formal."""
        self.attempt[pair], self.again[pair] = self.again[pair], -1
        self.lapsed[pair] = True
        if self.enforced:
            self.used[pair] = 0.0
        if not self.informal[pair]:
            self.hand_in(pair, 0.0)

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
            self.release(base + position)
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

    def abandon(self, project: int) -> None:
        """The patience of a project is over."""
        self.end(project, records.ABANDONED)

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
        """What was written down, with what follows from it."""
        network, draws = self.network, self.draws
        approved, granted, started, ended = map(np.array, (self.approved, self.granted, self.started, self.ended))
        queued, begun, decided = map(np.array, (self.queued, self.begun, self.decided))
        days = (approved, granted, started, ended, queued, decided, np.array([self.put_down_last]))
        end = records.last_day(*days) if self.until is None else self.until
        for desk in self.desks:
            for pair in desk.waiting:
                self.wait_until(pair, end)
            for pair in desk.busy:
                self.work_until(pair, end)
        result = np.where(np.isnan(decided), records.CUT, draws.result)
        result[list(self.result)] = list(self.result.values())
        waited, worked = np.nan_to_num(begun - queued), np.zeros(len(result))
        waited[list(self.waited)] = list(self.waited.values())
        worked[list(self.worked)] = list(self.worked.values())
        reviewers = np.array([*(desk.every is None for desk in self.desks), False])
        through = (result <= WITHDRAWN) & reviewers[np.repeat(network.desk, draws.counts)]
        worked[through] += np.array(self.left_to_do)[through]
        return Records(
            approved=approved, granted=granted, started=started, ended=ended, **self.remedies.records(),
            outcome=np.array(self.outcome, np.int64), queued=queued, begun=begun, decided=decided, waited=waited,
            worked=worked, clock=records.clock(network, draws, queued, decided), result=result, end=end, drawn=draws,
        )  # fmt: skip
