"""Small charts as SVG, written by hand: every one has a title that says what it shows.

Colours come from the page's style sheet by class, so that one drawing serves light, dark and
print. Coordinates have one decimal; the same input gives the same bytes. A dot's shape, not only
its colour, says whether the last week is above its range (a square) or not (a round one).
"""

from collections.abc import Sequence
from datetime import timedelta
from math import log2

from markupsafe import Markup, escape

from models.report import WeekSeries
from voc_pipeline.report import wording

_Points = list[tuple[float, float] | None]
_PAD = 3.0
RATIO_LOW, RATIO_HIGH = 0.25, 8.0
"""Ends of the ratio axis: a quarter and eight times what was expected."""
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
    width, height = size
    low, high = _scale(series, has_zero=has_zero)
    step = (width - 2 * _PAD) / max(len(series.values) - 1, 1)

    def place(values: Sequence[float | None]) -> _Points:
        return [
            None if value is None else (_PAD + step * week, _level(value, low, high, height))
            for week, value in enumerate(values)
        ]

    points = place(series.values)
    parts = [_band(place(series.lower), place(series.upper)), _line(points)]
    if points and points[-1] is not None:
        parts.append(_mark(points[-1], is_above=is_above))
    return _svg("spark", size, title, parts)


def history_chart(series: WeekSeries, title: str, *, is_above: bool) -> Markup:
    """A wide chart with an axis: counts by week over the usual range, weeks above it as squares."""
    width, height, left, bottom = 720, 150, 34, 20
    _, high = _scale(series, has_zero=True)
    step = (width - left - 8) / max(len(series.values) - 1, 1)
    floor = height - bottom

    def place(values: Sequence[float | None]) -> _Points:
        return [
            None if value is None else (left + step * week, _level(value, 0, high, floor))
            for week, value in enumerate(values)
        ]

    points = place(series.values)
    parts = [_grid(high, (left, width, floor))]
    parts += [_band(place(series.lower), place(series.upper)), _line(points)]
    for position, point in enumerate(points):
        value, upper = series.values[position], series.upper[position]
        is_last = position == len(points) - 1
        exceeds = value is not None and upper is not None and value > upper
        if point is not None and (exceeds or is_last):
            parts.append(_mark(point, is_above=exceeds or (is_last and is_above)))
    parts.append(_months(series, left, step, height))
    return _svg("wide", (width, height), title, parts)


def ratio_line(
    ratio: float | None, lower: float | None, upper: float | None, title: str, *, is_above: bool
) -> Markup:
    """A ratio with its interval on a log axis; an end beyond the axis becomes an arrow."""
    size = _RATIO_SIZE
    middle = 10.0
    parts = [f'<path class="axis" d="M{_n(_ratio_x(1.0))} 2V18"/>']
    if ratio is None:
        parts.append(f'<text class="quiet" x="{_n(_ratio_x(1.0) + 6)}" y="14">no history</text>')
        return _svg("ratio", size, title, parts)
    if lower is not None and upper is not None:
        start, end = _ratio_x(lower), _ratio_x(upper)
        parts.append(f'<path class="line" d="M{_n(start)} 10H{_n(end)}"/>')
        if upper > RATIO_HIGH:
            parts.append(f'<path class="line" d="M{_n(end - 4)} 6L{_n(end)} 10L{_n(end - 4)} 14"/>')
        if lower < RATIO_LOW:
            parts.append(
                f'<path class="line" d="M{_n(start + 4)} 6L{_n(start)} 10L{_n(start + 4)} 14"/>'
            )
    parts.append(_mark((_ratio_x(ratio), middle), is_above=is_above))
    return _svg("ratio", size, title, parts)


def ratio_axis() -> Markup:
    """The scale that stands over a column of `ratio_line`."""
    parts = []
    for ratio, name in _RATIO_TICKS:
        x = _n(_ratio_x(ratio))
        parts.append(f'<text class="tick" x="{x}" y="10">{name}</text>')
        parts.append(f'<path class="axis" d="M{x} 13V17"/>')
    return _svg("ratio", (_RATIO_SIZE[0], 18), "Scale: times expected, each step doubles", parts)


