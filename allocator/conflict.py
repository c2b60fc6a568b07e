"""Smallest conflicting sets and least relaxations of the rows that people set, by any solver.

A member is what a person could relax: a pool in a period, or in all of them where it passes quota on, a product, a
floor or cap, a match share, a must decision, requires, excludes, the financing plan of a project, an earlier grant that
is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from allocator.exact import PulpEngine
from allocator.model import Model
from allocator.program import Answer, Effort, Floats, Program

Indices = NDArray[np.intp]
KINDS = {
    "pool": "pool", "bank": "bank", "fund": "fund", "floor": "floor", "cap": "cap", "match": "match",
    "requires": "requires", "excludes": "excludes", "finance": "finance", "ratio": "finance", "whole": "finance",
    "service": "finance", "share": "finance",
}  # fmt: skip
ONE_EACH = ("finance",)
LEAST = 1e-6


@dataclass(frozen=True, eq=False)
class Members:
    """What could be relaxed in a model.

    Attributes
    ----------
    table : DataFrame
        ``kind`` and the labels of the rows, with ``limit``.
    row : array over rows
        Member of each row, -1 where it cannot be relaxed.
    column : array over columns
        Member of each column whose lower bound keeps an earlier grant, else -1.
    """

    table: pd.DataFrame
    row: Indices
    column: Indices


def members(model: Model) -> Members:
    """The members of a model.

    Examples
    --------
    >>> from allocator import Case
    >>> from allocator.model import build
    >>> case = Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a"], "land": [4.0], "value": [2.0], "decision": ["must"]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> members(build(case)).table["kind"].tolist()
    ['must', 'pool']
    """
    block = model.rows["block"].to_numpy(dtype=object)
    soft = np.zeros(len(block), dtype=bool)
    slack = (model.columns["block"] == "slack").to_numpy()
    soft[np.unique(model.matrix[:, np.flatnonzero(slack)].nonzero()[0])] = True
    kind = pd.Series(block).map(KINDS).astype(object)
    kind[(block == "one") & (model.row_lower > 0)] = "must"
    kind[soft] = None
    at = np.flatnonzero(kind.notna().to_numpy())
    rows = model.rows.iloc[at].assign(kind=kind.to_numpy()[at], row=at)
    rows["key"] = np.where(
        rows["kind"].isin(ONE_EACH), rows["kind"] + " " + rows["project"].astype(str), rows["row"].astype(str)
    )
    limit = np.where(np.isfinite(model.row_upper), model.row_upper, model.row_lower)
    limit = np.where((block == "floor") | (block == "one"), model.row_lower, limit)
    linked = set(model.columns.loc[model.columns["block"].isin(["carry", "advance"]), "pool"])
    one_pool = (rows["kind"] == "pool") & rows["pool"].isin(linked)
    rows["key"] = rows["key"].where(~one_pool, "pool " + rows["pool"].astype(str))
    rows["key"] = rows["key"].where(rows["kind"] != "match", "match " + rows["resource"].astype(str))
    several = rows.duplicated("key", keep=False)
    rows["period"] = rows["period"].astype(object).where(~several, None)
    first = rows.drop_duplicates("key")
    place = pd.Series(np.arange(len(first)), index=first["key"])
    row = np.full(len(block), -1)
    row[at] = place.reindex(rows["key"]).to_numpy()
    kept = np.flatnonzero((model.lower > 0) & (model.columns["block"] == "option").to_numpy())
    column = np.full(len(model.columns), -1)
    column[kept] = len(first) + np.arange(len(kept))
    held = model.columns.iloc[kept][["project", "variant", "period"]].assign(kind="kept", limit=1.0)
    total = pd.Series(limit[at]).groupby(rows["key"].to_numpy()).sum()
    table = pd.concat([first.assign(limit=total.reindex(first["key"]).to_numpy()), held], ignore_index=True)
    names = ["kind", "project", "name", "resource", "pool", "region", "period", "fund", "rule", "unit", "limit"]
    return Members(table.reindex(columns=names), row, column)


@dataclass(eq=False)
class Checker:
    """Feasibility checks and least relaxations of one model by one solver within a time."""

    model: Model
    solver: str = "highs"
    seconds: float = 60.0
    proven: bool = True
    checks: int = 0
    members: Members = field(init=False)

    def __post_init__(self) -> None:
        self.members = members(self.model)
        self._engine = PulpEngine(self.solver, 1)
        self._program = Program.of(self.model).aim(np.zeros(len(self.model.columns)))
        self._end = time.monotonic() + self.seconds
        self._known: dict[frozenset[int], bool] = {}

    def left(self) -> float:
        """Seconds left, at least one."""
        return max(1.0, self._end - time.monotonic())

    def only(self, kept: Sequence[int]) -> Program:
        """The rows with every other member relaxed without limit."""
        inside = np.zeros(len(self.members.table) + 1, dtype=bool)
        inside[list(kept)] = True
        inside[-1] = True
        free = ~inside[self.members.row]
        must = (self.model.rows["block"] == "one").to_numpy()
        lower = np.where(free, np.where(must, 0.0, -np.inf), self.model.row_lower)
        upper = np.where(free & ~must, np.inf, self.model.row_upper)
        least = np.where(inside[self.members.column], self._program.lower, 0.0)
        bound = np.isfinite(lower) | np.isfinite(upper)
        matrix = sparse.csr_array(sparse.diags_array(bound.astype(float)) @ self._program.matrix)
        matrix.eliminate_zeros()
        return replace(self._program, matrix=matrix, row_lower=lower, row_upper=upper, lower=least)

    def feasible(self, kept: Sequence[int]) -> bool:
        """Whether these members can be kept together."""
        key = frozenset(kept)
        if key not in self._known:
            self.checks += 1
            self._known[key] = self._feasible(self.only(kept))
        return self._known[key]

    def _feasible(self, program: Program) -> bool:
        relaxed = self._engine.run(program, Effort(seconds=self.left(), relaxed=True))
        if relaxed.status == "infeasible":
            return False
        if relaxed.x is not None and self._stands(program, relaxed.x):
            return True
        answer = self._engine.run(program, Effort(seconds=self.left()))
        if answer.x is not None and self._stands(program, answer.x):
            return True
        self.proven &= answer.status == "infeasible"
        return answer.status != "infeasible"

    @staticmethod
    def _stands(program: Program, x: Floats) -> bool:
        whole = np.abs(x - np.round(x))[program.integer].max(initial=0.0) <= LEAST
        return bool(whole and program.violation(program.repair(x)).max(initial=0.0) <= LEAST)

    def least(
        self, kept: Sequence[int], slack: Sequence[int], relaxed: bool = False
    ) -> tuple[pd.DataFrame, Answer, Floats]:
        """The least weighted relaxation of the members `slack` with which the members `kept` can stand together.

        Returns
        -------
        found : DataFrame
            ``member, row, column, side, amount`` of what is relaxed.
        answer : Answer
        prices : array over rows
            Of a relaxed answer.
        """
        program, ends = _elastic(self.model, self.only(kept), self.members, slack)
        answer = self._engine.run(program, Effort(gap=1e-4, accept=1e-3, seconds=self.left(), relaxed=relaxed))
        if answer.x is None:
            return ends.iloc[:0].assign(amount=[]), answer, np.zeros(len(self.model.rows))
        self.proven &= answer.status == "optimal"
        amount = answer.x[len(self.model.columns) :]
        found = ends.assign(amount=amount)
        tiny = 1e-6 * np.maximum(1.0, found["scale"].to_numpy())
        prices = np.zeros(len(self.model.rows)) if answer.prices is None else answer.prices[: len(self.model.rows)]
        return found[amount > tiny].reset_index(drop=True), answer, prices

    def conflict(self) -> list[int]:
        """Members that cannot be kept together; leaving out any one makes the rest feasible."""
        every = list(range(len(self.members.table)))
        candidates = self._suspects(every)
        if self.feasible(candidates):
            candidates = every
            if self.feasible(every):
                return []
        found = _divide(self.feasible, candidates)
        again = _divide(self.feasible, candidates[::-1]) if len(found) > 2 and self.left() > self.seconds / 2 else found
        return sorted(found if len(found) <= len(again) else again)

    def _suspects(self, every: list[int]) -> list[int]:
        """The members with a price in the least relaxation of the LP; all where the LP has no conflict."""
        _, answer, prices = self.least(every, every, relaxed=True)
        if answer.x is None or answer.prices is None:
            return every
        priced = set(self.members.row[np.abs(prices) > 1e-9].tolist()) | set(self.members.column.tolist())
        named = sorted(priced - {-1})
        return named or every


def _divide(feasible: Callable[[list[int]], bool], candidates: list[int]) -> list[int]:
    """QuickXplain (Junker 2004): an irreducible infeasible subset of the candidates."""

    def explain(kept: list[int], changed: bool, among: list[int]) -> list[int]:
        if changed and not feasible(kept):
            return []
        if len(among) == 1:
            return among
        half = len(among) // 2
        one, two = among[:half], among[half:]
        second = explain(kept + one, True, two)
        first = explain(kept + second, bool(second), one)
        return first + second

    return explain([], True, candidates) if candidates else []


def _elastic(model: Model, program: Program, named: Members, slack: Sequence[int]) -> tuple[Program, pd.DataFrame]:
    """With a column for each way in which a row or an earlier grant may give way, at its weighted cost."""
    inside = np.zeros(len(named.table) + 1, dtype=bool)
    inside[list(slack)] = True
    rows = np.flatnonzero(inside[named.row] & (named.row >= 0))
    must = named.table["kind"].to_numpy(dtype=object)[named.row[rows]] == "must"
    scale = _scales(model, program, named)[rows]
    below = np.isfinite(program.row_lower[rows])
    above = np.isfinite(program.row_upper[rows]) & ~must
    kept = np.flatnonzero(inside[named.column] & (named.column >= 0) & (program.lower > 0))
    k = len(kept)
    ends = pd.concat([
        _ends(named.row[rows[below]], rows[below], np.full(int(below.sum()), -1), "lower", scale[below]),
        _ends(named.row[rows[above]], rows[above], np.full(int(above.sum()), -1), "upper", scale[above]),
        _ends(named.column[kept], len(model.rows) + np.arange(k), kept, "kept", np.ones(k)),
    ], ignore_index=True)  # fmt: skip
    n = len(model.columns)
    hold = sparse.csr_array((np.ones(k), (np.arange(k), kept)), shape=(k, n))
    sign = np.where(ends["side"] == "upper", -1.0, 1.0)
    give = sparse.csr_array(
        (sign, (ends["row"].to_numpy(), np.arange(len(ends)))), shape=(len(model.rows) + k, len(ends))
    )
    matrix = sparse.csr_array(sparse.hstack([sparse.vstack([program.matrix, hold]), give], format="csr"))
    lower = program.lower.copy()
    lower[kept] = 0.0
    decided = ends["member"].map(named.table["kind"]).isin(["must", "kept"]).to_numpy()
    return Program(
        np.concatenate([np.zeros(n), -1.0 / ends["scale"].to_numpy(dtype=float)]), matrix,
        np.append(program.row_lower, np.ones(k)), np.append(program.row_upper, np.full(k, np.inf)),
        np.append(lower, np.zeros(len(ends))), np.append(program.upper, np.where(decided, 1.0, np.inf)),
        np.append(program.integer, decided & bool(program.integer.any())),
    ), ends  # fmt: skip


def _ends(member: Indices, row: Indices, column: Indices, side: str, scale: Floats) -> pd.DataFrame:
    return pd.DataFrame({"member": member, "row": row, "column": column, "side": side, "scale": scale})


def _scales(model: Model, program: Program, named: Members) -> Floats:
    """What counts as relaxing a row once over: its limit, or where that is 0 what rows of its kind usually hold."""
    limit = np.where(np.isfinite(model.row_upper), np.abs(model.row_upper), np.abs(model.row_lower))
    largest = np.zeros(len(limit))
    options = abs(program.matrix[:, : len(model.options)])
    if options.shape[1]:
        largest = np.asarray(options.max(axis=1).toarray()).ravel()
    labels = pd.DataFrame(
        {"block": model.rows["block"], "resource": model.rows["resource"], "limit": np.where(limit > 0, limit, np.nan)}
    )
    usual = labels.groupby(["block", "resource"], dropna=False)["limit"].transform("median").to_numpy()
    scale = np.where(limit > 0, limit, np.where(np.isnan(usual), largest, usual))
    return np.where((scale > 0) & np.isfinite(scale), scale, 1.0)
