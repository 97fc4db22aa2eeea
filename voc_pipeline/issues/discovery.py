"""Discovery: a batch of vectors in, a cluster number per vector out, their number found by itself.

Here lives the clusterer, behind `discover`, and the neighbour graph it shares with the emergence
test. Nothing here knows weeks, issues or texts. The method is the best of those measured for this
project: exact nearest neighbours, shared-neighbour weights, the consensus of several Louvain runs
at each of a few resolutions, and of these the finest whose clusters still lie well apart.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sknetwork.clustering import Louvain

Matrix = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

_BLOCK_ROWS = 1_024
_THREADS = 2
"""numpy lets go of the interpreter while it partitions; each part is whole rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryOptions:
    """The clusterer's choices; the defaults were measured on four labelled sets."""

    resolutions: tuple[float, ...] = (1.0, 1.5, 2.0, 2.5, 3.0, 4.5, 7.0, 10.0)
    usual_resolution: float = 3.0
    """Finer cuts are tried only where texts are few: up to `few_texts` over their number."""
    few_texts: float = 16_000.0
    apart: float = 0.88
    """The finest cut is taken whose clusters lie this far apart, of what the best cut has."""
    alike: float = 0.9
    """Clusters whose members are on average this similar, relative to their own, are one."""
    smallest_cluster: int = 6
    sample_size: int = 25_000
    least_neighbours: int = 15
    runs: int = 4


def discover(vectors: Matrix, options: DiscoveryOptions | None = None) -> Labels:
    """One cluster number per row, from 0 for the largest; -1 for a row of zeros.

    The same set of rows gives the same clusters in any order: the work is done on distinct rows in
    the order of their bytes. Above `sample_size` distinct rows a sample is clustered, and the rest
    joins the nearest centroid.
    """
    options = options or DiscoveryOptions()
    labels = np.full(len(vectors), -1, dtype=np.int64)
    filled = np.flatnonzero(np.abs(vectors).sum(axis=1) > 0)
    if not len(filled):
        return labels
    distinct, inverse, counts = np.unique(
        vectors[filled], axis=0, return_inverse=True, return_counts=True
    )
    found = _discover_distinct(np.ascontiguousarray(distinct, dtype=np.float32), options)
    labels[filled] = _by_size(found, counts)[inverse.ravel()]
    return labels


def _discover_distinct(vectors: Matrix, options: DiscoveryOptions) -> Labels:
    if len(vectors) <= options.smallest_cluster:
        return np.zeros(len(vectors), dtype=np.int64)
    if len(vectors) > options.sample_size:
        step = np.linspace(0, len(vectors) - 1, options.sample_size).astype(np.int64)
        # Rows are sorted by their first coordinates, so an even step is a stratified sample.
        sample = _discover_distinct(vectors[step], options)
        return nearest(vectors, centroids(vectors[step], sample))[0]
    graph = neighbour_graph(vectors, neighbour_count(len(vectors), options.least_neighbours))
    graph.data **= 0.5  # measured: links of few common neighbours tell more than their share
    found = _cut(graph, vectors, options)
    return merge_alike(vectors, found, options.alike)


def _cut(graph: sparse.csr_matrix, vectors: Matrix, options: DiscoveryOptions) -> Labels:
    """The partition at the finest resolution whose clusters still lie well apart.

    Where clusters are halved that were one, their texts come to lie nearly as near to the other
    half as to their own: the mean margin falls. Resolutions that leave most texts in groups too
    small to be clusters are none to choose from, but for the coarsest.
    """
    most = max(options.usual_resolution, options.few_texts / len(vectors))
    cuts: list[tuple[float, Labels]] = []
    for resolution in options.resolutions:
        if cuts and resolution > most:
            break
        labels = partition(graph, resolution, options.runs)
        small = np.bincount(labels)[labels] < options.smallest_cluster
        if cuts and small.mean() > 0.5:
            break
        labels = without_small(vectors, labels, options.smallest_cluster)
        cuts.append((margin(vectors, labels), labels))
    widest = max(one for one, _ in cuts)
    return [labels for one, labels in cuts if one >= options.apart * widest][-1]


def margin(vectors: Matrix, labels: Labels) -> float:
    """How much nearer rows are to their own centroid than to the next, on average."""
    centres = centroids(vectors, labels)
    if len(centres) < 2:
        return 0.0
    total = 0.0
    for start in range(0, len(vectors), _BLOCK_ROWS * 4):
        part = slice(start, start + _BLOCK_ROWS * 4)
        similarity = (vectors[part] @ centres.T).astype(np.float64)
        rows = np.arange(len(similarity))
        own = similarity[rows, labels[part]].copy()
        similarity[rows, labels[part]] = -2.0
        total += float((own - similarity.max(axis=1)).sum())
    return round(total / len(vectors), 6)


