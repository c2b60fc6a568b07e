"""Who gains and who loses between two plans: by project, city, field, tier or any column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from allocator.case import Case
from allocator.labels import Lang, label
from allocator.options import value_terms
from allocator.schema import column
from allocator.speech import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from allocator.baselines import Baseline
    from allocator.plan import Plan

TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Comparison:
    """One plan beside another.

    Attributes
    ----------
    projects : DataFrame
        One row per project of either: ``id, name, region, field, tier, in_plan, in_other, value_plan, value_other,
        change`` (value in objective points), ``outcome`` (gains, loses, same), per resource, investment and plan money
        ``<name>_plan, <name>_other, <name>_change``.
    measures : tuple of str
        What is compared beside count and value: resources, then ``investment`` and ``plan`` (million yuan).
    units : mapping
        Unit of each measure.
    facts : DataFrame
        The projects' columns, to group by.
    names : (str, str)
    case : Case
        Of the plan; its value is what both are measured in.
    """

    projects: pd.DataFrame
    measures: tuple[str, ...]
    units: Mapping[str, str]
    facts: pd.DataFrame
    names: tuple[str, str]
    case: Case

    def by(self, group: str) -> pd.DataFrame:
        """Totals by the values of a column of the projects: counts, value, resources, money, and how many gain or lose.

        Raises
        ------
        KeyError
            No such column.
        """
        key = column(self.facts, "projects", group).astype(object)
        key = key.where(key.notna(), "")
        return _totals(self.projects, key.to_numpy(), self.measures).rename_axis(group).reset_index()

    @property
    def summary(self) -> pd.DataFrame:
        """Totals over all projects: ``measure, unit, plan, other, change``."""
        total = _totals(self.projects, np.zeros(len(self.projects), dtype=int), self.measures)
        names = ("count", "value", *self.measures)
        rows = [
            (name, self.units.get(name, ""), *(float(total[f"{name}_{side}"].sum()) for side in ("plan", "other")))
            for name in names
        ]
        table = pd.DataFrame(rows, columns=["measure", "unit", "plan", "other"])
        return table.assign(change=table["plan"] - table["other"])

    def __repr__(self) -> str:
        return self.text()

    def text(self, lang: Lang = "en") -> str:
        """Who gains and loses, in a few lines."""
        gains, loses = ((self.projects["outcome"] == side).sum() for side in ("gains", "loses"))
        total = self.summary.set_index("measure").astype({"plan": float, "other": float, "change": float})
        value, count = (
            total.loc[name, ["plan", "other", "change"]].to_numpy(dtype=float) for name in ("value", "count")
        )
        return label(
            "compare.text", lang, gains=gains, loses=loses, plan=number(value[0]), other=number(value[1]),
            change=("+" if value[2] > 0 else "") + number(value[2]), count=f"{count[2] + 0.0:+,.0f}",
        )  # fmt: skip

    def plot(self, by: str = "region", lang: Lang = "en") -> Figure:
        """Change of value by group, the largest gain first."""
        from allocator.plot import plot_changes

        return plot_changes(self, by, lang)


def compare(plan: Plan | Baseline, other: Plan | Baseline) -> Comparison:
    """Compare two plans over the same ids, of one case or of two scenarios of it.

    ``change`` is what `plan` gives more than `other`: a project gains where its value in `plan` is larger.

    Examples
    --------
    >>> from allocator import Case, allocate
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> small = allocate(case.with_changes(pools=lambda pools: pools.assign(amount=3.0)))
    >>> compare(allocate(case), small).projects[["id", "in_plan", "in_other", "change", "outcome"]].values.tolist()
    [['a', True, False, 5.0, 'gains'], ['b', False, True, -4.0, 'loses']]
    """
    one, two = _amounts(plan), _amounts(other)
    measures = tuple(name for name in dict.fromkeys([*one.columns, *two.columns]) if name not in ("funded", "value"))
    ids = one.index.append(two.index.difference(one.index, sort=True))
    facts = (
        pd.concat([plan.case.projects, other.case.projects], ignore_index=True)
        .drop_duplicates("id")
        .set_index("id")
        .reindex(ids)
    )
    facts = facts.reset_index(names="id")
    table = facts.reindex(
        columns=[name for name in ("id", "name", "region", "field", "tier") if name == "id" or name in facts]
    ).copy()
    one, two = one.reindex(ids), two.reindex(ids)
    table["in_plan"] = one["funded"].eq(True).to_numpy()
    table["in_other"] = two["funded"].eq(True).to_numpy()
    for name in ("value", *measures):
        for side, found in (("plan", one), ("other", two)):
            amounts = found[name] if name in found else pd.Series(0.0, index=ids)
            table[f"{name}_{side}"] = amounts.fillna(0.0).to_numpy(dtype=float)
        table[f"{name}_change"] = table[f"{name}_plan"] - table[f"{name}_other"]
    table = table.rename(columns={"value_change": "change"})
    small = TINY * np.maximum(table["value_plan"].abs(), table["value_other"].abs())
    table["outcome"] = np.where(table["change"] > small, "gains", np.where(table["change"] < -small, "loses", "same"))
    units = (
        {"value": "*".join(value_terms(plan.case)), "investment": "mcny", "plan": "mcny"}
        | dict(other.case.units)
        | dict(plan.case.units)
    )
    return Comparison(table, measures, units, facts, (_name(plan), _name(other)), plan.case)


def _name(plan: Any) -> str:
    return str(getattr(plan, "name", None) or plan.case.name)


def _amounts(plan: Plan | Baseline) -> pd.DataFrame:
    """Per project what the plan gives: funded, value, effective resources, investment and plan money."""
    from allocator.tables import chosen

    found = getattr(plan, "x", None)
    x = plan.solution.x if found is None and hasattr(plan, "solution") else found
    model = plan.model
    taken = chosen(model, np.zeros(len(model.columns)) if x is None else x)
    names = [name for name in ("points", *model.pools.resources, "investment", "plan") if name in taken]
    amounts = taken[names].fillna(0.0).mul(taken["share"], axis=0).groupby(taken["project"]).sum()
    table = amounts.reindex(model.projects["id"]).fillna(0.0).rename(columns={"points": "value"})
    return table.assign(funded=table.index.isin(amounts.index))


def _totals(projects: pd.DataFrame, key: Any, measures: tuple[str, ...]) -> pd.DataFrame:
    """Sums of both plans and the change between them, by key."""
    wide = pd.DataFrame({
        "count_plan": projects["in_plan"].astype(int), "count_other": projects["in_other"].astype(int),
        "gains": (projects["outcome"] == "gains").astype(int), "loses": (projects["outcome"] == "loses").astype(int),
    })  # fmt: skip
    names = [f"{name}_{side}" for name in ("value", *measures) for side in ("plan", "other")]
    total = pd.concat([wide, projects[names]], axis=1).groupby(key).sum()
    for name in ("count", "value", *measures):
        total[f"{name}_change"] = total[f"{name}_plan"] - total[f"{name}_other"]
    order = [
        "projects",
        *(f"{name}_{side}" for name in ("count", "value", *measures) for side in ("plan", "other", "change")),
        "gains",
        "loses",
    ]
    return total.assign(projects=projects.groupby(key).size())[order]
