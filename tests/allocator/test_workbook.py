"""Workbooks as people make them, and the starter workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from allocator import processschema, schema, starter
from allocator.case import Case
from allocator.check import check
from allocator.errors import YaosuError
from allocator.labels import Lang
from allocator.workbook import write_starter

HEADERS = ["编号", "城市", "用地（公顷）", "总投资(亿元)", "价值", "登记日期"]


def book(
    path: Path, rows: list[list[Any]], merges: tuple[str, ...] = (), pools: tuple[Any, ...] = ("省级", "土地", 500)
) -> Path:
    """A workbook with Chinese sheets."""
    with xlsxwriter.Workbook(str(path)) as made:
        date = made.add_format({"num_format": "yyyy/m/d"})
        sheet = made.add_worksheet("项目清单")
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                sheet.write_datetime(row, column, cell, date) if hasattr(cell, "year") else sheet.write(
                    row, column, cell
                )
        for merge in merges:
            sheet.merge_range(merge, None)
            first = merge.split(":")[0]
            row, column = int(first[1:]) - 1, ord(first[0]) - ord("A")
            sheet.write(row, column, rows[row][column])
        sheet = made.add_worksheet("指标池")
        sheet.write_row(0, 0, ["指标池", "要素", "数量(亩)"])
        sheet.write_row(1, 0, pools)
    return path


def test_titles_merged_cells_blank_rows_and_serial_dates_are_understood(tmp_path: Path) -> None:
    rows = [
        ["2020年省重点项目清单"],
        ["单位：亿元"],
        HEADERS,
        ["001", "烟台", "2", 1.5, 3, 43891],
        ["002", "", "１．５", "1,000", "2", "2020年3月2日"],
        [],
        ["003", "济南", 0, "2亿元", 1, "20200303"],
        ["", "", ""],
    ]
    case = Case.read(book(tmp_path / "a.xlsx", rows, ("B4:B5", "A1:F1")))
    assert case.projects["id"].tolist() == ["001", "002", "003"]
    assert case.projects["region"].tolist() == ["烟台", "烟台", "济南"]
    assert case.projects["land"].tolist() == [30.0, 22.5, 0.0]
    assert case.projects["investment"].tolist() == [150.0, 100_000.0, 200.0]
    assert case.projects["registered"].dt.day.tolist() == [1, 2, 3]
    assert case.rows["projects"].tolist() == [4, 5, 7]
    assert case.resources == ("land",)


def test_a_number_as_id_is_text_without_a_decimal_point(tmp_path: Path) -> None:
    assert Case.read(book(tmp_path / "a.xlsx", [HEADERS, [7, "烟台", 1, 1, 1]])).projects["id"].tolist() == ["7"]


def test_a_fault_in_a_workbook_has_the_row_of_excel(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [["标题"], [], HEADERS, ["1", "烟台", "一百", 1, 1]])
    assert [fault.text("zh") for fault in check(path)] == ["项目第4行“用地”：应为数字，实为“一百”"]


def test_an_unknown_sheet_is_carried_along_with_a_word(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book(path, [HEADERS, ["1", "烟台", 1, 1, 1]])
    opened = openpyxl.load_workbook(path)
    opened.create_sheet("指标地").append(["x"])
    opened["指标地"].append([1])
    opened.save(path)
    assert [fault.text("zh") for fault in check(path)] == ["无法识别工作表“指标地”，仅保留、不使用；是否指“指标”？"]
    assert Case.read(path).extra["指标地"]["x"].tolist() == [1.0]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_starter_is_a_case_without_faults_that_explains_every_column(lang: Lang, tmp_path: Path) -> None:
    path = write_starter(tmp_path / "new", lang)
    assert check(path) == ()
    assert Case.read(path).hash == starter.example(lang).hash
    opened = openpyxl.load_workbook(path)
    for table, columns in schema.TABLES.items():
        name = schema.label(f"schema.table.{table}", lang)
        sheet = opened[name]
        known = {column.name for column in columns}
        assert all(
            cell.comment is not None
            for cell in sheet[1]
            if schema.recognise(table, str(cell.value).split(" (")[0]) in known
        )
        assert sheet.freeze_panes == "B2"
        assert sheet.max_row == (1 + len(processschema.SETTINGS) if table == "process" else 4)
        wanted = sum(
            column.kind in ("choice", "flag")
            for column in columns
            if any(schema.header(table, column.name, lang) == cell.value for cell in sheet[1])
        )
        assert len(sheet.data_validations.dataValidation) == wanted


def test_the_starter_never_overwrites(tmp_path: Path) -> None:
    path = write_starter(tmp_path)
    before = path.read_bytes()
    with pytest.raises(YaosuError) as caught:
        write_starter(tmp_path, "zh")
    assert caught.value.code == "file_exists"
    assert path.read_bytes() == before


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    case = starter.example().with_changes(projects=lambda table: table.assign(name=["=1+1", "@SUM(A1)", "http://x"]))
    path = case.write(tmp_path / "a.xlsx")
    cells = [cell for row in openpyxl.load_workbook(path)["projects"] for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert Case.read(path).projects["name"].tolist() == ["=1+1", "@SUM(A1)", "http://x"]
