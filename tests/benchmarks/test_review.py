"""The reference model is the same in every library, so that their speeds can be compared."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from benchmarks.__main__ import sections
from benchmarks.reference import CORRECTION, DAYS, RETURNED, STAGES, WORK, Visit, reference, times
from benchmarks.review import PLAIN, Timed, agree, timed, ways
from benchmarks.rivals import own

PROJECTS, REPLICATIONS = 120, 25


def visits(name: str, seed: int) -> list[Visit]:
    module, *settings = ways()[name]
    rival, model = import_module(f"benchmarks.rivals.{module}"), reference(PROJECTS)
    made: list[Visit] = rival.told(model, rival.way(model, *settings)(seed))
    return made


@pytest.fixture(scope="module")
def measured() -> dict[str, Timed]:
    return {name: Timed(**timed(PROJECTS, REPLICATIONS, *way)) for name, way in ways().items()}


def test_offices_of_the_full_model_are_busy_for_about_0_85_of_the_time() -> None:
    assert reference(1000).share == pytest.approx(0.85, abs=0.02)


def test_projects_come_in_order_within_sixty_days() -> None:
    entry = reference(500).entry
    assert entry == sorted(entry) and entry[0] >= 0 and entry[-1] < DAYS


@pytest.mark.parametrize("name", ways())
def test_every_way_spends_the_same_days_in_the_system_in_all_and_by_class(
    name: str, measured: dict[str, Timed]
) -> None:
    assert agree(measured[name], measured[PLAIN])


def test_ways_that_differ_do_not_agree(measured: dict[str, Timed]) -> None:
    plain = measured[PLAIN]
    slower = Timed(0.0, 0.0, 0.0, [[1.2 * days for days in one] for one in plain.days])
    assert not agree(slower, plain)


@pytest.mark.parametrize("name", ways())
def test_every_project_visits_each_stage_in_order_until_it_is_not_returned(name: str) -> None:
    made = sorted(visits(name, 3))
    assert len({(project, stage) for project, stage, *_ in made}) == PROJECTS * STAGES
    for (project, stage, visit, _, _, decided, returned), after in zip(made, made[1:], strict=False):
        if after[0] == project:
            assert (after[1], after[2]) == ((stage, visit + 1) if returned else (stage + 1, 0))
            assert after[3] > decided if returned else after[3] == pytest.approx(decided)
    assert all(queued <= begun + 1e-9 and begun < decided for _, _, _, queued, begun, decided, _ in made)


@pytest.mark.parametrize("name", ways())
def test_work_returns_and_corrections_have_the_stated_means(name: str) -> None:
    made = [one for seed in range(4) for one in sorted(visits(name, seed))]
    work = np.array([decided - begun for _, _, _, _, begun, decided, _ in made])
    pairs = zip(made, made[1:], strict=False)
    correction = np.array([after[3] - before[5] for before, after in pairs if before[6]])
    returned = np.array([one[6] for one in made], dtype=float)
    for found, mean in ((work, WORK), (correction, CORRECTION), (returned, RETURNED)):
        assert abs(found.mean() - mean) < 4 * found.std() / np.sqrt(len(found))


@pytest.mark.parametrize("name", ways())
def test_no_office_has_more_reviews_at_once_than_reviewers(name: str) -> None:
    model, made = reference(PROJECTS), visits(name, 5)
    for stage in range(STAGES):
        begun = [(one[4], 1) for one in made if one[1] == stage]
        decided = [(one[5], -1) for one in made if one[1] == stage]
        steps = [step for _, step in sorted(begun + decided)]
        assert np.cumsum(steps).max() == model.reviewers


def test_the_engines_of_yaosu_give_one_answer() -> None:
    answers = [visits(name, 2) for name in ways() if name.startswith("yaosu")]
    assert len(answers) >= 2 and all(one == answers[0] for one in answers)


def test_days_in_the_system_are_those_from_entry_to_start() -> None:
    model = reference(PROJECTS)
    run: Any = own.way(model, "simpy", True)(1)
    days = (run.projects["started"] - run.projects["ready"]).to_numpy()
    assert times(model, own.told(model, run)) == pytest.approx(days, abs=1e-9)


def test_parts_measured_before_stay_on_the_page() -> None:
    page = "# Benchmarks\n\n## plan\n\nfast\n\n## scale\n\nlarge\n"
    assert sections(page) | {"plan": "## plan\n\nfaster\n"} == {
        "plan": "## plan\n\nfaster\n",
        "scale": "## scale\n\nlarge\n",
    }
