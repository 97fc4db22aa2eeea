"""What stands on which page of the printed and the mailed report: a value in, blocks out.

The same contents in the same order as the HTML page, with the same words for every figure; the
forms differ in looks only. Nothing is counted, judged or drawn here that the HTML does not show.
"""

from models.report import FunctionGroup, Notice, ReportIssue, ReportQuote, WeeklyReport
from voc_pipeline.report import charts, phrases, pictures, wording
from voc_pipeline.report.blocks import (
    Bar,
    Bars,
    Beside,
    Block,
    Card,
    Cards,
    Cell,
    Column,
    Figure,
    Heading,
    Key,
    Keys,
    Lines,
    Masthead,
    NoticeLine,
    Notices,
    Outline,
    Page,
    Quote,
    Row,
    Run,
    Runs,
    Style,
    Table,
    Text,
    cell,
    drawn,
    plain,
)
from voc_pipeline.report.issue_parts import where
from voc_pipeline.report.outline_trust import trust_page

BRAND = "Customer Voice Weekly"
LANGUAGE = "en"
PAGE_ONE_ROWS = 5
"""Up to so many rows and notices, page one holds the table of movements."""
MOST_EASING = 6


def outline(report: WeeklyReport) -> Outline:
    """The whole report as blocks; the same report gives the same blocks."""
    view = _View(report)
    pages = [page_one(report)]
    if not view.has_table:
        pages.append(tuple(_movement(view)))
    pages += [tuple(_issue(view, issue)) for issue in view.watch]
    pages += [tuple(_scoreboard(view)), tuple(trust_page(report))]
    return Outline(
        title=f"{report.company_name}: customer voice, {report.week_label}",
        language=LANGUAGE,
        footer=f"{BRAND} · {report.week_label} · {report.company_name}",
        pages=tuple(one for one in pages if one),
    )


class _View:
    """A report with its issues looked up."""

    def __init__(self, report: WeeklyReport) -> None:
        self.report = report
        self._by_id = {one.issue_id: one for one in report.issues}
        self._owners = {one.function_id: one for one in report.functions}
        self.watch = [self._by_id[one] for one in report.watch]
        self.easing = [self._by_id[one] for one in report.easing]
        self.look_first = [self._by_id[one] for one in report.look_first]
        self.anchors = {one: f"issue-{place}" for place, one in enumerate(report.watch, start=1)}
        self.has_table = len(self.watch) + len(report.notices) <= PAGE_ONE_ROWS

    def owned(self, issue: ReportIssue) -> FunctionGroup:
        return self._owners[issue.function_id]

    def issues_of(self, group: FunctionGroup) -> list[ReportIssue]:
        return [self._by_id[one] for one in group.issue_ids]


def page_one(report: WeeklyReport) -> Page:
    """The conclusion, the key figures, what to look at first, how sure."""
    view = _View(report)
    blocks: list[Block] = [
        Masthead(
            brand=BRAND,
            when=f"Week {int(report.week_label[6:])} · {wording.week_days(report.week_start)}",
            company=report.company_name,
            badge="Simulated company" if report.is_simulated else "",
        )
    ]
    if report.notices:
        blocks.append(Notices(notices=tuple(_notice(one) for one in report.notices)))
    blocks += [
        Heading(level=1, look="title", text=report.headline),
        Text(role="lede", runs=plain(report.lede)),
        Keys(
            keys=tuple(
                Key(
                    name=figure.name,
                    value=phrases.figure_value(figure),
                    chart=drawn(pictures.figure_chart(figure)),
                    note=phrases.figure_note(figure),
                )
                for figure in report.key_figures
            )
        ),
    ]
    if view.look_first:
        count = len(view.look_first)
        which = "this one" if count == 1 else f"these {wording.number_word(count)}"
        blocks.append(Heading(level=2, look="section", text=f"Look at {which} first"))
        blocks.append(Cards(cards=tuple(_card(view, issue) for issue in view.look_first)))
    if view.has_table:
        blocks += _movement(view)
    elif view.watch:
        said = wording.counted(len(view.watch), "issue is", "issues are")
        blocks.append(Text(runs=plain(f"{said} above range, new or rising")))
    blocks.append(Text(role="small", runs=_how_sure(report)))
    return tuple(blocks)


