"""Broken promises, found by asking the tables themselves. A sound warehouse gives empty frames."""

from collections.abc import Iterable

import polars as pl

from models.table import TableRow
from voc_pipeline.warehouse.schema import TABLES
from voc_pipeline.warehouse.store import Warehouse


def unbalanced_loads(warehouse: Warehouse) -> pl.DataFrame:
    """Sources and weeks whose ledger does not balance, or does not agree with the tables.

    The ledger's own sum is one side; the rows that lie in `raw`, `feedback` and `rejects` are the
    other, so that neither a miscount nor a lost row can pass (weeks.md 10).
    """
    return warehouse.query(
        """WITH ledger AS (
            SELECT source_id, received_week, sum(fetched_count)::BIGINT AS fetched,
                   sum(loaded_count)::BIGINT AS loaded, sum(revised_count)::BIGINT AS revised,
                   sum(deleted_count)::BIGINT AS deleted,
                   sum(rejected_count)::BIGINT AS rejected,
                   sum(loaded_count + revised_count + deleted_count + duplicate_count
                       + rejected_count + suppressed_count + outside_window_count)::BIGINT
                       AS counted
            FROM loads GROUP BY ALL
        ), stored AS (
            SELECT source_id, received_week,
                   count(*) FILTER (revision = 1 AND NOT is_deleted) AS raw_loaded,
                   count(*) FILTER (revision > 1 AND NOT is_deleted) AS raw_revised,
                   count(*) FILTER (is_deleted) AS raw_deleted
            FROM raw GROUP BY ALL
        ), conformed AS (
            SELECT source_id, received_week, count(*) AS feedback_rows FROM feedback GROUP BY ALL
        ), aside AS (
            SELECT source_id, received_week, count(*) AS aside_rows FROM rejects
            WHERE scope = 'record' GROUP BY ALL
        )
        SELECT source_id, received_week, fetched, counted, loaded, revised, deleted, rejected,
               coalesce(raw_loaded, 0) AS raw_loaded, coalesce(raw_revised, 0) AS raw_revised,
               coalesce(raw_deleted, 0) AS raw_deleted,
               coalesce(feedback_rows, 0) AS feedback_rows, coalesce(aside_rows, 0) AS aside_rows
        FROM ledger FULL JOIN stored USING (source_id, received_week)
        FULL JOIN conformed USING (source_id, received_week)
        FULL JOIN aside USING (source_id, received_week)
        WHERE fetched IS DISTINCT FROM counted
           OR coalesce(loaded, 0) <> coalesce(raw_loaded, 0)
           OR coalesce(revised, 0) <> coalesce(raw_revised, 0)
           OR coalesce(deleted, 0) <> coalesce(raw_deleted, 0)
           OR coalesce(rejected, 0) <> coalesce(aside_rows, 0)
           OR coalesce(raw_loaded, 0) + coalesce(raw_revised, 0) + coalesce(raw_deleted, 0)
              <> coalesce(feedback_rows, 0)
        ORDER BY source_id, received_week"""
    )


def broken_grains(warehouse: Warehouse, tables: Iterable[type[TableRow]] = TABLES) -> pl.DataFrame:
    """One row per table whose grain is not unique: table_name, row_count, distinct_count."""
    asked = [
        f"SELECT '{model.table}' AS table_name, count(*) AS row_count, "
        f"count(DISTINCT ({', '.join(model.grain)},)) AS distinct_count FROM {model.table}"
        for model in tables
    ]
    return warehouse.query(
        f"SELECT * FROM ({' UNION ALL '.join(asked)}) WHERE row_count <> distinct_count "
        "ORDER BY table_name"
    )


