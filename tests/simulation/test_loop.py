"""The loop: regimes against one another, against the plan, and against what quota may do at most (MODEL 5)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rounds import at_once, given, random_round, review
from scipy.optimize import linprog

from allocator import allocate, load_sample
from allocator.case import Case
from allocator.errors import YaosuError
from allocator.policy import Policy
from allocator.round import Holding, Round
from allocator.sitting import Choice, Sitting
from simulation.crossing import cross
from simulation.distributions import exponential
from simulation.experiment import experiment
from simulation.giving import Given
from simulation.leverfile import read_levers
from simulation.levers import Scenario
from simulation.loop import REGIMES, Loop, days, regime_of
from simulation.process import Process, Stage
from simulation.run import Engine, prepare, record
from simulation.seek import seek
from simulation.store import Store


def lacking(made: Round, drawn: np.ndarray) -> float:
    """How much the pools lack for what is drawn, by a linear programme over (3.4): an oracle of its own."""
    table, steps = made.model.pools.table, made.model.pools.steps
    n, m = len(table), len(steps)
    passes = [(row, int(after)) for row, after in enumerate(table["following"]) if after >= 0]
    size = n + 2 * n + m  # shortage, carried, advanced, bought
    rows = np.zeros((n, size))
    rows[np.arange(n), np.arange(n)] = -1.0
    for row, after in passes:
        rows[row, n + row], rows[after, n + row] = 1.0, -1.0
        rows[after, 2 * n + row] = 1.0
    rows[np.arange(n), 2 * n + np.arange(n)] = -1.0
    rows[steps["pool_row"].to_numpy(dtype=int), 3 * n + np.arange(m)] = -1.0
    bank = np.zeros((steps["step"].nunique(), size))
    for at, step in enumerate(steps["step"].unique()):
        bank[at, 3 * n + np.flatnonzero(steps["step"] == step)] = 1.0
    most = [float(steps.loc[steps["step"] == step, "amount"].iloc[0]) for step in steps["step"].unique()]
    upper = [(0, None)] * n + [(0, one) for one in table["carry"]] + [(0, one) for one in table["advance"]]
    found = linprog(
        np.concatenate([np.ones(n), np.zeros(size - n)]), A_ub=np.vstack([rows, bank]),
        b_ub=np.concatenate([table["amount"].to_numpy() - drawn, most]), bounds=upper + [(0, None)] * m,
    )  # fmt: skip
    return float(found.fun)


def drawn_by(one: Given, made: Round, day: float) -> np.ndarray:
    """What is drawn from each pool row after a day's sitting."""
    stands = (one.holdings["day"] <= day) & ~(one.holdings["back"] <= day)
    at = one.draws["holding"].astype(int).to_numpy()
    inside = stands.to_numpy()[at]
    rows = one.draws["pool_row"].astype(int).to_numpy()[inside]
    return np.bincount(rows, one.draws["amount"].to_numpy()[inside], minlength=len(made.model.pools.table))


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(20))
def test_quota_is_conserved_at_every_dispatch(batch: int) -> None:
    for seed in range(50 * batch, 50 * (batch + 1)):
        made = Round.of(random_round(np.random.default_rng(seed), divisible=seed % 5 == 0))
        demand = made.model.options
        name = list(REGIMES)[seed % len(REGIMES)]
        _, one, _ = given(made, review(), name, seed=seed, every=50.0, until=155.0)
        taken = one.holdings[one.holdings["option"] >= 0]
        for resource in made.case.resources:  # each holding draws what its share of its option asks for (3.3)
            of = made.model.pools.table["resource"].to_numpy()[one.draws["pool_row"].astype(int)] == resource
            got = one.draws[of].groupby("holding")["amount"].sum().reindex(taken.index, fill_value=0.0)
            asked = demand[resource].to_numpy()[taken["option"].astype(int)] * taken["share"]
            np.testing.assert_allclose(got, asked, atol=1e-6)
        assert (taken[taken["back"].isna()].groupby("project")["share"].sum() <= 1 + 1e-6).all()
        for day in one.sittings.loc[one.sittings["given"] > 0, "day"]:
            drawn = drawn_by(one, made, day)
            assert lacking(made, drawn) <= 1e-6 * max(1.0, drawn.sum()), (seed, name, day)


