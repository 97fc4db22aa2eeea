"""The parts of which a printed or mailed report is laid out: texts, charts, tables, cards.

A block holds finished texts and drawings, no figure to be formatted and no markup: a PDF and a
letter made from the same blocks show the same figures. What stands where is decided in `outline`;
how it looks, by each form's template.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from html import unescape
from typing import Any, Literal, get_args

_INK, _MUTE, _EDGE, _BLUE, _BAD, _GOOD = (
    "#1b2430", "#4d5966", "#6b7888", "#1d4f91", "#a8201a", "#1e6b3c",
)  # fmt: skip
_DRAWN_LINE = {"fill": "none", "stroke": _BLUE, "stroke-width": "1.4", "stroke-linejoin": "round"}
_LOOKS: dict[str, dict[str, str]] = {
    "line": _DRAWN_LINE,
    "wide line": {**_DRAWN_LINE, "stroke-width": "1.8"},
    "band": {"fill": "#dde4ec"},
    "trough": {"fill": "#dde4ec"},
    "dot": {"fill": _INK},
    "above": {"fill": _BAD},
    "axis": {"fill": "none", "stroke": _EDGE},
    "grid": {"fill": "none", "stroke": "#c9d1da", "stroke-width": "0.7"},
    "bar": {"fill": _BLUE},
    "less": {"fill": _EDGE},
    "year": {
        "fill": "none", "stroke": _EDGE, "stroke-width": "1.5", "stroke-dasharray": "1.5 3.5",
        "stroke-linecap": "round",
    },
    "without": {
        "fill": "none", "stroke": _EDGE, "stroke-width": "1.8", "stroke-dasharray": "6 4",
    },
    "live": {"stroke": _INK, "stroke-width": "1.6"},
    "event": {"stroke": _INK, "stroke-dasharray": "3 3"},
    "ask": {"fill": "none", "stroke": _EDGE},
    "ok": {"fill": _GOOD, "stroke": _GOOD},
    "late": {"stroke": _BAD, "stroke-width": "1.6"},
    "cross": {"fill": "none", "stroke": _BAD, "stroke-width": "1.8"},
    "tick": {"text-anchor": "middle"},
    "scale": {"text-anchor": "end"},
    "end": {"text-anchor": "end"},
    "head": {"fill": _INK, "font-weight": "600"},
    "flag": {"fill": _INK, "font-weight": "600"},
    "val": {
        "fill": _INK, "text-anchor": "middle", "stroke": "#ffffff", "stroke-width": "2.5",
        "paint-order": "stroke",
    },
    "strong": {"font-weight": "700"},
    "own": {"fill": _BLUE, "font-weight": "700"},
}  # fmt: skip
"""The light looks of style.css.html.j2 as attributes, by the classes that `charts` uses."""
_WORDS = {"fill": _MUTE, "font-size": "11", "font-family": "Source Sans Pro"}

Style = Literal["", "strong", "mute", "bad", "warn", "good", "quiet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A piece of text in one style."""

    text: str
    style: Style = ""


