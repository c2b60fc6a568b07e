"""Excel workbooks and CSV folders: cells in, tables out."""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from allocator import cells, plainpolicy, schema, sheetout, units
from allocator.errors import Fault, YaosuError
from allocator.labels import Lang
from allocator.policy import Policy
from allocator.reading import Sheet

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
ENCODINGS = ("utf-8-sig", "gb18030")
HEADER_WITHIN = 20
Grid = list[list[Any]]


@dataclass
class Found:
    """What lies in a folder or a workbook."""

    sheets: dict[str, Sheet] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, pd.DataFrame] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read(path: Path) -> Found:
    """Every sheet of a case, from a folder of CSV files and ``policy.toml``, or from a workbook, alone in a folder too.

    Nothing is raised: what cannot be read is a fault.

    >>> read(Path("no such folder")).faults[0].text("zh")
    '找不到“no such folder”'
    """
    found = Found()
    try:
        if not path.exists():
            found.faults.append(Fault("no_file", "", values={"found": str(path)}))
        elif path.is_dir():
            _folder(found, path)
        elif path.suffix.lower() in WORKBOOKS:
            _book(found, path)
        else:
            expected = "CSV + policy.toml, " + ", ".join(WORKBOOKS)
            found.faults.append(Fault("not_a_case", "", values={"found": path.name, "expected": expected}))
    except OSError as error:
        found.faults.append(
            Fault("cannot_read", "", values={"found": str(path), "reason": error.strerror or type(error).__name__})
        )
    if not found.sheets and not found.faults:
        found.faults.append(
            Fault("no_tables", "", values={"found": path.name, "expected": "projects 项目, pools 指标池"})
        )
    return found


def _folder(found: Found, path: Path) -> None:
    files = [file for file in sorted(path.iterdir()) if not file.name.startswith((".", "~"))]
    tables = [file for file in files if file.suffix.lower() == ".csv"]
    books = [file for file in files if file.suffix.lower() in WORKBOOKS]
    if not tables and len(books) == 1:
        _book(found, books[0])
        return
    for file in tables:
        text = _decoded(found, file)
        if text is not None:
            _add(found, file.stem, file.name, partial(_grid, found, text, file.name))
    for file in (path / "policy.toml", path / "政策.toml"):
        if file.exists():
            _toml(found, file)


def _decoded(found: Found, file: Path) -> str | None:
    data = file.read_bytes()
    if not data.strip():
        found.faults.append(Fault("empty_file", "", values={"found": file.name}))
        return None
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ENCODINGS:
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    found.faults.append(Fault("bad_encoding", "", values={"found": file.name, "expected": "UTF-8, GB18030"}))
    return None


def _grid(found: Found, text: str, name: str) -> Grid:
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        found.faults.append(Fault("cannot_read", "", values={"found": name, "reason": str(error)}))
        return []


def _toml(found: Found, file: Path) -> None:
    text = _decoded(found, file) if file.stat().st_size else ""
    if text is None:
        return
    try:
        found.policy = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found.faults.append(Fault("bad_toml", "policy", None, None, values={"found": str(error)}))


def _book(found: Found, path: Path) -> None:
    if not path.stat().st_size:
        found.faults.append(Fault("empty_file", "", values={"found": path.name}))
        return
    try:
        book = CalamineWorkbook.from_path(path)
        with book:
            for name in book.sheet_names:
                _add(found, name, name, partial(_cells, book, name))
    except CalamineError as error:
        code = "locked_file" if "assword" in f"{type(error).__name__} {error}" else "not_a_workbook"
        found.faults.append(Fault(code, "", values={"found": path.name}))
    except BaseException as error:  # a panic of the Rust reader is no Exception
        if type(error).__name__ != "PanicException":
            raise
        found.faults.append(Fault("not_a_workbook", "", values={"found": path.name}))


def _cells(book: CalamineWorkbook, name: str) -> Grid:
    """Cells of a sheet from its first row on, merged cells filled from their first."""
    sheet = book.get_sheet_by_name(name)
    grid: Grid = sheet.to_python(skip_empty_area=False)
    with suppress(CalamineError, AttributeError, ValueError):
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
            if bottom == top:
                continue
            for row in range(top, min(bottom + 1, len(grid))):
                for column in range(left, min(right + 1, len(grid[row]))):
                    grid[row][column] = grid[top][left]
    return grid


