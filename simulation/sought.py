"""What a search found: the least value of a lever, or why there is none, in figures and in words (MODEL 4.9)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import pandas as pd

from allocator import schema
from allocator.labels import Lang, label, words
from allocator.speech import Speech
from simulation.binding import LEVER, OBSTACLE, TOGETHER
from simulation.cohort import View
from simulation.process import Process
from simulation.speaking import Names
from simulation.target import Goal, Point

BINDS = ("name", "kind", "share", "low", "high", "chance", "gain", "gain_low", "gain_high", "reaches")
WAITS = ("waits_for", "name", "share")
SAID = 3
"""So many things that projects wait for are said."""


@dataclass(frozen=True, eq=False)
class Sought:
    """The answer to "how fast must reviews be?".

    Attributes
    ----------
    lever : str
        As in `simulation.seek.seek`.
    goal : Goal
        Target, day, what is to reach it and with what confidence.
    view : View
        Who counts.
    process : Process
        As it is before the lever is moved.
    seed : int
    bounds : (float, float)
        The least and the greatest value that could be tried.
    value : float
        The least value that reaches the target: a speed to the tolerance, a number of reviewers, a factor on all
        reviewers; NaN without.
    limit : Point
        Without limit: what no value can exceed, unless more of the lever harms.
    points : tuple of Point
        All values tried, in ascending order.
    binds : DataFrame
        Where even that does not reach the target: what something more makes of it, best first. ``name``, ``kind``
        (``lever``: another lever; ``together``: all those; ``obstacle``: something that takes time, taken away),
        ``share, low, high, chance`` as in `Point`, ``gain`` with ``gain_low, gain_high`` (what it adds, paired by
        replication, both sides) and ``reaches``. Levers: ``parallel, deferral, online, enforced`` (where they change
        anything), ``speed`` (of all offices, where another lever was sought) and those given. Obstacles: ``applicant``
        (papers, ways, corrections), ``elapsed`` (fixed days), ``problems``, ``dates`` (before which stages are not
        handed in), ``meetings``, ``leaving`` (refusals, withdrawals), ``days off`` or ``review``. Empty otherwise.
    waits : DataFrame
        There too: ``waits_for, name, share``, what those that have not started wait for on the day, as shares of all
        that count. They and ``limit.share`` make 1; see `simulation.waits.waits` for the kinds.
    """

    lever: str
    goal: Goal
    view: View
    process: Process = field(repr=False)
    seed: int
    bounds: tuple[float, float]
    value: float
    limit: Point
    points: tuple[Point, ...] = field(repr=False)
    binds: pd.DataFrame = field(repr=False)
    waits: pd.DataFrame = field(repr=False)

    @property
    def reached(self) -> bool:
        """Whether there is a value that reaches the target."""
        return not math.isnan(self.value)

    @property
    def share(self) -> float:
        """Mean share started by the day at the value found; NaN without."""
        return self._found.share

    @property
    def low(self) -> float:
        """With the stated confidence the share is no less, of a year or of the mean; NaN without a value."""
        return self._found.low

    @property
    def high(self) -> float:
        """With the stated confidence the share is no more."""
        return self._found.high

    @property
    def chance(self) -> float:
        """Share of the replications that reach the target at the value found."""
        return self._found.chance

    @cached_property
    def tried(self) -> pd.DataFrame:
        """Every value tried: ``value, share, low, high, chance, replications, reaches``; infinite: without limit."""
        rows = [vars(point) for point in (*self.points, self.limit)]
        return pd.DataFrame(rows, columns=[one.name for one in fields(Point)])

    @property
    def steady(self) -> bool:
        """Whether no value tried reaches the target below one that does not."""
        reaches = self.tried["reaches"].to_numpy(dtype=bool)
        return bool((reaches[:-1] <= reaches[1:]).all())

    @property
    def binding(self) -> str:
        """What binds where the lever is not enough: the lever or obstacle whose change gains most, beyond chance."""
        found = self.binds[(self.binds["gain_low"] > 0) & (self.binds["kind"] != TOGETHER)]
        return str(found["name"].iloc[0]) if len(found) else ""

    def summary(self) -> dict[str, Any]:
        """All of it as plain values for JSON; what is not there is None."""
        return {
            "lever": self.lever, "target": self.goal.target, "day": self.goal.day, "of": self.goal.of,
            "confidence": self.goal.confidence, "over": self.view.over, "where": self.view.where,
            "weight": self.view.weight, "seed": self.seed, "replications": self.limit.replications,
            "reached": self.reached, "value": _plain(self.value),
            **{name: _plain(getattr(self, name)) for name in ("share", "low", "high", "chance")},
            "limit": _records(self.tried.iloc[-1:])[0], "steady": self.steady, "binding": self.binding or None,
            "tried": _records(self.tried), "binds": _records(self.binds), "waits": _records(self.waits),
        }  # fmt: skip

    def text(self, lang: Lang = "en", titles: Mapping[str, str] | None = None) -> str:
        """All of it in sentences; titles of the further levers by their names."""
        return _Telling(self, lang, titles or {}).text()

    def __str__(self) -> str:
        return self.text()

    @cached_property
    def _found(self) -> Point:
        nothing = Point(math.nan, math.nan, math.nan, math.nan, math.nan, 0, False)
        return next((point for point in self.points if point.value == self.value), nothing)


def _plain(value: Any) -> Any:
    """A plain value; None for one that is not finite."""
    plain = value.item() if hasattr(value, "item") else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


class _Telling:
    """The sentences of a search."""

    def __init__(self, sought: Sought, lang: Lang, titles: Mapping[str, str]) -> None:
        self.sought, self.lang = sought, lang
        self.names = Names(lang, [sought.process], titles)
        kind, _, name = sought.lever.partition(":")
        self.kind = f"{kind}_of" if name else kind
        self.named = "/".join([self._called(name.split("/")[0]), *name.split("/")[1:]])

    def text(self) -> str:
        between = " " if self.lang == "en" else ""
        return between.join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        yield self._answer()
        if self.sought.value == self.sought.bounds[0]:
            yield self._say("lowest")
        yield from self._today()
        if not self.sought.steady:
            yield self._say("unsteady")
        yield from self._binding()
        yield from self._waiting()

    def _answer(self) -> str:
        """The least value, or that there is none."""
        sought, goal = self.sought, self.sought.goal
        common = {"who": self._who(), "day": self.names.day(goal.day), "target": self._share(goal.target)}
        if sought.reached:
            return self._say(
                f"reached.{goal.of}", **common, lever=self._lever(sought.value), share=self._share(sought.share),
                low=self._share(sought.low, True), chance=self._share(sought.chance, True),
                confidence=self._share(goal.confidence),
            )  # fmt: skip
        common["share"] = self._share(sought.limit.share)
        if sought.limit.reaches:
            return self._say("beyond", **common, lever=self._lever(sought.bounds[1]))
        return self._say("limit", **common, none=self._say(f"none.{self.kind}", name=self.named))

    def _today(self) -> Iterator[str]:
        """As it is, where that was tried."""
        today = [point for point in self.sought.points if point.value == 1.0 and self.kind != "reviewers_of"]
        if today and self.sought.value != 1.0:
            end = self._say("enough" if today[0].reaches else "short")
            yield self._say("today", share=self._share(today[0].share), end=end)

    def _binding(self) -> Iterator[str]:
        """What more would help."""
        binds = self.sought.binds
        for kind in (OBSTACLE, LEVER, TOGETHER):
            rows = binds[(binds["kind"] == kind) & (binds["gain_low"] > 0)]
            if len(rows):
                best = rows.iloc[0]
                key = f"seek.{kind}.{best['name']}"
                name = label(key, self.lang) if key in words() else self.names.scenario(str(best["name"]))
                end = self._say("enough" if best["reaches"] else "short")
                yield self._say(f"binds.{kind}", name=name, share=self._share(best["share"]), end=end)

    def _waiting(self) -> Iterator[str]:
        """What those that have not started wait for."""
        found = self.sought.waits
        rows = found[found["share"] >= 0.0005].head(SAID).to_dict("records")  # what is not 0.0 %
        if rows:
            items = [
                self._say("waits.one", share=self._share(row["share"]),
                          thing=self._say(f"waits.{row['waits_for']}", name=self._called(row["name"])))
                for row in rows
            ]  # fmt: skip
            yield self._say("waits", items=Speech(self.lang).join(items))

    def _who(self) -> str:
        """Who counts."""
        view, made = self.sought.view, self._say(f"who.{self.sought.view.over}")
        limits = [self.names.rule(view.where)] if view.where else []
        if view.weight:
            column = schema.recognise("projects", view.weight)
            name = schema.header("projects", column, self.lang) if column else view.weight
            limits.append(self._say("who.weight", name=name))
        return self._say("who.limited", who=made, limits=Speech(self.lang).join(limits)) if limits else made

    def _lever(self, value: float) -> str:
        """The lever at a value."""
        return self._say(
            f"at.{self.kind}", value=f"{value:.0f}" if value == int(value) else f"{value:.4g}", name=self.named
        )

    def _called(self, name: str) -> str:
        """A stage, office or problem by its title."""
        for called in (self.names.stage, self.names.office, self.names.problem):
            if called(name) != name:
                return called(name)
        return name

    def _share(self, share: float, down: bool = False) -> str:
        """A share in percent, cut off where it is a limit from below."""
        value = math.floor(1000 * share + 1e-6) / 10 if down else round(100 * share, 1)
        return f"{value:.1f}".removesuffix(".0") + ("%" if self.lang == "zh" else " %")

    def _say(self, key: str, **values: object) -> str:
        return label(f"seek.{key}", self.lang, **values)
