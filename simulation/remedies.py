"""Problems in the SimPy model, and who solves them: the project itself, hotline, meetings, teams (MODEL 4.4)."""

from __future__ import annotations

import math
from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation import records
from simulation.timeline import PLANNED

if TYPE_CHECKING:
    from simulation.model import Model

NAN = math.nan


class Remedies:
    """The problems of one replication.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: Model) -> None:
        draws, process = model.draws, model.network.process
        self.model, self.process = model, process
        self.holder: list[int] = draws.holder.tolist()
        self.blocked: list[int] = draws.blocked.tolist()
        self.own: list[float] = draws.own.tolist()
        self.call: list[float] = draws.call.tolist()
        self.meetings: list[int] = draws.meetings.tolist()
        size = len(self.holder)
        self.raised, self.called, self.met, self.resolved = ([NAN] * size for _ in range(4))
        self.by = [-1] * size
        self.visited = [NAN] * len(model.network.ids)
        self.of_stage: dict[int, list[int]] = {}
        self.of_start: dict[int, list[int]] = {}
        self.of_project: dict[int, list[int]] = {}
        for number, (holder, pair) in enumerate(zip(self.holder, self.blocked, strict=True)):
            (self.of_start.setdefault(holder, []) if pair < 0 else self.of_stage.setdefault(pair, [])).append(number)
        self.line: deque[int] = deque()
        self.free_lines = process.hotline.staff if process.hotline else 0
        self.open: list[tuple[int, float, int]] = []
        self.convened = False
        self.next_visit = 0
        if process.teams is not None:
            for _ in range(process.teams.number):
                model.timeline.at(model.network.day(process.teams.since), self.travel, turn=PLANNED)

    def raise_stage(self, pair: int) -> int:
        """The problems of a stage come up; how many."""
        return self._raise(self.of_stage.get(pair, ()))

    def raise_start(self, project: int) -> int:
        """The problems of a start come up; how many."""
        return self._raise(self.of_start.get(project, ()))

    def _raise(self, problems: Any) -> int:
        now, timeline = self.model.timeline.now, self.model.timeline
        for number in problems:
            self.raised[number] = now
            self.of_project.setdefault(self.holder[number], []).append(number)
            timeline.at(now + self.own[number], self.own_efforts, number)
            if self.call[number] < math.inf and self.process.hotline is not None:
                since = self.model.network.day(self.process.hotline.since)
                if since > now:
                    timeline.at(since, self.ring, number)
                else:
                    self.ring(number)
            if self.meetings[number] < np.iinfo(np.int64).max:
                heappush(self.open, (int(self.model.network.rank[self.holder[number]]), now, number))
                self.convene()
        return len(problems)

    def own_efforts(self, number: int) -> None:
        """A project has come to the end of its own efforts."""
        self.solve(number, records.OWN)

    def solve(self, number: int, by: int) -> None:
        """A problem is solved, unless it was before or its project has left."""
        project = self.holder[number]
        if self.over(number):
            return
        self.resolved[number], self.by[number] = self.model.timeline.now, by
        self.model.unblocked(project, self.blocked[number])

    def over(self, number: int) -> bool:
        """Whether nobody need care for a problem any more."""
        gone = self.model.outcome[self.holder[number]] != records.UNDER_WAY
        return gone or self.by[number] >= 0

    def ring(self, number: int) -> None:
        """The hotline is called."""
        if self.over(number):
            return
        self.line.append(number)
        self.answer()

    def answer(self) -> None:
        """Whoever is free at the hotline takes the next call."""
        while self.free_lines and self.line:
            number = self.line.popleft()
            if self.over(number):
                continue
            self.free_lines -= 1
            self.called[number] = self.model.timeline.now
            self.model.timeline.at(self.model.timeline.now + self.call[number], self.hang_up, number)

    def hang_up(self, number: int) -> None:
        """A call is over."""
        self.free_lines += 1
        if self.model.draws.called[number]:
            self.solve(number, records.HOTLINE)
        self.answer()

    def convene(self) -> None:
        """Call the next dispatch meeting, if anything is open and none is called."""
        dispatch = self.process.dispatch
        while self.open and self.over(self.open[0][2]):
            heappop(self.open)
        if dispatch is None or dispatch.seats == 0 or self.convened or not self.open:
            return
        self.convened = True
        first = None if dispatch.since is None else self.model.network.day(dispatch.since)
        self.model.timeline.at(self.model.next_meeting(dispatch.every, first), self.meet)

    def meet(self) -> None:
        """A dispatch meeting over the problems known by then: by priority, then the oldest first."""
        dispatch, now = self.process.dispatch, self.model.timeline.now
        assert dispatch is not None
        self.convened = False
        here: list[tuple[int, float, int]] = []
        later: list[tuple[int, float, int]] = []
        while self.open and (dispatch.seats is None or len(here) < dispatch.seats):
            one = heappop(self.open)
            if not self.over(one[2]):
                (later if one[1] + dispatch.notice > now else here).append(one)
        for one in here:
            self.bring(one[2])
        for one in (*here, *later):
            if not self.over(one[2]):
                heappush(self.open, one)
        self.convene()

    def bring(self, number: int) -> None:
        """A problem is brought before a meeting."""
        if self.over(number):
            return
        if self.met[number] != self.met[number]:
            self.met[number] = self.model.timeline.now
        self.meetings[number] -= 1
        if not self.meetings[number]:
            self.solve(number, records.DISPATCH)

    def travel(self) -> None:
        """A team sets out to the next project."""
        if self.next_visit == len(self.model.network.visited):
            return
        place, self.next_visit = self.next_visit, self.next_visit + 1
        work = self.model.official.work(self.model.timeline.now) + float(self.model.draws.travel[place])
        self.model.timeline.at(self.model.official.time(work), self.arrive, int(self.model.network.visited[place]))

    def arrive(self, project: int) -> None:
        """A visit is over: open problems are solved or not, and the team goes on."""
        self.visited[project] = self.model.timeline.now
        for number in self.of_project.get(project, ()):
            if self.model.draws.seen[number]:
                self.solve(number, records.TEAMS)
        self.travel()

    def records(self) -> dict[str, Any]:
        """What was written down."""
        days = {name: np.array(getattr(self, name), dtype=float) for name in ("raised", "called", "met", "resolved")}
        return {**days, "by": np.array(self.by, np.int64), "visited": np.array(self.visited, dtype=float)}
