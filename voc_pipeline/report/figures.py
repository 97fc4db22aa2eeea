"""Every figure that a report prints, with its reference: what `report_figures` keeps.

Read off the finished value, part by part; the sentences bring theirs along.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from models.report import (
    FigureReference,
    FunctionGroup,
    KeyFigure,
    LoadBalance,
    ReportIssue,
    WeeklyReport,
)
from models.report_figures import FigureUnit
from voc_pipeline.report import wording
from voc_pipeline.report.issue_parts import PLACES, place_ref, term_ref
from voc_pipeline.report.measures import RULES
from voc_pipeline.report.notices import notice_ref
from voc_pipeline.report.phrases import figure_ref, findings, usual_refs, whole_parts
from voc_pipeline.report.references import (
    RULE,
    Refs,
    cell,
    event_ref,
    numeric,
    part_cell,
    reference,
    sentence,
    text_cell,
)
from voc_pipeline.report.score_figures import score_figures

_COUNTS = (
    "feedback_count", "customer_count", "expected_count", "lower_bound", "upper_bound",
    "verdict_weeks", "forecast_count", "forecast_lower", "forecast_upper",
)  # fmt: skip
_RATIOS = ("rate_ratio", "rate_ratio_lower", "rate_ratio_upper")
_UNITS: dict[str, FigureUnit] = {
    **dict.fromkeys(_RATIOS, "ratio"),
    **dict.fromkeys(("lower_bound", "upper_bound", "forecast_lower", "forecast_upper"), "bound"),
}
_HELD: dict[str, FigureUnit] = {
    "issue_week_count": "count", "inside_share": "share", "above_share": "share",
    "alarm_count": "count", "alarms_per_week": "mean", "chance_alarms_per_week": "mean",
}  # fmt: skip
_LEDGER = (
    "fetched_count", "loaded_count", "revised_count", "deleted_count", "duplicate_count",
    "rejected_count", "suppressed_count", "outside_window_count", "difference",
)  # fmt: skip


def figures_of(
    report: WeeklyReport, sentences: Iterable[FigureReference]
) -> tuple[FigureReference, ...]:
    """One entry a figure, by reference; each reference once."""
    refs = Refs(report.week_start)
    found = chain(
        (cell(reference(RULE, name), value, _rule_unit(value)) for name, value in RULES.items()),
        _heads(report, refs),
        chain.from_iterable(_of_issue(one, refs) for one in report.issues),
        chain.from_iterable(_of_page(one, refs) for one in report.issues if one.page),
        chain.from_iterable(_of_key(one, refs) for one in report.key_figures),
        chain.from_iterable(_of_function(one, refs) for one in report.functions),
        _of_actions(report, refs),
        _of_fixes(report, refs),
        _of_sources(report, refs),
        _of_notices(report, refs),
        _of_ledger(report, refs),
        _of_sureness(report, refs),
        score_figures(report, refs),
        sentences,
    )
    by_ref = {one.ref: one for one in found}
    return tuple(by_ref[ref] for ref in sorted(by_ref))


def _rule_unit(value: float) -> FigureUnit:
    return "share" if 0 < value < 1 else "count"


def _heads(report: WeeklyReport, refs: Refs) -> Iterator[FigureReference]:
    yield text_cell(reference("reports", report.week_start, "headline"), report.headline)
    yield text_cell(reference("reports", report.week_start, "lede"), report.lede)
    yield cell(refs.measure("history_weeks"), report.history_weeks)
    yield cell(refs.measure("issues_tracked"), len(report.issues))
    for name, text in findings(report).items():
        yield sentence(report.week_start, name, text)
    for line in report.restated:
        key = (report.week_start, line.week_start, line.issue_id, line.figure)
        for column in ("was_value", "is_value"):
            value = numeric(getattr(line, column))
            if value is not None:
                unit: FigureUnit = "score" if line.figure.endswith("_bound") else "count"
                yield cell(reference("restatements", *key, column), value, unit)
    for one in report.hand_offs:
        felt = one.felt_issue_id
        yield cell(refs.measure("told_together", felt, one.cause_issue_id), one.feedback_count)
        yield cell(refs.measure("told_together", felt, felt), one.of_count)


def _of_issue(issue: ReportIssue, refs: Refs) -> Iterator[FigureReference]:
    yield text_cell(refs.label(issue.issue_id), issue.label)
    yield text_cell(refs.number(issue.issue_id), issue.issue_id)
    yield text_cell(refs.issue(issue.issue_id, "reason"), issue.reason)
    for name in (*_COUNTS, *_RATIOS):
        value = getattr(issue, name)
        if value is not None:
            yield cell(refs.issue(issue.issue_id, name), value, _UNITS.get(name, "count"))
    for weeks_back, count in ((1, issue.previous_count), (52, issue.year_ago_count)):
        if count is not None:
            yield cell(refs.issue(issue.issue_id, "feedback_count", weeks_back), count)
    yield from _of_places(issue, refs)
    for quote in issue.quotes:
        ref = reference("issue_quotes", refs.week, issue.issue_id, quote.quote_rank, "quote")
        yield text_cell(ref, quote.text)
        ref = reference("issue_quotes", refs.week, issue.issue_id, quote.quote_rank, "segment_id")
        yield text_cell(ref, quote.feedback_id)


def _of_places(issue: ReportIssue, refs: Refs) -> Iterator[FigureReference]:
    found = issue.concentration
    if found is not None:
        usual = found.cell_count - found.excess_count
        yield cell(place_ref(issue, found, "feedback_count", refs), found.cell_count)
        yield cell(place_ref(issue, found, "expected_count", refs), usual)
        yield text_cell(place_ref(issue, found, "cell", refs), found.cell)
        yield text_cell(place_ref(issue, found, "second_cell", refs), found.second_cell)
    wholes = whole_parts([part.extra_count for part in issue.parts])
    for part, whole in zip(issue.parts, wholes, strict=True) if issue.parts_of else ():
        shown = wording.signed(whole)
        if part.is_rest:
            rest = refs.measure("places_rest", issue.issue_id, issue.parts_of)
            yield part_cell(rest, part.extra_count, shown)
            continue
        key = (refs.week, issue.issue_id, issue.parts_of, part.key, "", "")
        yield cell(reference(PLACES, *key, "feedback_count"), part.feedback_count)
        yield part_cell(reference(PLACES, *key, "contribution"), part.extra_count, shown)
        if part.cell is not None:
            yield text_cell(reference(PLACES, *key, "cell"), part.cell)
    if issue.parts:
        excess = sum(part.extra_count for part in issue.parts)
        ref = refs.measure("excess", issue.issue_id)
        yield part_cell(ref, excess, wording.signed(round(excess)))


def _of_page(issue: ReportIssue, refs: Refs) -> Iterator[FigureReference]:
    page = issue.page
    if page is None:
        return
    for one in page.weeks:
        back = (refs.week - one.start).days // 7
        if one.rate is not None:
            ref = refs.measure("week_rate", issue.issue_id, "feedback_count", weeks_back=back)
            yield cell(ref, one.rate, "per_thousand")
    for one in page.months:
        back = (refs.week - one.start).days // 7
        if one.rate is not None:
            ref = refs.measure("month_rate", issue.issue_id, weeks_back=back)
            yield cell(ref, one.rate, "per_thousand")
    for term in page.new_terms:
        yield text_cell(term_ref(issue.issue_id, term, refs), term)
    for event in page.events:
        yield text_cell(event_ref(event.text), event.text)


def _of_key(figure: KeyFigure, refs: Refs, key: str = "") -> Iterator[FigureReference]:
    unit = figure.unit
    if figure.measure == "asks_done":
        return
    for weeks_back, value in ((0, figure.value), (1, figure.previous)):
        if value is not None:
            yield cell(figure_ref(figure, refs, weeks_back, key=key), value, unit)
    if figure.of_count is not None:
        yield cell(refs.measure("issues_judged"), figure.of_count)
        return
    ends = usual_refs(figure, refs, key)
    for ref, value in zip(ends, (figure.usual_lower, figure.usual_upper), strict=True):
        if value is not None:
            yield cell(ref, value, unit)


def _of_function(group: FunctionGroup, refs: Refs) -> Iterator[FigureReference]:
    if group.rate is not None and group.function_id is not None:
        yield from _of_key(group.rate, refs, group.function_id)
    if group.quote is not None:
        quote = group.quote
        key = (refs.week, group.quote_issue_id, quote.quote_rank)
        yield text_cell(reference("issue_quotes", *key, "quote"), quote.text)
        yield text_cell(reference("issue_quotes", *key, "segment_id"), quote.feedback_id)


def _of_actions(report: WeeklyReport, refs: Refs) -> Iterator[FigureReference]:
    for one in report.actions:
        texts = (("decision", one.decision), ("owner", one.owner), ("action_id", one.action_id))
        for column, text in texts:
            yield text_cell(refs.action(one.action_id, column), text)
        yield cell(refs.action(one.action_id, "overdue_days"), one.overdue_days)
        name = f"action/{one.action_id}"
        yield sentence(report.week_start, name, one.since_last_week)
    if report.asks:
        yield cell(refs.measure("asks_done"), sum(one.state == "done" for one in report.asks))
        yield cell(refs.measure("asks_total"), len(report.asks))
        latest = max(one.overdue_days for one in report.asks)
        yield cell(refs.measure("asks_latest"), latest)
    for card in report.cards:
        yield sentence(report.week_start, f"card/{card.issue_id}", card.decision)


def _of_fixes(report: WeeklyReport, refs: Refs) -> Iterator[FigureReference]:
    for settled in report.settled:
        yield text_cell(refs.action(settled.action_id, "decision"), settled.name)
        for column in ("change", "change_lower", "change_upper"):
            value = getattr(settled, column)
            if value is not None:
                ref = refs.fix(settled.action_id, column, settled.judged_week)
                yield cell(ref, value, "change")
    for one in report.fixes:
        yield text_cell(refs.action(one.action_id, "decision"), one.name)
        yield cell(refs.fix(one.action_id, "weeks_since"), one.weeks_after)
        for column, value in (
            ("change", one.change),
            ("change_lower", one.change_lower),
            ("change_upper", one.change_upper),
            ("smallest_visible_fall", one.smallest_fall),
        ):
            if value is not None:
                yield cell(refs.fix(one.action_id, column), value, "change")
        for column, series in (("feedback_count", one.actual), ("expected_count", one.expected)):
            if series and series[-1] is not None:
                key = (report.week_start, one.action_id, report.week_start, column)
                yield cell(reference("fix_weeks", *key), series[-1])


def _of_sources(report: WeeklyReport, refs: Refs) -> Iterator[FigureReference]:
    for line in report.sources:
        for column in ("expected_count", "arrived_count", "late_count", "rejected_count"):
            value = getattr(line, column)
            if value is not None:
                yield cell(refs.source(line.source_id, column), value)
        if line.state_weeks > 1:
            yield cell(refs.measure("source_state_weeks", line.source_id), line.state_weeks)
        yield text_cell(refs.source(line.source_id, "name"), line.name)
        yield text_cell(refs.source(line.source_id, "message"), line.message)
    for one in report.set_aside:
        yield cell(refs.measure("set_aside", one.key), one.reject_count)
    yield cell(refs.measure("set_aside_kinds"), report.set_aside_kinds)
    yield cell(refs.measure("restated"), report.restated_count)


def _of_notices(report: WeeklyReport, refs: Refs) -> Iterator[FigureReference]:
    for line in report.data_notices:
        for column in ("observed_count", "expected_count"):
            value = getattr(line, column)
            if value is not None:
                yield cell(notice_ref(line, column, refs), value)
        yield text_cell(notice_ref(line, "cell", refs), line.cell)
        yield text_cell(refs.source(line.source_id, "name"), line.source_name)


def _of_ledger(report: WeeklyReport, refs: Refs) -> Iterator[FigureReference]:
    for name, lines in (("ledger_week", report.balances_week), ("ledger_all", report.balances_all)):
        for line in lines:
            yield from _of_balance(name, line, refs)


def _of_balance(name: str, line: LoadBalance, refs: Refs) -> Iterator[FigureReference]:
    for column in _LEDGER:
        yield cell(refs.measure(name, line.source_id, column), getattr(line, column))


def _of_sureness(report: WeeklyReport, refs: Refs) -> Iterator[FigureReference]:
    sure = report.sureness
    yield cell(refs.measure("issues_judged"), sure.judged_count)
    yield cell(refs.measure("issues_above"), sure.above_count)
    yield cell(refs.measure("usual_above"), sure.usual_above_count)
    for band in report.back_test:
        for column, unit in _HELD.items():
            value = getattr(band, column)
            if value is not None:
                yield cell(refs.held(column, band.key), value, unit)
    for lag in report.lags:
        yield cell(refs.measure("on_time_share", lag.source_id), lag.in_week_share, "share")
    yield cell(reference(RULE, "alarm_level"), sure.nominal_false_share, "share")
    if report.placement is not None:
        yield cell(refs.measure("problem_texts"), report.placement.problem_count)
        yield cell(refs.measure("unassigned_texts"), report.placement.unassigned_count)
