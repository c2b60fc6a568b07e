"""What a command leaves in the store when it is done: the plan or experiment with all that it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from simulation.keeping import FIGURES, Record
from simulation.measures import Day
from simulation.recording import record_runs, stated_as
from simulation.runs import Runs
from workbench.study import Study


def of_runs(
    study: Study, command: str, runs: Runs, tables: Mapping[str, pd.DataFrame], summary: Mapping[str, Any],
    dates: Sequence[Day], **options: Any,
) -> Record:  # fmt: skip
    """The record of ``simulate`` and ``compare``."""
    options = {"by": list(dates), "until": runs.until} | options
    return record_runs(study.case, runs, tables, summary, dates=dates, counting=study.counting(),
                       **_about(study, command, summary, options))  # fmt: skip


def of_search(
    study: Study, tables: Mapping[str, pd.DataFrame], summary: Mapping[str, Any], figures: Sequence[tuple[Any, ...]],
    **options: Any,
) -> Record:  # fmt: skip
    """The record of ``seek``."""
    [name] = study.arms
    made = pd.DataFrame([(name, *row) for row in figures], columns=list(FIGURES))
    made = made.astype(dict.fromkeys(FIGURES[3:], float))
    asked = study.asked
    return Record(
        "experiment", case=study.case, figures=made, tables=tables, summary=summary, seed=asked.seed,
        replications=asked.replications, versions=summary["versions"], **_about(study, "seek", summary, options),
    )  # fmt: skip


def _about(study: Study, command: str, summary: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a record that all have."""
    stated = [stated_as(study.stated[name]) for name in study.arms if name in study.stated]
    asked = {"lang": study.asked.lang, **study.counting(), **options}
    return {
        "command": command, "scenarios": stated, "status": summary["status"], "engine": summary["engine"],
        "seconds": summary["seconds"],
        "options": {name: found for name, found in asked.items() if found not in (None, "", [])},
    }  # fmt: skip
