"""Working days and clocks: against two libraries day by day, by hand in February 2020, by brute force."""

from __future__ import annotations

import pickle
from bisect import bisect_left
from datetime import date, timedelta

import chinese_calendar
import holidays
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.errors import YaosuError
from simulation.calendar import Calendar, Clock, calendar

DECADE = np.arange("2014-01-01", "2026-01-01", dtype="datetime64[D]")
MOVES = [-300, -20, -5, -1, 0, 1, 2, 5, 20, 61, 200]


def days(first: str, last: str) -> np.ndarray:
    """Every date from the first to the last."""
    return np.arange(np.datetime64(first), np.datetime64(last) + 1)


def stepped(is_open: dict[date, bool], begin: date, moves: int) -> date:
    """A date moved by working days, one day at a time."""
    at, step = begin, timedelta(1 if moves >= 0 else -1)
    if moves == 0:
        while not is_open[at]:
            at += step
    for _ in range(abs(moves)):
        at += step
        while not is_open[at]:
            at += step
    return at


# China


def test_china_is_chinesecalendar_day_by_day() -> None:
    every = days("2004-01-01", "2026-12-31")
    expected = [chinese_calendar.is_workday(day) for day in every.tolist()]
    assert Calendar.china().working(every).tolist() == expected
    assert Calendar.china().known == (date(2004, 1, 1), date(2026, 12, 31))


def test_the_two_libraries_disagree_on_one_day_only() -> None:
    every = days("2004-01-01", "2026-12-31")
    other = holidays.country_holidays("CN", years=range(2003, 2028))
    expected = np.array([other.is_working_day(day) for day in every.tolist()])
    assert every[Calendar.china().working(every) != expected].astype(str).tolist() == ["2005-12-31"]


@pytest.mark.parametrize("moves", MOVES)
def test_adding_working_days_in_china_agrees_with_the_holidays_library_from_every_day(moves: int) -> None:
    other = holidays.country_holidays("CN", years=range(2012, 2028))
    is_open = {day: other.is_working_day(day) for day in days("2012-01-01", "2026-12-31").tolist()}
    found = Calendar.china().add(DECADE, moves).tolist()
    if moves <= 2 and moves >= -5:
        assert found == [stepped(is_open, day, moves) for day in DECADE.tolist()]
        return
    worked = [day for day, is_so in is_open.items() if is_so]
    for day, moved in zip(DECADE.tolist(), found, strict=True):
        at = bisect_left(worked, day)
        assert moved == worked[at + moves - (moves > 0 and worked[at] != day)]


@pytest.mark.parametrize("moves", [-5, -1, 0, 1, 5])
def test_adding_working_days_in_china_agrees_with_the_steps_of_chinesecalendar(moves: int) -> None:
    is_open = {day: chinese_calendar.is_workday(day) for day in days("2013-01-01", "2026-12-31").tolist()}
    assert Calendar.china().add(DECADE, moves).tolist() == [stepped(is_open, day, moves) for day in DECADE.tolist()]


def test_outside_the_known_years_the_plain_week_holds() -> None:
    every = np.concatenate([days("1990-01-01", "2003-12-31"), days("2027-01-01", "2041-12-31")])
    assert (Calendar.china().working(every) == np.is_busday(every)).all()
    far = np.datetime64("2035-03-07")
    assert Calendar.china().add(far, 1000) == np.busday_offset(far, 1000)
    assert Calendar.china().add("1999-03-05", 1) == np.datetime64("1999-03-08")


# Other countries


@pytest.mark.parametrize("code", ["GB", "GB-ENG", "GB-SCT", "US", "US-CA", "DE-BY", "JP"])
@pytest.mark.parametrize("moves", MOVES)
def test_other_countries_agree_with_numpy_and_the_list_of_holidays(code: str, moves: int) -> None:
    country, _, part = code.partition("-")
    off = np.array(list(holidays.country_holidays(country, part or None, years=range(2012, 2028))), "datetime64[D]")
    ours = Calendar.country(code)
    assert (ours.working(DECADE) == np.is_busday(DECADE, holidays=off)).all()
    roll = "forward" if moves <= 0 else "backward"
    assert (ours.add(DECADE, moves) == np.busday_offset(DECADE, moves, roll=roll, holidays=off)).all()
    later = DECADE + moves
    counted = np.busday_count(DECADE + 1, later + 1, holidays=off)
    assert (ours.between(DECADE, later) == counted)[later >= DECADE].all()


