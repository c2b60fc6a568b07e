"""Units and their conversion: the unit table, units inside headers, and the usual names of resources.

This table is the only place that knows a resource by name; a resource missing here works the same, with any unit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Unit:
    """A unit: its dimension, how many base units one of it is, and the words for it, a Chinese one first."""

    name: str
    dimension: str
    factor: float
    words: tuple[str, ...]

    @property
    def chinese(self) -> str:
        """The Chinese word."""
        return self.words[0]


def _units(dimension: str, rows: tuple[tuple[str, float, str], ...]) -> tuple[Unit, ...]:
    return tuple(Unit(name, dimension, factor, tuple(words.split())) for name, factor, words in rows)


UNITS = (
    *_units("area", (
        ("mu", 1.0, "亩 市亩"), ("ha", 15.0, "公顷 hectare hectares hm2"), ("m2", 0.0015, "平方米 sqm"),
        ("km2", 1500.0, "平方公里 平方千米"), ("wan_mu", 10_000.0, "万亩"), ("wan_m2", 15.0, "万平方米"),
    )),
    *_units("energy", (
        ("tce", 1.0, "吨标准煤 吨标煤 吨煤当量"), ("wan_tce", 10_000.0, "万吨标准煤 万吨标煤 10ktce"),
        ("ktce", 1000.0, "千吨标准煤"),
    )),
    *_units("mass", (("t", 1.0, "吨 tonne tonnes ton tons"), ("wan_t", 10_000.0, "万吨"), ("kg", 0.001, "千克 公斤"))),
    *_units("power", (("MW", 1.0, "兆瓦"), ("GW", 1000.0, "吉瓦"), ("kW", 0.001, "千瓦"),
                      ("wan_kW", 10.0, "万千瓦"))),
    *_units("money", (
        ("mcny", 1.0, "百万元"), ("bcny", 1000.0, "十亿元"), ("yi_yuan", 100.0, "亿元 亿"),
        ("wan_yuan", 0.01, "万元 万"),
        ("cny", 1e-6, "元 yuan"), ("kcny", 0.001, "千元"), ("qianwan_yuan", 10.0, "千万元"),
    )),
    *_units("money_rate", (
        ("mcny/year", 1.0, "百万元/年 mcny/yr mcny/a"), ("yi_yuan/year", 100.0, "亿元/年"),
        ("wan_yuan/year", 0.01, "万元/年"),
    )),
    *_units("years", (("year", 1.0, "年 years yr yrs"), ("month", 1 / 12, "月 个月 months"))),
    *_units("days", (("day", 1.0, "天 日 days"), ("week", 7.0, "周 星期 weeks"), ("hour", 1 / 24, "小时 hours"))),
    *_units("workdays", (("workday", 1.0, "工作日 个工作日 workdays workingday workingdays"),)),
    *_units("share", (("1", 1.0, "比例"), ("%", 0.01, "百分比 百分数 percent"))),
)  # fmt: skip

RESOURCES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "land": ("mu", ("用地", "土地", "建设用地", "新增建设用地", "用地指标", "土地指标", "用地面积", "用地需求")),
    "energy": ("tce", ("能耗", "用能", "能源", "能耗指标", "能源消费", "能耗需求", "能源消费量", "综合能耗")),
    "coal": ("t", ("煤炭", "用煤", "煤炭指标", "耗煤", "煤炭消费", "煤炭消费量")),
    "capacity": ("MW", ("接入容量", "电网容量", "并网容量")),
}
"""Usual resources: the unit when none is stated, and Chinese words (the first is used for writing)."""


def squash(text: str) -> str:
    """Full-width letters, digits and brackets made plain, spaces dropped, lower case.

    >>> squash("总投资（亿元）")
    '总投资(亿元)'
    """
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


@cache
def _by_word() -> dict[str, Unit]:
    return {squash(word): unit for unit in UNITS for word in (unit.name, *unit.words)}


def unit(text: str) -> Unit | None:
    """The unit that a word means, or None.

    >>> unit("公顷").factor, unit("万吨标准煤").dimension, unit("cubit")
    (15.0, 'energy', None)
    """
    return _by_word().get(squash(text))


@cache
def base(dimension: str) -> Unit:
    """The unit in which a dimension is kept in memory.

    >>> base("area").name
    'mu'
    """
    return next(unit for unit in UNITS if unit.dimension == dimension and unit.factor == 1.0)


def shown(name: str, chinese: bool) -> str:
    """A unit's name in one language; a unit that is not in the table as it stands.

    >>> shown("mu", True), shown("racks", True)
    ('亩', 'racks')
    """
    known = unit(name)
    return known.chinese if known and chinese else name


def resource(text: str) -> str | None:
    """The usual resource that a word means, or None.

    >>> resource("土地"), resource("nitrogen")
    ('land', None)
    """
    key = squash(text)
    return next((name for name, (_, words) in RESOURCES.items() if key == name or key in words), None)


class Unread(ValueError):
    """A cell that cannot be read: the code of a message, and what the message says."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code)
        self.code, self.values = code, values


