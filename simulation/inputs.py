"""What makes two replications the same: a fingerprint of projects, process, horizon and seed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd

from allocator.case import fingerprint
from simulation.calendar import Calendar
from simulation.levers import Scenario
from simulation.measures import Day
from simulation.process import Process
from simulation.run import horizon

MODEL_VERSION = 2
"""To be raised by one whenever the same input gives other days."""
LOOKS = ("title", "phase")
"""Fields that change no result."""


def input_hash(
    projects: pd.DataFrame, process: Process, scenario: Scenario | None = None, until: Day | None = None, seed: int = 0,
    loop: list[object] | None = None,
) -> str:  # fmt: skip
    """A digest of all that the result of a replication depends on but its number.

    Parameters
    ----------
    projects : DataFrame
        The order of rows and columns does not matter.
    process : Process
    scenario : Scenario, optional
        The process counts as it is after the levers: two scenarios with the same effect have one digest.
    until : day, optional
    seed : int
        The engine does not count: all give the same days.
    loop : list, optional
        What a loop tells of itself (`simulation.loop.Loop.told`), where quota is given out inside.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> from simulation.process import Stage
    >>> table, process = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 1.0]}), Process([Stage("review", elapsed=3)])
    >>> input_hash(table, process) == input_hash(table[::-1], process, Scenario(parallel=False))
    True
    >>> input_hash(table, process) == input_hash(table, process, seed=1)
    False
    """
    moved = process if scenario is None else scenario.apply(process)
    told = {
        "version": MODEL_VERSION, "seed": int(seed), "process": _plain(moved),
        "until": None if until is None else horizon(until, moved),
    }  # fmt: skip
    if loop is not None:
        told["loop"] = _plain(loop)
    digest = hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode())
    digest.update(fingerprint("projects", projects))
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """A value as JSON: fields by name, numbers as floats, days as ISO text, a calendar by its own digest."""
    if isinstance(value, Calendar):
        return value.hash
    if dataclasses.is_dataclass(value):
        names = [one.name for one in dataclasses.fields(value) if one.name not in LOOKS]
        return {name: _plain(getattr(value, name)) for name in names}
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float | np.integer | np.floating):
        return float(value)
    if isinstance(value, dt.date):
        return value.isoformat().removesuffix("T00:00:00")
    if isinstance(value, tuple | list | np.ndarray):
        return [_plain(one) for one in value]
    raise TypeError(f"no canonical form for {type(value).__name__}")
