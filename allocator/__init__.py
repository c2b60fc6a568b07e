"""Decide who gets land, energy and money: cases, scores, the linear programme and its reasons."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allocator.case import Case as Case
    from allocator.cases import load_sample as load_sample
    from allocator.cases import samples as samples
    from allocator.errors import Fault as Fault
    from allocator.errors import InputError as InputError
    from allocator.errors import YaosuError as YaosuError
    from allocator.plan import Plan as Plan
    from allocator.plan import allocate as allocate
    from allocator.policy import Policy as Policy
    from allocator.policy import Priorities as Priorities
    from allocator.policy import Ratios as Ratios
    from allocator.policy import Rule as Rule
    from allocator.policy import ScoreRule as ScoreRule
    from allocator.rankings import firmness as firmness
    from allocator.robust import robustness as robustness
    from allocator.scenario import Scenario as Scenario
    from allocator.scenario import find_scenario as find_scenario
    from allocator.scoring import score as score
    from allocator.scoring import why as why
    from allocator.sidebyside import compare_scenarios as compare_scenarios

_HOME = {
    "Case": "case",
    "Fault": "errors",
    "InputError": "errors",
    "Plan": "plan",
    "Policy": "policy",
    "Priorities": "policy",
    "Ratios": "policy",
    "Rule": "policy",
    "Scenario": "scenario",
    "ScoreRule": "policy",
    "YaosuError": "errors",
    "allocate": "plan",
    "compare_scenarios": "sidebyside",
    "find_scenario": "scenario",
    "firmness": "rankings",
    "load_sample": "cases",
    "robustness": "robust",
    "samples": "cases",
    "score": "scoring",
    "why": "scoring",
}
"""Where each public name lives; it is imported when first used, so that ``yaosu --help`` answers at once."""

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'allocator' has no attribute {name!r}")
    return getattr(import_module(f"allocator.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
