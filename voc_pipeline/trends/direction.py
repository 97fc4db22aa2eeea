"""The direction: do the last weeks hold more, or fewer, than the half year before, or nothing?

Two lengths of "the last weeks" are tried, for a slow course needs the longer one. A change that is
months old is no direction any more: the weeks just before tell whether the course goes on.

A rate that always wandered must go further than one that stood still before it is said to go
somewhere: what its walk alone would put between two spans is part of their chance.

Here: the comparison of two spans of weeks, adjusted for exposure and season. Not here: this
week's surprise (`scan`) and the choice of the word (`verdicts`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from voc_pipeline.trends.multiplicity import benjamini_hochberg
from voc_pipeline.trends.negative_binomial import Array

RECENT_WEEKS = 6
RECENT_SPANS = (RECENT_WEEKS, 13)
BASE_WEEKS = 26
NEAR_WEEKS = 10
WANDER_SHARE = 0.25
"""Part of a rate's wandering that is held against a direction: all of it would hide three climbs in
five among wandering rates, for a climb is told from a walk by its length alone."""
QUIET_SPANS = (4, 6, 8)
QUIET_SHARE = 0.2
LEAST_CASES_BEFORE = 5.0


@dataclass(frozen=True)
class Span:
    """The weeks up to the judged one, latest first, arrays of (weeks, series)."""

    count: Array
    exposure: Array
    """Adjusted for the season; 0 where a week is not evidence."""
    phi: Array
    """(series,): variance over mean."""
    wander: Array | float = 0.0
    """(series,): variance of the step that the log rate takes a week without going anywhere."""


@dataclass(frozen=True)
class Direction:
    """The last weeks against the half year before, one entry per series."""

    ratio: Array
    """Rate of the last weeks over the rate before; NaN without both."""
    weeks: NDArray[np.int64]
    """How many last weeks were compared: the length that tells the more."""
    p_value: Array
    """Of both lengths together (Bonferroni)."""
    q_value: Array
    near_ratio: Array
    """Rate of the last six weeks over that of the ten before; NaN without both."""


@dataclass(frozen=True)
class _Comparison:
    ratio: Array
    p_value: Array


def direction_of(span: Span) -> Direction:
    """Two-sided conditional binomial test on counts over dispersion, q-values over all series."""
    short, long = (_compared(span, weeks, BASE_WEEKS) for weeks in RECENT_SPANS)
    is_long = np.where(np.isnan(short.p_value), np.inf, short.p_value) > np.where(
        np.isnan(long.p_value), np.inf, long.p_value
    )
    tried = (~np.isnan(short.p_value)).astype(float) + ~np.isnan(long.p_value)
    best = np.where(is_long, long.p_value, short.p_value)
    p_value = np.minimum(1.0, best * tried)
    return Direction(
        ratio=np.where(is_long, long.ratio, short.ratio),
        weeks=np.where(is_long, RECENT_SPANS[1], RECENT_SPANS[0]),
        p_value=p_value,
        q_value=benjamini_hochberg(p_value),
        near_ratio=_compared(span, RECENT_WEEKS, NEAR_WEEKS).ratio,
    )


def _compared(span: Span, weeks: int, weeks_before: int) -> _Comparison:
    count, exposure = span.count, span.exposure
    recent, before = slice(0, weeks), slice(weeks, weeks + weeks_before)
    recent_count, base_count = count[recent].sum(axis=0), count[before].sum(axis=0)
    recent_exposure, base_exposure = exposure[recent].sum(axis=0), exposure[before].sum(axis=0)
    observed = (exposure[recent] > 0).sum(axis=0) * 2 >= weeks
    usable = observed & ((exposure[before] > 0).sum(axis=0) >= 6) & (recent_count + base_count > 0)
    share = recent_exposure / np.maximum(recent_exposure + base_exposure, 1e-300)
    whole = recent_count + base_count
    # a random walk's means, apart by chance
    gone = WANDER_SHARE * span.wander * (weeks + weeks_before) / 3.0
    phi = span.phi + gone * whole * share * (1.0 - share)
    p_value = _two_sided(recent_count / phi, base_count / phi, share)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (recent_count / recent_exposure) / (base_count / base_exposure)
    return _Comparison(np.where(usable, ratio, np.nan), np.where(usable, p_value, np.nan))


def _two_sided(recent: Array, base: Array, share: Array) -> Array:
    """Twice the smaller mid-p of Binomial(recent + base, share), counts need not be whole."""
    with np.errstate(invalid="ignore"):
        at_least = np.where(recent > 0, special.betainc(recent, base + 1.0, share), 1.0)
        more = np.where(base > 0, special.betainc(recent + 1.0, base, share), 0.0)
    upper = 0.5 * (at_least + more)
    return np.asarray(np.minimum(1.0, 2.0 * np.minimum(upper, 1.0 - upper)))


def quiet_certainty(span: Span) -> Array:
    """P(rate of the last 4, 6 or 8 weeks < a fifth of the half year before), the highest of them.

    Gamma posteriors with half a case added to each side; all weeks of the quiet span must have
    been observed, at least five cases must lie before it; 0 else.
    """
    quiet = np.zeros(span.count.shape[1])
    for length in QUIET_SPANS:
        if len(span.count) < length + 4:
            break
        late, early = (
            span.count[:length].sum(axis=0),
            span.count[length : length + BASE_WEEKS].sum(axis=0),
        )
        late_exposure = span.exposure[:length].sum(axis=0)
        early_exposure = span.exposure[length : length + BASE_WEEKS].sum(axis=0)
        observed = (span.exposure[:length] > 0).all(axis=0) & (early_exposure > 0)
        odds = QUIET_SHARE * late_exposure / np.maximum(early_exposure, 1e-300)
        certainty = special.betainc(
            late / span.phi + 0.5, early / span.phi + 0.5, odds / (1.0 + odds)
        )
        usable = observed & (early >= LEAST_CASES_BEFORE)
        quiet = np.maximum(quiet, np.where(usable, certainty, 0.0))
    return quiet
