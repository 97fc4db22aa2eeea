from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.settings import FunctionSettings
from voc_pipeline.issues.evidence import read_evidence
from voc_pipeline.issues.functions import place_issues
from voc_pipeline.issues.labels import proper_names
from voc_pipeline.issues.phrases import phrases_of, words_of
from voc_pipeline.issues.quotes import pick_quotes, quotes_of_members
from voc_pipeline.issues.register_options import RegisterOptions
from voc_pipeline.issues.registry import advance_register
from voc_pipeline.issues.standing import Standing
from voc_pipeline.issues.vectors import embed_segments, load_model
from voc_pipeline.issues.wordings import Wordings

MONDAY = date(2026, 1, 5)
OPENINGS = (
    "", "Hello, ", "Hi [NAME], ", "Honestly ", "Again ", "I am angry: ", "To be frank, ",
    "For the third time ", "Dear team, ", "Why is it that ", "Since Monday ", "Sadly ",
)  # fmt: skip
SUBJECTS = {
    "parcel": ("my parcel arrived three days late", "the late parcel was left in the rain",
               "still waiting for a late parcel", "late parcel and no tracking"),
    "password": ("i cannot reset my password", "the password reset link does not work",
                 "password reset mail never comes", "reset of the password fails"),
    "refund": ("you owe me a full refund for the order", "waiting weeks for the full refund",
               "the full refund was never paid out", "where is my full refund"),
}  # fmt: skip


@pytest.fixture(scope="module")
def model():
    return load_model("wordllama")


def window(model, subjects=SUBJECTS, extra: tuple[str, ...] = ()) -> pl.DataFrame:
    texts = [
        opening + wording for wordings in subjects.values() for wording in wordings
        for opening in OPENINGS
    ]  # fmt: skip
    texts += extra
    rows = pl.DataFrame(
        {
            "segment_id": [f"s{at:04d}" for at in range(len(texts))],
            "feedback_id": [f"f{at:04d}" for at in range(len(texts))],
            "segment_text": texts,
            "text_hash": [" ".join(text.casefold().split()) for text in texts],
            "source_id": "mail",
            "voice_key": [f"v{at:04d}" for at in range(len(texts))],
            "text_key": texts,
            "week_start": MONDAY,
            "received_week": MONDAY,
            "current_issue_id": pl.Series([None] * len(texts), dtype=pl.String),
        }
    )
    vectors = embed_segments(rows, [], model, MONDAY).select("text_hash", "vector")
    return rows.join(vectors, on="text_hash", how="left").sort("segment_id")


def run(rows, model, previous=None, week=MONDAY):
    options = RegisterOptions(model_id=model.model_id, founding_texts=60)
    return advance_register(
        pl.DataFrame() if previous is None else previous, rows, week=week, options=options
    )


@pytest.fixture(scope="module")
def step(model):
    return run(window(model), model)


def test_a_label_is_a_phrase_the_customers_used(step):
    spoken = " ".join(text for wordings in SUBJECTS.values() for text in wordings)
    for label in step.issues["label"]:
        assert 2 <= len(label.split()) <= 6
        assert label[0].isupper()
        assert label.lower() in spoken


def test_labels_tell_the_subjects_apart_and_are_never_the_same(step):
    labels = step.issues["label"].to_list()
    assert len(set(labels)) == len(labels)
    for subject in SUBJECTS:
        assert any(subject in label.lower() for label in labels), labels


def test_no_label_starts_or_ends_weakly_or_names_a_mask(step):
    for label in step.issues["label"].str.to_lowercase():
        assert not {"[name]", "name"} & set(label.split())
        assert label.split()[0] not in {"the", "my", "for", "to", "a", "is"}
        assert label.split()[-1] not in {"the", "my", "for", "to", "a", "is"}


CUT = {
    "hold": ("kept on hold", "i was on hold for an hour", "on hold again", "on hold all morning"),
    "fingerprint": ("stuck in fingerprint sign in loop", "a fingerprint sign in loop",
                    "fingerprint sign in loop since the update", "my fingerprint sign in loop"),
    "enquiry": ("nobody called me back about my enquiry", "not called back about my enquiry",
                "no-one called me back about my enquiry", "you never called me back after it"),
    "track": ("i could not track my order", "i could not track my order on the site",
              "could not track my order", "we could not track my order at all"),
}  # fmt: skip


