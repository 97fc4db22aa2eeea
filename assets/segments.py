"""segments: each masked verbatim cut into thoughts; problems told from praise and chatter."""

import polars as pl

from assets.stage import WeekRun, table_note
from models.feedback import Feedback
from models.segment import Segment
from voc_pipeline.issues.segments import split_segments

VERSION = 4


def segments(run: WeekRun) -> None:
    """One row per sentence-sized thought: its place in the verbatim, and if it is a problem."""
    for week in run.weeks:
        stage = run.warehouse.stage(
            "segments",
            week,
            version=VERSION,
            inputs={"feedback": run.warehouse.output_hash("feedback", week)},
        )
        if stage.is_current:
            continue
        rows = split_segments(run.warehouse.rows(Feedback, "received_week = ?", week))
        stage.write({Segment: rows})
        kinds = rows.group_by("kind").agg(pl.len().alias("segments")).sort("kind")
        run.note(week, rows.height, kinds=table_note(kinds))
