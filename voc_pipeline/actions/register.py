"""The action register: the reviewed text `actions.toml`, read and refused with its line.

Here: entries out of the text, and errors that name their line. Not here: changing the text
(`editing`), and what was known as of a week (`states`).
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from models.action import ACTIONS_FILE, ActionEntry
from models.errors import ConfigurationError, shortened

LONGEST_TEXT = 4_000_000
_HEADER = re.compile(r"^\s*\[\[\s*action\s*\]\]")
_STEP_HEADER = re.compile(r"^\s*\[\[\s*action\s*\.\s*steps\s*\]\]")
_KEY = re.compile(r"^\s*([A-Za-z_]+)\s*=")
_INLINE_STEP = re.compile(r"^\s*\{")


@dataclass
class _Block:
    """Where the parts of one action stand, in lines from 1."""

    line: int
    keys: dict[str, int] = field(default_factory=dict)
    steps: list[int] = field(default_factory=list)

    def of(self, place: Sequence[object]) -> int:
        """The line of a part: a step's own, else the key's, else the header's."""
        if len(place) > 1 and place[0] == "steps" and isinstance(place[1], int):
            return self.steps[place[1]] if place[1] < len(self.steps) else self.keys_or("steps")
        return self.keys_or(str(place[0])) if place else self.line

    def keys_or(self, key: str) -> int:
        return self.keys.get(key, self.line)


def read_register(text: str, functions: Collection[str]) -> tuple[ActionEntry, ...]:
    """The actions of the text, in its order.

    Args:
        text: content of `actions.toml`; empty is no actions.
        functions: ids of the company's functions.

    Raises:
        ConfigurationError: the text is no TOML, or an action is wrong; every finding with its line.
    """
    if len(text) > LONGEST_TEXT:
        raise ConfigurationError(
            f"{ACTIONS_FILE} has {len(text):,} characters, {LONGEST_TEXT:,} at most: "
            "shorten its texts"
        )
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{ACTIONS_FILE} is no valid TOML: {error}") from error
    blocks = _blocks(text)
    findings = [
        f"  {key}: unknown; every action begins with [[action]]"
        for key in content
        if key != "action"
    ]
    raw = content.get("action", [])
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise ConfigurationError(f"{ACTIONS_FILE}: every action begins with a line [[action]]")
    blocks += [_Block(1)] * (len(raw) - len(blocks))
    entries: list[ActionEntry] = []
    for one, block in zip(raw, blocks, strict=False):
        entry, wrong = _entry(one, block)
        findings += wrong
        if entry is not None:
            findings += _beyond(entry, block, entries, functions)
            entries.append(entry)
    refuse(findings)
    return tuple(entries)


def refuse(findings: Iterable[str]) -> None:
    """Raises ConfigurationError with all findings, if there are any."""
    lines = list(findings)
    if lines:
        raise ConfigurationError(
            f"{ACTIONS_FILE} does not fit, {len(lines)} to mend:\n" + "\n".join(lines[:20])
        )


def line_of(text: str, action_id: str) -> int:
    """The line of an action's header in a text that was read."""
    ids = [one["id"] for one in tomllib.loads(text)["action"]]
    return _blocks(text)[ids.index(action_id)].line


def refuse_unknown_issues(
    text: str, entries: Sequence[ActionEntry], known: Collection[str]
) -> None:
    """Raises ConfigurationError for an action on an issue that this home never had."""
    refuse(
        f"  line {line_of(text, one.id)}: {one.id}: issue: this home has no issue {one.issue}; "
        "its issues stand in the report and in voc.duckdb"
        for one in entries
        if one.issue is not None and one.issue not in known
    )


def _entry(one: dict[str, Any], block: _Block) -> tuple[ActionEntry | None, list[str]]:
    try:
        return ActionEntry.model_validate(one), []
    except ValidationError as error:
        return None, [_finding(dict(found), one, block) for found in error.errors()]


def _finding(found: dict[str, Any], one: dict[str, Any], block: _Block) -> str:
    place = list(found["loc"])
    name = shortened(one["id"], 20).strip("'\"") if "id" in one else "an action without id"
    where = ".".join(str(part) for part in place if not isinstance(part, int))
    said = found["msg"].removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        said = "unknown key"
    elif found["type"] == "missing":
        said = "missing"
    elif found["type"] != "value_error":
        said = f"{said} (found {shortened(found['input'], 40)})"
    return f"  line {block.of(place)}: {name}{': ' + where if where else ''}: {said}"


def _beyond(
    entry: ActionEntry, block: _Block, before: Sequence[ActionEntry], functions: Collection[str]
) -> list[str]:
    """What one entry alone cannot know: ids are unique, functions exist."""
    wrong = []
    if any(one.id == entry.id for one in before):
        wrong.append(f"  line {block.of(['id'])}: {entry.id}: the id is used twice")
    if entry.function not in functions:
        meant = get_close_matches(entry.function, functions, n=1)
        hint = f"did you mean {meant[0]!r}?" if meant else f"one of {', '.join(sorted(functions))}"
        wrong.append(
            f"  line {block.of(['function'])}: {entry.id}: unknown function "
            f"{entry.function!r}; {hint}"
        )
    return wrong


def _blocks(text: str) -> list[_Block]:
    """Lines of headers, keys and steps; a text within a text may mislead it by some lines."""
    blocks: list[_Block] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if _HEADER.match(line):
            blocks.append(_Block(number))
        elif not blocks:
            continue
        elif _STEP_HEADER.match(line) or _INLINE_STEP.match(line):
            blocks[-1].steps.append(number)
        elif (key := _KEY.match(line)) and key[1] not in blocks[-1].keys:
            blocks[-1].keys[key[1]] = number
    return blocks
