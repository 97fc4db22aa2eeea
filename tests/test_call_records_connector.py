"""The connector of telephony logs: contacts without words that still count."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from connectors.base import Window
from connectors.call_records import CallRecordsConnector
from models.source import CallRecordsSource

BANK = Path(__file__).parents[2] / "shared" / "data" / "calls"


def at(*parts):
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


WIDE = Window(None, at(2030, 1, 7), at(1990, 1, 1))


def loaded(home, path, zone, **columns):
    source = CallRecordsSource.model_validate(
        {"id": "calls", "kind": "call_records", "channel": "call", "paths": [path],
         "time_zone": zone, "columns": columns}
    )  # fmt: skip
    connector = CallRecordsConnector(source, home, "UTC")
    batches = list(connector.fetch(WIDE, None))
    records = pl.concat([batch.records for batch in batches])
    count = sum(batch.fetched_count for batch in batches)
    assert count == records.height + sum(batch.rejects.height for batch in batches)
    raw = records.with_columns(
        source_id=pl.lit("calls"),
        revision=pl.lit(1, pl.Int64),
        received_at=pl.col("occurred_at"),
        received_week=pl.lit(date(1999, 2, 1)),
    )
    return count, connector.to_feedback(raw)


def test_contacts_keep_outcome_queue_and_times_and_have_no_words(tmp_path):
    (tmp_path / "log.csv").write_text(
        "call,day,clock,note,end,skill,wait,talk\n"
        "1,2026-11-02,7:02:47,private words,AGENT,PS,0:01:30,61\n"
        "2,2026-11-02,,,HANG,PS,-5,\n",
        encoding="utf-8",
    )
    count, mapping = loaded(
        tmp_path, "log.csv", "Asia/Jerusalem", external_id=["call"], occurred_at=["day", "clock"],
        verbatim=["note"], outcome="end", queue="skill", wait_seconds="wait",
        duration_seconds="talk",
    )  # fmt: skip
    told = ["occurred_at", "verbatim", "outcome", "queue", "wait_seconds", "duration_seconds"]
    assert count == 2
    assert mapping.mapped.select(told).rows() == [
        (at(2026, 11, 2, 5, 2, 47), None, "AGENT", "PS", 90.0, 61.0),
        (at(2026, 11, 1, 22), None, "HANG", "PS", None, None),
    ]
    assert mapping.set_aside["scope"].to_list() == ["field"]


@pytest.mark.skipif(not BANK.is_dir(), reason="the shared real data is not here")
def test_a_real_month_of_calls_balances():
    count, mapping = loaded(
        BANK, "anonymous_bank_*.parquet", "Asia/Jerusalem", external_id=["vru+line", "call_id"],
        occurred_at=["date", "vru_entry"], customer_id="customer_id", unknown_customers=["0"],
        outcome="outcome", queue="type", wait_seconds="q_time", duration_seconds="ser_time",
    )  # fmt: skip
    assert count == mapping.mapped["external_id"].n_unique() == 33_344
    assert mapping.mapped["customer_id"].null_count() == 19_558
    assert mapping.mapped["outcome"].value_counts().sort("outcome")["count"].to_list() == [
        27_162, 5_904, 278
    ]  # fmt: skip
    assert mapping.set_aside.is_empty()
    assert mapping.mapped["verbatim"].null_count() == count
