"""Weekly series of any origin judged by our method or a reference method, week by week.

Here: the same functions as in a weekly run, and their figures as one table. Not here: how a
table of counts is read (`weekly_series`), and the methods.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl

from models.errors import ConfigurationError
from models.trend import TrendMethod
from voc_pipeline.evaluate.weekly_series import WeeklySeries
from voc_pipeline.trends.multiplicity import benjamini_hochberg
from voc_pipeline.trends.reference import reference_weeks
from voc_pipeline.trends.verdicts import TrendSettings, judge_weeks

WARM_UP_WEEKS = 26
"""Judged before the first week asked for: a verdict once said is kept while it is plausible."""
COLUMNS = (
    "series",
    "week_start",
    "observed_count",
    "expected_count",
    "lower_bound",
    "upper_bound",
    "exceedance_score",
    "p_value",
    "q_value",
    "verdict",
    "is_alarm",
)
_FIGURES = COLUMNS[3:9]
_DIGITS = 6


def judge_series(
    series: WeeklySeries, *, first: date | None = None, method: TrendMethod = "voc"
) -> pl.DataFrame:
    """One row per series and judged week, each judged with what was known up to it.

    A series is a week's issue to the others: q-values are over all series of a week. With fewer
    than eight observed weeks of its own before it a series has no verdict, and before its first
    count above zero no expectation.

    Args:
        series: the weekly counts.
        first: judge from the week that holds this day on; all weeks if left out.
        method: voc, or a reference method, which has neither verdicts nor a lower bound, and of
            which EARS has no p-value.

    Returns:
        The columns of `COLUMNS`, sorted by series and week; null where a method says nothing;
        numbers to six significant digits; names that were whole numbers stay so.

    Raises:
        ConfigurationError: no week of the table is that late.
    """
    rows = series.rows
    wanted = rows.filter("is_known")
    if first is not None:
        wanted = wanted.filter(pl.col("week_start") > first - timedelta(days=7))
        if wanted.is_empty():
            raise ConfigurationError(
                f"there is no week from {first} on: the table ends in the week of "
                f"{rows['week_start'].max()!s}"
            )
    weeks = wanted["week_start"].unique().sort().to_list()
    if method == "voc":
        early = weeks[0] - timedelta(days=7 * WARM_UP_WEEKS)
        known = rows.filter("is_known", pl.col("week_start").is_between(early, weeks[-1]))
        judged = _by_voc(rows, known["week_start"].unique().sort().to_list())
    else:
        judged = _by_reference(rows, weeks, method)
    names = series.name_type if series.name_type.is_integer() else pl.String()
    return (
        wanted.select("series", "week_start", pl.col("count").alias("observed_count"))
        .join(judged, on=["series", "week_start"], how="left")
        .with_columns(pl.col("is_alarm").fill_null(value=False))
        .with_columns(pl.col(pl.Float64).round_sig_figs(_DIGITS))
        .with_columns(pl.col("series").cast(names))
        .select(COLUMNS)
        .sort("series", "week_start")
    )


def _by_voc(rows: pl.DataFrame, weeks: list[date]) -> pl.DataFrame:
    settings = TrendSettings()
    counts = rows.select(
        pl.col("series").alias("issue_id"),
        "week_start",
        pl.col("count").alias("feedback_count"),
        pl.col("count").alias("customer_count"),
        "exposure",
    )
    begin = rows["week_start"].min()
    late = rows.group_by("series").agg(begun=pl.col("week_start").filter("is_known").min())
    # Nothing is known before a series' first row, so that its first count is no birth.
    older = late.filter(pl.col("begun") > begin).select(
        pl.col("series").alias("issue_id"), pl.lit(begin).alias("first_week")
    )
    found = judge_weeks(counts, pl.DataFrame(), older, weeks=weeks, settings=settings)
    history = rows.sort("series", "week_start").select(
        "series",
        "week_start",
        seen_before=(pl.col("exposure") > 0).cum_sum().over("series") - (pl.col("exposure") > 0),
    )
    is_old = pl.col("seen_before") >= settings.history_weeks
    return (
        history.filter(pl.col("week_start").is_in(weeks))
        .join(
            found.rename({"issue_id": "series"}).select("series", "week_start", *COLUMNS[3:]),
            on=["series", "week_start"],
            how="left",
        )
        .with_columns(
            *[pl.when(is_old).then(pl.col(name)).alias(name) for name in _FIGURES],
            verdict=pl.when(is_old)
            .then(pl.col("verdict").fill_null("STEADY"))
            .otherwise(pl.lit("INSUFFICIENT_HISTORY")),
            is_alarm=pl.when(is_old).then(pl.col("is_alarm")),
        )
        .drop("seen_before")
    )


def _by_reference(rows: pl.DataFrame, weeks: list[date], method: TrendMethod) -> pl.DataFrame:
    names = rows["series"].unique().sort().to_list()
    all_weeks = rows["week_start"].unique().sort().to_list()
    shape = (len(names), len(all_weeks))  # the rows are sorted by series, then week
    counts = rows["count"].cast(pl.Float64).to_numpy().reshape(shape).T
    exposure = rows["exposure"].to_numpy().reshape(shape).T
    place = {week: step for step, week in enumerate(all_weeks)}
    steps = [place[week] for week in weeks]
    found = reference_weeks(method, np.where(exposure > 0, counts, np.nan), exposure, steps)
    q_value = np.stack([benjamini_hochberg(week) for week in found.p_value])
    with np.errstate(divide="ignore", invalid="ignore"):
        room = found.upper - found.expected
        score = np.where(room > 0, (counts[steps] - found.expected) / room, np.nan)
    table = {
        "expected_count": found.expected,
        "upper_bound": found.upper,
        "exceedance_score": score,
        "p_value": found.p_value,
        "q_value": q_value,
    }
    return pl.DataFrame(
        {
            "series": np.repeat(np.array(names, dtype=object), len(weeks)).tolist(),
            "week_start": weeks * len(names),
            **{name: value.T.ravel() for name, value in table.items()},
            "is_alarm": found.is_alarm.T.ravel(),
        },
        schema_overrides={"series": pl.String},
    ).with_columns(
        pl.col(pl.Float64).fill_nan(None),
        lower_bound=pl.lit(None, dtype=pl.Float64),
        verdict=pl.lit(None, dtype=pl.String),
    )
