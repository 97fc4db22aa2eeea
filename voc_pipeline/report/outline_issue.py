"""The scoreboard and the page of one escalated issue in the printed report."""

from models.report import ReportIssue
from voc_pipeline.report import charts, phrases, wording
from voc_pipeline.report.blocks import (
    Bar,
    Bars,
    Beside,
    Block,
    Cell,
    Column,
    Figure,
    Heading,
    Lines,
    Page,
    Quote,
    Row,
    Run,
    Table,
    Text,
    drawn,
    plain,
)
from voc_pipeline.report.issue_parts import where
from voc_pipeline.report.outline_parts import (
    NO_OWNER,
    View,
    actions_table,
    issue_columns,
    issue_row,
    mark,
    quoted,
)


def scoreboard(view: View) -> Page:
    """Every tracked issue by function, and those that get better."""
    report = view.report
    finding = view.marks.board_finding(report, view.marks.refs)
    blocks: list[Block] = [Heading(level=2, look="part", text=finding)]
    if not report.functions:
        return tuple(blocks)
    rows: list[Row] = []
    for group in report.functions:
        owner = (Run(text=group.owner, style="mute"),) if group.owner else NO_OWNER
        if group.function_id is None:
            owner = (Run(text="assign these", style="mute"),)
        name = Cell(runs=(Run(text=f"{group.name} ", style="strong"), *owner))
        rows.append(Row(is_group=True, cells=(name,)))
        rows += [
            issue_row(view, one, Cell(runs=(mark(one),)), with_last_week=True)
            for one in view.issues_of(group)
        ]
    told = (
        "Reports a week. Shaded: the usual range, as published then. Times expected: 1 is exactly "
        "as expected, each step doubles, the line is the 95% interval. "
        + view.marks.chance_line(report, view.marks.refs)
    )
    columns = issue_columns(Column(name="Status", width=88), with_last_week=True)
    blocks += [
        Text(role="small", runs=plain(told, "mute")),
        Table(columns=columns, rows=tuple(rows)),
    ]
    easing = [view.issues[one] for one in report.easing]
    if easing:
        lines = [
            (
                Run(text=f"{one.label} "),
                Run(text=f"{phrases.short_reason(one)} · ", style="mute"),
                mark(one),
            )
            for one in easing
        ]
        blocks.append(Heading(level=3, look="section", text="Getting better"))
        blocks.append(Lines(is_ruled=True, lines=tuple(lines)))
    return tuple(blocks)


def issue_page(view: View, issue: ReportIssue) -> Page:
    """How it went, where it sits, what customers say, what is known, what is being done."""
    page = issue.page
    if page is None:
        return ()
    name, marks = issue.issue_id, view.marks
    owner = phrases.owner_line(view.owned(issue))
    partial = " * Month so far." if page.months and page.months[-1].is_partial else ""
    rates = (
        Run(text="Reports per 1,000 feedback.", style="strong"),
        Run(
            text=" Solid: this year; dotted: a year before; shaded: usual range; squares: above "
            f"it.{partial}",
            style="mute",
        ),
    )
    events = ", dated events" if page.events else ""
    weeks = (
        Run(text="By week:", style="strong"),
        Run(text=f" reports, usual range shaded, weeks above it as squares{events}.", style="mute"),
    )
    actions = marks.actions_named(page.action_ids)
    acts = actions_table(view, actions, with_issue=False) if actions else None
    return (
        Text(role="tag", runs=(Run(text=f"{owner} · {name} · "), mark(issue))),
        Heading(
            level=2, look="part", text=view.sentence(f"{name}/headline/0"),
            anchor=view.anchor(issue),
        ),
        Text(role="lede", runs=plain(view.sentence(f"{name}/lede/0"))),
        Figure(caption=rates, chart=drawn(marks.rate_chart(issue))),
        Beside(left_share=0.44, left=_split(issue), right=_quotes(issue)),
        Figure(caption=weeks, chart=drawn(marks.long_chart(issue))),
        Beside(
            left=_sentences(view, issue, "What we know", "known", len(page.known)),
            right=_sentences(view, issue, "What we do not know", "not_known", len(page.not_known)),
        ),
        Heading(level=3, look="section", text="Actions"),
        acts or Text(runs=plain("None in the register yet.", "mute")),
    )  # fmt: skip


def _split(issue: ReportIssue) -> Page:
    if issue.parts_of is None or not issue.parts:
        return (
            Heading(level=3, look="section", text="Where the change sits"),
            Text(runs=plain(where(issue))),
        )
    extras = [part.extra_count for part in issue.parts]
    ends = min(extras), max(extras)
    bars = []
    for part, whole in zip(issue.parts, phrases.whole_parts(extras), strict=True):
        name = "All others" if part.is_rest else part.cell or "Not stated"
        chart = drawn(charts.extra_bar(part.extra_count, ends, name))
        bars.append(Bar(name=name, chart=chart, extra=wording.signed(whole)))
    total = wording.signed(round(sum(extras)))
    bars.append(Bar(name="Change on its usual count", chart=None, extra=total))
    return (
        Heading(level=3, look="section", text=phrases.split_heading(issue)),
        Text(role="splits", runs=plain(where(issue))),
        Bars(bars=tuple(bars)),
    )


def _quotes(issue: ReportIssue) -> Page:
    heading = Heading(level=3, look="section", text="What customers say")
    if not issue.quotes:
        return (heading, Text(runs=plain("No quote is on record for this week.", "mute")))
    quotes = [
        Quote(
            text=quoted(one, 1000),
            source=f"{'From the edge of the issue' if one.is_edge else 'From its centre'} · "
            f"record {one.feedback_id}",
        )
        for one in issue.quotes
    ]
    rule = (
        "The nearest to the centre of the issue and one from its edge, by that rule; personal "
        "data masked. Not the worst."
    )
    return (heading, *quotes, Text(role="small", runs=plain(rule, "mute")))


def _sentences(view: View, issue: ReportIssue, title: str, kind: str, count: int) -> Page:
    lines = [plain(view.sentence(f"{issue.issue_id}/{kind}/{place}")) for place in range(count)]
    return (Heading(level=3, look="section", text=title), Lines(lines=tuple(lines)))
