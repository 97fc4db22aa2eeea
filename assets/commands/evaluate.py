"""`voc eval`: the engine's own measures on a file of yours, as JSON; no home is needed."""

import json
import resource
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from models.errors import ConfigurationError, shortened
from models.trend import TrendMethod
from models.week import ONE_WEEK, parse_week, week_start

app = typer.Typer(no_args_is_help=True, help="Measure the engine on a file of yours.")

FileArgument = Annotated[Path, typer.Argument(help="CSV or Parquet.")]
TextOption = Annotated[str, typer.Option("--text", help="Column of the texts.")]
LabelOption = Annotated[str, typer.Option("--label", help="Column of people's labels.")]
VectorsOption = Annotated[
    str, typer.Option("--vectors", help="wordllama, or an ONNX model: its folder, or owner/name.")
]


@app.command()
def issues(
    file: FileArgument,
    text: TextOption,
    label: LabelOption,
    vectors: VectorsOption = "wordllama",
    separator: Annotated[
        str, typer.Option("--separator", help="What parts the labels of texts that have several.")
    ] = "",
) -> None:
    """How well issues are found in one batch: agreement with labels, speed, memory."""
    from assets.vector_model import chosen_model
    from voc_pipeline.evaluate.issues import find_issues, judge_issues
    from voc_pipeline.evaluate.many_labels import judge_many

    table = _labelled(file, text, label)
    model = chosen_model(vectors, Path())
    texts = table[text].to_list()
    started = time.perf_counter()
    found = find_issues(texts, model)
    seconds = time.perf_counter() - started
    human = table[label].to_list()
    if separator:
        given = [
            frozenset(filter(None, map(str.strip, (one or "").split(separator)))) for one in human
        ]
        judged = judge_many(found, given)
    else:
        judged = judge_issues(found, human)
    _print(
        {
            "vectors": model.model_id,
            **judged,
            "texts_per_second": round(len(texts) / seconds, 1),
            "peak_memory_mb": _peak_memory_mb(),
        }
    )


@app.command()
def identity(
    file: FileArgument,
    text: TextOption,
    label: LabelOption,
    week: Annotated[str, typer.Option("--week", help="Column of weeks: dates, 2026-W46 or 0, 1.")],
    vectors: VectorsOption = "wordllama",
) -> None:
    """Whether issues keep their ids over weeks, and new ones are found: a replay, week by week."""
    from assets.vector_model import chosen_model
    from voc_pipeline.evaluate.identity import judge_identity, replay

    table = _labelled(file, text, label, week)
    weeks = _mondays(table[week], file)
    model = chosen_model(vectors, Path())
    started = time.perf_counter()
    done = replay(table[text].to_list(), weeks, model)
    seconds = time.perf_counter() - started
    _print(
        {
            "vectors": model.model_id,
            **judge_identity(done, table[label].to_list(), weeks),
            "texts_per_second": round(len(weeks) / seconds, 1),
            "peak_memory_mb": _peak_memory_mb(),
        }
    )


@app.command()
def trends(  # noqa: PLR0913, PLR0917 - each is an option of the command
    file: FileArgument,
    series: Annotated[str, typer.Option("--series", help="Column of the series' names.")],
    week: Annotated[
        str, typer.Option("--week", help="Column of weeks: dates seven days apart, or 2026-W46.")
    ],
    count: Annotated[str, typer.Option("--count", help="Column of counts: whole numbers.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write: CSV or Parquet.")],
    exposure: Annotated[
        str | None,
        typer.Option("--exposure", help="Column of what the counts are out of; 0: not observed."),
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", help="First week judged; all if left out.")
    ] = None,
    method: Annotated[TrendMethod, typer.Option("--method", help="How to judge.")] = "voc",
) -> None:
    """Every week of every series judged with what was known up to it: range, chance, verdict."""
    from voc_pipeline.evaluate.trends import judge_series
    from voc_pipeline.evaluate.weekly_series import SeriesColumns, day_of, read_series

    begin = None if first is None else day_of(first)
    if first is not None and begin is None:
        raise ConfigurationError(f"--from {shortened(first)} is no week: 2026-11-12 or 2026-W46")
    _refuse_unwritable(out, file)
    columns = SeriesColumns(series, week, count, exposure)
    try:
        known = read_series(_read(file), columns)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from error
    started = time.process_time()
    judged = judge_series(known, first=begin, method=method)
    seconds = time.process_time() - started
    if out.suffix.lower() == ".csv":
        judged.write_csv(out)
    else:
        judged.write_parquet(out)
    _print(
        {
            "method": method,
            "series": judged["series"].n_unique(),
            "judged_weeks": judged["week_start"].n_unique(),
            "rows": judged.height,
            "alarms": int(judged["is_alarm"].sum()),
            "missing_weeks_taken_as_zero": known.zero_week_count,
            "weeks_without_any_row": known.unknown_week_count,
            "cpu_seconds": round(seconds, 2),
        }
    )


