"""Raw rows to mapped ones: scores, scales, words, numbers, and what is set aside."""

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.instants import read_instants
from connectors.mapping import MAPPED_SCHEMA, SET_ASIDE_SCHEMA, decoded, map_rows
from models.feedback import MappedRecord
from models.source import ColumnMapping, FilesSource, ScoreSettings


def at(*parts):
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


def raw(*payloads):
    count = len(payloads)
    texts = [one if isinstance(one, str) else json.dumps(one) for one in payloads]
    return pl.DataFrame(
        {
            "source_id": ["s"] * count,
            "external_id": [f"{number:03}" for number in range(count)],
            "revision": [1] * count,
            "content_hash": ["00"] * count,
            "is_deleted": [False] * count,
            "occurred_at": [at(2026, 11, 2)] * count,
            "received_at": [at(2026, 11, 2)] * count,
            "received_week": [date(2026, 11, 2)] * count,
            "origin": ["in/a.csv:1"] * count,
            "payload": texts,
        },
        schema_overrides={"occurred_at": pl.Datetime("us"), "received_at": pl.Datetime("us")},
    )


def mapped(payloads, score=None, language=None, **columns):
    columns = ColumnMapping(occurred_at=("day",), **columns)
    source = FilesSource(
        id="s", kind="files", channel="survey", paths=("a",), columns=columns, language=language
    )
    mapping = map_rows(raw(*payloads), source, columns, score)
    assert mapping.mapped.schema == MAPPED_SCHEMA
    assert mapping.set_aside.schema == SET_ASIDE_SCHEMA
    assert mapping.mapped["external_id"].to_list() == [f"{n:03}" for n in range(len(payloads))]
    return mapping


def test_the_schema_is_the_mapped_record():
    assert MAPPED_SCHEMA.names() == list(MappedRecord.model_fields)


NPS = ScoreSettings(
    column="q",
    metric="nps",
    minimum=0,
    maximum=10,
    non_answers=("11", "n/a"),
    question="Would you?",
)


def test_non_answers_are_empty_and_scores_off_the_scale_are_set_aside():
    given = ["10", 0, 7.5, " 9 ", 11, "11.0", "n/a", "", None, "12", -1, "super service", "NaN"]
    mapping = mapped([{"q": one} for one in given], NPS)
    assert mapping.mapped["score"].to_list() == [10, 0, 7.5, 9] + [None] * 9
    assert mapping.set_aside["external_id"].to_list() == ["009", "010", "011", "012"]
    assert mapping.set_aside["scope"].unique().to_list() == ["score"]
    assert mapping.set_aside["reason"].to_list() == [
        "score 12 is off the scale 0 to 10",
        "score -1 is off the scale 0 to 10",
        "score (a text of 13 characters) is no number",
        "score (a text of 3 characters) is no number",
    ]
    assert "non_answers" in mapping.set_aside["remedy"][0]
    assert json.loads(mapping.set_aside["payload"][2]) == {"q": "super service"}


@pytest.mark.parametrize(
    ("direction", "ends"), [("higher_is_better", (1, 5)), ("lower_is_better", (5, 1))]
)
def test_direction_says_which_end_is_the_worst(direction, ends):
    score = ScoreSettings(column="q", metric="csat", minimum=1, maximum=5, direction=direction)
    row = mapped([{"q": 1}], score).mapped.row(0, named=True)
    assert (row["score_min"], row["score_max"]) == ends
    assert (row["score"], row["score_metric"]) == (1, "csat")


def test_the_question_is_the_column_else_the_score_s():
    found = mapped([{"q": 1, "asked": "Why?"}, {"q": 1, "asked": " "}], NPS, question="asked")
    assert found.mapped["question"].to_list() == ["Why?", "Would you?"]


def test_words_join_by_line_and_what_says_nothing_is_null():
    given = [
        {"a": "good", "b": "bad"},
        {"a": "", "b": " kept as is "},
        {"a": " \t", "b": None},
        {"a": "DID not answer ", "b": "N/A"},
        {"a": "nul\x00byte", "b": "N/A"},
        {},
    ]
    found = mapped(given, verbatim=("a", "b"), non_answers=("Did not answer", "n/a"))
    assert found.mapped["verbatim"].to_list() == [
        "good\nbad", " kept as is ", None, None, "nulbyte", None
    ]  # fmt: skip


def test_customers_that_nobody_knows_are_no_customer():
    given = [{"c": 0.0}, {"c": "0"}, {"c": 1234.0}, {"c": "A-7.0"}, {"c": None}]
    found = mapped(given, customer_id="c", unknown_customers=("0",))
    assert found.mapped["customer_id"].to_list() == [None, None, "1234", "A-7.0", None]


def test_known_values_and_attributes_are_texts():
    given = [{"n": "Ann", "e": "a@b.org", "x": 5, "y": {"z": [1]}}, {"n": " ", "x": None}]
    found = mapped(given, known_values=("n", "e"), attributes=("x", "y")).mapped
    assert found["known_values"].to_list() == [["Ann", "a@b.org"], []]
    assert json.loads(found["attributes"][0]) == {"x": "5", "y": '{"z": [1]}'}
    assert mapped([{}]).mapped.row(0, named=True)["attributes"] is None


