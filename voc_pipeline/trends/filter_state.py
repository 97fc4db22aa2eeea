"""One week of the filter: what it knows of many series, how a week is predicted and learned.

Here: the state, the prediction and the robust update. Not here: how series begin (`filter_pool`),
the order of the weeks (`filter`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from voc_pipeline.trends.negative_binomial import (
    Array,
    Predictive,
    digamma_less_log,
    log_gamma,
    log_mass,
    log_shape_of_log_variance,
    log_variance_of_log_shape,
)

STATES = 6  # level, slope, cosine and sine of the year, cosine and sine of the half year


@dataclass(frozen=True)
class FilterSettings:
    """The filter's choices; volatilities are standard deviations a week on the log scale."""

    season_weeks: float = 365.25 / 7
    level_volatilities: tuple[float, ...] = (0.001, 0.017, 0.055)
    slope_volatility: float = 0.00005
    season_volatility: float = 0.001
    prior_deviations: tuple[float, ...] = (3.0, 0.002, 0.25, 0.25, 0.1, 0.1)
    phi_grid: tuple[float, ...] = (1.0, 1.12, 1.3, 1.6, 2.0, 2.6, 3.5, 5.0, 8.0)
    zero_prior: tuple[float, float] = (0.5, 25.0)
    outlier_share: float = 0.008
    memory: float = 0.995
    winsor_deviations: float = 2.5
    burn_in_weeks: int = 8
    fall_chance: float = 0.002
    shift_weeks: int = 3
    low_p_value: float = 0.05
    shift_deviation: float = 0.5
    season_spread: float = 2.0
    """Variance of a new series' season over that of the mature ones: few have most of the season,
    and a normal law of their spread denies it to them."""
    mature_weeks: int = 26
    mature_count: float = 20.0
    mature_series: int = 5
    volume_kinds: int = 8
    """Of mature series, by level: a new one takes after those that its first count is likest."""


@dataclass
class State:
    """What the filter knows of its series after some weeks."""

    mean: Array  # (6, speeds, series)
    covariance: Array  # (6, 6, speeds, series); kept and meant above the diagonal only
    speed_weight: Array  # (speeds, series)
    phi_weight: Array  # (grid, series)
    zero_yes: Array
    zero_no: Array
    zero_run: NDArray[np.int64]  # weeks of zeros in a row
    age: NDArray[np.int64]  # weeks observed since the start; -1 before it
    total: Array  # counts since the start, as winsorised
    high_run: NDArray[np.int64]  # weeks in a row above the winsorising limit
    low_run: NDArray[np.int64]  # weeks in a row below it

    @classmethod
    def joined(cls, states: "Sequence[State]") -> "State":
        """All series of several states, both halves of the covariance written out."""
        whole = cls(
            **{
                one.name: np.concatenate([getattr(state, one.name) for state in states], axis=-1)
                for one in fields(cls)
            }
        )
        for index in range(STATES):
            whole.covariance[index + 1 :, index] = whole.covariance[index, index + 1 :]
        return whole


@dataclass(frozen=True)
class _Week:
    count: Array
    seen: NDArray[np.bool_]
    structural: Array  # chance that the count is a structural zero
    can_be_low: NDArray[np.bool_]  # a count of 0 would be, and is not likely structural


@dataclass(frozen=True)
class OneStep:
    """A week predicted from those before it."""

    shape_log: Array  # (speeds, series)
    centre: Array  # mean of the log rate
    mean_log: Array
    variance_log: Array
    gain: Array  # covariance times regressors: (6, speeds, series)
    mean: Array  # mixture over speeds: (series,)
    level_variance: Array
    phi: Array
    zero: Array
    by_speed: Array

    @property
    def law(self) -> Predictive:
        """The law of the counts."""
        return Predictive.of_moments(self.mean, self.level_variance, self.phi, self.zero)


def first_state(series: int, settings: FilterSettings) -> State:
    """Nothing known yet."""
    speeds, grid = len(settings.level_volatilities), len(settings.phi_grid)
    covariance = np.zeros((STATES, STATES, speeds, series))
    for index, deviation in enumerate(settings.prior_deviations):
        covariance[index, index] = deviation**2
    return State(
        mean=np.zeros((STATES, speeds, series)),
        covariance=covariance,
        speed_weight=np.full((speeds, series), 1.0 / speeds),
        phi_weight=np.full((grid, series), 1.0 / grid),
        zero_yes=np.full(series, settings.zero_prior[0]),
        zero_no=np.full(series, settings.zero_prior[1]),
        zero_run=np.zeros(series, dtype=np.int64),
        age=np.full(series, -1, dtype=np.int64),
        total=np.zeros(series),
        high_run=np.zeros(series, dtype=np.int64),
        low_run=np.zeros(series, dtype=np.int64),
    )


