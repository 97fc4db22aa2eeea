"""The customers' own words that show an issue: two or three nearest its centre, one at its edge.

Quotes are whole segments. No wording comes twice, and no person while others said it too.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from voc_pipeline.issues.evidence import Codes, Evidence, vectors_of
from voc_pipeline.issues.standing import Standing
from voc_pipeline.issues.vectors import unit_rows

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
    found = [pl.DataFrame(schema=QUOTE_SCHEMA)]
    for at, one in enumerate(standings):
        mine = np.flatnonzero(place == at)
        if one.is_open and len(mine):
            likeness = (evidence.vectors[mine] @ one.centre()).round(_DECIMALS)
            rows = evidence.frame[mine].select(_READ).with_columns(likeness=likeness)
            found.append(_chosen(rows, one.issue_id, week))
    return pl.concat(found)


def quotes_of_members(members: pl.DataFrame, week: date) -> pl.DataFrame:
    """One row per quote of every issue of `members`, by issue and rank.

    Args:
        members: issue_id, segment_id, segment_text, voice_key, text_key, vector.
        week: Monday of the register week that chooses.
    """
    found = [pl.DataFrame(schema=QUOTE_SCHEMA)]
    for (issue_id,), rows in (
        members.sort("segment_id").partition_by("issue_id", as_dict=True).items()
    ):
        vectors = vectors_of(rows)
        centre = unit_rows(vectors.sum(axis=0, keepdims=True))[0]
        likeness = (vectors @ centre).astype(np.float64).round(_DECIMALS)
        found.append(
            _chosen(rows.select(_READ).with_columns(likeness=likeness), str(issue_id), week)
        )
    return pl.concat(found).sort("issue_id", "quote_rank")


def _chosen(rows: pl.DataFrame, issue_id: str, week: date) -> pl.DataFrame:
    """The nearest wordings, each of another person where there are several, then the farthest."""
    length = rows["segment_text"].str.len_chars()
    fit = rows.filter(length.is_between(*LENGTH))
    ranked = (fit if fit.height else rows).sort(
        ["likeness", "segment_id"], descending=[True, False]
    )
    ranked = ranked.unique("text_key", keep="first", maintain_order=True)
    ranked = ranked.with_columns(
        told=pl.col("segment_text").str.to_lowercase().str.replace_all(r"[^\p{L}]+", " ")
    ).unique("told", keep="first", maintain_order=True)
    voices = ranked.unique("voice_key", keep="first", maintain_order=True)
    ranked = voices if voices.height > CENTRAL else ranked
    best = ranked.head(CENTRAL)
    edge = ranked.tail(min(1, ranked.height - best.height))
    chosen = pl.concat([best, edge])
    return chosen.select(
        pl.lit(week).alias("register_week"),
        pl.lit(issue_id).alias("issue_id"),
        pl.int_range(1, pl.len() + 1).alias("quote_rank"),
        pl.Series("is_edge", [False] * best.height + [True] * edge.height, dtype=pl.Boolean),
        "segment_id",
        pl.col("segment_text").alias("quote"),
    ).cast(QUOTE_SCHEMA)
