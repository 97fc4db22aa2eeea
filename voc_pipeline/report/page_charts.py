"""The wide charts of the later pages: weeks beside months, the long series, a fix and its absence.

Drawn as in `charts`: numbers and fixed words only, colours by class, a title for every picture.
Every figure printed in a picture carries its reference.
"""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from models.report import DatedEvent, FixLine, IssuePage, RatePoint, ReportAction, WeekSeries
from voc_pipeline.report import wording
from voc_pipeline.report.charts import (
    Points,
    band,
    grid,
    level,
    line,
    mark,
    month_ticks,
    number,
    svg,
)
from voc_pipeline.report.dates import Calendar
from voc_pipeline.report.references import Refs, event_ref, reference

WIDTH = 720
_LEFT, _SPLIT, _RIGHT = 40, 300, 712


def rate_chart(page: IssuePage, title: str, issue_id: str, refs: Refs, cal: Calendar) -> Markup:
    """The last 6 weeks and the last 12 months per 1,000 feedback on one axis, last year dotted."""
    height, floor = 190, 152
    high = _highest(
        value
        for point in (*page.weeks, *page.months)
        for value in (point.rate, point.usual_upper, point.year_ago)
    )
    spans = ((page.weeks, _LEFT + 30, _SPLIT), (page.months, _SPLIT + 60, _RIGHT - 12))
    parts = [grid(high, (_LEFT, _RIGHT, floor), 22)]
    for place, (points, left, right) in enumerate(spans):
        is_weeks = place == 0
        xs = [left + (right - left) * at / max(len(points) - 1, 1) for at in range(len(points))]

        def ys(values: Sequence[float | None], xs: list[float] = xs) -> Points:
            return [
                None if value is None else (x, level(value, 0, high, floor, 22))
                for x, value in zip(xs, values, strict=True)
            ]

        name = "Last 6 weeks" if is_weeks else "Last 12 months"
        parts.append(f'<text class="head" x="{number(left - 6)}" y="9">{name}</text>')
        lower, upper = [one.usual_lower for one in points], [one.usual_upper for one in points]
        parts.append(band(ys(lower), ys(upper)))
        parts.append(line(ys([one.year_ago for one in points]), "year"))
        drawn = ys([one.rate for one in points])
        parts.append(line(drawn))
        parts += _rate_marks(points, drawn, issue_id, refs, is_weeks=is_weeks)
        parts += _rate_ticks(points, xs, cal, is_weeks=is_weeks)
    return svg("wide", (WIDTH, height), title, parts)


def _rate_marks(
    points: Sequence[RatePoint], drawn: Points, issue_id: str, refs: Refs, *, is_weeks: bool
) -> list[str]:
    parts = []
    known = [place for place, spot in enumerate(drawn) if spot is not None]
    for place in known:
        spot, point = drawn[place], points[place]
        if spot is None or point.rate is None:
            continue
        is_above = point.usual_upper is not None and point.rate > point.usual_upper
        parts.append(mark(spot, is_above=is_above))
        if not is_weeks and place not in (known[0], known[-1]):
            continue
        back = (refs.week - point.start).days // 7
        ref = (
            refs.measure("week_rate", issue_id, "feedback_count", weeks_back=back)
            if is_weeks
            else refs.measure("month_rate", issue_id, weeks_back=back)
        )
        bold = " strong" if place == known[-1] else ""
        parts.append(
            f'<text class="val{bold}" x="{number(spot[0])}" y="{number(max(spot[1] - 8, 20))}" '
            f'data-ref="{escape(ref)}">{wording.decimal(point.rate)}</text>'
        )
    return parts


def _rate_ticks(
    points: Sequence[RatePoint], xs: Sequence[float], cal: Calendar, *, is_weeks: bool
) -> list[str]:
    parts = []
    for x, point in zip(xs, points, strict=True):
        name = cal.short_day(point.start) if is_weeks else cal.short_month(point.start)
        star = "*" if point.is_partial else ""
        parts.append(f'<text class="tick" x="{number(x)}" y="170">{escape(name)}{star}</text>')
    return parts


def long_chart(
    series: WeekSeries, events: Sequence[DatedEvent], title: str, cal: Calendar
) -> Markup:
    """All weeks of up to two years over their usual range, with dated events; squares are above."""
    height, floor, top = 178, 152, 24 if events else 0
    high = _highest((*series.values, *series.upper))
    step = (_RIGHT - _LEFT) / max(len(series.values) - 1, 1)

    def place(values: Sequence[float | None]) -> Points:
        return [
            None if value is None else (_LEFT + step * at, level(value, 0, high, floor, top))
            for at, value in enumerate(values)
        ]

    points = place(series.values)
    parts = [grid(high, (_LEFT, _RIGHT, floor), top)]
    parts += [band(place(series.lower), place(series.upper)), line(points)]
    for spot, value, upper in zip(points, series.values, series.upper, strict=True):
        if spot is not None and value is not None and upper is not None and value > upper:
            parts.append(mark(spot, is_above=True))
    if points and points[-1] is not None and not parts[-1].startswith("<rect"):
        parts.append(mark(points[-1], is_above=False))
    parts += _flags(series, events, step, floor, cal)
    every = 1 if len(series.values) <= 40 else 3
    parts.append(month_ticks(series, (_LEFT, step, _RIGHT), height - 6, cal, every))
    return svg("wide", (WIDTH, height), title, parts)


