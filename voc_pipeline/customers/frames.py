"""Frames of this room's models: their columns and types, sorted by grain, floats shortened."""

from collections.abc import Mapping
from datetime import date
from types import NoneType
from typing import Any, get_args

import polars as pl

from models.table import TableRow

SIGNIFICANT_DIGITS = 6
_KINDS: Mapping[Any, pl.DataType] = {
    int: pl.Int64(),
    float: pl.Float64(),
    date: pl.Date(),
}


def as_frame(model: type[TableRow], rows: pl.DataFrame) -> pl.DataFrame:
    """The model's frame of rows that have its columns, or more."""
    schema = pl.Schema(
        {name: _kind(about.annotation) for name, about in model.model_fields.items()}
    )
    decimals = [name for name, kind in schema.items() if kind == pl.Float64]
    return (
        rows.select(list(schema))
        .cast(schema)
        .with_columns(pl.col(decimals).round_sig_figs(SIGNIFICANT_DIGITS))
        .sort(model.grain)
    )


def _kind(annotation: Any) -> pl.DataType:  # noqa: ANN401
    inner = [one for one in get_args(annotation) if one is not NoneType]
    return _KINDS.get(annotation) or _KINDS.get(inner[0] if inner else str) or pl.String()
