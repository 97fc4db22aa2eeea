"""raw: what the sources hold, fetched week by week, stored as received. No mapping, no masking."""

from datetime import date, datetime

import polars as pl

from assets.stage import WeekRun, table_note
from connectors import connect
from connectors.base import Batch, Connector, Window
from models.errors import FatalSourceError, RetriableSourceError
from models.ledger import Cursor, SuppressedCustomer
from models.raw import Load, RawRecord, SourceHealth
from models.source import Source
from models.week import week_opens
from voc_pipeline.feedback.customers import customer_keys
from voc_pipeline.feedback.health import judge_sources
from voc_pipeline.feedback.intake import Intake, LoadWindow, classify, deletions
from voc_pipeline.warehouse import Warehouse, intake
from voc_pipeline.warehouse.schema import polars_schema
from voc_pipeline.warehouse.store import digest

VERSION = 1
COUNTS = ("loaded", "revised", "deleted", "duplicate", "rejected", "suppressed", "outside_window")


def raw(run: WeekRun) -> None:
    """What every source holds that was known by the week's cutoff and is not stored yet.

    One transaction a source and week stores the records as received, the ledger of the load and
    the cursor. A source that fails is named in `source_health`; the others still load. If all
    fail, the run does: a week without any source is no week without complaints.
    """
    company = run.settings.company
    connectors = {
        source.id: connect(source, run.home.path, company.time_zone)
        for source in run.settings.sources
    }
    for week in run.weeks:
        failures: dict[str, str] = {}
        for source in run.settings.sources:
            try:
                load(run, source, connectors[source.id], week)
            except RetriableSourceError as error:
                if run.attempt == 0:
                    raise
                failures[source.id] = str(error)
            except FatalSourceError as error:
                failures[source.id] = str(error)
            if source.id in failures:
                run.say(f"{source.id}: {failures[source.id]}")
        if len(failures) == len(run.settings.sources):
            raise FatalSourceError("no source could be read:\n" + "\n".join(failures.values()))
        _close_week(run, week, failures)


def load(run: WeekRun, source: Source, connector: Connector, week: date) -> dict[str, int]:
    """Load one source for one week, all or nothing; returns the load's counts.

    Raises:
        SourceError: the source could not be read; nothing of this load is stored.
    """
    warehouse = run.warehouse
    before = intake.cursor_of(warehouse, source.id)
    cursor, loaded_until = (before.cursor, before.window_end) if before else (None, None)
    settings_hash = digest(source.model_dump_json())
    is_same_search = before is not None and before.settings_hash == settings_hash
    window = LoadWindow(
        source_id=source.id,
        week=week,
        end=run.home.as_of(week),
        history_start=run.home.history_start,
        is_first_load=loaded_until is None,
    )
    totals = dict.fromkeys(("fetched", *COUNTS), 0)
    asked = Window(start=loaded_until, end=window.end, history_start=window.history_start)
    seen: list[pl.Series] = []
    with warehouse.transaction():
        for batch in connector.fetch(asked, cursor):
            cursor = batch.cursor if batch.cursor is not None else cursor
            seen.append(batch.records["external_id"])
            _store(warehouse, connector, batch, window, totals, run.home.pseudonym_key)
            if batch.complete_over is not None and is_same_search:
                _withdraw(warehouse, batch.complete_over, pl.concat(seen), window, totals)
            if window.is_first_load:
                _refuse_if_all_set_aside(source, batch, totals)
        after = Cursor(
            source_id=source.id,
            cursor=cursor,
            window_end=max(window.end, loaded_until or window.end),
            settings_hash=settings_hash,
        )
        intake.store_cursor(warehouse, after)
        number = intake.next_load_number(warehouse, source.id, week)
        changed = any(totals[name] for name in ("loaded", "revised", "deleted", "rejected"))
        if number == 1 or changed or totals["suppressed"]:
            row = {
                "source_id": source.id,
                "received_week": week,
                "load_number": number,
                "window_start": loaded_until,
                "window_end": window.end,
                **{f"{name}_count": count for name, count in totals.items()},
            }
            warehouse.append(Load, pl.DataFrame([row], schema=polars_schema(Load)))
    return totals


