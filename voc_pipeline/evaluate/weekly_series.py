"""Weekly series of any origin as the detector wants them: whole weeks, whole counts, no doubt left.

Here: what a user's table of weekly counts must be, and what a missing week means. Not here: how
the series are judged (`trends`).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from models.errors import ConfigurationError, shortened
from models.week import parse_week

LARGEST_COUNT = 1e12
_ROW = "row"
_SHOWN = 3


@dataclass(frozen=True)
class SeriesColumns:
    """Names of the columns in the user's table."""

    series: str
    week: str
    count: str
    exposure: str | None = None


@dataclass(frozen=True)
class WeeklySeries:
    """A table of weekly counts, read and completed."""

    rows: pl.DataFrame
    """One row per series and week from the table's first to its last: series, week_start, count
    (Int64), exposure (Float64; 0: not observed), is_known (a row, or a zero week of the series)."""
    zero_week_count: int
    """Weeks without a row that were taken as zero."""
    unknown_week_count: int
    """Weeks without a row of any series."""
    name_type: pl.DataType
    """What the names of the series were before they became text."""


def read_series(table: pl.DataFrame, columns: SeriesColumns) -> WeeklySeries:
    """One row per series and week of the table, in order, whatever the order of its rows.

    The weeks may begin on any day, the same for the whole table. A week without a row is a zero
    week if the series has begun and another series has a row for it: that is what counting by
    group leaves out. A week without any row is unknown, as is every week before a series' first
    row and every week whose exposure is zero or empty. A zero week has the exposure that most
    series have in it.

    Args:
        table: any types that can be read: text from CSV, numbers and dates from Parquet.
        columns: their names.

    Raises:
        ConfigurationError: a column is missing, or a row has no series, no week, a count that is no
            whole number from 0 on, an exposure below 0, or the same series and week as another; or
            weeks are not seven days apart.
    """
    names = [columns.series, columns.week, columns.count]
    names += [columns.exposure] if columns.exposure else []
    _refuse_wrong_columns(table, names)
    rows = pl.DataFrame(
        {
            _ROW: pl.Series(range(1, table.height + 1), dtype=pl.Int64),
            "series": _series_names(table[columns.series]),
            "week_start": _weeks(table[columns.week]),
            "count": _counts(table[columns.count]),
            "exposure": _exposures(table, columns.exposure),
        }
    )
    _refuse_two_rows(rows)
    _refuse_uneven_weeks(rows)
    return _completed(rows.drop(_ROW), table[columns.series].dtype)


def _refuse_wrong_columns(table: pl.DataFrame, names: list[str]) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise ConfigurationError(
            f"the table has no column {', '.join(map(shortened, missing))}; it has "
            f"{shortened(', '.join(table.columns), 300)}"
        )
    if len(set(names)) < len(names):
        raise ConfigurationError("the columns of series, week, count and exposure must differ")
    if table.is_empty():
        raise ConfigurationError("the table has no rows: give at least one week")


def _series_names(found: pl.Series) -> pl.Series:
    names = found.cast(pl.String, strict=False)
    _refuse(found, names.is_null(), "is empty", "name the series of every row")
    return names


def _weeks(found: pl.Series) -> pl.Series:
    """Dates: of dates, instants (their day) and texts such as 2026-11-12 or 2026-W46."""
    if found.dtype == pl.Date:
        weeks = found
    elif isinstance(found.dtype, pl.Datetime):
        weeks = found.dt.date()
    elif found.dtype == pl.String:
        known = {text: day_of(text) for text in found.unique().to_list() if text is not None}
        weeks = pl.Series([known.get(text) for text in found.to_list()], dtype=pl.Date)
    else:
        raise ConfigurationError(
            f"column {found.name} holds {found.dtype}, no weeks: give dates, instants, or text "
            "such as 2026-11-12 or 2026-W46"
        )
    _refuse(found, weeks.is_null(), "is no week", "write a date, 2026-11-12, or 2026-W46")
    return weeks


def day_of(text: str) -> date | None:
    """The day of `2026-11-12`, with or without a time behind it, or the Monday of `2026-W46`."""
    stripped = text.strip()
    try:
        if "W" in stripped.upper():
            return parse_week(stripped.upper())
        return date.fromisoformat(stripped[:10])
    except (ConfigurationError, ValueError):
        return None


def _numbers(found: pl.Series, remedy: str) -> pl.Series:
    """Floats; an empty text is null, any other text must be a number."""
    if found.dtype == pl.String:
        found = found.str.strip_chars()
        found = found.set(found == "", None)
    elif not (found.dtype.is_numeric() or found.dtype == pl.Null):
        raise ConfigurationError(f"column {found.name} holds {found.dtype}, no numbers: {remedy}")
    numbers = found.cast(pl.Float64, strict=False)
    _refuse(found, numbers.is_null() & found.is_not_null(), "is no number", remedy)
    return numbers


