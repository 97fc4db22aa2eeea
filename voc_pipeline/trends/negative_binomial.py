"""The one distribution of the room: a negative binomial with a share of structural zeros.

Here: its tail, its quantiles, the logarithm of its mass, and the two gamma identities by which
the filter matches moments. Not here: where its parameters come from (`filter`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Array = NDArray[np.float64]

_HALF_LOG_TAU = 0.9189385332046727


@dataclass(frozen=True)
class Predictive:
    """What a week should bring, one entry per series, before the week is seen.

    The count is 0 with probability `zero`, else negative binomial with mean `mean` and variance
    `mean + mean**2 / size`.
    """

    mean: Array
    size: Array
    zero: Array

    @classmethod
    def of_moments(
        cls, mean: Array, level_variance: Array, phi: Array, zero: Array
    ) -> "Predictive":
        """Mean and variance `phi * mean + level_variance`, the second being doubt of the level."""
        excess = (phi - 1.0) * mean + level_variance
        return cls(mean, mean * mean / np.maximum(excess, 1e-12), zero)

    @classmethod
    def joined(cls, laws: "Sequence[Predictive]") -> "Predictive":
        """The laws of several lots of series, one after another."""
        return cls(
            np.concatenate([law.mean for law in laws]),
            np.concatenate([law.size for law in laws]),
            np.concatenate([law.zero for law in laws]),
        )

    @property
    def expected(self) -> Array:
        """The expected count, structural zeros included."""
        return (1.0 - self.zero) * self.mean

    @property
    def deviation(self) -> Array:
        """Standard deviation of the count where it is no structural zero."""
        return np.sqrt(self.mean + self.mean * self.mean / self.size)

    def at_least(self, count: Array) -> Array:
        """P(count or more)."""
        return np.where(count <= 0, 1.0, (1.0 - self.zero) * self.plain_tail(count))

    def plain_tail(self, count: Array) -> Array:
        """P(count or more) of the negative binomial alone, for a count of at least one."""
        share = self.mean / (self.mean + self.size)
        return np.asarray(special.betainc(np.maximum(count, 1.0), self.size, share))

    def middle_p(self, count: Array) -> Array:
        """P(more) plus half P(exactly this count)."""
        return 0.5 * (self.at_least(count) + self.at_least(count + 1.0))

    def quantile(self, probability: float | Array) -> Array:
        """The least count whose cumulative probability reaches `probability` (broadcast)."""
        inner = (probability - self.zero) / (1.0 - self.zero)
        found = stats.nbinom.ppf(
            np.maximum(inner, 0.0), self.size, self.size / (self.mean + self.size)
        )
        return np.asarray(np.where(inner <= 0, 0.0, np.maximum(found, 0.0)), dtype=np.float64)

    def take(self, index: NDArray[np.intp]) -> "Predictive":
        """The same for some of the series."""
        return Predictive(self.mean[index], self.size[index], self.zero[index])


def log_gamma(x: Array) -> Array:
    """Logarithm of the gamma function for x > 0, to 1e-7, three times as fast as scipy's."""
    z = x + 4.0
    return (z - 0.5) * np.log(z) - z + _HALF_LOG_TAU + _stirling(1.0 / z) - np.log(_four(x))


def log_mass(count: Array, log_factorial: Array, mean: Array, size: Array) -> Array:
    """Log probability of `count` without structural zeros; `log_factorial` is log(count!)."""
    total = mean + size
    shifted = size + 4.0  # Stirling's series of both gamma functions together, four steps up
    reached = shifted + count
    mass: Array = (shifted - 0.5) * np.log(reached / shifted)
    mass += count * (np.log(reached * mean / total) - 1.0)
    mass += size * np.log(size / total)
    mass += np.log(_four(size) / _four(size + count))
    mass += _stirling(1.0 / reached) - _stirling(1.0 / shifted)
    mass -= log_factorial
    return mass


def _four(x: Array) -> Array:
    """Rising factorial: x (x + 1) (x + 2) (x + 3)."""
    outer = x * (x + 3.0)
    return outer * (outer + 2.0)


def _stirling(inverse: Array) -> Array:
    """What Stirling's formula lacks of the logarithm of the gamma function at 1 / inverse."""
    square = inverse * inverse
    return inverse * (1 / 12 - square * (1 / 360 - square / 1260))


class EvenTable:
    """A smooth function by linear interpolation on an even grid; outside it, the end values."""

    def __init__(self, function: Callable[[Array], Array], low: float, high: float) -> None:
        points = 8192
        self._low = low
        self._scale = (points - 1) / (high - low)
        self._values = function(np.linspace(low, high, points))
        self._steps = np.diff(self._values)

    def __call__(self, x: Array) -> Array:
        """The function at `x`."""
        place = (x - self._low) * self._scale
        np.clip(place, 0.0, len(self._steps) - 1e-9, out=place)
        left = place.astype(np.intp)
        place -= left
        place *= self._steps.take(left)
        place += self._values.take(left)
        return place


def _log_shape_of_variance(log_variance: Array) -> Array:
    """Log r with trigamma(r) = exp(log_variance), by Newton's method on the logarithm."""
    variance = np.exp(log_variance)
    shape = np.where(variance > 1, 1 / np.sqrt(variance), 1 / variance + 0.5)
    for _ in range(50):
        value = special.polygamma(1, shape)
        slope = special.polygamma(2, shape) * shape / value
        shape = shape * np.exp(np.clip((np.log(variance) - np.log(value)) / slope, -2, 2))
    return np.asarray(np.log(shape))


log_shape_of_log_variance = EvenTable(_log_shape_of_variance, -21.0, 7.0)
"""log r from log q, where q = trigamma(r) is the variance of the log of a Gamma(r, c) rate."""

log_variance_of_log_shape = EvenTable(
    lambda log_shape: np.log(special.polygamma(1, np.exp(log_shape))), -5.0, 24.0
)
"""log trigamma(r) from log r."""

digamma_less_log = EvenTable(
    lambda log_shape: special.digamma(np.exp(log_shape)) - log_shape, -5.0, 24.0
)
"""digamma(r) - log r from log r: the mean of the log of a gamma rate less the log of its mean."""
