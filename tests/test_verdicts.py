"""Verdicts: their order, their reasons, what never alarms, and that a week is judged once."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged_weeks import NOTHING, company, counts, judged, numbers_of, steady, week
from polars.testing import assert_frame_equal

from models.errors import ContractError
from models.trend import IssueWeekly
from voc_pipeline.trends.verdicts import judge_week, judge_weeks


def test_columns_are_those_of_the_contract_in_order():
    found = judge_week(counts(company()), NOTHING, NOTHING, week=week(39))
    assert found.columns == list(IssueWeekly.model_fields)
    for row in found.iter_rows(named=True):
        IssueWeekly.model_validate(row)


def test_steady_issue_is_steady_with_its_range():
    row = judged(company(A=steady()), 39)["A"]
    assert row["verdict"] == "STEADY"
    assert not row["is_alarm"]
    assert row["lower_bound"] < row["expected_count"] < row["upper_bound"]
    assert row["expected_count"] == pytest.approx(10, rel=0.3)
    assert row["reason"] == (
        f"{row['feedback_count']} reports against {row['lower_bound']:.0f}-"
        f"{row['upper_bound']:.0f} expected"
    )


def test_spike_alarms_with_its_numbers_in_words():
    row = judged(company(A=[*steady(39), 41]), 39)["A"]
    assert (row["verdict"], row["is_alarm"]) == ("SPIKING", True)
    assert row["exceedance_score"] > 1
    assert row["rate_ratio_lower"] < row["rate_ratio"] < row["rate_ratio_upper"]
    assert row["q_value"] >= row["p_value"]
    assert row["reason"].startswith("41 reports against ")
    assert "times the usual rate" in row["reason"]


def test_second_week_of_a_spike_says_why_it_alarms_inside_its_range():
    rows = [
        judged(company(A=[*steady(38), 60, float(count)]), 39)["A"] for count in range(15, 30, 4)
    ]
    inside = [
        row for row in rows if row["is_alarm"] and row["feedback_count"] <= row["upper_bound"]
    ]
    assert inside
    assert all("but after 60 the week before" in row["reason"] for row in inside)


def test_fewer_than_eight_weeks_are_no_verdict():
    row = judged(company(A=[*steady(7), 90]), 7)["A"]
    assert (row["verdict"], row["is_alarm"], row["p_value"]) == (
        "INSUFFICIENT_HISTORY",
        False,
        None,
    )
    assert row["reason"] == "90 reports; 7 weeks of history before it, 8 are needed for a verdict"
    assert judged(company(A=[*steady(8), 90]), 8)["A"]["verdict"] == "SPIKING"


def test_new_issue_in_an_old_company_is_new_for_six_weeks_and_says_if_beyond_chance():
    series = company(A=[None] * 30 + [9.0] * 10)
    first, sixth, seventh = (judged(series, number)["A"] for number in (30, 35, 36))
    assert (first["verdict"], first["is_alarm"]) == ("NEW", True)
    assert "beyond chance" in first["reason"]
    assert sixth["verdict"] == "NEW"
    assert seventh["verdict"] != "NEW"


def test_a_birth_of_two_reports_is_new_without_an_alarm():
    row = judged(company(A=[None] * 30 + [2.0] * 3), 30)["A"]
    assert (row["verdict"], row["is_alarm"]) == ("NEW", False)


def test_issue_first_seen_with_the_company_is_not_new_later():
    assert judged(company(A=[None, None, None, *steady(37)]), 9)["A"]["verdict"] == "STEADY"


def test_an_older_first_week_in_the_register_ends_newness():
    frame = counts(company(A=[None] * 30 + [9.0] * 10))
    issues = pl.DataFrame({"issue_id": ["A"], "first_week": [week(20)]})
    found = judge_week(frame, NOTHING, issues, week=week(32))
    assert found.filter(pl.col("issue_id") == "A")["verdict"][0] != "NEW"


def test_settled_new_issue_stops_alarming():
    series = company(60, A=[None] * 30 + steady(30, 12, 9))
    found = judge_weeks(
        counts(series), NOTHING, NOTHING, weeks=[week(number) for number in range(33, 60)]
    )
    assert found.filter(pl.col("issue_id") == "A")["is_alarm"].sum() == 0


def test_birth_in_a_young_company_alarms_once_and_becomes_usual():
    series = company(
        20, A=[None] * 10 + [12.0, 11.0, 13.0, 12.0, 10.0, 12.0, 11.0, 13.0, 12.0, 11.0]
    )
    found = judge_weeks(
        counts(series), NOTHING, NOTHING, weeks=[week(number) for number in range(10, 20)]
    ).filter(pl.col("issue_id") == "A")
    assert found["is_alarm"].to_list() == [True] + [False] * 9
    assert found["expected_count"].to_list()[-1] == pytest.approx(12, rel=0.2)


def test_issue_has_no_row_before_its_first_mention():
    assert "A" not in judged(company(A=[None] * 30 + [9.0] * 10), 29)


def test_four_reports_never_alarm():
    row = judged(company(A=[1.0, *[0.0] * 38, 4.0]), 39)["A"]
    assert row["q_value"] < 0.1
    assert not row["is_alarm"]


def test_little_more_than_expected_never_alarms():
    row = judged(company(A=[*[1000.0] * 39, 1400.0]), 39)["A"]
    assert row["p_value"] < 0.001
    assert (row["is_alarm"], row["verdict"]) == (False, "STEADY")


def test_too_few_reports_beyond_chance_are_watched_and_the_reason_says_so():
    row = judged(company(A=[1.0, *[0.0] * 38, 4.0]), 39)["A"]
    assert (row["is_watched"], row["is_alarm"], row["verdict"]) == (True, False, "STEADY")
    assert row["reason"].endswith("high beyond chance, but too few for an alarm: watch it")


def test_in_a_week_of_few_texts_all_is_watched_and_nothing_alarms():
    frame = counts(company(A=[*steady(39), 41.0]))
    small = judge_week(frame.with_columns(week_count=pl.lit(49)), NOTHING, NOTHING, week=week(39))
    large = judge_week(frame.with_columns(week_count=pl.lit(50)), NOTHING, NOTHING, week=week(39))
    told = [found.filter(pl.col("issue_id") == "A").row(0, named=True) for found in (small, large)]
    assert [row["is_alarm"] for row in told] == [False, True]
    assert [row["is_watched"] for row in told] == [True, False]
    assert not small["is_escalated"].any()
    assert small["alarm_chance"].to_list() == [0.0] * small.height
    assert told[1]["share"] == pytest.approx(41 / 50)


def test_an_open_issue_that_rises_again_is_escalated():
    first = [*steady(30), 30.0, 26.0, 20.0, 12.0, 11.0, 9.0, 12.0, 10.0, 11.0]
    risen = judged(company(A=[*first, 48.0]), 39)["A"]
    assert risen["is_escalated"]
    assert "higher than in any of the four weeks before" in str(risen["reason"])
    assert not judged(company(A=[*first, 16.0]), 39)["A"]["is_escalated"]
    newborn = judged(company(A=[None] * 37 + [5.0, 5.0, 40.0]), 39)["A"]
    assert (newborn["verdict"], newborn["is_escalated"]) == ("NEW", False)


def test_chance_of_an_alarm_is_small_and_summed_stays_under_the_level():
    rows = judged(company(), 39)
    chances = [float(str(row["alarm_chance"])) for row in rows.values()]
    assert all(0 <= chance < 0.05 for chance in chances)
    assert sum(chances) <= 0.1


def test_doubled_volume_raises_no_alarm():
    series = {name: [*values[:-1], 2 * values[-1]] for name, values in company().items()}
    exposure = [100.0] * 39 + [200.0]
    assert not any(row["is_alarm"] for row in judged(series, 39, exposure).values())


def test_issue_that_falls_silent_is_resolved_and_stays_so():
    series = company(60, A=steady(40) + [0.0] * 20)
    found = judge_weeks(
        counts(series), NOTHING, NOTHING, weeks=[week(number) for number in range(40, 60)]
    ).filter(pl.col("issue_id") == "A")
    verdicts = found["verdict"].to_list()
    assert verdicts[0] != "RESOLVED"
    assert set(verdicts[7:]) == {"RESOLVED"}
    assert found["verdict_weeks"].to_list()[-1] == verdicts.count("RESOLVED")
    assert "0 reports in the last 8 weeks" in found["reason"].to_list()[-1]


def test_silent_sources_resolve_nothing_and_predict_nothing():
    series = {name: [*values[:32], *[0.0] * 8] for name, values in company().items()}
    rows = judged(series, 39, [100.0] * 32 + [0.0] * 8)
    for row in rows.values():
        assert row["verdict"] == "STEADY"
        assert row["expected_count"] is None
        assert row["p_value"] is None
        assert row["share"] is None
        assert row["reason"] == "No feedback arrived this week, so the count says nothing"


def test_verdict_weeks_go_on_from_the_week_before():
    frame = counts(company())
    earlier = judge_week(frame, NOTHING, NOTHING, week=week(38)).with_columns(
        verdict_weeks=pl.lit(11, dtype=pl.Int64)
    )
    found = judge_week(frame, earlier, NOTHING, week=week(39))
    assert found.filter(pl.col("verdict") == "STEADY")["verdict_weeks"].unique().to_list() == [12]


def test_several_weeks_at_once_equal_one_by_one():
    series = company(A=[None] * 20 + steady(20, 15, 7), B=[*steady(30), *[0.0] * 10])
    frame = counts(series)
    weeks = [week(number) for number in range(40)]
    whole = judge_weeks(frame, NOTHING, NOTHING, weeks=weeks)
    known = NOTHING
    for one in weeks:
        row = judge_week(frame.filter(pl.col("week_start") <= one), known, NOTHING, week=one)
        known = row if known.is_empty() else pl.concat([known, row])
    assert_frame_equal(whole, known, check_exact=True)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 60), min_size=24, max_size=24), min_size=1, max_size=5),
    st.integers(0, 23),
    st.integers(0, 2**32 - 1),
)
def test_later_weeks_and_row_order_change_nothing(values, number, seed):
    frame = counts({f"I{place}": list(map(float, one)) for place, one in enumerate(values)})
    until = judge_week(
        frame.filter(pl.col("week_start") <= week(number)), NOTHING, NOTHING, week=week(number)
    )
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    whole = judge_week(shuffled, NOTHING, NOTHING, week=week(number))
    assert_frame_equal(until, whole, check_exact=True)
    assert not numbers_of(whole).select(pl.any_horizontal(pl.all().is_nan())).to_series().any()
    assert not numbers_of(whole).select(pl.any_horizontal(pl.all().is_infinite())).to_series().any()


@pytest.mark.parametrize("value", [0.0, 1.0, 1e9])
def test_one_week_alone_is_insufficient_history(value):
    rows = judged({"A": [value]}, 0)
    assert all(row["verdict"] == "INSUFFICIENT_HISTORY" for row in rows.values())
    assert set(rows) == (set() if value == 0 else {"A"})


def test_all_zeros_give_no_rows():
    assert judge_week(counts({"A": [0.0] * 20}), NOTHING, NOTHING, week=week(19)).is_empty()


def test_one_count_of_a_billion_alarms_and_poisons_no_later_week():
    values = steady(40)
    values[30] = 1e9
    series = company(A=values)
    assert judged(series, 30)["A"]["verdict"] == "SPIKING"
    later = judged(series, 39)["A"]
    assert later["expected_count"] == pytest.approx(10, rel=0.5)
    assert later["verdict"] == "STEADY"


def test_missing_weeks_of_one_issue_are_zeros_and_of_all_are_unknown():
    series = company(A=[*steady(30), None, *steady(9, 10, 4)])
    explicit = company(A=[*steady(30), 0.0, *steady(9, 10, 4)])
    assert judged(series, 39) == judged(explicit, 39)
    holed = counts(company()).filter(pl.col("week_start") != week(35))
    found = judge_week(holed, NOTHING, NOTHING, week=week(35))
    assert found["expected_count"].null_count() == found.height


def test_null_exposure_is_a_silent_week():
    frame = counts(company()).with_columns(
        exposure=pl.when(pl.col("week_start") < week(39)).then(pl.col("exposure"))
    )
    found = judge_week(frame, NOTHING, NOTHING, week=week(39))
    assert found["expected_count"].null_count() == found.height


def test_two_rows_for_one_week_are_refused():
    frame = counts(company())
    with pytest.raises(ContractError, match="two rows for issue S0"):
        judge_week(pl.concat([frame, frame]), NOTHING, NOTHING, week=week(39))


def test_no_weeks_and_no_counts_give_an_empty_table():
    empty = counts(company()).clear()
    assert judge_week(empty, NOTHING, NOTHING, week=week(3)).columns == list(
        IssueWeekly.model_fields
    )
    assert judge_weeks(counts(company()), NOTHING, NOTHING, weeks=[]).is_empty()


def test_null_series_keep_quiet():
    chance = np.random.default_rng(20)
    means = chance.gamma(1.5, 6, 60) + 0.3
    series = {
        f"N{number:02d}": chance.negative_binomial(mean / 0.5, 1 / 1.5, 60).astype(float).tolist()
        for number, mean in enumerate(means)
    }
    found = judge_weeks(
        counts(series), NOTHING, NOTHING, weeks=[week(number) for number in range(30, 60)]
    )
    assert found["is_alarm"].mean() < 0.004
    old = found.filter(pl.col("verdict") != "NEW")
    assert (old["verdict"] == "STEADY").mean() > 0.96


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 60), min_size=24, max_size=24), min_size=1, max_size=4),
    st.sampled_from([0.001, 0.5, 7.0, 1e6]),
)
def test_the_unit_of_exposure_changes_no_verdict_and_no_chance(values, unit):
    series = {f"I{place}": list(map(float, one)) for place, one in enumerate(values)}
    plain, scaled = (
        judge_week(counts(series, [size] * 24), NOTHING, NOTHING, week=week(23))
        for size in (100.0, 100.0 * unit)
    )
    same = ["issue_id", "verdict", "is_alarm", "is_watched", "is_escalated"]
    assert_frame_equal(plain.select(same), scaled.select(same))
    near = ["p_value", "expected_count", "upper_bound", "forecast_count", "rate_ratio"]
    assert_frame_equal(plain.select(near), scaled.select(near), rel_tol=1e-3, abs_tol=1e-6)
