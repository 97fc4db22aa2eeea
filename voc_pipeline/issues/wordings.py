"""Which of the phrases said in an issue's texts names it best, against those of all others.

Here: what is counted, and how a phrase is weighed. Not here: which texts count and when an issue
is due for a name (labels), what a phrase is (phrases).
"""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache

from voc_pipeline.issues.phrases import (
    NOT,
    TOO,
    content_of,
    is_content,
    meaning_of,
    phrases_of,
    sentence,
    stem_of,
    words_of,
)
from voc_pipeline.issues.problems import weigh
from voc_pipeline.issues.stopwords import FEELINGS, LIKINGS, TROUBLE, TROUBLE_STEMS

_TERMS = 6
_ONE_WORD_SHARE = 0.3
"""Where nothing was said twice, a word of so many of the texts is the name."""
_FEW_PHRASES = 3
_SAID_ONCE = 3
"""Where nothing was said twice, a name has so many words if it can."""
_CUT_SHARE = 0.6
"""A wording is cut off if so many of its uses go on with one same word."""
_ASKED = 60
"""So many meanings, the likeliest, are asked whether they tell of a problem."""
_TELLING_CUES = 2.2
"""A phrase with cues of this weight in the lexicon of problems says what is wrong."""
_TELLING, _PLAIN, _COMPOUND, _VAGUE, _PRAISE = 2.2, 1.0, 0.8, 0.5, 0.1
"""What is wrong with a thing says more than the thing, that something is wrong says less."""
_SINGLE_WEIGHT, _NAME_WEIGHT = 0.7, 0.3
"""A phrase with one word of meaning says less, and the name of a product or place hardly any."""
_ONCE_WEIGHT = 0.8
_ENOUGH, _TOO_FEW = 0.08, 0.05
"""A phrase speaks for an issue if so large a share of its texts says each of its words. Below the
second, or where only two texts of eight or more do, it would mislead."""
_ASIDE = 0.25
"""So it does if it weighs less than this share of the issue's strongest word."""
_ROOT = 4
_MANY_TEXTS = 20
"""With fewer an issue's texts do not tell that a word has left it."""
_KEEP_SHARE = 0.7
"""A name stays while its score is at least this share of the best candidate's."""


Meaning = frozenset[str]


@dataclass
class _Said:
    """How one meaning is said in an issue: by how many texts, in which words how often.

    `every` has wordings that are cut out of longer ones too, `whole` has not; `clauses` has those
    that nothing else is said with.
    """

    texts: int = 0
    whole: Counter[str] = field(default_factory=Counter)
    every: Counter[str] = field(default_factory=Counter)
    clauses: set[str] = field(default_factory=set)


