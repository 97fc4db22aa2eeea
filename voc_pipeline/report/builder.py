"""The report's value, built from tables as known at the week's cutoff; nothing is drawn here.

Past weeks are read as published. What counts as pressing is decided here by one stated order;
whether an issue moved is not, that is its published verdict.
"""

from dataclasses import dataclass
from datetime import date
from typing import get_args

import polars as pl

from models.errors import ContractError, shortened
from models.report import (
    FunctionGroup,
    KeyFigure,
    ReportIssue,
    ReportQuote,
    Sureness,
    WeeklyReport,
)
from models.settings import Settings
from models.trend import Verdict
from models.week import as_of, week_label
from voc_pipeline.report import trust, wording
from voc_pipeline.report.concentration import Breakdown, read_breakdown
from voc_pipeline.report.headline import Situation, conclusion
from voc_pipeline.report.history import IssueNow, Published

MOST_CARDS = 3
NOMINAL_INSIDE = 0.95
PRESSING = ("SPIKING", "NEW", "RISING")
EASING = ("DECLINING", "RESOLVED")
NO_FUNCTION = "No function yet"


@dataclass(frozen=True)
class ReportTables:
    """What a report is built from, all as known at the week's cutoff."""

    figures: pl.DataFrame
    """Rows of models.trend.PublishedFigure up to the week; issue_id '' for whole-week figures
    feedback_count, customer_count, problem_count, negative_share, exposure."""
    issues: pl.DataFrame
    """Rows of models.issue.Issue of the register week (label, function, first_week are read)."""
    quotes: pl.DataFrame
    """Rows of models.issue.IssueQuote of the register week."""
    breakdown: pl.DataFrame
    """week_start, issue_id, dimension, cell (null: not stated), feedback_count: 9 latest weeks."""
    health: pl.DataFrame
    """Rows of models.raw.SourceHealth up to the week."""
    loads: pl.DataFrame
    """Rows of models.raw.Load up to the week."""
    rejects: pl.DataFrame
    """source_id, scope, reason, remedy, reject_count of the week."""
    restatements: pl.DataFrame
    """Rows of models.trend.Restatement with as_of_week equal to the week."""
    coverage: pl.DataFrame
    """inside_share (of all judged issue-weeks so far, those inside their published range),
    above_share (above it), issue_week_count: one row, or none if it was not measured."""


def build_report(tables: ReportTables, *, week: date, settings: Settings) -> WeeklyReport:
    """One report: the week of one company as known at its cutoff.

    Args:
        tables: the frames, in any row order.
        week: Monday of the week reported.
        settings: company, functions and sources as printed.

    Raises:
        ContractError: a published verdict is none that is known.
    """
    published = Published(tables.figures, week)
    issues = _issues(tables, published, settings)
    pressing = sorted((one for one in issues if _is_watched(one)), key=_pressure)
    issues = _with_evidence(issues, {one.issue_id for one in pressing}, tables, week, settings)
    lines = trust.source_lines(tables.health, settings, week)
    notices = trust.notices(lines)
    sureness = _sureness(issues, tables.coverage, settings)
    missing = sum(notice.is_missing for notice in notices)
    headline, lede = conclusion(_situation(issues, published, sureness, missing))
    labels = {one.issue_id: one.label for one in issues}
    loads = tables.loads.filter(pl.col("received_week") <= week)
    return WeeklyReport(
        week_start=week,
        week_label=week_label(week),
        company_name=wording.cleaned(settings.company.name),
        is_simulated=settings.company.is_simulated,
        as_of=as_of(week, settings.company.time_zone, settings.company.cutoff_hour),
        time_zone=settings.company.time_zone,
        history_weeks=published.history_weeks,
        headline=headline,
        lede=lede,
        notices=tuple(notices),
        key_figures=_key_figures(published, sureness),
        issues=tuple(issues),
        look_first=tuple(one.issue_id for one in pressing if _has_card(one))[:MOST_CARDS],
        watch=tuple(one.issue_id for one in pressing),
        easing=tuple(one.issue_id for one in issues if one.verdict in EASING),
        functions=_functions(issues, settings),
        sources=tuple(lines),
        balances_week=tuple(
            trust.balances(loads.filter(pl.col("received_week") == week), settings)
        ),
        balances_all=tuple(trust.balances(loads, settings)),
        set_aside=tuple(trust.set_aside(tables.rejects, settings)),
        set_aside_kinds=tables.rejects.height,
        restated_count=tables.restatements.filter(pl.col("as_of_week") == week).height,
        restated=tuple(trust.restated(tables.restatements, labels, week)),
        sureness=sureness,
    )


def _issues(tables: ReportTables, published: Published, settings: Settings) -> list[ReportIssue]:
    register = {
        row["issue_id"]: row
        for row in tables.issues.select("issue_id", "label", "function", "first_week").to_dicts()
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
    )  # fmt: skip
    return {
        "verdict": verdict,
        "verdict_weeks": now.count("verdict_weeks"),
        "is_alarm": now.is_true("is_alarm"),
        "is_above": upper is not None and count > upper,
        "feedback_count": count,
        "customer_count": now.count("customer_count"),
        "reason": wording.cleaned(now.texts.get("reason"), wording.SENTENCE_LIMIT),
        **{name: now.number(name) for name in names},
    }


def _is_watched(issue: ReportIssue) -> bool:
    return issue.is_above or issue.verdict in PRESSING


def _has_card(issue: ReportIssue) -> bool:
    return issue.verdict in PRESSING and issue.feedback_count > 0


