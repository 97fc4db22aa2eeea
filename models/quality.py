"""What is wrong with the data and not with the company: notices, and how late each source speaks.

A notice is never an alarm of an issue. Notices are written when a week is published, and kept.
"""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from models.table import TableRow

NoticeVerdict = Literal[
    "FAILED",
    "SILENT",
    "QUIET",
    "VOLUME_JUMP",
    "VOLUME_SHIFT",
    "DUPLICATE_STORM",
    "COVERAGE_CHANGE",
    "LATE_RECORDS",
    "PROVISIONAL",
]


class DataNotice(TableRow):
    """One row per week, verdict on the data, source and cell concerned, as seen at the cutoff."""

    table: ClassVar[str] = "data_notices"
    grain: ClassVar[tuple[str, ...]] = ("week_start", "verdict", "source_id", "dimension", "cell")
    partition: ClassVar[str | None] = "week_start"

    week_start: date = Field(description="Monday of the week published.")
    verdict: NoticeVerdict = Field(
        description="FAILED, SILENT, QUIET: a source could not be read, sent nothing, or far less "
        "than its habit. VOLUME_JUMP: far more than its habit while its issues' shares held (a "
        "scrape, a campaign); VOLUME_SHIFT: far more, and its issues' shares changed. "
        "DUPLICATE_STORM: one text pasted many times. COVERAGE_CHANGE: a cell of a dimension, or "
        "a source, that was hardly heard before came with volume (a launch). LATE_RECORDS: far "
        "more records of earlier weeks than usual. PROVISIONAL: a tenth or more of the source's "
        "week is still to come."
    )
    source_id: str = Field(description="The source.")
    dimension: str = Field(
        description="Of a COVERAGE_CHANGE, what the cell is a value of; else empty."
    )
    cell: str | None = Field(description="Of a COVERAGE_CHANGE, the new cell; else null.")
    observed_count: float = Field(
        description="Records that arrived; copies of the text; feedback in the new cell; late "
        "records; or records still to come, as the verdict says."
    )
    expected_count: float | None = Field(
        description="What was usual of the same; null where nothing can be said."
    )
    reason: str = Field(description="The verdict in words, with its numbers.")


class PublicationLag(TableRow):
    """One row per source and weeks of delay: how much of a week has arrived by then, as known now.

    From the weeks of speaking and arriving of the last 26 weeks (chain ladder, Mack 1993); records
    of a source's first load are left out, they tell when we began to listen.
    """

    table: ClassVar[str] = "publication_lag"
    grain: ClassVar[tuple[str, ...]] = ("source_id", "weeks_late")

    source_id: str = Field(description="The source.")
    weeks_late: int = Field(description="0: by the cutoff of the week itself; 1: a week later; ...")
    record_count: int = Field(description="Records that arrived with just this delay.")
    complete_share: float = Field(
        description="Share of a week's records that has arrived by then, 0 to 1."
    )
