"""What a week's figures, places and notices are made from: all feedback, counted in every way.

Each function takes the feedback known as of a week (`heard.Heard.feedback`).
"""

from datetime import date

import polars as pl

from models.place import DIMENSIONS
from voc_pipeline.warehouse.heard import Heard
from voc_pipeline.warehouse.store import Warehouse

_CELLS = ("product", "region", "customer_segment", "touchpoint")
_COUNT = pl.len().cast(pl.Int64)


def weekly_volumes(known: pl.DataFrame, week: date) -> pl.DataFrame:
    """One row per week and source, and one per week without a source: distinct feedback with words.

    Up to a week; column feedback_count. A text of two sources counts once in the whole week.
    """
    told = (
        known.select("week_start", "source_id", "report")
        .filter(pl.col("report").is_not_null(), pl.col("week_start") <= week)
        .unique()
    )
    whole = told.select("week_start", "report").unique().group_by("week_start")
    return pl.concat(
        [
            told.group_by("week_start", "source_id").agg(feedback_count=_COUNT),
            whole.agg(feedback_count=_COUNT).select(
                "week_start", pl.lit(None, pl.String).alias("source_id"), "feedback_count"
            ),
        ]
    ).sort("week_start", "source_id", nulls_last=True)


def weekly_totals(known: pl.DataFrame, week: date) -> dict[str, float | None]:
    """Whole-week figures of a week; a score counts once per response."""
    own = known.filter(pl.col("week_start") == week)
    told = own.filter(pl.col("report").is_not_null())
    spoken = pl.struct("voice_key", pl.coalesce("text_key", "feedback_id"))
    scored = own.filter(pl.col("score_share").is_not_null()).unique(
        ["source_id", "response_id", "score_metric"], keep="first", maintain_order=True
    )
    return {
        "feedback_count": float(own.select(spoken.n_unique()).item()) if own.height else 0.0,
        "customer_count": float(own["voice"].n_unique()),
        "exposure": float(told["report"].n_unique()),
        "problem_count": float(told.filter("is_problem")["report"].n_unique()),
        "negative_share": scored.select((pl.col("score_share") < 0.5).mean()).item(),
    }


def feedback_cells(known: pl.DataFrame, *, first: date, last: date) -> pl.DataFrame:
    """One row per week and joint cell of all feedback with words.

    A report (voice and text of a week) counts once, in the cells of its first record. Columns
    week_start, the dimensions, feedback_count.

    Args:
        known: the feedback known.
        first: Monday of the first week wanted.
        last: Monday of the last one.
    """
    key = ["week_start", *DIMENSIONS]
    reports = (
        known.select(*key, "report")
        .filter(pl.col("report").is_not_null(), pl.col("week_start").is_between(first, last))
        .unique(["week_start", "report"], keep="first", maintain_order=True)
    )
    return reports.group_by(key).agg(feedback_count=_COUNT).sort(key, nulls_last=True)


def feedback_hours(known: pl.DataFrame, week: date) -> pl.DataFrame:
    """One row per source, hour said and hour received of a week's feedback with words.

    Columns source_id, occurred_hour, received_hour (UTC), feedback_count.
    """
    own = known.filter(pl.col("report").is_not_null(), pl.col("week_start") == week)
    hours = own.group_by(
        "source_id",
        occurred_hour=pl.col("occurred_at").dt.truncate("1h"),
        received_hour=pl.col("received_at").dt.truncate("1h"),
    )
    return hours.agg(feedback_count=_COUNT).sort("source_id", "occurred_hour", "received_hour")


def said(warehouse: Warehouse, segment_ids: pl.Series) -> pl.DataFrame:
    """One row per segment: its masked words, and when its feedback was said and received."""
    return warehouse.query(
        """SELECT s.segment_id, s.segment_text, f.occurred_at, f.received_at
        FROM segments s SEMI JOIN wanted USING (segment_id)
        JOIN feedback f ON f.feedback_id = s.feedback_id AND f.revision = s.revision
        ORDER BY s.segment_id""",
        wanted=pl.DataFrame({"segment_id": segment_ids.unique().sort()}),
    )


