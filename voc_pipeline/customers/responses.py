"""Feedback rows with a score to responses: one row per survey and response, one definition each."""

from collections.abc import Mapping

import polars as pl

SURVEY = ("source_id", "question", "metric", "scale")
"""What names a survey; another scale is another survey."""
_MEASURES = ("point", "step", "factor", "offset")
_PROMOTER, _DETRACTOR = 1.5, 3.5
"""Steps of ten from the best answer: 9 is one step from it, 6 is four."""
_TINY = 1e-9


def responses_of(rows: pl.DataFrame, questions: Mapping[str, str]) -> pl.DataFrame:
    """One row per survey and response: its earliest score, however many comments it has.

    Args:
        rows: feedback of whole responses: source_id, response_id, feedback_id, question,
            score_metric, score, score_min (worst), score_max (best), occurred_at, week_start,
            product, customer_segment, has_words.
        questions: source id to the wording of its score's question; a source that is not here
            asks for a score with each of its own questions.

    Returns:
        SURVEY, response_id, week_start, product, customer_segment, has_words (in any row of the
        response), point (0 to 1), step (between two points), factor and offset (the metric's value
        is offset + factor * mean of points); sorted by survey and response.
    """
    asked = pl.col("source_id").replace_strict(questions, default=None, return_dtype=pl.String)
    talks = rows.group_by("source_id", "response_id").agg(pl.col("has_words").any())
    scored = (
        rows.drop("has_words")
        .filter(
            pl.col("score").is_finite(),
            pl.col("score_metric").is_not_null(),
            pl.col("score_min") != pl.col("score_max"),
        )
        .with_columns(
            question=pl.coalesce(asked, "question", pl.lit("")),
            metric=pl.col("score_metric"),
            scale=_scale(),
        )
        .sort("occurred_at", "feedback_id")
        .unique([*SURVEY, "response_id"], keep="first", maintain_order=True)
        .join(talks, on=["source_id", "response_id"], how="left")
    )
    return (
        scored.with_columns(*_measures())
        .select(
            *SURVEY, "response_id", "week_start", "product", "customer_segment", "has_words",
            *_MEASURES,
        )
        .sort(*SURVEY, "response_id")
    )  # fmt: skip


def _scale() -> pl.Expr:
    worst, best = pl.col("score_min"), pl.col("score_max")

    def number(one: pl.Expr) -> pl.Expr:
        return one.cast(pl.String).str.replace(r"\.0$", "")

    return pl.format(
        "{} to {}, {} is better",
        number(pl.min_horizontal(worst, best)),
        number(pl.max_horizontal(worst, best)),
        pl.when(best > worst).then(pl.lit("higher")).otherwise(pl.lit("lower")),
    )


def _measures() -> tuple[pl.Expr, ...]:
    """point, step, factor and offset of the response's metric.

    NPS counts steps from the best answer, so that a scale of 1 to 10 or a reversed one is read
    alike; other lengths are stretched to ten steps. CSAT's two best answers are those within one
    step of the best (a tenth of a scale longer than ten); a scale of two or three answers has one.
    """
    low = pl.min_horizontal("score_min", "score_max")
    span = (pl.col("score_max") - pl.col("score_min")).abs()
    steps = (pl.col("score_max") - pl.col("score")).abs()
    tenths = pl.when(span.is_in([9.0, 10.0])).then(steps).otherwise(steps * 10 / span)
    promoter = pl.when(tenths < _PROMOTER).then(1.0).when(tenths < _DETRACTOR).then(0.5)
    near = pl.when(span <= 2).then(0.0).otherwise(pl.max_horizontal(pl.lit(1.0), span / 10))
    content = (steps <= near + _TINY).cast(pl.Float64)
    is_nps, is_csat = pl.col("metric") == "nps", pl.col("metric") == "csat"
    mean = (pl.col("score") - low) / span
    return (
        pl.when(is_nps).then(promoter.otherwise(0.0)).when(is_csat).then(content).otherwise(mean)
        .alias("point"),
        pl.when(is_nps).then(0.5).when(is_csat).then(1.0).otherwise(1 / span).alias("step"),
        pl.when(is_nps).then(200.0).when(is_csat).then(1.0).otherwise(span).alias("factor"),
        pl.when(is_nps).then(-100.0).when(is_csat).then(0.0).otherwise(low).alias("offset"),
    )  # fmt: skip
