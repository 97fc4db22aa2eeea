"""Files of exposure: orders or customers by day or week, read whole and checked row by row.

A wrong count would bend every verdict, so a bad row stops the run with its place; nothing is set
aside here.
"""

from pathlib import Path

import polars as pl

from connectors.file_source import FoundFile, find_files
from models.errors import ConfigurationError, shortened
from models.exposure import ExposureSettings

_REMEDY = "mend the file, or [exposure] in settings.toml"


def read_exposure(settings: ExposureSettings, home: Path) -> pl.DataFrame:
    """One row per row of the files: day, the dimensions named, exposure; sorted.

    Raises:
        ConfigurationError: no file, a column that is missing, a day or count that is none, or two
            rows for one day and cell.
    """
    files = find_files(home, settings.paths)
    if not files:
        raise ConfigurationError(
            f"exposure: no file matches {shortened(', '.join(settings.paths))} in {home}: {_REMEDY}"
        )
    keys = ["day", *settings.dimensions]
    rows = pl.concat([_rows_of(file, settings) for file in files]).sort(*keys, "place")
    twice = rows.filter(pl.struct(keys).is_duplicated())
    if twice.height:
        raise ConfigurationError(
            f"exposure: {twice['place'][0]} and {twice['place'][1]} are both of "
            f"{twice['day'][0]} and the same cells: keep one; {_REMEDY}"
        )
    return rows.select(*keys, "exposure")


def _rows_of(file: FoundFile, settings: ExposureSettings) -> pl.DataFrame:
    table = _read(file)
    wanted: dict[str, str] = {"day": settings.date, "exposure": settings.count}
    wanted |= dict(settings.dimensions.items())
    missing = [name for name in wanted.values() if name not in table.columns]
    if missing:
        raise ConfigurationError(
            f"exposure: {file.name} has no column {shortened(missing[0])}; it has "
            f"{shortened(', '.join(table.columns), 200)}: {_REMEDY}"
        )
    texts = table.select(
        pl.col(column).cast(pl.String).str.strip_chars().alias(name)
        for name, column in wanted.items()
    )
    rows = texts.with_columns(
        pl.col("day").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).alias("read_day"),
        pl.col("exposure").cast(pl.Float64, strict=False).alias("read_count"),
        place=pl.lit(f"{file.name}:") + pl.int_range(1, pl.len() + 1).cast(pl.String),
    )
    good = pl.col("read_count").is_finite() & (pl.col("read_count") >= 0)
    wrong = rows.filter(pl.col("read_day").is_null() | ~good.fill_null(value=False))
    if wrong.height:
        row = wrong.row(0, named=True)
        raise ConfigurationError(
            f"exposure: {row['place']} has {settings.date} {shortened(row['day'])} and "
            f"{settings.count} {shortened(row['exposure'])}: a day is 2026-11-09, a count a number "
            f"of 0 or more; {_REMEDY}"
        )
    return rows.select(
        "place",
        pl.col("read_day").alias("day"),
        *(pl.col(name).replace("", None) for name in settings.dimensions),
        pl.col("read_count").alias("exposure"),
    )


def _read(file: FoundFile) -> pl.DataFrame:
    try:
        if file.path.suffix.lower() in {".parquet", ".pq"}:
            return pl.read_parquet(file.path)
        return pl.read_csv(file.path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ConfigurationError(
            f"exposure: {file.name} cannot be read as a table: {shortened(error)}; {_REMEDY}"
        ) from error
