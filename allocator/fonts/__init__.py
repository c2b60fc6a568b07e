"""Chinese in charts on any machine: a subset of Noto Sans SC comes with the package (SIL Open Font License)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FAMILIES = ["DejaVu Sans", "Noto Sans SC"]
"""Latin letters from the first, Chinese ones from the second."""
FILE = Path(__file__).with_name("NotoSansSC-subset.otf")


@contextmanager
def use_fonts() -> Iterator[None]:
    """Text made inside shows Chinese; matplotlib's settings are as before outside.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> with use_fonts():
    ...     Figure().text(0.5, 0.5, "用地").get_fontfamily()
    ['DejaVu Sans', 'Noto Sans SC']
    """
    import matplotlib

    _load()
    with matplotlib.rc_context({"font.family": FAMILIES, "axes.unicode_minus": True}):
        yield


def settle(figure: Figure) -> Figure:
    """Tick labels that matplotlib makes only when it draws get the fonts too."""
    for axes in figure.axes:
        axes.tick_params(which="both", labelfontfamily=FAMILIES)
    return figure


@cache
def _load() -> None:
    from matplotlib.font_manager import fontManager

    fontManager.addfont(FILE)
