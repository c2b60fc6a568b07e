"""Output benefit secured and realised by date, a panel for each scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from simulation import plottime as shared
from simulation.plotregimeslooks import colours, panels
from simulation.speaking import Names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
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
    looks = colours(list(dict.fromkeys(table["regime"])))

    def draw(axes: Axes, rows: pd.DataFrame) -> None:
        for (regime, kind), part in rows.groupby(["regime", "kind"], sort=False):
            time, mean, low, high = (part[name].to_numpy(dtype=float) for name in ("time", "mean", "low", "high"))
            if kind == "secured":
                axes.plot(time, mean, color=looks[str(regime)], linewidth=1.2, linestyle=(0, (4, 2)))
            else:
                axes.plot(time, mean, color=looks[str(regime)], linewidth=2.4)
                shared.band(axes, time, low, high, looks[str(regime)])
        axes.set_ylim(bottom=0)

    return panels(table, names, draw, unit, names.say("report.plot.benefit"))
