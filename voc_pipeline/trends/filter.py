"""The filter: what each week should bring every series, from the weeks before it.

A dynamic generalised linear model (West, Harrison and Migon 1985; West and Harrison 1997, ch. 14),
run forward over all series at once: log rate = log exposure + level + slope + two harmonics of the
year, its mean and variance matched to a gamma rate, its count a zero-inflated negative binomial
with variance `phi * mean` beside the doubt of the level. Three speeds of the level are averaged by
their past success (Raftery, Karny and Ettler 2010); phi lives on a grid.

Here: the recursion, its pooling over series and its robustness. Not here: tests and verdicts.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voc_pipeline.trends.filter_pool import Pool, begin, pool_of
from voc_pipeline.trends.filter_state import (
    FilterSettings,
    State,
    evolve,
    first_state,
    learn,
    predict,
)
from voc_pipeline.trends.negative_binomial import Array, Predictive

__all__ = ["FilterPath", "FilterSettings", "ObservedWeek", "RunningFilter", "follow", "run_filter"]
_DEFAULTS = FilterSettings()
_BLOCK = 2048  # series whose week nearly fits the processor's cache; fewer cost more calls
_POOL_WEEKS = 4  # what mature series share changes little in a month, and is asked every week


@dataclass(frozen=True)
class Snapshot:
    """What the filter knows after one week: the law of the next, and the dispersion."""

    forecast: Predictive
    phi: Array


@dataclass(frozen=True)
class FilterPath:
    """One-step-ahead predictions of the last weeks, arrays of (weeks kept, series)."""

    first_step: int
    mean: Array
    level_variance: Array
    phi: Array
    zero: Array
    season: Array
    """(weeks kept, 4, series): coefficients of the harmonics."""
    wander: Array
    """(weeks kept, series): variance of the level's step of a week, by the speeds' weights."""
    snapshots: dict[int, Snapshot]
    last: State
    """What is known after the last week: `counterfactual` carries it on."""

    def predictive(self, step: int) -> Predictive:
        """The law of the counts of one week, before that week was seen."""
        row = step - self.first_step
        return Predictive.of_moments(
            self.mean[row], self.level_variance[row], self.phi[row], self.zero[row]
        )


@dataclass(frozen=True)
class ObservedWeek:
    """One week of all series."""

    count: Array
    """Whole numbers; NaN where the series was not observed."""
    exposure: Array
    """A series without exposure was not observed."""
    phase: float
    """Place of the week on an endless week axis, for the season."""
    doubt: Array | float = 0.0
    """Variance of the logarithm of the exposure."""


@dataclass(frozen=True)
class Ahead:
    """One week as predicted, per series."""

    mean: Array
    level_variance: Array
    phi: Array
    zero: Array

    @property
    def law(self) -> Predictive:
        """The law of the counts."""
        return Predictive.of_moments(self.mean, self.level_variance, self.phi, self.zero)


class RunningFilter:
    """The filter's knowledge of many series, taken on week by week: a week costs one step."""

    def __init__(self, series: int, settings: FilterSettings = _DEFAULTS) -> None:
        self._settings = settings
        self._parts = [
            slice(first, min(first + _BLOCK, series)) for first in range(0, max(series, 1), _BLOCK)
        ]
        self._states = [first_state(part.stop - part.start, settings) for part in self._parts]
        self._usual = np.ones(series)  # exposure of a usual week: a slow average
        self._phase = 0.0
        self._pool: Pool | None = None
        self._pool_age = 0

    @property
    def state(self) -> State:
        """What is known of all series now."""
        return State.joined(self._states)

    def step(self, week: ObservedWeek) -> Ahead:
        """Predict a week from those before it, then learn it.

        Returns:
            The prediction.
        """
        settings = self._settings
        self._phase = week.phase
        seen = (week.exposure > 0) & ~np.isnan(week.count)
        count = np.where(seen, week.count, 0.0)
        size = np.where(seen, week.exposure, self._usual)
        first, born = self._new(seen, count)
        slow = np.where(first | ~self._begun(), size, 0.75 * self._usual + 0.25 * size)
        self._usual = np.where(seen, slow, self._usual)
        new = first | born
        pool = self._pool_now() if new.any() else None
        self._pool_age += 1
        wave = harmonics(np.array([week.phase]), settings.season_weeks)[:, 0]
        log_size = np.log(size)
        doubt = np.broadcast_to(np.asarray(week.doubt, dtype=np.float64), count.shape)
        told = Ahead(*(np.empty_like(count) for _ in range(4)))
        for own, state in zip(self._parts, self._states, strict=True):
            begin(state, first[own], size[own], pool, settings)
            evolve(state, settings)
            ahead = predict(state, wave, log_size[own], settings, doubt[own])
            told.mean[own], told.level_variance[own] = ahead.mean, ahead.level_variance
            told.phi[own], told.zero[own] = ahead.phi, ahead.zero
            if new[own].any():
                begin(state, new[own], size[own], pool, settings, count[own])
                ahead = predict(state, wave, log_size[own], settings, doubt[own])
            learn(state, ahead, count[own], seen[own], settings)
        return told

    def _pool_now(self) -> Pool | None:
        if self._pool is None or self._pool_age >= _POOL_WEEKS:
            self._pool, self._pool_age = pool_of(self._states, self._settings), 0
        return self._pool

    def _begun(self) -> NDArray[np.bool_]:
        return np.concatenate([state.age >= 0 for state in self._states])

    def _new(self, seen: NDArray[np.bool_], count: Array) -> tuple[NDArray[np.bool_], ...]:
        """The series whose first week this is, and those whose first case it brings."""
        age, total = (
            np.concatenate([getattr(state, name) for state in self._states])
            for name in ("age", "total")
        )
        born = (count > 0) & (total == 0) & (age >= self._settings.burn_in_weeks)
        return seen & (age < 0), seen & born

    @property
    def season(self) -> Array:
        """(4, series): coefficients of the harmonics."""
        return np.concatenate(
            [(state.speed_weight * state.mean[2:]).sum(axis=1) for state in self._states], axis=1
        )

    @property
    def wander(self) -> Array:
        """Variance of the level's step of a week, per series."""
        square = np.asarray(self._settings.level_volatilities)[:, None] ** 2
        return np.concatenate([(state.speed_weight * square).sum(axis=0) for state in self._states])

    def snapshot(self) -> Snapshot:
        """The law of the week after the last, on the exposure of a usual week."""
        later = self.state
        evolve(later, self._settings)
        wave = harmonics(np.array([self._phase + 1.0]), self._settings.season_weeks)[:, 0]
        ahead = predict(later, wave, np.log(self._usual), self._settings)
        return Snapshot(ahead.law, ahead.phi)


