"""The mechanisms of a case as data: what models each, its parameters with their standing, what is to be measured."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from allocator.case import Case
from allocator.labels import Lang
from allocator.scenario import read_scenarios
from simulation.standing import standings

FILE = "mechanisms.toml"
STANDINGS = ("seed", "pub", "calc", "know", "fitted", "assumed", "synthetic")
Kind = Literal["plan", "loop", "reviews"]
Words = Mapping[str, str]


@dataclass(frozen=True)
class Compared:
    """One comparison: with the mechanism minus without it.

    Attributes
    ----------
    kind : {"plan", "loop", "reviews"}
        One plan of the whole round; quota given out inside the simulation; the simulation with quota left aside.
    other : str
        The scenario that is held against `base`; in the loop also another regime against ``follow``.
    has : bool
        Whether `other` is the side that has the mechanism.
    measure : str
        ``worth`` of a plan; of the loop one of `simulation.crossing.MEASURES`; of reviews ``ready_to_start`` or
        ``started_by``.
    where : str
        Projects counted, of reviews.
    by : str
        Date of ``started_by``.
    first : str
        Date of the first sitting of the loop; the first day of the round without.
    base : str
        Another scenario, of reviews; the case as it is without.
    """

    kind: Kind
    other: str
    has: bool
    measure: str = "worth"
    where: str = ""
    by: str = ""
    first: str = ""
    base: str = ""


@dataclass(frozen=True)
class Parameter:
    """A number of the model as it stands in the case, and what is known of it."""

    name: Words
    value: str
    unit: str
    standing: str


@dataclass(frozen=True)
class Mechanism:
    """A row of the table; texts in both languages."""

    key: str
    name: Words
    quote: Words
    model: Words
    parameters: tuple[Parameter, ...]
    commands: tuple[str, ...]
    effects: tuple[Compared, ...]
    remark: Words

    def scenarios(self) -> list[str]:
        """Names of the scenarios and regimes that it is measured by."""
        return list(dict.fromkeys(name for one in self.effects for name in (one.base, one.other) if name))


def read_mechanisms(case: Case, folder: Path) -> tuple[Mechanism, ...]:
    """The mechanisms that a case folder states, with the values that stand in its files.

    Parameters
    ----------
    case : Case
    folder : Path
        Of the case.

    Raises
    ------
    KeyError, IndexError
        A parameter that does not stand where it is looked for.

    Examples
    --------
    >>> from importlib.resources import files
    >>> from allocator import load_sample
    >>> folder = Path(str(files("allocator") / "cases" / "shandong-2020"))
    >>> table = {one.key: one for one in read_mechanisms(load_sample("shandong-2020"), folder)}
    >>> [(one.value, one.standing) for one in table["deferral"].parameters[:2]]
    [('20', 'seed'), ('0.05', 'assumed')]
    """
    stated = tomllib.loads((folder / FILE).read_text("utf-8"))["mechanisms"]
    lookup = _Lookup(case, folder)
    return tuple(
        Mechanism(
            one["key"], one["name"], one["quote"], one["model"], tuple(map(lookup.parameter, one["parameters"])),
            tuple(one["commands"]), tuple(map(_compared, one["effects"])), one.get("remark", {}),
        )
        for one in stated
    )  # fmt: skip


def _compared(stated: Mapping[str, str]) -> Compared:
    rest = {name: value for name, value in stated.items() if name not in ("with", "without")}
    return Compared(other=stated.get("with") or stated["without"], has="with" in stated, **rest)  # type: ignore[arg-type]


class _Lookup:
    """Where parameters stand."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.folder = folder
        self.sources = case.sources.set_index("item")
        self.process = standings(case).set_index(["table", "row", "column"])

    def parameter(self, stated: Mapping[str, Any]) -> Parameter:
        """A parameter with the value that is there now."""
        name = stated["name"]
        if "source" in stated:
            row = self.sources.loc[stated["source"]]
            value, unit = ("" if pd.isna(row.get(each)) else str(row[each]) for each in ("value", "unit"))
            return Parameter(name, value, unit, str(row["standing"]))
        if "process" in stated:
            row = self.process.loc[tuple(stated["process"].split("/"))]
            return Parameter(name, str(row["value"]), "", str(row["standing"]))
        found: Any = read_scenarios(self.folder, [stated["scenario"]])[0].content
        for step in stated["path"].split("."):
            found = found[int(step)] if isinstance(found, Sequence) else found[step]
        value = str(len(found)) if isinstance(found, list) else str(found)
        return Parameter(name, value, stated.get("unit", ""), stated["standing"])


def said(words: Words, lang: Lang) -> str:
    """Words in one language; nothing where nothing is said."""
    return words.get(lang, "")
