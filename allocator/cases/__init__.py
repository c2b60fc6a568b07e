"""Sample cases that come with the package, each a folder with its rows, rules and provenance."""

from __future__ import annotations

import difflib
from pathlib import Path

from allocator.case import Case
from allocator.errors import YaosuError

_FOLDER = Path(__file__).parent


def samples() -> tuple[str, ...]:
    """Names of the sample cases.

    >>> samples()
    ('gb-grid-2021', 'shandong-2020')
    """
    return tuple(sorted(path.parent.name for path in _FOLDER.glob("*/projects.csv")))


def load_sample(name: str) -> Case:
    """Read a sample case.

    Parameters
    ----------
    name : str
        One of `samples`.

    Returns
    -------
    Case

    Raises
    ------
    YaosuError
        No sample has this name; the nearest one is given.

    Examples
    --------
    >>> len(load_sample("shandong-2020").projects)
    1020
    """
    if name not in samples():
        nearest = difflib.get_close_matches(name, samples(), n=1, cutoff=0.0)
        raise YaosuError("unknown_sample", {"found": name, "nearest": nearest[0]})
    return Case.read(_FOLDER / name)
