"""Pictures show the numbers of the tables, in Chinese and English, on any machine; quota has falling returns."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from matplotlib._pylab_helpers import Gcf
from matplotlib.figure import Figure
from matplotlib.text import Text

from allocator import Case, Plan, Policy, allocate, load_sample
from allocator.compare import compare
from allocator.errors import Infeasible, YaosuError
from allocator.fonts import FILE
from allocator.labels import Lang
from allocator.plot import benefit_table, pool_use
from allocator.plotstyle import save, short
from allocator.policy import Rule
from allocator.quotacurve import quota_curve, scaled, slope, which
from allocator.solve import relax

RARE = "镕煊喆圳垟鄄莘罘崮嵒"
RARE_GB2312 = "".join(sign for sign in RARE if len(sign.encode("gb2312", "ignore")) == 2)
PICTURES: dict[str, Callable[[Plan, Lang], Figure]] = {
    "pools": lambda plan, lang: plan.plot_pools(lang),
    "benefit": lambda plan, lang: plan.plot_benefit(lang=lang),
    "curve": lambda plan, lang: plan.plot_curve(lang=lang),
    "compare": lambda plan, lang: plan.compare(plan.baselines["regional_quota"]).plot("id", lang),
}
LANGS: tuple[Lang, Lang] = ("en", "zh")


def chinese(seed: int = 3, n: int = 18) -> Case:
    """Cities, periods, carry-over, advances, a bank, and soft floors."""
    rng = np.random.default_rng(seed)
    projects = pd.DataFrame({
        "编号": [f"项目{i}" for i in range(n)], "名称": [f"{RARE_GB2312}项目{i}" for i in range(n)],
        "城市": rng.choice(["济南", "青岛", f"{RARE_GB2312}市"], n), "领域": rng.choice(["基础设施", "社会民生"], n),
        "用地(亩)": rng.integers(2, 20, n).astype(float), "能耗(吨标准煤)": rng.integers(0, 900, n).astype(float),
        "得分": rng.integers(40, 100, n).astype(float), "年度计划投资(亿元)": rng.integers(1, 9, n).astype(float),
    })  # fmt: skip
    pools = pd.DataFrame(
        [("省级用地", "用地", "province", None, period, 25.0, 0.3, 0.5) for period in ("2020Q1", "2020Q2")]
        + [("济南用地", "用地", "city", "济南", period, 9.0, 0.2, 1.0) for period in ("2020Q1", "2020Q2")]
        + [("省级能耗", "能耗", "province", None, "2020Q1", 1500.0, 0.0, 1.0)]
        + [("能耗收储", "能耗", "bank", None, "2020Q1", 800.0, 0.0, 0.0)],
        columns=["pool", "resource", "level", "region", "period", "amount", "advance", "carry"],
    )
    pools["unit_cost"] = np.where(pools["level"] == "bank", 0.01, 0.0)
    floor = Rule("count", 9, by="field", of=("社会民生",), penalty=30.0)
    return Case.from_tables(
        projects=projects, pools=pools, policy=Policy(value="score*plan", floors=(floor,)), name="山东"
    )


def plain(lands: list[float], values: list[float], amount: float, **columns: list[str]) -> Case:
    projects = pd.DataFrame({"id": [f"p{i}" for i in range(len(lands))], "land": lands, "value": values, **columns})
    return Case.from_tables(
        projects=projects, pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [amount]})
    )


def crowd(seed: int, n: int = 14) -> Case:
    rng = np.random.default_rng(seed)
    return plain(rng.integers(2, 12, n).tolist(), rng.integers(2, 30, n).tolist(), 40.0)


def impossible() -> Case:
    return plain([4.0, 5.0], [1.0, 2.0], 6.0, decision=["must", "must"])


@pytest.fixture(scope="module")
def rich() -> Plan:
    return allocate(chinese())


@contextmanager
def drawn_without_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def texts(figure: Figure) -> str:
    return "\n".join(found.get_text() for found in figure.findobj(Text))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_of_a_chinese_case_is_drawn_without_a_missing_glyph(
    rich: Plan, name: str, lang: Lang, tmp_path: Path
) -> None:
    assert len(RARE_GB2312) >= 4
    with drawn_without_warnings():
        assert save(PICTURES[name](rich, lang), tmp_path / "picture.png").stat().st_size > 5_000


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["pools", "benefit", "curve"])
@pytest.mark.parametrize(
    "case",
    [
        plain([4.0], [2.0], 5.0),
        plain([4.0], [2.0], 3.0),
        plain([4.0, 1.0], [2.0, 1.0], 0.0),
        plain([4.0, 1.0], [0.0, 0.0], 5.0),
        plain([4.0, 1.0], [2.0, 1.0], 4.0, region=["甲", "甲"]),
        impossible(),
    ],
    ids=["one project", "nothing funded", "no quota", "no value", "one region", "infeasible"],
)
def test_the_smallest_cases_are_drawn_too(case: Case, name: str, lang: Lang, tmp_path: Path) -> None:
    with drawn_without_warnings():
        save(PICTURES[name](allocate(case), lang), tmp_path / "picture.png")


def test_a_picture_of_no_plan_says_so_in_both_languages() -> None:
    plan = allocate(impossible())
    for draw in (plan.plot_pools, plan.plot_benefit, plan.plot_curve):
        assert "no plan" in texts(draw(lang="en")) and "没有" in texts(draw(lang="zh"))
    with pytest.raises(Infeasible):
        quota_curve(plan)


def test_the_font_shows_every_character_of_every_label() -> None:
    known = set(TTFont(FILE).getBestCmap())
    for file in files("allocator").joinpath("words").iterdir():
        said = "".join(word for pair in tomllib.loads(file.read_text("utf-8")).values() for word in pair)
        assert {sign for sign in said if not sign.isspace() and ord(sign) not in known} == set(), file.name


def test_drawing_leaves_the_settings_of_matplotlib_as_they_were(rich: Plan, tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    for draw in PICTURES.values():
        save(draw(rich, "zh"), tmp_path / "picture.png")
    assert dict(matplotlib.rcParams) == before
    assert Gcf.get_all_fig_managers() == []


def test_the_same_picture_is_the_same_file_and_nothing_else_is_left(tmp_path: Path) -> None:
    plan = allocate(crowd(1))
    one, two = (save(plan.plot_benefit(), tmp_path / f"{name}.png").read_bytes() for name in "ab")
    assert one == two and sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_a_folder_that_is_a_file_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(YaosuError):
        save(allocate(crowd(1)).plot_pools(), tmp_path / "x" / "a.png")


def test_what_pools_give_adds_up_to_the_grants_and_to_the_balance(rich: Plan) -> None:
    use, balance = pool_use(rich), rich.pools.groupby("pool")
    use = use.set_index("pool")
    granted = rich.grants.groupby("pool")["amount"].sum().reindex(use.index).fillna(0.0)
    np.testing.assert_allclose(use["used"], granted, atol=1e-6)
    np.testing.assert_allclose(use["free"], balance["free"].sum().reindex(use.index), atol=1e-6)
    for part, source in (("carried", "carried_in"), ("advance", "advance"), ("bank", "bank")):
        assert (use[part] <= balance[source].sum().reindex(use.index) + 1e-6).all()
    assert (use[["own", "carried", "advance", "bank", "free"]] >= -1e-9).all(axis=None)


def test_bars_of_pools_are_as_long_as_the_table_says(rich: Plan) -> None:
    use, figure = pool_use(rich), rich.plot_pools()
    for axes, (_, table) in zip(figure.axes, use.groupby("resource"), strict=True):
        drawn = sum(np.array([bar.get_width() for bar in bars]) for bars in axes.containers)
        np.testing.assert_allclose(drawn, table["held"], rtol=1e-6)


def test_a_hundred_and_more_pools_are_drawn_as_the_largest_and_the_others() -> None:
    n = 130
    projects = pd.DataFrame(
        {"id": [f"p{i}" for i in range(n)], "region": [f"城{i}" for i in range(n)], "land": 1.0, "value": 1.0}
    )
    pools = pd.DataFrame({"pool": [f"池{i}" for i in range(n)], "resource": "land", "amount": np.arange(n) + 1.0,
                          "region": [f"城{i}" for i in range(n)]})  # fmt: skip
    figure = allocate(Case.from_tables(projects=projects, pools=pools)).plot_pools("zh")
    rows = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert len(rows) == 20 and rows[0] == "池129" and "111" in rows[-1]
    assert sum(bar.get_width() for bars in figure.axes[0].containers for bar in bars) == pytest.approx(n * (n + 1) / 2)


def test_bars_of_benefit_add_up_to_the_objective_before_penalties(rich: Plan) -> None:
    table = benefit_table(rich, "region")
    missed = float(rich.rules["penalty"].sum())
    assert missed > 0 and table["plan"].sum() == pytest.approx((rich.objective or 0.0) + missed)
    bars = rich.plot_benefit("region").axes[0].containers[0]
    assert [bar.get_width() for bar in bars] == pytest.approx(table["plan"].tolist())
    assert table["plan"].is_monotonic_decreasing
    for name, other in rich.baselines.items():
        assert table[name].sum() == pytest.approx(other.projects.query("funded")["value"].sum())


def test_the_title_tells_how_far_the_plan_is_ahead() -> None:
    plan = allocate(plain([5.0, 3.0, 3.0], [10.0, 8.0, 8.0], 6.0, region=["a", "b", "b"]))
    assert plan.objective == 16.0 and plan.baselines["rank_and_cut"].objective == 10.0
    assert plan.plot_benefit().get_suptitle() == "The optimum secures 60 % more than rank and cut"
    assert "高出60%" in plan.plot_benefit(lang="zh").get_suptitle()


def test_without_the_column_asked_for_the_next_that_is_known_is_drawn() -> None:
    by_field = allocate(plain([4.0, 1.0], [2.0, 1.0], 5.0, field=["工业", "民生"])).plot_benefit("region", "zh")
    assert [tick.get_text() for tick in by_field.axes[0].get_yticklabels()] == ["工业", "民生"]
    alone = allocate(plain([4.0, 1.0], [2.0, 1.0], 5.0)).plot_benefit("region", "zh")
    assert [bar.get_width() for bar in alone.axes[0].patches] == [3.0, 3.0, 3.0]


def test_many_groups_are_drawn_as_the_largest_and_the_others() -> None:
    case = plain([1.0] * 60, list(range(1, 61)), 50.0, region=[f"城{i}" for i in range(60)])
    plan = allocate(case)
    bars = plan.plot_benefit().axes[0].containers[0]
    assert len(bars) == 24 and sum(bar.get_width() for bar in bars) == pytest.approx(plan.objective)


@pytest.mark.parametrize("seed", range(4))
def test_quota_has_falling_returns_and_plans_lie_below_the_bound(seed: int) -> None:
    plan = allocate(crowd(seed))
    table = quota_curve(plan, "land", solved=(0.0, 0.3, 0.5, 0.8, 1.0, 1.2, 1.5, 2.0)).set_index("factor")
    bound, value = table["relaxed"], table["value"].dropna()
    steps = np.diff(bound) / np.diff(table["quota"])
    assert (steps >= -1e-9).all() and (np.diff(steps) <= 1e-6).all()
    assert bound[1.0] == pytest.approx(plan.relaxation.objective) and value[1.0] == plan.objective
    assert (value <= bound[value.index] + 1e-6).all() and value.is_monotonic_increasing and len(value) == 8
    assert (table["rank_and_cut"] <= bound + 1e-6).all()
    assert ((table["value"] - table["rank_and_cut"]).dropna() >= -1e-9).all()


def test_the_curve_is_that_of_cases_with_scaled_pools(rich: Plan) -> None:
    for factor in (0.7, 1.6):
        pools = rich.case.pools
        amount = pools["amount"].where(pools["resource"] != "用地", pools["amount"] * factor)
        case = rich.case.with_changes(pools=pools.assign(amount=amount))
        again = allocate(case)
        found = quota_curve(rich, "用地", (factor,), solved=(factor,), gap=1e-6, time_limit=20.0).iloc[0]
        assert not (again.model.removed["code"] == "too_large").any()
        assert found["relaxed"] == pytest.approx(again.relaxation.objective)
        assert found["value"] == pytest.approx(again.objective)
        assert found["rank_and_cut"] == pytest.approx(again.baselines["rank_and_cut"].objective)


def test_the_slope_drawn_is_the_gain_of_the_relaxation(rich: Plan) -> None:
    for name in rich.case.resources:
        ends = [relax(scaled(rich.model, name, 1 + step)).objective for step in (-1e-4, 1e-4)]
        low, high = (ends[1] - rich.relaxation.objective) * 1e4, (rich.relaxation.objective - ends[0]) * 1e4
        assert low - 1e-2 <= slope(rich, name) <= high + 1e-2


def test_the_resource_meant_is_known_by_any_of_its_words_and_by_default_the_dearest(rich: Plan) -> None:
    assert which(rich, "land") == which(rich, "土地") == "用地"
    assert slope(rich, which(rich, None)) == max(slope(rich, name) for name in rich.case.resources)
    with pytest.raises(YaosuError, match="用地"):
        rich.plot_curve("lnad")


def test_decisions_that_less_quota_cannot_keep_leave_the_curve_blank() -> None:
    plan = allocate(plain([4.0, 5.0], [1.0, 2.0], 9.0, decision=["must", "must"]))
    table = quota_curve(plan).set_index("factor")
    assert table["relaxed"].isna().tolist() == [factor < 1 for factor in table.index]
    assert not table.loc[0.5, "kept"] and table.loc[1.0, "kept"]
    assert "nothing keeps" in plan.plot_curve().get_suptitle()


def test_the_line_and_the_dots_are_those_of_the_table(rich: Plan) -> None:
    table = quota_curve(rich)
    bound, dots = rich.plot_curve().axes[0].lines[:2]
    np.testing.assert_allclose(bound.get_ydata(), table["relaxed"])
    np.testing.assert_allclose(dots.get_xdata(), table.dropna(subset="value")["quota"])


def test_changes_by_group_are_drawn_with_their_sum_in_the_title(rich: Plan) -> None:
    found = compare(rich, rich.baselines["rank_and_cut"])
    figure = found.plot("region", "en")
    change = found.by("region")["value_change"]
    assert sorted(bar.get_width() for bar in figure.axes[0].patches) == pytest.approx(sorted(change))
    assert short(abs(change.sum()), "en") in figure.get_suptitle()


def test_the_grid_case_is_drawn_with_its_regions() -> None:
    plan = allocate(load_sample("gb-grid-2021"), gap=0.02)
    table = benefit_table(plan, "region")
    assert len(plan.plot_benefit().axes[0].containers[0]) == len(table) == plan.case.projects["region"].nunique()
    curve = quota_curve(plan, solved=())
    steps = np.diff(curve["relaxed"].dropna()) / np.diff(curve.loc[curve["relaxed"].notna(), "quota"])
    assert (np.diff(steps) <= 1e-6 * steps.max()).all()
