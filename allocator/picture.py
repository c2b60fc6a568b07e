"""A figure that a notebook shows by itself: of its own matplotlib shows only those that pyplot has made."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import Any

from matplotlib.figure import Figure

DPI = 96
"""Of a screen."""


class Picture(Figure):
    """A figure that IPython shows, the same bytes each time.

    >>> Picture(figsize=(1, 1))._repr_png_()[1:4]
    b'PNG'
    """

    def savefig(self, *args: Any, **options: Any) -> None:
        """Draw into a file; where names leave no room for axes, matplotlib draws them as they are."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "constrained_layout not applied", UserWarning)
            super().savefig(*args, **options)

    def _repr_png_(self) -> bytes:
        target = BytesIO()
        self.savefig(target, format="png", dpi=DPI, metadata={"Software": None})
        return target.getvalue()
