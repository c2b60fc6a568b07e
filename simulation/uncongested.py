"""How long a procedure takes where nobody waits: working days of review on the longest way through it (MODEL 4.1)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.applies import mask
from simulation.distributions import as_distribution
from simulation.levers import Scenario
from simulation.process import Process, Stage

REVIEW, GRANTED, STARTED = 0, 1, 2
"""Stages before the grant, between grant and start, and after the start."""


def uncongested(projects: pd.DataFrame, process: Process, scenario: Scenario | None = None) -> pd.DataFrame:
    """Working days that offices have each project on the longest way, without queues, returns or the applicant's time.

    Parameters
    ----------
    projects : DataFrame
        ``id`` and the columns that the rules speak of; what is passed already counts too.
    process : Process
    scenario : Scenario, optional
        Levers moved.

    Returns
    -------
    DataFrame
        ``id``, ``days`` (of the whole procedure), ``before_start``, ``stages`` (how many the project passes).

    Examples
    --------
    >>> from simulation import Office
    >>> process = Process([Stage("site", office="desk", work=3), Stage("energy", office="desk", work=2),
    ...                    Stage("permit", office="desk", work=4, after=("site", "energy"))], [Office("desk")])
    >>> uncongested(pd.DataFrame({"id": ["a"]}), process)["days"].tolist()
    [7.0]
    """
    process = process if scenario is None else scenario.apply(process)
    passes = np.column_stack([mask(stage.applies, projects) for stage in process.stages])
    kinds, kind = np.unique(passes, axis=0, return_inverse=True)
    days = np.array([_longest(process, row) for row in kinds]).reshape(-1, 2)[kind.reshape(-1)]
    return pd.DataFrame(
        {"id": projects["id"].to_numpy(), "days": days[:, 0], "before_start": days[:, 1], "stages": passes.sum(axis=1)}
    )


def _longest(process: Process, passes: NDArray[np.bool_]) -> tuple[float, float]:
    """Days of the whole procedure, and until the start, for projects that pass these stages."""
    stages = {stage.name: stage for stage in process.stages}
    passed = {stage.name for stage, one in zip(process.stages, passes, strict=True) if one}
    ends: dict[str, float] = {}
    begins = [0.0, 0.0, 0.0, 0.0]

    def end(name: str) -> float:
        """When a stage ends, or would if it were passed in no time."""
        if name not in ends:
            stage = stages[name]
            before = (*stage.after, *(() if process.parallel else stage.customary_after))
            work = as_distribution(stage.work).mean if name in passed else 0.0
            ends[name] = max((end(one) for one in before), default=0.0) + work
            ends[name] = max(ends[name], begins[part(stage)] + work) if name in passed else ends[name]
        return ends[name]

    for now in (REVIEW, GRANTED, STARTED):
        here = [end(stage.name) for stage in process.stages if part(stage) == now and stage.name in passed]
        begins[now + 1] = max([begins[now], *here])
    return begins[STARTED + 1], begins[STARTED]


def part(stage: Stage) -> int:
    """Whether a stage comes before the grant, between grant and start, or after the start.

    >>> part(Stage("mobilisation", after_grant=True)) == GRANTED
    True
    """
    return STARTED if stage.after_start else GRANTED if stage.after_grant else REVIEW
