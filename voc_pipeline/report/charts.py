"""Small charts as SVG, written by hand: every one has a title that says what it shows.

Colours come from the page's style sheet by class, so that one drawing serves light, dark and
print. Coordinates have one decimal; the same input gives the same bytes. A dot's shape, not only
its colour, says whether the last week is above its range (a square) or not (a round one).
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from math import log2

from markupsafe import Markup, escape

from models.report import WeekSeries
from voc_pipeline.report import wording
from voc_pipeline.report.dates import Calendar

Points = list[tuple[float, float] | None]
_PAD = 3.0
RATIO_LOW, RATIO_HIGH = 0.25, 8.0
"""Ends of the ratio axis: a quarter and eight times what was expected."""
_WHOLE = re.compile(r"\.0(?=[ L]|$)")
_RATIO_SIZE = (112, 20)
_RATIO_TICKS = ((0.5, "½"), (1.0, "1"), (2.0, "2"), (4.0, "4"), (8.0, "8"))


def sparkline(
    series: WeekSeries,
    title: str,
    *,
    is_above: bool = False,
    has_zero: bool = True,
    size: tuple[int, int] = (132, 28),
) -> Markup:
    """The weeks as a line over their usual range, the last one marked.

    Args:
        series: values and range, oldest first.
        title: what the chart shows; escaped here.
        is_above: marks the last week as above its range.
        has_zero: the scale begins at 0; else at the lowest value or range.
        size: width and height in pixels.
    """
    return svg("spark", size, title, _spark(series, is_above, has_zero, size))


@lru_cache(maxsize=2048)
def _spark(
    series: WeekSeries, is_above: bool, has_zero: bool, size: tuple[int, int]
) -> tuple[str, ...]:
    """What is drawn in a sparkline: kept, as page and print of a report draw the same ones."""
    width, height = size
    low, high = _scale(series, has_zero=has_zero)
    step = (width - 2 * _PAD) / max(len(series.values) - 1, 1)

    floor, room = height - _PAD, height - 2 * _PAD

    def place(values: Sequence[float | None]) -> Points:  # `level`, written out: it is called most
        return [
            None
            if value is None
            else (_PAD + step * week, floor - (value - low) / (high - low) * room)
            for week, value in enumerate(values)
        ]

    points = place(series.values)
    parts = [band(place(series.lower), place(series.upper)), line(points)]
    if points and points[-1] is not None:
        parts.append(mark(points[-1], is_above=is_above))
    return tuple(parts)


def history_chart(series: WeekSeries, title: str, *, is_above: bool) -> Markup:
    """A wide chart with an axis: counts by week over the usual range, weeks above it as squares."""
    width, height, left, bottom = 720, 150, 34, 20
    _, high = _scale(series, has_zero=True)
    step = (width - left - 8) / max(len(series.values) - 1, 1)
    floor = height - bottom

    def place(values: Sequence[float | None]) -> Points:
        return [
            None if value is None else (left + step * week, level(value, 0, high, floor))
            for week, value in enumerate(values)
        ]

    points = place(series.values)
    parts = [grid(high, (left, width, floor))]
    parts += [band(place(series.lower), place(series.upper)), line(points)]
    for position, point in enumerate(points):
        value, upper = series.values[position], series.upper[position]
        is_last = position == len(points) - 1
        exceeds = value is not None and upper is not None and value > upper
        if point is not None and (exceeds or is_last):
            parts.append(mark(point, is_above=exceeds or (is_last and is_above)))
    parts.append(month_ticks(series, (left, step, width), height - 4, Calendar()))
    return svg("wide", (width, height), title, parts)


def ratio_line(
    ratio: float | None, lower: float | None, upper: float | None, title: str, *, is_above: bool
) -> Markup:
    """A ratio with its interval on a log axis; an end beyond the axis becomes an arrow."""
    size = _RATIO_SIZE
    middle = 10.0
    parts = [f'<path class="axis" d="M{number(_ratio_x(1.0))} 2V18"/>']
    if ratio is None:
        parts.append(
            f'<text class="quiet" x="{number(_ratio_x(1.0) + 6)}" y="14">no history</text>'
        )
        return svg("ratio", size, title, parts)
    if lower is not None and upper is not None:
        start, end = _ratio_x(lower), _ratio_x(upper)
        parts.append(f'<path class="line" d="M{number(start)} 10H{number(end)}"/>')
        if upper > RATIO_HIGH:
            parts.append(_arrow(end, -4))
        if lower < RATIO_LOW:
            parts.append(_arrow(start, 4))
    parts.append(mark((_ratio_x(ratio), middle), is_above=is_above))
    return svg("ratio", size, title, parts)


def _arrow(tip: float, back: float) -> str:
    behind = number(tip + back)
    return f'<path class="line" d="M{behind} 6L{number(tip)} 10L{behind} 14"/>'


def ratio_axis() -> Markup:
    """The scale that stands over a column of `ratio_line`."""
    parts = []
    for ratio, name in _RATIO_TICKS:
        x = number(_ratio_x(ratio))
        parts.append(f'<text class="tick" x="{x}" y="10">{name}</text>')
        parts.append(f'<path class="axis" d="M{x} 13V17"/>')
    return svg("ratio", (_RATIO_SIZE[0], 18), "Scale: times expected, each step doubles", parts)


def share_bar(share: float | None, title: str) -> Markup:
    """A share of what was expected as a bar, full at 1."""
    width, height = 104, 10
    parts = [f'<rect class="trough" width="{width}" height="{height}"/>']
    if share is not None:
        filled = number(width * min(max(share, 0.0), 1.0))
        parts.append(f'<rect class="bar" width="{filled}" height="{height}"/>')
    return svg("share", (width, height), title, parts)


def extra_bar(extra: float, ends: tuple[float, float], title: str) -> Markup:
    """A bar from zero to the right for more, to the left for less, on the scale `ends`."""
    width, height = 96, 12
    low, high = min(ends[0], 0.0), max(ends[1], 0.0)
    unit = (width - 2) / (high - low) if high > low else 0.0
    zero = 1 - low * unit
    start, length = zero + min(extra, 0.0) * unit, abs(extra) * unit
    kind = "bar" if extra >= 0 else "less"
    place = f'x="{number(start)}" y="1" width="{number(length)}" height="{height - 2}"'
    parts = [
        f'<rect class="{kind}" {place}/>',
        f'<path class="axis" d="M{number(zero)} 0V{height}"/>',
    ]
    return svg("extra", (width, height), title, parts)


def svg(kind: str, size: tuple[int, int], title: str, parts: Sequence[str]) -> Markup:
    """A picture of parts, with its title; the references of the title's figures beside it."""
    width, height = size
    refs = " ".join(getattr(title, "refs", ()))
    shown = Markup(' data-ref="{}"').format(refs) if refs else ""
    # The parts are numbers, fixed words and what was escaped before; the title is escaped here.
    return Markup(  # noqa: S704
        f'<svg class="{kind}" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><title{shown}>{escape(str(title))}</title>'
        f"{''.join(parts)}</svg>"
    )


