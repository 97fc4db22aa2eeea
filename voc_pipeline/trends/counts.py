"""Counts: mentions to one row per issue and week, zero weeks included, and the grid of them.

Here: what counts as one, which weeks an issue has, what a wrong table of counts is. Not here: what
the counts mean.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.errors import ContractError
from models.week import week_start, weeks_between
from voc_pipeline.trends.negative_binomial import Array

_KEY = ("issue_id", "week_start")
_EPOCH = date(2001, 1, 1)  # a Monday; the season's phase counts weeks from it
_LARGEST_COUNT = 1e12


def weekly_counts(
    mentions: pl.DataFrame, exposure: pl.DataFrame, *, first_week: date, last_week: date
) -> pl.DataFrame:
    """One row per issue and week from the issue's first week to `last_week`, zero weeks included.

    An issue's first week is that of its first mention at or after `first_week`. The weeks before
    it are no rows (the grain of `weekly_counts`); `judge_week` knows them as zero weeks, back to
    the first week in which any issue was mentioned.

    Args:
        mentions: current mentions (columns of `Mention`); rows without an issue are passed over,
            and so are mentions outside the two weeks.
        exposure: one row per `week_start` with `exposure`; a missing week or null is 0.
        first_week: Monday of the home's first week.
        last_week: Monday of the last closed week.

    Returns:
        The columns of `WeeklyCount`, sorted by issue and week.

    Raises:
        ContractError: a week of the exposure has two rows or is negative, or a week is no Monday.
    """
    for name, day in (("first_week", first_week), ("last_week", last_week)):
        if day != week_start(day):
            raise ContractError(f"{name} {day} is no Monday: pass the week's Monday")
    _refuse_bad_exposure(exposure)
    weeks = pl.DataFrame(
        {"week_start": list(weeks_between(first_week, last_week))}, schema={"week_start": pl.Date}
    )
    counted = (
        mentions.filter(
            pl.col("issue_id").is_not_null(),
            pl.col("week_start").is_between(first_week, last_week),
        )
        .group_by(_KEY)
        .agg(
            feedback_count=pl.struct("voice_key", "text_key").n_unique().cast(pl.Int64),
            customer_count=pl.col("voice_key").n_unique().cast(pl.Int64),
        )
    )
    spans = counted.group_by("issue_id").agg(first=pl.col("week_start").min())
    return (
        spans.join(weeks, how="cross")
        .filter(pl.col("week_start") >= pl.col("first"))
        .join(counted, on=_KEY, how="left")
        .join(
            exposure.select("week_start", pl.col("exposure").cast(pl.Float64)), "week_start", "left"
        )
        .select(
            "issue_id",
            "week_start",
            pl.col("feedback_count", "customer_count").fill_null(0),
            pl.col("exposure").fill_null(0.0),
        )
        .sort(_KEY)
    )


def _refuse_bad_exposure(exposure: pl.DataFrame) -> None:
    twice = exposure.filter(pl.col("week_start").is_duplicated())
    if twice.height:
        raise ContractError(
            f"exposure has two rows for the week of {twice['week_start'].min()!s}: "
            "sum them to one row a week"
        )
    value = pl.col("exposure").cast(pl.Float64)
    wrong = exposure.filter((value < 0) | value.is_nan() | value.is_infinite())
    if wrong.height:
        raise ContractError(
            f"exposure of the week of {wrong['week_start'].min()!s} is "
            f"{wrong.sort('week_start')['exposure'][0]}: give a number of 0 or more"
        )


@dataclass(frozen=True)
class CountGrid:
    """Counts of every issue and week as arrays of (weeks, issues), from the company's first week.

    The company's first week is the first in which any issue was mentioned: before it the register
    held nothing that could have been counted.
    """

    issue_ids: list[str]
    weeks: list[date]
    count: Array
    customers: Array
    exposure: Array
    """Per issue; where an issue has no row, that of the week; 0 for a week that no row tells of."""
    first_step: NDArray[np.int64]
    """Step of each issue's first mention."""

    @property
    def phase(self) -> Array:
        """Weeks since a fixed Monday: the season does not depend on where a history begins."""
        start = (self.weeks[0] - _EPOCH).days / 7
        return start + np.arange(len(self.weeks), dtype=np.float64)


