"""Where projects wait: stages by the time in their queues, queues by week, what the measures solved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulation.intervals import mean_of
from simulation.outcome import Outcome

if TYPE_CHECKING:
    from simulation.runs import Runs

Floats = NDArray[np.float64]
SUMS = ("visits", "returned", "judged", "on_time", "waiting", "applicant", "worked")
COUNTS = ("received", "projects", "solved")


def table(runs: Runs, scenarios: Sequence[str], confidence: float) -> pd.DataFrame:
    """Stages ranked by waiting, see `simulation.runs.Runs.bottlenecks`."""
    parts = []
    for name in scenarios:
        outcomes = runs.outcomes_of(name)
        part = _ranked(outcomes, confidence)
        part.insert(0, "scenario", name)
        parts.append(part.assign(utilisation=part["office"].map(_utilisation(outcomes))))
    return pd.concat(parts, ignore_index=True)


def matrix(runs: Runs, scenario: str) -> pd.DataFrame:
    """Stage × week, see `simulation.runs.Runs.waiting`."""
    outcomes = runs.outcomes_of(scenario)
    stages = [stage.name for stage in runs.arms[scenario].moved.stages if stage.office]
    held = pd.concat([one.waiting for one in outcomes], ignore_index=True)
    weeks = range(int(held["week"].min()), int(held["week"].max()) + 1) if len(held) else range(0)
    sums = held.pivot_table(index="stage", columns="week", values="days", aggfunc="sum", fill_value=0.0)
    mean: pd.DataFrame = sums.reindex(index=stages, columns=list(weeks), fill_value=0.0) / len(outcomes)
    return mean.rename_axis(index="stage", columns="week")


def measures(runs: Runs, scenarios: Sequence[str], confidence: float) -> pd.DataFrame:
    """What the measures received and solved, see `simulation.runs.Runs.measures`."""
    rows = []
    for name in scenarios:
        outcomes = runs.outcomes_of(name)
        for measure in dict.fromkeys(kind for one in outcomes for kind in one.measures["measure"]):
            row: dict[str, object] = {"scenario": name, "measure": measure}
            for count in COUNTS:
                values = [one.measures.loc[one.measures["measure"] == measure, count].sum() for one in outcomes]
                mean, half = mean_of(np.array(values, dtype=np.float64), confidence)
                row |= {count: float(mean), f"{count}_low": float(mean - half), f"{count}_high": float(mean + half)}
            rows.append(row)
    spread = [f"{count}{end}" for count in COUNTS for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["scenario", "measure", *spread])


def _ranked(outcomes: Sequence[Outcome], confidence: float) -> pd.DataFrame:
    """Sums per replication, their means, and the ratios of the means."""
    stages = outcomes[0].stages
    each = np.stack([one.stages[list(SUMS)].to_numpy(dtype=np.float64) for one in outcomes])
    mean, half = mean_of(each, confidence)
    sums = {name: mean[:, number] for number, name in enumerate(SUMS)}
    spread = half[:, SUMS.index("waiting")]
    with np.errstate(invalid="ignore", divide="ignore"):
        made = pd.DataFrame({
            "stage": stages["stage"], "office": stages["office"], "visits": sums["visits"],
            "mean_wait": sums["waiting"] / sums["visits"], "days_waiting": sums["waiting"],
            "low": np.maximum(sums["waiting"] - spread, 0.0), "high": sums["waiting"] + spread,
            "share": sums["waiting"] / sums["waiting"].sum(), "returned": sums["returned"] / sums["visits"],
            "on_time": sums["on_time"] / sums["judged"], "mean_applicant": sums["applicant"] / sums["visits"],
            "working_days": sums["worked"],
        })  # fmt: skip
    made = made[made["office"] != ""]
    return made.sort_values(["days_waiting", "stage"], ascending=[False, True], ignore_index=True)


def _utilisation(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Of each office, over its desks by their reviewers and over replications."""
    desks = pd.concat([one.offices for one in outcomes], ignore_index=True)
    desks = desks[desks["utilisation"].notna() & (desks["reviewers"] > 0)]
    busy = (desks["utilisation"] * desks["reviewers"]).groupby(desks["office"]).sum()
    return dict(busy / desks["reviewers"].groupby(desks["office"]).sum())