def test_no_label_is_cut_out_of_a_longer_phrase_or_turned_into_its_opposite(model):
    labels = run(window(model, CUT), model).issues["label"].str.to_lowercase().to_list()
    assert labels
    for label in labels:
        assert label.split()[0] not in {"hold", "called", "back", "track"}, labels
        assert not label.endswith(("sign", "sign in", "called")), labels
    assert any("on hold" in label for label in labels), labels


def test_a_slip_of_the_pen_names_nothing_where_one_word_is_said_by_all(model):
    slips = [f"{first}{last}qx" for first in "abcdef" for last in "uvwz"]
    texts = tuple(f"what a mess {slip}" for slip in slips)
    labels = run(window(model, extra=texts), model).issues["label"].str.to_lowercase().to_list()
    assert any("mess" in label for label in labels), labels
    assert not any(slip in label.split() for label in labels for slip in slips), labels


def chosen(*texts: str, others: tuple[str, ...] = ("my parcel came late",), names=()) -> str:
    said = {at: [words_of(one) for one in side] for at, side in enumerate((texts, others))}
    return Wordings(said, frozenset(names)).label(0, set(), "")


def test_what_is_wrong_names_an_issue_before_its_topic_does():
    topic = ("the call handler", "a call handler took it", "i spoke to a call handler")
    assert chosen(*topic, "The call handler was not very good.") == "Call handler was not very good"


def test_praise_is_no_name_while_there_is_a_complaint():
    praise = ("usually an excellent service", "excellent service before")
    assert chosen(*praise, "it was a slow service", "slow service again") == "Slow service"


def test_a_product_alone_is_no_name_while_there_is_a_phrase():
    texts = ("acme acme", "songs on acme skip", "on acme again", "my songs skip", "songs skip acme")
    assert "songs" in chosen(*texts, names=("acm",)).lower()


def test_words_written_with_a_capital_in_a_sentence_are_names_and_not_those_that_begin_one():
    texts = ["I told Acme it was late", "Late again, Acme", "when will Acme answer", "Late. Why"]
    assert proper_names([texts]) == {"acm"}


def test_a_detail_that_few_of_an_issue_tell_is_no_part_of_its_name():
    told = ("pain; hospital", "bed; hospital", "hospital, full", "hospital and my pain", "hospital",
            "the hospital: pain", "hospital; rang", "home from hospital")  # fmt: skip
    label = chosen(*told, "left in hospital alone", "hospital alone")
    assert label == "Hospital, pain"


def test_a_sentence_pasted_into_many_letters_does_not_outweigh_what_others_say(model):
    pasted = ("assuming no one cares either way block the noteworthy parcel record",) * 40
    rows = window(model, extra=pasted).with_columns(text_key="segment_id")
    labels = run(rows, model).issues["label"].str.to_lowercase().to_list()
    assert labels
    assert not any(word in label for label in labels for word in ("cares", "noteworthy"))


@pytest.mark.parametrize(
    ("text", "whole", "cut"),
    [
        ("they delivered a damaged table", "damaged table", "delivered a damaged"),
        ("it told a tale to two different people", "tale to two different people",
         "tale to two different"),
        ("no stock since yesterday", "no stock", "stock since yesterday"),
    ],
)  # fmt: skip
def test_a_phrase_ends_with_what_it_tells_of(text, whole, cut):
    found = {" ".join(one.words) for one in phrases_of(words_of(text))}
    assert whole in found
    assert cut not in found


def test_what_is_asked_for_is_said_as_it_is_asked():
    texts = ("employ more staff", "you need more staff at night", "more staff please", "staff left")
    assert chosen(*texts) == "More staff"


def test_what_is_always_said_behind_a_verb_is_cut_out_of_it():
    texts = ("answer the phone quicker", "answered the phone quicker", "answers my phone quicker")
    assert chosen(*texts).endswith("the phone quicker")


def test_a_wait_that_is_far_too_long_is_no_wait_far():
    texts = ("waiting was far too long", "the wait, far too long", "far too long a wait at night",
             "wait far too long", "to wait far too long")  # fmt: skip
    assert chosen(*texts) == "Wait far too long"


