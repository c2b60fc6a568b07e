"""Regimes and scenarios in one picture: a mean with its interval for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from simulation import plottime as shared
from simulation.plotregimeslooks import called, colours
from simulation.speaking import Names

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def two_way(table: pd.DataFrame, names: Names, unit: str, write: Callable[[float], str]) -> Figure:
    """Bars of the means with their intervals: scenarios as groups, regimes inside.

    Parameters
    ----------
    table : DataFrame
        ``scenario, regime, mean, low, high``.
    names : Names
    unit : str
        Of the numbers, in words.
    write : callable
        How a number is written beside its bar.

    Examples
    --------
    >>> from simulation import Office, Process, Stage
    >>> table = pd.DataFrame({"scenario": "now", "regime": ["regional", "follow"],
    ...                       "mean": [9.0, 12.0], "low": [8.0, 11.0], "high": [10.0, 13.0]})
    >>> figure = two_way(table, Names("en", [Process([Stage("a", elapsed=1)])]), "points", str)
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['by region', 'following projects']
    """
    mine = table.reset_index(drop=True)
    regimes = list(dict.fromkeys(mine["regime"]))
    scenarios = list(dict.fromkeys(mine["scenario"]))
    looks, at, place = colours(regimes), [], 0.0
    for scenario in scenarios:
        place += 0.9
        at += [place + number for number in range((mine["scenario"] == scenario).sum())]
        place = at[-1] + 1.0
    where, values = np.array(at), mine["mean"].to_numpy(dtype=float)
    with style.canvas(6.2, 0.7 + 0.33 * (len(at) + 1.2 * len(scenarios))) as figure:
        axes = figure.subplots()
        axes.barh(where, values, height=0.72, color=[looks[one] for one in mine["regime"]])
        low, high = (mine[name].to_numpy(dtype=float) for name in ("low", "high"))
        shared.whiskers(axes, where, values, low, high)
        for y, value, top in zip(where, values, np.fmax(values, high), strict=True):
            axes.annotate(write(value), (top, y), (6, 0), textcoords="offset points", va="center",
                          fontsize=style.TEXT, color=style.INK)  # fmt: skip
        style.tidy(axes, "x", names.lang)
        axes.set_yticks(where, [called(one, names) for one in mine["regime"]])
        for scenario in scenarios if len(scenarios) > 1 else ():
            top = where[(mine["scenario"] == scenario).to_numpy()].min() - 0.62
            axes.annotate(names.scenario(scenario), (0, top), xycoords=("axes fraction", "data"), va="center",
                          fontsize=style.TEXT, color=style.MUTED)  # fmt: skip
        axes.set_ylim(where.max() + 0.6, where.min() - (1.0 if len(scenarios) > 1 else 0.6))
        axes.set_xlim(0, 1.12 * float(np.nanmax(np.append(high, values))) or 1.0)
        axes.set_xlabel(unit)
        style.footnote(figure, names.say("report.plot.two_way"))
    return figure
