"""Working days: China with its make-up days, other countries, own tables; and the clock that counts them (4.2)."""

from __future__ import annotations

import difflib
import warnings
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from allocator.errors import YaosuError

Bools = NDArray[np.bool_]
Dates = NDArray[np.datetime64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MONDAY_TO_FRIDAY = (True,) * 5 + (False,) * 2
COUNTRY_YEARS = (2000, 2050)
"""Years read from the holidays library."""


@dataclass(frozen=True, eq=False)
class Clock:
    """Working time as a function of time: plain arrays, made by `Calendar.clock`, that compiled code can take.

    Parameters
    ----------
    start : int
        Day number of the first day.
    done : float64 array, days + 1
        Work done since `start` at the beginning of each day, and at the end of the last.
    share : float64 array, days
        How much of each day is worked: 1 all of it, 0 none. No days at all: every hour counts.

    Notes
    -----
    Within a day work flows evenly over its 24 hours. Before the arrays nothing is worked, after them everything.

    Examples
    --------
    >>> clock = Calendar.weekly().clock(date(2024, 1, 5), 0, 7)         # a Friday
    >>> clock.work([0.5, 1, 2, 3.25]).tolist()
    [0.5, 1.0, 1.0, 1.25]
    >>> clock.time([1, 1.25]).tolist()
    [1.0, 3.25]
    """

    start: int
    done: Floats
    share: Floats

    @classmethod
    def always(cls) -> Clock:
        """The clock of no calendar.

        >>> float(Clock.always().work(2.5)), float(Clock.always().time(2.5))
        (2.5, 2.5)
        """
        return cls(0, np.empty(0), np.empty(0))

    def work(self, t: ArrayLike) -> Floats:
        """Working time from `start` to the times `t` (days from the origin).

        ``work = done[d] + (t - start - d) share[d]`` with ``d = floor(t - start)``.
        """
        t = np.asarray(t, dtype=np.float64)
        days = len(self.share)
        if not days:
            return t
        since = np.maximum(t - self.start, 0.0)
        day = np.clip(np.nan_to_num(since), 0, days - 1).astype(np.int64)
        inside = self.done[day] + (since - day) * self.share[day]
        return np.asarray(np.where(since >= days, self.done[-1] + (since - days), inside))

    def time(self, w: ArrayLike) -> Floats:
        """The earliest time at which the working time is `w`.

        ``time = start + d + (w - done[d]) / share[d]`` with ``d = bisect_left(done, w) - 1``.
        """
        w = np.asarray(w, dtype=np.float64)
        days = len(self.share)
        if not days:
            return w
        day = np.clip(np.searchsorted(self.done, w, side="left") - 1, 0, days - 1)
        share = self.share[day]
        inside = self.start + day + (w - self.done[day]) / np.where(share > 0, share, 1.0)
        later = np.where(w > self.done[-1], self.start + days + (w - self.done[-1]), inside)
        return np.asarray(np.where(w <= 0, float(self.start), later))


@dataclass(frozen=True, eq=False)
class Calendar:
    """Which days are worked, and by what share of the reviewers.

    Parameters
    ----------
    name : str
        ``CN``, ``GB-ENG``, ``weekly`` ..., with ``+own`` after it when a table is laid over.
    known : (date, date)
        First and last day that the source states; outside of it the plain week holds.
    week : seven bools
        The plain week, Monday first.
    first : int
        Day number (from 1970-01-01) of the first day of the arrays.
    open, staff : arrays, days
        Whether each day is worked; share of the reviewers present.

    Examples
    --------
    >>> china = Calendar.china()
    >>> china.working(["2020-01-19", "2020-01-31"]).tolist()       # a Sunday worked; the holiday made longer
    [True, False]
    >>> str(china.add("2020-01-23", 1))
    '2020-02-03'
    """

    name: str
    known: tuple[date, date]
    week: tuple[bool, ...]
    first: int
    open: Bools
    staff: Floats

    @classmethod
    def china(cls) -> Calendar:
        """The official calendar of China, 2004 to 2026: holidays, make-up days, Spring Festival 2020 made longer.

        Notes
        -----
        As chinesecalendar has it. The holidays library agrees on every day but one: Saturday 2005-12-31, a day off
        to chinesecalendar, was worked by the notice of the State Council for 2006 (国办发明电〔2005〕35号).
        """
        return _china()

    @classmethod
    def country(cls, code: str) -> Calendar:
        """The public holidays of a country by its ISO code, and of a part of it: ``GB``, ``GB-ENG``, ``US-CA``.

        Raises
        ------
        YaosuError
            No such country or part; with the nearest code.

        Examples
        --------
        >>> Calendar.country("GB").working(["2024-12-24", "2024-12-25"]).tolist()
        [True, False]
        """
        return _china() if code.strip().upper() in ("CN", "CHN", "中国") else _country(code.strip())

    @classmethod
    def weekly(cls) -> Calendar:
        """Monday to Friday, without holidays.

        >>> Calendar.weekly().working(["2024-12-25", "2024-12-28"]).tolist()
        [True, False]
        """
        return cls("weekly", (date.min, date.max), MONDAY_TO_FRIDAY, 0, np.empty(0, dtype=bool), np.empty(0))

    def with_days(self, table: pd.DataFrame) -> Calendar:
        """The calendar with an own table laid over it; later rows win.

        Parameters
        ----------
        table : DataFrame
            `date`; optional `to` (last day of the row, itself included), `working` (whether it is a working day)
            and `staff` (share of the reviewers present, 0 to 1). What is empty stays as it was.

        Raises
        ------
        ValueError
            A date is missing, `to` lies before `date`, or a value makes no sense.

        Examples
        --------
        >>> rows = pd.DataFrame({"date": ["2020-02-03"], "to": ["2020-02-07"], "staff": [0.3]})
        >>> Calendar.china().with_days(rows).share(["2020-02-02", "2020-02-03", "2020-02-10"]).tolist()
        [0.0, 0.3, 1.0]
        """
        rows = [_row(row) for row in table.to_dict("records")]
        if not rows:
            return self
        last = self.first + len(self.open) - 1 if len(self.open) else rows[0][1]
        low = min([self.first if len(self.open) else rows[0][0], *(row[0] for row in rows)])
        days = np.arange(low, max([last, *(row[1] for row in rows)]) + 1)
        is_open, staff = self._open(days), self._staff(days)
        for begin, end, working, share in rows:
            span = slice(begin - low, end - low + 1)
            is_open[span] = is_open[span] if working is None else working
            staff[span] = staff[span] if share is None else share
        name = self.name if self.name.endswith("+own") else f"{self.name}+own"
        return replace(self, name=name, first=low, open=_kept(is_open), staff=_kept(staff))

    @cached_property
    def hash(self) -> str:
        """A digest of what the calendar says, as 32 hexadecimal digits; the name does not count."""
        days = self.first + np.arange(len(self.open))
        odd = (self.open != np.asarray(self.week)[(days + 3) % 7]) | (self.staff != 1)
        parts = (bytes(self.week), days[odd].tobytes(), self.open[odd].tobytes(), self.staff[odd].tobytes())
        return blake2b(b"".join(parts), digest_size=16).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calendar) and self.hash == other.hash

    def __hash__(self) -> int:
        return int(self.hash[:15], 16)

    def working(self, dates: Any) -> Bools:
        """Whether each date is a working day."""
        return self._open(_numbers(dates))

    def share(self, dates: Any) -> Floats:
        """How much reviewers work on each date: 0 on a day off, else the share of them present."""
        days = _numbers(dates)
        return self._open(days) * self._staff(days)

    def add(self, dates: Any, n: Any) -> Dates:
        """Each date moved by `n` working days.

        Forward for n > 0: the n-th working day after the date. Backward for n < 0: the one before it. For n = 0 the
        date itself when it is worked, else the next working day. `n` may be an array.

        >>> Calendar.weekly().add(["2024-01-05", "2024-01-06"], [1, 0]).astype(str).tolist()
        ['2024-01-08', '2024-01-08']
        """
        days, moves = np.broadcast_arrays(_numbers(dates), np.asarray(n, dtype=np.int64))
        if not days.size:
            return days.astype("datetime64[D]")
        worked = self._worked(days, int(np.abs(moves).max()))
        at = np.where(moves > 0, np.searchsorted(worked, days, "right") - 1, np.searchsorted(worked, days, "left"))
        return np.asarray(worked[at + moves]).astype("datetime64[D]")

    def between(self, a: Any, b: Any) -> Ints:
        """Working days after `a`, up to and including `b`; negative when `b` lies before `a`.

        >>> int(Calendar.weekly().between("2024-01-05", "2024-01-09"))
        2
        """
        begin, end = np.broadcast_arrays(_numbers(a), _numbers(b))
        if not begin.size:
            return begin
        worked = self._worked(np.array([begin.min(), begin.max(), end.min(), end.max()]), 0)
        return np.asarray(np.searchsorted(worked, end, "right") - np.searchsorted(worked, begin, "right"))

    def clock(self, origin: date, low: int, high: int, staff: bool = False) -> Clock:
        """The clock of the days `low` to `high` - 1 from the origin.

        Parameters
        ----------
        origin : date
            Day 0.
        low, high : int
            Day numbers; `high` is the first day no longer counted by the calendar.
        staff : bool
            Whether the share of reviewers present counts (the presence clock) or not (the official one).
        """
        days = int(_numbers(origin)) + np.arange(low, max(low, high))
        share: Floats = self._open(days) * (self._staff(days) if staff else np.ones(len(days)))
        return Clock(low, np.concatenate([np.zeros(1), np.cumsum(share)]), share) if len(days) else Clock.always()

    def _open(self, days: Ints) -> Bools:
        is_open: Bools = self._laid(np.asarray(self.week)[(days + 3) % 7], self.open, days)
        return is_open

    def _staff(self, days: Ints) -> Floats:
        staff: Floats = self._laid(np.ones(np.shape(days)), self.staff, days)
        return staff

    def _laid(self, plain: Any, own: Any, days: Ints) -> Any:
        """The own days laid over the plain week."""
        plain, at = np.asarray(plain), np.asarray(days) - self.first
        inside = (at >= 0) & (at < len(own))
        plain[inside] = own[at[inside]]
        return plain

    def _worked(self, days: Ints, moves: int) -> Ints:
        """All working days round the given days, far enough for so many moves: outside the arrays a week has one."""
        far = 7 * (moves + 2)
        low = min(int(days.min()), self.first) - far
        high = max(int(days.max()), self.first + len(self.open)) + far
        return low + np.flatnonzero(self._open(np.arange(low, high + 1)))


