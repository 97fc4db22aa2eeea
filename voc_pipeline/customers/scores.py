"""The score of each week, survey and cell with its interval, and the registry of surveys."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from models.score import Score, Survey
from voc_pipeline.customers.frames import as_frame
from voc_pipeline.customers.intervals import Points, mean_interval
from voc_pipeline.customers.responses import SURVEY

_DIMENSIONS = ("customer_segment", "product")


def week_scores(
    responses: pl.DataFrame, known: pl.DataFrame, *, weeks: Sequence[date], week: date
) -> pl.DataFrame:
    """One row per week of `weeks`, survey and cell: responses, score, 95 % interval.

    Every survey has a row `all` in every week from its first on: without responses it has no
    score. Cells have rows where they have responses.

    Args:
        responses: as `responses_of` returns them; those of other weeks are left out.
        known: scores of weeks before, as known so far; empty frame of the model at first.
        weeks: Mondays of the weeks to score.
        week: Monday of the as-of week.
    """
    wanted = responses.filter(pl.col("week_start").is_in(list(weeks)))
    cells = [wanted.with_columns(dimension=pl.lit("all"), cell=pl.lit(""))]
    cells += [
        wanted.filter(pl.col(name).is_not_null()).with_columns(
            dimension=pl.lit(name), cell=pl.col(name)
        )
        for name in _DIMENSIONS
    ]
    grouped = _grouped(pl.concat(cells))
    heard = pl.concat(
        [
            known.filter(pl.col("response_count") > 0).select("week_start", *SURVEY),
            wanted.select("week_start", *SURVEY),
        ]
    )
    every_week = pl.DataFrame({"week_start": list(weeks)}, schema={"week_start": pl.Date})
    silent = (
        heard.group_by(SURVEY)
        .agg(first_heard=pl.col("week_start").min())
        .join(every_week, how="cross")
        .filter(pl.col("week_start") >= pl.col("first_heard"))
        .with_columns(dimension=pl.lit("all"), cell=pl.lit(""))
        .join(grouped, on=["week_start", *SURVEY, "dimension", "cell"], how="anti")
        .with_columns(
            pl.lit(0, pl.Int64).alias("response_count"),
            *(pl.lit(None, pl.Float64).alias(n) for n in ("value", "lower_bound", "upper_bound")),
        )
    )
    rows = pl.concat([grouped, silent.select(grouped.columns)])
    return as_frame(Score, rows.with_columns(as_of_week=pl.lit(week)))


def weeks_scored_otherwise(
    responses: pl.DataFrame, known: pl.DataFrame, *, week: date
) -> list[date]:
    """The weeks before `week` whose responses no longer give the scores known of them, sorted.

    The wording of a question is left out: a new one holds from the week in which it was set.

    Args:
        responses: as `responses_of` returns them, of every week.
        known: scores of weeks before, as known so far.
        week: Monday of the as-of week.
    """
    weeks = pl.concat([responses.select("week_start"), known.select("week_start")])["week_start"]
    earlier = [one for one in weeks.unique().sort() if one < week]
    now = week_scores(responses, known, weeks=earlier, week=week)
    told = [one for one in Score.model_fields if one not in ("as_of_week", "question")]
    before, after = (
        one.filter(pl.col("response_count") > 0).select(told)
        for one in (known.filter(pl.col("week_start") < week), now)
    )
    changed = [
        before.join(after, on=told, how="anti", nulls_equal=True),
        after.join(before, on=told, how="anti", nulls_equal=True),
    ]
    return pl.concat(changed)["week_start"].unique().sort().to_list()


def _grouped(cells: pl.DataFrame) -> pl.DataFrame:
    found = (
        cells.group_by("week_start", *SURVEY, "dimension", "cell", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("response_count"),
            pl.col("point").sum().alias("total"),
            (pl.col("point") ** 2).sum().alias("squares"),
            pl.col("factor", "offset").first(),
        )
        .with_columns(value=pl.col("total") / pl.col("response_count"))
    )
    lower, upper = mean_interval(
        Points(
            found["response_count"].cast(pl.Float64).to_numpy(),
            found["total"].to_numpy(),
            found["squares"].to_numpy(),
        )
    )
    return (
        found.with_columns(pl.Series("lower_bound", lower), pl.Series("upper_bound", upper))
        .with_columns(
            pl.col("value", "lower_bound", "upper_bound") * pl.col("factor") + pl.col("offset")
        )
        .drop("total", "squares", "factor", "offset")
    )


def survey_registry(
    scores: pl.DataFrame, names: Mapping[str, tuple[str, str]], *, week: date
) -> pl.DataFrame:
    """One row per survey that was ever answered: name, owner, responses, weeks covered.

    Args:
        scores: every week's scores as known now.
        names: source id to its name and owner.
        week: Monday of the as-of week.
    """
    whole = scores.filter(pl.col("dimension") == "all")
    answered = pl.col("week_start").filter(pl.col("response_count") > 0)
    rows = whole.group_by(SURVEY).agg(
        response_count=pl.col("response_count").sum(),
        first_week=answered.min(),
        last_week=answered.max(),
        week_count=answered.len(),
    )

    def told(place: int, default: pl.Expr) -> pl.Expr:
        known = {source: texts[place] for source, texts in names.items()}
        text = pl.col("source_id").replace_strict(known, default="", return_dtype=pl.String)
        return pl.when(text == "").then(default).otherwise(text)

    return as_frame(
        Survey,
        rows.with_columns(
            as_of_week=pl.lit(week),
            name=told(0, pl.col("source_id")),
            owner=told(1, pl.lit("")),
        ),
    )
