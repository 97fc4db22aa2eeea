"""Mapped records for tests: say the columns that matter, the rest is plain."""

from datetime import date, datetime, timedelta

import polars as pl

from models.feedback import MappedRecord

KEY = b"a key for the tests only"
START = datetime(2026, 1, 5, 12)
_TYPES: dict[str, pl.DataType] = {
    "revision": pl.Int64(),
    "is_deleted": pl.Boolean(),
    "occurred_at": pl.Datetime("us"),
    "received_at": pl.Datetime("us"),
    "received_week": pl.Date(),
    "known_values": pl.List(pl.String()),
    "customer_value": pl.Float64(),
    "score": pl.Float64(),
    "score_min": pl.Float64(),
    "score_max": pl.Float64(),
    "wait_seconds": pl.Float64(),
    "duration_seconds": pl.Float64(),
}


def mapped(**columns: list[object]) -> pl.DataFrame:
    """Columns of MappedRecord; all given lists have one length."""
    count = len(next(iter(columns.values())))
    rows: dict[str, list[object]] = {name: [None] * count for name in MappedRecord.model_fields}
    rows |= {
        "source_id": ["survey"] * count,
        "external_id": [f"R{n}" for n in range(count)],
        "revision": [1] * count,
        "is_deleted": [False] * count,
        "occurred_at": [START + timedelta(hours=n) for n in range(count)],
        "received_at": [START + timedelta(days=7)] * count,
        "received_week": [date(2026, 1, 12)] * count,
        "channel": ["survey"] * count,
        "known_values": [[]] * count,
    }
    rows |= columns
    schema = {name: _TYPES.get(name, pl.String()) for name in rows}
    return pl.DataFrame(rows, schema=schema)
