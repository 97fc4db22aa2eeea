"""scores: what customers answered when asked for a score, week by week, and what goes with it."""

from datetime import date, timedelta

import polars as pl

from assets.stage import WeekRun, table_note
from models.score import Score, ScoreDriver, Survey
from models.settings import Settings
from models.source import FilesSource
from models.week import ONE_WEEK
from voc_pipeline.customers.drivers import WINDOW_WEEKS, score_drivers
from voc_pipeline.customers.responses import responses_of
from voc_pipeline.customers.scores import survey_registry, week_scores, weeks_scored_otherwise
from voc_pipeline.warehouse import Stage, decisions, knowledge, responses

VERSION = 2


def scores(run: WeekRun) -> None:
    """NPS, CSAT, CES and ratings of the week with 95 % intervals, and the issues that go with them.

    A week is scored again when later loads bring responses of it. What a reported week published
    stays: what is erased or comes late into its load counts from the next week to close on. Drivers
    compare the responses of 13 weeks with and without a mention of an issue: an association, never
    a cause.
    """
    asked = set(run.asked_weeks)
    for week in run.weeks:
        _score(run, week)
        for later in responses.weeks_scored_after(run.warehouse, week):
            if later in asked:
                break
            if _score(run, later):
                run.touch(later, rescored_after=week.isoformat())


def _score(run: WeekRun, week: date) -> bool:
    """Score one as-of week; False if nothing had changed, or if its report is out."""
    warehouse = run.warehouse
    stage = _stage(run, week)
    if stage.is_current:
        return False
    if stage.has_run and knowledge.is_reported(warehouse, week):
        if week in run.asked_weeks:
            _note_kept(run, week)
        return False
    known = responses.latest_scores(warehouse, week - ONE_WEEK)
    weeks = {week, *responses.weeks_answered_again(warehouse, week)}
    first = min(*weeks, week - timedelta(weeks=WINDOW_WEEKS - 1))
    before = responses.last_scored_week(warehouse, week)
    are_known_current = before is None or _stage(run, before).is_current
    if not are_known_current:
        first = min(first, responses.first_answered_week(warehouse) or first)
    rows = responses.scored_feedback(warehouse, first, week)
    answers = responses_of(rows, _questions(run.settings))
    if not are_known_current:
        weeks.update(weeks_scored_otherwise(answers, known, week=week))
    scored = week_scores(answers, known, weeks=sorted(weeks), week=week)
    mentions = knowledge.current_mentions(warehouse, week, first, ("feedback_id", "issue_id"))
    mentioned = rows.select("feedback_id", "source_id", "response_id").join(
        mentions, on="feedback_id"
    )
    drivers = score_drivers(answers, mentioned, week=week)
    latest = pl.concat([known.filter(~pl.col("week_start").is_in(weeks)), scored])
    surveys = survey_registry(latest, _names(run.settings), week=week)
    stage.write({Score: scored, ScoreDriver: drivers, Survey: surveys})
    _note(run, week, scored, drivers)
    return True


def _stage(run: WeekRun, week: date) -> Stage:
    warehouse = run.warehouse
    return warehouse.stage(
        "scores",
        week,
        version=VERSION,
        inputs={
            "feedback": warehouse.history_hash("feedback", week),
            "mentions": warehouse.history_hash("mentions", week),
            "decisions": decisions.mapping_hash(warehouse),
        },
        settings=[_names(run.settings), _questions(run.settings)],
    )


def _names(settings: Settings) -> dict[str, tuple[str, str]]:
    """What each source is called, and who owns it."""
    return {one.id: (one.name, one.owner) for one in settings.sources}


def _questions(settings: Settings) -> dict[str, str]:
    """The wording of each source's score question, where the settings say it."""
    return {
        one.id: one.score.question
        for one in settings.sources
        if isinstance(one, FilesSource) and one.score and one.score.question
    }


def _note_kept(run: WeekRun, week: date) -> None:
    """What the UI says of a reported week that later knowledge would have scored otherwise."""
    kept = run.warehouse.rows(Score, "as_of_week = ?", week)
    told = "its report is out: what changed since is scored with the next week to close"
    run.note(week, kept.height, kept=told)


def _note(run: WeekRun, week: date, scored: pl.DataFrame, drivers: pl.DataFrame) -> None:
    own = scored.filter(pl.col("week_start") == week, pl.col("dimension") == "all")
    run.note(
        week,
        scored.height,
        responses=int(own["response_count"].sum()),
        weeks_scored=scored["week_start"].n_unique(),
        drivers=drivers.height,
        scores=table_note(
            own.select("source_id", "metric", "value", "lower_bound", "upper_bound",
                       "response_count")
        ),
    )  # fmt: skip
