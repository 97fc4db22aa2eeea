"""Measures of one week: range, chances, rate ratio, forecast and direction of every issue at once.

Here: the filter, the scan and the direction put together for a judged week, as arrays. Not here:
the words made of them (`verdicts`).
"""

from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray
from scipy import special

from voc_pipeline.trends.counts import CountGrid
from voc_pipeline.trends.direction import (
    BASE_WEEKS,
    QUIET_SPANS,
    RECENT_SPANS,
    RECENT_WEEKS,
    Direction,
    Span,
    direction_of,
    quiet_certainty,
)
from voc_pipeline.trends.filter import (
    FilterPath,
    FilterSettings,
    ObservedWeek,
    follow,
    harmonics,
)
from voc_pipeline.trends.multiplicity import benjamini_hochberg
from voc_pipeline.trends.negative_binomial import Array, Predictive
from voc_pipeline.trends.scan import ScanWeek, scan_p_values

SPAN_WEEKS = max(*RECENT_SPANS, *QUIET_SPANS) + BASE_WEEKS
SCAN_WEEKS = 3
OPEN_WEEKS = 4
SEASON_KNOWN_WEEKS = 78
"""Weeks of an issue before its season is taken out: seen once, a season and a trend are one."""
_TAILS = (0.025, 0.975)


@dataclass(frozen=True)
class WeekMeasures:
    """One judged week, one entry per issue mentioned so far; NaN where nothing can be said."""

    columns: NDArray[np.intp]
    """Places of the issues in the grid."""
    seen: NDArray[np.bool_]
    """Whether any feedback arrived that could have held the issue."""
    week_count: float
    """All feedback of the week; NaN where it is not known."""
    law: Predictive
    """What the week should bring."""
    observed: Array
    exposure: Array
    highest_rate: Array
    """The highest rate of the four weeks before; NaN for an issue younger than they are."""
    expected: Array
    lower: Array
    upper: Array
    p_value: Array
    q_value: Array
    ratio: Array
    ratio_lower: Array
    ratio_upper: Array
    forecast: Array
    forecast_lower: Array
    forecast_upper: Array
    direction: Direction
    quiet_certainty: Array
    """Chance that the rate fell below a fifth of the half year before."""
    last_count: Array
    """Reports of the week before."""
    recent_count: Array
    """Reports of the weeks that the direction compared, as counted."""
    quiet_count: Array
    """Reports of the last eight weeks, as counted."""