@pytest.mark.parametrize("engine", ["fast", "simpy"])
@pytest.mark.parametrize("seed", range(6))
def test_with_unlimited_quota_all_regimes_give_the_same_dates(seed: int, engine: Engine) -> None:
    case = random_round(np.random.default_rng(seed), policy=Policy(value="value", return_days=30))
    plenty = case.with_changes(pools=lambda pools: pools.assign(amount=1e6),
                               projects=lambda table: table.drop(columns="requires", errors="ignore"))  # fmt: skip
    started = [given(plenty, review(), name, seed=seed, engine=engine)[0].started for name in REGIMES]
    assert np.isfinite(started[0]).all()
    for other in started[1:]:
        np.testing.assert_array_equal(started[0], other)


def test_with_unlimited_quota_all_regimes_give_the_same_dates_in_the_sample() -> None:
    case = load_sample("shandong-2020")
    plenty = case.with_changes(
        pools=lambda pools: pools.assign(amount=1e9),
        policy={"floors": (), "caps": (), "change_cost": None, "capital_ratio": None},
        funds=lambda funds: funds.iloc[:0],
        projects=lambda table: table[table["region"] == "烟台"].drop(columns=["requires", "excludes", "decision"]),
        variants=lambda table: table.iloc[:0], grants=lambda table: table.iloc[:0],
    )  # fmt: skip
    made, process = Round.of(plenty), Process.of(case)
    started = [given(made, process, name, until=366.0)[0].started for name in REGIMES]
    assert np.isfinite(started[0]).sum() > 50
    for other in started[1:]:
        np.testing.assert_array_equal(started[0], other)


@pytest.mark.parametrize("seed", range(30))
def test_with_infinite_review_speed_the_loop_gives_the_plan(seed: int) -> None:
    policy = Policy(value="value", discount=0.97, divisible=seed % 3 == 0)
    case = random_round(np.random.default_rng(seed), policy=policy)
    case = case.with_changes(projects=lambda table: table.assign(ready=0.0))
    plan = allocate(case, gap=0.0)
    _, one, made = given(case, at_once(), every=10.0, gap=0.0)
    if plan.status == "infeasible":
        return
    options = made.model.options.iloc[one.holdings["option"].astype(int)].reset_index(drop=True)
    assert options["value"] @ one.holdings["share"] == pytest.approx(plan.objective)
    assert one.holdings["back"].isna().all()
    begun = options["period"].astype(float).groupby(one.holdings["project"]).transform("min")
    np.testing.assert_array_equal(one.holdings["day"], begun)


@pytest.mark.parametrize("seed", range(30))
def test_with_a_single_dispatch_at_the_start_follow_is_the_one_shot_plan(seed: int) -> None:
    policy = Policy(value="value", discount=0.97, divisible=seed % 3 == 0)
    case = random_round(np.random.default_rng(100 + seed), policy=policy)
    case = case.with_changes(projects=lambda table: table.assign(ready=0.0))
    plan = allocate(case, gap=0.0)
    _, one, made = given(case, at_once(), every=None, gap=0.0)
    if plan.status == "infeasible":
        return
    funded = plan.projects[plan.projects["funded"]]
    options = made.model.options.iloc[one.holdings["option"].astype(int)]
    assert options["value"].to_numpy() @ one.holdings["share"] == pytest.approx(plan.objective)
    if len(funded) == options["project"].nunique():
        assert sorted(options["project"].unique()) == sorted(funded["id"])