Runs = tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing, and what it shows in words."""

    svg: str
    alt: str
    width: float
    """Points; 0.75 of the drawing's pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One field of a table: texts, a drawing, a quieter line below."""

    runs: Runs = ()
    chart: Chart | None = None
    below: str = ""
    spoken: str = ""
    """What the drawing shows, where none can be shown."""
    anchor: str = ""
    """Where its text leads to; empty: nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    name: str
    chart: Chart | None = None
    """A scale under the name."""
    width: float | None = None
    """Points; None: what is left."""
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table; a group's heading has one cell over all columns."""

    cells: tuple[Cell, ...]
    is_group: bool = False
    is_strong: bool = False
    height: float = 0.0
    """Points, where they are known beforehand: it spares a print the measuring; 0: as needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with a heading row that repeats on every page."""

    kind: Literal["table"] = "table"
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Masthead:
    """The line over the report."""

    kind: Literal["masthead"] = "masthead"
    brand: str
    when: str
    company: str
    badge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading; levels are never skipped, for those who hear the report read out."""

    kind: Literal["heading"] = "heading"
    level: Literal[1, 2, 3, 4]
    look: Literal["title", "part", "section", "small"]
    text: str
    aside: Runs = ()
    """Quieter words behind it."""
    anchor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph."""

    kind: Literal["text"] = "text"
    role: Literal["lede", "body", "small", "tag", "splits", "end"] = "body"
    runs: Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """What must be read before any figure."""

    kind: Literal["notices"] = "notices"
    notices: tuple["NoticeLine", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """One of them."""

    mark: str
    text: str
    tone: Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One of the key figures."""

    name: str
    value: str
    chart: Chart
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The key figures in a row."""

    kind: Literal["keys"] = "keys"
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An issue that asks for a look or a decision."""

    tone: Style
    tag: Runs
    title: str
    anchor: str
    count: str
    count_note: str
    chart: Chart
    texts: tuple[str, ...]
    asks: tuple[Runs, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """The cards side by side."""

    kind: Literal["cards"] = "cards"
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A drawing as wide as the page."""

    kind: Literal["figure"] = "figure"
    caption: Runs = ()
    chart: Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line of a split; their sum has no bar."""

    name: str
    chart: Chart | None
    extra: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A split of a change, a bar a line."""

    kind: Literal["bars"] = "bars"
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A function's figure beside its weeks."""

    kind: Literal["rate"] = "rate"
    value: str
    note: str
    chart: Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A customer's words and where they stand."""

    kind: Literal["quote"] = "quote"
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A list with dots, or with hairlines between the lines."""

    kind: Literal["lines"] = "lines"
    is_ruled: bool = False
    lines: tuple[Runs, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Two stacks of blocks side by side."""

    kind: Literal["beside"] = "beside"
    left_share: float = 0.5
    left: tuple["Block", ...]
    right: tuple["Block", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """Stacks of blocks in two columns, each under a heavy line."""

    kind: Literal["panels"] = "panels"
    panels: tuple[tuple["Block", ...], ...]


Block = (
    Masthead | Heading | Text | Notices | Keys | Cards | Table | Figure | Bars | Rate | Quote
    | Lines | Beside | Panels
)  # fmt: skip
Page = tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A whole report, page by page; the first is page one."""

    title: str
    language: str
    footer: str
    pages: tuple[Page, ...]


def as_json(value: object, shown: Callable[[str], str] = str, name: str = "") -> Any:  # noqa: ANN401
    """Blocks as JSON values: every text as `shown` gives it, drawings and names as they are."""
    if isinstance(value, str):
        return str(value) if name in _AS_IT_IS else shown(value)
    if isinstance(value, tuple):
        return [as_json(one, shown, name) for one in value]
    names = _NAMES.get(type(value))
    if names is None:
        return value
    return {one: as_json(getattr(value, one), shown, one) for one in names}


_AS_IT_IS = frozenset({"svg", "kind", "anchor", "style", "tone", "role", "look"})
_PARTS = (Run, Chart, Cell, Column, Row, NoticeLine, Key, Card, Bar, Outline)
_NAMES: dict[type, tuple[str, ...]] = {
    kind: tuple(one.name for one in fields(kind)) for kind in (*get_args(Block), *_PARTS)
}


def plain(text: str, style: Style = "") -> Runs:
    """One run."""
    return (Run(text=text, style=style),)


def cell(text: str, style: Style = "", *, below: str = "", anchor: str = "") -> Cell:
    """A field with one text."""
    return Cell(runs=plain(text, style), below=below, anchor=anchor)


def drawn(svg: str) -> Chart:
    """A chart of this room as a picture of its own: literal colours, its title in words beside."""
    svg = str(svg)  # not Markup, which would escape what is put in
    title = re.search(r"<title[^>]*>(.*?)</title>", svg, re.DOTALL)
    width = re.search(r'\bwidth="(\d+)"', svg)
    if title is None or width is None:
        raise ValueError("a chart has neither a title nor a width")
    picture = re.sub(r' data-ref="[^"]*"', "", svg.replace(title[0], "", 1))
    is_wide = picture.startswith('<svg class="wide"')
    picture = picture.replace("<svg class=", '<svg xmlns="http://www.w3.org/2000/svg" id=', 1)
    picture = _CLASS.sub(lambda found: f"<{found[1]} {_look(found[1], found[2], is_wide)}", picture)
    return Chart(svg=picture, alt=unescape(title[1]) or "Chart", width=int(width[1]) * 0.75)


_CLASS = re.compile(r'<(\w+) class="([\w ]+)"')


@lru_cache(maxsize=256)
def _look(element: str, classes: str, is_wide: bool) -> str:
    looks = dict(_WORDS) if element == "text" else {}
    for name in classes.split():
        looks |= _LOOKS.get(f"wide {name}" if is_wide else name, _LOOKS.get(name, {}))
    return " ".join(f'{name}="{value}"' for name, value in looks.items())
