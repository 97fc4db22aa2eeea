"""How the parts of a report read in words, whatever the rendering: statuses, notes, headings.

Texts that hold figures are `Said`: a rendering that wants them finds the references beside them.
"""

from dataclasses import dataclass
from math import floor

from models.report import (
    DataNoticeLine,
    FixLine,
    FunctionGroup,
    KeyFigure,
    ReportAction,
    ReportIssue,
    SettledFix,
    WeeklyReport,
)
from voc_pipeline.report import wording
from voc_pipeline.report.issue_parts import DIMENSION_WORDS
from voc_pipeline.report.notices import LOST, WORDS, notices_finding
from voc_pipeline.report.references import Refs, Said, said


@dataclass(frozen=True)
class Status:
    """A verdict as shown: a glyph and a word always, a tone beside them."""

    glyph: str
    word: str
    tone: str


MOST_WATCHED = 3
_COUNT = "feedback_count"
_STATUS = {
    "SPIKING": Status("▲", "Jumped", "bad"),
    "NEW": Status("◆", "New", "bad"),
    "RISING": Status("△", "Rising", "warn"),
    "DECLINING": Status("▽", "Falling", "good"),
    "RESOLVED": Status("✓", "Looks resolved", "good"),
    "INSUFFICIENT_HISTORY": Status("○", "Too new to judge", "quiet"),
    "STEADY": Status(wording.DASH, "As usual", "quiet"),
}
_BY_CHANCE = Status("△", "High, may be chance", "warn")
_STAYS_HIGH = Status("▲", "Stays high", "bad")
_ROSE_AGAIN = Status("▲", "Rose again", "bad")
_OUTCOMES = {
    "worked": Status("✓", "Worked", "good"),
    "not shown": Status("✕", "Not shown", "bad"),
    "too early": Status("◷", "Too early", "warn"),
}
BECAUSE = {
    "late": "feedback arrived late",
    "revised": "records changed at the source",
    "reassigned": "feedback moved to another issue",
    "rebuilt": "all weeks were rebuilt",
    "decision": "a decision",
    "erased": "a customer was erased",
}
_FIGURE_WORDS = {
    "feedback_count": "reports",
    "customer_count": "people",
    "lower_bound": "lower end of the usual range",
    "upper_bound": "upper end of the usual range",
    "verdict": "verdict",
    "is_alarm": "alarm",
}


def status(issue: ReportIssue) -> Status:
    """How the verdict reads: one above its range, no more, is said to be possible chance."""
    if issue.rose_again and issue.verdict == "SPIKING":
        return _ROSE_AGAIN
    if issue.is_lasting:
        return _STAYS_HIGH
    if issue.is_above and issue.verdict not in ("SPIKING", "NEW", "RISING"):
        return _BY_CHANCE
    return _STATUS[issue.verdict]


def status_word(issue: ReportIssue, refs: Refs | None = None) -> Said:
    """The status in words, with the weeks for which it has held: `Rising, 4 weeks`."""
    found = status(issue)
    told = ", muted" if issue.is_muted else ", pinned" if issue.is_pinned else ""
    if issue.verdict in ("SPIKING", "RISING", "NEW") and issue.verdict_weeks > 1:
        weeks = (refs.issue(issue.issue_id, "verdict_weeks"),) if refs else ()
        if issue.verdict == "NEW":
            return Said(f"{found.word}, week {issue.verdict_weeks}{told}", *weeks)
        return Said(f"{found.word}, {issue.verdict_weeks} weeks{told}", *weeks)
    return Said(found.word + told)


def watch_heading(issues: list[ReportIssue]) -> str:
    """The heading over page one's table: what those in it do, and no more."""
    kinds = [
        (any(one.is_above for one in issues), "above its range"),
        (any(one.is_lasting for one in issues), "high for weeks"),
        (any(one.verdict == "SPIKING" and one.upper_bound is None for one in issues), "jumped"),
        (any(one.verdict == "NEW" for one in issues), "new"),
        (any(one.verdict == "RISING" for one in issues), "rising"),
    ]
    told = [words for holds, words in kinds if holds]
    if not told:
        return "Pinned issues"
    *first, last = told
    return f"Every issue {', '.join(first)} or {last}" if first else f"Every issue {last}"


def together_line(issue: ReportIssue, refs: Refs) -> Said:
    """Why an issue inside its range asks for a decision; nothing of any other."""
    if not issue.is_lasting:
        return Said("")
    if issue.previous_count is None:
        return Said("Inside its range, but beyond chance with the weeks before.")
    ref = refs.issue(issue.issue_id, _COUNT, 1)
    before = Said(wording.grouped(issue.previous_count), ref)
    return said("Inside its range, but after ", before, " last week: together beyond chance.")


