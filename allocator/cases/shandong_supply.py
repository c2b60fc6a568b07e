"""Quota pools, quota banks, financing products, indicators and provenance of the sample `shandong-2020`.

Supplies are assumed so that each element is asked for about twice; rules, prices and totals are cited in the sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from allocator.cases.shandong_projects import (
    REVENUE_PER_EMISSION,
    RND_SHARE,
    TAX_PER_MU,
    VALUE_ADDED_PER_MU,
    VALUE_ADDED_PER_PERSON,
    VALUE_ADDED_PER_TCE,
    apportion,
    cities,
    typical,
)

QUARTERS = ("2020Q1", "2020Q2", "2020Q3", "2020Q4")
QUARTER_PERCENT = (45, 30, 15, 10)
NEXT_QUARTER = "2021Q1"
NEXT_YEAR_PERCENT = 25


class Element(NamedTuple):
    """What is given out of one element in the year, and by whom."""

    resource: str
    word: str
    unit: str
    cities: int
    province: int
    reserve: int
    advance: float | None
    shares: str


ELEMENTS = (
    Element("land", "用地", "mu", 14_000, 8_600, 2_400, 0.3, "gdp_percent"),
    Element("energy", "能耗", "tce", 560_000, 400_000, 120_000, None, "gdp_percent"),
    Element("coal", "煤炭", "t", 300_000, 140_000, 0, None, "coal_weight"),
)
BANKS = {
    "energy": ("省级能耗收储", ((100_000, 0.00020), (80_000, 0.00026), (60_000, 0.00034))),
    "coal": ("省级煤炭收储", ((70_000, 0.00015), (50_000, 0.00020), (40_000, 0.00027))),
}


def make_pools() -> pd.DataFrame:
    """City, provincial, reserve and bank pools by quarter; quota of 2021 Q1 stands beyond the plan to back advances."""
    return pd.DataFrame([row for element in ELEMENTS for row in _element(element)])


def _element(element: Element) -> Iterator[dict[str, object]]:
    """Cities hold their quota of the year from the first quarter, the province gives its own out by quarter."""
    common: dict[str, object] = {"resource": element.resource, "unit": element.unit}
    weights = cities()[element.shares]
    for city, amount in zip(weights.index, apportion(weights.to_numpy(float), element.cities), strict=True):
        pool = {"pool": f"{city}{element.word}", "level": "city", "region": city}
        yield from _quarters(common | pool, element, int(amount), (100,))
    province = f"省级统筹{element.word}"
    yield from _quarters(common | {"pool": province, "level": "province"}, element, element.province, QUARTER_PERCENT)
    if element.reserve:
        reserve = {"pool": f"省级预留{element.word}", "level": "province", "tiers": "省重大", "amount": element.reserve}
        yield common | reserve
    name, steps = BANKS.get(element.resource, ("", ()))
    for amount, price in steps:
        yield common | {"pool": name, "level": "bank", "into": province, "amount": amount, "unit_cost": price}


def _quarters(
    pool: dict[str, object], element: Element, amount: int, percents: tuple[int, ...]
) -> Iterator[dict[str, object]]:
    """A pool by quarter: what is left is carried over; land may be advanced, in the end from the next year."""
    given = [*zip(QUARTERS, percents, strict=False), *([(NEXT_QUARTER, NEXT_YEAR_PERCENT)] if element.advance else [])]
    for period, percent in given:
        granted = {"period": period, "amount": round(amount * percent / 100)}
        yield pool | granted | {"advance": element.advance, "carry": 1.0}


def make_funds() -> pd.DataFrame:
    """Financing products; one with quarterly capacity has a row per quarter."""
    products = typical("products")
    steady = products[~products["quarterly"]].assign(period=None)
    quarterly = products[products["quarterly"]].merge(
        pd.DataFrame({"period": QUARTERS, "percent": QUARTER_PERCENT}), how="cross"
    )
    quarterly["capacity"] = quarterly["capacity"] * quarterly.pop("percent") / 100
    table = pd.concat([steady, quarterly], ignore_index=True).drop(columns="quarterly")
    table.insert(2, "period", table.pop("period"))
    return table


def make_indicators() -> pd.DataFrame:
    """The county's published weights and benchmarks, in million yuan where it prints 10,000 yuan (2.1)."""
    rows = [
        ("亩均税收", "tax_mcny", "site_mu", 0.30, TAX_PER_MU, 1.5, "refuse"),
        ("亩均增加值", "value_added_mcny", "site_mu", 0.20, VALUE_ADDED_PER_MU, 1.2, "refuse"),
        ("单位能耗增加值", "value_added_mcny", "energy_use_tce", 0.20, VALUE_ADDED_PER_TCE, 1.2, "refuse"),
        ("单位排放收入", "revenue_mcny", "emission_t", 0.10, REVENUE_PER_EMISSION, 1.0, "refuse"),
        ("全员劳动生产率", "value_added_mcny", "labour", 0.10, VALUE_ADDED_PER_PERSON, 1.2, "refuse"),
        ("研发投入强度", "rnd_mcny", "revenue_mcny", 0.10, RND_SHARE, 1.2, "zero"),
    ]
    table = pd.DataFrame(
        rows, columns=["indicator", "numerator", "denominator", "weight", "benchmark", "cap", "missing"]
    )
    table.insert(3, "direction", "max")
    return table
