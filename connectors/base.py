"""The protocol that every connector keeps: a window in, raw records out in batches, mapping apart.

A connector fetches and nothing else: it does not know the warehouse, keeps no state, and never
decides what is new. The load that calls it stores every batch and then commits the last cursor,
in one transaction.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple, Protocol

import polars as pl

from models.source import SourceSettings

Capability = Literal["http", "files", "revisions", "deletions", "paging", "lookback"]

FETCHED_SCHEMA = pl.Schema(
    {
        "external_id": pl.String(),
        "content_hash": pl.String(),
        "is_deleted": pl.Boolean(),
        "occurred_at": pl.Datetime("us"),
        "received_at": pl.Datetime("us"),  # null: the source does not say
        "origin": pl.String(),
        "payload": pl.String(),
    }
)
REJECT_SCHEMA = pl.Schema(
    {
        "scope": pl.String(),
        "reason": pl.String(),
        "remedy": pl.String(),
        "origin": pl.String(),
        "payload": pl.String(),
    }
)


@dataclass(frozen=True)
class Window:
    """What a load wants: records known after `start` and at or before `end` (naive UTC).

    `start` is None at a source's first load. A connector may hand over more than the window (a
    file holds what it holds): the load counts the rest as duplicate or outside the window.
    """

    start: datetime | None
    end: datetime
    history_start: datetime


@dataclass(frozen=True)
class Batch:
    """A page: what was read, what was set aside, and the cursor that holds once it is stored."""

    fetched_count: int
    """Records the source handed over in this page, counted where they were read."""
    records: pl.DataFrame
    rejects: pl.DataFrame = field(default_factory=REJECT_SCHEMA.to_frame)
    cursor: str | None = None
    """JSON text, given back at the next fetch."""
    complete_over: tuple[datetime, datetime] | None = None
    """On the last batch: the fetch held all that the source has in this span of occurred_at, ends
    included; a known record of the span that did not come was deleted."""


@dataclass(frozen=True)
class Mapping:
    """One mapped row per raw row, and the parts that were emptied because they made no sense."""

    mapped: pl.DataFrame
    """Columns of models.feedback.MappedRecord."""
    set_aside: pl.DataFrame
    """Columns of REJECT_SCHEMA plus external_id and revision; scope is never 'record'."""


class SourceFault(NamedTuple):
    """What is wrong with a source, with its remedy."""

    told: str
    stops: bool
    """True if the source brings nothing until it is mended; else it brings the rest."""


class Connector(Protocol):
    """One kind of source. Construct with its settings, the home and the company's time zone."""

    capabilities: ClassVar[frozenset[Capability]]

    def __init__(self, source: SourceSettings, home: Path, time_zone: str) -> None: ...

    def check(self) -> list[SourceFault]:
        """What is wrong with the settings or the source, each with its remedy; loads nothing."""
        ...

    def fetch(self, window: Window, cursor: str | None) -> Iterator[Batch]:
        """All records of the window, a batch at a time.

        Raises:
            RetriableSourceError: the source may answer later.
            FatalSourceError: the source or its settings must change.
        """
        ...

    def to_feedback(self, raw: pl.DataFrame) -> Mapping:
        """Pure: columns of models.raw.RawRecord in, one mapped row each out, in the same order."""
        ...
