"""The connector of transcripts: the customer's words apart, metadata kept, nothing lost."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from connectors.base import Window
from connectors.transcripts import TranscriptsConnector
from models.errors import ConfigurationError
from models.source import TranscriptsSource

CALLS = Path(__file__).parents[2] / "shared" / "data" / "calls"
needs_calls = pytest.mark.skipif(not CALLS.is_dir(), reason="the shared real data is not here")


def at(*parts):
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


WIDE = Window(None, at(2030, 1, 7), at(2015, 1, 5))


def connector(home, *paths, **changes):
    source = TranscriptsSource.model_validate(
        {"id": "t", "kind": "transcripts", "channel": "call", "paths": paths or ["*"]} | changes
    )
    return TranscriptsConnector(source, home, "UTC")


def told(home, *paths, **changes):
    """The mapped rows, sorted by id, and the rejects."""
    source = connector(home, *paths, **changes)
    batches = list(source.fetch(WIDE, None))
    records = pl.concat([batch.records for batch in batches])
    rejects = pl.concat([batch.rejects for batch in batches])
    assert sum(batch.fetched_count for batch in batches) == records.height + rejects.height
    raw = records.with_columns(
        source_id=pl.lit("t"),
        revision=pl.lit(1, pl.Int64),
        received_at=pl.col("occurred_at"),
        received_week=pl.lit(date(2026, 11, 2)),
    )
    mapped = source.to_feedback(raw).mapped
    assert mapped["external_id"].to_list() == records["external_id"].to_list()
    return mapped.sort("external_id").to_dicts(), rejects


def put(home, name, content):
    text = content if isinstance(content, str) else json.dumps(content)
    (home / name).write_text(text, encoding="utf-8")


TURNS = [
    {"role": "Agent", "text": "Hello, how can I help?"},
    {"role": "Customer", "text": "My parcel is late."},
    {"role": "system", "text": "Ticket opened."},
    {"role": "agent", "text": "I am sorry."},
    {"role": "customer", "text": "That does not help."},
]
CALL = {
    "contact_id": "c-1", "started_at": "2026-11-02T10:00:00+01:00", "queue": "parcels",
    "outcome": "escalated", "duration": 61, "language": "en-GB", "customer": {"name": "Ann Lee",
    "email": "ann@example.com"}, "turns": TURNS,
}  # fmt: skip


def test_turns_of_either_side_are_kept_apart_with_the_call_s_metadata(tmp_path):
    put(tmp_path, "a.json", CALL)
    (row,), rejects = told(tmp_path)
    assert rejects.is_empty()
    assert row["external_id"] == "c-1"
    assert row["occurred_at"] == at(2026, 11, 2, 9)
    assert row["verbatim"] == "My parcel is late.\nThat does not help."
    assert row["agent_verbatim"] == "Hello, how can I help?\nI am sorry."
    assert (row["queue"], row["outcome"], row["language"]) == ("parcels", "escalated", "en")
    assert row["duration_seconds"] == 61
    assert row["known_values"] == ["Ann Lee", "ann@example.com"]
    assert "Ann Lee" not in row["attributes"]


@pytest.mark.parametrize(
    "content",
    [
        [CALL, CALL | {"contact_id": "c-2"}],
        {"conversations": [CALL, CALL | {"contact_id": "c-2"}]},
        f"{json.dumps(CALL)}\n{json.dumps(CALL | {'contact_id': 'c-2'})}\n",
    ],
)
def test_several_conversations_of_a_file_are_records_of_their_own(tmp_path, content):
    put(tmp_path, "a.json", content)
    rows, rejects = told(tmp_path)
    assert [row["external_id"] for row in rows] == ["c-1", "c-2"]
    assert rejects.is_empty()


@pytest.mark.parametrize(
    "turns",
    [
        [["agent", "Hello"], ["customer", "Late!"], ["action", "Opened"]],
        [{"speaker": "bot", "content": "Hello"}, {"speaker": "user", "content": "Late!"}],
        [{"from": "Agent 1", "message": "Hello"}, {"from": "caller", "message": "Late!"}],
        [{"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
         {"role": "user", "content": [{"type": "text", "text": "Late!"}]}],
    ],
)  # fmt: skip
def test_plain_turns_are_read_in_their_usual_shapes(tmp_path, turns):
    put(tmp_path, "a.json", turns)
    (row,), _ = told(tmp_path, occurred_at="2026-11-02")
    assert (row["agent_verbatim"], row["verbatim"]) == ("Hello", "Late!")
    assert row["external_id"] == "a.json"


def test_the_second_of_two_speakers_is_the_other_side_and_its_name_is_masked(tmp_path):
    turns = [["agent", "Hello"], ["Maria Silva", "Late!"]]
    put(tmp_path, "a.json", {"turns": turns, "date": "2026-11-02"})
    (row,), _ = told(tmp_path)
    assert row["verbatim"] == "Late!"
    assert row["known_values"] == ["Maria Silva"]


def test_unknown_speakers_are_set_aside_with_the_setting_to_mend_and_no_name(tmp_path):
    turns = [["Maria", "Late!"], ["Jo", "Hello"], ["agent", "Hi"]]
    put(tmp_path, "a.json", {"turns": turns, "date": "2026-11-02"})
    rows, rejects = told(tmp_path)
    assert rows == []
    assert rejects["reason"].to_list() == ["2 of 3 speakers are neither customer nor agent"]
    assert "customer_roles" in rejects["remedy"][0]
    rows, _ = told(tmp_path, customer_roles=["maria"], agent_roles=["agent", "jo"])
    assert rows[0]["verbatim"] == "Late!"


VTT = """WEBVTT

