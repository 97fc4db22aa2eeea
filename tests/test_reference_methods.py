"""Farrington and EARS: equal to R, to a plain implementation, and quiet where they know nothing."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import optimize, stats

from voc_pipeline.trends.ears import ears
from voc_pipeline.trends.farrington import (
    FF_DEFAULTS,
    FF_N,
    FarringtonSettings,
    farrington_flexible,
)
from voc_pipeline.trends.verdicts import TrendSettings, judge_weeks

AGONA = Path(__file__).parents[2] / "shared" / "data" / "r_surveillance"
needs_r = pytest.mark.skipif(not AGONA.is_dir(), reason="no ../shared/data/r_surveillance here")
R_N = replace(FF_N, years=4, as_r=True)
R_DEFAULTS = replace(FF_DEFAULTS, years=4, as_r=True, least_cases=(0, 4))
R_SETTINGS = {
    "nou": R_N,
    "muan": replace(R_N, threshold="muan"),
    "def": R_DEFAULTS,
    "half": replace(R_DEFAULTS, periods=4, power=0.5, alpha=0.05),
    "pop": replace(R_N, threshold="delta"),
}


def agona() -> tuple[np.ndarray, np.ndarray, pl.DataFrame, list[int]]:
    counts = pl.read_csv(AGONA / "agona_counts.csv").cast(pl.Float64)
    reference = pl.read_csv(AGONA / "agona_reference.csv", infer_schema_length=None)
    steps = (reference["week"] - 1).to_list()  # R counts from 1
    return counts["y"].to_numpy()[:, None], counts["pop"].to_numpy()[:, None], reference, steps


@needs_r
@pytest.mark.parametrize("name", R_SETTINGS)
def test_farrington_is_that_of_r(name):
    counts, population, reference, steps = agona()
    exposure = population if name == "pop" else np.ones_like(population)
    found = farrington_flexible(counts, exposure, steps, R_SETTINGS[name])
    for figure, column in (("upper", "u"), ("p_value", "p"), ("expected", "e"), ("phi", "phi")):
        wanted = reference[f"{name}_{column}"].cast(pl.Float64).to_numpy()
        np.testing.assert_allclose(getattr(found, figure)[:, 0], wanted, rtol=1e-10)
    alarms = counts[steps, 0] > reference[f"{name}_u"].to_numpy()
    assert found.is_alarm[:, 0].tolist() == alarms.tolist()
    assert 3 <= alarms.sum() <= 7


@needs_r
@pytest.mark.parametrize("kind", ["C1", "C2", "C3"])
def test_ears_is_that_of_r(kind):
    counts, _, reference, steps = agona()
    found = ears(counts, steps, kind, as_r=True)
    np.testing.assert_allclose(found.upper[:, 0], reference[f"{kind}_u"].to_numpy(), rtol=1e-10)
    assert found.is_alarm[:, 0].astype(int).tolist() == reference[f"{kind}_a"].to_list()
    assert found.is_alarm.any()


@needs_r
def test_right_formula_moves_the_thresholds_that_use_the_slip_and_no_other():
    counts, _, _, steps = agona()
    ones = np.ones_like(counts)
    for name, moves in (("nou", False), ("muan", True)):
        told = [
            farrington_flexible(counts, ones, steps, replace(R_SETTINGS[name], as_r=as_r)).upper
            for as_r in (True, False)
        ]
        assert (told[0] != told[1]).any() == moves


# a plain implementation, one series and one week at a time


def invented(weeks: int = 300, series: int = 6, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    week = np.arange(weeks)[:, None]
    exposure = np.exp(chance.normal(6, 0.2, (weeks, series)))
    rate = np.linspace(-6.5, -3.5, series) + 0.4 * np.cos(2 * np.pi * week / 52) + 0.001 * week
    mean = exposure * np.exp(rate)
    counts = chance.negative_binomial(mean / 0.8, 1 / 1.8).astype(float)
    counts[180:184] += 4 * np.sqrt(mean[180:184]).round()
    return counts, exposure


def plain_weeks(step: int, settings: FarringtonSettings) -> dict[int, int]:
    """Reference weeks and the part of the year that each belongs to; 0: the judged week's."""
    half, found = settings.half_window, {}
    for year in range(settings.years, 0, -1):
        anchor = step - 52 * year
        for week in range(anchor - half, anchor + half + 1):
            found[week] = 0
        if settings.periods > 1:
            rest = range(anchor + half + 1, anchor + 52 - half)
            for part, weeks in enumerate(np.array_split(rest, settings.periods - 1), 1):
                found |= {int(week): part for week in weeks}
    return {week: part for week, part in found.items() if week < step - settings.excluded_weeks}


