"""The scan: is this week's count, with those just before it, more than chance?

A log Bayes factor of an outbreak that began this week or up to two weeks ago, over sizes and
shapes, against the filter's prediction; its p-value is found by drawing those weeks from the
series' own prediction. The two earlier weeks are drawn at fixed quantiles (stratified, finer in the
tail) and the latest week is integrated exactly, so the same input gives the same p-value and no
generator is needed (Rao and Blackwell's device; exact far into the tail).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from voc_pipeline.trends.count_table import TABLE_SIZES, CountTable, reach_of
from voc_pipeline.trends.negative_binomial import Array, Predictive, log_gamma, log_mass

ONSET_WEIGHTS = (0.4, 0.55, 0.05)
"""Prior of an outbreak that began this week, last week, two weeks ago. The second weighs most: two
raised weeks that are no surprise each are the evidence that a test of single weeks misses."""

SIZES = (2.0, 4.0, 7.0, 11.0)
"""Size of an outbreak in standard deviations of the latest week."""

FLAT, DECAYING = (0.5, 0.5, 0.5), (0.6, 0.3, 0.1)
"""Share of the size in each week since the onset; in its first week an outbreak is flat."""

CANDIDATE_LEVEL = 0.4
"""Only a week whose own mid-p lies below this can be surprising."""

REFINED_BELOW = 0.05
"""A p-value from few draws below which it is found again from many; one above it, of which nothing
hangs, is within a half of what many draws give, and within 2 % on average."""

_CELLS = 6400  # draws times series whose scores fit the processor's cache


@dataclass(frozen=True)
class _Strata:
    """How finely the weeks before the latest are drawn: the last one, and the one before it."""

    breaks: tuple[tuple[float, ...], ...]

    def levels(self, back: int) -> Array:
        """The middles of the strata."""
        breaks = np.array(self.breaks[back - 1])
        return np.asarray(0.5 * (breaks[1:] + breaks[:-1]))

    def weights(self, weeks: int) -> Array:
        """(draws,): the chance of each draw, of each pair of draws if two weeks are drawn."""
        found = np.ones(1)
        for breaks in self.breaks[:weeks]:
            found = np.outer(found, np.diff(breaks)).ravel()
        return found


_LAST_WEEK = (0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.87, 0.92, 0.96, 0.98, 0.99, 0.995, 0.998)
_COARSE = _Strata(((0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.97, 1.0), (0.0, 0.8, 1.0)))
_FINE = _Strata(
    (
        (0.0, *_LAST_WEEK, 0.999, 0.9997, 0.9999, 1.0),
        (0.0, 0.6, 0.85, 0.95, 0.985, 0.997, 0.9995, 1.0),
    )
)
"""Fine far into the tail: a chance of a thousandth is that of weeks that are rare themselves."""


@dataclass(frozen=True)
class ScanWeek:
    """One week of the scan's window: its law, its counts, and which series were observed."""

    law: Predictive
    count: Array
    seen: NDArray[np.bool_]

    def take(self, index: NDArray[np.intp]) -> "ScanWeek":
        """The same for some of the series."""
        return ScanWeek(self.law.take(index), self.count[index], self.seen[index])

    @classmethod
    def joined(cls, weeks: "Sequence[ScanWeek]") -> "ScanWeek":
        """Several lots of series, one after another."""
        return cls(
            Predictive.joined([week.law for week in weeks]),
            np.concatenate([week.count for week in weeks]),
            np.concatenate([week.seen for week in weeks]),
        )


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
    p_value = np.ones(len(latest.count))
    some = np.flatnonzero(latest.seen & (latest.count > 0))
    law, count = latest.law.take(some), latest.count[some]
    p_value[some] = law.at_least(count)
    exactly = np.exp(log_mass(count, log_gamma(count + 1.0), law.mean, law.size))
    middle_p = p_value[some] - 0.5 * (1.0 - law.zero) * exactly
    index = some[middle_p < CANDIDATE_LEVEL]
    for strata in (_COARSE, _FINE):
        _calibrate(p_value, window, index, strata)
        index = index[p_value[index] < REFINED_BELOW]
    return np.minimum(p_value, 1.0)


