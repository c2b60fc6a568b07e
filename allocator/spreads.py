"""Durations that may be random as people write them: ``5``, ``5天``, ``lognormal(5, 0.6)``, ``对数正态（5天，0.6）``.

Here is their form only: the families, which of their values are times, and the unit. `simulation.distributions` gives
them their meaning.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from allocator import units


@dataclass(frozen=True)
class Family:
    """The Chinese name of a family, the names of its values (none: any number), and how many of them are times."""

    chinese: str
    names: tuple[str, ...]
    times: int


FAMILIES: Mapping[str, Family] = {
    "fixed": Family("固定", ("value",), 1),
    "exponential": Family("指数", ("mean",), 1),
    "lognormal": Family("对数正态", ("mean", "cv"), 1),
    "gamma": Family("伽马", ("mean", "cv"), 1),
    "triangular": Family("三角", ("low", "mode", "high"), 3),
    "empirical": Family("经验", (), 0),
}
_CALL = re.compile(r"([^\W\d][\w-]*)\s*\((.*)\)\s*(\S*)", re.DOTALL)
_BETWEEN = re.compile(r"[,、;]")


def read(text: str, dimension: str = "", factor: float = 1.0) -> str:
    """A duration in one form, in the unit in memory.

    Parameters
    ----------
    text : str
    dimension : str
        Of the unit, see `allocator.units`; none for a plain number.
    factor : float
        From the header's unit to the unit in memory.

    Raises
    ------
    Unread
        What stands there is no duration, or in a unit that does not fit.

    Examples
    --------
    >>> read("对数正态（2周，60%）", "days"), read("triangular(1, 2, 6) 小时", "days"), read("5.0")
    ('lognormal(14, 0.6)', 'triangular(0.041666666666666664, 0.08333333333333333, 0.25)', '5')
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    call = _CALL.fullmatch(plain)
    if call is None:
        return written("fixed", [_time(plain, text, dimension, factor)])
    name, inside = _family(call[1]), call[2].strip()
    if call[3]:
        factor = units.factor(call[3], dimension)
    known = FAMILIES[name]
    parts = _BETWEEN.split(inside) if inside else []
    if len(parts) != len(known.names) if known.names else not parts:
        raise units.Unread("spread_values", found=text, expected=f"{name}({', '.join(known.names) or 'x1, x2, …'})")
    times = known.times or len(parts)
    values = [_time(part.strip(), text, dimension, factor) for part in parts[:times]]
    values += [_time(part.strip(), text, "", 1.0) for part in parts[times:]]
    if name == "triangular" and values != sorted(values):
        raise units.Unread("spread_order", found=text)
    return written(name, values)


def written(name: str, values: list[float]) -> str:
    """A family and its values as one text; a fixed duration is its number alone.

    >>> written("gamma", [3.0, 0.5]), written("fixed", [2.0]), written("empirical", [4.0, 1.0])
    ('gamma(3, 0.5)', '2', 'empirical(1, 4)')
    """
    ordered = sorted(values) if name == "empirical" else values
    said = ", ".join(repr(float(value) + 0.0).removesuffix(".0") for value in ordered)
    return said if name == "fixed" else f"{name}({said})"


def scaled(text: str, factor: float) -> str:
    """A duration, as `read` gives it, times a factor.

    >>> scaled("lognormal(5, 0.6)", 2), scaled("3", 0.5)
    ('lognormal(10, 0.6)', '1.5')
    """
    return read(text, "", factor)


def called(text: str) -> str:
    """A duration, as `read` gives it, with the Chinese name of its family; other text as it is.

    >>> called("lognormal(5, 0.6)"), called("CN")
    ('对数正态(5, 0.6)', 'CN')
    """
    name, bracket, rest = text.partition("(")
    return f"{FAMILIES[name].chinese}({rest}" if bracket and name in FAMILIES else text


def _family(name: str) -> str:
    chinese = {family.chinese: key for key, family in FAMILIES.items()}
    found = chinese.get(name.removesuffix("分布"), name.lower())
    if found not in FAMILIES:
        near = difflib.get_close_matches(name.lower(), [*FAMILIES, *chinese], n=1, cutoff=0.5)
        raise units.Unread("spread_unknown", found=name, nearest=near[0] if near else "")
    return found


def _time(part: str, text: str, dimension: str, factor: float) -> float:
    """One value, in the unit in memory."""
    try:
        value, rest = units.split_number(part)
    except ValueError:
        raise units.Unread("not_a_spread", found=text) from None
    if rest == "%" and not dimension:
        factor = 0.01
    elif rest and not (dimension and rest[0].isalpha()):
        raise units.Unread("not_a_spread", found=text)
    elif rest:
        factor = units.factor(rest, dimension)
    if value < 0 or not math.isfinite(value):
        raise units.Unread("out_of_range", found=part, expected="≥ 0")
    return value * factor
