"""What an issue is called: a phrase and terms from its customers' own words.

Both are chosen from the texts of an issue, against those of all others; a name changes nothing
about what belongs to the issue. Quotes are chosen in `quotes`.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from voc_pipeline.issues.evidence import Codes, Evidence, distinct_rows
from voc_pipeline.issues.standing import Standing
from voc_pipeline.issues.stopwords import (
    NEGATIONS,
    STOP_WORDS,
    TROUBLE,
    TROUBLE_STEMS,
    WEAK_EDGES,
)

_HANDLE = re.compile(r"(?<![\w@])@(\w{2,60})")
_TOKEN = re.compile(
    r"@\w{1,60}|https?://\S{1,500}|\[[A-Za-z_]{1,30}\]|[^\W_]+(?:['\u2019-][^\W_]+){0,3}|[.,;:!?()\n]"
)
_TEXTS_PER_ISSUE = 60
_CHARACTERS = 400
_LONGEST_PHRASE = 5
_LEAST_ADDRESSED = 3
_TERMS = 6
_NO_END = WEAK_EDGES | NEGATIONS
_TROUBLE_WEIGHT = 1.8
"""A phrase that names a thing and what is wrong with it says more than one that names a thing."""
_KEEP_SHARE = 0.6
"""A name stays while its score is at least this share of the best candidate's."""


def name_issues(standings: Sequence[Standing], evidence: Evidence, place: Codes) -> None:
    """Give label and terms to issues without one, and to those whose size has doubled since.

    A label stays while it is still among the good ones; new ones are unlike all labels in use.
    """
    due = [
        at
        for at, one in enumerate(standings)
        if one.is_open
        and (not one.label or one.member_count.bit_length() > one.named_count.bit_length())
    ]
    if not due:
        return
    texts = _central_texts(standings, evidence, place)
    accounts = _accounts(texts.values())
    words = {
        at: [["" if word in accounts else word for word in _words(text)] for text in mine]
        for at, mine in texts.items()
    }
    background = _Background(words)
    used = {one.label for at, one in enumerate(standings) if at not in due and one.label}
    for at in due:
        one = standings[at]
        if words.get(at):
            one.terms = background.terms(at) or one.terms
            one.label = background.label(at, used, one.label)
        if not one.label:
            one.label = ", ".join(one.terms[:3]) or one.issue_id
        used.add(one.label)


def distinctive_words(texts: Sequence[str], others: Sequence[str]) -> list[str]:
    """Words that set these texts apart from the others, the strongest first; none without texts."""
    words = {
        at: [_words(one[:_CHARACTERS]) for one in side] for at, side in enumerate((texts, others))
    }
    return _Background({at: side for at, side in words.items() if side}).terms(0) if texts else []


def _central_texts(
    standings: Sequence[Standing], evidence: Evidence, place: Codes
) -> dict[int, list[str]]:
    """The distinct texts nearest to every issue's centre, 60 at most, cut at 400 characters."""
    texts = {}
    spoken = evidence.frame["segment_text"].to_list()
    for at, one in enumerate(standings):
        mine = np.flatnonzero(place == at)
        if one.is_open and len(mine):
            mine = distinct_rows(evidence, mine)
            likeness = (evidence.vectors[mine] @ one.centre()).round(6)
            nearest = mine[np.argsort(-likeness, kind="stable")[:_TEXTS_PER_ISSUE]]
            texts[at] = [spoken[row][:_CHARACTERS] for row in nearest]
    return texts


def _words(text: str) -> list[str]:
    """Tokens in lower case; masks, links, accounts and ends of a phrase become empty tokens."""
    found = _TOKEN.findall(text.lower().replace("\u2019", "'"))
    return [
        "" if token[0] in "[.,;:!?()\n@" or "://" in token or set(token) == {"x"} else token
        for token in found
    ]


def _accounts(texts: Iterable[list[str]]) -> set[str]:
    """Names that posts are addressed to, which name the company and not the problem."""
    found = Counter(
        name.lower() for mine in texts for text in mine for name in set(_HANDLE.findall(text))
    )
    return {name for name, count in found.items() if count >= _LEAST_ADDRESSED}


def _phrases(words: list[str]) -> Iterator[tuple[str, ...]]:
    """Every run of 2 to 5 words within a clause whose ends carry meaning."""
    for start in range(len(words)):
        if not words[start] or (words[start] in WEAK_EDGES and words[start] not in NEGATIONS):
            continue
        if words[start].isdigit():
            continue
        for end in range(start + 1, min(start + _LONGEST_PHRASE, len(words))):
            if not words[end]:
                break
            if words[end] not in _NO_END and not words[end].isdigit():
                yield tuple(words[start : end + 1])


class _Background:
    """Word and phrase counts of every issue, to tell what sets one apart from the others."""

    def __init__(self, words: dict[int, list[list[str]]]) -> None:
        self._texts = words
        self._counts = {
            at: Counter(word for text in mine for word in set(text) if _is_content(word))
            for at, mine in words.items()
        }
        self._sizes = {at: max(len(mine), 1) for at, mine in words.items()}
        self._share: defaultdict[str, float] = defaultdict(float)
        for at, counts in self._counts.items():
            for word, count in counts.items():
                self._share[word] += count / self._sizes[at]

    def _weight(self, at: int, word: str) -> float:
        """Share of the issue's texts with the word, times how rare it is among other issues."""
        share = self._counts[at][word] / self._sizes[at]
        others = (self._share[word] - share) / max(len(self._sizes) - 1, 1)
        return share * math.log1p(share / (others + 0.01))

    def terms(self, at: int) -> list[str]:
        """Words that set the issue apart, the strongest first."""
        counts = self._counts[at]
        least = 2 if self._sizes[at] >= 4 else 1
        scored = [(-round(self._weight(at, w), 9), w) for w, n in counts.items() if n >= least]
        return [word for _, word in sorted(scored)[:_TERMS]]

    def label(self, at: int, used: set[str], current: str) -> str:
        """The phrase, used by several customers, that says most of what sets the issue apart."""
        counts: Counter[tuple[str, ...]] = Counter()
        for text in self._texts[at]:
            counts.update(set(_phrases(text)))
        least = 2 if counts and max(counts.values()) >= 2 else 1
        scored = sorted(
            (-self._phrase_score(at, phrase, count), " ".join(phrase))
            for phrase, count in counts.items()
            if count >= least
        )
        free = [(score, phrase) for score, phrase in scored if sentence(phrase) not in used]
        if not free:
            return current
        best = -free[0][0]
        score_of = {sentence(phrase): -score for score, phrase in free}
        if current and score_of.get(current, 0.0) >= _KEEP_SHARE * best:
            return current
        return sentence(free[0][1])

    def _phrase_score(self, at: int, phrase: tuple[str, ...], count: int) -> float:
        content = [word for word in dict.fromkeys(phrase) if _is_content(word)]
        meaning = sum(self._weight(at, word) for word in content)
        says = _TROUBLE_WEIGHT if any(_is_trouble(word) for word in phrase) else 1.0
        if all(word in TROUBLE for word in content):
            says = 0.5
        # A phrase must be common in its issue, but longer ones are rarer by nature.
        return round(says * meaning * math.pow(count / self._sizes[at], 0.4), 9)


def _is_trouble(word: str) -> bool:
    return word in TROUBLE or word.startswith(TROUBLE_STEMS)


def _is_content(word: str) -> bool:
    return len(word) > 1 and word not in STOP_WORDS and not word.isdigit()


def sentence(phrase: str) -> str:
    """The phrase with a capital first letter."""
    return phrase[:1].upper() + phrase[1:]
