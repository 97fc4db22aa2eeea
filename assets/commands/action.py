"""`voc action`: the action register, changed without opening its text, and shown."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from filelock import FileLock, Timeout
from rich.console import Console
from rich.markup import escape

from assets.commands.listing import counted, print_rows
from assets.home import Home
from models.action import ACTIONS_FILE, ActionEntry, ActionStep
from models.curation import ISSUE_ID
from models.errors import ConfigurationError, LockedError, shortened
from models.week import ONE_WEEK, week_label
from voc_pipeline.actions.editing import (
    checked_entry,
    checked_step,
    next_id,
    with_action,
    with_step,
)
from voc_pipeline.actions.lineage import best_named
from voc_pipeline.actions.register import read_register
from voc_pipeline.actions.states import due_of, owner_of, status_of
from voc_pipeline.warehouse.publish import read_published

app = typer.Typer(no_args_is_help=True, help="What was decided about issues, and what came of it.")
out = Console(highlight=False, soft_wrap=True)

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Folder of the deployment; data/ if left out.")
]
ByOption = Annotated[str, typer.Option("--by", help="Who says so.")]
WhyOption = Annotated[str, typer.Option("--why", help="The reason, in one sentence.")]
OnOption = Annotated[
    str | None, typer.Option("--on", help="Day of the entry, 2026-11-16; today if left out.")
]
IdArgument = Annotated[str, typer.Argument(help="The action: ACT-0007.")]


@app.command()
def add(  # noqa: PLR0913, PLR0917 - the options of a command
    issue: Annotated[str, typer.Argument(help="The issue: ISS-0042, or words of its name.")],
    decision: Annotated[str, typer.Argument(help="What is asked, in one sentence.")],
    due: Annotated[str, typer.Option("--due", help="By when: 2026-12-01.")],
    by: ByOption,
    why: WhyOption,
    owner: Annotated[
        str | None, typer.Option(help="Who answers; the function's owner if left out.")
    ] = None,
    function: Annotated[
        str | None, typer.Option(help="Part of the company; the issue's own if left out.")
    ] = None,
    on: OnOption = None,
    home: HomeOption = None,
) -> None:
    """Ask for something: an issue, a decision, an owner, a due date."""
    chosen = Home.chosen(home)
    issue_id, label, own = _issue(chosen, issue)
    function_id = function or own
    if function_id is None:
        raise ConfigurationError(f"no function owns {issue_id}: name one with --function")
    owners = {one.id: one.owner for one in chosen.settings.functions}
    if function_id not in owners:
        raise ConfigurationError(
            f"unknown function {shortened(function_id)}: one of {', '.join(sorted(owners))}"
        )
    person = owner or owners[function_id]
    if not person:
        raise ConfigurationError(
            f"the function {function_id} has no owner: name one with --owner, or in settings.toml"
        )
    told = {"issue": issue_id, "decision": decision, "function": function_id, "owner": person}
    asked = checked_step({"on": _day(chosen, on), "by": by, "did": "asked", "why": why})

    def changed(text: str) -> tuple[str, str]:
        entries = read_register(text, _functions(chosen))
        entry = checked_entry(
            {**told, "id": next_id(entries), "due": _date("--due", due), "steps": (asked,)}
        )
        return with_action(text, entry, _functions(chosen)), entry.id

    action_id = _write(chosen, changed)
    out.print(f"{action_id}: {escape(person)} answers for {issue_id} {escape(label)}, due {due}.")


@app.command()
def done(
    action_id: IdArgument,
    by: ByOption,
    why: WhyOption,
    effect: Annotated[
        str | None, typer.Option(help="Day on which customers could feel it; --on if left out.")
    ] = None,
    on: OnOption = None,
    home: HomeOption = None,
) -> None:
    """An action is done, and took effect."""
    _add_step(home, action_id, on, did="done", by=by, why=why, effect=effect or "")


@app.command()
def drop(
    action_id: IdArgument, by: ByOption, why: WhyOption, on: OnOption = None,
    home: HomeOption = None,
) -> None:  # fmt: skip
    """An action is given up; it stays in the register with its reason."""
    _add_step(home, action_id, on, did="dropped", by=by, why=why)


@app.command()
def move(
    action_id: IdArgument,
    due: Annotated[str, typer.Option("--due", help="The new due date: 2026-12-15.")],
    by: ByOption,
    why: WhyOption,
    on: OnOption = None,
    home: HomeOption = None,
) -> None:
    """Another due date; the first one is kept."""
    _add_step(home, action_id, on, did="moved", by=by, why=why, due=due)


@app.command("hand-over")
def hand_over(
    action_id: IdArgument,
    owner: Annotated[str, typer.Option("--owner", help="Who answers from now on.")],
    by: ByOption,
    why: WhyOption,
    on: OnOption = None,
    home: HomeOption = None,
) -> None:
    """Another owner; the first one is kept."""
    _add_step(home, action_id, on, did="handed_over", by=by, why=why, owner=owner)


@app.command("list")
def show(
    everything: Annotated[bool, typer.Option("--all", help="Done and dropped ones too.")] = False,
    home: HomeOption = None,
) -> None:
    """The open actions, overdue ones first, judged by the day on which the last week closed."""
    chosen = Home.chosen(home)
    closing = chosen.closing_day()
    entries = read_register(chosen.actions_text, _functions(chosen))
    shown = [one for one in entries if everything or status_of(one) == "open"]
    if not shown:
        out.print(f"No {'' if everything else 'open '}actions in {ACTIONS_FILE}.")
        return
    names = {one.id: one.name for one in chosen.settings.functions}
    fixes, found = _fixes(chosen), _found_issues(chosen)
    rows = [
        (
            one.id, one.issue or found.get(one.id, ""), due_of(one), _state(one, closing),
            one.decision if one.issue else f"{one.decision} (about: {one.about})",
            f"{owner_of(one)}, {names[one.function]}", fixes.get(one.id, one.steps[-1].why),
        )
        for one in sorted(shown, key=lambda one: (status_of(one) != "open", due_of(one), one.id))
    ]  # fmt: skip
    week = week_label(closing - ONE_WEEK)
    title = f"As of {closing:%A} {closing}, when {week} closed: {counted(len(rows), 'action')}"
    told = ("decision", "owner", "what came of it")
    print_rows(out, ("action", "issue", "due", "state"), told, rows, title)


def _state(one: ActionEntry, closing: date) -> str:
    status, late = status_of(one), (closing - due_of(one)).days
    return f"overdue {counted(late, 'day')}" if status == "open" and late > 0 else status


def _add_step(home: Path | None, action_id: str, on: str | None, **told: str) -> None:
    """One more step of an action; days are given as texts, an empty `effect` is the step's day."""
    chosen = Home.chosen(home)
    row: dict[str, object] = {"on": _day(chosen, on), **told}
    for name in told.keys() & {"due", "effect"}:
        row[name] = _date(f"--{name}", told[name]) if told[name] else row["on"]
    step: ActionStep = checked_step(row)

    def changed(text: str) -> tuple[str, str]:
        return with_step(text, action_id, step, _functions(chosen)), step.did

    out.print(f"{action_id}: {_spaced(_write(chosen, changed))}.")


