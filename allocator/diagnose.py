"""Why nothing is feasible: a smallest conflicting set of rules, decisions and pools, and the least repair, in words."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.case import Case
from allocator.conflict import Checker, Members
from allocator.labels import Lang
from allocator.model import Model, build
from allocator.options import options
from allocator.pools import pool_rows
from allocator.speech import Speech
from allocator.tighten import most_alone

if TYPE_CHECKING:
    from allocator.plan import Plan


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What makes a case infeasible and what would repair it.

    Attributes
    ----------
    feasible : bool
        Whether there is nothing to diagnose.
    conflict : DataFrame
        One row per member of a set that cannot be kept together, while any part of it can: ``kind`` (must, pool, fund,
        floor, cap, match, requires, excludes, finance, kept, bank), its labels ``project, name, resource, pool, region,
        period, fund, rule, unit, limit``, ``projects`` (must projects of the conflict that draw on it) and ``asked``,
        and ``alone``: by how much this member alone would have to give way to settle this conflict (NaN: it cannot).
    repair : DataFrame
        The least relaxation of all members, weighted by their limits, with which the whole case is feasible: labels and
        ``amount``.
    reasons : DataFrame
        For must projects none of whose options is left: ``project, code, name, asked, available, unit``.
    proven : bool
        Whether every answer was proven within the time.
    seconds : float
    solver : str
    """

    feasible: bool
    conflict: pd.DataFrame
    repair: pd.DataFrame
    reasons: pd.DataFrame
    proven: bool
    seconds: float
    solver: str

    def __repr__(self) -> str:
        return self.text()

    def text(self, lang: Lang = "en") -> str:
        """The conflict, a sentence per member, and the repair."""
        speech = Speech(lang)
        if self.feasible:
            return speech.say("diagnose.feasible")
        if not len(self.conflict):
            return speech.say("diagnose.unknown")
        lines = [speech.say("diagnose.head"), *(f"- {line}" for line in self.sentences(lang))]
        alone = [
            _relaxed(row, row["alone"], speech) for _, row in self.conflict.iterrows() if not math.isnan(row["alone"])
        ]
        if alone:
            lines.append(speech.say("diagnose.alone", ways=speech.either(alone)))
        if len(self.repair):
            lines.append(
                speech.say(
                    "diagnose.repair",
                    ways=speech.also([_relaxed(row, row["amount"], speech) for _, row in self.repair.iterrows()]),
                )
            )
        if not self.proven:
            lines.append(speech.say("diagnose.unproven"))
        return "\n".join(lines)

    def sentences(self, lang: Lang = "en") -> list[str]:
        """One sentence per member of the conflict."""
        speech = Speech(lang)
        why = {row["project"]: row for _, row in self.reasons.iterrows()}
        return [_member(row, why.get(row["project"]), speech) for _, row in self.conflict.iterrows()]


def diagnose(case: Case | Plan, solver: str = "highs", *, time_limit: float = 60.0) -> Diagnosis:
    """Find a smallest conflict and the least repair of an infeasible case.

    The conflict is irreducible: leaving out any one member makes the others feasible together. The repair changes
    limits in proportion to what they hold; no longer forcing one project counts as much as doubling one pool.

    Parameters
    ----------
    case : Case or Plan
    solver : str
    time_limit : float
        Seconds; an answer that is not proven by then is marked.

    Examples
    --------
    >>> from allocator import Case
    >>> case = Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["P1", "P2"], "land": [200.0, 250.0], "value": 1.0, "decision": "must"}),
    ...     pools=pd.DataFrame({"pool": ["Yantai"], "resource": ["land"], "amount": [300.0]}))
    >>> found = diagnose(case)
    >>> print(found.sentences()[-1])
    The pool “Yantai” holds 300 mu of land; the must projects P1 (200 mu) and P2 (250 mu) need 450 mu.
    >>> print(found.text().splitlines()[-1])
    The least change that makes the whole case feasible: raise the pool “Yantai” by 150 mu.
    """
    begun = time.monotonic()
    model = build(case) if isinstance(case, Case) else case.model
    case = case if isinstance(case, Case) else case.case
    checker = Checker(model, solver, time_limit)
    every = list(range(len(checker.members.table)))
    table = checker.members.table
    empty = table.iloc[:0].assign(projects=[], asked=[], alone=[])
    reasons = _reasons(case, model)
    if checker.feasible(every):
        return Diagnosis(
            True, empty, table.iloc[:0].assign(amount=[]), reasons, checker.proven, time.monotonic() - begun, solver
        )
    conflict = checker.conflict()
    found = table.iloc[conflict].assign(alone=[_alone(checker, conflict, member) for member in conflict])
    found = _asked(model, checker.members, found.reset_index(drop=True), conflict)
    order = found["kind"].map({"must": 0, "kept": 0, "requires": 1, "excludes": 1}).fillna(2)
    found = found.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    given, _, _ = checker.least(every, every)
    repair = _repair(model, table, given)
    return Diagnosis(False, found, repair, reasons, checker.proven, time.monotonic() - begun, solver)


