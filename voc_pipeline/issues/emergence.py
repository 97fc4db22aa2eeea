"""The emergence test: which groups of texts are new in these weeks, and not by chance.

Texts of the last weeks and of the past are linked to their nearest neighbours without looking at
their weeks. A young text is novel if the past holds at most a fifth of the neighbours that the
young ones among them predict, source by source; novel texts that are linked make a group. The bar
for a group's size is calibrated by relabelling: weeks are dealt out again among the feedback of
each source, and the bar is set so that groups of relabelled weeks pass it at most the stated
number of times a week. The links do not depend on the weeks, so the relabelling is exact, and one
rule serves short and long streams.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from voc_pipeline.issues.discovery import merge_alike, neighbour_graph, partition

Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergenceOptions:
    """What a group must show to be called new."""

    neighbours: int = 15
    least_link: float = 0.1
    """Share of common neighbours below which two texts are not of one group."""
    resolution: float = 1.0
    alike: float = 0.85
    """Groups that come at once and are this much alike are one."""
    least_young: int = 6
    least_share: float = 0.007
    """A group also needs this share of the young texts: where much is said, a few that are alike
    are a part of something, and whole it is next week."""
    least_new: int = 2
    past_share: float = 0.2
    relabellings: int = 99
    young_sample: int = 1_800
    past_sample: int = 3_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The texts judged: one row each, with who spoke, through which source, and when."""

    vectors: npt.NDArray[np.float32]
    feedback: Codes
    source: Codes
    age: Codes
    """0 received in this week, 1 in the other young weeks, 2 in the past."""


def emergent_groups(
    stream: Stream, *, false_births: float, seed: int, options: EmergenceOptions
) -> list[Codes]:
    """Rows of the young texts of every group that is new, the largest group first."""
    is_young = stream.age < 2
    if is_young.sum() < options.least_young or is_young.all():
        return []
    share = round(options.least_share * int(is_young.sum()))
    options = replace(options, least_young=max(options.least_young, share))
    links = neighbour_graph(stream.vectors, min(options.neighbours, len(is_young) - 1))
    odds = _odds(stream)
    novel = np.flatnonzero(_novel(links, stream.age[:, None], odds, options.past_share)[:, 0])
    near = _strong(links, options.least_link)[novel][:, novel]
    labels = partition(near, options.resolution)
    labels = merge_alike(stream.vectors[novel], labels, options.alike)
    groups = [novel[labels == label] for label in range(int(labels.max(initial=-1)) + 1)]
    sized = [(_size(rows, stream.age, stream.feedback, options), rows) for rows in groups]
    sized = [(size, rows) for size, rows in sized if size >= options.least_young]
    if not sized:
        return []
    bar = _bar(links, stream, odds, np.random.default_rng(seed), (false_births, options))
    sized.sort(key=lambda one: (-one[0], int(one[1][0])))
    return [rows for size, rows in sized if size > bar]


def _odds(stream: Stream) -> Numbers:
    """Per text: past feedback for each young one in its source."""
    first = np.unique(stream.feedback, return_index=True)[1]
    source, young = stream.source[first], stream.age[first] < 2
    count = np.bincount(source)
    share = np.bincount(source, weights=young) / np.maximum(count, 1)
    return ((1 - share) / np.maximum(share, 1e-9))[stream.source]


def _strong(links: sparse.csr_matrix, least: float) -> sparse.csr_matrix:
    """The graph without its weak links."""
    kept = links.copy()
    kept.data[kept.data < least] = 0
    kept.eliminate_zeros()
    return kept


def _novel(links: sparse.csr_matrix, ages: Codes, odds: Numbers, share: float) -> Flags:
    """Which texts are young with hardly a past, under every labelling (texts by labellings)."""
    is_young = (ages < 2).astype(np.float32)
    past = links @ (1 - is_young)
    predicted = links @ (is_young * odds[:, None].astype(np.float32))
    novel: Flags = (ages < 2) & (predicted > 0) & (past <= share * predicted)
    return novel


def _size(rows: Codes, age: Codes, feedback: Codes, options: EmergenceOptions) -> int:
    """Distinct feedback of a group; 0 if too few of it came this week."""
    new = len(np.unique(feedback[rows[age[rows] == 0]]))
    return len(np.unique(feedback[rows])) if new >= options.least_new else 0


def _bar(
    links: sparse.csr_matrix,
    stream: Stream,
    odds: Numbers,
    random: np.random.Generator,
    limits: tuple[float, EmergenceOptions],
) -> float:
    """The size that groups of relabelled weeks exceed `false_births` times a labelling.

    Relabelled groups are whole connected components.
    """
    false_births, options = limits
    ages = _relabelled(stream, random, options.relabellings)
    novel = _novel(links, ages, odds, options.past_share)
    strong = _strong(links, options.least_link)
    largest = []
    for labelling in range(options.relabellings):
        rows = np.flatnonzero(novel[:, labelling])
        if len(rows) < options.least_young:
            largest.append(0)
            continue
        _, labels = connected_components(strong[rows][:, rows], directed=False)
        sizes = np.bincount(labels)
        big = np.flatnonzero(sizes >= options.least_young)
        age = ages[:, labelling]
        found = [_size(rows[labels == one], age, stream.feedback, options) for one in big]
        largest.append(max(found, default=0))
    allowed = int(false_births * options.relabellings)
    return float(sorted(largest, reverse=True)[min(allowed, len(largest) - 1)])


def _relabelled(stream: Stream, random: np.random.Generator, times: int) -> Codes:
    """Ages dealt out again among the feedback of each source (texts by labellings)."""
    _, first, code = np.unique(stream.feedback, return_index=True, return_inverse=True)
    source = stream.source[first]
    ages = np.repeat(stream.age[first][:, None], times, axis=1)
    for one in np.unique(source):
        rows = np.flatnonzero(source == one)
        ages[rows] = random.permuted(ages[rows], axis=0)
    return ages[code.ravel()]
