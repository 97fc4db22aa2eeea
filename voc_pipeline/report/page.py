"""The report as one HTML file and as JSON: the only place where a value becomes markup.

Autoescape is on for every template; the charts are the only markup that passes through, and they
are made of numbers and of texts that were escaped. No script, no link to outside, no request.
Every figure stands in an element that carries its reference (`data-ref`), as `proof` asks.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from re import DOTALL, findall, sub

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.report import DecisionCard, ReportIssue, WeeklyReport
from voc_pipeline.report import charts, phrases, wording
from voc_pipeline.report.issue_parts import where
from voc_pipeline.report.notices import MEANINGS, also_line
from voc_pipeline.report.page_marks import Marks
from voc_pipeline.report.phrases import (
    Status,
    figure_note,
    figure_value,
    owner_line,
    short_reason,
    sources_finding,
    status,
    whole_parts,
)
from voc_pipeline.report.score_marks import score_marks

__all__ = [
    "Status", "environment", "figure_note", "figure_value", "owner_line", "page_one_plan",
    "page_one_words",
    "render_html", "report_json", "short_reason", "sources_finding", "status", "where",
    "whole_parts",
]  # fmt: skip

MOST_WORDS = 350
SHEET_POINTS = 740
"""Height of an A4 sheet between its margins, less what an estimate may miss."""
MOST_PANEL = 6
LEDGER = (
    ("fetched_count", "Fetched"), ("loaded_count", "= Loaded"), ("revised_count", "+ Revised"),
    ("deleted_count", "+ Deleted"), ("duplicate_count", "+ Known already"),
    ("rejected_count", "+ Set aside"), ("suppressed_count", "+ Erased"),
    ("outside_window_count", "+ Not yet due"),
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """How much of each part page one shows; the rest stands on a later page."""

    rows: int
    asks: int
    fixes: int
    notices: int
    quote_limit: int
    quoted_cards: int = 3
    """Of the cards, those with a customer's words: the first always, as long as one fits."""

    def shown(self, part: str, count: int) -> int:
        """How many of a part's lines are shown: `and one more` would take as much as the one."""
        most: int = getattr(self, part)
        return most + 1 if 0 < most == count - 1 else most


_PLANS = (
    Plan(6, 3, 3, 3, 110),
    Plan(6, 3, 3, 3, 70),
    Plan(5, 3, 2, 2, 70),
    Plan(5, 2, 2, 2, 90, 1),
    Plan(4, 2, 2, 2, 70, 1),
    Plan(3, 2, 2, 1, 70, 1),
    Plan(3, 2, 1, 1, 60, 1),
    Plan(2, 2, 2, 1, 60, 1),
    Plan(2, 1, 1, 1, 60, 1),
    Plan(4, 1, 0, 1, 60, 1),
    Plan(3, 1, 0, 1, 60, 1),
    Plan(2, 1, 0, 1, 60, 1),
    Plan(1, 1, 0, 1, 60, 1),
    Plan(1, 0, 0, 1, 0, 0),
)
"""From full to spare: the first that keeps page one to one sheet and 350 words is taken."""


def render_html(report: WeeklyReport) -> str:
    """The report as one self-contained HTML file; the same report gives the same bytes."""
    known = _known(report)
    plan = _chosen(report, known)
    return _environment().get_template("page.html.j2").render(known, plan=plan)


def page_one_plan(report: WeeklyReport) -> Plan:
    """How much page one shows, the same on every form of the report."""
    return _chosen(report, _known(report))


def _chosen(report: WeeklyReport, known: dict[str, object]) -> Plan:
    template = _environment().get_template("page_one.html.j2")
    for plan in _PLANS:
        if _points(report, plan) > SHEET_POINTS:
            continue
        if len(page_one_words(template.render(known, plan=plan))) <= MOST_WORDS:
            break
    return plan


def _points(report: WeeklyReport, plan: Plan) -> float:
    """About how high page one is in print: lines of text times the sizes of the style sheet."""
    by_id = {one.issue_id: one for one in report.issues}
    height = 145.0 + 22 * _rows(report.headline, 50) + 13 * _rows(report.lede, 108)
    height += sum(8 + 12 * _rows(one.text, 100) for one in report.notices[: plan.notices])
    height += 20.0 * (len(report.notices) > plan.notices) + 30.0 * bool(report.scores)
    height += 13.0 * bool(also_line(report))
    shown = [by_id[one] for one in (*report.look_first, *report.quiet_issues)]
    decisions = {one.issue_id: one for one in report.cards}
    if shown:
        height += 110 + max(
            _card_points(
                one, decisions.get(one.issue_id), plan.quote_limit * (place < plan.quoted_cards)
            )
            for place, one in enumerate(shown)
        )
    height += 22.0 * bool(report.on_watch)
    watched = [by_id[one] for one in report.watch]
    height += _table(
        [_rows(one.label, 20) * 9.5 + 9 for one in watched], plan.shown("rows", len(watched)), 38
    )
    height += _table(
        [_rows(one.decision, 54) * 10 + 4 for one in report.asks],
        plan.shown("asks", len(report.asks)),
        30,
    )
    fixes = [_rows(one.name, 34) * 10.0 + 4 for one in report.fixes]
    return height + _table(fixes, plan.shown("fixes", len(fixes)), 30)


