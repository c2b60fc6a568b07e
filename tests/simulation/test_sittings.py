"""Rules of the plan in several sittings, each on a case small enough to be reckoned by hand (MODEL 3.2 to 3.10, 5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rounds import at_once, given

from allocator import allocate
from allocator.case import Case
from allocator.errors import YaosuError
from allocator.policy import Policy, Priorities
from allocator.round import Holding, Round, shortage
from allocator.sitting import Choice, Sitting
from simulation.crossing import cross
from simulation.levers import Scenario
from simulation.loop import REGIMES, Regime
from simulation.run import prepare

LAND = {"pool": ["p"], "resource": ["land"]}


def made(projects: dict[str, Any], pools: dict[str, Any], policy: Policy | None = None, **tables: Any) -> Case:
    more = {name: pd.DataFrame(table) for name, table in tables.items()}
    return Case.from_tables(
        projects=pd.DataFrame(projects), pools=pd.DataFrame(pools), policy=policy or Policy(value="value"), **more
    )


def got(case: Case, regime: str | Regime = "follow", **how: Any) -> dict[str, float]:
    """Who holds something at the end, since when."""
    _, one, _ = given(case, at_once(), regime, **how)
    ids = prepare(case.projects, at_once()).ids
    stays = one.holdings[one.holdings["back"].isna()]
    return {str(ids[int(project)]): day for project, day in zip(stays["project"], stays["day"], strict=True)}


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("first", ["a", "b"])
def test_who_is_excluded_by_a_holder_gets_nothing_at_a_later_sitting(regime: str, first: str) -> None:
    ready = [0.0, 50.0] if first == "a" else [50.0, 0.0]
    case = made({"id": ["a", "b"], "land": [2.0, 2.0], "value": [9.0, 8.0], "score": [2.0, 1.0], "ready": ready,
                 "excludes": ["b", None]}, {**LAND, "amount": [10.0]})  # fmt: skip
    assert set(got(case, regime)) == ({"a"} if regime == "ranked" else {first})


@pytest.mark.parametrize("regime", REGIMES)
def test_a_grant_of_a_period_before_the_round_counts_as_in_the_plan(regime: str) -> None:
    projects = {"id": ["a", "b", "c"], "land": [4.0, 4.0, 1.0], "value": [9.0, 8.0, 5.0], "score": [3.0, 2.0, 1.0],
                "ready": [0.0, 0.0, 0.0], "requires": [None, "a", None]}  # fmt: skip
    pools = {"pool": "p", "resource": "land", "period": ["2019Q4", "2020Q1"], "amount": [4.0, 4.0]}
    grants = {"project": ["a"], "resource": ["land"], "pool": ["p"], "period": ["2019Q4"], "amount": [4.0]}
    policy = {"value": "value", "periods": ["2020Q1"], "caps": [{"measure": "count", "limit": 2}]}
    case = made(projects, pools, policy, grants=grants)  # type: ignore[arg-type]
    plan = allocate(case, gap=0.0)
    funded = set(plan.projects.loc[plan.projects["funded"], "id"])
    assert funded == {"a", "b"}
    assert set(got(case, regime, every=None)) == funded


def test_the_benefit_of_a_grant_of_a_period_before_the_round_is_secured() -> None:
    pools = {"pool": "p", "resource": "land", "period": ["2019Q4", "2020Q1"], "amount": [4.0, 4.0]}
    grants = {"project": ["a"], "resource": ["land"], "pool": ["p"], "period": ["2019Q4"], "amount": [4.0]}
    stages = {"stage": ["review"], "elapsed": ["1"]}
    case = made({"id": ["a", "b"], "land": [4.0, 4.0], "value": [9.0, 3.0], "ready": ["2020-01-05"] * 2}, pools,
                Policy(value="value", periods=("2020Q1",)), grants=grants, stages=stages)  # fmt: skip
    crossing = cross(case, {"as it is": Scenario()}, replications=2, jobs=1)
    assert crossing.table("secured")["mean"].tolist() == [12.0] * 3


@pytest.mark.parametrize("regime", REGIMES)
def test_what_earlier_grants_borrow_is_lent_out_in_every_regime(regime: str) -> None:
    projects = {"id": ["a", "b"], "land": [1.0, 1.0], "value": [9.0, 8.0], "score": [2.0, 1.0], "ready": [0.0, 0.0],
                "investment": [10.0, 10.0], "capital": [0.0, 0.0], "cashflow": [9.0, 9.0]}  # fmt: skip
    funds = {"fund": ["f"], "capacity": [10.0], "rate": [0.0], "term": [10], "as_capital": [True]}
    grants = {"project": ["a"], "resource": ["land"], "pool": ["p"], "amount": [1.0]}
    case = made(projects, {**LAND, "amount": [5.0]}, funds=funds, grants=grants)
    assert set(got(case, regime)) == {"a"}


def test_an_earlier_grant_may_be_more_than_the_part_of_its_city() -> None:
    projects = {"id": ["a", "b", "c"], "land": [8.0, 5.0, 1.0], "value": [9.0, 8.0, 1.0], "ready": [0.0] * 3,
                "region": ["east", "west", "west"]}  # fmt: skip
    grants = {"project": ["a"], "resource": ["land"], "pool": ["p"], "amount": [8.0]}
    policy = Policy(value="value", formula={"east": 0.5, "west": 0.5})
    assert set(got(made(projects, {**LAND, "amount": [10.0]}, policy, grants=grants), "regional")) == {"a", "c"}


def test_quota_is_kept_for_what_a_project_that_must_be_done_requires() -> None:
    projects = {"id": ["a", "b", "c"], "land": [2.0, 2.0, 4.0], "value": [1.0, 1.0, 9.0], "ready": [50.0, 50.0, 0.0],
                "requires": ["b", None, None], "decision": ["must", None, None]}  # fmt: skip
    case = made(projects, {**LAND, "amount": [4.0]})
    assert set(got(case)) == {"a", "b"}


def test_quota_for_who_must_be_done_is_not_kept_in_a_period_that_passes_before_it_is_ready() -> None:
    pools = {"pool": "p", "resource": "land", "period": ["0", "45"], "amount": [4.0, 4.0], "carry": 0.0}
    case = made({"id": ["m", "a"], "land": [4.0, 4.0], "value": [10.0, 9.0], "ready": [50.0, 0.0],
                 "decision": ["must", None]}, pools, Policy(value="value", discount=0.9))  # fmt: skip
    assert got(case) == {"a": 0.0, "m": 60.0}


def test_where_only_this_period_has_quota_it_is_kept_there_for_who_must_be_done() -> None:
    pools = {"pool": "p", "resource": "land", "period": ["0", "45"], "amount": [4.0, 0.0], "carry": 1.0}
    case = made({"id": ["m", "a"], "land": [4.0, 4.0], "value": [1.0, 9.0], "ready": [50.0, 0.0],
                 "decision": ["must", None]}, pools)  # fmt: skip
    assert got(case) == {"m": 60.0}


@pytest.mark.parametrize("regime", ["follow", "priced"])
def test_who_comes_first_strictly_does_so_in_the_loop(regime: str) -> None:
    policy = Policy(value="value", priorities=Priorities(method="lexicographic", by="tier", order=("A",)))
    projects = {"id": ["a", "b"], "land": [4.0, 4.0], "value": [1.0, 9.0], "tier": ["A", "B"], "ready": [0.0, 0.0]}
    case = made(projects, {**LAND, "amount": [4.0]}, policy)
    assert set(got(case, regime)) == {"a"}


def worth(values: list[float]) -> Regime:
    """A regime with values of its own per option."""
    return Regime("own", lambda sitting: sitting.optimise(np.array(values)))


def test_values_of_ones_own_are_weighed_against_the_cost_and_count_where_the_policy_has_none() -> None:
    pools = {"pool": ["p", "bank"], "resource": "land", "level": ["province", "bank"], "amount": [0.0, 4.0],
             "unit_cost": [0.0, 10.0]}  # fmt: skip
    dear = made({"id": ["a"], "land": [4.0], "value": [9.0], "ready": [0.0]}, pools,
                Policy(value="value", cost="weighted", cost_weight=1.0))  # fmt: skip
    assert got(dear, worth([9.0])) == {} and set(got(dear, worth([90.0]))) == {"a"}
    free = made({"id": ["a", "b"], "land": [4.0, 4.0], "value": [0.0, 1.0], "ready": [0.0, 0.0]},
                {**LAND, "amount": [4.0]})  # fmt: skip
    order = Round.of(free).model.options["project"].tolist()
    assert set(got(free, worth([100.0 if one == "a" else 1.0 for one in order]))) == {"a"}


def test_a_part_of_the_list_whose_period_has_passed_is_given_as_far_as_its_quota_passed_on() -> None:
    projects = {"id": ["a", "b"], "land": [4.0, 4.0], "value": [9.0, 8.0], "score": [2.0, 1.0], "ready": [60.0, 60.0]}
    for amount, carry, number in (([4.0, 0.0], 0.0, 0), ([4.0, 4.0], 0.0, 1), ([4.0, 4.0], 1.0, 2)):
        pools = {"pool": "p", "resource": "land", "period": ["0", "45"], "amount": amount, "carry": carry}
        assert len(got(made(projects, pools), "ranked")) == number
        assert len(got(made(projects, pools), "follow")) == number


@pytest.mark.parametrize("names", [("gen", "narrow"), ("z_gen", "a_narrow")])
def test_narrow_pools_are_drawn_on_first_so_that_wide_ones_are_left_for_later(names: tuple[str, str]) -> None:
    pools = {"pool": names, "resource": "land", "amount": [4.0, 4.0], "tiers": [None, "A"]}
    case = made({"id": ["a", "b"], "land": [4.0, 4.0], "value": [9.0, 8.0], "tier": ["A", "B"], "ready": [0.0, 50.0]},
                pools)  # fmt: skip
    assert set(got(case)) == {"a", "b"}


def test_a_provincial_pool_gives_what_it_may_before_those_of_the_city() -> None:
    pools = {"pool": ["city", "province"], "resource": "land", "region": ["east", None], "level": ["city", "province"],
             "amount": [4.0, 6.0]}  # fmt: skip
    case = made({"id": ["a", "b"], "land": [5.0, 5.0], "value": [9.0, 8.0], "region": "east", "ready": [0.0, 50.0]},
                pools, Policy(value="value", match={"land": 0.6}))  # fmt: skip
    assert set(got(case)) == {"a", "b"}


BANKS = {
    "bought and carried on, the narrow step first": (
        [0.0, 0.0], 1.0, 0.0, [(1.0, None), (1.0, "0")], [1.0, 1.0], [0.0, 40.0],
    ),
    "bought in the first period for the second": ([0.0, 0.0], 1.0, 0.0, [(4.0, "0")], [2.0, 2.0], [40.0, 50.0]),
    "bought instead of an advance": ([5.0, 8.0], 0.0, 0.5, [(4.0, "0")], [9.0, 8.0], [0.0, 50.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", BANKS)
def test_what_a_bank_allows_is_not_refused(name: str) -> None:
    amount, carry, advance, steps, land, ready = BANKS[name]
    pools = pd.DataFrame({"pool": "p", "resource": "land", "period": ["0", "45"], "amount": amount, "carry": carry,
                          "advance": advance, "level": "province"})  # fmt: skip
    bank = pd.DataFrame([{"pool": f"bank {i}", "resource": "land", "level": "bank", "amount": one, "period": period,
                          "unit_cost": 1.0} for i, (one, period) in enumerate(steps)])  # fmt: skip
    case = made({"id": ["a", "b"], "land": land, "value": [9.0, 8.0], "ready": ready},
                pd.concat([pools, bank], ignore_index=True))  # type: ignore[arg-type]  # fmt: skip
    assert set(got(case)) == {"a", "b"}
    round_ = Round.of(case)
    more = np.where(round_.model.pools.table["period"] == "45", 99.0, 0.0)
    assert shortage(round_.model.pools, more).sum() > 80


def test_the_advance_of_the_last_period_reckons_with_the_next_one_by_number() -> None:
    pools = {"pool": "p", "resource": "land", "period": ["0", "45", "100"], "amount": [4.0, 4.0, 10.0], "advance": 0.5}
    case = made({"id": ["a"], "land": [9.0], "value": [9.0], "ready": [0.0]}, pools,
                Policy(value="value", periods=("0", "45")))  # fmt: skip
    assert allocate(case, gap=0.0).objective == 9.0
    assert set(got(case)) == {"a"}


def test_a_regime_of_ones_own_may_wait() -> None:
    case = made({"id": ["a"], "land": [4.0], "value": [9.0], "ready": [0.0]}, {**LAND, "amount": [4.0]})
    patient = Regime("patient", lambda sitting: sitting.take() if sitting.day >= 100 else Choice(()))
    assert got(case, patient, until=365.0) == {"a": 120.0}


def test_promises_for_more_than_there_is_less_than_is_asked_for_and_passed_periods_are_refused() -> None:
    pools = {"pool": "p", "resource": "land", "period": ["0", "45"], "amount": [4.0, 4.0]}
    case = made({"id": ["a", "b"], "land": [4.0, 4.0], "value": [9.0, 8.0], "ready": [0.0, 0.0]}, pools)
    options = Round.of(case).model.options

    def gives(period: str, draws: tuple[tuple[int, float], ...], since: float = 0.0) -> Regime:
        def decide(one: Sitting) -> Choice:
            at = [int(np.flatnonzero((options["project"] == name) & (options["period"] == period))[0]) for name in "ab"]
            ids = Round.of(case).ids
            return Choice(() if one.day < since else tuple(
                Holding(int(ids.get_loc(name)), option, draws=draws) for name, option in zip("ab", at, strict=True)
                if int(ids.get_loc(name)) in one.waiting
            ))  # fmt: skip

        return Regime("own", decide)

    for regime, every, words in (
        (gives("45", ((1, 4.0),)), None, "more than pool p has on day 45: 4"),
        (gives("0", ((0, 1.0),)), None, "less than what they ask for to: a, b"),
        (gives("45", ((0, 4.0),), since=60.0), 30.0, "a period that has passed to: a, b"),
    ):
        with pytest.raises(YaosuError, match=words):
            given(case, at_once(), regime, every=every, until=200.0)


LEAST = 0.0


def test_a_kept_result_is_not_that_of_a_regime_with_other_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = {"stage": ["review"], "elapsed": ["1"]}
    case = made({"id": ["a", "b"], "land": [4.0, 2.0], "value": [9.0, 3.0], "ready": [0.0, 0.0]},
                {**LAND, "amount": [9.0]}, stages=stages)  # fmt: skip

    def large(one: Sitting) -> Choice:
        return one.take(one.projects.loc[one.projects["land"] > LEAST, "id"])

    found = []
    for least in (0.0, 3.0):
        monkeypatch.setattr("test_sittings.LEAST", least)
        crossing = cross(case, {"now": Scenario()}, [large], replications=1, jobs=1, every=30.0, until=90.0,
                         store=tmp_path / "runs.sqlite")  # fmt: skip
        found.append(crossing.table("secured")["mean"].item())
    assert found == [12.0, 9.0]


def test_without_a_formula_the_share_of_a_city_is_what_it_asks_for() -> None:
    stages = {"stage": ["review"], "elapsed": ["1"]}
    case = made({"id": list("abcd"), "land": [10.0] * 4, "value": [4.0, 3.0, 2.0, 1.0], "ready": [0.0] * 4,
                 "region": ["S", "S", "S", "N"]}, {**LAND, "amount": [40.0]}, stages=stages)  # fmt: skip
    found = cross(case, {"now": Scenario()}, replications=2, jobs=1, every=30.0, until=90.0).fairness()
    assert found.drop_duplicates("region").set_index("region")["formula"].to_dict() == {"N": 0.25, "S": 0.75}
    assert cross(case, {"now": Scenario()}, ["regional"], replications=2, jobs=1, every=30.0,
                 until=90.0).table("gini")["mean"].tolist() == [0.0]  # fmt: skip
