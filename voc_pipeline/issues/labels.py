"""What an issue is called: a phrase and terms from its customers' own words.

Both are chosen from the texts of an issue, against those of all others; a name changes nothing
about what belongs to the issue. Quotes are chosen in `quotes`.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from voc_pipeline.issues.evidence import Codes, Evidence, distinct_rows
from voc_pipeline.issues.standing import Standing
from voc_pipeline.issues.stopwords import (
    AMOUNTS,
    BREAKS,
    DETERMINERS,
    FILLERS,
    HELPERS_OF_NOT,
    LEADS,
    LINKS,
    NEGATIONS,
    NOBODY,
    OBJECTS,
    PARTICLES,
    QUALITIES,
    QUANTITIES,
    STOP_WORDS,
    TIME_UNITS,
    TROUBLE,
    TROUBLE_STEMS,
    UNFINISHED,
    WAITING,
    WEAK_EDGES,
)

_HANDLE = re.compile(r"(?<![\w@])@(\w{2,60})")
_TOKEN = re.compile(
    r"@\w{1,60}|https?://\S{1,500}|\[[A-Za-z_]{1,30}\]|[^\W_]+(?:['\u2019-][^\W_]+){0,3}|[.,;:!?()\n]"
)
_TEXTS_PER_ISSUE = 100
_CHARACTERS = 400
_LONGEST_PHRASE = 6
_LEAST_ADDRESSED = 3
_TERMS = 6
_NO_START = WEAK_EDGES | TIME_UNITS | AMOUNTS | UNFINISHED | FILLERS | {"back"}
_NO_END = WEAK_EDGES | NEGATIONS | UNFINISHED
_TROUBLE_WEIGHT = 2.2
"""A phrase that names a thing and what is wrong with it says more than one that names a thing."""
_NOT = "not"
_TOO = "too"
_ONE_WORD_SHARE = 0.3
"""Where nothing was said twice, a word of so many of the texts is the name."""
_LEAST_STEM = 3
_ENDINGS = (
    ("'s", ""), ("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"),
    ("ss", "ss"), ("us", "us"), ("is", "is"), ("s", ""), ("ing", ""), ("ed", ""), ("e", ""),
)  # fmt: skip
_FEW_PHRASES = 3
_SAID_ONCE = 3
"""Where nothing was said twice, a name has so many words if it can."""
_CUT_SHARE = 0.6
"""A wording is cut off if so many of its uses go on with one same word."""
_SINGLE_WEIGHT = 0.7
"""A phrase with one word of meaning says less."""
_VAGUE_WEIGHT = 0.5
"""And one that says only that something is wrong, less still."""
_KEEP_SHARE = 0.4
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
        at: [list(_words(one[:_CHARACTERS])) for one in side]
        for at, side in enumerate((texts, others))
    }
    return _Background({at: side for at, side in words.items() if side}).terms(0) if texts else []


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
            nearest = mine[np.argsort(-likeness, kind="stable")[:_TEXTS_PER_ISSUE]]
            texts[at] = [spoken[row][:_CHARACTERS] for row in nearest]
    return texts


@lru_cache(maxsize=32_768)
def _words(text: str) -> tuple[str, ...]:
    """Tokens in lower case; masks, links, accounts and ends of a phrase become empty tokens.

    Remembered, for the texts at the centre of an issue are mostly those of the week before.
    """
    found = _TOKEN.findall(text.lower().replace("\u2019", "'"))
    return tuple(
        "" if token[0] in "[.,;:!?()\n@" or "://" in token or set(token) == {"x"} else token
        for token in found
    )


def _accounts(texts: Iterable[list[str]]) -> set[str]:
    """Names that posts are addressed to, which name the company and not the problem."""
    found = Counter(
        name.lower() for mine in texts for text in mine for name in set(_HANDLE.findall(text))
    )
    return {name for name, count in found.items() if count >= _LEAST_ADDRESSED}


def _phrases(words: list[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, str]]]:
    """Every run of 2 to 6 words within a clause that can stand alone, and what it hangs on."""
    words = ["", "", *words, "", ""]
    for start in range(2, len(words) - 3):
        if not _may_start(words[start], words[start + 1]):
            continue
        before = _before(words, start)
        for end in range(start + 1, min(start + _LONGEST_PHRASE, len(words) - 2)):
            if _breaks(words[end], words[end - 1]):
                break
            if _may_end(words[end], words[end - 1]):
                yield tuple(words[start : end + 1]), (before, _behind(words, end))


def _breaks(word: str, before: str) -> bool:
    """Whether no phrase goes over the word: a clause ends, or a question turned its words round."""
    is_turned = word == "be" and before not in HELPERS_OF_NOT | {"to", _NOT}
    return not word or word in BREAKS or word[0].isdigit() or is_turned


def _before(words: list[str], start: int) -> str:
    """What the words from `start` on hang on: "call [back]", "click and [collect]", "on [hold]"."""
    far, near, first = words[start - 2 : start + 1]
    if first == _NOT and near in HELPERS_OF_NOT:
        return near
    if near in NEGATIONS | NOBODY:
        return _NOT
    if near in LINKS and _is_content(far):
        return f"{far} {near}"
    return near if near in LEADS or _is_content(near) else ""


def _behind(words: list[str], end: int) -> str:
    """What the words up to `end` go on with: "declined [card]", "[sign] in loop", "[use] my"."""
    near, far = words[end + 1 : end + 3]
    if near in OBJECTS:
        return "the"
    if near[:1].isdigit():
        return "1"
    if near in LINKS and _is_content(far):
        return f"{near} {far}"
    return near if near in PARTICLES or _is_content(near) else ""


def _may_start(word: str, following: str) -> bool:
    if len(word) < 2 or word[0].isdigit() or word in BREAKS:
        return False
    if word in NEGATIONS:  # "hasn't my card come?" asks; "can't log in" tells
        return following not in DETERMINERS or word in ("no", "without")
    if word in HELPERS_OF_NOT:
        return following == _NOT
    if word in LEADS:
        return _is_content(following)
    if word == _TOO:
        return following in QUANTITIES
    return word not in _NO_START


def _may_end(word: str, before: str) -> bool:
    if word in PARTICLES:
        return _is_content(before)
    if len(word) < 2 or word[0].isdigit() or word in _NO_END:
        return False
    return word not in QUALITIES or before not in WAITING  # "the wrong": of what, it leaves open


_Wordings = dict[frozenset[str], Counter[str]]


class _Background:
    """Word and phrase counts of every issue, to tell what sets one apart from the others.

    Words count by their stems, and phrases by the stems that carry meaning in any order, so that
    "cancel my transfer" and "transfer was cancelled" are said of one thing.
    """

    def __init__(self, words: dict[int, list[list[str]]]) -> None:
        self._texts = defaultdict(list, words)
        self._spelled: dict[int, dict[str, Counter[str]]] = {}
        for at, mine in words.items():
            spelled = self._spelled.setdefault(at, defaultdict(Counter))
            for text in mine:
                for word in {one for one in text if _is_content(one)}:
                    spelled[_stem(word)][word] += 1
        self._counts = {
            at: Counter(
                stem for text in mine for stem in {_stem(one) for one in text if _is_content(one)}
            )
            for at, mine in words.items()
        }
        self._sizes = {at: max(len(mine), 1) for at, mine in words.items()}
        self._share: defaultdict[str, float] = defaultdict(float)
        for at, counts in self._counts.items():
            for stem, count in counts.items():
                self._share[stem] += count / self._sizes[at]

    def _weight(self, at: int, stem: str) -> float:
        """Share of the issue's texts with the stem, times how rare it is among other issues."""
        share = self._counts[at][stem] / self._sizes[at]
        if self._counts[at][stem] < 2 <= self._sizes[at] // 2:
            return 0.0  # said once: a slip of the pen, or an aside
        others = (self._share[stem] - share) / max(len(self._sizes) - 1, 1)
        return share * math.log1p(share / (others + 0.01))

    def has_choice(self, at: int) -> bool:
        """Whether the issue's texts hold more than a few phrases that could name it."""
        _, said, _ = self._said(at)
        return sum(len(one) for one in said.values()) > _FEW_PHRASES

    def terms(self, at: int) -> list[str]:
        """Words that set the issue apart, the strongest first, each stem as it is said most."""
        counts = self._counts[at]
        least = 2 if self._sizes[at] >= 4 else 1
        scored = [
            (-round(self._weight(at, one), 9), one) for one, n in counts.items() if n >= least
        ]
        return [_commonest(self._spelled[at][stem]) for _, stem in sorted(scored)[:_TERMS]]

    def label(self, at: int, used: set[str], current: str) -> str:
        """The phrase, used by several customers, that says most of what sets the issue apart."""
        count, said, every = self._said(at)
        ranked = sorted(
            (self._rank(at, one, wordings), -self._phrase_score(at, one, count[one], wordings),
             sorted(one), one)
            for one, wordings in said.items()
        )  # fmt: skip
        kept = _meaning(_words(current))
        if current and ranked and kept in every:
            score = self._phrase_score(at, kept, count[kept], every[kept])
            if score >= -_KEEP_SHARE * ranked[0][1]:
                return current
        if (not ranked or ranked[0][0] > 1) and (word := self._word_of_many(at)):
            ranked, said = [(0, 0.0, [], word)], {word: self._spelled[at][min(word)]}
        taken = {_meaning(_words(label)) for label in used}
        for *_, meaning in sorted(ranked, key=lambda one: one[-1] in taken):
            for phrase in _by_use(said[meaning]):
                if sentence(phrase) not in used:
                    return sentence(phrase)
        return current

    def _rank(self, at: int, meaning: frozenset[str], wordings: Counter[str]) -> int:
        """0 for what was said twice in the same words, 1 for what is short and of usual words."""
        if max(wordings.values()) > 1:
            return 0
        is_usual = all(self._weight(at, stem) > 0 for stem in meaning - {_NOT, _TOO})
        return 1 if is_usual and len(min(wordings, key=len).split()) <= _SAID_ONCE else 2

    def _word_of_many(self, at: int) -> frozenset[str]:
        """The stem that sets the issue apart most, if enough of its texts have it."""
        terms = self.terms(at)
        stem = _stem(terms[0]) if terms else ""
        enough = self._counts[at][stem] >= max(2, _ONE_WORD_SHARE * self._sizes[at])
        return frozenset({stem} if stem and enough else ())

    def _said(self, at: int) -> tuple[Counter[frozenset[str]], _Wordings, _Wordings]:
        """Texts by meaning; by meaning and wording without those cut off mid-phrase, and with.

        What mostly follows a "never" is left out of both: it says the opposite.
        """
        count: Counter[frozenset[str]] = Counter()
        said: Counter[tuple[str, ...]] = Counter()
        hung: defaultdict[tuple[str, ...], tuple[Counter[str], Counter[str]]] = defaultdict(
            lambda: (Counter(), Counter())
        )
        for text in self._texts[at]:
            found = dict(_phrases(text))
            count.update({meaning for one in found if (meaning := _meaning(one))})
            for phrase, sides in found.items():
                said[phrase] += 1
                for side, word in zip(hung[phrase], sides, strict=True):
                    side[word] += bool(word)
        whole: defaultdict[frozenset[str], Counter[str]] = defaultdict(Counter)
        every: defaultdict[frozenset[str], Counter[str]] = defaultdict(Counter)
        for phrase, number in said.items():
            meaning, (before, behind) = _meaning(phrase), hung[phrase]
            if not meaning or before[_NOT] > _CUT_SHARE * number:
                continue
            every[meaning][" ".join(phrase)] = number
            if max(*before.values(), *behind.values()) <= _CUT_SHARE * number:
                whole[meaning][" ".join(phrase)] = number
        return count, whole, every

    def _phrase_score(
        self, at: int, meaning: frozenset[str], count: int, wordings: Counter[str]
    ) -> float:
        content = sorted(meaning - {_NOT, _TOO})
        weight = sum(self._weight(at, stem) for stem in content)
        told = sum(_tells_trouble(stem) for stem in content)
        is_plain = told == 0 and (_NOT not in meaning or len(content) < 2) and _TOO not in meaning
        says = 1.0 if is_plain else _TROUBLE_WEIGHT
        if told == len(content):
            says = _VAGUE_WEIGHT
        if len(content) == 1:
            says *= _SINGLE_WEIGHT
        common = math.sqrt(count * max(wordings.values())) / self._sizes[at]
        # A phrase must be common in its issue, but longer ones are rarer by nature.
        return round(says * weight * math.pow(common, 0.4), 9)


