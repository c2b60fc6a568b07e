"""One sitting of a round: what is left is given to the projects that wait, by optimising again or by a list (3.10, 5).

What has been given is kept, with the pools that it was drawn from. Options of periods that have passed are closed;
those of later periods are promises, which the next sitting makes anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from allocator import tables
from allocator.lp import KeptEngine
from allocator.model import Model, Objective
from allocator.program import EXACT, Effort, Program, Status
from allocator.round import NOTHING, Holding, Round
from allocator.stages import COST, Found, Search
from allocator.stock import Floats
from allocator.taking import Taking

Indices = NDArray[np.intp]
Bools = NDArray[np.bool_]
TINY = 1e-7
EASED = ("floor", "cap", "one")
"""Rows that give way where nothing is feasible otherwise: rules, and projects that must be done."""


@dataclass(frozen=True, eq=False)
class Choice:
    """What a sitting decides.

    Attributes
    ----------
    holdings : tuple of Holding
        For the waiting projects; options of a later period are promises. Of a project in parts (divisible policy),
        all are given when the first one is.
    status : str
        As of a plan; ``chosen`` where a list was gone through.
    gap : float
        To the bound of this sitting; NaN where none is known.
    eased : float
        By how much hard rules are missed, where they cannot be kept, each relative to its limit; else zero.
    x, key : array over columns, and anything
        The solution, from which the next sitting begins, and what it depends on.
    """

    holdings: tuple[Holding, ...]
    status: Status | str = "chosen"
    gap: float = float("nan")
    eased: float = 0.0
    x: Floats | None = field(default=None, repr=False)
    key: object = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Sitting:
    """What is known when quota is given out.

    Attributes
    ----------
    round : Round
    day : float
        Days from the origin.
    period : int
        The period that has begun last, as its place.
    waiting : tuple of int
        Projects that are ready and hold nothing, the one that has waited longest first.
    held : tuple of Holding
    reserved : tuple of int
        Projects that must be done and are not ready: `optimise` keeps quota for them.
    gap, time_limit : float
        Effort of `optimise`.

    Examples
    --------
    >>> from allocator import Case
    >>> projects = pd.DataFrame({"id": ["a", "b", "c"], "land": [4.0, 3.0, 2.0], "value": [9.0, 8.0, 7.0]})
    >>> pools = pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [6.0]})
    >>> whole = Round.of(Case.from_tables(projects=projects, pools=pools))
    >>> first = Sitting(whole, 0.0, 0, (1, 2), ()).optimise()
    >>> [whole.ids[one.project] for one in first.holdings]
    ['b', 'c']
    >>> [whole.ids[one.project] for one in Sitting(whole, 31.0, 0, (0,), first.holdings).optimise().holdings]
    []
    """

    round: Round
    day: float
    period: int
    waiting: tuple[int, ...]
    held: tuple[Holding, ...]
    reserved: tuple[int, ...] = ()
    gap: float = 1e-2
    time_limit: float = 60.0
    last: Choice | None = field(default=None, repr=False)

    @property
    def projects(self) -> pd.DataFrame:
        """The waiting projects with all their columns, score, grade and rank, in the order in which they came."""
        return self.round.model.projects.iloc[list(self.waiting)].reset_index(drop=True)

    def take(self, order: Iterable[str] | None = None, *, divided: bool = False) -> Choice:
        """Go down a list of the waiting projects and take what still fits.

        Parameters
        ----------
        order : iterable of str, optional
            Ids; first come first served without.
        divided : bool
            Each region draws on its formula share of the provincial pools only.

        Raises
        ------
        KeyError
            A project that does not wait.
        """
        waits = set(self.waiting)
        queue = self.waiting if order is None else tuple(self._known(one, waits) for one in order)
        taking = self._taking(divided)
        taking.choose(np.array(queue, dtype=np.intp))
        return Choice(tuple(self.round.taken(taking)))

    def from_list(self, listed: Mapping[int, Holding]) -> Choice:
        """What a list made before, such as `Round.listed`, gives to the waiting projects, the first of the list first.

        A part of a period that has passed is given where its quota has passed on to this one and is nobody else's.
        """
        whole, now = self.round, self.round.now(self.period)
        waits, holders = set(self.waiting), {one.project for one in self.held}
        ahead = [one for one in listed.values() if whole.start[one.option] >= self.period]
        taken = [*self.held, *(one for one in ahead if one.project not in holders)]
        given = [one for one in ahead if one.project in waits]
        for one in listed.values():
            if one.project in waits and whole.start[one.option] < self.period:
                moved = replace(one, draws=tuple((int(now[row]), amount) for row, amount in one.draws))
                lost = any(whole.ends[row] < self.period for row, _ in moved.draws)
                if not lost and not whole.shortage([*taken, moved]).any():
                    taken.append(moved)
                    given.append(moved)
        return Choice(tuple(given))

    def optimise(self, value: Floats | None = None) -> Choice:
        """Solve the model again over what is left (3.1 to 3.11).

        Parameters
        ----------
        value : array over options, optional
            What each option is worth; by default as the policy says. Who comes first strictly still does.

        Returns
        -------
        Choice
            The same as at the sitting before where nothing has changed since.
        """
        opens = self._opens()
        if not opens[np.isin(self.round.owner, self.waiting)].any():
            return Choice((), "optimal", 0.0)
        told = None if value is None else value.tobytes()
        key = (opens.tobytes(), frozenset(self.waiting), frozenset(self.held), told)
        if self.last is not None and self.last.key == key:
            return self.last
        found, eased = Found("infeasible", None), 0.0
        for tried in self._tries(opens):
            model = self._model(value, tried)
            found = self._search(model, self._start(tried))
            if found.status != "infeasible":
                break
        size = len(model.columns)
        if found.status == "infeasible":
            found = self._search(_eased(model))
            eased = 0.0 if found.x is None else float(found.x[size:].sum())
        if found.x is None:
            return Choice((), found.status)
        gaps = [gap for name, _, _, gap in found.stages if name.startswith("value") and gap is not None]
        x = self._settled(model, found.x[:size])
        return replace(self._choice(x, found.status, max(gaps, default=float("nan")), eased), key=key)

    def _search(self, model: Model, start: Floats | None = None) -> Found:
        return Search(model, KeptEngine("highs", 1), self.gap, self.time_limit, brisk=True).run(start)

    def _tries(self, opens: Bools) -> Iterator[Bools]:
        """First quota for those who must be done and are not ready is kept in later periods, where there are any."""
        whole, kept = self.round, np.zeros(len(self.round.ids), dtype=bool)
        kept[list(self.reserved)] = True
        later = np.bincount(whole.owner, opens & (whole.start > self.period), minlength=len(kept)) > 0
        now = opens & (kept & later)[whole.owner] & (whole.start == self.period)
        if now.any():
            yield opens & ~now
        yield opens

    def _settled(self, model: Model, x: Floats) -> Floats:
        """The same plan with its quota drawn in the order of `Round.draw_order`, where that is worth the same."""
        moves = np.isin(model.columns["block"].to_numpy(), ("grant", "carry", "advance", "bank"))
        program = Program.of(model).fix(~moves, x)
        for objective in model.objectives:
            if objective.coef[moves].any():
                reached = float(objective.coef @ x)
                program = program.hold(objective.coef, reached - EXACT * abs(reached))
        answer = KeptEngine("highs", 1).run(program.aim(-self.round.draw_order), Effort(relaxed=True))
        if answer.x is None:
            return x
        settled = program.repair(answer.x)
        return settled if program.violation(settled).max(initial=0.0) <= 1e-6 else x

    def _opens(self) -> Bools:
        """Options that may be chosen: of projects that wait or are kept quota for, and of no passed period."""
        whole = self.round
        asks = np.zeros(len(whole.ids), dtype=bool)
        asks[[*self.waiting, *self.reserved]] = True
        opens: Bools = asks[whole.owner] & (whole.start >= self.period) & ~whole.past
        return opens

    def _start(self, opens: Bools) -> Floats | None:
        """The plan of the sitting before, as far as it still stands."""
        before = None if self.last is None else self.last.x
        if before is None:
            return None
        count, x = len(self.round.model.options), before.copy()
        x[:count] = np.where(opens, x[:count], 0.0)
        for one in self.held:
            if one.option >= 0:
                x[one.option] = one.share
        return x

    def _known(self, name: str, waits: set[int]) -> int:
        place = self.round.place(name)
        if place not in waits:
            raise KeyError(name)
        return place

    def _taking(self, divided: bool) -> Taking:
        """The round with what is held set aside, and the options of passed periods closed."""
        earlier = tuple(one for one in self.held if divided and one in self.round.earlier)
        taking = self.round.divided(earlier) if divided else self.round.common.copy()
        for one in self.held:
            taking.hold(one.project, one.option, () if one in earlier else one.draws, one.loans, one.share)
        taking.open = (self.round.start >= self.period) & ~self.round.past
        return taking

    def _model(self, value: Floats | None, opens: Bools) -> Model:
        """The model of the round as this sitting finds it."""
        whole, model = self.round, self.round.model
        count, held = len(model.options), [one for one in self.held if one.option >= 0]
        asks = np.zeros(len(whole.ids), dtype=bool)
        asks[whole.owner[opens]] = True
        options = np.array([one.option for one in held], dtype=np.intp)
        lower, upper = np.zeros(len(model.columns)), model.upper.copy()
        upper[:count] = np.where(opens, model.upper[:count], 0.0)
        lower[options] = upper[options] = [one.share for one in held]
        self._money(lower, upper, asks)
        self._groups(upper, opens)
        objectives, worth = model.objectives, model.value
        if value is not None:
            more = np.append(value - model.value[:count], np.zeros(len(model.value) - count))
            worth = model.value + more
            stage = np.append(whole.stage, np.full(len(more) - count, NOTHING))
            objectives = tuple(
                one if one.name == COST else replace(one, coef=one.coef + np.where(stage == place, more, 0.0))
                for place, one in enumerate(objectives)
            )
        row_lower, row_upper = self._rows(asks, {one.project for one in held})
        return replace(
            model, lower=lower, upper=upper, matrix=self._matrix(held, options), row_lower=row_lower,
            row_upper=row_upper, objectives=objectives, value=worth,
        )  # fmt: skip

    def _money(self, lower: Floats, upper: Floats, asks: Bools) -> None:
        """Loans of those who neither ask nor hold are closed; those that are settled stay."""
        lender = self.round.lender
        loans = np.flatnonzero(lender >= 0)
        free = asks.copy()
        free[[one.project for one in self.held if one.loans is None and one.option >= 0]] = True
        upper[loans[~free[lender[loans]]]] = 0.0
        for one in self.held:
            if one.loans:
                columns = [at for at, _ in one.loans]
                lower[columns] = upper[columns] = [amount for _, amount in one.loans]

    def _groups(self, upper: Floats, opens: Bools) -> None:
        """Pools need not serve groups of which no option is open."""
        asked = np.zeros(len(self.round.model.groups) + 1, dtype=bool)
        for resource in self.round.model.pools.resources:
            asked[self.round.model.member[resource].to_numpy()[opens]] = True
        grant = self.round.columns_of.get("grant", np.empty(0, np.intp))
        group = self.round.model.columns["group"].to_numpy()[grant].astype(int)
        upper[grant[~asked[group]]] = 0.0

    def _matrix(self, held: Sequence[Holding], options: Indices) -> sparse.csr_array:
        """What is held draws on the very pools that it was given from."""
        whole, model = self.round, self.round.model
        matrix = model.matrix.copy()
        holds = np.zeros(matrix.shape[1], dtype=bool)
        holds[options] = True
        grants = np.zeros(matrix.shape[0], dtype=bool)
        grants[whole.rows_of.get("grant", [])] = True
        row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        matrix.data[grants[row] & holds[matrix.indices]] = 0.0
        drawn = [(at, one.option, amount / one.share) for one in held for at, amount in one.draws]
        if not drawn:
            return matrix
        at, option, amount = (np.array(each) for each in zip(*drawn, strict=True))
        rows = whole.rows_of["pool"][at.astype(int)]
        return sparse.csr_array(matrix + sparse.csr_array((amount, (rows, option.astype(int))), shape=matrix.shape))

    def _rows(self, asks: Bools, holders: set[int]) -> tuple[Floats, Floats]:
        """Who must be done is done once it waits; holders require nothing more, and exclude no other holder."""
        whole, model = self.round, self.round.model
        lower, upper = model.row_lower.copy(), model.row_upper.copy()
        one = whole.rows_of.get("one", np.empty(0, np.intp))
        lower[one[~asks[whole.ids.get_indexer(pd.Index(model.rows["project"].iloc[one]))]]] = 0.0
        holds = np.zeros(len(whole.ids), dtype=bool)
        holds[list(holders)] = True
        for block in ("requires", "excludes"):
            rows = whole.rows_of.get(block, np.empty(0, np.intp))
            pairs = model.rows[["project", "name"]].iloc[rows]
            first, second = (holds[whole.ids.get_indexer(pd.Index(pairs[end]))] for end in pairs)
            upper[rows[first if block == "requires" else first & second]] += 1.0
        pools = whole.rows_of.get("pool", np.empty(0, np.intp))
        for holding in self.held:
            if holding.option < 0:
                for at, amount in holding.draws:
                    upper[pools[at]] -= amount
        return lower, upper

    def _choice(self, x: Floats, status: str, gap: float, eased: float) -> Choice:
        """The holdings of a solution, each with its part of what its group draws; loans are with a project's first."""
        model, count = self.round.model, len(self.round.model.options)
        before = {one.option for one in self.held}
        waits = np.zeros(len(self.round.ids), dtype=bool)
        waits[list(self.waiting)] = True
        new = np.array([at for at in np.flatnonzero(x[:count] > TINY) if at not in before], dtype=np.intp)
        draws: dict[int, list[tuple[int, float]]] = {int(at): [] for at in new}
        for resource in model.pools.resources:
            group = model.member[resource].to_numpy()[new]
            demand = model.options[resource].to_numpy()[new] * x[new]
            limit = self.round.case.policy.match.get(resource, 1.0)
            for one in np.unique(group[group >= 0]):
                mine, (columns, rows) = np.flatnonzero(group == one), self.round.supply[one]
                provincial = model.pools.table["provincial"].to_numpy()[rows]
                amounts = tables.share_out(demand[mine], np.maximum(x[columns], 0.0), provincial, limit)
                for i, j in zip(*np.nonzero(amounts > TINY), strict=True):
                    draws[int(new[mine[i]])].append((int(rows[j]), float(amounts[i, j])))
        lender, loans = self.round.lender, dict[int, list[tuple[int, float]]]()
        for at in np.flatnonzero((lender >= 0) & (x > TINY)):
            loans.setdefault(int(lender[at]), []).append((int(at), float(x[at])))
        owner = self.round.owner
        holdings = tuple(
            Holding(int(owner[at]), int(at), min(float(x[at]), 1.0), tuple(draws[int(at)]),
                    tuple(loans.pop(int(owner[at]), ())))
            for at in new if waits[owner[at]]
        )  # fmt: skip
        return Choice(holdings, status, gap, eased, x)


