"""The sample cases: published totals, scarcity, provenance, and rows that are what their generators make."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from allocator.cases.rows import write_tables

from allocator import Case, load_sample
from allocator.cases import make_gb_grid, make_shandong, samples
from allocator.errors import YaosuError

FOLDER = Path(make_shandong.__file__).parent
REPD = Path(__file__).parents[3] / "shared" / "data" / "repd-2021-06.csv"


@pytest.fixture(scope="module")
def shandong() -> Case:
    return load_sample("shandong-2020")


@pytest.fixture(scope="module")
def grid() -> Case:
    return load_sample("gb-grid-2021")


def asked(case: Case, resource: str) -> float:
    ratios = case.policy.replacement.get(resource)
    factor = case.projects[ratios.by].map(ratios.ratios).fillna(ratios.default) if ratios else 1.0
    return float((case.projects[resource] * factor).sum())


def supplied(case: Case, resource: str) -> float:
    pools = case.pools[case.pools["resource"] == resource]
    inside = ~pools["period"].notna() | pools["period"].isin(case.policy.periods)
    return float(pools.loc[inside, "amount"].sum())


def assert_rows_are(tables: dict[str, pd.DataFrame], folder: Path, made: Path) -> None:
    write_tables(tables, made)
    for name in tables:
        assert (made / f"{name}.csv").read_bytes() == (folder / f"{name}.csv").read_bytes(), (
            f"{name}.csv is stale: run the generator"
        )


def test_every_sample_loads_without_errors_and_an_unknown_one_names_the_nearest() -> None:
    assert samples() == ("gb-grid-2021", "shandong-2020")
    with pytest.raises(YaosuError, match="shandong-2020"):
        load_sample("shandong2020")


def test_the_shandong_rows_are_what_the_generator_makes(tmp_path: Path) -> None:
    assert_rows_are(make_shandong.make(), FOLDER / "shandong-2020", tmp_path)


def test_the_published_totals_of_the_pipeline_are_met_exactly(shandong: Case) -> None:
    projects = shandong.projects
    assert len(projects) == 1020
    assert projects["plan"].sum() == 410_000
    assert projects["bond"].sum() == 397
    assert projects["region"].nunique() == 16
    assert set(projects["field"]) == {"基础设施", "现代产业", "社会民生", "重大平台"}
    assert set(projects["tier"]) == {"省重大", "新旧动能转换优选", "双招双引重点签约"}
    assert set(projects["batch"]) == {"plan", "reserve", "start", "finish"}
    assert projects.loc[projects["tier"] == "新旧动能转换优选", "total_mcny"].sum() == 736_100
    continuing = projects["started"].notna()
    new = ~continuing & (projects["batch"] == "start")
    assert (continuing.sum(), new.sum()) == (540, 353)
    assert (projects.loc[new, "due"] <= "2020-03-31").sum() == 202


def test_the_published_averages_are_met(shandong: Case) -> None:
    projects = shandong.projects
    assert projects.loc[projects["field"] == "现代产业", "site_mu"].mean() == pytest.approx(88, rel=0.01)
    mix = projects["field"].value_counts(normalize=True)
    assert mix["现代产业"] + mix["重大平台"] == pytest.approx(0.70, abs=0.01)
    assert mix["基础设施"] == pytest.approx(0.15, abs=0.01)
    assert mix["社会民生"] == pytest.approx(0.15, abs=0.01)
    bonds = shandong.funds[shandong.funds["instrument"] == "special_bond"]
    assert bonds["capacity"].sum() == 71_600


def test_every_synthetic_project_says_so_and_every_total_has_its_standing(shandong: Case) -> None:
    assert shandong.projects["name"].str.contains("合成").all()
    assert shandong.projects["name"].is_unique
    marks = set("|".join(shandong.sources["standing"]).split("|"))
    assert marks <= {"seed", "pub", "calc", "know", "assumed", "synthetic"}
    assert {"seed", "synthetic"} <= marks


def test_each_element_and_money_are_asked_for_between_one_and_a_half_and_two_and_a_half_times(shandong: Case) -> None:
    for resource in ("land", "energy", "coal"):
        assert 1.5 <= asked(shandong, resource) / supplied(shandong, resource) <= 2.5, resource
    projects = shandong.projects
    for need in ((projects["investment"] - projects["capital"]).clip(lower=0).sum(), projects["investment"].sum()):
        assert 1.5 <= need / shandong.funds["capacity"].sum() <= 2.5


def test_the_shandong_case_has_every_kind_of_supply_and_rule(shandong: Case) -> None:
    pools, policy = shandong.pools, shandong.policy
    assert set(pools["level"]) == {"city", "province", "bank"}
    assert pools["tiers"].notna().any()
    assert set(pools.loc[pools["level"] == "bank", "resource"]) == {"energy", "coal"}
    assert shandong.funds["fund"].nunique() >= 6
    assert len(policy.periods) == 4
    assert "2021Q1" in set(pools["period"].dropna())
    assert any(rule.soft for _, rule in policy.rules)
    assert any(not rule.soft for _, rule in policy.rules)
    assert policy.match and policy.replacement and policy.capital_ratio and policy.priorities
    projects = shandong.projects
    assert projects["decision"].value_counts().to_dict() == {"must": 6, "never": 4}
    assert projects["phases"].notna().sum() == 50
    assert len(shandong.variants) == 62
    assert len(shandong.grants) == 10


def test_the_plan_of_a_project_is_never_more_than_its_investment(shandong: Case) -> None:
    projects = shandong.projects
    assert (projects["plan"] <= projects["investment"]).all()
    assert (projects["capital"] <= projects["investment"]).all()


def test_the_grid_rows_are_what_their_own_columns_make(grid: Case) -> None:
    columns = ["id", "region", "county", "authority", "sector", "capacity", "registered", "granted", "expires"]
    projects = make_gb_grid.add_columns(grid.projects[columns])
    pd.testing.assert_frame_equal(projects, grid.projects, check_dtype=False, check_like=True)
    amounts = make_gb_grid.make_pools(projects).set_index(["pool", "period"])["amount"]
    pd.testing.assert_series_equal(amounts, grid.pools.set_index(["pool", "period"])["amount"], check_index_type=False)


@pytest.mark.skipif(not REPD.exists(), reason="needs the Renewable Energy Planning Database of June 2021")
def test_the_grid_rows_are_what_the_generator_makes_of_the_database(tmp_path: Path) -> None:
    assert_rows_are(make_gb_grid.make(pd.read_csv(REPD, dtype=str)), FOLDER / "gb-grid-2021", tmp_path)


def test_a_project_that_started_expired_or_had_no_permission_is_not_in_the_grid_case() -> None:
    row = {
        "Ref ID": "7", "Technology Type": "Battery", "Installed Capacity (MWelec)": "49.90", "Country": "England",
        "Development Status (short)": "Awaiting Construction", "Region": "London", "County": "London", "Planning Authority": "Barnet",
        "Planning Application Submitted": "01/02/2019", "Planning Permission Granted": "01/06/2019", "Appeal Granted": None,
        "Planning Permission Expired": "01/06/2022", "Under Construction": None, "Operational": None,
    }  # fmt: skip
    changes = (
        {}, {"Planning Permission Granted": None, "Appeal Granted": "01/08/2020"}, {"Planning Permission Granted": None},
        {"Planning Permission Expired": "30/06/2021"}, {"Under Construction": "01/03/2021"}, {"Country": "Northern Ireland"},
        {"Development Status (short)": "Abandoned"}, {"Installed Capacity (MWelec)": None}, {"Planning Permission Granted": "01/07/2021"},
    )  # fmt: skip
    kept = [len(make_gb_grid.select(pd.DataFrame([row | change]))) for change in changes]
    assert kept == [1, 1, 0, 0, 0, 0, 0, 0, 0]


def test_connection_capacity_is_asked_for_about_twice(grid: Case) -> None:
    assert 1.5 <= asked(grid, "capacity") / supplied(grid, "capacity") <= 2.5
    assert grid.units["capacity"] == "MW"


def test_nothing_in_the_grid_case_is_chinese_and_its_licence_is_named(grid: Case) -> None:
    for file in (FOLDER / "gb-grid-2021").iterdir():
        assert all(ord(sign) < 0x2E80 for sign in file.read_text("utf-8")), file.name
    assert "Open Government Licence v3.0" in (FOLDER / "gb-grid-2021" / "README.md").read_text("utf-8")
    assert grid.sources["source"].str.contains("Open Government Licence").any()
    assert {"assumed", "pub"} <= set(grid.sources["standing"])
