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


def desk(folder: Path, count: int = 4) -> Path:
    """Projects that come at once to one desk, two days of work each, and a day of notice: they start on day 3, 5 ..."""
    projects = pd.DataFrame({
        "id": [f"p{i}" for i in range(count)], "name": [f"=项目{i}" for i in range(count)],
        "region": ["烟台", "济南"] * (count // 2), "land": 1.0, "value": 1.0, "investment": 100.0, "ready": 0.0,
    })  # fmt: skip
    stages = pd.DataFrame({"stage": ["审查"], "title": ["Review"], "office": ["窗口"], "work": ["2"], "elapsed": ["1"],
                           "limit": [4.0]})  # fmt: skip
    offices = pd.DataFrame({"office": ["窗口"], "title": ["Desk"], "reviewers": [1.0]})
    process = pd.DataFrame({"key": ["calendar", "entry"], "value": ["none", "ready"]})
    case = Case.from_tables(projects=projects, pools=POOLS, stages=stages, offices=offices, process=process)
    place = case.write(folder / "窗口 一个")
    (place / "scenarios").mkdir()
    titles = 'title = { en = "Twice as fast", zh = "提速一倍" }\n'
    (place / "scenarios" / "faster.toml").write_text(titles + "[levers]\nspeed = 2.0\n", "utf-8")
    sweep = 'title = "pace"\n[sweep]\npace = [1.0, 4.0]\n[levers]\nspeed = "$pace"\n'
    (place / "scenarios" / "pace.toml").write_text(sweep, "utf-8")
    return place
