"""Page one of the printed report and the whole of the mailed one: what to decide this week."""

from models.report import DecisionCard, KeyFigure, ReportIssue, WeeklyReport
from voc_pipeline.report import phrases, pictures, wording
from voc_pipeline.report.blocks import (
    Block,
    Card,
    Cards,
    Cell,
    Column,
    Heading,
    Key,
    Keys,
    Masthead,
    NoticeLine,
    Notices,
    Page,
    Row,
    Run,
    Runs,
    Table,
    Text,
    cell,
    drawn,
    plain,
)
from voc_pipeline.report.issue_parts import where
from voc_pipeline.report.notices import also_line
from voc_pipeline.report.outline_parts import (
    NO_OWNER,
    View,
    due,
    issue_columns,
    issue_row,
    mark,
    nobody,
    numbers,
    quoted,
    sign,
    tone,
    usual,
)
from voc_pipeline.report.outline_scores import scores_line
from voc_pipeline.report.outline_trust import data_notices
from voc_pipeline.report.page import Plan, page_one_plan
from voc_pipeline.report.page_marks import interval

BRAND = "Customer Voice Weekly"
MOST_CARDS = 3


def page_one(report: WeeklyReport) -> Page:
    """The conclusion, the key figures, the decisions, what moved, what was asked, how sure."""
    view = View(report)
    plan = page_one_plan(report)
    blocks: list[Block] = [_masthead(view)]
    if report.notices:
        blocks.append(_notices(view, plan))
    blocks += [
        Heading(level=1, look="title", text=report.headline),
        Text(role="lede", runs=plain(report.lede)),
        Keys(keys=tuple(_key(view, one) for one in report.key_figures)),
        *_cards(view, plan),
        *_watch(view, plan),
        *_on_watch(view),
        *_asks(view, plan),
        *_fixes(view, plan),
        *scores_line(view),
        *_also(view),
        Text(
            role="small",
            runs=(
                Run(text="How sure? ", style="strong"),
                Run(text=view.marks.how_sure(report, view.marks.refs), style="mute"),
            ),
        ),
    ]
    return tuple(blocks)


def data_part(report: WeeklyReport) -> Page:
    """Every notice on the week's data, for the end of a letter; nothing without any."""
    return tuple(data_notices(View(report))) if report.data_notices else ()


def function_part(report: WeeklyReport, function_id: str) -> Page:
    """The issues of one function, for a letter to those who answer for it; nothing without any."""
    view = View(report)
    for group in report.functions:
        if group.function_id == function_id:
            rows = [
                issue_row(view, one, Cell(runs=(mark(one),)), with_last_week=True)
                for one in view.issues_of(group)
            ]
            columns = issue_columns(Column(name="Status", width=90), with_last_week=True)
            return (
                Heading(level=2, look="section", text=f"All issues of {group.name}"),
                Table(columns=columns, rows=tuple(rows)),
            )
    return ()


def _masthead(view: View) -> Masthead:
    report, calendar = view.report, view.calendar
    when = calendar.week_name(report.week_start)
    if report.week_naming == "number":
        when += f" · {calendar.week_days(report.week_start)}"
    badge = "Simulated" if report.is_simulated else ""
    return Masthead(brand=BRAND, when=when, company=report.company_name, badge=badge)


def _notices(view: View, plan: Plan) -> Notices:
    lines = [
        NoticeLine(
            mark="✕ Feedback is missing." if one.is_missing else "! Unusual volume.",
            text=view.sentence(f"notice/{place}"),
            tone="bad" if one.is_missing else "warn",
        )
        for place, one in enumerate(view.report.notices[: plan.notices])
    ]
    if len(view.report.notices) > plan.notices:
        text = "More sources are missing or odd: see the last page."
        lines.append(NoticeLine(mark="!", text=text, tone="warn"))
    return Notices(notices=tuple(lines))


