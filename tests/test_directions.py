"""Verdicts over months: what rises, falls, has ended, and follows what has become the level."""

import numpy as np
import polars as pl
from judged_weeks import NOTHING, company, counts, judged, steady, week

from voc_pipeline.trends.verdicts import judge_weeks


def test_climb_is_rising_and_fall_is_declining():
    climb = [float(round(10 * 1.08 ** max(0, number - 30))) for number in range(40)]
    fall = [float(round(30 * 0.9 ** max(0, number - 30))) for number in range(40)]
    rows = judged(company(A=climb, B=fall), 39)
    assert rows["A"]["verdict"] == "RISING"
    assert "times the rate of the half year before" in rows["A"]["reason"]
    assert rows["B"]["verdict"] == "DECLINING"


def test_a_past_spike_is_not_rising():
    spiked = steady(40, 10, 3)
    spiked[36] = 60
    assert judged(company(A=spiked), 39)["A"]["verdict"] == "STEADY"


def walked(series: dict[str, list[float | None]], first: int, last: int) -> list[dict[str, object]]:
    """Rows of issue A, week by week with the verdicts of the weeks before."""
    weeks = [week(number) for number in range(first, last + 1)]
    found = judge_weeks(counts(series), NOTHING, NOTHING, weeks=weeks)
    return found.filter(pl.col("issue_id") == "A").sort("week_start").to_dicts()


def test_step_that_is_months_old_is_no_longer_rising_and_says_what_it_is():
    level = [*steady(34, 12, 5), *steady(26, 24, 6)]
    rows = walked(company(60, A=level), 36, 59)
    verdicts = [row["verdict"] for row in rows]
    rising = [number for number, verdict in enumerate(verdicts, 36) if verdict == "RISING"]
    assert rising
    assert {36, 40, 43} <= set(rising)
    assert sum(number >= 34 + 16 for number in rising) <= 1  # of ten weeks, by chance
    still = [row for row in rows if "no longer rising" in str(row["reason"])]
    assert still
    assert {row["verdict"] for row in still} == {"STEADY"}


def test_slow_fall_is_said_before_it_has_ended():
    random = np.random.default_rng(3)
    course = np.concatenate([np.full(40, 9.0), np.linspace(9, 3.6, 16)])
    rows = walked(company(56, A=random.poisson(course).tolist()), 40, 55)
    assert "DECLINING" in [row["verdict"] for row in rows]


def test_resolved_issue_stays_resolved_while_hardly_anything_comes():
    few = [0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    rows = walked(company(66, A=[*steady(40, 14, 9), *few]), 40, 65)
    verdicts = [row["verdict"] for row in rows]
    since = verdicts.index("RESOLVED")
    assert since <= 10
    assert set(verdicts[since:]) == {"RESOLVED"}


def test_range_follows_a_burst_that_ended():
    burst = [None] * 20 + [4, 12, 20, 26, 24, 27, 22, 25, 23, 10, 3, 1] + [0] * 14
    ends = [walked(company(46, A=burst), number, number)[0] for number in (33, 45)]
    assert ends[0]["expected_count"] > 8
    assert ends[1]["expected_count"] < 2


def test_season_seen_once_is_not_taken_out_of_a_direction():
    """A level that rose for good in summer must not be called a season that will pass."""
    level = [*steady(30, 12, 5), *steady(30, 24, 6)]
    row = walked(company(60, A=level), 59, 59)[0]
    assert row["verdict"] == "STEADY"
