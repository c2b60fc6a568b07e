"""What a run writes down: days of projects, visits and problems, as arrays in the order of the network."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulation.draws import Draws
from simulation.network import Floats, Ints, Network

STARTED, REFUSED, WITHDRAWN, ABANDONED, UNDER_WAY = 0, 1, 2, 3, 4
OUTCOMES = ("started", "refused", "withdrawn", "abandoned", "under way")
RESULTS = ("passed", "returned", "refused", "withdrawn", "full", "default", "cut")
RETURN, FULL, DEFAULT, CUT = 1, 4, 5, 6
HELPERS = ("own", "hotline", "dispatch", "teams")
OWN, HOTLINE, DISPATCH, TEAMS = 0, 1, 2, 3


@dataclass(frozen=True, eq=False)
class Records:
    """One run; days are NaN where something did not happen.

    Attributes
    ----------
    approved, granted, started, ended, visited : arrays, one per project
        ``ended``: refused, withdrawn or abandoned. ``visited``: by a service team.
    outcome : array of int, one per project
    queued, begun, decided, waited, worked, clock : arrays, one per visit
        ``waited`` in days, ``worked`` in working days, ``clock``: working days that the office had the stage so far.
    result : array of int, one per visit
    raised, called, met, resolved : arrays, one per problem
        ``called``: the hotline answered. ``met``: first brought before a meeting.
    by : array of int, one per problem
        Who solved it; -1 for nobody.
    end : float
        Day of the last event, or the day on which the run was cut.
    drawn : Draws
        What chance had decided.
    """

    approved: Floats
    granted: Floats
    started: Floats
    ended: Floats
    visited: Floats
    outcome: Ints
    queued: Floats
    begun: Floats
    decided: Floats
    waited: Floats
    worked: Floats
    clock: Floats
    result: Ints
    raised: Floats
    called: Floats
    met: Floats
    resolved: Floats
    by: Ints
    end: float
    drawn: Draws = field(repr=False)


def last_day(*days: NDArray[np.float64]) -> float:
    """The last day on which anything happened."""
    return float(max((np.nanmax(one) for one in days if len(one) and np.isfinite(one).any()), default=0.0))


def clock(network: Network, draws: Draws, queued: Floats, decided: Floats) -> Floats:
    """Working days that the office had a stage up to each decision, in the order in which they were counted."""
    made = network.official.work(decided) - network.official.work(queued)
    first = draws.visit == 0
    first[draws.again[draws.again >= 0]] = True
    later = np.flatnonzero(~first)
    later = later[np.argsort(draws.visit[later], kind="stable")]
    for rows in np.split(later, np.flatnonzero(np.diff(draws.visit[later])) + 1):
        made[rows] += made[rows - 1]
    return made
