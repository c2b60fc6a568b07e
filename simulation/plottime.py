"""What the pictures of a simulation share: dates along an axis, shares up one, texts that wrap, bands and legends."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.cells import cell_len

from allocator import plotstyle as style
from allocator.labels import Lang
from simulation.speaking import MONTHS, Names, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
"""Months between the marks of an axis."""
MOST_MARKS = 13
COLOURS = (style.BLUE, style.AMBER, style.TEAL, style.RED, "#6a51a3", style.SKY)
BASE = style.MUTED


def along(axes: Axes, names: Names, low: float, high: float, most: int = MOST_MARKS) -> None:
    """Days along the axis below: months where they are dates, plain numbers otherwise."""
    axes.set_xlim(low, high)
    if not names.dated:
        axes.set_xlabel(names.say("plotsim.days_axis"))
        style.numbers(axes.xaxis, names.lang)
        return
    marks = months(names, low, high, most)
    axes.set_xticks([day for day, _ in marks], [text for _, text in marks])


def months(names: Names, low: float, high: float, most: int = MOST_MARKS) -> list[tuple[float, str]]:
    """Days on which months begin, with their names; the year stands below January and below the first."""
    origin = pd.Timestamp(names.processes[0].origin)
    first = (origin + pd.Timedelta(days=math.floor(low))).to_period("M").to_timestamp()
    last = origin + pd.Timedelta(days=math.ceil(high))
    starts = [one for one in pd.date_range(first, last, freq="MS") if (one - origin).days >= low]
    step = next((step for step in STEPS if len(starts) / step <= most), STEPS[-1])
    kept = [one for one in starts if (12 * one.year + one.month - 1) % step == 0]
    made, told = [], 0
    for one in kept:
        name = f"{one.month}月" if names.lang == "zh" else MONTHS[one.month - 1]
        year = f"{one.year}年" if names.lang == "zh" else str(one.year)
        made.append((float((one - origin).days), name if one.year == told else f"{name}\n{year}"))
        told = one.year
    return made


def shares(axis: Axis, lang: Lang) -> None:
    """Shares along an axis in percent."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(lambda value, _: percent(value, lang, 0 if abs(value * 100 % 1) < 1e-6 else 1))


def wrapped(text: str, inches: float, size: float = style.TEXT) -> str:
    """A text in lines that fit a width, Chinese ones broken anywhere, English ones between words.

    >>> wrapped("Green channel for major projects", 1.6)
    'Green channel for\\nmajor projects'
    """
    width = max(int(inches / (size * 0.0078)), 6)
    return "\n".join(line for part in text.split("\n") for line in _lines(part, width))


def clipped(text: str, inches: float, size: float = style.TEXT) -> str:
    """What of a text fits a width on one line.

    >>> clipped("Green channel for major projects", 1.6), clipped("Green channel", 1.6)
    ('Green channel for…', 'Green channel')
    """
    first, *rest = wrapped(text, inches, size).split("\n")
    return f"{first}…" if rest else first


def _lines(text: str, width: int) -> list[str]:
    if cell_len(text) <= width:
        return [text]
    if cell_len(text) == len(text):
        return textwrap.wrap(text, width, break_long_words=True)
    lines = [""]
    for piece in _pieces(text):
        if cell_len(lines[-1] + piece) > width and lines[-1] and piece not in "，。、；：）”":
            lines.append("")
            piece = piece.lstrip()
        lines[-1] += piece
    return lines


def _pieces(text: str) -> list[str]:
    """Single Chinese signs, and runs of other ones that stay together."""
    made: list[str] = []
    for sign in text:
        plain = cell_len(sign) == 1
        if plain and made and sign != " " and cell_len(made[-1][-1]) == 1:
            made[-1] += sign
        else:
            made.append(sign)
    return made


def headline(figure: Figure, text: str) -> None:
    """The finding above everything, in as many lines as it needs."""
    style.headline(figure, wrapped(text, figure.get_figwidth() - 0.3, style.TITLE))


def footnote(figure: Figure, names: Names, *parts: str) -> None:
    """What must be known, below everything, in as many lines as it needs."""
    text = ("" if names.lang == "zh" else " ").join(part for part in parts if part)
    style.footnote(figure, wrapped(text, figure.get_figwidth() - 0.3, style.SMALL))


def band(axes: Axes, x: Floats, low: Floats, high: Floats, colour: Any, alpha: float = 0.18) -> None:
    """A band around a curve."""
    axes.fill_between(x, low, high, color=colour, alpha=alpha, linewidth=0)


def beside(axes: Axes, handles: Sequence[Any], texts: Sequence[str], title: str) -> None:
    """A legend to the right of some axes, in the order given."""
    made = axes.legend(handles, texts, loc="upper left", bbox_to_anchor=(1.01, 1.02), frameon=False, title=title,
                       fontsize=style.TEXT, labelcolor=style.INK, handlelength=1.4, labelspacing=0.9,
                       alignment="left")  # fmt: skip
    made.get_title().set(fontsize=style.TEXT, color=style.MUTED)


def whiskers(axes: Axes, at: Floats, values: Floats, low: Floats, high: Floats) -> None:
    """Intervals of horizontal bars; none where they are not known."""
    reach = np.nan_to_num(np.maximum([values - low, high - values], 0.0))
    axes.errorbar(values, at, xerr=reach, fmt="none", ecolor=style.INK, elinewidth=0.9, capsize=2.5)


def rows(axes: Axes, texts: Sequence[str], least: int = 3) -> None:
    """Names of rows from the top down."""
    axes.set_yticks(range(len(texts)), texts)
    style.center_rows(axes, len(texts), least)
