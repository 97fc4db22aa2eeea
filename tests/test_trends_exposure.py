"""Exposure by source: the mix of sources moves it, a source's ordinary texts move no rate."""

from datetime import date, timedelta

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from voc_pipeline.trends.counts import weekly_counts
from voc_pipeline.trends.exposure import standardised_exposure
from voc_pipeline.trends.verdicts import judge_weeks

MONDAY = date(2025, 1, 6)
WEEKS = 40


def course(texts: np.ndarray, shares: np.ndarray, seed: int = 1) -> np.ndarray:
    """(weeks, sources, issues) cases: shares (sources, issues) of each source's texts."""
    return np.random.default_rng(seed).poisson(texts[:, :, None] * shares[None, :, :]).astype(float)


SHARES = np.array([[0.2, 0.01, 0.05, 0.0], [0.01, 0.15, 0.05, 0.1], [0.005, 0.004, 0.05, 0.003]])
USUAL = np.tile([100.0, 150.0, 200.0], (WEEKS, 1))


def test_usual_mix_gives_the_texts_of_the_week_without_doubt():
    found = standardised_exposure(course(USUAL, SHARES), USUAL, USUAL.sum(axis=1))
    np.testing.assert_allclose(found.size, 450.0, rtol=0.15)
    np.testing.assert_allclose(found.size[10:] / found.size[10], 1.0, rtol=0.01)
    assert found.doubt[10:].max() < 1e-3


def test_a_source_grown_tenfold_raises_the_exposure_of_its_own_issues_alone():
    texts = USUAL.copy()
    texts[-1, 0] *= 10
    found = standardised_exposure(course(USUAL, SHARES), texts, texts.sum(axis=1))
    told = (texts[-1] @ SHARES) / (USUAL[-1] @ SHARES) * 450
    np.testing.assert_allclose(found.size[-1], told, rtol=0.2)
    assert found.doubt[-1].min() > found.doubt[-2].max()


def test_a_survey_wave_of_praise_dilutes_no_issue():
    texts = USUAL.copy()
    texts[-1, 2] *= 6
    found = standardised_exposure(
        course(texts, SHARES[:, [0, 1, 3]]), texts, texts.sum(axis=1)
    ).size
    assert found[-1].max() < 600 < texts[-1].sum()


def test_a_source_launched_with_praise_dilutes_no_issue_much():
    texts = USUAL.copy()
    texts[:-1, 2] = 0
    texts[-1, 2] = 1000
    cases = course(texts, np.repeat(SHARES, 5, axis=1))
    found = standardised_exposure(cases, texts, texts.sum(axis=1)).size
    told_elsewhere = np.tile([True, True, False, True], 5).nonzero()
    assert np.median(found[-1][told_elsewhere]) < 500


def test_a_lasting_change_of_the_mix_is_a_lasting_change_of_the_exposure():
    texts = np.tile([150.0, 150.0, 0.0], (120, 1))
    texts[60:, 0] /= 2
    found = standardised_exposure(course(texts, SHARES), texts, texts.sum(axis=1)).size
    ratio = found[[62, 119], 0] / found[55, 0]
    np.testing.assert_allclose(ratio, 0.53, atol=0.08)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 30), min_size=6, max_size=6), min_size=1, max_size=8),
    st.integers(0, 7),
)
def test_exposure_is_finite_never_negative_and_knows_no_later_week(rows, cut):
    cases = np.array(rows, dtype=float).reshape(len(rows), 2, 3)
    texts = cases.sum(axis=2) * 3
    whole = texts.sum(axis=1)
    found = standardised_exposure(cases, texts, whole)
    for part in (found.size, found.doubt):
        assert np.isfinite(part).all()
        assert (part >= 0).all()
    assert ((found.size > 0) == (whole[:, None] > 0)).all()
    early = standardised_exposure(cases[: cut + 1], texts[: cut + 1], whole[: cut + 1])
    np.testing.assert_array_equal(early.size, found.size[: cut + 1])
    order = [1, 0]
    swapped = standardised_exposure(cases[:, order], texts[:, order], whole)
    np.testing.assert_allclose(swapped.size, found.size, rtol=1e-9)


def mentions_of(cases: np.ndarray) -> pl.DataFrame:
    rows = [
        (f"I{issue}", MONDAY + timedelta(weeks=week), f"v{number}", f"t{week}", f"s{source}")
        for week, source, issue in np.argwhere(cases > 0).tolist()
        for number in range(source * 10_000, source * 10_000 + int(cases[week, source, issue]))
    ]
    names = ["issue_id", "week_start", "voice_key", "text_key", "source_id"]
    return pl.DataFrame(rows, schema=names, orient="row")


def volumes_of(texts: np.ndarray) -> pl.DataFrame:
    rows = [
        (MONDAY + timedelta(weeks=week), f"s{source}", int(texts[week, source]))
        for week, source in np.ndindex(texts.shape)
    ]
    names = ["week_start", "source_id", "feedback_count"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_ten_times_the_ordinary_texts_of_a_source_alarm_nobody_and_decline_nothing():
    shares = np.random.default_rng(4).gamma(0.6, 0.03, (3, 25))
    texts = USUAL.copy()
    texts[-3:, 1] *= 10
    cases = course(texts, shares, seed=5)
    last = MONDAY + timedelta(weeks=WEEKS - 1)
    counts = weekly_counts(mentions_of(cases), volumes_of(texts), first_week=MONDAY, last_week=last)
    weeks = [last - timedelta(weeks=back) for back in (2, 1, 0)]
    found = judge_weeks(counts, pl.DataFrame(), pl.DataFrame(), weeks=weeks)
    assert found["is_alarm"].sum() == 0
    assert not set(found["verdict"]) & {"DECLINING", "RESOLVED", "SPIKING"}


def test_customers_or_orders_take_the_place_of_texts():
    cases = course(USUAL, SHARES)
    last = MONDAY + timedelta(weeks=WEEKS - 1)
    orders = pl.DataFrame({"week_start": [last], "exposure": [9000.0]})
    counts = weekly_counts(
        mentions_of(cases),
        volumes_of(USUAL),
        first_week=MONDAY,
        last_week=last,
        exposure=orders,
    )
    now = counts.filter(pl.col("week_start") == last)
    assert now["exposure"].to_list() == [9000.0] * 4
    assert now["week_count"].to_list() == [450] * 4


def test_a_source_whose_last_weeks_arrive_late_declines_nothing():
    """What has arrived of the last weeks is judged as the share of its source that has arrived."""
    shares = np.random.default_rng(6).gamma(0.6, 0.03, (3, 25))
    texts = USUAL.copy()
    texts[-4:, 0] *= [0.8, 0.6, 0.4, 0.1]
    texts[-4:, 1] *= [1.0, 0.9, 0.7, 0.3]
    cases = course(texts, shares, seed=7)
    last = MONDAY + timedelta(weeks=WEEKS - 1)
    counts = weekly_counts(mentions_of(cases), volumes_of(texts), first_week=MONDAY, last_week=last)
    found = judge_weeks(
        counts,
        pl.DataFrame(),
        pl.DataFrame(),
        weeks=[last - timedelta(weeks=back) for back in (3, 2, 1, 0)],
    )
    assert not set(found["verdict"]) & {"DECLINING", "RESOLVED"}
