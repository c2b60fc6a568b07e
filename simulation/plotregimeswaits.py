"""How long projects wait for reviews and then for elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from simulation import plottime as shared
from simulation.plotregimeslooks import MOST_PANELS, called
from simulation.speaking import Names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = {"review": style.SKY, "elements": style.BLUE}


def waits(table: pd.DataFrame, names: Names) -> Figure:
    """Bars of mean days, one behind the other, a panel for each scenario.

    Parameters
    ----------
    table : DataFrame
        ``scenario, regime, by, kind, mean``; those whose ``by`` is blank are shown.
    names : Names
    """
    table = table[table["by"] == ""]
    scenarios = list(dict.fromkeys(table["scenario"]))[:MOST_PANELS]
    regimes = list(dict.fromkeys(table["regime"]))
    at = np.arange(len(regimes), dtype=np.float64)
    with style.canvas(8.6, 1.5 + 0.4 * len(regimes)) as figure:
        panels = figure.subplots(1, len(scenarios), squeeze=False, sharex=True, sharey=True)[0]
        for axes, scenario in zip(panels, scenarios, strict=True):
            left = np.zeros(len(regimes))
            for kind, colour in KINDS.items():
                part = table[(table["scenario"] == scenario) & (table["kind"] == kind)].set_index("regime")
                days = part["mean"].reindex(regimes).fillna(0.0).to_numpy(dtype=float)
                axes.barh(at, days, left=left, height=0.6, color=colour, label=names.say(f"report.plot.{kind}"))
                for y, start, width in zip(at, left, days, strict=True):
                    axes.annotate(f"{width:,.1f}", (start + width / 2, y), ha="center", va="center",
                                  fontsize=style.SMALL, color="white" if kind == "elements" else style.INK)  # fmt: skip
                left += days
            style.tidy(axes, "x", names.lang)
            axes.set_title(shared.wrapped(names.scenario(scenario), 3.6), **style.SUBTITLE)
            axes.set_xlabel(names.say("report.plot.days"))
        panels[0].set_yticks(at, [called(one, names) for one in regimes])
        panels[0].set_ylim(len(regimes) - 0.5, -0.5)
        style.legend(figure, panels[0])
    return figure
