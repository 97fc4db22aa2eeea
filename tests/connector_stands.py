"""One stand a kind of source: the exam publishes records there, in the kind's own form.

A stand knows how its source looks from outside (files in a home, a server on loopback), never how
the connector works.
"""

import csv
import io
import json
from abc import ABC, abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
from complaint_server import ComplaintServer, complaint, serving
from pydantic import TypeAdapter

from connectors import REGISTRY
from connectors.base import Connector, Mapping, Window
from models.source import Source


def utc(*parts: int) -> datetime:
    """An instant as the tables hold it: UTC, without saying so."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[arg-type, misc]


ZONE = "America/New_York"
MONDAY = utc(2026, 11, 2, 15)
HISTORY = utc(2026, 10, 5, 4)
FIRST = Window(None, utc(2026, 11, 9, 11), HISTORY)
SECOND = Window(FIRST.end, utc(2026, 11, 16, 11), HISTORY)
SOURCES: TypeAdapter[Any] = TypeAdapter(Source)


@dataclass(frozen=True)
class Told:
    """A record as the exam thinks of it: what every kind can say."""

    id: str
    at: datetime
    words: str
    score: str = "3"
    day: str = ""
    """The date as the source writes it, where it is not `at`."""

    @property
    def clock(self) -> str:
        return self.day or f"{self.at.isoformat()}Z"


def told(count: int, *, start: datetime = MONDAY, first: int = 1) -> list[Told]:
    """Records an hour apart, each with words of its own."""
    return [
        Told(str(number), start + timedelta(hours=number - first), f"parcel {number} came late")
        for number in range(first, first + count)
    ]


class Stand(ABC):
    """A source of one kind, set up for one case of the exam."""

    kind: ClassVar[str]
    heard_in: ClassVar[str] = "verbatim"
    """The mapped column that holds `Told.words`."""
    told_of_deletions: ClassVar[dict[str, object]] = {}
    """Settings with which a record that left counts as deleted."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.home = home
        self.waits: list[float] = []
        self.changes: dict[str, object] = {}

    @abstractmethod
    def settings(self) -> dict[str, object]:
        """A sound source's settings, as in a settings file."""

    @abstractmethod
    def publish(self, *records: Told) -> None:
        """The source now holds these and nothing else."""

    def source(self) -> Any:
        return SOURCES.validate_python({**self.settings(), **self.changes})

    def connector(self) -> Connector:
        return REGISTRY[self.kind](self.source(), self.home, ZONE)

    def map(self, connector: Connector, records: pl.DataFrame) -> Mapping:
        """The mapping of fetched records, stored as the load stores them."""
        return connector.to_feedback(stored(records, "stand"))


def stored(records: pl.DataFrame, source_id: str) -> pl.DataFrame:
    """Fetched records as rows of `raw`."""
    return records.select(
        pl.lit(source_id).alias("source_id"),
        "external_id",
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("external_id").alias("revision"),
        "content_hash",
        "is_deleted",
        "occurred_at",
        pl.col("received_at").fill_null(pl.col("occurred_at")),
        pl.lit(FIRST.end.date() - timedelta(days=7)).alias("received_week"),
        "origin",
        "payload",
    )


class ComplaintStand(Stand):
    """The complaint search, on loopback."""

    kind = "cfpb"

    def __init__(self, home: Path, stack: ExitStack) -> None:
        super().__init__(home, stack)
        self.server: ComplaintServer = stack.enter_context(serving())

    def settings(self) -> dict[str, object]:
        return {
            "id": "stand",
            "kind": "cfpb",
            "channel": "complaint",
            "url": self.server.url,
            "page_size": 3,
            "timeout_seconds": 5.0,
            "attempts": 3,
        }

    def publish(self, *records: Told) -> None:
        self.server.complaints = [
            complaint(one.id, one.day or one.at.date().isoformat(), one.words) for one in records
        ]

    def connector(self) -> Connector:
        kind: Any = REGISTRY[self.kind]
        connector: Connector = kind(self.source(), self.home, ZONE, sleep=self.waits.append)
        return connector


