"""Verdicts: one word, its range, its chances and its reason for every issue and week.

Here: the order of the verdicts, the volumes below which nothing alarms, what a reader is spared by
hysteresis, the rows of `issue_weekly`. Not here: how surprise and direction are measured.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import NoneType
from typing import get_args

import numpy as np
import polars as pl

from models.trend import IssueWeekly, TrendMethod, Verdict
from voc_pipeline.trends.alarms import Alarms, AlarmSettings, alarms_of
from voc_pipeline.trends.counts import SIGNIFICANT_DIGITS, CountGrid, count_grid
from voc_pipeline.trends.filter import FilterSettings
from voc_pipeline.trends.measures import Measurer, WeekMeasures
from voc_pipeline.trends.negative_binomial import Array
from voc_pipeline.trends.reasons import WeekFacts, reason_of
from voc_pipeline.trends.reference import Reference

_ONE_WEEK = timedelta(days=7)
_KINDS = {str: pl.String, int: pl.Int64, float: pl.Float64, bool: pl.Boolean, date: pl.Date}

Previous = Mapping[str, tuple[str, int]]
"""Verdict and weeks in it, by issue, of the week before."""


@dataclass(frozen=True)
class TrendSettings:
    """The method, the least history and volume of a verdict, margins of a direction, the filter."""

    method: TrendMethod = "voc"
    """Where ranges, chances and alarms come from; directions are always our own."""
    history_weeks: int = 8
    new_weeks: int = 6
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    direction_level: float = 0.1
    rising_ratio: float = 1.2
    declining_ratio: float = 0.83
    kept_p_value: float = 0.1
    kept_rising_ratio: float = 1.1
    kept_declining_ratio: float = 0.91
    going_on_ratio: float = 1.15
    kept_going_on_ratio: float = 1.05
    quiet_certainty: float = 0.95
    kept_quiet_certainty: float = 0.5
    kept_quiet_count: int = 2
    spike_p_value: float = 0.02
    filter: FilterSettings = field(default_factory=FilterSettings)


_DEFAULTS = TrendSettings()


def judge_week(
    counts: pl.DataFrame,
    earlier: pl.DataFrame,
    issues: pl.DataFrame,
    *,
    week: date,
    level: float = 0.1,
    settings: TrendSettings = _DEFAULTS,
) -> pl.DataFrame:
    """One row per issue mentioned by `week`, for that week alone; see `judge_weeks`."""
    return judge_weeks(counts, earlier, issues, weeks=[week], level=level, settings=settings)


def judge_weeks(
    counts: pl.DataFrame,
    earlier: pl.DataFrame,
    issues: pl.DataFrame,
    *,
    weeks: Collection[date],
    level: float = 0.1,
    settings: TrendSettings = _DEFAULTS,
) -> pl.DataFrame:
    """One row per issue and judged week, each judged with the counts of weeks up to it alone.

    The filter runs once for all weeks; the rows equal those of a `judge_week` call for each week
    in order. An issue that `counts` has not seen by a week has no row in it.

    Args:
        counts: columns of `WeeklyCount`, in any order.
        earlier: rows of `IssueWeekly` of weeks before (issue_id, week_start, verdict and
            verdict_weeks are read), for hysteresis and `verdict_weeks`; may be empty.
        issues: issue_id and first_week, where an issue is older than its counts; may be empty.
        weeks: Mondays to judge; a week before the first mention of any issue gives no rows.
        level: nominal false discovery rate of a week's alarms.
        settings: volumes, margins and the filter's choices.

    Returns:
        The columns of `IssueWeekly`, sorted by week and issue; floats to six significant digits.

    Raises:
        ContractError: the counts break their promise (`count_grid`).
    """
    ordered = sorted(set(weeks))
    grid = count_grid(counts, last_week=ordered[-1]) if ordered else None
    steps = {} if grid is None else _steps(grid, ordered)
    if grid is None or not steps:
        return _as_table([])
    measurer = Measurer(
        grid,
        list(steps.values()),
        history_weeks=settings.history_weeks,
        spike_p_value=settings.spike_p_value,
        settings=settings.filter,
    )
    reference = None
    if settings.method != "voc":
        reference = Reference(settings.method, grid, list(steps.values()))
    known = _verdicts_by_week(earlier)
    first = _first_steps(grid, issues)
    tables: list[pl.DataFrame] = []
    for week, step in steps.items():
        previous = known.get(week - _ONE_WEEK, {})
        judging = _Judging(grid, measurer, reference, first, level, settings, previous)
        found = judging.rows(week, step)
        known[week] = {
            str(row["issue_id"]): (str(row["verdict"]), int(str(row["verdict_weeks"])))
            for row in found
        }
        tables.append(_as_table(found))
    return pl.concat(tables)


@dataclass(frozen=True)
class _Judging:
    """The verdicts of one week."""

    grid: CountGrid
    measurer: Measurer
    reference: Reference | None
    first_step: list[int]
    level: float
    settings: TrendSettings
    previous: Previous

    def rows(self, week: date, step: int) -> list[dict[str, object]]:
        found = self.measurer.measure(step)
        alarms = alarms_of(found, level=self.level, settings=self.settings.alarms)
        if self.reference is not None:
            found, alarms = self.reference.instead(found, step)
        before = self.measurer.weeks_before(step)
        rows: list[dict[str, object]] = []
        for place, column in enumerate(found.columns.tolist()):
            is_alarm = bool(alarms.is_alarm[place])
            verdict = self._verdict(found, place, step, is_alarm=is_alarm)
            row = _figures(self.grid, found, place, step) | _flags(alarms, place)
            facts = WeekFacts(
                observed=int(found.observed[place]),
                last_count=int(found.last_count[place]),
                expected=_number(found.expected, place),
                lower=_number(found.lower, place),
                upper=_number(found.upper, place),
                is_alarm=is_alarm,
                is_watched=bool(alarms.is_watched[place]),
                is_escalated=bool(alarms.is_escalated[place]),
                weeks_before=before,
                history_weeks=self.settings.history_weeks,
                weeks_known=step - self.first_step[column] + 1,
                recent_count=int(found.recent_count[place]),
                direction_weeks=int(found.direction.weeks[place]),
                direction_ratio=_number(found.direction.ratio, place),
                is_far=self._far(found, place) != "STEADY",
                quiet_count=int(found.quiet_count[place]),
            )
            issue_id = self.grid.issue_ids[column]
            last, weeks = self.previous.get(issue_id, ("", 0))
            row |= {
                "week_start": week,
                "verdict": verdict,
                "verdict_weeks": weeks + 1 if last == verdict else 1,
                "reason": self._reason(verdict, facts, is_seen=bool(found.seen[place])),
            }
            rows.append(row)
        return rows

    def _reason(self, verdict: Verdict, facts: WeekFacts, *, is_seen: bool) -> str:
        if self.reference is not None and is_seen and facts.expected is None:
            return self.reference.silence(facts.observed)
        return reason_of(verdict, facts)

    def _verdict(self, found: WeekMeasures, place: int, step: int, *, is_alarm: bool) -> Verdict:
        settings = self.settings
        column = int(found.columns[place])
        if self.measurer.weeks_before(step) < settings.history_weeks:
            return "INSUFFICIENT_HISTORY"
        first = self.first_step[column]
        if (
            step - first < settings.new_weeks
            and self.measurer.weeks_before(first) >= settings.history_weeks
        ):
            return "NEW"
        if is_alarm:
            return "SPIKING"
        last = self.previous.get(self.grid.issue_ids[column], ("", 0))[0]
        if self._is_quiet(found, place, last):
            return "RESOLVED"
        return self._direction(found, place, last)

    def _is_quiet(self, found: WeekMeasures, place: int, last: str) -> bool:
        """Far below the half year before; once said, kept while hardly anything comes."""
        settings, certainty = self.settings, found.quiet_certainty[place]
        if last != "RESOLVED":
            return bool(certainty > settings.quiet_certainty)
        return bool(
            certainty > settings.kept_quiet_certainty
            or found.quiet_count[place] <= settings.kept_quiet_count
        )

    def _far(self, found: WeekMeasures, place: int) -> Verdict:
        """Whether the last weeks lie above or below the half year before, beyond chance."""
        settings, direction = self.settings, found.direction
        if direction.q_value[place] <= settings.direction_level:
            if direction.ratio[place] > settings.rising_ratio:
                return "RISING"
            if direction.ratio[place] < settings.declining_ratio:
                return "DECLINING"
        return "STEADY"

    def _direction(self, found: WeekMeasures, place: int, last: str) -> Verdict:
        """RISING or DECLINING: beyond chance and still going on; once said, kept while plausible.

        A step that is months old lies far from the half year before, yet nothing moves any more.
        """
        settings, direction = self.settings, found.direction
        far, near = self._far(found, place), direction.near_ratio[place]
        going_on, kept = settings.going_on_ratio, settings.kept_going_on_ratio
        if far == "RISING" and near > (kept if last == far else going_on):
            return "RISING"
        if far == "DECLINING" and near < 1 / (kept if last == far else going_on):
            return "DECLINING"
        ratio = direction.ratio[place]
        if far != "STEADY" or not direction.p_value[place] <= settings.kept_p_value:
            return "STEADY"
        if last == "RISING" and ratio > settings.kept_rising_ratio and near > kept:
            return "RISING"
        if last == "DECLINING" and ratio < settings.kept_declining_ratio and near < 1 / kept:
            return "DECLINING"
        return "STEADY"


def _figures(grid: CountGrid, found: WeekMeasures, place: int, step: int) -> dict[str, object]:
    column = int(found.columns[place])
    count, exposure = grid.count[step, column], grid.exposure[step, column]
    rate = float(count / exposure) if exposure > 0 else None
    whole = grid.week_count[step]
    expected, upper = found.expected[place], found.upper[place]
    room = upper - expected
    score = float((count - expected) / room) if room > 0 else None
    return {
        "issue_id": grid.issue_ids[column],
        "feedback_count": int(count),
        "customer_count": int(grid.customers[step, column]),
        "week_count": None if np.isnan(whole) else int(whole),
        "exposure": float(exposure),
        "share": float(count / whole) if whole > 0 else rate if np.isnan(whole) else None,
        "rate": rate,
        "observed_count": float(count),
        "expected_count": _number(found.expected, place),
        "lower_bound": _number(found.lower, place),
        "upper_bound": _number(found.upper, place),
        "exceedance_score": score,
        "p_value": _number(found.p_value, place),
        "q_value": _number(found.q_value, place),
        "rate_ratio": _number(found.ratio, place),
        "rate_ratio_lower": _number(found.ratio_lower, place),
        "rate_ratio_upper": _number(found.ratio_upper, place),
        "forecast_count": _number(found.forecast, place),
        "forecast_lower": _number(found.forecast_lower, place),
        "forecast_upper": _number(found.forecast_upper, place),
        "is_provisional": False,  # what is late is known to `lag` only
        "nowcast_count": float(count),
        "nowcast_lower": float(count),
        "nowcast_upper": float(count),
    }


def _flags(alarms: Alarms, place: int) -> dict[str, object]:
    return {
        "is_alarm": bool(alarms.is_alarm[place]),
        "is_watched": bool(alarms.is_watched[place]),
        "is_escalated": bool(alarms.is_escalated[place]),
        "alarm_chance": _number(alarms.chance, place),
    }


def _number(values: Array, place: int) -> float | None:
    value = float(values[place])
    return value if np.isfinite(value) else None


def _steps(grid: CountGrid, weeks: list[date]) -> dict[date, int]:
    start = grid.weeks[0]
    return {week: (week - start).days // 7 for week in weeks if week >= start}


def _first_steps(grid: CountGrid, issues: pl.DataFrame) -> list[int]:
    """Step of each issue's first mention, earlier (even below 0) if the register knows so."""
    told = {} if issues.is_empty() else dict(issues.select("issue_id", "first_week").iter_rows())
    first = []
    for issue_id, step in zip(grid.issue_ids, grid.first_step.tolist(), strict=True):
        week = told.get(issue_id)
        known = step if week is None else (week - grid.weeks[0]).days // 7
        first.append(max(0, min(step, known)))
    return first


def _verdicts_by_week(earlier: pl.DataFrame) -> dict[date, Previous]:
    known: dict[date, dict[str, tuple[str, int]]] = {}
    if not earlier.is_empty():
        columns = ("week_start", "issue_id", "verdict", "verdict_weeks")
        for week, issue_id, verdict, weeks in earlier.select(columns).iter_rows():
            known.setdefault(week, {})[issue_id] = (verdict, weeks)
    return dict(known)


def _as_table(rows: list[dict[str, object]]) -> pl.DataFrame:
    schema = {}
    for name, about in IssueWeekly.model_fields.items():
        kinds = [kind for kind in get_args(about.annotation) if kind is not NoneType]
        kind = about.annotation if about.annotation in _KINDS else kinds[0]
        schema[name] = _KINDS.get(kind, pl.String)  # a verdict's literals are strings
    table = pl.DataFrame(rows, schema=schema, orient="row")
    decimals = [name for name, kind in schema.items() if kind == pl.Float64]
    return table.with_columns(pl.col(decimals).round_sig_figs(SIGNIFICANT_DIGITS)).sort(
        "week_start", "issue_id"
    )
