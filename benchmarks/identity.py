"""Writes a replay for `voc eval identity`: a labelled set dealt out over weeks, some labels late.

    uv run python -m benchmarks.identity --draw 0 --out draw0.parquet [FILE] [--weeks 20]
    uv run voc eval identity draw0.parquet --text text --label label --week week

Every text of a usual label gets a week at random; `--hidden` labels are held back until half time.
A draw is a seed: the same draw of the same file is the same replay. Column `hidden_until` says
which labels were held back. Prints what it wrote as JSON.
"""

import argparse
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

BANKING77 = Path("../shared/data/intents/banking77_train.parquet")
FIRST_WEEK = date(2025, 1, 6)


def draw_weeks(
    labels: list[str], *, weeks: int, hidden: int, seed: int
) -> tuple[list[int], dict[str, int]]:
    """A week for every text, and the week in which each held-back label first appears."""
    random = np.random.default_rng(seed)
    names = sorted(set(labels))
    late = {names[at]: weeks // 2 for at in random.permutation(len(names))[:hidden]}
    placed = [int(random.integers(late.get(label, 0), weeks)) for label in labels]
    return placed, late


def replay_table(
    texts: list[str], labels: list[str], *, weeks: int, hidden: int, seed: int
) -> pl.DataFrame:
    """One row per text: text, label, week (a Monday), hidden_until (a Monday or null)."""
    placed, late = draw_weeks(labels, weeks=weeks, hidden=hidden, seed=seed)
    return pl.DataFrame(
        {
            "text": texts,
            "label": labels,
            "week": [FIRST_WEEK + timedelta(weeks=number) for number in placed],
            "hidden_until": [
                FIRST_WEEK + timedelta(weeks=late[label]) if label in late else None
                for label in labels
            ],
        },
        schema_overrides={"hidden_until": pl.Date},
    ).sort("week", maintain_order=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default=BANKING77, type=Path)
    parser.add_argument("--text", default="text")
    parser.add_argument("--label", default="category")
    parser.add_argument("--draw", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weeks", type=int, default=20)
    parser.add_argument("--hidden", type=int, default=10)
    chosen = parser.parse_args()
    read = pl.read_csv if chosen.file.suffix == ".csv" else pl.read_parquet
    table = read(chosen.file).drop_nulls([chosen.text, chosen.label])
    made = replay_table(
        table[chosen.text].to_list(),
        table[chosen.label].cast(pl.String).to_list(),
        weeks=chosen.weeks,
        hidden=chosen.hidden,
        seed=chosen.draw,
    )
    if chosen.out.suffix == ".csv":
        made.write_csv(chosen.out)
    else:
        made.write_parquet(chosen.out)
    late = made.filter(pl.col("hidden_until").is_not_null())["label"].unique().sort()
    print(json.dumps({"draw": chosen.draw, "texts": len(made), "hidden": late.to_list()}))


if __name__ == "__main__":
    main()
