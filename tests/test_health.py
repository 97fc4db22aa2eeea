from datetime import date, datetime, timedelta

import polars as pl
import pytest

from models.raw import SourceHealth
from voc_pipeline.feedback.health import judge_sources

WEEK = date(2026, 3, 2)
STEADY = (100, 104, 96, 99, 101, 97, 103, 100)


def judged(now, history=STEADY, failures=None, *, is_required=False):
    counts = [*history, now] if now is not None else list(history)
    weeks = [WEEK - timedelta(weeks=len(history) - at) for at in range(len(counts))]
    arrivals = pl.DataFrame(
        {
            "source_id": ["reviews"] * len(counts),
            "received_week": weeks,
            "arrived_count": counts,
            "late_count": [0] * len(counts),
            "rejected_count": [0] * len(counts),
            "last_seen_at": [datetime(2026, 1, 1)] * len(counts),
        },
        schema_overrides={"arrived_count": pl.Int64, "last_seen_at": pl.Datetime("us")},
    )
    sources = pl.DataFrame(
        [{"source_id": "reviews", "channel": "review", "is_required": is_required}]
    )
    found = judge_sources(sources, arrivals, failures or {}, week=WEEK)
    assert found.columns == list(SourceHealth.model_fields)
    return found.row(0, named=True)


@pytest.mark.parametrize(
    ("now", "state"), [(100, "ok"), (70, "ok"), (150, "ok"), (45, "quiet"), (220, "surge")]
)
def test_a_source_is_quiet_or_surging_when_it_leaves_its_habit(now, state):
    found = judged(now)
    assert (found["state"], found["expected_count"]) == (state, 100.0)


def test_a_source_that_always_swings_may_swing():
    swinging = (20, 180, 60, 240, 30, 200, 50, 150)
    assert judged(220, swinging)["state"] == "ok"


def test_a_small_source_may_have_a_small_week():
    assert judged(1, (4, 6, 5, 3, 5, 4, 6, 5))["state"] == "ok"


def test_nothing_from_a_living_source_is_silence():
    found = judged(0)
    assert found["state"] == "silent"
    assert found["last_seen_at"] == datetime(2026, 1, 1)


def test_a_source_that_never_spoke_has_not_started():
    assert judged(0, ())["state"] == "not started"


def test_a_source_without_history_is_not_judged_by_it():
    found = judged(500, (100, 100, 100))
    assert (found["state"], found["expected_count"]) == ("ok", None)


def test_a_failed_source_says_why():
    found = judged(None, STEADY, {"reviews": "the file is gone"})
    assert (found["state"], found["message"]) == ("failed", "the file is gone")
