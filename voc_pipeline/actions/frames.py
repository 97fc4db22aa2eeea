"""Rows to a table's frame: its columns and types from the model, floats rounded."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import NoneType
from typing import get_args, get_origin

import polars as pl

from models.action import Action, ActionChange, FixVerdict, FixWeek
from models.table import TableRow

SIGNIFICANT_DIGITS = 6
_KINDS = {str: pl.String(), int: pl.Int64(), float: pl.Float64(), bool: pl.Boolean(),
          date: pl.Date()}  # fmt: skip
_TABLES: dict[str, type[TableRow]] = {
    model.table: model for model in (Action, ActionChange, FixVerdict, FixWeek)
}


def table_of(name: str, rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """The rows as a frame of that table, in the order given."""
    schema: dict[str, pl.DataType] = {}
    for column, about in _TABLES[name].model_fields.items():
        kinds = [kind for kind in get_args(about.annotation) if kind is not NoneType]
        kind = about.annotation if about.annotation in _KINDS else kinds[0]
        is_list = get_origin(about.annotation) is list
        schema[column] = pl.List(pl.String) if is_list else _KINDS.get(kind, pl.String())
    frame = pl.DataFrame(list(rows), schema=schema, orient="row")
    decimals = [column for column, kind in schema.items() if kind == pl.Float64]
    return frame.with_columns(pl.col(decimals).round_sig_figs(SIGNIFICANT_DIGITS))
