"""The least review speed, or number of reviewers, that reaches a target share by a date (MODEL 4.9)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.errors import YaosuError
from simulation.binding import Way, ways
from simulation.cohort import Cohort, Over, View
from simulation.dial import Dial, dial
from simulation.draws import draw
from simulation.experiment import Progress, experiment
from simulation.intervals import mean_of
from simulation.levers import Scenario
from simulation.measures import Day
from simulation.network import Network
from simulation.process import Process
from simulation.run import Engine, engine_of, horizon, prepare
from simulation.runs import Arm
from simulation.sought import BINDS, WAITS, Sought
from simulation.store import Store
from simulation.target import Goal, Of, Point, counted
from simulation.waits import waits

Floats = NDArray[np.float64]


def seek(
    projects: pd.DataFrame, process: Process, *, by: Day, target: float = 0.95, lever: str = "speed",
    scenario: Scenario | None = None, over: Over = "planned", where: str = "", weight: str | None = None,
    confidence: float = 0.95, of: Of = "replications", low: float | None = None, high: float | None = None,
    tolerance: float = 0.01, others: Mapping[str, Scenario] | None = None, replications: int = 100, seed: int = 1,
    jobs: int = -1, engine: Engine = "fast", store: str | Path | Store | None = None, progress: Progress | None = None,
) -> Sought:  # fmt: skip
    """Seek the least value of a lever with which a share of the projects has started by a date (4.9).

    Parameters
    ----------
    projects : DataFrame
    process : Process
    by : day
        A day number, or a date at its end.
    target : float
        The share that is to have started.
    lever : str
        ``speed`` (a factor on the speed of all reviews), ``speed:NAME`` (of a stage, office or level), ``reviewers`` (a
        factor on the reviewers of all offices, rounded up), ``reviewers:OFFICE`` (the number at each desk of an office;
        ``OFFICE/region`` and ``OFFICE/region/county`` name those of one place).
    scenario : Scenario, optional
        Levers that are moved in any case. The sought one is moved on top of them: speed 1 is that of the scenario.
    over, where, weight
        Who counts, as in `simulation.runs.Runs.curve`.
    confidence : float
    of : {"replications", "mean"}
        What is to reach the target with the stated confidence. "replications": a year like this one; at least that
        share of the replications reaches it. "mean": the mean over replications, by its lower limit (one-sided,
        Student's t). A plan is for one year, and years differ: where only the mean reaches the target, some half of the
        years miss it. That is why "replications" is the default.
    low, high : float, optional
        Values to search between. Without them speeds from 0.1 to 100, all reviewers up to 20 times, an office from one
        reviewer without limit.
    tolerance : float
        Step of speeds.
    others : mapping, optional
        Further levers to be tried where the target is out of reach.
    replications, seed, jobs, engine, store
        As in `simulation.experiment.experiment`. All values are tried with the same draws; a store takes up a search
        where it was stopped.
    progress : callable, optional
        Called with the replications done, and with those known to be needed so far.

    Returns
    -------
    Sought

    Raises
    ------
    InputError
        With the faults of projects, process or levers.
    YaosuError
        A choice that does not exist, a share not between 0 and 1, or nobody who counts by then.

    Notes
    -----
    The lever is first tried without limit (a speed of 1e9, more reviewers than applications). Where neither that nor
    the process as it is reaches the target, no value is taken to. Else the least value is found by bisection between
    one that reaches it and one that does not. That the share rises with the lever is likely and not certain: offices
    share projects, and a faster one may send them to the next in a worse order. The values beside the one found are
    therefore tried too, and ``steady`` says whether all values tried above it reach the target and none below does.

    Examples
    --------
    >>> from simulation import Office, Stage
    >>> desk = Process([Stage("review", office="desk", work=2, elapsed=1)], [Office("desk")])
    >>> table = pd.DataFrame({"id": ["a", "b", "c", "d"], "ready": [0.0, 0.0, 0.0, 0.0]})
    >>> found = seek(table, desk, by=5, target=0.75, replications=2, jobs=1, engine="simpy")
    >>> found.reached, found.value, found.share
    (True, 1.5, 0.75)
    >>> seek(table, desk, by=1, target=0.75, replications=2, jobs=1, engine="simpy").binding
    'elapsed'
    """
    if replications < 2:
        raise YaosuError("runs_least", {"name": "replications", "expected": "2", "found": str(replications)})
    if scenario is not None and scenario.regime:
        raise YaosuError("loop_case", {"regime": scenario.regime})
    base = process if scenario is None else scenario.apply(process)
    network, view = prepare(projects, base), View(over, weight, None, where, confidence)
    moved = dial(lever, network, low, high, tolerance)
    goal = Goal(target, horizon(by, base), of, confidence)
    limit = moved.at(moved.limit).apply(base)
    more = ways(limit, moved, others or {})
    bench = _Bench(projects, base, counted(network, view, goal.day), goal, replications, seed, jobs, engine, store,
                   progress)  # fmt: skip
    search = _Search(moved, bench)
    value = search.least()
    hopeless = math.isnan(value) and not search.limit.reaches
    return Sought(
        moved.lever, goal, view, base, seed, (float(moved.values[0]), float(moved.values[-1])), value, search.limit,
        tuple(search.tried[place] for place in sorted(search.tried)),
        bench.binds(search.limit_shares, more) if hopeless else pd.DataFrame(columns=list(BINDS)),
        bench.waits(limit, search.limit_shares.index.tolist()) if hopeless else pd.DataFrame(columns=list(WAITS)),
    )  # fmt: skip


@dataclass(eq=False)
class _Bench:
    """Tries processes, all with the same draws.

    Attributes
    ----------
    done : int
        Replications so far.
    """

    projects: pd.DataFrame
    base: Process
    cohort: Cohort
    goal: Goal
    replications: int
    seed: int
    jobs: int
    engine: Engine
    store: str | Path | Store | None
    progress: Progress | None
    done: int = field(default=0)

    def shares(self, processes: Sequence[Process]) -> list[pd.Series]:
        """The share that has started in time, by number of the replication; of those that failed there is none."""
        names = {str(place): Arm(self.projects, process) for place, process in enumerate(processes)}
        before, told = self.done, self.progress

        def tell(done: int, all_of_them: int) -> None:
            self.done = before + all_of_them
            if told is not None:
                told(before + done, before + all_of_them)

        runs = experiment(
            self.projects, self.base, names, replications=self.replications, seed=self.seed, jobs=self.jobs,
            engine=self.engine, until=self.goal.cut, store=self.store, progress=tell,
        )  # fmt: skip
        day = np.array([self.goal.day])
        return [
            pd.Series(self.cohort.shares(runs.outcomes_of(name), day)[:, 0], index=list(runs.numbers(name)))
            for name in names
        ]

    def binds(self, limit: pd.Series, more: Sequence[Way]) -> pd.DataFrame:
        """What each further change makes of the share where the lever has no limit, best first; see `Sought.binds`."""
        rows = []
        for way, shares in zip(more, self.shares([way.process for way in more]), strict=True):
            point = self.goal.point(math.nan, shares.to_numpy())
            gain, half = mean_of((shares - limit).dropna().to_numpy(), self.goal.confidence)
            rows.append((way.name, way.kind, point.share, point.low, point.high, point.chance, float(gain),
                         float(gain - half), float(gain + half), point.reaches))  # fmt: skip
        return pd.DataFrame(rows, columns=list(BINDS)).sort_values(
            ["share", "kind", "name"], ascending=[False, True, True], ignore_index=True
        )

    def waits(self, limit: Process, numbers: Sequence[int]) -> pd.DataFrame:
        """What those that have not started wait for; see `Sought.waits`."""
        network = prepare(self.projects, limit)
        task = joblib.delayed(_waiting)
        parts = joblib.Parallel(n_jobs=self.jobs)(
            task(network, self.seed, number, self.engine, self.goal.cut, self.cohort) for number in numbers
        )
        sums = pd.concat(parts).groupby(level=[0, 1]).sum() / (len(numbers) * self.cohort.total)
        found = sums.rename("share").rename_axis(["waits_for", "name"]).reset_index()
        order = found.sort_values(["share", "waits_for", "name"], ascending=[False, True, True], ignore_index=True)
        return pd.DataFrame(order)


def _waiting(network: Network, seed: int, number: int, engine: Engine, cut: float, cohort: Cohort) -> pd.Series:
    """The weight of the projects that wait for each thing in one replication."""
    table = waits(network, engine_of(engine)(network, draw(network, seed, number), cut))
    weight = np.zeros(len(network.ids))
    weight[cohort.rows] = cohort.weight
    held: pd.Series = table["part"] * weight[table["project"].to_numpy(dtype=np.int64)]
    return pd.Series(held[held > 0].groupby([table["waits_for"], table["name"]]).sum())


class _Search:
    """Bisection over the values of a lever.

    Attributes
    ----------
    limit : Point
    tried : dict
        What came out at each place among the values.
    """

    def __init__(self, moved: Dial, bench: _Bench) -> None:
        self.dial, self.bench = moved, bench
        self.tried: dict[int, Point] = {}
        self.limit_shares = self._shares(moved.limit)
        self.limit = bench.goal.point(math.inf, self.limit_shares.to_numpy())

    def least(self) -> float:
        """The least value that reaches the goal; NaN without."""
        if not self.reaches(self.dial.start) and not self.limit.reaches:
            return math.nan
        lower, upper = self._bracket()
        while upper - lower > 1:
            middle = self._between(lower, upper)
            lower, upper = (lower, middle) if self.reaches(middle) else (middle, upper)
        if not self.reaches(upper):
            return math.nan
        for beside in (lower - 1, upper + 1):
            if 0 <= beside < len(self.dial.values):
                self.reaches(beside)
        return float(self.dial.values[upper])

    def reaches(self, place: int) -> bool:
        """Whether the goal is reached at a value, which is tried once."""
        if place not in self.tried:
            value = float(self.dial.values[place])
            self.tried[place] = self.bench.goal.point(value, self._shares(value).to_numpy())
        return self.tried[place].reaches

    def _shares(self, value: float) -> pd.Series:
        return self.bench.shares([self.dial.at(value).apply(self.bench.base)])[0]

    def _bracket(self) -> tuple[int, int]:
        """A place that does not reach the goal and a later one that does, by steps of two; the same place twice where
        the first or the last value decides."""
        values, place, last = self.dial.values, self.dial.start, len(self.dial.values) - 1
        if self.reaches(place):
            upper = place
            while place > 0 and self.reaches(place):
                upper, place = place, min(int(np.searchsorted(values, values[place] / 2)), place - 1)
            return (place, place) if self.reaches(place) else (place, upper)
        lower = place
        while place < last and not self.reaches(place):
            lower, place = place, min(max(int(np.searchsorted(values, values[place] * 2)), place + 1), last)
        return (lower, place) if self.reaches(place) else (place, place)

    def _between(self, lower: int, upper: int) -> int:
        """The place half way, in proportion."""
        values = self.dial.values
        half = math.sqrt(values[lower] * values[upper]) if values[lower] > 0 else (values[lower] + values[upper]) / 2
        return int(np.clip(np.searchsorted(values, half), lower + 1, upper - 1))
