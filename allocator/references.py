"""Names that one table uses of another: ids, pools, periods, columns; and cells that must not be blank."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from allocator import cells, links, schema
from allocator.cells import nearest
from allocator.errors import Fault
from allocator.policy import Policy
from allocator.reading import Read


def references(read: Read, policy: Policy) -> list[Fault]:
    """Every fault between the tables of a case.

    >>> projects = pd.DataFrame({"id": ["a", "a"], "land": [1.0, 2.0]})
    >>> [fault.code for fault in references(Read(tables={"projects": projects}), Policy())]
    ['key_twice']
    """
    kinds = (_keys, _projects, links.faults, _variants, _pools, _blank_demands, _periods, _indicators, _grants, _policy)
    return [fault for kind in kinds for fault in kind(read, policy)]


def _has(read: Read, table: str, *names: str) -> bool:
    return table in read.tables and all(name in read.tables[table] for name in names)


def _listed(read: Read, table: str, name: str) -> Iterator[tuple[int, str]]:
    """Place and item of every list cell."""
    if _has(read, table, name):
        column = read.tables[table][name]
        for place in np.flatnonzero(column.notna().to_numpy()):
            for item in schema.split(column.iloc[place]):
                yield int(place), item


def _unknown(read: Read, code: str, table: str, name: str, known: Iterable[str]) -> Iterator[Fault]:
    """Cells of a column that name something unknown."""
    names = set(known)
    if not names:
        return
    near: dict[str, str] = {}
    for place, item in _listed(read, table, name):
        if item not in names:
            if item not in near:
                near[item] = nearest(item, names)
            yield Fault(code, table, read.row(table, place), name, values={"found": item, "nearest": near[item]})


def _ids(read: Read) -> set[str]:
    return set(read.tables["projects"]["id"].dropna()) if _has(read, "projects", "id") else set()


def _resources(read: Read) -> list[str]:
    return sorted(read.tables["pools"]["resource"].dropna().unique()) if _has(read, "pools", "resource") else []


def _keys(read: Read, policy: Policy) -> Iterator[Fault]:
    """Keys are unique; the steps of a bank may repeat."""
    for table, names in schema.KEYS.items():
        if not _has(read, table, names[0]):
            continue
        frame = read.tables[table]
        have = [name for name in names if name in frame]
        keys = frame[have].dropna(subset=[have[0]])
        if table == "pools" and "level" in frame:
            keys = keys[frame.loc[keys.index, "level"] != "bank"]
        if not keys.duplicated().any():
            continue
        first: dict[tuple[str, ...], int] = {}
        for place, key in zip(
            keys.index, keys.astype(object).fillna("").itertuples(index=False, name=None), strict=True
        ):
            at = first.setdefault(key, int(place))
            if at != place:
                values = {
                    "found": ", ".join(said for part in key if (said := cells.text(part))),
                    "first": str(read.row(table, at)),
                }
                yield Fault("key_twice", table, read.row(table, int(place)), have[0], values=values)


def _projects(read: Read, policy: Policy) -> Iterator[Fault]:
    for name in ("requires", "excludes"):
        yield from _unknown(read, "unknown_project", "projects", name, _ids(read))
    for place, item in _listed(read, "projects", "phases"):
        try:
            right = 0 < float(item) <= 1
        except ValueError:
            right = False
        if not right:
            yield Fault("not_a_phase", "projects", read.row("projects", place), "phases", values={"found": item})


def _variants(read: Read, policy: Policy) -> Iterator[Fault]:
    if _has(read, "variants", "project"):
        yield from _unknown(read, "unknown_project", "variants", "project", _ids(read))


def _pools(read: Read, policy: Policy) -> Iterator[Fault]:
    """A pool holds one resource; every resource is asked for; a bank supplies a pool; places are known."""
    if not _has(read, "pools", "pool", "resource"):
        return
    pools = read.tables["pools"]
    first = pools.drop_duplicates("pool").set_index("pool")["resource"]
    for place in np.flatnonzero(
        (pools["resource"] != pools["pool"].map(first)).to_numpy()
        & pools[["pool", "resource"]].notna().all(axis=1).to_numpy()
    ):
        row = pools.iloc[place]
        values = {"other": row["resource"], "name": first[row["pool"]], "found": row["pool"]}
        yield Fault("pool_two_resources", "pools", read.row("pools", int(place)), "resource", values=values)
    asked = {name for table in ("projects", "variants") for name in read.tables.get(table, ())}
    for resource in _resources(read):
        if resource not in asked and "projects" in read.tables:
            unknown = [name for name in asked if name not in schema.columns("projects")]
            yield Fault(
                "demand_column_missing",
                "projects",
                None,
                resource,
                values={"name": resource, "nearest": nearest(resource, unknown)},
            )
    if "into" in pools:
        given = pools[pools["level"] != "bank"] if "level" in pools else pools
        yield from _unknown(read, "unknown_pool", "pools", "into", given["pool"].dropna())
    for name, column in (("tiers", "tier"), ("fields", "field")):
        if name in pools and "projects" in read.tables:
            yield from _served(read, "pools", name, column)


def _served(read: Read, table: str, name: str, column: str) -> Iterator[Fault]:
    """Tiers, fields, kinds that no project has: a warning, since a list may be longer than the round."""
    projects = read.tables["projects"]
    known = set(projects[column].dropna()) if column in projects else set()
    for fault in _unknown(read, "no_project_has", table, name, known):
        yield Fault(fault.code, table, fault.row, name, "warning", fault.values)


def _blank_demands(read: Read, policy: Policy) -> Iterator[Fault]:
    """NaN never means zero: a blank demand is a fault unless the variants of the project state it (MODEL 1)."""
    resources = _resources(read)
    if not resources or not _has(read, "projects", "id"):
        return
    projects = read.tables["projects"]
    faulty = {(fault.row, fault.column) for fault in read.faults if fault.table == "projects"}
    stated = projects.reindex(columns=resources)
    variants = (
        read.tables["variants"]
        if _has(read, "variants", "project")
        else pd.DataFrame({"project": pd.Series(dtype=str)})
    )
    ways = variants.reindex(columns=["project", *resources]).groupby("project")
    stating = ways.count().eq(ways.size(), axis=0)
    own = (stated.fillna(0.0) != 0).any(axis=1).to_numpy()
    for resource in resources:
        given = projects["id"].isin(stating.index[stating[resource]]).to_numpy()
        blank = stated[resource].isna().to_numpy() & ~(given & ~own)
        if resource not in projects and resource not in variants:
            continue
        for place in np.flatnonzero(blank):
            row = read.row("projects", int(place))
            if (row, resource) not in faulty:
                yield Fault(
                    "demand_blank", "projects", row, resource, values={"found": str(projects["id"].iloc[place])}
                )


def _periods(read: Read, policy: Policy) -> Iterator[Fault]:
    """Periods used elsewhere are periods of the pools or of the policy."""
    known = set(read.tables["pools"]["period"].dropna()) if _has(read, "pools", "period") else set()
    if known:
        for period in policy.periods:
            if period not in known:
                yield Fault(
                    "unknown_period",
                    "policy",
                    None,
                    "periods",
                    values={"found": period, "nearest": nearest(period, known)},
                )
    known |= set(policy.periods)
    for table, name in (("projects", "earliest"), ("variants", "earliest"), ("funds", "period")):
        yield from _unknown(read, "unknown_period", table, name, known or {""})


def _indicators(read: Read, policy: Policy) -> Iterator[Fault]:
    """Indicators speak of number columns of the projects."""
    if not _has(read, "indicators") or not {"projects", "pools"} <= set(read.tables):
        return
    for name in ("numerator", "denominator"):
        if name in read.tables["indicators"]:
            for place, item in enumerate(read.tables["indicators"][name]):
                if isinstance(item, str):
                    yield from _number_column(read, item, "indicators", read.row("indicators", place), name)


def _number_column(read: Read, item: str, table: str, row: int | None, name: str) -> Iterator[Fault]:
    projects = read.tables["projects"]
    if item not in projects:
        yield Fault(
            "unknown_column", table, row, name, values={"found": item, "nearest": nearest(item, projects.columns)}
        )
    elif not pd.api.types.is_numeric_dtype(projects[item]) and projects[item].notna().any():
        bad = next((place for place, cell in enumerate(projects[item]) if not _is_number(cell)), 0)
        values = {"found": str(projects[item].iloc[bad]), "expected": item, "where": str(read.row("projects", bad))}
        yield Fault("column_not_numbers", table, row, name, values=values)


def _is_number(cell: object) -> bool:
    try:
        float(str(cell))
    except ValueError:
        return False
    return True


def _grants(read: Read, policy: Policy) -> Iterator[Fault]:
    yield from _unknown(read, "unknown_project", "grants", "project", _ids(read))
    if _has(read, "pools", "pool"):
        yield from _unknown(read, "unknown_pool", "grants", "pool", read.tables["pools"]["pool"].dropna())
    yield from _unknown(read, "unknown_resource", "grants", "resource", _resources(read))


def _policy(read: Read, policy: Policy) -> Iterator[Fault]:
    """The rules speak of resources and columns that exist."""
    if "projects" not in read.tables:
        return
    projects, resources = read.tables["projects"], _resources(read)
    columns = {*projects.columns, *read.tables.get("variants", pd.DataFrame()).columns, *resources}
    listed = [("match", list(policy.match)), ("replacement", list(policy.replacement))]
    for entry, named in listed:
        for resource in named:
            if resources and resource not in resources:
                values = {"found": resource, "nearest": nearest(resource, resources)}
                yield Fault("unknown_resource", "policy", None, f"{entry}.{resource}", values=values)
    for term in (policy.value or "").replace("×", "*").split("*"):
        made = "score" if len(read.tables.get("indicators", ())) else ""
        if term.strip() and term.strip() not in (columns | {made}):
            values = {"found": term.strip(), "nearest": nearest(term.strip(), columns | {"score"})}
            yield Fault("unknown_column", "policy", None, "value", values=values)
    for where, name in grouping(policy):
        if name not in columns | {"grade", "score", "rank", *schema.columns("projects")}:
            yield Fault(
                "unknown_column",
                "policy",
                None,
                where,
                values={"found": name, "nearest": nearest(name, columns | {"grade"})},
            )
    yield from _measures(read, policy, columns)
    yield from _groups(read, policy)


def grouping(policy: Policy) -> Iterator[tuple[str, str]]:
    """Where the policy names a column that groups projects."""
    if policy.priorities:
        yield "priorities.by", policy.priorities.by
    for resource, ratios in policy.replacement.items():
        if ratios.ratios:
            yield f"replacement.{resource}.by", ratios.by
    if policy.capital_ratio and policy.capital_ratio.ratios:
        yield "capital_ratio.by", policy.capital_ratio.by
    if policy.score.group:
        yield "score.group", policy.score.group
    for place, adjustment in enumerate(policy.score.adjustments, start=1):
        yield f"score.adjustments.{place}.by", adjustment.by
    for sense, rule in policy.rules:
        if rule.by:
            yield f"{sense} {rule.name}: by", rule.by


def _measures(read: Read, policy: Policy, columns: set[str]) -> Iterator[Fault]:
    projects = read.tables["projects"]
    known = set(read.tables["pools"]["period"].dropna()) if _has(read, "pools", "period") else set()
    for sense, rule in policy.rules:
        at = f"{sense} {rule.name}: "
        numeric = {name for name in projects if pd.api.types.is_numeric_dtype(projects[name])}
        allowed = {"count", "value", "score", *_resources(read), *numeric, *(columns - set(projects.columns))}
        if rule.measure not in allowed:
            values = {"found": rule.measure, "nearest": nearest(rule.measure, allowed)}
            yield Fault("unknown_measure", "policy", None, at + "measure", values=values)
        if rule.period is not None and rule.period not in known | set(policy.periods):
            yield Fault(
                "unknown_period",
                "policy",
                None,
                at + "period",
                values={"found": rule.period, "nearest": nearest(rule.period, known)},
            )


def _groups(read: Read, policy: Policy) -> Iterator[Fault]:
    """Groups named that no project is in: a warning."""
    projects = read.tables["projects"]
    named: list[tuple[str, str, Iterable[str]]] = [
        (f"{sense} {rule.name}: of", rule.by, rule.of) for sense, rule in policy.rules if rule.by
    ]
    if policy.priorities:
        named.append(("priorities.order", policy.priorities.by, policy.priorities.order))
        named.append(("priorities.weights", policy.priorities.by, policy.priorities.weights))
    for place, adjustment in enumerate(policy.score.adjustments, start=1):
        named.append((f"score.adjustments.{place}.of", adjustment.by, adjustment.of))
    for where, column, groups in named:
        if column == "grade" or column not in projects:
            continue
        known = set(map(str, projects[column].dropna().unique()))
        for group in groups:
            if group not in known:
                values = {"found": group, "nearest": nearest(group, known)}
                yield Fault("no_project_has", "policy", None, where, "warning", values)
