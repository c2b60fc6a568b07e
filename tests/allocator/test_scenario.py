"""Scenarios: faults with their exact message, changes that do what they say, and comparisons that hold."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import allocator
from allocator import Case, InputError, Scenario, YaosuError, allocate, compare_scenarios, find_scenario, load_sample
from allocator.case import TABLES
from allocator.scenario import apply_all, read_scenarios
from allocator.sidebyside import SideBySide

INPUTS: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("faulty_scenarios.toml").read_text("utf-8")
)["input"]  # fmt: skip
CASES = Path(allocator.__file__).parent / "cases"
SAMPLES = sorted(CASES.glob("*/scenarios/*.toml"))


def small() -> Case:
    """Three projects, three pools, a floor, a table of the user's."""
    projects = pd.DataFrame({
        "id": ["P1", "P2", "P3"], "region": ["North", "North", "South"], "field": ["industry", "public", "industry"],
        "land": [50.0, 30, 40], "energy": [100.0, 0, 200], "value": [9.0, 4, 8],
        "due": pd.to_datetime(["2020-01-01", "2020-02-01", None]), "bond": [True, False, False], "tax": [1.0, 2, 3],
    })  # fmt: skip
    pools = pd.DataFrame({
        "pool": ["North land", "South land", "Energy"], "resource": ["land", "land", "energy"],
        "amount": [60.0, 50, 250], "region": ["North", "South", None], "tiers": [None, "A|B", None],
    })  # fmt: skip
    floor = {"measure": "land", "limit": 10, "by": "field", "of": ["public"], "name": "public land"}
    return Case.from_tables(
        projects=projects, pools=pools, policy={"value": "value", "match": {"land": 0.6}, "floors": [floor]},
        targets=pd.DataFrame({"who": ["a"], "x": [1.0]}),
    )  # fmt: skip


def crowd() -> Case:
    """Twelve projects of two regions that compete for land and energy."""
    random = np.random.default_rng(5)
    projects = pd.DataFrame({
        "id": [f"p{i:02d}" for i in range(12)], "name": "=1+1", "region": ["North", "South"] * 6,
        "field": ["industry", "public", "public"] * 4, "land": random.integers(2, 9, 12).astype(float),
        "energy": random.integers(1, 9, 12).astype(float), "score": random.integers(50, 100, 12).astype(float),
        "plan": random.integers(5, 20, 12).astype(float),
    })  # fmt: skip
    pools = pd.DataFrame({"pool": ["land", "energy"], "resource": ["land", "energy"], "amount": [25.0, 30.0]})
    return Case.from_tables(projects=projects, pools=pools, name="crowd")


def toml(text: str, name: str = "trial") -> Scenario:
    return Scenario(name, tomllib.loads(text), file=f"{name}.toml")


QUOTA = toml("[sweep]\nquota = [0.5, 0.8, 1.0, 1.3, 5]\n[[pools]]\nscale = { amount = '$quota' }", "quota")
IMPOSSIBLE = toml(
    '[[rules]]\nappend = [{ rule = "all", sense = "floor", measure = "count", limit = 12 }]', "impossible"
)
WORTH = toml("[[projects]]\nwhere = { field = 'public' }\nscale = { score = 3 }", "worth")


def compared(**more: Any) -> SideBySide:
    return compare_scenarios(crowd(), [QUOTA, IMPOSSIBLE, WORTH], gap=0.0, **{"jobs": 1, **more})


# faults


