"""The solves behind one explanation: a project forced in or left out, worth more or asking for less."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from allocator.model import Model
from allocator.options import value_terms
from allocator.program import relative_gap
from allocator.resolve import FINE, again, dropped, forced, moves, nearby, own, scaled, value_only
from allocator.solution import Solution
from allocator.solve import relax
from allocator.stages import LARGE_COLUMNS, value_names
from allocator.tables import chosen

if TYPE_CHECKING:
    from allocator.plan import Plan

DEMAND_STEP = 0.005
NEAR_SECONDS = 5.0


@dataclass(frozen=True)
class Check:
    """What solving again showed.

    ``loss`` is the value lost by forcing the project in, or by leaving it out; ``least`` and ``most`` bound it given
    the gaps of both solves. ``at_score`` and ``at_demand`` are where it enters, between ``score_low`` and
    ``score_high`` (points), ``demand_low`` and ``demand_high`` (shares of its demands). ``verified``: every solve was
    proven, and the effect is not smaller than the gaps. ``gap`` is the widest gap met, as a share. ``code`` says what
    could not be checked. Large plans are changed nearby only, which finds losses from above and proves nothing.
    """

    verified: bool
    code: str
    loss: float = math.nan
    least: float = math.nan
    most: float = math.nan
    at_score: float = math.nan
    score_low: float = math.nan
    score_high: float = math.nan
    at_demand: float = math.nan
    demand_low: float = math.nan
    demand_high: float = math.nan
    gap: float = math.nan
    solves: int = 0


@dataclass(eq=False)
class Trial:
    """The solves behind one explanation."""

    plan: Plan
    project: str
    solver: str
    time_limit: float
    solves: int = 0
    gap: float = 0.0
    proven: bool = True

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.time_limit
        self.gap = self.plan.gap or 0.0
        self.large = int(self.plan.model.integer.sum()) > LARGE_COLUMNS
        self.proven = self.plan.status == "optimal" and not self.large
        self.now = float(self.plan.objective or 0.0)
        self.most = max(self.now, self.now if self.plan.bound is None else self.plan.bound)

    def solve(self, model: Model) -> Solution:
        """One solve; what it leaves open is noted."""
        self.solves += 1
        seconds = max(1.0, (self._end - time.monotonic()) / 3)
        close = self._solve_nearby(model, seconds) if self.large else None
        if close is not None:
            return close
        answer = again(model, solver=self.solver, gap=FINE, seconds=seconds)
        self.proven &= answer.status in ("optimal", "infeasible")
        self.gap = max(self.gap, answer.gap or 0.0)
        return answer

    def _solve_nearby(self, model: Model, seconds: float) -> Solution | None:
        """The best change near the plan, if there is one; the bound is that of the relaxation of all rows."""
        plan = self.plan
        assert plan.solution.x is not None
        close = nearby(model, plan.solution.x, plan.relaxation.reduced, self.project)
        answer = again(close, solver=self.solver, gap=FINE, seconds=min(seconds, NEAR_SECONDS))
        bound = relax(value_only(model), solver=self.solver).objective
        if answer.objective is None or bound is None:
            return None
        gap = relative_gap(answer.objective, max(bound, answer.objective))
        self.gap = max(self.gap, gap)
        return replace(answer, bound=max(bound, answer.objective), gap=gap)

    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._end

    def leave(self) -> tuple[Check, pd.DataFrame]:
        """What leaving a funded project out would cost."""
        plan = self.plan
        answer = self.solve(dropped(plan.model, self.project))
        moved = moves((plan.model, plan.solution.x), (plan.model, answer.x))
        if answer.objective is None:
            return Check(
                False, "cannot_drop" if answer.status == "infeasible" else "time", solves=self.solves
            ), moved.iloc[:0]
        least = self.now - (answer.objective if answer.bound is None else answer.bound)
        return self._check(answer.objective, least, {}, ordered=False), moved

    def _check(self, reached: float, least: float, more: dict[str, float], ordered: bool) -> Check:
        loss, most = self.now - reached, self.most - reached
        firm = self.proven and most - least <= max(0.01 * abs(loss), 1e-9 * abs(self.now))
        code = "ordered" if ordered else "" if firm else "loose" if self.proven else "nearby" if self.large else "time"
        return Check(firm and not ordered, code, loss, least, most, **more, gap=self.gap, solves=self.solves)

    def enter(self, row: pd.Series) -> tuple[Check, pd.DataFrame]:
        """Force the project in: what that costs, whom it displaces, and at which score and demand it would enter."""
        plan, nobody = self.plan, moves((self.plan.model, None), (self.plan.model, None))
        if not len(own(plan.model, self.project)):
            return Check(False, "removed"), nobody
        answer = self.solve(forced(plan.model, self.project))
        if answer.objective is None or answer.x is None:
            return Check(False, "cannot_force" if answer.status == "infeasible" else "time", solves=self.solves), nobody
        moved = moves((plan.model, plan.solution.x), (plan.model, answer.x))
        least = self.now - (answer.objective if answer.bound is None else answer.bound)
        ordered = len(value_names(plan.model)) > 1
        better = answer.objective > self.now + 1e-9 * max(1.0, abs(self.now))
        more = {} if ordered or better else self._score(answer, row) | self._demand(row)
        return self._check(answer.objective, least, more, ordered), moved

    def _score(self, answer: Solution, row: pd.Series) -> dict[str, float]:
        """The score at which the forced plan is worth as much as the plan; a better option lowers it again."""
        power, now = value_terms(self.plan.case).count("score"), float(row["score"])
        if not power or math.isnan(now):
            return {}
        factor, low, high = 1.0, 1.0, math.inf
        for _ in range(4):
            if answer.objective is None or answer.x is None:
                break
            taken = chosen(self.plan.model, answer.x)
            taken = taken[taken["project"] == self.project]
            worth = float((self.plan.model.value[taken["option"]] * taken["share"]).sum())
            if worth <= 0:
                return {}
            bound = answer.objective if answer.bound is None else answer.bound
            step = (self.now - answer.objective) / worth
            low, high = factor + (self.now - bound) / worth, factor + (self.most - answer.objective) / worth
            factor += step
            if abs(step) <= 1e-9 * factor or self.over() or len(own(self.plan.model, self.project)) == 1:
                break
            answer = self.solve(
                forced(scaled(self.plan.case, self.plan.model, self.project, value=factor), self.project)
            )
        root = 1 / power
        return {
            "at_score": now * factor**root,
            "score_low": now * max(low, 1.0) ** root,
            "score_high": now * high**root,
        }

    def _demand(self, row: pd.Series) -> dict[str, float]:
        """The share of its demands with which it would enter, by halving from the estimate of the prices."""
        guess = float(row["enters_at_demand"])
        low, high = 0.0, 1.0
        if not self._pays(low):
            return {}
        trial = guess if not math.isnan(guess) else 0.5
        while high - low > DEMAND_STEP and not self.over():
            if self._pays(trial):
                low = trial
                near = trial + 2 * DEMAND_STEP
            else:
                high = trial
                near = trial - 2 * DEMAND_STEP
            close = trial == guess and low < near < high
            trial = near if close else (low + high) / 2
        self.proven &= high - low <= DEMAND_STEP
        return {"at_demand": low, "demand_low": low, "demand_high": high}

    def _pays(self, demand: float) -> bool:
        answer = self.solve(forced(scaled(self.plan.case, self.plan.model, self.project, demand=demand), self.project))
        return answer.objective is not None and answer.objective >= self.now - 1e-9 * max(1.0, abs(self.now))
