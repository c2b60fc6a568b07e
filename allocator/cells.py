"""Cells as people write them: full-width digits, percent signs, thousands separators, dates as text or serial numbers.

Every function takes an array of cells and gives the values with the places of the cells it could not read; slow paths
run once per distinct text, so that a hundred thousand rows take seconds.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import schema, spreads, units
from allocator.columns import Column

Cells = NDArray[np.object_]
FIRST_SERIAL, LAST_SERIAL = 20_000, 80_000
"""Numbers in between are days since 1899-12-30, as Excel counts; smaller ones in `ready` are day numbers."""
_EPOCH = dt.datetime(1899, 12, 30)
_DATE = re.compile(
    r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?|(\d{2})(\d{2}))(?:[ t]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_NOTHING = {"nan", "n/a", "#n/a", "nat", "none", "null"}


@dataclass(frozen=True)
class Wrong:
    """A cell that cannot be read: its place, the code of the message, and what the message says."""

    place: int
    code: str
    values: dict[str, str] = field(default_factory=dict)


Parsed = tuple["pd.Series", list[Wrong]]


def plain(text: str) -> str:
    """Full-width letters and digits made plain, ends trimmed.

    >>> plain(" Ｐ００１ ")
    'P001'
    """
    return unicodedata.normalize("NFKC", text).strip()


def text(cell: Any) -> str | None:
    """A cell as text, None where blank; whole numbers without a decimal point.

    >>> text(12.0), text(" 市 "), text(float("nan"))
    ('12', '市', None)
    """
    if isinstance(cell, str):
        return cell.strip() or None
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return None
    if isinstance(cell, float | np.floating):
        number = float(cell)
        whole = number.is_integer() and abs(number) < 1e15
        return None if np.isnan(number) else str(int(number)) if whole else repr(number)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell)


def said(value: Any) -> str | None:
    """A value as text that reads back as it: yes and no for flags, plain days for dates.

    >>> said(True), said(pd.Timestamp("2020-02-03")), said(0.5), said(float("nan"))
    ('yes', '2020-02-03', '0.5', None)
    """
    return ("no", "yes")[bool(value)] if isinstance(value, bool | np.bool_) else text(value)


def texts(cells: Cells) -> Cells:
    """Every cell as text, None where blank."""
    made = np.empty(len(cells), dtype=object)
    if pd.api.types.infer_dtype(cells, skipna=False) == "string":
        made[:] = [cell.strip() or None for cell in cells]
    else:
        made[:] = [text(cell) for cell in cells]
    return made


def _all_numbers(cells: Cells) -> bool:
    return pd.api.types.infer_dtype(cells, skipna=True) in ("floating", "integer", "mixed-integer-float")


Bad = dict[str, ValueError]


def _each(cells: Cells, read: Callable[[str], Any]) -> tuple[Cells, Bad]:
    """Read each distinct text once; texts that raise ValueError are given back with it."""
    found: dict[str, Any] = {}
    bad: Bad = {}
    for word in {cell for cell in cells if cell is not None}:
        try:
            found[word] = read(word)
        except ValueError as error:
            bad[word] = error
    made = np.empty(len(cells), dtype=object)
    made[:] = [None if cell is None else found.get(cell) for cell in cells]
    return made, bad


def _wrong(cells: Cells, bad: Bad, code: str, **values: str) -> list[Wrong]:
    """The cells that cannot be read, with the code, or the one that their error brings."""
    why = {word: (error.code, error.values) if isinstance(error, units.Unread) else (code, values)
           for word, error in bad.items()}  # fmt: skip
    return [Wrong(i, why[cell][0], {"found": cell, **why[cell][1]}) for i, cell in enumerate(cells) if cell in why]


def parse(column: pd.Series, known: Column, factor: float = 1.0) -> Parsed:
    """A column of cells as values of its kind.

    Parameters
    ----------
    column : Series
    known : Column
        Its kind, range and choices.
    factor : float
        From the header's unit to the unit in memory.

    Returns
    -------
    values : Series
    wrong : list of Wrong

    Examples
    --------
    >>> values, wrong = parse(pd.Series(["1,200", "１２％", "x"], dtype=object), Column("plan", "number"))
    >>> values.tolist()[:2], wrong[0].code
    ([1200.0, 0.12], 'not_a_number')
    """
    made, wrong = _KINDS[known.kind](column, known, factor)
    if known.kind in ("number", "share"):
        wrong = wrong + _outside(made, known)
    return made, wrong


def _outside(made: pd.Series, known: Column) -> list[Wrong]:
    values = made.to_numpy(dtype=float)
    low, high = known.low, known.high
    out = np.flatnonzero((values < low) | (values > high))
    allowed = f"{low:g} – {high:g}" if np.isfinite(high) else f"≥ {low:g}"
    wrong = [Wrong(int(i), "out_of_range", {"found": f"{values[i]:g}", "expected": allowed}) for i in out]
    if known.whole:
        parts = np.flatnonzero(np.isfinite(values) & (values != np.rint(values)))
        wrong += [Wrong(int(i), "not_whole", {"found": f"{values[i]:g}"}) for i in parts]
    return wrong


def numbers(column: pd.Series, known: Column, factor: float) -> Parsed:
    """Numbers, with thousands separators, percent signs and units in the cell."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        known_numbers = column.astype("float64") * factor
        infinite = np.flatnonzero(np.isinf(known_numbers.to_numpy()))
        return known_numbers, [Wrong(int(i), "not_a_number", {"found": "inf"}) for i in infinite]
    cells = column.to_numpy(dtype=object)
    values = (
        pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").to_numpy(dtype=float, na_value=np.nan) * factor
    )
    flags = np.zeros(len(cells), dtype=bool)
    if not _all_numbers(cells):
        flags = np.fromiter((isinstance(cell, bool | np.bool_ | dt.date) for cell in cells), bool, len(cells))
    slow = np.flatnonzero((~np.isfinite(values) & ~pd.isna(cells)) | flags)
    rest = texts(cells[slow])
    numeric = known.kind == "share"
    read, bad = _each(rest, lambda word: _number(word, known, factor, numeric))
    values[slow] = [np.nan if value is None else value for value in read]
    places = [Wrong(int(slow[one.place]), one.code, one.values) for one in _wrong(rest, bad, "not_a_number")]
    return pd.Series(values, index=column.index), places


