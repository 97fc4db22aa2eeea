"""The emergence test: which groups of texts are new in these weeks, and not by chance.

Texts of the last weeks and of the past are grouped together without looking at their weeks. A
group is a candidate if the past holds at most a fifth of the texts that its size predicts. Its
score is a scan statistic of young against all, expected within each source. The bar is calibrated
by relabelling: weeks are dealt out again among the feedback of each source, and the bar is set so
that the groups of relabelled weeks pass it at most the stated number of times a week. The groups
do not depend on the weeks, so the relabelling is exact, and one rule serves short and long streams.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from voc_pipeline.issues.discovery import neighbour_count, neighbour_graph, partition

Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergenceOptions:
    """What a group must show to be called new."""

    resolutions: tuple[float, ...] = (2.0, 6.0, 18.0)
    least_young: int = 6
    least_new: int = 2
    least_share_of_past: float = 0.2
    relabellings: int = 199
    young_sample: int = 2_000
    past_sample: int = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The texts judged: one row each, with who spoke, through which source, and when."""

    vectors: npt.NDArray[np.float32]
    feedback: Codes
    source: Codes
    age: Codes
    """0 received in this week, 1 in the other young weeks, 2 in the past."""


@dataclass(frozen=True, slots=True)
class _Counts:
    young: Numbers
    new: Numbers
    total: Numbers
    expected: Numbers
    past_predicted: Numbers


def emergent_groups(
    stream: Stream, *, false_births: float, seed: int, options: EmergenceOptions
) -> list[Codes]:
    """Rows of the young texts of every group that is new, the surest group first."""
    groups = _groups(stream, options)
    if not groups.shape[0]:
        return []
    incidence, feedback = _by_feedback(groups, stream)
    observed = _scores(_count(incidence, feedback, feedback.age[:, None]), options)[:, 0]
    if not (observed > 0).any():
        return []
    bar = _bar(incidence, feedback, false_births, seed, options)
    chosen: list[Codes] = []
    for group in np.lexsort((np.arange(len(observed)), -observed)):
        if observed[group] <= bar:
            break
        rows = groups[group].indices
        rows = np.sort(rows[stream.age[rows] < 2]).astype(np.int64)
        if all(len(np.intersect1d(rows, other)) < 0.3 * len(rows) for other in chosen):
            chosen.append(rows)
    return chosen


def _groups(stream: Stream, options: EmergenceOptions) -> sparse.csr_matrix:
    """Groups by rows: communities at several resolutions, large enough to be candidates."""
    size = len(stream.vectors)
    empty = sparse.csr_matrix((0, size))
    if (stream.age < 2).sum() < options.least_young or not (stream.age == 2).any():
        return empty
    graph = neighbour_graph(stream.vectors, neighbour_count(size))
    parts = []
    for resolution in options.resolutions:
        labels = partition(graph, resolution)
        parts.append(
            sparse.csr_matrix(
                (np.ones(size), (labels, np.arange(size))), shape=(labels.max() + 1, size)
            )
        )
    groups = sparse.vstack(parts, format="csr")
    young = groups @ (stream.age < 2).astype(np.float64)
    return groups[np.flatnonzero(young >= options.least_young)]


@dataclass(frozen=True, slots=True)
class _Feedback:
    source: Codes
    age: Codes


def _by_feedback(groups: sparse.csr_matrix, stream: Stream) -> tuple[sparse.csr_matrix, _Feedback]:
    """Which feedback has a text in which group, each counted once."""
    names, first, code = np.unique(stream.feedback, return_index=True, return_inverse=True)
    to_feedback = sparse.csr_matrix(
        (np.ones(len(code)), (np.arange(len(code)), code.ravel())), shape=(len(code), len(names))
    )
    incidence = (groups @ to_feedback).tocsr()
    incidence.data[:] = 1.0
    return incidence, _Feedback(stream.source[first], stream.age[first])


def _count(incidence: sparse.csr_matrix, feedback: _Feedback, ages: Codes) -> _Counts:
    """Counts of every group under every labelling of `ages` (feedback by labellings)."""
    is_young = feedback.age < 2
    share = np.bincount(feedback.source, weights=is_young) / np.bincount(feedback.source)
    young_share = share[feedback.source]
    odds = (1 - young_share) / np.maximum(young_share, 1e-9)
    young = (ages < 2).astype(np.float64)
    return _Counts(
        young=incidence @ young,
        new=incidence @ (ages == 0).astype(np.float64),
        total=np.asarray(incidence.sum(axis=1)),
        expected=(incidence @ young_share)[:, None],
        past_predicted=incidence @ (young * odds[:, None]),
    )


def _scores(counts: _Counts, options: EmergenceOptions) -> Numbers:
    """Log likelihood ratio of young above expected; 0 for what is no candidate."""
    past = counts.total - counts.young
    rest = np.maximum(counts.total - counts.expected, 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = counts.young * np.log(counts.young / np.maximum(counts.expected, 1e-9))
        score += np.where(past > 0, past * np.log(past / rest), 0.0)
    candidate = (
        (counts.young >= options.least_young)
        & (counts.new >= options.least_new)
        & (counts.young > counts.expected)
        & (past <= options.least_share_of_past * counts.past_predicted)
    )
    return np.where(candidate, score, 0.0).round(9)


def _bar(
    incidence: sparse.csr_matrix,
    feedback: _Feedback,
    false_births: float,
    seed: int,
    options: EmergenceOptions,
) -> float:
    """The score that groups of relabelled weeks exceed `false_births` times a labelling."""
    generator = np.random.default_rng(seed)
    ages = np.repeat(feedback.age[:, None], options.relabellings, axis=1)
    for source in np.unique(feedback.source):
        rows = np.flatnonzero(feedback.source == source)
        ages[rows] = generator.permuted(ages[rows], axis=0)
    best = _scores(_count(incidence, feedback, ages), options).max(axis=0)
    allowed = int(false_births * options.relabellings)
    return float(np.sort(best)[::-1][min(allowed, len(best) - 1)])
