"""The record as received, what was set aside, and the ledger of every load."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from models.table import TableRow

SetAsideScope = Literal["record", "score", "verbatim", "field"]


class RawRecord(TableRow):
    """One row per revision of a source's record, its payload as received.

    `received_week` is the week whose load brought it: as-of a week means `received_week <= week`,
    then the highest revision of each record.
    """

    table: ClassVar[str] = "raw"
    grain: ClassVar[tuple[str, ...]] = ("source_id", "external_id", "revision")
    partition: ClassVar[str | None] = "received_week"
    is_published: ClassVar[bool] = False

    source_id: str = Field(description="The configured source that the record came from.")
    external_id: str = Field(description="The record's id in its source; else made of its content.")
    revision: int = Field(description="1 for the first payload seen, then counted up per change.")
    content_hash: str = Field(description="BLAKE2b-128 of the payload, hexadecimal.")
    is_deleted: bool = Field(description="True if this revision says that the source deleted it.")
    occurred_at: datetime = Field(description="When the customer spoke, UTC.")
    received_at: datetime = Field(
        description="When we could know of it, UTC: mapped, else occurred_at at a source's first "
        "load and the load's as_of afterwards."
    )
    received_week: date = Field(description="Monday of the week whose load brought the record.")
    origin: str = Field(description="Where in the source it stood: file and row, or page address.")
    payload: str = Field(description="The record as received, as JSON. Holds personal data.")


class Reject(TableRow):
    """One row per record, or part of a record, that was set aside, with its reason."""

    table: ClassVar[str] = "rejects"
    grain: ClassVar[tuple[str, ...]] = ("reject_id",)
    partition: ClassVar[str | None] = "received_week"
    private: ClassVar[frozenset[str]] = frozenset({"payload"})

    reject_id: str = Field(description="Hash of source, origin-free payload, scope and reason.")
    source_id: str = Field(description="The configured source.")
    received_week: date = Field(description="Monday of the week whose load set it aside.")
    scope: SetAsideScope = Field(
        description="'record': the whole record is not loaded; else the part that was emptied "
        "while the record itself was loaded."
    )
    reason: str = Field(description="What was wrong, without the customer's words.")
    remedy: str = Field(description="What to do so that it loads.")
    origin: str = Field(description="Where in the source it stood: file and row, or page address.")
    payload: str = Field(description="The record as received. Holds personal data.")


class Load(TableRow):
    """One row per source, week and load: the ledger that balances to the last row.

    fetched = loaded + revised + deleted + duplicate + rejected + suppressed + outside_window.
    """

    table: ClassVar[str] = "loads"
    grain: ClassVar[tuple[str, ...]] = ("source_id", "received_week", "load_number")
    partition: ClassVar[str | None] = "received_week"

    source_id: str = Field(description="The configured source.")
    received_week: date = Field(description="Monday of the week that the load was for.")
    load_number: int = Field(description="1 for the week's first load; later ones found changes.")
    window_start: datetime | None = Field(
        description="Records known at or before this instant (UTC) belong to an earlier load; "
        "null at a source's first load."
    )
    window_end: datetime = Field(description="as_of of the week, UTC: nothing later is loaded.")
    fetched_count: int = Field(description="Records the source handed over, deletions included.")
    loaded_count: int = Field(description="Records seen for the first time.")
    revised_count: int = Field(description="Known records whose content changed.")
    deleted_count: int = Field(description="Known records that the source deleted.")
    duplicate_count: int = Field(description="Records already known with the same content.")
    rejected_count: int = Field(description="Records set aside with a reason, in `rejects`.")
    suppressed_count: int = Field(description="Records of erased customers, not stored.")
    outside_window_count: int = Field(
        description="Records not lost, but not of this load: newer than window_end, which a later "
        "week loads, or older than the first week of the history."
    )


class SourceHealth(TableRow):
    """One row per source and week: what was expected, what arrived, what was set aside."""

    table: ClassVar[str] = "source_health"
    grain: ClassVar[tuple[str, ...]] = ("source_id", "week_start")
    partition: ClassVar[str | None] = "week_start"

    source_id: str = Field(description="The configured source.")
    week_start: date = Field(description="Monday of the week.")
    channel: str = Field(description="How the customers of this source speak.")
    expected_count: float | None = Field(
        description="Median of the arrivals of the 8 weeks before; null with fewer than 4."
    )
    arrived_count: int = Field(description="Records that this week's loads brought.")
    late_count: int = Field(description="Of these, records about an earlier week.")
    rejected_count: int = Field(description="Records that this week's loads set aside.")
    last_seen_at: datetime | None = Field(description="Latest occurred_at known, UTC.")
    state: Literal["ok", "quiet", "silent", "surge", "failed", "not started"] = Field(
        description="silent: nothing arrived though something was expected; quiet, surge: below or "
        "above 1.8 times the expectation and beyond the source's habit; failed: it could not be "
        "read; not started: nothing has ever arrived."
    )
    is_required: bool = Field(description="True if a silent or failed week blocks the run.")
    message: str = Field(description="The error's message where the source failed, else empty.")
