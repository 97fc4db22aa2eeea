"""Changing the text of the register: an action or a step added, all else left letter by letter.

Here: text in, text out. Not here: who may write, and where the file lies.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.items import AoT, Array, InlineTable

from models.action import ACTIONS_FILE, ActionEntry, ActionStep
from models.errors import ConfigurationError, shortened
from voc_pipeline.actions.register import line_of, read_register

HEAD = """\
# The action register: what was decided about which issue, who answers for it, and what came of it.
#
# One [[action]] a decision; every step since stands in `steps`, oldest first, a line each, and
# nothing is ever deleted: a decision taken back is a step `dropped`. Change it here, or with
# `uv run voc action add | done | drop | move | hand-over | list`. A step counts from the end of
# its day on, so the report of a week knows what was entered up to its Sunday.
"""


def next_id(entries: Sequence[ActionEntry]) -> str:
    """The id after the highest ever given."""
    number = max((int(one.id.removeprefix("ACT-")) for one in entries), default=0) + 1
    return f"ACT-{number:04d}"


def checked_step(told: Mapping[str, Any]) -> ActionStep:
    """A step from what a person said. Raises ConfigurationError with what is wrong."""
    try:
        return ActionStep.model_validate({name: one for name, one in told.items() if one})
    except ValidationError as error:
        raise ConfigurationError(_said(error)) from error


def checked_entry(told: Mapping[str, Any]) -> ActionEntry:
    """An action from what a person said. Raises ConfigurationError with what is wrong."""
    try:
        return ActionEntry.model_validate({name: one for name, one in told.items() if one})
    except ValidationError as error:
        raise ConfigurationError(_said(error)) from error


def with_action(text: str, entry: ActionEntry, functions: Collection[str]) -> str:
    """The text with an action at its end.

    Raises:
        ConfigurationError: the text or the action is wrong; the message has the line.
    """
    read_register(text, functions)
    start = text if text.strip() else HEAD
    block = [
        "[[action]]",
        *(
            f"{name} = {_toml(getattr(entry, name))}"
            for name in ("id", "issue", "about", "decision", "function", "owner", "due")
            if getattr(entry, name) is not None
        ),
        "steps = [",
        *(f"    {_line(step)}," for step in entry.steps),
        "]",
    ]
    changed = start.rstrip("\n") + "\n\n" + "\n".join(block) + "\n"
    read_register(changed, functions)
    return changed


def with_step(text: str, action_id: str, step: ActionStep, functions: Collection[str]) -> str:
    """The text with a step at the end of an action's history, comments and order kept.

    Raises:
        ConfigurationError: no such action, or the step does not fit its history; with the line.
    """
    entries = read_register(text, functions)
    known = [one.id for one in entries]
    if action_id not in known:
        raise ConfigurationError(
            f"there is no action {shortened(action_id, 20)} in the register: `voc action list "
            "--all` shows all"
        )
    place = known.index(action_id)
    try:
        before = entries[place]
        ActionEntry.model_validate(before.model_dump() | {"steps": [*before.steps, step]})
    except ValidationError as error:
        line = line_of(text, action_id)
        raise ConfigurationError(
            f"{ACTIONS_FILE} line {line}: {action_id}: {_said(error)}"
        ) from error
    document = tomlkit.parse(text)
    actions = document["action"]
    assert isinstance(actions, AoT)  # noqa: S101 - read_register has seen it
    steps = actions[place]["steps"]
    if isinstance(steps, Array):
        steps.add_line(_inline(step), indent="    ")
    elif isinstance(steps, AoT):
        steps.append(tomlkit.item(step.model_dump(exclude_none=True)))
    changed = tomlkit.dumps(document)
    read_register(changed, functions)
    return changed


def _inline(step: ActionStep) -> InlineTable:
    parsed = tomlkit.parse(f"step = {_line(step)}")["step"]
    assert isinstance(parsed, InlineTable)  # noqa: S101 - it was just written as one
    return parsed


def _line(step: ActionStep) -> str:
    order = ("on", "by", "did", "due", "owner", "effect", "why")
    told = {name: getattr(step, name) for name in order}
    parts = [f"{name} = {_toml(one)}" for name, one in told.items() if one is not None]
    return "{ " + ", ".join(parts) + " }"


def _toml(value: str | date) -> str:
    return value.isoformat() if isinstance(value, date) else tomlkit.string(value).as_string()


def _said(error: ValidationError) -> str:
    lines = []
    for found in error.errors():
        where = ".".join(str(one) for one in found["loc"] if not isinstance(one, int))
        said = re.sub(r"^Value error, ", "", found["msg"])
        lines.append(f"{where}: {said}" if where else said)
    return "; ".join(lines)