def test_a_country_may_have_another_weekend() -> None:
    saudi = Calendar.country("SA")
    assert saudi.working(["2024-03-07", "2024-03-08", "2024-03-09", "2024-03-10"]).tolist() == [
        True,
        False,
        False,
        True,
    ]
    assert saudi.working(["2070-03-07", "2070-03-08", "2070-03-09"]).tolist() == [False, False, True]  # Fri Sat Sun


@pytest.mark.parametrize(
    ("found", "nearest"),
    [
        ("Germany", "DE"),
        ("united kingdom", "GB"),
        ("GB-ENH", "GB-ENG"),
        ("week", "weekly"),
        ("CNN", "CN"),
    ],
)
def test_an_unknown_code_is_refused_with_the_nearest(found: str, nearest: str) -> None:
    with pytest.raises(YaosuError) as caught:
        calendar(found)
    assert caught.value.code == "country_unknown"
    assert caught.value.values["nearest"] == nearest
    assert f"“{found}”" in caught.value.text("zh") and f"“{found}”" in caught.value.text("en")


def test_a_code_stands_for_a_calendar() -> None:
    assert calendar("CN") is calendar("cn") is calendar("中国") is Calendar.country("CHN") is Calendar.china()
    assert calendar(None) is None and calendar("  ") is None
    own = Calendar.weekly()
    assert calendar(own) is own
    assert calendar("Weekly").name == "weekly"  # type: ignore[union-attr]
    assert calendar("gb-eng").name == "GB-ENG"  # type: ignore[union-attr]


# February 2020, by hand


def test_spring_festival_2020_by_hand() -> None:
    china = Calendar.china()
    worked = {"2020-01-19"}  # a Sunday, made up for the festival
    off = {"2020-01-01", *days("2020-01-24", "2020-02-02").astype(str)}
    for day in days("2020-01-01", "2020-02-29").astype(str):
        weekday = date.fromisoformat(day).weekday() < 5
        assert china.working(day) == ((weekday and day not in off) or day in worked), day
    assert str(china.add("2020-01-23", 1)) == "2020-02-03"
    assert str(china.add("2020-01-17", 1)) == "2020-01-19"
    assert str(china.add("2020-01-26", 0)) == "2020-02-03"
    assert str(china.add("2020-02-03", -1)) == "2020-01-23"
    assert str(china.add("2020-01-23", 20)) == "2020-02-28"  # a promise of 20 working days
    assert int(china.between("2020-01-23", "2020-02-28")) == 20
    assert int(china.between("2020-02-28", "2020-01-23")) == -20


OUTBREAK = pd.DataFrame(
    {
        "date": ["2020-02-03", "2020-02-10", "2020-02-17", "2020-02-15", "2020-02-19"],
        "to": ["2020-02-07", "2020-02-14", "2020-02-21", None, None],
        "working": [False, None, None, True, None],
        "staff": [None, 0.3, 0.5, 0.5, 0.75],
    }
)
"""Closed for a week, then 30 %, then half of the reviewers, with one Saturday worked and one day at 75 %."""


