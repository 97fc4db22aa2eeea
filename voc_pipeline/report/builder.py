"""The report's value, built from tables as known at the week's cutoff; nothing is drawn here.

Past weeks are read as published. The parts are made by the modules of their name; this one puts
them together and gives each figure its reference.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from models.report import (
    DataNoticeLine,
    DecisionCard,
    FigureReference,
    Notice,
    Placement,
    ReportAction,
    ReportIssue,
    WeeklyReport,
)
from models.settings import Settings
from models.week import as_of, week_label
from voc_pipeline.report import accountability, notices, trust, wording
from voc_pipeline.report.dates import Calendar
from voc_pipeline.report.figures import figures_of
from voc_pipeline.report.function_panels import function_groups, hand_offs
from voc_pipeline.report.headline import conclusion
from voc_pipeline.report.history import Published
from voc_pipeline.report.issue_lines import (
    EASING,
    has_card,
    has_row,
    is_to_watch,
    issue_lines,
    pressure,
    quotes_of,
    with_evidence,
)
from voc_pipeline.report.issue_page import Surroundings, with_pages
from voc_pipeline.report.overview import key_figures, situation_of, sureness_of
from voc_pipeline.report.places import Places, read_places
from voc_pipeline.report.proposals import proposed
from voc_pipeline.report.references import Refs, sentence
from voc_pipeline.report.scores import score_parts
from voc_pipeline.report.tables import ReportTables
from voc_pipeline.report.together import Together

MOST_CARDS = 3
MOST_QUIET = 3


@dataclass(frozen=True)
class _Week:
    """One week's tables and what reads them."""

    tables: ReportTables
    published: Published
    settings: Settings
    calendar: Calendar
    places: Places
    together: Together

    @property
    def date(self) -> date:
        return self.published.week


def build_report(tables: ReportTables, *, week: date, settings: Settings) -> WeeklyReport:
    """One report: the week of one company as known at its cutoff.

    Args:
        tables: the frames, in any row order.
        week: Monday of the week reported.
        settings: company, functions and sources as printed.

    Raises:
        ContractError: a published verdict is none that is known.
    """
    company = settings.company
    published = Published(tables.figures, week)
    calendar = Calendar(company.date_language, company.week_naming)
    places = read_places(
        tables.places,
        tables.patterns,
        tables.new_terms,
        week=week,
        names=trust.source_names(settings),
    )
    issues = issue_lines(tables, published, settings)
    pressing = sorted((one for one in issues if has_row(one)), key=pressure)
    together = Together(issues, places, week)
    asking = together.ordered([one for one in pressing if has_card(one)])
    first = [one.issue_id for one in asking][:MOST_CARDS]
    this = _Week(tables, published, settings, calendar, places, together)
    quiet = [] if first else _most_reported(issues)
    shown = {one.issue_id for one in pressing} | set(quiet)
    lines = trust.source_lines(tables.health, settings, week)
    states = {one.name: one.state for one in lines}
    issues = with_evidence(issues, shown, tables.quotes, this.places, states)
    labels = {one.issue_id: one.label for one in issues}
    told, figures = _told(this, issues, [one.issue_id for one in pressing], first)
    report = WeeklyReport(
        week_start=week,
        week_label=week_label(week),
        company_name=wording.cleaned(company.name),
        is_simulated=company.is_simulated,
        as_of=as_of(week, company.time_zone, company.cutoff_hour),
        time_zone=company.time_zone,
        history_weeks=published.history_weeks,
        look_first=tuple(first),
        quiet_issues=tuple(quiet),
        watch=tuple(one.issue_id for one in pressing),
        on_watch=tuple(_by_count([one for one in issues if is_to_watch(one)])),
        easing=tuple(one.issue_id for one in issues if one.verdict in EASING),
        currency=company.currency,
        date_language=company.date_language,
        week_naming=company.week_naming,
        **told,
        **_trusted(this, labels),
        **score_parts(tables, labels, week=week),
    )
    return report.model_copy(update={"references": figures_of(report, figures)})


