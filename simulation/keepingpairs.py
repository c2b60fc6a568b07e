"""The figures of two kept experiments side by side, their differences with intervals, paired where they can be."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from simulation.crossing import BETWEEN
from simulation.effects import Effect
from simulation.intervals import half_apart
from simulation.keeping import REPLICATED, Record

KEY = ["scenario", "measure", "unit"]
CONFIDENCE = 0.95
UNKNOWN: dict[str, Any] = {"low": math.nan, "high": math.nan, "pairing": "", "pairs": None}


def sides(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Figures side by side: ``scenario, measure, unit, a, b, change``; blank where one lacks it."""
    one, two = (figures.set_index(KEY)["value"] for figures in (a, b))
    keys = one.index.append(two.index.difference(one.index, sort=False))
    made = pd.DataFrame({"a": one.reindex(keys), "b": two.reindex(keys)}).reset_index()
    return made.assign(change=made["a"] - made["b"])


def paired(a: Record, b: Record) -> pd.DataFrame:
    """The same of two experiments, with intervals.

    Where both were made with the same seed, their replications had the same draws (MODEL 4.5) and the difference is
    paired by replication, as in `simulation.compare`; elsewhere both are independent.

    Returns
    -------
    DataFrame
        ``scenario, against`` (the scenario of the second, another one where each has a single one that the other
        lacks), ``measure, unit, a, b, change, low, high, pairing`` (``paired``, ``unpaired``, or blank where the
        replications of one are not kept) and ``pairs``: replications in which both know the figure. Where it is paired,
        `a`, `b` and `change` are means over these.
    """
    other = _lone(a, b)
    back = {one: two for two, one in other.items()}
    table = sides(a.figures, b.figures.assign(scenario=b.figures["scenario"].replace(other)))
    table.insert(1, "against", table["scenario"].replace(back))
    one, two = _values(a), _values(b)
    rows = []
    for row in table.to_dict("records"):
        values = one.get((row["scenario"], row["measure"])), two.get((row["against"], row["measure"]))
        rows.append(row | UNKNOWN | _change(row, *values, a.seed == b.seed))
    return pd.DataFrame(rows, columns=[*table.columns, *UNKNOWN]).astype({"pairs": "Int64"})


def _lone(a: Record, b: Record) -> dict[str, str]:
    """Where each has a single scenario that the other lacks: names of the second as the first has them."""
    names = [list(dict.fromkeys(record.figures["scenario"])) for record in (a, b)]
    one, two = ({name.partition(BETWEEN)[0] for name in found} for found in names)
    if len(one - two) != 1 or len(two - one) != 1:
        return {}
    [first], [second] = one - two, two - one
    return {name: first + name.removeprefix(second) for name in names[1] if name.partition(BETWEEN)[0] == second}


def _values(record: Record) -> dict[tuple[str, str], pd.Series]:
    """What is known of each replication, by scenario and measure."""
    return {
        (str(name), measure): part.set_index("replication")[measure]
        for name, part in record.replicated.groupby("scenario")
        for measure in part.columns.drop(list(REPLICATED))
    }


def _change(row: dict[Any, Any], one: pd.Series | None, two: pd.Series | None, same_draws: bool) -> dict[str, Any]:
    """The difference of a figure with its interval, where its values are known."""
    if one is None or two is None:
        return {}
    both = one.index.intersection(two.index)
    if same_draws and len(both):
        a, b = (side[both].to_numpy(dtype=float) for side in (one, two))
        made = Effect(row["measure"], row["unit"], a, b, a - b).row(CONFIDENCE)
        if not made["replications"]:
            return {}
        told = {name: made[name] for name in ("a", "b", "low", "high")}
        return told | {"change": made["difference"], "pairing": "paired", "pairs": made["replications"]}
    if math.isnan(row["change"]):
        return {}
    half = half_apart(one.to_numpy(dtype=float), two.to_numpy(dtype=float), CONFIDENCE)
    return {"low": row["change"] - half, "high": row["change"] + half, "pairing": "unpaired"}
