"""scores: what customers answered when asked for a score, week by week, and what goes with it."""

from datetime import date, timedelta

import polars as pl

from assets.stage import WeekRun, table_note
from models.score import Score, ScoreDriver, Survey
from models.settings import Settings
from models.source import FilesSource
from voc_pipeline.customers.drivers import WINDOW_WEEKS, score_drivers
from voc_pipeline.customers.responses import responses_of
from voc_pipeline.customers.scores import survey_registry, week_scores
from voc_pipeline.warehouse import decisions, knowledge, responses

VERSION = 1


def scores(run: WeekRun) -> None:
    """NPS, CSAT, CES and ratings of the week with 95 % intervals, and the issues that go with them.

    A week is scored again when later loads bring responses of it. Drivers compare the responses of
    13 weeks with and without a mention of an issue: an association, never a cause.
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
    """Score one as-of week; False if nothing had changed."""
    warehouse = run.warehouse
    names = {one.id: (one.name, one.owner) for one in run.settings.sources}
    questions = _questions(run.settings)
    stage = warehouse.stage(
        "scores",
        week,
        version=VERSION,
        inputs={
            "feedback": warehouse.history_hash("feedback", week),
            "mentions": warehouse.history_hash("mentions", week),
            "decisions": decisions.mapping_hash(warehouse),
        },
        settings=[names, questions],
    )
    if stage.is_current:
        return False
    weeks = sorted({week, *responses.weeks_answered_again(warehouse, week)})
    first = min(weeks[0], week - timedelta(weeks=WINDOW_WEEKS - 1))
    rows = responses.scored_feedback(warehouse, first, week)
    answers = responses_of(rows, questions)
    known = responses.latest_scores(warehouse, week - timedelta(weeks=1))
    scored = week_scores(answers, known, weeks=weeks, week=week)
    mentions = knowledge.current_mentions(warehouse, week, first, ("feedback_id", "issue_id"))
    mentioned = rows.select("feedback_id", "source_id", "response_id").join(
        mentions, on="feedback_id"
    )
    drivers = score_drivers(answers, mentioned, week=week)
    latest = pl.concat([known.filter(~pl.col("week_start").is_in(weeks)), scored])
    surveys = survey_registry(latest, names, week=week)
    stage.write({Score: scored, ScoreDriver: drivers, Survey: surveys})
    _note(run, week, scored, drivers)
    return True


def _questions(settings: Settings) -> dict[str, str]:
    """The wording of each source's score question, where the settings say it."""
    return {
        one.id: one.score.question
        for one in settings.sources
        if isinstance(one, FilesSource) and one.score and one.score.question
    }


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
