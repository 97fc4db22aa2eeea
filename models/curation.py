"""Decisions of people about issues, as text: `curation.toml` of a home, one decision a line.

Here live what a decision is, how the file is read, and what decisions mean for an issue id: they
are replayed in the order of the file on every run, and a removed line is an undone decision. They
never enter the register's state (weeks.md 7).
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

from pydantic import Field, ValidationError, field_validator, model_validator

from models.errors import ConfigurationError, refuse, shortened
from models.issue import IssueQuote, IssueState
from models.table import Contract, TableRow

CURATION_FILE = "curation.toml"
ISSUE_ID = r"^ISS-\d{4,9}(\.D-\d{4,6})*$"
Action = Literal["merge", "split", "rename", "move", "mute", "pin", "assign"]
ONCE = ("rename", "move", "mute", "pin", "assign")
"""Said once of an issue: two lines would contradict each other."""
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "merge": ("into",), "split": ("name",), "rename": ("name",), "move": ("theme",),
    "mute": (), "pin": (), "assign": ("function",),
}  # fmt: skip
_SPLIT_BY = ("words", "like", "unlike")


class Decision(Contract):
    """What a person decided about an issue, who, when and why."""

    id: str = Field(pattern=r"^D-\d{4,6}$", description="D-0001; never used again.")
    do: Action = Field(description="merge, split, rename, move, mute, pin or assign.")
    issue: str = Field(pattern=ISSUE_ID, description="The issue: ISS-0012, or a split child.")
    into: str | None = Field(None, pattern=ISSUE_ID, description="merge: the issue that stays.")
    name: str | None = Field(None, description="rename: the name; split: the name of the new part.")
    words: tuple[str, ...] = Field(
        (), description="split: texts with one of these go to the part; `refund*`: beginnings."
    )
    like: tuple[str, ...] = Field(
        (), description="split: texts more like one of these than like any of `unlike` go there."
    )
    unlike: tuple[str, ...] = Field((), description="split: what stays sounds like this.")
    theme: str | None = Field(None, description="move: a theme of the glossary.")
    function: str | None = Field(None, description="assign: a function of the settings.")
    by: str = Field(description="Who decided.")
    on: date = Field(description="The day of the decision.")
    why: str = Field(description="The reason, for those who come later.")

    @field_validator("name", "theme", "function", "by", "why")
    @classmethod
    def _is_one_line(cls, value: str | None) -> str | None:
        if value is not None and (not value.strip() or len(value) > 300 or not value.isprintable()):
            raise ValueError("write 1 to 300 characters on one line")
        return value

    @field_validator(*_SPLIT_BY)
    @classmethod
    def _are_phrases(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for phrase in value:
            if not any(one.isalnum() for one in phrase) or len(phrase) > 200:
                raise ValueError(f"{shortened(phrase)} is no word or phrase")
        return value

    @model_validator(mode="after")
    def _has_what_its_action_needs(self) -> "Decision":
        given = {
            name for name in ("into", "name", "theme", "function", *_SPLIT_BY)
            if getattr(self, name)
        }  # fmt: skip
        needs = set(_NEEDS[self.do])
        if missing := needs - given:
            raise ValueError(f"{self.do} needs {sorted(missing)[0]!r}")
        if self.do == "split":
            if ("words" in given) == bool(given & {"like", "unlike"}):
                raise ValueError("split needs 'words', or 'like' and 'unlike'")
            if "words" not in given and not {"like", "unlike"} <= given:
                raise ValueError("split needs 'like' and 'unlike' together")
            needs |= set(_SPLIT_BY)
        if unknown := given - needs:
            raise ValueError(f"{self.do} takes no {sorted(unknown)[0]!r}")
        if self.into == self.issue:
            raise ValueError("an issue cannot be merged into itself")
        return self

    @property
    def part(self) -> str:
        """Id of the issue that a split makes."""
        return f"{self.issue}.{self.id}"

    @property
    def value(self) -> str | None:
        """What the action sets: a name, a theme, a function."""
        return self.name or self.theme or self.function


class WrittenDecision(NamedTuple):
    """A decision and the line of the file it stands on, from 1."""

    line: int
    decision: Decision


class DecisionRow(TableRow):
    """One row per decision ever applied; those whose line was removed are no longer in force."""

    table: ClassVar[str] = "decisions"
    grain: ClassVar[tuple[str, ...]] = ("decision_id",)

    decision_id: str = Field(description="D-0001; never used for another decision.")
    position: int = Field(description="Its place in the order of the file, from 1.")
    is_in_force: bool = Field(
        description="False if its line was removed, or its issue taken apart."
    )
    action: Action = Field(description="merge, split, rename, move, mute, pin or assign.")
    issue_id: str = Field(description="The issue as called now; a rebuild's crosswalk is followed.")
    written_issue_id: str = Field(description="The issue as the file has it.")
    other_issue_id: str | None = Field(
        description="merge: the issue that stays, as called now; split: the new part."
    )
    value: str | None = Field(description="The name, theme or function given.")
    words: list[str] = Field(description="split: words of the texts that go to the part.")
    like: list[str] = Field(description="split: phrases that texts of the part are like.")
    unlike: list[str] = Field(description="split: phrases that the other texts are like.")
    made_by: str = Field(description="Who decided.")
    made_on: date = Field(description="The day of the decision.")
    why: str = Field(description="The reason given.")


class SplitMember(TableRow):
    """One row per split decision and segment that goes to the part it makes."""

    table: ClassVar[str] = "split_members"
    grain: ClassVar[tuple[str, ...]] = ("decision_id", "segment_id")
    is_published: ClassVar[bool] = False

    decision_id: str = Field(description="The split.")
    segment_id: str = Field(description="The segment.")


class CuratedIssue(TableRow):
    """One row per issue, as people decided: names, themes, owners, parts split off, merges.

    Kept per register week; analysts read the rows of the latest one, as the table `issues`.
    """

    table: ClassVar[str] = "curated_issues"
    published_as: ClassVar[str | None] = "issues"
    grain: ClassVar[tuple[str, ...]] = ("register_week", "issue_id")
    partition: ClassVar[str | None] = "register_week"
    private: ClassVar[frozenset[str]] = frozenset({"found_theme"})

    register_week: date = Field(description="Monday of the week after which this state held.")
    issue_id: str = Field(
        description="Stable, readable id, e.g. ISS-0042; never used again. A part that decision "
        "D-0004 split off is ISS-0042.D-0004."
    )
    label: str = Field(description="Its name: as a person renamed it, else a customers' phrase.")
    terms: list[str] = Field(description="Words that set it apart from all other issues.")
    theme: str | None = Field(description="Coarse group of issues; null: no theme fits.")
    found_theme: str | None = Field(description="The theme before a person moved it.")
    function: str | None = Field(description="The part of the company that owns it.")
    is_muted: bool = Field(description="True: counted, but no card and no alarm on page one.")
    is_pinned: bool = Field(description="True: always shown.")
    state: IssueState = Field(description="active, dormant, merged, split or retired.")
    merged_into: str | None = Field(description="The issue that its mentions count for, if any.")
    born_week: date = Field(description="Monday of the week in which the register found it.")
    first_week: date = Field(description="Monday of the first week with a mention.")
    last_week: date = Field(description="Monday of the latest week with a mention.")
    member_count: int = Field(description="Segments that are its mentions.")
    cohesion: float = Field(description="Mean similarity of members to their centre, 0 to 1.")
    threshold: float = Field(description="Least similarity with which a segment joins.")
    model_id: str = Field(description="Vector model of the register.")


class CuratedQuote(IssueQuote):
    """One row per issue, register week and quote: the customers' own words that show it best."""

    table: ClassVar[str] = "curated_quotes"
    published_as: ClassVar[str | None] = "issue_quotes"


