"""The words of the command line: all there, all used, and each language by itself."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import click
import pytest
from cases import LANGS, run

import workbench
from allocator.labels import Lang, words
from workbench.bilingual import Argument, Command, Option
from workbench.cli import yaosu

SOURCE = "\n".join(file.read_text("utf-8") for file in Path(workbench.__file__).parent.glob("*.py"))
OWN = {
    key: pair for file in ("cli", "simulate", "runs", "loop")
    for key, pair in tomllib.loads(files("allocator").joinpath("words", f"{file}.toml").read_text("utf-8")).items()
    if file != "loop" or key.startswith(("cli.", "loop."))
}  # fmt: skip
PROPER = ["zh", "en", "auto", "exact", "prices", "highs", "cbc", "PuLP", "CSV", "JSON", "Excel", "Ctrl-C", "YAOSU_LANG",
          "plan.xlsx", "summary.json", "scenarios/", "out/", "yaosu", "simulation.xlsx", "runs.sqlite", "fast", "simpy",
          "planned", "due", "speed", "reviewers", "case", "--by", "--marginal", "province", "city", "county",
          "unfinished", "regional", "ranked", "follow", "priced", "month", "Word", "bulletin.xlsx",
          "bulletin.html", ".xlsx"]  # fmt: skip


def commands(one: click.Command = yaosu, called: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Command]]:
    """The program, its commands and theirs, with what is typed to call them."""
    assert isinstance(one, Command)
    yield called, one
    for name, inner in one.commands.items() if isinstance(one, click.Group) else ():
        yield from commands(inner, (*called, name))


CALLED = [called for called, _ in commands()]
NAMES = {name for called in CALLED for name in called}


def keys() -> set[str]:
    """Every key that the command line asks for."""
    found = set(re.findall(r'"((?:cli|error|simulate|runs|loop)\.(?!sqlite)[\w.-]+)"', SOURCE))
    found |= {f"error.{code}" for code in re.findall(r'YaosuError\(\s*"(\w+)"', SOURCE)}
    found |= {f"cli.progress.{step}" for step in re.findall(r'(?:doing|counting|timing)\("(\w+)"', SOURCE)}
    for _, command in commands():
        found.add(f"cli.command.{command.name}")
        for param in command.get_params(click.Context(command, obj="en")):
            if isinstance(param, Argument):
                found |= {f"cli.argument.{param.name}", f"cli.metavar.{param.name}"}
            elif isinstance(param, Option):
                found.add(f"cli.option.{param.name}")
                if not param.is_flag and not isinstance(param.type, click.Choice):
                    found.add(f"cli.metavar.{param.metavar}")
    return found


def made() -> list[str]:
    """Keys put together where they are used, as patterns."""
    parts = re.findall(r'f"((?:cli|error|simulate|runs|loop)\.[^"]*\{[^"]*)"', SOURCE)
    parts += [f"simulate.{part}" for part in re.findall(r'\.say\(f?"((?!plotsim|simulate)[\w.]+[^"]*)"', SOURCE)]
    return [re.sub(r"\\{.*?\\}", r"\\w[\\w.-]*", re.escape(part)) for part in parts]


def test_every_key_that_is_used_exists() -> None:
    assert keys() <= set(words())


def test_every_key_of_the_command_line_is_used() -> None:
    whole = ("command", "argument", "option", "metavar", "progress")
    known, patterns = keys(), [one for one in made() if one.split(r"\.")[1] not in whole]
    unused = [key for key in OWN if key not in known and not any(re.fullmatch(one, key) for one in patterns)]
    assert unused == []


def test_both_languages_name_the_same_values() -> None:
    for key, (english, chinese) in OWN.items():
        assert set(re.findall(r"\{(\w+)", english)) == set(re.findall(r"\{(\w+)", chinese)), key


@pytest.mark.parametrize("called", CALLED, ids=" ".join)
@pytest.mark.parametrize("lang", LANGS)
def test_the_help_of_every_command_is_whole_and_in_one_language(called: tuple[str, ...], lang: Lang) -> None:
    result = run(*called, "--help", "--lang", lang)
    assert result.exit_code == 0
    assert not re.search(r"\b(cli|error)\.\w+\.", result.stdout), "a raw key"
    if lang == "en":
        assert not re.search(r"[一-鿿]", result.stdout)
        return
    left = re.sub(r"(?<!\w)--?[\w-]+", "", result.stdout)
    for word in sorted([*PROPER, *NAMES], key=len, reverse=True):
        left = left.replace(word, "")
    assert re.findall(r"[A-Za-z]{2,}", left) == []


@pytest.mark.parametrize("lang", LANGS)
def test_help_lines_fit_a_terminal_of_120_columns(lang: Lang) -> None:
    from rich.cells import cell_len

    for called in CALLED:
        assert max(map(cell_len, run(*called, "--help", "--lang", lang).stdout.splitlines())) <= 120
