"""A report as a Word document, for circulation: the same sentences, tables and pictures as the page."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from allocator.bookstyle import text_width
from allocator.labels import label
from allocator.plotstyle import DPI
from workbench.report import Picture, Report, Table
from workbench.reporthtml import footer

LATIN, CHINESE = "Arial", "微软雅黑"
INK, BLUE, SOFT = RGBColor(0x1F, 0x29, 0x33), RGBColor(0x1F, 0x5F, 0x99), RGBColor(0x5B, 0x6B, 0x7B)
STYLES = {"Normal": (10.5, INK), "Title": (18, INK), "Heading 1": (14, BLUE), "Heading 2": (11, INK),
          "List Number": (11.5, INK), "List Bullet": (10.5, INK)}  # fmt: skip
WIDTH = Mm(178)
HEAD, LINE = "E3EDF6", "C9D3DC"
PAD, MOST, FIT = 3.0, 40.0, 125.0
"""In characters: beside a text, the widest column, what fits a page."""


def write(report: Report, path: Path) -> None:
    """Write the document into a file."""
    book = Document()
    _setup(book, report)
    _line(book, report.title, 10, SOFT)
    book.add_heading(report.question, 0)
    for sentence in report.answer:
        book.add_paragraph(sentence.text, "List Number")
    _picture(book, report.picture)
    _line(book, label("report.beware", report.lang), 11, INK).runs[0].bold = True
    for sentence in report.warning:
        book.add_paragraph(sentence.text, "List Bullet")
    for section in report.sections:
        book.add_heading(section.heading, 1)
        for sentence in section.sentences:
            book.add_paragraph(sentence.text)
        for picture in section.pictures:
            _picture(book, picture)
        for table in section.tables:
            _table(book, table)
    _line(book, footer(report), 8, SOFT)
    book.save(str(path))


def _setup(book: Any, report: Report) -> None:
    """A4, fonts for both scripts, quiet headings, a page number."""
    page = book.sections[0]
    page.orientation = WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(16)
    page.top_margin = page.bottom_margin = Mm(16)
    book.core_properties.title, book.core_properties.author = report.title, "yaosu"
    book.core_properties.language = {"en": "en-GB", "zh": "zh-CN"}[report.lang]
    for name, (size, colour) in STYLES.items():
        style = book.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = LATIN, Pt(size), colour
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{kind}"), None)
        fonts.set(qn("w:hAnsi"), LATIN)
        fonts.set(qn("w:eastAsia"), CHINESE)
        style.paragraph_format.space_after = Pt(4)
    foot = page.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    foot._p.append(field)


def _line(book: Any, text: str, size: float, colour: RGBColor) -> Any:
    made = book.add_paragraph()
    run = made.add_run(text)
    run.font.size, run.font.color.rgb = Pt(size), colour
    return made


def _picture(book: Any, picture: Picture) -> None:
    """A picture as wide as the page at most, with a text for those who cannot see it."""
    made = io.BytesIO()
    drawn = picture.draw()
    drawn.savefig(made, format="png", dpi=DPI, metadata={"Software": None})
    made.seek(0)
    wide = min(WIDTH, Mm(25.4 * drawn.get_figwidth()))
    shape = book.add_picture(made, width=wide)
    shape._inline.docPr.set("descr", picture.alt)
    book.paragraphs[-1].paragraph_format.keep_with_next = False


def _table(book: Any, table: Table) -> None:
    """A table under its name: the header row is repeated on each page, no row is cut."""
    book.add_heading(table.name, 2)
    if table.note:
        _line(book, table.note, 8.5, SOFT).paragraph_format.keep_with_next = True
    made = book.add_table(rows=1 + len(table), cols=len(table.columns), style="Table Grid")
    made.autofit = False
    _lines(made._tbl)
    wide, right = widths(table), [column.numeric for column in table.columns]
    for column, width in zip(made._tbl.tblGrid.gridCol_lst, wide, strict=True):
        column.w = width
    rows = list(made._tbl.tr_lst)
    _row(rows[0], [column.header for column in table.columns], wide, right, True)
    for row, cells in zip(rows[1:], table.rows, strict=True):
        _row(row, [text for _, text, _ in cells], wide, right)


def widths(table: Table) -> list[int]:
    """Widths of the columns: none narrower than what cannot be broken, together as wide as the page.

    >>> from workbench.report import Column
    >>> two = Table("t", "", (Column("a", "name", ("long text " * 9,)), Column("b", "days", ("9",), (9.0,))))
    >>> [round(wide / WIDTH, 2) for wide in widths(two)]
    [0.85, 0.15]
    """
    least, wish = [], []
    for column in table.columns:
        cells = text_width(pd.Series(column.texts, dtype=object).astype(str))
        words = pd.Series([word for text in (column.header, *(() if column.numeric else column.texts))
                           for word in text.split()], dtype=object).astype(str)  # fmt: skip
        longest = max([*text_width(words), *(cells if column.numeric else ())], default=0)
        least.append(min(float(longest) + PAD, MOST / 2))
        wish.append(min(max(float(cells.quantile(0.9)) + PAD if len(cells) else 0.0, least[-1]), MOST))
    room = max(FIT - sum(least), 0.0) / (sum(wish) - sum(least) or 1.0)
    needs = [low + min(room, 1.0) * (high - low) for low, high in zip(least, wish, strict=True)]
    return [int(WIDTH * need / sum(needs)) for need in needs]


def _lines(table: Any) -> None:
    """Quiet lines between the cells, narrow margins in them."""
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "4"), ("color", LINE)):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        for key, value in (("w", "50"), ("type", "dxa")):
            margin.set(qn(f"w:{key}"), value)
        margins.append(margin)
    facts = table.tblPr
    facts.find(qn("w:tblLayout")).addprevious(borders)
    facts.find(qn("w:tblLayout")).addnext(margins)


def _row(row: Any, texts: list[str], wide: list[int], right: list[bool], head: bool = False) -> None:
    """Fill a row; a header is shaded, bold and repeated."""
    facts = row.get_or_add_trPr()
    for name in ("w:cantSplit", *(("w:tblHeader",) if head else ())):
        facts.append(OxmlElement(name))
    for cell, text, width, number in zip(row.tc_lst, texts, wide, right, strict=True):
        cell.width = width
        paragraph = cell.p_lst[0]
        spacing = paragraph.get_or_add_pPr()
        gap = OxmlElement("w:spacing")
        gap.set(qn("w:after"), "0")
        spacing.append(gap)
        if number:
            side = OxmlElement("w:jc")
            side.set(qn("w:val"), "right")
            spacing.append(side)
        run = paragraph.add_r()
        run.text = text
        looks = run.get_or_add_rPr()
        if head:
            looks.append(OxmlElement("w:b"))
            shade = OxmlElement("w:shd")
            for key, value in (("val", "clear"), ("color", "auto"), ("fill", HEAD)):
                shade.set(qn(f"w:{key}"), value)
            cell.get_or_add_tcPr().append(shade)
        size = OxmlElement("w:sz")
        size.set(qn("w:val"), "15")
        looks.append(size)
