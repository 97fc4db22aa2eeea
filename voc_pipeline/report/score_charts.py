"""Pictures of survey scores: a score by week with its interval, a difference with its interval."""

from collections.abc import Sequence

from markupsafe import Markup

from models.report import DriverLine, ScoreLine
from voc_pipeline.report.charts import Points, band, level, line, mark, month_ticks, number, svg
from voc_pipeline.report.dates import Calendar
from voc_pipeline.report.score_words import score_text

_WIDTH, _HEIGHT, _LEFT, _FLOOR, _TOP = 360, 132, 38, 114, 4
_DIFFERENCE = (150, 18)


def score_chart(score: ScoreLine, title: str, cal: Calendar) -> Markup:
    """52 weeks of a score over its interval of each week; dashed: what is usual before now."""
    series = score.series
    known = [
        one for ends in (series.values, series.lower, series.upper) for one in ends
        if one is not None
    ]  # fmt: skip
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    high = high if high > low else low + 1.0
    step = (_WIDTH - _LEFT - 6) / max(len(series.values) - 1, 1)

    def place(values: Sequence[float | None]) -> Points:
        return [
            None if one is None else (_LEFT + step * at, level(one, low, high, _FLOOR, _TOP))
            for at, one in enumerate(values)
        ]

    points = place(series.values)
    parts = [_grid(score, low, high), band(place(series.lower), place(series.upper)), line(points)]
    if score.usual is not None and low <= score.usual <= high:
        y = number(level(score.usual, low, high, _FLOOR, _TOP))
        parts.append(f'<path class="without" d="M{_LEFT} {y}H{_WIDTH - 6}"/>')
    ends = [place(one)[-1] for one in (series.lower, series.upper) if one]
    if len(ends) == 2 and ends[0] is not None and ends[1] is not None:
        parts.append(
            f'<path class="line" d="M{number(ends[0][0])} {number(ends[0][1])}'
            f'V{number(ends[1][1])}"/>'
        )
    if points and points[-1] is not None:
        parts.append(mark(points[-1], is_above=score.standing in ("lower", "higher")))
    parts.append(month_ticks(series, (_LEFT, step, _WIDTH), _HEIGHT - 4, cal))
    return svg("wide", (_WIDTH, _HEIGHT), title, parts)


def difference_chart(driver: DriverLine, ends: tuple[float, float], title: str) -> Markup:
    """A difference with its interval beside zero, on the scale `ends`."""
    width, height = _DIFFERENCE
    low, high = ends if ends[1] > ends[0] else (ends[0], ends[0] + 1.0)
    unit = (width - 10) / (high - low)
    zero, middle, start, end = (
        5 + (one - low) * unit for one in (0.0, driver.difference, driver.lower, driver.upper)
    )
    parts = [
        f'<path class="axis" d="M{number(zero)} 1V{height - 1}"/>',
        f'<path class="line" d="M{number(start)} 9H{number(end)}"/>',
        mark((middle, 9.0), is_above=False),
    ]
    return svg("ratio", _DIFFERENCE, title, parts)


def _grid(score: ScoreLine, low: float, high: float) -> str:
    """Three lines, from the lowest value drawn to the highest, with their scale to the left."""
    parts = []
    for value in (low, (low + high) / 2, high):
        y = number(level(value, low, high, _FLOOR, _TOP))
        parts.append(f'<path class="grid" d="M{_LEFT} {y}H{_WIDTH - 6}"/>')
        parts.append(
            f'<text class="scale" x="{_LEFT - 5}" y="{y}" dy="3.5">'
            f"{score_text(score.metric, value)}</text>"
        )
    return "".join(parts)