def harmonics(phase: Array, season_weeks: float) -> Array:
    """(4, weeks): cosine and sine of the year, then of the half year, at the weeks `phase`."""
    angle = 2 * np.pi * phase / season_weeks
    return np.stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)])


def run_filter(
    counts: Array,
    exposure: Array,
    phase: Array,
    *,
    first_kept: int = 0,
    snapshot_steps: Collection[int] = (),
    settings: FilterSettings = _DEFAULTS,
) -> FilterPath:
    """Run the filter forward over arrays of (weeks, series), the parts of `ObservedWeek`."""
    weeks = (ObservedWeek(*week) for week in zip(counts, exposure, phase.tolist(), strict=True))
    return follow(weeks, first_kept=first_kept, snapshot_steps=snapshot_steps, settings=settings)


def follow(
    weeks: Iterable[ObservedWeek],
    *,
    first_kept: int = 0,
    snapshot_steps: Collection[int] = (),
    settings: FilterSettings = _DEFAULTS,
) -> FilterPath:
    """Run the filter forward.

    Args:
        weeks: one after another, none left out, of the same series.
        first_kept: place of the first week whose prediction is returned.
        snapshot_steps: places of the weeks after which the state is wanted.
        settings: the filter's choices.

    Returns:
        Predictions and snapshots; those of a week depend on no later week.
    """
    running: RunningFilter | None = None
    kept: list[tuple[Array, ...]] = []
    snapshots: dict[int, Snapshot] = {}
    for step, week in enumerate(weeks):
        running = running or RunningFilter(len(week.count), settings)
        before = (running.season, running.wander) if step >= first_kept else None
        ahead = running.step(week)
        if before is not None:
            kept.append((ahead.mean, ahead.level_variance, ahead.phi, ahead.zero, *before))
        if step in snapshot_steps:
            snapshots[step] = running.snapshot()
    if running is None:
        raise ValueError("the filter needs at least one week")
    mean, level, phi, zero, season, wander = (np.stack(part) for part in zip(*kept, strict=True))
    return FilterPath(first_kept, mean, level, phi, zero, season, wander, snapshots, running.state)