class IssueName(TableRow):
    """One row per name that an endpoint gave for the words an issue is known by."""

    table: ClassVar[str] = "issue_names"
    grain: ClassVar[tuple[str, ...]] = ("subject_hash",)
    is_published: ClassVar[bool] = False

    subject_hash: str = Field(description="Hash of model, own name and words: what is named.")
    sent_hash: str = Field(description="Hash of all that was sent, quotes included.")
    name: str = Field(description="The name it answered with.")


class Rulings:
    """Which issue a segment counts for: the register's merges and people's, in a stated order.

    The register's merges are followed up to an issue that a decision merges or splits; then the
    decisions, in the order of the file; then the register's merges on, but never back into an
    issue that a decision has merged away. So a decision outranks what the register does later.
    """

    def __init__(self, decisions: Sequence[DecisionRow], merges: Mapping[str, str]) -> None:
        self._decisions = [one for one in decisions if one.action in ("merge", "split")]
        self._merges = merges
        self._held = {one.issue_id for one in self._decisions}
        self._gone = {one.issue_id for one in self._decisions if one.action == "merge"}

    def issue_of(self, assigned: str, splits: frozenset[str]) -> str:
        """The issue that counts, for a segment of `assigned` that these splits' rules take."""
        issue = self._followed(assigned, self._held)
        for one in self._decisions:
            taken = one.action == "merge" or one.decision_id in splits
            if one.issue_id == issue and taken and one.other_issue_id:
                issue = one.other_issue_id
        return self._followed(issue, frozenset())

    def _followed(self, issue: str, held: set[str] | frozenset[str]) -> str:
        seen = {issue}
        while issue not in held and (into := self._merges.get(issue)) is not None:
            if into in seen or (not held and into in self._gone):
                break
            seen.add(issue := into)
        return issue


