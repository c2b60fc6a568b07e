"""Every fault of a case at once: those of reading, and those of sense (what no plan could meet)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from allocator import finance, rules
from allocator.case import Case, examine
from allocator.errors import Fault, InputError
from allocator.options import Options, factor, options, value_terms
from allocator.policy import Rule
from allocator.pools import pool_rows
from allocator.reading import sorted_faults
from allocator.schema import column
from allocator.scoring import score
from allocator.tighten import tighten

SHOWN = "{:g}"


def check(case: Case | str | Path) -> tuple[Fault, ...]:
    """Every fault of a case, errors first.

    An error means that the case cannot be read, contradicts itself, or has no plan at all; a warning that something is
    odd, for example a project that no pool can serve.

    Parameters
    ----------
    case : Case, or path of a folder or workbook

    Returns
    -------
    tuple of Fault

    Examples
    --------
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0], "decision": "must"}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [3.0]}))
    >>> [fault.text("en") for fault in check(case)]
    ['projects, row 2, land: project a must be funded, but asks for 4 mu of land, more than its pools can ever hold']
    """
    read, faults = (case, case.warnings) if isinstance(case, Case) else examine(case)
    if read is None:
        return faults
    return sorted_faults([*faults, *sense(read)])


def sense(case: Case) -> list[Fault]:
    """Faults of sense of a case that can be read; rows as in the file it came from."""
    found = [*_money(case), *_rules(case), *_supply(case), *_values(case)]
    try:
        scores = score(case)
    except InputError as error:
        return [*(_placed(case, fault) for fault in found), *error.faults]
    found += _unserved(case, options(case, scores), found)
    return [_placed(case, fault) for fault in found]


def _placed(case: Case, fault: Fault) -> Fault:
    """The row in the file, for the row of a table that stands from row 2 on."""
    rows = case.rows.get(fault.table)
    if fault.row is None or rows is None or not 0 <= fault.row - 2 < len(rows):
        return fault
    return replace(fault, row=int(rows[fault.row - 2]))


def _unserved(case: Case, made: Options, known: list[Fault]) -> Iterator[Fault]:
    """Projects that can never be funded, with the reason (3.11)."""
    table, removed = tighten(case, made, pool_rows(case, made.periods))
    decision = column(case.projects, "projects", "decision")
    region = column(case.projects, "projects", "region").astype(object).fillna("–").to_numpy()
    told = {fault.row for fault in known if fault.table == "projects"}
    left = set(table["project"]) | set(case.projects.loc[decision == "never", "id"])
    reasons = removed[~removed["project"].isin(left)].drop_duplicates("project", keep="last").set_index("project")
    place = {id_: number for number, id_ in enumerate(case.projects["id"])}
    for id_, code, name in zip(reasons.index, reasons["code"], reasons["name"], strict=True):
        at = place[id_]
        must = bool(decision.iloc[at] == "must")
        if at + 2 in told and not must:
            continue
        resource = name if code in ("no_pool", "too_large") else None
        demand = case.projects[resource].iloc[at] if resource in case.projects else np.nan
        values = {
            "found": str(id_), "name": str(name or ""), "region": str(region[at]),
            "amount": SHOWN.format(demand), "unit": case.units.get(str(name), ""),
        }  # fmt: skip
        where = resource or {
            "requires": "requires",
            "unready": "ready",
            "earliest": "earliest",
            "finance": "capital",
        }.get(code)
        yield Fault(
            f"{'must' if must else 'free'}_{code}", "projects", at + 2, where, "error" if must else "warning", values
        )


def _money(case: Case) -> Iterator[Fault]:
    """Own money below the capital ratio where no product counts as capital (3.7); products that no project may use."""
    projects = case.projects
    ratios = case.policy.capital_ratio
    capital_funds = column(case.funds, "funds", "as_capital").astype(bool).any() if len(case.funds) else False
    if ratios is not None and not capital_funds and {"capital", "investment"} <= set(projects.columns):
        ratio = factor(ratios, projects)
        least = ratio * projects["investment"].to_numpy()
        must = (column(projects, "projects", "decision") == "must").to_numpy()
        never = (column(projects, "projects", "decision") == "never").to_numpy()
        for place in np.flatnonzero((projects["capital"].to_numpy() < least * (1 - 1e-9)) & ~never):
            values = {
                "found": SHOWN.format(projects["capital"].iloc[place]), "expected": SHOWN.format(least[place]),
                "ratio": f"{ratio[place]:.0%}",
            }  # fmt: skip
            yield Fault(
                "capital_ratio", "projects", int(place) + 2, "capital", "error" if must[place] else "warning", values
            )
    if len(case.funds):
        funds = pd.DataFrame(
            {name: column(case.funds, "funds", name).to_numpy() for name in ("kinds", "fields", "tiers")}
        )
        usable = finance.eligible(projects, funds).any(axis=0)
        for place in np.flatnonzero(~usable | (case.funds["capacity"] <= 0).to_numpy()):
            values = {"found": str(case.funds["fund"].iloc[place])}
            yield Fault("fund_unused", "funds", int(place) + 2, "fund", "warning", values)
    if {"plan", "investment"} <= set(projects.columns):
        for place in np.flatnonzero((projects["plan"] > projects["investment"] * (1 + 1e-9)).to_numpy()):
            values = {
                "found": SHOWN.format(projects["plan"].iloc[place]),
                "expected": SHOWN.format(projects["investment"].iloc[place]),
            }
            yield Fault("plan_above_investment", "projects", int(place) + 2, "plan", "warning", values)


def _rules(case: Case) -> Iterator[Fault]:
    """Floors above what is asked, shares above one, floors above caps (3.8)."""
    projects = case.projects.assign(
        grade=column(case.projects, "projects", "score") if "grade" not in case.projects else case.projects["grade"]
    )
    caps: dict[tuple[object, ...], float] = {}
    shares: dict[tuple[object, ...], float] = {}
    for sense_, rule in case.policy.rules:
        if rule.basis != "absolute" and rule.limit > 1:
            values = {"found": SHOWN.format(rule.limit), "rule": rule.name}
            yield Fault(
                "share_above_one",
                "policy",
                None,
                f"{sense_} {rule.name}",
                "error" if sense_ == "floor" else "warning",
                values,
            )
        if rule.by == "grade" or rule.measure in ("value", "score"):
            continue
        if sense_ == "floor" and rule.basis == "absolute":
            yield from _floor(case, projects, rule)
        key = (rule.measure, rule.by, rule.of, rule.basis, rule.period)
        if sense_ == "cap":
            caps[key] = min(rule.limit, caps.get(key, np.inf))
        elif rule.basis == "plan" and rule.of and not rule.soft:
            kind = (rule.measure, rule.by, rule.period)
            shares[kind] = shares.get(kind, 0.0) + rule.limit
    for sense_, rule in case.policy.rules:
        key = (rule.measure, rule.by, rule.of, rule.basis, rule.period)
        if sense_ == "floor" and rule.limit > caps.get(key, np.inf):
            values = {"found": SHOWN.format(rule.limit), "expected": SHOWN.format(caps[key])}
            yield Fault(
                "floor_above_cap", "policy", None, f"floor {rule.name}", "warning" if rule.soft else "error", values
            )
    for (measure, by, _), total in shares.items():
        disjoint = [
            set(rule.of)
            for sense_, rule in case.policy.rules
            if sense_ == "floor" and (rule.measure, rule.by) == (measure, by)
        ]
        if total > 1 + 1e-9 and len(disjoint) > 1 and sum(map(len, disjoint)) == len(set().union(*disjoint)):
            yield Fault(
                "floors_above_one",
                "policy",
                None,
                "floors",
                values={"found": SHOWN.format(total), "name": str(measure)},
            )


def _floor(case: Case, projects: pd.DataFrame, rule: Rule) -> Iterator[Fault]:
    """What each group asks for at most, over the project's own row and its variants."""
    asked = _most(case, projects, rule.measure)
    asked[(column(projects, "projects", "decision") == "never").to_numpy()] = 0.0
    for group, inside in rules.members(projects, rule):
        most = float(asked[inside].sum())
        if rule.limit > most * (1 + 1e-9):
            values = {
                "found": SHOWN.format(rule.limit), "expected": SHOWN.format(most), "name": rule.measure,
                "group": group,
                "unit": case.units.get(rule.measure, ""),
            }  # fmt: skip
            code = "floor_above_asked" if group else "floor_above_all"
            yield Fault(code, "policy", None, f"floor {rule.name}", "warning" if rule.soft else "error", values)


