"""One replication as tables: `simulate`, and what it gives (MODEL 4)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from allocator.errors import Fault, InputError, YaosuError
from simulation import runtables
from simulation.draws import Draws, draw
from simulation.levers import Scenario
from simulation.measures import Day
from simulation.network import Network, day_number, network
from simulation.process import Process
from simulation.records import Records

Engine = Literal["simpy", "fast"]


@dataclass(frozen=True, eq=False)
class Run:
    """One replication; days are counted from the origin, NaN where something did not happen.

    Attributes
    ----------
    projects : DataFrame
        One row per project, as given: ``id``, ``ready`` (the day it entered), ``approved``, ``granted``, ``started``,
        ``outcome`` (started, refused, withdrawn, abandoned, under way), ``ended`` (the day it left without a start),
        ``visited`` (by a service team); with a calendar ``*_date`` beside the days.
    visits : DataFrame
        One row per visit of a project to a stage: ``project``, ``stage``, ``office``, ``region``, ``visit`` (0, 1,
        ...), ``queued``, ``begun``, ``decided``, ``returned``, ``on_time`` (within the limit so far), ``result``,
        ``waited`` (days in the queue), ``worked`` (working days of a reviewer).
    offices : DataFrame
        One row per desk: ``office``, ``region``, ``reviewers`` (on average), ``utilisation``, ``mean_queue``,
        ``mean_wait`` (days), ``visits`` (begun).
    problems : DataFrame
        One row per problem that came up: ``project``, ``problem``, ``stage`` (blank: the start), ``raised``,
        ``called``, ``met``, ``resolved``, ``by`` (own, hotline, dispatch, teams; blank: nobody).
    measures : DataFrame
        ``measure``, ``received`` (problems, for teams visits), ``projects``, ``solved``.
    first, end : float
        The day on which the run begins, and on which the last thing happened or it was cut.
    """

    projects: pd.DataFrame
    visits: pd.DataFrame
    offices: pd.DataFrame
    problems: pd.DataFrame
    measures: pd.DataFrame
    first: float
    end: float
    network: Network = field(repr=False)
    records: Records = field(repr=False)


def simulate(
    projects: pd.DataFrame,
    process: Process,
    scenario: Scenario | None = None,
    *,
    seed: int = 0,
    replication: int = 0,
    engine: Engine = "fast",
    until: Day | None = None,
) -> Run:
    """Let projects go through a review process once.

    Parameters
    ----------
    projects : DataFrame
        ``id``, the entry column of the process (a day number or a date; ``ready`` by default), and the columns that its
        rules, tiers and places speak of.
    process : Process
    scenario : Scenario, optional
        Levers moved.
    seed, replication : int
        Every draw is keyed by them, the project, what is drawn and the visit (4.5).
    engine : {"fast", "simpy"}
        Compiled, or SimPy; the dates are the same.
    until : day or date, optional
        The run is cut at the beginning of a day, or at the end of a date; all projects are followed to their end
        without.

    Raises
    ------
    InputError
        With every fault of the projects, or of what the levers make of the process.

    Examples
    --------
    >>> from simulation import Office, Stage, exponential
    >>> desk = Process([Stage("review", office="desk", work=2)], [Office("desk")])
    >>> run = simulate(pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 1.0]}), desk, engine="simpy")
    >>> run.projects["started"].tolist(), run.visits["waited"].tolist()
    ([2.0, 4.0], [0.0, 1.0])
    """
    return replicate(prepare(projects, process, scenario), seed, replication, engine, until)


def prepare(projects: pd.DataFrame, process: Process, scenario: Scenario | None = None) -> Network:
    """What `replicate` needs, made once for all replications.

    Raises
    ------
    YaosuError
        The scenario names a regime, which takes a `simulation.loop.Loop`.
    """
    if scenario is not None and scenario.regime:
        raise YaosuError("loop_case", {"regime": scenario.regime})
    return network(projects, scenario.apply(process) if scenario is not None else process)


def replicate(
    made: Network, seed: int = 0, replication: int = 0, engine: Engine = "fast", until: Day | None = None
) -> Run:
    """One replication of what was prepared; see `simulate`."""
    return in_tables(made, record(made, seed, replication, engine, until))


def in_tables(made: Network, kept: Records) -> Run:
    """What a run has written down, as tables."""
    first = float(made.entry.min()) if len(made.entry) else 0.0
    visits = runtables.visits(made, kept)
    return Run(
        runtables.projects(made, kept), visits, runtables.offices(made, kept, first), runtables.problems(made, kept),
        runtables.measures(made, kept), first, kept.end, made, kept,
    )  # fmt: skip


def record(
    made: Network, seed: int = 0, replication: int = 0, engine: Engine = "fast", until: Day | None = None
) -> Records:
    """What `replicate` makes its tables from."""
    cut = None if until is None else horizon(until, made.process)
    return engine_of(engine)(made, draw(made, seed, replication), cut)


def horizon(until: Day, process: Process) -> float:
    """The moment at which a run is cut: the beginning of a day, the last moment of a date."""
    day = day_number(until, process.origin)
    return before(day + 1.0) if isinstance(until, str | dt.date) else day


def before(midnight: float) -> float:
    """The last moment of a day: what happens at the midnight that ends it belongs to the next day.

    >>> before(90.0) < 90.0, round(before(90.0), 9)
    (True, 90.0)
    """
    return math.nextafter(midnight, -math.inf)


def engine_of(name: Engine) -> Callable[[Network, Draws, float | None], Records]:
    """What lets things happen, from a network, what chance has decided, and the moment of the cut.

    Raises
    ------
    InputError
        There is no such engine.
    """
    if name == "simpy":
        from simulation.model import Model

        return lambda made, drawn, cut: Model(made, drawn, cut).run()
    if name == "fast":
        from simulation.fast import run

        return run
    raise InputError([Fault("engine_unknown", "", values={"found": str(name), "expected": "fast, simpy"})])
