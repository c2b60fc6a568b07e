"""Small ledgers for the tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pandas as pd

from allocator import Case
from workbench import ledgerimport
from workbench.ledger import Ledger

JANUARY, MARCH = dt.date(2020, 1, 1), dt.date(2020, 3, 2)
PROJECTS = pd.DataFrame({
    "id": ["001", "002", "003"], "name": ["<b>港口</b>", "=1+1", "学校"], "region": ["烟台", "烟台", "济南"],
    "batch": ["reserve", "start", None], "started": [None, "2020-02-20", None], "investment": [1200.0, 300.5, 80.0],
    "plan": [400.0, 100.0, 30.0], "land": [40.0, 30.0, 20.0], "value": [5.0, 4.0, 3.0], "bond": [True, False, False],
    "code": ["01", "2", None], "seats": [3.0, None, 5.0], "surveyed": ["2019-05-01", None, None],
})  # fmt: skip
POOLS = pd.DataFrame({"pool": ["省级"], "resource": ["land"], "amount": [50.0]})
OFFICES = pd.DataFrame({"office": ["窗口", "省厅"], "title": ["Desk", "Ministry"], "level": ["city", "province"],
                        "reviewers": [1.0, 2.0]})  # fmt: skip
STAGES = pd.DataFrame({"stage": ["审查"], "office": ["窗口"], "work": ["2"]})


def case(**changes: object) -> Case:
    """A case with columns of every kind; columns of the projects may be replaced."""
    return Case.from_tables(projects=PROJECTS.assign(**changes), pools=POOLS, offices=OFFICES, stages=STAGES,
                            notes_of_ours=pd.DataFrame({"a": [1.5, None], "b": ["x", "y"]}))  # fmt: skip


def made(folder: Path, first: Case | None = None, day: dt.date = JANUARY) -> Path:
    """A ledger with a case in it."""
    path = folder / "ledger.sqlite"
    with Ledger(path, create=True) as ledger:
        ledgerimport.take(ledger, ledgerimport.Book(first or case(), None), "李明", day)
    return path


def edited(book: str | Path, target: str | Path, **cells: Mapping[str, object]) -> None:
    """Another workbook, in which these cells of these sheets are new."""
    found = openpyxl.load_workbook(book)
    for sheet, values in cells.items():
        for place, value in values.items():
            found[sheet][place] = value
    found.save(target)


def count(path: Path) -> int:
    """How many events there are."""
    with Ledger(path) as ledger:
        return len(list(ledger.events()))
