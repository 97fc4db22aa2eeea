"""One issue as the report shows it: its figures, where its excess sits, its page if escalated."""

from datetime import date
from typing import Literal

from pydantic import Field

from models.report_figures import WeekSeries
from models.table import Contract
from models.trend import Verdict

Dimension = Literal["product", "region", "customer_segment", "channel", "source_id", "touchpoint"]
EventKind = Literal["company", "action", "register"]


class Concentration(Contract):
    """The cell in which an issue's reports of this week stand out most."""

    dimension: Dimension = Field(description="What the cell is a value of.")
    cell: str = Field(description="The cell, as printed.")
    cell_count: int = Field(description="Reports of the issue in the cell this week.")
    issue_count: int = Field(description="All its reports this week in this dimension.")
    usual_share: float = Field(description="The cell's share in the 8 weeks before, 0 to 1.")
    is_own_share: bool = Field(
        description="True: usual_share is the issue's own; False: of all issues, as it is new."
    )
    excess_count: float = Field(description="cell_count less usual_share of issue_count.")
    key: str = Field("", description="The cell as it stands in the table.")
    second_dimension: Dimension | None = Field(None, description="Of a pair of cells, the other.")
    second_cell: str = Field("", description="Of a pair, the other cell, as printed.")
    second_key: str = Field("", description="Of a pair, the other cell as in the table.")


class Contribution(Contract):
    """What one cell adds to an issue's change; the cells of an issue sum to the whole change."""

    cell: str | None = Field(description="The cell, as printed; None: not stated.")
    is_rest: bool = Field(description="True for all smaller cells together.")
    feedback_count: int = Field(description="Reports in the cell this week.")
    usual_count: float = Field(description="Its usual count.")
    extra_count: float = Field(description="feedback_count less usual_count.")
    is_significant: bool = Field(False, description="True if beyond chance, all cells considered.")
    key: str = Field("", description="The cell as it stands in the table.")


class ReportQuote(Contract):
    """A customer's words: an unbroken part of a masked verbatim."""

    segment_id: str = Field(description="The segment quoted.")
    feedback_id: str = Field(description="The record quoted.")
    quote_rank: int = Field(description="1 is nearest to the issue's centre.")
    is_edge: bool = Field(description="True for the quote farthest from the centre.")
    text: str = Field(description="The words shown; a substring of the stored quote.")
    is_cut_start: bool = Field(description="True if words before it are left out.")
    is_cut_end: bool = Field(description="True if words after it are left out.")


class RatePoint(Contract):
    """An issue's rate in one week or month, beside its usual range and the year before."""

    start: date = Field(description="Monday of the week, or first Monday of the month.")
    rate: float | None = Field(description="Reports per 1,000 feedback; None if not published.")
    usual_lower: float | None = Field(description="Lower end of the usual range, per 1,000.")
    usual_upper: float | None = Field(description="Upper end of the usual range, per 1,000.")
    year_ago: float | None = Field(description="The rate 52 weeks before.")
    is_partial: bool = Field(False, description="True for a month that is not over.")


class DatedEvent(Contract):
    """Something that happened on a day and belongs beside a series."""

    happened_on: date = Field(description="The day.")
    text: str = Field(description="What happened, as printed.")
    kind: EventKind = Field(description="The company's calendar, an action, or the register.")


class IssuePage(Contract):
    """The page of one escalated issue: how it went, where it sits, what is known and what not."""

    headline: str = Field(description="The finding.")
    lede: str = Field(description="The line under it: the numbers.")
    weeks: tuple[RatePoint, ...] = Field(description="The last 6 weeks, oldest first.")
    months: tuple[RatePoint, ...] = Field(description="The last 12 months, oldest first.")
    long_series: WeekSeries = Field(description="Up to 104 weeks of counts with their range.")
    events: tuple[DatedEvent, ...] = Field((), description="Dated events, oldest first.")
    new_terms: tuple[str, ...] = Field((), description="Words that are new in its texts.")
    known: tuple[str, ...] = Field((), description="What we know, a sentence each.")
    not_known: tuple[str, ...] = Field((), description="What we do not know, a sentence each.")
    action_ids: tuple[str, ...] = Field((), description="Its actions, overdue first.")


class ReportIssue(Contract):
    """One tracked issue in the report's week."""

    issue_id: str = Field(description="Stable id.")
    label: str = Field(description="Its name, as printed.")
    function_id: str | None = Field(description="The function that owns it; None if none does.")
    verdict: Verdict = Field(description="The published verdict.")
    verdict_weeks: int = Field(description="Weeks in a row with this verdict.")
    is_alarm: bool = Field(description="True if the count is above its range beyond chance.")
    is_above: bool = Field(description="True if the count exceeds the upper end of its range.")
    feedback_count: int = Field(description="Reports this week.")
    customer_count: int = Field(description="Distinct voices this week.")
    previous_count: int | None = Field(description="Reports last week, as published.")
    year_ago_count: int | None = Field(description="Reports 52 weeks before, as published.")
    expected_count: float | None = Field(description="Reports expected this week.")
    lower_bound: float | None = Field(description="Lower end of the usual range.")
    upper_bound: float | None = Field(description="Upper end of the usual range.")
    rate_ratio: float | None = Field(description="Observed against expected.")
    rate_ratio_lower: float | None = Field(description="Lower end of its 95 % interval.")
    rate_ratio_upper: float | None = Field(description="Upper end of its 95 % interval.")
    reason: str = Field(description="The verdict in words, as published.")
    first_week: date | None = Field(description="Monday of the first week with a mention.")
    series: WeekSeries = Field(description="The last 52 weeks as published.")
    concentration: Concentration | None = Field(description="Where it stands out; None: nowhere.")
    parts_of: Dimension | None = Field(description="The dimension of `parts`; None without any.")
    parts: tuple[Contribution, ...] = Field(description="What each cell adds; most first.")
    only_source: str | None = Field(
        description="Name of the source that holds at least 95 % of it, if others sent feedback."
    )
    only_source_note: str = Field(
        "", description="What is odd about that source's volume this week; else empty."
    )
    quotes: tuple[ReportQuote, ...] = Field(description="Shown for the issues of page one.")
    forecast_count: float | None = Field(None, description="Reports expected next week.")
    forecast_lower: float | None = Field(None, description="Lower end of next week's range.")
    forecast_upper: float | None = Field(None, description="Upper end of next week's range.")
    is_escalated: bool = Field(False, description="True if it has a page of its own.")
    is_on_watch: bool = Field(
        False, description="True if too few reports for an alarm, yet worth watching."
    )
    is_lasting: bool = Field(
        False, description="True if inside its range, and beyond chance with the weeks before."
    )
    rose_again: bool = Field(False, description="True if it was above already and rose again.")
    is_muted: bool = Field(False, description="True: counted; no card and no row on page one.")
    is_pinned: bool = Field(False, description="True: always in the table of page one.")
    page: IssuePage | None = Field(None, description="Its page; None unless escalated.")
