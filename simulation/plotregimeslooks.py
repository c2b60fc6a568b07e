"""What the pictures of regimes share: their colours and titles, legends, panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from allocator import plotstyle as style
from allocator.labels import words
from simulation import plottime as shared
from simulation.speaking import Names

if TYPE_CHECKING:
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


def legend(figure: Figure, regimes: Sequence[str], names: Names, square: bool = False) -> None:
    """The regimes in a row above everything."""
    from matplotlib.lines import Line2D

    shown = {"linestyle": "", "marker": "s", "markersize": 8} if square else {"linewidth": 2.6}
    handles = [Line2D([], [], color=colour, **shown) for colour in colours(regimes).values()]
    order = [called(one, names) for one in colours(regimes)]
    figure.legend(handles, order, loc="outside upper left", ncols=4, frameon=False, fontsize=style.TEXT + 1,
                  labelcolor=style.INK, handlelength=1.2, columnspacing=1.8)  # fmt: skip
