"""Who could have complained, where the company can say it: orders or customers by week and cell."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from models.place import PlaceDimension
from models.table import Contract, TableRow


class ExposureSettings(Contract):
    """Files that say how many could have complained; they take the place of the feedback received.

    A row is a day or a week, with a count; rows of one week are summed. Columns of dimensions split
    the count, and the week's whole is their sum.
    """

    unit: str = Field("orders", min_length=1, description="What is counted: orders, customers.")
    paths: tuple[str, ...] = Field(
        min_length=1, description="CSV or Parquet files or globs, relative to the home."
    )
    date: str = Field("week_start", description="Column of the day, or of any day of the week.")
    count: str = Field("exposure", description="Column of the count, 0 or more.")
    dimensions: dict[PlaceDimension, str] = Field(
        default_factory=dict,
        description="Columns that split the count: product = 'sku group'. Empty cells are the cell "
        "that is not stated.",
    )


class SuppliedExposure(TableRow):
    """One row per week, dimension and cell for which the company says who could have complained."""

    table: ClassVar[str] = "supplied_exposure"
    grain: ClassVar[tuple[str, ...]] = ("week_start", "dimension", "cell")

    week_start: date = Field(description="Monday of the week.")
    dimension: str = Field(description="product, region, ...; empty: the whole week.")
    cell: str | None = Field(description="The cell; null: not stated, or the whole week.")
    exposure: float = Field(description="How many could have complained, as supplied.")
    unit: str = Field(description="What was counted: orders, customers.")
