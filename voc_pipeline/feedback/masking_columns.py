"""Masking of columns: texts with the record's known values, short fields, JSON attributes.

The caller says which columns; the rules are those of `masking`.
"""

import json
from collections.abc import Sequence

import polars as pl

from voc_pipeline.feedback.masking import mask_column, mask_text, mask_texts
from voc_pipeline.feedback.masking_known import known_terms

_TELLING_KEY = (
    r"(?i)name|mail|phone|mobile|address|zip|post|birth|dob|ssn|passport|licen|account|\\u"
)
_FORMED_ID = (
    r"@|\s|\+\d{7}|^\(?\d{3}\)?[-. ]\d{2,3}[-. ]\d{4}$|^[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,30}$"
)


def mask_known_texts(
    rows: pl.DataFrame, column: str, *, known: str, allowed_names: tuple[str, ...]
) -> pl.DataFrame:
    """`rows` with `column` masked and `{column}_masks`, the number of masks put in.

    Args:
        rows: the two columns named.
        column: cleaned texts.
        known: list of the values that the row's record gives away.
        allowed_names: brands that stay readable.
    """
    masks = f"{column}_masks"
    indexed = rows.select(column, known).with_row_index("place")
    told = told_rows(indexed, column, known)
    terms = [known_terms(values) for values in told[known].to_list()]
    special = mask_texts(told[column], terms, allowed_names)
    by_place = pl.DataFrame(
        {
            "place": told["place"].gather(special["place"]),
            "special": special["masked"],
            "special_count": special["count"],
        }
    )
    by_text = mask_column(rows[column], allowed_names)
    masked = (
        indexed.join(by_text, left_on=column, right_on="text", how="left", maintain_order="left")
        .join(by_place, on="place", how="left", maintain_order="left")
        .select(
            pl.coalesce("special", "masked", column).alias(column),
            pl.coalesce("special_count", "count", pl.lit(0)).alias(masks),
        )
    )
    return rows.with_columns(masked[column], masked[masks])


def told_rows(indexed: pl.DataFrame, column: str, known: str) -> pl.DataFrame:
    """The rows whose text holds a word of one of their known values, in any case.

    Every term that `masking_known` looks for has such a word, so no other row can hold one.
    """
    pairs = (
        indexed.lazy()
        .filter(pl.col(column).is_not_null())
        .explode(known, empty_as_null=False, keep_nulls=False)
        .select("place", pl.col(column).str.to_lowercase(), pl.col(known).str.to_lowercase())
        .with_columns(words=pl.col(known).str.extract_all(r"[\p{L}\p{N}]{2,}"))
        .with_columns(
            words=pl.when(pl.col("words").list.len() > 0)
            .then("words")
            .otherwise(pl.concat_list(pl.col(known).str.strip_chars()))
        )
        .explode("words")
    )
    hits = pairs.filter(pl.col(column).str.contains(pl.col("words"), literal=True))
    return indexed.join(hits.select("place").unique().collect(), on="place", how="semi").sort(
        "place"
    )


def mask_labels(
    rows: pl.DataFrame, columns: Sequence[str], allowed_names: tuple[str, ...]
) -> pl.DataFrame:
    """`rows` with its short fields of few distinct values (product, region) masked like texts."""
    distinct = pl.concat([rows[column].unique().alias("text") for column in columns])
    changed = mask_column(distinct, allowed_names)
    if changed.is_empty():
        return rows
    return rows.with_columns(
        pl.col(column).replace(changed["text"], changed["masked"]) for column in columns
    )


def is_personal_id(rows: pl.DataFrame, column: str, *, known: str) -> pl.Series:
    """True where an id of the source is itself personal: an e-mail, a phone number, a known value.

    A bare run of digits is an id and nothing more.
    """
    indexed = rows.select(column, known).with_row_index("place")
    formed = indexed.filter(pl.col(column).str.contains(_FORMED_ID))
    personal = (
        mask_column(formed[column])["text"] if formed.height else pl.Series([], dtype=pl.String)
    )
    told = told_rows(indexed, column, known)["place"]
    return indexed.select(
        pl.col(column).is_in(personal.implode()) | pl.col("place").is_in(told.implode())
    ).to_series()


def mask_attributes(
    rows: pl.DataFrame, column: str, *, known: str, allowed_names: tuple[str, ...]
) -> pl.Series:
    """JSON objects of texts with every text masked; a field's name serves as a cue.

    What is no JSON object is masked as one text.
    """
    indexed = rows.select(column, known).with_row_index("place")
    by_trigger = pl.concat(
        [
            mask_column(indexed[column], allowed_names)["text"],
            indexed.filter(pl.col(column).str.contains(_TELLING_KEY))[column],
        ]
    ).unique()
    told = told_rows(indexed, column, known)["place"]
    touched = indexed.filter(
        pl.col(column).is_in(by_trigger.implode()) | pl.col("place").is_in(told.implode())
    )
    changes = pl.DataFrame(
        [
            (place, _masked_object(text, values or (), allowed_names))
            for place, text, values in touched.iter_rows()
        ],
        schema={"place": indexed.schema["place"], "masked": pl.String},
        orient="row",
    )
    joined = indexed.join(changes, on="place", how="left", maintain_order="left")
    return joined.select(pl.coalesce("masked", column).alias(column)).to_series()


def _masked_object(text: str, known: Sequence[str], allowed_names: tuple[str, ...]) -> str:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        return mask_text(text, known_values=known, allowed_names=allowed_names).text
    masked = {key: _masked_field(key, one, known, allowed_names) for key, one in content.items()}
    return json.dumps(masked, ensure_ascii=False, sort_keys=True)


def _masked_field(
    key: str, value: object, known: Sequence[str], allowed_names: tuple[str, ...]
) -> object:
    """A field's text, read with its name before it: `{"phone": "415 555"}` is `phone: 415 555`."""
    if value is None or isinstance(value, bool):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    cue = f"{key.replace('_', ' ')}: "
    masked = mask_text(cue + text, known_values=known, allowed_names=allowed_names).text
    if masked.startswith(cue):
        masked = masked[len(cue) :]
    else:
        masked = mask_text(text, known_values=known, allowed_names=allowed_names).text
    return value if masked == text else masked
