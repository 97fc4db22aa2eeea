"""Publication lag: completeness by delay, which weeks are provisional, what they will hold."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.quality import PublicationLag
from voc_pipeline.trends.counts import weekly_counts
from voc_pipeline.trends.lag import first_to_judge, publication_lag, with_nowcast
from voc_pipeline.trends.verdicts import judge_weeks

WEEK = date(2026, 6, 1)


def week(back: int) -> date:
    return WEEK - timedelta(weeks=back)


def arrivals(shares: tuple[float, ...], *, size: int = 100, weeks: int = 20, source="desk"):
    """Each week's records by delay, those after WEEK not yet there."""
    rows = [
        (source, week(back), week(back - late), round(size * share))
        for back in range(weeks)
        for late, share in enumerate(shares)
        if late <= back
    ]
    columns = ["source_id", "week_start", "received_week", "record_count"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def shares_of(frame: pl.DataFrame, source="desk") -> list[float]:
    lag = publication_lag(frame, week=WEEK)
    assert lag.columns == list(PublicationLag.model_fields)
    return lag.filter(pl.col("source_id") == source)["complete_share"].to_list()


def test_the_share_that_has_arrived_is_found_though_the_last_weeks_are_cut():
    found = shares_of(arrivals((0.5, 0.3, 0.1, 0.1)))
    assert found[:4] == pytest.approx([0.5, 0.8, 0.9, 1.0])
    assert set(found[3:]) == {1.0}


def test_a_source_that_is_never_late_is_complete_at_once():
    assert set(shares_of(arrivals((1.0,)))) == {1.0}


def test_what_arrives_after_the_week_is_not_known():
    frame = arrivals((0.5, 0.5))
    later = pl.concat([frame, arrivals((0.0, 0.0, 1.0), weeks=26).filter(False)])
    future = frame.with_columns(received_week=pl.col("received_week") + timedelta(weeks=30))
    assert shares_of(pl.concat([later, future])) == shares_of(frame)


def judged(*counts: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "issue_id": ["A"] * len(counts),
            "week_start": [week(back) for back in range(len(counts))],
            "feedback_count": list(counts),
        }
    ).with_columns(
        is_provisional=pl.lit(value=False),
        nowcast_count=pl.col("feedback_count").cast(pl.Float64),
        nowcast_lower=pl.col("feedback_count").cast(pl.Float64),
        nowcast_upper=pl.col("feedback_count").cast(pl.Float64),
    )


def mentions(**sources: int) -> pl.DataFrame:
    names = [name for name, count in sources.items() for _ in range(count)]
    return pl.DataFrame({"source_id": names}).with_columns(
        issue_id=pl.lit("A"), week_start=pl.lit(week(1))
    )


def test_a_half_arrived_week_is_provisional_and_nowcast():
    lag = publication_lag(arrivals((0.5, 0.3, 0.2)), week=WEEK)
    rows = with_nowcast(judged(10, 16, 20), mentions(desk=5), lag, week=WEEK).to_dicts()
    assert [row["is_provisional"] for row in rows] == [True, True, False]
    assert [row["nowcast_count"] for row in rows] == pytest.approx([20, 20, 20])
    assert rows[0]["nowcast_lower"] < 20 < rows[0]["nowcast_upper"]
    assert (rows[2]["nowcast_lower"], rows[2]["nowcast_upper"]) == (20, 20)


def test_an_issue_of_punctual_sources_is_complete():
    lag = publication_lag(arrivals((0.5, 0.5)), week=WEEK)
    found = with_nowcast(judged(10), mentions(chat=9), lag, week=WEEK)
    assert not found["is_provisional"][0]
    mixed = with_nowcast(judged(10), mentions(chat=9, desk=9), lag, week=WEEK)
    assert mixed["nowcast_count"][0] == pytest.approx(10 / 0.75, rel=1e-4)


def test_the_nowcast_interval_holds_what_arrives_later():
    rng = np.random.default_rng(3)
    lag = publication_lag(arrivals((0.6, 0.4)), week=WEEK)
    inside = 0
    for _ in range(200):
        whole = rng.poisson(25)
        now = rng.binomial(whole, 0.6)
        row = with_nowcast(judged(now), mentions(desk=3), lag, week=WEEK).row(0, named=True)
        inside += row["nowcast_lower"] <= whole <= row["nowcast_upper"]
    assert 0.9 <= inside / 200 <= 0.99


def test_provisional_weeks_are_judged_again_until_they_are_complete():
    lag = publication_lag(arrivals((0.5, 0.3, 0.2)), week=WEEK)
    complete = publication_lag(arrivals((1.0,)), week=WEEK)
    known = with_nowcast(judged(*[10] * 6), mentions(desk=5), lag, week=WEEK)
    assert first_to_judge(None, known, lag, week=WEEK) == week(1)
    assert first_to_judge(week(3), known, lag, week=WEEK) == week(3)
    assert first_to_judge(None, known, complete, week=WEEK) == week(1)
    assert first_to_judge(None, judged(10, 10), complete, week=WEEK) is None
    assert first_to_judge(None, judged().clear(), complete, week=WEEK) is None


def test_no_arrivals_give_no_lag_and_change_no_count():
    lag = publication_lag(arrivals((1.0,)).clear(), week=WEEK)
    assert lag.is_empty()
    found = with_nowcast(judged(3), mentions(desk=1), lag, week=WEEK)
    assert found.equals(judged(3))


def steady_reports(seed: int, weeks: int) -> pl.DataFrame:
    """Twenty issues at steady rates, told by chat and by letters in shares of their own."""
    rng = np.random.default_rng(seed)
    usual = np.append(rng.gamma(2, 4, 20) + 1, 100.0)
    by_letter = rng.random(21)
    rate = np.stack([usual * (1 - by_letter), usual * by_letter])
    counts = rng.poisson(rate, (weeks, 2, 21))
    back, source, issue = (part.repeat(counts.ravel()) for part in np.indices(counts.shape)
                           .reshape(3, -1))  # fmt: skip
    late = np.where(source == 1, rng.choice(5, len(back)), 0)
    names = np.array([*(f"N{number:02d}" for number in range(20)), None], dtype=object)
    voices = pl.Series([f"v{number}" for number in range(len(back))])
    return pl.DataFrame(
        {
            "issue_id": pl.Series(names[issue].tolist(), dtype=pl.String),
            "week_start": [week(int(one)) for one in back],
            "received_week": [week(int(one)) for one in back - late],
            "source_id": np.array(["chat", "letters"])[source],
            "voice_key": voices,
            "text_key": voices,
        }
    )


def verdicts_of(reports: pl.DataFrame, *, last: int) -> list[str]:
    """The verdicts of the last weeks, each as known at its own cutoff."""
    known = pl.DataFrame()
    first = reports["week_start"].min()
    for back in range(last - 1, -1, -1):
        now = reports.filter(pl.col("received_week") <= week(back))
        volumes = now.group_by("week_start", "source_id").agg(feedback_count=pl.len())
        counts = weekly_counts(now, volumes, first_week=first, last_week=week(back))
        known = pl.concat([known, judge_weeks(counts, known, pl.DataFrame(), weeks=[week(back)])])
    return known["verdict"].to_list()


def test_letters_of_which_a_fifth_is_there_at_the_cutoff_are_no_decline():
    late = steady_reports(4, weeks=50)
    assert verdicts_of(late, last=10).count("DECLINING") == 0
