"""Reasons, entry points, block values and the cost of rules say what solving again confirms."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from allocator import Case, Policy, allocate
from allocator.errors import Infeasible, YaosuError
from allocator.explain import explain
from allocator.plan import Plan
from allocator.policy import Priorities, Rule
from allocator.rulecosts import rule_costs
from allocator.standing import costs
from allocator.worth import block_value

SOLVERS = ("highs", "cbc")


def crowd(n: int = 9, seed: int = 0, **policy: object) -> Case:
    """Projects of two cities with scores, competing for land and energy."""
    rng = np.random.default_rng(seed)
    projects = pd.DataFrame({
        "id": [f"P{i}" for i in range(n)], "region": rng.choice(["A", "B"], n),
        "land": rng.integers(2, 12, n).astype(float),
        "energy": rng.integers(50, 400, n).astype(float), "score": rng.integers(40, 100, n).astype(float),
        "plan": rng.integers(1, 5, n).astype(float),
    })  # fmt: skip
    pools = pd.DataFrame({
        "pool": ["province", "city A", "city B", "energy"], "resource": ["land"] * 3 + ["energy"],
        "region": [None, "A", "B", None], "amount": [8.0, 9.0, 9.0, 1000.0],
    })  # fmt: skip
    return Case.from_tables(projects=projects, pools=pools, policy=Policy(**policy))


def unfunded(plan: Plan) -> list[str]:
    table = plan.projects
    return table.loc[~table["funded"] & (table["reason_code"] == "priced"), "id"].tolist()


def with_score(case: Case, id_: str, factor: float) -> Case:
    score = case.projects["score"] * np.where(case.projects["id"] == id_, factor, 1.0)
    return case.with_changes(projects=case.projects.assign(score=score))


def with_demand(case: Case, id_: str, factor: float) -> Case:
    scale = np.where(case.projects["id"] == id_, factor, 1.0)
    return case.with_changes(
        projects=case.projects.assign(land=case.projects["land"] * scale, energy=case.projects["energy"] * scale)
    )


def funds(case: Case, id_: str, solver: str) -> bool:
    table = allocate(case, gap=0.0, solver=solver).projects.set_index("id")
    return bool(table.loc[id_, "funded"])


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_project_enters_just_above_its_verified_score_and_not_just_below(solver: str) -> None:
    case = crowd()
    plan = allocate(case, gap=0.0, solver=solver)
    for id_ in unfunded(plan)[:2]:
        check = explain(plan, id_).check
        assert check.verified
        factor = check.at_score / plan.projects.set_index("id").loc[id_, "score"]
        assert funds(with_score(case, id_, factor * 1.001), id_, solver)
        assert not funds(with_score(case, id_, factor * 0.999), id_, solver)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_project_enters_with_its_verified_share_of_demands_and_not_with_more(solver: str) -> None:
    case = crowd(seed=3)
    plan = allocate(case, gap=0.0, solver=solver)
    id_ = unfunded(plan)[0]
    check = explain(plan, id_).check
    assert 0 < check.at_demand <= check.demand_high < 1
    assert check.demand_high - check.demand_low <= 0.01
    assert funds(with_demand(case, id_, check.demand_low * 0.999), id_, solver)
    assert not funds(with_demand(case, id_, check.demand_high * 1.001), id_, solver)


def test_where_projects_are_divisible_the_prices_alone_tell_the_true_score() -> None:
    case = crowd(divisible=True)
    plan = allocate(case, gap=0.0)
    table = plan.projects.set_index("id")
    for id_ in unfunded(plan):
        factor = table.loc[id_, "enters_at_score"] / table.loc[id_, "score"]
        above = allocate(with_score(case, id_, factor * 1.001), gap=0.0).projects.set_index("id")
        below = allocate(with_score(case, id_, factor * 0.999), gap=0.0).projects.set_index("id")
        assert above.loc[id_, "share"] > 0 and below.loc[id_, "share"] == 0


def test_reduced_profits_agree_with_the_prices_of_the_relaxation() -> None:
    plan = allocate(crowd(), gap=0.0)
    priced = costs(plan.case, plan.model, plan.relaxation)
    one = (plan.model.rows["block"] == "one").to_numpy()
    n = len(priced.value)
    by_hand = plan.model.value - plan.model.matrix.T @ np.where(one, 0.0, plan.relaxation.prices)
    assert priced.profit == pytest.approx(by_hand[:n])
    assert np.asarray(priced.parts.sum(axis=1)).ravel() == pytest.approx(priced.value - priced.profit)


def test_leaving_a_funded_project_out_never_gains_and_forcing_one_in_never_gains() -> None:
    plan = allocate(crowd(seed=1), gap=0.0)
    for id_ in plan.projects["id"]:
        check = explain(plan, id_, time_limit=20).check
        assert check.verified and check.loss >= -1e-9


def test_what_it_costs_to_leave_a_project_out_is_what_a_plan_without_it_lacks() -> None:
    case = crowd(seed=2)
    plan = allocate(case, gap=0.0)
    id_ = plan.projects.query("funded")["id"].iloc[0]
    decision = np.where(case.projects["id"] == id_, "never", "free")
    without = allocate(case.with_changes(projects=case.projects.assign(decision=decision)), gap=0.0)
    assert explain(plan, id_).check.loss == pytest.approx((plan.objective or 0) - (without.objective or 0))


def test_reasons_exist_for_every_project_in_both_languages_and_name_units() -> None:
    case = crowd()
    for lang, unit in (("en", "mu"), ("zh", "亩")):
        table = allocate(case, lang=lang).projects  # type: ignore[arg-type]
        assert table["reason"].str.len().gt(5).all()
        assert table.loc[table["funded"], "reason"].str.contains(unit).all()
        assert not table["reason"].str.contains("nan").any()


def test_a_reason_names_the_scarce_pool_and_not_the_plentiful() -> None:
    case = crowd().with_changes(pools=lambda pools: pools.assign(amount=[8.0, 9.0, 9.0, 1e6]))
    table = allocate(case, gap=0.0).projects
    short = table[table["reason_code"] == "priced"]
    assert len(short) and not short["scarce"].str.contains("energy").any()
    assert short["scarce"].str.contains("province|city").all()


@pytest.mark.parametrize(
    ("change", "code"),
    [({"decision": "never"}, "never"), ({"land": 1e6}, "too_large"), ({"requires": "P8"}, "requires")],
)
def test_a_removed_project_tells_why(change: dict[str, object], code: str) -> None:
    case = crowd()
    projects = case.projects.assign(decision="free", requires=None)
    projects.loc[0, list(change)] = list(change.values())  # type: ignore[index]
    if code == "requires":
        projects.loc[8, "decision"] = "never"
    plan = allocate(case.with_changes(projects=projects.astype({"requires": "str"})), gap=0.0)
    row = plan.projects.set_index("id").loc["P0"]
    assert row["reason_code"] == code and not row["funded"] and math.isnan(row["reduced_profit"])
    assert explain(plan, "P0").check.code == "removed"


def test_lexicographic_priorities_are_not_passed_off_as_prices() -> None:
    case = crowd().with_changes(projects=lambda p: p.assign(tier=np.where(p["score"] > 60, "low", "high")))
    case = case.with_changes(policy=Policy(priorities=Priorities(order=("high", "low"))))
    plan = allocate(case, gap=0.0)
    waiting = plan.projects.query("not funded and tier == 'low'")
    assert (waiting["reason_code"] != "whole").all()
    for id_ in waiting["id"][:1]:
        assert explain(plan, id_).check.code == "ordered"


def test_an_unknown_id_is_answered_with_the_nearest() -> None:
    with pytest.raises(YaosuError, match="P1"):
        allocate(crowd()).explain("P 1")


def test_without_a_plan_every_project_says_so_and_nothing_can_be_explained() -> None:
    plan = allocate(crowd(floors=(Rule("count", 100),)))
    assert plan.status == "infeasible" and set(plan.projects["reason_code"]) == {"no_plan"}
    for ask in (lambda: plan.explain("P0"), plan.block_value, plan.rule_costs):
        with pytest.raises(Infeasible):
            ask()


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_block_never_loses_and_the_relaxation_gains_at_most_its_price(solver: str) -> None:
    plan = allocate(crowd(seed=4), gap=0.0, solver=solver)
    table = block_value(plan)
    assert len(table) == 4 and set(table["unit"]) == {"mu", "tce"}
    assert (table["gained"] >= 0).all() and (table["gained"] <= table["at_most"] + 1e-9).all()
    assert (table["relaxed"] <= table["price_times_block"] + 1e-6).all()


def test_a_block_is_worth_what_the_larger_case_gains() -> None:
    case = crowd(seed=4)
    plan = allocate(case, gap=0.0)
    larger = allocate(case.with_changes(pools=lambda pools: pools.assign(amount=[8.0, 15.0, 9.0, 1000.0])), gap=0.0)
    found = block_value(plan, {"city A": 6.0})
    assert found["gained"].item() == pytest.approx((larger.objective or 0) - (plan.objective or 0))
    by_resource = block_value(plan, {"land": 6.0}, region="A")
    assert by_resource["gained"].item() == pytest.approx(found["gained"].item())


def test_neither_workers_nor_progress_change_the_value_of_blocks() -> None:
    plan = allocate(crowd(seed=4), gap=0.0)
    seen: list[tuple[int, int]] = []
    one = block_value(plan, progress=lambda done, total: seen.append((done, total)))
    pd.testing.assert_frame_equal(one, block_value(plan, jobs=2))
    assert seen == [(k, 4) for k in range(1, 5)]


def test_an_unknown_block_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(YaosuError, match="city A"):
        block_value(allocate(crowd()), {"city AA": 1.0})


def test_a_rule_costs_what_the_plan_without_it_gains_and_names_whom_it_moves() -> None:
    free = allocate(crowd(seed=5), gap=0.0)
    worst = free.projects.query("not funded").sort_values("value")["id"].iloc[0]
    decided = crowd(seed=5).with_changes(
        projects=lambda p: p.assign(decision=np.where(p["id"] == worst, "must", "free"))
    )
    plan = allocate(decided, gap=0.0)
    found = rule_costs(plan)
    row = found.table.set_index("rule").loc[worst]
    assert row["cost"] == pytest.approx((free.objective or 0) - (plan.objective or 0)) and row["cost"] > 0
    assert worst in row["moved_in"].split("|") and row["moved_out"]
    assert (found.table["cost"] >= 0).all()


def test_a_rule_that_does_not_bind_costs_nothing_and_moves_nobody() -> None:
    plan = allocate(crowd(seed=5, caps=(Rule("count", 1000.0, name="loose"),)), gap=0.0)
    found = rule_costs(plan)
    assert found.table.set_index("rule").loc["loose", "cost"] == 0 and not len(found.moved)


def test_explanations_read_in_both_languages() -> None:
    plan = allocate(crowd(), gap=0.0)
    for id_ in (unfunded(plan)[0], plan.projects.query("funded")["id"].iloc[0]):
        found = explain(plan, id_)
        assert "Solved again" in found.text("en") and "重新求解" in found.text("zh")
        assert set(found.tables) == {"options", "components", "removed", "moved", "swaps", "grants", "loans"}
        assert found.components.groupby(["variant", "period"])["cost"].sum().to_numpy() == pytest.approx(
            found.options["price"].to_numpy()
        )