@pytest.mark.parametrize("one", INPUTS, ids=[one["what"] for one in INPUTS])
def test_a_faulty_scenario_is_told_exactly_in_both_languages(one: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        apply_all([toml(one["text"])], small())
    assert [fault.text("en") for fault in caught.value.faults] == one["en"]
    assert [fault.text("zh") for fault in caught.value.faults] == one["zh"]


def test_the_faults_of_all_scenarios_come_at_once_before_anything_is_solved() -> None:
    wrong = [toml("[[pols]]\nremove = true", "one"), toml("[policy]\ndivisble = true", "two")]
    with pytest.raises(InputError) as caught:
        compare_scenarios(small(), wrong)
    assert [(fault.table, fault.column, fault.values["nearest"]) for fault in caught.value.faults] == [
        ("one.toml", "pols", "pools"),
        ("two.toml", "policy.divisble", "divisible"),
    ]


def test_a_file_that_cannot_be_read_is_a_fault_and_no_traceback(tmp_path: Path) -> None:
    broken, foreign = tmp_path / "broken.toml", tmp_path / "foreign.toml"
    broken.write_text("title = ", "utf-8")
    foreign.write_bytes("title = '用地'".encode("gb18030"))
    for path, code in ((broken, "bad_toml"), (foreign, "bad_encoding"), (tmp_path / "no.toml", "no_file"),
                       (tmp_path, "cannot_read")):  # fmt: skip
        with pytest.raises(InputError) as caught:
            Scenario.read(path)
        assert [fault.code for fault in caught.value.faults] == [code]
        assert caught.value.text("zh")


def test_the_faults_of_several_files_are_told_at_once(tmp_path: Path) -> None:
    names = ["one.toml", "two.toml"]
    for name in names:
        (tmp_path / name).write_text("title = ", "utf-8")
    with pytest.raises(InputError) as caught:
        read_scenarios(tmp_path, [str(tmp_path / name) for name in names])
    assert [fault.table for fault in caught.value.faults] == names


def test_a_scenario_is_found_by_path_and_by_name_and_else_the_nearest_is_named(tmp_path: Path) -> None:
    case = CASES / "gb-grid-2021"
    path = find_scenario(case, "capacity")
    assert path == find_scenario(case, "capacity.toml") == find_scenario(CASES, str(path))
    with pytest.raises(YaosuError) as caught:
        find_scenario(case, "capasity")
    assert caught.value.values["nearest"] == "capacity"
    with pytest.raises(YaosuError) as caught:
        find_scenario(tmp_path, "capacity")
    assert caught.value.code == "scenario_none"
    book = tmp_path / "book.xlsx"
    small().write(book)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "more.toml").write_text("title = 'more'", "utf-8")
    assert Scenario.read(find_scenario(book, "more")).title() == "more"


def test_two_scenarios_of_one_name_are_refused() -> None:
    for pair in ([QUOTA, QUOTA], [toml("", "base")]):
        with pytest.raises(YaosuError) as caught:
            compare_scenarios(crowd(), pair)
        assert caught.value.code == "scenario_twice"


# changes


@pytest.mark.parametrize("name", ["shandong-2020", "gb-grid-2021"])
def test_a_scenario_that_changes_nothing_gives_the_same_case(name: str) -> None:
    case = load_sample(name)
    same = toml("title = 'nothing'").apply(case)
    assert same.hash == case.hash and same.policy == case.policy


def test_a_scenario_never_changes_the_case_that_it_starts_from() -> None:
    case, before = small(), small().hash
    for text in ("[[pools]]\nscale = { amount = 3 }", "[[projects]]\nset = { tax = 4 }", "[policy.match]\nland = 0.1"):
        assert toml(text).apply(case).hash != before
        assert case.hash == before


def changed(text: str) -> Case:
    return toml(text).apply(small())


def test_rows_are_meant_by_value_by_several_values_by_limits_and_by_items_of_lists() -> None:
    for where, wanted in (
        ('{ resource = "用地" }', [120, 100, 250]), ('{ pool = ["North land", "Energy"] }', [120, 50, 500]),
        ('{ amount = "> 55", resource = "land" }', [120, 50, 250]), ('{ tiers = "B" }', [60, 100, 250]),
        ('{ region = "" }', [60, 50, 500]), ('{ "数量(公顷)" = "<=4", resource = "land" }', [120, 100, 250]),
    ):  # fmt: skip
        assert changed(f"[[pools]]\nwhere = {where}\nscale = {{ amount = 2 }}").pools["amount"].tolist() == wanted


