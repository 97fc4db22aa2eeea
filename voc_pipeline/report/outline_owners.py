"""Fixes, the register of actions, and a panel for each function in the printed report."""

from models.report import FixLine, FunctionGroup
from voc_pipeline.report import phrases, wording
from voc_pipeline.report.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    Heading,
    Page,
    Panels,
    Quote,
    Rate,
    Row,
    Run,
    Runs,
    Table,
    Text,
    cell,
    drawn,
    plain,
)
from voc_pipeline.report.outline_parts import (
    NO_OWNER,
    View,
    actions_table,
    due,
    mark,
    numbers,
    quoted,
    sign,
)
from voc_pipeline.report.page_marks import interval

PANEL_QUOTE = 160
MOST_NEXT = 3


def fixes_page(view: View) -> Page:
    """Whether each fix worked, and every action of the register; nothing without either."""
    report = view.report
    if not (report.fixes or report.actions or report.settled):
        return ()
    told = (
        "Reports a week. Dashed: what was to be expected without the fix, from the weeks before "
        "it alone; shaded: its 95% range. Other things changed in these weeks too, so this is "
        "evidence, not proof."
    )
    if not report.fixes:
        told = "A fix is judged from 4 whole weeks after the day on which customers could feel it."
    blocks: list[Block] = [
        Heading(level=2, look="part", text=view.sentence("finding/fixes"), anchor="fixes"),
        Text(role="small", runs=plain(told, "mute")),
    ]
    for fix in report.fixes:
        blocks += _fix(view, fix)
    blocks += _settled(view)
    if report.actions:
        blocks += [
            Heading(level=3, look="section", text=view.sentence("finding/asks"), anchor="asks"),
            actions_table(view, report.actions, with_issue=True),
        ]
    return tuple(blocks)


def _settled(view: View) -> list[Block]:
    rows = [
        Row(
            cells=(
                cell(fix.name),
                cell(fix.issue_label),
                cell(view.calendar.day(fix.took_effect_on)),
                cell(wording.DASH if fix.change is None else wording.change(fix.change), "strong"),
                cell(wording.DASH if fix.change is None else interval(fix)),
                Cell(runs=(sign(phrases.outcome(fix)),)),
            )
        )
        for fix in view.report.settled
    ]
    if not rows:
        return []
    columns = (
        Column(name="Fix"),
        Column(name="Issue", width=110),
        Column(name="In effect", width=82),
        numbers("Change in reports", 56),
        numbers("95% interval", 76),
        Column(name="Verdict", width=66),
    )
    return [
        Heading(level=3, look="section", text="Settled: the last verdict stands"),
        Table(columns=columns, rows=tuple(rows)),
    ]


def _fix(view: View, fix: FixLine) -> list[Block]:
    told = view.marks.fix_line(fix, view.marks.refs)
    verdict = f" Verdict due {view.calendar.short_day(fix.due_on)}." if fix.due_on else ""
    aside = f" ({fix.issue_label}; {fix.function_name or 'no function'})"
    blocks: list[Block] = [
        Heading(level=3, look="section", text=fix.name, aside=plain(aside, "mute")),
        Text(runs=(sign(phrases.outcome(fix)), Run(text=f": {told}{verdict}"))),
    ]
    if fix.actual:
        blocks.append(Figure(chart=drawn(view.marks.fix_chart(fix))))
    return blocks


def functions_page(view: View) -> Page:
    """A panel for each function that owns issues, and hand-offs; nothing without functions."""
    groups = [one for one in view.report.functions if one.function_id]
    if not groups:
        return ()
    told = (
        "Reports per 1,000 feedback, usual band shaded. A function whose issues are all as usual "
        "and that has nothing due needs no meeting."
    )
    blocks: list[Block] = [
        Heading(level=2, look="part", text=view.sentence("finding/functions")),
        Text(role="small", runs=plain(told, "mute")),
        Panels(panels=tuple(_panel(view, one) for one in groups)),
    ]
    if view.report.hand_offs:
        blocks += _hand_offs(view)
    return tuple(blocks)


def _panel(view: View, group: FunctionGroup) -> Page:
    owner: Runs = (Run(text=f" {group.owner}", style="mute"),) if group.owner else NO_OWNER
    blocks: list[Block] = [Heading(level=3, look="section", text=f"{group.name} ", aside=owner)]
    if group.rate:
        blocks.append(
            Rate(
                value=phrases.figure_value(group.rate),
                note=phrases.figure_note(group.rate),
                chart=drawn(view.marks.function_chart(group)),
            )
        )
    shown = view.marks.panel_issues(group)
    rows = [
        Row(
            cells=(
                cell(one.label, anchor=view.anchor(one)),
                cell(wording.grouped(one.feedback_count)),
                Cell(runs=(mark(one),)),
            )
        )
        for one in shown
    ]
    columns = (Column(name="Issue"), numbers("This week", 38), Column(name="Status", width=82))
    blocks.append(Table(columns=columns, rows=tuple(rows)))
    hidden = len(group.issue_ids) - len(shown)
    if hidden > 0:
        blocks.append(Text(runs=plain(f"{view.more(hidden)} on the scoreboard.", "mute")))
    if group.quote:
        blocks.append(
            Quote(text=quoted(group.quote, PANEL_QUOTE), source=f"record {group.quote.feedback_id}")
        )
    blocks.append(Text(runs=(Run(text="Next: ", style="strong"), *_next(view, group))))
    return tuple(blocks)


def _next(view: View, group: FunctionGroup) -> Runs:
    runs: list[Run] = []
    for place, action_id in enumerate(group.action_ids[:MOST_NEXT]):
        one = view.report.action(action_id)
        runs.append(Run(text=f"{'; ' if place else ''}{one.decision}"))
        if one.due_on:
            told = "was due" if one.is_overdue else "due"
            runs.append(Run(text=f" {told} {due(view, one.due_on)}", style="mute"))
    return tuple(runs) or plain(view.marks.next_step(group, view.report))


def _hand_offs(view: View) -> list[Block]:
    columns = (
        Column(name="Reports of"),
        Column(name="owned by", width=84),
        Column(name="tell also of"),
        Column(name="owned by", width=84),
        numbers("Reports, 8 weeks", 62),
    )
    rows = [
        Row(
            cells=(
                cell(one.felt_label),
                cell(one.felt_name),
                cell(one.cause_label),
                cell(one.cause_name),
                cell(view.marks.together(one, view.marks.refs)),
            )
        )
        for one in view.report.hand_offs
    ]
    heading = "Hand-offs: one function's problem told together with another's"
    return [
        Heading(level=3, look="section", text=heading),
        Table(columns=columns, rows=tuple(rows)),
    ]
