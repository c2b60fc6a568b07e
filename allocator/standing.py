"""Where each project stands: funded from what, or what stands in its way at the prices of what is scarce.

The reduced profit of an option is its value less the price of everything it would take from the rows it shares with
others (MODEL 3); the prices come from the LP relaxation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from allocator import tables
from allocator.case import Case
from allocator.model import Model
from allocator.options import value_terms
from allocator.schema import column
from allocator.solution import Relaxation
from allocator.speech import Speech
from allocator.stages import value_names

if TYPE_CHECKING:
    from allocator.plan import Plan

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

FINANCE_ROWS = ("finance", "ratio", "whole", "service", "share")
SMALL = 1e-9
REMOVED = ("never", "requires", "rule", "finance", "too_large", "no_pool", "unready", "earliest")
"""Reasons of removed options, those that say most first."""


@dataclass(frozen=True, eq=False)
class Costs:
    """What each option would pay at the prices of the relaxation.

    Attributes
    ----------
    value : array over options
        What the objective gains.
    profit : array over options
        Value less all prices but that of the project's own row (3.2).
    parts : csr_array, options x components
        Price of each component: resources, then rules, financing, requires, excludes, change.
    components : DataFrame
        ``kind`` (resource, rule, finance, requires, excludes, change) and ``name``.
    owner : array over options
        Place of the project.
    by_score, by_demand : array over options
        The part of the price that grows with the option's own value (rules on value), and with its demands.
    """

    value: Floats
    profit: Floats
    parts: sparse.csr_array
    components: pd.DataFrame
    owner: Indices
    by_score: Floats
    by_demand: Floats


def costs(case: Case, model: Model, relaxation: Relaxation) -> Costs:
    """Price the options of a model.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> plan = allocate(Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 3.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})))
    >>> costs(plan.case, plan.model, plan.relaxation).profit.round(6).tolist()
    [0.0, -0.75]
    """
    n, block = len(model.options), model.rows["block"].to_numpy(dtype=object)
    coef = np.sum([aim.coef for aim in model.objectives if aim.name in value_names(model)], axis=0)[:n]
    price = np.where(block == "one", 0.0, relaxation.prices)
    paid = sparse.csr_array(model.matrix[:, :n].T.multiply(price))
    component, components = _components(case, model, block)
    known = component >= 0
    spread = sparse.csr_array(
        (np.ones(int(known.sum())), (np.flatnonzero(known), component[known])), shape=(len(block), len(components))
    )
    parts = sparse.csr_array(paid @ spread)
    owner = pd.Index(model.projects["id"]).get_indexer(pd.Index(model.options["project"]))
    measure = model.rows["rule"].map({rule.name: rule.measure for _, rule in case.policy.rules}).to_numpy(dtype=object)
    demanded = np.isin(block, ("grant", "pool")) | np.isin(measure.astype(str), case.resources)
    whole = np.asarray(paid.sum(axis=1)).ravel()
    return Costs(
        coef, coef - whole, parts, components, owner,
        np.asarray(paid @ (measure == "value").astype(float)), np.asarray(paid @ demanded.astype(float)),
    )  # fmt: skip


def _components(case: Case, model: Model, block: NDArray[np.object_]) -> tuple[Indices, pd.DataFrame]:
    """The component that each row counts to, -1 for rows without a price of their own."""
    kind = pd.Series(block).map(
        {"grant": "resource", "pool": "resource", "floor": "rule", "cap": "rule", "requires": "requires",
         "excludes": "excludes", "change": "change"} | dict.fromkeys(FINANCE_ROWS, "finance")
    )  # fmt: skip
    rule = model.rows["rule"].astype(object).fillna("").astype(str)
    group = model.rows["name"].astype(object).fillna("").astype(str)
    alone = group.groupby(rule).transform("nunique") == 1
    rule = rule.where(alone, rule + " " + group)
    name = model.rows["resource"].astype(object).where(kind == "resource", rule.where(kind == "rule", ""))
    table = pd.DataFrame({"kind": kind, "name": name})
    fixed = pd.DataFrame({"kind": "resource", "name": list(case.resources)})
    stated = pd.concat([fixed, table.dropna(subset="kind")]).drop_duplicates(ignore_index=True)
    where = pd.MultiIndex.from_frame(stated.astype(str)).get_indexer(pd.MultiIndex.from_frame(table.astype(str)))
    return where.astype(np.intp), stated


def entry_factors(case: Case, priced: Costs) -> tuple[Floats, Floats]:
    """Per option, the factor on its score and the factor on its demands at which its reduced profit becomes 0.

    NaN where no such factor exists: the value does not depend on the score, or even no demand at all would be too dear.
    """
    power = value_terms(case).count("score")
    net = priced.value - priced.by_score
    price = priced.value - priced.profit
    fixed = price - priced.by_score
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where((net > 0) & (fixed > 0) & (power > 0), (fixed / net) ** (1 / max(power, 1)), np.nan)
        demand = (priced.value - (price - priced.by_demand)) / priced.by_demand
    return score, np.where((priced.by_demand > SMALL) & (demand > 0) & (demand < 1), demand, np.nan)


def scarce_pools(model: Model, relaxation: Relaxation) -> list[tuple[str, ...]]:
    """The priced pools that serve each group of options at the margin."""
    granted = np.flatnonzero((model.columns["block"] == "grant").to_numpy())
    at = pd.MultiIndex.from_frame(model.pools.table[["pool", "period"]].astype(str))
    pool_row = np.flatnonzero((model.rows["block"] == "pool").to_numpy())
    entries = sparse.csc_array(model.matrix[pool_row][:, granted]).tocoo()
    pool = np.zeros(len(granted), dtype=int)
    pool[entries.col] = entries.row
    price = relaxation.prices[pool_row][pool]
    scale = np.abs(relaxation.prices).max(initial=0.0)
    marginal = (price > SMALL * scale) & (np.abs(relaxation.reduced[granted]) <= 1e-7 * max(scale, 1e-12))
    names: list[dict[str, None]] = [{} for _ in range(len(model.groups))]
    group = model.columns["group"].to_numpy()[granted]
    for k in np.flatnonzero(marginal):
        names[int(group[k])][str(at[pool[k]][0])] = None
    return [tuple(found) for found in names]


def scarce_funds(model: Model, relaxation: Relaxation) -> dict[str, tuple[str, ...]]:
    """The priced financing products at the margin of each project."""
    lent = np.flatnonzero((model.columns["block"] == "loan").to_numpy())
    if not len(lent):
        return {}
    labels = model.columns.iloc[lent]
    rows = model.rows[(model.rows["block"] == "fund").to_numpy()]
    priced = rows.assign(price=relaxation.prices[rows.index.to_numpy()])
    keys = pd.MultiIndex.from_frame(priced.loc[priced["price"] > SMALL, ["fund", "period"]].astype(str))
    of = pd.MultiIndex.from_frame(labels[["fund", "period"]].astype(str))
    scale = max(np.abs(relaxation.prices).max(initial=0.0), 1e-12)
    chosen = labels[of.isin(keys) & (np.abs(relaxation.reduced[lent]) <= 1e-7 * scale)]
    return {str(id_): tuple(dict.fromkeys(part)) for id_, part in chosen.groupby("project")["fund"]}


def standing(plan: Plan) -> pd.DataFrame:
    """One row per project: facts, whether and how it is funded, and why.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    DataFrame
        The columns of `tables.project_table` and ``reduced_profit`` (objective units, at the prices of the
        relaxation), ``enters_at_score`` (points) and ``enters_at_demand`` (share of its demands) at which it would
        pay at these prices, ``reason_code``, ``scarce`` (pools, products and rules in its way, ``|`` between) and
        ``reason``, one sentence in the plan's language. `reason_code` is ``funded``, ``part``, ``priced``, ``whole``
        (would pay, but does not fit as a whole), ``priority``, ``no_value``, ``no_plan``, or why its options were
        removed.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> plan = allocate(Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 4.0], "score": [5.0, 4.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})))
    >>> standing(plan)[["id", "reason_code", "enters_at_score"]].values.tolist()
    [['a', 'funded', nan], ['b', 'priced', 5.0]]
    """
    case, model = plan.case, plan.model
    x = plan.solution.x
    table = tables.project_table(model, x)
    if x is None or plan.relaxation.x is None:
        blank = {name: np.nan for name in ("reduced_profit", "enters_at_score", "enters_at_demand")}
        return _without_plan(plan, table.assign(**blank))
    priced = costs(case, model, plan.relaxation)
    best = _best(priced.profit, priced.owner, len(table))
    open_ = best >= 0
    at = np.where(open_, best, 0)
    profit = np.where(open_, priced.profit[at] if len(priced.profit) else np.nan, np.nan)
    score, demand = entry_factors(case, priced) if len(priced.profit) else (np.empty(0), np.empty(0))
    table["reduced_profit"] = np.where(np.abs(profit) <= SMALL * np.abs(priced.value).max(initial=0.0), 0.0, profit)
    code = _codes(plan, table, priced.value[at] if len(priced.value) else np.zeros(len(table)), open_)
    asks = code == "priced"
    factor = _extreme(score, priced.owner, len(table), np.fmin)
    table["enters_at_score"] = np.where(asks, factor * table["score"].astype(float).to_numpy(), np.nan)
    table["enters_at_demand"] = np.where(asks, _extreme(demand, priced.owner, len(table), np.fmax), np.nan)
    table["reason_code"] = code
    speech = Speech(plan.lang)
    parts, scarce = _obstacles(plan, priced, at, np.isin(code, ("priced", "whole", "priority")), speech)
    table["scarce"] = scarce
    table["reason"] = _reasons(plan, table, parts, speech)
    return table


def _without_plan(plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    said = Speech(plan.lang).say("explain.reason.no_plan", status=Speech(plan.lang).status(plan.status))
    return table.assign(reason_code="no_plan", scarce="", reason=said)


def _best(profit: Floats, owner: Indices, n: int) -> Indices:
    """The option of largest reduced profit of each project, the first of equals; -1 where none is left."""
    order = np.lexsort((np.arange(len(profit)), -profit, owner))
    first = order[np.unique(owner[order], return_index=True)[1]] if len(order) else order
    best = np.full(n, -1)
    best[owner[first]] = first
    return best


def _extreme(factor: Floats, owner: Indices, n: int, pick: np.ufunc) -> Floats:
    found = np.full(n, np.nan)
    pick.at(found, owner, factor)
    return found


def _codes(plan: Plan, table: pd.DataFrame, value: Floats, open_: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The code of each project's reason."""
    profit = table["reduced_profit"].to_numpy()
    code = np.where(profit < 0, "priced", "whole").astype(object)
    names = value_names(plan.model)
    if len(names) > 1 and plan.case.policy.priorities is not None:
        first = (
            column(plan.model.projects, "projects", plan.case.policy.priorities.by)
            == plan.case.policy.priorities.order[0]
        )
        code[(code == "whole") & ~first.to_numpy()] = "priority"
    code[value <= 0] = "no_value"
    removed = plan.model.removed
    place = removed["code"].map({name: i for i, name in enumerate(REMOVED)})
    worst = (
        removed.assign(place=place).sort_values("place", kind="stable").drop_duplicates("project").set_index("project")
    )
    code[~open_] = table["id"].map(worst["code"]).astype(object).fillna("no_option").to_numpy()[~open_]
    code[table["funded"].to_numpy()] = "funded"
    code[table["funded"].to_numpy() & (table["share"].to_numpy() < 1 - 1e-6)] = "part"
    return code


