"""Ctrl-C and SIGTERM while a plan is made: the best plan so far is kept."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Self

from allocator.errors import YaosuError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Raises `KeyboardInterrupt` where the work is, and remembers that it did, since a solver that stops answers.

    What a library makes of an interruption, such as a file that it cannot close, is an interruption still.

    >>> with Interruption() as stop:
    ...     stop.heard
    False
    """

    def __init__(self) -> None:
        self.heard = False

    def __enter__(self) -> Self:
        self._before = [signal.signal(number, self._hear) for number in SIGNALS]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in zip(SIGNALS, self._before, strict=True):
            signal.signal(number, before)
        if self.heard and isinstance(error, Exception) and not isinstance(error, YaosuError):
            raise KeyboardInterrupt from error

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.heard = True
        raise KeyboardInterrupt
