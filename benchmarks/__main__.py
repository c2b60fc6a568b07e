"""``python -m benchmarks [NAME ...] [--quick] [--out FILE]``: the measured claims, as Markdown tables."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd

from allocator.summary import versions
from benchmarks.command import command
from benchmarks.plans import promised, scale
from benchmarks.published import published

PARTS: dict[str, Callable[[bool], pd.DataFrame]] = {
    "command": command, "plan": promised, "published": published, "scale": scale,
}  # fmt: skip


def main() -> None:
    """Measure what is asked for, print it, and write it where told."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--out", type=Path, help="a Markdown file to write")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; expected {', '.join(PARTS)}")
    told = [f"# Benchmarks\n\n{_machine()}\n"]
    for name in asked.names or PARTS:
        said = (PARTS[name].__doc__ or "").strip()
        told.append(f"## {name}\n\n{said}\n\n{_markdown(PARTS[name](asked.quick))}\n")
        print(told[-1], flush=True)
    if asked.out:
        asked.out.write_text("\n".join(told), encoding="utf-8")


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    known = ", ".join(f"{name} {version}" for name, version in versions().items())
    return (f"Measured on {date.today()} with `python -m benchmarks` on {os.cpu_count()} cores, {memory:.0f} GiB, "
            f"{platform.system()} {platform.machine()}; {known}.")  # fmt: skip


def _markdown(table: pd.DataFrame) -> str:
    rows = [list(table.columns), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    main()
