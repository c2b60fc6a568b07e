"""Start-rate curves of the regimes, a panel for each scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from simulation import plottime as shared
from simulation.plotregimeslooks import colours, panels
from simulation.speaking import Names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def curves(table: pd.DataFrame, names: Names) -> Figure:
    """Share of all projects that has started, with the interval of the mean.

    Parameters
    ----------
    table : DataFrame
        As of `simulation.crossing.Crossing.curve`.
    names : Names
    """
    looks = colours(list(dict.fromkeys(table["regime"])))

    def draw(axes: Axes, rows: pd.DataFrame) -> None:
        for regime, part in rows.groupby("regime", sort=False):
            time, mean, low, high = (part[name].to_numpy(dtype=float) for name in ("time", "mean", "low", "high"))
            shared.band(axes, time, low, high, looks[str(regime)])
            axes.plot(time, mean, color=looks[str(regime)], linewidth=2.2)
        shared.shares(axes.yaxis, names.lang)
        axes.set_ylim(0.0, 1.02)

    return panels(table, names, draw, names.say("plotsim.axis.planned_count"))