def _number(word: str, known: Column, factor: float, flags: bool) -> float:
    folded = plain(word).casefold()
    if folded in _NOTHING:
        return np.nan
    if flags and folded in schema.flags():
        return float(schema.flags()[folded])
    value, rest = units.split_number(folded)
    if rest == "%":
        return value / 100
    if rest and known.dimension and units.unit(rest):
        return value * units.factor(rest, known.dimension)
    if rest:
        raise ValueError(word)
    return value * factor


def ids(column: pd.Series, known: Column, factor: float) -> Parsed:
    """Short names, full-width signs made plain."""
    made, _ = _each(texts(column.to_numpy(dtype=object)), plain)
    return pd.Series(made, index=column.index, dtype="str"), []


def words(column: pd.Series, known: Column, factor: float) -> Parsed:
    """Text as it stands, ends trimmed."""
    return pd.Series(texts(column.to_numpy(dtype=object)), index=column.index, dtype="str"), []


def lists(column: pd.Series, known: Column, factor: float) -> Parsed:
    """Lists joined by ``|``; choices in either language."""
    choices = schema.choices(known.choices_of) if known.choices_of else {}

    def joined(word: str) -> str | None:
        return "|".join(choices.get(item.casefold(), item) for item in schema.split(plain(word))) or None

    made, _ = _each(texts(column.to_numpy(dtype=object)), joined)
    return pd.Series(made, index=column.index, dtype="str"), []


def flags(column: pd.Series, known: Column, factor: float) -> Parsed:
    """Yes or no; blank is no."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype(bool), []
    cells = texts(column.to_numpy(dtype=object))
    made, bad = _each(cells, lambda word: _look_up(schema.flags(), word))
    values = pd.Series([bool(value) for value in made], index=column.index, dtype=bool)
    return values, _wrong(cells, bad, "not_a_flag")


def choices(column: pd.Series, known: Column, factor: float) -> Parsed:
    """One of the choices, in either language."""
    cells = texts(column.to_numpy(dtype=object))
    known_words = {word: one for word, one in schema.choices(known.name).items() if one in known.choices}
    made, bad = _each(cells, lambda word: _look_up(known_words, word))
    expected = ", ".join(f"{choice} {schema.choice_word(known.name, choice, 'zh')}" for choice in known.choices)
    near = {word: nearest(word, known_words) for word in bad}
    wrong = [
        Wrong(one.place, one.code, one.values | {"nearest": near[one.values["found"]]})
        for one in _wrong(cells, bad, "not_a_choice", expected=expected)
    ]
    return pd.Series(made, index=column.index, dtype="str"), wrong


def _look_up(known: dict[str, Any], word: str) -> Any:
    folded = plain(word).casefold()
    if folded not in known:
        raise ValueError(word)
    return known[folded]


def close(found: str, names: Any) -> str:
    """A name so near to what was found that it is likely meant, or nothing.

    >>> close("regoin", ["region"]), close("revenue", ["region"])
    ('region', '')
    """
    folded = found.casefold()
    near = difflib.get_close_matches(folded, [str(name) for name in names], n=1, cutoff=0.8)
    return near[0] if near and near[0] != folded else ""


def nearest(found: str, names: Any) -> str:
    """The name nearest to what was found, or nothing.

    >>> nearest("regoin", ["region", "county"])
    'region'
    """
    close = difflib.get_close_matches(found, [str(name) for name in names], n=1, cutoff=0.6)
    return close[0] if close else ""


def dates(column: pd.Series, known: Column, factor: float) -> Parsed:
    """Dates: real ones, text, eight digits, or serial numbers of Excel."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype("datetime64[ns]"), []
    raw = column.to_numpy(dtype=object)
    if pd.api.types.infer_dtype(raw, skipna=True) in ("date", "datetime", "datetime64"):
        return pd.Series(
            pd.to_datetime(pd.Series(raw, dtype=object)).to_numpy(dtype="datetime64[ns]"), index=column.index
        ), []
    cells = texts(raw)
    made, bad = _each(cells, _date)
    values = pd.Series(
        pd.to_datetime(pd.Series(made, dtype=object)).to_numpy(dtype="datetime64[ns]"), index=column.index
    )
    return values, _wrong(cells, bad, "not_a_date")


