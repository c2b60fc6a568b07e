"""Tables of an experiment beside the curves: every scenario's effect, key figures, projects, desks and offices."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.cohort import Over, View, days_due
from simulation.effects import LEVELS
from simulation.intervals import mean_of
from simulation.measures import Day
from simulation.outcome import Outcome

if TYPE_CHECKING:
    from simulation.runs import Runs

Floats = NDArray[np.float64]
FACTS = ("name", "region", "county", "field", "tier", "kind", "due")
UNITS = {"ready_to_start": "days", "days_waiting": "project-days"}
DESK = ("utilisation", "mean_queue", "mean_wait", "visits")


def effects(
    runs: Runs, baseline: str | None = None, *, over: Over = "planned", weight: str | None = None, where: str = "",
    dates: Sequence[Day] = (), confidence: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """What every scenario changes against one of them, paired by replication (4.7).

    Parameters
    ----------
    runs : Runs
    baseline : str, optional
        The first scenario without.
    over, weight, where, dates, confidence
        As in `simulation.runs.Runs.compare`.

    Returns
    -------
    DataFrame
        ``scenario``, then as in the summary of a comparison.
    """
    base = runs.scenarios[0] if baseline is None else baseline
    parts = []
    for name in runs.scenarios:
        if name != base:
            part = runs.compare(name, base, over=over, weight=weight, where=where, dates=dates, confidence=confidence)
            parts.append(part.summary.assign(scenario=name))
    columns = ["scenario", "measure", "unit", "a", "b", "difference", "low", "high", "confidence", "replications"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def figures(
    runs: Runs, *, over: Over = "planned", weight: str | None = None, where: str = "", dates: Sequence[Day] = (),
    confidence: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Each scenario in figures, with intervals over replications.

    Returns
    -------
    DataFrame
        ``scenario, measure, unit, mean, low, high``: ``started`` and ``started_by_<day>`` (shares), ``day_50``,
        ``day_80``, ``day_95`` (the day on which that share of all planned has started; blank where some replication
        does not reach it), ``ready_to_start`` (mean days of those that start), ``days_waiting`` (project-days in all
        queues) and ``decided_in_time`` (of the decisions with a limit).
    """
    return averaged(replicated(runs, over=over, weight=weight, where=where, dates=dates), confidence)


