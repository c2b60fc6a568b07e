"""A folder of results of a simulation: the workbook, tables as CSV, pictures and ``summary.json``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.errors import YaosuError
from allocator.folder import harmless
from allocator.plotstyle import save
from allocator.workbook import replace_file
from simulation.inputs import input_hash
from simulation.recording import versions
from workbench import running, simbook
from workbench.simresult import Simulated
from workbench.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BOOK = "simulation.xlsx"
TABLES = ("scenarios", "effects", "curve", "outcomes", "bottlenecks", "offices", "measures", "projects", "published",
          "failures")  # fmt: skip
PICTURES = ("curves", "effects", "waiting", "load", "way", "published")


def write_folder(made: Simulated, folder: Path) -> Path:
    """Write all that a simulation gives; each file is whole before it is seen, and files of other names stay.

    Raises
    ------
    YaosuError
        A file cannot be written, for example because it is open in Excel.
    """
    drawn = made.pictures()
    writing(folder, made.tables, drawn, told(made), partial(simbook.fill, made=made), BOOK)
    for name in (*(f"{one}.csv" for one in TABLES if one not in made.tables),
                 *(f"{one}.png" for one in PICTURES if one not in drawn)):  # fmt: skip
        (folder / name).unlink(missing_ok=True)
    return folder


def writing(
    folder: Path, tables: Mapping[str, pd.DataFrame], pictures: Mapping[str, Callable[[], Figure]],
    summary: dict[str, Any], fill: Callable[[Path], None] | None = None, book: str = "",
) -> None:  # fmt: skip
    """Write a workbook, tables, pictures and a summary.

    Raises
    ------
    YaosuError
        A file cannot be written.
    """
    target = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if fill is not None:
            target = folder / book
            replace_file(target, fill)
        for name, table in tables.items():
            target = folder / f"{name}.csv"
            replace_file(target, partial(_csv, table))
        for name, draw in pictures.items():
            target = folder / f"{name}.png"
            save(draw(), target)
        target = folder / "summary.json"
        replace_file(target, partial(running.json_of, summary))
    except OSError as error:
        raise YaosuError("cannot_write", {"found": str(target), "reason": error.strerror or str(error)}) from error


def _csv(table: pd.DataFrame, path: Path) -> None:
    harmless(table).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def told(made: Simulated) -> dict[str, Any]:
    """What was simulated and what came out, ready for JSON; what is not known is None."""
    runs = made.runs
    reached = None if runs.precision is None else runs.precision.to_dict("records")
    found: dict[str, Any] = plain(head(made.study, made.runs.until, made.seconds) | {
        "status": made.status, "replications": made.replications, "failures": len(runs.failures),
        "precision": reached, "dates": list(made.dates), "finding": made.finding.sentence(),
        "scenarios": [_scenario(made, name) for name in runs.scenarios],
    })  # fmt: skip
    return found


def head(study: Study, until: Any, seconds: float) -> dict[str, Any]:
    """What every summary begins with."""
    asked = study.asked
    return {
        "case": study.case.name, "input_hash": study.case.hash, "seed": asked.seed, "engine": asked.engine,
        "seconds": seconds, "versions": versions(), "until": until, "over": asked.over, "weight": asked.weight,
        "where": asked.where,
    }  # fmt: skip


def _scenario(made: Simulated, name: str) -> dict[str, Any]:
    """One scenario in figures, with its effects."""
    study, runs = made.study, made.runs
    arm = runs.arms[name]
    figures = made.figures[made.figures["scenario"] == name]
    told = None if arm.loop is None else arm.loop.told
    found: dict[str, Any] = {
        "name": name, "title": study.titles[name], "source": study.sources.get(name, ""),
        "input": input_hash(arm.projects, arm.moved, until=runs.until, seed=runs.seed, loop=told),
        "replications": len(runs.numbers(name)),
        "figures": {row["measure"]: _figure(row, study) for row in figures.to_dict("records")},
    }  # fmt: skip
    if len(made.effects) and name != made.finding.base:
        found["effects"] = effects_told(made.effects[made.effects["scenario"] == name])
    return found


def _figure(row: Mapping[Any, Any], study: Study) -> dict[str, Any]:
    """A figure with its interval; a day also as a date."""
    found = {key: row[key] for key in ("unit", "mean", "low", "high")}
    names = study.names()
    if row["unit"] == "day" and names.dated and math.isfinite(row["mean"]):
        found["date"] = names.date(row["mean"]).date().isoformat()
    return found


def effects_told(table: pd.DataFrame) -> dict[str, Any]:
    """Effects by measure."""
    keys = ("unit", "a", "b", "difference", "low", "high")
    return {row["measure"]: {key: row[key] for key in keys} for row in table.to_dict("records")}


def plain(found: Any) -> Any:
    """Numbers and texts as JSON knows them; what is not known is None."""
    if isinstance(found, Mapping):
        return {str(key): plain(item) for key, item in found.items()}
    if isinstance(found, list | tuple):
        return [plain(item) for item in found]
    if hasattr(found, "item"):
        found = found.item()
    return None if isinstance(found, float) and not math.isfinite(found) else found
