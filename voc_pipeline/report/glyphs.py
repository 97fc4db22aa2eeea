"""Which signs a font can show, and a visible mark for those that it cannot.

An accessible PDF may hold no sign without a glyph, and customers write in every script and in
emoji. What the font lacks becomes `[?]`, one for a run of such signs, so that a reader sees that
something stands there; the HTML report shows it.
"""

import re
import struct
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

UNSHOWN = "[?]"
INSTEAD = str.maketrans({"○": "◌", "◷": "◌", "✕": "\N{MULTIPLICATION SIGN}"})
"""Our own glyphs that Source Sans lacks, and its nearest ones."""
_JOINERS = str.maketrans(dict.fromkeys((0x00AD, 0x034F, 0x200B, 0x200C, 0x200D, 0xFE0E, 0xFE0F)))
_LONG_WORD = re.compile(r"\S{24}(?=\S)")
BREAK = "\u200b"


def covered(font: Path) -> frozenset[int]:
    """The code points that a TrueType or OpenType font maps to a glyph.

    Raises:
        ValueError: the file has no Unicode character map of format 12.

    Method: OpenType specification, table cmap.
    """
    content = font.read_bytes()
    (count,) = struct.unpack_from(">H", content, 4)
    for number in range(count):
        tag, _, start, _ = struct.unpack_from(">4sLLL", content, 12 + 16 * number)
        if tag == b"cmap":
            return frozenset(_mapped(content, start))
    raise ValueError(f"{font.name} has no character map")


def _mapped(content: bytes, start: int) -> set[int]:
    (count,) = struct.unpack_from(">H", content, start + 2)
    found: set[int] = set()
    for number in range(count):
        platform, _, offset = struct.unpack_from(">HHL", content, start + 4 + 8 * number)
        if platform not in (0, 3):
            continue
        at = start + offset
        (kind,) = struct.unpack_from(">H", content, at)
        if kind == 12:
            (groups,) = struct.unpack_from(">L", content, at + 12)
            for group in range(groups):
                first, last, _ = struct.unpack_from(">LLL", content, at + 16 + 12 * group)
                found.update(range(first, last + 1))
    if not found:
        raise ValueError("the font has no character map of format 12")
    return found


def unshowable(shown: Iterable[int]) -> re.Pattern[str]:
    """Finds runs of signs that are none of these code points."""
    points = sorted({*shown, 0x20, 0x0A, ord(BREAK)})
    spans: list[list[int]] = []
    for point in points:
        if spans and spans[-1][1] == point - 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    kept = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in spans)
    return re.compile(f"[^{kept}]+")


@lru_cache(maxsize=4096)
def showable(text: str, missing: re.Pattern[str]) -> str:
    """The text as the font can show it; a long word may break every 24 signs."""
    made = missing.sub(UNSHOWN, text.translate(_JOINERS).translate(INSTEAD))
    return _LONG_WORD.sub(lambda found: found[0] + BREAK, made)
