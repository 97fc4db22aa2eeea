"""American Airlines' arrival in the tweets of February 2015 is a change of coverage, on real data.

The collector began to follow it on 22 February (four strays before); the others from the start.
Told by ISO weeks and, so that there is a history, with every day standing for a week.
"""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from models.feedback import Feedback
from models.quality import PublicationLag
from models.raw import SourceHealth
from voc_pipeline.trends.notices import Listening, find_notices, issue_shares
from voc_pipeline.warehouse import evidence, open_warehouse
from voc_pipeline.warehouse.heard import Heard
from voc_pipeline.warehouse.schema import polars_schema

TWEETS = Path(__file__).parents[2] / "shared" / "data" / "social" / "airline_tweets_2015-02.parquet"
pytestmark = pytest.mark.skipif(not TWEETS.exists(), reason="../shared/data is absent")
FIRST = date(2015, 2, 16)


def as_feedback(tweets: pl.DataFrame) -> pl.DataFrame:
    schema = polars_schema(Feedback)
    told = tweets.select(
        feedback_id=pl.int_range(pl.len()).cast(pl.String),
        external_id=pl.int_range(pl.len()).cast(pl.String),
        response_id=pl.int_range(pl.len()).cast(pl.String),
        voice_key=pl.int_range(pl.len()).cast(pl.String),
        text_key=pl.col("text").hash().cast(pl.String),
        product=pl.col("airline"),
        occurred_at=pl.col("at"),
        received_at=pl.col("at"),
        week_start=pl.col("week"),
        received_week=pl.col("week"),
        revision=1,
        is_deleted=False,
        source_id=pl.lit("tweets"),
        channel=pl.lit("social"),
        duplicate_kind=pl.lit("none"),
        masked_count=0,
        word_count=pl.col("text").str.split(" ").list.len(),
    )
    missing = [pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in told]
    return told.with_columns(missing).select(list(schema)).cast(schema)


def notices(folder: Path, tweets: pl.DataFrame) -> list[tuple[date, str, str | None]]:
    found = []
    with open_warehouse(folder, {"company.id": "tweets"}) as warehouse:
        warehouse.append(Feedback, as_feedback(tweets))
        no_mentions = warehouse.query("SELECT * FROM mentions")
        heard = Heard.read(warehouse)
        for week in tweets["week"].unique().sort():
            known = heard.feedback(week)
            copies = evidence.text_copies(known, week, first=FIRST)
            told = Listening(
                health=polars_schema(SourceHealth).to_frame(),
                issues=issue_shares(no_mentions, copies, week=week),
                copies=copies,
                cells=evidence.first_heard(known, week),
                lag=polars_schema(PublicationLag).to_frame(),
            )
            rows = find_notices(told, {}, week=week)
            found += rows.select("week_start", "verdict", "cell").rows()
    return found


@pytest.fixture(scope="module")
def tweets() -> pl.DataFrame:
    format_ = "%-m/%-d/%Y %-H:%M"
    return pl.read_parquet(TWEETS).with_columns(
        at=pl.col("tweet_created").str.to_datetime(format_, time_unit="us")
    )


def test_by_iso_weeks_its_arrival_is_the_one_notice(tweets, tmp_path):
    weekly = tweets.with_columns(week=pl.col("at").dt.date().dt.truncate("1w"))
    assert notices(tmp_path, weekly) == [(FIRST, "COVERAGE_CHANGE", "American")]


def test_with_days_for_weeks_it_is_named_on_its_day(tweets, tmp_path):
    day = (pl.col("at").dt.date() - pl.lit(FIRST)).dt.total_days()
    daily = tweets.with_columns(week=pl.lit(FIRST) + day * pl.duration(weeks=1))
    found = [row for row in notices(tmp_path, daily) if row[0] > FIRST + timedelta(weeks=1)]
    assert found == [(FIRST + timedelta(weeks=6), "COVERAGE_CHANGE", "American")]
