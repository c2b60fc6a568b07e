"""Pictures of a simulation: drawn in both languages without a missing sign, and saying what the tables say."""

from __future__ import annotations

import re
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.text import Text

import simulation
import workbench
from allocator.errors import YaosuError
from allocator.fonts import FILE
from allocator.labels import Lang, words
from allocator.plotstyle import save
from simulation import Office, Problem, Process, Scenario, Stage, exponential, plot, results, simulate
from simulation.calibrate import Checkpoint
from simulation.experiment import experiment
from simulation.finding import Finding
from simulation.measures import Hotline
from simulation.plotcurves import MOST_CURVES
from simulation.plotpoints import held
from simulation.plottime import wrapped
from simulation.run import Run
from simulation.runs import Runs
from simulation.speaking import Names
from simulation.way import KINDS, typical, way

LANGS: tuple[Lang, Lang] = ("en", "zh")
TITLES: Mapping[Lang, dict[str, str]] = {
    "en": {"case": "As it is", "fast": "Twice as fast", "line": "Hotline"},
    "zh": {"case": "现状", "fast": "审查提速一倍", "line": "热线"},
}
WORDS = Path(str(files("allocator").joinpath("words")))
REPLICATIONS = 12


def projects(count: int = 40) -> pd.DataFrame:
    """Projects of two cities, that enter day by day and are due two months later."""
    entry = pd.Timestamp("2020-01-06") + pd.to_timedelta(np.arange(count), unit="D")
    return pd.DataFrame({
        "id": [f"P{i:02}" for i in range(count)], "name": [f"鄄城莘县项目{i}" for i in range(count)],
        "region": np.where(np.arange(count) % 2 == 0, "烟台", "济南"), "ready": entry,
        "due": entry + pd.Timedelta(days=60), "investment": np.arange(count) + 1.0,
    })  # fmt: skip


def process(calendar: str | None = "CN") -> Process:
    """Two stages with offices, a panel that meets, a notice, and a problem."""
    stages = [
        Stage("用地预审", office="市局", work=exponential(2.0), prepare=3, filing=1, returns=0.3, correction=5,
              limit=10, title="Site opinion"),
        Stage("专家评审", office="评审会", after="用地预审", title="Panel"),
        Stage("施工许可证", office="县局", work=1.5, after="专家评审", elapsed=4, limit=7, title="Permit"),
    ]  # fmt: skip
    offices = [
        Office("市局", level="city", title="City bureau"), Office("评审会", every=14.0, seats=20, title="Panel"),
        Office("县局", reviewers=1, title="County bureau"),
    ]  # fmt: skip
    problems = [Problem("资金", 0.6, exponential(20.0), title="Money")]
    return Process(stages, offices, problems, calendar=calendar)


@pytest.fixture(scope="module")
def runs() -> Runs:
    line = Scenario(hotline=Hotline(5, exponential(1.0), 0.9))
    scenarios = {"case": Scenario(), "fast": Scenario(speed=2.0), "line": line}
    return experiment(projects(), process(), scenarios, replications=REPLICATIONS, jobs=1, engine="simpy")


@pytest.fixture(scope="module")
def pair() -> dict[str, Run]:
    levers = {"case": Scenario(), "fast": Scenario(speed=2.0)}
    return {name: simulate(projects(), process(), one, seed=1, engine="simpy") for name, one in levers.items()}


