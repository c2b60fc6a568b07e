"""Quota pools, quota banks, financing products, indicators and provenance of the sample `shandong-2020`.

Supplies are assumed so that each element is asked for about twice; rules, prices and totals are cited in the sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from allocator.cases.shandong_projects import (
    GDP_PERCENT,
    REVENUE_PER_EMISSION,
    RND_SHARE,
    TAX_PER_MU,
    VALUE_ADDED_PER_MU,
    VALUE_ADDED_PER_PERSON,
    VALUE_ADDED_PER_TCE,
    apportion,
)

QUARTERS = ("2020Q1", "2020Q2", "2020Q3", "2020Q4")
QUARTER_PERCENT = (45, 30, 15, 10)
NEXT_QUARTER = "2021Q1"
NEXT_YEAR_PERCENT = 25
COAL_PERCENT = {
    "滨州": 16, "济宁": 10, "聊城": 9, "潍坊": 9, "淄博": 8, "烟台": 7, "济南": 7, "日照": 6, "临沂": 6, "青岛": 6,
    "东营": 5, "泰安": 5, "枣庄": 5, "德州": 5, "菏泽": 5, "威海": 3,
}  # fmt: skip


class Element(NamedTuple):
    """What is given out of one element in the year, and by whom."""

    resource: str
    word: str
    unit: str
    cities: int
    province: int
    reserve: int
    advance: float | None
    shares: dict[str, float]


ELEMENTS = (
    Element("land", "用地", "mu", 14_600, 9_000, 2_400, 0.3, GDP_PERCENT),
    Element("energy", "能耗", "tce", 600_000, 440_000, 160_000, None, GDP_PERCENT),
    Element("coal", "煤炭", "t", 350_000, 190_000, 0, None, {city: float(share) for city, share in COAL_PERCENT.items()}),
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
    common = {"resource": element.resource, "unit": element.unit}
    cities = apportion(pd.Series(element.shares).to_numpy(float), element.cities)
    for city, amount in zip(element.shares, cities, strict=True):
        pool = {"pool": f"{city}{element.word}", "level": "city", "region": city}
        yield from _quarters(common | pool, element, int(amount), (100,))
    province = f"省级统筹{element.word}"
    yield from _quarters(common | {"pool": province, "level": "province"}, element, element.province, QUARTER_PERCENT)
    if element.reserve:
        yield common | {"pool": f"省级预留{element.word}", "level": "province", "tiers": "省重大", "amount": element.reserve}
    name, steps = BANKS.get(element.resource, ("", ()))
    for amount, price in steps:
        yield common | {"pool": name, "level": "bank", "into": province, "amount": amount, "unit_cost": price}


def _quarters(pool: dict[str, object], element: Element, amount: int, percents: tuple[int, ...]) -> Iterator[dict[str, object]]:
    """A pool by quarter: what is left is carried over; land may be advanced, at the end of the year from the next year."""
    given = [*zip(QUARTERS, percents, strict=False), *([(NEXT_QUARTER, NEXT_YEAR_PERCENT)] if element.advance else [])]
    for period, percent in given:
        yield pool | {"period": period, "amount": round(amount * percent / 100), "advance": element.advance, "carry": 1.0}


def make_funds() -> pd.DataFrame:
    """Financing products; a product with quarterly capacity has a row per quarter."""
    rows = []
    for product in _products():
        if product.pop("quarterly"):
            shares = zip(QUARTERS, QUARTER_PERCENT, strict=True)
            rows += [product | {"period": period, "capacity": product["capacity"] * percent / 100} for period, percent in shares]
        else:
            rows.append(product | {"period": None})
    table = pd.DataFrame(rows)
    return table[["fund", "instrument", "period", *[name for name in table if name not in ("fund", "instrument", "period")]]]


def _products() -> Iterator[dict[str, Any]]:
    def product(
        fund: str, instrument: str, capacity: float, rate: float, term: int, grace: int, repayment: str, max_share: float,
        kinds: str | None = None, fields: str | None = None, tiers: str | None = None, as_capital: bool = False, quarterly: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        return dict(locals())

    public, industry = "基础设施|社会民生|重大平台", "现代产业"
    yield product("专项债券", "special_bond", 57_280, 0.033, 15, 0, "bullet", 0.60, kinds="government")
    yield product("专项债券用作资本金", "special_bond", 14_320, 0.033, 15, 0, "bullet", 0.15, kinds="government", fields="基础设施", as_capital=True)
    yield product("政策性银行中长期贷款", "policy_loan", 80_000, 0.0410, 20, 3, "annuity", 0.70, fields=public, quarterly=True)
    yield product("商业银行固定资产贷款", "commercial_loan", 112_000, 0.0465, 12, 1, "annuity", 0.60)
    yield product("制造业中长期贷款", "manufacturing_loan", 90_000, 0.0435, 8, 2, "annuity", 0.55, kinds="enterprise", fields=industry)
    yield product("银团贷款", "syndicated_loan", 60_000, 0.0455, 15, 3, "annuity", 0.50, tiers="省重大")
    yield product("绿色信贷", "green_loan", 26_000, 0.0425, 10, 1, "principal", 0.40, kinds="enterprise", fields=industry)
    yield product("融资租赁", "lease", 16_000, 0.0560, 5, 0, "annuity", 0.30, kinds="enterprise", fields=industry)
    yield product(
        "新旧动能转换基金", "equity_fund", 12_000, 0.0600, 7, 0, "bullet", 0.15,
        kinds="enterprise", fields=industry, tiers="新旧动能转换优选|省重大", as_capital=True,
    )  # fmt: skip


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
    table = pd.DataFrame(rows, columns=["indicator", "numerator", "denominator", "weight", "benchmark", "cap", "missing"])
    table.insert(3, "direction", "max")
    return table
