"""Where an issue sits: its counts by cell, the places and patterns of its excess, its new words.

A dimension is something that feedback states of itself (channel, product, ...); a cell is one value
of it, and null, not stated, is a cell too. `issue_weekly_breakdown` is wholly as known now; the
other tables hold what was found when the week was published and are never changed.
"""

from datetime import date, datetime
from typing import ClassVar, Literal, get_args

from pydantic import Field

from models.table import TableRow

PlaceDimension = Literal[
    "product", "region", "customer_segment", "channel", "source_id", "touchpoint"
]
DIMENSIONS: tuple[str, ...] = get_args(PlaceDimension)
"""In the order in which a tie is decided: what can be acted on first."""


class IssueWeeklyBreakdown(TableRow):
    """One row per issue, week, dimension and cell, from the cell's first week to the last closed.

    Zero weeks are rows. A report (one voice and text) counts in one cell, that of its first record,
    so the cells of a dimension sum to the issue's feedback_count in issue_weekly.
    """

    table: ClassVar[str] = "issue_weekly_breakdown"
    grain: ClassVar[tuple[str, ...]] = ("issue_id", "week_start", "dimension", "cell")

    issue_id: str = Field(description="The issue.")
    week_start: date = Field(description="Monday of the week in which the customers spoke.")
    dimension: Literal[PlaceDimension, "function"] = Field(
        description="product, region, customer_segment, channel, source_id, touchpoint; or "
        "function: the issue's one owner, for sums over issues (a report in two issues counts "
        "in each)."
    )
    cell: str | None = Field(description="Value of the dimension; null: not stated.")
    feedback_count: int = Field(description="Distinct reports of the issue in the cell.")
    customer_count: int = Field(description="Distinct voices in the cell.")
    exposure: float = Field(
        description="Who could have complained in the cell: supplied for the cell by the company, "
        "else all its feedback of the week."
    )
    rate: float | None = Field(description="feedback_count / exposure; null without exposure.")
    share: float | None = Field(
        description="feedback_count / the issue's count of the week, 0 to 1; null in a zero week."
    )


class IssuePlace(TableRow):
    """One row per flagged issue, week and cell or pair of cells: what it adds to the excess.

    Flagged: an alarm, escalated, NEW, SPIKING, RISING or above its range, as published. The cells
    of a dimension sum to the issue's excess, observed less expected, to six decimals. Pairs of
    cells are rows where they stand out beyond chance.
    """

    table: ClassVar[str] = "issue_places"
    grain: ClassVar[tuple[str, ...]] = (
        "week_start", "issue_id", "dimension", "cell", "second_dimension", "second_cell",
    )  # fmt: skip
    partition: ClassVar[str | None] = "week_start"

    week_start: date = Field(description="Monday of the week published.")
    issue_id: str = Field(description="The issue.")
    dimension: PlaceDimension = Field(description="What the cell is a value of.")
    cell: str | None = Field(description="The cell; null: not stated.")
    second_dimension: str = Field(description="Of a pair, the other dimension; else empty.")
    second_cell: str | None = Field(description="Of a pair, the other cell; else null.")
    feedback_count: int = Field(description="Reports of the issue in the cell this week.")
    usual_share: float = Field(
        description="Share of the issue's reports to be expected here: its own 26 weeks before, "
        "at this week's volume of each source, drawn towards all feedback of the week where the "
        "issue has few reports."
    )
    expected_count: float = Field(description="usual_share of the issue's expected_count.")
    contribution: float = Field(description="feedback_count less expected_count.")
    p_value: float | None = Field(
        description="Chance that any of the cells searched would hold so surprising a part of "
        "this week's reports, if their shares were as usual: multiplicity is counted. Null for "
        "cells not tested: fewer than 5 reports, not stated, or not above their share."
    )
    is_finding: bool = Field(
        description="True for the one cell or pair that explains the excess best: p_value at most "
        "0.05, at least 3 reports and a quarter of the excess."
    )
    is_new_cell: bool = Field(
        description="True if no feedback at all came in this cell in the 26 weeks before: a "
        "change of coverage, a launch, before it is an event."
    )


class IssuePattern(TableRow):
    """One row per flagged issue and week: whether its reports came from one account, text or batch.

    Written when the week is published, beside issue_places.
    """

    table: ClassVar[str] = "issue_patterns"
    grain: ClassVar[tuple[str, ...]] = ("week_start", "issue_id")
    partition: ClassVar[str | None] = "week_start"

    week_start: date = Field(description="Monday of the week published.")
    issue_id: str = Field(description="The issue.")
    feedback_count: int = Field(description="Reports this week, one per voice and text.")
    excess_count: float = Field(description="feedback_count less expected_count.")
    voice_count: int = Field(description="Distinct voices.")
    top_voice_count: int = Field(description="Reports of the voice with the most.")
    top_text_count: int = Field(description="Voices that said the same words (near duplicates).")
    top_hour: datetime | None = Field(description="The hour (UTC) in which most were said.")
    top_hour_count: int = Field(description="Reports said in that hour.")
    top_batch: datetime | None = Field(description="The hour (UTC) in which most were received.")
    top_batch_count: int = Field(description="Reports received in that hour.")
    only_source_id: str | None = Field(
        description="The source of at least 95 % of at least 5 reports, where others sent "
        "feedback too; else null."
    )
    is_one_account: bool = Field(
        description="True if one voice wrote at least 5 reports and half the excess."
    )
    is_one_text: bool = Field(
        description="True if at least 5 voices and half the excess used the same words."
    )
    is_one_hour: bool = Field(
        description="True if one hour holds at least 5 reports and half the excess, beyond chance "
        "for the sources concerned (p at most 0.05, all hours counted)."
    )
    is_one_batch: bool = Field(description="As is_one_hour, for the hour of receipt.")
    searched_count: int = Field(description="Cells and pairs of cells searched in issue_places.")
    reason: str = Field(description="Where the excess sits, in words with numbers.")


class IssueNewTerm(TableRow):
    """One row per flagged issue, week and word or pair of words that is new or much more frequent.

    Compared with the issue's own masked texts of the 26 weeks before; counted by voices.
    """

    table: ClassVar[str] = "issue_new_terms"
    grain: ClassVar[tuple[str, ...]] = ("week_start", "issue_id", "term")
    partition: ClassVar[str | None] = "week_start"

    week_start: date = Field(description="Monday of the week published.")
    issue_id: str = Field(description="The issue.")
    term: str = Field(description="A word or two words in a row, lower case.")
    term_rank: int = Field(description="1 for the most distinctive of the issue and week.")
    voice_count: int = Field(description="Voices that used it this week.")
    of_voices: int = Field(description="Voices of the issue this week.")
    earlier_voice_count: int = Field(description="Voices and weeks that used it before.")
    earlier_of_voices: int = Field(description="Voices and weeks of the issue before.")
    q_value: float = Field(
        description="Chance of such a rise, adjusted for all terms tried (Benjamini-Hochberg)."
    )
