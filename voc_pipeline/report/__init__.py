"""ENGINE, report. A report is a frozen value built from tables, then rendered.

`builder` makes the value from `tables`: `overview` the week at a glance, `issue_lines` and
`issue_page` the issues, `places` where an excess sits, `accountability` asks, cards and fixes,
`function_panels` the functions, `scores` (in words `score_words`) survey scores and what goes with
them, `together` new issues that began as one, `notices` what was odd about the data, `trust` the
rest. `headline` and `issue_parts` write findings by
stated rules, `wording` and `dates` numbers, dates and foreign text, `phrases` what every rendering
says alike. `charts`, `pictures` and `page_charts` draw; `page` (with `page_marks` and a template a
page) makes one HTML file, `index` the list of all weeks. `figures` gives every printed figure its
reference, `references` and `measures` the query behind it, and `proof` reads a page back.

For print, `outline` lays the same contents out in `blocks` and `pdf` sets them by Typst;
`workbook` hands out the figures and `mail` writes page one as a letter. `forms` makes all files
of a report, `erasure` takes quotes out of a published one. No room but this one
knows HTML; nothing here decides what an issue is or whether it moved.
"""

from voc_pipeline.report.builder import build_report
from voc_pipeline.report.erasure import without_quotes
from voc_pipeline.report.forms import PAGE, made_report, render_forms
from voc_pipeline.report.index import render_index
from voc_pipeline.report.mail import Letter, write_chat, write_letter
from voc_pipeline.report.page import render_html, report_json
from voc_pipeline.report.pdf import render_pdf
from voc_pipeline.report.tables import ReportTables
from voc_pipeline.report.workbook import render_workbook

__all__ = [
    "PAGE", "Letter", "ReportTables", "build_report", "made_report", "render_forms", "render_html",
    "render_index", "render_pdf", "render_workbook", "report_json", "without_quotes", "write_chat",
    "write_letter",
]  # fmt: skip