POINTS = [
    Checkpoint("一", "fast", "started", "2020-03-15", "region = 烟台", 0.5, tolerance=1.0),
    Checkpoint("二", "fast", "started", "2020-03-15", "region = 烟台", 0.1, tolerance=0.0),
    Checkpoint("三", "", "started", "2020-04-15", "", 0.5, band=0.9),
    Checkpoint("四", "other", "started", "2020-04-15", "", 0.5, tolerance=0.1),
    Checkpoint("五", "fast", "hotline_received", "2020-04-15", "", 7.0, tolerance=0.1),
]
Draw = Callable[[Runs, dict[str, Run], Lang], Figure]
PICTURES: dict[str, Draw] = {
    "curves": lambda runs, pair, lang: plot.curves(runs, lang=lang, titles=TITLES[lang]),
    "curves by dates": lambda runs, pair, lang: plot.curves(
        runs, lang=lang, titles=TITLES[lang], dates=["2020-02-20", "2020-03-15"], over="due", weight="investment",
        where="region = 烟台", which="mean"),
    "difference": lambda runs, pair, lang: plot.difference(
        runs.compare("fast", "case"), lang=lang, titles=TITLES[lang]),
    "difference by city": lambda runs, pair, lang: plot.difference(
        runs.compare("fast", "case", by="region"), lang=lang, titles=TITLES[lang]),
    "effects": lambda runs, pair, lang: plot.effects(runs, lang=lang, titles=TITLES[lang]),
    "starts gained": lambda runs, pair, lang: plot.effects(runs, lang=lang, titles=TITLES[lang], dates=["2020-03-15"]),
    "investment": lambda runs, pair, lang: plot.effects(
        runs, lang=lang, titles=TITLES[lang], measure="investment_days"),
    "in time": lambda runs, pair, lang: plot.effects(runs, lang=lang, titles=TITLES[lang], measure="decided_in_time"),
    "waiting": lambda runs, pair, lang: plot.waiting(runs, lang=lang, titles=TITLES[lang]),
    "waiting of two": lambda runs, pair, lang: plot.waiting(runs, "case", "fast", lang=lang, titles=TITLES[lang]),
    "load": lambda runs, pair, lang: plot.load(runs, lang=lang, titles=TITLES[lang], measure="utilisation"),
    "load of two": lambda runs, pair, lang: plot.load(runs, "case", "fast", lang=lang, titles=TITLES[lang]),
    "way": lambda runs, pair, lang: plot.gantt(pair["case"], "P07", lang=lang),
    "way in two": lambda runs, pair, lang: plot.gantt(pair, "P07", lang=lang, titles=TITLES[lang]),
    "points": lambda runs, pair, lang: plot.points(runs, POINTS, lang=lang, titles=TITLES[lang]),
}  # fmt: skip


@contextmanager
def without_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def texts(figure: Figure) -> list[str]:
    return [found.get_text() for found in figure.findobj(Text) if found.get_text()]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_drawn_in_one_language_without_a_missing_sign(
    runs: Runs, pair: dict[str, Run], name: str, lang: Lang, tmp_path: Path
) -> None:
    with without_warnings():
        figure = PICTURES[name](runs, pair, lang)
        assert save(figure, tmp_path / "picture.png").stat().st_size > 5_000
    said = [text for text in texts(figure) if not re.search("鄄城|烟台|济南", text)]
    assert not [text for text in said if re.search(r"\w+\.\w+\.\w+", text)], "a raw key"
    chinese = [text for text in said if re.search("[一-鿿]", text)]
    if lang == "en":
        assert chinese == []
    else:
        assert chinese
        left = [re.sub(r"started|case|P\d\d", "", text) for text in said]
        assert not [text for text in left if re.search("[A-Za-z]{2}", text)]


def test_the_font_has_every_sign_of_the_words() -> None:
    known = set(TTFont(FILE).getBestCmap())
    for name in ("plotsim", "simulate", "seek"):
        pairs = tomllib.loads((WORDS / f"{name}.toml").read_text("utf-8")).values()
        said = {sign for pair in pairs for word in pair for sign in word if not sign.isspace()}
        assert {sign for sign in said if ord(sign) not in known} == set(), name