class FolderStand(Stand):
    """A kind that reads files from the folder `in`."""

    suffix: ClassVar[str] = "csv"

    def __init__(self, home: Path, stack: ExitStack) -> None:
        super().__init__(home, stack)
        self.folder = home / "in"
        self.folder.mkdir(parents=True)

    def place(self, name: str, content: bytes) -> None:
        """A file in the folder, as it is."""
        (self.folder / name).write_bytes(content)

    @abstractmethod
    def written(self, *records: Told) -> bytes:
        """A file with these records, in the kind's usual form."""

    @abstractmethod
    def written_as_json(self, *records: Told) -> bytes:
        """A JSON file with these records."""

    def publish(self, *records: Told) -> None:
        for path in self.folder.iterdir():
            path.unlink()
        if records:
            self.place(f"told.{self.suffix}", self.written(*records))


class TableStand(FolderStand):
    """CSV, and JSON where a case asks for it."""

    told_of_deletions = {"is_snapshot": True}  # noqa: RUF012 - a constant of the class
    header: ClassVar[tuple[str, ...]]

    @abstractmethod
    def row(self, one: Told) -> tuple[str, ...]:
        """The record's cells."""

    def written(self, *records: Told) -> bytes:
        text = io.StringIO()
        csv.writer(text).writerows([self.header, *(self.row(one) for one in records)])
        return text.getvalue().encode()

    def written_as_json(self, *records: Told) -> bytes:
        rows = [dict(zip(self.header, self.row(one), strict=True)) for one in records]
        return json.dumps(rows, indent=1).encode()


class SurveyStand(TableStand):
    """Survey answers with words and a score from 1 to 5."""

    kind = "files"
    header = ("id", "at", "words", "score")

    def row(self, one: Told) -> tuple[str, ...]:
        return (one.id, one.clock, one.words, one.score)

    def settings(self) -> dict[str, object]:
        return {
            "id": "stand",
            "kind": "files",
            "channel": "survey",
            "paths": ["in/*"],
            "columns": {"external_id": ["id"], "occurred_at": ["at"], "verbatim": ["words"]},
            "score": {"column": "score", "metric": "csat", "minimum": 1, "maximum": 5},
        }


class CallStand(TableStand):
    """A telephony log; it has no words, so what is told stands in the outcome."""

    kind = "call_records"
    heard_in = "outcome"
    header = ("call", "at", "ended", "queue", "waited")

    def row(self, one: Told) -> tuple[str, ...]:
        return (one.id, one.clock, one.words, "billing", "17")

    def settings(self) -> dict[str, object]:
        return {
            "id": "stand",
            "kind": "call_records",
            "channel": "call",
            "paths": ["in/*"],
            "columns": {
                "external_id": ["call"],
                "occurred_at": ["at"],
                "outcome": "ended",
                "queue": "queue",
                "wait_seconds": "waited",
            },
        }


class TranscriptStand(FolderStand):
    """Conversations in JSON turns; the customer says what is told, the agent the same each time."""

    kind = "transcripts"
    suffix = "json"

    def written(self, *records: Told) -> bytes:
        conversations = [
            {
                "contact_id": one.id,
                "started_at": one.clock,
                "turns": [
                    {"role": "agent", "text": "how can I help you"},
                    {"role": "customer", "text": one.words},
                ],
            }
            for one in records
        ]
        return json.dumps(conversations, ensure_ascii=False, indent=1).encode()

    def written_as_json(self, *records: Told) -> bytes:
        return self.written(*records)

    def settings(self) -> dict[str, object]:
        return {"id": "stand", "kind": "transcripts", "channel": "call", "paths": ["in/*"]}


STANDS: dict[str, type[Stand]] = {
    stand.kind: stand for stand in (ComplaintStand, SurveyStand, CallStand, TranscriptStand)
}