def _repair(model: Model, table: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """The rows that give way, with the labels of their members and their own periods."""
    amount = given.assign(key=given["row"].where(given["member"].map(table["kind"]) != "finance", -1))
    amount = amount.groupby(["member", "key"], sort=True)["amount"].sum().reset_index()
    found = (
        table.iloc[amount["member"].to_numpy(dtype=int)]
        .assign(amount=amount["amount"].to_numpy())
        .reset_index(drop=True)
    )
    period = model.rows["period"].astype(object).reindex(amount["key"]).to_numpy()
    return found.assign(period=found["period"].astype(object).where(found["period"].notna(), period))


def _alone(checker: Checker, conflict: list[int], member: int) -> float:
    """By how much one member has to give way for the others of the conflict to stand."""
    given, answer, _ = checker.least(conflict, [member])
    return float(given["amount"].sum()) if answer.x is not None else math.nan


def _asked(model: Model, named: Members, found: pd.DataFrame, conflict: list[int]) -> pd.DataFrame:
    """Beside each pool of the conflict, its must projects that may draw on it and the least they need."""
    forced = found.loc[found["kind"].isin(["must", "kept"]), "project"].tolist()
    options_ = model.options
    grants = model.columns[(model.columns["block"] == "grant").to_numpy()]
    projects, asked = [], []
    for _, row in found.iterrows():
        if row["kind"] != "pool":
            projects.append("")
            asked.append(math.nan)
            continue
        served = grants.loc[grants["pool"] == row["pool"], "group"].unique()
        inside = model.member[row["resource"]].isin(served).to_numpy() & options_["project"].isin(forced).to_numpy()
        least = options_.loc[options_["project"].isin(forced)].groupby("project", sort=False)[row["resource"]].min()
        least = least[least.index.isin(options_.loc[inside, "project"]) & (least > 0)].sort_index()
        projects.append("|".join(f"{id_}={float(amount)!r}" for id_, amount in least.items()))
        asked.append(float(least.sum()) if len(least) else math.nan)
    return found.assign(projects=projects, asked=asked)


def _reasons(case: Case, model: Model) -> pd.DataFrame:
    """Why must projects have no option left, with what they ask for and what their pools hold."""
    names = ["project", "code", "name", "asked", "available", "unit"]
    forced = model.rows.loc[(model.rows["block"] == "one").to_numpy() & (model.row_lower > 0), "project"]
    lost = forced[~forced.isin(model.options["project"])]
    removed = model.removed[model.removed["project"].isin(lost)].drop_duplicates("project", keep="last")
    table = (
        removed.reindex(columns=names)
        .astype({"asked": float, "available": float, "unit": object})
        .reset_index(drop=True)
    )
    large = table["code"].isin(["too_large", "no_pool"])
    if not large.any():
        return table
    made = options(case, model.projects[["id", "score", "grade", "rank"]])
    owner = pd.Index(made.projects["id"]).get_indexer(pd.Index(made.table["project"]))
    pools = pool_rows(case, made.periods)
    for resource in set(table.loc[large, "name"]):
        _, most = most_alone(case, made, pools, resource, owner)
        facts = pd.DataFrame({"project": made.table["project"], "asked": made.table[resource], "available": most})
        facts = (
            facts.assign(short=facts["asked"] - facts["available"])
            .sort_values("short")
            .drop_duplicates("project")
            .set_index("project")
        )
        mine = large & (table["name"] == resource)
        for name in ("asked", "available"):
            table.loc[mine, name] = table.loc[mine, "project"].map(facts[name]).to_numpy(dtype=float)
        table.loc[mine, "unit"] = case.units.get(resource, "")
    return table


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _up(amount: float) -> float:
    """Rounded up to four figures, so that it is enough."""
    if amount <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(amount)) - 3)
    return math.ceil(amount / step - 1e-4) * step


def _member(row: pd.Series, why: pd.Series | None, speech: Speech) -> str:
    """One member of a conflict in a sentence."""
    kind, unit = row["kind"], _text(row["unit"])
    names = {name: _text(row[name]) for name in ("project", "name", "pool", "fund", "rule")}
    names["when"] = speech.say("diagnose.when", period=row["period"]) if _text(row["period"]) else ""
    names["group"] = speech.say("diagnose.group", group=names["name"]) if names["name"] else ""
    names["resource"] = speech.resource(_text(row["resource"]))
    names["limit"] = speech.quantity(float(row["limit"]), unit)
    if kind == "must" and why is not None:
        if why["code"] == "too_large":
            unit = _text(why["unit"])
            return speech.say(
                "diagnose.member.must_too_large", project=row["project"], resource=speech.resource(why["name"]),
                asked=speech.quantity(why["asked"], unit), available=speech.quantity(why["available"], unit),
            )  # fmt: skip
        return speech.say(
            "diagnose.member.must_removed", project=row["project"], reason=speech.removed(why["code"], why["name"])
        )
    if kind == "pool" and row["projects"]:
        needs = [part.rsplit("=", 1) for part in row["projects"].split("|")]
        listed = [
            speech.say("diagnose.need", project=id_, amount=speech.quantity(float(amount), unit))
            for id_, amount in needs
        ]
        return speech.say(
            "diagnose.member.pool_asked", **names, needs=speech.also(listed), asked=speech.quantity(row["asked"], unit)
        )
    return speech.say(f"diagnose.member.{kind}", **names)


def _relaxed(row: pd.Series, amount: float, speech: Speech) -> str:
    """How one member gives way."""
    unit = "mcny" if row["kind"] == "finance" else _text(row["unit"])
    names = {name: _text(row[name]) for name in ("project", "name", "pool", "fund", "rule")}
    names["when"] = speech.say("diagnose.when", period=row["period"]) if _text(row["period"]) else ""
    names["group"] = speech.say("diagnose.group", group=names["name"]) if names["name"] else ""
    names["resource"] = speech.resource(_text(row["resource"]))
    return speech.say(f"diagnose.relax.{row['kind']}", **names, amount=speech.quantity(_up(amount), unit))
