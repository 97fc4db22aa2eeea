"""Words of a text, and the runs of them that can be said alone.

Here: tokens, stems, which words may begin or end a phrase, what a phrase hangs on, what it means.
Not here: which phrase names an issue (labels).
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from voc_pipeline.issues.stopwords import (
    AMOUNTS,
    BESIDE_VERBS,
    BREAKS,
    DAYS,
    DETERMINERS,
    FILLERS,
    HELPERS_OF_NOT,
    LACKING,
    LEADS,
    LINKS,
    NEGATIONS,
    NOBODY,
    OBJECTS,
    OWNERS,
    PARTICLES,
    QUALITIES,
    QUANTITIES,
    STOP_WORDS,
    SUBJECTS,
    TIME_UNITS,
    UNFINISHED,
    WAITING,
    WEAK_EDGES,
)

_TOKEN = re.compile(
    r"@\w{1,60}|https?://\S{1,500}|\[[A-Za-z_]{1,30}\]|[^\W_]+(?:['\u2019-][^\W_]+){0,3}|[.,;:!?()\n]"
)
_LONGEST_PHRASE = 6
_NO_START = WEAK_EDGES | TIME_UNITS | AMOUNTS | UNFINISHED | FILLERS | BESIDE_VERBS
_NO_END = WEAK_EDGES | NEGATIONS | UNFINISHED | DAYS
_BEFORE_THINGS = LEADS | LACKING
NOT = "not"
TOO = "too"
_LEAST_STEM = 3
_LONGEST_THING = 5
"""Of words in -ed, those so short may be things: "the bed", "my speed"."""
_ENDINGS = (
    ("'s", ""), ("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"),
    ("ss", "ss"), ("us", "us"), ("is", "is"), ("s", ""), ("ing", ""), ("ed", ""), ("e", ""),
)  # fmt: skip
_WITHOUT_CONTENT = STOP_WORDS | FILLERS


@lru_cache(maxsize=32_768)
def words_of(text: str) -> tuple[str, ...]:
    """Tokens in lower case; masks, links, accounts and ends of a phrase become empty tokens.

    Remembered, for the texts at the centre of an issue are mostly those of the week before.
    """
    found = _TOKEN.findall(text.lower().replace("\u2019", "'"))
    return tuple(
        "" if token[0] in "[.,;:!?()\n@" or "://" in token or set(token) == {"x"} else token
        for token in found
    )


class Phrase(NamedTuple):
    """Words that can stand alone, with what they hang on before and behind; "" if on nothing."""

    words: tuple[str, ...]
    before: str
    behind: str
    is_clause: bool
    """Whether its clause says nothing else, but who or which at its beginning: "[the] staff"."""


def phrases_of(words: Sequence[str]) -> Iterator[Phrase]:
    """Every run of 2 to 6 words within a clause that can stand alone."""
    words = ["", "", *words, "", ""]
    for start in range(2, len(words) - 3):
        if not _may_start(words[start], words[start + 1]):
            continue
        before, opens = _before(words, start), _opens(words, start)
        for end in range(start + 1, min(start + _LONGEST_PHRASE, len(words) - 2)):
            if _breaks(words[end], words[end - 1]):
                break
            is_clause = opens and _ends(words[end + 1])
            if _may_end(words[end], words[end - 1]) or (is_clause and words[end] in QUALITIES):
                behind = _behind(words, end)
                yield Phrase(tuple(words[start : end + 1]), before, behind, is_clause)


def _opens(words: list[str], start: int) -> bool:
    """Whether a clause begins here, or behind a word for who or which."""
    first = start - 1 if words[start - 1] in SUBJECTS else start
    return _ends(words[first - 1])


def _ends(word: str) -> bool:
    return not word or word in BREAKS


def _breaks(word: str, before: str) -> bool:
    """Whether no phrase goes over the word: a clause ends, or a question turned its words round."""
    is_turned = word == "be" and before not in HELPERS_OF_NOT | {"to", NOT}
    return not word or word in BREAKS or word[0].isdigit() or is_turned


def _before(words: list[str], start: int) -> str:
    """What the words from `start` on hang on: "call [back]", "click and [collect]", "on [hold]"."""
    far, near, first = words[start - 2 : start + 1]
    if first == NOT and near in HELPERS_OF_NOT:
        return near
    if near in NEGATIONS | NOBODY:
        return NOT
    if near in LINKS and is_content(far):
        return f"{stem_of(far)} {near}"
    if near in OWNERS and is_content(far):
        return stem_of(far)
    return near if near in LEADS else stem_of(near) if is_content(near) else ""


def _behind(words: list[str], end: int) -> str:
    """What the words up to `end` go on with: "declined [card]", "[wait] too long", "[use] my"."""
    near, far = words[end + 1 : end + 3]
    if near in OBJECTS:
        return "the"
    if near == TOO and far in QUANTITIES:
        return TOO
    if near[:1].isdigit():
        return "1"
    if near in LINKS and is_content(far):
        return f"{near} {stem_of(far)}"
    return near if near in PARTICLES else stem_of(near) if is_content(near) else ""


def _may_start(word: str, following: str) -> bool:
    if len(word) < 2 or word[0].isdigit() or word in BREAKS:
        return False
    if word in NEGATIONS:  # "hasn't my card come?" asks; "can't log in" tells
        return following not in DETERMINERS or word in ("no", "without")
    if word in HELPERS_OF_NOT:
        return following == NOT
    if word in _BEFORE_THINGS:
        return is_content(following)
    if word == TOO:
        return following in QUANTITIES
    return word not in _NO_START


def _may_end(word: str, before: str) -> bool:
    if word in PARTICLES:
        return is_content(before)
    if len(word) < 2 or word[0].isdigit() or word in _NO_END:
        return False
    waits = word in QUALITIES or (word.endswith("ed") and len(word) > _LONGEST_THING)
    # "the wrong", "a damaged": what, it leaves open; "too long" is all
    return not (waits and before in WAITING and before != TOO)


def meaning_of(phrase: tuple[str, ...]) -> frozenset[str]:
    """The stems of a phrase that carry meaning; empty if it has none but a "not" or "too"."""
    stems = {stem_of(word) for word in phrase if is_content(word)}
    if stems and any(word in NEGATIONS for word in phrase):
        stems.add(NOT)
    if stems and TOO in phrase:
        stems.add(TOO)
    return frozenset(stems)


@lru_cache(maxsize=100_000)
def stem_of(word: str) -> str:
    """The word without its ending of number or time; too short a rest keeps it."""
    for ending, put in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            word = word[: len(word) - len(ending)] + put
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] in "bdglmnprt" else word


def is_content(word: str) -> bool:
    """Whether a word in lower case carries meaning of its own."""
    return len(word) > 1 and word not in _WITHOUT_CONTENT and not word[0].isdigit()


class Content(NamedTuple):
    """Of a text, the words that carry meaning: each with its stem, and the stems."""

    words: dict[str, str]
    stems: frozenset[str]


@lru_cache(maxsize=32_768)
def content_of(words: tuple[str, ...]) -> Content:
    """The content of a text's words; remembered as `words_of` is."""
    content = {word: stem_of(word) for word in words if is_content(word)}
    return Content(content, frozenset(content.values()))


def sentence(phrase: str) -> str:
    """The phrase with a capital first letter."""
    return phrase[:1].upper() + phrase[1:]
