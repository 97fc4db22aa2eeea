"""Decisions of people applied: the issues they mean now, the texts a split takes, what is shown.

Here decisions meet the register's rows; nothing here changes the register (weeks.md 7). What a
decision is stands in `models.curation`, and so does the order in which merges and splits are
followed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NoReturn

import numpy as np
import polars as pl

from models.curation import CURATION_FILE, Decision, Rulings, WrittenDecision
from models.errors import ConfigurationError, refuse
from voc_pipeline.issues.evidence import Matrix, vectors_of
from voc_pipeline.issues.labels import distinctive_words
from voc_pipeline.issues.vectors import VectorModel, spoken, unit_rows

LEAST_SHARE = 0.5
"""A decision follows a rebuild's crosswalk to the issue that got at least this share."""
_DORMANT_WEEKS = 8
_DECIMALS = 6

DECISION_SCHEMA: dict[str, pl.DataType] = {
    "decision_id": pl.String(), "position": pl.Int64(), "is_in_force": pl.Boolean(),
    "action": pl.String(), "issue_id": pl.String(), "written_issue_id": pl.String(),
    "other_issue_id": pl.String(), "value": pl.String(), "words": pl.List(pl.String()),
    "like": pl.List(pl.String()), "unlike": pl.List(pl.String()), "made_by": pl.String(),
    "made_on": pl.Date(), "why": pl.String(),
}  # fmt: skip
MEMBER_SCHEMA: dict[str, pl.DataType] = {"decision_id": pl.String(), "segment_id": pl.String()}


def read_rulings(
    written: Sequence[WrittenDecision],
    *,
    known: Collection[str],
    crosswalk: pl.DataFrame,
    functions: Collection[str],
    themes: Collection[str],
    before: pl.DataFrame,
) -> tuple[pl.DataFrame, list[str]]:
    """One row per decision (models.curation.DecisionRow), its issues as they are called now.

    A decision that was made before a rebuild took its issue apart is set aside (not in force),
    with what leans on it, so that the rebuild goes on; the second answer says which and why. So is
    a name, theme or owner of an issue that a rebuild put together with a larger one that has its
    own. A new one about an issue that was taken apart is refused.

    Args:
        written: the file's decisions in order.
        known: ids of the register's issues.
        crosswalk: rebuild_number, old_issue_id, new_issue_id, mention_count of every rebuild.
        functions: ids of the settings' functions.
        themes: ids of the glossary's themes; empty without a glossary, when any name will do.
        before: rows of decisions applied so far, in force or not.

    Raises:
        ConfigurationError: an id, function or theme is unknown, a new decision names an issue
            that fell apart in a rebuild, or an id was used for another decision before; the
            message has the line.
    """
    used = {row["decision_id"]: row for row in before.to_dicts()}
    renamed: dict[str, str] = {}
    aside: dict[str, str] = {}
    rows, findings = [], []
    for position, (line, one) in enumerate(written, start=1):
        try:
            for name in filter(None, (one.issue, one.into)):
                whole, _, split = name.partition(".")
                if split in aside:
                    apart = f"{name} is a part that {split} would take, and {split} is set aside"
                elif split or whole in renamed:
                    continue
                else:
                    renamed[whole], apart = _called_now(whole, one, line, known, crosswalk)
                if apart and one.id not in used:
                    _refuse(line, one, f"{apart}; name one, or remove it")
                if apart:
                    renamed.pop(name, None)
                    aside[one.id] = _put_aside(line, one.id, apart)
            _refuse_unknown_place(line, one, functions, themes)
            row = _row(position, one, renamed) | {"is_in_force": one.id not in aside}
            _refuse_other_use(line, one, row, used.get(one.id))
            rows.append(row)
        except ConfigurationError as error:
            findings.append(str(error))
    refuse(findings)
    lines = {one.id: line for line, one in written}
    for row, why in _outdone(rows, crosswalk):
        row["is_in_force"] = False
        aside[str(row["decision_id"])] = _put_aside(
            lines[str(row["decision_id"])], str(row["decision_id"]), why
        )
    told = [aside[one.id] for _, one in written if one.id in aside]
    return pl.DataFrame(rows, schema=DECISION_SCHEMA, orient="row"), told


def _refuse_unknown_place(
    line: int, one: Decision, functions: Collection[str], themes: Collection[str]
) -> None:
    if one.function is not None and one.function not in functions:
        _refuse(line, one, f"function {one.function!r} is not in settings.toml")
    if one.theme is not None and themes and one.theme not in themes:
        _refuse(line, one, f"theme {one.theme!r} is not in glossary.toml: add it there first")


def _put_aside(line: int, decision_id: str, why: str) -> str:
    return (
        f"{CURATION_FILE} line {line}: {decision_id} is set aside: {why}; remove the line, or "
        "decide anew (`voc issue list` has the issues there are)"
    )


