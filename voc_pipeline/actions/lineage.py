"""Where an action's issue is now: words found in the register, merges, splits, rebuilds followed.

An action points at the register of issues and never changes it (weeks.md 7).
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from models.action import ActionEntry
from voc_pipeline.actions.states import Places

LEAST_SHARE = 0.5
"""An issue is meant if its name and terms hold more than this share of the words."""
_LEAST_STEM = 4

Moves = Mapping[str, Sequence[tuple[str, int]]]
"""Issue to the issues its mentions count for now, with their mentions."""


def moves_of(lineage: pl.DataFrame, crosswalk: pl.DataFrame, known: Iterable[str]) -> Moves:
    """Where the mentions of issues went that are no more, as known at one week's cutoff.

    Args:
        lineage: rows of `IssueLineage` up to the week.
        crosswalk: rows of `IssueCrosswalk`; an old issue that the register still has stays.
        known: issues of the week's register.
    """
    moves: dict[str, list[tuple[str, int]]] = {}
    kept = set(known)
    rebuilt = crosswalk.filter(
        ~pl.col("old_issue_id").is_in(sorted(kept)), pl.col("new_issue_id") != ""
    )
    order = ["rebuild_number", "mention_count", "new_issue_id"]
    for old, new, count in (
        rebuilt.sort(order, descending=[False, True, False])
        .group_by("old_issue_id", "rebuild_number", maintain_order=True)
        .first()
        .sort("rebuild_number", "old_issue_id")
        .select("old_issue_id", "new_issue_id", "mention_count")
        .iter_rows()
    ):
        moves[old] = [(new, count)]
    moved = lineage.filter(
        pl.col("event").is_in(["merged", "split"]), pl.col("other_issue_id") != ""
    ).sort("week_start", "event", "issue_id", "other_issue_id")
    for issue, other, event, count in moved.select(
        "issue_id", "other_issue_id", "event", "mention_count"
    ).iter_rows():
        moves[issue] = (
            [(other, count)] if event == "merged" else [*moves.get(issue, []), (other, count)]
        )
    return moves


def followed(issue_id: str, moves: Moves) -> tuple[str, ...]:
    """The issues that hold an issue's mentions now, most of them first; itself if nothing moved."""
    weight = {issue_id: 1.0}
    seen = {issue_id}
    while leaving := [one for one in sorted(weight) if moves.get(one)]:
        for one in leaving:
            share, targets = weight.pop(one), moves[one]
            whole = sum(max(count, 1) for _, count in targets)
            for target, count in targets:
                if target == one or (target in seen and target not in weight):
                    continue  # a circle: the first place stays
                seen.add(target)
                weight[target] = weight.get(target, 0.0) + share * max(count, 1) / whole
    return tuple(sorted(weight, key=lambda one: (-weight[one], one))) or (issue_id,)


def places_of(
    entries: Sequence[ActionEntry], registers: pl.DataFrame, moves: Moves
) -> dict[str, Places]:
    """By action: the issue as decided or found by its words, and where it is now.

    Args:
        entries: as given by `states.known_by`.
        registers: register_week, issue_id, label, terms and member_count of the weeks from the
            first ask by words up to the week; an action's words are looked for from its own week
            on, in the first register that has them.
        moves: of the week.
    """
    found: dict[str, Places] = {}
    for one in entries:
        issue = one.issue or _named(one, registers)
        found[one.id] = Places(issue, followed(issue, moves) if issue else ())
    return found


def _named(entry: ActionEntry, registers: pl.DataFrame) -> str | None:
    asked = entry.steps[0].on
    later = registers.filter(pl.col("register_week") > asked - pl.duration(days=7))
    for _, register in later.sort("register_week").group_by("register_week", maintain_order=True):
        best = best_named(entry.about or "", register)
        if best is not None:
            return best
    return None


def best_named(words: str, register: pl.DataFrame) -> str | None:
    """The issue whose label and terms hold most of the words; of equals the largest; else None."""
    wanted = sorted(set(_words(words)))
    best: tuple[float, int, str] | None = None
    rows = register.select("issue_id", "label", "terms", "member_count").sort("issue_id")
    for issue_id, label, terms, size in rows.iter_rows():
        held = set(_words(" ".join([label, *terms])))
        share = sum(any(_same(one, other) for other in held) for one in wanted) / max(
            len(wanted), 1
        )
        if share > LEAST_SHARE and (best is None or (share, size) > best[:2]):
            best = (share, size, issue_id)
    return None if best is None else best[2]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _same(one: str, other: str) -> bool:
    """Equal, or one is the other's beginning: freeze, freezes."""
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) >= _LEAST_STEM and long.startswith(short))
