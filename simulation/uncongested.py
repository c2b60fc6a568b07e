"""How long a procedure takes where nobody waits: working days of review on the longest way through it (MODEL 4.1)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.applies import mask
from simulation.distributions import as_distribution
from simulation.levers import Scenario
from simulation.process import GRANTED, REVIEW, STARTED, Process


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
    >>> from simulation import Office, Stage
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
    begins = [0.0] * (STARTED + 2)

    def end(name: str) -> float:
        """When a stage ends; one that is not passed takes no time."""
        if name not in ends:
            stage = stages[name]
            before = (*stage.after, *(() if process.parallel else stage.customary_after))
            begun = max((end(one) for one in before), default=0.0)
            passing = name in passed
            ends[name] = max(begun, begins[stage.part]) + as_distribution(stage.work).mean if passing else begun
        return ends[name]

    for now in (REVIEW, GRANTED, STARTED):
        here = [end(stage.name) for stage in process.stages if stage.part == now and stage.name in passed]
        begins[now + 1] = max([begins[now], *here])
    return begins[STARTED + 1], begins[STARTED]
