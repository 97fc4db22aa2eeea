"""The counterfactual: what the weeks after a date would have brought, from the weeks before it.

The filter's last state is carried forward week by week with nothing learnt, for known exposure and
season; a sum of weeks shares its doubt of the level, so the weeks are kept together with their
covariances (West and Harrison 1997, ch. 4.4 and 14.3; the idea of a counterfactual forecast is
that of Brodersen et al. 2015). Rates are log-normal for each speed of the level, their sum is
matched to a gamma variable as everywhere in `filter`.

Here: the law of one week and of the sum of weeks. Not here: what was observed, and verdicts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voc_pipeline.trends.filter import FilterPath, FilterSettings, harmonics
from voc_pipeline.trends.negative_binomial import (
    Array,
    Predictive,
    digamma_less_log,
    log_shape_of_log_variance,
)


@dataclass(frozen=True)
class ExpectedSum:
    """The rate of several weeks together, per series: a gamma variable with this mean and shape."""

    mean: Array
    shape: Array
    phi: Array


@dataclass(frozen=True)
class Outlook:
    """The log rates of the weeks ahead of one state, as known when the filter ended."""

    centre: Array
    """(weeks, speeds, series): means of the log rates, exposure included."""
    covariance: Array
    """(weeks, weeks, speeds, series)."""
    speed_weight: Array
    phi: Array
    zero: Array

    def total(self, chosen: NDArray[np.bool_]) -> ExpectedSum:
        """The law of the sum of the chosen weeks; at least one must be chosen."""
        centre = self.centre[chosen]
        covariance = self.covariance[np.ix_(chosen, chosen)]
        top = centre.max(axis=0)
        size = np.exp(centre - top)
        whole = size.sum(axis=0)
        part = size / whole
        variance = np.einsum("hsn,hksn,ksn->sn", part, covariance, part)
        own = np.einsum("hsn,hhsn->sn", part, covariance)
        middle = top + np.log(whole) + 0.5 * (own - variance)
        mean, shape = _mixed(middle, variance, self.speed_weight)
        return ExpectedSum(mean * (1.0 - self.zero), shape, self.phi)

    def week(self, step: int) -> Predictive:
        """The law of the count of one week ahead."""
        mean, shape = _mixed(self.centre[step], self.covariance[step, step], self.speed_weight)
        return Predictive.of_moments(mean, mean * mean / shape, self.phi, self.zero)


def look_ahead(
    path: FilterPath, exposure: Array, phase: Array, *, doubt: Array, settings: FilterSettings
) -> Outlook:
    """Carry the filter's last state forward over weeks of known exposure.

    The weights of the level's speeds are squared: they forget on purpose, and over a sum of weeks
    that leaves the fastest speed too much (coverage measured by `benchmarks.fix_verdicts`).

    Args:
        path: a run of the filter that ended with the last week to be learnt from.
        exposure: (weeks, series) of the weeks that follow it without a gap; 0 is taken as 1.
        phase: (weeks,) their places on the filter's week axis.
        doubt: (weeks, series), variance of the logarithm of the exposure.
        settings: those the filter was run with.
    """
    last, weeks = path.last, len(exposure)
    wave = harmonics(phase, settings.season_weeks)
    regressor = np.vstack([np.ones(weeks), np.zeros(weeks), wave])
    run = np.maximum(last.high_run, last.low_run)
    shift = np.where(run >= settings.shift_weeks, settings.shift_deviation**2, 0.0)
    mean, spread = last.mean, last.covariance
    centre = np.empty((weeks, *mean.shape[1:]))
    covariance = np.empty((weeks, weeks, *mean.shape[1:]))
    for step in range(weeks):
        mean = np.concatenate([mean[:1] + mean[1:2], mean[1:]])
        spread = _evolved(spread, shift * (step == 0), settings)
        centre[step] = np.einsum("i,isn->sn", regressor[:, step], mean)
        told = np.einsum("i,ijsn->jsn", regressor[:, step], spread)
        for later in range(step, weeks):
            ahead = regressor[:, later].copy()
            ahead[1] += later - step  # the slope moves the level every week
            covariance[step, later] = np.einsum("j,jsn->sn", ahead, told)
            covariance[later, step] = covariance[step, later]
        covariance[step, step] += doubt[step]
    size = np.log(np.where(exposure > 0, exposure, 1.0))
    weight = last.speed_weight**2
    return Outlook(
        centre + size[:, None, :],
        covariance,
        weight / weight.sum(axis=0),
        (np.asarray(settings.phi_grid)[:, None] * last.phi_weight).sum(axis=0),
        last.zero_yes / (last.zero_yes + last.zero_no),
    )


def _evolved(covariance: Array, shift: Array, settings: FilterSettings) -> Array:
    """The covariance a week later, as the filter's own `_evolve` has it."""
    after = covariance.copy()
    after[0] += after[1]
    after[:, 0] += after[:, 1]
    volatility = np.asarray(settings.level_volatilities)
    after[0, 0] += volatility[:, None] ** 2 + shift
    after[1, 1] += settings.slope_volatility**2
    for index in range(2, len(after)):
        after[index, index] += settings.season_volatility**2
    return after


def _mixed(centre: Array, variance: Array, weight: Array) -> tuple[Array, Array]:
    """Mean and shape of the gamma variable with the first two moments of the speeds' mixture."""
    shape_log = log_shape_of_log_variance(np.log(np.maximum(variance, 1e-9)))
    mean_log = np.minimum(np.clip(centre, -12.0, 28.0) - digamma_less_log(shape_log), 28.0)
    by_speed = np.exp(mean_log)
    mean = (weight * by_speed).sum(axis=0)
    second = (weight * by_speed**2 * (1.0 + np.exp(-shape_log))).sum(axis=0)
    return mean, mean**2 / np.maximum(second - mean**2, 1e-9 * mean)
