"""The register's window as arrays: one canonical order, weights that count a voice's words once.

Here the frame of problem segments becomes what finding and assigning work on. Nothing here
decides: no issue is found, named or given.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from models.errors import ContractError
from voc_pipeline.issues.stopwords import FEELINGS, LIKINGS, STOP_WORDS

Matrix = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]

_CHARACTERS = 2_000
_NO_CONTENT = re.compile(r"\[[a-z_]{2,30}\]|\bx{2,}\b|@\w{1,60}|https?://\S{1,500}")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SAYS_NOTHING = STOP_WORDS | FEELINGS | LIKINGS
WINDOW_COLUMNS = (
    "segment_id", "feedback_id", "segment_text", "text_hash", "source_id", "voice_key",
    "text_key", "week_start", "received_week", "vector", "current_issue_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row per segment of the window, sorted by received week, text hash and segment id."""

    frame: pl.DataFrame
    weeks: list[date]
    """When the customers spoke."""
    vectors: Matrix
    length: Codes
    """Characters of the text."""
    wording: Codes
    """Equal for near duplicates of a text."""
    voice: Codes
    feedback: Codes
    source: Codes
    heard: Codes
    """Number of the week in which it was received, counted from any Monday."""
    weights: npt.NDArray[np.float64]
    """One over the segments of the same week, voice and words: a pasted storm weighs as one."""
    is_new: Flags
    is_young: Flags
    is_on_time: Flags
    is_telling: Flags
    """Says enough to found an issue: a vector that is not all zeros, and a word of content."""

    def __len__(self) -> int:
        return len(self.frame)


def read_evidence(window: pl.DataFrame, *, week: date, young_weeks: int) -> Evidence:
    """The window in canonical order; rows loaded twice and rows of later weeks are left out.

    Args:
        window: problem segments with the columns of WINDOW_COLUMNS.
        week: Monday of the register week; rows received in it are new.
        young_weeks: rows received in this many weeks up to `week` are young; the older are past.

    Raises:
        ContractError: a column is missing, or vectors differ in length.
    """
    missing = [name for name in WINDOW_COLUMNS if name not in window.columns]
    if missing:
        raise ContractError(f"the register's window of {week} lacks {missing}: mend its query")
    frame = (
        window.select(WINDOW_COLUMNS)
        .filter(pl.col("received_week") <= week)
        .unique("segment_id", keep="any")
        .sort("received_week", "text_hash", "segment_id")
        .with_columns(
            pl.when(pl.col("text_key").fill_null("") == "")
            .then(pl.col("text_hash"))
            .otherwise(pl.col("text_key"))
            .alias("text_key")
        )
    )
    same = frame.select(pl.len().over("received_week", "voice_key", "text_key"))
    first_young = week - timedelta(weeks=young_weeks - 1)
    vectors = vectors_of(frame)
    return Evidence(
        frame=frame.drop("vector"),
        weeks=frame["week_start"].to_list(),
        vectors=vectors,
        length=frame["segment_text"].str.len_chars().to_numpy().astype(np.int64),
        wording=_codes(frame["text_key"]),
        voice=_codes(frame["voice_key"]),
        feedback=_codes(frame["feedback_id"]),
        source=_codes(frame["source_id"]),
        heard=(frame["received_week"].to_physical() // 7).to_numpy().astype(np.int64),
        weights=1.0 / same.to_series().to_numpy(),
        is_new=(frame["received_week"] == week).to_numpy(),
        is_young=(frame["received_week"] >= first_young).to_numpy(),
        is_on_time=(frame["week_start"] >= frame["received_week"]).to_numpy(),
        is_telling=(np.abs(vectors).sum(axis=1) > 0) & _has_content(frame["segment_text"]),
    )


def vectors_of(rows: pl.DataFrame) -> Matrix:
    """The column `vector` as a matrix.

    Raises:
        ContractError: vectors differ in length.
    """
    if rows.is_empty():
        return np.zeros((0, 0), dtype=np.float32)
    vectors = rows["vector"].cast(pl.List(pl.Float32))
    dimension = len(vectors[0])
    if vectors.null_count() or not (vectors.list.len() == dimension).all():
        raise ContractError("a segment has no vector, or one of another length: rebuild vectors")
    flat: Matrix = vectors.explode().to_numpy()
    return flat.reshape(len(rows), dimension)


def distinct_rows(evidence: Evidence, rows: Codes) -> Codes:
    """The first row of every wording among these rows, in their order."""
    first = np.unique(evidence.wording[rows], return_index=True)[1]
    return rows[np.sort(first)]


def sampled_rows(evidence: Evidence, rows: Codes, size: int) -> Codes:
    """At most `size` rows, those with the smallest text hashes: the same texts week after week."""
    if len(rows) <= size:
        return rows
    smallest: Codes = rows[evidence.frame["text_hash"].gather(rows).arg_sort().to_numpy()[:size]]
    return smallest


def _has_content(texts: pl.Series) -> Flags:
    """Whether a text has a word beyond masks, names of accounts, common words and feelings."""
    return np.fromiter(map(_says_something, texts.to_list()), dtype=np.bool_, count=len(texts))


@lru_cache(maxsize=65_536)
def _says_something(text: str) -> bool:
    """Remembered, for a window holds almost the texts of the window before."""
    words = _NO_CONTENT.sub(" ", text[:_CHARACTERS].lower().replace("\u2019", "'"))
    return any(found[0] not in _SAYS_NOTHING for found in _WORD.finditer(words))


def _codes(names: pl.Series) -> Codes:
    """A number per distinct name."""
    return names.rank("dense").to_numpy().astype(np.int64) - 1
