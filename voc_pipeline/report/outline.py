"""What stands on which page of the printed report: a value in, blocks out.

The same contents in the same order as the HTML page, with the same words for every figure; the
forms differ in looks only. Nothing is counted, judged or drawn here that the HTML does not show.
"""

from models.report import WeeklyReport
from voc_pipeline.report.blocks import Outline
from voc_pipeline.report.outline_issue import issue_page, scoreboard
from voc_pipeline.report.outline_one import BRAND, page_one
from voc_pipeline.report.outline_owners import fixes_page, functions_page
from voc_pipeline.report.outline_parts import View
from voc_pipeline.report.outline_scores import scores_page
from voc_pipeline.report.outline_trust import trust_page

LANGUAGE = "en"


def outline(report: WeeklyReport) -> Outline:
    """The whole report as blocks; the same report gives the same blocks."""
    view = View(report)
    pages = (
        page_one(report),
        scoreboard(view),
        *(issue_page(view, issue) for issue in view.escalated),
        fixes_page(view),
        functions_page(view),
        scores_page(view),
        trust_page(view),
    )
    return Outline(
        title=f"{report.company_name}: customer voice, {report.week_label}",
        language=LANGUAGE,
        footer=f"{BRAND} · {view.calendar.week_name(report.week_start)} · {report.company_name}",
        pages=tuple(page for page in pages if page),
    )
