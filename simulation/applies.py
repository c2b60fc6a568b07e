"""Rules over the columns of projects as text: ``route = approve; energy >= 1000`` (MODEL 4.1).

Clauses stand beside one another with ``;``, ``and`` or 且 between them, and all must hold. A clause is a column, a sign
(``=``, ``!=``, ``>``, ``>=``, ``<``, ``<=``) and a value, or several with ``|`` between them: one is enough, and with
``!=`` none may hold. Columns and choices may be written in either language; ``blank`` or 空 means cells without
a value. A comparison with a blank cell never holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import cells, schema, units
from allocator.columns import Column
from allocator.errors import Fault, InputError, Severity

Bools = NDArray[np.bool_]
_BETWEEN = re.compile(r";|且|\n|\s+and\s+", re.IGNORECASE)
_CLAUSE = re.compile(r"\s*([^=<>!≥≤≠]+?)\s*(!=|<>|>=|<=|==|[=<>≥≤≠])\s*([^=<>!≥≤≠]+?)\s*")
_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "<>": "!=", "==": "="}
BLANK = ("blank", "空", "空白")


@dataclass(frozen=True)
class Clause:
    """One condition: a column as it is written, a sign, and the values as they are written."""

    name: str
    sign: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class _Test:
    """A clause that can be met: distinct cells of its column, the place of each project's, and the values it wants."""

    clause: Clause
    held: pd.Series | None
    places: NDArray[np.intp]
    wanted: list[Any]

    def met(self) -> Bools:
        """Which projects meet it."""
        assert self.held is not None
        return _compared(self.clause.sign, self.held, self.wanted)[self.places]


@dataclass(frozen=True)
class _Wrong(Exception):
    """Why a clause cannot be met: the code of a message, and what it speaks of."""

    code: str
    found: str
    expected: str = ""
    nearest: str = ""

    def fault(self, table: str, row: int | None, column: str) -> Fault:
        """What to say at a place."""
        severity: Severity = "warning" if self.code == "no_project_has" else "error"
        said = {"found": self.found, "expected": self.expected, "nearest": self.nearest}
        return Fault(self.code, table, row, column, severity, {key: value for key, value in said.items() if value})


def clauses(rule: str) -> list[Clause]:
    """The clauses of a rule.

    Raises
    ------
    InputError
        What stands there is no rule.

    Examples
    --------
    >>> clauses("审批方式＝审批|核准；能耗 ≥ 1,000")
    [Clause(name='审批方式', sign='=', words=('审批', '核准')), Clause(name='能耗', sign='>=', words=('1,000',))]
    """
    found = check(rule, "stages", None, "applies")
    if found:
        raise InputError(found)
    return [_clause(text) for text in _texts(rule)]


def mask(rule: str, projects: pd.DataFrame) -> Bools:
    """Which projects a rule means; all of them where it is empty.

    Parameters
    ----------
    rule : str
    projects : DataFrame
        Columns named as in `allocator.schema`, in either language; money in million yuan.

    Returns
    -------
    array of bool
        In the order of the projects.

    Raises
    ------
    InputError
        The rule cannot be read, or speaks of a column that the projects do not have.

    Examples
    --------
    >>> projects = pd.DataFrame({"id": ["a", "b", "c"], "route": ["approve", "file", None], "land": [4.0, 8.0, 2.0]})
    >>> mask("审批方式 = 审批|备案; 用地 >= 5亩", projects).tolist()
    [False, True, False]
    """
    met, wrong = np.ones(len(projects), dtype=bool), []
    for text in _texts(rule):
        try:
            met &= _test(text, projects).met()
        except _Wrong as error:
            wrong.append(error.fault("stages", None, "applies"))
    if wrong:
        raise InputError(wrong)
    return met


def check(rule: str, table: str, row: int | None, column: str, projects: pd.DataFrame | None = None) -> list[Fault]:
    """Everything wrong with a rule; what no project has is a warning.

    Parameters
    ----------
    rule : str
    table, row, column
        Where it stands.
    projects : DataFrame, optional
        Without them columns of the user's own are taken to be there.

    Examples
    --------
    >>> projects = pd.DataFrame({"id": ["a"], "energy": [4.0]})
    >>> [fault.text() for fault in check("enregy >= 1000", "stages", 2, "applies", projects)]
    ['stages, row 2, applies: the projects have no column “enregy”; did you mean “energy”?']
    """
    found = []
    for text in _texts(rule):
        try:
            _words_that_somebody_has(_test(text, projects))
        except _Wrong as wrong:
            found.append(wrong.fault(table, row, column))
    return found


def _texts(rule: str) -> Iterator[str]:
    return (text for text in _BETWEEN.split(cells.plain(rule)) if text.strip())


def _clause(text: str) -> Clause:
    match = _CLAUSE.fullmatch(text)
    words = tuple(word.strip() for word in match[3].split("|")) if match else ()
    if match is None or not all(words) or (len(words) > 1 and match[2] not in ("=", "==", "!=", "<>", "≠")):
        raise _Wrong("rule_syntax", text.strip())
    return Clause(match[1], _SIGNS.get(match[2], match[2]), words)


