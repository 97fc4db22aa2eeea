"""Checks that block: what they find wrong never reaches the report or the analysts' file.

Each asks the whole warehouse, so every week that a run touched is covered, late records included.
"""

from collections.abc import Iterable
from datetime import date

import dagster as dg
import polars as pl
from pydantic import ValidationError

from assets.home import Home
from assets.partitions import weeks_of_run
from assets.stage import WRITER_POOL, table_note
from models.action import FixVerdict, FixWeek
from models.quality import DataNotice
from models.raw import SourceHealth
from models.report import WeeklyReport
from models.score import Score, ScoreDriver, Survey
from models.table import TableRow
from models.trend import PublishedFigure, TrendBacktest
from models.week import week_label
from voc_pipeline.report.proof import faults, unpublished
from voc_pipeline.warehouse import Warehouse, soundness
from voc_pipeline.warehouse.schema import TABLES


def _result(found: pl.DataFrame, remedy: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=found.is_empty(),
        description=None if found.is_empty() else remedy,
        metadata={"found": table_note(found), "found_count": found.height},
    )


@dg.asset_check(asset="feedback", blocking=True, required_resource_keys={"home"}, pool=WRITER_POOL)
def conservation(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Every fetched record went somewhere: loaded, rejected, ..., or outside the window."""
    home: Home = context.resources.home.home
    with home.warehouse() as warehouse:
        found = soundness.unbalanced_loads(warehouse)
    return _result(found, "rows were lost or doubled: compare loads with raw, feedback and rejects")


@dg.asset_check(asset="raw", blocking=True, required_resource_keys={"home"}, pool=WRITER_POOL)
def required_sources(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """A required source that is silent or failed blocks the run; any other is a warning.

    Asked of every week of the run. A source that has never brought anything yet blocks at the
    run's last week only.
    """
    home: Home = context.resources.home.home
    asked = weeks_of_run(context.run.tags)
    with home.warehouse() as warehouse:
        weeks = asked or [week for week in [warehouse.latest_week("raw")] if week]
        health = warehouse.rows(SourceHealth, "list_contains(?, week_start)", weeks)
    quiet = health.filter(
        pl.col("state").is_in(["silent", "failed"])
        | ((pl.col("state") == "not started") & (pl.col("week_start") == max(weeks, default=None)))
    )
    return dg.AssetCheckResult(
        passed=quiet.is_empty(),
        severity=dg.AssetCheckSeverity.ERROR
        if quiet["is_required"].any()
        else dg.AssetCheckSeverity.WARN,
        description=_quiet_sources(quiet),
        metadata={"found": table_note(quiet), "found_count": quiet.height},
    )


def _quiet_sources(quiet: pl.DataFrame) -> str | None:
    """`social (silent in 2 weeks, last 2026-W31); ...` with a failure's message, or None."""
    by_source = quiet.group_by("source_id", "state").agg(
        pl.len(), pl.col("week_start").max(), pl.col("message").last()
    )
    return (
        "; ".join(
            f"{source} ({state} in {count} week{'s' * (count > 1)}, last {week_label(last)}"
            + (f": {message})" if message else ")")
            for source, state, count, last, message in by_source.sort("source_id", "state").rows()
        )
        or None
    )


@dg.asset_check(asset="trends", blocking=True, required_resource_keys={"home"}, pool=WRITER_POOL)
def unique_grain(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """No table has two rows for what its grain says is one."""
    home: Home = context.resources.home.home
    with home.warehouse() as warehouse:
        found = soundness.broken_grains(warehouse, TABLES)
    return _result(found, "a stage wrote rows twice: rebuild the stage named, from raw")


@dg.asset_check(asset="trends", blocking=True, required_resource_keys={"home"}, pool=WRITER_POOL)
def contracts(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Tables agree with one another: spans, quotes, mentions, counts, shares."""
    home: Home = context.resources.home.home
    with home.warehouse() as warehouse:
        found = soundness.broken_contracts(warehouse)
    return _result(found, "two tables disagree: the promise named is broken; mend its stage")


PROVEN_WEEKS = 4
"""Reports of a run that are read back, the latest: one takes about a quarter of a second."""


@dg.asset_check(asset="report", required_resource_keys={"home"}, pool=WRITER_POOL)
def published_figures_hold(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Every published figure is what is known now, or a restatement says what it has become.

    And what the latest reports print of it, of the survey scores and of the fixes is what was
    published with their week: those tables keep the rows of every as-of week.
    """
    home: Home = context.resources.home.home
    with home.warehouse() as warehouse:
        weeks = _latest_reports(context, warehouse)
        found = pl.concat([_unexplained(warehouse), misprinted(home, warehouse, weeks)])
    return _result(found, _REMEDY)


@dg.asset_check(asset="report", required_resource_keys={"home"}, pool=WRITER_POOL)
def report_is_proven(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Every figure printed on the latest reports is the one its reference stands for."""
    home: Home = context.resources.home.home
    with home.warehouse() as warehouse:
        weeks = _latest_reports(context, warehouse)
    return _result(unproven(home, weeks), _REMEDY)


def _unexplained(warehouse: Warehouse) -> pl.DataFrame:
    """One row per published figure that is otherwise now, unsaid: week, fault."""
    rows = [
        (
            week_label(row["week_start"]),
            "{issue_id} {figure}: {published} was published, {is_now} is known now, and no "
            "restatement says so".format_map(row),
        )
        for row in soundness.unexplained_figures(warehouse).to_dicts()
    ]
    return pl.DataFrame(rows, schema=_FAULTS, orient="row")


_REMEDY = (
    "what was published and what the tables say differ; each row below names the week. If a file "
    "of the report was changed, remove the week's folder under reports/ and run the week again "
    "(`voc run --week`); if the warehouse was changed, put back the copy from before"
)


def misprinted(home: Home, warehouse: Warehouse, weeks: Iterable[date]) -> pl.DataFrame:
    """One row per figure in these weeks' reports that is not the one published: week, fault."""
    rows = []
    for week in weeks:
        value = _value_of(home, week)
        published = warehouse.rows(PublishedFigure, "week_start <= ?", week)
        kept = {model: warehouse.rows(model, f"{model.partition} = ?", week) for model in _KEPT}
        # A fix that is judged no more is printed with its last verdict, of an earlier week.
        kept[FixVerdict] = warehouse.rows(FixVerdict, "as_of_week <= ?", week)
        told = unpublished(value, published, kept) if value else [_UNREADABLE]
        rows += [(week_label(week), one) for one in told]
    return pl.DataFrame(rows, schema=_FAULTS, orient="row")


def unproven(home: Home, weeks: Iterable[date]) -> pl.DataFrame:
    """One row per place of these weeks' pages that is not what its reference says: week, fault."""
    rows = []
    for week in weeks:
        value = _value_of(home, week)
        page = (home.reports / week_label(week) / "report.html").read_text("utf-8")
        told = faults(page, value) if value else [_UNREADABLE]
        rows += [(week_label(week), one) for one in told]
    return pl.DataFrame(rows, schema=_FAULTS, orient="row")


_KEPT: tuple[type[TableRow], ...] = (
    Score, ScoreDriver, Survey, FixVerdict, FixWeek, TrendBacktest, DataNotice,
)  # fmt: skip
"""Tables whose rows of a week stay as they were published."""
_UNREADABLE = "report.json was written by another version of this program, or changed since"
_FAULTS = {"week": pl.String, "fault": pl.String}


def _latest_reports(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> list[date]:
    """The run's latest weeks, or the latest week that has a report."""
    asked = weeks_of_run(context.run.tags)
    weeks = asked or [week for week in [warehouse.latest_week("report")] if week]
    return sorted(weeks)[-PROVEN_WEEKS:]


def _value_of(home: Home, week: date) -> WeeklyReport | None:
    """A report's value; None if it cannot be read."""
    path = home.reports / week_label(week) / "report.json"
    try:
        return WeeklyReport.model_validate_json(path.read_bytes())
    except ValidationError:
        return None


CHECKS = [
    conservation,
    required_sources,
    unique_grain,
    contracts,
    published_figures_hold,
    report_is_proven,
]
