"""Reads a rendered report back and compares every figure on it with its reference.

Every number a reader sees must stand in an element that names, in order, where its figures come
from (`data-ref`); dates, the ticks of axes and page numbers aside. A number without a reference, a
reference without its figure, or a figure that reads otherwise than its value is a fault. The
customers' words must be an unbroken part of the stored quote (`data-quote`).

What the figures ought to be is asked of the tables elsewhere (`references.query_of`).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from math import floor

import polars as pl

from models.report import FigureReference, WeeklyReport
from models.table import TableRow
from voc_pipeline.report import wording
from voc_pipeline.report.dates import Calendar
from voc_pipeline.report.references import PUBLISHED, SENTENCE

WORDS = "words"
_VOID = {"meta", "br", "col"}
_ASIDE = {"style", "time"}
"""Elements whose numbers are no figures: the style sheet, and dates."""
_TICKS = {"tick", "scale", "head"}
_NUMBER = re.compile(rf"[+{wording.MINUS}]?\d(?:[\d,]*\d)?(?:\.\d+)?[%{wording.TIMES}]?")
_DRAWN = re.compile(r'<path class="[a-z ]+" d="[^"<>]*"/>')
"""Lines and areas of a picture: they hold no text."""
_TITLE_OF_FILE = "head"


@dataclass
class _Element:
    tag: str
    refs: list[str]
    quote: str | None
    is_aside: bool
    text: list[str] = field(default_factory=list)
    has_inner_refs: bool = False


class _Reader(HTMLParser):
    """Collects the text of each element with references, and every number outside of one."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[_Element] = []
        self.marked: list[_Element] = []
        self.loose: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        values = dict(attrs)
        outer = self.open[-1] if self.open else None
        classes = set((values.get("class") or "").split())
        self.open.append(
            _Element(
                tag=tag,
                refs=(values.get("data-ref") or "").split(),
                quote=values.get("data-quote"),
                is_aside=tag in _ASIDE
                or bool(classes & _TICKS)
                or (outer is not None and outer.is_aside),
            )
        )

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content holds no figure."""

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1].tag != tag:
            self.open.pop()
        if not self.open:
            return
        done = self.open.pop()
        if done.refs or done.quote is not None:
            self.marked.append(done)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1].is_aside:
            return
        for one in reversed(self.open):
            if one.refs or one.quote is not None:
                one.text.append(data)
                return
        if any(one.tag == _TITLE_OF_FILE for one in self.open):
            return
        if any(mark.isdigit() for mark in data):
            self.loose.append(data.strip())


def faults(html: str, report: WeeklyReport) -> list[str]:
    """Every figure of the page that is not the one its reference stands for; empty if all are.

    Args:
        html: the rendered report.
        report: its value, for the references and for the names it may print.
    """
    by_ref = {one.ref: one for one in report.references}
    words = frozenset(_texts(report.model_dump(exclude={"references"})))
    dates = _dates(report)
    reader = _Reader()
    reader.feed(_DRAWN.sub("", html))
    reader.close()
    found = [f"no reference for {text!r}" for text in reader.loose if _figures(text, dates)]
    for element in reader.marked:
        text = "".join(element.text)
        if element.quote is not None:
            found += _quote_faults(text, element.quote, by_ref)
        elif element.refs == [WORDS]:
            found += _word_faults(text, words)
        else:
            found += _faults(text, element.refs, by_ref, dates)
    return found


def unpublished(
    report: WeeklyReport,
    published: pl.DataFrame,
    tables: Mapping[type[TableRow], pl.DataFrame] | None = None,
) -> list[str]:
    """Figures of the report that are not those published under their reference.

    Args:
        report: the value that was rendered.
        published: rows of models.trend.PublishedFigure, of the report's week and before.
        tables: of other tables the rows as published with the report's week; a figure of one of
            them must be the cell that its reference names.
    """
    columns = published.select("week_start", "issue_id", "figure", "value").rows()
    known: dict[tuple[str, ...], float | None] = {
        (str(week), issue_id, figure): value for week, issue_id, figure, value in columns
    }
    found = [
        f"{one.ref}: {one.value} is printed, {known.get((*one.key, one.figure))} was published"
        for one in report.references
        if one.table == PUBLISHED
        and one.value is not None
        and not _is_same(one.value, known.get((*one.key, one.figure)))
    ]
    for model, rows in (tables or {}).items():
        found += _unlike_cells(report, model, rows)
    return found


def _unlike_cells(report: WeeklyReport, model: type[TableRow], rows: pl.DataFrame) -> list[str]:
    """Figures with a reference to this table that are not the cell it names."""
    by_key = {
        tuple("" if row[name] is None else str(row[name]) for name in model.grain): row
        for row in rows.iter_rows(named=True)
    }
    found = []
    for one in report.references:
        if one.table != model.table or one.value is None:
            continue
        stored = by_key.get(one.key, {}).get(one.figure)
        if not _is_same(one.value, stored):
            found.append(f"{one.ref}: {one.value} is printed, {stored} was published")
    return found


def _is_same(first: float, second: float | None) -> bool:
    return second is not None and abs(first - second) <= 1e-4 * max(1.0, abs(second))


def _faults(
    text: str, refs: list[str], by_ref: Mapping[str, FigureReference], dates: re.Pattern[str]
) -> list[str]:
    unknown = [ref for ref in refs if ref not in by_ref]
    if unknown:
        return [f"unknown reference {unknown[0]} at {text!r}"]
    figures = [by_ref[ref] for ref in refs]
    if len(figures) == 1 and figures[0].table == SENTENCE:
        told = figures[0]
        if text != (told.value_text or ""):
            return [f"{told.ref}: {text!r} is not the sentence stored"]
        if not told.key:  # of the register or the settings, stored word by word
            return []
        return _faults(text, list(told.key), by_ref, dates)
    return _read(text, figures, dates)


def _read(text: str, figures: Iterable[FigureReference], dates: re.Pattern[str]) -> list[str]:
    """The figures must follow one another in the text, and nothing between may be a number."""
    rest = text
    for one in figures:
        if one.unit == "text":
            stored = one.value_text or ""
            place = rest.find(stored)
            if place < 0 and rest.strip("“”. ") in stored:
                place, stored = 0, rest  # a part of a longer text
            if place < 0:
                return [f"{one.ref}: {rest!r} does not hold its text"]
            before, rest = rest[:place], rest[place + len(stored) :]
        else:
            shown = _NUMBER.search(dates.sub(" ", rest))
            if shown is None:
                if _is_word(rest, one.value):
                    continue
                return [f"{one.ref}: no figure in {rest!r}"]
            if shown[0] not in written(one):
                return [f"{one.ref}: {shown[0]} is none of {sorted(written(one))}"]
            place = rest.find(shown[0])
            before, rest = rest[:place], rest[place + len(shown[0]) :]
        if _figures(before, dates):
            return [f"{one.ref}: {before!r} stands before its figure"]
    return [f"no reference for the figures in {rest!r}"] if _figures(rest, dates) else []


def _is_word(text: str, value: float | None) -> bool:
    return value is not None and wording.number_word(round(value)) in text.lower().split()


def written(one: FigureReference) -> frozenset[str]:
    """Every way in which a figure may be written, by its unit."""
    value = one.value
    if value is None:
        return frozenset()
    if one.unit == "difference" and one.value_text is not None:
        return frozenset({one.value_text})  # parts are rounded so that they sum to the whole
    shown = _WRITTEN.get(one.unit, _as_score)(value)
    return frozenset(shown | {text.removesuffix("%") for text in shown})


def _as_score(value: float) -> set[str]:
    return {wording.decimal(value), wording.signed(value)}


_WRITTEN: dict[str, Callable[[float], set[str]]] = {
    "count": lambda value: {wording.grouped(value)},
    # The ends of a range are rounded down, so that a whole count above one reads as above it.
    "bound": lambda value: {wording.grouped(max(floor(value), 0))},
    "share": lambda value: {wording.percent(value), wording.percent(value, 0)},
    "per_thousand": lambda value: {wording.decimal(value)},
    "ratio": lambda value: {wording.times(value)},
    "change": lambda value: {wording.change(value), wording.percent(value, 0)},
    "difference": lambda value: {wording.signed(round(value))},
    "mean": lambda value: {wording.mean(value)},
    "mean_points": lambda value: {wording.mean(value, is_signed=True)},
    "points": lambda value: {wording.signed(value)},
    "share_points": lambda value: {wording.signed(100 * value)},
}


def _quote_faults(text: str, ref: str, by_ref: Mapping[str, FigureReference]) -> list[str]:
    stored = by_ref.get(ref)
    shown = text.strip("“”").removeprefix("…").removesuffix("…")
    if stored is None or shown.rstrip("…") not in (stored.value_text or ""):
        return [f"{ref}: {text!r} is no part of the quote"]
    return []


def _word_faults(text: str, words: frozenset[str]) -> list[str]:
    if not any(mark.isdigit() for mark in text) or text in words:
        return []
    left = text
    for word in sorted((one for one in words if one and one in text), key=len, reverse=True):
        left = left.replace(word, " ")
    return [f"{text!r} is no name of the report"] if _NUMBER.search(left) else []


def _figures(text: str, dates: re.Pattern[str]) -> list[str]:
    return _NUMBER.findall(dates.sub(" ", text))


def _dates(report: WeeklyReport) -> re.Pattern[str]:
    """Days as the report's language writes them, with or without the year."""
    months = Calendar(report.date_language, report.week_naming).months()
    names = "|".join(sorted(map(re.escape, months), key=len, reverse=True))
    return re.compile(rf"\b\d{{1,2}}\.? (?:de )?(?:{names})(?: (?:de )?\d{{4}})?(?!\w)")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, Iterable):
        for one in value:
            yield from _texts(one)
