"""New issues that began where and when another did: perhaps one fault, heard as several.

A place is a cell of product, region, customer group or moment: the finding of the week's excess,
or the cell that most of the reports name which name any; for issues that are new, also the function
that owns them. Nothing here merges issues; people do.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from models.report import FigureReference, ReportIssue
from voc_pipeline.report import wording
from voc_pipeline.report.issue_parts import DIMENSION_WORDS, PLACES
from voc_pipeline.report.places import Places
from voc_pipeline.report.references import Refs, Said, reference, said, sentence, text_cell

SAME_WEEKS = 2
"""Weeks between two beginnings that count as one."""
LEAST_REPORTS = 3
MOST_NAMED = 2
_BEGINS = ("NEW", "SPIKING")
_FUNCTION = "function"
_Place = tuple[str, str]


def began(issue: ReportIssue, week: date) -> date | None:
    """The week in which what is told of the issue began; None if nothing began lately."""
    if issue.verdict not in _BEGINS:
        return None
    if issue.verdict == "NEW" and issue.first_week is not None:
        return issue.first_week
    return week - timedelta(weeks=max(issue.verdict_weeks - 1, 0))


class Together:
    """Which of a week's issues began together, and the words for it."""

    def __init__(self, issues: Iterable[ReportIssue], places: Places, week: date) -> None:
        self._week, self._refs = week, Refs(week)
        self._young = [
            (one, start, found)
            for one in issues
            if (start := began(one, week)) is not None
            and one.feedback_count >= LEAST_REPORTS
            and not one.is_muted
            and (found := _places(one, places))
        ]

    def beside(self, issue: ReportIssue) -> tuple[_Place | None, tuple[ReportIssue, ...]]:
        """The place shared, and the new issues that began there with this one, largest first."""
        own = next((one for one in self._young if one[0].issue_id == issue.issue_id), None)
        if own is None:
            return None, ()
        for place in own[2]:
            found = [
                other
                for other, start, places in self._young
                if other.verdict == "NEW"
                and other.issue_id != issue.issue_id
                and place in places
                and abs(start - own[1]) <= timedelta(weeks=SAME_WEEKS)
            ]
            if found:
                found.sort(key=lambda one: (-one.feedback_count, one.issue_id))
                return place, tuple(found)
        return None, ()

    def ordered(self, pressing: Sequence[ReportIssue]) -> list[ReportIssue]:
        """The same issues, those that an earlier one speaks for after all others."""
        spoken: set[str] = set()
        first: list[ReportIssue] = []
        later: list[ReportIssue] = []
        for issue in pressing:
            (later if issue.issue_id in spoken else first).append(issue)
            spoken |= {one.issue_id for one in self.beside(issue)[1][:MOST_NAMED]}
        return [*first, *later]

    def told(
        self, cards: Sequence[ReportIssue]
    ) -> tuple[dict[str, tuple[str, ...]], list[FigureReference]]:
        """By issue with a card, those named beside it, each pair once; the sentences' figures."""
        named: dict[str, tuple[str, ...]] = {}
        figures: list[FigureReference] = []
        for issue in cards:
            place, others = self.beside(issue)
            known = {one for one, besides in named.items() if issue.issue_id in besides}
            others = tuple(one for one in others if one.issue_id not in known)[:MOST_NAMED]
            if place is None or not others:
                continue
            named[issue.issue_id] = tuple(one.issue_id for one in others)
            dimension, cell = place
            ref = reference(PLACES, self._week, issue.issue_id, dimension, cell, "", "", "cell")
            shown = wording.cleaned(cell)
            text = self._sentence(others, dimension, Said(f"“{shown}”", ref))
            figures.append(sentence(self._week, _name(issue.issue_id), text))
            if dimension != _FUNCTION:
                figures.append(text_cell(ref, shown))
        return named, figures

    def _sentence(self, others: Sequence[ReportIssue], dimension: str, cell: Said) -> Said:
        pieces: list[str] = []
        for place, one in enumerate(others):
            count = Said(
                wording.grouped(one.feedback_count),
                self._refs.issue(one.issue_id, "feedback_count"),
            )
            label = Said(f"“{one.label}”", self._refs.label(one.issue_id))
            pieces += [" and " if place else "", label, " (", count, ")"]
        all_of = "both" if len(others) == 1 else "all"
        at: list[str] = [f", {all_of} new in one function"]
        if dimension != _FUNCTION:
            words = {str(key): word for key, word in DIMENSION_WORDS.items()}[dimension]
            at = [f", {all_of} mostly in {words} ", cell]
        return said("Began with ", *pieces, *at, ": perhaps one fault.")


def _places(issue: ReportIssue, places: Places) -> tuple[_Place, ...]:
    found = places.named(issue.issue_id)
    if issue.verdict == "NEW" and issue.function_id is not None:
        return (*found, (_FUNCTION, issue.function_id))
    return found


def _name(issue_id: str) -> str:
    """Under which the sentence is stored."""
    return f"beside/{issue_id}"
