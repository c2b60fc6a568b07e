"""From cells to tables: headers in either language, units converted, every fault with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import cells, processschema, schema, units
from allocator.cells import nearest
from allocator.columns import Column
from allocator.errors import Fault

DEMANDING = ("projects", "variants")


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table before it is understood.

    Parameters
    ----------
    data : DataFrame
        Cells under the headers as they stand.
    rows : array of int
        Row of each cell as Excel counts it.
    literal : bool
        Resources keep their names; in files the usual words for them are one (用地 and 土地 are land).
    """

    data: pd.DataFrame
    rows: NDArray[np.int64]
    literal: bool = False

    @staticmethod
    def of(table: pd.DataFrame) -> Sheet:
        """A table made in Python."""
        data = table.reset_index(drop=True).rename(columns=str)
        return Sheet(data, np.arange(len(data)) + 2, literal=True)


@dataclass(frozen=True)
class Place:
    """What a column of a sheet was understood to be."""

    header: str
    known: Column | None
    unit: str | None = None
    resource: bool = False


@dataclass
class Read:
    """Tables read, the rows they came from, and every fault found on the way."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    rows: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def row(self, table: str, place: int) -> int:
        """Row of Excel for the row of a table."""
        rows = self.rows.get(table)
        return int(rows[place]) if rows is not None and place < len(rows) else place + 2


def read_sheets(sheets: Mapping[str, Sheet]) -> Read:
    """Understand the sheets of a case; the pools say which columns of the projects are demands.

    Parameters
    ----------
    sheets : mapping of table name to Sheet

    Examples
    --------
    >>> pools = pd.DataFrame({"pool": ["p"], "resource": ["用地"], "amount(公顷)": ["2"]})
    >>> read_sheets({"pools": Sheet.of(pools)}).tables["pools"]["amount"].tolist()
    [30.0]
    """
    read = Read()
    names = _resources(sheets.get("pools"))
    order = sorted(sheets, key=lambda name: (name != "pools", list(schema.TABLES).index(name)))
    places = {name: _places(read, name, sheets[name], names) for name in order}
    bases = _bases(read, sheets, places, names)
    for name in order:
        read.rows[name] = sheets[name].rows
        read.tables[name] = _table(read, name, sheets[name], places[name], bases)
    if "pools" in sheets:
        _amounts(read, sheets["pools"], places, names, bases)
    for table in ("grants",):
        if "resource" in read.tables.get(table, ()):
            read.tables[table]["resource"] = _renamed(read.tables[table]["resource"], names)
    if "process" in sheets:
        _settings(read)
    return read


def _resources(pools: Sheet | None) -> dict[str, str]:
    """Every way the resources are written (squashed), and their names."""
    if pools is None:
        return {}
    header = next(
        (one for one in pools.data.columns if schema.recognise("pools", units.split_header(str(one))[0]) == "resource"),
        None,
    )
    if header is None:
        return {}
    names: dict[str, str] = {}
    for word in {text for text in cells.texts(pools.data[header].to_numpy(dtype=object)) if text}:
        name = word if pools.literal else units.resource(word) or cells.plain(word)
        usual = () if pools.literal else units.RESOURCES.get(name, ("", ()))[1]
        names |= {units.squash(one): name for one in (name, word, *usual)}
    return names


def _renamed(column: pd.Series, names: Mapping[str, str]) -> pd.Series:
    return column.map({word: names.get(units.squash(word), word) for word in column.dropna().unique()}).astype("str")


def _places(read: Read, table: str, sheet: Sheet, names: Mapping[str, str]) -> list[Place]:
    """What each column is."""
    places: list[Place] = []
    seen: dict[str, str] = {}
    for header in map(str, sheet.data.columns):
        place = _place(read, table, header, names)
        name = place.known.name if place.known else header
        if place.known and name in seen:
            read.faults.append(Fault("column_twice", table, None, name, values={"found": header, "other": seen[name]}))
            place = Place(header, None)
        elif place.known:
            seen[name] = header
        places.append(place)
    for column in schema.TABLES[table]:
        if column.required and column.name not in seen:
            unknown = [place.header for place in places if place.known is None]
            values = {
                "nearest": nearest(column.name, unknown) or nearest(schema.header(table, column.name, "zh"), unknown)
            }
            read.faults.append(Fault("column_missing", table, None, column.name, values=values))
    return places


def _place(read: Read, table: str, header: str, names: Mapping[str, str]) -> Place:
    base, unit = units.split_header(header)
    for text, stated in ((header, None), (base, unit)):
        squashed = units.squash(text)
        if table in DEMANDING and squashed in names:
            return Place(header, Column(names[squashed], "number", low=0.0), stated, resource=True)
        name = schema.recognise(table, text)
        if name is None:
            continue
        known = schema.columns(table)[name]
        bracketed = header.strip()[-1:] in ")）]】"
        if (
            stated is None
            or known.dimension == ""
            and (not _fits(known, stated) and not _amount(table, known))
            and bracketed
        ):
            return Place(header, known)
        if _fits(known, stated) or _amount(table, known):
            return Place(header, known, stated)
        if bracketed or (table in schema.PROCESS and units.unit(stated)):
            read.faults.append(_bad_unit(table, name, stated, known.dimension))
            return Place(header, known)
    _misspelt(read, table, header, base)
    return Place(header, None)


def _fits(known: Column, unit: str) -> bool:
    if known.name == "unit_cost":
        return _price(unit) is not None
    found = units.unit(unit)
    return found is not None and found.dimension == (known.dimension or ("share" if known.kind == "share" else None))


def _amount(table: str, known: Column) -> bool:
    return table in ("pools", "grants") and known.name == "amount"


def _price(unit: str) -> float | None:
    """Million yuan per unit of the resource, from such as 万元/亩."""
    money, _, per = unit.partition("/")
    paid, unit_of = units.unit(money), units.unit(per) if per else None
    if paid is None or paid.dimension != "money" or (per and unit_of is None):
        return None
    return paid.factor / (unit_of.factor if unit_of else 1.0)


def _bad_unit(table: str, column: str, found: str, dimension: str, row: int | None = None) -> Fault:
    known = units.unit(found)
    if known is None:
        fitting = [one for one in units.UNITS if not dimension or one.dimension == dimension]
        near = nearest(found, [word for one in fitting for word in (one.name, *one.words)])
        return Fault("unit_unknown", table, row, column, values={"found": found, "nearest": near})
    return Fault("unit_dimension", table, row, column, values={"found": found, "expected": units.fitting(dimension)})


def _misspelt(read: Read, table: str, header: str, base: str) -> None:
    """A header that is nearly one of ours is more likely a slip than a column of the user's."""
    ours = [
        word
        for column in schema.TABLES[table]
        for word in (column.name, schema.header(table, column.name, "zh"))
        if len(word) > 3
    ]
    close = cells.close(base, ours)
    if close or table not in DEMANDING:
        values = {"found": header, "nearest": close}
        read.faults.append(Fault("column_unknown", table, None, header, "warning", values))


