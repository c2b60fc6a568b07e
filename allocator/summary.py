"""A plan in figures, ready for JSON: what was solved, how good it is proven to be, and what it hands out."""

from __future__ import annotations

import math
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from allocator import units
from allocator.case import Case
from allocator.labels import Lang, label
from allocator.model import Model
from allocator.options import value_terms, ways_of
from allocator.schema import columns, header

if TYPE_CHECKING:
    from allocator.baselines import Baseline
    from allocator.plan import Plan

PACKAGES = ("yaosu", "pulp", "highspy", "numpy", "pandas")
MONEY = ("investment", "plan")


def summary(plan: Plan) -> dict[str, Any]:
    """What a plan is and what it is worth, ready for JSON.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    dict
        ``case, input_hash, status, objective, bound, gap, seconds, solver, solver_version, engine, violation`` (the
        largest of the re-check), ``versions, projects, funded, value, money, resources, rules, baselines, units``.
        Money in million yuan, resources in their units. What is not known is None, never NaN; without a plan all
        that it would hand out is None.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> told = summary(allocate(case))
    >>> told["status"], told["projects"], told["funded"], told["resources"]
    ('optimal', 2, 1, {'land': {'unit': 'mu', 'asked': 7.0, 'available': 5.0, 'granted': 4.0}})
    """
    solution, solved = plan.solution, plan.solution.x is not None
    told = {
        "case": plan.case.name, "input_hash": plan.case.hash, "status": plan.status,
        "objective": plan.objective, "bound": plan.bound, "gap": plan.gap, "seconds": solution.seconds,
        "solver": solution.solver, "solver_version": solution.version, "engine": plan.engine,
        "violation": solution.violation if solved else None, "versions": versions(),
        "projects": len(plan.projects), "funded": int(plan.projects["funded"].sum()) if solved else None,
        "value": value(plan), "money": money(plan), "resources": resources(plan), "rules": rules(plan),
        "baselines": {name: beside(plan, other) for name, other in plan.baselines.items()},
        "units": unit_names(plan.case),
    }  # fmt: skip
    return {key: _plain(found) for key, found in told.items()}


def versions() -> dict[str, str]:
    """Versions of what a result depends on.

    >>> sorted(versions())
    ['highspy', 'numpy', 'pandas', 'pulp', 'python', 'yaosu']
    """
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES}


def value_name(case: Case, lang: Lang = "en") -> str:
    """What the value of a project is made of, in words.

    >>> from allocator import load_sample
    >>> value_name(load_sample("shandong-2020"), "zh")
    '得分 × 年度计划投资'
    """
    return " × ".join(_term(case, term, lang) for term in value_terms(case))


def _term(case: Case, term: str, lang: Lang) -> str:
    if term in case.resources:
        return units.RESOURCES[term][1][0] if lang == "zh" and term in units.RESOURCES else term
    return header("projects", term, lang) if term in columns("projects") else term


def value_unit(case: Case, lang: Lang = "en") -> str:
    """The unit of value and objective: points of a score, times what they are multiplied by.

    >>> from allocator import load_sample
    >>> value_unit(load_sample("shandong-2020")), value_unit(load_sample("gb-grid-2021"), "zh")
    ('points·mcny', '分·兆瓦')
    """
    parts = []
    for term in value_terms(case):
        known = columns("projects").get(term)
        if term == "score":
            parts.append(label("plan.unit.score", lang))
        elif term in case.units or (known and known.unit):
            parts.append(units.shown(case.units.get(term) or (known.unit if known else ""), lang == "zh"))
    return "·".join(part for part in parts if part) or label("plan.unit.value", lang)


