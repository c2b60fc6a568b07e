"""Small cases as files, and the command run within this process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from click.testing import CliRunner, Result

from allocator import Case
from allocator.labels import Lang
from workbench.cli import yaosu

LANGS: tuple[Lang, ...] = ("en", "zh")
PROJECTS = pd.DataFrame({
    "id": ["001", "002", "003", "004"], "name": ["=cmd|' /C calc'!A0", "港口", "水库", "学校"],
    "region": ["烟台", "烟台", "济南", "济南"], "field": ["产业", "设施", "设施", "民生"],
    "land": [40.0, 30.0, 20.0, 10.0], "value": [5.0, 4.0, 3.0, 1.0],
})  # fmt: skip
POOLS = pd.DataFrame({"pool": ["省级"], "resource": ["land"], "amount": [50.0]})


def run(*args: str | Path) -> Result:
    """The command with these arguments."""
    return CliRunner().invoke(yaosu, [str(arg) for arg in args])


def small(folder: Path) -> Path:
    """A case that has a plan, in a folder of a Chinese name with a space."""
    return Case.from_tables(projects=PROJECTS, pools=POOLS).write(folder / "重点 项目")


def impossible(folder: Path) -> Path:
    """A case in which two projects that must be done need more than there is."""
    projects = PROJECTS.assign(decision=["must", "must", "", ""])
    return Case.from_tables(projects=projects, pools=POOLS).write(folder / "冲突")


def hard(folder: Path) -> Path:
    """A case whose best plan no solver proves within minutes."""
    random = np.random.default_rng(7)
    names = [f"r{k}" for k in range(10)]
    demands = pd.DataFrame(random.integers(1, 1000, (400, 10)).astype(float), columns=names)
    value = demands.mean(axis=1).round() + random.integers(0, 200, 400)
    projects = demands.assign(id=[f"p{i}" for i in range(400)], value=value)
    amounts = (demands.sum() / 2).round().to_numpy()
    pools = pd.DataFrame({"pool": names, "resource": names, "amount": amounts, "unit": ["t"] * 10})
    return Case.from_tables(projects=projects, pools=pools).write(folder / "hard")
