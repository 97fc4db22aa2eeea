"""Reasons: a verdict in one plain English sentence, with its numbers.

Here: wording only. Nothing is decided here, and no word of a customer is used.
"""

from collections.abc import Callable
from dataclasses import dataclass

from models.trend import Verdict


@dataclass(frozen=True)
class WeekFacts:
    """The numbers a sentence may need; None where nothing can be said."""

    weeks_before: int
    history_weeks: int
    observed: int
    last_count: int
    """Reports of the week before."""
    expected: float | None
    lower: float | None
    upper: float | None
    is_alarm: bool
    is_watched: bool
    is_escalated: bool
    weeks_known: int
    recent_count: int
    direction_weeks: int
    direction_ratio: float | None
    is_far: bool
    """Whether the last weeks lie beyond chance from the half year before."""
    quiet_count: int


def reason_of(verdict: Verdict, facts: WeekFacts) -> str:
    """The sentence for a verdict."""
    if facts.weeks_before < facts.history_weeks:
        weeks = _counted(facts.weeks_before, "week")
        return (
            f"{_reports(facts)}; {weeks} of history before it, "
            f"{facts.history_weeks} are needed for a verdict"
        )
    if facts.expected is None:
        return "No feedback arrived this week, so the count says nothing"
    sentence = _SENTENCES[verdict](facts)
    if facts.is_escalated:
        return f"{sentence}; known before, and higher than in any of the four weeks before"
    if facts.is_watched:
        return f"{sentence}; high beyond chance, but too few for an alarm: watch it"
    return sentence


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _reports(facts: WeekFacts) -> str:
    return _counted(facts.observed, "report")


def _against(facts: WeekFacts) -> str:
    lower, upper = int(facts.lower or 0), int(facts.upper or 0)
    return f"{_reports(facts)} against {lower:,}-{upper:,} expected"


def _times(facts: WeekFacts) -> str:
    if facts.expected is None or facts.expected < 0.5:
        return "usually none"
    return f"{facts.observed / facts.expected:.1f} times the usual rate"


def _new(facts: WeekFacts) -> str:
    beyond = "beyond chance" if facts.is_alarm else "not beyond chance"
    if facts.weeks_known == 1:
        return f"First mentioned this week; {_reports(facts)}, {beyond}"
    weeks = facts.weeks_known - 1
    since = "last week" if weeks == 1 else f"{weeks} weeks ago"
    last = f"{_reports(facts)} after {facts.last_count:,} the week before"
    return f"First mentioned {since}; {last}, {beyond}"


def _spiking(facts: WeekFacts) -> str:
    if facts.upper is not None and facts.observed <= facts.upper:
        last = f"after {facts.last_count:,} the week before"
        return f"{_against(facts)}, but {last}: together beyond chance"
    return f"{_against(facts)}; {_times(facts)}"


def _moving(facts: WeekFacts) -> str:
    ratio = "" if facts.direction_ratio is None else f"{facts.direction_ratio:.1f} times "
    return (
        f"{_counted(facts.recent_count, 'report')} in the last {facts.direction_weeks} weeks, "
        f"{ratio}the rate of the half year before; {_against(facts)} this week"
    )


def _resolved(facts: WeekFacts) -> str:
    reports = _counted(facts.quiet_count, "report")
    return f"{reports} in the last 8 weeks, far below the half year before"


def _steady(facts: WeekFacts) -> str:
    if not facts.is_far or facts.direction_ratio is None:
        return _against(facts)
    rising = facts.direction_ratio > 1
    stopped = "no longer rising" if rising else "no longer falling"
    return (
        f"{_against(facts)}; still {facts.direction_ratio:.1f} times the rate of the half year "
        f"before, {stopped}"
    )


_SENTENCES: dict[Verdict, Callable[[WeekFacts], str]] = {
    "NEW": _new,
    "SPIKING": _spiking,
    "RISING": _moving,
    "DECLINING": _moving,
    "RESOLVED": _resolved,
    "STEADY": _steady,
    "INSUFFICIENT_HISTORY": _steady,
}
