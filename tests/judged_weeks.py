"""Series of weekly counts and their verdicts, for tests."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from voc_pipeline.trends.verdicts import judge_week

MONDAY = date(2025, 1, 6)
NOTHING = pl.DataFrame()


def week(number: int) -> date:
    return MONDAY + timedelta(days=7 * number)


def counts(
    series: dict[str, list[float | None]], exposure: list[float] | None = None
) -> pl.DataFrame:
    """Weekly counts; None is a week without a row."""
    rows = [
        (issue_id, week(number), count, count, exposure[number] if exposure else 100.0)
        for issue_id, values in series.items()
        for number, count in enumerate(values)
        if count is not None
    ]
    names = ["issue_id", "week_start", "feedback_count", "customer_count", "exposure"]
    return pl.DataFrame(rows, schema=names, orient="row")


def steady(length: int = 40, mean: float = 10, seed: int = 1) -> list[float | None]:
    return np.random.default_rng(seed).poisson(mean, length).tolist()


def company(length: int = 40, **extra: list[float | None]) -> dict[str, list[float | None]]:
    return {f"S{number}": steady(length, 8, number) for number in range(6)} | extra


def judged(
    series: dict[str, list[float | None]], number: int, exposure: list[float] | None = None
) -> dict[str, dict[str, object]]:
    found = judge_week(counts(series, exposure), NOTHING, NOTHING, week=week(number))
    return {str(row["issue_id"]): row for row in found.iter_rows(named=True)}


def numbers_of(found: pl.DataFrame) -> pl.DataFrame:
    return found.select(pl.col(pl.Float64))
