"""The sheets of a plan: which columns they show, by which names, in which units and order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from allocator import schema, units
from allocator.bookstyle import Field, Kind, Page, blank
from allocator.labels import Lang, label, words
from allocator.options import BASE
from allocator.plan import Plan
from allocator.sheetout import Words
from allocator.summary import MONEY, demands, value_unit

GROUPS = ("region", "field")
FACTS = ("id", "name", "region", "county", "field", "tier")
FLOWS = ("carried_in", "advance", "repaid", "bank", "carried_out")


class Pages:
    """Makes the sheets of a plan in one language; money in million yuan, in Chinese in 亿元."""

    def __init__(self, plan: Plan, lang: Lang) -> None:
        self.plan, self.lang, self.chinese = plan, lang, lang == "zh"
        self.projects = plan.projects.set_index("id", drop=False)
        self.money_unit = "yi_yuan" if self.chinese else "mcny"
        self.words = Words(lang, plan.case.units, {"money": self.money_unit})
        self.value_unit = value_unit(plan.case, lang)

    def all(self) -> list[Page]:
        """Every sheet that has rows, in order; what a plan would hold is left out where there is none."""
        if self.plan.solution.x is None:
            return []
        made = [self.decisions(), self.grants(), self.loans(), self.waiting(), self.prices(), self.rules(), self.bank()]
        return [page for page in (*made, *map(self.by, GROUPS)) if len(page)]

    # columns

    def say(self, key: str, **values: object) -> str:
        """The words of a key of this book."""
        return label(f"plan.{key}", self.lang, **values)

    def unit(self, name: str) -> str:
        """A unit in the words of the language; money in the unit shown."""
        return units.shown(self.money_unit if name == "mcny" else name, self.chinese)

    def per(self, unit: pd.Series) -> pd.Series:
        """Factor from amounts in memory to those shown, for units cell by cell."""
        return (unit == "mcny").map({True: units.convert(1.0, "mcny", self.money_unit), False: 1.0})

    def field(
        self, name: str, values: Any, kind: Kind = "text", unit: str = "", good: str = "", bad: str = ""
    ) -> Field:
        """A column with a name and a note of this book."""
        note = self.say(f"note.{name}") if f"plan.note.{name}" in words() else ""
        return Field(_with_unit(self.say(f"column.{name}"), unit), _series(values), kind, note, good, bad, name)

    def known(self, name: str, values: Any, kind: Kind = "text", table: str = "projects") -> Field:
        """A column that the schema knows, by its header; choices in words, money in the unit shown."""
        column, data = schema.columns(table)[name], _series(values)
        if column.kind == "choice":
            data = data.map(lambda cell: schema.choice_word(name, cell, self.lang), na_action="ignore")
        if column.dimension == "money":
            data = data.astype(float) * units.convert(1.0, "mcny", self.money_unit)
        return Field(self.words.header(table, name), data, kind, schema.note(table, name, self.lang), key=name)

    def of_resource(self, key: str, name: str, values: Any) -> Field:
        """A column of amounts of one resource."""
        said = self.say(f"column.{key}", resource=self.words.resource(name))
        return Field(
            _with_unit(said, self.unit(self.plan.case.units[name])), _series(values), "number", key=f"{name} {key}"
        )

    def other(self, key: str, name: str, values: Any, kind: Kind, unit: str = "") -> Field:
        """A column about another way of allocating."""
        said = _with_unit(self.say(f"column.other_{key}", name=name), unit)
        return Field(said, _series(values), kind, key=f"other_{key}")

    def variants(self, ids: pd.Series, names: pd.Series) -> list[str | None]:
        """The ways in which projects are done: phases by their share, nothing where there is one way."""
        phases = schema.column(self.plan.case.projects, "projects", "phases").notna()
        phased = set(self.plan.case.projects["id"][phases.to_numpy()])
        shown = names.astype(object).where(names.notna() & (names != BASE), None)
        return [
            self.say("phase", share=f"{float(name):.0%}") if name is not None and id_ in phased else name
            for id_, name in zip(ids, shown, strict=True)
        ]

    def yes(self, flags: Any) -> pd.Series:
        """Yes and no in words."""
        yes, no = self.yes_no
        return pd.Series(np.where(np.asarray(flags, dtype=bool), yes, no))

    @property
    def yes_no(self) -> tuple[str, str]:
        """The words for yes and no."""
        return ("是", "否") if self.chinese else ("yes", "no")

    def facts(self, ids: Any, names: Sequence[str]) -> list[Field]:
        """Columns of the projects, by id."""
        found = self.projects.reindex(ids)
        return [self.known(name, found[name]) for name in names if name in found]

    def page(self, key: str, fields: Sequence[Field], total: bool = False) -> Page:
        """A sheet by its key, without the columns that say nothing."""
        return Page(key, self.say(f"sheet.{key}"), [item for item in fields if not blank(item)], total)

    # sheets

    @cached_property
    def asked(self) -> pd.DataFrame:
        """What each project asks for, by id."""
        return demands(self.plan.case, self.plan.model)

    @cached_property
    def granted(self) -> pd.DataFrame:
        """What each project is granted, by id."""
        found = self.plan.grants.pivot_table(index="project", columns="resource", values="amount", aggfunc="sum")
        return found.reindex(index=self.asked.index, columns=self.asked.columns).fillna(0.0)

    def decisions(self) -> Page:
        """Every project: what it is, what it gets, and why."""
        table, divisible = self.projects, self.plan.case.policy.divisible
        fields = [*self.facts(table["id"], FACTS), *self._scored(table)]
        if "decision" in table:
            fields.append(self.known("decision", table["decision"], "mark"))
        fields.append(self.field("funded", self.yes(table["funded"]), "mark", good=self.yes_no[0]))
        if divisible:
            fields.append(self.field("share", table["share"], "percent"))
        fields += [
            self.field("variant", self.variants(table["id"], table["variant"])),
            self.known("period", table["period"], "mark", "pools"),
            self.field("value", table["value"], "number", self.value_unit),
            *(self.known(name, table[name], "number") for name in reversed(MONEY) if name in table),
        ]  # fmt: skip
        for name in self.plan.case.resources:
            fields += [
                self.of_resource("asked", name, self.asked[name]),
                self.of_resource("granted", name, self.granted[name]),
            ]
        return self.page("decisions", [*fields, self.field("reason", table["reason"], "long")])

    def _scored(self, table: pd.DataFrame) -> list[Field]:
        return [
            self.known("score", table["score"], "number"), self.field("grade", table["grade"], "mark"),
            self.field("rank", table["rank"].where(table["score"].notna()), "whole"),
        ]  # fmt: skip

    def grants(self) -> Page:
        """What each project draws from which pool."""
        table = self.plan.grants
        return self.page("grants", [
            *self.facts(table["project"], ("id", "name", "region")),
            self.field("variant", self.variants(table["project"], table["variant"])),
            self.known("resource", table["resource"].map(self.words.resource), table="grants"),
            self.known("pool", table["pool"], table="grants"), self.known("period", table["period"], "mark", "grants"),
            self.field("amount", table["amount"], "each"), self.field("unit", table["unit"].map(self.unit), "mark"),
        ])  # fmt: skip

    def loans(self) -> Page:
        """Each project's financing plan."""
        table = self.plan.loans
        whole = table["project"].map(self.projects["investment"]) if "investment" in self.projects else np.nan
        own = table["fund"] == "own"
        return self.page("loans", [
            *self.facts(table["project"], ("id", "name", "region")),
            self.known("fund", table["fund"].mask(own, self.say("own")), table="funds"),
            self.known("instrument", table["instrument"], table="funds"),
            self.known("period", table["period"], "mark", "funds"),
            self.field("money", table["amount"] * units.convert(1.0, "mcny", self.money_unit), "number",
                       self.unit("mcny")),
            self.field("part", table["amount"].astype(float) / whole, "percent"),
            self.known("rate", table["rate"], "rate", "funds"), self.known("term", table["term"], "number", "funds"),
        ])  # fmt: skip

    def waiting(self) -> Page:
        """The projects not funded, the nearest first."""
        out = self.projects[~self.projects["funded"]]
        out = out.sort_values("reduced_profit", ascending=False, kind="stable", na_position="last")
        return self.page("waiting", [
            self.field("place", np.arange(1, len(out) + 1), "whole"), *self.facts(out["id"], FACTS), *self._scored(out),
            self.field("value", out["value"], "number", self.value_unit),
            self.field("reduced_profit", out["reduced_profit"], "number", self.value_unit),
            self.field("enters_at_score", out["enters_at_score"], "number"),
            self.field("enters_at_demand", out["enters_at_demand"], "percent"),
            self.field("reason", out["reason"], "long"),
        ])  # fmt: skip

    def prices(self) -> Page:
        """Pools, products and banks: what there was, what is used, and what one more unit is worth."""
        table = self.plan.prices
        table = table[table["block"].isin(("pool", "fund", "bank"))].reset_index(drop=True)
        kind = table["block"].astype(object)
        pools = self.plan.pools.set_index(np.flatnonzero(kind == "pool")).reindex(table.index)
        quota = pools["amount"].fillna(table["available"])
        unit = table["unit"].astype(object).fillna(table["resource"].map(self.plan.case.units))
        per = self.per(unit)
        flows = [(name, pools[name] if pools[name].any() else pools[name] * np.nan) for name in FLOWS]
        resource = table["resource"].map(self.words.resource, na_action="ignore")
        used, available = table["used"].astype(float), table["available"].astype(float)
        return self.page("prices", [
            self.field("kind", kind.map(lambda block: self.say(f"kind.{block}"))),
            self.field("source", table["pool"].astype(object).where(kind != "fund", table["fund"])),
            self.known("resource", resource, table="pools"), self.known("region", table["region"], table="pools"),
            self.known("period", table["period"], "mark", "pools"), self.field("unit", unit.map(self.unit), "mark"),
            self.field("quota", quota * per, "each"),
            *(self.field(name, values * per, "each") for name, values in flows),
            self.field("available", available * per, "each"), self.field("used", used * per, "each"),
            self.field("free", (available - used) * per, "each"),
            self.field("used_share", (used / available).where(available > 0).clip(0, 1), "bar"),
            self.field("price", table["price"].astype(float) / per, "each", self.value_unit),
        ])  # fmt: skip

    def rules(self) -> Page:
        """Floors and caps: what they ask for, what the plan reaches, what that costs."""
        table = self.plan.rules
        stated = {rule.name: rule for _, rule in self.plan.case.policy.rules}
        rule = [stated[name] for name in table["rule"]]
        unit = pd.Series([self._rule_unit(item.measure) for item in rule], dtype=object)
        per = self.per(unit)
        group = [self._group(item.by, item.of or (name,)) for item, name in zip(rule, table["group"], strict=True)]
        soft = table["soft"].astype(bool).map({True: self.say("soft"), False: self.say("hard")})
        share = [np.nan if item.basis == "absolute" else item.limit for item in rule]
        return self.page("rules", [
            self.known("rule", table["rule"], table="rules"), self.known("sense", table["sense"], table="rules"),
            self.known("measure", [self._measure(item.measure) for item in rule], table="rules"),
            self.field("group", pd.Series(group, dtype=object), "long"),
            self.field("basis", table["basis"].map(lambda basis: self.say(f"basis.{basis}"))),
            self.field("stated", pd.Series(share, dtype=float), "percent"),
            self.field("limit", table["limit"].astype(float) * per, "each"),
            self.field("reached", table["value"].astype(float) * per, "each"),
            self.field("unit", unit.map(self._unit_word), "mark"), self.field("strength", soft, "mark"),
            self.field("met", self.yes(table["met"]), "mark", bad=self.yes_no[1]),
            self.field("missed", (table["missed"].astype(float) * per).where(table["missed"] > 0), "each"),
            self.field("penalty", table["penalty"].where(table["penalty"] > 0), "number", self.value_unit),
            self.field("rule_price", table["price"].astype(float) / per, "each", self.value_unit),
            self.known("source", table["source"], table="rules"),
        ])  # fmt: skip

    def _rule_unit(self, measure: str) -> str:
        known = schema.columns("projects").get(measure)
        return self.plan.case.units.get(measure) or (known.unit if known and known.unit else measure)

    def _unit_word(self, unit: str) -> str | None:
        if unit == "count":
            return self.say("unit.count")
        if unit == "value":
            return self.value_unit
        return self.unit(unit) if units.unit(unit) or unit in self.plan.case.units.values() else None

    def _measure(self, measure: str) -> str:
        if measure in ("count", "value"):
            return self.say(f"measure.{measure}")
        known = measure in schema.columns("projects")
        return schema.header("projects", measure, self.lang) if known else self.words.resource(measure)

    def _group(self, by: str | None, names: Sequence[str]) -> str:
        """The group a rule speaks of: its column and its values in words."""
        if by is None:
            return self.say("all")
        known = schema.columns("projects").get(by)
        header = schema.header("projects", by, self.lang) if known else by
        if known and known.kind == "flag":
            names = [self.yes_no[name != "True"] for name in names]
        elif known and known.kind == "choice":
            names = [schema.choice_word(by, name, self.lang) for name in names]
        elif by == "grade":
            header = self.say("column.grade")
        return self.say("group", by=header, names=("、" if self.chinese else ", ").join(names))

    def bank(self) -> Page:
        """Purchases from the quota bank."""
        table = self.plan.bank
        return self.page("bank", [
            self.field("bank_name", table["bank"]),
            self.known("resource", table["resource"].map(self.words.resource), table="pools"),
            self.known("period", table["period"], "mark", "pools"), self.field("amount", table["amount"], "each"),
            self.field("unit", table["unit"].map(self.unit), "mark"),
            self.field("unit_price", table["price"] * units.convert(1.0, "mcny", "cny"), "each", self.unit("cny")),
            self.field("cost", table["cost"] * units.convert(1.0, "mcny", self.money_unit), "number",
                       self.unit("mcny")),
        ])  # fmt: skip

    def by(self, group: str) -> Page:
        """Asked, funded and granted by a column of the projects, beside the baselines."""
        if group not in self.projects or self.projects[group].isna().all():
            return self.page(f"by_{group}", [])
        wide = pd.DataFrame({"projects": 1.0, "funded": self.projects["funded"].astype(float)})
        inside = wide["funded"] > 0
        wide["value"] = self.projects["value"].where(inside, 0.0)
        for name in [name for name in MONEY if name in self.projects]:
            stated = self.plan.case.projects.set_index("id")[name] if name in self.plan.case.projects else np.nan
            wide[f"{name} asked"], wide[f"{name} funded"] = stated, self.projects[name].where(inside, 0.0)
        for name in self.plan.case.resources:
            wide[f"{name} asked"], wide[f"{name} granted"] = self.asked[name], self.granted[name]
        key = self.projects[group].astype(object).where(self.projects[group].notna(), self.say("blank"))
        table = wide.groupby(key).sum()
        for name, other in self.plan.baselines.items():
            found = self.plan.compare(other).by(group).set_index(group)
            found.index = pd.Index([text or self.say("blank") for text in found.index])
            table[f"{name} value"], table[f"{name} funded"] = found["value_other"], found["count_other"]
        table = table.sort_values("value", ascending=False, kind="stable")
        table.loc[self.say("total")] = table.sum()
        return self.page(f"by_{group}", self._by(group, table), total=True)

    def _by(self, group: str, table: pd.DataFrame) -> list[Field]:
        fields = [
            self.known(group, table.index.to_series()), self.field("projects", table["projects"], "whole"),
            self.field("funded_count", table["funded"], "whole"),
            self.field("funded_share", table["funded"] / table["projects"], "bar"),
            self.field("value", table["value"], "number", self.value_unit),
        ]  # fmt: skip
        for name in self.plan.baselines:
            said, value = label(f"baseline.{name}", self.lang), table[f"{name} value"]
            fields += [
                self.other("value", said, value, "number", self.value_unit),
                self.other("change", said, table["value"] / value.where(value > 0) - 1, "change"),
                self.other("count", said, table[f"{name} funded"], "whole"),
            ]  # fmt: skip
        for name in reversed(MONEY):
            for key in ("asked", "funded"):
                if f"{name} {key}" in table:
                    said = self.say(f"figure.{'money' if key == 'funded' else key}", name=self.say(f"money.{name}"))
                    amount = table[f"{name} {key}"] * units.convert(1.0, "mcny", self.money_unit)
                    fields.append(
                        Field(_with_unit(said, self.unit("mcny")), _series(amount), "number", key=f"{name} {key}")
                    )
        for name in self.plan.case.resources:
            fields += [self.of_resource(key, name, table[f"{name} {key}"]) for key in ("asked", "granted")]
        return fields


def _series(values: Any) -> pd.Series:
    return pd.Series(values).reset_index(drop=True)


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name
