"""A process from the tables of a case, and back (MODEL 4.1-4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import cells, schema
from allocator.columns import Column
from allocator.errors import Fault, InputError, YaosuError
from allocator.processschema import SETTINGS
from allocator.reading import sorted_faults
from simulation.calendar import Calendar, calendar
from simulation.distributions import Distribution, as_distribution
from simulation.measures import Deferral, Dispatch, Hotline, Teams
from simulation.network import offset
from simulation.process import ORIGIN, Office, Problem, Process, Stage

Rows = Mapping[str, NDArray[np.int64]]
MEASURES: Mapping[str, type[Any]] = {"deferral": Deferral, "hotline": Hotline, "dispatch": Dispatch, "teams": Teams}
PLAIN = ("parallel", "enforced", "green", "entry", "patience", "year")
"""Settings that are fields of a process as they stand."""
NO_CALENDAR = ("none", "无", "不分工作日")
SAID = {"offices": ("level", "reviewers"), "problems": ("mean", "own")}
"""Columns that are written even where they hold what a blank would mean."""


def from_tables(extra: Mapping[str, pd.DataFrame], rows: Rows | None = None) -> Process:
    """The process that the tables of a case hold.

    Parameters
    ----------
    extra : mapping of str to DataFrame
        Stages, offices, problems, calendar and process as `allocator.case.Case.extra` holds them.
    rows : mapping of str to array, optional
        Row of each table's row in the file it came from.

    Raises
    ------
    InputError
        With every fault at once, at the rows of the file.
    YaosuError
        There are no stages.

    Examples
    --------
    >>> stages = pd.DataFrame({"stage": ["a", "b"], "office": "desk", "work": ["2", "3"], "after": [None, "a"]})
    >>> from_tables({"stages": stages, "offices": pd.DataFrame({"office": ["desk"]})}).stages[1].after
    ('a',)
    """
    return read_process(extra, rows)[0]


def read_process(
    extra: Mapping[str, pd.DataFrame], rows: Rows | None = None
) -> tuple[Process, Callable[[Fault], Fault]]:
    """The process as `from_tables` gives it, and what puts a fault of the process at the row of the file."""
    if not len(extra.get("stages", ())):
        raise YaosuError("no_stages")
    made = _Reader(extra, rows or {})
    given: dict[str, Any] = {"stages": made.stages(), "offices": made.offices(), "problems": made.problems()}
    given |= made.settings()
    try:
        process = Process(**given)
    except InputError as error:
        made.faults += [made.placed(fault) for fault in error.faults]
    if made.faults:
        raise InputError(sorted_faults(made.faults))
    return process, made.placed


@dataclass
class _Reader:
    """What is read from tables, where each thing stood, and what is wrong."""

    extra: Mapping[str, pd.DataFrame]
    rows: Rows
    faults: list[Fault] = field(default_factory=list)
    places: dict[str, list[int]] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)

    def stages(self) -> list[Stage]:
        return [Stage(**_named(one, "stage")) for _, one in self._records("stages")]

    def problems(self) -> list[Problem]:
        return [Problem(**_named(one, "problem")) for _, one in self._records("problems")]

    def offices(self) -> list[Office]:
        """Rows of one office at one place are one: those with a date say how many review from then on."""
        made: dict[tuple[str, str, str], dict[str, Any]] = {}
        first: dict[str, dict[str, Any]] = {}
        places = []
        for place, one in self._records("offices"):
            since = one.pop("from", None)
            key = one["office"], one.get("region", ""), one.get("county", "")
            leading = first.setdefault(one["office"], one)
            if key not in made:
                inherited = {name: leading[name] for name in ("level", "title") if name in leading}
                made[key] = inherited | one | ({"reviewers": 0} if since is not None else {}) | {"staff": []}
                places.append(place)
            if since is not None and "reviewers" not in one:
                self.faults.append(self._fault("cell_missing", "offices", place, "reviewers"))
            elif since is not None:
                made[key]["staff"].append((since, one["reviewers"]))
        self.places["offices"] = places
        return [Office(**_named(one, "office")) for one in made.values()]

    def settings(self) -> dict[str, Any]:
        """Calendar, measures and everything else that is a field of a process."""
        stated: dict[str, Any] = {}
        for place, one in self._records("process"):
            self.keys[one["key"]] = place
            known = SETTINGS.get(one["key"])
            if known is not None and "value" in one:
                value = cells.parse(pd.Series([one["value"]], dtype=object), known)[0].iloc[0]
                stated[known.name] = self._value("process", place, known.name, known, value)
        made = {name: stated[name] for name in PLAIN if name in stated}
        made |= {name: measure for name in MEASURES if (measure := self._measure(name, stated)) is not None}
        if "origin" in stated:
            made["origin"] = stated["origin"]
        return made | {"calendar": self._calendar(stated.get("calendar"))}

    def _measure(self, name: str, stated: Mapping[str, Any]) -> Any:
        """A measure where one of its settings is stated; all that have no usual value must be."""
        given = {key.partition(".")[2]: value for key, value in stated.items() if key.startswith(f"{name}.")}
        if not given:
            return None
        missing = [one for one in needed(MEASURES[name]) if one not in given]
        self.faults += [Fault("policy_missing", "process", None, f"{name}.{one}") for one in missing]
        return None if missing else MEASURES[name](**given)

    def _calendar(self, code: str | None) -> Calendar | None:
        """The calendar of the settings with the own table laid over it."""
        own = self.extra.get("calendar")
        own = own[own["date"].notna()] if own is not None and "date" in own else pd.DataFrame()
        before = len(self.faults)
        try:
            made = None if code is None or code.casefold() in NO_CALENDAR else calendar(code)
        except YaosuError as error:
            made = None
            self.faults.append(self._fault("no_calendar", "process", self.keys["calendar"], "calendar", **error.values))
        if not len(own):
            return made
        if made is None:
            if len(self.faults) == before:
                self.faults.append(self._fault("calendar_unnamed", "calendar", int(own.index[0]), "date"))
            return None
        days = {name: schema.column(own, "calendar", name) for name in ("date", "to", "working", "staff")}
        for place in own.index[days["to"] < days["date"]]:
            self.faults.append(self._fault("ends_before", "calendar", int(place), "to"))
        for place in own.index[(days["staff"] < 0) | (days["staff"] > 1)]:
            found = {"found": f"{days['staff'][place]:g}", "expected": "0 – 1"}
            self.faults.append(self._fault("out_of_range", "calendar", int(place), "staff", **found))
        if len(self.faults) > before:
            return made
        return made.with_days(pd.DataFrame(days | {"working": days["working"].map({"yes": True, "no": False})}))

    def _records(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        """The rows of a table that have all they must, without what is blank, values as a process has them."""
        table = self.extra.get(name, pd.DataFrame())
        known = [schema.columns(name)[one] for one in map(str, table.columns) if one in schema.columns(name)]
        must = {one.name for one in schema.TABLES[name] if one.required}
        found = []
        for place in range(len(table)):
            stated = [(one, value) for one in known if not pd.isna(value := table[one.name].iloc[place])]
            made = {one.name: self._value(name, place, one.name, one, value) for one, value in stated}
            if must <= set(made):
                made.pop("note", None)
                found.append((place, made))
        self.places[name] = [place for place, _ in found]
        return found

    def _value(self, table: str, place: int, name: str, known: Column, value: Any) -> Any:
        try:
            return value_of(known, value)
        except ValueError:
            self.faults.append(self._fault("not_a_spread", table, place, name, found=str(value)))
            return as_distribution(0.0)

    def _fault(self, code: str, table: str, place: int, column: str, **values: str) -> Fault:
        rows = self.rows.get(table)
        row = int(rows[place]) if rows is not None and place < len(rows) else place + 2
        return Fault(code, table, row, column, values=values)

    def placed(self, fault: Fault) -> Fault:
        """A fault of a process at the row of the file."""
        if fault.table == "process":
            place = self.keys.get(str(fault.column))
        else:
            place = None if fault.row is None else self.places[fault.table][fault.row - 2]
        if place is None:
            return fault
        values = dict(fault.values)
        if "first" in values:
            values["first"] = str(
                self._fault("", fault.table, self.places[fault.table][int(values["first"]) - 2], "").row
            )
        return replace(
            self._fault(fault.code, fault.table, place, str(fault.column), **values), severity=fault.severity
        )


def value_of(known: Column, value: Any) -> Any:
    """A cell as `allocator.cells` parsed it, as a process has it.

    Raises
    ------
    ValueError
        A duration makes no sense.
    """
    if known.kind == "spread":
        return as_distribution(str(value))
    if known.kind == "list":
        return schema.split(value)
    if known.kind in ("date", "when"):
        return value.date() if isinstance(value, pd.Timestamp) else float(value)
    if known.kind in ("number", "share"):
        return int(value) if known.whole else float(value)
    if known.choices == ("yes", "no"):
        return value == "yes"
    return bool(value) if known.kind == "flag" else str(value)


def needed(measure: type[Any]) -> list[str]:
    """The fields of a measure that have no usual value.

    >>> needed(Dispatch)
    ['every', 'rate']
    """
    return [one.name for one in fields(measure) if not hasattr(measure, one.name)]


def _named(record: dict[str, Any], key: str) -> dict[str, Any]:
    """A row as the arguments of a stage, an office or a problem."""
    made = {("name" if name == key else name): value for name, value in record.items()}
    if isinstance(made.get("deferrable"), str):
        made["deferrable"] = schema.flags().get(cells.plain(made["deferrable"]).casefold(), made["deferrable"])
    if "not_before" in made:
        name, _ = offset(made["not_before"])
        made["not_before"] = made["not_before"].replace(name, schema.recognise("projects", name) or name, 1)
    return made


def to_tables(process: Process) -> dict[str, pd.DataFrame]:
    """The tables from which `from_tables` makes the process again; those that say nothing are empty.

    >>> made = to_tables(Process([Stage("a", office="desk", work=2)], [Office("desk", reviewers=3)], calendar="CN"))
    >>> made["stages"].to_dict("list"), made["process"].values.tolist()
    ({'stage': ['a'], 'office': ['desk'], 'work': ['2']}, [['calendar', 'CN']])
    """
    base, own = _own_days(process.calendar)
    return {
        "stages": _table("stages", [vars(stage) for stage in process.stages], Stage),
        "offices": _table("offices", [row for office in process.offices for row in _staffed(office)], Office),
        "problems": _table("problems", [vars(problem) for problem in process.problems], Problem),
        "calendar": own,
        "process": pd.DataFrame(list(_stated(process, base)), columns=["key", "value"], dtype="str"),
    }


def _table(name: str, rows: Sequence[Mapping[str, Any]], kind: type[Any]) -> pd.DataFrame:
    """A table of what is not as it would be without a word."""
    made: dict[str, pd.Series] = {}
    for column in schema.TABLES[name]:
        field_name = "name" if column.name == name.removesuffix("s") else column.name
        usual = as_distribution(0.0) if column.kind == "spread" else getattr(kind, field_name, None)
        values = [row.get(field_name) for row in rows]
        always = column.required or column.name in SAID.get(name, ())
        if always or any(value not in (None, usual) for value in values):
            said = [
                None if value == usual and not always and column.kind != "flag" else _cell(value) for value in values
            ]
            made[column.name], wrong = cells.parse(pd.Series(said, dtype=object), column)
            if wrong:
                raise ValueError(f"{name}, {column.name}: {wrong[0].values}")
    return pd.DataFrame(made) if rows else pd.DataFrame()


def _staffed(office: Office) -> Iterator[dict[str, Any]]:
    """An office, and a row for each day on which its number of reviewers changes."""
    yield {key: value for key, value in vars(office).items() if key != "staff"}
    for day, number in office.staff:
        place = {"name": office.name, "level": office.level, "region": office.region, "county": office.county}
        yield {**place, "reviewers": number, "from": day}


def _cell(value: Any) -> Any:
    if isinstance(value, Distribution):
        return value.text
    if isinstance(value, tuple):
        return "|".join(value)
    return cells.said(value) if isinstance(value, bool) else value


def _stated(process: Process, base: str) -> Iterator[tuple[str, str | None]]:
    """Settings that are not as they would be without a word."""
    if base:
        yield "calendar", base
    if process.origin != ORIGIN:
        yield "origin", process.origin.isoformat()
    for name in PLAIN:
        value = getattr(process, name)
        if value not in (getattr(Process, name, None), ()):
            yield name, cells.said(_cell(value))
    for name in MEASURES:
        measure = getattr(process, name)
        for one in fields(measure) if measure is not None else ():
            value = getattr(measure, one.name)
            if value not in (None, ""):
                yield f"{name}.{one.name}", cells.said(_cell(value))


def _own_days(given: Calendar | None) -> tuple[str, pd.DataFrame]:
    """The code of a calendar, and the days that differ from what the code alone stands for."""
    if given is None:
        return "", pd.DataFrame()
    code = given.name.removesuffix("+own")
    base = calendar(code)
    assert base is not None
    dates = (given.first + np.arange(len(given.open))).astype("datetime64[D]")
    days = pd.DataFrame({
        "date": dates.astype("datetime64[ns]"),
        "working": np.where(given.open != base.working(dates), given.open, np.nan),
        "staff": np.where(given.staff != 1, given.staff, np.nan),
    })  # fmt: skip
    days = days[days[["working", "staff"]].notna().any(axis=1)]
    if not len(days):
        return code, pd.DataFrame()
    changed = (days[["working", "staff"]].fillna(-1).diff() != 0).any(axis=1)
    runs = days.groupby((changed | (days["date"].diff() != pd.Timedelta(days=1))).cumsum())
    last, first = runs["date"].last(), runs.first()
    table = pd.DataFrame({"date": first["date"], "to": last, "working": first["working"].map({0.0: "no", 1.0: "yes"}),
                          "staff": first["staff"]})  # fmt: skip
    return code, table.astype({"working": "str"}).reset_index(drop=True)