def test_every_word_of_the_pictures_is_used_and_says_the_same_in_both_languages() -> None:
    source = "\n".join(file.read_text("utf-8") for package in (simulation, workbench)
                       for file in Path(str(package.__file__)).parent.glob("*.py"))  # fmt: skip
    named = set(re.findall(r'"((?:plotsim|error)\.[\w.]+)"', source))
    named |= {f"error.{code}" for code in re.findall(r'YaosuError\(\s*"(\w+)"', source)}
    made = re.findall(r'f"(plotsim\.[^"]*\{[^"]*)"', source) + re.findall(r'f"(plotsim\.effects\.)\{', source)
    patterns = [re.sub(r"\\\{.*?\\\}", r"[\\w.]*", re.escape(one)) for one in made]
    # Where what is said depends on a choice between two, both stand in quotation marks.
    patterns += [rf"plotsim\.\w+\.{part}" for part in re.findall(r'"(\w+)" if [^"]+ else', source)]
    own = tomllib.loads((WORDS / "plotsim.toml").read_text("utf-8"))
    assert named <= set(words())
    assert [key for key in own if key not in named and not any(re.fullmatch(one, key) for one in patterns)] == []
    for key, (english, chinese) in own.items():
        assert set(re.findall(r"\{(\w+)", chinese)) <= set(re.findall(r"\{(\w+)", english)), key


def test_drawing_leaves_the_settings_of_matplotlib_as_they_were(runs: Runs, pair: dict[str, Run]) -> None:
    before = dict(matplotlib.rcParams)
    for draw in PICTURES.values():
        draw(runs, pair, "zh")
    assert dict(matplotlib.rcParams) == before


def percents(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"(\d+) ?%", text)]


@pytest.mark.parametrize("lang", LANGS)
def test_the_headline_of_the_curves_says_what_the_tables_say(runs: Runs, lang: Lang) -> None:
    figure = plot.curves(runs, lang=lang, titles=TITLES[lang], dates=["2020-03-15"])
    shares = runs.started("2020-03-15").set_index("scenario")["mean"]
    best = str(shares.drop("case").idxmax())
    summary = runs.compare(best, "case").summary.set_index("measure")
    head = figure.get_suptitle().replace("\n", "" if lang == "zh" else " ")
    assert TITLES[lang][best] in head
    assert percents(head) == [round(100 * shares[best]), round(100 * shares["case"]), 80]
    [days] = re.findall(r"(\d+)(?: days|天)", head)
    assert int(days) == round(summary.loc["days_saved_80", "difference"])
    assert {"en": "15 Mar 2020", "zh": "2020年3月15日"}[lang] in head


def test_without_a_date_the_headline_speaks_of_the_days_on_which_80_percent_have_started(runs: Runs) -> None:
    head = plot.curves(runs, best="fast").get_suptitle().replace("\n", " ")
    table = results.figures(runs).set_index(["scenario", "measure"])["mean"]
    names = Names.of(runs, "en")
    for name in ("fast", "case"):
        assert names.day(table[name, "day_80"]) in head
    saved = runs.compare("fast", "case").summary.set_index("measure").loc["days_saved_80", "difference"]
    assert f"{saved:.0f} days sooner" in head


def test_lines_and_bands_are_those_of_the_curve(runs: Runs) -> None:
    figure = plot.curves(runs)
    [axes] = figure.axes
    longest = max(axes.lines, key=lambda line: len(line.get_xdata()))
    times = np.asarray(longest.get_xdata())
    table = runs.curve(times=times, which="replications")
    drawn = {tuple(np.round(line.get_ydata(), 9)) for line in axes.lines if len(line.get_xdata()) == len(times)}
    assert drawn == {tuple(np.round(part["mean"], 9)) for _, part in table.groupby("scenario")}
    assert len(axes.collections) == 2  # bands of the case and of the best


def test_the_legend_gives_the_share_of_every_curve_from_the_top_down(runs: Runs) -> None:
    figure = plot.curves(runs, titles=TITLES["en"], dates=["2020-03-15"])
    legend = figure.axes[0].get_legend()
    assert legend is not None and legend.get_title().get_text() == "Started by 15 Mar 2020"
    shares = runs.started("2020-03-15").sort_values("mean", ascending=False, kind="stable")
    said = [text.get_text() for text in legend.get_texts()]
    assert [text.partition("%  ")[2] for text in said] == [TITLES["en"][name] for name in shares["scenario"]]
    given = [float(text.partition(" %")[0]) for text in said]
    np.testing.assert_allclose(given, 100 * shares["mean"], atol=0.5)


