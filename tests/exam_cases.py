"""The cases of the exam that every connector sits: what is promised, not how it is done.

A case takes a stand, raises AssertionError when the promise is broken, and runs for every kind
that declares the capabilities it needs.
"""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from connector_stands import FIRST, HISTORY, SECOND, Stand, stored, told, utc
from exam import deleted, fetched, hashes, heard, is_said, needs, only, records, rejects

from connectors.base import REJECT_SCHEMA, Batch, Mapping
from models.errors import ConfigurationError, FatalSourceError
from models.feedback import MappedRecord
from models.settings import read_settings

# Every kind


@needs()
def every_record_comes_once_and_is_counted(stand: Stand) -> None:
    given = told(8)
    stand.publish(*given)
    batches = fetched(stand.connector())
    assert sum(batch.fetched_count for batch in batches) == len(given)
    assert rejects(batches).is_empty()
    assert is_said(batches, stand, *given)


@needs()
def mapping_is_pure_and_keeps_rows_order_and_columns(stand: Stand) -> None:
    stand.publish(*told(8))
    connector = stand.connector()
    raw = stored(records(fetched(connector)), "stand")
    for rows in (raw, raw.reverse(), raw.clear()):
        before = rows.clone()
        first, again = connector.to_feedback(rows), stand.connector().to_feedback(rows)
        _keeps(rows, first)
        assert first.mapped.equals(again.mapped)
        assert first.set_aside.equals(again.set_aside)
        assert rows.equals(before)


def _keeps(raw: pl.DataFrame, mapping: Mapping) -> None:
    kept = ["source_id", "external_id", "revision", "is_deleted", "occurred_at", "received_at"]
    assert mapping.mapped.columns == list(MappedRecord.model_fields)
    assert mapping.mapped.select(kept).equals(raw.select(kept))
    aside = {*REJECT_SCHEMA.names(), "external_id", "revision"}
    assert set(mapping.set_aside.columns) == aside
    for row in mapping.mapped.iter_rows(named=True):
        MappedRecord.model_validate(row)


@needs()
def the_same_fetch_twice_gives_the_same_records(stand: Stand) -> None:
    stand.publish(*told(8))
    connector = stand.connector()
    first, again, other = fetched(connector), fetched(connector), fetched(stand.connector())
    assert records(first).equals(records(again))
    assert records(first).equals(records(other))
    assert [batch.cursor for batch in first] == [batch.cursor for batch in other]


@needs()
def a_second_fetch_with_the_last_cursor_loses_nothing_new(stand: Stand) -> None:
    old, new = told(5), told(4, first=90, start=utc(2026, 11, 10, 15))
    stand.publish(*old)
    first = fetched(stand.connector())
    stand.publish(*old, *new)
    second = fetched(stand.connector(), SECOND, first[-1].cursor)
    both = {**heard(stand, first), **heard(stand, second)}
    assert sorted(both.values()) == sorted(one.words for one in (*old, *new))


@needs()
def a_cursor_comes_only_with_its_page(stand: Stand) -> None:
    """Wherever a load stops, what it stored and what the cursor then gives is everything."""
    stand.publish(*told(10))
    whole = hashes(fetched(stand.connector()))
    batches = stand.connector().fetch(FIRST, None)
    stored_so_far: list[Batch] = []
    for batch in batches:
        stored_so_far.append(batch)
        rest = fetched(stand.connector(), FIRST, batch.cursor)
        found = records([*stored_so_far, *rest]).select("external_id", "content_hash").rows()
        assert dict(found) == whole


@needs()
def a_damaged_cursor_loses_nothing(stand: Stand) -> None:
    given = told(4)
    stand.publish(*given)
    for cursor in ("", "{", "[]", '{"after": 3}', '{"files": 7}', "null"):
        assert is_said(fetched(stand.connector(), FIRST, cursor), stand, *given)


@needs()
def an_empty_source_gives_an_empty_batch_and_proves_no_deletion(stand: Stand) -> None:
    stand.publish()
    batches = fetched(stand.connector())
    assert [batch.fetched_count for batch in batches] == [0]
    assert batches[-1].complete_over is None


@needs()
def an_empty_window_brings_nothing_unknown(stand: Stand) -> None:
    stand.publish(*told(5))
    first = fetched(stand.connector())
    second = fetched(stand.connector(), SECOND, first[-1].cursor)
    assert set(records(second)["content_hash"]) <= set(records(first)["content_hash"])
    assert not deleted(first, second)


@needs()
def hostile_words_arrive_as_they_were_said(stand: Stand) -> None:
    words = [
        '=HYPERLINK("http://x";"y") | +1 | @sum(1)',
        "<script>alert('1')</script> &amp; {{ 7*7 }} ${x}",
        'two\nlines, "quoted" and a comma',
        "right to left \u202e and zero width \u200b and bell \u0007",
        "emoji 👩‍👩‍👧 and combining e\u0301 and \ufffd",
        "a" * 300 + "{" * 300,
    ]
    given = [replace(one, words=text) for one, text in zip(told(6), words, strict=True)]
    stand.publish(*given)
    assert is_said(fetched(stand.connector()), stand, *given)


@needs()
def five_megabytes_of_words_arrive_whole(stand: Stand) -> None:
    long = "the queue was long. " * 262_144
    given = [*told(2), replace(told(3)[2], words=long.strip())]
    stand.publish(*given)
    assert is_said(fetched(stand.connector()), stand, *given)


