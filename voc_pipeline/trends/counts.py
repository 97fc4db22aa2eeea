"""Counts: mentions to one row per issue and week, zero weeks included, and the grid of them.

Here: what counts as one, which weeks an issue has, what a wrong table of counts is. Not here: what
the counts mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.errors import ContractError
from models.week import week_start, weeks_between
from voc_pipeline.trends.exposure import standardised_exposure
from voc_pipeline.trends.negative_binomial import Array

SIGNIFICANT_DIGITS = 6
_KEY = ("issue_id", "week_start")
_EPOCH = date(2001, 1, 1)  # a Monday; the season's phase counts weeks from it
_LARGEST_COUNT = 1e12


def weekly_counts(
    mentions: pl.DataFrame,
    volumes: pl.DataFrame,
    *,
    first_week: date,
    last_week: date,
    exposure: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One row per issue and week from the issue's first week to `last_week`, zero weeks included.

    An issue's first week is that of its first mention at or after `first_week`. The weeks before
    it are no rows (the grain of `weekly_counts`); `judge_week` knows them as zero weeks, back to
    the first week in which any issue was mentioned.

    Args:
        mentions: current mentions (columns of `Mention`); rows without an issue are passed over,
            and so are mentions outside the two weeks.
        volumes: one row per `week_start` and `source_id` with `feedback_count`, the distinct
            feedback that came; source null: of the week as a whole, where a text that came twice
            counts once; without such a row, the sum of the sources.
        first_week: Monday of the home's first week.
        last_week: Monday of the last closed week.
        exposure: one row per `week_start` with `exposure`, where customers or orders are known; a
            missing week or null is 0. Without it, exposure is the week's feedback, each text
            weighed by how readily its source tells of the issue (`standardised_exposure`).

    Returns:
        The columns of `WeeklyCount`, sorted by issue and week.

    Raises:
        ContractError: a week of the exposure, or a week and source of the volumes, has two rows
            or is negative, or a week is no Monday.
    """
    for name, day in (("first_week", first_week), ("last_week", last_week)):
        if day != week_start(day):
            raise ContractError(f"{name} {day} is no Monday: pass the week's Monday")
    _refuse_bad_sizes(volumes, ("week_start", "source_id"), "feedback_count")
    weeks = list(weeks_between(first_week, last_week))
    told = mentions.filter(
        pl.col("issue_id").is_not_null(), pl.col("week_start").is_between(first_week, last_week)
    )
    distinct = pl.struct("voice_key", "text_key").n_unique().cast(pl.Int64)
    counted = told.group_by(_KEY).agg(
        feedback_count=distinct, customer_count=pl.col("voice_key").n_unique().cast(pl.Int64)
    )
    whole = _whole_weeks(volumes)
    if exposure is None:
        by_source = told.group_by(*_KEY, "source_id").agg(feedback_count=distinct)
        sizes = _by_source(by_source, volumes, whole, weeks)
    else:
        _refuse_bad_sizes(exposure, ("week_start",), "exposure")
        sizes = exposure.select(
            "week_start", pl.col("exposure").cast(pl.Float64), exposure_doubt=pl.lit(0.0)
        )
    spans = counted.group_by("issue_id").agg(first=pl.col("week_start").min())
    return (
        spans.join(pl.DataFrame({"week_start": weeks}, schema={"week_start": pl.Date}), how="cross")
        .filter(pl.col("week_start") >= pl.col("first"))
        .join(counted, on=_KEY, how="left")
        .join(whole, on="week_start", how="left")
        .join(sizes, on=[name for name in _KEY if name in sizes.columns], how="left")
        .select(
            "issue_id",
            "week_start",
            pl.col("feedback_count", "customer_count", "week_count").fill_null(0),
            pl.col("exposure", "exposure_doubt").fill_null(0.0).round_sig_figs(SIGNIFICANT_DIGITS),
        )
        .sort(_KEY)
    )


def _whole_weeks(volumes: pl.DataFrame) -> pl.DataFrame:
    """week_start, week_count: the row without a source, or else the sum of the sources."""
    alone = pl.col("source_id").is_null()
    count = pl.col("feedback_count").cast(pl.Int64)
    return volumes.group_by("week_start").agg(
        week_count=pl.when(alone.any())
        .then(count.filter(alone).sum())
        .otherwise(count.sum())
        .fill_null(0)
    )


