"""A process held against published points, and fitted to them (MODEL 4.10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import optimize

from allocator import schema
from allocator.case import Case
from simulation.applies import mask
from simulation.intervals import Floats, mean_of
from simulation.network import Network
from simulation.run import Engine, Run, horizon, prepare, replicate
from simulation.runs import Arm

STEP = 0.05
"""Part of a parameter by which it is moved to see what it does."""


@dataclass(frozen=True)
class Checkpoint:
    """A published point.

    Attributes
    ----------
    name : str
    scenario : str
        The scenario under which it is simulated; the case as it is without.
    measure : str
        ``started``, the share of projects, or a number that a measure received or solved.
    date : str
        Until the end of which it counts, as an ISO date.
    where : str
        Which projects count, a rule as in `simulation.applies`.
    value : float
        What was published.
    tolerance : float, optional
        How far the simulated mean may be away: in points of a share, or as a part of a number.
    band : float, optional
        The middle part of the replications that must hold the published value, instead of a tolerance.
    standing, source : str
    """

    name: str
    scenario: str
    measure: str
    date: str
    where: str
    value: float
    tolerance: float | None = None
    band: float | None = None
    standing: str = ""
    source: str = ""

    @property
    def scale(self) -> float:
        """How far the mean may be away, in the units of the value."""
        share = self.measure == "started"
        return (self.tolerance or 0.0) * (1.0 if share else self.value)


def checkpoints(case: Case) -> list[Checkpoint]:
    """The published points that a case holds.

    Examples
    --------
    >>> from allocator import load_sample
    >>> checkpoints(load_sample("shandong-2020"))[0].measure
    'started'
    """
    table = case.extra.get("checkpoints", pd.DataFrame())
    made = []
    for place in range(len(table)):
        row: dict[str, Any] = {
            name: schema.column(table, "checkpoints", name).iloc[place] for name in schema.columns("checkpoints")
        }
        said = {name: None if pd.isna(value) else value for name, value in row.items()}
        texts = {name: str(said[name] or "") for name in ("measure", "scenario", "where", "standing", "source")}
        date, value = pd.Timestamp(row["date"]).date().isoformat(), float(row["value"])
        made.append(
            Checkpoint(
                str(row["checkpoint"]), date=date, value=value, tolerance=said["tolerance"], band=said["band"], **texts
            )
        )
    return made


def observed(run: Run, projects: pd.DataFrame, point: Checkpoint) -> float:
    """What a run says where a point was published.

    Parameters
    ----------
    run : Run
    projects : DataFrame
        The projects that were simulated, in the same order.
    point : Checkpoint
    """
    end = horizon(point.date, run.network.process)
    if point.measure == "started":
        counted = mask(point.where, projects)
        return float((run.projects["started"].to_numpy()[counted] < end).mean())
    problems = run.problems
    solved = problems[problems["resolved"] < end]
    measures: Mapping[str, Callable[[], float]] = {
        "hotline_received": lambda: (problems["called"] < end).sum(),
        "hotline_solved": lambda: (solved["by"] == "hotline").sum(),
        "dispatch_projects": lambda: solved.loc[solved["by"] == "dispatch", "project"].nunique(),
        "dispatch_solved": lambda: (solved["by"] == "dispatch").sum(),
        "teams_visits": lambda: (run.projects["visited"] < end).sum(),
        "teams_solved": lambda: (solved["by"] == "teams").sum(),
    }
    return float(measures[point.measure]())


def simulated(
    points: Sequence[Checkpoint], arms: Mapping[str, Arm], *, replications: int = 100, seed: int = 1, jobs: int = -1,
    engine: Engine = "fast",
) -> Floats:  # fmt: skip
    """Every point in every replication.

    Parameters
    ----------
    points : sequence of Checkpoint
    arms : mapping of str to Arm
        What is simulated under each scenario that the points name.
    replications, seed, jobs, engine
        As in `simulation.experiment`.

    Returns
    -------
    array, shape (replications, points)
    """
    named = {name: [point for point in points if point.scenario == name] for name in {p.scenario for p in points}}
    nets = {name: prepare(arms[name].projects, arms[name].process, arms[name].scenario) for name in named}
    batches = np.array_split(np.arange(replications), min(8, replications))
    work = (
        delayed(_batch)(nets, named, arms, [int(one) for one in batch], seed, engine) for batch in batches if len(batch)
    )
    parts = [row for part in Parallel(n_jobs=jobs)(work) for row in part]
    return np.array([[row[point] for point in points] for row in parts], dtype=float)


def _batch(
    nets: Mapping[str, Network], named: Mapping[str, Sequence[Checkpoint]], arms: Mapping[str, Arm],
    replications: Sequence[int], seed: int, engine: Engine,
) -> list[dict[Checkpoint, float]]:  # fmt: skip
    made = []
    for replication in replications:
        row: dict[Checkpoint, float] = {}
        for name, points in named.items():
            run = replicate(nets[name], seed, replication, engine, max(point.date for point in points))
            row |= {point: observed(run, arms[name].projects, point) for point in points}
        made.append(row)
    return made


def table(points: Sequence[Checkpoint], values: Floats) -> pd.DataFrame:
    """Published against simulated.

    Returns
    -------
    DataFrame
        One row per point: ``checkpoint``, ``scenario``, ``measure``, ``date``, ``published``, ``simulated`` (mean),
        ``low``, ``high`` (the middle 90 % of replications, or the band of the point), ``away`` (simulated less
        published, as the tolerance is stated), ``tolerance``, ``holds``.
    """
    mean, _ = mean_of(values)
    rows = []
    for place, point in enumerate(points):
        tail = (1 - (point.band or 0.9)) / 2
        low, high = np.quantile(values[:, place], [tail, 1 - tail])
        away = mean[place] - point.value
        inside = low <= point.value <= high if point.tolerance is None else abs(away) <= point.scale
        rows.append({
            "checkpoint": point.name, "scenario": point.scenario, "measure": point.measure, "date": point.date,
            "published": point.value, "simulated": mean[place], "low": low, "high": high,
            "away": away if point.measure == "started" else away / point.value, "tolerance": point.tolerance,
            "holds": bool(inside),
        })  # fmt: skip
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Parameter:
    """What may be fitted, and within what range."""

    name: str
    start: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Fit:
    """What a fit found.

    Attributes
    ----------
    values : mapping of str to float
    table : DataFrame
        Published against simulated at these values.
    """

    values: Mapping[str, float]
    table: pd.DataFrame


def fit(
    parameters: Sequence[Parameter], points: Sequence[Checkpoint],
    build: Callable[[Mapping[str, float]], Mapping[str, Arm]],
    *, replications: int = 30, seed: int = 1, jobs: int = -1, engine: Engine = "fast", rounds: int = 20,
) -> Fit:  # fmt: skip
    """Parameters for which the simulated points lie nearest to the published ones, by least squares.

    Each point counts by how many tolerances it is away; points with a band instead of a tolerance are not fitted. The
    draws are the same at every try, so that the differences come from the parameters alone.

    Parameters
    ----------
    parameters : sequence of Parameter
    points : sequence of Checkpoint
    build : function
        From values by name to what is simulated under each scenario.
    replications, seed, jobs, engine
        As in `simulated`.
    rounds : int
        Most rounds of the search.
    """
    fitted = [point for point in points if point.tolerance is not None]
    scale = np.array([point.scale for point in fitted])
    published = np.array([point.value for point in fitted])
    span = np.array([one.high - one.low for one in parameters])
    lowest = np.array([one.low for one in parameters])

    def named(unit: NDArray[np.float64]) -> dict[str, float]:
        return {one.name: float(value) for one, value in zip(parameters, lowest + unit * span, strict=True)}

    def away(unit: NDArray[np.float64]) -> Floats:
        values = simulated(fitted, build(named(unit)), replications=replications, seed=seed, jobs=jobs, engine=engine)
        return np.asarray((values.mean(axis=0) - published) / scale)

    start = (np.array([one.start for one in parameters]) - lowest) / span
    found = optimize.least_squares(away, start, bounds=(0.0, 1.0), diff_step=STEP, max_nfev=rounds)
    best = named(found.x)
    values = simulated(points, build(best), replications=replications, seed=seed, jobs=jobs, engine=engine)
    return Fit(best, table(points, values))
