"""How results are spoken of in both languages: scenarios, stages and offices by their titles, days as dates, shares."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from allocator import schema
from allocator.labels import Lang, label, words
from allocator.sheetout import Words
from allocator.speech import Speech
from simulation.applies import BLANK, clauses
from simulation.process import Process

if TYPE_CHECKING:
    from simulation.runs import Runs

SIGNS = {"=": "=", "!=": "≠", ">=": "≥", "<=": "≤", ">": ">", "<": "<"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CHINESE = re.compile(r"[㐀-鿿]")


def in_language(name: str, title: str, lang: Lang) -> str:
    """A name or its title, whichever is in the language; the title where both are.

    >>> in_language("施工许可证", "Construction permit", "en"), in_language("施工许可证", "Construction permit", "zh")
    ('Construction permit', '施工许可证')
    """
    words = [title, name] if title else [name]
    return next((word for word in words if bool(_CHINESE.search(word)) == (lang == "zh")), words[0])


@dataclass(frozen=True, eq=False)
class Names:
    """Says what stands in the results.

    Parameters
    ----------
    lang : {"en", "zh"}
    processes : sequence of Process
        Where titles of stages, offices and problems stand; the first says what day 0 is.
    titles : mapping
        What scenarios are called, by their names.

    Examples
    --------
    >>> from simulation import Office, Stage
    >>> names = Names("zh", [Process([Stage("审查", office="desk")], [Office("desk")], calendar="CN")])
    >>> names.day(46.5), names.percent(0.934), names.days(52.2)
    ('2020年2月16日', '93%', '52天')
    """

    lang: Lang
    processes: Sequence[Process]
    titles: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(runs: Runs, lang: Lang, titles: Mapping[str, str] | None = None) -> Names:
        """The names of all scenarios of an experiment."""
        return Names(lang, [arm.moved for arm in runs.arms.values()], titles or {})

    def say(self, key: str, **values: object) -> str:
        """The words of a key."""
        return label(key, self.lang, **values)

    def scenario(self, name: str) -> str:
        """The title of a scenario."""
        return self.titles.get(name, name)

    def quoted(self, name: str) -> str:
        """The title of a scenario inside a sentence."""
        return f"“{self.scenario(name)}”"

    def stage(self, name: str) -> str:
        """A stage by its title."""
        return self._titled["stages"].get(name, name)

    def office(self, name: str) -> str:
        """An office by its title."""
        return self._titled["offices"].get(name, name)

    def problem(self, name: str) -> str:
        """A problem by its title."""
        return self._titled["problems"].get(name, name)

    def column(self, name: str) -> str:
        """A column of the projects by its header."""
        known = schema.recognise("projects", name)
        return schema.header("projects", known, self.lang) if known else name

    @cached_property
    def _titled(self) -> dict[str, dict[str, str]]:
        made: dict[str, dict[str, str]] = {}
        for table in ("stages", "offices", "problems"):
            rows = [row for process in self.processes for row in getattr(process, table)]
            known = {row.name: row.title for row in reversed(rows) if row.title}
            made[table] = {row.name: in_language(row.name, known.get(row.name, ""), self.lang) for row in rows}
        return made

    @property
    def dated(self) -> bool:
        """Whether days are dates."""
        return self.processes[0].calendar is not None

    def date(self, day: float) -> pd.Timestamp:
        """The date in which a moment falls; a midnight ends the day before."""
        return pd.Timestamp(self.processes[0].origin) + pd.Timedelta(days=math.ceil(day - 1e-9) - 1)

    def day(self, day: float) -> str:
        """A moment as a date, or as a number of days where there is no calendar."""
        if math.isnan(day):
            return "–"
        if not self.dated:
            return self.say("plotsim.day", day=f"{day:,.0f}")
        return spoken(self.date(day), self.lang)

    def falls(self, day: float) -> str:
        """The day on which something happens: a midnight belongs to the day that it begins."""
        return self.day(math.floor(day) + 1.0) if self.dated else self.day(day)

    def percent(self, share: float, places: int = 0) -> str:
        """A share in percent."""
        return percent(share, self.lang, places)

    def points(self, share: float, places: int = 0) -> str:
        """A difference of shares in percentage points, with its sign and without the unit."""
        shown = f"{100 * share:+.{places}f}".replace("-", "\N{MINUS SIGN}")
        return shown.lstrip("+\N{MINUS SIGN}") if float(shown[1:]) == 0 else shown

    def days(self, days: float) -> str:
        """A number of days, without its sign."""
        shown = f"{abs(days):,.0f}" if round(abs(days)) >= 2 else f"{abs(days):.1f}".removesuffix(".0")
        return self.say("plotsim.days_one" if shown == "1" else "plotsim.days", days=shown)

    def signed(self, days: float) -> str:
        """A number of days with its sign and without the unit, in tenths where they are few."""
        return self.points(days / 100, 0 if abs(days) >= 9.95 else 1).removesuffix(".0")

    def sooner(self, days: float) -> str:
        """So many days sooner or later."""
        if math.isnan(days):
            return self.say("plotsim.sooner_unknown")
        if abs(days) < 0.05:
            return self.say("plotsim.sooner_none")
        return self.say("plotsim.sooner" if days > 0 else "plotsim.later", days=self.days(days))

    def measure(self, measure: str) -> str:
        """A measure of a comparison, or of the figures of a scenario."""
        if f"plotsim.measure.{measure}" in words():
            return self.say(f"plotsim.measure.{measure}")
        if measure.startswith("started_by_"):
            return self.say("plotsim.measure.started_by", day=self.stated(measure.removeprefix("started_by_")))
        return self.say("plotsim.measure.weighted_days", name=self.column(measure.removesuffix("_days")))

    def unit(self, unit: str) -> str:
        """A unit of the tables; money in million yuan, or in 亿元 where the number is divided by 100."""
        if unit == "million yuan × days":
            return self.say("plotsim.unit.money_days")
        if unit.endswith(" × days"):
            return self.say("plotsim.unit.other_days", name=self.column(unit.removesuffix(" × days")))
        return self.say(f"plotsim.unit.{unit.replace('-', '_')}")

    def stated(self, day: str) -> str:
        """A day as it was typed: a date, or a number of days."""
        try:
            date = dt.date.fromisoformat(day)
        except ValueError:
            return self.say("plotsim.day", day=f"{float(day):g}")
        return spoken(date, self.lang)

    def listed(self, items: Sequence[str]) -> str:
        """A list in words, the last item joined by and."""
        return Speech(self.lang).also(items)

    def counted(self, count: int, where: str = "") -> str:
        """How many projects count, and which."""
        key = "plotsim.counted" if where.strip() else "plotsim.counted_all"
        return self.say(key, count=f"{count:,}", rule=self.rule(where) if where.strip() else "")

    def rule(self, rule: str) -> str:
        """A rule over columns in words; all projects where there is none."""
        between = "；" if self.lang == "zh" else "; "
        return between.join(self._clauses(rule)) or self.say("plotsim.all_projects")

    def _clauses(self, rule: str) -> Iterator[str]:
        either = self.say("plotsim.or")
        for clause in clauses(rule):
            column, name = schema.recognise("projects", clause.name), self.column(clause.name)
            if all(word.casefold() in BLANK for word in clause.words):
                yield self.say("plotsim.blank" if clause.sign == "=" else "plotsim.filled", name=name)
            else:
                values = [self._value(column, word) for word in clause.words]
                yield f"{name} {SIGNS[clause.sign]} {either.join(values)}"

    def _value(self, column: str | None, word: str) -> str:
        """A value of a rule as the language writes it."""
        known = schema.columns("projects").get(column or "")
        if known is not None and known.kind == "flag":
            value: object = schema.flags().get(word)
        else:
            value = schema.choices(column or "").get(word) if known is not None and known.kind == "choice" else None
        return word if value is None else str(Words(self.lang, {}).cell("projects", column or "", value))


def spoken(date: dt.date, lang: Lang) -> str:
    """A date in words.

    >>> spoken(dt.date(2020, 4, 6), "en"), spoken(dt.date(2020, 4, 6), "zh")
    ('6 Apr 2020', '2020年4月6日')
    """
    if lang == "zh":
        return f"{date.year}年{date.month}月{date.day}日"
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def decimals(shares: Sequence[float]) -> int:
    """Decimals of percentages that tell shares apart, and from all.

    >>> decimals([0.74, 0.66]), decimals([0.941, 0.938]), decimals([0.994])
    (0, 1, 1)
    """
    known = sorted({share for share in shares if math.isfinite(share)} | {1.0})
    gaps = [b - a for a, b in zip(known, known[1:], strict=False) if b - a > 5e-5]
    return 0 if min(gaps, default=1.0) >= 0.03 else 1


def percent(share: float, lang: Lang, places: int = 0) -> str:
    """A share in percent, as the language writes it.

    >>> percent(0.6623, "en"), percent(0.6623, "zh", 1), percent(float("nan"), "en")
    ('66 %', '66.2%', '–')
    """
    if not math.isfinite(share):
        return "–"
    text = f"{100 * share:.{places}f}".replace("-", "\N{MINUS SIGN}")
    return f"{text}%" if lang == "zh" else f"{text} %"
