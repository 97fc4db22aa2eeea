# ruff: noqa: RUF001 (typographic quotes are looked for)
"""Mapped records -> conformed feedback: cleaned, masked, keyed, dated, scored; one row in, one out.

First `mask_records`, then, once the caller has fetched what is known of the text keys,
`duplicates.mark_duplicates`. Reading a source's own words is the connectors' mapping, not here.
"""

from dataclasses import dataclass

import polars as pl

from models.feedback import Feedback
from voc_pipeline.feedback.cleaning import clean_text, cut_text, void_to_null
from voc_pipeline.feedback.customers import SEPARATOR, customer_keys, hashes, keyed_hashes
from voc_pipeline.feedback.duplicates import text_keys
from voc_pipeline.feedback.language import with_language
from voc_pipeline.feedback.masking_columns import (
    is_personal_id,
    mask_attributes,
    mask_known_texts,
    mask_labels,
)

SET_ASIDE_SCHEMA = pl.Schema(
    {
        "source_id": pl.String,
        "external_id": pl.String,
        "revision": pl.Int64,
        "scope": pl.String,
        "reason": pl.String,
        "remedy": pl.String,
    }
)
"""A part of a record that was emptied or cut; the caller adds origin and payload from raw."""

_TEXTS = ("verbatim", "agent_verbatim")
_LABELS = ("product", "touchpoint", "customer_segment", "region", "outcome", "queue")
_DUPLICATE_COLUMNS = frozenset({"duplicate_kind", "duplicate_of"})
_WORDS = r"[\p{L}\p{N}]+(?:['’][\p{L}]+)*"


@dataclass(frozen=True)
class ConformOptions:
    """What conforming must be told: the secret key, the company's clock, its limits and brands."""

    pseudonym_key: bytes
    time_zone: str
    longest_verbatim: int = 20_000
    allowed_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conformed:
    """Feedback, and what was cut on the way."""

    feedback: pl.DataFrame
    """Columns of models.feedback.Feedback but the two duplicate columns, sorted by its grain."""
    set_aside: pl.DataFrame
    """SET_ASIDE_SCHEMA, in clear: external_id is the source's own, to join the raw payload."""


def mask_records(mapped: pl.DataFrame, options: ConformOptions) -> Conformed:
    """One feedback row per mapped row, whatever it holds; equal for any order of the input.

    Args:
        mapped: columns of models.feedback.MappedRecord.
        options: key, time zone, limits.
    """
    ordered = mapped.sort("source_id", "external_id", "revision")
    cleaned = ordered.with_columns(clean_text(column) for column in _TEXTS).with_columns(
        void_to_null(column) for column in _TEXTS
    )
    set_aside = _too_long(cleaned, options.longest_verbatim)
    cut = cleaned.with_columns(cut_text(column, options.longest_verbatim) for column in _TEXTS)
    masked = _mask(cut, options)
    keyed = _with_keys(masked, options.pseudonym_key)
    dated = keyed.with_columns(
        week_start=week_of("occurred_at", options.time_zone),
        score_share=score_share(),
        word_count=pl.col("verbatim").str.count_matches(_WORDS).fill_null(0).cast(pl.Int64),
        text_key=_text_keys(keyed["verbatim"]),
    )
    spoken = with_language(dated, text="verbatim", words="word_count")
    columns = [name for name in Feedback.model_fields if name not in _DUPLICATE_COLUMNS]
    return Conformed(spoken.select(columns).sort("feedback_id", "revision"), set_aside)


def week_of(column: str, time_zone: str) -> pl.Expr:
    """The Monday of the week of an instant (naive UTC) in the company's time zone."""
    local = pl.col(column).dt.replace_time_zone("UTC").dt.convert_time_zone(time_zone)
    return local.dt.date().dt.truncate("1w")


def score_share() -> pl.Expr:
    """The score from 0 (worst) to 1 (best); null off the scale. Worst may be the higher number."""
    span = pl.col("score_max") - pl.col("score_min")
    share = (pl.col("score") - pl.col("score_min")) / span
    return pl.when((span != 0) & (share >= 0) & (share <= 1)).then(share.round(6))


