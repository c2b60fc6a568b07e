"""Measures of regimes crossed with reviews, reckoned again by walking over what was given, project by project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from rounds import random_round, review
from scipy import stats
from test_loop import crossing_case

from allocator import scenario as named_changes
from allocator.case import Case
from allocator.errors import YaosuError
from allocator.policy import Policy
from allocator.round import Round
from allocator.sitting import Choice, Sitting
from simulation import Scenario, Stage
from simulation.crossing import Crossing, cross, named
from simulation.leverfile import Variant, scenarios
from simulation.loop import REGIMES, Loop, Regime, run
from simulation.network import Network
from simulation.outcome import Outcome
from simulation.process import Process
from simulation.quota import Quota, gini
from simulation.records import OUTCOMES, UNDER_WAY
from simulation.run import prepare

SEEDS = range(8)
UNTIL = 170.0
HOW = {"every": 30.0, "replications": 3, "jobs": 1, "engine": "simpy"}


@cache
def played(seed: int, regime: str) -> tuple[Outcome, Quota, Network]:
    """One replication of a random round in which some grants return and, where the seed is odd, some projects leave."""
    policy = Policy(value="value", match={"land": 0.6}, return_days=15)
    case = random_round(np.random.default_rng(seed), policy=policy)
    process = Process(review().stages, patience=90.0) if seed % 2 else review()
    made, whole = prepare(case.projects, process), Round.of(case)
    kept, given = run(Loop.of(whole, regime, every=30.0), made, seed, 0, "simpy", UNTIL)
    return Outcome.of(made, kept, given), Quota(whole, process, made.ids), made


each = pytest.mark.parametrize("regime", REGIMES)


def spans(one: Outcome) -> list[tuple[int, int, float, float]]:
    """Row, project, and from when to when it was held."""
    return [
        (int(str(row)), int(project), day, np.inf if np.isnan(back) else back)
        for row, project, day, back in one.holdings[["project", "day", "back"]].itertuples()
    ]


def between(times: list[float], end: float) -> list[tuple[float, float]]:
    """The middle and the width of every span between two moments up to an end."""
    inside = sorted({time for time in times if np.isfinite(time) and time < end} | {end})
    return [((a + b) / 2, b - a) for a, b in pairwise(inside)]


@each
@pytest.mark.parametrize("seed", SEEDS)
def test_benefit_is_that_of_who_holds_its_elements_and_of_who_has_started_with_them(seed: int, regime: str) -> None:
    one, quota, made = played(seed, regime)
    worth = quota.round.case.projects.set_index("id")["value"].loc[list(made.ids)].to_numpy()
    days = np.array([0.0, 15.0, 30.0, 59.9, 60.0, 61.5, 120.0, 169.0])
    for at, day in enumerate(days):
        holds = [project for _, project, given, back in spans(one) if given <= day < back]
        secured, realised = quota.benefit(one, days)
        assert secured[at] == pytest.approx(sum(worth[holds]))
        assert realised[at] == pytest.approx(sum(worth[project] for project in holds if one.started[project] <= day))


@each
@pytest.mark.parametrize("seed", SEEDS)
def test_idle_quota_is_what_lies_in_pools_and_with_who_has_not_started_from_day_to_day(seed: int, regime: str) -> None:
    one, quota, _ = played(seed, regime)
    table, held = quota.round.model.pools.table, spans(one)
    begins = [float(period) if period.isdigit() else 0.0 for period in table["period"]]
    times = [*begins, *(day for _, _, *days in held for day in days), *one.started.tolist()]
    for end in (100.0, UNTIL):
        expected = {resource: np.zeros(2) for resource in quota.round.case.resources}
        for (pool, resource), rows in table.groupby(["pool", "resource"]).groups.items():
            drawn = one.draws[one.draws["pool_row"].isin(rows)].groupby("holding")["amount"].sum().to_dict()
            for at, width in between(times, end):
                there = sum(table.at[row, "amount"] for row in rows if begins[row] <= at)
                granted = {row: drawn.get(row, 0.0) for row, _, day, back in held if day <= at < back}
                used = sum(amount for row, amount in granted.items() if one.started[held[row][1]] <= at)
                free = max(there - sum(granted.values()), 0.0)
                expected[str(resource)] += np.array([free, sum(granted.values()) - used]) * width
            assert pool
        for resource, (free, waits) in quota.idle(one, end).items():
            assert [free, waits] == pytest.approx(expected[resource].tolist(), abs=1e-6), (resource, end)


def test_quota_is_free_held_or_used_at_any_time() -> None:
    """Without advances and a bank, the three add up to what is there; used quota is reckoned here."""
    case = random_round(np.random.default_rng(3), periods=3)
    case = case.with_changes(pools=lambda pools: pools[pools["level"] != "bank"].assign(advance=0.0))
    made, whole = prepare(case.projects, review()), Round.of(case)
    for regime in REGIMES:
        kept, given = run(Loop.of(whole, regime, every=30.0), made, 1, 0, "simpy", UNTIL)
        one, quota = Outcome.of(made, kept, given), Quota(whole, review(), made.ids)
        table = whole.model.pools.table
        for resource, (free, held) in quota.idle(one, UNTIL).items():
            used = sum(
                amount * (min(UNTIL, back) - max(one.started[project], day))
                for row, project, day, back in spans(one) if one.started[project] < back
                for at, amount in one.draws.loc[one.draws["holding"] == row, ["pool_row", "amount"]].to_numpy()
                if table["resource"].iloc[int(at)] == resource
            )  # fmt: skip
            mine = table[table["resource"] == resource]
            there = sum(amount * (UNTIL - float(begin)) for amount, begin in mine[["amount", "period"]].to_numpy())
            assert free + held + used == pytest.approx(there)


@each
@pytest.mark.parametrize("seed", SEEDS)
def test_waiting_is_the_time_before_the_approval_and_the_time_after_it_without_elements(seed: int, regime: str) -> None:
    one, quota, made = played(seed, regime)
    review_days, element_days = quota.waits(one, UNTIL)
    for project in range(len(made.ids)):
        leaves = one.ended[project] if one.outcome[project] != UNDER_WAY else np.inf
        leaves = min(leaves if np.isfinite(leaves) else np.inf, UNTIL)
        approved, started = one.approved[project], one.started[project]
        held = [(day, back) for _, who, day, back in spans(one) if who == project]
        done = min(approved if np.isfinite(approved) else np.inf, leaves)
        assert review_days[project] == pytest.approx(done - one.ready[project])
        if not np.isfinite(approved):
            assert np.isnan(element_days[project])
            continue
        until = min(started if np.isfinite(started) else np.inf, leaves)
        times = [time for time in (approved, *(day for span in held for day in span)) if approved <= time]
        waited = sum(width for at, width in between(times, until) if not any(day <= at < back for day, back in held))
        assert element_days[project] == pytest.approx(waited), made.ids[project]


def test_some_grants_returned_and_some_projects_left_in_what_was_walked_over() -> None:
    runs = [played(seed, regime)[0] for seed in SEEDS for regime in REGIMES]
    gone = [OUTCOMES.index("withdrawn"), OUTCOMES.index("abandoned")]
    assert any(one.holdings["back"].notna().any() for one in runs)
    assert any(np.isin(one.outcome, gone).any() for one in runs)


def test_who_waits_again_after_its_grant_returned_waits_until_the_next_one_and_not_since_its_approval() -> None:
    """Approved on day 0, given on day 0, taken back on day 60 (return after 50), given again on day 120."""
    projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 25.0], "land": [4.0, 4.0], "value": [3.0, 9.0]})
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})
    case = Case.from_tables(projects=projects, pools=pools, policy={"value": "value", "return_days": 50})
    process = Process([Stage("review", elapsed=0.0), Stage("mobilise", elapsed=70.0, after_grant=True)], patience=40.0)
    made, whole = prepare(projects, process), Round.of(case)
    kept, given = run(Loop.of(whole, "follow", every=30.0), made, 0, 0, "simpy", 300.0)
    one, quota = Outcome.of(made, kept, given), Quota(whole, process, made.ids)
    for project, days in enumerate(quota.waits(one, 300.0)[1]):
        held = [(day, back) for _, who, day, back in spans(one) if who == project]
        until = np.nanmin([one.started[project], one.ended[project], 300.0])
        times = [one.approved[project], *(time for span in held for time in span)]
        out = [width for at, width in between(times, until) if not any(day <= at < back for day, back in held)]
        assert days == sum(out)


@each
@pytest.mark.parametrize("seed", SEEDS)
def test_shares_of_cities_are_those_of_what_they_hold_and_add_up_to_one(seed: int, regime: str) -> None:
    one, quota, made = played(seed, regime)
    region = quota.round.case.projects.set_index("id")["region"].loc[list(made.ids)].to_numpy()
    for resource, share in quota.shares(one, UNTIL).items():
        rows = np.flatnonzero(quota.round.model.pools.table["resource"] == resource)
        amount = dict.fromkeys(quota.formula.index, 0.0)
        for row, project, _, back in spans(one):
            mine = one.draws[(one.draws["holding"] == row) & one.draws["pool_row"].isin(rows)]["amount"].sum()
            amount[region[project]] += mine if back == np.inf else 0.0
        total = sum(amount.values())
        if not total:
            assert np.isnan(share).all() and np.isnan(gini(share, quota.formula.to_numpy()))
            continue
        assert share.tolist() == pytest.approx([held / total for held in amount.values()])
        assert share.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(20))
def test_the_distance_from_the_formula_is_the_gini_coefficient_of_equal_parts_of_it(seed: int) -> None:
    """A region with three parts of the formula counts as three units, each with a third of what the region has."""
    rng = np.random.default_rng(seed)
    parts = rng.integers(1, 6, int(rng.integers(2, 7)))
    share = rng.dirichlet(np.ones(len(parts)))
    units = np.repeat(share / parts, parts)
    textbook = np.abs(units[:, None] - units[None, :]).sum() / (2 * len(units) ** 2 * units.mean())
    assert gini(share, parts / parts.sum()) == pytest.approx(textbook)
    assert gini(parts / parts.sum(), parts / parts.sum()) == pytest.approx(0.0, abs=1e-12)


def test_nothing_is_given_before_the_first_sitting_and_one_outside_the_round_is_refused() -> None:
    made = cross(crossing_case(), {"a": Scenario()}, ["follow"], until=75.0, first=10.0, **HOW)  # type: ignore[arg-type]
    sat = [one.sittings["day"].tolist() for one in made.runs.kept.values()]
    assert sat == [[10.0, 40.0, 70.0]] * 3
    assert min(one.holdings["day"].min() for one in made.runs.kept.values()) >= 10.0
    for first, said in ((75.0, "on 75: nothing is given out after 74"), (-1.0, "on -1: there is no quota before 0"),
                        ("2021-01-01", "on 2021-01-01: nothing is given out after 2020-03-15")):  # fmt: skip
        with pytest.raises(YaosuError, match=said):
            cross(crossing_case(), {"a": Scenario()}, ["follow"], until=75.0, first=first, **HOW)  # type: ignore[arg-type]
    late = cross(crossing_case(), {"a": Scenario()}, ["follow"], first=900.0, **HOW)  # type: ignore[arg-type]
    assert {one.sittings["day"].min() for one in late.runs.kept.values()} == {900.0}, "quota without a last day"


def test_what_is_given_at_the_last_sitting_counts_at_the_end() -> None:
    made = cross(crossing_case(), {"a": Scenario()}, ["follow"], every=None, first=90.0, replications=1, jobs=1,
                 engine="simpy")  # fmt: skip
    assert made.end == 90.0 and made.projects()["granted"].sum() > 0
    assert made.fairness()["mean"].sum() == pytest.approx(1.0)


@pytest.fixture(scope="module")
def made() -> Crossing:
    """Three regimes under slow reviews, the same once more, and faster ones."""
    levers = {"slow": Scenario(), "same": Scenario(speed=1.0), "fast": Scenario(speed=3.0)}
    return cross(crossing_case(), levers, until=75.0, **HOW)  # type: ignore[arg-type]


def paired(made: Crossing, measure: str, one: tuple[str, str], other: tuple[str, str]) -> np.ndarray:
    values = made.values(measure)  # type: ignore[arg-type]
    numbers = range(3)
    return np.array([values[named(*one)][at] - values[named(*other)][at] for at in numbers])


def interval(values: np.ndarray) -> list[float]:
    """Mean with Student's t, from a library."""
    if np.ptp(values) == 0:
        return [values[0]] * 3
    low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    return [values.mean(), low, high]


