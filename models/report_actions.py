"""Who owns what, what was asked of them, what came of it, and whether the fix worked."""

from datetime import date
from typing import Literal

from pydantic import Field

from models.report_figures import KeyFigure
from models.report_issue import ReportQuote
from models.table import Contract

FixOutcome = Literal["worked", "not shown", "too early"]
ActionState = Literal["open", "done", "dropped"]


class ReportAction(Contract):
    """One entry of the action register, as known at the report's cutoff."""

    action_id: str = Field(description="Its id in the register.")
    issue_id: str = Field(description="The issue today, merges followed; empty: none.")
    issue_label: str = Field(description="The issue's name, as printed.")
    function_name: str = Field(description="The function that owns it; empty: none.")
    decision: str = Field(description="What is asked or was decided.")
    owner: str = Field(description="Who answers for it; empty: nobody.")
    due_on: date | None = Field(description="By when; None: no date.")
    state: ActionState = Field(description="open, done or dropped.")
    asked_week: date | None = Field(description="Monday of the week in which it was asked.")
    closed_on: date | None = Field(None, description="When it was done or dropped.")
    took_effect_on: date | None = Field(None, description="When customers could notice it.")
    overdue_days: int = Field(0, ge=0, description="Days past due at the cutoff; 0: not overdue.")
    since_last_week: str = Field("", description="What changed since the last report.")

    @property
    def is_overdue(self) -> bool:
        """True if it is still open after its due date."""
        return self.overdue_days > 0


class DecisionCard(Contract):
    """One of at most three decisions of page one."""

    issue_id: str = Field(description="The issue to decide on.")
    decision: str = Field(description="The decision asked.")
    owner: str = Field(description="Who decides; empty: nobody is named.")
    due_on: date | None = Field(description="By when.")
    action_id: str | None = Field(
        description="The open entry of the register it repeats; None: proposed by this report."
    )
    overdue_days: int = Field(0, ge=0, description="Days past due at the cutoff; 0: not overdue.")
    beside: tuple[str, ...] = Field(
        (), description="New issues that began in the same weeks at the same place, largest first."
    )


class FixLine(Contract):
    """An action that took effect, and the issue's rate after it against what was to be expected."""

    action_id: str = Field(description="The action.")
    issue_id: str = Field(description="The issue.")
    issue_label: str = Field(description="Its name, as printed.")
    name: str = Field(description="The fix, as printed.")
    function_name: str = Field(description="The function that owns it; empty: none.")
    owner: str = Field(description="Who answers for it; empty: nobody.")
    took_effect_on: date = Field(description="When customers could notice it.")
    outcome: FixOutcome = Field(description="worked, not shown or too early.")
    weeks_after: int = Field(description="Whole weeks after it that were judged.")
    change: float | None = Field(description="Change of the rate, -0.53 for 53 % less.")
    change_lower: float | None = Field(description="Lower end of its 95 % interval.")
    change_upper: float | None = Field(description="Upper end of its 95 % interval.")
    smallest_fall: float | None = Field(
        description="The smallest fall that could have been seen, 0.3 for 30 % less."
    )
    due_on: date | None = Field(description="When the verdict is due; None once it is there.")
    first_week: date = Field(description="Monday of the first value of the series below.")
    actual: tuple[float | None, ...] = Field((), description="Reports of each week.")
    expected: tuple[float | None, ...] = Field((), description="Without the fix; None before it.")
    lower: tuple[float | None, ...] = Field((), description="Lower end of its 95 % range.")
    upper: tuple[float | None, ...] = Field((), description="Upper end of its 95 % range.")


class SettledFix(Contract):
    """A fix whose weeks of judgement are over: its last verdict stands."""

    action_id: str = Field(description="The action.")
    name: str = Field(description="The fix, as printed.")
    issue_label: str = Field(description="The issue's name, as printed.")
    took_effect_on: date = Field(description="When customers could notice it.")
    outcome: FixOutcome = Field(description="worked, not shown or too early.")
    change: float | None = Field(description="Change of the rate, -0.53 for 53 % less.")
    change_lower: float | None = Field(description="Lower end of its 95 % interval.")
    change_upper: float | None = Field(description="Upper end of its 95 % interval.")
    judged_week: date = Field(description="Monday of the last week that judged it.")


class FunctionGroup(Contract):
    """A function, the issues it owns, most reported first, and what it has to do."""

    function_id: str | None = Field(description="The function; None: nobody owns these.")
    name: str = Field(description="As printed.")
    owner: str = Field(description="Who answers for it; may be empty.")
    issue_ids: tuple[str, ...] = Field(description="Its tracked issues.")
    rate: KeyFigure | None = Field(None, description="Its reports per 1,000 feedback.")
    quote: ReportQuote | None = Field(None, description="Words of its most pressing issue.")
    quote_issue_id: str = Field("", description="The issue of that quote.")
    action_ids: tuple[str, ...] = Field((), description="Its open actions, overdue first.")


class HandOff(Contract):
    """One function's problem felt in another's: feedback that tells of issues of both."""

    cause_name: str = Field(description="The function that owns the other issue.")
    felt_name: str = Field(description="The function whose issue is reported with it.")
    felt_issue_id: str = Field(description="The issue reported.")
    felt_label: str = Field(description="Its name, as printed.")
    cause_issue_id: str = Field(description="The issue told of besides.")
    cause_label: str = Field(description="Its name, as printed.")
    feedback_count: int = Field(description="Reports of it that tell of both, last 8 weeks.")
    of_count: int = Field(description="All its reports, last 8 weeks.")