def _test(text: str, projects: pd.DataFrame | None) -> _Test:
    clause = _clause(text)
    held, places, known = _held(clause.name, projects)
    return _Test(clause, held, places, [] if known is None else _values(clause, known, held))


def _compared(sign: str, held: pd.Series, wanted: list[Any]) -> Bools:
    blank = held.isna().to_numpy()
    if sign in ("=", "!="):
        found = np.zeros(len(held), dtype=bool)
        for value in wanted:
            found |= blank if value is None else _equal(held, value)
        return found if sign == "=" else ~found & ~blank
    compare = {">": held.gt, ">=": held.ge, "<": held.lt, "<=": held.le}
    return np.asarray(compare[sign](wanted[0]), dtype=bool) & ~blank


def _equal(held: pd.Series, value: Any) -> Bools:
    if isinstance(value, frozenset):  # items of a list
        return np.array([value <= set(schema.split(cell)) for cell in held], dtype=bool)
    return np.asarray(held.astype(object).eq(value) if isinstance(value, str) else held.eq(value), dtype=bool)


def _held(name: str, projects: pd.DataFrame | None) -> tuple[pd.Series | None, NDArray[np.intp], Column | None]:
    """The distinct cells of the column that a name means, their places, and what is known of it."""
    base, _ = units.split_header(name)
    known = next((one for text in (name, base) if (one := _schema(text)) is not None), None)
    if projects is None:
        return None, np.zeros(0, dtype=np.intp), known
    same = {text for text in (name, base, known.name if known else "") if text}
    for header in map(str, projects.columns):
        theirs = _schema(header)
        if header in same or (theirs is not None and known is not None and theirs.name == known.name):
            places, distinct = pd.factorize(projects[header], use_na_sentinel=False)
            cells_held = pd.Series(distinct)
            if known is None:
                made, known = _own(header, cells_held)
                return made, places, known
            made = cells.parse(cells_held, known)[0]
            return _plain(made) if known.kind == "text" else made, places, known
    if known is None or known.name not in schema.columns("projects"):
        headers = [*map(str, projects.columns), *schema.columns("projects")]
        headers += [schema.header("projects", one, "zh") for one in schema.columns("projects")]
        raise _Wrong("unknown_column", name, nearest=cells.nearest(base, headers))
    return schema.blanks(known.kind, pd.RangeIndex(1)), np.zeros(len(projects), dtype=np.intp), known


def _schema(text: str) -> Column | None:
    """A column of projects, or a usual resource, by a name in either language."""
    name = schema.recognise("projects", text)
    if name is not None:
        return schema.columns("projects")[name]
    usual = units.resource(text)
    unit = units.unit(units.RESOURCES[usual][0]) if usual else None
    return Column(usual, "number", dimension=unit.dimension) if usual and unit else None


def _own(header: str, column: pd.Series) -> tuple[pd.Series, Column]:
    """A column of the user's own: numbers, dates, yes and no, or text."""
    made = cells.infer(column)
    if pd.api.types.is_bool_dtype(made):
        return made, Column(header, "flag")
    if pd.api.types.is_numeric_dtype(made):
        return made, Column(header, "number")
    if pd.api.types.is_datetime64_any_dtype(made):
        return made, Column(header, "date")
    return _plain(made), Column(header, "text")


def _plain(column: pd.Series) -> pd.Series:
    return column.map({word: cells.plain(word) for word in column.dropna().unique()}).astype("str")


def _values(clause: Clause, known: Column, held: pd.Series | None) -> list[Any]:
    """The values of a clause as those of the column; None for blank."""
    if clause.sign not in ("=", "!=") and known.kind not in ("number", "share", "date", "when"):
        raise _Wrong("rule_no_numbers", clause.name)
    _, stated = units.split_header(clause.name)
    unit = units.unit(stated) if stated else None
    factor = unit.factor if unit and unit.dimension == known.dimension else 1.0
    made: list[Any] = []
    for word in clause.words:
        if word.casefold() in BLANK:
            made.append(None)
            continue
        parsed, wrong = cells.parse(pd.Series([word], dtype=object), replace(known, low=-np.inf, high=np.inf), factor)
        if wrong:
            values = wrong[0].values
            raise _Wrong(
                wrong[0].code, values.get("found", word), values.get("expected", ""), values.get("nearest", "")
            )
        value = parsed.iloc[0]
        dates = held is not None and pd.api.types.is_datetime64_any_dtype(held)
        if held is not None and isinstance(value, pd.Timestamp) != dates and known.kind == "when":
            raise _Wrong("not_a_date" if dates else "not_a_number", word)
        made.append(frozenset(schema.split(value)) if known.kind == "list" else value)
    return made


def _words_that_somebody_has(test: _Test) -> None:
    """A word that no project has is more likely a slip."""
    if test.held is None or not len(test.held):
        return
    for word, value in zip(test.clause.words, test.wanted, strict=True):
        if isinstance(value, str) and not _equal(test.held, value).any():
            raise _Wrong("no_project_has", word, nearest=cells.nearest(word, test.held.dropna().unique()))
