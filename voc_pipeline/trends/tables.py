"""Rows to the frame of a model: its columns and types, sorted by its grain, floats shortened."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import polars as pl

from models.table import TableRow

SIGNIFICANT_DIGITS = 6
_KINDS: Mapping[Any, pl.DataType] = {
    str: pl.String(),
    int: pl.Int64(),
    float: pl.Float64(),
    bool: pl.Boolean(),
    date: pl.Date(),
    datetime: pl.Datetime("us"),
}


def frame_schema(model: type[TableRow]) -> pl.Schema:
    """Column names and types of the model's frame."""
    return pl.Schema({name: _kind(about.annotation) for name, about in model.model_fields.items()})


def as_frame(
    model: type[TableRow],
    rows: Iterable[Mapping[str, object]] | pl.DataFrame,
    *,
    exact: Iterable[str] = (),
    is_sorted: bool = False,
) -> pl.DataFrame:
    """The model's frame: floats to six significant digits but for the `exact` columns.

    Args:
        model: the table.
        rows: with the model's columns, or more.
        exact: float columns that are rounded already.
        is_sorted: True if the rows are in the order of the grain.
    """
    schema = frame_schema(model)
    if isinstance(rows, pl.DataFrame):
        table = rows.select(list(schema)).cast(schema)
    else:
        table = pl.DataFrame(list(rows), schema=schema, orient="row")
    kept = set(exact)
    shortened = [name for name, kind in schema.items() if kind == pl.Float64 and name not in kept]
    rounded = table.with_columns(pl.col(shortened).round_sig_figs(SIGNIFICANT_DIGITS))
    return rounded if is_sorted else rounded.sort(model.grain)


def _kind(annotation: Any) -> pl.DataType:  # noqa: ANN401
    if annotation in _KINDS:
        return _KINDS[annotation]
    if get_origin(annotation) is Literal:
        return _kind(type(get_args(annotation)[0]))
    kinds = [one for one in get_args(annotation) if one is not NoneType]
    return _kind(kinds[0])
