"""Foresee how review speed moves the start-rate curve: processes, levers, runs, experiments."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.calendar import Calendar as Calendar
    from simulation.crossing import Crossing as Crossing
    from simulation.crossing import cross as cross
    from simulation.distributions import Distribution as Distribution
    from simulation.distributions import empirical as empirical
    from simulation.distributions import exponential as exponential
    from simulation.distributions import fixed as fixed
    from simulation.distributions import gamma as gamma
    from simulation.distributions import lognormal as lognormal
    from simulation.distributions import triangular as triangular
    from simulation.experiment import experiment as experiment
    from simulation.levers import Scenario as Scenario
    from simulation.loop import Loop as Loop
    from simulation.loop import Regime as Regime
    from simulation.marginal import marginal as marginal
    from simulation.measures import Deferral as Deferral
    from simulation.measures import Dispatch as Dispatch
    from simulation.measures import Hotline as Hotline
    from simulation.measures import Teams as Teams
    from simulation.precision import Precision as Precision
    from simulation.process import Office as Office
    from simulation.process import Problem as Problem
    from simulation.process import Process as Process
    from simulation.process import Stage as Stage
    from simulation.recording import record_plan as record_plan
    from simulation.recording import record_runs as record_runs
    from simulation.run import Run as Run
    from simulation.run import simulate as simulate
    from simulation.runs import Arm as Arm
    from simulation.runs import Runs as Runs
    from simulation.seek import seek as seek
    from simulation.sought import Sought as Sought
    from simulation.store import Store as Store

_HOME = {
    "Arm": "runs",
    "Calendar": "calendar",
    "Crossing": "crossing",
    "Deferral": "measures",
    "Dispatch": "measures",
    "Distribution": "distributions",
    "Hotline": "measures",
    "Loop": "loop",
    "Office": "process",
    "Precision": "precision",
    "Problem": "process",
    "Process": "process",
    "Regime": "loop",
    "Run": "run",
    "Runs": "runs",
    "Scenario": "levers",
    "Sought": "sought",
    "Stage": "process",
    "Store": "store",
    "Teams": "measures",
    "cross": "crossing",
    "empirical": "distributions",
    "experiment": "experiment",
    "exponential": "distributions",
    "fixed": "distributions",
    "gamma": "distributions",
    "lognormal": "distributions",
    "marginal": "marginal",
    "record_plan": "recording",
    "record_runs": "recording",
    "seek": "seek",
    "simulate": "run",
    "triangular": "distributions",
}
"""Where each public name lives; it is imported when first used."""

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'simulation' has no attribute {name!r}")
    return getattr(import_module(f"simulation.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """A function stays what its name means when the file of the same name is imported (`experiment`)."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, ModuleType) and _HOME.get(name) == name):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