_NUMBER = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:e[+-]?\d+)?)(.*)", re.IGNORECASE)


def split_number(text: str) -> tuple[float, str]:
    """A number, and what follows it.

    Raises
    ------
    ValueError
        There is no number.

    Examples
    --------
    >>> split_number("1,200 mu"), split_number("5%")
    ((1200.0, 'mu'), (5.0, '%'))
    """
    match = _NUMBER.fullmatch(text)
    if match is None or not any(sign.isdigit() for sign in match[1]):
        raise ValueError(text)
    return float(match[1].replace(",", "")), match[2].strip()


def fitting(dimension: str) -> str:
    """The units of a dimension, in both languages.

    >>> fitting("power")
    'MW 兆瓦, GW 吉瓦, kW 千瓦, wan_kW 万千瓦'
    """
    return ", ".join(f"{one.name} {one.chinese}" for one in [one for one in UNITS if one.dimension == dimension][:4])


def factor(text: str, dimension: str) -> float:
    """How many base units of a dimension one of a unit is.

    Raises
    ------
    Unread
        The unit is not known, or of another dimension.

    Examples
    --------
    >>> factor("公顷", "area")
    15.0
    """
    found = unit(text)
    if found is not None and found.dimension == dimension:
        return found.factor
    if found is not None and dimension:
        raise Unread("unit_dimension", found=text, expected=fitting(dimension))
    raise Unread("unit_unknown", found=text)


_BRACKETS = re.compile(r"^(.+?)[(\[【](?:单位[:：]?)?(.*?)[)\]】]$")


def split_header(text: str) -> tuple[str, str | None]:
    """A header and the unit it carries: in brackets, after a slash, or as a suffix.

    Returns
    -------
    name, unit : str, str or None
        The unit as it was written; in brackets also one that the table does not know.

    Examples
    --------
    >>> split_header("用地（公顷）"), split_header("investment_mcny"), split_header("总投资/亿元"), split_header("name")
    (('用地', '公顷'), ('investment', 'mcny'), ('总投资', '亿元'), ('name', None))
    """
    plain = unicodedata.normalize("NFKC", text).strip().replace("\n", "")
    match = _BRACKETS.match(plain)
    if match:
        return match[1].strip(), match[2].strip() or None
    for sign in ("/", "_", ":", ",", " "):
        head, found, tail = plain.rpartition(sign)
        if found and head and tail not in ("万", "亿", "1") and unit(tail):
            return head.strip(), tail.strip()
    return plain, None


def convert(value: float, found: str, wanted: str) -> float:
    """A value in other units of the same dimension.

    Raises
    ------
    ValueError
        A unit that is not known, or of another dimension.

    Examples
    --------
    >>> convert(2, "公顷", "mu")
    30.0
    """
    one, other = unit(found), unit(wanted)
    if one is None or other is None or one.dimension != other.dimension:
        raise ValueError(f"{found} -> {wanted}")
    return value * one.factor / other.factor
