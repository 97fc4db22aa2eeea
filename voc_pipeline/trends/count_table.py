"""Tables of count laws: chances and quantiles of many series by looking them up.

A law whose counts nearly all lie below a few hundred is written out count by count; its tails and
quantiles are then exact and cost a look-up, where the special functions cost a microsecond or ten.

Here: the table. Not here: the law (`negative_binomial`), and what is asked of it (`scan`).
"""

from dataclasses import dataclass

import numpy as np

from voc_pipeline.trends.negative_binomial import Array, Predictive

TABLE_SIZES = (24, 64, 160, 400)
"""The greatest counts written out; a law that reaches further is computed."""

BEYOND_REACH = 5e-5
"""Chance of a count beyond the reach, at most."""

_EVEN = 1.0 + 1e-12  # two sums that are the same but for rounding


def reach_of(law: Predictive) -> Array:
    """A count that each law exceeds with a chance of at most `BEYOND_REACH`, from its moments."""
    return np.asarray(law.mean + 4.0 * law.deviation + 5.0 * (1.0 + law.mean / law.size))


@dataclass(frozen=True)
class CountTable:
    """The laws of some series, the negative binomial written out up to a count."""

    law: Predictive
    above: Array
    """(counts, series): P(this count or more), structural zeros apart."""

    @classmethod
    def of(cls, law: Predictive, size: int) -> "CountTable":
        """The tables of the counts 0 to `size`."""
        count = np.arange(size, dtype=np.float64)[:, None]
        share = law.mean / (law.mean + law.size)
        above = np.empty((size + 2, len(law.mean)))
        mass = above[:-1]
        mass[0] = np.exp(-law.size * np.log1p(law.mean / law.size))
        np.multiply((count + law.size) / (count + 1.0), share, out=mass[1:])
        np.multiply.accumulate(mass, axis=0, out=mass)
        above[-1] = law.plain_tail(np.full(len(law.mean), size + 1.0))
        np.add.accumulate(above[::-1], axis=0, out=above[::-1])  # small chances keep their digits
        return cls(law, above)

    def at_least(self, count: Array) -> Array:
        """P(count or more) of (rows, series) whole numbers."""
        last = len(self.above) - 1
        place = np.clip(count, 0, last).astype(np.intp)
        tail = np.take_along_axis(self.above, place, axis=0)
        row, series = np.nonzero(count > last)
        if len(row):
            tail[row, series] = self.law.take(series).plain_tail(count[row, series])
        return np.where(count <= 0, 1.0, (1.0 - self.law.zero) * tail)

    def quantile(self, levels: Array) -> Array:
        """(levels, series): the least counts to reach the levels, or the end of the table."""
        beyond = (1.0 - levels[:, None]) / (1.0 - self.law.zero) * _EVEN
        return np.asarray((self.above[1:-1, None, :] > beyond).sum(axis=0, dtype=np.float64))

    def least_unlikely(self, middle_p: float) -> Array:
        """The least count whose mid-p lies below `middle_p`; that of the table's end if none."""
        half = 0.5 * (1.0 - self.law.zero)
        low = half * (self.above[1:-1] + self.above[2:]) < middle_p
        return np.where(low.any(axis=0), 1.0 + low.argmax(axis=0), len(self.above) - 1.0)
