"""A good plan to begin a large search from: the relaxation, a dive, and a search of what the two disagree on."""

from __future__ import annotations

import numpy as np

from allocator.program import Answer, Effort, Engine, Program, Watch, relative_gap

WHOLE = 1e-6
NODES = 200


def begin(engine: Engine, program: Program, gap: float, seconds: float, watch: Watch | None) -> Answer:
    """Search the columns on which the relaxation is not whole or differs from where a dive ends; all others stay.

    Parameters
    ----------
    engine : Engine
    program : Program
    gap : float
        A plan this near to the relaxation ends the search.
    seconds : float
    watch : callable, optional

    Returns
    -------
    Answer
        The plan found, with the bound of the relaxation; without a plan where the engine cannot dive or finds none.
    """
    relaxed, dived = engine.dive(program, seconds)
    if relaxed.x is None or relaxed.bound is None or dived is None:
        return Answer("unknown")
    agreed = program.integer & (np.abs(relaxed.x - dived) < WHOLE) & (np.abs(dived - np.round(dived)) < WHOLE)
    bound = relaxed.bound

    def tell(reached: float | None, _: float | None) -> None:
        if watch is not None:
            watch(reached, bound)

    effort = Effort(gap=gap / 2, seconds=seconds, nodes=NODES, enough=_enough(bound, gap), watch=tell)
    found = engine.run(program.fix(agreed, np.round(dived)), effort)
    if found.x is None:
        return Answer("unknown", interrupted=found.interrupted)
    return Answer("feasible", found.x, bound, None, found.interrupted)


def _enough(bound: float, gap: float) -> float:
    """The value from which on the gap to a bound is small enough."""
    return bound / (1 + gap) if bound > 0 else bound * (1 + gap)


def near(program: Program, answer: Answer, gap: float) -> bool:
    """Whether a plan is proven within the gap already."""
    if answer.x is None or answer.bound is None:
        return False
    return relative_gap(float(program.coef @ answer.x), answer.bound) <= gap

