"""trends: every issue's weeks counted, given a range and a verdict; what was published."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.stage import WeekRun, table_note
from assets.supplied_exposure import exposure_of, read_rows
from assets.trend_places import notices_of, places_of, write_breakdown
from models.exposure import SuppliedExposure
from models.quality import PublicationLag
from models.trend import IssueWeekly, PublishedFigure, TrendBacktest
from models.week import weeks_between
from voc_pipeline.trends.backtest import backtest
from voc_pipeline.trends.counts import weekly_counts
from voc_pipeline.trends.lag import first_to_judge, publication_lag, with_nowcast
from voc_pipeline.trends.publication import figures_of, first_changed_week, restate
from voc_pipeline.trends.supplied import week_exposure
from voc_pipeline.trends.verdicts import TrendSettings, judge_weeks
from voc_pipeline.warehouse import decisions, erasure, evidence, knowledge
from voc_pipeline.warehouse.heard import Heard
from voc_pipeline.warehouse.store import frame_hash

VERSION = 4


def trends(run: WeekRun) -> None:
    """Counts with zero weeks, expected range and verdict of every issue and week, as known now.

    The week's figures are kept as published; where late records changed an earlier week, that week
    and those after it are judged again and each difference becomes a restatement.
    """
    warehouse = run.warehouse
    exposure_rows = read_rows(run)
    heard: Heard | None = None
    for week in run.weeks:
        now = max(week, warehouse.latest_week("trends") or week)
        exposed = exposure_of(run, exposure_rows, now)
        stage = warehouse.stage(
            "trends",
            week,
            version=VERSION,
            inputs={
                "mentions": warehouse.history_hash("mentions", now),
                "feedback": warehouse.history_hash("feedback", now),
                "curation": warehouse.output_hash("curation", now),
                **({"exposure": frame_hash(exposed)} if exposed.height else {}),
            },
            settings=_used_settings(run),
        )
        if stage.is_current:
            continue
        heard = heard or Heard.read(warehouse)
        known = warehouse.rows(IssueWeekly, "week_start <= ?", now)
        lag = publication_lag(evidence.source_arrivals(heard, now), week=now)
        start, judged = _judge(run, known, Known(heard, lag, exposed), now)
        published_to = knowledge.last_published_week(warehouse)
        latest = max(now, published_to or now)
        restated = restate(
            known,
            judged,
            knowledge.restatement_causes(warehouse, week),
            published_to=published_to,
            week=latest,
            as_of=run.home.as_of(latest),
        )
        with warehouse.transaction():
            if start is not None:
                warehouse.replace(IssueWeekly, judged, "week_start BETWEEN ? AND ?", start, now)
            rows = warehouse.rows(IssueWeekly, "week_start = ?", week)
            if published_to is None or week > published_to:
                totals = evidence.weekly_totals(heard.feedback(week), week)
                figures = figures_of(rows, totals, week=week, as_of=run.home.as_of(week))
                warehouse.append(PublishedFigure, figures)
                found = places_of(run, heard, week, rows)
                for model, frame in (found | notices_of(run, heard, week, lag)).items():
                    warehouse.replace(model, frame, "week_start = ?", week)
            warehouse.replace(PublicationLag, lag, "TRUE")
            warehouse.replace(SuppliedExposure, exposed, "TRUE")
            knowledge.add_restatements(warehouse, restated)
            decisions.remember_judged(warehouse)
            erasure.remember_judged(warehouse)
            tested = backtest(knowledge.published_judgements(warehouse, week), week=week)
            warehouse.replace(TrendBacktest, tested, "week_start = ?", week)
            stage.record({IssueWeekly: rows, TrendBacktest: tested})
        _note(run, week, rows, restated)
        for older in restated["week_start"].unique().sort():
            run.touch(older, restated_by=now.isoformat())
    write_breakdown(run, heard)


def _used_settings(run: WeekRun) -> object:
    engine = run.settings.engine
    if engine.trend_method == "voc":
        return engine.alarm_level
    return engine.alarm_level, engine.trend_method


@dataclass(frozen=True)
class Known:
    """What weeks are judged from beside the register: all as known now."""

    heard: Heard
    lag: pl.DataFrame
    exposed: pl.DataFrame
    """Rows of SuppliedExposure; empty where the feedback itself is the exposure."""


def _judge(
    run: WeekRun, known: pl.DataFrame, told: Known, now: date
) -> tuple[date | None, pl.DataFrame]:
    """The first week whose counts changed, and the verdicts from it on, as known now."""
    warehouse, first = run.warehouse, run.settings.company.first_week
    volumes = evidence.weekly_volumes(told.heard.feedback(now), now)
    mentions = told.heard.mentions(now).select(knowledge.COUNTED)
    all_weeks = list(weeks_between(first, now))
    exposure = (
        week_exposure(told.exposed, volumes, told.lag, weeks=all_weeks)
        if told.exposed.height
        else None
    )
    counts = weekly_counts(mentions, volumes, first_week=first, last_week=now, exposure=exposure)
    changed = first_changed_week(counts, known)
    start = first_to_judge(changed, known, told.lag, week=now)
    weeks = list(weeks_between(start, now)) if start else []
    register = decisions.curated_issues(warehouse, now)
    earlier = known.filter(pl.col("week_start") < start) if start else known
    judged = judge_weeks(
        counts,
        earlier,
        register,
        weeks=weeks,
        level=run.settings.engine.alarm_level,
        settings=TrendSettings(method=run.settings.engine.trend_method),
    )
    return start, with_nowcast(judged, mentions, told.lag, week=now)


def _note(run: WeekRun, week: date, rows: pl.DataFrame, restated: pl.DataFrame) -> None:
    verdicts = rows.group_by("verdict").agg(pl.len().alias("issues")).sort("verdict")
    run.note(
        week,
        rows.height,
        alarms=int(rows["is_alarm"].sum()),
        escalated=int(rows["is_escalated"].sum()),
        watched=int(rows["is_watched"].sum()),
        restatements=restated.height,
        verdicts=table_note(verdicts),
    )
