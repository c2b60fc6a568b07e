"""What is known of a column: its kind, unit, range, choices and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from allocator import units

Kind = Literal["id", "text", "number", "share", "date", "when", "flag", "choice", "list", "spread"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
        In memory and in Python.
    kind : {"id", "text", "number", "share", "date", "when", "flag", "choice", "list", "spread"}
        ``when`` is a date or a day number; ``share`` takes percent signs; ``spread`` is a duration that may be random.
    required : bool
    dimension : str
        Of the unit, see `allocator.units`.
    low, high : float
        Allowed range.
    whole : bool
        Whole numbers only.
    choices : tuple of str
    choices_of : str
        The column of choices that a list is made of.
    words : tuple of str
        Other headers by which the column is known.
    """

    name: str
    kind: Kind
    required: bool = False
    dimension: str = ""
    low: float = -np.inf
    high: float = np.inf
    whole: bool = False
    choices: tuple[str, ...] = ()
    choices_of: str = ""
    words: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The unit in memory."""
        return units.base(self.dimension).name if self.dimension else ""


def column(name: str, kind: Kind, words: str = "", **facts: object) -> Column:
    """A column whose other headers stand in one text.

    >>> column("term", "number", "期限 贷款期限", dimension="years").words
    ('期限', '贷款期限')
    """
    return Column(name, kind, words=tuple(words.split()), **facts)  # type: ignore[arg-type]


RANGE = {"low": 0.0}
SHARE = {"low": 0.0, "high": 1.0}
