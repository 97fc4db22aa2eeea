"""Raw rows to mapped ones: which column means what, on which scale, in which words.

Pure and vectorised: payloads in, columns of MappedRecord out, one row each, in the same order.
Masking, cutting and comparing texts does not belong here (`voc_pipeline.feedback`), nor does any
reading of files.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from connectors.base import REJECT_SCHEMA, Mapping
from models.feedback import MappedRecord
from models.source import ColumnMapping, ScoreSettings, SourceSettings

_TYPES: dict[object, pl.DataType] = {
    str: pl.String(),
    str | None: pl.String(),
    int: pl.Int64(),
    float | None: pl.Float64(),
    bool: pl.Boolean(),
    date: pl.Date(),
    datetime: pl.Datetime("us"),
    list[str]: pl.List(pl.String()),
}
MAPPED_SCHEMA = pl.Schema(
    {name: _TYPES[field.annotation] for name, field in MappedRecord.model_fields.items()}
)
SET_ASIDE_SCHEMA = pl.Schema({**REJECT_SCHEMA, "external_id": pl.String(), "revision": pl.Int64()})

_PLAIN_TEXTS = (
    "response_id", "question", "product", "touchpoint", "customer_segment", "region", "outcome",
    "queue",
)  # fmt: skip
_NO_TEXT = pl.lit(None, dtype=pl.String)
_SHOWABLE = r"^-?\d{1,9}([.,]\d{1,6})?$"
_CLOCK = r"^(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2}(?:\.\d{1,6})?)$"
_LANGUAGE = r"^\s*([A-Za-z]{2})(?:[-_][A-Za-z0-9]{1,8}){0,3}\s*$"


def decoded(payloads: pl.Series, names: Iterable[str]) -> pl.DataFrame:
    """One row per payload: the values of these keys as texts, null where absent or no object.

    A list or an object in a value is its JSON text.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return pl.DataFrame(height=len(payloads))
    payloads = payloads.cast(pl.String)
    schema = pl.Struct(dict.fromkeys(wanted, pl.String()))
    try:
        # An empty object where no object stands: decoding joins the texts, one bad one moves all.
        objects = pl.select(
            pl.when(payloads.str.contains(r"^\s*\{")).then(payloads).otherwise(pl.lit("{}"))
        ).to_series()
        frame = objects.str.json_decode(schema).struct.unnest()
    except pl.exceptions.ComputeError:
        return _decoded_slowly(payloads, wanted)
    return frame if frame.height == len(payloads) else _decoded_slowly(payloads, wanted)


def mapped_names(columns: ColumnMapping, score: ScoreSettings | None = None) -> tuple[str, ...]:
    """Every column of the source that the settings name, each once."""
    names: list[str] = [score.column] if score else []
    for name, value in columns:
        if name not in {"unknown_customers", "non_answers"}:
            names += [value] if isinstance(value, str) else value or ()
    return tuple(dict.fromkeys(names))


def map_rows(
    raw: pl.DataFrame,
    source: SourceSettings,
    columns: ColumnMapping,
    score: ScoreSettings | None = None,
) -> Mapping:
    """One mapped row per raw row, in the same order; what makes no sense is emptied and said.

    Args:
        raw: Columns of models.raw.RawRecord.
        source: For the channel and the language.
        columns: Which key of the payload holds what.
        score: How the score is read; None: there is none.
    """
    names = mapped_names(columns, score)
    cells = decoded(raw["payload"], names)
    cells.columns = [f"cell_{number}" for number in range(len(names))]
    rows = raw.hstack(cells.with_columns(pl.all().str.replace_all("\x00", "", literal=True)))
    cell = {name: pl.col(f"cell_{number}") for number, name in enumerate(names)}
    rules = _number_rules(columns, cell) + _language_rules(columns, cell)
    if score:
        rules += _score_rules(score, cell[score.column])
    values = {rule.field: rule.value for rule in rules} | _texts(columns, cell)
    values |= _score_scale(score) | {"channel": pl.lit(source.channel)}
    values["language"] = values.get("language", _NO_TEXT).fill_null(pl.lit(source.language))
    if score:
        values["question"] = values["question"].fill_null(pl.lit(score.question))
    mapped = rows.select(
        values.get(name, pl.col(name) if name in raw.columns else pl.lit(None))
        .cast(kind)
        .alias(name)
        for name, kind in MAPPED_SCHEMA.items()
    )
    set_aside = pl.concat([SET_ASIDE_SCHEMA.to_frame(), *(rule.set_aside(rows) for rule in rules)])
    return Mapping(mapped, set_aside.sort("external_id", "revision", "scope", "reason"))


