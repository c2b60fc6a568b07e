"""Floors and caps over any group of projects (3.8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.blocks import Blocks
from allocator.case import Case
from allocator.policy import Rule, Sense
from allocator.schema import column, columns

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Line:
    """One rule over one group: the coefficient of each option and the right side."""

    sense: Sense
    rule: Rule
    group: str
    measure: Floats
    coef: Floats
    limit: float


def measure_of(case: Case, projects: pd.DataFrame, table: pd.DataFrame, owner: Indices, measure: str) -> Floats:
    """What one option counts in a measure: 1, its value, a demand, or a column (3.8)."""
    if measure == "count":
        return np.ones(len(table))
    if measure == "value":
        return table["points"].to_numpy()
    if measure in table and measure not in ("project", "variant", "period"):
        return np.asarray(table[measure].fillna(0.0), dtype=np.float64)
    return np.asarray(column(projects, "projects", measure).astype(float).fillna(0.0))[owner]


def unit_of(case: Case, measure: str) -> str:
    """Unit of a measure; none for counts and values."""
    known = columns("projects").get(measure)
    return case.units.get(measure) or (known.unit if known else "")


def members(projects: pd.DataFrame, rule: Rule) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """The groups a rule speaks of and the projects in each."""
    if rule.by is None:
        yield "", np.ones(len(projects), dtype=bool)
        return
    of = column(projects, "projects", rule.by).astype(object)
    text = of.where(of.notna(), "").astype(str).to_numpy()
    if rule.of:
        yield "|".join(rule.of), np.isin(text, rule.of)
    else:
        for value in sorted(set(text) - {""}):
            yield value, text == value


def lines(case: Case, projects: pd.DataFrame, table: pd.DataFrame, owner: Indices) -> Iterator[Line]:
    """Every rule over every group it speaks of."""
    for sense, rule in case.policy.rules:
        measure = measure_of(case, projects, table, owner, rule.measure)
        counted = np.ones(len(table)) if rule.period is None else (table["period"] == rule.period).to_numpy(dtype=float)
        for group, inside in members(projects, rule):
            coef, limit = measure * counted * inside[owner], rule.limit
            if rule.basis == "plan":
                coef, limit = coef - rule.limit * measure * counted, 0.0
            elif rule.basis == "asked":
                limit = rule.limit * asked(measure * inside[owner], owner)
            yield Line(sense, rule, group, measure * counted * inside[owner], coef, limit)


def asked(measure: Floats, owner: Indices) -> float:
    """What a group asks for: the largest option of each of its projects."""
    largest = np.zeros(owner.max(initial=-1) + 1)
    np.maximum.at(largest, owner, measure)
    return float(largest.sum())


def too_large(
    case: Case, projects: pd.DataFrame, table: pd.DataFrame, owner: Indices
) -> list[tuple[str, NDArray[np.bool_]]]:
    """Options that break a hard cap even alone, or in the least part where the policy is divisible, by rule (3.11)."""
    found = []
    for line in lines(case, projects, table, owner):
        if line.sense == "cap" and not line.rule.soft and line.rule.basis != "plan":
            most = np.inf if case.policy.divisible and line.limit > 0 else line.limit
            found.append((line.rule.name, line.coef > most + 1e-9 * max(1.0, abs(line.limit))))
    return found


def add(blocks: Blocks, case: Case, projects: pd.DataFrame, table: pd.DataFrame, owner: Indices, y: Indices) -> None:
    """State the rows of (3.8); a soft rule may be missed at its penalty."""
    for line in lines(case, projects, table, owner):
        floor = line.sense == "floor"
        unit = unit_of(case, line.rule.measure)
        label = pd.DataFrame(
            {"rule": [line.rule.name], "name": [line.group], "period": [line.rule.period], "unit": [unit]}
        )
        row = blocks.rows(line.sense, label, **({"lower": line.limit} if floor else {"upper": line.limit}))
        of = np.flatnonzero(line.coef)
        blocks.put(row, y[of], line.coef[of])
        if line.rule.penalty is not None:
            slack = blocks.columns("slack", label[["rule"]], value=-line.rule.penalty)
            blocks.put(row, slack, 1.0 if floor else -1.0)
