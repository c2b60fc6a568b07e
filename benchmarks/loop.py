"""A year of monthly dispatches of the sample beside one plan of it."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd

from allocator import allocate, load_sample
from allocator.round import Round
from benchmarks.measured import measured
from simulation.loop import Loop, run
from simulation.process import Process
from simulation.run import prepare

SAMPLE, UNTIL = "shandong-2020", "2020-12-31"


def plan_and_year(gap: float) -> dict[str, Any]:
    """Seconds of one plan and of one year under `follow`, both with the same gap asked, one after the other."""
    case = load_sample(SAMPLE)
    made, whole = prepare(case.projects, Process.of(case)), Round.of(case)
    run(Loop.of(whole, "regional"), made, until=UNTIL)  # compiles, and makes what all years share
    begun = time.perf_counter()
    plan = allocate(case, gap=gap)
    planned = time.perf_counter()
    _, given = run(Loop.of(whole, "follow", gap=gap), made, until=UNTIL)
    ended = time.perf_counter()
    return {"plan": planned - begun, "year": ended - planned, "plan_gap": plan.gap,
            "sittings": int((given.sittings["waiting"] + given.sittings["given"] > 0).sum()),
            "worst": float(given.sittings["gap"].max()), "mean": float(given.sittings["gap"].mean())}  # fmt: skip


def loop(quick: bool) -> pd.DataFrame:
    """One plan of `shandong-2020`, and a year of it with a dispatch in each month under the regime `follow`.

    Both with the same gap asked, one after the other in a process of its own. A sitting begins from the one before.
    """
    rows = []
    for gap in (2e-2,) if quick else (2e-2, 1e-2, 5e-3):
        found = measured("benchmarks.loop:plan_and_year", gap)
        assert found is not None
        one = found.answer
        rows.append((f"{gap:.1%}", f"{one['plan']:.1f}", f"{one['plan_gap']:.2%}", str(one["sittings"]),
                     f"{one['year']:.1f}", f"{one['mean']:.2%}", f"{one['worst']:.2%}",
                     f"{one['year'] / one['plan']:.1f}"))  # fmt: skip
    return pd.DataFrame(rows, columns=[
        "gap asked", "plan, seconds", "gap proven", "days of giving", "year, seconds", "mean gap of a sitting",
        "worst", "year / plan",
    ])  # fmt: skip
