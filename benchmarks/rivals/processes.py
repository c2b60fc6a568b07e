"""Plain SimPy: one process per project, after SimPy's own tutorial."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy

from benchmarks.reference import CORRECTION, RETURNED, STAGES, WORK, Reference, Visit, underlying

Steps = Generator[simpy.Event, Any, None]


def way(model: Reference) -> Callable[[int], list[Visit]]:
    """What runs one replication for a seed."""
    return lambda seed: replicate(model, seed)


def replicate(model: Reference, seed: int) -> list[Visit]:
    """One replication, every visit written down."""
    env, rng = simpy.Environment(), np.random.default_rng(seed)
    offices = [simpy.PriorityResource(env, capacity=model.reviewers) for _ in range(STAGES)]
    visits: list[Visit] = []
    env.process(arrivals(env, offices, rng, model, visits))
    env.run()
    return visits


def arrivals(
    env: simpy.Environment,
    offices: list[simpy.PriorityResource],
    rng: np.random.Generator,
    model: Reference,
    visits: list[Visit],
) -> Steps:
    """Projects come in."""
    for number, (day, rank) in enumerate(zip(model.entry, model.rank, strict=True)):
        yield env.timeout(day - env.now)
        env.process(project(env, number, rank, offices, rng, visits))


def project(
    env: simpy.Environment,
    number: int,
    rank: int,
    offices: list[simpy.PriorityResource],
    rng: np.random.Generator,
    visits: list[Visit],
) -> Steps:
    """A project goes from office to office, and comes back where it is returned."""
    work, correction = underlying(WORK), underlying(CORRECTION)
    for stage, office in enumerate(offices):
        visit, returned = 0, True
        while returned:
            queued = env.now
            with office.request(priority=rank) as request:
                yield request
                begun = env.now
                yield env.timeout(rng.lognormal(*work))
            returned = rng.random() < RETURNED
            visits.append((number, stage, visit, queued, begun, env.now, returned))
            if returned:
                visit += 1
                yield env.timeout(rng.lognormal(*correction))


def told(model: Reference, answer: list[Visit]) -> list[Visit]:
    """The visits as they were written down."""
    return answer
