"""Published problems with known answers, through the public `allocate`."""

from __future__ import annotations

import pandas as pd
import pytest

from allocator import allocate
from allocator.program import Progress
from benchmarks.published import DATA, knapsacks, multiple_choice

REFERENCE = pd.read_csv(DATA / "orlib" / "orlib-reference.csv").query("file == 'mknapcb1'")


@pytest.mark.parametrize("index", range(7))
@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_mknap1_is_solved_to_its_optimum(index: int, solver: str) -> None:
    case, best = knapsacks("orlib-mknap1.txt")[index]
    plan = allocate(case, solver=solver)
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("index", range(0, 30, 5))  # all thirty: python -m benchmarks published
def test_mknapcb1_meets_the_lp_bound_and_the_best_known_value(index: int) -> None:
    case, best = knapsacks("orlib-mknapcb1.txt")[index]
    row = REFERENCE.iloc[index]

    def good_enough(now: Progress) -> None:
        if now.incumbent is not None and now.incumbent >= 0.999 * row["best_feasible_cb1997"]:
            raise KeyboardInterrupt

    plan = allocate(case, gap=1e-3, time_limit=60, progress=good_enough)
    assert plan.relaxation.objective == pytest.approx(row["lp_recomputed_highs"], rel=1e-6)
    assert plan.objective is not None and plan.objective >= 0.999 * row["best_feasible_cb1997"]
    assert plan.objective <= best * (1 + 1e-3)


@pytest.mark.parametrize("file", ["I01", "I02", "I03"])
def test_multiple_choice_sets_are_solved_through_variants(file: str) -> None:
    case, best = multiple_choice(file)
    plan = allocate(case, gap=0)
    assert plan.objective == pytest.approx(best, abs=1e-6)
    assert plan.projects["funded"].all()
