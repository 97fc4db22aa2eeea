"""The last page of the printed report: what came in, what was set aside, how figures are made."""

from collections.abc import Sequence

from models.report import LoadBalance, SourceLine, WeeklyReport
from voc_pipeline.report import charts, phrases, wording
from voc_pipeline.report.blocks import (
    Beside,
    Block,
    Cell,
    Column,
    Heading,
    Lines,
    Page,
    Row,
    Table,
    Text,
    cell,
    drawn,
    plain,
)
from voc_pipeline.report.notices import MEANINGS
from voc_pipeline.report.outline_parts import View, nobody, numbers, sign
from voc_pipeline.report.outline_scores import registry
from voc_pipeline.report.page import LEDGER


def trust_page(view: View) -> Page:
    """Sources, ledger, what was set aside, restatements, back-test, method and limits."""
    report = view.report
    lost = any(line.difference for line in report.balances_all)
    if not report.balances_all:
        finding = "Nothing has been fetched yet"
    elif lost:
        finding = "Some fetched records are not accounted for: a fault of the program, report it"
    else:
        finding = "Every record fetched is accounted for"
    not_due = (
        "“Not yet due” counts what a source handed over that is older than the history or newer "
        "than the week's cutoff; newer records are loaded by the next weeks and nothing of them "
        "is lost."
    )
    placed = view.marks.placement_line(report, view.marks.refs)
    known = view.calendar.instant(report.as_of, report.time_zone)
    end = f"{report.week_label} · as known on {known} ({report.time_zone}) · {report.company_name}"
    return (
        Heading(level=2, look="part", text="How far to trust these figures"),
        Heading(level=3, look="section", text=view.sentence("finding/sources")),
        _sources(report),
        *((Text(role="small", runs=plain(placed)),) if placed else ()),
        *data_notices(view),
        Heading(level=3, look="section", text=finding),
        Text(role="small", runs=plain(not_due, "mute")),
        *_ledger("This week", report.balances_week),
        *_ledger("Since the beginning", report.balances_all),
        *_set_aside(report),
        *_restated(view),
        *registry(view),
        *_back_test(view),
        _method(view),
        Text(role="end", runs=plain(end)),
    )


def _sources(report: WeeklyReport) -> Table:
    on_time = {one.source_id: one.in_week_share for one in report.lags}
    return Table(
        columns=(
            Column(name="Source"),
            Column(name="Channel", width=58),
            Column(name="Arrived", width=44, is_number=True),
            Column(name="Usual", width=44, is_number=True),
            Column(name="Share of usual", width=84),
            Column(name="About earlier weeks", width=58, is_number=True),
            Column(name="Set aside", width=48, is_number=True),
            Column(name="On time, 26 weeks", width=46, is_number=True),
            Column(name="State", width=72),
        ),
        rows=tuple(_source(line, on_time.get(line.source_id)) for line in report.sources),
    )


def _source(line: SourceLine, on_time: float | None) -> Row:
    share = line.arrived_count / line.expected_count if line.expected_count else None
    told = "unknown share" if share is None else wording.percent(share, 0)
    usual = wording.DASH if line.expected_count is None else wording.grouped(line.expected_count)
    return Row(
        cells=(
            cell(line.name, below=line.message),
            cell(line.channel),
            cell(wording.grouped(line.arrived_count)),
            cell(usual),
            Cell(chart=drawn(charts.share_bar(share, f"{line.name}: {told} of usual"))),
            cell(wording.grouped(line.late_count)),
            cell(wording.grouped(line.rejected_count)),
            cell(wording.DASH if on_time is None else wording.percent(on_time)),
            _state(line),
        )
    )


def _state(line: SourceLine) -> Cell:
    if line.state in ("silent", "failed", "unknown"):
        weeks = f", {line.state_weeks} weeks" if line.state_weeks > 1 else ""
        return cell(f"✕ {line.state}{weeks}", "bad")
    if line.state in ("quiet", "surge"):
        return cell("! low" if line.state == "quiet" else "! high", "warn")
    if line.state == "ok" and line.expected_count is None:
        return cell("○ no usual yet", "quiet")
    return cell("✓ as usual", "good") if line.state == "ok" else cell(f"○ {line.state}", "quiet")


