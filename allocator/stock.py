"""What is left of pools and financing products while projects are taken one by one, on the rows of the model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from allocator.case import Case
from allocator.model import Model
from allocator.pools import Pools

Floats = NDArray[np.float64]
Draw = tuple[int, int, float]
Path = tuple[tuple[int, ...], tuple[int, ...]]

TINY = 1e-9
OWN = 0
"""The holder of pools that are not divided."""


class Supply:
    """Quota left in every pool: what a period holds, what is carried over, advances, purchases (3.3) to (3.6).

    A draw on a pool goes first to what the period itself holds, then to what earlier periods left, then to an advance,
    then to the quota bank. Provincial pools may be divided beforehand between holders.

    Parameters
    ----------
    case : Case
    model : Model
    parts : dict, optional
        Resource to the share of each holder in the provincial pools; holders are numbered from 1.
    kept : iterable of (pool row, amount)
        What is set aside before anything is divided.
    """

    def __init__(
        self, case: Case, model: Model, parts: dict[str, Floats] | None = None,
        kept: Iterable[tuple[int, float]] = (),
    ) -> None:  # fmt: skip
        pools, self.x = model.pools, np.zeros(len(model.columns))
        self.n_rows, self.demand = (
            len(pools.table),
            {name: model.options[name].tolist() for name in model.pools.resources},
        )
        self.group = {name: model.member[name].tolist() for name in pools.resources}
        self.limit = {name: case.policy.match.get(name, 1.0) for name in pools.resources}
        self.provincial = pools.table["provincial"].tolist()
        self.divided = parts is not None
        self.served = _served(model)
        self.paths = _paths(model)
        base, resource = _capacity(pools)
        self.size = len(base)
        self.left = base.tolist()
        self._keep(model)
        for row, amount in kept:
            self.draw(row, OWN, amount, [])
        if parts is not None:
            shares = np.array([parts[name] for name in resource])
            left = np.broadcast_to(np.array(self.left)[:, None], shares.shape)
            self.left += np.multiply(left, shares, out=np.zeros(shares.shape), where=shares > 0).T.ravel().tolist()

    def _keep(self, model: Model) -> None:
        """Set aside what earlier grants draw (3.10)."""
        earlier = np.flatnonzero(model.options["earlier"].to_numpy())
        pool = np.flatnonzero(model.rows["block"].to_numpy() == "pool")
        drawn = sparse.coo_array(model.matrix[pool][:, earlier])
        for row, amount in zip(drawn.coords[0].tolist(), drawn.data.tolist(), strict=True):
            self.draw(row, OWN, amount, [])

    def take(self, option: int, holder: int = OWN) -> list[Draw] | None:
        """Draw all that an option asks for, or nothing; returns the draws, which `put_back` undoes."""
        draws: list[Draw] = []
        for resource, groups in self.group.items():
            group = groups[option]
            if group >= 0 and not self._serve(
                group, self.demand[resource][option], self.limit[resource], holder, draws
            ):
                self.put_back(draws)
                return None
        return draws

    def copy(self) -> Supply:
        """The same with a stock of its own."""
        other = copy(self)
        other.left, other.x = self.left.copy(), self.x.copy()
        return other

    def put_back(self, draws: Sequence[Draw]) -> None:
        """Undo draws."""
        for counter, column, amount in draws:
            if counter >= 0:
                self.left[counter] += amount
            if column >= 0:
                self.x[column] -= amount

    def _serve(self, group: int, demand: float, limit: float, holder: int, draws: list[Draw]) -> bool:
        """Provincial pools first as far as the match share allows (3.5), the rest from the others."""
        short, upper = demand, limit * demand
        for row, column in self.served[group]:
            wanted = min(short, upper) if self.provincial[row] else short
            if wanted <= 0:
                continue
            got = self.draw(row, holder, wanted, draws)
            if got > 0:
                self.x[column] += got
                draws.append((-1, column, got))
                short -= got
                upper -= got if self.provincial[row] else 0.0
        return short <= TINY * demand

    def draw(self, row: int, holder: int, wanted: float, draws: list[Draw]) -> float:
        """Draw as much of what is wanted as a pool row has for a holder, by every way; how much that was."""
        offset = self.size * holder if self.divided and self.provincial[row] else 0
        left, short = self.left, wanted
        for counters, columns in self.paths[row]:
            got = min(short, *[left[offset + counter] for counter in counters])
            if got <= TINY * wanted:
                continue
            for counter in counters:
                left[offset + counter] -= got
                draws.append((offset + counter, -1, got))
            for column in columns:
                self.x[column] += got
                draws.append((-1, column, got))
            short -= got
            if short <= 0:
                break
        return wanted - short


def _capacity(pools: Pools) -> tuple[Floats, list[str]]:
    """What each counter holds at first, and its resource: amount, carry-over, advance by pool row, then bank steps."""
    table, steps = pools.table, pools.steps.drop_duplicates("step").sort_values("step")
    parts = [table[name].to_numpy(dtype=float) for name in ("amount", "carry", "advance")]
    resource = [*table["resource"].tolist() * 3, *steps["resource"].tolist()]
    return np.concatenate([*parts, steps["amount"].to_numpy(dtype=float)]), resource


def _paths(model: Model) -> list[list[Path]]:
    """For each pool row the ways in which quota reaches it: counters that limit it and columns that carry it."""
    table, steps = model.pools.table, model.pools.steps
    n, following = len(table), table["following"].to_numpy()
    block = model.columns["block"].to_numpy()
    column = {name: np.full(n, -1) for name in ("carry", "advance")}
    for name, places in column.items():
        places[table[name].to_numpy() > 0] = np.flatnonzero(block == name)
    number = {step: 3 * n + i for i, step in enumerate(sorted(steps["step"].unique()))}
    bank: list[list[Path]] = [[] for _ in range(n)]
    for bought, step, row in zip(np.flatnonzero(block == "bank"), steps["step"], steps["pool_row"], strict=True):
        bank[row].append(((number[step],), (int(bought),)))
    before = {int(later): row for row, later in enumerate(following) if later >= 0}
    found = []
    for row in range(n):
        paths: list[Path] = [((row,), ())]
        counters: tuple[int, ...] = ()
        columns: tuple[int, ...] = ()
        at = row
        while at in before and column["carry"][before[at]] >= 0:
            at = before[at]
            counters, columns = (*counters, n + at), (*columns, int(column["carry"][at]))
            paths.append(((at, *counters), columns))
        if column["advance"][row] >= 0:
            ahead = (int(following[row]),) if following[row] >= 0 else ()
            paths.append(((*ahead, 2 * n + row), (int(column["advance"][row]),)))
        found.append(paths + bank[row])
    return found


def _served(model: Model) -> list[list[tuple[int, int]]]:
    """The pool rows that serve each group, with their grant columns; provincial ones first, the narrowest first."""
    grant = np.flatnonzero(model.columns["block"].to_numpy() == "grant")
    pool = np.flatnonzero(model.rows["block"].to_numpy() == "pool")
    inside = sparse.csc_array(model.matrix[pool][:, grant])
    rows = inside.indices
    groups = model.columns["group"].to_numpy()[grant].astype(int)
    provincial = model.pools.table["provincial"].to_numpy()
    width = np.bincount(rows, minlength=len(pool))
    found: list[list[tuple[int, int]]] = [[] for _ in range(len(model.groups))]
    for i in np.lexsort((rows, width[rows], ~provincial[rows])):
        found[groups[i]].append((int(rows[i]), int(grant[i])))
    return found


LIMITS = ("ratio", "whole", "service")


class Money:
    """Room left in the financing products; each project borrows the cheapest mix that its rows of (3.7) allow.

    A column stands in at most one row of each block but "share", so the coefficients of a block fit one array.
    """

    def __init__(self, model: Model, x: Floats) -> None:
        self.x, block = x, model.rows["block"].to_numpy()
        at = {name: np.flatnonzero(block == name) for name in ("finance", "fund", "share", *LIMITS)}
        self.coef = {name: np.asarray(model.matrix[at[name]].sum(axis=0)).tolist() for name in ("finance", *LIMITS)}
        self.left = model.row_upper[at["fund"]].tolist()
        loans = np.flatnonzero(model.columns["block"].to_numpy() == "loan")
        lender = sparse.csc_array(model.matrix[at["fund"]][:, loans]).indices
        self.fund = dict(zip(loans.tolist(), lender.tolist(), strict=True))
        self.share = sparse.csc_array(model.matrix[at["share"]])
        borne = sparse.coo_array(self.share[:, loans])
        self.share_row = dict(zip(loans[borne.coords[1]].tolist(), borne.coords[0].tolist(), strict=True))
        self.offers: dict[str, list[int]] = {}
        cheapest = loans[np.argsort(model.cost[loans], kind="stable")]
        for loan, project in zip(cheapest.tolist(), model.columns["project"].to_numpy()[cheapest], strict=True):
            self.offers.setdefault(project, []).append(loan)

    def take(self, option: int, project: str) -> list[tuple[int, float]] | None:
        """Borrow what an option needs beside own money; None where no mix tried is enough.

        Tried are the cheapest products first, then those with the least yearly service first.
        """
        need = -self.coef["finance"][option]
        if need <= 0:
            return []
        offers = [loan for loan in self.offers.get(project, []) if self.left[self.fund[loan]] > TINY]
        for order in (offers, sorted(offers, key=self.coef["service"].__getitem__)):
            taken = self._mix(order, option, need)
            if taken is not None:
                self.book(taken, 1.0)
                return taken
        return None

    def put_back(self, taken: Sequence[tuple[int, float]]) -> None:
        """Repay."""
        self.book(taken, -1.0)

    def _mix(self, order: list[int], option: int, need: float) -> list[tuple[int, float]] | None:
        span = slice(self.share.indptr[option], self.share.indptr[option + 1])
        most = dict(zip(self.share.indices[span].tolist(), (-self.share.data[span]).tolist(), strict=True))
        room = {name: -self.coef[name][option] for name in LIMITS}
        taken, short = [], need
        for loan in order:
            got = min(short, self.left[self.fund[loan]])
            if loan in self.share_row:
                got = min(got, most.get(self.share_row[loan], 0.0))
            for name in LIMITS:
                if self.coef[name][loan] > 0:
                    got = min(got, room[name] / self.coef[name][loan])
            if got <= TINY * need:
                continue
            for name in LIMITS:
                room[name] -= self.coef[name][loan] * got
            taken.append((loan, got))
            short -= got
        return taken if short <= TINY * need else None

    def copy(self, x: Floats) -> Money:
        """The same with room of its own, booked in another plan."""
        other = copy(self)
        other.left, other.x = self.left.copy(), x
        return other

    def book(self, taken: Iterable[tuple[int, float]], sign: float) -> None:
        """Lend amounts of loan columns, or take them back."""
        for loan, amount in taken:
            self.x[loan] += sign * amount
            self.left[self.fund[loan]] -= sign * amount