@pytest.mark.parametrize("name", REGIMES)
@pytest.mark.parametrize("seed", range(8))
def test_both_engines_give_the_same_days_and_the_same_grants(seed: int, name: str) -> None:
    case = random_round(np.random.default_rng(seed))
    fast, simpy = (given(case, review(), name, seed=seed, engine=engine) for engine in ("fast", "simpy"))  # type: ignore[arg-type]
    for field in ("approved", "granted", "started", "ended"):
        np.testing.assert_array_equal(getattr(fast[0], field), getattr(simpy[0], field), field)
    pd.testing.assert_frame_equal(fast[1].holdings, simpy[1].holdings)
    pd.testing.assert_frame_equal(fast[1].draws, simpy[1].draws)


@pytest.mark.parametrize("engine", ["fast", "simpy"])
def test_what_waits_for_nothing_runs_as_without_a_loop(engine: Engine) -> None:
    projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 5.0], "land": [1.0, 1.0], "value": [1.0, 2.0],
                             "started": pd.to_datetime(["2019-05-01", "2019-06-01"])})  # fmt: skip
    case = Case.from_tables(projects=projects, pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [1]}))
    kept, one, _ = given(case, review(), engine=engine, seed=3)
    plain = record(prepare(case.projects, review()), 3, 0, engine)
    np.testing.assert_array_equal(kept.started, plain.started)
    assert one.holdings["project"].tolist() == [1.0], "the one worth more holds the only land"


def returning(first: float, second: float) -> Case:
    """Two projects that ask for the same land; the first is approved at once and worth more."""
    projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 25.0], "land": [4.0, 4.0], "value": [first, second]})
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})
    return Case.from_tables(projects=projects, pools=pools, policy=Policy(value="value", return_days=50))


def mobilising(days: float) -> Process:
    return Process([Stage("review", elapsed=0.0), Stage("mobilise", elapsed=days, after_grant=True)])


def test_a_grant_without_a_start_in_time_returns_and_goes_to_who_is_worth_more_by_then() -> None:
    case = returning(first=3.0, second=9.0)
    kept, one, _ = given(case, mobilising(70.0), "follow")
    assert one.holdings[["project", "day", "back"]].values.tolist()[:2] == [[0.0, 0.0, 60.0], [1.0, 60.0, 120.0]]
    assert np.isnan(kept.started[0]) and kept.started[1] == 130.0, "all is mobilised, but there is no start without"


def test_a_grant_that_returns_is_given_again_to_the_same_project_where_it_is_still_worth_most() -> None:
    kept, one, _ = given(returning(first=9.0, second=3.0), mobilising(70.0), "follow")
    assert kept.started[0] == 70.0, "it has never been without its elements"
    assert one.holdings["back"].iloc[0] == 60.0 and one.holdings["project"].iloc[1] == 0.0


def test_regional_and_ranked_take_nothing_back_but_from_those_who_leave() -> None:
    for name in ("regional", "ranked"):
        _, one, _ = given(returning(first=3.0, second=9.0), mobilising(70.0), name)
        assert one.holdings["back"].isna().all()


@pytest.mark.parametrize("engine", ["fast", "simpy"])
def test_a_project_that_leaves_gives_back_what_it_holds(engine: Engine) -> None:
    process = Process([Stage("review", elapsed=0.0), Stage("mobilise", elapsed=99.0, after_grant=True)], patience=28.0)
    projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 25.0], "land": [4.0, 4.0], "value": [9.0, 3.0]})
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})
    for name in ("regional", "follow"):
        _, one, _ = given(Case.from_tables(projects=projects, pools=pools), process, name, engine=engine)
        assert one.holdings[["project", "day", "back"]].values.tolist()[0] == [0.0, 0.0, 30.0]
        assert one.holdings[["project", "day"]].values.tolist()[1] == [1.0, 30.0], "the other one gets it"


