"""Whether each source spoke this week as it usually does: a silent pipe is named, never a fall."""

from datetime import date

import polars as pl

HISTORY_WEEKS = 8
LEAST_HISTORY = 4
LEAST_EXPECTED = 5.0
"""Below this many records a week, quiet and surge mean nothing."""
FACTOR = 3.0


def judge_sources(
    sources: pl.DataFrame, arrivals: pl.DataFrame, failures: dict[str, str], *, week: date
) -> pl.DataFrame:
    """One row per source for `week` (models.raw.SourceHealth).

    Args:
        sources: source_id, channel, is_required: every configured source.
        arrivals: source_id, received_week, arrived_count, late_count, rejected_count,
            last_seen_at for weeks up to `week`.
        failures: message by source that could not be read this week.
        week: Monday of the week.
    """
    now = arrivals.filter(pl.col("received_week") == week)
    history = (
        arrivals.filter(pl.col("received_week") < week)
        .sort("source_id", "received_week")
        .group_by("source_id", maintain_order=True)
        .agg(
            pl.col("arrived_count").tail(HISTORY_WEEKS).median().alias("median"),
            pl.col("arrived_count").tail(HISTORY_WEEKS).len().alias("weeks"),
            pl.col("last_seen_at").max().alias("seen_before"),
            pl.col("arrived_count").sum().alias("ever"),
        )
    )
    failed = pl.DataFrame(
        {"source_id": list(failures), "message": list(failures.values())},
        schema={"source_id": pl.String, "message": pl.String},
    )
    arrived, expected = pl.col("arrived_count"), pl.col("expected_count")
    return (
        sources.join(now, on="source_id", how="left")
        .join(history, on="source_id", how="left")
        .join(failed, on="source_id", how="left")
        .with_columns(
            pl.col("arrived_count", "late_count", "rejected_count", "ever").fill_null(0),
            pl.when(pl.col("weeks") >= LEAST_HISTORY)
            .then(pl.col("median"))
            .cast(pl.Float64)
            .alias("expected_count"),
            pl.max_horizontal("last_seen_at", "seen_before").alias("last_seen_at"),
        )
        .with_columns(
            pl.when(pl.col("message").is_not_null())
            .then(pl.lit("failed"))
            .when((arrived == 0) & (pl.col("ever") == 0))
            .then(pl.lit("not started"))
            .when((arrived == 0) & (expected.is_null() | (expected >= 1)))
            .then(pl.lit("silent"))
            .when((expected >= LEAST_EXPECTED) & (arrived < expected / FACTOR))
            .then(pl.lit("quiet"))
            .when((expected >= LEAST_EXPECTED) & (arrived > expected * FACTOR))
            .then(pl.lit("surge"))
            .otherwise(pl.lit("ok"))
            .alias("state")
        )
        .select(
            "source_id",
            pl.lit(week).alias("week_start"),
            "channel",
            "expected_count",
            "arrived_count",
            "late_count",
            "rejected_count",
            "last_seen_at",
            "state",
            "is_required",
            pl.col("message").fill_null(""),
        )
        .sort("source_id")
    )
