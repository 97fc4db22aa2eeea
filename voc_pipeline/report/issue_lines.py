"""Every tracked issue as the report shows it: its published figures, and what customers say.

What counts as pressing is decided here by one stated order; whether an issue moved is not, that
is its published verdict.
"""

from collections.abc import Iterable, Mapping
from typing import get_args

import polars as pl

from models.errors import ContractError, shortened
from models.report import ReportIssue, ReportQuote
from models.settings import Settings
from models.trend import Verdict
from voc_pipeline.report import wording
from voc_pipeline.report.history import IssueNow, Published
from voc_pipeline.report.places import Places
from voc_pipeline.report.tables import ReportTables

PRESSING = ("SPIKING", "NEW", "RISING")
_OF_REGISTER = ("issue_id", "label", "function", "first_week")
LEAST_REPORTS = 5
"""Reports this week; fewer take no row of page one, whatever the trend of the weeks before."""
LEAST_RISING = 10
"""Reports this week; a slow rise of fewer asks for no decision."""
NEW_WEEKS = 2
"""A new issue asks for a decision in its first weeks; later only if it is an alarm or is large."""
LARGE_NEW = 10
"""Reports this week from which on a new issue keeps its card as long as it counts as new."""
_ODD_VOLUME = {
    "surge": "which sent far more than usual this week",
    "quiet": "which sent far less than usual this week",
}
EASING = ("DECLINING", "RESOLVED")


def issue_lines(
    tables: ReportTables, published: Published, settings: Settings
) -> list[ReportIssue]:
    """Every issue with a published figure in the week, by id, without evidence yet."""
    register = {
        row["issue_id"]: row
        for row in tables.issues.select(pl.col(*_OF_REGISTER, r"^is_(muted|pinned)$")).to_dicts()
    }
    functions = {one.id: one.id for one in settings.functions}
    functions |= {one.name: one.id for one in settings.functions}
    found = []
    for issue_id, now in sorted(published.issues.items()):
        known = register.get(issue_id, {})
        found.append(
            ReportIssue(
                issue_id=issue_id,
                label=wording.cleaned(known.get("label")) or wording.cleaned(issue_id),
                function_id=functions.get(known.get("function") or ""),
                first_week=known.get("first_week"),
                is_muted=bool(known.get("is_muted")),
                is_pinned=bool(known.get("is_pinned")),
                previous_count=published.before(issue_id, 1),
                year_ago_count=published.year_before(issue_id),
                series=published.series(issue_id),
                concentration=None,
                parts_of=None,
                parts=(),
                only_source=None,
                quotes=(),
                **_figures(now),
            )
        )
    return found


def _figures(now: IssueNow) -> dict[str, object]:
    upper = now.number("upper_bound")
    count = now.count("feedback_count")
    verdict = now.texts.get("verdict", "INSUFFICIENT_HISTORY")
    if verdict not in get_args(Verdict):
        raise ContractError(
            f"published_figures: verdict {shortened(verdict)} is unknown: one of "
            f"{', '.join(get_args(Verdict))} was expected; mend the stage that publishes it"
        )
    names = (
        "expected_count", "lower_bound", "upper_bound",
        "rate_ratio", "rate_ratio_lower", "rate_ratio_upper",
        "forecast_count", "forecast_lower", "forecast_upper",
    )  # fmt: skip
    return {
        "verdict": verdict,
        "verdict_weeks": now.count("verdict_weeks"),
        "is_alarm": now.is_true("is_alarm"),
        "is_above": upper is not None and count > upper,
        "is_lasting": verdict == "SPIKING" and upper is not None and count <= upper,
        "is_on_watch": now.is_true("is_watched"),
        "rose_again": now.is_true("is_escalated"),
        "feedback_count": count,
        "customer_count": now.count("customer_count"),
        "reason": wording.cleaned(now.texts.get("reason"), wording.SENTENCE_LIMIT),
        **{name: now.number(name) for name in names},
    }


