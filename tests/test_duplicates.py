from datetime import datetime

import polars as pl
from feedback_records import KEY, START, mapped
from hypothesis import given, settings
from hypothesis import strategies as st

from voc_pipeline.feedback import EARLIER_SCHEMA, ConformOptions, mark_duplicates, mask_records
from voc_pipeline.feedback.duplicates import text_keys

OPTIONS = ConformOptions(pseudonym_key=KEY, time_zone="UTC")
NOTHING = EARLIER_SCHEMA.to_frame()


def feedback_of(**columns: list[object]) -> pl.DataFrame:
    return mask_records(mapped(**columns), OPTIONS).feedback


def kinds(marked: pl.DataFrame) -> dict[tuple[str, int], str]:
    rows = marked.select("external_id", "revision", "duplicate_kind").iter_rows()
    return {(record, revision): kind for record, revision, kind in rows}


def earlier(text_key: str, feedback_id: str, verbatim: str, occurred_at: datetime) -> pl.DataFrame:
    return pl.DataFrame(
        [(text_key, feedback_id, verbatim, occurred_at)], EARLIER_SCHEMA, orient="row"
    )


def test_a_text_key_ignores_case_digits_punctuation_blanks_links_and_mentions() -> None:
    texts = [
        "Order 123 is late!",
        "order   99 IS late",
        "@shop order is late https://x.example/1",
        "[NAME], order is late...",
        "order was late",
        "123 !!",
        None,
    ]
    keys = text_keys(pl.Series(texts)).to_list()
    assert len(set(keys[:4])) == 1
    assert keys[4] not in keys[:4]
    assert keys[5:] == [None, None]


def test_the_same_words_are_exact_and_the_same_but_for_marks_near() -> None:
    feedback = feedback_of(
        verbatim=["It broke again", "It broke again", "it BROKE again!!", "Fine"]
    )
    marked = mark_duplicates(feedback, NOTHING)
    assert kinds(marked) == {
        ("R0", 1): "none", ("R1", 1): "exact", ("R2", 1): "near", ("R3", 1): "none",
    }  # fmt: skip
    first = marked.filter(pl.col("external_id") == "R0")["feedback_id"].item()
    assert marked.filter(pl.col("external_id") == "R2")["duplicate_of"].item() == first


def test_what_was_known_before_comes_first() -> None:
    feedback = feedback_of(verbatim=["It broke again"])
    key = feedback["text_key"].item()
    known = earlier(key, "0" * 32, "It broke again", datetime(2020, 1, 1))
    marked = mark_duplicates(feedback, known)
    assert marked["duplicate_kind"].to_list() == ["exact"]
    assert marked["duplicate_of"].to_list() == ["0" * 32]


def test_a_late_record_older_than_the_known_one_is_the_first_itself() -> None:
    feedback = feedback_of(verbatim=["It broke again"])
    known = earlier(feedback["text_key"].item(), "0" * 32, "It broke again", datetime(2030, 1, 1))
    assert mark_duplicates(feedback, known)["duplicate_kind"].to_list() == ["none"]


def test_a_revision_does_not_copy_its_own_record() -> None:
    columns = {"external_id": ["A", "A"], "revision": [1, 2], "occurred_at": [START, START]}
    feedback = feedback_of(verbatim=["It broke", "It broke"], **columns)
    assert set(kinds(mark_duplicates(feedback, NOTHING)).values()) == {"none"}
    second = feedback.filter(pl.col("revision") == 2)
    known = earlier(second["text_key"].item(), second["feedback_id"].item(), "It broke", START)
    assert mark_duplicates(second, known)["duplicate_kind"].to_list() == ["none"]


def test_rows_without_words_copy_nobody() -> None:
    marked = mark_duplicates(feedback_of(verbatim=[None, None, "12", "12"]), NOTHING)
    assert set(marked["duplicate_kind"]) == {"none"}


def test_a_text_pasted_by_one_account_is_one_voice_with_one_text() -> None:
    feedback = feedback_of(verbatim=["Buy my thing"] * 500, customer_id=["bot"] * 500)
    marked = mark_duplicates(feedback, NOTHING)
    assert marked.select("voice_key", "text_key", "week_start").unique().height <= 4
    assert marked.filter(pl.col("duplicate_kind") == "none").height == 1


@given(
    st.lists(st.sampled_from(["a b c", "A, b c", "x y", "x  y", None]), min_size=1, max_size=10),
    st.data(),
)
@settings(max_examples=30, deadline=None)
def test_every_copy_points_to_one_first_whatever_the_order(
    texts: list[str | None], data: st.DataObject
) -> None:
    hours = data.draw(st.lists(st.integers(0, 2), min_size=len(texts), max_size=len(texts)))
    feedback = feedback_of(verbatim=texts, occurred_at=[START.replace(hour=h) for h in hours])
    order = data.draw(st.permutations(range(len(texts))))
    marked = mark_duplicates(feedback, NOTHING)
    assert marked.equals(mark_duplicates(feedback[list(order)], NOTHING))
    worded = marked.filter(pl.col("text_key").is_not_null())
    firsts = worded.filter(pl.col("duplicate_kind") == "none")
    assert sorted(firsts["text_key"]) == sorted(set(worded["text_key"]))
    copies = worded.filter(pl.col("duplicate_kind") != "none")
    assert set(copies["duplicate_of"]) <= set(firsts["feedback_id"])