def plain_fit(design, count, offset, weight):
    """Coefficients that solve the score equations, by a general root finder."""

    def score(beta):
        return design.T @ (weight * (count - np.exp(offset + design @ beta)))

    start = np.zeros(design.shape[1])
    start[0] = np.log(count.sum() / np.exp(offset).sum())
    solved = optimize.root(score, start, method="lm", options={"xtol": 1e-14, "ftol": 1e-14})
    mean = np.exp(offset + design @ solved.x)
    inverse = np.linalg.inv(design.T @ np.diag(weight * mean) @ design)
    freedom = len(count) - design.shape[1]
    phi = max(1.0, float((weight * (count - mean) ** 2 / mean).sum() / freedom))
    return solved.x, mean, inverse, phi


def plain_farrington(count, exposure, step, settings):
    """Expectation, dispersion, and standard error of the log expectation, trend kept."""
    parts = plain_weeks(step, settings)
    weeks = np.array(list(parts))
    levels = np.eye(settings.periods)[[parts[int(week)] for week in weeks]]
    design = np.column_stack([levels[:, :1] ** 0, weeks - step, levels[:, 1:]])
    own, offset = count[weeks], np.log(exposure[weeks])
    _, mean, inverse, phi = plain_fit(design, own, offset, np.ones(len(own)))
    hat = mean * np.array([row @ inverse @ row for row in design])
    anscombe = 1.5 * (own ** (2 / 3) * mean ** (-1 / 6) - mean**0.5) / np.sqrt(phi * (1 - hat))
    weight = np.array([1 / s**2 if s > settings.weights_threshold else 1.0 for s in anscombe])
    weight *= len(own) / weight.sum()
    beta, _, inverse, phi = plain_fit(design, own, offset, weight)
    return exposure[step] * np.exp(beta[0]), phi, np.sqrt(phi * inverse[0, 0])


@pytest.mark.parametrize("threshold", ["nbPlugin", "muan", "delta"])
@pytest.mark.parametrize("periods", [1, 4, 10])
def test_farrington_is_that_of_a_plain_implementation(threshold, periods):
    counts, exposure = invented()
    settings = replace(FF_N, years=4, threshold=threshold, periods=periods)
    steps = [250, 299]
    found = farrington_flexible(counts, exposure, steps, settings)
    for row, step in enumerate(steps):
        for series in range(counts.shape[1]):
            mean, phi, error = plain_farrington(
                counts[:, series], exposure[:, series], step, settings
            )
            assert found.expected[row, series] == pytest.approx(mean, rel=1e-5)
            assert found.phi[row, series] == pytest.approx(phi, rel=1e-5)
            if threshold == "delta":
                spread = np.sqrt(4 / 9 * mean ** (1 / 3) * (phi + mean * error**2))
                wanted = (mean ** (2 / 3) + stats.norm.ppf(0.99) * spread) ** 1.5
            else:
                top = mean * np.exp(stats.norm.ppf(0.99) * error) if threshold == "muan" else mean
                law = stats.poisson(top) if phi == 1 else stats.nbinom(top / (phi - 1), 1 / phi)
                wanted = law.ppf(0.99)
            assert found.upper[row, series] == pytest.approx(wanted, rel=1e-5)
    assert (found.phi > 1).any()


def test_blocks_of_series_and_order_of_weeks_change_nothing():
    counts, exposure = invented(series=5)
    many = farrington_flexible(np.tile(counts, 60), np.tile(exposure, 60), [280, 260])
    few = farrington_flexible(counts, exposure, [260, 280])
    np.testing.assert_allclose(many.p_value[::-1, -5:], few.p_value, rtol=1e-12)


def test_later_weeks_change_nothing():
    counts, exposure = invented()
    whole = farrington_flexible(counts, exposure, [270])
    until = farrington_flexible(counts[:271], exposure[:271], [270])
    np.testing.assert_array_equal(whole.upper, until.upper)


def test_less_than_three_years_and_unseen_weeks_are_not_judged():
    counts, exposure = invented()
    assert np.isnan(farrington_flexible(counts, exposure, [3 * 52 + 2]).upper).all()
    assert not np.isnan(farrington_flexible(counts, exposure, [3 * 52 + 3]).upper).any()
    exposure[270, 0], counts[:200, 1] = 0, np.nan
    found = farrington_flexible(counts, exposure, [270])
    assert np.isnan(found.upper[0]).tolist() == [True, True, False, False, False, False]
    assert not found.is_alarm[0, :2].any()


def test_lost_weeks_are_left_out_and_not_zeros():
    counts, exposure = invented()
    holed = counts.copy()
    holed[100:110] = np.nan
    zeros = np.where(np.isnan(holed), 0.0, holed)
    lost, empty = (farrington_flexible(one, exposure, [290]).expected for one in (holed, zeros))
    whole = farrington_flexible(counts, exposure, [290]).expected
    assert np.abs(lost / whole - 1).max() < np.abs(empty / whole - 1).max()


