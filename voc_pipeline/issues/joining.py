"""What a text joins: the issue whose centre it is like, and that its neighbours have joined.

A centre alone draws a straight line between two issues, where the border between two subjects is
not; the nearest known texts follow it. Measured on three labelled replays: 1.5 to 2 points of ARI
on every one. An issue born lately has had less time to be spoken of, so that its texts weigh more:
what counts is how often a text's like is heard of each issue, not how much of it lies there.
Nothing here changes an issue.
"""

from collections.abc import Sequence

import numpy as np

from voc_pipeline.issues.standing import NOWHERE, Codes, Matrix, Numbers, Standing, match

_NEIGHBOURS = 10
_VOTE_WEIGHT = 0.5
_CLOSENESS_POWER = 4
_MARGIN_WEIGHT = 2.5
_MOST_FOR_YOUTH = 3.0
_BLOCK_ROWS = 256
_DECIMALS = 6


def join(
    standings: Sequence[Standing], vectors: Matrix, known: Matrix, places: Codes, heard: Codes
) -> tuple[Codes, Codes, Numbers]:
    """Per row: the issue it joins or -1, the nearest open issue or -1, the similarity to it.

    Args:
        standings: the issues; the closed ones are joined by none.
        vectors: unit rows to be placed.
        known: unit rows that have a place.
        places: their positions in `standings`.
        heard: the number of the week in which each of them was received.
    """
    place, near, score = match(standings, vectors)
    is_open = np.array([one.is_open for one in standings] + [False])
    counts = is_open[places] & (places != NOWHERE)
    known, places, heard = known[counts], places[counts], heard[counts]
    if not len(known):
        return place, near, score
    # An issue that returns after a season has no texts left to vote for it.
    has_votes = np.append(np.bincount(places, minlength=len(standings)) >= _NEIGHBOURS, False)
    filled = np.flatnonzero(has_votes[near])
    numbers = np.flatnonzero(is_open)
    issues = [standings[at] for at in numbers.tolist()]
    centres = np.array([one.centre() for one in issues], dtype=np.float32)
    least = np.array([one.threshold for one in issues])
    ballot = np.searchsorted(numbers, places)
    sure = _sureness(known, centres, ballot) * _for_youth(ballot, heard, len(numbers))[ballot]
    for start in range(0, len(filled), _BLOCK_ROWS):
        rows = filled[start : start + _BLOCK_ROWS]
        similarity = (vectors[rows] @ centres.T).astype(np.float64).round(_DECIMALS)
        votes = _votes(vectors[rows] @ known.T, sure, ballot, len(numbers))
        told = (similarity + _VOTE_WEIGHT * votes).round(_DECIMALS)
        best = told.argmax(axis=1)
        like = similarity[np.arange(len(rows)), best]
        joins = like >= least[best]
        place[rows] = np.where(joins, numbers[best], NOWHERE)
        near[rows[joins]], score[rows[joins]] = numbers[best[joins]], like[joins]
    return place, near, score


def likeness_to_others(vectors: Matrix) -> Numbers:
    """Similarity of every row to the centre of the others: a small group must not look tight."""
    rows = vectors.astype(np.float64)
    others = rows.sum(axis=0) - rows
    length = np.maximum(np.linalg.norm(others, axis=1), 1e-9)
    return np.asarray((rows * others).sum(axis=1) / length, dtype=np.float64)


def _sureness(known: Matrix, centres: Matrix, ballot: Codes) -> Numbers:
    """What a known text's vote weighs, 0 to 1: little if it lies nearer to another issue."""
    similarity = (known @ centres.T).astype(np.float64)
    rows = np.arange(len(known))
    own = similarity[rows, ballot].copy()
    similarity[rows, ballot] = -1.0
    margin = own - similarity.max(axis=1)
    sure: Numbers = np.clip(0.5 + _MARGIN_WEIGHT * margin, 0.01, 1.0).round(_DECIMALS)
    return sure


def _for_youth(ballot: Codes, heard: Codes, issues: int) -> Numbers:
    """Per issue: all weeks of the known texts over those since its first one, three at most."""
    last = int(heard.max())
    first = np.full(issues, last)
    np.minimum.at(first, ballot, heard)
    weeks = last - int(heard.min()) + 1
    weight: Numbers = np.minimum(weeks / (last - first + 1), _MOST_FOR_YOUTH).round(_DECIMALS)
    return weight


def _votes(similarity: Matrix, sure: Numbers, ballot: Codes, issues: int) -> Numbers:
    """Share of every issue among each row's nearest known texts, the closer weighing more."""
    count = min(_NEIGHBOURS, similarity.shape[1])
    nearest = np.argpartition(similarity, similarity.shape[1] - count, axis=1)[:, -count:]
    closeness = np.take_along_axis(similarity, nearest, axis=1).astype(np.float64)
    weights = sure[nearest] * np.clip(closeness.round(_DECIMALS), 0.0, 1.0) ** _CLOSENESS_POWER
    cells = np.arange(len(similarity))[:, None] * issues + ballot[nearest]
    votes = np.bincount(cells.ravel(), weights.ravel(), minlength=len(similarity) * issues)
    votes = votes.reshape(len(similarity), issues)
    shares: Numbers = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1e-9)
    return shares