def has_row(issue: ReportIssue) -> bool:
    """True if page one shows it: pinned, or it moved on enough reports and nobody muted it."""
    moved = issue.is_above or issue.verdict in PRESSING
    is_shown = moved and (issue.is_alarm or issue.feedback_count >= LEAST_REPORTS)
    return issue.is_pinned or (is_shown and not issue.is_muted)


def is_to_watch(issue: ReportIssue) -> bool:
    """True if too few reports for an alarm, yet high beyond chance, and not shown already."""
    return issue.is_on_watch and not issue.is_muted and not has_row(issue)


def has_card(issue: ReportIssue) -> bool:
    """True if it may ask for a decision on page one."""
    if issue.is_muted or issue.verdict not in PRESSING or issue.feedback_count < LEAST_REPORTS:
        return False
    is_old = issue.verdict_weeks > NEW_WEEKS and issue.feedback_count < LARGE_NEW
    is_old = is_old and issue.verdict == "NEW"
    is_slight = issue.verdict == "RISING" and issue.feedback_count < LEAST_RISING
    return issue.is_alarm or not (is_old or is_slight)


def pressure(issue: ReportIssue) -> tuple[int, float, str]:
    """Order of pressing: what rose again or is an alarm, then other verdicts, then the rest.

    In each by the reports beyond what was expected: the most first.
    """
    tier = 2 if issue.verdict not in PRESSING else 0 if issue.is_alarm or issue.rose_again else 1
    return tier, (issue.expected_count or 0.0) - issue.feedback_count, issue.issue_id


def with_evidence(
    issues: list[ReportIssue],
    shown: set[str],
    quotes: pl.DataFrame,
    places: Places,
    states: Mapping[str, str],
) -> list[ReportIssue]:
    """The issues, those shown in full with where they stand out and their quotes.

    Args:
        issues: of the week.
        shown: ids of those shown in full.
        quotes: of the register week.
        places: where excesses sit.
        states: the state of each source, by its printed name.
    """
    words = quotes_of(quotes, shown)
    return [
        _evident(one, places, words, states) if one.issue_id in shown else one for one in issues
    ]


def _evident(
    issue: ReportIssue,
    places: Places,
    quotes: dict[str, list[ReportQuote]],
    states: Mapping[str, str],
) -> ReportIssue:
    only_source = places.only_source(issue.issue_id)
    dimension = places.shown_by(issue.issue_id)
    return issue.model_copy(
        update={
            "concentration": places.concentration(issue.issue_id, issue.feedback_count),
            "parts_of": dimension,
            "parts": places.parts(issue.issue_id, dimension) if dimension else (),
            "only_source": only_source,
            "only_source_note": _ODD_VOLUME.get(states.get(only_source or "", ""), ""),
            "quotes": tuple(quotes.get(issue.issue_id, ())),
        }
    )


def quotes_of(quotes: pl.DataFrame, shown: Iterable[str]) -> dict[str, list[ReportQuote]]:
    """The quotes of these issues, nearest to the centre first."""
    columns = ["issue_id", "quote_rank", "is_edge", "segment_id", "quote"]
    rows = quotes.select(columns).filter(pl.col("issue_id").is_in(sorted(shown)))
    found: dict[str, list[ReportQuote]] = {}
    for issue_id, rank, is_edge, segment_id, quote in rows.sort("issue_id", "quote_rank").rows():
        text, is_cut_start, is_cut_end = wording.excerpt(quote, wording.QUOTE_LIMIT)
        if not text:
            continue
        found.setdefault(issue_id, []).append(
            ReportQuote(
                segment_id=wording.cleaned(segment_id),
                feedback_id=wording.cleaned(segment_id.rsplit("-", 2)[0]),
                quote_rank=rank,
                is_edge=is_edge,
                text=text,
                is_cut_start=is_cut_start,
                is_cut_end=is_cut_end,
            )
        )
    return found
