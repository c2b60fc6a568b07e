"""A solver in a process of its own that can be ended: by a limit, by Ctrl-C, and when this process dies."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 5.0
POLL = 0.05


def run_child(args: list[str], folder: Path, log: Path, seconds: float) -> bool:
    """Run a command inside a folder; ask it to stop at the limit or on Ctrl-C, end it where it does not.

    Parameters
    ----------
    args : list of str
    folder : Path
        Its working directory, so that no path on its command line needs quoting.
    log : Path
        Takes its output.
    seconds : float
        When to ask it to stop.

    Returns
    -------
    bool
        Whether Ctrl-C stopped it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as here:
    ...     stopped = run_child([sys.executable, "-c", "print(6 * 7)"], Path(here), Path(here, "log"), 60.0)
    ...     stopped, Path(here, "log").read_text().strip()
    (False, '42')
    """
    interrupted = False
    with log.open("w") as output:
        child = subprocess.Popen(
            args, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=_die_with_parent(),
        )  # fmt: skip
        try:
            end = time.monotonic() + seconds
            while child.poll() is None and time.monotonic() < end:
                try:
                    child.wait(POLL)
                except subprocess.TimeoutExpired:
                    continue
                except KeyboardInterrupt:
                    interrupted = True
                    break
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(PATIENCE)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
    return interrupted


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel ends the child when its parent is killed."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def arrange() -> None:
        libc.prctl(1, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return arrange
