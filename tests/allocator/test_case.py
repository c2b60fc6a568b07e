"""Cases: what is recognised, what is converted, what survives writing, and that a case never changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from faulty import write
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import load_sample, schema
from allocator.case import Case
from allocator.errors import InputError, YaosuError
from allocator.labels import Lang
from allocator.policy import Policy, Rule

POOLS = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [100.0]})


def projects(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"id": ["a", "b"], "land": [1.0, 2.0], "value": [1.0, 1.0]} | columns)


@pytest.mark.parametrize(
    ("header", "cell", "name", "value"),
    [
        ("总投资(亿元)", "1.5", "investment", 150.0),
        ("总投资（万元）", "１２，０００", "investment", 120.0),
        ("investment_mcny", 3, "investment", 3.0),
        ("年度计划投资/亿元", "2亿元", "plan", 200.0),
        ("年度投资", "300万元", "plan", 3.0),
        ("自有资金(元)", "1,000,000", "capital", 1.0),
        ("年现金流(亿元/年)", "0.5", "cashflow", 50.0),
        ("城市", " 烟台 ", "region", "烟台"),
        ("县(市、区)", "莱州", "county", "莱州"),
        ("所属领域", "现代产业", "field", "现代产业"),
        ("投资主体", "企业", "kind", "enterprise"),
        ("审批方式", "备案", "route", "file"),
        ("批次", "储备", "batch", "reserve"),
        ("专项债", "是", "bond", True),
        ("安排", "必保", "decision", "must"),
        ("分期", "0.5、1", "phases", "0.5|1"),
        ("登记日期", "2020年3月1日", "registered", pd.Timestamp("2020-03-01")),
        ("登记日期", "20200301", "registered", pd.Timestamp("2020-03-01")),
        ("登记日期", 43891, "registered", pd.Timestamp("2020-03-01")),
        ("登记日期", "2020/3/1", "registered", pd.Timestamp("2020-03-01")),
        ("ready", "12.5", "ready", 12.5),
        ("ready", "2020-03-01", "ready", pd.Timestamp("2020-03-01")),
        ("最早季度", "２０２０Q1", "earliest", "2020Q1"),
    ],
)
def test_headers_units_and_cells_are_read_as_people_write_them(header: str, cell: Any, name: str, value: Any) -> None:
    pools = POOLS.assign(period="2020Q1")
    table = pd.DataFrame({"id": ["a"], "land": [1.0], "value": [1.0], header: [cell]})
    assert Case.from_tables(projects=table, pools=pools).projects[name].iloc[0] == value


@pytest.mark.parametrize(
    ("header", "factor"),
    [("land (ha)", 15), ("land (mu)", 1), ("land", 1), ("land（公顷）", 15), ("land_ha", 15), ("land (km2)", 1500)],
)
def test_demands_come_in_the_unit_of_the_resource(header: str, factor: float) -> None:
    table = pd.DataFrame({"id": ["a"], header: [2.0], "value": [1.0]})
    case = Case.from_tables(projects=table, pools=POOLS)
    assert case.projects["land"].tolist() == [2.0 * factor]
    assert case.units == {"land": "mu"}


def test_pools_in_several_units_are_converted_row_by_row() -> None:
    pools = pd.DataFrame({"pool": ["p", "q"], "resource": "land", "amount": [2.0, 2.0], "unit": ["公顷", "亩"]})
    case = Case.from_tables(projects=projects(), pools=pools)
    assert case.pools["amount"].tolist() == [30.0, 2.0]
    assert case.pools["unit"].tolist() == ["mu", "mu"]


@pytest.mark.parametrize(
    ("header", "cost"),
    [("unit_cost", 0.2), ("单价(万元/亩)", 0.03), ("单价(亿元/公顷)", 20.0), ("unit_cost (mcny)", 0.2)],
)
def test_a_price_is_per_unit_of_the_amount_unless_its_header_says_per_what(header: str, cost: float) -> None:
    pools = pd.DataFrame({"pool": ["p"], "resource": "land", "amount": [2.0], "unit": ["公顷"], header: [3.0]})
    case = Case.from_tables(projects=projects(), pools=pools)
    assert case.pools["unit_cost"].tolist() == [pytest.approx(cost)]


def test_earlier_grants_are_converted_too() -> None:
    grants = pd.DataFrame({"project": ["a"], "pool": ["p"], "amount(公顷)": [2.0], "resource": ["land"]})
    assert Case.from_tables(projects=projects(), pools=POOLS, grants=grants).grants["amount"].tolist() == [30.0]


def test_a_resource_may_have_any_name_and_any_unit() -> None:
    table = pd.DataFrame({"id": ["a"], "nitrogen room (buckets)": [2.0], "value": [1.0]})
    pools = pd.DataFrame({"pool": ["p"], "resource": ["nitrogen room"], "amount": [3.0], "unit": ["buckets"]})
    assert Case.from_tables(projects=table, pools=pools).units == {"nitrogen room": "buckets"}


def test_ids_stay_text_and_match_across_tables(tmp_path: Path) -> None:
    (tmp_path / "项目.csv").write_text(
        "编号,项目名称,用地(亩),价值,前置项目\n001,甲,10,1,\n002,乙,５,2,００１\n", encoding="gb18030"
    )
    (tmp_path / "指标池.csv").write_text("指标池,要素,数量(公顷)\n市级,土地,1\n", encoding="gb18030")
    case = Case.read(tmp_path)
    assert case.projects["id"].tolist() == ["001", "002"]
    assert case.projects["requires"].tolist()[1] == "001"
    assert case.projects["land"].tolist() == [10.0, 5.0]
    assert case.pools[["resource", "amount"]].to_numpy().tolist() == [["land", 15.0]]


@pytest.mark.parametrize("cell", [None, np.nan, "", " "])
def test_a_blank_demand_is_never_zero(cell: Any) -> None:
    with pytest.raises(InputError) as caught:
        Case.from_tables(projects=projects().assign(land=pd.Series([1.0, cell], dtype=object)), pools=POOLS)
    assert [(fault.code, fault.row) for fault in caught.value.faults] == [("demand_blank", 3)]


def test_a_blank_demand_is_right_where_the_variants_state_it() -> None:
    variants = pd.DataFrame({"project": ["b", "b"], "variant": ["1", "2"], "land": [1.0, 2.0]})
    table = projects().assign(land=[1.0, np.nan])
    assert len(Case.from_tables(projects=table, pools=POOLS, variants=variants).variants) == 2
    with pytest.raises(InputError):
        Case.from_tables(projects=table, pools=POOLS, variants=variants.assign(land=[1.0, np.nan]))


def full() -> Case:
    """A case with every table and every kind of cell."""
    from allocator.starter import example

    case = example("zh")
    grants = pd.DataFrame(
        {
            "project": ["001"],
            "resource": ["land"],
            "pool": [case.pools["pool"].iloc[0]],
            "period": ["2027Q1"],
            "amount": [180.0],
            "granted": [pd.Timestamp("2026-12-01")],
        }
    )
    policy = {"floors": [*case.policy.floors, Rule("count", 1, by="tier", source="=1+1")], "as_of": "2026-12-31"}
    rich = case.projects.assign(
        capital=[np.pi * 100, 1 / 3, 0.1 + 0.2],
        name=["=1+1", "a\nb", '"x", y'],
        day=range(1, 4),
        code=["01", "2", None],
    )
    return case.with_changes(
        projects=rich, grants=grants, policy=policy, notes_of_others=pd.DataFrame({"x": ["y"], "n": [1.5]})
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["case.xlsx", "case", "例 子.xlsx", "例 子"])
def test_a_case_that_is_written_and_read_is_equal(lang: Lang, name: str, tmp_path: Path) -> None:
    case = full()
    again = Case.read(case.write(tmp_path / name, lang))
    assert again.hash == case.hash
    pd.testing.assert_frame_equal(again.projects, case.projects)
    assert again.policy == case.policy
    assert Case.read(again.write(tmp_path / name, lang)).hash == case.hash
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_writing_where_one_cannot_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(YaosuError) as caught:
        full().write(tmp_path / "file" / "case.xlsx")
    assert "无法写入" in caught.value.text("zh")


def test_the_hash_does_not_see_the_order_of_rows_or_columns_but_sees_every_value() -> None:
    case = full()
    turned = case.with_changes(projects=lambda table: table.iloc[::-1, ::-1].reset_index(drop=True))
    assert turned.hash == case.hash
    for column in ("plan", "name", "registered", "decision"):
        other = case.projects.copy()
        other.loc[0, column] = {
            "plan": 1.0,
            "name": "z",
            "registered": pd.Timestamp("2020-01-01"),
            "decision": "never",
        }[column]
        assert case.with_changes(projects=other).hash != case.hash
    assert case.with_changes(policy={"discount": 0.5}).hash != case.hash


def test_changes_make_a_new_case_and_leave_the_old_one() -> None:
    case = Case.from_tables(projects=projects(), pools=POOLS, policy=Policy(value="value", divisible=True))
    more = case.with_changes(pools=lambda table: table.assign(amount=5.0), policy={"discount": 0.9})
    assert (case.pools["amount"].tolist(), more.pools["amount"].tolist()) == ([100.0], [5.0])
    assert (more.policy.divisible, more.policy.discount, case.policy.discount) == (True, 0.9, 1.0)


def test_the_table_given_is_never_changed() -> None:
    table, pools = projects(bond=["是", "否"]), POOLS.copy()
    kept = table.copy()
    Case.from_tables(projects=table, pools=pools)
    pd.testing.assert_frame_equal(table, kept)
    pd.testing.assert_frame_equal(pools, POOLS)


def test_periods_stand_in_natural_order() -> None:
    pools = pd.DataFrame({"pool": "p", "resource": "land", "amount": 1.0, "period": ["10", "2", "1"]})
    assert Case.from_tables(projects=projects(), pools=pools).periods == ("1", "2", "10")


def test_rules_and_policy_may_use_the_words_of_the_headers(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "case",
        [
            ["policy.toml", 'value = "score*plan"', 'value = "得分*年度计划投资"'],
            ["policy.toml", "land = 0.6", '"用地" = 0.6'],
        ],
    )
    case = Case.read(folder)
    assert case.policy.value == "score*plan"
    assert case.policy.match == {"land": 0.6}


def test_a_numeric_group_column_is_text_so_that_rules_can_name_it() -> None:
    case = Case.from_tables(
        projects=projects(code=[1, 2]),
        pools=POOLS,
        policy={"caps": [{"measure": "count", "limit": 1, "by": "code", "of": ["1"]}]},
    )
    assert case.projects["code"].tolist() == ["1", "2"]
    assert case.warnings == ()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0, 1e9, allow_nan=False), min_size=1, max_size=5), st.sampled_from(["en", "zh"]), st.booleans()
)
def test_every_digit_of_a_number_survives(numbers: list[float], lang: Lang, book: bool) -> None:
    import tempfile

    table = pd.DataFrame({"id": [str(i) for i in range(len(numbers))], "land": numbers, "value": numbers})
    case = Case.from_tables(projects=table, pools=POOLS)
    with tempfile.TemporaryDirectory() as folder:
        again = Case.read(case.write(Path(folder) / ("c.xlsx" if book else "c"), lang))
    assert again.projects["land"].tolist() == numbers
    assert again.hash == case.hash


def test_a_workbook_may_speak_chinese_throughout_rules_indicators_and_lists_included() -> None:
    projects = pd.DataFrame({
        "编号": ["1", "2"], "用地(亩)": [4, 5], "年税收": [4, 5], "投资主体": ["政府", "企业"], "总投资(亿元)": [1, 2],
        "专项债": ["是", "否"],
    })  # fmt: skip
    case = Case.from_tables(
        projects=projects,
        pools=pd.DataFrame({"指标池": ["甲"], "要素": ["用地"], "数量(亩)": [9]}),
        funds=pd.DataFrame({"融资产品": ["贷"], "额度": [5], "年利率": ["4%"], "适用主体": ["政府、企业"]}),
        indicators=pd.DataFrame(
            {"评价指标": ["税"], "分子": ["年税收"], "分母": ["总投资"], "权重": [1], "基准值": [1]}
        ),
        rules=pd.DataFrame(
            {
                "规则": ["债"],
                "底线或上限": ["底线"],
                "计量": ["项目数"],
                "分组": ["专项债"],
                "取值": ["是"],
                "限额": [1],
            }
        ),
        policy={"价值": "得分×总投资", "要件齐备": "期初", "资本金比例": {"按": "投资主体", "比例": {"政府": 0.3}}},
    )
    assert case.funds["kinds"].tolist() == ["government|enterprise"]
    assert case.indicators["denominator"].tolist() == ["investment"]
    rule = case.policy.floors[0]
    assert (rule.measure, rule.by, rule.of) == ("count", "bond", ("True",))
    assert (case.policy.value, case.policy.readiness) == ("score*investment", "start")
    assert case.policy.capital_ratio is not None
    assert (case.policy.capital_ratio.by, case.policy.capital_ratio.ratios) == ("kind", {"government": 0.3})


def test_a_chinese_workbook_shows_no_name_of_ours(tmp_path: Path) -> None:
    path = load_sample("shandong-2020").write(tmp_path / "案例.xlsx", "zh")
    book = openpyxl.load_workbook(path, read_only=True)
    ours = {*Policy.__dataclass_fields__, *Rule.__dataclass_fields__, *schema.columns("projects"), "government", "land"}
    for sheet in ("政策", "规则", "评价指标", "融资产品"):
        said = {str(cell) for row in book[sheet].iter_rows(values_only=True) for cell in row if cell is not None}
        assert not {word for cell in said for word in re.split(r"[.|×]", cell)} & (ours - {"id"}), sheet
    again = Case.read(path)
    assert again.policy == load_sample("shandong-2020").policy
