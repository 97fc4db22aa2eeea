"""What a load does with fetched records: new, changed, known, deleted, or outside the window.

Nothing is dropped without a count; `Intake.counts` fills the ledger (models.raw.Load).
"""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

KNOWN_SCHEMA = pl.Schema(
    {
        "external_id": pl.String(),
        "revision": pl.Int64(),
        "content_hash": pl.String(),
        "is_deleted": pl.Boolean(),
        "occurred_at": pl.Datetime("us"),
    }
)
DELETED_PAYLOAD = "{}"


@dataclass(frozen=True)
class LoadWindow:
    """The week that is loaded, in the terms of weeks.md 2 (instants are naive UTC)."""

    source_id: str
    week: date
    end: datetime
    history_start: datetime
    is_first_load: bool


@dataclass(frozen=True)
class Intake:
    """Raw records to store, and how many of the fetched ones went where."""

    raw: pl.DataFrame
    counts: dict[str, int]


def classify(fetched: pl.DataFrame, known: pl.DataFrame, window: LoadWindow) -> Intake:
    """One raw row per fetched record that is new or changed; the rest is counted.

    A record is a duplicate if its content is the latest known of its id, or any known content of
    an id that came more than once in this fetch (a file that holds both versions says nothing
    about which is later). Among rows of one id in a fetch, the later row is the later revision.

    Args:
        fetched: columns of connectors.base.FETCHED_SCHEMA, in the order of the source.
        known: KNOWN_SCHEMA, every revision of the fetched ids known so far.
        window: the load.

    Returns:
        Columns of models.raw.RawRecord; counts loaded, revised, deleted, duplicate,
        outside_window that add up to the rows fetched.
    """
    timed = _with_received_at(fetched, window).with_row_index("position")
    inside = timed.filter(
        (pl.col("received_at") <= window.end)
        & (pl.col("occurred_at") <= window.end)
        & (pl.col("occurred_at") >= window.history_start)
    )
    latest = (
        known.sort("external_id", "revision")
        .group_by("external_id", maintain_order=True)
        .last()
        .select(
            "external_id",
            pl.col("revision").alias("last_revision"),
            pl.col("content_hash").alias("last_hash"),
            pl.col("is_deleted").alias("last_deleted"),
        )
    )
    seen = known.select("external_id", "content_hash").unique().with_columns(was_seen=pl.lit(True))
    joined = (
        inside.with_columns(pl.col("content_hash").n_unique().over("external_id").alias("versions"))
        .join(latest, on="external_id", how="left")
        .join(seen, on=["external_id", "content_hash"], how="left")
        .sort("position")
        .with_columns(
            repeated=pl.struct("external_id", "content_hash", "is_deleted")
            .is_first_distinct()
            .not_()
        )
    )
    is_known = (
        (pl.col("content_hash") == pl.col("last_hash"))
        & (pl.col("is_deleted") == pl.col("last_deleted"))
    ).fill_null(value=False) | (
        pl.col("was_seen").fill_null(value=False) & (pl.col("versions") > 1)
    )
    gone_already = pl.col("is_deleted") & pl.col("last_deleted").fill_null(value=True)
    fresh = joined.filter(~is_known & ~pl.col("repeated") & ~gone_already).with_columns(
        revision=pl.col("last_revision").fill_null(0)
        + pl.int_range(1, pl.len() + 1).over("external_id")
    )
    raw = fresh.select(
        pl.lit(window.source_id).alias("source_id"),
        "external_id",
        "revision",
        "content_hash",
        "is_deleted",
        "occurred_at",
        "received_at",
        pl.lit(window.week).alias("received_week"),
        "origin",
        "payload",
    )
    deleted = int(raw["is_deleted"].sum())
    loaded = raw.filter((pl.col("revision") == 1) & ~pl.col("is_deleted")).height
    return Intake(
        raw=raw,
        counts={
            "loaded": loaded,
            "revised": raw.height - loaded - deleted,
            "deleted": deleted,
            "duplicate": inside.height - raw.height,
            "outside_window": fetched.height - inside.height,
        },
    )


def deletions(known: pl.DataFrame, fetched_ids: pl.Series, window: LoadWindow) -> pl.DataFrame:
    """Fetched-shaped rows that withdraw known records which a complete fetch no longer held.

    Args:
        known: the latest revision of every record in the span that the fetch completed.
        fetched_ids: external ids that came.
        window: the load.
    """
    gone = known.filter(~pl.col("is_deleted") & ~pl.col("external_id").is_in(fetched_ids.implode()))
    return gone.sort("external_id").select(
        "external_id",
        "content_hash",
        pl.lit(value=True).alias("is_deleted"),
        "occurred_at",
        pl.lit(window.end).alias("received_at"),
        pl.lit("no longer in the source").alias("origin"),
        pl.lit(DELETED_PAYLOAD).alias("payload"),
    )


def _with_received_at(fetched: pl.DataFrame, window: LoadWindow) -> pl.DataFrame:
    """received_at as mapped; else occurred_at at the first load and the load's as_of afterwards."""
    otherwise = pl.col("occurred_at") if window.is_first_load else pl.lit(window.end)
    return fetched.with_columns(
        pl.coalesce("received_at", otherwise).cast(pl.Datetime("us")).alias("received_at")
    )