def _date(word: str) -> dt.datetime | None:
    folded = plain(word).casefold()
    if folded in _NOTHING:
        return None
    match = _DATE.fullmatch(folded)
    if match:
        year, month, day, month8, day8 = match.groups()
        made = dt.datetime(int(year), int(month or month8), int(day or day8 or 1))
        if not 1900 <= made.year <= 2200:
            raise ValueError(word)
        return made
    try:
        serial = float(folded)
    except ValueError:
        raise ValueError(word) from None
    if not FIRST_SERIAL <= serial <= LAST_SERIAL:
        raise ValueError(word)
    return _EPOCH + dt.timedelta(days=int(serial))


def whens(column: pd.Series, known: Column, factor: float) -> Parsed:
    """Dates, or day numbers where every cell is a small number."""
    kind = pd.api.types.infer_dtype(column.to_numpy(dtype=object), skipna=True)
    if pd.api.types.is_datetime64_any_dtype(column) or kind in ("date", "datetime", "datetime64"):
        return dates(column, known, factor)
    values, wrong = numbers(column, known, factor)
    if not wrong and not (values.abs() >= FIRST_SERIAL).any():
        return values, []
    return dates(column, known, factor)


def spread(column: pd.Series, known: Column, factor: float) -> Parsed:
    """Durations that may be random, as text in the unit in memory."""
    cells = texts(column.to_numpy(dtype=object))
    made, bad = _each(cells, lambda word: spreads.read(word, known.dimension, factor))
    return pd.Series(made, index=column.index, dtype="str"), _wrong(cells, bad, "not_a_spread")


_KINDS: dict[str, Callable[[pd.Series, Column, float], Parsed]] = {
    "id": ids, "text": words, "number": numbers, "share": numbers, "date": dates, "when": whens, "flag": flags,
    "choice": choices, "list": lists, "spread": spread,
}  # fmt: skip

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]00:00:00)?")
_NUMERIC = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


def infer(column: pd.Series) -> pd.Series:
    """A column that the schema does not know: numbers, dates or yes/no where every cell is one, else text.

    Digits with a leading zero stay text.

    >>> infer(pd.Series(["1", "2.5"], dtype=object)).tolist(), infer(pd.Series(["01", "2"], dtype=object)).tolist()
    ([1.0, 2.5], ['01', '2'])
    """
    if pd.api.types.is_bool_dtype(column):
        return column.astype(bool)
    if pd.api.types.is_numeric_dtype(column):
        return column.astype("float64")
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype("datetime64[ns]")
    raw = column.to_numpy(dtype=object)
    if _all_numbers(raw):
        return pd.Series(
            pd.to_numeric(pd.Series(raw, dtype=object)).to_numpy(dtype=float, na_value=np.nan), index=column.index
        )
    cells = texts(raw)
    distinct = {cell for cell in cells if cell is not None}
    if distinct and all(_NUMERIC.fullmatch(cell) for cell in distinct):
        return pd.Series(pd.to_numeric(pd.Series(cells, dtype=object)).to_numpy(dtype=float), index=column.index)
    if distinct and all(_ISO.fullmatch(cell) for cell in distinct):
        return dates(column, Column("", "date"), 1.0)[0]
    if distinct and distinct <= {"True", "False"} and None not in set(cells):
        return pd.Series([cell == "True" for cell in cells], index=column.index, dtype=bool)
    return pd.Series(cells, index=column.index, dtype="str")
