"""Whether each source spoke this week as it usually does: a silent pipe is named, never a fall."""

import math
from datetime import date

import polars as pl

HISTORY_WEEKS = 8
LEAST_HISTORY = 4
LEAST_FACTOR = 1.8
"""A source this much below or above its median is quiet or surging, if that is beyond its habit."""
DEVIATIONS = 3.0
_MAD_TO_DEVIATION = 1.4826


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
            _spread(_log("arrived_count").tail(HISTORY_WEEKS)).alias("spread"),
            pl.col("last_seen_at").max().alias("seen_before"),
            pl.col("arrived_count").sum().alias("ever"),
        )
    )
    failed = pl.DataFrame(
        {"source_id": list(failures), "message": list(failures.values())},
        schema={"source_id": pl.String, "message": pl.String},
    )
    arrived, expected = pl.col("arrived_count"), pl.col("expected_count")
    shift = _log("arrived_count") - _log("expected_count")
    habit = DEVIATIONS * pl.max_horizontal("spread", 1 / pl.max_horizontal("median", 1.0).sqrt())
    is_odd = (shift.abs() > math.log(LEAST_FACTOR)) & (shift.abs() > habit)
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
            .when(is_odd & (shift < 0))
            .then(pl.lit("quiet"))
            .when(is_odd)
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


def _log(column: str) -> pl.Expr:
    return (pl.col(column) + 0.5).log()


def _spread(logs: pl.Expr) -> pl.Expr:
    """Robust standard deviation of the logarithms: 1.4826 times their median deviation."""
    return _MAD_TO_DEVIATION * (logs - logs.median()).abs().median()
