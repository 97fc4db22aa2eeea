# ruff: noqa: RUF001 (typographic quotes are looked for)
"""Text keys, and who said the same words before.

Marking informs; volume counts one per voice, text key and week whatever is marked here.
"""

import polars as pl

from models.feedback import Feedback
from voc_pipeline.feedback.customers import hashes

EARLIER_SCHEMA: pl.Schema = pl.Schema(
    {
        "text_key": pl.String(),
        "feedback_id": pl.String(),
        "verbatim": pl.String(),
        "occurred_at": pl.Datetime("us"),
    }
)
"""For text keys known before: their first feedback, and its masked verbatim."""

_NO_WORDS = r"(?i)\b[a-z][a-z0-9+.-]{1,15}://\S+|\bwww\.\S+|@\w+|\[[A-Z]{2,8}\]|[^\p{L}\p{M}]"


def text_keys(texts: pl.Series) -> pl.Series:
    """Hash of the words of every masked text, without case, digits, punctuation, URLs, mentions.

    Null where no word is left.
    """
    words = (
        pl.DataFrame({"text": texts})
        .select(
            pl.col("text")
            .str.replace_all("['’]", "")
            .str.replace_all(_NO_WORDS, " ")
            .str.to_lowercase()
            .str.replace_all(" {2,}", " ")
            .str.strip_chars()
            .replace("", None)
        )
        .to_series()
    )
    return hashes(words)


def mark_duplicates(feedback: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """One row per row of `feedback`, with duplicate_kind and duplicate_of, columns of Feedback.

    A row is marked against the first feedback with its text key, by (occurred_at, feedback_id),
    among `earlier` and the rows given; never against itself or a revision of itself. exact: the
    verbatim is the same; near: only its words are.

    Args:
        feedback: columns of models.feedback.Feedback but the two duplicate columns.
        earlier: EARLIER_SCHEMA.
    """
    candidate = ["text_key", "occurred_at", "feedback_id", "verbatim"]
    own = (
        feedback.filter(pl.col("text_key").is_not_null() & ~pl.col("is_deleted"))
        .sort("revision", descending=True)
        .select(candidate)
    )
    first = (
        pl.concat([earlier.filter(pl.col("text_key").is_not_null()).select(candidate), own])
        .sort("text_key", "occurred_at", "feedback_id", "verbatim")
        .unique(subset="text_key", keep="first", maintain_order=True)
        .select(
            "text_key",
            pl.col("feedback_id").alias("first_id"),
            pl.col("verbatim").alias("first_verbatim"),
        )
    )
    is_copy = pl.col("first_id").is_not_null() & (pl.col("first_id") != pl.col("feedback_id"))
    is_exact = pl.col("verbatim") == pl.col("first_verbatim")
    return (
        feedback.join(first, on="text_key", how="left", maintain_order="left")
        .with_columns(
            duplicate_kind=pl.when(is_copy & is_exact)
            .then(pl.lit("exact"))
            .when(is_copy)
            .then(pl.lit("near"))
            .otherwise(pl.lit("none")),
            duplicate_of=pl.when(is_copy).then("first_id"),
        )
        .select(list(Feedback.model_fields))
        .sort("feedback_id", "revision")
    )
