"""Discovery measured against human labels: ARI, AMI, k, seconds and peak memory, as JSON.

uv run python -m benchmarks.discovery [FILE] [--text COL] [--label COL]
"""

import argparse
import json
import resource
import time
from pathlib import Path

import polars as pl
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from voc_pipeline.issues.discovery import discover
from voc_pipeline.issues.vectors import load_model

BANKING77 = Path("/work/shared/data/intents/banking77_train.parquet")


def measure(texts: list[str], labels: list[str]) -> dict[str, object]:
    """Figures of one labelled set with the model of the wheel."""
    model = load_model("wordllama")
    start = time.perf_counter()
    vectors = model.embed([" ".join(text.casefold().split()) for text in texts])
    embedded = time.perf_counter()
    found = discover(vectors)
    done = time.perf_counter()
    return {
        "texts": len(texts),
        "labels": len(set(labels)),
        "k": int(found.max()) + 1,
        "ari": round(adjusted_rand_score(labels, found), 4),
        "ami": round(adjusted_mutual_info_score(labels, found), 4),
        "embed_seconds": round(embedded - start, 2),
        "discover_seconds": round(done - embedded, 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default=BANKING77, type=Path)
    parser.add_argument("--text", default="text")
    parser.add_argument("--label", default="category")
    chosen = parser.parse_args()
    table = pl.read_parquet(chosen.file).drop_nulls([chosen.text, chosen.label])
    print(json.dumps(measure(table[chosen.text].to_list(), table[chosen.label].to_list())))


if __name__ == "__main__":
    main()
