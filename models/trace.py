"""The way back from a published figure to the records behind it: what `voc trace` shows."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from models.table import Contract

RecordState = Literal["known then", "added since", "gone since"]


class TracedRecord(Contract):
    """One act of a customer speaking that a figure counts, or counted."""

    feedback_id: str = Field(description="Its id in `feedback`.")
    source_id: str = Field(description="The configured source.")
    external_id: str = Field(description="Its id in the source.")
    occurred_at: datetime = Field(description="When the customer spoke, UTC.")
    channel: str = Field(description="How the customer spoke.")
    received_week: date = Field(description="Monday of the week whose load brought it.")
    is_counted: bool = Field(
        description="False if another record listed has the same voice and words, or the same "
        "response: they count once."
    )
    state: RecordState = Field(description="Whether it was known at the cutoff, and still counts.")
    quote: str = Field(description="The customer's words, masked and cut; empty without any.")


class TracedRestatement(Contract):
    """A later correction of the figure."""

    as_of_week: date = Field(description="Monday of the week whose run found it.")
    was_value: str | None = Field(description="As last known.")
    is_value: str | None = Field(description="As known then.")
    reason: str = Field(description="late, revised, reassigned, rebuilt, decision or erased.")


class TracedFigure(Contract):
    """A published figure with its value, its query, its corrections and its records."""

    week_start: date = Field(description="Monday of the week.")
    issue_id: str = Field(description="The issue; empty: the whole week.")
    label: str = Field(description="The issue's name now; empty for the whole week.")
    figure: str = Field(description="Name of the figure.")
    value: float | None = Field(description="As published; None for texts.")
    value_text: str | None = Field(description="As published; None for numbers.")
    as_of: datetime = Field(description="What was known at this instant, UTC.")
    query: str = Field(description="What gives it in voc.duckdb.")
    records_then: float | None = Field(
        description="What the records known at the cutoff make: the count, or the share."
    )
    records_now: float | None = Field(description="What the records known now make.")
    restatements: tuple[TracedRestatement, ...] = Field(description="Corrections, oldest first.")
    explanation: str = Field(description="How the records and the figure go together.")
    records: tuple[TracedRecord, ...] = Field(description="By the time of speaking.")
