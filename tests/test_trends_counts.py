"""Weekly counts: what counts as one, which weeks are rows, what is refused."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ContractError
from models.trend import WeeklyCount
from voc_pipeline.trends.counts import count_grid, weekly_counts

MONDAY = date(2026, 1, 5)
SCHEMA = {
    "issue_id": pl.String,
    "week_start": pl.Date,
    "voice_key": pl.String,
    "text_key": pl.String,
    "source_id": pl.String,
}


def week(number: int) -> date:
    return MONDAY + timedelta(days=7 * number)


def mentions(*rows: tuple[str | None, int, str, str]) -> pl.DataFrame:
    listed = [(issue, week(number), voice, text, "mail") for issue, number, voice, text in rows]
    return pl.DataFrame(listed, schema=SCHEMA, orient="row")


def volumes(*values: float | None, source_id: str | None = "mail") -> pl.DataFrame:
    weeks = [week(number) for number in range(len(values))]
    return pl.DataFrame(
        {"week_start": weeks, "source_id": source_id, "feedback_count": values},
        schema={"week_start": pl.Date, "source_id": pl.String, "feedback_count": pl.Float64},
    )


def exposure(*values: float | None) -> pl.DataFrame:
    weeks = [week(number) for number in range(len(values))]
    return pl.DataFrame(
        {"week_start": weeks, "exposure": values},
        schema={"week_start": pl.Date, "exposure": pl.Float64},
    )


def counted(
    found: pl.DataFrame, *, last: int = 3, told: pl.DataFrame | None = None
) -> pl.DataFrame:
    told = volumes(*[10.0] * (last + 1)) if told is None else told
    return weekly_counts(found, told, first_week=MONDAY, last_week=week(last))


def counts(rows: list[tuple[str, date, float, float | None]]) -> pl.DataFrame:
    frame = pl.DataFrame(
        rows, schema=["issue_id", "week_start", "feedback_count", "exposure"], orient="row"
    )
    return frame.with_columns(customer_count=pl.col("feedback_count"))


def test_columns_are_those_of_the_contract_in_order():
    assert counted(mentions(("A", 0, "v", "t"))).columns == list(WeeklyCount.model_fields)


def test_quiet_issue_keeps_a_zero_row_for_every_later_week():
    found = counted(mentions(("A", 0, "v", "t")))
    assert found["week_start"].to_list() == [week(n) for n in range(4)]
    assert found["feedback_count"].to_list() == [1, 0, 0, 0]


def test_issue_has_no_row_before_its_first_mention():
    found = counted(mentions(("A", 0, "v", "t"), ("B", 2, "v", "t")))
    assert found.filter(pl.col("issue_id") == "B")["week_start"].to_list() == [week(2), week(3)]


def test_one_voice_with_one_text_counts_once_a_week_but_is_counted_again_the_next():
    found = counted(
        mentions(("A", 0, "v", "t"), ("A", 0, "v", "t"), ("A", 0, "v", "u"), ("A", 1, "v", "t")),
        last=1,
    )
    assert found["feedback_count"].to_list() == [2, 1]
    assert found["customer_count"].to_list() == [1, 1]


def test_same_text_of_two_voices_counts_twice():
    found = counted(mentions(("A", 0, "v", "t"), ("A", 0, "w", "t")), last=0)
    assert (found["feedback_count"][0], found["customer_count"][0]) == (2, 2)


def test_unassigned_mentions_and_weeks_outside_are_passed_over():
    found = counted(
        mentions((None, 0, "v", "t"), ("A", 1, "v", "t"), ("A", 9, "v", "t"), ("A", -1, "v", "t"))
    )
    assert found["feedback_count"].to_list() == [1, 0, 0]


def test_missing_and_null_exposure_are_zero():
    found = counted(mentions(("A", 0, "v", "t")), last=2, told=volumes(5.0, None))
    assert found["exposure"].to_list() == [5.0, 0.0, 0.0]


def test_no_mentions_give_an_empty_table_with_the_right_types():
    found = counted(mentions())
    assert found.is_empty()
    assert found.schema["feedback_count"] == pl.Int64
    assert found.schema["exposure"] == pl.Float64


def test_two_exposures_for_one_week_are_refused():
    told = pl.concat([volumes(1.0), volumes(2.0)])
    with pytest.raises(ContractError, match="two rows for the week of 2026-01-05"):
        counted(mentions(("A", 0, "v", "t")), told=told)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_an_exposure_that_is_no_volume_is_refused(value):
    with pytest.raises(ContractError, match="0 or more"):
        counted(mentions(("A", 0, "v", "t")), told=volumes(value))


def test_a_week_that_is_no_monday_is_refused():
    with pytest.raises(ContractError, match="no Monday"):
        weekly_counts(
            mentions(), volumes(1.0), first_week=MONDAY + timedelta(days=1), last_week=week(3)
        )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", None]),
            st.integers(0, 5),
            st.sampled_from("vw"),
            st.sampled_from("tu"),
        ),
        max_size=25,
    ),
    st.randoms(use_true_random=False),
)
def test_counts_conserve_mentions_and_do_not_depend_on_row_order(rows, shuffler):
    found = counted(mentions(*rows), last=5)
    distinct = {row for row in rows if row[0] is not None}
    assert found["feedback_count"].sum() == len(distinct)
    assert (found["customer_count"] <= found["feedback_count"]).all()
    assert found.select("issue_id", "week_start").is_duplicated().sum() == 0
    again = list(rows) * 2
    shuffler.shuffle(again)
    assert counted(mentions(*again), last=5).equals(found)


def test_grid_begins_with_the_first_mention_of_any_issue():
    grid = count_grid(
        counts([("A", week(0), 0, 9.0), ("A", week(1), 2, 9.0), ("B", week(2), 3, 8.0)]),
        last_week=week(3),
    )
    assert grid is not None
    assert grid.weeks == [week(1), week(2), week(3)]
    assert grid.count[:, 1].tolist() == [0.0, 3.0, 0.0]
    assert grid.exposure[:, 0].tolist() == [9.0, 8.0, 0.0]
    assert grid.first_step.tolist() == [0, 1]


def test_grid_leaves_out_issues_not_yet_mentioned():
    grid = count_grid(
        counts([("A", week(0), 1, 9.0), ("B", week(0), 0, 9.0), ("B", week(2), 3, 9.0)]),
        last_week=week(1),
    )
    assert grid is not None
    assert grid.issue_ids == ["A"]


def test_all_zero_counts_give_no_grid():
    assert count_grid(counts([("A", week(0), 0, 9.0)]), last_week=week(1)) is None


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("A", week(0), 1, 9.0), ("A", week(0), 2, 9.0)], "two rows for issue A"),
        ([("A", week(0), -1, 9.0)], "whole number"),
        ([("A", week(0), 1.5, 9.0)], "whole number"),
        ([("A", week(0), float("nan"), 9.0)], "whole number"),
        ([("A", week(0), 1e13, 9.0)], "whole number"),
        ([("A", week(0), 1, -9.0)], "exposure"),
        ([("A", week(0), 1, float("nan"))], "exposure"),
        ([("A", week(0), 1, 9.0), ("A", week(1) + timedelta(days=1), 2, 9.0)], "weekdays"),
    ],
)
def test_wrong_counts_are_refused_with_their_place(rows, says):
    with pytest.raises(ContractError, match=says):
        count_grid(counts(rows), last_week=week(5))
