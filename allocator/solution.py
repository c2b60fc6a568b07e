"""What a solve and a relaxation answer."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.program import Floats, Stage, Status


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solve found.

    Attributes
    ----------
    status : {"optimal", "feasible", "infeasible", "unbounded", "unknown", "error"}
        ``optimal``: proven within the gap asked for. ``feasible``: a limit or an interruption came first.
        ``unknown``: it came before any plan. ``error``: the solver failed, or its answer did not stand the re-check.
    x : array over columns or None
    objective : float or None
        ``model.value @ x``.
    bound : float or None
        No plan that keeps to the order of the objectives can be worth more.
    gap : float or None
        ``(bound - objective) / |objective|``.
    cost : float or None
        ``model.cost @ x``, million yuan.
    seconds : float
    solver, version : str
    violation : float
        Largest violation of a row, bound or whole number, relative to what is added up.
    stages : tuple of (name, objective, bound, gap)
    """

    status: Status
    x: Floats | None
    objective: float | None
    bound: float | None
    gap: float | None
    cost: float | None
    seconds: float
    solver: str
    version: str
    violation: float = 0.0
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The LP relaxation: values, and what one unit more of each right side would add to the objective.

    Attributes
    ----------
    status : str
    x : array over columns or None
    objective : float or None
    prices : array over rows
        ``d objective / d right side``: at least zero for a row "at most", at most zero for a row "at least".
    reduced : array over columns
        Reduced profit ``value - matrix.T @ prices``.
    seconds : float
    """

    status: Status
    x: Floats | None
    objective: float | None
    prices: Floats
    reduced: Floats
    seconds: float
