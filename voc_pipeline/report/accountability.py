"""What was asked, of whom, what came of it, and whether the fix worked: read off the register.

A card repeats the issue's open action, the longest overdue first. Without one the report proposes
a decision (`proposals`), asks the owner of the function, and is due by the next report.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from models.report import DecisionCard, FixLine, ReportAction, ReportIssue, SettledFix
from models.settings import Settings
from models.week import ONE_WEEK, as_of
from voc_pipeline.report import wording
from voc_pipeline.report.dates import Calendar
from voc_pipeline.report.tables import ReportTables

LATELY_CLOSED = timedelta(weeks=8)
WEEKS_FOR_A_VERDICT = 4
_Row = dict[str, Any]


@dataclass(frozen=True)
class Register:
    """The actions of a week as rows, with what is needed to print them."""

    week: date
    rows: tuple[_Row, ...]
    before: dict[str, _Row]
    functions: dict[str, str]
    labels: dict[str, str]
    calendar: Calendar

    def lines(self) -> list[ReportAction]:
        """Open and lately closed actions: overdue first, then by due date, then the closed."""
        shown = [
            row
            for row in self.rows
            if row["status"] == "open" or row["changed_week"] > self.week - LATELY_CLOSED
        ]
        return sorted((self._line(row) for row in shown), key=_urgency)

    def asks(self, lines: Iterable[ReportAction]) -> list[ReportAction]:
        """Of these, what an earlier report asked and was open, or was answered since."""
        changed = {row["action_id"]: row["changed_week"] for row in self.rows}
        return [
            one
            for one in lines
            if one.asked_week is not None
            and one.asked_week < self.week
            and (one.state == "open" or changed[one.action_id] == self.week)
        ]

    def _line(self, row: _Row) -> ReportAction:
        issue_id = row["current_issue_id"] or row["issue_id"] or ""
        return ReportAction(
            action_id=row["action_id"],
            issue_id=issue_id if issue_id in self.labels else "",
            issue_label=self.labels.get(issue_id, wording.cleaned(row["about"] or issue_id)),
            function_name=self.functions.get(row["function"], wording.cleaned(row["function"])),
            decision=wording.cleaned(row["decision"], wording.SENTENCE_LIMIT),
            owner=wording.cleaned(row["owner"]),
            due_on=row["due_on"],
            state=row["status"],
            asked_week=row["asked_week"],
            closed_on=row["closed_on"],
            took_effect_on=row["took_effect_on"],
            overdue_days=max(row["overdue_days"], 0),
            since_last_week=self._since(row),
        )

    def _since(self, row: _Row) -> str:
        before = self.before.get(row["action_id"])
        why = wording.cleaned(row["changed_why"], wording.SENTENCE_LIMIT)
        if before is None:
            return "Asked this week"
        if row["changed_week"] != self.week:
            return "No change"
        if row["status"] != before["status"]:
            return f"{wording.capital(row['status'])}: {why}"
        if row["due_on"] != before["due_on"]:
            was, now = (self.calendar.short_day(one["due_on"]) for one in (before, row))
            return f"Moved from {was} to {now}: {why}"
        if row["owner"] != before["owner"]:
            return f"Handed over by {wording.cleaned(before['owner'])}: {why}"
        return why


def read_register(
    tables: ReportTables,
    week: date,
    settings: Settings,
    labels: dict[str, str],
    calendar: Calendar,
) -> Register:
    """The register as of the week, and what it was a week before."""
    before = {} if tables.previous_actions.is_empty() else _by_id(tables.previous_actions)
    rows = () if tables.actions.is_empty() else tuple(_by_id(tables.actions).values())
    functions = {one.id: wording.cleaned(one.name) for one in settings.functions}
    return Register(week, rows, before, functions, labels, calendar)


def _by_id(actions: pl.DataFrame) -> dict[str, _Row]:
    return {row["action_id"]: row for row in actions.sort("action_id").to_dicts()}


def _urgency(one: ReportAction) -> tuple[int, int, date, str]:
    order = {"open": 0, "done": 1, "dropped": 2}[one.state]
    return order, -one.overdue_days, one.due_on or date.max, one.action_id


def cards_of(
    issues: Sequence[ReportIssue],
    actions: Sequence[ReportAction],
    proposals: Mapping[str, str],
    *,
    week: date,
    settings: Settings,
) -> list[DecisionCard]:
    """The decision asked on each card: from the register, else of `proposals`, by issue."""
    owners = {one.id: wording.cleaned(one.owner) for one in settings.functions}
    open_actions = [one for one in actions if one.state == "open"]
    next_report = _next_report(week, settings)
    cards = []
    for issue in issues:
        known = [one for one in open_actions if one.issue_id == issue.issue_id]
        if known:
            first = known[0]
            cards.append(
                DecisionCard(
                    issue_id=issue.issue_id,
                    decision=first.decision,
                    owner=first.owner,
                    due_on=first.due_on,
                    action_id=first.action_id,
                    overdue_days=first.overdue_days,
                )
            )
            continue
        cards.append(
            DecisionCard(
                issue_id=issue.issue_id,
                decision=str(proposals[issue.issue_id]),
                owner=owners.get(issue.function_id or "", ""),
                due_on=next_report,
                action_id=None,
            )
        )
    return cards


def _next_report(week: date, settings: Settings) -> date:
    company = settings.company
    closed: datetime = as_of(week + ONE_WEEK, company.time_zone, company.cutoff_hour)
    local = closed.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(company.time_zone))
    return local.date()


def fix_lines(
    tables: ReportTables, actions: Sequence[ReportAction], labels: dict[str, str]
) -> list[FixLine]:
    """Every action in effect with its verdict: judged ones first, the latest effect first."""
    if tables.fix_verdicts.is_empty():
        return []
    known = {one.action_id: one for one in actions}
    decisions = {row["action_id"]: row for row in tables.actions.to_dicts()}
    weeks = tables.fix_weeks.sort("action_id", "week_start") if tables.fix_weeks.width else None
    lines = []
    for row in tables.fix_verdicts.sort("action_id").to_dicts():
        action_id = row["action_id"]
        shown = known.get(action_id)
        told = decisions.get(action_id, {})
        is_early = row["verdict"] == "too_early"
        lines.append(
            FixLine(
                action_id=action_id,
                issue_id=row["issue_id"],
                issue_label=labels.get(row["issue_id"], row["issue_id"]),
                name=wording.cleaned(told.get("decision") or action_id, wording.SENTENCE_LIMIT),
                function_name=shown.function_name if shown else "",
                owner=wording.cleaned(told.get("owner")),
                took_effect_on=row["took_effect_on"],
                outcome=row["verdict"].replace("_", " "),
                weeks_after=row["weeks_since"],
                change=row["change"],
                change_lower=row["change_lower"],
                change_upper=row["change_upper"],
                smallest_fall=row["smallest_visible_fall"],
                due_on=row["first_after_week"] + WEEKS_FOR_A_VERDICT * ONE_WEEK
                if is_early
                else None,
                **_fix_series(weeks, action_id, row["first_after_week"]),
            )
        )
    return sorted(lines, key=lambda one: (-one.took_effect_on.toordinal(), one.action_id))


def settled_lines(tables: ReportTables, labels: dict[str, str]) -> list[SettledFix]:
    """Fixes whose last verdict stands, the latest effect first."""
    decisions = {row["action_id"]: row for row in tables.actions.to_dicts()}
    lines = [
        SettledFix(
            action_id=row["action_id"],
            name=wording.cleaned(decisions[row["action_id"]]["decision"], wording.SENTENCE_LIMIT),
            issue_label=labels.get(row["issue_id"], row["issue_id"]),
            took_effect_on=row["took_effect_on"],
            outcome=row["verdict"].replace("_", " "),
            change=row["change"],
            change_lower=row["change_lower"],
            change_upper=row["change_upper"],
            judged_week=row["as_of_week"],
        )
        for row in tables.settled.to_dicts()
        if row["action_id"] in decisions
    ]
    return sorted(lines, key=lambda one: (-one.took_effect_on.toordinal(), one.action_id))


def _fix_series(weeks: pl.DataFrame | None, action_id: str, first_after: date) -> dict[str, Any]:
    rows = [] if weeks is None else weeks.filter(pl.col("action_id") == action_id).to_dicts()
    if not rows:
        return {"first_week": first_after}
    after = [row["period"] != "before" for row in rows]

    def from_effect(column: str) -> tuple[float | None, ...]:
        return tuple(
            row[column] if is_after else None for row, is_after in zip(rows, after, strict=True)
        )

    return {
        "first_week": rows[0]["week_start"],
        "actual": tuple(float(row["feedback_count"]) for row in rows),
        "expected": from_effect("expected_count"),
        "lower": from_effect("lower_bound"),
        "upper": from_effect("upper_bound"),
    }
