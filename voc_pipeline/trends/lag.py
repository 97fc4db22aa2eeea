"""Publication lag: how complete the last weeks are, and what they will hold when all has arrived.

The share of a week that has arrived after so many weeks is the chain ladder's (Mack 1993): products
of the growth seen in weeks old enough to show it. What is still to come, given what came, is
negative binomial.
"""

from datetime import date

import numpy as np
import polars as pl
from scipy import stats

from models.quality import PublicationLag
from models.week import ONE_WEEK
from voc_pipeline.trends.negative_binomial import Array
from voc_pipeline.trends.tables import as_frame

LOOKED_WEEKS = 26
LONGEST_DELAY = 13
COMPLETE = 0.95
"""Counts of which less has arrived are provisional."""
_TAILS = (0.025, 0.975)


def publication_lag(arrivals: pl.DataFrame, *, week: date) -> pl.DataFrame:
    """One row per source and weeks of delay (models.quality.PublicationLag).

    Args:
        arrivals: source_id, week_start, received_week, record_count, without the records of each
            source's first load.
        week: Monday of the last week that has arrived.
    """
    told = arrivals.filter(pl.col("received_week") <= week).with_columns(
        age=_weeks_to(pl.col("week_start"), week),
        delay=((pl.col("received_week") - pl.col("week_start")).dt.total_days() // 7).clip(0),
    )
    near = told.filter(pl.col("age").is_between(0, LOOKED_WEEKS - 1))
    rows: list[dict[str, object]] = []
    for (source_id,), own in near.sort("source_id").group_by("source_id", maintain_order=True):
        triangle = np.zeros((LOOKED_WEEKS, LONGEST_DELAY + 1))
        delay = np.minimum(own["delay"].to_numpy(), LONGEST_DELAY)
        np.add.at(triangle, (own["age"].to_numpy(), delay), own["record_count"].to_numpy())
        rows += [
            {
                "source_id": source_id,
                "weeks_late": late,
                "record_count": int(triangle[:, late].sum()),
                "complete_share": float(share),
            }
            for late, share in enumerate(_complete(triangle))
        ]
    return as_frame(PublicationLag, rows)


def _complete(triangle: Array) -> Array:
    """Share arrived after 0, 1, ... weeks: `triangle` is (age of the week, delay)."""
    arrived = np.cumsum(triangle, axis=1)
    share = np.ones(triangle.shape[1])
    for late in range(triangle.shape[1] - 2, -1, -1):
        old = arrived[late + 1 :]
        grown = old[:, late + 1].sum()
        growth = old[:, late].sum() / grown if grown > 0 else 1.0
        share[late] = share[late + 1] * growth
    return share


def first_to_judge(
    changed: date | None, known: pl.DataFrame, lag: pl.DataFrame, *, week: date
) -> date | None:
    """The first week to judge again: the first that changed, is provisional, or was so before.

    Args:
        changed: Monday of the first week whose counts changed, if any did.
        known: rows of `IssueWeekly` as known before.
        lag: of `publication_lag`.
        week: Monday of the last week that has arrived.
    """
    late = lag.filter(pl.col("complete_share") < COMPLETE)["weeks_late"].max()
    open_now = week - ONE_WEEK * late if isinstance(late, int) else None
    was_open = known.filter(pl.col("is_provisional"))["week_start"].min()
    first = known["week_start"].min()
    if open_now is not None and isinstance(first, date):
        open_now = max(open_now, first)
    found = [one for one in (changed, open_now, was_open) if isinstance(one, date)]
    return min(found, default=None)


def with_nowcast(
    judged: pl.DataFrame, mentions: pl.DataFrame, lag: pl.DataFrame, *, week: date
) -> pl.DataFrame:
    """The rows of `judged` with is_provisional and the nowcast of their counts.

    An issue's completeness is that of its sources, weighed by its mentions of the last 26 weeks.

    Args:
        judged: rows of `IssueWeekly`.
        mentions: issue_id, week_start, source_id of current mentions.
        lag: of `publication_lag`; a source that is not in it is complete.
        week: Monday of the last week that has arrived.
    """
    ages = pl.DataFrame({"age": range(LONGEST_DELAY)}, schema={"age": pl.Int64})
    weights = (
        mentions.filter(_weeks_to(pl.col("week_start"), week).is_between(0, LOOKED_WEEKS - 1))
        .group_by("issue_id", "source_id")
        .agg(weight=pl.len())
    )
    complete = (
        weights.join(ages, how="cross")
        .join(
            lag.select("source_id", pl.col("weeks_late").alias("age"), "complete_share"),
            on=["source_id", "age"],
            how="left",
        )
        .group_by("issue_id", "age")
        .agg(
            complete=(pl.col("weight") * pl.col("complete_share").fill_null(1.0)).sum()
            / pl.col("weight").sum()
        )
    )
    told = (
        judged.with_columns(age=_weeks_to(pl.col("week_start"), week))
        .join(complete, on=["issue_id", "age"], how="left", maintain_order="left")
        .with_columns(pl.col("complete").fill_null(1.0).round_sig_figs(9))
    )
    share = np.maximum(told["complete"].to_numpy(), 1e-6)
    count = told["feedback_count"].cast(pl.Float64).to_numpy()
    lower, upper = (stats.nbinom.ppf(tail, count + 0.5, share) for tail in _TAILS)
    is_open = pl.col("complete") < COMPLETE
    whole = pl.col("feedback_count").cast(pl.Float64)
    return told.with_columns(
        is_provisional=is_open,
        nowcast_count=pl.when(is_open)
        .then((whole / pl.col("complete")).round_sig_figs(6))
        .otherwise(whole),
        nowcast_lower=pl.when(is_open).then(whole + pl.Series(lower)).otherwise(whole),
        nowcast_upper=pl.when(is_open).then(whole + pl.Series(upper)).otherwise(whole),
    ).select(judged.columns)


def _weeks_to(column: pl.Expr, week: date) -> pl.Expr:
    return (pl.lit(week) - column).dt.total_days() // 7