@needs()
def nul_bytes_lose_no_record(stand: Stand) -> None:
    given = told(3)
    stand.publish(*given[:2], replace(given[2], words="cut\x00here"))
    batches = fetched(stand.connector())
    assert sum(batch.fetched_count for batch in batches) == 3
    said = heard(stand, batches)
    assert {one.words for one in given[:2]} <= set(said.values())
    assert rejects(batches).height == 1 or any("cut" in words for words in said.values())


@needs()
def a_record_without_a_usable_date_is_set_aside_with_its_payload(stand: Stand) -> None:
    given = told(3)
    stand.publish(given[0], replace(given[1], day="31st of May"), given[2])
    batches = fetched(stand.connector())
    assert is_said(batches, stand, given[0], given[2])
    assert rejects(batches)["scope"].to_list() == ["record"]
    reason, payload = only(rejects(batches).select("reason", "payload").rows())
    assert given[1].words in payload
    assert "parcel" not in reason


@needs()
def check_says_nothing_of_a_sound_source(stand: Stand) -> None:
    stand.publish(*told(3))
    assert stand.connector().check() == []


@needs()
def a_typo_in_the_settings_is_refused_with_its_name(stand: Stand) -> None:
    text = "[company]\nid = 'c'\nname = 'C'\nstart_week = '2026-W41'\n[[sources]]\n"
    sound = "\n".join(f"{key} = {_toml(value)}" for key, value in stand.settings().items())
    path = stand.home / "settings.toml"
    path.write_text(text + sound)
    assert read_settings(stand.home).sources[0].kind == stand.kind
    path.write_text(text + sound + "\nlanguague = 'en'\n")
    with pytest.raises(ConfigurationError, match="languague"):
        read_settings(stand.home)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)


# Revisions, deletions, look-back


@needs("revisions")
def a_record_changed_later_keeps_its_id_and_changes_its_hash(stand: Stand) -> None:
    given = told(5)
    stand.publish(*given)
    first = fetched(stand.connector())
    changed = replace(given[2], words="it came after all")
    stand.publish(*given[:2], changed, *given[3:])
    second = fetched(stand.connector(), SECOND, first[-1].cursor)
    was, now = hashes(first), {**hashes(first), **hashes(second)}
    assert was.keys() == now.keys()
    assert [one for one in was if was[one] != now[one]] == [
        one for one, words in heard(stand, first).items() if words == given[2].words
    ]
    assert heard(stand, second)[only(now.items() - was.items())[0]] == changed.words


@needs("deletions")
def a_record_that_left_is_taken_for_deleted_and_no_other(stand: Stand) -> None:
    stand.changes = stand.told_of_deletions
    given = told(5)
    stand.publish(*given)
    first = fetched(stand.connector())
    assert not deleted(first, first)
    stand.publish(*given[:2], *given[3:])
    second = fetched(stand.connector(), SECOND, first[-1].cursor)
    gone = only([one for one, said in heard(stand, first).items() if said == given[2].words])
    assert second[-1].complete_over is not None
    assert deleted(first, second) == {gone}


@needs("deletions")
def a_record_that_comes_back_unreadable_is_not_taken_for_deleted(stand: Stand) -> None:
    stand.changes = stand.told_of_deletions
    given = told(5)
    stand.publish(*given)
    first = fetched(stand.connector())
    stand.publish(*given[:2], replace(given[2], day="some day"), *given[3:])
    second = fetched(stand.connector(), SECOND, first[-1].cursor)
    assert rejects(second).height == 1
    assert not deleted(first, second)


@needs("lookback")
def a_record_published_late_is_found_by_looking_back(stand: Stand) -> None:
    given, late = told(3), told(1, first=70, start=utc(2026, 10, 20, 15))
    stand.publish(*given)
    first = fetched(stand.connector())
    stand.publish(*given, *late)
    second = fetched(stand.connector(), SECOND, first[-1].cursor)
    assert set(heard(stand, second).values()) >= {late[0].words}


@needs("lookback")
def looking_back_ends_where_the_history_begins(stand: Stand) -> None:
    before = told(1, first=70, start=HISTORY - timedelta(days=3))
    given = told(3)
    stand.publish(*before, *given)
    assert is_said(fetched(stand.connector()), stand, *given)
    assert is_said(fetched(stand.connector(), SECOND), stand, *given)


# Paging


@needs("paging")
def ties_in_the_same_second_are_all_fetched(stand: Stand) -> None:
    """Eight records of one instant, pages of three: a cursor of instants alone loses some."""
    given = [replace(one, at=utc(2026, 11, 3, 15)) for one in told(8)]
    stand.publish(*given)
    batches = fetched(stand.connector())
    assert len(batches) >= 3
    assert is_said(batches, stand, *given)


@needs("paging")
def newest_first_hides_nothing_older(stand: Stand) -> None:
    given = [replace(one, at=FIRST.end - timedelta(days=day)) for day, one in enumerate(told(9))]
    stand.publish(*given)
    batches = fetched(stand.connector())
    instants = records(batches)["occurred_at"].to_list()
    assert all(one >= next_one for one, next_one in pairwise(instants)), "served newest first"
    assert is_said(batches, stand, *given)


@needs("paging")
def a_page_cap_reached_is_an_error_that_says_how_to_go_on(stand: Stand) -> None:
    stand.changes = {"page_cap": 2}
    stand.publish(*told(6))
    assert len(records(fetched(stand.connector()))) == 6, "a cap that is just enough is no error"
    stand.publish(*told(7))
    with pytest.raises(FatalSourceError, match=r"stand.*page_cap.*[Rr]aise"):
        fetched(stand.connector())


@needs("paging")
def short_pages_do_not_end_a_fetch(stand: Any) -> None:
    stand.server.largest_page = 2
    given = told(7)
    stand.publish(*given)
    assert is_said(fetched(stand.connector()), stand, *given)