def test_values_are_set_scaled_and_added_in_the_units_of_their_headers() -> None:
    land = '[[pools]]\nwhere = { resource = "land" }\n'
    assert changed(land + 'set = { "amount(公顷)" = 2 }').pools["amount"].tolist() == [30, 30, 250]
    assert changed(land + 'add = { "数量(公顷)" = -1 }').pools["amount"].tolist() == [45, 35, 250]
    assert changed(land + 'scale = { amount = "110%" }').pools["amount"].tolist() == pytest.approx([66, 55, 250])
    moved = changed("[[projects]]\nadd = { due = 31 }").projects["due"]
    assert moved.dt.strftime("%Y-%m-%d").tolist()[:2] == ["2020-02-01", "2020-03-03"] and moved.isna()[2]
    assert changed('[[projects]]\nwhere = { id = "P2" }\nset = { bond = "是" }').projects["bond"].tolist() == [
        True, True, False,
    ]  # fmt: skip
    assert changed('[[projects]]\nset = { requires = ["P1"] }\nwhere = { id = "P3" }').projects["requires"][2] == "P1"
    assert changed("[[targets]]\nscale = { x = 3 }").extra["targets"]["x"].tolist() == [3.0]


def test_a_unit_stated_in_the_pools_does_not_hide_the_unit_of_a_header() -> None:
    case = small().with_changes(pools=lambda pools: pools.assign(unit=["mu", "mu", "tce"]))
    more = toml('[[pools]]\nwhere = { resource = "land" }\nset = { "amount(公顷)" = 2 }').apply(case)
    assert more.pools["amount"].tolist() == [30, 30, 250]


def test_rows_are_appended_and_removed() -> None:
    pools = changed("""
        [[pools]]
        where = { pool = "South land" }
        remove = true
        [[pools]]
        append = [{ "指标池" = "省级", resource = "土地", "数量(公顷)" = 2 }]
    """).pools
    assert pools["pool"].tolist() == ["North land", "Energy", "省级"]
    assert pools["resource"].tolist() == ["land", "energy", "land"] and pools["amount"].tolist() == [60, 250, 30]


def test_rows_that_take_the_place_of_all_others_need_not_state_what_may_be_left_out() -> None:
    case = crowd().with_changes(projects=lambda projects: projects.assign(bond=True))
    row = '{ id = "new", land = 4, energy = 1, score = 9, plan = 2 }'
    new = f"[[projects]]\nremove = true\n[[projects]]\nappend = [{row}]"
    assert toml(new).apply(case).projects[["id", "bond"]].to_numpy().tolist() == [["new", False]]


def test_rules_are_laid_over_changed_by_name_appended_and_taken_out() -> None:
    assert changed("[policy.match]\n'用地' = 0.8\nenergy = 0.5").policy.match == {"land": 0.8, "energy": 0.5}
    assert changed("[policy]\nmatch = {}").policy.match == {}
    assert changed("[policy]\ncapital_ratio = {}").policy.capital_ratio is None
    floor = changed('[[rules]]\nwhere = { rule = "public land" }\nset = { limit = 25, penalty = 3 }').policy.floors[0]
    assert (floor.limit, floor.penalty, floor.of) == (25, 3, ("public",))
    more = changed('[[rules]]\nappend = [{ rule = "few", sense = "cap", measure = "count", limit = 2 }]').policy
    assert [rule.name for _, rule in more.rules] == ["public land", "few"]
    assert not changed('[[rules]]\nwhere = { rule = "public land" }\nremove = true').policy.floors


def test_a_sweep_over_several_names_is_a_grid_and_parts_of_a_value_move_together() -> None:
    scenario = toml("""
        title = { en = "two", zh = "两项" }
        [sweep]
        land = [1, 2]
        mix = [{ a = 1, b = 10 }, { a = 2, b = 20 }]
        [names]
        mix = { en = "mixture", zh = "组合" }
        [[pools]]
        where = { resource = "land" }
        scale = { amount = "$land" }
        [[projects]]
        set = { tax = "$mix.a", value = "$mix.b" }
    """)
    made = apply_all([scenario], small())
    assert [(case.pools["amount"][0], case.projects["tax"][0], case.projects["value"][0]) for _, case in made] == [
        (60, 1, 10), (60, 2, 20), (120, 1, 10), (120, 2, 20),
    ]  # fmt: skip
    assert (
        made[1][0].title("zh") == "两项（land = 1，组合 = 2/20）" and made[1][0].key == "trial (land = 1, mix = 2/20)"
    )
    with pytest.raises(YaosuError) as caught:
        scenario.apply(small())
    assert caught.value.code == "scenario_swept"


