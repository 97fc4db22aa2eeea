"""Identity over weeks, measured: do issues keep their id, and are new ones found, and only those?

Replays a labelled set as weekly batches with some labels held back until half time, and counts as
voc_pipeline's design does: a label is found if an issue born after it appeared holds at least 30 %
of its texts at purity .5; a birth is spurious if its majority is a label known before, a fragment
if it is a further one with the majority of a new label. Prints JSON, one object per draw.

    uv run python -m benchmarks.identity [--draws 3] [--weeks 20] [--hidden 10] [FILE]
"""

import argparse
import json
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.metrics import adjusted_rand_score

from voc_pipeline.issues.registry import RegisterOptions, advance_register
from voc_pipeline.issues.vectors import load_model

BANKING77 = Path("/work/shared/data/intents/banking77_train.parquet")
FIRST_WEEK = date(2025, 1, 6)


@dataclass
class Replay:
    """What a replay leaves: per text its first and last issue, and every issue's birth."""

    first: list[str | None]
    last: list[str | None]
    born: dict[str, int]
    events: Counter[str]
    seconds: float
    slowest: float


def draw_weeks(
    labels: list[str], *, weeks: int, hidden: int, seed: int
) -> tuple[list[int], dict[str, int]]:
    """A week for every text, and the week in which each held-back label first appears."""
    random = np.random.default_rng(seed)
    names = sorted(set(labels))
    late = {names[at]: weeks // 2 for at in random.permutation(len(names))[:hidden]}
    placed = [int(random.integers(late.get(label, 0), weeks)) for label in labels]
    return placed, late


def segments_frame(texts: list[str], placed: list[int], vectors: np.ndarray) -> pl.DataFrame:
    """Rows as the register's window wants them: one text, one voice, one segment."""
    monday = [FIRST_WEEK + timedelta(weeks=week) for week in placed]
    keys = [" ".join(text.casefold().split()) for text in texts]
    ids = [f"{at:07d}" for at in range(len(texts))]
    return pl.DataFrame(
        {
            "segment_id": ids,
            "feedback_id": ids,
            "segment_text": texts,
            "text_hash": [f"{hash_of(key):016x}" for key in keys],
            "source_id": "file",
            "voice_key": ids,
            "text_key": keys,
            "week_start": monday,
            "received_week": monday,
            "vector": pl.Series(list(vectors), dtype=pl.List(pl.Float32)),
        }
    )


def hash_of(text: str) -> int:
    """A stable 64-bit number."""
    import hashlib

    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def replay(frame: pl.DataFrame, weeks: int, options: RegisterOptions) -> Replay:
    """Run the register over `weeks` weeks of the frame."""
    issues = pl.DataFrame()
    current: dict[str, str | None] = {}
    first: dict[str, str | None] = {}
    born: dict[str, int] = {}
    events: Counter[str] = Counter()
    total = slowest = 0.0
    for number in range(weeks):
        week = FIRST_WEEK + timedelta(weeks=number)
        oldest = week - timedelta(weeks=options.window_weeks - 1)
        window = frame.filter(pl.col("received_week").is_between(oldest, week))
        held = [current.get(one) for one in window["segment_id"]]
        window = window.with_columns(pl.Series("current_issue_id", held, dtype=pl.String))
        start = time.perf_counter()
        step = advance_register(issues, window, week=week, options=options)
        slowest = max(slowest, time.perf_counter() - start)
        total += time.perf_counter() - start
        issues = step.issues
        for segment, issue in step.assignments.select("segment_id", "issue_id").iter_rows():
            current[segment] = issue
            if first.get(segment) is None:
                first[segment] = issue
        events.update(step.lineage["event"].to_list())
        for issue in issues["issue_id"]:
            born.setdefault(issue, number)
    ids = frame["segment_id"].to_list()
    return Replay(
        [first.get(one) for one in ids],
        [current.get(one) for one in ids],
        born,
        events,
        total,
        slowest,
    )


def judge(labels: list[str], late: dict[str, int], done: Replay) -> dict[str, object]:
    """The figures of one replay."""
    placed = [at for at, issue in enumerate(done.last) if issue is not None]
    founding = min(done.born.values(), default=0)
    inside: dict[str, Counter[str]] = {}
    for at in placed:
        inside.setdefault(str(done.last[at]), Counter())[labels[at]] += 1
    sizes = Counter(labels)
    found: dict[str, int] = {}
    spurious = fragments = 0
    for issue in sorted(inside, key=lambda one: (done.born[one], one)):
        week = done.born[issue]
        if week <= founding:
            continue
        label, count = inside[issue].most_common(1)[0]
        if label not in late or week < late[label]:
            spurious += 1
        elif label in found:
            fragments += 1
        elif count >= 0.3 * sizes[label] and count >= 0.5 * inside[issue].total():
            found[label] = week - late[label]
        else:
            fragments += 1
    unassigned = [f"none-{at}" if issue is None else issue for at, issue in enumerate(done.last)]
    constant = [done.first[at] == done.last[at] for at in placed]
    return {
        "end_ari": round(adjusted_rand_score(labels, unassigned), 4),
        "id_constant": round(float(np.mean(constant)), 4) if constant else None,
        "found": len(found),
        "hidden": len(late),
        "weeks_late": sorted(found.values()),
        "spurious": spurious,
        "fragments": fragments,
        "share_unassigned": round(1 - len(placed) / len(labels), 4),
        "issues": len(inside),
        "events": dict(sorted(done.events.items())),
        "seconds": round(done.seconds, 2),
        "slowest_week_seconds": round(done.slowest, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default=BANKING77, type=Path)
    parser.add_argument("--text", default="text")
    parser.add_argument("--label", default="category")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--weeks", type=int, default=20)
    parser.add_argument("--hidden", type=int, default=10)
    chosen = parser.parse_args()
    table = pl.read_parquet(chosen.file)
    texts, labels = table[chosen.text].to_list(), table[chosen.label].to_list()
    model = load_model("wordllama")
    vectors = model.embed([" ".join(text.casefold().split()) for text in texts])
    options = RegisterOptions(model_id=model.model_id)
    for seed in range(chosen.draws):
        placed, late = draw_weeks(labels, weeks=chosen.weeks, hidden=chosen.hidden, seed=seed)
        done = replay(segments_frame(texts, placed, vectors), chosen.weeks, options)
        print(json.dumps({"draw": seed, **judge(labels, late, done)}), flush=True)


if __name__ == "__main__":
    main()
