"""Regimes crossed with scenarios as they are asked for on the command line: what was asked, the runs, all tables."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from allocator.errors import YaosuError
from allocator.labels import label
from simulation.crossing import MEASURES, UNIT_DAYS, Crossing, cross, named
from simulation.leverfile import Variant
from simulation.levers import Scenario
from simulation.loop import REGIMES, USUAL, regime_of
from simulation.measures import Day
from simulation.speaking import Names
from simulation.store import Store
from workbench.progress import Watch
from workbench.study import CASE, Study, day


@dataclass(frozen=True)
class Rules:
    """How quota is given out.

    Attributes
    ----------
    regimes : tuple of str
        The three usual ones without a name.
    every : "month" or float
        Between two sittings, in days.
    gap : float
        Of each sitting that optimises.
    until : day, optional
        The end of the last period without.
    first : day, optional
        Of the sittings; the first day of the simulation without.
    """

    regimes: tuple[str, ...]
    every: Any
    gap: float
    until: Day | None
    first: Day | None = None

    @staticmethod
    def read(regimes: Sequence[str], every: str, gap: float, until: str | None, first: str | None = None) -> Rules:
        """As typed.

        Raises
        ------
        YaosuError
            There is no such regime, or what was typed is no day or number of days.

        Examples
        --------
        >>> Rules.read((), "14", 0.02, "2020-12-31")
        Rules(regimes=('regional', 'ranked', 'follow'), every=14.0, gap=0.02, until='2020-12-31', first=None)
        """
        names = tuple(dict.fromkeys(WORDS.get(one, one) for one in regimes)) or USUAL
        for one in names:
            regime_of(one)
        days = (None if text is None else day(text, name) for text, name in ((until, "--until"), (first, "--first")))
        return Rules(names, every if every == "month" else _interval(every), gap, *days)


TABLES = ("cells", "gains", "effects", "curve", "benefit", "idle", "waiting", "fairness", "stability", "projects",
          "totals", "failures")  # fmt: skip
"""All tables that there may be."""
WORDS = {label(f"loop.regime.{name}", "zh"): name for name in REGIMES}
"""Chinese names of the regimes."""


def _interval(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise YaosuError("loop_every", {"found": text})
    return number


@dataclass(frozen=True, eq=False)
class Crossed:
    """A crossing beside the study that it was asked for in."""

    study: Study
    rules: Rules
    crossing: Crossing
    seconds: float

    @staticmethod
    def run(study: Study, rules: Rules, watch: Watch, store: Store) -> Crossed:
        """All replications; what is kept already is not run again.

        Raises
        ------
        InputError, YaosuError
        """
        since = time.perf_counter()
        watch.doing("starting")
        asked = study.asked
        study.within((), rules.until)
        scenarios: dict[str, Scenario | Variant] = {CASE: Scenario(), **study.variants}
        made = cross(
            study.case, {name: scenarios[name] for name in study.arms}, rules.regimes, every=rules.every,
            first=rules.first, gap=rules.gap, until=rules.until, replications=asked.replications, seed=asked.seed,
            jobs=asked.jobs or -1, engine=asked.engine, store=store, progress=watch.timing("replications"),
        )  # fmt: skip
        return Crossed(study, rules, made, time.perf_counter() - since)

    @property
    def names(self) -> Names:
        """How everything is called, a regime under a scenario included."""
        lang, titles = self.study.asked.lang, dict(self.study.titles)
        for scenario, regime, name in self.crossing.cells():
            titles[name] = f"{titles[scenario]} · {label(f'loop.regime.{regime}', lang)}"
        return Names(lang, [arm.moved for arm in self.crossing.runs.arms.values()], titles)

    def reviews(self, scenario: str) -> bool:
        """Whether reviews go otherwise in a scenario than in the first."""
        one, first = (self.crossing.runs.arms[named(name, self.crossing.regimes[0])].moved
                      for name in (scenario, self.crossing.scenarios[0]))  # fmt: skip
        return one != first

    def regime(self, name: str) -> str:
        """What a regime is called."""
        return label(f"loop.regime.{name}", self.study.asked.lang)

    @cached_property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """All tables by name; figures have their unit beside them."""
        one, units = self.crossing, self.study.case.units
        cells, gains = [], []
        for measure in MEASURES:
            for resource in one_of(measure, self.study.case.resources):
                unit = units_of(measure, units.get(resource, ""))
                about = {"measure": measure, "resource": resource, "unit": unit}
                cells.append(one.table(measure, resource=resource or None).assign(**about))
                if len(one.regimes) > 1:
                    gains.append(one.gains(measure, resource=resource or None).assign(**about))
        lead = ["measure", "resource", "unit", "scenario", "regime"]
        made = (
            _led(pd.concat(cells), lead), _led(pd.concat(gains), lead) if gains else pd.DataFrame(),
            _led(self._effects(), lead), one.curve(), one.benefit(), one.idle(), self._waiting(), one.fairness(),
            one.stability(), one.projects(), one.totals(), one.runs.failures,
        )  # fmt: skip
        return {name: table for name, table in zip(TABLES, made, strict=True) if len(table)}

    def _effects(self) -> pd.DataFrame:
        """What each scenario changes under each regime against the first scenario."""
        one, units = self.crossing, self.study.case.units
        parts = [
            one.effects(measure, resource=resource or None).assign(
                measure=measure, resource=resource, unit=units_of(measure, units.get(resource, ""))
            )
            for measure in MEASURES
            for resource in one_of(measure, self.study.case.resources)
        ]
        return pd.concat(parts)

    def _waiting(self) -> pd.DataFrame:
        """By city and by tier, and of all."""
        parts = [self.crossing.waiting(by).assign(by=by or "") for by in (None, "region", "tier")]
        return _led(pd.concat(parts), ["scenario", "regime", "by", "group"])


def one_of(measure: str, resources: Sequence[str]) -> Sequence[str]:
    """The resources that a measure is of; none, said by a blank, where it is of none."""
    return resources if measure in ("idle", "gini") else ("",)


def units_of(measure: str, resource: str) -> str:
    """The unit of a measure."""
    known = {"started": "share", "secured": "points", "realised": "points", "elements": "days", "review": "days"}
    return f"{resource}{UNIT_DAYS}" if measure == "idle" else known.get(measure, "")


def _led(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """A table with some of its columns first."""
    return table[[*names, *(name for name in table.columns if name not in names)]].reset_index(drop=True)