@pytest.mark.parametrize("measure", ["started", "secured", "realised", "idle", "elements", "review", "gini"])
def test_gains_are_means_of_paired_differences_and_more_is_the_difference_of_those(
    made: Crossing, measure: str
) -> None:
    found = made.gains(measure).set_index(["scenario", "regime"])  # type: ignore[arg-type]
    base = made.values(measure)  # type: ignore[arg-type]
    assert len(found) == 6
    for scenario, regime in found.index:
        gain = paired(made, measure, (scenario, regime), (scenario, "regional"))
        before = paired(made, measure, ("slow", regime), ("slow", "regional"))
        row = found.loc[(scenario, regime)]
        assert row[["gain", "low", "high"]].tolist() == pytest.approx(interval(gain))
        assert row[["more", "more_low", "more_high"]].tolist() == pytest.approx(interval(gain - before))
        mean = base[named(scenario, "regional")].mean()
        assert np.isnan(row["relative"]) if mean == 0 else row["relative"] == pytest.approx(gain.mean() / mean)
    effects = made.effects(measure).set_index(["scenario", "regime"])  # type: ignore[arg-type]
    assert sorted(set(effects.index.get_level_values(0))) == ["fast", "same"]
    for scenario, regime in effects.index:
        change = paired(made, measure, (scenario, regime), ("slow", regime))
        assert effects.loc[(scenario, regime)].tolist() == pytest.approx(interval(change))


