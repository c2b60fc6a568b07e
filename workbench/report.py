"""A report as data: sections of sentences, tables and pictures, before it becomes a page or a document.

A sentence takes each of its numbers from a cell of a table of the report and remembers which, so that both can never
differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING

import pandas as pd

from allocator.bookstyle import text_width
from allocator.labels import Lang, label, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHORT = 20
"""Signs of a cell that needs no second line, a Chinese one counting two."""


@dataclass(frozen=True)
class Cell:
    """A cell as it is printed.

    Attributes
    ----------
    table : str
        Key of its table.
    row : int
    column : str
        Key of its column.
    text : str
        What stands there.
    unit : str
        That of the column, set after the number where the cell is put into a sentence; ``n`` as a format leaves it out.
    value : float or None
        The number behind it.

    Examples
    --------
    >>> cell = Cell("starts", 0, "share", "66.2", " %", 0.662)
    >>> f"{cell}, {cell:n}"
    '66.2 %, 66.2'
    """

    table: str
    row: int
    column: str
    text: str
    unit: str = ""
    value: float | None = None

    def __format__(self, spec: str) -> str:
        return self.text if spec == "n" else f"{self.text}{self.unit}"


@dataclass(frozen=True)
class Sentence:
    """A sentence, and the cells whose texts stand in it."""

    text: str
    cells: tuple[Cell, ...] = ()

    def __str__(self) -> str:
        return self.text


def said(key: str, lang: Lang, /, **parts: Cell | Sentence) -> Sentence:
    """A sentence with cells and parts of sentences put in, of which it may leave some out; words alone have no digits
    of their own."""
    used = {name for _, name, _, _ in Formatter().parse(words()[key][lang == "zh"])}
    inside = [part for name, part in parts.items() if name in used]
    cells = [(part,) if isinstance(part, Cell) else part.cells for part in inside]
    return Sentence(label(key, lang, **parts), tuple(cell for some in cells for cell in some))


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    key : str
    header : str
        With the unit.
    texts : tuple of str
        The cells.
    values : tuple, optional
        Numbers by which to sort, one a cell; without, the column is text.
    unit : str
        As it follows a number in a sentence.
    """

    key: str
    header: str
    texts: tuple[str, ...]
    values: tuple[float | None, ...] | None = None
    unit: str = ""

    @property
    def numeric(self) -> bool:
        """Whether it is sorted and set as numbers."""
        return self.values is not None

    @property
    def look(self) -> str:
        """``number``, ``short`` where no cell needs a second line, or ``text``."""
        if self.numeric:
            return "number"
        widest = text_width(pd.Series(self.texts, dtype=object).astype(str)).max() if self.texts else 0
        return "short" if widest <= SHORT else "text"


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    key, name : str
    columns : tuple of Column
    note : str
        What must be known to read it.
    """

    key: str
    name: str
    columns: tuple[Column, ...]
    note: str = ""

    def __len__(self) -> int:
        return len(self.columns[0].texts) if self.columns else 0

    @property
    def rows(self) -> Iterator[tuple[tuple[Column, str, float | None], ...]]:
        """Row by row: column, text and number of each cell."""
        for row in range(len(self)):
            yield tuple((one, one.texts[row], one.values[row] if one.values else None) for one in self.columns)

    def column(self, key: str) -> Column:
        """A column by its key."""
        return next(one for one in self.columns if one.key == key)

    def cell(self, row: int, key: str) -> Cell:
        """A cell by the number of its row and the key of its column."""
        one = self.column(key)
        value = one.values[row] if one.values else None
        return Cell(self.key, row, key, one.texts[row], one.unit, value)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture, drawn when it is asked for.

    Attributes
    ----------
    key : str
    alt : str
        What it shows, for those who cannot see it.
    draw : callable
    """

    key: str
    alt: str
    draw: Callable[[], Figure]


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a report under one heading."""

    key: str
    heading: str
    sentences: tuple[Sentence, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, eq=False)
class Report:
    """All that is told.

    Attributes
    ----------
    lang : {"en", "zh"}
    title, question : str
    answer : tuple of Sentence
        Three.
    picture : Picture
        Beside the answer.
    warning : Sentence
        What must not be overlooked.
    sections : tuple of Section
    about : mapping
        From what, with what and how it was made.
    """

    lang: Lang
    title: str
    question: str
    answer: tuple[Sentence, ...]
    picture: Picture
    warning: tuple[Sentence, ...]
    sections: tuple[Section, ...]
    about: Mapping[str, str]

    @property
    def sentences(self) -> Iterator[Sentence]:
        """Every sentence."""
        yield from self.answer
        yield from self.warning
        for section in self.sections:
            yield from section.sentences

    @property
    def tables(self) -> dict[str, Table]:
        """Every table by its key."""
        return {table.key: table for section in self.sections for table in section.tables}

    @property
    def pictures(self) -> Sequence[Picture]:
        """Every picture in order."""
        return [self.picture, *(one for section in self.sections for one in section.pictures)]
