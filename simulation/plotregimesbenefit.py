"""Output benefit secured and realised by date, a panel for each scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator import plotstyle as style
from simulation import plottime as shared
from simulation.plotregimeslooks import MOST_PANELS, colours, legend
from simulation.speaking import Names

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def benefit(table: pd.DataFrame, names: Names, unit: str) -> Figure:
    """Lines for what is realised with its interval, broken ones for what is secured.

    Parameters
    ----------
    table : DataFrame
        As of `simulation.crossing.Crossing.benefit`.
    names : Names
    unit : str
        Of the numbers, in words.
    """
    scenarios = list(dict.fromkeys(table["scenario"]))[:MOST_PANELS]
    regimes = list(dict.fromkeys(table["regime"]))
    looks = colours(regimes)
    with style.canvas(max(8.6, 4.4 * len(scenarios)), 3.7) as figure:
        panels = figure.subplots(1, len(scenarios), squeeze=False, sharey=True)[0]
        for axes, scenario in zip(panels, scenarios, strict=True):
            for (regime, kind), part in table[table["scenario"] == scenario].groupby(["regime", "kind"], sort=False):
                time, mean, low, high = (part[name].to_numpy(dtype=float) for name in ("time", "mean", "low", "high"))
                secured = kind == "secured"
                axes.plot(time, mean, color=looks[regime], linewidth=1.2 if secured else 2.4,
                          linestyle=(0, (4, 2)) if secured else "-")  # fmt: skip
                if not secured:
                    shared.band(axes, time, low, high, looks[regime])
            style.tidy(axes, "both", names.lang)
            shared.along(axes, names, float(table["time"].min()), float(table["time"].max()), 7)
            axes.set_ylim(bottom=0)
            axes.set_title(shared.wrapped(names.scenario(scenario), 4.0), **style.SUBTITLE)
        panels[0].set_ylabel(unit)
        legend(figure, regimes, names)
        style.footnote(figure, names.say("report.plot.benefit"))
    return figure
