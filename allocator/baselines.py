"""Plans made without optimising, beside which every optimum is shown: rank and cut, and regional quota (MODEL 3)."""

from __future__ import annotations

from collections.abc import Mapping
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
from allocator.stock import Floats, Supply
from allocator.taking import Taking


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
    taking = Taking(case, model, Supply(case, model), np.zeros(len(model.projects), dtype=int))
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
    parts, holder = regions(case, model, shares)
    registered = pd.to_datetime(column(model.projects, "projects", "registered").to_numpy())
    order = pd.DataFrame({"registered": registered, "id": model.projects["id"].to_numpy()}).sort_values(
        ["registered", "id"]
    )
    taking = Taking(case, model, Supply(case, model, parts), holder)
    return Baseline("regional_quota", case, model, taking.run(order.index.to_numpy()))


def regions(
    case: Case, model: Model, shares: Mapping[str, float] | None = None
) -> tuple[dict[str, Floats], NDArray[np.intp]]:
    """Each region's part of the provincial pools by resource, and the region of each project, numbered from 1.

    Parameters as of `regional_quota`.
    """
    share = formula(case, model, shares)
    parts = {name: _parts(model, share[name]) for name in model.pools.resources}
    return parts, 1 + np.searchsorted(share.index.to_numpy(dtype=str), _regions(model))


def _regions(model: Model) -> NDArray[np.str_]:
    return column(model.projects, "projects", "region").astype(object).fillna("").to_numpy(dtype=str)


def formula(case: Case, model: Model, shares: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Each region's share of all quota: as stated, else what its projects ask for; a row per region, by resource.

    Parameters as of `regional_quota`.

    Examples
    --------
    >>> from allocator.model import build
    >>> case = Case.from_tables(pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}), projects=
    ...     pd.DataFrame({"id": ["a", "b"], "land": [4.0, 1.0], "value": [2.0, 1.0], "region": ["north", "south"]}))
    >>> formula(case, build(case))["land"].to_dict()
    {'north': 0.8, 'south': 0.2}
    """
    region, shares = _regions(model), shares or case.policy.formula
    names = sorted({*region.tolist(), *shares})
    found = pd.DataFrame(1.0, index=names, columns=list(model.pools.resources))
    for resource in model.pools.resources:
        asked = model.options.groupby("project")[resource].max().reindex(model.projects["id"]).fillna(0.0)
        share = pd.Series(shares, dtype=float) if shares else asked.groupby(region).sum()
        if share.sum():
            found[resource] = share.reindex(names).fillna(0.0)
    return found / found.sum()


def _parts(model: Model, formula: pd.Series) -> Floats:
    """Each region's part of the provincial pools of a resource."""
    names, share = formula.index, formula.to_numpy()
    table = model.pools.table[model.pools.table["resource"] == formula.name]
    own = table[~table["provincial"]].groupby("region")["amount"].sum().reindex(names).fillna(0.0).to_numpy()
    wanted = np.maximum(share * table["amount"].sum() - own, 0.0)
    return np.asarray(wanted / wanted.sum() if wanted.sum() else share)
