"""Back-test: how the ranges and alarms that were published held on this company's own weeks.

Here: coverage, alarms seen and alarms expected, by volume. Not here: the figures themselves
(`publication`). The nominal rate of a method is no fact about a company; this is.
"""

from datetime import date

import polars as pl

from models.trend import TrendBacktest
from voc_pipeline.trends.counts import SIGNIFICANT_DIGITS

BANDS = (
    ("all", 0.0, float("inf")),
    ("under 1", 0.0, 1.0),
    ("1 to 3", 1.0, 3.0),
    ("3 to 10", 3.0, 10.0),
    ("10 and more", 10.0, float("inf")),
)
LOW_P_VALUE = 0.01


def backtest(judged: pl.DataFrame, *, week: date) -> pl.DataFrame:
    """One row per volume band for a week (models.trend.TrendBacktest), empty bands included.

    Args:
        judged: one row per issue and week, as published: week_start, issue_id, observed_count,
            expected_count, lower_bound, upper_bound, p_value, is_alarm, alarm_chance; rows without
            a range are no judgements.
        week: Monday of the latest week counted in.
    """
    told = judged.filter(
        pl.col("week_start") <= week,
        pl.col("upper_bound").is_not_null(),
        pl.col("p_value").is_not_null(),
    ).sort("week_start", "issue_id")
    weeks = told["week_start"].n_unique()
    count = pl.col("observed_count")
    rows = []
    for band, low, high in BANDS:
        part = told.filter(pl.col("expected_count") >= low, pl.col("expected_count") < high)
        rows.append(
            part.select(
                pl.lit(week).alias("week_start"),
                pl.lit(band).alias("volume_band"),
                pl.lit(weeks).cast(pl.Int64).alias("judged_week_count"),
                pl.len().cast(pl.Int64).alias("issue_week_count"),
                count.is_between("lower_bound", "upper_bound").mean().alias("inside_share"),
                (count > pl.col("upper_bound")).mean().alias("above_share"),
                (count < pl.col("lower_bound")).mean().alias("below_share"),
                (pl.col("p_value") <= LOW_P_VALUE).mean().alias("low_p_share"),
                pl.col("is_alarm").sum().cast(pl.Int64).alias("alarm_count"),
                _per_week(pl.col("is_alarm").sum(), weeks).alias("alarms_per_week"),
                _per_week(pl.col("alarm_chance").sum(), weeks).alias("chance_alarms_per_week"),
            )
        )
    found = pl.concat(rows).select(list(TrendBacktest.model_fields))
    decimals = pl.selectors.float()
    return found.with_columns(decimals.round_sig_figs(SIGNIFICANT_DIGITS)).sort(
        "week_start", "volume_band"
    )


def _per_week(total: pl.Expr, weeks: int) -> pl.Expr:
    return total.cast(pl.Float64) / weeks if weeks else pl.lit(None, dtype=pl.Float64)