def _refuse_if_all_set_aside(source: Source, batch: Batch, totals: dict[str, int]) -> None:
    """A first load of which nothing can be used is a wrong setting, not a week of bad records."""
    if totals["fetched"] > 1 and totals["fetched"] == totals["rejected"]:
        first = batch.rejects.row(0, named=True)
        raise FatalSourceError(
            f"source {source.id}: all {totals['fetched']} records were set aside, the first "
            f"({first['origin']}) because {first['reason']}: {first['remedy']}"
        )


def _store(
    warehouse: Warehouse,
    connector: Connector,
    batch: Batch,
    window: LoadWindow,
    totals: dict[str, int],
    key: bytes,
) -> None:
    """Store one batch and count where each of its records went."""
    totals["fetched"] += batch.fetched_count
    known = intake.known_revisions(warehouse, window.source_id, batch.records["external_id"])
    taken = _without_suppressed(
        warehouse, connector, classify(batch.records, known, window), totals, key
    )
    warehouse.append(RawRecord, taken.raw)
    rejected = intake.store_rejects(warehouse, batch.rejects, window.source_id, window.week)
    totals["rejected"] += rejected
    totals["duplicate"] += batch.rejects.height - rejected
    for name, count in taken.counts.items():
        totals[name] += count


def _without_suppressed(
    warehouse: Warehouse,
    connector: Connector,
    taken: Intake,
    totals: dict[str, int],
    key: bytes,
) -> Intake:
    """Leave out records of erased customers, counted as suppressed."""
    if taken.raw.is_empty() or not warehouse.value("SELECT count(*) FROM suppressed_customers"):
        return taken
    suppressed = warehouse.rows(SuppressedCustomer)["customer_key"]
    keys = customer_keys(connector.to_feedback(taken.raw).mapped["customer_id"], key)
    is_gone = keys.is_in(suppressed.implode()).fill_null(value=False)
    dropped = taken.raw.filter(is_gone)
    totals["suppressed"] += dropped.height
    counts = dict(taken.counts)
    counts["deleted"] -= int(dropped["is_deleted"].sum())
    counts["loaded"] -= dropped.filter((pl.col("revision") == 1) & ~pl.col("is_deleted")).height
    counts["revised"] -= dropped.filter((pl.col("revision") > 1) & ~pl.col("is_deleted")).height
    return Intake(raw=taken.raw.filter(~is_gone), counts=counts)


def _withdraw(
    warehouse: Warehouse,
    span: tuple[datetime, datetime],
    seen: pl.Series,
    window: LoadWindow,
    totals: dict[str, int],
) -> None:
    """Records of a completely fetched span that did not come were deleted by the source."""
    known = intake.known_in_span(warehouse, window.source_id, span)
    gone = deletions(known, seen, window)
    if gone.is_empty():
        return
    revisions = intake.known_revisions(warehouse, window.source_id, gone["external_id"])
    taken = classify(gone, revisions, window)
    warehouse.append(RawRecord, taken.raw)
    totals["fetched"] += gone.height
    for name, count in taken.counts.items():
        totals[name] += count


def _close_week(run: WeekRun, week: date, failures: dict[str, str]) -> None:
    """Note what the week's loads brought, and each source's health."""
    warehouse, company = run.warehouse, run.settings.company
    configured = pl.DataFrame(
        [
            {"source_id": one.id, "channel": one.channel, "is_required": one.is_required}
            for one in run.settings.sources
        ]
    )
    arrived = intake.arrivals(warehouse, week, week_opens(week, company.time_zone))
    health = judge_sources(configured, arrived, failures, week=week)
    keys = intake.partition_keys(warehouse, week)
    with warehouse.transaction():
        warehouse.replace(SourceHealth, health, "week_start = ?", week)
        warehouse.stage("raw", week, version=VERSION, inputs={}).note(keys)
    loads = warehouse.rows(Load, "received_week = ?", week)
    run.note(
        week,
        keys.height,
        loads=table_note(loads.drop("received_week", "window_start", "window_end")),
        sources=table_note(health.drop("week_start")),
    )
