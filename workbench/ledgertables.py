"""What changed in a table other than the projects: rows that came and went, cells that changed, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Literal

from allocator import plainpolicy, schema
from allocator.policy import read_policy
from workbench.ledgerstate import Event, typed
from workbench.ledgerwords import Said

FEW = 3
"""Changes of a table that the answer to an import shows."""
Row = Mapping[str, Any]
"""Cells that are not blank, by their headers."""


@dataclass(frozen=True)
class Difference:
    """A row that came or went, or a cell that changed.

    Attributes
    ----------
    key : tuple
        The cells by which the row is known; empty where nothing but its number tells it.
    number : int
        Which one of the rows with this key; without a key its row in the file, as Excel counts.
    header : str
        Of the cell; empty for a whole row.
    before, after : object
        The cell or the row; None where there is none.
    """

    key: tuple[Any, ...]
    number: int
    header: str
    before: Any
    after: Any


def differences(before: Sequence[Row], after: Sequence[Row], keys: Sequence[str]) -> Iterator[Difference]:
    """What makes one table the other.

    >>> was = [{"pool": "a", "amount": 5.0}, {"pool": "b"}]
    >>> for one in differences(was, [{"pool": "a", "amount": 6.0}, {"pool": "c"}], ["pool"]):
    ...     print(one.key, one.header, one.before, one.after)
    ('a',) amount 5.0 6.0
    ('c',)  None {'pool': 'c'}
    ('b',)  {'pool': 'b'} None
    """
    known = bool(keys) and all(keys[0] in row for row in (*before, *after))
    for key, number, was, now in _keyed(before, after, keys) if known else _numbered(before, after):
        if was is None or now is None:
            yield Difference(key, number, "", was, now)
            continue
        for header in {**was, **now}:
            if was.get(header) != now.get(header):
                yield Difference(key, number, header, was.get(header), now.get(header))


Pair = tuple[tuple[Any, ...], int, Row | None, Row | None]


def _keyed(before: Sequence[Row], after: Sequence[Row], keys: Sequence[str]) -> Iterator[Pair]:
    """Rows of the same key; where a key repeats, in their order."""

    def placed(rows: Iterable[Row]) -> dict[tuple[tuple[Any, ...], int], Row]:
        seen, made = Counter[tuple[Any, ...]](), {}
        for row in rows:
            key = tuple(row.get(name) for name in keys)
            seen[key] += 1
            made[key, seen[key]] = row
        return made

    was, now = placed(before), placed(after)
    for key, number in {**now, **was}:
        yield key, number, was.get((key, number)), now.get((key, number))


def _numbered(before: Sequence[Row], after: Sequence[Row]) -> Iterator[Pair]:
    """Rows that stand beside each other once those that are the same are aligned."""
    was, now = ([frozenset(row.items()) for row in rows] for rows in (before, after))
    differ = (place for place, (one, other) in enumerate(zip(was, now, strict=False)) if one != other)
    same = next(differ, min(len(was), len(now)))  # the matcher alone may miss that only rows among their like came in
    for _, first, last, start, end in SequenceMatcher(None, was[same:], now[same:]).get_opcodes():
        for one, other in zip_longest(range(first + same, last + same), range(start + same, end + same)):
            number = (one if other is None else other) + 2
            yield (), number, None if one is None else before[one], None if other is None else after[other]


@dataclass(frozen=True)
class TableChange:
    """A difference of a table in words, with the event that made it.

    Attributes
    ----------
    event : Event
    kind : {"table", "row_new", "row_gone", "cell"}
        The table as a whole, or what of it.
    table : str
        Our name of it.
    row, column, before, after : str
        Of a whole row or table the column says what became of it.
    """

    event: Event
    kind: Literal["table", "row_new", "row_gone", "cell"]
    table: str
    row: str
    column: str
    before: str
    after: str

    def as_data(self) -> dict[str, Any]:
        """A change as JSON knows it."""
        event = {key: getattr(self.event, key) for key in ("number", "who", "recorded")}
        facts = {key: value for key, value in vars(self).items() if key != "event"}
        return {"day": self.event.day.isoformat(), **event, **facts}

    def short(self, said: Said) -> str:
        """What changed, on a line."""
        what = said("row.cell", row=self.row, column=self.column) if self.row else self.column
        values = [value for value in (self.before, self.after) if value]
        return said("change", what=what, after=" → ".join(values)) if values else what

    def line(self, said: Said) -> str:
        """The same with the day and who says so."""
        return said("line", day=self.event.day, what=self.short(said), who=self.event.who,
                    recorded=self.event.recorded[:10], note="")  # fmt: skip


def table_changes(event: Event, before: Any, said: Said) -> list[TableChange]:
    """What an event of a table, the projects apart, made other than it was before."""
    was, now = ({} if value is None else _worded(event.subject, value, said) for value in (before, event.value))
    found = list[TableChange]()
    for name in {**was, **now}:
        if name in was and name in now:
            keys = _keys(name, said)
            found += [_change(event, name, one, keys, said) for one in differences(was[name], now[name], keys)]
        elif rows := now.get(name, was.get(name)):
            count, new = said("rows", count=f"{len(rows):,}"), name in now
            column = said("table.new" if new else "table.gone")
            found.append(TableChange(event, "table", name, "", column, "" if new else count, count if new else ""))
    if not found and before != event.value:
        found.append(TableChange(event, "table", event.subject, "", said("table.same"), "", ""))
    return found


def brief(changes: Sequence[TableChange], said: Said, ledger: str) -> Iterator[str]:
    """Each table on a line with how much of it changed, and the first few changes below."""
    for name in dict.fromkeys(change.table for change in changes):
        own = [change for change in changes if change.table == name]
        if own[0].kind == "table":
            yield "  " + said("row.cell", row=said.table(name), column=own[0].short(said))
            continue
        kinds = Counter(change.kind for change in own)
        yield said("taken.table", table=said.table(name),
                   **{kind: f"{kinds[kind]:,}" for kind in ("cell", "row_new", "row_gone")})  # fmt: skip
        yield from (f"    {change.short(said)}" for change in own[:FEW])
        if len(own) > FEW:
            yield said("taken.more", count=f"{len(own) - FEW:,}", ledger=ledger, table=name)


def _change(event: Event, table: str, one: Difference, keys: Sequence[str], said: Said) -> TableChange:
    row = " ".join(said.shown(cell) for cell in one.key if cell is not None)
    if not one.key:
        row = said("row", number=one.number)
    elif one.number > 1:
        row = said("row.again", row=row, number=one.number)
    if one.header:
        return TableChange(event, "cell", table, row, one.header, said.shown(one.before), said.shown(one.after))
    kind: Literal["row_new", "row_gone"] = "row_gone" if one.after is None else "row_new"
    before, after = (_cells(value or {}, keys, said) for value in (one.before, one.after))
    return TableChange(event, kind, table, row, said(f"table.{kind}"), before, after)


def _cells(row: Row, keys: Sequence[str], said: Said) -> str:
    """The cells of a row but for those by which it is known."""
    cells = (said("change", what=name, after=said.shown(cell)) for name, cell in row.items() if name not in keys)
    return ("；" if said.lang == "zh" else "; ").join(cells)


def _keys(table: str, said: Said) -> list[str]:
    """Headers of the cells by which a row is known."""
    if table == "policy":
        return [said("column.entry")]
    return [said.words.header(table, name) for name in schema.KEYS.get(table, ())]


def _worded(name: str, value: Any, said: Said) -> dict[str, list[Row]]:
    """A table as it stands in a workbook; of the policy the entries, and the rules that are a sheet of their own."""
    if name != "policy":
        return {name: _rows(said.words.table(name, typed(name, value)))}
    policy, _ = read_policy(value)
    headers = said("column.entry"), said("column.value")
    entries = plainpolicy.rows(policy, said.words.column if said.lang == "zh" else None)
    return {"policy": [dict(zip(headers, entry, strict=True)) for entry in entries],
            "rules": _rows(said.words.table("rules", plainpolicy.to_rules(policy)))}  # fmt: skip


def _rows(table: Iterator[list[Any]]) -> list[Row]:
    headers = next(table)
    return [{name: cell for name, cell in zip(headers, row, strict=True) if cell is not None} for row in table]
