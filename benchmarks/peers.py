"""Ours against BERTopic on the same vectors of the same labelled file, in one run; prints JSON.

    uv run --isolated --group peers --extra quality python -m benchmarks.peers [FILE]
        [--text text] [--label category] [--vectors wordllama|FOLDER]

BERTopic gets its defaults and a seed; a second row has its outliers moved by its own
`reduce_outliers`. Both are judged by `voc eval issues`: a text left unassigned is a group of its
own, a topic's name is BERTopic's (its four strongest words). Seconds are of finding and naming,
without the vectors. The group `peers` is in no default: ordinary users never install it.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.vector_model import chosen_model
from voc_pipeline.evaluate.issues import FoundIssues, find_issues, judge_issues
from voc_pipeline.evaluate.texts import spoken_keys
from voc_pipeline.issues.vectors import VectorModel

BANKING77 = Path("../shared/data/intents/banking77_train.parquet")
SEED = 42


class KnownVectors:
    """A vector model that has seen all its texts, so that both methods get what it gave once."""

    def __init__(self, model: VectorModel, texts: Sequence[str | None]) -> None:
        self.model_id, self.dimension = model.model_id, model.dimension
        keys = sorted(set(spoken_keys(texts)))
        self._known = dict(zip(keys, model.embed(keys), strict=True))

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The rows that the model gave for these texts."""
        return np.array([self._known[text] for text in texts], dtype=np.float32)


def bertopic(texts: list[str], vectors: npt.NDArray[np.float32]) -> tuple[FoundIssues, FoundIssues]:
    """BERTopic's topics as returned, and with its outliers moved to the topic nearest to them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bertopic import BERTopic
        from umap import UMAP

        # BERTopic's own UMAP settings, with the seed that it leaves out.
        reducer = UMAP(
            n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=SEED
        )
        model = BERTopic(umap_model=reducer, embedding_model=None)
        topics, _ = model.fit_transform(texts, embeddings=vectors)
        moved = model.reduce_outliers(texts, topics, strategy="embeddings", embeddings=vectors)
    names = {str(topic): name.split("_", 1)[1] for topic, name in model.topic_labels_.items()}

    def found(places: Sequence[int]) -> FoundIssues:
        return FoundIssues([None if at == -1 else str(at) for at in places], names)

    return found(topics), found(moved)


def timed(work: Callable[[], object]) -> tuple[object, dict[str, float]]:
    wall, used = time.perf_counter(), time.process_time()
    done = work()
    return done, {
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu_seconds": round(time.process_time() - used, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default=BANKING77, type=Path)
    parser.add_argument("--text", default="text")
    parser.add_argument("--label", default="category")
    parser.add_argument("--vectors", default="wordllama")
    asked = parser.parse_args()
    table = pl.read_parquet(asked.file).drop_nulls([asked.text, asked.label])
    texts, human = table[asked.text].to_list(), table[asked.label].cast(pl.String).to_list()
    model = KnownVectors(chosen_model(asked.vectors, Path()), texts)
    rows: dict[str, object] = {"file": asked.file.name, "vectors": model.model_id}
    found, spent = timed(lambda: find_issues(texts, model))
    assert isinstance(found, FoundIssues)
    rows["voc"] = judge_issues(found, human) | spent
    vectors = model.embed(spoken_keys(texts))
    peers, spent = timed(lambda: bertopic(texts, vectors))
    assert isinstance(peers, tuple)
    for name, one in zip(("bertopic", "bertopic_outliers_moved"), peers, strict=True):
        rows[name] = judge_issues(one, human) | spent
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
