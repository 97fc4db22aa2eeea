"""Whether the texts of one issue have come apart into two: the best cut in two, and how deep it is.

Nothing here decides what becomes of an issue; `register_week` does.
"""

import numpy as np
import numpy.typing as npt

from voc_pipeline.issues.discovery import Labels, Matrix, centroids, likeness, nearest

_ROUNDS = 20


def halves(vectors: Matrix) -> tuple[Labels, float]:
    """Half 0 or 1 per row, 0 the larger, and how alike the halves are, relative to themselves.

    Two means, begun along the direction in which the rows differ most.
    """
    rows = vectors.astype(np.float64)
    around = rows - rows.mean(axis=0)
    labels = (np.round(around @ _widest(around), 6) > 0).astype(np.int64)
    for _ in range(_ROUNDS):
        if not 0 < labels.sum() < len(labels):
            return np.zeros(len(labels), dtype=np.int64), 1.0
        moved = nearest(vectors, centroids(vectors, labels))[0]
        if (moved == labels).all():
            break
        labels = moved
    sizes = np.bincount(labels, minlength=2)
    if not sizes.all():
        return np.zeros(len(labels), dtype=np.int64), 1.0
    if sizes[1] > sizes[0] or (sizes[1] == sizes[0] and labels[0] == 1):
        labels, sizes = 1 - labels, sizes[::-1]
    sums = np.zeros((2, vectors.shape[1]))
    np.add.at(sums, labels, rows)
    return labels, float(likeness(sums, sizes.astype(np.float64))[0, 1])


def _widest(around: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Unit direction in which centred rows differ most, near enough to begin with."""
    direction: npt.NDArray[np.float64] = around[int((around**2).sum(axis=1).round(6).argmax())]
    for _ in range(_ROUNDS):
        direction = around.T @ (around @ direction)
        direction = direction / max(float(np.linalg.norm(direction)), 1e-12)
    return direction