class Measurer:
    """The filter run once over a grid, and the measures of any judged step of it."""

    def __init__(
        self,
        grid: CountGrid,
        steps: list[int],
        *,
        history_weeks: int,
        spike_p_value: float,
        settings: FilterSettings,
    ) -> None:
        self._grid = grid
        self._history_weeks = history_weeks
        self._spike_p_value = spike_p_value
        seen = np.cumsum((grid.exposure > 0).any(axis=1))
        self._weeks_before = np.concatenate([[0], seen])
        self._wave = harmonics(grid.phase, settings.season_weeks)
        weeks = zip(grid.count, grid.exposure, grid.phase.tolist(), grid.doubt, strict=True)
        self._path: FilterPath = follow(
            (ObservedWeek(*week) for week in weeks),
            first_kept=max(0, steps[0] - SPAN_WEEKS),
            snapshot_steps=frozenset(steps),
            settings=settings,
        )
        self._calm: dict[int, Array] = {}
        self._columns = {step: np.flatnonzero(grid.first_step <= step) for step in steps}
        self._chances = self._of_all_steps(steps)

    @overload
    def weeks_before(self, step: int) -> int: ...

    @overload
    def weeks_before(self, step: NDArray[np.int64]) -> NDArray[np.int64]: ...

    def weeks_before(self, step: int | NDArray[np.int64]) -> int | NDArray[np.int64]:
        """Weeks with any feedback before the step: the company's history."""
        found = self._weeks_before[step]
        return int(found) if isinstance(step, int) else np.asarray(found)

    def _of_all_steps(self, steps: list[int]) -> dict[int, Array]:
        """Chances and ranges of all judged weeks: (of them, issues) by step.

        Found together, as small companies have few issues a week and many weeks.
        """
        told = [step for step in steps if self._weeks_before[step] >= self._history_weeks]
        p_value = self._scanned(told) if told else {}
        laws = [self._path.predictive(step).take(self._columns[step]) for step in steps]
        foreseen = [self._path.snapshots[step].forecast.take(self._columns[step]) for step in steps]
        ranges = np.stack(_range(Predictive.joined([*laws, *foreseen])))
        ends = np.cumsum([len(self._columns[step]) for step in steps])
        own = np.split(ranges[:, : ends[-1]], ends[:-1], axis=1)
        ahead = np.split(ranges[:, ends[-1] :], ends[:-1], axis=1)
        return {
            step: np.vstack([p_value.get(step, np.full((1, own[row].shape[1]), np.nan)), *parts])
            for row, (step, parts) in enumerate(
                zip(steps, zip(own, ahead, strict=True), strict=True)
            )
        }

    def _scanned(self, steps: list[int]) -> dict[int, Array]:
        """(1, issues) p-values by step."""
        windows = [self._window(step, self._columns[step]) for step in steps]
        length = min(len(window) for window in windows)
        found = scan_p_values(
            [ScanWeek.joined([window[back] for window in windows]) for back in range(length)]
        )
        ends = np.cumsum([len(self._columns[step]) for step in steps])[:-1]
        return {step: part[None] for step, part in zip(steps, np.split(found, ends), strict=True)}

    def measure(self, step: int) -> WeekMeasures:
        """All measures of the week at `step`."""
        grid = self._grid
        columns = self._columns[step]
        enough = self.weeks_before(step) >= self._history_weeks
        seen = np.asarray(grid.exposure[step, columns] > 0)
        told = seen & enough
        law = self._path.predictive(step).take(columns)
        observed = grid.count[step, columns]
        p_value, lower, upper, next_lower, next_upper = self._chances[step]
        p_value = np.where(told, p_value, np.nan)
        ratio_lower, ratio_upper = self._ratio_interval(step, columns, law)
        forecast = self._path.snapshots[step].forecast.take(columns)
        foreseen = np.full(len(columns), self.weeks_before(step + 1) >= self._history_weeks)
        span = self._span(step, columns)
        raw = grid.count[: step + 1, columns]
        direction = direction_of(span)
        short, long = (raw[-weeks:].sum(axis=0) for weeks in RECENT_SPANS)
        return WeekMeasures(
            columns=columns,
            seen=seen,
            week_count=float(grid.week_count[step]),
            law=law,
            observed=observed,
            exposure=grid.exposure[step, columns],
            highest_rate=self._highest_rate(step, columns),
            expected=_where(told, law.expected),
            lower=_where(told, lower),
            upper=_where(told, upper),
            p_value=p_value,
            q_value=benjamini_hochberg(p_value),
            ratio=_where(told, observed / law.expected),
            ratio_lower=_where(told, ratio_lower),
            ratio_upper=_where(told, ratio_upper),
            forecast=_where(foreseen, forecast.expected),
            forecast_lower=_where(foreseen, next_lower),
            forecast_upper=_where(foreseen, next_upper),
            direction=direction,
            quiet_certainty=quiet_certainty(span),
            last_count=raw[-2] if step else np.zeros(len(columns)),
            recent_count=np.where(direction.weeks == RECENT_SPANS[1], long, short),
            quiet_count=raw[-max(QUIET_SPANS) :].sum(axis=0),
        )

    def _highest_rate(self, step: int, columns: NDArray[np.intp]) -> Array:
        weeks = slice(max(0, step - OPEN_WEEKS), step)
        count, exposure = (
            part[weeks][:, columns] for part in (self._grid.count, self._grid.exposure)
        )
        rate = np.divide(count, exposure, out=np.zeros_like(count), where=exposure > 0)
        is_open = self._grid.first_step[columns] <= step - OPEN_WEEKS
        highest = rate.max(axis=0, initial=0.0)
        return np.where(is_open, highest, np.nan)

    def _window(self, step: int, columns: NDArray[np.intp]) -> list[ScanWeek]:
        return [
            ScanWeek(
                self._path.predictive(back).take(columns),
                self._grid.count[back, columns],
                self._grid.exposure[back, columns] > 0,
            )
            for back in range(step, max(-1, step - SCAN_WEEKS), -1)
        ]

    def _ratio_interval(
        self, step: int, columns: NDArray[np.intp], law: Predictive
    ) -> tuple[Array, Array]:
        """Posterior of this week's rate over the expected one: a ratio of gamma variables."""
        path, row = self._path, step - self._path.first_step
        phi, variance = path.phi[row, columns], path.level_variance[row, columns]
        observed = self._grid.count[step, columns]
        shape = law.mean * law.mean / variance
        bounds = []
        for tail in _TAILS:
            share = special.betaincinv(observed / phi + 0.5, shape, tail)
            odds = share / np.maximum(1.0 - share, 1e-12)
            bounds.append(phi * odds * shape / law.expected)
        point = observed / law.expected
        return np.minimum(np.where(observed > 0, bounds[0], 0.0), point), np.maximum(
            bounds[1], point
        )

    def _span(self, step: int, columns: NDArray[np.intp]) -> Span:
        """The weeks up to `step`, latest first, with spikes made calm and the season taken out."""
        grid = self._grid
        back = range(step, max(-1, step - SPAN_WEEKS), -1)
        count = np.stack([self._without_spike(one)[columns] for one in back])
        weeks = np.array(back)
        before = max(step - RECENT_WEEKS, self._path.first_step) - self._path.first_step
        season = self._path.season[before][:, columns]  # a rise must not pass for a season
        factor = np.zeros((len(weeks), len(columns)))
        for wave, size in zip(self._wave[:, weeks], season, strict=True):
            factor += wave[:, None] * size
        first = grid.first_step[columns]
        factor *= step - first >= SEASON_KNOWN_WEEKS
        exposure = grid.exposure[weeks][:, columns] * np.exp(factor)
        late = self.weeks_before(first) >= self._history_weeks
        exposure = np.where(late & (weeks[:, None] < first), 0.0, exposure)
        still = max(step - max(RECENT_SPANS), self._path.first_step) - self._path.first_step
        return Span(
            np.where(exposure > 0, count, 0.0),
            exposure,
            self._path.snapshots[step].phi[columns],
            self._path.wander[still, columns],  # a climb must not pass for a habit
        )

    def _without_spike(self, step: int) -> Array:
        """The week's counts, a spike replaced by what was expected: it must not read as a trend."""
        if step not in self._calm:
            law, count = self._path.predictive(step), self._grid.count[step]
            spike = (count > law.mean) & (law.at_least(count) < self._spike_p_value)
            judged = self.weeks_before(step) >= self._history_weeks
            self._calm[step] = np.where(spike & judged, law.mean, count)
        return self._calm[step]


def _where(known: NDArray[np.bool_], value: Array) -> Array:
    return np.where(known, value, np.nan)


def _range(law: Predictive) -> tuple[Array, Array]:
    """The central 95 %; its upper end is at least one case and never below the expectation."""
    lower, upper = (law.quantile(tail) for tail in _TAILS)
    return np.minimum(lower, law.expected), np.maximum(
        np.maximum(upper, 1.0), np.ceil(law.expected)
    )
