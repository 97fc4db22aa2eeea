"""The weekly report as a frozen value: what a leader reads, before it is drawn.

Here live the parts of the report and nothing that computes or draws them: `voc_pipeline.report`
builds the value from tables and renders it. Texts are cleaned for display (no control or
direction characters, bounded length) but not escaped; escaping belongs to each rendering.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import Field, model_validator

from models.table import Contract
from models.trend import Verdict

Unit = Literal["count", "share", "per_thousand"]
Dimension = Literal["product", "region", "customer_segment", "channel", "source_id"]


class WeekSeries(Contract):
    """One value a week, oldest first, the report's week last; None where none was published."""

    first_week: date = Field(description="Monday of the first value.")
    values: tuple[float | None, ...] = Field(description="The published value of each week.")
    lower: tuple[float | None, ...] = Field(description="Lower end of each week's usual range.")
    upper: tuple[float | None, ...] = Field(description="Upper end of each week's usual range.")

    @model_validator(mode="after")
    def _lengths_agree(self) -> "WeekSeries":
        if not len(self.values) == len(self.lower) == len(self.upper):
            raise ValueError("values, lower and upper must have one entry a week each")
        return self


class KeyFigure(Contract):
    """One of the four figures of page one."""

    name: str = Field(description="What is counted, in plain words.")
    unit: Unit = Field(description="How the value is read: a count, a share of 1, per 1,000.")
    value: float | None = Field(description="This week; None if it cannot be said.")
    of_count: int | None = Field(description="The whole of which a count is a part.")
    previous: float | None = Field(description="The week before, as published.")
    usual_lower: float | None = Field(description="5th percentile of the weeks before.")
    usual_upper: float | None = Field(description="95th percentile of the weeks before.")
    note: str = Field(description="What a reader must know beside it; may be empty.")
    series: WeekSeries = Field(description="The last 52 weeks.")


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


class Contribution(Contract):
    """What one cell adds to an issue's change; the cells of an issue sum to the whole change."""

    cell: str | None = Field(description="The cell, as printed; None: not stated.")
    is_rest: bool = Field(description="True for all smaller cells together.")
    feedback_count: int = Field(description="Reports in the cell this week.")
    usual_count: float = Field(description="Its mean count in the 8 weeks before.")
    extra_count: float = Field(description="feedback_count less usual_count.")


class ReportQuote(Contract):
    """A customer's words: an unbroken part of a masked verbatim."""

    segment_id: str = Field(description="The segment quoted.")
    feedback_id: str = Field(description="The record quoted.")
    quote_rank: int = Field(description="1 is nearest to the issue's centre.")
    is_edge: bool = Field(description="True for the quote farthest from the centre.")
    text: str = Field(description="The words shown; a substring of the stored quote.")
    is_cut_start: bool = Field(description="True if words before it are left out.")
    is_cut_end: bool = Field(description="True if words after it are left out.")


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
    quotes: tuple[ReportQuote, ...] = Field(description="Shown for escalated issues only.")


class FunctionGroup(Contract):
    """A function and the issues it owns, most reported first."""

    function_id: str | None = Field(description="The function; None: nobody owns these.")
    name: str = Field(description="As printed.")
    owner: str = Field(description="Who answers for it; may be empty.")
    issue_ids: tuple[str, ...] = Field(description="Its tracked issues.")


class Notice(Contract):
    """Something about the listening itself that must be read before any figure."""

    is_missing: bool = Field(description="True if feedback is missing; False if it is only odd.")
    text: str = Field(description="One sentence or two.")


class SourceLine(Contract):
    """What one source was expected to send and sent."""

    source_id: str = Field(description="The configured source.")
    name: str = Field(description="As printed.")
    channel: str = Field(description="How the customers speak there.")
    state: str = Field(description="As in source_health; 'unknown' without a row for the week.")
    state_weeks: int = Field(description="Weeks in a row in this state.")
    expected_count: float | None = Field(description="Usual arrivals of a week.")
    arrived_count: int = Field(description="Records that this week brought.")
    late_count: int = Field(description="Of these, records about an earlier week.")
    rejected_count: int = Field(description="Records set aside this week.")
    last_seen_at: datetime | None = Field(description="Latest record known, UTC.")
    message: str = Field(description="The error where the source failed, else empty.")


class LoadBalance(Contract):
    """The ledger of one source: all that was fetched, and where it went."""

    source_id: str = Field(description="The configured source; empty: all sources together.")
    name: str = Field(description="As printed.")
    fetched_count: int = Field(description="Records handed over.")
    loaded_count: int = Field(description="Seen for the first time.")
    revised_count: int = Field(description="Known, with new content.")
    deleted_count: int = Field(description="Deleted by the source.")
    duplicate_count: int = Field(description="Known, with the same content.")
    rejected_count: int = Field(description="Set aside with a reason.")
    suppressed_count: int = Field(description="Of erased customers, not stored.")
    outside_window_count: int = Field(description="Before the first week or after the cutoff.")

    @property
    def difference(self) -> int:
        """Fetched records that no column accounts for; 0 if nothing is lost."""
        return self.fetched_count - (
            self.loaded_count
            + self.revised_count
            + self.deleted_count
            + self.duplicate_count
            + self.rejected_count
            + self.suppressed_count
            + self.outside_window_count
        )


