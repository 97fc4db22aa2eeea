"""A source's settings: one class a kind, chosen by `kind`; unknown keys are refused."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from models.feedback import Channel, ScoreMetric
from models.table import Contract


class ScoreSettings(Contract):
    """How a score is read: its metric, scale, direction and the codes that are no answer."""

    column: str = Field(description="Column that holds the score.")
    metric: ScoreMetric = Field(description="nps, csat, ces or rating.")
    minimum: float = Field(description="Lowest number of the scale.")
    maximum: float = Field(description="Highest number of the scale.")
    direction: Literal["higher_is_better", "lower_is_better"] = Field(
        "higher_is_better", description="Which end of the scale is good."
    )
    non_answers: tuple[str, ...] = Field(
        (), description="Codes that mean no answer or don't know, as written in the source."
    )
    question: str | None = Field(
        None,
        description="Wording of the score's question; left out: each question of the source is "
        "a survey with a score of its own.",
    )

    @model_validator(mode="after")
    def _scale_has_two_ends(self) -> "ScoreSettings":
        if self.minimum >= self.maximum:
            raise ValueError("minimum must be below maximum; say which end is good in direction")
        return self


class ColumnMapping(Contract):
    """Which column of the source holds what. Names as written in the source."""

    external_id: tuple[str, ...] = Field(
        (), description="Columns that together identify a record; none: its content does."
    )
    occurred_at: tuple[str, ...] = Field(
        description="Column of the instant, or of the date and then of the time of day."
    )
    received_at: tuple[str, ...] = Field(
        (), description="When the record could be known, if the source says so."
    )
    verbatim: tuple[str, ...] = Field(
        (), description="Columns of the customer's words, joined by a line break."
    )
    non_answers: tuple[str, ...] = Field(
        (), description="Verbatims that mean nothing was said, in any case: Did not answer."
    )
    customer_id: str | None = Field(None, description="The customer's id.")
    unknown_customers: tuple[str, ...] = Field(
        (), description="Customer ids that mean nobody is known, as written in the source: 0."
    )
    response_id: str | None = Field(None, description="The response that several rows belong to.")
    question: str | None = Field(None, description="Column with the question's wording.")
    product: str | None = Field(None, description="Product, plan or service.")
    touchpoint: str | None = Field(None, description="Moment of the journey.")
    customer_segment: str | None = Field(None, description="Group of customers.")
    region: str | None = Field(None, description="Region, state or site.")
    customer_value: str | None = Field(None, description="What the customer is worth a year.")
    language: str | None = Field(None, description="ISO 639-1 code.")
    known_values: tuple[str, ...] = Field(
        (), description="Columns of names, e-mails, user names: masked wherever they occur."
    )
    attributes: tuple[str, ...] = Field((), description="Further columns kept, masked, as texts.")
    outcome: str | None = Field(None, description="How a contact ended.")
    queue: str | None = Field(None, description="Queue or skill of a contact.")
    wait_seconds: str | None = Field(None, description="Time the customer waited.")
    duration_seconds: str | None = Field(None, description="Length of the contact.")


class SourceSettings(Contract):
    """What every source has, whatever its kind."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$", description="Short, stable name.")
    name: str = Field("", description="What people call it.")
    channel: Channel = Field(description="How the customer speaks here.")
    owner: str = Field("", description="Who answers for it.")
    is_required: bool = Field(False, description="True: an empty or failed week blocks the run.")
    time_zone: str | None = Field(
        None, description="Of instants without an offset; the company's if left out."
    )
    language: str | None = Field(
        None, description="ISO 639-1 code of all its texts; left out: detected."
    )


class TableFilesSource(SourceSettings):
    """What the two kinds that read table files share."""

    paths: tuple[str, ...] = Field(
        min_length=1, description="Files or globs, relative to the home; new ones are found."
    )
    format: Literal["auto", "csv", "json", "jsonl", "parquet"] = Field(
        "auto", description="auto goes by the file name; gzip and zstd are read as they are."
    )
    encoding: str = Field("utf-8", description="Of CSV and JSON files.")
    separator: str = Field(",", min_length=1, max_length=1, description="Of CSV files.")
    is_snapshot: bool = Field(
        False, description="True: the files are all there is; a record that left was deleted."
    )
    date_formats: tuple[str, ...] = Field(
        (), description="chrono formats tried in order, e.g. %d/%m/%Y %H:%M; none: ISO 8601."
    )
    columns: ColumnMapping = Field(description="Which column holds what.")


class FilesSource(TableFilesSource):
    """Tables in files: CSV, JSON, JSON Lines, Parquet, gzip or zstd."""

    kind: Literal["files"]
    score: ScoreSettings | None = Field(None, description="How the score is read.")


class CallRecordsSource(TableFilesSource):
    """A telephony log: contacts without words that still count as contact volume."""

    kind: Literal["call_records"]


class TranscriptsSource(SourceSettings):
    """Conversations in files, one or more a file; the customer's turns are the verbatim."""

    kind: Literal["transcripts"]
    paths: tuple[str, ...] = Field(
        min_length=1, description="Files or globs, relative to the home; new ones are found."
    )
    format: Literal["auto", "contact_lens", "transcribe", "webvtt", "turns"] = Field(
        "auto", description="auto looks at each file."
    )
    occurred_at: str | None = Field(
        None,
        description="Instant (ISO 8601) of conversations whose file says none; left out: such a "
        "conversation is set aside.",
    )
    occurred_at_pattern: str | None = Field(
        None,
        description="Regular expression on the file name whose first group is a date 2026-11-09.",
    )
    customer_roles: tuple[str, ...] = Field(
        ("customer", "caller", "end_user", "user", "client", "guest", "visitor"),
        description="Speaker names or roles that are the customer, in lower case.",
    )
    agent_roles: tuple[str, ...] = Field(
        ("agent", "representative", "operator", "assistant", "bot", "support"),
        description="Speaker names or roles that are the company, in lower case.",
    )


class CfpbSource(SourceSettings):
    """The public complaint database of the US Consumer Financial Protection Bureau."""

    kind: Literal["cfpb"]
    url: str = Field(
        "https://www.consumerfinance.gov/data-research/consumer-complaints/search/api/v1/",
        description="Address of the search.",
    )
    company: tuple[str, ...] = Field((), description="Only complaints about these companies.")
    product: tuple[str, ...] = Field((), description="Only complaints about these products.")
    page_size: int = Field(
        1000, ge=1, le=10_000, description="Records a page; the source gives 20 pages a minute."
    )
    page_cap: int = Field(1000, ge=1, description="More pages than this are an error.")
    lookback_days: int = Field(
        35, ge=0, description="Complaints are published late: how far back each load looks again."
    )
    timeout_seconds: float = Field(30.0, gt=0, description="For one answer.")
    attempts: int = Field(5, ge=1, le=20, description="Tries for one page, the first included.")


Source = Annotated[
    FilesSource | TranscriptsSource | CallRecordsSource | CfpbSource, Field(discriminator="kind")
]
