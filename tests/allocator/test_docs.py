from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from allocator.plainpolicy import CHOICES, INNER, MEASURES, WORDS
from allocator.policy import Adjustment, Policy, Priorities, Ratios, Rule, ScoreRule

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")


@pytest.mark.parametrize("kind", [Policy, Rule, Priorities, Ratios, ScoreRule, Adjustment])
def test_every_field_of_the_policy_stands_on_its_page(kind: type) -> None:
    missing = [field.name for field in dataclasses.fields(kind) if f"`{field.name}`" not in PAGE]
    assert missing == []


def test_every_chinese_name_of_a_field_stands_on_the_page_beside_it() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    for chinese, name in WORDS.items():
        assert any(f"`{name}`" in row.split("|")[1] and chinese == row.split("|")[2].strip() for row in rows), chinese


def test_every_chinese_word_inside_an_entry_stands_on_the_page() -> None:
    inside = {word for words in INNER.values() for word in words} | set(MEASURES)
    inside |= {word for key, words in CHOICES.items() if key != "score.missing" for word in words}
    assert not {word for word in inside if word not in PAGE}, "add to docs/policy.md"


def test_every_file_of_the_packages_stands_in_the_map_of_the_code() -> None:
    root = Path(__file__).parents[2]
    known = (root / "docs" / "code.md").read_text("utf-8")
    files = [file.name for folder in ("allocator", "simulation", "workbench") for file in (root / folder).glob("*.py")]
    assert [name for name in files if not name.startswith("__") and f"`{name}`" not in known] == []