def evolve(state: State, settings: FilterSettings) -> None:
    """One week passes: the level moves by the slope, and everything grows less certain."""
    mean, covariance = state.mean, state.covariance
    mean[0] += mean[1]
    covariance[0, 0] += covariance[0, 1]
    covariance[0, 1:] += covariance[1, 1:]
    covariance[0, 0] += covariance[0, 1]
    run = np.maximum(state.high_run, state.low_run)
    shift = np.where(run >= settings.shift_weeks, settings.shift_deviation**2, 0.0)
    volatility = np.asarray(settings.level_volatilities)
    covariance[0, 0] += volatility[:, None] ** 2 + shift
    covariance[1, 1] += settings.slope_volatility**2
    for index in range(2, STATES):
        covariance[index, index] += settings.season_volatility**2


def predict(
    state: State,
    wave: Array,
    log_exposure: Array,
    settings: FilterSettings,
    blur: Array | float = 0.0,
) -> OneStep:
    """The rate of a week as a gamma variable for each speed, and the mixture of the speeds."""
    mean, covariance = state.mean, state.covariance
    centre = mean[0] + log_exposure
    gain = covariance[0].copy()
    for index, height in enumerate(wave.tolist(), start=2):
        centre += height * mean[index]
        gain[:index] += height * covariance[:index, index]
        gain[index:] += height * covariance[index, index:]
    variance = gain[0].copy()
    for index, height in enumerate(wave.tolist(), start=2):
        variance += height * gain[index]
    variance_log = np.log(np.maximum(variance + blur, 1e-9))
    shape_log = log_shape_of_log_variance(variance_log)
    centre = np.minimum(np.maximum(centre, -12.0), 28.0)
    mean_log = np.minimum(centre - digamma_less_log(shape_log), 28.0)
    by_speed = np.exp(mean_log)
    weight = state.speed_weight
    mixed = (weight * by_speed).sum(axis=0)
    second = (weight * by_speed**2 * (1.0 + np.exp(-shape_log))).sum(axis=0)
    return OneStep(
        shape_log=shape_log,
        centre=centre,
        mean_log=mean_log,
        variance_log=variance_log,
        gain=gain,
        mean=mixed,
        level_variance=np.maximum(second - mixed**2, 1e-9 * mixed),
        phi=(np.asarray(settings.phi_grid)[:, None] * state.phi_weight).sum(axis=0),
        zero=state.zero_yes / (state.zero_yes + state.zero_no),
        by_speed=by_speed,
    )


def learn(
    state: State, ahead: OneStep, count: Array, seen: NDArray[np.bool_], settings: FilterSettings
) -> None:
    """Take the week in: structural zeros, dispersion, speed of the level, then the state itself."""
    law = ahead.law
    quiet = np.exp(-law.size * np.log1p(law.mean / law.size))
    structural = _structural(state, law, seen & (count == 0), quiet, settings)
    can_be_low = (structural < 0.5) & (law.zero + quiet * (1.0 - law.zero) < settings.low_p_value)
    week = _Week(count, seen, structural, can_be_low)
    success = _masses(ahead, count, settings)
    success *= (1.0 - settings.outlier_share) * (1.0 - law.zero)
    success += settings.outlier_share / (10.0 * law.deviation + 1.0)
    success += np.where(count == 0, (1.0 - settings.outlier_share) * law.zero, 0.0)
    grid = len(settings.phi_grid)
    remembered = np.exp(settings.memory * np.log(state.speed_weight + 1e-6))
    state.phi_weight[...] = _weighed(state.phi_weight, success[:grid], state.phi_weight, seen)
    state.speed_weight[...] = _weighed(remembered, success[grid:], state.speed_weight, seen)
    taken = _winsorised(state, law, week, settings)
    _move(state, ahead, taken, np.where(seen, 1.0 - structural, 0.0) / ahead.phi)
    known = seen & (state.total > 0)
    state.zero_yes[...] = state.zero_yes + structural
    state.zero_no[...] = state.zero_no + np.where(known, 1.0 - structural, 0.0)
    state.zero_run[...] = np.where(
        seen, np.where(count == 0, state.zero_run + 1, 0), state.zero_run
    )
    state.total[...] = state.total + np.where(seen, np.maximum(taken, 0.0), 0.0)
    state.age[...] = state.age + seen


