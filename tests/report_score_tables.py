"""A made-up company's surveys: scores by week, what goes with them, the registry."""

from datetime import date, timedelta

import numpy as np
import polars as pl

SURVEYS = (
    ("survey", "How likely are you to recommend us?", "nps", "0 to 10, higher is better", "Survey"),
    ("chat", "Did we solve it?", "csat", "1 to 5, higher is better", "Chat"),
    ("chat", "", "ces", "1 to 7, lower is better", "Chat"),
)
_KEY = {"source_id": pl.String, "question": pl.String, "metric": pl.String, "scale": pl.String}
_ENDS = {"lower_bound": pl.Float64, "upper_bound": pl.Float64}
SCORE_SCHEMA = {
    "as_of_week": pl.Date, "week_start": pl.Date, **_KEY, "dimension": pl.String,
    "cell": pl.String, "response_count": pl.Int64, "value": pl.Float64, **_ENDS,
}  # fmt: skip
DRIVER_SCHEMA = {
    "as_of_week": pl.Date, **_KEY, "issue_id": pl.String, "first_week": pl.Date,
    "with_count": pl.Int64, "without_count": pl.Int64, "score_with": pl.Float64,
    "score_without": pl.Float64, "difference": pl.Float64, **_ENDS, "p_value": pl.Float64,
    "q_value": pl.Float64,
}  # fmt: skip
SURVEY_SCHEMA = {
    "as_of_week": pl.Date, **_KEY, "name": pl.String, "owner": pl.String,
    "response_count": pl.Int64, "first_week": pl.Date, "last_week": pl.Date,
    "week_count": pl.Int64,
}  # fmt: skip
_LEVELS = {"nps": (12.0, 4.0, 9.0), "csat": (0.71, 0.03, 0.06), "ces": (3.4, 0.1, 0.3)}


def score_tables(week: date, weeks: int = 60) -> dict[str, pl.DataFrame]:
    """The three tables; the NPS of the last week is far below the weeks before."""
    random = np.random.default_rng(5)
    scores = []
    for *key, _ in SURVEYS:
        level, spread, half = _LEVELS[key[2]]
        for back in range(weeks):
            monday = week - timedelta(weeks=back)
            value = round(level + spread * float(random.standard_normal()), 6)
            if back == 0:
                value = -21.4 if key[2] == "nps" else level
            ends = (round(value - half, 6), round(value + half, 6))
            scores.append((monday, monday, *key, "all", "", 90 + back, value, *ends))
    first = week - timedelta(weeks=12)
    found = [
        (0, "ISS-0001", 110, 1447, -39.04, -52.5, -23.3, 0.0001),
        (0, "ISS-0004", 27, 1530, -66.19, -79.0, -40.4, 0.002),
        (1, "ISS-0012", 38, 412, -0.2144, -0.331, -0.097, 0.01),
        (2, "ISS-0012", 36, 390, 0.62, 0.21, 1.05, 0.03),
        (2, "ISS-0003", 30, 396, 0.1, -0.4, 0.6, 0.7),
    ]
    drivers = [
        (week, *SURVEYS[place][:4], issue_id, first, has, lacks, 1.0, 1.0 - by, by, low, high, q, q)
        for place, issue_id, has, lacks, by, low, high, q in found
    ]
    began = week - timedelta(weeks=weeks - 1)
    surveys = [
        (week, *key, name, "" if key[2] == "ces" else "V. Reyes", 5400, began, week, weeks)
        for *key, name in SURVEYS
    ]
    return {
        "scores": pl.DataFrame(scores, schema=SCORE_SCHEMA, orient="row"),
        "drivers": pl.DataFrame(drivers, schema=DRIVER_SCHEMA, orient="row"),
        "surveys": pl.DataFrame(surveys, schema=SURVEY_SCHEMA, orient="row"),
    }
