"""Plans made without optimising, beside which every optimum is shown: rank and cut, and regional quota (MODEL 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import tables
from allocator.case import Case
from allocator.model import Model
from allocator.recheck import recheck
from allocator.schema import column
from allocator.stock import Draw, Floats, Money, Supply

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Baseline:
    """A plan by simple rules on the rows of the same model, with the tables of a `Plan`.

    Attributes
    ----------
    name : str
        ``rank_and_cut`` or ``regional_quota``.
    case : Case
    model : Model
    x : array over columns

    Examples
    --------
    >>> from allocator import Case
    >>> from allocator.model import build
    >>> case = Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b", "c"], "land": [4.0, 3.0, 2.0], "score": [9.0, 8.0, 7.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [6.0]}))
    >>> plan = rank_and_cut(case, build(case))
    >>> plan.objective, plan.projects.query("funded")["id"].tolist()
    (16.0, ['a', 'c'])
    """

    name: str
    case: Case
    model: Model
    x: Floats

    def __repr__(self) -> str:
        return f"<Baseline {self.name} of {self.case.name}: {self.status}, objective {self.objective:,.6g}>"

    @property
    def objective(self) -> float:
        """Value secured, net of the penalties of soft rules."""
        return float(self.model.value @ self.x)

    @property
    def status(self) -> str:
        """``feasible``, or ``infeasible`` where a hard rule or a decision is not met: see `broken`."""
        return "infeasible" if len(self.broken) else "feasible"

    @cached_property
    def broken(self) -> pd.DataFrame:
        """The rows that this plan does not keep, with their labels; floors, mostly, since it does not plan for them."""
        found = recheck(self.model, self.x)
        labels = self.model.rows.drop(columns="block").iloc[found["index"].where(found["kind"] == "row", 0)]
        return pd.concat([found, labels.reset_index(drop=True)], axis=1)

    @cached_property
    def projects(self) -> pd.DataFrame:
        """One row per project: facts, ``funded, share, variant, period, value``."""
        return tables.project_table(self.model, self.x)

    @cached_property
    def grants(self) -> pd.DataFrame:
        """``project, variant, resource, pool, period, amount, unit``."""
        return tables.grant_table(self.case, self.model, self.x)

    @cached_property
    def loans(self) -> pd.DataFrame:
        """``project, fund, instrument, period, amount, rate, term``."""
        return tables.loan_table(self.case, self.model, self.x)

    @cached_property
    def pools(self) -> pd.DataFrame:
        """Balance of every pool and period."""
        return tables.pool_table(self.model, self.x)

    @cached_property
    def rules(self) -> pd.DataFrame:
        """Every floor and cap with what this plan reaches."""
        return tables.rule_table(self.case, self.model, self.x, np.zeros(len(self.model.rows)))


def baselines(case: Case, model: Model) -> dict[str, Baseline]:
    """Both baselines by name."""
    return {plan.name: plan for plan in (rank_and_cut(case, model), regional_quota(case, model))}


def rank_and_cut(case: Case, model: Model) -> Baseline:
    """Go down the list by score, take what still fits, skip what does not (baseline a).

    Earlier grants come first, then projects that must be done with what they require, then all others by score,
    earlier registration, id. A project takes its first way that fits: the earliest period and in it the project's own
    row before variants and the whole before a part. Provincial pools are drawn on first, as far as match shares
    allow, unused quota is carried over; advances and bank follow. Caps as a share of the plan can only be judged at
    the end: the last projects over such a cap are taken back, and the list is gone through again.
    Projects are taken whole, also where the policy says divisible. Floors are not planned for; see `Baseline.broken`.
    """
    taking = _Taking(case, model, Supply(case, model), np.zeros(len(model.projects), dtype=int))
    return Baseline("rank_and_cut", case, model, taking.run(np.arange(len(model.projects))))


def regional_quota(case: Case, model: Model, shares: Mapping[str, float] | None = None) -> Baseline:
    """Each region gets its share of all quota; inside it, first come first served (baseline b).

    Provincial pools are divided beforehand so that each region's own and provincial quota together come as near as
    may be to its share of the total, which stays that of the optimum. Projects come by registration, then id, and
    are otherwise taken as in `rank_and_cut`; financing products are open to all in that order.

    Parameters
    ----------
    case : Case
    model : Model
    shares : mapping, optional
        Region to weight; by default `policy.formula`, and without it what each region asks for.
    """
    region = column(model.projects, "projects", "region").astype(object).fillna("").astype(str)
    shares = shares or case.policy.formula
    names = sorted(set(region) | set(shares))
    parts = {name: _parts(model, region.to_numpy(), names, name, shares) for name in model.pools.resources}
    holder = 1 + np.searchsorted(names, region)
    registered = pd.to_datetime(column(model.projects, "projects", "registered").to_numpy())
    order = pd.DataFrame({"registered": registered, "id": model.projects["id"].to_numpy()}).sort_values(
        ["registered", "id"]
    )
    taking = _Taking(case, model, Supply(case, model, parts), holder)
    return Baseline("regional_quota", case, model, taking.run(order.index.to_numpy()))


def greedy(case: Case, model: Model, prices: Floats) -> Floats:
    """Go down the list by value over cost at given prices of the rows, as `rank_and_cut` does by score.

    Not a baseline, but a plan to fall back on where nothing better is found in time.

    Parameters
    ----------
    case : Case
    model : Model
    prices : array over rows

    Returns
    -------
    array over columns
    """
    between = np.where(model.rows["block"].to_numpy() == "one", 0.0, prices)
    cost = (model.matrix.T @ between)[: len(model.options)]
    value = model.value[: len(model.options)]
    owner = pd.Index(model.projects["id"]).get_indexer(pd.Index(model.options["project"]))
    best = np.full(len(model.projects), -np.inf)
    np.maximum.at(best, owner, value / np.maximum(cost, 1e-9 * np.abs(value) + 1e-12))
    taking = _Taking(case, model, Supply(case, model), np.zeros(len(model.projects), dtype=int))
    return taking.run(np.argsort(-best, kind="stable"))


def _parts(
    model: Model, region: NDArray[np.object_], names: list[str], resource: str, shares: Mapping[str, float]
) -> Floats:
    """Each region's part of the provincial pools of a resource."""
    if shares:
        share = np.array([shares.get(name, 0.0) for name in names])
    else:
        asked = model.options.groupby("project")[resource].max().reindex(model.projects["id"]).fillna(0.0)
        share = asked.groupby(region).sum().reindex(names).fillna(0.0).to_numpy()
    if not share.sum():
        share = np.ones(len(names))
    share = share / share.sum()
    table = model.pools.table[model.pools.table["resource"] == resource]
    own = table[~table["provincial"]].groupby("region")["amount"].sum().reindex(names).fillna(0.0).to_numpy()
    wanted = np.maximum(share * table["amount"].sum() - own, 0.0)
    return np.asarray(wanted / wanted.sum() if wanted.sum() else share)


