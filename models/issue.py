"""Issues: the register's state week by week, its lineage, its evidence."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from models.table import TableRow

IssueState = Literal["active", "dormant", "merged", "split", "retired"]
LineageEvent = Literal["born", "dormant", "returned", "merged", "split", "retired", "rebuilt"]


class Issue(TableRow):
    """One row per issue and register week: the register's state after that week.

    Analysts read the rows of the latest register week, one row per issue.
    """

    table: ClassVar[str] = "issues"
    grain: ClassVar[tuple[str, ...]] = ("register_week", "issue_id")
    partition: ClassVar[str | None] = "register_week"
    private: ClassVar[frozenset[str]] = frozenset({"vector_sum"})

    register_week: date = Field(description="Monday of the week after which this state held.")
    issue_id: str = Field(description="Stable, readable id, e.g. ISS-0042; never used again.")
    label: str = Field(description="A phrase from the customers' own words that names the issue.")
    terms: list[str] = Field(description="Words that set it apart from all other issues.")
    theme: str | None = Field(description="Coarse group of issues, kept by people; null if none.")
    function: str | None = Field(description="The part of the company that owns it.")
    state: IssueState = Field(description="active, dormant, merged, split or retired.")
    born_week: date = Field(description="Monday of the week in which the register found it.")
    first_week: date = Field(description="Monday of the first week with a mention.")
    last_week: date = Field(description="Monday of the latest week with a mention.")
    member_count: int = Field(description="Segments in the running sum.")
    cohesion: float = Field(description="Mean similarity of members to their centre, 0 to 1.")
    threshold: float = Field(description="Least similarity with which a segment joins.")
    model_id: str = Field(description="Vector model of the sums.")
    vector_sum: list[float] = Field(description="Running sum of member vectors.")


class IssueLineage(TableRow):
    """One row per event in an issue's life and other issue concerned."""

    table: ClassVar[str] = "issue_lineage"
    grain: ClassVar[tuple[str, ...]] = ("week_start", "event", "issue_id", "other_issue_id")
    partition: ClassVar[str | None] = "week_start"

    week_start: date = Field(description="Monday of the register week of the event.")
    event: LineageEvent = Field(description="What happened.")
    issue_id: str = Field(description="The issue it happened to.")
    other_issue_id: str = Field(description="The other issue concerned, or empty.")
    mention_count: int = Field(description="Mentions that moved with the event.")


class IssueQuote(TableRow):
    """One row per issue, register week and quote: the customers' own words that show it best."""

    table: ClassVar[str] = "issue_quotes"
    grain: ClassVar[tuple[str, ...]] = ("register_week", "issue_id", "quote_rank")
    partition: ClassVar[str | None] = "register_week"

    register_week: date = Field(description="Monday of the register week that chose the quote.")
    issue_id: str = Field(description="The issue.")
    quote_rank: int = Field(description="1 is nearest to the issue's centre.")
    is_edge: bool = Field(description="True for the quote farthest from the centre.")
    segment_id: str = Field(description="The segment quoted.")
    quote: str = Field(description="The segment's text: a substring of a masked verbatim.")


class Assignment(TableRow):
    """One row per segment and register week that gave it a place; the latest week holds."""

    table: ClassVar[str] = "assignments"
    grain: ClassVar[tuple[str, ...]] = ("assigned_week", "segment_id")
    partition: ClassVar[str | None] = "assigned_week"
    is_published: ClassVar[bool] = False

    assigned_week: date = Field(description="Monday of the register week that decided.")
    segment_id: str = Field(description="The segment.")
    issue_id: str | None = Field(description="The issue given, or null: unassigned.")
    match_score: float = Field(description="Cosine similarity to the nearest issue; 0 with none.")
    nearest_issue_id: str | None = Field(description="The nearest issue, given or not.")


class IssueCrosswalk(TableRow):
    """One row per rebuild and pair of old and new issue: where the mentions went."""

    table: ClassVar[str] = "issue_crosswalk"
    grain: ClassVar[tuple[str, ...]] = ("rebuild_number", "old_issue_id", "new_issue_id")

    rebuild_number: int = Field(description="1 for the home's first rebuild.")
    from_week: date = Field(description="Monday of the first week rebuilt.")
    old_issue_id: str = Field(description="Issue before the rebuild; empty: unassigned.")
    new_issue_id: str = Field(description="Issue after the rebuild; empty: unassigned.")
    mention_count: int = Field(description="Segments that went from the one to the other.")
