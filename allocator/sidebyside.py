"""Scenarios of a plan side by side: each allocated on its own, in parallel, beside the case as it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
from joblib.externals.loky.process_executor import BrokenProcessPool

from allocator.case import Case
from allocator.errors import YaosuError
from allocator.labels import Lang, label
from allocator.options import options
from allocator.plan import Engine, allocate
from allocator.scenario import Scenario, apply_all
from allocator.scoring import score
from allocator.speech import Speech, number
from allocator.tables import chosen

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BASE = "base"
GROUPS = ("region", "field", "tier")
POOL = ["pool", "resource", "region", "period"]
OPTION = ["project", "variant", "period"]
SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the allocation of one scenario gave: the options taken and the pools' prices, or why there are none."""

    status: str
    objective: float = math.nan
    bound: float = math.nan
    gap: float = math.nan
    cost: float = math.nan
    seconds: float = math.nan
    error: str = ""
    taken: pd.DataFrame | None = None
    prices: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class SideBySide:
    """Scenarios of one case beside each other; the case as it is comes first.

    Attributes
    ----------
    case : Case
        As it is.
    scenarios : tuple of Scenario
        One per row: the base, then every scenario or point of a sweep.
    outcomes : tuple of Outcome
    facts : DataFrame
        The projects of all scenarios, to group by.
    measure : Series
        Value of each option (project, variant, period) in the case as it is.
    lang : {"en", "zh"}
        Of the titles.
    """

    case: Case
    scenarios: tuple[Scenario, ...]
    outcomes: tuple[Outcome, ...]
    facts: pd.DataFrame
    measure: pd.Series
    lang: Lang = "en"

    @property
    def keys(self) -> list[str]:
        """Name of each scenario, with the values of a sweep: the columns of the tables."""
        return [scenario.key for scenario in self.scenarios]

    def titles(self, lang: Lang) -> list[str]:
        """Title of each scenario in one language."""
        return [label("scenario.base", lang), *(scenario.title(lang) for scenario in self.scenarios[1:])]

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per scenario.

        Returns
        -------
        DataFrame
            ``scenario, title, status, objective, bound, gap, worth, change, change_low, change_high, funded, moved_in,
            moved_out, investment, plan, cost``, a column per resource with what is granted, ``seconds, error, source``.
            ``objective`` is in the scenario's own scores and weights, ``worth`` the same plan in those of the case as
            it is, and ``change`` the share by which that is above the base. It is proven to lie between
            ``change_low`` and ``change_high``, which are blank where scores or weights differ. Money in million yuan.
        """
        base = self.outcomes[0]
        rows = []
        for scenario, title, outcome in zip(self.scenarios, self.titles(self.lang), self.outcomes, strict=True):
            worth, same = self._worth(outcome)
            rows.append({
                "scenario": scenario.key, "title": title, "status": outcome.status, "objective": outcome.objective,
                "bound": outcome.bound, "gap": outcome.gap, "worth": worth,
                "change": _change(worth, base.objective),
                "change_low": _change(outcome.objective, base.bound) if same else math.nan,
                "change_high": _change(outcome.bound, base.objective) if same else math.nan,
                **self._given(outcome), "cost": outcome.cost, "seconds": outcome.seconds, "error": outcome.error,
                "source": scenario.source(self.lang),
            })  # fmt: skip
        table = pd.DataFrame(rows)
        unchanged = [outcome is base and base.taken is not None for outcome in self.outcomes]
        table.loc[unchanged, ["change", "change_low", "change_high"]] = 0.0
        return table

    @cached_property
    def projects(self) -> pd.DataFrame:
        """One row per project: facts, ``times`` (number of scenarios that fund it), and per scenario the share funded.

        The column of a scenario is named as in ``summary["scenario"]``; it is blank where there is no plan.
        """
        names = [name for name in ("id", "name", *GROUPS) if name in self.facts]
        shares = {
            key: math.nan if outcome.taken is None else self._by_project(outcome.taken["share"], outcome)
            for key, outcome in zip(self.keys, self.outcomes, strict=True)
        }
        made = pd.DataFrame(shares, index=self.facts.index)
        return self.facts[names].assign(times=(made > 0).sum(axis=1)).join(made)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Worth by region, field and tier: ``by, group``, and a column per scenario, in the values of the base."""
        worth = {
            key: math.nan if outcome.taken is None else self._by_project(self._values(outcome), outcome)
            for key, outcome in zip(self.keys, self.outcomes, strict=True)
        }
        made = pd.DataFrame(worth, index=self.facts.index)
        parts = [
            made.groupby(self.facts[by]).sum(min_count=1).rename_axis("group").reset_index().assign(by=by)
            for by in GROUPS
            if by in self.facts and self.facts[by].notna().any()
        ]
        empty = pd.DataFrame(columns=["group", *self.keys, "by"])
        return pd.concat(parts or [empty], ignore_index=True)[["by", "group", *self.keys]]

    @cached_property
    def prices(self) -> pd.DataFrame:
        """Price of one more unit of each pool, from the LP relaxation: ``pool, resource, region, period, unit``, and a
        column per scenario, in the values of that scenario."""
        found = {
            key: outcome.prices.set_index([*POOL, "unit"])["price"]
            for key, outcome in zip(self.keys, self.outcomes, strict=True)
            if outcome.prices is not None
        }
        if not found:
            return pd.DataFrame(columns=[*POOL, "unit", *self.keys])
        order = pd.concat([price.index.to_frame() for price in found.values()]).drop_duplicates()
        return pd.DataFrame(found, index=pd.MultiIndex.from_frame(order)).reindex(columns=self.keys).reset_index()

    def __repr__(self) -> str:
        return self.text(self.lang)

    def text(self, lang: Lang = "en") -> str:
        """A line per scenario: status, value and the change against the case as it is."""
        say, lines = Speech(lang), []
        for title, row in zip(self.titles(lang), self.summary.to_dict("records"), strict=True):
            if math.isnan(row["objective"]):
                lines.append(
                    say.say("scenario.line_none", title=title, reason=row["error"] or say.status(row["status"]))
                )
                continue
            facts = {name: number(row[name]) for name in ("worth", "funded", "moved_in", "moved_out")}
            change = "–" if math.isnan(row["change"]) else f"{100 * row['change']:+.2f} %"
            key = "scenario.line_base" if row["scenario"] == BASE else "scenario.line"
            lines.append(say.say(key, title=title, change=change, **facts))
        return "\n".join(lines)

    def plot(self, lang: Lang | None = None) -> Figure:
        """Change against the case as it is: bars, a line per sweep of one number, a heat map per grid of two."""
        from allocator.sidepicture import plot_side_by_side

        return plot_side_by_side(self, lang or self.lang)

    def to_excel(self, path: str | Path, lang: Lang | None = None) -> Path:
        """Write the tables and a chart into a workbook."""
        from allocator.sidebook import write_book

        return write_book(self, Path(path), lang or self.lang)

    def write(self, folder: str | Path, lang: Lang | None = None) -> Path:
        """Write ``scenarios.xlsx``, the tables as CSV, ``scenarios.png`` and ``summary.json`` into a folder."""
        from allocator.sidebook import write_folder

        return write_folder(self, Path(folder), lang or self.lang)

    def _values(self, outcome: Outcome) -> pd.Series:
        """Value of the options taken in the scores and weights of the base; blank where it does not know them."""
        assert outcome.taken is not None
        known = self.measure.reindex(pd.MultiIndex.from_frame(outcome.taken[OPTION])).to_numpy()
        own = outcome.taken["value"].to_numpy()
        same = bool(np.all(np.isnan(known) | (np.abs(own - known) <= SAME * np.maximum(1.0, np.abs(known)))))
        values = own if same else known
        return pd.Series(values * outcome.taken["share"].to_numpy(), index=outcome.taken.index)

    def _worth(self, outcome: Outcome) -> tuple[float, bool]:
        """The plan in the values of the base, and whether the scenario measures in the same way."""
        if outcome.taken is None:
            return math.nan, False
        own = (outcome.taken["value"] * outcome.taken["share"]).to_numpy()
        values = self._values(outcome).to_numpy()
        same = np.array_equal(own, values)
        return (outcome.objective if same else outcome.objective - own.sum() + values.sum()), same

    def _by_project(self, amounts: pd.Series, outcome: Outcome) -> pd.Series:
        assert outcome.taken is not None
        summed = amounts.groupby(outcome.taken["project"]).sum(min_count=1)
        known = self.facts["id"].map(summed)
        return known.where(known.notna() | self.facts["id"].isin(set(outcome.taken["project"])), 0.0)

    def _given(self, outcome: Outcome) -> dict[str, float]:
        """Counts, money and quota."""
        resources = list(self.case.resources)
        money = [name for name in ("investment", "plan") if name in self.facts]
        taken, base = outcome.taken, self.outcomes[0].taken
        if taken is None:
            return dict.fromkeys(["funded", "moved_in", "moved_out", *money, *resources], math.nan)
        funded = set(taken["project"])
        before = funded if base is None else set(base["project"])
        moved = (math.nan, math.nan) if base is None else (float(len(funded - before)), float(len(before - funded)))
        sums = {name: float((taken[name] * taken["share"]).sum()) if name in taken else math.nan
                for name in (*money, *resources)}  # fmt: skip
        return {"funded": float(len(funded)), "moved_in": moved[0], "moved_out": moved[1], **sums}


