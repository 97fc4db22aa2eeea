"""What an issue is called: a phrase and terms from its customers' own words.

Both are chosen from the texts of an issue, against those of all others; a name changes nothing
about what belongs to the issue. The choice is in `wordings`; quotes are chosen in `quotes`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from voc_pipeline.issues.evidence import Codes, Evidence, distinct_rows
from voc_pipeline.issues.phrases import content_of, sentence, stem_of, words_of
from voc_pipeline.issues.standing import Standing
from voc_pipeline.issues.wordings import Wordings

_HANDLE = re.compile(r"(?<![\w@])@(\w{2,60})")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,30}\b")
_SMALL = re.compile(r"(?<= )[a-z]{3,30}\b")
_TEXTS_PER_ISSUE = 100
_CHARACTERS = 400
_COPIED_WORDS = 5
"""Texts with the same words of content, so many or more, are copies of one."""
_LEAST_ADDRESSED = _LEAST_NAMED = 3
_NAME_SHARE = 0.8


def name_issues(standings: Sequence[Standing], evidence: Evidence, place: Codes) -> None:
    """Give label and terms to issues without one, and to those whose size has doubled since.

    And to those that a word of their label has left.

    A label stays while it is still among the good ones; new ones are unlike all labels in use.
    """
    due = [
        at
        for at, one in enumerate(standings)
        if one.is_open
        and (not one.label or one.member_count.bit_length() > one.named_count.bit_length())
    ]
    texts = _central_texts(standings, evidence, place)
    accounts = _accounts(texts.values())
    words = {
        at: [_without(accounts, words_of(text)) for text in mine] for at, mine in texts.items()
    }
    background = Wordings(words, proper_names(texts.values()))
    due += [at for at in words if at not in due and background.is_silent(at, standings[at].label)]
    used = {one.label for at, one in enumerate(standings) if at not in due and one.label}
    for at in sorted(due, key=background.has_choice):  # who has hardly a phrase chooses first
        one = standings[at]
        if words.get(at):
            one.terms = background.terms(at) or one.terms
            one.label = background.label(at, used, one.label)
        if not one.label:
            one.label = sentence(", ".join(one.terms[:3])) or one.issue_id
        used.add(one.label)


def distinctive_words(texts: Sequence[str], others: Sequence[str]) -> list[str]:
    """Words that set these texts apart from the others, the strongest first; none without texts."""
    words = {
        at: [words_of(one[:_CHARACTERS]) for one in side] for at, side in enumerate((texts, others))
    }
    return Wordings({at: side for at, side in words.items() if side}).terms(0) if texts else []


def proper_names(texts: Iterable[list[str]]) -> frozenset[str]:
    """Stems of words that are mostly written with a capital within a sentence."""
    capital: Counter[str] = Counter()
    small: Counter[str] = Counter()
    for text in (one for mine in texts for one in mine):
        with_capital, without = _spelled(text)
        capital.update(with_capital)
        small.update(without)
    return frozenset(
        stem
        for stem, count in capital.items()
        if count >= _LEAST_NAMED and count >= _NAME_SHARE * (count + small[stem])
    )


@lru_cache(maxsize=32_768)
def _spelled(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Stems of words written with a capital within a sentence, and of those without one."""
    capital = frozenset(stem_of(word.lower()) for word in _NAME.findall(text))
    return capital, frozenset(stem_of(word) for word in _SMALL.findall(text))


def _central_texts(
    standings: Sequence[Standing], evidence: Evidence, place: Codes
) -> dict[int, list[str]]:
    """The distinct texts nearest to every issue's centre, 100 at most, cut at 400 characters."""
    texts = {}
    spoken = evidence.frame["segment_text"].to_list()
    for at, one in enumerate(standings):
        mine = np.flatnonzero(place == at)
        if one.is_open and len(mine):
            mine = distinct_rows(evidence, mine)
            likeness = (evidence.vectors[mine] @ one.centre()).round(6)
            nearest = mine[np.argsort(-likeness, kind="stable")]
            texts[at] = _own_words(spoken[row][:_CHARACTERS] for row in nearest)
    return texts


def _own_words(texts: Iterable[str]) -> list[str]:
    """The first hundred, without copies: a sentence pasted by many is the wording of one."""
    chosen: list[str] = []
    heard: set[frozenset[str]] = set()
    for text in texts:
        said = content_of(words_of(text)).stems
        if len(said) < _COPIED_WORDS or said not in heard:
            chosen.append(text)
            if len(chosen) == _TEXTS_PER_ISSUE:
                break
        heard.add(said)
    return chosen


def _without(accounts: set[str], words: tuple[str, ...]) -> tuple[str, ...]:
    """The words, where the name of an account ends a phrase."""
    if accounts.isdisjoint(words):
        return words
    return tuple("" if word in accounts else word for word in words)


def _accounts(texts: Iterable[list[str]]) -> set[str]:
    """Names that posts are addressed to, which name the company and not the problem."""
    found = Counter(
        name.lower() for mine in texts for text in mine for name in set(_HANDLE.findall(text))
    )
    return {name for name, count in found.items() if count >= _LEAST_ADDRESSED}
