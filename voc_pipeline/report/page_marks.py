"""Markup of one report's figures: each with its reference, each chart with its title.

What a template asks for by name. Texts are escaped here or by the template; nothing foreign
passes as markup.
"""

from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from models.report import (
    BackTestBand,
    FixLine,
    FunctionGroup,
    HandOff,
    KeyFigure,
    ReportAction,
    ReportIssue,
    ReportQuote,
    RestatedFigure,
    SettledFix,
    SourceLine,
    WeeklyReport,
)
from voc_pipeline.report import charts, page_charts, phrases, pictures, wording
from voc_pipeline.report.dates import Calendar
from voc_pipeline.report.issue_parts import PLACES
from voc_pipeline.report.measures import RULES
from voc_pipeline.report.references import RULE, SENTENCE, Refs, Said, numeric, reference, said

WORDS = "words"
"""Stands for a reference where a text is a name or a message, to be found in the value itself."""
LEAST_FOR_SHARE = 50
"""A share of fewer is not printed."""


class Marks:
    """What the templates call, for one report."""

    def __init__(self, report: WeeklyReport) -> None:
        self.report = report
        self.refs = Refs(report.week_start)
        self.calendar = Calendar(report.date_language, report.week_naming)
        self._sentences = {one.figure: one for one in report.references if one.table == SENTENCE}
        self._by_id = {one.issue_id: one for one in report.issues}

    def named(self) -> dict[str, Callable[..., Any]]:
        """Every public method under its name."""
        names = [one for one in dir(self) if not one.startswith("_") and one != "named"]
        return {one: getattr(self, one) for one in names if callable(getattr(self, one))}

    # marks

    def at(self, *refs: str) -> Markup:
        """The attribute that names the references of an element's figures, in their order."""
        return Markup(' data-ref="{}"').format(" ".join(refs)) if refs else Markup("")

    def free(self) -> Markup:
        """The attribute of a name or message that is no figure."""
        return self.at(WORDS)

    def tell(self, text: str) -> Markup:
        """A text, with the references of its figures if it has any."""
        refs = getattr(text, "refs", ())
        if not refs:
            return escape(str(text))
        return Markup("<span{}>{}</span>").format(self.at(*refs), str(text))

    def sentence(self, name: str) -> Markup:
        """A sentence that the builder wrote, by its name."""
        one = self._sentences[name]
        return Markup("<span{}>{}</span>").format(self.at(one.ref), one.value_text or "")

    def rule(self, name: str, text: str) -> Markup:
        """A figure of the method."""
        return Markup("<span{}>{}</span>").format(self.at(reference(RULE, name)), text)

    def week_ref(self, table: str, figure: str) -> str:
        """A cell of a table that has one row a week."""
        return reference(table, self.report.week_start, *figure.split("/"))

    def quote_ref(self, quote: ReportQuote, issue_id: str) -> str:
        """The stored quote that a shown one is a part of."""
        key = (self.report.week_start, issue_id, quote.quote_rank, "quote")
        return reference("issue_quotes", *key)

    def band_ref(self, band: BackTestBand, column: str) -> str:
        """A cell of the back-test."""
        return self.refs.held(column, band.key)

    def restated_ref(self, line: RestatedFigure, column: str) -> Markup:
        """The attribute of a cell of the restatements, if it holds a figure."""
        if numeric(getattr(line, column)) is None:
            return Markup("")
        key = (self.report.week_start, line.week_start, line.issue_id, line.figure)
        return self.at(reference("restatements", *key, column))

    # words

    def figure_name(self, figure: KeyFigure) -> Markup:
        """A key figure's name; its base is a rule."""
        before, base, after = figure.name.partition("1,000")
        return escape(before) + self.rule("rate_base", base) + after if base else escape(before)

    def label_of(self, issue: ReportIssue) -> Markup:
        """An issue's name."""
        ref = self.at(self.refs.label(issue.issue_id))
        return Markup("<bdi{}>{}</bdi>").format(ref, issue.label)

    def reason_of(self, issue: ReportIssue) -> Markup:
        """What the verdict compared, a part of the published reason."""
        text = phrases.short_reason(issue)
        is_reason = bool(issue.reason)
        figure = "reason" if is_reason else "feedback_count"
        ref = self.at(self.refs.issue(issue.issue_id, figure))
        return Markup("<span{}>{}</span>").format(ref, text)

    def more_words(self, count: int) -> Markup:
        """`and three more`."""
        word = f"and {wording.number_word(count)} more" if count <= 10 else "and more"
        return escape(word)

    def board_finding(self, report: WeeklyReport, refs: Refs) -> Said:
        """The heading of the scoreboard."""
        count = len(report.issues)
        if not count:
            return Said("No issue is tracked yet")
        if count == 1:
            return Said("The one tracked issue, by function")
        if count == 2:
            return Said("Both tracked issues, by function")
        ref = refs.measure("issues_tracked")
        return said("All ", Said(wording.number_word(count), ref), " tracked issues, by function")

    def chance_line(self, report: WeeklyReport, refs: Refs) -> Said:
        """How many issues stand above their range in a usual week."""
        sure = report.sureness
        if not sure.judged_count:
            return Said("")
        usual = wording.about(sure.usual_above_count)
        ref = (refs.measure("usual_above"),) if sure.usual_above_count >= 0.95 else ()
        return said(
            "In a usual week ", Said(usual, *ref), " would stand above its range by chance."
        )

    def how_sure(self, report: WeeklyReport, refs: Refs) -> Said:
        """The line at the foot of page one."""
        sure = report.sureness
        unplaced = self.placement_line(report, refs, is_short=True)
        if sure.inside_share is None or not sure.issue_week_count:
            level = Said(
                wording.percent(sure.nominal_inside_share, 0), reference(RULE, "range_level")
            )
            return said(
                "How often the usual range holds has not been measured here yet; it is designed "
                "to hold ", level, " of normal weeks.", unplaced,
            )  # fmt: skip
        return said(
            "Of ",
            Said(wording.grouped(sure.issue_week_count), refs.held("issue_week_count")),
            " judged issue-weeks, real movements included, ",
            Said(wording.percent(sure.inside_share, 0), refs.held("inside_share")),
            " lay inside their range",
            *(
                [", ", Said(wording.percent(sure.above_share), refs.held("above_share")),
                 " above"]
                if sure.above_share is not None
                else []
            ),
            ": one week above can be chance.",
            unplaced,
        )  # fmt: skip

    def placement_line(self, report: WeeklyReport, refs: Refs, *, is_short: bool = False) -> Said:
        """How many problem texts no issue holds."""
        placed = report.placement
        if placed is None or not placed.problem_count:
            return Said("")
        counts = [
            Said(wording.grouped(placed.unassigned_count), refs.measure("unassigned_texts")),
            " of ",
            Said(
                wording.counted(placed.problem_count, "problem text", "problem texts"),
                refs.measure("problem_texts"),
            ),
        ]
        fit = "fits" if placed.unassigned_count == 1 else "fit"
        if is_short:
            return said(" ", *counts, f" {fit} no issue.")
        return said(
            *counts,
            f" of this week {fit} no issue yet: too few customers say the same. They are in no "
            "count of an issue, but in the problem reports of page one.",
        )

    def history_line(self, report: WeeklyReport, refs: Refs) -> Said:
        """How far the history reaches, and what that means for seasons."""
        weeks = Said(
            wording.counted(report.history_weeks, "earlier week", "earlier weeks"),
            refs.measure("history_weeks"),
        )
        if report.history_weeks < 52:
            return said("The history holds ", weeks, ": seasons are not known yet.")
        return said("Seasons are known only as far as the history reaches: ", weeks, ".")

    def fix_cells(self, fix: FixLine | SettledFix) -> Markup:
        """Change and interval of a fix as two table cells."""
        if fix.change is None:
            return Markup('<td class="n">{0}</td><td class="n">{0}</td>').format(wording.DASH)
        week = fix.judged_week if isinstance(fix, SettledFix) else None
        change, *ends = (
            self.refs.fix(fix.action_id, one, week)
            for one in ("change", "change_lower", "change_upper")
        )
        return Markup(
            '<td class="n now" data-name="Change"{}>{}</td><td class="n" data-name="Interval"{}>{}'
            "</td>"
        ).format(self.at(change), wording.change(fix.change), self.at(*ends), interval(fix))

    def fix_line(self, fix: FixLine, refs: Refs) -> Said:
        """The verdict on a fix with its numbers and the smallest fall that could be seen."""
        after = Said(
            wording.counted(fix.weeks_after, "whole week", "whole weeks"),
            refs.fix(fix.action_id, "weeks_since"),
        )
        pieces: list[str] = []
        if fix.change is not None:
            pieces += [
                Said(wording.change(fix.change), refs.fix(fix.action_id, "change")),
                " (",
                Said(
                    interval(fix),
                    refs.fix(fix.action_id, "change_lower"),
                    refs.fix(fix.action_id, "change_upper"),
                ),
                ") after ",
                after,
                ".",
            ]
        else:
            pieces += ["nothing to compare yet after ", after, "."]
        if fix.smallest_fall is not None:
            least = Said(
                wording.percent(fix.smallest_fall, 0),
                refs.fix(fix.action_id, "smallest_visible_fall"),
            )
            pieces += [" A fall of ", least, " would have been seen four times in five."]
        elif fix.outcome != "worked":
            pieces.append(" Too few reports to see any fall for sure.")
        return said(*pieces)

    def next_step(self, group: FunctionGroup, report: WeeklyReport) -> str:
        """What a function without an open action has to do."""
        cards = {one.issue_id for one in report.cards}
        if cards & set(group.issue_ids):
            return "Answer the decision asked on page one."
        if set(report.watch) & set(group.issue_ids):
            return "Nothing is asked yet; look at what moved."
        return "Nothing to decide."

    def together(self, one: HandOff, refs: Refs) -> Said:
        """`96 of 279`."""
        felt = one.felt_issue_id
        both = refs.measure("told_together", felt, one.cause_issue_id)
        whole = refs.measure("told_together", felt, felt)
        return said(
            Said(wording.grouped(one.feedback_count), both),
            " of ",
            Said(wording.grouped(one.of_count), whole),
        )

    def shown_of(self, rule: str, order: str, ref: str, of_all: str) -> Markup:
        """`12 latest of 45`: how many of a list are shown."""
        return self.tell(Said(f"{RULES[rule]:g} {order} of {of_all}", reference(RULE, rule), ref))

    def has_shares(self, band: BackTestBand) -> bool:
        """True if the shares of a band are of enough issue-weeks to be printed."""
        return band.inside_share is not None and band.issue_week_count >= LEAST_FOR_SHARE

    def share_of(self, share: float | None, count: int) -> str:
        """A share, unless it is one of too few."""
        if share is None:
            return wording.DASH
        return wording.percent(share) if count >= LEAST_FOR_SHARE else "too few"

    def actions_named(self, action_ids: tuple[str, ...]) -> list[ReportAction]:
        """The actions with these ids, in this order."""
        return [self.report.action(one) for one in action_ids]

    def panel_issues(self, group: FunctionGroup) -> list[ReportIssue]:
        """The issues of a function's panel: those that moved, then the most reported."""
        watched = {one: place for place, one in enumerate(self.report.watch)}
        owned = [self._by_id[one] for one in group.issue_ids]
        owned.sort(key=lambda one: watched.get(one.issue_id, len(watched)))
        return owned[:6]

    # charts

    def spark(self, issue: ReportIssue, width: int = 112, height: int = 28) -> Markup:
        """An issue's 52 weeks, small."""
        return pictures.spark(issue, width, height, self.refs)

    def ratio(self, issue: ReportIssue) -> Markup:
        """An issue's ratio to what was expected, with its interval."""
        return pictures.ratio(issue, self.refs)

    def figure_chart(self, figure: KeyFigure) -> Markup:
        """A key figure's 52 weeks, or a square for each ask."""
        if figure.measure == "asks_done":
            value = phrases.figure_value(figure, self.refs)
            return page_charts.ask_squares(self.report.asks, said("Asks of earlier weeks: ", value))
        return pictures.figure_chart(figure, self.refs)

    def function_chart(self, group: FunctionGroup) -> Markup:
        """A function's 52 weeks."""
        if group.rate is None:
            return Markup("")
        return pictures.figure_chart(group.rate, self.refs, group.function_id or "", (190, 40))

    def rate_chart(self, issue: ReportIssue) -> Markup:
        """The weeks and months of an escalated issue."""
        if issue.page is None:
            return Markup("")
        title = self._chart_title(issue, "Reports per 1,000 feedback, 6 weeks and 12 months: ")
        rules = [reference(RULE, one) for one in ("rate_base", "short_weeks", "months")]
        title = Said(title, *rules, *title.refs)
        return page_charts.rate_chart(issue.page, title, issue.issue_id, self.refs, self.calendar)

    def long_chart(self, issue: ReportIssue) -> Markup:
        """The long series of an escalated issue."""
        if issue.page is None:
            return Markup("")
        title = self._chart_title(issue, "Reports a week, all weeks shown: ")
        page = issue.page
        return page_charts.long_chart(page.long_series, page.events, title, self.calendar)

    def fix_chart(self, fix: FixLine) -> Markup:
        """A fix, and what was to be expected without it."""
        title = said(
            Said(fix.name, self.refs.action(fix.action_id, "decision")),
            ": reports of each week, and what was to be expected without it.",
        )
        return page_charts.fix_chart(fix, title, self.refs, self.calendar)

    def source_bar(self, line: SourceLine, share: float | None) -> Markup:
        """How much of the usual a source sent, as a bar."""
        return charts.share_bar(share, Said(f"{line.name}: share of usual arrivals", WORDS))

    def split_bars(self, issue: ReportIssue) -> Markup:
        """What each cell adds to the excess: bars whose numbers sum to the whole."""
        extras = [part.extra_count for part in issue.parts]
        ends = min(extras), max(extras)
        rows = [Markup('<ul class="bars">')]
        for part, whole in zip(issue.parts, phrases.whole_parts(extras), strict=True):
            key = (self.refs.week, issue.issue_id, issue.parts_of, part.key, "", "")
            name = "All others" if part.is_rest else part.cell or "Not stated"
            cell = () if part.cell is None else (reference(PLACES, *key, "cell"),)
            ref = reference(PLACES, *key, "contribution")
            if part.is_rest:
                ref = self.refs.measure("places_rest", issue.issue_id, issue.parts_of)
            bar = charts.extra_bar(part.extra_count, ends, Said(name, *cell))
            rows.append(
                Markup("<li><bdi{}>{}</bdi>{}<b{}>{}</b></li>").format(
                    self.at(*cell), name, bar, self.at(ref), wording.signed(whole)
                )
            )
        total = wording.signed(round(sum(extras)))
        ref = self.at(self.refs.measure("excess", issue.issue_id))
        rows.append(
            Markup(
                '<li class="sum"><span>Above what was expected</span><i></i><b{}>{}</b></li></ul>'
            ).format(ref, total)
        )
        return Markup("").join(rows)

    def _chart_title(self, issue: ReportIssue, words: str) -> Said:
        return said(words, pictures.chart_title(issue, self.refs))


def interval(fix: FixLine | SettledFix) -> str:
    """The interval of a fix's change, as printed."""
    if fix.change_lower is None or fix.change_upper is None:
        return wording.DASH
    return f"{wording.change(fix.change_lower)} to {wording.change(fix.change_upper)}"