def test_quota_of_a_later_period_is_promised_and_given_when_the_period_begins() -> None:
    projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0], "land": [4.0, 4.0], "value": [9.0, 3.0]})
    pools = pd.DataFrame({"pool": "p", "resource": "land", "period": ["0", "45"], "amount": [4.0, 4.0]})
    _, one, _ = given(Case.from_tables(projects=projects, pools=pools), at_once(), every=30.0)
    assert one.holdings[["project", "day"]].values.tolist() == [[0.0, 0.0], [1.0, 45.0]]


def test_a_project_in_parts_is_given_all_of_them_with_the_first_and_no_more() -> None:
    projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 50.0], "land": [6.0, 4.0], "value": [9.0, 3.0]})
    pools = pd.DataFrame({"pool": "p", "resource": "land", "period": ["0", "45"], "amount": [4.0, 4.0], "carry": 0.0})
    case = Case.from_tables(projects=projects, pools=pools, policy=Policy(value="value", divisible=True))
    kept, one, made = given(case, at_once(), every=30.0)
    found = one.holdings.assign(land=one.draws.groupby("holding")["amount"].sum())
    assert found[["project", "day"]].values.tolist() == [[0.0, 0.0], [0.0, 0.0], [1.0, 60.0]]
    np.testing.assert_allclose(found["land"], [4.0, 2.0, 2.0], atol=1e-6)
    assert kept.started.tolist() == [0.0, 60.0]
    assert one.sittings["given"].sum() == 2, "projects, not parts"


def test_quota_is_kept_for_a_project_that_must_be_done_and_is_not_ready_yet() -> None:
    projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 50.0], "land": [4.0, 4.0], "value": [9.0, 3.0],
                             "decision": [None, "must"]})  # fmt: skip
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})
    _, one, _ = given(Case.from_tables(projects=projects, pools=pools), at_once(), every=30.0)
    assert one.holdings[["project", "day"]].values.tolist() == [[1.0, 60.0]]


def test_a_floor_that_cannot_be_met_yet_gives_way_and_is_met_when_it_can_be() -> None:
    projects = pd.DataFrame({"id": ["a", "b", "c"], "ready": [0.0, 50.0, 50.0], "land": [2.0, 2.0, 2.0],
                             "value": [9.0, 8.0, 1.0], "region": ["west", "west", "east"]})  # fmt: skip
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})
    policy = {"value": "value", "floors": [{"measure": "count", "limit": 1, "by": "region", "of": ["east"]}]}
    case = Case.from_tables(projects=projects, pools=pools, policy=policy)
    _, one, _ = given(case, at_once(), every=30.0)
    assert one.holdings[["project", "day"]].values.tolist() == [[0.0, 0.0], [2.0, 60.0]]
    assert (one.sittings["eased"] > 0).tolist()[::2][:2] == [True, False], "nobody waits at the second sitting"


def test_a_regime_of_ones_own_is_a_function() -> None:
    def smallest_first(one: Sitting) -> Choice:
        return one.take(one.projects.sort_values("land")["id"])

    projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0], "land": [4.0, 3.0], "value": [9.0, 3.0]})
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})
    _, one, made = given(Case.from_tables(projects=projects, pools=pools), at_once(), regime_of(smallest_first))
    assert [made.ids[int(made.owner[int(at)])] for at in one.holdings["option"]] == ["b"]


def test_a_regime_that_gives_out_more_than_there_is_is_refused() -> None:
    def generous(one: Sitting) -> Choice:
        return Choice(tuple(Holding(project, project, draws=((0, 4.0),)) for project in one.waiting))

    projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0], "land": [4.0, 4.0], "value": [9.0, 3.0]})
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [6.0]})
    with pytest.raises(YaosuError, match="more than pool p has on day 0: 2 mu"):
        given(Case.from_tables(projects=projects, pools=pools), at_once(), regime_of(generous))