@pytest.mark.parametrize("measure", ["realised", "idle", "elements"])
def test_a_lever_that_changes_nothing_changes_no_gain_at_all(made: Crossing, measure: str) -> None:
    gains = made.gains(measure).query("scenario == 'same'")  # type: ignore[arg-type]
    assert (gains[["more", "more_low", "more_high"]] == 0.0).all(axis=None)
    effects = made.effects(measure).query("scenario == 'same'")  # type: ignore[arg-type]
    assert (effects[["effect", "low", "high"]] == 0.0).all(axis=None)


def test_the_other_way_round_the_signs_are_the_other_way_round(made: Crossing) -> None:
    there = Crossing(made.runs, made.scenarios, ("regional", "follow")).gains("realised")
    back = Crossing(made.runs, made.scenarios, ("follow", "regional")).gains("realised")
    assert there["gain"].abs().max() > 0
    np.testing.assert_allclose(back[["gain", "low", "high"]], -there[["gain", "high", "low"]].to_numpy())
    np.testing.assert_allclose(back[["more", "more_low", "more_high"]],
                               -there[["more", "more_high", "more_low"]].to_numpy())  # fmt: skip


def test_counts_of_what_was_given_and_taken_back_are_those_of_the_holdings(made: Crossing) -> None:
    found = made.stability().set_index(["scenario", "regime", "kind"])["mean"]
    for scenario, regime, name in made.cells():
        outcomes = made.runs.outcomes_of(name)
        assert found[scenario, regime, "given"] == np.mean([len(one.holdings) for one in outcomes])
        assert found[scenario, regime, "returned"] == np.mean([one.holdings["back"].notna().sum() for one in outcomes])
        assert found[scenario, regime, "eased"] == 0.0


