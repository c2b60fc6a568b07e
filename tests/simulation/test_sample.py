"""The samples: published totals, measures, points that are met, and where each parameter comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import allocator
from allocator import load_sample
from allocator.case import Case
from allocator.scenario import read_scenarios
from simulation import Process, Scenario
from simulation.calibrate import checkpoints, simulated, table
from simulation.casecheck import check_process
from simulation.leverfile import Variant, scenarios
from simulation.run import prepare, replicate
from simulation.runs import Arm
from simulation.shandong import BY_HAND, NAME, PARAMETERS, arms
from simulation.standing import standings
from simulation.uncongested import uncongested

FOLDER = Path(allocator.__file__).parent / "cases" / NAME
MEASURES = ("parallel", "deferral", "online", "fifteen-steps", "green-channel", "hotline", "dispatch", "teams")


@pytest.fixture(scope="module")
def case() -> Case:
    return load_sample(NAME)


@pytest.fixture(scope="module")
def variants(case: Case) -> dict[str, Variant]:
    return scenarios(case, read_scenarios(FOLDER, [*MEASURES, "ordinary", "2020-measures", "speed"]))


def test_the_longest_ways_without_queues_are_the_published_45_70_and_100_working_days(
    case: Case, variants: dict[str, Variant]
) -> None:
    plain = {"started": pd.NaT, "total_mcny": 500.0, "site_mu": 20.0, "energy_use_tce": 500.0, "emission_t": 10.0,
             "land": 0.0, "field": "社会民生", "tier": "双招双引重点签约"}  # fmt: skip
    heavy = plain | {"total_mcny": 9000.0, "site_mu": 200.0, "energy_use_tce": 9000.0, "emission_t": 90.0,
                     "field": "基础设施", "tier": "省重大"}  # fmt: skip
    projects = pd.DataFrame(
        [
            {"id": "filing", "route": "file", **plain},
            {"id": "government", "route": "approve", **plain},
            {"id": "every step", "route": "approve", **heavy},
        ]  # fmt: skip
    ).assign(kind=["enterprise", "government", "government"])
    process, cut = Process.of(case), variants["fifteen-steps"].levers.removed
    main = uncongested(projects, process, Scenario(parallel=True, removed=cut)).set_index("id")["days"]
    assert main["filing"] == 45 and main["government"] == 70
    every = uncongested(projects, process, Scenario(parallel=True)).set_index("id")["days"]
    assert every["every step"] == 100
    assert (uncongested(projects, process)["days"] > every.to_numpy() - 1e-9).all()


def test_fifteen_steps_can_be_cut_and_no_project_is_left_without_a_permit(
    case: Case, variants: dict[str, Variant]
) -> None:
    cut = variants["fifteen-steps"].levers.removed
    process = Process.of(case)
    assert len(set(cut)) == 15 and set(cut) < {stage.name for stage in process.stages}
    left = variants["fifteen-steps"].levers.apply(process)
    assert len(left.stages) == len(process.stages) - 15
    permit = next(stage for stage in left.stages if stage.name == "施工许可证")
    assert {"大型施工图审查", "施工图审查"} <= set(permit.after)


def test_the_measures_together_are_the_single_measures(variants: dict[str, Variant]) -> None:
    together = variants["2020-measures"].levers
    for name in MEASURES:
        single = variants[name].levers
        moved = [one for one in vars(single) if getattr(single, one) != getattr(Scenario(), one)]
        assert len(moved) == 1 and getattr(together, moved[0]) == getattr(single, moved[0])


@pytest.mark.parametrize("name", ["shandong-2020", "gb-grid-2021"])
def test_the_process_of_a_sample_has_no_faults_and_reaches_starts(name: str) -> None:
    sample = load_sample(name)
    assert check_process(sample) == []
    run = replicate(prepare(sample.projects, Process.of(sample)), 1, 0)
    assert (run.projects["outcome"] == "started").mean() > 0.9


def test_every_parameter_says_whether_it_is_published_fitted_or_assumed(case: Case) -> None:
    known = standings(case)
    assert len(known) > 300 and set(known["standing"]) == {"pub", "seed", "know", "fitted", "assumed"}
    assert set(known["table"]) == {"stages", "offices", "problems", "calendar", "process"}


def test_what_is_fitted_stands_in_the_tables(case: Case, variants: dict[str, Variant]) -> None:
    start = {parameter.name: parameter.start for parameter in PARAMETERS}
    made = arms(start, variants)["2020-measures"]
    stated = variants["2020-measures"]
    assert made.process.stages == stated.process.stages and made.process.problems == stated.process.problems
    assert made.scenario == stated.levers
    columns = ["enters", "passed", "opens"]
    pd.testing.assert_frame_equal(made.projects[columns], case.projects[columns], check_dtype=False)


def test_there_are_fewer_fitted_parameters_than_points(case: Case) -> None:
    assert len(PARAMETERS) + len(BY_HAND) < len(checkpoints(case))


@pytest.mark.slow
def test_every_published_point_is_met(case: Case, variants: dict[str, Variant]) -> None:
    points = checkpoints(case)
    named = {name: Arm(one.case.projects, one.process, one.levers) for name, one in variants.items()}
    found = table(points, simulated(points, named, replications=300, seed=1, jobs=2))
    assert found["holds"].all(), found[~found["holds"]].to_string()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", "ordinary", "2020-measures"])
def test_common_draws_make_the_difference_of_two_speeds_five_times_less_variable(
    case: Case, variants: dict[str, Variant], name: str
) -> None:
    """By the mean day of start within the year, the area over the curve; where years differ, by the share too."""
    process = variants[name].process if name else Process.of(case)
    levers = variants[name].levers if name else Scenario()
    nets = [prepare(case.projects, process, replace(levers, speed=speed)) for speed in (1.0, 1.25)]
    days = np.array([
        [replicate(net, 1, number, until=366.0).projects["started"].fillna(366.0).to_numpy() for net in nets]
        for number in range(60)
    ])  # fmt: skip
    outcomes = [days.mean(axis=2)]
    if name == "ordinary":
        outcomes.append((days < 152.0).mean(axis=2))
    for outcome in outcomes:
        assert outcome.var(axis=0, ddof=1).sum() >= 5 * (outcome[:, 1] - outcome[:, 0]).var(ddof=1)
    assert outcomes[0][:, 1].mean() < outcomes[0][:, 0].mean()
