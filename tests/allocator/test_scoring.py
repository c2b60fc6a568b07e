"""Scores, grades, firmness: MODEL section 2, against a hand calculation and scikit-criteria."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skcriteria import mkdm
from skcriteria.agg.topsis import TOPSIS
from skcriteria.preprocessing.invert_objectives import NegateMinimize
from skcriteria.preprocessing.scalers import VectorScaler
from skcriteria.preprocessing.weighters import critic_weights, entropy_weights

from allocator import Case, Policy, load_sample
from allocator.errors import InputError, YaosuError
from allocator.indicators import appraise
from allocator.policy import Adjustment, ScoreRule
from allocator.scoring import firmness, score, why

POOLS = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [100.0]})


def county(**rule: object) -> Case:
    """Three firms, two larger-is-better ratios and one smaller-is-better number."""
    projects = pd.DataFrame({
        "id": ["a", "b", "c"], "land": [10.0, 20.0, 40.0], "tax": [30.0, 20.0, -4.0], "energy": [100.0, 50.0, 400.0],
        "added": [300.0, 200.0, 400.0], "emission": [4.0, 2.0, 8.0], "field": ["x", "x", "y"],
    })  # fmt: skip
    indicators = pd.DataFrame({
        "indicator": ["tax per mu", "added per tce", "emission"], "numerator": ["tax", "added", "emission"],
        "denominator": ["land", "energy", None], "direction": ["max", "max", "min"], "weight": [0.5, 0.3, 0.2],
        "benchmark": [2.0, 4.0, 4.0], "cap": [1.2, np.nan, 1.5],
    })  # fmt: skip
    return Case.from_tables(
        projects=projects, pools=POOLS, indicators=indicators, policy=Policy(score=ScoreRule(**rule))
    )


def random_case(seed: int, n: int = 12, m: int = 4, **rule: object) -> Case:
    random = np.random.default_rng(seed)
    projects = pd.DataFrame(random.lognormal(0.0, 0.8, (n, m)), columns=[f"x{j}" for j in range(m)])
    projects.insert(0, "id", [f"p{i:02d}" for i in range(n)])
    projects["land"] = 1.0
    projects["field"] = random.choice(["x", "y"], n)
    weight = random.dirichlet(np.ones(m))
    indicators = pd.DataFrame({
        "indicator": [f"i{j}" for j in range(m)], "numerator": [f"x{j}" for j in range(m)], "weight": weight,
        "direction": ["max", "min", "max", "min"][:m], "benchmark": random.uniform(0.5, 2.0, m), "cap": 1.5,
    })  # fmt: skip
    return Case.from_tables(
        projects=projects, pools=POOLS, indicators=indicators, policy=Policy(score=ScoreRule(**rule))
    )


def test_the_benchmark_method_agrees_with_a_hand_calculation() -> None:
    table = score(county()).set_index("id")
    a = 50 * min(3 / 2, 1.2) + 30 * (3 / 4) + 20 * min(4 / 4, 1.5)
    b = 50 * (1 / 2) + 30 * (4 / 4) + 20 * min(4 / 2, 1.5)
    c = 50 * 0 + 30 * (1 / 4) + 20 * (4 / 8)
    assert table["score"].to_list() == pytest.approx([a, b, c])
    assert table["rank"].to_list() == [1, 2, 3] if a > b else [2, 1, 3]
    assert table["part_tax per mu"].to_list() == pytest.approx([60.0, 25.0, 0.0])


def test_an_adjustment_adds_its_points_to_the_projects_meant() -> None:
    plain = score(county())
    extra = score(county(adjustments=(Adjustment("public", 7.5, "field", ("y",)),)))
    assert (extra["score"] - plain["score"]).to_list() == pytest.approx([0.0, 0.0, 7.5])


def test_weights_in_percent_mean_the_same_as_shares() -> None:
    case = county()
    percent = case.with_changes(indicators=case.indicators.assign(weight=case.indicators["weight"] * 100))
    assert score(percent)["score"].to_numpy() == pytest.approx(score(case)["score"].to_numpy())


def test_a_blank_benchmark_is_the_median_of_known_positive_values_in_the_group() -> None:
    case = county(group="field")
    blank = case.with_changes(indicators=case.indicators.assign(benchmark=np.nan))
    found = why(blank, "a").set_index("name")
    assert found.loc["tax per mu", "benchmark"] == pytest.approx((3.0 + 1.0) / 2)
    assert why(blank, "c").set_index("name").loc["tax per mu", "benchmark"] == pytest.approx((3.0 + 1.0) / 2)


METHODS = ("benchmark", "minmax", "percentile", "topsis")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("weights", ["given", "entropy", "critic"])
def test_the_rows_of_why_sum_to_the_score(method: str, weights: str) -> None:
    case = random_case(3, method=method, weights=weights, adjustments=(Adjustment("extra", 3.0, "field", ("x",)),))
    table = score(case).set_index("id")
    for id_ in table.index:
        rows = why(case, id_)
        total = rows.loc[rows["part"] == "total", "points"].item()
        assert total == table.loc[id_, "score"]
        assert math.fsum(rows.loc[rows["part"] != "total", "points"]) == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_rows_and_indicators_changes_nothing(method: str) -> None:
    case = random_case(5, method=method, weights="critic")
    turned = case.with_changes(
        projects=case.projects.iloc[::-1].reset_index(drop=True),
        indicators=case.indicators.iloc[::-1].reset_index(drop=True),
    )
    first, second = (score(c).set_index("id").sort_index() for c in (case, turned))
    pd.testing.assert_frame_equal(first, second[first.columns], check_exact=True)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), factor=st.floats(1e-3, 1e3), method=st.sampled_from(METHODS))
def test_the_unit_of_a_column_does_not_matter(seed: int, factor: float, method: str) -> None:
    case = random_case(seed, method=method, weights="entropy")
    unit = case.indicators["indicator"] == "i1"
    other = case.with_changes(
        projects=case.projects.assign(x1=case.projects["x1"] * factor),
        indicators=case.indicators.assign(
            benchmark=case.indicators["benchmark"].where(~unit, case.indicators["benchmark"] * factor)
        ),
    )
    assert score(other)["score"].to_numpy() == pytest.approx(score(case)["score"].to_numpy(), rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_minmax_agrees_with_scikit_criteria_inputs(seed: int) -> None:
    case = random_case(seed, method="minmax")
    x = case.projects[["x0", "x1", "x2", "x3"]].to_numpy()
    span = (x - x.min(0)) / np.ptp(x, axis=0)
    span[:, [1, 3]] = 1 - span[:, [1, 3]]
    assert score(case)["score"].to_numpy() == pytest.approx(100 * span @ case.indicators["weight"].to_numpy())


@pytest.mark.parametrize("seed", range(5))
def test_topsis_agrees_with_scikit_criteria(seed: int) -> None:
    case = random_case(seed, method="topsis")
    x = case.projects[["x0", "x1", "x2", "x3"]].to_numpy()
    matrix = mkdm(x, [max, min, max, min], weights=case.indicators["weight"].to_numpy())
    theirs = TOPSIS().evaluate(VectorScaler("matrix").transform(NegateMinimize().transform(matrix)))
    assert score(case)["score"].to_numpy() == pytest.approx(100 * theirs.e_.similarity)


@pytest.mark.parametrize("seed", range(5))
def test_entropy_and_critic_weights_agree_with_scikit_criteria(seed: int) -> None:
    x = random_case(seed).projects[["x0", "x1", "x2", "x3"]].to_numpy()
    assert appraise(random_case(seed, weights="entropy")).weight == pytest.approx(entropy_weights(x))
    assert appraise(random_case(seed, weights="critic")).weight == pytest.approx(
        critic_weights(x, np.array([1, -1, 1, -1]))
    )


@pytest.mark.parametrize("weights", ["entropy", "critic"])
@pytest.mark.parametrize("method", METHODS)
def test_a_constant_column_weighs_nothing_and_gives_no_blank(weights: str, method: str) -> None:
    case = random_case(1, weights=weights, method=method)
    case = case.with_changes(projects=case.projects.assign(x2=0.1))
    assert appraise(case).weight[2] == 0
    assert score(case)["score"].notna().all()
    constant = case.with_changes(projects=case.projects.assign(x0=1.0, x1=2.0, x3=0.3))
    assert appraise(constant).weight == pytest.approx(np.full(4, 0.25))
    assert score(constant)["score"].notna().all()


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 60), a=st.floats(0, 0.5), d=st.floats(0, 0.5), seed=st.integers(0, 99))
def test_grades_keep_to_their_shares_in_every_group(n: int, a: float, d: float, seed: int) -> None:
    case = random_case(seed, n=n, group="field", a_share=a, d_share=d, b_share=0.3)
    table = score(case).assign(field=case.projects["field"])
    for _, group in table.groupby("field"):
        count = group["grade"].value_counts()
        assert count.get("A", 0) <= a * len(group) + 1e-6
        assert count.get("D", 0) >= d * len(group) - 1e-6
        by_rank = group.sort_values("rank")["grade"].tolist()
        assert by_rank == sorted(by_rank)


def test_equal_scores_rank_by_registration_then_id() -> None:
    projects = pd.DataFrame({
        "id": ["d", "c", "b", "a"], "land": 1.0, "score": [50.0, 50.0, 50.0, 60.0],
        "registered": pd.to_datetime(["2020-02-01", "2020-01-01", "2020-02-01", None]),
    })  # fmt: skip
    table = score(Case.from_tables(projects=projects, pools=POOLS)).set_index("id")
    assert table["rank"].to_dict() == {"a": 1, "c": 2, "b": 3, "d": 4}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("zero", 0.0), ("benchmark", 50.0), ("median", 50 * 0.5), ("drop", 0.0)],
)
def test_a_blank_is_filled_by_its_rule_and_says_so(rule: str, expected: float) -> None:
    case = county()
    projects = case.projects.assign(tax=[30.0, 20.0, np.nan])
    projects.loc[0, "tax"] = 10.0
    blank = case.with_changes(projects=projects, indicators=case.indicators.assign(missing=[rule, "refuse", "refuse"]))
    table = score(blank).set_index("id")
    assert table.loc["c", "part_tax per mu"] == pytest.approx(expected)
    assert table["filled"].to_dict() == {"a": "", "b": "", "c": f"tax per mu={rule}"}
    if rule == "drop":
        assert table.loc["c", "score"] == pytest.approx((30 * (1 / 4) + 20 * (4 / 8)) / 0.5)


def test_a_refused_blank_names_every_project_and_indicator_at_once() -> None:
    case = county()
    projects = case.projects.assign(tax=[np.nan, 20.0, -4.0], energy=[100.0, 0.0, 400.0])
    with pytest.raises(InputError) as error:
        score(case.with_changes(projects=projects))
    found = {(fault.values["project"], fault.values["indicator"], fault.column) for fault in error.value.faults}
    assert found == {("a", "tax per mu", "tax"), ("b", "added per tce", "energy")}


def test_a_refused_blank_names_the_row_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "projects.csv").write_text("id,land,tax\na,1,2\n\n,,\nb,1,\n", encoding="utf-8")
    (tmp_path / "pools.csv").write_text("pool,resource,amount\np,land,5\n", encoding="utf-8")
    (tmp_path / "indicators.csv").write_text("indicator,numerator,weight,benchmark\nt,tax,1,1\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        score(Case.read(tmp_path))
    assert [fault.row for fault in error.value.faults] == [5]


def test_a_stated_score_is_used_as_it_is_and_blank_ones_are_made() -> None:
    case = county()
    mixed = case.with_changes(projects=case.projects.assign(score=[np.nan, 12.5, np.nan]))
    table = score(mixed).set_index("id")
    assert table["score"].to_dict() == pytest.approx(
        {"a": score(case)["score"][0], "b": 12.5, "c": score(case)["score"][2]}
    )
    assert why(mixed, "b")["part"].tolist() == ["given", "total"]


def test_a_blank_score_without_indicators_is_a_fault() -> None:
    projects = pd.DataFrame({"id": ["a", "b"], "land": 1.0, "score": [1.0, np.nan]})
    with pytest.raises(InputError):
        score(Case.from_tables(projects=projects, pools=POOLS))


def test_without_scores_and_indicators_the_score_is_blank() -> None:
    table = score(Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [1.0], "value": [3.0]}), pools=POOLS))
    assert table[["score", "rank", "grade"]].isna().all(axis=None)


def test_why_of_an_unknown_project_tells_the_nearest() -> None:
    with pytest.raises(YaosuError) as error:
        why(county(), "aa")
    assert error.value.values["nearest"] == "a"


def test_firmness_is_certain_when_the_weights_are() -> None:
    firm = firmness(random_case(2), funded=5, draws=50, concentration=1e9)
    assert (firm["rank_low"] == firm["rank_high"]).all() and (firm["rank"] == firm["rank_low"]).all()
    assert set(firm["probability"]) == {0.0, 1.0} and firm["probability"].sum() == 5


@pytest.mark.parametrize("method", METHODS)
def test_rank_intervals_widen_as_weights_get_less_certain(method: str) -> None:
    case = random_case(4, n=40, method=method)
    widths = [
        (f["rank_high"] - f["rank_low"]).mean()
        for f in (firmness(case, funded=10, draws=300, concentration=c) for c in (2000.0, 100.0, 5.0))
    ]
    assert widths == sorted(widths) and widths[0] < widths[-1]
    firm = firmness(case, funded=10, draws=300)
    assert firm["probability"].sum() == pytest.approx(10)
    assert firm["rank"].tolist() == score(case)["rank"].tolist()


def test_a_project_that_is_best_in_everything_is_always_first() -> None:
    case = random_case(6, n=20, method="topsis")
    projects = case.projects.copy()
    projects.loc[7, ["x0", "x1", "x2", "x3"]] = [1e3, 1e-3, 1e3, 1e-3]
    assert firmness(case.with_changes(projects=projects), funded=1, draws=200)["probability"][7] == 1.0


def test_stated_scores_are_firm_whatever_the_weights() -> None:
    case = county()
    stated = case.with_changes(projects=case.projects.assign(score=[3.0, 2.0, 1.0]))
    assert firmness(stated, funded={"a", "b"}, draws=20)["probability"].tolist() == [1.0, 1.0, 0.0]


def test_the_sample_is_scored_with_grades_in_their_shares() -> None:
    case = load_sample("shandong-2020")
    table = score(case)
    assert table["score"].between(0, 140).all() and table["filled"].str.contains("zero").any()
    assert (table["grade"] == "A").mean() <= 0.2 and (table["grade"] == "D").mean() >= 0.05
