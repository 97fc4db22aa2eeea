"""Turns a stage's body into a Dagster asset: weekly partitions, one run a backfill, one writer.

A body gets a `WeekRun` and knows nothing of Dagster; what it notes becomes the metadata of each
week's materialisation.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from inspect import cleandoc

import dagster as dg
import polars as pl

from assets.home import Home
from models.action import Action
from models.curation import CuratedIssue
from models.errors import ConfigurationError, RetriableSourceError
from models.feedback import Feedback
from models.issue import Issue
from models.ledger import PublishedReport
from models.mention import Mention
from models.raw import RawRecord
from models.score import Score
from models.segment import Segment, Vector
from models.settings import Settings
from models.table import TableRow
from models.trend import IssueWeekly
from models.week import week_label
from voc_pipeline import FLOW
from voc_pipeline.warehouse import Warehouse
from voc_pipeline.warehouse.schema import column_type

WRITER_POOL = "duckdb_writer"
RETRY_SECONDS = 30
"""How long a source that did not answer is left alone before its one more try."""
GROUPS = {
    "raw": "listen",
    "feedback": "listen",
    "segments": "understand",
    "vectors": "understand",
    "issues": "understand",
    "mentions": "understand",
    "curation": "understand",
    "trends": "judge",
    "actions": "judge",
    "scores": "judge",
    "report": "tell",
    "mart": "tell",
}
TABLES: dict[str, type[TableRow]] = {
    "raw": RawRecord,
    "feedback": Feedback,
    "segments": Segment,
    "vectors": Vector,
    "issues": Issue,
    "mentions": Mention,
    "curation": CuratedIssue,
    "trends": IssueWeekly,
    "actions": Action,
    "scores": Score,
    "report": PublishedReport,
}
"""The table whose rows are a stage's partition; mart has many."""
ProgressListener = Callable[[str, date, int, int], None]
"""Called with stage, week, weeks done and weeks in all."""
progress_listener: ContextVar[ProgressListener | None] = ContextVar("progress", default=None)

Note = dict[str, int | float | str | dg.MetadataValue]


@dataclass
class WeekRun:
    """What a stage's body works with: the home, the open warehouse, the weeks in order."""

    stage: str
    home: Home
    warehouse: Warehouse
    asked_weeks: Sequence[date]
    say: Callable[[str], None]
    attempt: int = 0
    notes: dict[date, Note] = field(default_factory=dict)
    touched: dict[date, Note] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The home's settings."""
        return self.home.settings

    @property
    def weeks(self) -> Iterator[date]:
        """The weeks of the run, oldest first; tells the command line how far it is."""
        listener = progress_listener.get()
        for number, week in enumerate(self.asked_weeks):
            if listener:
                listener(self.stage, week, number, len(self.asked_weeks))
            yield week
        if listener and self.asked_weeks:
            listener(self.stage, self.asked_weeks[-1], len(self.asked_weeks), len(self.asked_weeks))

    def note(self, week: date, rows: int, **more: int | float | str | dg.MetadataValue) -> None:
        """Metadata of a week's materialisation: its rows, and whatever helps to judge it."""
        self.notes[week] = {"dagster/partition_row_count": rows, **more}

    def touch(self, week: date, **more: int | float | str | dg.MetadataValue) -> None:
        """An older week that late records changed: recorded as a materialisation of that week.

        Touched again in the same run, numbers add up and texts are listed.
        """
        known = self.touched.setdefault(week, {})
        for name, value in more.items():
            before = known.get(name)
            if isinstance(before, int) and isinstance(value, int):
                known[name] = before + value
            elif isinstance(before, str) and isinstance(value, str):
                known[name] = f"{before}, {value}"
            else:
                known[name] = value

    def told(self, week: date) -> Note:
        """All there is to say of a week: also of one that was skipped, as nothing had changed."""
        note: Note = {**self.touched.get(week, {}), **self.notes.get(week, {})}
        if week not in self.notes and week in self.asked_weeks:
            note["unchanged"] = True
        model = TABLES.get(self.stage)
        if model is not None:
            rows = self.warehouse.value(
                f"SELECT count(*) FROM {model.table} WHERE {model.partition} = ?",  # noqa: S608
                week,
            )
            note.setdefault("dagster/partition_row_count", int(rows))
        return {**note, "week": week_label(week)}


