"""Everything a plan gives, in one folder: the workbook, the tables as CSV, the pictures and ``summary.json``."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import YaosuError
from allocator.labels import Lang
from allocator.planbook import fill, in_language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from allocator.plan import Plan

BOOK = "plan.xlsx"
TABLES = ("projects", "grants", "loans", "pools", "bank", "rules", "prices")
PICTURES = ("pools", "benefit", "curve")


def write_folder(plan: Plan, folder: Path, lang: Lang) -> Path:
    """Write all that a plan gives; each file is whole before it is seen, and files of other names stay.

    Files of an earlier plan that this one does not have (loans, say) are removed. Tables keep their column names;
    money is in million yuan, units are in ``summary.json``. A text that a spreadsheet would take for a formula gets
    an apostrophe in front.

    Parameters
    ----------
    plan : Plan
    folder : Path
        Made when missing.
    lang : {"en", "zh"}
        Of the workbook, the pictures and the reasons.

    Raises
    ------
    YaosuError
        A file cannot be written, for example because it is open in Excel.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> with tempfile.TemporaryDirectory() as out:
    ...     written = write_folder(allocate(case), Path(out, "plan"), "en")
    ...     sorted(file.name for file in written.iterdir())  # doctest: +NORMALIZE_WHITESPACE
    ['benefit.png', 'curve.png', 'grants.csv', 'plan.xlsx', 'pools.csv', 'pools.png', 'prices.csv', 'projects.csv',
     'summary.json']
    """
    plan = in_language(plan, lang)
    target = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".yaosu-") as temporary:
            made = Path(temporary)
            _fill(plan, made)
            names = [file.name for file in made.iterdir()]
            for name in sorted(names, key=lambda name: (name != BOOK, name)):
                target = folder / name
                os.replace(made / name, target)
        for target in (folder / name for name in _names() if name not in names):
            target.unlink(missing_ok=True)
    except OSError as error:
        raise YaosuError("cannot_write", {"found": str(target), "reason": error.strerror or str(error)}) from error
    return folder


def _names() -> list[str]:
    """Every file that a plan may have."""
    return [BOOK, "summary.json", *(f"{name}.csv" for name in TABLES), *(f"{name}.png" for name in PICTURES)]


def _fill(plan: Plan, folder: Path) -> None:
    fill(folder / BOOK, plan)
    told = json.dumps(plan.summary(), ensure_ascii=False, indent=2, allow_nan=False)
    (folder / "summary.json").write_text(told + "\n", encoding="utf-8")
    for name in TABLES if plan.solution.x is not None else TABLES[:1]:
        table = getattr(plan, name)
        if len(table):
            harmless(table).to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    if plan.solution.x is not None:
        _draw(plan, folder)


def _draw(plan: Plan, folder: Path) -> None:
    from allocator.plotstyle import save

    draw: dict[str, Callable[[], Figure]] = {
        "pools": plan.plot_pools, "benefit": plan.plot_benefit, "curve": plan.plot_curve,
    }  # fmt: skip
    for name in PICTURES:
        save(draw[name](), folder / f"{name}.png")


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """A table none of whose texts a spreadsheet takes for a formula.

    >>> harmless(pd.DataFrame({"name": ["=1+1", "land"], "change": [-1.0, 2.0]})).values.tolist()
    [["'=1+1", -1.0], ['land', 2.0]]
    """
    return table.assign(**dict(_texts(table)))


def _texts(table: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    for name in table.columns:
        column = table[name]
        if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)):
            text = column.astype("str")
            risky = text.str.match(r"[=+\-@\t\r]", na=False)
            if risky.any():
                yield str(name), text.where(~risky, "'" + text)