def _counts(found: pl.Series) -> pl.Series:
    remedy = (
        f"a count is a whole number from 0 to {LARGEST_COUNT:.0e}; give shares as counts with "
        "their exposure, and leave out rows of weeks that were not counted"
    )
    numbers = _numbers(found, remedy)
    _refuse(found, numbers.is_null(), "is empty", remedy)
    _refuse(found, numbers < 0, "is negative", remedy)
    _refuse(found, ~(numbers <= LARGEST_COUNT), "is no count", remedy)
    _refuse(found, numbers != numbers.floor(), "is a fraction", remedy)
    return numbers.cast(pl.Int64)


def _exposures(table: pl.DataFrame, name: str | None) -> pl.Series:
    """Floats, 0 where not observed; 1 throughout without a column."""
    if name is None:
        return pl.Series([1.0] * table.height, dtype=pl.Float64)
    remedy = "an exposure is a number above 0, or 0 or empty where nothing could be counted"
    numbers = _numbers(table[name], remedy).fill_null(0.0)
    _refuse(table[name], numbers < 0, "is negative", remedy)
    _refuse(table[name], ~numbers.is_finite(), "is not finite", remedy)
    return numbers


def _refuse(found: pl.Series, wrong: pl.Series, what: str, remedy: str) -> None:
    places = wrong.fill_null(value=False).arg_true().to_list()
    if places:
        shown = ", ".join(str(place + 1) for place in places[:_SHOWN])
        more = f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
        raise ConfigurationError(
            f"column {found.name}, row {shown}{more} (the header not counted): "
            f"{shortened(found[places[0]])} {what}; {remedy}"
        )


def _refuse_two_rows(rows: pl.DataFrame) -> None:
    twice = rows.filter(pl.struct("series", "week_start").is_duplicated()).sort(_ROW)
    if twice.height:
        first = twice.row(0, named=True)
        same = twice.filter(
            pl.col("series") == first["series"], pl.col("week_start") == first["week_start"]
        )
        raise ConfigurationError(
            f"rows {', '.join(map(str, same[_ROW][:_SHOWN]))} (the header not counted) are of one "
            f"series, {shortened(first['series'])}, and one week, {first['week_start']}: sum them "
            "to one row, or name the column that tells them apart"
        )


def _refuse_uneven_weeks(rows: pl.DataFrame) -> None:
    first = rows.row(rows["week_start"].arg_min(), named=True)
    apart = (rows["week_start"] - first["week_start"]).dt.total_days() % 7
    off = rows.filter(apart != 0).sort(_ROW)
    if off.height:
        week = off["week_start"][0]
        days = (week - first["week_start"]).days
        raise ConfigurationError(
            f"row {off[_ROW][0]} (the header not counted): week {week} is {days} days after "
            f"{first['week_start']}, no whole number of weeks: give every week by the same day of "
            "the week"
        )


def _completed(rows: pl.DataFrame, name_type: pl.DataType) -> WeeklySeries:
    first, last = rows["week_start"].min(), rows["week_start"].max()
    assert isinstance(first, date)  # noqa: S101 - the table has rows
    assert isinstance(last, date)  # noqa: S101
    length = (last - first).days // 7 + 1
    weeks = pl.DataFrame(
        {"week_start": [first + timedelta(days=7 * step) for step in range(length)]}
    )
    usual = rows.group_by("week_start").agg(usual=pl.col("exposure").median())
    begun = rows.group_by("series").agg(begun=pl.col("week_start").min())
    filled = (
        begun.join(weeks, how="cross")
        .join(usual, on="week_start", how="left")
        .join(rows, on=["series", "week_start"], how="left")
        .with_columns(
            is_zero_week=pl.col("count").is_null()
            & pl.col("usual").is_not_null()
            & (pl.col("week_start") > pl.col("begun"))
        )
        .with_columns(
            pl.col("count").fill_null(0),
            is_known=pl.col("count").is_not_null() | pl.col("is_zero_week"),
            exposure=pl.when("is_zero_week").then("usual").otherwise(pl.col("exposure")),
        )
        .with_columns(pl.col("exposure").fill_null(0.0))
        .sort("series", "week_start")
    )
    return WeeklySeries(
        rows=filled.select("series", "week_start", "count", "exposure", "is_known"),
        zero_week_count=int(filled["is_zero_week"].sum()),
        unknown_week_count=length - usual.height,
        name_type=name_type,
    )
