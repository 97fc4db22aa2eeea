"""The early aberration reporting methods C1, C2 and C3: a week against the seven weeks before.

Here: their expectations, thresholds and alarms. They know no season, no trend and no exposure;
they stand beside the product's method as the floor. Not here: verdicts.

Written from Hutwagner, Thompson, Seeman and Treadwell 2003 and, for the level as a probability,
Fricker, Hegler and Dunfee 2008.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from voc_pipeline.trends.farrington import Flags
from voc_pipeline.trends.negative_binomial import Array

_BASELINE_WEEKS = 7
_LAG = {"C1": 0, "C2": 2, "C3": 2}


@dataclass(frozen=True)
class EarsWeeks:
    """Arrays of (judged weeks, series); NaN, and no alarm, where the method says nothing."""

    expected: Array
    upper: Array
    statistic: Array
    """Standard deviations above the baseline; of C3 what three weeks have beyond one, summed."""
    is_alarm: Flags


def ears(
    counts: Array,
    steps: Sequence[int],
    kind: Literal["C1", "C2", "C3"],
    *,
    alpha: float = 0.01,
    as_r: bool = False,
) -> EarsWeeks:
    """Judge some weeks of all series by mean and standard deviation of seven earlier weeks.

    C1 looks at the seven weeks before, C2 leaves out the last two of them, C3 adds up how far C2
    lay above 1 in this week and the two before it.

    Args:
        counts: (weeks, series), whole numbers; NaN where a series was not observed. A week is
            judged only if all the weeks that its method looks at were observed.
        steps: places of the weeks to judge.
        kind: which of the three.
        alpha: chance of an alarm for normal counts; the threshold is that many standard deviations.
        as_r: the threshold of C3 as R surveillance 1.20.3 computes it, from this week's count in
            the place of the expectation, never below 0; it alarms by the two weeks before alone.

    Returns:
        The baseline's mean, the threshold in counts, the statistic, and whether it is beyond.
    """
    lag, normal = _LAG[kind], float(special.ndtri(1 - alpha))
    shape = (len(steps), counts.shape[1])
    expected, upper = np.full(shape, np.nan), np.full(shape, np.nan)
    statistic = np.full(shape, np.nan)
    for row, step in enumerate(steps):
        if step < lag + _BASELINE_WEEKS + (2 if kind == "C3" else 0):
            continue
        base, count = _baseline(counts, step, lag), counts[step]
        own = base.standardised(count)
        threshold = base.mean + normal * base.deviation
        if kind == "C3":
            earlier = sum(
                (_excess(counts, step - back) for back in (1, 2)), start=np.zeros_like(own)
            )
            room = np.maximum(normal - np.minimum(earlier, normal), 0.0)
            threshold = np.where(earlier > normal, 0.0, base.mean + base.deviation * (1.0 + room))
            if as_r:
                deviations = base.deviation * (normal - np.where(earlier < np.inf, earlier, 1e9))
                threshold, own = np.maximum(count + deviations, 0.0), earlier
            else:
                own = earlier + np.maximum(own - 1.0, 0.0)
        known = ~np.isnan(own)
        expected[row] = np.where(known, base.mean, np.nan)
        upper[row] = np.where(known, threshold, np.nan)
        statistic[row] = own
    return EarsWeeks(expected, upper, statistic, statistic > normal)


@dataclass(frozen=True)
class _Baseline:
    mean: Array
    deviation: Array

    def standardised(self, count: Array) -> Array:
        """Standard deviations above the mean; infinite above a baseline that never moved."""
        above = count - self.mean
        flat = np.where(above > 0, np.inf, 0.0 * above)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.deviation > 0, above / self.deviation, flat)


def _baseline(counts: Array, step: int, lag: int) -> _Baseline:
    weeks = counts[step - lag - _BASELINE_WEEKS : step - lag]
    return _Baseline(weeks.mean(axis=0), weeks.std(axis=0, ddof=1))


def _excess(counts: Array, step: int) -> Array:
    """How many standard deviations beyond one the week lies above its C2 baseline; else 0."""
    return np.maximum(_baseline(counts, step, _LAG["C2"]).standardised(counts[step]) - 1.0, 0.0)