class _Taking:
    """Takes projects one after the other while everything they need is there."""

    def __init__(self, case: Case, model: Model, supply: Supply, holder: NDArray[np.intp]) -> None:
        self.model, self.supply, self.money = model, supply, Money(model, supply.x)
        self.holder, self.ids = holder.tolist(), model.projects["id"].tolist()
        self.ways = _ways(model)
        self.earlier = model.options["earlier"].to_numpy()
        must = column(model.projects, "projects", "decision") == "must"
        self.requires, self.excludes = _links(model)
        self.must = self._with_required(np.flatnonzero(must.to_numpy()).tolist())
        caps = _hard_caps(model)
        self.cap = model.matrix[caps][:, : len(model.options)].toarray().T
        self.limit = model.row_upper[caps] + 1e-9 * np.maximum(1.0, np.abs(model.row_upper[caps]))
        self.of_plan = (self.cap < 0).any(axis=0)
        self.reached = np.zeros(len(caps))
        self.taken: dict[int, tuple[int, list[Draw], list[tuple[int, float]]]] = {}

    def run(self, order: Indices) -> Floats:
        """Take projects in this order; returns the plan over all columns."""
        kept = [i for i in order.tolist() if any(self.earlier[o] for o in self.ways[i])]
        for i in kept:
            self._enter(i, [o for o in self.ways[i] if self.earlier[o]], ~self.of_plan)
        first = set(self.must)
        queue = [*self.must, *(i for i in order.tolist() if i not in first)]
        self._round(queue, ~self.of_plan)
        self._take_back(queue, set(kept) | first)
        while self._round(queue, np.ones(len(self.limit), dtype=bool)):
            pass
        return self._point()

    def _round(self, queue: list[int], caps: NDArray[np.bool_]) -> int:
        before = len(self.taken)
        for i in queue:
            if i not in self.taken:
                self._enter(i, self.ways[i], caps)
        return len(self.taken) - before

    def _enter(self, i: int, ways: list[int], caps: NDArray[np.bool_]) -> bool:
        """Take the first way that fits."""
        if any(j not in self.taken for j in self.requires[i]) or any(j in self.taken for j in self.excludes[i]):
            return False
        for option in ways:
            if (self.reached + self.cap[option] > self.limit)[caps].any():
                continue
            draws = self.supply.take(option, self.holder[i])
            if draws is None:
                continue
            loans = self.money.take(option, self.ids[i])
            if loans is None:
                self.supply.put_back(draws)
                continue
            self.reached += self.cap[option]
            self.taken[i] = (option, draws, loans)
            return True
        return False

    def _take_back(self, queue: list[int], fixed: set[int]) -> None:
        """Take back the last projects over a cap that is a share of the plan, until all such caps hold."""
        loose = [i for i in queue if i in self.taken and i not in fixed]
        while (over := np.flatnonzero(self.of_plan & (self.reached > self.limit))).size:
            places = [
                place for place in range(len(loose) - 1, -1, -1) if self.cap[self.taken[loose[place]][0], over[0]] > 0
            ]
            if not places:
                return
            self._leave(loose[places[0]])
            loose = [i for i in loose if i in self.taken]

    def _leave(self, i: int) -> None:
        option, draws, loans = self.taken.pop(i)
        self.supply.put_back(draws)
        self.money.put_back(loans)
        self.reached -= self.cap[option]
        for j in [j for j in self.taken if i in self.requires[j]]:
            if j in self.taken:
                self._leave(j)

    def _with_required(self, projects: list[int]) -> list[int]:
        """These projects, each after all that it requires."""
        found: dict[int, None] = {}

        def visit(i: int, above: frozenset[int]) -> None:
            if i in found or i in above:
                return
            for j in sorted(self.requires[i]):
                visit(j, above | {i})
            found[i] = None

        for i in projects:
            visit(i, frozenset())
        return list(found)

    def _point(self) -> Floats:
        """The plan over all columns: options, flows, changes of earlier grants, and what soft rules miss."""
        model, x = self.model, self.supply.x
        options = [option for option, _, _ in self.taken.values()]
        x[options] = 1.0
        block = model.columns["block"].to_numpy()
        change = np.flatnonzero(block == "change")
        x[change] = 1.0 - x[np.flatnonzero(self.earlier)] if len(change) else 0.0
        reached = model.matrix @ x
        short = np.maximum(model.row_lower - reached, 0.0) + np.maximum(reached - model.row_upper, 0.0)
        slack = np.flatnonzero(block == "slack")
        x[slack] = abs(model.matrix[:, slack]).T @ short
        return x