def test_grants_that_returned_are_counted_once_each() -> None:
    counted = 0.0
    for seed, regime in product(SEEDS[::2], REGIMES):
        one = played(seed, regime)[0]
        assert one.sittings["returned"].sum() == one.holdings["back"].notna().sum()
        assert one.sittings["given"].sum() == len(one.holdings)
        counted += one.sittings["returned"].sum()
    assert counted > 0


def test_who_gets_elements_is_a_share_of_the_replications(made: Crossing) -> None:
    found = made.projects().set_index(["scenario", "regime", "project"])
    for scenario, regime, name in made.cells():
        outcomes = made.runs.outcomes_of(name)
        for at, project in enumerate(f"p{i:02d}" for i in range(12)):
            days = [day for one in outcomes for _, who, day, _ in spans(one) if who == at]
            row = found.loc[(scenario, regime, project)]
            assert row["granted"] == pytest.approx(len(days) / 3)
            assert np.isnan(row["day"]) if not days else row["day"] == pytest.approx(np.mean(days))
            assert row["started"] == pytest.approx(np.mean([one.started[at] < 75.0 for one in outcomes]))
            if regime != "regional":
                base = found.loc[(scenario, "regional", project), "granted"]
                assert row["change"] == pytest.approx(row["granted"] - base)
                assert row["change_low"] <= row["change"] <= row["change_high"]
    assert found.xs("regional", level="regime")[["change", "change_low", "change_high"]].isna().all(axis=None)


