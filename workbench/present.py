"""A plan in a few lines of text, and tables that line up in both languages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.cells import cell_len

from allocator.bookstyle import decimals
from allocator.frontpage import status
from allocator.labels import Lang, label
from allocator.pages import Pages
from allocator.plan import Plan
from allocator.schema import header
from allocator.sidebyside import SideBySide
from allocator.speech import number
from allocator.summary import beside, value_name, value_unit
from allocator.units import convert


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Text in columns: the first to the left, the others to the right.

    >>> print(table(["城市", "mu"], [["烟台", "1,200"], ["all", "3"]]))
    城市     mu
    烟台  1,200
    all       3
    """
    lines = [headers, *rows]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(headers))]

    def padded(line: Sequence[str]) -> str:
        first = line[0] + " " * (widths[0] - cell_len(line[0]))
        others = [" " * (width - cell_len(text)) + text for text, width in zip(line[1:], widths[1:], strict=True)]
        return "  ".join([first, *others]).rstrip()

    return "\n".join(padded(line) for line in lines)


def files(folder: Path, first: str, lang: Lang) -> str:
    """What to open first, and what else lies beside it."""
    others = sorted(file.name for file in folder.iterdir() if file.is_file() and file.name != first)
    listed = label("cli.plan.comma", lang).join(others)
    return label("cli.plan.files", lang, first=folder / first, folder=folder, others=listed)


def overview(plan: Plan, lang: Lang) -> str:
    """Status, value and bound, the plan beside the usual ways of allocating, and who is funded."""
    pages = Pages(plan, lang)
    head = f"{pages.say('title', name=plan.case.name)}\n{status(pages)}"
    solution = plan.solution
    if plan.objective is None:
        return head
    values = {
        "value": number(plan.objective), "bound": "–" if plan.bound is None else number(plan.bound),
        "unit": pages.value_unit, "made": value_name(plan.case, lang), "seconds": f"{solution.seconds:.1f}",
        "solver": f"{solution.solver} {solution.version}".strip(),
    }  # fmt: skip
    worth = label("cli.plan.value", lang, **values)
    return "\n\n".join([f"{head}\n{worth}", _beside(pages), _funded(pages)])


def _beside(pages: Pages) -> str:
    """The plan beside the baselines."""
    plan, say = pages.plan, pages.say
    this = [say("figure.this"), number(plan.objective or 0.0), "", f"{int(plan.projects['funded'].sum()):,}", "0"]
    rows = [this]
    for name, other in plan.baselines.items():
        found = beside(plan, other)
        ahead = "–" if found["ahead"] is None else f"{found['ahead']:+.1%}"
        counts = [f"{found['funded']:,}", f"{found['broken']:,}"]
        rows.append([label(f"baseline.{name}", pages.lang), number(found["objective"]), ahead, *counts])
    value = f"{say('figure.objective')} ({pages.value_unit})"
    return table([say("figure.way"), value, *(say(f"figure.{key}") for key in ("ahead", "funded", "broken"))], rows)


def _funded(pages: Pages) -> str:
    """How many projects are funded and with how much money, by field (or tier, or region) and all together."""
    projects, lang, say = pages.plan.projects, pages.lang, pages.say
    amount = next((name for name in ("plan", "investment") if name in projects), None)
    by = next((name for name in ("field", "tier", "region") if name in projects and projects[name].notna().any()), None)
    headers = [header("projects", by, lang) if by else "", say("column.funded_count"), say("column.projects")]
    if amount:
        own = pages.plan.case.projects.set_index("id").get(amount, pd.Series(dtype=float))
        projects = projects.assign(asked=projects["id"].map(own).fillna(projects[amount]))
        named = {"name": header("projects", amount, lang)}
        headers += [f"{say(f'figure.{key}', **named)} ({pages.unit('mcny')})" for key in ("money", "asked")]
    groups = [] if by is None else [(str(name), part) for name, part in projects.groupby(by, sort=True)]
    rows = [_counted(name, part, amount) for name, part in [*groups, (say("total"), projects)]]
    shown = convert(1.0, "mcny", pages.money_unit)
    figures = decimals([shown * money for _, _, _, *moneys in rows for money in moneys])
    said = [
        [name, f"{funded:,}", f"{asked:,}", *(f"{shown * money:,.{figures}f}" for money in moneys)]
        for name, funded, asked, *moneys in rows
    ]
    return table(headers, said)


def _counted(name: str, part: pd.DataFrame, amount: str | None) -> tuple[Any, ...]:
    """Funded and all projects of a group, and the same in money."""
    inside = part["funded"]
    money = (part.loc[inside, amount].sum(), part["asked"].sum()) if amount else ()
    return (name, int(inside.sum()), len(part), *money)


def side_by_side(side: SideBySide, lang: Lang) -> str:
    """A line per scenario: worth, change against the case as it is, who is funded, and the gap or why there is none."""
    names = ("funded", "moved_in", "moved_out")
    worth = f"{label('scenario.column.worth', lang)} ({value_unit(side.case, lang)})"
    headers = [label("scenario.column.title", lang), worth]
    headers += [label(f"scenario.column.{name}", lang) for name in ("change", *names, "gap")]
    rows = [
        [
            title, number(row["worth"]), _known(row["change"], "{:+.1%}".format),
            *(_known(row[name], "{:,.0f}".format) for name in names),
            _known(row["gap"], "{:.2%}".format, row["error"] or label(f"scenario.status.{row['status']}", lang)),
        ]
        for title, row in zip(side.titles(lang), side.summary.to_dict("records"), strict=True)
    ]  # fmt: skip
    return table(headers, rows)


def _known(value: float, said: Callable[[float], str], otherwise: str = "–") -> str:
    return otherwise if math.isnan(value) else said(value)
