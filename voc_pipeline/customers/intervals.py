"""Intervals of means of points from 0 to 1 that hold for few responses, and of differences.

No normal approximation: the mean is judged by its posterior under half a response at each end of
the scale. For shares this is the Jeffreys interval (Brown, Cai and DasGupta, Interval estimation
for a binomial proportion, Statistical Science 16, 2001). For NPS and means the points' posterior
is a Dirichlet distribution, and that of its mean is taken as the Beta distribution of the same
mean and variance. The interval always reaches to the estimate, so that five equal answers do not
exclude themselves. tests/test_intervals.py measures the coverage.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv
from scipy.stats import hypergeom

Array = npt.NDArray[np.float64]
_PRIOR = 0.5
"""Responses added at each end of the scale."""
_TAIL = 0.025


@dataclass(frozen=True)
class Points:
    """Groups of points: how many, their sums and their sums of squares, one entry a group."""

    count: Array
    total: Array
    squares: Array

    @property
    def mean(self) -> Array:
        """The mean of each group."""
        return self.total / self.count

    def less(self, other: "Points") -> "Points":
        """The groups without the points of `other`, which are among them."""
        return Points(
            self.count - other.count, self.total - other.total, self.squares - other.squares
        )


def mean_interval(points: Points) -> tuple[Array, Array]:
    """Lower and upper end of each mean's 95 % interval; every group has a point."""
    size = points.count + 2 * _PRIOR
    mean = (points.total + _PRIOR) / size
    variance = ((points.squares + _PRIOR) / size - mean**2) / (size + 1)
    a, b = _beta_of(mean, variance)
    lower, upper = betaincinv(a, b, _TAIL), betaincinv(a, b, 1 - _TAIL)
    return np.minimum(lower, points.mean), np.maximum(upper, points.mean)


def difference_interval(first: Points, second: Points) -> tuple[Array, Array]:
    """Lower and upper end of the 95 % interval of each difference of means, first less second.

    From the two means' own intervals (Newcombe 1998 for shares; Zou and Donner, Construction of
    confidence limits about effect measures, Statistics in Medicine 27, 2008, for any means).
    """
    first_lower, first_upper = mean_interval(first)
    second_lower, second_upper = mean_interval(second)
    difference = first.mean - second.mean
    down = np.hypot(first.mean - first_lower, second_upper - second.mean)
    up = np.hypot(first_upper - first.mean, second.mean - second_lower)
    return difference - down, difference + up


def random_split_chance(part: Points, whole: Points, step: Array) -> Array:
    """Two-sided chance of each part's mean if its points were drawn from the whole at random.

    The permutation test of two groups, exact for shares. Otherwise mean and variance of the drawn
    mean are exact and its shape is taken as the Beta distribution that has them; as points are
    `step` apart, every mean stands for the half step around it.
    """
    spread = np.maximum(whole.squares - whole.total**2 / whole.count, 0) / (whole.count - 1)
    variance = spread / part.count * (1 - part.count / whole.count)
    is_mixed = variance > 1e-12
    half = step / part.count / 2
    length = 1 + 2 * half
    a, b = _beta_of(
        (np.where(is_mixed, whole.mean, 0.5) + half) / length,
        np.where(is_mixed, variance, 0.01) / length**2,
    )
    as_low = betainc(a, b, np.clip((part.mean + 2 * half) / length, 0, 1))
    as_high = betainc(b, a, np.clip((1 - part.mean + 2 * half) / length, 0, 1))
    exactly = step == 1.0  # shares: the hypergeometric distribution (Fisher's test)
    drawn = hypergeom(whole.count[exactly], whole.total[exactly], part.count[exactly])
    as_low[exactly] = drawn.cdf(part.total[exactly])
    as_high[exactly] = drawn.sf(part.total[exactly] - 1)
    chance: Array = np.where(is_mixed, np.minimum(2 * np.minimum(as_low, as_high), 1), 1.0)
    return chance


def _beta_of(mean: Array, variance: Array) -> tuple[Array, Array]:
    """The two parameters of the Beta distributions with these means and variances."""
    strength = mean * (1 - mean) / variance - 1
    return mean * strength, (1 - mean) * strength
