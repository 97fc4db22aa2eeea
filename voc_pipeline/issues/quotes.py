"""The customers' own words that show an issue: two or three nearest its centre, one at its edge.

Quotes are whole segments, and complaints where the issue has any near enough. No wording comes
twice or nearly so, and no person while others said it too.
"""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import numpy as np
import polars as pl

from voc_pipeline.issues.discovery import centroids
from voc_pipeline.issues.evidence import Codes, Evidence, Matrix, vectors_of
from voc_pipeline.issues.phrases import is_content, stem_of, words_of
from voc_pipeline.issues.problems import weigh
from voc_pipeline.issues.standing import Standing
from voc_pipeline.issues.stopwords import WEAK_EDGES

CENTRAL = 3
LENGTH = (20, 280)
"""Texts of so many characters come before others."""
_DECIMALS = 6
_PLAIN_CUE = 1.8
_NAMED = (0, 1, 7)
_ASKED, _LEAST_ASKED, _FARTHEST = 40, 12, 20
_ALIKE = 0.5
_FIRST_WORD = re.compile(
    r"[^\w(\[]{0,3}(?:@\w{1,60}\W{1,3})*((?![a-z])[\w'\u2019]+|\[[A-Z_]{2,30}\])"
)
"""Of a whole sentence: a capital, a number or a mask, behind the accounts it is for."""
_JOINTS = frozenset(
    "also although and because but however or so then though whereas which who".split()  # noqa: SIM905
)
QUOTE_SCHEMA = pl.Schema(
    {
        "register_week": pl.Date(),
        "issue_id": pl.String(),
        "quote_rank": pl.Int64(),
        "is_edge": pl.Boolean(),
        "segment_id": pl.String(),
        "quote": pl.String(),
    }
)
_READ = ("segment_id", "segment_text", "voice_key", "text_key")


def pick_quotes(
    standings: Sequence[Standing], evidence: Evidence, place: Codes, week: date
) -> pl.DataFrame:
    """One row per quote of an open issue with texts in the window, by issue and rank."""
    is_open = np.array([one.is_open for one in standings] + [False])
    rows = np.flatnonzero(is_open[place])
    if not len(rows):
        return pl.DataFrame(schema=QUOTE_SCHEMA)
    centres = np.array([one.centre() for one in standings], dtype=np.float32)
    likeness = np.einsum("ij,ij->i", evidence.vectors[rows], centres[place[rows]])
    names = pl.Series([one.issue_id for one in standings])
    members = evidence.frame[rows].select(_READ)
    labels = {one.issue_id: _spoken(one.label) for one in standings}
    members = members.with_columns(issue_id=names.gather(place[rows]))
    return _chosen(members, likeness, week, labels)


def quotes_of_members(members: pl.DataFrame, week: date) -> pl.DataFrame:
    """One row per quote of every issue of `members`, by issue and rank.

    Args:
        members: issue_id, segment_id, segment_text, voice_key, text_key, vector.
        week: Monday of the register week that chooses.
    """
    if members.is_empty():
        return pl.DataFrame(schema=QUOTE_SCHEMA)
    members = members.sort("issue_id", "segment_id")
    vectors = vectors_of(members)
    issue = members["issue_id"].rank("dense").to_numpy().astype(np.int64) - 1
    likeness = np.einsum("ij,ij->i", vectors, centroids(vectors, issue)[issue])
    return _chosen(members.select(*_READ, "issue_id"), likeness, week, {})