def test_curves_and_dated_benefit_end_with_the_figures_of_the_table(made: Crossing) -> None:
    curve = made.curve(times=[75.0]).set_index(["scenario", "regime"])["mean"]
    assert curve.to_dict() == pytest.approx(made.table("started").set_index(["scenario", "regime"])["mean"].to_dict())
    benefit = made.benefit([75.0]).set_index(["kind", "scenario", "regime"])["mean"]
    for kind in ("secured", "realised"):
        table = made.table(kind).set_index(["scenario", "regime"])["mean"]  # type: ignore[arg-type]
        assert benefit[kind].to_dict() == pytest.approx(table.to_dict())
    idle = made.idle().groupby(["scenario", "regime"])["mean"].sum().to_dict()
    assert idle == pytest.approx(made.table("idle").set_index(["scenario", "regime"])["mean"].to_dict())


def test_demand_and_quota_are_the_same_in_all_regimes_and_no_others_are_compared(made: Crossing) -> None:
    totals = made.totals()
    assert totals["quota"].unique().tolist() == [25.0]
    assert totals["demand"].unique().tolist() == [crossing_case().projects["land"].sum()]
    name = named("slow", "follow")
    arm = made.runs.arms[name]
    assert arm.loop is not None
    richer = Round.of(crossing_case().with_changes(pools=lambda pools: pools.assign(amount=26.0)))
    arms = {**made.runs.arms, name: replace(arm, loop=replace(arm.loop, round=richer))}
    with pytest.raises(YaosuError, match="land differs: .*25; .*26"):
        Crossing(replace(made.runs, arms=arms), made.scenarios, made.regimes).check()


def test_a_replication_that_failed_in_one_cell_does_not_count_in_its_gain(made: Crossing) -> None:
    failed = (named("slow", "follow"), 1)
    kept = {key: one for key, one in made.runs.kept.items() if key != failed}
    less = Crossing(replace(made.runs, kept=kept), made.scenarios, made.regimes)
    gain = paired(made, "realised", ("slow", "follow"), ("slow", "regional"))[[0, 2]]
    base = made.values("realised")[named("slow", "regional")][[0, 2]].mean()
    row = less.gains("realised").set_index(["scenario", "regime"]).loc[("slow", "follow")]
    assert row[["gain", "low", "high"]].tolist() == pytest.approx(interval(gain))
    assert row["relative"] == pytest.approx(gain.mean() / base), "relative to the same replications"
    other = [one.gains("realised").query("scenario == 'fast'")["gain"].tolist() for one in (made, less)]
    assert other[0] == other[1], "other cells stay as they are"
    days = [[less._quota(name).granted(one, less.end) for one in less.runs.outcomes_of(name, [0, 2])]
            for name in (named("slow", "regional"), named("slow", "follow"))]  # fmt: skip
    chances = np.isfinite(days).mean(axis=1)
    mine = less.projects().query("scenario == 'slow' and regime == 'follow'")
    assert mine["change"].tolist() == pytest.approx((chances[1] - chances[0]).tolist()), "nor in who gets elements"


def test_regimes_without_a_common_replication_have_no_gain(made: Crossing) -> None:
    apart = {named("slow", "regional"): 0, named("slow", "follow"): 1}
    kept = {(name, at): one for (name, at), one in made.runs.kept.items() if apart.get(name, at) == at}
    gains = Crossing(replace(made.runs, kept=kept), ("slow",), ("regional", "follow")).gains("realised")
    assert gains[["gain", "low", "high", "relative"]].isna().all(axis=None)


def test_before_anybody_is_approved_there_is_nothing_to_gain() -> None:
    early = cross(crossing_case(), {"a": Scenario(), "b": Scenario(speed=2)}, until=0.01, **HOW)  # type: ignore[arg-type]
    assert (early.gains("realised")["gain"] == 0.0).all() and early.gains("realised")["relative"].isna().all()
    assert early.gains("gini")["gain"].isna().all() and early.effects("elements")["effect"].isna().all()


