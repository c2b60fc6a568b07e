"""How long the command takes to answer: its help, and the check of a large workbook."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from allocator import load_sample
from benchmarks.enlarge import enlarged

ROWS = 98


def command(quick: bool) -> pd.DataFrame:
    """`yaosu --help`, the best of five, and `yaosu check` of a workbook of 98 times the sample."""
    case = enlarged(load_sample("shandong-2020"), 2 if quick else ROWS)
    with tempfile.TemporaryDirectory() as folder:
        path = case.write(Path(folder) / "case.xlsx", "zh")
        help_ = ("yaosu --help", f"{min(_seconds(['--help']) for _ in range(5)):.2f}", "0.3")
        check = (f"yaosu check, {len(case.projects):,} projects", f"{_seconds(['check', str(path)]):.1f}", "15")
    return pd.DataFrame([help_, check], columns=["command", "seconds", "target"])


def _seconds(args: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "workbench", *args], check=False, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun
