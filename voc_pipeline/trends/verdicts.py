"""Verdicts: one word, its range, its chances and its reason for every issue and week.

Here: the order of the verdicts, the volumes below which nothing alarms, what a reader is spared by
hysteresis, the rows of `issue_weekly`. Not here: how surprise and direction are measured.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import isfinite
from types import NoneType
from typing import get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.trend import IssueWeekly, TrendMethod
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
    told: list[dict[str, Array]] = []
    for week, step in steps.items():
        previous = known.get(week - _ONE_WEEK, {})
        judging = _Judging(grid, measurer, reference, first, level, settings, previous)
        found = judging.columns(week, step)
        said = zip(found["verdict"].tolist(), found["verdict_weeks"].tolist(), strict=True)
        known[week] = dict(zip(found["issue_id"].tolist(), said, strict=True))
        told.append(found)
    return _as_table(told)


@dataclass(frozen=True)
class _Judging:
    """The verdicts of one week."""

    grid: CountGrid
    measurer: Measurer
    reference: Reference | None
    first_step: NDArray[np.int64]
    level: float
    settings: TrendSettings
    previous: Previous

    def columns(self, week: date, step: int) -> dict[str, Array]:
        """The columns of `IssueWeekly`, one entry per issue."""
        found = self.measurer.measure(step)
        alarms = alarms_of(found, level=self.level, settings=self.settings.alarms)
        if self.reference is not None:
            found, alarms = self.reference.instead(found, step)
        issue_ids = np.array(self.grid.issue_ids, dtype=object)[found.columns]
        before = [self.previous.get(issue_id, ("", 0)) for issue_id in issue_ids.tolist()]
        last = np.array([verdict for verdict, _ in before], dtype=object)
        weeks = np.array([number for _, number in before], dtype=np.int64)
        verdict = self._verdicts(found, alarms, step, last)
        return {
            "issue_id": issue_ids,
            "week_start": np.full(len(issue_ids), week, dtype=object),
            "verdict": verdict,
            "verdict_weeks": np.where(last == verdict, weeks + 1, 1),
            "reason": self._reasons(found, alarms, step, verdict),
            "is_alarm": alarms.is_alarm,
            "is_watched": alarms.is_watched,
            "is_escalated": alarms.is_escalated,
            "alarm_chance": alarms.chance,
            **_figures(self.grid, found, step),
        }

    def _verdicts(self, found: WeekMeasures, alarms: Alarms, step: int, last: Array) -> Array:
        settings, measurer = self.settings, self.measurer
        first = self.first_step[found.columns]
        is_new = (step - first < settings.new_weeks) & (
            measurer.weeks_before(first) >= settings.history_weeks
        )
        is_quiet = (
            np.where(  # far below the half year before; once said, kept while hardly any come
                last == "RESOLVED",
                (found.quiet_certainty > settings.kept_quiet_certainty)
                | (found.quiet_count <= settings.kept_quiet_count),
                found.quiet_certainty > settings.quiet_certainty,
            )
        )
        is_young = np.full(len(first), measurer.weeks_before(step) < settings.history_weeks)
        return np.select(
            [is_young, is_new, alarms.is_alarm, is_quiet],
            ["INSUFFICIENT_HISTORY", "NEW", "SPIKING", "RESOLVED"],
            self._directions(found, last),
        ).astype(object)

    def _far(self, found: WeekMeasures) -> Array:
        """Whether the last weeks lie above (1) or below (-1) the half year before beyond chance."""
        settings, direction = self.settings, found.direction
        beyond = direction.q_value <= settings.direction_level
        above = beyond & (direction.ratio > settings.rising_ratio)
        below = beyond & (direction.ratio < settings.declining_ratio)
        return above.astype(np.float64) - below.astype(np.float64)

    def _directions(self, found: WeekMeasures, last: Array) -> Array:
        """RISING or DECLINING: beyond chance and still going on; once said, kept while plausible.

        A step that is months old lies far from the half year before, yet nothing moves any more.
        """
        settings, direction = self.settings, found.direction
        far, near, ratio = self._far(found), direction.near_ratio, direction.ratio
        was_up, was_down = last == "RISING", last == "DECLINING"
        kept = settings.kept_going_on_ratio
        up = near > np.where(was_up, kept, settings.going_on_ratio)
        down = near < 1 / np.where(was_down, kept, settings.going_on_ratio)
        plausible = (far == 0) & (direction.p_value <= settings.kept_p_value)
        still_up = plausible & was_up & (ratio > settings.kept_rising_ratio) & up
        still_down = plausible & was_down & (ratio < settings.kept_declining_ratio) & down
        return np.select(
            [((far > 0) & up) | still_up, ((far < 0) & down) | still_down],
            ["RISING", "DECLINING"],
            "STEADY",
        )

    def _reasons(self, found: WeekMeasures, alarms: Alarms, step: int, verdict: Array) -> Array:
        before = self.measurer.weeks_before(step)
        reasons: list[str] = []
        for word, is_seen, *numbers in zip(
            verdict.tolist(),
            found.seen.tolist(),
            found.observed.astype(np.int64).tolist(),
            found.last_count.astype(np.int64).tolist(),
            _known(found.expected),
            _known(found.lower),
            _known(found.upper),
            alarms.is_alarm.tolist(),
            alarms.is_watched.tolist(),
            alarms.is_escalated.tolist(),
            (step - self.first_step[found.columns] + 1).tolist(),
            found.recent_count.astype(np.int64).tolist(),
            found.direction.weeks.tolist(),
            _known(found.direction.ratio),
            (self._far(found) != 0).tolist(),
            found.quiet_count.astype(np.int64).tolist(),
            strict=True,
        ):
            facts = WeekFacts(before, self.settings.history_weeks, *numbers)
            if self.reference is not None and is_seen and facts.expected is None:
                reasons.append(self.reference.silence(facts.observed))
            else:
                reasons.append(reason_of(word, facts))
        return np.array(reasons, dtype=object)


def _figures(grid: CountGrid, found: WeekMeasures, step: int) -> dict[str, Array]:
    count, exposure = found.observed, found.exposure
    whole = np.full(len(count), grid.week_count[step])
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(exposure > 0, count / exposure, np.nan)
        share = np.where(whole > 0, count / whole, np.where(np.isnan(whole), rate, np.nan))
        room = found.upper - found.expected
        score = np.where(room > 0, (count - found.expected) / room, np.nan)
    return {
        "feedback_count": count,
        "customer_count": grid.customers[step, found.columns],
        "week_count": whole,
        "exposure": exposure,
        "share": share,
        "rate": rate,
        "observed_count": count,
        "expected_count": found.expected,
        "lower_bound": found.lower,
        "upper_bound": found.upper,
        "exceedance_score": score,
        "p_value": found.p_value,
        "q_value": found.q_value,
        "rate_ratio": found.ratio,
        "rate_ratio_lower": found.ratio_lower,
        "rate_ratio_upper": found.ratio_upper,
        "forecast_count": found.forecast,
        "forecast_lower": found.forecast_lower,
        "forecast_upper": found.forecast_upper,
        "is_provisional": np.zeros(len(count), dtype=bool),  # what is late is known to `lag` only
        "nowcast_count": count,
        "nowcast_lower": count,
        "nowcast_upper": count,
    }


def _known(values: Array) -> list[float | None]:
    return [value if isfinite(value) else None for value in values.tolist()]


def _steps(grid: CountGrid, weeks: list[date]) -> dict[date, int]:
    start = grid.weeks[0]
    return {week: (week - start).days // 7 for week in weeks if week >= start}


def _first_steps(grid: CountGrid, issues: pl.DataFrame) -> NDArray[np.int64]:
    """Step of each issue's first mention, earlier if the register knows so, but not below 0."""
    told = {} if issues.is_empty() else dict(issues.select("issue_id", "first_week").iter_rows())
    first = []
    for issue_id, step in zip(grid.issue_ids, grid.first_step.tolist(), strict=True):
        week = told.get(issue_id)
        known = step if week is None else (week - grid.weeks[0]).days // 7
        first.append(max(0, min(step, known)))
    return np.array(first, dtype=np.int64)


