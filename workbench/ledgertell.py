"""What the commands of the ledger do, and what they say."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from allocator import schema
from allocator.errors import YaosuError
from allocator.labels import Lang
from workbench import faults, ledgerentries, ledgerimport, present, running
from workbench.bilingual import DONE, nearest
from workbench.ledger import Ledger
from workbench.ledgerstate import Event, Problem, State, day_of, walk
from workbench.ledgertables import brief, table_changes
from workbench.ledgerwords import AGED, Change, Said, begun, concerns, counted, counts, of_level

OLDEST = 10


def take(lang: Lang, path: str, book: str, who: str, on: str | None) -> int:
    """Import a case, or a list of problems."""
    day, by = day_of(on, "--on"), named(who)
    brought = ledgerimport.read(running.place(book))
    running.folder(Path(path).parent).mkdir(parents=True, exist_ok=True)
    with Ledger(path, create=brought.case is not None) as ledger:
        taken = ledgerimport.take(ledger, brought, by, day)
        said = Said(lang, ledger.state(day))
    if taken.faults:
        faults.show(taken.faults, lang, err=True)
    counts_of = {key: f"{value:,}" for key, value in vars(taken).items() if isinstance(value, int)}
    changes = [change for event, before in taken.replaced for change in table_changes(event, before, said)]
    groups = {"came": taken.came, "changed": taken.cells, "left": taken.left,
              "problems": taken.raised + taken.resolved, "amended": taken.amended, "tables": taken.tables}  # fmt: skip
    lines = [said(f"taken.{key}", **counts_of) for key, count in groups.items() if count]
    lines += brief(changes, said, path)
    click.echo("\n".join([said("taken", ledger=path, day=day), *(lines or [said("taken.nothing")])]))
    return DONE


def change(
    lang: Lang, path: str, project: str, column: str, value: str, who: str, on: str | None, note: str
) -> int:  # fmt: skip
    """Set a cell of a project."""
    day, by = day_of(on, "--on"), named(who)
    with Ledger(path) as ledger:
        events = ledgerentries.set_cell(ledger, project, column, value, by, day, note)
        said, last = Said(lang, ledger.state(day)), ledger.state().rows.get(project, {})
    before, now = events[0], events[-1]
    values = {"project": project, "column": said.column(now.field), "day": day,
              "before": said.value(now.field, before.value), "now": said.value(now.field, now.value)}  # fmt: skip
    click.echo(said("set" if len(events) > 1 else "set.same", **values))
    if last.get(now.field) != now.value:
        click.echo(said("set.later", now=said.value(now.field, last.get(now.field))))
    return DONE


def problem(
    lang: Lang, path: str, project: str, text: str, office: str, level: str | None, who: str, on: str | None
) -> int:  # fmt: skip
    """Record a problem."""
    day, by = day_of(on, "--on"), named(who)
    with Ledger(path) as ledger:
        made = ledgerentries.raise_problem(ledger, project, text, office, level, by, day)
        said = Said(lang, ledger.state(day))
    values = {"number": made.number, "project": project, "office": said.office(office), "day": day}
    click.echo(said("raised", level=said.level(made.level), **values))
    return DONE


def solve(lang: Lang, path: str, number: int, who: str, on: str | None, how: str) -> int:
    """Record that a problem is solved."""
    day, by = day_of(on, "--on"), named(who)
    with Ledger(path) as ledger:
        solved = ledgerentries.close(ledger, Event("resolved", str(number), day, by, note=how))
    click.echo(Said(lang, State())("solved", number=number, project=solved.project, day=day, days=solved.age(day)))
    return DONE


def withdraw(lang: Lang, path: str, number: int, who: str, on: str | None, why: str) -> int:
    """Record that a problem was recorded by mistake."""
    day, by = day_of(on, "--on"), named(who)
    with Ledger(path) as ledger:
        mistake = ledgerentries.close(ledger, Event("withdrawn", str(number), day, by, note=why))
    click.echo(Said(lang, State())("withdrawn", number=number, project=mistake.project, day=day))
    return DONE


def history(lang: Lang, path: str, project: str | None, table: str | None, as_json: bool) -> int:
    """All that became of a project, or of another table, in the order of its days.

    Raises
    ------
    YaosuError
        It is not one of the two that is named, or there is none such.
    """
    if project is not None and table is None:
        return _of_project(lang, path, project, as_json)
    if project is None and table is not None:
        return _of_table(lang, path, table, as_json)
    raise YaosuError("ledger_history")


def _of_table(lang: Lang, path: str, table: str, as_json: bool) -> int:
    with Ledger(path) as ledger:
        said = Said(lang, ledger.state())
        found = [change for event, before, _ in walk(ledger.events()) if event.of_table
                 for change in table_changes(event, before, said)]  # fmt: skip
    names = {change.table: said.table(change.table) for change in found}
    name = schema.table_name(table) or table
    if name not in names:
        known = {"nearest": nearest(table, [*names, *names.values()]), "expected": ", ".join(names.values())}
        raise YaosuError("ledger_table", {"found": table, **known})
    rows = [change for change in found if change.table == name]
    if as_json:
        running.echo_json([row.as_data() for row in rows])
        return DONE
    click.echo("\n".join([said("title.table", name=names[name]), *(row.line(said) for row in rows)]))
    return DONE


def _of_project(lang: Lang, path: str, project: str, as_json: bool) -> int:
    with Ledger(path) as ledger:
        state = ledger.state()
        if ledger.came(project) is None:
            ledgerentries.known_project(ledger, state, project, dt.date.max)
        said = Said(lang, state)
        rows = [Change.of(event, before, said, project) for event, before, now in walk(ledger.events())
                if concerns(event, now.problems) == project]  # fmt: skip
    if as_json:
        running.echo_json([as_data(row) for row in rows])
        return DONE
    name = said.project(project)
    lines = [said("title.project", project=project, name=name) if name else project]
    click.echo("\n".join(lines + [row.line(said) for row in rows]))
    return DONE


def as_data(row: Change) -> dict[str, Any]:
    """A change as JSON knows it, what was there before in words."""
    event = row.event
    found = {**asdict(event), "day": event.day.isoformat(), "project": row.project, "what": row.what}
    return {**found, "before": row.before, "after": row.after}


def unsolved(lang: Lang, path: str, at: str | None, level: str | None, region: str | None, as_json: bool) -> int:
    """Open problems by office and age, and the oldest of them."""
    day = day_of(at, "--at")
    with Ledger(path) as ledger:
        said = Said(lang, begun(ledger.state(day), ledger.first(), day))
    found = [one for one in said.state.problems.values() if one.open and level in (None, one.level)]
    if region is not None:
        of_region(said.state, region)
        found = [one for one in found if said.project(one.project, "region") == region]
    found.sort(key=lambda one: (one.raised, one.number))
    if as_json:
        running.echo_json({"at": day.isoformat(), "open": len(found), "by_office": by_office(found, day),
                           "problems": [as_open(one, said, day) for one in found]})  # fmt: skip
        return DONE
    told = [said("open.title" if found else "open.none", day=day, count=f"{len(found):,}")]
    if found:
        oldest = [said.problem(one, day) for one in found[:OLDEST]]
        told += [open_table(found, said, day), "\n".join([said("open.oldest"), *oldest])]
    click.echo("\n\n".join(told))
    return DONE


def of_region(state: State, region: str) -> None:
    """Refuse a region that no project has or had.

    Raises
    ------
    YaosuError
        With the nearest name.
    """
    known = sorted({str(row["region"]) for row in state.known.values() if "region" in row})
    if region not in known:
        values = {"found": region, "nearest": nearest(region, known), "expected": ", ".join(known)}
        raise YaosuError("ledger_region", values)


def by_office(found: list[Problem], day: dt.date) -> list[dict[str, Any]]:
    """Open problems by level and office, as JSON knows them."""
    table = counts(found, lambda one: (of_level(one.level), one.level, one.office), day, day)
    rows: list[dict[Any, Any]] = table.drop(columns=["received", "resolved"]).to_dict("records")
    return [{"level": group[1], "office": group[2], **row} for row in rows for group in [row.pop("group")]]


def as_open(problem: Problem, said: Said, day: dt.date) -> dict[str, Any]:
    """An open problem as JSON knows it."""
    keys = ("number", "project", "text", "office", "level", "by", "note")
    found = {key: getattr(problem, key) for key in keys}
    region = said.project(problem.project, "region")
    return found | {"raised": problem.raised.isoformat(), "days": problem.age(day), "region": region}


def open_table(found: list[Problem], said: Said, day: dt.date) -> str:
    """Open problems by level and office, and together, by age."""
    columns = (*AGED, "open", "oldest")
    rows: list[tuple[str, Any]] = []
    offices = by_office(found, day)
    for level in dict.fromkeys(row["level"] for row in offices):
        rows.append((said.level(level), counted([one for one in found if one.level == level], day, day)))
        rows += [(f"  {said.office(row['office'])}", row) for row in offices if row["level"] == level]
    rows.append((said("column.total"), counted(found, day, day)))
    headers = [said("column.office"), *map(said.age, range(len(AGED))), said("column.open"), said("column.oldest")]
    return present.table(headers, [[name, *(f"{row[key]:,.0f}" for key in columns)] for name, row in rows])


def draw(lang: Lang, path: str, at: str | None, out: str) -> int:
    """Write the case at a date."""
    day = day_of(at, "--at")
    with Ledger(path) as ledger:
        state = begun(ledger.state(day), ledger.first(), day)
    case = state.case(Path(out).stem)
    target = case.write(out, lang)
    click.echo(Said(lang, state)("drawn", day=day, count=f"{len(case.projects):,}", out=target, hash=case.hash[:12]))
    return DONE


def bulletin(lang: Lang, path: str, month: str, out: str | None, as_json: bool) -> int:
    """Write the bulletin of a month, and say what is in it."""
    from workbench.bulletin import Bulletin, month_of
    from workbench.bulletinfolder import BOOK, summary, write_folder

    first = month_of(month)
    with Ledger(path) as ledger:
        made = Bulletin.of(ledger, first, lang)
    folder = running.folder(out or Path("out", Path(path).stem, f"bulletin-{first:%Y-%m}"))
    write_folder(made, folder)
    if as_json:
        running.echo_json(summary(made))
    else:
        click.echo("\n".join([made.title, *made.sentences, "", present.files(folder, BOOK, lang)]))
    return DONE


def named(who: str) -> str:
    """Who records something.

    Raises
    ------
    YaosuError
        It is blank.
    """
    if not who.strip():
        raise YaosuError("ledger_nobody")
    return who.strip()
