"""Masking of columns: texts with the record's known values, short fields, JSON attributes.

The caller says which columns; the rules are those of `masking`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from voc_pipeline.feedback.masking import Terms, mask_column, mask_texts
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
    terms = [known_terms(values or ()) for values in touched[known].to_list()]
    masked = _masked_objects(touched[column].to_list(), terms, allowed_names)
    changes = touched.select("place").with_columns(masked=pl.Series(masked, dtype=pl.String))
    joined = indexed.join(changes, on="place", how="left", maintain_order="left")
    return joined.select(pl.coalesce("masked", column).alias(column)).to_series()


@dataclass(frozen=True, slots=True)
class _Field:
    """A text of a JSON object, or, without a key, a whole text that is no object."""

    place: int
    key: str | None
    text: str

    @property
    def cue(self) -> str:
        """What the text is read with: `{"phone": "415 555"}` is `phone: 415 555`."""
        return "" if self.key is None else f"{self.key.replace('_', ' ')}: "


def _masked_objects(
    texts: Sequence[str], terms: Sequence[Terms], allowed_names: tuple[str, ...]
) -> list[str]:
    contents = [_content(text) for text in texts]
    fields = [
        field
        for place, (text, content) in enumerate(zip(texts, contents, strict=True))
        for field in _fields(place, text, content)
    ]
    known = [terms[field.place] for field in fields]
    masked = _masked([field.cue + field.text for field in fields], known, allowed_names)
    bare = [field.text for field in fields]
    lost = [n for n, field in enumerate(fields) if not masked[n].startswith(field.cue)]
    alone = _masked([bare[n] for n in lost], [known[n] for n in lost], allowed_names)
    found = [text[len(field.cue) :] for text, field in zip(masked, fields, strict=True)]
    for n, text in zip(lost, alone, strict=True):
        found[n] = text
    whole = list(texts)
    for field, text in zip(fields, found, strict=True):
        content = contents[field.place]
        if content is None or field.key is None:
            whole[field.place] = text
        elif text != field.text:
            content[field.key] = text
    for place, content in enumerate(contents):
        if content is not None:
            whole[place] = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return whole


def _content(text: str) -> dict[str, object] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _fields(place: int, text: str, content: dict[str, object] | None) -> Iterator[_Field]:
    if content is None:
        yield _Field(place, None, text)
        return
    for key, value in content.items():
        if value is not None and not isinstance(value, bool):
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield _Field(place, key, said)


def _masked(
    texts: Sequence[str], terms: Sequence[Terms], allowed_names: tuple[str, ...]
) -> list[str]:
    """Every text masked, in order."""
    whole = list(texts)
    changed = mask_texts(pl.Series(texts, dtype=pl.String), terms, allowed_names)
    for place, masked in changed.select("place", "masked").iter_rows():
        whole[place] = masked
    return whole
