"""The reference method: public health's flexible Farrington algorithm, over all series at once.

A quasi-Poisson regression on the same season of earlier years, whose own outbreaks weigh less,
gives the count that chance may bring this week. Here: the regression, its weights and its three
thresholds. Not here: verdicts, and the product's own method (`filter`, `scan`).

Written from Farrington, Andrews, Beale and Catchpole 1996 (weights, trend, thresholds); Noufaily
et al. 2013 (seasonal levels, negative binomial threshold, the settings that are the default here);
Salmon, Schumacher and Hoehle 2016 (the variants and their names); McCullagh and Nelder 1989 (the
regression).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from voc_pipeline.trends.negative_binomial import Array
from voc_pipeline.trends.quasi_poisson import Design, Fit, Reference, fit

_BLOCK = 256  # series whose reference weeks fit the processor's cache

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class FarringtonSettings:
    """The choices of the method; the defaults are those of Noufaily et al. 2013 (FF-N)."""

    years: int = 5
    """Years looked back."""
    least_years: int = 3
    """With fewer years before it a week is not judged; between the two, as many as there are."""
    half_window: int = 3
    """Weeks on each side of the same week a year ago."""
    periods: int = 10
    """Levels of the season: that window, and the rest of the year in equal parts; 1: window only"""
    excluded_weeks: int = 26
    """The last weeks, which an outbreak may have begun to fill."""
    season_weeks: int = 52
    trend_level: float = 1.0
    """The p-value below which a trend is kept; 1: always, if it does not foretell a record."""
    weights_threshold: float = 2.58
    """Anscombe residual above which a past week weighs less."""
    threshold: Literal["nbPlugin", "muan", "delta"] = "nbPlugin"
    """nbPlugin: quantile of the negative binomial; muan: the same at the upper end of the mean's
    interval; delta: normal after a power of the count."""
    power: float = 2 / 3
    """The power of `delta`: 2/3 against skewness, 1/2 for constant variance, 1 for none."""
    alpha: float = 0.01
    least_cases: tuple[int, int] = (0, 4)
    """No alarm with fewer cases (first) in the last weeks (second)."""
    as_r: bool = False
    """The rounding and the slip of R surveillance 1.20.3, for comparison with it: sums of squares
    from the last step's weights, and errors of the mean from reweighted raw residuals."""


FF_N = FarringtonSettings()
FF_DEFAULTS = FarringtonSettings(
    periods=1, excluded_weeks=3, trend_level=0.05, threshold="delta", least_cases=(5, 4)
)
"""The defaults of R's `farringtonFlexible`, at the same level."""


@dataclass(frozen=True)
class FarringtonWeeks:
    """Arrays of (judged weeks, series); NaN, and no alarm, where the method says nothing."""

    expected: Array
    upper: Array
    p_value: Array
    phi: Array
    """Variance over mean of the reference weeks, at least 1."""
    is_alarm: Flags


def farrington_flexible(
    counts: Array,
    exposure: Array,
    steps: Sequence[int],
    settings: FarringtonSettings = FF_N,
) -> FarringtonWeeks:
    """Judge some weeks of all series, each by the weeks before it.

    Args:
        counts: (weeks, series), whole numbers; NaN where a series was not observed.
        exposure: (weeks, series), an offset; a week without exposure was not observed. Ones where
            counts are judged as they are.
        steps: places of the weeks to judge.
        settings: the choices of the method.

    Returns:
        Expectation, threshold, p-value, dispersion and alarm (a count above the threshold).
    """
    seen = (exposure > 0) & ~np.isnan(counts)
    count = np.where(seen, counts, 0.0)
    root = np.cbrt(count * count)
    log_exposure = np.log(np.where(seen, exposure, 1.0))
    is_even = not np.ptp(log_exposure[seen], axis=None) if seen.any() else True
    shape = (len(steps), counts.shape[1])
    expected, upper, p_value, phi = (np.full(shape, np.nan) for _ in range(4))
    for row, step in enumerate(steps):
        design = _design(step, settings)
        if design is None:
            continue
        for first in range(0, counts.shape[1], _BLOCK):
            own = slice(first, first + _BLOCK)
            rows = design.rows
            data = Reference(
                count[rows, own],
                root[rows, own],
                None if is_even else log_exposure[rows, own] - log_exposure[step, own],
                seen[rows, own].astype(np.float64),
            )
            enough = seen[step, own] & seen[: max(0, step - _least_weeks(settings)) + 1, own].any(0)
            with np.errstate(all="ignore"):  # a series without convergence ends as NaN
                told = _judged(data, design, count[step, own], settings)
            for table, value in zip((expected, upper, p_value, phi), told, strict=True):
                table[row, own] = np.where(enough & np.isfinite(told[0]), value, np.nan)
    is_alarm = np.zeros(shape, dtype=bool)
    least, weeks = settings.least_cases
    for row, step in enumerate(steps):
        recent = count[max(0, step - weeks + 1) : step + 1].sum(axis=0)
        is_alarm[row] = (count[step] > upper[row]) & (recent >= least)
    return FarringtonWeeks(expected, upper, p_value, phi, is_alarm)


def _least_weeks(settings: FarringtonSettings) -> int:
    return settings.least_years * settings.season_weeks + settings.half_window


