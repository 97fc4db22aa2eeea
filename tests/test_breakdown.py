"""The breakdown: cells that sum to the issue, zero weeks, exposure, rate and share."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ContractError
from models.place import DIMENSIONS, IssueWeeklyBreakdown
from voc_pipeline.trends.breakdown import cell_exposure, issue_reports, weekly_breakdown

MONDAY = date(2026, 1, 5)
OWNERS = pl.DataFrame({"issue_id": ["A", "B"], "function": ["billing", None]})


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def mentions(*rows: tuple[str | None, int, str, str, str | None, str]) -> pl.DataFrame:
    """issue, week, voice, text, product, channel; each in a feedback of its own."""
    return pl.DataFrame(
        [
            {
                "issue_id": issue, "week_start": week(number), "voice_key": voice,
                "text_key": text, "product": product, "channel": channel, "region": None,
                "customer_segment": None, "touchpoint": None, "source_id": f"from_{channel}",
                "feedback_id": f"f{at:03}", "segment_id": f"f{at:03}-1-0",
            }
            for at, (issue, number, voice, text, product, channel) in enumerate(rows)
        ],
        schema={
            "issue_id": pl.String, "week_start": pl.Date, "voice_key": pl.String,
            "text_key": pl.String, **dict.fromkeys(DIMENSIONS, pl.String),
            "feedback_id": pl.String, "segment_id": pl.String,
        },
    )  # fmt: skip


def cells(*rows: tuple[int, str | None, str, int]) -> pl.DataFrame:
    """week, product, channel, feedback_count."""
    return pl.DataFrame(
        [
            {
                "week_start": week(number), "product": product, "channel": channel,
                "source_id": f"from_{channel}", "feedback_count": count,
            }
            for number, product, channel, count in rows
        ],
        schema={
            "week_start": pl.Date, **dict.fromkeys(DIMENSIONS, pl.String),
            "feedback_count": pl.Int64,
        },
    )  # fmt: skip


def broken_down(found: pl.DataFrame, told: pl.DataFrame, *, last: int = 2, supplied=None):
    frame = weekly_breakdown(
        issue_reports(found),
        cell_exposure(told, supplied),
        OWNERS,
        first_week=MONDAY,
        last_week=week(last),
    )
    assert frame.columns == list(IssueWeeklyBreakdown.model_fields)
    return frame


EVEN = cells(*((number, product, "call", 10) for number in range(3) for product in ("Home", None)))


def test_a_cell_has_rows_from_its_first_week_to_the_last_closed():
    found = broken_down(
        mentions(("A", 0, "v", "t", "Home", "call"), ("A", 1, "w", "u", None, "call")), EVEN
    ).filter(pl.col("dimension") == "product")
    rows = found.select("week_start", "cell", "feedback_count").rows()
    assert rows == [
        (week(0), "Home", 1),
        (week(1), None, 1),
        (week(1), "Home", 0),
        (week(2), None, 0),
        (week(2), "Home", 0),
    ]


def test_rate_is_of_the_cell_and_share_of_the_issue():
    found = broken_down(
        mentions(("A", 0, "v", "t", "Home", "call"), ("A", 0, "w", "u", "Home", "call"),
                 ("A", 0, "x", "y", None, "call")), EVEN,
    )  # fmt: skip
    row = found.filter(pl.col("cell") == "Home", pl.col("week_start") == MONDAY).row(0, named=True)
    assert (row["exposure"], row["rate"], row["share"]) == (10.0, 0.2, 0.666667)
    quiet = found.filter(pl.col("cell") == "Home", pl.col("week_start") == week(1))
    assert quiet["rate"].to_list() == [0.0]
    assert quiet["share"].to_list() == [None]


def test_a_function_holds_the_issue_and_can_get_any_feedback():
    found = broken_down(mentions(("A", 0, "v", "t", "Home", "call")), EVEN)
    row = found.filter(pl.col("dimension") == "function").row(0, named=True)
    assert (row["cell"], row["feedback_count"], row["exposure"]) == ("billing", 1, 20.0)


def test_a_text_that_came_by_two_channels_counts_once_in_the_first():
    found = broken_down(
        mentions(("A", 0, "v", "t", "Home", "call"), ("A", 0, "v", "t", "Home", "email")), EVEN
    )
    counts = found.filter(pl.col("dimension") == "channel", pl.col("week_start") == MONDAY)
    assert counts.select("cell", "feedback_count").rows() == [("call", 1)]


def test_supplied_exposure_stands_before_the_feedback():
    supplied = pl.DataFrame(
        {"week_start": [MONDAY], "dimension": ["product"], "cell": ["Home"], "exposure": [500.0]}
    )
    found = broken_down(mentions(("A", 0, "v", "t", "Home", "call")), EVEN, supplied=supplied)
    products = found.filter(pl.col("dimension") == "product")
    assert products["exposure"].to_list() == [500.0, 10.0, 10.0]


def test_an_issue_with_two_owners_is_refused():
    twice = pl.concat([OWNERS, OWNERS.with_columns(function=pl.lit("digital"))])
    with pytest.raises(ContractError, match="two functions"):
        weekly_breakdown(
            issue_reports(mentions(("A", 0, "v", "t", "Home", "call"))),
            cell_exposure(EVEN),
            twice,
            first_week=MONDAY,
            last_week=week(1),
        )


def test_no_mention_gives_no_rows():
    assert broken_down(mentions(), EVEN).is_empty()


REPORTS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", None]),
        st.integers(0, 2),
        st.sampled_from("vwxyz"),
        st.sampled_from("tu"),
        st.sampled_from(["Home", "Card", None]),
        st.sampled_from(["call", "email"]),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(REPORTS, st.randoms(use_true_random=False))
def test_the_cells_of_a_dimension_sum_to_the_issue_s_count_in_any_order(rows, random):
    frame = mentions(*rows)
    found = broken_down(frame, EVEN)
    counted = (
        frame.drop_nulls("issue_id")
        .group_by("issue_id", "week_start")
        .agg(count=pl.struct("voice_key", "text_key").n_unique())
    )
    for dimension in (*DIMENSIONS, "function"):
        sums = (
            found.filter(pl.col("dimension") == dimension)
            .group_by("issue_id", "week_start")
            .agg(pl.col("feedback_count").sum(), pl.col("share").sum())
            .filter(pl.col("feedback_count") > 0)
        )
        both = sums.join(counted, on=["issue_id", "week_start"], how="full")
        assert (both["feedback_count"] == both["count"]).all()
        assert ((both["share"] - 1).abs() < 1e-5).all()
    shuffled = frame.sample(fraction=1, shuffle=True, seed=random.randrange(1000))
    assert found.equals(broken_down(shuffled, EVEN))