def test_levers_of_the_simulation_leave_a_plan_as_it_is() -> None:
    assert toml("[levers]\nspeed = 1.5").apply(small()).hash == small().hash
    with pytest.raises(InputError, match="levers"):
        changed("levers = 1.5")


# side by side


def test_more_quota_is_never_worth_less_and_the_point_of_no_change_is_exactly_the_base() -> None:
    case = crowd()
    before = case.hash
    side = compare_scenarios(case, [QUOTA], gap=0.0, jobs=1)
    assert case.hash == before
    table = side.summary
    assert (np.diff(table["objective"][1:]) >= 0).all() and (np.diff(table["bound"][1:]) >= -1e-6).all()
    assert table["objective"][3] == table["objective"][0] == allocate(case, gap=0.0).objective
    assert table.loc[[0, 3], ["change", "change_low", "change_high"]].to_numpy().tolist() == [[0.0] * 3] * 2
    assert (table["change_low"] <= table["change"] + 1e-9).all() and (
        table["change"] <= table["change_high"] + 1e-9
    ).all()
    assert table["funded"].iloc[-1] == len(case.projects)


def test_each_row_is_what_allocating_its_case_by_itself_gives() -> None:
    side, case = compared(), crowd()
    for variant, (_, row) in zip(QUOTA.variants(), side.summary.iloc[1:6].iterrows(), strict=True):
        plan = allocate(variant.apply(case), gap=0.0)
        assert row["objective"] == pytest.approx(plan.objective, rel=1e-9)
        granted = plan.grants.groupby("resource")["amount"].sum()
        assert [row["land"], row["energy"]] == pytest.approx([granted["land"], granted["energy"]])
        shares = side.projects.set_index("id")[row["scenario"]]
        assert set(shares[shares > 0].index) == set(plan.projects.query("funded")["id"])
        prices = plan.prices[plan.prices["block"] == "pool"].set_index("pool")["price"]
        assert side.prices.set_index("pool")[row["scenario"]].to_dict() == pytest.approx(prices.to_dict())


def test_moves_and_groups_add_up() -> None:
    side = compared()
    table, projects = side.summary, side.projects
    for _, row in table[table["objective"].notna()].iterrows():
        funded, base = projects[row["scenario"]] > 0, projects["base"] > 0
        assert (row["moved_in"], row["moved_out"]) == ((funded & ~base).sum(), (base & ~funded).sum())
        for _, part in side.groups.groupby("by"):
            assert part[row["scenario"]].sum() == pytest.approx(row["worth"])


def test_where_scores_differ_the_plan_is_valued_with_those_of_the_base() -> None:
    side, case = compared(), crowd()
    row = side.summary.set_index("scenario").loc["worth"]
    funded = side.projects.loc[side.projects["worth"] > 0, "id"]
    points = case.projects.set_index("id").eval("score * plan")
    assert row["worth"] == pytest.approx(points[funded].sum()) and row["worth"] < row["objective"]
    assert row["change"] <= 0 and np.isnan(row["change_low"])


def test_what_cannot_be_solved_is_a_row_that_says_so() -> None:
    row = compared(lang="zh").summary.set_index("scenario").loc["impossible"]
    assert row["status"] == "infeasible" and row[["objective", "worth", "change", "funded", "land"]].isna().all()
    failed = compare_scenarios(crowd(), [QUOTA], jobs=1, solver="nosuch", lang="zh")
    assert set(failed.summary["status"]) == {"error"} and "nosuch" in failed.summary["error"][0]
    assert "没有方案" in failed.text("zh")


def test_neither_workers_nor_the_order_of_scenarios_changes_a_result() -> None:
    one, two = compared(jobs=1).summary, compared(jobs=2).summary
    turned = compare_scenarios(crowd(), [WORTH, IMPOSSIBLE, QUOTA], gap=0.0, jobs=1).summary
    index = one["scenario"]
    for other in (two, turned):
        again = other.set_index("scenario").loc[index].reset_index()
        pd.testing.assert_frame_equal(one.drop(columns="seconds"), again.drop(columns="seconds"))


