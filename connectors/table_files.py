"""Tables in files: CSV, JSON, JSON Lines and Parquet to rows with their payload as received.

How files are found, skipped and batched does not belong here (`file_source`), nor what a row
means (`mapping`).
"""

import io
import json
import re
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as arrow_parquet

from connectors.base import REJECT_SCHEMA
from connectors.csv_records import count_csv_records, count_slowly, csv_reader, record_lines
from connectors.file_source import FoundFile, decoded_text, read_bytes
from models.errors import FatalSourceError, shortened
from models.source import TableFilesSource

LONGEST_REJECT = 100_000
"""Characters of a torn remainder that are kept with its reject."""
_LARGEST_BLOCK = 1 << 28
_LONGEST_HEADER = 1 << 20
_BETWEEN = re.compile(r"[\s,\[\]\x00]*")
"""What stands between the elements of a JSON array."""
STRAY_END = re.compile(r"[\s\]}]*")
"""Closing brackets after the last whole element: no record is lost with them."""
_UNCLOSED = "the list is not closed: what came after its last whole record is missing"
LONGEST_TAIL = 200
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


@dataclass(frozen=True)
class TableRows:
    """One file's rows, in its order."""

    count: int
    """Records of the file, counted apart from their reading."""
    numbers: pl.Series
    """CSV and JSON Lines: the line on which the record starts, as an editor counts; else 1 for the
    first record."""
    payloads: pl.Series
    """JSON objects."""
    names: tuple[str, ...] = ()
    """Columns found; of JSON, the keys of any record."""
    cells: pl.DataFrame | None = None
    """The columns in their own types; None where only the payload holds them (JSON)."""
    rejects: pl.DataFrame = field(default_factory=REJECT_SCHEMA.to_frame)
    is_torn: bool = False


def read_rows(file: FoundFile, source: TableFilesSource) -> TableRows:
    """One row per record of the file, whichever its format.

    Raises:
        FatalSourceError: the file is damaged, in another encoding, or holds no table.
    """
    content = read_bytes(file)
    kind = source.format if source.format != "auto" else _format_of(file, content)
    if kind == "parquet":
        return _parquet_rows(file, content)
    text = decoded_text(file, content, source.encoding)
    if kind == "csv":
        return _csv_rows(file, text, source.separator)
    return _json_line_rows(file, text) if kind == "jsonl" else _json_rows(file, text)


def reject_rows(
    origins: list[str], reasons: list[str], remedies: list[str], payloads: list[str]
) -> pl.DataFrame:
    """Whole records set aside."""
    return pl.DataFrame(
        {
            "scope": ["record"] * len(origins),
            "reason": reasons,
            "remedy": remedies,
            "origin": origins,
            "payload": payloads,
        },
        schema=REJECT_SCHEMA,
    )


def bounded(text: str) -> str:
    """At most LONGEST_REJECT characters, with a note of what was cut."""
    if len(text) <= LONGEST_REJECT:
        return text
    return f"{text[:LONGEST_REJECT]}… ({len(text)} characters in all; the file holds the rest)"


def _format_of(file: FoundFile, content: bytes) -> str:
    name = PurePosixPath(file.name.lower())
    if name.suffix in {".gz", ".zst", ".zstd", ".gzip"}:
        name = name.with_suffix("")
    if name.suffix in _SUFFIXES:
        return _SUFFIXES[name.suffix]
    start = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PAR1"):
        return "parquet"
    return {b"[": "json", b"{": "jsonl"}.get(start[:1], "csv")


def _numbers(count: int, first: int = 1) -> pl.Series:
    return pl.int_range(first, first + count, eager=True, dtype=pl.Int64).alias("number")


# Parquet


