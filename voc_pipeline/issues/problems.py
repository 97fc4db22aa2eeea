"""Telling a problem from praise and chatter, by a weighted lexicon with negation scope.

Here: the score of one text, and the kind that follows from it. Not here: where a text begins and
ends (segments), and which problem it is (discovery). The lexicon beside this module was written
by hand; no model is fitted and no customer's text is shipped. A logistic combination adds the
cues of the text to what the score and the wording of the question make likely. Cues are English:
a text of another language has no evidence of its own, so it is neutral unless its score is bad.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from voc_pipeline.issues.problem_cues import (
    NOT_SPOKEN,
    Cue,
    Lexicon,
    english_lexicon,
    longest_cue,
    tokens_of,
)

PROBLEM_THRESHOLD = 0.5
"""At or above it a segment is a problem. The bias puts it where one plain cue ("did not come")
decides: held-out precision and recall are then .84 and .89 on patient comments, .83 and .89 on
airline tweets (`python -m benchmarks.problems` prints the curve); .6 gives precision for recall."""

BIAS = -1.4  # the logit of a text without cues: one cue of 1.4 decides
PRAISE_SHARE = 0.7  # praise beside a problem takes away less than the problem gives
EVIDENCE_CAP = 6.0  # one long rant is not surer than a plain complaint
PROBLEM_QUESTION_WEIGHT, PRAISE_QUESTION_WEIGHT = 0.6, -0.4
CHANNEL_WEIGHTS = {"complaint": 0.7, "ticket": 0.4}  # never enough without a cue
BAD_SCORE, BAD_SCORE_WEIGHT, GOOD_SCORE_WEIGHT = 0.25, 1.3, -0.5
DECISIVE_CUES = 2.0  # less beside words of circumstance ("I am writing for my father") is chance
LEANING_CUES = 1.0  # weaker evidence is not lifted by score, channel or question: see judge
LIFTED_PRAISE = 2.5
FAINT_CUE, STRONG_CUE = 0.7, 3.0
# "no delay" is praise; "not terrible" is rare, "did not call" is not
FLIPPED_PROBLEM = (2.0, STRONG_CUE)
FLIPPED_PRAISE_SHARE = 0.9
MIN_WORDS, SCORE_ONLY_LOGIT = 3, 0.1  # a bad score beside words without a cue: .525
MAX_EMPTY_WORDS, EMPTY_LOGIT = 8, -4.0  # "nothing at all", "n/a", "kind regards"
PRAISE_THRESHOLD, SCORE_DIGITS = 1.0, 4


class Evidence(NamedTuple):
    """What a text says by itself: sums of weights, and how many words it has."""

    problem: float
    praise: float
    word_count: int
    is_empty: bool = False
    is_circumstance: bool = False
    is_unread: bool = False


def judge(
    texts: Sequence[str],
    score_shares: Sequence[float | None],
    questions: Sequence[str | None],
    languages: Sequence[str | None] | None = None,
    channels: Sequence[str | None] | None = None,
    owners: Sequence[int] | None = None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.str_]]:
    """How surely each text tells of a problem, 0 to 1, and its kind: problem, praise, neutral.

    A score belongs to the whole feedback, not to each of its sentences: it lifts one without
    plain evidence only where that one is all the customer told, or was not read.

    Args:
        texts: sentence-sized masked texts.
        score_shares: the score beside each, 0 worst to 1 best; None where none was given.
        questions: the question each answers, if any.
        languages: ISO 639-1 codes; None or "en" reads the text as English.
        channels: how each customer spoke; a complaint leans to a problem by itself.
        owners: the number of the feedback each is a part of; None where each is all of it.
    """
    problem, praise, word_count, *flags = evidence_of(texts, languages).T
    is_empty, is_circumstance, is_unread = (flag == 1.0 for flag in flags)
    share = np.array([np.nan if one is None else one for one in score_shares], dtype=np.float64)
    says_nothing = (problem == 0) & (praise == 0)
    tells = ~is_empty & ~is_circumstance & (~says_nothing | (word_count >= MIN_WORDS))
    may_lean = (problem >= LEANING_CUES) | is_unread | stands_alone(tells, owners)

    leaning = score_leaning(share)
    leaning += looked_up(questions, question_leaning)
    if channels is not None:
        leaning += looked_up(channels, lambda channel: CHANNEL_WEIGHTS.get(channel or "", 0.0))
    logit = BIAS + problem - PRAISE_SHARE * praise
    logit += np.where(may_lean, leaning, np.minimum(leaning, 0.0))
    follows_score = tells & says_nothing & may_lean & (share <= BAD_SCORE)
    logit[follows_score] = SCORE_ONLY_LOGIT
    logit[is_empty] = EMPTY_LOGIT
    scores = np.round(1.0 / (1.0 + np.exp(-logit)), SCORE_DIGITS)
    is_problem = scores >= PROBLEM_THRESHOLD
    is_praise = ~is_problem & ~is_empty & (praise >= np.maximum(problem, PRAISE_THRESHOLD))
    kinds = np.where(is_problem, "problem", np.where(is_praise, "praise", "neutral"))
    return scores, kinds


def evidence_of(
    texts: Sequence[str], languages: Sequence[str | None] | None
) -> npt.NDArray[np.float64]:
    """The fields of Evidence in columns, one row per text; a repeated text is read once."""
    places: dict[tuple[str, bool], int] = {}
    codes = [None] * len(texts) if languages is None else languages
    foreign = {code: is_foreign_code(code) for code in set(codes)}
    rows = [
        places.setdefault((text, foreign[code]), len(places))
        for text, code in zip(texts, codes, strict=True)
    ]
    found = [weigh(text, is_foreign=is_foreign) for text, is_foreign in places]
    return np.array(found, dtype=np.float64).reshape(-1, len(Evidence._fields))[rows]


def stands_alone(
    tells: npt.NDArray[np.bool_], owners: Sequence[int] | None
) -> npt.NDArray[np.bool_]:
    """True for a text that tells something where no other of its feedback does."""
    if owners is None:
        return tells
    owner = np.asarray(owners, dtype=np.int64)
    telling = np.bincount(owner[tells], minlength=max(owners, default=0) + 1)
    return tells & np.equal(telling[owner], 1)


def looked_up(
    values: Sequence[str | None], leaning: Callable[[str | None], float]
) -> npt.NDArray[np.float64]:
    """The leaning of each value, found once per distinct value."""
    known = {value: leaning(value) for value in set(values)}
    return np.array([known[value] for value in values], dtype=np.float64)


def score_leaning(share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Logit added by a score: a bad one says much, a good one little, none nothing.

    Half of the negative comments of a patient survey stand beside a good score.
    """
    leaning = np.where(
        share < 0.5,
        BAD_SCORE_WEIGHT * (0.5 - share) / 0.5,
        GOOD_SCORE_WEIGHT * (share - 0.5) / 0.5,
    )
    return np.nan_to_num(leaning, nan=0.0)


