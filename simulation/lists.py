"""A network as plain lists, which Python reads sooner than arrays: made once for all replications, changed by none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from simulation.timeline import FastClock

if TYPE_CHECKING:
    from simulation.network import Network


class Lists:
    """What the SimPy engine reads of a network.

    Parameters
    ----------
    network : Network

    Attributes
    ----------
    base, pattern, coming : lists, one for each project
        ``coming``: the projects in the order of their entry.
    project, rank, desk, deferrable, earliest, limit, after_grant : lists, one for each pair
        ``limit``: with its extension; infinite where there is none.
    before, positions_after : lists, one for each pair
        How many stages come before it; positions, among the stages of its project, of those after it.
    official, presence : FastClock
    """

    def __init__(self, network: Network) -> None:
        patterns, kinds, stages = network.patterns, network.pattern.tolist(), network.process.stages
        self.base: list[int] = network.base.tolist()
        self.pattern = [patterns[kind] for kind in kinds]
        self.coming: list[int] = np.argsort(network.entry, kind="stable").tolist()
        self.project: list[int] = network.project.tolist()
        self.rank: list[int] = network.rank[network.project].tolist()
        self.desk: list[int] = network.desk.tolist()
        self.deferrable: list[bool] = network.deferrable.tolist()
        self.earliest: list[float] = network.earliest.tolist()
        limits = [math.inf if one.limit is None else one.limit + one.extension for one in stages]
        self.limit: list[float] = np.array(limits)[network.stage].tolist()
        self.after_grant: list[bool] = np.array([one.after_grant for one in stages])[network.stage].tolist()
        before = [[len(one) for one in pattern.before] for pattern in patterns]
        self.before = [number for kind in kinds for number in before[kind]]
        self.positions_after = [positions for kind in kinds for positions in patterns[kind].after]
        self.official, self.presence = FastClock(network.official), FastClock(network.presence)
