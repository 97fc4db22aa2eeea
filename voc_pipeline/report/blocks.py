"""The parts of which a printed or mailed report is laid out: texts, charts, tables, cards.

A block holds finished texts and drawings, no figure to be formatted and no markup: a PDF and a
letter made from the same blocks show the same figures. What stands where is decided in `outline`;
how it looks, by each form's template.
"""

import re
from functools import lru_cache
from html import unescape
from typing import Literal

from pydantic import Field

from models.table import Contract

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


class Run(Contract):
    """A piece of text in one style."""

    text: str
    style: Style = ""


Runs = tuple[Run, ...]


class Chart(Contract):
    """A drawing, and what it shows in words."""

    svg: str
    alt: str = Field(min_length=1)
    width: float = Field(gt=0, description="Points; 0.75 of the drawing's pixels.")


class Cell(Contract):
    """One field of a table: texts, a drawing, a quieter line below."""

    runs: Runs = ()
    chart: Chart | None = None
    below: str = ""
    spoken: str = Field("", description="What the drawing shows, where none can be shown.")
    anchor: str = Field("", description="Where its text leads to; empty: nowhere.")


class Column(Contract):
    """One column of a table."""

    name: str
    chart: Chart | None = Field(None, description="A scale under the name.")
    width: float | None = Field(None, description="Points; None: what is left.")
    is_number: bool = False


class Row(Contract):
    """One line of a table; a group's heading has one cell over all columns."""

    cells: tuple[Cell, ...]
    is_group: bool = False
    is_strong: bool = False


class Table(Contract):
    """A table with a heading row that repeats on every page."""

    kind: Literal["table"] = "table"
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


class Masthead(Contract):
    """The line over the report."""

    kind: Literal["masthead"] = "masthead"
    brand: str
    when: str
    company: str
    badge: str = ""


class Heading(Contract):
    """A heading; levels are never skipped, for those who hear the report read out."""

    kind: Literal["heading"] = "heading"
    level: Literal[1, 2, 3, 4]
    look: Literal["title", "part", "section", "small"]
    text: str
    aside: Runs = Field((), description="Quieter words behind it.")
    anchor: str = ""


class Text(Contract):
    """A paragraph."""

    kind: Literal["text"] = "text"
    role: Literal["lede", "body", "small", "tag", "splits", "end"] = "body"
    runs: Runs


class Notices(Contract):
    """What must be read before any figure."""

    kind: Literal["notices"] = "notices"
    notices: tuple["NoticeLine", ...]


class NoticeLine(Contract):
    """One of them."""

    mark: str
    text: str
    tone: Style


class Key(Contract):
    """One of the key figures."""

    name: str
    value: str
    chart: Chart
    note: str


class Keys(Contract):
    """The key figures in a row."""

    kind: Literal["keys"] = "keys"
    keys: tuple[Key, ...]


class Card(Contract):
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


class Cards(Contract):
    """The cards side by side."""

    kind: Literal["cards"] = "cards"
    cards: tuple[Card, ...]


class Figure(Contract):
    """A drawing as wide as the page."""

    kind: Literal["figure"] = "figure"
    caption: Runs = ()
    chart: Chart


class Bar(Contract):
    """One line of a split; their sum has no bar."""

    name: str
    chart: Chart | None
    extra: str


class Bars(Contract):
    """A split of a change, a bar a line."""

    kind: Literal["bars"] = "bars"
    bars: tuple[Bar, ...]


class Rate(Contract):
    """A function's figure beside its weeks."""

    kind: Literal["rate"] = "rate"
    value: str
    note: str
    chart: Chart


class Quote(Contract):
    """A customer's words and where they stand."""

    kind: Literal["quote"] = "quote"
    text: str
    source: str


class Lines(Contract):
    """A list with dots, or with hairlines between the lines."""

    kind: Literal["lines"] = "lines"
    is_ruled: bool = False
    lines: tuple[Runs, ...]


class Beside(Contract):
    """Two stacks of blocks side by side."""

    kind: Literal["beside"] = "beside"
    left_share: float = 0.5
    left: tuple["Block", ...]
    right: tuple["Block", ...]


class Panels(Contract):
    """Stacks of blocks in two columns, each under a heavy line."""

    kind: Literal["panels"] = "panels"
    panels: tuple[tuple["Block", ...], ...]


Block = (
    Masthead | Heading | Text | Notices | Keys | Cards | Table | Figure | Bars | Rate | Quote
    | Lines | Beside | Panels
)  # fmt: skip
Page = tuple[Block, ...]


class Outline(Contract):
    """A whole report, page by page; the first is page one."""

    title: str
    language: str
    footer: str
    pages: tuple[Page, ...]


Notices.model_rebuild()
Beside.model_rebuild()
Panels.model_rebuild()


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