def _scale(series: WeekSeries, *, has_zero: bool) -> tuple[float, float]:
    known = [
        value
        for values in (series.values, series.lower, series.upper)
        for value in values
        if value is not None
    ]
    low = 0.0 if has_zero or not known else min(known)
    high = max(known, default=1.0)
    return (low, high) if high > low else (low, low + 1.0)


def level(value: float, low: float, high: float, height: float, top: float = 0.0) -> float:
    """The height at which a value stands between the floor and the top."""
    return height - _PAD - (value - low) / (high - low) * (height - top - 2 * _PAD)


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _joined(points: Sequence[tuple[float, float]]) -> str:
    """The points of a path, each coordinate as `number` writes it; one pass for all of them."""
    return _WHOLE.sub("", "L".join([f"{x:.1f} {y:.1f}" for x, y in points]))


def _runs(points: Points) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def line(points: Points, kind: str = "line") -> str:
    """The points joined; a gap where one is missing."""
    runs = _runs(points)
    if not runs:
        return ""
    drawn = "".join(f"M{_joined(run)}" for run in runs)
    return f'<path class="{kind}" d="{drawn}"/>'


def band(lower: Points, upper: Points) -> str:
    """The area between two lines; a gap where either is missing."""
    both = [
        (low, up) if low is not None and up is not None else None
        for low, up in zip(lower, upper, strict=True)
    ]
    shapes = []
    run: list[tuple[tuple[float, float], tuple[float, float]]] = []
    for pair in [*both, None]:
        if pair is not None:
            run.append(pair)
        elif run:
            around = [up for _, up in run] + [low for low, _ in reversed(run)]
            shapes.append(f"M{_joined(around)}Z")
            run = []
    return f'<path class="band" d="{"".join(shapes)}"/>' if shapes else ""


