"""A solver process never outlives what started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from allocator.child import run_child


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def _wait_for(path: Path) -> int:
    while not (path.exists() and path.read_text().strip()):
        time.sleep(0.02)
    return int(path.read_text())


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel does this on Linux only")
def test_a_child_ends_with_its_killed_parent(tmp_path: Path) -> None:
    written = tmp_path / "pid"
    script = (
        "from pathlib import Path; from allocator.child import run_child; "
        f"here = Path({str(tmp_path)!r}); "
        "run_child(['sh', '-c', 'echo $$ > pid; exec sleep 60'], here, here / 'log', 60.0)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])
    child = _wait_for(written)
    assert _alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(250):
        if not _alive(child):
            break
        time.sleep(0.02)
    assert not _alive(child)


def test_a_child_that_overruns_its_time_is_ended(tmp_path: Path) -> None:
    begun = time.monotonic()
    assert run_child(["sh", "-c", "exec sleep 60"], tmp_path, tmp_path / "log", 0.2) is False
    assert time.monotonic() - begun < 30
