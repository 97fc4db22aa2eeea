"""The direction: do the last weeks hold more, or fewer, than the half year before, or nothing?

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
BASE_WEEKS = 26
QUIET_SPANS = (4, 6, 8)
QUIET_SHARE = 0.2
QUIET_CERTAINTY = 0.95
LEAST_CASES_BEFORE = 5.0


@dataclass(frozen=True)
class Span:
    """The weeks up to the judged one, latest first, arrays of (weeks, series)."""

    count: Array
    exposure: Array
    """Adjusted for the season; 0 where a week is not evidence."""
    phi: Array
    """(series,): variance over mean."""


@dataclass(frozen=True)
class Direction:
    """The last weeks against the half year before, one entry per series."""

    ratio: Array
    """Rate of the last weeks over the rate before; NaN without both."""
    p_value: Array
    q_value: Array
    recent_count: Array
    base_count: Array


def direction_of(span: Span) -> Direction:
    """Two-sided conditional binomial test on counts over dispersion, q-values over all series."""
    recent, base = span.count[:RECENT_WEEKS], span.count[RECENT_WEEKS : RECENT_WEEKS + BASE_WEEKS]
    recent_exposure = span.exposure[:RECENT_WEEKS].sum(axis=0)
    base_exposure = span.exposure[RECENT_WEEKS : RECENT_WEEKS + BASE_WEEKS].sum(axis=0)
    recent_count, base_count = recent.sum(axis=0), base.sum(axis=0)
    weeks = (span.exposure[:RECENT_WEEKS] > 0).sum(axis=0)
    before = (span.exposure[RECENT_WEEKS : RECENT_WEEKS + BASE_WEEKS] > 0).sum(axis=0)
    usable = (weeks >= 3) & (before >= 6) & (recent_count + base_count > 0)
    share = recent_exposure / np.maximum(recent_exposure + base_exposure, 1e-300)
    p_value = _two_sided(recent_count / span.phi, base_count / span.phi, share)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (recent_count / recent_exposure) / (base_count / base_exposure)
    p_value = np.where(usable, p_value, np.nan)
    return Direction(
        ratio=np.where(usable, ratio, np.nan),
        p_value=p_value,
        q_value=benjamini_hochberg(p_value),
        recent_count=recent_count,
        base_count=base_count,
    )


def _two_sided(recent: Array, base: Array, share: Array) -> Array:
    """Twice the smaller mid-p of Binomial(recent + base, share), counts need not be whole."""
    with np.errstate(invalid="ignore"):
        at_least = np.where(recent > 0, special.betainc(recent, base + 1.0, share), 1.0)
        more = np.where(base > 0, special.betainc(recent + 1.0, base, share), 0.0)
    upper = 0.5 * (at_least + more)
    return np.asarray(np.minimum(1.0, 2.0 * np.minimum(upper, 1.0 - upper)))


def has_gone_quiet(span: Span) -> NDArray[np.bool_]:
    """P(rate of the last 4, 6 or 8 weeks < a fifth of the half year before) > .95.

    Gamma posteriors with half a case added to each side; all weeks of the quiet span must have
    been observed, at least five cases must lie before it.
    """
    quiet = np.zeros(span.count.shape[1], dtype=bool)
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
        quiet |= observed & (early >= LEAST_CASES_BEFORE) & (certainty > QUIET_CERTAINTY)
    return quiet
