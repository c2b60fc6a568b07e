"""The allocation model of MODEL section 3, stated once: columns and rows as sparse arrays with labels beside them.

`exact.py` hands these blocks to a solver, `prices.py` works on the same blocks, and so do `diagnose.py` and the
re-check. Grants are stated per group of options that the same pools may serve: any mix of pools that serves a group
can be shared out to its members, so nothing is lost and the model is far smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from allocator import finance, rules
from allocator.blocks import Blocks
from allocator.case import Case
from allocator.options import options
from allocator.pools import Pools, pool_rows
from allocator.schema import column, split
from allocator.scoring import score
from allocator.tighten import tighten

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Objective:
    """One objective of the lexicographic order, to be maximised: a name and a coefficient per column."""

    name: str
    coef: Floats


@dataclass(frozen=True, eq=False)
class Model:
    """Columns and rows of section 3.

    Attributes
    ----------
    columns : DataFrame
        One row per column: ``block`` (option, grant, loan, advance, carry, bank, slack, change) and its labels
        ``project, variant, period, resource, pool, fund, rule, group``. Options come first.
    lower, upper, integer : arrays over columns
    rows : DataFrame
        One row per row: ``block`` (one, requires, excludes, grant, match, pool, bank, finance, ratio, share, service,
        fund, floor, cap, change) and its labels ``name, project, resource, pool, region, period, fund, rule, unit``.
    matrix : csr_array, rows x columns
    row_lower, row_upper : arrays over rows
    objectives : tuple of Objective
        In lexicographic order (3.1, 3.8).
    value : array over columns
        The value reported: points net of the penalties of soft rules.
    cost : array over columns
        Financing cost and purchases, million yuan.
    options : DataFrame
        Row i describes column i: ``project, variant, period, value, points, investment, plan``, effective demands.
    groups : DataFrame
        ``resource, period`` of each group of options that the same pools serve.
    member : DataFrame
        Group of each option per resource, -1 where it asks for none or brings its own grant (3.10).
    pools : Pools
        Pool periods with what they hold.
    removed : DataFrame
        ``project, variant, period, code, name``: options that can never enter, with the reason (3.11).
    projects : DataFrame
        The projects in canonical order with ``score, grade, rank``.
    """

    columns: pd.DataFrame
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    rows: pd.DataFrame
    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    objectives: tuple[Objective, ...]
    value: Floats
    cost: Floats
    options: pd.DataFrame
    groups: pd.DataFrame
    member: pd.DataFrame
    pools: Pools
    removed: pd.DataFrame
    projects: pd.DataFrame


def build(case: Case, scores: pd.DataFrame | None = None) -> Model:
    """State the model of a case: (3.1) to (3.11).

    Parameters
    ----------
    case : Case
    scores : DataFrame, optional
        ``id, score, grade, rank``; by default those of `allocator.score`.

    Examples
    --------
    >>> from allocator import Case
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> build(case).columns["block"].tolist()
    ['option', 'grant']
    """
    made = options(case, score(case) if scores is None else scores)
    pools = pool_rows(case, made.periods)
    table, removed = tighten(case, made, pools)
    projects = made.projects
    place = pd.Series(np.arange(len(projects)), index=projects["id"])
    owner = place.reindex(table["project"]).to_numpy(dtype=int)

    blocks = Blocks()
    y = _options(blocks, case, table)
    _decisions(blocks, projects, owner, y)
    groups, member = _grants(blocks, case, projects, table, owner, pools)
    finance.add(blocks, case, projects, table, owner, y)
    rules.add(blocks, case, projects, table, owner, y)
    columns, rows, matrix = blocks.done()
    value, cost = blocks.value, blocks.cost
    return Model(
        columns, blocks.lower, blocks.upper, blocks.integer, rows, matrix, blocks.row_lower, blocks.row_upper,
        _objectives(case, projects, owner, columns, value, cost), value, cost, table, groups, member, pools, removed,
        projects,
    )  # fmt: skip


def _options(blocks: Blocks, case: Case, table: pd.DataFrame) -> NDArray[np.int64]:
    """Columns y_o (3.1); an earlier grant is kept, or leaving it costs (3.10)."""
    earlier = table["earlier"].to_numpy()
    kept = earlier & (case.policy.change_cost is None)
    labels = table[["project", "variant", "period"]]
    y = blocks.columns(
        "option",
        labels,
        lower=kept.astype(float),
        upper=1.0,
        integer=not case.policy.divisible,
        value=table["value"].to_numpy(),
    )
    if case.policy.change_cost is not None and earlier.any():
        price = -case.policy.change_cost
        change = blocks.columns("change", labels[earlier], upper=1.0, value=np.full(int(earlier.sum()), price))
        row = blocks.rows("change", labels[earlier][["project"]], lower=1.0)
        blocks.put(row, y[earlier], 1.0)
        blocks.put(row, change, 1.0)
    return y


def _decisions(blocks: Blocks, projects: pd.DataFrame, owner: NDArray[np.int64], y: NDArray[np.int64]) -> None:
    """At most one option per project; must = 1; requires and excludes (3.2)."""
    must = (column(projects, "projects", "decision") == "must").to_numpy()
    open_ = np.zeros(len(projects), dtype=bool)
    open_[owner] = True
    one = np.full(len(projects), -1)
    stated = np.flatnonzero(open_ | must)
    labels = pd.DataFrame({"project": projects["id"].to_numpy()[stated]})
    one[stated] = blocks.rows("one", labels, lower=must[stated].astype(float), upper=1.0)
    blocks.put(one[owner], y, 1.0)
    place = {id_: i for i, id_ in enumerate(projects["id"])}
    mine: list[NDArray[np.int64]] = (
        np.split(y, np.cumsum(np.bincount(owner, minlength=len(projects)))[:-1]) if len(y) else []
    )
    for kind in ("requires", "excludes"):
        listed = column(projects, "projects", kind)
        pairs = {
            (int(i), place[other])
            for i in np.flatnonzero(listed.notna())
            for other in split(listed.iloc[i])
            if other in place
        }
        if kind == "excludes":
            pairs = {(min(i, j), max(i, j)) for i, j in pairs}
        for i, j in sorted(pairs):
            if not len(mine) or i == j:
                continue
            label = pd.DataFrame({"project": [projects["id"].iloc[i]], "name": [projects["id"].iloc[j]]})
            row = blocks.rows(kind, label, upper=0.0 if kind == "requires" else 1.0)
            blocks.put(row, mine[i], 1.0)
            blocks.put(row, mine[j], -1.0 if kind == "requires" else 1.0)


def _grants(
    blocks: Blocks, case: Case, projects: pd.DataFrame, table: pd.DataFrame, owner: NDArray[np.int64], pools: Pools
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Grants by group (3.3), match shares (3.5), pool balances with carry, advance and bank (3.4, 3.6)."""
    groups, serves, member = pools.groups(projects, table, owner)
    balance = blocks.rows("grant", groups, lower=0.0, upper=0.0)
    for resource in pools.resources:
        of = member[resource].to_numpy()
        asks = np.flatnonzero(of >= 0)
        blocks.put(balance[of[asks]], asks, -table[resource].to_numpy()[asks])
    served, by = serves["group"].to_numpy(), serves["pool_row"].to_numpy()
    labels = pd.concat(
        [groups.iloc[served].reset_index(drop=True), pools.table[["pool"]].iloc[by].reset_index(drop=True)], axis=1
    ).assign(group=served)
    grant = blocks.columns("grant", labels, cost=pools.table["unit_cost"].to_numpy()[by])
    blocks.put(balance[served], grant, 1.0)
    _match(blocks, case, groups, served, grant, pools.table["provincial"].to_numpy()[by])
    pool = blocks.rows("pool", pools.labels, upper=pools.table["amount"].to_numpy())
    blocks.put(pool[by], grant, 1.0)
    _links(blocks, pools, pool)
    _kept(blocks, case, table, pools, pool)
    return groups, member


