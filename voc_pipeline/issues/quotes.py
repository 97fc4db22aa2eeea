"""The customers' own words that show an issue: two or three nearest its centre, one at its edge.

Quotes are whole segments. No wording comes twice, and no person while others said it too.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from voc_pipeline.issues.discovery import centroids
from voc_pipeline.issues.evidence import Codes, Evidence, Matrix, vectors_of
from voc_pipeline.issues.standing import Standing

CENTRAL = 3
LENGTH = (20, 280)
"""Texts of so many characters come before others."""
_DECIMALS = 6
QUOTE_SCHEMA = pl.Schema(
    {
        "register_week": pl.Date(),
        "issue_id": pl.String(),
        "quote_rank": pl.Int64(),
        "is_edge": pl.Boolean(),
        "segment_id": pl.String(),
        "quote": pl.String(),
    }
)
_READ = ("segment_id", "segment_text", "voice_key", "text_key")


def pick_quotes(
    standings: Sequence[Standing], evidence: Evidence, place: Codes, week: date
) -> pl.DataFrame:
    """One row per quote of an open issue with texts in the window, by issue and rank."""
    is_open = np.array([one.is_open for one in standings] + [False])
    rows = np.flatnonzero(is_open[place])
    if not len(rows):
        return pl.DataFrame(schema=QUOTE_SCHEMA)
    centres = np.array([one.centre() for one in standings], dtype=np.float32)
    likeness = np.einsum("ij,ij->i", evidence.vectors[rows], centres[place[rows]])
    names = pl.Series([one.issue_id for one in standings])
    members = evidence.frame[rows].select(_READ)
    return _chosen(members.with_columns(issue_id=names.gather(place[rows])), likeness, week)


def quotes_of_members(members: pl.DataFrame, week: date) -> pl.DataFrame:
    """One row per quote of every issue of `members`, by issue and rank.

    Args:
        members: issue_id, segment_id, segment_text, voice_key, text_key, vector.
        week: Monday of the register week that chooses.
    """
    if members.is_empty():
        return pl.DataFrame(schema=QUOTE_SCHEMA)
    members = members.sort("issue_id", "segment_id")
    vectors = vectors_of(members)
    issue = members["issue_id"].rank("dense").to_numpy().astype(np.int64) - 1
    likeness = np.einsum("ij,ij->i", vectors, centroids(vectors, issue)[issue])
    return _chosen(members.select(*_READ, "issue_id"), likeness, week)


def _chosen(members: pl.DataFrame, likeness: Matrix, week: date) -> pl.DataFrame:
    """The nearest wordings, each of another person where there are several, then the farthest."""
    fits = pl.col("segment_text").str.len_chars().is_between(*LENGTH)
    ranked = (
        members.with_columns(likeness=pl.Series(likeness.astype(np.float64).round(_DECIMALS)))
        .filter(fits | ~fits.any().over("issue_id"))
        .sort(["issue_id", "likeness", "segment_id"], descending=[False, True, False])
        .filter(pl.col("text_key").is_first_distinct().over("issue_id"))
        .with_columns(
            told=pl.col("segment_text").str.to_lowercase().str.replace_all(r"[^\p{L}]+", " ")
        )
        .filter(pl.col("told").is_first_distinct().over("issue_id"))
    )
    first = pl.col("voice_key").is_first_distinct().over("issue_id")
    ranked = ranked.filter(first | (first.sum().over("issue_id") <= CENTRAL))
    place = pl.int_range(1, pl.len() + 1).over("issue_id")
    chosen = ranked.with_columns(rank=place, size=pl.len().over("issue_id")).filter(
        (pl.col("rank") <= CENTRAL) | (pl.col("rank") == pl.col("size"))
    )
    return chosen.select(
        pl.lit(week).alias("register_week"),
        "issue_id",
        pl.col("rank").clip(upper_bound=CENTRAL + 1).alias("quote_rank"),
        (pl.col("rank") > CENTRAL).alias("is_edge"),
        "segment_id",
        pl.col("segment_text").alias("quote"),
    ).cast(QUOTE_SCHEMA)
