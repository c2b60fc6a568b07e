"""Large programmes by prices: multipliers on the rows between projects, each project's best response (MODEL 3)."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from allocator.bounds import ceilings, dual_bound
from allocator.program import Answer, Bools, Effort, Engine, Floats, Program, relative_gap, same
from allocator.responses import Indices, Layout, Master, Responses, part

if TYPE_CHECKING:
    from allocator.model import Model

FEW_PROJECTS = 1_500
SAMPLED = 8
MANY_PROJECTS = 25_000
FEASIBLE = 1e-7
FINEST = 1e-6
ROUGH = 1e-2
KIND = ("block", "resource", "fund", "rule")


class PricesEngine:
    """An engine that finds the relaxation of many projects by prices and leaves all else to another.

    Parameters
    ----------
    model : Model
        Programmes have its columns, and its rows before any others.
    inner : Engine
    few : int
        So many projects are relaxed at once, by the other engine.
    """

    by_prices = True

    def __init__(self, model: Model, inner: Engine, few: int = FEW_PROJECTS) -> None:
        self._inner, self._few = inner, few
        self.name, self.version = inner.name, inner.version
        self._owner = model.columns["project"].factorize()[0].astype(np.int64)
        labels = [model.rows[name].astype(object).fillna("") for name in KIND if name in model.rows]
        self._kinds = model.rows.groupby(labels, sort=False).ngroup().to_numpy()
        self._known: tuple[Program, Answer] | None = None

    def run(self, program: Program, effort: Effort) -> Answer:
        """Solve a programme; where it is relaxed and options are open, by prices."""
        open_ = bool((program.integer & (program.lower < program.upper)).any())
        return self._relaxed(program, effort) if effort.relaxed and open_ else self._inner.run(program, effort)

    def dive(self, program: Program, effort: Effort) -> tuple[Answer, Floats | None]:
        """The relaxation and its point: little of a mixture of whole responses is left to round."""
        answer = self._relaxed(program, effort)
        return answer, answer.x

    def _relaxed(self, program: Program, effort: Effort) -> Answer:
        if self._known is None or not same(self._known[0], program):
            added = np.arange(len(program.row_lower) - len(self._kinds)) + self._kinds.max(initial=-1) + 1
            answer = relax(program, self._owner, np.append(self._kinds, added), self._inner, self._few, effort)
            self._known = program, answer
        return self._known[1]


def relax(
    program: Program, owner: Indices, kinds: Indices, inner: Engine, few: int, effort: Effort, many: int = MANY_PROJECTS
) -> Answer:
    """The relaxation by column generation: prices, responses, the best mixture of them, its prices, and so on.

    The first prices are those of every eighth project with an eighth of what is shared. Where there are very many
    projects they are relaxed slice by slice, each with its part of what is left of what all share.

    Parameters
    ----------
    program : Program
    owner : array over columns
        Number of the project of each column, -1 where it has none.
    kinds : array over rows
        Rows of one kind have prices of one size.
    inner : Engine
        Relaxes `few` projects at once.
    few : int
    effort : Effort
        Mixture and bound are brought within a tenth of ``gap``, unless ``seconds`` pass first.
    many : int
        More projects than this are relaxed in slices of half as many.

    Returns
    -------
    Answer
        ``optimal`` with point, bound and prices; ``feasible`` with a point that keeps all rows but is further from the
        bound; ``unknown`` with the best bound and its prices; ``infeasible`` where the bound says so.
    """
    end, bounded = time.monotonic() + effort.seconds, replace(program, upper=ceilings(program))
    layout = Layout(bounded, owner)
    if layout.projects <= few or not np.isfinite(bounded.upper).all():
        return inner.run(program, replace(effort, relaxed=True))
    if layout.projects > many:
        sliced = _in_slices(bounded, layout, kinds, inner, few, effort, many // 2)
        if sliced is not None:
            return sliced
    responses, master = Responses(bounded, layout), Master(bounded, layout, kinds)
    floor = float(np.minimum(bounded.coef * bounded.lower, bounded.coef * bounded.upper).sum())
    prices = _first_prices(bounded, layout, kinds, inner, few, effort)
    best, centre, x = np.inf, prices, None
    try:
        while time.monotonic() < end:
            found = responses.at(prices)
            if found is None:
                return Answer("infeasible" if responses.infeasible else "unknown", None, _known(best), centre)
            bound = dual_bound(bounded, found[1])
            better = bound < best
            if better:
                best, centre = bound, found[1]
            if best < floor - FEASIBLE * abs(floor):
                return Answer("infeasible")
            if effort.watch is not None:
                effort.watch(None, best)
            master.add(found[0])
            mixed = master.solve(centre, better, end - time.monotonic())
            if mixed is None:
                break
            x, prices = mixed
            reached = float(bounded.coef @ x)
            if relative_gap(reached, best) <= max(effort.gap / 10, FINEST):
                if bounded.violation(x).max(initial=0.0) <= FEASIBLE:
                    return Answer("optimal", x, best, centre)
                master.loosen()
    except KeyboardInterrupt:
        return Answer("unknown", x, _known(best), centre, interrupted=True)
    return Answer("unknown", x, _known(best), centre)


def _in_slices(
    program: Program, layout: Layout, kinds: Indices, inner: Engine, few: int, effort: Effort, size: int
) -> Answer | None:
    """The relaxations of slices side by side, bounded at the mean of their prices; None where one has no point."""
    end, slice_of = time.monotonic() + effort.seconds, _slices(program, layout, size)
    slices = int(slice_of.max()) + 1
    of_column = np.where(layout.owner < 0, -1, slice_of[layout.owner])
    some_column = np.zeros(len(program.row_lower), dtype=np.int64)
    some_column[np.repeat(np.arange(len(some_column)), np.diff(program.matrix.indptr))] = program.matrix.indices
    of_row = np.where(layout.pair | (layout.row_owner >= 0), of_column[some_column], -1)
    x, prices = np.zeros(len(program.coef)), np.zeros((slices, len(program.row_lower)))
    for place in range(slices):
        columns, rows = (np.flatnonzero((of < 0) | (of == place)) for of in (of_column, of_row))
        left = _left(program, x, columns, rows)
        one = _portion(left, of_column[columns] < 0, of_row[rows] < 0, 1 / (slices - place))
        owner = np.unique(np.append(-1, layout.owner[columns]), return_inverse=True)[1][1:] - 1
        seconds = (end - time.monotonic()) / (slices - place)
        answer = relax(one, owner, kinds[rows], inner, few, replace(effort, seconds=seconds, watch=None))
        if answer.interrupted:
            return Answer("unknown", interrupted=True)
        if answer.status not in ("optimal", "feasible") or answer.x is None or answer.prices is None:
            return None
        x[columns] += answer.x
        prices[place, rows] = answer.prices
    found = Responses(program, layout).at(np.where(of_row < 0, prices.mean(axis=0), prices.sum(axis=0)))
    if found is None:
        return None
    bound = dual_bound(program, found[1])
    settled = relative_gap(float(program.coef @ x), bound) <= max(effort.gap / 10, FINEST)
    return Answer("optimal" if settled else "feasible", x, bound, found[1])


def _slices(program: Program, layout: Layout, size: int) -> Indices:
    """The slice of each project; projects that a row ties to one another stay together."""
    row, column = program.matrix[np.flatnonzero(layout.pair)].nonzero()
    ties = sparse.csr_array((np.ones(len(row)), (row, layout.owner[column])), shape=(len(layout.pair), layout.projects))
    together: Indices = connected_components(ties.T @ ties, directed=False)[1].astype(np.int64)
    return together % -(-layout.projects // size)


def _left(program: Program, x: Floats, columns: Indices, rows: Indices) -> Program:
    """Some columns and rows with what `x` leaves of their sides and bounds."""
    some, used, at = part(program, columns, rows), program.matrix[rows] @ x, x[columns]
    return replace(
        some, row_lower=some.row_lower - used, row_upper=some.row_upper - used,
        lower=some.lower - at, upper=some.upper - at,
    )  # fmt: skip


def _portion(program: Program, columns: Bools, rows: Bools, share: float) -> Program:
    """With a share of the bounds of some columns and of the sides of some rows."""
    of_columns, of_rows = np.where(columns, share, 1.0), np.where(rows, share, 1.0)
    return replace(
        program, row_lower=program.row_lower * of_rows, row_upper=program.row_upper * of_rows,
        lower=program.lower * of_columns, upper=program.upper * of_columns,
    )  # fmt: skip


def _known(bound: float) -> float | None:
    return bound if np.isfinite(bound) else None


def _first_prices(program: Program, layout: Layout, kinds: Indices, inner: Engine, few: int, effort: Effort) -> Floats:
    """Prices of a sample of the projects, with their share of what the rows between projects hold."""
    of_column, of_row = layout.owner, layout.row_owner
    columns = np.flatnonzero((of_column < 0) | (of_column % SAMPLED == 0))
    rows = np.flatnonzero(np.where(of_row < 0, ~layout.pair, of_row % SAMPLED == 0))
    sample = _portion(part(program, columns, rows), of_column[columns] < 0, of_row[rows] < 0, 1 / SAMPLED)
    owner = np.where(of_column[columns] < 0, -1, of_column[columns] // SAMPLED)
    rough = replace(effort, gap=max(effort.gap, ROUGH), watch=None)
    answer = relax(sample, owner, kinds[rows], inner, few, rough)
    prices = np.zeros(len(program.row_lower))
    if answer.prices is not None:
        prices[rows] = answer.prices
    return prices
