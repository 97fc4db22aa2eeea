"""Rebuilding from a week on (weeks.md 5): derived partitions leave, true tables stay."""

from datetime import date

import polars as pl

from models.curation import CuratedIssue, CuratedQuote
from models.issue import Assignment, Issue, IssueCrosswalk, IssueLineage, IssueQuote
from models.mention import Mention
from voc_pipeline.warehouse.store import Warehouse

_REGISTER_TABLES = (
    Issue, IssueLineage, IssueQuote, Assignment, Mention, CuratedIssue, CuratedQuote,
)  # fmt: skip
_REGISTER_STAGES = ("issues", "mentions", "curation", "trends")
BEFORE_REBUILD = "before_rebuild"
"""Table of segment_id and the issue_id it had when the rebuild began."""
PLACES_NOW = (
    "SELECT segment_id, coalesce(arg_max(coalesce(issue_id, ''), assigned_week), '') AS issue_id "
    "FROM assignments GROUP BY segment_id"
)


def forget_register(warehouse: Warehouse, week: date) -> None:
    """Drop the register's partitions from a week on, after noting where every segment stood.

    The note lies in a table of the warehouse, so that a rebuild that is killed can go on.
    """
    with warehouse.transaction():
        exists = warehouse.query(
            "SELECT count(*) AS found FROM duckdb_tables() WHERE table_name = ?", [BEFORE_REBUILD]
        )["found"][0]
        if not exists:
            warehouse.execute(f"CREATE TABLE {BEFORE_REBUILD} AS {PLACES_NOW}")
        for model in _REGISTER_TABLES:
            warehouse.execute(f"DELETE FROM {model.table} WHERE {model.partition} >= ?", [week])
        warehouse.execute(
            "DELETE FROM warehouse_identity "
            "WHERE name IN ('register.code_version', 'register.model_id')"
        )
        for stage in _REGISTER_STAGES:
            warehouse.execute(
                "DELETE FROM stage_partitions WHERE stage = ? AND week_start >= ?", [stage, week]
            )


def interrupted_rebuild(warehouse: Warehouse) -> bool:
    """True if a rebuild began and did not end."""
    found = warehouse.query(
        "SELECT count(*) AS found FROM duckdb_tables() WHERE table_name = ?", [BEFORE_REBUILD]
    )
    return bool(found["found"][0])


def write_crosswalk(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """Count the segments that went from each old issue to each new one, and end the rebuild.

    Returns:
        The rebuild's rows of models.issue.IssueCrosswalk; their counts add up to the segments
        that had a place before.
    """
    number = int(
        warehouse.query("SELECT coalesce(max(rebuild_number), 0) + 1 AS next FROM issue_crosswalk")[
            "next"
        ][0]
    )
    with warehouse.transaction():
        crosswalk = warehouse.query(
            f"""WITH after AS ({PLACES_NOW})
            SELECT ?::BIGINT AS rebuild_number, ?::DATE AS from_week,
                   b.issue_id AS old_issue_id, coalesce(a.issue_id, '') AS new_issue_id,
                   count(*) AS mention_count
            FROM {BEFORE_REBUILD} b LEFT JOIN after a USING (segment_id)
            GROUP BY ALL ORDER BY ALL""",
            [number, week],
        )
        warehouse.append(IssueCrosswalk, crosswalk)
        warehouse.execute(f"DROP TABLE {BEFORE_REBUILD}")
    return crosswalk