def compare_scenarios(
    case: Case, scenarios: Sequence[Scenario], *, engine: Engine = "auto", solver: str = "highs", gap: float = 1e-3,
    time_limit: float = 60.0, jobs: int = -1, progress: Callable[[int, int], None] | None = None, lang: Lang = "en",
) -> SideBySide:  # fmt: skip
    """Allocate a case as it is and under scenarios, in parallel, and lay the plans side by side.

    Parameters
    ----------
    case : Case
    scenarios : sequence of Scenario
        Sweeps are run at every point.
    engine, solver, gap, time_limit
        Of each allocation, as for `allocate`.
    jobs : int
        Processes; -1 takes all cores. It changes no result, as long as no time limit is reached.
    progress : callable, optional
        Called with the number of allocations done and of all.
    lang : {"en", "zh"}
        Of titles and errors.

    Returns
    -------
    SideBySide
        A scenario that fails or allows no plan is a row that says so. Equal cases are allocated once. Ctrl-C ends the
        run and keeps those done.

    Raises
    ------
    InputError
        With every fault of all scenarios, before anything is solved.
    YaosuError
        Two scenarios have one name.

    Examples
    --------
    >>> from allocator import Case
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> more = Scenario("more", {"title": "40 % more land", "pools": [{"scale": {"amount": 1.4}}]})
    >>> compare_scenarios(case, [more], jobs=1)
    As it is: 5, 1 funded
    40 % more land: 9 (+80.00 %), 2 funded (1 in, 0 out)
    """
    base = Scenario(BASE, {})
    made = apply_all([base, *scenarios], case)
    known = options(case, score(case)).table.drop_duplicates(OPTION).set_index(OPTION)["value"]
    effort = {"engine": engine, "solver": solver, "gap": gap, "time_limit": time_limit}
    found: dict[str, Outcome] = {}
    cases = {one.hash: one for _, one in reversed(made)}
    tasks = (joblib.delayed(_outcome)(one, effort, lang) for one in reversed(cases.values()))
    try:
        for key, outcome in joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(tasks):
            found[key] = outcome
            if progress is not None:
                progress(len(found), len(cases))
    except (KeyboardInterrupt, BrokenProcessPool):
        pass
    missing = Outcome("unknown", error=label("scenario.not_run", lang))
    outcomes = tuple(found.get(one.hash, missing) for _, one in made)
    facts = pd.concat([one.projects for _, one in made], ignore_index=True).drop_duplicates("id", ignore_index=True)
    return SideBySide(case, tuple(variant for variant, _ in made), outcomes, facts, known, lang)


def _outcome(case: Case, effort: dict[str, Any], lang: Lang) -> tuple[str, Outcome]:
    """Allocate one scenario; whatever goes wrong is an answer, not the end of the run."""
    try:
        plan = allocate(case, lang=lang, **effort)
    except Exception as error:
        return case.hash, Outcome("error", error=error.text(lang) if isinstance(error, YaosuError) else repr(error))
    solution = plan.solution
    if solution.x is None:
        return case.hash, Outcome(plan.status, seconds=solution.seconds)
    names = [*OPTION, "value", "investment", "plan", *case.resources, "share"]
    taken = chosen(plan.model, solution.x)
    prices = plan.prices[plan.prices["block"] == "pool"]
    return case.hash, Outcome(
        plan.status, _known(plan.objective), _known(plan.bound), _known(plan.gap),
        _known(solution.cost if plan.model.cost.any() else None), solution.seconds,
        taken=taken[[name for name in names if name in taken]].reset_index(drop=True),
        prices=prices[[*POOL, "unit", "price"]].reset_index(drop=True),
    )  # fmt: skip


def _known(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _change(value: float, base: float) -> float:
    """Share by which a value is above the base."""
    return (value - base) / abs(base) if base else math.nan
