"""Labelled texts as the register's window wants them: a text is one segment, and a problem."""

import hashlib
from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from voc_pipeline.issues.vectors import spoken

FIRST_WEEK = date(2025, 1, 6)
"""Where a set without dates begins; any Monday would do."""


def spoken_keys(texts: Sequence[str | None]) -> list[str]:
    """What the vector model is shown of every text; an absent text says nothing."""
    return [spoken(text or "") for text in texts]


def as_segments(
    texts: Sequence[str | None],
    keys: Sequence[str],
    weeks: Sequence[date],
    vectors: npt.NDArray[np.float32],
) -> pl.DataFrame:
    """One row per text, with the columns of the register's window: every text by another voice."""
    ids = [f"{at:09d}" for at in range(len(texts))]
    return pl.DataFrame(
        {
            "segment_id": ids,
            "feedback_id": ids,
            "segment_text": [text or "" for text in texts],
            "text_hash": [text_hash(key) for key in keys],
            "source_id": ["file"] * len(ids),
            "voice_key": ids,
            "text_key": list(keys),
            "week_start": pl.Series(list(weeks), dtype=pl.Date),
            "received_week": pl.Series(list(weeks), dtype=pl.Date),
            "vector": pl.Series(vectors, dtype=pl.Array(pl.Float32, vectors.shape[1])).cast(
                pl.List(pl.Float32)
            ),
        },
        schema_overrides=dict.fromkeys(
            ("segment_id", "feedback_id", "source_id", "voice_key"), pl.String
        ),
    )


def text_hash(key: str) -> str:
    """BLAKE2b-128 of a key, in hex: an order of texts that has nothing to do with their file."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