def _most(case: Case, projects: pd.DataFrame, measure: str) -> np.ndarray:
    if measure == "count":
        return np.ones(len(projects))
    own = projects[measure].astype(float).fillna(0.0).to_numpy() if measure in projects else np.zeros(len(projects))
    if measure in case.policy.replacement:
        ratio = factor(case.policy.replacement[measure], projects)
    else:
        ratio = np.ones(len(projects))
    if measure in case.variants:
        largest = case.variants.groupby("project")[measure].max()
        own = np.fmax(own, projects["id"].map(largest).astype(float).to_numpy())
    return np.asarray(own * ratio)


def _supply(case: Case) -> Iterator[Fault]:
    """Resources without quota, match shares without a city pool (3.5), and rounds in which nothing can be decided."""
    pools = case.pools
    level = column(pools, "pools", "level").astype(object)
    region = column(pools, "pools", "region")
    city = level.isin(["city", "county"]) | (level.isna() & region.notna())
    for resource in case.resources:
        mine = pools["resource"] == resource
        if float(pools.loc[mine, "amount"].sum()) <= 0:
            yield Fault("resource_empty", "pools", None, "amount", "warning", {"name": resource})
        if case.policy.match.get(resource, 1.0) < 1 and not (mine & city).any():
            values = {"name": resource, "expected": f"{case.policy.match[resource]:.0%}"}
            yield Fault("match_no_city", "policy", None, f"match.{resource}", values=values)
    if (column(case.projects, "projects", "decision") == "never").all():
        yield Fault("nothing_to_decide", "projects", None, "decision", "warning")


def _values(case: Case) -> Iterator[Fault]:
    """Blank cells in what the value is made of: NaN never means zero."""
    with_variants = set(case.variants["project"]) if len(case.variants) else set()
    never = (column(case.projects, "projects", "decision") == "never").to_numpy()
    excused = case.projects["id"].isin(with_variants).to_numpy() | never
    for term in value_terms(case):
        if term == "score" or term not in case.projects:
            continue
        for place in np.flatnonzero(case.projects[term].isna().to_numpy() & ~excused):
            values = {"found": str(case.projects["id"].iloc[place])}
            yield Fault("value_blank", "projects", int(place) + 2, term, values=values)
