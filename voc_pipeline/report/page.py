"""The report as one HTML file and as JSON: the only place where a value becomes markup.

Autoescape is on for every template; the charts are the only markup that passes through, and they
are made of numbers. No script, no link to outside, no request.
"""

import json
from dataclasses import dataclass
from functools import cache
from math import floor
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from models.report import FunctionGroup, KeyFigure, ReportIssue, WeeklyReport
from voc_pipeline.report import charts, wording

PAGE_ONE_ROWS = 5
"""Up to so many rows and notices, page one holds the table of movements; else a page of its own."""
MOST_EASING = 6
_DIMENSION_WORDS = {
    "product": "product",
    "region": "region",
    "customer_segment": "customer group",
    "channel": "channel",
    "source_id": "source",
    "touchpoint": "moment",
}


@dataclass(frozen=True)
class Status:
    """A verdict as shown: a glyph and a word always, a tone beside them."""

    glyph: str
    word: str
    tone: str


_STATUS = {
    "SPIKING": Status("▲", "Jumped", "bad"),
    "NEW": Status("◆", "New", "bad"),
    "RISING": Status("△", "Rising", "warn"),
    "DECLINING": Status("▽", "Falling", "good"),
    "RESOLVED": Status("✓", "Looks resolved", "good"),
    "INSUFFICIENT_HISTORY": Status("○", "Too new to judge", "quiet"),
    "STEADY": Status(wording.DASH, "As usual", "quiet"),
}
_BECAUSE = {
    "late": "feedback arrived late",
    "revised": "records changed at the source",
    "reassigned": "feedback moved to another issue",
    "rebuilt": "all weeks were rebuilt",
    "decision": "a decision",
}
_BY_CHANCE = Status("△", "High, may be chance", "warn")


def render_html(report: WeeklyReport) -> str:
    """The report as one self-contained HTML file; the same report gives the same bytes."""
    owners = {one.function_id: one for one in report.functions}
    by_id = {one.issue_id: one for one in report.issues}
    page = _environment().get_template("page.html.j2")
    return page.render(
        report=report,
        look_first=[by_id[one] for one in report.look_first],
        watch=[by_id[one] for one in report.watch],
        easing=[by_id[one] for one in report.easing],
        groups=[(group, [by_id[one] for one in group.issue_ids]) for group in report.functions],
        owned=lambda issue: owners[issue.function_id],
        anchors={one: f"issue-{place}" for place, one in enumerate(report.watch, start=1)},
    )


def report_json(report: WeeklyReport) -> str:
    """The frozen value as JSON: sorted keys, UTF-8, one final line break."""
    content = report.model_dump(mode="json")
    return json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        grouped=wording.grouped,
        percent=wording.percent,
        day=wording.day,
        short_day=wording.short_day,
        week_days=wording.week_days,
        number_word=wording.number_word,
        capital=wording.capital,
    )
    environment.globals.update(
        counted=wording.counted,
        span=wording.span,
        times=wording.times,
        instant=wording.instant,
        card_quote=wording.CARD_QUOTE_LIMIT,
        page_one_rows=PAGE_ONE_ROWS,
        most_easing=MOST_EASING,
        excerpt=wording.excerpt,
        ratio_axis=charts.ratio_axis,
        share_bar=charts.share_bar,
        status=status,
        short_reason=short_reason,
        where=where,
        sources_finding=sources_finding,
        because=_BECAUSE,
        split=split,
        owner_line=owner_line,
        figure_value=figure_value,
        figure_note=figure_note,
        figure_chart=_figure_chart,
        spark=_spark,
        history=_history,
        ratio=_ratio,
    )
    return environment


def environment() -> Environment:
    """The templates' environment, shared by the pages of this room."""
    return _environment()


def status(issue: ReportIssue) -> Status:
    """How the verdict reads: one above its range, no more, is said to be possible chance."""
    if issue.is_above and issue.verdict not in ("SPIKING", "NEW", "RISING"):
        return _BY_CHANCE
    found = _STATUS[issue.verdict]
    if issue.verdict in ("SPIKING", "RISING") and issue.verdict_weeks > 1:
        return Status(found.glyph, f"{found.word}, {issue.verdict_weeks} weeks", found.tone)
    return found


def short_reason(issue: ReportIssue) -> str:
    """The reason up to its first semicolon: what the verdict compared, without this week."""
    said = issue.reason.partition(";")[0]
    return said or wording.counted(issue.feedback_count, "report", "reports")


def where(issue: ReportIssue) -> str:
    """Where the issue stands out, in one or two sentences."""
    found = issue.concentration
    if issue.only_source:
        one_source = f"All of it comes from one source: {issue.only_source}."
        if found is None or found.dimension in ("source_id", "channel"):
            return one_source
        return f"{_concentrated(issue)} {one_source}"
    if found is None:
        return "No product, region, customer group or source stands out."
    return _concentrated(issue)


def _concentrated(issue: ReportIssue) -> str:
    found = issue.concentration
    if found is None:
        return ""
    usual = wording.percent(found.usual_share, 0)
    compared = f"usually {usual}" if found.is_own_share else f"{usual} for all issues together"
    share = wording.percent(found.cell_count / found.issue_count, 0)
    return (
        f"{share} of reports ({wording.grouped(found.cell_count)} of "
        f"{wording.grouped(found.issue_count)}) have {_DIMENSION_WORDS[found.dimension]} "
        f"“{found.cell}”; {compared}."
    )


@dataclass(frozen=True)
class Part:
    """One line of a split: its name, its bar, its number."""

    name: str
    bar: Markup
    extra: str


