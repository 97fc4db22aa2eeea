"""What the reader needs in order to trust or doubt the report's figures."""

from datetime import date, datetime

from pydantic import Field

from models.quality import NoticeVerdict
from models.table import Contract


class Notice(Contract):
    """Something about the listening itself that must be read before any figure."""

    is_missing: bool = Field(description="True if feedback is missing; False if it is only odd.")
    text: str = Field(description="One sentence or two.")


class DataNoticeLine(Contract):
    """A notice on the week's data, as published with it."""

    verdict: NoticeVerdict = Field(description="What is wrong or new.")
    source_id: str = Field(description="The source.")
    source_name: str = Field(description="As printed.")
    owner: str = Field(description="Who answers for the source; empty if nobody is named.")
    dimension: str = Field(description="Of a new cell, what it is a value of; else empty.")
    cell: str = Field(description="The new cell, as printed; else empty.")
    key: str = Field(description="The new cell as it stands in the table; else empty.")
    observed_count: float = Field(description="As in data_notices, by the verdict.")
    expected_count: float | None = Field(description="What was usual of the same; None: unknown.")


class SourceLine(Contract):
    """What one source was expected to send and sent."""

    source_id: str = Field(description="The configured source.")
    name: str = Field(description="As printed.")
    channel: str = Field(description="How the customers speak there.")
    state: str = Field(description="As in source_health; 'unknown' without a row for the week.")
    state_weeks: int = Field(description="Weeks in a row in this state.")
    expected_count: float | None = Field(description="Usual arrivals of a week.")
    arrived_count: int = Field(description="Records that this week brought.")
    late_count: int = Field(description="Of these, records about an earlier week.")
    rejected_count: int = Field(description="Records set aside this week.")
    last_seen_at: datetime | None = Field(description="Latest record known, UTC.")
    message: str = Field(description="The error where the source failed, else empty.")


class LoadBalance(Contract):
    """The ledger of one source: all that was fetched, and where it went."""

    source_id: str = Field(description="The configured source; empty: all sources together.")
    name: str = Field(description="As printed.")
    fetched_count: int = Field(description="Records handed over.")
    loaded_count: int = Field(description="Seen for the first time.")
    revised_count: int = Field(description="Known, with new content.")
    deleted_count: int = Field(description="Deleted by the source.")
    duplicate_count: int = Field(description="Known, with the same content.")
    rejected_count: int = Field(description="Set aside with a reason.")
    suppressed_count: int = Field(description="Of erased customers, not stored.")
    outside_window_count: int = Field(description="Before the first week or after the cutoff.")

    @property
    def difference(self) -> int:
        """Fetched records that no column accounts for; 0 if nothing is lost."""
        return self.fetched_count - (
            self.loaded_count
            + self.revised_count
            + self.deleted_count
            + self.duplicate_count
            + self.rejected_count
            + self.suppressed_count
            + self.outside_window_count
        )


class SetAside(Contract):
    """Records, or parts of records, that were not used, with the reason and the remedy."""

    source_name: str = Field(description="As printed.")
    scope: str = Field(description="'record', or the part that was emptied.")
    reason: str = Field(description="What was wrong.")
    remedy: str = Field(description="What to do.")
    reject_count: int = Field(description="How many.")
    key: str = Field("", description="Names the kind in its reference.")


class RestatedFigure(Contract):
    """A published figure that later knowledge changed."""

    week_start: date = Field(description="Monday of the week restated.")
    issue_id: str = Field(description="The issue; empty: the whole week.")
    label: str = Field(description="The issue's name, as printed.")
    figure: str = Field(description="Name of the figure.")
    was_value: str = Field(description="As last known.")
    is_value: str = Field(description="As known now.")
    reason: str = Field(description="late, revised, reassigned, rebuilt, decision or erased.")


class Sureness(Contract):
    """How far the ranges and verdicts can be trusted."""

    judged_count: int = Field(description="Issues with a usual range this week.")
    above_count: int = Field(description="Of these, issues above it.")
    usual_above_count: float = Field(
        description="Issues above it in a usual week: the measured share above, or the designed."
    )
    inside_share: float | None = Field(
        description="Share of all judged issue-weeks inside the range published for them, real "
        "movements included; None: not measured."
    )
    above_share: float | None = Field(description="Of them, the share above the range.")
    issue_week_count: int | None = Field(description="Issue-weeks of that back-test.")
    nominal_inside_share: float = Field(description="The share the range is designed for.")
    nominal_false_share: float = Field(
        description="Share of false alarms among alarms that the verdicts are designed for."
    )


class BackTestBand(Contract):
    """How ranges and alarms held on this company's own weeks, in one band of volume."""

    name: str = Field(description="The band as printed, e.g. 5 to 9 expected.")
    issue_week_count: int = Field(description="Issue-weeks judged.")
    inside_share: float | None = Field(description="Share inside the range published for them.")
    above_share: float | None = Field(description="Share above it.")
    alarm_count: int | None = Field(None, description="Alarms raised in them.")
    alarms_per_week: float | None = Field(None, description="Alarms raised a judged week.")
    chance_alarms_per_week: float | None = Field(
        None, description="Alarms a judged week that chance alone would raise."
    )
    key: str = Field("", description="The band as it stands in the table.")


class LabelAudit(Contract):
    """People's answers to whether records were given to the right issue."""

    name: str = Field(description="Channel or source, as printed.")
    audited_count: int = Field(description="Records looked at.")
    right_count: int = Field(description="Of these, right.")


class ArrivalLag(Contract):
    """How long a source's records take from the customer's word to us."""

    source_id: str = Field(description="The configured source.")
    name: str = Field(description="As printed.")
    record_count: int = Field(description="Records that 26 weeks brought, the first week aside.")
    in_week_share: float = Field(
        description="Share of them that came with the week they are about, 0 to 1."
    )


class Placement(Contract):
    """What became of this week's texts that tell of a problem."""

    problem_count: int = Field(description="Problem texts of the week.")
    unassigned_count: int = Field(description="Of these, given to no issue.")
