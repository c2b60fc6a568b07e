"""One replication of the reference model by yaosu, plain SimPy, Ciw and salabim: speed, memory, and the same answer."""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measured import Measure, measured
from benchmarks.reference import SHARES, Reference, Visit, reference, times
from simulation.run import Engine

FAST = "yaosu, fast engine"
OWN = {
    "yaosu, SimPy engine": ("own", "simpy", False), "yaosu, SimPy engine, with tables": ("own", "simpy", True),
    FAST: ("own", "fast", False), f"{FAST}, with tables": ("own", "fast", True),
}  # fmt: skip
PLAIN = "plain SimPy"
RIVALS = {PLAIN: ("processes",), "Ciw": ("nodes",), "salabim": ("components",)}
PACKAGES = {PLAIN: "simpy", "Ciw": "ciw", "salabim": "salabim"}
ENGINES: tuple[Engine, ...] = ("simpy", "fast") if find_spec("simulation.fast") is not None else ("simpy",)
TIMED, JOBS = 5, 2
TOLERANCE = 3.0
"""Means that are so many standard errors apart still agree."""


@dataclass(frozen=True)
class Timed:
    """What was measured of one way.

    Attributes
    ----------
    first : float
        Seconds of the first replication with what must be done before: preparing, compiling.
    seconds : float
        Median of the later replications.
    visits : float
        Mean per replication.
    days : list of list of float
        Mean time in the system in each replication: of all projects, and of each priority class.
    """

    first: float
    seconds: float
    visits: float
    days: list[list[float]]


def ways() -> dict[str, tuple[Any, ...]]:
    """All that can be run here, by name."""
    return {name: way for name, way in OWN.items() if way[1] in ENGINES} | RIVALS


def timed(projects: int, replications: int, module: str, *settings: Any) -> dict[str, Any]:
    """Run one way so many times, the first five by the clock."""
    model = reference(projects)
    rival = import_module(f"benchmarks.rivals.{module}")
    begun = time.process_time()
    run = rival.way(model, *settings)
    run(0)
    first = time.process_time() - begun
    seconds: list[float] = []
    visits: list[int] = []
    days: list[list[float]] = []
    for seed in range(1, replications + 1):
        begun = time.process_time()
        answer = run(seed)
        seconds.append(time.process_time() - begun)
        told = rival.told(model, answer)
        visits.append(len(told))
        days.append(spent(model, told))
    return vars(Timed(first, statistics.median(seconds[:TIMED]), statistics.mean(visits), days))


def together(projects: int, replications: int, jobs: int, engine: Engine) -> float:
    """Seconds on the clock of an experiment with one scenario, beginning to end."""
    from benchmarks.rivals.own import process
    from benchmarks.rivals.own import projects as table
    from simulation.experiment import experiment
    from simulation.levers import Scenario

    model = reference(projects)
    begun = time.perf_counter()
    experiment(table(model), process(model), {"baseline": Scenario()}, replications=replications, jobs=jobs,
               engine=engine)  # fmt: skip
    return time.perf_counter() - begun


def spent(model: Reference, visits: list[Visit]) -> list[float]:
    """Mean days in the system: of all projects, and of each priority class."""
    days, rank = np.array(times(model, visits)), np.array(model.rank)
    return [float(days.mean()), *(float(days[rank == one].mean()) for one in range(len(SHARES)))]


def agree(one: Timed, other: Timed) -> bool:
    """Whether two ways give the same mean days in the system within the tolerance, in all and in each class."""
    ours, theirs = np.array(one.days), np.array(other.days)
    error = np.sqrt(ours.var(axis=0, ddof=1) / len(ours) + theirs.var(axis=0, ddof=1) / len(theirs))
    return bool((abs(ours.mean(axis=0) - theirs.mean(axis=0)) <= TOLERANCE * error).all())


def review(quick: bool) -> pd.DataFrame:
    """The reference model: 1,000 projects in three priority classes come in over 60 days and pass eight offices in
    series, with seven reviewers each, busy for 0.84 of that time; work is lognormal with mean 0.3 days, and 0.15 of the
    applications are returned, each for a correction of lognormal days with mean 5.

    All ways have the same arrivals and write every visit down: yaosu as arrays or as its tables, Ciw as its own longer
    records, the others as tuples. Seconds are those of the processor: the median of five replications after a first
    one, which stands beside with what is prepared for it; what it takes to compile the fast engine, once, is on a line
    of its own. An event is an entry, or that a visit queues, begins or is decided. Days in the system: mean of 20
    replications with its 95 % half width; "same" means that it is within three standard errors of yaosu's, in all and
    in each priority class. Ciw has one more node, without queue, for corrections; its individuals are routed through it
    by a list of nodes, so that the model is the same. The last lines are whole experiments, whose seconds are those of
    the clock.
    """
    projects, replications = (200, 10) if quick else (1000, 20)
    found = {name: measured("benchmarks.review:timed", projects, replications, *way) for name, way in ways().items()}
    told = {name: (Timed(**one.answer), one) for name, one in found.items() if one is not None}
    best, plain = next(iter(told.values()))[0], told[PLAIN][0]
    rows = [_row(name, one, measure, best, plain, projects) for name, (one, measure) in told.items()]
    if "fast" in ENGINES:
        rows.append(_compiled(projects))
    rows += [_together(engine, projects, replications, best, plain) for engine in ENGINES]
    columns = ["way", "seconds a replication", "first one", "visits a second", "events a second",
               f"{PLAIN} / this", "memory, MB", "days in the system", "same"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _compiled(projects: int) -> tuple[str, ...]:
    """The first replication where nothing has been compiled before."""
    with TemporaryDirectory() as folder:
        found = measured("benchmarks.review:timed", projects, 2, *OWN[FAST], settings={"NUMBA_CACHE_DIR": folder})
    assert found is not None
    return (
        f"{FAST}, compiled anew",
        "–",
        f"{found.answer['first']:.1f}",
        *["–"] * 3,
        f"{found.megabytes:,.0f}",
        "–",
        "–",
    )


def _together(engine: Engine, projects: int, replications: int, best: Timed, plain: Timed) -> tuple[str, ...]:
    """An experiment: the seconds of the clock shared among its replications."""
    count = 10 * replications
    found = measured("benchmarks.review:together", projects, count, JOBS, engine)
    assert found is not None
    each = found.answer / count
    return (
        f"yaosu, experiment of {count}, {engine} engine, {JOBS} processes", f"{each:.4f}", "–",
        f"{best.visits / each:,.0f}", f"{(projects + 3 * best.visits) / each:,.0f}", f"{plain.seconds / each:.2f}",
        "–", "–", "–",
    )  # fmt: skip


def _row(name: str, one: Timed, measure: Measure, best: Timed, plain: Timed, projects: int) -> tuple[str, ...]:
    all_days = [mean for mean, *_ in one.days]
    width = 1.96 * statistics.stdev(all_days) / math.sqrt(len(all_days))
    label = f"{name} {metadata.version(PACKAGES[name])}" if name in PACKAGES else name
    events = projects + 3 * one.visits
    return (
        label, f"{one.seconds:.4f}", f"{one.first:.2f}", f"{one.visits / one.seconds:,.0f}",
        f"{events / one.seconds:,.0f}", f"{plain.seconds / one.seconds:.2f}", f"{measure.megabytes:,.0f}",
        f"{statistics.mean(all_days):.2f} ± {width:.2f}", "yes" if agree(one, best) else "no",
    )  # fmt: skip