def test_of_many_scenarios_only_a_few_have_a_colour() -> None:
    desk = Process([Stage("review", office="desk", work=2)], [Office("desk")])
    table = pd.DataFrame({"id": [f"p{i}" for i in range(9)], "ready": 0.0})
    scenarios = {f"s{number}": Scenario(speed=1 + number / 4) for number in range(12)}
    runs = experiment(table, desk, scenarios, replications=2, jobs=1, engine="simpy")
    figure = plot.curves(runs)
    legend = figure.axes[0].get_legend()
    assert legend is not None
    said = [text.get_text() for text in legend.get_texts()]
    assert len(said) == MOST_CURVES + 1 and said[-1] == "6 others, which differ less"
    assert {"s0", "s11"} <= {text.split()[-1] for text in said}
    assert len(figure.axes[0].lines) == 12


def test_bars_of_effects_are_ranked_and_those_of_the_table(runs: Runs) -> None:
    table = results.effects(runs)
    saved = table[table["measure"] == "days_saved_80"].sort_values("difference", ascending=False)
    figure = plot.effects(runs, titles=TITLES["zh"], lang="zh")
    bars = figure.axes[0].patches
    assert [bar.get_width() for bar in bars] == pytest.approx(saved["difference"].tolist())
    rows = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert rows == [TITLES["zh"][name] for name in saved["scenario"]]
    best = saved.iloc[0]
    assert TITLES["zh"][best["scenario"]] in figure.get_suptitle()
    assert f"{best['difference']:.0f}天" in figure.get_suptitle()


def test_starts_gained_are_numbers_of_projects(runs: Runs) -> None:
    day = "2020-03-15"
    wide = {name: np.stack([one.started for one in runs.outcomes_of(name)]) for name in runs.scenarios}
    gained = {name: float((wide[name] <= runs.day(day)).sum(1).mean() - (wide["case"] <= runs.day(day)).sum(1).mean())
              for name in ("fast", "line")}  # fmt: skip
    bars = plot.effects(runs, dates=[day]).axes[0].patches
    assert [bar.get_width() for bar in bars] == pytest.approx(sorted(gained.values(), reverse=True))


def test_an_effect_that_is_not_sure_is_grey_and_no_headline() -> None:
    desk = Process([Stage("review", office="desk", work=exponential(2.0))], [Office("desk")])
    table = pd.DataFrame({"id": ["a", "b", "c"], "ready": 0.0})
    runs = experiment(table, desk, {"now": Scenario(), "same": Scenario(online=True)}, replications=3, jobs=1,
                      engine="simpy")  # fmt: skip
    figure = plot.effects(runs)
    assert figure.get_suptitle() == "No scenario is surely better than “now”"
    assert figure.axes[0].patches[0].get_width() == 0.0
    assert "changes nothing" in plot.difference(runs.compare("same", "now")).get_suptitle()


def test_the_difference_says_where_it_is_largest(runs: Runs) -> None:
    diff = runs.compare("fast", "case")
    figure = plot.difference(diff)
    far = diff.curve.loc[diff.curve["difference"].abs().idxmax()]
    head = figure.get_suptitle().replace("\n", " ")
    assert f"up to {100 * abs(far['difference']):.0f} points" in head
    assert Names.of(runs, "en").day(float(far["time"])) in head
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_ydata(), diff.curve["difference"])
    saved = diff.summary[diff.summary["measure"].str.startswith("days_saved")]
    assert [bar.get_width() for bar in figure.axes[1].patches] == pytest.approx(saved["difference"].tolist())


