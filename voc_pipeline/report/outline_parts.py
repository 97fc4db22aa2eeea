"""What several pages of the outline share: a report looked up, the rows of its tables."""

from collections.abc import Sequence
from datetime import date

from models.report import FunctionGroup, ReportAction, ReportIssue, ReportQuote, WeeklyReport
from voc_pipeline.report import charts, phrases, pictures, wording
from voc_pipeline.report.blocks import Cell, Column, Row, Run, Runs, Style, Table, cell, drawn
from voc_pipeline.report.page_marks import Marks
from voc_pipeline.report.references import SENTENCE

SHORT_LABEL = 32
"""Signs of a name, capitals twice, that take two lines of the scoreboard's column at most."""
ROW_HEIGHT = 26.2
"""Points of a row with a small chart: 21 and what is around them; two lines of text need less."""
NO_OWNER: Runs = (Run(text="✕ no owner", style="bad"),)


class View:
    """A report with its issues, owners and sentences looked up."""

    def __init__(self, report: WeeklyReport) -> None:
        self.report = report
        self.marks = Marks(report)
        self.calendar = self.marks.calendar
        by_id = {one.issue_id: one for one in report.issues}
        self._owners = {one.function_id: one for one in report.functions}
        self._sentences = {
            one.figure: one.value_text or "" for one in report.references if one.table == SENTENCE
        }
        self.issues = by_id
        self.watch = [by_id[one] for one in report.watch]
        self.escalated = [one for one in self.watch if one.page]
        self._anchors = {one: f"issue-{place}" for place, one in enumerate(report.watch, start=1)}

    def sentence(self, name: str) -> str:
        """A sentence that the builder wrote, by its name."""
        return self._sentences[name]

    def owned(self, issue: ReportIssue) -> FunctionGroup:
        """The function that owns an issue."""
        return self._owners[issue.function_id]

    def issues_of(self, group: FunctionGroup) -> list[ReportIssue]:
        """The issues of a function, most reported first."""
        return [self.issues[one] for one in group.issue_ids]

    def anchor(self, issue: ReportIssue) -> str:
        """Where the issue's own page is; empty if it has none."""
        return self._anchors[issue.issue_id] if issue.page else ""

    def more(self, count: int) -> str:
        """`and three more`."""
        return self.marks.more_words(count).striptags()


def tone(name: str) -> Style:
    """The style of a status."""
    tones: dict[str, Style] = {"bad": "bad", "warn": "warn", "good": "good", "quiet": "quiet"}
    return tones[name]


def mark(issue: ReportIssue) -> Run:
    """A verdict as glyph and word."""
    seen = phrases.status(issue)
    return Run(text=f"{seen.glyph} {phrases.status_word(issue)}", style=tone(seen.tone))


def sign(seen: phrases.Status, told: str = "") -> Run:
    """Any other status as glyph and word."""
    return Run(text=f"{seen.glyph} {told or seen.word}", style=tone(seen.tone))


def nobody(owner: str) -> Runs:
    """A name, or that there is none."""
    return (Run(text=owner),) if owner else NO_OWNER


def quoted(quote: ReportQuote, limit: int) -> str:
    """A customer's words in quotation marks, cuts marked."""
    shown, _, is_cut = wording.excerpt(quote.text, limit)
    start = wording.ELLIPSIS if quote.is_cut_start else ""
    return f"“{start}{shown}{wording.ELLIPSIS if quote.is_cut_end or is_cut else ''}”"


def usual(issue: ReportIssue) -> str:
    """The usual range as printed."""
    return wording.span(issue.lower_bound, issue.upper_bound)


def numbers(name: str, width: float) -> Column:
    """A column of numbers."""
    return Column(name=name, width=width, is_number=True)


def issue_columns(*last: Column, with_last_week: bool) -> tuple[Column, ...]:
    """The columns of a table of issues; the status columns are given."""
    before = (numbers("Last week", 36),) if with_last_week else ()
    return (
        Column(name="Issue"),
        Column(name="52 weeks", width=88),
        numbers("This week", 36),
        *before,
        numbers("Usual range", 52),
        numbers("Year ago", 36),
        Column(name="Times expected", width=90, chart=drawn(charts.ratio_axis())),
        *last,
    )


def issue_row(view: View, issue: ReportIssue, *last: Cell, with_last_week: bool) -> Row:
    """An issue in such a table; the status cells are given."""

    def count(value: int | None) -> Cell:
        return cell(wording.DASH if value is None else wording.grouped(value))

    is_short = len(issue.label) + sum(map(str.isupper, issue.label)) <= SHORT_LABEL
    ratio = "" if issue.rate_ratio is None else wording.times(issue.rate_ratio)
    return Row(
        cells=(
            cell(issue.label, anchor=view.anchor(issue)),
            Cell(chart=drawn(pictures.spark(issue))),
            cell(wording.grouped(issue.feedback_count), "strong"),
            *((count(issue.previous_count),) if with_last_week else ()),
            cell(usual(issue)),
            count(issue.year_ago_count),
            Cell(chart=drawn(pictures.ratio(issue)), spoken=ratio or "no history"),
            *last,
        ),
        height=ROW_HEIGHT if is_short and with_last_week and issue.label.isascii() else 0.0,
    )


def due(view: View, day: date | None) -> str:
    """A due date as printed."""
    return view.calendar.short_day(day) if day else "no date"


def actions_table(view: View, actions: Sequence[ReportAction], *, with_issue: bool) -> Table:
    """The register's entries: what, of whom, by when, how it stands, what changed."""
    issue = (Column(name="Issue", width=100),) if with_issue else ()
    columns = (
        Column(name="Asked" if with_issue else "Action"),
        *issue,
        Column(name="Owner", width=76),
        Column(name="Due", width=42),
        Column(name="Status", width=84),
        Column(name="Since last week", width=104),
    )
    rows = []
    for one in actions:
        stands, told = phrases.action_status(one)
        decision = (Run(text=f"{one.decision} "), Run(text=one.action_id, style="mute"))
        rows.append(
            Row(
                cells=(
                    Cell(runs=decision),
                    *((cell(one.issue_label),) if with_issue else ()),
                    Cell(runs=nobody(one.owner)),
                    cell(due(view, one.due_on)),
                    Cell(runs=(sign(stands, told),)),
                    cell(view.sentence(f"action/{one.action_id}")),
                )
            )
        )
    return Table(columns=columns, rows=tuple(rows))
