"""Columns of a report: numbers with one scale and as many decimals as they need, shares, days, texts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from allocator.bookstyle import decimals
from allocator.labels import Lang, label
from allocator.units import shown
from workbench.report import Column

Kind = Literal["amount", "share", "points", "change", "days", "count"]
LARGE: dict[Lang, tuple[float, ...]] = {"en": (1e9, 1e6), "zh": (1e8, 1e4)}
LEAST = {1e9: 1.0, 1e6: 1.0, 1e8: 10.0, 1e4: 10.0}
"""From so many of a scale on it is used."""
BLANK = "–"


@dataclass(frozen=True)
class Scale:
    """How the numbers of some columns are written.

    Examples
    --------
    >>> scale = Scale.of("amount", [19_248_000.0, 25_960_000.0], "zh", "分")
    >>> scale.unit, scale.text(19_248_000.0)
    ('万分', '1,925')
    """

    factor: float
    places: int
    unit: str
    signed: bool = False

    @staticmethod
    def of(kind: Kind, values: Iterable[float], lang: Lang, unit: str = "", signed: bool = False) -> Scale:
        """The scale that suits all of some numbers."""
        known = [abs(value) for value in values if math.isfinite(value)]
        if kind in ("share", "points", "change"):
            said = label("report.unit.points" if kind == "points" else "report.unit.percent", lang)
            return Scale(100.0, 1, said, signed)
        if kind in ("days", "count"):
            whole = all(abs(value - round(value)) < 1e-9 for value in known)
            return Scale(1.0, 0 if whole else 1, label("report.unit.days", lang) if kind == "days" else "", signed)
        top = max(known, default=0.0)
        size = next((size for size in LARGE[lang] if top >= size * LEAST[size]), 1.0)
        word = label(f"report.scale.{size:.0f}", lang) if size > 1 else ""
        places = int(decimals([value / size for value in known]))
        return Scale(1 / size, min(places, 2) if size > 1 else places, f"{word}{unit}", signed)

    def text(self, value: float) -> str:
        """A number without its unit."""
        if not math.isfinite(value):
            return BLANK
        said = f"{value * self.factor:,.{self.places}f}"
        if not any(digit in said for digit in "123456789"):
            return said.lstrip("-")
        return f"{'+' if self.signed and value > 0 else ''}{said}".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class Columns:
    """Makes columns in one language; headers come from the words of the report."""

    lang: Lang

    def header(self, key: str, unit: str = "") -> str:
        """The words of a key as a header with its unit."""
        name = label(f"report.column.{key}", self.lang)
        return name if not unit else f"{name}（{unit}）" if self.lang == "zh" else f"{name} ({unit})"

    def headed(self, name: str, kind: Kind) -> str:
        """A name as a header with the unit of a kind."""
        unit = Scale.of(kind, [], self.lang).unit
        return name if not unit else f"{name}（{unit}）" if self.lang == "zh" else f"{name} ({unit})"

    def text(self, key: str, values: Iterable[Any], header: str = "") -> Column:
        """Texts; blank where nothing is known."""
        cells = tuple("" if value is None or value != value else str(value) for value in values)
        return Column(key, header or self.header(key), cells)

    def number(self, key: str, values: Iterable[Any], scale: Scale, header: str = "") -> Column:
        """Numbers on a scale; a blank where nothing is known."""
        cells = [float(value) if value is not None else math.nan for value in values]
        between = "" if self.lang == "zh" or not scale.unit else " "
        name = header or self.header(key, scale.unit)
        return Column(key, name, tuple(map(scale.text, cells)),
                      tuple(cell if math.isfinite(cell) else None for cell in cells), between + scale.unit)  # fmt: skip

    def plain(self, key: str, kind: Kind, values: Iterable[Any], header: str = "") -> Column:
        """Numbers with a scale of their own."""
        cells = [math.nan if value is None else float(value) for value in values]
        scale = Scale.of(kind, cells, self.lang)
        return self.number(key, cells, scale, header)

    def each(self, key: str, values: Iterable[Any], unit: str = "") -> Column:
        """Numbers of several units, each with as many decimals as it needs; the units stand in a column beside them."""
        cells = [float(value) for value in values]
        texts = tuple(Scale(1.0, int(decimals([cell])), "").text(cell) for cell in cells)
        known = tuple(cell if math.isfinite(cell) else None for cell in cells)
        between = "" if self.lang == "zh" or not unit else " "
        return Column(key, self.header(key, unit), texts, known, between + unit)

    def mixed(self, units: Sequence[str], groups: Sequence[str], **columns: Iterable[Any]) -> list[Column]:
        """Columns of amounts of several units, one scale for the rows of a group; the first column says the unit."""
        table = pd.DataFrame({key: list(map(float, values)) for key, values in columns.items()})
        scales: dict[str, Scale] = {}
        for group, unit in zip(groups, units, strict=True):
            cells = table[np.array(groups) == group].to_numpy().ravel()
            scales[group] = Scale.of("amount", cells, self.lang, self.unit(unit))
        texts = [self.text("unit", [scales[group].unit for group in groups])]
        for key in table:
            cells = table[key].tolist()
            said = tuple(scales[group].text(cell) for group, cell in zip(groups, cells, strict=True))
            known = tuple(cell if math.isfinite(cell) else None for cell in cells)
            texts.append(Column(str(key), self.header(str(key)), said, known))
        return texts

    def interval(
        self, key: str, how: Kind | Scale, table: pd.DataFrame, names: Sequence[str] = ("mean", "low", "high"),
    ) -> list[Column]:  # fmt: skip
        """A mean and its interval on one scale: columns ``key``, ``key_low`` and ``key_high``."""
        values = table[list(names)].to_numpy(dtype=float).ravel()
        scale = how if isinstance(how, Scale) else Scale.of(how, values, self.lang)
        heads = {f"{key}_{end}": self.header(end) for end in ("low", "high")}
        return [self.number(one, table[name], scale, heads.get(one, ""))
                for one, name in zip((key, f"{key}_low", f"{key}_high"), names, strict=True)]  # fmt: skip

    def verdict(self, key: str, low: Iterable[float], high: Iterable[float]) -> Column:
        """What an interval of a difference says, in words."""
        said = [label(f"report.verdict.{verdict(a, b)}", self.lang) for a, b in zip(low, high, strict=True)]
        return Column(key, self.header("verdict"), tuple(said))

    def unit(self, name: str) -> str:
        """A unit in words."""
        return shown(name, self.lang == "zh")


def verdict(low: float, high: float) -> str:
    """What an interval of a difference says: ``more``, ``less``, ``same``, ``none`` (zero is in it) or ``unknown``.

    >>> verdict(0.1, 0.2), verdict(-2.0, -1.0), verdict(-1.0, 1.0), verdict(0.0, 0.0), verdict(math.nan, math.nan)
    ('more', 'less', 'none', 'same', 'unknown')
    """
    if math.isnan(low) or math.isnan(high):
        return "unknown"
    if low == high == 0:
        return "same"
    return "more" if low > 0 else "less" if high < 0 else "none"
