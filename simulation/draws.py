"""Everything random in one replication, drawn at once and keyed as in MODEL 4.5; both engines take the same arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.distributions import as_distribution
from simulation.measures import Times
from simulation.network import Bools, Floats, Ints, Network
from simulation.process import Stage
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


def _happens(share: float, chance: Streams, key: Keys, stream: str, visit: int = 0) -> Bools:
    """Whether something of a probability happens, for each key."""
    return chance.uniform(key, stream, visit) < share if share > 0 else np.zeros(len(key), dtype=bool)


def _visits(network: Network, chance: Streams, year: float) -> dict[str, Any]:
    """Chains of visits, stage by stage."""
    process, pairs = network.process, len(network.project)
    again = np.zeros(pairs, dtype=bool)
    counts, extra = np.zeros(pairs, np.int64), np.zeros(pairs, np.int64)
    results: list[tuple[Ints, int, Ints]] = []
    prepare = np.zeros(pairs)
    for number, stage in enumerate(process.stages):
        rows = np.flatnonzero(network.stage == number)
        key = network.keys[network.project[rows]]
        prepare[rows] = _values(stage.prepare, chance, key, f"prepare:{stage.name}") * year
        if process.deferral is not None and process.deferral.default > 0:
            again[rows] = _happens(process.deferral.default, chance, key, f"default:{stage.name}")
        _chain(stage, chance, rows, key, counts, results)
        second = rows[again[rows]]
        if len(second):
            _chain(stage, chance, second, network.keys[network.project[second]], extra, results, counts)
    both = counts + extra
    ends = np.cumsum(both)
    first = ends - both
    made = _blank(int(ends[-1]) if pairs else 0)
    for rows, visit, result in results:
        made["result"][first[rows] + visit] = result
        made["visit"][first[rows] + visit] = visit
    _durations(network, chance, year, np.repeat(np.arange(pairs), both), made)
    second_chain = np.where(again, first + counts, -1)
    return {"first": first, "again": second_chain, "counts": both, "prepare": prepare, **made}


def _blank(size: int) -> dict[str, Any]:
    times = {name: np.zeros(size) for name in ("work", "filing", "correction", "elapsed")}
    return {**times, "result": np.zeros(size, np.int64), "visit": np.zeros(size, np.int64)}


def _chain(
    stage: Stage,
    chance: Streams,
    rows: Ints,
    key: Keys,
    counts: Ints,
    results: list[tuple[Ints, int, Ints]],
    before: Ints | None = None,
) -> None:
    """Visits of one stage until each pair is through; a second chain numbers on from the first.

    The results of a second chain are listed pair by pair, since its pairs do not stand at the same visit.
    """
    starts = np.zeros(len(rows), np.int64) if before is None else before[rows]
    left, visit = np.arange(len(rows)), 0
    while len(left):
        at = starts[left] + visit
        for value in np.unique(at):
            here = left[at == value]
            result = _results(stage, chance, key[here], int(value))
            results.append((rows[here], int(value), result))
            counts[rows[here]] += 1
            at[at == value] = np.where(result == RETURNED, -1, -2)
        left = left[at == -1]
        visit += 1


def _results(stage: Stage, chance: Streams, key: Keys, visit: int) -> Ints:
    """What becomes of each application at one visit."""
    made = np.full(len(key), PASSED, dtype=np.int64)
    returned = _happens(stage.returns, chance, key, f"returns:{stage.name}", visit)
    made[_happens(stage.refuses, chance, key, f"refuses:{stage.name}", visit) & ~returned] = REFUSED
    made[returned] = RETURNED
    made[returned & _happens(stage.withdraws, chance, key, f"withdraws:{stage.name}", visit)] = WITHDRAWN
    return made


def _durations(network: Network, chance: Streams, year: float, pair: Ints, made: dict[str, Any]) -> None:
    """Working days, filing, correction and elapsed days of every visit."""
    stage, key = network.stage[pair], network.keys[network.project[pair]]
    for number, one in enumerate(network.process.stages):
        rows = np.flatnonzero(stage == number)
        visit = np.asarray(made["visit"][rows], dtype=np.int64)
        returned = made["result"][rows] == RETURNED
        for name, factor in (("work", year), ("filing", 1.0), ("correction", year), ("elapsed", 1.0)):
            times: Times = getattr(one, name)
            here, visits = (rows[returned], visit[returned]) if name == "correction" else (rows, visit)
            made[name][here] = _values(times, chance, key[here], f"{name}:{one.name}", visits) * factor


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
