"""Random planning rounds with a short review process, small enough to be checked by other means."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from allocator.case import Case
from allocator.policy import Policy, Rule
from allocator.round import Round
from simulation.giving import Given
from simulation.loop import Loop, Regime, run
from simulation.process import Process, Stage
from simulation.records import Records
from simulation.run import Engine, prepare

CITIES = ("east", "west")
PERIODS = ("0", "60", "120")
"""Day numbers on which periods begin."""


def random_round(
    rng: np.random.Generator, *, periods: int | None = None, policy: Policy | None = None, divisible: bool = False
) -> Case:
    """A case with city and provincial pools of one or two resources, carry-over, advances and a quota bank.

    Projects enter on random days; some have variants, require or exclude another one, or must be done.
    """
    n, spans = int(rng.integers(4, 10)), PERIODS[: periods or int(rng.integers(1, 4))]
    resources = ("land", "energy")[: int(rng.integers(1, 3))]
    ids = [f"p{i:02d}" for i in range(n)]
    projects = pd.DataFrame({
        "id": ids, "region": rng.choice(CITIES, n), "value": np.round(rng.uniform(1, 20, n), 2),
        "score": np.round(rng.uniform(1, 20, n), 2), "ready": rng.integers(0, 100, n).astype(float),
        **{name: np.round(rng.uniform(0, 6, n) * (rng.random(n) < 0.8), 1) for name in resources},
    })  # fmt: skip
    if rng.random() < 0.4:
        projects["requires"] = [ids[int(rng.integers(i))] if i and rng.random() < 0.2 else None for i in range(n)]
    if rng.random() < 0.3:
        projects["decision"] = np.where(rng.random(n) < 0.1, "must", None)
    rows = []
    for resource in resources:
        for pool, region in (("province", None), *((city, city) for city in CITIES)):
            carry, advance = rng.choice([0.0, 0.5, 1.0]), rng.choice([0.0, 0.3])
            rows += [
                {"pool": f"{pool} {resource}", "resource": resource, "region": region, "period": period,
                 "amount": float(np.round(rng.uniform(0, 8), 1)), "carry": carry, "advance": advance}
                for period in spans
            ]  # fmt: skip
    pools = pd.DataFrame(rows)
    pools["level"] = np.where(pools["region"].isna(), "province", "city")
    if rng.random() < 0.3:
        bank = [{"pool": f"bank {period}", "resource": "land", "level": "bank", "amount": 3.0, "unit_cost": 1.0,
                 "period": period} for period in (None, spans[0])]  # fmt: skip
        pools = pd.concat([pools, pd.DataFrame(bank[: int(rng.integers(1, 3))])], ignore_index=True)
    match = {"land": 0.6} if rng.random() < 0.5 else {}
    rules = (Rule("count", 2, by="region", of=("east",)),) if rng.random() < 0.2 else ()
    stated = policy or Policy(value="value", match=match, floors=rules, return_days=40, divisible=divisible)
    return replace(_read(), projects=projects, pools=pools, policy=stated)


@cache
def _read() -> Case:
    """Any case that was read: to check each would take longer than all else."""
    return Case.from_tables(
        projects=pd.DataFrame({"id": ["a"], "land": [1.0], "value": [1.0]}),
        pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [1.0]}),
    )


def review(days: float = 20.0) -> Process:
    """A review and, after the grant, a mobilisation; both take so many days, exponentially distributed."""
    from simulation.distributions import exponential

    return Process([Stage("review", elapsed=exponential(days)),
                    Stage("mobilise", elapsed=exponential(days), after_grant=True)])  # fmt: skip


def at_once() -> Process:
    """Everybody is ready on entering, and starts with the grant."""
    return Process([Stage("review", elapsed=0.0)])


def given(
    case: Case | Round, process: Process, regime: str | Regime = "follow", *, seed: int = 0, engine: Engine = "fast",
    until: float | None = None, every: float | None = 30.0, first: float | None = None, gap: float = 1e-6,
) -> tuple[Records, Given, Round]:  # fmt: skip
    """One replication of a regime."""
    made = case if isinstance(case, Round) else Round.of(case)
    loop = Loop.of(made, regime, every=every, first=first, gap=gap)
    return *run(loop, prepare(made.case.projects, process), seed, 0, engine, until), made
