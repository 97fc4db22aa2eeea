"""Actions: what was decided about which issue, who answers for it, and whether it worked.

The register of actions is a text that people review, `actions.toml` in the home; its entries are
described here (`ActionEntry`, `ActionStep`), and so are the tables made of it week by week. An
action never enters the register of issues: it only points at it.
"""

import unicodedata
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from models.curation import ISSUE_ID
from models.table import Contract, TableRow

ACTIONS_FILE = "actions.toml"
NAME_LIMIT = 80
SENTENCE_LIMIT = 300
ActionStatus = Literal["open", "done", "dropped"]
StepKind = Literal["asked", "moved", "handed_over", "done", "dropped"]
FixVerdictWord = Literal["worked", "not_shown", "too_early"]
FixPeriod = Literal["before", "during", "after"]

_JOINERS = "\u200c\u200d"  # needed by emoji and by Persian and Indic scripts
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def _readable(text: str) -> str:
    """The text without outer spaces; refused if empty, or if it holds what no reader can see."""
    kept = text.strip()
    if not kept:
        raise ValueError("is empty: write it out")
    for place, one in enumerate(kept, start=1):
        if unicodedata.category(one) in _UNSEEN and one not in _JOINERS:
            raise ValueError(f"holds the unseen character U+{ord(one):04X} at {place}: retype it")
    return kept


PersonName = Annotated[str, Field(max_length=NAME_LIMIT), AfterValidator(_readable)]
Sentence = Annotated[str, Field(max_length=SENTENCE_LIMIT), AfterValidator(_readable)]


class ActionStep(Contract):
    """One entry of an action's history in `actions.toml`: who did what, when, and why."""

    on: date = Field(description="Day on which it was entered, in the company's time zone.")
    by: PersonName = Field(description="Who says so.")
    did: StepKind = Field(
        description="asked: the decision; moved: another due date; handed_over: another owner; "
        "done; dropped."
    )
    why: Sentence = Field(description="The reason, in one sentence.")
    due: date | None = Field(None, description="moved: the new due date.")
    owner: PersonName | None = Field(None, description="handed_over: the new owner.")
    effect: date | None = Field(
        None, description="done: the day on which customers could feel it; never later than `on`."
    )

    @model_validator(mode="after")
    def _says_what_it_must(self) -> "ActionStep":
        needs = {"moved": "due", "handed_over": "owner", "done": "effect"}.get(self.did)
        for name in ("due", "owner", "effect"):
            told = getattr(self, name) is not None
            if told and name != needs:
                raise ValueError(f"a step {self.did!r} has no {name}: remove it")
            if not told and name == needs:
                raise ValueError(f"a step {self.did!r} needs {name}: add it")
        if self.due is not None and self.due < self.on:
            raise ValueError(f"due {self.due} lies before the day it was set, {self.on}")
        if self.effect is not None and self.effect > self.on:
            raise ValueError(f"effect {self.effect} lies after the day it was entered, {self.on}")
        return self


class ActionEntry(Contract):
    """One action of `actions.toml`: the decision as asked, then every step since."""

    id: str = Field(pattern=r"^ACT-\d{4,6}$", description="ACT-0007; never used again.")
    issue: str | None = Field(None, pattern=ISSUE_ID, description="The issue it is about.")
    about: Sentence | None = Field(
        None,
        description="Instead of `issue`: words of the problem; the issue whose name holds most of "
        "them when the action is first reported.",
    )
    decision: Sentence = Field(description="What is asked, in one sentence.")
    function: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,40}$", description="The part of the company that answers."
    )
    owner: PersonName = Field(description="The person who answers.")
    due: date = Field(description="Due date as first asked.")
    steps: tuple[ActionStep, ...] = Field(min_length=1, description="Its history, oldest first.")

    @model_validator(mode="after")
    def _history_holds_together(self) -> "ActionEntry":
        if (self.issue is None) == (self.about is None):
            raise ValueError("name either `issue` or `about`, not both")
        first, *later = self.steps
        if first.did != "asked":
            raise ValueError(f"the first step is {first.did!r}: an action begins with 'asked'")
        if self.due < first.on:
            raise ValueError(f"due {self.due} lies in the past of {first.on}, when it was asked")
        for before, step in zip(self.steps, later, strict=False):
            if step.did == "asked":
                raise ValueError("it is asked twice: a new ask is a new action")
            if before.did in ("done", "dropped"):
                raise ValueError(f"it is {before.did}, and nothing follows: ask a new action")
            if step.on < before.on:
                raise ValueError(f"the step of {step.on} stands after that of {before.on}")
        return self


