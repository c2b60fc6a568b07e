"""The sample cases: published totals, scarcity, provenance, and rows that are what their generators make."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from allocator import Case, allocate, load_sample
from allocator.cases import make_gb_grid, make_shandong, samples
from allocator.cases.rows import write_tables
from allocator.check import check
from allocator.errors import YaosuError

FOLDER = Path(make_shandong.__file__).parent


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
    bonds = shandong.funds[shandong.funds["instrument"] == "专项债券"]
    assert bonds["capacity"].sum() == 71_600


def test_every_synthetic_project_says_so_and_every_total_has_its_standing(shandong: Case) -> None:
    assert shandong.projects["name"].str.contains("合成").all()
    assert shandong.projects["name"].is_unique
    marks = set("|".join(shandong.sources["standing"]).split("|"))
    assert marks <= {"seed", "pub", "calc", "know", "fitted", "assumed", "synthetic"}
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


def test_what_ties_projects_together_occurs_in_the_shandong_case(shandong: Case) -> None:
    projects, variants = shandong.projects, shandong.variants
    assert projects["requires"].notna().sum() == 20
    assert projects["excludes"].notna().sum() == 10
    assert variants["variant"].value_counts().to_dict() == {"一期": 20, "节能工艺": 22, "盘活存量用地": 20}
    assert variants["earliest"].notna().sum() == 20
    land = shandong.pools[shandong.pools["resource"] == "land"]
    assert (land["advance"].fillna(0) > 0).any()
    assert (shandong.pools["carry"] == 1).any()
    as_of, limit = pd.Timestamp(shandong.policy.as_of), pd.Timedelta(days=shandong.policy.return_days or 0)
    assert (shandong.grants["granted"] < as_of - limit).sum() == 2


def test_no_project_is_registered_after_the_round_begins(shandong: Case) -> None:
    assert (shandong.projects["registered"] <= "2020-02-03").all()
    assert (shandong.projects["started"].dropna() < "2020-02-03").all()


@pytest.mark.parametrize(
    ("name", "meant"),
    [("shandong-2020", {"free_finance": 11, "free_unready": 11, "free_too_large": 3}), ("gb-grid-2021", {})],
)
def test_a_sample_has_the_faults_its_readme_states_and_no_error(name: str, meant: dict[str, int]) -> None:
    faults = check(FOLDER / name)
    assert not [fault.text("en") for fault in faults if fault.severity == "error"]
    assert Counter(fault.code for fault in faults) == meant


@pytest.mark.parametrize("name", samples())
def test_a_plan_of_a_sample_serves_many_but_not_nearly_all_and_beats_the_baselines(name: str) -> None:
    plan = allocate(load_sample(name), gap=2e-2, time_limit=60)
    assert plan.status == "optimal"
    assert 0.4 < plan.projects["funded"].mean() < 0.8
    assert plan.objective is not None
    for baseline in plan.baselines.values():
        assert baseline.objective is not None
        assert baseline.objective < plan.objective


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


def as_published(projects: pd.DataFrame) -> pd.DataFrame:
    """The rows of the case in the headers of the database."""
    texts = {name: projects[name].dt.strftime("%d/%m/%Y") for name in ("registered", "granted", "expires")}
    columns = {
        "Ref ID": projects["id"].str[1:].str.lstrip("0"),
        "Technology Type": projects["sector"],
        "Installed Capacity (MWelec)": projects["capacity"].map("{:.2f}".format),
        "Development Status (short)": "Awaiting Construction",
        "Region": projects["region"],
        "Country": "England",
        "County": projects["county"],
        "Planning Authority": projects["authority"],
        "Planning Application Submitted": texts["registered"],
        "Appeal Granted": None,
        "Planning Permission Granted": texts["granted"],
        "Planning Permission Expired": texts["expires"],
        "Under Construction": None,
        "Operational": None,
    }
    return pd.DataFrame(columns)


def test_the_grid_rows_are_what_the_generator_makes_of_the_database(grid: Case, tmp_path: Path) -> None:
    published = as_published(grid.projects)
    others = published.head(3).assign(**{"Ref ID": ["1", "2", "3"], "Development Status (short)": "Operational"})
    assert_rows_are(make_gb_grid.make(pd.concat([others, published[::-1]])), FOLDER / "gb-grid-2021", tmp_path)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True),
        ({"Planning Permission Granted": None, "Appeal Granted": "01/08/2020"}, True),
        ({"Planning Permission Granted": None}, False),
        ({"Planning Permission Granted": "01/07/2021"}, False),
        ({"Planning Permission Expired": "30/06/2021"}, False),
        ({"Under Construction": "01/03/2021"}, False),
        ({"Operational": "01/03/2021"}, False),
        ({"Country": "Northern Ireland"}, False),
        ({"Development Status (short)": "Abandoned"}, False),
        ({"Installed Capacity (MWelec)": None}, False),
    ],
)
def test_only_projects_with_permission_that_had_not_started_are_in_the_grid_case(
    grid: Case, change: dict[str, str | None], kept: bool
) -> None:
    row = as_published(grid.projects.head(1)).assign(**change)
    assert len(make_gb_grid.select(row)) == kept


def test_connection_capacity_is_asked_for_about_twice(grid: Case) -> None:
    assert 1.5 <= asked(grid, "capacity") / supplied(grid, "capacity") <= 2.5
    assert grid.units["capacity"] == "MW"


def test_nothing_in_the_grid_case_is_chinese_and_its_licence_is_named(grid: Case) -> None:
    for file in filter(Path.is_file, (FOLDER / "gb-grid-2021").rglob("*")):
        assert all(ord(sign) < 0x2E80 for sign in file.read_text("utf-8")), file.name
    assert "Open Government Licence v3.0" in (FOLDER / "gb-grid-2021" / "README.md").read_text("utf-8")
    assert grid.sources["source"].str.contains("Open Government Licence").any()
    assert {"assumed", "pub"} <= set(grid.sources["standing"])


def test_the_stated_size_of_the_grid_case_is_that_of_its_rows(grid: Case) -> None:
    stated = grid.sources.set_index("item")["value"]
    assert int(stated["projects"]) == len(grid.projects)
    assert int(stated["capacity asked for"]) == round(grid.projects["capacity"].sum())
    assert (grid.projects["granted"] <= make_gb_grid.CENSUS).all()


def test_the_stated_supply_of_the_shandong_case_is_that_of_its_rows(shandong: Case) -> None:
    stated = shandong.sources.set_index("item")["value"].str.split("|")
    quota = [supplied(shandong, resource) for resource in ("land", "energy", "coal")]
    assert quota == [float(figure) for figure in stated["land, energy and coal quota"]]
    bonds = shandong.funds["instrument"] == "专项债券"
    assert shandong.funds.loc[~bonds, "capacity"].sum() == float(stated["capacity of the other products"][0])
