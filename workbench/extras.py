"""What is worked out beside a plan on request, as tables: how firm it is, what rules cost, what quota is worth."""

from __future__ import annotations

from typing import Any

import pandas as pd

from allocator import schema, units
from allocator.bookstyle import Field, Kind, Page
from allocator.labels import label
from allocator.pages import Pages
from allocator.rulecosts import RuleCosts

FACTS = ("id", "name", "region")


def robustness(pages: Pages, firm: pd.DataFrame) -> Page:
    """How often each project is funded when weights, scores and demands are drawn."""
    words = firm["firm"].map({kind: label(f"score.firm.{kind}", pages.lang) for kind in ("in", "open", "out")})
    shares = [_field(pages, name, firm[name], "percent") for name in ("funded_share", "low", "high")]
    funded = pages.field("funded", pages.yes(firm["id"].map(pages.projects["funded"])))
    return _page(pages, "robustness", [*pages.facts(firm["id"], FACTS), funded, *shares, _field(pages, "firm", words)])


def rule_costs(pages: Pages, costs: RuleCosts) -> Page:
    """What each rule costs, and whom it moves in and out."""
    table = costs.table
    names = [_rule(pages, name, kind) for name, kind in zip(table["rule"], table["kind"], strict=True)]
    kinds = table["kind"].map(lambda kind: label(f"cli.rule.{kind}", pages.lang))
    comma = label("cli.plan.comma", pages.lang)
    moved = [_field(pages, name, table[name].str.replace("|", comma)) for name in ("moved_in", "moved_out")]
    return _page(pages, "rule_costs", [
        _field(pages, "rule", names), _field(pages, "kind", kinds),
        _field(pages, "cost", table["cost"], "number", pages.value_unit),
        _field(pages, "at_most", table["at_most"], "number", pages.value_unit), *moved,
    ])  # fmt: skip


def _rule(pages: Pages, name: str, kind: str) -> str:
    """A rule by the name that people know."""
    if kind == "match":
        return pages.words.resource(name)
    known = name in schema.columns("projects") and kind in ("priorities", "capital_ratio")
    if known:
        return schema.header("projects", name, pages.lang)
    return "" if name == kind or kind == "readiness" else name


def block_values(pages: Pages, values: pd.DataFrame) -> Page:
    """What one more block of each pool and product is worth."""
    per = units.convert(1.0, "mcny", pages.money_unit)
    money = values["unit"] == "mcny"
    return _page(pages, "block_values", [
        _field(pages, "source", values["name"]),
        _field(pages, "resource", values["resource"].map(lambda name: pages.words.resource(name) if name else "")),
        _field(pages, "block", values["block"].where(~money, values["block"] * per), "each"),
        _field(pages, "unit", values["unit"].map(pages.unit)),
        _field(pages, "gained", values["gained"], "number", pages.value_unit),
        _field(pages, "at_most", values["at_most"], "number", pages.value_unit),
        _field(pages, "priced", values["price_times_block"], "number", pages.value_unit),
    ])  # fmt: skip


def _page(pages: Pages, key: str, fields: list[Field]) -> Page:
    return Page(key, label(f"cli.sheet.{key}", pages.lang), fields)


def _field(pages: Pages, name: str, values: Any, kind: Kind = "text", unit: str = "") -> Field:
    header = label(f"cli.column.{name}", pages.lang)
    return Field(f"{header} ({unit})" if unit else header, pd.Series(values).reset_index(drop=True), kind, key=name)