class Action(TableRow):
    """One row per action and week from that in which it was asked, as known at the week's cutoff.

    Analysts read the rows of the latest week, one row per action.
    """

    table: ClassVar[str] = "actions"
    grain: ClassVar[tuple[str, ...]] = ("as_of_week", "action_id")
    partition: ClassVar[str | None] = "as_of_week"

    as_of_week: date = Field(description="Monday of the week at whose cutoff this was known.")
    action_id: str = Field(description="Stable id of the action, e.g. ACT-0007.")
    issue_id: str | None = Field(
        description="The issue as decided; null while no issue has the words of `about`."
    )
    about: str | None = Field(description="The words that named the issue, if they did.")
    current_issue_id: str | None = Field(
        description="The issue that holds it now, merges, splits and rebuilds followed."
    )
    further_issue_ids: list[str] = Field(
        description="Further issues that hold parts of it after a split."
    )
    decision: str = Field(description="What was asked, in one sentence.")
    function: str = Field(description="The part of the company that answers.")
    owner: str = Field(description="The person who answers now.")
    status: ActionStatus = Field(description="open, done or dropped.")
    asked_on: date = Field(description="Day on which it was asked.")
    asked_week: date = Field(description="Monday of the week in which it was asked.")
    asked_by: str = Field(description="Who asked.")
    asked_why: str = Field(description="The reason then.")
    first_due_on: date = Field(description="Due date as first asked.")
    due_on: date = Field(description="Due date now.")
    moved_count: int = Field(description="How often the due date was moved.")
    closed_on: date | None = Field(description="Day on which it was entered as done or dropped.")
    took_effect_on: date | None = Field(description="Day on which customers could feel it.")
    is_overdue: bool = Field(description="True if it is open and its due date has passed.")
    overdue_days: int = Field(description="Days since the due date at the week's end, else 0.")
    changed_on: date = Field(description="Day of its latest step.")
    changed_week: date = Field(description="Monday of the week of its latest step.")
    changed_by: str = Field(description="Who entered it.")
    changed_why: str = Field(description="The reason then.")


class ActionChange(TableRow):
    """One row per step of an action and week, as known at the week's cutoff: who, when, why.

    Analysts read the rows of the latest week, one row per step.
    """

    table: ClassVar[str] = "action_changes"
    grain: ClassVar[tuple[str, ...]] = ("as_of_week", "action_id", "step_number")
    partition: ClassVar[str | None] = "as_of_week"

    as_of_week: date = Field(description="Monday of the week at whose cutoff this was known.")
    action_id: str = Field(description="The action.")
    step_number: int = Field(description="1 is the ask.")
    changed_on: date = Field(description="Day on which it was entered.")
    changed_by: str = Field(description="Who entered it.")
    did: StepKind = Field(description="asked, moved, handed_over, done or dropped.")
    why: str = Field(description="The reason, in one sentence.")
    due_on: date | None = Field(description="The due date set by this step.")
    owner: str | None = Field(description="The owner set by this step.")
    took_effect_on: date | None = Field(description="done: when customers could feel it.")


class FixVerdict(TableRow):
    """One row per action that took effect and week: did its issue fall, beyond what was to come?

    The weeks after the effect against what the trend engine expected from the weeks before it.
    The rows end 16 weeks after it: the last one stands.
    """

    table: ClassVar[str] = "fix_verdicts"
    grain: ClassVar[tuple[str, ...]] = ("as_of_week", "action_id")
    partition: ClassVar[str | None] = "as_of_week"

    as_of_week: date = Field(description="Monday of the week at whose cutoff this was known.")
    action_id: str = Field(description="The action.")
    issue_id: str = Field(description="The issue that holds it now.")
    took_effect_on: date = Field(description="Day on which customers could feel it.")
    first_after_week: date = Field(description="Monday of the first whole week after that day.")
    weeks_since: int = Field(
        description="Whole weeks since with feedback, at most 13: those that are compared."
    )
    observed_count: int = Field(description="Reports in these weeks.")
    exposure: float = Field(description="Who could have complained in these weeks.")
    observed_rate: float | None = Field(description="observed_count / exposure.")
    expected_count: float | None = Field(
        description="Reports to be expected in these weeks if nothing had been done; null where "
        "too little lies before."
    )
    expected_lower: float | None = Field(description="Lower end of its 95 % interval.")
    expected_upper: float | None = Field(description="Upper end of its 95 % interval.")
    change: float | None = Field(description="observed / expected - 1: -0.4 is a fall of 40 %.")
    change_lower: float | None = Field(description="Lower end of its 95 % interval.")
    change_upper: float | None = Field(description="Upper end of its 95 % interval.")
    smallest_visible_fall: float | None = Field(
        description="The least fall, 0 to 1, that would be found with a chance of 80 %; null if "
        "not even the end of all reports would."
    )
    verdict: FixVerdictWord = Field(
        description="worked: the whole interval is a fall; not_shown: it is not; too_early: fewer "
        "than 4 weeks."
    )
    reason: str = Field(description="The verdict in words, with its numbers.")


class FixWeek(TableRow):
    """One row per action that took effect, as-of week and week around the effect, for the chart.

    From 26 weeks before it to the as-of week. Analysts read the latest as-of week of each action.
    """

    table: ClassVar[str] = "fix_weeks"
    grain: ClassVar[tuple[str, ...]] = ("as_of_week", "action_id", "week_start")
    partition: ClassVar[str | None] = "as_of_week"

    as_of_week: date = Field(description="Monday of the week at whose cutoff this was known.")
    action_id: str = Field(description="The action.")
    week_start: date = Field(description="Monday of the week counted.")
    period: FixPeriod = Field(
        description="before the effect, during (the week of it, if it began within), after."
    )
    feedback_count: int = Field(description="Reports of the action's issue.")
    exposure: float = Field(description="Who could have complained in the week.")
    expected_count: float | None = Field(
        description="Before: as expected from the weeks earlier still. From the effect on: as "
        "expected if nothing had been done, from the weeks before it alone."
    )
    lower_bound: float | None = Field(description="Lower end of the 95 % range of that count.")
    upper_bound: float | None = Field(description="Upper end of the 95 % range of that count.")