def mark(point: tuple[float, float], *, is_above: bool) -> str:
    """A square for a week above its range, else a round dot."""
    x, y = point
    if is_above:
        corner = f'x="{number(x - 2.8)}" y="{number(y - 2.8)}"'
        return f'<rect class="above" {corner} width="5.6" height="5.6"/>'
    return f'<circle class="dot" cx="{number(x)}" cy="{number(y)}" r="2.6"/>'


def _ratio_x(ratio: float) -> float:
    clipped = min(max(ratio, RATIO_LOW), RATIO_HIGH)
    return 4 + log2(clipped / RATIO_LOW) / log2(RATIO_HIGH / RATIO_LOW) * 104


def grid(high: float, frame: tuple[float, float, float], top: float = 0.0) -> str:
    """Horizontal lines at round values from 0 up, with their scale to the left."""
    left, width, floor = frame
    step = _round_step(high)
    parts = []
    for count in range(int(high / step + 1e-9) + 1):
        y = number(level(step * count, 0, high, floor, top))
        parts.append(f'<path class="grid" d="M{number(left)} {y}H{number(width)}"/>')
        parts.append(
            f'<text class="scale" x="{number(left - 6)}" y="{y}" dy="3.5">'
            f"{_label(step * count)}</text>"
        )
    return "".join(parts)


def _label(level: float) -> str:
    return wording.grouped(level) if level == round(level) else f"{level:g}"


def _round_step(high: float) -> float:
    """The step of 1, 2 or 5 times a power of ten that gives two to five lines."""
    unit = 1.0
    while unit * 5 < high / 4:
        unit *= 10
    while unit > high:
        unit /= 10
    return next(unit * factor for factor in (1, 2, 5) if unit * factor >= high / 4)


def month_ticks(
    series: WeekSeries, frame: tuple[float, float, float], y: float, cal: Calendar, every: int = 3
) -> str:
    """The names of the months below a series: one in `every`, the year beside January.

    Args:
        series: its first week is where the frame begins.
        frame: left end, width of a week, right end.
        y: the baseline of the names.
        cal: the language of the names.
        every: 3 names January, April, July and October.
    """
    left, step, right = frame
    parts = []
    taken = 0.0
    previous = series.first_week
    for week in range(1, len(series.values)):
        monday = series.first_week + timedelta(weeks=week)
        x = left + step * week
        if monday.month != previous.month and monday.month % every == 1 % every:
            name = cal.short_month(monday)
            name = f"{name} {monday.year}" if monday.month == 1 else name
            if taken < x - 22 and x < right - 14:
                parts.append(
                    f'<text class="tick" x="{number(x)}" y="{number(y)}">{escape(name)}</text>'
                )
                taken = x + 22
        previous = monday
    return "".join(parts)