def _eased(model: Model) -> Model:
    """The model with rows that give way, as little as may be, before anything else counts."""
    at = np.flatnonzero(np.isin(model.rows["block"].to_numpy(), EASED))
    floor = np.isfinite(model.row_lower[at]) & (model.row_lower[at] > -np.inf)
    cap = (model.rows["block"].to_numpy()[at] == "cap") & np.isfinite(model.row_upper[at])
    rows = np.concatenate([at[floor], at[cap]])
    sign = np.concatenate([np.ones(int(floor.sum())), -np.ones(int(cap.sum()))])
    largest = abs(model.matrix[rows]).max(axis=1).toarray().ravel()
    limit = np.abs(np.where(sign > 0, model.row_lower[rows], model.row_upper[rows]))
    scale = np.maximum(np.maximum(limit, largest), 1.0)
    n, more = len(model.columns), len(rows)
    slack = sparse.csr_array((sign * scale, (rows, np.arange(more))), shape=(len(model.rows), more))
    names = pd.DataFrame({"block": ["eased"] * more})
    wide = [replace(one, coef=np.append(one.coef, np.zeros(more))) for one in model.objectives]
    first = Objective("eased", np.append(np.zeros(n), -np.ones(more)))
    return replace(
        model, columns=pd.concat([model.columns, names], ignore_index=True),
        lower=np.append(model.lower, np.zeros(more)), upper=np.append(model.upper, np.full(more, np.inf)),
        integer=np.append(model.integer, np.zeros(more, dtype=bool)),
        matrix=sparse.csr_array(sparse.hstack([model.matrix, slack], format="csr")), objectives=(first, *wide),
        value=np.append(model.value, np.zeros(more)), cost=np.append(model.cost, np.zeros(more)),
    )  # fmt: skip
