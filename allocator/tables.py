"""From the solver's columns to the planner's tables: who is funded, from which pools and products, what is left."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import finance, rules
from allocator.case import Case
from allocator.model import Model
from allocator.options import WHOLE_ROUND
from allocator.schema import column

Floats = NDArray[np.float64]
TINY = 1e-7

PROJECT_FACTS = ("id", "name", "region", "county", "field", "tier", "sector", "score", "grade", "rank", "decision")


def chosen(model: Model, x: Floats) -> pd.DataFrame:
    """The options taken: a row of `model.options` each, with ``option`` and ``share``."""
    share = x[: len(model.options)]
    taken = np.flatnonzero(share > TINY)
    return model.options.iloc[taken].assign(option=taken, share=np.minimum(share[taken], 1.0))


def project_table(model: Model, x: Floats | None) -> pd.DataFrame:
    """One row per project in canonical order: facts, funded, share, variant, period, value, investment, plan."""
    facts = [name for name in PROJECT_FACTS if name in model.projects]
    table = model.projects[facts].reset_index(drop=True)
    best = model.options.groupby("project")["points"].max()
    if x is None:
        return table.assign(funded=False, share=0.0, variant=None, period=None, value=table["id"].map(best))
    taken = chosen(model, x)
    weighted = taken.assign(**{name: taken[name] * taken["share"] for name in _amounts(taken)})
    first = taken.sort_values("share", ascending=False, kind="stable").drop_duplicates("project").set_index("project")
    sums = weighted.groupby("project")[[*_amounts(taken), "share"]].sum()
    table["funded"] = table["id"].isin(sums.index)
    table["share"] = table["id"].map(sums["share"]).fillna(0.0).clip(upper=1.0)
    table["variant"] = table["id"].map(first["variant"])
    table["period"] = table["id"].map(first["period"].where(first["period"] != WHOLE_ROUND))
    table["value"] = table["id"].map(sums["points"]).fillna(table["id"].map(best))
    for name in ("investment", "plan"):
        if name in sums:
            asked = model.projects[name].to_numpy() if name in model.projects else np.nan
            table[name] = table["id"].map(sums[name]).fillna(pd.Series(asked, index=table.index))
    return table


def _amounts(taken: pd.DataFrame) -> list[str]:
    return [name for name in ("points", "investment", "plan") if name in taken]


def grant_table(case: Case, model: Model, x: Floats) -> pd.DataFrame:
    """Grants of each funded project: ``project, variant, resource, pool, period, amount, unit`` (3.3).

    The pools that serve a group are shared out to its members in canonical order, local pools first to those in
    front as far as match shares (3.5) allow.
    """
    taken = chosen(model, x)
    granted = model.columns["block"].to_numpy() == "grant"
    columns = model.columns[granted].assign(amount=np.maximum(x[granted], 0.0))
    level = model.pools.table.drop_duplicates("pool").set_index("pool")["provincial"]
    by_group = {group: part for group, part in columns.groupby("group")}
    parts = [_kept(case, model, taken)]
    for resource in model.pools.resources:
        asks = taken.assign(group=model.member[resource].to_numpy()[taken["option"]])
        limit = case.policy.match.get(resource, 1.0)
        for group, members in asks[asks["group"] >= 0].groupby("group"):
            supply = by_group[group]
            demand = (members[resource] * members["share"]).to_numpy()
            amounts = share_out(demand, supply["amount"].to_numpy(), level[supply["pool"]].to_numpy(dtype=bool), limit)
            project, pool = np.nonzero(amounts > TINY * max(1.0, demand.max(initial=0.0)))
            parts.append(
                pd.DataFrame({
                    **{name: members[name].to_numpy()[project] for name in ("project", "variant", "period")},
                    "resource": resource, "pool": supply["pool"].to_numpy()[pool], "amount": amounts[project, pool],
                })
            )  # fmt: skip
    grants = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    grants["unit"] = grants["resource"].map(case.units)
    grants["period"] = grants["period"].where(grants["period"] != WHOLE_ROUND)
    return grants.sort_values(["project", "resource", "pool"], ignore_index=True)


def share_out(demand: Floats, supply: Floats, provincial: NDArray[np.bool_], limit: float) -> Floats:
    """Share the pools' totals out to the members of a group, demand by demand.

    Returns
    -------
    array, members x pools
        Rows sum to `demand`, columns to `supply`; no member takes more than `limit` of its demand from the province.

    Examples
    --------
    >>> share_out(np.array([4.0, 2.0]), np.array([3.0, 3.0]), np.array([True, False]), 0.5).tolist()
    [[2.0, 2.0], [1.0, 1.0]]
    """
    upper_total = supply[provincial].sum()
    cap = limit * demand
    before = np.concatenate([[0.0], np.cumsum(cap)[:-1]])
    upper = np.clip(upper_total - before, 0.0, cap)
    amounts = np.zeros((len(demand), len(supply)))
    for part, side in ((upper, provincial), (demand - upper, ~provincial)):
        amounts[:, side] = _in_turn(part, supply[side])
    return amounts


def _in_turn(demand: Floats, supply: Floats) -> Floats:
    """North-west corner rule: each demand in turn takes from each supply in turn."""
    starts = np.concatenate([[0.0], np.cumsum(demand)])
    edges = np.concatenate([[0.0], np.cumsum(supply)])
    if len(supply):
        edges[-1] = max(edges[-1], starts[-1])
    overlap = np.minimum(starts[1:, None], edges[None, 1:]) - np.maximum(starts[:-1, None], edges[None, :-1])
    taken: Floats = np.maximum(overlap, 0.0)
    return taken


def _kept(case: Case, model: Model, taken: pd.DataFrame) -> pd.DataFrame:
    """The very grants of before, for the projects that keep them (3.10)."""
    names = ["project", "variant", "resource", "pool", "period", "amount"]
    keeping = set(taken.loc[taken["earlier"], "project"])
    grants = (
        pd.DataFrame({name: column(case.grants, "grants", name).to_numpy() for name in names})
        if len(case.grants)
        else None
    )
    return grants[grants["project"].isin(keeping)] if grants is not None else pd.DataFrame(columns=names)


def loan_table(case: Case, model: Model, x: Floats) -> pd.DataFrame:
    """Each project's own financing plan: ``project, fund, instrument, period, amount, rate, term`` (3.7).

    Own money stands beside the loans as ``fund = "own"``.
    """
    names = ["project", "fund", "instrument", "period", "amount", "rate", "term"]
    if not finance.active(case, model.options):
        return pd.DataFrame(columns=names)
    lent = (model.columns["block"].to_numpy() == "loan") & (x > TINY * 10)
    loans = model.columns.loc[lent, ["project", "fund", "period"]].assign(amount=x[lent])
    terms = finance.products(case)[["fund", "period", "instrument", "rate", "term"]]
    loans = loans.merge(terms, on=["fund", "period"], how="left")
    taken = chosen(model, x)
    total = (taken["investment"] * taken["share"]).groupby(taken["project"]).sum()
    own = total - loans.groupby("project")["amount"].sum().reindex(total.index).fillna(0.0)
    rest = pd.DataFrame({"project": own.index, "fund": "own", "amount": own.to_numpy()})
    both: pd.DataFrame = pd.concat([loans, rest[rest["amount"] > 1e-6]], ignore_index=True).reindex(columns=names)
    both["period"] = both["period"].where(both["period"] != WHOLE_ROUND)
    return both.sort_values(["project", "fund"], ignore_index=True)


def pool_table(model: Model, x: Floats) -> pd.DataFrame:
    """Balance of each pool (3.4).

    Returns
    -------
    DataFrame
        ``pool, resource, region, period, unit, amount, carried_in, advance, repaid, bank, used, carried_out, free``.
    """
    pools = model.pools.table
    at = np.flatnonzero(model.rows["block"].to_numpy() == "pool")
    flows = {}
    rows = model.matrix[at]
    for block in ("carry", "advance", "bank"):
        part = np.where(model.columns["block"].to_numpy() == block, x, 0.0)
        flows[block] = (-rows).maximum(0) @ part, rows.maximum(0) @ part
    drawn = np.isin(model.columns["block"].to_numpy(), ("grant", "option"))
    table = pools[["pool", "resource", "level", "region", "period", "unit", "amount"]].copy()
    table["carried_in"], table["carried_out"] = flows["carry"]
    table["advance"], table["repaid"] = flows["advance"]
    table["bank"] = flows["bank"][0]
    table["used"] = rows @ np.where(drawn, x, 0.0)
    table["free"] = (
        table["amount"]
        + table["carried_in"]
        + table["advance"]
        + table["bank"]
        - table["repaid"]
        - table["used"]
        - table["carried_out"]
    )
    table["period"] = table["period"].where(table["period"] != WHOLE_ROUND)
    numbers = table.select_dtypes("number").columns
    table[numbers] = table[numbers].where(table[numbers].abs() > TINY, 0.0)
    return table


def bank_table(case: Case, model: Model, x: Floats) -> pd.DataFrame:
    """Purchases from the quota bank: ``bank, resource, period, amount, unit, price, cost`` (3.6)."""
    bought = (model.columns["block"].to_numpy() == "bank") & (x > TINY)
    labels = model.columns.loc[bought, ["pool", "resource", "period"]]
    table: pd.DataFrame = labels.rename(columns={"pool": "bank"})
    table["amount"], table["unit"] = x[bought], table["resource"].map(case.units)
    table["price"] = model.cost[bought]
    table["cost"] = table["amount"] * table["price"]
    return table.reset_index(drop=True)


def rule_table(case: Case, model: Model, x: Floats, price: Floats) -> pd.DataFrame:
    """Floors and caps (3.8).

    Returns
    -------
    DataFrame
        ``rule, sense, measure, group, basis, limit, value, soft, met, missed, penalty, price``.
    """
    table, projects = model.options, model.projects
    owner = pd.Series(np.arange(len(projects)), index=projects["id"]).reindex(table["project"]).to_numpy(dtype=int)
    at = np.flatnonzero(np.isin(model.rows["block"].to_numpy(), ("floor", "cap")))
    y = x[: len(table)]
    found = []
    for row, line in zip(at, rules.lines(case, projects, table, owner), strict=True):
        reached, level = float(line.coef @ y), line.limit
        gap = max(0.0, level - reached) if line.sense == "floor" else max(0.0, reached - level)
        missed = gap if gap > 1e-6 * max(1.0, abs(level)) else 0.0
        value = float(line.measure @ y)
        if line.rule.basis == "plan":
            level = value + (level - reached)
        found.append((
            line.rule.name, line.sense, line.rule.measure, line.group, line.rule.basis, level, value,
            line.rule.soft, missed == 0, missed, missed * (line.rule.penalty or 0.0), price[row], line.rule.source,
        ))  # fmt: skip
    names = [
        "rule",
        "sense",
        "measure",
        "group",
        "basis",
        "limit",
        "value",
        "soft",
        "met",
        "missed",
        "penalty",
        "price",
        "source",
    ]
    return pd.DataFrame(found, columns=names)


PRICED = ("pool", "fund", "floor", "cap", "match", "bank")


def price_table(model: Model, x: Floats, price: Floats) -> pd.DataFrame:
    """Prices of pools, products and rules from the LP relaxation.

    Returns
    -------
    DataFrame
        ``row, block, resource, pool, fund, region, period, rule, group, price, unit, used, available``: `price` is what
        one more unit of the right side adds to the objective in the relaxation; `used` and `available` are of the plan.
        Pools come first, then products, rules, matches and banks.
    """
    shown = np.flatnonzero(np.isin(model.rows["block"].to_numpy(), PRICED))
    table = model.rows.iloc[shown].rename(columns={"name": "group"}).drop(columns="project")
    used = model.matrix @ x
    slack = model.columns["block"].to_numpy() == "slack"
    bound = np.where(np.isfinite(model.row_upper), model.row_upper, model.row_lower)
    pools = table["block"].to_numpy() == "pool"
    table["price"] = np.where(np.abs(price[shown]) > 1e-12, price[shown], 0.0)
    table["used"] = (used - model.matrix @ np.where(slack, x, 0.0))[shown]
    table["available"] = bound[shown]
    if pools.any():
        balance = pool_table(model, x)
        table.loc[pools, "used"] = balance["used"].to_numpy()
        table.loc[pools, "available"] = (balance["used"] + balance["free"]).to_numpy()
    table.insert(0, "row", shown)
    order = np.argsort(table["block"].map(PRICED.index).to_numpy(), kind="stable")
    return table.iloc[order].reset_index(drop=True)
