"""Published allocation problems as cases: OR-Library multidimensional knapsack and the multiple-choice sets I01-I03."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from allocator import Case, Policy

DATA = Path(__file__).parents[1] / "data"


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