def watch_line(report: WeeklyReport, refs: Refs) -> Said:
    """The watch list in one sentence: `Worth watching, too few reports for an alarm: ...`."""
    if not report.on_watch:
        return Said("")
    shown = [report.issue(one) for one in report.on_watch[:MOST_WATCHED]]
    pieces: list[str] = []
    for issue in shown:
        pieces += [
            ", " if pieces else "",
            Said(f"“{issue.label}”", refs.label(issue.issue_id)),
            " (",
            Said(wording.grouped(issue.feedback_count), refs.issue(issue.issue_id, _COUNT)),
            ")",
        ]
    more = len(report.on_watch) - len(shown)
    rest = f" and {wording.number_word(more)} more" if more > 0 else ""
    return said("Worth watching, too few reports for an alarm: ", *pieces, rest, ".")


def verdict_word(verdict: str) -> str:
    """A verdict in words, with a small first letter: `rising`."""
    found = _STATUS.get(verdict)
    return found.word[:1].lower() + found.word[1:] if found else verdict.lower()


def outcome(fix: FixLine | SettledFix) -> Status:
    """How the verdict on a fix reads."""
    return _OUTCOMES[fix.outcome]


def notice_status(line: DataNoticeLine) -> Status:
    """How a notice on the data reads: feedback that is missing, or odd."""
    is_lost = line.verdict in LOST
    return Status("✕" if is_lost else "!", WORDS[line.verdict], "bad" if is_lost else "warn")


def short_reason(issue: ReportIssue) -> str:
    """The reason up to its first semicolon: what the verdict compared, without this week."""
    told = issue.reason.partition(";")[0]
    return told or wording.counted(issue.feedback_count, "report", "reports")


def whole_parts(parts: list[float]) -> list[int]:
    """The parts as whole numbers that sum to the rounded sum: largest remainders go up first."""
    floors = [floor(part) for part in parts]
    missing = round(sum(parts)) - sum(floors)
    order = sorted(range(len(parts)), key=lambda place: (floors[place] - parts[place], place))
    raised = set(order[:missing])
    return [whole + (place in raised) for place, whole in enumerate(floors)]


def split_heading(issue: ReportIssue) -> str:
    """What the bars of an issue's parts show."""
    word = DIMENSION_WORDS[issue.parts_of] if issue.parts_of else ""
    return f"Where the excess sits, by {word}"


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


def fixes_finding(report: WeeklyReport) -> str:
    """The heading over the fixes: how many worked, how many have not shown it, which are early."""
    counts = [
        (sum(one.outcome == "worked" for one in report.fixes), "worked", "worked"),
        (
            sum(one.outcome == "not shown" for one in report.fixes),
            "has not shown it",
            "have not shown it",
        ),
        (
            sum(one.outcome == "too early" for one in report.fixes),
            "is too early to call",
            "are too early to call",
        ),
    ]
    told = [
        f"{wording.number_word(count)} {one if count == 1 else many}"
        for count, one, many in counts
        if count
    ]
    if not told:
        return "No fix has taken effect yet"
    if len(report.fixes) == 1:
        return {
            "worked": "The fix worked",
            "not shown": "The fix has not shown an effect",
            "too early": "It is too early to call the fix",
        }[report.fixes[0].outcome]
    return f"Did the fixes work? {wording.capital(wording.listed(told))}"


def asks_finding(report: WeeklyReport) -> str:
    """The heading over the register."""
    late = sum(one.is_overdue for one in report.actions)
    if late:
        count = wording.capital(wording.number_word(late))
        return f"{count} {'ask is' if late == 1 else 'asks are'} overdue"
    if any(one.state == "open" for one in report.actions):
        return "What was asked: nothing is overdue"
    return "What was asked: nothing is open"


def findings(report: WeeklyReport) -> dict[str, str]:
    """The headings that state a finding, by name."""
    return {
        "finding/sources": sources_finding(report),
        "finding/notices": notices_finding(report),
        "finding/fixes": fixes_finding(report),
        "finding/functions": functions_finding(report),
        "finding/asks": asks_finding(report),
    }


def functions_finding(report: WeeklyReport) -> str:
    """The heading over the panels: which functions are asked something, which have what moved."""
    asked = {one.issue_id for one in report.cards}
    named = [one for one in report.functions if one.function_id is not None]
    busy = [one.name for one in named if asked & set(one.issue_ids) or one.action_ids]
    if not named:
        return "No function owns an issue yet"
    if not busy:
        return "No function has a decision to make or an ask to answer"
    if len(busy) == len(named):
        many = len(named) > 1
        return "Every function has something to decide or to do" if many else f"{busy[0]} decides"
    if len(busy) <= 3:
        verb = "has" if len(busy) == 1 else "have"
        return f"{wording.listed(busy)} {verb} something to decide or to do"
    count = wording.capital(wording.number_word(len(busy)))
    return f"{count} of {len(named)} functions have something to decide or to do"


def owner_line(group: FunctionGroup) -> str:
    """Who answers for the issues of a function; says so if nobody does."""
    if group.function_id is None:
        return "No function owns it yet"
    return f"{group.owner}, {group.name}" if group.owner else f"{group.name}: no owner named"