@pytest.mark.parametrize("value", [0.0, 1.0, 1e9])
def test_extreme_series_are_judged_without_noise(value):
    counts = np.full((300, 2), value)
    counts[290, 1] = value + 1e9
    found = farrington_flexible(counts, np.ones_like(counts), [290, 299])
    assert np.isfinite(found.upper).all()
    assert found.is_alarm.tolist() == [[False, True], [False, False]]
    assert found.expected[1] == pytest.approx([value, value], abs=1e-3, rel=0.01)


def test_past_outbreak_weighs_less_and_too_few_cases_do_not_alarm():
    counts, exposure = invented()
    spiked = counts.copy()
    spiked[150:154] += 60
    plain = replace(FF_N, weights_threshold=1e9)
    moved = [
        farrington_flexible(spiked, exposure, [205], one).upper
        - farrington_flexible(counts, exposure, [205], one).upper
        for one in (FF_N, plain)
    ]
    assert (moved[0] < moved[1]).all()
    rare = np.zeros((300, 1))
    rare[299] = 4
    judged = [
        farrington_flexible(rare, np.ones_like(rare), [299], one) for one in (FF_N, FF_DEFAULTS)
    ]
    assert [bool(one.is_alarm[0, 0]) for one in judged] == [True, False]


def test_ears_is_as_published():
    counts = np.array([2, 5, 7, 5, 4, 5, 6, 6, 1, 2, 14, 9, 3], dtype=float)[:, None]

    def c2(week):
        base = counts[week - 9 : week - 2, 0]
        return (counts[week, 0] - base.mean()) / base.std(ddof=1)

    first = ears(counts, [10], "C1")
    base = counts[3:10, 0]
    assert first.upper[0, 0] == pytest.approx(base.mean() + 2.3263479 * base.std(ddof=1))
    assert first.is_alarm[0, 0]
    third = [ears(counts, [week], "C3").is_alarm[0, 0] for week in (11, 12)]
    wanted = [
        sum(max(0, c2(week - back) - 1) for back in range(3)) > 2.3263479 for week in (11, 12)
    ]
    assert third == wanted == [True, True]
    assert np.isnan(ears(counts, [6, 8, 10], "C3").upper).all()


def test_ears_needs_its_weeks_and_takes_a_flat_baseline():
    counts = np.full((14, 2), 3.0)
    counts[9, 1] = np.nan
    counts[13] = 4
    for kind in ("C1", "C2", "C3"):
        found = ears(counts, [13], kind)
        assert np.isnan(found.upper[0]).tolist() == [False, True]
        assert found.is_alarm[0].tolist() == [True, False]


# in the place of our own method


def spiked_issue(weeks: int, method: str) -> dict[str, object]:
    """The last week's row of an issue whose last count is far too high."""
    counts = np.random.default_rng(2).poisson(10, weeks).astype(int)
    counts[-1] = 60
    frame = pl.DataFrame(
        {
            "issue_id": "A",
            "week_start": [date(2021, 1, 4) + timedelta(days=7 * step) for step in range(weeks)],
            "feedback_count": counts,
            "customer_count": counts,
            "exposure": 500.0,
        }
    )
    found = judge_weeks(
        frame,
        pl.DataFrame(),
        pl.DataFrame(),
        weeks=frame["week_start"].to_list()[-2:],
        settings=TrendSettings(method=method),
    )
    return found.row(-1, named=True)


@pytest.mark.parametrize("method", ["farrington", "ears_c1", "ears_c2", "ears_c3"])
def test_verdict_of_a_reference_method_has_its_figures_and_no_others(method):
    row = spiked_issue(170, method)
    assert (row["verdict"], row["is_alarm"]) == ("SPIKING", True)
    assert row["expected_count"] < row["upper_bound"] < 60
    assert row["exceedance_score"] > 1
    assert row["reason"].startswith("60 reports against 0-")
    unknown = ("lower_bound", "forecast_count", "rate_ratio_lower", "alarm_chance")
    assert [row[name] for name in unknown] == [None] * 4
    assert (row["p_value"] is None) == (method != "farrington")


def test_a_reference_method_without_its_history_says_so_and_never_alarms():
    row = spiked_issue(60, "farrington")
    assert (row["is_alarm"], row["upper_bound"], row["p_value"]) == (False, None, None)
    assert row["reason"] == (
        "60 reports; the method farrington needs 159 weeks of history and says nothing"
    )
    assert row["verdict"] != "SPIKING"
    assert spiked_issue(60, "voc")["verdict"] == "SPIKING"