def _bases(
    read: Read, sheets: Mapping[str, Sheet], places: Mapping[str, list[Place]], names: Mapping[str, str]
) -> dict[str, str]:
    """The unit each resource is kept in, from all the units stated for it."""
    stated: dict[str, list[tuple[str, str, int | None, str]]] = {name: [] for name in names.values()}
    for table in DEMANDING:
        for place in places.get(table, ()):
            if place.resource and place.unit and place.known:
                stated[place.known.name].append((place.unit, table, None, place.known.name))
    if "pools" in sheets:
        for name, unit, at in _pool_units(sheets["pools"], places["pools"], names):
            stated[name].append((unit, "pools", at, "unit"))
    made = {}
    for name, found in stated.items():
        usual = units.RESOURCES.get(name, ("", ()))[0]
        first = _leading([unit for unit, *_ in found], usual)
        known = units.unit(first)
        made[name] = units.base(known.dimension).name if known else first
        for unit, table, row, column in found:
            other = units.unit(unit)
            if known is not None and (other is None or other.dimension != known.dimension):
                read.faults.append(_bad_unit(table, column, unit, known.dimension, row))
            elif known is None and units.squash(unit) != units.squash(first):
                read.faults.append(Fault("unit_unknown", table, row, column, values={"found": first, "nearest": unit}))
    return made


def _leading(found: list[str], usual: str) -> str:
    """The unit that the others must agree with: of the usual dimension, else known, else the first."""
    known = [unit for unit in found if units.unit(unit)]
    wanted = units.unit(usual)
    fitting = [unit for unit in known if wanted and units.unit(unit).dimension == wanted.dimension]  # type: ignore[union-attr]
    return next(iter([*fitting, *known, *found]), usual)


def _pool_units(sheet: Sheet, places: list[Place], names: Mapping[str, str]) -> Iterator[tuple[str, str, int]]:
    """Resource, unit and row of each pool that states one; the header of the amounts counts where a row is silent."""
    named = {place.known.name: (number, place) for number, place in enumerate(places) if place.known}
    if "resource" not in named:
        return
    resources = cells.texts(sheet.data.iloc[:, named["resource"][0]].to_numpy(dtype=object))
    common = named["amount"][1].unit if "amount" in named else None
    said = (
        cells.texts(sheet.data.iloc[:, named["unit"][0]].to_numpy(dtype=object))
        if "unit" in named
        else [None] * len(resources)
    )
    for resource, unit, row in zip(resources, said, sheet.rows, strict=True):
        if resource and (unit or common):
            yield names[units.squash(resource)], str(unit or common), int(row)


def _table(read: Read, table: str, sheet: Sheet, places: list[Place], bases: Mapping[str, str]) -> pd.DataFrame:
    made: dict[str, pd.Series] = {}
    for number, place in enumerate(places):
        column = sheet.data.iloc[:, number]
        if place.known is None:
            name = place.header if place.header not in made else f"{place.header} {number + 1}"
            made[name] = cells.infer(column)
            continue
        known = place.known
        if place.resource and units.unit(bases[known.name]):
            known = replace(known, dimension=units.unit(bases[known.name]).dimension)  # type: ignore[union-attr]
        values, wrong = cells.parse(column, known, _factor(table, place))
        made[known.name] = values
        for one in wrong:
            read.faults.append(Fault(one.code, table, int(sheet.rows[one.place]), known.name, values=one.values))
        if known.required:
            blank = set(np.flatnonzero(values.isna().to_numpy())) - {one.place for one in wrong}
            read.faults += [Fault("cell_missing", table, int(sheet.rows[i]), known.name) for i in sorted(blank)]
    return pd.DataFrame(made, index=range(len(sheet.data)))


