"""What a long command is doing, on one line of a terminal; nothing anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from allocator.labels import Lang, label

if TYPE_CHECKING:
    from allocator.program import Progress


class Watch:
    """One line on standard error where that is a terminal: what is done, the best plan so far and what none can exceed.

    >>> with Watch("en") as watch:
    ...     watch.doing("checking")
    """

    def __init__(self, lang: Lang) -> None:
        from rich.console import Console

        self._lang = lang
        self.counted: tuple[int, int] | None = None
        console = Console(stderr=True)
        self._line = console.status("") if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._line is not None:
            self._line.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.stop()

    def doing(self, step: str, **values: object) -> None:
        """A step by the words ``cli.progress.<step>``."""
        if self._line is not None:
            self._line.update(label(f"cli.progress.{step}", self._lang, **values))

    def solving(self, now: Progress) -> None:
        """Best value, bound, gap and seconds of a solve."""
        value, bound = ("–" if known is None else f"{known:,.0f}" for known in (now.incumbent, now.bound))
        gap = "–" if now.gap is None else f"{now.gap:.2%}"
        self.doing("solving", value=value, bound=bound, gap=gap, seconds=f"{now.seconds:.0f}")

    def counting(self, step: str) -> Callable[[int, int], None]:
        """Tells how many are done of how many, by the words ``cli.progress.<step>``."""
        return lambda done, total: self.doing(step, done=done, total=total)

    def timing(self, step: str) -> Callable[[int, int], None]:
        """As `counting`, with how long the rest will take at the pace so far; remembers what was counted last."""
        first: list[float] = []

        def tell(done: int, total: int) -> None:
            self.counted = (done, total)
            first[:] = first or [time.monotonic(), done]
            since, before = first
            said = ""
            if done > before:
                left = (total - done) * (time.monotonic() - since) / (done - before)
                said = label("cli.lasting.left", self._lang, time=lasting(left, self._lang))
            self.doing(step, done=f"{done:,}", total=f"{total:,}", left=said)

        return tell


def lasting(seconds: float, lang: Lang) -> str:
    """A while in words.

    >>> lasting(42.4, "en"), lasting(200, "en"), lasting(7300, "zh")
    ('42 s', '3 min', '2.0小时')
    """
    for unit, long, figures in (("hours", 3600.0, 1), ("minutes", 60.0, 0)):
        if seconds >= 1.5 * long:
            return label(f"cli.lasting.{unit}", lang, time=f"{seconds / long:.{figures}f}")
    return label("cli.lasting.seconds", lang, time=f"{seconds:.0f}")
