"""What an issue's places are found in: all feedback by cell and hour, the words of segments."""

from datetime import date

import polars as pl

from models.place import DIMENSIONS
from voc_pipeline.warehouse.knowledge import CURRENT_FEEDBACK
from voc_pipeline.warehouse.store import Warehouse

_STATED = ", ".join(f"{name} := {name}" for name in DIMENSIONS)


def feedback_cells(
    warehouse: Warehouse, week: date, *, first: date, last: date | None = None
) -> pl.DataFrame:
    """One row per week and joint cell of all feedback with words, as of a week.

    A report (voice and text of a week) counts once, in the cells of its first record. Columns
    week_start, the dimensions, feedback_count.

    Args:
        warehouse: the open warehouse.
        week: what was known as of this week.
        first: Monday of the first week wanted.
        last: Monday of the last one; the latest known if left out.
    """
    return warehouse.query(
        f"""WITH {CURRENT_FEEDBACK}, reports AS (
            SELECT week_start, unnest(arg_min(struct_pack({_STATED}), feedback_id))
            FROM current_feedback WHERE text_key IS NOT NULL AND week_start BETWEEN ? AND ?
            GROUP BY week_start, voice_key, text_key
        )
        SELECT week_start, {", ".join(DIMENSIONS)}, count(*) AS feedback_count
        FROM reports GROUP BY ALL ORDER BY ALL""",
        [week, week, first, last or week],
    )


def feedback_hours(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One row per source, hour said and hour received of a week's feedback with words.

    Columns source_id, occurred_hour, received_hour (UTC), feedback_count.
    """
    return warehouse.query(
        f"""WITH {CURRENT_FEEDBACK}
        SELECT source_id, date_trunc('hour', occurred_at) AS occurred_hour,
               date_trunc('hour', received_at) AS received_hour, count(*) AS feedback_count
        FROM current_feedback WHERE text_key IS NOT NULL AND week_start = ?
        GROUP BY ALL ORDER BY ALL""",
        [week, week, week],
    )


def said(warehouse: Warehouse, segment_ids: pl.Series) -> pl.DataFrame:
    """One row per segment: its masked words, and when its feedback was said and received."""
    return warehouse.query(
        """SELECT s.segment_id, s.segment_text, f.occurred_at, f.received_at
        FROM segments s SEMI JOIN wanted USING (segment_id)
        JOIN feedback f ON f.feedback_id = s.feedback_id AND f.revision = s.revision
        ORDER BY s.segment_id""",
        wanted=pl.DataFrame({"segment_id": segment_ids.unique().sort()}),
    )
