"""Planted conflicts are found, are minimal, and the repair repairs; with HiGHS and with CBC."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from allocator import Case, Policy, allocate
from allocator.conflict import Checker
from allocator.diagnose import diagnose
from allocator.model import build
from allocator.policy import Priorities, Ratios, Rule

SOLVERS = ("highs", "cbc")


def quiet(n: int = 6, **policy: object) -> Case:
    """Projects that fit easily, in which conflicts are planted."""
    projects = pd.DataFrame({
        "id": [f"P{i}" for i in range(n)], "region": ["A", "B"] * (n // 2), "land": np.arange(1.0, n + 1), "value": 1.0,
        "decision": "free", "investment": 100.0, "capital": 100.0, "cashflow": 50.0,
    })  # fmt: skip
    pools = pd.DataFrame({"pool": ["A", "B"], "resource": "land", "region": ["A", "B"], "amount": [30.0, 30.0]})
    return Case.from_tables(projects=projects, pools=pools, policy=Policy(**policy))


def decided(case: Case, **decision: object) -> Case:
    """The case with cells of some projects changed: ``P1={"decision": "must"}``."""
    projects = case.projects.copy()
    for id_, cells in decision.items():
        for name, value in dict(cells).items():  # type: ignore[call-overload]
            if name not in projects:
                projects[name] = pd.Series([None] * len(projects), dtype="str")
            projects.loc[projects["id"] == id_, name] = value
    return case.with_changes(projects=projects)


MUST = {"decision": "must"}


def two_musts_in_one_pool() -> tuple[Case, list[str]]:
    case = decided(quiet(), P0=MUST, P2=MUST, P1=MUST)
    return case.with_changes(pools=lambda pools: pools.assign(amount=[3.5, 30.0])), ["must", "must", "pool"]


def floor_against_pool() -> tuple[Case, list[str]]:
    case = quiet(floors=(Rule("count", 3, name="three in A", by="region", of=("A",)),))
    return case.with_changes(pools=lambda pools: pools.assign(amount=[5.5, 30.0])), ["floor", "pool"]


def floor_against_cap() -> tuple[Case, list[str]]:
    return quiet(floors=(Rule("land", 15.0, name="much"),), caps=(Rule("land", 14.0, name="little"),)), ["cap", "floor"]


def excluded_in_a_floor() -> tuple[Case, list[str]]:
    case = decided(quiet(floors=(Rule("count", 6, name="all"),)), P1={"excludes": "P0"})
    return case, ["excludes", "floor"]


def unpaid_must() -> tuple[Case, list[str]]:
    case = decided(
        quiet(capital_ratio=Ratios(default=0.2)),
        P0={"decision": "must", "capital": 30.0},
        P1={"decision": "must", "capital": 30.0},
    )
    funds = pd.DataFrame({"fund": ["bond"], "capacity": [100.0], "rate": [0.03], "term": [20.0], "max_share": [0.8]})
    return case.with_changes(funds=funds), ["finance", "finance", "fund", "must", "must"]


PLANTED = [two_musts_in_one_pool, floor_against_pool, floor_against_cap, excluded_in_a_floor, unpaid_must]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_conflict_is_found_and_is_minimal(planted: object, solver: str) -> None:
    case, kinds = planted()  # type: ignore[operator]
    found = diagnose(case, solver)
    assert not found.feasible and found.proven
    assert sorted(found.conflict["kind"]) == kinds
    checker = Checker(build(case), solver)
    conflict = checker.conflict()
    assert not checker.feasible(conflict)
    for size in range(len(conflict)):
        for part in itertools.combinations(conflict, size):
            assert checker.feasible(part)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_repair_applied_to_the_case_makes_it_feasible_and_less_does_not(solver: str) -> None:
    case, _ = two_musts_in_one_pool()
    found = diagnose(case, solver).repair
    assert found["kind"].tolist() == ["pool"] and found["amount"].item() == pytest.approx(0.5)
    for share, status in ((1.0, "optimal"), (0.98, "infeasible")):
        amount = 3.5 + share * found["amount"].item()
        assert (
            allocate(
                case.with_changes(pools=lambda pools, a=amount: pools.assign(amount=[a, 30.0])), solver=solver
            ).status
            == status
        )


def test_each_way_that_alone_would_settle_a_conflict_does() -> None:
    case, _ = floor_against_pool()
    table = diagnose(case).conflict.set_index("kind")
    assert table.loc["floor", "alone"] == pytest.approx(1.0) and table.loc["pool", "alone"] == pytest.approx(3.5)
    fewer = case.with_changes(policy=Policy(floors=(Rule("count", 2, name="three in A", by="region", of=("A",)),)))
    assert allocate(fewer).status == "optimal"
    assert allocate(case.with_changes(pools=lambda pools: pools.assign(amount=[9.0, 30.0]))).status == "optimal"


def test_a_must_project_larger_than_all_its_pools_tells_both_amounts() -> None:
    case = decided(quiet(), P0={"decision": "must", "land": 500.0})
    found = diagnose(case)
    assert found.conflict["kind"].tolist() == ["must"]
    assert "500 mu" in found.text("en") and "30 mu" in found.text("en")
    assert "500亩" in found.text("zh") and "30亩" in found.text("zh")


def test_a_feasible_case_has_nothing_to_diagnose() -> None:
    found = diagnose(quiet())
    assert found.feasible and not len(found.conflict) and not len(found.repair)
    assert found.text("en") and found.text("zh")


def test_soft_rules_are_never_blamed() -> None:
    case = quiet(
        floors=(Rule("count", 100, penalty=1.0), Rule("land", 10.0, name="hard")), caps=(Rule("land", 8.0, name="cap"),)
    )
    assert set(diagnose(case).conflict["rule"]) == {"hard", "cap"}


@pytest.mark.parametrize("planted", PLANTED)
def test_every_member_and_every_repair_reads_in_both_languages(planted: object) -> None:
    case, _ = planted()  # type: ignore[operator]
    found = diagnose(case)
    for lang in ("en", "zh"):
        lines = found.text(lang).splitlines()  # type: ignore[arg-type]
        assert len(lines) == len(found.conflict) + 3 and all(lines)
        assert " nan" not in found.text(lang)  # type: ignore[arg-type]


def test_an_infeasible_plan_diagnoses_itself() -> None:
    case, kinds = floor_against_cap()
    assert sorted(allocate(case).diagnose().conflict["kind"]) == kinds


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_conflict_only_of_whole_projects_is_found(solver: str) -> None:
    """In part the rules can be kept: 8 of 9 mu in projects of 4; whole they cannot."""
    projects = pd.DataFrame({"id": ["a", "b"], "land": 4.0, "value": 1.0, "region": "A"})
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [9.0]})
    rules = Policy(
        floors=(Rule("land", 5.0, name="least"),),
        caps=(Rule("land", 7.0, name="most"),),
        priorities=Priorities(order=()),
    )
    found = diagnose(Case.from_tables(projects=projects, pools=pools, policy=rules), solver)
    assert sorted(found.conflict["rule"]) == ["least", "most"]
