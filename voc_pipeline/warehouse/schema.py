"""Tables from models: column types, comments and the polars schema. No table is named elsewhere."""

import types
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, Union, get_args, get_origin

import polars as pl

from models.action import Action, ActionChange, FixVerdict, FixWeek
from models.curation import CuratedIssue, CuratedQuote, DecisionRow, IssueName, SplitMember
from models.delivery import Delivery
from models.exposure import SuppliedExposure
from models.feedback import Feedback
from models.glossary import Theme
from models.issue import Assignment, Issue, IssueCrosswalk, IssueLineage, IssueQuote
from models.ledger import Cursor, PublishedReport, StagePartition, SuppressedCustomer
from models.mention import Mention
from models.place import IssueNewTerm, IssuePattern, IssuePlace, IssueWeeklyBreakdown
from models.quality import DataNotice, PublicationLag
from models.raw import Load, RawRecord, Reject, SourceHealth
from models.score import Score, ScoreDriver, Survey
from models.segment import Segment, Vector
from models.table import TableRow
from models.trend import IssueWeekly, PublishedFigure, Restatement, TrendBacktest

SCHEMA_VERSION = 5
STORAGE_VERSION = "v1.2.0"
"""Written so that DuckDB 1.4 and 1.5 clients open the files."""

TRUE_TABLES: tuple[type[TableRow], ...] = (
    RawRecord,
    Reject,
    Load,
    Cursor,
    SuppressedCustomer,
    PublishedFigure,
    Restatement,
    IssuePlace,
    IssuePattern,
    IssueNewTerm,
    DataNotice,
    IssueCrosswalk,
    DecisionRow,
    IssueName,
    PublishedReport,
    Delivery,
)
"""What cannot be computed again: kept when a newer program rebuilds the rest."""
DERIVED_TABLES: tuple[type[TableRow], ...] = (
    StagePartition,
    SourceHealth,
    Feedback,
    Segment,
    Vector,
    Issue,
    IssueLineage,
    IssueQuote,
    Assignment,
    Mention,
    SplitMember,
    CuratedIssue,
    CuratedQuote,
    Theme,
    IssueWeekly,
    TrendBacktest,
    IssueWeeklyBreakdown,
    PublicationLag,
    SuppliedExposure,
    Action,
    ActionChange,
    FixVerdict,
    FixWeek,
    Score,
    ScoreDriver,
    Survey,
)
TABLES = TRUE_TABLES + DERIVED_TABLES

_DUCKDB: Mapping[Any, str] = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    date: "DATE",
    datetime: "TIMESTAMP",
}
_POLARS: Mapping[str, pl.DataType] = {
    "VARCHAR": pl.String(),
    "BIGINT": pl.Int64(),
    "DOUBLE": pl.Float64(),
    "FLOAT": pl.Float32(),
    "BOOLEAN": pl.Boolean(),
    "DATE": pl.Date(),
    "TIMESTAMP": pl.Datetime("us"),
}


def column_type(model: type[TableRow], column: str) -> tuple[str, bool]:
    """DuckDB type of a column, and whether it may be null."""
    found = model.model_fields[column]
    annotation, nullable = found.annotation, False
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [part for part in get_args(annotation) if part is not type(None)]
        nullable = len(inner) < len(get_args(annotation))
        annotation = inner[0]
    extra = found.json_schema_extra
    if isinstance(extra, dict) and "column_type" in extra:
        return str(extra["column_type"]), nullable
    if get_origin(annotation) is Literal:
        annotation = type(get_args(annotation)[0])
    if get_origin(annotation) is list:
        return f"{_DUCKDB[get_args(annotation)[0]]}[]", nullable
    return _DUCKDB[annotation], nullable


def columns(model: type[TableRow], *, public_only: bool = False) -> list[str]:
    """Column names in order; without the private ones for the analysts' file."""
    hidden = model.private if public_only else frozenset()
    return [name for name in model.model_fields if name not in hidden]


def polars_schema(model: type[TableRow]) -> pl.Schema:
    """The frame that holds rows of `model`."""

    def polars_type(duckdb_type: str) -> pl.DataType:
        if duckdb_type.endswith("[]"):
            return pl.List(_POLARS[duckdb_type[:-2]])
        return _POLARS[duckdb_type]

    return pl.Schema(
        {name: polars_type(column_type(model, name)[0]) for name in model.model_fields}
    )


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def create_statements(
    model: type[TableRow], name: str | None = None, *, public_only: bool = False
) -> list[str]:
    """CREATE TABLE and COMMENT ON statements of a table."""
    target = name or model.table
    described = []
    for column in columns(model, public_only=public_only):
        sql_type, nullable = column_type(model, column)
        described.append(f'"{column}" {sql_type}{"" if nullable else " NOT NULL"}')
    return [
        f"CREATE TABLE IF NOT EXISTS {target} ({', '.join(described)})",
        f"COMMENT ON TABLE {target} IS {quoted(model.comment())}",
        *(
            f'COMMENT ON COLUMN {target}."{column}" IS '
            f"{quoted(model.model_fields[column].description or '')}"
            for column in columns(model, public_only=public_only)
        ),
    ]