def count_grid(counts: pl.DataFrame, *, last_week: date) -> CountGrid | None:
    """The counts up to `last_week`; None if no issue was mentioned by then.

    Issues without a mention up to `last_week` are left out, so later weeks change nothing.

    Raises:
        ContractError: two rows for one issue and week, weeks off one seven-day grid, a count that
            is negative, fractional or absurd, an exposure below 0 or not finite.
    """
    rows = counts.filter(pl.col("week_start") <= last_week).sort(_KEY)
    _refuse_bad_counts(rows)
    mentioned = rows.filter(pl.col("feedback_count") > 0)
    if mentioned.is_empty():
        return None
    first = mentioned["week_start"].min()
    assert isinstance(first, date)  # noqa: S101 - a Date column that is not empty
    rows = rows.filter(pl.col("week_start") >= first)
    rows = rows.join(mentioned.select("issue_id").unique(), on="issue_id", how="semi").sort(_KEY)
    length = (last_week - first).days // 7 + 1
    issue_ids = rows["issue_id"].unique().sort().to_list()
    place = {issue_id: index for index, issue_id in enumerate(issue_ids)}
    column = np.array([place[issue_id] for issue_id in rows["issue_id"].to_list()], dtype=np.int64)
    step = ((rows["week_start"] - first).dt.total_days() // 7).to_numpy()
    count, customers = np.zeros((length, len(issue_ids))), np.zeros((length, len(issue_ids)))
    exposure = np.full((length, len(issue_ids)), -1.0)
    count[step, column] = rows["feedback_count"].cast(pl.Float64).to_numpy()
    customers[step, column] = rows["customer_count"].cast(pl.Float64).fill_null(0.0).to_numpy()
    exposure[step, column] = rows["exposure"].cast(pl.Float64).fill_null(0.0).to_numpy()
    usual = np.maximum(exposure.max(axis=1), 0.0)
    return CountGrid(
        issue_ids=issue_ids,
        weeks=[first + timedelta(days=7 * index) for index in range(length)],
        count=count,
        customers=customers,
        exposure=np.where(exposure < 0, usual[:, None], exposure),
        first_step=np.argmax(count > 0, axis=0).astype(np.int64),
    )


def _refuse_bad_counts(rows: pl.DataFrame) -> None:
    found = rows.filter(pl.struct(_KEY).is_duplicated())
    if found.height:
        raise ContractError(
            f"weekly_counts has two rows for issue {found['issue_id'][0]} in the week of "
            f"{found['week_start'][0]}: sum them to one"
        )
    if rows["week_start"].null_count() or rows["issue_id"].null_count():
        raise ContractError("weekly_counts has a row without an issue or a week: drop or name it")
    if rows["week_start"].dt.weekday().n_unique() > 1:
        raise ContractError("weekly_counts mixes weekdays in week_start: use one day of the week")
    count = pl.col("feedback_count").cast(pl.Float64)
    exposure = pl.col("exposure").cast(pl.Float64).fill_null(0.0)
    good = (count.is_between(0, _LARGEST_COUNT) & (count == count.floor())).fill_null(value=False)
    wrong = rows.filter(~good | ~exposure.is_finite() | (exposure < 0))
    if wrong.height:
        row = wrong.row(0, named=True)
        raise ContractError(
            f"weekly_counts of issue {row['issue_id']} in the week of {row['week_start']}: count "
            f"{row['feedback_count']} on exposure {row['exposure']}; a count is a whole number "
            f"from 0 to {_LARGEST_COUNT:.0e}, an exposure a number of 0 or more"
        )
