"""Issues whose mentions go with higher or lower scores: an association, never a cause."""

from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.stats import false_discovery_control

from models.score import ScoreDriver
from voc_pipeline.customers.frames import as_frame
from voc_pipeline.customers.intervals import Points, difference_interval, random_split_chance
from voc_pipeline.customers.responses import SURVEY

WINDOW_WEEKS = 13
FEWEST = 10
"""Responses on either side below which nothing is said."""


def score_drivers(responses: pl.DataFrame, mentions: pl.DataFrame, *, week: date) -> pl.DataFrame:
    """One row per survey and issue of the 13 weeks up to `week`: scores with and without it.

    Only responses with words are compared: who says nothing cannot mention an issue, and often
    scores otherwise.

    Args:
        responses: as `responses_of` returns them; those of other weeks are left out.
        mentions: source_id, response_id, issue_id; a pair may occur often.
        week: Monday of the as-of week.
    """
    first = week - timedelta(weeks=WINDOW_WEEKS - 1)
    told = responses.filter(pl.col("week_start").is_between(first, week), pl.col("has_words"))
    pairs = mentions.select("source_id", "response_id", "issue_id").unique()
    sums = (
        pl.len().cast(pl.Float64).alias("count"),
        pl.col("point").sum().alias("total"),
        (pl.col("point") ** 2).sum().alias("squares"),
    )
    whole = told.group_by(SURVEY).agg(*sums, pl.col("step", "factor", "offset").first())
    found = (
        told.join(pairs, on=["source_id", "response_id"])
        .sort(*SURVEY, "issue_id", "response_id")
        .group_by(*SURVEY, "issue_id", maintain_order=True)
        .agg(*sums)
        .join(whole, on=SURVEY, suffix="_whole", maintain_order="left")
        .filter(pl.col("count") >= FEWEST, pl.col("count_whole") - pl.col("count") >= FEWEST)
    )
    part, everyone = _points(found, ""), _points(found, "_whole")
    rest = everyone.less(part)
    lower, upper = difference_interval(part, rest)
    chance = random_split_chance(part, everyone, found["step"].to_numpy())
    factor, offset = found["factor"].to_numpy(), found["offset"].to_numpy()
    measured = {
        "with_count": part.count,
        "without_count": rest.count,
        "score_with": offset + factor * part.mean,
        "score_without": offset + factor * rest.mean,
        "difference": factor * (part.mean - rest.mean),
        "lower_bound": factor * lower,
        "upper_bound": factor * upper,
        "p_value": chance,
        "q_value": false_discovery_control(chance) if len(chance) else np.empty(0),
    }
    rows = found.with_columns(
        pl.lit(week).alias("as_of_week"),
        pl.lit(first).alias("first_week"),
        *(pl.Series(name, values) for name, values in measured.items()),
    )
    return as_frame(ScoreDriver, rows)


def _points(found: pl.DataFrame, suffix: str) -> Points:
    return Points(*(found[f"{one}{suffix}"].to_numpy() for one in ("count", "total", "squares")))