def action_status(one: ReportAction, refs: Refs | None = None) -> tuple[Status, Said]:
    """How an ask stands: done, overdue by so many days, open or dropped."""
    if one.state == "done":
        return Status("✓", "Done", "good"), Said("Done")
    if one.state == "dropped":
        return Status(wording.DASH, "Dropped", "quiet"), Said("Dropped")
    if one.is_overdue:
        days = wording.counted(one.overdue_days, "day", "days")
        ref = (refs.action(one.action_id, "overdue_days"),) if refs else ()
        return Status("✕", "Overdue", "bad"), said(Said(days, *ref), " overdue")
    return Status("○", "Open", "warn"), Said("Open")


def issue_action(issue_id: str, actions: tuple[ReportAction, ...]) -> ReportAction | None:
    """The action that stands for an issue in a table: the most urgent of the register."""
    return next((one for one in actions if one.issue_id == issue_id), None)


def open_action(issue_id: str, actions: tuple[ReportAction, ...]) -> ReportAction | None:
    """The most urgent of what is asked about an issue and not answered yet."""
    found = issue_action(issue_id, actions)
    return found if found and found.state == "open" else None


def figure_value(figure: KeyFigure, refs: Refs | None = None, key: str = "") -> Said:
    """The figure as shown: `31.9`, `39.1%`, `4 of 20`; a dash if it cannot be said."""
    if figure.of_count == 0 or figure.value is None:
        return Said(wording.DASH)
    value = in_unit(figure, figure.value)
    shown = Said(value, *((figure_ref(figure, refs, key=key),) if refs else ()))
    if figure.of_count is None:
        return shown
    whole = "asks_total" if figure.measure == "asks_done" else "issues_judged"
    of_all = Said(wording.grouped(figure.of_count), *((refs.measure(whole),) if refs else ()))
    return said(shown, " of ", of_all, " done" if figure.measure == "asks_done" else "")


def figure_note(figure: KeyFigure, refs: Refs | None = None, key: str = "") -> Said:
    """What stands under a figure: its own note, or the usual band and last week."""
    if figure.of_count == 0:
        return Said("no issue has a usual range yet")
    if figure.note:
        return _note(figure, refs)
    pieces: list[str] = ["no usual range yet"]
    if figure.usual_lower is not None and figure.usual_upper is not None:
        lower, upper = (in_unit(figure, end) for end in (figure.usual_lower, figure.usual_upper))
        ends = usual_refs(figure, refs, key) if refs else ()
        pieces = [Said(f"usual {lower.removesuffix('%')}{wording.DASH}{upper}", *ends)]
    if figure.previous is not None:
        ref = (figure_ref(figure, refs, 1, key=key),) if refs else ()
        pieces.append(Said(f"; last week {in_unit(figure, figure.previous)}", *ref))
    return said(*pieces)


def _note(figure: KeyFigure, refs: Refs | None) -> Said:
    has_digit = any(one.isdigit() for one in figure.note)
    if refs is None or not has_digit:
        return Said(figure.note)
    if figure.measure == "issues_above":
        return Said(figure.note, refs.measure("usual_above"))
    return Said(figure.note, refs.measure("asks_latest"))


def usual_refs(figure: KeyFigure, refs: Refs, key: str = "") -> tuple[str, str]:
    """The references of the ends of a key figure's usual band."""
    if key:
        return refs.measure("function_lower", key), refs.measure("function_upper", key)
    return (
        refs.measure("usual_lower", figure.measure),
        refs.measure("usual_upper", figure.measure),
    )


def figure_ref(figure: KeyFigure, refs: Refs, weeks_back: int = 0, *, key: str = "") -> str:
    """The reference of a key figure's value."""
    if figure.measure in ("negative_share", "feedback_count"):
        return refs.whole(figure.measure, weeks_back)
    if key:
        return refs.measure(figure.measure + ("_before" if weeks_back else ""), key)
    return refs.measure(figure.measure, weeks_back=weeks_back)


def in_unit(figure: KeyFigure, value: float | None) -> str:
    """A value as its figure is written."""
    if value is None:
        return wording.DASH
    if figure.unit == "share":
        return wording.percent(value)
    return wording.decimal(value) if figure.unit == "per_thousand" else wording.grouped(value)


def restated_words(figure: str, was: str, now: str, week: str) -> tuple[str, str, str]:
    """A restated figure in words: which, what it was, what it is."""
    name = _FIGURE_WORDS.get(figure, figure.replace("_", " "))
    return f"{wording.capital(name)}, {week}", _restated(figure, was), _restated(figure, now)


def _restated(figure: str, value: str) -> str:
    if figure == "verdict":
        return verdict_word(value)
    if figure == "is_alarm":
        return {"true": "yes", "false": "no", "1": "yes", "0": "no", "1.0": "yes", "0.0": "no"}.get(
            value.lower(), value
        )
    try:
        number = float(value)
    except ValueError:
        return value
    if figure.endswith("_bound"):
        return wording.decimal(number)
    return wording.grouped(number)