def _card_points(issue: ReportIssue, card: DecisionCard | None, quote_limit: int) -> float:
    quote = issue.quotes[0].text[:quote_limit] if issue.quotes else ""
    height = 14 * _rows(issue.label, 24) + 11.0 * (
        _rows(where(issue, is_short=True), 34) + _rows(quote, 34)
    )
    height += 22.0 * issue.is_lasting + 33.0 * bool(card and card.beside)
    if card is not None:
        height += 11 * (_rows(f"Decide: {card.decision}", 36) + _rows(card.owner, 24) + 2)
    return height


def _table(rows: list[float], most: int, head: float) -> float:
    return head + sum(rows[:most]) + 12 * (len(rows) > most) if rows else 0.0


def _rows(text: str, width: int) -> int:
    wide = sum(one.isupper() or one > "\u2e80" for one in text)  # about twice as wide
    return -(-(len(text) + wide) // width)


def page_one_words(html: str) -> list[str]:
    """The words of page one that a wide page shows, figures and charts left out."""
    body = html[html.index("<section") : html.index("</section>")]
    body = sub(r"<svg.*?</svg>|<span class=\"phone\".*?</span>", " ", body, flags=DOTALL)
    return [
        one for one in findall(r"\S+", sub(r"<[^>]+>", " ", body)) if any(map(str.isalpha, one))
    ]


def _known(report: WeeklyReport) -> dict[str, object]:
    owners = {one.function_id: one for one in report.functions}
    by_id = {one.issue_id: one for one in report.issues}
    marks = Marks(report)
    cards = {one.issue_id: one for one in report.cards}
    return {
        "report": report,
        "refs": marks.refs,
        "cal": marks.calendar,
        "cards": [(cards[one], by_id[one]) for one in report.look_first],
        "quiet": [by_id[one] for one in report.quiet_issues],
        "watch": [by_id[one] for one in report.watch],
        "watch_line": phrases.watch_line(report, marks.refs),
        "also_line": also_line(report),
        "watched": set(report.watch),
        "escalated": [by_id[one] for one in report.watch if by_id[one].page],
        "easing": [by_id[one] for one in report.easing],
        "groups": [(group, [by_id[one] for one in group.issue_ids]) for group in report.functions],
        "owned": lambda issue: owners[issue.function_id],
        "anchors": {one: f"issue-{place}" for place, one in enumerate(report.watch, start=1)},
        "on_time": {one.source_id: one.in_week_share for one in report.lags},
        **marks.named(),
        **score_marks(marks),
    }


def report_json(report: WeeklyReport) -> str:
    """The frozen value as JSON: sorted keys, UTF-8, one final line break."""
    content = report.model_dump(mode="json")
    return json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        grouped=wording.grouped,
        decimal=wording.decimal,
        percent=wording.percent,
        week_days=wording.week_days,
    )
    environment.globals.update(
        counted=wording.counted,
        span=wording.span,
        mean=wording.mean,
        times=wording.times,
        excerpt=wording.excerpt,
        most_panel=MOST_PANEL,
        ledger_columns=LEDGER,
        because=phrases.BECAUSE,
        notice_status=phrases.notice_status,
        notice_meanings=MEANINGS,
        ratio_axis=charts.ratio_axis,
        status=phrases.status,
        status_word=phrases.status_word,
        outcome=phrases.outcome,
        action_status=phrases.action_status,
        issue_action=phrases.issue_action,
        open_action=phrases.open_action,
        figure_value=phrases.figure_value,
        figure_note=phrases.figure_note,
        owner_line=phrases.owner_line,
        split_heading=phrases.split_heading,
        restated_words=phrases.restated_words,
        together_line=phrases.together_line,
        watch_heading=phrases.watch_heading,
        where=where,
    )
    return environment


def environment() -> Environment:
    """The templates' environment, shared by the pages of this room."""
    return _environment()
