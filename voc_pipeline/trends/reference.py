"""The reference methods in the place of our own: their ranges, chances and alarms for a week.

Here: which method is which, what each needs of a history, and how its figures take the place of
the filter's. What a method does not know stays empty: no lower bound, no interval of a ratio, no
forecast; EARS has no p-value. Not here: the methods (`farrington`, `ears`), and verdicts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from models.trend import TrendMethod
from voc_pipeline.trends.alarms import Alarms
from voc_pipeline.trends.counts import CountGrid
from voc_pipeline.trends.ears import ears
from voc_pipeline.trends.farrington import FF_N, Flags, farrington_flexible
from voc_pipeline.trends.measures import WeekMeasures
from voc_pipeline.trends.multiplicity import benjamini_hochberg
from voc_pipeline.trends.negative_binomial import Array

WEEKS_NEEDED: dict[TrendMethod, int] = {
    "farrington": FF_N.least_years * FF_N.season_weeks + FF_N.half_window,
    "ears_c1": 7,
    "ears_c2": 9,
    "ears_c3": 11,
}
"""Weeks of history before the first week that a method can judge."""

_EARS: dict[TrendMethod, Literal["C1", "C2", "C3"]] = {
    "ears_c1": "C1",
    "ears_c2": "C2",
    "ears_c3": "C3",
}


@dataclass(frozen=True)
class ReferenceWeeks:
    """Arrays of (judged weeks, series); NaN, and no alarm, where the method says nothing."""

    expected: Array
    upper: Array
    p_value: Array
    is_alarm: Flags


def reference_weeks(
    method: TrendMethod, counts: Array, exposure: Array, steps: Sequence[int]
) -> ReferenceWeeks:
    """Judge some weeks of all series by a reference method, at its level of 1 %.

    Farrington takes the exposure as an offset; EARS knows counts only. A week without exposure was
    not observed.
    """
    if method == "farrington":
        found = farrington_flexible(counts, exposure, steps)
        return ReferenceWeeks(found.expected, found.upper, found.p_value, found.is_alarm)
    seen = np.where(exposure > 0, counts, np.nan)
    judged = ears(seen, steps, _EARS[method])
    unknown = np.full_like(judged.upper, np.nan)
    return ReferenceWeeks(judged.expected, judged.upper, unknown, judged.is_alarm)


class Reference:
    """A reference method run over a grid, in the place of our own method."""

    def __init__(self, method: TrendMethod, grid: CountGrid, steps: Sequence[int]) -> None:
        self._method = method
        self._row = {step: row for row, step in enumerate(steps)}
        self._weeks = reference_weeks(method, grid.count, grid.exposure, steps)

    def instead(self, found: WeekMeasures, step: int) -> tuple[WeekMeasures, Alarms]:
        """A week's measures and alarms with the method's own figures, its gaps as NaN."""
        row, columns = self._row[step], found.columns
        expected, upper = self._weeks.expected[row, columns], self._weeks.upper[row, columns]
        p_value = self._weeks.p_value[row, columns]
        unknown = np.full_like(expected, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = found.observed / expected
        measures = replace(
            found,
            expected=expected,
            lower=unknown,
            upper=upper,
            p_value=p_value,
            q_value=benjamini_hochberg(p_value),
            ratio=ratio,
            ratio_lower=unknown,
            ratio_upper=unknown,
            forecast=unknown,
            forecast_lower=unknown,
            forecast_upper=unknown,
        )
        none = np.zeros(len(columns), dtype=bool)
        is_alarm = self._weeks.is_alarm[row, columns] & ~np.isnan(found.expected)
        return measures, Alarms(is_alarm, none, none, unknown)

    def silence(self, observed: int) -> str:
        """The reason where the method cannot judge a week."""
        reports = "1 report" if observed == 1 else f"{observed:,} reports"
        return (
            f"{reports}; the method {self._method} needs {WEEKS_NEEDED[self._method]} weeks of "
            "history and says nothing"
        )
