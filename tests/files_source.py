"""A source of table files in a temporary home, for tests: made, filled, fetched and balanced."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from connectors.base import FETCHED_SCHEMA, REJECT_SCHEMA, Window
from connectors.files import FilesConnector
from models.source import FilesSource

SHARED = Path(__file__).parents[2] / "shared" / "data"


def at(*parts):
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


HISTORY = at(2020, 1, 6)
WIDE = Window(None, at(2030, 1, 7), HISTORY)
COLUMNS = {"external_id": ["id"], "occurred_at": ["day"], "verbatim": ["text"]}


def connector(home, *, columns=COLUMNS, **changes):
    paths = changes.pop("paths", ["in/*"])
    source = FilesSource.model_validate(
        {"id": "s", "kind": "files", "channel": "survey", "paths": paths, "columns": columns}
        | changes
    )
    return FilesConnector(source, home, "UTC")


def put(home, name, content):
    path = home / "in" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def fetched(source, window=WIDE, cursor=None):
    batches = list(source.fetch(window, cursor))
    records = pl.concat([batch.records for batch in batches])
    rejects = pl.concat([batch.rejects for batch in batches])
    count = sum(batch.fetched_count for batch in batches)
    assert count == records.height + rejects.height
    assert records.schema == FETCHED_SCHEMA
    assert rejects.schema == REJECT_SCHEMA
    return records, rejects, batches[-1]


def as_csv(rows, **options):
    return pl.DataFrame(rows).write_csv(**options).encode()
