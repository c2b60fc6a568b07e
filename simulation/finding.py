"""What the curves of an experiment say, in a sentence made from its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from simulation.cohort import Over, View
from simulation.measures import Day
from simulation.results import figures
from simulation.runs import Runs
from simulation.speaking import Names, decimals

LEVELS = (80, 95, 50)
"""Percentages of the projects, the one that is spoken of first where something changes there."""


def level_of(effects: pd.DataFrame) -> int:
    """The percentage whose day says most: the first of `LEVELS` at which some scenario surely saves or loses days.

    Parameters
    ----------
    effects : DataFrame
        As of `simulation.compare.Comparison.summary`, of one or several scenarios.

    Examples
    --------
    >>> table = pd.DataFrame({"measure": ["days_saved_50", "days_saved_80", "days_saved_95"],
    ...                       "difference": [3.0, 0.0, 9.0], "low": [2.0, 0.0, 8.0], "high": [4.0, 0.0, 9.9]})
    >>> level_of(table), level_of(table.head(0))
    (95, 80)
    """
    for level in LEVELS:
        part = effects[effects["measure"] == f"days_saved_{level}"]
        sure = (part["low"] > 0.5) | (part["high"] < -0.5)
        if part["difference"].notna().all() and sure.any():
            return level
    return LEVELS[0]


@dataclass(frozen=True, eq=False)
class Finding:
    """The scenario that does most, against a baseline, on a day.

    Parameters
    ----------
    runs : Runs
    names : Names
    over, weight, where
        Who counts, as in `simulation.runs.Runs.curve`.
    dates : tuple of day
        The last is the day spoken of; without, it is the day on which the percentage spoken of has started in the
        baseline.
    baseline : str, optional
        The first scenario without.
    chosen : str, optional
        The scenario that is held against the baseline; the leading one without.
    """

    runs: Runs
    names: Names
    over: Over = "planned"
    weight: str | None = None
    where: str = ""
    dates: tuple[Day, ...] = ()
    baseline: str | None = None
    chosen: str | None = None

    @property
    def base(self) -> str:
        """The baseline."""
        return self.runs.scenarios[0] if self.baseline is None else self.baseline

    @cached_property
    def time(self) -> float:
        """The day spoken of: a moment, at the end of a date."""
        if self.dates:
            return self.runs.day(self.dates[-1])
        reached = self.day(self.base)
        if np.isfinite(reached):
            return self.runs.end_of(reached)
        return self.runs.horizon or self.runs.end_of(self.runs.span[1])

    @cached_property
    def shares(self) -> dict[str, float]:
        """Share started by that day, by scenario."""
        table = self.runs.started(self.time, over=self.over, weight=self.weight, where=self.where)
        return {str(name): float(mean) for name, mean in zip(table["scenario"], table["mean"], strict=True)}

    @cached_property
    def best(self) -> str:
        """The scenario that is held against the baseline; the baseline itself where there is no other."""
        if self.chosen is not None:
            return self.chosen
        return self.leading([name for name in self.runs.scenarios if name != self.base])

    def leading(self, names: Sequence[str]) -> str:
        """Of some scenarios the one in which most have started by the last date, or, without one, soonest on the mean;
        the baseline where there are none."""
        return max(names, key=lambda name: self.shares[name] if self.dates else self._forward(name), default=self.base)

    def _forward(self, name: str) -> float:
        """Mean area under the curve of a scenario, as a share of what it would be if all had started at once."""
        [cohort] = self.runs.cohorts(name, View("planned", self.weight, None, self.where))
        first, last = self.runs.span[0], self.runs.horizon or self.runs.span[1]
        started = np.stack([one.started[cohort.rows] for one in self.runs.outcomes_of(name)])
        ahead = np.clip(last - np.where(np.isfinite(started), started, last), 0.0, None)
        return float((ahead @ cohort.weight).mean() / (cohort.total * max(last - first, 1.0)))

    @cached_property
    def _summary(self) -> pd.DataFrame:
        return self.runs.compare(self.best, self.base, over=self.over, weight=self.weight, where=self.where).summary

    @cached_property
    def level(self) -> int:
        """The percentage of all planned of whose day is spoken."""
        return LEVELS[0] if self.best == self.base else level_of(self._summary)

    @property
    def saved(self) -> float:
        """Days by which that percentage is reached sooner; NaN where one of both never reaches it."""
        row = self._summary["measure"] == f"days_saved_{self.level}"
        return float(self._summary.loc[row, "difference"].iloc[0])

    @cached_property
    def _figures(self) -> dict[tuple[str, str], tuple[float, float, float]]:
        table = figures(self.runs, over=self.over, weight=self.weight, where=self.where)
        return {(row["scenario"], row["measure"]): (row["mean"], row["low"], row["high"])
                for row in table.to_dict("records")}  # fmt: skip

    def day(self, name: str) -> float:
        """The day on which the percentage is reached in a scenario; NaN where it is not always."""
        return self._figures[name, f"day_{self.level}"][0]

    def sentence(self) -> str:
        """The finding in words."""
        names, level = self.names, self.names.percent(self.level / 100)
        if self.best == self.base:
            return self._alone()
        a, b = self.day(self.best), self.day(self.base)
        values = {"best": names.quoted(self.best), "base": names.scenario(self.base), "level": level}
        if not self.dates and np.isfinite([a, b]).all():
            days = {"a": names.day(a), "b": names.day(b), "saved": names.sooner(self.saved)}
            return names.say("plotsim.finding.level", **values, **days)
        one, other = self.shares[self.best], self.shares[self.base]
        places = decimals([one, other])
        by = {"day": names.day(self.time), "a": names.percent(one, places), "b": names.percent(other, places)}
        key = "by_saved" if self.over == "planned" and np.isfinite(self.saved) else "by"
        return names.say(f"plotsim.finding.{key}", **values, **by, saved=names.sooner(self.saved))

    def _alone(self) -> str:
        """The finding where there is one scenario only."""
        names, level = self.names, self.names.percent(self.level / 100)
        mean, low, high = self._figures[self.base, f"day_{self.level}"]
        if not self.dates and np.isfinite(mean):
            values = {"level": level, "day": names.day(mean), "low": names.day(low), "high": names.day(high)}
            key = "alone_level" if high - low >= 1 else "alone_level_sure"
            return names.say(f"plotsim.finding.{key}", **values)
        share = names.percent(self.shares[self.base], decimals([self.shares[self.base]]))
        return names.say("plotsim.finding.alone", day=names.day(self.time), share=share)

    def axis(self) -> str:
        """What the curves count."""
        kind = "count" if self.weight is None else "weighted"
        return self.names.say(f"plotsim.axis.{self.over}_{kind}", weight=self.weighed())

    def weighed(self) -> str:
        """The weight in words."""
        return "" if self.weight is None else self.names.column(self.weight)

    def counted(self) -> str:
        """How many projects count, and which."""
        [cohort] = self.runs.cohorts(self.base, View(self.over, self.weight, None, self.where))
        return self.names.counted(len(cohort.ids), self.where)
