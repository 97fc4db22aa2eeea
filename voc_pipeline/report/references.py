"""Where every printed figure comes from: its reference, and the query behind the reference.

A reference reads `table/key/.../figure`: a cell of a mart table, its key in the order of the
table's grain. What is no cell is a measure, `measures/week/name/key`, whose query stands in
`measures`. A rendering puts the references of a text's figures beside it, in their order, so that
`proof` can read the page back and compare it with the tables.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import ClassVar
from urllib.parse import quote, unquote

from models.report import FigureReference
from models.report_figures import FigureUnit
from models.table import TableRow
from voc_pipeline.report.measures import MEASURES

PUBLISHED = "published_figures"
MEASURE = "measures"
RULE = "rules"
SENTENCE = "sentences"


class Said(str):
    """A text for print, with the reference of each figure in it, in the order of reading."""

    __slots__ = ("refs",)
    refs: tuple[str, ...]

    def __new__(cls, text: str, *refs: str) -> "Said":
        """A text whose figures are those of `refs`."""
        made = super().__new__(cls, text)
        made.refs = refs
        return made


def said(*pieces: str) -> Said:
    """One text of several, each with its references or without."""
    refs = [ref for piece in pieces for ref in getattr(piece, "refs", ())]
    return Said("".join(pieces), *refs)


def reference(table: str, *key: object) -> str:
    """`table/key/.../figure`; every part is quoted, so that a part may hold anything."""
    return "/".join([table, *(_quoted(str(part)) for part in key)])


@lru_cache(maxsize=1 << 16)
def _quoted(part: str) -> str:
    return quote(part, safe=":,. ").replace(" ", "+")


@lru_cache(maxsize=1 << 16)
def _unquoted(part: str) -> str:
    return unquote(part.replace("+", " "))


def parts_of(ref: str) -> list[str]:
    """Table, key and figure of a reference."""
    return [_unquoted(part) for part in ref.split("/")]


class Refs:
    """References of one week's report."""

    rule: ClassVar = staticmethod(lambda name: reference(RULE, name))

    def __init__(self, week: date) -> None:
        self.week = week

    def issue(self, issue_id: str, figure: str, weeks_back: int = 0) -> str:
        """A published figure of an issue, this week's or an earlier one's."""
        return reference(PUBLISHED, self.week - timedelta(weeks=weeks_back), issue_id, figure)

    def whole(self, figure: str, weeks_back: int = 0) -> str:
        """A published figure of the whole week."""
        return self.issue("", figure, weeks_back)

    def measure(self, name: str, *key: object, weeks_back: int = 0) -> str:
        """A stated measure of the week."""
        return reference(MEASURE, self.week - timedelta(weeks=weeks_back), name, *key)

    def label(self, issue_id: str) -> str:
        """An issue's name as of the week."""
        return reference("issues", self.week, issue_id, "label")

    def number(self, issue_id: str) -> str:
        """An issue's id, as the register of the week holds it."""
        return reference("issues", self.week, issue_id, "issue_id")

    def action(self, action_id: str, column: str) -> str:
        """A cell of the action register as of the week."""
        return reference("actions", self.week, action_id, column)

    def fix(self, action_id: str, column: str, week: date | None = None) -> str:
        """A cell of the fix verdicts as of the week, or as of the last one that judged."""
        return reference("fix_verdicts", week or self.week, action_id, column)

    def held(self, column: str, band: str = "all") -> str:
        """A cell of the back-test as of the week."""
        return reference("trend_backtest", self.week, band, column)

    def source(self, source_id: str, column: str) -> str:
        """A cell of source_health."""
        return reference("source_health", source_id, self.week, column)


def query_of(one: FigureReference, models: dict[str, type[TableRow]]) -> str:
    """The query that gives the figure, to be asked of the analysts' file.

    Args:
        one: the figure.
        models: the tables by name.
    """
    if one.table == MEASURE:
        week, name, *key = one.key[0], one.figure, *one.key[1:]
        asked = MEASURES[name].sql.replace("$week", f"DATE {_literal(week)}")
        return f"SELECT value FROM ({asked}) WHERE key = {_literal('/'.join(key))}"
    if one.table == PUBLISHED:
        week, issue_id = one.key
        column = "value_text" if one.unit == "text" else "value"
        return (
            f"SELECT {column} FROM published_figures WHERE week_start = DATE {_literal(week)} "
            f"AND issue_id = {_literal(issue_id)} AND figure = {_literal(one.figure)}"
        )
    grain = models[one.table].grain
    where = " AND ".join(
        f"coalesce({name}::VARCHAR, '') = {_literal(part)}"
        for name, part in zip(grain, one.key, strict=True)
    )
    return f"SELECT {one.figure} FROM {one.table} WHERE {where}"


def event_ref(text: str) -> str:
    """The reference of a dated event: the settings or the register hold it."""
    return reference(RULE, f"event {text}")


def read_reference(ref: str) -> tuple[str, tuple[str, ...], str]:
    """Table, key and figure: for a measure the week leads the key and the name is the figure."""
    table, *rest = parts_of(ref)
    if table == MEASURE:
        week, name, *key = rest
        return table, (week, *key), name
    if table == RULE:
        return table, (), rest[0]
    return table, tuple(rest[:-1]), rest[-1]


def cell(ref: str, value: float | None, unit: FigureUnit = "count") -> FigureReference:
    """A number with its reference."""
    table, key, figure = read_reference(ref)
    return FigureReference(ref=ref, table=table, key=key, figure=figure, value=value, unit=unit)


def part_cell(ref: str, value: float, shown: str) -> FigureReference:
    """A part of a sum with its reference, and as it is written: rounded so that the parts sum."""
    return cell(ref, value, "difference").model_copy(update={"value_text": shown})


def text_cell(ref: str, text: str) -> FigureReference:
    """A text with its reference."""
    table, key, figure = read_reference(ref)
    return FigureReference(
        ref=ref, table=table, key=key, figure=figure, value_text=text, unit="text"
    )


def sentence(week: date, name: str, text: str) -> FigureReference:
    """A sentence of the report under its name; `key` holds the references of its figures."""
    return FigureReference(
        ref=reference(SENTENCE, week, name),
        table=SENTENCE,
        key=getattr(text, "refs", ()),
        figure=name,
        value_text=str(text),
        unit="text",
    )


def numeric(text: str) -> float | None:
    """A figure written as text as a number; None if it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
