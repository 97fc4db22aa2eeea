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


def source_arrivals(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One row per source, week spoken in and week received: record_count, as of a week.

    First revisions only, of weeks after each source's first load: that load tells when we began to
    listen, not how late the source speaks.
    """
    return warehouse.query(
        """WITH begun AS (SELECT source_id, min(received_week) AS first_load FROM loads GROUP BY 1)
        SELECT f.source_id, f.week_start, f.received_week, count(*) AS record_count
        FROM feedback f JOIN begun b USING (source_id)
        WHERE f.revision = 1 AND f.received_week <= ? AND f.week_start > b.first_load
        GROUP BY ALL ORDER BY ALL""",
        [week],
    )


def text_copies(warehouse: Warehouse, week: date, *, first: date) -> pl.DataFrame:
    """One row per source and week: the text that came most often, its copies and their voices.

    Of texts of at least four words, as of a week. Columns source_id, week_start, copy_count,
    voice_count, top_voice_count, feedback_count (all of the source's week with words).
    """
    return warehouse.query(
        f"""WITH {CURRENT_FEEDBACK}, told AS (
            SELECT source_id, week_start, text_key, voice_key, word_count FROM current_feedback
            WHERE text_key IS NOT NULL AND week_start BETWEEN ? AND ?
        ), by_voice AS (
            SELECT source_id, week_start, text_key, voice_key, count(*) AS copies
            FROM told WHERE word_count >= 4 GROUP BY ALL
        ), by_text AS (
            SELECT source_id, week_start, text_key, sum(copies)::BIGINT AS copy_count,
                   count(*) AS voice_count, max(copies) AS top_voice_count
            FROM by_voice GROUP BY source_id, week_start, text_key
        ), most AS (
            SELECT source_id, week_start, unnest(arg_max(struct_pack(
                copy_count := copy_count, voice_count := voice_count,
                top_voice_count := top_voice_count), (copy_count, text_key)))
            FROM by_text GROUP BY source_id, week_start
        ), whole AS (
            SELECT source_id, week_start, count(*) AS feedback_count FROM told GROUP BY ALL
        )
        SELECT source_id, week_start, copy_count, voice_count, top_voice_count, feedback_count
        FROM most JOIN whole USING (source_id, week_start) ORDER BY source_id, week_start""",
        [week, week, first, week],
    )


def first_heard(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One row per source, dimension and cell of a week that earlier weeks hardly hold.

    Hardly: at most a hundredth of what the cell's share of this week would have given. As of a
    week. Columns source_id, dimension, cell, cell_count (the week's feedback in the cell),
    cell_before (that of earlier weeks), source_count (the source's feedback up to the week's end),
    source_before (of it, that of earlier weeks; for a cell of none, all before its first).
    Dimension source_id stands for a new source among all sources.
    """
    names = ("product", "region", "customer_segment", "touchpoint")
    cells = " UNION ALL ".join(
        f"SELECT source_id, '{name}' AS dimension, {name} AS cell, now, before, first_at "
        f"FROM joint WHERE {name} IS NOT NULL"
        for name in names
    )
    return warehouse.query(
        f"""WITH {CURRENT_FEEDBACK}, joint AS (
            SELECT source_id, {", ".join(names)}, count(*) FILTER (week_start = ?) AS now,
                   count(*) FILTER (week_start < ?) AS before,
                   min(occurred_at) FILTER (week_start = ?) AS first_at
            FROM current_feedback WHERE week_start <= ? GROUP BY ALL
        ), sources AS (
            SELECT source_id, sum(now)::BIGINT AS now, sum(before)::BIGINT AS before
            FROM joint GROUP BY ALL
        ), cells AS (
            SELECT source_id, dimension, cell, sum(now)::BIGINT AS cell_count,
                   sum(before)::BIGINT AS cell_before, min(first_at) AS first_at
            FROM ({cells}) GROUP BY ALL HAVING cell_count > 0
        )
        SELECT c.source_id, c.dimension, c.cell, c.cell_count, c.cell_before,
               s.now + s.before AS source_count,
               s.before + CASE WHEN c.cell_before > 0 THEN 0 ELSE (
                   SELECT count(*) FROM current_feedback f WHERE f.week_start = ?
                   AND f.source_id = c.source_id AND f.occurred_at < c.first_at) END
                   AS source_before
        FROM cells c JOIN sources s USING (source_id)
        WHERE 100 * c.cell_before <= c.cell_count / s.now * s.before
        UNION ALL
        SELECT source_id, 'source_id', source_id, now, 0,
               (SELECT sum(now + before)::BIGINT FROM sources),
               (SELECT sum(before)::BIGINT FROM sources)
        FROM sources WHERE before = 0
        ORDER BY ALL""",
        [week, week, week, week, week, week, week],
    )