def replicated(
    runs: Runs, *, over: Over = "planned", weight: str | None = None, where: str = "", dates: Sequence[Day] = ()
) -> pd.DataFrame:
    """The same of each replication: ``scenario, replication`` and a column per measure, blank where it is not known."""
    planned = View("planned", weight, None, where)
    counted = View(over, weight, None, where) if dates else planned
    last = runs.span[1] if runs.horizon is None else runs.horizon
    days = np.array([runs.day(day) for day in dates])
    parts = []
    for name in runs.scenarios:
        outcomes = runs.outcomes_of(name)
        [cohort], [shown] = runs.cohorts(name, planned), runs.cohorts(name, counted)
        reached, shares = cohort.quantiles(outcomes, LEVELS), shown.shares(outcomes, days)
        parts.append(pd.DataFrame({
            "scenario": name, "replication": runs.numbers(name),
            "started": cohort.shares(outcomes, np.array([last]))[:, 0],
            **{f"day_{level:.0%}".rstrip("%"): reached[:, place] for place, level in enumerate(LEVELS)},
            "ready_to_start": [_took(one, cohort.rows) for one in outcomes],
            "days_waiting": [float(one.stages["waiting"].sum()) for one in outcomes],
            "decided_in_time": [_in_time(one) for one in outcomes],
            **{f"started_by_{day}": shares[:, place] for place, day in enumerate(dates)},
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def averaged(replications: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """The figures of replications, as `figures` gives them."""
    rows = [
        (name, measure, unit, *_spread(part[measure].to_numpy(), unit, confidence))
        for name, part in replications.groupby("scenario", sort=False)
        for measure in part.columns.drop(["scenario", "replication"])
        for unit in [UNITS.get(measure, "day" if measure.startswith("day_") else "share")]
    ]
    return pd.DataFrame(rows, columns=["scenario", "measure", "unit", "mean", "low", "high"])


def _spread(values: Floats, unit: str, confidence: float) -> tuple[float, float, float]:
    """Mean and interval; a share stays between 0 and 1, and what some replication lacks is not known."""
    if not np.isfinite(values).all():
        return np.nan, np.nan, np.nan
    mean, half = (float(one) for one in mean_of(values, confidence))
    low, high = mean - half, mean + half
    return (mean, max(low, 0.0), min(high, 1.0)) if unit == "share" else (mean, low, high)


def _took(outcome: Outcome, rows: NDArray[np.int64]) -> float:
    took = outcome.started[rows] - outcome.ready[rows]
    return float(np.nanmean(took)) if np.isfinite(took).any() else np.nan


def _in_time(outcome: Outcome) -> float:
    judged = float(outcome.stages["judged"].sum())
    return float(outcome.stages["on_time"].sum()) / judged if judged else np.nan


def projects(runs: Runs, dates: Sequence[Day] = ()) -> pd.DataFrame:
    """Each project in each scenario: when it starts, and how surely.

    Returns
    -------
    DataFrame
        ``scenario, id``, facts of the project, ``share_started`` (of the replications), ``mean_start`` (days from the
        origin, of those in which it starts), ``start_10, start_90`` (of these, the days between which eight tenths
        lie), with a calendar ``*_date`` beside them, ``share_when_due`` (started when it was due) and
        ``share_by_<day>``.
    """
    parts = []
    for name in runs.scenarios:
        arm = runs.arms[name]
        started = np.stack([one.started for one in runs.outcomes_of(name)])
        known = np.isfinite(started)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # projects that never start
            days = {"mean_start": np.nanmean(started, axis=0)}
            days |= {f"start_{q}": np.nanquantile(started, q / 100, axis=0) for q in (10, 90)}
        table = arm.in_order[["id", *(one for one in FACTS if one in arm.in_order)]].copy()
        table.insert(0, "scenario", name)
        table["share_started"] = known.mean(axis=0)
        for column, values in days.items():
            table[column] = values
            if arm.process.calendar is not None:
                origin = pd.Timestamp(arm.process.origin)
                table[f"{column}_date"] = (origin + pd.to_timedelta(np.floor(values), unit="D")).strftime("%Y-%m-%d")
        if "due" in arm.in_order:
            due = days_due(arm.in_order, arm.process, name)
            table["share_when_due"] = np.where(np.isfinite(due), (started <= due).mean(axis=0), np.nan)
        for day in dates:
            table[f"share_by_{day}"] = (started <= runs.day(day)).mean(axis=0)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def desks(runs: Runs, confidence: float = 0.95) -> pd.DataFrame:
    """Each desk in each scenario, means over replications.

    Returns
    -------
    DataFrame
        ``scenario, office, region, reviewers`` and ``utilisation, mean_queue`` (applications), ``mean_wait`` (days),
        ``visits``, each with ``*_low`` and ``*_high``. Utilisation is measured from the first entry to the end of a
        replication; an office that decides at meetings has none.
    """
    parts = []
    for name in runs.scenarios:
        outcomes = runs.outcomes_of(name)
        table = outcomes[0].offices[["office", "region", "reviewers"]].copy()
        table.insert(0, "scenario", name)
        for column in DESK:
            mean, half = mean_of(np.stack([one.offices[column].to_numpy(dtype=float) for one in outcomes]), confidence)
            table[column], table[f"{column}_low"] = mean, np.maximum(mean - half, 0.0)
            table[f"{column}_high"] = mean + half
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def offices(runs: Runs, scenario: str | None = None, confidence: float = 0.95) -> pd.DataFrame:
    """Each office over all its desks, those with most waiting first.

    Returns
    -------
    DataFrame
        ``scenario, office, desks, reviewers, utilisation`` (over the desks by their reviewers), ``work`` (working days
        of review per reviewer), ``mean_wait`` (days per application), ``days_waiting`` (project-days), each of the four
        with ``*_low`` and ``*_high``, ``visits``, ``busiest`` (place of the desk with most to do),
        ``busiest_utilisation`` and ``busiest_work``.
    """
    parts = []
    for name in runs.scenarios if scenario is None else (scenario,):
        made = pd.DataFrame(list(_offices(runs.outcomes_of(name), confidence)))
        if len(made):
            made.insert(0, "scenario", name)
            parts.append(made.sort_values(["days_waiting", "office"], ascending=[False, True]))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["scenario", "office"])


def _offices(outcomes: Sequence[Outcome], confidence: float) -> Iterator[dict[str, Any]]:
    first = outcomes[0].offices
    each = {name: np.stack([one.offices[name].to_numpy(dtype=float) for one in outcomes])
            for name in ("reviewers", "utilisation", "mean_wait", "visits")}  # fmt: skip
    stages = outcomes[0].stages["office"].to_numpy(dtype=object)
    waiting, worked = (np.stack([one.stages[name].to_numpy(dtype=float) for one in outcomes])
                       for name in ("waiting", "worked"))  # fmt: skip
    for office in dict.fromkeys(first["office"]):
        at_it = np.flatnonzero(first["office"].to_numpy(dtype=object) == office)
        reviewers, busy, waits, visits = (values[:, at_it] for values in each.values())
        there = np.nan_to_num(reviewers) * np.isfinite(busy)
        row: dict[str, Any] = {"office": office, "desks": len(at_it), "reviewers": float(mean_of(reviewers.sum(1))[0])}
        measured = {
            "utilisation": _ratio((np.nan_to_num(busy) * there).sum(1), there.sum(1)),
            "work": _ratio(worked[:, stages == office].sum(1), there.sum(1)),
            "mean_wait": _ratio((np.nan_to_num(waits) * visits).sum(1), visits.sum(1)),
            "days_waiting": waiting[:, stages == office].sum(1),
        }
        for name, values in measured.items():
            mean, half = (float(one) for one in mean_of(values, confidence))
            row |= {name: mean, f"{name}_low": max(mean - half, 0.0), f"{name}_high": mean + half}
        row["visits"] = float(visits.sum(1).mean())
        mean = np.nan_to_num(busy).mean(axis=0)
        place = int(mean.argmax())
        several = len(at_it) > 1 and mean[place] > 0
        row["busiest"] = str(first["region"].iloc[at_it[place]]) if several else ""
        row["busiest_utilisation"] = float(mean[place]) if several else np.nan
        row["busiest_work"] = row["work"] * mean[place] / row["utilisation"] if several else np.nan
        yield row


def _ratio(above: Floats, below: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(above / below, dtype=np.float64)
