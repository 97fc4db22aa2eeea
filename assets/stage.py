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

import dagster as dg
import polars as pl

from assets.home import Home
from models.errors import ConfigurationError, RetriableSourceError
from models.settings import Settings
from models.week import week_label
from voc_pipeline import FLOW
from voc_pipeline.warehouse import Warehouse

WRITER_POOL = "duckdb_writer"
GROUPS = {
    "raw": "listen",
    "feedback": "listen",
    "segments": "understand",
    "vectors": "understand",
    "issues": "understand",
    "mentions": "understand",
    "trends": "judge",
    "report": "tell",
    "mart": "tell",
}
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
        """An older week that late records changed: recorded as a materialisation of that week."""
        self.touched[week] = {**more}


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
    description = (body.__doc__ or "").strip()
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
        required_resource_keys={"home"},
    )
    def asset(context: dg.AssetExecutionContext) -> None:
        with _opened(context, name) as run:
            try:
                body(run)
            except RetriableSourceError as error:
                raise dg.RetryRequested(max_retries=1, seconds_to_wait=30) from error
        _record(context, run)

    return asset


@contextmanager
def _opened(context: dg.AssetExecutionContext, name: str) -> Iterator[WeekRun]:
    home: Home = context.resources.home.home
    weeks = [date.fromisoformat(key) for key in sorted(context.partition_keys)]
    if weeks and weeks[-1] > home.latest_closed_week():
        raise ConfigurationError(
            f"week {week_label(weeks[-1])} is still open: it is judged after its cutoff"
        )
    with home.warehouse() as warehouse:
        yield WeekRun(name, home, warehouse, weeks, context.log.info, context.retry_number)


def _record(context: dg.AssetExecutionContext, run: WeekRun) -> None:
    """Hand the notes to Dagster, week by week, and record older weeks touched by late records."""
    for week, note in sorted({**run.touched, **run.notes}.items()):
        metadata = {**note, "week": week_label(week)}
        if week in run.asked_weeks:
            context.add_asset_metadata(metadata, partition_key=week.isoformat())
        else:
            context.log_event(
                dg.AssetMaterialization(
                    asset_key=run.stage, partition=week.isoformat(), metadata=metadata
                )
            )
