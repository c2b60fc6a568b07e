"""Regimes crossed with review scenarios, with the same draws, demand and quota (MODEL 5)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.case import Case
from allocator.errors import YaosuError
from allocator.options import period_bounds
from allocator.round import Round
from allocator.schema import column
from simulation.curve import ends_of, whole
from simulation.experiment import experiment
from simulation.intervals import mean_of
from simulation.leverfile import Variant
from simulation.levers import Scenario
from simulation.loop import USUAL, Decide, Loop, Regime, regime_of
from simulation.measures import Day
from simulation.outcome import Outcome
from simulation.pairedshares import change_of
from simulation.process import Process
from simulation.quota import Quota, gini
from simulation.runs import Arm, Runs

Floats = NDArray[np.float64]
Measure = Literal["started", "secured", "realised", "idle", "elements", "review", "gini"]
MEASURES: tuple[Measure, ...] = ("started", "secured", "realised", "idle", "elements", "review", "gini")
BETWEEN, UNIT_DAYS = " · ", " × days"
NAN = float("nan")


def cross(
    case: Case, scenarios: Mapping[str, Scenario | Variant], regimes: Sequence[str | Regime | Decide] = USUAL,
    *, every: Literal["month"] | float | None = "month", first: Day | None = None, gap: float = 2e-2,
    until: Day | None = None, **how: Any,
) -> Crossing:  # fmt: skip
    """Run every regime under every review scenario with the same draws.

    Parameters
    ----------
    case : Case
        With its stages.
    scenarios : mapping
        Review scenarios by name: levers, or variants of the case as scenario files make them.
    regimes : sequence
        Names (``regional``, ``ranked``, ``follow``, ``priced``), `simulation.loop.Regime`,
        or functions from a sitting to a choice.
    every, first, gap
        Of the sittings, see `simulation.loop.Loop`.
    until : day, optional
        Horizon; the end of the last period without, where it has one.
    **how
        As of `simulation.experiment.experiment`: replications, seed, jobs, engine, store, progress.

    Raises
    ------
    InputError, YaosuError
        As there; or two regimes have one name, demand and quota of two regimes differ, or the first sitting is on a
        day on which nothing can be given out.

    Examples
    --------
    >>> from simulation import Office, Stage
    >>> case = Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [9.0, 8.0], "ready": [0.0, 0.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [6.0]}),
    ...     stages=pd.DataFrame({"stage": ["site"], "office": ["desk"], "work": [4]}),
    ...     offices=pd.DataFrame({"office": ["desk"], "reviewers": [1]}))
    >>> made = cross(case, {"slow": Scenario(), "fast": Scenario(speed=8)}, ["ranked", "follow"], every=1, until=9,
    ...              replications=1, jobs=1, engine="simpy")
    >>> made.table("realised")[["scenario", "regime", "mean"]].values.tolist()
    [['slow', 'ranked', 9.0], ['slow', 'follow', 9.0], ['fast', 'ranked', 9.0], ['fast', 'follow', 9.0]]
    """
    chosen = [regime_of(one) for one in regimes]
    rounds: dict[str, Round] = {}
    arms: dict[str, Arm] = {}
    for name, one in scenarios.items():
        own = one.case if isinstance(one, Variant) else case
        process, levers = (one.process, one.levers) if isinstance(one, Variant) else (Process.of(case), one)
        if own.hash not in rounds:
            rounds[own.hash] = Round.of(own)
        for regime in chosen:
            loop = Loop.of(rounds[own.hash], regime, every=every, first=first, gap=gap)
            loop.check(process, until)
            levers = replace(levers, regime="")
            arms[named(name, regime.name)] = Arm(own.projects, process, levers, loop)
    names = tuple(one.name for one in chosen)
    if not arms:
        raise YaosuError("runs_nothing")
    if twice := [name for name in names if names.count(name) > 1]:
        raise YaosuError("cross_twice", {"found": twice[0]})
    if until is None:
        until = next((end for one in rounds.values() if (end := round_end(one)) is not None), None)
    runs = experiment(case.projects, next(iter(arms.values())).process, arms, until=until, **how)
    crossing = Crossing(runs, tuple(scenarios), names)
    crossing.check()
    return crossing


def round_end(one: Round) -> Day | None:
    """The last date of a round, where its periods are dates."""
    bounds = period_bounds(one.model.pools.periods[-1])
    return None if bounds is None else bounds[1].date().isoformat()


def named(scenario: str, regime: str) -> str:
    """The name of a regime under a scenario among all runs."""
    return f"{scenario}{BETWEEN}{regime}"


@dataclass(frozen=True, eq=False)
class Crossing:
    """Regimes × scenarios × replications.

    Attributes
    ----------
    runs : Runs
        All of it, by names as `named` makes them: everything that can be asked of an experiment.
    scenarios, regimes : tuple of str
    """

    runs: Runs
    scenarios: tuple[str, ...]
    regimes: tuple[str, ...]
    confidence: float = field(default=0.95)

    def cells(self) -> Iterator[tuple[str, str, str]]:
        """Scenario, regime, and the name of both together."""
        for scenario in self.scenarios:
            for regime in self.regimes:
                yield scenario, regime, named(scenario, regime)

    def check(self) -> None:
        """Refuse to compare regimes that do not have the same demand and quota.

        Raises
        ------
        YaosuError
        """
        for scenario in self.scenarios:
            rounds = [self._quota(named(scenario, regime)).round for regime in self.regimes]
            for resource in rounds[0].case.resources:
                found = [(one.demand()[resource], one.quota().get(resource, 0.0)) for one in rounds]
                if len(set(found)) > 1:
                    values = {"resource": resource, "found": "; ".join(f"{d:g}, {q:g}" for d, q in found)}
                    raise YaosuError("cross_unequal", values)

    def totals(self) -> pd.DataFrame:
        """Demand and quota: ``scenario, regime, resource, demand, quota, unit``."""
        rows = []
        for scenario, regime, name in self.cells():
            one = self._quota(name).round
            rows += [
                (scenario, regime, resource, one.demand()[resource], one.quota().get(resource, 0.0),
                 one.case.units.get(resource, ""))
                for resource in one.case.resources
            ]  # fmt: skip
        return pd.DataFrame(rows, columns=["scenario", "regime", "resource", "demand", "quota", "unit"])

    @cached_property
    def end(self) -> float:
        """The moment until which is counted: the horizon, or the end of the last day with a grant or a start."""
        if self.runs.horizon is not None:
            return self.runs.horizon
        sat = [one.sittings["day"].max() for one in self.runs.kept.values() if len(one.sittings)]
        last = float(max([self.runs.span[1], *sat]))
        return self.runs.end_of(last) if self.runs.dated else last

    def curve(self, **options: Any) -> pd.DataFrame:
        """Start-rate curves as of `Runs.curve`, with ``scenario`` and ``regime``."""
        return self._split(self.runs.curve(**options))

    def benefit(self, times: Sequence[float] | Floats | None = None) -> pd.DataFrame:
        """Output benefit secured and realised by date: ``scenario, regime, time, kind, mean, low, high`` in points."""
        days = np.arange(min(np.floor(self.runs.span[0]), whole(self.end) - 1), self.end + 1)
        grid = ends_of(self.runs, days) if times is None else np.asarray(times, dtype=float)
        parts = []
        for scenario, regime, name in self.cells():
            quota = self._quota(name)
            found = np.array([quota.benefit(one, grid) for one in self.runs.outcomes_of(name)])
            for place, kind in enumerate(("secured", "realised")):
                parts.append(pd.DataFrame({"scenario": scenario, "regime": regime, "time": np.round(grid, 9),
                                           "kind": kind, **self._interval(found[:, place])}))  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    def idle(self) -> pd.DataFrame:
        """Quota idle: ``scenario, regime, resource, unit, kind, mean, low, high`` in unit-days.

        ``kind``: ``free`` (not granted) or ``held`` (granted and not started).
        """
        rows = []
        for scenario, regime, name in self.cells():
            quota = self._quota(name)
            found = [quota.idle(one, self.end) for one in self.runs.outcomes_of(name)]
            for resource in quota.round.case.resources:
                for place, kind in enumerate(("free", "held")):
                    values = np.array([one[resource][place] for one in found])
                    rows.append({"scenario": scenario, "regime": regime, "resource": resource,
                                 "unit": f"{quota.round.case.units.get(resource, '')}{UNIT_DAYS}", "kind": kind,
                                 **self._interval(values)})  # fmt: skip
        return pd.DataFrame(rows)

    def waiting(self, by: str | None = None) -> pd.DataFrame:
        """Mean days of waiting for review and then for elements, of projects that had not begun before the round.

        Returns
        -------
        DataFrame
            ``scenario, regime, group, kind, mean, low, high``; ``kind``: ``review`` or ``elements``. Only those that
            were approved wait for elements; a wait that lasts is counted until `end`.
        """
        rows = []
        for scenario, regime, name in self.cells():
            quota = self._quota(name)
            groups = self._groups(quota, by)
            found = [quota.waits(one, self.end) for one in self.runs.outcomes_of(name)]
            for group, inside in groups.items():
                for place, kind in enumerate(("review", "elements")):
                    values = np.array([_mean(one[place][inside]) for one in found])
                    rows.append({"scenario": scenario, "regime": regime, "group": group, "kind": kind,
                                 **self._interval(values)})  # fmt: skip
        return pd.DataFrame(rows)

    def fairness(self) -> pd.DataFrame:
        """Share of each region in what is held at the end, against its formula share.

        Returns
        -------
        DataFrame
            ``scenario, regime, resource, region, formula, mean, low, high``.
        """
        rows = []
        for scenario, regime, name in self.cells():
            quota = self._quota(name)
            found = [quota.shares(one, self.end) for one in self.runs.outcomes_of(name)]
            for resource in quota.round.case.resources:
                interval = self._interval(np.array([one[resource] for one in found]))
                rows.append(pd.DataFrame({"scenario": scenario, "regime": regime, "resource": resource,
                                          "region": quota.formula.index, "formula": quota.formula[resource].to_numpy(),
                                          **interval}))  # fmt: skip
        return pd.concat(rows, ignore_index=True)

    def stability(self) -> pd.DataFrame:
        """What was changed after it had been said: ``scenario, regime, kind, mean, low, high`` per replication.

        ``kind``: ``given`` (grants), ``changed`` (promises that another sitting made otherwise), ``returned`` (grants
        without a start in time), ``gap`` (largest of any sitting, a share), ``eased`` (sittings that missed a rule).
        """
        rows = []
        for scenario, regime, name in self.cells():
            tables = [one.sittings for one in self.runs.outcomes_of(name)]
            values = {kind: [float(one[kind].sum()) for one in tables] for kind in ("given", "changed", "returned")}
            values["gap"] = [float(one["gap"].max()) for one in tables]
            values["eased"] = [float((one["eased"] > 0).sum()) for one in tables]
            rows += [{"scenario": scenario, "regime": regime, "kind": kind, **self._interval(np.array(one))}
                     for kind, one in values.items()]  # fmt: skip
        return pd.DataFrame(rows)

    def projects(self) -> pd.DataFrame:
        """Who gets its elements: ``scenario, regime, project, region, tier, granted, day, started``.

        ``granted`` and ``started`` are shares of the replications; ``day`` is the mean day of the grants. With several
        regimes ``change, change_low, change_high`` say how much oftener it is granted than under the first, paired by
        replication (`simulation.pairedshares.change_of`).
        """
        parts, granted = [], dict[str, pd.DataFrame]()
        for scenario, regime, name in self.cells():
            quota, outcomes = self._quota(name), self.runs.outcomes_of(name)
            days = np.array([quota.granted(one, self.end) for one in outcomes])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # of those who never get any
                mean = np.nanmean(days, axis=0)
            facts = {one: column(quota.projects, "projects", one).to_numpy() for one in ("region", "tier")}
            parts.append(pd.DataFrame({
                "scenario": scenario, "regime": regime, "project": quota.projects["id"].to_numpy(), **facts,
                "granted": np.isfinite(days).mean(axis=0), "day": mean,
                "started": np.mean([one.started <= self.end for one in outcomes], axis=0),
            }))  # fmt: skip
            granted[regime] = pd.DataFrame(np.isfinite(days), self.runs.numbers(name))
            if regime != self.regimes[0]:
                before, after = granted[self.regimes[0]].align(granted[regime], "inner", axis=0)
                change = change_of(before.to_numpy(dtype=bool), after.to_numpy(dtype=bool), self.confidence)
                parts[-1][["change", "change_low", "change_high"]] = np.transpose(change)
        return pd.concat(parts, ignore_index=True)

    def values(self, measure: Measure, day: Day | None = None, resource: str | None = None) -> dict[str, pd.Series]:
        """A measure in each replication, by name of scenario and regime.

        Parameters
        ----------
        measure : str
            ``started`` (share of all projects), ``secured`` and ``realised`` (points), ``idle`` (unit-days until the
            day, free and held together), ``elements`` and ``review`` (mean days waited until then), ``gini``.
        day : day, optional
            `end` without.
        resource : str, optional
            Of ``idle`` and ``gini``; the first without.
        """
        if measure not in MEASURES:
            raise YaosuError("runs_choice", {"name": "measure", "found": measure, "expected": ", ".join(MEASURES)})
        end = self.end if day is None else self.runs.day(day)
        found = {}
        for _, _, name in self.cells():
            quota = self._quota(name)
            of = resource or quota.round.case.resources[0]
            numbers = self.runs.numbers(name)
            outcomes = self.runs.outcomes_of(name, numbers)
            found[name] = pd.Series([_value(quota, one, measure, end, of) for one in outcomes], index=numbers)
        return found

    def table(self, measure: Measure, day: Day | None = None, resource: str | None = None) -> pd.DataFrame:
        """The two-way table: ``scenario, regime, mean, low, high``; see `values`."""
        found = self.values(measure, day, resource)
        return pd.DataFrame([
            {"scenario": scenario, "regime": regime, **self._interval(found[name].to_numpy())}
            for scenario, regime, name in self.cells()
        ])  # fmt: skip

    def gains(self, measure: Measure, day: Day | None = None, resource: str | None = None) -> pd.DataFrame:
        """What each regime gains against the first, and how that depends on the scenario, paired by replication.

        Returns
        -------
        DataFrame
            ``scenario, regime, gain, low, high`` against the first regime in the same scenario, ``relative`` (to it),
            and ``more, more_low, more_high``: the gain less the gain in the first scenario.
        """
        found = self.values(measure, day, resource)
        first, rows = self.regimes[0], []
        for regime in self.regimes[1:]:
            before: pd.Series | None = None
            for scenario in self.scenarios:
                base = found[named(scenario, first)]
                gain = found[named(scenario, regime)] - base
                before = gain if before is None else before
                gained, paired = self._interval(gain.to_numpy()), base.reindex(gain.index)[gain.notna()].mean()
                more = self._interval((gain - before).to_numpy())
                rows.append({
                    "scenario": scenario, "regime": regime, "gain": gained["mean"], "low": gained["low"],
                    "high": gained["high"], "relative": gained["mean"] / paired if paired else NAN,
                    "more": more["mean"], "more_low": more["low"], "more_high": more["high"],
                })  # fmt: skip
        return pd.DataFrame(rows)

    def effects(self, measure: Measure, day: Day | None = None, resource: str | None = None) -> pd.DataFrame:
        """What each scenario changes under each regime against the first scenario, paired by replication.

        Returns
        -------
        DataFrame
            ``scenario, regime, effect, low, high``; the first scenario has no row.
        """
        found = self.values(measure, day, resource)
        rows = []
        for scenario in self.scenarios[1:]:
            for regime in self.regimes:
                change = found[named(scenario, regime)] - found[named(self.scenarios[0], regime)]
                interval = self._interval(change.to_numpy())
                rows.append({"scenario": scenario, "regime": regime, "effect": interval["mean"],
                             "low": interval["low"], "high": interval["high"]})  # fmt: skip
        return pd.DataFrame(rows, columns=["scenario", "regime", "effect", "low", "high"])

    def _quota(self, name: str) -> Quota:
        return self._quotas[name]

    @cached_property
    def _quotas(self) -> dict[str, Quota]:
        found, made = {}, dict[int, Quota]()
        for _, _, name in self.cells():
            arm = self.runs.arms[name]
            assert arm.loop is not None
            ids = arm.in_order["id"].astype(str).to_numpy(dtype=object)
            found[name] = made.setdefault(id(arm.loop.round), Quota(arm.loop.round, arm.process, ids))
        return found

    def _groups(self, quota: Quota, by: str | None) -> dict[str, NDArray[np.bool_]]:
        if by is None:
            return {"": np.ones(len(quota.ids), dtype=bool)}
        text = column(quota.projects, "projects", by).astype(object).fillna("").astype(str).to_numpy()
        return {one: text == one for one in sorted(set(text))}

    def _interval(self, values: Floats) -> dict[str, Any]:
        mean, half = mean_of(values, self.confidence)
        return {"mean": mean, "low": mean - half, "high": mean + half}

    def _split(self, table: pd.DataFrame) -> pd.DataFrame:
        """The names in a table as scenario and regime."""
        both = {name: (scenario, regime) for scenario, regime, name in self.cells()}
        regime = table["scenario"].map(lambda name: both[name][1])
        table = table.assign(scenario=table["scenario"].map(lambda name: both[name][0]))
        table.insert(1, "regime", regime)
        return table


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else NAN


def _value(quota: Quota, one: Outcome, measure: Measure, end: float, resource: str) -> float:
    """One measure of one replication."""
    if measure == "started":
        return float((one.started <= end).mean())
    if measure in ("secured", "realised"):
        return float(quota.benefit(one, np.array([end]))[("secured", "realised").index(measure)][0])
    if measure == "idle":
        return sum(quota.idle(one, end)[resource])
    if measure == "gini":
        return gini(quota.shares(one, end)[resource], quota.formula[resource].to_numpy())
    return _mean(quota.waits(one, end)[("review", "elements").index(measure)])
