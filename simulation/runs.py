"""The result of an experiment: `Runs`, the replications of all scenarios and what can be asked of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.errors import YaosuError
from allocator.labels import Lang, label
from simulation import bottlenecks, curve
from simulation.cohort import Cohort, Over, View, cohorts
from simulation.compare import Comparison
from simulation.levers import Scenario
from simulation.measures import Day
from simulation.outcome import Outcome
from simulation.process import Process
from simulation.run import before, horizon

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulation.loop import Loop

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Arm:
    """A scenario with projects and a process of its own, and a loop where quota is given out inside the simulation."""

    projects: pd.DataFrame
    process: Process
    scenario: Scenario = field(default_factory=Scenario)
    loop: Loop | None = None

    @cached_property
    def moved(self) -> Process:
        """The process after the levers."""
        return self.scenario.apply(self.process)

    @cached_property
    def in_order(self) -> pd.DataFrame:
        """The projects in the order of their ids, as outcomes hold them."""
        order = np.argsort(self.projects["id"].astype(str).to_numpy(dtype=object), kind="stable")
        return self.projects.iloc[order].reset_index(drop=True)


class NoResult(YaosuError):
    """No replication of a scenario gave a result; why is told in the language asked for, where it is known in words."""

    def __init__(self, code: str, values: Mapping[str, str], cause: YaosuError | None = None) -> None:
        super().__init__(code, values)
        self.args, self.cause = (code, self.values, cause), cause

    def text(self, lang: Lang = "en") -> str:
        """The message in one language."""
        reason = self.values["reason"] if self.cause is None else self.cause.text(lang)
        return label(f"error.{self.code}", lang, **{**self.values, "reason": reason})


@dataclass(frozen=True, eq=False)
class Runs:
    """Scenarios × replications, made by `simulation.experiment.experiment`.

    Attributes
    ----------
    seed : int
    arms : mapping
        Projects, process and levers of each scenario by its name.
    kept : mapping
        The outcome of each replication that was done, by scenario and number.
    failures : DataFrame
        ``scenario, replication, kind, message`` of those that failed.
    until : day, optional
        The horizon.
    precision : DataFrame, optional
        Where the number of replications followed from a precision: what was reached,
        ``scenario, time, replications, share, half_width, reached``.
    told : mapping
        The first failure of a scenario that can be told in words.

    Notes
    -----
    Intervals are over replications. Replications that failed in a scenario do not count in it.
    """

    seed: int
    arms: Mapping[str, Arm]
    kept: Mapping[tuple[str, int], Outcome]
    failures: pd.DataFrame
    until: Day | None = None
    precision: pd.DataFrame | None = None
    told: Mapping[str, YaosuError] = field(default_factory=dict)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names, in the order given."""
        return tuple(self.arms)

    def __repr__(self) -> str:
        parts = [f"{name}: {len(self.numbers(name))}" for name in self.scenarios]
        failed = f", {len(self.failures)} failed" if len(self.failures) else ""
        return f"Runs({', '.join(parts)} replications{failed})"

    def curve(
        self, *, over: Over = "planned", weight: str | None = None, by: str | None = None, where: str = "",
        times: Sequence[float] | Floats | None = None, which: curve.Which = "mean", confidence: float = 0.95,
    ) -> pd.DataFrame:  # fmt: skip
        """Start-rate curves (4.6): the share of the projects that has started by each time.

        Parameters
        ----------
        over : {"planned", "due"}
            Of all, or of those due by then: by the end of a date, or by a day number, in the column ``due``.
        weight : str, optional
            A column such as ``investment``.
        by : str, optional
            A column; one curve for each of its values.
        where : str
            Which projects count, a rule such as ``region = Jinan; investment >= 1000``.
        times : sequence of float, optional
            Days from the origin; whole days, at most about 400, without.
        which : {"mean", "replications"}
            What ``low`` and ``high`` hold at each time: the mean, with the stated confidence (Student's t), or the
            middle nine tenths of the replications.
        confidence : float

        Returns
        -------
        DataFrame
            ``scenario, group`` (with `by`), ``time, date`` (with a calendar: the date at whose end this is), ``mean``,
            ``low, high``, ``sim_low, sim_high`` (a band that holds the whole mean curve with the stated confidence) and
            ``replications``.

        Raises
        ------
        YaosuError
            A column or choice that does not exist, or a scenario without any result.
        """
        return curve.curve(self, View(over, weight, by, where, confidence), times, which)

    def started(
        self, *days: Day, over: Over = "planned", weight: str | None = None, by: str | None = None, where: str = "",
        confidence: float = 0.95,
    ) -> pd.DataFrame:  # fmt: skip
        """The curves on stated days (numbers, or dates at their end): ``scenario, by, time, mean, low, high``."""
        return curve.at(self, days, View(over, weight, by, where, confidence))

    def outcomes(
        self, *, weight: str | None = None, by: str | None = None, where: str = "", confidence: float = 0.95
    ) -> pd.DataFrame:
        """What has become of the projects at the end: ``scenario, outcome, share, low, high``.

        Started, refused, withdrawn and abandoned exclude one another (competing risks); the rest is under way.
        """
        return curve.ends(self, View("planned", weight, by, where, confidence))

    def compare(
        self, a: str, b: str, *, over: Over = "planned", weight: str | None = None, by: str | None = None,
        where: str = "", times: Sequence[float] | Floats | None = None, dates: Sequence[Day] = (),
        confidence: float = 0.95,
    ) -> Comparison:  # fmt: skip
        """What scenario `a` changes against `b`, paired by replication (4.7); parameters as of `curve`.

        Parameters
        ----------
        a, b : str
        dates : sequence of day
            Days whose starts are compared too: numbers, or dates at their end.

        Raises
        ------
        YaosuError
            A scenario, column or choice that does not exist, or no replication with a result in both.
        """
        return Comparison(self, a, b, View(over, weight, by, where, confidence), times, tuple(dates))

    def bottlenecks(self, scenario: str | None = None, confidence: float = 0.95) -> pd.DataFrame:
        """Stages by the time that projects wait in their queues, longest first.

        Returns
        -------
        DataFrame
            ``scenario, stage, office, visits, mean_wait`` (days), ``days_waiting`` (project-days per replication),
            ``low, high`` (of these), ``share`` (of all waiting), ``returned`` and ``on_time`` (shares; on time of the
            decisions with a limit), ``mean_applicant`` (days of papers, filing and corrections per visit),
            ``working_days`` (of reviewers) and ``utilisation`` (of the office).
        """
        return bottlenecks.table(self, self._some(scenario), confidence)

    def waiting(self, scenario: str | None = None) -> pd.DataFrame:
        """Mean project-days in the queue of each stage (rows) in each week (columns, 0 begins at the origin)."""
        return bottlenecks.matrix(self, self._some(scenario)[0])

    def measures(self, scenario: str | None = None, confidence: float = 0.95) -> pd.DataFrame:
        """Problems that hotline, meetings and teams received and solved.

        Returns
        -------
        DataFrame
            ``scenario, measure`` and, for each of ``received, projects, solved``, the mean per replication with
            ``*_low`` and ``*_high``.
        """
        return bottlenecks.measures(self, self._some(scenario), confidence)

    def plot(self, **options: Any) -> Figure:
        """Picture of the curves; options as of `simulation.plot.curves`."""
        from simulation import plot

        figure: Figure = plot.curves(self, **options)
        return figure

    def numbers(self, scenario: str) -> tuple[int, ...]:
        """Numbers of the replications that were done."""
        return tuple(sorted(number for name, number in self.kept if name == scenario))

    def outcomes_of(self, scenario: str, numbers: Sequence[int] | None = None) -> list[Outcome]:
        """The outcomes of a scenario in order of their numbers.

        Raises
        ------
        YaosuError
            There is none.
        """
        self._some(scenario)
        found = [self.kept[scenario, number] for number in (self.numbers(scenario) if numbers is None else numbers)]
        if not found:
            failed = self.failures[self.failures["scenario"] == scenario]
            reason = f"{failed['kind'].iloc[0]}: {failed['message'].iloc[0]}" if len(failed) else ""
            raise NoResult("runs_none", {"scenario": scenario, "reason": reason}, self.told.get(scenario))
        return found

    def cohorts(self, scenario: str, view: View) -> list[Cohort]:
        """Who is counted in a scenario, by group."""
        self._some(scenario)
        arm = self.arms[scenario]
        return cohorts(arm.in_order, arm.process, view, scenario)

    def day(self, when: Day) -> float:
        """Days from the origin: a number as it is, a date at its end."""
        return horizon(when, next(iter(self.arms.values())).process)

    @property
    def dated(self) -> bool:
        """Whether days are dates."""
        return next(iter(self.arms.values())).process.calendar is not None

    def end_of(self, moment: float) -> float:
        """The end of the day in which something happens; a midnight begins a date."""
        return before(math.floor(moment) + 1.0) if self.dated else float(math.ceil(moment))

    @property
    def horizon(self) -> float | None:
        """The day on which the runs are cut."""
        return None if self.until is None else self.day(self.until)

    @cached_property
    def span(self) -> tuple[float, float]:
        """First entry and last start over all replications."""
        first = min((np.nanmin(one.ready) for one in self.kept.values() if len(one.ready)), default=0.0)
        starts = (one.started[np.isfinite(one.started)] for one in self.kept.values())
        return float(first), float(max((days.max() for days in starts if len(days)), default=first))

    @property
    def bootstrap(self) -> tuple[int, int]:
        """Seed of the simultaneous bands."""
        return 46, self.seed & (2**64 - 1)

    def _some(self, scenario: str | None) -> tuple[str, ...]:
        """One scenario, or all of them."""
        if scenario is None:
            return self.scenarios
        if scenario not in self.arms:
            raise YaosuError("runs_scenario", {"found": scenario, "expected": ", ".join(self.arms)})
        return (scenario,)
