"""The filter, its distribution and the scan: causal, calibrated, robust, exact where it can be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from voc_pipeline.trends import scan
from voc_pipeline.trends.count_table import BEYOND_REACH, TABLE_SIZES, CountTable, reach_of
from voc_pipeline.trends.filter import FilterPath, ObservedWeek, RunningFilter, run_filter
from voc_pipeline.trends.multiplicity import benjamini_hochberg
from voc_pipeline.trends.negative_binomial import (
    Predictive,
    digamma_less_log,
    log_gamma,
    log_mass,
    log_shape_of_log_variance,
    log_variance_of_log_shape,
)
from voc_pipeline.trends.scan import ScanWeek, scan_p_values

WEEKS = 80


def null_counts(means: np.ndarray, phi: float, seed: int, weeks: int = WEEKS) -> np.ndarray:
    chance = np.random.default_rng(seed)
    if phi == 1:
        return chance.poisson(means, (weeks, len(means))).astype(float)
    return chance.negative_binomial(means / (phi - 1), 1 / phi, (weeks, len(means))).astype(float)


def filtered(counts: np.ndarray, exposure: np.ndarray | None = None, **given_) -> FilterPath:
    exposure = np.ones_like(counts) if exposure is None else exposure
    return run_filter(counts, exposure, np.arange(len(counts), dtype=float), **given_)


def scanned(counts: np.ndarray, path: FilterPath, step: int) -> np.ndarray:
    seen = np.ones(counts.shape[1], dtype=bool)
    return scan_p_values(
        [ScanWeek(path.predictive(step - back), counts[step - back], seen) for back in range(3)]
    )


# the distribution


def test_log_gamma_is_that_of_scipy():
    x = np.geomspace(1e-6, 1e9, 400)
    np.testing.assert_allclose(log_gamma(x), special.gammaln(x), rtol=1e-7, atol=1e-6)


def test_log_mass_is_that_of_scipy():
    count, mean, size = np.arange(40.0), np.full(40, 7.3), np.full(40, 2.1)
    mass = log_mass(count, special.gammaln(count + 1), mean, size)
    np.testing.assert_allclose(mass, stats.nbinom.logpmf(count, 2.1, 2.1 / 9.4), atol=1e-6)


def test_gamma_tables_invert_each_other():
    variance = np.geomspace(1e-8, 500, 300)
    shape_log = log_shape_of_log_variance(np.log(variance))
    np.testing.assert_allclose(special.polygamma(1, np.exp(shape_log)), variance, rtol=1e-4)
    np.testing.assert_allclose(np.exp(log_variance_of_log_shape(shape_log)), variance, rtol=1e-4)
    expected = special.digamma(np.exp(shape_log)) - shape_log
    np.testing.assert_allclose(digamma_less_log(shape_log), expected, rtol=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 1e4), st.floats(0.05, 1e4), st.floats(0, 0.6))
def test_tail_and_quantile_agree(mean, size, zero):
    law = Predictive(np.array([mean]), np.array([size]), np.array([zero]))
    for probability in (0.025, 0.5, 0.975):
        count = law.quantile(probability)
        assert 1 - law.at_least(count + 1)[0] >= probability - 1e-7
        assert count[0] == 0 or 1 - law.at_least(count)[0] < probability + 1e-7


def test_structural_zeros_lower_the_expectation_and_keep_the_mass():
    law = Predictive(np.array([4.0]), np.array([3.0]), np.array([0.25]))
    counts = np.arange(400.0)
    mass = np.array(
        [(law.at_least(np.array([c])) - law.at_least(np.array([c + 1])))[0] for c in counts]
    )
    assert mass.sum() == pytest.approx(1)
    assert (mass * counts).sum() == pytest.approx(law.expected[0]) == 3.0


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 60), st.floats(0.05, 1e4), st.floats(0, 0.6))
def test_a_table_says_what_the_law_says_near_and_far(mean, size, zero):
    law = Predictive(np.array([mean]), np.array([size]), np.array([zero]))
    table = CountTable.of(law, TABLE_SIZES[1])
    counts = np.array([0.0, 1, 2, 9, 40, TABLE_SIZES[1] + 1, 900])[:, None]
    np.testing.assert_allclose(table.at_least(counts), law.at_least(counts), rtol=1e-9)
    levels = np.array([0.03, 0.5, 0.9])
    found = table.quantile(levels)[:, 0]
    known = found < TABLE_SIZES[1]
    assert (1 - law.at_least(found + 1.0) >= levels - 1e-9)[known].all()
    assert ((1 - law.at_least(found) < levels + 1e-9) | (found == 0))[known].all()


def test_no_law_leaves_the_reach_of_its_table():
    mean, size = (
        part.ravel()
        for part in np.meshgrid(np.geomspace(1e-3, 500, 60), np.geomspace(0.02, 1e6, 60))
    )
    law = Predictive(mean, size, np.zeros_like(mean))
    assert (law.at_least(np.floor(reach_of(law)) + 1.0) <= BEYOND_REACH).all()


# the filter


def test_a_week_is_predicted_by_the_weeks_before_it_alone():
    counts = null_counts(np.array([3.0, 20.0, 0.4]), 1.5, 1)
    changed = counts.copy()
    changed[50:] = 999
    whole, cut, other = filtered(counts), filtered(counts[:51]), filtered(changed)
    for step in (0, 30, 50):
        np.testing.assert_array_equal(whole.predictive(step).mean, cut.predictive(step).mean)
        np.testing.assert_array_equal(whole.predictive(step).size, other.predictive(step).size)


def test_first_kept_and_snapshots_change_no_number():
    counts = null_counts(np.array([3.0, 20.0]), 1.5, 1)
    whole, late = filtered(counts), filtered(counts, first_kept=70, snapshot_steps=[71, 79])
    np.testing.assert_array_equal(whole.predictive(75).mean, late.predictive(75).mean)
    np.testing.assert_array_equal(late.snapshots[71].forecast.mean, whole.predictive(72).mean)


def test_constant_poisson_rate_is_learned():
    path = filtered(null_counts(np.full(60, 25.0), 1.0, 2, 200))
    assert np.abs(np.log(path.predictive(199).mean / 25)).mean() < 0.06
    assert path.phi[-1].mean() < 1.1


def test_dispersion_is_learned():
    path = filtered(null_counts(np.full(60, 25.0), 3.0, 3, 200))
    assert 2.3 < path.phi[-1].mean() < 3.5


def test_one_step_interval_covers_ninety_five_percent():
    for mean, low, high in ((0.5, 0.95, 0.999), (4.0, 0.93, 0.99), (40.0, 0.92, 0.98)):
        counts = null_counts(np.full(150, mean), 1.5, 4)
        path = filtered(counts)
        inside = []
        for step in range(40, WEEKS):
            law = path.predictive(step)
            inside.append(
                (counts[step] >= law.quantile(0.025)) & (counts[step] <= law.quantile(0.975))
            )
        assert low <= np.mean(inside) <= high


def test_one_spike_does_not_teach_the_baseline():
    counts = null_counts(np.full(30, 10.0), 1.0, 5)
    spiked = counts.copy()
    spiked[60] = 500
    calm, after = filtered(counts).predictive(62).mean, filtered(spiked).predictive(62).mean
    assert (after / calm).max() < 1.5


def test_a_lasting_step_becomes_the_expectation_within_eight_weeks():
    counts = null_counts(np.full(30, 10.0), 1.0, 6)
    counts[60:] = null_counts(np.full(30, 40.0), 1.0, 7, 20)
    path = filtered(counts)
    assert np.median(path.predictive(68).mean) > 30


def test_a_burst_of_weeks_leaves_neither_level_nor_dispersion_behind():
    counts = null_counts(np.full(40, 10.0), 1.2, 16, 120)
    burst = np.random.default_rng(17).poisson([[60], [80], [70], [40], [20]], (5, 40))
    counts[60:65] += burst
    path = filtered(counts)
    assert np.median(path.predictive(119).mean) == pytest.approx(10, rel=0.15)
    assert np.median(path.phi[119]) < 1.6
    assert np.median(path.predictive(119).quantile(0.975)) <= 20


def test_running_on_week_by_week_is_the_run_over_all_weeks():
    counts = null_counts(np.array([3.0, 20.0, 0.4]), 1.5, 18)
    running = RunningFilter(3)
    ahead = [
        running.step(ObservedWeek(count, np.ones(3), float(week)))
        for week, count in enumerate(counts)
    ]
    whole = filtered(counts, snapshot_steps=[WEEKS - 1])
    np.testing.assert_array_equal(ahead[-1].law.mean, whole.predictive(WEEKS - 1).mean)
    np.testing.assert_array_equal(
        running.snapshot().forecast.size, whole.snapshots[WEEKS - 1].forecast.size
    )


def test_expectation_follows_exposure():
    counts = null_counts(np.full(40, 10.0), 1.0, 8)
    exposure = np.full_like(counts, 100.0)
    exposure[-1] = 200.0
    path = filtered(counts, exposure)
    assert np.median(path.predictive(WEEKS - 1).expected) == pytest.approx(20, rel=0.1)


def test_weeks_without_exposure_teach_nothing():
    counts = null_counts(np.full(20, 10.0), 1.0, 9)
    counts[60:66] = 0
    exposure = np.ones_like(counts)
    silent = exposure.copy()
    silent[60:66] = 0
    before = filtered(counts, exposure).predictive(60).mean
    kept = filtered(counts, silent).predictive(66).mean
    fallen = filtered(counts, exposure).predictive(66).mean
    assert np.abs(np.log(kept / before)).max() < 0.25
    assert np.median(fallen / before) < 0.6


def test_structural_zeros_are_told_from_a_low_rate():
    counts = null_counts(np.full(40, 12.0), 1.0, 10, 200)
    counts[np.random.default_rng(11).random(counts.shape) < 0.2] = 0
    law = filtered(counts).predictive(199)
    assert 0.1 < np.median(law.zero) < 0.25
    assert 10 < np.median(law.mean) < 14


def test_short_histories_start_from_what_mature_series_share():
    counts = null_counts(np.full(30, 12.0), 1.0, 12, 120)
    counts[:110, 0] = np.nan
    alone, pooled = filtered(counts[:, :1]), filtered(counts)
    gap_alone = abs(np.log(alone.predictive(110).mean[0] / 12))
    gap_pooled = abs(np.log(pooled.predictive(110).mean[0] / 12))
    assert gap_pooled < 0.2 < gap_alone


@pytest.mark.parametrize("value", [0.0, 1.0, 1e9])
def test_extreme_series_stay_finite(value):
    counts = np.full((WEEKS, 2), value)
    counts[40, 1] = 1e9
    law = filtered(counts).predictive(WEEKS - 1)
    for part in (law.mean, law.size, law.expected, law.quantile(0.975)):
        assert np.isfinite(part).all()


# the scan


def test_null_p_values_are_calibrated():
    counts = np.hstack([null_counts(np.full(60, mean), 1.5, 13) for mean in (1.0, 6.0, 40.0)])
    path = filtered(counts)
    p_value = np.stack([scanned(counts, path, step) for step in range(30, WEEKS, 2)])
    assert 0.005 < (p_value <= 0.01).mean() < 0.0165
    assert 0.03 < (p_value <= 0.05).mean() < 0.065


def test_scan_p_value_is_that_of_a_plain_simulation():
    chance = np.random.default_rng(14)
    law = Predictive(np.full(1, 6.0), np.full(1, 5.0), np.full(1, 0.05))
    size = 6_000

    def drawn() -> np.ndarray:
        count = chance.negative_binomial(5.0, 5 / 11, size).astype(float)
        return np.where(chance.random(size) < 0.05, 0.0, count)

    many = Predictive(*(np.repeat(part, 300) for part in (law.mean, law.size, law.zero)))
    weeks = [drawn() for _ in range(3)]
    sample = [ScanWeek(many, week[:300], np.ones(300, dtype=bool)) for week in weeks]
    p_value = scan_p_values(sample)
    target = ScanWeek(law, np.array([15.0]), np.ones(1, dtype=bool))
    calm = ScanWeek(law, np.array([8.0]), np.ones(1, dtype=bool))
    whole = Predictive(*(np.repeat(part, size) for part in (law.mean, law.size, law.zero)))
    all_p = scan_p_values([ScanWeek(whole, week, np.ones(size, dtype=bool)) for week in weeks])
    for level in (0.1, 0.05, 0.01):
        assert (all_p <= level).mean() == pytest.approx(level, rel=0.35)
    assert scan_p_values([target, calm, calm])[0] < 0.1
    np.testing.assert_array_equal(p_value, all_p[:300])


def test_a_week_that_is_no_alarm_has_a_p_value_within_a_half_of_the_fine_one(monkeypatch):
    chance = np.random.default_rng(19)
    mean, size = chance.gamma(0.7, 8.0, 3000) + 0.1, chance.gamma(2.0, 4.0, 3000) + 0.3
    law = Predictive(mean, size, chance.beta(1, 30, 3000))
    seen = np.ones(3000, dtype=bool)
    weeks = [
        ScanWeek(law, chance.negative_binomial(size, size / (size + mean)).astype(float), seen)
        for _ in range(3)
    ]
    told = scan_p_values(weeks)
    monkeypatch.setattr(scan, "REFINED_BELOW", 1.1)
    fine = scan_p_values(weeks)
    usual = told >= 0.05
    assert np.abs(np.log(told[usual] / fine[usual])).max() < np.log(1.5)
    assert np.abs(np.log(told[usual] / fine[usual])).mean() < 0.02
    np.testing.assert_array_equal(told[~usual], fine[~usual])


def test_a_higher_count_is_never_less_surprising():
    law = Predictive(np.full(40, 4.0), np.full(40, 3.0), np.full(40, 0.02))
    seen = np.ones(40, dtype=bool)
    calm = ScanWeek(law, np.full(40, 5.0), seen)
    p_value = scan_p_values([ScanWeek(law, np.arange(40.0), seen), calm, calm])
    assert (np.diff(p_value) <= 1e-9).all()
    assert p_value[0] == 1.0
    assert p_value[-1] < 1e-6


def test_two_raised_weeks_surprise_more_than_one():
    law = Predictive(np.full(1, 10.0), np.full(1, 50.0), np.zeros(1))
    seen = np.ones(1, dtype=bool)
    high, usual = ScanWeek(law, np.array([17.0]), seen), ScanWeek(law, np.array([10.0]), seen)
    assert scan_p_values([high, high, usual])[0] < scan_p_values([high, usual, usual])[0]


def test_a_series_not_observed_is_no_surprise():
    law = Predictive(np.full(2, 10.0), np.full(2, 50.0), np.zeros(2))
    both, one = np.ones(2, dtype=bool), np.array([True, False])
    week = ScanWeek(law, np.full(2, 60.0), one)
    assert scan_p_values([week, ScanWeek(law, np.full(2, 9.0), both)])[1] == 1.0


# many tests


def test_benjamini_hochberg_is_that_of_scipy_and_keeps_nan():
    p_value = np.random.default_rng(15).random(50) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p_value), stats.false_discovery_control(p_value))
    holed = np.append(p_value, np.nan)
    found = benjamini_hochberg(holed)
    assert np.isnan(found[-1])
    np.testing.assert_allclose(found[:-1], stats.false_discovery_control(p_value))


def test_gamma_identity_behind_the_filter_holds():
    shape, rate = 2.5, 0.7
    mean_log, _ = integrate.quad(
        lambda x: np.log(x) * stats.gamma.pdf(x, shape, scale=1 / rate), 0, np.inf
    )
    found = digamma_less_log(np.log(np.array([shape])))[0] + np.log(shape / rate)
    assert found == pytest.approx(mean_log, abs=1e-4)
