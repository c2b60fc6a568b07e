"""Where projects wait: the stages and the weeks in which applications stand in queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from allocator.labels import Lang
from simulation import plottime as shared
from simulation.runs import Runs
from simulation.speaking import Names, spoken
from simulation.sums import WEEK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_STAGES = 14
SEEN = 0.97
"""The weeks shown hold so much of all waiting."""
COLOURS = ("#ffffff", "#fdf1dd", "#fbdcae", "#f5ba69", style.AMBER, "#c8691b", "#a03c17", "#6f2010", "#3d0d07")
MOST_STEPS, LEAST = len(COLOURS), 0.5
"""Colours, and the applications on the mean of a week below which nothing is coloured."""


def waiting(
    runs: Runs, *scenarios: str, lang: Lang = "en", titles: Mapping[str, str] | None = None
) -> Figure:  # fmt: skip
    """A map of stages and weeks: how many applications wait, in one scenario or in two side by side.

    Parameters
    ----------
    runs : Runs
    *scenarios : str
        One or two; the first scenario without. The stages with most waiting in both are shown, in the order of the
        first.
    lang : {"en", "zh"}
    titles : mapping, optional
        What the scenarios are called, by their names.

    Examples
    --------
    >>> from simulation import Office, Process, Scenario, Stage
    >>> from simulation.experiment import experiment
    >>> desk = Process([Stage("review", office="desk", work=7)], [Office("desk")])
    >>> table = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0]})
    >>> runs = experiment(table, desk, {"now": Scenario()}, replications=2, jobs=1, engine="simpy")
    >>> waiting(runs).get_suptitle()
    'Most waiting: review, 100 % of all; worst in week 1 (1 in the queue)'
    """
    names, shown = Names.of(runs, lang, titles), list(scenarios or runs.scenarios[:1])[:2]
    tables = {name: runs.waiting(name) for name in shown}
    sums = pd.concat([table.sum(axis=1) for table in tables.values()])
    total = sums.groupby(level=0, sort=False).sum()
    if max(float(table.to_numpy().max(initial=0.0)) for table in tables.values()) < LEAST * WEEK:
        return style.nothing(names.say("plotsim.waiting.none"))
    first = tables[shown[0]].sum(axis=1).reindex(total.index, fill_value=0.0)
    few = int((total > 0).sum()) <= MOST_STAGES
    most = total[total > 0].nlargest(MOST_STAGES if few else MOST_STAGES - 1).index
    order = np.lexsort((-total.to_numpy(dtype=float), -first.to_numpy(dtype=float)))
    known = [str(total.index[place]) for place in order if total.iloc[place] > 0]
    rows = [stage for stage in known if stage in most]
    ranked = [*rows, *(stage for stage in known if stage not in most)]
    weeks = _weeks(list(tables.values()))
    maps = {name: _map(table, rows, ranked, weeks) for name, table in tables.items()}
    top = max(float(one.to_numpy().max()) for one in maps.values())
    with style.canvas(
        4.2 + (4.2 if len(shown) == 1 else 3.6 * len(shown)), 2.3 + 0.27 * max(len(rows) + 1, 4)
    ) as figure:
        axes = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
        for place, (name, table) in zip(axes, maps.items(), strict=True):
            drawn = _draw(place, table, tables[name], rows, ranked, top, names)
            days = f"{tables[name].to_numpy().sum():,.0f}"
            title = names.say("plotsim.waiting.panel", title=names.scenario(name), days=days)
            place.set_title(shared.wrapped(title, 3.6), **style.SUBTITLE)
        _scale(figure, axes, drawn, names)
        shared.headline(figure, _headline(tables, ranked, names))
        count = f"{len(runs.numbers(shown[0])):,}"
        shared.footnote(figure, names, names.say("plotsim.waiting.note", count=count))
    return figure


def _weeks(tables: Sequence[pd.DataFrame]) -> range:
    """The weeks that hold nearly all of the waiting."""
    last, first = 0, min(int(table.columns.min()) for table in tables if len(table.columns))
    for table in tables:
        sums = table.sum().cumsum()
        if len(sums) and sums.iloc[-1] > 0:
            last = max(last, int(sums.index[int(np.searchsorted(sums, SEEN * sums.iloc[-1]))]))
    return range(first, max(last, first + 3) + 1)


def _map(table: pd.DataFrame, rows: Sequence[str], ranked: Sequence[str], weeks: range) -> pd.DataFrame:
    """Applications waiting on the mean of a week, the stages with least together."""
    wide = table.reindex(index=list(ranked), columns=list(weeks), fill_value=0.0) / WEEK
    others = [stage for stage in ranked if stage not in rows]
    made = wide.loc[list(rows)]
    if others:
        made = pd.concat([made, wide.loc[others].sum().rename("").to_frame().T])
    return made


def _draw(
    axes: Axes, table: pd.DataFrame, whole: pd.DataFrame, rows: Sequence[str], ranked: Sequence[str], top: float,
    names: Names,
) -> Any:  # fmt: skip
    from matplotlib.colors import BoundaryNorm, ListedColormap

    steps = _steps(top)
    weeks = table.columns.to_numpy(dtype=float)
    low, high = float(weeks[0]) * WEEK, float(weeks[-1] + 1) * WEEK
    edges = np.arange(len(table.columns) + 1) * WEEK + low
    chosen = ListedColormap([COLOURS[round(place)] for place in np.linspace(0, len(COLOURS) - 1, len(steps) - 1)])
    drawn = axes.pcolormesh(edges, np.arange(len(table) + 1) - 0.5, table.to_numpy(), cmap=chosen,
                            norm=BoundaryNorm(steps, chosen.N))  # fmt: skip
    for edge in np.arange(len(table) - 1) + 0.5:
        axes.axhline(edge, color="white", linewidth=1.5)
    texts = [names.stage(stage) for stage in rows]
    others = len(ranked) - len(rows)
    texts += [names.say("plotsim.waiting.others", count=others)] if others else []
    axes.set_yticks(range(len(texts)), [shared.wrapped(text, 2.4) for text in texts])
    sums = whole.sum(axis=1).reindex(list(ranked), fill_value=0.0)
    totals = [*sums[list(rows)], *([sums.drop(list(rows)).sum()] if others else [])]
    for place, value in enumerate(totals):
        axes.annotate(f"{value:,.0f}", (high, place), (4, 0), textcoords="offset points",
                      va="center", fontsize=style.SMALL, color=style.MUTED, annotation_clip=False)  # fmt: skip
    axes.set_ylim(len(texts) - 0.5, -0.5)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=style.TEXT, labelcolor=style.INK)
    axes.xaxis.label.set(fontsize=style.TEXT, color=style.MUTED)
    shared.along(axes, names, low, high, 7)
    return drawn


def _steps(top: float) -> list[float]:
    """Where one colour ends and the next begins: 1, 2, 5, 10 ... up to the top.

    >>> _steps(24.0)
    [0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0]
    """
    scale = [LEAST, *(base * 10.0**power for power in range(7) for base in (1, 2, 5))]
    last = next((place for place, one in enumerate(scale) if one >= top), len(scale) - 1)
    return [0.0, *scale[max(last - MOST_STEPS + 2, 0) : last + 1]]


def _scale(figure: Figure, axes: Any, drawn: Any, names: Names) -> None:
    bar = figure.colorbar(drawn, ax=list(axes), location="bottom", shrink=0.6, aspect=40, pad=0.02, spacing="uniform",
                          format="%g")  # fmt: skip
    bar.outline.set(color=style.GRID)
    bar.ax.tick_params(length=0, labelsize=style.SMALL, labelcolor=style.INK)
    bar.set_label(names.say("plotsim.waiting.axis"), fontsize=style.SMALL, color=style.MUTED)


def _headline(tables: Mapping[str, pd.DataFrame], ranked: Sequence[str], names: Names) -> str:
    """Where most is waited, or what the second scenario changes."""
    first, *others = tables.items()
    name, table = first
    total = float(table.to_numpy().sum())
    if not others:
        row = table.loc[[ranked[0]]].to_numpy(dtype=float)[0]
        worst, count = int(table.columns[int(row.argmax())]), float(row.max()) / WEEK
        share = names.percent(float(row.sum()) / total)
        values = {"stage": names.stage(ranked[0]), "share": share, "month": _month(worst, names)}
        return names.say("plotsim.waiting.title", **values, count=f"{count:,.0f}")
    other, changed = others[0]
    most = names.stage(str(changed.sum(axis=1).idxmax()))
    change = 1 - float(changed.to_numpy().sum()) / total if total else 0.0
    key = "title_same" if abs(change) < 0.005 else "title_two" if change > 0 else "title_more"
    return names.say(f"plotsim.waiting.{key}", other=names.quoted(other), change=names.percent(abs(change)), stage=most)


def _month(week: int, names: Names) -> str:
    """A week in words: the one of a date, or its number."""
    if not names.dated:
        return names.say("plotsim.week", week=week + 1)
    return names.say("plotsim.week_of", day=spoken(names.date(week * WEEK + 1.0), names.lang))
