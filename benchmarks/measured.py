"""A function run in a process of its own, with its seconds and its peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measure:
    """What a function answered, how long it took without imports, and the most memory its process held."""

    answer: Any
    seconds: float
    megabytes: float


def measured(
    name: str, *args: Any, patience: float | None = None, settings: Mapping[str, str] | None = None
) -> Measure | None:
    """Run ``module:function`` with plain arguments in a new process; None where it is ended after `patience` seconds.

    `settings` are added to its environment.

    >>> vars(measured("builtins:sum", [1, 2]))["answer"]
    3
    """
    asked = [sys.executable, "-m", "benchmarks.measured", name, json.dumps(args)]
    try:
        said = subprocess.run(
            asked,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=patience,
            env={**os.environ, **(settings or {})},
        ).stdout
    except subprocess.TimeoutExpired:
        return None
    return Measure(**json.loads(said.splitlines()[-1]))


def _run(name: str, args: list[Any]) -> dict[str, Any]:
    module, _, function = name.partition(":")
    called = getattr(import_module(module), function)
    begun = time.perf_counter()
    answer = called(*args)
    seconds = time.perf_counter() - begun
    return {"answer": answer, "seconds": seconds, "megabytes": _peak()}


def _peak() -> float:
    """The most memory held since this programme began; `getrusage` would count its parent's too (Linux)."""
    stated = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(stated["VmHWM"].split()[0]) / 1024


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1], json.loads(sys.argv[2]))))
