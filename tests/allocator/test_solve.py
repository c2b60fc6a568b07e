"""The solver's answers against scipy, theory and the limits set for them."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from allocator.errors import YaosuError
from allocator.exact import available
from allocator.model import Model, Objective
from allocator.program import Progress
from allocator.recheck import recheck
from allocator.solve import relax, solve

BOTH = pytest.mark.parametrize("solver", ["highs", "cbc"])


def made(
    value: Any, matrix: Any, most: Any, *, least: Any = -np.inf, lower: Any = 0.0, upper: Any = 1.0,
    integer: Any = True, cost: Any = 0.0, projects: Sequence[str] | None = None,
    blocks: Sequence[str] | None = None, tiers: Sequence[Any] = (),
) -> Model:  # fmt: skip
    """Every column an option, `projects` in order of priority; `tiers` are objectives before the cost."""
    value = np.asarray(value, dtype=float)
    n = len(value)
    rows = sparse.csr_array(np.atleast_2d(np.asarray(matrix, dtype=float)))
    names = list(projects or [f"p{j:03d}" for j in range(n)])

    def spread(data: Any, size: int) -> Any:
        return np.broadcast_to(np.asarray(data, dtype=float), (size,)).copy()

    price = spread(cost, n)
    objectives = [Objective(f"value:{k}", np.asarray(tier, dtype=float)) for k, tier in enumerate(tiers)]
    objectives = objectives or [Objective("value", value)]
    if price.any():
        objectives.append(Objective("cost", -price))
    labels = pd.DataFrame({"block": list(blocks or ["pool"] * rows.shape[0]), "project": None})
    empty: Any = pd.DataFrame()
    return Model(
        pd.DataFrame({"block": "option", "project": names}), spread(lower, n), spread(upper, n), spread(integer, n) > 0,
        labels, rows, spread(least, rows.shape[0]), spread(most, rows.shape[0]), tuple(objectives), value, price,
        pd.DataFrame({"project": names, "variant": "base", "period": ""}), empty, empty, empty, empty, empty,
    )  # fmt: skip


def random_model(seed: int) -> Model:
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(3, 15)), int(rng.integers(1, 5))
    matrix = rng.integers(0, 10, (m, n))
    least = np.where(rng.random(m) < 0.3, matrix.sum(axis=1) * 0.2, -np.inf)
    return made(rng.integers(-2, 20, n), matrix, matrix.sum(axis=1) * 0.5, least=least, integer=rng.random(n) < 0.7)


def all_plans(model: Model) -> list[Any]:
    every = (np.array(plan) for plan in itertools.product((0, 1), repeat=len(model.value)))
    return [plan for plan in every if (model.matrix @ plan <= model.row_upper).all()]


def hard_model(n: int = 400, m: int = 12) -> Model:
    rng = np.random.default_rng(5)
    matrix = rng.integers(1, 1000, (m, n))
    return made(matrix.mean(axis=0) + 500 * rng.random(n), matrix, matrix.sum(axis=1) * 0.5)


@BOTH
def test_optimum_is_that_of_another_solver(solver: str) -> None:
    for seed in range(12):
        model = random_model(seed)
        rows = LinearConstraint(model.matrix, model.row_lower, model.row_upper)
        whole = model.integer.astype(int)
        exact = {"mip_rel_gap": 0.0}
        other = milp(-model.value, constraints=rows, bounds=Bounds(0, 1), integrality=whole, options=exact)
        found = solve(model, solver=solver)
        if other.x is None:
            assert found.status == "infeasible"
            continue
        assert found.status == "optimal"
        assert found.objective == pytest.approx(-other.fun, abs=1e-6)
        assert found.x is not None
        assert recheck(model, found.x).empty


@BOTH
def test_prices_satisfy_strong_duality_and_have_the_sign_of_their_row(solver: str) -> None:
    for seed in range(12):
        model = random_model(seed)
        found = relax(model, solver=solver)
        if found.status == "infeasible":
            continue
        price = np.where(np.abs(found.prices) > 1e-9, found.prices, 0.0)
        side = np.where(price > 0, model.row_upper, model.row_lower)
        dual = (price[price != 0] * side[price != 0]).sum() + np.maximum(found.reduced, 0.0).sum()
        assert dual == pytest.approx(found.objective, rel=1e-6)
        assert not np.signbit(found.prices[found.prices == 0]).any()
        assert (price[~np.isfinite(model.row_lower)] >= 0).all()


@BOTH
def test_price_of_a_row_is_what_one_unit_more_adds(solver: str) -> None:
    scarce = made([3.0, 2.0], [[2.0, 1.0]], [1.5])
    assert relax(scarce, solver=solver).prices == pytest.approx([1.5])
    floor = made([3.0, -2.0], [[0.0, 1.0]], [np.inf], least=[0.5])
    assert relax(floor, solver=solver).prices == pytest.approx([-2.0])


@BOTH
def test_infeasible_and_unbounded_are_told_apart(solver: str) -> None:
    assert solve(made([1, 1], [[1, 1]], [4], least=[3]), solver=solver).status == "infeasible"
    assert solve(made([1, 1], [[1, 1]], [1.8], least=[1.2]), solver=solver).status == "infeasible"
    assert solve(made([1, 1], [[1, -1]], [1], upper=np.inf, integer=False), solver=solver).status == "unbounded"
    assert solve(made([1, 1], [[1, -1]], [1], upper=np.inf), solver=solver).status == "unbounded"
    assert relax(made([1, 1], [[1, 1]], [4], least=[3]), solver=solver).x is None


@BOTH
def test_models_without_columns_or_rows_are_solved(solver: str) -> None:
    nothing = solve(made([], np.zeros((1, 0)), [1]), solver=solver)
    assert (nothing.status, nothing.objective, nothing.bound) == ("optimal", 0.0, 0.0)
    free = solve(made([2, -1], np.zeros((0, 2)), []), solver=solver)
    assert (free.status, free.objective) == ("optimal", 2.0)
    assert solve(made([], np.zeros((1, 0)), [2], least=[1]), solver=solver).status == "infeasible"
    assert solve(made([1], np.zeros((0, 1)), [], upper=np.inf, integer=False), solver=solver).status == "unbounded"


@BOTH
def test_a_limit_stopped_solve_never_says_optimal(solver: str) -> None:
    model = hard_model()
    found = solve(model, solver=solver, gap=0.0, time_limit=1.0)
    assert found.status in ("feasible", "unknown")
    if found.x is not None and found.objective is not None and found.bound is not None:
        assert found.bound > found.objective
        assert found.gap is not None
        assert found.gap > 0
        assert recheck(model, found.x).empty


@BOTH
def test_ctrl_c_keeps_the_best_plan_so_far(solver: str) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs in the background
    model = hard_model()
    timer = threading.Timer(2.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    found = solve(model, solver=solver, gap=0.0, time_limit=60.0)
    timer.join()
    assert found.status == "feasible"
    assert found.x is not None
    assert recheck(model, found.x).empty
    assert found.seconds < 30


def test_ctrl_c_while_progress_is_told_keeps_the_plan() -> None:
    def tell(progress: Progress) -> None:
        if progress.incumbent is not None:
            raise KeyboardInterrupt

    found = solve(hard_model(), gap=0.0, time_limit=60.0, progress=tell)
    assert found.status == "feasible"
    assert found.objective is not None


@BOTH
def test_no_file_is_left_behind(solver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, scratch = tmp_path / "here", tmp_path / "has a space 临时"
    here.mkdir()
    scratch.mkdir()
    monkeypatch.chdir(here)
    for name in ("TMPDIR", "TMP", "TEMP"):
        monkeypatch.setenv(name, str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    solve(random_model(1), solver=solver)
    solve(hard_model(), solver=solver, gap=0.0, time_limit=0.5)
    solve(made([1, 1], [[1, 1]], [4], least=[3]), solver=solver)
    relax(random_model(2), solver=solver)
    assert list(here.iterdir()) == []
    assert list(scratch.iterdir()) == []


def test_progress_tells_incumbent_and_a_bound_above_it() -> None:
    told: list[Progress] = []
    solve(hard_model(), gap=0.0, time_limit=2.0, progress=told.append)
    known = [(each.bound, each.incumbent) for each in told if each.incumbent is not None and each.bound is not None]
    assert known
    assert all(bound >= incumbent - 1e-6 for bound, incumbent in known)


def test_a_plan_given_to_begin_from_is_never_lost() -> None:
    model = hard_model()
    first = solve(model, gap=0.0, time_limit=2.0)
    again = solve(model, gap=0.0, time_limit=0.6, start=first.x)
    assert first.objective is not None
    assert again.objective is not None
    assert again.objective >= first.objective * (1 - 1e-9)


def test_the_same_model_gives_the_same_plan() -> None:
    model = hard_model(300, 5)
    plans = [solve(model, gap=1e-2) for _ in range(2)]
    assert plans[0].x is not None
    assert plans[1].x is not None
    assert (plans[0].x == plans[1].x).all()


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e7])
def test_the_unit_of_the_value_changes_no_decision(scale: float) -> None:
    base = random_model(3)
    matrix = base.matrix.toarray()
    plan = solve(made(base.value * scale, matrix, base.row_upper, least=base.row_lower, integer=base.integer))
    whole = solve(base)
    assert plan.x is not None
    assert whole.x is not None
    assert plan.x[base.integer] == pytest.approx(whole.x[base.integer])


@BOTH
def test_objectives_follow_in_lexicographic_order(solver: str) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        n = 7
        need, first, second = rng.integers(1, 6, (2, n)), rng.integers(0, 3, n), rng.integers(0, 4, n)
        price = rng.integers(1, 9, n)
        model = made(first + second, need, need.sum(axis=1) * 0.5, cost=price, tiers=[first, second])
        found = solve(model, solver=solver)
        plans = all_plans(model)
        best = max((first @ plan, second @ plan, -(price @ plan)) for plan in plans)
        assert found.x is not None
        assert (first @ found.x, second @ found.x, -(price @ found.x)) == pytest.approx(best)
        assert found.bound == pytest.approx(found.objective)
        assert [name for name, *_ in found.stages] == ["value:0", "value:1", "cost"]


@BOTH
def test_ties_fund_the_projects_earlier_in_order(solver: str) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        n = 9
        value, need = rng.integers(1, 4, n), rng.integers(1, 4, (2, n))
        model = made(value, need, need.sum(axis=1) // 2)
        found = solve(model, solver=solver)
        plans = all_plans(model)
        most = max(value @ plan for plan in plans)
        first = max(tuple(plan) for plan in plans if value @ plan == most)
        assert found.x is not None
        assert tuple(found.x) == first


def test_ties_choose_the_earlier_option_of_a_project() -> None:
    need = [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]]
    model = made([2, 2, 2, 2], need, [1, 1, 1], projects=["a", "a", "b", "b"], blocks=["pool", "one", "one"])
    found = solve(model)
    assert found.x is not None
    assert found.x.tolist() == [1, 0, 0, 0]


def test_ties_of_divisible_projects_fill_the_earlier_one_first() -> None:
    found = solve(made([2, 2, 2], [[1, 1, 1]], [1.5], integer=False))
    assert found.x is not None
    assert found.x == pytest.approx([1.0, 0.5, 0.0], abs=1e-6)


def test_where_the_search_stops_at_a_gap_equal_projects_are_served_in_order() -> None:
    rng = np.random.default_rng(2)
    n = 240
    kind = rng.integers(0, 40, n)
    need, value = rng.integers(50, 500, (3, 40))[:, kind], rng.integers(100, 900, 40)[kind]
    found = solve(made(value, need, need.sum(axis=1) * 0.4), gap=0.01)
    assert found.x is not None
    for each in range(40):
        shares = found.x[kind == each]
        assert (np.diff(shares) <= 0).all()


def test_a_value_stage_is_not_given_up_for_cost_when_no_gap_is_asked() -> None:
    found = solve(made([10, 9], [[1, 1]], [1], cost=[100, 1]), gap=0.0)
    assert (found.objective, found.cost) == (10.0, 100.0)


def test_cost_is_given_up_only_within_the_gap() -> None:
    rng = np.random.default_rng(9)
    n = 200
    need, value = rng.integers(50, 500, (2, n)), rng.integers(100, 900, n)
    model = made(value, need, need.sum(axis=1) * 0.5, cost=rng.integers(1, 90, n))
    found = solve(model, gap=0.01)
    assert found.status == "optimal"
    assert found.gap is not None
    assert found.gap <= 0.01


def test_recheck_names_the_row_bound_and_whole_number_broken() -> None:
    model = made([1, 1, 1], [[1, 1, 1]], [1.0])
    broken = recheck(model, np.array([1.0, 0.5, -0.2]))
    assert broken[["kind", "index"]].to_numpy().tolist() == [["row", 0], ["bound", 2], ["whole", 1], ["whole", 2]]
    assert recheck(model, np.array([1.0, 0.0, 0.0])).empty


def test_an_unknown_solver_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(YaosuError) as refused:
        solve(random_model(1), solver="higs")
    assert refused.value.code == "solver_unknown"
    assert refused.value.values["nearest"] == "highs"
    assert "cbc" in refused.value.values["expected"]


def test_a_solver_that_is_not_installed_is_refused() -> None:
    with pytest.raises(YaosuError) as refused:
        relax(random_model(1), solver="gurobi_cmd")
    assert refused.value.code == "solver_missing"


def test_available_tells_versions() -> None:
    assert {"highs", "cbc"} <= set(available())
    assert all(version[0].isdigit() for name, version in available().items() if name in ("highs", "cbc"))
