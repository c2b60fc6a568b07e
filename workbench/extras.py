"""What is worked out beside a plan on request: how firm it is, what its rules cost, what more quota is worth."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from allocator import schema, units
from allocator.folder import harmless
from allocator.labels import Lang, label
from allocator.pages import Pages
from allocator.plan import Plan
from allocator.robust import robustness
from allocator.speech import number
from allocator.workbook import replace_file
from workbench.present import table
from workbench.progress import Watch

NAMES = ("robustness", "rule_costs", "block_values")
FIRM = ("in", "open", "out")


class Extra(NamedTuple):
    """A table by its name, and what there is to say of it."""

    name: str
    table: pd.DataFrame
    text: str


def write(folder: Path, name: str, made: pd.DataFrame) -> None:
    """Write a table as CSV with its own column names, money in million yuan, as those of the plan."""

    def fill(path: Path) -> None:
        harmless(made).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")

    replace_file(folder / f"{name}.csv", fill)


def clear(folder: Path) -> None:
    """Take away what belongs to an earlier plan."""
    for name in NAMES:
        (folder / f"{name}.csv").unlink(missing_ok=True)


def firmness(plan: Plan, lang: Lang, watch: Watch, draws: int, seed: int, jobs: int) -> Extra:
    """How many of the funded projects, and of the others, stay as they are whatever is drawn."""
    solver, told = plan.solution.solver, watch.counting("draws")
    firm = robustness(plan.case, draws, seed=seed, jobs=jobs, solver=solver, progress=told)
    funded = firm["id"].map(plan.projects.set_index("id")["funded"]).astype(bool)
    rows = [
        [label(f"cli.firm.{name}", lang), *(f"{int((firm['firm'][inside] == kind).sum()):,}" for kind in FIRM)]
        for name, inside in (("funded", funded), ("other", ~funded))
    ]
    head = label("cli.firm.drawn", lang, draws=f"{int(firm['draws'].max()):,}")
    return Extra("robustness", firm, table([head, *(label(f"score.firm.{kind}", lang) for kind in FIRM)], rows))


def rule_costs(plan: Plan, lang: Lang, watch: Watch, jobs: int) -> Extra:
    """What each rule costs, and how many projects it moves in and out."""
    made = plan.rule_costs(jobs=jobs, progress=watch.counting("rule_costs")).table
    if not len(made):
        return Extra("rule_costs", made, label("cli.costs.no_rules", lang))
    pages = Pages(plan, lang)
    rows = [
        [
            _rule(pages, row["rule"], row["kind"]), number(row["cost"]), number(row["at_most"]),
            *(str(len(row[name].split("|")) if row[name] else 0) for name in ("moved_in", "moved_out")),
        ]
        for row in made.to_dict("records")
    ]  # fmt: skip
    headers = [label("cli.costs.rule", lang), label("cli.costs.cost", lang, unit=pages.value_unit)]
    headers += [label(f"cli.costs.{name}", lang) for name in ("at_most", "moved_in", "moved_out")]
    return Extra("rule_costs", made, table(headers, rows))


def _rule(pages: Pages, name: str, kind: str) -> str:
    """A rule by its kind and the name that people know."""
    if kind == "match":
        name = pages.words.resource(name)
    elif kind in ("priorities", "capital_ratio") and name in schema.columns("projects"):
        name = schema.header("projects", name, pages.lang)
    said = label(f"cli.rule.{kind}", pages.lang)
    return said if name == kind or kind == "readiness" else label("cli.rule.named", pages.lang, kind=said, name=name)


def block_values(plan: Plan, lang: Lang, watch: Watch, jobs: int) -> Extra:
    """What one more block of each pool and product is worth."""
    made = plan.block_value(jobs=jobs, progress=watch.counting("block_values"))
    pages = Pages(plan, lang)
    rows = [
        [
            row["name"], _amount(pages, row["block"], row["unit"]), number(row["gained"]),
            *(number(row[name]) for name in ("at_most", "price_times_block")),
        ]
        for row in made.sort_values("gained", ascending=False, kind="stable").to_dict("records")
    ]  # fmt: skip
    headers = [label("cli.costs.source", lang), label("cli.costs.block", lang)]
    headers.append(label("cli.costs.gained", lang, unit=pages.value_unit))
    headers += [label(f"cli.costs.{name}", lang) for name in ("at_most", "priced")]
    return Extra("block_values", made, table(headers, rows))


def _amount(pages: Pages, amount: float, unit: str) -> str:
    shown = units.convert(amount, "mcny", pages.money_unit) if unit == "mcny" else amount
    return f"{number(shown)} {pages.unit(unit)}".rstrip()
