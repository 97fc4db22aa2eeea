"""The warehouse's own books: cursors, what each stage was made from, erased customers, reports."""

from datetime import date, datetime
from typing import ClassVar

from pydantic import Field

from models.table import TableRow


class Cursor(TableRow):
    """One row per source: where its next fetch goes on."""

    table: ClassVar[str] = "cursors"
    grain: ClassVar[tuple[str, ...]] = ("source_id",)
    is_published: ClassVar[bool] = False

    source_id: str = Field(description="The configured source.")
    cursor: str | None = Field(description="JSON text that the connector gave with its last page.")
    window_end: datetime = Field(description="Everything known up to here was loaded, UTC.")
    settings_hash: str = Field(
        description="Hash of the source's settings: under others, a fetch proves no deletion."
    )


class StagePartition(TableRow):
    """One row per stage and week: what its partition was made from and what came out."""

    table: ClassVar[str] = "stage_partitions"
    grain: ClassVar[tuple[str, ...]] = ("stage", "week_start")
    is_published: ClassVar[bool] = False

    stage: str = Field(description="The stage.")
    week_start: date = Field(description="Monday of the partition.")
    fingerprint: str = Field(
        description="Hash of input rows, settings used, code version and model: if it is the "
        "same, the stage is skipped."
    )
    output_hash: str = Field(description="Hash of the rows written; the next stage's input.")
    row_count: int = Field(description="Rows written.")


class SuppressedCustomer(TableRow):
    """One row per erased customer: records with this key are counted and not stored."""

    table: ClassVar[str] = "suppressed_customers"
    grain: ClassVar[tuple[str, ...]] = ("customer_key",)
    is_published: ClassVar[bool] = False

    customer_key: str = Field(description="Keyed hash of the customer's id.")


class PublishedReport(TableRow):
    """One row per week reported: its headline and where the page lies in the home."""

    table: ClassVar[str] = "reports"
    grain: ClassVar[tuple[str, ...]] = ("week_start",)
    partition: ClassVar[str | None] = "week_start"

    week_start: date = Field(description="Monday of the week reported.")
    week_label: str = Field(description="ISO week, e.g. 2026-W46.")
    headline: str = Field(description="The report's first line.")
    path: str = Field(description="The page, relative to the home.")
    content_hash: str = Field(description="BLAKE2b-128 of the page's bytes.")
    as_of: datetime = Field(description="What was known at this instant, UTC.")
