"""The article's mechanisms: all there, each runs, each number of the page has its standing and its sign."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

import simulation
from allocator import load_sample
from allocator.case import Case
from allocator.scenario import find_scenario, read_scenarios
from simulation.leverfile import scenarios
from simulation.mechanismeffects import AGAINST, Effects, Effort, Measured
from simulation.mechanisms import FOLDER, NAME, effect, main, options, page, parameter
from simulation.mechanismtable import STANDINGS, Compared, Mechanism, read_mechanisms
from workbench.cli import yaosu

PAGE = (Path(simulation.__file__).parents[1] / "docs" / "mechanisms.md").read_text("utf-8")
ROWS = {match[1]: line for line in PAGE.splitlines() if (match := re.search(r"<br>`([\w-]+)` \|", line))}
FIGURE = re.compile(r"(reviews|loop|plan), [^*]*\*\*[^*]+\*\*(?: \([^)]*\))? \[([+-][\d.,]+), ([+-][\d.,]+)\]([^<|]*)")
LISTED = {
    "screening": "四个一批", "land": "预支", "bank": "收储", "finance": "差异化", "parallel": "并联审批",
    "green": "绿色通道", "dispatch": "五个一", "online": "不见面", "deferral": "容缺", "steps": "15个环节",
    "teams": "协调服务组", "hotline": "96345", "ledger": "数字台账", "bonds": "三到现场",
}  # fmt: skip
"""The list of the article by key, with a word that its name or quote must hold."""


@pytest.fixture(scope="module")
def case() -> Case:
    return load_sample(NAME)


@pytest.fixture(scope="module")
def table(case: Case) -> dict[str, Mechanism]:
    return {one.key: one for one in read_mechanisms(case, FOLDER)}


def test_the_whole_list_of_the_article_is_there(table: dict[str, Mechanism]) -> None:
    assert set(table) == {*LISTED, "together"}
    for key, word in LISTED.items():
        assert word in table[key].name["zh"] + table[key].quote["zh"], key


def test_the_rows_of_the_page_are_those_of_the_table_in_both_languages(table: dict[str, Mechanism]) -> None:
    assert list(ROWS) == list(table)
    for key, one in table.items():
        for words in (one.name["en"], one.name["zh"], one.quote["en"], one.quote["zh"], one.model["en"]):
            assert words.replace("|", "&#124;") in ROWS[key]
        for command in one.commands:
            assert f"`{command}`".replace("|", "&#124;") in ROWS[key]
        for words in (one.name, one.quote, one.model, one.remark or {"en": "", "zh": ""}):
            assert set(words) == {"en", "zh"}


def test_every_parameter_has_a_standing_and_stands_on_the_page_as_in_the_case(table: dict[str, Mechanism]) -> None:
    for key, one in table.items():
        for each in one.parameters:
            assert each.value or each.unit or each.standing == "assumed", each
            assert set(each.standing.split("|")) <= set(STANDINGS), each
            assert parameter(each, "en").replace("|", "&#124;") in ROWS[key]
    assert all(one.parameters for one in table.values())


def test_every_scenario_and_regime_exists_and_can_be_applied(case: Case, table: dict[str, Mechanism]) -> None:
    names = {name for one in table.values() for name in one.scenarios()} - set(AGAINST)
    assert len(scenarios(case, read_scenarios(FOLDER, sorted(names)))) == len(names)


def test_every_command_is_one_of_the_program_and_names_what_exists(table: dict[str, Mechanism]) -> None:
    for command in (command for one in table.values() for command in one.commands):
        words = shlex.split(command)
        assert words[0] == "yaosu"
        named = _parsed(words[1:])
        for name in named:
            assert name == "case" or find_scenario(FOLDER, name).is_file(), command


def test_each_scenario_measured_is_named_by_a_command_of_its_row(table: dict[str, Mechanism]) -> None:
    for one in table.values():
        said = " ".join(one.commands)
        assert all(name in said for name in one.scenarios() if name != "first come"), one.key
        assert one.effects, one.key


def test_what_the_page_cannot_show_says_so() -> None:
    for key, row in ROWS.items():
        for kind, low, high, rest in FIGURE.findall(row):
            below, above = (float(one.replace(",", "")) for one in (low, high))
            if below < 0 < above:
                assert "cannot be shown" in rest, key
            elif below * above > 0 and kind != "loop":
                assert "cannot be shown" not in rest, key


def test_what_lies_within_the_gap_of_the_sittings_is_not_claimed() -> None:
    about = Compared("loop", "no-bank", False, "realised")
    assert not Measured(about, 1.0, 0.5, 1.5, 100.0, within=2.0).shown
    assert Measured(about, -3.0, -3.5, -2.5, 100.0, within=2.0).shown


def test_measured_again_with_few_draws_effects_have_the_sign_of_the_page(
    case: Case, table: dict[str, Mechanism]
) -> None:
    chosen = [table[key] for key in ("deferral", "hotline", "teams")]
    effects = Effects(case, FOLDER, chosen, Effort(reviews=4, jobs=1))
    for one in chosen:
        stated = _figures(ROWS[one.key])
        for again, before in zip(effects.measured(one), stated, strict=True):
            assert again.mean * before > 0, one.key


def test_an_effect_is_with_the_mechanism_minus_without_it_whichever_side_the_scenario_is(case: Case) -> None:
    sides = [Compared("reviews", "deferral", has, "ready_to_start") for has in (True, False)]
    words = {"en": "x", "zh": "x"}
    one = Mechanism("x", words, words, words, (), (), tuple(sides), {})
    has, lacks = Effects(case, FOLDER, [one], Effort(reviews=2, jobs=1)).measured(one)
    assert (has.mean, has.low, has.high) == (-lacks.mean, -lacks.high, -lacks.low)
    assert lacks.base == pytest.approx(has.base + has.mean)


def test_an_interval_that_holds_zero_is_said_in_both_languages() -> None:
    one = Measured(Compared("reviews", "deferral", True, "ready_to_start"), 1.0, -1.0, 3.0, 9.0)
    assert effect(one, "en") == "reviews, entry to start, days: **+1.0** [-1.0, +3.0], cannot be shown"
    assert effect(one, "zh").endswith("看不出效果")


def test_the_page_speaks_chinese_too(case: Case, table: dict[str, Mechanism]) -> None:
    chosen = [table["ledger"]]
    text = page(chosen, Effects(case, FOLDER, chosen, Effort(reviews=2, jobs=1)), "zh")
    assert "无台账时上报天数: 14 [assumed]" in text and "文章各项机制" in text


@pytest.mark.parametrize("typed", [["--only", "teems"], ["--replications", "1"], ["--loop", "0"]])
def test_what_cannot_be_measured_is_refused_without_a_traceback(
    typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(typed)
    assert ended.value.code == 2
    assert "teams" in capsys.readouterr().err or "--only" not in typed


def test_the_command_on_the_page_is_understood() -> None:
    command = re.search(r"`python -m simulation.mechanisms (--out [^`]+)`", PAGE)
    assert command and options().parse_args(command[1].split()).out == Path("docs/mechanisms.md")


def _figures(row: str) -> list[float]:
    return [float(one.replace(",", "")) for one in re.findall(r": \*\*([+-][\d.,]+)\*\*", row)]


def _parsed(words: Sequence[str]) -> list[str]:
    """The scenarios that a command names; a command that is not understood fails."""
    command: click.Command = yaosu
    called = list(words)
    while isinstance(command, click.Group):
        command = command.commands[called.pop(0)]
    given = command.make_context(command.name, called, obj="en").params
    names = [*(given.get("scenario") or ()), *(given.get("scenarios") or ())]
    assert given.get("case") in (NAME, None)
    return names