def _chosen(
    members: pl.DataFrame, likeness: Matrix, week: date, labels: dict[str, frozenset[str]]
) -> pl.DataFrame:
    """One row per quote: three texts near an issue's centre, clear ones first, and one far off."""
    ranked = (
        members.with_columns(likeness=pl.Series(likeness.astype(np.float64).round(_DECIMALS)))
        .sort(["issue_id", "likeness", "segment_id"], descending=[False, True, False])
        .filter(pl.col("text_key").is_first_distinct().over("issue_id"))
        .with_columns(
            told=pl.col("segment_text").str.to_lowercase().str.replace_all(r"[^\p{L}]+", " ")
        )
        .filter(pl.col("told").is_first_distinct().over("issue_id"))
        .select("issue_id", "segment_id", "segment_text", "voice_key")
    )
    rows: list[tuple[date, str, int, bool, str, str]] = []
    for (issue_id,), mine in ranked.group_by("issue_id", maintain_order=True):
        texts, voices = mine["segment_text"].to_list(), mine["voice_key"].to_list()
        central = _central(texts, voices, labels.get(str(issue_id), frozenset()))
        edge = _edge(texts, voices, central)
        for rank, at in enumerate([*central, *edge], start=1):
            segment_id, quote = mine["segment_id"][at], texts[at]
            rows.append((week, str(issue_id), rank, rank > len(central), segment_id, quote))
    return pl.DataFrame(rows, schema=QUOTE_SCHEMA, orient="row")


def _central(texts: list[str], voices: list[str], label: frozenset[str]) -> list[int]:
    """Three of the nearer half, or dozen: clear complaints first, each unlike those before it.

    Of these, who speaks in the words of the issue's label. A person comes twice only if fewer
    than three spoke.
    """
    near = range(min(len(texts), _ASKED, max(_LEAST_ASKED, len(texts) // 2)))
    order = sorted(near, key=lambda at: (-_clearness(texts[at], label), at))
    chosen: list[int] = []
    for may_be_alike in (False, True):
        for at in order:
            if len(chosen) == CENTRAL:
                break
            is_heard = at in chosen or voices[at] in {voices[one] for one in chosen}
            is_alike = any(_are_alike(texts[at], texts[one]) for one in chosen)
            if not is_heard and (may_be_alike or not is_alike):
                chosen.append(at)
    if len(set(voices)) < CENTRAL:
        chosen += [at for at in order if at not in chosen][: CENTRAL - len(chosen)]
    return chosen


def _edge(texts: list[str], voices: list[str], central: list[int]) -> list[int]:
    """The clearest complaint of the farthest twenty, which shows how far the issue reaches."""
    heard = {voices[at] for at in central}
    others = [at for at in range(len(texts)) if at not in central]
    others = [at for at in others if voices[at] not in heard] or others
    if len(central) < CENTRAL:
        return []
    return sorted(others[-_FARTHEST:], key=lambda at: (-_clearness(texts[at]), -at))[:1]


@lru_cache(maxsize=65_536)
def _clearness(text: str, label: frozenset[str] = frozenset()) -> int:
    """How well a text stands for an issue: of good length, a complaint by its own words, whole.

    All words of the label are worth more than a plain complaint, half of them little, and praise
    is worth less than nothing.
    """
    said = weigh(text[: 4 * LENGTH[1]])
    is_praise = said.praise > said.problem / 2
    is_complaint = said.problem - said.praise >= _PLAIN_CUE
    first = _FIRST_WORD.match(text)
    is_whole = first is not None and first[1].lower() not in _JOINTS and text[-1] not in ",:-("
    fits = LENGTH[0] <= len(text) <= LENGTH[1]
    named = _NAMED[int(2 * len(label & _spoken(text)) / max(len(label), 1))]
    return 24 * fits - 12 * is_praise + 5 * is_complaint + named + 2 * is_whole


def _are_alike(text: str, other: str) -> bool:
    """Whether two texts share most of their words of content."""
    one, two = _content(text), _content(other)
    return len(one & two) > _ALIKE * len(one | two)


@lru_cache(maxsize=16_384)
def _content(text: str) -> frozenset[str]:
    return frozenset(stem_of(word) for word in words_of(text) if is_content(word))


@lru_cache(maxsize=16_384)
def _spoken(text: str) -> frozenset[str]:
    """Stems of the words that a label may begin or end with."""
    return frozenset(stem_of(word) for word in words_of(text) if word not in WEAK_EDGES)
