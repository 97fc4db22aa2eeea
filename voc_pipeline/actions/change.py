"""The change of a rate: what was observed over what was expected, with its 95 % interval.

Here: the interval, and the least fall that could have been seen. Not here: which weeks are
compared, and the word made of it (`fix_verdicts`).
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from voc_pipeline.trends.counterfactual import ExpectedSum
from voc_pipeline.trends.negative_binomial import Predictive

POWER = 0.8
_TAILS = (0.025, 0.975)


@dataclass(frozen=True)
class Change:
    """Observed against expected, over the weeks since an effect."""

    expected: float
    expected_lower: float
    expected_upper: float
    change: float
    lower: float
    upper: float
    visible_fall: float | None


def change_of(observed: int, total: ExpectedSum, place: int) -> Change | None:
    """The change of a rate with its 95 % interval; None if less than one report was expected.

    The rate after is Gamma(observed / phi + 1/2) in units of phi (Jeffreys), the expected one
    a gamma variable of the filter: their ratio is beta-prime.
    """
    mean, shape, phi = (float(one[place]) for one in (total.mean, total.shape, total.phi))
    if mean < 1.0:
        return None
    point = observed / mean
    lower, upper = (_ratio_bound(observed, mean, shape, phi, tail) for tail in _TAILS)
    law = _sum_law(mean, shape, phi)
    expected_lower, expected_upper = (float(law.quantile(tail)[0]) for tail in _TAILS)
    return Change(
        expected=mean,
        expected_lower=expected_lower,
        expected_upper=max(expected_upper, mean),
        change=point - 1.0,
        lower=(min(lower, point) if observed else 0.0) - 1.0,
        upper=max(upper, point) - 1.0,
        visible_fall=_visible_fall(mean, shape, phi),
    )


def _ratio_bound(observed: float, mean: float, shape: float, phi: float, tail: float) -> float:
    share = float(special.betaincinv(observed / phi + 0.5, shape, tail))
    return phi * share / max(1.0 - share, 1e-12) * shape / mean


def _sum_law(mean: float, shape: float, phi: float) -> Predictive:
    """The count of all compared weeks together."""
    one = np.ones(1)
    return Predictive.of_moments(mean * one, mean * mean / shape * one, phi * one, 0.0 * one)


def _visible_fall(mean: float, shape: float, phi: float) -> float | None:
    """The least fall that would be called 'worked' with a chance of `POWER`."""
    low, high = -1, int(np.ceil(mean)) + 1  # the largest count that would show a fall
    while high - low > 1:
        middle = (low + high) // 2
        is_fall = _ratio_bound(middle, mean, shape, phi, _TAILS[1]) < 1.0
        low, high = (middle, high) if is_fall else (low, middle)
    if low < 0:
        return None
    largest = np.array([low + 1.0])

    def chance(fall: float) -> float:
        left = max(mean * (1.0 - fall), 1e-9)
        return 1.0 - float(_sum_law(left, shape, phi).at_least(largest)[0])

    least, most = 0.0, 1.0
    for _ in range(40):
        middle_fall = 0.5 * (least + most)
        least, most = (least, middle_fall) if chance(middle_fall) >= POWER else (middle_fall, most)
    return most
