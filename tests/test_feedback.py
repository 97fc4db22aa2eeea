import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest
from feedback_records import KEY, mapped
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ConfigurationError
from models.feedback import Feedback
from models.week import week_start
from voc_pipeline.feedback import (
    EARLIER_SCHEMA,
    SET_ASIDE_SCHEMA,
    ConformOptions,
    customer_key,
    key_fingerprint,
    mark_duplicates,
    mask_records,
    read_key,
)
from voc_pipeline.feedback.conform import week_of

OPTIONS = ConformOptions(pseudonym_key=KEY, time_zone="Europe/London")


def conformed(**columns: list[object]) -> pl.DataFrame:
    return mask_records(mapped(**columns), OPTIONS).feedback


def by_record(frame: pl.DataFrame, column: str) -> dict[str, object]:
    return dict(frame.select("external_id", column).iter_rows())


def test_feedback_has_the_columns_of_its_contract_and_one_row_a_record() -> None:
    result = mask_records(mapped(verbatim=["It broke", None, ""]), OPTIONS)
    marked = mark_duplicates(result.feedback, EARLIER_SCHEMA.to_frame())
    assert marked.columns == list(Feedback.model_fields)
    assert marked.height == 3
    for row in marked.iter_rows(named=True):
        Feedback.model_validate(row)
    assert result.set_aside.schema == SET_ASIDE_SCHEMA
    assert result.set_aside.is_empty()


def test_no_record_gives_no_row_and_the_same_columns() -> None:
    empty = mapped(verbatim=["x"]).clear()
    result = mask_records(empty, OPTIONS)
    marked = mark_duplicates(result.feedback, EARLIER_SCHEMA.to_frame())
    assert marked.is_empty()
    assert marked.columns == list(Feedback.model_fields)


def test_the_words_are_cleaned_and_masked() -> None:
    feedback = conformed(
        verbatim=["a\x00b\u202ec\r\nd\te\x07 \u200b", "cafe\u0301 by Anna", "mail a@b.org"],
        agent_verbatim=[None, "call 415-555-2671", None],
        question=[None, "Hi Anna, how was it?", None],
        region=[None, None, "NY 10001"],
    )
    assert by_record(feedback, "verbatim") == {
        "R0": "abc\nd\te",
        "R1": "café by [NAME]",
        "R2": "mail [EMAIL]",
    }
    assert by_record(feedback, "agent_verbatim")["R1"] == "call [PHONE]"
    assert by_record(feedback, "question")["R1"] == "Hi [NAME], how was it?"
    assert by_record(feedback, "masked_count") == {"R0": 0, "R1": 2, "R2": 1}
    assert by_record(feedback, "region")["R2"] == "NY [POSTCODE]"


@pytest.mark.parametrize("void", ["", "  \n ", "n/a", "N/A.", "None", "-", "...", "NULL", "\u200b"])
def test_a_text_that_says_nothing_is_null(void: str) -> None:
    feedback = conformed(verbatim=[void])
    row = feedback.row(0, named=True)
    assert (row["verbatim"], row["text_key"], row["language"], row["word_count"]) == (
        None, None, None, 0,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["no", "None of it works", "👍", "!!!", "?", "na ja"])
def test_a_short_text_that_says_something_stays(text: str) -> None:
    assert conformed(verbatim=[text])["verbatim"].to_list() == [text]


def test_known_values_are_masked_in_every_text_of_the_record() -> None:
    feedback = conformed(
        verbatim=["zbyszko wrote", "zbyszko wrote", "I am cust-00991"],
        agent_verbatim=["Hello Zbyszko", None, None],
        attributes=['{"note": "ask Zbyszko"}', None, None],
        known_values=[["Zbyszko Q"], [], []],
        customer_id=[None, None, "CUST-00991"],
    )
    assert by_record(feedback, "verbatim") == {
        "R0": "[NAME] wrote",
        "R1": "zbyszko wrote",
        "R2": "I am [ID]",
    }
    assert by_record(feedback, "agent_verbatim")["R0"] == "Hello [NAME]"
    assert by_record(feedback, "attributes")["R0"] == '{"note": "ask [NAME]"}'


