"""Quota given out in the course of one replication: who waits, who holds what, what goes back (MODEL 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.errors import YaosuError
from allocator.round import Holding, Round
from allocator.schema import column
from allocator.sitting import Choice, Sitting
from simulation.course import course
from simulation.draws import Draws
from simulation.network import Network, day_number
from simulation.run import Engine

if TYPE_CHECKING:
    from simulation.loop import Regime

NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Given:
    """What was given in one replication.

    Attributes
    ----------
    sittings : DataFrame
        ``day, period, waiting, given, promised, changed`` (promises of the sitting before that are others now),
        ``returned, gap, eased``, one row per day on which something could be given.
    holdings : DataFrame
        ``project`` (place in the network), ``option`` (place in the model of the round, -1 for an earlier grant),
        ``share, day`` (given), ``back`` (returned, else NaN).
    draws : DataFrame
        ``holding`` (row of `holdings`), ``pool_row, amount``.
    """

    sittings: pd.DataFrame
    holdings: pd.DataFrame
    draws: pd.DataFrame


@dataclass
class _Held:
    """A holding, the row in which it is written down, and the day on which it was given."""

    holding: Holding
    row: int
    day: float


@dataclass(eq=False)
class Giving:
    """One replication under way; `step` goes on to a day and gives out what is due."""

    round: Round
    regime: Regime
    gap: float
    time_limit: float
    made: Network
    drawn: Draws
    engine: Engine
    held: dict[int, list[_Held]] = field(default_factory=dict)
    promised: dict[int, list[Holding]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        place = {name: at for at, name in enumerate(self.made.ids.tolist())}
        self.place = np.array([place[str(name)] for name in self.round.ids], dtype=np.intp)
        projects = self.round.model.projects
        self.began = column(projects, "projects", "started").notna().to_numpy()
        waits = np.ones(len(self.made.ids), dtype=bool)
        waits[self.place[self.began]] = False
        waits[self.place[[one.project for one in self.round.earlier]]] = False
        self.course = course(self.made, self.drawn, waits, self.engine)
        self.last: Choice | None = None
        self._sittings: list[tuple[float, ...]] = []
        self._holdings: list[list[float]] = []
        self._draws: list[tuple[int, int, float]] = []
        self._quiet: float | None = None
        for one in self.round.earlier:
            self._hold(one, 0.0 if one.since is None else day_number(one.since, self.made.process.origin))

    def step(self, day: float, period: int, sits: bool) -> None:
        """Let everything happen until a day, then take back what is to go back, and give out what is due."""
        self.course.go_on(day)
        approved, started = self.course.approved[self.place], self.course.started[self.place]
        gone = self.course.gone[self.place]
        for project in [one for one in self.held if gone[one]]:
            self._release(project, day)
        lapsed = self._lapsed(day, started) if sits else []
        for project in lapsed:
            self._release(project, day)
        ready = ~np.isnan(approved) & ~gone
        ready[list(self.held)] = False
        changed, choice = 0, Choice(())
        if sits:
            choice = self._sit(day, period, ready, approved, gone)
            promised = _by_project(choice.holdings)
            before = {one: parts for one, parts in self.promised.items() if ready[one]}
            changed = sum(_options(promised.get(one, [])) != _options(parts) for one, parts in before.items())
            self.promised = promised
        due = [one for one in self._due(self.promised, period) if ready[one]]
        for one in [part for project in due for part in self.promised.pop(project)]:
            self._hold(one, day)
        self._conserved(day)
        given = set(due)
        self._tell(given - set(lapsed), set(lapsed) - given)
        waiting = int(ready.sum()) - len(given)
        self._sittings.append((day, period, waiting, len(given), len(self.promised), changed, len(lapsed),
                               choice.gap, choice.eased))  # fmt: skip
        goes_on = given - set(lapsed) or self.promised or period + 1 < len(self.round.begins) or not self.course.over
        self._quiet = None if goes_on else day if self._quiet is None else self._quiet

    def done(self, day: float) -> bool:
        """Whether nothing more can come of it: all is over, and what could still go back has had its time."""
        return self._quiet is not None and day > self._quiet + (self.round.case.policy.return_days or 0)

    def given(self) -> Given:
        """What has been written down."""
        names = ["day", "period", "waiting", "given", "promised", "changed", "returned", "gap", "eased"]
        return Given(
            pd.DataFrame(self._sittings, columns=names, dtype=float),
            pd.DataFrame(self._holdings, columns=["project", "option", "share", "day", "back"], dtype=float),
            pd.DataFrame(self._draws, columns=["holding", "pool_row", "amount"], dtype=float),
        )

    def _lapsed(self, day: float, started: NDArray[np.float64]) -> list[int]:
        """Who has not started in time, where the regime takes grants back (3.9)."""
        within = self.round.case.policy.return_days
        if not self.regime.returns or within is None:
            return []
        late = [one for one, held in self.held.items() if np.isnan(started[one]) and day - held[0].day > within]
        return [one for one in late if not self.began[one]]

    def _sit(self, day: float, period: int, ready: NDArray[np.bool_], approved: NDArray[np.float64],
             gone: NDArray[np.bool_]) -> Choice:  # fmt: skip
        places = np.flatnonzero(ready)
        waiting = places[np.lexsort((self.place[places], approved[places]))]
        free = self.round.must & ~gone & ~ready
        free[list(self.held)] = False
        one = Sitting(self.round, day, period, tuple(waiting.tolist()), self._all_held(),
                      tuple(np.flatnonzero(free).tolist()), self.gap, self.time_limit, self.last)  # fmt: skip
        choice = self.regime.decide(one)
        self._check(choice, ready, period)
        self.last = choice
        return choice

    def _check(self, choice: Choice, ready: NDArray[np.bool_], period: int) -> None:
        """Given is to who waits, all that an option asks for (3.3), and of no period that has passed."""
        ends = self.round.ends
        for code, holds in (
            ("not_waiting", lambda one: ready[one.project]),
            ("uncovered", self.round.covers),
            ("passed", lambda one: all(ends[row] >= period for row, _ in one.draws)),
        ):
            if wrong := [str(self.round.ids[one.project]) for one in choice.holdings if not holds(one)]:
                raise YaosuError(f"loop_{code}", {"regime": self.regime.name, "found": ", ".join(wrong[:5])})

    def _conserved(self, day: float) -> None:
        """No more is held than there is (3.4)."""
        lacks = self.round.shortage(self._all_held())
        if lacks.any():
            row = self.round.model.pools.table.iloc[int(lacks.argmax())]
            found = {"regime": self.regime.name, "pool": row["pool"], "day": f"{day:g}", "found": f"{lacks.max():.6g}",
                     "unit": row["unit"] or ""}  # fmt: skip
            raise YaosuError("loop_overdrawn", found)

    def _due(self, promised: dict[int, list[Holding]], period: int) -> list[int]:
        """Projects of which a part begins by a period: they are given all their parts."""
        start = self.round.start
        return [name for name, parts in promised.items() if min(start[one.option] for one in parts) <= period]

    def _all_held(self) -> tuple[Holding, ...]:
        return tuple(one.holding for parts in self.held.values() for one in parts)

    def _hold(self, one: Holding, day: float) -> None:
        row = len(self._holdings)
        self._holdings.append([float(self.place[one.project]), float(one.option), one.share, day, NAN])
        self._draws += [(row, at, amount) for at, amount in one.draws]
        self.held.setdefault(one.project, []).append(_Held(one, row, day))

    def _release(self, project: int, day: float) -> None:
        for one in self.held.pop(project):
            self._holdings[one.row][4] = day

    def _tell(self, given: set[int], taken: set[int]) -> None:
        """The course of the replication learns of it; what began before the round needs nothing to go on."""
        self.course.take_back(self.place[sorted(taken)])
        self.course.give(self.place[sorted(one for one in given if not self.began[one])])


def _by_project(holdings: Iterable[Holding]) -> dict[int, list[Holding]]:
    """What is for each project, several parts of it under a divisible policy."""
    found: dict[int, list[Holding]] = {}
    for one in holdings:
        found.setdefault(one.project, []).append(one)
    return found


def _options(parts: list[Holding]) -> set[int]:
    return {one.option for one in parts}