def source_arrivals(heard: Heard, week: date) -> pl.DataFrame:
    """One row per source, week spoken in and week received: record_count, as of a week.

    First revisions only, of weeks after each source's first load: that load tells when we began to
    listen, not how late the source speaks.
    """
    return heard.arrivals.filter(pl.col("received_week") <= week)


def text_copies(known: pl.DataFrame, week: date, *, first: date) -> pl.DataFrame:
    """One row per source and week: the text that came most often, its copies and their voices.

    Of texts of at least four words. Columns source_id, week_start, copy_count, voice_count,
    top_voice_count, feedback_count (all of the source's week with words).
    """
    own = ["source_id", "week_start"]
    told = known.select(*own, "text", "report", "word_count").filter(
        pl.col("report").is_not_null(), pl.col("week_start").is_between(first, week)
    )
    by_voice = (
        told.filter(pl.col("word_count") >= 4).group_by(*own, "text", "report").agg(copies=_COUNT)
    )
    by_text = by_voice.group_by(*own, "text").agg(
        copy_count=pl.sum("copies"), voice_count=_COUNT, top_voice_count=pl.max("copies")
    )
    most = by_text.sort("copy_count", "text", descending=True).unique(own, keep="first")
    return (
        most.drop("text")
        .join(told.group_by(own).agg(feedback_count=_COUNT), on=own)
        .select(*own, "copy_count", "voice_count", "top_voice_count", "feedback_count")
        .sort(own)
    )


def first_heard(known: pl.DataFrame, week: date) -> pl.DataFrame:
    """One row per source, dimension and cell of a week that earlier weeks hardly hold.

    Hardly: at most a hundredth of what the cell's share of this week would have given. Columns
    source_id, dimension, cell, cell_count (the week's feedback in the cell), cell_before (that of
    earlier weeks), source_count (the source's feedback up to the week's end), source_before (of it,
    that of earlier weeks; for a cell of none, all before its first). Dimension source_id stands for
    a new source among all sources.
    """
    told = known.select("source_id", "week_start", "occurred_at", *_CELLS)
    told = told.filter(pl.col("week_start") <= week)
    is_now = pl.col("week_start") == week
    now, before = is_now.sum().cast(pl.Int64), (~is_now).sum().cast(pl.Int64)
    sources = told.group_by("source_id").agg(now=now, before=before)
    cells = pl.concat(
        told.filter(pl.col(name).is_not_null())
        .group_by("source_id", pl.lit(name).alias("dimension"), pl.col(name).alias("cell"))
        .agg(
            cell_count=now, cell_before=before, first_at=pl.col("occurred_at").filter(is_now).min()
        )
        for name in _CELLS
    )
    usual = pl.col("cell_count") / pl.col("now") * pl.col("before")
    rare = cells.filter(pl.col("cell_count") > 0).join(sources, on="source_id")
    rare = rare.filter(100 * pl.col("cell_before") <= usual)
    earlier = (
        rare.filter(pl.col("cell_before") == 0)
        .select("source_id", "dimension", "cell", "first_at")
        .join(told.filter(is_now).select("source_id", "occurred_at"), on="source_id")
        .filter(pl.col("occurred_at") < pl.col("first_at"))
        .group_by("source_id", "dimension", "cell")
        .agg(earlier_now=_COUNT)
    )
    columns = ["source_id", "dimension", "cell", "cell_count", "cell_before"]
    found = rare.join(earlier, on=["source_id", "dimension", "cell"], how="left").select(
        *columns,
        source_count=pl.col("now") + pl.col("before"),
        source_before=pl.col("before") + pl.col("earlier_now").fill_null(0),
    )
    fresh = sources.filter(pl.col("before") == 0).select(
        "source_id",
        pl.lit("source_id").alias("dimension"),
        pl.col("source_id").alias("cell"),
        pl.col("now").alias("cell_count"),
        pl.lit(0, pl.Int64).alias("cell_before"),
        pl.lit(told.height, pl.Int64).alias("source_count"),
        pl.lit(told.filter(~is_now).height, pl.Int64).alias("source_before"),
    )
    return pl.concat([found, fresh]).sort(pl.all())