def read_decisions(home: Path) -> tuple[WrittenDecision, ...]:
    """The decisions of a home in the order of the file; none without a file.

    Raises:
        ConfigurationError: the file is no TOML, a decision is wrong or shares its line, or two
            contradict each other; the message has the line.
    """
    path = home / CURATION_FILE
    if not path.is_file():
        return ()
    try:
        return parse_decisions(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8: save it as UTF-8") from error


def parse_decisions(text: str, path: str = CURATION_FILE) -> tuple[WrittenDecision, ...]:
    """As `read_decisions`, of a file's text."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is no valid TOML: {error}") from error
    rows = content.get("decisions", [])
    if unknown := sorted(set(content) - {"decisions"}):
        raise ConfigurationError(f"{path}: unknown key {shortened(unknown[0])}: write decisions")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigurationError(f"{path}: decisions is a list of tables: decisions = [ {{...}} ]")
    lines = _lines_of(text, rows, path)
    findings: list[str] = []
    written: list[WrittenDecision] = []
    for line, row in zip(lines, rows, strict=True):
        try:
            written.append(_decision(line, row, path))
        except ConfigurationError as error:
            findings.append(str(error))
    refuse([*findings, *(f"{path} line {at}: {what}" for at, what in _contradictions(written))])
    return tuple(written)


def decision_lines(text: str) -> list[tuple[int, dict[str, object]]]:
    """Line number, from 1, and content of every line that is one whole inline table."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("{"):
            try:
                row = tomllib.loads(f"row = [{line}\n]")["row"]
            except tomllib.TOMLDecodeError:
                continue
            if len(row) == 1:
                found.append((number, row[0]))
    return found


def _lines_of(text: str, rows: list[dict[str, object]], path: str) -> list[int]:
    """The line of every decision, in order: each must have one of its own."""
    found = decision_lines(text)
    for number, row in enumerate(rows):
        if number >= len(found) or found[number][1] != row:
            raise ConfigurationError(
                f"{path}: decision number {number + 1} ({shortened(row.get('id'))}) does not stand "
                "on a line of its own: write one inline table a line"
            )
    return [line for line, _ in found[: len(rows)]]


def _decision(line: int, row: dict[str, object], path: str) -> WrittenDecision:
    try:
        return WrittenDecision(line, Decision.model_validate(row))
    except ValidationError as error:
        found = error.errors()[0]
        place = ".".join(str(part) for part in found["loc"])
        what = found["msg"].removeprefix("Value error, ")
        if found["type"] == "extra_forbidden":
            what = "unknown key"
        shown = f" (found {shortened(found['input'])})" if place and "missing" not in what else ""
        raise ConfigurationError(
            f"{path} line {line}: {shortened(row.get('id', 'a decision without id'))}: "
            f"{place + ': ' if place else ''}{what}{shown}"
        ) from error


def _contradictions(written: Sequence[WrittenDecision]) -> Iterator[tuple[int, str]]:
    """Line and sentence of every decision that an earlier one forbids."""
    lines: dict[str, int] = {}
    merged: dict[str, WrittenDecision] = {}
    said: dict[tuple[str, str], WrittenDecision] = {}
    parts: set[str] = set()
    for line, one in written:
        if one.id in lines:
            yield line, f"{one.id} stands on line {lines[one.id]} already: ids are never used twice"
        lines[one.id] = line
        for named in filter(None, (one.issue, one.into)):
            if before := merged.get(named):
                yield (
                    line,
                    (
                        f"{one.id} names {named}, which {before.decision.id} on line {before.line} "
                        f"merged into {before.decision.into}: name that one, or remove a line"
                    ),
                )
            if "." in named and named not in parts:
                yield (
                    line,
                    (
                        f"{one.id} names {named}, but no line above splits "
                        f"{named.rpartition('.')[0]} by {named.rpartition('.')[2]}"
                    ),
                )
        for action in ("mute", "pin") if one.do in ("mute", "pin") else (one.do,):
            if action in ONCE and (before := said.get((action, one.issue))):
                yield (
                    line,
                    (
                        f"{one.id} contradicts {before.decision.id} on line {before.line}, "
                        f"which does {action} {one.issue} already: remove one of the two"
                    ),
                )
        said[(one.do, one.issue)] = WrittenDecision(line, one)
        if one.do == "merge":
            merged[one.issue] = WrittenDecision(line, one)
        if one.do == "split":
            parts.add(one.part)
