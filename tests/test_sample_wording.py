"""The simulator's phrases, texts and personal values, each by itself."""

import re

from hypothesis import given
from hypothesis import strategies as st

from voc_pipeline.sample.personal import KINDS, invent_value, plant
from voc_pipeline.sample.texts import MANNERS, Plan, compose
from voc_pipeline.sample.wording import Dice, Phrase, read_catalogue


def test_every_phrase_can_be_said() -> None:
    catalogue = read_catalogue()
    dice = Dice(5)
    phrases = [one for each in catalogue.problems.values() for one in (*each.core, *each.frames)]
    phrases += [frame for kind in catalogue.everyday.values() for frame in kind]
    for phrase in phrases:
        for _ in range(5):
            assert not re.search(r"[{}\[\]|]", catalogue.say(phrase, dice))


@given(st.integers(0, 2**32), st.sampled_from(KINDS))
def test_invented_values_pass_the_checks_that_masking_uses(seed: int, kind: str) -> None:
    value = invent_value(kind, read_catalogue(), Dice(seed))  # type: ignore[arg-type]
    compact = value.replace(" ", "")
    if kind == "card":
        doubled = [int(one) * (1 + place % 2) for place, one in enumerate(reversed(compact))]
        assert len(compact) == 16
        assert sum(sum(divmod(one, 10)) for one in doubled) % 10 == 0
    elif kind == "iban":
        moved = compact[4:] + compact[:4]
        assert len(compact) == 22
        assert int("".join(str(int(one, 36)) for one in moved)) % 97 == 1
    elif kind == "email":
        assert re.fullmatch(r"[a-z.]+\d+@example\.(com|org|net)", value)
    elif kind == "phone":
        assert re.fullmatch(r"(\+44|0)(7700900|1134960|2079460)\d{3}", compact)


@given(st.integers(0, 2**32), st.sampled_from(sorted(MANNERS)))
def test_any_text_is_plain_and_keeps_what_is_planted(seed: int, source: str) -> None:
    catalogue, dice = read_catalogue(), Dice(seed)
    problem = dice.pick(sorted(catalogue.problems))
    text = compose(Plan("mixed", (problem, "damaged")), MANNERS[source], catalogue, dice)
    assert 3 < len(text) < 2000
    with_value, planted = plant(text, catalogue, dice)
    assert planted.value in with_value
    assert text.strip() in with_value


@given(st.text(st.characters(exclude_characters="[]{}|"), max_size=60))
def test_a_text_without_places_is_said_as_it_is(text: str) -> None:
    assert read_catalogue().say(Phrase.parse(text), Dice(1)) == text


def test_same_key_gives_the_same_draws() -> None:
    first, second, other = Dice(1, 2), Dice(1, 2), Dice(1, 3)
    draws = [[dice.share() for _ in range(5000)] for dice in (first, second, other)]
    assert draws[0] == draws[1] != draws[2]
    assert abs(sum(draws[0]) / 5000 - 0.5) < 0.02
