"""mentions: segments given to issues, with all that counts and breakdowns need."""

import polars as pl

from assets.stage import WeekRun
from models.mention import Mention
from voc_pipeline.warehouse import knowledge

VERSION = 1


def mentions(run: WeekRun) -> None:
    """One row per segment that the week placed in an issue, moved to another, or took away."""
    for week in run.weeks:
        stage = run.warehouse.stage(
            "mentions",
            week,
            version=VERSION,
            inputs={
                "issues": run.warehouse.output_hash("issues", week),
                "feedback": run.warehouse.history_hash("feedback", week),
            },
        )
        if stage.is_current:
            continue
        rows = knowledge.new_mentions(run.warehouse, week)
        stage.write({Mention: rows})
        moved = rows.filter(pl.col("received_week") < week)
        run.note(week, rows.height, issues=rows["issue_id"].n_unique(), segments_moved=moved.height)
        for older in moved["week_start"].unique().sort():
            run.touch(older, changed_by=week.isoformat())
