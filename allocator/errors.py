"""Every error a user can meet: faults of an input, and what ends a command; each speaks English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from allocator import units
from allocator.labels import Lang, label, words

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input.

    Parameters
    ----------
    code : str
        Key of the message, ``fault.<code>``.
    table, row, column
        Where: table by its name, row as Excel counts it, column by its name.
    severity : {"error", "warning"}
    values : mapping
        What the message speaks of: found, expected, nearest valid name ...

    Examples
    --------
    >>> Fault("not_a_number", "projects", 5, "plan", values={"found": "abc"}).text("en")
    'projects, row 5, plan: expected a number, found “abc”'
    """

    code: str
    table: str
    row: int | None = None
    column: str | None = None
    severity: Severity = "error"
    values: Mapping[str, str] = field(default_factory=dict)

    def place(self, lang: Lang = "en") -> tuple[str, str]:
        """Table and column by their names in one language."""
        table = _name(f"schema.table.{self.table}", self.table, lang)
        return table, _name(f"schema.column.{self.table}.{self.column}", self.column or "", lang)

    def said(self, lang: Lang = "en") -> str:
        """The message in one language, without the place."""
        table, column = self.place(lang)
        values = {key: _said(key, value, lang) for key, value in self.values.items()}
        said = label(f"fault.{self.code}", lang, **{**values, "table": table, "column": column, "row": self.row})
        nearest = self.values.get("nearest")
        return said + label("fault.nearest", lang, nearest=nearest) if nearest else said

    def text(self, lang: Lang = "en") -> str:
        """The place and the message in one language."""
        table, column = self.place(lang)
        if lang == "en":
            place = ", ".join(
                part for part in (table, f"row {self.row}" if self.row is not None else "", column) if part
            )
            return f"{place}: {self.said(lang)}" if place else self.said(lang)
        row = f"第{self.row}行" if self.row is not None else ""
        place = "".join((table, row, f"“{column}”" if column else ""))
        return f"{place}：{self.said(lang)}" if place else self.said(lang)


def _name(key: str, otherwise: str, lang: Lang) -> str:
    return label(key, lang) if key in words() else _said("name", otherwise, lang)


def _said(key: str, value: str, lang: Lang) -> str:
    """Resources and units in the words of a language."""
    if lang == "en" or key not in ("name", "other", "unit"):
        return value
    if key == "unit":
        return units.shown(value, True)
    return units.RESOURCES[value][1][0] if value in units.RESOURCES else value


class YaosuError(Exception):
    """What a user did cannot be done; the command ends with exit code 2.

    >>> YaosuError("file_exists", {"found": "case.xlsx"}).text("en")
    'The file “case.xlsx” exists already; nothing was written.'
    """

    def __init__(self, code: str, values: Mapping[str, str] | None = None) -> None:
        self.code, self.values = code, dict(values or {})
        super().__init__(code, self.values)

    def __str__(self) -> str:
        return self.text("en")

    def text(self, lang: Lang = "en") -> str:
        """The message in one language."""
        return label(f"error.{self.code}", lang, **self.values)


class InputError(YaosuError):
    """An input with faults, all of them at once.

    >>> InputError((Fault("empty_file", "", values={"found": "a.csv"}),)).text("en")
    '1 fault in the input:\\n- the file “a.csv” is empty'
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("input", {"count": str(len(self.faults))})
        self.args = (self.faults,)

    def text(self, lang: Lang = "en") -> str:
        """Every fault on a line."""
        count = len(self.faults)
        head = label("error.input_one" if count == 1 else "error.input", lang, count=count)
        return "\n".join([head, *(f"- {fault.text(lang)}" for fault in self.faults)])


class Infeasible(YaosuError):
    """Something was asked of a plan that has none.

    >>> Infeasible("infeasible").text("zh")
    '没有可供说明的方案：没有方案能满足全部硬性规则。'
    """

    def __init__(self, status: str) -> None:
        super().__init__("no_plan", {"status": status})
        self.args = (status,)

    def text(self, lang: Lang = "en") -> str:
        """The message in one language."""
        return label("error.no_plan", lang, status=label(f"explain.status.{self.values['status']}", lang))
