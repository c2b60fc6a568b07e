"""Independent replications of a process, what they measure after a warm-up, whether theory lies in their interval.

Seeds are fixed. One test in a hundred misses theory by chance: before a change of model or seed is blamed, see whether
many more replications miss it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from laws import assert_conserved
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from simulation import Process, Run, Scenario, simulate

Floats = NDArray[np.float64]
ENGINE = "fast"
"""Of the long runs; both engines give the same dates (test_fast.py)."""
CONFIDENCE = 0.99
"""That a test finds theory in all of its intervals, if the model is right."""


def poisson(rate: float, number: int, seed: int) -> pd.DataFrame:
    """Projects that enter at random, so many a day on average; another rate or number, other luck."""
    ready = np.random.default_rng([seed, number, round(1e6 * rate)]).exponential(1 / rate, number).cumsum()
    return pd.DataFrame({"id": [f"P{place:06d}" for place in range(number)], "ready": ready})


def two_classes(rate: float, share: float, number: int, seed: int) -> pd.DataFrame:
    """Projects that enter at random, a share of them of tier a, the others of tier b."""
    table = poisson(rate, number, seed)
    first = np.random.default_rng([seed, 1]).random(number) < share
    return table.assign(tier=np.where(first, "a", "b"))


@dataclass(frozen=True)
class Window:
    """What a run shows between two days: once it has warmed up, and while projects still enter."""

    run: Run
    begin: float
    end: float

    @staticmethod
    def of(run: Run, warm: float = 0.1, cool: float = 0.02) -> Window:
        """Without the first and the last projects."""
        begin, end = np.quantile(run.projects["ready"], [warm, 1 - cool])
        return Window(run, float(begin), float(end))

    def visits(self, **where: str) -> pd.DataFrame:
        """Visits that queued in the window; ``stage="review"``, ``tier="a"``."""
        table = self.run.visits
        table = table[table["queued"].between(self.begin, self.end)]
        if "tier" in where:
            tiers = self.run.network.projects.set_index("id")["tier"]
            table = table[tiers[table["project"]].to_numpy() == where.pop("tier")]
        for column, value in where.items():
            table = table[table[column] == value]
        return table

    def number(self, begin: pd.Series, end: pd.Series) -> float:
        """Average over time of the number of intervals that are on."""
        overlap = np.minimum(end, self.end) - np.maximum(begin, self.begin)
        return float(overlap.clip(lower=0).sum() / (self.end - self.begin))

    def shares(self, begin: pd.Series, end: pd.Series, most: int) -> Floats:
        """Share of time in which 0, 1 ... `most` intervals are on, more of them left out."""
        days = np.concatenate([begin, end])
        order = np.argsort(days, kind="stable")
        number = np.cumsum(np.repeat([1, -1], len(begin))[order])[:-1]
        length = np.diff(np.clip(days[order], self.begin, self.end))
        return np.bincount(number, length, most + 1)[: most + 1] / (self.end - self.begin)


def replicated(
    process: Process, table: Callable[[int], pd.DataFrame], measured: Callable[[Window], dict[str, float]],
    replications: int = 20, scenario: Scenario | None = None, seed: int = 1, **options: Any,
) -> pd.DataFrame:  # fmt: skip
    """What each replication measures; its projects are those of its number. Every run obeys the laws."""
    return pd.DataFrame(
        measured(Window.of(run)) for run in runs(process, table, replications, scenario, seed, **options)
    )


def runs(
    process: Process, table: Callable[[int], pd.DataFrame], replications: int, scenario: Scenario | None = None,
    seed: int = 1, **options: Any,
) -> Iterator[Run]:  # fmt: skip
    """The replications themselves."""
    for replication in range(replications):
        run = simulate(
            table(replication), process, scenario, seed=seed, replication=replication, engine=ENGINE, **options
        )
        assert_conserved(run)
        yield run


def half_width(values: ArrayLike, confidence: float = CONFIDENCE) -> float:
    """Half the interval of a mean by Student's t."""
    values = np.asarray(values, dtype=float)
    spread = values.std(ddof=1) / np.sqrt(len(values))
    return float(stats.t.ppf((1 + confidence) / 2, len(values) - 1) * spread)


def assert_theory(found: pd.DataFrame, share: float, **theory: float) -> None:
    """Theory lies in the interval of each measure, all of them together with the stated confidence (Bonferroni).

    The intervals are narrow enough to tell: half of each is at most a share of theory. ``pytest -s`` shows them all.
    """
    for name, value in theory.items():
        middle, half = float(found[name].mean()), half_width(found[name], 1 - (1 - CONFIDENCE) / len(theory))
        told = f"{name}: theory {value:.5g}, found {middle:.5g} ± {half:.2g}"
        print(told)
        assert half <= share * abs(value), f"{told}; too wide to tell"
        assert abs(middle - value) <= half, told