def _verdicts_by_week(earlier: pl.DataFrame) -> dict[date, Previous]:
    known: dict[date, dict[str, tuple[str, int]]] = {}
    if not earlier.is_empty():
        columns = ("week_start", "issue_id", "verdict", "verdict_weeks")
        for week, issue_id, verdict, weeks in earlier.select(columns).iter_rows():
            known.setdefault(week, {})[issue_id] = (verdict, weeks)
    return dict(known)


def _as_table(weeks: list[dict[str, Array]]) -> pl.DataFrame:
    schema = {}
    for name, about in IssueWeekly.model_fields.items():
        kinds = [kind for kind in get_args(about.annotation) if kind is not NoneType]
        kind = about.annotation if about.annotation in _KINDS else kinds[0]
        schema[name] = _KINDS.get(kind, pl.String)  # a verdict's literals are strings
    if not weeks:
        return pl.DataFrame(schema=schema)
    whole = {name: np.concatenate([week[name] for week in weeks]) for name in schema}
    for name, values in whole.items():
        if values.dtype == np.float64:
            whole[name] = np.where(np.isfinite(values), values, np.nan)
    plain = {
        name: values.tolist() if values.dtype == object else values
        for name, values in whole.items()
    }
    decimals = [name for name, kind in schema.items() if kind == pl.Float64]
    return (
        pl.DataFrame(plain, nan_to_null=True)
        .cast(pl.Schema(schema))
        .with_columns(pl.col(decimals).round_sig_figs(SIGNIFICANT_DIGITS))
        .sort("week_start", "issue_id")
    )
