"""New terms: what rose in an issue's words, counted by voices, never a mask."""

from datetime import date, timedelta

import polars as pl

from models.place import IssueNewTerm
from voc_pipeline.trends.terms import find_new_terms

WEEK = date(2026, 3, 2)
USUAL = (
    "The parcel was late again",
    "My parcel came three days late",
    "Nobody knows where the parcel is",
    "The parcel is late and the driver never rang",
)


def texts(*now: str, history: int = 40, issue: str = "A") -> pl.DataFrame:
    rows = [
        (issue, WEEK - timedelta(weeks=1 + at % 26), f"old{at}", USUAL[at % len(USUAL)])
        for at in range(history)
    ]
    rows += [(issue, WEEK, f"new{at}", text) for at, text in enumerate(now)]
    columns = ["issue_id", "week_start", "voice_key", "segment_text"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def terms(frame: pl.DataFrame) -> list[str]:
    found = find_new_terms(frame, week=WEEK)
    assert found.columns == list(IssueNewTerm.model_fields)
    return found.sort("term_rank")["term"].to_list()


STRIKE = ["The parcel is late because of the postal strike in Leeds"] * 2


def test_words_that_rose_are_named_the_pair_before_its_parts():
    now = [f"The parcel is late, postal strike {word}" for word in ("now", "here", "again", "so")]
    found = find_new_terms(texts(*now, *USUAL), week=WEEK)
    first = found.sort("term_rank").row(0, named=True)
    assert first["term"] == "postal strike"
    assert (first["voice_count"], first["of_voices"]) == (4, 8)
    assert (first["earlier_voice_count"], first["earlier_of_voices"]) == (0, 40)
    assert "postal" not in found["term"].to_list()


def test_the_usual_words_are_no_news():
    assert terms(texts(*USUAL, *USUAL)) == []


def test_one_voice_that_repeats_itself_is_one_voice():
    frame = texts(*USUAL)
    loud = frame.head(1).with_columns(
        week_start=pl.lit(WEEK), voice_key=pl.lit("loud"), segment_text=pl.lit("strike strike")
    )
    assert terms(pl.concat([frame, *[loud] * 9])) == []


def test_masks_are_no_words():
    now = ["The parcel of [NAME] at [ADDRESS] is late"] * 6
    frame = texts(*now)
    assert not [term for term in terms(frame) if "name" in term or "address" in term]


def test_a_release_number_is_a_word():
    now = ["parcel screen broken since 8.4.0", "parcel: 8.4.0 breaks it", "late in 8.4.0", "8.4.0!"]
    assert "8.4.0" in terms(texts(*now))


def test_an_issue_with_little_history_has_no_new_words():
    assert terms(texts(*["postal strike"] * 6, history=5)) == []


def test_issues_are_judged_apart_and_in_any_order():
    now = ["postal strike stops the parcel"] * 6
    both = pl.concat([texts(*now), texts(*USUAL, issue="B")])
    one = find_new_terms(both, week=WEEK)
    assert one["issue_id"].unique().to_list() == ["A"]
    assert one.equals(find_new_terms(both.reverse(), week=WEEK))


def test_hostile_texts_are_only_texts():
    now = ["<script>alert(1)</script> =cmd()|x \u202e\x00 " + "a" * 5000] * 5
    assert all(len(term) <= 61 for term in terms(texts(*now)))
