"""yaosu itself: either engine, with its tables or with the arrays from which they are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.reference import CORRECTION, CV, RETURNED, SHARES, STAGES, WORK, Reference, Visit
from simulation.distributions import lognormal
from simulation.draws import draw
from simulation.process import Office, Process, Stage
from simulation.records import RETURN, Records
from simulation.run import Engine, Run, prepare, replicate

TIERS = tuple(f"class {rank}" for rank in range(len(SHARES)))


def process(model: Reference) -> Process:
    """The offices, and the stages one after the other."""
    stages = [
        Stage(f"stage {stage}", office=f"office {stage}", work=lognormal(WORK, CV), returns=RETURNED,
              correction=lognormal(CORRECTION, CV), after=f"stage {stage - 1}" if stage else ())  # type: ignore[arg-type]
        for stage in range(STAGES)
    ]  # fmt: skip
    return Process(stages, [Office(f"office {stage}", model.reviewers) for stage in range(STAGES)], green=TIERS)


def projects(model: Reference) -> pd.DataFrame:
    """One row per project."""
    ids = [f"P{number:06d}" for number in range(len(model.entry))]
    return pd.DataFrame({"id": ids, "ready": model.entry, "tier": [TIERS[rank] for rank in model.rank]})


def way(model: Reference, engine: Engine, tables: bool) -> Callable[[int], Run | Records]:
    """What runs one replication for a seed; what does not depend on the seed is prepared once."""
    made = prepare(projects(model), process(model))
    if tables:
        return lambda seed: replicate(made, seed, engine=engine)
    if engine == "simpy":
        from simulation.model import Model

        return lambda seed: Model(made, draw(made, seed, 0)).run()
    from simulation.fast import run

    return lambda seed: run(made, draw(made, seed, 0), None)


def told(model: Reference, answer: Any) -> list[Visit]:
    """The visits of a run in the terms of the reference model."""
    kept: Records = answer.records if isinstance(answer, Run) else answer
    pair = np.repeat(np.arange(len(model.entry) * STAGES), kept.drawn.counts)
    columns = (pair // STAGES, pair % STAGES, kept.drawn.visit, kept.queued, kept.begun, kept.decided,
               kept.result == RETURN)  # fmt: skip
    return list(zip(*(column.tolist() for column in columns), strict=True))
