"""Notices on the week's data: all of them, in words, in every form, and none of them an alarm."""

from dataclasses import replace
from io import BytesIO
from typing import get_args

import polars as pl
import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from report_cases import acted, quiet
from report_tables import NOTICE_SCHEMA, WEEK, health_rows, settings, tables

from models.quality import NoticeVerdict
from models.report import WeeklyReport
from voc_pipeline.report import (
    build_report,
    render_html,
    render_pdf,
    render_workbook,
    report_json,
    write_letter,
)
from voc_pipeline.report.notices import MEANINGS, WORDS
from voc_pipeline.report.proof import faults


def noticed(*rows: tuple[object, ...], **states: str) -> WeeklyReport:
    known = [(WEEK, *row, "As the trends say.") for row in rows]
    given = replace(
        quiet(tables()),
        health=health_rows(**states),
        notices=pl.DataFrame(known, schema=NOTICE_SCHEMA, orient="row"),
    )
    made = build_report(given, week=WEEK, settings=settings())
    assert faults(render_html(made), made) == []
    return made


def seen(made: WeeklyReport) -> list[str]:
    told = {one.figure: one.value_text or "" for one in made.references}
    return [told[f"data/{place}"] for place in range(len(made.data_notices))]


def test_every_verdict_has_its_word_and_its_meaning():
    assert set(WORDS) == set(MEANINGS) == set(get_args(NoticeVerdict))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("FAILED", "chat", "", None, 0.0, 384.0),
         "Chat could not be read, where 384 are usual."),
        (("SILENT", "chat", "", None, 0.0, None), "Chat sent nothing."),
        (("QUIET", "chat", "", None, 1.0, 9.0), "Chat sent 1 record, where 9 are usual."),
        (("VOLUME_JUMP", "chat", "", None, 464.0, 221.0),
         "Chat sent 464 records, where 221 are usual."),
        (("VOLUME_SHIFT", "chat", "", None, 12.0, 1.0),
         "Chat sent 12 records, where 1 is usual."),
        (("DUPLICATE_STORM", "chat", "", None, 480.0, 2.0),
         "One text came 480 times in Chat; the most in the 26 weeks before was 2."),
        (("DUPLICATE_STORM", "chat", "", None, 30.0, 0.0),
         "One text came 30 times in Chat; no text came twice before."),
        (("COVERAGE_CHANGE", "chat", "customer_segment", "Club 2", 31.0, 0.0),
         "Customer group “Club 2” is new in Chat: 31 pieces of feedback this week."),
        (("COVERAGE_CHANGE", "chat", "source_id", "chat", 31.0, 0.0),
         "Chat is new: 31 pieces of feedback this week."),
        (("LATE_RECORDS", "chat", "", None, 30.0, 0.2),
         "Chat brought 30 records of earlier weeks, where hardly any are usual."),
        (("PROVISIONAL", "chat", "", None, 1.0, 380.0),
         "About 1 record of this week is still to come from Chat."),
    ],
)  # fmt: skip
def test_each_notice_reads_in_plain_words(row, words):
    assert seen(noticed(row)) == [words]


def test_all_forms_list_every_notice_with_its_meaning():
    made = build_report(acted(), week=WEEK, settings=settings())
    told = seen(made)
    assert len(told) == 4
    print_ = " ".join(page.extract_text() for page in PdfReader(BytesIO(render_pdf(made))).pages)
    book = load_workbook(BytesIO(render_workbook(made)))["Data notices"]
    cells = [str(one) for row in book.iter_rows(values_only=True) for one in row if one]
    forms = {
        "page": render_html(made),
        "print": " ".join(print_.split()),
        "letter": write_letter(made).html,
        "plain letter": " ".join(write_letter(made).text.split()),
        "workbook": "\n".join(cells),
    }
    for one, text in zip(made.data_notices, told, strict=True):
        for name, form in forms.items():
            assert text in form, name
            assert MEANINGS[one.verdict].replace("'", "&#39;") in form.replace("'", "&#39;"), name
    assert '"observed_count": 480.0' in report_json(made)


def test_top_of_page_one_says_what_the_notice_says_of_a_sources_volume():
    jumped = noticed(("VOLUME_JUMP", "chat", "", None, 2400.0, 384.0), chat="surge")
    assert jumped.notices[0].text.endswith("as before: more was heard, not more happened.")
    shifted = noticed(("VOLUME_SHIFT", "chat", "", None, 2400.0, 384.0), chat="surge")
    assert "something may be behind it" in shifted.notices[0].text
    copied = noticed(("DUPLICATE_STORM", "chat", "", None, 1900.0, 2.0), chat="surge")
    assert "One text came 1,900 times in Chat" in copied.notices[0].text
    unknown = noticed(chat="surge")
    assert unknown.notices[0].text.endswith("A rise in its issues may come from this alone.")


def test_page_one_points_to_what_its_top_does_not_tell():
    made = noticed(("LATE_RECORDS", "chat", "", None, 30.0, 2.0))
    html = render_html(made)
    assert "Also noted of the data: came late." in html[: html.index("</section>")]
    assert "Also noted" not in render_html(
        noticed(("SILENT", "chat", "", None, 0.0, 384.0), chat="silent")
    )


def test_week_without_a_notice_says_so():
    assert "Nothing was odd about this week&#39;s data" in render_html(noticed())
    assert "Nothing else was odd" in render_html(noticed(chat="silent"))


def test_a_figure_of_the_top_that_is_not_the_table_s_is_found():
    made = noticed(chat="silent")
    html = render_html(made)
    assert faults(html.replace("where 384 are usual", "where 385 are usual", 1), made)
    refs = [one for one in made.references if one.figure == "notice/0"]
    assert any("source_health/chat" in ref for ref in refs[0].key)