class SetAside(Contract):
    """Records, or parts of records, that were not used, with the reason and the remedy."""

    source_name: str = Field(description="As printed.")
    scope: str = Field(description="'record', or the part that was emptied.")
    reason: str = Field(description="What was wrong.")
    remedy: str = Field(description="What to do.")
    reject_count: int = Field(description="How many.")


class RestatedFigure(Contract):
    """A published figure that later knowledge changed."""

    week_start: date = Field(description="Monday of the week restated.")
    issue_id: str = Field(description="The issue; empty: the whole week.")
    label: str = Field(description="The issue's name, as printed.")
    figure: str = Field(description="Name of the figure.")
    was_value: str = Field(description="As last known.")
    is_value: str = Field(description="As known now.")
    reason: str = Field(description="late, revised, reassigned, rebuilt or decision.")


class Sureness(Contract):
    """How far the ranges and verdicts can be trusted."""

    judged_count: int = Field(description="Issues with a usual range this week.")
    above_count: int = Field(description="Of these, issues above it.")
    usual_above_count: float = Field(
        description="Issues above it in a usual week: the measured share above, or the designed."
    )
    inside_share: float | None = Field(
        description="Share of all judged issue-weeks inside the range published for them, real "
        "movements included; None: not measured."
    )
    above_share: float | None = Field(description="Of them, the share above the range.")
    issue_week_count: int | None = Field(description="Issue-weeks of that back-test.")
    nominal_inside_share: float = Field(description="The share the range is designed for.")
    nominal_false_share: float = Field(
        description="Share of false alarms among alarms that the verdicts are designed for."
    )


class WeeklyReport(Contract):
    """One report: a week of one company, as known at its cutoff."""

    week_start: date = Field(description="Monday of the week reported.")
    week_label: str = Field(description="2026-W46.")
    company_name: str = Field(description="As printed.")
    is_simulated: bool = Field(description="True if no real customer is in it.")
    as_of: datetime = Field(description="What was known at this instant, UTC.")
    time_zone: str = Field(description="The company's time zone.")
    history_weeks: int = Field(description="Published weeks before this one.")
    headline: str = Field(description="The conclusion.")
    lede: str = Field(description="The line under it: the rest.")
    notices: tuple[Notice, ...] = Field(description="Missing or odd sources, worst first.")
    key_figures: tuple[KeyFigure, ...] = Field(description="The four figures of page one.")
    issues: tuple[ReportIssue, ...] = Field(description="Every tracked issue, by id.")
    look_first: tuple[str, ...] = Field(max_length=3, description="Issues with a card, in order.")
    watch: tuple[str, ...] = Field(description="Above range, new or rising, most pressing first.")
    easing: tuple[str, ...] = Field(description="Declining or resolved.")
    functions: tuple[FunctionGroup, ...] = Field(description="Every tracked issue by function.")
    sources: tuple[SourceLine, ...] = Field(description="Every configured source.")
    balances_week: tuple[LoadBalance, ...] = Field(description="This week's loads, then all.")
    balances_all: tuple[LoadBalance, ...] = Field(description="All loads so far, then all.")
    set_aside: tuple[SetAside, ...] = Field(
        description="This week's rejects, most first, 40 kinds at most."
    )
    set_aside_kinds: int = Field(description="Kinds of rejects, those not listed included.")
    restated_count: int = Field(description="Restated figures, those not listed included.")
    restated: tuple[RestatedFigure, ...] = Field(
        description="Figures restated this week, latest first, 40 at most."
    )
    sureness: Sureness = Field(description="How far to trust the verdicts.")

    @model_validator(mode="after")
    def _issues_named_are_there(self) -> "WeeklyReport":
        known = {issue.issue_id for issue in self.issues}
        placed = [one for group in self.functions for one in group.issue_ids]
        lost = sorted({*self.look_first, *self.watch, *self.easing, *placed} - known)
        if lost:
            raise ValueError(f"issue {lost[0]} is named in the report but is not in its issues")
        if sorted(placed) != sorted(known):
            raise ValueError("every issue must stand under one function, once")
        return self

    def issue(self, issue_id: str) -> ReportIssue:
        """The issue with this id.

        Raises:
            KeyError: the report has no such issue.
        """
        for one in self.issues:
            if one.issue_id == issue_id:
                return one
        raise KeyError(issue_id)


class IndexRow(Contract):
    """One report in the list of all weeks."""

    week_start: date = Field(description="Monday of the week.")
    headline: str = Field(description="The report's conclusion.")
    link: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9][A-Za-z0-9_.-]*\.html$",
        description="The report's address below the index page, e.g. 2026-W46/report.html.",
    )
