"""The schema: both languages for everything, no header with two meanings, docs that are not stale."""

from __future__ import annotations

import string
from pathlib import Path

import pandas as pd
import pytest

from allocator import columnpage, schema, units
from allocator.labels import words

ROOT = Path(__file__).parents[2]


def test_the_page_of_columns_is_what_the_schema_makes() -> None:
    assert (ROOT / "docs" / "columns.md").read_text("utf-8") == columnpage.page(), (
        "run: python -m allocator.columnpage > docs/columns.md"
    )


def test_every_key_has_both_languages_and_the_same_places_for_values() -> None:
    for key, (english, chinese) in words().items():
        places = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, chinese)]
        assert english.strip() and chinese.strip(), key
        assert places[0] == places[1], key


def test_no_key_stands_in_two_files() -> None:
    files = sorted((ROOT / "allocator" / "words").glob("*.toml"))
    lines = [
        line.split("=")[0].strip()
        for file in files
        for line in file.read_text("utf-8").splitlines()
        if line.startswith('"')
    ]
    assert sorted(lines) == sorted(set(lines))


@pytest.mark.parametrize("table", list(schema.TABLES))
def test_every_header_and_note_exists_in_both_languages_and_means_one_column(table: str) -> None:
    meant: dict[str, str] = {}
    for column in schema.TABLES[table]:
        for lang in ("en", "zh"):
            assert schema.note(table, column.name, lang)  # type: ignore[arg-type]
            assert schema.recognise(table, schema.header(table, column.name, lang)) == column.name  # type: ignore[arg-type]
        for word in (column.name, *column.words):
            assert meant.setdefault(units.squash(word), column.name) == column.name, word


def test_every_choice_has_a_chinese_word_and_no_word_means_two_choices() -> None:
    for table, columns in schema.TABLES.items():
        for column in columns:
            if column.choices:
                assert set(schema.choices(column.name).values()) >= set(column.choices), (table, column.name)
                for choice in column.choices:
                    assert schema.choices(column.name)[schema.choice_word(column.name, choice, "zh")] == choice


@pytest.mark.parametrize("header", ["城市", "市", "所在市", "REGION", "Region ", "ｒｅｇｉｏｎ"])
def test_headers_are_recognised_however_they_are_written(header: str) -> None:
    assert schema.recognise("projects", header) == "region"


@pytest.mark.parametrize("text", ["a|b", "a、b", "a,b", "a，b", "a;b", "a；b", " a | b | "])
def test_lists_may_be_separated_in_any_usual_way(text: str) -> None:
    assert schema.split(text) == ("a", "b")


def test_a_missing_column_is_blank_and_an_unknown_one_an_error() -> None:
    table = pd.DataFrame({"id": ["a"]})
    assert schema.column(table, "projects", "investment").isna().all()
    assert not schema.column(table, "projects", "bond").any()
    with pytest.raises(KeyError):
        schema.column(table, "projects", "colour")
