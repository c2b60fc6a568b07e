"""Numbers with units and the sentences of explanations, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.labels import Lang, label, words
from allocator.units import RESOURCES, shown

if TYPE_CHECKING:
    from allocator.plan import Plan


def number(value: float) -> str:
    """A number as people write it: four figures, thousands apart.

    >>> number(1234567.0), number(3.14159), number(0.00001234), number(-0.0)
    ('1,234,567', '3.142', '1.234e-05', '0')
    """
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞" if value < 0 else "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value + 0.0:.4g}"


@dataclass(frozen=True)
class Speech:
    """Says things in one language.

    >>> Speech("zh").quantity(40, "mu"), Speech("en").money(310), Speech("zh").money(310)
    ('40亩', '310 million yuan', '3.1亿元')
    """

    lang: Lang = "en"

    def say(self, key: str, **values: object) -> str:
        """The words of a key."""
        return label(key, self.lang, **values)

    def quantity(self, amount: float, unit: str) -> str:
        """An amount with its unit; money in million yuan or 亿元."""
        if unit == "mcny":
            return self.money(amount)
        if self.lang == "zh":
            return f"{number(amount)}{shown(unit, True)}"
        return f"{number(amount)} {unit}".rstrip()

    def money(self, mcny: float) -> str:
        """Money given in million yuan."""
        if self.lang == "en":
            return f"{number(mcny)} million yuan"
        return f"{number(mcny / 100)}亿元" if abs(mcny) >= 10 else f"{number(mcny * 100)}万元"

    def percent(self, share: float, down: bool = False) -> str:
        """A share in percent, cut off where it states a limit from below."""
        value = math.floor(share * 1000 + 1e-6) / 10 if down else share * 100
        text = f"{value:.1f}".removesuffix(".0") if down else f"{value:.0f}"
        return f"{text}%" if self.lang == "zh" else f"{text} %"

    def points(self, score: float) -> str:
        """A score, rounded up so that it is enough."""
        return f"{math.ceil(score * 100 - 1e-6) / 100:.2f}".removesuffix(".00")

    def resource(self, name: str) -> str:
        """The word for a resource."""
        return RESOURCES[name][1][0] if self.lang == "zh" and name in RESOURCES else name

    def join(self, items: Iterable[str]) -> str:
        """A list in words."""
        return ("、" if self.lang == "zh" else ", ").join(item for item in items if item)

    def either(self, items: Sequence[str]) -> str:
        """Alternatives in words."""
        return ("或" if self.lang == "zh" else " or ").join(items)

    def also(self, items: Sequence[str]) -> str:
        """A list whose last item is joined by and."""
        if len(items) < 2:
            return self.join(items)
        return self.join(items[:-1]) + ("和" if self.lang == "zh" else " and ") + items[-1]

    def status(self, status: str) -> str:
        """The word for a status."""
        key = f"explain.status.{status}"
        return self.say(key) if key in words() else status

    def need(self, amount: float, unit: str, resource: str, pools: Sequence[str]) -> str:
        """What a project asks for and where it would come from."""
        asked = self.quantity(amount, unit)
        name = self.resource(resource)
        key = "explain.part.need_plain" if not pools else "explain.part.need"
        key = "explain.part.need_named" if pools and all(name in pool for pool in pools) else key
        return self.say(key, amount=asked, resource=name, pools=self.either(pools[:3]))

    def grant(self, amount: float, unit: str, resource: str, pool: str) -> str:
        """What a pool gives; the resource is left out where the pool's name says it."""
        name = self.resource(resource)
        key = "explain.part.grant_named" if name in pool else "explain.part.grant"
        return self.say(key, amount=self.quantity(amount, unit), resource=name, pool=pool)

    def loan_need(self, funds: Sequence[str]) -> str:
        """Loans that others compete for."""
        return self.say("explain.part.finance" if funds else "explain.part.finance_plain", funds=self.either(funds[:3]))

    def priced(self, parts: str, profit: float, value: float, now: float, at_score: float, at_demand: float) -> str:
        """Why a project that does not pay at these prices is not funded, and what it would take."""
        score_known, demand_known = not math.isnan(at_score), not math.isnan(at_demand)
        key = (
            "both" if score_known and demand_known else "score" if score_known else "demand" if demand_known else "none"
        )
        enter = self.say(
            f"explain.enter.{key}",
            score=self.points(at_score) if score_known else "", now=f"{now:.2f}".removesuffix(".00"),
            demand=self.percent(at_demand, down=True) if demand_known else "",
            worth=number(value), short=number(-profit),
        )  # fmt: skip
        return self.say("explain.reason.priced", parts=parts, enter=enter)

    def funded(self, served: str, share: float | None) -> str:
        """By what a funded project is served."""
        if share is not None:
            return self.say("explain.reason.part", served=served, share=self.percent(share))
        return self.say("explain.reason.funded" if served else "explain.reason.funded_plain", served=served)

    def removed(self, code: str, name: str) -> str:
        """Why an option can never enter."""
        return self.say(
            f"explain.removed.{code}", name=self.resource(name) if code in ("too_large", "no_pool") else name
        )

    def served(self, plan: Plan) -> dict[str, str]:
        """Per project, the pools and products that serve it."""
        grants, loans = plan.grants, plan.loans
        facts = (grants["amount"], grants["unit"].astype(object).fillna(""), grants["resource"], grants["pool"])
        said = _grouped(grants["project"], (self.grant(*fact) for fact in zip(*facts, strict=True)))
        lent = loans[(loans["fund"] != "own").to_numpy()]
        borrowed = _grouped(lent["project"], (
            self.say("explain.part.loan", amount=self.money(amount), fund=fund)
            for amount, fund in zip(lent["amount"], lent["fund"], strict=True)
        ))  # fmt: skip
        separator = "；" if self.lang == "zh" else "; "
        found = {id_: self.join(items) for id_, items in said.items()}
        for id_, items in borrowed.items():
            loan = self.say("explain.part.loans", loans=self.join(items))
            found[id_] = f"{found[id_]}{separator}{loan}" if id_ in found else loan
        return found


def _grouped(keys: pd.Series, texts: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, text in zip(np.asarray(keys, dtype=object), texts, strict=True):
        found.setdefault(str(key), []).append(text)
    return found
