"""Quasi-Poisson regression on a level effect and one slope, for all series at once.

The levels are parts of the year, the slope runs in years; variance is dispersion times mean
(McCullagh and Nelder 1989, chapter 9). With one slope beside level effects the normal equations
are a diagonal with one border and need no general solver. Here: the regression. Not here: which
weeks it looks at and what is made of it (`farrington`).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from voc_pipeline.trends.negative_binomial import Array

_ITERATIONS = 25


@dataclass(frozen=True)
class Line:
    """Coefficients on the log scale: an effect per level, and one slope a year."""

    effect: Array  # (levels, series)
    slope: Array

    def take(self, index: NDArray[np.intp]) -> "Line":
        """The same for some of the series."""
        return Line(self.effect[:, index], self.slope[index])

    def copy(self) -> "Line":
        """One that may be written to."""
        return Line(self.effect.copy(), self.slope.copy())

    def put(self, index: NDArray[np.intp], other: "Line") -> None:
        """Write another's coefficients over those of some series."""
        self.effect[:, index], self.slope[index] = other.effect, other.slope


@dataclass(frozen=True)
class Design:
    """The reference weeks of one judged week: an effect per level of the season, and a slope.

    Level 0 is that of the judged week, and time is counted in years from it, so the intercept of
    level 0 is the expectation.
    """

    rows: NDArray[np.int64]
    """Places of the weeks, level by level."""
    level: NDArray[np.int64]
    starts: NDArray[np.int64]
    time: Array
    years: int

    def sums(self, value: Array) -> Array:
        """(levels, series): sums over the weeks of each level."""
        return np.add.reduceat(value, self.starts, axis=0)

    def mean_at(self, line: Line, offset: Array) -> Array:
        """(weeks, series): fitted means."""
        logarithm = line.effect[self.level]
        logarithm += self.time * line.slope
        logarithm += offset
        return np.exp(logarithm, out=logarithm)


@dataclass(frozen=True)
class Reference:
    """Arrays of (reference weeks, series)."""

    count: Array
    offset: Array
    seen: Array

    def take(self, index: NDArray[np.intp]) -> "Reference":
        """The same for some of the series."""
        return Reference(self.count[:, index], self.offset[:, index], self.seen[:, index])


@dataclass(frozen=True)
class Fit:
    """One regression for every series."""

    line: Line
    mean: Array  # (weeks, series)
    log_expected: Array
    dispersion: Array  # not yet raised to 1
    slip: Array  # the dispersion of R's slip
    leverage: Array  # (weeks, series)
    variance: Array  # of the judged week's log mean, for a dispersion of 1
    slope_variance: Array
    freedom: Array


def fit(
    data: Reference,
    design: Design,
    weight: Array,
    *,
    has_trend: bool,
    start: Line | None = None,
    as_r: bool = False,
) -> Fit:
    """Fit by iteratively reweighted least squares, every series at once.

    Args:
        data: counts, log exposure and whether a week was observed.
        design: the weeks' levels and times.
        weight: prior weights, 0 where a week was not observed.
        has_trend: whether a slope is fitted.
        start: where to begin; else from the levels' own means.
        as_r: begin and stop as R's glm does, and take the sums of squares from the working weights
            of its last step, which are those of one step before the end.
    """
    problem = _Problem.of(data, design, weight, has_trend=has_trend)
    last, before = _as_r(problem, data) if as_r else _solved(problem, start)
    mean = design.mean_at(last, data.offset)
    working = weight * (design.mean_at(before, data.offset) if as_r else mean)
    border = _Border.of(working, design, has_trend=has_trend)
    levels = (design.sums(data.seen) > 0).sum(axis=0)
    freedom = np.maximum(data.seen.sum(axis=0) - levels - has_trend, 1.0)
    square = np.square((data.count - mean) / mean)
    distance = (design.time - border.centre[design.level]) * border.slope_scale
    leverage = working * (1.0 / border.total[design.level] + distance**2)
    return Fit(
        line=last,
        mean=mean,
        log_expected=np.where(border.total[0] > 0, last.effect[0], np.nan),
        dispersion=(working * square).sum(axis=0) / freedom,
        slip=(weight * square).sum(axis=0) / freedom,
        leverage=np.where(data.seen > 0, leverage, 0.0),
        variance=1.0 / border.total[0] + (border.centre[0] * border.slope_scale) ** 2,
        slope_variance=border.slope_scale**2,
        freedom=freedom,
    )