def _parquet_rows(file: FoundFile, content: bytes) -> TableRows:
    if not content:
        return TableRows(0, _numbers(0), pl.Series("payload", [], dtype=pl.String))
    try:
        count = arrow_parquet.ParquetFile(io.BytesIO(content)).metadata.num_rows
        frame = pl.read_parquet(io.BytesIO(content))
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        raise FatalSourceError(
            f"{file.name} is no whole Parquet file; copy it again, or say its `format`"
        ) from error
    return _frame_rows(file, frame, count, _numbers(frame.height), REJECT_SCHEMA.to_frame())


def _frame_rows(
    file: FoundFile, frame: pl.DataFrame, count: int, numbers: pl.Series, rejects: pl.DataFrame
) -> TableRows:
    binary = [name for name, kind in frame.schema.items() if kind == pl.Binary]
    frame = frame.with_columns(pl.col(binary).bin.encode("hex")) if binary else frame
    nested = [
        name for name, kind in frame.schema.items() if kind.is_nested() and "Binary" in str(kind)
    ]
    if nested:
        raise FatalSourceError(
            f"{file.name}: column {shortened(nested[0])} holds bytes inside a list; leave it out "
            "of the file"
        )
    if not frame.width:
        payloads = pl.Series("payload", [], dtype=pl.String)
    else:
        payloads = frame.select(
            pl.struct(pl.all()).struct.json_encode().alias("payload")
        ).to_series()
    return TableRows(count, numbers, payloads, tuple(frame.columns), frame, rejects)


# CSV


def _csv_rows(file: FoundFile, text: str, separator: str) -> TableRows:
    header = next((row for row in csv_reader(text[:_LONGEST_HEADER], separator) if row), [])
    content = text.encode() + b"\n"
    if not header:
        return TableRows(0, _numbers(0), pl.Series("payload", [], dtype=pl.String))
    ragged: list[arrow_csv.InvalidRow] = []

    def set_aside(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    try:
        table = arrow_csv.read_csv(
            io.BytesIO(content),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=min(len(content) + 1, _LARGEST_BLOCK)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=set_aside
            ),
            convert_options=arrow_csv.ConvertOptions(
                strings_can_be_null=False, column_types=dict.fromkeys(header, pa.large_string())
            ),
        )
    except pa.ArrowInvalid as error:
        raise FatalSourceError(
            f"{file.name} cannot be read as CSV: its header or quotes are broken, or a record is "
            f"larger than {_LARGEST_BLOCK >> 20} MB; mend them, or the source's `separator`"
        ) from error
    frame = pl.DataFrame(pl.from_arrow(table.rename_columns(_distinct(table.column_names))))
    ordinals = _numbers(frame.height + len(ragged), first=2)
    is_ragged = ordinals.is_in([row.number for row in ragged])
    count, is_open = count_csv_records(content)
    if count != frame.height + len(ragged) or is_open:
        count, is_open = count_slowly(text, separator)
    lines = record_lines(content, ordinals)
    rejects = _ragged_rejects(file, ragged, lines.filter(is_ragged))
    ends_short = bool(ragged) and not text.endswith(("\n", "\r"))
    rows = _frame_rows(file, frame, count, lines.filter(~is_ragged), rejects)
    is_last_read = bool(frame.height) and not is_ragged[-1]
    return (
        _without_torn_end(file, rows, is_last_read)
        if is_open
        else replace(rows, is_torn=ends_short)
    )


def _distinct(names: list[str]) -> list[str]:
    """Column names without repeats: the second `a` becomes `a_2`."""
    distinct: list[str] = []
    for name in names:
        number, free = 1, name
        while free in distinct:
            number += 1
            free = f"{name}_{number}"
        distinct.append(free)
    return distinct


def _ragged_rejects(
    file: FoundFile, ragged: list[arrow_csv.InvalidRow], lines: pl.Series
) -> pl.DataFrame:
    return reject_rows(
        [f"{file.name}:{line}" for line in lines],
        [
            f"{row.actual_columns} fields where the header has {row.expected_columns}"
            for row in ragged
        ],
        ["quote values that hold the separator or a line break, or complete the row"] * len(ragged),
        [bounded(row.text) for row in ragged],
    )


