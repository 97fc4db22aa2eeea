"""The test bench of public health surveillance: Noufaily et al. 2013, Bedubourg and Le Strat 2017.

Seven parameter sets, with and without trend, with no, one or two seasonal harmonics: 42 scenarios
of 624 weeks, four past outbreaks and one current one. Here: the simulation and its scores, for
any method. Not here: a method.
"""

from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

WEEKS = 624
CURRENT_WEEKS = 49
SEASON_WEEKS = 52.0
PARAMETERS = (
    (0.1, 0.0025, 0.6, 0.6, 1.5),
    (-2.0, 0.005, 0.1, 0.3, 2.0),
    (1.5, 0.003, 0.2, -0.4, 1.0),
    (0.5, 0.002, 0.5, 0.5, 5.0),
    (2.5, 0.001, 1.0, 0.1, 3.0),
    (3.75, 0.001, 0.1, -0.1, 1.1),
    (5.0, 0.0001, 0.05, 0.01, 1.2),
)
SCENARIOS = 42


@dataclass(frozen=True)
class Bench:
    """Simulated weeks: arrays of (weeks, series)."""

    counts: Array
    exposure: Array
    outbreak: Flags
    """Weeks with cases of the current outbreak."""
    scenario: NDArray[np.int64]
    course: Array | None = None
    """How each rate wandered about its mean, as a factor; None: not at all."""

    @property
    def phase(self) -> Array:
        """1 for the first week, as in the formula of the mean."""
        return np.arange(1.0, len(self.counts) + 1)


@dataclass(frozen=True)
class Plan:
    """What to simulate of each scenario."""

    series: int
    seed: int
    current_share: float = 1.0
    has_past: bool = True
    doubled_from: int | None = None
    zero_share: float = 0.0
    current_weeks: int = CURRENT_WEEKS
    wander: float = 0.0
    """Standard deviation of the log rate about its mean: an autoregression, .9 from week to week"""
    scenario: int | None = None
    """Only this one; None: all of them."""


def simulate(plan: Plan) -> Bench:
    """One bench; the seed alone decides it."""
    chance = np.random.default_rng(plan.seed)
    week = np.arange(1, WEEKS + 1)
    columns: list[NDArray[np.int64]] = []
    outbreaks: list[Flags] = []
    labels: list[int] = []
    courses: list[Array] = []
    for label in range(SCENARIOS) if plan.scenario is None else (plan.scenario,):
        mean, phi = _mean(label, week)
        if plan.doubled_from is not None:
            mean = np.where(week > plan.doubled_from, 2 * mean, mean)
        for _ in range(plan.series):
            around = mean
            if plan.wander:
                courses.append(_wandering(chance, plan.wander))
                around = mean * courses[-1]
            counts, outbreak = _series(chance, around, phi, plan)
            columns.append(counts)
            outbreaks.append(outbreak)
            labels.append(label)
    table: Array = np.stack(columns, axis=1, dtype=np.float64)
    exposure = np.full(table.shape, 100.0)
    if plan.doubled_from is not None:
        exposure[plan.doubled_from :] = 200.0
    return Bench(
        table,
        exposure,
        np.stack(outbreaks, axis=1),
        np.array(labels, dtype=np.int64),
        np.stack(courses, axis=1) if courses else None,
    )


