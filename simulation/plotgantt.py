"""One project's way from entry to start as bars in time, in one scenario or in two below each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from allocator import plotstyle as style
from allocator.labels import Lang
from simulation import plottime as shared
from simulation.cohort import days_due
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
ROW = 0.235
"""Inches."""


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
    facts = {name: _facts(run, project) for name, run in given.items()}
    heights = [len(one) + 1.2 for one in stages.values()]
    low, high = _reach(tables, facts)
    with style.canvas(10.6, 1.9 + ROW * sum(heights)) as figure:
        axes = figure.subplots(len(given), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
        for place, name in zip(axes, given, strict=True):
            _draw(place, tables[name], stages[name], names)
            _days(place, facts[name], names)
            if len(given) > 1:
                place.set_title(_panel(name, facts[name], names), **style.SUBTITLE)
            shared.along(place, names, low, high)
        _legend(axes[0], tables, names)
        shared.headline(figure, _headline(given, facts, names))
        shared.footnote(figure, names, _sums(tables, names), names.say("plotsim.gantt.replication"))
    return figure


def _facts(run: Run, project: str) -> dict[str, float | str]:
    """Name, entry, due day, start and end of the project."""
    network = run.network
    place = [str(one) for one in network.ids].index(str(project))
    row = network.projects[network.projects["id"].astype(str) == str(project)]
    due = math.nan
    if "due" in row:
        due = float(days_due(row, network.process)[0])
    named = str(row["name"].iloc[0]) if "name" in row and pd.notna(row["name"].iloc[0]) else ""
    kept, outcome = (
        run.records,
        str(run.projects.set_index(run.projects["id"].astype(str)).loc[str(project), "outcome"]),
    )
    return {
        "id": str(project), "name": named, "due": due, "entry": float(network.entry[place]), "outcome": outcome,
        "started": float(kept.started[place]), "ended": float(kept.ended[place]), "end": run.end,
    }  # fmt: skip


def _reach(tables: Mapping[str, pd.DataFrame], facts: Mapping[str, Mapping[str, float | str]]) -> tuple[float, float]:
    begins = [float(table["begin"].min()) for table in tables.values() if len(table)]
    ends = [float(table["end"].max()) for table in tables.values() if len(table)]
    low = min([*begins, *(float(one["entry"]) for one in facts.values())])
    high = max([*ends, *(float(one["started"]) for one in facts.values() if not math.isnan(float(one["started"])))])
    due = float(next(iter(facts.values()))["due"])
    if not math.isnan(due) and low - 60 < due < high + 200:
        low, high = min(low, due), max(high, due)
    return low - 0.01 * (high - low), high + 0.13 * (high - low)


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


def _days(axes: Axes, facts: Mapping[str, float | str], names: Names) -> None:
    """Lines for the day on which the start was due, and on which it was."""
    due, started = float(facts["due"]), float(facts["started"])
    low, high = axes.get_ylim()
    if not math.isnan(due):
        axes.axvline(due, color=style.RED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
    if not math.isnan(started):
        axes.axvline(started, color=style.INK, linewidth=1.2, zorder=1)
        axes.annotate(names.say("plotsim.gantt.start", day=_date(started, names)), (started, low), (4, 5),
                      textcoords="offset points", fontsize=style.SMALL, color=style.INK)  # fmt: skip


def _date(day: float, names: Names) -> str:
    """The day on which something happened: a midnight belongs to the day that it begins."""
    return names.day(math.floor(day) + 1.0) if names.dated else names.day(day)


def _legend(axes: Axes, tables: Mapping[str, pd.DataFrame], names: Names) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    seen = set(pd.concat(list(tables.values()))["kind"])
    handles: list[object] = [
        Patch(facecolor=COLOURS[kind], hatch="////" if kind == "problem" else None, edgecolor="white",
              label=names.say(f"plotsim.gantt.{kind}"))
        for kind in KINDS if kind in seen
    ]  # fmt: skip
    handles.append(Line2D([], [], color=style.RED, linestyle=(0, (4, 3)), label=names.say("plotsim.gantt.due_line")))
    made = axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.02), frameon=False,
                       fontsize=style.SMALL, labelcolor=style.INK, handlelength=1.3)  # fmt: skip
    for text in made.get_texts():
        text.set_text(shared.wrapped(text.get_text(), 1.9, style.SMALL))


def _panel(name: str, facts: Mapping[str, float | str], names: Names) -> str:
    started = float(facts["started"])
    if math.isnan(started):
        return names.say("plotsim.gantt.panel", title=names.scenario(name))
    return names.say("plotsim.gantt.panel_day", title=names.scenario(name), day=_date(started, names))


def _called(facts: Mapping[str, float | str], names: Names) -> str:
    name, number = str(facts["name"]), str(facts["id"])
    return f"{number} {name}" if name and name != number else number


def _headline(given: Mapping[str, Run], facts: Mapping[str, Mapping[str, float | str]], names: Names) -> str:
    """When the project starts, against its due day or against the first scenario."""
    first, *others = facts
    one = facts[first]
    called, started = _called(one, names), float(one["started"])
    if others and not math.isnan(started) and not math.isnan(float(facts[others[0]]["started"])):
        then = float(facts[others[0]]["started"])
        key = "two" if abs(started - then) >= 0.5 else "two_same"
        return names.say(f"plotsim.gantt.{key}", name=called, b=names.quoted(others[0]), day=_date(then, names),
                         saved=names.sooner(started - then))  # fmt: skip
    if math.isnan(started):
        if not math.isnan(float(one["ended"])):
            outcome = names.say(f"plotsim.outcome.{str(one['outcome']).replace(' ', '_')}")
            return names.say("plotsim.gantt.ended", name=called, day=_date(float(one["ended"]), names), outcome=outcome)
        return names.say("plotsim.gantt.under_way", name=called, day=names.day(float(one["end"])))
    late = math.floor(started) + 1.0 - float(one["due"])
    if math.isnan(late) or abs(late) < 1:
        return names.say("plotsim.gantt.started", name=called, day=_date(started, names))
    key = "late" if late > 0 else "early"
    return names.say(f"plotsim.gantt.{key}", name=called, day=_date(started, names), days=names.days(late))


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
