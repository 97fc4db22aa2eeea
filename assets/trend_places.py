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
from voc_pipeline.warehouse import decisions, evidence
from voc_pipeline.warehouse.heard import Heard
from voc_pipeline.warehouse.store import frame_hash

VERSION = 1
_BREAKDOWN = "breakdown"
_FLAGGED = ("NEW", "SPIKING", "RISING")


def places_of(
    run: WeekRun, heard: Heard, week: date, judged: pl.DataFrame
) -> dict[type[TableRow], pl.DataFrame]:
    """The tables of a week's flagged issues, as known now; empty where none is flagged.

    Args:
        run: the stage's run.
        heard: feedback and mentions.
        week: Monday of the week.
        judged: IssueWeekly rows of the week.
    """
    first = week - timedelta(weeks=EARLIER_WEEKS)
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
    near = heard.mentions(week).filter(
        pl.col("week_start").is_between(first, week),
        pl.col("issue_id").is_in(flagged["issue_id"].implode()),
    )
    reports = issue_reports(near)
    feedback = heard.feedback(week)
    cells = evidence.feedback_cells(feedback, first=first, last=week)
    places = find_places(flagged, reports, cells, week=week)
    texts = near.join(evidence.said(run.warehouse, near["segment_id"]), on="segment_id")
    instants = texts.select("segment_id", "occurred_at", "received_at")
    patterns = find_patterns(
        flagged,
        reports.join(instants, on="segment_id"),
        evidence.feedback_hours(feedback, week),
        places,
        week=week,
    )
    return {
        IssuePlace: places.rows,
        IssuePattern: patterns,
        IssueNewTerm: find_new_terms(texts, week=week),
    }


def notices_of(
    run: WeekRun, heard: Heard, week: date, lag: pl.DataFrame
) -> dict[type[TableRow], pl.DataFrame]:
    """The notices on the data of a week, as known now."""
    first = week - timedelta(weeks=EARLIER_WEEKS)
    feedback = heard.feedback(week)
    copies = evidence.text_copies(feedback, week, first=first)
    told = Listening(
        health=run.warehouse.rows(SourceHealth, "week_start BETWEEN ? AND ?", first, week),
        issues=issue_shares(heard.mentions(week), copies, week=week),
        copies=copies,
        cells=evidence.first_heard(feedback, week),
        lag=lag,
    )
    names = {one.id: one.name or one.id for one in run.settings.sources}
    return {DataNotice: find_notices(told, names, week=week)}


def write_breakdown(run: WeekRun, heard: Heard | None) -> None:
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
    heard = heard or Heard.read(warehouse)
    cells = evidence.feedback_cells(heard.feedback(now), first=first, last=now)
    counts = weekly_breakdown(
        issue_reports(heard.mentions(now)),
        cell_exposure(cells, supplied),
        decisions.curated_issues(warehouse, now).select("issue_id", "function"),
        first_week=first,
        last_week=now,
    )
    with warehouse.transaction():
        warehouse.replace(IssueWeeklyBreakdown, counts, "TRUE")
        stage.note(pl.DataFrame({"rows": [counts.height]}))
