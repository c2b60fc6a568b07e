"""Runs with starts of our own, to hold curves and comparisons against truths that are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation import Process, Stage
from simulation.outcome import Outcome
from simulation.records import REFUSED, STARTED, UNDER_WAY
from simulation.runs import Arm, Runs

Floats = NDArray[np.float64]
PROCESS = Process([Stage("review", elapsed=1.0)])
NO_FAILURES = pd.DataFrame(columns=["scenario", "replication", "kind", "message"])


def outcome(started: Floats, ended: Floats | None = None, ready: Floats | None = None) -> Outcome:
    """One replication with empty tables."""
    started = np.asarray(started, dtype=float)
    ended = np.full(len(started), np.nan) if ended is None else np.asarray(ended, dtype=float)
    codes = np.where(np.isfinite(started), STARTED, np.where(np.isfinite(ended), REFUSED, UNDER_WAY)).astype(np.int8)
    blank = pd.DataFrame(columns=["stage", "judged", "on_time"])
    ready = np.zeros(len(started)) if ready is None else np.asarray(ready, dtype=float)
    return Outcome(ready, started, started, started, ended, codes, blank, blank, blank, blank)


def runs_of(
    starts: Mapping[str, Floats], projects: pd.DataFrame | None = None, process: Process = PROCESS, **fields: Any
) -> Runs:
    """Scenarios with starts, shape (replications, projects in the order of their ids)."""
    kept = {(name, number): outcome(row) for name, rows in starts.items() for number, row in enumerate(rows)}
    size = len(next(iter(starts.values()))[0])
    table = pd.DataFrame({"id": [f"P{n:04d}" for n in range(size)], "ready": 0.0}) if projects is None else projects
    arms = {name: Arm(table, process) for name in starts}
    return Runs(**{"seed": 1, "arms": arms, "kept": kept, "failures": NO_FAILURES, **fields})
