"""One thought: a span of a verbatim, and whether it tells of a problem; and its numeric form."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from models.table import TableRow

SegmentKind = Literal["problem", "praise", "neutral"]


class Segment(TableRow):
    """One row per sentence-sized span of a feedback revision's masked verbatim."""

    table: ClassVar[str] = "segments"
    grain: ClassVar[tuple[str, ...]] = ("segment_id",)
    partition: ClassVar[str | None] = "received_week"

    segment_id: str = Field(description="feedback_id, revision and ordinal, joined by '-'.")
    feedback_id: str = Field(description="The feedback it is a part of.")
    revision: int = Field(description="Revision of that feedback.")
    ordinal: int = Field(description="0 for the first segment of the verbatim.")
    start_offset: int = Field(description="First character in the masked verbatim, from 0.")
    end_offset: int = Field(description="One past the last character in the masked verbatim.")
    segment_text: str = Field(description="The span: verbatim[start_offset:end_offset].")
    text_hash: str = Field(description="BLAKE2b-128 of the case-folded text; keys the vectors.")
    kind: SegmentKind = Field(description="problem, praise or neutral; only problems make issues.")
    problem_score: float = Field(description="How surely it tells of a problem, 0 to 1.")
    source_id: str = Field(description="The configured source.")
    week_start: date = Field(description="Monday of the week in which the customer spoke.")
    received_week: date = Field(description="Monday of the week whose load brought it.")


class Vector(TableRow):
    """One row per distinct segment text and vector model."""

    table: ClassVar[str] = "vectors"
    grain: ClassVar[tuple[str, ...]] = ("text_hash", "model_id")
    partition: ClassVar[str | None] = "received_week"
    is_published: ClassVar[bool] = False

    text_hash: str = Field(description="BLAKE2b-128 of the case-folded text.")
    model_id: str = Field(description="Name, version and dimension of the vector model.")
    received_week: date = Field(description="Monday of the first week that needed it.")
    vector: list[float] = Field(
        description="Unit-length vector.", json_schema_extra={"column_type": "FLOAT[]"}
    )
