"""Survey scores by week, what goes with them, and the registry of surveys."""

from datetime import date
from typing import Literal

from pydantic import Field

from models.report_figures import WeekSeries
from models.table import Contract

Metric = Literal["nps", "csat", "ces", "rating"]
Standing = Literal["lower", "as usual", "higher", "not judged"]


class ScoreLine(Contract):
    """One score of one survey in the report's week."""

    source_id: str = Field(description="The survey.")
    survey_name: str = Field(description="As printed.")
    question: str = Field("", description="The question as it stands in the table.")
    metric: Metric = Field(description="nps (-100 to 100), csat (share), ces or rating (mean).")
    scale: str = Field("", description="The scale as it stands in the table.")
    value: float | None = Field(description="This week; None without responses.")
    lower: float | None = Field(description="Lower end of its 95 % interval.")
    upper: float | None = Field(description="Upper end of its 95 % interval.")
    response_count: int = Field(description="Responses this week.")
    previous: float | None = Field(description="The week before.")
    series: WeekSeries = Field(description="52 weeks, each with its 95 % interval as range.")
    usual: float | None = Field(
        None, description="Median of the 26 weeks before, as published; None under 8 of them."
    )
    standing: Standing = Field(
        "not judged",
        description="lower or higher: the whole interval lies below or above `usual`.",
    )


class DriverLine(Contract):
    """An issue that goes with higher or lower scores: an association, not a cause."""

    source_id: str = Field(description="The survey.")
    survey_name: str = Field(description="As printed.")
    question: str = Field("", description="The question as it stands in the table.")
    metric: Metric = Field(description="The score.")
    scale: str = Field("", description="The scale as it stands in the table.")
    issue_id: str = Field(description="The issue.")
    issue_label: str = Field(description="Its name, as printed.")
    difference: float = Field(description="Score with the issue less score without it.")
    lower: float = Field(description="Lower end of its 95 % interval.")
    upper: float = Field(description="Upper end of its 95 % interval.")
    with_count: int = Field(description="Responses with the issue.")
    without_count: int = Field(description="Responses without it.")


class SurveyLine(Contract):
    """One survey of the registry."""

    source_id: str = Field(description="The survey.")
    name: str = Field(description="As printed.")
    owner: str = Field(description="Who answers for it; may be empty.")
    wording: str = Field(description="The question asked; may be empty.")
    question: str = Field("", description="The question as it stands in the table.")
    metric: Metric = Field(description="What is made of the answers.")
    scale: str = Field(description="The scale in words, e.g. 0 to 10, higher is better.")
    response_count: int = Field(description="Responses so far.")
    first_week: date | None = Field(description="Monday of the first week with a response.")
    last_week: date | None = Field(description="Monday of the latest week with a response.")
    week_count: int = Field(description="Weeks with a response.")
