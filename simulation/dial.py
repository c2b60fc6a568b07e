"""The lever that a search moves: the values it can take, and the scenario of each (MODEL 4.9)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from allocator.errors import YaosuError
from simulation.levers import Scenario
from simulation.network import Desk, Network

Floats = NDArray[np.float64]
UNLIMITED = 1e9
"""A speed at which reviews take next to nothing; days off remain, as for any speed."""
SPEEDS = (0.1, 100.0)
FACTOR = 20.0
"""Bounds of speeds, and the largest factor on reviewers, where none are given."""


@dataclass(frozen=True, eq=False)
class Dial:
    """A lever and its values.

    Attributes
    ----------
    kind : str
        "speed" or "reviewers".
    name : str
        Stage, office or level whose lever it is, an office at a place as ``office/region``; of all without.
    values : array
        In ascending order.
    start : int
        Place of the value that stands for the process as it is, or is next to it.
    limit : float
        As good as without limit.
    """

    kind: str
    name: str
    values: Floats
    start: int
    limit: float

    @property
    def lever(self) -> str:
        """As it was stated: ``speed``, ``reviewers:desk``."""
        return f"{self.kind}:{self.name}" if self.name else self.kind

    def at(self, value: float) -> Scenario:
        """The lever moved to a value.

        >>> Dial("reviewers", "desk", np.arange(1.0, 9.0), 0, 8.0).at(3.0).reviewers
        {'desk': 3}
        """
        if self.kind == "speed":
            return Scenario(speed={self.name: value} if self.name else value)
        return Scenario(reviewers={self.name: round(value)} if self.name else value)


def dial(lever: str, network: Network, low: float | None, high: float | None, tolerance: float) -> Dial:
    """The lever of a search, checked.

    Parameters
    ----------
    lever : str
        ``speed``, ``speed:NAME``, ``reviewers`` or ``reviewers:OFFICE``.
    network : Network
        As it is before the lever is moved.
    low, high : float, optional
        Values to search between.
    tolerance : float
        Step of speeds. Numbers of reviewers are whole; factors on all reviewers are those at which a number changes.

    Raises
    ------
    YaosuError
        There is no such lever, nobody to be moved by it, or no value between the bounds.
    InputError
        There is no such stage, office or level.

    Examples
    --------
    >>> import pandas as pd
    >>> from simulation import Office, Process, Stage, network
    >>> process = Process([Stage("review", office="desk", work=1)], [Office("desk", reviewers=2)])
    >>> made = network.network(pd.DataFrame({"id": ["a"], "ready": [0.0]}), process)
    >>> dial("reviewers", made, None, 2.0, 0.01).values.tolist()
    [0.5, 1.0, 1.5, 2.0]
    """
    kind, colon, name = lever.partition(":")
    if kind not in ("speed", "reviewers") or bool(colon) != bool(name):
        expected = "speed, speed:…, reviewers, reviewers:…"
        raise YaosuError("runs_choice", {"name": "lever", "found": lever, "expected": expected})
    Dial(kind, name, np.ones(1), 0, 1.0).at(1.0).apply(network.process)
    if kind == "speed":
        values = _steps(SPEEDS[0] if low is None else low, SPEEDS[1] if high is None else high, tolerance)
        return _starting(Dial(kind, name, values, 0, UNLIMITED), 1.0)
    desks = [desk for desk in network.desks if desk.office.every is None and _named(desk, name)]
    if not desks:
        raise YaosuError("seek_no_reviewers", {"found": name or lever})
    enough = float(max(len(network.project), 1))  # nobody ever waits
    if name:
        values = _whole(1.0 if low is None else low, enough if high is None else high)
        return _starting(Dial(kind, name, values, 0, enough), float(max(desk.staff[0][1] for desk in desks)))
    values = _factors(desks, 0.0 if low is None else low, FACTOR if high is None else high)
    return _starting(Dial(kind, name, values, 0, enough), 1.0)


def _named(desk: Desk, name: str) -> bool:
    """Whether a name means a desk: that of its office, of its office in a region, or its own."""
    whole = f"{desk.office.name}/{desk.place}" if desk.place else desk.office.name
    return not name or whole == name or whole.startswith(f"{name}/")


def _steps(low: float, high: float, tolerance: float) -> Floats:
    """Multiples of the tolerance within bounds."""
    if not (tolerance > 0 and math.isfinite(tolerance)):
        raise YaosuError("seek_tolerance", {"found": f"{tolerance:g}"})
    return np.asarray(np.round(_whole(max(low / tolerance, 1.0), high / tolerance) * tolerance, 12))


def _whole(low: float, high: float) -> Floats:
    return np.arange(max(math.ceil(low - 1e-9), 0), math.floor(high + 1e-9) + 1, dtype=np.float64)


def _factors(desks: list[Desk], low: float, high: float) -> Floats:
    """The factors at which some number of reviewers becomes another: whole numbers over those of today."""
    numbers = {number for desk in desks for _, number in desk.staff if number > 0}
    parts = [_whole(max(low * number, 1.0), high * number) / number for number in sorted(numbers)]
    return np.asarray(np.unique(np.round(np.concatenate([np.zeros(0), *parts]), 12)))


def _starting(made: Dial, start: float) -> Dial:
    """The same with its start.

    Raises
    ------
    YaosuError
        There is no value at all.
    """
    if not len(made.values):
        raise YaosuError("seek_bounds")
    return replace(made, start=int(np.abs(made.values - start).argmin()))