def function_part(report: WeeklyReport, function_id: str) -> Page:
    """The issues of one function; nothing if it owns none."""
    view = _View(report)
    for group in report.functions:
        if group.function_id == function_id:
            rows = [_row(one, is_board=True) for one in view.issues_of(group)]
            return (
                Heading(level=2, look="section", text=f"All issues of {group.name}"),
                Table(columns=_columns(is_board=True), rows=tuple(rows)),
            )
    return ()


def mark(issue: ReportIssue) -> Run:
    """A verdict as glyph and word."""
    seen = phrases.status(issue)
    return Run(text=f"{seen.glyph} {seen.word}", style=_tone(seen.tone))


def _tone(tone: str) -> Style:
    tones: dict[str, Style] = {"bad": "bad", "warn": "warn", "good": "good", "quiet": "quiet"}
    return tones[tone]


def _notice(notice: Notice) -> NoticeLine:
    is_missing, text = notice.is_missing, notice.text
    said = "✕ Feedback is missing." if is_missing else "! Unusual volume."
    return NoticeLine(mark=said, text=text, tone="bad" if is_missing else "warn")


def _card(view: _View, issue: ReportIssue) -> Card:
    note = "report" if issue.feedback_count == 1 else "reports"
    if issue.verdict != "NEW" and issue.upper_bound is not None:
        note += f", usual {wording.span(issue.lower_bound, issue.upper_bound)}"
    elif issue.previous_count is not None:
        note += f", {wording.grouped(issue.previous_count)} last week"
    texts: list[str] = [where(issue)]
    if issue.verdict == "NEW" and issue.first_week:
        texts.insert(0, f"First seen in the week of {wording.short_day(issue.first_week)}.")
    if issue.quotes:
        texts.append(said(issue.quotes[0], wording.CARD_QUOTE_LIMIT))
    owner = view.owned(issue)
    return Card(
        tone=_tone(phrases.status(issue).tone),
        tag=(Run(text=f"{owner.name} · ", style="mute"), mark(issue)),
        title=issue.label,
        anchor=view.anchors[issue.issue_id],
        count=wording.grouped(issue.feedback_count),
        count_note=note,
        chart=drawn(pictures.spark(issue, 250, 44)),
        texts=tuple(texts),
        asks=((Run(text="Owner: ", style="strong"), Run(text=phrases.owner_line(owner))),),
    )


def said(quote: ReportQuote, limit: int) -> str:
    """A customer's words in quotation marks, cuts marked."""
    shown, _, is_cut = wording.excerpt(quote.text, limit)
    start = wording.ELLIPSIS if quote.is_cut_start else ""
    return f"“{start}{shown}{wording.ELLIPSIS if quote.is_cut_end or is_cut else ''}”"


def _how_sure(report: WeeklyReport) -> Runs:
    sure = report.sureness
    if sure.inside_share is None:
        told = (
            "How often the usual range holds has not been measured here yet; it is designed to "
            f"hold {wording.percent(sure.nominal_inside_share, 0)} of normal weeks."
        )
    else:
        above = "" if sure.above_share is None else f", {wording.percent(sure.above_share)} above"
        told = (
            f"Of {wording.grouped(sure.issue_week_count or 0)} judged issue-weeks, real movements "
            f"included, {wording.percent(sure.inside_share, 0)} lay inside their range{above}: "
            "one week above can be chance."
        )
    return (Run(text="How sure? ", style="strong"), Run(text=told, style="mute"))


def _columns(*, is_board: bool) -> tuple[Column, ...]:
    last = (Column(name="Last week", width=36, is_number=True),) if is_board else ()
    return (
        Column(name="Issue"),
        Column(name="52 weeks", width=86),
        Column(name="This week", width=36, is_number=True),
        *last,
        Column(name="Usual range", width=52, is_number=True),
        Column(name="Year ago", width=36, is_number=True),
        Column(name="Times expected", width=88, chart=drawn(charts.ratio_axis())),
        Column(name="Status" if is_board else "Status and reason", width=84 if is_board else 136),
    )


