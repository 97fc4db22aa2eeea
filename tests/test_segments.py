"""Segments: exact offsets, sensible joints, hostile text, order, speed."""

from __future__ import annotations

import time
from datetime import date
from hashlib import blake2b

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.segment import Segment
from voc_pipeline.issues.segments import (
    MAX_CHARACTERS,
    MAX_WORDS,
    WORD,
    spans_of,
    split_segments,
    text_hash,
)

MONDAY = date(2026, 1, 5)
COLUMNS = {
    "feedback_id": pl.String,
    "revision": pl.Int64,
    "is_deleted": pl.Boolean,
    "source_id": pl.String,
    "week_start": pl.Date,
    "received_week": pl.Date,
    "question": pl.String,
    "score_share": pl.Float64,
    "language": pl.String,
    "channel": pl.String,
    "verbatim": pl.String,
}


def feedback(*verbatims: str | None, **columns: object) -> pl.DataFrame:
    rows = [
        {
            "feedback_id": f"{place:04x}",
            "revision": 0,
            "is_deleted": False,
            "source_id": "survey",
            "week_start": MONDAY,
            "received_week": MONDAY,
            "verbatim": verbatim,
        }
        | columns
        for place, verbatim in enumerate(verbatims)
    ]
    return pl.DataFrame(rows, schema=COLUMNS)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in spans_of(text)]


def test_columns_are_those_of_the_contract_in_order():
    table = split_segments(feedback("The lift is broken. Nobody came."))
    assert table.columns == list(Segment.model_fields)
    assert [Segment(**row).ordinal for row in table.iter_rows(named=True)] == [0, 1]


def test_no_feedback_gives_the_empty_table_with_its_types():
    empty = split_segments(feedback())
    full = split_segments(feedback("The lift is broken."))
    assert empty.is_empty()
    assert empty.schema == full.schema


def test_deleted_revisions_and_feedback_without_words_give_no_segment():
    assert split_segments(feedback("The lift is broken.", is_deleted=True)).is_empty()
    assert split_segments(
        feedback(None, "", "   ", "...", "😡😡", "[NAME]", "It was the.")
    ).is_empty()


def test_a_segment_id_names_feedback_revision_and_ordinal():
    table = split_segments(feedback("The lift is broken. Nobody came.", revision=3))
    assert table["segment_id"].to_list() == ["0000-3-0", "0000-3-1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The app crashed. I lost my order!", ["The app crashed.", "I lost my order!"]),
        ("Waited ages\nnobody came", ["Waited ages", "nobody came"]),
        ("Too slow; too dear", ["Too slow", "too dear"]),
        ("- cold food\n- rude staff\n2) long queue", ["cold food", "rude staff", "long queue"]),
        ("Bad food • dirty room • no towels", ["Bad food", "dirty room", "no towels"]),
        ("The ride was late.Then it broke down.", ["The ride was late.", "Then it broke down."]),
        ("Really? Yes really!! Never again.", ["Really?", "Yes really!!", "Never again."]),
        ('He said "go away." Then he left.', ['He said "go away."', "Then he left."]),
        ("料理が冷たい。店員が失礼！", ["料理が冷たい。", "店員が失礼！"]),  # noqa: RUF001
    ],
)
def test_thoughts_are_parted(text: str, expected: list[str]):
    assert cut(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Version 8.2.1 drains 3.5 percent a minute",
        "Mr. Smith and Dr. Jones were late",
        "I paid extra, e.g. for the seat",
        "I live in the U.K. and cannot pay",
        "The 9 a.m. train never came",
        "See https://example.org/a.b?c=d;e for my order",
        "Write to www.Example.Com about it",
        "I waited... and waited ... and gave up",
        "Order No. 52 is missing",
        "Ask J. Smith about the refund",
        "Fish &amp; chips were cold",
        "Dear [NAME], my order [ORDER_ID] is lost",
        "Nothing but trouble with this kettle",
        "Not only late but also very rude",
        "Slow but ok",
    ],
)
def test_one_thought_stays_whole(text: str):
    assert cut(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The staff were lovely, but the wait was far too long",
            ["The staff were lovely", "but the wait was far too long"],
        ),
        (
            "I like the app however it keeps logging me out",
            ["I like the app", "however it keeps logging me out"],
        ),
        (
            "Although the crew was kind, we waited for three hours",
            ["Although the crew was kind", "we waited for three hours"],
        ),
        (
            "The staff were lovely, sadly the wait was far too long",
            ["The staff were lovely", "sadly the wait was far too long"],
        ),
    ],
)
def test_a_contrast_is_parted_where_both_sides_can_stand_alone(text: str, expected: list[str]):
    assert cut(text) == expected


