"""What each project would choose at given prices, and the best mixture of what all have chosen so far.

Rows between projects (pools, products, rules, `requires`) carry prices; with these given every project is a small
programme of its own, so one evaluation is one pass over the data. Mixing the answers of many passes so that the rows
between projects hold is the Dantzig-Wolfe master programme, and its prices are those of the next pass.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from allocator.lp import KeptLp
from allocator.program import Floats, Program

Indices = NDArray[np.int64]
CHUNK = 1_000
SAME = 1e-6
USUAL, DEAR = 0.1, 1e-3
FIRST_WIDTH, NARROWEST, WIDEST = 0.05, 0.01, 4.0


class Layout:
    """Which project each column and row of a programme belongs to; -1 where it is between projects.

    Attributes
    ----------
    owner : array over columns
    row_owner : array over rows
    projects : int
    pair : array over rows
        Rows between exactly two projects and nothing else (`requires`, `excludes`).
    """

    def __init__(self, program: Program, owner: Indices) -> None:
        matrix = program.matrix
        row, of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), owner[matrix.indices]
        least, most = np.full(matrix.shape[0], len(owner)), np.full(matrix.shape[0], -1)
        np.minimum.at(least, row, of)
        np.maximum.at(most, row, of)
        self.owner, self.projects = owner, int(owner.max(initial=-1)) + 1
        self.row_owner = np.where(least == most, most, -1)
        between = (of == least[row]) | (of == most[row])
        two = np.bincount(row, ~between, minlength=len(least)) == 0
        self.pair = (self.row_owner < 0) & (least >= 0) & two & (np.diff(matrix.indptr) > 0)
        self.shared = np.flatnonzero(self.row_owner < 0)


class Responses:
    """Every project's best response to prices: a relaxation without the rows between projects, in chunks."""

    def __init__(self, program: Program, layout: Layout) -> None:
        self._program, self._layout = program, layout
        self._chunks: list[tuple[Indices, Indices, KeptLp]] = []
        self.infeasible = False
        columns, rows = (np.argsort(of, kind="stable") for of in (layout.owner, layout.row_owner))
        starts = np.arange(0, layout.projects + CHUNK, CHUNK)
        ends = [np.searchsorted(of[order], starts) for of, order in ((layout.owner, columns), (layout.row_owner, rows))]
        for place in range(len(starts) - 1):
            mine, own = (
                np.sort(order[end[place] : end[place + 1]]) for order, end in zip((columns, rows), ends, strict=True)
            )
            if len(mine):
                self._chunks.append((mine, own, KeptLp(part(program, mine, own))))

    def at(self, prices: Floats) -> tuple[Floats, Floats] | None:
        """Responses and the prices of all rows; None where they cannot be had: see `infeasible`.

        Parameters
        ----------
        prices : array over rows
            Those of rows within a project are not read.
        """
        prices = np.where(self._layout.row_owner < 0, prices, 0.0)
        profit = self._program.coef - self._program.matrix.T @ prices
        x = np.zeros(len(profit))
        for columns, rows, lp in self._chunks:
            lp.aim(profit[columns])
            found = lp.solve()
            if found is None:
                self.infeasible = lp.infeasible
                return None
            x[columns], prices[rows] = found
        return x, prices


def part(program: Program, columns: Indices, rows: Indices) -> Program:
    """Some columns and rows of a programme."""
    return Program(
        program.coef[columns], sparse.csr_array(program.matrix[rows][:, columns]), program.row_lower[rows],
        program.row_upper[rows], program.lower[columns], program.upper[columns], program.integer[columns],
    )  # fmt: skip


