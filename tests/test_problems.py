"""Telling problems from praise and chatter: wording, negation, score, question, language."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voc_pipeline.issues import problem_cues, problems
from voc_pipeline.issues.problems import PROBLEM_THRESHOLD, judge

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def kind_of(
    text: str, score: float | None = None, question: str | None = None, language: str | None = None
) -> str:
    return str(judge([text], [score], [question], [language])[1][0])


def score_of(text: str, score: float | None = None, question: str | None = None) -> float:
    return float(judge([text], [score], [question])[0][0])


@pytest.mark.parametrize(
    "text",
    [
        "I can't log in",
        "My card was charged twice",
        "Where is my parcel?",
        "not helpful",
        "The nurse was not very friendly",
        "I waited three hours for an ambulance",
        "My flight was cancelled and nobody told us",
        "The app keeps crashing since the update",
        "Why was my payment declined?",
        "Answer the phone more quickly",
        "More staff at weekends",
        "It would be better if we had a seat",
        "You need to improve your communication",
        "still no reply to my emails",
        "Really good app but ads are annoying",
        "I’ve never had such bad service",  # noqa: RUF001
        "THIS IS RIDICULOUS",
        "Nothing works",
        "Thanks for nothing",
        "Staff were rude 😡",
    ],
)
def test_a_complaint_is_a_problem_without_any_score(text: str):
    assert kind_of(text) == "problem"


@pytest.mark.parametrize(
    "text",
    [
        "Excellent service, very friendly and helpful",
        "no problems at all",
        "No complaints",
        "could not be better",
        "I can't fault the crew",
        "Couldn’t have asked for more",  # noqa: RUF001
        "Nothing could have been done better",
        "The paramedics arrived quickly and were very kind",
        "Can't complain",
        "I don't think you could do any better",
        "Nothing, it was perfect",
        "without any delay",
        "There was no problem regarding the service.",
        "I have had no problem using it",
        "We didn't have any problems",
        "never any issues",
        "no real issues",
        "with no delay",
        "nothing was too much trouble",
        "Nothing too much for them.",
        "Could not get any better.",
        "It went without a hitch",
    ],
)
def test_praise_is_not_a_problem_however_it_is_negated(text: str):
    assert kind_of(text) == "praise"


@pytest.mark.parametrize(
    "text",
    [
        "If you have any problems call us",
        "Flight 1041 is the first flight",
        "I have poor mobility",
    ],
)
def test_what_is_asked_after_or_said_twice_in_passing_is_no_problem(text: str):
    assert kind_of(text) == "neutral"


@pytest.mark.parametrize(
    "text", ["There was no one to help", "There was no support and rude staff", "still no reply"]
)
def test_what_was_not_there_is_a_problem(text: str):
    assert kind_of(text) == "problem"


@pytest.mark.parametrize(
    "text",
    [
        "Nothing", "None", "N/A", "n/a.", "No", "did not answer", "Nothing at all", "See above",
        "Hi there", "Kind regards", "Thanks", "Good morning", "No comment", "I went on a Tuesday",
        "Which currencies do you support?", "see you tomorrow at ten",
    ],
)  # fmt: skip
@pytest.mark.parametrize("question", [None, "How could we improve?"])
def test_empty_answers_and_chatter_are_neutral(text: str, question: str | None):
    assert kind_of(text, question=question) == "neutral"


@pytest.mark.parametrize("text", ["Nothing", "N/A", "all good", "no complaints", "Thanks"])
def test_an_empty_answer_beside_a_bad_score_is_no_problem(text: str):
    assert kind_of(text, score=0.0, question="How could we improve?") != "problem"


@pytest.mark.parametrize("score", [0.75, 1.0])
def test_a_clear_complaint_survives_a_good_score(score: float):
    assert kind_of("Had to wait four hours for the ambulance", score) == "problem"


@pytest.mark.parametrize(
    "text",
    [
        "I am writing on behalf of my father",
        "I bought the lamp two weeks ago",
        "Two cats and a baby in the house, you can imagine",
        "To whom it may concern",
        "I usually never write reviews",
        "The weather here is terrible",
        "You can reach me at [EMAIL]",
        "It was charged to [CARD]",
        "Do you sell it without the frame?",
        "I was in considerable pain",
        "My mother had broken her hip",
        "He was suffering from a serious infection",
        "I am unable to walk",
    ],
)
def test_circumstances_and_symptoms_beside_a_bad_score_are_no_problem(text: str):
    others = ["Nobody answered the phone", text]
    for channel in ("survey", "complaint"):
        kinds = judge(others, [0.0] * 2, [None] * 2, None, [channel] * 2, [0, 0])[1]
        assert kinds.tolist() == ["problem", "neutral"]
    assert kind_of(text) == "neutral"


def test_a_decisive_cue_counts_whatever_it_stands_beside():
    assert kind_of("I bought the lamp two weeks ago and it is broken") == "problem"
    assert kind_of("The weather is awful and your driver was rude") == "problem"


def test_a_bad_score_decides_only_what_stands_alone_in_its_feedback():
    text, other = "the blue one on the left side", "the red one on the right side"
    shares, questions = [0.0, 0.0], [None, None]
    together = judge([text, other], shares, questions, owners=[0, 0])[1]
    apart = judge([text, other], shares, questions, owners=[0, 1])[1]
    beside_thanks = judge([text, "Kind regards"], shares, questions, owners=[0, 0])[1]
    assert together.tolist() == ["neutral", "neutral"]
    assert apart.tolist() == ["problem", "problem"]
    assert beside_thanks.tolist() == ["problem", "neutral"]


def test_a_question_of_degree_leans_to_no_side():
    assert problems.question_leaning("How satisfied are you with us?") == 0.0
    assert problems.question_leaning("How could we improve?") > 0.0
    assert problems.question_leaning("What were you satisfied with?") < 0.0


def test_an_address_and_closing_thanks_are_no_content():
    said = score_of("more staff at weekends")
    assert score_of("Hi team, more staff at weekends") == said
    assert score_of("@TheShop Good morning, more staff at weekends thanks") == said
    assert score_of("more staff at weekends thanks!") == said


def test_a_bad_score_raises_and_a_good_one_lowers_less():
    low, none, high = (score_of("the transport on the way home", at) for at in (0.0, None, 1.0))
    assert low > none > high
    assert low - none > none - high


def test_a_complaint_channel_leans_but_does_not_decide():
    text = "the order of last week"
    scores, _ = judge([text] * 3, [None] * 3, [None] * 3, None, ["complaint", "ticket", "survey"])
    assert PROBLEM_THRESHOLD > scores[0] > scores[1] > scores[2] == score_of(text)


def test_the_question_leans_the_answer():
    text = "waiting in the hall"
    asked_bad = score_of(text, question="What could we do better?")
    asked_good = score_of(text, question="What was good?")
    both = score_of(text, question="What were you satisfied or dissatisfied with?")
    assert asked_bad > both == score_of(text) > asked_good


def test_negation_turns_a_cue_only_within_its_reach():
    assert score_of("not good") > PROBLEM_THRESHOLD > score_of("good")
    assert score_of("no problems") < score_of("problems")
    assert kind_of("No, it was good") == "praise"


@pytest.mark.parametrize(
    ("text", "language"),
    [("El camarero nunca vino a la mesa", "es"), ("Die Lieferung kam nie an bei uns", "de")],
)
def test_another_language_follows_a_bad_score_and_is_neutral_without(text: str, language: str):
    assert kind_of(text, 0.0, None, language) == "problem"
    assert kind_of(text, None, None, language) == "neutral"
    assert kind_of(text, 1.0, None, language) == "neutral"
    assert kind_of("nunca vino", 0.0, None, language) == "neutral"
    assert PROBLEM_THRESHOLD < score_of(text, 0.0) < score_of("the service was terrible", 0.0)


def test_english_marked_as_another_language_is_still_read():
    assert kind_of("The app is broken and I can not log in", None, None, "fr") == "problem"


def test_many_texts_get_the_scores_each_gets_alone():
    texts = ["The lift is broken", "lovely staff", "Nothing", "The lift is broken"]
    shares = [None, 0.0, 0.5, 1.0]
    questions = [None, "What was good?", None, "How could we improve?"]
    together, _ = judge(texts, shares, questions)
    alone = [score_of(*one) for one in zip(texts, shares, questions, strict=True)]
    assert together.tolist() == alone
    assert judge([], [], [])[0].tolist() == []


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=200), st.one_of(st.none(), st.floats(0, 1)), st.one_of(st.none(), st.text())
)
def test_any_text_gets_a_score_between_0_and_1_and_its_kind(
    text: str, share: float | None, question: str | None
):
    scores, kinds = judge([text], [share], [question], ["en"])
    assert 0.0 <= scores[0] <= 1.0
    assert (kinds[0] == "problem") == (scores[0] >= PROBLEM_THRESHOLD)


def test_no_phrase_of_the_lexicon_stands_at_two_places():
    source = tomllib.loads(Path(problems.__file__).with_name("problem_lexicon.toml").read_text())
    lists = [*source["problem"].values(), *source["praise"].values(), source["asides"]["phrases"]]
    phrases = [phrase for entries in lists for phrase in problem_cues.phrases_of(entries)]
    assert () not in phrases
    assert [phrase for phrase, count in Counter(phrases).items() if count > 1] == []


def test_lexicon_entries_are_read_as_texts_are():
    assert problem_cues.phrases_of(["can't fault"]) == {("can", "not", "fault")}
    assert problem_cues.phrases_of(["10 hours late"]) == {("0", "hours", "late")}
    assert problem_cues.phrases_of(["^ more"]) == {("^", "more")}
    assert problem_cues.phrases_of(["thanks ! $"]) == {("thanks", "!", "$")}
    assert problem_cues.phrases_of(["under [EMAIL]"]) == problem_cues.phrases_of(["under \u00a4"])
    assert problem_cues.phrases_of(["cause+"]) == {
        ("cause",),
        ("causes",),
        ("caused",),
        ("causing",),
    }


@pytest.mark.parametrize(
    ("path", "text", "label", "bad", "good"),
    [
        (
            "surveys/nhs_fft_NEAS_labelled.parquet", "FFT answer", "Comment sentiment",
            [4.0, 5.0], [1.0, 2.0],
        ),
        (
            "social/airline_tweets_2015-02.parquet", "text", "airline_sentiment",
            ["negative"], ["neutral", "positive"],
        ),
    ],
)  # fmt: skip
def test_real_comments_are_told_apart_by_words_alone(
    path: str, text: str, label: str, bad: list[object], good: list[object]
):
    if not (DATA / path).exists():
        pytest.skip(f"{path} is not on this machine")
    frame = pl.read_parquet(DATA / path).drop_nulls([text, label])
    frame = frame.filter(pl.col(label).is_in(bad + good, nulls_equal=False)).head(1500)
    scores, _ = judge(frame[text].to_list(), [None] * len(frame), [None] * len(frame))
    called = scores >= PROBLEM_THRESHOLD
    is_problem = frame[label].is_in(bad).to_numpy()
    hits = np.count_nonzero(called & is_problem)
    assert hits / np.count_nonzero(called) >= 0.75
    assert hits / np.count_nonzero(is_problem) >= 0.75


CLOSINGS = (
    "Dear sir or madam", "Thanks", "Many thanks in advance", "Kind regards", "Yours faithfully",
    "Yours sincerely, [NAME]", "I look forward to hearing from you", "Please help",
    "Please get back to me as soon as possible", "To whom it may concern",
    "Thank you for your time", "I have no complaints", "No complaints at all",
    "We had no problems", "Nothing to complain about",
)  # fmt: skip


@pytest.mark.parametrize("channel", [None, "complaint"])
def test_openings_closings_and_denials_are_no_problem_beside_a_sentence_that_is(channel):
    told = "My parcel never came"
    texts = [one for closing in CLOSINGS for one in (told, closing)]
    owners = [at // 2 for at in range(len(texts))]
    _, kinds = judge(
        texts, [None] * len(texts), [None] * len(texts), channels=[channel] * len(texts),
        owners=owners,
    )  # fmt: skip
    assert [texts[at] for at, kind in enumerate(kinds) if kind == "problem"] == (
        [told] * len(CLOSINGS)
    )
