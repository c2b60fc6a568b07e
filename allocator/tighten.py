"""Options that can never enter are removed before the solve, each with its reason (3.11)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import finance, rules
from allocator.case import Case
from allocator.options import Options
from allocator.pools import Pools
from allocator.schema import column, split

Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]


def tighten(case: Case, made: Options, pools: Pools) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split options into those that could enter alone, or in part where the policy is divisible, and the others.

    Returns
    -------
    table : DataFrame
        The options left, in canonical order.
    removed : DataFrame
        ``project, variant, period, code, name``; `code` is ``never, earliest, unready, no_pool, too_large, finance,
        rule`` or ``requires`` and `name` the resource, rule or project meant.
    """
    table, projects = made.table, made.projects
    ids = pd.Index(projects["id"])
    owner = ids.get_indexer(pd.Index(table["project"])).astype(np.int64)
    out = [made.removed]
    gone = np.zeros(len(table), dtype=bool)

    def remove(which: Bools, code: str, name: str) -> None:
        new = which & ~gone & ~table["earlier"].to_numpy()
        out.append(table.loc[new, ["project", "variant", "period"]].assign(code=code, name=name))
        gone[new] = True

    for resource in case.resources:
        reach, most = most_alone(case, made, pools, resource, owner)
        demand = table[resource].to_numpy()
        remove((demand > 0) & ~reach, "no_pool", resource)
        fits = most > 0 if case.policy.divisible else demand <= most * (1 + 1e-9) + 1e-9
        remove((demand > 0) & ~fits, "too_large", resource)
    remove(finance.unfinanceable(case, projects, table, owner), "finance", "")
    for name, broken in rules.too_large(case, projects, table, owner):
        remove(broken, "rule", name)
    needs = column(projects, "projects", "requires")
    wants = {id_: split(text) for id_, text in zip(projects["id"], needs, strict=True) if isinstance(text, str)}
    while wants:
        alive = set(table.loc[~gone, "project"])
        missing = {
            id_: next((other for other in listed if other not in alive), None)
            for id_, listed in wants.items()
            if id_ in alive
        }
        hit = {id_: other for id_, other in missing.items() if other is not None}
        if not hit:
            break
        for id_, other in sorted(hit.items()):
            remove(owner == ids.get_loc(id_), "requires", other)
            wants.pop(id_)
    return table[~gone].reset_index(drop=True), pd.concat(
        [part for part in out if len(part)] or out[:1], ignore_index=True
    )


def most_alone(
    case: Case, made: Options, pools: Pools, resource: str, owner: Indices
) -> tuple[Bools, NDArray[np.float64]]:
    """Whether any pool may serve each option with a resource, and the most that they could give it alone (3.4, 3.5)."""
    table = made.table
    kind, serves = pools.serving(made.projects, resource)
    provincial, available = pools.table["provincial"].to_numpy(), pools.table["available"].to_numpy()
    share = case.policy.match.get(resource, 1.0)
    reach, most = np.zeros(len(table), dtype=bool), np.zeros(len(table))
    for place in range(len(made.periods)):
        at = serves & pools.at(place)
        here = np.flatnonzero((table["start"] == place).to_numpy())
        which = kind[owner[here]]
        reach[here] = np.asarray(at.any(axis=1))[which]
        own = (at & ~provincial) @ available
        upper = (at & provincial) @ available
        demand = table[resource].to_numpy()[here]
        most[here] = own[which] + np.minimum(upper[which], share * demand)
    return reach, most
