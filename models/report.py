"""The weekly report as a frozen value: what a leader reads, before it is drawn.

Here live the parts of the report and nothing that computes or draws them: `voc_pipeline.report`
builds the value from tables and renders it. Texts are cleaned for display (no control or
direction characters, bounded length) but not escaped; escaping belongs to each rendering. The
parts stand in `report_figures`, `report_issue`, `report_actions`, `report_scores` and
`report_trust`; a part that no table fills yet is empty.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import Field, model_validator

from models.report_actions import (
    DecisionCard,
    FixLine,
    FunctionGroup,
    HandOff,
    ReportAction,
    SettledFix,
)
from models.report_figures import FigureReference, KeyFigure, WeekSeries
from models.report_issue import (
    Concentration,
    Contribution,
    DatedEvent,
    Dimension,
    IssuePage,
    RatePoint,
    ReportIssue,
    ReportQuote,
)
from models.report_scores import DriverLine, ScoreLine, SurveyLine
from models.report_trust import (
    ArrivalLag,
    BackTestBand,
    DataNoticeLine,
    LabelAudit,
    LoadBalance,
    Notice,
    Placement,
    RestatedFigure,
    SetAside,
    SourceLine,
    Sureness,
)
from models.table import Contract

__all__ = [
    "ArrivalLag", "BackTestBand", "Concentration", "Contribution", "DataNoticeLine", "DatedEvent",
    "DecisionCard", "Dimension", "DriverLine", "FigureReference", "FixLine", "FunctionGroup",
    "HandOff", "IndexRow", "IssuePage", "KeyFigure", "LabelAudit", "LoadBalance", "Notice",
    "Placement", "RatePoint", "ReportAction", "ReportIssue", "ReportQuote", "RestatedFigure",
    "ScoreLine", "SetAside", "SettledFix", "SourceLine", "Sureness", "SurveyLine", "WeekSeries",
    "WeeklyReport",
]  # fmt: skip


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
    data_notices: tuple[DataNoticeLine, ...] = Field(
        (), description="Every notice on the week's data, what is missing first."
    )
    key_figures: tuple[KeyFigure, ...] = Field(description="The four figures of page one.")
    issues: tuple[ReportIssue, ...] = Field(description="Every tracked issue, by id.")
    look_first: tuple[str, ...] = Field(max_length=3, description="Issues with a card, in order.")
    watch: tuple[str, ...] = Field(description="Above range, new or rising, most pressing first.")
    on_watch: tuple[str, ...] = Field(
        (), description="High beyond chance, with too few reports for an alarm; most first."
    )
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
        description="Figures restated this week, what matters most first, 12 at most."
    )
    sureness: Sureness = Field(description="How far to trust the verdicts.")
    cards: tuple[DecisionCard, ...] = Field(
        (), max_length=3, description="The decision asked on each card, in the order of look_first."
    )
    asks: tuple[ReportAction, ...] = Field(
        (), description="What earlier reports asked and its fate: overdue first, then by due date."
    )
    actions: tuple[ReportAction, ...] = Field((), description="Every open or lately closed action.")
    fixes: tuple[FixLine, ...] = Field((), description="Actions in effect, latest first.")
    settled: tuple[SettledFix, ...] = Field(
        (), description="Fixes of a year whose last verdict stands, latest effect first."
    )
    hand_offs: tuple[HandOff, ...] = Field((), description="Between functions, largest first.")
    scores: tuple[ScoreLine, ...] = Field((), description="Survey scores of the week.")
    drivers: tuple[DriverLine, ...] = Field((), description="What goes with them, strongest first.")
    surveys: tuple[SurveyLine, ...] = Field((), description="The survey registry.")
    quiet_issues: tuple[str, ...] = Field(
        (), description="In a week without cards: the most reported issues, shown with a quote."
    )
    back_test: tuple[BackTestBand, ...] = Field((), description="How ranges and alarms held.")
    audits: tuple[LabelAudit, ...] = Field((), description="The label audit; empty: none made.")
    lags: tuple[ArrivalLag, ...] = Field((), description="How late each source is.")
    placement: Placement | None = Field(None, description="Problem texts given to no issue.")
    currency: str = Field("USD", description="ISO 4217 code of all amounts.")
    date_language: str = Field("en", description="ISO 639-1 code of the dates' language.")
    week_naming: str = Field("number", description="number, first_day or last_day.")
    references: tuple[FigureReference, ...] = Field(
        (), description="Every printed figure with its source, by ref."
    )

    @model_validator(mode="after")
    def _issues_named_are_there(self) -> "WeeklyReport":
        known = {issue.issue_id for issue in self.issues}
        placed = [one for group in self.functions for one in group.issue_ids]
        named = {*self.look_first, *self.watch, *self.easing, *self.quiet_issues, *placed}
        named |= set(self.on_watch)
        named |= {card.issue_id for card in self.cards}
        lost = sorted(named - known)
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

    def action(self, action_id: str) -> ReportAction:
        """The action with this id.

        Raises:
            KeyError: the report has no such action.
        """
        for one in self.actions:
            if one.action_id == action_id:
                return one
        raise KeyError(action_id)


class IndexRow(Contract):
    """One report in the list of all weeks."""

    week_start: date = Field(description="Monday of the week.")
    headline: str = Field(description="The report's conclusion.")
    link: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9][A-Za-z0-9_.-]*\.html$",
        description="The report's address below the index page, e.g. 2026-W46/report.html.",
    )
    forms: tuple[Literal["pdf", "xlsx"], ...] = Field(
        (), description="Its other forms, beside the page and of the same name."
    )
