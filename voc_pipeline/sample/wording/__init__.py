"""Phrases, word lists and the dice that draw from them; nothing here knows weeks or sources.

A phrase of the TOML files is a text with `[one|another|]` choices and `{slot}` words.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
FUNCTION_FILES = (
    "call_centre", "sales", "marketing", "digital", "billing", "fulfilment", "post_sale",
)  # fmt: skip
_PART = re.compile(r"\[([^\]]*)\]|\{(\w+)\}")
_BLOCK = 4096


class Dice:
    """One stream of chance, wholly set by its key: the same key, the same draws."""

    def __init__(self, *key: int) -> None:
        self._generator = np.random.default_rng(key)
        self._block: list[float] = []

    def share(self) -> float:
        """A number from 0 up to, not including, 1."""
        try:
            return self._block.pop()
        except IndexError:
            self._block = self._generator.random(_BLOCK).tolist()
            return self._block.pop()

    def chance(self, probability: float) -> bool:
        """True with the probability given."""
        return probability > 0 and self.share() < probability

    def number(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.share() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all alike likely."""
        return options[int(self.share() * len(options))]

    def poisson(self, mean: float) -> int:
        """A count with this mean."""
        return int(self._generator.poisson(mean))

    def gamma(self, mean: float, dispersion: float) -> float:
        """A positive number whose variance is dispersion times its squared mean."""
        return float(self._generator.gamma(1 / dispersion, dispersion * mean))

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """The values in a random order."""
        return [values[place] for place in self._generator.permutation(len(values))]


@dataclass(frozen=True)
class Slot:
    """A place for a word of a list, or for a number."""

    name: str


@dataclass(frozen=True)
class Phrase:
    """A text with places that are drawn each time it is said."""

    parts: tuple["str | Slot | tuple[Phrase, ...]", ...]

    @classmethod
    def parse(cls, text: str) -> "Phrase":
        """The phrase written as in the TOML files."""
        parts: list[str | Slot | tuple[Phrase, ...]] = []
        end = 0
        for found in _PART.finditer(text):
            if found.start() > end:
                parts.append(text[end : found.start()])
            end = found.end()
            if found[2]:
                parts.append(Slot(found[2]))
            else:
                parts.append(tuple(cls.parse(option) for option in found[1].split("|")))
        if end < len(text):
            parts.append(text[end:])
        return cls(tuple(parts))


@dataclass(frozen=True)
class Problem:
    """One thing that goes wrong, as customers put it: an issue of the truth."""

    id: str
    name: str
    function: str
    touchpoint: str
    product: str
    weight: float
    """How often it is mentioned, relative to the other problems."""
    begins_with_event: bool
    """True if nobody mentions it before an event brings it."""
    channels: Mapping[str, float]
    """Source id to how much likelier it is there; 1 where left out."""
    core: tuple[Phrase, ...]
    """How most people put it, in many orders of the same words."""
    frames: tuple[Phrase, ...]
    """The rarer ways to put it."""


@dataclass(frozen=True)
class Catalogue:
    """All wording: the problems, everyday sentences, sentences with personal data, words."""

    problems: Mapping[str, Problem]
    everyday: Mapping[str, tuple[Phrase, ...]]
    personal: Mapping[str, tuple[str, ...]]
    people: Mapping[str, Sequence[Any]]
    words: Mapping[str, Sequence[str]]
    viral_text: str
    viral_problem: str

    def say(self, phrase: Phrase, dice: Dice) -> str:
        """The phrase with its choices and slots drawn."""
        said = []
        for part in phrase.parts:
            if isinstance(part, str):
                said.append(part)
            elif isinstance(part, Slot):
                said.append(self._fill(part.name, dice))
            else:
                said.append(self.say(dice.pick(part), dice))
        return "".join(said)

    def line(self, kind: str, dice: Dice) -> str:
        """One everyday sentence of the kind."""
        return self.say(dice.pick(self.everyday[kind]), dice)

    def _fill(self, slot: str, dice: Dice) -> str:
        if slot == "item" and dice.chance(0.35):
            slot = "any_item"
        if slot in self.words:
            return dice.pick(self.words[slot])
        low, high = _NUMBERS[slot]
        number = dice.number(low, high)
        if slot == "amount":
            return (
                f"£{number}" if dice.chance(0.7) else f"£{number}.{dice.pick(('99', '50', '00'))}"
            )
        if slot == "order":
            return f"HH{number}"
        if slot == "percent":
            return f"{number * 5}%"
        return _SPELT[number] if number in _SPELT and dice.chance(0.5) else str(number)


_NUMBERS = {
    "minutes": (11, 70),
    "days": (3, 24),
    "weeks": (2, 9),
    "times": (2, 6),
    "amount": (9, 480),
    "percent": (2, 10),
    "order": (200_000, 989_999),
}
_SPELT = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 20: "twenty",
          30: "thirty", 40: "forty"}  # fmt: skip


@lru_cache(maxsize=1)
def read_catalogue() -> Catalogue:
    """All wording, read once from the TOML files beside this module."""
    problems: dict[str, Problem] = {}
    core = _read("core")
    for function in FUNCTION_FILES:
        for row in _read(function)["problem"]:
            problems[row["id"]] = Problem(
                id=row["id"],
                name=row["name"],
                function=function,
                touchpoint=row["touchpoint"],
                product=row.get("product", "shop"),
                weight=row["weight"],
                begins_with_event=row.get("begins_with_event", False),
                channels=row.get("channels", {}),
                core=tuple(Phrase.parse(frame) for frame in core[row["id"]]),
                frames=tuple(Phrase.parse(frame) for frame in row["frames"]),
            )
    everyday = _read("everyday")
    return Catalogue(
        problems=problems,
        everyday={
            kind: tuple(Phrase.parse(text) for text in texts)
            for kind, texts in everyday.items()
            if isinstance(texts, list)
        },
        personal={kind: tuple(texts) for kind, texts in everyday["personal"].items()},
        people=_read("people"),
        words=_read("words"),
        viral_text=everyday["viral"][0],
        viral_problem=everyday["viral_problem"],
    )


def _read(name: str) -> dict[str, Any]:
    path = Path(__file__).with_name(f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