def test_a_closure_and_a_return_to_work_by_hand() -> None:
    own = Calendar.china().with_days(OUTBREAK)
    expected = {
        "2020-01-23": 1, "2020-02-02": 0, "2020-02-03": 0, "2020-02-07": 0, "2020-02-09": 0, "2020-02-10": 0.3,
        "2020-02-14": 0.3, "2020-02-15": 0.5, "2020-02-16": 0, "2020-02-17": 0.5, "2020-02-18": 0.5, "2020-02-19": 0.75,
        "2020-02-20": 0.5, "2020-02-22": 0, "2020-02-24": 1,
    }  # fmt: skip
    assert dict(zip(expected, own.share(list(expected)).tolist(), strict=True)) == expected
    assert str(own.add("2020-01-23", 1)) == "2020-02-10"
    assert str(own.add("2020-02-14", 1)) == "2020-02-15"
    official, presence = (own.clock(date(2020, 1, 20), 0, 60, staff) for staff in (False, True))
    # 20 to 23 January are worked; day 4 is 24 January, day 21 is 10 February, day 35 is 24 February
    assert official.work([4, 20, 21, 22, 26, 35]).tolist() == [4, 4, 4, 5, 9, 15]
    np.testing.assert_allclose(presence.work([4, 21, 22, 26, 27, 35]), [4, 4, 4.3, 5.5, 6.0, 8.75])
    assert presence.time(4) == 4
    assert presence.time(4.15) == pytest.approx(21.5)
    assert presence.time(5.75) == pytest.approx(26.5)
    assert presence.time(9) == pytest.approx(35.25)


def test_empty_cells_stay_as_they_were_and_later_rows_win() -> None:
    china = Calendar.china()
    same = china.with_days(pd.DataFrame({"date": ["2020-01-01"], "to": ["2020-12-31"], "working": [np.nan]}))
    every = days("2003-01-01", "2028-12-31")
    assert (same.working(every) == china.working(every)).all()
    assert same.hash == china.hash
    twice = pd.DataFrame({"date": ["2024-03-04", "2024-03-05"], "to": ["2024-03-08", "2024-03-06"], "working": [0, 1]})
    assert china.with_days(twice).working(days("2024-03-04", "2024-03-08")).tolist() == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert china.with_days(twice[::-1]).working(days("2024-03-04", "2024-03-08")).tolist() == [False] * 5
    assert china.with_days(twice.iloc[:0]) is china


