"""The stage of scores on a warehouse: late, withdrawn and re-run responses."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace

import polars as pl
import pytest

from assets.scores import scores
from assets.stage import WeekRun
from models.feedback import Feedback
from models.issue import Issue
from models.score import Score, ScoreDriver, Survey
from voc_pipeline.warehouse import erasure, open_warehouse, responses
from voc_pipeline.warehouse.schema import polars_schema

FIRST = date(2026, 1, 5)
SECOND = FIRST + timedelta(weeks=1)
HOME = SimpleNamespace(settings=SimpleNamespace(sources=()))


def feedback(number: int, score: float, said: date, came: date, **more) -> dict[str, object]:
    texts = dict.fromkeys(Feedback.model_fields)
    at = datetime(said.year, said.month, said.day, 12)
    return texts | {
        "feedback_id": f"f{number}", "revision": 1, "is_deleted": False, "source_id": "survey",
        "external_id": str(number), "channel": "survey", "response_id": f"r{number}",
        "occurred_at": at, "received_at": at, "week_start": said, "received_week": came,
        "score": score, "score_metric": "nps", "score_min": 0.0, "score_max": 10.0,
        "masked_count": 0, "word_count": 0, "duplicate_kind": "none", "voice_key": f"r{number}",
        **more,
    }  # fmt: skip


@pytest.fixture
def warehouse(tmp_path):
    with open_warehouse(tmp_path, {"company.id": "acme"}) as one:
        yield one


def load(warehouse, week: date, *rows) -> None:
    frame = pl.DataFrame(list(rows), schema=polars_schema(Feedback))
    stage = warehouse.stage("feedback", week, version=1, inputs={"rows": str(rows)})
    stage.write({Feedback: frame})


def score(warehouse, *weeks: date) -> WeekRun:
    run = WeekRun("scores", HOME, warehouse, weeks, print)
    scores(run)
    return run


def report(warehouse, week: date) -> None:
    """The week has a report, as the stage of reports notes it."""
    with warehouse.transaction():
        warehouse.stage("report", week, version=1, inputs={}).note()


def known(warehouse, week: date) -> list[tuple]:
    found = responses.latest_scores(warehouse, week)
    return found.select("as_of_week", "week_start", "response_count", "value").rows()


def test_late_and_withdrawn_responses_score_their_week_again_beside_what_was_published(warehouse):
    load(warehouse, FIRST, feedback(1, 10, FIRST, FIRST), feedback(2, 0, FIRST, FIRST))
    score(warehouse, FIRST)
    assert known(warehouse, FIRST) == [(FIRST, FIRST, 2, 0.0)]
    load(
        warehouse,
        SECOND,
        feedback(3, 9, FIRST, SECOND),
        feedback(2, 0, FIRST, SECOND, revision=2, is_deleted=True),
    )
    score(warehouse, SECOND)
    assert known(warehouse, SECOND) == [(SECOND, FIRST, 2, 100.0), (SECOND, SECOND, 0, None)]
    assert known(warehouse, FIRST) == [(FIRST, FIRST, 2, 0.0)]
    surveys = warehouse.query("SELECT as_of_week, response_count, week_count FROM surveys")
    assert surveys.sort("as_of_week").rows() == [(FIRST, 2, 1), (SECOND, 2, 1)]


def test_an_old_week_run_again_brings_the_later_ones_up_to_date(warehouse):
    load(warehouse, FIRST, feedback(1, 10, FIRST, FIRST))
    load(warehouse, SECOND, feedback(2, 10, FIRST, SECOND), feedback(3, 0, SECOND, SECOND))
    score(warehouse, FIRST, SECOND)
    before = warehouse.rows(Score)
    assert not score(warehouse, FIRST).touched
    assert warehouse.rows(Score).equals(before)
    load(warehouse, FIRST, feedback(1, 10, FIRST, FIRST), feedback(4, 0, FIRST, FIRST))
    again = score(warehouse, FIRST)
    assert list(again.touched) == [SECOND]
    assert known(warehouse, FIRST) == [(FIRST, FIRST, 2, 0.0)]
    assert [row[2] for row in known(warehouse, SECOND)] == [3, 1]


def test_a_reported_week_keeps_its_scores_and_the_next_week_to_close_has_what_changed(warehouse):
    load(warehouse, FIRST, feedback(1, 10, FIRST, FIRST), feedback(2, 0, FIRST, FIRST))
    score(warehouse, FIRST)
    report(warehouse, FIRST)
    before = {model: warehouse.rows(model) for model in (Score, ScoreDriver, Survey)}
    load(warehouse, FIRST, feedback(1, 10, FIRST, FIRST), feedback(4, 9, FIRST, FIRST))
    again = score(warehouse, FIRST)
    for model, kept in before.items():
        assert warehouse.rows(model).equals(kept)
    assert "next week" in again.notes[FIRST]["kept"]
    load(warehouse, SECOND, feedback(3, 0, SECOND, SECOND))
    score(warehouse, SECOND)
    assert known(warehouse, SECOND) == [(SECOND, FIRST, 2, 100.0), (SECOND, SECOND, 1, -100.0)]
    assert known(warehouse, FIRST) == [(FIRST, FIRST, 2, 0.0)]
    surveys = warehouse.rows(Survey, "as_of_week = ?", SECOND)
    assert surveys["response_count"].to_list() == [3]


def test_what_an_erased_customer_answered_leaves_the_scores_of_the_next_week_to_close(warehouse):
    load(warehouse, FIRST, feedback(1, 10, FIRST, FIRST), feedback(2, 0, FIRST, FIRST))
    score(warehouse, FIRST)
    report(warehouse, FIRST)
    warehouse.execute("UPDATE feedback SET customer_key = feedback_id")
    gone = erasure.records_of(warehouse, ["f2"])
    with warehouse.transaction():
        erasure.erase(warehouse, ["f2"], [], gone, warehouse.rows(Issue))
    score(warehouse, FIRST)
    assert known(warehouse, FIRST) == [(FIRST, FIRST, 2, 0.0)]
    load(warehouse, SECOND)
    score(warehouse, SECOND)
    assert known(warehouse, SECOND) == [(SECOND, FIRST, 1, 100.0), (SECOND, SECOND, 0, None)]
    third = SECOND + timedelta(weeks=1)
    score(warehouse, third)
    assert [row[:2] for row in known(warehouse, third)] == [
        (SECOND, FIRST), (SECOND, SECOND), (third, third),
    ]  # fmt: skip
