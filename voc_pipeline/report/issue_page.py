"""The page of an escalated issue: its two rates on one axis, its long series, its sentences.

Escalated is what was judged to move: an alarm, or a verdict that calls for a decision, with at
least 5 reports this week. Every escalated issue has a page, most pressing first, 12 at most.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from models.report import (
    DatedEvent,
    FigureReference,
    FixLine,
    IssuePage,
    RatePoint,
    ReportAction,
    ReportIssue,
)
from models.settings import EventSettings
from voc_pipeline.report import wording
from voc_pipeline.report.dates import Calendar
from voc_pipeline.report.history import Published
from voc_pipeline.report.issue_lines import LEAST_REPORTS, PRESSING
from voc_pipeline.report.issue_parts import (
    actions_on,
    count_line,
    known,
    not_known,
    page_headline,
    pattern_ref,
)
from voc_pipeline.report.places import Places
from voc_pipeline.report.references import Refs, Said, sentence, text_cell

SHORT_WEEKS, MONTHS, YEAR = 6, 12, 52
MOST_PAGES = 12
EVENT_LIMIT = 44


@dataclass(frozen=True)
class Surroundings:
    """What pages need besides their issue."""

    published: Published
    refs: Refs
    calendar: Calendar
    actions: tuple[ReportAction, ...]
    fixes: tuple[FixLine, ...]
    events: tuple[EventSettings, ...]
    lineage: pl.DataFrame
    places: Places


def is_escalated(issue: ReportIssue) -> bool:
    """True if it gets a page of its own."""
    moved = issue.is_alarm or issue.rose_again or issue.verdict in PRESSING
    return moved and issue.feedback_count >= LEAST_REPORTS and not issue.is_muted


def with_pages(
    issues: Iterable[ReportIssue], pressing: list[ReportIssue], around: Surroundings
) -> tuple[list[ReportIssue], list[FigureReference]]:
    """The issues, those escalated with their page; and the figures of the pages' sentences."""
    chosen = [one.issue_id for one in pressing if is_escalated(one)][:MOST_PAGES]
    made, figures = [], []
    for issue in issues:
        if issue.issue_id not in chosen:
            made.append(issue)
            continue
        page, found = _page(issue, around)
        made.append(issue.model_copy(update={"page": page, "is_escalated": True}))
        figures += found
    return made, figures


def _page(issue: ReportIssue, around: Surroundings) -> tuple[IssuePage, list[FigureReference]]:
    refs, published = around.refs, around.published
    events = _events(issue, around)
    terms = around.places.terms.get(issue.issue_id, ())
    pattern = around.places.pattern(issue.issue_id)
    told: dict[str, list[Said]] = {
        "headline": [page_headline(issue, refs)],
        "lede": [count_line(issue, refs)],
        "known": known(issue, terms, pattern, refs),
        "not_known": not_known(
            issue,
            events,
            history_weeks=published.history_weeks,
            refs=refs,
            calendar=around.calendar,
        ),
    }
    figures = [
        sentence(refs.week, f"{issue.issue_id}/{name}/{place}", one)
        for name, sentences in told.items()
        for place, one in enumerate(sentences)
    ]
    if pattern:
        figures.append(text_cell(pattern_ref(issue.issue_id, refs), pattern))
    page = IssuePage(
        headline=str(told["headline"][0]),
        lede=str(told["lede"][0]),
        weeks=tuple(_week_points(issue.issue_id, published)),
        months=tuple(_month_points(issue.issue_id, published)),
        long_series=published.long_series(issue.issue_id),
        events=events,
        new_terms=terms,
        known=tuple(str(one) for one in told["known"]),
        not_known=tuple(str(one) for one in told["not_known"]),
        action_ids=actions_on(issue.issue_id, around.actions),
    )
    return page, figures


def _week_points(issue_id: str, published: Published) -> list[RatePoint]:
    points = []
    for back in range(SHORT_WEEKS - 1, -1, -1):
        monday = published.week - timedelta(weeks=back)
        rate, lower, upper = (
            published.rate([issue_id], figure, monday)
            for figure in ("feedback_count", "lower_bound", "upper_bound")
        )
        points.append(
            RatePoint(
                start=monday,
                rate=rate,
                usual_lower=lower,
                usual_upper=upper,
                year_ago=published.rate(
                    [issue_id], "feedback_count", monday - timedelta(weeks=YEAR)
                ),
            )
        )
    return points


def _month_points(issue_id: str, published: Published) -> list[RatePoint]:
    """The last 12 months, named by their last Monday in the history."""
    mondays: list[date] = [published.week]
    while len(mondays) < MONTHS + MONTHS:
        first = mondays[-1].replace(day=1)
        mondays.append(first - timedelta(days=first.weekday() or 7))
    points = []
    for place in range(MONTHS - 1, -1, -1):
        monday = mondays[place]
        points.append(
            RatePoint(
                start=monday,
                rate=published.month_rate(issue_id, monday),
                usual_lower=None,
                usual_upper=None,
                year_ago=published.month_rate(issue_id, mondays[place + MONTHS]),
                is_partial=place == 0 and (monday + timedelta(weeks=1)).month == monday.month,
            )
        )
    return points


def _events(issue: ReportIssue, around: Surroundings) -> tuple[DatedEvent, ...]:
    first = around.published.week - timedelta(weeks=104)
    last = around.published.week + timedelta(days=6)
    found = [
        DatedEvent(
            happened_on=one.happened_on, text=wording.cleaned(one.what, EVENT_LIMIT), kind="company"
        )
        for one in around.events
        if one.function in (None, issue.function_id)
    ]
    found += [
        DatedEvent(
            happened_on=one.took_effect_on,
            text=wording.cleaned(f"Fix: {one.name}", EVENT_LIMIT),
            kind="action",
        )
        for one in around.fixes
        if one.issue_id == issue.issue_id
    ]
    if not around.lineage.is_empty():
        words = {"merged": "merged with another issue", "split": "split", "returned": "returned"}
        rows = around.lineage.filter(
            (pl.col("issue_id") == issue.issue_id) | (pl.col("other_issue_id") == issue.issue_id)
        ).sort("week_start", "event", "issue_id", "other_issue_id")
        found += [
            DatedEvent(
                happened_on=row["week_start"],
                text=wording.capital(words[row["event"]]),
                kind="register",
            )
            for row in rows.to_dicts()
            if row["event"] in words
        ]
    kept = {(one.happened_on, one.text): one for one in found if first <= one.happened_on <= last}
    return tuple(kept[key] for key in sorted(kept))
