"""Quota pools by period: what each holds, whom it may serve, and what passes on to the next period (3.3-3.6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.case import Case, natural
from allocator.options import WHOLE_ROUND, kept_grants
from allocator.schema import column, split

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pools:
    """Pool periods and bank steps of a case.

    Attributes
    ----------
    table : DataFrame
        One row per pool and period: ``pool, resource, level, region, period, tiers, fields, amount, unit_cost, unit``,
        ``provincial`` (subject to match shares), ``carry`` and ``advance`` (the most that may pass to the next period
        or be drawn from it), ``following`` (row of the next period or -1), ``available`` (the most that it can hold).
    steps : DataFrame
        Supply steps of the quota bank by pool row supplied: ``step, pool, resource, period, pool_row, amount,
        unit_cost``.
    resources : tuple of str
    periods : tuple of str
    """

    table: pd.DataFrame
    steps: pd.DataFrame
    resources: tuple[str, ...]
    periods: tuple[str, ...]

    @property
    def labels(self) -> pd.DataFrame:
        """Labels of the pool rows."""
        return self.table[["pool", "resource", "region", "period", "unit"]].assign(name=self.table["pool"])

    def serving(self, projects: pd.DataFrame, resource: str) -> tuple[NDArray[np.int64], Bools]:
        """Kind of each project and, per kind, which pool rows of any period may serve it with a resource."""
        table = self.table
        mine = (table["resource"] == resource).to_numpy()
        limits = {
            "county": table["level"] == "county",
            "region": table["region"].notna() & (table["level"] != "county"),
            "tier": table["tiers"].notna(),
            "field": table["fields"].notna(),
        }
        used = [name for name, limited in limits.items() if (limited.to_numpy() & mine).any()]
        facts = pd.DataFrame(
            {name: column(projects, "projects", name).astype(object) for name in used}, index=projects.index
        )
        if not used:
            return np.zeros(len(projects), dtype=int), mine[None, :]
        kind = facts.groupby(used, dropna=False, sort=False).ngroup().to_numpy().astype(np.int64)
        kinds = facts.drop_duplicates()
        serves = np.tile(mine, (len(kinds), 1))
        for name in used:
            of = kinds[name].to_numpy(dtype=object)
            for row in np.flatnonzero(limits[name].to_numpy() & mine):
                allowed = (
                    split(table[f"{name}s"].iloc[row]) if name in ("tier", "field") else (table["region"].iloc[row],)
                )
                serves[:, row] &= np.isin(of.astype(str), allowed)
        return kind, serves

    def at(self, place: int) -> Bools:
        """Pool rows that may be drawn on in a period: its own and those of the whole round."""
        period = self.table["period"]
        return ((period == self.periods[place]) | (period == WHOLE_ROUND)).to_numpy()

    def groups(
        self, projects: pd.DataFrame, options: pd.DataFrame, owner: NDArray[np.int64]
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Options grouped by the pool rows that may serve them.

        Returns
        -------
        groups : DataFrame
            ``resource, period`` per group.
        serves : DataFrame
            ``group, pool_row``.
        member : DataFrame
            Group of each option per resource, -1 where it asks for none.
        """
        member = pd.DataFrame(-1, index=range(len(options)), columns=list(self.resources))
        found: list[tuple[str, str]] = []
        serves: list[tuple[int, int]] = []
        start, earlier = options["start"].to_numpy(), options["earlier"].to_numpy()
        for resource in self.resources:
            kind, reach = self.serving(projects, resource)
            asks = (options[resource].to_numpy() > 0) & ~earlier
            of = np.full(len(options), -1)
            for place in range(len(self.periods)):
                here = np.flatnonzero(asks & (start == place))
                if not len(here):
                    continue
                sets, which = np.unique(reach[:, self.at(place)], axis=0, return_inverse=True)
                rows = np.flatnonzero(self.at(place))
                for number, served in enumerate(sets):
                    inside = here[which.ravel()[kind[owner[here]]] == number]
                    if len(inside):
                        of[inside] = len(found)
                        serves += [(len(found), row) for row in rows[served]]
                        found.append((resource, self.periods[place]))
            member[resource] = of
        return (
            pd.DataFrame(found, columns=["resource", "period"], dtype=object),
            pd.DataFrame(serves, columns=["group", "pool_row"], dtype=int),
            member,
        )

    def kept(self, case: Case, options: pd.DataFrame) -> pd.DataFrame:
        """What earlier grants draw: ``option, pool_row, amount`` (3.10)."""
        earlier = pd.DataFrame({"option": np.flatnonzero(options["earlier"].to_numpy())})
        earlier["project"] = options["project"].to_numpy()[earlier["option"]]
        rows = self.table[["pool", "period"]].assign(pool_row=np.arange(len(self.table)))
        grants = kept_grants(case)
        if not len(grants) or not len(earlier):
            return pd.DataFrame({"option": [], "pool_row": [], "amount": []})
        drawn = pd.DataFrame(
            {name: column(grants, "grants", name).to_numpy() for name in ("project", "pool", "period", "amount")}
        )
        drawn["period"] = drawn["period"].fillna(WHOLE_ROUND)
        exact = drawn.merge(earlier, on="project").merge(rows, on=["pool", "period"], how="left")
        whole = rows[rows["period"] == WHOLE_ROUND].set_index("pool")["pool_row"]
        exact["pool_row"] = exact["pool_row"].fillna(exact["pool"].map(whole))
        return exact.dropna(subset=["pool_row"])[["option", "pool_row", "amount"]]


