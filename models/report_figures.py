"""How a printed figure is written and where it comes from, and a series of weeks."""

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from models.table import Contract

Unit = Literal["count", "share", "per_thousand"]
FigureUnit = Literal[
    "count", "bound", "share", "per_thousand", "ratio", "change", "difference", "score", "mean",
    "points", "share_points", "mean_points", "text",
]  # fmt: skip


class FigureReference(Contract):
    """One printed figure and the query behind it: a cell of a table, or a stated measure.

    `ref` is what stands beside the figure on every rendering. With `table` 'measures', `figure`
    names a stated query over several rows and `key` holds its parameters; otherwise `key` holds
    the values of the table's grain in their order, and `figure` the column, or for
    `published_figures` the figure. All as known at the report's `as_of`.
    """

    ref: str = Field(description="table/key/.../figure, e.g. published_figures/2026-11-09/...")
    table: str = Field(description="Table of the mart, or 'measures'.")
    key: tuple[str, ...] = Field(description="Values of the grain, or the measure's parameters.")
    figure: str = Field(description="Column, published figure or measure.")
    value: float | None = Field(None, description="The number; None for a text.")
    value_text: str | None = Field(
        None, description="The text; of a part of a sum, how it is written; else None for a number."
    )
    unit: FigureUnit = Field("count", description="How it is written.")


class WeekSeries(Contract):
    """One value a week, oldest first, the report's week last; None where none was published."""

    first_week: date = Field(description="Monday of the first value.")
    values: tuple[float | None, ...] = Field(description="The published value of each week.")
    lower: tuple[float | None, ...] = Field(description="Lower end of each week's usual range.")
    upper: tuple[float | None, ...] = Field(description="Upper end of each week's usual range.")

    @model_validator(mode="after")
    def _lengths_agree(self) -> "WeekSeries":
        if not len(self.values) == len(self.lower) == len(self.upper):
            raise ValueError("values, lower and upper must have one entry a week each")
        return self


class KeyFigure(Contract):
    """One of the four figures of page one."""

    name: str = Field(description="What is counted, in plain words.")
    unit: Unit = Field(description="How the value is read: a count, a share of 1, per 1,000.")
    value: float | None = Field(description="This week; None if it cannot be said.")
    of_count: int | None = Field(description="The whole of which a count is a part.")
    previous: float | None = Field(description="The week before, as published.")
    usual_lower: float | None = Field(description="5th percentile of the weeks before.")
    usual_upper: float | None = Field(description="95th percentile of the weeks before.")
    note: str = Field(description="What a reader must know beside it; may be empty.")
    series: WeekSeries = Field(description="The last 52 weeks.")
    measure: str = Field("", description="Name of the figure's measure in its references.")
