"""feedback: raw records mapped by their connector, masked, conformed, duplicates marked."""

from datetime import date

import polars as pl

from assets.stage import WeekRun, table_note
from connectors import connect
from models.feedback import Feedback
from models.source import Source
from voc_pipeline.feedback.conform import ConformOptions, mask_records
from voc_pipeline.feedback.duplicates import mark_duplicates
from voc_pipeline.warehouse import intake, knowledge

VERSION = 1
_ASIDE = ("external_id", "revision", "scope", "reason", "remedy")


def feedback(run: WeekRun) -> None:
    """One row per act of a customer speaking: mapped, pseudonymised, masked, duplicates marked.

    Parts that make no sense (a score off its scale, a verbatim without end) are emptied and
    counted in `rejects`; the record itself always becomes a row.
    """
    settings = run.settings
    options = ConformOptions(
        pseudonym_key=run.home.pseudonym_key,
        time_zone=settings.company.time_zone,
        longest_verbatim=settings.engine.longest_verbatim,
        allowed_names=settings.masking.allowed_names,
    )
    used = (settings.sources, settings.masking, settings.engine.longest_verbatim)
    for week in run.weeks:
        stage = run.warehouse.stage(
            "feedback",
            week,
            version=VERSION,
            inputs={"raw": run.warehouse.output_hash("raw", week)},
            settings=used,
        )
        if stage.is_current:
            continue
        conformed = [_conformed(run, source, week, options) for source in settings.sources]
        unmarked = pl.concat([rows for rows, _ in conformed])
        set_aside = {
            source.id: aside for source, (_, aside) in zip(settings.sources, conformed, strict=True)
        }
        earlier = knowledge.earlier_texts(run.warehouse, unmarked["text_key"], week)
        rows = mark_duplicates(unmarked, earlier)
        with run.warehouse.transaction():
            run.warehouse.replace(Feedback, rows, "received_week = ?", week)
            intake.replace_set_aside(run.warehouse, set_aside, week)
            stage.record({Feedback: rows})
        _note(run, week, rows)


def _conformed(
    run: WeekRun, source: Source, week: date, options: ConformOptions
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One source's conformed rows of a load week, and the parts of records set aside."""
    records = intake.raw_partition(run.warehouse, source.id, week)
    connector = connect(source, run.home.path, run.settings.company.time_zone)
    mapping = connector.to_feedback(records)
    masked = mask_records(mapping.mapped, options)
    aside = pl.concat([mapping.set_aside.select(_ASIDE), masked.set_aside.select(_ASIDE)])
    found = records.select("external_id", "revision", "origin", "payload")
    return masked.feedback, aside.join(found, on=["external_id", "revision"], how="left")


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
