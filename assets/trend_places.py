"""Where the week's flagged issues sit, written with what is published; the breakdown of all."""

from datetime import date, timedelta

import polars as pl

from assets.stage import WeekRun
from models.exposure import SuppliedExposure
from models.place import IssueNewTerm, IssuePattern, IssuePlace, IssueWeeklyBreakdown
from models.quality import DataNotice
from models.raw import SourceHealth
from models.table import TableRow
from voc_pipeline.trends.breakdown import cell_exposure, issue_reports, weekly_breakdown
from voc_pipeline.trends.notices import Listening, find_notices, issue_shares
from voc_pipeline.trends.patterns import find_patterns
from voc_pipeline.trends.places import EARLIER_WEEKS, find_places
from voc_pipeline.trends.terms import find_new_terms
from voc_pipeline.warehouse import decisions, evidence, knowledge
from voc_pipeline.warehouse.store import frame_hash

VERSION = 1
_BREAKDOWN = "breakdown"
_FLAGGED = ("NEW", "SPIKING", "RISING")


def places_of(run: WeekRun, week: date, judged: pl.DataFrame) -> dict[type[TableRow], pl.DataFrame]:
    """The tables of a week's flagged issues, as known now; empty where none is flagged.

    Args:
        run: the stage's run.
        week: Monday of the week.
        judged: IssueWeekly rows of the week.
    """
    warehouse, first = run.warehouse, week - timedelta(weeks=EARLIER_WEEKS)
    is_flagged = (
        pl.col("is_alarm")
        | pl.col("is_escalated")
        | pl.col("verdict").is_in(_FLAGGED)
        | (pl.col("feedback_count") > pl.col("upper_bound"))
    )
    flagged = judged.filter(is_flagged.fill_null(value=False), pl.col("feedback_count") > 0)
    flagged = flagged.drop_nulls("expected_count").select("issue_id", "expected_count")
    if flagged.is_empty():
        return {model: pl.DataFrame() for model in (IssuePlace, IssuePattern, IssueNewTerm)}
    near = knowledge.current_mentions(warehouse, week, first).filter(
        pl.col("week_start") <= week, pl.col("issue_id").is_in(flagged["issue_id"].implode())
    )
    reports = issue_reports(near)
    places = find_places(
        flagged, reports, evidence.feedback_cells(warehouse, week, first=first), week=week
    )
    texts = near.join(evidence.said(warehouse, near["segment_id"]), on="segment_id")
    instants = texts.select("segment_id", "occurred_at", "received_at")
    patterns = find_patterns(
        flagged,
        reports.join(instants, on="segment_id"),
        evidence.feedback_hours(warehouse, week),
        places,
        week=week,
    )
    return {
        IssuePlace: places.rows,
        IssuePattern: patterns,
        IssueNewTerm: find_new_terms(texts, week=week),
    }


def notices_of(
    run: WeekRun, week: date, mentions: pl.DataFrame, lag: pl.DataFrame
) -> dict[type[TableRow], pl.DataFrame]:
    """The notices on the data of a week, as known now."""
    warehouse, first = run.warehouse, week - timedelta(weeks=EARLIER_WEEKS)
    copies = evidence.text_copies(warehouse, week, first=first)
    told = Listening(
        health=warehouse.rows(SourceHealth, "week_start BETWEEN ? AND ?", first, week),
        issues=issue_shares(mentions, copies, week=week),
        copies=copies,
        cells=evidence.first_heard(warehouse, week),
        lag=lag,
    )
    names = {one.id: one.name or one.id for one in run.settings.sources}
    return {DataNotice: find_notices(told, names, week=week)}


def write_breakdown(run: WeekRun) -> None:
    """Replace the breakdown by what is known now, unless it is known to be the same."""
    warehouse, first = run.warehouse, run.settings.company.first_week
    now = warehouse.latest_week("trends")
    if now is None:
        return
    supplied = warehouse.rows(SuppliedExposure)
    stage = warehouse.stage(
        _BREAKDOWN,
        now,
        version=VERSION,
        inputs={
            "mentions": warehouse.history_hash("mentions", now),
            "feedback": warehouse.history_hash("feedback", now),
            "curation": warehouse.output_hash("curation", now),
            "decisions": decisions.mapping_hash(warehouse),
            "exposure": frame_hash(supplied),
        },
    )
    if stage.is_current:
        return
    counts = weekly_breakdown(
        issue_reports(knowledge.current_mentions(warehouse, now)),
        cell_exposure(evidence.feedback_cells(warehouse, now, first=first), supplied),
        decisions.curated_issues(warehouse, now).select("issue_id", "function"),
        first_week=first,
        last_week=now,
    )
    with warehouse.transaction():
        warehouse.replace(IssueWeeklyBreakdown, counts, "TRUE")
        stage.note(pl.DataFrame({"rows": [counts.height]}))