def _ways(model: Model) -> list[list[int]]:
    """Options of each project, the earliest period first, then the project's own row, then the most valuable."""
    table = model.options
    owner = pd.Index(model.projects["id"]).get_indexer(pd.Index(table["project"]))
    order = np.lexsort(
        (-table["points"].to_numpy(), (table["variant"] != "base").to_numpy(), table["start"].to_numpy(), owner)
    )
    ends = np.cumsum(np.bincount(owner, minlength=len(model.projects)))
    return [part.tolist() for part in np.split(order, ends[:-1])] if len(ends) else []


def _links(model: Model) -> tuple[list[set[int]], list[set[int]]]:
    """What each project requires and excludes, by place (3.2)."""
    place = {id_: i for i, id_ in enumerate(model.projects["id"])}
    requires: list[set[int]] = [set() for _ in place]
    excludes: list[set[int]] = [set() for _ in place]
    for kind, first, second in _pairs(model):
        if kind == "requires":
            requires[place[first]].add(place[second])
        else:
            excludes[place[first]].add(place[second])
            excludes[place[second]].add(place[first])
    return requires, excludes


def _pairs(model: Model) -> Iterator[tuple[str, str, str]]:
    rows = model.rows[model.rows["block"].isin(("requires", "excludes"))]
    yield from zip(rows["block"], rows["project"], rows["name"], strict=True)


def _hard_caps(model: Model) -> Indices:
    """Rows of caps without a slack."""
    slack = np.flatnonzero(model.columns["block"].to_numpy() == "slack")
    soft = (abs(model.matrix[:, slack]).sum(axis=1) > 0) if len(slack) else np.zeros(len(model.rows), dtype=bool)
    return np.flatnonzero((model.rows["block"].to_numpy() == "cap") & ~np.asarray(soft))