def test_feelings_without_a_thing_found_no_issue(model):
    vents = [f"{first} {last}" for first in ("what a", "such a", "an utter", "a total", "a big")
             for last in ("disgrace", "shambles", "mess", "joke", "nightmare")]  # fmt: skip
    found = run(window(model, extra=tuple(vents)), model)
    place = found.assignments.join(window(model, extra=tuple(vents)), on="segment_id")
    vented = place.filter(pl.col("segment_text").is_in(vents))
    assert len(vented) == len(vents)
    assert vented["issue_id"].null_count() == len(vents)


def test_terms_are_words_of_the_issue(step):
    for terms in step.issues["terms"]:
        assert 1 <= len(terms) <= 6
        assert not {"the", "my", "hello"} & set(terms)


def test_quotes_are_whole_segments_of_their_issue_the_edge_last(step, model):
    texts = dict(window(model).select("segment_id", "segment_text").iter_rows())
    place = dict(step.assignments.select("segment_id", "issue_id").iter_rows())
    for (issue,), quotes in step.quotes.group_by("issue_id"):
        ranked = quotes.sort("quote_rank")
        assert ranked["quote_rank"].to_list() == list(range(1, len(ranked) + 1))
        assert ranked["is_edge"].to_list() == [False] * 3 + [True]
        assert ranked["quote"].is_unique().all()
        for row in ranked.iter_rows(named=True):
            assert row["quote"] == texts[row["segment_id"]]
            assert place[row["segment_id"]] == issue


def test_a_label_stays_while_the_content_does(step, model):
    week = MONDAY + timedelta(weeks=1)
    before = dict(step.assignments.select("segment_id", "issue_id").iter_rows())
    old = window(model)
    held = old.with_columns(
        pl.Series("current_issue_id", [before[one] for one in old["segment_id"]], dtype=pl.String)
    )
    new = old.with_columns(
        segment_id="n" + pl.col("segment_id"), feedback_id="n" + pl.col("feedback_id"),
        voice_key="n" + pl.col("voice_key"), week_start=week, received_week=week,
    )  # fmt: skip
    after = run(pl.concat([held, new]), model, step.issues, week)
    assert after.issues["label"].equals(step.issues["label"])
    assert (after.issues["member_count"] > step.issues["member_count"]).all()


def test_a_label_goes_when_its_words_have_left_an_issue_of_many_texts(step, model):
    stale = step.issues.with_columns(label=pl.lit("Broken vase ") + pl.col("issue_id"))
    before = dict(step.assignments.select("segment_id", "issue_id").iter_rows())
    held = window(model)
    held = held.with_columns(
        pl.Series("current_issue_id", [before[one] for one in held["segment_id"]], dtype=pl.String)
    )
    after = run(held, model, stale, MONDAY + timedelta(weeks=1)).issues
    many = after.filter(pl.col("member_count") >= 20)
    assert len(many) > 0
    assert not many["label"].str.contains("vase").any()


def test_no_label_names_the_account_that_posts_are_addressed_to(model):
    posted = {name: tuple(f"@Acme {text}" for text in said) for name, said in SUBJECTS.items()}
    labels = run(window(model, posted), model).issues["label"].str.to_lowercase().to_list()
    assert labels
    assert not any("acme" in label for label in labels)


def test_hostile_texts_do_not_break_naming(model):
    hostile = (
        "=HYPERLINK(1)",
        "\u202eparcel\x00",
        "<b>parcel</b> " * 5_000,
        "🙂🙂",
        "١٢٣",
        "a" * 9_999,
    )
    found = run(window(model, extra=hostile), model)
    assert found.issues["label"].str.len_chars().min() > 0


def test_issues_in_other_scripts_get_a_name(model):
    said = {
        "a": ("посылка пришла поздно", "опоздание посылки снова", "посылка потеряна"),
        "b": ("не могу сбросить пароль", "пароль не сбрасывается", "забыл пароль от входа"),
    }
    found = run(window(model, said), model)
    assert len(found.issues) >= 1
    assert found.issues["label"].str.len_chars().min() > 0


FUNCTIONS = (
    FunctionSettings(id="logistics", name="Logistics", seeds=("late parcel delivery",)),
    FunctionSettings(id="digital", name="Digital", seeds=("password reset", "login fails")),
    FunctionSettings(id="board", name="Board"),
)


