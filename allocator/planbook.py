"""The workbook of a plan: an overview with charts, and a sheet per table, from which each decision can be defended."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from allocator import workbook
from allocator.bookstyle import Style, add_page
from allocator.errors import YaosuError
from allocator.frontpage import add_front
from allocator.labels import Lang
from allocator.pages import Pages
from allocator.sheetout import SAFE

if TYPE_CHECKING:
    from allocator.plan import Plan

FONTS = {"en": {"font_name": "Calibri", "font_size": 10}, "zh": {"font_name": "Microsoft YaHei", "font_size": 10}}


def write_plan(plan: Plan, path: Path, lang: Lang) -> Path:
    """Write the workbook of a plan; nothing is seen under its name before it is whole.

    Parameters
    ----------
    plan : Plan
        Also one without a solution: then the overview says what conflicts and what would repair it.
    path : Path
    lang : {"en", "zh"}
        Of all that is written; money in million yuan, in Chinese in 亿元.

    Raises
    ------
    YaosuError
        The file cannot be written, for example because it is open in Excel.

    Examples
    --------
    >>> import tempfile
    >>> from allocator import Case, allocate
    >>> import pandas as pd
    >>> case = Case.from_tables(projects=pd.DataFrame({"id": ["a", "b"], "land": [4.0, 3.0], "value": [5.0, 4.0]}),
    ...                         pools=pd.DataFrame({"pool": ["p"], "resource": ["land"], "amount": [5.0]}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = write_plan(allocate(case), Path(folder, "plan.xlsx"), "zh")
    ...     list(pd.read_excel(book, sheet_name=None, engine="calamine"))
    ['概览', '配置决定', '要素配置', '候补名单', '指标与影子价格']
    """
    if path.suffix.lower() != ".xlsx":
        raise YaosuError("cannot_write", {"found": path.name, "reason": ".xlsx"})
    spoken = in_language(plan, lang)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        workbook.replace_file(path, lambda temporary: fill(temporary, spoken))
    except OSError as error:
        raise YaosuError("cannot_write", {"found": str(path), "reason": error.strerror or str(error)}) from error
    return path


def in_language(plan: Plan, lang: Lang) -> Plan:
    """The same plan with its reasons in one language."""
    return plan if plan.lang == lang else replace(plan, lang=lang)


def fill(path: Path, plan: Plan) -> None:
    """Write the workbook of a plan in the plan's language, row by row, so that large plans need little memory."""
    made = Pages(plan, plan.lang)
    pages = made.all()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".yaosu-", ignore_cleanup_errors=True) as rows:
        options = {"constant_memory": True, "tmpdir": rows, "default_format_properties": FONTS[plan.lang]}
        book = xlsxwriter.Workbook(str(path), SAFE | options)
        book.set_properties({"title": made.say("title", name=plan.case.name)})
        style = Style(book)
        add_front(book, style, made, pages)
        for page in pages:
            add_page(book, style, page, plan.lang)
        try:
            book.close()
        except FileCreateError as error:
            raise OSError(str(error)) from error
