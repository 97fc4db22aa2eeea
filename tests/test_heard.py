"""Read once and cut to a week, feedback and mentions are what a query as of that week finds."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from models.curation import DecisionRow, SplitMember
from models.feedback import Feedback
from models.issue import IssueLineage
from models.mention import Mention
from voc_pipeline.warehouse import Warehouse, evidence, knowledge, open_warehouse
from voc_pipeline.warehouse.heard import Heard
from voc_pipeline.warehouse.schema import polars_schema

FIRST = date(2026, 1, 5)
WEEKS = [FIRST + timedelta(weeks=number) for number in range(8)]


def filled(model, rows: list[dict]) -> pl.DataFrame:
    schema = polars_schema(model)
    plain = {pl.String: "", pl.Int64: 1, pl.Float64: 0.5, pl.Boolean: False}
    blank = {name: plain.get(type(kind)) for name, kind in schema.items()}
    told = [{**blank, **row} for row in rows]
    return pl.DataFrame(told, schema=schema)


def revisions(chance: np.random.Generator, number: int) -> list[dict]:
    """Up to three revisions of one act of speaking, the last of some a deletion."""
    spoken = int(chance.integers(0, 7))
    known = np.sort(chance.integers(spoken, 8, chance.integers(1, 4)))
    own = {
        "feedback_id": f"F{number:03d}",
        "week_start": WEEKS[spoken],
        "occurred_at": datetime(2026, 1, 5) + timedelta(weeks=spoken, hours=number % 100),
        "source_id": ("survey", "chat")[number % 2],
        "channel": "chat",
        "product": (None, "app", "shop")[number % 3],
        "response_id": f"R{number // 2}",
        "voice_key": f"V{chance.integers(0, 60)}",
    }
    return [
        own
        | {
            "revision": place + 1,
            "received_week": WEEKS[when],
            "received_at": datetime(2026, 1, 12) + timedelta(weeks=int(when)),
            "is_deleted": bool(place and chance.random() < 0.3),
            "text_key": None if chance.random() < 0.2 else f"T{chance.integers(0, 20)}",
            "word_count": int(chance.integers(1, 9)),
        }
        for place, when in enumerate(known)
    ]


def assigned(chance: np.random.Generator, row: dict) -> list[dict]:
    """The weeks that gave a segment to an issue, or took it away."""
    start = WEEKS.index(row["received_week"])
    weeks = {start, *(int(one) for one in chance.integers(start, 8, 2))}
    return [
        {name: row[name] for name in Mention.model_fields if name in row}
        | {
            "segment_id": f"{row['feedback_id']}.{row['revision']}",
            "issue_id": None if chance.random() < 0.2 else f"ISS-000{chance.integers(1, 6)}",
            "assigned_week": WEEKS[week],
            "text_key": row["text_key"] or row["feedback_id"],
        }
        for week in sorted(weeks)
    ]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    chance = np.random.default_rng(5)
    feedback = [row for number in range(200) for row in revisions(chance, number)]
    mentions = [one for row in feedback for one in assigned(chance, row)]
    merged = {"event": "merged", "mention_count": 3}
    merges = [
        {"week_start": WEEKS[3], "issue_id": "ISS-0004", "other_issue_id": "ISS-0001"} | merged,
        {"week_start": WEEKS[5], "issue_id": "ISS-0001", "other_issue_id": "ISS-0002"} | merged,
    ]
    split = {"decision_id": "D-0001", "is_in_force": True, "action": "split", "words": [],
             "like": [], "unlike": [], "issue_id": "ISS-0003", "made_on": FIRST,
             "other_issue_id": "ISS-0003.D-0001"}  # fmt: skip
    members = sorted({row["segment_id"] for row in mentions})[::3]
    with open_warehouse(tmp_path_factory.mktemp("heard"), {"company.id": "x"}) as found:
        found.append(Feedback, filled(Feedback, feedback))
        found.append(Mention, filled(Mention, mentions))
        found.append(IssueLineage, filled(IssueLineage, merges))
        found.append(DecisionRow, filled(DecisionRow, [split]))
        rows = [{"decision_id": "D-0001", "segment_id": one} for one in members]
        found.append(SplitMember, filled(SplitMember, rows))
        yield found


@pytest.mark.parametrize("week", WEEKS)
def test_what_was_known_as_of_a_week_is_what_a_query_of_it_finds(warehouse: Warehouse, week):
    heard = Heard.read(warehouse)
    mentions = knowledge.current_mentions(warehouse, week)
    assert heard.mentions(week).select(mentions.columns).equals(mentions)
    columns = "feedback_id, revision, week_start, source_id, text_key, occurred_at"
    feedback = knowledge.current_feedback(warehouse, week, columns)
    assert heard.feedback(week).select(feedback.columns).equals(feedback)
    volumes = evidence.weekly_volumes(heard.feedback(week), week)
    assert volumes.equals(knowledge.weekly_volumes(warehouse, week))


def test_the_warehouse_of_this_test_has_all_that_can_change(warehouse: Warehouse):
    heard = Heard.read(warehouse)
    last = heard.mentions(WEEKS[-1])
    assert heard.all_feedback["until_week"].is_not_null().any()
    assert heard.all_feedback["is_deleted"].any()
    assert {"ISS-0003.D-0001", "ISS-0002"} <= set(last["issue_id"])
    assert not {"ISS-0001", "ISS-0004"} & set(last["issue_id"])
