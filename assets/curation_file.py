"""curation.toml edited as text: a decision is a line added or removed, all else stays as it was."""

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from assets.home import Home
from models.curation import CURATION_FILE, Decision, decision_lines, parse_decisions
from models.errors import ConfigurationError, shortened
from models.glossary import read_glossary
from voc_pipeline.issues.curation import DECISION_SCHEMA, read_rulings
from voc_pipeline.warehouse.publish import read_published

_HEADER = """\
# Decisions of people about issues, one a line: merge, split, rename, move, mute, pin, assign.
# They are replayed in this order on every run; removing a line undoes it. Ids: `voc issue list`.
decisions = [
]
"""
_FIRST = ("id", "do", "issue")
_LAST = ("by", "on", "why")


def add_decision(home: Home, told: Mapping[str, object]) -> tuple[Decision, Decision | None]:
    """Append a decision, in place of an earlier one that said the same of the issue.

    Args:
        home: the home whose file is written.
        told: the decision's keys without id; empty ones are left out.

    Returns:
        The decision with its id, and the one it replaced.

    Raises:
        ConfigurationError: the decision is wrong, contradicts another or names what is unknown;
            the file stays as it was.
    """
    _refuse_unknown(home, told)
    text = file_text(home)
    written = parse_decisions(text, CURATION_FILE)
    replaced = next(
        (
            one.decision
            for one in written
            if told["do"] in ("rename", "move", "assign")
            and (one.decision.do, one.decision.issue) == (told["do"], told["issue"])
        ),
        None,
    )
    if replaced:
        text = _without(text, replaced.id)
    known = [one.decision.id for one in written] + _ids_ever(home)
    number = 1 + max((int(one[2:]) for one in known), default=0)
    row = {"id": f"D-{number:04d}", **{key: value for key, value in told.items() if value}}
    fresh = _with(text, row)
    check_decisions(home, fresh)
    _write(home, fresh)
    return parse_decisions(fresh, CURATION_FILE)[-1].decision, replaced


def _refuse_unknown(home: Home, told: Mapping[str, object]) -> None:
    """Raises ConfigurationError for an issue that this home does not have; no line has it yet."""
    issues = read_published(home.path, "SELECT issue_id FROM issues")
    before = read_published(home.path, "SELECT old_issue_id FROM issue_crosswalk")
    if issues is None or before is None:
        raise ConfigurationError(
            f"no week has run yet in {home.path}: there are no issues to decide about"
        )
    known = {*issues["issue_id"], *before["old_issue_id"]}
    for name in (told["issue"], told.get("into")):
        if name and "." not in str(name) and name not in known:
            raise ConfigurationError(
                f"there is no issue {shortened(name)}: `voc issue list --all` shows those known; "
                "nothing was written"
            )


def remove_decision(home: Home, decision_id: str) -> Decision:
    """Take the line of a decision out of the file.

    Raises:
        ConfigurationError: there is no such line, or another decision needs it.
    """
    text = file_text(home)
    found = [one for one in parse_decisions(text, CURATION_FILE) if one.decision.id == decision_id]
    if not found:
        raise ConfigurationError(
            f"{home.path / CURATION_FILE} has no decision {decision_id}: `voc issue list "
            "--decisions` shows those in force"
        )
    fresh = _without(text, decision_id)
    check_decisions(home, fresh)
    _write(home, fresh)
    return found[0].decision


def file_text(home: Home) -> str:
    """The file as it is; the text of an empty one if there is none."""
    path = home.path / CURATION_FILE
    return path.read_text(encoding="utf-8") if path.is_file() else _HEADER


def inline_table(row: Mapping[str, object]) -> str:
    """`{ id = "D-0001", do = "mute", ... }`: keys in reading order, on one line."""
    order = [*_FIRST, *(key for key in row if key not in (*_FIRST, *_LAST)), *_LAST]
    return "{ " + ", ".join(f"{key} = {_toml(row[key])}" for key in order if key in row) + " }"


def _toml(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _with(text: str, row: Mapping[str, object]) -> str:
    """The text with one more decision at the end of its list."""
    line = f"  {inline_table(row)},\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    found = decision_lines(text)
    if found:
        last = found[-1][0] - 1
        lines[last] = _ended(lines[last])
        lines.insert(last + 1, line)
    else:
        opened = [at for at, one in enumerate(lines) if one.replace(" ", "")[:11] == "decisions=["]
        if opened and "]" not in lines[opened[0]].split("#")[0]:
            lines.insert(opened[0] + 1, line)
        elif opened:
            lines[opened[0]] = f"decisions = [\n{line}]\n"
        else:
            lines += ["decisions = [\n", line, "]\n"]
    fresh = "".join(lines)
    before = parse_decisions(text, CURATION_FILE)
    after = parse_decisions(fresh, CURATION_FILE)
    if [one.decision for one in after[:-1]] != [one.decision for one in before]:
        raise ConfigurationError(f"{CURATION_FILE} is laid out unusually; add this line: {line}")
    return fresh


def _ended(line: str) -> str:
    """A decision's line with a comma behind its table."""
    for end in range(1, len(line) + 1):
        if line[end - 1] == "}":
            try:
                tomllib.loads(f"row = {line[:end].strip()}")
            except tomllib.TOMLDecodeError:
                continue
            rest = line[end:]
            return line if rest.lstrip().startswith(",") else f"{line[:end]},{rest}"
    return line


def _without(text: str, decision_id: str) -> str:
    """The text without the line of a decision."""
    gone = {number for number, row in decision_lines(text) if row.get("id") == decision_id}
    lines = text.splitlines(keepends=True)
    return "".join(line for number, line in enumerate(lines, start=1) if number not in gone)


def _ids_ever(home: Home) -> list[str]:
    found = read_published(home.path, "SELECT decision_id FROM decisions ORDER BY ALL")
    return [] if found is None else found["decision_id"].to_list()


def check_decisions(home: Home, text: str) -> tuple[pl.DataFrame, list[str]]:
    """Everything a run would refuse, before anything is written or run.

    Returns:
        As `voc_pipeline.issues.curation.read_rulings`: the decisions, and which are set aside.

    Raises:
        ConfigurationError: a decision is wrong, contradicts another, or names an issue, theme or
            function that is not there; the message has the line.
    """
    written = parse_decisions(text, CURATION_FILE)
    functions = {one.id for one in home.settings.functions}
    themes = {one.id for one in read_glossary(home.path, functions).themes}
    issues = read_published(home.path, "SELECT issue_id FROM issues ORDER BY ALL")
    crosswalk = read_published(home.path, "SELECT * FROM issue_crosswalk ORDER BY ALL")
    before = read_published(home.path, "SELECT * FROM decisions ORDER BY decision_id")
    if issues is None or crosswalk is None or before is None:
        if written:
            raise ConfigurationError(
                f"{CURATION_FILE} line {written[0].line}: no week has run yet in {home.path}: "
                "there are no issues to decide about"
            )
        return pl.DataFrame(schema=DECISION_SCHEMA), []
    return read_rulings(
        written,
        known=set(issues["issue_id"]),
        crosswalk=crosswalk.filter(pl.col("old_issue_id") != ""),
        functions=functions,
        themes=themes,
        before=before,
    )


def _write(home: Home, text: str) -> None:
    """The new file beside the old one, then in its place."""
    fresh: Path = home.path / f".{CURATION_FILE}.new"
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(home.path / CURATION_FILE)
