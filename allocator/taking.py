"""Projects taken one after the other, in a given order or by prices, while everything they need is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.case import Case
from allocator.model import Model
from allocator.schema import column
from allocator.stock import Draw, Floats, Money, Supply

Indices = NDArray[np.intp]


def greedy(case: Case, model: Model, prices: Floats) -> Floats:
    """Go down the list by value over cost at given prices of the rows: a plan where nothing better is found in time.

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
    taking = Taking(case, model, Supply(case, model), np.zeros(len(model.projects), dtype=int))
    return taking.run(np.argsort(-best, kind="stable"))


class Taking:
    """Takes projects one after the other while everything they need is there.

    Parameters
    ----------
    case : Case
    model : Model
    supply : Supply
        What there is to take from.
    holder : array over projects
        Whose part of it each project takes from; see `Supply`.
    """

    def __init__(self, case: Case, model: Model, supply: Supply, holder: NDArray[np.intp]) -> None:
        self.model, self.supply, self.money = model, supply, Money(model, supply.x)
        self.holder, self.ids = holder.tolist(), model.projects["id"].tolist()
        self.ways = _ways(model)
        self.earlier = model.options["earlier"].to_numpy()
        self.open = np.ones(len(model.options), dtype=bool)
        must = column(model.projects, "projects", "decision") == "must"
        self.requires, self.excludes = _links(model)
        self.must = self._with_required(np.flatnonzero(must.to_numpy()).tolist())
        caps = _hard_caps(model)
        self.cap = model.matrix[caps][:, : len(model.options)].toarray().T
        self.limit = model.row_upper[caps] + 1e-9 * np.maximum(1.0, np.abs(model.row_upper[caps]))
        self.of_plan = (self.cap < 0).any(axis=0)
        self.reached, self.fixed = np.zeros(len(caps)), set[int]()
        self.taken: dict[int, tuple[int, list[Draw], list[tuple[int, float]]]] = {}

    def copy(self) -> Taking:
        """The same before or after some have been taken; what is taken from one is not missing in the other."""
        other = copy(self)
        other.supply = self.supply.copy()
        other.money = self.money.copy(other.supply.x)
        other.reached, other.fixed, other.taken = self.reached.copy(), set(self.fixed), dict(self.taken)
        return other

    def hold(
        self, i: int, option: int, draws: Iterable[tuple[int, float]], loans: Iterable[tuple[int, float]] | None,
        share: float = 1.0,
    ) -> None:  # fmt: skip
        """Set aside what a project has been given before; it counts in the caps, and is not taken again.

        Parameters
        ----------
        i : int
            Place of the project.
        option : int
            -1 where it is none of the model.
        draws : iterable of (pool row, amount)
        loans : iterable of (column, amount), optional
            Without, what the option needs is borrowed now.
        share : float
            Of the option.
        """
        for row, amount in draws:
            self.supply.draw(row, self.holder[i], amount, [])
        if loans is not None:
            self.money.book(loans, 1.0)
        elif option >= 0:
            self.money.take(option, self.ids[i])
        if option >= 0:
            self.reached += share * self.cap[option]
        self.taken[i] = (option, [], [])
        self.fixed.add(i)

    def run(self, order: Indices) -> Floats:
        """Take projects in this order; returns the plan over all columns."""
        kept = [i for i in order.tolist() if any(self.earlier[o] for o in self.ways[i])]
        for i in kept:
            self._enter(i, [o for o in self.ways[i] if self.earlier[o]], ~self.of_plan)
        self.choose(order, set(kept))
        return self._point()

    def choose(self, order: Indices, kept: set[int] | None = None) -> None:
        """Take projects in this order by ways that are ``open``; `kept` are those taken already that stay."""
        here = set(order.tolist())
        first = [i for i in self.must if i in here]
        queue = [*first, *(i for i in order.tolist() if i not in set(first))]
        self._round(queue, ~self.of_plan)
        self._take_back(queue, (kept or set()) | set(first) | self.fixed)
        while self._round(queue, np.ones(len(self.limit), dtype=bool)):
            pass

    def _round(self, queue: list[int], caps: NDArray[np.bool_]) -> int:
        before = len(self.taken)
        for i in queue:
            if i not in self.taken:
                self._enter(i, [option for option in self.ways[i] if self.open[option]], caps)
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
            if j in self.taken and j not in self.fixed:
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
