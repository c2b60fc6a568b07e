"""One project explained: what its options would pay, verified by solving again with it forced in or left out."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.errors import Infeasible, YaosuError
from allocator.labels import Lang
from allocator.resolve import own
from allocator.speech import Speech, number
from allocator.standing import costs, scarce_funds, scarce_pools, standing
from allocator.tables import chosen
from allocator.trial import Check, Trial

if TYPE_CHECKING:
    from allocator.plan import Plan

__all__ = ["Check", "Explanation", "explain", "standing"]

SOME = 5


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a project is or is not funded.

    Attributes
    ----------
    project : str
    standing : Series
        Its row of `plan.projects`.
    options : DataFrame
        ``variant, period, value, price, reduced_profit`` of each way to do it that could enter (objective units).
    components : DataFrame
        What each option would pay: ``variant, period, kind, name, pools, amount, unit, price, cost``.
    removed : DataFrame
        Ways that can never enter: ``variant, period, code, name``.
    check : Check
    moved : DataFrame
        Who moves in and out when the project is forced in (or left out): ``project, name, move, value``.
    swaps : DataFrame
        Projects that would free enough of everything, one for one, by what the exchange would cost (not re-solved).
    grants, loans : DataFrame
        What serves it.
    lang : {"en", "zh"}
    """

    project: str
    standing: pd.Series
    options: pd.DataFrame
    components: pd.DataFrame
    removed: pd.DataFrame
    check: Check
    moved: pd.DataFrame
    swaps: pd.DataFrame
    grants: pd.DataFrame
    loans: pd.DataFrame
    reasons: dict[Lang, str] = field(repr=False)
    lang: Lang = "en"

    @property
    def funded(self) -> bool:
        """Whether the plan funds it."""
        return bool(self.standing["funded"])

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        names = ("options", "components", "removed", "moved", "swaps", "grants", "loans")
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return self.text()

    def text(self, lang: Lang | None = None) -> str:
        """The reason, and what solving again showed."""
        speech = Speech(lang or self.lang)
        name = self.standing.get("name")
        title = f"{self.project} {name}" if isinstance(name, str) and name != self.project else self.project
        return "\n".join([title, self.reasons[speech.lang], *self._checked(speech)])

    def _checked(self, speech: Speech) -> list[str]:
        check = self.check
        if math.isnan(check.loss):
            return [speech.say(f"explain.check.{check.code}")]
        out, into = (
            [f"{one}" for one in self.moved.loc[self.moved["move"] == move, "project"]] for move in ("out", "in")
        )
        others = [id_ for id_ in (into if self.funded else out) if id_ != self.project]
        listed = speech.join(others[:SOME]) + (
            speech.say("explain.check.more", count=len(others) - SOME) if len(others) > SOME else ""
        )
        gaps = (
            speech.say("explain.check.range", low=number(check.least), high=number(check.most))
            if check.most - check.least > 1e-9
            else ""
        )
        key = "drop" if self.funded else "force"
        if check.loss < -1e-9 * max(1.0, abs(check.least)):
            return [speech.say("explain.check.better", gain=number(-check.loss), gap=f"{check.gap * 100:.3g}")]
        moved = speech.say(f"explain.check.{key}_moves" if others else f"explain.check.{key}_nobody", names=listed)
        lines = [speech.say(f"explain.check.{key}", loss=number(check.loss), range=gaps, moves=moved)]
        if not math.isnan(check.at_score):
            low, high = speech.points(check.score_low), speech.points(check.score_high)
            between = speech.say("explain.check.between", low=low, high=high) if low != high else ""
            lines.append(speech.say("explain.check.score", score=speech.points(check.at_score), range=between))
        if not math.isnan(check.at_demand):
            low, high = speech.percent(check.demand_low, down=True), speech.percent(check.demand_high, down=True)
            between = speech.say("explain.check.between", low=low, high=high) if low != high else ""
            lines.append(
                speech.say("explain.check.demand", demand=speech.percent(check.at_demand, down=True), range=between)
            )
        if not check.verified:
            lines.append(speech.say(f"explain.check.{check.code or 'loose'}", gap=f"{check.gap * 100:.3g}"))
        return lines


