"""Published allocation problems as cases: OR-Library multidimensional knapsack and the multiple-choice sets I01-I03."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd

from allocator import Case, Policy, allocate

DATA = Path(__file__).parents[1] / "tests" / "data"


def _case(name: str, values: np.ndarray, weights: np.ndarray, limits: np.ndarray) -> Case:
    resources = [f"r{j}" for j in range(len(limits))]
    projects = pd.DataFrame(weights.T, columns=resources).assign(
        id=[f"item{i:03d}" for i in range(len(values))], value=values
    )
    pools = pd.DataFrame({"pool": resources, "resource": resources, "amount": limits})
    return Case.from_tables(projects=projects, pools=pools, policy=Policy(value="value"), name=name)


def knapsacks(file: str) -> list[tuple[Case, float]]:
    """Cases of an OR-Library file with the value stated in it (an optimum in mknap1, best known in mknapcb1)."""
    numbers = iter(float(word) for word in (DATA / "orlib" / file).read_text().split())

    def take(count: float) -> np.ndarray:
        return np.array([next(numbers) for _ in range(int(count))])

    cases = []
    for index in range(int(next(numbers))):
        n, m, best = take(3)
        values, weights = take(n), take(n * m).reshape(int(m), int(n))
        cases.append((_case(f"{file}-{index}", values, weights, take(m)), float(best)))
    return cases


def multiple_choice(file: str) -> tuple[Case, float]:
    """A multiple-choice knapsack through `variants`: exactly one item per class."""
    lines = (DATA / "mmkp" / file).read_text().splitlines()
    rows = [[float(word) for word in line.split()] for line in lines if line.split() and not line.strip()[0].isalpha()]
    classes, items, m = (int(number) for number in rows[0])
    limits, body = rows[1], rows[2:]
    resources = [f"r{j}" for j in range(m)]
    found = []
    for c in range(classes):
        block = body[c * (items + 1) : (c + 1) * (items + 1)]
        found += [
            {
                "project": f"class{c:02d}",
                "variant": str(j),
                "value": value,
                **dict(zip(resources, weights, strict=True)),
            }
            for j, (value, *weights) in enumerate(block[1:])
        ]
    projects = pd.DataFrame({"id": [f"class{c:02d}" for c in range(classes)], "decision": "must"})
    pools = pd.DataFrame({"pool": resources, "resource": resources, "amount": limits})
    case = Case.from_tables(
        projects=projects, pools=pools, variants=pd.DataFrame(found), policy=Policy(value="value"), name=file
    )
    return case, {"I01": 173.0, "I02": 364.0, "I03": 1602.0}[file]


def published(quick: bool) -> pd.DataFrame:
    """Each set through the public `allocate`: seconds, and value over the published one."""
    reference = pd.read_csv(DATA / "orlib" / "orlib-reference.csv").query("file == 'mknapcb1'")["best_feasible_cb1997"]
    small = [(case, best, 0.0) for case, best in knapsacks("orlib-mknap1.txt")]
    known = zip(knapsacks("orlib-mknapcb1.txt"), reference, strict=True)
    large = [(case, float(best), 1e-3) for (case, _), best in known][: 3 if quick else None]
    choice = [(*multiple_choice(name), 0.0) for name in ("I01", "I02", "I03")]
    sets = {
        "OR-Library mknap1, optimum": small,
        "OR-Library mknapcb1, best known": large,
        "MMKP I01-I03, optimum": choice,
    }
    rows = []
    for name, cases in sets.items():
        ratios, seconds = [], []
        for case, best, gap in cases:
            begun = time.perf_counter()
            plan = allocate(case, gap=gap, time_limit=9.5)
            seconds.append(time.perf_counter() - begun)
            ratios.append((plan.objective or 0.0) / best)
        rows.append((name, len(cases), f"{min(ratios):.4f}", f"{np.mean(ratios):.4f}", f"{max(seconds):.1f}"))
    columns = ["set", "problems", "value / published, least", "mean", "seconds, longest (target 10)"]
    return pd.DataFrame(rows, columns=columns)