def _too_long(cleaned: pl.DataFrame, longest: int) -> pl.DataFrame:
    """One row per text that will be cut."""
    parts = []
    for column in _TEXTS:
        length = pl.col(column).str.len_chars()
        parts.append(
            cleaned.filter(length > longest).select(
                "source_id",
                "external_id",
                pl.col("revision").cast(pl.Int64),
                pl.lit("verbatim").alias("scope"),
                pl.format(
                    f"{column} has {{}} characters; the first {longest} are kept", length
                ).alias("reason"),
                pl.lit(
                    "raise engine.longest_verbatim in settings.toml if such lengths are genuine; "
                    "the payload is kept whole"
                ).alias("remedy"),
            )
        )
    return pl.concat(parts).match_to_schema(SET_ASIDE_SCHEMA)


def _mask(rows: pl.DataFrame, options: ConformOptions) -> pl.DataFrame:
    """Every text that may leave the warehouse, masked; `masked_count` for the two conversations."""
    allowed = options.allowed_names
    rows = rows.with_columns(known=_known_values())
    for column in (*_TEXTS, "question"):
        rows = mask_known_texts(rows, column, known="known", allowed_names=allowed)
    rows = mask_labels(rows, _LABELS, allowed)
    attributes = mask_attributes(rows, "attributes", known="known", allowed_names=allowed)
    return rows.with_columns(
        attributes,
        masked_count=pl.sum_horizontal(f"{column}_masks" for column in _TEXTS).cast(pl.Int64),
        has_personal_id=is_personal_id(rows, "external_id", known="known"),
    )


def _known_values() -> pl.Expr:
    """The record's known values, and the customer's id where it is long enough to tell."""
    customer = pl.col("customer_id").str.strip_chars()
    telling = pl.when(customer.str.len_chars() >= 5).then(customer)
    known = pl.col("known_values").fill_null([])
    return pl.concat_list(known, telling).list.drop_nulls()


def _with_keys(rows: pl.DataFrame, key: bytes) -> pl.DataFrame:
    record = pl.concat_str("source_id", "external_id", separator=SEPARATOR)
    response = pl.concat_str("source_id", "response_id", separator=SEPARATOR)
    keys = rows.select(record=record, response=response)
    rows = rows.with_columns(
        feedback_id=hashes(keys["record"]),
        customer_key=customer_keys(rows["customer_id"], key),
        response_id=_keyed(keys["response"], key),
        external_id=pl.when(~pl.col("has_personal_id")).then("external_id"),
    )
    hidden = pl.when(pl.col("external_id").is_null()).then(keys["record"])
    hidden_ids = _keyed(rows.select(hidden.alias("hidden")).to_series(), key)
    return rows.with_columns(
        response_id=pl.coalesce("response_id", "feedback_id"),
        external_id=pl.coalesce("external_id", hidden_ids),
    ).with_columns(voice_key=pl.coalesce("customer_key", "response_id"))


def _keyed(texts: pl.Series, key: bytes) -> pl.Series:
    """The keyed hash of every text, computed once per distinct text; null stays null."""
    distinct = texts.drop_nulls().unique().to_list()
    table = pl.DataFrame(
        {"text": distinct, "hash": keyed_hashes(distinct, key)},
        schema={"text": pl.String, "hash": pl.String},
    )
    joined = pl.DataFrame({"text": texts}).join(table, on="text", how="left", maintain_order="left")
    return joined["hash"]


def _text_keys(texts: pl.Series) -> pl.Series:
    """`text_keys`, computed once per distinct text."""
    distinct = texts.drop_nulls().unique()
    table = pl.DataFrame({"text": distinct, "key": text_keys(distinct)})
    frame = pl.DataFrame({"text": texts})
    return frame.join(table, on="text", how="left", maintain_order="left")["key"]
