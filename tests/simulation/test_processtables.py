"""A process as tables of a case: there and back, in files of both languages, changed by scenarios."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from faultycase import write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import processes

from allocator import schema, spreads, starter, units
from allocator.case import Case
from allocator.errors import InputError, YaosuError
from allocator.labels import Lang
from allocator.scenario import Scenario
from simulation import distributions
from simulation.calendar import Calendar
from simulation.distributions import empirical, exponential, lognormal, triangular
from simulation.measures import Deferral, Dispatch, Hotline, Teams
from simulation.process import Office, Problem, Process, Stage
from simulation.processtables import from_tables, to_tables

PROJECTS = pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]})
POOLS = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]})
OWN = pd.DataFrame({
    "date": pd.to_datetime(["2020-02-03", "2020-02-10", "2020-02-12", "2030-01-01", "2030-05-04", "2020-05-01"]),
    "to": pd.to_datetime(["2020-02-07", "2020-02-14", "2020-02-12", "2030-01-03", None, "2020-05-05"]),
    "working": [None, None, False, True, True, True],
    "staff": [0.3, 0.6, None, None, None, 0.25],
})  # fmt: skip


def full() -> Process:
    """Every field says something."""
    return Process(
        [
            Stage("立项", office="发改委", work=lognormal(5, 0.6), limit=20, extension=10, prepare=3, filing=0.5,
                  returns=0.1, correction=exponential(10), refuses=0.01, withdraws=0.2, title="项目立项", phase="前期"),
            Stage("用地", office="自然资源", work=2.5, after="立项", customary_after="评审", applies="land > 5",
                  deferrable="route = file", elapsed=triangular(1, 2, 6.5)),
            Stage("评审", office="会", elapsed=30, after="立项", deferrable=True, not_before="due - 30"),
            Stage("动员", after=["用地", "评审"], after_grant=True, elapsed=empirical([3, 1, 2])),
            Stage("验收", after="动员", after_start=True, elapsed=1),
        ],
        [
            Office("发改委", 3, preemptive=True, staff=[("2020-03-01", 5), (dt.date(2021, 1, 1), 2)], title="委"),
            Office("自然资源", 2, "county", room=50),
            Office("自然资源", 4, "county", region="济南"),
            Office("自然资源", 5, "county", region="济南", county="历下", staff=[("2020-05-05", 0)]),
            Office("会", 0, "city", every=30, seats=5),
        ],
        [
            Problem("路", 0.2, exponential(30), blocks="用地", hotline=False, title="道路"),
            Problem("钱", 0.1, 5, applies="investment > 100", teams=False, dispatch=False),
        ],
        calendar=Calendar.china().with_days(OWN), origin="2019-01-01", entry="registered", patience=700,
        year=lognormal(1, 0.1), deferral=Deferral(15, 0.05), hotline=Hotline(5, exponential(2), 0.4, "2020-02-01"),
        dispatch=Dispatch(30, 0.5, 20, 33, 14), teams=Teams(3, 1, triangular(1, 2, 3), 0.5, "land >= 5", "2020-02-10"),
        parallel=True, enforced=True, green=("省重大", "市重点"),
    )  # fmt: skip


def held(process: Process) -> Case:
    return Case.from_tables(projects=PROJECTS, pools=POOLS, **to_tables(process))  # type: ignore[arg-type]


def test_nothing_of_a_process_is_lost_in_its_tables() -> None:
    assert from_tables(to_tables(full())) == full()
    assert Process.of(held(full())) == full() == from_tables(full().tables())


@settings(max_examples=150, deadline=None)
@given(processes())
def test_any_process_comes_back_from_its_tables(process: Process) -> None:
    assert from_tables(to_tables(process)) == process
    assert Process.of(held(process)) == process


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["case", "case.xlsx"])
def test_files_in_both_languages_hold_the_process(name: str, lang: Lang, tmp_path: Path) -> None:
    case = held(full())
    path = case.write(tmp_path / name, lang)
    assert Process.read(path) == full()
    assert Case.read(path).hash == case.hash


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(processes(), st.sampled_from(["en", "zh"]))
def test_any_process_comes_back_from_a_workbook(process: Process, lang: Lang) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert Process.read(held(process).write(Path(folder, "case.xlsx"), lang)) == process


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_starter_has_a_process_of_its_own(lang: Lang) -> None:
    process = Process.of(starter.example(lang))
    assert len(process.stages) == 3 and process.hotline is not None and process.offices[1].staff
    assert from_tables(to_tables(process)) == process


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_tables_that_were_read_are_read_to_the_same(lang: Lang, tmp_path: Path) -> None:
    case = held(full())
    again = Case.read(case.write(tmp_path / "case", lang)).with_changes().with_changes()
    for name in schema.PROCESS:
        if name in case.extra:
            pd.testing.assert_frame_equal(again.extra[name], case.extra[name])
    assert again.hash == case.hash


STAGES = """环节,部门,审查工作量,前置环节,准备时间(周),公示时间,补正率,法定时限,容缺
立项,发改委,"对数正态（5，60%）",,2,48小时,20%,20个工作日,是
用地,,,立项,"三角(1天、2天、7天)",1,,,否
"""
OFFICES = """部门,层级,审查人员,自
发改委,市级,3,
发改委,,5,2020-03-01
"""
SETTINGS = """参数,取值
日历,cn
绿色通道,省重大、市重点
并联审批,是
进入日期列,登记日期
热线.人数,5
热线.处理时间,36小时
热线.解决率,40%
"""


def test_words_units_and_numbers_are_read_as_people_write_them(tmp_path: Path) -> None:
    Case.from_tables(projects=PROJECTS, pools=POOLS).write(tmp_path)
    for name, text in (("stages", STAGES), ("offices", OFFICES), ("process", SETTINGS)):
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    process = Process.read(tmp_path)
    first, second = process.stages
    assert first == Stage("立项", office="发改委", work=lognormal(5, 0.6), prepare=14, elapsed=2, returns=0.2, limit=20,
                          deferrable=True)  # fmt: skip
    assert second == Stage("用地", after=("立项",), prepare=triangular(1, 2, 7), elapsed=1)
    assert process.offices == (Office("发改委", 3, "city", staff=(("2020-03-01", 5),)),)
    assert process.green == ("省重大", "市重点") and process.parallel and process.entry == "registered"
    assert process.hotline == Hotline(5, 1.5, 0.4) and process.calendar == Calendar.china()


def test_an_office_without_a_first_number_has_nobody_before_the_first_day() -> None:
    stages = pd.DataFrame({"stage": ["a"], "office": ["desk"], "work": [1]})
    offices = pd.DataFrame({"office": ["desk", "desk"], "reviewers": [2, 3], "from": ["2020-03-01", "2020-05-01"]})
    case = Case.from_tables(projects=PROJECTS, pools=POOLS, stages=stages, offices=offices)
    assert Process.of(case).offices == (Office("desk", 0, staff=[("2020-03-01", 2), ("2020-05-01", 3)]),)


def test_blank_and_missing_cells_mean_what_the_fields_mean_by_default() -> None:
    stages, problems = pd.DataFrame({"stage": ["a"]}), pd.DataFrame({"problem": ["p"], "mean": [1], "own": [2]})
    process = Process.of(Case.from_tables(projects=PROJECTS, pools=POOLS, stages=stages, problems=problems))
    assert process == Process([Stage("a")], problems=[Problem("p", 1.0, 2.0)])


def test_own_days_are_told_apart_from_those_of_the_calendar_they_change() -> None:
    given_days = Calendar.china().with_days(OWN)
    table = to_tables(Process([Stage("a")], calendar=given_days))["calendar"]
    dates = np.arange("2019-01-01", "2031-01-01", dtype="datetime64[D]")
    again = Process.of(held(Process([Stage("a")], calendar=given_days))).calendar
    assert again is not None and (again.share(dates) == given_days.share(dates)).all()
    assert len(table) == 6 and set(table["working"].dropna()) == {"yes", "no"}


def test_a_case_without_stages_says_so_in_both_languages() -> None:
    case = Case.from_tables(projects=PROJECTS, pools=POOLS)
    with pytest.raises(YaosuError) as caught:
        Process.of(case)
    assert caught.value.text("en") == "This case has no stages; fill in the tables stages and offices first."
    assert caught.value.text("zh") == "本案例没有审批环节，请先填写环节表和部门表。"
    with pytest.raises(YaosuError):
        Process.of(Case.from_tables(projects=PROJECTS, pools=POOLS, stages=pd.DataFrame({"stage": []})))


def test_faults_stand_at_the_rows_of_a_workbook_with_a_title(tmp_path: Path) -> None:
    import openpyxl

    path = held(full()).write(tmp_path / "case.xlsx", "zh")
    book = openpyxl.load_workbook(path)
    book["环节"].insert_rows(1, 2)
    book["环节"]["A1"] = "2020年审批环节"
    headers = {cell.value.split(" (")[0]: cell.column for cell in book["环节"][3]}
    book["环节"].cell(5, headers["部门"], "自然资原")
    book["环节"].cell(6, headers["前置环节"], "立页")
    book.save(path)
    with pytest.raises(InputError) as caught:
        Process.read(path)
    assert [fault.text("zh") for fault in caught.value.faults] == [
        "环节第5行“部门”：没有名为“自然资原”的部门；是否指“自然资源”？",
        "环节第6行“前置环节”：没有名为“立页”的环节",
    ]


# scenarios


def changed(text: dict[str, object], tmp_path: Path) -> Process:
    case = Case.read(write(tmp_path / "case"))
    return Process.of(Scenario("more", text, file="more.toml").apply(case))


def test_scenarios_change_stages_offices_problems_days_and_settings(tmp_path: Path) -> None:
    before = Process.read(write(tmp_path / "case"))
    after = changed({
        "stages": [{"where": {"部门": "board"}, "set": {"审查工作量": "gamma(3, 0.5)", "limit": 10}},
                   {"where": {"stage": "permit"}, "scale": {"work": 0.5, "prepare": 2}}],
        "offices": [{"where": {"office": "board"}, "add": {"reviewers": 3}}],
        "problems": [{"remove": True, "where": {"problem": "loan"}}],
        "calendar": [{"append": [{"date": "2020-03-02", "working": "no"}]}],
        "process": [{"where": {"参数": "热线.人数"}, "set": {"value": 9}},
                    {"append": [{"key": "并联审批", "value": "是"}]}],
    }, tmp_path)  # fmt: skip
    energy, permit = after.stages[1:3]
    assert energy.work == distributions.gamma(3, 0.5) and energy.limit == 10
    assert (permit.work, permit.prepare) == (distributions.fixed(1), distributions.fixed(20))
    assert after.stages[0] == before.stages[0] and after.offices[0].reviewers == 5
    assert [one.name for one in after.problems] == ["road"]
    assert after.calendar is not None and after.calendar.share("2020-03-02") == 0
    assert after.hotline == Hotline(9, exponential(3), 0.4) and after.parallel and not before.parallel


def test_a_table_that_the_case_does_not_have_may_be_made_by_a_scenario(tmp_path: Path) -> None:
    case = Case.read(write(tmp_path / "bare", [["problems.csv"]]))
    more = Scenario("more", {"problems": [{"append": [{"problem": "road", "mean": 0.1, "own": 9}]}]}).apply(case)
    assert Process.of(case).problems == () and Process.of(more).problems == (Problem("road", 0.1, 9),)


@pytest.mark.parametrize(("change", "text"), [
    ({"where": {"stage": "permitt"}, "set": {"work": 1}},
     "more.toml, stages[1].where.stage: no row has “permitt” here; did you mean “permit”?"),
    ({"set": {"work": "3天"}},
     "more.toml, stages[1].set.work: the unit “天” does not fit; expected one of workday 工作日"),
    ({"set": {"审查工作量(天)": 3}},
     "more.toml, stages[1].set.审查工作量(天): the unit “天” does not fit; expected one of workday 工作日"),
    ({"set": {"returns": 1.2}}, "more.toml, stages[1].set.returns: expected 0 – 1, found 1.2"),
    ({"add": {"work": 1}}, "more.toml, stages[1].add.work: this column holds no numbers"),
    ({"scale": {"work": "twice"}}, "more.toml, stages[1].scale.work: expected a number, found “twice”"),
    ({"scale": {"correction": 2}},
     "more.toml, stages[1].scale.correction: the rows meant are all blank here; set a value first"),
])  # fmt: skip
def test_a_change_that_cannot_be_made_is_named(change: dict[str, object], text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        changed({"stages": [change]}, tmp_path)
    assert text in [fault.text("en") for fault in caught.value.faults]


# durations


def test_the_forms_of_durations_are_those_of_the_distributions() -> None:
    assert set(spreads.FAMILIES) == set(distributions.FAMILIES)
    for name, family in spreads.FAMILIES.items():
        theirs = distributions.FAMILIES[name]
        assert (family.chinese, family.names, family.times) == (theirs.chinese, theirs.names, theirs.lengths)


NUMBERS = st.floats(0, 1e6).map(lambda value: value + 0.0)


@given(st.one_of(
    st.tuples(st.just("fixed"), st.tuples(NUMBERS)), st.tuples(st.just("exponential"), st.tuples(NUMBERS)),
    st.tuples(st.sampled_from(["lognormal", "gamma"]), st.tuples(NUMBERS, st.floats(0, 5))),
    st.tuples(st.just("triangular"), st.lists(NUMBERS, min_size=3, max_size=3).map(sorted).map(tuple)),
    st.tuples(st.just("empirical"), st.lists(NUMBERS, min_size=1, max_size=5).map(tuple)),
))  # fmt: skip
def test_a_duration_reads_as_the_distribution_it_means_and_as_itself(made: tuple[str, tuple[float, ...]]) -> None:
    distribution = distributions.Distribution(*made)
    text = spreads.read(distribution.text)
    assert text == distribution.text == spreads.read(text) == spreads.read(spreads.called(text), "days")
    assert distributions.parse(text) == distribution
    assert distributions.parse(spreads.scaled(text, 2.0)) == distribution.scaled(2.0)


def test_the_unit_scales_the_times_of_a_duration_and_nothing_else() -> None:
    assert spreads.read("lognormal(2, 0.5)", "days", 7.0) == "lognormal(14, 0.5)"
    for text in ("lognormal(2周, 50%)", "lognormal(2, 0.5)周", "对数正态分布（14；0.5）"):
        assert spreads.read(text, "days") == "lognormal(14, 0.5)"
    assert spreads.read("empirical(1, 2)", "days", 7.0) == "empirical(7, 14)"
    assert units.convert(3, "周", "天") == 21
