"""Instants out of columns: dates, times of day, offsets and local time in, naive UTC out.

Pure and vectorised. What a file or a format is, and what happens to a row without an instant,
does not belong here.
"""

import polars as pl

INSTANT = pl.Datetime("us")
_ISO = (
    r"^\s*(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ]+(?P<clock>\d{1,2}:\d{2})(?P<second>:\d{2})?(?P<fraction>[.,]\d{1,9})?)?"
    r"\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?\s*$"
)
_EPOCH = r"^\s*(\d{9,10}|\d{12,13})(?:\.\d+)?\s*$"
_SAYS_ITS_OFFSET = ("%z", "%:z", "%#z", "%+", "%s")


def read_instants(
    columns: list[pl.Series], *, formats: tuple[str, ...], time_zone: str
) -> pl.Series:
    """The instant of each row in naive UTC, null where none can be read.

    Args:
        columns: One column of the instant; or the date and then the time of day. An empty time of
            day is midnight.
        formats: chrono formats tried in order; none: ISO 8601, or seconds or milliseconds since
            1970 in UTC.
        time_zone: Of what says no offset. An ambiguous local time is the earlier one; one that the
            clock skipped is moved past the gap.
    """
    first = columns[0]
    if len(columns) == 1 and first.dtype.is_temporal():
        return _temporal(first, time_zone)
    text = _as_text(first)
    for column in columns[1:]:
        day = text.str.slice(0, 10) if first.dtype.is_temporal() else text
        clock = _as_text(column).str.strip_chars().fill_null("")
        text = (day + " " + clock).str.strip_chars_end()
    if formats:
        found = _by_formats(text, formats, time_zone)
        missing = found.is_null()
        return (
            found if not missing.any() or not first.dtype.is_temporal() else _iso(text, time_zone)
        )
    return _iso(text, time_zone)


def to_utc(local: pl.Series, time_zone: str) -> pl.Series:
    """Naive local datetimes as naive UTC."""
    local = local.cast(INSTANT)
    if time_zone == "UTC":
        return local

    def moved(offset: str) -> pl.Series:
        return (
            local.dt.offset_by(offset)
            .dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
            .dt.convert_time_zone("UTC")
            .dt.replace_time_zone(None)
        )

    found = moved("0s")
    for gap in ("1h", "24h"):
        if found.null_count() == local.null_count():
            break
        found = found.fill_null(moved(gap))
    return found


def _as_text(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Datetime:
        return column.dt.strftime("%Y-%m-%d %H:%M:%S")
    if column.dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        return whole.cast(pl.String)
    return column.cast(pl.String, strict=False)


def _temporal(column: pl.Series, time_zone: str) -> pl.Series:
    if column.dtype == pl.Datetime and column.dtype.time_zone:  # type: ignore[attr-defined]
        utc: pl.Series = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return utc.cast(INSTANT)
    if column.dtype in {pl.Duration, pl.Time}:
        return pl.Series(column.name, [None] * len(column), dtype=INSTANT)
    return to_utc(column, time_zone)


def _by_formats(text: pl.Series, formats: tuple[str, ...], time_zone: str) -> pl.Series:
    found = pl.Series(text.name, [None] * len(text), dtype=INSTANT)
    text = text.str.strip_chars()
    for chrono in formats:
        if not found.has_nulls():
            break
        has_offset = any(code in chrono for code in _SAYS_ITS_OFFSET)
        written = text.str.replace(r"(?i)(?:Z|UTC|GMT)$", "+00:00") if "z" in chrono else text
        read = written.str.to_datetime(chrono, time_unit="us", strict=False)
        if read.dtype.time_zone is not None:  # type: ignore[attr-defined]
            read = read.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        elif not has_offset:
            read = to_utc(read, time_zone)
        found = found.fill_null(read)
    return found


def _iso(text: pl.Series, time_zone: str) -> pl.Series:
    parts = text.str.extract_groups(_ISO).struct.unnest()
    clock = (
        parts["clock"].fill_null("0:00")
        + parts["second"].fill_null(":00")
        + parts["fraction"].fill_null("").str.replace(",", ".", literal=True)
    )
    local = (parts["day"] + " " + clock).str.to_datetime(
        "%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False
    )
    zone = parts["zone"]
    if zone.null_count() == len(zone):
        found = to_utc(local, time_zone)
    else:
        found = pl.select(
            pl.when(zone.is_null()).then(to_utc(local, time_zone)).otherwise(local - _offset(zone))
        ).to_series()
    if found.null_count() > text.null_count():
        found = found.fill_null(_epoch(text))
    return found.alias(text.name)


def _offset(zone: pl.Series) -> pl.Series:
    """`+01:00`, `-0530`, `+02` or `Z` as a duration; null where it is no offset of the earth."""
    digits = zone.str.replace(":", "", literal=True)
    hours = digits.str.slice(1, 2).cast(pl.Int64, strict=False)
    minutes = digits.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
    sign = pl.select(pl.when(digits.str.starts_with("-")).then(-1).otherwise(1)).to_series()
    signed = pl.Series(sign * (hours * 60 + minutes)).cast(pl.Duration("us")) * 60_000_000
    return pl.select(
        pl.when(zone.str.contains("^[A-Za-z]"))
        .then(pl.duration(minutes=0))
        .when((hours <= 15) & (minutes <= 59))
        .then(signed)
    ).to_series()


def _epoch(text: pl.Series) -> pl.Series:
    digits = text.str.extract(_EPOCH).cast(pl.Int64, strict=False)
    scale = pl.select(
        pl.when(digits >= 100_000_000_000).then(1_000).otherwise(1_000_000)
    ).to_series()
    return (digits * scale).cast(INSTANT)
