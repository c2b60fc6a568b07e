"""Small random cases with everything in them: against trying every assignment, and what must hold whatever the draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from bruteforce import best, random_case

from allocator import Case, Plan, allocate

CASES, BATCH = 500, 25
SOME = range(0, 25)


def made(seed: int, **changed: Any) -> Case:
    tables = {**random_case(seed), **changed}
    return Case.from_tables(**{name: table for name, table in tables.items() if table is not None})


def worth(plan: Plan) -> float:
    """Objective, or minus infinity where nothing is feasible."""
    assert plan.status in ("optimal", "infeasible")
    return -np.inf if plan.objective is None else plan.objective


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, CASES, BATCH))
def test_value_and_least_cost_are_those_of_trying_every_assignment(first: int) -> None:
    for seed in range(first, first + BATCH):
        expected = best(random_case(seed))
        plan = allocate(made(seed), gap=0.0)
        if expected is None:
            assert plan.status == "infeasible", seed
            continue
        assert plan.status == "optimal", seed
        assert (plan.objective, plan.solution.cost) == pytest.approx(expected, abs=1e-5), seed


def test_highs_and_cbc_agree() -> None:
    for seed in SOME:
        plans = [allocate(made(seed), gap=0.0, solver=solver) for solver in ("highs", "cbc")]
        assert plans[0].status == plans[1].status, seed
        assert worth(plans[0]) == pytest.approx(worth(plans[1])), seed


def test_more_quota_never_lowers_the_optimum() -> None:
    for seed in SOME:
        pools = random_case(seed)["pools"]
        more = allocate(made(seed, pools=pools.assign(amount=pools["amount"] + 1.0)), gap=0.0)
        assert worth(more) >= worth(allocate(made(seed), gap=0.0)) - 1e-6, seed


def test_the_order_of_rows_changes_nothing_in_the_plan() -> None:
    for seed in SOME:
        tables = random_case(seed)
        shuffled = {
            name: table.sample(frac=1, random_state=seed) if isinstance(table, pd.DataFrame) else table
            for name, table in tables.items()
        }
        plans = [allocate(made(seed), gap=0.0), allocate(made(seed, **shuffled), gap=0.0)]
        told = [
            plan.projects.set_index("id").sort_index()[["funded", "variant", "period"]].astype(str) for plan in plans
        ]
        pd.testing.assert_frame_equal(*told)


def test_the_unit_of_a_resource_changes_no_decision() -> None:
    for seed in SOME:
        tables = random_case(seed)
        scaled = {name: tables[name].copy() for name in ("projects", "variants", "pools")}
        scaled["projects"]["r1"] *= 15.0
        scaled["variants"]["r1"] *= 15.0
        of = scaled["pools"]["resource"] == "r1"
        scaled["pools"].loc[of, "amount"] *= 15.0
        scaled["pools"].loc[of, "unit_cost"] /= 15.0
        if any(cap["measure"] == "r1" for cap in tables["policy"]["caps"] if cap.get("basis") != "plan"):
            continue
        before, after = allocate(made(seed), gap=0.0), allocate(made(seed, **scaled), gap=0.0)
        assert worth(after) == pytest.approx(worth(before)), seed
        assert after.projects["funded"].tolist() == before.projects["funded"].tolist(), seed


def test_grants_of_each_funded_project_sum_to_the_demand_of_the_way_chosen() -> None:
    for seed in SOME:
        tables = random_case(seed)
        plan = allocate(made(seed), gap=0.0)
        if not plan.projects["funded"].any():
            continue
        funded = plan.projects[plan.projects["funded"]].set_index("id")
        small = tables["variants"].set_index("project")["r1"].astype(float)
        for resource in ("r1", "r2"):
            asked = tables["projects"].set_index("id")[resource].reindex(funded.index)
            if resource == "r1":
                asked = asked.where(funded["variant"] != "small", small.reindex(funded.index))
            given = plan.grants.query("resource == @resource").groupby("project")["amount"].sum()
            np.testing.assert_allclose(given.reindex(funded.index).astype(float).fillna(0.0), asked, atol=1e-6)


def test_no_pool_gives_more_than_it_holds_buys_and_may_draw_early() -> None:
    for seed in SOME:
        plan = allocate(made(seed), gap=0.0)
        if plan.objective is None:
            continue
        pools = random_case(seed)["pools"]
        held = pools["amount"] * np.where(pools["period"] == "3", pools["advance"], 1.0)
        most = held.groupby(pools["into"].fillna(pools["pool"])).sum()
        given = plan.grants.groupby("pool")["amount"].sum()
        assert (given <= most.reindex(given.index) + 1e-6).all(), seed


def test_a_divisible_plan_is_worth_its_relaxation_and_at_least_the_whole_one() -> None:
    for seed in SOME:
        whole = allocate(made(seed), gap=0.0)
        parts = allocate(made(seed, policy=random_case(seed)["policy"] | {"divisible": True}), gap=0.0)
        assert worth(parts) >= worth(whole) - 1e-6, seed
        if parts.objective is not None:
            assert parts.objective == pytest.approx(parts.relaxation.objective), seed
