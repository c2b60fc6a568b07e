"""What the pictures of regimes share: their colours and titles, legends, panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from allocator import plotstyle as style
from allocator.labels import words
from simulation import plottime as shared
from simulation.speaking import Names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OTHERS = (style.AMBER, style.TEAL, "#6a51a3", style.RED)
MOST_PANELS = 4


def called(regime: str, names: Names) -> str:
    """What a regime is called; one of the user's own by its name."""
    key = f"loop.regime.{regime}"
    return names.say(key) if key in words() else regime


def colours(regimes: Sequence[str]) -> dict[str, str]:
    """Grey for the first regime, blue for the last, others between.

    >>> sorted(colours(["regional", "follow"]).values())
    ['#1f5f99', '#66727f']
    """
    made = {one: OTHERS[place % len(OTHERS)] for place, one in enumerate(regimes)}
    return made | {regimes[-1]: style.BLUE} | {regimes[0]: shared.BASE}


def panels(table: pd.DataFrame, names: Names, draw: Callable[[Axes, pd.DataFrame], None], label: str,
           note: str = "") -> Figure:  # fmt: skip
    """A panel along the days for each of the first scenarios of a table, and its regimes above.

    Parameters
    ----------
    table : DataFrame
        ``scenario, regime, time`` and more.
    names : Names
    draw : callable
        Draws the rows of a scenario.
    label, note : str
        At the side and below.
    """
    scenarios = list(dict.fromkeys(table["scenario"]))[:MOST_PANELS]
    with style.canvas(max(8.6, 4.4 * len(scenarios)), 3.7) as figure:
        made = figure.subplots(1, len(scenarios), squeeze=False, sharey=True)[0]
        for axes, scenario in zip(made, scenarios, strict=True):
            draw(axes, table[table["scenario"] == scenario])
            style.tidy(axes, "both", names.lang)
            shared.along(axes, names, float(table["time"].min()), float(table["time"].max()), 7)
            axes.set_title(shared.wrapped(names.scenario(scenario), 4.0), **style.SUBTITLE)
        made[0].set_ylabel(label)
        legend(figure, list(dict.fromkeys(table["regime"])), names)
        if note:
            style.footnote(figure, note)
    return figure


def legend(figure: Figure, regimes: Sequence[str], names: Names, square: bool = False) -> None:
    """The regimes in a row above everything."""
    from matplotlib.lines import Line2D

    shown = {"linestyle": "", "marker": "s", "markersize": 8} if square else {"linewidth": 2.6}
    handles = [Line2D([], [], color=colour, **shown) for colour in colours(regimes).values()]
    order = [called(one, names) for one in colours(regimes)]
    figure.legend(handles, order, loc="outside upper left", ncols=4, frameon=False, fontsize=style.TEXT + 1,
                  labelcolor=style.INK, handlelength=1.2, columnspacing=1.8)  # fmt: skip