def calendar(code: str | None | Calendar) -> Calendar | None:
    """The calendar that a code stands for: ``CN``, ``weekly``, a country; none for nothing.

    >>> calendar("CN").name, calendar("weekly").name, calendar("")
    ('CN', 'weekly', None)
    """
    if code is None or isinstance(code, Calendar):
        return code
    code = code.strip()
    if not code:
        return None
    return Calendar.weekly() if code.lower() == "weekly" else Calendar.country(code)


def _numbers(dates: Any) -> Ints:
    """Day numbers from 1970-01-01 of dates in any form; none may be missing."""
    given = np.asarray(dates)
    if given.dtype.kind in "iufb" and given.size:
        raise ValueError(f"expected dates, found numbers such as {given.flat[0]}")
    found = given.astype("datetime64[D]")
    if np.isnat(found).any():
        raise ValueError("a date is missing")
    return np.asarray(found.astype(np.int64))


def _row(row: dict[Any, Any]) -> tuple[int, int, bool | None, float | None]:
    """First and last day of a row of an own table, whether it is worked, and the share of reviewers."""
    begin, end, working, staff = (row.get(name) for name in ("date", "to", "working", "staff"))
    if pd.isna(begin):
        raise ValueError("a date is missing")
    low = int(_numbers(begin))
    high = low if pd.isna(end) else int(_numbers(end))
    if high < low:
        raise ValueError(f"the last day {end} lies before the first {begin}")
    if not pd.isna(working) and working not in (0, 1):
        raise ValueError(f"working is true or false, found {working!r}")
    if not pd.isna(staff) and not 0 <= float(staff) <= 1:
        raise ValueError(f"a share of the staff lies between 0 and 1, found {staff!r}")
    return low, high, None if pd.isna(working) else bool(working), None if pd.isna(staff) else float(staff)


