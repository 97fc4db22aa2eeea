"""Did the fix work: a fall is seen, chance and peaks are not, and too early is said."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from models.action import FixVerdict, FixWeek
from voc_pipeline.actions.fix_verdicts import JUDGED_WEEKS, Effect, judge_fixes

MONDAY = date(2025, 1, 6)
HISTORY = 40


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def counts(**series: list[int]) -> pl.DataFrame:
    chance = np.random.default_rng(5)
    length = max(map(len, series.values()))
    others = {f"S{number}": chance.poisson(9, length).tolist() for number in range(6)}
    rows = [
        (name, week(number), count, count, length * 10, 100.0, 0.0)
        for name, values in (others | series).items()
        for number, count in enumerate(values)
    ]
    names = ["issue_id", "week_start", "feedback_count", "customer_count", "week_count",
             "exposure", "exposure_doubt"]  # fmt: skip
    return pl.DataFrame(rows, schema=names, orient="row")


def steady(length: int = HISTORY, mean: float = 20, seed: int = 1) -> list[int]:
    return np.random.default_rng(seed).poisson(mean, length).tolist()


EFFECT = week(HISTORY)


def judged(values: list[int], *, at: date = EFFECT) -> dict[str, object]:
    last = week(len(values) - 1)
    found = judge_fixes([Effect("A", "ISS-0001", at)], counts(A=values), week=last)
    for model, frame in ((FixVerdict, found.verdicts), (FixWeek, found.weeks)):
        assert frame.columns == list(model.model_fields)
        for row in frame.to_dicts():
            model.model_validate(row)
    return found.verdicts.to_dicts()[0]


def test_a_fall_by_half_worked_with_its_interval_around_it():
    row = judged(steady() + steady(10, 10, 2))
    assert row["verdict"] == "worked"
    assert row["change_lower"] < -0.5 < row["change_upper"] < 0
    assert row["change"] == pytest.approx(-0.5, abs=0.2)
    assert row["weeks_since"] == 10
    assert row["observed_count"] == sum(steady(10, 10, 2))
    assert row["expected_count"] == pytest.approx(200, rel=0.2)
    assert row["expected_lower"] < row["expected_count"] < row["expected_upper"]
    assert 0.1 < row["smallest_visible_fall"] < 0.6
    assert "fewer (95 % interval" in row["reason"]


def test_no_change_is_not_shown_and_says_what_would_have_been_seen():
    row = judged(steady() + steady(10, 20, 3))
    assert row["verdict"] == "not_shown"
    assert row["change_lower"] < 0 < row["change_upper"]
    fall = row["smallest_visible_fall"]
    assert f"a fall of {100 * fall:.0f} % would have been seen" in row["reason"]


def test_a_fall_as_large_as_the_smallest_visible_is_found_four_times_in_five():
    fall = judged(steady() + steady(8, 20, 3))["smallest_visible_fall"]
    rows = [judged(steady() + steady(8, 20 * (1 - fall), seed)) for seed in range(10, 40)]
    assert 0.6 <= np.mean([row["verdict"] == "worked" for row in rows]) <= 0.97


def test_fewer_than_four_whole_weeks_are_too_early():
    for weeks in range(1, 4):
        row = judged(steady() + [0] * weeks)
        assert (row["verdict"], row["weeks_since"]) == ("too_early", weeks)
    assert judged(steady() + [0] * 4)["verdict"] == "worked"


def test_the_week_of_the_effect_is_neither_before_nor_after():
    values = [*steady(), 500, *steady(5, 20, 3)]
    row = judged(values, at=week(HISTORY) + timedelta(days=2))
    assert row["first_after_week"] == week(HISTORY + 1)
    assert (row["weeks_since"], row["observed_count"]) == (5, sum(values[-5:]))
    assert row["verdict"] == "not_shown"


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_peak_that_falls_by_itself_is_no_success_of_the_action(length):
    row = judged(steady(HISTORY - length) + [70] * length + steady(8, 20, 4))
    assert row["verdict"] == "not_shown"
    assert "left out, as a short rise ends by itself" in row["reason"]


def test_a_rise_that_has_become_the_level_is_what_a_fix_is_measured_by():
    row = judged(steady(HISTORY - 12) + steady(12, 60, 4) + steady(8, 20, 5))
    assert row["verdict"] == "worked"


def test_more_reports_are_not_shown_and_said_as_more():
    row = judged(steady() + steady(8, 60, 4))
    assert (row["verdict"], row["change_lower"] > 0) == ("not_shown", True)
    assert "times as many" in row["reason"]


def test_all_reports_gone_is_a_fall_of_all():
    row = judged(steady() + [0] * 6)
    assert (row["change"], row["change_lower"]) == (-1.0, -1.0)
    assert row["change_upper"] < -0.5


def test_too_little_before_says_so_and_claims_nothing():
    row = judged([*[0] * HISTORY, *steady(8, 20, 4)])
    assert (row["verdict"], row["change"], row["expected_count"]) == ("not_shown", None, None)
    assert "Too little lies before it" in row["reason"]
    young = judged(steady(4) + steady(6, 5, 4), at=week(4))
    assert (young["verdict"], young["change"]) == ("not_shown", None)


def test_silent_weeks_are_not_compared():
    frame = counts(A=steady() + [0] * 8).with_columns(
        exposure=pl.when(pl.col("week_start") >= week(HISTORY + 2)).then(0.0).otherwise(100.0)
    )
    found = judge_fixes([Effect("A", "I", week(HISTORY))], frame, week=week(HISTORY + 7))
    assert found.verdicts["weeks_since"][0] == 2
    assert found.verdicts["verdict"][0] == "too_early"


def test_the_chart_has_weeks_before_during_and_after():
    values = steady() + steady(6, 10, 2)
    effect = Effect("A", "I", week(HISTORY) + timedelta(days=3))
    weeks = judge_fixes([effect], counts(A=values), week=week(HISTORY + 5)).weeks
    assert weeks["period"].to_list() == ["before"] * 26 + ["during"] + ["after"] * 5
    assert weeks["feedback_count"].to_list() == values[HISTORY - 26 :]
    known = weeks.filter(pl.col("expected_count").is_not_null())
    assert known.height == weeks.height
    assert (known["lower_bound"] <= known["expected_count"]).all()


def test_a_verdict_stands_when_it_is_old():
    long = steady(HISTORY + JUDGED_WEEKS + 2)
    row = judged(long[: HISTORY + JUDGED_WEEKS])
    assert row["weeks_since"] == 13
    effect = [Effect("A", "I", week(HISTORY))]
    found = judge_fixes(effect, counts(A=long), week=week(len(long) - 1))
    assert found.verdicts.is_empty()
    assert judge_fixes([], pl.DataFrame(), week=week(3)).verdicts.is_empty()


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 90), min_size=24, max_size=24), st.integers(9, 20), st.integers())
def test_row_order_changes_nothing_and_numbers_are_finite(values, at, seed):
    frame, effect = counts(A=values), [Effect("A", "I", week(at))]
    whole = judge_fixes(effect, frame, week=week(23))
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed % 2**32)
    again = judge_fixes(effect, shuffled, week=week(23))
    assert_frame_equal(whole.verdicts, again.verdicts, check_exact=True)
    assert_frame_equal(whole.weeks, again.weeks, check_exact=True)
    for frame in (whole.verdicts, whole.weeks):
        numbers = frame.select(pl.col(pl.Float64).drop_nulls().is_finite().all())
        assert all(numbers.row(0))
