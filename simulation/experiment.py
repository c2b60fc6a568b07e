"""Scenarios × replications with paired draws, over processes, kept as they come (MODEL 4.5, 4.8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

import pandas as pd

from allocator.errors import Fault, InputError, YaosuError
from simulation.cohort import choose
from simulation.inputs import input_hash
from simulation.levers import Scenario
from simulation.measures import Day
from simulation.outcome import Outcome
from simulation.precision import Precision, following, reached
from simulation.process import Process
from simulation.run import Engine, prepare
from simulation.runs import Arm, Runs
from simulation.store import Entry, Failure, Store
from simulation.workers import Answer, Done, Key, Work, replicate_all

Progress = Callable[[int, int], None]


def experiment(
    projects: pd.DataFrame, process: Process, scenarios: Mapping[str, Scenario | Arm], *, replications: int = 200,
    seed: int = 1, jobs: int = -1, engine: Engine = "fast", until: Day | None = None,
    store: str | Path | Store | None = None, precision: Precision | None = None, progress: Progress | None = None,
) -> Runs:  # fmt: skip
    """Run every scenario so many times with the same draws.

    Parameters
    ----------
    projects : DataFrame
    process : Process
    scenarios : mapping
        Levers by name, or an `Arm` with projects and a process of its own. Scenarios with the same effect are run once.
    replications : int
    seed : int
        Replication r of every scenario has the draws keyed by seed and r.
    jobs : int
        Processes; -1 takes all cores, 1 stays in this one. It changes no result. Within
        ``joblib.parallel_config("dask")`` the work goes to a cluster.
    engine : {"fast", "simpy"}
    until : day, optional
        Horizon: a day number, or a date at its end.
    store : path or Store, optional
        Where replications are kept as they are done. What is there is not run again, so that an interrupted or killed
        experiment goes on where it stopped, and a longer one continues a shorter one. Failures are tried again.
    precision : Precision, optional
        Instead of `replications`: as many as are needed.
    progress : callable, optional
        Called with the number of replications done (kept ones included) and of all.

    Returns
    -------
    Runs
        A replication that fails is a row of ``failures`` and not the end, also where it kills its process.

    Raises
    ------
    InputError
        With the faults of projects, processes and levers, before anything is run.
    YaosuError
        There is no scenario, too few replications are asked for, or the store cannot be used.
    KeyboardInterrupt
        What was done by then is in the store.

    Examples
    --------
    >>> from simulation import Office, Stage
    >>> desk = Process([Stage("review", office="desk", work=2)], [Office("desk")])
    >>> table = pd.DataFrame({"id": ["a", "b"], "ready": [0.0, 0.0]})
    >>> levers = {"as it is": Scenario(), "fast": Scenario(speed=2)}
    >>> runs = experiment(table, desk, levers, replications=2, jobs=1, engine="simpy")
    >>> runs.curve(times=[0, 1, 2, 4])["mean"].tolist()
    [0.0, 0.0, 0.5, 1.0, 0.0, 0.5, 1.0, 1.0]
    >>> diff = runs.compare("fast", "as it is").summary.set_index("measure")
    >>> diff.loc[["days_saved_50", "days_saved_95", "project_days"], "difference"].tolist()
    [1.0, 2.0, 3.0]
    """
    choose("engine", engine, get_args(Engine))
    if not scenarios:
        raise YaosuError("runs_nothing")
    if precision is None and replications < 1:
        raise YaosuError("runs_least", {"name": "replications", "expected": "1", "found": str(replications)})
    arms = {name: one if isinstance(one, Arm) else Arm(projects, process, one) for name, one in scenarios.items()}
    bench = _Bench(arms, *_works(arms, seed, engine, until, store is not None), seed, until)
    with _opened(store) as kept_in:
        number = replications if precision is None else precision.least
        while True:
            bench.extend(number, jobs, kept_in, progress)
            runs = bench.runs(number)
            if precision is None:
                return runs
            table = reached(runs, precision)
            wanted = following(table, precision, number)
            if wanted <= number:
                return replace(runs, precision=table)
            number = wanted


@dataclass(eq=False)
class _Bench:
    """The answers so far.

    Attributes
    ----------
    digests : dict
        The input of each scenario by its name.
    works : dict
        What to run, by input.
    """

    arms: Mapping[str, Arm]
    digests: Mapping[str, str]
    works: Mapping[str, Work]
    seed: int
    until: Day | None
    answers: dict[Key, Answer] = field(default_factory=dict)

    def extend(self, number: int, jobs: int, store: Store | None, progress: Progress | None) -> None:
        """Go on until so many replications of every input have been tried."""
        wanted = [(digest, one) for one in range(number) for digest in self.works]
        if store is not None:
            for digest in self.works:
                missing = [one for one in range(number) if (digest, one) not in self.answers]
                self.answers |= {(digest, one): outcome for one, outcome in store.outcomes(digest, missing)}
        names = {digest: name for name, digest in reversed(list(self.digests.items()))}

        def keep(batch: list[Done]) -> None:
            if store is not None:
                store.add(
                    Entry(*key, names[key[0]], self.seed, answer if isinstance(answer, Failure) else packed)
                    for key, answer, packed in batch
                )
            self.answers |= {key: answer for key, answer, _ in batch}
            if progress is not None:
                progress(len(self.answers), len(wanted))

        pending = [key for key in wanted if key not in self.answers]
        if progress is not None:
            progress(len(self.answers), len(wanted))
        replicate_all(self.works, pending, jobs, keep)

    def runs(self, number: int) -> Runs:
        """What has been done of so many replications, by scenario."""
        kept: dict[tuple[str, int], Outcome] = {}
        failed, told = [], dict[str, YaosuError]()
        for name, digest in self.digests.items():
            for one in range(number):
                answer = self.answers[digest, one]
                if isinstance(answer, Failure):
                    failed.append((name, one, answer.kind, answer.message))
                    if answer.told is not None:
                        told.setdefault(name, answer.told)
                else:
                    kept[name, one] = answer
        failures = pd.DataFrame(failed, columns=["scenario", "replication", "kind", "message"])
        return Runs(self.seed, self.arms, kept, failures, self.until, told=told)


def _works(
    arms: Mapping[str, Arm], seed: int, engine: Engine, until: Day | None, packed: bool
) -> tuple[dict[str, str], dict[str, Work]]:
    """The input of each scenario, and what to run for each input; every fault of all scenarios at once."""
    digests: dict[str, str] = {}
    works: dict[str, Work] = {}
    found: dict[str, Fault] = {}
    for name, arm in arms.items():
        if arm.scenario.regime and arm.loop is None:
            raise YaosuError("loop_case", {"regime": arm.scenario.regime})
        try:
            network = prepare(arm.projects, arm.moved)
            told = None if arm.loop is None else arm.loop.told
            digests[name] = input_hash(arm.projects, arm.moved, until=until, seed=seed, loop=told)
            works.setdefault(digests[name], Work(network, seed, engine, until, packed, arm.loop))
        except InputError as error:
            found |= {fault.text(): fault for fault in error.faults}
    if found:
        raise InputError(list(found.values()))
    return digests, works


def _opened(store: str | Path | Store | None) -> AbstractContextManager[Store | None]:
    """A store that is closed at the end, where it was opened here."""
    return nullcontext(store) if isinstance(store, Store | None) else Store(store)
