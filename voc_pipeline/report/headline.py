"""The report's conclusion in two sentences, by rules that can be tested.

Only the counts of a `Situation` decide; nothing here reads tables or draws. The first rule that
holds speaks: no feedback; no issue yet; too early to judge; something moved; a quiet week.
"""

from dataclasses import dataclass

from voc_pipeline.report import wording

WEEKS_TO_JUDGE = 8
FIRST_JUDGED = WEEKS_TO_JUDGE + 1


@dataclass(frozen=True)
class Situation:
    """What the conclusion depends on; an issue counts under one verdict, from jumped to early."""

    feedback_count: int
    history_weeks: int
    tracked: int = 0
    jumped: int = 0
    jumped_above: int = 0
    """Of the jumped, those above the upper end of their usual range."""
    lasting: int = 0
    """Inside their range this week, and beyond chance with the weeks before it."""
    rising: int = 0
    new: int = 0
    falling: int = 0
    resolved: int = 0
    early: int = 0
    small: int = 0
    """Jumped, rising or new on fewer than five reports: no row of page one."""
    muted: int = 0
    steady_above: int = 0
    """Above their range with no verdict that says so."""
    usual_above_count: float = 0.0
    """Issues above their range in a usual week."""
    missing_sources: int = 0
    only_label: str = ""
    """The name of the one issue that jumped, rises or is new, if there is exactly one."""


def conclusion(situation: Situation) -> tuple[str, str]:
    """Headline and the line under it."""
    moved = _movers(situation)
    if situation.feedback_count <= 0:
        return _nothing_arrived(situation)
    if situation.tracked == 0:
        return _no_issue_yet(situation)
    if situation.early == situation.tracked:
        return _too_early(situation)
    headline = _moved(situation) if moved else _quiet(situation)
    return headline, _rest(situation, moved)


def _movers(situation: Situation) -> int:
    return situation.jumped + situation.lasting + situation.rising + situation.new


def _nothing_arrived(situation: Situation) -> tuple[str, str]:
    lede = (
        "Nothing can be said about any issue. Check the sources before reading this as good news."
    )
    if situation.history_weeks == 0:
        lede = "This is the first week of the history. Check that the sources are connected."
    return "No feedback arrived this week.", lede


def _no_issue_yet(situation: Situation) -> tuple[str, str]:
    pieces = wording.counted(situation.feedback_count, "piece", "pieces")
    if situation.history_weeks == 0:
        return (
            "Listening has begun. No problem has been named yet.",
            f"First week: {pieces} of feedback read; problems are judged from week {FIRST_JUDGED}.",
        )
    return (
        "No problem is being tracked yet.",
        f"{wording.capital(pieces)} of feedback read this week; too few said the same thing.",
    )


def _too_early(situation: Situation) -> tuple[str, str]:
    week = situation.history_weeks + 1
    issues = wording.counted(situation.tracked, "issue is", "issues are")
    wait = f"Issues are judged after {WEEKS_TO_JUDGE} weeks; until then counts have no usual range."
    return f"Too early to judge: this is week {week} of the history.", f"{issues} tracked. {wait}"


def _quiet(situation: Situation) -> str:
    if situation.missing_sources:
        return "No problem moved beyond chance, in the feedback that arrived."
    return "A quiet week: no problem moved beyond chance."


def _moved(situation: Situation) -> str:
    if _movers(situation) == 1 and situation.only_label:
        return f"“{situation.only_label}” {_alone(situation)}."
    parts: list[str] = []
    for count, verb in (
        (situation.jumped, ("has jumped", "have jumped")),
        (situation.lasting, ("stays high", "stay high")),
        (situation.rising, ("is rising", "are rising")),
        (situation.new, ("is new", "are new")),
    ):
        if not count:
            continue
        noun = "" if parts else (" problem" if count == 1 else " problems")
        parts.append(f"{wording.number_word(count)}{noun} {verb[count > 1]}")
        if verb[0] == "has jumped" and situation.jumped_above == count:
            parts[-1] += " above " + ("its" if count == 1 else "their") + " usual range"
    return wording.capital(wording.listed(parts)) + "."


def _alone(situation: Situation) -> str:
    if situation.jumped:
        above = " above its usual range" if situation.jumped_above else ""
        return f"has jumped{above}"
    if situation.lasting:
        return "stays high: this week and those before it together are beyond chance"
    return "is rising" if situation.rising else "is a new problem"


def _rest(situation: Situation, moved: int) -> str:
    others = situation.tracked - moved
    if others == 0:
        return "No other issue is tracked."
    usual = others - situation.falling - situation.resolved - situation.early
    usual -= situation.small + situation.muted
    kinds = [
        (usual, "moved no more than usual", "moved no more than usual"),
        (situation.falling, "is falling", "are falling"),
        (situation.resolved, "looks resolved", "look resolved"),
        (situation.early, "is too new to judge", "are too new to judge"),
        (situation.small, "moved on fewer than five reports", "moved on fewer than five reports"),
        (situation.muted, "is muted", "are muted"),
    ]
    said = [(count, one if count == 1 else many) for count, one, many in kinds if count]
    if len(said) == 1:
        count, what = said[0]
        subject = _whole(count, moved)
        sentence = f"{subject} {what}."
    else:
        of_all = f"Of the other {others} tracked issues" if moved else f"Of {others} tracked issues"
        parts = [f"{wording.number_word(count)} {what}" for count, what in said]
        sentence = f"{of_all}, {wording.listed(parts)}."
    return sentence + _above_too(situation)


def _whole(count: int, moved: int) -> str:
    if count == 1:
        return "The one other tracked issue" if moved else "The one tracked issue"
    return f"The other {count} tracked issues" if moved else f"All {count} tracked issues"


def _above_too(situation: Situation) -> str:
    count = situation.steady_above
    if not count:
        return ""
    subject = f"{wording.capital(wording.number_word(count))} of them "
    subject += ("is above its" if count == 1 else "are above their") + " range"
    return f" {subject}; in a usual week {wording.about(situation.usual_above_count)} would be."
