"""Erasing customers (weeks.md 11): their rows leave every table, what was published keeps its sums.

The caller finds what the register's sums and the reports lose; here it is taken out, at once.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from models.issue import Issue
from models.ledger import SuppressedCustomer
from models.raw import Load
from voc_pipeline.warehouse.schema import STORAGE_VERSION, polars_schema, quoted
from voc_pipeline.warehouse.store import WAREHOUSE_FILE, Warehouse

_PENDING = "erasure.pending"
_BY_SEGMENT = ("assignments", "mentions", "split_members", "issue_quotes", "curated_quotes")
_SURVIVORS = """WITH RECURSIVE survivors AS (
    SELECT DISTINCT register_week, issue_id AS placed_id, issue_id FROM issues
    UNION
    SELECT s.register_week, s.placed_id, l.other_issue_id FROM survivors s
    JOIN issue_lineage l ON l.issue_id = s.issue_id AND l.event = 'merged'
        AND l.week_start <= s.register_week AND l.other_issue_id <> l.issue_id
)"""


def records_of(warehouse: Warehouse, customer_keys: Sequence[str]) -> pl.DataFrame:
    """One row per record of these customers, by any of its revisions: feedback_id and its keys."""
    return warehouse.query(
        "SELECT DISTINCT feedback_id, source_id, external_id FROM feedback "
        "WHERE list_contains(?, customer_key) ORDER BY feedback_id",
        [list(customer_keys)],
    )


def segments_of(warehouse: Warehouse, records: pl.DataFrame) -> set[str]:
    """The segments of these records."""
    found = warehouse.query(
        "SELECT segment_id FROM segments SEMI JOIN gone USING (feedback_id)", gone=records
    )
    return set(found["segment_id"])


def members_leaving(warehouse: Warehouse, records: pl.DataFrame) -> pl.DataFrame:
    """One row per register week, issue and segment of these records that its sum holds.

    Columns register_week, issue_id, vector, weight (a voice's words count once a load, as when
    they joined). Merges known by the week are followed.
    """
    return warehouse.query(
        f"""{_SURVIVORS}, theirs AS (
            SELECT s.segment_id, s.text_hash,
                   1.0 / count(*) OVER (PARTITION BY s.received_week, f.voice_key,
                                        coalesce(f.text_key, f.feedback_id)) AS weight
            FROM segments s SEMI JOIN gone USING (feedback_id)
            JOIN feedback f ON f.feedback_id = s.feedback_id AND f.revision = s.revision
            WHERE s.kind = 'problem'
        ), standing AS (
            SELECT w.register_week, a.segment_id,
                   arg_max(coalesce(a.issue_id, ''), a.assigned_week) AS placed_id
            FROM assignments a SEMI JOIN theirs USING (segment_id)
            JOIN (SELECT DISTINCT register_week FROM issues) w ON a.assigned_week <= w.register_week
            GROUP BY ALL
        )
        SELECT i.register_week, i.issue_id, v.vector, t.weight
        FROM standing n
        JOIN survivors s USING (register_week, placed_id)
        JOIN issues i ON i.register_week = n.register_week AND i.issue_id = s.issue_id
            AND i.member_count > 0
        JOIN theirs t USING (segment_id)
        JOIN vectors v ON v.text_hash = t.text_hash AND v.model_id = i.model_id
        ORDER BY i.register_week, i.issue_id, n.segment_id""",
        gone=records,
    )


def erase(
    warehouse: Warehouse,
    customer_keys: Sequence[str],
    customer_ids: Sequence[str],
    records: pl.DataFrame,
    registers: pl.DataFrame,
) -> None:
    """Take these customers out of every table, in the caller's transaction; later loads too.

    Args:
        warehouse: the open warehouse.
        customer_keys: keyed hashes, put on the list of the suppressed.
        customer_ids: the ids themselves, looked for in what was set aside, and not kept.
        records: of `records_of`.
        registers: rows of `Issue`, without those members, that replace what stands.
    """
    fresh = pl.DataFrame({"customer_key": sorted(set(customer_keys))})
    known = warehouse.rows(SuppressedCustomer)
    warehouse.append(SuppressedCustomer, fresh.join(known, on="customer_key", how="anti"))
    _empty_payloads(warehouse, customer_ids, records)
    if records.is_empty():
        return
    _move_in_ledger(warehouse, records)
    for table in _BY_SEGMENT:
        warehouse.execute(
            f"DELETE FROM {table} WHERE segment_id IN (SELECT segment_id FROM segments "
            "SEMI JOIN gone USING (feedback_id))",
            gone=records,
        )
    warehouse.execute(
        "DELETE FROM vectors WHERE text_hash IN (SELECT text_hash FROM segments "
        "SEMI JOIN gone USING (feedback_id)) AND text_hash NOT IN (SELECT text_hash FROM segments "
        "ANTI JOIN gone USING (feedback_id))",
        gone=records,
    )
    for table in ("segments", "feedback"):
        warehouse.execute(
            f"DELETE FROM {table} WHERE feedback_id IN (SELECT feedback_id FROM gone)",
            gone=records,
        )
    warehouse.execute(
        "UPDATE feedback SET duplicate_of = NULL "
        "WHERE duplicate_of IN (SELECT feedback_id FROM gone)",
        gone=records,
    )
    warehouse.execute(
        "DELETE FROM raw USING gone WHERE raw.source_id = gone.source_id "
        "AND raw.external_id = gone.external_id",
        gone=records,
    )
    warehouse.execute(
        "DELETE FROM issues USING lighter WHERE issues.register_week = lighter.register_week "
        "AND issues.issue_id = lighter.issue_id",
        lighter=registers.select("register_week", "issue_id"),
    )
    warehouse.append(Issue, registers)
    # Scores known so far count the erased: the next week to close compares them all.
    warehouse.execute("UPDATE stage_partitions SET fingerprint = '' WHERE stage = 'scores'")
    warehouse.remember(_PENDING, "restate")


def _empty_payloads(
    warehouse: Warehouse, customer_ids: Sequence[str], records: pl.DataFrame
) -> None:
    """What was set aside stays counted, with its reason and without the customer's record."""
    for one in customer_ids:
        warehouse.execute(
            "UPDATE rejects SET payload = '' WHERE regexp_matches(payload, "
            "'(^|[^\\p{L}\\p{N}])' || regexp_escape(?) || '($|[^\\p{L}\\p{N}])', 'i')",
            [one.strip()],
        )
    warehouse.execute(
        "UPDATE rejects SET payload = '' WHERE (source_id, payload) IN "
        "(SELECT source_id, payload FROM raw SEMI JOIN gone USING (source_id, external_id))",
        gone=records,
    )