def _by_source(
    cases: pl.DataFrame, volumes: pl.DataFrame, whole: pl.DataFrame, weeks: list[date]
) -> pl.DataFrame:
    """issue_id, week_start, exposure, exposure_doubt of all weeks."""
    texts = volumes.drop_nulls("source_id").filter(pl.col("week_start").is_in(weeks))
    sources = sorted({*texts["source_id"], *cases["source_id"]})
    issues = cases["issue_id"].unique().sort().to_list()
    size = np.zeros((len(weeks), len(sources)))
    of_week, of_source = _places(texts["week_start"], weeks), _places(texts["source_id"], sources)
    size[of_week, of_source] = texts["feedback_count"].cast(pl.Float64).fill_null(0.0).to_numpy()
    told = np.zeros((len(weeks), len(sources), len(issues)))
    of_week, of_source = _places(cases["week_start"], weeks), _places(cases["source_id"], sources)
    count = cases["feedback_count"].to_numpy()
    told[of_week, of_source, _places(cases["issue_id"], issues)] = count
    known = dict(whole.iter_rows())
    total = np.array([float(known.get(week, 0)) for week in weeks])
    found = standardised_exposure(told, size, total)
    return pl.DataFrame(
        {
            "issue_id": np.repeat(np.array(issues, dtype=object), len(weeks)).tolist(),
            "week_start": weeks * len(issues),
            "exposure": found.size.T.ravel(),
            "exposure_doubt": found.doubt.T.ravel(),
        },
        schema_overrides={"issue_id": pl.String, "week_start": pl.Date},
    )


def _places(column: pl.Series, among: Sequence[str] | Sequence[date]) -> NDArray[np.int64]:
    """Where each value stands in a list that holds them all."""
    place = {value: number for number, value in enumerate(among)}
    return np.array([place[value] for value in column.to_list()], dtype=np.int64)


def _refuse_bad_sizes(sizes: pl.DataFrame, key: tuple[str, ...], column: str) -> None:
    twice = sizes.filter(pl.struct(key).is_duplicated())
    if twice.height:
        raise ContractError(
            f"{column} has two rows for the week of {twice['week_start'].min()!s}: "
            f"sum them to one row per {' and '.join(key)}"
        )
    value = pl.col(column).cast(pl.Float64)
    wrong = sizes.filter((value < 0) | value.is_nan() | value.is_infinite())
    if wrong.height:
        raise ContractError(
            f"{column} of the week of {wrong['week_start'].min()!s} is "
            f"{wrong.sort('week_start')[column][0]}: give a number of 0 or more"
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
    doubt: Array
    """Per issue: variance of the logarithm of its exposure."""
    week_count: Array
    """Per week: all feedback of the week; NaN where the counts do not tell."""
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
    usual, doubt = _usual(exposure), np.zeros_like(count)
    if "exposure_doubt" in rows.columns:
        doubt[step, column] = rows["exposure_doubt"].cast(pl.Float64).fill_null(0.0).to_numpy()
    week_count = np.full(length, np.nan)
    if "week_count" in rows.columns:
        week_count[step] = rows["week_count"].cast(pl.Float64).fill_null(0.0).to_numpy()
    return CountGrid(
        issue_ids=issue_ids,
        weeks=[first + timedelta(days=7 * index) for index in range(length)],
        count=count,
        customers=customers,
        exposure=np.where(exposure < 0, usual[:, None], exposure),
        doubt=doubt,
        week_count=week_count,
        first_step=np.argmax(count > 0, axis=0).astype(np.int64),
    )


def _usual(exposure: Array) -> Array:
    """(weeks,): the median of the issues that have a row, marked by 0 or more; 0 without any."""
    known = np.sort(exposure, axis=1)
    rows = (known >= 0).sum(axis=1)
    middle = known.shape[1] - rows + (rows - 1) // 2
    found = known[np.arange(len(known)), np.minimum(middle, known.shape[1] - 1)]
    return np.asarray(np.maximum(np.where(rows > 0, found, 0.0), 0.0))


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
