"""The intervals of scores hold what they promise, also for few responses."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from voc_pipeline.customers.intervals import (
    Points,
    difference_interval,
    mean_interval,
    random_split_chance,
)

SIZES = (5, 10, 30, 200)
ROUNDS = 4000
CSAT = {"half": [0.5, 0.5], "most": [0.3, 0.7], "nine in ten": [0.1, 0.9]}
NPS = {"good": [0.15, 0.2, 0.65], "even": [0.35, 0.3, 0.35], "bad": [0.6, 0.2, 0.2]}
STARS = {
    "mostly five": [0.1, 0.03, 0.05, 0.12, 0.7],
    "one or five": [0.45, 0.05, 0.05, 0.05, 0.4],
    "flat": [0.2] * 5,
    "middle": [0.05, 0.2, 0.5, 0.2, 0.05],
}
EFFORT = {"seven steps": [0.05, 0.05, 0.1, 0.15, 0.2, 0.25, 0.2]}
SHAPES = [
    pytest.param(shares, id=f"{kind} {name}")
    for kind, shapes in (("csat", CSAT), ("nps", NPS), ("rating", STARS), ("ces", EFFORT))
    for name, shares in shapes.items()
]


def drawn(shares, size: int, rounds: int, seed: int) -> Points:
    values = np.linspace(0, 1, len(shares))
    counts = np.random.default_rng(seed).multinomial(size, shares, size=rounds)
    return Points(np.full(rounds, float(size)), counts @ values, counts @ values**2)


def mean_of(shares) -> float:
    return float(np.linspace(0, 1, len(shares)) @ np.array(shares))


def held(lower, upper, truth: float) -> float:
    return float(np.mean((lower <= truth + 1e-9) & (truth - 1e-9 <= upper)))


@pytest.mark.parametrize("shares", SHAPES)
def test_an_interval_of_a_score_holds_the_truth_19_times_of_20(shares):
    found = [
        held(*mean_interval(drawn(shares, size, ROUNDS, seed=size)), mean_of(shares))
        for size in SIZES
    ]
    assert min(found) >= 0.91
    assert found[-1] == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("size", SIZES)
def test_over_all_shapes_the_coverage_is_the_nominal_one(size):
    found = [
        held(
            *mean_interval(drawn(shape.values[0], size, ROUNDS, seed=size)),
            mean_of(shape.values[0]),
        )
        for shape in SHAPES
    ]
    assert 0.94 <= np.mean(found) <= 0.97


@pytest.mark.parametrize(("size", "others"), [(10, 10), (10, 200), (30, 200), (200, 200)])
def test_an_interval_of_a_difference_holds_the_truth_19_times_of_20(size, others):
    found = []
    for first, second in (
        (CSAT["half"], CSAT["nine in ten"]),
        (NPS["bad"], NPS["good"]),
        (STARS["one or five"], STARS["mostly five"]),
        (STARS["flat"], STARS["flat"]),
    ):
        ends = difference_interval(
            drawn(first, size, ROUNDS, seed=1), drawn(second, others, ROUNDS, seed=2)
        )
        found.append(held(*ends, mean_of(first) - mean_of(second)))
    assert min(found) >= 0.925
    assert 0.94 <= np.mean(found) <= 0.98


@pytest.mark.parametrize("size", [10, 30, 200])
def test_mentions_at_random_are_rarely_called_a_driver(size):
    found = []
    for shares in (CSAT["nine in ten"], NPS["good"], STARS["mostly five"]):
        part, rest = drawn(shares, size, ROUNDS, seed=3), drawn(shares, 300, ROUNDS, seed=4)
        whole = Points(
            part.count + rest.count, part.total + rest.total, part.squares + rest.squares
        )
        chance = random_split_chance(part, whole, np.full(ROUNDS, 1 / (len(shares) - 1)))
        assert np.mean(chance <= 0.01) <= 0.012
        found.append(np.mean(chance <= 0.05))
    assert max(found) <= 0.055


def test_the_chance_of_a_share_is_that_of_fishers_test():
    for size, good in ((13, 0), (13, 4), (20, 2), (40, 10)):
        whole = Points(np.array([1000.0]), np.array([325.0]), np.array([325.0]))
        part = Points(np.array([float(size)]), np.array([float(good)]), np.array([float(good)]))
        low = hypergeom.cdf(good, 1000, 325, size)
        high = hypergeom.sf(good - 1, 1000, 325, size)
        exact = min(2 * min(low, high), 1)
        assert random_split_chance(part, whole, np.ones(1))[0] == pytest.approx(exact, rel=1e-9)


def test_equal_answers_leave_the_interval_open_to_one_side_only():
    for count in (1.0, 5.0, 200.0):
        best = Points(np.array([count]), np.array([count]), np.array([count]))
        lower, upper = mean_interval(best)
        assert upper[0] == 1.0
        assert 0 < lower[0] < 1
    whole = Points(np.array([20.0]), np.array([20.0]), np.array([20.0]))
    assert random_split_chance(best, whole, np.ones(1))[0] == 1.0


def test_a_mirrored_scale_has_the_mirrored_interval():
    some = Points(np.array([7.0]), np.array([5.5]), np.array([4.75]))
    other = Points(np.array([7.0]), np.array([1.5]), np.array([0.75]))
    lower, upper = mean_interval(some)
    mirrored = mean_interval(other)
    assert lower[0] == pytest.approx(1 - mirrored[1][0])
    assert upper[0] == pytest.approx(1 - mirrored[0][0])
