"""The picture of benefit against quota: the bound, plans at some quotas, rank and cut, and the price today."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from allocator import quotacurve, units
from allocator.labels import Lang, label
from allocator.speech import Speech, number
from allocator.summary import value_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from allocator.plan import Plan


def plot_curve(plan: Plan, resource: str | None = None, lang: Lang = "en") -> Figure:
    """Benefit against quota: the pools of a resource from nothing to twice what they hold; see `quota_curve`.

    Parameters
    ----------
    plan : Plan
    resource : str, optional
        By default the one whose pools are worth most at the prices of the plan.
    lang : {"en", "zh"}

    Raises
    ------
    YaosuError
        No such resource.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> plan = allocate(Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 4.0], "value": [6.0, 4.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})))
    >>> plot_curve(plan, "land").get_suptitle()
    'Twice the land adds at most 66.7 %; half of it costs at least 50 %'
    """
    if plan.solution.x is None:
        return style.no_plan(plan.status, lang)
    say, name = Speech(lang), quotacurve.which(plan, resource)
    held = quotacurve.quota(plan, name)
    if not held:
        return style.nothing(say.say("plot.curve.no_quota", resource=say.resource(name)))
    table, unit = quotacurve.quota_curve(plan, name), units.shown(plan.case.units[name], lang == "zh")
    with style.canvas(9.5, 5.6) as figure:
        axes = figure.subplots()
        _draw_curves(axes, table, lang)
        _draw_today(axes, plan, name, table, unit, say)
        style.tidy(axes, "both", lang)
        key = "plot.curve.quota" if unit else "plot.curve.quota_plain"
        axes.set_xlabel(say.say(key, resource=say.resource(name), unit=unit))
        axes.set_ylabel(say.say("plot.curve.axis", unit=value_unit(plan.case, lang)))
        style.headline(figure, _scarcity(table, say.resource(name), say))
        style.footnote(figure, _curve_note(plan, name, say))
    return figure


def _draw_curves(axes: Axes, table: pd.DataFrame, lang: Lang) -> None:
    quota, solved = table["quota"], table.dropna(subset="value")
    axes.plot(quota, table["relaxed"], color=style.BLUE, linewidth=2, label=label("plot.curve.bound", lang))
    dots: dict[str, Any] = {
        "color": style.BLUE,
        "markersize": 8,
        "markeredgecolor": "white",
        "zorder": 4,
        "clip_on": False,
    }
    axes.plot(solved["quota"], solved["value"], "o", **dots, label=label("plot.curve.plans", lang))
    axes.plot(quota, table["rank_and_cut"], color=style.AMBER, linewidth=1.2, zorder=1.5)
    for kept, key, fill in ((True, "baseline.rank_and_cut", style.AMBER), (False, "plot.curve.broken", "white")):
        part = table[table["kept"] == kept]
        if len(part):
            marks: dict[str, Any] = {
                "color": fill,
                "markeredgecolor": style.AMBER,
                "markersize": 5,
                "zorder": 3,
                "clip_on": False,
            }
            axes.plot(part["quota"], part["rank_and_cut"], "D", **marks, label=label(key, lang))
    low, high = table[["relaxed", "rank_and_cut"]].min().min(), table[["relaxed", "rank_and_cut"]].max().max()
    axes.set_xlim(-0.015 * quota.max(), 1.02 * quota.max())
    axes.set_ylim(min(0.0, low) - 0.025 * high, None)
    axes.legend(loc="lower right", frameon=False, fontsize=style.TEXT, labelcolor=style.INK)


def _draw_today(axes: Axes, plan: Plan, name: str, table: pd.DataFrame, unit: str, say: Speech) -> None:
    """Where the plan stands, and the slope there: the price per unit."""
    held, slope = quotacurve.quota(plan, name), quotacurve.slope(plan, name)
    top, gap = plan.relaxation.objective or 0.0, "" if say.lang == "zh" else " "
    axes.axvline(held, color=style.MUTED, linewidth=0.9, linestyle=(0, (2, 3)))
    axes.annotate(say.say("plot.curve.today", quota=say.quantity(held, plan.case.units[name])), (held, 0.0), (5, 6),
                  xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=style.SMALL,
                  color=style.MUTED)  # fmt: skip
    reach = np.array([-0.3, 0.3])
    axes.plot(held * (1 + reach), top + slope * reach, color=style.RED, linewidth=1.4, linestyle="--")
    price = f"{number(slope / held)}{gap}{value_unit(plan.case, say.lang)}"
    key = "plot.curve.slope" if unit else "plot.curve.slope_plain"
    axes.annotate(say.say(key, unit=unit, price=price), (held, top), (-10, 14), textcoords="offset points", ha="right",
                  fontsize=style.SMALL, color=style.RED)  # fmt: skip


def _scarcity(table: pd.DataFrame, resource: str, say: Speech) -> str:
    """How much more or less quota would matter, as far as the relaxation is certain of it."""
    at = table.set_index("factor")
    today, (half, twice) = at["value"][1.0], at["relaxed"][[0.5, 2.0]].to_numpy()
    if today <= 0:
        return say.say("plot.curve.title_plain", resource=resource)
    gain = say.percent(math.ceil((twice / today - 1) * 1000 - 1e-6) / 1000, down=True)
    if np.isnan(half):
        return say.say("plot.curve.title_twice", resource=resource, gain=gain)
    loss = say.percent(max(0.0, 1 - half / today), down=True)
    return say.say("plot.curve.title", resource=resource, gain=gain, loss=loss)


def _curve_note(plan: Plan, name: str, say: Speech) -> str:
    removed = plan.model.removed
    large = removed.loc[(removed["code"] == "too_large") & (removed["name"] == name), "project"].nunique()
    note = say.say("plot.curve.note", gap=say.percent(quotacurve.GAP, down=True), seconds=f"{quotacurve.SECONDS:g}")
    more = say.say("plot.curve.note_large", count=large) if large else ""
    return (" " if say.lang == "en" else "").join(part for part in (note, more) if part)