def test_a_regime_that_fails_is_a_failure_of_its_own_replications() -> None:
    def impatient(one: Sitting) -> Choice:
        if len(one.waiting) > 5:
            raise ValueError("too many wait")
        return one.take()

    found = cross(crossing_case(), {"slow": Scenario(), "fast": Scenario(speed=9)}, ["regional", impatient],
                  until=75.0, **HOW)  # type: ignore[arg-type]  # fmt: skip
    assert set(found.runs.failures["scenario"]) <= {named("slow", "impatient"), named("fast", "impatient")}
    assert len(found.runs.numbers(named("slow", "regional"))) == 3
    with pytest.raises(YaosuError, match="too many wait"):
        found.table("realised")


def test_a_scenario_may_change_the_quota_of_all_regimes() -> None:
    case = crossing_case()
    more = named_changes.Scenario("more", {"pools": [{"scale": {"amount": 2.0}}], "levers": {"speed": 2.0}})
    levers: dict[str, Scenario | Variant] = {"as it is": Scenario(), **scenarios(case, [more])}
    found = cross(case, levers, ["regional", "follow"], until=75.0, **HOW)  # type: ignore[arg-type]
    quota = found.totals().groupby("scenario")["quota"].unique().map(list).to_dict()
    assert quota == {"as it is": [25.0], "more": [50.0]}
    assert found.runs.arms[named("more", "follow")].scenario.speed == 2.0
    table = found.table("secured").set_index(["scenario", "regime"])["mean"]
    assert (table["more"] > table["as it is"]).all()


def ordered(column: str) -> Callable[[Sitting], Choice]:
    """A regime of one's own that knows a value from outside."""

    def decide(one: Sitting) -> Choice:
        return one.take(one.projects.sort_values(column, ascending=False)["id"])

    return decide


def test_functions_of_one_text_that_know_different_values_are_different_regimes() -> None:
    own = [Regime(name, ordered(name)) for name in ("land", "value")]
    found = cross(crossing_case(), {"a": Scenario()}, own, until=75.0, **HOW)  # type: ignore[arg-type]
    for at in range(3):
        land, value = (found.runs.kept[named("a", name), at].holdings["project"].tolist() for name in ("land", "value"))
        assert land != value


def test_nothing_to_cross_and_two_regimes_of_one_name_are_told() -> None:
    with pytest.raises(YaosuError, match="no scenario"):
        cross(crossing_case(), {})
    with pytest.raises(YaosuError, match="no scenario"):
        cross(crossing_case(), {"a": Scenario()}, [])
    with pytest.raises(YaosuError, match="Two regimes are called “decide”"):
        cross(crossing_case(), {"a": Scenario()}, [ordered("land"), ordered("value")])


def test_grants_from_before_the_round_are_held_from_the_first_day_and_nobody_waited_for_them() -> None:
    projects = pd.DataFrame({"id": ["a", "b"], "ready": [-9.0, -9.0], "land": [4.0, 2.0], "value": [9.0, 3.0]})
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [7.0]})
    grants = pd.DataFrame({"project": ["a"], "resource": ["land"], "pool": ["p"], "amount": [4.0]})
    case = Case.from_tables(projects=projects, pools=pools, grants=grants)
    process = Process([Stage("review", elapsed=3.0), Stage("mobilise", elapsed=20.0, after_grant=True)])
    made, whole = prepare(case.projects, process), Round.of(case)
    kept, given = run(Loop.of(whole, "follow", every=30.0, first=10.0), made, 0, 0, "simpy", 50.0)
    one, quota = Outcome.of(made, kept, given), Quota(whole, process, made.ids)
    assert one.started.tolist() == [14.0, 30.0], "approved on day -6; one has its land, the other gets it on day 10"
    assert quota.waits(one, 50.0)[1].tolist() == [0.0, 16.0]
    assert quota.idle(one, 50.0)["land"] == (10 * 3 + 40 * 1, 14 * 4 + 20 * 2)
    assert quota.shares(one, 50.0)["land"].tolist() == [1.0], "there is but one region, without a name"