def _obstacles(
    plan: Plan, priced: Costs, at: Indices, wanted: NDArray[np.bool_], speech: Speech
) -> tuple[list[str], list[str]]:
    """Per project the scarce things in its way with their share of the price, in words and as names."""
    model = plan.model
    words, names = [""] * len(wanted), [""] * len(wanted)
    if not len(priced.profit) or not wanted.any():
        return words, names
    rows = np.flatnonzero(wanted)
    parts = priced.parts[at[rows]].tocsr()
    pools, funds = scarce_pools(model, plan.relaxation), scarce_funds(model, plan.relaxation)
    resources = plan.case.resources
    member = model.member[list(resources)].to_numpy()[at[rows]]
    demand = model.options[list(resources)].to_numpy(dtype=float)[at[rows]]
    kinds, called = priced.components["kind"].tolist(), priced.components["name"].tolist()
    ids = model.projects["id"].tolist()
    units = [plan.case.units.get(name, "") for name in resources]
    for k, row in enumerate(rows.tolist()):
        span = slice(parts.indptr[k], parts.indptr[k + 1])
        found = sorted(
            ((c, j) for j, c in zip(parts.indices[span], parts.data[span], strict=True) if c > SMALL), reverse=True
        )
        total = sum(cost for cost, _ in found)
        said: list[str] = []
        marked: dict[str, None] = {}
        for cost, j in found:
            kind, name = kinds[j], called[j]
            if kind == "resource":
                group = member[k, j]
                of = pools[group] if group >= 0 else ()
                text = speech.need(demand[k, j], units[j], name, of)
                marked |= dict.fromkeys(of or (name,))
            elif kind == "finance":
                of = funds.get(ids[row], ())
                text = speech.loan_need(of)
                marked |= dict.fromkeys(of)
            else:
                text = speech.say(f"explain.part.{kind}", name=name)
                marked |= {name: None} if name else {}
            if len(said) < 3:
                said.append(speech.say("explain.part.share", part=text, share=speech.percent(cost / total)))
        words[row], names[row] = speech.join(said), "|".join(marked)
    return words, names