@dataclass(frozen=True)
class _Rule:
    """How one column becomes a value, and when its content is set aside instead."""

    field: str
    scope: str
    cell: pl.Expr
    value: pl.Expr
    is_wrong: pl.Expr
    reason: str
    """With {} where the value stands, if it is short and a number."""
    remedy: str

    def set_aside(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Columns of SET_ASIDE_SCHEMA for the rows whose content makes no sense."""
        shown = (
            pl.when(self.cell.str.contains(_SHOWABLE))
            .then(self.cell)
            .otherwise(pl.format("(a text of {} characters)", self.cell.str.len_chars()))
        )
        return rows.filter(self.is_wrong.fill_null(value=False)).select(
            pl.lit(self.scope).alias("scope"),
            pl.format(self.reason, shown).alias("reason"),
            pl.lit(self.remedy).alias("remedy"),
            "origin",
            "payload",
            "external_id",
            "revision",
        )


def _blank_is_null(cell: pl.Expr) -> pl.Expr:
    return pl.when(cell.str.contains(r"\S")).then(cell)


def _texts(columns: ColumnMapping, cell: dict[str, pl.Expr]) -> dict[str, pl.Expr]:
    texts = {
        field: _blank_is_null(cell[name]).str.strip_chars()
        for field in _PLAIN_TEXTS
        if (name := getattr(columns, field)) is not None
    }
    texts.setdefault("question", _NO_TEXT)
    if columns.customer_id:
        # pandas writes whole numbers with gaps as floats: 1234.0 is customer 1234.
        key = _blank_is_null(cell[columns.customer_id]).str.strip_chars()
        key = key.str.replace(r"^(-?\d+)\.0$", "$1")
        unknown = list(columns.unknown_customers)
        texts["customer_id"] = pl.when(~key.is_in(unknown)).then(key)
    if columns.verbatim:
        silent = [text.strip().lower() for text in columns.non_answers]
        parts = [
            pl.when(~cell[name].str.strip_chars().str.to_lowercase().is_in(["", *silent])).then(
                cell[name]
            )
            for name in columns.verbatim
        ]
        texts["verbatim"] = _blank_is_null(pl.concat_str(parts, separator="\n", ignore_nulls=True))
    known = [_blank_is_null(cell[name]).str.strip_chars() for name in columns.known_values]
    texts["known_values"] = (
        pl.concat_list(known).list.drop_nulls()
        if known
        else pl.lit([], dtype=MAPPED_SCHEMA["known_values"])
    )
    if columns.attributes:
        further = pl.struct(cell[name].alias(name) for name in columns.attributes)
        texts["attributes"] = further.struct.json_encode()
    return texts


def _number_rules(columns: ColumnMapping, cell: dict[str, pl.Expr]) -> list[_Rule]:
    rules = []
    for field in ("customer_value", "wait_seconds", "duration_seconds"):
        name = getattr(columns, field)
        if name is None:
            continue
        text = _blank_is_null(cell[name]).str.strip_chars()
        number = text.cast(pl.Float64, strict=False)
        is_time = field != "customer_value"
        number = number.fill_null(_clock_seconds(text)) if is_time else number
        is_sound = number.is_finite() & (number >= 0) if is_time else number.is_finite()
        rules.append(
            _Rule(
                field,
                "field",
                text,
                pl.when(is_sound).then(number),
                text.is_not_null() & ~is_sound.fill_null(value=False),
                f"{field} {{}} is no " + ("time of 0 or more" if is_time else "number"),
                "write seconds or H:MM:SS" if is_time else "write a plain number, e.g. 1234.5",
            )
        )
    return rules


def _clock_seconds(text: pl.Expr) -> pl.Expr:
    """`H:MM:SS` or `M:SS` as seconds, else null."""
    parts = [text.str.extract(_CLOCK, group).cast(pl.Float64) for group in (1, 2, 3)]
    return parts[0].fill_null(0) * 3600 + parts[1] * 60 + parts[2]


def _language_rules(columns: ColumnMapping, cell: dict[str, pl.Expr]) -> list[_Rule]:
    if columns.language is None:
        return []
    text = _blank_is_null(cell[columns.language])
    code = text.str.extract(_LANGUAGE).str.to_lowercase()
    return [
        _Rule(
            "language",
            "field",
            text,
            code,
            text.is_not_null() & code.is_null(),
            "language {} is no code of two letters",
            "write ISO 639-1 codes such as en, or leave the column out: it is then detected",
        )
    ]


def _score_rules(score: ScoreSettings, cell: pl.Expr) -> list[_Rule]:
    text = _blank_is_null(cell).str.strip_chars()
    number = text.cast(pl.Float64, strict=False)
    codes = [code for code in map(_as_number, score.non_answers) if code is not None]
    is_answer = ~(text.is_in(list(score.non_answers)) | number.is_in(codes).fill_null(value=False))
    is_asked = text.is_not_null() & is_answer
    is_number = number.is_finite().fill_null(value=False)
    is_sound = number.is_between(score.minimum, score.maximum)
    value = pl.when(is_answer & is_sound).then(number)
    return [
        _Rule(
            "score", "score", text, value, is_asked & ~is_number,
            "score {} is no number",
            "write it with a decimal point, or name the code in the score's non_answers",
        ),
        _Rule(
            "score", "score", text, value, is_asked & is_number & ~is_sound,
            f"score {{}} is off the scale {score.minimum:g} to {score.maximum:g}",
            "mend minimum and maximum of the source's score, or name the code in its non_answers",
        ),
    ]  # fmt: skip


def _score_scale(score: ScoreSettings | None) -> dict[str, pl.Expr]:
    """Metric and the scale's ends: the worst as score_min, the best as score_max."""
    if score is None:
        return {}
    ends = (score.minimum, score.maximum)
    worst, best = ends if score.direction == "higher_is_better" else ends[::-1]
    return {
        "score_metric": pl.lit(score.metric),
        "score_min": pl.lit(worst),
        "score_max": pl.lit(best),
    }


def _as_number(code: str) -> float | None:
    try:
        return float(code)
    except ValueError:
        return None


def _decoded_slowly(payloads: pl.Series, wanted: list[str]) -> pl.DataFrame:
    """As `decoded`, by the standard library: for nested values and numbers beyond 64 bits."""
    rows: list[list[str | None]] = []
    for payload in payloads.to_list():
        try:
            parsed = json.loads(payload, strict=False)
        except (TypeError, ValueError, RecursionError):
            parsed = {}
        given = parsed if isinstance(parsed, dict) else {}
        rows.append([_as_text(given.get(name)) for name in wanted])
    return pl.DataFrame(rows, schema=dict.fromkeys(wanted, pl.String()), orient="row")


def _as_text(value: object) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair becomes ?