def test_attributes_are_masked_field_by_field_with_their_names_as_cues() -> None:
    objects = [
        '{"phone": "668 5702", "size": "XL", "count": 3, "none": null}',
        '{"agent_name": "Ngozi", "esc": "\\u0061nna@x.org"}',
        '["415-555-2671"]',
        "{broken 415-555-2671",
    ]
    feedback = conformed(attributes=objects, verbatim=["a", "b", "c", "d"])
    assert by_record(feedback, "attributes") == {
        "R0": '{"count": 3, "none": null, "phone": "[PHONE]", "size": "XL"}',
        "R1": '{"agent_name": "[NAME]", "esc": "[EMAIL]"}',
        "R2": '["[PHONE]"]',
        "R3": "{broken [PHONE]",
    }


def test_a_long_text_is_cut_at_a_word_and_reported_without_its_words() -> None:
    options = ConformOptions(pseudonym_key=KEY, time_zone="UTC", longest_verbatim=100)
    text = "word " * 19 + "secret@example.com tail"
    result = mask_records(mapped(verbatim=[text, "short"]), options)
    kept = by_record(result.feedback, "verbatim")["R0"]
    assert kept == ("word " * 19).strip()
    row = result.set_aside.row(0, named=True)
    assert row["scope"] == "verbatim"
    assert str(len(text)) in row["reason"]
    assert "engine.longest_verbatim" in row["remedy"]
    assert "word" not in row["reason"].replace("words", "")
    assert result.set_aside.height == 1


def test_a_text_of_megabytes_does_no_harm() -> None:
    texts = ["a-" * 2_500_000, "x" * 5_000_000, "1 " * 2_000_000]
    result = mask_records(mapped(verbatim=texts), OPTIONS)
    assert result.feedback["verbatim"].str.len_chars().max() <= OPTIONS.longest_verbatim + 50
    assert result.set_aside.height == 3


def test_customer_keys_ignore_case_and_blanks_and_hide_the_id() -> None:
    feedback = conformed(
        verbatim=["a", "b", "c", "d"], customer_id=[" Anna@X.org", "anna@x.org ", None, "  "]
    )
    keys = by_record(feedback, "customer_key")
    assert keys["R0"] == keys["R1"] == customer_key("anna@x.org", KEY)
    assert keys["R2"] is keys["R3"] is None
    assert customer_key("anna@x.org", b"another key of 16+") != keys["R0"]
    voices = by_record(feedback, "voice_key")
    assert voices["R0"] == voices["R1"] == keys["R0"]
    assert voices["R2"] == by_record(feedback, "response_id")["R2"]


def test_a_response_groups_its_rows_and_stands_for_a_missing_one_by_the_feedback() -> None:
    feedback = conformed(verbatim=["a", "b", "c"], response_id=["7", "7", None])
    responses = by_record(feedback, "response_id")
    assert responses["R0"] == responses["R1"] != "7"
    assert responses["R2"] == by_record(feedback, "feedback_id")["R2"]


def test_an_id_that_is_personal_is_published_as_a_hash() -> None:
    ids = ["anna@x.org", "1415926535897932", "T-12", "zbyszko7", "+44 20 7946 0958"]
    feedback = conformed(
        verbatim=["a"] * 5, external_id=ids, known_values=[[], [], [], ["Zbyszko7"], []]
    )
    published = set(feedback["external_id"])
    assert published & set(ids) == {"1415926535897932", "T-12"}
    assert len(published) == 5


