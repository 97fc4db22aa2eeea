"""Decisions of people as the warehouse keeps them, and the issue that each mention counts for.

What a decision means is in `models.curation`; which texts a split takes is found by the issues
room. Here they are stored and read back where counts, verdicts and the analysts' file need them.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from models.curation import CuratedIssue, CuratedQuote, DecisionRow, Rulings, SplitMember
from models.mention import Mention
from voc_pipeline.warehouse.rebuild import BEFORE_REBUILD, PLACES_NOW, interrupted_rebuild
from voc_pipeline.warehouse.schema import polars_schema
from voc_pipeline.warehouse.store import Warehouse, digest

_JUDGED = "trends.decisions"


def rulings(warehouse: Warehouse, week: date) -> Rulings:
    """The decisions in force, and the register's merges known as of a week."""
    merges = dict(
        warehouse.query(
            "SELECT issue_id, other_issue_id FROM issue_lineage "
            "WHERE event = 'merged' AND week_start <= ? ORDER BY week_start, issue_id",
            [week],
        ).iter_rows()
    )
    return Rulings([DecisionRow(**row) for row in in_force(warehouse).to_dicts()], merges)


def in_force(warehouse: Warehouse) -> pl.DataFrame:
    """The decisions whose line stands, in the order of the file."""
    return warehouse.rows(DecisionRow, "is_in_force").sort("position")


def places(warehouse: Warehouse, pairs: pl.DataFrame, week: date) -> pl.DataFrame:
    """Adds `counts_for` to pairs of issue_id and splits (ids of split decisions, space between)."""
    rule = rulings(warehouse, week)
    found = [rule.issue_of(issue, frozenset(splits.split())) for issue, splits in pairs.iter_rows()]
    return pairs.with_columns(pl.Series("counts_for", found, dtype=pl.String))


def mapping_hash(warehouse: Warehouse) -> str:
    """Hash of the decisions that map mentions; empty while none does."""
    rows = in_force(warehouse).filter(pl.col("action").is_in(["merge", "split"]))
    return digest(*map(str, _mapped(rows).rows())) if rows.height else ""


def _mapped(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "decision_id", "action", "issue_id", "other_issue_id", "words", "like", "unlike"
    )


def names_hash(warehouse: Warehouse) -> str:
    """Hash of all decisions in force."""
    return digest(*map(str, in_force(warehouse).drop("position").rows()))


def changed_since_judged(warehouse: Warehouse) -> bool:
    """True if decisions that map mentions came or went since verdicts were last judged."""
    return (warehouse.recall(_JUDGED) or "") != mapping_hash(warehouse)


def remember_judged(warehouse: Warehouse) -> None:
    """Note, in the caller's transaction, that verdicts follow the decisions in force."""
    warehouse.remember(_JUDGED, mapping_hash(warehouse))


def replace_decisions(warehouse: Warehouse, rows: pl.DataFrame, members: pl.DataFrame) -> None:
    """Put these decisions in force, with the segments that splits take; the others are past."""
    with warehouse.transaction():
        warehouse.execute("UPDATE decisions SET is_in_force = FALSE")
        warehouse.execute(
            "DELETE FROM decisions d USING incoming i WHERE d.decision_id = i.decision_id",
            incoming=rows.select("decision_id"),
        )
        warehouse.append(DecisionRow, rows)
        warehouse.replace(SplitMember, members, "TRUE")


def split_candidates(warehouse: Warehouse, issue_ids: Sequence[str], model_id: str) -> pl.DataFrame:
    """Mentioned segments that these issues of the register ever had, with text and vector."""
    return warehouse.query(
        "SELECT DISTINCT s.segment_id, s.segment_text, v.vector FROM mentions m "
        "JOIN segments s USING (segment_id) "
        "LEFT JOIN vectors v ON v.text_hash = s.text_hash AND v.model_id = ? "
        "WHERE list_contains(?, m.issue_id) ORDER BY s.segment_id",
        [model_id, list(issue_ids)],
    )


def crosswalk(warehouse: Warehouse) -> pl.DataFrame:
    """One row per rebuild, old and new issue; a rebuild that is going on comes last."""
    done = (
        "SELECT rebuild_number, old_issue_id, new_issue_id, mention_count FROM issue_crosswalk "
        "WHERE old_issue_id <> ''"
    )
    if not interrupted_rebuild(warehouse):
        return warehouse.query(f"{done} ORDER BY ALL")
    return warehouse.query(
        f"""WITH after AS ({PLACES_NOW}) {done} UNION ALL
        SELECT 1 + (SELECT coalesce(max(rebuild_number), 0) FROM issue_crosswalk), b.issue_id,
               coalesce(a.issue_id, ''), count(*)
        FROM {BEFORE_REBUILD} b LEFT JOIN after a USING (segment_id)
        WHERE b.issue_id <> '' GROUP BY ALL ORDER BY ALL"""
    )


def member_evidence(warehouse: Warehouse, mentions: pl.DataFrame, model_id: str) -> pl.DataFrame:
    """These mentions with words and vector, for choosing terms and quotes."""
    return warehouse.query(
        "SELECT m.issue_id, m.segment_id, m.voice_key, m.text_key, m.week_start, "
        "m.received_week, s.segment_text, v.vector "
        "FROM found m JOIN segments s USING (segment_id) "
        "JOIN vectors v ON v.text_hash = s.text_hash AND v.model_id = ? "
        "ORDER BY m.issue_id, m.segment_id",
        [model_id],
        found=mentions,
    )


def found_themes_before(warehouse: Warehouse, week: date) -> dict[str, str]:
    """The theme of every issue, before people moved it, in the last register week before one."""
    return dict(
        warehouse.query(
            "SELECT issue_id, found_theme FROM curated_issues WHERE found_theme IS NOT NULL "
            "AND register_week = "
            "(SELECT max(register_week) FROM curated_issues WHERE register_week < ?) "
            "ORDER BY issue_id",
            [week],
        ).iter_rows()
    )


def curated_issues(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One row per issue as people decided, with the names and places of a register week."""
    return warehouse.rows(CuratedIssue, "register_week = ?", week)


def curated_quotes(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One row per issue and quote of a register week, parts and merges followed."""
    return warehouse.rows(CuratedQuote, "register_week = ?", week)


def no_members() -> pl.DataFrame:
    """An empty frame of segments that splits take."""
    return pl.DataFrame(schema=polars_schema(SplitMember))


def no_mentions() -> pl.DataFrame:
    """An empty frame of mentions."""
    return pl.DataFrame(schema=polars_schema(Mention))