def neighbour_count(rows: int, least: int = 15) -> int:
    """Neighbours per row: 15 of 10,000 rows, and with the root of their number, 40 at most."""
    return min(int(np.clip(round(15 * (rows / 10_000) ** 0.5), least, 40)), max(rows - 1, 1))


def nearest_rows(vectors: Matrix, count: int) -> Labels:
    """The `count` most similar other rows of every row, found exactly, most similar first."""
    size = len(vectors)
    found = np.empty((size, count), dtype=np.int64)

    def largest(similarity: Matrix) -> Labels:
        return np.argpartition(similarity, size - count, axis=1)[:, size - count :]

    with ThreadPoolExecutor(_THREADS) as threads:
        for start in range(0, len(vectors), _BLOCK_ROWS):
            similarity = vectors[start : start + _BLOCK_ROWS] @ vectors.T
            rows = np.arange(len(similarity))
            similarity[rows, rows + start] = -2.0
            parts = np.array_split(similarity, _THREADS)
            top = np.concatenate([*threads.map(largest, parts)])
            order = np.argsort(-np.take_along_axis(similarity, top, axis=1), axis=1, kind="stable")
            found[start : start + len(similarity)] = np.take_along_axis(top, order, axis=1)
    return found


def neighbour_graph(vectors: Matrix, count: int) -> sparse.csr_matrix:
    """Symmetric graph of rows; a link weighs the share of neighbours its ends have in common."""
    size = len(vectors)
    found = np.column_stack([np.arange(size), nearest_rows(vectors, count)])
    width = count + 1
    own = sparse.csr_matrix(
        (
            np.ones(size * width, dtype=np.float32),
            np.sort(found, axis=1).ravel(),
            np.arange(0, size * width + 1, width),
        ),
        shape=(size, size),
    )
    across = own.T.tocsr()
    linked = own.maximum(across)
    linked.setdiag(0)
    linked.eliminate_zeros()
    parts = []
    for start in range(0, size, _BLOCK_ROWS * 4):  # blocks bound the memory
        part = slice(start, start + _BLOCK_ROWS * 4)
        parts.append(linked[part].multiply(own[part] @ across))
    graph = sparse.vstack(parts, format="csr").astype(np.float64)
    graph.sort_indices()
    graph.data /= 2 * width - graph.data
    return graph


def partition(graph: sparse.csr_matrix, resolution: float, runs: int = 1) -> Labels:
    """One partition of the graph by Louvain; with several runs, their consensus.

    A run visits the rows in another order. Links whose ends the runs part lose weight by the
    fourth power of the share of runs that keep them together; what is left is partitioned again.
    Louvain and not Leiden: scikit-network's Leiden draws from the C library's unseeded `rand`.
    """
    if runs > 1:
        first, second = graph.nonzero()
        together = np.zeros(graph.nnz)
        for seed in range(runs):
            order = np.random.default_rng(seed).permutation(graph.shape[0])
            labels = np.empty(graph.shape[0], dtype=np.int64)
            labels[order] = _louvain(graph[order][:, order], resolution)
            together += labels[first] == labels[second]
        weights = graph.data * (together / runs) ** 4
        keep = weights > 0
        graph = sparse.csr_matrix((weights[keep], (first[keep], second[keep])), shape=graph.shape)
    return _louvain(graph, resolution)


def _louvain(graph: sparse.csr_matrix, resolution: float) -> Labels:
    if not graph.nnz:
        return np.arange(graph.shape[0], dtype=np.int64)
    model = Louvain(
        resolution=resolution, random_state=0, return_probs=False, return_aggregate=False
    )
    return np.asarray(model.fit_predict(graph)).astype(np.int64)


def without_small(vectors: Matrix, labels: Labels, smallest: int) -> Labels:
    """The partition with every group below `smallest` moved, row by row, to the nearest other."""
    sizes = np.bincount(labels)
    small = sizes[labels] < smallest
    if small.any() and not small.all():
        kept = np.where(small, -1, labels)
        large = np.unique(kept[~small])
        labels = kept.copy()
        labels[small] = large[nearest(vectors[small], centroids(vectors, kept)[large])[0]]
    return np.unique(labels, return_inverse=True)[1].ravel().astype(np.int64)


