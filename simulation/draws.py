"""Everything random in one replication, drawn at once and keyed as in MODEL 4.5; both engines take the same arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.distributions import as_distribution
from simulation.measures import Times
from simulation.network import Bools, Floats, Ints, Network
from simulation.streams import Streams, keys

PASSED, RETURNED, REFUSED, WITHDRAWN = 0, 1, 2, 3
NEVER = np.iinfo(np.int64).max
Keys = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Draws:
    """What chance decides, before anything has happened.

    A pair (a project at a stage) has a chain of visits, each of them returned but the last; where deferral is on, pairs
    whose promise will be broken have a second chain.

    Attributes
    ----------
    first, again : arrays of int, one per pair
        Place of the first visit of the chain and of the second chain (-1 without).
    counts : array of int, one per pair
        Visits of both chains.
    prepare : array, one per pair
        Days of the applicant before the first visit.
    work, filing, correction, elapsed : arrays, one per visit
        ``correction``: 0 where the visit is not returned.
    result : array of int, one per visit
        PASSED, RETURNED, REFUSED or WITHDRAWN.
    visit : array of int, one per visit
        0 for the first of a pair, then 1, 2 ...
    patience : array, one per project
    problem : array of int, one per problem that arises
        Which problem of the process it is.
    holder, blocked : arrays of int, one per problem that arises
        Its project, and the pair that it blocks (-1: the start).
    own, call : arrays, one per problem that arises
        Days of the project's own efforts and of the hotline.
    called : array of bool, meetings : array of int, seen : array of bool
        Whether the hotline solves it; at which of the meetings it is brought before it is solved; whether a team does.
    travel : array, one per project that teams visit
        Working days on the way and there.
    """

    first: Ints
    again: Ints
    counts: Ints
    prepare: Floats
    work: Floats
    filing: Floats
    correction: Floats
    elapsed: Floats
    result: Ints
    visit: Ints
    patience: Floats
    problem: Ints
    holder: Ints
    blocked: Ints
    own: Floats
    call: Floats
    called: Bools
    meetings: Ints
    seen: Bools
    travel: Floats


def draw(network: Network, seed: int, replication: int) -> Draws:
    """Draw all that is random in one replication (4.5).

    Parameters
    ----------
    network : Network
    seed, replication : int

    Returns
    -------
    Draws
    """
    chance = Streams(seed, replication)
    year = 1.0
    if network.process.year is not None:
        year = float(_values(network.process.year, chance, keys(["year"]), "year")[0])
    return Draws(**_visits(network, chance, year), **_problems(network, chance, year), **_others(network, chance))


def _values(times: Times, chance: Streams, key: Keys, stream: str, visit: int | Ints = 0) -> Floats:
    """A value for each key."""
    spread = as_distribution(times)
    if spread.family == "fixed":
        return np.full(len(key), spread.mean)
    return spread.ppf(chance.uniform(key, stream, visit))


def _visits(network: Network, chance: Streams, year: float) -> dict[str, Any]:
    """Chains of visits of all pairs."""
    every, size = np.arange(len(network.project)), len(network.project)
    pairs = _Drawn(network, chance, every, np.zeros(size, np.int64))
    again = np.zeros(size, dtype=bool)
    if network.process.deferral is not None:
        again = pairs.happens("default", [network.process.deferral.default] * len(network.process.stages))
    results: list[tuple[Ints, Ints, Ints]] = []
    counts = _chain(network, chance, every, np.zeros(size, np.int64), results)
    both = counts + _chain(network, chance, np.flatnonzero(again), counts, results)
    ends = np.cumsum(both)
    first = ends - both
    result, visit = (np.zeros(both.sum(), np.int64) for _ in range(2))
    for rows, at, one in results:
        result[first[rows] + at], visit[first[rows] + at] = one, at
    visits = _Drawn(network, chance, np.repeat(every, both), visit)
    correction, back = np.zeros(len(visit)), np.flatnonzero(result == RETURNED)
    correction[back] = _Drawn(network, chance, visits.rows[back], visit[back]).times("correction") * year
    return {
        "first": first, "again": np.where(again, first + counts, -1), "counts": both,
        "prepare": pairs.times("prepare") * year, "work": visits.times("work") * year,
        "filing": visits.times("filing"), "correction": correction, "elapsed": visits.times("elapsed"),
        "result": result, "visit": visit,
    }  # fmt: skip


def _chain(network: Network, chance: Streams, rows: Ints, first: Ints, results: list[tuple[Ints, Ints, Ints]]) -> Ints:
    """Visits of some pairs until each is through, numbered from `first` on; how many each of all pairs has."""
    counts, visit = np.zeros(len(first), np.int64), first[rows]
    while len(rows):
        result = _results(_Drawn(network, chance, rows, visit))
        results.append((rows, visit, result))
        counts[rows] += 1
        back = result == RETURNED
        rows, visit = rows[back], visit[back] + 1
    return counts


class _Drawn:
    """What is drawn for pairs at one visit of each, for all stages at once.

    Parameters
    ----------
    network : Network
    chance : Streams
    rows, visit : arrays of int
        The pairs of the network, and the number of the visit.
    """

    def __init__(self, network: Network, chance: Streams, rows: Ints, visit: Ints) -> None:
        self.stages, self.chance, self.rows, self.visit = network.process.stages, chance, rows, visit
        self.stage, self.key = network.stage[rows], network.keys[network.project[rows]]

    def times(self, what: str) -> Floats:
        """How long something takes at each."""
        spreads = [as_distribution(getattr(stage, what)) for stage in self.stages]
        made = np.array([spread.mean for spread in spreads])[self.stage]
        kinds = {spread: number for number, spread in enumerate(spreads) if spread.family != "fixed"}
        kind = np.array([kinds.get(spread, -1) for spread in spreads])[self.stage]
        rows = np.flatnonzero(kind >= 0)
        unit, kind = self._uniform(what, rows), kind[rows]
        for spread, number in kinds.items():
            here = kind == number
            made[rows[here]] = spread.ppf(unit[here])
        return made

    def happens(self, what: str, shares: list[float] | None = None) -> Bools:
        """Whether something happens at each, of the probability that the stage states or of another."""
        stated = [getattr(stage, what) for stage in self.stages] if shares is None else shares
        share, made = np.array(stated)[self.stage], np.zeros(len(self.rows), dtype=bool)
        rows = np.flatnonzero(share > 0)
        made[rows] = self._uniform(what, rows) < share[rows]
        return made

    def _uniform(self, what: str, rows: Ints) -> Floats:
        if not len(rows):
            return np.zeros(0)
        begun = self.chance.begun(f"{what}:{stage.name}" for stage in self.stages)
        return self.chance.uniform(self.key[rows], begun[self.stage[rows]], self.visit[rows])


def _results(drawn: _Drawn) -> Ints:
    """What becomes of each application."""
    made = np.full(len(drawn.rows), PASSED, dtype=np.int64)
    returned = drawn.happens("returns")
    made[drawn.happens("refuses") & ~returned] = REFUSED
    made[returned] = RETURNED
    made[returned & drawn.happens("withdraws")] = WITHDRAWN
    return made


def _problems(network: Network, chance: Streams, year: float) -> dict[str, Any]:
    """The problems that arise, and what solves each."""
    made = [_arising(network, chance, year, number) for number in range(len(network.process.problems))]
    return {
        name: np.concatenate([np.zeros(0, kind), *(one[name] for one in made)]).astype(kind)
        for name, kind in _PROBLEM.items()
    }


def _arising(network: Network, chance: Streams, year: float, number: int) -> dict[str, Any]:
    """The problems of one kind that arise."""
    process, problem = network.process, network.process.problems[number]
    rows = network.problems[number]
    blocked = _blocked(network, rows, problem.blocks)
    if problem.blocks:
        rows, blocked = rows[blocked >= 0], blocked[blocked >= 0]
    count = _poisson(problem.mean * year, chance.uniform(network.keys[rows], f"problems:{problem.name}"))
    holder, blocked = np.repeat(rows, count), np.repeat(blocked, count)
    size, key = len(holder), network.keys[holder]
    place = np.arange(size) - np.repeat(np.cumsum(count) - count, count)

    def unit(what: str) -> Floats:
        return chance.uniform(key, f"{what}:{problem.name}", place)

    made: dict[str, Any] = {
        "problem": np.full(size, number), "holder": holder, "blocked": blocked,
        "own": as_distribution(problem.own).ppf(unit("own")) * year,
        "call": np.full(size, np.inf), "called": np.zeros(size, dtype=bool), "meetings": np.full(size, NEVER),
        "seen": np.zeros(size, dtype=bool),
    }  # fmt: skip
    if process.hotline is not None and problem.hotline:
        made["call"] = as_distribution(process.hotline.time).ppf(unit("call"))
        made["called"] = unit("hotline") < process.hotline.rate
    if process.dispatch is not None and problem.dispatch:
        made["meetings"] = _geometric(process.dispatch.rate, unit("dispatch"))
    if process.teams is not None and problem.teams:
        made["seen"] = unit("teams") < process.teams.rate
    return made


_PROBLEM = {
    "problem": np.int64, "holder": np.int64, "blocked": np.int64, "own": np.float64, "call": np.float64,
    "called": np.bool_, "meetings": np.int64, "seen": np.bool_,
}  # fmt: skip


def _blocked(network: Network, rows: Ints, stage: str) -> Ints:
    """The pair of each project at a stage; -1 where it does not pass it, or where the start is meant."""
    made = np.full(len(network.ids), -1, dtype=np.int64)
    if stage:
        number = [one.name for one in network.process.stages].index(stage)
        pairs = np.flatnonzero(network.stage == number)
        made[network.project[pairs]] = pairs
    return made[rows]


def _poisson(mean: float, unit: Floats) -> Ints:
    """Poisson counts by inversion.

    >>> _poisson(0.5, np.array([0.5, 0.7, 0.999])).tolist()
    [0, 1, 4]
    """
    made, count, chance, total = np.zeros(len(unit), np.int64), 0, np.exp(-mean), np.exp(-mean)
    while (unit >= total).any() and chance > 0:
        made += unit >= total
        count += 1
        chance *= mean / count
        total += chance
    return made


def _geometric(rate: float, unit: Floats) -> Ints:
    """At which try something of a probability succeeds first; `NEVER` where it cannot.

    >>> _geometric(0.5, np.array([0.3, 0.7, 0.9])).tolist()
    [1, 2, 4]
    """
    if rate <= 0:
        return np.full(len(unit), NEVER)
    if rate >= 1:
        return np.ones(len(unit), np.int64)
    tries: Ints = np.clip(np.ceil(np.log1p(-unit) / np.log1p(-rate)), 1, 1e18).astype(np.int64)
    return tries


def _others(network: Network, chance: Streams) -> dict[str, Any]:
    """Patience of the projects, and the ways of the service teams."""
    process, travel = network.process, np.zeros(len(network.visited))
    patience = np.full(len(network.ids), np.inf)
    if process.patience is not None:
        patience = _values(process.patience, chance, network.keys, "patience")
    if process.teams is not None:
        key = network.keys[network.visited]
        travel = _values(process.teams.travel, chance, key, "travel") + _values(
            process.teams.visit, chance, key, "team visit"
        )
    return {"patience": patience, "travel": travel}
