"""One planning round as one immutable value: tables in, checked, with the rules beside them (MODEL 1)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator import cells, plainpolicy, schema, units, workbook
from allocator.errors import Fault, InputError, YaosuError
from allocator.labels import Lang
from allocator.policy import Policy, read_policy
from allocator.reading import Read, Sheet, read_sheets, sorted_faults
from allocator.references import grouping, references

Table = pd.DataFrame
TABLES = ("projects", "variants", "pools", "funds", "indicators", "grants", "sources")
Change = pd.DataFrame | Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Case:
    """Projects, quota, money and rules of one planning round.

    Attributes
    ----------
    name : str
    projects, variants, pools, funds, indicators, grants, sources : DataFrame
        The tables of ``docs/columns.md``, empty where absent. Units: money in million yuan, resources in `units`.
    policy : Policy
    extra : mapping of str to DataFrame
        The tables from registration to start (stages, offices and so on), where there are any; others, carried along.
    warnings : tuple of Fault
        What was odd, but no error.
    rows : mapping of str to array
        Row of each table's row in the file it came from, as Excel counts.

    Examples
    --------
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> case.resources, case.units, case.periods
    (('land',), {'land': 'mu'}, ())
    """

    name: str
    projects: Table
    variants: Table
    pools: Table
    funds: Table
    indicators: Table
    grants: Table
    sources: Table
    policy: Policy
    extra: Mapping[str, Table] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()
    rows: Mapping[str, NDArray[np.int64]] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        names = ("projects", "variants", "pools", "funds", "indicators", "grants")
        sizes = ", ".join(f"{len(getattr(self, name))} {name}" for name in names if len(getattr(self, name)))
        return f"<Case {self.name}: {sizes}>"

    @staticmethod
    def read(path: str | Path) -> Case:
        """Read a case from a folder of CSV files and ``policy.toml``, or from a workbook.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        InputError
            With every fault at once.

        Examples
        --------
        >>> from allocator import load_sample
        >>> case = load_sample("gb-grid-2021")
        >>> case.units
        {'capacity': 'MW'}
        """
        return _whole(*examine(path))

    @staticmethod
    def from_tables(
        *,
        projects: Table,
        pools: Table,
        variants: Table | None = None,
        funds: Table | None = None,
        indicators: Table | None = None,
        grants: Table | None = None,
        sources: Table | None = None,
        policy: Policy | Mapping[str, Any] | None = None,
        name: str = "case",
        **extra: Table,
    ) -> Case:
        """Make a case from tables; headers may be in either language and carry units, as in files.

        Parameters
        ----------
        projects, pools, variants, funds, indicators, grants, sources : DataFrame
        policy : Policy or mapping, optional
        name : str
        **extra : DataFrame
            Stages, offices, problems, calendar, process, checkpoints; other tables, carried along.

        Raises
        ------
        InputError
            With every fault at once.

        Examples
        --------
        >>> projects = pd.DataFrame({"编号": ["001"], "用地(公顷)": ["２"], "价值": [1]})
        >>> pools = pd.DataFrame({"指标池": ["市级"], "要素": ["用地"], "数量(亩)": ["1,000"]})
        >>> case = Case.from_tables(projects=projects, pools=pools)
        >>> case.projects["id"].tolist(), case.projects["用地"].tolist()
        (['001'], [30.0])
        """
        given = {"projects": projects, "variants": variants, "pools": pools, "funds": funds, "indicators": indicators,
                 "grants": grants, "sources": sources}  # fmt: skip
        given |= {key: extra.pop(key) for key in ("rules", *schema.PROCESS) if key in extra}
        sheets = {key: Sheet.of(table) for key, table in given.items() if table is not None and len(table.columns)}
        return _whole(*assemble(name, sheets, policy if policy is not None else {}, extra, []))

    def write(self, path: str | Path, lang: Lang = "en") -> Path:
        """Write the case to a workbook (``.xlsx``) or to a folder; reading it gives an equal case.

        Files are written under another name and renamed when they are whole.

        Parameters
        ----------
        path : str or Path
        lang : {"en", "zh"}
            Of headers and choices.

        Raises
        ------
        YaosuError
            The file cannot be written, for example because it is open in Excel.

        Examples
        --------
        >>> import tempfile
        >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}),
        ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Case.read(case.write(folder + "/case.xlsx", "zh")).hash == case.hash
        True
        """
        tables = {key: table for key in TABLES if len((table := getattr(self, key)).columns)}
        target = Path(path)
        try:
            workbook.write(target, tables, self.policy, self.units, dict(self.extra), lang)
        except OSError as error:
            raise YaosuError("cannot_write", {"found": str(target), "reason": error.strerror or str(error)}) from error
        return target

    def with_changes(
        self, *, policy: Policy | Mapping[str, Any] | None = None, name: str | None = None, **tables: Change
    ) -> Case:
        """A new case with some tables or rules changed; this one stays as it is.

        Parameters
        ----------
        policy : Policy or mapping of fields, optional
        name : str, optional
        **tables : DataFrame, or function from the table to the new table

        Raises
        ------
        InputError
            With every fault of the new case.

        Examples
        --------
        >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}),
        ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
        >>> more = case.with_changes(pools=lambda pools: pools.assign(amount=10.0), policy={"divisible": True})
        >>> more.pools["amount"].tolist(), more.policy.divisible, case.pools["amount"].tolist()
        ([10.0], True, [5.0])
        """
        now: dict[str, Any] = {key: getattr(self, key) for key in TABLES} | dict(self.extra)
        for key, change in tables.items():
            now[key] = change(now.get(key, pd.DataFrame()).copy()) if callable(change) else change
        rules = {**plainpolicy.dump(self.policy), **policy} if isinstance(policy, Mapping) else policy or self.policy
        return Case.from_tables(**now, policy=rules, name=name or self.name)

    @cached_property
    def resources(self) -> tuple[str, ...]:
        """Names of the resources, sorted."""
        return tuple(sorted(self.pools["resource"].dropna().unique()))

    @cached_property
    def units(self) -> dict[str, str]:
        """Unit of each resource."""
        stated = (
            self.pools.dropna(subset=["unit"]).groupby("resource")["unit"].first().to_dict()
            if "unit" in self.pools
            else {}
        )
        return {name: str(stated.get(name) or units.RESOURCES.get(name, ("", ()))[0]) for name in self.resources}

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """Periods of the pools, in order (2 before 10)."""
        found = schema.column(self.pools, "pools", "period").dropna().unique()
        return tuple(sorted(found, key=natural))

    @cached_property
    def hash(self) -> str:
        """Fingerprint of the content; the order of rows and columns and the name do not matter."""
        digest = hashlib.sha256()
        tables = {key: getattr(self, key) for key in TABLES} | dict(self.extra)
        tables["pools"] = self.pools.assign(unit=self.pools["resource"].map(self.units).map(lambda unit: unit or None))
        for key in sorted(tables):
            digest.update(fingerprint(key, tables[key]))
        rules = plainpolicy.dump(self.policy)
        digest.update(json.dumps(rules, sort_keys=True, ensure_ascii=False).encode())
        return digest.hexdigest()


def natural(text: str) -> list[tuple[int, int | str]]:
    """A key by which texts with numbers in them sort as people count: 2 before 10.

    >>> sorted(["10", "2"], key=natural)
    ['2', '10']
    """
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", text)]


def fingerprint(key: str, table: Table) -> bytes:
    """The content of a table: names of the columns that say something, and a number for each row, sorted.

    >>> table = pd.DataFrame({"id": ["a", "b"], "land": [1, 2]})
    >>> fingerprint("projects", table) == fingerprint("projects", table[::-1].astype({"land": float}))
    True
    """
    told = {str(name): made for name in table.columns if (made := _canonical(table[name])) is not None}
    rows = np.zeros(len(table), dtype=np.uint64)
    for name in sorted(told):
        rows = (rows ^ pd.util.hash_array(told[name], categorize=True)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1)
    return f"{key}:{','.join(sorted(told))}".encode() + np.sort(rows).tobytes() if told else b""


def _canonical(column: pd.Series) -> NDArray[Any] | None:
    """Values in one form whatever their type; None where the column is blank throughout."""
    if column.isna().all() or (pd.api.types.is_bool_dtype(column) and not column.any()):
        return None
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.to_numpy(dtype="datetime64[D]").astype(str).astype(object)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return np.asarray(column.to_numpy(dtype=float) + 0.0)
    return column.astype(object).where(column.notna(), "").astype(str).to_numpy(dtype=object)


def examine(path: str | Path) -> tuple[Case | None, tuple[Fault, ...]]:
    """Read a case without raising: the case where there are no errors, and every fault.

    >>> examine("no such folder")[1][0].code
    'no_file'
    """
    place = Path(path)
    found = workbook.read(place)
    if not found.sheets:
        return None, sorted_faults(found.faults)
    return assemble(
        place.stem if place.is_file() else place.resolve().name, found.sheets, found.policy, found.extra, found.faults
    )


def assemble(
    name: str,
    sheets: Mapping[str, Sheet],
    policy: Policy | Mapping[str, Any],
    extra: Mapping[str, Table],
    faults: list[Fault],
) -> tuple[Case | None, tuple[Fault, ...]]:
    """A case from its sheets where there are no errors, and every fault."""
    read = read_sheets(sheets)
    read.faults[:0] = faults
    for table in ("projects", "pools"):
        if table not in sheets:
            read.faults.append(Fault("table_missing", table))
        elif not len(read.tables[table]):
            read.faults.append(Fault("table_empty", table))
    rules = _rules(read, policy)
    _indicators_by_our_names(read)
    _groups_as_text(read, rules)
    read.faults += references(read, rules)
    tables = {key: read.tables.get(key, pd.DataFrame()) for key in TABLES}
    ordered = sorted_faults(read.faults)
    if any(fault.severity == "error" for fault in ordered):
        return None, ordered
    carried = {key: read.tables[key] for key in schema.PROCESS if key in read.tables}
    carried |= {key: table for key, table in extra.items() if table is not None}
    return Case(name, **tables, policy=rules, extra=carried, warnings=ordered, rows=read.rows), ordered


def _rules(read: Read, policy: Policy | Mapping[str, Any]) -> Policy:
    """The policy, with the rows of the rules table; names as people write them made ours."""
    rules = read.tables.get("rules")
    listed = plainpolicy.from_rules(rules) if rules is not None else {}
    if isinstance(policy, Policy) and not listed:
        return policy
    raw = plainpolicy.dump(policy) if isinstance(policy, Policy) else plainpolicy.with_names(policy, {})
    for key, more in listed.items():
        stated = raw.get(key, ())
        raw[key] = [*(stated if isinstance(stated, list | tuple) else ()), *more]
    made, faults = read_policy(plainpolicy.with_names(raw, spoken(read)))
    read.faults += faults
    return made


def _indicators_by_our_names(read: Read) -> None:
    """Numerators and denominators may be called as the headers of the projects are: 总投资 is investment."""
    table, words = read.tables.get("indicators", pd.DataFrame()), spoken(read)
    for name in ("numerator", "denominator"):
        if name in table:
            own = set(read.tables.get("projects", pd.DataFrame()).columns)
            called = [one if one in own or not isinstance(one, str) else words.get(units.squash(one), one)
                      for one in table[name]]  # fmt: skip
            table[name] = pd.Series(called, index=table.index, dtype=table[name].dtype)


def spoken(read: Read) -> dict[str, str]:
    """Every way the columns of the projects and the resources are written, and their names."""
    pools, projects = read.tables.get("pools", pd.DataFrame()), read.tables.get("projects", pd.DataFrame())
    taken = {*projects.columns, *pools.get("resource", pd.Series(dtype=str)).dropna()}
    made = {units.squash(word): name for name, (_, words) in units.RESOURCES.items() if name in taken for word in words}
    for column in schema.TABLES["projects"]:
        for word in (schema.header("projects", column.name, "zh"), *column.words):
            if word not in taken:
                made.setdefault(units.squash(word), column.name)
    return made


def _groups_as_text(read: Read, policy: Policy) -> None:
    """Columns that group projects hold text: 1 is not 1.0."""
    projects = read.tables.get("projects", pd.DataFrame())
    for name in {name for _, name in grouping(policy)} & set(projects.columns):
        if pd.api.types.is_float_dtype(projects[name]):
            projects[name] = pd.Series(cells.texts(projects[name].to_numpy(dtype=object)), dtype="str")


def _whole(case: Case | None, faults: tuple[Fault, ...]) -> Case:
    if case is None:
        raise InputError(tuple(fault for fault in faults if fault.severity == "error"))
    return case
