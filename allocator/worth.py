"""What one more block of quota or money is worth, by solving again."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd

from allocator.case import Case
from allocator.errors import Infeasible, YaosuError
from allocator.model import build
from allocator.program import Floats, relative_gap
from allocator.resolve import FINE, again, nearby
from allocator.schema import column
from allocator.solve import relax
from allocator.stages import LARGE_COLUMNS

if TYPE_CHECKING:
    from allocator.plan import Plan

Told = Callable[[int, int], None]
BLOCK_SHARE = 0.02


@dataclass(frozen=True)
class _Block:
    """A block added to some rows of the pools or of the funds, in proportion to what they hold."""

    table: str
    name: str
    resource: str
    region: str
    amount: float
    unit: str
    rows: tuple[int, ...]

    def added(self, case: Case) -> Case:
        """The case with the block added."""
        quantity = "amount" if self.table == "pools" else "capacity"
        table = getattr(case, self.table).copy()
        held = table[quantity].to_numpy(dtype=float, copy=True)
        held[list(self.rows)] += self.amount * self.shares(case)
        table = table.assign(**{quantity: held})
        return case.with_changes(pools=table) if self.table == "pools" else case.with_changes(funds=table)

    def shares(self, case: Case) -> np.ndarray:
        """How the block is spread over its rows."""
        quantity = "amount" if self.table == "pools" else "capacity"
        held = getattr(case, self.table)[quantity].to_numpy(dtype=float)[list(self.rows)]
        return held / held.sum() if held.sum() > 0 else np.full(len(held), 1 / len(held))


def block_value(
    plan: Plan, blocks: Mapping[str, float] | None = None, *, region: str | None = None, period: str | None = None,
    gap: float = FINE, time_limit: float = 30.0, jobs: int = 1, progress: Told | None = None,
) -> pd.DataFrame:  # fmt: skip
    """What one more block of a pool, a resource or a product would add to the objective.

    Parameters
    ----------
    plan : Plan
    blocks : mapping, optional
        Pool, resource or product to the amount added (unit of the resource, million yuan). A resource means its pools
        of `region`, or without one its pools that serve all, and where there are none all its pools. A block is spread
        over the rows and periods meant in proportion to what they hold. By default about 2 % of every pool and product.
    region, period : str, optional
        Only rows of this region or period.
    gap, time_limit : float
        Of each solve.
    jobs : int
        Processes.
    progress : callable, optional
        Called with the number of blocks done and of all.

    Returns
    -------
    DataFrame
        ``name, kind`` (pool, fund), ``resource, region, block, unit, gained`` (objective units, by solving again; never
        below 0, since the plan still fits), ``at_most`` (no plan gains more), ``relaxed`` (gain of the relaxation),
        ``price_times_block``, ``gap, status``. Large plans are improved and changed nearby only, which is never called
        optimal. The tightening is made anew, so that a project that was too large
        for its pools may enter, which no price foresees.

    Raises
    ------
    YaosuError
        A name that is neither pool nor resource nor product.
    Infeasible
        There is no plan to begin from.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> plan = allocate(Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 4.0], "value": [5.0, 4.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})))
    >>> block_value(plan, {"p": 4.0})[["name", "block", "unit", "gained"]].values.tolist()
    [['p', 4.0, 'mu', 4.0]]
    """
    if plan.solution.x is None:
        raise Infeasible(plan.status)
    wanted = [
        _block(plan.case, name, amount, region, period) for name, amount in (blocks or _defaults(plan.case)).items()
    ]
    scores = plan.model.projects[["id", "score", "grade", "rank"]]
    effort = (plan.solution.solver, gap, time_limit)
    now, x = polished(plan, effort)
    tasks = [joblib.delayed(_value)(plan, block, scores, effort, now, x) for block in wanted]
    found = run(tasks, jobs, progress)
    names = [
        "name",
        "kind",
        "resource",
        "region",
        "block",
        "unit",
        "gained",
        "at_most",
        "relaxed",
        "price_times_block",
        "gap",
        "status",
    ]
    return pd.DataFrame(found, columns=names)


def run(tasks: list[Any], jobs: int, progress: Told | None) -> list[Any]:
    """Answers in the order of the tasks."""
    found = []
    for answer in joblib.Parallel(n_jobs=jobs, return_as="generator")(tasks):
        found.append(answer)
        if progress is not None:
            progress(len(found), len(tasks))
    return found


def _defaults(case: Case) -> dict[str, float]:
    """A round block of about 2 % of every pool and product."""
    pools = case.pools[(column(case.pools, "pools", "level") != "bank").to_numpy()]
    held = pools.groupby("pool")["amount"].sum()
    if len(case.funds):
        held = pd.concat([held, case.funds.groupby("fund")["capacity"].sum()])
    return {str(name): _round(BLOCK_SHARE * amount) for name, amount in held.items() if amount > 0}


def _round(amount: float) -> float:
    """1, 2 or 5 times a power of ten, the nearest.

    >>> _round(37.0), _round(8.0)
    (50.0, 10.0)
    """
    power = 10.0 ** math.floor(math.log10(amount))
    return float(power * min((1, 2, 5, 10), key=lambda step: abs(math.log(amount / power / step))))


def _block(case: Case, name: str, amount: float, region: str | None, period: str | None) -> _Block:
    pools, funds = case.pools, case.funds
    banked = (column(pools, "pools", "level") == "bank").to_numpy()
    of_fund = (funds["fund"] == name).to_numpy() if len(funds) else np.zeros(0, dtype=bool)
    where = column(pools, "pools", "region")
    if of_fund.any():
        rows = np.flatnonzero(of_fund & _matches(column(funds, "funds", "period"), period))
        if len(rows):
            return _Block("funds", name, "", "", amount, "mcny", tuple(rows.tolist()))
    inside = (pools["pool"] == name).to_numpy()
    if not inside.any():
        inside = (pools["resource"] == name).to_numpy() & ~banked
        serving = inside & (where.isna() if region is None else where == region).to_numpy()
        inside = serving if serving.any() or region is not None else inside
    else:
        inside = inside & _matches(where, region)
    rows = np.flatnonzero(inside & _matches(column(pools, "pools", "period"), period))
    if not len(rows):
        known = sorted({*pools["pool"], *pools["resource"], *(funds["fund"] if len(funds) else ())})
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        raise YaosuError("unknown_block", {"found": name, "nearest": near[0] if near else ""})
    resource = str(pools["resource"].iloc[rows[0]])
    places = where.iloc[rows].dropna().unique()
    return _Block("pools", name, resource, "|".join(places), amount, case.units.get(resource, ""), tuple(rows.tolist()))


def _matches(values: pd.Series, wanted: str | None) -> np.ndarray:
    return np.ones(len(values), dtype=bool) if wanted is None else (values == wanted).to_numpy()


def is_large(plan: Plan) -> bool:
    """Whether a plan is changed nearby rather than solved anew."""
    return int(plan.model.integer.sum()) > LARGE_COLUMNS


def polished(plan: Plan, effort: tuple[str, float, float]) -> tuple[float, Floats]:
    """The plan improved as far as the changed cases will be, a large one nearby only, so that only the change tells."""
    solver, gap, time_limit = effort
    now, x = float(plan.objective or 0.0), np.asarray(plan.solution.x)
    if plan.gap is not None and plan.gap <= gap:
        return now, x
    close = nearby(plan.model, x, plan.relaxation.reduced, "") if is_large(plan) else plan.model
    answer = again(close, solver=solver, gap=gap, seconds=time_limit, start=x)
    better = answer.objective is not None and answer.objective > now
    return (float(answer.objective or 0.0), np.asarray(answer.x)) if better else (now, x)


def _value(
    plan: Plan, block: _Block, scores: pd.DataFrame, effort: tuple[str, float, float], now: float, x: Floats
) -> tuple[Any, ...]:  # fmt: skip
    """One block added and solved again."""
    solver, gap, time_limit = effort
    larger = build(block.added(plan.case), scores)
    fits = larger.columns.equals(plan.model.columns)
    near = fits and is_large(plan)
    trial = nearby(larger, x, plan.relaxation.reduced, "") if near else larger
    answer = again(trial, solver=solver, gap=gap, seconds=time_limit, start=x if fits else None)
    gained = max(0.0, (now if answer.objective is None else answer.objective) - now)
    loosened = relax(larger, solver=solver).objective
    bound = loosened if near else answer.bound
    most = math.nan if bound is None else max(gained, bound - now)
    relaxed = (
        math.nan if loosened is None or plan.relaxation.objective is None else loosened - plan.relaxation.objective
    )
    reached, status = answer.gap, answer.status
    if near and bound is not None:
        reached, status = relative_gap(now + gained, max(bound, now + gained)), "feasible"
    kind = "pool" if block.table == "pools" else "fund"
    return (
        block.name, kind, block.resource, block.region, block.amount, block.unit, gained, most, relaxed,
        _priced(plan, block), reached, status,
    )  # fmt: skip


def _priced(plan: Plan, block: _Block) -> float:
    """The block at the prices of the relaxation."""
    key = "pool" if block.table == "pools" else "fund"
    table = getattr(plan.case, block.table).iloc[list(block.rows)]
    rows = plan.model.rows[(plan.model.rows["block"] == key).to_numpy()]
    price = pd.Series(plan.relaxation.prices[rows.index.to_numpy()], index=pd.MultiIndex.from_frame(_keys(rows, key)))
    price = price[~price.index.duplicated()]
    at = pd.MultiIndex.from_frame(_keys(table.assign(period=column(table, block.table, "period")), key))
    return float(price.reindex(at).fillna(0.0).to_numpy() @ (block.amount * block.shares(plan.case)))


def _keys(table: pd.DataFrame, key: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            key: table[key].to_numpy(dtype=object),
            "period": table["period"].astype(object).fillna("").astype(str).to_numpy(),
        }
    )