def _outdone(
    rows: Sequence[dict[str, object]], crosswalk: pl.DataFrame
) -> Iterator[tuple[dict[str, object], str]]:
    """Names, themes and owners beside that of the largest part, where a rebuild made one issue."""
    size = dict(crosswalk.group_by("old_issue_id").agg(pl.col("mention_count").sum()).iter_rows())
    said: dict[tuple[object, object], list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        if row["is_in_force"] and row["action"] in ("rename", "move", "assign"):
            said[row["action"], row["issue_id"]].append(row)
    for rivals in said.values():
        kept = max(
            rivals,
            key=lambda row: (
                row["written_issue_id"] == row["issue_id"], size.get(row["written_issue_id"], 0)
            ),
        )  # fmt: skip
        for row in rivals:
            if row is not kept:
                yield (
                    row,
                    (
                        f"a rebuild put {row['written_issue_id']} into {row['issue_id']}, and "
                        f"{kept['decision_id']} decides the same of a larger part of it"
                    ),
                )


def _row(position: int, one: Decision, renamed: Mapping[str, str]) -> dict[str, object]:
    into = renamed.get(one.into, one.into) if one.into else None
    return {
        "decision_id": one.id,
        "position": position,
        "is_in_force": True,
        "action": one.do,
        "issue_id": renamed.get(one.issue, one.issue),
        "written_issue_id": one.issue,
        "other_issue_id": one.part if one.do == "split" else into,
        "value": one.value,
        "words": list(one.words),
        "like": list(one.like),
        "unlike": list(one.unlike),
        "made_by": one.by,
        "made_on": one.on,
        "why": one.why,
    }


def _called_now(
    name: str, one: Decision, line: int, known: Collection[str], crosswalk: pl.DataFrame
) -> tuple[str, str]:
    """The id that an issue has now, its own or where a rebuild put most of it.

    With it, empty if there is one, what a rebuild made of an issue that it took apart.
    """
    seen = set()
    while name not in known:
        seen.add(name)
        moved = crosswalk.filter(pl.col("old_issue_id") == name)
        if moved.is_empty():
            _refuse(line, one, f"{name} is not in the register: check the id (`voc issue list`)")
        latest = moved.filter(pl.col("rebuild_number") == moved["rebuild_number"].max())
        went = latest.sort(["mention_count", "new_issue_id"], descending=[True, False])
        into, share = (
            went["new_issue_id"][0],
            went["mention_count"][0] / went["mention_count"].sum(),
        )
        if share < LEAST_SHARE or not into or into in seen:
            places = ", ".join(
                f"{place or 'no issue'} ({count})"
                for place, count in went.select("new_issue_id", "mention_count").head(3).iter_rows()
            )
            return name, f"a rebuild took {name} apart: {places}"
        name = into
    return name, ""


def _refuse_other_use(
    line: int, one: Decision, row: Mapping[str, object], before: Mapping[str, object] | None
) -> None:
    told = ("action", "written_issue_id", "value", "words", "like", "unlike")
    if before is not None and any(before[name] != row[name] for name in told):
        _refuse(line, one, "this id was another decision before; ids are never used again")


def _refuse(line: int, one: Decision, what: str) -> NoReturn:
    raise ConfigurationError(f"{CURATION_FILE} line {line}: {one.id}: {what}")


def split_members(
    decisions: pl.DataFrame, candidates: pl.DataFrame, model: VectorModel
) -> pl.DataFrame:
    """One row per split decision and segment that its rule takes, whatever issue it is in.

    A rule looks at one text alone, so the same text goes the same way in any week: it holds one
    of the words, or its vector is nearer to a phrase of `like` than to every one of `unlike`.

    Args:
        decisions: rows of models.curation.DecisionRow.
        candidates: segment_id, segment_text, vector (null without).
        model: the vector model of the register.
    """
    found = [pl.DataFrame(schema=MEMBER_SCHEMA)]
    for one in decisions.filter(pl.col("action") == "split").to_dicts():
        if one["words"]:
            taken = candidates.filter(has_words(pl.col("segment_text"), one["words"]))
        else:
            filled = candidates.drop_nulls("vector")
            sides = [
                vectors_of(filled) @ model.embed([spoken(text) for text in one[side]]).T
                for side in ("like", "unlike")
                if filled.height
            ]
            nearer = (
                (sides[0].max(axis=1).round(_DECIMALS) > sides[1].max(axis=1).round(_DECIMALS))
                if sides
                else np.zeros(0, dtype=bool)
            )
            taken = filled.filter(pl.Series(nearer, dtype=pl.Boolean))
        found.append(taken.select(pl.lit(one["decision_id"]).alias("decision_id"), "segment_id"))
    return pl.concat(found).unique().sort("decision_id", "segment_id")


def has_words(text: pl.Expr, words: Sequence[str]) -> pl.Expr:
    """Whether a text holds one of the words or phrases, whole; `refund*` also its beginnings."""
    patterns = []
    for phrase in words:
        parts = [
            "".join(f"\\x{{{ord(sign):x}}}" for sign in part.rstrip("*"))
            + (r"\w*" if part.endswith("*") else "")
            for part in phrase.lower().replace("\u2019", "'").split()
        ]
        patterns.append(r"[\W_]+".join(parts))
    plain = text.str.to_lowercase().str.replace_all("\u2019", "'", literal=True)
    return plain.str.contains(rf"(?:^|\W)(?:{'|'.join(patterns)})(?:\W|$)")


def curate_issues(
    register: pl.DataFrame,
    decisions: pl.DataFrame,
    rulings: Rulings,
    evidence: pl.DataFrame,
    *,
    week: date,
) -> pl.DataFrame:
    """One row per issue and part split off, as decided (models.curation.CuratedIssue).

    Also has what `themes.place_under_themes` reads and completes: vector_sum, and the function a
    person assigned.

    Args:
        register: issues of the register week.
        decisions: rows in force.
        rulings: the same, with the register's merges as of the week.
        evidence: issue_id, segment_id, segment_text, week_start, vector of the current mentions
            of issues that merges and splits concern (`concerned`).
        week: Monday of the register week.
    """
    rows = {row["issue_id"]: row for row in register.to_dicts()}
    for row in rows.values():
        into = rulings.issue_of(row["issue_id"], frozenset())
        row["merged_into"] = None if into == row["issue_id"] else into
    for one in decisions.filter(pl.col("action") == "split").to_dicts():
        parent = rows.get(one["issue_id"])
        if parent is not None:
            part = one["other_issue_id"]
            into = rulings.issue_of(part, frozenset())
            rows[part] = parent | {
                "issue_id": part,
                "label": one["value"],
                "merged_into": None if into == part else into,
            }
    _renew(rows, decisions, rulings, evidence, week)
    said = {(one["action"], one["issue_id"]): one["value"] for one in decisions.to_dicts()}
    for issue_id, row in rows.items():
        row["label"] = said.get(("rename", issue_id)) or row["label"]
        row["theme"] = said.get(("move", issue_id))
        row["assigned"] = said.get(("assign", issue_id))
        row["is_muted"] = ("mute", issue_id) in said
        row["is_pinned"] = ("pin", issue_id) in said
    schema = {
        **register.schema,
        "is_muted": pl.Boolean(),
        "is_pinned": pl.Boolean(),
        "merged_into": pl.String(),
        "assigned": pl.String(),
    }
    return pl.DataFrame(list(rows.values()), schema=schema, orient="row").sort("issue_id")


def concerned(register: Collection[str], decisions: pl.DataFrame, rulings: Rulings) -> list[str]:
    """Issues and parts whose mentions a merge or split changes, as far as they are there yet.

    A part is there once the issue that it is split from is.
    """
    mapped = decisions.filter(pl.col("action").is_in(["merge", "split"]))
    named = {*mapped["issue_id"], *mapped["other_issue_id"].drop_nulls()}
    ends = {rulings.issue_of(one, frozenset()) for one in named}
    there = set(register)
    for one in mapped.filter(pl.col("action") == "split").to_dicts():
        if one["issue_id"] in there:
            there.add(one["other_issue_id"])
    return sorted((named | ends) & there)


def _renew(
    rows: dict[str, dict[str, object]],
    decisions: pl.DataFrame,
    rulings: Rulings,
    evidence: pl.DataFrame,
    week: date,
) -> None:
    """Size, weeks, cohesion, centre and state of every issue that merges and splits concern."""
    members = {str(key[0]): rows for key, rows in evidence.group_by("issue_id")}
    quiet = week - timedelta(weeks=_DORMANT_WEEKS)
    names = concerned(list(rows), decisions, rulings)
    for name in names:
        row, mine = rows[name], members.get(name)
        if row["merged_into"] is not None:
            row |= {"state": "merged", "member_count": 0, "cohesion": 0.0}
            continue
        if mine is None:
            row |= {"state": "retired", "member_count": 0, "cohesion": 0.0}
            continue
        vectors = vectors_of(mine.sort("segment_id"))
        centre = unit_rows(vectors.sum(axis=0, keepdims=True))
        first, last = mine["week_start"].min(), mine["week_start"].max()
        assert isinstance(last, date)  # noqa: S101 - a Date column that is not empty
        row |= {
            "state": "active" if last > quiet else "dormant",
            "member_count": mine.height,
            "first_week": first,
            "last_week": last,
            "cohesion": round(float((vectors @ centre.T).mean()), _DECIMALS),
            "vector_sum": vectors.astype(np.float64).sum(axis=0).round(_DECIMALS).tolist(),
        }
    for one in decisions.filter(pl.col("action") == "split").to_dicts():
        part, rest = members.get(one["other_issue_id"]), members.get(one["issue_id"])
        if part is not None and one["other_issue_id"] in rows:
            others = [] if rest is None else rest["segment_text"].to_list()
            words = distinctive_words(part["segment_text"].to_list(), others)
            rows[one["other_issue_id"]]["terms"] = words


def centres_of(issues: pl.DataFrame) -> Matrix:
    """Unit row per issue, from vector_sum; zeros for an emptied one."""
    return unit_rows(np.array(issues["vector_sum"].to_list(), dtype=np.float32))
