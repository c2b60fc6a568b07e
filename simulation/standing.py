"""What is known of each parameter of a process: published, fitted or assumed, and whence."""

from __future__ import annotations

import pandas as pd

from allocator import schema
from allocator.case import Case
from allocator.processschema import TABLES

NAMES = {name: columns[0].name for name, columns in TABLES.items()}
"""The column that names the rows of a table."""
KEPT = ("stages", "offices", "problems", "calendar", "process")
WORDS = ("title", "phase", "note")


def standings(case: Case) -> pd.DataFrame:
    """Every parameter of the process of a case with its standing.

    The table of sources names parameters as ``table/row/column``; a ``*`` stands for every row or column, and the more
    precise name wins.

    Parameters
    ----------
    case : Case

    Returns
    -------
    DataFrame
        ``table``, ``row``, ``column``, ``value``, ``standing``, ``source``; blank where nothing is said.

    Examples
    --------
    >>> from allocator import load_sample
    >>> known = standings(load_sample("shandong-2020")).set_index(["table", "row", "column"])
    >>> known.loc[("stages", "施工许可证", "limit"), ["value", "standing"]].tolist()
    ['7', 'pub']
    """
    sources = case.sources.set_index("item") if len(case.sources) else pd.DataFrame()
    sources = sources[~sources.index.duplicated()]
    rows = []
    for table in KEPT:
        data = case.extra.get(table, pd.DataFrame())
        for column in (one.name for one in TABLES[table][1:] if one.name in data and one.name not in WORDS):
            for row, value in zip(data[NAMES[table]], data[column], strict=True):
                if pd.isna(value) or value is False:
                    continue
                named = row.date().isoformat() if isinstance(row, pd.Timestamp) else str(row)
                tries = (f"{table}/{named}/{column}", f"{table}/{named}/*", f"{table}/*/{column}", f"{table}/*/*")
                found = next((item for item in tries if item in sources.index), None)
                said = [schema.column(sources, "sources", one).get(found) for one in ("standing", "source")]
                rows.append((table, named, column, _shown(value), *("" if pd.isna(one) else one for one in said)))
    return pd.DataFrame(rows, columns=["table", "row", "column", "value", "standing", "source"])


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