def test_a_regime_that_gives_to_projects_that_do_not_wait_is_refused() -> None:
    def to_all(one: Sitting) -> Choice:
        return Choice(tuple(one.round.listed.values()))

    projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 90.0], "land": [2.0, 2.0], "value": [9.0, 3.0]})
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [6.0]})
    with pytest.raises(YaosuError, match="do not wait for it: b"):
        given(Case.from_tables(projects=projects, pools=pools), at_once(), regime_of(to_all))


def test_an_unknown_regime_and_periods_without_days_are_told() -> None:
    pools = pd.DataFrame({"pool": "p", "resource": "land", "period": ["first", "second"], "amount": [6.0, 1.0]})
    with pytest.raises(YaosuError, match="Did you mean “follow”"):
        regime_of("folow")
    case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [2.0], "value": [1.0]}), pools=pools)
    with pytest.raises(YaosuError, match="first, second"):
        Loop.of(case)


def test_sittings_fall_on_the_first_working_day_of_each_month_and_periods_begin_between() -> None:
    case = load_sample("shandong-2020")
    loop = Loop.of(case, "regional")
    found = list(days(loop, prepare(case.projects, Process.of(case)), None))
    dates = [pd.Timestamp("2020-01-01") + pd.Timedelta(days=day) for day, _, sits in found if sits]
    assert [f"{date:%m-%d}" for date in dates] == [
        "01-02", "02-03", "03-02", "04-01", "05-06", "06-01", "07-01", "08-03", "09-01", "10-09", "11-02", "12-01",
    ]  # fmt: skip
    assert [(day, period) for day, period, sits in found if not sits] == [(274.0, 3)]


def test_the_same_draws_meet_the_same_project_in_every_regime() -> None:
    case = random_round(np.random.default_rng(11))
    approved = [given(case, review(), name, seed=4)[0].approved for name in REGIMES]
    for other in approved[1:]:
        np.testing.assert_array_equal(approved[0], other)