def data_notices(view: View) -> list[Block]:
    """Every notice on the week's data; of a home without sources nothing."""
    report = view.report
    if not (report.data_notices or report.sources):
        return []
    heading = Heading(level=3, look="section", text=view.sentence("finding/notices"))
    rows = [
        Row(
            cells=(
                Cell(runs=(sign(phrases.notice_status(one)),)),
                cell(view.sentence(f"data/{place}")),
                cell(MEANINGS[one.verdict]),
                Cell(runs=nobody(one.owner)),
            )
        )
        for place, one in enumerate(report.data_notices)
    ]
    if not rows:
        return [heading]
    columns = (
        Column(name="Notice", width=96),
        Column(name="What was seen"),
        Column(name="How to read it"),
        Column(name="Who answers for the source", width=84),
    )
    told = (
        "Notices are about the listening, not about the company: none of them is an alarm of an "
        "issue."
    )
    return [
        heading,
        Text(role="small", runs=plain(told, "mute")),
        Table(columns=columns, rows=tuple(rows)),
    ]


def _ledger(name: str, balances: Sequence[LoadBalance]) -> list[Block]:
    heading = Heading(level=4, look="small", text=name)
    if not balances:
        return [heading, Text(role="small", runs=plain("Nothing was loaded.", "mute"))]
    heads = [numbers(said, 46) for _, said in LEDGER]
    rows = []
    for line in balances:
        left = line.difference
        over = cell(f"✕ {wording.grouped(left)}", "bad") if left else cell("✓ 0", "good")
        counts = [cell(wording.grouped(getattr(line, column))) for column, _ in LEDGER]
        rows.append(Row(cells=(cell(line.name), *counts, over), is_strong=not line.source_id))
    last = Column(name="Left over", width=44, is_number=True)
    return [heading, Table(columns=(Column(name="Source"), *heads, last), rows=tuple(rows))]


def _set_aside(report: WeeklyReport) -> list[Block]:
    if not report.set_aside:
        return [Heading(level=3, look="section", text="Nothing was set aside this week")]
    rows = [
        Row(
            cells=(
                cell(line.source_name),
                cell(wording.grouped(line.reject_count)),
                cell("whole record" if line.scope == "record" else f"{line.scope} only"),
                cell(line.reason),
                cell(line.remedy),
            )
        )
        for line in report.set_aside
    ]
    columns = (
        Column(name="Source", width=90),
        Column(name="Count", width=38, is_number=True),
        Column(name="What", width=70),
        Column(name="Why"),
        Column(name="Remedy"),
    )
    blocks: list[Block] = [
        Heading(
            level=3, look="section", text="What was set aside this week, and what would mend it"
        ),
        Table(columns=columns, rows=tuple(rows)),
    ]
    if report.set_aside_kinds > len(rows):
        told = (
            f"The {len(rows)} most frequent of {wording.grouped(report.set_aside_kinds)} kinds; "
            "all are in the table rejects."
        )
        blocks.append(Text(role="small", runs=plain(told, "mute")))
    return blocks


def _restated(view: View) -> list[Block]:
    report = view.report
    if not report.restated:
        return [Heading(level=3, look="section", text="No published figure changed this week")]
    rows = []
    for line in report.restated:
        what, was, now = phrases.restated_words(line.figure, line.was_value, line.is_value, "")
        week = view.calendar.week_name(line.week_start)
        rows.append(
            Row(
                cells=(
                    cell(line.label),
                    cell(f"{what.rstrip(', ')}, {week}"),
                    cell(was),
                    cell(now),
                    cell(phrases.BECAUSE[line.reason]),
                )
            )
        )
    columns = (
        Column(name="Issue"),
        Column(name="What, and of which week", width=150),
        Column(name="Said then", width=66),
        Column(name="Is now", width=66),
        Column(name="Because", width=104),
    )
    told = (
        "Earlier reports keep what they said. What later knowledge changed is listed here, and "
        "never silently."
    )
    blocks: list[Block] = [
        Heading(level=3, look="section", text="Published figures that changed since"),
        Text(role="small", runs=plain(told, "mute")),
        Table(columns=columns, rows=tuple(rows)),
    ]
    if report.restated_count > len(rows):
        of_all = wording.counted(report.restated_count, "figure", "figures")
        told = f"The {len(rows)} weightiest of {of_all}; all are in the table restatements."
        blocks.append(Text(role="small", runs=plain(told, "mute")))
    return blocks