class Master:
    """The best mixture of the responses so far within the rows between projects.

    Prices stay in a box round those of the best bound so far: a row may be overdrawn at the upper end of its box and
    what it has left over is sold at the lower end.
    """

    def __init__(self, program: Program, layout: Layout, kinds: Indices) -> None:
        self._program, self._layout, self._kinds = program, layout, kinds
        rows, free = layout.shared, np.flatnonzero(layout.owner < 0)
        self._own, self._free = np.flatnonzero(layout.owner >= 0), free
        self._rows = sparse.csr_array(program.matrix[rows])
        n, projects = len(rows), layout.projects
        self._sides = np.isfinite(program.row_lower[rows]), np.isfinite(program.row_upper[rows])
        largest = np.abs(self._rows).max(axis=1).toarray().ravel()
        self._dearest = np.abs(program.coef).max(initial=0.0) / np.where(largest > 0, largest, 1.0)
        unit = sparse.eye_array(n)
        top = sparse.hstack([self._rows[:, free], -unit, unit])
        matrix = sparse.vstack([top, sparse.csr_array((projects, len(free) + 2 * n))], format="csr")
        one = np.ones(projects)
        self._lp = KeptLp(Program(
            np.concatenate([program.coef[free], np.zeros(2 * n)]), sparse.csr_array(matrix),
            np.concatenate([program.row_lower[rows], one]), np.concatenate([program.row_upper[rows], one]),
            np.concatenate([program.lower[free], np.zeros(2 * n)]),
            np.concatenate([program.upper[free], np.full(2 * n, np.inf)]), np.zeros(len(free) + 2 * n, dtype=bool),
        ))  # fmt: skip
        self._width, self._more, self._broken = FIRST_WIDTH, np.zeros(n), np.zeros(n, dtype=bool)
        self._passes: list[tuple[Floats, Indices]] = []
        self._marks = np.random.default_rng(0).random(len(program.coef))
        self._seen = np.empty((projects, 0))

    def add(self, x: Floats) -> int:
        """Take the responses that differ from all before; how many there were."""
        own, owner = self._own, self._layout.owner[self._own]
        projects, coef = self._layout.projects, self._program.coef
        mark = np.bincount(owner, x[own] * self._marks[own], minlength=projects)
        new = np.flatnonzero(~(np.abs(self._seen - mark[:, None]) <= SAME * np.maximum(1.0, mark[:, None])).any(axis=1))
        self._seen = np.column_stack([self._seen, mark])
        chosen = sparse.csr_array((x[own], (own, owner)), shape=(len(x), projects))
        use = sparse.csc_array(self._rows @ chosen)[:, new]
        mixed = sparse.csr_array((np.ones(len(new)), (new, np.arange(len(new)))), shape=(projects, len(new)))
        worth = np.bincount(owner, coef[own] * x[own], minlength=projects)[new].astype(float)
        self._lp.add(worth, sparse.csc_array(sparse.vstack([use, mixed], format="csc")), np.full(len(new), np.inf))
        self._passes.append((x, new))
        return len(new)

    def solve(self, centre: Floats, better: bool, seconds: float) -> tuple[Floats, Floats] | None:
        """The mixture as a point of the programme, and the prices of the rows between projects.

        Parameters
        ----------
        centre : array over rows
            Middle of the box of prices.
        better : bool
            Whether the last prices gave a better bound: the box then widens, else it shrinks.
        seconds : float
        """
        self._width = min(2 * self._width, WIDEST) if better else max(self._width / 2, NARROWEST)
        shared, n, first = self._layout.shared, len(self._layout.shared), len(self._free)
        lower, upper = self._box(centre)
        self._lp.aim(np.concatenate([-upper, lower]), np.arange(first, first + 2 * n))
        found = self._lp.solve(seconds)
        if found is None:
            return None
        x, prices = np.zeros(len(self._program.coef)), np.zeros(len(self._program.row_lower))
        x[self._free], prices[shared] = found[0][:first], found[1][:n]
        over, under = found[0][first : first + n], found[0][first + n : first + 2 * n]
        self._broken = (over > SAME) & self._sides[1] | (under > SAME) & self._sides[0]
        place = first + 2 * n
        for response, new in self._passes:
            share = np.zeros(self._layout.projects)
            share[new] = found[0][place : place + len(new)]
            x[self._own] += response[self._own] * share[self._layout.owner[self._own]]
            place += len(new)
        return x, prices

    def loosen(self) -> None:
        """Let the prices of the rows that the last mixture breaks move further."""
        self._more[self._broken] = np.maximum(4 * self._more, DEAR * self._dearest)[self._broken]

    def _box(self, centre: Floats) -> tuple[Floats, Floats]:
        """Ends of the box: by the price itself, a tenth of the largest of its kind."""
        shared, (least, most) = self._layout.shared, self._sides
        price, kinds = centre[shared], self._kinds[shared]
        usual = np.zeros(int(self._kinds.max(initial=-1)) + 1)
        np.maximum.at(usual, kinds, np.abs(price))
        wide = self._width * (
            np.abs(price) + np.where(usual[kinds] > 0, USUAL * usual[kinds], self._dearest) + self._more
        )
        lower, upper = price - wide, price + wide
        return np.where(least, lower, np.maximum(lower, 0.0)), np.where(most, upper, np.minimum(upper, 0.0))
