"""The picture of scenarios side by side: bars, a line for a sweep of one number, a heat map for a grid of two."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from allocator import plotstyle as style
from allocator.labels import Lang, label
from allocator.scenario import said

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from allocator.sidebyside import SideBySide


@dataclass(frozen=True, eq=False)
class Panel:
    """A part of the picture: rows of the summary with the points of a sweep as ``x`` and ``y``."""

    kind: str
    table: pd.DataFrame
    title: str = ""
    axes: tuple[str, ...] = ()

    @property
    def height(self) -> float:
        """Inches."""
        if self.kind == "bars":
            return 0.42 * len(self.table) + 0.7
        return 3.0 if self.kind == "line" else 0.45 * self.table["y"].nunique() + 1.2


def plot_side_by_side(side: SideBySide, lang: Lang = "en") -> Figure:
    """Change of the objective against the case as it is: one panel of bars, and one per sweep.

    Parameters
    ----------
    side : SideBySide
    lang : {"en", "zh"}

    Examples
    --------
    >>> from allocator import Case, Scenario, compare_scenarios
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> sweep = Scenario("quota", {"sweep": {"quota": [1.0, 1.4]}, "pools": [{"scale": {"amount": "$quota"}}]})
    >>> plot_side_by_side(compare_scenarios(case, [sweep], jobs=1), "zh").axes[0].get_xlabel()
    'quota'
    """
    panels = _panels(side, lang)
    if not panels or np.isnan(side.summary["change"]).all():
        return style.nothing(label("scenario.plot.none", lang))
    heights = [panel.height for panel in panels]
    with style.canvas(8.6, sum(heights) + 1.2) as figure:
        axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
        for place, panel in zip(axes, panels, strict=True):
            {"bars": _bars, "line": _line, "grid": _grid}[panel.kind](place, panel, lang)
            place.set_title(panel.title, loc="left", fontsize=style.TEXT, color=style.INK)
        style.headline(figure, label("scenario.plot.title", lang))
        style.footnote(figure, label("scenario.plot.note", lang))
    return figure


def _panels(side: SideBySide, lang: Lang) -> list[Panel]:
    """What is no sweep over one or two numbers is a bar; each such sweep has a panel of its own."""
    table = side.summary.assign(shown=side.titles(lang))
    bars, panels = list[pd.DataFrame](), list[Panel]()
    listed = list(enumerate(side.scenarios))[1:]
    for _, part in itertools.groupby(listed, key=lambda one: one[1].name):
        places, variants = zip(*part, strict=True)
        rows, first = table.iloc[list(places)], variants[0]
        points = pd.DataFrame([dict(variant.point) for variant in variants], index=rows.index)
        numbers = len(rows) > 1 and all(pd.api.types.is_numeric_dtype(points[name]) for name in points)
        kind = {1: "line", 2: "grid"}.get(len(first.point)) if numbers else None
        if kind is None:
            bars.append(rows)
            continue
        swept = rows.assign(**{axis: points[name] for axis, name in zip("xy", points, strict=False)})
        title, names = replace(first, point={}).title(lang), tuple(first.called(name, lang) for name in first.point)
        panels.append(Panel(kind, swept, title, names))
    return ([Panel("bars", pd.concat(bars, ignore_index=True))] if bars else []) + panels


def _percent(change: float, lang: Lang) -> str:
    if abs(change) < 5e-5:
        return "0%" if lang == "zh" else "0 %"
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return f"{sign}{abs(change) * 100:.{1 if abs(change) >= 0.001 else 2}f}{'' if lang == 'zh' else ' '}%"


def _ticks(axis: Axis, lang: Lang) -> None:
    """A few percentages along an axis, without decimals that say nothing."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(6))
    axis.set_major_formatter(lambda value, _: _percent(value, lang).replace(".0", ""))


def _why(row: Any, lang: Lang) -> str:
    """Why there is no change to show."""
    return "–" if row["status"] in ("optimal", "feasible") else label(f"scenario.status.{row['status']}", lang)


def _open(table: pd.DataFrame) -> Any:
    """How far the change may lie below and above what was found, given the gaps."""
    low, high = table["change"] - table["change_low"], table["change_high"] - table["change"]
    return np.nan_to_num(np.maximum([low.to_numpy(), high.to_numpy()], 0.0))


