"""What a week says once it is published, and every later correction of it (weeks.md 4)."""

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from models.trend import IssueWeekly

KEYS = ("issue_id", "week_start")
FIGURES = tuple(name for name in IssueWeekly.model_fields if name not in KEYS)
RESTATED = (
    "feedback_count",
    "customer_count",
    "lower_bound",
    "upper_bound",
    "verdict",
    "is_alarm",
)
"""A restatement is of a count, a range or a verdict; what follows from them is not listed again."""
_TEXTS = ("verdict", "reason")


def figures_of(
    judged: pl.DataFrame, totals: Mapping[str, float | None], *, week: date, as_of: datetime
) -> pl.DataFrame:
    """One row per figure of a week (models.trend.PublishedFigure).

    Args:
        judged: IssueWeekly rows of the week.
        totals: figures of the whole week by name; they get the empty issue id.
        week: Monday of the week.
        as_of: the week's cutoff.
    """
    numbers = judged.select(
        "issue_id",
        *[pl.col(name).cast(pl.Float64) for name in FIGURES if name not in _TEXTS],
    ).unpivot(index="issue_id", variable_name="figure", value_name="value")
    texts = judged.select("issue_id", *_TEXTS).unpivot(
        index="issue_id", variable_name="figure", value_name="value_text"
    )
    whole = pl.DataFrame(
        {
            "issue_id": [""] * len(totals),
            "figure": list(totals),
            "value": [totals[name] for name in totals],
        },
        schema={"issue_id": pl.String, "figure": pl.String, "value": pl.Float64},
    )
    return (
        pl.concat([whole, numbers, texts], how="diagonal")
        .select(
            pl.lit(week).alias("week_start"),
            "issue_id",
            "figure",
            "value",
            "value_text",
            pl.lit(as_of).cast(pl.Datetime("us")).alias("as_of"),
        )
        .sort("week_start", "issue_id", "figure")
    )


def first_changed_week(counts: pl.DataFrame, known: pl.DataFrame) -> date | None:
    """The earliest week whose counts or exposure are not those of `known`; None if none changed."""
    columns = ["feedback_count", "customer_count", "week_count", "exposure"]
    both = counts.select(*KEYS, *columns).join(
        known.select(*KEYS, *columns), on=KEYS, how="full", suffix="_known", coalesce=True
    )
    changed = both.filter(
        pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_known")) for name in columns)
    )
    found = changed["week_start"].min()
    return found if isinstance(found, date) else None


def restate(
    known: pl.DataFrame,
    judged: pl.DataFrame,
    causes: pl.DataFrame,
    *,
    published_to: date | None,
    week: date,
    as_of: datetime,
) -> pl.DataFrame:
    """One row per figure of a published week that changed (models.trend.Restatement).

    Args:
        known: IssueWeekly rows as known before.
        judged: IssueWeekly rows as known now, of the weeks judged again.
        causes: week_start, issue_id (null: all), reason; anything else is 'late'.
        published_to: Monday of the last week that was published before.
        week: Monday of the latest week known when the change was found.
        as_of: its cutoff.
    """
    span = pl.col("week_start").is_between(judged["week_start"].min(), published_to)
    long = [
        frame.filter(span)
        .select(*KEYS, *[pl.col(name).cast(pl.String) for name in RESTATED])
        .unpivot(index=KEYS, variable_name="figure", value_name=value)
        for frame, value in ((known, "was_value"), (judged, "is_value"))
    ]
    by_issue = causes.drop_nulls("issue_id").unique([*KEYS]).rename({"reason": "by_issue"})
    by_week = (
        causes.filter(pl.col("issue_id").is_null())
        .unique("week_start")
        .select("week_start", pl.col("reason").alias("by_week"))
    )
    return (
        long[0]
        .join(long[1], on=[*KEYS, "figure"], how="full", coalesce=True)
        .filter(pl.col("was_value").ne_missing(pl.col("is_value")))
        .join(by_issue, on=[*KEYS], how="left")
        .join(by_week, on="week_start", how="left")
        .select(
            pl.lit(week).alias("as_of_week"),
            "week_start",
            "issue_id",
            "figure",
            "was_value",
            "is_value",
            pl.coalesce("by_issue", "by_week", pl.lit("late")).alias("reason"),
            pl.lit(as_of).cast(pl.Datetime("us")).alias("as_of"),
        )
        .sort("as_of_week", "week_start", "issue_id", "figure")
    )
