"""Notices on the data: one for one cause, with its numbers, and none in an ordinary week."""

from datetime import date, timedelta

import polars as pl
import pytest

from models.quality import DataNotice, PublicationLag
from voc_pipeline.trends.notices import Listening, find_notices, issue_shares
from voc_pipeline.trends.tables import as_frame

WEEK = date(2026, 3, 2)
NO_LAG = as_frame(PublicationLag, [])
SHARES = (("A", 30, 780), ("B", 20, 520), ("", 50, 1300))


def health(state="ok", arrived=100, expected: float | None = 100.0, late=2) -> pl.DataFrame:
    rows = [
        {
            "source_id": "web",
            "week_start": WEEK - timedelta(weeks=back),
            "expected_count": 100.0,
            "arrived_count": 100,
            "late_count": 2,
            "state": "ok",
        }
        for back in range(9)
    ]
    rows[0] |= {
        "state": state, "arrived_count": arrived, "expected_count": expected, "late_count": late,
    }  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"expected_count": pl.Float64})


def issues(*rows: tuple[str, int, int]) -> pl.DataFrame:
    columns = ["issue_id", "now_count", "earlier_count"]
    found = pl.DataFrame(list(rows), schema=columns, orient="row")
    return found.with_columns(source_id=pl.lit("web"))


def copies(now=2, *, voices=2, most=1, total=100, before=3) -> pl.DataFrame:
    rows = [("web", WEEK - timedelta(weeks=back), before, 2, 1, 100) for back in range(1, 10)]
    rows.append(("web", WEEK, now, voices, most, total))
    columns = [
        "source_id", "week_start", "copy_count", "voice_count", "top_voice_count", "feedback_count",
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=columns, orient="row")


CELLS = {
    "source_id": pl.String, "dimension": pl.String, "cell": pl.String, "cell_count": pl.Int64,
    "cell_before": pl.Int64, "source_count": pl.Int64, "source_before": pl.Int64,
}  # fmt: skip


def found(
    told=None, *, shares=SHARES, text=None, cells=(), lag: pl.DataFrame = NO_LAG
) -> list[dict[str, object]]:
    listening = Listening(
        health=health() if told is None else told,
        issues=issues(*shares),
        copies=copies() if text is None else text,
        cells=pl.DataFrame(list(cells), schema=CELLS, orient="row"),
        lag=lag,
    )
    frame = find_notices(listening, {"web": "Web reviews"}, week=WEEK)
    assert frame.columns == list(DataNotice.model_fields)
    return frame.to_dicts()


def test_an_ordinary_week_has_no_notice():
    assert found() == []


@pytest.mark.parametrize(
    ("state", "arrived", "verdict"),
    [("silent", 0, "SILENT"), ("quiet", 40, "QUIET"), ("failed", 0, "FAILED")],
)
def test_a_missing_source_is_named_with_what_is_usual(state, arrived, verdict):
    (row,) = found(health(state, arrived))
    assert (row["verdict"], row["source_id"], row["observed_count"]) == (verdict, "web", arrived)
    assert "Web reviews" in row["reason"]
    assert "where 100 are usual; fewer reports from there are not fewer problems" in row["reason"]


def test_tenfold_volume_with_the_usual_shares_is_one_jump():
    (row,) = found(
        health("surge", 1000), shares=(("A", 310, 780), ("B", 195, 520), ("", 495, 1300))
    )
    assert (row["verdict"], row["observed_count"], row["expected_count"]) == (
        "VOLUME_JUMP", 1000, 100,
    )  # fmt: skip
    assert row["reason"] == (
        "Web reviews sent 1,000 records, where 100 are usual; its issues kept their shares, so "
        "more was heard and nothing happened"
    )


def test_volume_that_comes_with_one_issue_is_a_shift():
    (row,) = found(health("surge", 400), shares=(("A", 320, 780), ("B", 30, 520), ("", 50, 1300)))
    assert row["verdict"] == "VOLUME_SHIFT"
    assert "50% of its shares by issue changed hands" in row["reason"]


def test_one_text_many_times_is_a_storm_and_explains_the_surge():
    (row,) = found(health("surge", 560), text=copies(480, voices=114, most=364, total=560))
    assert row["verdict"] == "DUPLICATE_STORM"
    assert row["reason"] == (
        "One text came 480 times in Web reviews, from 114 voices (364 by one); the most in the 26 "
        "weeks before was 3. Each voice counts once"
    )


def test_a_source_of_short_answers_repeats_itself_as_usual():
    assert found(text=copies(60, voices=60, before=45)) == []


def test_a_pile_of_late_records_explains_the_surge_and_is_named():
    (row,) = found(health("surge", 260, late=150))
    assert (row["verdict"], row["observed_count"]) == ("LATE_RECORDS", 150)


def test_a_source_that_is_always_late_makes_the_week_provisional():
    lag = as_frame(
        PublicationLag,
        [{"source_id": "web", "weeks_late": 0, "record_count": 700, "complete_share": 0.7}],
    )
    (row,) = found(lag=lag)
    assert row["verdict"] == "PROVISIONAL"
    assert "About 42 records of this week are still to come" in row["reason"]


def test_a_cell_never_heard_before_is_a_change_of_coverage():
    (row,) = found(cells=[("web", "product", "American", 120, 2, 4000, 3500)])
    assert (row["verdict"], row["dimension"], row["cell"]) == (
        "COVERAGE_CHANGE", "product", "American",
    )  # fmt: skip
    assert row["reason"].startswith(
        "product American is new in Web reviews: 120 feedback this week, 2 in the 3,500 before"
    )


@pytest.mark.parametrize(
    "cell",
    [
        ("web", "product", "rare", 3, 0, 4000, 3900),
        ("web", "product", "always there", 40, 0, 200, 6),
        ("web", "product", "from the start", 400, 0, 4000, 0),
    ],
)
def test_rare_cells_and_those_of_a_source_s_first_week_are_no_change(cell):
    assert found(cells=[cell]) == []


def test_a_new_source_is_one_notice_whatever_cells_it_brings():
    rows = found(
        cells=[
            ("new", "source_id", "new", 80, 0, 5000, 4000),
            ("new", "product", "App", 80, 0, 80, 0),
            ("new", "region", "North", 40, 0, 80, 20),
        ]
    )
    assert [(row["source_id"], row["dimension"]) for row in rows] == [("new", "source_id")]


def test_shares_count_distinct_reports_and_the_rest():
    mentions = pl.DataFrame(
        [
            ("web", "A", WEEK, "v", "t"),
            ("web", "A", WEEK, "v", "t"),
            ("web", "A", WEEK - timedelta(weeks=3), "w", "t"),
            ("web", "A", WEEK - timedelta(weeks=30), "x", "t"),
        ],
        schema=["source_id", "issue_id", "week_start", "voice_key", "text_key"],
        orient="row",
    )
    rows = issue_shares(mentions, copies(), week=WEEK)
    assert rows.select("issue_id", "now_count", "earlier_count").rows() == [
        ("", 99, 899),
        ("A", 1, 1),
    ]
