"""Makes the subset of Noto Sans SC that is shipped; run once, with Debian's font as input.

apt-get download fonts-noto-cjk && dpkg-deb -x fonts-noto-cjk_*.deb noto
python -m allocator.fonts.make_subset noto/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

FAMILY, FILE = "Noto Sans SC", "NotoSansSC-subset.otf"
EXTRA = "₀₁₂₃²³×÷±≤≥≈≠−–—…‘’“”•·′″°℃%‰€£¥√∞αβγδελμπσρτφω①②③④⑤⑥⑦⑧⑨⑩←↑→↓✓✗■□●○▲△▼▽◆◇★☆"


def characters() -> set[int]:
    """GB2312, Latin letters with accents, and the signs that charts use."""
    chinese = {
        ord(bytes((high, low)).decode("gb2312"))
        for high in range(0xA1, 0xF8)
        for low in range(0xA1, 0xFF)
        if bytes((high, low)).decode("gb2312", "ignore")
    }
    return chinese | set(range(0x20, 0x7F)) | set(range(0xA0, 0x100)) | {ord(sign) for sign in EXTRA}


def subset(collection: Path, target: Path) -> None:
    """Write the glyphs of `characters` from the Simplified Chinese member of a collection."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTCollection

    font: Any = next(font for font in TTCollection(collection).fonts if "CJK SC" in font["name"].getDebugName(1))
    options = Options(layout_features=["kern"], hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    for name in font["name"].names:
        text = {1: FAMILY, 4: FAMILY, 6: FAMILY.replace(" ", "")}.get(name.nameID)
        if text:
            name.string = text
    font.save(target)


if __name__ == "__main__":
    subset(Path(sys.argv[1]), Path(__file__).with_name(FILE))
