"""Exposure that the company supplies: days to weeks and cells, and a value for every week.

Not here: exposure by feedback received (`exposure`, `breakdown`).
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from models.exposure import SuppliedExposure
from voc_pipeline.trends.lag import COMPLETE
from voc_pipeline.trends.tables import as_frame

_KEYS = ["week_start", "dimension", "cell"]


def supplied_exposure(
    rows: pl.DataFrame, *, unit: str, first_week: date, last_week: date
) -> pl.DataFrame:
    """One row per week, dimension and cell (models.exposure.SuppliedExposure).

    Each dimension's cells sum to the week's whole. Days outside the two weeks are passed over.

    Args:
        rows: day, exposure, and a column per dimension.
        unit: what is counted.
        first_week: Monday of the home's first week.
        last_week: Monday of the last closed week.
    """
    weekly = rows.with_columns(week_start=pl.col("day").dt.truncate("1w")).filter(
        pl.col("week_start").is_between(first_week, last_week)
    )
    dimensions = [name for name in rows.columns if name not in ("day", "exposure")]
    whole = weekly.with_columns(dimension=pl.lit(""), cell=pl.lit(None, pl.String))
    parts = [weekly.with_columns(dimension=pl.lit(name), cell=pl.col(name)) for name in dimensions]
    summed = [one.group_by(_KEYS).agg(pl.col("exposure").sum()) for one in (whole, *parts)]
    found = pl.concat(summed).with_columns(unit=pl.lit(unit))
    return as_frame(SuppliedExposure, found, exact=("exposure",))


def week_exposure(
    supplied: pl.DataFrame, volumes: pl.DataFrame, lag: pl.DataFrame, *, weeks: Sequence[date]
) -> pl.DataFrame:
    """One row per week: exposure, for every week of `weeks`.

    A week that is not supplied has that of the nearest week before, else after. Of a week whose
    feedback is provisional only the share that has arrived counts, for only that share of those
    exposed could be heard so far.

    Args:
        supplied: of `supplied_exposure`.
        volumes: week_start, source_id, feedback_count of all feedback.
        lag: rows of `PublicationLag`.
        weeks: Mondays without a gap, the last one that of the last week that has arrived.
    """
    told = supplied.filter(pl.col("dimension") == "").select("week_start", "exposure")
    filled = (
        pl.DataFrame({"week_start": weeks}, schema={"week_start": pl.Date})
        .join(told, on="week_start", how="left")
        .sort("week_start")
        .with_columns(pl.col("exposure").fill_null(strategy="forward"))
        .with_columns(pl.col("exposure").fill_null(strategy="backward").fill_null(0.0))
    )
    late = lag.select("source_id", "complete_share", age=pl.col("weeks_late"))
    age = (pl.lit(weeks[-1]) - pl.col("week_start")).dt.total_days() // 7
    count = pl.col("feedback_count").cast(pl.Float64)
    complete = (
        volumes.drop_nulls("source_id")
        .with_columns(age=age)
        .join(late, on=["source_id", "age"], how="left")
        .group_by("week_start")
        .agg(complete=count.sum() / (count / pl.col("complete_share").fill_null(1.0)).sum())
    )
    share = pl.when(pl.col("complete") < COMPLETE).then(pl.col("complete")).otherwise(1.0)
    return (
        filled.join(complete, on="week_start", how="left")
        .select("week_start", exposure=(pl.col("exposure") * share).round_sig_figs(6))
        .sort("week_start")
    )