def _told(
    this: _Week, issues: list[ReportIssue], watch: list[str], first: list[str]
) -> tuple[dict[str, Any], list[FigureReference]]:
    """The parts that speak of issues and actions, and the figures of their sentences."""
    tables, published, settings = this.tables, this.published, this.settings
    labels = {one.issue_id: one.label for one in issues}
    register = accountability.read_register(tables, this.date, settings, labels, this.calendar)
    actions = tuple(register.lines())
    asks = tuple(register.asks(actions))
    fixes = tuple(accountability.fix_lines(tables, actions, labels))
    around = Surroundings(
        published,
        Refs(this.date),
        this.calendar,
        actions,
        fixes,
        settings.events,
        tables.lineage,
        this.places,
    )
    by_id = {one.issue_id: one for one in issues}
    issues, figures = with_pages(issues, [by_id[one] for one in watch], around)
    cards, proposals = _cards(this, [by_id[one] for one in first], actions)
    sureness = sureness_of(issues, tables.back_test, settings)
    top, noticed, notice_figures = _noticed(this)
    missing = sum(one.is_missing for one in top)
    headline, lede = conclusion(situation_of(issues, published, sureness, missing))
    quotes = quotes_of(tables.quotes, labels)
    groups = function_groups(issues, actions, quotes, published, settings)
    return {
        "headline": headline,
        "lede": lede,
        "key_figures": key_figures(published, sureness, asks),
        "issues": tuple(issues),
        "functions": groups,
        "hand_offs": hand_offs(tables.shared, issues, groups),
        "sureness": sureness,
        "cards": cards,
        "asks": asks,
        "actions": actions,
        "fixes": fixes,
        "settled": tuple(accountability.settled_lines(tables, labels)),
        "notices": top,
        "data_notices": noticed,
    }, [*figures, *proposals, *notice_figures]


def _noticed(
    this: _Week,
) -> tuple[tuple[Notice, ...], tuple[DataNoticeLine, ...], list[FigureReference]]:
    """The lines at the top of page one, every notice of the week, the figures of their words."""
    refs = Refs(this.date)
    lines = tuple(notices.data_notices(this.tables.notices, this.settings))
    sources = trust.source_lines(this.tables.health, this.settings, this.date)
    top = notices.top_words(sources, lines, notices.source_owners(this.settings), refs)
    figures = [
        *(sentence(this.date, f"notice/{place}", told) for place, (_, told) in enumerate(top)),
        *(
            sentence(this.date, f"data/{place}", notices.seen(one, refs))
            for place, one in enumerate(lines)
        ),
    ]
    told = tuple(Notice(is_missing=is_missing, text=str(text)) for is_missing, text in top)
    return told, lines, figures


def _cards(
    this: _Week, issues: list[ReportIssue], actions: tuple[ReportAction, ...]
) -> tuple[tuple[DecisionCard, ...], list[FigureReference]]:
    """The decisions of page one, and the figures of those that the report proposes."""
    names = {one.id: wording.cleaned(one.name) for one in this.settings.functions}
    proposals = {
        one.issue_id: proposed(
            one,
            names.get(one.function_id or "", ""),
            this.places.terms.get(one.issue_id, ()),
            Refs(this.date),
        )
        for one in issues
    }
    asked = accountability.cards_of(
        issues, actions, proposals, week=this.date, settings=this.settings
    )
    beside, figures = this.together.told(issues)
    cards = tuple(one.model_copy(update={"beside": beside.get(one.issue_id, ())}) for one in asked)
    return cards, figures + [
        sentence(this.date, f"card/{one.issue_id}", proposals[one.issue_id])
        for one in cards
        if one.action_id is None
    ]


def _trusted(this: _Week, labels: dict[str, str]) -> dict[str, Any]:
    """The parts that say how far to trust the rest."""
    tables, week, settings = this.tables, this.date, this.settings
    loads = tables.loads.filter(pl.col("received_week") <= week)
    placed = None if tables.placement.is_empty() else tables.placement.row(0, named=True)
    return {
        "sources": tuple(trust.source_lines(tables.health, settings, week)),
        "balances_week": tuple(
            trust.balances(loads.filter(pl.col("received_week") == week), settings)
        ),
        "balances_all": tuple(trust.balances(loads, settings)),
        "set_aside": tuple(trust.set_aside(tables.rejects, settings)),
        "set_aside_kinds": tables.rejects.height,
        "restated_count": tables.restatements.filter(pl.col("as_of_week") == week).height,
        "restated": tuple(trust.restated(tables.restatements, labels, week)),
        "placement": Placement.model_validate(placed) if placed else None,
        "back_test": tuple(trust.back_test(tables.back_test)),
        "lags": tuple(trust.lags(tables.health, settings, week)),
    }


def _most_reported(issues: list[ReportIssue]) -> list[str]:
    """In a quiet week: the issues reported most, so that the page still says what customers say."""
    told = [one for one in issues if one.feedback_count > 0 and not one.is_muted]
    return _by_count(told)[:MOST_QUIET]


def _by_count(issues: list[ReportIssue]) -> list[str]:
    ordered = sorted(issues, key=lambda one: (-one.feedback_count, one.issue_id))
    return [one.issue_id for one in ordered]