def _flags(
    series: WeekSeries, events: Sequence[DatedEvent], step: float, floor: float, cal: Calendar
) -> list[str]:
    """The events nearest to the report's week that have room: a dashed line and their words."""
    parts: list[str] = []
    rows = [float(_RIGHT + 200), float(_RIGHT + 200)]
    for event in sorted(events, key=lambda one: one.happened_on, reverse=True)[:6]:
        x = _LEFT + step * (event.happened_on - series.first_week).days / 7
        shown = f"{event.text} · {cal.short_day(event.happened_on)}"
        width = 5.4 * len(shown)
        is_left = x - width > _LEFT
        begins, ends = (x - width, x) if is_left else (x, x + width)
        free = next((at for at, taken in enumerate(rows) if ends <= taken), None)
        parts.append(f'<path class="event" d="M{number(x)} 22V{number(floor - 3)}"/>')
        if free is None:
            continue
        rows[free] = begins - 8
        side = "end" if is_left else "start"
        parts.append(
            f'<text class="flag {side}" x="{number(x + (-4 if is_left else 4))}" '
            f'y="{10 + 12 * free}" data-ref="{escape(event_ref(event.text))}">'
            f"{escape(shown)}</text>"
        )
    return parts


def fix_chart(fix: FixLine, title: str, refs: Refs, cal: Calendar) -> Markup:
    """Reports of each week, and from the fix on what was to be expected without it."""
    height, floor, right = 170, 142, 590
    high = _highest((*fix.actual, *fix.upper))
    step = (right - _LEFT) / max(len(fix.actual) - 1, 1)

    def place(values: Sequence[float | None]) -> Points:
        return [
            None if value is None else (_LEFT + step * at, level(value, 0, high, floor, 14))
            for at, value in enumerate(values)
        ]

    actual, expected = place(fix.actual), place(fix.expected)
    x = _LEFT + step * (fix.took_effect_on - fix.first_week).days / 7
    parts = [grid(high, (_LEFT, right, floor), 14)]
    parts += [band(place(fix.lower), place(fix.upper)), line(expected, "without"), line(actual)]
    parts.append(f'<path class="live" d="M{number(x)} 6V{number(floor - 3)}"/>')
    when = escape(cal.short_day(fix.took_effect_on))
    side, at = ("end", x - 5) if x > _LEFT + 160 else ("start", x + 5)
    parts.append(f'<text class="flag {side}" x="{number(at)}" y="12">In effect {when}</text>')
    parts += _fix_ends(fix, actual, expected, refs)
    series = WeekSeries(
        first_week=fix.first_week,
        values=fix.actual,
        lower=(None,) * len(fix.actual),
        upper=(None,) * len(fix.actual),
    )
    parts.append(month_ticks(series, (_LEFT, step, right), height - 10, cal, 1))
    return svg("wide", (WIDTH, height), title, parts)


def _fix_ends(fix: FixLine, actual: Points, expected: Points, refs: Refs) -> list[str]:
    last, without = actual[-1] if actual else None, expected[-1] if expected else None
    if last is None or fix.actual[-1] is None:
        return []
    parts = [mark(last, is_above=False)]
    week = refs.week
    ends = [("actual", last[1], fix.actual[-1], "feedback_count", "own")]
    if without is not None and fix.expected[-1] is not None:
        gap = 13 if abs(without[1] - last[1]) < 13 else 0
        shift = gap if without[1] >= last[1] else -gap
        ends.append(
            ("without the fix", without[1] + shift, fix.expected[-1], "expected_count", "other")
        )
    for word, y, value, column, kind in ends:
        ref = reference("fix_weeks", week, fix.action_id, week, column)
        about = "" if kind == "own" else "about "
        parts.append(
            f'<text class="{kind}" x="{number(last[0] + 9)}" y="{number(y + 4)}">{word} '
            f'<tspan data-ref="{escape(ref)}">{about}{wording.grouped(value)}</tspan></text>'
        )
    return parts


def ask_squares(asks: Sequence[ReportAction], title: str) -> Markup:
    """One square an ask: filled if done, crossed if overdue, empty if open or dropped."""
    parts = []
    for place, one in enumerate(asks[:16]):
        x, y = 1 + 21 * (place % 8), 1 + 19 * (place // 8)
        kind = "ok" if one.state == "done" else "late" if one.is_overdue else "open"
        parts.append(f'<rect class="ask {kind}" x="{x}" y="{y}" width="15" height="15"/>')
        if kind == "late":
            parts.append(f'<path class="cross" d="M{x + 4} {y + 4}l7 7m0-7l-7 7"/>')
    return svg("spark", (168, 34), title, parts)


def _highest(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    high = float(max(known, default=0.0))
    return high if high > 0 else 1.0
