"""How every picture looks: fonts, colours, numbers on the axes, titles, and how it is saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from allocator import workbook
from allocator.errors import YaosuError
from allocator.fonts import settle, use_fonts
from allocator.labels import Lang, label
from allocator.speech import Speech

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

DPI = 150
INK, MUTED, GRID, PALE = "#1f2933", "#66727f", "#e4e8ec", "#e3e7eb"
BLUE, AMBER, GREY, RED = "#1f5f99", "#e08e1b", "#8a949e", "#c2513f"
TEAL, SKY, SILVER = "#2a9d8f", "#8fbcdf", "#b9c1c9"
"""Apart also for the colour blind and in grey print."""
TITLE, TEXT, SMALL = 13.0, 9.5, 8.5
SUBTITLE: dict[str, Any] = {"loc": "left", "fontsize": TEXT + 0.5, "color": MUTED}

SCALES: dict[Lang, tuple[tuple[float, str], ...]] = {
    "en": ((1e9, " bn"), (1e6, " M"), (1e3, " k")),
    "zh": ((1e8, "亿"), (1e4, "万")),
}


def short(value: float, lang: Lang) -> str:
    """A number in three figures for axes and labels: k, M and bn in English, 万 and 亿 in Chinese.

    >>> short(34_600_000, "en"), short(34_600_000, "zh"), short(-1250, "en"), short(0.0, "zh")
    ('34.6 M', '3460万', '\N{MINUS SIGN}1.25 k', '0')
    """
    size, word = next(((size, word) for size, word in SCALES[lang] if abs(value) >= size * 0.9995), (1.0, ""))
    scaled = abs(value) / size
    digits = f"{scaled:.3g}" if scaled < 1000 else f"{float(f'{scaled:.3g}'):.0f}"
    sign = "\N{MINUS SIGN}" if value < 0 and float(digits) else ""
    return f"{sign}{digits}{word}"


def signed(value: float, lang: Lang) -> str:
    """A change in three figures, with its sign.

    >>> signed(1250, "en"), signed(-20_000, "zh"), signed(0.0, "en")
    ('+1.25 k', '\N{MINUS SIGN}2万', '0')
    """
    return f"+{short(value, lang)}" if value > 0 else short(value, lang)


@contextmanager
def canvas(width: float, height: float) -> Iterator[Figure]:
    """A figure to draw on, in inches; its texts show Chinese, and matplotlib's settings stay as they are.

    >>> with canvas(4, 3) as figure:
    ...     axes = figure.subplots()
    >>> axes.get_xticklabels()[0].get_fontfamily()
    ['DejaVu Sans', 'Noto Sans SC']
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from allocator.picture import Picture

    with use_fonts():
        layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)
        figure = Picture(figsize=(width, height), layout=layout, facecolor="white")
        yield figure
        settle(figure)


def headline(figure: Figure, text: str) -> None:
    """The finding, above everything."""
    figure.suptitle(text, x=0.012, ha="left", fontsize=TITLE, color=INK)


def footnote(figure: Figure, text: str) -> None:
    """What must be known to read the picture, below everything."""
    figure.supxlabel(text, x=0.012, ha="left", fontsize=SMALL, color=MUTED)


def legend(figure: Figure, axes: Axes) -> None:
    """The legend of some axes in a row below everything, bars before lines."""
    from matplotlib.lines import Line2D

    handles, names = axes.get_legend_handles_labels()
    order = sorted(range(len(names)), key=lambda place: isinstance(handles[place], Line2D))
    handles, names = [handles[place] for place in order], [names[place] for place in order]
    figure.legend(handles, names, loc="outside lower left", ncols=len(names), frameon=False, fontsize=TEXT,
                  labelcolor=INK, handlelength=1.2, columnspacing=1.6)  # fmt: skip


def tidy(axes: Axes, grid: Literal["x", "y", "both"], lang: Lang) -> None:
    """No frame, quiet ticks, a grid along the numbers, numbers in words."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    axes.tick_params(length=0, labelsize=TEXT, labelcolor=INK)
    axes.grid(axis=grid, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        axis.label.set(fontsize=TEXT, color=MUTED)
        if grid in (name, "both"):
            numbers(axis, lang)


def center_rows(axes: Axes, rows: int, least: int) -> None:
    """Rows from the top down, a few of them in the middle."""
    middle, half = (rows - 1) / 2, max(rows, least) / 2
    axes.set_ylim(middle + half, middle - half)


def numbers(axis: Axis, lang: Lang) -> None:
    """Numbers of an axis in words."""
    axis.set_major_formatter(lambda value, _: short(value, lang))


def nothing(text: str) -> Figure:
    """A picture that says why there is none."""
    with canvas(7.0, 2.2) as figure:
        figure.text(0.5, 0.5, text, ha="center", va="center", fontsize=TITLE, color=MUTED, wrap=True)
    return figure


def no_plan(status: str, lang: Lang) -> Figure:
    """The picture of a plan that does not exist."""
    return nothing(label("plot.no_plan", lang, status=Speech(lang).status(status)))


def save(figure: Figure, path: str | Path) -> Path:
    """Write a picture as PNG at 150 dpi, the same bytes each time; it is seen under its name when it is whole.

    Parameters
    ----------
    figure : Figure
    path : str or Path
        Its folder is made when missing.

    Raises
    ------
    YaosuError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(nothing("no plan"), Path(folder) / "plan.png").read_bytes()[1:4]
    b'PNG'
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        workbook.replace_file(
            target, lambda temporary: figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})
        )
    except OSError as error:
        raise YaosuError("cannot_write", {"found": str(target), "reason": error.strerror or str(error)}) from error
    return target