def share_bar(share: float | None, title: str) -> Markup:
    """A share of what was expected as a bar, full at 1."""
    width, height = 104, 10
    parts = [f'<rect class="trough" width="{width}" height="{height}"/>']
    if share is not None:
        filled = _n(width * min(max(share, 0.0), 1.0))
        parts.append(f'<rect class="bar" width="{filled}" height="{height}"/>')
    return _svg("share", (width, height), title, parts)


def extra_bar(extra: float, ends: tuple[float, float], title: str) -> Markup:
    """A bar from zero to the right for more, to the left for less, on the scale `ends`."""
    width, height = 96, 12
    low, high = min(ends[0], 0.0), max(ends[1], 0.0)
    unit = (width - 2) / (high - low) if high > low else 0.0
    zero = 1 - low * unit
    start, length = zero + min(extra, 0.0) * unit, abs(extra) * unit
    kind = "bar" if extra >= 0 else "less"
    parts = [
        f'<rect class="{kind}" x="{_n(start)}" y="1" width="{_n(length)}" height="{height - 2}"/>',
        f'<path class="axis" d="M{_n(zero)} 0V{height}"/>',
    ]
    return _svg("extra", (width, height), title, parts)


def _svg(kind: str, size: tuple[int, int], title: str, parts: Sequence[str]) -> Markup:
    width, height = size
    # Every part is written in this module from numbers and fixed words; only the title is foreign.
    return Markup(  # noqa: S704
        f'<svg class="{kind}" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><title>{escape(title)}</title>{"".join(parts)}</svg>'
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


def _level(value: float, low: float, high: float, height: float) -> float:
    return height - _PAD - (value - low) / (high - low) * (height - 2 * _PAD)


def _n(value: float) -> str:
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _pair(point: tuple[float, float]) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _runs(points: _Points) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def _line(points: _Points) -> str:
    runs = _runs(points)
    if not runs:
        return ""
    return (
        '<path class="line" d="' + "".join(f"M{'L'.join(map(_pair, run))}" for run in runs) + '"/>'
    )


def _band(lower: _Points, upper: _Points) -> str:
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
            shapes.append(f"M{'L'.join(map(_pair, around))}Z")
            run = []
    return f'<path class="band" d="{"".join(shapes)}"/>' if shapes else ""


def _mark(point: tuple[float, float], *, is_above: bool) -> str:
    x, y = point
    if is_above:
        return f'<rect class="above" x="{_n(x - 2.8)}" y="{_n(y - 2.8)}" width="5.6" height="5.6"/>'
    return f'<circle class="dot" cx="{_n(x)}" cy="{_n(y)}" r="2.6"/>'


def _ratio_x(ratio: float) -> float:
    clipped = min(max(ratio, RATIO_LOW), RATIO_HIGH)
    return 4 + log2(clipped / RATIO_LOW) / log2(RATIO_HIGH / RATIO_LOW) * 104


def _grid(high: float, frame: tuple[float, float, float]) -> str:
    left, width, floor = frame
    step = _round_step(high)
    parts = []
    level = 0.0
    while level <= high:
        y = _n(_level(level, 0, high, floor))
        parts.append(f'<path class="grid" d="M{_n(left)} {y}H{_n(width)}"/>')
        parts.append(
            f'<text class="scale" x="{_n(left - 6)}" y="{y}" dy="3.5">{_label(level)}</text>'
        )
        level += step
    return "".join(parts)


def _label(level: float) -> str:
    return wording.grouped(level) if level == round(level) else f"{level:g}"


def _round_step(high: float) -> float:
    """The step of 1, 2 or 5 times a power of ten that gives two to five lines."""
    unit = 1.0
    while unit * 5 < high / 4:
        unit *= 10
    return next(unit * factor for factor in (1, 2, 5) if unit * factor >= high / 4)


def _months(series: WeekSeries, left: float, step: float, height: float) -> str:
    parts = []
    previous = series.first_week
    for week in range(1, len(series.values)):
        monday = series.first_week + timedelta(weeks=week)
        if monday.month != previous.month and monday.month % 3 == 1:
            name = wording.month(monday)[:3]
            name = f"{name} {monday.year}" if monday.month == 1 else name
            x = left + step * week
            if x < 690:
                parts.append(f'<text class="tick" x="{_n(x)}" y="{_n(height - 4)}">{name}</text>')
        previous = monday
    return "".join(parts)