def _refuse_unwritable(out: Path, file: Path) -> None:
    if out.suffix.lower() not in (".csv", ".parquet", ".pq"):
        raise ConfigurationError(f"--out {out} is neither .csv nor .parquet: name one of these")
    if not out.parent.is_dir():
        raise ConfigurationError(f"--out {out}: there is no folder {out.parent}: make it first")
    if out.exists() and file.exists() and out.samefile(file):
        raise ConfigurationError(f"--out {out} is the file that is read: name another")


def _labelled(file: Path, text: str, label: str, *more: str) -> pl.DataFrame:
    """The columns asked for, text and label as strings, an empty label as null.

    Raises:
        ConfigurationError: the file cannot be read, a column is missing, or nothing is labelled.
    """
    columns = [text, label, *more]
    if len(set(columns)) < len(columns):
        raise ConfigurationError("the columns of text, label and week must be different ones")
    table = _read(file)
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise ConfigurationError(
            f"{file} has no column {', '.join(map(shortened, missing))}; it has "
            f"{shortened(', '.join(table.columns), 300)}"
        )
    table = table.select(columns).with_columns(
        pl.col(text, label).cast(pl.String, strict=False),
    )
    table = table.with_columns(
        pl.when(pl.col(label).str.strip_chars() != "").then(pl.col(label).str.strip_chars())
    )
    if table[label].null_count() == len(table):
        raise ConfigurationError(f"column {label} of {file} holds no label: name another column")
    return table


def _read(file: Path) -> pl.DataFrame:
    if not file.is_file():
        raise ConfigurationError(f"there is no file {file}")
    try:
        if file.suffix.lower() in (".parquet", ".pq"):
            return pl.read_parquet(file)
        separator = "\t" if file.suffix.lower() == ".tsv" else ","
        return pl.read_csv(file, infer_schema=False, separator=separator)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ConfigurationError(
            f"{file} cannot be read as {'Parquet' if 'arquet' in file.suffix else 'CSV'} "
            f"({type(error).__name__}): pass CSV in UTF-8 with a header, or Parquet"
        ) from error


def _mondays(column: pl.Series, file: Path) -> list[date]:
    """The Monday of every row's week, from dates, ISO labels or plain numbers.

    Raises:
        ConfigurationError: a row has no week, or one that is none of these.
    """
    from voc_pipeline.evaluate.texts import FIRST_WEEK

    if column.null_count():
        raise ConfigurationError(
            f"{column.null_count()} rows of {file} have no week in column {column.name}: "
            "fill it, or leave these rows out"
        )
    found = []
    for value in column.to_list():
        if isinstance(value, datetime):
            found.append(week_start(value.date()))
        elif isinstance(value, date):
            found.append(week_start(value))
        elif isinstance(value, int) or (isinstance(value, str) and value.strip().isdigit()):
            if not 0 <= int(value) <= 5_000:
                raise ConfigurationError(f"week {shortened(value)} is not between 0 and 5000")
            found.append(FIRST_WEEK + ONE_WEEK * int(value))
        else:
            found.append(parse_week(str(value)[:10].strip()))
    return found


def _peak_memory_mb() -> int:
    """Peak resident memory of this process; Linux counts it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


def _print(figures: dict[str, object]) -> None:
    typer.echo(json.dumps(figures))
