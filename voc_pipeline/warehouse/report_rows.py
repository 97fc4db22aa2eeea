"""What the report asks of the warehouse besides whole tables: as few passes over it as will do."""

from datetime import date, timedelta

import polars as pl

from models.action import FixVerdict
from models.trend import PublishedFigure
from voc_pipeline.warehouse.knowledge import CURRENT_FEEDBACK, current_mentions
from voc_pipeline.warehouse.schema import columns
from voc_pipeline.warehouse.store import Warehouse

HISTORY_FIGURES = ("feedback_count", "lower_bound", "upper_bound", "verdict")
"""Of an issue, what a report shows of earlier weeks."""
HISTORY_WEEKS = 114
TOGETHER_WEEKS = 8
SETTLED_WEEKS = 52


def report_figures(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """Rows of published_figures that a report of the week reads, in any order.

    Everything of the week, the whole-week figures of every week before, and of the issues their
    counts, ranges and verdicts of the 114 weeks before.
    """
    names = ", ".join(f"'{one}'" for one in HISTORY_FIGURES)
    return warehouse.query(
        f"SELECT {', '.join(columns(PublishedFigure))} FROM published_figures "
        f"WHERE week_start = ? OR (week_start < ? AND (issue_id = '' OR (figure IN ({names}) "
        "AND week_start > ?)))",
        [week, week, week - timedelta(weeks=HISTORY_WEEKS)],
    )


def settled_fixes(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One row per action of the last year that a week judges no more: its last verdict."""
    return warehouse.query(
        f"""SELECT {", ".join(columns(FixVerdict))} FROM fix_verdicts
        WHERE as_of_week BETWEEN ? AND ?
        QUALIFY row_number() OVER (PARTITION BY action_id ORDER BY as_of_week DESC) = 1
        AND as_of_week < ? ORDER BY action_id""",
        [week - timedelta(weeks=SETTLED_WEEKS), week, week],
    )


def recent_mentions(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One row per segment of the latest 8 weeks that belongs to an issue, as known in a week."""
    first = week - timedelta(weeks=TOGETHER_WEEKS - 1)
    wanted = ("segment_id", "issue_id", "week_start", "voice_key", "text_key")
    found = current_mentions(warehouse, week, first, wanted)
    return found.filter(pl.col("week_start") <= week)


def told_together(mentions: pl.DataFrame) -> pl.DataFrame:
    """One row per pair of issues: distinct feedback that tells of both.

    The row of an issue with itself counts all its feedback. Columns issue_id, other_issue_id,
    feedback_count.
    """
    told = mentions.select("issue_id", "voice_key", "text_key").unique()
    pairs = told.join(told, on=["voice_key", "text_key"], suffix="_other")
    return (
        pairs.group_by("issue_id", other_issue_id="issue_id_other")
        .agg(feedback_count=pl.len().cast(pl.Int64))
        .sort("issue_id", "other_issue_id")
    )


def placed_problems(warehouse: Warehouse, week: date, mentions: pl.DataFrame) -> pl.DataFrame:
    """One row: distinct problem texts of a week, and those of them that no issue holds.

    Columns problem_count, unassigned_count; no row for a week without any.

    Args:
        warehouse: the open warehouse.
        week: Monday of the week.
        mentions: those of the week at least, as `recent_mentions` gives them.
    """
    texts = warehouse.query(
        f"""WITH {CURRENT_FEEDBACK}
        SELECT s.segment_id, f.voice_key, f.text_key FROM segments s
        JOIN current_feedback f ON f.feedback_id = s.feedback_id AND f.revision = s.revision
        WHERE s.kind = 'problem' AND f.week_start = ? AND f.text_key IS NOT NULL""",
        [week, week, week],
    )
    placed = (
        texts.with_columns(is_placed=pl.col("segment_id").is_in(mentions["segment_id"].implode()))
        .group_by("voice_key", "text_key")
        .agg(pl.col("is_placed").any())
    )
    if placed.is_empty():
        return pl.DataFrame(schema={"problem_count": pl.Int64, "unassigned_count": pl.Int64})
    return placed.select(
        problem_count=pl.len().cast(pl.Int64),
        unassigned_count=(~pl.col("is_placed")).sum().cast(pl.Int64),
    )
