"""The engine that goes by prices: bounds that hold, the relaxation of the whole, plans that keep every row."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bruteforce import best, random_case

from allocator import Case, allocate, load_sample
from allocator.bounds import ceilings, dual_bound
from allocator.exact import PulpEngine
from allocator.model import Model, build
from allocator.prices import relax
from allocator.program import Answer, Effort, Program
from allocator.solve import relax as whole
from benchmarks.enlarge import enlarged

SEEDS = range(40)


def made(seed: int) -> Case:
    return Case.from_tables(**{name: table for name, table in random_case(seed).items() if table is not None})


def first_aim(model: Model) -> Program:
    return Program.of(model).aim(model.objectives[0].coef)


def bounded(model: Model) -> Program:
    return replace(first_aim(model), upper=ceilings(first_aim(model)))


def by_prices(model: Model, many: int = 1_000, **effort: Any) -> Answer:
    """The relaxation with two projects at once left to the other engine, so that all else goes by prices."""
    owner = model.columns["project"].factorize()[0].astype(np.int64)
    kinds = np.arange(len(model.rows))
    aimed = Effort(gap=1e-5, seconds=math.inf, relaxed=True)
    return relax(first_aim(model), owner, kinds, PulpEngine("highs", 1), 2, replace(aimed, **effort), many)


def test_no_plan_is_worth_more_than_the_bound_at_any_prices() -> None:
    for seed in SEEDS:
        expected, model = best(random_case(seed)), build(made(seed))
        if expected is None:
            continue
        program = bounded(model)
        rng = np.random.default_rng(seed)
        for scale in (0.0, 0.1, 1.0, 10.0):
            assert dual_bound(program, rng.normal(0.0, scale, len(model.rows))) >= expected[0] - 1e-6, seed


def test_at_the_prices_of_the_relaxation_the_bound_is_the_relaxation() -> None:
    for seed in SEEDS:
        model = build(made(seed))
        found = whole(model)
        if found.objective is not None:
            assert dual_bound(bounded(model), found.prices) == pytest.approx(found.objective, abs=1e-6), seed


def test_no_plan_exceeds_the_ceilings_of_its_columns() -> None:
    for seed in SEEDS:
        plan = allocate(made(seed), gap=0.0)
        if plan.solution.x is not None:
            program = first_aim(plan.model)
            free = plan.model.columns["block"].to_numpy() != "slack"
            assert (plan.solution.x <= ceilings(program) + 1e-6)[free].all(), seed


def test_column_generation_ends_at_the_relaxation_or_says_that_there_is_none() -> None:
    for seed in SEEDS:
        model = build(made(seed))
        expected, found = whole(model), by_prices(model)
        if expected.objective is None:
            assert found.status != "optimal" and found.x is None, seed
            continue
        assert found.status == "optimal", seed
        assert found.bound == pytest.approx(expected.objective, rel=1e-5, abs=1e-6), seed
        assert found.x is not None
        assert first_aim(model).violation(found.x).max(initial=0.0) <= 1e-6


def test_slices_give_a_point_that_keeps_all_rows_and_a_bound_that_no_plan_exceeds() -> None:
    sliced = 0
    for seed in SEEDS:
        model = build(made(seed))
        expected, found = whole(model), by_prices(model, many=2)
        if expected.objective is None:
            assert found.status not in ("optimal", "feasible"), seed
            continue
        assert found.bound is not None and found.x is not None, seed
        assert found.bound >= expected.objective - 1e-6, seed
        assert first_aim(model).coef @ found.x <= expected.objective + 1e-6, seed
        assert first_aim(model).violation(found.x).max(initial=0.0) <= 1e-6, seed
        sliced += found.status == "feasible"
    assert sliced >= 4


def test_slices_of_a_sample_come_near_the_whole() -> None:
    model = build(load_sample("shandong-2020"))
    expected, found = whole(model).objective, by_prices(model, many=500)
    assert found.x is not None and found.bound is not None and expected is not None
    assert 0.97 * expected <= first_aim(model).coef @ found.x <= expected * (1 + 1e-9)
    assert expected * (1 - 1e-9) <= found.bound <= 1.05 * expected


def test_the_bound_stands_when_time_runs_out_and_no_point_is_called_optimal() -> None:
    model = build(load_sample("gb-grid-2021"))
    found = by_prices(model, seconds=0.0)
    assert found.status == "unknown"
    assert found.bound is None or found.bound >= (whole(model).objective or 0.0) * (1 - 1e-9)


def test_plans_by_prices_agree_with_exact_ones_on_small_cases() -> None:
    for seed in SEEDS:
        exact, prices = (allocate(made(seed), gap=0.0, engine=engine) for engine in ("exact", "prices"))
        assert (prices.status, prices.engine) == (exact.status, "prices"), seed
        assert prices.objective == pytest.approx(exact.objective), seed


@pytest.mark.slow
@pytest.mark.parametrize(("sample", "times"), [("gb-grid-2021", 3), ("shandong-2020", 2)])
def test_a_large_plan_by_prices_keeps_every_row_within_its_proven_gap(sample: str, times: int) -> None:
    plan = allocate(enlarged(load_sample(sample), times), engine="prices", gap=5e-3, time_limit=240.0)
    assert plan.status == "optimal"
    assert plan.gap is not None and plan.gap <= 5e-3
    assert plan.solution.violation <= 1e-6
    exact = whole(plan.model)
    assert plan.bound is not None and exact.objective is not None and plan.objective is not None
    assert plan.objective <= min(plan.bound, exact.objective) * (1 + 1e-9)


@pytest.mark.slow
def test_the_same_case_gives_the_same_plan_by_prices() -> None:
    plans = [allocate(enlarged(load_sample("gb-grid-2021"), 3), engine="prices", gap=1e-2) for _ in range(2)]
    assert plans[0].projects["funded"].equals(plans[1].projects["funded"])
