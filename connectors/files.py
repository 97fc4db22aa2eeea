"""The kinds `files`: tables of surveys, reviews, posts, tickets, with words and a score.

How a table file is read does not belong here (`table_files`), nor what a column means (`mapping`).
"""

import difflib
from pathlib import Path
from typing import ClassVar

import polars as pl

from connectors.base import FETCHED_SCHEMA, Capability, Mapping
from connectors.file_source import FileContent, FileSource, FoundFile, payload_hashes
from connectors.instants import read_instants
from connectors.mapping import decoded, map_rows, mapped_names
from connectors.table_files import TableRows, read_rows, reject_rows
from models.errors import ConfigurationError, FatalSourceError, shortened
from models.source import CallRecordsSource, FilesSource, ScoreSettings, SourceSettings


class TableFileSource(FileSource):
    """What the kinds that read tables share: identity, instants and rejects of each row."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({"files", "revisions", "deletions"})

    def __init__(self, source: SourceSettings, home: Path, time_zone: str) -> None:
        if not isinstance(source, FilesSource | CallRecordsSource):
            raise ConfigurationError(f"source {source.id} is no source of table files; set kind")
        super().__init__(source, home, time_zone)
        self._source = source
        self._score: ScoreSettings | None = getattr(source, "score", None)

    def read_file(self, file: FoundFile) -> FileContent:
        """All rows of one file: with an id and an instant as records, the others as rejects."""
        rows = read_rows(file, self._source)
        if not len(rows.payloads):
            return FileContent(rows.count, FETCHED_SCHEMA.to_frame(), rows.rejects, rows.is_torn)
        self._check_columns(file, rows)
        columns = self._source.columns
        hashes = payload_hashes(rows.payloads)
        cells = _cells(rows, columns.external_id + columns.occurred_at + columns.received_at)
        occurred = self._instants(cells, columns.occurred_at)
        received = self._instants(cells, columns.received_at)
        ids = _external_ids([cells.get_column(name) for name in columns.external_id], hashes)
        read = pl.DataFrame(
            {
                "external_id": ids,
                "content_hash": hashes,
                "is_deleted": pl.repeat(value=False, n=len(hashes), eager=True),
                "occurred_at": occurred,
                "received_at": received,
                "origin": file.name + ":" + rows.numbers.cast(pl.String),
                "payload": rows.payloads,
            }
        )
        is_sound = ids.is_not_null() & occurred.is_not_null()
        wrong = read.filter(~is_sound)
        days = [cells.get_column(name) for name in columns.occurred_at]
        dates = _shown_dates(pl.DataFrame(days).filter(~is_sound))
        has_id = wrong["external_id"].is_not_null().to_list()
        rejects = reject_rows(
            wrong["origin"].to_list(),
            [
                f"no usable date in {' and '.join(columns.occurred_at)}: {date}"
                if known
                else f"no id in {' and '.join(columns.external_id)}"
                for known, date in zip(has_id, dates, strict=True)
            ],
            [
                "mend the date, or write its format in `date_formats`, e.g. %d/%m/%Y %H:%M"
                if known
                else "fill the id, or leave external_id out: the content is then the id"
                for known in has_id
            ],
            wrong["payload"].to_list(),
        )
        return FileContent(
            rows.count,
            read.filter(is_sound).cast(FETCHED_SCHEMA),
            pl.concat([rows.rejects, rejects]),
            rows.is_torn,
        )

    def to_feedback(self, raw: pl.DataFrame) -> Mapping:
        """One mapped row per raw row, in the same order."""
        return map_rows(raw, self._source, self._source.columns, self._score)

    def _instants(self, cells: pl.DataFrame, names: tuple[str, ...]) -> pl.Series:
        if not names:
            return pl.Series([None] * cells.height, dtype=pl.Datetime("us"))
        return read_instants(
            [cells.get_column(name) for name in names],
            formats=self._source.date_formats,
            time_zone=self._zone,
        )

    def _check_columns(self, file: FoundFile, rows: TableRows) -> None:
        """Every mapped column is there; in JSON, only what a record cannot do without must be.

        Raises:
            FatalSourceError: one is missing.
        """
        columns = self._source.columns
        wanted = mapped_names(columns, self._score)
        if rows.cells is None:
            score = [self._score.column] if self._score else []
            has_words = any(name in rows.names for name in columns.verbatim)
            words = () if has_words else columns.verbatim
            wanted = (*columns.external_id, *columns.occurred_at, *words, *score)
        missing = [name for name in wanted if name not in rows.names]
        if not missing:
            return
        close = difflib.get_close_matches(missing[0], rows.names, n=3, cutoff=0.5)
        found = [*close, *(name for name in rows.names if name not in close)]
        hint = f"did you mean {shortened(close[0])}? " if close else ""
        if len(rows.names) == 1 and not close:
            hint = "is `separator` right? "
        raise FatalSourceError(
            f"{file.name} has no column {shortened(missing[0])}; {hint}It has "
            f"{', '.join(shortened(name, 40) for name in found[:20])}. Mend `columns` of source "
            f"{self._source_id}, or the file"
        )


class FilesConnector(TableFileSource):
    """Tables with words: CSV, JSON, JSON Lines, Parquet, gzip or zstd."""


def _cells(rows: TableRows, names: tuple[str, ...]) -> pl.DataFrame:
    """The columns in their own types where the file has any, else as texts."""
    if rows.cells is None:
        return decoded(rows.payloads, names)
    return pl.DataFrame([rows.cells.get_column(name) for name in dict.fromkeys(names)])


def _external_ids(columns: list[pl.Series], hashes: pl.Series) -> pl.Series:
    """The mapped columns joined by `/`, null if one is empty; else the content and its ordinal.

    The ordinal counts identical rows of one file, so that a row exported again in another file is
    known, and the ids do not depend on which files are read.
    """
    if not columns:
        ordinal = hashes.to_frame("hash").select(pl.int_range(1, pl.len() + 1).over("hash"))
        return hashes + "-" + ordinal.to_series().cast(pl.String)
    parts = []
    for column in columns:
        if column.dtype.is_float():
            whole = column.cast(pl.Int64, strict=False)
            text = pl.select(
                pl.when(whole == column)
                .then(whole.cast(pl.String))
                .otherwise(column.cast(pl.String))
            ).to_series()
        else:
            text = column.cast(pl.String, strict=False).str.replace_all("\x00", "", literal=True)
        text = text.str.strip_chars()
        if len(columns) > 1:
            text = text.str.replace_all("%", "%25", literal=True)
            text = text.str.replace_all("/", "%2F", literal=True)
        parts.append(pl.select(pl.when(text != "").then(text)).to_series())
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + "/" + part
    return joined


def _shown_dates(cells: pl.DataFrame) -> list[str]:
    """The values if they look like dates; of other texts, which may be words, the length."""
    shown = []
    for row in cells.cast(pl.String, strict=False).iter_rows():
        text = " ".join(part or "" for part in row).strip()
        is_plain = text.translate(_DATE_SIGNS) == ""
        shown.append(shortened(text, 34) if is_plain else f"a text of {len(text)} characters")
    return [text.replace("''", "empty") for text in shown]


_DATE_SIGNS = dict.fromkeys(map(ord, "0123456789TZ/:. +-"))