def test_an_issue_goes_to_the_function_its_words_are_most_like(step, model):
    placed = place_issues(step.issues, FUNCTIONS, model)
    owner = dict(placed.select("label", "function").iter_rows())
    for label, function in owner.items():
        if "parcel" in label.lower():
            assert function == "logistics"
        if "password" in label.lower():
            assert function == "digital"
    assert placed.drop("function").equals(step.issues.drop("function"))


def test_what_is_like_no_function_is_owned_by_none(step, model):
    far = (FunctionSettings(id="zoo", name="Zoo", seeds=("giraffe feeding",)),)
    assert place_issues(step.issues, far, model)["function"].null_count() == len(step.issues)
    assert place_issues(step.issues, (), model)["function"].null_count() == len(step.issues)


def quotes_of(texts: list[str], voices: list[str]) -> list[str]:
    """The quotes of one issue whose texts lie ever farther from its centre."""
    vectors = [[1.0, at / 100] for at in range(len(texts))]
    members = pl.DataFrame(
        {
            "issue_id": "ISS-0001",
            "segment_id": [f"s{at:02d}" for at in range(len(texts))],
            "segment_text": texts,
            "voice_key": voices,
            "text_key": texts,
            "vector": vectors,
        }
    )
    return quotes_of_members(members, MONDAY)["quote"].to_list()


def test_quotes_are_complaints_of_several_people_in_words_of_their_own():
    texts = [
        "The parcel was given to the neighbour.",
        "My parcel was late again and again.",
        "and the parcel was late once more",
        "My parcel was late again, again!",
        "The courier lost the whole shipment.",
        "Nobody rang when the box was damaged.",
        "It was left outside in the rain, ruined.",
        "Delivery came three weeks too late.",
    ]
    found = quotes_of(texts, ["a", "b", "c", "d", "b", "e", "f", "g"])
    assert "given to the neighbour" not in " ".join(found[:3])
    assert not any(one.startswith("and ") for one in found)
    assert sum("late again" in one for one in found) == 1
    assert "The courier lost the whole shipment." not in found[:3]
    assert len(set(found)) == 4


def test_a_complaint_full_of_praise_is_quoted_after_plain_ones():
    texts = [
        "The nurse was lovely and the crew amazing but the wait was terrible and far too long.",
        "The wait was terrible and far too long.",
        "Nobody came for hours.",
        "It never arrived at all.",
    ]
    assert texts[0] not in quotes_of(texts, ["a", "b", "c", "d"])[:3]


def test_quotes_speak_in_the_words_of_the_label():
    texts = [
        "The driver was rude to us.", "No reply came from the office.", "Nobody rang me.",
        "The box was broken.", "Nobody cleaned the lounge.", "The agent at our gate lied.",
        "No crew, no gate, no agent, no pilot.", "A rude gate agent lost my bag.", "It was late.",
    ]  # fmt: skip
    rows = window_of(texts)
    issue = Standing(
        number=1, vector_sum=np.array([1.0, 0.0]), weight=1.0, threshold=0.5, born_week=MONDAY,
        first_week=MONDAY, last_week=MONDAY, member_count=9, label="No gate agent",
    )  # fmt: skip
    evidence = read_evidence(rows, week=MONDAY, young_weeks=3)
    place = np.zeros(len(texts), dtype=np.int64)
    quotes = pick_quotes([issue], evidence, place, MONDAY)
    central = quotes.filter(~pl.col("is_edge"))["quote"].to_list()
    assert len(central) == 3
    assert all("agent" in one for one in central), central


def window_of(texts: list[str]) -> pl.DataFrame:
    """One text a person, ever farther from the first."""
    names = [f"s{at}" for at in range(len(texts))]
    return pl.DataFrame(
        {
            "segment_id": names, "feedback_id": names, "segment_text": texts, "text_hash": names,
            "source_id": "mail", "voice_key": names, "text_key": texts, "week_start": MONDAY,
            "received_week": MONDAY, "vector": [[1.0, at / 100] for at in range(len(texts))],
        }
    ).with_columns(current_issue_id=pl.lit(None, dtype=pl.String))  # fmt: skip
