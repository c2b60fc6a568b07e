"""A plan by value over cost at prices: what a large search falls back on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bruteforce import random_case

from allocator import Case, allocate, load_sample
from allocator.baselines import rank_and_cut
from allocator.model import build
from allocator.recheck import recheck
from allocator.solve import relax, relax_and_solve
from allocator.taking import greedy


def test_the_most_value_for_the_price_comes_first() -> None:
    case = Case.from_tables(
        projects=pd.DataFrame({"id": list("abc"), "land": [4.0, 3.0, 2.0], "value": [6.0, 3.0, 4.0]}),
        pools=pd.DataFrame({"pool": ["p"], "resource": "land", "amount": [6.0]}),
    )
    model = build(case)
    x = greedy(case, model, np.where(model.rows["block"] == "pool", 1.0, 0.0))
    assert x[: len(model.options)].tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("seed", range(40))
def test_every_row_is_kept_but_floors_and_decisions(seed: int) -> None:
    case = Case.from_tables(**{name: table for name, table in random_case(seed).items() if table is not None})
    model = build(case)
    x = greedy(case, model, relax(model).prices)
    broken = recheck(model, x)
    assert set(broken["kind"]) <= {"row"}
    assert set(model.rows["block"].iloc[broken["index"]]) <= {"floor", "one", "change"}


def test_on_the_sample_it_beats_rank_and_cut_and_no_plan_beats_the_relaxation() -> None:
    case = load_sample("shandong-2020")
    model = build(case)
    relaxed = relax(model)
    value = float(model.value @ greedy(case, model, relaxed.prices))
    assert relaxed.objective is not None
    assert rank_and_cut(case, model).objective < value <= relaxed.objective * (1 + 1e-9)


def test_without_time_for_the_relaxation_the_fallback_is_the_plan() -> None:
    case = load_sample("gb-grid-2021")
    model = build(case)
    plan = greedy(case, model, relax(model).prices)
    relaxation, found = relax_and_solve(model, by_prices=True, time_limit=0.0, fallback=lambda prices: plan)
    assert (relaxation.status, found.status) == ("unknown", "feasible")
    assert found.x is not None and model.value @ found.x >= model.value @ plan * (1 - 1e-9)


@pytest.mark.parametrize("name", ["shandong-2020", "gb-grid-2021"])
def test_without_any_time_there_is_a_plan_all_the_same(name: str) -> None:
    plan = allocate(load_sample(name), gap=1e-4, time_limit=0.0)
    assert plan.status == "feasible" and recheck(plan.model, plan.solution.x).empty
    assert plan.gap is not None and plan.gap < 0.1