def crossing_case(n: int = 12) -> Case:
    rng = np.random.default_rng(0)
    projects = pd.DataFrame({
        "id": [f"p{i:02d}" for i in range(n)], "ready": np.zeros(n), "land": rng.integers(1, 9, n).astype(float),
        "value": rng.integers(1, 50, n).astype(float), "score": 1.0, "region": np.tile(["east", "west"], n // 2),
    })  # fmt: skip
    pools = pd.DataFrame({"pool": ["all"], "resource": ["land"], "amount": [25.0]})
    stages = pd.DataFrame({"stage": ["review"], "office": ["desk"], "work": ["exponential(5)"]})
    offices = pd.DataFrame({"office": ["desk"], "reviewers": [1]})
    return Case.from_tables(projects=projects, pools=pools, stages=stages, offices=offices)


def test_replications_do_not_depend_on_the_number_of_processes_or_the_engine() -> None:
    case = crossing_case()
    one = cross(case, {"a": Scenario()}, every=30.0, replications=3, jobs=1, engine="simpy")
    two = cross(case, {"a": Scenario()}, every=30.0, replications=3, jobs=2, engine="fast")
    pd.testing.assert_frame_equal(one.table("realised"), two.table("realised"))
    pd.testing.assert_frame_equal(one.projects(), two.projects())


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from test_loop import crossing_case
from simulation.crossing import cross
from simulation.experiment import experiment
from simulation.leverfile import read_levers
from simulation.levers import Scenario
print("begun", flush=True)
cross(crossing_case(), {{"a": Scenario(), "b": Scenario(speed=2)}}, every=30.0, replications=12, jobs=1,
      engine="simpy", store={store!r}, progress=lambda done, all: print(done, flush=True))
"""


def test_a_killed_loop_goes_on_to_the_same_result(tmp_path: Path) -> None:
    store = tmp_path / "runs.sqlite"
    script = textwrap.dedent(SCRIPT).format(tests=str(Path(__file__).parent), store=str(store))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip().isdigit() and int(line) >= 10:
                break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    how = {"every": 30.0, "replications": 12, "jobs": 1, "engine": "simpy"}
    scenarios = {"a": Scenario(), "b": Scenario(speed=2)}
    seen: list[int] = []
    with Store(store) as kept:
        again = cross(crossing_case(), scenarios, store=kept, progress=lambda done, _: seen.append(done), **how)  # type: ignore[arg-type]
    whole = cross(crossing_case(), scenarios, **how)  # type: ignore[arg-type]
    assert 10 <= seen[0] < 72, "what was done is not done again"
    pd.testing.assert_frame_equal(again.table("realised"), whole.table("realised"))
    pd.testing.assert_frame_equal(again.idle(), whole.idle())


def test_a_loop_is_told_from_a_run_without_one_and_from_other_regimes_in_the_store(tmp_path: Path) -> None:
    case = crossing_case()
    with Store(tmp_path / "runs.sqlite") as store:
        both = cross(case, {"a": Scenario()}, ["regional", "follow"], every=30.0, replications=2, jobs=1,
                     engine="simpy", store=store)  # fmt: skip
        less = cross(case, {"a": Scenario()}, ["follow"], every=15.0, replications=2, jobs=1, engine="simpy",
                     store=store)  # fmt: skip
    assert not both.table("elements")["mean"].equals(less.table("elements")["mean"])
    assert both.table("secured")["mean"].nunique() == 2


def test_a_year_of_many_small_sittings_ends(tmp_path: Path) -> None:
    began = time.monotonic()
    process = Process([Stage("review", elapsed=exponential(400.0))])
    case = crossing_case()
    kept, one, _ = given(case, process, "follow", every=1.0)
    assert np.isfinite(kept.approved).all() and len(one.sittings) < 4000
    assert time.monotonic() - began < 600


def test_a_scenario_that_names_a_regime_asks_for_a_case() -> None:
    case = crossing_case()
    with pytest.raises(YaosuError, match="follow"):
        prepare(case.projects, Process.of(case), Scenario(regime="follow"))
    with pytest.raises(YaosuError, match="follow"):
        experiment(case.projects, Process.of(case), {"a": Scenario(regime="follow")}, replications=1, jobs=1)
    with pytest.raises(YaosuError, match="follow"):
        seek(case.projects, Process.of(case), by=9.0, target=0.5, scenario=Scenario(regime="follow"))


def test_a_scenario_file_may_name_a_regime_in_either_language() -> None:
    levers, faults = read_levers({"要素配置": "要素跟着项目走", "speed": 2}, "a.toml")
    assert (levers.regime, levers.speed, faults) == ("follow", 2, [])
    assert read_levers({"regime": "ranked"}, "a.toml")[0].regime == "ranked"
    found = [fault.text() for fault in Scenario(regime="folow")._faults(at_once())]
    assert found == ["levers, regime: there is no regime “folow”; did you mean “follow”?"]


def test_a_grant_from_before_the_round_is_held_and_returns_by_its_own_date() -> None:
    projects = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0], "land": [4.0, 4.0], "value": [3.0, 9.0]})
    pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})
    grants = pd.DataFrame({"project": ["a"], "resource": ["land"], "pool": ["p"], "amount": [4.0],
                           "granted": ["2019-12-12"]})  # fmt: skip
    policy = Policy(value="value", return_days=50)
    case = Case.from_tables(projects=projects, pools=pools, grants=grants, policy=policy)
    kept, one, _ = given(case, mobilising(200.0), "follow", every=10.0)
    assert one.holdings[["project", "day", "back"]].values.tolist()[0] == [0.0, -20.0, 40.0], "more than 50 days"
    assert one.holdings[["project", "day"]].values.tolist()[1] == [1.0, 40.0]
    assert kept.approved[0] == kept.granted[0] == 0.0, "it had its elements from the beginning"
