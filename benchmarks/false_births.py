"""How many issues are born by chance: a real stream whose weeks are dealt out again.

    uv run python -m benchmarks.false_births [--data DIR] [--draws 2] [--sets nhs spotify]

Texts keep their source (NHS: the service) and lose their week: 100 texts a week for 30 weeks, or as
many weeks as the set has texts for. What is born after the start is born by chance. Texts are taken
as they are, without the problem gate. Prints JSON, one object per set and draw.
"""

import argparse
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from voc_pipeline.evaluate.identity import replay
from voc_pipeline.evaluate.texts import FIRST_WEEK
from voc_pipeline.issues.vectors import load_model

SETS = {
    "nhs": ("surveys/nhs_fft_NEAS_labelled.parquet", "FFT answer", "Service type 1"),
    "spotify": ("social/spotify_play_1000.parquet", "review_text", None),
}
TEXTS_A_WEEK = 100
WEEKS = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--sets", nargs="+", choices=sorted(SETS), default=sorted(SETS))
    chosen = parser.parse_args()
    for name in chosen.sets:
        path, text, source = SETS[name]
        table = pl.read_parquet(chosen.data / path).drop_nulls(text)
        table = table.filter(pl.col(text).str.len_chars() > 0)
        texts = table[text].to_list()
        sources = table[source].fill_null("none").to_list() if source else ["file"] * len(texts)
        for draw in range(chosen.draws):
            order = np.random.default_rng(draw).permutation(len(texts))[: TEXTS_A_WEEK * WEEKS]
            weeks = [FIRST_WEEK + timedelta(weeks=at // TEXTS_A_WEEK) for at in range(len(order))]
            done = replay(
                [texts[at] for at in order],
                weeks,
                load_model("wordllama"),
                sources=[sources[at] for at in order],
            )
            start = min(done.born.values(), default=max(weeks))
            judged = (max(weeks) - start).days // 7
            births = sum(born > start for born in done.born.values())
            print(
                json.dumps(
                    {
                        "set": name, "draw": draw, "texts": len(order), "judged_weeks": judged,
                        "issues_at_start": sum(born == start for born in done.born.values()),
                        "births": births, "births_a_week": round(births / max(judged, 1), 3),
                    }
                ),
                flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
