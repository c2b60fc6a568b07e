"""What a report rests on: parameters that are fitted, assumed or of unstated origin, sources, versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pandas as pd

from allocator import schema
from allocator.labels import words
from allocator.plan import Plan
from allocator.processschema import TABLES
from allocator.sheetout import Words
from allocator.speech import Speech
from simulation.crossing import named
from simulation.recording import versions
from simulation.standing import standings
from workbench.report import Table
from workbench.reportcolumns import BLANK
from workbench.reporttables import Tables

OPEN = ("fitted", "assumed", "")
"""Standings that nobody has published; a blank one is not stated at all."""


def assumed(tables: Tables) -> tuple[Table, Table]:
    """Every parameter of the process that is fitted or assumed, and where each says it comes from.

    Returns
    -------
    parameters, sources : Table
        The first points to rows of the second by their numbers.
    """
    known, names, one = standings(tables.made.study.case), tables.names, tables.columns
    known = known[~known["standing"].isin(_settled(known["standing"]))].reset_index(drop=True)
    texts = [text for text in dict.fromkeys(known["source"]) if text]
    place = {text: str(number + 1) for number, text in enumerate(texts)}
    say = Words(names.lang, {})
    parameters = tables.table(
        "assumed", one.text("table", [names.say(f"schema.table.{table}") for table in known["table"]]),
        one.text("row", [_row(tables, table, row) for table, row in zip(known["table"], known["row"], strict=True)]),
        one.text("parameter", [say.header(table, column) if column in {item.name for item in TABLES[table]} else column
                               for table, column in zip(known["table"], known["column"], strict=True)]),
        one.text("value", [_value(say, *cell) for cell in zip(known["table"], known["column"], known["value"],
                                                              strict=True)]),
        one.text("standing", [standing(tables, text) for text in known["standing"]]),
        one.text("source", [place.get(text, "") for text in known["source"]]),
    )  # fmt: skip
    return parameters, tables.table("sources", one.text("number", place.values()), one.text("said", place))


def _settled(found: pd.Series) -> set[str]:
    """Standings none of whose parts is open."""
    return {one for one in set(found) if one and not set(OPEN) & set(one.split("|"))}


def _row(tables: Tables, table: str, row: str) -> str:
    """A row by its title."""
    titled = {"stages": tables.names.stage, "offices": tables.names.office, "problems": tables.names.problem}
    if table == "process":
        return schema.header("process", row, tables.names.lang) if row in schema.columns("process") else row
    return titled[table](row) if table in titled else row


def _value(say: Words, table: str, column: str, text: str) -> str:
    """A value in the words of the language."""
    flag = {"True": True, "False": False}.get(text)
    return str(say.cell(table, column, text if flag is None else flag)).removesuffix(" 00:00:00")


def standing(tables: Tables, text: str) -> str:
    """What is known of a figure, in words."""
    parts = [f"report.standing.{part or 'unstated'}" for part in text.split("|")]
    return " / ".join(tables.names.say(key) if key in words() else key.rpartition(".")[2] for key in parts)


def counted(tables: Tables) -> Table:
    """How many parameters are published, fitted, assumed."""
    known = standings(tables.made.study.case)["standing"].value_counts()
    order = sorted(known.index, key=lambda text: -known[text])
    one = tables.columns
    return tables.table("standings", one.text("standing", [standing(tables, text) for text in order]),
                        one.plain("parameters", "count", [known[text] for text in order]))  # fmt: skip


def facts(tables: Tables) -> Table | None:
    """What the case says of its other figures; None where it says nothing."""
    table = tables.made.study.case.sources
    table = table[~schema.column(table, "sources", "item").astype(str).str.contains("/").astype(bool)]
    if not len(table):
        return None
    cells = {name: schema.column(table, "sources", name) for name in ("item", "value", "unit", "standing", "source")}
    one = tables.columns
    said = [standing(tables, "" if pd.isna(text) else str(text)) for text in cells["standing"]]
    return tables.table("facts", one.text("item", cells["item"]), one.text("value", cells["value"]),
                        one.text("unit", cells["unit"]), one.text("standing", said),
                        one.text("source", cells["source"]))  # fmt: skip


def synthetic(tables: Tables) -> bool:
    """Whether rows of the case are made up."""
    table = tables.made.study.case.sources
    return len(table) > 0 and bool(schema.column(table, "sources", "standing").eq("synthetic").any())


MADE = ("case", "hash", "until", "regimes", "scenarios", "replications", "failures", "seed", "confidence", "every",
        "first", "gap", "engine", "seconds", "plan", "versions", "date")  # fmt: skip


def about(tables: Tables, plan: Plan | None) -> dict[str, str]:
    """From what, with what and how the report was made, in the order of `MADE`."""
    crossed, names = tables.made, tables.names
    runs, speech = crossed.crossing.runs, Speech(names.lang)
    every = crossed.rules.every
    return {
        "case": crossed.study.case.name, "hash": crossed.study.case.hash, "until": until(tables),
        "regimes": speech.join(map(crossed.regime, crossed.crossing.regimes)),
        "scenarios": speech.join(map(names.scenario, crossed.crossing.scenarios)),
        "replications": f"{min(len(runs.numbers(name)) for name in runs.scenarios):,}",
        "failures": f"{len(runs.failures):,}", "seed": str(runs.seed),
        "confidence": names.percent(crossed.crossing.confidence),
        "every": names.say("report.every.month") if every == "month" else names.days(every),
        "first": first(tables), "gap": names.percent(crossed.rules.gap, 1), "engine": str(crossed.study.asked.engine),
        "seconds": f"{crossed.seconds:.1f}", "plan": _plan(tables, plan),
        "versions": speech.join(f"{name} {version}" for name, version in versions().items()),
        "date": f"{datetime.now():%Y-%m-%d %H:%M}",
    }  # fmt: skip


def made(tables: Tables, told: Mapping[str, str]) -> Table:
    """The same as a table."""
    one, say = tables.columns, tables.names.say
    return tables.table("made", one.text("what", [say(f"report.made.{key}") for key in MADE]),
                        one.text("is", [told[key] for key in MADE]))  # fmt: skip


def until(tables: Tables) -> str:
    """The last day that counts."""
    return tables.names.day(tables.made.crossing.end)


def first(tables: Tables) -> str:
    """The day of the first sitting; there is none where all days left are free ones."""
    [one, *_] = tables.made.crossing.runs.outcomes_of(named(tables.first, tables.base))
    return tables.names.falls(one.sittings["day"].min()) if len(one.sittings) else BLANK


def _plan(tables: Tables, plan: Plan | None) -> str:
    """What the prices come from."""
    if plan is None:
        return tables.names.say("report.plan.none")
    gap = "–" if plan.gap is None else f"{plan.gap:.2%}"
    return tables.names.say("report.plan.some", status=tables.names.say(f"report.plan.{plan.status}"), gap=gap,
                            solver=f"{plan.solution.solver} {plan.solution.version}")  # fmt: skip


def regimes(tables: Tables) -> Table:
    """What the regimes and scenarios are."""
    one, names, crossing = tables.columns, tables.names, tables.made.crossing
    told = [f"report.regime.{regime}" for regime in crossing.regimes]
    rows = [(names.say("loop.column.regime"), tables.made.regime(regime), names.say(key) if key in words() else "")
            for regime, key in zip(crossing.regimes, told, strict=True)]  # fmt: skip
    sources = tables.made.study.sources
    rows += [(names.say("loop.column.scenario"), names.scenario(name), sources.get(name, ""))
             for name in crossing.scenarios]  # fmt: skip
    columns = [one.text(key, cells) for key, cells in zip(("kind", "what", "said"), zip(*rows, strict=True),
                                                          strict=True)]  # fmt: skip
    return tables.table("regimes", *columns)