class Wordings:
    """Word and phrase counts of every issue, to tell what sets one apart from the others.

    Words count by their stems, and phrases by the stems that carry meaning in any order, so that
    "cancel my transfer" and "transfer was cancelled" are said of one thing.

    Args:
        words: by issue, its texts as words.
        names: stems that are mostly written with a capital: of products, places, people.
    """

    def __init__(
        self, words: dict[int, list[tuple[str, ...]]], names: frozenset[str] = frozenset()
    ) -> None:
        self._texts = defaultdict(list, words)
        self._names = names
        self._known: dict[int, dict[Meaning, _Said]] = {}
        self._content = {at: [content_of(text) for text in mine] for at, mine in words.items()}
        self._counts = {
            at: Counter(stem for text in mine for stem in text.stems)
            for at, mine in self._content.items()
        }
        self._felt = {
            at: sum(not text.stems.isdisjoint(_FELT) for text in mine)
            for at, mine in self._content.items()
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
        return sum(len(one.whole) for one in self._said(at).values()) > _FEW_PHRASES

    def terms(self, at: int) -> list[str]:
        """Words that set the issue apart, the strongest first, each stem as it is said most."""
        counts = self._counts[at]
        least = 2 if self._sizes[at] >= 4 else 1
        scored = [
            (-round(self._weight(at, one), 9), one) for one, n in counts.items() if n >= least
        ]
        return [self._spellings(at, stem)[0] for _, stem in sorted(scored)[:_TERMS]]

    def _spellings(self, at: int, stem: str) -> list[str]:
        """The words of a stem, the most used first."""
        return _by_use(
            Counter(
                word
                for text in self._content[at]
                if stem in text.stems
                for word, one in text.words.items()
                if one == stem
            )
        )

    def label(self, at: int, used: set[str], current: str) -> str:
        """The phrase, used by several customers, that says most of what sets the issue apart.

        Next to it a whole clause of one customer that tells what is wrong, in words that others
        of the issue use too. Where no phrase speaks for enough of them, the issue's two strongest
        words.
        """
        said = {meaning: one for meaning, one in self._said(at).items() if one.whole}
        likely = sorted(said, key=lambda one: (-self._base(at, one, said[one]), sorted(one)))
        ranked = sorted(
            (
                not self._is_shared(at, one, said[one]),
                self._rank(at, one, said[one]),
                -self._score(at, one, said[one]),
                sorted(one),
                one,
            )
            for one in likely[:_ASKED]
        )
        if ranked and self._stays(at, current, ranked[0][-1]):
            return current
        choice = {one: _by_use(said[one].whole) for *_, one in ranked}
        is_weak = not ranked or ranked[0][0] or ranked[0][1] > 1
        if (is_weak or self._is_aside(at, ranked[0][-1])) and (topic := self._topic(at)):
            meaning = frozenset(map(stem_of, topic))
            ranked, choice = [(False, 0, 0.0, [], meaning)], {meaning: [", ".join(topic)]}
        taken = {meaning_of(words_of(label)) for label in used}
        for *_, meaning in sorted(ranked, key=lambda one: one[-1] in taken):
            for phrase in choice[meaning]:
                if sentence(phrase) not in used:
                    return sentence(phrase)
        return current

    def is_silent(self, at: int, label: str) -> bool:
        """Whether none of an issue's texts, though many, has one of the words of a label."""
        content = meaning_of(words_of(label)) - {NOT, TOO}
        return self._sizes[at] >= _MANY_TEXTS and not all(self._counts[at][one] for one in content)

    def _stays(self, at: int, current: str, best: Meaning) -> bool:
        """Whether the name in use is said, shared, and nearly as good as the best.

        As good, where only the best tells what is wrong.
        """
        kept = meaning_of(words_of(current))
        said = self._said(at)
        if not current or kept not in said or not self._is_shared(at, kept, said[kept]):
            return False
        tells_less = self._says(kept, said[kept]) < _TELLING <= self._says(best, said[best])
        least = 1.0 if tells_less else _KEEP_SHARE
        return self._score(at, kept, said[kept]) >= least * self._score(at, best, said[best])

    def _topic(self, at: int) -> list[str]:
        """The strongest word of many texts and the next one of another root; one that most say.

        None where the issue has no such word.
        """
        size, stems = self._sizes[at], self._counts[at]
        many = [one for one in self.terms(at) if stems[stem_of(one)] / size > self._too_few(at)]
        others = [one for one in many[1:] if one[:_ROOT] != many[0][:_ROOT]]
        is_alone = many and stems[stem_of(many[0])] >= _ONE_WORD_SHARE * size
        return many[:1] + others[:1] if others or is_alone else []

    def _is_aside(self, at: int, meaning: Meaning) -> bool:
        """Whether a phrase holds little of what the issue's strongest word says."""
        weight = sum(self._weight(at, stem) for stem in sorted(meaning))
        strongest = [self._weight(at, stem_of(one)) for one in self.terms(at)[:1]]
        return weight < _ASIDE * sum(strongest)

    def _is_shared(self, at: int, meaning: Meaning, said: _Said) -> bool:
        """Whether each word of a phrase is said by enough of the issue to speak for it."""
        return self._shared(at, meaning, said) > self._too_few(at)

    def _shared(self, at: int, meaning: Meaning, said: _Said) -> float:
        """The least share of the issue's texts, but for one, that say one of the phrase's words.

        All words for a feeling are one, and a lone word that is denied is one with its "not".
        """
        content = meaning - {NOT, TOO}
        counts = [self._counts[at][one] for one in content - _FELT]
        if not content.isdisjoint(_FELT):
            counts.append(self._felt[at])
        if len(content) == 1 and NOT in meaning:
            counts.append(said.texts)
        return (min(counts) - 1) / self._sizes[at]

    def _too_few(self, at: int) -> float:
        return max(_TOO_FEW, min(1.0, self._sizes[at] / 4 - 1) / self._sizes[at])

    def _rank(self, at: int, meaning: Meaning, said: _Said) -> int:
        """0 for what was said twice in the same words, or is a clause that tells what is wrong.

        1 for what is short and of usual words.
        """
        if max(said.whole.values()) > 1:
            return 0
        content = meaning - {NOT, TOO}
        usual = {stem for stem in content if self._weight(at, stem) > 0}
        unusual = len(content) - len(usual)
        first = _by_use(said.whole)[0]
        is_short, is_clause = len(first.split()) <= _SAID_ONCE, first in said.clauses
        if _tells(first) > 0 and unusual < 2 and not all(map(_is_trouble, usual)):
            is_shared = not unusual and self._texts_with(at, content) > 1
            if is_shared and (is_clause or (is_short and said.texts > 1)):
                return 0
            if is_clause:
                return 1
        return 1 if not unusual and is_short else 2

    def _texts_with(self, at: int, content: Meaning) -> int:
        """Texts of an issue that have all these stems, in whatever words and order."""
        return sum(content <= text.stems for text in self._content[at])

    def _said(self, at: int) -> dict[Meaning, _Said]:
        """What the issue's texts say, by meaning. What mostly follows a "never" is left out."""
        if at in self._known:
            return self._known[at]
        count: Counter[Meaning] = Counter()
        said: Counter[tuple[str, ...]] = Counter()
        hung: defaultdict[tuple[str, ...], tuple[Counter[str], Counter[str]]] = defaultdict(
            lambda: (Counter(), Counter())
        )
        clauses: set[tuple[str, ...]] = set()
        for text in self._texts[at]:
            found = {one.words: one for one in phrases_of(text)}
            count.update({meaning for words in found if (meaning := meaning_of(words))})
            for words, phrase in found.items():
                said[words] += 1
                hung[words][0][phrase.before] += bool(phrase.before)
                hung[words][1][phrase.behind] += bool(phrase.behind)
                if phrase.is_clause:
                    clauses.add(words)
        known: defaultdict[Meaning, _Said] = defaultdict(_Said)
        for words, number in said.items():
            meaning, (before, behind) = meaning_of(words), hung[words]
            if not meaning or before[NOT] > _CUT_SHARE * number:
                continue
            one, wording = known[meaning], " ".join(words)
            one.texts = count[meaning]
            one.every[wording] = number
            if max(*before.values(), *behind.values()) <= _CUT_SHARE * number:
                one.whole[wording] = number
                if words in clauses:
                    one.clauses.add(wording)
        self._known[at] = dict(known)
        return self._known[at]

    def _base(self, at: int, meaning: Meaning, said: _Said) -> float:
        """How much of what sets the issue apart a meaning holds, and how common it is in it."""
        content = meaning - {NOT, TOO}
        weight = sum(sorted(self._weight(at, stem) for stem in content))
        most = max(said.every.values())
        texts = said.texts
        if most == 1 and len(content) > 1:
            texts = self._texts_with(at, content)
        # A phrase must be common in its issue, but longer ones are rarer by nature.
        return weight * math.pow(math.sqrt(texts * most) / self._sizes[at], 0.4)

    def _score(self, at: int, meaning: Meaning, said: _Said) -> float:
        """The base, more for what tells of a problem, less for a bare topic, name or praise.

        And less if few of the issue say it.
        """
        content = meaning - {NOT, TOO}
        score = self._says(meaning, said) * self._base(at, meaning, said)
        if len(content) == 1:
            score *= _SINGLE_WEIGHT if content.isdisjoint(self._names) else _NAME_WEIGHT
        if max(said.every.values()) == 1:
            score *= _ONCE_WEIGHT
        return round(score * min(1.0, self._shared(at, meaning, said) / _ENOUGH), 9)

    @staticmethod
    def _says(meaning: Meaning, said: _Said) -> float:
        """What a phrase says: what is wrong, that something is, a thing, or praise."""
        content = sorted(meaning - {NOT, TOO})
        told = sum(_is_trouble(stem) for stem in content)
        phrase = _by_use(said.whole or said.every)[0]
        tells = _tells(phrase)
        is_told = told > 0 or (NOT in meaning and len(content) > 1)
        if tells < 0 or not _LIKED.isdisjoint(content):
            return _PRAISE
        if tells > 0 or TOO in meaning or is_told:
            return _VAGUE if told == len(content) else _TELLING
        return _COMPOUND if all(map(is_content, phrase.split())) else _PLAIN


def _by_use(said: Counter[str]) -> list[str]:
    """Wordings of one meaning, the most said first, then the shortest."""
    return sorted(said, key=lambda phrase: (-said[phrase], len(phrase), phrase))


@lru_cache(maxsize=100_000)
def _tells(phrase: str) -> int:
    """1 for a phrase that tells of a problem by the lexicon's cues, -1 for praise, else 0."""
    found = weigh(phrase)
    balance = found.problem - found.praise
    return (balance >= _TELLING_CUES) - (found.praise > found.problem)


@lru_cache(maxsize=100_000)
def _is_trouble(stem: str) -> bool:
    return stem in _TROUBLE_WORDS or stem.startswith(TROUBLE_STEMS)


_TROUBLE_WORDS = frozenset(stem_of(word) for word in TROUBLE | FEELINGS)
_FELT = frozenset(stem_of(word) for word in FEELINGS)
_LIKED = frozenset(stem_of(word) for word in LIKINGS)