def _match(
    blocks: Blocks,
    case: Case,
    groups: pd.DataFrame,
    served: NDArray[np.int64],
    grant: NDArray[np.int64],
    provincial: NDArray[np.bool_],
) -> None:
    """Provincial pools give at most a share of a demand (3.5)."""
    share = groups["resource"].map(case.policy.match).astype(float).fillna(1.0).to_numpy()
    touched = np.unique(served[provincial & (share[served] < 1)])
    row = np.full(len(groups), -1)
    labels = groups.assign(unit=groups["resource"].map(case.units))
    row[touched] = blocks.rows("match", labels.iloc[touched], upper=0.0)
    inside = np.flatnonzero(row[served] >= 0)
    blocks.put(row[served[inside]], grant[inside], provincial[inside] - share[served[inside]])


def _links(blocks: Blocks, pools: Pools, pool: NDArray[np.int64]) -> None:
    """What passes between the periods of a pool: carry-over, advances repaid (3.4), purchases from the bank (3.6)."""
    names = ["pool", "resource", "period"]
    for kind, sign in (("carry", 1.0), ("advance", -1.0)):
        limit = pools.table[kind].to_numpy()
        at = np.flatnonzero(limit > 0)
        moved = blocks.columns(kind, pools.table[names].iloc[at], upper=limit[at])
        blocks.put(pool[at], moved, sign)
        following = pools.table["following"].to_numpy()[at]
        inside = following >= 0
        blocks.put(pool[following[inside]], moved[inside], -sign)
    steps = pools.steps
    if not len(steps):
        return
    bought = blocks.columns(
        "bank",
        steps[["pool", "resource", "period"]],
        upper=steps["amount"].to_numpy(),
        cost=steps["unit_cost"].to_numpy(),
    )
    blocks.put(pool[steps["pool_row"].to_numpy()], bought, -1.0)
    shared = steps[steps.groupby("step")["step"].transform("size") > 1]
    if len(shared):
        first = shared.drop_duplicates("step")
        row = pd.Series(
            blocks.rows("bank", first[["pool", "resource"]], upper=first["amount"].to_numpy()), index=first["step"]
        )
        blocks.put(row.loc[shared["step"]].to_numpy(), bought[shared.index], 1.0)