def merge_alike(vectors: Matrix, labels: Labels, limit: float) -> Labels:
    """The partition with clusters put together, the most alike first, down to likeness `limit`.

    Likeness is the mean similarity between members of the two, over the geometric mean of that
    within each, pairs of a member with itself left out: unlike the cosine of the centroids it does
    not fall where clusters are small.
    """
    labels = labels.copy()
    sums = np.zeros((int(labels.max(initial=-1)) + 1, vectors.shape[1]))
    np.add.at(sums, labels, vectors.astype(np.float64))
    sizes = np.bincount(labels, minlength=len(sums)).astype(np.float64)
    while len(sums) > 1:
        alike = likeness(sums, sizes)
        first, second = np.unravel_index(int(alike.argmax()), alike.shape)
        if alike[first, second] < limit:
            break
        low, high = min(first, second), max(first, second)
        sums[low] += sums[high]
        sizes[low] += sizes[high]
        sums, sizes = np.delete(sums, high, axis=0), np.delete(sizes, high)
        labels[labels == high] = low
        labels[labels > high] -= 1
    return labels


def likeness(sums: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64]) -> Matrix:
    """Likeness of every pair of clusters, -1 of a cluster with itself."""
    products = sums @ sums.T
    pairs = np.maximum(sizes * (sizes - 1), 1)
    within = np.where(sizes > 1, (np.diag(products) - sizes) / pairs, 1.0)
    width = np.sqrt(np.maximum(within, 0.05))
    alike = (products / np.outer(sizes, sizes) / np.outer(width, width)).round(6)
    np.fill_diagonal(alike, -1.0)
    return np.asarray(alike, dtype=np.float32)


def cores(vectors: Matrix, labels: Labels, *, floor: float, least: float) -> list[Labels]:
    """Rows of every cluster that hangs together, the largest first; of a loose one its inner half.

    A cluster hangs together if its contrast reaches `least`; one whose inner half does not either
    is left out: it holds what is like nothing.
    """
    found = []
    for label in range(int(labels.max(initial=-1)) + 1):
        rows = np.flatnonzero(labels == label)
        if contrast(vectors[rows], floor) < least:
            alike = vectors[rows] @ centroids(vectors[rows], np.zeros(len(rows), np.int64))[0]
            rows = rows[alike.round(6) >= np.median(alike.round(6))]
        if contrast(vectors[rows], floor) >= least:
            found.append(rows)
    return sorted(found, key=lambda rows: (-len(rows), int(rows[0])))


def background(vectors: Matrix) -> float:
    """Mean similarity of any two of these texts: the floor that contrast is measured from."""
    return float(((vectors.sum(axis=0, dtype=np.float64) / max(len(vectors), 1)) ** 2).sum())


def contrast(vectors: Matrix, floor: float) -> float:
    """Mean similarity of pairs above that of any two texts, `floor`; 1 is the most there can be."""
    size = len(vectors)
    if size < 2:
        return 0.0
    total = float((vectors.astype(np.float64).sum(axis=0) ** 2).sum())
    return round(((total - size) / (size * (size - 1)) - floor) / max(1 - floor, 1e-6), 6)


def centroids(vectors: Matrix, labels: Labels) -> Matrix:
    """Unit mean vector per label from 0; rows labelled below 0 are left out."""
    inside = labels >= 0
    members = sparse.csr_matrix(
        (np.ones(inside.sum()), (labels[inside], np.flatnonzero(inside))),
        shape=(int(labels.max(initial=-1)) + 1, len(vectors)),
    )
    sums = members @ vectors.astype(np.float64)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    scaled = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
    return np.asarray(scaled, dtype=np.float32)


def centre_of(vectors: Matrix) -> Matrix:
    """Unit mean of all rows, a vector."""
    centre: Matrix = centroids(vectors, np.zeros(len(vectors), dtype=np.int64))[0]
    return centre


def nearest(vectors: Matrix, centres: Matrix) -> tuple[Labels, Matrix]:
    """For every row the number of its nearest centre and the similarity to it."""
    place = np.empty(len(vectors), dtype=np.int64)
    score = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), _BLOCK_ROWS * 4):
        part = slice(start, start + _BLOCK_ROWS * 4)
        similarity = (vectors[part] @ centres.T).round(6)
        place[part] = similarity.argmax(axis=1)
        score[part] = similarity.max(axis=1)
    return place, score


def _by_size(labels: Labels, counts: npt.NDArray[np.int64]) -> Labels:
    """The same clusters numbered by falling size, ties by their first row."""
    sizes = np.bincount(labels, weights=counts)
    first = np.full(len(sizes), len(labels))
    np.minimum.at(first, labels, np.arange(len(labels)))
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return rank[labels]
