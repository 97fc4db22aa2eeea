"""What was known of the actions as of a week: a step counts from the end of its day on.

A step entered on the Monday of the meeting, after the report of the week before was out, counts in
the next report; so a week that is run again gives the same rows whatever was entered since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from models.action import ActionEntry, ActionStatus, ActionStep
from models.week import week_start
from voc_pipeline.actions.frames import table_of


@dataclass(frozen=True)
class Places:
    """Where an action's issue was found, and where it is now."""

    issue_id: str | None
    current_issue_ids: tuple[str, ...]
    """Most mentions first; empty if no issue was found."""


def known_by(entries: Sequence[ActionEntry], week: date) -> list[ActionEntry]:
    """The entries with only the steps entered by the Sunday of `week`, in order of their ids."""
    last_day = week + timedelta(days=6)
    kept = [
        one.model_copy(update={"steps": tuple(step for step in one.steps if step.on <= last_day)})
        for one in entries
    ]
    return sorted((one for one in kept if one.steps), key=lambda one: one.id)


def action_rows(
    entries: Sequence[ActionEntry], places: Mapping[str, Places], *, week: date
) -> pl.DataFrame:
    """One row per action (models.action.Action) as known at the cutoff of `week`.

    Args:
        entries: as given by `known_by` for the week.
        places: by action id.
        week: Monday of the week.
    """
    return table_of("actions", [_row(one, places[one.id], week) for one in entries])


def step_rows(entries: Sequence[ActionEntry], *, week: date) -> pl.DataFrame:
    """One row per step (models.action.ActionChange) of entries as given by `known_by`."""
    return table_of(
        "action_changes",
        [
            {
                "as_of_week": week,
                "action_id": one.id,
                "step_number": number,
                "changed_on": step.on,
                "changed_by": step.by,
                "did": step.did,
                "why": step.why,
                "due_on": one.due if step.did == "asked" else step.due,
                "owner": one.owner if step.did == "asked" else step.owner,
                "took_effect_on": step.effect,
            }
            for one in entries
            for number, step in enumerate(one.steps, start=1)
        ],
    )


def status_of(entry: ActionEntry) -> ActionStatus:
    """Open until a step says done or dropped."""
    last = entry.steps[-1].did
    return "done" if last == "done" else "dropped" if last == "dropped" else "open"


def due_of(entry: ActionEntry) -> date:
    """The due date after all moves."""
    moved = [step.due for step in entry.steps if step.due is not None]
    return moved[-1] if moved else entry.due


def owner_of(entry: ActionEntry) -> str:
    """The owner after all hand-overs."""
    named = [step.owner for step in entry.steps if step.owner is not None]
    return named[-1] if named else entry.owner


def _row(one: ActionEntry, places: Places, week: date) -> dict[str, object]:
    asked, last, status, due = one.steps[0], one.steps[-1], status_of(one), due_of(one)
    closing = week + timedelta(days=7)
    late = (closing - due).days if status == "open" and due < closing else 0
    current, *further = places.current_issue_ids or (None,)
    return {
        "as_of_week": week,
        "action_id": one.id,
        "issue_id": places.issue_id,
        "about": one.about,
        "current_issue_id": current,
        "further_issue_ids": further,
        "decision": one.decision,
        "function": one.function,
        "owner": owner_of(one),
        "status": status,
        "asked_on": asked.on,
        "asked_week": week_start(asked.on),
        "asked_by": asked.by,
        "asked_why": asked.why,
        "first_due_on": one.due,
        "due_on": due,
        "moved_count": sum(step.did == "moved" for step in one.steps),
        "closed_on": None if status == "open" else last.on,
        "took_effect_on": _effect(last),
        "is_overdue": late > 0,
        "overdue_days": late,
        "changed_on": last.on,
        "changed_week": week_start(last.on),
        "changed_by": last.by,
        "changed_why": last.why,
    }


def _effect(last: ActionStep) -> date | None:
    return last.effect if last.did == "done" else None