def pool_rows(case: Case, periods: tuple[str, ...]) -> Pools:
    """Pools and bank steps of a case over the planned periods (3.4, 3.6).

    Examples
    --------
    >>> from allocator import Case
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}), pools=pd.DataFrame(
    ...     {"pool": ["p", "p"], "resource": "land", "period": ["1", "2"], "amount": [5.0, 8.0], "advance": [0.5, 0]}))
    >>> pool_rows(case, case.periods).table["advance"].tolist()
    [4.0, 0.0]
    """
    texts = ("level", "region", "period", "tiers", "fields", "into")
    names = ("pool", "resource", *texts, "amount", "unit_cost", "advance", "carry")
    stated = pd.DataFrame({name: column(case.pools, "pools", name).to_numpy() for name in names})
    stated = stated.astype(dict.fromkeys(texts, object))
    stated["period"] = stated["period"].fillna(WHOLE_ROUND).astype(str)
    stated["unit_cost"] = stated["unit_cost"].astype(float).fillna(0.0)
    stated["advance"] = stated["advance"].astype(float).fillna(case.policy.advance)
    stated["carry"] = stated["carry"].astype(float).fillna(case.policy.carry)
    stated["level"] = stated["level"].where(
        stated["level"].notna(), np.where(stated["region"].notna(), "city", "province")
    )
    stated["unit"] = stated["resource"].map(case.units)
    banked = stated["level"] == "bank"
    table = _linked(stated[~banked], periods)
    return Pools(table, _steps(stated[banked], table, periods), case.resources, periods)


def _linked(stated: pd.DataFrame, periods: tuple[str, ...]) -> pd.DataFrame:
    """Pool rows of the planned periods, in order, with what may pass between neighbours."""
    later = sorted(set(stated["period"]) - set(periods) - {WHOLE_ROUND}, key=natural)
    beyond = next((period for period in later if not periods or natural(period) > natural(periods[-1])), None)
    place = {WHOLE_ROUND: 0} | {period: i for i, period in enumerate(periods)}
    links = stated[(stated["period"] != WHOLE_ROUND) & ((stated["advance"] > 0) | (stated["carry"] > 0))]
    stated = pd.concat([stated, _gaps(stated, links["pool"].unique(), periods)], ignore_index=True)
    planned = stated[stated["period"].isin(place)]
    table = planned.assign(place=planned["period"].map(place)).sort_values(
        ["resource", "pool", "place"], ignore_index=True
    )
    pool, at, amount = table["pool"].to_numpy(), table["place"].to_numpy(), table["amount"].to_numpy()
    n = len(table)
    follows = np.zeros(n, dtype=bool)
    follows[:-1] = (pool[:-1] == pool[1:]) & (at[1:] == at[:-1] + 1)
    following = np.where(follows, np.arange(n) + 1, -1)
    declared = stated[stated["period"] == beyond].set_index("pool")["amount"] if beyond else pd.Series(dtype=float)
    last = (at == len(periods) - 1) & (table["period"] != WHOLE_ROUND).to_numpy()
    ahead = np.where(
        follows,
        np.append(amount[1:], 0.0) if n else amount,
        np.where(last, table["pool"].map(declared).fillna(0.0), 0.0),
    )
    share = table["carry"].to_numpy()
    table["advance"] = table["advance"].to_numpy() * ahead
    table["carry"] = np.where(follows & (share > 0), np.where(share >= 1, np.inf, share * amount), 0.0)
    table["following"] = following
    table["provincial"] = (table["level"] == "province").to_numpy()
    table["available"] = 0.0
    return table


def _gaps(stated: pd.DataFrame, linked: NDArray[np.object_], periods: tuple[str, ...]) -> pd.DataFrame:
    """Empty rows for the periods in which a pool with carry-over or advance states nothing."""
    have = set(zip(stated["pool"], stated["period"], strict=True))
    like = stated.drop_duplicates("pool").set_index("pool", drop=False)
    missing = [(pool, period) for pool in linked for period in periods if (pool, period) not in have]
    rows = like.loc[[pool for pool, _ in missing]].reset_index(drop=True)
    return rows.assign(period=[period for _, period in missing], amount=0.0)


def _steps(banked: pd.DataFrame, table: pd.DataFrame, periods: tuple[str, ...]) -> pd.DataFrame:
    """Bank steps, one row per pool row that they may supply, and what each pool row can hold at most."""
    banked = banked.sort_values(["pool", "period", "unit_cost", "amount"], ignore_index=True)
    banked["step"] = np.arange(len(banked))
    provincial = table[table["provincial"]].drop_duplicates("resource").set_index("resource")["pool"]
    banked["into"] = banked["into"].where(banked["into"].notna(), banked["resource"].map(provincial))
    rows = pd.DataFrame({"into": table["pool"], "at": table["period"], "pool_row": np.arange(len(table))})
    steps = banked.merge(rows, on="into")
    steps = steps[(steps["period"] == steps["at"]) | (steps["period"] == WHOLE_ROUND) | (steps["at"] == WHOLE_ROUND)]
    steps = steps.assign(period=steps["at"]).reset_index(drop=True)
    _hold(table, steps)
    return steps[["step", "pool", "resource", "period", "pool_row", "amount", "unit_cost"]]


def _hold(table: pd.DataFrame, steps: pd.DataFrame) -> None:
    """The most each pool row can hold: its amount, carry-over, advance and bank (3.4)."""
    supply = np.bincount(
        steps["pool_row"].to_numpy(dtype=int), weights=steps["amount"].to_numpy(dtype=float), minlength=len(table)
    )
    own = table["amount"].to_numpy() + table["advance"].to_numpy() + supply
    carry, following = table["carry"].to_numpy(), table["following"].to_numpy()
    available = own.copy()
    for row in range(len(table)):
        if following[row] >= 0:
            available[following[row]] += min(carry[row], available[row])
    table["available"] = available
