"""Words in English and Chinese, from ``allocator/words/*.toml``: ``"key" = ["English {x}", "中文{x}"]``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

Lang = Literal["en", "zh"]


@cache
def words() -> Mapping[str, tuple[str, str]]:
    """Every key with its English and its Chinese words.

    >>> words()["schema.table.projects"]
    ('projects', '项目')
    """
    found: dict[str, tuple[str, str]] = {}
    for file in sorted(files("allocator").joinpath("words").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            for key, (english, chinese) in tomllib.loads(file.read_text("utf-8")).items():
                found[key] = (english, chinese)
    return found


def label(key: str, lang: Lang = "en", **values: object) -> str:
    """The words for a key in one language, with the values put in.

    Raises
    ------
    KeyError
        No such key, or a value is missing.

    Examples
    --------
    >>> label("schema.table.pools", "zh")
    '指标池'
    """
    return words()[key][0 if lang == "en" else 1].format_map(values)