def _meaning(phrase: tuple[str, ...]) -> frozenset[str]:
    """The stems of a phrase that carry meaning; empty if it has none but a "not" or "too"."""
    stems = {_stem(word) for word in phrase if _is_content(word)}
    if stems and any(word in NEGATIONS for word in phrase):
        stems.add(_NOT)
    if stems and _TOO in phrase:
        stems.add(_TOO)
    return frozenset(stems)


def _by_use(said: Counter[str]) -> list[str]:
    """Wordings of one meaning, the most said first, then the shortest."""
    return sorted(said, key=lambda phrase: (-said[phrase], len(phrase), phrase))


def _commonest(said: Counter[str]) -> str:
    return _by_use(said)[0]


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    """The word without its ending of number or time; too short a rest keeps it."""
    for ending, put in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            word = word[: len(word) - len(ending)] + put
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] in "bdglmnprt" else word


@lru_cache(maxsize=100_000)
def _tells_trouble(stem: str) -> bool:
    return stem in _TROUBLE_WORDS or stem.startswith(TROUBLE_STEMS)


def _is_content(word: str) -> bool:
    return len(word) > 1 and word not in _WITHOUT_CONTENT and not word[0].isdigit()


def sentence(phrase: str) -> str:
    """The phrase with a capital first letter."""
    return phrase[:1].upper() + phrase[1:]


_WITHOUT_CONTENT = STOP_WORDS | FILLERS
_TROUBLE_WORDS = frozenset(_stem(word) for word in TROUBLE)