def _move_in_ledger(warehouse: Warehouse, records: pl.DataFrame) -> None:
    """What the loads had brought of these records becomes suppressed: they still balance."""
    moved = warehouse.query(
        """SELECT source_id, received_week,
                  count(*) FILTER (revision = 1 AND NOT is_deleted) AS loaded,
                  count(*) FILTER (revision > 1 AND NOT is_deleted) AS revised,
                  count(*) FILTER (is_deleted) AS deleted
        FROM raw SEMI JOIN gone USING (source_id, external_id) GROUP BY ALL ORDER BY ALL""",
        gone=records,
    )
    for source_id, week, *left in moved.iter_rows():
        loads = warehouse.rows(Load, "source_id = ? AND received_week = ?", source_id, week)
        changed = []
        for row in loads.to_dicts():
            for at, name in enumerate(("loaded", "revised", "deleted")):
                taken = min(left[at], row[f"{name}_count"])
                left[at] -= taken
                row[f"{name}_count"] -= taken
                row["suppressed_count"] += taken
            changed.append(row)
        warehouse.replace(
            Load,
            pl.DataFrame(changed, schema=polars_schema(Load)),
            "source_id = ? AND received_week = ?",
            source_id,
            week,
        )


def is_pending(warehouse: Warehouse) -> bool:
    """True if verdicts have not been judged since customers were erased."""
    return warehouse.recall(_PENDING) is not None


def remember_judged(warehouse: Warehouse) -> None:
    """Note, in the caller's transaction, that verdicts were judged without the erased."""
    warehouse.execute("DELETE FROM warehouse_identity WHERE name = ?", [_PENDING])


def rewrite_file(home: Path) -> None:
    """Write a closed warehouse anew: DuckDB keeps the bytes of deleted rows in freed blocks."""
    path = home / WAREHOUSE_FILE
    fresh = path.with_suffix(".duckdb.new")
    fresh.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {quoted(str(path))} AS old (READ_ONLY)")
        connection.execute(
            f"ATTACH {quoted(str(fresh))} AS fresh (STORAGE_VERSION '{STORAGE_VERSION}')"
        )
        connection.execute("COPY FROM DATABASE old TO fresh")
        connection.execute("DETACH fresh")
    fresh.replace(path)