def _factor(table: str, place: Place) -> float:
    if not place.unit or place.known is None or (table == "pools" and place.known.name == "amount"):
        return 1.0
    if place.known.name == "unit_cost":
        return _price(place.unit) or 1.0
    known = units.unit(place.unit)
    return known.factor if known else 1.0


def _amounts(
    read: Read, sheet: Sheet, places: Mapping[str, list[Place]], names: Mapping[str, str], bases: Mapping[str, str]
) -> None:
    """Amounts of the pools in the unit of their resource, which is then stated where it is not the usual one."""
    pools = read.tables["pools"]
    if "resource" not in pools or "amount" not in pools:
        return
    pools["resource"] = _renamed(pools["resource"], names)
    by_row = {row: unit for _, unit, row in _pool_units(sheet, places["pools"], names)}
    said = [by_row.get(int(row)) for row in sheet.rows]
    distinct = {unit: units.unit(unit) for unit in set(said) if unit}
    factors = [known.factor if unit and (known := distinct[unit]) else 1.0 for unit in said]
    pools["amount"] = pools["amount"] * np.array(factors, dtype=float)
    if any(
        place.known and place.known.name == "unit_cost" and "/" not in (place.unit or "") for place in places["pools"]
    ):
        pools["unit_cost"] = pools["unit_cost"] / np.array(factors, dtype=float)
    kept = pools["resource"].map(bases)
    usual = pools["resource"].map({name: units.RESOURCES.get(name, ("", ()))[0] for name in bases})
    if "unit" in pools or (kept.astype(object) != usual.astype(object)).any():
        pools["unit"] = kept.where(kept != "").astype("str")
    _assumed(read, said, places, bases, pools, sheet)


def _assumed(
    read: Read,
    said: list[str | None],
    places: Mapping[str, list[Place]],
    bases: Mapping[str, str],
    pools: pd.DataFrame,
    sheet: Sheet,
) -> None:
    """A table without a unit beside one in another unit than the one kept is read in the unit kept: say so."""
    stated = [(name, unit) for name, unit in zip(pools["resource"], said, strict=True) if unit]
    demands = [
        (table, place) for table in DEMANDING for place in places.get(table, ()) if place.resource and place.known
    ]
    stated += [(place.known.name, place.unit) for _, place in demands if place.known and place.unit]
    odd = {name for name, unit in set(stated) if (known := units.unit(unit)) and known.factor != 1.0}
    for row, unit, name in zip(sheet.rows, said, pools["resource"], strict=True):
        if unit is None and name in odd:
            read.faults.append(Fault("unit_assumed", "pools", int(row), "unit", "warning", {"expected": bases[name]}))
    for table, place in demands:
        if place.known and place.unit is None and place.known.name in odd:
            values = {"expected": bases[place.known.name]}
            read.faults.append(Fault("unit_assumed", table, None, place.known.name, "warning", values))


def _settings(read: Read) -> None:
    """Keys and values of the process in our words."""
    table = read.tables["process"]
    keys, values = schema.column(table, "process", "key"), schema.column(table, "process", "value")
    made: list[tuple[str | None, str | None]] = []
    for place, (key, value) in enumerate(zip(keys, values, strict=True)):
        name = None if pd.isna(key) else processschema.setting(key)
        made.append((key if name is None else name, value))
        if pd.isna(key):
            continue
        if name is None:
            near = nearest(key, processschema.setting_words())
            fault = Fault("policy_unknown", "process", read.row("process", place), "key",
                          values={"found": key, "nearest": near})  # fmt: skip
            read.faults.append(fault)
        elif not pd.isna(value):
            known = processschema.SETTINGS[name]
            parsed, wrong = cells.parse(pd.Series([value], dtype=object), known)
            said = cells.said(parsed.iloc[0])
            made[-1] = (name, schema.recognise("projects", said) or said if name == "entry" and said else said)
            read.faults += [Fault(one.code, "process", read.row("process", place), name, values=one.values)
                            for one in wrong]  # fmt: skip
    for number, name in enumerate(("key", "value")):
        table[name] = pd.Series([row[number] for row in made], index=table.index, dtype="str")


def sorted_faults(faults: list[Fault]) -> tuple[Fault, ...]:
    """Errors first, then by table, row and column."""
    order = {name: place for place, name in enumerate(chain(schema.TABLES, ("policy",)))}
    return tuple(
        sorted(
            faults,
            key=lambda fault: (
                fault.severity,
                order.get(fault.table, 99),
                fault.row or 0,
                fault.column or "",
                fault.code,
            ),
        )
    )
