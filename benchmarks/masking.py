"""Masking measured: recall and precision by kind, false masks, texts a second. Prints JSON.

`uv run python -m benchmarks.masking [--missed KIND]`. Needs ../shared/data. A labelled span is
found if at least half of its letters and digits are masked. Precision of a token is the share of
its masks that overlap a labelled span of any personal kind.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from voc_pipeline.feedback.masking import mask_column, mask_text
from voc_pipeline.feedback.masking_spans import TOKEN

DATA = Path(__file__).parents[2] / "shared" / "data"
NOT_PERSONAL = {"GPE", "ORGANIZATION", "DATE_TIME", "AGE", "NRP", "TITLE"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missed", help="print the labelled texts of this kind that were missed")
    parser.add_argument("--wrong", help="print the masks of this token that hit nothing labelled")
    options = parser.parse_args()
    if not DATA.is_dir():
        print(json.dumps({"skipped": f"no data at {DATA}"}))
        return 0
    labelled = json.loads((DATA / "pii" / "synth_dataset_v2.json").read_text(encoding="utf-8"))
    report = labelled_quality(labelled, options.missed, options.wrong)
    report["without_personal_data"] = false_masks()
    print(json.dumps(report, indent=1, ensure_ascii=False))
    return 0


def labelled_quality(
    labelled: list[dict[str, Any]], missed: str | None, wrong: str | None
) -> dict[str, Any]:
    """Recall by labelled kind and precision by token."""
    found: Counter[str] = Counter()
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    masks: Counter[str] = Counter()
    started = time.perf_counter()
    results = [mask_text(row["full_text"]).text for row in labelled]
    seconds = time.perf_counter() - started
    for row, masked in zip(labelled, results, strict=True):
        text = row["full_text"]
        spans = masked_spans(text, masked)
        covered = {place for start, end, _ in spans for place in range(start, end)}
        personal: set[int] = set()
        for span in row["spans"]:
            kind = span["entity_type"]
            places = range(span["start_position"], span["end_position"])
            telling = [place for place in places if text[place].isalnum()]
            total[kind] += 1
            hit = 2 * sum(place in covered for place in telling) >= len(telling)
            found[kind] += hit
            if kind not in NOT_PERSONAL:
                personal.update(telling)
            if missed == kind and not hit:
                print(repr(span["entity_value"]), "|", repr(text[:160]), "->", repr(masked[:160]))
        for start, end, token in spans:
            masks[token] += 1
            hit = bool(personal.intersection(range(start, end)))
            right[token] += hit
            if wrong == token and not hit:
                print(repr(text[start:end]), "|", repr(text[max(0, start - 60) : end + 30]))
    personal_kinds = [kind for kind in total if kind not in NOT_PERSONAL]
    return {
        "labelled_texts": len(labelled),
        "texts_per_second": round(len(labelled) / seconds),
        "recall": {k: [round(found[k] / total[k], 3), total[k]] for k in sorted(total)},
        "recall_personal": round(
            sum(found[k] for k in personal_kinds) / sum(total[k] for k in personal_kinds), 3
        ),
        "precision": {k: [round(right[k] / masks[k], 3), masks[k]] for k in sorted(masks)},
    }


def masked_spans(text: str, masked: str) -> list[tuple[int, int, str]]:
    """Where the tokens of the masked text stood in the text."""
    pieces = TOKEN.split(masked)
    tokens = [match[0].strip("[]") for match in TOKEN.finditer(masked)]
    spans: list[tuple[int, int, str]] = []
    position = len(pieces[0])
    for piece, token in zip(pieces[1:], tokens, strict=True):
        end = text.find(piece, position + 1) if piece else len(text)
        spans.append((position, end, token))
        position = end + len(piece)
    return spans


def false_masks() -> dict[str, Any]:
    """Masks per 1,000 words of banking77, which holds no personal data; bar 0.2."""
    texts = pl.read_parquet(DATA / "intents" / "banking77_train.parquet")["text"]
    started = time.perf_counter()
    masked = mask_column(texts)
    seconds = time.perf_counter() - started
    words = sum(len(re.findall(r"\w+", text)) for text in texts)
    shown = masked["masked"].sort().head(8).to_list()
    return {
        "texts": len(texts),
        "masks": int(masked["count"].sum()),
        "masks_per_1000_words": round(float(masked["count"].sum()) / words * 1000, 3),
        "texts_per_second": round(len(texts) / seconds),
        "shown": shown,
    }


if __name__ == "__main__":
    sys.exit(main())