def test_an_own_table_may_lie_outside_the_known_years_and_on_any_calendar() -> None:
    rows = pd.DataFrame({"date": ["2030-05-01", "1999-05-03"], "working": [False, False], "staff": [np.nan, np.nan]})
    for base in (Calendar.china(), Calendar.weekly(), Calendar.country("US")):
        own = base.with_days(rows)
        every = days("1998-01-01", "2031-12-31")
        changed = every[own.working(every) != base.working(every)]
        assert changed.astype(str).tolist() == ["1999-05-03", "2030-05-01"]
        assert own.known == base.known and own.name == f"{base.name}+own" == own.with_days(rows).name
    single = Calendar.weekly().with_days(rows.iloc[:1])
    assert str(single.add("2030-04-30", 1)) == "2030-05-02"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"date": None}, "date is missing"),
        ({"to": "2020-01-01"}, "date is missing"),
        ({"date": "2020-02-03", "to": "2020-02-02"}, "lies before"),
        ({"date": "2020-02-03", "staff": 1.5}, "between 0 and 1"),
        ({"date": "2020-02-03", "staff": -0.1}, "between 0 and 1"),
        ({"date": "2020-02-03", "working": "perhaps"}, "true or false"),
        ({"date": 20200203}, "found numbers"),
    ],
)
def test_rows_that_make_no_sense_are_refused(row: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Calendar.china().with_days(pd.DataFrame([row]))


def test_a_very_long_closure_is_walked_over() -> None:
    rows = pd.DataFrame({"date": ["2020-01-01"], "to": ["2049-12-31"], "working": [False]})
    own = Calendar.weekly().with_days(rows)
    assert str(own.add("2019-12-31", 1)) == "2050-01-03"
    assert str(own.add("2050-01-03", -2)) == "2019-12-30"
    assert int(own.between("2019-12-30", "2050-01-04")) == 3


# Dates in any form


def test_dates_come_in_any_form_and_keep_their_shape() -> None:
    china = Calendar.china()
    texts = ["2020-01-19", "2020-01-24"]
    forms = [
        texts,
        pd.Series(texts),
        pd.to_datetime(pd.Series(texts)),
        pd.DatetimeIndex(texts),
        [date(2020, 1, 19), date(2020, 1, 24)],
        np.array(texts, "datetime64[ns]"),
        list(pd.to_datetime(texts)),
    ]
    for form in forms:
        assert china.working(form).tolist() == [True, False]
        assert china.add(form, 1).astype(str).tolist() == ["2020-01-20", "2020-02-03"]
    assert china.working(pd.Timestamp("2020-01-19 15:30")).shape == ()
    assert china.add(np.array([texts, texts]), 3).shape == (2, 2)
    assert china.add("2020-01-19", np.arange(4)).astype(str).tolist() == [
        "2020-01-19", "2020-01-20", "2020-01-21", "2020-01-22"]  # fmt: skip
    assert china.add([], 1).shape == china.between([], []).shape == china.share([]).shape == (0,)


def test_a_missing_date_is_refused() -> None:
    for call in (Calendar.china().working, Calendar.china().share, lambda given: Calendar.china().add(given, 1)):
        with pytest.raises(ValueError, match="missing"):
            call(pd.to_datetime(pd.Series(["2020-01-01", None])))


# The digest


def test_the_digest_tells_calendars_apart_by_what_they_say() -> None:
    china, own = Calendar.china(), Calendar.china().with_days(OUTBREAK)
    staff_only = Calendar.china().with_days(OUTBREAK.drop(columns="working"))
    every = [china, own, staff_only, Calendar.weekly(), Calendar.country("GB"), Calendar.country("GB-SCT")]
    assert len({one.hash for one in every}) == len(every)
    assert own.hash == Calendar.china().with_days(OUTBREAK).hash == pickle.loads(pickle.dumps(own)).hash
    assert len(china.hash) == 32


def test_a_calendar_cannot_be_changed() -> None:
    with pytest.raises(ValueError):
        Calendar.china().open[0] = True
    before = Calendar.china().hash
    Calendar.china().with_days(OUTBREAK)
    assert Calendar.china().hash == before and Calendar.china().working("2020-02-03")


# Clocks

SHARES = st.lists(st.sampled_from([0.0, 0.0, 0.3, 0.5, 1.0, 1.0, 1.0]), min_size=1, max_size=30)
TIMES = st.floats(-5, 45)


def made(shares: list[float], start: int = -2) -> Clock:
    """A clock of given shares."""
    return Clock(start, np.concatenate([[0.0], np.cumsum(shares)]), np.array(shares))


@pytest.mark.parametrize("staff", [False, True])
def test_a_clock_is_the_sum_of_small_steps(staff: bool) -> None:
    own = Calendar.china().with_days(OUTBREAK)
    clock = own.clock(date(2020, 1, 1), -10, 90, staff)
    every = np.datetime64("2020-01-01") + np.arange(-10, 90)
    rate = own.share(every) if staff else own.working(every).astype(float)
    work, step = 0.0, 1 / 8
    for at in np.arange(-10, 90, step):
        assert clock.work(at) == pytest.approx(work, abs=1e-9)
        work += rate[int(np.floor(at)) + 10] * step
    assert clock.start == -10 and len(clock.share) == 100 and len(clock.done) == 101


@pytest.mark.parametrize("staff", [False, True])
def test_time_is_the_first_of_many_small_steps_at_which_the_work_is_done(staff: bool) -> None:
    clock = Calendar.china().with_days(OUTBREAK).clock(date(2020, 1, 1), -10, 90, staff)
    grid = np.arange(-10 * 200, 90 * 200) / 200
    done = clock.work(grid)
    for work in np.linspace(0.01, float(clock.done[-1]) - 0.01, 500):
        first = grid[np.argmax(done >= work - 1e-9)]
        assert first - 1 / 200 - 1e-6 <= clock.time(work) <= first + 1e-6


@given(SHARES, TIMES)
def test_time_undoes_work_where_work_flows(shares: list[float], t: float) -> None:
    clock = made(shares)
    day = int(np.floor(t)) - clock.start
    rate = 0.0 if day < 0 else 1.0 if day >= len(shares) else shares[day]
    back = float(clock.time(clock.work(t)))
    if rate > 0 and t - np.floor(t) > 1e-6:
        assert back == pytest.approx(t, abs=1e-9)
    else:
        assert back <= max(t, clock.start) + 1e-9
    assert clock.work(back) == pytest.approx(float(clock.work(t)), abs=1e-9)


@given(SHARES, st.floats(0, 40))
def test_time_is_the_earliest(shares: list[float], w: float) -> None:
    clock = made(shares)
    t = float(clock.time(w))
    assert clock.work(t) == pytest.approx(w, abs=1e-9)
    if w > 0:
        assert clock.work(t - 1e-4) < w
    else:
        assert t == clock.start


@given(SHARES, st.lists(TIMES, min_size=2, max_size=9))
def test_work_never_falls_and_never_outruns_time(shares: list[float], times: list[float]) -> None:
    at = np.sort(times)
    work = made(shares).work(at)
    assert (np.diff(work) >= 0).all()
    assert (np.diff(work) <= np.diff(at) + 1e-9).all()


def test_the_end_of_work_on_a_friday_is_friday_midnight_and_the_next_hour_is_on_monday() -> None:
    clock = Calendar.weekly().clock(date(2024, 1, 1), 0, 28)  # a Monday
    assert clock.time(5) == 5
    assert clock.time(5.25) == 7.25
    assert clock.time(clock.work(5.5) + 1) == 8  # begun on Saturday
    assert clock.time(clock.work(4.5) + 1) == 7.5  # begun on Friday noon


def test_before_the_arrays_nothing_is_worked_and_after_them_everything() -> None:
    clock = made([1.0, 0.0, 0.5], start=10)
    assert clock.work([-100, 10, 10.5, 11.5, 12.5, 13, 20]).tolist() == [0, 0, 0.5, 1, 1.25, 1.5, 8.5]
    assert clock.time([-1, 0, 0.5, 1, 1.25, 1.5, 8.5]).tolist() == [10, 10, 10.5, 11, 12.5, 13, 20]
    asleep = made([0.0, 0.0], start=0)
    assert asleep.time([0, 0.5]).tolist() == [0, 2.5] and asleep.work([1.9, 2.5]).tolist() == [0, 0.5]


def test_no_calendar_means_that_every_hour_counts() -> None:
    clock = Clock.always()
    assert clock.work([-3, 0, 2.5]).tolist() == clock.time([-3, 0, 2.5]).tolist() == [-3, 0, 2.5]
    assert clock.done.size == clock.share.size == 0
    assert clock.done.dtype == clock.share.dtype == np.float64


def test_nan_stays_nan() -> None:
    clock = made([1.0, 0.0])
    assert np.isnan(clock.work(np.nan)) and np.isnan(clock.time(np.nan))


def test_a_clock_and_the_calendar_count_the_same_working_days() -> None:
    china, origin = Calendar.china(), date(2020, 1, 1)
    clock = china.clock(origin, -400, 2000)
    numbers = np.random.default_rng(0).integers(-390, 1900, 300)
    dates = np.datetime64(origin) + numbers
    for moves in (1, 7, 20):
        # n working days of work begun at the end of a day end at the end of the n-th working day after it
        end = clock.time(clock.work(numbers + 1) + moves)
        assert (end - 1 == (china.add(dates, moves) - np.datetime64(origin)).astype(int)).all()
    assert (clock.work(numbers + 1) - clock.work(1) == china.between(origin, dates)).all()


def test_another_origin_only_shifts_the_clock() -> None:
    china = Calendar.china()
    one, other = china.clock(date(2020, 1, 1), 0, 400), china.clock(date(2019, 12, 2), 30, 430)
    assert (one.share == other.share).all() and other.start == one.start + 30
