"""What the stage of scores asks of the warehouse: responses, weeks they touch, scores so far."""

from datetime import date

import polars as pl

from models.score import Score
from voc_pipeline.warehouse.knowledge import CURRENT_FEEDBACK
from voc_pipeline.warehouse.schema import columns
from voc_pipeline.warehouse.store import Warehouse


def scored_feedback(warehouse: Warehouse, first: date, week: date) -> pl.DataFrame:
    """One row per feedback of every response with a score in the weeks `first` to `week`.

    As known at the week's cutoff; all rows of such a response, those without a score too.
    """
    return warehouse.query(
        f"""WITH {CURRENT_FEEDBACK}, asked AS (
            SELECT DISTINCT source_id, response_id FROM feedback
            WHERE week_start BETWEEN ? AND ? AND received_week <= ? AND score IS NOT NULL
        )
        SELECT source_id, response_id, feedback_id, question, score_metric, score, score_min,
               score_max, occurred_at, week_start, product, customer_segment,
               text_key IS NOT NULL AS has_words
        FROM current_feedback SEMI JOIN asked USING (source_id, response_id)
        ORDER BY feedback_id""",
        [week, week, first, week, week],
    )


def weeks_answered_again(warehouse: Warehouse, week: date) -> list[date]:
    """The weeks up to a week whose responses its load brought, changed or took away."""
    return warehouse.query(
        """WITH arrived AS (
            SELECT DISTINCT feedback_id FROM feedback WHERE received_week = ?
        ), concerned AS (
            SELECT DISTINCT source_id, response_id FROM feedback SEMI JOIN arrived
            USING (feedback_id) WHERE received_week <= ?
        )
        SELECT DISTINCT week_start FROM feedback SEMI JOIN concerned USING (source_id, response_id)
        WHERE received_week <= ? AND week_start <= ? AND score IS NOT NULL ORDER BY week_start""",
        [week, week, week, week],
    )["week_start"].to_list()


def latest_scores(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """Scores of every week as known at a week's cutoff."""
    return warehouse.query(
        f"""WITH latest AS (
            SELECT week_start, max(as_of_week) AS as_of_week FROM scores
            WHERE as_of_week <= ? GROUP BY week_start
        )
        SELECT {", ".join(columns(Score))} FROM scores
        SEMI JOIN latest USING (week_start, as_of_week)
        ORDER BY {", ".join(Score.grain)}""",
        [week],
    )


def weeks_scored_after(warehouse: Warehouse, week: date) -> list[date]:
    """The later weeks that the stage has run for, oldest first."""
    return warehouse.query(
        "SELECT week_start FROM stage_partitions WHERE stage = 'scores' AND week_start > ? "
        "ORDER BY week_start",
        [week],
    )["week_start"].to_list()


def last_scored_week(warehouse: Warehouse, week: date) -> date | None:
    """The latest week before a week that the stage has run for."""
    found = warehouse.value(
        "SELECT max(week_start) FROM stage_partitions WHERE stage = 'scores' AND week_start < ?",
        week,
    )
    return found if isinstance(found, date) else None


def first_answered_week(warehouse: Warehouse) -> date | None:
    """The first week with a response that has a score."""
    found = warehouse.value("SELECT min(week_start) FROM feedback WHERE score IS NOT NULL")
    return found if isinstance(found, date) else None