def value(plan: Plan) -> dict[str, Any]:
    """How the objective comes about: value, weighted and discounted, less penalties and charges for changes."""
    told: dict[str, Any] = {"made_of": list(value_terms(plan.case)), "unit": value_unit(plan.case)}
    names = ("funded", "weighted", "penalties", "changes")
    x, model = plan.solution.x, plan.model
    if x is None:
        return told | dict.fromkeys(names)
    block = model.columns["block"].to_numpy()
    weighted, penalties, changes = (
        abs(float(model.value @ np.where(block == name, x, 0.0))) for name in ("option", "slack", "change")
    )
    funded = float(plan.projects.loc[plan.projects["funded"], "value"].sum())
    return told | dict(zip(names, (funded, weighted, penalties, changes), strict=True))


def money(plan: Plan) -> dict[str, Any]:
    """Investment asked for and funded, what finances it, and what that and the quota bought cost; million yuan."""
    told: dict[str, Any] = {"unit": "mcny"}
    x = plan.solution.x
    for name in MONEY:
        if name in plan.case.projects:
            funded = None if x is None else plan.projects.loc[plan.projects["funded"], name].sum()
            told[name] = {"asked": plan.case.projects[name].sum(), "funded": funded}
    if x is None:
        return told
    if len(plan.loans):
        own = plan.loans["fund"] == "own"
        told |= {"own": plan.loans.loc[own, "amount"].sum(), "loans": plan.loans.loc[~own, "amount"].sum()}
    if len(plan.bank):
        told["bank"] = plan.bank["cost"].sum()
    if plan.model.cost.any():
        told["cost"] = plan.solution.cost
    return told


def demands(case: Case, model: Model) -> pd.DataFrame:
    """What each project asks for: the largest of its ways, replacement ratios counted (3.3).

    Returns
    -------
    DataFrame
        Indexed by project in canonical order, one column per resource.
    """
    ways = ways_of(case, model.projects)
    return ways.groupby("project")[list(case.resources)].max().reindex(model.projects["id"]).fillna(0.0)


def resources(plan: Plan) -> dict[str, dict[str, Any]]:
    """Per resource: unit, asked for, available (pools, advances and purchases together) and granted."""
    asked, pools, grants = demands(plan.case, plan.model).sum(), plan.pools, plan.grants
    available = (pools["used"] + pools["free"]).groupby(pools["resource"]).sum()
    granted = grants.groupby("resource")["amount"].sum()
    solved = plan.solution.x is not None
    return {
        name: {
            "unit": plan.case.units[name], "asked": asked[name], "available": available.get(name, 0.0),
            "granted": granted.get(name, 0.0) if solved else None,
        }
        for name in plan.case.resources
    }  # fmt: skip


def rules(plan: Plan) -> dict[str, Any]:
    """Floors and caps: how many, how many of the soft ones are missed, and the penalty."""
    if plan.solution.x is None:
        return {"count": len(plan.rules), "missed": None, "penalty": None}
    missed = ~plan.rules["met"].astype(bool)
    return {"count": len(plan.rules), "missed": int(missed.sum()), "penalty": float(plan.rules["penalty"].sum())}


def beside(plan: Plan, other: Baseline) -> dict[str, Any]:
    """A baseline, and how far the plan is ahead: the difference, and as a share of the baseline."""
    gained = None if plan.objective is None else plan.objective - other.objective
    return {
        "objective": other.objective, "gained": gained,
        "ahead": gained / other.objective if gained is not None and other.objective > 0 else None,
        "funded": int(other.projects["funded"].sum()), "broken": len(other.broken),
    }  # fmt: skip


def unit_names(case: Case) -> dict[str, str]:
    """Units of the columns of the tables of a plan."""
    unit = value_unit(case)
    told = {name: "mcny" for name in MONEY if name in case.projects} | case.units
    return told | {"value": unit, "reduced_profit": unit, "penalty": unit, "enters_at_score": label("plan.unit.score")}


def _plain(found: Any) -> Any:
    """Numbers and texts as JSON knows them."""
    if isinstance(found, dict):
        return {str(key): _plain(item) for key, item in found.items()}
    if isinstance(found, list):
        return [_plain(item) for item in found]
    if isinstance(found, np.generic):
        found = found.item()
    return None if isinstance(found, float) and not math.isfinite(found) else found
