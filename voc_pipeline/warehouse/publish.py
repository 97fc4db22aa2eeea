"""The analysts' file: written beside the old one, then moved into place, so it always opens."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from models.action import Action, ActionChange, FixVerdict, FixWeek
from models.curation import CuratedIssue, CuratedQuote, DecisionRow
from models.exposure import SuppliedExposure
from models.feedback import Feedback
from models.glossary import Theme
from models.issue import IssueCrosswalk, IssueLineage
from models.ledger import PublishedReport
from models.mention import Mention
from models.place import IssueNewTerm, IssuePattern, IssuePlace, IssueWeeklyBreakdown
from models.quality import DataNotice, PublicationLag
from models.raw import Load, Reject, SourceHealth
from models.score import Score, ScoreDriver, Survey
from models.segment import Segment
from models.table import TableRow
from models.trend import IssueWeekly, PublishedFigure, Restatement, TrendBacktest
from voc_pipeline.warehouse import accountability, knowledge, responses
from voc_pipeline.warehouse.schema import (
    STORAGE_VERSION,
    column_type,
    columns,
    create_statements,
    quoted,
)
from voc_pipeline.warehouse.store import Warehouse

PUBLISHED_FILE = "voc.duckdb"
_PUBLISHED_WEEK = "published_week"
PUBLISHED_TABLES: tuple[type[TableRow], ...] = (
    Feedback,
    Segment,
    Mention,
    CuratedIssue,
    Theme,
    DecisionRow,
    IssueLineage,
    CuratedQuote,
    IssueCrosswalk,
    IssueWeekly,
    TrendBacktest,
    IssueWeeklyBreakdown,
    IssuePlace,
    IssuePattern,
    IssueNewTerm,
    PublishedFigure,
    Restatement,
    Action,
    ActionChange,
    FixVerdict,
    FixWeek,
    Score,
    ScoreDriver,
    Survey,
    SourceHealth,
    DataNotice,
    PublicationLag,
    SuppliedExposure,
    Load,
    Reject,
    PublishedReport,
)
_DICTIONARY_COMMENT = (
    "One row per published table and column: its type, grain and meaning; the table's own row has "
    "an empty column_name."
)


def published_frames(warehouse: Warehouse, week: date) -> Mapping[type[TableRow], pl.DataFrame]:
    """Every published table as of a week: current rows only, private columns left out."""
    frames: dict[type[TableRow], pl.DataFrame] = {
        model: warehouse.rows(model) for model in PUBLISHED_TABLES
    }
    feedback = knowledge.current_feedback(warehouse, week)
    frames[Feedback] = feedback
    frames[Segment] = frames[Segment].join(
        feedback.select("feedback_id", "revision"), on=["feedback_id", "revision"], how="semi"
    )
    frames[Mention] = knowledge.current_mentions(warehouse, week)
    for model in (CuratedIssue, CuratedQuote, Action, ActionChange, ScoreDriver, Survey):
        frames[model] = warehouse.rows(model, f"{model.partition} = ?", week)
    frames[FixWeek] = accountability.latest_fix_weeks(warehouse, week)
    frames[Score] = responses.latest_scores(warehouse, week)
    return {
        model: frame.select(columns(model, public_only=True)).sort(model.grain)
        for model, frame in frames.items()
    }


def publish(warehouse: Warehouse, week: date) -> dict[str, int]:
    """Write voc.duckdb as of a week and move it over the old one.

    Returns:
        Rows per table.
    """
    target = warehouse.path.parent / PUBLISHED_FILE
    fresh = target.with_suffix(".duckdb.new")
    fresh.unlink(missing_ok=True)
    frames = published_frames(warehouse, week)
    dictionary = _dictionary()
    warehouse.execute(
        f"ATTACH {quoted(str(fresh))} AS published (STORAGE_VERSION '{STORAGE_VERSION}')"
    )
    try:
        with warehouse.transaction():
            warehouse.execute("CREATE SCHEMA published.meta")
            for model, frame in frames.items():
                for statement in create_statements(
                    model, f"published.main.{model.public_name()}", public_only=True
                ):
                    warehouse.execute(statement)
                warehouse.execute(
                    f"INSERT INTO published.main.{model.public_name()} SELECT * FROM incoming",
                    incoming=frame,
                )
            warehouse.execute(
                "CREATE TABLE published.meta.data_dictionary AS SELECT * FROM incoming",
                incoming=dictionary,
            )
            warehouse.execute(
                f"COMMENT ON TABLE published.meta.data_dictionary IS {quoted(_DICTIONARY_COMMENT)}"
            )
            for column, meaning in _DICTIONARY_COLUMNS.items():
                warehouse.execute(
                    f"COMMENT ON COLUMN published.meta.data_dictionary.{column} "
                    f"IS {quoted(meaning)}"
                )
    finally:
        warehouse.execute("DETACH published")
    fresh.replace(target)
    with warehouse.transaction():
        warehouse.remember(_PUBLISHED_WEEK, week.isoformat())
    return {model.public_name(): frame.height for model, frame in frames.items()}


def last_finished_week(warehouse: Warehouse) -> date | None:
    """The latest week that has a report and is in the analysts' file; None if none has.

    A run that was killed on the way leaves a week that was judged and never told.
    """
    published, reported = warehouse.recall(_PUBLISHED_WEEK), warehouse.latest_week("report")
    if published is None or reported is None:
        return None
    return min(reported, date.fromisoformat(published))


def read_published(home: Path, sql: str) -> pl.DataFrame | None:
    """The rows of a query on the analysts' file, as an analyst would read it; None if absent."""
    path = home / PUBLISHED_FILE
    if not path.exists():
        return None
    config: dict[str, str | bool | int | float | list[str]] = {"enable_external_access": False}
    with duckdb.connect(str(path), read_only=True, config=config) as connection:
        found: pl.DataFrame = connection.sql(sql).pl()
        return found


_DICTIONARY_COLUMNS = {
    "table_name": "The table.",
    "column_name": "The column; empty for the table itself.",
    "column_type": "DuckDB type; empty for the table itself.",
    "grain": "Columns that together name one row.",
    "description": "What it means.",
}


def _dictionary() -> pl.DataFrame:
    """One row per published table and column."""
    rows: list[dict[str, str]] = []
    for model in PUBLISHED_TABLES:
        grain = ", ".join(model.grain)
        rows.append(
            {
                "table_name": model.public_name(),
                "column_name": "",
                "column_type": "",
                "grain": grain,
                "description": model.comment(),
            }
        )
        for name in columns(model, public_only=True):
            rows.append(
                {
                    "table_name": model.public_name(),
                    "column_name": name,
                    "column_type": column_type(model, name)[0],
                    "grain": grain,
                    "description": model.model_fields[name].description or "",
                }
            )
    return pl.DataFrame(rows)
