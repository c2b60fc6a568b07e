"""Start-rate curves of the regimes, a panel for each scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator import plotstyle as style
from simulation import plottime as shared
from simulation.plotregimeslooks import MOST_PANELS, colours, legend
from simulation.speaking import Names

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curves(table: pd.DataFrame, names: Names, end: float) -> Figure:
    """Share of all projects that has started, with the interval of the mean.

    Parameters
    ----------
    table : DataFrame
        As of `simulation.crossing.Crossing.curve`.
    names : Names
    end : float
        Last day shown.
    """
    table = table[table["time"] <= end]
    scenarios = list(dict.fromkeys(table["scenario"]))[:MOST_PANELS]
    regimes = list(dict.fromkeys(table["regime"]))
    looks = colours(regimes)
    with style.canvas(max(8.6, 4.4 * len(scenarios)), 3.7) as figure:
        panels = figure.subplots(1, len(scenarios), squeeze=False, sharey=True)[0]
        for axes, scenario in zip(panels, scenarios, strict=True):
            for regime, part in table[table["scenario"] == scenario].groupby("regime", sort=False):
                time, mean, low, high = (part[name].to_numpy(dtype=float) for name in ("time", "mean", "low", "high"))
                shared.band(axes, time, low, high, looks[str(regime)])
                axes.plot(time, mean, color=looks[str(regime)], linewidth=2.2)
            style.tidy(axes, "both", names.lang)
            shared.along(axes, names, float(table["time"].min()), float(table["time"].max()), 7)
            shared.shares(axes.yaxis, names.lang)
            axes.set_ylim(0.0, 1.02)
            axes.set_title(shared.wrapped(names.scenario(scenario), 4.0), **style.SUBTITLE)
        panels[0].set_ylabel(names.say("plotsim.axis.planned_count"))
        legend(figure, regimes, names)
    return figure