def test_the_score_share_runs_from_worst_to_best_on_any_scale() -> None:
    feedback = conformed(
        verbatim=["a"] * 6,
        score=[9.0, 1.0, 5.0, None, 11.0, 3.0],
        score_min=[0.0, 5.0, 5.0, 0.0, 0.0, 3.0],
        score_max=[10.0, 1.0, 1.0, 10.0, 10.0, 3.0],
    )
    assert by_record(feedback, "score_share") == {
        "R0": 0.9, "R1": 1.0, "R2": 0.0, "R3": None, "R4": None, "R5": None,
    }  # fmt: skip


@given(
    st.datetimes(datetime(1999, 1, 1), datetime(2099, 1, 1)),
    st.sampled_from(["UTC", "Europe/London", "America/Los_Angeles", "Asia/Kolkata"]),
)
@settings(max_examples=100, deadline=None)
def test_the_week_is_the_one_that_python_means(instant: datetime, zone: str) -> None:
    local = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    frame = pl.DataFrame({"t": [instant]}, schema={"t": pl.Datetime("us")})
    assert frame.select(week_of("t", zone)).item() == week_start(local.date())


def test_the_week_is_the_one_that_duckdb_means() -> None:
    days = [date(2024, 12, 25) + timedelta(days=n) for n in range(400)]
    frame = pl.DataFrame({"t": [datetime(d.year, d.month, d.day, 23, 59) for d in days]})
    ours = frame.select(week_of("t", "UTC")).to_series().to_list()
    query = "SELECT date_trunc('week', unnest($days))::DATE"
    with duckdb.connect() as connection:
        weeks = [row[0] for row in connection.execute(query, {"days": days}).fetchall()]
    assert ours == weeks


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The delivery was late and nobody told me why", "en"),
        ("Die Lieferung ist nicht gekommen und ich warte", "de"),
        ("Je ne peux pas me connecter à mon compte", "fr"),
        ("La aplicación no funciona y el servicio es muy lento", "es"),
        ("荷物がまだ届きません", "ja"),
        ("배송이 늦어요", "ko"),
        ("Przesyłka nie dotarła i nikt nie dzwoni", "pl"),
        ("Superb", None),
    ],
)
def test_the_language_is_detected_where_the_words_decide(text: str, code: str | None) -> None:
    assert conformed(verbatim=[text])["language"].to_list() == [code]


def test_the_language_that_the_source_says_wins() -> None:
    feedback = conformed(verbatim=["the app is down and I wait", None], language=["NL-be", "nl"])
    assert by_record(feedback, "language") == {"R0": "nl", "R1": None}


def test_a_key_is_read_or_the_variable_is_named() -> None:
    assert read_key("0123456789abcdef", "VOC_KEY") == b"0123456789abcdef"
    for value in (None, "", "short"):
        with pytest.raises(ConfigurationError, match="VOC_KEY"):
            read_key(value, "VOC_KEY")
    assert key_fingerprint(KEY) == key_fingerprint(KEY)
    assert key_fingerprint(KEY) != key_fingerprint(KEY + b"1")
    assert key_fingerprint(b"x" * 100) != key_fingerprint(b"x" * 101)


TEXTS = st.one_of(
    st.none(),
    st.text(max_size=40),
    st.sampled_from(["Mr Smith paid", "call 415-555-2671", "the same words", "The same, words!"]),
)


@given(st.lists(TEXTS, min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_any_order_gives_the_same_rows_one_for_each_record(
    texts: list[str | None], chance: random.Random
) -> None:
    records = mapped(verbatim=texts, known_values=[["Smith"] for _ in texts])
    order = list(range(len(texts)))
    chance.shuffle(order)
    empty = EARLIER_SCHEMA.to_frame()
    straight = mark_duplicates(mask_records(records, OPTIONS).feedback, empty)
    shuffled = mark_duplicates(mask_records(records[order], OPTIONS).feedback, empty)
    assert straight.equals(shuffled)
    assert straight.height == len(texts)
    for text in straight["verbatim"].drop_nulls():
        assert not any(ord(sign) < 32 and sign not in "\n\t" for sign in text)
        assert "Smith" not in text
