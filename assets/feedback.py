"""feedback: raw records mapped by their connector, masked, conformed, duplicates marked."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

from assets.beside import beside
from assets.stage import WeekRun, table_note
from connectors import connect
from models.feedback import Feedback
from voc_pipeline.feedback.conform import ConformOptions, mask_records
from voc_pipeline.feedback.duplicates import mark_duplicates
from voc_pipeline.warehouse import intake, knowledge

VERSION = 1
AT_ONCE = 10_000
"""Raw records masked in one go. Masking has a price by call, far above that of a week's records;
a text of any length is cut first, so memory stays small."""
_RECORD = ("source_id", "external_id", "revision")
_ASIDE = (*_RECORD, "received_week", "scope", "reason", "remedy")


def feedback(run: WeekRun) -> None:
    """One row per act of a customer speaking: mapped, pseudonymised, masked, duplicates marked.

    Parts that make no sense (a score off its scale, a verbatim without end) are emptied and
    counted in `rejects`; the record itself always becomes a row.
    """
    settings = run.settings
    used = (settings.sources, settings.masking, settings.engine.longest_verbatim)
    stages = {
        week: run.warehouse.stage(
            "feedback",
            week,
            version=VERSION,
            inputs={"raw": run.warehouse.output_hash("raw", week)},
            settings=used,
        )
        for week in run.asked_weeks
    }
    stale = [week for week, stage in stages.items() if not stage.is_current]
    masked = _masked(run, stale)
    for week in run.weeks:
        if week not in stale:
            continue
        conformed, set_aside = next(masked)
        earlier = knowledge.earlier_texts(run.warehouse, conformed["text_key"], week)
        rows = mark_duplicates(conformed, earlier)
        with run.warehouse.transaction():
            run.warehouse.replace(Feedback, rows, "received_week = ?", week)
            intake.replace_set_aside(run.warehouse, set_aside, week)
            stages[week].record({Feedback: rows})
        _note(run, week, rows)


def _masked(run: WeekRun, weeks: Sequence[date]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """The feedback of each load week, its duplicates not yet marked, and its parts set aside."""
    settings = run.settings
    options = ConformOptions(
        pseudonym_key=run.home.pseudonym_key,
        time_zone=settings.company.time_zone,
        longest_verbatim=settings.engine.longest_verbatim,
        allowed_names=settings.masking.allowed_names,
    )
    read: deque[tuple[list[date], pl.DataFrame, pl.DataFrame]] = deque()

    def inputs() -> Iterator[tuple[pl.DataFrame, ConformOptions]]:
        for together in intake.blocks_of_weeks(run.warehouse, weeks, AT_ONCE):
            mapped, aside = _mapped(run, together)
            read.append((together, mapped.select(*_RECORD, "received_week"), aside))
            yield mapped, options

    for masked in beside(mask_records, inputs(), weeks=len(weeks)):
        together, loaded, aside = read.popleft()
        cut = masked.set_aside.join(loaded, on=_RECORD, how="left")
        set_aside = pl.concat([aside, cut.select(_ASIDE)])
        for week in together:
            is_of_week = pl.col("received_week") == week
            yield masked.feedback.filter(is_of_week), set_aside.filter(is_of_week)


def _mapped(run: WeekRun, weeks: Sequence[date]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The raw records of load weeks in our words, source by source, and the parts set aside."""
    mapped, set_aside = [], []
    for source in run.settings.sources:
        records = intake.raw_partitions(run.warehouse, source.id, weeks)
        connector = connect(source, run.home.path, run.settings.company.time_zone)
        mapping = connector.to_feedback(records)
        mapped.append(mapping.mapped)
        keys = records.select("external_id", "revision", "received_week")
        named = mapping.set_aside.with_columns(source_id=pl.lit(source.id))
        set_aside.append(named.join(keys, on=keys.columns[:2], how="left").select(_ASIDE))
    return pl.concat(mapped), pl.concat(set_aside)


def _note(run: WeekRun, week: date, rows: pl.DataFrame) -> None:
    late = pl.col("week_start") < week
    by_source = (
        rows.group_by("source_id", "channel")
        .agg(
            pl.len().alias("feedback"),
            pl.col("verbatim").is_not_null().sum().alias("with_words"),
            pl.col("masked_count").sum().alias("masks"),
            (pl.col("duplicate_kind") != "none").sum().alias("duplicates"),
            late.sum().alias("late"),
        )
        .sort("source_id")
    )
    run.note(week, rows.height, sources=table_note(by_source))
    for older, count in rows.filter(late)["week_start"].value_counts().sort("week_start").rows():
        run.touch(older, late_records=count, arrived_in=week.isoformat())