def _calibrate(
    p_value: Array, window: list[ScanWeek], index: NDArray[np.intp], strata: _Strata
) -> None:
    """Write the p-values of some series; those whose laws reach alike are judged together."""
    reach = np.max([reach_of(week.law.take(index)) for week in window], axis=0)
    draws = len(strata.weights(len(window) - 1))
    for above, size in pairwise((0, *TABLE_SIZES, None)):
        group = index[(reach > above) & (True if size is None else reach <= size)]
        block = max(16, _CELLS // max(draws, size or 0))
        for start in range(0, len(group), block):
            own = group[start : start + block]
            chosen = [week.take(own) for week in window]
            p_value[own] = _calibrated(chosen, strata, size)


@dataclass(frozen=True)
class _Raised:
    """One week's log likelihood ratio of higher means, as lines of its count: (sizes, series)."""

    slope: Array
    start: Array
    at_zero: Array
    """The ratio at a count of zero, which may be structural."""
    seen: NDArray[np.bool_]

    @classmethod
    def of(cls, week: ScanWeek, added: Array) -> "_Raised":
        law = week.law
        raised = law.mean + added
        together = np.log((raised + law.size) / (law.mean + law.size))
        start = -law.size * together
        plain = np.exp(-law.size * np.log1p(law.mean / law.size))
        quiet = (1.0 - law.zero) * plain
        at_zero = np.log((law.zero + quiet * np.exp(start)) / (law.zero + quiet))
        return cls(np.log(raised / law.mean) - together, start, at_zero, week.seen)

    def at(self, count: Array) -> Array:
        """(sizes, draws, series): the ratios at (draws, series) counts; 0 where not observed."""
        value = self.slope[:, None] * count
        value += self.start[:, None]
        value = np.where(count > 0, value, self.at_zero[:, None])
        return np.where(self.seen, value, 0.0)


class _Lines:
    """The statistic: the log of a sum of outbreaks, each a line of the latest count."""

    def __init__(self, window: list[ScanWeek]) -> None:
        added = np.array(SIZES)[:, None] * window[0].law.deviation
        ages = np.array(ONSET_WEIGHTS[: len(window)])
        self._log_prior = np.log(ages / ages.sum() / len(SIZES))
        self._flat = [_Raised.of(week, added * FLAT[0]) for week in window]
        self._decaying = [
            [_Raised.of(window[back], added * DECAYING[age - back]) for back in range(age + 1)]
            for age in range(1, len(window))
        ]
        latest = [self._flat[0], *(weeks[0] for weeks in self._decaying)]
        self.slope = np.maximum(np.concatenate([one.slope for one in latest]), 1e-12)

    def starts(self, past: list[Array]) -> Array:
        """(lines, draws, series): where the lines begin, given the weeks before.

        Args:
            past: (draws, series) counts of each week before; every pair of draws is taken.
        """
        half = self._log_prior - np.log(2.0)  # an older outbreak has two shapes
        found = self._log_prior[0]
        together: Array | float = 0.0
        for age in range(1, len(past) + 1):
            together = together + self._drawn(self._flat[age], past, age)
            found = np.logaddexp(found, half[age] + together)
        lines = [found + self._flat[0].start[:, None, None]]
        for age, weeks in enumerate(self._decaying, start=1):
            whole = half[age] + weeks[0].start[:, None, None]
            for back in range(1, age + 1):
                whole = whole + self._drawn(weeks[back], past, back)
            lines.append(whole)
        crossed = [len(one) for one in past]
        shape = (len(SIZES), *[*crossed, 1, 1][:2], self.slope.shape[1])
        return np.concatenate([np.broadcast_to(one, shape) for one in lines]).reshape(
            len(self.slope), -1, shape[-1]
        )

    @staticmethod
    def _drawn(raised: _Raised, past: list[Array], back: int) -> Array:
        value = raised.at(past[back - 1])
        return value[:, :, None] if back == 1 else value[:, None]


def _calibrated(window: list[ScanWeek], strata: _Strata, size: int | None) -> Array:
    latest, before = window[0], window[1:]
    lines = _Lines(window)
    observed = lines.starts([week.count[None] for week in before])[:, 0]
    score = _log_sum(observed + lines.slope * latest.count)
    draws = [_drawn(week.law, strata.levels(back), size) for back, week in enumerate(before, 1)]
    needed = np.ceil(_count_reaching(lines.slope, lines.starts(draws) - score) - 1e-6)
    weight = strata.weights(len(before))[:, None]
    if size is None:
        least = _least_candidate(latest.law, latest.count)
        return np.asarray((weight * latest.law.at_least(np.maximum(needed, least))).sum(axis=0))
    table = CountTable.of(latest.law, size)
    least = np.minimum(table.least_unlikely(CANDIDATE_LEVEL), latest.count)
    return np.asarray((weight * table.at_least(np.maximum(needed, least))).sum(axis=0))


def _drawn(law: Predictive, levels: Array, size: int | None) -> Array:
    """(levels, series): the week's count at fixed quantiles of its law."""
    if size is None:
        return law.quantile(levels[:, None])
    return CountTable.of(law, size).quantile(levels)


def _log_sum(terms: Array) -> Array:
    top = terms.max(axis=0)
    return np.asarray(top + np.log(np.exp(terms - top).sum(axis=0)))


def _count_reaching(slope: Array, start: Array) -> Array:
    """(draws, series): the count of the latest week at which the log sum of lines reaches 0.

    It is convex and rising: Newton's method from the right, where the highest line alone reaches
    0 and no line lies above it, falls to the root and never passes it.
    """
    steep = slope[:, None, :]
    count = (-start / steep).min(axis=0)
    terms = np.empty_like(start)
    for _ in range(4):
        np.multiply(steep, count, out=terms)
        terms += start
        np.exp(terms, out=terms)
        total = terms.sum(axis=0)
        terms *= steep
        count -= np.log(total) * total / terms.sum(axis=0)
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
