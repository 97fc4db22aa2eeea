"""All forms of one report, as the files of its folder."""

from datetime import date

from models.report import WeeklyReport
from models.settings import Settings
from voc_pipeline.report.builder import build_report
from voc_pipeline.report.page import render_html, report_json
from voc_pipeline.report.pdf import render_pdf
from voc_pipeline.report.tables import ReportTables
from voc_pipeline.report.workbook import render_workbook

PAGE = "report.html"


def made_report(
    tables: ReportTables, week: date, settings: Settings
) -> tuple[WeeklyReport, dict[str, bytes]]:
    """A week's report, and its forms."""
    report = build_report(tables, week=week, settings=settings)
    return report, render_forms(report)


def render_forms(report: WeeklyReport) -> dict[str, bytes]:
    """File name to content: page, print, workbook and the value itself."""
    return {
        PAGE: render_html(report).encode(),
        "report.pdf": render_pdf(report),
        "report.xlsx": render_workbook(report),
        "report.json": report_json(report).encode(),
    }
