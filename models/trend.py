"""Weekly trends: counts with their expected range and verdict, and what was published of them."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from models.table import TableRow

Verdict = Literal[
    "NEW", "SPIKING", "RISING", "STEADY", "DECLINING", "RESOLVED", "INSUFFICIENT_HISTORY"
]
TrendMethod = Literal["voc", "farrington", "ears_c1", "ears_c2", "ears_c3"]
"""Our own method, or a reference method of public health in its place."""


class WeeklyCount(TableRow):
    """One row per issue and week from the issue's first week on, zero weeks included."""

    table: ClassVar[str] = "weekly_counts"
    grain: ClassVar[tuple[str, ...]] = ("issue_id", "week_start")
    is_published: ClassVar[bool] = False

    issue_id: str = Field(description="The issue.")
    week_start: date = Field(description="Monday of the week in which the customers spoke.")
    feedback_count: int = Field(description="Distinct feedback: one per voice and text.")
    customer_count: int = Field(description="Distinct voices.")
    week_count: int = Field(description="Distinct feedback of the week, with this issue or not.")
    exposure: float = Field(
        description="Who could have complained: customers or orders where they are known, else the "
        "feedback of the week, each text weighed by how readily its source tells of the issue."
    )
    exposure_doubt: float = Field(
        description="Variance of the logarithm of the exposure: 0 while the mix of sources is the "
        "usual one."
    )


class IssueWeekly(TableRow):
    """One row per issue and week, zero weeks included, wholly as known now."""

    table: ClassVar[str] = "issue_weekly"
    grain: ClassVar[tuple[str, ...]] = ("issue_id", "week_start")
    partition: ClassVar[str | None] = "week_start"

    issue_id: str = Field(description="The issue.")
    week_start: date = Field(description="Monday of the week in which the customers spoke.")
    feedback_count: int = Field(description="Distinct feedback: one per voice and text.")
    customer_count: int = Field(description="Distinct voices (customers where known).")
    week_count: int | None = Field(
        description="Distinct feedback of the week, with this issue or not."
    )
    exposure: float = Field(
        description="Who could have complained: customers or orders where they are known, else the "
        "feedback of the week, each text weighed by how readily its source tells of the issue."
    )
    share: float | None = Field(description="feedback_count / all feedback of the week, 0 to 1.")
    rate: float | None = Field(description="feedback_count / exposure.")
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
    is_watched: bool = Field(
        description="True if the count is high beyond chance, but too small for an alarm: fewer "
        "than 5 reports, or fewer than 50 feedback in the whole week."
    )
    is_escalated: bool = Field(
        description="True if an issue that was open already rose again: p_value at most 0.001, at "
        "least 10 reports, a rate at least 1.5 times the highest of the 4 weeks before."
    )
    alarm_chance: float | None = Field(
        description="Chance of an alarm in this week if nothing had changed, by the expected range."
    )
    verdict_weeks: int = Field(description="Weeks in a row with this verdict, this one included.")
    rate_ratio: float | None = Field(description="Observed against expected.")
    rate_ratio_lower: float | None = Field(description="Lower end of its 95 % interval.")
    rate_ratio_upper: float | None = Field(description="Upper end of its 95 % interval.")
    forecast_count: float | None = Field(description="Count expected for the next week.")
    forecast_lower: float | None = Field(description="Lower end of the forecast's 95 % range.")
    forecast_upper: float | None = Field(description="Upper end of the forecast's 95 % range.")
    is_provisional: bool = Field(
        description="True if, as late as its sources usually are, less than 95 % of the issue's "
        "reports of the week have arrived."
    )
    nowcast_count: float = Field(
        description="Reports the week should hold when all has arrived; feedback_count where it "
        "is not provisional."
    )
    nowcast_lower: float = Field(description="Lower end of the nowcast's 95 % interval.")
    nowcast_upper: float = Field(description="Upper end of the nowcast's 95 % interval.")
    reason: str = Field(description="The verdict in words, with its numbers.")


class TrendBacktest(TableRow):
    """One row per week and volume band: how the published ranges and alarms of all weeks held."""

    table: ClassVar[str] = "trend_backtest"
    grain: ClassVar[tuple[str, ...]] = ("week_start", "volume_band")
    partition: ClassVar[str | None] = "week_start"

    week_start: date = Field(description="Monday of the latest week that was counted in.")
    volume_band: Literal["all", "under 1", "1 to 3", "3 to 10", "10 and more"] = Field(
        description="Issue-weeks by their expected count; all: whatever it was."
    )
    judged_week_count: int = Field(description="Weeks judged so far.")
    issue_week_count: int = Field(description="Issue-weeks with a published range so far.")
    inside_share: float | None = Field(
        description="Of them, those inside their published range; the range is meant to hold 0.95. "
        "Real movements are among those outside."
    )
    above_share: float | None = Field(description="Of them, those above their range.")
    below_share: float | None = Field(description="Of them, those below their range.")
    low_p_share: float | None = Field(
        description="Of them, those with a p_value of at most 0.01: 0.01 if nothing ever changed."
    )
    alarm_count: int = Field(description="Alarms published so far.")
    alarms_per_week: float | None = Field(description="Alarms published per judged week.")
    chance_alarms_per_week: float | None = Field(
        description="Alarms per judged week that chance alone would have given: the sum of "
        "alarm_chance."
    )


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
    reason: Literal["late", "revised", "reassigned", "rebuilt", "decision", "erased"] = Field(
        description="late: late records; revised: changed or deleted records; reassigned: segments "
        "that moved to another issue; rebuilt: a rebuild; decision: a person's; erased: a customer "
        "was erased."
    )
    as_of: datetime = Field(description="Knowledge of this instant, UTC.")
