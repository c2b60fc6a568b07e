"""A model solved and relaxed by an engine, with a status of our own and the plan re-checked."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from allocator import stages
from allocator.exact import PulpEngine
from allocator.model import Model
from allocator.prices import PricesEngine
from allocator.program import Effort, Engine, Floats, Program, Progress, relative_gap
from allocator.recheck import TOLERANCE, worst
from allocator.solution import Relaxation, Solution

RELAX_SHARE = 0.6


def solve(
    model: Model, *, solver: str = "highs", gap: float = 1e-3, time_limit: float = 60.0, start: Floats | None = None,
    progress: Callable[[Progress], None] | None = None, threads: int | None = None,
) -> Solution:  # fmt: skip
    """Solve a model exactly: (3.1), its objectives in lexicographic order, ties settled, the plan re-checked.

    Parameters
    ----------
    model : Model
    solver : str
        ``"highs"``, ``"cbc"`` or another solver by its PuLP name.
    gap : float
        Relative gap at which to stop. A model of at most 150 whole columns is solved to the end unless that is hard.
    time_limit : float
        Seconds.
    start : array over columns, optional
        A plan to begin from (HiGHS and CBC).
    progress : callable, optional
        Called now and then with a `Progress`.
    threads : int, optional
        One by default, which keeps the answer the same from run to run.

    Returns
    -------
    Solution
        Ctrl-C ends the search and returns the best plan so far as ``feasible``.

    Raises
    ------
    YaosuError
        The solver is unknown or not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> from allocator import Case
    >>> from allocator.model import build
    >>> model = build(Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]})))
    >>> found = solve(model)
    >>> found.status, found.objective, found.x[:2].tolist()
    ('optimal', 5.0, [1.0, 0.0])
    """
    return _solved(model, stages.Search(model, PulpEngine(solver, threads or 1), gap, time_limit, progress), start)


def relax_and_solve(
    model: Model, *, by_prices: bool = False, solver: str = "highs", gap: float = 1e-3, time_limit: float = 60.0,
    progress: Callable[[Progress], None] | None = None, fallback: Callable[[Floats], Floats] | None = None,
) -> tuple[Relaxation, Solution]:  # fmt: skip
    """The relaxation and, begun from it, the solution; see `relax` and `solve`.

    Parameters
    ----------
    model : Model
    by_prices : bool
        Find the relaxation of many projects by column generation and search round it only: see `prices.PricesEngine`.
        Up to six tenths of `time_limit` then go to the relaxation, which otherwise comes before it.
    solver, gap, time_limit, progress
        As in `solve`.
    fallback : callable, optional
        From prices of the rows to a plan, which is asked for where a first search finds none.

    Returns
    -------
    tuple of Relaxation and Solution

    Raises
    ------
    YaosuError
        The solver is unknown or not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> from allocator import Case
    >>> from allocator.model import build
    >>> model = build(Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]})))
    >>> relaxation, found = relax_and_solve(model)
    >>> round(relaxation.objective, 6), found.objective
    (6.5, 5.0)
    """
    inner, watch = PulpEngine(solver, 1), None
    engine: Engine = PricesEngine(model, inner) if by_prices else inner
    if progress is not None:
        watch = stages.telling(progress, "relaxation", time.monotonic())
    seconds = RELAX_SHARE * time_limit if by_prices else math.inf
    relaxation, interrupted = _relaxed(model, engine, Effort(gap=gap, seconds=seconds, relaxed=True, watch=watch))
    left = 0.0 if interrupted else time_limit - relaxation.seconds if by_prices else time_limit
    stand_in = None if fallback is None or interrupted else partial(fallback, relaxation.prices)
    return relaxation, _solved(model, stages.Search(model, engine, gap, left, progress, fallback=stand_in))


def _solved(model: Model, search: stages.Search, start: Floats | None = None) -> Solution:
    begun = time.monotonic()
    found = search.run(start)
    blank = partial(Solution, solver=search.engine.name, version=search.engine.version, stages=found.stages)
    if found.x is None:
        return blank(found.status, None, None, None, None, None, time.monotonic() - begun)
    violation = worst(model, found.x)
    if violation > TOLERANCE:
        return blank("error", None, None, None, None, None, time.monotonic() - begun, violation=violation)
    value = float(model.value @ found.x)
    bound = _bound(model, found, value)
    achieved = None if bound is None else relative_gap(value, bound)
    cost = float(model.cost @ found.x)
    return blank(found.status, found.x, value, bound, achieved, cost, time.monotonic() - begun, violation=violation)


def _bound(model: Model, found: stages.Found, value: float) -> float | None:
    """The bounds of the value stages together, as a bound on the value reported.

    Each stage bounds its objective over all plans that keep the stages before it, so their sum bounds every plan that
    is first in the order. Where the stages also weigh the cost, the bound holds for plans of this plan's cost.
    """
    names = stages.value_names(model)
    known = [(reached, bound) for name, reached, bound, _ in found.stages if name in names and bound is not None]
    if len(known) < len(names):
        return None
    return max(value + sum(bound - reached for reached, bound in known), value)


def relax(model: Model, *, solver: str = "highs") -> Relaxation:
    """Solve the LP relaxation for prices: all value objectives together, whole numbers dropped.

    Parameters
    ----------
    model : Model
    solver : str
        One that tells no duals leaves it to HiGHS.

    Returns
    -------
    Relaxation

    Raises
    ------
    YaosuError
        The solver is unknown or not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> from allocator import Case
    >>> from allocator.model import build
    >>> model = build(Case.from_tables(
    ...     projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...     pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]})))
    >>> found = relax(model)
    >>> round(found.objective, 6), model.rows["block"].iloc[-1], round(float(found.prices[-1]), 6)
    (6.5, 'pool', 1.25)
    """
    return _relaxed(model, PulpEngine(solver, 1), Effort(seconds=math.inf, relaxed=True))[0]


def _relaxed(model: Model, engine: Engine, effort: Effort) -> tuple[Relaxation, bool]:
    """The relaxation and whether it was interrupted."""
    begun = time.monotonic()
    names = stages.value_names(model)
    aims = [objective.coef for objective in model.objectives if objective.name in names]
    program = Program.of(model).aim(np.sum(aims, axis=0))
    answer = engine.run(program, effort)
    if answer.status == "optimal" and answer.prices is None:
        return relax(model), False
    prices = np.zeros(len(model.row_lower)) if answer.prices is None else answer.prices
    reduced = program.coef - program.matrix.T @ prices + 0.0
    x = answer.x if answer.status in ("optimal", "feasible") or not engine.by_prices else None
    objective = answer.bound if engine.by_prices else None if x is None else float(program.coef @ x)
    found = Relaxation(answer.status, x, objective, prices, reduced, time.monotonic() - begun)
    return found, answer.interrupted
