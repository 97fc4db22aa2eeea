"""The lexicon of problems and praise as a tree of cues, and how a text is read to be found in it.

Here: words of a text, forms of a phrase, what each phrase does. Not here: what a text with these
cues amounts to (problems). The lexicon is `problem_lexicon.toml`, written by hand.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

TURNING_REACH, LIFTING_REACH, MUTING_REACH = 4, 7, 4  # words behind the cue
START, END = "^", "$"
DIGIT = re.compile(r"\d")
NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
TOKEN = re.compile(r"\w+(?:'\w+)*|[.,;:!?()\u00a4\u2600-\u27bf\U0001f300-\U0001faff]")
PUNCTUATION = frozenset(".,;:!?()")
MASK = re.compile(r"\[[A-Z][A-Z0-9_ ]{0,30}\]|\bX{2,}(?:/[X\d]{2,4}){0,2}\b")
MASKED = "\u00a4"  # stands for any masked value
MISHEARD = re.compile(r"\b(could|should|would|must) of\b")
ADDRESSED = re.compile(
    r"\s*(?:@\w{1,40}:?\s+){0,5}"
    r"(?:(?:hi|hey|hello|dear|to whom it may concern|(?:good )?(?:morning|afternoon|evening|day))"
    rf"(?: (?:all|customer|everyone|folks|guys|madam|or|services?|sir|support|team|there|{MASKED}))"
    r"{0,4} ?[,!:]\s)?"
)
NOT_SPOKEN = PUNCTUATION | {START, END, MASKED}
CLOSES_SCOPE = PUNCTUATION | {"but", "however", "although", "though"}
NEGATED_VERBS = """
    are could did do does had has have is must need should was were would"""
NUMBER_WORDS = """
    two three four five six seven eight nine ten twelve fifteen twenty thirty forty fifty sixty
    several"""
SPELLED: dict[str, tuple[str, ...]] = {
    **{
        f"{verb}{ending}": (verb, "not")
        for verb in NEGATED_VERBS.split()
        for ending in ("n't", "nt")
    },
    **dict.fromkeys(("can't", "cant", "cannot"), ("can", "not")),
    **dict.fromkeys(("won't", "wont"), ("will", "not")),
    **dict.fromkeys(("ain't", "aint"), ("is", "not")),
    **dict.fromkeys(NUMBER_WORDS.split(), ("0",)),
}


class Cue(NamedTuple):
    """What a word or phrase does where it stands."""

    problem: float = 0.0
    praise: float = 0.0
    turning_reach: int = 0
    lifting_reach: int = 0
    muting_reach: int = 0
    is_wish: bool = False
    is_circumstance: bool = False
    closes: bool = False
    is_denied: bool = False


NO_CUE = Cue()


@dataclass
class Branch:
    """A place in the tree of phrases: the cue that ends here, and the words that may follow."""

    cue: Cue | None = None
    following: dict[str, "Branch"] = field(default_factory=dict)


@dataclass(frozen=True)
class Lexicon:
    """The tree of cues, and the sets of words read whole."""

    cues: dict[str, Branch]
    empty_words: frozenset[str]
    english_words: frozenset[str]
    qualifiers: frozenset[str]
    problem_questions: frozenset[str]
    praise_questions: frozenset[str]


@lru_cache(maxsize=1)
def english_lexicon() -> Lexicon:
    """The packaged lexicon, read once."""
    path = Path(__file__).with_name("problem_lexicon.toml")
    source = tomllib.loads(path.read_text(encoding="utf-8"))
    return Lexicon(
        cues=cue_tree(source),
        empty_words=frozenset(source["empty_answers"]["words"]),
        english_words=frozenset(source["english"]["words"]),
        qualifiers=frozenset(source["denied"]["qualifiers"]),
        problem_questions=frozenset(source["questions"]["problem"]),
        praise_questions=frozenset(source["questions"]["praise"]),
    )


def cue_tree(source: dict[str, Any]) -> dict[str, Branch]:
    """The cues as a tree of words, by the first word of each."""
    root = Branch()
    for phrase, cue in weighted_cues(source).items():
        branch = root
        for word in phrase:
            branch = branch.following.setdefault(word, Branch())
        branch.cue = cue
    return root.following


def weighted_cues(source: dict[str, Any]) -> dict[tuple[str, ...], Cue]:
    """Every phrase of the lexicon with what it does."""
    problem, praise = (
        {
            phrase: float(weight)
            for weight, entries in source[side].items()
            for phrase in phrases_of(entries)
        }
        for side in ("problem", "praise")
    )
    turning, next_word, lifting = (
        phrases_of(source["negators"][kind]) for kind in ("turning", "next_word", "lifting")
    )
    wishes = phrases_of(source["wishes"]["words"])
    circumstances, muting = (
        phrases_of(source["circumstances"][kind]) for kind in ("phrases", "muting")
    )
    cues = {
        phrase: Cue(
            problem.get(phrase, 0.0),
            praise.get(phrase, 0.0),
            TURNING_REACH * (phrase in turning) or int(phrase[-1:] in next_word),
            LIFTING_REACH * (phrase in lifting),
            MUTING_REACH * (phrase in muting),
            phrase in wishes,
            phrase in circumstances,
        )
        for phrase in set().union(
            problem, praise, turning, next_word, lifting, wishes, circumstances, muting
        )
    }
    cues |= dict.fromkeys(phrases_of(source["asides"]["phrases"]), NO_CUE)
    cues |= dict.fromkeys(phrases_of(source["denied"]["words"]), Cue(is_denied=True))
    for word in CLOSES_SCOPE:
        cues[word,] = cues.get((word,), NO_CUE)._replace(closes=True)
    return cues


def longest_cue(words: list[str], place: int, branch: Branch) -> tuple[Cue | None, int]:
    """The longest cue that starts at this word, if any, and the place behind it."""
    cue, free, end = branch.cue, place + 1, place + 1
    while end < len(words) and (further := branch.following.get(words[end])) is not None:
        branch, end = further, end + 1
        if branch.cue is not None:
            cue, free = branch.cue, end
    return cue, free


def phrases_of(entries: list[str]) -> set[tuple[str, ...]]:
    """The entries as words, read as texts are; "delay+" also as delays, delayed, delaying."""
    return set(chain.from_iterable(map(inflected, entries)))


def inflected(entry: str) -> Iterable[tuple[str, ...]]:
    """One entry as words, in all the forms it stands for."""
    at_start = (START,) * entry.startswith(START)
    at_end = (END,) * entry.endswith(END)
    if not entry.endswith("+"):
        return [(*at_start, *tokens_of(entry)[1:-1], *at_end)]
    stem = entry[:-1]
    short = stem.removesuffix("e")
    return [(stem,), (f"{stem}s",), (f"{short}ed",), (f"{short}ing",)]


def tokens_of(text: str) -> list[str]:
    """Lower-case words behind the address, closing punctuation and emoji, between START and END.

    Contractions are spelled out, a number is 0, a masked value one sign.
    """
    if "[" in text:
        text = MASK.sub(f" {MASKED} ", text)
    lowered = text.lower().replace("\u2019", "'")
    if "d of " in lowered or "t of " in lowered:
        lowered = MISHEARD.sub(r"\1 have", lowered)
    if opening := ADDRESSED.match(lowered):
        lowered = lowered[opening.end() :]
    if DIGIT.search(lowered):
        lowered = NUMBER.sub(" 0 ", lowered)
    words: list[str] = TOKEN.findall(lowered)
    if not SPELLED.keys().isdisjoint(words):
        words = list(chain.from_iterable(SPELLED.get(word, (word,)) for word in words))
    return [START, *words, END]
