"""A planning round whose quota is given out in several sittings: its model, what is held, what pools lack (3.10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from allocator.baselines import regions
from allocator.case import Case
from allocator.lp import KeptEngine
from allocator.model import Model, build
from allocator.options import WHOLE_ROUND, kept_grants, period_bounds
from allocator.program import Effort, Program
from allocator.schema import column
from allocator.shortage import shortage
from allocator.stock import Supply
from allocator.taking import Taking

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
NOTHING = -1


@dataclass(frozen=True)
class Holding:
    """What a project has been given.

    Attributes
    ----------
    project : int
        Its place in ``model.projects``.
    option : int
        Its place in ``model.options``; -1 for a grant from before the round.
    share : float
        1 unless the policy is divisible.
    draws : tuple of (int, float)
        Pool rows drawn on, and amounts.
    loans : tuple of (int, float), optional
        Loan columns and amounts; None where the financing is not settled.
    since : Timestamp, optional
        Day of a grant from before the round, where it is known.
    """

    project: int
    option: int
    share: float = 1.0
    draws: tuple[tuple[int, float], ...] = ()
    loans: tuple[tuple[int, float], ...] | None = ()
    since: pd.Timestamp | None = None


@dataclass(frozen=True, eq=False)
class Round:
    """What stays the same in all sittings of a round.

    Attributes
    ----------
    case : Case
        Without earlier grants and without the readiness rule: who is ready is known at each sitting.
    model : Model
        All options of all projects, and those that grants from before the round stand for.
    earlier : tuple of Holding
        Grants of the case that still stand (3.9).
    past : array of bool over options
        What only such a grant stands for; it cannot be chosen.

    Examples
    --------
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> Round.of(case).quota()
    {'land': 5.0}
    """

    case: Case
    model: Model
    earlier: tuple[Holding, ...]
    past: NDArray[np.bool_]

    @staticmethod
    def of(case: Case) -> Round:
        """The round of a case.

        Raises
        ------
        InputError
            The scores cannot be made.
        """
        grants = kept_grants(case)
        period = column(grants, "grants", "period").fillna(WHOLE_ROUND)
        planned = case.policy.periods or case.periods or (WHOLE_ROUND,)
        bare = replace(case, policy=replace(case.policy, readiness="off", change_cost=None),
                       grants=grants[~period.isin(planned).to_numpy()])  # fmt: skip
        model = build(bare)
        past = model.options["earlier"].to_numpy(dtype=bool)
        made = Round(bare, _released(model, past), (), past)
        return replace(made, earlier=made._earlier(grants))

    @cached_property
    def ids(self) -> pd.Index[Any]:
        """Ids of the projects in the order of the model."""
        found: pd.Index[Any] = pd.Index(self.model.projects["id"])
        return found

    def place(self, project: str) -> int:
        """The place of a project by its id.

        Raises
        ------
        KeyError
            There is none of that id.
        """
        return int(self.ids.get_loc(project))  # type: ignore[arg-type]

    @cached_property
    def owner(self) -> Indices:
        """The project of each option."""
        return self.ids.get_indexer(pd.Index(self.model.options["project"]))

    @cached_property
    def start(self) -> Indices:
        """The period in which each option starts, as its place among the periods."""
        return self.model.options["start"].to_numpy(dtype=np.intp)

    @cached_property
    def lender(self) -> Indices:
        """The project of each loan column, -1 for any other column."""
        loan = (self.model.columns["block"] == "loan").to_numpy()
        found = np.full(len(loan), NOTHING)
        found[loan] = self.ids.get_indexer(pd.Index(self.model.columns["project"][loan]))
        return found

    @cached_property
    def columns_of(self) -> dict[str, Indices]:
        """Columns by block."""
        return _places(self.model.columns["block"])

    @cached_property
    def rows_of(self) -> dict[str, Indices]:
        """Rows by block."""
        return _places(self.model.rows["block"])

    @cached_property
    def supply(self) -> list[tuple[Indices, Indices]]:
        """Of each group of options: the grant columns that serve it, and their pool rows."""
        grant = self.columns_of.get("grant", np.empty(0, np.intp))
        inside = sparse.csc_array(self.model.matrix[self.rows_of.get("pool", [])][:, grant])
        group = self.model.columns["group"].to_numpy()[grant].astype(int) if len(grant) else grant
        return [
            (grant[mine], inside.indices[mine].astype(np.intp))
            for mine in (np.flatnonzero(group == one) for one in range(len(self.model.groups)))
        ]

    @cached_property
    def draw_order(self) -> Floats:
        """The order in which pools are drawn on, by grant column: provincial first, narrow first, as in `Supply`.

        Any order is worth the same in one plan; what is left at later sittings is worth most so, since provincial pools
        may give only a share of a demand (3.5), and wide ones serve whoever comes.
        """
        found = np.zeros(len(self.model.columns))
        pool = np.concatenate([rows for _, rows in self.supply] or [np.empty(0, np.intp)])
        width = np.bincount(pool, minlength=len(self.model.pools.table)) / (len(self.supply) + 1.0)
        own = ~self.model.pools.table["provincial"].to_numpy(dtype=bool)
        for columns, rows in self.supply:
            found[columns] = own[rows] + width[rows]
        return found

    @cached_property
    def ends(self) -> Indices:
        """The last period in which each pool row can be drawn on, as its place among the periods."""
        table, last = self.model.pools.table, len(self.model.pools.periods) - 1
        return np.where(table["period"] == WHOLE_ROUND, last, table["place"]).astype(np.intp)

    def now(self, period: int) -> Indices:
        """The row of the same pool in a period, of each pool row; itself where that is later, or there is none."""
        following, found = self.model.pools.table["following"].to_numpy(), np.arange(len(self.ends))
        while (behind := (self.ends[found] < period) & (following[found] >= 0)).any():
            found[behind] = following[found[behind]]
        return found

    @cached_property
    def begins(self) -> tuple[pd.Timestamp | float, ...]:
        """The first day of each period: a date or a day number; empty where there is but one without a name."""
        periods = self.model.pools.periods
        if periods == (WHOLE_ROUND,):
            return ()
        bounds = [period_bounds(one) for one in periods]
        if all(bound is not None for bound in bounds):
            return tuple(bound[0] for bound in bounds if bound is not None)
        return tuple(float(one) if one.replace(".", "", 1).isdigit() else np.nan for one in periods)

    @cached_property
    def common(self) -> Taking:
        """What is taken from when nothing is divided; copied for each use."""
        return Taking(self.case, self.model, Supply(self.case, self.model), np.zeros(len(self.ids), dtype=np.intp))

    def divided(self, earlier: tuple[Holding, ...]) -> Taking:
        """What is taken from when provincial pools are divided by formula, after what earlier grants draw."""
        if earlier not in self._divided:
            parts, holder = regions(self.case, self.model)
            kept = [draw for one in earlier for draw in one.draws]
            self._divided[earlier] = Taking(self.case, self.model, Supply(self.case, self.model, parts, kept), holder)
        return self._divided[earlier].copy()

    @cached_property
    def _divided(self) -> dict[tuple[Holding, ...], Taking]:
        return {}

    @cached_property
    def must(self) -> NDArray[np.bool_]:
        """Projects that must be done, and those that they require."""
        found: NDArray[np.bool_] = (column(self.model.projects, "projects", "decision") == "must").to_numpy().copy()
        rows = self.model.rows.iloc[self.rows_of.get("requires", np.empty(0, np.intp))]
        first, second = (self.ids.get_indexer(pd.Index(rows[name])) for name in ("project", "name"))
        while (more := found[first] & ~found[second]).any():
            found[second[more]] = True
        return found

    @cached_property
    def stage(self) -> Indices:
        """The objective in which the value of each option counts, as its place among them (3.1)."""
        rules, count = self.case.policy.priorities, len(self.owner)
        if rules is None or rules.method != "lexicographic" or not rules.order:
            return np.zeros(count, dtype=np.intp)
        of = column(self.model.projects, "projects", rules.by).to_numpy(dtype=object)[self.owner]
        place = {name: i for i, name in enumerate(rules.order)}
        return np.array([place.get(one, len(place)) for one in of], dtype=np.intp)

    @cached_property
    def worthwhile(self) -> NDArray[np.bool_]:
        """Options that lose nothing at the prices of the relaxation over all projects, ready or not.

        Those of projects that come first strictly are not weighed against the others.
        """
        program = Program.of(self.model)
        answer = KeptEngine("highs", 1).run(program, Effort(relaxed=True))
        if answer.prices is None:
            return np.ones(len(self.owner), dtype=bool)
        prices = answer.prices.copy()
        prices[self.rows_of.get("one", np.empty(0, np.intp))] = 0.0
        value = self.model.value[: len(self.owner)]
        profit = value - (self.model.matrix.T @ prices)[: len(self.owner)]
        found: NDArray[np.bool_] = profit >= -1e-6 * np.maximum(1.0, np.abs(value))
        found |= self.stage < self.stage.max(initial=0)
        return found

    @cached_property
    def listed(self) -> dict[int, Holding]:
        """Rank and cut over all projects, ready or not, by project (baseline a)."""
        taking = self.common.copy()
        for one in self.earlier:
            taking.hold(one.project, one.option, one.draws, one.loans)
        taking.open = ~self.past
        taking.run(np.arange(len(self.ids)))
        return {one.project: one for one in self.taken(taking)}

    def taken(self, taking: Taking) -> list[Holding]:
        """What has been taken beside what was held before, one by one."""
        pool = {int(col): int(row) for columns, rows in self.supply for col, row in zip(columns, rows, strict=True)}
        found = []
        for project, (option, draws, loans) in taking.taken.items():
            if project in taking.fixed:
                continue
            drawn: dict[int, float] = {}
            for _, col, amount in draws:
                if col in pool:
                    drawn[pool[col]] = drawn.get(pool[col], 0.0) + amount
            found.append(Holding(project, option, 1.0, tuple(drawn.items()), tuple(loans)))
        return found

    def quota(self) -> dict[str, float]:
        """All quota of the periods planned, by resource, in the units of the case."""
        table = self.model.pools.table
        return {str(name): float(part.sum()) for name, part in table.groupby("resource")["amount"]}

    def demand(self) -> dict[str, float]:
        """What all projects ask for at most, by resource."""
        options = self.model.options
        return {name: float(options.groupby("project")[name].max().sum()) for name in self.case.resources}

    def covers(self, one: Holding) -> bool:
        """Whether a holding draws all that its option asks for (3.3)."""
        drawn = dict.fromkeys(self._asked, 0.0)
        for row, amount in one.draws:
            drawn[self._drawn_as[row]] += amount
        asked = {name: float(amounts[one.option]) for name, amounts in self._asked.items()}
        return all(drawn[name] >= one.share * asked[name] - 1e-6 * max(1.0, asked[name]) for name in asked)

    @cached_property
    def _asked(self) -> dict[str, Floats]:
        """What each option asks for, by resource."""
        return {name: self.model.options[name].to_numpy(dtype=float) for name in self.case.resources}

    @cached_property
    def _drawn_as(self) -> list[str]:
        """The resource of each pool row."""
        return [str(name) for name in self.model.pools.table["resource"]]

    def shortage(self, holdings: Iterable[Holding]) -> Floats:
        """What every pool row lacks for what is held: see `shortage`."""
        drawn = np.zeros(len(self.model.pools.table))
        for one in holdings:
            for row, amount in one.draws:
                drawn[row] += amount
        return shortage(self.model.pools, drawn)

    def _earlier(self, grants: pd.DataFrame) -> tuple[Holding, ...]:
        """Grants that still stand, from the very pools that they were given from."""
        if not len(grants):
            return ()
        table, options = self.model.pools.table, self.model.options
        row_of = {key: row for row, key in enumerate(zip(table["pool"], table["period"], strict=True))}
        keys = zip(options["project"], options["variant"], options["period"], strict=True)
        option_of = {key: place for place, key in enumerate(keys)}
        names = ("project", "variant", "pool", "period", "amount", "granted")
        stated = pd.DataFrame({name: column(grants, "grants", name).to_numpy() for name in names})
        stated["variant"], stated["period"] = stated["variant"].fillna("base"), stated["period"].fillna(WHOLE_ROUND)
        found = []
        for project, mine in stated.groupby("project", sort=False):
            option = option_of.get((project, mine["variant"].iloc[0], mine["period"].iloc[0]), NOTHING)
            rows = [row_of.get((pool, period), row_of.get((pool, WHOLE_ROUND)))
                    for pool, period in zip(mine["pool"], mine["period"], strict=True)]  # fmt: skip
            draws = tuple((row, float(a)) for row, a in zip(rows, mine["amount"], strict=True) if row is not None)
            day = pd.to_datetime(mine["granted"].iloc[0])
            since = None if pd.isna(day) else day
            found.append(Holding(self.place(str(project)), option, 1.0, draws, None, since))
        return tuple(found)


def _released(model: Model, past: NDArray[np.bool_]) -> Model:
    """The model with nothing kept of earlier grants yet; a sitting says what is held."""
    if not past.any():
        return model
    held = np.zeros(len(model.columns), dtype=bool)
    held[np.flatnonzero(past)] = True
    matrix, pools = model.matrix.copy(), (model.rows["block"] == "pool").to_numpy()
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    matrix.data[pools[row] & held[matrix.indices]] = 0.0
    options, lower = model.options.assign(earlier=False), np.where(held, 0.0, model.lower)
    return replace(model, matrix=matrix, options=options, lower=lower)


def _places(block: pd.Series) -> dict[str, Indices]:
    return {str(name): np.flatnonzero((block == name).to_numpy()) for name in block.unique()}
