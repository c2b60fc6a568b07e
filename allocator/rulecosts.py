"""What each rule costs, and whom it moves in and out, by solving again without it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd

from allocator.case import Case
from allocator.errors import Infeasible
from allocator.model import Model, build
from allocator.program import Floats, relative_gap
from allocator.resolve import FINE, again, moves, nearby, value_only
from allocator.schema import column
from allocator.solve import relax
from allocator.worth import Told, is_large, polished, run

if TYPE_CHECKING:
    from allocator.plan import Plan

FEW = 10


@dataclass(frozen=True, eq=False)
class RuleCosts:
    """What each rule costs.

    Attributes
    ----------
    table : DataFrame
        ``rule, kind`` (floor, cap, match, priorities, must, never, requires, excludes, capital_ratio, readiness),
        ``cost`` (objective units that the plan would gain without it, at least 0), ``at_most``, ``relaxed`` (gain of
        the relaxation), ``moved_in`` and ``moved_out`` (ids funded with the rule and not without it, and the reverse),
        ``gap, status``. Large plans are changed nearby only, which is never called optimal.
    moved : DataFrame
        ``rule, project, name, move, value``: whom each rule moves in and out.
    """

    table: pd.DataFrame
    moved: pd.DataFrame


def rule_costs(
    plan: Plan, *, gap: float = FINE, time_limit: float = 30.0, jobs: int = 1, progress: Told | None = None,
) -> RuleCosts:  # fmt: skip
    """What each rule costs in objective and whom it moves in and out, by solving again without it.

    Must and never decisions are taken away one by one where they are few, else all together.

    Raises
    ------
    Infeasible
        There is no plan to begin from.

    Examples
    --------
    >>> from allocator import Case, Policy, allocate
    >>> from allocator.policy import Rule
    >>> plan = allocate(Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 4.0], "value": [5.0, 4.0], "region": ["A", "B"]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]}),
    ...     policy=Policy(floors=(Rule("count", 1, name="one in B", by="region", of=("B",)),))))
    >>> rule_costs(plan).table[["rule", "cost", "moved_in", "moved_out"]].values.tolist()
    [['one in B', 1.0, 'b', 'a']]
    """
    if plan.solution.x is None:
        raise Infeasible(plan.status)
    wanted = list(_without(plan.case))
    scores = plan.model.projects[["id", "score", "grade", "rank"]]
    effort = (plan.solution.solver, gap, time_limit)
    now, x = polished(plan, effort)
    tasks = [joblib.delayed(_cost)(plan, name, kind, case, scores, effort, now, x) for name, kind, case in wanted]
    found = run(tasks, jobs, progress)
    names = ["rule", "kind", "cost", "at_most", "relaxed", "moved_in", "moved_out", "gap", "status"]
    moved = [part.assign(rule=row[0]) for row, part in found]
    blank = pd.DataFrame(columns=["rule", "project", "name", "move", "value"])
    together = pd.concat(moved, ignore_index=True)[list(blank)] if moved else blank
    return RuleCosts(pd.DataFrame([row for row, _ in found], columns=names), together)


def _cost(
    plan: Plan, name: str, kind: str, case: Case, scores: pd.DataFrame, effort: tuple[str, float, float], now: float,
    x: Floats,
) -> tuple[tuple[Any, ...], pd.DataFrame]:  # fmt: skip
    """One rule taken away and solved again; a large plan is changed nearby."""
    solver, gap, time_limit = effort
    looser = build(case, scores)
    start = _carried(plan.model, x, looser)
    loosened = relax(value_only(looser), solver=solver)
    near = is_large(plan) and loosened.objective is not None
    trial = nearby(looser, start, loosened.reduced, "") if near else looser
    answer = again(trial, solver=solver, gap=gap, seconds=time_limit, start=start)
    reached = now if answer.objective is None else max(now, answer.objective)
    better = reached > now + 1e-9 * max(1.0, abs(now))
    bound = loosened.objective if near else answer.bound
    most = math.nan if bound is None else max(reached, bound) - now
    relaxed = math.nan
    if loosened.objective is not None and plan.relaxation.objective is not None:
        relaxed = loosened.objective - plan.relaxation.objective
    open_, status = answer.gap, answer.status
    if near and bound is not None:
        open_, status = relative_gap(reached, max(bound, reached)), "feasible"
    moved = moves((looser, answer.x), (plan.model, x))
    moved = moved if better else moved.iloc[:0]
    listed = ("|".join(moved.loc[moved["move"] == move, "project"]) for move in ("in", "out"))
    return (name, kind, reached - now if better else 0.0, most, relaxed, *listed, open_, status), moved


def _carried(model: Model, x: Floats, looser: Model) -> Floats:
    """The plan on the columns of a model with fewer rules, by their labels."""
    labels = [name for name in model.columns if name != "group"]
    known = pd.Series(x, index=pd.MultiIndex.from_frame(model.columns[labels].astype(str)))
    wanted = pd.MultiIndex.from_frame(looser.columns[labels].astype(str))
    return np.asarray(known[~known.index.duplicated()].reindex(wanted).fillna(0.0), dtype=np.float64)


def _without(case: Case) -> Iterator[tuple[str, str, Case]]:
    """The case without each of its rules."""
    policy = case.policy
    rules = list(policy.rules)
    for place, (sense, rule) in enumerate(rules):
        left = [(kind, replace(other)) for k, (kind, other) in enumerate(rules) if k != place]
        kept = {f"{side}s": tuple(other for kind, other in left if kind == side) for side in ("floor", "cap")}
        yield rule.name, sense, _with(case, **kept)
    for resource in policy.match:
        yield (
            resource,
            "match",
            _with(case, match={name: share for name, share in policy.match.items() if name != resource}),
        )
    if policy.priorities is not None and policy.priorities.method == "lexicographic":
        yield policy.priorities.by, "priorities", _with(case, priorities=None)
    if policy.capital_ratio is not None and len(case.funds):
        yield policy.capital_ratio.by, "capital_ratio", _with(case, capital_ratio=None)
    if policy.readiness != "off" and "ready" in case.projects and case.projects["ready"].notna().any():
        yield policy.readiness, "readiness", _with(case, readiness="off")
    yield from _undecided(case)


def _with(case: Case, **changes: Any) -> Case:
    return case.with_changes(policy=replace(case.policy, **changes))


def _undecided(case: Case) -> Iterator[tuple[str, str, Case]]:
    """The case without its must and never decisions, without what is required, and without what is excluded."""
    decision = column(case.projects, "projects", "decision").astype(object)
    for kind in ("must", "never"):
        of = np.flatnonzero((decision == kind).to_numpy())
        for rows in [[row] for row in of] if len(of) <= FEW else [of]:
            name = str(case.projects["id"].iloc[rows[0]]) if len(rows) == 1 else kind
            free = decision.to_numpy(copy=True)
            free[rows] = "free"
            projects = case.projects.assign(decision=pd.Series(free, index=case.projects.index).astype("str"))
            yield name, kind, case.with_changes(projects=projects)
    for kind in ("requires", "excludes"):
        if kind in case.projects and case.projects[kind].notna().any():
            yield kind, kind, case.with_changes(projects=case.projects.drop(columns=kind))
