import json
import re
import time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voc_pipeline.feedback.masking import FEW_TEXTS, mask_column, mask_text, mask_texts
from voc_pipeline.feedback.masking_known import known_terms
from voc_pipeline.feedback.masking_rules import RULES
from voc_pipeline.feedback.masking_rules_numbers import iban_checks, luhn
from voc_pipeline.feedback.masking_spans import TOKEN, TOKENS

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to jane.o'neil+x@mail.example.co.uk.", "write to [EMAIL]."),
        ("it is john at gmail dot com", "it is [EMAIL]"),
        ("john (at) firm (dot) de", "[EMAIL]"),
        ("call me at 415-555-2671 x12 now", "call me at [PHONE] now"),
        ("ring +44 20 7946 0958", "ring [PHONE]"),
        ("(08) 8747 6301", "[PHONE]"),
        ("my mobile: 07700 900123", "my mobile: [PHONE]"),
        ("dial four one five five five five two six seven one", "dial [PHONE]"),
        ("card 4111 1111 1111 1111 12/25", "card [CARD] 12/25"),
        ("4111-1111-1111-1111", "[CARD]"),
        ("cvv is 123", "cvv is [CARD]"),
        ("pay GB82 WEST 1234 5698 7654 32 is mine", "pay [IBAN] is mine"),
        ("de89370400440532013000", "[IBAN]"),
        ("from 203.0.113.7 today", "from [IP] today"),
        ("host 2001:db8::ff00:42:8329", "host [IP]"),
        ("SSN 123-45-6789", "SSN [ID]"),
        ("NINO QQ123456C? AB 12 34 56 C", "NINO [ID]? [ID]"),
        ("passport number is X1234567", "passport number is [ID]"),
        ("password: hunter22", "password: [ID]"),
        ("born on 3 May 1980", "born on [DOB]"),
        ("open https://x.example/reset?token=abc123", "open [URL]"),
        ("open https://anna:pw@x.example/", "open [URL]"),
        ("in SW1A 1AA, then", "in [POSTCODE], then"),
        ("Boston, MA 02118", "Boston, MA [POSTCODE]"),
        ("zip 02118-1234", "zip [POSTCODE]"),
        ("at K1A 0B1", "at [POSTCODE]"),
        ("come to 12 Baker Street, Apt 4", "come to [ADDRESS]"),
        ("i live at 123 main st", "i live at [ADDRESS]"),
        ("Hauptstraße 12 in Bonn", "[ADDRESS] in Bonn"),
        ("12 rue de la Paix", "[ADDRESS]"),
        ("P.O. Box 1234", "[ADDRESS]"),
        ("my name is Ngozi Okafor and", "my name is [NAME] and"),
        ("my name is john smith, hello", "my name is [NAME], hello"),
        ("Mr. van der Berg called", "Mr. [NAME] called"),
        ("Mrs Brown was rude", "Mrs [NAME] was rude"),
        ("I spoke with Sandeep about it", "I spoke with [NAME] about it"),
        ("Kind regards,\nZbyszko", "Kind regards,\n[NAME]"),
        ("ich heiße Jürgen Groß", "ich heiße [NAME]"),
        ("This is Charlotte Pemberton writing. My", "This is [NAME] writing. My"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str) -> None:
    assert mask_text(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "under 15 U.S.C. 1681 I dispute this",
        "version 12.4.1.2 crashes",
        "order number 4111111111111111",
        "ticket 4155552671 is open",
        "tracking no. 123-45-6789",
        "a 500 gb hard drive and a 12 minute drive",
        "10 people on the road, 3 times this way",
        "see https://shop.example/a/12345678901234567",
        "I paid 1200.50 on 2024-03-05 at 10:15:30",
        "03/04/2024 and 12-11-2023 and 2019-2021",
        "I love it in May and June, Dear Team",
        "it costs $1,000,000 or 20 000",
        "the wait is 45 minutes at gate B12",
        "Monday to Friday 9-5, room 12",
        "I am Very Unhappy",
        "This is Customer Service speaking",
        "look at amazon",
        "please send the code",
        "[NAME] and [EMAIL]",
        "XXXX XXXX XX/XX/2023",
    ],
)
def test_business_words_and_numbers_stay_readable(text: str) -> None:
    assert mask_text(text).text == text


def test_an_allowed_name_stays_and_a_known_value_beats_it() -> None:
    text = "Mr Wells Fargo and Mr Miller"
    assert mask_text(text, allowed_names=("Wells Fargo",)).text == "Mr Wells Fargo and Mr [NAME]"
    both = mask_text(text, allowed_names=("Wells Fargo",), known_values=("Wells Fargo",))
    assert "Wells" not in both.text


def test_a_known_name_is_masked_whole_and_in_parts_in_any_case() -> None:
    known = ("Anna Kowalska-Nowak", "ak99")
    text = "ANNA here, anna  kowalska-nowak, user ak99, Kowalska-Nowak's order, Annabel"
    masked = mask_text(text, known_values=known).text
    assert masked == "[NAME] here, [NAME], user [NAME], [NAME]'s order, Annabel"


def test_a_known_name_that_is_a_common_word_is_masked_as_written_only() -> None:
    assert mask_text("Will said it will work", known_values=("Will",)).text == (
        "[NAME] said it will work"
    )


def test_known_values_that_say_nothing_are_ignored() -> None:
    assert known_terms(("n/a", "", " ", "-", "x", "Unknown")) == ()


