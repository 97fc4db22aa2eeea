"""Reasons: a fix verdict in one plain English sentence, with its numbers. Nothing is decided."""

from dataclasses import dataclass

from models.action import FixVerdictWord
from voc_pipeline.actions.change import Change


@dataclass(frozen=True)
class FixFacts:
    """The numbers a sentence may need."""

    verdict: FixVerdictWord
    weeks_since: int
    least_weeks: int
    observed: int
    change: Change | None
    weeks_left_out: int
    """Weeks of a short rise before the effect, not learnt from."""


def fix_reason(facts: FixFacts) -> str:
    """The sentence for a verdict."""
    weeks = _counted(facts.weeks_since, "week")
    if facts.verdict == "too_early":
        return f"{weeks} since it took effect; {facts.least_weeks} are needed for a verdict"
    found = facts.change
    if found is None:
        return "Too little lies before it took effect to say what was to come"
    said = (
        f"{_counted(facts.observed, 'report')} in {weeks}, {found.expected:,.0f} were to come: "
        f"{_fall(found.change)} (95 % interval {_fall(found.lower)} to {_fall(found.upper)})"
    )
    if facts.verdict == "not_shown":
        if found.visible_fall is None:
            said += "; too few reports to see any fall"
        else:
            said += f"; a fall of {100 * found.visible_fall:.0f} % would have been seen"
    if facts.weeks_left_out:
        left = _counted(facts.weeks_left_out, "high week")
        said += f"; {left} before it left out, as a short rise ends by itself"
    return said


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _fall(change: float) -> str:
    """`45 % fewer`, `18 % more`, `3.2 times as many`."""
    percent = round(100 * change)
    if percent == 0:
        return "no change"
    if change >= 1.0:
        return f"{1 + change:.1f} times as many"
    return f"{abs(percent)} % {'more' if percent > 0 else 'fewer'}"
