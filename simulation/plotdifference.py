"""The difference of two start-rate curves with its bands, and the days saved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from allocator.labels import Lang
from simulation import plottime as shared
from simulation.compare import Comparison
from simulation.finding import level_of
from simulation.speaking import Names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_GROUPS = 6
SEEN = 0.004
"""The picture ends where the curves are as close as this."""


def difference(
    diff: Comparison, *, lang: Lang = "en", titles: Mapping[str, str] | None = None
) -> Figure:  # fmt: skip
    """The difference of two start-rate curves with its bands, and the days saved.

    Parameters
    ----------
    diff : Comparison
    lang : {"en", "zh"}
    titles : mapping, optional
        What the scenarios are called, by their names.

    Examples
    --------
    >>> from simulation import Office, Process, Scenario, Stage
    >>> from simulation.experiment import experiment
    >>> desk = Process([Stage("review", office="desk", work=2)], [Office("desk")])
    >>> table = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0]})
    >>> runs = experiment(table, desk, {"now": Scenario(), "fast": Scenario(speed=2)}, replications=2, jobs=1,
    ...                   engine="simpy")
    >>> difference(runs.compare("fast", "now")).get_suptitle()
    '“fast” against “now”: up to 50 points more started (day 1); 80 % started 2 days sooner'
    """
    names = Names.of(diff.runs, lang, titles)
    curve, saved = diff.curve, _saved(diff.summary)
    groups = [""] if diff.view.by is None else list(dict.fromkeys(curve["group"]))
    with style.canvas(10.6, 4.6) as figure:
        axes, side = figure.subplots(1, 2, width_ratios=[3.4, 1.0])
        _differences(axes, curve, groups, names)
        _days_saved(side, saved, names)
        shared.headline(figure, _headline(diff, names))
        bands = names.say("plotsim.difference.bands") if len(groups) == 1 else ""
        if len(groups) > MOST_GROUPS:
            bands = names.say("plotsim.difference.some", shown=MOST_GROUPS, count=len(groups))
        count = sum(len(one.ids) for one in diff.runs.cohorts(diff.b, diff.view))
        pairs = names.say("plotsim.pairs", count=f"{len(diff.replications):,}", seed=diff.runs.seed)
        shared.footnote(figure, names, names.counted(count, diff.view.where), bands, pairs)
    return figure


def _differences(axes: Axes, curve: pd.DataFrame, groups: Sequence[str], names: Names) -> None:
    """The bands of one curve, or a line for each of the groups that differ most."""
    grouped = "group" in curve
    parts = {group: curve[curve["group"] == group] if grouped else curve for group in groups}
    most = sorted(groups, key=lambda group: -parts[group]["difference"].abs().sum())[:MOST_GROUPS]
    for place, group in enumerate(most):
        part, colour = parts[group], shared.COLOURS[place % len(shared.COLOURS)]
        time, value = part["time"].to_numpy(dtype=float), part["difference"].to_numpy(dtype=float)
        if len(most) == 1:
            for low, high, alpha in (("sim_low", "sim_high", 0.14), ("low", "high", 0.22)):
                shared.band(axes, time, part[low].to_numpy(float), part[high].to_numpy(float), colour, alpha)
        axes.plot(time, value, color=colour, linewidth=2.0, label=group or names.say("plotsim.unstated"))
    axes.axhline(0, color=style.MUTED, linewidth=0.9)
    style.tidy(axes, "both", names.lang)
    moving = curve.loc[curve["difference"].abs() > SEEN, "time"]
    first, last = float(curve["time"].min()), float(moving.max() if len(moving) else curve["time"].max())
    shared.along(axes, names, first, last + 0.03 * (last - first) + 1.0, 10)
    axes.yaxis.set_major_formatter(lambda value, _: names.points(value))
    axes.set_ylabel(names.say("plotsim.difference.axis"))
    if len(most) > 1:
        axes.legend(frameon=False, fontsize=style.SMALL, labelcolor=style.INK)


def _saved(summary: pd.DataFrame) -> pd.DataFrame:
    """Days saved, by level."""
    part = summary[summary["measure"].str.startswith("days_saved_")]
    return part.assign(level=part["measure"].str.rpartition("_")[2].astype(int) / 100)


def _days_saved(axes: Axes, saved: pd.DataFrame, names: Names) -> None:
    from matplotlib.ticker import MaxNLocator

    values = saved["difference"].to_numpy(dtype=float)
    colours = np.where(np.nan_to_num(values) < 0, style.AMBER, style.BLUE)
    at = np.arange(len(saved), dtype=np.float64)
    axes.barh(at, np.nan_to_num(values), height=0.5, color=colours)
    shared.whiskers(axes, at, np.nan_to_num(values), saved["low"].to_numpy(float), saved["high"].to_numpy(float))
    for place, row in enumerate(saved.to_dict("records")):
        known = math.isfinite(row["difference"])
        text = names.signed(row["difference"]) if known else names.say("plotsim.not_reached")
        end = max(row["high"], 0.0) if known else 0.0
        axes.annotate(text, (end if math.isfinite(end) else row["difference"], place), (5, 0), va="center",
                      textcoords="offset points", fontsize=style.SMALL, color=style.INK)  # fmt: skip
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    style.tidy(axes, "x", names.lang)
    shared.rows(axes, [names.percent(level) for level in saved["level"]])
    reach = np.nan_to_num(np.append(saved[["low", "high"]].to_numpy(float).ravel(), values))
    low, high = min(reach.min(), 0.0), max(reach.max(), 0.0)
    axes.set_xlim(low * 1.1, high + 0.55 * ((high - low) or 1.0))
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.set_title(names.say("plotsim.difference.saved"), **style.SUBTITLE)


def _headline(diff: Comparison, names: Names) -> str:
    """Where the curves are furthest apart, and the days saved."""
    summary = diff.summary
    level = level_of(summary)
    [saved] = summary.loc[summary["measure"] == f"days_saved_{level}", "difference"].tolist()
    a, b, later = names.quoted(diff.a), names.quoted(diff.b), names.sooner(saved)
    if diff.view.by is not None:
        return names.say("plotsim.difference.title_groups", a=a, b=b, level=names.percent(level / 100), saved=later)
    apart = diff.curve["difference"].fillna(0.0).to_numpy(dtype=float)
    far = int(np.abs(apart).argmax())
    if abs(apart[far]) < 5e-4:
        return names.say("plotsim.difference.title_none", a=a, b=b)
    key, day = "title" if apart[far] > 0 else "title_less", names.day(diff.curve["time"].tolist()[far])
    points = names.say("plotsim.points", points=names.points(abs(apart[far])).lstrip("+"))
    values = {"points": points, "day": day, "level": names.percent(level / 100), "saved": later}
    return names.say(f"plotsim.difference.{key}", a=a, b=b, **values)
