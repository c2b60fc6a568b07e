"""Changes to the rows of a case as a planner writes them: which rows are meant, and what becomes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import cells, schema, units
from allocator.case import TABLES, Case
from allocator.errors import Fault
from allocator.plainpolicy import to_rules
from allocator.reading import Sheet, read_sheets
from allocator.schema import Column

Bools = NDArray[np.bool_]
Verb = Literal["set", "scale", "add"]
VERBS: tuple[Verb, ...] = ("set", "scale", "add")
ENTRIES = ("where", *VERBS, "append", "remove")
_LIMIT = re.compile(r"\s*(>=|<=|≥|≤|>|<)\s*(.+)")
_UNSAID = ("column_missing", "cell_missing")


@dataclass(frozen=True)
class Change:
    """One change to a table.

    Parameters
    ----------
    table : str
    place : str
        Where it stands in its file, such as ``pools[2]``.
    where : mapping
        Column to the value, the values, or the limit (``">= 100"``) of the rows that are meant; all rows when empty.
    set, scale, add : mapping
        Column to its new value, to a factor, or to what is added (days, where the column holds dates).
    append : tuple of mapping
        New rows.
    remove : bool
        Whether the rows go.
    """

    table: str
    place: str
    where: Mapping[str, Any] = field(default_factory=dict)
    set: Mapping[str, Any] = field(default_factory=dict)
    scale: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, Any] = field(default_factory=dict)
    append: tuple[Mapping[str, Any], ...] = ()
    remove: bool = False


class Draft:
    """The tables of a case while they are changed, and what is wrong with the changes.

    Parameters
    ----------
    case : Case
    file : str
        Named in the faults.

    Examples
    --------
    >>> from allocator import Case
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> draft = Draft(case, "more.toml")
    >>> draft.change(Change("pools", "pools[1]", {"resource": "land"}, add={"amount(公顷)": 1}))
    >>> draft.tables["pools"]["amount"].tolist(), draft.faults
    ([20.0], [])
    """

    def __init__(self, case: Case, file: str) -> None:
        self.file, self.faults = file, list[Fault]()
        self.tables: dict[str, pd.DataFrame] = {name: getattr(case, name) for name in TABLES} | dict(case.extra)
        self.tables["rules"] = to_rules(case.policy)
        self.changed: set[str] = set()
        resources = {str(name) for name in case.resources}
        self._resources = resources
        self._literal = any((units.resource(name) or cells.plain(name)) != name for name in resources)

    def fault(self, code: str, place: str, **values: str) -> None:
        """Note something wrong."""
        self.faults.append(Fault(code, self.file, None, place, values=values))

    def change(self, change: Change) -> None:
        """Make one change, or note why it cannot be made."""
        if change.table not in self.tables or (not len(self.tables[change.table]) and not change.append):
            self.fault("rows_none", change.place)
            return
        rows = self._meant(change)
        if rows is not None:
            for verb in VERBS:
                for key, value in getattr(change, verb).items():
                    self._write(change, verb, key, value, rows)
            if change.remove:
                self._keep(change.table, self.tables[change.table][~rows].reset_index(drop=True))
        if change.append:
            self._append(change)

    def _keep(self, table: str, data: pd.DataFrame) -> None:
        self.tables[table] = data
        self.changed.add(table)

    def _meant(self, change: Change) -> Bools | None:
        """The rows that fulfil every condition; None where a condition is wrong."""
        table, before = self.tables[change.table], len(self.faults)
        meant = np.ones(len(table), dtype=bool)
        for key, wanted in change.where.items():
            place = f"{change.place}.where.{key}"
            found = np.zeros(len(table), dtype=bool)
            for value in wanted if isinstance(wanted, list | tuple) else [wanted]:
                one = self._fulfils(change.table, key, value, place)
                if one is not None:
                    found |= one
            meant &= found
        if len(self.faults) > before:
            return None
        if change.where and not meant.any():
            self.fault("no_row_meets", f"{change.place}.where")
            return None
        return meant

    def _fulfils(self, table: str, key: str, value: Any, place: str) -> Bools | None:
        """The rows whose column has a value, or lies on one side of a limit."""
        limit = _LIMIT.fullmatch(value) if isinstance(value, str) else None
        parsed = self._parsed(table, pd.DataFrame({key: [limit[2] if limit else value]}, dtype=object), place)
        if parsed is None:
            return None
        name, wanted = str(parsed.columns[0]), parsed.iloc[0, 0]
        if name not in self.tables[table]:
            self.fault("no_row_has", place, found=str(value))
            return None
        column = self.tables[table][name]
        ordered = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
        if limit and not ordered:
            self.fault("no_numbers", place)
            return None
        try:
            found = _beyond(column, limit[1], wanted) if limit else _equal(column, wanted, _kind(table, name))
        except (TypeError, ValueError):
            self.fault("not_a_number", place, found=str(value))
            return None
        if not found.any():
            self.fault("no_row_has", place, found=str(value), nearest=_near(column, value, _kind(table, name)))
            return None
        return found

    def _parsed(
        self, table: str, data: pd.DataFrame, place: str, ignore: Sequence[str] = _UNSAID
    ) -> pd.DataFrame | None:
        """Cells under the headers of a planner as values in our units; None, and faults, where they cannot be read."""
        width, before = len(data.columns), len(self.faults)
        if table not in schema.TABLES:
            made = pd.DataFrame({str(name): cells.infer(data[name]) for name in data})
        else:
            pools = self.tables["pools"]
            sheets = {"pools": Sheet(pools, np.arange(len(pools)), self._literal)}
            sheets[table] = Sheet(data.astype(object).where(data.notna(), None), np.arange(len(data)), self._literal)
            read = read_sheets(sheets)
            made = read.tables[table]
            for fault in read.faults:
                if fault.table == table and fault.severity == "error" and fault.code not in ignore:
                    self.faults.append(Fault(fault.code, self.file, None, place, values=fault.values))
        for key, name in zip(data.columns[:width], made.columns[:width], strict=True):
            known = {*self.tables[table].columns, *(schema.columns(table) if table in schema.TABLES else ())}
            known |= self._resources if table in ("projects", "variants") else set()
            if name not in known:
                words = (
                    known | {schema.header(table, one, "zh") for one in schema.columns(table)}
                    if table in schema.TABLES
                    else known
                )
                base = units.split_header(str(key))[0]
                self.fault("no_column", place, found=str(key), nearest=cells.nearest(base, words))
        return made if len(self.faults) == before else None

    def _write(self, change: Change, verb: Verb, key: str, value: Any, rows: Bools) -> None:
        """One column of the rows that are meant."""
        place, table = f"{change.place}.{verb}.{key}", self.tables[change.table]
        if verb == "set":
            parsed = self._parsed(change.table, self._cells(change.table, key, value, rows), place)
        else:
            parsed = self._parsed(change.table, pd.DataFrame({key: [None]}, dtype=object), place)
        if parsed is None:
            return
        name = str(parsed.columns[0])
        column = table[name].copy() if name in table else _blank(change.table, name, table.index)
        if verb == "set":
            self._set(column, rows, parsed.iloc[:, 0], place)
        elif not self._moved(change, verb, key, value, rows, column):
            return
        self._keep(change.table, table.assign(**{name: column}))

    def _set(self, column: pd.Series, rows: Bools, values: pd.Series, place: str) -> None:
        if not pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_datetime64_any_dtype(column):
            values = pd.Series(cells.texts(values.to_numpy(dtype=object)), dtype="str")
        elif not pd.api.types.is_dtype_equal(column.dtype, values.dtype):
            self.fault("not_a_number", place, found=str(values.iloc[0]))
            return
        column.loc[rows] = values.to_numpy() if len(values) == rows.sum() else values.iloc[0]

    def _cells(self, table: str, key: str, value: Any, rows: Bools) -> pd.DataFrame:
        """The value under its header; beside it, for a pool, the resource whose unit counts."""
        said = "|".join(map(str, value)) if isinstance(value, list | tuple) else value
        if table != "pools" or schema.recognise("pools", units.split_header(key)[0]) == "resource":
            return pd.DataFrame({key: [said]}, dtype=object)
        beside = self.tables["pools"].loc[rows, [name for name in ("resource", "unit") if name in self.tables["pools"]]]
        beside = beside.drop(columns=schema.recognise("pools", key) or "", errors="ignore").astype(object)
        return pd.DataFrame({key: [said] * int(rows.sum())}, dtype=object).join(beside.reset_index(drop=True))

    def _moved(self, change: Change, verb: Verb, key: str, value: Any, rows: Bools, column: pd.Series) -> bool:
        """Scale a column, or add to it."""
        place = f"{change.place}.{verb}.{key}"
        dates = pd.api.types.is_datetime64_any_dtype(column)
        numbers = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        if not (numbers or (dates and verb == "add")):
            self.fault("no_numbers", place)
            return False
        if column[rows].isna().all():
            self.fault("all_blank", place)
            return False
        if verb == "scale" or dates:
            read, wrong = cells.parse(pd.Series([value], dtype=object), Column("", "number"))
            if wrong or read.isna().any():
                self.fault("not_a_number", place, found=str(value))
                return False
        else:
            parsed = self._parsed(
                change.table, self._cells(change.table, key, value, rows), place, (*_UNSAID, "out_of_range")
            )
            if parsed is None:
                return False
            read = parsed.iloc[:, 0]
        step = read.to_numpy(dtype=float) if len(read) == rows.sum() else float(read.iloc[0])
        if dates:
            column.loc[rows] = column[rows] + pd.to_timedelta(step, unit="D")
        else:
            column.loc[rows] = column[rows] * step if verb == "scale" else column[rows] + step
        return True

    def _append(self, change: Change) -> None:
        """New rows, with everything a row must have."""
        rows = [{key: "|".join(map(str, value)) if isinstance(value, list) else value for key, value in row.items()}
                for row in change.append]  # fmt: skip
        parsed = self._parsed(change.table, pd.DataFrame(rows, dtype=object), f"{change.place}.append", ())
        if parsed is None:
            return
        table = self.tables[change.table]
        joined = pd.concat([table, parsed], ignore_index=True) if len(table) else parsed
        for name in table.columns:
            if pd.api.types.is_bool_dtype(table[name]):
                joined[name] = joined[name].eq(True)
        self._keep(change.table, joined)


def _kind(table: str, name: str) -> str:
    known = schema.columns(table).get(name) if table in schema.TABLES else None
    return known.kind if known else ""


def _blank(table: str, name: str, index: pd.Index) -> pd.Series:
    known = schema.columns(table).get(name)
    return schema.blanks(known.kind if known else "number", index)


def _equal(column: pd.Series, wanted: Any, kind: str) -> Bools:
    """Where a column has a value; a list where it has the item; blank where nothing is wanted."""
    if pd.isna(wanted) or wanted == "":
        return np.asarray(column.isna())
    if kind == "list":
        return np.asarray([set(schema.split(str(wanted))) <= set(schema.split(cell)) for cell in column])
    if pd.api.types.is_bool_dtype(column):
        return np.asarray(column == bool(schema.flags().get(str(wanted).casefold(), wanted)))
    if pd.api.types.is_numeric_dtype(column):
        return np.asarray(column == float(wanted))
    if pd.api.types.is_datetime64_any_dtype(column):
        return np.asarray(column == pd.Timestamp(wanted))
    return np.asarray(column == cells.text(wanted))


def _beyond(column: pd.Series, sign: str, wanted: Any) -> Bools:
    """Where a column lies on one side of a limit."""
    limit = pd.Timestamp(wanted) if pd.api.types.is_datetime64_any_dtype(column) else float(wanted)
    compare = {">=": column.ge, "≥": column.ge, ">": column.gt, "<=": column.le, "≤": column.le, "<": column.lt}
    return np.asarray(cast(pd.Series, compare[sign](limit)))


def _near(column: pd.Series, value: Any, kind: str) -> str:
    """The value of a column nearest to what was found, where it holds words."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return ""
    held = column.dropna().unique()
    known = {item for cell in held for item in schema.split(cell)} if kind == "list" else set(held)
    return cells.nearest(str(value), sorted(known))