def _structural(
    state: State,
    law: Predictive,
    is_zero: NDArray[np.bool_],
    quiet: Array,
    settings: FilterSettings,
) -> Array:
    """Chance that a zero is structural: less with every zero in a row, for the rate may be gone."""
    share = law.zero / (law.zero + (1.0 - law.zero) * quiet)
    run = np.exp(np.log(law.zero) * (state.zero_run + 1.0))
    share = share * run / (run + settings.fall_chance)
    return np.where(is_zero & (state.total > 0), share, 0.0)


def _winsorised(state: State, law: Predictive, week: _Week, settings: FilterSettings) -> Array:
    """The counts, cut where one week would teach too much; weeks in a row beyond it are counted."""
    limit = settings.winsor_deviations * law.deviation
    bound = state.age >= settings.burn_in_weeks
    high = bound & (week.count > law.mean + limit) & (week.count >= 3)
    low = _is_low(law, week.count, bound & week.can_be_low, settings)
    state.high_run[...] = np.where(week.seen, np.where(high, state.high_run + 1, 0), state.high_run)
    state.low_run[...] = np.where(week.seen, np.where(low, state.low_run + 1, 0), state.low_run)
    return np.where(bound, np.clip(week.count, law.mean - limit, law.mean + limit), week.count)


def _is_low(
    law: Predictive, count: Array, can_be: NDArray[np.bool_], settings: FilterSettings
) -> NDArray[np.bool_]:
    """Counts in the lower tail. By their chance: deviations below the mean may end below zero."""
    low = can_be & (count < 0.6 * law.mean)
    chosen = np.flatnonzero(low)
    chance = 1.0 - law.take(chosen).at_least(count[chosen] + 1.0)
    low[chosen] = chance < settings.low_p_value
    return low


def _move(state: State, ahead: OneStep, taken: Array, weight: Array) -> None:
    """Conjugate gamma update of each speed's rate, carried to the state by linear Bayes."""
    shape_log = np.log(np.exp(ahead.shape_log) + weight * taken)
    rate_log = np.log(np.exp(ahead.shape_log - ahead.mean_log) + weight)
    after = digamma_less_log(shape_log) + shape_log - rate_log
    shrink = 1.0 - np.exp(log_variance_of_log_shape(shape_log) - ahead.variance_log)
    known = np.where(weight > 0, np.exp(-ahead.variance_log), 0.0)
    pull = (after - ahead.centre) * known
    shrink = np.maximum(shrink, 0.0) * known
    state.mean += ahead.gain * pull
    for index in range(STATES):
        state.covariance[index, index:] -= ahead.gain[index:] * (ahead.gain[index] * shrink)


def _masses(ahead: OneStep, count: Array, settings: FilterSettings) -> Array:
    """Probability of the count for each phi, then for each speed of the level.

    Structural zeros apart; one row per candidate.
    """
    first_speed = len(settings.phi_grid)
    mean = np.empty((first_speed + len(settings.level_volatilities), len(count)))
    excess = np.empty_like(mean)
    mean[:first_speed], mean[first_speed:] = ahead.mean, ahead.by_speed
    excess[:first_speed] = (np.asarray(settings.phi_grid) - 1.0)[:, None] * ahead.mean
    excess[:first_speed] += ahead.level_variance
    excess[first_speed:] = (ahead.phi - 1.0) * ahead.by_speed
    excess[first_speed:] += ahead.by_speed**2 * np.exp(-ahead.shape_log)
    np.maximum(excess, 1e-12, out=excess)
    np.divide(mean * mean, excess, out=excess)
    return np.exp(log_mass(count, log_gamma(count + 1.0), mean, excess))


def _weighed(before: Array, success: Array, unseen: Array, seen: NDArray[np.bool_]) -> Array:
    """Weights by Bayes' rule; a week not observed leaves them."""
    product = before * success
    product /= product.sum(axis=0)
    return product if seen.all() else np.where(seen, product, unseen)
