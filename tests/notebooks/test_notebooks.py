"""Every notebook runs as it stands, and its two files say the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import pytest

from notebooks.make import HERE, run, sources

MOST_BYTES = 300_000

each = pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)


def outputs(notebook: Any, kind: str) -> Iterator[str]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            yield from ([output.data[kind]] if kind in output.get("data", {}) else ())


def said(notebook: Any) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


@pytest.mark.slow
@each
def test_a_notebook_runs_as_it_stands_warns_of_nothing_and_shows_a_picture(source: Path) -> None:
    notebook = run(source)
    assert list(outputs(notebook, "image/png"))
    streams = [
        output for cell in notebook.cells for output in cell.get("outputs", ()) if output.output_type == "stream"
    ]
    assert [output.text for output in streams if output.name == "stderr"] == []


@each
def test_both_files_hold_the_same_cells_and_the_kept_outputs_are_whole_and_small(source: Path) -> None:
    kept = source.with_suffix(".ipynb")
    notebook = jupytext.read(kept)
    assert notebook.metadata.jupytext.formats == "ipynb,py:percent"
    assert said(notebook) == said(jupytext.read(source))
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert list(outputs(notebook, "image/png"))
    assert kept.stat().st_size < MOST_BYTES


@each
def test_a_notebook_asks_one_question_in_both_languages_and_sets_exercises(source: Path) -> None:
    first, *rest = (text for kind, text in said(jupytext.read(source)) if kind == "markdown")
    assert first.startswith(f"# {int(source.stem[:2])} · ") and "?" in first.splitlines()[0] and "\n**" in first
    assert any("## Exercises\n" in text and "**练习：**" in text for text in rest)


def test_the_readme_names_every_notebook() -> None:
    words = (HERE / "README.md").read_text(encoding="utf-8")
    assert [source.name for source in sources() if f"({source.with_suffix('.ipynb').name})" not in words] == []