def test_times_are_seconds_or_clock_and_nonsense_is_set_aside():
    given = ["90", 0, "1:02:03", "2:05", "-5", "soon", "", "inf"]
    found = mapped([{"w": one} for one in given], wait_seconds="w")
    assert found.mapped["wait_seconds"].to_list() == [90, 0, 3723, 125, None, None, None, None]
    assert found.set_aside["external_id"].to_list() == ["004", "005", "007"]
    assert found.set_aside["reason"][0] == "wait_seconds -5 is no time of 0 or more"


def test_language_is_two_letters_else_the_source_s():
    given = [{"l": "EN-us"}, {"l": "de"}, {"l": "German"}, {"l": None}]
    found = mapped(given, language="fr", region="l")
    assert found.mapped["language"].to_list() == ["fr"] * 4
    columns = ColumnMapping(occurred_at=("d",), language="l")
    source = FilesSource(
        id="s", kind="files", channel="survey", paths=("a",), columns=columns, language="fr"
    )
    mapping = map_rows(raw(*given), source, columns)
    assert mapping.mapped["language"].to_list() == ["en", "de", "fr", "fr"]
    assert mapping.set_aside["external_id"].to_list() == ["002"]


def test_column_names_are_never_patterns():
    found = mapped([{"^.*$": "a", "*": "b", "": "c"}], product="^.*$", region="*", touchpoint="")
    row = found.mapped.row(0, named=True)
    assert (row["product"], row["region"], row["touchpoint"]) == ("a", "b", "c")


def test_a_deleted_record_without_payload_maps_to_an_empty_row():
    found = mapped(["", "{}", "null", '{"a": "x"}'], verbatim=("a",))
    assert found.mapped["verbatim"].to_list() == [None, None, None, "x"]


def test_no_rows_map_to_no_rows():
    assert mapped([], NPS, verbatim=("a",), known_values=("b",)).mapped.is_empty()


VALUES = st.one_of(
    st.none(), st.text(max_size=8), st.integers(), st.floats(), st.booleans(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2), min_size=1, max_size=4))
def test_every_payload_decodes_to_its_own_row(objects):
    found = decoded(pl.Series([json.dumps(one) for one in objects]), ["a", "b"])
    assert found.height == len(objects)
    for one, row in zip(objects, found.iter_rows(named=True), strict=True):
        for name in "ab":
            value = one.get(name)
            if isinstance(value, str) and value.isprintable():
                assert row[name] == value
            assert (row[name] is None) == (value is None)


def instants(values, zone="Europe/London", formats=()):
    columns = [pl.Series("day", column) for column in values]
    return read_instants(columns, formats=formats, time_zone=zone).to_list()


def test_instants_without_offset_are_local_and_offsets_count_each_for_itself():
    given = [
        "2021-07-01", "2021-07-01T07:05:06.5Z", "2021-07-01 07:05+02",
        "2021-07-01 7:05:06-0530", "1591056777", "1591056777123",
    ]  # fmt: skip
    assert instants([given]) == [
        at(2021, 6, 30, 23), at(2021, 7, 1, 7, 5, 6, 500_000), at(2021, 7, 1, 5, 5),
        at(2021, 7, 1, 12, 35, 6), at(2020, 6, 2, 0, 12, 57), at(2020, 6, 2, 0, 12, 57, 123_000),
    ]  # fmt: skip


def test_what_is_no_instant_is_null():
    given = ["2021-02-30", "junk", "", None, "2021-07-01T07:05+99:00", "25:00", "2021-07-01 25:00"]
    assert instants([given]) == [None] * 7


def test_clock_changes_take_the_earlier_or_the_moved_time():
    assert instants([["2024-10-27 01:30", "2024-03-31 01:30"]]) == [
        at(2024, 10, 27, 0, 30), at(2024, 3, 31, 1, 30)
    ]  # fmt: skip
    assert instants([["2011-12-30 10:00"]], "Pacific/Apia") == [at(2011, 12, 30, 20)]


def test_date_formats_are_tried_in_order():
    formats = ("%a %b %d %H:%M:%S %z %Y", "%d/%m/%Y %H:%M", "%m/%d/%Y")
    given = ["Tue Oct 31 21:54:49 +0000 2017", "01/07/2020 08:00", "07/31/2020", "2020-07-01"]
    assert instants([given], formats=formats) == [
        at(2017, 10, 31, 21, 54, 49), at(2020, 7, 1, 7), at(2020, 7, 30, 23), None
    ]  # fmt: skip


def test_a_date_and_a_time_of_day_join_and_no_time_is_midnight():
    days = [at(1999, 2, 1), at(1999, 2, 1), None]
    assert instants([days, ["7:02:47", None, "1:00"]], "Asia/Jerusalem") == [
        at(1999, 2, 1, 5, 2, 47), at(1999, 1, 31, 22), None
    ]  # fmt: skip
    assert instants([["01/07/2020"], ["5:00 PM"]], formats=("%d/%m/%Y %I:%M %p",)) == [
        at(2020, 7, 1, 16)
    ]


def test_native_columns_keep_their_own_zone():
    aware = pl.Series([at(2021, 7, 1, 12)]).dt.replace_time_zone("America/New_York")
    assert read_instants([aware], formats=(), time_zone="UTC").to_list() == [at(2021, 7, 1, 16)]
    assert instants([[date(2021, 7, 1)]]) == [at(2021, 6, 30, 23)]
    assert instants([[20200701]], formats=("%Y%m%d",)) == [at(2020, 6, 30, 23)]