00:00:01.000 --> 00:00:03.000
<v Agent>Hello,

00:00:03.000 --> 00:00:04.000
<v Agent>how can I help?

00:00:04.000 --> 00:00:09.500
<v.loud Customer>My <i>parcel</i> is late.
"""


@pytest.mark.parametrize(
    "text",
    [VTT, VTT.replace("<v Agent>", "Agent: ").replace("<v.loud Customer>", "Customer: "),
     "\ufeff" + VTT],
)  # fmt: skip
def test_webvtt_speakers_come_from_voices_or_prefixes(tmp_path, text):
    put(tmp_path, "call_2026-11-02.vtt", text)
    (row,), rejects = told(tmp_path, occurred_at_pattern=r"(\d{4}-\d\d-\d\d)")
    assert rejects.is_empty()
    assert row["agent_verbatim"] == "Hello, how can I help?"
    assert row["verbatim"] == "My parcel is late."
    assert row["duration_seconds"] == 9.5
    assert row["occurred_at"] == at(2026, 11, 2)


def test_a_conversation_without_instant_is_set_aside(tmp_path):
    put(tmp_path, "a.json", {"turns": TURNS})
    rows, rejects = told(tmp_path)
    assert rows == []
    assert "occurred_at_pattern" in rejects["remedy"][0]
    assert json.loads(rejects["payload"][0]) == {"turns": TURNS}


@pytest.mark.parametrize(
    "content",
    ["no json at all", "{", '{"a": 1}', "[1, 2]", "WEBVTT\n\nbroken --> cue", "WEBVTT", "7", '"x"'],
)  # fmt: skip
def test_a_file_that_is_no_conversation_is_a_reject_with_its_payload(tmp_path, content):
    put(tmp_path, "a.json", content)
    rows, rejects = told(tmp_path)
    assert rows == []
    assert rejects.height >= 1
    assert all(rejects["payload"].str.len_chars() > 0)


def test_a_file_in_another_encoding_does_not_stop_the_others(tmp_path):
    put(tmp_path, "a.json", CALL)
    (tmp_path / "b.json").write_bytes(b"\xff\xfe{}" + bytes(range(256)))
    rows, rejects = told(tmp_path)
    assert len(rows) == 1
    assert rejects["remedy"].to_list() == ["save it as UTF-8"]


def test_a_huge_broken_file_is_kept_in_bounds(tmp_path):
    put(tmp_path, "a.json", '{"turns": "' + "x" * 3_000_000)
    _, rejects = told(tmp_path)
    assert 100_000 < len(rejects["payload"][0]) < 101_000


def test_stray_brackets_after_the_end_lose_nothing(tmp_path):
    put(tmp_path, "a.json", json.dumps(CALL) + "\n}\n")
    rows, rejects = told(tmp_path)
    assert len(rows) == 1
    assert rejects.is_empty()


def test_a_list_of_conversations_cut_in_the_middle_keeps_the_whole_ones(tmp_path):
    put(tmp_path, "a.json", json.dumps([CALL, CALL | {"contact_id": "c-2"}])[:-80])
    rows, rejects = told(tmp_path)
    assert [row["external_id"] for row in rows] == ["c-1"]
    assert rejects.height == 1


def test_a_pattern_or_instant_that_is_none_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="occurred_at_pattern"):
        connector(tmp_path, occurred_at_pattern="(")
    with pytest.raises(ConfigurationError, match="ISO 8601"):
        connector(tmp_path, occurred_at="last week")


@needs_calls
def test_real_chats_keep_sides_names_and_duration_and_leave_the_system_out():
    rows, _ = told(CALLS, "contact-lens-example-output-files-chat_0.json")
    assert rows[0]["external_id"] == "b49644f6-672f-445c-b209-f76b36482830"
    assert rows[0]["occurred_at"] == at(2022, 10, 27, 3, 31, 50, 735_000)
    assert rows[0]["known_values"] == ["John", "Jane"]
    assert rows[0]["verbatim"].startswith("I'd like to see if I can get a refund")
    assert rows[0]["agent_verbatim"].startswith("Hello, thanks for reaching")
    assert "placed in queue" not in rows[0]["verbatim"] + rows[0]["agent_verbatim"]
    assert rows[0]["duration_seconds"] == pytest.approx(172.457)


@needs_calls
def test_a_real_voice_contact_without_instant_takes_the_settings_one():
    rows, rejects = told(
        CALLS, "contact-lens-example-output-files_0.json", occurred_at="2022-10-27"
    )
    assert rejects.is_empty()
    assert rows[0]["verbatim"].startswith("Just hello. My name is Peter")
    assert (rows[0]["duration_seconds"], rows[0]["language"]) == (32.11, "en")


@needs_calls
def test_real_post_call_analytics_are_read():
    rows, _ = told(CALLS, "transcribe_post_call_analytics.json", format="transcribe")
    assert rows[0]["external_id"] == "stereo_std_1.mp3"
    assert rows[0]["occurred_at"] == at(2021, 11, 25, 13, 35, 14, 215_558)
    assert rows[0]["verbatim"].startswith("Thank you for calling Networks abc")
    assert (rows[0]["duration_seconds"], rows[0]["known_values"]) == (28.67, [])


@needs_calls
def test_real_turn_lists_keep_known_values_and_leave_actions_out():
    rows, rejects = told(CALLS, "abcd_sample.json", occurred_at="2020-01-15")
    assert rejects.is_empty()
    assert [row["external_id"] for row in rows] == ["3592", "3695", "9489"]
    assert {"crystal minh", "cminh730@email.com", "cminh730"} <= set(rows[0]["known_values"])
    assert "pulled up" not in rows[0]["verbatim"] + rows[0]["agent_verbatim"]
    assert json.loads(rows[0]["attributes"])["scenario.subflow"] == "return_size"
    assert "6821" not in rows[0]["attributes"]


@needs_calls
def test_real_metadata_without_turns_is_a_contact_without_words():
    rows, _ = told(CALLS, "harpervalley_metadata_example.json")
    assert rows[0]["external_id"] == "0002f70f7386445b"
    assert rows[0]["occurred_at"] == at(2020, 6, 2, 0, 13, 3, 191_000)
    assert (rows[0]["verbatim"], rows[0]["agent_verbatim"]) == (None, None)
    assert rows[0]["duration_seconds"] == pytest.approx(51.203)
    assert "Patricia Brown" in rows[0]["known_values"]


def test_plain_turns_say_when_they_could_be_known(tmp_path):
    call = {"id": "a", "started_at": "2026-11-02T10:00:00Z", "turns": TURNS}
    put(tmp_path, "late.json", call | {"received_at": "2026-11-11T06:00:00Z"})
    put(tmp_path, "silent.json", call | {"id": "b"})
    [batch] = connector(tmp_path).fetch(WIDE, None)
    assert batch.records["received_at"].to_list() == [at(2026, 11, 11, 6), None]