def test_the_map_of_waiting_adds_up_to_the_project_days_of_the_table(runs: Runs) -> None:
    table = runs.waiting("case")
    figure = plot.waiting(runs, "case")
    [mesh] = [one for axes in figure.axes[:1] for one in axes.findobj(QuadMesh)]
    drawn = np.asarray(mesh.get_array())
    weeks = drawn.shape[1]
    assert drawn.sum() * 7 == pytest.approx(table.iloc[:, :weeks].to_numpy().sum())
    ranked = table.sum(axis=1).sort_values(ascending=False)
    ranked = ranked[ranked > 0]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == [
        Names.of(runs, "en").stage(str(name)) for name in ranked.index]  # fmt: skip
    assert f"{100 * ranked.iloc[0] / ranked.sum():.0f} % of all" in figure.get_suptitle()
    side = [text.get_text() for text in figure.axes[0].texts]
    assert side == [f"{days:,.0f}" for days in ranked]


def test_what_a_second_scenario_takes_away_is_said(runs: Runs) -> None:
    before, after = (float(runs.waiting(name).to_numpy().sum()) for name in ("case", "fast"))
    head = plot.waiting(runs, "case", "fast").get_suptitle()
    assert f"takes {100 * (1 - after / before):.0f} % of the waiting away" in head.replace("\n", " ")


def test_bars_of_the_load_are_those_of_the_offices(runs: Runs) -> None:
    table = results.offices(runs, "case")
    figure = plot.load(runs, "case")
    busy, wait = figure.axes
    shown = [tick.get_text().partition("\n")[0] for tick in busy.get_yticklabels()]
    names = Names.of(runs, "en")
    assert shown == [names.office(name) for name in table["office"]][: len(shown)]
    rows = table.head(len(shown))
    assert [bar.get_width() for bar in busy.patches] == pytest.approx(rows["work"].fillna(0.0).tolist())
    assert [bar.get_width() for bar in wait.patches] == pytest.approx(rows["mean_wait"].tolist())
    assert names.office(table["office"].iloc[0]) in figure.get_suptitle()
    assert names.days(table["mean_wait"].iloc[0]) in figure.get_suptitle()


def test_work_per_reviewer_is_the_work_of_the_stages_over_the_reviewers(runs: Runs) -> None:
    table = results.offices(runs, "case").set_index("office")
    stages = runs.bottlenecks("case").groupby("office")["working_days"].sum()
    assert table.loc["县局", "work"] == pytest.approx(stages["县局"])
    assert table.loc["市局", "work"] == pytest.approx(stages["市局"] / 2)  # two cities, a reviewer each
    assert np.isnan(table.loc["评审会", "utilisation"]) and table.loc["评审会", "mean_wait"] > 0


def test_the_way_of_a_project_is_a_chain_from_its_entry_to_its_start(pair: dict[str, Run]) -> None:
    run = pair["case"]
    for project in run.projects["id"].iloc[:12]:
        spans = way(run, project)
        row = run.projects.set_index("id").loc[project]
        chain = spans[spans["stage"] != ""].sort_values(["begin", "end"])
        assert set(spans["kind"]) <= set(KINDS)
        assert chain["begin"].iloc[0] == pytest.approx(row["ready"])
        np.testing.assert_allclose(chain["begin"].to_numpy()[1:], chain["end"].to_numpy()[:-1], atol=1e-6)
        assert chain["end"].iloc[-1] == pytest.approx(row["approved"])
        last = spans["end"].max()
        assert last == pytest.approx(row["started"])


def test_the_way_waits_as_long_as_the_visits_say(pair: dict[str, Run]) -> None:
    run = pair["case"]
    for project, visits in run.visits.groupby("project"):
        spans = way(run, str(project))
        long = (spans["end"] - spans["begin"]).groupby(spans["kind"]).sum()
        assert long.get("waiting", 0.0) == pytest.approx(visits["waited"].sum(), abs=1e-6)
        assert int(visits["returned"].sum()) == int((spans["kind"] == "correction").sum())


