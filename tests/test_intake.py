from datetime import date, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import FETCHED_SCHEMA
from voc_pipeline.feedback.intake import KNOWN_SCHEMA, LoadWindow, classify, deletions

WEEK = date(2026, 1, 5)
START, END = datetime(2026, 1, 1), datetime(2026, 1, 12, 6)
WINDOW = LoadWindow("survey", WEEK, END, START, is_first_load=True)
NOTHING = KNOWN_SCHEMA.to_frame()


def fetched(*rows):
    full = [
        {
            "external_id": one[0],
            "content_hash": one[1],
            "is_deleted": False,
            "occurred_at": one[2] if len(one) > 2 else datetime(2026, 1, 6),
            "received_at": one[3] if len(one) > 3 else None,
            "origin": "file.csv:1",
            "payload": "{}",
        }
        for one in rows
    ]
    return pl.DataFrame(full, schema=FETCHED_SCHEMA)


def known(*rows):
    full = [
        dict(zip(KNOWN_SCHEMA.names(), (*row, datetime(2026, 1, 2)), strict=True)) for row in rows
    ]
    return pl.DataFrame(full, schema=KNOWN_SCHEMA)


def test_a_changed_record_is_a_revision_and_not_a_second_record():
    taken = classify(fetched(("1", "new")), known(("1", 1, "old", False)), WINDOW)
    assert taken.raw.select("external_id", "revision").rows() == [("1", 2)]
    assert taken.counts["revised"] == 1


def test_a_record_that_goes_back_to_its_old_content_is_a_revision():
    before = known(("1", 1, "a", False), ("1", 2, "b", False))
    assert classify(fetched(("1", "a")), before, WINDOW).counts["revised"] == 1


def test_a_file_with_both_versions_read_again_brings_nothing_new():
    first = classify(fetched(("1", "a"), ("1", "b")), NOTHING, WINDOW)
    assert first.raw["revision"].to_list() == [1, 2]
    again = classify(
        fetched(("1", "a"), ("1", "b")), first.raw.select(KNOWN_SCHEMA.names()), WINDOW
    )
    assert again.raw.is_empty()
    assert again.counts["duplicate"] == 2


def test_a_record_received_after_the_cutoff_waits_outside_the_window():
    late = END + timedelta(seconds=1)
    taken = classify(fetched(("1", "a", datetime(2026, 1, 6), late)), NOTHING, WINDOW)
    assert taken.counts["outside_window"] == 1


def test_without_a_received_at_the_first_load_takes_occurred_at_and_later_ones_their_as_of():
    later = LoadWindow("survey", WEEK, END, START, is_first_load=False)
    record = fetched(("1", "a"))
    assert classify(record, NOTHING, WINDOW).raw["received_at"][0] == datetime(2026, 1, 6)
    assert classify(record, NOTHING, later).raw["received_at"][0] == END


def test_a_record_that_left_a_complete_fetch_is_deleted_once():
    before = known(("1", 1, "a", False), ("2", 1, "b", False))
    gone = deletions(before, pl.Series(["1"]), WINDOW)
    taken = classify(gone, before, WINDOW)
    assert taken.raw.select("external_id", "revision", "is_deleted").rows() == [("2", 2, True)]
    assert taken.counts["deleted"] == 1
    after = known(("1", 1, "a", False), ("2", 2, "b", True))
    assert deletions(after, pl.Series(["1"]), WINDOW).is_empty()


def test_a_deleted_record_that_comes_back_is_a_revision():
    before = known(("1", 1, "a", False), ("1", 2, "a", True))
    taken = classify(fetched(("1", "a")), before, WINDOW)
    assert taken.raw.select("revision", "is_deleted").rows() == [(3, False)]


IDS, HASHES = st.sampled_from("123"), st.sampled_from("ab")
TIMES = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2099, 1, 1))
NEAR = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 1, 20))


@given(st.lists(st.tuples(IDS, HASHES, TIMES | NEAR)), st.booleans())
def test_every_fetched_record_is_counted_exactly_once(rows, is_first):
    window = LoadWindow("survey", WEEK, END, START, is_first_load=is_first)
    taken = classify(fetched(*rows), NOTHING, window)
    assert sum(taken.counts.values()) == len(rows)
    stored = taken.counts["loaded"] + taken.counts["revised"] + taken.counts["deleted"]
    assert taken.raw.height == stored
    assert taken.raw.select("external_id", "revision").is_unique().all()


@given(st.lists(st.tuples(IDS, HASHES, NEAR)))
def test_the_same_fetch_again_stores_nothing(rows):
    first = classify(fetched(*rows), NOTHING, WINDOW).raw
    latest = first.select(KNOWN_SCHEMA.names())
    again = classify(fetched(*rows), latest, WINDOW)
    assert again.raw.is_empty()
