"""Published figures read back as series: what was said in each week, never recomputed.

Here: the reading of the long table, and the usual band of whole-week figures. Not here: ranges
and verdicts of issues, which `trends` decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from models.report import WeekSeries

SHOWN_WEEKS = 52
LONG_WEEKS = 104
READ_WEEKS = 114
"""Weeks looked at: two years, and the rest of the month in which they begin."""
BAND_WEEKS = 26
LEAST_BAND_WEEKS = 8
BAND_ENDS = (0.05, 0.95)
_YEAR = 52
_DIGITS = 6
_RANGES = (
    "expected_count", "lower_bound", "upper_bound",
    "rate_ratio", "rate_ratio_lower", "rate_ratio_upper",
)  # fmt: skip

Number = float | None


@dataclass(frozen=True)
class IssueNow:
    """All figures of one issue in the report's week."""

    numbers: dict[str, float]
    texts: dict[str, str]

    def number(self, figure: str) -> Number:
        """The figure's value, or None if it was not published or is no finite number."""
        return self.numbers.get(figure)

    def count(self, figure: str) -> int:
        """The figure as a whole number; 0 if missing."""
        return round(self.numbers.get(figure, 0.0))

    def is_true(self, figure: str) -> bool:
        """A yes-or-no figure, published as 1 or as the text `true`."""
        return bool(self.numbers.get(figure)) or self.texts.get(figure, "").lower() == "true"


