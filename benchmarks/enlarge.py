"""A case many times over: every copy of a project a little different, quota, money and limits in proportion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from allocator import Case, Rule
from allocator.schema import split

SIZE, DETAIL = 0.3, 0.1
MONEY = ("investment", "plan", "capital", "cashflow")


def enlarged(case: Case, times: int, seed: int = 0) -> Case:
    """The case with each project `times` over, as scarce as before.

    The first copy is the case itself. Every project of another copy is larger or smaller as a whole (lognormal, sigma
    0.3), and each of its demands and indicators a little more or less (sigma 0.1). What pools and products hold and
    the absolute limits of rules are multiplied; shares and penalties per unit stay.

    Parameters
    ----------
    case : Case
    times : int
    seed : int

    Examples
    --------
    >>> from allocator import load_sample
    >>> case = load_sample("gb-grid-2021")
    >>> twice = enlarged(case, 2)
    >>> len(twice.projects) / len(case.projects), float(twice.pools["amount"].sum() / case.pools["amount"].sum())
    (2.0, 2.0)
    """
    rng, ids = np.random.default_rng(seed), pd.Index(case.projects["id"])
    copies = [_copy(case, number, _factors(case, ids, rng, number)) for number in range(times)]
    tables = {name: pd.concat([copy[name] for copy in copies], ignore_index=True) for name in copies[0]}
    tables["pools"] = case.pools.assign(amount=case.pools["amount"] * times)
    if len(case.funds):
        tables["funds"] = case.funds.assign(capacity=case.funds["capacity"] * times)
    floors, caps = (tuple(_limit(rule, times) for rule in rules) for rules in (case.policy.floors, case.policy.caps))
    policy = replace(case.policy, floors=floors, caps=caps)
    return case.with_changes(policy=policy, name=f"{case.name} x {times}", **tables)


def _factors(case: Case, ids: pd.Index, rng: np.random.Generator, number: int) -> pd.DataFrame:
    """What the sizes of each project are multiplied with in a copy: projects x columns."""
    indicators = [case.indicators[name].dropna() for name in ("numerator", "denominator") if name in case.indicators]
    names = dict.fromkeys([*case.resources, *MONEY, *(name for listed in indicators for name in listed)])
    sized = [name for name in names if name in case.projects]
    whole, part = rng.lognormal(0.0, SIZE, (len(ids), 1)), rng.lognormal(0.0, DETAIL, (len(ids), len(sized)))
    return pd.DataFrame(whole * part if number else np.ones((len(ids), len(sized))), index=ids, columns=sized)


def _copy(case: Case, number: int, factors: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Projects, variants and earlier grants of one copy; requires and excludes stay inside it."""

    def named(id_: str) -> str:
        return f"{id_}-{number}" if number else id_

    def sized(table: pd.DataFrame, key: str) -> pd.DataFrame:
        own = factors.loc[table[key]].reset_index(drop=True)
        shared = [name for name in own if name in table]
        numbers = {str(name): table[name].reset_index(drop=True) * own[name] for name in shared}
        return table.reset_index(drop=True).assign(**numbers, **{key: table[key].map(named).to_numpy()})

    projects = sized(case.projects, "id")
    for name in {"requires", "excludes"} & set(projects):
        listed = projects[name]
        projects[name] = listed.where(listed.isna(), listed.map(lambda text: "|".join(map(named, split(text)))))
    copy = {"projects": projects}
    if len(case.variants):
        copy["variants"] = sized(case.variants, "project")
    if len(case.grants):
        grants = case.grants
        own = [factors.at[id_, resource] for id_, resource in zip(grants["project"], grants["resource"], strict=True)]
        copy["grants"] = grants.assign(amount=grants["amount"] * own, project=grants["project"].map(named))
    return copy


def _limit(rule: Rule, times: int) -> Rule:
    return replace(rule, limit=rule.limit * times) if rule.basis == "absolute" else rule
