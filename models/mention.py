"""A segment given to an issue, with all that counts and breakdowns need."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from models.table import TableRow


class Mention(TableRow):
    """One row per segment and week that gave it to an issue; analysts read the current one."""

    table: ClassVar[str] = "mentions"
    grain: ClassVar[tuple[str, ...]] = ("assigned_week", "segment_id")
    partition: ClassVar[str | None] = "assigned_week"

    segment_id: str = Field(description="The segment.")
    feedback_id: str = Field(description="The feedback that holds the segment.")
    revision: int = Field(description="Revision of that feedback.")
    issue_id: str | None = Field(description="The issue; null if a later week took it away.")
    match_score: float = Field(description="Cosine similarity to the issue's centre.")
    assigned_week: date = Field(description="Monday of the register week that decided.")
    received_week: date = Field(description="Monday of the week whose load brought it.")
    week_start: date = Field(description="Monday of the week in which the customer spoke.")
    source_id: str = Field(description="The configured source.")
    channel: str = Field(description="How the customer spoke.")
    product: str | None = Field(description="Product, plan or service.")
    touchpoint: str | None = Field(description="Moment of the journey.")
    customer_segment: str | None = Field(description="Group of customers.")
    region: str | None = Field(description="Region, state or site.")
    voice_key: str = Field(description="Who spoke; with text_key and week it counts volume.")
    text_key: str = Field(description="What was said; equal for near duplicates.")
    customer_key: str | None = Field(description="Keyed hash of the customer's id.")
