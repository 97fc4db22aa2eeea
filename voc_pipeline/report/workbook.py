"""The report's figures as a workbook for those who go on calculating with them.

Numbers are numbers, dates dates, and every text a text: none becomes a formula, a link or a
number, whatever it holds. The same report gives the same bytes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from models.report import ReportIssue, WeeklyReport
from voc_pipeline.report import phrases, wording
from voc_pipeline.report.notices import MEANINGS, WORDS, seen
from voc_pipeline.report.references import Refs
from voc_pipeline.report.score_words import METRICS

Value = str | int | float | date | None
Line = Sequence[Value]
_DAY_ZERO = date(1899, 12, 30).toordinal()
"""A workbook counts days from here."""
_LONGEST_CELL = 32_000  # of 32,767 that a cell may hold


@dataclass(frozen=True)
class Heading:
    """One column of a sheet: its name in plain words, its width, how its numbers are written."""

    name: str
    width: int = 12
    kind: str = "count"


@dataclass(frozen=True)
class Sheet:
    """One sheet: what it shows, its columns and lines; the first `frozen` columns stay in view."""

    name: str
    what: str
    headings: Sequence[Heading]
    lines: Iterable[Line]
    frozen: int = 1


OPTIONS = {
    "in_memory": True,
    "strings_to_urls": False,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
}
_FORMATS = {
    "text": "@",
    "count": "#,##0",
    "rate": "#,##0.0",
    "ratio": "0.00",
    "share": "0.0%",
    "date": "d mmm yyyy",
}


def render_workbook(report: WeeklyReport) -> bytes:
    """The figures of a report as XLSX: one sheet a kind of figure."""
    file = BytesIO()
    with Workbook(file, OPTIONS) as book:
        book.set_properties(
            {
                "title": f"Customer voice, {report.week_label}",
                "company": report.company_name,
                "created": report.as_of,
            }
        )
        formats = {kind: book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        quiet = book.add_format({"font_color": "#4d5966"})
        for sheet in sheets(report):
            _write(book.add_worksheet(sheet.name), sheet, formats, (bold, quiet))
    return file.getvalue()


def sheets(report: WeeklyReport) -> list[Sheet]:
    """What the workbook holds, in order."""
    return [
        _issues(report),
        _series(report),
        _functions(report),
        *_scores(report),
        _sources(report),
        _notices(report),
        _restatements(report),
    ]


def _write(
    page_: Worksheet, sheet: Sheet, formats: dict[str, Format], looks: tuple[Format, Format]
) -> None:
    bold, quiet = looks
    page_.write_string(0, 0, sheet.what, quiet)
    for column, heading in enumerate(sheet.headings):
        page_.set_column(column, column, heading.width)
        page_.write_string(1, column, heading.name, bold)
    row = 1
    for row, line in enumerate(sheet.lines, start=2):
        for column, (value, heading) in enumerate(zip(line, sheet.headings, strict=True)):
            _put(page_, (row, column), value, formats[heading.kind])
    page_.freeze_panes(2, sheet.frozen)
    page_.autofilter(1, 0, row, len(sheet.headings) - 1)


def _put(page_: Worksheet, place: tuple[int, int], value: Value, look: Format) -> None:
    if value is None:
        return
    if isinstance(value, str):
        page_.write_string(*place, value[:_LONGEST_CELL], look)
    elif isinstance(value, date):
        page_.write_number(*place, (value.toordinal() - _DAY_ZERO), look)
    else:
        page_.write_number(*place, value, look)


def _owner_names(report: WeeklyReport) -> Callable[[ReportIssue], str]:
    names = {one.function_id: one.name for one in report.functions}
    return lambda issue: names[issue.function_id]


def _issues(report: WeeklyReport) -> Sheet:
    function = _owner_names(report)
    headings = [
        Heading("Issue", 44, "text"),
        Heading("Number", 11, "text"),
        Heading("Function", 18, "text"),
        Heading("Status", 22, "text"),
        Heading("Reports this week"),
        Heading("People this week"),
        Heading("Reports last week"),
        Heading("Reports a year ago"),
        Heading("Expected reports", 12, "rate"),
        Heading("Usual range from", 12, "rate"),
        Heading("Usual range to", 12, "rate"),
        Heading("Times expected", 12, "ratio"),
        Heading("95% interval from", 12, "ratio"),
        Heading("95% interval to", 12, "ratio"),
        Heading("Why this status", 70, "text"),
        Heading("First seen in week of", 14, "date"),
    ]
    lines = [
        (
            one.label, one.issue_id, function(one), phrases.status(one).word, one.feedback_count,
            one.customer_count, one.previous_count, one.year_ago_count, one.expected_count,
            one.lower_bound, one.upper_bound, one.rate_ratio, one.rate_ratio_lower,
            one.rate_ratio_upper, one.reason, one.first_week,
        )
        for one in report.issues
    ]  # fmt: skip
    what = f"Every tracked issue in {report.week_label}, as published"
    return Sheet("Issues of the week", what, headings, lines)


def _series(report: WeeklyReport) -> Sheet:
    """Weeks run to the right: a line of it is a chart, and a filter picks counts or ranges."""
    shown = [one.series for one in report.issues]
    first = shown[0].first_week if shown else report.week_start
    weeks = max((len(one.values) for one in shown), default=0)
    headings = [
        Heading("Issue", 44, "text"),
        Heading("Number", 11, "text"),
        Heading("Figure", 18, "text"),
        *(
            Heading(f"{first + timedelta(weeks=week):%Y-%m-%d}", 11, "count")
            for week in range(weeks)
        ),
    ]

    def lines() -> Iterable[Line]:
        for one in report.issues:
            series = one.series
            for name, values in (
                ("Reports", series.values),
                ("Usual range from", series.lower),
                ("Usual range to", series.upper),
            ):
                if any(value is not None for value in values):
                    yield one.label, one.issue_id, name, *values

    what = "Reports by week, each column named by its Monday, as published then"
    return Sheet("Series", what, headings, lines(), frozen=3)


def _functions(report: WeeklyReport) -> Sheet:
    issues = {one.issue_id: one for one in report.issues}
    watched = set(report.watch)
    headings = [
        Heading("Function", 26, "text"),
        Heading("Who answers for it", 26, "text"),
        Heading("Tracked issues"),
        Heading("Of these, in the table of page one"),
        Heading("Reports this week"),
        Heading("Reports last week"),
    ]
    lines = []
    for group in report.functions:
        owned = [issues[one] for one in group.issue_ids]
        lines.append(
            (
                group.name, group.owner or "nobody named", len(owned),
                sum(one.issue_id in watched for one in owned),
                sum(one.feedback_count for one in owned),
                sum(one.previous_count or 0 for one in owned),
            )
        )  # fmt: skip
    what = "Issues by the function that owns them; a piece of feedback may tell of several issues"
    return Sheet("Functions", what, headings, lines)


def _scores(report: WeeklyReport) -> list[Sheet]:
    """Scores by week, what goes with them, and the registry; none without surveys."""
    if not report.surveys:
        return []
    survey = [Heading("Survey", 32, "text"), Heading("Score", 9, "text")]
    ends = [Heading("95% interval from", 12, "ratio"), Heading("95% interval to", 12, "ratio")]
    scores = [*survey, Heading("Week of", 14, "date"), Heading("Value", 12, "ratio"), *ends]
    drivers = [
        *survey,
        Heading("Issue", 44, "text"),
        Heading("Number", 11, "text"),
        Heading("Difference", 12, "ratio"),
        *ends,
        Heading("Responses with it"),
        Heading("Responses without it"),
    ]
    surveys = [
        *survey,
        Heading("Question", 60, "text"),
        Heading("Scale", 28, "text"),
        Heading("Owner", 24, "text"),
        Heading("Responses"),
        Heading("Weeks"),
        Heading("First week of", 14, "date"),
        Heading("Latest week of", 14, "date"),
    ]
    gone_with: list[Line] = [
        (
            one.survey_name, METRICS[one.metric], one.issue_label, one.issue_id, one.difference,
            one.lower, one.upper, one.with_count, one.without_count,
        )
        for one in report.drivers
    ]  # fmt: skip
    registered: list[Line] = [
        (
            one.name, METRICS[one.metric], one.wording, one.scale, one.owner, one.response_count,
            one.week_count, one.first_week, one.last_week,
        )
        for one in report.surveys
    ]  # fmt: skip
    together = (
        "Scores of responses that mention an issue less those that do not, latest 13 weeks: they "
        "go together, no proof that one causes the other"
    )
    return [
        Sheet("Scores", "Survey scores by week, as published then", scores, _score_weeks(report)),
        Sheet("Drivers", together, drivers, gone_with),
        Sheet("Surveys", "Every survey that asks for a score", surveys, registered),
    ]


def _score_weeks(report: WeeklyReport) -> Iterable[Line]:
    for one in report.scores:
        weeks = zip(one.series.values, one.series.lower, one.series.upper, strict=True)
        for week, (value, lower, upper) in enumerate(weeks):
            if value is not None:
                monday = one.series.first_week + timedelta(weeks=week)
                yield one.survey_name, METRICS[one.metric], monday, value, lower, upper


def _sources(report: WeeklyReport) -> Sheet:
    headings = [
        Heading("Source", 32, "text"),
        Heading("Channel", 14, "text"),
        Heading("State", 14, "text"),
        Heading("Arrived this week"),
        Heading("Usual in a week"),
        Heading("Share of usual", 12, "share"),
        Heading("About earlier weeks"),
        Heading("Set aside"),
        Heading("Latest record", 14, "date"),
        Heading("Error", 50, "text"),
    ]
    lines = [
        (
            one.name, one.channel, one.state, one.arrived_count, one.expected_count,
            one.arrived_count / one.expected_count if one.expected_count else None,
            one.late_count, one.rejected_count, one.last_seen_at, one.message,
        )
        for one in report.sources
    ]  # fmt: skip
    return Sheet("Sources", "What each source sent and what is usual for it", headings, lines)


def _notices(report: WeeklyReport) -> Sheet:
    refs = Refs(report.week_start)
    headings = [
        Heading("Notice", 26, "text"),
        Heading("Source", 32, "text"),
        Heading("Who answers for it", 26, "text"),
        Heading("Seen", 12, "rate"),
        Heading("Usual", 12, "rate"),
        Heading("What was seen", 70, "text"),
        Heading("How to read it", 60, "text"),
    ]
    lines = [
        (
            WORDS[one.verdict], one.source_name, one.owner or "nobody named", one.observed_count,
            one.expected_count, str(seen(one, refs)), MEANINGS[one.verdict],
        )
        for one in report.data_notices
    ]  # fmt: skip
    what = "What was odd about the data of this week, and no problem of the company"
    return Sheet("Data notices", what, headings, lines)


def _restatements(report: WeeklyReport) -> Sheet:
    headings = [
        Heading("Issue", 44, "text"),
        Heading("Number", 11, "text"),
        Heading("Week of", 14, "date"),
        Heading("Figure", 20, "text"),
        Heading("Was", 16, "text"),
        Heading("Is", 16, "text"),
        Heading("Because", 32, "text"),
    ]
    lines: list[Line] = [
        (
            one.label, one.issue_id, one.week_start, one.figure.replace("_", " "), one.was_value,
            one.is_value, phrases.BECAUSE[one.reason],
        )
        for one in report.restated
    ]  # fmt: skip
    what = "Published figures that this week's run changed"
    if report.restated_count > len(lines):
        what += (
            f": the {len(lines)} latest of {wording.grouped(report.restated_count)}; all are in "
            "the table restatements"
        )
    return Sheet("Restatements", what, headings, lines)
