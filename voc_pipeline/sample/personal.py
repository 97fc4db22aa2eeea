"""Invented personal data, and the truth about where it was planted.

Telephone numbers, mail domains and the bank code are reserved or made up; card numbers pass the
Luhn check and IBANs mod 97, because masking looks at both.
"""

from dataclasses import dataclass
from typing import Literal

from voc_pipeline.sample.wording import Catalogue, Dice

PersonalKind = Literal["person", "email", "phone", "card", "iban", "address"]
Cue = Literal["cue", "known", "pattern"]
KINDS: tuple[PersonalKind, ...] = ("person", "email", "phone", "card", "iban", "address")


@dataclass(frozen=True)
class Planted:
    """One personal value that stands in a text, letter by letter."""

    kind: PersonalKind
    value: str
    cue: Cue
    """What gives it away: the words before it, a known value of its record, or its own form."""


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist."""

    name: str
    email: str


def invent_person(number: int, catalogue: Catalogue, dice: Dice) -> Person:
    """A person with a name from the lists and a mail address of a reserved domain."""
    first = dice.pick(catalogue.people["first_name"])
    last = dice.pick(catalogue.people["last_name"])
    local = f"{first}.{last}{number}".lower().replace("'", "")
    return Person(f"{first} {last}", f"{local}@{dice.pick(catalogue.people['mail_domain'])}")


def plant(text: str, catalogue: Catalogue, dice: Dice) -> tuple[str, Planted]:
    """The text with one more sentence that carries a personal value."""
    kind = dice.pick(KINDS)
    value = invent_value(kind, catalogue, dice)
    sentence = dice.pick(catalogue.personal[kind]).format(
        **{"phone_number" if kind == "phone" else kind: value}
    )
    whole = f"{sentence}. {text}" if dice.chance(0.3) else f"{text} {sentence}."
    return whole.strip(), Planted(
        kind, value, "cue" if kind in ("person", "address") else "pattern"
    )


def invent_value(kind: PersonalKind, catalogue: Catalogue, dice: Dice) -> str:
    """A personal value of the kind."""
    match kind:
        case "person":
            return invent_person(0, catalogue, dice).name
        case "email":
            return invent_person(dice.number(1, 99), catalogue, dice).email
        case "phone":
            return _phone(dice)
        case "card":
            return _card(dice)
        case "iban":
            return _iban(dice)
        case "address":
            town, district = dice.pick(catalogue.people["postcode_town"])
            street = dice.pick(catalogue.people["street"])
            letters = dice.pick("ABDEFGHJ") + dice.pick("LNPQRSTU")
            return f"{dice.number(2, 180)} {street}, {town} {district} {dice.number(1, 9)}{letters}"


def _phone(dice: Dice) -> str:
    # Ofcom's ranges for drama: 07700 900000-900999, 0113 496 0000-0999, 020 7946 0000-0999.
    last = f"{dice.number(0, 999):03d}"
    return dice.pick(
        (f"07700 900{last}", f"07700900{last}", f"+44 7700 900{last}", f"0113 496 0{last}",
         f"020 7946 0{last}")
    )  # fmt: skip


def _card(dice: Dice) -> str:
    digits = "400000" + "".join(str(dice.number(0, 9)) for _ in range(9))
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    digits += str(-total % 10)
    return " ".join(digits[at : at + 4] for at in range(0, 16, 4)) if dice.chance(0.6) else digits


def _iban(dice: Dice) -> str:
    account = "HHZZ" + "".join(str(dice.number(0, 9)) for _ in range(14))
    as_digits = "".join(str(int(letter, 36)) for letter in account + "GB00")
    whole = f"GB{98 - int(as_digits) % 97:02d}{account}"
    if dice.chance(0.5):
        return whole
    return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))
