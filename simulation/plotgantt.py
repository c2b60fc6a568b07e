"""One project's way from entry to start as bars in time, in one scenario or in two below each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator import plotstyle as style
from allocator.labels import Lang
from simulation import plottime as shared
from simulation.cohort import days_due
from simulation.records import OUTCOMES
from simulation.run import Run
from simulation.speaking import Names
from simulation.way import KINDS, way

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "problem": style.RED, "papers": "#cfd8e1", "filing": style.SILVER, "waiting": style.AMBER, "review": style.BLUE,
    "correction": style.TEAL, "notice": style.SKY,
}  # fmt: skip
DUE: dict[str, Any] = {"color": style.RED, "linewidth": 1.0, "linestyle": (0, (4, 3))}
START: dict[str, Any] = {"color": style.INK, "linewidth": 1.2}
ROW, NEAR = 0.235, 60.0
"""Inches of a row; days."""


def gantt(
    runs: Run | Mapping[str, Run], project: str, *, lang: Lang = "en", titles: Mapping[str, str] | None = None
) -> Figure:  # fmt: skip
    """What was going on at each stage of a project, day by day.

    Parameters
    ----------
    runs : Run, or mapping
        One run, or one or two by the names of their scenarios, below each other on the same axis.
    project : str
        Its id.
    lang : {"en", "zh"}
    titles : mapping, optional
        What the scenarios are called, by their names.

    Raises
    ------
    YaosuError
        There is no such project.

    Examples
    --------
    >>> from simulation import Office, Process, Stage, simulate
    >>> desk = Process([Stage("review", office="desk", work=2, prepare=3)], [Office("desk")])
    >>> gantt(simulate(pd.DataFrame({"id": ["a"], "ready": [0.0]}), desk, engine="simpy"), "a").get_suptitle()
    'a starts on day 5'
    """
    given = {"": runs} if isinstance(runs, Run) else dict(list(runs.items())[:2])
    names = Names(lang, [run.network.process for run in given.values()], titles or {})
    tables = {name: way(run, project) for name, run in given.items()}
    if not any(map(len, tables.values())):
        return style.nothing(names.say("plotsim.gantt.none", project=project))
    stages = {name: list(dict.fromkeys(table["stage"])) for name, table in tables.items()}
    facts = {name: Facts.of(run, project) for name, run in given.items()}
    heights = [len(one) + 1.2 for one in stages.values()]
    low, high = _reach(tables, list(facts.values()))
    with style.canvas(10.6, 1.9 + ROW * sum(heights)) as figure:
        axes = figure.subplots(len(given), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
        for place, name in zip(axes, given, strict=True):
            _draw(place, tables[name], stages[name], names)
            _days(place, facts[name])
            if len(given) > 1:
                place.set_title(_panel(name, facts[name], names), **style.SUBTITLE)
            shared.along(place, names, low, high)
        _legend(axes[0], tables, list(facts.values()), names)
        shared.headline(figure, _headline(facts, names))
        shared.footnote(figure, names, _sums(tables, names), names.say("plotsim.gantt.replication"))
    return figure


@dataclass(frozen=True)
class Facts:
    """What is known of a project in a run; days are NaN where there are none."""

    called: str
    outcome: str
    entry: float
    due: float
    started: float
    ended: float
    end: float

    @staticmethod
    def of(run: Run, project: str) -> Facts:
        """From a run."""
        network, kept = run.network, run.records
        place = [str(one) for one in network.ids].index(str(project))
        row = network.projects[network.projects["id"].astype(str) == str(project)]
        due = float(days_due(row, network.process)[0]) if "due" in row else math.nan
        name = row["name"].iloc[0] if "name" in row else None
        called = str(project) if pd.isna(name) or str(name) == str(project) else f"{project} {name}"
        outcome = OUTCOMES[int(kept.outcome[place])]
        days = (float(network.entry[place]), due, float(kept.started[place]), float(kept.ended[place]), run.end)
        return Facts(called, outcome, *days)


def _reach(tables: Mapping[str, pd.DataFrame], facts: Sequence[Facts]) -> tuple[float, float]:
    """From the entry to the start, and to the day on which it was due where that is not far."""
    days = [day for one in facts for day in (one.entry, one.started) if not math.isnan(day)]
    days += [float(day) for table in tables.values() for day in (*table["begin"], *table["end"])]
    low, high, due = min(days), max(days), facts[0].due
    if low - NEAR < due < high + 3 * NEAR:
        low, high = min(low, due), max(high, due)
    return low - 0.01 * (high - low), high + 0.02 * (high - low)


def _draw(axes: Axes, table: pd.DataFrame, stages: Sequence[str], names: Names) -> None:
    rows = {stage: place for place, stage in enumerate(stages)}
    for kind in KINDS:
        part = table[table["kind"] == kind]
        at, length = part["stage"].map(rows).to_numpy(dtype=float), part["end"] - part["begin"]
        axes.barh(at, length, left=part["begin"], height=0.66, color=COLOURS[kind],
                  hatch="////" if kind == "problem" else None, edgecolor="white", linewidth=0.0)  # fmt: skip
    style.tidy(axes, "x", names.lang)
    texts = [names.stage(stage) if stage else names.say("plotsim.gantt.start_row") for stage in stages]
    axes.set_yticks(range(len(stages)), texts, fontsize=style.SMALL)
    axes.set_ylim(len(stages) - 0.4, -0.6)


def _days(axes: Axes, facts: Facts) -> None:
    """Lines for the day on which the start was due, and on which it was."""
    if not math.isnan(facts.due):
        axes.axvline(facts.due, **DUE, zorder=1)
    if not math.isnan(facts.started):
        axes.axvline(facts.started, **START, zorder=1)


def _legend(axes: Axes, tables: Mapping[str, pd.DataFrame], facts: Sequence[Facts], names: Names) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    seen = set(pd.concat(list(tables.values()))["kind"])
    handles: list[Any] = [
        Patch(facecolor=COLOURS[kind], hatch="////" if kind == "problem" else None, edgecolor="white",
              label=names.say(f"plotsim.gantt.{kind}"))
        for kind in KINDS if kind in seen
    ]  # fmt: skip
    low, high = axes.get_xlim()
    if low <= facts[0].due <= high:
        handles.append(Line2D([], [], **DUE, label=names.say("plotsim.gantt.due_line")))
    if any(not math.isnan(one.started) for one in facts):
        handles.append(Line2D([], [], **START, label=names.say("plotsim.gantt.start_line")))
    made = axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.02), frameon=False,
                       fontsize=style.SMALL, labelcolor=style.INK, handlelength=1.3)  # fmt: skip
    for text in made.get_texts():
        text.set_text(shared.wrapped(text.get_text(), 1.9, style.SMALL))


def _panel(name: str, facts: Facts, names: Names) -> str:
    title = names.scenario(name)
    if math.isnan(facts.started):
        return names.say("plotsim.gantt.panel", title=title)
    return names.say("plotsim.gantt.panel_day", title=title, day=names.falls(facts.started))


def _headline(facts: Mapping[str, Facts], names: Names) -> str:
    """When the project starts, against its due day or against the first scenario."""
    one, *others = facts.values()
    called, started = one.called, one.started
    if others and not math.isnan(started) and not math.isnan(others[0].started):
        then, name = others[0].started, list(facts)[1]
        key = "two" if abs(started - then) >= 0.5 else "two_same"
        return names.say(f"plotsim.gantt.{key}", name=called, b=names.quoted(name), day=names.falls(then),
                         saved=names.sooner(started - then))  # fmt: skip
    if math.isnan(started):
        if not math.isnan(one.ended):
            outcome = names.say(f"plotsim.outcome.{one.outcome.replace(' ', '_')}")
            return names.say("plotsim.gantt.ended", name=called, day=names.falls(one.ended), outcome=outcome)
        return names.say("plotsim.gantt.under_way", name=called, day=names.day(one.end))
    late = math.floor(started) + 1.0 - one.due
    if math.isnan(late) or abs(late) < 1:
        return names.say("plotsim.gantt.started", name=called, day=names.falls(started))
    key = "late" if late > 0 else "early"
    return names.say(f"plotsim.gantt.{key}", name=called, day=names.falls(started), days=names.days(late))


def _sums(tables: Mapping[str, pd.DataFrame], names: Names) -> str:
    """Days by kind, over all stages."""
    parts = []
    for name, table in tables.items():
        days = (table["end"] - table["begin"]).groupby(table["kind"]).sum()
        known = [(names.say(f"plotsim.gantt.{kind}"), round(float(days[kind]))) for kind in KINDS if kind in days]
        said = [names.say("plotsim.gantt.part", what=what, days=f"{long:,}") for what, long in known if long]
        listed = names.listed(said)
        alone = len(tables) == 1
        parts.append(listed if alone else names.say("plotsim.gantt.scenario", title=names.scenario(name), parts=listed))
    return names.say("plotsim.gantt.sums", parts=("；" if names.lang == "zh" else "; ").join(parts))
