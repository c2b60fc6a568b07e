"""Two kept plans or experiments side by side: figures, who gains and loses, where their inputs differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from allocator import plainpolicy
from allocator.case import TABLES, Case, fingerprint
from simulation.keeping import Record, text
from simulation.keepingpairs import paired, sides

FACTS = ("id", "name", "region", "field", "tier")
TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Difference:
    """What one record has more than another.

    Attributes
    ----------
    figures : DataFrame
        ``scenario, measure, unit, a, b, change``: `change` is what the first has more; blank where one lacks it. Of two
        experiments with intervals, see `simulation.keepingpairs.paired`.
    projects : DataFrame
        Of two plans: the projects that are funded in one only, or with another value: ``id``, facts, ``funded_a,
        funded_b, value_a, value_b, change, outcome`` (gains, loses: in the first). Empty otherwise.
    inputs : DataFrame
        Tables and rules of the cases that differ: ``table, columns`` (names joined by commas), ``only_a, only_b``
        (numbers of rows that the other has not). Empty where the cases are the same.
    settings : DataFrame
        ``name, a, b``: command, scenarios, seed, replications, engine, options and versions that differ, as text.
    """

    figures: pd.DataFrame
    projects: pd.DataFrame
    inputs: pd.DataFrame
    settings: pd.DataFrame


def difference(a: Record, b: Record) -> Difference:
    """Hold one kept plan or experiment against another.

    Examples
    --------
    >>> from allocator import allocate
    >>> from simulation import record_plan
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> less = case.with_changes(pools=lambda pools: pools.assign(amount=3.0))
    >>> found = difference(record_plan(allocate(case)), record_plan(allocate(less)))
    >>> found.inputs.values.tolist(), found.projects[["id", "outcome"]].values.tolist()
    ([['pools', 'amount', 1, 1]], [['a', 'gains'], ['b', 'loses']])
    """
    figures = paired(a, b) if a.kind == b.kind == "experiment" else sides(a.figures, b.figures)
    inputs = [] if a.case.hash == b.case.hash else list(_inputs(a.case, b.case))
    return Difference(
        figures, _projects(a, b), pd.DataFrame(inputs, columns=["table", "columns", "only_a", "only_b"]),
        pd.DataFrame(list(_settings(a, b)), columns=["name", "a", "b"]),
    )  # fmt: skip


def _projects(a: Record, b: Record) -> pd.DataFrame:
    """Who gains and who loses between two plans."""
    tables = [one.tables.get("projects", pd.DataFrame()) if one.kind == "plan" else pd.DataFrame() for one in (a, b)]
    if any("funded" not in one for one in tables):
        return pd.DataFrame(columns=["id", "outcome"])
    one, two = (table.set_index("id") for table in tables)
    ids = one.index.append(two.index.difference(one.index, sort=True))
    made = pd.DataFrame({"id": ids})
    for name in FACTS[1:]:
        if name in one or name in two:
            known = [table[name].reindex(ids) for table in (one, two) if name in table]
            made[name] = known[0].where(known[0].notna(), known[-1]).to_numpy()
    for side, table in (("a", one), ("b", two)):
        funded = table["funded"].reindex(ids).eq(True).to_numpy()
        made[f"funded_{side}"] = funded
        made[f"value_{side}"] = np.where(funded, table["value"].reindex(ids).to_numpy(dtype=float), 0.0)
    made["change"] = made["value_a"] - made["value_b"]
    small = TINY * np.maximum(made["value_a"].abs(), made["value_b"].abs())
    made["outcome"] = np.where(made["change"] > small, "gains", np.where(made["change"] < -small, "loses", "same"))
    moved = (made["outcome"] != "same") | (made["funded_a"] != made["funded_b"])
    return made[moved].sort_values("change", ascending=False, kind="stable", ignore_index=True)


def _inputs(a: Case, b: Case) -> Iterator[tuple[str, str, int, int]]:
    """Tables that differ, with the columns and the numbers of rows that differ; then rules."""
    for name in dict.fromkeys([*TABLES, *a.extra, *b.extra]):
        one, two = (getattr(case, name) if name in TABLES else case.extra.get(name, pd.DataFrame()) for case in (a, b))
        if fingerprint(name, one) != fingerprint(name, two):
            names = [str(column) for column in dict.fromkeys([*one.columns, *two.columns])
                     if _column(one, column) != _column(two, column)]  # fmt: skip
            only = _rows(one), _rows(two)
            yield name, ", ".join(names), (only[0] - only[1]).total(), (only[1] - only[0]).total()
    rules = [plainpolicy.dump(case.policy) for case in (a, b)]
    names = [name for name in dict.fromkeys([*rules[0], *rules[1]]) if rules[0].get(name) != rules[1].get(name)]
    if names:
        yield "policy", ", ".join(names), sum(name in rules[0] for name in names), sum(
            name in rules[1] for name in names)  # fmt: skip


def _column(table: pd.DataFrame, name: str) -> bytes:
    return fingerprint(name, table[[name]]) if name in table else b""


def _rows(table: pd.DataFrame) -> Counter[tuple[tuple[str, str], ...]]:
    """Rows as they are written, without blanks and whatever the order of columns."""
    texts = {str(name): table[name].astype(object).where(table[name].notna(), "").astype(str) for name in table.columns}
    named = sorted(texts)
    return Counter(
        tuple((name, cell) for name, cell in zip(named, row, strict=True) if cell)
        for row in zip(*(texts[name] for name in named), strict=True)
    )


def _settings(a: Record, b: Record) -> Iterator[tuple[str, str, str]]:
    """What was asked for otherwise, and other versions."""
    one, two = (dict(_flat(record)) for record in (a, b))
    for name in dict.fromkeys([*one, *two]):
        if one.get(name, "") != two.get(name, ""):
            yield name, one.get(name, ""), two.get(name, "")


def _flat(record: Record) -> Iterator[tuple[str, str]]:
    yield "command", record.command
    yield "case", record.case.name
    yield "status", record.status
    yield "engine", record.engine
    for name, found in (("seed", record.seed), ("replications", record.replications)):
        yield name, "" if found is None else str(found)
    for scenario in record.scenarios:
        yield f"scenario.{scenario['name']}", _said(scenario["content"])
    for part in ("options", "versions"):
        yield from ((f"{part}.{name}", _said(found)) for name, found in getattr(record, part).items())


def _said(found: Any) -> str:
    return found if isinstance(found, str) else text(found)
