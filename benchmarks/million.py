"""`voc eval issues` on a million short texts made of real ones; prints its JSON and the cost.

    uv run python -m benchmarks.million [FILE] [--texts N] [--vectors wordllama|FOLDER]

The texts are those of a labelled file, again and again: the first round as they are, every further
one with a word of another text of the file and a number behind it, dealt out by a seed, so that
nearly all are distinct while their labels stay true. The command is a process of its own: seconds
and memory are all of it, reading and judging included.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

BANKING77 = Path("../shared/data/intents/banking77_train.parquet")


def many_texts(table: pl.DataFrame, count: int) -> pl.DataFrame:
    """`count` rows of text and label; the same for the same table and count."""
    random = np.random.default_rng(0)
    rows = np.arange(count) % len(table)
    words = table["text"].str.split(" ").list.last()
    again = np.arange(count) >= len(table)
    return pl.DataFrame(
        {
            "text": table["text"].gather(rows),
            "label": table["label"].gather(rows),
            "word": words.gather(random.integers(0, len(table), count)),
            "number": random.integers(0, 1_000, count),
            "again": again,
        }
    ).select(
        pl.when("again")
        .then(pl.concat_str("text", "word", "number", separator=" "))
        .otherwise("text")
        .alias("text"),
        "label",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default=BANKING77, type=Path)
    parser.add_argument("--text", default="text")
    parser.add_argument("--label", default="category")
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--vectors", default="wordllama")
    asked = parser.parse_args()
    table = pl.read_parquet(asked.file).select(
        text=pl.col(asked.text), label=pl.col(asked.label).cast(pl.String)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.parquet"
        made = many_texts(table.drop_nulls(), asked.texts)
        made.write_parquet(path)
        distinct = made["text"].n_unique()
        del made
        command = ["eval", "issues", str(path), "--text", "text", "--label", "label"]
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "assets", *command, "--vectors", asked.vectors],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = {"distinct_texts": distinct, "exit_code": done.returncode}
    found |= {"seconds": round(seconds, 1), "cpu_seconds": round(used.ru_utime + used.ru_stime, 1)}
    if done.returncode:
        print(json.dumps(found | {"error": done.stderr[-1000:]}))
        sys.exit(1)
    print(json.dumps(found | json.loads(done.stdout)))


if __name__ == "__main__":
    main()
