"""Two kept plans or experiments held against each other, in text and for JSON."""

from __future__ import annotations

from typing import Any

import pandas as pd

from allocator.labels import Lang, label, words
from allocator.schema import columns, header
from allocator.speech import number
from simulation.keeping import Record
from simulation.keepingdiff import Difference, difference
from workbench import present
from workbench.figures import Spoken
from workbench.keptview import setting, setting_name, short, title
from workbench.running import records

MOST_PROJECTS = 20
PAIRINGS = ("paired", "unpaired")


def data(one: Record, two: Record) -> dict[str, Any]:
    """All that differs, for JSON."""
    found = difference(one, two)
    return {
        "a": one.told(), "b": two.told(), "same_input": one.case.hash == two.case.hash,
        **{name: records(getattr(found, name)) for name in ("inputs", "settings", "figures", "projects")},
    }  # fmt: skip


def text(one: Record, two: Record, lang: Lang) -> str:
    """All that differs, in paragraphs."""
    found = difference(one, two)
    parts = [f"{title(one, lang)}\n{title(two, lang)}", _inputs(one, two, found, lang)]
    if len(found.settings):
        parts.append(_settings(one, two, found.settings, lang))
    parts.append(_figures(one, two, found.figures, lang))
    if one.kind == two.kind == "plan" and "funded_a" in found.projects:
        parts.append(_projects(one, two, found.projects, lang))
    return "\n\n".join(parts)


def _inputs(one: Record, two: Record, found: Difference, lang: Lang) -> str:
    """Whether both were made from the same case, and where not."""
    if one.case.hash == two.case.hash:
        return label("runs.same_input", lang, hash=one.case.hash[:12])
    lines = [label("runs.other_input", lang)]
    for row in found.inputs.to_dict("records"):
        table = str(row["table"])
        key = f"schema.table.{table}"
        names = [header(table, name, lang) if name in columns(table) else name for name in row["columns"].split(", ")]
        values = {"a": _no(one, lang), "b": _no(two, lang), "only_a": row["only_a"], "only_b": row["only_b"],
                  "table": label(key, lang) if key in words() else table,
                  "columns": label("cli.plan.comma", lang).join(names)}  # fmt: skip
        lines.append(label("runs.other_rules" if table == "policy" else "runs.other_table", lang, **values))
    return "\n".join(lines)


def _no(record: Record, lang: Lang) -> str:
    return label("runs.no", lang, number=record.number)


def _settings(one: Record, two: Record, table: pd.DataFrame, lang: Lang) -> str:
    """What was asked for otherwise."""
    sides = [(side, record, Spoken.of(record, lang)) for side, record in (("a", one), ("b", two))]
    rows = [
        [setting_name(row["name"], lang),
         *(short(setting(record, row["name"], row[side], spoken)) for side, record, spoken in sides)]
        for row in table.to_dict("records")
    ]  # fmt: skip
    return present.table([label("runs.column.setting", lang), _no(one, lang), _no(two, lang)], rows)


def _figures(one: Record, two: Record, table: pd.DataFrame, lang: Lang) -> str:
    """The figures that both have; of experiments with the intervals of the differences and how these were taken."""
    both = table.dropna(subset="change")
    if not len(both):
        return label("runs.no_figures", lang)
    spoken, other = Spoken.of(one, lang), Spoken.of(two, lang)
    ways = [way for way in PAIRINGS if way in set(both.get("pairing", ()))]
    headers = [label("runs.column.measure", lang), _no(one, lang), _no(two, lang), label("runs.column.change", lang)]
    headers += [label(f"runs.column.{name}", lang) for name in ("between", "pairing")] if ways else []
    titles, rows = [], []
    for row in both.to_dict("records"):
        name, unit, against = row["measure"], row["unit"], row.get("against", row["scenario"])
        said = [spoken.measure(name, unit), spoken.value(name, unit, row["a"]), other.value(name, unit, row["b"]),
                spoken.value(name, unit, row["change"], change=True)]  # fmt: skip
        rows.append([*said, *_pairing(spoken, row)] if ways else said)
        title = spoken.scenario(row["scenario"])
        held = {"a": title, "b": other.scenario(against)}
        titles.append(title if against == row["scenario"] else label("runs.against", lang, **held))
    if len(set(titles)) > 1 or list(both.get("against", both["scenario"])) != list(both["scenario"]):
        headers.insert(0, label("runs.column.scenario", lang))
        rows = [[title, *row] for title, row in zip(titles, rows, strict=True)]
    return "\n".join([present.table(headers, rows), *(label(f"runs.note.{way}", lang) for way in ways)])


def _pairing(spoken: Spoken, row: dict[Any, Any]) -> list[str]:
    """Between what a difference lies, and how it was taken."""
    ends = [spoken.value(row["measure"], row["unit"], row[end], change=True) for end in ("low", "high")]
    way = row["pairing"] and label(f"runs.pairing.{row['pairing']}", spoken.lang, pairs=row["pairs"])
    return [" … ".join(ends) if row["low"] < row["high"] else "", way]


def _projects(one: Record, two: Record, table: pd.DataFrame, lang: Lang) -> str:
    """Who gains and who loses."""
    counts = {name: f"{int((table['outcome'] == name).sum()):,}" for name in ("gains", "loses")}
    head = label("runs.moved", lang, a=_no(one, lang), b=_no(two, lang), **counts)
    if not len(table):
        return head
    shown = table.sort_values("change", key=lambda one: -one.abs(), kind="stable").head(MOST_PROJECTS)
    headers = [label(f"runs.column.{name}", lang) for name in ("project", "name")]
    headers += [_no(one, lang), _no(two, lang), label("runs.column.change", lang)]
    rows = [
        [str(row["id"]), short(str(row.get("name") or "")), *(_funded(row[f"funded_{side}"], lang) for side in "ab"),
         f"{'+' if row['change'] > 0 else ''}{number(row['change'])}".replace("-", "\N{MINUS SIGN}")]
        for row in shown.to_dict("records")
    ]  # fmt: skip
    more = [label("runs.more", lang, count=f"{len(table) - len(rows):,}")] if len(table) > len(rows) else []
    return "\n".join([head, present.table(headers, rows), *more])


def _funded(found: bool, lang: Lang) -> str:
    return label("runs.funded" if found else "runs.not_funded", lang)
