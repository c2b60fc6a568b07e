"""Whether this installation works: versions, fonts, and a small problem solved with every solver."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pandas as pd

import allocator
from allocator import Case, allocate
from allocator.exact import available
from allocator.labels import Lang, label, words

ANSWER = 22.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes
    ----------
    kind : {"python", "package", "solver", "solve", "font"}
    name : str
    found : str
        Version, value or file; empty where there is none.
    good : bool
    """

    kind: str
    name: str
    found: str
    good: bool = True


def small_problem() -> Case:
    """Seven projects for two resources and two regions; the best plan is worth `ANSWER`.

    >>> allocate(small_problem()).objective
    22.0
    """
    projects = pd.DataFrame({
        "id": list("abcdefg"), "region": list("nnnnsss"), "value": [9.0, 8.0, 7.0, 3.0, 6.0, 5.0, 2.0],
        "land": [6.0, 5.0, 4.0, 2.0, 4.0, 3.0, 2.0], "energy": [3.0, 4.0, 5.0, 1.0, 4.0, 2.0, 1.0],
    })  # fmt: skip
    pools = pd.DataFrame({
        "pool": ["north land", "south land", "energy"], "resource": ["land", "land", "energy"],
        "region": ["n", "s", None], "amount": [9.0, 5.0, 13.0],
    })  # fmt: skip
    return Case.from_tables(projects=projects, pools=pools)


def findings() -> Iterator[Finding]:
    """Everything looked at, one by one."""
    yield Finding("python", platform.python_implementation(), f"{platform.python_version()}, {platform.platform()}")
    for package in ("yaosu", *_needed()):
        yield _package(package)
    solvers = available()
    for name in ("highs", "cbc"):
        if name not in solvers:
            yield Finding("solver", name, "", good=False)
    for name, version in sorted(solvers.items()):
        yield Finding("solver", name, version)
        yield _solved(name)
    yield _font()


def _needed() -> list[str]:
    """The packages that yaosu states it needs, extras aside."""
    try:
        stated = metadata.requires("yaosu") or []
    except metadata.PackageNotFoundError:
        return []
    return [re.split(r"[^\w.-]", one)[0] for one in stated if "extra ==" not in one]


def _package(name: str) -> Finding:
    try:
        return Finding("package", name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding("package", name, "", good=False)


def _solved(solver: str) -> Finding:
    """The small problem with one solver."""
    try:
        plan = allocate(small_problem(), solver=solver, gap=0.0, time_limit=30.0)
    except Exception as error:  # whatever a solver of the system does wrong is what is looked for here
        return Finding("solve", solver, f"{type(error).__name__}: {error}", good=False)
    right = plan.status == "optimal" and plan.objective is not None and abs(plan.objective - ANSWER) < 1e-6
    return Finding("solve", solver, f"{plan.objective:g}" if right else f"{plan.status}, {plan.objective}", good=right)


def _font() -> Finding:
    """The font that comes with the package, and whether it has every character of our words."""
    from matplotlib.ft2font import FT2Font

    fonts = sorted(path for path in Path(allocator.__file__).parent.glob("fonts/*") if path.suffix in (".otf", ".ttf"))
    if not fonts:
        return Finding("font", "–", "", good=False)
    needed = set("".join(chinese for _, chinese in words().values())) - set("\n")
    known = set(map(chr, FT2Font(str(fonts[0])).get_charmap()))
    missing = "".join(sorted(needed - known))
    return Finding("font", fonts[0].name, missing, good=not missing)


def line(one: Finding, lang: Lang) -> str:
    """A finding in words.

    >>> line(Finding("solver", "cbc", "2.10.3"), "en")
    'ok     solver cbc 2.10.3'
    """
    mark = label("cli.doctor.ok" if one.good else "cli.doctor.fault", lang)
    key = f"cli.doctor.{one.kind}"
    if not one.good:
        key = next((key + state for state in ("_missing", "_fault") if f"{key}{state}" in words()), key)
    return f"{mark}  " + label(key, lang, name=one.name, found=one.found)
