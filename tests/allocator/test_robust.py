"""Robustness: how often a project stays funded when weights, scores and demands are uncertain."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from allocator import Case, Policy
from allocator.policy import Rule
from allocator.robust import robustness, wilson


def crowd(**policy: object) -> Case:
    """Ten like projects with falling scores; quota for six."""
    projects = pd.DataFrame({"id": [f"p{i}" for i in range(10)], "land": 1.0, "score": np.linspace(100, 55, 10)})
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [6.0]})
    return Case.from_tables(projects=projects, pools=pools, policy=Policy(**policy))


def test_without_uncertainty_every_draw_is_the_plan_itself() -> None:
    found = robustness(crowd(), draws=5, score_sd=0.0, demand_sd=0.0, jobs=1)
    assert found["funded_share"].tolist() == [1.0] * 6 + [0.0] * 4


def test_the_first_are_firmer_than_those_round_the_cut() -> None:
    found = robustness(crowd(), draws=30, score_sd=0.1, demand_sd=0.0, jobs=1)
    assert found["funded_share"].sum() == pytest.approx(6)
    assert found["firm"].tolist()[0] == "in" and found["firm"].tolist()[-1] == "out"
    assert "open" in set(found["firm"][4:7])


def test_neither_workers_nor_the_order_of_rows_changes_a_result() -> None:
    case = crowd()
    one = robustness(case, draws=12, score_sd=0.2, jobs=1).set_index("id")
    two = robustness(case, draws=12, score_sd=0.2, jobs=2).set_index("id")
    turned = robustness(
        case.with_changes(projects=case.projects.iloc[::-1].reset_index(drop=True)), draws=12, score_sd=0.2, jobs=1
    )
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(one, turned.set_index("id").loc[one.index])


def test_more_draws_keep_the_draws_before() -> None:
    few, many = (robustness(crowd(), draws=n, score_sd=0.2, jobs=1) for n in (5, 10))
    assert (few["funded_share"] * 5 <= many["funded_share"] * 10 + 1e-9).all()


def test_a_draw_without_a_plan_is_recorded_and_the_others_count() -> None:
    case = crowd(floors=(Rule("count", 6),))
    found = robustness(case, draws=15, score_sd=0.0, demand_sd=0.02, jobs=1)
    assert 0 < found["failed"][0] < 15 and found["draws"][0] + found["failed"][0] == 15
    assert {reason for _, reason in found.attrs["failures"]} == {"infeasible"}
    assert found["funded_share"].between(0, 1).all()


def test_progress_tells_every_draw() -> None:
    seen: list[tuple[int, int]] = []
    robustness(crowd(), draws=7, jobs=1, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (7, 7)


def test_uncertain_weights_move_only_what_depends_on_them() -> None:
    projects = pd.DataFrame({"id": list("abc"), "land": 1.0, "x": [10.0, 1.0, 5.0], "y": [10.0, 8.0, 4.0]})
    indicators = pd.DataFrame(
        {"indicator": ["x", "y"], "numerator": ["x", "y"], "weight": [0.5, 0.5], "benchmark": [10.0, 10.0]}
    )
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [2.0]})
    case = Case.from_tables(projects=projects, pools=pools, indicators=indicators)
    found = robustness(case, draws=20, weights=10.0, score_sd=0.0, demand_sd=0.0, jobs=1).set_index("id")
    assert found.loc["a", "funded_share"] == 1.0
    assert 0 < found.loc["b", "funded_share"] < 1 and found.loc[["b", "c"], "funded_share"].sum() == pytest.approx(1)


@pytest.mark.parametrize(("count", "n"), [(0, 10), (3, 10), (10, 10), (57, 200)])
def test_the_interval_is_that_of_scipy(count: int, n: int) -> None:
    theirs = binomtest(count, n).proportion_ci(0.95, method="wilson")
    assert wilson(np.array(float(count)), n) == pytest.approx((theirs.low, theirs.high))
