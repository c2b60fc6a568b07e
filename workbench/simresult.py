"""Everything that a simulation gives, worked out once: tables, findings and pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulation import loop, plot, results
from simulation.calibrate import checkpoints
from simulation.finding import Finding
from simulation.measures import Day
from simulation.plotpoints import held
from simulation.run import in_tables, prepare, replicate
from simulation.runs import Runs
from simulation.way import typical
from workbench.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Simulated:
    """The runs of a study, and what can be said of them.

    Attributes
    ----------
    study : Study
    runs : Runs
    seconds : float
        That the runs took; kept ones took none.
    dates : tuple of day
        Days of which is spoken.
    project : str, optional
        The project whose way is drawn; a typical one without.
    """

    study: Study
    runs: Runs
    seconds: float
    dates: tuple[Day, ...] = ()
    project: str | None = None

    @cached_property
    def finding(self) -> Finding:
        """The finding of the curves."""
        best = self.study.best(self.runs, self.dates)
        return Finding(self.runs, self.study.names(), **self.study.counting(), dates=self.dates, chosen=best)

    @property
    def pair(self) -> list[str]:
        """The case as it is, and the scenario that does most."""
        return list(dict.fromkeys([self.finding.base, self.finding.best]))

    @cached_property
    def figures(self) -> pd.DataFrame:
        """Each scenario in figures."""
        return results.figures(self.runs, **self.study.counting(), dates=self.dates)

    @cached_property
    def effects(self) -> pd.DataFrame:
        """What each scenario changes."""
        return results.effects(self.runs, **self.study.counting(), dates=self.dates)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by the name of its file; those that have rows."""
        study, runs = self.study, self.runs
        counting = study.counting()
        made = {
            "scenarios": self.figures, "effects": self.effects, "curve": runs.curve(**counting),
            "outcomes": runs.outcomes(weight=counting["weight"], where=counting["where"]),
            "bottlenecks": runs.bottlenecks(), "offices": results.desks(runs), "measures": runs.measures(),
            "projects": results.projects(runs, self.dates), "published": self.published, "failures": runs.failures,
        }  # fmt: skip
        return {name: table for name, table in made.items() if len(table)}

    @cached_property
    def published(self) -> pd.DataFrame:
        """The published points beside the simulated ones."""
        return held(self.runs, checkpoints(self.study.case))

    def pictures(self) -> dict[str, Callable[[], Figure]]:
        """Every picture by the name of its file."""
        runs, study = self.runs, self.study
        told: dict[str, Any] = {"lang": study.asked.lang, "titles": study.titles}
        spoken = told | study.counting() | {"dates": self.dates}
        made: dict[str, Callable[[], Figure]] = {
            "curves": lambda: plot.curves(runs, **spoken, best=self.finding.best),
            "waiting": lambda: plot.waiting(runs, *self.pair, **told),
            "load": lambda: plot.load(runs, *self.pair, **told),
            "way": lambda: self._way(told),
        }
        if len(runs.scenarios) > 1:
            made["effects"] = lambda: plot.effects(runs, **spoken)
        if len(self.published):
            made["published"] = lambda: plot.points(runs, checkpoints(study.case), **told)
        return made

    def _way(self, told: dict[str, Any]) -> Figure:
        """One project's way in the first replication."""
        asked = self.study.asked
        shown = {}
        for name in self.pair:
            arm = self.runs.arms[name]
            made = prepare(arm.projects, arm.moved)
            how = (made, asked.seed, 0, asked.engine, self.runs.until)
            shown[name] = replicate(*how) if arm.loop is None else in_tables(made, loop.run(arm.loop, *how)[0])
        return plot.gantt(shown, self.project or typical(next(iter(shown.values()))), **told)

    @property
    def replications(self) -> int:
        """Results of the scenario that has fewest."""
        return min(len(self.runs.numbers(name)) for name in self.runs.scenarios)

    @property
    def status(self) -> str:
        """``complete``; ``imprecise`` where a precision was not reached; ``failures`` where replications failed."""
        if len(self.runs.failures):
            return "failures"
        reached = self.runs.precision
        return "complete" if reached is None or bool(reached["reached"].all()) else "imprecise"

    def waits(self, scenario: str, most: int) -> pd.DataFrame:
        """The stages with most waiting."""
        table = self.tables["bottlenecks"] if "bottlenecks" in self.tables else self.runs.bottlenecks()
        return table[(table["scenario"] == scenario) & (table["days_waiting"] >= 0.5)].head(most)

    def figure(self, scenario: str, measure: str) -> tuple[float, float, float]:
        """Mean, low and high of a measure of a scenario."""
        part = self.figures[(self.figures["scenario"] == scenario) & (self.figures["measure"] == measure)]
        mean, low, high = (float(part[name].iloc[0]) for name in ("mean", "low", "high"))
        return mean, low, high

    def effect(self, scenario: str, measure: str) -> tuple[float, float, float] | None:
        """Difference, low and high of a measure of a scenario against the case as it is."""
        if not len(self.effects):
            return None
        part = self.effects[(self.effects["scenario"] == scenario) & (self.effects["measure"] == measure)]
        if not len(part):
            return None
        mean, low, high = (float(part[name].iloc[0]) for name in ("difference", "low", "high"))
        return mean, low, high


def measures_by(dates: Sequence[Day]) -> list[str]:
    """Names of the measures of the days spoken of; the end without.

    >>> measures_by(["2020-04-06", 60.0]), measures_by([])
    (['started_by_2020-04-06', 'started_by_60.0'], ['started'])
    """
    return [f"started_by_{day}" for day in dates] or ["started"]
