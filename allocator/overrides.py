"""Changes to the rows of a case as a planner writes them: which rows are meant, and what becomes of them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import cells, schema, spreads, units
from allocator.columns import Column
from allocator.errors import Fault
from allocator.reading import Sheet, read_sheets

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
VERBS = ("set", "scale", "add")
ENTRIES = ("where", *VERBS, "append", "remove")
_LIMIT = re.compile(r"\s*(>=|<=|≥|≤|>|<)\s*(.+)")
_UNSAID = ("column_missing", "cell_missing")


class Draft:
    """The tables of a case while they are changed, and what is wrong with the changes.

    A change is a table of a TOML file: ``where`` (column to the value, one of several values, or a limit such as
    ``">= 100"``; all rows without it), then ``set``, ``scale`` or ``add`` (column to its new value, a factor, or what
    is added: days where the column holds dates), ``remove = true``, or ``append`` (new rows). Columns are written as in
    the files of a case: in either language, with units.

    Parameters
    ----------
    file : str
        Named in the faults.
    tables : mapping of str to DataFrame
    kept : mapping of str to str
        Unit of each resource.

    Examples
    --------
    >>> pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]})
    >>> draft = Draft("more.toml", {"pools": pools}, {"land": "mu"})
    >>> draft.change("pools", "pools[1]", {"where": {"要素": "用地"}, "add": {"amount(公顷)": 1}})
    >>> draft.change("pools", "pools[2]", {"scale": {"amuont": 2}})
    >>> draft.tables["pools"]["amount"].tolist(), [fault.text() for fault in draft.faults]
    ([20.0], ['more.toml, pools[2].scale.amuont: there is no column “amuont”; did you mean “amount”?'])
    """

    def __init__(self, file: str, tables: Mapping[str, pd.DataFrame], kept: Mapping[str, str]) -> None:
        self.file, self.tables, self.faults = file, dict(tables), list[Fault]()
        self._kept = kept
        self._literal = any((units.resource(name) or cells.plain(name)) != name for name in kept)

    def change(self, table: str, place: str, raw: Any) -> None:
        """Make one change, or note why it cannot be made."""
        if not self._formed(place, raw):
            return
        if not len(self.tables[table]) and "append" not in raw:
            self.fault("rows_none", place)
            return
        rows = self._meant(table, place, raw.get("where", {}))
        if rows is not None:
            for verb in VERBS:
                for key, value in raw.get(verb, {}).items():
                    self._write(table, f"{place}.{verb}.{key}", verb, key, value, rows)
            if raw.get("remove"):
                self.tables[table] = self.tables[table][~rows].reset_index(drop=True)
        if raw.get("append"):
            self._append(table, f"{place}.append", raw["append"])

    def fault(self, code: str, place: str, **values: str) -> None:
        """Note something wrong, once."""
        fault = Fault(code, self.file, None, place, values=values)
        if fault not in self.faults:
            self.faults.append(fault)

    def _formed(self, place: str, raw: Any) -> bool:
        """Whether a change has the form of one."""
        before = len(self.faults)
        if not isinstance(raw, Mapping):
            self.fault("policy_value", place, expected="{…}", found=shown(raw))
            return False
        for name, value in raw.items():
            inside = f"{place}.{name}"
            if name not in ENTRIES:
                self.fault("policy_unknown", inside, found=name, nearest=cells.nearest(name, ENTRIES))
            elif name == "remove":
                if value is not True:
                    self.fault("policy_value", inside, expected="true", found=shown(value))
            elif name == "append":
                if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
                    self.fault("policy_value", inside, expected="[{…}]", found=shown(value))
            elif not isinstance(value, Mapping):
                self.fault("policy_value", inside, expected="{…}", found=shown(value))
        if not set(raw) - {"where"}:
            self.fault("change_nothing", place)
        return len(self.faults) == before

    def _meant(self, table: str, place: str, where: Mapping[str, Any]) -> Bools | None:
        """The rows that fulfil every condition; None where a condition is wrong."""
        before = len(self.faults)
        meant = np.ones(len(self.tables[table]), dtype=bool)
        for key, wanted in where.items():
            found = np.zeros(len(meant), dtype=bool)
            for value in wanted if isinstance(wanted, list) else [wanted]:
                found |= self._fulfils(table, f"{place}.where.{key}", key, value)
            meant &= found
        if len(self.faults) == before and not meant.any() and where:
            self.fault("no_row_meets", f"{place}.where")
        return meant if len(self.faults) == before else None

    def _fulfils(self, table: str, place: str, key: str, value: Any) -> Bools:
        """The rows whose column has a value, or lies on one side of a limit; a fault where there are none."""
        limit = _LIMIT.fullmatch(value) if isinstance(value, str) else None
        none = np.zeros(len(self.tables[table]), dtype=bool)
        bare, factor = self._converted(table, place, key, ~none, some=True)
        parsed = self._parsed(table, place, pd.DataFrame({bare: [limit[2] if limit else value]}, dtype=object))
        if parsed is None or np.isnan(factor).all():
            return none
        name, wanted = str(parsed.columns[0]), parsed.iloc[0, 0]
        column = self.tables[table].get(name)
        if column is None or column.isna().all():
            self.fault("no_row_has", place, found=str(value))
        elif limit and not _ordered(column):
            self.fault("no_numbers", place)
        elif limit and isinstance(wanted, str):
            self.fault("not_a_number", place, found=wanted)
        else:
            kind = _known(table, name).kind
            column = column / factor if bare != key else column
            found = _beyond(column, limit[1], wanted) if limit else _equal(column, wanted, kind)
            if not found.any():
                self.fault("no_row_has", place, found=str(value), nearest=_near(column, value, kind))
            return found
        return none

    def _parsed(
        self, table: str, place: str, data: pd.DataFrame, unsaid: Collection[str] = _UNSAID
    ) -> pd.DataFrame | None:
        """Cells under the headers of a planner as values in our units; None, and faults, where they cannot be read."""
        width, before = len(data.columns), len(self.faults)
        known: set[str] = set(self.tables[table].columns)
        if table in schema.TABLES:
            pools = self.tables["pools"]
            named = {schema.recognise("pools", units.split_header(str(key))[0]) for key in data}
            if table == "pools" and "resource" in named and "amount" not in named:
                data = data.assign(amount=None)
            sheets = {"pools": Sheet(pools, np.arange(len(pools)), self._literal)}
            sheets[table] = Sheet(data.astype(object).where(data.notna(), None), np.arange(len(data)), self._literal)
            read = read_sheets(sheets)
            made = read.tables[table]
            for fault in read.faults:
                if fault.table == table and fault.severity == "error" and fault.code not in unsaid:
                    row = f"[{fault.row + 1}]" if fault.row is not None and len(data) > 1 else ""
                    inside = f"{place}{row}.{fault.column}" if not unsaid else place
                    self.fault(fault.code, inside, **fault.values)
            known |= {*schema.columns(table), *(self._kept if table in ("projects", "variants") else ())}
        else:
            made = pd.DataFrame({str(name): cells.infer(data[name]) for name in data})
        for key, name in zip(data.columns[:width], made.columns[:width], strict=True):
            if name not in known:
                words = known | {schema.header(table, one, "zh") for one in known if _known(table, one).name}
                near = cells.nearest(units.split_header(str(key))[0], sorted(words))
                self.fault("no_column", place, found=str(key), nearest=near)
        return made if len(self.faults) == before else None

    def _write(self, table: str, place: str, verb: str, key: str, value: Any, rows: Bools) -> None:
        """One column of the rows that are meant."""
        unsaid = (*_UNSAID, "out_of_range", "not_a_date") if verb == "add" else _UNSAID
        bare, factor = self._converted(table, place, key, rows)
        said = None if verb == "scale" else "|".join(map(str, value)) if isinstance(value, list) else value
        parsed = self._parsed(table, place, pd.DataFrame({bare: [said]}, dtype=object), unsaid)
        if parsed is None or np.isnan(factor).any():
            return
        name, read = str(parsed.columns[0]), parsed.iloc[[0] * int(rows.sum()), 0]
        column = self.tables[table].get(name)
        column = schema.blanks(_known(table, name).kind, self.tables[table].index) if column is None else column.copy()
        read = read * factor if bare != key else read
        if verb == "scale" and _known(table, name).kind == "spread":
            self._stretched(place, value, rows, column)
        elif verb != "set":
            self._moved(place, verb, value, read, rows, column)
        elif not _ordered(column) and not pd.api.types.is_bool_dtype(column):
            column.loc[rows] = cells.texts(read.to_numpy(dtype=object))
        elif pd.api.types.is_dtype_equal(column.dtype, read.dtype):
            column.loc[rows] = read.to_numpy()
        else:
            dates = pd.api.types.is_datetime64_any_dtype(column)
            self.fault("not_a_date" if dates else "not_a_number", place, found=str(value))
        self.tables[table] = self.tables[table].assign(**{name: column})

    def _converted(self, table: str, place: str, key: str, rows: Bools, some: bool = False) -> tuple[str, Floats]:
        """A header of pool amounts without its unit, and a factor per row from that to the resource's unit.

        A unit that fits no row, or not every one unless some are enough, is a fault.
        """
        base, stated = units.split_header(key)
        if table != "pools" or stated is None or schema.recognise(table, base) != "amount":
            return key, np.ones(int(rows.sum()))
        made = units.unit(stated)
        kept = [units.unit(self._kept.get(name, "")) for name in self.tables[table].loc[rows, "resource"]]
        fits = [made is not None and one is not None and one.dimension == made.dimension for one in kept]
        if made is None:
            near = cells.nearest(stated, [word for one in units.UNITS for word in (one.name, *one.words)])
            self.fault("unit_unknown", place, found=stated, nearest=near)
        elif not (any(fits) if some else all(fits)):
            wrong = {one.dimension for one, fit in zip(kept, fits, strict=True) if one is not None and not fit}
            known = ", ".join(f"{one.name} {one.chinese}" for one in units.UNITS if one.dimension in wrong)
            self.fault("unit_dimension", place, found=stated, expected=known)
        else:
            factors = [made.factor / one.factor if fit and one else np.nan for one, fit in zip(kept, fits, strict=True)]
            return base, np.array(factors)
        return base, np.full(len(kept), np.nan)

    def _moved(self, place: str, verb: str, value: Any, said: pd.Series, rows: Bools, column: pd.Series) -> None:
        """Scale a column, or add to it."""
        dates = pd.api.types.is_datetime64_any_dtype(column)
        if not _ordered(column) or (dates and verb == "scale"):
            self.fault("no_numbers", place)
            return
        if column[rows].isna().all():
            self.fault("all_blank", place)
            return
        if verb == "scale" or dates:
            said, _ = cells.parse(pd.Series([value] * len(said), dtype=object), Column("", "number"))
        if said.isna().any():
            self.fault("not_a_number", place, found=str(value))
            return
        step = said.to_numpy(dtype=float)
        if verb == "scale":
            column.loc[rows] = column[rows] * step
        else:
            column.loc[rows] = column[rows] + (pd.to_timedelta(step, unit="D") if dates else step)

    def _stretched(self, place: str, value: Any, rows: Bools, column: pd.Series) -> None:
        """Scale durations."""
        factor, _ = cells.parse(pd.Series([value], dtype=object), Column("", "number"))
        if not factor.iloc[0] >= 0:
            self.fault("not_a_number", place, found=str(value))
        elif column[rows].isna().all():
            self.fault("all_blank", place)
        else:
            column.loc[rows] = column[rows].map(lambda one: spreads.scaled(one, factor.iloc[0]), na_action="ignore")

    def _append(self, table: str, place: str, rows: list[Mapping[str, Any]]) -> None:
        """New rows, with everything a row must have."""
        said = [
            {key: "|".join(map(str, value)) if isinstance(value, list) else value for key, value in row.items()}
            for row in rows
        ]
        parsed = self._parsed(table, place, pd.DataFrame(said, dtype=object), ())
        if parsed is None:
            return
        if table == "pools" and "unit" in parsed:
            for unit, resource in zip(parsed["unit"], parsed["resource"], strict=True):
                if unit != self._kept.get(resource, unit):
                    self.fault("unit_dimension", f"{place}.unit", found=str(unit), expected=self._kept[resource])
        before = self.tables[table]
        joined = pd.concat([before, parsed], ignore_index=True) if len(before) else parsed
        kinds = [str(name) for name in before if pd.api.types.is_bool_dtype(before[name])]
        flags = {name: joined[name].eq(True) if name in joined else False for name in kinds}
        self.tables[table] = joined.assign(**flags)


def shown(value: Any) -> str:
    """A value of a file as it stands there, more or less.

    >>> shown("x"), shown(False), shown({"amount": 3})
    ('x', 'false', '{"amount": 3}')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _known(table: str, name: str) -> Column:
    """What the schema says of a column, or a nameless column of numbers."""
    return (schema.columns(table) if table in schema.TABLES else {}).get(name, Column("", "number"))


