"""Each formula of the plan, on a case small enough to reckon by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from allocator import Case, Plan, Policy, Priorities, Ratios, Rule, allocate


def planned(projects: dict[str, Any], pools: dict[str, Any], policy: Policy | None = None, **tables: Any) -> Plan:
    made = {name: pd.DataFrame(table) for name, table in tables.items()}
    case = Case.from_tables(projects=pd.DataFrame(projects), pools=pd.DataFrame(pools), policy=policy, **made)
    plan = allocate(case, gap=0.0)
    assert plan.status in ("optimal", "infeasible")
    return plan


def funded(plan: Plan) -> list[str]:
    return sorted(plan.projects.loc[plan.projects["funded"], "id"])


LAND = {"pool": ["p"], "resource": ["land"]}


def test_3_1_the_value_is_score_times_plan_discounted_per_period() -> None:
    plan = planned(
        {"id": ["a"], "land": [4.0], "score": [50.0], "plan": [3.0], "ready": ["2020-05-01"]},
        {"pool": ["p", "p"], "resource": ["land"] * 2, "period": ["2020Q1", "2020Q2"], "amount": [4.0, 4.0]},
        Policy(discount=0.9),
    )
    assert plan.objective == pytest.approx(50 * 3 * 0.9)
    assert plan.projects["period"].tolist() == ["2020Q2"]


def test_3_1_among_plans_of_equal_value_the_cheaper_purchase_is_made() -> None:
    plan = planned(
        {"id": ["a"], "land": [4.0], "value": [5.0]},
        {"pool": ["p", "b", "b"], "resource": ["land"] * 3, "level": ["province", "bank", "bank"],
         "amount": [1.0, 2.0, 5.0], "unit_cost": [0.0, 0.3, 0.1], "into": [None, "p", "p"]},
    )  # fmt: skip
    assert plan.bank["amount"].sum() == pytest.approx(3.0)
    assert plan.solution.cost == pytest.approx(3 * 0.1)


def test_3_1_a_weighted_cost_can_outweigh_the_value() -> None:
    pools = {"pool": ["p", "b"], "resource": ["land"] * 2, "level": ["province", "bank"], "amount": [0.0, 4.0],
             "unit_cost": [0.0, 1.0], "into": [None, "p"]}  # fmt: skip
    projects = {"id": ["a"], "land": [4.0], "value": [5.0]}
    assert funded(planned(projects, pools, Policy(cost="weighted", cost_weight=1.0))) == ["a"]
    assert funded(planned(projects, pools, Policy(cost="weighted", cost_weight=2.0))) == []


def test_3_2_phases_are_ways_of_which_the_largest_that_fits_is_chosen() -> None:
    plan = planned({"id": ["a"], "land": [10.0], "value": [8.0], "phases": ["0.5|1"]}, {**LAND, "amount": [7.0]})
    assert plan.objective == pytest.approx(4.0)
    assert plan.grants["amount"].tolist() == [5.0]


def test_3_3_coal_demand_is_multiplied_by_the_replacement_ratio_of_the_sector() -> None:
    plan = planned(
        {"id": ["a", "b"], "coal": [10.0, 10.0], "value": [5.0, 5.0], "sector": ["chemicals", "power"]},
        {"pool": ["c"], "resource": ["coal"], "amount": [22.9]},
        Policy(replacement={"coal": Ratios(ratios={"chemicals": 1.2}, default=1.1)}),
    )
    assert funded(plan) == ["a"]
    assert plan.grants["amount"].tolist() == [pytest.approx(12.0)]


def test_3_3_all_or_nothing_a_project_short_of_one_element_gets_none() -> None:
    plan = planned(
        {"id": ["a", "b"], "land": [4.0, 3.0], "energy": [9.0, 1.0], "value": [9.0, 1.0]},
        {"pool": ["l", "e"], "resource": ["land", "energy"], "amount": [5.0, 5.0]},
    )
    assert funded(plan) == ["b"]
    assert set(plan.grants["project"]) == {"b"}


def test_3_3_county_tier_and_field_pools_serve_only_their_own() -> None:
    projects = {"id": list("abcd"), "land": [1.0] * 4, "value": [1.0] * 4, "region": ["A"] * 4,
                "county": list("xyyy"), "tier": list("ttss"), "field": list("fffg")}  # fmt: skip
    pools = {"pool": ["county", "tier", "field"], "resource": ["land"] * 3, "amount": [4.0, 1.0, 1.0],
             "level": ["county", "province", "province"], "region": ["x", None, None], "tiers": [None, "t", None],
             "fields": [None, None, "f"]}  # fmt: skip
    plan = planned(projects, pools)
    assert funded(plan) == ["a", "b", "c"]
    assert dict(zip(plan.grants["project"], plan.grants["pool"], strict=True))["a"] == "county"


def test_3_4_an_advance_is_repaid_by_the_next_period_and_needs_quota_beyond_in_the_last() -> None:
    projects = {"id": ["a", "b"], "land": [6.0, 6.0], "value": [5.0, 4.0], "ready": ["2020-01-01", "2020-04-01"]}
    pools = {"pool": ["p"] * 3, "resource": ["land"] * 3, "period": ["2020Q1", "2020Q2", "2020Q3"],
             "amount": [4.0, 4.0, 8.0], "advance": [0.5, 0.5, 0.5]}  # fmt: skip
    plan = planned(projects, pools, Policy(periods=("2020Q1", "2020Q2"), readiness="start"))
    assert funded(plan) == ["a", "b"]
    table = plan.pools.set_index("period")
    assert table.loc["2020Q1", "advance"] == pytest.approx(2.0)
    assert table.loc["2020Q2", "repaid"] == pytest.approx(2.0)
    assert table.loc["2020Q2", "advance"] == pytest.approx(4.0)
    short = {**pools, "amount": [4.0, 4.0, 7.9]}
    assert funded(planned(projects, short, Policy(periods=("2020Q1", "2020Q2"), readiness="start"))) == ["a"]


def test_3_5_a_provincial_pool_gives_at_most_its_share_of_a_demand() -> None:
    projects = {"id": ["a"], "land": [10.0], "value": [1.0], "region": ["A"]}
    pools = {"pool": ["province", "city"], "resource": ["land"] * 2, "level": ["province", "city"],
             "region": [None, "A"], "amount": [100.0, 4.0]}  # fmt: skip
    assert funded(planned(projects, pools, Policy(match={"land": 0.6}))) == ["a"]
    assert funded(planned(projects, pools, Policy(match={"land": 0.59}))) == []


def test_3_7_loans_are_the_cheapest_that_ratio_service_and_eligibility_allow() -> None:
    projects = {"id": ["a"], "land": [1.0], "value": [1.0], "investment": [100.0], "capital": [30.0],
                "cashflow": [10.0], "kind": ["enterprise"], "sector": ["steel"]}  # fmt: skip
    funds = {"fund": ["public", "cheap", "dear"], "capacity": [500.0, 50.0, 500.0], "rate": [0.01, 0.03, 0.05],
             "term": [10.0] * 3, "repayment": ["bullet"] * 3, "kinds": ["government", None, None]}  # fmt: skip
    ratio = Ratios(ratios={"steel": 0.3})
    plan = planned(projects, {**LAND, "amount": [1.0]}, Policy(capital_ratio=ratio), funds=funds)
    lent = plan.loans.set_index("fund")["amount"]
    assert lent.to_dict() == pytest.approx({"own": 30.0, "cheap": 50.0, "dear": 20.0})
    assert plan.solution.cost == pytest.approx(50 * 0.03 * 10 + 20 * 0.05 * 10)
    assert funded(planned(projects, {**LAND, "amount": [1.0]}, Policy(cover=4.0), funds=funds)) == ["a"]
    assert funded(planned(projects, {**LAND, "amount": [1.0]}, Policy(cover=4.1), funds=funds)) == []
    steep = Ratios(ratios={"steel": 0.31})
    assert funded(planned(projects, {**LAND, "amount": [1.0]}, Policy(capital_ratio=steep), funds=funds)) == []


def test_3_8_lexicographic_priorities_come_before_any_value_and_weights_do_not() -> None:
    projects = {"id": ["a", "b"], "land": [4.0, 4.0], "value": [1.0, 100.0], "tier": ["first", "second"]}
    pools = {**LAND, "amount": [4.0]}
    order = Policy(priorities=Priorities(order=("first", "second")))
    assert funded(planned(projects, pools, order)) == ["a"]
    weights = Policy(priorities=Priorities(method="weights", weights={"first": 2.0, "second": 1.0}))
    assert funded(planned(projects, pools, weights)) == ["b"]


def test_3_8_a_soft_floor_is_missed_when_its_penalty_is_less_than_what_it_costs() -> None:
    projects = {"id": ["a", "b"], "land": [4.0, 4.0], "value": [9.0, 2.0], "region": ["A", "B"]}
    pools = {**LAND, "amount": [4.0]}
    for penalty, expected, worth in ((6.9, ["a"], 9.0 - 6.9), (7.1, ["b"], 2.0), (None, ["b"], 2.0)):
        rule = Rule("count", 1, by="region", of=("B",), penalty=penalty)
        plan = planned(projects, pools, Policy(floors=(rule,)))
        assert funded(plan) == expected
        assert plan.objective == pytest.approx(worth)


def test_3_8_shares_are_of_the_plan_or_of_what_is_asked() -> None:
    projects = {"id": ["a", "b", "c"], "land": [4.0, 4.0, 4.0], "value": [9.0, 8.0, 2.0], "field": ["x", "x", "y"]}
    pools = {**LAND, "amount": [8.0]}
    plan = planned(projects, pools, Policy(floors=(Rule("land", 0.5, by="field", of=("y",), basis="plan"),)))
    assert funded(plan) == ["a", "c"]
    asked = planned(projects, pools, Policy(caps=(Rule("land", 0.5, by="field", of=("x",), basis="asked"),)))
    assert funded(asked) == ["a", "c"]


def test_3_9_a_project_draws_only_when_ready_by_the_start_or_the_end_of_the_period() -> None:
    projects = {"id": ["a"], "land": [4.0], "value": [1.0], "ready": ["2020-02-15"]}
    pools = {"pool": ["p", "p"], "resource": ["land"] * 2, "period": ["2020Q1", "2020Q2"], "amount": [4.0, 4.0]}
    for rule, period in (("end", "2020Q1"), ("start", "2020Q2"), ("off", "2020Q1")):
        assert planned(projects, pools, Policy(readiness=rule)).projects["period"].tolist() == [period]


def test_3_9_an_earlier_grant_without_a_start_in_time_returns_to_its_pool() -> None:
    projects = {"id": ["old", "new"], "land": [4.0, 4.0], "value": [1.0, 9.0]}
    grants = {"project": ["old"], "resource": ["land"], "pool": ["p"], "amount": [4.0], "granted": ["2020-01-01"]}
    pools = {**LAND, "amount": [4.0]}
    late = Policy(as_of="2020-07-01", return_days=180)
    assert funded(planned(projects, pools, late, grants=grants)) == ["new"]
    assert funded(planned(projects, pools, Policy(as_of="2020-06-01", return_days=180), grants=grants)) == ["old"]
    started = {**projects, "started": ["2020-03-01", None]}
    assert funded(planned(started, pools, late, grants=grants)) == ["old"]


def test_3_10_an_earlier_grant_is_changed_only_when_that_gains_more_than_its_price() -> None:
    projects = {"id": ["old", "new"], "land": [4.0, 4.0], "value": [1.0, 9.0]}
    grants = {"project": ["old"], "resource": ["land"], "pool": ["p"], "amount": [4.0]}
    pools = {**LAND, "amount": [4.0]}
    assert funded(planned(projects, pools, Policy(), grants=grants)) == ["old"]
    assert funded(planned(projects, pools, Policy(change_cost=7.9), grants=grants)) == ["new"]
    assert funded(planned(projects, pools, Policy(change_cost=8.1), grants=grants)) == ["old"]
    assert planned(projects, pools, Policy(change_cost=7.9), grants=grants).objective == pytest.approx(9.0 - 7.9)


def test_3_11_a_project_too_large_for_its_pools_sets_no_price_and_is_told_why() -> None:
    plan = planned(
        {"id": ["huge", "a", "b"], "land": [100.0, 4.0, 4.0], "value": [1e4, 3.0, 2.0]}, {**LAND, "amount": [4.0]}
    )
    assert funded(plan) == ["a"]
    assert plan.relaxation.objective == pytest.approx(3.0)
    assert plan.projects.set_index("id").loc["huge", "reason_code"] == "too_large"


def test_divisible_projects_are_served_in_part() -> None:
    plan = planned(
        {"id": ["a", "b"], "land": [4.0, 4.0], "value": [5.0, 4.0]}, {**LAND, "amount": [6.0]}, Policy(divisible=True)
    )
    assert plan.objective == pytest.approx(5.0 + 2.0)
    assert plan.projects.set_index("id")["share"].to_dict() == pytest.approx({"a": 1.0, "b": 0.5})


@pytest.mark.parametrize("seed", range(8))
def test_a_divisible_project_larger_than_its_pool_cap_or_fund_enters_in_part(seed: int) -> None:
    rng, n = np.random.default_rng(seed), 5
    land, money, value = rng.uniform(1, 12, n).round(1), rng.uniform(10, 90, n).round(), rng.uniform(1, 9, n).round(1)
    case = Case.from_tables(
        projects=pd.DataFrame({"id": list("abcde"), "land": land, "investment": money, "value": value,
                               "capital": 0.0, "cashflow": 99.0}),
        pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [6.0]}),
        funds=pd.DataFrame({"fund": ["f"], "capacity": [40.0], "rate": [0.05], "term": [10], "as_capital": [True]}),
        policy={"value": "value", "divisible": True, "caps": [{"measure": "value", "limit": 4.0}]},
    )  # fmt: skip
    apart = linprog(-value, A_ub=np.vstack([land, money, value]), b_ub=[6.0, 40.0, 4.0], bounds=(0, 1))
    assert allocate(case, gap=0.0).objective == pytest.approx(-apart.fun)


def test_ties_are_settled_by_score_then_registration_then_id() -> None:
    dates = ["2019-03-01", "2019-02-01", "2019-02-01"]
    projects = {"id": ["a", "c", "b"], "land": [4.0] * 3, "value": [5.0] * 3, "score": [70.0] * 3, "registered": dates}
    pools = {**LAND, "amount": [4.0]}
    assert funded(planned(projects, pools, Policy(value="value"))) == ["b"]
    higher = {**projects, "score": [71.0, 70.0, 70.0]}
    assert funded(planned(higher, pools, Policy(value="value"))) == ["a"]
