"""Survey scores by week, the issues that go with them, and the registry of surveys.

A survey is a score of a source: its question, metric and scale. One definition for all: NPS is the
share of 9 and 10 less the share of 0 to 6, from -100 to 100; CSAT the share of the two best
answers; CES and ratings the mean on their own scale and in their own direction.
"""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from models.feedback import ScoreMetric
from models.table import TableRow

ScoreDimension = Literal["all", "customer_segment", "product"]


class Score(TableRow):
    """One row per as-of week, week, survey, dimension and cell: the score with its 95 % interval.

    A week is scored when it closes, and again, with all its rows, in a later week that brought
    responses of it or found some erased. Analysts read the latest as-of week of each week; a row
    whose as-of week is its own week is the score as first published, and stays.
    """

    table: ClassVar[str] = "scores"
    grain: ClassVar[tuple[str, ...]] = (
        "as_of_week", "week_start", "source_id", "question", "metric", "scale", "dimension", "cell",
    )  # fmt: skip
    partition: ClassVar[str | None] = "as_of_week"

    as_of_week: date = Field(description="Monday of the week at whose cutoff this was known.")
    week_start: date = Field(description="Monday of the week in which customers answered.")
    source_id: str = Field(description="The source that asks.")
    question: str = Field(description="Wording of the question; empty if nobody says it.")
    metric: ScoreMetric = Field(description="nps, csat, ces or rating.")
    scale: str = Field(description="The scale in words, e.g. 0 to 10, higher is better.")
    dimension: ScoreDimension = Field(description="all, customer_segment or product.")
    cell: str = Field(description="Value of the dimension; empty for all.")
    response_count: int = Field(description="Responses with a score; each counts once.")
    value: float | None = Field(
        description="nps: -100 to 100; csat: share, 0 to 1; ces, rating: mean on the scale, as "
        "given. Null without responses."
    )
    lower_bound: float | None = Field(description="Lower end of its 95 % interval.")
    upper_bound: float | None = Field(description="Upper end of its 95 % interval.")


class ScoreDriver(TableRow):
    """One row per as-of week, survey and issue: scores with and without a mention of the issue.

    An association, never a cause. Compared are responses with words of the 13 weeks up to the
    as-of week. Part of a difference is by construction: a low score helps to see a problem in a
    text, so compare issues with one another. Analysts read the rows of the latest week.
    """

    table: ClassVar[str] = "score_drivers"
    grain: ClassVar[tuple[str, ...]] = (
        "as_of_week", "source_id", "question", "metric", "scale", "issue_id",
    )  # fmt: skip
    partition: ClassVar[str | None] = "as_of_week"

    as_of_week: date = Field(description="Monday of the week at whose cutoff this was known.")
    source_id: str = Field(description="The source that asks.")
    question: str = Field(description="Wording of the question; empty if nobody says it.")
    metric: ScoreMetric = Field(description="nps, csat, ces or rating.")
    scale: str = Field(description="The scale in words.")
    issue_id: str = Field(description="The issue, as people merged and split it.")
    first_week: date = Field(description="Monday of the first week compared.")
    with_count: int = Field(description="Responses that mention the issue; at least 10.")
    without_count: int = Field(
        description="Responses with words that do not mention it; at least 10."
    )
    score_with: float = Field(description="Score of the responses that mention it.")
    score_without: float = Field(description="Score of those that do not.")
    difference: float = Field(description="score_with less score_without, in points of the score.")
    lower_bound: float = Field(description="Lower end of its 95 % interval.")
    upper_bound: float = Field(description="Upper end of its 95 % interval.")
    p_value: float = Field(
        description="Chance of a difference as large if mentions fell on responses at random."
    )
    q_value: float = Field(
        description="p_value adjusted for all surveys and issues of the week (Benjamini-Hochberg)."
    )


class Survey(TableRow):
    """One row per as-of week and survey: the registry of all that asks customers for a score.

    Analysts read the rows of the latest week, one row per survey.
    """

    table: ClassVar[str] = "surveys"
    grain: ClassVar[tuple[str, ...]] = ("as_of_week", "source_id", "question", "metric", "scale")
    partition: ClassVar[str | None] = "as_of_week"

    as_of_week: date = Field(description="Monday of the week at whose cutoff this was known.")
    source_id: str = Field(description="The source that asks.")
    question: str = Field(description="Wording of the question; empty if nobody says it.")
    metric: ScoreMetric = Field(description="nps, csat, ces or rating.")
    scale: str = Field(description="The scale in words, e.g. 0 to 10, higher is better.")
    name: str = Field(description="What people call the source.")
    owner: str = Field(description="Who answers for it; empty if the settings do not say.")
    response_count: int = Field(description="Responses with a score so far.")
    first_week: date | None = Field(description="Monday of the first week with a response.")
    last_week: date | None = Field(description="Monday of the latest week with a response.")
    week_count: int = Field(description="Weeks with a response.")