def _back_test(view: View) -> list[Block]:
    bands = view.report.back_test
    if not bands:
        return []
    share = view.marks.share_of
    rows = [
        Row(
            cells=(
                cell(one.name),
                cell(wording.grouped(one.issue_week_count)),
                cell(share(one.inside_share, one.issue_week_count)),
                cell(share(one.above_share, one.issue_week_count)),
                cell(wording.DASH if one.alarm_count is None else wording.grouped(one.alarm_count)),
                *(
                    cell(wording.DASH if value is None else wording.mean(value))
                    for value in (one.alarms_per_week, one.chance_alarms_per_week)
                ),
            )
        )
        for one in bands
    ]
    columns = (
        Column(name="Reports expected in a week"),
        numbers("Issue-weeks", 70),
        numbers("Inside range", 70),
        numbers("Above", 60),
        numbers("Alarms so far", 50),
        numbers("Alarms a week", 50),
        numbers("By chance alone", 56),
    )
    told = (
        "Every range and alarm as it was published, against what came. “By chance alone” is how "
        "many alarms a week the ranges would raise if nothing ever changed; real movements are in "
        "what was seen."
    )
    return [
        Heading(level=3, look="section", text="How the ranges and alarms held so far"),
        Text(role="small", runs=plain(told, "mute")),
        Table(columns=columns, rows=tuple(rows)),
    ]


def _method(view: View) -> Beside:
    report, sure = view.report, view.report.sureness
    held = "what it truly holds has not been measured yet"
    if sure.inside_share is not None:
        held = (
            f"measured, it held {wording.percent(sure.inside_share)} of all issue-weeks judged so "
            "far; those outside are chance and real movements together, which no one can tell "
            "apart for sure"
        )
    level = wording.percent(sure.nominal_inside_share, 0)
    made = [
        (
            "A report is one piece of feedback that tells of the problem. The same words from the "
            "same person count once a week."
        ),
        (
            "An issue is a problem that several customers describe alike. It keeps its number as "
            "new feedback comes in."
        ),
        (
            "The usual range comes from the issue's own earlier weeks and from how much feedback "
            f"arrived. Its design level is {level}; {held}."
        ),
        (
            "“Jumped” means more than chance explains, with all issues considered together. By "
            f"design, not by measurement, {wording.percent(sure.nominal_false_share, 0)} of such "
            "calls or fewer are false alarms on average."
        ),
        (
            "Where an issue stands out compares this week with its 8 earlier weeks, or with all "
            "issues if it is new. It says where, not why."
        ),
        "The usual band of the key figures spans nine in ten of the 26 weeks before.",
        (
            "Earlier weeks are shown as they were published. Every figure carries the reference of "
            "its source in the files report.html and report.json beside this one."
        ),
    ]
    limits = [
        (
            "Those who give feedback are not all customers. Counts show movement, not how many "
            "are affected."
        ),
        (
            "Issues are found and named by a program from the customers' words. Names and places "
            "can be wrong; people can correct them."
        ),
    ]
    if not report.audits:
        limits.append(
            "No one has yet checked by hand how many records were given to the right issue."
        )
    limits.append(view.marks.history_line(report, view.marks.refs))
    limits.append("A rise after an event is not proof that the event caused it.")
    if report.is_simulated:
        limits.append("This company is simulated: no figure here is about real customers.")
    checked: tuple[Block, ...] = ()
    if report.audits:
        lines = [
            plain(
                f"{one.name}: {wording.grouped(one.right_count)} of "
                f"{wording.grouped(one.audited_count)} right"
            )
            for one in report.audits
        ]
        checked = (
            Heading(level=3, look="section", text="Labels checked by people"),
            Lines(lines=tuple(lines)),
        )
    return Beside(
        left=(
            Heading(level=3, look="section", text="How the figures are made"),
            Lines(lines=tuple(plain(one) for one in made)),
        ),
        right=(
            Heading(level=3, look="section", text="Known limits"),
            Lines(lines=tuple(plain(one) for one in limits)),
            *checked,
        ),
    )
