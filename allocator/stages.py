"""The lexicographic order of objectives (3.1, 3.8): the first as high as it goes, held while the next one follows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from allocator import ties
from allocator.model import Model, Objective
from allocator.program import EXACT, Answer, Effort, Engine, Floats, Program, Progress, Status, Watch, relative_gap

EASY_COLUMNS = 150
COST_COLUMNS = 1_000
COST_NODES = 500
LEAST_SECONDS = 5.0
COST = "cost"

Stage = tuple[str, float, float | None, float | None]


@dataclass(frozen=True, eq=False)
class Found:
    """The outcome of all stages: ``(name, objective, bound, gap)`` of each that was reached."""

    status: Status
    x: Floats | None
    stages: tuple[Stage, ...] = ()


@dataclass(eq=False)
class Search:
    """One solve of one model under way.

    An easy model, of at most 150 whole columns, is solved to the end unless that takes more than 10,000 nodes.
    """

    model: Model
    engine: Engine
    gap: float
    time_limit: float
    progress: Callable[[Progress], None] | None = None

    def __post_init__(self) -> None:
        self._begun = time.monotonic()
        self._interrupted = False
        self.easy = int(self.model.integer.sum()) <= EASY_COLUMNS
        self.allowed = max(self.gap, EXACT)

    def seconds_left(self) -> float:
        """Seconds until the limit; none once interrupted."""
        return 0.0 if self._interrupted else self.time_limit - (time.monotonic() - self._begun)

    def run(self, start: Floats | None = None) -> Found:
        """All stages, the least cost, and the ties."""
        aims = [objective for objective in self.model.objectives if objective.name != COST or len(self.model.objectives) == 1]
        program, stages, x = Program.of(self.model), list[Stage](), start
        for place, objective in enumerate(aims):
            answer = self._aim(program, objective, x) if place == 0 or self.seconds_left() > 0 else Answer("unknown")
            point = self._stand(program, answer)
            if point is None and place == 0:
                return Found("error" if answer.x is not None else answer.status, None)
            if point is None:
                point, answer = np.asarray(x), Answer("unknown")
            x = point
            reached = float(objective.coef @ x)
            bound = None if answer.bound is None else max(answer.bound, reached)
            achieved = None if bound is None else relative_gap(reached, bound)
            stages.append((objective.name, reached, bound, achieved))
            program = program.hold(objective.coef, self._floor(reached, bound, achieved))
        proven = all(gap is not None and gap <= self.allowed for *_, gap in stages)
        x, stages, program = self._least_cost(program, np.asarray(x), stages)
        x = self._ties(program, x, stages)
        return Found("optimal" if proven and not self._interrupted else "feasible", x, tuple(stages))

    def _aim(self, program: Program, objective: Objective, start: Floats | None) -> Answer:
        gap = EXACT if self.easy else self.allowed
        effort = Effort(gap=gap, accept=self.allowed, seconds=self.seconds_left(), start=start, watch=self._watch(objective.name))
        return self._solve(program.aim(objective.coef), effort)

    def _solve(self, program: Program, effort: Effort) -> Answer:
        answer = self.engine.run(program, effort)
        self._interrupted |= answer.interrupted
        return answer

    def _floor(self, reached: float, bound: float | None, achieved: float | None) -> float:
        """What later stages may not fall below: the gap to the bound never grows beyond the one asked for."""
        exact = reached - EXACT * abs(reached)
        if self.easy or bound is None or achieved is None or achieved > self.allowed:
            return exact
        return min(exact, bound / (1 + self.allowed) if reached > 0 else bound - self.allowed * abs(reached))

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

    def _around(self, program: Program, x: Floats) -> Floats | None:
        """The best continuous columns for given whole ones."""
        seconds = max(LEAST_SECONDS, self.seconds_left())
        answer = self.engine.run(program.fix(program.integer, x), Effort(seconds=seconds, relaxed=True))
        if answer.status != "optimal" or answer.x is None:
            return None
        again = program.repair(answer.x)
        return again if program.violation(again).max(initial=0.0) <= 1e-6 else None

    def _least_cost(self, program: Program, x: Floats, stages: list[Stage]) -> tuple[Floats, list[Stage], Program]:
        """The least cost that the value held allows: first with the same options, then, in a small model, with any."""
        last = self.model.objectives[-1]
        if last.name != COST or len(self.model.objectives) == 1:
            return x, stages, program
        costed = program.aim(last.coef)
        cheaper = self._around(costed, x)
        x = x if cheaper is None or last.coef @ cheaper < last.coef @ x else cheaper
        bound: float | None = None
        if int(program.integer.sum()) <= COST_COLUMNS and self.seconds_left() > 0:
            effort = Effort(
                gap=EXACT if self.easy else self.allowed, accept=self.allowed, seconds=self.seconds_left(),
                nodes=None if self.easy else COST_NODES, start=x, watch=self._watch(COST),
            )  # fmt: skip
            answer = self._solve(costed, effort)
            point, bound = self._stand(costed, answer), answer.bound
            x = x if point is None or last.coef @ point <= last.coef @ x else point
        reached = float(last.coef @ x)
        bound = None if bound is None else max(bound, reached)
        stages = [self._again(stage, objective, x) for stage, objective in zip(stages, self.model.objectives, strict=False)]
        stages.append((COST, reached, bound, None if bound is None else relative_gap(reached, bound)))
        return x, stages, program.hold(last.coef, reached - EXACT * abs(reached))

    def _again(self, stage: Stage, objective: Objective, x: Floats) -> Stage:
        """A stage as the final plan leaves it."""
        name, _, bound, _ = stage
        reached = float(objective.coef @ x)
        return name, reached, bound, None if bound is None else relative_gap(reached, max(bound, reached))

    def _ties(self, program: Program, x: Floats, stages: list[Stage]) -> Floats:
        """Among plans equal in every objective, the one that funds the projects earlier in order."""
        settled = all(gap is not None and gap <= 2 * EXACT for *_, gap in stages)
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
        told = self.progress
        if told is None:
            return None

        def watch(incumbent: float | None, bound: float | None) -> None:
            gap = None if incumbent is None or bound is None else relative_gap(incumbent, bound)
            told(Progress(stage, time.monotonic() - self._begun, incumbent, bound, gap))

        return watch
