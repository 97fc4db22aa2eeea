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
    Row,
    Table,
    Text,
    cell,
    drawn,
    plain,
)

_LEDGER = (
    ("Fetched", "fetched_count"),
    ("= Loaded", "loaded_count"),
    ("+ Revised", "revised_count"),
    ("+ Deleted", "deleted_count"),
    ("+ Duplicate", "duplicate_count"),
    ("+ Set aside", "rejected_count"),
    ("+ Erased", "suppressed_count"),
    ("+ Outside period", "outside_window_count"),
)


def trust_page(report: WeeklyReport) -> list[Block]:
    """Sources, ledger, what was set aside, restatements, method and limits."""
    lost = any(line.difference for line in report.balances_all)
    if not report.balances_all:
        finding = "Nothing has been fetched yet"
    elif lost:
        finding = "Some fetched records are not accounted for: a fault of the program, report it"
    else:
        finding = "Every record fetched is accounted for"
    known = wording.instant(report.as_of, report.time_zone)
    return [
        Heading(level=2, look="part", text="How far to trust these figures"),
        Heading(level=3, look="section", text=phrases.sources_finding(report)),
        _sources(report.sources),
        Heading(level=3, look="section", text=finding),
        *_ledger("This week", report.balances_week),
        *_ledger("Since the beginning", report.balances_all),
        *_set_aside(report),
        *_restated(report),
        _method(report),
        Text(
            role="end",
            runs=plain(
                f"{report.week_label} · as known on {known} ({report.time_zone}) · "
                f"{report.company_name}"
            ),
        ),
    ]


def _sources(lines: Sequence[SourceLine]) -> Table:
    return Table(
        columns=(
            Column(name="Source"),
            Column(name="Channel", width=58),
            Column(name="Arrived", width=44, is_number=True),
            Column(name="Usual", width=44, is_number=True),
            Column(name="Share of usual", width=84),
            Column(name="About earlier weeks", width=58, is_number=True),
            Column(name="Set aside", width=48, is_number=True),
            Column(name="State", width=76),
        ),
        rows=tuple(_source(line) for line in lines),
    )


def _source(line: SourceLine) -> Row:
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
            _state(line),
        )
    )


def _state(line: SourceLine) -> Cell:
    if line.state in ("silent", "failed", "unknown"):
        weeks = f", {line.state_weeks} weeks" if line.state_weeks > 1 else ""
        return cell(f"✕ {line.state}{weeks}", "bad")
    if line.state in ("quiet", "surge"):
        return cell("! low" if line.state == "quiet" else "! high", "warn")
    return cell("✓ as usual", "good") if line.state == "ok" else cell(f"○ {line.state}", "quiet")


def _ledger(name: str, balances: Sequence[LoadBalance]) -> list[Block]:
    heading = Heading(level=4, look="small", text=name)
    if not balances:
        return [heading, Text(role="small", runs=plain("Nothing was loaded.", "mute"))]
    numbers = [Column(name=said, width=46, is_number=True) for said, _ in _LEDGER]
    rows = []
    for line in balances:
        left = line.difference
        over = cell(f"✕ {wording.grouped(left)}", "bad") if left else cell("✓ 0", "good")
        counts = [cell(wording.grouped(getattr(line, column))) for _, column in _LEDGER]
        rows.append(Row(cells=(cell(line.name), *counts, over), is_strong=not line.source_id))
    last = Column(name="Left over", width=44, is_number=True)
    return [heading, Table(columns=(Column(name="Source"), *numbers, last), rows=tuple(rows))]


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


def _restated(report: WeeklyReport) -> list[Block]:
    if not report.restated:
        return [Heading(level=3, look="section", text="No published figure changed this week")]
    rows = [
        Row(
            cells=(
                cell(line.label),
                cell(wording.day(line.week_start)),
                cell(line.figure.replace("_", " ")),
                cell(line.was_value),
                cell(line.is_value),
                cell(phrases.BECAUSE[line.reason]),
            )
        )
        for line in report.restated
    ]
    columns = (
        Column(name="Issue"),
        Column(name="Week of", width=86),
        Column(name="Figure", width=80),
        Column(name="Was", width=70),
        Column(name="Is", width=70),
        Column(name="Because", width=110),
    )
    blocks: list[Block] = [
        Heading(level=3, look="section", text="Published figures that changed since"),
        Table(columns=columns, rows=tuple(rows)),
    ]
    if report.restated_count > len(rows):
        told = (
            f"The {len(rows)} latest of {wording.grouped(report.restated_count)}; all are in the "
            "table restatements."
        )
        blocks.append(Text(role="small", runs=plain(told, "mute")))
    return blocks


def _method(report: WeeklyReport) -> Beside:
    sure = report.sureness
    held = "what it truly holds has not been measured yet"
    if sure.inside_share is not None:
        held = (
            f"measured, it held {wording.percent(sure.inside_share)} of all issue-weeks judged so "
            "far; those outside are chance and real movements together, which no one can tell "
            "apart for sure"
        )
    weeks = wording.counted(report.history_weeks, "earlier week", "earlier weeks")
    seasons = f"Seasons are known only as far as the history reaches: {weeks}."
    if report.history_weeks < 52:
        seasons = f"The history holds {weeks}: seasons are not known yet."
    made = [
        (
            "A report is one piece of feedback that tells of the problem. The same words from the"
            " same person count once a week."
        ),
        (
            "An issue is a problem that several customers describe alike. It keeps its number as "
            "new feedback comes in."
        ),
        (
            "The usual range comes from the issue's own earlier weeks and from how much feedback "
            f"arrived. Its design level is {wording.percent(sure.nominal_inside_share, 0)}; "
            f"{held}."
        ),
        (
            "“Jumped” means more than chance explains, with all issues considered together. By "
            f"design, not by measurement, {wording.percent(sure.nominal_false_share, 0)} of such "
            "calls or fewer are false alarms on average."
        ),
        (
            "“Where it stands out” compares this week with the issue's 8 earlier weeks, or with "
            "all issues if it is new. It says where, not why."
        ),
        "The usual band of the four key figures spans nine in ten of the 26 weeks before.",
        "Earlier weeks are shown as they were published.",
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
        seasons,
        "A rise after an event is not proof that the event caused it.",
    ]
    if report.is_simulated:
        limits.append("This company is simulated: no figure here is about real customers.")
    return Beside(
        left=(
            Heading(level=3, look="section", text="How the figures are made"),
            Lines(lines=tuple(plain(one) for one in made)),
        ),
        right=(
            Heading(level=3, look="section", text="Known limits"),
            Lines(lines=tuple(plain(one) for one in limits)),
        ),
    )
