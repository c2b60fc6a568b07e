"""``python -m benchmarks [NAME ...] [--quick] [--out FILE]``: the measured claims, as Markdown tables."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from datetime import date
from inspect import cleandoc
from pathlib import Path

import pandas as pd

from allocator.summary import versions
from benchmarks.command import command
from benchmarks.loop import loop
from benchmarks.plans import promised, scale
from benchmarks.published import published
from benchmarks.review import review

PARTS: dict[str, Callable[[bool], pd.DataFrame]] = {
    "command": command, "plan": promised, "published": published, "scale": scale, "review": review, "loop": loop,
}  # fmt: skip
TITLE = "# Benchmarks"


def main() -> None:
    """Measure what is asked for, print it, and write it where told."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--out", type=Path, help="a Markdown file to write; what it holds of other parts stays")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; expected {', '.join(PARTS)}")
    told = {name: _section(name, asked.quick) for name in asked.names or PARTS}
    if asked.out:
        kept = sections(asked.out.read_text("utf-8")) if asked.out.exists() else {}
        found = kept | told
        asked.out.write_text("\n".join([f"{TITLE}\n", *(found[name] for name in PARTS if name in found)]), "utf-8")


def _section(name: str, quick: bool) -> str:
    said = (PARTS[name].__doc__ or "").strip()
    told = f"## {name}\n\n{_machine(name)}\n\n{cleandoc(said)}\n\n{_markdown(PARTS[name](quick))}\n"
    print(told, flush=True)
    return told


def sections(text: str) -> dict[str, str]:
    """The parts of a page written before, by name.

    >>> sections("# Benchmarks\\n\\n## plan\\n\\nfast\\n\\n## scale\\n\\nlarge\\n")
    {'plan': '## plan\\n\\nfast\\n', 'scale': '## scale\\n\\nlarge\\n'}
    """
    parts = ("\n" + text).split("\n## ")[1:]
    return {part.split("\n", 1)[0]: f"## {part.rstrip()}\n" for part in parts}


def _machine(name: str) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    known = ", ".join(f"{name} {version}" for name, version in versions().items())
    machine = f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"
    return f"Measured on {date.today()} with `python -m benchmarks {name}` on {machine}; {known}."


def _markdown(table: pd.DataFrame) -> str:
    rows = [list(table.columns), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    main()