class Published:
    """Published figures up to one week, ready to look up by issue, figure and week."""

    def __init__(self, figures: pl.DataFrame, week: date) -> None:
        self.week = week
        length = SHOWN_WEEKS + BAND_WEEKS
        self._weeks = [self._monday(back) for back in range(length - 1, -1, -1)]
        known = figures.filter(pl.col("week_start") <= week).with_columns(
            value=pl.when(pl.col("value").is_finite()).then(pl.col("value"))
        )
        known = _without_early_ranges(known)
        self.history_weeks = int(
            known.filter(pl.col("week_start") < week).get_column("week_start").n_unique()
        )
        issues = known.filter(pl.col("issue_id") != "")
        self.issues = _now(issues.filter(pl.col("week_start") == week))
        recent = issues.filter(
            (pl.col("week_start") > self._monday(READ_WEEKS))
            & pl.col("figure").is_in(["feedback_count", "lower_bound", "upper_bound"])
        )
        self._lines = _lines(recent)
        self._above = _above_by_week(recent)
        self._whole = _lines(known.filter(pl.col("issue_id") == ""))

    def series(self, issue_id: str) -> WeekSeries:
        """The issue's count and usual range in the 52 weeks up to the report's."""
        return WeekSeries(
            first_week=self._weeks[BAND_WEEKS],
            values=self._recent(self._lines.get((issue_id, "feedback_count"), {})),
            lower=self._recent(self._lines.get((issue_id, "lower_bound"), {})),
            upper=self._recent(self._lines.get((issue_id, "upper_bound"), {})),
        )

    def long_series(self, issue_id: str) -> WeekSeries:
        """The issue's count and usual range from its first published week on, 26 to 104 weeks."""
        counts = self._lines.get((issue_id, "feedback_count"), {})
        first = min(counts, default=self.week)
        length = min(max((self.week - first).days // 7 + 1, SHOWN_WEEKS // 2), LONG_WEEKS)
        mondays = [self._monday(back) for back in range(length - 1, -1, -1)]

        def values(figure: str) -> tuple[Number, ...]:
            by_week = self._lines.get((issue_id, figure), {})
            return tuple(_rounded(by_week.get(monday)) for monday in mondays)

        return WeekSeries(
            first_week=mondays[0],
            values=values("feedback_count"),
            lower=values("lower_bound"),
            upper=values("upper_bound"),
        )

    def rate(self, issue_ids: Sequence[str], figure: str, monday: date) -> Number:
        """A published figure of a week per 1,000 feedback, summed over issues; None without any."""
        return self._rated(issue_ids, figure, [monday])

    def month_rate(self, issue_id: str, monday: date) -> Number:
        """Reports per 1,000 feedback in the month of `monday`, up to that week."""
        weeks = [monday - timedelta(weeks=back) for back in range(5)]
        return self._rated(
            [issue_id], "feedback_count", [one for one in weeks if one.month == monday.month]
        )

    def _rated(self, issue_ids: Sequence[str], figure: str, mondays: Sequence[date]) -> Number:
        exposure = self.whole("feedback_count")
        found, of_all = 0.0, 0.0
        for monday in mondays:
            counts = [
                count
                for issue_id in issue_ids
                if (count := self._lines.get((issue_id, figure), {}).get(monday)) is not None
            ]
            if counts and exposure.get(monday, 0.0) > 0:
                found += sum(counts)
                of_all += exposure[monday]
        return _rounded(1000 * found / of_all) if of_all else None

    def before(self, issue_id: str, weeks: int) -> int | None:
        """The issue's published count `weeks` before the report's; None if not published."""
        count = self._lines.get((issue_id, "feedback_count"), {}).get(self._monday(weeks))
        return None if count is None else round(count)

    def year_before(self, issue_id: str) -> int | None:
        """The issue's published count 52 weeks before."""
        return self.before(issue_id, _YEAR)

    def whole(self, figure: str) -> dict[date, float]:
        """A whole-week figure by week."""
        return self._whole.get(("", figure), {})

    def above(self) -> dict[date, float]:
        """Issues above the upper end of their range, by week with any published range."""
        return self._above

    def banded(self, by_week: dict[date, float]) -> WeekSeries:
        """52 weeks of a figure, each with the usual range of the 26 weeks before it."""
        values = [by_week.get(monday) for monday in self._weeks]
        bands = [
            usual_band(values[position - BAND_WEEKS : position])
            for position in range(BAND_WEEKS, len(values))
        ]
        return WeekSeries(
            first_week=self._weeks[BAND_WEEKS],
            values=tuple(_rounded(value) for value in values[BAND_WEEKS:]),
            lower=tuple(lower for lower, _ in bands),
            upper=tuple(upper for _, upper in bands),
        )

    def _monday(self, back: int) -> date:
        return self.week - timedelta(weeks=back)

    def _recent(self, by_week: dict[date, float]) -> tuple[Number, ...]:
        return tuple(_rounded(by_week.get(monday)) for monday in self._weeks[BAND_WEEKS:])


def usual_band(values: Sequence[Number]) -> tuple[Number, Number]:
    """5th and 95th percentile of the known values, linear between them; none under 8 values."""
    known = sorted(value for value in values if value is not None)
    if len(known) < LEAST_BAND_WEEKS:
        return None, None
    lower, upper = (_quantile(known, share) for share in BAND_ENDS)
    return _rounded(lower), _rounded(upper)


def _quantile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _rounded(value: Number) -> Number:
    return None if value is None else round(value, _DIGITS)


def _without_early_ranges(known: pl.DataFrame) -> pl.DataFrame:
    """A range of a week too early to judge is not shown, and no count is called above it."""
    early = known.filter(
        (pl.col("figure") == "verdict") & (pl.col("value_text") == "INSUFFICIENT_HISTORY")
    ).select("issue_id", "week_start", is_early=True)
    return known.join(early, on=["issue_id", "week_start"], how="left").filter(
        pl.col("is_early").is_null() | ~pl.col("figure").is_in(_RANGES)
    )


def _now(rows: pl.DataFrame) -> dict[str, IssueNow]:
    found: dict[str, IssueNow] = {}
    columns = rows.select("issue_id", "figure", "value", "value_text").sort("issue_id", "figure")
    for issue_id, figure, value, text in columns.iter_rows():
        issue = found.setdefault(issue_id, IssueNow({}, {}))
        if value is not None:
            issue.numbers[figure] = value
        if text is not None:
            issue.texts[figure] = text
    return found


def _lines(rows: pl.DataFrame) -> dict[tuple[str, str], dict[date, float]]:
    known = rows.filter(pl.col("value").is_not_null()).select(
        "issue_id", "figure", "week_start", "value"
    )
    lines = known.group_by("issue_id", "figure").agg("week_start", "value")
    return {
        (issue_id, figure): dict(zip(mondays, values, strict=True))
        for issue_id, figure, mondays, values in lines.iter_rows()
    }


def _above_by_week(rows: pl.DataFrame) -> dict[date, float]:
    counts = rows.filter(pl.col("figure") == "feedback_count")
    uppers = rows.filter(
        (pl.col("figure") == "upper_bound") & pl.col("value").is_not_null()
    ).select("issue_id", "week_start", upper="value")
    above = (
        counts.join(uppers, on=["issue_id", "week_start"])
        .group_by("week_start")
        .agg((pl.col("value") > pl.col("upper")).sum().alias("above"))
    )
    return {monday: float(count) for monday, count in above.iter_rows()}