@given(
    name=st.text(st.sampled_from("abcdeéøł żšABC'-. 0189@"), min_size=2, max_size=18),
    before=st.text(max_size=20),
    after=st.text(max_size=20),
)
@settings(max_examples=200, deadline=None)
def test_no_known_value_is_left(name: str, before: str, after: str) -> None:
    terms = known_terms((name,))
    masked = mask_text(f"{before} {name} {after}", known_values=(name,)).text
    outside = TOKEN.sub("|", masked)
    for term, _ in terms:
        if term not in TOKENS:
            found = re.search(rf"(?<![^\W_]){re.escape(term)}(?![^\W_])", outside)
            assert found is None, (term, masked)


FRAGMENTS = st.sampled_from(
    [
        "Mr ", "my name is ", "Anna", "Smith", "spoke with ", "415-555-2671", "4111 1111 1111 1111",
        " at ", " dot ", "gmail", ".com", "@", "john", "12 ", "Baker ", "Street", "Apt 4", "https://",
        "x.org/", "?token=", "one two three ", "zip ", "02118", "-1234", " ", "\n", ", ", "[NAME]",
        "[", "]", "+44 ", "GB82WEST12345698765432", "1.2.3.4", "version ", "order ", "Regards,\n",
        "SSN ", "123-45-6789", "é", "ł", "Zoë", "İ", "born 1.2.1990", "SW1A 1AA", "0", "7700900123",
        "name: ", "PHONE", "Hauptstraße 5", "PO Box 12", "rue de Lyon 3", "i am ", "sandeep",
        "Łukasz",
    ]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=14).map("".join))
@settings(max_examples=250, deadline=None)
def test_masking_twice_changes_nothing(text: str) -> None:
    once = mask_text(text)
    again = mask_text(once.text)
    assert again.text == once.text
    assert again.count == 0


@given(st.lists(st.lists(FRAGMENTS, max_size=12).map("".join), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_column_is_masked_as_its_texts_are(texts: list[str]) -> None:
    many = pl.Series([*texts, *(f"nothing {'x' * n}" for n in range(FEW_TEXTS))])
    changed = {text: (masked, count) for text, masked, count in mask_column(many).rows()}
    for text in texts:
        alone = mask_text(text)
        assert changed.get(text, (text, 0)) == (alone.text, alone.count)


def test_a_column_with_known_values_is_masked_as_its_texts_are() -> None:
    texts = ["Anna wrote", "Anna wrote to anna.k@x.org", "nothing here"]
    known = [("Anna K",), ("Anna K",), ("Bob",)]
    changed = mask_texts(pl.Series(texts), [known_terms(one) for one in known])
    assert {place: masked for place, masked, _ in changed.rows()} == {
        0: "[NAME] wrote",
        1: "[NAME] wrote to [EMAIL]",
    }


@pytest.mark.parametrize(
    "unit",
    [
        "a-a-a-", "1 1 1 1 ", "@@@@", "Mr Mr Mr ", "a.a@", "a@a.", "12 a ", "12 Ab ", "one two ",
        "http://a/", "-1", "1.", "((((", "[[[[", "name is ", "Anna ", "Anna Smith ", "GB82 ", "é ",
        "A1 ", "0 ", "12, ", "Apt 1 ", "live at 12 Ab ", "+1 ", "order ", "a at b dot ", "::",
        "1a:",
        "Dear ", "\n12 A", "www.", "a1b2-", "\t", "ssn ", "pin 1 ", "box 1 ", "rue A", "love,\n",
        "'",
    ],
)  # fmt: skip
def test_hostile_texts_take_no_time(unit: str) -> None:
    text = (unit * 20_000)[:20_000]
    started = time.thread_time()
    for rule in RULES:
        spans = list(rule.find(text))
        assert all(0 <= start < end <= len(text) for start, end, _ in spans)
    assert (
        time.thread_time() - started < 1.5
    )  # seconds of this thread, so that a busy machine does not matter


def test_hostile_texts_pass_through_the_whole_loop() -> None:
    assert mask_text("\x00\u202e<script>=cmd|' /C calc'!A0</script>").count == 0
    assert mask_text("Mr Bo " * 3000).count == 3000


def test_luhn_knows_a_good_number_from_a_mistyped_one() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")


def test_an_iban_needs_its_country_length_and_check_digits() -> None:
    assert iban_checks("GB82WEST12345698765432")
    assert not iban_checks("GB82WEST12345698765433")
    assert not iban_checks("GB82WEST123456987654321")
    assert not iban_checks("XX82WEST12345698765432")


@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data here")
def test_labelled_texts_are_masked_to_the_level_reached() -> None:
    from benchmarks.masking import labelled_quality

    path = SHARED / "pii" / "synth_dataset_v2.json"
    report = labelled_quality(json.loads(path.read_text(encoding="utf-8")), None, None)
    for kind, least in {
        "CREDIT_CARD": 0.99, "IBAN_CODE": 0.99, "EMAIL_ADDRESS": 0.99, "IP_ADDRESS": 0.99,
        "US_SSN": 0.99, "PHONE_NUMBER": 0.92,
    }.items():  # fmt: skip
        assert report["recall"][kind][0] >= least, kind
    assert report["precision"]["PHONE"][0] >= 0.99
    assert report["precision"]["NAME"][0] >= 0.92


@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data here")
def test_texts_without_personal_data_are_left_alone() -> None:
    from benchmarks.masking import false_masks

    assert false_masks()["masks_per_1000_words"] <= 0.2
