"""The scan: is this week's count, with those just before it, more than chance?

A log Bayes factor of an outbreak that began this week or up to two weeks ago, over sizes and
shapes, against the filter's prediction; its p-value is found by drawing those weeks from the
series' own prediction. The two earlier weeks are drawn at fixed quantiles (stratified, finer in the
tail) and the latest week is integrated exactly, so the same input gives the same p-value and no
generator is needed (Rao and Blackwell's device; exact far into the tail).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voc_pipeline.trends.negative_binomial import Array, Predictive

ONSET_WEIGHTS = (0.4, 0.55, 0.05)
"""Prior of an outbreak that began this week, last week, two weeks ago. The second weighs most: two
raised weeks that are no surprise each are the evidence that a test of single weeks misses."""

SIZES = (2.0, 4.0, 7.0, 11.0)
"""Size of an outbreak in standard deviations of a week."""

SHAPES = ((0.5, 0.5, 0.5), (0.6, 0.3, 0.1))
"""Share of the size in each week since the onset: flat, decaying."""

CANDIDATE_LEVEL = 0.4
"""Only a week whose own mid-p lies below this can be surprising."""

_COARSE = (0.0, 0.25, 0.5, 0.75, 0.9, 0.97, 1.0)
_FINE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.87, 0.93, 0.97, 0.99, 0.997, 1.0)
_REFINED_BELOW = 0.05
_CELLS = 6400  # draws times series whose scores fit the processor's cache

_Outbreak = tuple[float, int, float, tuple[float, ...]]


@dataclass(frozen=True)
class ScanWeek:
    """One week of the scan's window: its law, its counts, and which series were observed."""

    law: Predictive
    count: Array
    seen: NDArray[np.bool_]


def scan_p_values(window: list[ScanWeek]) -> Array:
    """One p-value per series for the latest week.

    Args:
        window: the judged week first, then the one before it and the one before that, as far as
            the history goes.

    Returns:
        P(a scan statistic this high if nothing changed); for a week that is no candidate, the
        plain tail P(this count or more); 1 for a series not observed.
    """
    latest = window[0]
    p_value = np.where(latest.seen, latest.law.at_least(latest.count), 1.0)
    candidate = latest.seen & (latest.law.middle_p(latest.count) < CANDIDATE_LEVEL)
    index = np.flatnonzero(candidate & (latest.count > 0))
    for breaks in (_COARSE, _FINE):
        block = max(16, _CELLS // (len(breaks) - 1) ** 2)
        for start in range(0, len(index), block):
            own = index[start : start + block]
            chosen = [
                ScanWeek(week.law.take(own), week.count[own], week.seen[own]) for week in window
            ]
            p_value[own] = _calibrated(chosen, np.array(breaks))
        index = index[p_value[index] < _REFINED_BELOW]
    return np.minimum(p_value, 1.0)


def _outbreaks(weeks: int) -> list[_Outbreak]:
    """(prior, age, size, shape); at age 0 all shapes are one."""
    ages = ONSET_WEIGHTS[:weeks]
    found: list[_Outbreak] = []
    for age, prior in enumerate(ages):
        shapes = SHAPES if age else SHAPES[:1]
        for size in SIZES:
            for shape in shapes:
                found.append((prior / sum(ages) / len(SIZES) / len(shapes), age, size, shape))
    return found


def _evidence(law: Predictive, added: Array) -> tuple[Array, Array, Array]:
    """Log likelihood ratio of a higher mean: (per case, fixed, at a count of zero)."""
    raised = law.mean + added
    together = np.log((raised + law.size) / (law.mean + law.size))
    per_case = np.log(raised / law.mean) - together
    fixed = -law.size * together
    quiet = law.size * (np.log(law.size) - np.log(law.size + law.mean))
    at_zero = np.log(law.zero + (1 - law.zero) * np.exp(quiet + fixed)) - np.log(
        law.zero + (1 - law.zero) * np.exp(quiet)
    )
    return per_case, fixed, at_zero


def _calibrated(window: list[ScanWeek], breaks: Array) -> Array:
    strata = np.diff(breaks)
    levels = breaks[:-1] + 0.5 * strata
    outbreaks = _outbreaks(len(window))
    deviation = [week.law.deviation for week in window]
    draws = [_drawn(week, levels) for week in window[1:]]
    slopes, fixed, observed, drawn = [], [], [], []
    for prior, age, size, shape in outbreaks:
        added = size * deviation[age]
        per_case, base, _ = _evidence(window[0].law, added * shape[age])
        slopes.append(per_case)
        fixed.append(base)
        seen_sum = np.full_like(base, np.log(prior))
        drawn_sum = [np.zeros((len(levels), len(base))) for _ in draws]
        for back in range(1, age + 1):
            case, start, at_zero = _evidence(window[back].law, added * shape[age - back])
            on = window[back].seen
            count = window[back].count
            seen_sum = seen_sum + np.where(
                on, np.where(count > 0, start + case * count, at_zero), 0
            )
            points = draws[back - 1]
            value = np.where(points > 0, start + case * points, at_zero)
            drawn_sum[back - 1] = np.where(on, value, 0.0)
        observed.append(seen_sum)
        drawn.append(_crossed(drawn_sum, np.log(prior)))
    slope, base = np.stack(slopes), np.stack(fixed)
    score = _log_sum(np.stack(observed) + base + slope * window[0].count)
    offset = np.stack(drawn, axis=0) + base[:, None, :]
    needed = _count_reaching(score, slope, offset)
    law = window[0].law
    least = _least_candidate(law, window[0].count)
    needed = np.maximum(np.ceil(needed - 1e-6), least)
    weight = strata if len(draws) == 1 else np.outer(strata, strata).ravel()
    return np.asarray((weight[:, None] * law.at_least(needed)).sum(axis=0))


def _drawn(week: ScanWeek, levels: Array) -> Array:
    """(levels, series): the week's count at fixed quantiles of its law."""
    return week.law.quantile(levels[:, None])


def _crossed(sums: list[Array], log_prior: float) -> Array:
    """(draws, series): every pair of draws of the earlier weeks."""
    if not sums:
        raise ValueError("the scan needs at least one earlier week")
    if len(sums) == 1:
        return sums[0] + log_prior
    pairs = sums[0][:, None, :] + sums[1][None, :, :]
    return pairs.reshape(-1, pairs.shape[-1]) + log_prior


def _log_sum(terms: Array) -> Array:
    top = terms.max(axis=0)
    return np.asarray(top + np.log(np.exp(terms - top).sum(axis=0)))


def _count_reaching(score: Array, slope: Array, offset: Array) -> Array:
    """(draws, series): the count of the latest week at which the statistic reaches `score`.

    The statistic is a log sum of lines, convex and rising: Newton's method from the right, where
    the highest line alone reaches the score, falls to the root and never passes it.
    """
    steep = np.maximum(slope, 1e-12)[:, None, :]
    count = ((score - offset) / steep).min(axis=0)
    for _ in range(4):
        terms = offset + steep * count
        top = terms.max(axis=0)
        weight = np.exp(terms - top)
        total = weight.sum(axis=0)
        count = count - (top + np.log(total) - score) * total / (weight * steep).sum(axis=0)
    return np.asarray(count)


def _least_candidate(law: Predictive, count: Array) -> Array:
    """The least count of the latest week that would have been a candidate (at most `count`)."""
    low, high = np.zeros_like(count), count.copy()
    while np.any(high - low > 1):
        middle = np.floor((low + high) / 2)
        passes = law.middle_p(middle) < CANDIDATE_LEVEL
        high = np.where(passes, middle, high)
        low = np.where(passes, low, middle)
    return high
