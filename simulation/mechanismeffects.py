"""What each mechanism changes, measured: with it minus without it, by the same draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from allocator.case import Case
from allocator.scenario import Scenario as Stated
from allocator.scenario import read_scenarios
from allocator.sidebyside import SideBySide, compare_scenarios
from allocator.sitting import Choice, Sitting
from simulation.crossing import Crossing, cross, named
from simulation.experiment import experiment
from simulation.intervals import mean_of
from simulation.leverfile import Variant, scenarios
from simulation.levers import Scenario
from simulation.loop import REGIMES, Regime
from simulation.measures import as_day
from simulation.mechanismtable import Compared, Mechanism
from simulation.process import Process
from simulation.runs import Arm, Runs

BASE = "case"
FOLLOW = "follow"


def first_come(sitting: Sitting) -> Choice:
    """Who has waited longest is served first from all quota, whatever its score."""
    return sitting.take()


AGAINST: Mapping[str, Regime] = {
    "first come": Regime("first come", first_come, returns=False),
    "regional": REGIMES["regional"],
}
"""Regimes that ``follow`` is held against; any other name is a scenario."""


@dataclass(frozen=True)
class Effort:
    """How much is spent on measuring.

    Attributes
    ----------
    reviews, loop : int
        Replications of the simulation with quota left aside, and with quota given out inside it.
    seed, jobs : int
    until : str
        Last day of the loop.
    gap, time_limit : float
        Of each plan.
    loop_gap : float
        Of each sitting that optimises.
    """

    reviews: int = 200
    loop: int = 10
    seed: int = 1
    jobs: int = -1
    until: str = "2020-12-31"
    gap: float = 1e-3
    time_limit: float = 60.0
    loop_gap: float = 2e-2


@dataclass(frozen=True)
class Measured:
    """An effect in the unit of its measure; ``low`` and ``high`` are a 95 % interval, of a plan proven bounds.

    ``base`` is the value without the mechanism. An effect no larger than ``within``, the gap of the sittings of
    both sides, may be the path of the solver, which hardly differs between replications.
    """

    compared: Compared
    mean: float
    low: float
    high: float
    base: float
    within: float = 0.0

    @property
    def shown(self) -> bool:
        """Whether the interval leaves zero out, and all that lies within the gap."""
        return self.low > self.within or self.high < -self.within


@dataclass(frozen=True, eq=False)
class Effects:
    """Measures the comparisons of mechanisms, each kind with one shared base.

    Parameters
    ----------
    case : Case
    folder : Path
        Of its scenarios.
    mechanisms : sequence of Mechanism
    effort : Effort
    """

    case: Case
    folder: Path
    mechanisms: Sequence[Mechanism]
    effort: Effort = Effort()

    def measured(self, mechanism: Mechanism) -> list[Measured]:
        """Every effect of one of the mechanisms.

        Raises
        ------
        YaosuError, InputError
            As of the scenarios and runs.
        """
        return [getattr(self, f"_{one.kind}")(one) for one in mechanism.effects]

    def _reviews(self, one: Compared) -> Measured:
        dates = [one.by] if one.by else []
        table = self._runs.compare(one.other, one.base or BASE, where=one.where, dates=dates).summary.set_index(
            "measure"
        )
        row = table.loc[[f"started_by_{one.by}" if one.by else one.measure]]
        return _turned(one, *(float(row[name].iloc[0]) for name in ("difference", "low", "high", "a", "b")))

    def _loop(self, one: Compared) -> Measured:
        values = self._crossings[one.first].values(one.measure)  # type: ignore[arg-type]
        if one.other in AGAINST:
            values |= self._cross({BASE: Scenario()}, AGAINST[one.other], one.first).values(one.measure)  # type: ignore[arg-type]
        base = values[named(BASE, FOLLOW)]
        other = values[named(BASE, one.other) if one.other in AGAINST else named(one.other, FOLLOW)]
        mean, half = map(float, mean_of((other - base).dropna().to_numpy()))
        found = _turned(one, mean, mean - half, mean + half, float(other.mean()), float(base.mean()))
        within = self.effort.loop_gap * float(base.mean() + other.mean()) if one.measure == "realised" else 0.0
        return replace(found, within=within)

    def _plan(self, one: Compared) -> Measured:
        names = [outcome.key for outcome in self._plans.scenarios]
        base, other = self._plans.outcomes[0], self._plans.outcomes[names.index(one.other)]
        row = self._plans.summary.iloc[names.index(one.other)]
        worth = float(row["worth"])
        same = not math.isnan(row["change_low"])
        low, high = (other.objective, other.bound) if same else (worth, worth)
        return _turned(one, worth - base.objective, low - base.bound, high - base.objective, worth, base.objective)

    def _asked(self, kind: str) -> list[Compared]:
        return [one for each in self.mechanisms for one in each.effects if one.kind == kind]

    def _variants(self, asked: Sequence[Compared]) -> dict[str, Variant]:
        return scenarios(self.case, self._stated(asked))

    def _stated(self, asked: Sequence[Compared]) -> list[Stated]:
        names = dict.fromkeys(name for one in asked for name in (one.base, one.other) if name and name not in AGAINST)
        return read_scenarios(self.folder, list(names))

    @cached_property
    def _runs(self) -> Runs:
        effort, variants = self.effort, self._variants(self._asked("reviews"))
        arms: dict[str, Scenario | Arm] = {BASE: Scenario()}
        arms |= {name: Arm(one.case.projects, one.process, one.levers) for name, one in variants.items()}
        return experiment(
            self.case.projects, Process.of(self.case), arms, replications=effort.reviews, seed=effort.seed,
            jobs=effort.jobs,
        )  # fmt: skip

    @cached_property
    def _crossings(self) -> dict[str, Crossing]:
        """The case and its scenarios under ``follow``, by the day of the first sitting."""
        asked = self._asked("loop")
        return {
            first: self._cross(
                {BASE: Scenario(), **self._variants([one for one in asked if one.first == first])}, FOLLOW, first
            )
            for first in dict.fromkeys(one.first for one in asked)
        }

    def _cross(self, variants: Mapping[str, Scenario | Variant], regime: str | Regime, first: str) -> Crossing:
        effort = self.effort
        return cross(
            self.case, variants, [regime], first=as_day(first or None), gap=effort.loop_gap, until=effort.until,
            replications=effort.loop, seed=effort.seed, jobs=effort.jobs,
        )  # fmt: skip

    @cached_property
    def _plans(self) -> SideBySide:
        effort, stated = self.effort, self._stated(self._asked("plan"))
        return compare_scenarios(self.case, stated, gap=effort.gap, time_limit=effort.time_limit, jobs=effort.jobs)


def _turned(one: Compared, mean: float, low: float, high: float, other: float, base: float) -> Measured:
    """What the other side has more than the case as it is, as with the mechanism minus without it."""
    if one.has:
        return Measured(one, mean, low, high, base)
    return Measured(one, -mean, -high, -low, other)