def explain(plan: Plan, project: str, *, time_limit: float = 60.0, solver: str | None = None) -> Explanation:
    """Explain one project, verified by solving again.

    Parameters
    ----------
    plan : Plan
    project : str
    time_limit : float
        Seconds for all solves together.
    solver : str, optional
        By default that of the plan.

    Raises
    ------
    YaosuError
        There is no such project.
    Infeasible
        There is no plan to explain.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> plan = allocate(Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 4.0], "score": [5.0, 4.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [4.0]})))
    >>> found = explain(plan, "b").check
    >>> found.verified, found.loss, found.at_score
    (True, 1.0, 5.0)
    """
    ids = plan.model.projects["id"].tolist()
    if project not in ids:
        near = difflib.get_close_matches(str(project), ids, n=1, cutoff=0.0)
        raise YaosuError("unknown_project", {"found": str(project), "nearest": near[0] if near else ""})
    if plan.solution.x is None:
        raise Infeasible(plan.status)
    row = plan.projects.iloc[int(np.flatnonzero((plan.projects["id"] == project).to_numpy())[0])]
    only = {lang: _reason(plan if lang == plan.lang else replace(plan, lang=lang), project) for lang in ("en", "zh")}
    options, components = _priced(plan, project)
    trial = Trial(plan, project, solver or plan.solution.solver, time_limit)
    check, moved = trial.leave() if row["funded"] else trial.enter(row)
    removed = plan.model.removed
    return Explanation(
        project, row, options, components,
        removed.loc[removed["project"] == project, ["variant", "period", "code", "name"]].reset_index(drop=True),
        check, moved, pd.DataFrame() if row["funded"] else swaps(plan, project),
        plan.grants[plan.grants["project"] == project].reset_index(drop=True),
        plan.loans[plan.loans["project"] == project].reset_index(drop=True), only, plan.lang,  # type: ignore[arg-type]
    )  # fmt: skip


def _reason(plan: Plan, project: str) -> str:
    table = plan.projects
    return str(table.loc[table["id"] == project, "reason"].iloc[0])


def _priced(plan: Plan, project: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Value and price of each option, and the parts of the price."""
    model = plan.model
    priced = costs(plan.case, model, plan.relaxation)
    mine = own(model, project)
    options = model.options.iloc[mine][["variant", "period"]].reset_index(drop=True)
    options["value"] = priced.value[mine]
    options["price"] = (priced.value - priced.profit)[mine]
    options["reduced_profit"] = priced.profit[mine]
    pools, funds = scarce_pools(model, plan.relaxation), scarce_funds(model, plan.relaxation)
    found = []
    for option in mine.tolist():
        part = priced.parts[[option]].tocoo()
        for j, cost in zip(part.coords[1].tolist(), part.data.tolist(), strict=True):
            kind, name = priced.components.iloc[j]
            amount, unit = math.nan, ""
            of: tuple[str, ...] = ()
            if kind == "resource":
                group = int(model.member[name].iloc[option])
                amount, unit = float(model.options[name].iloc[option]), plan.case.units.get(name, "")
                of = pools[group] if group >= 0 else ()
            elif kind == "finance":
                of = funds.get(project, ())
            price = cost / amount if amount else math.nan
            if abs(cost) > 1e-9:
                found.append(
                    (
                        *model.options.iloc[option][["variant", "period"]],
                        kind,
                        name,
                        "|".join(of),
                        amount,
                        unit,
                        price,
                        cost,
                    )
                )
    names = ["variant", "period", "kind", "name", "pools", "amount", "unit", "price", "cost"]
    return options, pd.DataFrame(found, columns=names).sort_values(
        ["variant", "period", "cost"], ascending=[True, True, False], ignore_index=True
    )


def swaps(plan: Plan, project: str, count: int = SOME) -> pd.DataFrame:
    """Funded projects that would free enough of every resource for this one, least loss first.

    Loans and rules are left aside.

    Returns
    -------
    DataFrame
        ``project, variant, period, loss`` (objective points), and the option of this project that would take the place:
        ``own_variant, own_period``.
    """
    model, x = plan.model, plan.solution.x
    assert x is not None
    taken = chosen(model, x)
    taken = taken[
        (taken["share"] > 1 - 1e-6)
        & ~taken["project"].isin(
            plan.model.rows.loc[(model.rows["block"] == "one").to_numpy() & (model.row_lower > 0), "project"]
        )
    ]
    free = plan.pools.groupby("pool")["free"].sum()
    grants = model.columns[(model.columns["block"] == "grant").to_numpy()]
    slack = grants.assign(free=grants["pool"].map(free)).groupby("group")["free"].sum()
    found = []
    for option in own(model, project):
        fits = np.ones(len(taken), dtype=bool)
        for resource in model.pools.resources:
            group = model.member[resource].iloc[option]
            if group < 0:
                continue
            same = model.member[resource].to_numpy()[taken["option"]] == group
            freed = np.where(same, taken[resource].to_numpy(dtype=float), 0.0) + float(slack.get(group, 0.0))
            fits &= freed >= model.options[resource].iloc[option] - 1e-9
        part = taken[fits]
        loss = model.value[part["option"].to_numpy(dtype=int)] - model.value[option]
        mine = model.options.iloc[option]
        found.append(
            part[["project", "variant", "period"]].assign(
                loss=loss, own_variant=mine["variant"], own_period=mine["period"]
            )
        )
    names = ["project", "variant", "period", "loss", "own_variant", "own_period"]
    table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=names)
    return table.sort_values("loss", kind="stable").drop_duplicates("project").head(count).reset_index(drop=True)