def _bars(axes: Axes, panel: Panel, lang: Lang) -> None:
    table = panel.table
    change, at = table["change"].to_numpy(), np.arange(len(table))
    colours = np.where(change < 0, style.AMBER, style.BLUE)
    axes.barh(at, np.nan_to_num(change), height=0.62, color=colours)
    whiskers = _open(table)
    axes.errorbar(np.nan_to_num(change), at, xerr=whiskers, fmt="none", ecolor=style.INK, elinewidth=0.8, capsize=2)
    for place, row in enumerate(table.to_dict("records")):
        known = not math.isnan(row["change"])
        value = row["change"] if known else 0.0
        end = value + (whiskers[1, place] if value >= 0 else -whiskers[0, place])
        axes.annotate(_percent(value, lang) if known else _why(row, lang), (end, place), (5 if value >= 0 else -5, 0),
                      textcoords="offset points", va="center", ha="left" if value >= 0 else "right",
                      fontsize=style.SMALL, color=style.INK)  # fmt: skip
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    style.tidy(axes, "x", lang)
    _ticks(axes.xaxis, lang)
    axes.set_yticks(at, table["shown"])
    axes.set_ylim(len(table) - 0.4, -0.6)
    ends = np.nan_to_num(change) + [-whiskers[0], whiskers[1]]
    low, high = ends.min(initial=0.0), ends.max(initial=0.0)
    room = 0.2 * (high - low) or 1.0
    axes.set_xlim(low - room * (low < 0), high + room * (high > 0 or low == high or np.isnan(change).any()))


def _line(axes: Axes, panel: Panel, lang: Lang) -> None:
    table = panel.table.sort_values("x")
    known = table[table["change"].notna()]
    axes.errorbar(known["x"], known["change"], yerr=_open(known), color=style.BLUE, marker="o", markersize=4,
                  ecolor=style.INK, elinewidth=0.8, capsize=2)  # fmt: skip
    axes.axhline(0, color=style.MUTED, linewidth=0.8)
    style.tidy(axes, "y", lang)
    for row in table.to_dict("records"):
        text = _why(row, lang) if math.isnan(row["change"]) else _percent(row["change"], lang)
        axes.annotate(text, (row["x"], 0.0 if math.isnan(row["change"]) else row["change"]), (6, -3), ha="left",
                      va="top", textcoords="offset points", fontsize=style.SMALL, color=style.INK)  # fmt: skip
    _ticks(axes.yaxis, lang)
    axes.set_xticks(table["x"], [said(value) for value in table["x"]])
    axes.set_xlabel(panel.axes[0])
    low, high = table["x"].min(), table["x"].max()
    axes.set_xlim(low - 0.06 * (high - low), high + 0.12 * (high - low))
    axes.margins(y=0.18)


def _grid(axes: Axes, panel: Panel, lang: Lang) -> None:
    table = panel.table
    wide = table.pivot(index="y", columns="x", values="change")
    most = 1.4 * float(np.nanmax(np.abs(wide.to_numpy()), initial=0.0)) or 1.0
    axes.imshow(wide.to_numpy(), cmap="PuOr", vmin=-most, vmax=most, aspect="auto", origin="lower")
    axes.set_xticks(range(len(wide.columns)), [said(float(value)) for value in wide.columns])
    axes.set_yticks(range(len(wide)), [said(float(value)) for value in wide.index])
    for row in table.to_dict("records"):
        change = row["change"]
        text = _why(row, lang) if math.isnan(change) else _percent(change, lang)
        dark = not math.isnan(change) and abs(change) > 0.55 * most
        across, up = (list(names).index(row[axis]) for names, axis in ((wide.columns, "x"), (wide.index, "y")))
        axes.text(across, up, text, ha="center", va="center",
                  fontsize=style.SMALL, color="white" if dark else style.INK)  # fmt: skip
    for edge in np.arange(len(wide) - 1) + 0.5:
        axes.axhline(edge, color="white", linewidth=2)
    for edge in np.arange(len(wide.columns) - 1) + 0.5:
        axes.axvline(edge, color="white", linewidth=2)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=style.TEXT, labelcolor=style.INK)
    axes.set_xlabel(panel.axes[0], fontsize=style.TEXT, color=style.MUTED)
    axes.set_ylabel(panel.axes[1], fontsize=style.TEXT, color=style.MUTED)
