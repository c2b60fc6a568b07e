"""Where one more reviewer is worth most: starts gained, office by office (MODEL 4.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.errors import YaosuError
from simulation.cohort import Cohort, Over, View
from simulation.draws import Draws, draw
from simulation.experiment import Progress
from simulation.intervals import mean_of
from simulation.levers import Scenario
from simulation.measures import Day
from simulation.network import Desk, Network
from simulation.process import Process
from simulation.records import Records
from simulation.run import Engine, engine_of, horizon, prepare
from simulation.runtables import offices
from simulation.target import Goal, counted

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
DESK = ("reviewers", "utilisation", "mean_wait", "visits")
COLUMNS = (
    "office", "region", "desks", "reviewers", "starts_gained", "low", "high", "share_gained", "utilisation",
    "mean_wait",
)  # fmt: skip


def marginal(
    projects: pd.DataFrame, process: Process, *, by: Day, scenario: Scenario | None = None, add: int = 1,
    by_desk: bool = True, over: Over = "planned", where: str = "", weight: str | None = None, confidence: float = 0.95,
    replications: int = 100, seed: int = 1, jobs: int = -1, engine: Engine = "fast", progress: Progress | None = None,
) -> pd.DataFrame:  # fmt: skip
    """What one more reviewer gains at each office, or at each of its desks (4.9).

    Parameters
    ----------
    projects : DataFrame
    process : Process
    by : day
        Starts until then are counted: a day number, or a date at its end.
    scenario : Scenario, optional
        The levers that are moved in any case.
    add : int
        Reviewers added, at all times; the gain is stated per added reviewer.
    by_desk : bool
        One row for each desk (office and place), or one for each office, with reviewers added at all of its desks.
    over, where, weight
        Who counts, as in `simulation.runs.Runs.curve`; with a weight the gain is in its unit.
    confidence : float
    replications, seed, jobs, engine
        As in `simulation.experiment.experiment`.
    progress : callable, optional
        Called with the replications done and all of them.

    Returns
    -------
    DataFrame
        Best first: ``office``, ``region`` (the place, ``region/county`` for counties; blank by office), ``desks``,
        ``reviewers`` (of all these desks, on average over the working days up to the day), ``starts_gained`` (per added
        reviewer, mean over replications) with ``low, high`` (its interval, paired by replication, Student's t),
        ``share_gained`` (the same as a share of all that count), ``utilisation`` and ``mean_wait`` (days per visit, as
        it is). Offices that decide at meetings have no reviewers and no row.

    Raises
    ------
    InputError
        With the faults of projects, process or levers.
    YaosuError
        Nobody counts by then, or nobody is added.

    Notes
    -----
    In a replication in which there are at no moment more applications at a desk than reviewers, an added one finds
    nothing to do: every application is taken up the moment it comes and none is put down, so that each event comes as
    it did. The gain is zero then, exactly, and nothing is simulated. Applications that leave in the very moment in
    which others come are taken to be there together. Where it is simulated, the draws are the same.

    Examples
    --------
    >>> from simulation import Office, Stage
    >>> steps = [Stage("plan", office="north", work=2), Stage("permit", office="south", work=1, after="plan")]
    >>> made = Process(steps, [Office("north"), Office("south")])
    >>> table = pd.DataFrame({"id": ["a", "b", "c", "d"], "ready": [0.0, 0.0, 0.0, 0.0]})
    >>> found = marginal(table, made, by=5, replications=2, jobs=1, engine="simpy")
    >>> found[["office", "starts_gained", "low", "high"]].to_records(index=False).tolist()
    [('north', 1.0, 1.0, 1.0), ('south', 0.0, 0.0, 0.0)]
    """
    for name, least, given in (("add", 1, add), ("replications", 2, replications)):
        if given < least:
            raise YaosuError("runs_least", {"name": name, "expected": str(least), "found": str(given)})
    network = prepare(projects, process, scenario)
    goal = Goal(1.0, horizon(by, network.process), confidence=confidence)
    cohort = counted(network, View(over, weight, None, where, confidence), goal.day)
    trial = _Trial(network, cohort, goal, _groups(network, by_desk), by_desk, add, seed, engine)
    tasks = (joblib.delayed(trial.run)(number) for number in range(replications))
    found: list[_Replication] = []
    for one in joblib.Parallel(n_jobs=jobs, return_as="generator")(tasks):
        found.append(one)
        if progress is not None:
            progress(len(found), replications)
    return trial.table(found)


def _groups(network: Network, by_desk: bool) -> list[list[int]]:
    """Desks with reviewers, one by one or office by office."""
    desks = [desk for desk in network.desks if desk.office.every is None]
    groups: dict[tuple[str, str], list[int]] = {}
    for desk in desks:
        groups.setdefault((desk.office.name, desk.place if by_desk else ""), []).append(desk.number)
    return list(groups.values())


def _added(desk: Desk, add: int) -> Desk:
    """A desk with more reviewers at all times."""
    return replace(desk, staff=tuple((day, number + add) for day, number in desk.staff))


def crowded(network: Network, kept: Records) -> Bools:
    """Desks at which there ever were more applications at once than reviewers.

    The moments of coming and leaving both count, and of numbers of reviewers that change the least.

    Returns
    -------
    array of bool, one per desk
    """
    desk = np.repeat(network.desk, kept.drawn.counts)
    here = np.flatnonzero(np.isfinite(kept.queued) & (desk >= 0))
    desk, come = desk[here], kept.queued[here]
    ended = kept.ended[np.repeat(network.project, kept.drawn.counts)[here]]
    left = np.fmin(np.where(np.isnan(kept.decided[here]), np.inf, kept.decided[here]), ended)
    desk, step = np.concatenate([desk, desk]), np.repeat([1, -1], len(here))
    order = np.lexsort((-step, np.concatenate([come, left]), desk))
    present = np.cumsum(step[order])  # every desk ends at none
    most = np.zeros(len(network.desks), dtype=np.int64)
    np.maximum.at(most, desk[order], present)
    return np.asarray(most > [min(number for _, number in one.staff) for one in network.desks], dtype=bool)


@dataclass(frozen=True, eq=False)
class _Replication:
    """What one replication shows: the starts gained by each group, and the desks as they are."""

    gained: Floats
    desks: pd.DataFrame


@dataclass(frozen=True, eq=False)
class _Trial:
    """Every group of desks with more reviewers, in one replication after the other."""

    network: Network
    cohort: Cohort
    goal: Goal
    groups: Sequence[Sequence[int]]
    by_desk: bool
    add: int
    seed: int
    engine: Engine

    def run(self, number: int) -> _Replication:
        """One replication of the process as it is, and of each change that can change anything."""
        drawn = draw(self.network, self.seed, number)
        kept = engine_of(self.engine)(self.network, drawn, self.goal.cut)
        busy, started = crowded(self.network, kept), self._started(kept)
        gained = np.zeros(len(self.groups))
        for place, group in enumerate(self.groups):
            if busy[list(group)].any():
                gained[place] = self._started(self._with(group, drawn)) - started
        desks = offices(self.network, kept, float(self.network.entry.min()))
        return _Replication(gained, desks[list(DESK)])

    def _with(self, group: Sequence[int], drawn: Draws) -> Records:
        """The same replication with more reviewers at some desks."""
        desks = [_added(desk, self.add) if desk.number in group else desk for desk in self.network.desks]
        return engine_of(self.engine)(replace(self.network, desks=desks), drawn, self.goal.cut)

    def _started(self, kept: Records) -> float:
        """Weight of those that have started in time."""
        return float(self.cohort.weight[kept.started[self.cohort.rows] <= self.goal.day].sum())

    def table(self, found: Sequence[_Replication]) -> pd.DataFrame:
        """One row per group, best first."""
        each = np.array([one.gained for one in found]) / self.add
        state = {name: np.array([one.desks[name] for one in found], dtype=np.float64) for name in DESK}
        rows = []
        for place, group in enumerate(self.groups):
            first, at = self.network.desks[group[0]], list(group)
            mean, half = (float(one) for one in mean_of(each[:, place] / len(group), self.goal.confidence))
            rows.append((
                first.office.name, first.place if self.by_desk else "", len(group),
                float(state["reviewers"][:, at].sum(axis=1).mean()), mean, mean - half, mean + half,
                mean / self.cohort.total, _weighted(state["utilisation"][:, at], state["reviewers"][:, at]),
                _weighted(state["mean_wait"][:, at], state["visits"][:, at]),
            ))  # fmt: skip
        made = pd.DataFrame(rows, columns=list(COLUMNS))
        keys = ["starts_gained", "mean_wait", "office", "region"]
        return made.sort_values(keys, ascending=[False, False, True, True], ignore_index=True)


def _weighted(values: Floats, weight: Floats) -> float:
    """A weighted mean of what is known; NaN without."""
    known = np.isfinite(values) & (weight > 0)
    return float(np.average(values[known], weights=weight[known])) if known.any() else np.nan
