"""What is kept of a plan or an experiment: everything it was made from, and all that came out, as plain bytes."""

from __future__ import annotations

import hashlib
import io
import json
import math
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from allocator.case import Case

Kind = Literal["plan", "experiment"]
FIGURES = ("scenario", "measure", "unit", "value", "low", "high")
REPLICATED = ("scenario", "replication")
YEAR = (1980, 1, 1, 0, 0, 0)
"""The date of the files in a copy, so that a copy depends on nothing but the case."""


@dataclass(frozen=True, eq=False)
class Record:
    """A plan or an experiment with all that is needed to make it again.

    Attributes
    ----------
    kind : {"plan", "experiment"}
    command : str
        What made it, such as ``allocate``.
    case : Case
        The input as it was.
    scenarios : sequence of mapping
        ``name`` (with the values of a sweep), ``file`` (the name without), ``content`` (all that it states) and
        ``point`` (the values).
    figures : DataFrame
        ``scenario, measure, unit, value, low, high``: what two of them are compared by, the main figure first.
    tables : mapping
        The results by name.
    summary : mapping
        Ready for JSON.
    status, engine : str
    seed, replications : int, optional
    seconds : float, optional
    options : mapping
        What else was asked for.
    versions : mapping
        Of Python and the packages.
    number : int, optional
        Its number in the store.
    created, repeated : str
        When it was kept first and last, in UTC.
    replicated : DataFrame
        ``scenario, replication`` and a column for each measure of the figures: their values in each replication. Empty
        where they are no means over replications, or were kept by an older version.
    """

    kind: Kind
    command: str
    case: Case
    figures: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    summary: Mapping[str, Any]
    scenarios: Sequence[Mapping[str, Any]] = ()
    status: str = ""
    engine: str = ""
    seed: int | None = None
    replications: int | None = None
    seconds: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    number: int | None = None
    created: str = ""
    repeated: str = ""
    replicated: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(REPLICATED)))

    def told(self) -> dict[str, Any]:
        """All but the case, the figures, their replications and the tables, ready for JSON."""
        names = ("number", "kind", "command", "status", "engine", "seed", "replications", "seconds", "created",
                 "repeated")  # fmt: skip
        found: dict[str, Any] = {name: getattr(self, name) for name in names}
        return found | {
            "case": self.case.name, "input_hash": self.case.hash, "scenarios": [dict(one) for one in self.scenarios],
            "options": dict(self.options), "versions": dict(self.versions),
        }  # fmt: skip


def digest(record: Record, parts: Sequence[bytes]) -> str:
    """What makes two records the same: all that they say but when they were made and how long that took.

    Parameters
    ----------
    record : Record
    parts : sequence of bytes
        Its packed figures and tables.
    """
    told = {key: found for key, found in record.told().items()
            if key not in ("number", "seconds", "created", "repeated")}  # fmt: skip
    made = hashlib.sha256(text(told | {"tables": list(record.tables)}).encode())
    for part in parts:
        made.update(hashlib.sha256(part).digest())
    return made.hexdigest()


def text(found: Any) -> str:
    """Plain values as JSON; days as ISO text.

    >>> import datetime as dt
    >>> text({"b": dt.date(2020, 3, 2), "a": float("nan")})
    '{"a": null, "b": "2020-03-02"}'
    """
    return json.dumps(_plain(found), ensure_ascii=False, sort_keys=True, allow_nan=False)


def _plain(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {str(key): _plain(one) for key, one in found.items()}
    if isinstance(found, list | tuple | set):
        return [_plain(one) for one in found]
    if isinstance(found, np.generic):
        found = found.item()
    if isinstance(found, float) and not math.isfinite(found):
        return None
    return found if found is None or isinstance(found, str | int | float) else str(found)


def toml(content: Mapping[str, Any]) -> str:
    """Plain values as TOML.

    >>> content = {"title": "A", "levers": {"speed": 1.5, "online": True}, "pools": [{"scale": {"amount": 2}}]}
    >>> print(toml(content), end="")
    "title" = "A"
    "levers" = {"speed" = 1.5, "online" = true}
    "pools" = [{"scale" = {"amount" = 2}}]
    """
    return "".join(f"{json.dumps(key, ensure_ascii=False)} = {_toml(one)}\n" for key, one in content.items())


def _toml(found: Any) -> str:
    if isinstance(found, Mapping):
        inside = (f"{json.dumps(key, ensure_ascii=False)} = {_toml(one)}" for key, one in found.items())
        return f"{{{', '.join(inside)}}}"
    return f"[{', '.join(map(_toml, found))}]" if isinstance(found, list) else json.dumps(found, ensure_ascii=False)


def pack(table: pd.DataFrame) -> bytes:
    """A table as compressed text: the type of each column, and its cells.

    >>> table = pd.DataFrame({"id": ["001", None], "day": pd.to_datetime(["2020-03-02", None]), "land": [0.1, 2]})
    >>> unpack(pack(table)).equals(table)
    True
    """
    parts = [(str(name), table.iloc[:, place]) for place, name in enumerate(table.columns)]
    columns = [[name, str(column.dtype), _cells(column)] for name, column in parts]
    told = json.dumps({"rows": len(table), "columns": columns}, ensure_ascii=False)
    return zlib.compress(told.encode(), 6)


def unpack(data: bytes) -> pd.DataFrame:
    """Back from `pack`.

    Raises
    ------
    ValueError
        The bytes are no table.
    """
    try:
        told = json.loads(zlib.decompress(data))
        made = [pd.Series(cells, dtype=kind, name=name) for name, kind, cells in told["columns"]]
        return pd.concat(made, axis=1) if made else pd.DataFrame(index=range(told["rows"]))
    except (zlib.error, KeyError, TypeError) as error:
        raise ValueError(f"no kept table: {error}") from error


def _cells(column: pd.Series) -> list[Any]:
    """Numbers, texts and truths as they are; days as ISO text; None where blank."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return [None if pd.isna(cell) else cell.isoformat() for cell in column]
    blank = column.isna().to_numpy()
    return [None if empty else _cell(cell) for cell, empty in zip(column.tolist(), blank, strict=True)]


def _cell(cell: Any) -> Any:
    return cell if isinstance(cell, str | bool | int | float) else _plain(cell)


def copy(case: Case) -> bytes:
    """A case as an archive of the files that `Case.write` makes of it."""
    made = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        written = case.write(Path(folder, "case"))
        for file in sorted(written.iterdir()):
            archive.writestr(zipfile.ZipInfo(file.name, YEAR), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def draw_out(data: bytes, folder: Path) -> Path:
    """The files of a copy.

    Raises
    ------
    ValueError
        The bytes are no archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(folder)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"no copy of a case: {error}") from error
    return folder


def read(data: bytes, name: str) -> Case:
    """The case of a copy, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        return replace(Case.read(draw_out(data, Path(folder, "case"))), name=name)
