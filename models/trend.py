"""Weekly trends: counts with their expected range and verdict, and what was published of them."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from models.table import TableRow

Verdict = Literal[
    "NEW", "SPIKING", "RISING", "STEADY", "DECLINING", "RESOLVED", "INSUFFICIENT_HISTORY"
]


class WeeklyCount(TableRow):
    """One row per issue and week from the issue's first week on, zero weeks included."""

    table: ClassVar[str] = "weekly_counts"
    grain: ClassVar[tuple[str, ...]] = ("issue_id", "week_start")
    is_published: ClassVar[bool] = False

    issue_id: str = Field(description="The issue.")
    week_start: date = Field(description="Monday of the week in which the customers spoke.")
    feedback_count: int = Field(description="Distinct feedback: one per voice and text.")
    customer_count: int = Field(description="Distinct voices.")
    exposure: float = Field(description="Who could have complained: all feedback of the week.")


class IssueWeekly(TableRow):
    """One row per issue and week, zero weeks included, wholly as known now."""

    table: ClassVar[str] = "issue_weekly"
    grain: ClassVar[tuple[str, ...]] = ("issue_id", "week_start")
    partition: ClassVar[str | None] = "week_start"

    issue_id: str = Field(description="The issue.")
    week_start: date = Field(description="Monday of the week in which the customers spoke.")
    feedback_count: int = Field(description="Distinct feedback: one per voice and text.")
    customer_count: int = Field(description="Distinct voices (customers where known).")
    exposure: float = Field(description="Who could have complained: all feedback of the week.")
    share: float | None = Field(description="feedback_count / all feedback of the week, 0 to 1.")
    rate: float | None = Field(description="feedback_count / exposure, 0 to 1.")
    observed_count: float = Field(description="What the detector judged: feedback_count.")
    expected_count: float | None = Field(description="Count expected from the weeks before.")
    lower_bound: float | None = Field(description="Lower end of the expected range.")
    upper_bound: float | None = Field(description="Upper end of the expected range.")
    exceedance_score: float | None = Field(
        description="(observed - expected) / (upper_bound - expected)."
    )
    p_value: float | None = Field(description="Chance of a count this high if nothing changed.")
    q_value: float | None = Field(description="p_value adjusted for all issues of the week.")
    verdict: Verdict = Field(description="NEW, SPIKING, RISING, STEADY, DECLINING, RESOLVED, ...")
    is_alarm: bool = Field(
        description="True if the count, with the two weeks before it, is high beyond chance."
    )
    verdict_weeks: int = Field(description="Weeks in a row with this verdict, this one included.")
    rate_ratio: float | None = Field(description="Observed against expected.")
    rate_ratio_lower: float | None = Field(description="Lower end of its 95 % interval.")
    rate_ratio_upper: float | None = Field(description="Upper end of its 95 % interval.")
    forecast_count: float | None = Field(description="Count expected for the next week.")
    forecast_lower: float | None = Field(description="Lower end of the forecast's 95 % range.")
    forecast_upper: float | None = Field(description="Upper end of the forecast's 95 % range.")
    reason: str = Field(description="The verdict in words, with its numbers.")


class PublishedFigure(TableRow):
    """One row per week, issue and figure, as first published; never changed."""

    table: ClassVar[str] = "published_figures"
    grain: ClassVar[tuple[str, ...]] = ("week_start", "issue_id", "figure")
    partition: ClassVar[str | None] = "week_start"

    week_start: date = Field(description="Monday of the week published.")
    issue_id: str = Field(description="The issue; empty for figures of the whole week.")
    figure: str = Field(description="Name of the figure, as in issue_weekly.")
    value: float | None = Field(description="The number; null for texts and missing numbers.")
    value_text: str | None = Field(description="The text; null for numbers.")
    as_of: datetime = Field(description="What was known at this instant, UTC.")


class Restatement(TableRow):
    """One row per published figure that later knowledge changed, each time it changed."""

    table: ClassVar[str] = "restatements"
    grain: ClassVar[tuple[str, ...]] = ("as_of_week", "week_start", "issue_id", "figure")
    partition: ClassVar[str | None] = "as_of_week"

    as_of_week: date = Field(description="Monday of the week whose run found the change.")
    week_start: date = Field(description="Monday of the week restated.")
    issue_id: str = Field(description="The issue.")
    figure: str = Field(description="Name of the figure: feedback_count, verdict, ...")
    was_value: str | None = Field(
        description="The figure as last known, as text; null if the issue was not born yet."
    )
    is_value: str | None = Field(description="The figure as known now, as text.")
    reason: Literal["late", "revised", "reassigned", "rebuilt", "decision"] = Field(
        description="late: late records; revised: changed or deleted records; reassigned: segments "
        "that moved to another issue; rebuilt: a rebuild; decision: a person's."
    )
    as_of: datetime = Field(description="Knowledge of this instant, UTC.")