def test_an_interruption_keeps_what_is_done() -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    table = compared(progress=stop).summary
    assert table["objective"].notna().sum() >= 2 and (table["status"] == "unknown").any()
    assert (table.loc[table["status"] == "unknown", "error"] != "").all()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_folder_holds_the_workbook_the_tables_the_picture_and_a_summary(lang: Any, tmp_path: Path) -> None:
    side = compared()
    folder = side.write(tmp_path / "out", lang)
    assert {path.name for path in folder.iterdir()} == {
        "scenarios.xlsx", "scenarios.csv", "scenario_projects.csv", "scenario_groups.csv", "scenario_prices.csv",
        "scenarios.png", "summary.json",
    }  # fmt: skip
    told = json.loads((folder / "summary.json").read_text("utf-8"))
    assert told["input_hash"] == crowd().hash and told["units"]["land"] == "mu"
    assert [row["scenario"] for row in told["scenarios"]] == side.keys
    assert told["scenarios"][6]["objective"] is None and told["scenarios"][1]["point"] == {"quota": 0.5}
    book = openpyxl.load_workbook(folder / "scenarios.xlsx")
    sheet = book.worksheets[0]
    assert [sheet.cell(row, 1).value for row in range(2, sheet.max_row + 1)] == side.titles(lang)
    assert not [cell for page in book.worksheets for row in page for cell in row if cell.data_type == "f"]
    assert len(book.chartsheets) == 1
    listed = pd.read_csv(folder / "scenario_projects.csv")
    assert listed["id"].tolist() == crowd().projects["id"].tolist() and set(listed["name"]) == {"'=1+1"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_picture_has_a_panel_per_sweep_and_its_texts_have_glyphs(
    lang: Any, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    grid = toml("""
        title = { en = "land and energy", zh = "用地与能耗" }
        [sweep]
        land = [0.8, 1.2]
        energy = [0.8, 1.2]
        [[pools]]
        where = { resource = "land" }
        scale = { amount = "$land" }
        [[pools]]
        where = { resource = "energy" }
        scale = { amount = "$energy" }
    """, "grid")  # fmt: skip
    figure = compare_scenarios(crowd(), [QUOTA, IMPOSSIBLE, grid], jobs=1).plot(lang)
    bars, line, heat = figure.axes
    assert len(bars.containers) and len(line.lines) and len(heat.images)
    assert [heat.get_xlabel(), heat.get_ylabel()] == ["land", "energy"]
    figure.savefig(tmp_path / "a.png")
    assert not [one for one in recwarn if "Glyph" in str(one.message)]


# samples


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.parent.name} {path.stem}")
def test_each_sample_scenario_changes_its_case_and_says_what_and_whence(path: Path) -> None:
    case, scenario = load_sample(path.parent.parent.name), Scenario.read(path)
    made = apply_all([scenario], case)
    assert any(one.hash != case.hash for _, one in made) or scenario.content["levers"]
    assert scenario.title("en") != scenario.name and scenario.source()
    if case.name == "shandong-2020":
        assert scenario.title("zh") != scenario.title("en") and scenario.source("zh") != scenario.source("en")
    assert {variant.name for variant, _ in made} == {path.stem}


def test_there_are_enough_sample_scenarios() -> None:
    names = [path.parent.parent.name for path in SAMPLES]
    assert names.count("shandong-2020") >= 5 and names.count("gb-grid-2021") >= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shandong-2020", "gb-grid-2021"])
def test_each_sample_scenario_has_a_plan(name: str) -> None:
    scenarios = [Scenario.read(path) for path in SAMPLES if path.parent.parent.name == name]
    scenarios = [one for one in scenarios if {"policy", *TABLES} & set(one.content)]
    first = [one.variants()[0] for one in scenarios]
    side = compare_scenarios(load_sample(name), first, gap=0.05, time_limit=1)
    assert set(side.summary["status"]) <= {"optimal", "feasible"}, side.text()