def _functions(home: Home) -> list[str]:
    return [one.id for one in home.settings.functions]


def _day(home: Home, told: str | None) -> date:
    today = home.today()
    day = _date("--on", told) if told else today
    if day > today:
        raise ConfigurationError(
            f"--on {day} lies in the future of this home, whose day is {today}: an entry is made "
            "on its day"
        )
    return day


def _date(option: str, told: str) -> date:
    try:
        return date.fromisoformat(told)
    except ValueError as error:
        raise ConfigurationError(f"{option} {shortened(told)}: write 2026-12-01") from error


def _issue(home: Home, told: str) -> tuple[str, str, str | None]:
    """Id, name and function of the issue that is meant."""
    issues = read_published(home.path, "SELECT * FROM issues ORDER BY issue_id")
    if issues is None or issues.is_empty():
        raise ConfigurationError(
            f"{home.path} has no issues yet: run a week first, `uv run voc run`"
        )
    meant = told if re.match(ISSUE_ID, told) else best_named(told, issues)
    row = issues.filter(issue_id=meant or "").to_dicts()
    if not row:
        raise ConfigurationError(
            f"no issue {shortened(told)}: `voc issue list --all` has the ids and names"
        )
    return row[0]["issue_id"], row[0]["label"], row[0]["function"]


def _fixes(home: Home) -> dict[str, str]:
    """By action: the latest fix verdict in words."""
    found = read_published(
        home.path,
        "SELECT action_id, verdict, reason FROM fix_verdicts "
        "QUALIFY row_number() OVER (PARTITION BY action_id ORDER BY as_of_week DESC) = 1",
    )
    rows = [] if found is None else found.to_dicts()
    return {
        row["action_id"]: f"{row['verdict'].replace('_', ' ')}: {row['reason']}" for row in rows
    }


def _found_issues(home: Home) -> dict[str, str]:
    """By action: the issue that holds it, as last run."""
    found = read_published(
        home.path, "SELECT action_id, current_issue_id FROM actions WHERE current_issue_id NOTNULL"
    )
    return {} if found is None else dict(found.iter_rows())


def _spaced(word: str) -> str:
    return word.replace("_", " ")


def _write(home: Home, change: Callable[[str], tuple[str, str]]) -> str:
    """Change the register's text and move it over the old one; returns what the change says."""
    with _own_lock(home):
        text, said = change(home.actions_text)
        fresh = home.path / f".{ACTIONS_FILE}.new"
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, home.path / ACTIONS_FILE)  # noqa: PTH105 - atomic, as everywhere
    return said


@contextmanager
def _own_lock(home: Home) -> Iterator[None]:
    """One writer of the register; a run may go on meanwhile."""
    try:
        with FileLock(home.path / ".actions.lock", timeout=5):
            yield
    except Timeout as error:
        raise LockedError(f"{ACTIONS_FILE} is being written: try again") from error
