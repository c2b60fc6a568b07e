"""The starter workbook: a small case that explains itself, to be written over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from allocator import plainpolicy, schema, sheetout, startprocess, units
from allocator.case import TABLES, Case
from allocator.labels import Lang, label
from allocator.sheetout import SAFE, Words

NAMES = {
    "en": {
        "north": "Northport",
        "south": "Southfield",
        "harbour": "Harbour district",
        "valley": "Valley county",
        "industry": "industry",
        "public": "public services",
        "major": "provincial",
        "other": "city",
        "chemicals": "chemicals",
        "health": "health",
        "p1": "Battery plant",
        "p2": "Teaching hospital",
        "p3": "Chemical works",
        "smaller": "smaller site",
        "later": "later site",
        "lean": "energy saving",
        "north land": "Northport land",
        "reserve": "provincial land reserve",
        "energy": "provincial energy",
        "bond": "special bond",
        "loan": "bank loan",
        "lease": "green loan",
        "tax": "tax per mu",
        "output": "output per tce",
        "jobs": "jobs per mu",
        "enough": "public services",
        "limit": "chemicals energy",
        "cities": "projects per city",
        "announced": "announced quota",
        "assumption": "assumed for the example",
        "tax paid": "tax_mcny",
        "value added": "output_mcny",
        "people": "jobs",
        "energy used": "energy_use_tce",
    },
    "zh": {
        "north": "北港市",
        "south": "南田市",
        "harbour": "港区",
        "valley": "谷县",
        "industry": "现代产业",
        "public": "社会民生",
        "major": "省重大",
        "other": "市重点",
        "chemicals": "化工",
        "health": "卫生",
        "p1": "动力电池项目",
        "p2": "教学医院项目",
        "p3": "精细化工项目",
        "smaller": "小规模",
        "later": "另选址",
        "lean": "节能工艺",
        "north land": "北港市用地",
        "reserve": "省级预留用地",
        "energy": "省级能耗",
        "bond": "专项债券",
        "loan": "银行贷款",
        "lease": "绿色贷款",
        "tax": "亩均税收",
        "output": "单位能耗增加值",
        "jobs": "亩均就业",
        "enough": "社会民生底线",
        "limit": "化工能耗上限",
        "cities": "各市项目数",
        "announced": "下达指标",
        "assumption": "示例假定",
        "tax paid": "年税收",
        "value added": "年增加值",
        "people": "就业人数",
        "energy used": "投产后年耗能",
    },
}


def example(lang: Lang = "en") -> Case:
    """Three projects, quota, products, indicators and rules: a case without faults.

    >>> len(example("zh").projects)
    3
    """
    say = NAMES[lang]
    projects = pd.DataFrame(
        {
            "id": ["001", "002", "003"],
            "name": [say["p1"], say["p2"], say["p3"]],
            "region": [say["north"], say["north"], say["south"]],
            "county": [say["harbour"], say["harbour"], say["valley"]],
            "field": [say["industry"], say["public"], say["industry"]],
            "tier": [say["major"], say["other"], say["other"]],
            "sector": [say["industry"], say["health"], say["chemicals"]],
            "kind": ["enterprise", "government", "enterprise"],
            "route": ["file", "approve", "confirm"],
            "batch": ["start", "start", "reserve"],
            "bond": [False, True, False],
            "investment": [2000.0, 800.0, 1200.0],
            "plan": [600.0, 400.0, 300.0],
            "land": [180.0, 90.0, 120.0],
            "energy": [6000.0, 600.0, 9000.0],
            "capital": [900.0, 300.0, 500.0],
            "cashflow": [260.0, 90.0, 150.0],
            "registered": pd.to_datetime(["2026-03-02", "2026-03-16", "2026-04-01"]),
            "due": pd.to_datetime(["2027-02-01", "2027-03-01", "2027-06-01"]),
            "ready": pd.to_datetime(["2027-01-15", "2027-02-20", "2027-05-10"]),
            "phases": [None, None, None],
            "requires": [None, None, "001"],
            "excludes": [None, None, None],
            "decision": ["free", "must", "free"],
            say["tax paid"]: [60.0, 4.0, 30.0],
            say["value added"]: [300.0, 45.0, 160.0],
            say["people"]: [900.0, 700.0, 300.0],
            say["energy used"]: [6000.0, 800.0, 9000.0],
        }
    )
    variants = pd.DataFrame(
        {
            "project": ["001", "003", "003"],
            "variant": [say["smaller"], say["lean"], say["later"]],
            "investment": [1300.0, None, None],
            "plan": [400.0, None, 200.0],
            "land": [110.0, None, 100.0],
            "energy": [4000.0, 7000.0, None],
            "earliest": [None, None, "2027Q2"],
        }
    )
    pools = pd.DataFrame(
        {
            "pool": [say["north land"], say["reserve"], say["energy"]],
            "resource": ["land", "land", "energy"],
            "amount": [210.0, 110.0, 12000.0],
            "level": ["city", "province", "province"],
            "region": [say["north"], None, None],
            "period": ["2027Q1", "2027Q2", None],
            "tiers": [None, None, None],
            "fields": [None, None, None],
            "advance": [0.0, 0.0, 0.0],
            "carry": [1.0, 0.0, 0.0],
            "unit_cost": [0.0, 0.0, 0.0],
            "unit": ["mu", "mu", "tce"],
            "into": [None, None, None],
        }
    )
    funds = pd.DataFrame(
        {
            "fund": [say["bond"], say["loan"], say["lease"]],
            "instrument": [say["bond"], say["loan"], say["loan"]],
            "period": [None, None, None],
            "capacity": [600.0, 3000.0, 1000.0],
            "rate": [0.032, 0.045, 0.039],
            "term": [15.0, 12.0, 10.0],
            "grace": [2.0, 1.0, 0.0],
            "repayment": ["bullet", "annuity", "principal"],
            "max_share": [0.7, 0.7, 0.3],
            "kinds": ["government", None, "enterprise"],
            "fields": [None, None, say["industry"]],
            "tiers": [None, None, None],
            "as_capital": [False, False, False],
        }
    )
    indicators = pd.DataFrame(
        {
            "indicator": [say["tax"], say["output"], say["jobs"]],
            "numerator": [say["tax paid"], say["value added"], say["people"]],
            "denominator": ["land", say["energy used"], "land"],
            "direction": ["max", "max", "max"],
            "weight": [0.4, 0.4, 0.2],
            "benchmark": [0.24, 0.03, 5.0],
            "cap": [1.5, 1.2, 1.2],
            "missing": ["refuse", "refuse", "zero"],
        }
    )
    grants = pd.DataFrame(
        {
            "project": ["002", "002", "002"],
            "variant": [None, None, None],
            "resource": ["land", "land", "energy"],
            "pool": [say["north land"], say["reserve"], say["energy"]],
            "period": ["2027Q1", "2027Q1", "2027Q1"],
            "amount": [60.0, 30.0, 600.0],
            "granted": pd.to_datetime(["2026-11-02", "2026-11-02", "2026-11-02"]),
        }
    )
    sources = pd.DataFrame(
        {
            "item": [say["north land"], say["reserve"], say["energy"]],
            "value": ["210", "110", "12000"],
            "unit": [units.shown(unit, lang == "zh") for unit in ("mu", "mu", "tce")],
            "standing": ["assumed"] * 3,
            "source": [say["announced"], say["announced"], say["assumption"]],
        }
    )
    rules = pd.DataFrame(
        {
            "rule": [say["enough"], say["limit"], say["cities"]],
            "sense": ["floor", "cap", "floor"],
            "measure": ["land", "energy", "count"],
            "by": ["field", "sector", "region"],
            "of": [say["public"], say["chemicals"], None],
            "limit": [0.2, 9000.0, 1.0],
            "basis": ["plan", "absolute", "absolute"],
            "period": [None, None, None],
            "penalty": [None, None, 1000.0],
            "source": [say["assumption"]] * 3,
        }
    )
    policy = {
        "value": "score*plan",
        "periods": ["2027Q1", "2027Q2"],
        "discount": 0.98,
        "readiness": "end",
        "cover": 1.1,
        "capital_ratio": {"by": "sector", "default": 0.2, "ratios": {say["chemicals"]: 0.25}},
    }
    return Case.from_tables(
        projects=projects,
        variants=variants,
        pools=pools,
        funds=funds,
        indicators=indicators,
        grants=grants,
        sources=sources,
        rules=rules,
        policy=policy,
        **startprocess.tables(lang),  # type: ignore[arg-type]
    )


def write(path: Path, lang: Lang) -> None:
    """The starter workbook in one language, money in 亿元 where it is Chinese."""
    case = example(lang)
    words = Words(lang, case.units, {"money": "yi_yuan", "money_rate": "yi_yuan/year"} if lang == "zh" else {})
    with xlsxwriter.Workbook(str(path), dict(SAFE)) as book:
        _notes(book, words)
        for table in TABLES:
            sheetout.add_table(book, words, table, getattr(case, table), hints=True)
        meanings = {key: label(f"schema.policy.{key.split('.')[0]}", lang) for key, _ in plainpolicy.rows(case.policy)}
        sheetout.add_policy(book, words, case.policy, meanings)
        for table in schema.PROCESS:
            sheet = sheetout.add_table(book, words, table, case.extra[table], hints=True)
            if table == "process":
                sheet.set_column(2, 2, 70)


def _notes(book: Any, words: Words) -> None:
    """What the sheets are and how to go on."""
    sheet = book.add_worksheet(sheetout.sheet_name("notes", words.lang))
    title, wrap = (
        book.add_format({"bold": True, "font_size": 14}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    sheet.set_column(0, 0, 24)
    sheet.set_row(0, 24)
    sheetout.printable(sheet)
    sheet.set_column(1, 1, 90, wrap)
    sheet.write_string(0, 0, label("schema.starter.title", words.lang), title)
    for row, line in enumerate(label("schema.starter.lines", words.lang).split("\n"), start=2):
        sheet.write_string(row, 0, str(row - 1))
        sheet.write_string(row, 1, line)
    for row, table in enumerate((*schema.TABLES, "policy"), start=9):
        sheet.write_string(row, 0, sheetout.sheet_name(table, words.lang))
        sheet.write_string(row, 1, label(f"schema.sheet.{table}", words.lang))