def _design(step: int, settings: FarringtonSettings) -> Design | None:
    season, half = settings.season_weeks, settings.half_window
    years = min(settings.years, (step - half) // season)
    if years < settings.least_years:
        return None
    window = 2 * half + 1
    first = step - years * season - half
    rows = np.arange(first, step - settings.excluded_weeks)
    place = (rows - first) % season
    if settings.periods == 1:
        rows = rows[place < window]
        level = np.zeros(len(rows), dtype=np.int64)
    else:
        part = (place - window) * (settings.periods - 1) // (season - window)
        level = np.where(place < window, 0, 1 + part)
    order = np.argsort(level, kind="stable")
    rows, level = rows[order], level[order]
    starts = np.flatnonzero(np.diff(level, prepend=-1))
    return Design(rows, level, starts, (rows - step)[:, None] / season, years)


def _judged(
    data: Reference, design: Design, observed: Array, settings: FarringtonSettings
) -> tuple[Array, Array, Array, Array]:
    """Expectation, threshold, p-value and dispersion of one judged week."""
    has_trend = design.years >= 3  # fewer cannot tell a trend from a season
    found = _reweighted(data, design, settings, has_trend=has_trend)
    told = _Told.of(found)
    if has_trend:
        dispersion = told.phi if found.slip is None else found.slip
        ratio = np.abs(found.line.slope) / np.sqrt(dispersion * found.slope_variance)
        is_kept = 2.0 * special.stdtr(found.freedom, -ratio) < settings.trend_level
        is_kept |= settings.trend_level >= 1
        is_kept &= told.expected <= data.count.max(axis=0)
        rest = np.flatnonzero(~is_kept)
        if len(rest):
            plain = _reweighted(data.take(rest), design, settings, has_trend=False)
            told = told.with_some(rest, _Told.of(plain))
    return told.expected, *_threshold(told, observed, settings), told.phi


@dataclass(frozen=True)
class _Told:
    """What the regression says of the judged week, one entry per series."""

    expected: Array
    phi: Array
    deviation: Array
    """Standard error of the logarithm of the expectation."""

    @classmethod
    def of(cls, found: Fit) -> "_Told":
        phi = np.maximum(found.dispersion, 1.0)
        doubt = phi if found.slip is None else found.slip
        return cls(np.exp(found.log_expected), phi, np.sqrt(doubt * found.variance))

    def with_some(self, index: NDArray[np.intp], other: "_Told") -> "_Told":
        mixed = [one.copy() for one in (self.expected, self.phi, self.deviation)]
        for value, new in zip(mixed, (other.expected, other.phi, other.deviation), strict=True):
            value[index] = new
        return _Told(*mixed)


def _threshold(told: _Told, observed: Array, settings: FarringtonSettings) -> tuple[Array, Array]:
    """The threshold and the p-value of what was observed."""
    mean, phi, normal = told.expected, told.phi, stats.norm.ppf(1 - settings.alpha)
    if settings.threshold == "delta":
        power = settings.power
        # Var(y) = phi mean + Var(mean estimate); Var(y^p) by the delta method
        variance = phi * mean + (mean * told.deviation) ** 2
        deviation = power * mean ** (power - 1.0) * np.sqrt(variance)
        upper = np.maximum(mean**power + normal * deviation, 0.0) ** (1.0 / power)
        return upper, special.ndtr((mean**power - observed**power) / deviation)
    if settings.threshold == "muan":
        mean = mean * np.exp(normal * told.deviation)
    return _count_quantile(mean, phi, 1 - settings.alpha), _at_least(mean, phi, observed)


def _count_quantile(mean: Array, phi: Array, probability: float) -> Array:
    """The least count whose cumulative probability reaches `probability`; Poisson if phi is 1."""
    found = np.empty_like(mean)
    wide = phi > 1
    excess = phi[wide] - 1.0
    found[wide] = stats.nbinom.ppf(probability, mean[wide] / excess, 1.0 / phi[wide])
    found[~wide] = stats.poisson.ppf(probability, mean[~wide])
    return found


def _at_least(mean: Array, phi: Array, count: Array) -> Array:
    """P(count or more)."""
    wide, one = phi > 1, np.maximum(count, 1.0)
    tail = np.empty_like(mean)
    excess = phi[wide] - 1.0
    tail[wide] = special.betainc(one[wide], mean[wide] / excess, excess / phi[wide])
    tail[~wide] = special.gammainc(one[~wide], mean[~wide])
    return np.where(count > 0, tail, 1.0)


def _reweighted(
    data: Reference, design: Design, settings: FarringtonSettings, *, has_trend: bool
) -> Fit:
    """Fit, lower the weight of past weeks that lie far above it, and fit again."""
    first = fit(data, design, data.seen, has_trend=has_trend, as_r=settings.as_r)
    phi = np.maximum(first.dispersion, 1.0)
    root = np.sqrt(first.mean)
    residual = data.root / np.cbrt(root)  # Anscombe's: 3/2 (y^2/3 mean^-1/6 - mean^1/2)
    residual -= root
    residual *= 1.5
    residual /= np.sqrt(phi * first.room(design))
    week, series = np.nonzero(residual > settings.weights_threshold)
    weight = data.seen.copy()
    weight[week, series] /= np.square(residual[week, series])
    weight *= data.seen.sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-12)
    return fit(data, design, weight, has_trend=has_trend, start=first.line, as_r=settings.as_r)