def _kept(array: Any) -> Any:
    array.flags.writeable = False
    return array


def _years(first: int, last: int) -> tuple[tuple[date, date], Ints]:
    """The span of whole years, and its day numbers."""
    known = date(first, 1, 1), date(last, 12, 31)
    return known, np.arange(int(_numbers(known[0])), int(_numbers(known[1])) + 1)


@cache
def _china() -> Calendar:
    import chinese_calendar

    known, days = _years(min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year)
    is_open = (days + 3) % 7 < 5
    is_open[_numbers(list(chinese_calendar.holidays)) - days[0]] = False
    is_open[_numbers(list(chinese_calendar.workdays)) - days[0]] = True
    return Calendar("CN", known, MONDAY_TO_FRIDAY, int(days[0]), _kept(is_open), _kept(np.ones(len(days))))


@cache
def _country(code: str) -> Calendar:
    import holidays

    country, _, part = code.partition("-")
    country, part = country.upper(), part.upper()
    parts = holidays.list_supported_countries()
    if country not in parts:
        raise _no_country(code, country, _names())
    if part and part not in map(str.upper, parts[country]):
        raise _no_country(code, f"{country}-{part}", {f"{country}-{one}": f"{country}-{one}" for one in parts[country]})
    part = next((one for one in parts[country] if one.upper() == part), "")
    years = range(COUNTRY_YEARS[0], COUNTRY_YEARS[1] + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = holidays.country_holidays(country, subdiv=part or None, years=years)
        known, days = _years(max(years[0], found.start_year), min(years[-1], found.end_year))
        is_open = np.array([found.is_working_day(known[0] + timedelta(at)) for at in range(len(days))])
    week = tuple(day not in found.weekend for day in range(7))
    name = f"{country}-{part}" if part else country
    return Calendar(name, known, week, int(days[0]), _kept(is_open), _kept(np.ones(len(days))))


def _names() -> dict[str, str]:
    """Codes and English names of the countries, each with its code."""
    from holidays.registry import COUNTRIES

    codes = {code: code for _, code, *_ in COUNTRIES.values()}
    return {**codes, **{name.upper(): entry[1] for name, entry in COUNTRIES.items()}, "WEEKLY": "weekly"}


def _no_country(found: str, folded: str, names: dict[str, str]) -> YaosuError:
    near = difflib.get_close_matches(folded.replace(" ", "_"), names, n=1, cutoff=0.3)
    return YaosuError("country_unknown", {"found": found, "nearest": names[near[0]] if near else "CN"})
