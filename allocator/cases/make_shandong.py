"""Make the rows of the sample `shandong-2020`: ``python -m allocator.cases.make_shandong [FOLDER]``.

The policy, the provenance table and the scenarios beside the rows are written by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from allocator.cases.rows import write_tables
from allocator.cases.shandong_links import add_links, make_grants, make_variants
from allocator.cases.shandong_projects import make_projects
from allocator.cases.shandong_supply import make_funds, make_indicators, make_pools

COLUMNS = [
    *(
        "id",
        "name",
        "region",
        "county",
        "field",
        "sector",
        "tier",
        "kind",
        "route",
        "batch",
        "bond",
        "investment",
        "plan",
    ),
    *("land", "energy", "coal", "capital", "cashflow", "registered", "started", "due", "ready"),
    *("phases", "requires", "excludes", "decision", "total_mcny", "done_share", "site_mu", "energy_use_tce"),
    *("value_added_mcny", "tax_mcny", "revenue_mcny", "emission_t", "labour", "rnd_mcny"),
    *("enters", "passed", "opens"),
]


def make() -> dict[str, pd.DataFrame]:
    """The generated tables of the case by name.

    >>> tables = make()
    >>> len(tables["projects"]), int(tables["projects"]["plan"].sum())
    (1020, 410000)
    """
    projects = add_links(make_projects())[COLUMNS]
    return {
        "projects": projects,
        "variants": make_variants(projects),
        "pools": make_pools(),
        "funds": make_funds(),
        "indicators": make_indicators(),
        "grants": make_grants(projects),
    }


if __name__ == "__main__":
    write_tables(make(), Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "shandong-2020")
