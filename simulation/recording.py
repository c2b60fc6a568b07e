"""Records of plans, of scenarios side by side and of experiments, as they are kept."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator import folder, sidebook
from allocator import summary as plans
from allocator.case import Case
from allocator.plan import Plan
from allocator.scenario import Scenario
from allocator.sidebyside import SideBySide
from simulation.keeping import FIGURES, Record
from simulation.measures import Day

if TYPE_CHECKING:
    from simulation.runs import Runs

PACKAGES = ("yaosu", "numpy", "pandas", "scipy", "simpy", "numba")
SIDES = ("worth", "objective", "bound", "gap", "funded", "investment", "plan", "cost")


def versions() -> dict[str, str]:
    """Versions of what a simulation depends on.

    >>> sorted(versions())
    ['numba', 'numpy', 'pandas', 'python', 'scipy', 'simpy', 'yaosu']
    """
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES}


def record_plan(
    plan: Plan, options: Mapping[str, Any] | None = None, more: Mapping[str, pd.DataFrame] | None = None,
    seed: int | None = None,
) -> Record:  # fmt: skip
    """A plan as it is kept.

    Parameters
    ----------
    plan : Plan
    options : mapping, optional
        What was asked for, such as a time limit.
    more : mapping, optional
        Further tables by name.
    seed : int, optional
        Of what was drawn for those.

    Examples
    --------
    >>> from allocator import allocate
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> record = record_plan(allocate(case))
    >>> record.figures[["measure", "unit", "value"]].values.tolist()[::3]
    [['objective', 'points', 5.0], ['funded', 'count', 1.0]]
    """
    told = plan.summary()
    names = folder.TABLES if plan.solution.x is not None else folder.TABLES[:1]
    tables = {name: table for name in names if len(table := getattr(plan, name))} | dict(more or {})
    return Record(
        "plan", "allocate", plan.case, _table(_of_plan(told)), tables, told, status=plan.status, engine=plan.engine,
        seed=seed, seconds=plan.solution.seconds, options=options or {}, versions=told["versions"],
    )  # fmt: skip


def record_sides(side: SideBySide, options: Mapping[str, Any] | None = None, engine: str = "auto") -> Record:
    """Scenarios of a plan side by side as they are kept."""
    told, status = sidebook.told(side), [one.status for one in side.outcomes]
    tables = {sidebook.FILES[name].removesuffix(".csv"): getattr(side, name) for name in sidebook.FILES}
    whole = "complete" if all(one.taken is not None for one in side.outcomes) else next(
        one for one, made in zip(status, side.outcomes, strict=True) if made.taken is None)  # fmt: skip
    rows = [row for name in SIDES for row in _of_sides(side.summary, name, told["units"])]
    rows += [row for name in side.case.resources for row in _of_sides(side.summary, name, told["units"])]
    stated = [stated_as(one) for one in side.scenarios[1:]]
    return Record(
        "plan", "allocate", side.case, _table(iter(rows)), tables, told, stated, whole, engine,
        seconds=float(side.summary["seconds"].sum()), options=options or {}, versions=told["versions"],
    )  # fmt: skip


def record_runs(
    case: Case, runs: Runs, tables: Mapping[str, pd.DataFrame] | None = None, summary: Mapping[str, Any] | None = None,
    *, dates: Sequence[Day] = (), counting: Mapping[str, Any] | None = None, **about: Any,
) -> Record:  # fmt: skip
    """An experiment as it is kept.

    Parameters
    ----------
    case : Case
        What it was made from.
    runs : Runs
    tables, summary : mapping, optional
        What to keep of it; its figures, curves and desks without.
    dates : sequence of day
        Days of which is spoken.
    counting : mapping, optional
        ``over, weight, where``: who counts.
    **about
        Further fields of the record: command, scenarios, status, engine, seconds, options.
    """
    from simulation import results

    counts = dict(counting or {})
    replicated = results.replicated(runs, **counts, dates=dates)
    figures = results.averaged(replicated).rename(columns={"mean": "value"})
    order = [f"started_by_{dates[-1]}" if dates else "day_80", *figures["measure"].unique()]
    figures = figures.sort_values("measure", key=lambda names: names.map(order.index), kind="stable", ignore_index=True)
    if tables is None:
        tables = {"scenarios": figures, "curve": runs.curve(**counts), "offices": results.desks(runs)}
    number = min(len(runs.numbers(name)) for name in runs.scenarios)
    fixed = {"command": "experiment", "status": "failures" if len(runs.failures) else "complete"}
    return Record("experiment", case=case, figures=figures, tables=tables, summary=summary or {}, seed=runs.seed,
                  replicated=replicated, replications=number, versions=versions(), **(fixed | about))  # fmt: skip


def stated_as(scenario: Scenario) -> dict[str, Any]:
    """A scenario as it is kept: all that it states."""
    return {"name": scenario.key, "file": scenario.name, "content": scenario.content, "point": scenario.point}


def _of_plan(told: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The figures of a plan from its summary."""
    unit = told["value"]["unit"]
    for name in ("objective", "bound"):
        yield "", name, unit, told[name]
    yield "", "gap", "share", told["gap"]
    yield "", "funded", "count", told["funded"]
    for name in plans.MONEY:
        if name in told["money"]:
            yield "", name, "mcny", told["money"][name]["funded"]
    for name, found in told["resources"].items():
        yield "", name, found["unit"], found["granted"]


def _of_sides(table: pd.DataFrame, name: str, units: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    """One figure of every scenario."""
    unit = {"gap": "share", "funded": "count"}.get(name, units.get(name, ""))
    for scenario, found in zip(table["scenario"], table.get(name, ()), strict=False):
        yield scenario, name, unit, found


def _table(rows: Iterator[tuple[Any, ...]]) -> pd.DataFrame:
    made = pd.DataFrame(list(rows), columns=list(FIGURES[:4]))
    made["value"] = made["value"].astype(float)
    return made.assign(low=float("nan"), high=float("nan"))
