"""Seconds, memory and proven gap of a plan, beside the same model in plain PuLP and in scipy."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd

from allocator import allocate, load_sample
from allocator.model import build
from benchmarks import plain
from benchmarks.enlarge import enlarged
from benchmarks.measured import Measure, measured

SAMPLE = "shandong-2020"
GAP = 1e-3
LIMITS = {1: 30.0, 10: 60.0, 98: 200.0}
"""How many times the sample, and the seconds that each way may take."""
PATIENCE = 1.5
"""A way that takes so many times its limit is ended."""


def made(times: int, gap: float, seconds: float) -> dict[str, Any]:
    """A plan through the public `allocate`."""
    case = enlarged(load_sample(SAMPLE), times)
    begun = time.perf_counter()
    model = build(case)
    built = time.perf_counter() - begun
    begun = time.perf_counter()
    plan = allocate(case, gap=gap, time_limit=seconds)
    took = time.perf_counter() - begun
    return {"value": plan.objective, "bound": plan.bound, "built": built, "took": took, "status": plan.status,
            "engine": plan.engine, "projects": len(case.projects), "columns": len(model.columns)}  # fmt: skip


def plainly(way: str, times: int, gap: float, seconds: float) -> dict[str, Any]:
    """The same rows by another way, which starts from the model built."""
    model = build(enlarged(load_sample(SAMPLE), times))
    begun = time.perf_counter()
    told = (plain.by_pulp if way == "PuLP" else plain.by_scipy)(model, gap, seconds)
    return told | {"took": time.perf_counter() - begun}


def promised(quick: bool) -> pd.DataFrame:
    """`shandong-2020` with everything switched on: seconds and memory to a proven gap of 0.2 % and of 0.1 %."""
    rows = []
    for gap in (2e-3, 1e-3):
        found = measured("benchmarks.plans:made", 1, gap, 30.0)
        assert found is not None
        told = found.answer
        rows.append((f"{gap:.1%}", _gap(told), f"{told['took']:.1f}", f"{told['built']:.2f}",
                     f"{told['built'] / told['took']:.2f}", f"{found.megabytes:,.0f}"))  # fmt: skip
    columns = ["gap asked", "gap proven", "seconds", "building, seconds", "building / all", "memory, MB"]
    return pd.DataFrame(rows, columns=columns)


def scale(quick: bool) -> pd.DataFrame:
    """The sample 1, 10 and 98 times over, each way with the same limit of time and the same gap asked."""
    rows = []
    for times, seconds in list(LIMITS.items())[: 1 if quick else None]:
        own = measured("benchmarks.plans:made", times, GAP, seconds)
        assert own is not None
        rows.append(_row("yaosu", own, own, seconds))
        for way in ("PuLP", "scipy"):
            found = measured("benchmarks.plans:plainly", way, times, GAP, seconds, patience=PATIENCE * seconds)
            rows.append(_row(way, found, own, seconds))
    columns = [
        "projects",
        "way",
        "limit, seconds",
        "seconds",
        "building, seconds",
        "gap proven",
        "value / yaosu",
        "memory, MB",
    ]
    return pd.DataFrame(rows, columns=columns)


def _row(name: str, way: Measure | None, own: Measure, seconds: float) -> tuple[str, ...]:
    if way is None:
        ended = f"ended after {PATIENCE * seconds:.0f}"
        return (f"{own.answer['projects']:,}", name, f"{seconds:.0f}", ended, "–", "–", "no plan", "–")
    told, best = way.answer, own.answer["value"]
    ratio = "no plan" if told["value"] is None or not best else f"{told['value'] / best:.4f}"
    label = f"{name} ({told['engine']})" if "engine" in told else name
    return (f"{own.answer['projects']:,}", label, f"{seconds:.0f}", f"{told['took']:.1f}", f"{told['built']:.2f}",
            _gap(told), ratio, f"{way.megabytes:,.0f}")  # fmt: skip


def _gap(told: dict[str, Any]) -> str:
    if told["value"] is None or told["bound"] is None:
        return "–"
    return f"{max(told['bound'] - told['value'], 0.0) / abs(told['value']):.2%}"
