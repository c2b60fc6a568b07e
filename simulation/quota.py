"""What the quota of one replication did: benefit secured and realised, idle quota, waiting, shares (MODEL 5).

Each function takes the outcome of a replication and the round that was given out in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.baselines import formula
from allocator.round import Round
from allocator.schema import column
from simulation.network import day_number
from simulation.outcome import Outcome
from simulation.process import Process

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Quota:
    """A round beside the order in which outcomes hold its projects.

    Attributes
    ----------
    round : Round
    process : Process
    ids : array of str
        Ids as outcomes have them.
    """

    round: Round
    process: Process
    ids: NDArray[np.object_]

    @cached_property
    def projects(self) -> pd.DataFrame:
        """The projects of the round in the order of the outcomes."""
        table = self.round.model.projects
        return table.set_index(table["id"].astype(str)).loc[list(self.ids)].reset_index(drop=True)

    @cached_property
    def began(self) -> Bools:
        """Who began before the round and waits for nothing."""
        return column(self.projects, "projects", "started").notna().to_numpy()

    @cached_property
    def begins(self) -> Floats:
        """Day from which each pool row can be drawn on."""
        days = [day_number(one, self.process.origin) for one in self.round.begins]
        place = dict(zip(self.round.model.pools.periods, days, strict=False))
        period = self.round.model.pools.table["period"]
        return np.array([place.get(one, min(days, default=0.0)) for one in period], dtype=np.float64)

    @cached_property
    def points(self) -> Floats:
        """Output benefit of each option, and none for a grant from before the round."""
        return np.append(self.round.model.options["points"].to_numpy(dtype=np.float64), 0.0)

    def benefit(self, one: Outcome, times: Floats) -> tuple[Floats, Floats]:
        """Output benefit secured (granted) and realised (granted and started) by each time, shape (times,)."""
        holdings = one.holdings
        worth = self.points[holdings["option"].to_numpy(dtype=int)] * holdings["share"].to_numpy()
        day, back = holdings["day"].to_numpy(), holdings["back"].to_numpy()
        started = np.maximum(one.started[holdings["project"].to_numpy(dtype=int)], day)
        stays = np.isnan(back)[:, None] | (times < np.nan_to_num(back, nan=np.inf)[:, None])
        secured = (day[:, None] <= times) & stays
        return worth @ secured, worth @ (secured & (np.nan_to_num(started, nan=np.inf)[:, None] <= times))

    def idle(self, one: Outcome, end: float) -> dict[str, tuple[float, float]]:
        """Unit-days of quota until a day, by resource: not granted, and granted but not started.

        Quota of a period counts from the period's first day, pool by pool; what is drawn in advance or bought is never
        idle while it is not granted.
        """
        table, draws, holdings = self.round.model.pools.table, one.draws, one.holdings
        pools, of = np.unique(table["pool"].to_numpy(dtype=str), return_inverse=True)
        at = draws["holding"].to_numpy(dtype=int)
        pool, amount = of[draws["pool_row"].to_numpy(dtype=int)], draws["amount"].to_numpy()
        given, back = holdings["day"].to_numpy()[at], np.nan_to_num(holdings["back"].to_numpy()[at], nan=end)
        start = np.nan_to_num(one.started[holdings["project"].to_numpy(dtype=int)[at]], nan=np.inf)
        steps = np.concatenate([self.begins, given, back, np.minimum(np.maximum(start, given), back)])
        times = np.unique(np.clip(steps, None, end))
        width = np.diff(np.append(times, end))

        def level(who: NDArray[np.intp], since: Floats, what: Floats) -> Floats:
            made = np.zeros((len(pools), len(times)))
            inside = since < end
            np.add.at(made, (who[inside], np.searchsorted(times, since[inside])), what[inside])
            return made.cumsum(axis=1)

        there = level(of, self.begins, table["amount"].to_numpy(dtype=float))
        granted = level(pool, given, amount) - level(pool, back, amount)
        used_from = np.minimum(np.maximum(start, given), back)
        used = level(pool, used_from, amount) - level(pool, back, amount)
        free, waits = np.maximum(there - granted, 0.0) @ width, np.maximum(granted - used, 0.0) @ width
        resource = pd.Series(table["resource"].to_numpy(), index=of).groupby(level=0).first()
        return {
            str(name): (float(free[mine].sum()), float(waits[mine].sum()))
            for name in self.round.case.resources
            for mine in [np.flatnonzero((resource == name).to_numpy())]
        }

    def waits(self, one: Outcome, end: float) -> tuple[Floats, Floats]:
        """Days that each project waited for approvals, then for elements, until a day; NaN for who began before.

        A project that has left waits no longer; one whose grant returned waits until it is given another one.
        """
        left = np.fmin(np.nan_to_num(one.ended, nan=np.inf), end)
        review = np.maximum(np.fmin(np.nan_to_num(one.approved, nan=np.inf), left) - np.fmin(one.ready, end), 0.0)
        until = np.fmin(np.nan_to_num(one.started, nan=np.inf), left)
        held = one.holdings[~one.holdings.duplicated(["project", "day"])]
        place, since = held["project"].to_numpy(dtype=int), held["day"].to_numpy(copy=True)
        back = np.nan_to_num(held["back"], nan=np.inf)
        since[: len(self.round.earlier)] = -np.inf
        had = np.maximum(np.minimum(back, until[place]) - np.maximum(since, one.approved[place]), 0.0)
        waited = until - one.approved - np.bincount(place, had, minlength=len(until))
        elements = np.where(one.approved < end, np.maximum(waited, 0.0), NAN)
        return np.where(self.began, NAN, review), np.where(self.began, NAN, elements)

    def granted(self, one: Outcome, end: float) -> Floats:
        """Day on which each project was given what it holds on a day; NaN for who holds nothing."""
        stays = _stands(one.holdings, end)
        found = np.full(len(self.ids), NAN)
        found[one.holdings["project"].to_numpy(dtype=int)[stays]] = one.holdings["day"].to_numpy()[stays]
        return found

    def held(self, one: Outcome, end: float) -> pd.DataFrame:
        """What each region holds of each resource on a day: ``resource, region, amount``."""
        holdings, draws = one.holdings, one.draws
        at = draws["holding"].to_numpy(dtype=int)
        inside = _stands(holdings, end)[at]
        pool_row = draws["pool_row"].to_numpy(dtype=int)[inside]
        project = holdings["project"].to_numpy(dtype=int)[at[inside]]
        region = column(self.projects, "projects", "region").astype(object).fillna("").to_numpy()
        found = pd.DataFrame({
            "resource": self.round.model.pools.table["resource"].to_numpy()[pool_row],
            "region": region[project], "amount": draws["amount"].to_numpy()[inside],
        })  # fmt: skip
        held: pd.DataFrame = found.groupby(["resource", "region"])["amount"].sum().reset_index()
        return held

    @cached_property
    def formula(self) -> pd.DataFrame:
        """Each region's share by formula among those that have projects, by resource: see `baselines.formula`."""
        regions = sorted(set(column(self.projects, "projects", "region").astype(object).fillna("").astype(str)))
        share = formula(self.round.case, self.round.model).loc[regions]
        total = share.sum()
        return share / total.where(total > 0, 1.0)

    def shares(self, one: Outcome, end: float) -> dict[str, Floats]:
        """Share of each region in what is held of each resource, in the order of `formula`."""
        held = self.held(one, end)
        found = {}
        for resource in self.round.case.resources:
            amount = held[held["resource"] == resource].set_index("region")["amount"].reindex(self.formula.index)
            total = amount.sum()
            found[resource] = (amount.fillna(0.0) / total if total else amount).to_numpy(dtype=np.float64)
        return found


def _stands(holdings: pd.DataFrame, day: float) -> Bools:
    """Which holdings are held on a day."""
    stands: Bools = ((holdings["day"] <= day) & ~(holdings["back"] <= day)).to_numpy()
    return stands


def gini(share: Floats, formula: Floats) -> float:
    """How far shares are from a formula: 0 where they are the same, near 1 where one region has all.

    The Gini coefficient of share over formula, each region weighted by its formula share: twice the area between the
    diagonal and the Lorenz curve of regions in order of that ratio.

    Examples
    --------
    >>> gini(np.array([0.5, 0.5]), np.array([0.5, 0.5])), gini(np.array([0.0, 1.0]), np.array([0.75, 0.25]))
    (0.0, 0.75)
    """
    if np.isnan(share).any() or not share.sum():
        return NAN
    with np.errstate(divide="ignore"):
        order = np.argsort(np.where(formula > 0, share / np.where(formula > 0, formula, 1.0), np.inf), kind="stable")
    x = np.concatenate([[0.0], np.cumsum(formula[order])])
    y = np.concatenate([[0.0], np.cumsum(share[order])])
    return float(1.0 - np.sum(np.diff(x) * (y[1:] + y[:-1])) + 0.0)