def _key(view: View, figure: KeyFigure) -> Key:
    return Key(
        name=figure.name,
        value=phrases.figure_value(figure),
        chart=drawn(view.marks.figure_chart(figure)),
        note=phrases.figure_note(figure),
    )


def _cards(view: View, plan: Plan) -> list[Block]:
    report = view.report
    asked = {one.issue_id: one for one in report.cards}
    if report.look_first:
        limits = [plan.quote_limit * (place < plan.quoted_cards) for place in range(MOST_CARDS)]
        cards = [
            _decision(view, limit, view.issues[one], asked[one])
            for one, limit in zip(report.look_first, limits, strict=False)
        ]
        heading = "Decision needed" if len(cards) == 1 else "Decisions needed"
    elif report.quiet_issues:
        cards = [_quiet(view, plan, view.issues[one]) for one in report.quiet_issues]
        heading = "Most reported this week, all as usual"
    else:
        return []
    return [Heading(level=2, look="section", text=heading), Cards(cards=tuple(cards))]


def _decision(view: View, quote_limit: int, issue: ReportIssue, card: DecisionCard) -> Card:
    note = _reports(issue)
    if issue.verdict != "NEW" and _has_range(issue):
        note += f", usual {usual(issue)}"
    elif issue.previous_count is not None:
        note += f", {wording.grouped(issue.previous_count)} last week"
    told: list[str] = (
        [together] if (together := phrases.together_line(issue, view.marks.refs)) else []
    )
    if issue.verdict == "NEW" and issue.first_week:
        told.append(f"First seen in the week of {view.calendar.short_day(issue.first_week)}.")
    if issue.concentration or issue.only_source or issue.verdict != "NEW":
        told.append(where(issue, is_short=True))
    texts = [" ".join(told)]
    if card.beside:
        texts.append(view.sentence(f"beside/{issue.issue_id}"))
    if issue.quotes and quote_limit:
        texts.append(quoted(issue.quotes[0], quote_limit))
    decision = (
        Run(text="Decide: ", style="strong"),
        Run(text=view.sentence(f"card/{issue.issue_id}")),
    )
    return _card(view, issue, note, texts, (decision, _who(view, card)))


def _who(view: View, card: DecisionCard) -> Runs:
    runs = (*nobody(card.owner), Run(text=", "))
    if card.overdue_days:
        days = wording.counted(card.overdue_days, "day", "days")
        runs = (*runs, Run(text=f"✕ {days} overdue", style="bad"))
    elif card.due_on:
        runs = (*runs, Run(text=f"by {view.calendar.named_day(card.due_on)}"))
    else:
        runs = (*runs, Run(text="no date"))
    return runs if card.action_id else (*runs, Run(text=" (proposed)", style="mute"))


def _quiet(view: View, plan: Plan, issue: ReportIssue) -> Card:
    note = _reports(issue) + (f", usual {usual(issue)}" if _has_range(issue) else "")
    texts = [quoted(issue.quotes[0], plan.quote_limit)] if issue.quotes else []
    owner = view.owned(issue).owner
    none: Runs = (Run(text="Nothing to decide. "), *(nobody(owner) if owner else NO_OWNER))
    asks: tuple[Runs, ...] = (none,)
    asked = phrases.open_action(issue.issue_id, view.report.actions)
    if asked:
        stands = Run(text=f", by {view.calendar.short_day(asked.due_on)}" if asked.due_on else "")
        late: Runs = (Run(text=", "), sign(*phrases.action_status(asked)))
        told = (Run(text="Asked: ", style="strong"), Run(text=asked.decision))
        asks = (told, (*nobody(asked.owner), *(late if asked.is_overdue else (stands,))))
    return _card(view, issue, note, texts, asks)


