"""A load's rows: what is known of fetched ids, storing a batch, the ledger, a source's arrivals."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import polars as pl

from models.ledger import Cursor
from models.raw import RawRecord, Reject
from models.week import ONE_WEEK
from voc_pipeline.warehouse.store import Warehouse, digest


def known_revisions(warehouse: Warehouse, source_id: str, external_ids: pl.Series) -> pl.DataFrame:
    """One row per known revision of these ids: external_id, revision, content_hash, ..."""
    return warehouse.query(
        "SELECT external_id, revision, content_hash, is_deleted, occurred_at FROM raw "
        "SEMI JOIN wanted USING (external_id) WHERE source_id = ? ORDER BY external_id, revision",
        [source_id],
        wanted=pl.DataFrame({"external_id": external_ids.unique().sort()}),
    )


def known_in_span(
    warehouse: Warehouse, source_id: str, span: tuple[datetime, datetime]
) -> pl.DataFrame:
    """The latest revision of each of a source's records that occurred in a span, ends included."""
    return warehouse.query(
        "SELECT external_id, revision, content_hash, is_deleted, occurred_at FROM raw "
        "WHERE source_id = ? AND occurred_at BETWEEN ? AND ? "
        "QUALIFY row_number() OVER (PARTITION BY external_id ORDER BY revision DESC) = 1 "
        "ORDER BY external_id",
        [source_id, *span],
    )


def cursor_of(warehouse: Warehouse, source_id: str) -> Cursor | None:
    """Where the source's last load ended; None before its first load."""
    found = warehouse.record(Cursor, "source_id = ?", source_id)
    return Cursor(**found) if found else None


def next_load_number(warehouse: Warehouse, source_id: str, week: date) -> int:
    """1 for a week's first load, then counted up."""
    return 1 + int(
        warehouse.value(
            "SELECT count(*) FROM loads WHERE source_id = ? AND received_week = ?", source_id, week
        )
    )


def store_cursor(warehouse: Warehouse, cursor: Cursor) -> None:
    """Commit a source's cursor, in the caller's transaction."""
    values = cursor.model_dump()
    warehouse.execute("DELETE FROM cursors WHERE source_id = ?", [cursor.source_id])
    warehouse.execute(
        f"INSERT INTO cursors ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
        list(values.values()),
    )


def store_rejects(warehouse: Warehouse, rejects: pl.DataFrame, source_id: str, week: date) -> int:
    """Add records set aside (columns of connectors.base.REJECT_SCHEMA) that are not known yet.

    Returns:
        How many were added; the others are duplicates of rejects known from an earlier load.
    """
    if rejects.is_empty():
        return 0
    numbered = rejects.with_columns(copy=pl.int_range(pl.len()).over("scope", "reason", "payload"))
    frame = numbered.select(
        pl.struct("scope", "reason", "payload", "copy")
        .map_elements(
            lambda row: digest(source_id, row["scope"], row["reason"], row["payload"], row["copy"]),
            return_dtype=pl.String,
        )
        .alias("reject_id"),
        pl.lit(source_id).alias("source_id"),
        pl.lit(week).alias("received_week"),
        "scope",
        "reason",
        "remedy",
        "origin",
        "payload",
    )
    fresh = warehouse.query(
        "SELECT i.* FROM incoming i ANTI JOIN rejects r USING (reject_id) ORDER BY reject_id",
        incoming=frame,
    )
    warehouse.append(Reject, fresh)
    return fresh.height


def replace_set_aside(warehouse: Warehouse, set_aside: pl.DataFrame, week: date) -> None:
    """Replace the parts of a week's records that were emptied, with the record they stood in.

    Args:
        warehouse: the open warehouse, in the caller's transaction.
        set_aside: source_id, external_id, revision, scope, reason, remedy.
        week: Monday of the load week.
    """
    warehouse.execute("DELETE FROM rejects WHERE received_week = ? AND scope <> 'record'", [week])
    whole = warehouse.query(
        "SELECT a.source_id, a.scope, a.reason, a.remedy, r.origin, r.payload "
        "FROM aside a JOIN raw r USING (source_id, external_id, revision) "
        "ORDER BY a.source_id, a.external_id, a.revision, a.scope, a.reason",
        aside=set_aside,
    )
    for (source_id,), rows in whole.partition_by("source_id", as_dict=True).items():
        store_rejects(warehouse, rows.drop("source_id"), str(source_id), week)


def arrivals(warehouse: Warehouse, week: date, opens: datetime) -> pl.DataFrame:
    """One row per source and week loaded up to `week`: what the loads brought and set aside.

    Args:
        warehouse: the open warehouse.
        week: Monday of the week.
        opens: first instant of that week, UTC; what occurred before and arrived in it is late.
    """
    return warehouse.query(
        """SELECT l.source_id, l.received_week,
                  sum(l.loaded_count + l.revised_count)::BIGINT AS arrived_count,
                  any_value(coalesce(r.late_count, 0)) AS late_count,
                  sum(l.rejected_count)::BIGINT AS rejected_count,
                  any_value(r.last_seen_at) AS last_seen_at
        FROM loads l LEFT JOIN (
            SELECT source_id, received_week, max(occurred_at) AS last_seen_at,
                   count(*) FILTER (occurred_at < ? AND received_week = ?) AS late_count
            FROM raw WHERE NOT is_deleted GROUP BY source_id, received_week
        ) r USING (source_id, received_week)
        WHERE l.received_week <= ?
        GROUP BY l.source_id, l.received_week ORDER BY l.source_id, l.received_week""",
        [opens, week, week],
    )


def partition_keys(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """Keys and content hashes of the raw records of a load week: what the next stage depends on."""
    return warehouse.query(
        "SELECT source_id, external_id, revision, content_hash, is_deleted FROM raw "
        "WHERE received_week = ? ORDER BY source_id, external_id, revision",
        [week],
    )


def raw_partitions(warehouse: Warehouse, source_id: str, weeks: Sequence[date]) -> pl.DataFrame:
    """A source's raw records of some load weeks in a row, sorted by the grain."""
    return warehouse.rows(
        RawRecord, "source_id = ? AND received_week BETWEEN ? AND ?", source_id, weeks[0], weeks[-1]
    )


def blocks_of_weeks(
    warehouse: Warehouse, weeks: Sequence[date], at_once: int
) -> Iterator[list[date]]:
    """The load weeks in order, as many together as follow each other with `at_once` raw records.

    A week with more of them stands alone.
    """
    counted = warehouse.query("SELECT received_week, count(*) FROM raw GROUP BY ALL")
    counts: dict[date, int] = dict(counted.iter_rows())
    block: list[date] = []
    for week in weeks:
        held = sum(counts.get(one, 0) for one in block)
        is_full = held + counts.get(week, 0) > at_once
        if block and (is_full or week != block[-1] + ONE_WEEK):
            yield block
            block = []
        block.append(week)
    if block:
        yield block
