"""A report as one page that opens from disk without a network: styles, script, pictures and font are inside."""

from __future__ import annotations

import base64
import io
import re
from importlib import metadata

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from allocator import fonts
from allocator.labels import label
from workbench.report import Picture, Report

TONGUES = {"en": "en", "zh": "zh-CN"}


def page(report: Report) -> str:
    """The report as HTML."""
    words = Environment(
        loader=PackageLoader("workbench"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    pictures = {one.key: drawn(one) for one in report.pictures}
    made = words.get_template("report.html").render(
        report=report, tongue=TONGUES[report.lang], pictures=pictures, footer=footer(report), font=_MARK,
        say=lambda key: label(key, report.lang),
    )  # fmt: skip
    return made.replace(_MARK, font(made))


_MARK = "FONT-OF-THIS-PAGE"


def footer(report: Report) -> str:
    """What stands at the foot: case, input, seed, version, date."""
    return label("report.footer", report.lang, version=metadata.version("yaosu"), **report.about)


def drawn(picture: Picture) -> Markup:
    """A picture as SVG that stands in a page: texts are outlines, names of its parts are its own.

    Examples
    --------
    >>> from allocator.plotstyle import nothing
    >>> made = drawn(Picture("empty", "<none>", lambda: nothing("没有")))
    >>> made.startswith('<svg role="img" aria-labelledby="empty-title"'), "&lt;none&gt;" in made, "<metadata" in made
    (True, True, False)
    """
    import matplotlib

    made = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": picture.key}):
        picture.draw().savefig(
            made, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    text = re.sub(r"<metadata>.*?</metadata>", "", made.getvalue(), flags=re.DOTALL)
    text = text[text.index("<svg") :]
    text = re.sub(r'\bid="', f'id="{picture.key}-', text)
    text = re.sub(r'(href="|url\()#', rf"\g<1>#{picture.key}-", text)
    head, inside = text.split(">", 1)
    head = re.sub(r' (?:width|height)="[^"]*"', "", head)
    named = f'<svg role="img" aria-labelledby="{picture.key}-title"'
    title = f'<title id="{picture.key}-title">{escape(picture.alt)}</title>'
    return Markup(f"{head.replace('<svg', named, 1)}>{title}{inside.strip()}")


def font(text: str) -> str:
    """The signs of a text that Latin fonts lack, as a font in base64, for machines without a Chinese one."""
    from fontTools import subset

    signs = "".join(sorted({sign for sign in text if ord(sign) > 0x2000}))
    options = subset.Options(flavor="woff", layout_features=[], hinting=False, notdef_outline=True)
    whole = subset.load_font(fonts.FILE, options)
    maker = subset.Subsetter(options)
    maker.populate(text=signs)
    maker.subset(whole)
    made = io.BytesIO()
    whole.flavor = "woff"
    whole.save(made)
    return base64.b64encode(made.getvalue()).decode("ascii")