Body = Callable[[WeekRun], None]


def table_note(frame: pl.DataFrame) -> dg.MetadataValue:
    """A small table for the Dagster UI."""
    schema = dg.TableSchema(
        columns=[dg.TableColumn(name=name, type=str(kind)) for name, kind in frame.schema.items()]
    )
    records = [
        dg.TableRecord({name: _plain(value) for name, value in row.items()})
        for row in frame.head(30).iter_rows(named=True)
    ]
    return dg.MetadataValue.table(records=records, schema=schema)


def _plain(value: object) -> str | int | float | bool:
    return (
        value if isinstance(value, (str, int, float, bool)) else "" if value is None else str(value)
    )


def stage_asset(
    body: Body, *, partitions: dg.PartitionsDefinition[str], kinds: set[str], self_dependent: bool
) -> dg.AssetsDefinition:
    """The asset of a stage: named like the stage, described by its body's module."""
    name = body.__module__.rsplit(".", 1)[-1]
    description = cleandoc(body.__doc__ or "")
    upstream = [dg.AssetDep(one) for one in FLOW[: FLOW.index(name)][-1:]]
    if self_dependent:
        previous = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
        upstream.append(dg.AssetDep(name, partition_mapping=previous))

    warnings.filterwarnings("ignore", message=".*backfill_policy", category=dg.BetaWarning)

    @dg.asset(
        name=name,
        deps=upstream,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=WRITER_POOL,
        group_name=GROUPS[name],
        kinds=kinds,
        owners=["team:voice-of-the-customer"],
        description=description,
        metadata=_table_metadata(name),
        required_resource_keys={"home"},
    )
    def asset(context: dg.AssetExecutionContext) -> None:
        with _opened(context, name) as run:
            try:
                body(run)
            except RetriableSourceError as error:
                raise dg.RetryRequested(max_retries=1, seconds_to_wait=RETRY_SECONDS) from error
            _record(context, run)

    return asset


def _table_metadata(stage: str) -> dict[str, dg.MetadataValue]:
    """Columns, types and comments of the stage's table, as the analysts' file has them."""
    model = TABLES.get(stage)
    if model is None:
        return {}
    schema = dg.TableSchema(
        columns=[
            dg.TableColumn(name, type=column_type(model, name)[0], description=field.description)
            for name, field in model.model_fields.items()
        ]
    )
    return {
        "dagster/column_schema": dg.MetadataValue.table_schema(schema),
        "table": dg.MetadataValue.text(model.table),
        "grain": dg.MetadataValue.text(", ".join(model.grain)),
        "partitioned_by": dg.MetadataValue.text(str(model.partition)),
    }


@contextmanager
def _opened(context: dg.AssetExecutionContext, name: str) -> Iterator[WeekRun]:
    home: Home = context.resources.home.home
    weeks = [date.fromisoformat(key) for key in sorted(context.partition_keys)]
    if weeks and weeks[-1] > home.latest_closed_week():
        raise ConfigurationError(
            f"week {week_label(weeks[-1])} is still open: it is judged after its cutoff"
        )
    with home.warehouse() as warehouse:
        _refuse_without_upstream(warehouse, name, weeks)
        yield WeekRun(name, home, warehouse, weeks, context.log.info, context.retry_number)


def _refuse_without_upstream(warehouse: Warehouse, name: str, weeks: Sequence[date]) -> None:
    """A stage picked alone in the UI must not judge a week that nothing was loaded for."""
    for upstream in FLOW[: FLOW.index(name)][-1:]:
        for week in weeks:
            if not warehouse.output_hash(upstream, week):
                raise ConfigurationError(
                    f"{name} of week {week_label(week)}: {upstream} has not run for this week; "
                    f"select {upstream} too, or run the whole job `weekly`"
                )


def _record(context: dg.AssetExecutionContext, run: WeekRun) -> None:
    """Hand the notes to Dagster, week by week, and record older weeks touched by late records."""
    for week in sorted({*run.asked_weeks, *run.touched, *run.notes}):
        metadata = run.told(week)
        if week in run.asked_weeks:
            context.add_asset_metadata(metadata, partition_key=week.isoformat())
        else:
            context.log_event(
                dg.AssetMaterialization(
                    asset_key=run.stage, partition=week.isoformat(), metadata=metadata
                )
            )
