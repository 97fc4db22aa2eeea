"""One account, one text, one hour, one batch, one source; and the sentence that says so."""

from datetime import date, datetime, timedelta

import polars as pl

from models.place import IssuePattern, IssuePlace
from voc_pipeline.trends.patterns import find_patterns
from voc_pipeline.trends.places import Places
from voc_pipeline.trends.tables import as_frame

WEEK = date(2026, 3, 2)
START = datetime(2026, 3, 2)
NO_PLACES = Places(as_frame(IssuePlace, []), {"A": 120})


def report(at: int, *, voice=None, text=None, hour=None, batch=None, source="web"):
    said = START + timedelta(hours=at * 5 % 168 if hour is None else hour)
    return {
        "issue_id": "A",
        "week_start": WEEK,
        "voice_key": voice or f"v{at}",
        "text_key": text or f"t{at}",
        "source_id": source,
        "occurred_at": said,
        "received_at": said if batch is None else START + timedelta(hours=batch),
    }


def found(*reports, expected: float = 4.0, hours=None, places: Places = NO_PLACES):
    usual = [
        {
            "source_id": source,
            "occurred_hour": START + timedelta(hours=hour),
            "received_hour": START + timedelta(hours=hour),
            "feedback_count": 3,
        }
        for hour in range(168)
        for source in ("web", "desk")
    ]
    frame = find_patterns(
        pl.DataFrame({"issue_id": ["A"], "expected_count": [expected]}),
        pl.DataFrame(list(reports)),
        pl.DataFrame(usual if hours is None else hours),
        places,
        week=WEEK,
    )
    assert frame.columns == list(IssuePattern.model_fields)
    return frame.row(0, named=True)


FLAGS = ("is_one_account", "is_one_text", "is_one_hour", "is_one_batch")


def flags(row) -> set[str]:
    return {name for name in FLAGS if row[name]}


def mixed(count: int, first: int = 100):
    return [report(at, source="web" if at % 2 else "desk") for at in range(first, first + count)]


def test_an_ordinary_rise_has_no_pattern():
    row = found(*mixed(20))
    assert flags(row) == set()
    assert row["only_source_id"] is None
    assert row["reason"] == (
        "20 reports where 4.0 were expected; no place stands out of 120 searched"
    )


def test_one_account_that_writes_most_of_the_excess_is_named_by_its_count_alone():
    row = found(*[report(at, voice="loud", source="desk") for at in range(12)], *mixed(6))
    assert flags(row) == {"is_one_account"}
    assert (row["top_voice_count"], row["voice_count"]) == (12, 7)
    assert "one account wrote 12" in row["reason"]
    assert "loud" not in row["reason"]


def test_many_voices_with_the_same_words_are_a_campaign():
    row = found(*[report(at, text="same") for at in range(12)], *mixed(6))
    assert flags(row) == {"is_one_text"}
    assert row["top_text_count"] == 12


def test_one_hour_of_complaints_is_an_hour():
    row = found(*[report(at, hour=30) for at in range(12)], *mixed(6))
    assert "is_one_hour" in flags(row)
    assert row["top_hour"] == START + timedelta(hours=30)
    assert "12 were said in the hour of 2026-03-03 06:00 UTC" in row["reason"]


def test_one_load_of_old_complaints_is_a_batch():
    row = found(*[report(at, batch=100) for at in range(12)], *mixed(6))
    assert flags(row) == {"is_one_batch"}


def test_a_source_that_knows_days_only_makes_no_hour():
    days = [
        {
            "source_id": "desk",
            "occurred_hour": START + timedelta(days=day),
            "received_hour": START + timedelta(days=day),
            "feedback_count": 40,
        }
        for day in range(7)
    ]
    reports = [report(at, hour=24 * (at % 3), source="desk") for at in range(21)]
    assert flags(found(*reports, expected=10.0, hours=days)) == set()


def test_a_source_alone_is_named_where_others_speak():
    row = found(*[report(at) for at in range(10)])
    assert row["only_source_id"] == "web"
    assert "only source web tells of it" in row["reason"]


def test_the_sentence_names_the_place_with_its_chance():
    place = {
        "week_start": WEEK, "issue_id": "A", "dimension": "product", "cell": "Home\n\u202eEvil",
        "second_dimension": "channel", "second_cell": "call", "feedback_count": 14,
        "usual_share": 0.1, "expected_count": 0.4, "contribution": 13.6, "p_value": 2e-7,
        "is_finding": True, "is_new_cell": False,
    }  # fmt: skip
    row = found(*mixed(20), places=Places(as_frame(IssuePlace, [place]), {"A": 98}))
    assert row["reason"] == (
        "20 reports where 4.0 were expected; 14 of them in product Home Evil and in channel call, "
        "where 0.4 were expected (chance below 0.0001 over 98 places searched)"
    )
