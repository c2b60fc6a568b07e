"""The lexicographic order of objectives (3.1, 3.8): the first as high as it goes, held while the next one follows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from allocator import ties
from allocator.begin import begin, near
from allocator.model import Model, Objective
from allocator.program import (
    EXACT,
    Answer,
    Effort,
    Engine,
    Floats,
    Program,
    Progress,
    Stage,
    Status,
    Watch,
    relative_gap,
)

EASY_COLUMNS = 150
LARGE_COLUMNS = 2_000
BEGIN_SHARE = 0.3
WHOLE_COLUMNS = 20_000
COST_COLUMNS = 1_000
COST_NODES = 500
LEAST_SECONDS = 5.0
POLISH_SHARE = 0.25
COST = "cost"


def value_names(model: Model) -> list[str]:
    """The objectives before the cost, which comes last where there is more than one."""
    names = [objective.name for objective in model.objectives]
    return names[:-1] if len(names) > 1 and names[-1] == COST else names


@dataclass(frozen=True, eq=False)
class Found:
    """The outcome of all stages: ``(name, objective, bound, gap)`` of each that was reached."""

    status: Status
    x: Floats | None
    stages: tuple[Stage, ...] = ()


@dataclass(eq=False)
class Search:
    """One solve of one model under way.

    An easy model, of at most 150 whole columns, is solved to the end unless that takes more than 10,000 nodes. A brisk
    search begins from the relaxation whatever the size, and looks for the least cost with the options chosen only.
    Where no plan is found in time, that of `fallback` stands in.
    """

    model: Model
    engine: Engine
    gap: float
    time_limit: float
    progress: Callable[[Progress], None] | None = None
    brisk: bool = False
    fallback: Callable[[], Floats] | None = None

    def __post_init__(self) -> None:
        self._begun = time.monotonic()
        self._interrupted = False
        self._x: Floats | None = None
        self._stages: list[Stage] = []
        self.easy = int(self.model.integer.sum()) <= EASY_COLUMNS
        self.allowed = max(self.gap, EXACT)

    def seconds_left(self) -> float:
        """Seconds until the limit; none once interrupted."""
        return 0.0 if self._interrupted else self.time_limit - (time.monotonic() - self._begun)

    def run(self, start: Floats | None = None) -> Found:
        """All stages, the least cost, and the ties; Ctrl-C ends them with the best plan so far."""
        self._x, self._stages = None, list[Stage]()
        failure: Status | None = None
        try:
            failure = self._search(start)
        except KeyboardInterrupt:
            self._interrupted = True
        if self._x is None:
            return Found(failure or "unknown", None)
        names = value_names(self.model)
        proven = all(gap is not None and gap <= self.allowed for name, *_, gap in self._stages if name in names)
        return Found("optimal" if proven and not self._interrupted else "feasible", self._x, tuple(self._stages))

    def _search(self, start: Floats | None) -> Status | None:
        program = Program.of(self.model)
        values = self.model.objectives[: len(value_names(self.model))]
        for place, objective in enumerate(values):
            seconds = self.seconds_left() / (len(values) - place)
            answer = Answer("unknown")
            if place == 0 or seconds > 0:
                answer = self._aim(program, objective, start if place == 0 else self._x, seconds)
            point = self._stand(program, answer)
            if point is None and place == 0:
                return "error" if answer.x is not None else answer.status
            bound = None if point is None else answer.bound
            self._x = self._x if point is None else point
            stage = self._stage(objective, bound)
            self._stages.append(stage)
            program = program.hold(objective.coef, self._floor(stage))
        program = self._least_cost(program)
        self._x = self._ties(program, np.asarray(self._x))
        return None

    def _stage(self, objective: Objective, bound: float | None) -> Stage:
        """A stage as the plan in hand leaves it."""
        reached = float(objective.coef @ np.asarray(self._x))
        bound = None if bound is None else max(bound, reached)
        return objective.name, reached, bound, None if bound is None else relative_gap(reached, bound)

    def _aim(self, program: Program, objective: Objective, start: Floats | None, seconds: float) -> Answer:
        """One stage: a large one begins from a good plan, which may be near enough to its bound already."""
        aimed, watch, end = program.aim(objective.coef), self._watch(objective.name), time.monotonic() + seconds
        size = int(program.integer.sum())
        in_parts = self.engine.by_prices and size > WHOLE_COLUMNS
        if self.engine.by_prices or size >= LARGE_COLUMNS or (self.brisk and not self.easy):
            share = 1.0 if in_parts else BEGIN_SHARE
            near_to = start if self.brisk else None
            first = begin(self.model, self.engine, aimed, self.allowed, share * seconds, watch, near_to, self.brisk)
            self._interrupted |= first.interrupted
            if first.x is None:
                start = self._in_hand(aimed, start)
                first = first if start is None else replace(first, status="feasible", x=start)
            if in_parts or near(aimed, first, self.allowed) or (first.x is not None and self.seconds_left() <= 0):
                return first
            if first.x is not None and (start is None or objective.coef @ first.x > objective.coef @ start):
                start = first.x
        gap = EXACT if self.easy else self.allowed
        left = max(end - time.monotonic(), 0.1)
        answer = self._solve(aimed, Effort(gap=gap, accept=self.allowed, seconds=left, start=start, watch=watch))
        if answer.status == "unknown" and not answer.interrupted:
            start = self._in_hand(aimed, start)
            answer = answer if start is None else replace(answer, status="feasible", x=start)
        return answer

    def _in_hand(self, program: Program, start: Floats | None) -> Floats | None:
        """The start, or else the plan of `fallback`, where it keeps every row."""
        x = self.fallback() if start is None and self.fallback is not None else start
        return x if x is not None and program.violation(x).max(initial=0.0) <= EXACT else None

    def _solve(self, program: Program, effort: Effort) -> Answer:
        answer = self.engine.run(program, effort)
        self._interrupted |= answer.interrupted
        return answer

    def _floor(self, stage: Stage) -> float:
        """What later stages may not fall below: the gap to the bound never grows beyond the one asked for."""
        _, reached, bound, achieved = stage
        exact = reached - EXACT * abs(reached)
        if self.easy or bound is None or achieved is None or achieved > self.allowed:
            return exact
        room = 0.999 * self.allowed
        return min(exact, bound / (1 + room) if reached > 0 else bound - room * abs(reached))

    def _stand(self, program: Program, answer: Answer) -> Floats | None:
        """The answer with whole numbers whole; where that breaks a row, the rest is solved again around them."""
        if answer.x is None:
            return None
        x = program.repair(answer.x)
        if program.violation(x).max(initial=0.0) <= EXACT:
            return x
        again = self._around(program, x)
        if again is not None:
            return again
        return x if program.violation(x).max(initial=0.0) <= 1e-6 else None

    def _around(self, program: Program, x: Floats, share: float = 1.0) -> Floats | None:
        """The best continuous columns for given whole ones, in a share of the time left."""
        seconds = max(LEAST_SECONDS, share * self.seconds_left())
        answer = self._solve(program.fix(program.integer, x), Effort(seconds=seconds, relaxed=True))
        if answer.status != "optimal" or answer.x is None:
            return None
        again = program.repair(answer.x)
        return again if program.violation(again).max(initial=0.0) <= 1e-6 else None

    def _least_cost(self, program: Program) -> Program:
        """The least cost that the value held allows: first with the same options, then, in a small model, with any."""
        x, last = self._polish(np.asarray(self._x)), self.model.objectives[-1]
        self._x = x
        if last.name in value_names(self.model):
            return program
        bound: float | None = None
        most = EASY_COLUMNS if self.brisk else COST_COLUMNS
        if int(program.integer.sum()) <= most and self.seconds_left() > 0:
            costed = program.aim(last.coef)
            effort = Effort(
                gap=EXACT if self.easy else self.allowed, accept=self.allowed, seconds=self.seconds_left(),
                nodes=None if self.easy else COST_NODES, start=x, watch=self._watch(COST),
            )  # fmt: skip
            answer = self._solve(costed, effort)
            point, bound = self._stand(costed, answer), answer.bound
            point = x if point is None else self._polish(point)
            self._x = point if last.coef @ point > last.coef @ x else x
        known = [bound for _, _, bound, _ in self._stages]
        self._stages = [self._stage(*each) for each in zip(self.model.objectives, [*known, bound], strict=True)]
        reached = self._stages[-1][1]
        return program.hold(last.coef, reached - EXACT * abs(reached))

    def _polish(self, x: Floats) -> Floats:
        """The same whole columns with the best others, objective by objective, as far as time allows."""
        program = Program.of(self.model)
        for objective in self.model.objectives:
            if objective.coef[~program.integer].any():
                better = self._around(program.aim(objective.coef), x, POLISH_SHARE)
                if better is None:
                    break
                x = x if objective.coef @ better < objective.coef @ x else better
            reached = float(objective.coef @ x)
            program = program.hold(objective.coef, reached - EXACT * abs(reached))
        return x

    def _ties(self, program: Program, x: Floats) -> Floats:
        """Among plans equal in every objective, the one that funds the projects earlier in order."""
        settled = all(gap is not None and gap <= 2 * EXACT for *_, gap in self._stages)
        if settled and self.seconds_left() > 0:
            better = ties.settle(self.model, program, x, self.engine, self.seconds_left)
        else:
            better = ties.swap(self.model, x)
        point = program.repair(better)
        if program.violation(point).max(initial=0.0) > EXACT:
            again = self._around(program.aim(self.model.objectives[-1].coef), point)
            point = x if again is None else again
        return point

    def _watch(self, stage: str) -> Watch | None:
        return None if self.progress is None else telling(self.progress, stage, self._begun)


def telling(told: Callable[[Progress], None], stage: str, begun: float) -> Watch:
    """Tells incumbent and bound as progress of a stage."""

    def watch(incumbent: float | None, bound: float | None) -> None:
        gap = None if incumbent is None or bound is None else relative_gap(incumbent, bound)
        told(Progress(stage, time.monotonic() - begun, incumbent, bound, gap))

    return watch
