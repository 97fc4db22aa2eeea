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

    def mean_at(self, line: Line, offset: Array | None) -> Array:
        """(weeks, series): fitted means."""
        logarithm = line.effect[self.level]
        logarithm += self.time * line.slope
        if offset is not None:
            logarithm += offset
        return np.exp(logarithm, out=logarithm)


@dataclass(frozen=True)
class Reference:
    """Arrays of (reference weeks, series)."""

    count: Array
    root: Array
    """The counts to the power 2/3, which Anscombe's residuals are made from."""
    offset: Array | None
    """Log of the exposure over that of the judged week; None if they are the same throughout."""
    seen: Array

    def take(self, index: NDArray[np.intp]) -> "Reference":
        """The same for some of the series."""
        offset = None if self.offset is None else self.offset[:, index]
        return Reference(self.count[:, index], self.root[:, index], offset, self.seen[:, index])


@dataclass(frozen=True)
class Fit:
    """One regression for every series."""

    line: Line
    mean: Array  # (weeks, series)
    log_expected: Array
    dispersion: Array  # not yet raised to 1
    slip: Array | None  # the dispersion of R's slip
    working: Array  # (weeks, series): the weights of the last step
    border: "_Border"
    variance: Array  # of the judged week's log mean, for a dispersion of 1
    slope_variance: Array
    freedom: Array

    def room(self, design: Design) -> Array:
        """(weeks, series): one less the leverage, the share of its own residual a week keeps."""
        distance = design.time - self.border.centre[design.level]
        distance *= self.border.slope_scale
        distance *= distance
        distance += (1.0 / np.maximum(self.border.total, 1e-300))[design.level]
        distance *= self.working
        return np.maximum(1.0 - distance, 1e-12)


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
    if as_r:
        line, before = _as_r(problem, data)
        mean = design.mean_at(line, data.offset)
        working = weight * design.mean_at(before, data.offset)
    else:
        line = _solved(problem, start)
        mean = design.mean_at(line, data.offset)
        working = weight * mean
    border = _Border.of(working, design, has_trend=has_trend)
    levels = (design.sums(data.seen) > 0).sum(axis=0)
    freedom = np.maximum(data.seen.sum(axis=0) - levels - has_trend, 1.0)
    square = data.count / mean
    square -= 1.0
    square *= square
    return Fit(
        line=line,
        mean=mean,
        working=working,
        border=border,
        log_expected=np.where(border.total[0] > 0, line.effect[0], np.nan),
        dispersion=(working * square).sum(axis=0) / freedom,
        slip=(weight * square).sum(axis=0) / freedom if as_r else None,
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
    offset: Array | None
    by_level: Array
    by_slope: Array

    @classmethod
    def of(cls, data: Reference, design: Design, weight: Array, *, has_trend: bool) -> "_Problem":
        weighted = weight * data.count
        by_level = design.sums(weighted)
        weighted *= design.time
        return cls(
            design, has_trend, weight, data.offset, by_level, weighted.sum(axis=0) * has_trend
        )

    def take(self, index: NDArray[np.intp]) -> "_Problem":
        """The same for some of the series."""
        return replace(
            self,
            weight=self.weight[:, index],
            offset=None if self.offset is None else self.offset[:, index],
            by_level=self.by_level[:, index],
            by_slope=self.by_slope[index],
        )

    @property
    def start(self) -> Line:
        """Each level at its own mean, no slope: where the iteration begins."""
        size = self.weight if self.offset is None else self.weight * np.exp(self.offset)
        usual = np.maximum(self.design.sums(size), 1e-300)
        rate = np.maximum(self.by_level, 0.1) / usual
        return Line(np.log(rate), np.zeros_like(self.by_slope))

    def border(self, now: Line) -> _Border:
        """The normal equations at a line."""
        working = self.design.mean_at(now, self.offset)
        working *= self.weight
        return _Border.of(working, self.design, has_trend=self.has_trend)

    def missing(self, border: _Border) -> tuple[Array, Array]:
        """What the fit lacks of the counts: by level, and by slope."""
        timed = (border.total * border.centre).sum(axis=0) * self.has_trend
        return self.by_level - border.total, self.by_slope - timed


def _solved(problem: _Problem, start: Line | None) -> Line:
    """The line at which the likelihood is highest.

    A step is the last if it raises the likelihood by less than a ten-thousandth of a unit (half the
    Newton decrement): another one would move it by the square of that. A series stops at its own
    convergence, so that it is fitted alike in any company; the others go on without it.
    """
    now = problem.start if start is None else start
    last, active = now.copy(), np.arange(len(now.slope))
    for _ in range(_ITERATIONS):
        border = problem.border(now)
        by_level, by_slope = problem.missing(border)
        step = border.solve(by_level, by_slope)
        now = Line(now.effect + step.effect, now.slope + step.slope)
        last.put(active, now)
        decrement = (step.effect * by_level).sum(axis=0) + step.slope * by_slope
        going = np.flatnonzero(~(decrement < 2e-4))
        if len(going) == 0:
            break
        if len(going) < len(active):
            problem, active, now = problem.take(going), active[going], now.take(going)
    return last


def _as_r(problem: _Problem, data: Reference) -> tuple[Line, Line]:
    """The lines at which R's iteration stops, and those one step before.

    R begins at the counts and a tenth and stops when the deviance settles.
    """
    weight, time = problem.weight, problem.design.time
    offset = np.zeros_like(weight) if data.offset is None else data.offset
    logarithm = np.log(np.maximum(data.count, 1.0)) - 1.0 - offset
    constant = (weight * data.count * logarithm).sum(axis=0)
    mean = data.count + 0.1
    working, linear = weight * mean, np.log(mean) - offset
    explained = (weight * data.count * linear).sum(axis=0)
    deviance = 2.0 * (constant - explained + working.sum(axis=0))
    pull = working * linear + weight * (data.count - mean)
    border = _Border.of(working, problem.design, has_trend=problem.has_trend)
    by_slope = (pull * time).sum(axis=0) * problem.has_trend
    before = now = border.solve(problem.design.sums(pull), by_slope)
    last, older, active = now.copy(), now.copy(), np.arange(len(now.slope))
    for _ in range(_ITERATIONS):
        border = problem.border(now)
        explained = (now.effect * problem.by_level).sum(axis=0) + now.slope * problem.by_slope
        fresh = 2.0 * (constant - explained + border.total.sum(axis=0))
        last.put(active, now)
        older.put(active, before)
        going = np.flatnonzero(~(np.abs(fresh - deviance) < 1e-8 * (np.abs(fresh) + 0.1)))
        if len(going) == 0:
            break
        step = border.solve(*problem.missing(border))
        then = Line(now.effect + step.effect, now.slope + step.slope)
        problem, active, constant = problem.take(going), active[going], constant[going]
        before, now, deviance = now.take(going), then.take(going), fresh[going]
    return last, older