@dataclass(frozen=True)
class _Border:
    """The normal equations: a diagonal over levels, bordered by the slope."""

    total: Array
    """(levels, series): sum of the working weights."""
    centre: Array
    """(levels, series): their mean time."""
    slope_scale: Array
    """(series,): square root of the slope's unscaled variance; 0 without a slope."""

    @classmethod
    def of(cls, working: Array, design: Design, *, has_trend: bool) -> "_Border":
        total = design.sums(working)
        if not has_trend:
            return cls(total, np.zeros_like(total), np.zeros(total.shape[1]))
        timed = working * design.time
        centre = design.sums(timed) / np.maximum(total, 1e-300)
        timed *= design.time
        about = timed.sum(axis=0) - (total * centre**2).sum(axis=0)
        return cls(total, centre, 1.0 / np.sqrt(np.maximum(about, 1e-300)))

    def solve(self, by_level: Array, by_slope: Array) -> Line:
        """Effects and slope from the two parts of the right side."""
        slope = (by_slope - (self.centre * by_level).sum(axis=0)) * self.slope_scale**2
        return Line(by_level / np.maximum(self.total, 1e-300) - self.centre * slope, slope)


@dataclass(frozen=True)
class _Problem:
    """A regression reduced to what its iterations need: counts enter by their weighted sums."""

    design: Design
    has_trend: bool
    weight: Array
    offset: Array
    by_level: Array
    by_slope: Array
    constant: Array
    """The part of the deviance that no coefficient changes."""

    @classmethod
    def of(cls, data: Reference, design: Design, weight: Array, *, has_trend: bool) -> "_Problem":
        weighted = weight * data.count
        own = weighted * (np.log(np.maximum(data.count, 1.0)) - 1.0 - data.offset)
        return cls(
            design,
            has_trend,
            weight,
            data.offset,
            design.sums(weighted),
            (weighted * design.time).sum(axis=0) * has_trend,
            own.sum(axis=0),
        )

    def take(self, index: NDArray[np.intp]) -> "_Problem":
        """The same for some of the series."""
        return replace(
            self,
            weight=self.weight[:, index],
            offset=self.offset[:, index],
            by_level=self.by_level[:, index],
            by_slope=self.by_slope[index],
            constant=self.constant[index],
        )

    @property
    def start(self) -> Line:
        """Each level at its own mean, no slope: where the iteration begins."""
        usual = self.design.sums(self.weight * np.exp(self.offset))
        rate = np.maximum(self.by_level, 0.1) / np.maximum(usual, 1e-300)
        return Line(np.log(rate), np.zeros_like(self.constant))

    def first(self, count: Array) -> tuple[Line, Array]:
        """One step from the means `count + 0.1`, and the deviance there."""
        mean = count + 0.1
        working = self.weight * mean
        border = _Border.of(working, self.design, has_trend=self.has_trend)
        pull = working * (np.log(mean) - self.offset) + self.weight * (count - mean)
        by_slope = (pull * self.design.time).sum(axis=0) * self.has_trend
        line = self.weight * count * (np.log(mean) - self.offset)
        deviance = 2.0 * (self.constant - line.sum(axis=0) + working.sum(axis=0))
        return border.solve(self.design.sums(pull), by_slope), deviance

    def next(self, now: Line) -> tuple[Line, Array]:
        """One step from a line, and the deviance there."""
        working = self.weight * self.design.mean_at(now, self.offset)
        border = _Border.of(working, self.design, has_trend=self.has_trend)
        explained = (now.effect * self.by_level).sum(axis=0) + now.slope * self.by_slope
        deviance = 2.0 * (self.constant - explained + border.total.sum(axis=0))
        missing = self.by_slope - (border.total * border.centre).sum(axis=0) * self.has_trend
        step = border.solve(self.by_level - border.total, missing)
        return Line(now.effect + step.effect, now.slope + step.slope), deviance


def _solved(problem: _Problem, start: Line | None) -> tuple[Line, Line]:
    """The lines at which the likelihood is highest, twice.

    A step that changes the deviance by little is taken and is the last: the next would change it
    by the square of that. A series stops at its own convergence and the rest go on alone.
    """
    now = problem.start if start is None else start
    deviance = np.full(len(now.slope), np.inf)
    last, active = now.copy(), np.arange(len(now.slope))
    for _ in range(_ITERATIONS):
        now, fresh = problem.next(now)
        last.put(active, now)
        going = np.flatnonzero(~(np.abs(fresh - deviance) < 1e-5 * (np.abs(fresh) + 0.1)))
        if len(going) == 0:
            break
        if len(going) < len(active):
            problem, active, now = problem.take(going), active[going], now.take(going)
            fresh = fresh[going]
        deviance = fresh
    return last, last


def _as_r(problem: _Problem, data: Reference) -> tuple[Line, Line]:
    """The lines at which R's iteration stops, and those one step before."""
    before, deviance = problem.first(data.count)
    now = before
    last, older, active = now.copy(), now.copy(), np.arange(len(now.slope))
    for _ in range(_ITERATIONS):
        then, fresh = problem.next(now)
        last.put(active, now)
        older.put(active, before)
        going = np.flatnonzero(~(np.abs(fresh - deviance) < 1e-8 * (np.abs(fresh) + 0.1)))
        if len(going) == 0:
            break
        problem, active = problem.take(going), active[going]
        before, now, deviance = now.take(going), then.take(going), fresh[going]
    return last, older