def _kept(blocks: Blocks, case: Case, table: pd.DataFrame, pools: Pools, pool: NDArray[np.int64]) -> None:
    """An earlier grant draws on the very pools that it was given from (3.10)."""
    draws = pools.kept(case, table)
    blocks.put(
        pool[draws["pool_row"].to_numpy(dtype=int)], draws["option"].to_numpy(dtype=int), draws["amount"].to_numpy()
    )


def _objectives(
    case: Case, projects: pd.DataFrame, owner: NDArray[np.int64], columns: pd.DataFrame, value: Floats, cost: Floats
) -> tuple[Objective, ...]:
    """Value, by tier where the priorities are lexicographic, then least cost (3.1)."""
    policy = case.policy
    if policy.cost == "weighted":
        return (Objective("value", value - policy.cost_weight * cost),)
    stages: list[Objective] = []
    if policy.priorities is not None and policy.priorities.method == "lexicographic" and policy.priorities.order:
        of = column(projects, "projects", policy.priorities.by).to_numpy(dtype=object)[owner]
        rest = value.copy()
        for name in policy.priorities.order:
            mine = np.zeros(len(columns), dtype=bool)
            mine[: len(owner)] = of == name
            stages.append(Objective(f"value:{name}", np.where(mine, value, 0.0)))
            rest[mine] = 0.0
        stages.append(Objective("value:", rest))
    else:
        stages.append(Objective("value", value))
    if policy.cost == "lexicographic" and cost.any():
        stages.append(Objective("cost", -cost))
    return tuple(stages)
