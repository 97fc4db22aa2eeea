"""Files as a source: found by globs, decompressed, fingerprinted, skipped when nothing is new.

What stands inside a file does not belong here: see `table_files` and `transcript_formats`.
"""

import glob
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import ClassVar

import polars as pl
import pyarrow as pa
from pydantic import Field, ValidationError

from connectors.base import (
    FETCHED_SCHEMA,
    REJECT_SCHEMA,
    Batch,
    Capability,
    Mapping,
    SourceFault,
    Window,
)
from models.errors import FatalSourceError, SourceError, shortened
from models.source import SourceSettings
from models.table import Contract

BATCH_ROWS = 100_000
_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_READING = 2
"""Counted up when the same file would give other records: every file is then read again."""


@dataclass(frozen=True)
class FoundFile:
    """A file of a source; its name is as the settings write it, so that a home can move."""

    path: Path
    name: str


@dataclass(frozen=True)
class FileContent:
    """What one file gave."""

    count: int
    """Records in the file, counted apart from their reading."""
    records: pl.DataFrame
    rejects: pl.DataFrame = field(default_factory=REJECT_SCHEMA.to_frame)
    is_torn: bool = False
    """True if the file ends in the middle of a record."""


class _SeenFile(Contract):
    """What the cursor remembers of a file."""

    size: int
    fingerprint: str
    first: datetime | None
    last: datetime | None
    later_count: int
    """Records after the end of the window for which it was read."""
    loaded_through: datetime


class _Cursor(Contract):
    """What the source remembers between two loads."""

    digest: str
    """Of the settings: with others, the same file may give other records."""
    history_start: datetime
    files: dict[str, _SeenFile] = Field(default_factory=dict)


def find_files(home: Path, patterns: Sequence[str]) -> list[FoundFile]:
    """The files that the patterns name, each once, sorted by name; a folder means all in it.

    Raises:
        FatalSourceError: a pattern without a wildcard names nothing.
    """
    found: dict[Path, FoundFile] = {}
    for pattern in patterns:
        if glob.has_magic(pattern):
            names = glob.glob(pattern, root_dir=home, recursive=True)  # noqa: PTH207 - takes ..
        elif (home / pattern).is_dir():
            names = glob.glob(f"{pattern.rstrip('/')}/*", root_dir=home)  # noqa: PTH207
        elif (home / pattern).is_file():
            names = [pattern]
        else:
            raise FatalSourceError(
                f"no file {shortened(pattern)} under the home: put it there, mend `paths`, or "
                "write a glob such as inbox/*.csv if it comes later"
            )
        for name in names:
            path = home / name
            if path.is_file():
                place = path.resolve() if len(patterns) > 1 else path
                found.setdefault(place, FoundFile(path, Path(name).as_posix()))
    return sorted(found.values(), key=lambda file: file.name)


def read_bytes(file: FoundFile) -> bytes:
    """The file's content, decompressed if it is gzip or zstd, whatever its name.

    Raises:
        FatalSourceError: it cannot be read, or the compressed file is cut or damaged.
    """
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise FatalSourceError(f"{file.name}: {error.strerror}; mend its permissions") from error
    compression = next(
        (kind for mark, kind in _COMPRESSIONS.items() if content[:4].startswith(mark)), None
    )
    if compression is None:
        return content
    try:
        with pa.CompressedInputStream(pa.BufferReader(content), compression) as stream:
            return bytes(stream.read())
    except (OSError, pa.ArrowInvalid) as error:
        raise FatalSourceError(
            f"{file.name}: its {compression} content is cut or damaged; copy the whole file again"
        ) from error


def decoded_text(file: FoundFile, content: bytes, encoding: str) -> str:
    """The content as text, without a byte order mark.

    Raises:
        FatalSourceError: the content is not in this encoding, or the encoding is unknown.
    """
    try:
        text = content.decode(encoding)
    except LookupError as error:
        raise FatalSourceError(
            f"{file.name}: there is no encoding {shortened(encoding)}; write e.g. "
            'encoding = "windows-1252"'
        ) from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FatalSourceError(
            f"{file.name}: byte {error.start} in line {line} is not {encoding}; write "
            f'`encoding = "{_likely_encoding(content, encoding)}"` in the source\'s settings, or '
            "save the file as UTF-8"
        ) from error
    return text.removeprefix("\ufeff")