def test_the_headline_of_a_way_gives_the_days_of_the_runs(pair: dict[str, Run]) -> None:
    starts = {name: run.projects.set_index("id").loc["P07"] for name, run in pair.items()}
    day = starts["case"]["started_date"]
    head = plot.gantt(pair["case"], "P07").get_suptitle()
    late = (day - projects().set_index("id").loc["P07", "due"]).days
    assert f"{day.day} {day:%b %Y}" in head and f"{abs(late)} days {'after' if late > 0 else 'before'}" in head
    both = plot.gantt(pair, "P07", titles=TITLES["en"]).get_suptitle().replace("\n", " ")
    saved = starts["case"]["started"] - starts["fast"]["started"]
    assert f"{abs(saved):.0f} days {'sooner' if saved > 0 else 'later'}" in both or abs(saved) < 2
    with pytest.raises(YaosuError, match="P07"):
        plot.gantt(pair["case"], "P077")


def test_a_typical_project_passes_most_stages_and_takes_as_long_as_most_of_them() -> None:
    table = projects().assign(size=np.where(np.arange(40) < 10, 2.0, 1.0))
    steps = [Stage("a", elapsed=exponential(9.0)), Stage("b", elapsed=exponential(9.0), applies="size = 2")]
    run = simulate(table, Process(steps), seed=3, engine="simpy")
    took = (run.projects["started"] - run.projects["ready"])[:10]
    assert typical(run) == run.projects["id"].iloc[int(took.sort_values().index[4])]


def test_published_points_are_filled_where_the_simulation_meets_them(runs: Runs) -> None:
    table = held(runs, POINTS)
    assert table["checkpoint"].tolist() == ["一", "二", "三"] and table["holds"].tolist()[:2] == [True, False]
    cities = runs.started("2020-03-15", where="region = 烟台").set_index("scenario")["mean"]
    assert table["simulated"].tolist()[:2] == pytest.approx([cities["fast"]] * 2)
    figure = plot.points(runs, POINTS)
    marks = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "D"]
    assert [mark.get_markerfacecolor() == "white" for mark in marks] == [not one for one in table["holds"]]
    assert [float(mark.get_ydata()[0]) for mark in marks] == table["published"].tolist()
    assert f"{int(table['holds'].sum())} of 3" in figure.get_suptitle() or table["holds"].all()
    assert "no published point" in texts(plot.points(runs, POINTS[3:]))[0]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("calendar", [None, "CN"])
@pytest.mark.parametrize(
    "stage, until",
    [
        (Stage("审查", office="窗口", work=2.0), None),
        (Stage("审查", office="窗口", work=2.0), 0.0),
        (Stage("审查", elapsed=3.0), None),
        (Stage("审查", office="窗口", work=2.0, refuses=0.9), None),
    ],
    ids=["one stage", "cut at once", "nobody reviews", "most refused"],
)
def test_the_smallest_cases_are_drawn_too(
    stage: Stage, until: float | None, calendar: str | None, lang: Lang, tmp_path: Path
) -> None:
    offices = [Office("窗口")] if stage.office else []
    made = Process([stage], offices, calendar=calendar)
    table = pd.DataFrame({"id": ["甲", "乙"], "ready": [0.0, 0.0], "due": [4.0, 9.0]})
    scenarios = {"case": Scenario(), "fast": Scenario(speed=2.0)}
    runs = experiment(table, made, scenarios, replications=1, jobs=1, engine="simpy", until=until)
    with without_warnings():
        for number, figure in enumerate([
            plot.curves(runs, lang=lang), plot.curves(runs, lang=lang, dates=[3.0]), plot.effects(runs, lang=lang),
            plot.difference(runs.compare("fast", "case"), lang=lang), plot.waiting(runs, "case", "fast", lang=lang),
            plot.load(runs, "case", "fast", lang=lang), plot.load(runs, measure="utilisation", lang=lang),
            plot.gantt(simulate(table, made, engine="simpy", until=until), "甲", lang=lang),
        ]):  # fmt: skip
            save(figure, tmp_path / f"{number}.png")


