"""A run that stops on the days when quota is given out, and goes on from there; the same for both engines (MODEL 5)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulation import faststate
from simulation.draws import Draws
from simulation.fast import go_on
from simulation.faststate import GIVE, TAKE_BACK
from simulation.model import Model
from simulation.network import Bools, Floats, Network
from simulation.records import UNDER_WAY, Records
from simulation.run import Engine


class Course(Protocol):
    """One replication under way; projects in the order of the network."""

    def go_on(self, day: float) -> None:
        """Let everything happen until a day, that day's moment included."""
        ...

    def give(self, projects: Iterable[int]) -> None:
        """Projects that wait get their elements, on the day reached."""
        ...

    def take_back(self, projects: Iterable[int]) -> None:
        """Projects lose their elements on the day reached, and wait again."""
        ...

    @property
    def approved(self) -> Floats:
        """Day on which each project had all its approvals."""
        ...

    @property
    def started(self) -> Floats:
        """Day on which each project started."""
        ...

    @property
    def gone(self) -> Bools:
        """Which projects have been refused, withdrawn or abandoned."""
        ...

    @property
    def over(self) -> bool:
        """Whether nothing is to come."""
        ...

    def records(self, until: float | None) -> Records:
        """Everything until a day, or to the end, as it was written down."""
        ...


def course(made: Network, drawn: Draws, waits: Bools, engine: Engine) -> Course:
    """A run before anything has happened.

    Parameters
    ----------
    made : Network
    drawn : Draws
    waits : array of bool, one per project
        Who gets its elements when they are given, and not with the last approval.
    engine : {"fast", "simpy"}
    """
    return _Simpy(made, drawn, waits) if engine == "simpy" else _Fast(made, drawn, waits)


def just_after(day: float) -> float:
    """The first moment after a day's."""
    return math.nextafter(day, math.inf)


class _Fast:
    """The compiled engine, called upon between two steps."""

    def __init__(self, made: Network, drawn: Draws, waits: Bools) -> None:
        self._made, self._drawn = made, drawn
        self._state = faststate.begin(made, drawn)
        self._projects = self._state.projects[:-1]
        self._projects["waits"] = waits

    def go_on(self, day: float) -> None:
        go_on(self._state, just_after(day))
        self._state.run["now"] = np.maximum(self._state.run["now"], day)

    def give(self, projects: Iterable[int]) -> None:
        self._call(projects, GIVE)

    def take_back(self, projects: Iterable[int]) -> None:
        self._call(projects, TAKE_BACK)

    def _call(self, projects: Iterable[int], what: int) -> None:
        """Nothing but what is called for happens before the day reached is over."""
        self._projects["call"][list(projects)] = what
        self._state.run["calls"] = 1
        go_on(self._state, -math.inf)

    @property
    def approved(self) -> Floats:
        return np.asarray(self._projects["approved"])

    @property
    def started(self) -> Floats:
        return np.asarray(self._projects["started"])

    @property
    def gone(self) -> Bools:
        return np.asarray((self._projects["outcome"] != UNDER_WAY) & np.isnan(self._projects["started"]))

    @property
    def over(self) -> bool:
        run = self._state.run[0]
        return bool(run["size"] == 0 and not math.isfinite(self._state.planned["day"][run["planned"]]))

    def records(self, until: float | None) -> Records:
        go_on(self._state, math.inf if until is None else until)
        return faststate.told(self._state, self._made, self._drawn, until)


class _Waiting(Model):
    """The SimPy model with projects that wait for their elements."""

    __slots__ = ("waits",)
    waits: list[bool]

    def grant(self, project: int) -> None:
        """Those who wait are told later."""
        if not self.waits[project]:
            self.mobilise(project)

    def give(self, project: int) -> None:
        """The elements are given; for the second time they are all that is missing."""
        self.waits[project] = False
        if math.isnan(self.approved[project]) or self.outcome[project] != UNDER_WAY:
            return
        if math.isnan(self.granted[project]):
            self.mobilise(project)
        else:
            self.granted[project] = self.timeline.now
            self.task_done(project)

    def take_back(self, project: int) -> None:
        """The elements are gone; what has begun goes on, but there is no start without them."""
        if math.isnan(self.granted[project]):
            self.waits[project] = True
        else:
            self.open_tasks[project] += 1


class _Simpy:
    """The SimPy engine, called upon between two steps."""

    def __init__(self, made: Network, drawn: Draws, waits: Bools) -> None:
        self._model = _Waiting(made, drawn)
        self._model.waits = waits.tolist()

    def go_on(self, day: float) -> None:
        self._model.timeline.run(just_after(day))
        self._model.timeline.now = max(self._model.timeline.now, day)  # type: ignore[misc]

    def give(self, projects: Iterable[int]) -> None:
        for project in sorted(projects):
            self._model.give(project)

    def take_back(self, projects: Iterable[int]) -> None:
        for project in sorted(projects):
            self._model.take_back(project)

    @property
    def approved(self) -> Floats:
        return np.array(self._model.approved)

    @property
    def started(self) -> Floats:
        return np.array(self._model.started)

    @property
    def gone(self) -> Bools:
        gone: NDArray[np.bool_] = (np.array(self._model.outcome) != UNDER_WAY) & np.isnan(self.started)
        return gone

    @property
    def over(self) -> bool:
        return not math.isfinite(self._model.timeline.peek())

    def records(self, until: float | None) -> Records:
        self._model.until = until
        return self._model.run()
