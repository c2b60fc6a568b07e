"""The levers of a scenario file: what they say, what is wrong with them, and what the file makes of a case."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from faultycase import write

from allocator.case import Case
from allocator.errors import InputError, YaosuError
from allocator.scenario import Scenario as Named
from simulation.distributions import exponential
from simulation.leverfile import read_levers, scenarios
from simulation.levers import Scenario
from simulation.measures import Deferral, Dispatch, Hotline, Teams

INPUTS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("faulty_levers.toml").read_text("utf-8"))["input"]


def toml(text: str, name: str = "x") -> Named:
    return Named(name, tomllib.loads(text), file=f"{name}.toml")


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case.read(write(tmp_path / "case"))


@pytest.mark.parametrize(("text", "levers"), [
    ("speed = 1.5", Scenario(speed=1.5)),
    ("speed = { hall = 2, city = 1.2 }", Scenario(speed={"hall": 2, "city": 1.2})),
    ("reviewers = 1.2", Scenario(reviewers=1.2)),
    ("reviewers = { hall = 3, 'hall/North' = 5 }", Scenario(reviewers={"hall": 3, "hall/North": 5})),
    ("parallel = true\nonline = true\nenforced = true", Scenario(parallel=True, online=True, enforced=True)),
    ("deferral = true", Scenario(deferral=True)),
    ("deferral = { promise = 15, default = '5%' }", Scenario(deferral=Deferral(15, 0.05))),
    ("removed = ['energy', 'filing']\ngreen = 'A'", Scenario(removed=("energy", "filing"), green=("A",))),
    ("hotline = { staff = 4, time = 'exponential(2)', rate = 0.4, since = 2020-02-01 }",
     Scenario(hotline=Hotline(4, exponential(2), 0.4, "2020-02-01"))),
    ("dispatch = { every = '1周', rate = 0.5, seats = 20, since = 31 }", Scenario(dispatch=Dispatch(7, 0.5, 20, 31))),
    ("dispatch = { '间隔' = 7, rate = 0.5, '上报天数' = '2周' }", Scenario(dispatch=Dispatch(7, 0.5, notice=14))),
    ("teams = { number = 3, travel = 1, visit = '2工作日', rate = 0.5, applies = '层次 = A' }",
     Scenario(teams=Teams(3, 1, 2, 0.5, "层次 = A"))),
    ("'审查速度' = 1.5\n'并联审批' = true\n'热线' = { '人数' = 4, '处理时间' = '2天', '解决率' = '40%' }",
     Scenario(speed=1.5, parallel=True, hotline=Hotline(4, 2, 0.4))),
    ("", Scenario()),
])  # fmt: skip
def test_levers_are_read_as_people_write_them(text: str, levers: Scenario) -> None:
    assert read_levers(tomllib.loads(text), "x.toml") == (levers, [])


@pytest.mark.parametrize("one", INPUTS, ids=[one["what"] for one in INPUTS])
def test_faulty_levers_are_told_exactly_in_both_languages(one: dict[str, Any], case: Case) -> None:
    with pytest.raises(InputError) as caught:
        scenarios(case, [toml(one["text"])])
    assert [fault.text("en") for fault in caught.value.faults] == one["en"]
    assert [fault.text("zh") for fault in caught.value.faults] == one["zh"]


def test_a_sweep_over_levers_and_tables_gives_every_variant(case: Case) -> None:
    text = """
    sweep = { v = [1.0, 1.5], staff = [2, 4] }
    [levers]
    speed = "$v"
    hotline = { staff = "$staff", time = 1, rate = 0.5 }
    [[offices]]
    where = { office = "board" }
    set = { reviewers = "$staff" }
    """
    made = scenarios(case, [toml(text), toml("levers.parallel = true", "side")])
    assert list(made) == [
        "x (v = 1, staff = 2)", "x (v = 1, staff = 4)", "x (v = 1.5, staff = 2)", "x (v = 1.5, staff = 4)", "side",
    ]  # fmt: skip
    last = made["x (v = 1.5, staff = 4)"]
    assert last.levers == Scenario(speed=1.5, hotline=Hotline(4, 1, 0.5))
    assert last.process.offices[0].reviewers == 4 and made["side"].process.offices[0].reviewers == 2
    assert last.case.extra["offices"]["reviewers"].tolist()[0] == 4 and last.stated.point == {"v": 1.5, "staff": 4}
    assert made["side"].levers == Scenario(parallel=True)


def test_the_faults_of_all_files_come_at_once(case: Case) -> None:
    wrong = [toml("levers.sped = 2", "one"), toml("levers.speed = { haal = 2 }", "two"),
             toml("[[stages]]\nset = { wrk = 1 }", "three"),
             toml("[[stages]]\nset = { returns = 1 }\n[levers]\nonline = 1", "four")]  # fmt: skip
    with pytest.raises(InputError) as caught:
        scenarios(case, wrong)
    files = {fault.text().split(",")[0] for fault in caught.value.faults}
    assert files == {"one.toml", "two.toml", "three.toml", "four.toml"}
    with pytest.raises(InputError) as caught:
        scenarios(case, wrong[3:])
    assert [fault.text().split(": ")[0] for fault in caught.value.faults] == [
        "four.toml, levers.online", "four.toml, stages, row 2, returns", "four.toml, stages, row 3, returns",
        "four.toml, stages, row 4, returns", "four.toml, stages, row 5, office", "four.toml, stages, row 5, returns",
    ]  # fmt: skip


def test_a_case_without_stages_and_two_files_of_one_name_are_no_scenarios(case: Case, tmp_path: Path) -> None:
    files = ["stages.csv", "offices.csv", "problems.csv", "calendar.csv", "process.csv"]
    bare = Case.read(write(tmp_path / "bare", [[file] for file in files]))
    with pytest.raises(YaosuError, match="no stages"):
        scenarios(bare, [toml("levers.speed = 2")])
    with pytest.raises(YaosuError, match="given twice"):
        scenarios(case, [toml(""), toml("")])
