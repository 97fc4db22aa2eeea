"""Tables of the commands: nothing is cut, whatever the width of the screen.

Where the output is no terminal every cell is printed whole on one line. On a terminal that is too
narrow for that, the texts of a row stand below its ids and dates, folded.
"""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

_WIDEST = 1_000_000


def print_rows(
    out: Console,
    fixed: Sequence[str],
    told: Sequence[str],
    rows: Iterable[Sequence[object]],
    title: str = "",
) -> None:
    """Print rows under their names.

    Args:
        out: where to.
        fixed: names of the first columns: ids, dates, counts; never folded if it can be helped.
        told: names of the columns after them, of texts of any length.
        rows: one value a name; None is shown as nothing.
        title: printed above; empty for none.
    """
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    if title:
        out.print(Text(title))
    whole = _table([Column(name, no_wrap=True) for name in (*fixed, *told)], cells)
    widest = Measurement.get(out, out.options.update(max_width=_WIDEST), whole).maximum
    if not out.is_terminal or widest <= out.width:
        whole.width = widest
        out.print(whole, crop=False, soft_wrap=True)
        return
    widths = [max(map(len, column)) for column in zip(fixed, *cells, strict=False)]
    out.print(Text(_side_by_side(fixed, widths), style="bold"), soft_wrap=False)
    for row in cells:
        out.print(Text(_side_by_side(row[: len(fixed)], widths)), soft_wrap=False)
        for line in _labelled(told, row[len(fixed) :]):
            out.print(Padding(Text(line, overflow="fold"), (0, 0, 0, 4)), soft_wrap=False)


def _side_by_side(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True)).rstrip()


def _table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(*columns, box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _labelled(names: Sequence[str], texts: Sequence[str]) -> list[str]:
    """The first text as it is, those after it with their names; empty ones left out."""
    return [
        text if place == 0 else f"{name}: {text}"
        for place, (name, text) in enumerate(zip(names, texts, strict=True))
        if text
    ]


def counted(number: int, noun: str) -> str:
    """`1 customer`, `2 customers`, `1,204 records`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