def _mean(label: int, week: NDArray[np.int64]) -> tuple[Array, float]:
    theta, beta, cosine, sine, phi = PARAMETERS[label // 6]
    trend, harmonics = divmod(label % 6, 3)
    logarithm = theta + beta * week * trend
    for number in range(1, harmonics + 1):
        angle = 2 * np.pi * number * week / SEASON_WEEKS
        logarithm = logarithm + cosine * np.cos(angle) + sine * np.sin(angle)
    return np.exp(logarithm), phi


def _wandering(chance: np.random.Generator, deviation: float) -> Array:
    """A factor of mean 1 for every week."""
    noise = chance.normal(size=WEEKS) * np.sqrt(1 - 0.9**2)
    noise[0] /= np.sqrt(1 - 0.9**2)
    level = np.array(list(accumulate(noise, lambda before, new: 0.9 * before + new)))
    return np.asarray(np.exp(deviation * level - deviation**2 / 2))


def _series(
    chance: np.random.Generator, mean: Array, phi: float, plan: Plan
) -> tuple[NDArray[np.int64], Flags]:
    counts = (
        chance.poisson(mean) if phi == 1 else chance.negative_binomial(mean / (phi - 1), 1 / phi)
    ).astype(np.int64)
    if plan.zero_share:
        counts[chance.random(WEEKS) < plan.zero_share] = 0
    deviation = np.sqrt(phi * mean)
    if plan.has_past:
        for start in chance.integers(312, WEEKS - CURRENT_WEEKS, 4):
            size = float(chance.choice([2, 3, 5, 10]))
            np.add.at(counts, _cases(chance, int(start), size * deviation[start]), 1)
    outbreak = np.zeros(WEEKS, dtype=bool)
    if chance.random() < plan.current_share:
        start = int(chance.integers(WEEKS - plan.current_weeks, WEEKS))
        cases = _cases(chance, start, float(chance.integers(1, 11)) * deviation[start])
        np.add.at(counts, cases, 1)
        outbreak[cases] = True
    return counts, outbreak


def _cases(chance: np.random.Generator, start: int, expected: float) -> NDArray[np.int64]:
    """The week of each case of an outbreak of at least two."""
    number = 0
    while number < 2:
        number = int(chance.poisson(expected))
    weeks = start + np.floor(chance.lognormal(0.0, 0.5, number)).astype(np.int64)
    return weeks[weeks < WEEKS]


def shortened(bench: Bench, mature: int, weeks: int) -> Bench:
    """The same with only the last `weeks` weeks of all series but the first `mature` of each."""
    counts = bench.counts.copy()
    place = np.concatenate(
        [np.arange((bench.scenario == label).sum()) for label in range(SCENARIOS)]
    )
    counts[:-weeks, place >= mature] = np.nan
    return replace(bench, counts=counts)


@dataclass(frozen=True)
class Detection:
    """Scores at one threshold; means over scenarios of shares."""

    false_alarm_rate: float
    lowest: float
    highest: float
    detected_share: float
    sensitivity: float


def score(p_value: Array, bench: Bench, level: float, chosen: Flags | None = None) -> Detection:
    """Scores of alarms at `p_value <= level`; the rows are the last weeks of the bench."""
    outbreak = bench.outbreak[-len(p_value) :]
    rates, detected, sensitive = [], [], []
    for label in range(SCENARIOS):
        own: Flags = np.asarray(bench.scenario == label, dtype=bool)
        if chosen is not None:
            own = own & chosen
        alarm: Flags = np.asarray(p_value[:, own] <= level, dtype=bool)
        event: Flags = outbreak[:, own]
        rates.append(alarm[~event].mean())
        if event.any():
            has_event = event.any(axis=0)
            found: Flags = np.asarray((alarm & event).any(axis=0), dtype=bool)
            detected.append(found[has_event].mean())
            sensitive.append(alarm[event].mean())
    return Detection(
        float(np.mean(rates)),
        float(np.min(rates)),
        float(np.max(rates)),
        float(np.mean(detected)) if detected else float("nan"),
        float(np.mean(sensitive)) if sensitive else float("nan"),
    )


def level_with_rate(
    p_value: Array, bench: Bench, rate: float, chosen: Flags | None = None
) -> float:
    """The threshold at which the mean false-alarm rate over scenarios is `rate`."""
    low, high = 1e-5, 0.2
    for _ in range(30):
        middle = float(np.sqrt(low * high))
        found = score(p_value, bench, middle, chosen).false_alarm_rate
        low, high = (middle, high) if found < rate else (low, middle)
    return low
