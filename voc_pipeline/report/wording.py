"""How the report writes numbers, dates and other people's text. Plain text out, never markup."""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal
from math import floor

from voc_pipeline.report import dates

MINUS = "\N{MINUS SIGN}"
DASH = dates.DASH
TIMES = "\N{MULTIPLICATION SIGN}"
ELLIPSIS = "…"
LABEL_LIMIT = 90
SENTENCE_LIMIT = 300
QUOTE_LIMIT = 260

_ENGLISH = dates.Calendar()
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

# Control characters, line and paragraph separators, direction marks and overrides, interlinear
# and tag characters, private noncharacters: they can hide or reorder what a reader sees.
_UNSEEN = (
    "\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f\ud800-\udfff"
)
_UNSEEN_RUN = re.compile(f"[{_UNSEEN}]+")


def number_word(count: int) -> str:
    """`three` up to ten, `11` and `1,234` above."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else grouped(count)


def grouped(value: float) -> str:
    """A whole number with thousands separated: `1,234`."""
    return f"{round(value):,}".replace("-", MINUS)


def decimal(value: float) -> str:
    """One decimal below 100, none from there on: `31.9`, `1,240`."""
    return f"{value:,.1f}".replace("-", MINUS) if abs(value) < 99.95 else grouped(value)


def percent(share: float, digits: int = 1) -> str:
    """`39.1%` for .391. Never rounded up to 100 or down to 0: `99.9%` for .9996."""
    unit = Decimal(1).scaleb(-digits)
    shown = (Decimal(repr(share)) * 100).quantize(unit, ROUND_HALF_EVEN)
    if 0.99 < share < 1 and shown >= 100:
        shown = 100 - unit
    elif 0 < share < 0.01 and shown == 0:
        shown = (Decimal(repr(share)) * 100).quantize(unit, ROUND_UP)
    return f"{shown:,}%".replace("-", MINUS)


def change(share: float) -> str:
    """A change with its sign: `+12%`, and a minus for a fall."""
    return f"+{percent(share, 0)}" if share > 0 else percent(share, 0)


def mean(value: float, *, is_signed: bool = False) -> str:
    """A mean of answers with two decimals: `2.87`; a difference with its sign: `+0.25`."""
    return f"{value:{'+' if is_signed else ''}.2f}".replace("-", MINUS)


def signed(count: float) -> str:
    """A whole number with its sign: `+12`, and a minus below zero."""
    return f"+{grouped(count)}" if round(count) > 0 else grouped(count)


def times(ratio: float) -> str:
    """A ratio as a multiple, one decimal below 10: 2.4 times, 12 times."""
    return f"{ratio:.1f}{TIMES}" if ratio < 9.95 else f"{ratio:,.0f}{TIMES}"


def span(lower: float | None, upper: float | None) -> str:
    """A range of counts, both ends rounded down: a whole count above the end shown is above it."""
    if lower is None or upper is None:
        return "none yet"
    return f"{grouped(max(floor(lower), 0))}{DASH}{grouped(max(floor(upper), 0))}"


def about(count: float) -> str:
    """A mean number of things: `about 2`, `fewer than one`."""
    return f"about {grouped(count)}" if count >= 0.95 else "fewer than one"


def month(value: date) -> str:
    """`November`, whatever the machine's locale."""
    return _ENGLISH.month(value)


def day(value: date) -> str:
    """`9 November 2026`."""
    return _ENGLISH.day(value)


def short_day(value: date) -> str:
    """`9 Nov`."""
    return _ENGLISH.short_day(value)


def week_days(monday: date) -> str:
    """The first and last day of a week, month and year said once where they are the same."""
    return _ENGLISH.week_days(monday)


def instant(value: datetime, time_zone: str) -> str:
    """A naive UTC instant on the company's clock: `Mon 16 November 2026, 06:00`."""
    return _ENGLISH.instant(value, time_zone)


def counted(count: int, one: str, many: str) -> str:
    """`1 report`, `1,234 reports`."""
    return f"{grouped(count)} {one if count == 1 else many}"


def capital(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


def listed(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def cleaned(text: str | None, limit: int = LABEL_LIMIT) -> str:
    """A name or sentence for display: unseen characters become spaces, length is bounded."""
    if not text:
        return ""
    visible = " ".join(_UNSEEN_RUN.sub(" ", text[: limit * 8]).split())
    if len(visible) <= limit:
        return visible + (ELLIPSIS if len(text) > limit * 8 else "")
    return visible[:limit].rstrip() + ELLIPSIS


def excerpt(quote: str, limit: int) -> tuple[str, bool, bool]:
    """The part of a quote to show: a substring of it, and whether words are cut before, after.

    Unseen characters split the quote and the longest part is taken, so that what is shown
    remains letter by letter what is stored. A long part ends at a space if one is near.
    """
    start, part = 0, ""
    position = 0
    for piece in re.split(f"([{_UNSEEN}]+)", quote):
        if len(piece.strip()) > len(part.strip()) and not _UNSEEN_RUN.match(piece):
            start, part = position, piece
        position += len(piece)
    shown = part.strip()
    start += part.find(shown) if shown else 0
    if len(shown) > limit:
        space = shown.rfind(" ", limit * 3 // 4, limit)
        shown = shown[: space if space > 0 else limit].rstrip()
    before, after = quote[:start], quote[start + len(shown) :]
    return shown, bool(before.strip()), bool(after.strip())
