"""The small charts of a report's parts, for every rendering: with the references of their titles.

Without `refs` a title is plain words.
"""

from dataclasses import dataclass

from markupsafe import Markup

from models.report import KeyFigure, ReportIssue
from voc_pipeline.report import charts, phrases, wording
from voc_pipeline.report.references import RULE, Refs, Said, reference, said


@dataclass(frozen=True)
class Part:
    """One line of a split: its name, its bar, its number."""

    name: str
    bar: Markup
    extra: str


def stands_out(issue: ReportIssue) -> bool:
    """True if its last week is marked as above."""
    return issue.is_above or issue.is_alarm


def chart_title(issue: ReportIssue, refs: Refs | None = None) -> Said:
    """What an issue's chart shows: its name, this week, its usual range."""

    def of(*figures: str) -> tuple[str, ...]:
        return tuple(refs.issue(issue.issue_id, one) for one in figures) if refs else ()

    has_range = issue.lower_bound is not None and issue.upper_bound is not None
    ends = of("lower_bound", "upper_bound") if has_range else ()
    label = Said(issue.label, *((refs.label(issue.issue_id),) if refs else ()))
    count = Said(wording.grouped(issue.feedback_count), *of("feedback_count"))
    usual = Said(wording.span(issue.lower_bound, issue.upper_bound), *ends)
    return said(label, ": ", count, " now, usual ", usual, ".")


def spark(
    issue: ReportIssue, width: int = 112, height: int = 28, refs: Refs | None = None
) -> Markup:
    """An issue's 52 weeks, small."""
    title = chart_title(issue, refs)
    return charts.sparkline(issue.series, title, is_above=stands_out(issue), size=(width, height))


def history(issue: ReportIssue) -> Markup:
    """An issue's 52 weeks with an axis."""
    return charts.history_chart(issue.series, chart_title(issue), is_above=stands_out(issue))


def ratio(issue: ReportIssue, refs: Refs | None = None) -> Markup:
    """An issue's ratio to what was expected, with its interval."""
    title = Said("No history to compare with.")
    if issue.rate_ratio is not None:
        text, names = f"{wording.times(issue.rate_ratio)} what was expected", ["rate_ratio"]
        if issue.rate_ratio_lower is not None and issue.rate_ratio_upper is not None:
            low, high = map(wording.times, (issue.rate_ratio_lower, issue.rate_ratio_upper))
            text += f", interval {low} to {high}"
            names += ["rate_ratio_lower", "rate_ratio_upper"]
        found = [refs.issue(issue.issue_id, one) for one in names] if refs else []
        title = Said(text, *found)
    return charts.ratio_line(
        issue.rate_ratio,
        issue.rate_ratio_lower,
        issue.rate_ratio_upper,
        title,
        is_above=stands_out(issue),
    )


def figure_chart(
    figure: KeyFigure,
    refs: Refs | None = None,
    key: str = "",
    size: tuple[int, int] = (168, 34),
) -> Markup:
    """A key figure's 52 weeks."""
    value = phrases.figure_value(figure, refs, key)
    weeks = Said("52 weeks; now ", *((reference(RULE, "shown_weeks"),) if refs else ()))
    upper = figure.usual_upper
    return charts.sparkline(
        figure.series,
        said(weeks, value, "."),
        is_above=figure.value is not None and upper is not None and figure.value > upper,
        has_zero=figure.unit == "count",
        size=size,
    )


def split(issue: ReportIssue) -> tuple[str, list[Part]]:
    """The change of an issue by cell: a heading with the whole change, and a line for each."""
    if issue.parts_of is None or not issue.parts:
        return "", []
    extras = [part.extra_count for part in issue.parts]
    ends = min(extras), max(extras)
    lines = []
    for part, whole in zip(issue.parts, phrases.whole_parts(extras), strict=True):
        name = "All others" if part.is_rest else part.cell or "Not stated"
        extra = wording.signed(whole)
        lines.append(Part(name, charts.extra_bar(part.extra_count, ends, name), extra))
    return f"{phrases.split_heading(issue)}: {wording.signed(round(sum(extras)))}", lines