def split(issue: ReportIssue) -> tuple[str, list[Part]]:
    """The change of an issue by cell: a heading with the whole change, and a line for each."""
    if issue.parts_of is None or not issue.parts:
        return "", []
    extras = [part.extra_count for part in issue.parts]
    ends = min(extras), max(extras)
    word = _DIMENSION_WORDS[issue.parts_of]
    heading = f"Change on the 8 weeks before, by {word}: {_signed(round(sum(extras)))}"
    lines = []
    for part, whole in zip(issue.parts, whole_parts(extras), strict=True):
        name = "All others" if part.is_rest else part.cell or "Not stated"
        extra = _signed(whole)
        bar = charts.extra_bar(part.extra_count, ends, f"{name}: {extra}")
        lines.append(Part(name, bar, extra))
    return heading, lines


def whole_parts(parts: list[float]) -> list[int]:
    """The parts as whole numbers that sum to the rounded sum: largest remainders go up first."""
    floors = [floor(part) for part in parts]
    missing = round(sum(parts)) - sum(floors)
    order = sorted(range(len(parts)), key=lambda place: (floors[place] - parts[place], place))
    raised = set(order[:missing])
    return [whole + (place in raised) for place, whole in enumerate(floors)]


def _signed(count: int) -> str:
    return f"+{wording.grouped(count)}" if count > 0 else wording.grouped(count)


def sources_finding(report: WeeklyReport) -> str:
    """The heading over the table of sources: what it shows, in one sentence."""
    lines, total = report.sources, len(report.sources)
    missing = sum(notice.is_missing for notice in report.notices)
    started = [line for line in lines if line.state != "not started"]
    if missing:
        word = wording.capital(wording.number_word(missing))
        return f"{word} of {wording.counted(total, 'source', 'sources')} sent nothing we could read"
    if not started:
        return "No source has sent anything yet"
    if report.notices:
        odd = wording.number_word(len(report.notices))
        return f"All sources sent feedback, {odd} in unusual volume"
    if any(line.expected_count is None for line in started):
        return "What is usual is not known yet for every source"
    waiting = total - len(started)
    if waiting:
        word = wording.number_word(waiting)
        return f"Every source sent what is usual for it; {word} sent nothing so far"
    return "Every source sent what is usual for it"


def owner_line(group: FunctionGroup) -> str:
    """Who answers for the issues of a function; says so if nobody does."""
    if group.function_id is None:
        return "No function owns it yet"
    return f"{group.owner}, {group.name}" if group.owner else f"{group.name}: no owner named"


def figure_value(figure: KeyFigure) -> str:
    """The figure as shown: `31.9`, `39.1%`, `4 of 20`; a dash if it cannot be said."""
    if figure.of_count == 0:
        return wording.DASH
    value = _in_unit(figure, figure.value)
    return value if figure.of_count is None else f"{value} of {wording.grouped(figure.of_count)}"


def figure_note(figure: KeyFigure) -> str:
    """What stands under a figure: its own note, or the usual band and last week."""
    if figure.of_count == 0:
        return "no issue has a usual range yet"
    if figure.note:
        return figure.note
    usual = "no usual range yet"
    if figure.usual_lower is not None and figure.usual_upper is not None:
        lower, upper = (_in_unit(figure, end) for end in (figure.usual_lower, figure.usual_upper))
        usual = f"usual {lower.removesuffix('%')}{wording.DASH}{upper}"
    if figure.previous is None:
        return usual
    return f"{usual}; last week {_in_unit(figure, figure.previous)}"


def _in_unit(figure: KeyFigure, value: float | None) -> str:
    if value is None:
        return wording.DASH
    if figure.unit == "share":
        return wording.percent(value)
    return wording.decimal(value) if figure.unit == "per_thousand" else wording.grouped(value)


def _figure_chart(figure: KeyFigure) -> Markup:
    title = f"{figure.name}, 52 weeks; now {figure_value(figure)}, {figure_note(figure)}."
    upper = figure.usual_upper
    is_above = figure.value is not None and upper is not None and figure.value > upper
    return charts.sparkline(
        figure.series,
        title,
        is_above=is_above,
        has_zero=figure.of_count is not None,
        size=(168, 34),
    )


def _spark(issue: ReportIssue, width: int = 112, height: int = 28) -> Markup:
    return charts.sparkline(
        issue.series, _chart_title(issue), is_above=_stands_out(issue), size=(width, height)
    )


def _history(issue: ReportIssue) -> Markup:
    return charts.history_chart(issue.series, _chart_title(issue), is_above=_stands_out(issue))


def _stands_out(issue: ReportIssue) -> bool:
    return issue.is_above or issue.is_alarm


def _chart_title(issue: ReportIssue) -> str:
    usual = wording.span(issue.lower_bound, issue.upper_bound)
    return f"{issue.label}, 52 weeks: {wording.grouped(issue.feedback_count)} now, usual {usual}."


def _ratio(issue: ReportIssue) -> Markup:
    if issue.rate_ratio is None:
        title = "No history to compare with."
    else:
        title = f"{wording.times(issue.rate_ratio)} what was expected"
        if issue.rate_ratio_lower is not None and issue.rate_ratio_upper is not None:
            low, high = wording.times(issue.rate_ratio_lower), wording.times(issue.rate_ratio_upper)
            title += f", 95% interval {low} to {high}"
    return charts.ratio_line(
        issue.rate_ratio,
        issue.rate_ratio_lower,
        issue.rate_ratio_upper,
        title,
        is_above=_stands_out(issue),
    )