def _reasons(plan: Plan, table: pd.DataFrame, parts: list[str], speech: Speech) -> list[str]:
    """One sentence per project."""
    removed = plan.model.removed.drop_duplicates(["project", "code"]).set_index(["project", "code"])["name"].to_dict()
    served = speech.served(plan)
    value = table["value"].to_numpy(dtype=float)
    score = table["score"].to_numpy(dtype=float)
    columns = zip(
        table["id"], table["reason_code"], parts, table["reduced_profit"], value, score, table["enters_at_score"],
        table["enters_at_demand"], table["share"], strict=True,
    )  # fmt: skip
    said = []
    for id_, code, part, profit, worth, now, at_score, at_demand, share in columns:
        if code in ("funded", "part"):
            said.append(speech.funded(served.get(id_, ""), share if code == "part" else None))
        elif code == "priced":
            said.append(speech.priced(part, profit, worth, now, at_score, at_demand))
        elif code in ("whole", "priority", "no_value", "no_option"):
            said.append(
                speech.say(
                    f"explain.reason.{code}" if part or code[:2] == "no" else f"explain.reason.{code}_plain", parts=part
                )
            )
        else:
            name = str(removed.get((id_, code), ""))
            said.append(speech.say("explain.reason.removed", reason=speech.removed(code, name)))
    return said