def _without_torn_end(file: FoundFile, rows: TableRows, is_last_read: bool) -> TableRows:
    """The rows without the last one, whose quote is never closed and may have swallowed others."""
    if not is_last_read or rows.cells is None:
        return replace(rows, is_torn=True)
    reject = reject_rows(
        [f"{file.name}:{rows.numbers[-1]}"],
        ["a quote is opened and never closed: the file is cut, or a quote is too many"],
        ["close the quote or copy the whole file again"],
        [bounded(rows.payloads[-1])],
    )
    return replace(
        rows,
        numbers=rows.numbers[:-1],
        payloads=rows.payloads[:-1],
        cells=rows.cells[:-1],
        rejects=pl.concat([rows.rejects, reject]),
        is_torn=True,
    )


# JSON


@dataclass
class _Objects:
    """The JSON objects of a file as they come, and what was none."""

    file: FoundFile
    numbers: list[int] = field(default_factory=list)
    payloads: list[str] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    wrong: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, number: int, text: str, parsed: object) -> None:
        if isinstance(parsed, dict):
            self.numbers.append(number)
            self.payloads.append(text)
            if not parsed.keys() <= self.names.keys():
                self.names.update(dict.fromkeys(parsed))
        else:
            self.wrong.append((number, text, "no JSON object"))

    def rows(self, count: int, *, is_torn: bool) -> TableRows:
        return TableRows(
            count,
            pl.Series("number", self.numbers, dtype=pl.Int64),
            pl.Series("payload", self.payloads, dtype=pl.String),
            tuple(self.names),
            None,
            reject_rows(
                [f"{self.file.name}:{number}" for number, _, _ in self.wrong],
                [reason for _, _, reason in self.wrong],
                ["complete or mend the file and load it again"] * len(self.wrong),
                [bounded(text) for _, text, _ in self.wrong],
            ),
            is_torn,
        )


def _json_line_rows(file: FoundFile, text: str) -> TableRows:
    found = _Objects(file)
    decoder = json.JSONDecoder(strict=False)
    is_torn = False
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()  # noqa: PLW2901 - the line itself is of no use
        if not line:
            continue
        try:
            parsed, end = decoder.raw_decode(line)
        except (ValueError, RecursionError):
            end = -1
        if end == len(line):
            found.add(number, line, parsed)
            is_torn = False
        else:
            found.wrong.append((number, line, "the line is no whole JSON"))
            is_torn = not text.endswith("\n")
    count = sum(1 for _ in re.finditer(r"\S[^\n]*", text))
    return found.rows(count, is_torn=is_torn)


def _json_rows(file: FoundFile, text: str) -> TableRows:
    """An array's elements, or objects one after the other; what is whole before a cut is kept."""
    found = _Objects(file)
    decoder = json.JSONDecoder(strict=False)
    position, number, is_torn = _past(text, 0), 0, False
    end = position
    while position < len(text):
        number += 1
        try:
            parsed, end = decoder.raw_decode(text, position)
            found.add(number, text[position:end], parsed)
            position = _past(text, end)
        except (ValueError, RecursionError):
            is_torn = number == 1 or not STRAY_END.fullmatch(text, position)
            break
    count = _count_json(text)
    if is_torn:
        found.wrong.append((number, text[position:], "the JSON breaks off or is no JSON"))
    elif count is None and text.lstrip().startswith("[") and "]" not in text[end:]:
        is_torn = True
        found.wrong.append((number + 1, text[-LONGEST_TAIL:], _UNCLOSED))
    if count is None:
        count = len(found.numbers) + len(found.wrong)
    return found.rows(count, is_torn=is_torn)


def _past(text: str, position: int) -> int:
    """Where the next element of an array starts."""
    between = _BETWEEN.match(text, position)
    return between.end() if between else position


def _count_json(text: str) -> int | None:
    """Elements of the array by one parse of the whole; None if it is not one whole array."""
    try:
        whole = json.loads(text, strict=False, object_hook=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return len(whole) if isinstance(whole, list) else None
