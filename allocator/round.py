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
from allocator.pools import Pools
from allocator.program import EXACT, Effort, Program
from allocator.schema import column
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
        All options of all projects.
    earlier : tuple of Holding
        Grants of the case that still stand (3.9).

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

    @staticmethod
    def of(case: Case) -> Round:
        """The round of a case.

        Raises
        ------
        InputError
            The scores cannot be made.
        """
        bare = replace(case, policy=replace(case.policy, readiness="off"), grants=case.grants.iloc[:0])
        made = Round(bare, build(bare), ())
        return replace(made, earlier=made._earlier(case))

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

    @cached_property
    def divided(self) -> Taking:
        """What is taken from when each region has its formula share of the provincial pools; copied for each use."""
        parts, holder = regions(self.case, self.model)
        return Taking(self.case, self.model, Supply(self.case, self.model, parts), holder)

    @cached_property
    def must(self) -> NDArray[np.bool_]:
        """Projects that must be done."""
        return (column(self.model.projects, "projects", "decision") == "must").to_numpy()

    @cached_property
    def worthwhile(self) -> NDArray[np.bool_]:
        """Options that lose nothing at the prices of the relaxation over all projects, ready or not."""
        program = Program.of(self.model)
        answer = KeptEngine("highs", 1).run(program, Effort(relaxed=True))
        if answer.prices is None:
            return np.ones(len(self.owner), dtype=bool)
        prices = answer.prices.copy()
        prices[self.rows_of.get("one", np.empty(0, np.intp))] = 0.0
        value = self.model.value[: len(self.owner)]
        profit = value - (self.model.matrix.T @ prices)[: len(self.owner)]
        found: NDArray[np.bool_] = profit >= -1e-6 * np.maximum(1.0, np.abs(value))
        return found

    @cached_property
    def listed(self) -> dict[int, Holding]:
        """Rank and cut over all projects, ready or not, by project (baseline a)."""
        taking = self.common.copy()
        for one in self.earlier:
            taking.hold(one.project, one.option, one.draws, one.loans or ())
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

    def shortage(self, holdings: Iterable[Holding]) -> Floats:
        """What every pool row lacks for what is held: see `shortage`."""
        drawn = np.zeros(len(self.model.pools.table))
        for one in holdings:
            for row, amount in one.draws:
                drawn[row] += amount
        return shortage(self.model.pools, drawn)

    def _earlier(self, case: Case) -> tuple[Holding, ...]:
        """Grants of the case that still stand, from the very pools that they were given from."""
        grants = kept_grants(case)
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


def shortage(pools: Pools, drawn: Floats) -> Floats:
    """What every pool row lacks beyond its amount, what passes on, and the bank; all zero where quota is conserved.

    Parameters
    ----------
    pools : Pools
    drawn : array over pool rows

    Returns
    -------
    array over pool rows

    Notes
    -----
    It is reckoned from (3.4) alone, row after row: what may pass on passes on, an advance is taken where that is not
    enough, and the rest must come from bank steps into the pool.

    Examples
    --------
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0]}), pools=pd.DataFrame(
    ...     {"pool": ["p", "p"], "resource": "land", "period": ["1", "2"], "amount": [5.0, 8.0], "advance": [0.5, 0]}))
    >>> pools = Round.of(case).model.pools
    >>> shortage(pools, np.array([9.0, 4.0])).tolist(), shortage(pools, np.array([9.0, 5.0])).tolist()
    ([0.0, 0.0], [0.0, 1.0])
    """
    table = pools.table
    amount, carry, advance = (table[name].to_numpy(dtype=float) for name in ("amount", "carry", "advance"))
    following = table["following"].to_numpy()
    passed, lacks = np.zeros(len(table)), np.zeros(len(table))
    for row in range(len(table)):
        left = amount[row] + passed[row] - drawn[row]
        lacks[row] = max(-left - advance[row], 0.0)
        if following[row] >= 0:
            passed[following[row]] = min(left + lacks[row], carry[row])
    lacks[lacks <= 1e-6 * np.maximum(1.0, drawn)] = 0.0
    steps = pools.steps
    for step, into in steps.groupby("step"):
        left = float(steps.loc[steps["step"] == step, "amount"].iloc[0])
        for row in into["pool_row"]:
            bought = min(left, lacks[row])
            left, lacks[row] = left - bought, lacks[row] - bought
    lacks[lacks <= EXACT * np.maximum(1.0, drawn)] = 0.0
    return lacks


def _places(block: pd.Series) -> dict[str, Indices]:
    return {str(name): np.flatnonzero((block == name).to_numpy()) for name in block.unique()}
