"""What cities hold of each resource against their share by formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from allocator.sheetout import Words
from simulation import plottime as shared
from simulation.plotregimeslooks import colours, legend
from simulation.speaking import Names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 20
WIDE = 2.4
"""Inches for the name of a city."""


def shares(table: pd.DataFrame, names: Names, scenario: str) -> Figure:
    """Points for the share of each city under each regime, a stroke for the formula; a panel for each resource.

    Parameters
    ----------
    table : DataFrame
        As of `simulation.crossing.Crossing.fairness`.
    names : Names
    scenario : str
    """
    mine = table[table["scenario"] == scenario]
    regimes, resources = (list(dict.fromkeys(mine[name])) for name in ("regime", "resource"))
    order = mine.drop_duplicates("region").sort_values("formula", ascending=False, kind="stable")["region"][:MOST]
    looks, at = colours(regimes), np.arange(len(order), dtype=np.float64)
    with style.canvas(8.6, 1.4 + 0.26 * max(len(order), 5)) as figure:
        panels = figure.subplots(1, len(resources), squeeze=False, sharey=True)[0]
        for axes, resource in zip(panels, resources, strict=True):
            part = mine[mine["resource"] == resource]
            formula = part.drop_duplicates("region").set_index("region")["formula"].reindex(order)
            axes.scatter(formula, at, marker="|", s=190, color=style.INK, linewidths=1.6, zorder=2)
            for regime in regimes:
                held = part[part["regime"] == regime].set_index("region")["mean"].reindex(order)
                axes.scatter(held, at, s=34, color=looks[regime], zorder=3, alpha=0.9)
            style.tidy(axes, "both", names.lang)
            shared.shares(axes.xaxis, names.lang)
            axes.xaxis.get_major_locator().set_params(nbins=4)
            axes.set_xlim(left=0.0)
            axes.set_title(Words(names.lang, {}).resource(resource), **style.SUBTITLE)
        panels[0].set_yticks(at, [shared.clipped(one, WIDE) or names.say("plotsim.unstated") for one in order])
        panels[0].set_ylim(len(order) - 0.4, -0.6)
        legend(figure, regimes, names, square=True)
        style.footnote(figure, names.say("report.plot.shares"))
    return figure
