"""Rank and cut and regional quota stand on the rows of the model and never beat the optimum."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bruteforce import random_case

from allocator import Case, Policy, load_sample
from allocator.baselines import Baseline, baselines, rank_and_cut, regional_quota
from allocator.model import build
from allocator.policy import Rule
from allocator.solve import solve

FLOORS = {"floor", "one", "change"}


def made(projects: dict[str, object], pools: dict[str, object], **policy: object) -> tuple[Case, Baseline, Baseline]:
    case = Case.from_tables(projects=pd.DataFrame(projects), pools=pd.DataFrame(pools), policy=Policy(**policy))
    plans = baselines(case, build(case))
    return case, plans["rank_and_cut"], plans["regional_quota"]


def funded(plan: Baseline) -> list[str]:
    return sorted(plan.projects.query("funded")["id"])


def test_rank_and_cut_skips_what_no_longer_fits_and_goes_on() -> None:
    _, cut, _ = made(
        {"id": list("abc"), "land": [4.0, 3.0, 2.0], "score": [3.0, 2.0, 1.0]},
        {"pool": ["p"], "resource": "land", "amount": [6.0]},
    )
    assert funded(cut) == ["a", "c"]


def test_equal_scores_are_taken_by_registration_then_id() -> None:
    dates = pd.to_datetime(["2020-03-01", "2020-01-01", "2020-01-01"])
    _, cut, _ = made(
        {"id": ["a", "c", "b"], "land": 1.0, "score": 5.0, "registered": dates},
        {"pool": ["p"], "resource": "land", "amount": [1.0]},
    )
    assert funded(cut) == ["b"]


def test_first_come_is_first_served_inside_each_region() -> None:
    dates = pd.to_datetime(["2020-03-01", "2020-01-01", "2020-02-01"])
    projects = {
        "id": list("abc"),
        "region": ["n", "n", "s"],
        "land": 2.0,
        "score": [9.0, 1.0, 1.0],
        "registered": dates,
    }
    _, cut, quota = made(projects, {"pool": ["p"], "resource": "land", "amount": [4.0]}, formula={"n": 0.5, "s": 0.5})
    assert funded(quota) == ["b", "c"]
    assert "a" in funded(cut)


def test_the_provincial_quota_brings_each_region_to_its_share_of_the_total() -> None:
    projects = {"id": [f"p{i}" for i in range(8)], "region": ["n", "s"] * 4, "land": 1.0, "score": np.arange(8.0)}
    pools = {"pool": ["province", "north"], "resource": "land", "amount": [4.0, 2.0], "region": [None, "n"]}
    _, _, quota = made(projects, pools, formula={"n": 0.5, "s": 0.5})
    by_region = quota.projects.query("funded")["region"].value_counts()
    assert by_region.to_dict() == {"n": 3, "s": 3}


def test_must_comes_first_with_what_it_requires_and_excluded_ones_stay_out() -> None:
    projects = {
        "id": list("abcd"), "land": 1.0, "score": [9.0, 8.0, 2.0, 1.0], "decision": ["free", "free", "free", "must"],
        "requires": [None, None, None, "c"], "excludes": ["d", None, None, None],
    }  # fmt: skip
    _, cut, quota = made(projects, {"pool": ["p"], "resource": "land", "amount": [3.0]})
    assert funded(cut) == ["b", "c", "d"]
    assert funded(quota) == ["b", "c", "d"]


def test_a_cap_on_a_share_of_the_plan_takes_back_the_last_of_the_group() -> None:
    projects = {"id": list("abcd"), "region": ["n", "n", "n", "s"], "land": 1.0, "score": [4.0, 3.0, 2.0, 1.0]}
    caps = (Rule("count", 0.7, by="region", of=("n",), basis="plan"),)
    _, cut, _ = made(projects, {"pool": ["p"], "resource": "land", "amount": [4.0]}, caps=caps)
    assert funded(cut) == ["a", "b", "d"]


def test_the_whole_is_taken_before_a_part_and_a_part_where_the_whole_does_not_fit() -> None:
    pools = {"pool": ["p"], "resource": "land", "amount": [5.0]}
    projects = {
        "id": ["a", "b"],
        "land": [3.0, 4.0],
        "score": [2.0, 1.0],
        "plan": [1.0, 1.0],
        "phases": ["0.5|1", "0.5|1"],
    }
    _, cut, _ = made(projects, pools)
    assert cut.projects.set_index("id")["variant"].to_dict() == {"a": "1", "b": "0.5"}


def test_an_unmet_floor_is_reported() -> None:
    floors = (Rule("count", 1, by="region", of=("s",)),)
    projects = {"id": ["a", "b"], "region": ["n", "s"], "land": 1.0, "score": [2.0, 1.0]}
    _, cut, _ = made(projects, {"pool": ["p"], "resource": "land", "amount": [1.0]}, floors=floors)
    assert cut.status == "infeasible" and cut.broken["block"].tolist() == ["floor"]


@pytest.mark.parametrize("seed", range(20))
def test_rank_and_cut_is_the_plain_loop_on_plain_pools(seed: int) -> None:
    random = np.random.default_rng(seed)
    demand, score, region = random.integers(1, 9, (30, 2)), random.permutation(30), random.choice(["n", "s"], 30)
    left = {"land": 60, "n": 40, "s": 40}
    expected = []
    for i in np.argsort(-score):
        if demand[i, 0] <= left["land"] and demand[i, 1] <= left[region[i]]:
            left["land"] -= demand[i, 0]
            left[region[i]] -= demand[i, 1]
            expected.append(f"p{i:02d}")
    projects = {
        "id": [f"p{i:02d}" for i in range(30)], "land": 1.0 * demand[:, 0], "energy": 1.0 * demand[:, 1],
        "score": score.astype(float), "region": region,
    }  # fmt: skip
    pools = {
        "pool": ["l", "en", "es"], "resource": ["land", "energy", "energy"], "amount": [60.0, 40.0, 40.0],
        "region": [None, "n", "s"],
    }  # fmt: skip
    _, cut, _ = made(projects, pools)
    assert funded(cut) == sorted(expected)


@pytest.mark.parametrize("seed", range(60))
def test_baselines_keep_every_row_but_floors_and_decisions_and_never_beat_the_optimum(seed: int) -> None:
    case = Case.from_tables(**random_case(seed))
    model = build(case)
    plans = baselines(case, model)
    for plan in plans.values():
        assert set(plan.broken["block"]) <= FLOORS, plan.broken
    if seed % 5 == 0:
        best = solve(model, gap=0)
        for plan in plans.values():
            if plan.status == "feasible":
                assert best.objective is not None and plan.objective <= best.objective + 1e-6


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_rows_changes_no_baseline(seed: int) -> None:
    raw = random_case(seed)
    turned = {
        name: table.iloc[::-1].reset_index(drop=True) if isinstance(table, pd.DataFrame) else table
        for name, table in raw.items()
    }
    for one, other in zip(
        *(baselines(c := Case.from_tables(**tables), build(c)).values() for tables in (raw, turned)), strict=True
    ):
        assert funded(one) == funded(other) and one.objective == pytest.approx(other.objective)


def test_the_sample_gives_baselines_that_stand_on_every_hard_row_but_floors() -> None:
    case = load_sample("shandong-2020")
    model = build(case)
    for plan in (rank_and_cut(case, model), regional_quota(case, model)):
        assert set(plan.broken["block"]) <= FLOORS
        assert plan.projects["funded"].sum() > 100
        used = plan.pools.groupby("resource")["used"].sum()
        assert plan.grants.groupby("resource")["amount"].sum().to_numpy() == pytest.approx(used.to_numpy(), rel=1e-6)
