"""salabim: a component per project, with generators (`yieldless=False`) and without monitors, its fastest way."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import salabim as sim

from benchmarks.reference import CORRECTION, RETURNED, STAGES, WORK, Reference, Visit, underlying


class Project(sim.Component):  # type: ignore[misc]
    """A project goes from office to office, and comes back where it is returned."""

    def process(
        self, number: int, rank: int, offices: list[sim.Resource], rng: np.random.Generator, visits: list[Visit]
    ) -> Generator[Any, Any, None]:
        """From its entry to its last decision."""
        work, correction = underlying(WORK), underlying(CORRECTION)
        for stage, office in enumerate(offices):
            visit, returned = 0, True
            while returned:
                queued = self.env.now()
                yield self.request((office, 1, rank))
                begun = self.env.now()
                yield self.hold(rng.lognormal(*work))
                self.release(office)
                returned = rng.random() < RETURNED
                visits.append((number, stage, visit, queued, begun, self.env.now(), returned))
                if returned:
                    visit += 1
                    yield self.hold(rng.lognormal(*correction))


def way(model: Reference) -> Callable[[int], list[Visit]]:
    """What runs one replication for a seed."""
    return lambda seed: replicate(model, seed)


def replicate(model: Reference, seed: int) -> list[Visit]:
    """One replication, every visit written down."""
    env = sim.Environment(trace=False, yieldless=False)
    rng = np.random.default_rng(seed)
    offices = [sim.Resource(f"office {stage}", capacity=model.reviewers, monitor=False)
               for stage in range(STAGES)]  # fmt: skip
    visits: list[Visit] = []
    for number, (day, rank) in enumerate(zip(model.entry, model.rank, strict=True)):
        made = Project(at=day, number=number, rank=rank, offices=offices, rng=rng, visits=visits)
        made.status.monitor(False)
        made.mode.monitor(False)
    env.run()
    return visits


def told(model: Reference, answer: list[Visit]) -> list[Visit]:
    """The visits as they were written down."""
    return answer
