"""Feedback and mentions read once for all weeks of a run, and cut to what each week knew.

A backfill asks the same of the same rows as of one week after another. Here every row carries the
week from which it was known and the week that took it back; what was known as of a week is then a
filter. `knowledge` answers the same for a stage that asks once.
"""

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from models.curation import DecisionRow, Rulings
from models.mention import Mention
from models.place import DIMENSIONS
from voc_pipeline.warehouse.decisions import in_force
from voc_pipeline.warehouse.store import Warehouse

_FEEDBACK = f"""WITH revised AS (
    SELECT DISTINCT feedback_id FROM feedback WHERE revision > 1
), spans AS (
    SELECT feedback_id, revision, min(received_week) OVER (
        PARTITION BY feedback_id ORDER BY revision
        ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS until_week
    FROM feedback SEMI JOIN revised USING (feedback_id)
), problems AS (
    SELECT DISTINCT feedback_id, revision FROM segments WHERE kind = 'problem'
)
SELECT f.feedback_id, f.revision, f.is_deleted, f.week_start, f.received_week AS from_week,
       s.until_week, {", ".join(f"f.{name}" for name in DIMENSIONS)}, f.response_id, f.voice_key,
       f.text_key, f.word_count, f.occurred_at, f.received_at, f.score_metric, f.score_share,
       p.feedback_id IS NOT NULL AS is_problem
FROM feedback f LEFT JOIN spans s USING (feedback_id, revision)
LEFT JOIN problems p USING (feedback_id, revision)
ORDER BY f.feedback_id, f.revision"""
_MENTIONS = f"""WITH spans AS (
    SELECT segment_id, assigned_week,
           lead(assigned_week) OVER (PARTITION BY segment_id ORDER BY assigned_week) AS next_week
    FROM mentions
), revised AS (
    SELECT m.segment_id, m.assigned_week, min(f.received_week) AS revised_week
    FROM mentions m JOIN feedback f USING (feedback_id) WHERE f.revision > m.revision
    GROUP BY m.segment_id, m.assigned_week
), taken AS (
    SELECT segment_id, string_agg(decision_id, ' ' ORDER BY decision_id) AS splits
    FROM split_members GROUP BY segment_id
)
SELECT {", ".join(f"m.{name}" for name in Mention.model_fields)},
       m.assigned_week AS from_week, least(s.next_week, r.revised_week) AS until_week,
       coalesce(t.splits, '') AS splits
FROM mentions m JOIN spans s USING (segment_id, assigned_week)
LEFT JOIN revised r USING (segment_id, assigned_week) LEFT JOIN taken t USING (segment_id)
WHERE m.issue_id IS NOT NULL ORDER BY m.segment_id, m.assigned_week"""

_ARRIVALS = """WITH begun AS (
    SELECT source_id, min(received_week) AS first_load FROM loads GROUP BY source_id
)
SELECT f.source_id, f.week_start, f.received_week, count(*) AS record_count
FROM feedback f JOIN begun b USING (source_id)
WHERE f.revision = 1 AND f.week_start > b.first_load GROUP BY ALL ORDER BY ALL"""


@dataclass
class Heard:
    """All feedback and mentions of a warehouse, by the weeks in which they were known.

    It knows nothing of what is written after `read`.
    """

    all_feedback: pl.DataFrame
    """One row per feedback and revision; `voice` and `report` stand for voice_key, and for voice
    and text together, as numbers; `report` and `text` are null without words."""
    all_mentions: pl.DataFrame
    decisions: list[DecisionRow]
    merges: list[tuple[str, str, date]]
    arrivals: pl.DataFrame
    """One row per source, week spoken in and week received: see `evidence.source_arrivals`."""
    _feedback: dict[date, pl.DataFrame] = field(default_factory=dict)
    _mentions: dict[date, pl.DataFrame] = field(default_factory=dict)

    @classmethod
    def read(cls, warehouse: Warehouse) -> "Heard":
        """Everything that a run may ask for."""
        feedback = warehouse.query(_FEEDBACK).with_columns(
            voice=pl.col("voice_key").rank("dense").cast(pl.Int64),
            text=pl.col("text_key").rank("dense").cast(pl.Int64),
        )
        merges = warehouse.query(
            "SELECT issue_id, other_issue_id, week_start FROM issue_lineage "
            "WHERE event = 'merged' ORDER BY week_start, issue_id"
        )
        return cls(
            feedback.with_columns(report=pl.col("voice") * 2**32 + pl.col("text")),
            warehouse.query(_MENTIONS),
            [DecisionRow(**row) for row in in_force(warehouse).to_dicts()],
            merges.rows(),
            warehouse.query(_ARRIVALS),
        )

    def feedback(self, week: date) -> pl.DataFrame:
        """One row per feedback known as of a week, as `knowledge.current_feedback`."""
        if week not in self._feedback:
            known = self.all_feedback.filter(_known(week), ~pl.col("is_deleted"))
            self._feedback = {week: known}
        return self._feedback[week]

    def mentions(self, week: date) -> pl.DataFrame:
        """One row per segment that belongs to an issue, as `knowledge.current_mentions`."""
        if week not in self._mentions:
            self._mentions = {week: self._placed(week)}
        return self._mentions[week]

    def _placed(self, week: date) -> pl.DataFrame:
        told = self.all_mentions.filter(_known(week))
        merges = {issue: other for issue, other, when in self.merges if when <= week}
        rule = Rulings(self.decisions, merges)
        pairs = told.select("issue_id", "splits").unique()
        found = [rule.issue_of(issue, frozenset(splits.split())) for issue, splits in pairs.rows()]
        moved = pairs.with_columns(pl.Series("counts_for", found, dtype=pl.String)).filter(
            pl.col("counts_for") != pl.col("issue_id")
        )
        if moved.is_empty():
            return told
        return told.join(
            moved, on=["issue_id", "splits"], how="left", maintain_order="left"
        ).with_columns(issue_id=pl.coalesce("counts_for", "issue_id"))


def _known(week: date) -> pl.Expr:
    until = pl.col("until_week")
    return (pl.col("from_week") <= week) & (until.is_null() | (until > week))
