"""A comparison adds up, is antisymmetric, and of a plan with itself is exactly zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from allocator import Case, Policy, allocate
from allocator.compare import compare
from allocator.policy import Rule


def crowd() -> Case:
    rng = np.random.default_rng(7)
    n = 12
    projects = pd.DataFrame({
        "id": [f"P{i}" for i in range(n)], "region": rng.choice(["A", "B", "C"], n), "field": rng.choice(["x", "y"], n),
        "tier": rng.choice(["high", "low"], n), "land": rng.integers(2, 12, n).astype(float),
        "score": rng.integers(40, 100, n).astype(float),
        "plan": rng.integers(1, 5, n).astype(float), "investment": rng.integers(5, 50, n).astype(float),
    })  # fmt: skip
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [35.0]})
    return Case.from_tables(projects=projects, pools=pools)


def scenario() -> Case:
    case = crowd().with_changes(policy=Policy(floors=(Rule("count", 2, by="region"),)))
    return case.with_changes(pools=lambda pools: pools.assign(amount=30.0))


def test_a_plan_beside_itself_is_exactly_zero_everywhere() -> None:
    plan = allocate(crowd())
    found = compare(plan, plan)
    assert set(found.projects["outcome"]) == {"same"}
    for table in (found.projects, found.by("region"), found.by("tier"), found.summary):
        changes = table.filter(regex="change$")
        assert len(changes.columns) and (changes == 0).all(axis=None)


def test_groups_add_up_to_the_whole_and_to_the_objectives() -> None:
    one, two = allocate(crowd(), gap=0.0), allocate(scenario(), gap=0.0)
    found = one.compare(two)
    total = found.summary.set_index("measure")
    assert total.loc["value", "plan"] == pytest.approx(one.objective) and total.loc["value", "other"] == pytest.approx(
        two.objective
    )
    for group in ("region", "field", "tier"):
        table = found.by(group)
        for measure in ("count", "value", "land", "investment", "plan"):
            assert table[f"{measure}_change"].sum() == pytest.approx(total.loc[measure, "change"])
    assert found.by("region")["projects"].sum() == 12


def test_gains_turned_round_are_losses() -> None:
    one, two = allocate(crowd()), allocate(scenario())
    there, back = (table.projects.set_index("id") for table in (compare(one, two), compare(two, one)))
    pd.testing.assert_series_equal(there["change"], -back["change"])
    assert (there["outcome"] == "gains").sum() == (back["outcome"] == "loses").sum() > 0


def test_the_land_compared_is_the_land_granted() -> None:
    one = allocate(crowd())
    found = compare(one, allocate(scenario())).projects.set_index("id")["land_plan"]
    granted = one.grants.groupby("project")["amount"].sum()
    assert found[found > 0].to_dict() == pytest.approx(granted.to_dict())


def test_the_optimum_stands_beside_its_baselines() -> None:
    plan = allocate(crowd(), gap=0.0)
    for baseline in plan.baselines.values():
        total = plan.compare(baseline).summary.set_index("measure")
        assert total.loc["value", "change"] >= -1e-9


def test_projects_of_only_one_plan_are_listed_too() -> None:
    case = crowd()
    fewer = case.with_changes(projects=lambda projects: projects.iloc[:6])
    found = compare(allocate(fewer), allocate(case))
    assert len(found.projects) == 12 and not found.projects["id"].duplicated().any()


def test_a_comparison_reads_in_both_languages() -> None:
    found = compare(allocate(crowd()), allocate(scenario()))
    assert "gain" in found.text("en") and "受益" in found.text("zh")


def test_the_picture_shows_a_bar_per_group() -> None:
    found = compare(allocate(crowd()), allocate(scenario()))
    assert len(found.plot("region").axes[0].patches) == 3
