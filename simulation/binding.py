"""What else is in the way where one lever does not reach a target: other levers, and what takes time (MODEL 4.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simulation.dial import UNLIMITED, Dial
from simulation.levers import Scenario
from simulation.measures import Deferral
from simulation.process import Office, Process

Change = Callable[[Process], Process]
LEVER, TOGETHER, OBSTACLE = "lever", "together", "obstacle"
SWITCHES: Mapping[str, Scenario] = {
    "parallel": Scenario(parallel=True),
    "deferral": Scenario(deferral=Deferral()),
    "online": Scenario(online=True),
    "enforced": Scenario(enforced=True),
}
"""Levers that need no number: parallel review, deferral with every promise kept, online filing, limits enforced."""


@dataclass(frozen=True, eq=False)
class Way:
    """A process in which something more is changed.

    Attributes
    ----------
    name : str
    kind : str
        "lever", "together" (all those levers), or "obstacle": something that takes time, taken away.
    process : Process
    """

    name: str
    kind: str
    process: Process


def ways(limit: Process, dial: Dial, others: Mapping[str, Scenario]) -> list[Way]:
    """All that can be changed besides a lever that stands at its limit; what changes nothing is left out.

    Parameters
    ----------
    limit : Process
        With the lever at its limit.
    dial : Dial
        That lever.
    others : mapping
        Further levers by name.

    Raises
    ------
    InputError
        With the faults of one of the other levers.

    Examples
    --------
    >>> import numpy as np
    >>> from simulation import Office, Stage
    >>> process = Process([Stage("review", office="desk", work=1, filing=2, elapsed=3)], [Office("desk")])
    >>> made = ways(process, Dial("speed", "", np.ones(1), 0, 1.0), {"none": Scenario()})
    >>> [(way.kind, way.name) for way in made if way.kind == "obstacle" or way.name == "online"]
    [('lever', 'online'), ('obstacle', 'applicant'), ('obstacle', 'elapsed')]
    """
    levers = dict(SWITCHES)
    if dial.lever != "speed":
        levers["speed"] = Scenario(speed=UNLIMITED)
    levers |= others
    made = [Way(name, LEVER, lever.apply(limit)) for name, lever in levers.items()]
    together = limit
    for lever in levers.values():
        left = {stage.name for stage in together.stages}
        together = replace(lever, removed=tuple(name for name in lever.removed if name in left)).apply(together)
    made.append(Way("together", TOGETHER, together))
    made += [Way(name, OBSTACLE, change(limit)) for name, change in _obstacles(limit, dial)]
    return [way for way in made if way.process != limit]


def _obstacles(limit: Process, dial: Dial) -> Iterator[tuple[str, Change]]:
    """What takes time or ends a project, and how it is taken away."""
    yield "applicant", _stages(prepare=0.0, filing=0.0, correction=0.0)
    yield "elapsed", _stages(elapsed=0.0)
    yield "problems", lambda process: process.with_changes(problems=())
    yield "dates", _stages(not_before="")
    yield "meetings", _meetings
    yield "leaving", _leaving
    if dial.lever != "speed":
        yield "review", _stages(work=0.0)
    elif limit.calendar is not None:  # all that a speed without limit leaves of the reviews
        yield "days off", _stages(work=0.0)


def _stages(**fields: Any) -> Change:
    """The same fields set in every stage."""
    return lambda process: process.with_changes(stages=[replace(stage, **fields) for stage in process.stages])


def _meetings(process: Process) -> Process:
    """Offices that meet decide at once; their stages take no work."""

    def at_once(office: Office) -> Office:
        return office if office.every is None else replace(office, every=None, seats=None, reviewers=1, staff=())

    return process.with_changes(offices=[at_once(office) for office in process.offices])


def _leaving(process: Process) -> Process:
    """Nobody is refused or turned away, withdraws or gives up."""
    kept = _stages(refuses=0.0, withdraws=0.0)(process)
    return kept.with_changes(offices=[replace(office, room=None) for office in kept.offices], patience=None)
