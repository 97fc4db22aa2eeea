"""feedback: raw records mapped by their connector, masked, conformed, duplicates marked."""

from datetime import date

import polars as pl

from assets.stage import WeekRun, table_note
from connectors import connect
from models.feedback import Feedback
from voc_pipeline.feedback.conform import ConformOptions, mask_records
from voc_pipeline.feedback.duplicates import mark_duplicates
from voc_pipeline.warehouse import intake, knowledge

VERSION = 1
_ASIDE = ("source_id", "external_id", "revision", "scope", "reason", "remedy")


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
        mapped, aside = _mapped(run, week)
        masked = mask_records(mapped, options)
        earlier = knowledge.earlier_texts(run.warehouse, masked.feedback["text_key"], week)
        rows = mark_duplicates(masked.feedback, earlier)
        set_aside = pl.concat([aside, masked.set_aside.select(_ASIDE)])
        with run.warehouse.transaction():
            run.warehouse.replace(Feedback, rows, "received_week = ?", week)
            intake.replace_set_aside(run.warehouse, set_aside, week)
            stage.record({Feedback: rows})
        _note(run, week, rows)


def _mapped(run: WeekRun, week: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A load week's raw records in our words, source by source, and the parts set aside."""
    mapped, set_aside = [], []
    for source in run.settings.sources:
        records = intake.raw_partition(run.warehouse, source.id, week)
        connector = connect(source, run.home.path, run.settings.company.time_zone)
        mapping = connector.to_feedback(records)
        mapped.append(mapping.mapped)
        named = mapping.set_aside.with_columns(source_id=pl.lit(source.id))
        set_aside.append(named.select(_ASIDE))
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
