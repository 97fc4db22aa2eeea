"""One act of a customer speaking: as mapped from its source, and conformed for all that follows."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from models.table import TableRow

Channel = Literal[
    "survey", "complaint", "ticket", "chat", "call", "email", "letter", "review", "social",
    "kiosk", "fax", "text", "ivr", "field",
]  # fmt: skip
ScoreMetric = Literal["nps", "csat", "ces", "rating"]
DuplicateKind = Literal["none", "exact", "near"]


class MappedRecord(TableRow):
    """One row per raw record revision, mapped to our words but not yet masked. Never stored.

    This is what a connector's mapping returns and `voc_pipeline.feedback` takes in.
    """

    table: ClassVar[str] = "mapped"
    grain: ClassVar[tuple[str, ...]] = ("source_id", "external_id", "revision")
    is_published: ClassVar[bool] = False

    source_id: str = Field(description="The configured source.")
    external_id: str = Field(description="The record's id in its source.")
    revision: int = Field(description="Revision of the raw record.")
    is_deleted: bool = Field(description="True if the source deleted the record.")
    occurred_at: datetime = Field(description="When the customer spoke, UTC.")
    received_at: datetime = Field(description="When we could know of it, UTC.")
    received_week: date = Field(description="Monday of the week whose load brought it.")
    channel: str = Field(description="How the customer spoke.")
    customer_id: str | None = Field(description="The customer's id in clear; pseudonymised next.")
    known_values: list[str] = Field(
        description="Names, e-mails, user names of this record, masked wherever they occur."
    )
    response_id: str | None = Field(description="The survey response it belongs to.")
    question: str | None = Field(description="The question that was answered.")
    product: str | None = Field(description="Product, plan or service.")
    touchpoint: str | None = Field(description="Moment of the journey.")
    customer_segment: str | None = Field(description="Group of customers.")
    region: str | None = Field(description="Region, state or site.")
    customer_value: float | None = Field(description="What the customer is worth a year.")
    score: float | None = Field(description="The score on its own scale, as given.")
    score_metric: str | None = Field(description="nps, csat, ces or rating.")
    score_min: float | None = Field(description="Worst end of the scale, as a number given.")
    score_max: float | None = Field(description="Best end of the scale, as a number given.")
    language: str | None = Field(description="ISO 639-1 code if the source or settings say it.")
    verbatim: str | None = Field(description="The customer's words as received, unmasked.")
    agent_verbatim: str | None = Field(description="The agent's words of a conversation.")
    outcome: str | None = Field(description="How a contact ended, as the source says it.")
    queue: str | None = Field(description="Queue or skill of a contact.")
    wait_seconds: float | None = Field(description="Time the customer waited.")
    duration_seconds: float | None = Field(description="Length of the contact.")
    attributes: str | None = Field(description="Further mapped fields as a JSON object of texts.")


class Feedback(TableRow):
    """One row per act of a customer speaking and revision of it, its words masked.

    Analysts read the view of current rows: the highest revision, deletions left out.
    """

    table: ClassVar[str] = "feedback"
    grain: ClassVar[tuple[str, ...]] = ("feedback_id", "revision")
    partition: ClassVar[str | None] = "received_week"

    feedback_id: str = Field(description="Hash of source and external id, hexadecimal.")
    revision: int = Field(description="Revision of the record; only the latest is current.")
    is_deleted: bool = Field(description="True if this revision withdraws the record.")
    source_id: str = Field(description="The configured source.")
    external_id: str = Field(description="The record's id in its source.")
    channel: str = Field(description="How the customer spoke: survey, call, review, ...")
    customer_key: str | None = Field(
        description="Keyed hash of the customer's id; null where the source names no customer."
    )
    response_id: str = Field(
        description="The response it belongs to; a score counts once per response."
    )
    occurred_at: datetime = Field(description="When the customer spoke, UTC.")
    received_at: datetime = Field(description="When we could know of it, UTC.")
    week_start: date = Field(description="Monday of the week of occurred_at, company time zone.")
    received_week: date = Field(description="Monday of the week whose load brought it.")
    question: str | None = Field(description="The question that was answered.")
    product: str | None = Field(description="Product, plan or service.")
    touchpoint: str | None = Field(description="Moment of the journey.")
    customer_segment: str | None = Field(description="Group of customers.")
    region: str | None = Field(description="Region, state or site.")
    customer_value: float | None = Field(
        description="What the customer is worth a year, in the company's currency."
    )
    score: float | None = Field(description="The score on its own scale, as given.")
    score_metric: str | None = Field(description="nps, csat, ces or rating.")
    score_min: float | None = Field(description="Worst answer of the scale, as given.")
    score_max: float | None = Field(description="Best answer of the scale, as given.")
    score_share: float | None = Field(
        description="The score from 0 (worst) to 1 (best), comparable between scales."
    )
    language: str | None = Field(
        description="ISO 639-1 code; null without words, or where too few words decide."
    )
    verbatim: str | None = Field(description="The customer's words, personal data masked.")
    agent_verbatim: str | None = Field(description="The agent's words, masked; never an issue.")
    masked_count: int = Field(description="Masks in verbatim and agent_verbatim.")
    word_count: int = Field(description="Words in the verbatim.")
    outcome: str | None = Field(description="How a contact ended, as the source says it.")
    queue: str | None = Field(description="Queue or skill of a contact.")
    wait_seconds: float | None = Field(description="Time the customer waited, seconds.")
    duration_seconds: float | None = Field(description="Length of the contact, seconds.")
    attributes: str | None = Field(
        description="Further mapped fields as a JSON object of masked texts."
    )
    text_key: str | None = Field(
        description="Hash of the words without case, digits and punctuation: equal for near "
        "duplicates; null without words."
    )
    duplicate_kind: str = Field(
        description="none; exact or near if the same words were known from an earlier feedback."
    )
    duplicate_of: str | None = Field(description="feedback_id of the first with these words.")
    voice_key: str = Field(
        description="customer_key, else response_id: with text_key and week it counts volume, "
        "so that one account pasting a text 500 times counts once a week."
    )