def test_days_that_are_no_dates_are_numbers(runs: Runs) -> None:
    plain = experiment(pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 3.0]}),
                       Process([Stage("review", office="desk", work=2)], [Office("desk")]), {"now": Scenario()},
                       replications=1, jobs=1, engine="simpy")  # fmt: skip
    figure = plot.curves(plain)
    assert figure.get_suptitle() == "80 % have started by day 5"
    assert figure.axes[0].get_xlabel() == "days from the origin"
    dated = plot.curves(runs)
    assert dated.axes[0].get_xlabel() == "" and dated.axes[0].get_xticklabels()[0].get_text().endswith("2020")


def test_figures_of_a_scenario_are_means_over_its_replications(runs: Runs) -> None:
    table = results.figures(runs, dates=["2020-03-15"]).set_index(["scenario", "measure"])
    started = np.stack([one.started for one in runs.outcomes_of("case")])
    assert started.shape == (REPLICATIONS, 40)
    level = np.sort(started, axis=1)[:, 31]  # the 32nd of 40 makes 80 %
    assert table.loc[("case", "day_80"), "mean"] == pytest.approx(level.mean())
    half = 2.2009851600916384 * level.std(ddof=1) / np.sqrt(REPLICATIONS)  # t with 11 degrees of freedom, 97.5 %
    assert table.loc[("case", "day_80"), "low"] == pytest.approx(level.mean() - half)
    ready = np.stack([one.ready for one in runs.outcomes_of("case")])
    assert table.loc[("case", "ready_to_start"), "mean"] == pytest.approx((started - ready).mean())
    by = runs.started("2020-03-15").set_index("scenario").loc["case"]
    assert table.loc[("case", "started_by_2020-03-15"), ["mean", "low", "high"]].tolist() == by[
        ["mean", "low", "high"]].tolist()  # fmt: skip


def test_projects_are_counted_over_replications(runs: Runs) -> None:
    table = results.projects(runs, ["2020-03-15"])
    row = table[(table["scenario"] == "fast") & (table["id"] == "P07")].iloc[0]
    started = np.array([one.started[7] for one in runs.outcomes_of("fast")])
    assert row["mean_start"] == pytest.approx(started.mean()) and row["share_started"] == 1.0
    assert row["share_by_2020-03-15"] == pytest.approx((started <= runs.day("2020-03-15")).mean())
    assert row["start_10"] <= row["mean_start"] <= row["start_90"]
    due = projects().set_index("id").loc["P07", "due"]
    assert row["share_when_due"] == pytest.approx((started <= (due - pd.Timestamp("2020-01-01")).days + 1).mean())


def test_desks_are_those_of_the_runs(runs: Runs) -> None:
    table = results.desks(runs)
    part = table[(table["scenario"] == "case") & (table["office"] == "县局")].iloc[0]
    each = [one.offices.set_index("office").loc["县局"] for one in runs.outcomes_of("case")]
    assert part["mean_wait"] == pytest.approx(np.mean([one["mean_wait"] for one in each]))
    assert len(table) == 3 * 4  # two cities, a panel, a county


def test_a_sentence_of_shares_close_together_has_decimals(runs: Runs) -> None:
    class Close(Finding):
        shares = {"case": 0.938, "fast": 0.941, "line": 0.9}

    said = Close(runs, Names.of(runs, "en"), dates=("2020-03-15",)).sentence()
    assert "94.1 %" in said and "93.8 %" in said


@pytest.mark.parametrize("text, inches, lines", [
    ("By 6 April all have started", 1.0, 3), ("到2020年4月6日全部开工，提前12天。", 1.0, 3), ("one", 0.1, 1),
    ("", 1.0, 1),
])  # fmt: skip
def test_texts_are_wrapped_without_losing_a_sign(text: str, inches: float, lines: int) -> None:
    made = wrapped(text, inches)
    assert re.sub(r"\s", "", made) == re.sub(r"\s", "", text)
    assert abs(made.count("\n") + 1 - lines) <= 1
    assert not re.search(r"\n[，。]", made)