def question_leaning(question: str | None) -> float:
    """Logit added by a question that asks for what is wrong, or for what is good; 0 for both.

    "How satisfied are you?" asks for a degree: it leans to no side.
    """
    if not question:
        return 0.0
    lexicon = english_lexicon()
    words = {word for before, word in pairwise(tokens_of(question)) if before != "how"}
    asks_problem = not words.isdisjoint(lexicon.problem_questions)
    asks_praise = not words.isdisjoint(lexicon.praise_questions)
    if asks_problem == asks_praise:
        return 0.0
    return PROBLEM_QUESTION_WEIGHT if asks_problem else PRAISE_QUESTION_WEIGHT


def weigh(text: str, *, is_foreign: bool = False) -> Evidence:
    """The evidence of one text: cues found, turned where a negator stands before them."""
    lexicon = english_lexicon()
    words = tokens_of(text)
    spoken = [word for word in words if word not in NOT_SPOKEN]
    count = len(spoken)
    if is_foreign and 4 * sum(word in lexicon.english_words for word in spoken) < count:
        return Evidence(0.0, 0.0, count, is_unread=True)
    problem, praise, is_circumstance = summed_cues(words, lexicon)
    says_little = count <= MAX_EMPTY_WORDS and lexicon.empty_words.issuperset(spoken)
    if says_little and problem < STRONG_CUE:  # "thanks for nothing" says something
        return Evidence(0.0, 0.0, count, is_empty=True)
    if is_circumstance and problem < DECISIVE_CUES:
        return Evidence(0.0, min(praise, EVIDENCE_CAP), count, is_circumstance=True)
    return Evidence(min(problem, EVIDENCE_CAP), min(praise, EVIDENCE_CAP), count)


def summed_cues(words: list[str], lexicon: Lexicon) -> tuple[float, float, bool]:
    """Sums of problem and praise weights over the words, and whether they tell a circumstance.

    A negator counts by its own weight unless it turned a cue within its reach.
    """
    problem = praise = pending = 0.0
    free = turned_to = lifted_to = muted_to = 0  # words before these are used up, turned, lifted
    is_circumstance = False
    told: set[str] = set()  # a faint cue said again says no more
    for place, branch in enumerate(map(lexicon.cues.get, words)):
        if place < turned_to and words[place] in lexicon.qualifiers:
            turned_to += 1
        if branch is None or place < free:
            continue
        cue, free = (
            longest_cue(words, place, branch) if branch.following else (branch.cue, place + 1)
        )
        if cue is None or (place < muted_to and not cue.closes):
            continue
        is_circumstance |= cue.is_circumstance
        muted_to = free + cue.muting_reach if cue.muting_reach else muted_to * (not cue.closes)
        if (cue.is_wish or cue.is_denied) and place < lifted_to:
            praise, pending = max(praise, LIFTED_PRAISE), 0.0
        elif cue.closes or cue.turning_reach or cue.lifting_reach:
            problem, praise, pending = problem + pending, praise + cue.praise, cue.problem
            turned_to = free + cue.turning_reach
            lifted_to = max(free + cue.lifting_reach, 0 if cue.closes else lifted_to)
        elif place < turned_to and (turned := turned_weights(cue)):
            problem, praise, pending = problem + turned[0], praise + turned[1], 0.0
            turned_to = 0
        elif words[place] not in told:
            problem, praise = problem + cue.problem, praise + cue.praise
            if 0 < cue.problem <= FAINT_CUE:
                told.add(words[place])
    return problem + pending, praise, is_circumstance


def turned_weights(cue: Cue) -> tuple[float, float] | None:
    """Problem and praise of a cue behind a negator; None if the negator does not turn it."""
    if cue.praise:
        return cue.praise * FLIPPED_PRAISE_SHARE, 0.0
    if cue.is_denied:
        return 0.0, LIFTED_PRAISE
    if FLIPPED_PROBLEM[0] <= cue.problem < FLIPPED_PROBLEM[1]:
        return 0.0, cue.problem / 2
    return None


def is_foreign_code(language: str | None) -> bool:
    """True for a language that is known and is not English."""
    return language is not None and not language.lower().startswith("en")