def _row(issue: ReportIssue, *, is_board: bool, anchor: str = "") -> Row:
    def count(value: int | None) -> Cell:
        return cell(wording.DASH if value is None else wording.grouped(value))

    last = (count(issue.previous_count),) if is_board else ()
    return Row(
        cells=(
            cell(issue.label, "" if is_board else "strong", anchor=anchor),
            Cell(chart=drawn(pictures.spark(issue))),
            cell(wording.grouped(issue.feedback_count), "strong"),
            *last,
            cell(wording.span(issue.lower_bound, issue.upper_bound)),
            count(issue.year_ago_count),
            Cell(
                chart=drawn(pictures.ratio(issue)),
                spoken="no history"
                if issue.rate_ratio is None
                else wording.times(issue.rate_ratio),
            ),
            Cell(runs=(mark(issue),), below="" if is_board else issue.reason),
        )
    )


def _movement(view: _View) -> list[Block]:
    blocks: list[Block] = []
    if view.watch:
        rows = [_row(one, is_board=False, anchor=view.anchors[one.issue_id]) for one in view.watch]
        blocks.append(
            Heading(level=2, look="section", text="Every issue above its range, new or rising")
        )
        blocks.append(Table(columns=_columns(is_board=False), rows=tuple(rows)))
    if view.easing:
        lines: list[Runs] = [
            (Run(text=f"{one.label} "), Run(text=f"{phrases.short_reason(one)} · ", style="mute"),
             mark(one))
            for one in view.easing[: MOST_EASING]
        ]  # fmt: skip
        more = len(view.easing) - MOST_EASING
        if more > 0:
            lines.append((Run(text=f"and {wording.number_word(more)} more"),))
        blocks.append(Heading(level=2, look="section", text="Getting better"))
        blocks.append(Lines(is_ruled=True, lines=tuple(lines)))
    return blocks


def _issue(view: _View, issue: ReportIssue) -> list[Block]:
    owner = phrases.owner_line(view.owned(issue))
    told = [
        Run(text=wording.counted(issue.feedback_count, "report", "reports"), style="strong"),
        Run(text=f" from {wording.counted(issue.customer_count, 'person', 'people')} this week"),
    ]
    if issue.previous_count is not None:
        told.append(Run(text=f", {wording.grouped(issue.previous_count)} last week"))
    if issue.year_ago_count is not None:
        told.append(Run(text=f", {wording.grouped(issue.year_ago_count)} a year ago"))
    told.append(Run(text="."))
    heading, parts = pictures.split(issue)
    left: list[Block] = [Text(runs=tuple(told)), Text(runs=plain(where(issue)))]
    if parts:
        bars = [Bar(name=one.name, chart=drawn(one.bar), extra=one.extra) for one in parts]
        left += [Text(role="splits", runs=plain(heading)), Bars(bars=tuple(bars))]
    right: list[Block] = [
        Quote(
            text=said(one, 1000),
            source=f"{'From the edge' if one.is_edge else f'Number {one.quote_rank} by nearness'}"
            f" · record {one.feedback_id}",
        )
        for one in issue.quotes
    ] or [Text(runs=plain("No quote is on record for this week.", "mute"))]
    return [
        Text(role="tag", runs=(Run(text=f"{owner} · {issue.issue_id} · "), mark(issue))),
        Heading(level=2, look="part", text=issue.label, anchor=view.anchors[issue.issue_id]),
        Text(role="lede", runs=plain(issue.reason)),
        Figure(chart=drawn(pictures.history(issue))),
        Beside(left_share=0.42, left=tuple(left), right=tuple(right)),
    ]


def _scoreboard(view: _View) -> list[Block]:
    report = view.report
    count = len(report.issues)
    if not report.functions:
        return [Heading(level=2, look="part", text="No issue is tracked yet")]
    many = f"{wording.number_word(count)} tracked issues" if count > 1 else " tracked issue"
    rows: list[Row] = []
    for group in report.functions:
        owner = group.owner or ("no owner named" if group.function_id else "assign these")
        rows.append(
            Row(
                is_group=True,
                cells=(
                    Cell(runs=(Run(text=f"{group.name} ", style="strong"),
                               Run(text=owner, style="mute"))),
                ),
            )
        )  # fmt: skip
        rows += [_row(one, is_board=True) for one in view.issues_of(group)]
    return [
        Heading(level=2, look="part", text=f"All {many}, by function"),
        Text(
            role="small",
            runs=plain(
                "Reports a week. Shaded: the usual range. Times expected: 1 is exactly as "
                "expected, each step doubles, the line is the 95% interval.",
                "mute",
            ),
        ),
        Table(columns=_columns(is_board=True), rows=tuple(rows)),
    ]