def _add(found: Found, stem: str, name: str, load: Callable[[], Grid]) -> None:
    """Put a sheet where it belongs."""
    table = schema.table_name(stem)
    if table == "notes":
        return
    grid = load()
    if table == "policy":
        found.policy |= plainpolicy.from_rows([(row[0], row[1]) for row in grid if len(row) > 1 and _is_setting(row)])
        return
    if table in schema.TABLES and table in found.sheets:
        found.faults.append(Fault("table_twice", table, values={"found": name}))
        return
    sheet = _sheet(table or "", grid)
    if table in schema.TABLES:
        if sheet is not None:
            found.sheets[table] = sheet
        return
    if sheet is None:
        return
    once = sheet.data.loc[:, ~sheet.data.columns.duplicated()]
    found.extra[table or stem] = pd.DataFrame({str(header): cells.infer(once[header]) for header in once})
    if table is None:
        known = [word for key, words in schema.SHEETS.items() for word in (key, *words)]
        values = {"found": name, "nearest": cells.nearest(stem, known)}
        found.faults.append(Fault("sheet_unknown", "", severity="warning", values=values))


def _is_setting(row: Sequence[Any]) -> bool:
    return cells.text(row[0]) not in (None, "key", "参数", "项", "entry")


def _sheet(table: str, grid: Grid) -> Sheet | None:
    """Headers and cells; titles above the headers and blank rows are left out, the rows keep their numbers."""
    width = max(map(len, grid), default=0)
    full = [row if len(row) == width else [*row, *[None] * (width - len(row))] for row in grid]
    top = _header(table, full)
    if top is None:
        return None
    data = pd.DataFrame(full[top + 1 :], columns=range(width), dtype=object)
    data = data.mask(data == "", None)
    blank = data.isna()
    sparse = blank.sum(axis=1) >= width - 2
    blank[sparse] |= data[sparse].map(lambda cell: cells.text(cell) is None)
    headers = [cells.text(cell) for cell in full[top]]
    kept = [number for number in range(width) if headers[number] or not blank[number].all()]
    rows = np.flatnonzero(~blank.all(axis=1).to_numpy())
    data = data.iloc[rows, kept].reset_index(drop=True)
    data.columns = pd.Index([headers[number] or f"column {number + 1}" for number in kept], dtype=object)
    return Sheet(data, rows + top + 2)


def _header(table: str, grid: Grid) -> int | None:
    """The row that holds the headers: the one in which most cells are known, else the first that is not blank."""
    best, most = None, -1
    for number, row in enumerate(grid[:HEADER_WITHIN]):
        said = [text for cell in row if (text := cells.text(cell))]
        if not said:
            continue
        known = sum(_known(table, text) for text in said) if table in schema.TABLES else 0
        if known > most:
            best, most = number, known
    return best


def _known(table: str, text: str) -> bool:
    base = units.split_header(text)[0]
    return any(schema.recognise(table, word) is not None for word in (text, base))


def write(
    path: Path,
    tables: Mapping[str, pd.DataFrame],
    policy: Policy,
    resources: Mapping[str, str],
    extra: Mapping[str, pd.DataFrame],
    lang: Lang,
) -> None:
    """Write a case; nothing is seen under its name before it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".xlsx":
        replace_file(path, lambda temporary: sheetout.write_book(temporary, tables, policy, resources, extra, lang))
        return
    if path.suffix.lower() in WORKBOOKS:
        raise YaosuError("cannot_write", {"found": path.name, "reason": ".xlsx"})
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".yaosu-") as temporary:
        folder = Path(temporary) / "case"
        folder.mkdir()
        sheetout.write_folder(folder, tables, policy, resources, extra, lang)
        if not path.exists():
            folder.rename(path)
            return
        written = {file.name for file in folder.iterdir()}
        for file in sorted(folder.iterdir()):
            os.replace(file, path / file.name)
        for file in path.glob("*.csv"):
            if file.name not in written and schema.table_name(file.stem) in (*schema.TABLES, "policy"):
                file.unlink()


def replace_file(path: Path, make: Callable[[Path], None]) -> None:
    """Write a file under another name beside it, then rename, so that it is whole or as it was."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".yaosu-", suffix=path.suffix)
    os.close(handle)
    try:
        make(Path(name))
        shutil.copymode(path, name) if path.exists() else os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def write_starter(folder: str | Path, lang: Lang = "en") -> Path:
    """A workbook that explains itself: a sheet per table, a note per column, drop-downs, three example rows.

    Parameters
    ----------
    folder : str or Path
        Made when missing.
    lang : {"en", "zh"}

    Returns
    -------
    Path
        Of the workbook, ``case.xlsx``.

    Raises
    ------
    YaosuError
        The file exists already, or cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(write_starter(folder, "zh").name)
    case.xlsx
    """
    from allocator import starter

    path = Path(folder) / "case.xlsx"
    if path.exists():
        raise YaosuError("file_exists", {"found": str(path)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, lambda temporary: starter.write(temporary, lang))
    except OSError as error:
        raise YaosuError("cannot_write", {"found": str(path), "reason": error.strerror or str(error)}) from error
    return path
