"""Where an action's issue is now: words found in the register, merges, splits, rebuilds followed.

An action points at the register of issues and never changes it (weeks.md 7). What a merge or a
split means is said in `models.curation`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from models.action import ActionEntry
from models.curation import Rulings
from voc_pipeline.actions.states import Places

LEAST_SHARE = 0.5
"""An issue is meant if its name and terms hold more than this share of the words."""
_LEAST_STEM = 4


@dataclass(frozen=True)
class Register:
    """What one week's register, its history and people's decisions say about an issue's place."""

    issue_ids: frozenset[str]
    """Issues that the register has."""
    sizes: Mapping[str, int]
    """Mentions of each issue as people decided; an issue without is nobody's place."""
    rebuilt: Mapping[str, str]
    """Issue of before a rebuild to the one that has most of its mentions."""
    rulings: Rulings
    split_ids: tuple[str, ...]
    """Decisions that split, in force."""

    def places(self, issue_id: str) -> tuple[str, ...]:
        """The issues that hold an issue's mentions now, most mentions first; itself if unknown."""
        issue = self._rebuilt(issue_id)
        base = issue.split(".")[0]
        if "." in issue and issue not in self.sizes:
            issue = base  # the decision that split it off was taken back
        if base not in self.issue_ids:
            return ()
        found = {self.rulings.issue_of(issue, frozenset())}
        found |= {self.rulings.issue_of(issue, frozenset([one])) for one in self.split_ids}
        return tuple(sorted(found, key=lambda one: (-self.sizes.get(one, 0), one)))

    def _rebuilt(self, issue: str) -> str:
        seen = {issue}
        while issue not in self.issue_ids and (after := self.rebuilt.get(issue)) is not None:
            if after in seen:
                break
            seen.add(issue := after)
        return issue


def best_successors(crosswalk: pl.DataFrame) -> dict[str, str]:
    """Each issue of before a rebuild and the one that has most of its mentions since.

    Args:
        crosswalk: rebuild_number, old_issue_id, new_issue_id and mention_count.
    """
    named = crosswalk.filter(pl.col("old_issue_id") != "", pl.col("new_issue_id") != "")
    order = ["rebuild_number", "old_issue_id", "mention_count", "new_issue_id"]
    ranked = named.sort(order, descending=[False, False, True, False])
    best = ranked.unique(["rebuild_number", "old_issue_id"], keep="first", maintain_order=True)
    return dict(best.select("old_issue_id", "new_issue_id").iter_rows())


def places_of(
    entries: Sequence[ActionEntry], named: pl.DataFrame, register: Register
) -> dict[str, Places]:
    """By action: the issue as decided or found by its words, and where it is now.

    Args:
        entries: as given by `states.known_by`.
        named: register_week, issue_id, label, terms and member_count of the weeks from the first
            ask by words up to the week; an action's words are looked for from its own week on, in
            the first register that has them.
        register: of the week.
    """
    found: dict[str, Places] = {}
    for one in entries:
        issue = one.issue or _named(one, named)
        found[one.id] = Places(issue, register.places(issue) if issue else ())
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