def test_praise_beside_a_problem_keeps_its_own_kind():
    table = split_segments(feedback("The staff were lovely, but the wait was far too long."))
    assert table["kind"].to_list() == ["praise", "problem"]


def test_score_question_and_language_are_judged_row_by_row():
    same = "the blue one on the left side"
    rows = pl.concat(
        [
            feedback(same, score_share=0.0),
            feedback(same, score_share=1.0).with_columns(feedback_id=pl.lit("b")),
        ]
    )
    assert split_segments(rows)["kind"].to_list() == ["problem", "neutral"]


def test_a_bad_score_makes_no_problem_of_a_sentence_beside_a_complaint():
    table = split_segments(feedback("The lift is broken. We live on the top floor.", score_share=0))
    assert table["kind"].to_list() == ["problem", "neutral"]


def test_order_and_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch):
    texts = [f"Order {place} is late. Thanks; the box was wet." for place in range(30)]
    rows = feedback(*texts)
    whole = split_segments(rows)
    monkeypatch.setattr("voc_pipeline.issues.segments.ROWS_AT_ONCE", 7)
    assert split_segments(rows.reverse()).equals(whole)
    assert whole["segment_id"].is_sorted()


def test_text_hash_ignores_case_and_spacing():
    assert text_hash("The  LIFT\n is broken ") == text_hash("the lift is broken")
    assert text_hash("Stra\u00dfe") == text_hash("STRASSE")
    assert text_hash("lift") == blake2b(b"lift", digest_size=16).hexdigest()
    assert text_hash("lift") != text_hash("lifts")


def test_long_sentences_are_cut_within_bounds_and_lose_no_word():
    clause = "the driver took another road and we sat in traffic, "
    text = "On the way " + clause * 40
    pieces = cut(text)
    assert all(len(piece) <= MAX_CHARACTERS for piece in pieces)
    assert all(len(WORD.findall(piece)) <= MAX_WORDS for piece in pieces)
    assert [word for piece in pieces for word in WORD.findall(piece)] == WORD.findall(text)


def test_a_cut_does_not_part_a_letter_from_its_accents():
    text = "e\u0301" * 1000
    assert all(not piece.startswith("\u0301") for piece in cut(text))
    assert "".join(cut(text)) == text


HOSTILE = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            list(
                " .,;!?\n\r\t\x00\u200b\u200d\u202e\u2028\u0301\ufe0f\u2019\u201c()[]-•😡👩🏽🇬🇧1aZ"
            )
        ),
    ),
    max_size=400,
)
PHRASES = st.lists(
    st.sampled_from(
        ["late", "but", "however", "e.g.", "8.2.1", "[NAME]", "the", "Mr.", "...", "?", ";", "\n",
         "https://a.b/c.d", "although", ",", "😡", "not", "Nothing", "3)", "- ", "U.K.", "&amp;"]
    ),
    max_size=80,
).map(" ".join)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.one_of(HOSTILE, PHRASES))
def test_offsets_are_exact_for_any_text(text: str):
    rows = feedback(text)
    table = split_segments(rows)
    ends = [0]
    for row in table.iter_rows(named=True):
        assert row["segment_text"] == text[row["start_offset"] : row["end_offset"]]
        assert row["segment_text"].strip()
        assert row["start_offset"] >= ends[-1]
        assert len(row["segment_text"]) <= MAX_CHARACTERS
        ends.append(row["end_offset"])


@settings(max_examples=60, deadline=None)
@given(PHRASES)
def test_every_telling_word_is_in_a_segment(text: str):
    covered = {place for start, end in spans_of(text) for place in range(start, end)}
    for word in ("late", "however", "8.2.1"):
        for place in (at for at in range(len(text)) if text.startswith(word, at)):
            dropped = set(range(place, place + len(word))) - covered
            assert not dropped or word == "8.2.1"


@pytest.mark.parametrize(
    "unit",
    ["a", "word ", "a. ", "!", " ", "x,", "ab.Cd ", "\u0301", "((", "';;", "although a ", "1."],
)
def test_a_long_text_takes_time_in_proportion(unit: str):
    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        began = time.process_time()
        list(spans_of(text))
        return time.process_time() - began

    assert seconds(80_000) < max(20 * seconds(8_000), 1.0)


def test_half_a_megabyte_of_sentences_becomes_segments_without_loss():
    text = "The lift on floor 3 is broken again. " * 13_500
    table = split_segments(feedback(text))
    assert table.height == 13_500
    assert table["kind"].unique().to_list() == ["problem"]