def _pressure(issue: ReportIssue) -> tuple[int, float, str]:
    """Order of pressing: alarms, then other verdicts, then above by chance; by excess in each."""
    tier = 2 if issue.verdict not in PRESSING else 0 if issue.is_alarm else 1
    return tier, (issue.expected_count or 0.0) - issue.feedback_count, issue.issue_id


def _with_evidence(
    issues: list[ReportIssue],
    watched: set[str],
    tables: ReportTables,
    week: date,
    settings: Settings,
) -> list[ReportIssue]:
    breakdown = read_breakdown(tables.breakdown, week)
    names = trust.source_names(settings)
    quotes = _quotes(tables.quotes, watched)
    return [
        _evident(one, breakdown, names, quotes) if one.issue_id in watched else one
        for one in issues
    ]


def _evident(
    issue: ReportIssue,
    breakdown: Breakdown,
    names: dict[str, str],
    quotes: dict[str, list[ReportQuote]],
) -> ReportIssue:
    source = breakdown.only_source(issue.issue_id)
    found = breakdown.concentration(issue.issue_id, names)
    dimension = found.dimension if found else breakdown.split_by(issue.issue_id)
    called = names if dimension == "source_id" else {}
    return issue.model_copy(
        update={
            "concentration": found,
            "parts_of": dimension,
            "parts": breakdown.parts(issue.issue_id, dimension, called) if dimension else (),
            "only_source": source and wording.cleaned(names.get(source, source)),
            "quotes": tuple(quotes.get(issue.issue_id, ())),
        }
    )


def _quotes(quotes: pl.DataFrame, watched: set[str]) -> dict[str, list[ReportQuote]]:
    columns = ["issue_id", "quote_rank", "is_edge", "segment_id", "quote"]
    rows = quotes.select(columns).filter(pl.col("issue_id").is_in(sorted(watched)))
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


def _sureness(issues: list[ReportIssue], coverage: pl.DataFrame, settings: Settings) -> Sureness:
    judged = [one for one in issues if one.upper_bound is not None]
    row = coverage.to_dicts()[0] if not coverage.is_empty() else {}
    inside, measured = row.get("inside_share"), row.get("above_share")
    # A range leaves half of what it misses above it.
    above = (1 - NOMINAL_INSIDE) / 2 if measured is None else measured
    return Sureness(
        judged_count=len(judged),
        above_count=sum(one.is_above for one in judged),
        usual_above_count=round(above * len(judged), 6),
        inside_share=inside,
        above_share=measured,
        issue_week_count=row.get("issue_week_count"),
        nominal_inside_share=NOMINAL_INSIDE,
        nominal_false_share=settings.engine.alarm_level,
    )


def _situation(
    issues: list[ReportIssue], published: Published, sureness: Sureness, missing_sources: int
) -> Situation:
    def having(verdict: str) -> list[ReportIssue]:
        return [one for one in issues if one.verdict == verdict]

    jumped = having("SPIKING")
    moved = [*jumped, *having("RISING"), *having("NEW")]
    return Situation(
        feedback_count=round(published.whole("feedback_count").get(published.week, 0)),
        history_weeks=published.history_weeks,
        tracked=len(issues),
        jumped=len(jumped),
        jumped_above=sum(one.is_above for one in jumped),
        rising=len(having("RISING")),
        new=len(having("NEW")),
        falling=len(having("DECLINING")),
        resolved=len(having("RESOLVED")),
        early=len(having("INSUFFICIENT_HISTORY")),
        steady_above=sum(one.is_above and one.verdict not in PRESSING for one in issues),
        usual_above_count=sureness.usual_above_count,
        missing_sources=missing_sources,
        only_label=moved[0].label if len(moved) == 1 else "",
    )


def _key_figures(published: Published, sureness: Sureness) -> tuple[KeyFigure, ...]:
    received = published.whole("feedback_count")
    problems = published.whole("problem_count")
    rate = {
        monday: 1000 * problems[monday] / count
        for monday, count in received.items()
        if count > 0 and monday in problems
    }
    above = published.above()
    return (
        _key_figure(published, "Problem reports per 1,000 feedback", "per_thousand", rate),
        _key_figure(
            published, "Negative share of feedback", "share", published.whole("negative_share")
        ),
        _key_figure(published, "Issues above usual range", "count", above).model_copy(
            update={
                "of_count": sureness.judged_count,
                "note": f"usually {wording.about(sureness.usual_above_count)}",
            }
        ),
        _key_figure(published, "Feedback received", "count", received),
    )


def _key_figure(
    published: Published, name: str, unit: str, by_week: dict[date, float]
) -> KeyFigure:
    series = published.banded(by_week)
    return KeyFigure.model_validate(
        {
            "name": name,
            "unit": unit,
            "value": series.values[-1],
            "of_count": None,
            "previous": series.values[-2],
            "usual_lower": series.lower[-1],
            "usual_upper": series.upper[-1],
            "note": "",
            "series": series,
        }
    )


def _functions(issues: list[ReportIssue], settings: Settings) -> tuple[FunctionGroup, ...]:
    named = [(one.id, one.name, one.owner) for one in settings.functions]
    groups = []
    for function_id, name, owner in [*named, (None, NO_FUNCTION, "")]:
        owned = [one for one in issues if one.function_id == function_id]
        owned.sort(key=lambda one: (-one.feedback_count, one.issue_id))
        if owned:
            groups.append(
                FunctionGroup(
                    function_id=function_id,
                    name=wording.cleaned(name),
                    owner=wording.cleaned(owner),
                    issue_ids=tuple(one.issue_id for one in owned),
                )
            )
    return tuple(groups)