def _ordered(column: pd.Series) -> bool:
    """Whether a column holds numbers or dates."""
    numbers = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return numbers or pd.api.types.is_datetime64_any_dtype(column)


def _equal(column: pd.Series, wanted: Any, kind: str) -> Bools:
    """Where a column has a value; a list where it has the item; blank where nothing is wanted."""
    if pd.isna(wanted) or wanted == "":
        return np.asarray(column.isna())
    if kind == "list":
        return np.asarray([set(schema.split(str(wanted))) <= set(schema.split(cell)) for cell in column])
    if not _ordered(column) and not pd.api.types.is_bool_dtype(column):
        return np.asarray(column == cells.text(wanted))
    return np.asarray(column == wanted)


def _beyond(column: pd.Series, sign: str, wanted: Any) -> Bools:
    """Where a column lies on one side of a limit."""
    compare = {">=": column.ge, "≥": column.ge, ">": column.gt, "<=": column.le, "≤": column.le, "<": column.lt}
    return np.asarray(cast(pd.Series, compare[sign](wanted)))


def _near(column: pd.Series, value: Any, kind: str) -> str:
    """The value of a column nearest to what was found, where it holds words."""
    if _ordered(column):
        return ""
    held = column.dropna().unique()
    known = {item for cell in held for item in schema.split(cell)} if kind == "list" else set(map(str, held))
    return cells.nearest(str(value), sorted(known))