def read_change(table: str, place: str, raw: Any, file: str) -> tuple[Change | None, list[Fault]]:
    """One change from the data of a TOML file.

    >>> read_change("pools", "pools[1]", {"wher": {}, "scale": {"amount": 1.1}}, "a.toml")[1][0].values["nearest"]
    'where'
    """
    faults = list(_misshapen(place, raw, file))
    if faults:
        return None, faults
    append = raw.get("append", ())
    parts = {name: raw[name] for name in ("where", *VERBS) if name in raw}
    rows = (append,) if isinstance(append, Mapping) else tuple(append)
    return Change(table, place, **parts, append=rows, remove=bool(raw.get("remove"))), []


def _misshapen(place: str, raw: Any, file: str) -> Iterator[Fault]:
    if not isinstance(raw, Mapping):
        yield Fault("policy_value", file, None, place, values={"expected": "{…}", "found": str(raw)})
        return
    for name, value in raw.items():
        rows = name == "append" and isinstance(value, list) and all(isinstance(row, Mapping) for row in value)
        right = isinstance(value, bool) if name == "remove" else rows or isinstance(value, Mapping)
        if name not in ENTRIES:
            nearest = cells.nearest(name, ENTRIES)
            yield Fault("policy_unknown", file, None, f"{place}.{name}", values={"found": name, "nearest": nearest})
        elif not right:
            expected = "true, false" if name == "remove" else "{…}"
            yield Fault(
                "policy_value", file, None, f"{place}.{name}", values={"expected": expected, "found": str(value)}
            )
    if not set(raw) - {"where"}:
        yield Fault("change_nothing", file, None, place)