def payload_hashes(payloads: pl.Series) -> pl.Series:
    """BLAKE2b-128 of each payload, hexadecimal."""
    return pl.Series(
        "content_hash",
        [
            hashlib.blake2b(payload.encode(), digest_size=16).hexdigest()
            for payload in payloads.to_list()
        ],
        dtype=pl.String,
    )


class FileSource(ABC):
    """A connector whose records stand in files. A subclass says what one file holds."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({"files", "revisions"})

    def __init__(self, source: SourceSettings, home: Path, time_zone: str) -> None:
        self._home = home
        self._source_id = source.id
        self._patterns: tuple[str, ...] = getattr(source, "paths", ())
        self._is_snapshot = bool(getattr(source, "is_snapshot", False))
        self._zone = source.time_zone or time_zone
        self._digest = hashlib.blake2b(
            f"{_READING}|{self._zone}|{source.model_dump_json()}".encode(), digest_size=16
        ).hexdigest()
        self._contents: dict[str, tuple[str, FileContent]] = {}
        self._fingerprints: dict[tuple[object, ...], str] = {}

    @abstractmethod
    def to_feedback(self, raw: pl.DataFrame) -> Mapping:
        """One mapped row per raw row, in the same order."""

    @abstractmethod
    def read_file(self, file: FoundFile) -> FileContent:
        """All records of one file, in its order.

        Raises:
            FatalSourceError: the file or its settings must change.
        """

    def check(self) -> list[SourceFault]:
        """What is wrong with the settings or the files, each with its remedy; loads nothing.

        A file that cannot be read stops its source; records that are set aside do not, unless
        nothing is left.
        """
        try:
            files = find_files(self._home, self._patterns)
        except SourceError as error:
            return [SourceFault(str(error), stops=True)]
        if not files:
            told = (
                f"no file matches {', '.join(self._patterns)} yet; put one there, or mend `paths`"
            )
            return [SourceFault(told, stops=True)]
        faults: list[SourceFault] = []
        count = aside = 0
        for file in files:
            try:
                content = self._content(file, self._fingerprint(file))
            except SourceError as error:
                faults.append(SourceFault(str(error), stops=True))
                continue
            count += content.count
            aside += content.rejects.height
            lines = _set_aside_lines(file, content.count, content.rejects)
            lines += _set_aside_lines(file, content.count, self._emptied(content.records))
            if not content.count:
                lines.append(f"{file.name}: no record in it; copy it again, or take it away")
            if self._is_snapshot and content.rejects.height:
                lines.append(f"{file.name}: no deletion is recognised while records are set aside")
            faults += [SourceFault(line, stops=False) for line in lines]
        if count > 1 and aside == count:  # a first load refuses it: see assets.raw
            faults = [SourceFault(one.told, stops=True) for one in faults]
        return faults

    def _emptied(self, records: pl.DataFrame) -> pl.DataFrame:
        """Parts of records that would be emptied: a score off its scale, a number that is none."""
        raw = records.with_columns(
            source_id=pl.lit(self._source_id), revision=pl.lit(1, dtype=pl.Int64)
        )
        return self.to_feedback(raw).set_aside

    def fetch(self, window: Window, cursor: str | None) -> Iterator[Batch]:
        """All records of the files that hold anything new for the window, a batch at a time.

        The last batch carries the new cursor; it comes even if nothing was read. A snapshot is
        read whole or not at all, and proves a deletion only if every record of it could be read.

        Raises:
            FatalSourceError: a file or its settings must change.
        """
        seen = self._read_cursor(cursor, window.history_start)
        found = {
            file.name: (file, self._fingerprint(file))
            for file in find_files(self._home, self._patterns)
        }
        todo = {
            name: (file, mark)
            for name, (file, mark) in found.items()
            if not _has_nothing_new(seen.files.get(name), mark, window)
        }
        if self._is_snapshot and (todo or found.keys() != seen.files.keys()):
            todo = found
        contents = [self._content(file, mark) for file, mark in todo.values()]
        states = {name: state for name, state in seen.files.items() if name in found}
        for (name, (file, mark)), content in zip(todo.items(), contents, strict=True):
            states[name] = _state(file, mark, content, window)
        after = seen.model_copy(update={"files": states}).model_dump_json()
        is_whole = any(content.count for content in contents) and not any(
            content.is_torn or content.rejects.height for content in contents
        )
        complete = (window.history_start, window.end) if self._is_snapshot and is_whole else None
        batches = chain(_batches(contents), [None])
        batch = next(batches)
        while batch is not None:
            following = next(batches)
            if following is None:
                yield Batch(batch.fetched_count, batch.records, batch.rejects, after, complete)
            else:
                yield Batch(batch.fetched_count, batch.records, batch.rejects, cursor)
            batch = following

    def _content(self, file: FoundFile, fingerprint: str) -> FileContent:
        """The file's records, read once as long as it does not change."""
        known = self._contents.get(file.name)
        if known and known[0] == fingerprint:
            return known[1]
        content = self.read_file(file)
        if content.count != content.records.height + content.rejects.height:
            raise FatalSourceError(
                f"{file.name} holds {content.count} records, but {content.records.height} could be "
                f"read and {content.rejects.height} were set aside: look for a quote that is never "
                "closed, mend it, and run again"
            )
        self._contents[file.name] = (fingerprint, content)
        return content

    def _fingerprint(self, file: FoundFile) -> str:
        stat = file.path.stat()
        key = (file.path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        if key not in self._fingerprints:
            with file.path.open("rb") as stream:
                self._fingerprints[key] = hashlib.file_digest(
                    stream, lambda: hashlib.blake2b(digest_size=16)
                ).hexdigest()
        return self._fingerprints[key]

    def _read_cursor(self, cursor: str | None, history_start: datetime) -> _Cursor:
        """The cursor; an empty one if it is of other settings, so that all is read again."""
        fresh = _Cursor(digest=self._digest, history_start=history_start)
        if cursor is None:
            return fresh
        try:
            read = _Cursor.model_validate_json(cursor)
        except ValidationError:
            return fresh
        return read if fresh.model_copy(update={"files": read.files}) == read else fresh


def _set_aside_lines(file: FoundFile, count: int, rejects: pl.DataFrame) -> list[str]:
    """One line for each remedy: how many, the first place, and why."""
    found = rejects.group_by("scope", "remedy", maintain_order=True).agg(
        pl.len().alias("number"), pl.col("reason", "origin").first()
    )
    return [
        f"{file.name}: {row['number']} of {count} "
        f"{'set aside' if row['scope'] == 'record' else 'would lose the ' + row['scope']}, first "
        f"{row['origin']}: {row['reason']}; {row['remedy']}"
        for row in found.to_dicts()
    ]


def _has_nothing_new(seen: _SeenFile | None, fingerprint: str, window: Window) -> bool:
    """True if the file is as it was, and its records were all loaded or all come later."""
    if seen is None or seen.fingerprint != fingerprint:
        return False
    if seen.first is None or seen.last is None:
        return True
    return seen.last <= seen.loaded_through or seen.first > window.end


def _state(file: FoundFile, fingerprint: str, content: FileContent, window: Window) -> _SeenFile:
    known_at = content.records.select(
        pl.coalesce("received_at", "occurred_at").alias("known_at")
    ).to_series()
    first, last = known_at.min(), known_at.max()
    return _SeenFile(
        size=file.path.stat().st_size,
        fingerprint=fingerprint,
        first=first if isinstance(first, datetime) else None,
        last=last if isinstance(last, datetime) else None,
        later_count=int((known_at > window.end).sum()),
        loaded_through=window.end,
    )


def _batches(contents: list[FileContent]) -> Iterator[Batch]:
    """Batches of at most BATCH_ROWS records: small files share one, large ones are cut.

    At least one batch comes, empty if there is nothing.
    """
    records: list[pl.DataFrame] = []
    rejects: list[pl.DataFrame] = []
    count = 0
    for content in contents:
        no_rejects = content.rejects.clear()
        slices = list(content.records.iter_slices(BATCH_ROWS)) or [content.records]
        for number, part in enumerate(slices):
            set_aside = no_rejects if number else content.rejects
            size = part.height + set_aside.height
            if count and count + size > BATCH_ROWS:
                yield _batch(count, records, rejects)
                records, rejects, count = [], [], 0
            records.append(part)
            rejects.append(set_aside)
            count += size
    yield _batch(count, records, rejects)


def _batch(count: int, records: list[pl.DataFrame], rejects: list[pl.DataFrame]) -> Batch:
    return Batch(
        count,
        pl.concat([FETCHED_SCHEMA.to_frame(), *records]),
        pl.concat([REJECT_SCHEMA.to_frame(), *rejects]),
    )


def _likely_encoding(content: bytes, tried: str) -> str:
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    return "latin-1" if "1252" in tried else "windows-1252"