def broken_contracts(warehouse: Warehouse) -> pl.DataFrame:
    """One row per broken promise between tables: promise, row_count."""
    promises = {
        "a segment is the span of its verbatim": """
            SELECT count(*) FROM segments s
            JOIN feedback f ON f.feedback_id = s.feedback_id AND f.revision = s.revision
            WHERE f.verbatim[s.start_offset + 1:s.end_offset] <> s.segment_text""",
        "a segment belongs to a feedback": """
            SELECT count(*) FROM segments s ANTI JOIN feedback f
            ON f.feedback_id = s.feedback_id AND f.revision = s.revision""",
        "only problems become mentions": """
            SELECT count(*) FROM mentions m JOIN segments s USING (segment_id)
            WHERE s.kind <> 'problem'""",
        "a mention's issue is in the register": """
            SELECT count(*) FROM mentions m ANTI JOIN issues i USING (issue_id)
            WHERE m.issue_id IS NOT NULL""",
        "every current problem segment was placed or left unassigned": """
            SELECT count(*) FROM segments s ANTI JOIN assignments a USING (segment_id)
            WHERE s.kind = 'problem'
            AND s.received_week <= (SELECT max(register_week) FROM issues)
            AND NOT EXISTS (SELECT 1 FROM feedback f WHERE f.feedback_id = s.feedback_id
                            AND f.revision > s.revision)""",
        "a quote is a substring of a masked verbatim": """
            SELECT count(*) FROM issue_quotes q LEFT JOIN segments s USING (segment_id)
            WHERE s.segment_id IS NULL OR NOT contains(s.segment_text, q.quote)""",
        "volume is never negative and never above all feedback of the week": """
            SELECT count(*) FROM issue_weekly WHERE feedback_count < 0
            OR feedback_count > week_count""",
        "the cells of a dimension sum to the issue's count": """
            SELECT count(*) FROM (
                SELECT issue_id, week_start, dimension, sum(feedback_count) AS cell_count
                FROM issue_weekly_breakdown GROUP BY ALL
            ) JOIN issue_weekly USING (issue_id, week_start) WHERE cell_count <> feedback_count""",
        "the places of an issue sum to its excess as published": """
            SELECT count(*) FROM (
                SELECT week_start, issue_id, dimension, sum(contribution) AS excess
                FROM issue_places WHERE second_dimension = '' GROUP BY ALL
            ) JOIN (
                SELECT week_start, issue_id,
                       max(value) FILTER (figure = 'observed_count')
                       - max(value) FILTER (figure = 'expected_count') AS published
                FROM published_figures WHERE issue_id <> '' GROUP BY ALL
            ) USING (week_start, issue_id) WHERE abs(excess - published) > 1e-5""",
        "shares lie between 0 and 1": """
            SELECT count(*) FROM issue_weekly WHERE share < 0 OR share > 1
            OR p_value < 0 OR p_value > 1 OR q_value < 0 OR q_value > 1""",
    }
    union = " UNION ALL ".join(
        f"SELECT '{promise.replace(chr(39), chr(39) * 2)}' AS promise, ({asked}) AS row_count"
        for promise, asked in promises.items()
    )
    return warehouse.query(f"SELECT * FROM ({union}) WHERE row_count > 0 ORDER BY promise")


def unexplained_figures(warehouse: Warehouse) -> pl.DataFrame:
    """Published counts and ranges that are not what is known now, and that nothing restated.

    Each is computed again by `issue_weekly`, wholly as known now; the last restatement says what
    it is since, null that nothing is known any more (as after a rebuild). An issue that a merge
    took away is counted in the issue that lives on, as `issue_lineage` records. Columns
    week_start, issue_id, figure, published, restated, is_now.
    """
    return warehouse.query(
        """WITH now AS (
            UNPIVOT (SELECT issue_id, week_start, feedback_count::DOUBLE AS feedback_count,
                            customer_count::DOUBLE AS customer_count, lower_bound, upper_bound
                     FROM issue_weekly)
            ON feedback_count, customer_count, lower_bound, upper_bound
            INTO NAME figure VALUE is_now
        ), later AS (
            SELECT week_start, issue_id, figure, TRUE AS is_restated,
                   arg_max_null(is_value, as_of_week) AS restated
            FROM restatements GROUP BY ALL
        )
        SELECT p.week_start, p.issue_id, p.figure, p.value AS published, l.restated, n.is_now
        FROM published_figures p
        LEFT JOIN later l USING (week_start, issue_id, figure)
        LEFT JOIN now n USING (week_start, issue_id, figure)
        WHERE p.issue_id <> '' AND p.value IS NOT NULL
          AND p.figure IN ('feedback_count', 'customer_count', 'lower_bound', 'upper_bound')
          AND abs(coalesce(n.is_now, -1) - CASE WHEN l.is_restated
                  THEN coalesce(try_cast(l.restated AS DOUBLE), -1) ELSE p.value END) > 1e-4
          AND NOT EXISTS (SELECT 1 FROM issue_lineage i
                          WHERE i.issue_id = p.issue_id AND i.event = 'merged')
        ORDER BY p.week_start, p.issue_id, p.figure"""
    )