def _card(
    view: View, issue: ReportIssue, note: str, texts: list[str], asks: tuple[Runs, ...]
) -> Card:
    return Card(
        tone=tone(phrases.status(issue).tone),
        tag=(Run(text=f"{view.owned(issue).name} · ", style="mute"), mark(issue)),
        title=issue.label,
        anchor=view.anchor(issue),
        count=wording.grouped(issue.feedback_count),
        count_note=note,
        chart=drawn(pictures.spark(issue, 250, 44)),
        texts=tuple(text for text in texts if text),
        asks=asks,
    )


def _reports(issue: ReportIssue) -> str:
    return "report" if issue.feedback_count == 1 else "reports"


def _has_range(issue: ReportIssue) -> bool:
    return issue.lower_bound is not None and issue.upper_bound is not None


def _watch(view: View, plan: Plan) -> list[Block]:
    if not view.watch:
        return []
    rows = []
    for issue in view.watch[: plan.shown("rows", len(view.watch))]:
        act = phrases.issue_action(issue.issue_id, view.report.actions)
        stands = sign(*phrases.action_status(act)) if act else Run(text="none yet", style="mute")
        status = Cell(runs=(mark(issue),))
        rows.append(issue_row(view, issue, status, Cell(runs=(stands,)), with_last_week=False))
    columns = issue_columns(
        Column(name="Status", width=84), Column(name="Action", width=68), with_last_week=False
    )
    return [
        Heading(level=2, look="section", text=phrases.watch_heading(view.watch)),
        Table(columns=columns, rows=tuple(rows)),
        *_more(view, len(view.watch) - plan.shown("rows", len(view.watch)), " on the scoreboard"),
    ]


def _on_watch(view: View) -> list[Block]:
    told = phrases.watch_line(view.report, view.marks.refs)
    return [Text(role="small", runs=plain(told, "mute"))] if told else []


def _asks(view: View, plan: Plan) -> list[Block]:
    asks = view.report.asks
    if not asks or not plan.asks:
        return []
    columns = (
        Column(name="Ask"),
        Column(name="Owner", width=96),
        Column(name="Due", width=48),
        Column(name="Fate", width=96),
    )
    rows = [
        Row(
            cells=(
                cell(one.decision),
                Cell(runs=nobody(one.owner)),
                cell(due(view, one.due_on)),
                Cell(runs=(sign(*phrases.action_status(one)),)),
            )
        )
        for one in asks[: plan.shown("asks", len(asks))]
    ]
    return [
        Heading(level=2, look="section", text="What we asked before"),
        Table(columns=columns, rows=tuple(rows)),
        *_more(view, len(asks) - plan.shown("asks", len(asks)), ""),
    ]


def _fixes(view: View, plan: Plan) -> list[Block]:
    fixes = view.report.fixes
    if not fixes or not plan.fixes:
        return []
    columns = (
        Column(name="Fix"),
        Column(name="In effect", width=54),
        numbers("Change in reports", 82),
        numbers("95% interval", 88),
        Column(name="Verdict", width=84),
    )
    rows = [
        Row(
            cells=(
                cell(fix.name),
                cell(view.calendar.short_day(fix.took_effect_on)),
                cell(wording.DASH if fix.change is None else wording.change(fix.change), "strong"),
                cell(wording.DASH if fix.change is None else interval(fix)),
                Cell(runs=(sign(phrases.outcome(fix)),)),
            )
        )
        for fix in fixes[: plan.shown("fixes", len(fixes))]
    ]
    return [
        Heading(level=2, look="section", text="Did the fix work?"),
        Table(columns=columns, rows=tuple(rows)),
        *_more(view, len(fixes) - plan.shown("fixes", len(fixes)), ""),
    ]


def _also(view: View) -> list[Block]:
    told = also_line(view.report)
    return [Text(role="small", runs=plain(told, "mute"))] if told else []


def _more(view: View, count: int, place: str) -> list[Block]:
    return (
        [Text(role="small", runs=plain(f"{view.more(count)}{place}", "mute"))] if count > 0 else []
    )
